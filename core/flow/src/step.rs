//! The step machine: where the line begins, the questions it can ask, and how it ends.
//!
//! Knows: the order of the stages. Does not know how a question is answered, nor any rule or grammar itself.

use std::sync::Arc;

use countersign_cause::Cause;
use countersign_policy::{Host, Network, Target};
use countersign_wire::dpop::server::ErrorCode;
use countersign_wire::{Accepted, Place, Presented, Reading, Scheme, api_key, bearer, dpop};

use crate::brake::{self, Attempt, Braking, WantAttempt};
use crate::cors::{self, Asks, Crossing, Preflight, Unrouted, Unruled};
use crate::decide::{Permit, TargetOnward, decide};
use crate::own::{self, OwnPage};
use crate::refusal::Refusal;
use crate::request::Request;
use crate::rules::{RouteRules, Rules};
use crate::session::origin;
use crate::trail::{Note, Trail};
use crate::verified::{Lesson, Memory, Principal, Remembered, Verified};
use crate::verify::api_key::WantKey;
use crate::verify::basic::{WantAccount, WantHash};
use crate::verify::bearer::WantKeys;
use crate::verify::bearer::introspection::WantIntrospection;
use crate::verify::digest::{Proof, WantBody, WantCount, WantNonces, WantSecret};
use crate::verify::dpop::{self as proof, WantFirstSight, WantProofNonces};
use crate::verify::possession::{self, Due};
use crate::verify::session::WantSession;
use crate::verify::{bounds, certificate};

/// One step of the line: a question, or the end.
pub enum Step<'c, 'r> {
    /// Have these very bytes been verified a short while ago?
    Recall(Recall<'c, 'r>),
    /// Have too many attempts failed to look at another one?
    Attempt(WantAttempt<'c, 'r>),
    /// What is the account of this user name?
    Account(WantAccount<'c, 'r>),
    /// Does this password fit this hash? Slow on purpose.
    Hash(WantHash<'c, 'r>),
    /// What is known of this API key?
    Key(WantKey<'c, 'r>),
    /// What is known of this session?
    Session(WantSession<'c, 'r>),
    /// What keys does this issuer sign with?
    Keys(WantKeys<'c, 'r>),
    /// What does this issuer say of this token?
    Introspect(WantIntrospection<'c, 'r>),
    /// What are nonces of Digest made with?
    Nonces(WantNonces<'c, 'r>),
    /// What is the secret of this user for Digest?
    Secret(WantSecret<'c, 'r>),
    /// What is the body of the request? Asked only where a response covers it.
    Body(WantBody<'c, 'r>),
    /// Was this count of this nonce used before?
    Count(WantCount<'c, 'r>),
    /// What are nonces of proofs made with?
    ProofNonces(WantProofNonces<'c, 'r>),
    /// Was this proof used before?
    FirstSight(WantFirstSight<'c, 'r>),
    /// The end of the line.
    Done(Verdict<'c>),
}

/// How the line ended, and what may be remembered of it.
pub struct Verdict<'c> {
    /// The end itself.
    pub outcome: Outcome<'c>,
    /// What the driver may remember under the bytes presented.
    pub lesson: Option<Lesson>,
    /// How the attempt ended, where one was asked for: it is to be counted.
    pub attempt: Option<Attempt>,
}

/// The ends of the line.
pub enum Outcome<'c> {
    /// The request may go to its upstream.
    Permit(Permit<'c>),
    /// It may not, for a named cause.
    Refusal(Refusal<'c>),
    /// It asks for a page of the gateway itself.
    Own(OwnPage),
    /// It asks whether a page of another origin may send a request, and it may.
    Preflight(Preflight<'c>),
}

/// What every stage carries along.
pub(crate) struct Line<'c, 'r> {
    pub(crate) rules: &'c Rules,
    pub(crate) route: &'c RouteRules,
    pub(crate) request: Request<'r>,
    pub(crate) target: TargetOnward,
    pub(crate) now_unix_secs: i64,
    /// The page that made the request, where the route has rules for pages.
    pub(crate) crossing: Option<Crossing<'c>>,
    /// What it is refused for instead, where it is a preflight that nothing here answers.
    pub(crate) unruled: Option<Unruled>,
    pub(crate) trail: Trail,
    pub(crate) braking: Braking,
    /// What the answer is to prove, where the request was proved by Digest.
    pub(crate) proof: Option<Box<Proof>>,
    /// The token and its proof, where they came by DPoP.
    pub(crate) dpop: Option<dpop::server::Presented<'r>>,
    /// Whether the client is to be given a new nonce for its proofs.
    pub(crate) fresh_nonce: bool,
}

impl<'c, 'r> Line<'c, 'r> {
    /// The scheme by which a token came.
    pub(crate) const fn token_scheme(&self) -> Scheme {
        match self.dpop {
            Some(_) => Scheme::Dpop,
            None => Scheme::Bearer,
        }
    }

    /// The end of the line for a cause.
    pub(crate) fn refuse(
        self,
        cause: Cause,
        scheme: Option<Scheme>,
        detail: &'static str,
    ) -> Step<'c, 'r> {
        Step::refused(self.refusal(cause, scheme, detail), None)
    }

    pub(crate) fn refusal(
        self,
        cause: Cause,
        scheme: Option<Scheme>,
        detail: &'static str,
    ) -> Refusal<'c> {
        Refusal {
            scheme,
            detail,
            route: Some(self.route),
            crossing: self.crossing,
            trail: self.trail,
            ..Refusal::new(self.rules, cause)
        }
    }
}

impl<'c> Step<'c, '_> {
    /// The same step with more said of a refusal, where it is one.
    pub(crate) fn of(mut self, say: impl FnOnce(&mut Refusal<'c>)) -> Self {
        if let Self::Done(Verdict {
            outcome: Outcome::Refusal(refusal),
            ..
        }) = &mut self
        {
            say(refusal);
        }
        self
    }

    pub(crate) const fn refused(refusal: Refusal<'c>, lesson: Option<Lesson>) -> Self {
        Self::Done(Verdict {
            outcome: Outcome::Refusal(refusal),
            lesson,
            attempt: None,
        })
    }
}

/// Begins the line for one request at a time given in Unix seconds.
#[must_use]
pub fn begin<'c: 'r, 'r>(
    rules: &'c Rules,
    request: Request<'r>,
    now_unix_secs: i64,
) -> Step<'c, 'r> {
    match route(rules, request, now_unix_secs) {
        Ok(line) => read(line),
        Err(outcome) => Step::Done(Verdict {
            outcome,
            lesson: None,
            attempt: None,
        }),
    }
}

/// From the target as sent to the one canonical form, and to the route that it belongs to.
#[expect(
    clippy::result_large_err,
    reason = "both ends are about as large, and live on the stack for one call"
)]
fn route<'c, 'r>(
    rules: &'c Rules,
    request: Request<'r>,
    now_unix_secs: i64,
) -> Result<Line<'c, 'r>, Outcome<'c>> {
    let mut trail = Trail::default();
    let refuse = |cause, detail, trail| {
        Outcome::Refusal(Refusal {
            detail,
            trail,
            ..Refusal::new(rules, cause)
        })
    };
    // RFC 9112 section 3.2: a request without exactly one valid Host is answered with 400.
    let Some(authority) = request.authority else {
        return Err(refuse(
            Cause::HostInvalid,
            "there is not exactly one Host",
            trail,
        ));
    };
    let host = Host::parse(authority.as_bytes())
        .map_err(|defect| refuse(Cause::HostInvalid, defect.detail(), trail))?;
    let refuse_at = |cause, detail, trail| {
        Outcome::Refusal(Refusal {
            detail,
            trail,
            unrouted: Unrouted::of(rules, &host, request.headers),
            ..Refusal::new(rules, cause)
        })
    };
    let target = Target::parse(request.path_and_query)
        .map_err(|ambiguity| refuse_at(ambiguity.cause(), ambiguity.detail(), trail))?;
    if let Some(page) = own::find(rules, target.path()) {
        return Err(Outcome::Own(page));
    }
    let unruled = match cors::asks(rules, &host, &target, &request) {
        Asks::No => None,
        Asks::Answered(outcome) => return Err(*outcome),
        Asks::Unruled(unruled) => Some(unruled),
    };
    let found = rules.routes.find(&host, &target, request.method);
    let Some((route_index, route)) =
        found.and_then(|index| Some((index, rules.route_rules.get(index)?)))
    else {
        trail.add(Note::Unrouted);
        if let Some(Unruled { cause, detail }) = unruled {
            trail.add(Note::Page(detail));
            // There is a route for what the page would send, and it lets no page read.
            let is_quiet = cause == Cause::OriginNotAllowed;
            let refused = if is_quiet {
                refuse(cause, detail, trail)
            } else {
                refuse_at(cause, detail, trail)
            };
            return Err(refused);
        }
        return Err(refuse_at(Cause::RouteUnmatched, "", trail));
    };
    trail.add(Note::Routed(route_index));
    let target = TargetOnward::of(&target);
    Ok(Line {
        rules,
        route,
        request,
        target,
        now_unix_secs,
        crossing: Crossing::of(route, request.headers),
        unruled,
        trail,
        braking: Braking::Unasked,
        proof: None,
        dpop: None,
        fresh_nonce: false,
    })
}

/// From header fields to credentials, or to why there are none.
fn read<'c: 'r, 'r>(mut line: Line<'c, 'r>) -> Step<'c, 'r> {
    let accept = line.route.accept;
    if accept.is_empty() {
        line.trail.add(Note::NotAsked);
        return decide(line, None, None);
    }
    let places = api_key::Places {
        header: line.rules.api_key.header.as_ref(),
        in_authorization: line.rules.api_key.in_authorization,
    };
    let accepted = Accepted {
        basic: accept.basic,
        bearer: accept.bearer,
        digest: accept.digest,
        dpop: accept.dpop,
        certificate: accept.certificate && line.request.channel.certificate.is_some(),
        api_key: accept.api_key.then_some(places),
        session: line
            .rules
            .session
            .as_ref()
            .filter(|_| accept.session)
            .map(|session| &*session.cookie),
    };
    let query = line
        .request
        .path_and_query
        .split_once('?')
        .map(|(_, query)| query);
    match countersign_wire::read(&accepted, line.request.headers, query) {
        Reading::Nothing => {
            if let Some(certificate) = line.request.channel.certificate
                && accept.certificate
            {
                return certificate::begin(line, certificate);
            }
            line.trail.add(Note::NothingSent);
            decide(line, None, None)
        }
        Reading::Defective(defect) => {
            line.trail.add(Note::Defect(defect.detail));
            line.refuse(defect.cause, defect.scheme, defect.detail)
        }
        Reading::One(presented) => {
            line.trail.add(Note::Read(presented.scheme()));
            if let Presented::Dpop(presented) = &presented {
                line.dpop = Some(*presented);
            }
            // No two requests present the same bytes of Digest.
            if line.rules.remember_secs > 0 && presented.scheme() != Scheme::Digest {
                Step::Recall(Recall { line, presented })
            } else {
                brake::begin(line, presented)
            }
        }
    }
}

/// The question whether the same bytes were verified a short while ago.
pub struct Recall<'c, 'r> {
    line: Line<'c, 'r>,
    presented: Presented<'r>,
}

impl<'c, 'r> Recall<'c, 'r> {
    /// The scheme, a part of the cache's key.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.presented.scheme()
    }

    /// The credential bytes as presented, the other part of the key. Secret: a cache keeps only a MAC of them.
    #[must_use]
    pub fn presented(&self) -> &'r [u8] {
        self.presented.raw()
    }

    /// The client network that is a part of the key as well, where a right one could be found by trying: what was
    /// right elsewhere must not answer a guess that the brakes would hold.
    #[must_use]
    pub fn network(&self) -> Option<Network> {
        brake::is_guessable(self.presented.scheme())
            .then(|| brake::network(&self.line))
            .flatten()
    }

    /// Goes on with what the cache holds, or with the verification where it holds nothing.
    #[must_use]
    pub fn answer(self, remembered: Option<&Remembered>) -> Step<'c, 'r> {
        let Self {
            mut line,
            presented,
        } = self;
        // A route may want what was verified of late alone; for others the memory stays what it is.
        let is_young = |remembered: &&Remembered| {
            let age_secs = line
                .now_unix_secs
                .saturating_sub(remembered.learnt_unix_secs);
            line.route.remember_secs.is_none_or(|secs| age_secs < secs)
        };
        let believed = remembered.filter(is_young);
        match believed.map(|remembered| &remembered.memory) {
            // What is remembered of another scheme is not an answer to this question.
            Some(Memory::Good(principal))
                if principal.value().scheme == presented.scheme()
                    && bounds::is_of_route(&principal.value().bounds, line.route) =>
            {
                line.trail.add(Note::Recalled);
                admit(line, Arc::clone(principal), presented.place(), None)
            }
            Some(Memory::Refused {
                cause,
                scheme,
                detail,
                account,
            }) if *scheme == presented.scheme() => {
                line.trail.add(Note::Recalled);
                line.refuse(*cause, Some(*scheme), detail)
                    .of(|refusal| refusal.account.clone_from(account))
            }
            Some(Memory::Good(_) | Memory::Refused { .. }) | None => brake::begin(line, presented),
        }
    }
}

/// Lets a verified principal come before the rules of this route, if what bounds it allows that here and now.
pub(crate) fn admit<'c, 'r>(
    mut line: Line<'c, 'r>,
    principal: Arc<Verified<Principal>>,
    place: Place<'_>,
    lesson: Option<Lesson>,
) -> Step<'c, 'r> {
    if let Err((cause, detail)) = bounds::check(
        &principal.value().bounds,
        line.route,
        line.rules,
        line.now_unix_secs,
    ) {
        line.trail.add(Note::Bounds(detail));
        let identity = &principal.value().identity;
        let refused = line.refuse(cause, Some(principal.value().scheme), detail);
        return refused.of(|refusal| {
            refusal.subject = Some(identity.subject.clone());
            refusal.key_id = identity.source.api_key_id().map(Into::into);
        });
    }
    let due = match possession::check(principal.value(), &line) {
        Ok(due) => due,
        Err(detail) if principal.value().scheme == Scheme::Dpop => {
            let error = ErrorCode::OfToken(bearer::server::ErrorCode::InvalidToken);
            return proof::refuse(line, error, detail);
        }
        Err(detail) => {
            line.trail.add(Note::Bounds(detail));
            let scheme = Some(principal.value().scheme);
            return line.refuse(Cause::SenderConstraintFailed, scheme, detail);
        }
    };
    if let Due::Proof(key) = due {
        return proof::begin(line, principal, lesson, key);
    }
    // A browser adds the session, and a certificate, to whatever request a page makes it send. What the page has chosen to show, no other page
    // can make it show.
    let scheme = principal.value().scheme;
    if matches!(scheme, Scheme::Session | Scheme::Certificate)
        && let Err(detail) =
            origin::check_request(line.rules, &line.request, line.crossing.as_ref())
    {
        line.trail.add(Note::Session(detail));
        let refusal = line.refusal(Cause::CsrfFailed, Some(scheme), detail);
        let subject = Some(principal.value().identity.subject.clone());
        return Step::refused(Refusal { subject, ..refusal }, None);
    }
    let mut step = decide(line, Some(principal), Some(place));
    if let Step::Done(verdict) = &mut step {
        verdict.lesson = lesson;
    }
    step
}
