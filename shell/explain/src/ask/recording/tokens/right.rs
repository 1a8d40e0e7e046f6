//! The request as it should have been sent, for the command of a fix.
//!
//! Knows: the places that carry tokens. Does not know whether the token is any good.

use crate::credential::{
    Carrier, Credential, is_telling_field, is_telling_parameter, with_authorization, with_value,
};
use crate::message::Request;

/// With a bearer token.
pub(super) fn as_bearer(request: &Request) -> Request {
    with_authorization(request, "Bearer TOKEN")
}

/// With the token in the place in which another request carries it.
pub(super) fn as_in(request: &Request, other: &Request) -> Request {
    let mut right = request.clone();
    for field in &other.fields {
        if field.name.eq_ignore_ascii_case("authorization") || is_telling_field(&field.name) {
            right.fields.set(&field.name, field.value.clone());
        }
    }
    for (name, value) in other.url.query_pairs() {
        if is_telling_parameter(&name) {
            right.url.query_pairs_mut().append_pair(&name, &value);
        }
    }
    right
}

/// With another token in the place of the one that was sent.
pub(super) fn instead(request: &Request, sent: &Credential, token: &str) -> Request {
    let value = match &sent.scheme_word {
        Some(word) => format!("{word} {token}"),
        None if sent.carrier == Carrier::Authorization => format!("Bearer {token}"),
        None => token.to_owned(),
    };
    with_value(request, &sent.carrier, value.as_bytes())
}
