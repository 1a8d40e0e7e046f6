//! Members of a JSON value that may be absent, `null`, or of another type than they should be.
//!
//! Knows: leniency. Does not know HAR.

use serde_json::Value;

/// A text that is not empty.
pub(super) fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name)?.as_str().filter(|text| !text.is_empty())
}

/// A number, also one that was written as text.
pub(super) fn number(value: &Value, name: &str) -> Option<f64> {
    let member = value.get(name)?;
    match member.as_str() {
        Some(text) => text.trim().parse().ok(),
        None => member.as_f64(),
    }
}

/// A list; empty where there is none.
pub(super) fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    let items = value.get(name).and_then(Value::as_array);
    items.map_or(&[], Vec::as_slice)
}

/// Whether a member is `true`.
pub(super) fn is_set(value: &Value, name: &str) -> bool {
    value.get(name).and_then(Value::as_bool) == Some(true)
}

/// Names and values of a list of `{name, value}`; what has no name is left out.
pub(super) fn pairs<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = (&'v str, &'v str)> {
    list(value, name).iter().filter_map(|item| {
        let value = item.get("value").and_then(Value::as_str);
        Some((text(item, "name")?, value.unwrap_or_default()))
    })
}
