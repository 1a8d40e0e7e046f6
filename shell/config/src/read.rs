//! Reading a TOML document by the declarations, with the place of every value.
//!
//! Knows: tables, types, unknown and missing keys. Does not know what values mean.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "whatever else TOML has is of the wrong type, also what it may get one day"
)]

use std::ops::Deref;

use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::declared::{Default, Key, Kind, Section};
use crate::finding::{Sink, Span};
use crate::nearest::nearest;
use crate::problem::TextProblem;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Located<T> {
    pub(crate) value: T,
    pub(crate) span: Span,
}

impl<T> Deref for Located<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// What stands where a string or a whole number may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextOrWhole<'d> {
    Text(&'d str),
    Whole(u64),
}

/// A table of the document that is read by the keys of its section. Whatever is wrong goes to the sink at once, and the
/// value counts as absent.
pub(crate) struct Fields<'d> {
    table: &'d DeTable<'d>,
    /// Where the table is, for what is missing in it.
    pub(crate) span: Span,
    sink: &'d Sink,
}

impl<'d> Fields<'d> {
    /// Takes a table, and reports unknown keys and required ones that are missing.
    pub(crate) fn open(
        table: &'d DeTable<'d>,
        span: Span,
        section: &'static Section,
        sink: &'d Sink,
    ) -> Fields<'d> {
        for (name, _) in table {
            if !section.keys.iter().any(|key| key.name == name.get_ref()) {
                let known = section.keys.iter().map(|key| key.name);
                let near = nearest(name.get_ref(), known.clone());
                let (key, section) = (name.get_ref().to_string(), section.title);
                sink.error(
                    &name.span(),
                    TextProblem::UnknownKey {
                        key,
                        section,
                        near,
                        known: known.collect(),
                    },
                );
            }
        }
        for key in section.keys {
            if matches!(key.default, Default::Required) && table.get(key.name).is_none() {
                sink.error(
                    &span,
                    TextProblem::MissingKey {
                        key: key.name,
                        section: section.title,
                        kind: key.kind.words(),
                    },
                );
            }
        }
        Fields { table, span, sink }
    }

    /// Whether the key is there, with whatever value.
    pub(crate) fn has(&self, key: &Key) -> bool {
        self.table.get(key.name).is_some()
    }

    /// Where the value of a key stands, or the table where the key is absent.
    pub(crate) fn span_of(&self, key: &Key) -> Span {
        self.table
            .get(key.name)
            .map_or_else(|| self.span.clone(), Spanned::span)
    }

    /// Where the key itself stands, or the table where it is absent.
    pub(crate) fn span_of_key(&self, key: &Key) -> Span {
        self.table
            .get_key_value(key.name)
            .map_or_else(|| self.span.clone(), |(name, _)| name.span())
    }

    pub(crate) fn text(&self, key: &'static Key) -> Option<Located<&'d str>> {
        let value = self.table.get(key.name)?;
        let text = self.as_text(key.name, value, key.kind.words())?;
        if let Kind::Choice(choices) = key.kind
            && !choices.contains(&text.value)
        {
            let near = nearest(text.value, choices.iter().copied());
            self.sink.error(
                &text.span,
                TextProblem::NotAChoice {
                    value: text.value.to_owned(),
                    choices,
                    near,
                },
            );
            return None;
        }
        Some(text)
    }

    /// A string that may have line breaks.
    pub(crate) fn lines(&self, key: &'static Key) -> Option<Located<&'d str>> {
        let value = self.table.get(key.name)?;
        match value.get_ref() {
            DeValue::String(text) => Some(Located {
                value: text,
                span: value.span(),
            }),
            other => self.wrong(key.name, value.span(), key.kind.words(), other),
        }
    }

    pub(crate) fn flag(&self, key: &'static Key) -> Option<Located<bool>> {
        let value = self.table.get(key.name)?;
        match value.get_ref() {
            DeValue::Boolean(flag) => Some(Located {
                value: *flag,
                span: value.span(),
            }),
            other => self.wrong(key.name, value.span(), key.kind.words(), other),
        }
    }

    pub(crate) fn whole(&self, key: &'static Key) -> Option<Located<u64>> {
        let value = self.table.get(key.name)?;
        let DeValue::Integer(integer) = value.get_ref() else {
            return self.wrong(key.name, value.span(), key.kind.words(), value.get_ref());
        };
        let (min, max) = match key.kind {
            Kind::Whole(min, max) | Kind::TextOrWhole(min, max) => (min, max),
            _ => (0, u64::MAX),
        };
        match u64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(number) if (min..=max).contains(&number) => Some(Located {
                value: number,
                span: value.span(),
            }),
            Ok(_) | Err(_) => {
                self.sink.error(
                    &value.span(),
                    TextProblem::OutOfRange {
                        key: key.name,
                        min,
                        max,
                    },
                );
                None
            }
        }
    }

    /// A string or a whole number, whichever is there.
    pub(crate) fn text_or_whole(&self, key: &'static Key) -> Option<Located<TextOrWhole<'d>>> {
        let value = self.table.get(key.name)?;
        let span = value.span();
        let value = match value.get_ref() {
            DeValue::Integer(_) => TextOrWhole::Whole(self.whole(key)?.value),
            _ => TextOrWhole::Text(self.as_text(key.name, value, key.kind.words())?.value),
        };
        Some(Located { value, span })
    }

    /// A list of strings, or one string where the kind allows that. An empty list counts as a fault.
    pub(crate) fn texts(&self, key: &'static Key) -> Option<Located<Vec<Located<&'d str>>>> {
        let value = self.table.get(key.name)?;
        let list = self.as_texts(key.name, value, &key.kind)?;
        if list.is_empty() {
            self.empty(key, &list.span);
            return None;
        }
        Some(list)
    }

    /// A list of strings that may be empty.
    pub(crate) fn texts_or_none(&self, key: &'static Key) -> Vec<Located<&'d str>> {
        let list = self
            .table
            .get(key.name)
            .and_then(|value| self.as_texts(key.name, value, &key.kind));
        list.map(|list| list.value).unwrap_or_default()
    }

    pub(crate) fn table(&self, key: &'static Key) -> Option<Fields<'d>> {
        let value = self.table.get(key.name)?;
        let (DeValue::Table(table), Kind::Table(section) | Kind::TextOrTable(section)) =
            (value.get_ref(), &key.kind)
        else {
            return self.wrong(key.name, value.span(), key.kind.words(), value.get_ref());
        };
        Some(Fields::open(
            table,
            self.place(key, value),
            section,
            self.sink,
        ))
    }

    /// Tables by name, in the order of the file.
    pub(crate) fn named(&self, key: &'static Key) -> Vec<(Located<&'d str>, Fields<'d>)> {
        let Some(value) = self.table.get(key.name) else {
            return Vec::new();
        };
        let (DeValue::Table(tables), Kind::Named(section)) = (value.get_ref(), &key.kind) else {
            let _: Option<()> =
                self.wrong(key.name, value.span(), key.kind.words(), value.get_ref());
            return Vec::new();
        };
        let mut named = Vec::new();
        for (name, value) in tables {
            let name = Located {
                value: name.get_ref().as_ref(),
                span: name.span(),
            };
            match value.get_ref() {
                DeValue::Table(table) => {
                    let place = if value.span().is_empty() {
                        name.span.clone()
                    } else {
                        value.span()
                    };
                    named.push((name, Fields::open(table, place, section, self.sink)));
                }
                other => {
                    let _: Option<()> = self.wrong(name.value, value.span(), "a table", other);
                }
            }
        }
        named.sort_by_key(|(name, _)| name.span.start);
        named
    }

    /// A list of tables. An empty one counts as a fault.
    pub(crate) fn tables(&self, key: &'static Key) -> Vec<Fields<'d>> {
        let Some(value) = self.table.get(key.name) else {
            return Vec::new();
        };
        let (DeValue::Array(list), Kind::Tables(section)) = (value.get_ref(), &key.kind) else {
            let _: Option<()> =
                self.wrong(key.name, value.span(), key.kind.words(), value.get_ref());
            return Vec::new();
        };
        if list.is_empty() {
            self.empty(key, &value.span());
        }
        let tables = list.iter().filter_map(|value| match value.get_ref() {
            DeValue::Table(table) => Some(Fields::open(table, value.span(), section, self.sink)),
            other => self.wrong(key.name, value.span(), "a table", other),
        });
        tables.collect()
    }

    /// Names of the user's choice, each with strings. None at all counts as a fault.
    pub(crate) fn texts_by_name(
        &self,
        key: &'static Key,
    ) -> Vec<(Located<&'d str>, Vec<Located<&'d str>>)> {
        let Some(value) = self.table.get(key.name) else {
            return Vec::new();
        };
        let DeValue::Table(table) = value.get_ref() else {
            let _: Option<()> =
                self.wrong(key.name, value.span(), key.kind.words(), value.get_ref());
            return Vec::new();
        };
        if table.is_empty() {
            // Taken for nothing, a demand would let everybody in.
            self.empty(key, &value.span());
        }
        let mut by_name = Vec::new();
        for (name, value) in table {
            let Some(texts) = self.as_texts(name.get_ref(), value, &Kind::TextOrTexts) else {
                continue;
            };
            if texts.is_empty() {
                self.sink.error(
                    &texts.span,
                    TextProblem::EmptyList {
                        key: name.get_ref().to_string(),
                        is_required: false,
                    },
                );
            }
            by_name.push((
                Located {
                    value: name.get_ref().as_ref(),
                    span: name.span(),
                },
                texts.value,
            ));
        }
        by_name
    }

    /// Names of the user's choice, each with a value of any kind that JSON has as well.
    pub(crate) fn values_by_name(&self, key: &'static Key) -> Map<String, Value> {
        let Some(value) = self.table.get(key.name) else {
            return Map::new();
        };
        let DeValue::Table(table) = value.get_ref() else {
            let _: Option<()> =
                self.wrong(key.name, value.span(), key.kind.words(), value.get_ref());
            return Map::new();
        };
        self.members(table)
    }

    fn members(&self, table: &DeTable<'_>) -> Map<String, Value> {
        let members = table.iter().filter_map(|(name, value)| {
            let name = name.get_ref();
            Some((name.to_string(), self.as_json(name, value)?))
        });
        members.collect()
    }

    fn as_json(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<Value> {
        const WANTED: &str = "a string, a number, a boolean, a list or a table";
        Some(match value.get_ref() {
            DeValue::String(text) => Value::from(text.as_ref()),
            DeValue::Boolean(flag) => Value::from(*flag),
            DeValue::Integer(integer) => {
                match i64::from_str_radix(integer.as_str(), integer.radix()) {
                    Ok(number) => Value::from(number),
                    Err(_) => return self.wrong(key, value.span(), WANTED, value.get_ref()),
                }
            }
            DeValue::Float(float) => match float.as_str().parse::<f64>() {
                // JSON has neither infinity nor "not a number".
                Ok(number) if number.is_finite() => Value::from(number),
                Ok(_) | Err(_) => return self.wrong(key, value.span(), WANTED, value.get_ref()),
            },
            DeValue::Array(list) => {
                let elements = list.iter().filter_map(|element| self.as_json(key, element));
                Value::Array(elements.collect())
            }
            DeValue::Table(table) => Value::Object(self.members(table)),
            other @ DeValue::Datetime(_) => return self.wrong(key, value.span(), WANTED, other),
        })
    }

    /// Whether the value of the key is a string, for keys that take a string or a table.
    pub(crate) fn is_text(&self, key: &Key) -> bool {
        self.table
            .get(key.name)
            .is_some_and(|value| matches!(value.get_ref(), DeValue::String(_)))
    }

    /// The number of keys that are there.
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// A table made of dotted keys has no place of its own: its key stands for it.
    fn place(&self, key: &Key, value: &Spanned<DeValue<'_>>) -> Span {
        if value.span().is_empty() {
            self.span_of_key(key)
        } else {
            value.span()
        }
    }

    fn as_texts(
        &self,
        key: &str,
        value: &'d Spanned<DeValue<'d>>,
        kind: &Kind,
    ) -> Option<Located<Vec<Located<&'d str>>>> {
        let texts = match (value.get_ref(), kind) {
            (DeValue::Array(list), _) => {
                let texts = list
                    .iter()
                    .map(|element| self.as_text(key, element, "a list of strings"));
                texts
                    .collect::<Vec<_>>()
                    .into_iter()
                    .collect::<Option<Vec<_>>>()?
            }
            (DeValue::String(_), Kind::TextOrTexts) => {
                vec![self.as_text(key, value, kind.words())?]
            }
            (other, _) => return self.wrong(key, value.span(), kind.words(), other),
        };
        Some(Located {
            value: texts,
            span: value.span(),
        })
    }

    fn as_text(
        &self,
        key: &str,
        value: &'d Spanned<DeValue<'d>>,
        wanted: &'static str,
    ) -> Option<Located<&'d str>> {
        match value.get_ref() {
            DeValue::String(text) if text.contains(char::is_control) => {
                self.sink.error(
                    &value.span(),
                    TextProblem::ControlCharacter {
                        key: key.to_owned(),
                    },
                );
                None
            }
            DeValue::String(text) => Some(Located {
                value: text,
                span: value.span(),
            }),
            other => self.wrong(key, value.span(), wanted, other),
        }
    }

    fn empty(&self, key: &Key, span: &Span) {
        let problem = TextProblem::EmptyList {
            key: key.name.to_owned(),
            is_required: matches!(key.default, Default::Required),
        };
        self.sink.error(span, problem);
    }

    fn wrong<T>(
        &self,
        key: &str,
        span: Span,
        wanted: &'static str,
        found: &DeValue<'_>,
    ) -> Option<T> {
        let found = match found {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with a fraction",
            DeValue::Boolean(_) => "a boolean",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.sink.error(
            &span,
            TextProblem::WrongType {
                key: key.to_owned(),
                wanted,
                found,
            },
        );
        None
    }
}
