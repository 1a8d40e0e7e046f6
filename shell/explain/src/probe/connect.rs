//! From an address that may be reached to a connection that takes requests: TCP, a forward proxy, TLS, the version.
//!
//! Knows: how a connection comes about. Does not know whether it may be made, nor what is sent over it.

use std::io;
use std::net::SocketAddr;

use countersign_wire::basic;
use http::HeaderValue;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::case::HttpVersion;
use crate::percent;
use crate::probe::exchange::{self, Form, Line, Stream};
use crate::probe::tls::{self, Trust};
use crate::probe::{Care, Stage, Unreachable};

/// Where a connection goes, and how.
pub(super) struct Route<'r> {
    /// The target.
    pub(super) url: &'r Url,
    /// The forward proxy in between.
    pub(super) proxy: Option<&'r Url>,
    /// What the proxy is told of its user.
    pub(super) proxy_authorization: Option<HeaderValue>,
    /// The addresses to connect to: the proxy's, or the target's own.
    pub(super) addresses: Vec<SocketAddr>,
    /// The version to insist on.
    pub(super) version: Option<HttpVersion>,
}

impl Route<'_> {
    /// Whether the proxy is asked for the document itself, and not for a tunnel.
    pub(super) fn is_forwarded(&self) -> bool {
        self.proxy.is_some() && self.url.scheme() == "http"
    }

    /// How the target of a request is written on it.
    pub(super) fn form(&self, line: &Line) -> Form {
        match (line.is_two(), self.is_forwarded()) {
            (true, _) => Form::Two,
            (false, true) => Form::Absolute,
            (false, false) => Form::Origin,
        }
    }
}

/// What became of opening a connection.
pub(super) enum Opened {
    /// It takes requests.
    Line(Line),
    /// The proxy answered instead of opening a tunnel.
    Refused(http::Response<Incoming>),
}

/// Opens the connection of a route, with what is trusted of the server and of the proxy.
pub(super) async fn open(
    route: &Route<'_>,
    (trust, trust_in_proxy): (&Trust<'_>, &Trust<'_>),
    care: &Care,
    deadline: Instant,
) -> Result<Opened, Unreachable> {
    let stream = tcp(&route.addresses, deadline).await?;
    let stream: Box<dyn Stream> = match route.proxy {
        Some(proxy) if proxy.scheme() == "https" => {
            let version = Some(HttpVersion::One);
            Box::new(tls::begin(stream, proxy, trust_in_proxy, version).await?)
        }
        Some(_) | None => Box::new(stream),
    };
    if route.url.scheme() == "http" {
        let is_two = route.version == Some(HttpVersion::Two) && !route.is_forwarded();
        return line(stream, is_two, care).await.map(Opened::Line);
    }
    let stream = match route.proxy {
        None => stream,
        Some(_) => match tunnel(route, stream, care).await? {
            Tunnel::Open(stream) => stream,
            Tunnel::Refused(response) => return Ok(Opened::Refused(response)),
        },
    };
    let stream = tls::begin(stream, route.url, trust, route.version).await?;
    let is_two = tls::is_two(&stream);
    line(stream, is_two, care).await.map(Opened::Line)
}

async fn line(
    stream: impl Stream + 'static,
    is_two: bool,
    care: &Care,
) -> Result<Line, Unreachable> {
    match is_two {
        true => Line::two(stream, care).await,
        false => Line::one(stream, care).await,
    }
}

/// Tries one address after the other; each gets its share of the time that is left.
async fn tcp(addresses: &[SocketAddr], deadline: Instant) -> Result<TcpStream, Unreachable> {
    let mut last = Unreachable {
        stage: Stage::Resolve,
        detail: "the name has no address".to_owned(),
    };
    for (at, address) in addresses.iter().enumerate() {
        let left = deadline.saturating_duration_since(Instant::now());
        let others = u32::try_from(addresses.len().saturating_sub(at)).unwrap_or(u32::MAX);
        let share = left.checked_div(others).unwrap_or(left);
        let error = match timeout_at(Instant::now() + share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // A small request that waits for company only makes the probe slower.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => error,
            Err(_) => io::Error::from(io::ErrorKind::TimedOut),
        };
        last = Unreachable {
            stage: Stage::Connect,
            detail: connect_words(*address, &error),
        };
    }
    Err(last)
}

fn connect_words(address: SocketAddr, error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::ConnectionRefused {
        return format!("nothing listens at `{address}`: the connection was refused");
    }
    if error.kind() == io::ErrorKind::TimedOut {
        return format!("no connection to `{address}` came about in time");
    }
    format!("no connection to `{address}`: {error}")
}

enum Tunnel {
    Open(Box<dyn Stream>),
    Refused(http::Response<Incoming>),
}

async fn tunnel(
    route: &Route<'_>,
    stream: Box<dyn Stream>,
    care: &Care,
) -> Result<Tunnel, Unreachable> {
    let host = route.url.host_str().unwrap_or_default();
    let port = route.url.port_or_known_default().unwrap_or(443);
    let authority = format!("{host}:{port}");
    let message = exchange::connect_message(&authority, route.proxy_authorization.clone())
        .ok_or_else(|| of_proxy(format!("`{authority}` is no name to open a tunnel to")))?;
    let mut line = Line::one(stream, care).await?;
    let response = line.send(message).await.map_err(|broken| {
        let detail = broken.detail;
        of_proxy(format!("the proxy opened no tunnel: {detail}"))
    })?;
    let status = response.status();
    if status.is_success() {
        let upgraded = hyper::upgrade::on(response).await;
        let upgraded = upgraded.map_err(|error| of_proxy(format!("the tunnel broke: {error}")))?;
        return Ok(Tunnel::Open(Box::new(TokioIo::new(upgraded))));
    }
    // A refusal of the proxy explains itself; its failure to reach the server is none.
    match status.is_client_error() {
        true => Ok(Tunnel::Refused(response)),
        false => Err(of_proxy(format!(
            "the proxy answered {} instead of opening a tunnel",
            status.as_u16()
        ))),
    }
}

fn of_proxy(detail: String) -> Unreachable {
    Unreachable {
        stage: Stage::Proxy,
        detail,
    }
}

/// The credentials in the address of a proxy, as its field carries them.
pub(super) fn proxy_authorization(proxy: &Url) -> Option<HeaderValue> {
    if proxy.username().is_empty() && proxy.password().is_none() {
        return None;
    }
    let user = percent::decoded_text(proxy.username());
    let password = percent::decoded_text(proxy.password().unwrap_or_default());
    let value =
        basic::client::authorization(&user, &password, basic::client::Charset::Utf8).ok()?;
    let mut value = HeaderValue::from_str(value.expose()).ok()?;
    value.set_sensitive(true);
    Some(value)
}
