//! The way to a collector of OpenTelemetry: OTLP over HTTP in its JSON form, as a client.
//!
//! Knows: one post and its answer, for a thread that has nothing else to do. Does not know what is posted. Header lines that are posted along may be
//! secret: they are read for each post, held no longer, and never told.

use std::sync::Arc;

use bytes::Bytes;
use countersign_config::Collector as Settings;
use http::header::{CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderValue, Request, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use super::otlp::{Instance, resource};
use crate::StartError;
use crate::line;

/// The most that is read of the collector's answer.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

pub(super) struct Collector {
    settings: Settings,
    resource: Value,
    tls: Arc<ClientConfig>,
    runtime: Runtime,
}

impl Collector {
    pub(super) fn new(settings: &Settings, instance: &Instance) -> Result<Self, StartError> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(StartError::Thread)?;
        Ok(Self {
            settings: settings.clone(),
            resource: resource(settings, instance),
            tls: line::client_config(settings.ca_file.as_deref())?,
            runtime,
        })
    }

    /// Who posts, as OTLP has it.
    pub(super) const fn resource(&self) -> &Value {
        &self.resource
    }

    /// Posts, and waits for the answer's body; or says why it was not taken.
    pub(super) fn post(&self, body: Vec<u8>) -> Result<Bytes, String> {
        let posted = async {
            tokio::time::timeout(self.settings.answer, self.exchange(Bytes::from(body))).await
        };
        self.runtime
            .block_on(posted)
            .unwrap_or_else(|_| Err("no answer within `answer_secs`".to_owned()))
    }

    async fn exchange(&self, body: Bytes) -> Result<Bytes, String> {
        let words = |error: hyper::Error| error.to_string();
        let uri: Uri = self
            .settings
            .url
            .parse()
            .map_err(|_| "its address cannot be read".to_owned())?;
        let mut headers = self
            .settings
            .read_headers()
            .map_err(|why| format!("`headers_file` cannot be read: {why}"))?;
        let authority = uri.authority().map_or("", |host| host.as_str());
        let host = HeaderValue::try_from(authority).map_err(|error| error.to_string())?;
        headers.insert(HOST, host);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let agent = concat!("countersign/", env!("CARGO_PKG_VERSION"));
        headers.insert(USER_AGENT, HeaderValue::from_static(agent));
        let mut request = Request::post(uri.path())
            .body(Full::new(body))
            .map_err(|error| error.to_string())?;
        *request.headers_mut() = headers;
        let stream = line::connect(&uri, &self.tls).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(words)?;
        let answer = async {
            let response = sender.send_request(request).await.map_err(words)?;
            let status = response.status();
            let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX);
            // Its status is what counts; what cannot be read of the rest says nothing.
            let body = body.collect().await.map(|body| body.to_bytes());
            if status.is_success() {
                Ok(body.unwrap_or_default())
            } else {
                Err(format!("the answer is {status}"))
            }
        };
        tokio::pin!(answer);
        tokio::select! {
            answer = &mut answer => answer,
            _ = connection => answer.await,
        }
    }
}
