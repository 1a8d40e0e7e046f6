//! One exchange with an upstream: the permit is used up, the head is edited, the request is sent, the response begins.
//!
//! Knows: heads of requests and responses, and the time they may take. Does not know rules: the edits come with the permit.

use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use countersign_flow::{AuthenticationInfo, Crossing, Permit, RouteRules, Rules, Trail};
use countersign_wire::cookie;
use countersign_wire::dpop::NONCE;
use http::header::{CACHE_CONTROL, EXPIRES, HOST, SET_COOKIE};
use http::request::Parts;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, Version,
};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::ext::Protocol;

use super::arriving::ArrivingBody;
use super::balance::{Seat, Tried};
use super::body::{ExchangeWatch, RequestBody, UpstreamBody, Waiting};
use super::forwarded::{self, Client};
use super::health::Fault;
use super::hop;
use super::link::Link;
use super::switch::Switch;
use super::tunnel::Tunnel;
use super::{onward, secure, signed};
use crate::current::Running;
use crate::worker::Worker;

/// Why there is no response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The upstream takes no connection, or closed it before it answered.
    Unreachable(&'static str),
    /// All of its servers are passed over.
    Down,
    /// It answered too late.
    TimedOut,
    /// What it answered is not HTTP.
    Malformed,
    /// The client's body is larger than the limit.
    BodyTooLarge,
    /// The client's body came too slowly.
    BodyStalled,
    /// The client's body broke off or was framed wrongly.
    BodyBroken,
    /// As many upgraded connections are open as may be.
    TooManyUpgrades,
    /// The upstream is to have a signed identity, and there is none.
    Unsigned,
    /// A client of HTTP/2 wants a tunnel that the route does not allow.
    UpgradeNotAllowed,
}

/// What is left to say of a request that failed on its way: the route, its page, and the trail so far.
pub(crate) struct Failed<'c> {
    pub(crate) failure: Failure,
    pub(crate) route: &'c RouteRules,
    pub(crate) crossing: Option<Crossing<'c>>,
    pub(crate) trail: Trail,
}

impl<'c> Failed<'c> {
    /// A request that failed before anything of it was sent; its permit is used up all the same.
    pub(crate) fn before(failure: Failure, permit: Permit<'c>) -> Self {
        let edits = permit.into_edits();
        Self {
            failure,
            route: edits.route,
            crossing: edits.crossing,
            trail: edits.trail,
        }
    }
}

/// Who sent the request, for what the upstream is told of it.
#[derive(Clone, Copy)]
pub(crate) struct Sender<'a> {
    pub(crate) client: Client,
    /// The address of the peer, as text.
    pub(crate) peer: &'a HeaderValue,
}

/// What came of a request.
pub(crate) enum Forwarded {
    /// A response, which has begun.
    Response(Response<UpstreamBody>),
    /// The upstream switches to the protocol that was asked for: the head of its 101, and what is behind it.
    Switched(Response<()>, Tunnel),
}

/// Forwards one request. There is no way here but with a permit.
pub(crate) async fn forward<'c>(
    worker: &Rc<Worker>,
    running: &Rc<Running>,
    permit: Permit<'c>,
    mut head: Parts,
    body: ArrivingBody,
    sender: Sender<'_>,
    extended: Option<&Protocol>,
) -> Result<Forwarded, Failed<'c>> {
    let mut edits = permit.into_edits();
    let (route, trail) = (edits.route, edits.trail);
    let crossing = edits.crossing.take();
    let failed = |failure, crossing| Failed {
        failure,
        route,
        crossing,
        trail,
    };
    let Some(seat) = running.pools().seat(route.upstream) else {
        return Err(failed(Failure::Down, crossing));
    };
    let to_head = head.method == Method::HEAD;

    let host = head
        .headers
        .get(HOST)
        .cloned()
        .or_else(|| authority_of(&head.uri));
    let switch = match Switch::asked(worker, running, route, &head, &body, extended) {
        Ok(switch) => switch,
        Err(failure) => return Err(failed(failure, crossing)),
    };
    hop::strip_request(&mut head.headers);
    forwarded::strip(&mut head.headers, sender.client);
    edits.apply(&mut head.headers);
    let now = worker.clock().unix_secs();
    if signed::sign(&edits, running, now, &mut head.headers).is_err() {
        return Err(failed(Failure::Unsigned, crossing));
    }
    let (client, peer) = (sender.client, sender.peer);
    forwarded::write(&mut head.headers, client, peer, host.as_ref(), head.version);
    if head.version == Version::HTTP_2 {
        onward::join_cookies(&mut head.headers);
    }
    let host = seat.host_onward().cloned().or(host);
    let addressed = match seat.http2_scheme() {
        None => onward::http1(&mut head, &edits.target, host),
        Some(scheme) => onward::http2(&mut head, &edits.target, host, scheme),
    };
    if addressed.is_none() {
        return Err(failed(Failure::Malformed, crossing));
    }
    match &switch {
        Some(switch) => switch.write(&mut head.headers),
        None if is_unmeasured(&body) && head.version == Version::HTTP_11 => {
            hop::write_chunked(&mut head.headers);
        }
        None => {}
    }

    let limits = running.limits();
    let watch = ExchangeWatch::new(worker.clock().deadline());
    let body = RequestBody::new(
        body,
        Rc::clone(&watch),
        limits.body_bytes_max,
        limits.body_stall,
        limits.upstream_head,
    );
    let request = Request::from_parts(head, body);
    let figures = running.route_figures(&trail);
    figures.permitted.add();
    let sent_at = worker.figures().now();
    let sent = send(worker, running, route.upstream, seat, request, &watch).await;
    if let Ok(answered) = &sent {
        figures.answered(answered.response.status().as_u16());
        if let (Some(at), Some(upstream)) = (sent_at, running.upstream_figures(route.upstream)) {
            upstream.head.add(at.elapsed());
        }
    }
    match sent {
        Ok(Answered {
            response,
            link,
            seat,
        }) if response.status() == StatusCode::SWITCHING_PROTOCOLS => {
            let switched = match switch {
                Some(switch) => switch.begin(response, link, seat, &watch, running).await,
                None => Err(Failure::Malformed),
            };
            match switched {
                Ok((mut head, tunnel)) => {
                    keep_from_setting(running.rules(), head.headers_mut());
                    Ok(Forwarded::Switched(head, tunnel))
                }
                Err(failure) => Err(failed(failure, crossing)),
            }
        }
        // RFC 8441 section 5: to whom asked by CONNECT, a success is a tunnel, and here there is none.
        Ok(Answered { response, .. }) if extended.is_some() && response.status().is_success() => {
            Err(failed(Failure::Malformed, crossing))
        }
        Ok(Answered {
            mut response,
            link,
            seat,
        }) => {
            hop::strip_response(response.headers_mut());
            keep_from_setting(running.rules(), response.headers_mut());
            if edits.answer_is_private() {
                keep_private(response.headers_mut());
            }
            if let Some(crossing) = &crossing {
                crossing.apply_to_answer(response.headers_mut());
            }
            let mut response = begin_response(worker, running, seat, response, link, watch);
            if edits.fresh_nonce {
                give_nonce(worker, running, response.headers_mut());
            }
            if let Some(proof) = &edits.proof {
                prove(worker, running, proof, to_head, &mut response);
            }
            Ok(Forwarded::Response(response))
        }
        Err(failure) => Err(failed(failure, crossing)),
    }
}

/// Whether a body is to come whose length nobody has said. Methods that usually have none may have one all the same
/// (RFC 9110 section 9.3.1), and a body that the client was let send is not dropped on the way.
fn is_unmeasured(body: &ArrivingBody) -> bool {
    !body.is_end_stream() && body.size_hint().exact().is_none()
}

/// Nobody but the gateway sets its cookies: a session that an upstream chooses would be known to the upstream.
fn keep_from_setting(rules: &Rules, headers: &mut HeaderMap) {
    let Some(session) = &rules.session else {
        return;
    };
    let names = [&session.cookie, &session.form_cookie, &session.round_cookie];
    let is_ours = |value: &HeaderValue| {
        let set = cookie::name_set(value.as_bytes());
        names.iter().any(|name| set == name.as_bytes())
    };
    if !headers.get_all(SET_COOKIE).iter().any(is_ours) {
        return;
    }
    let set: Vec<HeaderValue> = headers.get_all(SET_COOKIE).iter().cloned().collect();
    headers.remove(SET_COOKIE);
    for value in set.into_iter().filter(|value| !is_ours(value)) {
        headers.append(SET_COOKIE, value);
    }
}

/// Keeps an answer from caches that others use as well, where the upstream leaves that open: it may not know that somebody was asked
/// who is calling. RFC 9111 section 5.2.2.7.
fn keep_private(headers: &mut HeaderMap) {
    if !headers.contains_key(CACHE_CONTROL) && !headers.contains_key(EXPIRES) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("private"));
    }
}

/// RFC 9449 section 8.2: the next proof of this client is to repeat another nonce, and no cache gives this one to others.
fn give_nonce(worker: &Worker, running: &Running, headers: &mut HeaderMap) {
    let nonce = running.digest().map(|digest| {
        let now = worker.clock().unix_secs();
        digest.nonces.issue_for_proof(&running.rules().realm, now)
    });
    if let Some(nonce) = nonce.and_then(|nonce| HeaderValue::try_from(nonce).ok()) {
        headers.insert(NONCE, nonce);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// RFC 7615 section 3: whoever checks the credentials says so, and nobody behind.
fn prove(
    worker: &Worker,
    running: &Running,
    proof: &AuthenticationInfo,
    to_head: bool,
    response: &mut Response<UpstreamBody>,
) {
    const AUTHENTICATION_INFO: HeaderName = HeaderName::from_static("authentication-info");
    let nextnonce = running
        .digest()
        .filter(|_| proof.wants_nonce())
        .map(|digest| {
            let now = worker.clock().unix_secs();
            digest.nonces.issue(&running.rules().realm, now)
        });
    let bodiless = to_head || http_body::Body::is_end_stream(&response.body().body);
    match proof.field(nextnonce, bodiless) {
        Some(value) => response.headers_mut().insert(AUTHENTICATION_INFO, value),
        None => response.headers_mut().remove(AUTHENTICATION_INFO),
    };
}

fn authority_of(uri: &Uri) -> Option<HeaderValue> {
    uri.authority()
        .and_then(|authority| HeaderValue::from_str(authority.as_str()).ok())
}

/// A response that has begun, with what it comes by.
struct Answered {
    response: Response<Incoming>,
    link: Link,
    seat: Seat,
}

/// A server that did not answer.
struct Unanswered {
    failure: Failure,
    /// What is the server's of it.
    fault: Option<Fault>,
    /// The request, where another server may be asked.
    again: Option<Request<RequestBody>>,
}

impl Unanswered {
    const fn for_good(failure: Failure) -> Self {
        let fault = match failure {
            Failure::TimedOut => Some(Fault::TimedOut),
            Failure::Malformed => Some(Fault::Malformed),
            Failure::Unreachable(_) => Some(Fault::Closed),
            Failure::Down
            | Failure::Unsigned
            | Failure::BodyTooLarge
            | Failure::BodyStalled
            | Failure::BodyBroken
            | Failure::TooManyUpgrades
            | Failure::UpgradeNotAllowed => None,
        };
        Self {
            failure,
            fault,
            again: None,
        }
    }
}

/// Sends to a server, and to others where that fails and nothing can come of it twice.
async fn send(
    worker: &Worker,
    running: &Running,
    index: usize,
    mut seat: Seat,
    mut request: Request<RequestBody>,
    watch: &Rc<ExchangeWatch>,
) -> Result<Answered, Failure> {
    let mut tried = Tried::default();
    loop {
        let unanswered = match send_to(worker, running, &seat, request, watch, tried).await {
            Ok((response, link)) => {
                seat.answered(response.status(), worker.lines());
                return Ok(Answered {
                    response,
                    link,
                    seat,
                });
            }
            Err(unanswered) => unanswered,
        };
        if let Some(fault) = unanswered.fault {
            seat.failed(fault, worker.lines());
        }
        let failure = unanswered.failure;
        request = unanswered.again.ok_or(failure)?;
        seat = seat.other(&mut tried).ok_or(failure)?;
        if let Some(host) = seat.host_onward() {
            onward::readdress(&mut request, host).ok_or(failure)?;
        }
        if let Some(upstream) = running.upstream_figures(index) {
            upstream.retries.add();
        }
    }
}

/// Sends on an idle connection, or on a new one where an idle one turns out to have been closed.
async fn send_to(
    worker: &Worker,
    running: &Running,
    seat: &Seat,
    mut request: Request<RequestBody>,
    watch: &Rc<ExchangeWatch>,
    tried: Tried,
) -> Result<(Response<Incoming>, Link), Unanswered> {
    while let Some(link) = seat.take(worker.clock().tick()) {
        let spare = repeatable(&request, watch);
        // An idle connection may be closed just when it is used, and the server is none the worse for it.
        let fault = matches!(link, Link::Shared(_)).then_some(Fault::Closed);
        match send_on(link, request, running, watch).await {
            Ok(answered) => return Ok(answered),
            Err(Unsent::Back(unsent)) => request = *unsent,
            Err(Unsent::Closed(how)) => {
                let failure = Failure::Unreachable(how);
                let closed = Unanswered {
                    failure,
                    fault,
                    again: None,
                };
                request = spare.ok_or(closed)?;
                break;
            }
            Err(Unsent::Failed(failure)) => return Err(Unanswered::for_good(failure)),
        }
    }
    let link = match seat.connect(worker.clock().tick()).await {
        Ok(link) => link,
        Err(how) => {
            // Nothing of it was sent, whatever it is.
            return Err(Unanswered {
                failure: Failure::Unreachable(how),
                fault: Some(Fault::Connect),
                again: Some(request),
            });
        }
    };
    let spare = seat.has_others(tried).then(|| repeatable(&request, watch));
    send_on(link, request, running, watch)
        .await
        .map_err(|unsent| match unsent {
            Unsent::Back(request) => Unanswered {
                failure: Failure::Unreachable("it closed the connection at once"),
                fault: Some(Fault::Closed),
                again: Some(*request),
            },
            Unsent::Closed(how) => Unanswered {
                failure: Failure::Unreachable(how),
                fault: Some(Fault::Closed),
                again: spare.flatten(),
            },
            Unsent::Failed(failure) => Unanswered::for_good(failure),
        })
}

const CLOSED: &str = "it closed the connection before it answered";
const RESET: &str = "it ended the stream before it answered";

/// RFC 9110 section 9.2.2: a proxy must not repeat a request by itself that is not idempotent. Those that are may be, and are
/// where they have no body: of one, a part may have come in already, and be gone.
fn repeatable(
    request: &Request<RequestBody>,
    watch: &Rc<ExchangeWatch>,
) -> Option<Request<RequestBody>> {
    if !request.method().is_idempotent() || !http_body::Body::is_end_stream(request.body()) {
        return None;
    }
    let mut again = Request::new(RequestBody::empty(Rc::clone(watch)));
    *again.version_mut() = request.version();
    *again.method_mut() = request.method().clone();
    *again.uri_mut() = request.uri().clone();
    *again.headers_mut() = request.headers().clone();
    Some(again)
}

enum Unsent {
    /// Not a byte was sent: the request can go another way.
    Back(Box<Request<RequestBody>>),
    /// It may have been sent, and the connection was closed without an answer.
    Closed(&'static str),
    /// It may have been sent.
    Failed(Failure),
}

async fn send_on(
    mut link: Link,
    request: Request<RequestBody>,
    running: &Running,
    watch: &ExchangeWatch,
) -> Result<(Response<Incoming>, Link), Unsent> {
    watch.deadline.set(running.limits().upstream_head);
    let result = match &mut link {
        Link::Own(own) => {
            let mut response = pin!(own.sender.try_send_request(request));
            answered(|context| own.drive_for(response.as_mut(), context), watch).await
        }
        Link::Shared(shared) => {
            let mut response = pin!(shared.sender.try_send_request(request));
            answered(|context| response.as_mut().poll(context), watch).await
        }
    };
    match result {
        Some(Ok(response)) => {
            watch.both_ways.set(matches!(link, Link::Shared(_)));
            Ok((response, link))
        }
        Some(Err(error)) => {
            let closed = match link {
                Link::Own(_) => CLOSED,
                Link::Shared(_) => RESET,
            };
            let unsent = unsent(error, watch, closed);
            if matches!(unsent, Unsent::Back(_)) {
                link.retire();
            }
            Err(unsent)
        }
        None => Err(Unsent::Failed(match watch.waiting.get() {
            Waiting::Client => Failure::BodyStalled,
            Waiting::Upstream => {
                // It may be the connection that is dead, and not the request that is slow.
                link.retire();
                Failure::TimedOut
            }
        })),
    }
}

/// The head of the response; `None` where the deadline passes first.
async fn answered<T>(
    mut response: impl FnMut(&mut Context<'_>) -> Poll<T>,
    watch: &ExchangeWatch,
) -> Option<T> {
    std::future::poll_fn(|context| match response(context) {
        Poll::Ready(result) => Poll::Ready(Some(result)),
        Poll::Pending => watch.deadline.poll_passed(context).map(|()| None),
    })
    .await
}

fn unsent(
    mut error: TrySendError<Request<RequestBody>>,
    watch: &ExchangeWatch,
    closed: &'static str,
) -> Unsent {
    if let Some(request) = error.take_message() {
        return Unsent::Back(Box::new(request));
    }
    if watch.too_large.get() {
        return Unsent::Failed(Failure::BodyTooLarge);
    }
    if watch.client_failed.get() {
        return Unsent::Failed(Failure::BodyBroken);
    }
    let error = error.into_error();
    if error.is_parse() {
        Unsent::Failed(Failure::Malformed)
    } else if let Some(fault) = secure::fault_of_exchange(&error) {
        Unsent::Closed(fault)
    } else {
        Unsent::Closed(closed)
    }
}

fn begin_response(
    worker: &Rc<Worker>,
    running: &Rc<Running>,
    seat: Seat,
    mut response: Response<Incoming>,
    link: Link,
    watch: Rc<ExchangeWatch>,
) -> Response<UpstreamBody> {
    *response.version_mut() = Version::HTTP_11;
    watch.deadline.clear();
    response.map(|body| {
        let mut body = UpstreamBody {
            body,
            link: Some(link),
            seat,
            worker: Rc::clone(worker),
            running: Rc::clone(running),
            watch,
        };
        if http_body::Body::is_end_stream(&body.body) {
            body.give_back(&mut Context::from_waker(std::task::Waker::noop()));
        }
        body
    })
}
