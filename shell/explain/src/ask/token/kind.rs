//! Is it the kind of token that is due? ID tokens, refresh tokens, opaque and encrypted ones, those of another product.
//!
//! Knows: what gives a kind away. Does not know whether the token is good.

use countersign_cause::Cause;
use countersign_jose::{Hearsay, TokenDefect};
use serde_json::Value;
use url::Url;

use super::Seen;
use super::said::Said;
use super::subject::Subject;
use crate::case::Case;
use crate::command;
use crate::credential::with_authorization;
use crate::finding::{Fix, Weight};

/// What the form and the kind of a token show.
pub(super) fn look(case: &Case, subject: &Subject, said: &[Said]) -> Vec<Seen> {
    let mut seen: Vec<Seen> = Vec::new();
    match &subject.heard {
        Some(heard) if heard.is_encrypted() => seen.push(encrypted()),
        Some(heard) => seen.extend(signed(case, heard)),
        None if subject.is_jose() => {}
        None => seen.extend(opaque(case, subject, said)),
    }
    seen.extend(defect(subject, said));
    seen
}

fn signed(case: &Case, heard: &Hearsay<'_>) -> Option<Seen> {
    let url = case.request.as_ref().map(|request| &request.url);
    let kind = name_of(heard)?;
    if takes_id_tokens(heard, url, case.expected.audience.as_deref()) && kind == "an ID token" {
        return None;
    }
    let signs = signs(heard);
    let evidence = format!("it is {kind}: {signs}");
    let text = match kind {
        "an ID token" => {
            "send the `access_token` of the token response; the ID token tells the client who signed in and opens no API"
        }
        "a refresh token" => {
            "send the `access_token`; the refresh token goes to the token endpoint alone, which gives a new access token for it"
        }
        _ => Cause::TokenWrongKind.entry().fix,
    };
    let fix = Fix::new(Cause::TokenWrongKind.entry().who, text);
    Some(Seen::soft(Cause::TokenWrongKind, Weight::Strong, evidence).with_fix(fix))
}

/// What kind it is, where it is no access token.
pub(super) fn name_of(heard: &Hearsay<'_>) -> Option<&'static str> {
    let typ = heard.typ().unwrap_or_default().to_ascii_lowercase();
    let typ = typ.strip_prefix("application/").unwrap_or(&typ);
    let says = |name: &str| {
        heard
            .claim(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let of_firebase = heard
        .issuer()
        .is_some_and(|issuer| issuer.starts_with("https://session.firebase.google.com/"));
    Some(match typ {
        // RFC 9068 section 2.1.
        "at+jwt" => return None,
        // RFC 9449 section 4.2.
        "dpop+jwt" => "a DPoP proof, which goes beside the token and not in its place",
        // OpenID Connect Back-Channel Logout 1.0 section 2.4.
        "logout+jwt" => "a logout token",
        "secevent+jwt" => "a security event token",
        "entity-statement+jwt" => "an entity statement",
        _ if of_firebase => "a session cookie of Firebase",
        _ if says("typ") == "Refresh" || says("typ") == "Offline" || says("token_use") == "refresh"
            // Of SimpleJWT and Flask-JWT-Extended.
            || says("token_type") == "refresh"
            || says("type") == "refresh" =>
        {
            "a refresh token"
        }
        _ if says("typ") == "Logout" || heard.is_other_kind() => "a logout or event token",
        _ if heard.is_id_token() => "an ID token",
        _ => return None,
    })
}

fn signs(heard: &Hearsay<'_>) -> String {
    let mut signs: Vec<String> = Vec::new();
    for name in ["nonce", "at_hash", "c_hash"] {
        if heard.claim(name).is_some() {
            signs.push(format!("it has `{name}`"));
        }
    }
    for name in ["token_use", "typ", "token_type", "type"] {
        if let Some(value) = heard.claim(name).and_then(Value::as_str) {
            signs.push(format!("its `{name}` is `{value}`"));
        }
    }
    if heard.claim("events").is_some() {
        signs.push("it has `events`".to_owned());
    }
    let typ = heard.typ().unwrap_or_default();
    if typ.contains("+jwt") {
        signs.push(format!("its header says `{typ}`"));
    }
    if heard.claim("scope").is_none() && heard.claim("scp").is_none() {
        signs.push("it has no scope".to_owned());
    }
    if signs.is_empty() {
        signs.extend(
            heard
                .issuer()
                .map(|issuer| format!("its `iss` is {issuer}")),
        );
    }
    signs.join(", ")
}

/// Some doors are opened by ID tokens: those whose address is the audience, and a few services.
fn takes_id_tokens(heard: &Hearsay<'_>, url: Option<&Url>, expected: Option<&str>) -> bool {
    let audiences = heard.audiences();
    if expected.is_some_and(|expected| audiences.contains(&expected)) {
        return true;
    }
    let Some(url) = url else {
        return false;
    };
    let origin = url.origin().ascii_serialization();
    let of_google = url.host_str().is_some_and(is_of_google_cloud);
    let for_here = audiences
        .iter()
        .any(|audience| audience.trim_end_matches('/') == origin);
    for_here || of_google
}

fn is_of_google_cloud(host: &str) -> bool {
    host.ends_with(".run.app") || host.ends_with(".cloudfunctions.net")
}

fn encrypted() -> Seen {
    Seen::soft(
        Cause::TokenWrongKind,
        Weight::Fair,
        "the token is encrypted (five parts, with `enc` in its header): only its own issuer can read it, which is what refresh tokens and tokens without an API's audience are for",
    )
}

/// A token that says nothing of itself.
fn opaque(case: &Case, subject: &Subject, said: &[Said]) -> Option<Seen> {
    let request = case.request.as_ref()?;
    let text = subject.text();
    let for_google = request.url.host_str().is_some_and(is_of_google_cloud);
    if text.starts_with(b"ya29.") && for_google {
        let origin = request.origin();
        let line = command::curl(case, &with_authorization(request, "Bearer token"));
        let command =
            format!("TOKEN=$(gcloud auth print-identity-token --audiences={origin}) && {line}");
        let fix = Fix::new(
            Cause::TokenWrongKind.entry().who,
            "send an ID token whose audience is the address of the service",
        )
        .with_command(command);
        let evidence = "it is an OAuth access token of Google (`ya29.`), and services at this host take ID tokens alone";
        return Some(Seen::soft(Cause::TokenWrongKind, Weight::Strong, evidence).with_fix(fix));
    }
    let malformed = said
        .iter()
        .find(|said| said.exact && said.cause == Cause::TokenMalformed)?;
    if subject.carrier.is_none() || text.is_empty() {
        return None;
    }
    let evidence = format!(
        "the token is opaque (no dots in it, {} bytes), and the server looks for a JSON Web Token: `{}`",
        text.len(),
        malformed.sentence
    );
    let fix = Fix::new(
        Cause::TokenWrongKind.entry().who,
        "get a token for this API: many issuers give a JSON Web Token only where the request for it names the API, in `audience`, `resource` or a scope",
    );
    Some(Seen::firm(Cause::TokenWrongKind, Weight::Strong, evidence).with_fix(fix))
}

/// What the gateway's own reader has against the token.
fn defect(subject: &Subject, said: &[Said]) -> Option<Seen> {
    let defect = subject.defect?;
    let told = |cause| said.iter().any(|said| said.cause == cause);
    match defect {
        // Another part says what these are.
        TokenDefect::Opaque | TokenDefect::Encrypted => return None,
        // A start or an end in milliseconds is told by the times.
        TokenDefect::Claim("exp" | "nbf" | "iat") => return None,
        TokenDefect::TooLong
        | TokenDefect::JsonSerialization
        | TokenDefect::Parts
        | TokenDefect::Base64
        | TokenDefect::Header
        | TokenDefect::KidTooLong
        | TokenDefect::AlgorithmNone
        | TokenDefect::AlgorithmUnknown
        | TokenDefect::Critical
        | TokenDefect::UnencodedPayload
        | TokenDefect::Claims
        | TokenDefect::Claim(_) => {}
    }
    if !subject.is_jose() && !told(defect.cause()) {
        return None;
    }
    let parts = subject.text().split(|byte| *byte == b'.').count();
    let evidence = match defect {
        TokenDefect::Parts | TokenDefect::Base64 | TokenDefect::Header => format!(
            "{} ({} bytes, {parts} {})",
            defect.detail(),
            subject.text().len(),
            if parts == 1 { "part" } else { "parts" }
        ),
        TokenDefect::AlgorithmUnknown => format!(
            "the token's `alg` is `{}`, which few verifiers take",
            subject
                .heard
                .as_ref()
                .and_then(Hearsay::alg)
                .unwrap_or_default()
        ),
        TokenDefect::TooLong
        | TokenDefect::Opaque
        | TokenDefect::Encrypted
        | TokenDefect::JsonSerialization
        | TokenDefect::KidTooLong
        | TokenDefect::AlgorithmNone
        | TokenDefect::Critical
        | TokenDefect::UnencodedPayload
        | TokenDefect::Claims
        | TokenDefect::Claim(_) => defect.detail().to_owned(),
    };
    let weight = match defect {
        // It may be fine with a verifier that knows more.
        TokenDefect::AlgorithmUnknown | TokenDefect::Critical | TokenDefect::TooLong => {
            Weight::Fair
        }
        TokenDefect::Opaque
        | TokenDefect::Encrypted
        | TokenDefect::JsonSerialization
        | TokenDefect::Parts
        | TokenDefect::Base64
        | TokenDefect::Header
        | TokenDefect::KidTooLong
        | TokenDefect::AlgorithmNone
        | TokenDefect::UnencodedPayload
        | TokenDefect::Claims
        | TokenDefect::Claim(_) => Weight::Strong,
    };
    Some(Seen::firm(defect.cause(), weight, evidence))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    use super::*;

    fn heard(typ: &str, claims: &Value) -> Hearsay<'static> {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = json!({ "alg": "RS256", "typ": typ });
        let text = format!("{}.{}.AAAA", part(&header), part(claims));
        Hearsay::of(text.as_bytes()).unwrap()
    }

    #[test]
    fn kinds_are_given_away() {
        for (typ, claims, kind) in [
            (
                "JWT",
                json!({ "nonce": "n", "aud": "client" }),
                Some("an ID token"),
            ),
            ("JWT", json!({ "at_hash": "h" }), Some("an ID token")),
            ("JWT", json!({ "token_use": "id" }), Some("an ID token")),
            ("JWT", json!({ "typ": "ID" }), Some("an ID token")),
            ("JWT", json!({ "typ": "Offline" }), Some("a refresh token")),
            (
                "JWT",
                json!({ "token_type": "refresh" }),
                Some("a refresh token"),
            ),
            ("logout+jwt", json!({}), Some("a logout token")),
            (
                "JWT",
                json!({ "iss": "https://session.firebase.google.com/p" }),
                Some("a session cookie of Firebase"),
            ),
            ("at+jwt", json!({ "nonce": "n" }), None),
            ("JWT", json!({ "nonce": "n", "scope": "read" }), None),
            ("JWT", json!({ "scope": "read" }), None),
        ] {
            assert_eq!(name_of(&heard(typ, &claims)), kind, "{claims}");
        }
    }

    #[test]
    fn an_id_token_for_this_very_address_is_what_is_due() {
        let token = heard(
            "JWT",
            &json!({ "at_hash": "h", "aud": "https://a.example" }),
        );
        let url: Url = "https://a.example/x".parse().unwrap();
        assert!(takes_id_tokens(&token, Some(&url), None));
        let other: Url = "https://b.example/x".parse().unwrap();
        assert!(!takes_id_tokens(&token, Some(&other), None));
        assert!(takes_id_tokens(
            &token,
            Some(&other),
            Some("https://a.example")
        ));
    }
}
