//! Servers behind the gateway.
//!
//! Knows: their URLs, and the files of TLS to them. Does not know connections.

use std::time::Duration;

use countersign_policy::Host;

use super::{Scene, files, text, url};
use crate::declared::{Key, file, upstream, upstream_tls};
use crate::finding::Span;
use crate::problem::ServerProblem;
use crate::read::Fields;
use crate::settings::{Server, Tls, Upstream, UpstreamTls};

/// The most servers of one upstream: what was tried for a request is a bit each.
const SERVERS_MAX: usize = 64;

/// An upstream and where its name stands.
pub(super) struct Checked {
    pub(super) settings: Upstream,
    /// For whom tokens are signed that it gets, and where that stands.
    pub(super) token_audience: Option<(Box<str>, Span)>,
    pub(super) span: Span,
}

pub(super) fn all(document: &Fields<'_>, scene: Scene<'_>) -> Vec<Checked> {
    let mut upstreams = Vec::new();
    for (name, fields) in document.named(&file::UPSTREAM) {
        text::name(&name, scene);
        let addresses = addresses(&fields, scene);
        let flag = |key| fields.flag(key).is_some_and(|flag| flag.value);
        let number = |key: &'static Key, default: u32| {
            let number = fields.whole(key).map(|number| u32::try_from(number.value));
            number.map_or(default, |number| number.unwrap_or(u32::MAX))
        };
        let tls_fields = fields.table(&upstream::TLS);
        if let Some(tls_fields) = tls_fields.as_ref().filter(|_| !addresses.are_https) {
            scene
                .sink
                .error(&tls_fields.span, ServerProblem::UpstreamTlsUnused);
        }
        let tls = tls(tls_fields.as_ref(), scene);
        let settings = Upstream {
            name: name.value.into(),
            servers: addresses.servers,
            failures_max: number(&upstream::FAILURES_MAX, 3),
            pass_over: Duration::from_secs(number(&upstream::PASS_OVER_SECS, 10).into()),
            retries_max: usize::try_from(number(&upstream::RETRIES_MAX, 1)).unwrap_or(usize::MAX),
            unavailable_fails: flag(&upstream::UNAVAILABLE_FAILS),
            keep_host: flag(&upstream::KEEP_HOST),
            tls: addresses.are_https.then_some(tls),
            http2: flag(&upstream::HTTP2),
        };
        let audience = text::not_empty(&fields, &upstream::TOKEN_AUDIENCE, scene);
        upstreams.push(Checked {
            settings,
            token_audience: audience.map(|text| (text.value.into(), text.span)),
            span: name.span,
        });
    }
    upstreams
}

#[derive(Default)]
struct Addresses {
    are_https: bool,
    servers: Vec<Server>,
}

/// The servers. All are reached alike: what is said once of TLS and HTTP/2 holds for each.
fn addresses(fields: &Fields<'_>, scene: Scene<'_>) -> Addresses {
    let mut addresses = Addresses::default();
    let Some(written) = fields.texts(&upstream::URL) else {
        return addresses;
    };
    text::no_two_the_same(&written.value, scene);
    if written.value.len() > SERVERS_MAX {
        let problem = ServerProblem::ServersTooMany { max: SERVERS_MAX };
        scene.sink.error(&written.span, problem);
    }
    let mut first = None;
    for text in &written.value {
        let Some(url) = url::read_origin(text, scene) else {
            continue;
        };
        let name = url.host.name();
        let bare = name
            .strip_prefix('[')
            .and_then(|name| name.strip_suffix(']'))
            .unwrap_or(name);
        let usual = if url.is_https { 443 } else { 80 };
        let (span, is_https) = first.get_or_insert((&text.span, url.is_https));
        if *is_https != url.is_https {
            let problem = ServerProblem::SchemesDiffer;
            scene
                .sink
                .error_beside(&text.span, problem, span, "the first one");
        }
        addresses.are_https = *is_https;
        addresses.servers.push(Server {
            host: bare.into(),
            port: url.host.port().unwrap_or(usual),
        });
    }
    addresses
}

fn tls(fields: Option<&Fields<'_>>, scene: Scene<'_>) -> UpstreamTls {
    let ca_file = fields.and_then(|fields| fields.text(&upstream_tls::CA_FILE));
    if let Some(path) = &ca_file {
        scene.pem(path, "CERTIFICATE", "certificate");
    }
    let name = fields.and_then(|fields| fields.text(&upstream_tls::SERVER_NAME));
    if let Some(name) = &name
        && Host::parse(name.value.as_bytes()).map_or(true, |host| host.port().is_some())
    {
        let value = name.value.to_owned();
        scene
            .sink
            .error(&name.span, ServerProblem::ServerName { value });
    }
    UpstreamTls {
        server_name: name.map(|name| name.value.into()),
        ca_file: ca_file.map(|path| scene.resolve(path.value)),
        client: fields.and_then(|fields| client(fields, scene)),
    }
}

/// What the gateway shows of itself: both files, or neither.
fn client(fields: &Fields<'_>, scene: Scene<'_>) -> Option<Tls> {
    let (certificate, key) = (&upstream_tls::CERTIFICATE, &upstream_tls::KEY);
    for (one, other) in [(certificate, key), (key, certificate)] {
        if fields.has(one) && !fields.has(other) {
            let problem = ServerProblem::HalfACertificate { lacks: other.name };
            scene.sink.error(&fields.span_of_key(one), problem);
        }
    }
    files::pair(fields.text(certificate), fields.text(key), scene)
}
