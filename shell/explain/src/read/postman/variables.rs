//! `{{name}}`.
//!
//! Knows: the variables of the collection and its folders. Does not know environments.

use serde_json::Value;

use super::{is_enabled, list, text};

/// Variables, the nearest last.
#[derive(Clone, Default)]
pub(super) struct Variables(Vec<(String, String)>);

/// Values that name variables are followed so far.
const DEPTH_MAX: usize = 8;
/// An expanded text is cut off here: values may name each other many times over.
const EXPANDED_BYTES_MAX: usize = 1024 * 1024;

impl Variables {
    /// Adds those of a folder.
    pub(super) fn add(&mut self, given: Option<&Value>) {
        for entry in list(given).iter().filter(|entry| is_enabled(entry)) {
            let name = entry.get("key").or_else(|| entry.get("id")).and_then(text);
            if let (Some(name), Some(value)) = (name, entry.get("value").and_then(text)) {
                self.0.push((name, value));
            }
        }
    }

    /// A text with the variables put in; those that are not known stay.
    pub(super) fn expand(&self, text: &str) -> String {
        self.expand_within(text, 0)
    }

    fn expand_within(&self, text: &str, depth: usize) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            out.push_str(before);
            let Some((name, behind)) = after.split_once("}}") else {
                out.push_str("{{");
                rest = after;
                continue;
            };
            let found = self.0.iter().rev().find(|(own, _)| own == name.trim());
            match found {
                Some((_, value)) if depth < DEPTH_MAX && out.len() < EXPANDED_BYTES_MAX => {
                    out.push_str(&self.expand_within(value, depth + 1));
                }
                Some(_) | None => out.push_str(&format!("{{{{{name}}}}}")),
            }
            rest = behind;
        }
        out.push_str(rest);
        out
    }
}

/// The name of the first variable that is left in a text.
pub(super) fn first(text: &str) -> Option<String> {
    let (_, after) = text.split_once("{{")?;
    let (name, _) = after.split_once("}}")?;
    let fits = |letter: char| letter.is_alphanumeric() || "_-. $".contains(letter);
    (name.len() < 60 && name.chars().all(fits)).then(|| name.trim().to_owned())
}
