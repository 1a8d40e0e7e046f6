//! An authenticator of software: what it says can be spoilt in each part.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_passkey::Challenge;
use minicbor::Encoder;

pub(crate) const PARTY_ID: &str = "example.com";

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Ed25519,
    P256,
    Rsa,
}

enum Key {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
    Rsa(Box<RsaKeyPair>),
}

pub(crate) struct Authenticator {
    key: Key,
}

/// One answer, part by part.
pub(crate) struct Shape {
    pub(crate) ceremony: &'static str,
    pub(crate) challenge: Challenge,
    pub(crate) origin: &'static str,
    pub(crate) extra: &'static str,
    pub(crate) party: &'static str,
    pub(crate) flags: u8,
    pub(crate) count: u32,
    /// What follows in the authenticator data.
    pub(crate) after: Vec<u8>,
    pub(crate) statement: Vec<u8>,
    /// What the browser names the credential, if not what the authenticator does.
    pub(crate) named: Option<Vec<u8>>,
    pub(crate) handle: Option<Vec<u8>>,
    pub(crate) signed_over: Option<Vec<u8>>,
    /// The whole attestation object instead.
    pub(crate) object: Option<Vec<u8>>,
}

impl Shape {
    pub(crate) fn of_a_registration() -> Self {
        Self {
            ceremony: "webauthn.create",
            challenge: super::CHALLENGE,
            origin: super::ORIGIN,
            extra: r#","crossOrigin":false,"other_keys_can_be_added_here":"do not compare""#,
            party: PARTY_ID,
            // Present, verified, attested.
            flags: 0b0100_0101,
            count: 0,
            after: Vec::new(),
            statement: vec![0xa0],
            named: None,
            handle: None,
            signed_over: None,
            object: None,
        }
    }

    pub(crate) fn of_a_sign_in() -> Self {
        Self {
            ceremony: "webauthn.get",
            flags: 0b0101,
            count: 5,
            handle: Some(super::HANDLE.to_vec()),
            ..Self::of_a_registration()
        }
    }

    fn client_data(&self) -> String {
        format!(
            r#"{{"type":"{}","challenge":"{}","origin":"{}"{}}}"#,
            self.ceremony,
            URL_SAFE_NO_PAD.encode(self.challenge.0),
            self.origin,
            self.extra
        )
    }

    fn named(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.named.as_deref().unwrap_or(ID))
    }

    fn data(&self, attested: &[u8]) -> Vec<u8> {
        let hash = digest(&SHA256, self.party.as_bytes());
        let count = self.count.to_be_bytes();
        [hash.as_ref(), &[self.flags], &count, attested, &self.after].concat()
    }
}

const ID: &[u8] = b"a credential";

impl Authenticator {
    pub(crate) fn new(kind: Kind) -> Self {
        let key = match kind {
            Kind::Ed25519 => Key::Ed25519(Ed25519KeyPair::generate().unwrap()),
            Kind::P256 => {
                Key::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap())
            }
            Kind::Rsa => Key::Rsa(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())),
        };
        Self { key }
    }

    pub(crate) fn cose(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut encoder = Encoder::new(&mut out);
        match &self.key {
            Key::Ed25519(pair) => {
                encoder
                    .map(4)
                    .unwrap()
                    .i8(1)
                    .unwrap()
                    .i8(1)
                    .unwrap()
                    .i8(3)
                    .unwrap()
                    .i8(-8)
                    .unwrap();
                encoder
                    .i8(-1)
                    .unwrap()
                    .i8(6)
                    .unwrap()
                    .i8(-2)
                    .unwrap()
                    .bytes(pair.public_key().as_ref())
                    .unwrap();
            }
            Key::P256(pair) => {
                let point = pair.public_key().as_ref();
                encoder
                    .map(5)
                    .unwrap()
                    .i8(1)
                    .unwrap()
                    .i8(2)
                    .unwrap()
                    .i8(3)
                    .unwrap()
                    .i8(-7)
                    .unwrap();
                encoder
                    .i8(-1)
                    .unwrap()
                    .i8(1)
                    .unwrap()
                    .i8(-2)
                    .unwrap()
                    .bytes(&point[1..33])
                    .unwrap();
                encoder.i8(-3).unwrap().bytes(&point[33..]).unwrap();
            }
            Key::Rsa(pair) => {
                // RSAPublicKey in DER (RFC 8017 appendix A.1.1) of 2048 bits: the modulus has 256 bytes after its zero.
                let modulus = &pair.public_key().as_ref()[9..265];
                encoder
                    .map(4)
                    .unwrap()
                    .i8(1)
                    .unwrap()
                    .i8(3)
                    .unwrap()
                    .i8(3)
                    .unwrap()
                    .i16(-257)
                    .unwrap();
                encoder.i8(-1).unwrap().bytes(modulus).unwrap();
                encoder.i8(-2).unwrap().bytes(&[1, 0, 1]).unwrap();
            }
        }
        out
    }

    pub(crate) fn object(&self, shape: &Shape) -> Vec<u8> {
        let length = u16::try_from(ID.len()).unwrap().to_be_bytes();
        let attested = [[9; 16].as_slice(), &length, ID, &self.cose()].concat();
        let mut out = Vec::new();
        let mut encoder = Encoder::new(&mut out);
        encoder
            .map(3)
            .unwrap()
            .str("fmt")
            .unwrap()
            .str("none")
            .unwrap()
            .str("attStmt")
            .unwrap();
        encoder.writer_mut().extend_from_slice(&shape.statement);
        encoder
            .str("authData")
            .unwrap()
            .bytes(&shape.data(&attested))
            .unwrap();
        out
    }

    pub(crate) fn attestation(&self, shape: &Shape) -> String {
        let object = shape.object.clone().unwrap_or_else(|| self.object(shape));
        format!(
            r#"{{"id":"{id}","rawId":"{id}","type":"public-key","clientExtensionResults":{{}},"response":{{"clientDataJSON":"{}","attestationObject":"{}","transports":["internal"]}}}}"#,
            URL_SAFE_NO_PAD.encode(shape.client_data()),
            URL_SAFE_NO_PAD.encode(object),
            id = shape.named(),
        )
    }

    pub(crate) fn assertion(&self, shape: &Shape) -> String {
        let (client_data, data) = (shape.client_data(), shape.data(&[]));
        let hash = digest(&SHA256, client_data.as_bytes());
        let message = shape
            .signed_over
            .clone()
            .unwrap_or_else(|| [&data, hash.as_ref()].concat());
        let handle = shape
            .handle
            .as_ref()
            .map_or_else(String::new, |handle| URL_SAFE_NO_PAD.encode(handle));
        format!(
            r#"{{"id":"{id}","rawId":"{id}","type":"public-key","response":{{"clientDataJSON":"{}","authenticatorData":"{}","signature":"{}","userHandle":"{handle}"}}}}"#,
            URL_SAFE_NO_PAD.encode(client_data),
            URL_SAFE_NO_PAD.encode(data),
            URL_SAFE_NO_PAD.encode(self.sign(&message)),
            id = shape.named(),
        )
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.key {
            Key::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Key::P256(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Key::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .unwrap();
                signature
            }
        }
    }
}
