//! Whether upstreams can be reached: a connection, and the TLS handshake where there is one. No request is sent.
//!
//! Knows: sockets. Does not know HTTP.

use std::time::Duration;

use countersign_config::{Server, Settings, Upstream};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Observation;
use crate::send::{Secure, secure_all};

/// One observation for each server of each upstream.
pub(super) async fn look(settings: &Settings) -> Vec<Observation> {
    let secure = match secure_all(&settings.upstreams) {
        Ok(secure) => secure,
        Err(error) => {
            return vec![Observation::error(
                "upstreams",
                error.to_string(),
                "mend the file: no upstream was looked at",
            )];
        }
    };
    let patience = settings.limits.upstream_connect;
    let mut seen = Vec::new();
    for (upstream, secure) in settings.upstreams.iter().zip(secure.iter()) {
        for (index, server) in upstream.servers.iter().enumerate() {
            let secure = secure.as_ref().and_then(|secure| secure.get(index));
            seen.push(one(upstream, server, secure, patience).await);
        }
    }
    seen
}

async fn one(
    upstream: &Upstream,
    server: &Server,
    secure: Option<&Secure>,
    patience: Duration,
) -> Observation {
    const FIX: &str = "requests for it get a 502 until it is there: start it, or mend its `url`";
    let about = format!("upstream `{}`", upstream.name);
    let authority = server.authority(secure.is_some());
    let address = (&*server.host, server.port);
    let stream = match timeout(patience, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            return Observation::error(about, format!("`{authority}`: {error}"), FIX);
        }
        Err(_) => {
            let found = format!(
                "`{authority}`: no connection within {} s",
                patience.as_secs()
            );
            return Observation::error(about, found, FIX);
        }
    };
    let Some(secure) = secure else {
        return Observation::ok(about, format!("`{authority}` takes connections"));
    };
    match timeout(patience, secure.connect(stream)).await {
        Ok(Ok(_)) => Observation::ok(about, format!("`{authority}` takes connections, with TLS")),
        Ok(Err(why)) => Observation::error(about, format!("`{authority}`: {why}"), FIX),
        Err(_) => Observation::error(about, format!("`{authority}`: no TLS handshake"), FIX),
    }
}
