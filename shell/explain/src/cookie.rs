//! The rules of cookies: RFC 6265bis, and where browsers leave its letter.
//!
//! Knows: how `Set-Cookie` is read, what a browser stores and what it gives back. Does not know which cookie is a
//! session, nor what a server makes of it.

mod date;
mod jar;
mod set;
mod site;

pub(crate) use jar::{Kept, NotStored, Sending, Stored};
pub(crate) use set::{SameSite, SetCookie};
pub(crate) use site::{host_of, is_loopback, is_same_site, registrable};

/// What browsers take at most of a name and its value together.
///
/// RFC 6265bis section 5.6: more than 4096 octets, and the cookie is ignored entirely.
pub(crate) const PAIR_BYTES_MAX: usize = 4096;

/// The pairs of a `Cookie` field in their order.
///
/// `cookie-string = cookie-pair *( ";" SP cookie-pair )`, RFC 6265bis section 4.2.1.
pub(crate) fn pairs(field: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(field);
    text.split(';')
        .map(str::trim)
        .filter(|pair| !pair.is_empty())
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) => (name.trim().to_owned(), value.trim().to_owned()),
            // RFC 6265bis section 5.6: a pair without `=` is a value with an empty name.
            None => (String::new(), pair.to_owned()),
        })
        .collect()
}

/// The directory of a request's path, RFC 6265bis section 5.1.4 (and RFC 6265 section 5.1.4).
pub(crate) fn default_path(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some((directory, _)) if path.starts_with('/') && !directory.is_empty() => directory,
        Some(_) | None => "/",
    }
}

/// Whether a cookie of that path goes to a request of this one, RFC 6265bis section 5.1.4.
pub(crate) fn path_matches(request: &str, cookie: &str) -> bool {
    let Some(rest) = request.strip_prefix(cookie) else {
        return false;
    };
    rest.is_empty() || cookie.ends_with('/') || rest.starts_with('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc6265_section_5_1_4_default_path() {
        for (path, default) in [
            ("/", "/"),
            ("", "/"),
            ("login", "/"),
            ("/login", "/"),
            ("/a/login", "/a"),
            ("/a/b/", "/a/b"),
        ] {
            assert_eq!(default_path(path), default, "{path}");
        }
    }

    #[test]
    fn rfc6265_section_5_1_4_path_match() {
        for (request, cookie, matches) in [
            ("/api/me", "/api", true),
            ("/api", "/api", true),
            ("/api/", "/api/", true),
            ("/api", "/api/", false),
            ("/apis", "/api", false),
            ("/x", "/", true),
            ("/API/me", "/api", false),
        ] {
            assert_eq!(path_matches(request, cookie), matches, "{request} {cookie}");
        }
    }

    #[test]
    fn rfc6265bis_section_4_2_1_pairs() {
        let read = pairs(b"a=1; b=x=y;c=; loose");
        let expected = [("a", "1"), ("b", "x=y"), ("c", ""), ("", "loose")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(read, expected);
    }
}
