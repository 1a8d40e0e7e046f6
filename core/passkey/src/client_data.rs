//! What the browser says of the page that asked (section 5.8.1).
//!
//! Knows the four members that are checked. Does not know keys or signatures: the browser's words are proven by the
//! authenticator's signature over their hash.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_secret::same;
use serde::Deserialize;

use crate::{Challenge, Fault, RelyingParty};

/// Which of the two ceremonies an answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ceremony {
    Registration,
    SignIn,
}

impl Ceremony {
    const fn name(self) -> &'static str {
        match self {
            Self::Registration => "webauthn.create",
            Self::SignIn => "webauthn.get",
        }
    }
}

/// Unknown members are passed over: section 5.8.1 says that there will be some.
#[derive(Deserialize)]
struct ClientData<'a> {
    #[serde(rename = "type", borrow)]
    ceremony: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    challenge: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    origin: std::borrow::Cow<'a, str>,
    #[serde(rename = "crossOrigin", default)]
    cross_origin: bool,
    #[serde(rename = "topOrigin", default, borrow)]
    top_origin: Option<std::borrow::Cow<'a, str>>,
}

/// Sections 7.1 and 7.2, the steps on the client data: ceremony, challenge, origin, frame.
pub(crate) fn check(
    json: &[u8],
    ceremony: Ceremony,
    challenge: &Challenge,
    party: &RelyingParty<'_>,
) -> Result<(), Fault> {
    // "UTF-8 decode" of the Encoding standard takes a byte order mark away.
    let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
    let said: ClientData<'_> = serde_json::from_slice(json).map_err(|_| Fault::ClientData)?;
    if said.ceremony != ceremony.name() {
        return Err(Fault::Ceremony);
    }
    let expected = URL_SAFE_NO_PAD.encode(challenge.0);
    if !same(said.challenge.as_bytes(), expected.as_bytes()) {
        return Err(Fault::Challenge);
    }
    if !party.origins.iter().any(|origin| **origin == *said.origin) {
        return Err(Fault::Origin);
    }
    // A page in a frame of another site would let that site ask in this one's name.
    if said.cross_origin || said.top_origin.is_some() {
        return Err(Fault::Framed);
    }
    Ok(())
}
