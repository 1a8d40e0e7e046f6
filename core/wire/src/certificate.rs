//! The challenge of a route that takes nothing but a certificate of the client.
//!
//! Knows: how it is written. Does not know certificates, which the TLS handshake carries and no field of HTTP.

use crate::{Challenge, Scheme};

/// The challenge: `Certificate realm="..."`.
///
/// No scheme is registered for certificates of the handshake, and RFC 9110 section 11.6.1 demands a challenge all the same.
/// No client can answer it within the connection: certificates are asked for at its beginning (RFC 8740 section 3 rules out
/// later for HTTP/2), so that it has to connect anew.
pub fn challenge(realm: &str) -> Challenge {
    Challenge::new(Scheme::Certificate).with("realm", realm)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_challenge_names_the_realm() {
        let written = super::challenge("shop").to_field_value();
        assert_eq!(written, r#"Certificate realm="shop""#);
    }
}
