//! A JSON object whose member names are unique.
//!
//! Knows: that two members of one name are read differently by different programs. Does not know: what members mean.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value};

/// A JSON object. Reading fails when a name occurs twice at its top level, where others keep the first or the last.
pub(crate) struct Object(pub(crate) Map<String, Value>);

impl Object {
    pub(crate) fn parse(json: &[u8]) -> Option<Map<String, Value>> {
        serde_json::from_slice::<Object>(json)
            .ok()
            .map(|object| object.0)
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(UniqueMembers)
    }
}

/// The members of a JSON object, each name once; `None` where the text is none.
#[must_use]
pub fn unique_members(json: &[u8]) -> Option<Map<String, Value>> {
    Object::parse(json)
}

struct UniqueMembers;

impl<'de> Visitor<'de> for UniqueMembers {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with unique member names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Object, A::Error> {
        let mut members = Map::new();
        while let Some((name, value)) = access.next_entry::<String, Value>()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("duplicate member name"));
            }
        }
        Ok(Object(members))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn members_are_kept() {
        let members = Object::parse(br#" {"a": [1], "b": {"a": 2}} "#).unwrap();
        assert_eq!(
            Value::Object(members),
            serde_json::json!({ "a": [1], "b": { "a": 2 } })
        );
    }

    #[test]
    fn anything_but_one_object_with_unique_names_is_refused() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        for json in [
            "",
            "null",
            "[]",
            "\"a\"",
            "1",
            "{} {}",
            "{",
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            "\u{feff}{}",
            &deep,
        ] {
            assert!(Object::parse(json.as_bytes()).is_none(), "{json:.40}");
        }
        assert!(Object::parse(b"{\"a\":\"\xff\"}").is_none());
    }
}
