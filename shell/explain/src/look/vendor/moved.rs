//! A credential taken from one place of a request and put into another.

use countersign_wire::basic::client::{Charset, authorization};

use super::secrets_of;
use crate::credential::{Carrier, Credential, with_value, without};
use crate::look::keys::{self, Slot};
use crate::message::Request;

/// A place, for people.
pub(super) fn in_words(slot: &Slot) -> String {
    match slot {
        Slot::Authorization(Some(word)) => format!("`Authorization: {word} ...`"),
        Slot::Authorization(None) => "`Authorization` without a scheme word".to_owned(),
        Slot::Field(name) => format!("`{name}`"),
        Slot::Query(name) => format!("the query parameter `{name}`"),
        Slot::Form(name) => format!("the form parameter `{name}`"),
        Slot::Path => "the path of the URL".to_owned(),
    }
}

/// The request with the credential in that place instead; `None` where that takes more than moving it.
pub(super) fn to(request: &Request, credential: &Credential, slot: &Slot) -> Option<Request> {
    let parts = secrets_of(credential);
    let known = parts.iter().find(|part| keys::of(&part.bytes).is_some());
    let secret = known.or_else(|| parts.iter().rfind(|part| !part.bytes.is_empty()))?;
    let bare = without(request, &credential.carrier);
    let value = secret.bytes.as_slice();
    match slot {
        Slot::Authorization(Some(word)) if word.eq_ignore_ascii_case("basic") => {
            // Which of the two halves it is, and what the other one is, is for the vendor to say.
            let value = std::str::from_utf8(value).ok()?;
            let value = authorization(value, "", Charset::Utf8).ok()?;
            Some(with_value(
                &bare,
                &Carrier::Authorization,
                value.expose().as_bytes(),
            ))
        }
        Slot::Authorization(Some(word)) => {
            let value = [word.as_bytes(), b" ", value].concat();
            Some(with_value(&bare, &Carrier::Authorization, &value))
        }
        Slot::Authorization(None) => Some(with_value(&bare, &Carrier::Authorization, value)),
        Slot::Field(name) => Some(with_value(&bare, &Carrier::Field(name.clone()), value)),
        Slot::Query(name) => Some(with_value(&bare, &Carrier::Query(name.clone()), value)),
        Slot::Form(_) | Slot::Path => None,
    }
}
