//! What the shell needs to know beside the rules of the line: addresses, limits, files, upstreams.
//!
//! Knows: values that have been checked. Does not know the file they stood in, nor what a request is.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use countersign_policy::Network;
use http::HeaderName;

mod acme;
mod collector;
mod introspection;
mod provider;
mod secret_place;
mod traces;

pub use acme::{Acme, ExternalAccount};
pub(crate) use collector::header_lines;
pub use collector::{Collector, HeaderLineDefect, HeadersUnread};
pub use introspection::{Client, Introspection};
pub use provider::{Provider, ProviderClient};
pub use secret_place::SecretPlace;
pub use traces::{Metrics, Traces};

/// The settings of the gateway.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The addresses of the public listener.
    pub listen: Vec<SocketAddr>,
    /// The addresses of the admin listener; none: there is none.
    pub admin: Vec<SocketAddr>,
    /// How long changed files are left alone before they are taken up by themselves; `None`: they are not.
    pub reload_on_change: Option<Duration>,
    /// Worker threads, each with its own runtime and listening sockets.
    pub workers: usize,
    /// Peers whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// The PROXY protocol on the public listener; `None`: it is not read.
    pub proxy_protocol: Option<ProxyProtocol>,
    /// TLS on the public listener.
    pub tls: Option<Tls>,
    /// The certificate of the public listener, where it is ordered: `tls` is `None` then.
    pub acme: Option<Acme>,
    /// Certificates that clients are asked for; `None`: none.
    pub client_certificates: Option<ClientCertificates>,
    /// The limits and deadlines.
    pub limits: Limits,
    /// Where the store is.
    pub store: PathBuf,
    /// What is logged, and how.
    pub log: Log,
    /// Where traces go; `None`: there are none.
    pub traces: Option<Traces>,
    /// Where figures are posted; `None`: they are not.
    pub metrics: Option<Metrics>,
    /// How many verified credentials each worker remembers at most.
    pub cache_entries_max: usize,
    /// How many accounts, networks and pairs of them the brakes on guessing count for at most.
    pub brakes_entries_max: usize,
    /// What of Digest is the shell's.
    pub digest: Digest,
    /// The private keys that identity tokens are signed with; `None`: there are none.
    pub identity_keys: Option<PathBuf>,
    /// How many proofs of DPoP are remembered.
    pub proofs_max: usize,
    /// Where each issuer's keys come from, in the order of `Rules::issuers`.
    pub issuers: Vec<IssuerKeys>,
    /// How each issuer is asked about tokens, in the same order; `None`: it is not.
    pub introspection: Vec<Option<Introspection>>,
    /// The providers that people can sign in through, in the order of `Rules::providers`.
    pub providers: Vec<Provider>,
    /// The upstreams, in the order that `RouteRules::upstream` counts.
    pub upstreams: Vec<Upstream>,
}

impl Settings {
    /// The files that the configuration names and that are read with it, the store apart.
    #[must_use]
    pub fn files(&self) -> Vec<&Path> {
        let mut files: Vec<&Path> = Vec::new();
        let of_upstreams = self.upstreams.iter().filter_map(|one| one.tls.as_ref());
        for tls in of_upstreams {
            files.extend(tls.ca_file.as_deref());
            files.extend(tls.client.iter().flat_map(Tls::files));
        }
        files.extend(self.tls.iter().flat_map(Tls::files));
        files.extend(self.acme.iter().flat_map(Acme::files));
        if let Some(asked) = &self.client_certificates {
            files.push(&asked.ca_file);
            files.extend(asked.crl_files.iter().map(PathBuf::as_path));
        }
        let nonce_key = self.digest.nonce_key_file.as_ref();
        files.extend(nonce_key.and_then(SecretPlace::file));
        files.extend(self.identity_keys.as_deref());
        // Their header lines are read whenever something is posted, and need no reload.
        files.extend(
            self.collectors()
                .filter_map(|collector| collector.ca_file.as_deref()),
        );
        for issuer in &self.issuers {
            files.extend(issuer.ca_file.as_deref());
            match &issuer.source {
                KeySource::JwksFile(path) => files.push(path),
                KeySource::SecretFile(place) => files.extend(place.file()),
                KeySource::Asked
                | KeySource::Discovery
                | KeySource::JwksUrl(_)
                | KeySource::Inline(_) => {}
            }
        }
        let asked = self.introspection.iter().flatten();
        files.extend(asked.filter_map(|asked| asked.secret_file.file()));
        for provider in &self.providers {
            files.extend(provider.ca_file.as_deref());
            files.extend(provider.client.secret().and_then(SecretPlace::file));
        }
        files
    }
}

impl Settings {
    /// The collectors of traces and figures.
    pub fn collectors(&self) -> impl Iterator<Item = &Collector> {
        let traces = self.traces.iter().map(|traces| &traces.collector);
        traces.chain(self.metrics.iter().map(|metrics| &metrics.collector))
    }
}

impl Tls {
    fn files(&self) -> [&Path; 2] {
        [&self.certificate, &self.key]
    }
}

/// Listeners on which every connection begins with a header of the PROXY protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyProtocol {
    /// Whose header is believed. Others are not served on these listeners.
    pub peers: Vec<Network>,
    /// Which of [`Settings::listen`].
    pub listen: Vec<SocketAddr>,
}

/// The files of a certificate of the gateway's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// PEM: the certificate and its chain.
    pub certificate: PathBuf,
    /// PEM: the private key.
    pub key: PathBuf,
}

/// The certificates that clients are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificates {
    /// PEM: the authorities whose certificates are taken.
    pub ca_file: PathBuf,
    /// PEM: their revocation lists; none: nothing is known to be revoked.
    pub crl_files: Vec<PathBuf>,
    /// Whether a connection without a good one is broken off.
    pub required: bool,
}

/// What of Digest is the shell's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// How many nonces have their counts kept.
    pub nonces_max: usize,
    /// The secret that nonces are made with: the bytes there, white space at their end apart. `None`: the store's.
    pub nonce_key_file: Option<SecretPlace>,
    /// Where a proxy that is believed says what the client has asked it for.
    pub original_target_header: Option<HeaderName>,
}

impl Default for Digest {
    fn default() -> Self {
        Self {
            nonces_max: 65_536,
            nonce_key_file: None,
            original_target_header: None,
        }
    }
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Log {
    /// For machines or for people.
    pub format: LogFormat,
    /// Whether each refusal has a line.
    pub refusals: bool,
    /// Whether each request has a line in the access log, and in which form.
    pub access: AccessFormat,
}

/// The forms of the access log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessFormat {
    /// There is none.
    Off,
    /// The Common Log Format of the NCSA.
    Common,
    /// The same with `Referer` and `User-Agent`.
    Combined,
    /// One JSON object a line.
    Json,
}

/// The two forms of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// One line of words an event.
    Text,
}

/// Where the keys of an issuer come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerKeys {
    /// The source.
    pub source: KeySource,
    /// PEM certificates that are trusted for the issuer's server beside the system's.
    pub ca_file: Option<PathBuf>,
}

/// A source of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// It has none: it is asked about each token.
    Asked,
    /// OpenID Connect Discovery 1.0 or RFC 8414, from the issuer's own address.
    Discovery,
    /// A JWK Set at this address.
    JwksUrl(String),
    /// A JWK Set in this file.
    JwksFile(PathBuf),
    /// A JWK Set in the configuration itself, as JSON.
    Inline(String),
    /// A secret shared with the issuer, for HS256 and its kin: the bytes there, a line end apart.
    SecretFile(SecretPlace),
}

/// An application behind the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// The name in the configuration.
    pub name: Box<str>,
    /// Where it is served; at least one.
    pub servers: Vec<Server>,
    /// After how many failures in a row a server is passed over, where there is another.
    pub failures_max: u32,
    /// For how long.
    pub pass_over: Duration,
    /// On how many other servers a request is tried.
    pub retries_max: usize,
    /// Whether a 502, 503 or 504 counts as a failure of its server.
    pub unavailable_fails: bool,
    /// Whether the client's `Host` goes on, instead of the upstream's own.
    pub keep_host: bool,
    /// How it is reached by TLS; `None`: in plain text.
    pub tls: Option<UpstreamTls>,
    /// Whether HTTP/2 is spoken to it.
    pub http2: bool,
}

/// One server of an upstream.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Server {
    /// Host name or address, an IPv6 address without brackets.
    pub host: Box<str>,
    /// Port.
    pub port: u16,
}

/// TLS to an upstream. There is no way to leave its certificate unchecked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamTls {
    /// The name, or the address, that its certificate must have; `None`: the host of each server.
    pub server_name: Option<Box<str>>,
    /// PEM certificates that are trusted for it; `None`: the system's.
    pub ca_file: Option<PathBuf>,
    /// The certificate that the gateway shows, with its key.
    pub client: Option<Tls>,
}

impl Server {
    /// Host and port as they stand in a `Host` field; the port that the scheme has by itself is left out.
    #[must_use]
    pub fn authority(&self, by_tls: bool) -> String {
        let usual = if by_tls { 443 } else { 80 };
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false if self.port == usual => self.host.to_string(),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

/// Every limit by name, with its default. Durations of zero mean "no limit" nowhere: a limit is always there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request head: target and header fields.
    pub head_bytes_max: usize,
    /// Header fields of a request.
    pub headers_max: usize,
    /// Bytes of a request body; `None`: as many as the upstream takes.
    pub body_bytes_max: Option<u64>,
    /// Open client connections, over all workers.
    pub connections_max: usize,
    /// Connections past `connections_max` that are being told so, for each worker.
    pub turned_away_max: usize,
    /// Requests in flight on one HTTP/2 connection.
    pub streams_max: u32,
    /// From the connection to its first byte.
    pub first_byte: Duration,
    /// From the first byte of a head to its end.
    pub head: Duration,
    /// Between two requests on a connection.
    pub idle: Duration,
    /// Between two parts of a request body.
    pub body_stall: Duration,
    /// Bytes of bodies that are held at once, over all workers.
    pub held_bodies_bytes_max: usize,
    /// For the whole of a body that is held.
    pub held_body: Duration,
    /// Bytes of a header of the PROXY protocol.
    pub proxy_header_bytes_max: usize,
    /// From the connection to the end of its header of the PROXY protocol.
    pub proxy_header: Duration,
    /// The TLS handshake.
    pub tls_handshake: Duration,
    /// Connecting to an upstream.
    pub upstream_connect: Duration,
    /// From the request to the head of the upstream's response.
    pub upstream_head: Duration,
    /// Between two parts of a response body.
    pub upstream_stall: Duration,
    /// Idle connections kept to one upstream, for each worker.
    pub upstream_idle_max: usize,
    /// How long an idle connection to an upstream is kept.
    pub upstream_idle: Duration,
    /// Requests in flight on one HTTP/2 connection to an upstream.
    pub upstream_streams_max: usize,
    /// Upgraded connections that are open, over all workers.
    pub upgrades_max: usize,
    /// How long an upgraded connection may be silent both ways.
    pub upgrade_idle: Duration,
    /// How long an upgraded connection may be open.
    pub upgrade_max: Duration,
    /// Passwords that may wait to be checked.
    pub password_queue_max: usize,
    /// Threads that check passwords.
    pub password_threads: usize,
    /// Refusals a second that are kept for `countersign why`; the log has all of them.
    pub refusals_kept_per_sec_max: u32,
    /// Refusals that are kept in all.
    pub refusals_kept_max: u32,
    /// Acts of administration that are kept in all.
    pub acts_kept_max: u32,
    /// How long acts of administration are kept, in days.
    pub acts_kept_days: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_bytes_max: 32 * 1024,
            headers_max: 100,
            body_bytes_max: None,
            connections_max: 10_000,
            turned_away_max: 64,
            streams_max: 128,
            first_byte: Duration::from_secs(10),
            head: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            body_stall: Duration::from_secs(30),
            held_bodies_bytes_max: 67_108_864,
            held_body: Duration::from_secs(60),
            proxy_header_bytes_max: 4096,
            proxy_header: Duration::from_secs(5),
            tls_handshake: Duration::from_secs(10),
            upstream_connect: Duration::from_secs(5),
            upstream_head: Duration::from_secs(60),
            upstream_stall: Duration::from_secs(60),
            upstream_idle_max: 64,
            upstream_idle: Duration::from_secs(50),
            upstream_streams_max: 100,
            upgrades_max: 5_000,
            upgrade_idle: Duration::from_secs(300),
            upgrade_max: Duration::from_secs(86_400),
            password_queue_max: 64,
            password_threads: 1,
            refusals_kept_per_sec_max: 100,
            refusals_kept_max: 10_000,
            acts_kept_max: 100_000,
            acts_kept_days: 400,
        }
    }
}
