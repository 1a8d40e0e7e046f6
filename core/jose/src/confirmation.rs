//! What a token is bound to, RFC 7800 section 3.1: the key that whoever shows it has to have.
//!
//! Knows: the thumbprints of a key (RFC 9449 section 6.1) and of a certificate (RFC 8705 section 3.1). Does not know: how
//! either is shown.

use serde_json::{Map, Value};

use crate::{Claims, base64url};

/// The bytes of a SHA-256 thumbprint.
pub const THUMBPRINT_BYTES: usize = 32;

/// What a token is bound to. With both members, both have to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// `jkt`: the thumbprint of the key that proofs are signed with.
    pub key: Option<[u8; THUMBPRINT_BYTES]>,
    /// `x5t#S256`: the hash of the client's certificate.
    pub certificate: Option<[u8; THUMBPRINT_BYTES]>,
}

/// A token is bound to something that cannot be looked at here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unconfirmable;

impl Confirmation {
    /// Reads `cnf`; `None` where the token is bound to nothing.
    ///
    /// # Errors
    ///
    /// Fails where `cnf` is there, and names neither thumbprint, or one that is none.
    pub fn of(claims: &Claims) -> Result<Option<Confirmation>, Unconfirmable> {
        let Some(cnf) = claims.claim("cnf") else {
            return Ok(None);
        };
        let members = cnf.as_object().ok_or(Unconfirmable)?;
        let confirmation = Confirmation {
            key: thumbprint(members, "jkt")?,
            certificate: thumbprint(members, "x5t#S256")?,
        };
        // RFC 7800 section 3.1: members that are not understood are left out. Where nothing is left, whoever has copied the
        // token could use it.
        if confirmation.key.is_none() && confirmation.certificate.is_none() {
            return Err(Unconfirmable);
        }
        Ok(Some(confirmation))
    }
}

fn thumbprint(
    members: &Map<String, Value>,
    name: &str,
) -> Result<Option<[u8; THUMBPRINT_BYTES]>, Unconfirmable> {
    let Some(value) = members.get(name) else {
        return Ok(None);
    };
    let text = value.as_str().ok_or(Unconfirmable)?;
    let bytes = base64url::decode(text.as_bytes()).map_err(|_| Unconfirmable)?;
    bytes.try_into().map(Some).map_err(|_| Unconfirmable)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    fn of(claims: &Value) -> Result<Option<Confirmation>, Unconfirmable> {
        let claims = serde_json::to_vec(claims).unwrap();
        Confirmation::of(&Claims::parse(&claims, None).unwrap())
    }

    #[test]
    fn rfc9449_section_6_1_example() {
        let confirmed = of(&json!({
            "sub": "someone@example.com",
            "cnf": { "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" },
        }));
        let confirmed = confirmed.unwrap().unwrap();
        assert_eq!(confirmed.certificate, None);
        assert_eq!(confirmed.key.unwrap()[..3], [0xd1, 0x97, 0x0e]);
    }

    #[test]
    fn rfc8705_section_3_1_example() {
        let confirmed = of(&json!({
            "sub": "ty.webb@example.com",
            "cnf": { "x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2" },
        }));
        // The last character of the example has bits that no 32 bytes leave over: it stands for no hash.
        assert_eq!(confirmed, Err(Unconfirmable));
        let confirmed = of(&json!({
            "cnf": { "x5t#S256": "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0" },
        }));
        let confirmed = confirmed.unwrap().unwrap();
        assert_eq!(confirmed.key, None);
        assert_eq!(confirmed.certificate.unwrap()[..3], [0x03, 0x80, 0xed]);
    }

    #[test]
    fn rfc7800_section_3_1_what_is_bound_to_something_unknown_is_not_unbound() {
        assert_eq!(of(&json!({ "sub": "a" })), Ok(None));
        let short = "A".repeat(42);
        let long = "A".repeat(44);
        for cnf in [
            json!({}),
            json!(null),
            json!("jkt"),
            json!([]),
            json!({ "kid": "a" }),
            json!({ "jwk": {} }),
            json!({ "jkt": null }),
            json!({ "jkt": "" }),
            json!({ "jkt": short }),
            json!({ "jkt": long }),
            json!({ "x5t#S256": 1 }),
            json!({ "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", "x5t#S256": "x" }),
        ] {
            assert_eq!(of(&json!({ "cnf": cnf })), Err(Unconfirmable), "{cnf}");
        }
    }
}
