//! Servers behind the gateway.
//!
//! Knows their URLs. Does not know connections.

use super::{Scene, text, url};
use crate::declared::{file, upstream};
use crate::finding::Span;
use crate::problem::UrlDefect;
use crate::read::Fields;
use crate::settings::Upstream;

/// An upstream and where its name stands.
pub(super) struct Checked {
    pub(super) settings: Upstream,
    pub(super) span: Span,
}

pub(super) fn all(document: &Fields<'_>, scene: Scene<'_>) -> Vec<Checked> {
    let mut upstreams = Vec::new();
    for (name, fields) in document.named(&file::UPSTREAM) {
        text::name(&name, scene);
        let (host, port) = address(&fields, scene).unwrap_or_default();
        let keep_host = fields
            .flag(&upstream::KEEP_HOST)
            .is_some_and(|flag| flag.value);
        let settings = Upstream {
            name: name.value.into(),
            host: host.into(),
            port,
            keep_host,
        };
        upstreams.push(Checked {
            settings,
            span: name.span,
        });
    }
    upstreams
}

/// Host name or address, an IPv6 address without brackets, and port.
fn address(fields: &Fields<'_>, scene: Scene<'_>) -> Option<(String, u16)> {
    let written = fields.text(&upstream::URL)?;
    let url = url::read_origin(&written, scene)?;
    if url.is_https {
        url::report(&written, UrlDefect::UpstreamTls, scene);
    }
    let name = url.host.name();
    let bare = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
        .unwrap_or(name);
    Some((bare.to_owned(), url.host.port().unwrap_or(80)))
}
