//! Proof keys for code exchange, RFC 7636: the verifier's form, and whether it fits a challenge.
//!
//! Knows: S256, and the ways in which it is computed wrongly. Does not know where the challenge was; see `code`.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use countersign_cause::{Cause, Who};

use crate::finding::{Finding, Fix, Weight};
use crate::message::{Answer, Request};

use super::{Grant, parameter};

/// The length of 32 bytes in base64url.
const CHALLENGE_BYTES: usize = 43;

/// The verifier by itself.
pub(super) fn look(grant: &Grant<'_>) -> Option<Finding> {
    let verifier = grant.parameter("code_verifier")?;
    let length = verifier.len();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    // RFC 7636 section 4.1: code-verifier = 43*128unreserved
    let evidence = if !(43..=128).contains(&length) {
        format!("the `code_verifier` has {length} characters, and 43 to 128 are allowed")
    } else if !verifier.bytes().all(is_plain) {
        "the `code_verifier` holds other characters than letters, digits and `-._~`".to_owned()
    } else {
        return None;
    };
    Some(Finding::new(Cause::PkceMismatch, Weight::Strong, evidence).with_fix(recipe()))
}

/// The challenge of a refused authorization request by itself.
pub(super) fn of_authorization(request: &Request, answer: Option<&Answer>) -> Vec<Finding> {
    let query: Vec<(String, String)> = request.url.query_pairs().into_owned().collect();
    let is_refused = answer.is_some_and(|answer| answer.status >= 400);
    if parameter(&query, "response_type").is_none() || !is_refused {
        return Vec::new();
    }
    let mut found = Vec::new();
    if let Some(evidence) = misshapen(&query) {
        found.push(Finding::new(Cause::PkceMismatch, Weight::Strong, evidence).with_fix(recipe()));
    }
    let words = answer.map(Answer::text).unwrap_or_default().to_lowercase();
    if ["redirect_uri", "redirect uri"]
        .iter()
        .any(|word| words.contains(word))
    {
        let asked = parameter(&query, "redirect_uri").unwrap_or_default();
        let evidence = format!("the authorization endpoint refuses the `redirect_uri` {asked}");
        found.push(Finding::new(
            Cause::RedirectUriMismatch,
            Weight::Strong,
            evidence,
        ));
    }
    found
}

/// A challenge that no S256 can be.
fn misshapen(query: &[(String, String)]) -> Option<String> {
    let challenge = parameter(query, "code_challenge")?;
    let method = parameter(query, "code_challenge_method").unwrap_or("plain");
    if method != "S256" {
        return None;
    }
    let length = challenge.len();
    if length != CHALLENGE_BYTES {
        return Some(format!(
            "the `code_challenge` has {length} characters, and a SHA-256 in base64url has {CHALLENGE_BYTES}"
        ));
    }
    let foreign = challenge.contains(['+', '/', '=', ' ']);
    foreign.then(|| "the `code_challenge` is base64, where base64url is due".to_owned())
}

fn recipe() -> Fix {
    Fix::new(
        Who::Client,
        "Make `code_challenge` the SHA-256 of `code_verifier` in base64url without `=`, keep the verifier until the code is exchanged, and send that very one.",
    )
    .with_command("printf %s \"$CODE_VERIFIER\" | openssl dgst -sha256 -binary | base64 | tr '+/' '-_' | tr -d '=\\n'")
}

/// The exchange against the authorization request that its code came from.
pub(super) fn against(
    grant: &Grant<'_>,
    authorization: &[(String, String)],
    by: &str,
) -> Option<Finding> {
    let challenge = parameter(authorization, "code_challenge");
    let verifier = grant.parameter("code_verifier");
    let method = parameter(authorization, "code_challenge_method").unwrap_or("plain");
    let evidence = match (challenge, verifier) {
        (None, None) => return None,
        (Some(_), None) => format!(
            "{by} sent a `code_challenge`, and the code is exchanged without `code_verifier`"
        ),
        (None, Some(_)) => format!(
            "{by} sent no `code_challenge`, and the code is exchanged with a `code_verifier`"
        ),
        (Some(challenge), Some(verifier)) => {
            if fits(challenge, verifier, method) {
                return None;
            }
            mistake(challenge, verifier, method, by)
        }
    };
    Some(Finding::new(Cause::PkceMismatch, Weight::Proof, evidence).with_fix(recipe()))
}

/// RFC 7636 section 4.6: BASE64URL-ENCODE(SHA256(ASCII(code_verifier))) == code_challenge
pub(super) fn fits(challenge: &str, verifier: &str, method: &str) -> bool {
    match method {
        "S256" => URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes())) == challenge,
        _ => challenge == verifier,
    }
}

fn mistake(challenge: &str, verifier: &str, method: &str, by: &str) -> String {
    let hash = digest(&SHA256, verifier.as_bytes());
    let hash = hash.as_ref();
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let of_hex = [
        URL_SAFE_NO_PAD.encode(&hex),
        URL_SAFE.encode(&hex),
        STANDARD.encode(&hex),
    ];
    let start = format!("the `code_challenge` of {by}");
    if method != "S256" && URL_SAFE_NO_PAD.encode(hash) == challenge {
        return format!("{start} is a SHA-256, but `code_challenge_method` does not say `S256`");
    }
    if challenge == verifier {
        return format!("{start} is the verifier itself, and `code_challenge_method` says `S256`");
    }
    if challenge.eq_ignore_ascii_case(&hex) {
        return format!(
            "{start} is the SHA-256 of the verifier in hexadecimal, where base64url is due"
        );
    }
    if of_hex.iter().any(|wrong| wrong == challenge) {
        return format!(
            "{start} is the base64 of the hexadecimal SHA-256, where that of its 32 bytes is due"
        );
    }
    let plainer = [
        STANDARD.encode(hash),
        STANDARD_NO_PAD.encode(hash),
        URL_SAFE.encode(hash),
    ];
    // A `+` in a query arrives as a space.
    if plainer
        .iter()
        .any(|wrong| wrong == challenge || wrong.replace('+', " ") == challenge)
    {
        return format!(
            "{start} is the right SHA-256 in base64 with `=`, `+` or `/`, where base64url without padding is due"
        );
    }
    format!("the `code_verifier` is not the one from which {by} made its `code_challenge`")
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn rfc7636_appendix_b_example() {
        assert!(fits(CHALLENGE, VERIFIER, "S256"));
        assert!(!fits(CHALLENGE, VERIFIER, "plain"));
        assert!(fits(VERIFIER, VERIFIER, "plain"));
    }

    #[test]
    fn each_mistake_is_named() {
        let hash = digest(&SHA256, VERIFIER.as_bytes());
        let hex: String = hash
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        for (challenge, method, word) in [
            (hex.clone(), "S256", "hexadecimal"),
            (STANDARD.encode(&hex), "S256", "base64 of the hexadecimal"),
            (format!("{CHALLENGE}="), "S256", "without padding"),
            (VERIFIER.to_owned(), "S256", "verifier itself"),
            (CHALLENGE.to_owned(), "plain", "does not say `S256`"),
            ("x".repeat(43), "S256", "is not the one"),
        ] {
            let said = mistake(&challenge, VERIFIER, method, "entry 0");
            assert!(said.contains(word), "{said}");
            assert!(!said.contains(VERIFIER));
        }
    }
}
