//! URLs, as far as a configuration needs them.
//!
//! Knows: scheme, authority, path of http and https. Does not know other schemes.

use std::net::IpAddr;

use countersign_policy::Host;

use super::Scene;
use crate::problem::{ServerProblem, UrlDefect};
use crate::read::Located;

/// An http or https URL, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url<'d> {
    pub(super) is_https: bool,
    /// In canonical form.
    pub(super) host: Host<'d>,
    /// From the first slash on; empty where there is none.
    pub(super) path: &'d str,
}

impl Url<'_> {
    /// The origin (RFC 6454 section 6.2), where the scheme's own port is not written.
    pub(super) fn origin(&self) -> String {
        let (scheme, default_port) = if self.is_https {
            ("https", 443)
        } else {
            ("http", 80)
        };
        match self.host.port().filter(|port| *port != default_port) {
            Some(port) => format!("{scheme}://{}:{port}", self.host.name()),
            None => format!("{scheme}://{}", self.host.name()),
        }
    }
}

/// Whether what is sent there does not leave the machine.
pub(super) fn is_of_this_machine(host: &str) -> bool {
    // RFC 6761 section 6.3: `localhost` is resolved to nothing but loopback addresses.
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address
            .parse::<IpAddr>()
            .is_ok_and(|address| address.to_canonical().is_loopback())
}

/// ```abnf
/// URL = ( "http" / "https" ) "://" authority [ "/" path ]
/// ```
pub(super) fn parse(text: &str) -> Result<Url<'_>, UrlDefect> {
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(UrlDefect::Characters);
    }
    let (scheme, rest) = text.split_once("://").ok_or(UrlDefect::NotHttp)?;
    // RFC 3986 section 3.1: schemes are case-insensitive.
    let is_https = scheme.eq_ignore_ascii_case("https");
    if !is_https && !scheme.eq_ignore_ascii_case("http") {
        return Err(UrlDefect::NotHttp);
    }
    if rest.contains(['?', '#']) {
        return Err(UrlDefect::QueryOrFragment);
    }
    let (authority, path) = rest
        .split_at_checked(rest.find('/').unwrap_or(rest.len()))
        .unwrap_or((rest, ""));
    let host = Host::parse(authority.as_bytes()).map_err(UrlDefect::Host)?;
    Ok(Url {
        is_https,
        host,
        path,
    })
}

/// A URL, reported where it is none.
pub(super) fn read<'d>(text: &Located<&'d str>, scene: Scene<'_>) -> Option<Url<'d>> {
    parse(text.value)
        .map_err(|defect| report(text, defect, scene))
        .ok()
}

/// A URL that is an origin: nothing but a slash may follow the authority.
pub(super) fn read_origin<'d>(text: &Located<&'d str>, scene: Scene<'_>) -> Option<Url<'d>> {
    let url = read(text, scene)?;
    if !matches!(url.path, "" | "/") {
        report(text, UrlDefect::Path, scene);
        return None;
    }
    Some(url)
}

pub(super) fn report(text: &Located<&str>, defect: UrlDefect, scene: Scene<'_>) {
    scene.sink.error(
        &text.span,
        ServerProblem::Url {
            value: text.value.to_owned(),
            defect,
        },
    );
}
