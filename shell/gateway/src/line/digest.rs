//! What all workers share for Digest: the key that nonces are made with, those of proofs too, and which counts were used.
//!
//! Knows: where the key comes from. Does not know users.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand;
use countersign_config::{SecretPlace, Settings};
use countersign_flow::{Accept, Nonces, Rules};
use countersign_secret::Secret;
use countersign_store::{DigestSecret, Store};
use countersign_wire::digest::{Algorithm, Charset, SecretHash, user_hash};

use super::nonce_counts::NonceCounts;
use crate::StartError;
use crate::ask_now::ask_now;

/// Nonces and their counts.
pub(crate) struct DigestState {
    pub(crate) nonces: Nonces,
    pub(crate) counts: NonceCounts,
}

/// Gets the key; `None` where no route accepts Digest, nor proofs with a nonce.
pub(crate) fn start(
    rules: &Rules,
    settings: &Settings,
    store: &Arc<dyn Store>,
) -> Result<Option<Arc<DigestState>>, StartError> {
    let needs_nonces = |accept: Accept| accept.digest || accept.dpop && rules.dpop.nonce;
    let mut routes = rules.route_rules.iter();
    if !routes.any(|route| needs_nonces(route.accept)) {
        return Ok(None);
    }
    let key = match &settings.digest.nonce_key_file {
        Some(place) => of_place(place)?,
        None => ask_now(store.nonce_key())?.map_err(failed)?,
    };
    let mut seed = [0; Nonces::SEED_BYTES];
    rand::fill(&mut seed).map_err(|_| StartError::Random)?;
    let digest = &rules.digest;
    Ok(Some(Arc::new(DigestState {
        nonces: Nonces::new(&key, &seed),
        counts: NonceCounts::new(
            settings.digest.nonces_max,
            digest.nonce_secs,
            digest.count_window,
        ),
    })))
}

/// Of whatever length the secret is, the key is its hash. A line end after it is an editor's.
fn of_place(place: &SecretPlace) -> Result<Secret<[u8; 32]>, StartError> {
    let contents = place
        .read()
        .map_err(|error| failed(format!("{place}: {error}")))?;
    let mut key = [0; 32];
    key.copy_from_slice(digest(&SHA256, contents.expose().trim_ascii_end()).as_ref());
    Ok(Secret::new(key))
}

/// The secrets of Digest for a new password of a user for whom it is switched on, one for each algorithm: bound to a
/// session or not, it is the same.
pub(crate) fn secrets(rules: &Rules, name: &str, password: &Secret<String>) -> Vec<DigestSecret> {
    let mut secrets: Vec<DigestSecret> = Vec::new();
    for offered in &rules.digest.algorithms {
        let algorithm = Algorithm {
            session: false,
            ..*offered
        };
        if secrets
            .iter()
            .any(|made| *made.algorithm == *algorithm.word())
        {
            continue;
        }
        // RFC 7616 section 4: both sides hash UTF-8 in the form NFC.
        let (charset, realm) = (Charset::Utf8, &*rules.realm);
        let secret = SecretHash::of_password(algorithm, charset, name, realm, password.expose());
        secrets.push(DigestSecret {
            algorithm: algorithm.word().into(),
            realm: realm.into(),
            secret: Secret::new(secret.expose().to_owned()),
            user_hash: user_hash(algorithm, charset, name, realm).into(),
        });
    }
    secrets
}

const fn failed(reason: String) -> StartError {
    StartError::NonceKey { reason }
}
