//! One request: received, put on the line, and sent on or refused.
//!
//! Knows: the order of the rooms, and what of HTTP is about the connection and not the request: tunnels, and when it closes.
//! Does not know users, rules, or upstreams.

mod asking;
mod extended;
mod failed;

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;

use countersign_cause::Cause;
use countersign_flow::{
    self as flow, Answer, Channel, ClientAddress, ClientCertificate, Outcome, OwnPage, Permit,
    Refusal,
};
use http::header::{ALLOW, CONNECTION, EXPECT, UPGRADE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version};
use hyper::body::Incoming;

pub(crate) use asking::Asking;
use asking::host;
use extended::{Extended, NO_TUNNEL};
use failed::Kept;

use crate::current::Running;
use crate::line;
use crate::receive::{self, ConnectionWatch, RequestInFlight, ShownCertificate};
use crate::refused;
use crate::seen::{Access, Event};
use crate::send::{
    self, ArrivingBody, Client, Failed, Failure, Forwarded, Peer, ResponseBody, Sender, Tunnel,
};
use crate::session::{self, Wanted};
use crate::worker::Worker;

/// How a request came in.
pub(crate) struct Arrival {
    pub(crate) worker: Rc<Worker>,
    pub(crate) watch: Rc<ConnectionWatch>,
    pub(crate) peer: Peer,
    pub(crate) secure: bool,
    /// What the client has shown in the handshake.
    pub(crate) certificate: Option<ShownCertificate>,
    /// What the connection is switched to, once its client has been told.
    pub(crate) tunnel: RefCell<Option<Tunnel>>,
}

/// Serves one request. It always has a response.
pub(crate) async fn serve(
    arrival: Rc<Arrival>,
    request: Request<Incoming>,
) -> Result<Response<ResponseBody>, Infallible> {
    let mut access = None;
    let mut response = answer(&arrival, request, &mut access).await;
    if let Some(mut access) = access {
        access.status(response.status().as_u16());
        response.body_mut().account_to(access);
    }
    Ok(response)
}

/// From a request to its response. `access` is begun here, where it is asked for, and told what becomes known.
async fn answer(
    arrival: &Rc<Arrival>,
    request: Request<Incoming>,
    access: &mut Option<Box<Access>>,
) -> Response<ResponseBody> {
    let in_flight = RequestInFlight::begin(&arrival.watch);
    let worker = &arrival.worker;
    let begun = worker.figures().now();
    let mut request = request;
    let extended = Extended::take(&mut request);
    let (mut head, body) = request.into_parts();
    receive::complete_path(&mut head);
    let running = worker.running();
    let client = running
        .trust()
        .client(arrival.peer.address, arrival.secure, &head.headers);
    if let ClientAddress::Behind(proxy) = client.address
        && running.tells_unknown_client()
    {
        let proxy = proxy.to_string();
        worker.lines().write(&Event::ClientUnknown { proxy });
    }
    let rules = running.rules();
    let authority = receive::authority(&head);
    let format = running.settings().log.access;
    *access = Access::begin(worker, format, &head, authority, client);
    let certificate = certificate(arrival, &running, client);
    let channel = Channel {
        secure: client.secure,
        certificate: certificate.as_deref(),
    };
    let tunnelled = extended.is_some();
    let asked = request_of(&running, &head, authority, client, channel, tunnelled);
    let mut answering = Answering {
        arrival,
        running: &running,
        client,
        access,
        in_flight,
    };
    if let Err(defect) = receive::check(&head, running.limits()) {
        let mut refusal = Refusal::new(rules, defect.cause);
        refusal.detail = defect.detail;
        flow::let_read(&mut refusal, &asked);
        return answering.unfit(&refusal, &head, authority);
    }
    if receive::is_about_server(&head) && host(authority).is_some() {
        return response(about_server(), answering.in_flight);
    }
    let mut body = ArrivingBody::new(body);
    let now = worker.clock().unix_secs();
    let first = flow::begin(rules, asked, now);
    let verdict = line::run(worker, &running, first, &mut body).await;
    match verdict.outcome {
        Outcome::Refusal(refusal) => {
            // The line has read the host before anything else.
            let host = authority.filter(|_| refusal.cause != Cause::HostInvalid);
            let asking = Asking::of(worker, &head, host, client);
            let response = answering.refuse(&refusal, &asking);
            worker.figures().own_part_ends(begun);
            // To begin to take it would ask for it, where the client waits to be asked.
            if head.version < Version::HTTP_2
                && !body.is_end_stream()
                && !head.headers.contains_key(EXPECT)
            {
                tokio::task::spawn_local(body.hear_out());
            }
            response
        }
        // RFC 8441 section 5: a page would be taken for a tunnel.
        Outcome::Own(_) if extended.is_some() => {
            let mut refusal = Refusal::new(rules, Cause::MethodNotSupported);
            refusal.detail = NO_TUNNEL;
            let asking = Asking::of(worker, &head, authority, client);
            answering.refuse(&refusal, &asking)
        }
        Outcome::Own(page) => {
            let asking = Asking::of(worker, &head, authority, client);
            answering.own(&page, &asking, &mut body).await
        }
        Outcome::Preflight(preflight) => {
            response(flow::respond_preflight(&preflight), answering.in_flight)
        }
        Outcome::Permit(permit) => {
            let kept = Kept::of(&head, authority);
            worker.figures().own_part_ends(begun);
            let sent =
                if let Some(failure) = answering.begin_forward(&permit, &body, &mut head.headers) {
                    Err(Failed::before(failure, permit))
                } else {
                    let sender = answering.sender();
                    let protocol = extended.as_ref().map(|extended| &extended.protocol);
                    // Awaited here and not one call deeper: a future that takes all of this is copied whole for each request.
                    send::forward(worker, &running, permit, head, body, sender, protocol).await
                };
            answering.forwarded(sent, kept, extended)
        }
    }
}

/// What every way to an answer takes along.
struct Answering<'s> {
    arrival: &'s Rc<Arrival>,
    running: &'s Rc<Running>,
    client: Client,
    access: &'s mut Option<Box<Access>>,
    in_flight: RequestInFlight,
}

impl Answering<'_> {
    fn refuse(self, refusal: &Refusal<'_>, asking: &Asking<'_>) -> Response<ResponseBody> {
        let worker = &self.arrival.worker;
        refuse(
            worker,
            self.running,
            refusal,
            asking,
            self.access,
            self.in_flight,
        )
    }

    /// Refuses what never came to the line.
    fn unfit(
        self,
        refusal: &Refusal<'_>,
        head: &Parts,
        authority: Option<&str>,
    ) -> Response<ResponseBody> {
        let asking = Asking::of(&self.arrival.worker, head, host(authority), self.client);
        let mut response = self.refuse(refusal, &asking);
        if head.method == Method::CONNECT {
            // The client may take what it sends next for the inside of a tunnel: nobody here reads it.
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
        response
    }

    /// Serves a page of the gateway itself.
    async fn own(
        self,
        page: &OwnPage,
        asking: &Asking<'_>,
        body: &mut ArrivingBody,
    ) -> Response<ResponseBody> {
        let (worker, running) = (&self.arrival.worker, self.running);
        if let (OwnPage::IdentityKeys, Some(keys)) = (page, running.identity_keys()) {
            let origin = asking.origin();
            let asked = asking.asked(&origin, worker, running);
            let answer = flow::respond_identity_keys(keys.published(), &asked);
            return response(answer, self.in_flight);
        }
        let wanted = match page {
            OwnPage::Session(page) => Wanted::Session(*page),
            OwnPage::Provider(page) => Wanted::Provider(*page),
            OwnPage::Causes
            | OwnPage::Cause(_)
            | OwnPage::ResourceMetadata { .. }
            | OwnPage::IdentityKeys
            | OwnPage::Nothing => {
                let origin = asking.origin();
                let asked = asking.asked(&origin, worker, running);
                return response(
                    flow::respond_own(running.rules(), page, &asked),
                    self.in_flight,
                );
            }
        };
        let served = session::serve(worker, running, wanted, asking, body).await;
        if let Some(access) = self.access.as_mut() {
            served.user.iter().for_each(|user| access.user(user));
            served
                .cause
                .iter()
                .for_each(|cause| access.cause(cause.id()));
        }
        match served.answer {
            Ok(answer) => response(answer, self.in_flight),
            Err(refusal) => self.refuse(&refusal, asking),
        }
    }

    /// What is to be said and looked at before a request is forwarded: why it is not, if so.
    fn begin_forward(
        &mut self,
        permit: &Permit<'_>,
        body: &ArrivingBody,
        headers: &mut HeaderMap,
    ) -> Option<Failure> {
        tell_permit(self.access, permit);
        let max = self.running.limits().body_bytes_max;
        if max.is_some_and(|max| body.size_hint().lower() > max) {
            return Some(Failure::BodyTooLarge);
        }
        let upstreams = &self.running.settings().upstreams;
        if let (Some(access), Some(upstream)) =
            (self.access.as_mut(), upstreams.get(permit.route().upstream))
        {
            access.calls(&upstream.name, headers);
        }
        None
    }

    fn sender(&self) -> Sender<'_> {
        Sender {
            client: self.client,
            peer: &self.arrival.peer.text,
        }
    }

    /// Answers with what came of a request that was forwarded.
    fn forwarded(
        self,
        sent: Result<Forwarded, Failed<'_>>,
        kept: Kept,
        extended: Option<Extended>,
    ) -> Response<ResponseBody> {
        if let Some(access) = self.access.as_mut() {
            access.called(match &sent {
                Ok(Forwarded::Response(upstream)) => Some(upstream.status().as_u16()),
                Ok(Forwarded::Switched(head, _)) => Some(head.status().as_u16()),
                Err(_) => None,
            });
        }
        match sent {
            Ok(Forwarded::Response(upstream)) => {
                upstream.map(|body| ResponseBody::upstream(body, self.in_flight))
            }
            Ok(Forwarded::Switched(response, tunnel)) => {
                // The connection, or the stream, is switched when this response has been written, and not before.
                match extended {
                    None => *self.arrival.tunnel.borrow_mut() = Some(tunnel),
                    Some(extended) => extended.begin(self.arrival, tunnel),
                }
                response.map(|()| ResponseBody::own(Vec::new(), self.in_flight))
            }
            Err(failed) => kept.refuse(self, failed),
        }
    }
}

fn request_of<'r>(
    running: &'r Running,
    head: &'r Parts,
    authority: Option<&'r str>,
    client: Client,
    channel: Channel<'r>,
    is_extended: bool,
) -> flow::Request<'r> {
    flow::Request {
        method: &head.method,
        authority,
        path_and_query: head
            .uri
            .path_and_query()
            .map_or(head.uri.path(), |target| target.as_str()),
        headers: &head.headers,
        channel,
        client: client.address,
        original_target: original_target(running, &head.headers, client),
        wants_tunnel: is_extended || head.headers.contains_key(UPGRADE),
    }
}

/// The client's own certificate. Through a proxy that is believed comes the proxy's, and that would be lent to whoever asks it.
fn certificate(
    arrival: &Arrival,
    running: &Running,
    client: Client,
) -> Option<Rc<ClientCertificate>> {
    let shown = arrival.certificate.as_ref();
    shown
        .filter(|_| !client.by_proxy)?
        .judged(running, arrival.worker.clock().unix_secs())
}

/// What the client has asked a proxy for, where that is believed and says so in one voice.
fn original_target<'h>(
    running: &Running,
    headers: &'h HeaderMap,
    client: Client,
) -> Option<&'h str> {
    let name = running.settings().digest.original_target_header.as_ref()?;
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) if client.by_proxy => value.to_str().ok(),
        (Some(_) | None, _) => None,
    }
}

fn tell_permit(access: &mut Option<Box<Access>>, permit: &Permit<'_>) {
    let Some(access) = access else { return };
    access.route(&permit.route().name);
    if let Some(principal) = permit.principal() {
        access.user(&principal.identity().subject);
    }
}

fn tell_refusal(access: &mut Option<Box<Access>>, refusal: &Refusal<'_>) {
    let Some(access) = access else { return };
    access.cause(refusal.cause.id());
    if let Some(route) = refusal.route {
        access.route(&route.name);
    }
    if let Some(subject) = &refusal.subject {
        access.user(subject);
    }
}

fn refuse(
    worker: &Worker,
    running: &Running,
    refusal: &Refusal<'_>,
    asking: &Asking<'_>,
    access: &mut Option<Box<Access>>,
    in_flight: RequestInFlight,
) -> Response<ResponseBody> {
    tell_refusal(access, refusal);
    if let Some(access) = access {
        access.request(asking.id.as_str());
    }
    let origin = asking.origin();
    let answer = flow::respond(refusal, &asking.asked(&origin, worker, running));
    running
        .route_figures(&refusal.trail)
        .refused(refusal.cause, refusal.scheme);
    refused::tell(worker, running, refusal, asking, &answer);
    response(answer, in_flight)
}

/// RFC 9110 section 9.3.7: to `OPTIONS *` the server answers for itself, whatever its routes are.
fn about_server() -> Answer {
    let methods = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    Answer {
        status: StatusCode::NO_CONTENT,
        headers: HeaderMap::from_iter([(ALLOW, methods)]),
        body: Vec::new(),
    }
}

fn response(answer: Answer, in_flight: RequestInFlight) -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::own(answer.body, in_flight));
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    response
}
