//! The identity as a signed token: its keys, and its place in a request.
//!
//! Knows: the file of the keys. Does not know claims.

use std::path::Path;

use aws_lc_rs::rand::SystemRandom;
use countersign_flow::Edits;
use countersign_jose::SigningError;
use countersign_jose::sign::SigningKeys;
use countersign_secret::Secret;
use http::HeaderMap;

use crate::StartError;
use crate::clock::unix_secs;
use crate::current::Running;

/// Reads the keys. One of them has to sign already.
pub(crate) fn identity_keys(path: &Path) -> Result<SigningKeys, StartError> {
    let failed = |reason: String| StartError::IdentityKeys {
        path: path.display().to_string(),
        reason,
    };
    let bytes = std::fs::read(path).map(Secret::new);
    let bytes = bytes.map_err(|error| failed(error.to_string()))?;
    let keys = SigningKeys::parse(bytes.expose()).map_err(|error| failed(error.to_string()))?;
    match keys.signer(unix_secs()) {
        Some(_) => Ok(keys),
        None => Err(failed("none of its keys signs yet".to_owned())),
    }
}

/// Tells the upstream by a token who asks, where it is to have one.
pub(super) fn sign(
    edits: &Edits<'_>,
    running: &Running,
    now_unix_secs: i64,
    headers: &mut HeaderMap,
) -> Result<(), SigningError> {
    let random = SystemRandom::new();
    edits.sign(headers, running.identity_keys(), now_unix_secs, &random)
}
