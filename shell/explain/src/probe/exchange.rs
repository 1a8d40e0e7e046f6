//! One request and its answer over a connection that stands already, bounded in head, body and time.
//!
//! Knows: HTTP/1.1 and HTTP/2 as a client. Does not know where a connection goes, nor whether the request may be sent.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, HOST, HeaderName, HeaderValue,
    PROXY_AUTHORIZATION, TE, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, Method, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use url::{Position, Url};

use crate::message::{Answer, Fields, Request};
use crate::probe::{Care, Stage, Unreachable};

/// What a connection runs over: TCP, TLS, or either through a proxy.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A message that can be put on the wire.
pub(super) type Message = http::Request<Full<Bytes>>;

/// How the target of a request is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The path alone, with `Host` beside it (RFC 9112 section 3.2.1).
    Origin,
    /// The whole address, for a forward proxy (RFC 9112 section 3.2.2).
    Absolute,
    /// The pseudo-fields of HTTP/2 (RFC 9113 section 8.3.1).
    Two,
}

/// The message of a request, or nothing where HTTP cannot carry it.
pub(super) fn message(request: &Request, form: Form) -> Option<Message> {
    let method = Method::from_bytes(request.method.as_bytes()).ok()?;
    let mut fields = HeaderMap::with_capacity(request.fields.len());
    for field in &request.fields {
        let name = HeaderName::from_bytes(field.name.as_bytes()).ok()?;
        fields.append(name, HeaderValue::from_bytes(&field.value).ok()?);
    }
    // Framing is the sender's, and a body that nobody has to unpack can be read.
    for name in [CONTENT_LENGTH, TRANSFER_ENCODING, ACCEPT_ENCODING] {
        fields.remove(name);
    }
    let authority = authority(&request.url)?;
    let target = match form {
        Form::Origin => path(&request.url).parse().ok()?,
        Form::Absolute => whole(&request.url, &authority)?,
        Form::Two => {
            let host = fields.get(HOST).and_then(|host| host.to_str().ok());
            let uri = whole(&request.url, host.unwrap_or(&authority));
            of_one_connection(&mut fields);
            uri?
        }
    };
    if form != Form::Two && !fields.contains_key(HOST) {
        fields = first(HOST, HeaderValue::from_str(&authority).ok()?, fields);
    }
    if let Some(body) = &request.body {
        fields.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    }
    let body = Bytes::from(request.body.clone().unwrap_or_default());
    let mut message = http::Request::new(Full::new(body));
    *message.method_mut() = method;
    *message.uri_mut() = target;
    *message.headers_mut() = fields;
    Some(message)
}

/// RFC 9110 section 7.2: `Host` comes first.
fn first(name: HeaderName, value: HeaderValue, others: HeaderMap) -> HeaderMap {
    let mut fields = HeaderMap::with_capacity(others.len() + 1);
    fields.append(name, value);
    fields.extend(others);
    fields
}

/// RFC 9113 section 8.2.2: fields of one connection have no place in HTTP/2.
fn of_one_connection(fields: &mut HeaderMap) {
    let odd = ["keep-alive", "proxy-connection"].map(HeaderName::from_static);
    for name in [HOST, CONNECTION, UPGRADE, TE].into_iter().chain(odd) {
        fields.remove(name);
    }
}

/// Host and port, the port only where it is not the scheme's own.
fn authority(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}

fn path(url: &Url) -> &str {
    match &url[Position::BeforePath..Position::AfterQuery] {
        "" => "/",
        path => path,
    }
}

fn whole(url: &Url, authority: &str) -> Option<Uri> {
    let uri = Uri::builder()
        .scheme(url.scheme())
        .authority(authority)
        .path_and_query(path(url));
    uri.build().ok()
}

/// The request by which a forward proxy opens a tunnel (RFC 9110 section 9.3.6).
pub(super) fn connect_message(
    authority: &str,
    proxy_authorization: Option<HeaderValue>,
) -> Option<Message> {
    let mut message = http::Request::new(Full::new(Bytes::new()));
    *message.method_mut() = Method::CONNECT;
    *message.uri_mut() = Uri::builder().authority(authority).build().ok()?;
    let fields = message.headers_mut();
    fields.insert(HOST, HeaderValue::from_str(authority).ok()?);
    if let Some(value) = proxy_authorization {
        fields.insert(PROXY_AUTHORIZATION, value);
    }
    Some(message)
}

/// A connection that takes requests.
pub(super) enum Line {
    /// HTTP/1.1.
    One(http1::SendRequest<Full<Bytes>>),
    /// HTTP/2.
    Two(http2::SendRequest<Full<Bytes>>),
}

impl Line {
    /// Begins HTTP/1.1; what the connection becomes after CONNECT can be taken over.
    pub(super) async fn one(
        stream: impl Stream + 'static,
        care: &Care,
    ) -> Result<Line, Unreachable> {
        let (sender, connection) = http1::Builder::new()
            .title_case_headers(true)
            .allow_spaces_after_header_name_in_responses(true)
            .allow_obsolete_multiline_headers_in_responses(true)
            .ignore_invalid_headers_in_responses(true)
            .max_header_size(care.head_bytes_max)
            .max_headers(FIELDS_MAX)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| broken(&error))?;
        // It ends with the last sender and body that belong to it.
        tokio::spawn(connection.with_upgrades());
        Ok(Line::One(sender))
    }

    /// Begins HTTP/2, agreed upon already or known to be spoken.
    pub(super) async fn two(
        stream: impl Stream + 'static,
        care: &Care,
    ) -> Result<Line, Unreachable> {
        let head_bytes_max = u32::try_from(care.head_bytes_max).unwrap_or(u32::MAX);
        let (sender, connection) = http2::Builder::new(TokioExecutor::new())
            .max_header_list_size(head_bytes_max)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| broken(&error))?;
        tokio::spawn(connection);
        Ok(Line::Two(sender))
    }

    /// Whether the requests on it are written in the form of HTTP/2.
    pub(super) const fn is_two(&self) -> bool {
        match self {
            Line::One(_) => false,
            Line::Two(_) => true,
        }
    }

    /// Waits until another request can be sent; whether it can.
    pub(super) async fn is_ready(&mut self) -> bool {
        match self {
            Line::One(sender) => sender.ready().await.is_ok(),
            Line::Two(sender) => sender.ready().await.is_ok(),
        }
    }

    /// Sends a message; the head of its answer. Interim answers are skipped.
    pub(super) async fn send(
        &mut self,
        message: Message,
    ) -> Result<http::Response<Incoming>, Unreachable> {
        let answered = match self {
            Line::One(sender) => sender.send_request(message).await,
            Line::Two(sender) => sender.send_request(message).await,
        };
        answered.map_err(|error| broken(&error))
    }
}

/// So many field lines make a head too large, whatever their bytes.
const FIELDS_MAX: usize = 256;

/// Reads an answer to its end, to the limit, or to the deadline. What came of the body until then is enough: a refusal
/// is told by its head.
pub(super) async fn read(
    response: http::Response<Incoming>,
    body_bytes_max: usize,
    deadline: Instant,
) -> Answer {
    let (head, mut incoming) = response.into_parts();
    let mut answer = Answer::new(head.status.as_u16());
    answer.version = head.version;
    answer.fields = fields(&head.headers);
    loop {
        let next = tokio::time::timeout_at(deadline, incoming.frame()).await;
        let data = match next {
            Ok(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
            Ok(None) => break,
            Ok(Some(Err(_))) | Err(_) => {
                answer.truncated = true;
                break;
            }
        };
        let room = body_bytes_max.saturating_sub(answer.body.len());
        answer.body.extend(data.iter().take(room));
        if data.len() > room {
            answer.truncated = true;
            break;
        }
    }
    // Unpacking what nobody asked to have packed could fill the memory, and packed, the same words differ each time.
    if is_packed(&answer.fields) {
        answer.body.clear();
        answer.truncated = true;
    }
    answer
}

fn is_packed(fields: &Fields) -> bool {
    let mut codings = fields.all("content-encoding");
    codings.any(|value| !value.trim_ascii().eq_ignore_ascii_case(b"identity"))
}

fn fields(headers: &HeaderMap) -> Fields {
    let lines = headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()));
    lines.collect()
}

/// Nothing more came, and why, in words.
pub(super) fn broken(error: &hyper::Error) -> Unreachable {
    let detail = if error.is_parse_too_large() {
        "the head of the answer is too large".to_owned()
    } else if error.is_parse_version_h2() {
        "the server answers in HTTP/2 where HTTP/1.1 was asked for".to_owned()
    } else if error.is_parse() {
        "what came back is no HTTP answer".to_owned()
    } else if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        "the server closed the connection without an answer".to_owned()
    } else {
        match error.source() {
            Some(source) => format!("the connection broke: {source}"),
            None => format!("the connection broke: {error}"),
        }
    };
    Unreachable {
        stage: Stage::Exchange,
        detail,
    }
}

/// The time ran out, and in what.
pub(super) fn late(limit: Duration) -> Unreachable {
    Unreachable {
        stage: Stage::Time,
        detail: format!("no answer within {} ms", limit.as_millis()),
    }
}

/// The connection ended before its next request.
pub(super) fn not_kept() -> Unreachable {
    Unreachable {
        stage: Stage::Exchange,
        detail: "the server did not keep the connection for the next request".to_owned(),
    }
}
