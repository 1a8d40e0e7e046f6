//! How the gateway shows itself to an issuer, RFC 6749 section 2.3.1 and RFC 7662 section 2.1.
//!
//! Knows: the client's secret and the form in which it goes. Does not know HTTP connections.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_config::Client;
use countersign_secret::Secret;
use http::HeaderValue;

/// The client id, for what belongs to one client alone.
pub(super) fn id(client: &Client) -> &str {
    match client {
        Client::Basic(id) | Client::Post(id) => id,
        Client::Bearer => "",
    }
}

/// The field `Authorization`, where the secret goes there.
pub(super) fn authorization(client: &Client, secret: &Secret<String>) -> Option<HeaderValue> {
    let value = match client {
        // RFC 6749 section 2.3.1: both are form-encoded first.
        Client::Basic(id) => {
            let (id, secret) = (encoded(id.as_bytes()), encoded(secret.expose().as_bytes()));
            format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
        }
        Client::Bearer => format!("Bearer {}", secret.expose()),
        Client::Post(_) => return None,
    };
    let mut value = HeaderValue::try_from(value).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The body of the question, RFC 7662 section 2.1.
pub(super) fn form(client: &Client, secret: &Secret<String>, token: &[u8]) -> String {
    let mut form = format!("token={}&token_type_hint=access_token", encoded(token));
    if let Client::Post(id) = client {
        form.push_str("&client_id=");
        form.push_str(&encoded(id.as_bytes()));
        form.push_str("&client_secret=");
        form.push_str(&encoded(secret.expose().as_bytes()));
    }
    form
}

/// `application/x-www-form-urlencoded` of RFC 6749 appendix B.
fn encoded(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => {
                out.push(char::from(*byte));
            }
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    #[test]
    fn rfc6749_appendix_b_example() {
        assert_eq!(encoded(" %&+£€".as_bytes()), "+%25%26%2B%C2%A3%E2%82%AC");
    }

    #[test]
    fn rfc6749_section_2_3_1_example() {
        let client = Client::Basic("s6BhdRkqt3".into());
        let value = authorization(&client, &secret("7Fjfp0ZBr1KtDRbnfVdmIw")).unwrap();
        assert_eq!(
            value.to_str().unwrap(),
            "Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3"
        );
        assert!(value.is_sensitive());
    }

    #[test]
    fn a_colon_in_the_client_id_does_not_end_it() {
        let value = authorization(&Client::Basic("a:b".into()), &secret("c d")).unwrap();
        assert_eq!(
            value.to_str().unwrap(),
            format!("Basic {}", STANDARD.encode("a%3Ab:c+d"))
        );
    }

    #[test]
    fn rfc7662_section_2_1_example() {
        let form = form(
            &Client::Bearer,
            &secret("23410913-abewfq.123483"),
            b"2YotnFZFEjr1zCsicMWpAA",
        );
        assert_eq!(
            form,
            "token=2YotnFZFEjr1zCsicMWpAA&token_type_hint=access_token"
        );
    }

    #[test]
    fn a_token_cannot_add_parameters() {
        let client = Client::Post("gateway".into());
        assert!(authorization(&client, &secret("s&e")).is_none());
        assert_eq!(
            form(&client, &secret("s&e"), b"a&token=b"),
            "token=a%26token%3Db&token_type_hint=access_token&client_id=gateway&client_secret=s%26e"
        );
    }
}
