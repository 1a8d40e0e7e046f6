//! The client half of `ApiKey`: reads the challenge, writes the key.

use countersign_secret::Secret;

use crate::grammar::{is_token, is_token68};
use crate::{Challenge, Scheme};

/// A field that carries a key.
pub struct Field {
    /// The field's name.
    pub name: Box<str>,
    /// The field's value.
    pub value: Secret<String>,
}

/// The field to send the key in, going by the challenge.
///
/// `None` for another scheme's challenge, a `header` that is no field name, or a key that no field can carry.
pub fn field(challenge: &Challenge, key: &str) -> Option<Field> {
    if challenge.scheme() != Some(Scheme::ApiKey) || !is_token68(key.as_bytes()) {
        return None;
    }
    match challenge.param("header") {
        Some(name) if is_token(name.as_bytes()) => Some(Field {
            name: name.into(),
            value: Secret::new(key.to_owned()),
        }),
        Some(_) => None,
        None => {
            let mut value = String::with_capacity("ApiKey ".len() + key.len());
            value.push_str("ApiKey ");
            value.push_str(key);
            Some(Field {
                name: "Authorization".into(),
                value: Secret::new(value),
            })
        }
    }
}
