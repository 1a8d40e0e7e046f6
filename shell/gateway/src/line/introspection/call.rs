//! One question to an introspection endpoint over HTTP, and its answer, bounded in size.
//!
//! Knows: HTTP as a client, connections that are kept, and the answers that are none. Does not know turns, deadlines or
//! caches. Redirects are not followed: a token is shown to no address but the one that is configured or published.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use countersign_config::{Introspection as Settings, IssuerKeys};
use countersign_flow::{IntrospectionAnswer, IssuerRules};
use countersign_jose::Introspection;
use countersign_secret::Secret;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;

use super::client;
use crate::StartError;
use crate::line::keys::{client_config, connect, discover_introspection};

/// How long an address from the issuer's metadata is good.
const DISCOVERED_FOR: Duration = Duration::from_secs(15 * 60);
/// Connections that are kept for the next question.
const IDLE_MAX: usize = 8;

/// Why there is no answer. No word of it repeats anything of the token, the secret or the answer.
#[derive(Debug)]
pub(super) enum CallFailure {
    /// The endpoint cannot be reached, or says that it cannot answer.
    Unavailable(String),
    /// It answers, and not with what is due.
    Unusable(&'static str, Option<StatusCode>),
}

impl CallFailure {
    pub(super) fn reason(&self) -> String {
        match self {
            Self::Unavailable(reason) => reason.clone(),
            Self::Unusable(reason, Some(status)) => format!("{reason}: {}", status.as_u16()),
            Self::Unusable(reason, None) => (*reason).to_owned(),
        }
    }

    pub(super) const fn answer(&self) -> IntrospectionAnswer {
        match self {
            Self::Unavailable(_) => IntrospectionAnswer::Unavailable,
            Self::Unusable(reason, _) => IntrospectionAnswer::Unusable(reason),
        }
    }
}

type Sender = SendRequest<Full<Bytes>>;

/// What is needed to ask one issuer.
pub(super) struct Caller {
    issuer: Box<str>,
    settings: Settings,
    secret: Secret<String>,
    tls: Arc<ClientConfig>,
    discovered: tokio::sync::Mutex<Option<(Uri, Instant)>>,
    idle: Mutex<Vec<Sender>>,
}

impl Caller {
    pub(super) fn new(
        issuer: &IssuerRules,
        keys: &IssuerKeys,
        settings: &Settings,
    ) -> Result<Self, StartError> {
        let failed = |reason: String| StartError::Introspection {
            issuer: issuer.name.clone(),
            reason,
        };
        let place = &settings.secret_file;
        let read = place.read();
        let read = read.map_err(|error| failed(format!("{place} cannot be read: {error}")))?;
        let text = std::str::from_utf8(read.expose())
            .map_err(|_| failed(format!("{place} holds no text")))?;
        // An editor's line end is not part of the secret.
        let secret = Secret::new(text.trim_end_matches(['\r', '\n']).to_owned());
        if secret.expose().is_empty() {
            return Err(failed(format!("{place} holds no secret")));
        }
        Ok(Self {
            issuer: issuer.issuer.clone(),
            settings: settings.clone(),
            secret,
            tls: client_config(keys.ca_file.as_deref())?,
            discovered: tokio::sync::Mutex::new(None),
            idle: Mutex::new(Vec::new()),
        })
    }

    /// Asks about a token.
    pub(super) async fn call(&self, token: &Secret<Vec<u8>>) -> Result<Introspection, CallFailure> {
        let uri = self.address().await?;
        let (mut sender, kept) = match self.take_idle() {
            Some(sender) => (sender, true),
            None => (self.dial(&uri).await?, false),
        };
        let mut response = sender.send_request(self.request(&uri, token)?).await;
        if response.is_err() && kept {
            // The issuer has closed it meanwhile, which says nothing of the question.
            sender = self.dial(&uri).await?;
            response = sender.send_request(self.request(&uri, token)?).await;
        }
        let response = response.map_err(|error| CallFailure::Unavailable(error.to_string()))?;
        let said = self.read(response).await;
        if said.is_ok() {
            self.keep_idle(sender);
        }
        said
    }

    async fn address(&self) -> Result<Uri, CallFailure> {
        let parsed = |address: &str| {
            let parsed = address.parse::<Uri>();
            parsed.map_err(|_| CallFailure::Unavailable("the address is none".into()))
        };
        if let Some(address) = &self.settings.address {
            return parsed(address);
        }
        let mut discovered = self.discovered.lock().await;
        if let Some((uri, at)) = &*discovered
            && at.elapsed() < DISCOVERED_FOR
        {
            return Ok(uri.clone());
        }
        let found = discover_introspection(&self.issuer, &self.tls).await;
        let uri = parsed(&found.map_err(CallFailure::Unavailable)?)?;
        *discovered = Some((uri.clone(), Instant::now()));
        Ok(uri)
    }

    fn take_idle(&self) -> Option<Sender> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|sender| !sender.is_closed());
        let ready = idle.iter().position(SendRequest::is_ready)?;
        Some(idle.swap_remove(ready))
    }

    fn keep_idle(&self, sender: Sender) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_MAX && !sender.is_closed() {
            idle.push(sender);
        }
    }

    async fn dial(&self, uri: &Uri) -> Result<Sender, CallFailure> {
        let stream = connect(uri, &self.tls).await;
        let stream = stream.map_err(CallFailure::Unavailable)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| CallFailure::Unavailable(error.to_string()))?;
        // It ends when its sender is dropped, or the issuer closes it.
        tokio::spawn(async move { drop(connection.await) });
        Ok(sender)
    }

    fn request(
        &self,
        uri: &Uri,
        token: &Secret<Vec<u8>>,
    ) -> Result<Request<Full<Bytes>>, CallFailure> {
        let form = client::form(&self.settings.client, &self.secret, token.expose());
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        // RFC 7662 section 2.1: a POST with a form.
        let mut request = Request::post(path)
            .header(HOST, authority)
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(
                USER_AGENT,
                concat!("countersign/", env!("CARGO_PKG_VERSION")),
            )
            .body(Full::new(Bytes::from(form)))
            .map_err(|error| CallFailure::Unavailable(error.to_string()))?;
        if let Some(value) = client::authorization(&self.settings.client, &self.secret) {
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        Ok(request)
    }

    async fn read(&self, response: Response<Incoming>) -> Result<Introspection, CallFailure> {
        let status = response.status();
        if let Some(failure) = of_status(status) {
            return Err(failure);
        }
        if !is_json(response.headers()) {
            let reason = "the issuer's answer about the token is not of type `application/json`";
            return Err(CallFailure::Unusable(reason, None));
        }
        let body = Limited::new(response.into_body(), self.settings.answer_bytes_max)
            .collect()
            .await
            .map_err(|error| {
                if error.is::<http_body_util::LengthLimitError>() {
                    let reason =
                        "the issuer's answer about the token is longer than `answer_bytes_max`";
                    CallFailure::Unusable(reason, None)
                } else {
                    CallFailure::Unavailable("the answer broke off".into())
                }
            })?;
        Introspection::parse(&body.to_bytes())
            .map_err(|defect| CallFailure::Unusable(defect.detail(), None))
    }
}

/// What a status says, other than that there is an answer.
fn of_status(status: StatusCode) -> Option<CallFailure> {
    let reason = match status {
        StatusCode::OK => return None,
        // RFC 7662 section 2.3: the client, or its token, is not the one that may ask.
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            "the issuer does not let this gateway's client ask about tokens"
        }
        StatusCode::TOO_MANY_REQUESTS => {
            return Some(CallFailure::Unavailable("the answer is 429".into()));
        }
        status if status.is_server_error() => {
            return Some(CallFailure::Unavailable(format!(
                "the answer is {}",
                status.as_u16()
            )));
        }
        _ => "the issuer's introspection endpoint does not answer with 200",
    };
    Some(CallFailure::Unusable(reason, Some(status)))
}

/// RFC 7662 section 2.2: the answer is of type `application/json`; it may have parameters.
fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let media = value.and_then(|value| value.split(|byte| *byte == b';').next());
    media.is_some_and(|media| media.trim_ascii().eq_ignore_ascii_case(b"application/json"))
}
