//! The connection to an authority.
//!
//! Knows: HTTP and TLS as a client, bounds of size and time, and what an authority says about waiting. Does not know what is
//! asked. Redirects are not followed: an authority's addresses stand in its directory.

use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{HOST, RETRY_AFTER, USER_AGENT};
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use rustls::ClientConfig;

use crate::line::connect;

/// The most that is read of an answer, in bytes: chains of certificates are far smaller.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// The most time that one answer may take, from look-up to last byte.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);
/// The longest that the library is told to wait between two questions about one order.
const STEP_SECS_MAX: u64 = 60;

/// One authority, for the time of one order.
#[derive(Clone)]
pub(super) struct Authority {
    tls: Arc<ClientConfig>,
    /// How long it wanted to be left alone, in seconds, where it has refused something; 0: it has not said.
    told_secs: Arc<AtomicU64>,
}

impl Authority {
    pub(super) fn new(tls: &Arc<ClientConfig>) -> Self {
        Self {
            tls: Arc::clone(tls),
            told_secs: Arc::default(),
        }
    }

    pub(super) fn told_secs(&self) -> Option<u64> {
        let secs = self.told_secs.load(Ordering::Relaxed);
        (secs > 0).then_some(secs)
    }

    async fn ask(self, request: Request<BodyWrapper<Bytes>>) -> Result<BytesResponse, Error> {
        let exchange = tokio::time::timeout(ANSWER_TIME_MAX, self.exchange(request));
        let response = exchange
            .await
            .map_err(|_| other("no whole answer within 30 s"))??;
        Ok(BytesResponse::from(self.noted(response)))
    }

    async fn exchange(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Result<Response<Full<Bytes>>, Error> {
        let (mut parts, body) = request.into_parts();
        let uri = parts.uri.clone();
        // RFC 8555 section 6.1: ACME is spoken by HTTPS, whatever stands in the directory.
        if uri.scheme_str() != Some("https") {
            return Err(other(format!("`{uri}` is not https")));
        }
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        parts.headers.insert(HOST, field(authority)?);
        let agent = concat!("countersign/", env!("CARGO_PKG_VERSION"));
        parts
            .headers
            .insert(USER_AGENT, HeaderValue::from_static(agent));
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        parts.uri = path
            .parse::<Uri>()
            .map_err(|error| other(error.to_string()))?;
        let stream = connect(&uri, &self.tls)
            .await
            .map_err(|reason| other(format!("{authority}: {reason}")))?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| other(error.to_string()))?;
        // It ends when its sender is dropped, or the authority closes it.
        tokio::spawn(async move { drop(connection.await) });
        let response = sender
            .send_request(Request::from_parts(parts, body))
            .await
            .map_err(|error| other(format!("{authority}: {error}")))?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(Error::Other)?.to_bytes();
        Ok(Response::from_parts(parts, Full::new(body)))
    }

    /// Notes what a refusal says about waiting, and bounds it: the library adds it to the time, whatever it is.
    fn noted(&self, mut response: Response<Full<Bytes>>) -> Response<Full<Bytes>> {
        let Some(value) = response.headers_mut().remove(RETRY_AFTER) else {
            return response;
        };
        // RFC 9110 section 10.2.3 has dates as well; authorities write seconds.
        let secs = value
            .to_str()
            .ok()
            .and_then(|text| text.trim().parse().ok());
        let Some(secs) = secs else { return response };
        if response.status().is_client_error() || response.status().is_server_error() {
            self.told_secs.store(secs, Ordering::Relaxed);
        }
        let bounded = HeaderValue::from(secs.min(STEP_SECS_MAX));
        response.headers_mut().insert(RETRY_AFTER, bounded);
        response
    }
}

impl HttpClient for Authority {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        Box::pin(self.clone().ask(request))
    }
}

fn field(text: &str) -> Result<HeaderValue, Error> {
    HeaderValue::try_from(text).map_err(|error| other(error.to_string()))
}

fn other(reason: impl Into<Box<dyn StdError + Send + Sync>>) -> Error {
    Error::Other(reason.into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn noted(status: u16, value: &str) -> (Option<u64>, Option<String>) {
        let authority = Authority::new(&crate::line::client_config(None).unwrap());
        let response = Response::builder()
            .status(status)
            .header(RETRY_AFTER, value)
            .body(Full::default())
            .unwrap();
        let response = authority.noted(response);
        let left = response.headers().get(RETRY_AFTER);
        let left = left.map(|left| left.to_str().unwrap().to_owned());
        (authority.told_secs(), left)
    }

    #[test]
    fn what_a_refusal_says_about_waiting_is_noted_and_the_library_is_told_no_more_than_a_minute() {
        assert_eq!(noted(429, "3600"), (Some(3600), Some("60".into())));
        assert_eq!(noted(200, "5"), (None, Some("5".into())));
        let most = u64::MAX.to_string();
        assert_eq!(noted(503, &most), (Some(u64::MAX), Some("60".into())));
        for odd in ["", "-1", "soon", "99999999999999999999999"] {
            assert_eq!(noted(429, odd), (None, None));
        }
    }

    #[tokio::test]
    async fn nothing_is_asked_in_the_clear() {
        let authority = Authority::new(&crate::line::client_config(None).unwrap());
        let request = Request::get("http://127.0.0.1:1/dir").body(BodyWrapper::default());
        let error = authority.ask(request.unwrap()).await.err().unwrap();
        assert!(error.to_string().contains("is not https"), "{error}");
    }
}
