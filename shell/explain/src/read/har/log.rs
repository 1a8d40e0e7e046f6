//! The outside of a recording: its pages and its entries, one entry in memory at a time as JSON.
//!
//! Knows: `log`, `pages`, `entries`. Does not know the inside of an entry; see `exchange`.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use url::Url;

use super::exchange::{self, Raw};
use super::member::text;
use crate::case::Exchange;
use crate::read::ReadFault;

/// What a recording holds.
#[derive(Default)]
pub(super) struct Log {
    /// The entries in their order; `None` for one whose address is none.
    pub(super) exchanges: Vec<Option<Exchange>>,
    /// The program that wrote it.
    pub(super) creator: Option<String>,
}

/// Reads a recording, with or without the object around `log`.
pub(super) fn read(json: &[u8]) -> Result<Log, ReadFault> {
    let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
    let mut parts = Parts::default();
    let mut reader = serde_json::Deserializer::from_slice(json);
    Outside(&mut parts)
        .deserialize(&mut reader)
        .map_err(|error| fault(&error, json))?;
    if !parts.has_entries {
        return Err(ReadFault::new(
            "the file is no HAR: it has no `log.entries`",
        ));
    }
    Ok(parts.into_log())
}

/// Where it breaks, without a word of what it holds.
fn fault(error: &serde_json::Error, json: &[u8]) -> ReadFault {
    let place = format!("line {} column {}", error.line(), error.column());
    if error.is_eof() && !json.is_empty() {
        return ReadFault::new(format!("the recording ends in the middle, at {place}"))
            .with_help("export it again; the copy is not complete");
    }
    let what = if error.is_data() {
        "another form than a recording has"
    } else if error.to_string().starts_with("recursion limit") {
        "values nested too deeply"
    } else {
        "not JSON"
    };
    ReadFault::new(format!("the file is no HAR: {what}, at {place}"))
        .with_help("export the requests from the network tab with `Save all as HAR`")
}

#[derive(Default)]
struct Parts {
    entries: Vec<Option<Raw>>,
    pages: Vec<(String, Option<Url>)>,
    creator: Option<String>,
    has_entries: bool,
}

impl Parts {
    fn into_log(self) -> Log {
        let pages = self.pages;
        let exchanges = self.entries.into_iter().enumerate().map(|(number, raw)| {
            let raw = raw?;
            let mut exchange = raw.exchange;
            exchange.recorded.entry = Some(number);
            let page = pages
                .iter()
                .find(|(id, _)| Some(id) == raw.page.as_ref())
                .and_then(|(_, url)| url.clone());
            // `Referer` and `Origin` stand in only where the recording knows no pages.
            exchange.recorded.page = page.or(exchange.recorded.page);
            Some(exchange)
        });
        Log {
            exchanges: exchanges.collect(),
            creator: self.creator,
        }
    }

    fn take_page(&mut self, page: &Value) {
        let Some(id) = text(page, "id") else {
            return;
        };
        // The title is the address in Chrome, and what the page calls itself elsewhere.
        let address = text(page, "_url").or_else(|| text(page, "title"));
        let url = address
            .and_then(|text| Url::parse(text).ok())
            .filter(Url::has_host);
        self.pages.push((id.to_owned(), url));
    }
}

/// The object with `log`, or the log itself.
struct Outside<'p>(&'p mut Parts);

impl<'de> DeserializeSeed<'de> for Outside<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Outside<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a recording")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "log" => map.next_value_seed(Outside(self.0))?,
                "entries" => map.next_value_seed(Entries(self.0))?,
                "pages" => {
                    let pages: Value = map.next_value()?;
                    for page in pages.as_array().into_iter().flatten() {
                        self.0.take_page(page);
                    }
                }
                "creator" => {
                    let creator: Value = map.next_value()?;
                    self.0.creator = text(&creator, "name").map(str::to_owned);
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

struct Entries<'p>(&'p mut Parts);

impl<'de> DeserializeSeed<'de> for Entries<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        self.0.has_entries = true;
        while let Some(entry) = entries.next_element::<Value>()? {
            self.0.entries.push(exchange::read(&entry));
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}
