//! Cookies (RFC 6265): one is found among those of a request, taken out of them, and set.
//!
//! Knows: the fields `Cookie` and `Set-Cookie`. Does not know what a cookie's value means.

use http::HeaderMap;
use http::header::COOKIE;

use crate::grammar::{is_token, trim_ows};

/// What of one name a request carries.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Found<'a> {
    /// None.
    Nothing,
    /// One, with this value.
    One(&'a [u8]),
    /// More than one: of two paths or domains, or put there by another site of the same domain. Which of them counts,
    /// browsers and servers do not agree on.
    Several,
}

/// Looks for the cookie of this name in all lines of `Cookie`.
///
/// ```abnf
/// cookie-string = cookie-pair *( ";" SP cookie-pair )
/// cookie-pair   = cookie-name "=" cookie-value
/// ```
///
/// RFC 6265 section 5.4 has one line of it, RFC 9113 section 8.2.3 any number. White space around a pair is no part of it,
/// and a pair without `=` is passed over. Names are compared to the letter.
#[must_use]
pub fn find<'a>(headers: &'a HeaderMap, name: &str) -> Found<'a> {
    let mut values = headers
        .get_all(COOKIE)
        .iter()
        .flat_map(|line| pairs(line.as_bytes()))
        .filter_map(|pair| value_of(pair, name));
    match (values.next(), values.next()) {
        (None, _) => Found::Nothing,
        (Some(value), None) => Found::One(value),
        (Some(_), Some(_)) => Found::Several,
    }
}

/// A line of `Cookie` without the cookies of these names; `None` where it holds none of them. What is left keeps its
/// bytes and its order, and can be empty.
#[must_use]
pub fn without(line: &[u8], names: &[&str]) -> Option<Vec<u8>> {
    let is_named = |pair: &&[u8]| names.iter().any(|name| value_of(pair, name).is_some());
    pairs(line).find(is_named)?;
    let mut kept = Vec::with_capacity(line.len());
    for pair in pairs(line).filter(|pair| !is_named(pair) && !pair.is_empty()) {
        if !kept.is_empty() {
            kept.extend_from_slice(b"; ");
        }
        kept.extend_from_slice(pair);
    }
    Some(kept)
}

/// The name of the cookie that a value of `Set-Cookie` sets, as it comes back: a browser that keeps `=name=value` as a cookie
/// without a name sends `name=value`.
#[must_use]
pub fn name_set(value: &[u8]) -> &[u8] {
    let mut pair = pairs(value).next().unwrap_or_default();
    while let Some(rest) = pair.strip_prefix(b"=") {
        pair = trim_ows(rest);
    }
    let end = pair.iter().position(|byte| *byte == b'=').unwrap_or(0);
    trim_ows(pair.get(..end).unwrap_or_default())
}

/// A cookie for the host that sets it, or for a domain, out of reach of scripts, which other sites' requests do not carry but for
/// navigations.
#[derive(Clone, Copy, Debug)]
pub struct Set<'a> {
    /// The name.
    pub name: &'a str,
    /// The value: visible ASCII without `"`, `,`, `;` and `\`.
    pub value: &'a str,
    /// Whether browsers send it over TLS alone.
    pub secure: bool,
    /// The domain whose hosts all get it (RFC 6265 section 4.1.2.3); `None`: the host that sets it alone.
    pub domain: Option<&'a str>,
    /// For how long browsers keep it; `None`: until they are closed. 0 takes it back.
    pub max_age_secs: Option<u32>,
}

impl Set<'_> {
    /// The value of `Set-Cookie`. Without `Domain` no other host gets it, and with `Path=/` there is one of its name.
    #[must_use]
    pub fn to_field_value(&self) -> String {
        let mut text = format!(
            "{}={}; Path=/; HttpOnly; SameSite=Lax",
            self.name, self.value
        );
        if self.secure {
            text.push_str("; Secure");
        }
        if let Some(domain) = self.domain {
            text.push_str("; Domain=");
            text.push_str(domain);
        }
        if let Some(secs) = self.max_age_secs {
            text.push_str(&format!("; Max-Age={secs}"));
        }
        text
    }
}

/// Whether a cookie can have this name: `cookie-name = token`, RFC 6265 section 4.1.1.
#[must_use]
pub fn is_name(name: &str) -> bool {
    is_token(name.as_bytes())
}

/// The prefix by which browsers take a cookie over TLS alone, for one host and all of its paths
/// (draft-ietf-httpbis-rfc6265bis section 4.1.3.2).
pub const HOST_PREFIX: &str = "__Host-";

/// The prefix by which browsers take a cookie over TLS alone, also for a domain.
pub const SECURE_PREFIX: &str = "__Secure-";

fn pairs(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| *byte == b';').map(trim_ows)
}

fn value_of<'a>(pair: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let rest = pair.strip_prefix(name.as_bytes())?;
    trim_ows(rest).strip_prefix(b"=").map(trim_ows)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use http::HeaderValue;

    use super::*;

    fn cookies(lines: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(COOKIE, HeaderValue::from_bytes(line).unwrap());
        }
        headers
    }

    fn found(lines: &[&[u8]]) -> Option<Vec<u8>> {
        match find(&cookies(lines), "__Host-s") {
            Found::One(value) => Some(value.to_vec()),
            Found::Nothing => None,
            Found::Several => Some(b"several".to_vec()),
        }
    }

    #[test]
    fn rfc6265_section_4_2_1_a_cookie_is_found_among_others() {
        for line in [
            &b"__Host-s=abc"[..],
            b"a=b; __Host-s=abc; c=d",
            b"a=b;__Host-s=abc;c=d",
            b" a ; ;; __Host-s = abc ;",
            b"a=\"x; y\"; __Host-s=abc",
            b"\xff=\xfe; __Host-s=abc",
        ] {
            assert_eq!(found(&[line]).as_deref(), Some(&b"abc"[..]), "{line:?}");
        }
        assert_eq!(
            found(&[b"a=b", b"__Host-s=abc"]).as_deref(),
            Some(&b"abc"[..])
        );
        assert_eq!(found(&[b"__Host-s="]).as_deref(), Some(&b""[..]));
        assert_eq!(found(&[b"__Host-s=a=b"]).as_deref(), Some(&b"a=b"[..]));
    }

    #[test]
    fn what_is_named_otherwise_is_not_it() {
        for line in [
            &b""[..],
            b";;;",
            b"__host-s=abc",
            b"x__Host-s=abc",
            b"__Host-s2=abc",
            b"__Host-s",
            b"a=__Host-s=abc",
        ] {
            assert_eq!(found(&[line]), None, "{line:?}");
        }
        assert_eq!(found(&[]), None);
    }

    #[test]
    fn two_of_a_name_are_several_also_where_they_are_equal() {
        for lines in [
            &[&b"__Host-s=a; __Host-s=a"[..]][..],
            &[b"__Host-s=a", b"b=c; __Host-s=b"],
        ] {
            assert_eq!(found(lines).as_deref(), Some(&b"several"[..]));
        }
    }

    #[test]
    fn what_is_taken_out_leaves_the_others_as_they_were() {
        let names = ["s", "f"];
        let left = |line: &[u8]| without(line, &names);
        assert_eq!(left(b"a=b; c=d"), None);
        assert_eq!(
            left(b"a=b; s=1;  c=\"d e\"; f=2; s=3").unwrap(),
            b"a=b; c=\"d e\""
        );
        assert_eq!(left(b"s=1").unwrap(), b"");
        assert_eq!(left(b"\xff=\xfe; s=1").unwrap(), b"\xff=\xfe");
        assert_eq!(left(b"a=\"x; s=1; y\"").unwrap(), b"a=\"x; y\"");
    }

    #[test]
    fn a_cookie_is_set_for_one_host_and_out_of_reach() {
        let set = Set {
            name: "__Host-s",
            value: "abc",
            secure: true,
            domain: None,
            max_age_secs: None,
        };
        assert_eq!(
            set.to_field_value(),
            "__Host-s=abc; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
        let taken_back = Set {
            value: "",
            secure: false,
            max_age_secs: Some(0),
            ..set
        };
        assert_eq!(
            taken_back.to_field_value(),
            "__Host-s=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"
        );
        assert_eq!(name_set(set.to_field_value().as_bytes()), b"__Host-s");
        assert_eq!(name_set(b"; a=b"), b"");
        assert_eq!(name_set(b""), b"");
        // rfc6265bis section 5.7: a cookie without a name comes back as its value alone.
        for nameless in [&b"=a=b; Path=/"[..], b" = a =b", b"==a=b"] {
            assert_eq!(name_set(nameless), b"a");
        }
        assert_eq!(name_set(b"="), b"");
    }
}
