//! Nonces that carry their own time and a MAC: whoever has the key knows them, and nothing has to be kept until one is
//! used.
//!
//! ```text
//! nonce = base64url( issued (5) instance (7) serial (8) mac (16) )
//! ```
//!
//! Knows: the key, for as long as the process runs. Does not know how often a nonce was used, nor the time.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_secret::Secret;
use countersign_wire::digest::{Algorithm, SecretHash};

const ISSUED_BYTES: usize = 5;
const INSTANCE_BYTES: usize = 7;
const SERIAL_BYTES: usize = 8;
const MAC_BYTES: usize = 16;
const ID_BYTES: usize = ISSUED_BYTES + INSTANCE_BYTES + SERIAL_BYTES;
const NONCE_BYTES: usize = ID_BYTES + MAC_BYTES;

/// What sets the uses of the key apart.
const OF_DIGEST: &[u8] = b"nonce";
const OF_PROOFS: &[u8] = b"dpop";

/// What tells one nonce from all others: everything of it but the MAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NonceId([u8; ID_BYTES]);

/// A nonce that was made with our key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nonce {
    /// Its id.
    pub id: NonceId,
    /// When it was issued, in Unix seconds.
    pub issued_unix_secs: i64,
    /// Whether this instance issued it, and so has seen each use of it.
    pub own: bool,
}

/// Issues nonces, and knows them again. One for a process, shared by its workers.
pub struct Nonces {
    key: hmac::Key,
    instance: [u8; INSTANCE_BYTES],
    next: AtomicU64,
}

impl Nonces {
    /// How many random bytes tell an instance apart.
    pub const SEED_BYTES: usize = INSTANCE_BYTES + SERIAL_BYTES;

    /// `key` is shared by all instances that are to know each other's nonces; `seed` is random, and another one for each.
    #[must_use]
    pub fn new(key: &Secret<[u8; 32]>, seed: &[u8; Self::SEED_BYTES]) -> Self {
        let (instance, start) = split(seed);
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, key.expose()),
            instance,
            next: AtomicU64::new(u64::from_be_bytes(start)),
        }
    }

    /// A nonce of Digest for this realm. None is the same as another.
    #[must_use]
    pub fn issue(&self, realm: &str, now_unix_secs: i64) -> String {
        self.issue_for(OF_DIGEST, realm, now_unix_secs)
    }

    /// A nonce for proofs of DPoP (RFC 9449 section 8), which Digest does not take, nor the other way round.
    #[must_use]
    pub fn issue_for_proof(&self, realm: &str, now_unix_secs: i64) -> String {
        self.issue_for(OF_PROOFS, realm, now_unix_secs)
    }

    fn issue_for(&self, of: &[u8], realm: &str, now_unix_secs: i64) -> String {
        let serial = self.next.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let [_, _, _, issued @ ..] = now_unix_secs.to_be_bytes();
        let mut nonce = Vec::with_capacity(NONCE_BYTES);
        nonce.extend_from_slice(&issued);
        nonce.extend_from_slice(&self.instance);
        nonce.extend_from_slice(&serial);
        let mac = self.tag(of, realm, &nonce);
        nonce.extend(mac.as_ref().iter().take(MAC_BYTES));
        URL_SAFE_NO_PAD.encode(nonce)
    }

    /// The nonce of that text, if it was made with our key for Digest in this realm.
    #[must_use]
    pub fn open(&self, realm: &str, text: &str) -> Option<Nonce> {
        self.open_for(OF_DIGEST, realm, text)
    }

    /// When the nonce of that text was issued, if it was made with our key for proofs in this realm. Which instance has issued
    /// it does not matter: it says when a proof was made, and not that it is new.
    #[must_use]
    pub fn open_of_proof(&self, realm: &str, text: &str) -> Option<i64> {
        let nonce = self.open_for(OF_PROOFS, realm, text)?;
        Some(nonce.issued_unix_secs)
    }

    fn open_for(&self, of: &[u8], realm: &str, text: &str) -> Option<Nonce> {
        let mut nonce = [0; NONCE_BYTES];
        match URL_SAFE_NO_PAD.decode_slice(text, &mut nonce) {
            Ok(NONCE_BYTES) => {}
            Ok(_) | Err(_) => return None,
        }
        let (id, mac) = nonce.split_first_chunk::<ID_BYTES>()?;
        let expected = self.tag(of, realm, id);
        if !countersign_secret::same(expected.as_ref().get(..MAC_BYTES)?, mac) {
            return None;
        }
        let (issued, rest) = id.split_first_chunk::<ISSUED_BYTES>()?;
        let issued = issued
            .iter()
            .fold(0, |secs: i64, byte| secs << 8 | i64::from(*byte));
        Some(Nonce {
            id: NonceId(*id),
            issued_unix_secs: issued,
            own: rest.starts_with(&self.instance),
        })
    }

    /// What goes back and forth with every nonce of this realm.
    #[must_use]
    pub fn opaque(&self, realm: &str) -> String {
        let tag = self.tag(b"opaque", realm, b"");
        URL_SAFE_NO_PAD.encode(tag.as_ref().get(..12).unwrap_or_default())
    }

    /// A secret that nobody has, for a user who is not there: the same for one name each time, so that a wrong password
    /// of nobody is computed against as one of somebody is.
    pub(super) fn decoy(
        &self,
        algorithm: Algorithm,
        realm: &str,
        user: &str,
    ) -> Option<SecretHash> {
        let tag = self.tag(b"decoy", realm, user.as_bytes());
        let hex: String = tag
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        SecretHash::from_hex(algorithm, hex.get(..algorithm.hash.hex_digits())?)
    }

    /// Of different uses and realms no two run together: a zero byte ends each, and neither holds one.
    fn tag(&self, of: &[u8], realm: &str, bytes: &[u8]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.key);
        for part in [of, &[0], realm.as_bytes(), &[0], bytes] {
            context.update(part);
        }
        context.sign()
    }
}

fn split(seed: &[u8; Nonces::SEED_BYTES]) -> ([u8; INSTANCE_BYTES], [u8; SERIAL_BYTES]) {
    let (mut instance, mut start) = ([0; INSTANCE_BYTES], [0; SERIAL_BYTES]);
    let (front, back) = seed.split_at(INSTANCE_BYTES);
    instance.copy_from_slice(front);
    start.copy_from_slice(back);
    (instance, start)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn nonces(key: u8, seed: u8) -> Nonces {
        Nonces::new(&Secret::new([key; 32]), &[seed; Nonces::SEED_BYTES])
    }

    #[test]
    fn a_nonce_carries_its_time_and_is_known_to_every_instance_with_the_key() {
        let issuer = nonces(1, 1);
        let text = issuer.issue("r", NOW);
        assert_eq!(text.len(), 48);
        let own = issuer.open("r", &text).unwrap();
        assert_eq!((own.issued_unix_secs, own.own), (NOW, true));
        let elsewhere = nonces(1, 2).open("r", &text).unwrap();
        assert_eq!((elsewhere.id, elsewhere.own), (own.id, false));
        assert_eq!(elsewhere.issued_unix_secs, NOW);
        assert_eq!(nonces(2, 1).open("r", &text), None, "another key");
        assert_eq!(issuer.open("s", &text), None, "another realm");
    }

    #[test]
    fn no_two_nonces_are_the_same() {
        let issuer = nonces(1, 255);
        let seen: HashSet<String> = (0..1000).map(|_| issuer.issue("r", NOW)).collect();
        assert_eq!(seen.len(), 1000);
    }

    #[test]
    fn attack_39_a_nonce_of_somebody_else_is_none_of_ours() {
        let issuer = nonces(1, 1);
        let good = issuer.issue("r", NOW);
        for at in 0..good.len() {
            let mut other = good.clone().into_bytes();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            let other = String::from_utf8(other).unwrap();
            assert_eq!(issuer.open("r", &other), None, "{other}");
        }
        let huge = "A".repeat(100_000);
        let longer = format!("{good}A");
        let shorter: String = good.chars().skip(1).collect();
        for hostile in ["", "A", "====", "\u{e9}", &shorter, &longer, &huge] {
            assert_eq!(issuer.open("r", hostile), None);
        }
    }

    #[test]
    fn a_nonce_of_proofs_is_none_of_digest_nor_the_other_way_round() {
        let nonces = nonces(1, 1);
        let (of_digest, of_proofs) = (nonces.issue("r", NOW), nonces.issue_for_proof("r", NOW));
        assert_eq!(nonces.open_of_proof("r", &of_proofs), Some(NOW));
        assert_eq!(nonces.open_of_proof("s", &of_proofs), None);
        assert_eq!(nonces.open_of_proof("r", &of_digest), None);
        assert_eq!(nonces.open("r", &of_proofs), None);
    }

    #[test]
    fn the_uses_of_the_key_do_not_run_together() {
        let nonces = nonces(1, 1);
        let md5 = Algorithm::MD5;
        let decoy = |realm, user| nonces.decoy(md5, realm, user).unwrap().expose().to_owned();
        assert_eq!(decoy("r", "alice"), decoy("r", "alice"));
        assert_ne!(decoy("r", "alice"), decoy("r", "bob"));
        assert_ne!(decoy("ra", "b"), decoy("r", "ab"));
        assert_ne!(nonces.opaque("r"), nonces.opaque("s"));
    }

    proptest! {
        #[test]
        fn hostile_text_is_no_nonce(text in ".{0,80}") {
            prop_assert_eq!(nonces(1, 1).open("r", &text), None);
        }
    }
}
