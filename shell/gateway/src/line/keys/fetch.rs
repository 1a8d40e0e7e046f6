//! One GET of a small document, bounded in size and time. Redirects are not followed: an issuer's keys stand where the
//! issuer says.
//!
//! Knows: HTTP and TLS as a client. Does not know what is fetched.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CACHE_CONTROL, DATE, HOST, USER_AGENT};
use http::{HeaderMap, Request, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// The most that is read of a document, in bytes.
const DOCUMENT_BYTES_MAX: usize = 512 * 1024;
/// The most time that a document may take, from look-up to last byte.
const DOCUMENT_TIME_MAX: Duration = Duration::from_secs(10);

/// A document, and what its server said about time.
pub(crate) struct Fetched {
    pub(crate) body: Bytes,
    /// `max-age` of RFC 9111 section 5.2.2.1, in seconds.
    pub(crate) max_age_secs: Option<u64>,
    /// The server's clock by its `Date`, in Unix seconds.
    pub(crate) date_unix_secs: Option<i64>,
}

/// Fetches a document.
///
/// # Errors
/// In words for the log.
pub(crate) async fn fetch(address: &str, tls: &Arc<ClientConfig>) -> Result<Fetched, String> {
    let fetched = tokio::time::timeout(DOCUMENT_TIME_MAX, fetch_unbounded(address, tls)).await;
    fetched.unwrap_or_else(|_| {
        Err(format!(
            "no whole answer within {} s",
            DOCUMENT_TIME_MAX.as_secs()
        ))
    })
}

async fn fetch_unbounded(address: &str, tls: &Arc<ClientConfig>) -> Result<Fetched, String> {
    let uri: Uri = address
        .parse()
        .map_err(|_| format!("`{address}` is not an address"))?;
    exchange(connect(&uri, tls).await?, &uri).await
}

/// A connection, in plain text or not.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Duplex for S {}

/// Connects to the server of an address.
///
/// # Errors
/// In words for the log.
pub(crate) async fn connect(uri: &Uri, tls: &Arc<ClientConfig>) -> Result<Box<dyn Duplex>, String> {
    let host = uri.host().ok_or_else(|| format!("`{uri}` has no host"))?;
    let secure = uri.scheme_str() == Some("https");
    let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((bare, port))
        .await
        .map_err(|error| format!("cannot connect: {error}"))?;
    if !secure {
        return Ok(Box::new(stream));
    }
    let name = ServerName::try_from(bare.to_owned())
        .map_err(|_| format!("`{bare}` is not a server name"))?;
    let stream = TlsConnector::from(Arc::clone(tls))
        .connect(name, stream)
        .await;
    Ok(Box::new(
        stream.map_err(|error| format!("no TLS: {error}"))?,
    ))
}

async fn exchange<S: AsyncRead + AsyncWrite + Unpin + 'static>(
    stream: S,
    uri: &Uri,
) -> Result<Fetched, String> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| error.to_string())?;
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let request = Request::get(uri.path_and_query().map_or("/", |path| path.as_str()))
        .header(HOST, authority)
        .header(ACCEPT, "application/json")
        .header(
            USER_AGENT,
            concat!("countersign/", env!("CARGO_PKG_VERSION")),
        )
        .body(Empty::<Bytes>::new())
        .map_err(|error| error.to_string())?;
    let answer = async {
        let response = sender
            .send_request(request)
            .await
            .map_err(|error| error.to_string())?;
        if response.status() != http::StatusCode::OK {
            return Err(format!("the answer is {}", response.status()));
        }
        let (max_age_secs, date_unix_secs) = (
            max_age_secs(response.headers()),
            date_unix_secs(response.headers()),
        );
        let body = Limited::new(response.into_body(), DOCUMENT_BYTES_MAX)
            .collect()
            .await;
        let body = body
            .map_err(|error| format!("the body cannot be read: {error}"))?
            .to_bytes();
        Ok(Fetched {
            body,
            max_age_secs,
            date_unix_secs,
        })
    };
    let mut connection = std::pin::pin!(connection);
    let mut answer = std::pin::pin!(answer);
    let mut open = true;
    std::future::poll_fn(|context| {
        if open && connection.as_mut().poll(context).is_ready() {
            open = false;
        }
        answer.as_mut().poll(context)
    })
    .await
}

fn max_age_secs(headers: &HeaderMap) -> Option<u64> {
    let value = headers.get(CACHE_CONTROL)?.to_str().ok()?;
    let age = value
        .split(',')
        .find_map(|directive| directive.trim().strip_prefix("max-age="))?;
    age.parse().ok()
}

fn date_unix_secs(headers: &HeaderMap) -> Option<i64> {
    let value = headers.get(DATE)?.to_str().ok()?;
    jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(value)
        .ok()
        .map(jiff::Timestamp::as_second)
}
