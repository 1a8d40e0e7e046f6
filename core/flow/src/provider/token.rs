//! The exchange of the code, RFC 6749 sections 4.1.3, 4.1.4 and 5.2, and OpenID Connect Core 1.0 section 3.1.3.
//!
//! Knows: the form and the answer. Does not know HTTP connections, nor whether the ID token is genuine.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_cause::Cause;
use countersign_jose::unique_members;
use countersign_secret::Secret;
use http::StatusCode;
use serde_json::{Map, Value};

use super::{Fault, ProviderRules, SealedFlight};

/// How the gateway shows itself at the token endpoint (RFC 6749 section 2.3.1).
pub enum ClientSecret {
    /// `client_secret_basic`.
    Basic(Secret<String>),
    /// `client_secret_post`.
    Post(Secret<String>),
    /// A public client: the code verifier alone shows that it is the same one.
    Public,
}

/// The field `Authorization` of the request, where the secret goes there.
#[must_use]
pub fn token_authorization(rules: &ProviderRules, secret: &ClientSecret) -> Option<Secret<String>> {
    match secret {
        // RFC 6749 section 2.3.1: both are form-encoded first.
        ClientSecret::Basic(secret) => {
            let pair = format!("{}:{}", encode(&rules.client_id), encode(secret.expose()));
            Some(Secret::new(format!("Basic {}", STANDARD.encode(pair))))
        }
        ClientSecret::Post(_) | ClientSecret::Public => None,
    }
}

/// The body of the request.
#[must_use]
pub fn token_form(
    rules: &ProviderRules,
    secret: &ClientSecret,
    code: &str,
    redirect_uri: &str,
    sealed: &SealedFlight,
) -> Secret<String> {
    let mut form = format!(
        "grant_type=authorization_code&code={}&redirect_uri={}&code_verifier={}",
        encode(code),
        encode(redirect_uri),
        encode(sealed.verifier().expose())
    );
    match secret {
        ClientSecret::Basic(_) => {}
        ClientSecret::Post(secret) => {
            form.push_str(&format!(
                "&client_id={}&client_secret={}",
                encode(&rules.client_id),
                encode(secret.expose())
            ));
        }
        ClientSecret::Public => {
            form.push_str(&format!("&client_id={}", encode(&rules.client_id)));
        }
    }
    Secret::new(form)
}

/// `application/x-www-form-urlencoded` of RFC 6749 appendix B.
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => {
                out.push(char::from(byte));
            }
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// What the token endpoint gives.
pub struct TokenAnswer {
    /// The ID token, unverified.
    pub id_token: Secret<String>,
    /// The access token that its `at_hash` may speak of.
    pub access_token: Option<Secret<String>>,
}

/// Reads an answer of the token endpoint.
///
/// # Errors
///
/// Fails where it is none, or an error.
pub fn read_token_answer(status: StatusCode, body: &[u8]) -> Result<TokenAnswer, Fault> {
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Err(Fault::new(
            Cause::ProviderUnavailable,
            format!("the token endpoint answers {}", status.as_u16()),
        ));
    }
    let members = unique_members(body);
    if status != StatusCode::OK {
        let error = members.as_ref().and_then(|members| text(members, "error"));
        return Err(refusal(status, error));
    }
    let members =
        members.ok_or_else(|| Fault::answer("the token endpoint's answer is not a JSON object"))?;
    let bearer = text(&members, "token_type");
    if bearer.is_some_and(|typ| !typ.eq_ignore_ascii_case("bearer")) {
        return Err(Fault::answer(
            "the token endpoint's `token_type` is not `Bearer`",
        ));
    }
    let secret = |name| text(&members, name).map(|text| Secret::new(text.to_owned()));
    Ok(TokenAnswer {
        id_token: secret("id_token")
            .ok_or_else(|| Fault::answer("the token endpoint's answer has no `id_token`"))?,
        access_token: secret("access_token"),
    })
}

/// RFC 6749 section 5.2. What it says beside is not repeated: it may quote what was sent.
fn refusal(status: StatusCode, error: Option<&str>) -> Fault {
    match error {
        Some("invalid_grant") => Fault::new(
            Cause::SignInStale,
            "the token endpoint does not take the code: `invalid_grant`",
        ),
        Some("invalid_client" | "unauthorized_client") => {
            Fault::answer("the token endpoint refuses this gateway's client")
        }
        Some(_) | None => Fault::answer(format!("the token endpoint answers {}", status.as_u16())),
    }
}

fn text<'m>(members: &'m Map<String, Value>, name: &str) -> Option<&'m str> {
    members.get(name).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::provider::rules::tests::rules;
    use crate::provider::{Flight, FlightKey};

    fn fault(status: u16, body: &[u8]) -> Fault {
        let status = StatusCode::from_u16(status).unwrap();
        read_token_answer(status, body).map(drop).unwrap_err()
    }

    #[test]
    fn openid_core_section_3_1_3_3_example() {
        let body = br#"{ "access_token": "SlAV32hkKG", "token_type": "Bearer", "refresh_token": "8xLOxBtZp8",
            "expires_in": 3600, "id_token": "eyJ.e30.sig" }"#;
        let answer = read_token_answer(StatusCode::OK, body).unwrap();
        assert_eq!(answer.id_token.expose(), "eyJ.e30.sig");
        assert_eq!(answer.access_token.unwrap().expose(), "SlAV32hkKG");
    }

    #[test]
    fn rfc6749_section_5_2_errors_are_told_apart() {
        let stale = fault(
            400,
            br#"{"error":"invalid_grant","error_description":"secret"}"#,
        );
        assert_eq!(stale.cause, Cause::SignInStale);
        let ours = fault(401, br#"{"error":"invalid_client"}"#);
        assert_eq!(ours.cause, Cause::ProviderAnswerInvalid);
        assert_eq!(fault(503, b"").cause, Cause::ProviderUnavailable);
        assert_eq!(fault(429, b"").cause, Cause::ProviderUnavailable);
        for status in [201, 302, 400, 404] {
            assert_eq!(fault(status, b"<html>").cause, Cause::ProviderAnswerInvalid);
        }
    }

    #[test]
    fn hostile_answers_are_none() {
        for body in [
            &b""[..],
            b"null",
            b"[]",
            b"{}",
            b"<html>",
            b"{\"id_token\":1}",
            b"{\"id_token\":null}",
            b"{\"id_token\":\"a\",\"id_token\":\"b\"}",
            b"{\"id_token\":\"a\",\"token_type\":\"DPoP\"}",
            b"{\"id_token\":\"\xff\"}",
            b"\0",
        ] {
            assert_eq!(
                fault(200, body).cause,
                Cause::ProviderAnswerInvalid,
                "{body:?}"
            );
        }
    }

    #[test]
    fn each_kind_of_client_shows_itself_in_one_place() {
        let key = FlightKey::new(&Secret::new([1; 32])).unwrap();
        let flight = Flight {
            provider: "corp".into(),
            return_to: None,
            lost: false,
            max_age_secs: None,
        };
        let sealed = key.seal(&flight, "browser", [1; 12], 0).unwrap();
        let shown = |secret: &ClientSecret| {
            let form = token_form(&rules(), secret, "a&b", "https://a.example/cb", &sealed);
            let field = token_authorization(&rules(), secret);
            (
                form.expose().clone(),
                field.map(|field| field.expose().clone()),
            )
        };
        let common = format!(
            "grant_type=authorization_code&code=a%26b&redirect_uri=https%3A%2F%2Fa.example%2Fcb&code_verifier={}",
            encode(sealed.verifier().expose())
        );
        let secret = || Secret::new("s&e c".to_owned());
        let pair = STANDARD.encode("gateway:s%26e+c");
        assert_eq!(
            shown(&ClientSecret::Basic(secret())),
            (common.clone(), Some(format!("Basic {pair}")))
        );
        let posted = format!("{common}&client_id=gateway&client_secret=s%26e+c");
        assert_eq!(shown(&ClientSecret::Post(secret())), (posted, None));
        let public = format!("{common}&client_id=gateway");
        assert_eq!(shown(&ClientSecret::Public), (public, None));
    }
}
