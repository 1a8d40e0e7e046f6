//! DPoP proofs, RFC 9449 section 4: a signature over one request, made with the key that a token is bound to.
//!
//! Knows: the form of a proof, its key, and how it is signed. Does not know: HTTP, which request it is for, what time it
//! is, which proofs were seen before.
//!
//! As with tokens, there are two states: what a proof says can be read only after its signature was checked. The key that
//! checks it stands in the proof itself, so that a good signature says no more than that whoever made it has that key.
//! Whether it is the right one, the thumbprint tells.

mod defect;
#[cfg(test)]
mod tests;

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SecureRandom;
use serde::Deserialize;
use serde_json::{Map, Value, json};

pub use defect::ProofDefect;

use crate::confirmation::THUMBPRINT_BYTES;
use crate::header::Header;
use crate::strict_json::Object;
use crate::verification_key::VerificationKey;
use crate::{
    Algorithm, PublicKey, SigningError, SigningKey, TokenDefect, Unverified, Verified, base64url,
    jws,
};

/// The longest proof that is read, in bytes. One with an RSA key of 8192 bits has about 3000.
pub const PROOF_BYTES_MAX: usize = 8 * 1024;
/// The longest `jti` that is taken, in bytes.
pub const PROOF_ID_BYTES_MAX: usize = 512;

const TYP: &str = "dpop+jwt";

/// The members of a JWK by which somebody else could sign (RFC 7518 sections 6.2.2, 6.3.2 and 6.4).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A proof.
pub struct DpopProof<'t> {
    algorithm: Algorithm,
    key: PublicKey,
    signing_input: &'t [u8],
    signature: Vec<u8>,
    said: Said,
}

/// What a proof says of the request that it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    id: String,
    method: String,
    target: String,
    issued_unix_secs: i64,
    token_hash: Option<[u8; THUMBPRINT_BYTES]>,
    nonce: Option<String>,
}

impl<'t> DpopProof<'t> {
    /// Reads a proof.
    ///
    /// # Errors
    ///
    /// Fails when it is none, when its key is not a public one that can be used, or a claim is absent.
    pub fn parse(text: &'t [u8]) -> Result<Unverified<DpopProof<'t>>, ProofDefect> {
        if text.len() > PROOF_BYTES_MAX {
            return Err(ProofDefect::TooLong);
        }
        // RFC 9449 section 4.3 point 2: a single and well-formed JWT.
        let [header, payload, signature] = jws::parts(text).map_err(|_| ProofDefect::Malformed)?;
        let signing_input = text
            .get(..header.len() + 1 + payload.len())
            .ok_or(ProofDefect::Malformed)?;
        let decoded = |part| base64url::decode(part).map_err(|_| ProofDefect::Malformed);
        let (algorithm, key) = read_header(&decoded(header)?)?;
        let said = read_claims(&decoded(payload)?)?;
        Ok(Unverified::new(DpopProof {
            algorithm,
            key,
            signing_input,
            signature: decoded(signature)?,
            said,
        }))
    }
}

impl<'t> Unverified<DpopProof<'t>> {
    /// Checks the signature with the key that the proof brings along.
    ///
    /// # Errors
    ///
    /// Fails when `alg` is not allowed, does not go with the key, or the signature does not fit.
    pub fn verify(self, allowed: &[Algorithm]) -> Result<Verified<DpopProof<'t>>, ProofDefect> {
        let proof = self.into_inner();
        // RFC 9449 section 4.3 point 5: registered, asymmetric, not `none`, and acceptable per local policy. That it is
        // asymmetric is not left to policy.
        if proof.algorithm.is_symmetric() || !allowed.contains(&proof.algorithm) {
            return Err(ProofDefect::AlgorithmNotAllowed);
        }
        let key = VerificationKey::public(None, &proof.key, Some(proof.algorithm))
            .map_err(|_| ProofDefect::Key)?;
        key.verify(proof.algorithm, proof.signing_input, &proof.signature)
            .map_err(|_| ProofDefect::SignatureInvalid)?;
        Ok(Verified::new(proof))
    }
}

impl Verified<DpopProof<'_>> {
    /// The thumbprint of the key that made the proof.
    pub fn key_thumbprint(&self) -> [u8; THUMBPRINT_BYTES] {
        self.inner().key.thumbprint_bytes()
    }

    /// `htm`: the method of the request.
    pub fn method(&self) -> &str {
        &self.inner().said.method
    }

    /// `htu`: the address of the request.
    pub fn target(&self) -> &str {
        &self.inner().said.target
    }

    /// `iat`, rounded up.
    pub fn issued_unix_secs(&self) -> i64 {
        self.inner().said.issued_unix_secs
    }

    /// `jti`: no two proofs of one key have the same.
    pub fn id(&self) -> &str {
        &self.inner().said.id
    }

    /// `nonce`: what the server had given out.
    pub fn nonce(&self) -> Option<&str> {
        self.inner().said.nonce.as_deref()
    }

    /// Whether `ath` is the hash of that token.
    pub fn is_for_token(&self, token: &[u8]) -> bool {
        // RFC 9449 section 4.2: the SHA-256 hash of the ASCII encoding of the access token's value. The hash is no secret.
        self.inner()
            .said
            .token_hash
            .is_some_and(|hash| hash == sha256(token))
    }
}

fn sha256(bytes: &[u8]) -> [u8; THUMBPRINT_BYTES] {
    let mut hash = [0; THUMBPRINT_BYTES];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

#[derive(Deserialize)]
struct Embedded {
    jwk: Object,
}

fn read_header(json: &[u8]) -> Result<(Algorithm, PublicKey), ProofDefect> {
    let header = Header::parse(json).map_err(|defect| match defect {
        TokenDefect::AlgorithmNone | TokenDefect::AlgorithmUnknown => {
            ProofDefect::AlgorithmNotAllowed
        }
        TokenDefect::TooLong
        | TokenDefect::Opaque
        | TokenDefect::Encrypted
        | TokenDefect::JsonSerialization
        | TokenDefect::Parts
        | TokenDefect::Base64
        | TokenDefect::Header
        | TokenDefect::KidTooLong
        | TokenDefect::Critical
        | TokenDefect::UnencodedPayload
        | TokenDefect::Claims
        | TokenDefect::Claim(_) => ProofDefect::Malformed,
    })?;
    // RFC 9449 section 4.3 point 4: any other JWT that the same key has signed is no proof.
    if header.typ.as_deref() != Some(TYP) {
        return Err(ProofDefect::Type);
    }
    let Embedded { jwk } = serde_json::from_slice(json).map_err(|_| ProofDefect::Key)?;
    // RFC 9449 section 4.3 point 7: the key has no private part.
    if PRIVATE.iter().any(|member| jwk.0.contains_key(*member)) {
        return Err(ProofDefect::PrivateKey);
    }
    let key = PublicKey::from_jwk(&jwk.0).map_err(|_| ProofDefect::Key)?;
    Ok((header.algorithm, key))
}

fn read_claims(json: &[u8]) -> Result<Said, ProofDefect> {
    let members = Object::parse(json).ok_or(ProofDefect::Malformed)?;
    let text = |name: &'static str| {
        let value = members.get(name).ok_or(ProofDefect::ClaimMissing(name))?;
        let text = value.as_str().filter(|text| !text.is_empty());
        text.map(str::to_owned).ok_or(ProofDefect::Claim(name))
    };
    let id = text("jti")?;
    if id.len() > PROOF_ID_BYTES_MAX {
        return Err(ProofDefect::Claim("jti"));
    }
    Ok(Said {
        id,
        method: text("htm")?,
        target: text("htu")?,
        issued_unix_secs: issued(&members)?,
        token_hash: token_hash(&members)?,
        nonce: members
            .contains_key("nonce")
            .then(|| text("nonce"))
            .transpose()?,
    })
}

fn issued(members: &Map<String, Value>) -> Result<i64, ProofDefect> {
    let time = crate::claims::time(members, "iat", f64::ceil);
    time.map_err(|_| ProofDefect::Claim("iat"))?
        .ok_or(ProofDefect::ClaimMissing("iat"))
}

fn token_hash(members: &Map<String, Value>) -> Result<Option<[u8; THUMBPRINT_BYTES]>, ProofDefect> {
    let Some(value) = members.get("ath") else {
        return Ok(None);
    };
    let bytes = value
        .as_str()
        .and_then(|text| base64url::decode(text.as_bytes()).ok());
    let hash = bytes.and_then(|bytes| bytes.try_into().ok());
    hash.map(Some).ok_or(ProofDefect::Claim("ath"))
}

/// The client's half: what a proof is to say.
#[derive(Clone, Copy)]
pub struct ProofClaims<'a> {
    /// `jti`: another one for each proof, and not to be guessed.
    pub id: &'a str,
    /// `htm`.
    pub method: &'a str,
    /// `htu`, without query and fragment.
    pub target: &'a str,
    /// `iat`.
    pub issued_unix_secs: i64,
    /// The token that goes along; `None` where one is asked for.
    pub token: Option<&'a str>,
    /// What the server has given out, if it has.
    pub nonce: Option<&'a str>,
}

// The token is a secret.
impl fmt::Debug for ProofClaims<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProofClaims")
            .field("method", &self.method)
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

impl SigningKey {
    /// Makes a proof with this key.
    ///
    /// # Errors
    ///
    /// Fails when the key is a shared secret, or the library fails.
    pub fn prove(
        &self,
        claims: &ProofClaims<'_>,
        random: &dyn SecureRandom,
    ) -> Result<String, SigningError> {
        let key = self.public_key().ok_or(SigningError::Rejected)?;
        let header = Map::from_iter([
            ("typ".to_owned(), Value::from(TYP)),
            ("jwk".to_owned(), Value::Object(key.to_jwk())),
        ]);
        let mut members = Map::from_iter([
            ("jti".to_owned(), json!(claims.id)),
            ("htm".to_owned(), json!(claims.method)),
            ("htu".to_owned(), json!(claims.target)),
            ("iat".to_owned(), json!(claims.issued_unix_secs)),
        ]);
        if let Some(token) = claims.token {
            let hash = base64url::encode(&sha256(token.as_bytes()));
            members.insert("ath".to_owned(), Value::from(hash));
        }
        if let Some(nonce) = claims.nonce {
            members.insert("nonce".to_owned(), Value::from(nonce));
        }
        let payload = serde_json::to_vec(&members).map_err(|_| SigningError::Claims)?;
        self.sign(header, &payload, random)
    }
}
