//! Who the client is, through the proxies that are trusted, and what the upstream is told of it.
//!
//! Knows: `X-Forwarded-*`, `Forwarded` (RFC 7239) and their kin. Does not know identities. From a peer that is not
//! listed nothing of the kind is believed or passed on.

use std::net::IpAddr;

use countersign_policy::Network;
use http::header::{FORWARDED, VIA};
use http::{HeaderMap, HeaderName, HeaderValue};

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

const VIA_US: HeaderValue = HeaderValue::from_static("1.1 countersign");
const HTTP: HeaderValue = HeaderValue::from_static("http");
const HTTPS: HeaderValue = HeaderValue::from_static("https");

/// Fields, in canonical spelling, by which an upstream may be told another target, method or address than the one that
/// was decided on. `x-forwarded-*` is dealt with apart.
const MISLEADING: [&str; 9] = [
    "x-real-ip",
    "x-client-ip",
    "true-client-ip",
    "x-original-url",
    "x-original-uri",
    "x-original-host",
    "x-rewrite-url",
    "x-original-method",
    "x-envoy-original-path",
];

/// Whom to believe.
pub(crate) struct Trust(pub(crate) Vec<Network>);

/// The client as the gateway sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Client {
    /// Its address.
    pub(crate) address: IpAddr,
    /// Whether it came by TLS.
    pub(crate) secure: bool,
    /// Whether the peer is a proxy that is believed.
    pub(crate) by_proxy: bool,
}

impl Trust {
    /// The client behind a peer.
    pub(crate) fn client(&self, peer: IpAddr, secure: bool, headers: &HeaderMap) -> Client {
        let peer = peer.to_canonical();
        if !self.lists(peer) {
            return Client {
                address: peer,
                secure,
                by_proxy: false,
            };
        }
        let secure = headers.get(PROTO).map_or(secure, |proto| {
            proto.as_bytes().eq_ignore_ascii_case(b"https")
        });
        Client {
            address: self.last_untrusted(headers).unwrap_or(peer),
            secure,
            by_proxy: true,
        }
    }

    fn lists(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// Every proxy appends the address that it saw: from the right, the first that is not a trusted proxy is the client.
    /// What cannot be read ends the search, since nothing left of it can be believed.
    fn last_untrusted(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let mut last = None;
        for value in headers.get_all(FOR).iter().rev() {
            for entry in value.as_bytes().rsplit(|&byte| byte == b',') {
                let address = std::str::from_utf8(entry)
                    .ok()
                    .and_then(|text| text.trim().parse::<IpAddr>().ok());
                let Some(address) = address.map(|address| address.to_canonical()) else {
                    return last;
                };
                last = Some(address);
                if !self.lists(address) {
                    return last;
                }
            }
        }
        last
    }
}

/// Tells the upstream who the client is.
pub(crate) fn write(
    headers: &mut HeaderMap,
    client: Client,
    peer: IpAddr,
    host: Option<&HeaderValue>,
) {
    if !client.by_proxy {
        remove_claims(headers);
    }
    let peer = peer.to_canonical();
    let chain = match headers.get(FOR).and_then(|chain| chain.to_str().ok()) {
        Some(chain) => HeaderValue::from_str(&format!("{chain}, {peer}")),
        None => HeaderValue::from_str(&peer.to_string()),
    };
    if let Ok(chain) = chain {
        headers.insert(FOR, chain);
    }
    headers.insert(PROTO, if client.secure { HTTPS } else { HTTP });
    if !client.by_proxy
        && let Some(host) = host
    {
        headers.insert(HOST, host.clone());
    }
    // RFC 9110 section 7.6.3: a gateway must send Via in each request that it forwards.
    headers.append(VIA, VIA_US);
}

/// Removes what claims to come from a proxy, in every spelling.
fn remove_claims(headers: &mut HeaderMap) {
    while let Some(name) = headers.keys().find(|name| claims(name)).cloned() {
        headers.remove(&name);
    }
}

fn claims(name: &HeaderName) -> bool {
    let text = name.as_str();
    // Nearly every field is done with at its first letter.
    match text.as_bytes().first() {
        Some(b'x' | b't') => {}
        Some(b'f') => return *name == FORWARDED,
        Some(_) | None => return false,
    }
    let starts = text
        .get(..11)
        .is_some_and(|start| spelt(start, "x-forwarded"));
    starts || MISLEADING.iter().any(|misleading| spelt(text, misleading))
}

/// Whether a name is spelt so, an underscore counting as a hyphen.
fn spelt(name: &str, canonical: &str) -> bool {
    name.len() == canonical.len()
        && name
            .bytes()
            .zip(canonical.bytes())
            .all(|(a, b)| a == b || (a == b'_' && b == b'-'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in fields {
            map.append(*name, HeaderValue::from_static(value));
        }
        map
    }

    fn trust(network: &str) -> Trust {
        Trust(vec![network.parse().unwrap()])
    }

    #[test]
    fn attack_24_forwarded_for_of_an_unlisted_peer_buys_nothing() {
        let trust = trust("10.0.0.0/8");
        let sent = headers(&[
            ("x-forwarded-for", "10.1.1.1"),
            ("x-forwarded-proto", "https"),
        ]);
        let client = trust.client("203.0.113.9".parse().unwrap(), false, &sent);
        assert_eq!(
            client,
            Client {
                address: "203.0.113.9".parse().unwrap(),
                secure: false,
                by_proxy: false
            }
        );
    }

    #[test]
    fn the_rightmost_unlisted_address_is_the_client() {
        let trust = trust("10.0.0.0/8");
        let sent = headers(&[
            ("x-forwarded-for", "1.1.1.1, 203.0.113.9"),
            ("x-forwarded-for", "10.0.0.2"),
        ]);
        assert_eq!(
            trust
                .client("10.0.0.1".parse().unwrap(), false, &sent)
                .address
                .to_string(),
            "203.0.113.9"
        );
    }

    #[test]
    fn what_cannot_be_read_is_not_believed() {
        let trust = trust("10.0.0.0/8");
        let sent = headers(&[("x-forwarded-for", "203.0.113.9, unknown")]);
        assert_eq!(
            trust
                .client("10.0.0.1".parse().unwrap(), false, &sent)
                .address
                .to_string(),
            "10.0.0.1"
        );
    }

    #[test]
    fn attack_16_17_22_25_claims_of_an_unlisted_peer_do_not_reach_the_upstream() {
        let mut sent = headers(&[
            ("x-forwarded-uri", "/public"),
            ("x_forwarded_prefix", "/p"),
            ("x-forwarded_proto", "https"),
            ("x-original-url", "/admin"),
            ("x_envoy-original-path", "/"),
            ("forwarded", "for=1.2.3.4"),
            ("x-real-ip", "1.2.3.4"),
            ("x-request", "kept"),
        ]);
        let peer = "203.0.113.9".parse().unwrap();
        let client = Client {
            address: peer,
            secure: false,
            by_proxy: false,
        };
        write(
            &mut sent,
            client,
            peer,
            Some(&HeaderValue::from_static("h.example")),
        );
        let mut names: Vec<_> = sent.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "via",
                "x-forwarded-for",
                "x-forwarded-host",
                "x-forwarded-proto",
                "x-request"
            ]
        );
        assert_eq!(sent.get("x-forwarded-for").unwrap(), "203.0.113.9");
        assert_eq!(sent.get("x-forwarded-proto").unwrap(), "http");
    }
}
