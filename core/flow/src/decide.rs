//! From a verified identity and the demand of its route to a permit or a refusal.
//!
//! Knows: who it is, and what the route demands. Does not know secrets, nor how the identity was shown. The one place
//! where a [`Permit`] is made.

use std::sync::Arc;

use countersign_cause::Cause;
use countersign_policy::{
    Asking, Demand, Denial, Identity, Ruling, Target, Unmet, decide as rule, denied,
};
use countersign_wire::dpop::PROOF;
use countersign_wire::{Place, cookie};
use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::cors::Crossing;
use crate::identity_token::IdentityToken;
use crate::refusal::Refusal;
use crate::rules::{IdentityHeaders, RouteRules, Rules};
use crate::step::{Line, Outcome, Step, Verdict};
use crate::trail::{Note, Trail};
use crate::verified::{Principal, Verified};
use crate::verify::bounds;
use crate::verify::digest::Proof;

/// The right to forward one request. It is used up by forwarding it.
///
/// ```compile_fail
/// # fn forge<'c>(rules: &'c countersign_flow::Rules) -> countersign_flow::Permit<'c> {
/// countersign_flow::Permit { rules }
/// # }
/// ```
///
/// ```compile_fail
/// # fn twice(permit: countersign_flow::Permit<'_>) {
/// let first = permit.into_edits();
/// let second = permit.into_edits();
/// # }
/// ```
#[must_use]
pub struct Permit<'c> {
    rules: &'c Rules,
    route: &'c RouteRules,
    principal: Option<Arc<Verified<Principal>>>,
    target: TargetOnward,
    credential: Option<HeaderName>,
    crossing: Option<Crossing<'c>>,
    trail: Trail,
    proof: Option<Box<Proof>>,
    fresh_nonce: bool,
}

/// The canonical target, the one that was decided on: the upstream gets no other.
#[derive(Debug, PartialEq, Eq)]
pub enum TargetOnward {
    /// It came in canonical form.
    AsSent,
    /// It came in another form, and goes on in this one: path and query.
    Canonical(String),
}

impl TargetOnward {
    pub(crate) fn of(target: &Target<'_>) -> Self {
        if target.is_as_received() {
            Self::AsSent
        } else {
            Self::Canonical(target.as_str().to_owned())
        }
    }
}

/// Decides, with the identity if there is one.
pub(crate) fn decide<'c, 'r>(
    mut line: Line<'c, 'r>,
    principal: Option<Arc<Verified<Principal>>>,
    place: Option<Place<'_>>,
) -> Step<'c, 'r> {
    let identity = principal
        .as_ref()
        .map(|verified| verified.value().identity());
    let asking = Asking {
        peer: line.request.client.known(),
        sign_in_age_secs: principal.as_ref().and_then(|verified| {
            let (route, rules) = (line.route, line.rules);
            bounds::sign_in_age_secs(verified.value(), route, rules, line.now_unix_secs)
        }),
    };
    let ruling = match denied(&line.route.deny, identity, asking.peer) {
        Some(denial) => Ruling::Deny(denial),
        None => rule(&line.route.demand, identity, asking),
    };
    let outcome = match ruling {
        Ruling::Allow(_) => Outcome::Permit(Permit {
            rules: line.rules,
            route: line.route,
            credential: place.and_then(header_name),
            principal,
            target: line.target,
            crossing: line.crossing,
            trail: line.trail,
            proof: line.proof,
            fresh_nonce: line.fresh_nonce,
        }),
        Ruling::Deny(denial) => {
            let mut detail = detail(&denial);
            let mut cause = denial.cause;
            let particulars = particulars(&denial, identity);
            line.trail.add(Note::Demand(detail));
            // A preflight can carry no credentials: something else keeps the page out.
            if let Some(unruled) = line.unruled
                && cause == Cause::CredentialsMissing
            {
                (cause, detail) = (unruled.cause, unruled.detail);
                line.trail.add(Note::Page(detail));
            }
            Outcome::Refusal(Refusal {
                detail,
                scheme: principal.as_ref().map(|verified| verified.value().scheme()),
                route: Some(line.route),
                subject: identity.map(|identity| identity.subject.clone()),
                key_id: identity
                    .and_then(|identity| identity.source.api_key_id())
                    .map(Into::into),
                particulars: (cause == denial.cause).then_some(particulars),
                crossing: line.crossing,
                trail: line.trail,
                missing_scopes: denial.missing_scopes().to_vec(),
                ..Refusal::new(line.rules, cause)
            })
        }
    };
    Step::Done(Verdict {
        outcome,
        lesson: None,
        attempt: None,
    })
}

/// All that was not met, with the names of the rule, and the networks where they are the credential's.
fn particulars(denial: &Denial<'_>, identity: Option<&Identity>) -> Box<str> {
    let words = denial.unmet.iter().map(|unmet| match (unmet, identity) {
        (Unmet::CredentialNetwork, Some(identity)) => {
            let networks = identity.networks.iter();
            let networks: Vec<String> = networks.map(|one| format!("`{one}`")).collect();
            format!("{unmet}, only from {}", networks.join(", "))
        }
        (
            Unmet::CredentialNetwork
            | Unmet::Identity
            | Unmet::Networks(_)
            | Unmet::Users(_)
            | Unmet::Groups(_)
            | Unmet::Claim(_)
            | Unmet::Scopes(_)
            | Unmet::SecondFactor
            | Unmet::Strength(_)
            | Unmet::SignInAge(_)
            | Unmet::DeniedUser(_)
            | Unmet::DeniedGroup(_)
            | Unmet::DeniedNetworks(_),
            _,
        ) => unmet.to_string(),
    });
    words.collect::<Vec<_>>().join("; ").into()
}

fn detail(denial: &Denial<'_>) -> &'static str {
    denial.unmet.first().map_or("", |unmet| unmet.detail())
}

/// The field to be taken out as a whole. Cookies are taken out one by one, on every route.
fn header_name(place: Place<'_>) -> Option<HeaderName> {
    match place {
        Place::Authorization => Some(AUTHORIZATION),
        Place::Header(name) => Some(name.clone()),
        Place::Cookie(_) | Place::Connection => None,
    }
}

impl<'c> Permit<'c> {
    /// The route by which the request may go on.
    #[must_use]
    pub const fn route(&self) -> &'c RouteRules {
        self.route
    }

    /// Who it is, where the route asked.
    #[must_use]
    pub fn principal(&self) -> Option<&Principal> {
        self.principal.as_ref().map(|verified| verified.value())
    }

    /// Uses the permit up: what has to change in the request on its way to the upstream.
    #[must_use]
    pub fn into_edits(self) -> Edits<'c> {
        Edits {
            rules: self.rules,
            route: self.route,
            principal: self.principal,
            target: self.target,
            credential: self.credential,
            crossing: self.crossing,
            trail: self.trail,
            proof: self.proof.map(AuthenticationInfo),
            fresh_nonce: self.fresh_nonce,
        }
    }
}

/// The edits that a permit prescribes for the request that it lets through.
pub struct Edits<'c> {
    rules: &'c Rules,
    /// The route taken.
    pub route: &'c RouteRules,
    principal: Option<Arc<Verified<Principal>>>,
    /// The target that the upstream gets.
    pub target: TargetOnward,
    credential: Option<HeaderName>,
    /// What the answer lets pages of other origins do, where the route has rules for them.
    pub crossing: Option<Crossing<'c>>,
    /// What each stage said, for a refusal that happens later on the way.
    pub trail: Trail,
    /// What the answer has to say of the credentials, where the scheme has it.
    pub proof: Option<AuthenticationInfo>,
    /// Whether the answer gives the client a new nonce for its proofs (RFC 9449 section 8.2).
    pub fresh_nonce: bool,
}

/// What goes into `Authentication-Info` (RFC 7615) of the upstream's answer.
#[derive(Debug)]
pub struct AuthenticationInfo(Box<Proof>);

impl AuthenticationInfo {
    /// Whether the client is to go on with a new nonce.
    #[must_use]
    pub const fn wants_nonce(&self) -> bool {
        self.0.wants_nonce()
    }

    /// The value of the field. `bodiless` says that the answer has no body, as an answer to HEAD.
    #[must_use]
    pub fn field(&self, nextnonce: Option<String>, bodiless: bool) -> Option<HeaderValue> {
        self.0.field(nextnonce, bodiless)
    }
}

impl Edits<'_> {
    pub(crate) fn principal(&self) -> Option<&Principal> {
        self.principal.as_ref().map(|verified| verified.value())
    }

    pub(crate) const fn identity_token(&self) -> Option<&IdentityToken> {
        self.rules.identity_headers.token.as_ref()
    }

    /// Whether a cache that others use as well must not keep the answer, unless it says itself who may. RFC 9111 section 3.5 keeps such a
    /// cache from it where the request has `Authorization`, and knows neither keys in other fields, nor cookies, nor addresses.
    #[must_use]
    pub fn answer_is_private(&self) -> bool {
        !matches!(self.route.demand, Demand::Anyone) && self.credential != Some(AUTHORIZATION)
    }

    /// Removes the credential and everything that claims an identity, and writes the identity that was verified.
    pub fn apply(&self, headers: &mut HeaderMap) {
        if let Some(name) = &self.credential
            && !self.route.keep_credential
        {
            headers.remove(name);
            // A proof is for this gateway alone, and of no use without its token.
            if self.route.accept.dpop && name == AUTHORIZATION {
                headers.remove(PROOF);
            }
        }
        if let Some(session) = &self.rules.session
            && !(self.route.keep_credential && self.route.accept.session)
        {
            let ours = [&session.cookie, &session.form_cookie, &session.round_cookie];
            remove_cookies(headers, &ours.map(|name| &**name));
        }
        let names = &self.rules.identity_headers;
        remove_look_alikes(headers, names);
        let Some(principal) = self.principal() else {
            return;
        };
        let lines = &principal.lines;
        headers.insert(names.user.clone(), lines.user.clone());
        headers.insert(
            names.scheme.clone(),
            HeaderValue::from_static(principal.scheme.name()),
        );
        let optional = [
            (&names.groups, &lines.groups),
            (&names.scopes, &lines.scopes),
            (&names.issuer, &lines.issuer),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                headers.insert(name.clone(), value.clone());
            }
        }
    }
}

/// Removes cookies of the gateway's own, on routes that ask for no session too: an upstream that gets one can use it.
fn remove_cookies(headers: &mut HeaderMap, names: &[&str]) {
    let is_there = |line: &HeaderValue| cookie::without(line.as_bytes(), names).is_some();
    if !headers.get_all(COOKIE).iter().any(is_there) {
        return;
    }
    let kept: Vec<HeaderValue> = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|line| match cookie::without(line.as_bytes(), names) {
            None => Some(line.clone()),
            Some(left) if left.is_empty() => None,
            Some(left) => HeaderValue::from_bytes(&left).ok(),
        })
        .collect();
    headers.remove(COOKIE);
    for line in kept {
        headers.append(COOKIE, line);
    }
}

/// Fields by which other gateways say who is calling, and this one where the configuration has no other names. An application that once stood behind one may still believe them, and here
/// nobody but a client would have written them.
const OF_OTHER_GATEWAYS: [&str; 17] = [
    "x-auth-user",
    "x-auth-groups",
    "x-auth-scopes",
    "x-auth-scheme",
    "x-auth-issuer",
    "remote-user",
    "remote-groups",
    "remote-group",
    "remote-name",
    "remote-email",
    "x-remote-user",
    "x-remote-group",
    "x-remote-groups",
    "x-webauth-user",
    "x-authenticated-user",
    "x-authenticated-userid",
    "x-authenticated-groups",
];

/// Removes every spelling of the identity headers: letter case is folded by the map, and whatever is neither letter nor
/// digit counts as a hyphen, as CGI and its heirs see it (RFC 3875 section 4.1.18, where servers fold more than `-`).
fn remove_look_alikes(headers: &mut HeaderMap, names: &IdentityHeaders) {
    let ours = [
        &names.user,
        &names.groups,
        &names.scopes,
        &names.scheme,
        &names.issuer,
    ];
    let token = names.token.as_ref().map(|token| &token.header);
    let claims_identity = |name: &HeaderName| {
        ours.iter()
            .copied()
            .chain(token)
            .map(HeaderName::as_str)
            .chain(OF_OTHER_GATEWAYS)
            .any(|our| spelt_alike(name.as_str(), our))
    };
    let found: Vec<HeaderName> = headers
        .keys()
        .filter(|name| claims_identity(name))
        .cloned()
        .collect();
    for name in found {
        headers.remove(name);
    }
}

fn spelt_alike(name: &str, our: &str) -> bool {
    name.len() == our.len()
        && name
            .bytes()
            .zip(our.bytes())
            .all(|(a, b)| folded(a) == folded(b))
}

const fn folded(byte: u8) -> u8 {
    if byte.is_ascii_alphanumeric() {
        byte
    } else {
        b'-'
    }
}
