//! Sends the requests of one investigation: permits, connects, reads, keeps count.
//!
//! Knows: in which order the rules of care apply. Does not know what an answer means.

use std::time::Duration;

use http::HeaderValue;
use http::header::PROXY_AUTHORIZATION;
use hyper::body::Incoming;
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::case::{Case, HttpVersion, Transport};
use crate::exchange::target;
use crate::message::{Answer, Request};
use crate::probe::connect::{self, Opened, Route};
use crate::probe::exchange::{self, Form, Line};
use crate::probe::places::Places;
use crate::probe::reach::{self, Kept};
use crate::probe::tls::Trust;
use crate::probe::{Care, NoAnswer, Tried, Withheld};
use crate::words::disguised;

/// Sends requests for one case and keeps count.
pub(crate) struct Prober<'c> {
    care: Care,
    transport: &'c Transport,
    /// The case's own request: the only place that gets its credentials.
    original: Option<&'c Request>,
    kept: Kept,
    places: Places<'c>,
    trust: Trust<'c>,
    trust_in_proxy: Trust<'c>,
    tried: Vec<Tried>,
    /// What came back, for those who must not repeat what is secret in it.
    answers: Vec<Answer>,
    started: Option<Instant>,
    has_answered: bool,
    unanswered: Option<NoAnswer>,
    /// How often the user's own name and password were refused.
    password_refusals: usize,
    /// Whether a request was not sent for that.
    is_password_spared: bool,
}

impl<'c> Prober<'c> {
    /// For a case.
    #[must_use]
    pub(crate) fn new(case: &'c Case, care: Care) -> Prober<'c> {
        Prober {
            care,
            transport: &case.transport,
            original: case.request.as_ref(),
            kept: Kept::of(case),
            places: Places::of(case),
            trust: Trust::of_servers(&case.transport),
            trust_in_proxy: Trust::of_proxy(&case.transport),
            tried: Vec::new(),
            answers: Vec::new(),
            started: None,
            has_answered: false,
            unanswered: None,
            password_refusals: 0,
            is_password_spared: false,
        }
    }

    /// Sends one request over a connection of its own, without following redirects, and reads its answer.
    ///
    /// # Errors
    ///
    /// When care forbids it, or nothing comes back.
    pub(crate) async fn send(&mut self, request: &Request, why: &str) -> Result<Answer, NoAnswer> {
        let version = self.transport.version;
        self.send_in(version, request, why).await
    }

    /// Sends one request in a version of HTTP that is not the client's own choice.
    ///
    /// # Errors
    ///
    /// As `send`.
    pub(crate) async fn send_in(
        &mut self,
        version: Option<HttpVersion>,
        request: &Request,
        why: &str,
    ) -> Result<Answer, NoAnswer> {
        let mut line = None;
        let answer = self.attempt(request, version, &mut line, why).await;
        self.note_original(request, &answer);
        answer
    }

    /// Sends requests to one server one after the other over one connection, as a handshake of the connection needs.
    /// It ends with the first that has no answer.
    pub(crate) async fn send_on_one_connection(
        &mut self,
        requests: &[Request],
        why: &str,
    ) -> Vec<Result<Answer, NoAnswer>> {
        let mut answers = Vec::new();
        let mut line = None;
        let origin = requests.first().map(Request::origin);
        for request in requests {
            let answer = match Some(request.origin()) == origin {
                true => {
                    let version = self.transport.version;
                    self.attempt(request, version, &mut line, why).await
                }
                false => Err(NoAnswer::Withheld(Withheld::OtherHost)),
            };
            let ends = answer.is_err();
            answers.push(answer);
            if ends {
                break;
            }
        }
        answers
    }

    /// Fetches a public document with GET and no credentials: discovery, keys, metadata.
    ///
    /// # Errors
    ///
    /// As `send`.
    pub(crate) async fn fetch(&mut self, url: &Url, why: &str) -> Result<Answer, NoAnswer> {
        self.send(&Request::new("GET", url.clone()), why).await
    }

    /// Whether care lets the case's credentials go to an address.
    #[must_use]
    pub(crate) fn may_have_credentials(&self, url: &Url) -> bool {
        self.original.is_some_and(|original| {
            reach::may_have(&original.url, url, self.care.follow_credentials)
        })
    }

    /// Why the request of the case itself had no answer when it was last sent.
    #[must_use]
    pub(crate) fn unanswered(&self) -> Option<&NoAnswer> {
        self.unanswered.as_ref()
    }

    /// The comparison shows that the user's password is the right one: that it is refused locks nobody out.
    pub(crate) fn password_is_known(&mut self) {
        self.care.password_tries_max = usize::MAX;
    }

    /// Whether something was not sent since it would have tried the user's password once more.
    #[must_use]
    pub(crate) fn is_password_spared(&self) -> bool {
        self.is_password_spared
    }

    /// Whether a request tries the user's own name and password in `Basic`, as the case's request does.
    fn tries_password(&self, request: &Request) -> bool {
        let pair = |request: &Request| {
            let value = request.fields.first("authorization")?;
            let (word, rest) = value.split_at_checked(6)?;
            word.eq_ignore_ascii_case(b"basic ")
                .then(|| rest.trim_ascii().to_vec())
        };
        let own = self.original.and_then(pair);
        own.is_some() && own == pair(request)
    }

    /// How many requests may still be sent.
    #[must_use]
    pub(crate) fn left(&self) -> usize {
        match self.care.offline || self.time_left().is_zero() {
            true => 0,
            false => self.care.probes_max.saturating_sub(self.tried.len()),
        }
    }

    /// What was sent so far.
    #[must_use]
    pub(crate) fn tried(&self) -> &[Tried] {
        &self.tried
    }

    /// What came back so far.
    #[must_use]
    pub(crate) fn answers(&self) -> &[Answer] {
        &self.answers
    }

    /// The limits.
    #[must_use]
    pub(crate) fn care(&self) -> &Care {
        &self.care
    }

    fn time_left(&self) -> Duration {
        let gone = self.started.map(|started| started.elapsed());
        self.care
            .total_time_max
            .saturating_sub(gone.unwrap_or_default())
    }

    /// What can be said without any network.
    fn permit(&self, request: &Request) -> Result<(), Withheld> {
        if self.care.offline {
            return Err(Withheld::Offline);
        }
        if self.transport.elsewhere {
            return Err(Withheld::Elsewhere);
        }
        let is_web = matches!(request.url.scheme(), "http" | "https");
        if !is_web || exchange::message(request, Form::Origin).is_none() {
            return Err(Withheld::Unsendable);
        }
        if !request.is_safe() && !self.care.unsafe_methods {
            return Err(Withheld::Method);
        }
        if self.kept.are_in(request) && !self.may_have_credentials(&request.url) {
            return Err(Withheld::OtherHost);
        }
        match self.left() {
            0 => Err(Withheld::Budget),
            _ => Ok(()),
        }
    }

    async fn attempt(
        &mut self,
        request: &Request,
        version: Option<HttpVersion>,
        line: &mut Option<Line>,
        why: &str,
    ) -> Result<Answer, NoAnswer> {
        self.permit(request).map_err(NoAnswer::Withheld)?;
        let tries_password = self.tries_password(request);
        if tries_password && self.password_refusals >= self.care.password_tries_max {
            self.is_password_spared = true;
            return Err(NoAnswer::Withheld(Withheld::Password));
        }
        let began = Instant::now();
        self.started.get_or_insert(began);
        let limit = self.care.probe_time_max.min(self.time_left());
        let deadline = began + limit;
        let exchanged = timeout_at(deadline, self.exchange(request, version, line, deadline)).await;
        let exchanged = exchanged.unwrap_or_else(|_| Err(exchange::late(limit).into()));
        let answered = match exchanged {
            Ok((response, from_proxy)) => {
                let bytes_max = self.care.body_bytes_max;
                let mut answer = exchange::read(response, bytes_max, deadline).await;
                answer.from_proxy = from_proxy;
                answer.refuses = disguised::refuses(&answer);
                Ok(answer)
            }
            // Nothing went out.
            Err(NoAnswer::Withheld(withheld)) => return Err(NoAnswer::Withheld(withheld)),
            Err(NoAnswer::Unreachable(unreachable)) => Err(NoAnswer::Unreachable(unreachable)),
        };
        self.tried.push(Tried {
            method: request.method.clone(),
            url: request.url.clone(),
            why: why.to_owned(),
            status: answered.as_ref().ok().map(|answer| answer.status),
            took_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        });
        let is_refusal = |answer: &Answer| matches!(answer.status, 401 | 403);
        if tries_password && answered.as_ref().is_ok_and(is_refusal) {
            self.password_refusals += 1;
        }
        if let Ok(answer) = &answered {
            if let Some(location) = leads_to(request, answer) {
                self.kept.grant(location);
            }
            self.answers.push(answer.clone());
        }
        answered
    }

    /// The head of the answer, and whether it is the proxy's.
    async fn exchange(
        &mut self,
        request: &Request,
        version: Option<HttpVersion>,
        line: &mut Option<Line>,
        deadline: Instant,
    ) -> Result<(http::Response<Incoming>, bool), NoAnswer> {
        let route = Route {
            url: &request.url,
            proxy: self.transport.proxy.as_ref(),
            proxy_authorization: self.proxy_authorization(request),
            addresses: self.places.addresses(&request.url).await?,
            version,
        };
        if line.is_none() {
            let trust = (&self.trust, &self.trust_in_proxy);
            match connect::open(&route, trust, &self.care, deadline).await? {
                Opened::Line(opened) => *line = Some(opened),
                Opened::Refused(response) => return Ok((response, true)),
            }
        }
        let Some(line) = line else {
            return Err(exchange::not_kept().into());
        };
        if !line.is_ready().await {
            return Err(exchange::not_kept().into());
        }
        let message = exchange::message(request, route.form(line));
        let mut message = message.ok_or(NoAnswer::Withheld(Withheld::Unsendable))?;
        if route.proxy.is_some() {
            // RFC 9110 section 11.7.2: it is for the proxy alone, who has had it already where it opened a tunnel.
            message.headers_mut().remove(PROXY_AUTHORIZATION);
            if let (true, Some(value)) = (route.is_forwarded(), route.proxy_authorization) {
                message.headers_mut().insert(PROXY_AUTHORIZATION, value);
            }
        }
        Ok((line.send(message).await?, false))
    }

    fn proxy_authorization(&self, request: &Request) -> Option<HeaderValue> {
        let proxy = self.transport.proxy.as_ref()?;
        let own = request.fields.first("proxy-authorization");
        match own.and_then(|value| HeaderValue::from_bytes(value).ok()) {
            Some(value) => Some(value),
            None => connect::proxy_authorization(proxy),
        }
    }

    /// Once the address has answered, only a limit that was reached is worth remembering: another form of the request
    /// that fails says nothing of the request itself.
    fn note_original(&mut self, request: &Request, answer: &Result<Answer, NoAnswer>) {
        let original = self.original.map(|original| &original.url);
        if original != Some(&request.url) {
            return;
        }
        match answer {
            Ok(_) => {
                self.has_answered = true;
                self.unanswered = None;
            }
            Err(no_answer) => {
                let is_limit = *no_answer == NoAnswer::Withheld(Withheld::Budget);
                if is_limit || !self.has_answered {
                    self.unanswered = Some(no_answer.clone());
                }
            }
        }
    }
}

/// Where a redirect leads, without the fragment, which is not sent.
pub(crate) fn leads_to(request: &Request, answer: &Answer) -> Option<Url> {
    target(request, answer).map(|url| reach::without_fragment(&url))
}
