//! Tokens in JWT form: their parts and where they are carried.
//!
//! Knows: what `jose` says of a token that it cannot read, and how long a signature is. Does not look at claims.

use countersign_cause::Cause;
use countersign_jose::{Algorithm, Jwt, TokenDefect};
use countersign_wire::basic::server::decode_leniently;

use super::{keys, place, value};
use crate::credential::{Carrier, credentials_of};
use crate::finding::{Finding, Weight};
use crate::message::Request;

/// What is wrong with the shape of each token of a request, and with its carrier.
pub(super) fn look(request: &Request) -> Vec<Finding> {
    let mut found = Vec::new();
    let credentials = credentials_of(request);
    let in_authorization = request.fields.has("authorization");
    for credential in credentials
        .iter()
        .filter(|credential| value::is_one_value(credential))
    {
        let secret = credential.secret.expose();
        found.extend(of(secret, &place::named(&credential.carrier)));
        let Carrier::Field(name) = &credential.carrier else {
            continue;
        };
        let key = name.to_ascii_lowercase().replace(['-', '_'], "");
        let for_keys = ["xapikey", "apikey", "xapitoken", "xkey", "key"].contains(&key.as_str());
        if for_keys && is_jwt(secret) && !in_authorization {
            found.push(misplaced(request, name));
        }
    }
    found
}

/// Anon keys of Supabase are JWTs that go where keys go, so it is no fault in itself.
fn misplaced(request: &Request, name: &str) -> Finding {
    let host = place::host(request);
    let bearer = keys::Slot::Authorization(Some("Bearer".to_owned()));
    let knows =
        keys::at(&host).any(|service| service.slots(Some(keys::Kind::Token)).contains(&&bearer));
    let weight = if knows { Weight::Strong } else { Weight::Fair };
    Finding::new(
        Cause::HeaderWrongPlace,
        weight,
        format!(
            "`{name}` holds a JWT, and tokens belong into `Authorization: Bearer`; an API key looks otherwise."
        ),
    )
}

fn is_jwt(secret: &[u8]) -> bool {
    countersign_wire::credentials::looks_like_jwt(secret)
}

/// What is wrong with the shape of what looks like a JWT.
pub(super) fn of(secret: &[u8], place: &str) -> Option<Finding> {
    // Without a dot it is base64 of some JSON, as some opaque tokens are.
    if !secret.starts_with(b"eyJ") || !secret.contains(&b'.') {
        return None;
    }
    let defect = match Jwt::parse(secret) {
        Ok(token) => return signature(secret, token.algorithm(), place),
        Err(defect) => defect,
    };
    let parts = secret.split(|byte| *byte == b'.').count();
    let weight = match defect {
        TokenDefect::Parts | TokenDefect::Claims | TokenDefect::AlgorithmNone => Weight::Strong,
        // Frameworks sign in their own formats, which begin with JSON as well.
        TokenDefect::Header => Weight::Slight,
        TokenDefect::Base64
        | TokenDefect::Encrypted
        | TokenDefect::JsonSerialization
        | TokenDefect::KidTooLong
        | TokenDefect::AlgorithmUnknown
        | TokenDefect::Critical
        | TokenDefect::UnencodedPayload
        | TokenDefect::TooLong => Weight::Fair,
        TokenDefect::Opaque | TokenDefect::Claim(_) => return None,
    };
    let detail = if matches!(defect, TokenDefect::Parts) {
        format!("the token has {parts} parts and not three, so a part of it is missing or doubled")
    } else {
        defect.detail().to_owned()
    };
    let evidence = format!("{place} looks like a JWT, but {detail}.");
    Some(Finding::new(defect.cause(), weight, evidence))
}

/// A signature of another length than its algorithm makes was cut, or has something after it.
fn signature(secret: &[u8], algorithm: Algorithm, place: &str) -> Option<Finding> {
    let written = secret.rsplit(|byte| *byte == b'.').next()?;
    let bytes = decode_leniently(written)?.expose().len();
    let due: &[usize] = match algorithm {
        Algorithm::Hs256 => &[32],
        Algorithm::Hs384 => &[48],
        Algorithm::Hs512 => &[64],
        Algorithm::Es256 => &[64],
        Algorithm::Es384 => &[96],
        Algorithm::Es512 => &[132],
        Algorithm::EdDsa => &[64, 114],
        Algorithm::Rs256
        | Algorithm::Rs384
        | Algorithm::Rs512
        | Algorithm::Ps256
        | Algorithm::Ps384
        | Algorithm::Ps512 => &[128, 192, 256, 384, 512, 1024],
    };
    // A few bytes of text are what somebody made up, not what is left of a signature.
    if due.contains(&bytes) || (1..20).contains(&bytes) {
        return None;
    }
    let evidence = format!(
        "{place} is a JWT of `{algorithm}` whose signature has {bytes} bytes: it was cut, or something was added."
    );
    Some(Finding::new(
        Cause::CredentialMangled,
        Weight::Fair,
        evidence,
    ))
}
