//! One request: received, put on the line, and sent on or refused.
//!
//! Knows: the order of the rooms. Does not know what happens in any of them.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::rc::Rc;

use countersign_cause::Cause;
use countersign_flow::{self as flow, Answer, Asked, Note, Outcome, Refusal};
use countersign_policy::Host;
use http::header::{ACCEPT, CONNECTION, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};
use hyper::body::{Body, Incoming};

use crate::line;
use crate::receive::{self, ConnectionWatch, RequestInFlight};
use crate::refused;
use crate::request_id::RequestId;
use crate::send::{self, Failed, Failure, ResponseBody, Sender};
use crate::worker::Worker;

/// How a request came in.
pub(crate) struct Arrival {
    pub(crate) worker: Rc<Worker>,
    pub(crate) watch: Rc<ConnectionWatch>,
    pub(crate) peer: SocketAddr,
    pub(crate) secure: bool,
}

/// What is still known of a request when its head has gone to the upstream: enough to refuse it.
pub(crate) struct Asking {
    pub(crate) id: RequestId,
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) host: Box<str>,
    pub(crate) headers: HeaderMap,
    pub(crate) sender: Sender,
}

/// Serves one request. It always has a response.
pub(crate) async fn serve(
    arrival: Rc<Arrival>,
    request: Request<Incoming>,
) -> Result<Response<ResponseBody>, Infallible> {
    let in_flight = RequestInFlight::begin(&arrival.watch);
    let worker = &arrival.worker;
    let (head, body) = request.into_parts();
    let peer = arrival.peer.ip();
    let client = worker.trust().client(peer, arrival.secure, &head.headers);
    let sender = Sender { client, peer };
    let rules = worker.rules();
    if let Err(defect) = receive::check(&head, worker.limits()) {
        let mut refusal = Refusal::new(rules, defect.cause);
        refusal.detail = defect.detail;
        let asking = asking_all(worker, &head, sender);
        let mut response = refuse(worker, &refusal, &asking, in_flight);
        if head.method == Method::CONNECT {
            // The client may take what it sends next for the inside of a tunnel: nobody here reads it.
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
        return Ok(response);
    }
    let authority = receive::authority(&head);
    let request = flow::Request {
        method: &head.method,
        authority,
        path_and_query: head
            .uri
            .path_and_query()
            .map_or(head.uri.path(), |target| target.as_str()),
        headers: &head.headers,
        client: client.address,
    };
    let verdict = line::run(
        worker,
        flow::begin(rules, request, worker.clock().unix_secs()),
    )
    .await;
    match verdict.outcome {
        Outcome::Refusal(refusal) => Ok(refuse(
            worker,
            &refusal,
            &asking_all(worker, &head, sender),
            in_flight,
        )),
        Outcome::Own(page) => {
            let asking = asking_all(worker, &head, sender);
            let origin = asking.origin();
            let answer = flow::respond_own(rules, &page, &asking.asked(&origin));
            Ok(response(answer, in_flight))
        }
        Outcome::Permit(permit) => {
            let asking = asking_little(worker, &head, sender);
            if worker
                .limits()
                .body_bytes_max
                .is_some_and(|max| body.size_hint().lower() > max)
            {
                let failed = Failed::before(Failure::BodyTooLarge, permit);
                return Ok(refuse(worker, &explain(rules, failed), &asking, in_flight));
            }
            match send::forward(worker, permit, head, body, sender).await {
                Ok(upstream) => Ok(upstream.map(|body| ResponseBody::upstream(body, in_flight))),
                Err(failed) => Ok(refuse(worker, &explain(rules, failed), &asking, in_flight)),
            }
        }
    }
}

fn asking_all(worker: &Worker, head: &Parts, sender: Sender) -> Asking {
    Asking {
        id: worker.ids().next(),
        method: head.method.clone(),
        uri: head.uri.clone(),
        // What is no host is not repeated, neither in links nor in the log: it may hold a password.
        host: receive::authority(head)
            .filter(|authority| Host::parse(authority.as_bytes()).is_ok())
            .unwrap_or_default()
            .into(),
        headers: head.headers.clone(),
        sender,
    }
}

/// Only what decides the form of a refusal, for the request that most likely will not be refused.
fn asking_little(worker: &Worker, head: &Parts, sender: Sender) -> Asking {
    let mut headers = HeaderMap::new();
    for name in [ACCEPT, CONTENT_TYPE] {
        if let Some(value) = head.headers.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    Asking {
        id: worker.ids().next(),
        method: head.method.clone(),
        uri: head.uri.clone(),
        host: receive::authority(head).unwrap_or_default().into(),
        headers,
        sender,
    }
}

impl Asking {
    pub(crate) fn origin(&self) -> String {
        let scheme = if self.sender.client.secure {
            "https"
        } else {
            "http"
        };
        if self.host.is_empty() {
            String::new()
        } else {
            format!("{scheme}://{}", self.host)
        }
    }

    pub(crate) fn asked<'a>(&'a self, origin: &'a str) -> Asked<'a> {
        Asked {
            method: &self.method,
            headers: &self.headers,
            origin,
            request_id: self.id.as_str(),
        }
    }
}

fn refuse(
    worker: &Worker,
    refusal: &Refusal<'_>,
    asking: &Asking,
    in_flight: RequestInFlight,
) -> Response<ResponseBody> {
    let origin = asking.origin();
    let answer = flow::respond(refusal, &asking.asked(&origin));
    refused::tell(worker, refusal, asking, &answer);
    response(answer, in_flight)
}

fn response(answer: Answer, in_flight: RequestInFlight) -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::own(answer.body, in_flight));
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    response
}

/// The cause of a failure on the way to the upstream and back.
fn explain<'c>(rules: &'c flow::Rules, failed: Failed<'c>) -> Refusal<'c> {
    let (cause, detail) = match failed.failure {
        Failure::Unreachable(detail) => (Cause::UpstreamUnreachable, detail),
        Failure::TimedOut => (
            Cause::UpstreamTimeout,
            "no response within `upstream_head_secs`",
        ),
        Failure::Malformed => (
            Cause::UpstreamMalformed,
            "the upstream's response is not HTTP",
        ),
        Failure::BodyTooLarge => (Cause::BodyTooLarge, "more bytes than `body_bytes_max`"),
        Failure::BodyStalled => (
            Cause::BodyStalled,
            "nothing more of the body within `body_stall_secs`",
        ),
        Failure::BodyBroken => (
            Cause::RequestMalformed,
            "the body broke off, or is framed wrongly",
        ),
    };
    let mut refusal = Refusal::new(rules, cause);
    refusal.detail = detail;
    refusal.route = Some(failed.route);
    refusal.trail = failed.trail;
    refusal.noting(Note::Upstream(detail))
}
