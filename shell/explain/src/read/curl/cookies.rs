//! A cookie file, as curl and browsers' export write it.
//!
//! Knows: the Netscape format and lines of `Set-Cookie`. Does not know the time: cookies that have run out are among
//! them, and the file says when.

use url::Url;

use crate::cookie::{SetCookie, host_of, is_loopback, path_matches};

/// A cookie of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cookie {
    /// Name and value, as in a `Cookie` field.
    pub(super) pair: String,
    /// When it runs out, Unix seconds; `None` where it is for one run of the browser.
    pub(super) ends_unix_secs: Option<i64>,
}

/// The cookies of a file that go to an address.
pub(super) fn of_file(text: &str, url: &Url) -> Vec<Cookie> {
    let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
    text.lines()
        .filter_map(|line| {
            let line = line.trim_end_matches(['\r', '\n']);
            let line = line.strip_prefix("#HttpOnly_").unwrap_or(line);
            if line.starts_with('#') {
                return None;
            }
            of_columns(line, url, &host).or_else(|| of_field(line))
        })
        .collect()
}

/// Domain, whether subdomains count, path, whether it is for TLS alone, expiry, name, value.
fn of_columns(line: &str, url: &Url, host: &str) -> Option<Cookie> {
    let columns: Vec<&str> = line.split('\t').collect();
    let [domain, subdomains, path, secure, ends, name, value] = columns.as_slice() else {
        return None;
    };
    let domain = domain.trim_start_matches('.').to_ascii_lowercase();
    let below = subdomains.eq_ignore_ascii_case("true") && host.ends_with(&format!(".{domain}"));
    // What never leaves the machine needs no TLS.
    let is_own = is_loopback(&host_of(url));
    let fits = (host == domain || below)
        && path_matches(url.path(), path)
        && (!secure.eq_ignore_ascii_case("true") || url.scheme() == "https" || is_own);
    let ends = ends.trim().parse().ok().filter(|ends| *ends > 0);
    fits.then(|| Cookie {
        pair: format!("{name}={value}"),
        ends_unix_secs: ends,
    })
}

/// When a `Set-Cookie` line says that it is over. `Max-Age`, which goes before `Expires`, counts from a moment that the
/// file does not have; none at all is over whenever it was (RFC 6265 section 5.2.2).
fn ends(line: &str) -> Option<i64> {
    let set = SetCookie::parse(line.trim().as_bytes())?;
    match set.max_age_secs {
        Some(secs) => (secs <= 0).then_some(1),
        None => set.expires_unix_secs.filter(|ends| *ends > 0),
    }
}

fn of_field(line: &str) -> Option<Cookie> {
    let (name, value) = line.split_once(':')?;
    let pair = value.split(';').next()?.trim();
    (name.eq_ignore_ascii_case("set-cookie") && pair.contains('=')).then(|| Cookie {
        pair: pair.to_owned(),
        ends_unix_secs: ends(value),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_cookie_goes_to_its_own_host_path_and_scheme() {
        let file = "# Netscape HTTP Cookie File\n\
                    .a.example\tTRUE\t/\tFALSE\t0\tsid\tone\n\
                    #HttpOnly_b.a.example\tFALSE\t/app\tTRUE\t0\tcsrf\ttwo\n\
                    other.example\tTRUE\t/\tFALSE\t0\tno\tno\n\
                    Set-Cookie: plain=three; Path=/\n";
        let pairs = |file: &str, url: &str| -> Vec<String> {
            let cookies = of_file(file, &Url::parse(url).unwrap());
            cookies.into_iter().map(|cookie| cookie.pair).collect()
        };
        let of = |url: &str| pairs(file, url);
        assert_eq!(
            of("https://b.a.example/app/x"),
            ["sid=one", "csrf=two", "plain=three"]
        );
        assert_eq!(of("http://b.a.example/app"), ["sid=one", "plain=three"]);
        assert_eq!(of("http://c.example/"), ["plain=three"]);
        // RFC 6265 section 5.1.4.
        assert_eq!(of("https://b.a.example/apple"), ["sid=one", "plain=three"]);
        let own = "localhost\tFALSE\t/\tTRUE\t0\tsid\tone\n";
        assert_eq!(pairs(own, "http://localhost:8080/"), ["sid=one"]);
    }

    #[test]
    fn the_file_says_when_a_cookie_runs_out() {
        let file = "a.example\tFALSE\t/\tFALSE\t1700000000\tsid\tone\n\
                    a.example\tFALSE\t/\tFALSE\t0\tother\ttwo\n";
        let cookies = of_file(file, &Url::parse("https://a.example/").unwrap());
        let ends: Vec<_> = cookies.iter().map(|cookie| cookie.ends_unix_secs).collect();
        assert_eq!(ends, [Some(1_700_000_000), None]);
        let lines = "Set-Cookie: sid=one; Expires=Tue, 14 Nov 2023 22:13:20 GMT\n\
                     Set-Cookie: other=two; Max-Age=60; Expires=Tue, 14 Nov 2023 22:13:20 GMT\n\
                     Set-Cookie: gone=three; Max-Age=0\n";
        let cookies = of_file(lines, &Url::parse("https://a.example/").unwrap());
        let ends: Vec<_> = cookies.iter().map(|cookie| cookie.ends_unix_secs).collect();
        assert_eq!(ends, [Some(1_700_000_000), None, Some(1)]);
    }
}
