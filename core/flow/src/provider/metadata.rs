//! What a provider publishes of itself (OpenID Connect Discovery 1.0 section 3), as far as a sign-in needs it.
//!
//! Knows: names and addresses. Does not know how the document is fetched.

use countersign_jose::unique_members;
use serde_json::{Map, Value};

use super::Fault;

/// Where a provider is asked, and what it promises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// Where the browser is sent to.
    pub authorization_endpoint: Box<str>,
    /// Where the code is exchanged.
    pub token_endpoint: Box<str>,
    /// Where people sign out (RP-Initiated Logout 1.0 section 2.1), where there is an address that they can be sent to.
    pub end_session_endpoint: Option<Box<str>>,
    /// RFC 9207 section 3: whether it names itself in every answer by the browser.
    pub names_itself: bool,
    /// RFC 8414 section 2: whether it says that it knows S256; `None`: it says nothing of it.
    pub knows_s256: Option<bool>,
}

impl Metadata {
    /// Reads the document of this issuer.
    ///
    /// # Errors
    ///
    /// Fails when it is another issuer's, or lacks an address that is needed, or has one without TLS for an issuer with it.
    pub fn parse(document: &[u8], issuer: &str) -> Result<Self, Fault> {
        let members = unique_members(document)
            .ok_or_else(|| Fault::answer("the provider's metadata is not a JSON object"))?;
        // OpenID Connect Discovery 1.0 section 4.3: the issuer MUST exactly match.
        if members.get("issuer").and_then(Value::as_str) != Some(issuer) {
            return Err(Fault::answer(
                "the provider's metadata names another issuer",
            ));
        }
        let methods = members.get("code_challenge_methods_supported");
        Ok(Self {
            authorization_endpoint: address(&members, "authorization_endpoint", issuer)?,
            token_endpoint: address(&members, "token_endpoint", issuer)?,
            // Nobody signs in by it.
            end_session_endpoint: address(&members, "end_session_endpoint", issuer).ok(),
            names_itself: members.get("authorization_response_iss_parameter_supported")
                == Some(&Value::Bool(true)),
            knows_s256: methods
                .and_then(Value::as_array)
                .map(|methods| methods.iter().any(|method| method == "S256")),
        })
    }
}

/// Codes and secrets go there: not in the clear where the issuer itself is reached by TLS, and to nothing but http.
fn address(
    members: &Map<String, Value>,
    name: &'static str,
    issuer: &str,
) -> Result<Box<str>, Fault> {
    let address = members.get(name).and_then(Value::as_str);
    let address =
        address.ok_or_else(|| Fault::answer(format!("the provider's metadata has no `{name}`")))?;
    let is_clear = !issuer.starts_with("https://") && address.starts_with("http://");
    let is_plain = address.bytes().all(|byte| byte.is_ascii_graphic()) && !address.contains('#');
    let parsed = address.parse::<http::Uri>();
    let has_host = parsed.is_ok_and(|uri| uri.host().is_some());
    if has_host && is_plain && (address.starts_with("https://") || is_clear) {
        Ok(address.into())
    } else {
        Err(Fault::answer(format!(
            "the provider's metadata has a `{name}` that is no address with TLS"
        )))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use serde_json::json;

    use super::*;

    const ISSUER: &str = "https://id.example.com";

    fn parse(more: Value) -> Result<Metadata, Fault> {
        let mut document = json!({
            "issuer": ISSUER,
            "authorization_endpoint": "https://id.example.com/auth",
            "token_endpoint": "https://id.example.com/token",
        });
        for (name, value) in more.as_object().unwrap() {
            document[name] = value.clone();
        }
        Metadata::parse(document.to_string().as_bytes(), ISSUER)
    }

    #[test]
    fn what_a_sign_in_needs_is_read() {
        let metadata = parse(json!({})).unwrap();
        assert_eq!(&*metadata.token_endpoint, "https://id.example.com/token");
        assert_eq!((metadata.names_itself, metadata.knows_s256), (false, None));
        let metadata = parse(json!({
            "authorization_response_iss_parameter_supported": true,
            "code_challenge_methods_supported": ["plain", "S256"],
        }))
        .unwrap();
        assert_eq!(
            (metadata.names_itself, metadata.knows_s256),
            (true, Some(true))
        );
    }

    #[test]
    fn where_people_sign_out_is_read_where_they_can_be_sent_there() {
        let end = |value: Value| {
            let metadata = parse(json!({ "end_session_endpoint": value })).unwrap();
            metadata.end_session_endpoint
        };
        let address = "https://id.example.com/logout";
        assert_eq!(end(json!(address)).as_deref(), Some(address));
        for bad in [
            json!("javascript:alert(1)"),
            json!("http://id.example.com/logout"),
            json!("https://id.example.com/#a"),
            json!(""),
            json!(1),
        ] {
            assert_eq!(end(bad.clone()), None, "{bad}");
        }
        assert_eq!(parse(json!({})).unwrap().end_session_endpoint, None);
    }

    #[test]
    fn openid_discovery_section_4_3_another_issuer_is_refused() {
        for issuer in ["https://id.example.com/", "https://evil.example", ""] {
            assert!(parse(json!({ "issuer": issuer })).is_err(), "{issuer}");
        }
    }

    #[test]
    fn addresses_without_tls_or_of_another_kind_are_refused() {
        for address in [
            json!("http://id.example.com/token"),
            json!("javascript:alert(1)"),
            json!("https://id.example.com/a b"),
            json!("https://id.example.com/\r\nSet-Cookie: a=b"),
            json!("https://id.example.com/#x"),
            json!("https://"),
            json!("/token"),
            json!(null),
            json!(["https://id.example.com/token"]),
        ] {
            for name in ["authorization_endpoint", "token_endpoint"] {
                assert!(parse(json!({ name: address })).is_err(), "{address}");
            }
        }
        // On the developer's own machine, where the issuer is so as well.
        let clear = br#"{"issuer":"http://127.0.0.1:1","authorization_endpoint":"http://127.0.0.1:1/a","token_endpoint":"http://127.0.0.1:1/t"}"#;
        assert!(Metadata::parse(clear, "http://127.0.0.1:1").is_ok());
    }

    #[test]
    fn hostile_documents_are_none() {
        for document in [
            &b""[..],
            b"[]",
            b"<html>",
            b"{\"issuer\":1}",
            b"\0",
            b"{\"issuer\":\"\xff\"}",
        ] {
            assert!(Metadata::parse(document, ISSUER).is_err());
        }
    }
}
