//! A JSON schema of the configuration file, for editors, written from the declarations that the parser reads by.
//!
//! Knows JSON Schema, draft 2020-12. Does not know values: what a schema cannot say is left to `check`.

use serde_json::{Map, Value, json};

use crate::declared::{Default, Key, Kind, SECTIONS, Section, file};

/// The schema of the configuration file, as JSON.
#[must_use]
pub fn schema_json() -> String {
    let mut schema = section(&file::SECTION);
    let inner = SECTIONS
        .iter()
        .filter(|one| one.title != file::SECTION.title);
    let definitions: Map<String, Value> = inner
        .map(|one| (name(one), Value::Object(section(one))))
        .collect();
    schema.insert(
        "$schema".into(),
        json!("https://json-schema.org/draft/2020-12/schema"),
    );
    schema.insert("title".into(), json!("Countersign's configuration"));
    schema.insert("$defs".into(), Value::Object(definitions));
    // Members stand in the order of their names, so that the text is the same each time.
    format!("{:#}\n", Value::Object(schema))
}

fn section(section: &Section) -> Map<String, Value> {
    let properties: Map<String, Value> = section
        .keys
        .iter()
        .map(|one| (one.name.to_owned(), key(one)))
        .collect();
    let required: Vec<&str> = section
        .keys
        .iter()
        .filter(|one| matches!(one.default, Default::Required))
        .map(|one| one.name)
        .collect();
    let mut schema = Map::new();
    schema.insert("type".into(), json!("object"));
    schema.insert("description".into(), json!(section.meaning));
    schema.insert("properties".into(), Value::Object(properties));
    schema.insert("additionalProperties".into(), json!(false));
    if !required.is_empty() {
        schema.insert("required".into(), json!(required));
    }
    schema
}

fn key(key: &Key) -> Value {
    let mut schema = kind(&key.kind);
    schema.insert("description".into(), json!(key.meaning));
    if let Default::Value(text) = key.default
        && let Some(value) = value(text)
    {
        schema.insert("default".into(), value);
    }
    Value::Object(schema)
}

fn kind(kind: &Kind) -> Map<String, Value> {
    let text = || json!({ "type": "string" });
    let texts = || json!({ "type": "array", "items": text() });
    let whole = |min: u64, max: u64| json!({ "type": "integer", "minimum": min, "maximum": max });
    let schema = match kind {
        Kind::Text => text(),
        Kind::Choice(choices) => json!({ "enum": choices }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Whole(min, max) => whole(*min, *max),
        Kind::TextOrWhole(min, max) => json!({ "anyOf": [text(), whole(*min, *max)] }),
        Kind::Texts => texts(),
        Kind::TextOrTexts => json!({ "anyOf": [text(), texts()] }),
        Kind::TextOrTable(section) => json!({ "anyOf": [text(), reference(section)] }),
        Kind::Table(section) => reference(section),
        Kind::Named(section) => {
            json!({ "type": "object", "additionalProperties": reference(section) })
        }
        Kind::Tables(section) => {
            json!({ "type": "array", "minItems": 1, "items": reference(section) })
        }
        Kind::TextsByName => {
            json!({ "type": "object", "minProperties": 1, "additionalProperties": { "anyOf": [text(), texts()] } })
        }
        Kind::ValuesByName => json!({ "type": "object" }),
    };
    match schema {
        Value::Object(schema) => schema,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    }
}

fn reference(section: &Section) -> Value {
    json!({ "$ref": format!("#/$defs/{}", name(section)) })
}

/// How a section is called among the definitions: `[issuer.NAME.keys]` as `issuer.NAME.keys`.
fn name(section: &Section) -> String {
    section.title.trim_matches(['[', ']']).to_owned()
}

/// A default, from TOML to JSON.
fn value(text: &str) -> Option<Value> {
    let table: toml::Table = format!("value = {text}").parse().ok()?;
    serde_json::to_value(table.get("value")?).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use super::*;

    #[test]
    fn every_section_and_every_default_is_in_it() {
        let schema: Value = serde_json::from_str(&schema_json()).unwrap();
        for one in SECTIONS {
            let place = match one.title == file::SECTION.title {
                true => &schema,
                false => &schema["$defs"][name(one)],
            };
            let properties = place["properties"].as_object().unwrap();
            assert_eq!(properties.len(), one.keys.len(), "{}", one.title);
            for key in one.keys {
                let has_default = matches!(key.default, Default::Value(_));
                assert_eq!(
                    properties[key.name].get("default").is_some(),
                    has_default,
                    "{}",
                    key.name
                );
            }
        }
    }
}
