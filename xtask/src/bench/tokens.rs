//! Keys and tokens of the load, the same for ours and for the peers.
//!
//! Signed here and not by `countersign-jose`, so that what is measured does not only read what it wrote itself.
//! Made once and kept below the target folder until they are a week old.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use aws_lc_rs::{hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;

use crate::failure::{Doing, Failure, Outcome};

pub(super) const AUDIENCE: &str = "https://api.example.com";

/// Distinct tokens of an algorithm: more than any cache of the bench remembers.
pub(super) const MANY: usize = 60_000;
/// Tokens of the rows in which every request shows one that was seen before.
pub(super) const FEW: usize = 10;

const KEPT_SECS: u64 = 7 * 86_400;
/// The tokens are valid for weeks, so that they need not be made again for every run.
pub(super) const VALID_SECS: u64 = 30 * 86_400;
const KEY_ID: &str = "bench-1";

/// Written last.
const COMPLETE: &str = "complete-with-opaque";
const OPAQUE: &str = "opaque-few.txt";

/// Public halves, as the peers want them.
pub(super) struct TokenKeys {
    pub(super) rs256_public_pem: String,
    pub(super) es256_public_pem: String,
    pub(super) rs256_jwks: String,
    pub(super) es256_jwks: String,
    pub(super) hs256_secret: String,
}

/// Files of header lines and the keys that verify them.
pub(super) struct Tokens {
    pub(super) keys: TokenKeys,
    pub(super) files: TokenFiles,
}

/// Where header lines are, or will be.
pub(super) struct TokenFiles {
    folder: PathBuf,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Algorithm {
    Hs256,
    Rs256,
    Es256,
}

impl Algorithm {
    const ALL: [Self; 3] = [Self::Hs256, Self::Rs256, Self::Es256];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }

    /// Each algorithm has an issuer of its own, since an issuer has its own keys.
    pub(super) fn issuer(self) -> &'static str {
        match self {
            Self::Hs256 => "https://hs.id.example.com",
            Self::Rs256 => "https://rs.id.example.com",
            Self::Es256 => "https://es.id.example.com",
        }
    }
}

impl Tokens {
    /// The kept tokens, or new ones.
    pub(super) fn prepare(folder: &Path) -> Outcome<Self> {
        if !is_fresh(&folder.join(COMPLETE)) {
            eprintln!("signing {MANY} tokens of each algorithm");
            make(folder)?;
        }
        let text = |name: &str| fs::read_to_string(folder.join(name)).doing(name);
        let keys = TokenKeys {
            rs256_public_pem: text("rs256.pem")?,
            es256_public_pem: text("es256.pem")?,
            rs256_jwks: text("rs256.jwks")?,
            es256_jwks: text("es256.jwks")?,
            hs256_secret: text("hs256.secret")?,
        };
        Ok(Self {
            keys,
            files: TokenFiles::below(folder),
        })
    }
}

impl TokenFiles {
    /// Names the files and makes none.
    pub(super) fn below(folder: &Path) -> Self {
        Self {
            folder: folder.to_path_buf(),
        }
    }

    pub(super) fn many(&self, algorithm: Algorithm) -> PathBuf {
        self.folder.join(format!("{}-many.txt", algorithm.name()))
    }

    pub(super) fn few(&self, algorithm: Algorithm) -> PathBuf {
        self.folder.join(format!("{}-few.txt", algorithm.name()))
    }

    /// Tokens that say nothing to whoever has not issued them.
    pub(super) fn opaque(&self) -> PathBuf {
        self.folder.join(OPAQUE)
    }

    /// As many tokens whose signature does not verify.
    pub(super) fn bad(&self, algorithm: Algorithm) -> PathBuf {
        self.folder.join(format!("{}-bad.txt", algorithm.name()))
    }
}

fn is_fresh(stamp: &Path) -> bool {
    let written = fs::metadata(stamp).and_then(|metadata| metadata.modified());
    written.is_ok_and(|at| {
        at.elapsed()
            .is_ok_and(|age| age < Duration::from_secs(KEPT_SECS))
    })
}

/// A private key that signs what it is given.
enum Signer {
    Hs256(Box<hmac::Key>),
    Rs256(Box<RsaKeyPair>),
    Es256(Box<EcdsaKeyPair>),
}

/// One for each algorithm, in their order.
pub(super) struct Signers([Signer; 3]);

impl Signer {
    fn sign(&self, random: &SystemRandom, message: &[u8]) -> Outcome<Vec<u8>> {
        match self {
            Self::Hs256(key) => Ok(hmac::sign(key, message).as_ref().to_vec()),
            Self::Rs256(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, random, message, &mut signature)
                    .doing("an RSA signature")?;
                Ok(signature)
            }
            Self::Es256(key) => Ok(key
                .sign(random, message)
                .doing("an ECDSA signature")?
                .as_ref()
                .to_vec()),
        }
    }
}

fn make(folder: &Path) -> Outcome<()> {
    let Signers(signers) = make_keys(folder)?;
    let put = |name: &str, text: &str| fs::write(folder.join(name), text).doing(name);
    for (algorithm, signer) in Algorithm::ALL.into_iter().zip(&signers) {
        let tokens = sign_many(algorithm, signer)?;
        put(
            &format!("{}-many.txt", algorithm.name()),
            &header_lines(&tokens),
        )?;
        put(
            &format!("{}-few.txt", algorithm.name()),
            &header_lines(tokens.get(..FEW).unwrap_or_default()),
        )?;
        let bad: Vec<String> = tokens.iter().map(|token| spoil(token)).collect();
        put(
            &format!("{}-bad.txt", algorithm.name()),
            &header_lines(&bad),
        )?;
    }
    let opaque: Vec<String> = (0..FEW).map(opaque_token).collect::<Outcome<_>>()?;
    put(OPAQUE, &header_lines(&opaque))?;
    put(COMPLETE, "")
}

/// Makes keys, and writes what verifies their signatures.
pub(super) fn make_keys(folder: &Path) -> Outcome<Signers> {
    fs::create_dir_all(folder).doing(folder.display())?;
    let put = |name: &str, text: &str| fs::write(folder.join(name), text).doing(name);

    let rsa = RsaKeyPair::generate(KeySize::Rsa2048).doing("an RSA key")?;
    let public: PublicKeyX509Der<'_> = rsa.public_key().as_der().doing("an RSA public key")?;
    put("rs256.pem", &pem(public.as_ref()))?;
    let (modulus, exponent) =
        rsa_numbers(rsa.public_key().as_ref()).doing("the numbers of an RSA key")?;
    put(
        "rs256.jwks",
        &jwks(json!({ "kty": "RSA", "alg": "RS256", "n": encode(modulus), "e": encode(exponent) })),
    )?;

    let curve = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).doing("a P-256 key")?;
    let public: PublicKeyX509Der<'_> = curve.public_key().as_der().doing("a P-256 public key")?;
    put("es256.pem", &pem(public.as_ref()))?;
    let (x, y) = point(curve.public_key().as_ref()).doing("the point of a P-256 key")?;
    put(
        "es256.jwks",
        &jwks(
            json!({ "kty": "EC", "crv": "P-256", "alg": "ES256", "x": encode(x), "y": encode(y) }),
        ),
    )?;

    let random: [u8; 32] = rand::generate(&SystemRandom::new())
        .doing("random bytes")?
        .expose();
    let secret = encode(&random);
    put("hs256.secret", &secret)?;

    let hs256 = Signer::Hs256(Box::new(hmac::Key::new(
        hmac::HMAC_SHA256,
        secret.as_bytes(),
    )));
    Ok(Signers([
        hs256,
        Signer::Rs256(Box::new(rsa)),
        Signer::Es256(Box::new(curve)),
    ]))
}

/// RSA signatures take most of the time, so both cores sign.
fn sign_many(algorithm: Algorithm, signer: &Signer) -> Outcome<Vec<String>> {
    let half = |from: usize, to: usize| {
        move || {
            (from..to)
                .map(|number| token(algorithm, signer, number))
                .collect::<Outcome<Vec<_>>>()
        }
    };
    let (first, second) = std::thread::scope(|scope| {
        let first = scope.spawn(half(0, MANY / 2));
        (first.join(), half(MANY / 2, MANY)())
    });
    let mut tokens = first.map_err(|_| Failure::new("a signing thread ended early"))??;
    tokens.extend(second?);
    Ok(tokens)
}

fn token(algorithm: Algorithm, signer: &Signer, number: usize) -> Outcome<String> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .doing("the clock")?
        .as_secs();
    let header = match algorithm {
        // A secret that two parties share has no name.
        Algorithm::Hs256 => json!({ "alg": algorithm.name(), "typ": "at+jwt" }),
        Algorithm::Rs256 | Algorithm::Es256 => {
            json!({ "alg": algorithm.name(), "typ": "at+jwt", "kid": KEY_ID })
        }
    };
    let header = header.to_string();
    let claims = json!({
        "iss": algorithm.issuer(), "aud": AUDIENCE, "sub": "alice", "client_id": "bench", "scope": "orders:read orders:write profile",
        "iat": now, "exp": now + VALID_SECS, "jti": format!("{number:08}-5f0e-4c1b-9d3a-bench"),
    });
    let signed = format!(
        "{}.{}",
        encode(header.as_bytes()),
        encode(claims.to_string().as_bytes())
    );
    let signature = signer.sign(&SystemRandom::new(), signed.as_bytes())?;
    Ok(format!("{signed}.{}", encode(&signature)))
}

fn opaque_token(_: usize) -> Outcome<String> {
    let random: [u8; 32] = rand::generate(&SystemRandom::new())
        .doing("random bytes")?
        .expose();
    Ok(encode(&random))
}

/// The same token with the last letters of its signature changed, still of the right length and alphabet.
fn spoil(token: &str) -> String {
    let kept = token
        .get(..token.len().saturating_sub(8))
        .unwrap_or_default();
    let tail = if token.ends_with("AAAAAAAA") {
        "BBBBBBBA"
    } else {
        "AAAAAAAA"
    };
    format!("{kept}{tail}")
}

fn header_lines(tokens: &[String]) -> String {
    tokens
        .iter()
        .map(|token| format!("Authorization: Bearer {token}\n"))
        .collect()
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn jwks(mut key: serde_json::Value) -> String {
    if let Some(members) = key.as_object_mut() {
        members.insert("use".to_owned(), json!("sig"));
        members.insert("kid".to_owned(), json!(KEY_ID));
    }
    json!({ "keys": [key] }).to_string()
}

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut lines = vec!["-----BEGIN PUBLIC KEY-----".to_owned()];
    lines.extend(
        text.as_bytes()
            .chunks(64)
            .map(|line| String::from_utf8_lossy(line).into_owned()),
    );
    lines.push("-----END PUBLIC KEY-----\n".to_owned());
    lines.join("\n")
}

/// The two halves of an uncompressed point of P-256.
fn point(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (form, coordinates) = bytes.split_first()?;
    (*form == 4 && coordinates.len() == 64).then(|| coordinates.split_at(32))
}

/// Modulus and exponent of a DER `RSAPublicKey` (RFC 8017 appendix A.1.1).
fn rsa_numbers(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (sequence, _) = der_value(der, 0x30)?;
    let (modulus, rest) = der_value(sequence, 0x02)?;
    let (exponent, _) = der_value(rest, 0x02)?;
    Some((strip_sign(modulus), strip_sign(exponent)))
}

fn strip_sign(number: &[u8]) -> &[u8] {
    number.strip_prefix(&[0]).unwrap_or(number)
}

/// The content of the first value, which must have this tag, and what follows it.
fn der_value(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0x00..=0x7f => (usize::from(*first), rest),
        0x80..=0xff => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (
                bytes
                    .iter()
                    .fold(0, |length, byte| length << 8 | usize::from(*byte)),
                rest,
            )
        }
    };
    if *found == tag {
        rest.split_at_checked(length)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rsa_numbers_are_read_from_der() {
        let der = [
            0x30, 0x0a, 0x02, 0x03, 0x00, 0xc1, 0xc2, 0x02, 0x03, 0x01, 0x00, 0x01,
        ];
        assert_eq!(rsa_numbers(&der), Some((&[0xc1, 0xc2][..], &[1, 0, 1][..])));
        assert_eq!(rsa_numbers(&der[..9]), None);
        assert_eq!(rsa_numbers(&[]), None);
    }

    #[test]
    fn a_spoilt_token_differs_and_keeps_its_length() {
        for token in ["aaaa.bbbb.ccccccccccc", "aaaa.bbbb.cccAAAAAAAA"] {
            let bad = spoil(token);
            assert_ne!(bad, token);
            assert_eq!(bad.len(), token.len());
        }
    }

    #[test]
    fn a_token_carries_a_signature_over_its_first_two_parts() {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, b"secret");
        let text = token(
            Algorithm::Hs256,
            &Signer::Hs256(Box::new(secret.clone())),
            1,
        )
        .expect("a token");
        let (signed, signature) = text.rsplit_once('.').expect("three parts");
        let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
        assert!(hmac::verify(&secret, signed.as_bytes(), &signature).is_ok());
    }
}
