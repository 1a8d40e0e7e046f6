//! What a refusal, or a page of the gateway, has to know of its request.
//!
//! Knows: the head, and by which origin the client sees the gateway. Does not know rules.

use countersign_flow::{Asked, Mint};
use countersign_policy::Host;
use http::request::Parts;
use http::{HeaderMap, Method, Uri};

use crate::current::Running;
use crate::line;
use crate::request_id::RequestId;
use crate::send::Client;
use crate::worker::Worker;

/// What a refusal has to know of its request.
pub(crate) struct Asking<'a> {
    pub(crate) id: RequestId,
    pub(crate) method: &'a Method,
    pub(crate) uri: &'a Uri,
    pub(crate) host: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) client: Client,
}

impl<'a> Asking<'a> {
    pub(super) fn of(
        worker: &Worker,
        head: &'a Parts,
        host: Option<&'a str>,
        client: Client,
    ) -> Self {
        Self {
            id: worker.ids().next(),
            method: &head.method,
            uri: &head.uri,
            host: host.unwrap_or_default(),
            headers: &head.headers,
            client,
        }
    }
}

impl Asking<'_> {
    pub(crate) fn origin(&self) -> String {
        if self.host.is_empty() {
            return String::new();
        }
        let scheme = if self.client.secure {
            "https://"
        } else {
            "http://"
        };
        [scheme, self.host].concat()
    }

    pub(crate) fn asked<'a>(
        &'a self,
        origin: &'a str,
        worker: &Worker,
        running: &'a Running,
    ) -> Asked<'a> {
        let mint = |digest: &'a line::DigestState| Mint {
            nonces: &digest.nonces,
            now_unix_secs: worker.clock().unix_secs(),
        };
        Asked {
            mint: running.digest().map(mint),
            method: self.method,
            target: self
                .uri
                .path_and_query()
                .map_or("", |target| target.as_str()),
            headers: self.headers,
            origin,
            request_id: self.id.as_str(),
        }
    }
}

/// What is no host is not repeated, neither in links nor in the log: it may hold a password.
pub(super) fn host(authority: Option<&str>) -> Option<&str> {
    authority.filter(|authority| Host::parse(authority.as_bytes()).is_ok())
}
