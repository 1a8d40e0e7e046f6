//! The admin listener: figures, health and readiness, on addresses of its own and by a thread of its own.
//!
//! Knows: four paths. Does not know the public listener, nor routes: nothing that a client of the gateway sends comes here, and
//! nothing here changes anything.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::runtime::Builder;
use tokio::sync::{Semaphore, watch};

use crate::StartError;
use crate::receive::{self, Handed};
use crate::seen::{self, State};

/// Connections at a time; more wait to be accepted.
const CONNECTIONS_MAX: usize = 32;
/// How long a connection may take from its beginning to its end: one request, one answer.
const CONNECTION_TIME: Duration = Duration::from_secs(10);

/// Opens the sockets.
pub(crate) fn listen(
    addresses: &[SocketAddr],
    handed: &mut Handed,
) -> Result<Vec<TcpListener>, StartError> {
    let mut sockets = Vec::new();
    for &address in addresses {
        let own = handed.take(address);
        if own.is_empty() {
            let opened = receive::listen(address, false);
            sockets.push(opened.map_err(|source| StartError::Listen { address, source })?);
        }
        sockets.extend(own);
    }
    Ok(sockets)
}

/// Starts to answer.
pub(crate) fn start(
    sockets: Vec<TcpListener>,
    state: &Arc<State>,
    stopping: &watch::Receiver<bool>,
) -> Result<JoinHandle<()>, StartError> {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(StartError::Thread)?;
    let (state, mut stop) = (Arc::clone(state), stopping.clone());
    let thread = std::thread::Builder::new().name("admin".into());
    let serving = async move {
        let open = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        for socket in sockets {
            if let Ok(listener) = tokio::net::TcpListener::from_std(socket) {
                tokio::spawn(accept(
                    listener,
                    Arc::clone(&state),
                    stop.clone(),
                    Arc::clone(&open),
                ));
            }
        }
        // It answers until the gateway has ended: that requests are still drained is worth seeing. An error means that
        // the gateway is gone.
        while stop.changed().await.is_ok() {}
    };
    thread
        .spawn(move || runtime.block_on(serving))
        .map_err(StartError::Thread)
}

async fn accept(
    listener: tokio::net::TcpListener,
    state: Arc<State>,
    stopping: watch::Receiver<bool>,
    open: Arc<Semaphore>,
) {
    loop {
        let Ok(permit) = Arc::clone(&open).acquire_owned().await else {
            return;
        };
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, as a rule: to try again at once would spin.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let (state, stopping) = (Arc::clone(&state), stopping.clone());
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let response = answer(&request, &state, *stopping.borrow());
                async move { Ok::<_, Infallible>(response) }
            });
            let mut http = http1::Builder::new();
            let connection = http
                .keep_alive(false)
                .serve_connection(TokioIo::new(stream), service);
            // Broken off or too slow: nobody is there to be told.
            let _ = tokio::time::timeout(CONNECTION_TIME, connection).await;
            drop(permit);
        });
    }
}

fn answer(
    request: &Request<Incoming>,
    state: &Arc<State>,
    stopping: bool,
) -> Response<Full<Bytes>> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "GET and HEAD alone\n");
        let allowed = HeaderValue::from_static("GET, HEAD");
        response.headers_mut().insert(ALLOW, allowed);
        return response;
    }
    match request.uri().path() {
        "/metrics" => match seen::exposition(state) {
            Ok(page) => respond(StatusCode::OK, seen::CONTENT_TYPE, page),
            Err(_) => text(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the figures cannot be written\n",
            ),
        },
        "/jwks.json" => match &state.current().identity_keys {
            Some(keys) => respond(
                StatusCode::OK,
                "application/json",
                keys.published().to_owned(),
            ),
            None => text(StatusCode::NOT_FOUND, "no identity is signed\n"),
        },
        "/healthz" => text(StatusCode::OK, "ok\n"),
        "/readyz" => readiness(state, stopping),
        _ => text(
            StatusCode::NOT_FOUND,
            "there is /metrics, /healthz, /readyz and /jwks.json\n",
        ),
    }
}

/// Whether requests should be sent here. An issuer that does not answer is told and does not count: there may be other
/// ways to be let in, and another copy of the gateway would have no other issuer. Nor does a store that cannot be written: who is
/// known is let in all the same.
fn readiness(state: &State, stopping: bool) -> Response<Full<Bytes>> {
    let store = state.store_answers();
    let current = state.current();
    // Without one no handshake comes to an end. One that has run out is shown all the same: what is there is served.
    let acme = current.acme.as_ref();
    let certificate = acme.map(|certificate| certificate.until_unix_secs().is_some());
    let ready = store && !stopping && certificate != Some(false);
    let issuers: serde_json::Map<String, serde_json::Value> = current
        .rules
        .issuers
        .iter()
        .zip(current.keys.each())
        // One that is asked about each token has no keys to wait for.
        .filter(|(issuer, _)| !issuer.introspection.is_some_and(|asked| asked.of_jwts))
        .map(|(issuer, keys)| (issuer.name.to_string(), json!(keys.known > 0)))
        .collect();
    let mut body = json!({ "ready": ready, "stopping": stopping, "store": store, "store_writable": !state.store_changes().last_failed, "issuers": issuers });
    if let (Some(certificate), Some(body)) = (certificate, body.as_object_mut()) {
        body.insert("certificate".into(), certificate.into());
    }
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    respond(status, "application/json", format!("{body}\n"))
}

fn text(status: StatusCode, words: &'static str) -> Response<Full<Bytes>> {
    respond(status, "text/plain; charset=utf-8", words.to_owned())
}

fn respond(status: StatusCode, kind: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
