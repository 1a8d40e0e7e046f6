//! Is the token bound to a key, and is the key shown? DPoP (RFC 9449) and certificates (RFC 8705).
//!
//! Knows: `cnf`, and what a proof has to say of the request. Does not know whether the token is good otherwise.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_cause::Cause;
use countersign_jose::Hearsay;
use serde_json::Value;
use url::Url;

use super::Seen;
use super::clocks::{Clocks, in_words};
use super::subject::Subject;
use crate::finding::{Fix, Weight};
use crate::message::Request;

/// A proof that is older is taken by nobody, in seconds.
const PROOF_AGE_SECS_MAX: i64 = 300;

/// What the binding of a token shows.
pub(super) fn look(
    subject: &Subject,
    request: &Request,
    proof: Option<&Subject>,
    clocks: &Clocks,
) -> Vec<Seen> {
    let bound = |member: &str| {
        let heard = subject.heard.as_ref()?;
        heard.claim("cnf")?.get(member)?.as_str()
    };
    let thumbprint = bound("jkt");
    if thumbprint.is_none() && bound("x5t#S256").is_some() {
        let evidence = "the token is bound to a client certificate (`cnf` has `x5t#S256`), and none goes with the request";
        let text = "connect with the certificate for which the token was made: `curl --cert client.pem --key client.key`";
        return vec![firm(evidence, text)];
    }
    let Some(proof) = proof else {
        let evidence = match (thumbprint, subject.is_sent_as("dpop")) {
            (Some(_), _) => {
                "the token is bound to a key (`cnf` has `jkt`), and the request has no `DPoP` field to show it"
            }
            (None, true) => {
                "the token is sent under the word DPoP, and the request has no `DPoP` field"
            }
            (None, false) => return Vec::new(),
        };
        return vec![firm(evidence, Cause::SenderConstraintFailed.entry().fix)];
    };
    let mut seen = Vec::new();
    if thumbprint.is_some() && subject.is_sent_as("bearer") {
        // RFC 9449 section 7.1: a bound token goes under the scheme DPoP.
        let evidence =
            "the token is bound to a key (`cnf` has `jkt`) and is sent under the word Bearer";
        seen.push(firm(
            evidence,
            "send it as `Authorization: DPoP ...`, with the proof beside it",
        ));
    }
    if let Some(fault) = fault(proof, subject, request, thumbprint, clocks) {
        seen.push(firm(fault, Cause::SenderConstraintFailed.entry().fix));
    }
    seen
}

fn firm(evidence: impl Into<String>, text: &str) -> Seen {
    let cause = Cause::SenderConstraintFailed;
    let fix = Fix::new(cause.entry().who, text);
    Seen::firm(cause, Weight::Strong, evidence).with_fix(fix)
}

/// RFC 9449 section 4.3: what is wrong with a proof for this request.
fn fault(
    proof: &Subject,
    token: &Subject,
    request: &Request,
    thumbprint: Option<&str>,
    clocks: &Clocks,
) -> Option<String> {
    let Some(heard) = &proof.heard else {
        return Some("the `DPoP` field holds no proof that can be read".to_owned());
    };
    let typ = heard.typ().unwrap_or_default();
    if !typ.eq_ignore_ascii_case("dpop+jwt") {
        return Some(format!(
            "the header of the proof says `{typ}`, where `dpop+jwt` is due"
        ));
    }
    of_the_request(heard, request)
        .or_else(|| of_its_time(heard, clocks))
        .or_else(|| of_the_token(heard, token))
        .or_else(|| of_the_key(heard, thumbprint))
}

fn of_the_request(heard: &Hearsay<'_>, request: &Request) -> Option<String> {
    let text = |name: &str| heard.claim(name).and_then(Value::as_str);
    match text("htm") {
        None => return Some("the proof has no `htm`".to_owned()),
        Some(method) if method != request.method => {
            return Some(format!(
                "the proof is for {method} (`htm`), and the request is a {}",
                request.method
            ));
        }
        Some(_) => {}
    }
    let Some(address) = text("htu") else {
        return Some("the proof has no `htu`".to_owned());
    };
    // RFC 9449 section 4.3: compared without query and fragment.
    let (own, asked) = (bare(&address.parse().ok()?), bare(&request.url));
    (own != asked)
        .then(|| format!("the proof is for {own} (`htu`), and the request goes to {asked}"))
}

fn bare(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

fn of_its_time(heard: &Hearsay<'_>, clocks: &Clocks) -> Option<String> {
    let Some(made) = heard.issued_unix_secs() else {
        return Some("the proof has no `iat`".to_owned());
    };
    let age = clocks.at_the_server().saturating_sub(made);
    if age > PROOF_AGE_SECS_MAX {
        return Some(format!(
            "the proof was made {} ago, and each request needs a new one",
            in_words(age)
        ));
    }
    (age < -PROOF_AGE_SECS_MAX).then(|| {
        format!(
            "the proof was made {} from now by the server's clock",
            in_words(age)
        )
    })
}

fn of_the_token(heard: &Hearsay<'_>, token: &Subject) -> Option<String> {
    // RFC 9449 section 4.2: the hash of the token that goes along.
    let hash = URL_SAFE_NO_PAD.encode(digest(&SHA256, token.text()));
    match heard.claim("ath").and_then(Value::as_str) {
        None => Some("the proof has no `ath`, the hash of the token that it goes with".to_owned()),
        Some(own) if own != hash => {
            Some("the proof was made for another token: `ath` is not this one's hash".to_owned())
        }
        Some(_) => None,
    }
}

fn of_the_key(heard: &Hearsay<'_>, thumbprint: Option<&str>) -> Option<String> {
    let bound = thumbprint?;
    match heard.key_thumbprint() {
        None => Some("the header of the proof has no `jwk`".to_owned()),
        Some(Err(defect)) => Some(format!("the key of the proof cannot be used: {defect}")),
        Some(Ok(own)) if own.as_str() != bound => {
            Some("the proof is signed with another key than the token is bound to".to_owned())
        }
        Some(Ok(_)) => None,
    }
}
