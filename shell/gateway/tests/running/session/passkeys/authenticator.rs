//! An authenticator of software, and what a browser makes of its answers.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

const PRESENT: u8 = 1;
const VERIFIED: u8 = 1 << 2;
const ATTESTED: u8 = 1 << 6;

pub(in crate::session) struct Authenticator {
    pair: EcdsaKeyPair,
    pub(in crate::session) id: Vec<u8>,
    pub(in crate::session) origin: &'static str,
    pub(in crate::session) domain: &'static str,
    pub(in crate::session) verifies: bool,
    pub(in crate::session) count: u32,
    pub(in crate::session) handle: Option<Vec<u8>>,
}

impl Authenticator {
    pub(in crate::session) fn new(number: u8) -> Self {
        Self {
            pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap(),
            id: vec![number; 16],
            origin: "https://a.example",
            domain: "a.example",
            verifies: true,
            count: 0,
            handle: None,
        }
    }

    /// The key in COSE: RFC 9053 section 7.1.1.
    fn cose(&self) -> Vec<u8> {
        let point = self.pair.public_key().as_ref();
        let head = [0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
        [&head[..], &point[1..33], &[0x22, 0x58, 0x20], &point[33..]].concat()
    }

    fn data(&self, more: u8, attested: &[u8]) -> Vec<u8> {
        let verified = if self.verifies { VERIFIED } else { 0 };
        let hash = digest(&SHA256, self.domain.as_bytes());
        let flags = [PRESENT | verified | more];
        [hash.as_ref(), &flags, &self.count.to_be_bytes(), attested].concat()
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let said = json!({
            "type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": false,
        });
        said.to_string().into_bytes()
    }

    fn answer(&self, response: &Value) -> String {
        let id = URL_SAFE_NO_PAD.encode(&self.id);
        json!({ "id": id, "rawId": id, "type": "public-key", "response": response }).to_string()
    }

    /// Answers `navigator.credentials.create()`.
    pub(in crate::session) fn create(&mut self, options: &Value) -> String {
        let handle = options["user"]["id"].as_str().unwrap();
        self.handle = Some(URL_SAFE_NO_PAD.decode(handle).unwrap());
        let length = u16::try_from(self.id.len()).unwrap().to_be_bytes();
        let attested = [&[9; 16], &length[..], &self.id, &self.cose()].concat();
        let data = self.data(ATTESTED, &attested);
        let object = [
            b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58",
            &[u8::try_from(data.len()).unwrap()][..],
            &data,
        ]
        .concat();
        self.answer(&json!({
            "clientDataJSON": URL_SAFE_NO_PAD.encode(self.client_data("webauthn.create", options)),
            "attestationObject": URL_SAFE_NO_PAD.encode(object),
        }))
    }

    /// Answers `navigator.credentials.get()`.
    pub(in crate::session) fn get(&self, options: &Value) -> String {
        let client_data = self.client_data("webauthn.get", options);
        let data = self.data(0, &[]);
        let message = [&data, digest(&SHA256, &client_data).as_ref()].concat();
        let signature = self.pair.sign(&SystemRandom::new(), &message).unwrap();
        self.answer(&json!({
            "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data),
            "authenticatorData": URL_SAFE_NO_PAD.encode(data),
            "signature": URL_SAFE_NO_PAD.encode(signature),
            "userHandle": self.handle.as_ref().map(|handle| URL_SAFE_NO_PAD.encode(handle)),
        }))
    }
}
