//! Who the client is, through the proxies that are trusted, and what the upstream is told of it.
//!
//! Knows: `X-Forwarded-*`, `Forwarded` (RFC 7239) and their kin. Does not know identities. From a peer that is not
//! listed nothing of the kind is believed or passed on.

use std::net::{IpAddr, SocketAddr};

use countersign_flow::ClientAddress;
use countersign_policy::Network;
use http::header::{FORWARDED, VIA};
use http::{HeaderMap, HeaderName, HeaderValue, Version};

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// RFC 7239 section 6.2 has this word for it.
const UNKNOWN: HeaderValue = HeaderValue::from_static("unknown");

const HTTP: HeaderValue = HeaderValue::from_static("http");
const HTTPS: HeaderValue = HeaderValue::from_static("https");

/// Fields, in canonical spelling, by which an upstream may be told another target or method than the one that was
/// decided on. They go no further, whoever sends them.
const UNDECIDED: [&str; 11] = [
    "x-original-url",
    "x-original-uri",
    "x-rewrite-url",
    "x-original-method",
    "x-forwarded-uri",
    "x-forwarded-method",
    "x-envoy-original-path",
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
    // CGI hands it on as `HTTP_PROXY`, by which programs choose a proxy for their own requests.
    "proxy",
];

/// Fields, in canonical spelling, that say who the client is or whom it asked.
const CLAIMING: [&str; 6] = [
    "x-real-ip",
    "x-client-ip",
    "true-client-ip",
    "x-original-host",
    "x-client-verify",
    "x-client-dn",
];

/// What fields begin with, in canonical spelling, that say how the request came or which certificate the client has shown. Each
/// proxy has endings of its own, and applications believe any of them.
const CLAIMING_BY_BEGINNING: [&str; 9] = [
    "x-forwarded",
    // RFC 9440 section 4: whoever adds them takes out what was there before.
    "client-cert",
    "x-client-cert",
    "ssl-client",
    "x-ssl-client",
    "x-ssl-cert",
    "x-tls-client",
    "x-amzn-mtls",
    "x-arr-clientcert",
];

/// Whom to believe.
pub(crate) struct Trust(pub(crate) Vec<Network>);

/// The client as the gateway sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Client {
    /// Where it is.
    pub(crate) address: ClientAddress,
    /// Whether it came by TLS.
    pub(crate) secure: bool,
    /// Whether the peer is a proxy that is believed.
    pub(crate) by_proxy: bool,
}

/// The other end of a connection.
pub(crate) struct Peer {
    /// Where it is, as far as that is known of the connection.
    pub(crate) address: ClientAddress,
    /// The address as text: each of its requests tells it to the upstream.
    pub(crate) text: HeaderValue,
}

impl Peer {
    pub(crate) fn new(address: IpAddr) -> Self {
        let address = address.to_canonical();
        // Digits, letters, dots and colons are a field value.
        let text = HeaderValue::try_from(address.to_string());
        Self {
            address: address.into(),
            text: text.unwrap_or(UNKNOWN),
        }
    }

    /// A client whose address a proxy did not know.
    pub(crate) fn behind(proxy: IpAddr) -> Self {
        Self {
            address: ClientAddress::Behind(proxy.to_canonical()),
            text: UNKNOWN,
        }
    }
}

impl Trust {
    /// The client behind a peer.
    pub(crate) fn client(
        &self,
        peer: impl Into<ClientAddress>,
        secure: bool,
        headers: &HeaderMap,
    ) -> Client {
        let address = peer.into();
        // Who is at no known address is no proxy of ours either.
        let Some(peer) = address.known().filter(|peer| self.lists(*peer)) else {
            return Client {
                address,
                secure,
                by_proxy: false,
            };
        };
        // As with the address, the last word is that of the proxy that is nearest.
        let last = headers.get_all(PROTO).iter().next_back();
        let last = last.and_then(|value| value.as_bytes().rsplit(|&byte| byte == b',').next());
        let secure = last.map_or(secure, |proto| {
            proto.trim_ascii().eq_ignore_ascii_case(b"https")
        });
        Client {
            address: self.behind(peer, headers),
            secure,
            by_proxy: true,
        }
    }

    fn lists(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// Every proxy appends the address that it saw: from the right, the first that is not a trusted proxy is the client.
    /// What cannot be read ends the search, since nothing left of it can be believed. It was seen by a trusted proxy, and so
    /// stands for somebody: whom the rules must take neither for that proxy nor for another.
    fn behind(&self, peer: IpAddr, headers: &HeaderMap) -> ClientAddress {
        let mut last = ClientAddress::Behind(peer);
        for value in headers.get_all(FOR).iter().rev() {
            for entry in value.as_bytes().rsplit(|&byte| byte == b',') {
                let Some(address) = address(entry) else {
                    return ClientAddress::Behind(last.nearest());
                };
                last = ClientAddress::At(address);
                if !self.lists(address) {
                    return last;
                }
            }
        }
        last
    }
}

/// An entry of `X-Forwarded-For`: an address, of which some proxies write the port as well (`192.0.2.1:4711`,
/// `[2001:db8::1]:4711`), or the brackets alone.
fn address(entry: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(entry).ok()?.trim();
    let bare = || {
        let inner = text.strip_prefix('[')?.strip_suffix(']')?;
        inner.parse().ok().map(IpAddr::V6)
    };
    let with_port = || text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    let address = text.parse().ok().or_else(with_port).or_else(bare)?;
    Some(address.to_canonical())
}

/// Removes what an upstream must not believe, in every spelling. What the gateway says of an identity comes after this, since its
/// fields can have names that proxies use.
pub(crate) fn strip(headers: &mut HeaderMap, client: Client) {
    let by_proxy = client.by_proxy;
    while let Some(name) = headers.keys().find(|name| claims(name, by_proxy)).cloned() {
        headers.remove(&name);
    }
}

/// Tells the upstream who the client is, and by which protocol the request came to the gateway. The fields were stripped before.
pub(crate) fn write(
    headers: &mut HeaderMap,
    client: Client,
    peer: &HeaderValue,
    host: Option<&HeaderValue>,
    received: Version,
) {
    let chain = chain(headers, peer);
    headers.insert(FOR, chain);
    headers.insert(PROTO, if client.secure { HTTPS } else { HTTP });
    if let Some(host) = host
        && !headers.contains_key(HOST)
    {
        headers.insert(HOST, host.clone());
    }
    // RFC 9110 section 7.6.3: a gateway must send Via in each request that it forwards.
    headers.append(
        VIA,
        HeaderValue::from_static(match received {
            Version::HTTP_2 => "2.0 countersign",
            Version::HTTP_10 => "1.0 countersign",
            _ => "1.1 countersign",
        }),
    );
}

/// All that the proxies in front have said, in however many lines, and the peer.
fn chain(headers: &HeaderMap, peer: &HeaderValue) -> HeaderValue {
    if !headers.contains_key(FOR) {
        return peer.clone();
    }
    let lines = headers.get_all(FOR).iter().chain([peer]);
    let lines: Result<Vec<&str>, _> = lines.map(HeaderValue::to_str).collect();
    // What cannot be read is not repeated.
    lines
        .ok()
        .and_then(|lines| HeaderValue::try_from(lines.join(", ")).ok())
        .unwrap_or_else(|| peer.clone())
}

fn claims(name: &HeaderName, by_proxy: bool) -> bool {
    let text = name.as_str();
    // Nearly every field is done with at its first letter.
    match text.as_bytes().first() {
        Some(b'x' | b't' | b'p') => {}
        Some(b'c' | b's')
            if text
                .get(1..2)
                .is_some_and(|second| matches!(second, "l" | "s")) => {}
        Some(b'f') => return *name == FORWARDED && !by_proxy,
        Some(_) | None => return false,
    }
    if UNDECIDED.iter().any(|other| spelt(text, other)) {
        return true;
    }
    let claiming = CLAIMING_BY_BEGINNING
        .iter()
        .any(|beginning| begins(text, beginning))
        || CLAIMING.iter().any(|claim| spelt(text, claim));
    // No proxy writes anything but hyphens there: another spelling is the client's, and some upstreams take it for the same.
    claiming
        && (!by_proxy
            || text
                .bytes()
                .any(|byte| !byte.is_ascii_alphanumeric() && byte != b'-'))
}

fn begins(name: &str, canonical: &str) -> bool {
    let start = name.get(..canonical.len());
    start.is_some_and(|start| spelt(start, canonical))
}

/// Whether a name is spelt so, whatever is neither letter nor digit counting as a hyphen, as CGI and its heirs see it.
fn spelt(name: &str, canonical: &str) -> bool {
    name.len() == canonical.len()
        && name
            .bytes()
            .zip(canonical.bytes())
            .all(|(a, b)| a == b || (b == b'-' && !a.is_ascii_alphanumeric()))
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
        let client = trust.client("203.0.113.9".parse::<IpAddr>().unwrap(), false, &sent);
        assert_eq!(
            client,
            Client {
                address: ClientAddress::At("203.0.113.9".parse().unwrap()),
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
                .client("10.0.0.1".parse::<IpAddr>().unwrap(), false, &sent)
                .address
                .to_string(),
            "203.0.113.9"
        );
    }

    fn located(chain: &'static str) -> ClientAddress {
        let sent = headers(&[("x-forwarded-for", chain)]);
        let peer: IpAddr = "10.0.0.1".parse().unwrap();
        trust("10.0.0.0/8").client(peer, false, &sent).address
    }

    #[test]
    fn an_address_is_read_with_its_port_as_well() {
        for (chain, address) in [
            ("203.0.113.5:4711", "203.0.113.5"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[::ffff:203.0.113.5]:1", "203.0.113.5"),
            ("203.0.113.5:4711, 10.0.0.2:80", "203.0.113.5"),
        ] {
            let address: IpAddr = address.parse().unwrap();
            assert_eq!(located(chain), ClientAddress::At(address), "{chain}");
        }
    }

    #[test]
    fn attack_24_what_cannot_be_read_makes_nobody_of_the_proxy() {
        for (chain, nearest) in [
            ("unknown", "10.0.0.1"),
            ("", "10.0.0.1"),
            ("203.0.113.9, unknown", "10.0.0.1"),
            ("10.9.9.9, _hidden", "10.0.0.1"),
            ("_hidden, 10.9.9.9", "10.9.9.9"),
            ("203.0.113.9,", "10.0.0.1"),
            ("203.0.113.5:", "10.0.0.1"),
            ("203.0.113.5:99999", "10.0.0.1"),
            ("[203.0.113.5]", "10.0.0.1"),
            ("for=203.0.113.5", "10.0.0.1"),
        ] {
            let nearest: IpAddr = nearest.parse().unwrap();
            assert_eq!(located(chain), ClientAddress::Behind(nearest), "{chain}");
        }
        let peer: IpAddr = "10.0.0.1".parse().unwrap();
        let silent = trust("10.0.0.0/8").client(peer, false, &HeaderMap::new());
        assert_eq!(silent.address, ClientAddress::Behind(peer));
    }

    #[test]
    fn attack_24_the_last_word_on_the_protocol_is_that_of_the_nearest_proxy() {
        let peer: IpAddr = "10.0.0.1".parse().unwrap();
        for (lines, secure) in [
            (&["https"][..], true),
            (&["http"], false),
            (&["https, http"], false),
            (&["http, https"], true),
            (&["https", "http"], false),
            (&["http", " HTTPS "], true),
            (&["https", ""], false),
        ] {
            let mut sent = HeaderMap::new();
            for line in lines {
                sent.append(PROTO, HeaderValue::from_str(line).unwrap());
            }
            let client = trust("10.0.0.0/8").client(peer, false, &sent);
            assert_eq!(client.secure, secure, "{lines:?}");
        }
    }

    #[test]
    fn attack_16_17_22_25_claims_of_an_unlisted_peer_do_not_reach_the_upstream() {
        let mut sent = headers(&[
            ("x-forwarded-uri", "/public"),
            ("x_forwarded_prefix", "/p"),
            ("x-forwarded_proto", "https"),
            ("x-original-url", "/admin"),
            ("x_envoy-original-path", "/"),
            ("x.forwarded.host", "evil.example"),
            ("forwarded", "for=1.2.3.4"),
            ("x-real-ip", "1.2.3.4"),
            ("proxy", "http://evil.example"),
            ("client-cert", ":MII=:"),
            ("client-certificate", "MII"),
            ("ssl-client-s-dn", "CN=alice"),
            ("x-ssl-client-sha1", "00"),
            ("x-ssl-client-i-dn", "CN=ca"),
            ("x_ssl_client_serial", "1"),
            ("x-ssl-certificate", "MII"),
            ("x-client-cert-chain", "MII"),
            ("x-tls-client-subject", "CN=alice"),
            ("x-amzn-mtls-clientcert-leaf", "MII"),
            ("x-arr-clientcert", "MII"),
            ("x-request", "kept"),
        ]);
        let peer = "203.0.113.9".parse().unwrap();
        let client = Client {
            address: ClientAddress::At(peer),
            secure: false,
            by_proxy: false,
        };
        strip(&mut sent, client);
        write(
            &mut sent,
            client,
            &Peer::new(peer).text,
            Some(&HeaderValue::from_static("h.example")),
            Version::HTTP_11,
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

    #[test]
    fn attack_24_no_line_of_a_trusted_chain_is_lost() {
        let mut sent = headers(&[
            ("x-forwarded-for", "1.1.1.1"),
            ("x-forwarded-for", "203.0.113.9"),
        ]);
        let peer: IpAddr = "10.0.0.1".parse().unwrap();
        let client = trust("10.0.0.0/8").client(peer, false, &sent);
        strip(&mut sent, client);
        write(
            &mut sent,
            client,
            &Peer::new(peer).text,
            None,
            Version::HTTP_2,
        );
        assert_eq!(
            sent.get("x-forwarded-for").unwrap(),
            "1.1.1.1, 203.0.113.9, 10.0.0.1"
        );
        assert_eq!(sent.get_all("x-forwarded-for").iter().count(), 1);
        assert_eq!(sent.get("via").unwrap(), "2.0 countersign");
    }
}
