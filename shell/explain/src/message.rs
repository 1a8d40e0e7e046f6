//! Requests and answers as they were written: names in their case, doubled fields, bytes that are no text.
//!
//! Knows: the shape of a message. Does not know which part of it is a credential; see `credential`.

use std::borrow::Cow;
use std::fmt;

use countersign_wire::challenge::{self, Parsed};
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Version};
use url::Url;

/// One field line, its name in the case in which it was written.
#[derive(Clone, PartialEq, Eq)]
pub struct Field {
    /// The name, as written.
    pub name: String,
    /// The value. It may be a secret.
    pub value: Vec<u8>,
}

impl fmt::Debug for Field {
    /// The name alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// Field lines in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<Field>);

impl Fields {
    /// The first value of a name.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&[u8]> {
        self.all(name).next()
    }

    /// The first value of a name as text, replacement characters for what is none.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.first(name).map(String::from_utf8_lossy)
    }

    /// Every value of a name, in order.
    pub fn all<'f>(&'f self, name: &str) -> impl Iterator<Item = &'f [u8]> {
        self.0
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name))
            .map(|field| field.value.as_slice())
    }

    /// Whether there is a field of that name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.first(name).is_some()
    }

    /// Every field line.
    pub fn iter(&self) -> std::slice::Iter<'_, Field> {
        self.0.iter()
    }

    /// How many field lines there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a line after the others.
    pub fn add(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        self.0.push(Field {
            name: name.to_owned(),
            value: value.into(),
        });
    }

    /// Makes one line of a name, in the place of the first that was there.
    pub fn set(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        let at = self
            .0
            .iter()
            .position(|field| field.name.eq_ignore_ascii_case(name));
        let Some(at) = at else {
            return self.add(name, value);
        };
        self.remove(name);
        let field = Field {
            name: name.to_owned(),
            value: value.into(),
        };
        self.0.insert(at.min(self.0.len()), field);
    }

    /// Takes every line of a name out.
    pub fn remove(&mut self, name: &str) {
        self.0
            .retain(|field| !field.name.eq_ignore_ascii_case(name));
    }

    /// The fields as the gateway's own crates read them; lines that HTTP cannot carry are left out.
    #[must_use]
    pub fn to_header_map(&self) -> HeaderMap {
        let mut map = HeaderMap::with_capacity(self.0.len());
        for field in &self.0 {
            let name = HeaderName::from_bytes(field.name.as_bytes());
            let value = HeaderValue::from_bytes(&field.value);
            if let (Ok(name), Ok(value)) = (name, value) {
                map.append(name, value);
            }
        }
        map
    }
}

impl<'f> IntoIterator for &'f Fields {
    type Item = &'f Field;
    type IntoIter = std::slice::Iter<'f, Field>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromIterator<(String, Vec<u8>)> for Fields {
    fn from_iter<I: IntoIterator<Item = (String, Vec<u8>)>>(lines: I) -> Fields {
        let fields = lines.into_iter().map(|(name, value)| Field { name, value });
        Fields(fields.collect())
    }
}

/// Fields by which a server takes a request for one with another method. Frameworks know one or another of them.
const OVERRIDING_FIELDS: [&str; 3] = [
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
];

/// The same of a parameter.
const OVERRIDING_PARAMETER: &str = "_method";

fn is_override(name: &str) -> bool {
    OVERRIDING_FIELDS
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

// RFC 9110 section 9.2.1; TRACE is safe as well, and sends the credentials back.
fn is_safe_method(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS")
}

/// A request as it is put on the wire, or would be.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The method, in its case.
    pub method: String,
    /// Where to; user info that the client turned into a field is not in it any more.
    pub url: Url,
    /// The fields that matter; `Host` and `Content-Length` are the sender's to add, unless they are here.
    pub fields: Fields,
    /// The body, where one is sent.
    pub body: Option<Vec<u8>>,
}

impl Request {
    /// A request without fields.
    #[must_use]
    pub fn new(method: &str, url: Url) -> Request {
        Request {
            method: method.to_owned(),
            url,
            fields: Fields::default(),
            body: None,
        }
    }

    /// Whether the method is safe to send for a diagnosis: GET, HEAD and OPTIONS, and nothing beside it that has a server
    /// take the request for another.
    #[must_use]
    pub fn is_safe(&self) -> bool {
        is_safe_method(&self.method) && !self.overrides_method()
    }

    /// Whether the request asks to be taken for one with an unsafe method: `X-HTTP-Method-Override: DELETE`.
    #[must_use]
    pub fn overrides_method(&self) -> bool {
        let fields = self.fields.iter().filter(|field| is_override(&field.name));
        let mut of_fields = fields.map(|field| String::from_utf8_lossy(&field.value));
        let mut of_query = self
            .url
            .query_pairs()
            .filter(|(name, _)| name.eq_ignore_ascii_case(OVERRIDING_PARAMETER))
            .map(|(_, value)| value);
        let is_unsafe = |value: Cow<'_, str>| !is_safe_method(&value.trim().to_ascii_uppercase());
        of_fields.any(is_unsafe) || of_query.any(is_unsafe)
    }

    /// The request without what asks for another method than its own.
    #[must_use]
    pub fn without_override(&self) -> Request {
        let mut plain = self.clone();
        for name in OVERRIDING_FIELDS {
            plain.fields.remove(name);
        }
        let is_kept = |pair: &&str| {
            let name = url::form_urlencoded::parse(pair.as_bytes()).next();
            !name.is_some_and(|(name, _)| name.eq_ignore_ascii_case(OVERRIDING_PARAMETER))
        };
        if let Some(query) = self.url.query().filter(|_| self.overrides_method()) {
            let kept: Vec<&str> = query.split('&').filter(is_kept).collect();
            let kept = (!kept.is_empty()).then(|| kept.join("&"));
            plain.url.set_query(kept.as_deref());
        }
        plain
    }

    /// Scheme, host and port of the target: `https://api.example.com:8443`, the port only where it is not the default.
    #[must_use]
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }
}

impl fmt::Debug for Request {
    /// Without values, query and body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("origin", &self.origin())
            .field("fields", &self.fields)
            .finish_non_exhaustive()
    }
}

/// An answer, with as much of its body as the limits allow.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The version that was spoken.
    pub version: Version,
    /// The fields.
    pub fields: Fields,
    /// The body, decoded from its transfer coding, up to the limit.
    pub body: Vec<u8>,
    /// Whether the body went on after the limit, or broke off.
    pub truncated: bool,
    /// Whether it is the forward proxy that answered, instead of opening a tunnel to the server.
    pub from_proxy: bool,
    /// Whether a body alone was handed in: nothing is known of the fields, and the status may be presumed.
    pub is_body_alone: bool,
    /// Whether its document says that it is a refusal, under a status of success.
    pub refuses: bool,
}

impl Answer {
    /// An answer over HTTP/1.1 with an empty body.
    #[must_use]
    pub fn new(status: u16) -> Answer {
        Answer {
            status,
            version: Version::HTTP_11,
            fields: Fields::default(),
            body: Vec::new(),
            truncated: false,
            from_proxy: false,
            is_body_alone: false,
            refuses: false,
        }
    }

    /// The challenges of `WWW-Authenticate`.
    #[must_use]
    pub fn challenges(&self) -> Parsed {
        challenge::parse(self.fields.all("www-authenticate"))
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// The `Date` of the server, in Unix seconds.
    #[must_use]
    pub fn date_unix_secs(&self) -> Option<i64> {
        let date = self.fields.text("date")?;
        let parsed = jiff::fmt::rfc2822::parse(date.trim()).ok()?;
        Some(parsed.timestamp().as_second())
    }

    /// Whether it is what a request is answered with when it is let through: by its status, and by what it says.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status) && !self.refuses
    }

    /// Whether the status sends the client elsewhere.
    #[must_use]
    pub fn is_redirect(&self) -> bool {
        matches!(self.status, 301 | 302 | 303 | 307 | 308) && self.fields.has("location")
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("fields", &self.fields)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn what_asks_for_another_method_is_not_safe() {
        let get = |url: &str| Request::new("GET", Url::parse(url).unwrap());
        for name in [
            "X-HTTP-Method-Override",
            "x-http-method",
            "X-Method-Override",
        ] {
            let mut request = get("https://h/a?b=1");
            request.fields.add(name, "delete");
            assert!(!request.is_safe(), "{name}");
            assert_eq!(request.without_override(), get("https://h/a?b=1"));
            request.fields.set(name, "HEAD");
            assert!(request.is_safe(), "{name}");
        }
        let request = get("https://h/a?b=%31&_method=DELETE");
        assert!(!request.is_safe());
        assert_eq!(request.without_override(), get("https://h/a?b=%31"));
        assert!(get("https://h/a?method=DELETE").is_safe());
    }
}
