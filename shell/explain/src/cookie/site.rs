//! Hosts, sites and public suffixes.
//!
//! Knows: RFC 6265bis sections 5.1.3 and 5.2, and the public suffix list. Does not know cookies.

use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// The host as cookies know it: in lower case, an IPv6 address without brackets.
pub(crate) fn host_of(url: &Url) -> String {
    match url.host() {
        Some(Host::Domain(name)) => name.trim_end_matches('.').to_ascii_lowercase(),
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => address.to_string(),
        None => String::new(),
    }
}

fn is_address(host: &str) -> bool {
    host.parse::<Ipv4Addr>().is_ok() || host.parse::<Ipv6Addr>().is_ok()
}

/// Whether a cookie of that domain goes to this host, RFC 6265bis section 5.1.3.
pub(super) fn domain_matches(host: &str, domain: &str) -> bool {
    if host == domain {
        return true;
    }
    host.strip_suffix(domain)
        .is_some_and(|rest| rest.ends_with('.') && !is_address(host))
}

/// Whether nobody may set cookies for all of that domain: `com`, `co.uk`, `github.io`, and any single label.
pub(super) fn is_public_suffix(domain: &str) -> bool {
    !is_address(domain) && psl::suffix_str(domain) == Some(domain)
}

/// The registrable domain of a host, or the host itself where there is none.
pub(crate) fn registrable(host: &str) -> &str {
    if is_address(host) {
        return host;
    }
    psl::domain_str(host).unwrap_or(host)
}

/// Whether the host is this machine itself.
pub(crate) fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse().is_ok_and(|v4: Ipv4Addr| v4.is_loopback())
        || host.parse().is_ok_and(|v6: Ipv6Addr| v6.is_loopback())
}

/// Whether the connection is an encrypted one.
fn is_encrypted(url: &Url) -> bool {
    matches!(url.scheme(), "https" | "wss")
}

/// Whether browsers hold the connection to be as good as encrypted. Safari does not for loopback.
pub(super) fn is_trustworthy(url: &Url) -> bool {
    is_encrypted(url) || is_loopback(&host_of(url))
}

/// Whether two addresses are of one site, the scheme included, RFC 6265bis section 5.2.
pub(crate) fn is_same_site(one: &Url, other: &Url) -> bool {
    let (first, second) = (host_of(one), host_of(other));
    is_encrypted(one) == is_encrypted(other) && registrable(&first) == registrable(&second)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn rfc6265_section_5_1_3_domain_match() {
        assert!(domain_matches("api.example.com", "example.com"));
        assert!(domain_matches("example.com", "example.com"));
        assert!(!domain_matches("example.com", "api.example.com"));
        assert!(!domain_matches("badexample.com", "example.com"));
        assert!(!domain_matches("10.0.0.1", "0.0.1"));
    }

    #[test]
    fn sites_end_below_the_public_suffix() {
        for (one, other, same) in [
            (
                "https://app.example.com",
                "https://api.example.com:8443",
                true,
            ),
            ("https://app.example.com", "http://app.example.com", false),
            ("https://a.github.io", "https://b.github.io", false),
            ("https://a.example.co.uk", "https://b.example.co.uk", true),
            ("http://localhost:3000", "http://localhost:8000", true),
            ("http://localhost:3000", "http://127.0.0.1:8000", false),
            ("ws://localhost", "http://localhost", true),
        ] {
            assert_eq!(is_same_site(&url(one), &url(other)), same, "{one} {other}");
        }
    }

    #[test]
    fn nobody_owns_a_public_suffix() {
        assert!(is_public_suffix("co.uk"));
        assert!(is_public_suffix("github.io"));
        assert!(is_public_suffix("localhost"));
        assert!(!is_public_suffix("example.com"));
        assert!(!is_public_suffix("127.0.0.1"));
    }

    #[test]
    fn loopback_by_name_and_number() {
        for host in [
            "localhost",
            "app.localhost",
            "127.0.0.1",
            "127.8.8.8",
            "::1",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        assert!(!is_loopback("localhost.example.com"));
        assert_eq!(host_of(&url("http://[::1]:80/")), "::1");
    }
}
