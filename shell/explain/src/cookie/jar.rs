//! What a browser stores of a `Set-Cookie`, and to which requests it gives it back.
//!
//! Knows: RFC 6265bis sections 5.7 and 5.8.3. Does not know the credentials mode of a script's request, nor whether
//! the user has forbidden cookies of third parties: both show only in what was sent.

use url::Url;

use super::set::{SameSite, SetCookie};
use super::site::{domain_matches, host_of, is_loopback, is_public_suffix, is_trustworthy};
use super::{PAIR_BYTES_MAX, default_path, path_matches};

/// Why a browser does not store a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotStored {
    /// Name and value are too long.
    TooLarge,
    /// `Domain` does not cover the host that sets it.
    Domain,
    /// `Domain` is a public suffix.
    PublicSuffix,
    /// `Secure` over a connection that is not.
    Secure,
    /// `SameSite=None` without `Secure`.
    NoneWithoutSecure,
    /// `Partitioned` without `Secure`.
    PartitionedWithoutSecure,
    /// `__Secure-` without `Secure`, or over a connection that is not.
    SecurePrefix,
    /// `__Host-` without `Secure`, with `Domain`, or without `Path=/`.
    HostPrefix,
}

/// Why a browser does not give a stored cookie back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// It has run out.
    Expired,
    /// It is another host's.
    Host,
    /// It is another path's.
    Path,
    /// It goes over encrypted connections only.
    Secure,
    /// The request comes from another site.
    SameSite,
}

/// The request that a cookie may go with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sending<'r> {
    /// Where to.
    pub(crate) url: &'r Url,
    /// Whether a page of another site makes it.
    pub(crate) is_cross_site: bool,
    /// Whether the whole page goes there, with a safe method.
    pub(crate) is_safe_navigation: bool,
    /// Whether `SameSite` that is not said stands for `Lax`, as in Chromium.
    pub(crate) lax_by_default: bool,
    /// When, Unix seconds.
    pub(crate) at_unix_secs: i64,
}

/// A cookie in the jar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    /// The host that set it, or the domain that it is for.
    pub(crate) domain: String,
    /// Whether it goes to that host alone.
    pub(crate) host_only: bool,
    /// Its path.
    pub(crate) path: String,
    /// When it runs out, Unix seconds.
    pub(crate) ends_unix_secs: Option<i64>,
    secure: bool,
    same_site: SameSite,
}

impl Stored {
    /// Stores what an answer from `setter` sets.
    pub(crate) fn new(
        cookie: &SetCookie,
        setter: &Url,
        set_unix_secs: i64,
    ) -> Result<Stored, NotStored> {
        if cookie.pair_bytes() > PAIR_BYTES_MAX {
            return Err(NotStored::TooLarge);
        }
        let host = host_of(setter);
        let (domain, host_only) = domain_of(cookie, host)?;
        // RFC 6265bis section 5.7: a secure-only cookie is not taken from a connection that is not secure.
        if cookie.secure && !is_trustworthy(setter) {
            return Err(NotStored::Secure);
        }
        if cookie.same_site == SameSite::None && !cookie.secure {
            return Err(NotStored::NoneWithoutSecure);
        }
        if cookie.partitioned && !cookie.secure {
            return Err(NotStored::PartitionedWithoutSecure);
        }
        check_prefix(cookie)?;
        let path = match &cookie.path {
            Some(path) => path.as_str(),
            None => default_path(setter.path()),
        };
        Ok(Stored {
            domain,
            host_only,
            path: path.to_owned(),
            ends_unix_secs: cookie.ends_unix_secs(set_unix_secs),
            secure: cookie.secure,
            same_site: cookie.same_site,
        })
    }

    /// Every reason for which it does not go with a request; empty where it does.
    pub(crate) fn kept_from(&self, sending: &Sending<'_>) -> Vec<Kept> {
        let host = host_of(sending.url);
        let fits = match self.host_only {
            true => host == self.domain,
            false => domain_matches(&host, &self.domain),
        };
        let over = |end: i64| end <= sending.at_unix_secs;
        let reasons = [
            (!fits, Kept::Host),
            (self.ends_unix_secs.is_some_and(over), Kept::Expired),
            (!path_matches(sending.url.path(), &self.path), Kept::Path),
            (self.secure && !is_trustworthy(sending.url), Kept::Secure),
            (self.stays_at_home(sending), Kept::SameSite),
        ];
        let mut kept = Vec::new();
        for (holds, reason) in reasons {
            if holds {
                kept.push(reason);
            }
        }
        kept
    }

    /// RFC 6265bis section 5.8.3: same-site, or `None`, or `Lax` with a navigation by a safe method.
    fn stays_at_home(&self, sending: &Sending<'_>) -> bool {
        let lax = sending.is_cross_site && !sending.is_safe_navigation;
        match self.same_site {
            SameSite::None => false,
            SameSite::Strict => sending.is_cross_site,
            SameSite::Lax => lax,
            SameSite::Unstated => lax && sending.lax_by_default,
        }
    }
}

/// The domain of a cookie, and whether it is for the one host.
fn domain_of(cookie: &SetCookie, host: String) -> Result<(String, bool), NotStored> {
    let Some(domain) = &cookie.domain else {
        return Ok((host, true));
    };
    // RFC 6265bis section 5.7: a public suffix is for the host of that very name alone. Browsers do the same for
    // addresses and single labels.
    if is_public_suffix(domain) || host.parse::<std::net::IpAddr>().is_ok() {
        if *domain == host {
            return Ok((host, true));
        }
        return Err(match is_public_suffix(domain) && !is_loopback(domain) {
            true => NotStored::PublicSuffix,
            false => NotStored::Domain,
        });
    }
    match domain_matches(&host, domain) {
        true => Ok((domain.clone(), false)),
        false => Err(NotStored::Domain),
    }
}

/// RFC 6265bis section 5.4: browsers compare the prefixes without regard to case.
fn check_prefix(cookie: &SetCookie) -> Result<(), NotStored> {
    let name = cookie.name.to_ascii_lowercase();
    if name.starts_with("__host-") {
        let whole = cookie.path.as_deref() == Some("/");
        if !cookie.secure || cookie.domain.is_some() || !whole {
            return Err(NotStored::HostPrefix);
        }
    }
    if name.starts_with("__secure-") && !cookie.secure {
        return Err(NotStored::SecurePrefix);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(line: &str, setter: &str) -> Result<Stored, NotStored> {
        let cookie = SetCookie::parse(line.as_bytes()).unwrap();
        Stored::new(&cookie, &setter.parse().unwrap(), 1000)
    }

    fn kept(line: &str, setter: &str, url: &str, is_cross_site: bool) -> Vec<Kept> {
        let url: Url = url.parse().unwrap();
        stored(line, setter).unwrap().kept_from(&Sending {
            url: &url,
            is_cross_site,
            is_safe_navigation: false,
            lax_by_default: true,
            at_unix_secs: 2000,
        })
    }

    #[test]
    fn rfc6265bis_section_5_7_what_is_not_stored() {
        let large = format!("a={}", "x".repeat(5000));
        for (line, setter, reason) in [
            (
                large.as_str(),
                "https://a.example.com/",
                NotStored::TooLarge,
            ),
            (
                "a=b; Domain=b.example.com",
                "https://a.example.com/",
                NotStored::Domain,
            ),
            (
                "a=b; Domain=localhost",
                "https://a.example.com/",
                NotStored::Domain,
            ),
            (
                "a=b; Domain=github.io",
                "https://a.github.io/",
                NotStored::PublicSuffix,
            ),
            (
                "a=b; Domain=co.uk",
                "https://a.co.uk/",
                NotStored::PublicSuffix,
            ),
            (
                "a=b; Domain=localhost",
                "http://127.0.0.1/",
                NotStored::Domain,
            ),
            (
                "a=b; Domain=localhost",
                "http://app.localhost/",
                NotStored::Domain,
            ),
            ("a=b; Secure", "http://a.example.com/", NotStored::Secure),
            (
                "a=b; SameSite=None",
                "https://a.example.com/",
                NotStored::NoneWithoutSecure,
            ),
            (
                "a=b; Partitioned",
                "https://a.example.com/",
                NotStored::PartitionedWithoutSecure,
            ),
            (
                "__Secure-a=b",
                "https://a.example.com/",
                NotStored::SecurePrefix,
            ),
            (
                "__Host-a=b; Secure",
                "https://a.example.com/",
                NotStored::HostPrefix,
            ),
            (
                "__Host-a=b; Secure; Path=/; Domain=a.example.com",
                "https://a.example.com/",
                NotStored::HostPrefix,
            ),
        ] {
            assert_eq!(stored(line, setter), Err(reason), "{line}");
        }
    }

    #[test]
    fn browsers_hold_loopback_to_be_secure() {
        assert!(stored("a=b; Secure", "http://localhost:8000/").is_ok());
        assert!(stored("a=b; Secure", "http://127.0.0.1:8000/").is_ok());
        assert!(
            stored("a=b; Domain=localhost", "http://localhost/")
                .unwrap()
                .host_only
        );
    }

    #[test]
    fn rfc6265bis_section_5_8_3_what_is_not_given_back() {
        let home = "https://app.example.com/auth/login";
        for (line, url, cross, reasons) in [
            (
                "a=b",
                "https://api.example.com/auth/x",
                false,
                vec![Kept::Host],
            ),
            (
                "a=b; Domain=example.com; Path=/",
                "https://api.example.com/x",
                false,
                vec![],
            ),
            (
                "a=b",
                "https://app.example.com/api",
                false,
                vec![Kept::Path],
            ),
            ("a=b; Path=/", "https://app.example.com/api", false, vec![]),
            (
                "a=b; Path=/; Secure",
                "http://app.example.com/",
                false,
                vec![Kept::Secure],
            ),
            (
                "a=b; Path=/; Max-Age=60",
                "https://app.example.com/",
                false,
                vec![Kept::Expired],
            ),
            (
                "a=b; Path=/; SameSite=Lax",
                "https://app.example.com/",
                true,
                vec![Kept::SameSite],
            ),
            (
                "a=b; Path=/",
                "https://app.example.com/",
                true,
                vec![Kept::SameSite],
            ),
            (
                "a=b; Path=/; SameSite=None; Secure",
                "https://app.example.com/",
                true,
                vec![],
            ),
        ] {
            assert_eq!(kept(line, home, url, cross), reasons, "{line}");
        }
    }
}
