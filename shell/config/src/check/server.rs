//! The listener, its limits, the log and the cache.
//!
//! Knows: addresses and numbers. Does not know routes, but for whether any of them reads credentials.

use std::net::SocketAddr;
use std::time::Duration;

use countersign_policy::Network;

use super::{Scene, acme, bound, files, text, url};
use crate::declared::{Key, admin, cache, limits, log, proxy_protocol, reload, server, tls};
use crate::finding::Span;
use crate::problem::ServerProblem;
use crate::read::{Fields, Located};
use crate::settings::{
    AccessFormat, Acme, ClientCertificates, Limits, Log, LogFormat, ProxyProtocol, Tls,
};

/// The values of `[server]`.
pub(super) struct Server {
    pub(super) listen: Vec<SocketAddr>,
    pub(super) public_url: Option<Box<str>>,
    pub(super) workers: usize,
    pub(super) trusted_proxies: Vec<Network>,
    pub(super) proxy_protocol: Option<ProxyProtocol>,
    pub(super) tls: Option<Tls>,
    pub(super) acme: Option<Acme>,
    pub(super) client_certificates: Option<(ClientCertificates, Span)>,
    pub(super) limits: Limits,
}

/// Reads `[server]`. Where some route reads credentials, they must not come in plain text over a network.
pub(super) fn read(
    fields: Option<&Fields<'_>>,
    reads_credentials: bool,
    scene: Scene<'_>,
) -> Server {
    let tls_fields = fields.and_then(|fields| fields.table(&server::TLS));
    let has_tls = tls_fields.is_some();
    if let Some(fields) = &tls_fields {
        acme::one_certificate(fields, scene);
    }
    let public_url = fields.and_then(|fields| public_url(fields, scene));
    let behind_tls = has_tls
        || public_url
            .as_deref()
            .is_some_and(|url| url.starts_with("https://"));
    let listen = listen(fields, reads_credentials && !behind_tls, scene);
    let proxy_fields = fields.and_then(|fields| fields.table(&server::PROXY_PROTOCOL));
    Server {
        proxy_protocol: proxy_fields.map(|fields| proxies(&fields, &listen, scene)),
        listen,
        public_url,
        workers: fields
            .and_then(|fields| fields.whole(&server::WORKERS))
            .map_or_else(|| scene.surroundings.cores(), |workers| size(workers.value)),
        trusted_proxies: fields
            .map(|fields| trusted_proxies(fields, scene))
            .unwrap_or_default(),
        tls: tls_fields
            .as_ref()
            .and_then(|fields| files::tls(fields, scene)),
        acme: tls_fields.as_ref().and_then(|tls| {
            let fields = tls.table(&tls::ACME)?;
            acme::read(&fields, scene)
        }),
        client_certificates: tls_fields.as_ref().and_then(|tls| {
            let fields = tls.table(&tls::CLIENT_CERTIFICATES)?;
            Some((bound::asked(&fields, scene)?, fields.span.clone()))
        }),
        limits: read_limits(
            fields
                .and_then(|fields| fields.table(&server::LIMITS))
                .as_ref(),
        ),
    }
}

fn public_url(fields: &Fields<'_>, scene: Scene<'_>) -> Option<Box<str>> {
    let written = fields.text(&server::PUBLIC_URL)?;
    Some(url::read_origin(&written, scene)?.origin().into())
}

fn listen(
    fields: Option<&Fields<'_>>,
    warn_of_plain_text: bool,
    scene: Scene<'_>,
) -> Vec<SocketAddr> {
    let Some(written) = fields.and_then(|fields| fields.texts(&server::LISTEN)) else {
        return vec![SocketAddr::from(([127, 0, 0, 1], 8080))];
    };
    let warn = |value: &str| ServerProblem::NoTls {
        address: value.to_owned(),
    };
    let warn: Option<&dyn Fn(&str) -> ServerProblem> = warn_of_plain_text.then_some(&warn);
    addresses(&written.value, warn, scene)
}

/// `[admin]`: the addresses, which should be of this machine alone.
pub(super) fn admin(fields: Option<&Fields<'_>>, scene: Scene<'_>) -> Vec<SocketAddr> {
    let Some(written) = fields.and_then(|fields| fields.texts(&admin::LISTEN)) else {
        return Vec::new();
    };
    let warn = |value: &str| ServerProblem::AdminOpen {
        address: value.to_owned(),
    };
    addresses(&written.value, Some(&warn), scene)
}

/// `[reload]`: how long changed files are left alone, where they are taken up by themselves.
pub(super) fn reload(fields: Option<&Fields<'_>>) -> Option<Duration> {
    let settle = fields.and_then(|fields| fields.whole(&reload::SETTLE_MILLIS));
    let settle = settle.map_or(500, |millis| millis.value);
    let on_change = fields.and_then(|fields| fields.flag(&reload::ON_CHANGE));
    on_change
        .is_some_and(|flag| flag.value)
        .then(|| Duration::from_millis(settle))
}

/// Addresses to listen on, with a warning for each that is not of this machine alone.
fn addresses(
    written: &[Located<&str>],
    warn_if_open: Option<&dyn Fn(&str) -> ServerProblem>,
    scene: Scene<'_>,
) -> Vec<SocketAddr> {
    text::no_two_the_same(written, scene);
    let mut addresses = Vec::new();
    for text in written {
        let Ok(address) = text.parse::<SocketAddr>() else {
            let value = text.value.to_owned();
            scene
                .sink
                .error(&text.span, ServerProblem::ListenAddress { value });
            continue;
        };
        if let Some(warn) = warn_if_open
            && !address.ip().to_canonical().is_loopback()
        {
            scene.sink.warn(&text.span, warn(text.value));
        }
        addresses.push(address);
    }
    addresses
}

fn trusted_proxies(fields: &Fields<'_>, scene: Scene<'_>) -> Vec<Network> {
    let written = fields.texts_or_none(&server::TRUSTED_PROXIES);
    let networks = text::networks(&written, scene);
    for text in &written {
        if Network::parse(text.value).is_ok_and(|network| network.is_everything()) {
            scene.sink.warn(
                &text.span,
                ServerProblem::EverybodyTrusted {
                    value: text.value.to_owned(),
                },
            );
        }
    }
    networks
}

/// `[server.proxy_protocol]`: whose header is believed, and where it has to be.
fn proxies(fields: &Fields<'_>, listen: &[SocketAddr], scene: Scene<'_>) -> ProxyProtocol {
    let peers = fields.texts(&proxy_protocol::PEERS);
    if let Some(peers) = &peers {
        for text in &peers.value {
            if Network::parse(text.value).is_ok_and(|network| network.is_everything()) {
                let value = text.value.to_owned();
                scene
                    .sink
                    .warn(&text.span, ServerProblem::EverybodyIsProxy { value });
            }
        }
    }
    let peers = peers.map(|peers| text::networks(&peers.value, scene));
    let Some(written) = fields.texts(&proxy_protocol::LISTEN) else {
        return ProxyProtocol {
            peers: peers.unwrap_or_default(),
            listen: listen.to_vec(),
        };
    };
    let chosen = addresses(&written.value, None, scene);
    for text in &written.value {
        let address = text.value.parse::<SocketAddr>();
        if address.is_ok_and(|address| !listen.contains(&address)) {
            let value = text.value.to_owned();
            scene
                .sink
                .error(&text.span, ServerProblem::NoSuchListener { value });
        }
    }
    ProxyProtocol {
        peers: peers.unwrap_or_default(),
        listen: chosen,
    }
}

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn read_limits(fields: Option<&Fields<'_>>) -> Limits {
    let default = Limits::default();
    let number = |key: &'static Key| {
        fields
            .and_then(|fields| fields.whole(key))
            .map(|number| number.value)
    };
    let count = |key, default| number(key).map_or(default, size);
    let count_32 = |key, default| {
        number(key).map_or(default, |number| u32::try_from(number).unwrap_or(u32::MAX))
    };
    let time = |key, default| number(key).map_or(default, Duration::from_secs);
    Limits {
        head_bytes_max: count(&limits::HEAD_BYTES_MAX, default.head_bytes_max),
        headers_max: count(&limits::HEADERS_MAX, default.headers_max),
        body_bytes_max: number(&limits::BODY_BYTES_MAX).filter(|bytes| *bytes > 0),
        connections_max: count(&limits::CONNECTIONS_MAX, default.connections_max),
        turned_away_max: count(&limits::TURNED_AWAY_MAX, default.turned_away_max),
        streams_max: count_32(&limits::STREAMS_MAX, default.streams_max),
        first_byte: time(&limits::FIRST_BYTE_SECS, default.first_byte),
        head: time(&limits::HEAD_SECS, default.head),
        idle: time(&limits::IDLE_SECS, default.idle),
        body_stall: time(&limits::BODY_STALL_SECS, default.body_stall),
        held_bodies_bytes_max: count(
            &limits::HELD_BODIES_BYTES_MAX,
            default.held_bodies_bytes_max,
        ),
        held_body: time(&limits::HELD_BODY_SECS, default.held_body),
        proxy_header_bytes_max: count(
            &limits::PROXY_HEADER_BYTES_MAX,
            default.proxy_header_bytes_max,
        ),
        proxy_header: time(&limits::PROXY_HEADER_SECS, default.proxy_header),
        tls_handshake: time(&limits::TLS_HANDSHAKE_SECS, default.tls_handshake),
        upstream_connect: time(&limits::UPSTREAM_CONNECT_SECS, default.upstream_connect),
        upstream_head: time(&limits::UPSTREAM_HEAD_SECS, default.upstream_head),
        upstream_stall: time(&limits::UPSTREAM_STALL_SECS, default.upstream_stall),
        upstream_idle_max: count(&limits::UPSTREAM_IDLE_MAX, default.upstream_idle_max),
        upstream_idle: time(&limits::UPSTREAM_IDLE_SECS, default.upstream_idle),
        upstream_streams_max: count(&limits::UPSTREAM_STREAMS_MAX, default.upstream_streams_max),
        upgrades_max: count(&limits::UPGRADES_MAX, default.upgrades_max),
        upgrade_idle: time(&limits::UPGRADE_IDLE_SECS, default.upgrade_idle),
        upgrade_max: time(&limits::UPGRADE_SECS_MAX, default.upgrade_max),
        password_queue_max: count(&limits::PASSWORD_QUEUE_MAX, default.password_queue_max),
        password_threads: count(&limits::PASSWORD_THREADS, default.password_threads),
        refusals_kept_per_sec_max: count_32(
            &limits::REFUSALS_KEPT_PER_SEC_MAX,
            default.refusals_kept_per_sec_max,
        ),
        refusals_kept_max: count_32(&limits::REFUSALS_KEPT_MAX, default.refusals_kept_max),
        acts_kept_max: count_32(&limits::ACTS_KEPT_MAX, default.acts_kept_max),
        acts_kept_days: count_32(&limits::ACTS_KEPT_DAYS, default.acts_kept_days),
    }
}

/// `[log]`.
pub(super) fn read_log(fields: Option<&Fields<'_>>) -> Log {
    let is_text = fields
        .and_then(|fields| fields.text(&log::FORMAT))
        .is_some_and(|format| format.value == "text");
    Log {
        format: if is_text {
            LogFormat::Text
        } else {
            LogFormat::Json
        },
        refusals: fields
            .and_then(|fields| fields.flag(&log::REFUSALS))
            .is_none_or(|flag| flag.value),
        access: access(fields),
    }
}

fn access(fields: Option<&Fields<'_>>) -> AccessFormat {
    let written = fields.and_then(|fields| fields.text(&log::ACCESS));
    match written.map(|format| format.value) {
        Some("common") => AccessFormat::Common,
        Some("combined") => AccessFormat::Combined,
        Some("json") => AccessFormat::Json,
        Some(_) | None => AccessFormat::Off,
    }
}

/// `[cache]`: how long, and how many.
pub(super) fn cache(fields: Option<&Fields<'_>>) -> (i64, usize) {
    let number = |key: &'static Key| {
        fields
            .and_then(|fields| fields.whole(key))
            .map(|number| number.value)
    };
    let ttl_secs =
        number(&cache::TTL_SECS).map_or(60, |secs| i64::try_from(secs).unwrap_or(i64::MAX));
    (ttl_secs, number(&cache::ENTRIES_MAX).map_or(65_536, size))
}
