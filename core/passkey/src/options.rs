//! What a page hands to the browser, as JSON for `parseCreationOptionsFromJSON()` and `parseRequestOptionsFromJSON()` (sections
//! 5.1.8 and 5.1.9).
//!
//! Knows which options are asked for and why. Does not know the page.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::public_key::ALGORITHMS;
use crate::{Challenge, RelyingParty, USER_HANDLE_BYTES, UserVerification};

/// How long a browser waits for somebody's touch, in milliseconds: the upper end of what section 15.1 recommends.
const TIMEOUT_MILLIS: u32 = 600_000;

/// The options of a registration. `known` are the account's own credentials: a browser does not make a second one on the same
/// authenticator.
#[must_use]
pub fn creation_options<'i>(
    party: &RelyingParty<'_>,
    challenge: &Challenge,
    user_handle: &[u8; USER_HANDLE_BYTES],
    user_name: &str,
    known: impl IntoIterator<Item = &'i [u8]>,
) -> String {
    json!({
        "rp": { "id": party.id, "name": party.name },
        "user": { "id": URL_SAFE_NO_PAD.encode(user_handle), "name": user_name, "displayName": user_name },
        "challenge": URL_SAFE_NO_PAD.encode(challenge.0),
        "pubKeyCredParams": ALGORITHMS.map(|number| json!({ "type": "public-key", "alg": number })),
        "timeout": TIMEOUT_MILLIS,
        "excludeCredentials": descriptors(known),
        "authenticatorSelection": {
            // Discoverable, so that nobody has to type a name first.
            "residentKey": "required",
            "requireResidentKey": true,
            "userVerification": "preferred",
        },
        "attestation": "none",
    })
    .to_string()
}

/// The options of a sign-in. Without `allowed` ones the browser offers whatever credential of this domain it finds.
#[must_use]
pub fn request_options<'i>(
    party: &RelyingParty<'_>,
    challenge: &Challenge,
    verification: UserVerification,
    allowed: impl IntoIterator<Item = &'i [u8]>,
) -> String {
    json!({
        "challenge": URL_SAFE_NO_PAD.encode(challenge.0),
        "rpId": party.id,
        "timeout": TIMEOUT_MILLIS,
        "allowCredentials": descriptors(allowed),
        "userVerification": match verification {
            UserVerification::Required => "required",
            UserVerification::Discouraged => "discouraged",
        },
    })
    .to_string()
}

fn descriptors<'i>(ids: impl IntoIterator<Item = &'i [u8]>) -> Vec<Value> {
    ids.into_iter()
        .map(|id| json!({ "type": "public-key", "id": URL_SAFE_NO_PAD.encode(id) }))
        .collect()
}
