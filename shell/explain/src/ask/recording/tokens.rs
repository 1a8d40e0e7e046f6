//! The tokens that the recording's sign-in gave, against the one that the request carries.
//!
//! Knows: which token was given when, and as what. Does not know what is in a token.

mod again;
mod given;
mod right;

use countersign_cause::{Cause, Who};
use countersign_wire::{Accepted, Reading};

use crate::case::Exchange;
use crate::command;
use crate::cookie::is_same_site;
use crate::credential::{Carrier, Credential, credentials_of, form_of};
use crate::exchange::{is_preflight, named, status, token_parameters};
use crate::finding::{Finding, Fix, Weight};

use super::damage;
use super::grants;
use super::maker::Kind;
use super::view::View;
use given::{Given, Use, given};

pub(super) fn look(view: &View<'_>) -> Vec<Finding> {
    let of_grant = token_parameters(view.request).is_some();
    if of_grant || is_preflight(view.request) || !matches!(view.status(), 400 | 401 | 403) {
        return Vec::new();
    }
    let given = given(view);
    let sent = view
        .credentials
        .iter()
        .find(|credential| credential.is_token_of_a_request());
    match sent {
        None => not_applied(view, &given),
        Some(sent) => {
            placeholder(view, &given).map_or_else(|| compare(view, sent, &given), |one| vec![one])
        }
    }
}

impl Credential {
    /// Whether it is where access tokens are sent, and not a user name with a password.
    fn is_token_of_a_request(&self) -> bool {
        match &self.carrier {
            Carrier::Authorization => !self.is("basic") && !self.is("digest"),
            Carrier::Field(_) | Carrier::Query(_) => true,
            Carrier::Cookie | Carrier::Form(_) => false,
        }
    }
}

/// A variable that was empty when the header was made; the sign-in's answer shows the member that was meant.
fn placeholder(view: &View<'_>, given: &[Given<'_>]) -> Option<Finding> {
    let accepted = Accepted {
        bearer: true,
        ..Accepted::default()
    };
    let headers = view.request.fields.to_header_map();
    let Reading::Defective(defect) = countersign_wire::read(&accepted, &headers, None) else {
        return None;
    };
    let access = given.iter().rev().find(|one| one.kind == Use::Access)?;
    if defect.cause != Cause::CredentialsPlaceholder {
        return None;
    }
    let by = named(access.by);
    let member = &access.member;
    let evidence =
        format!("the request carries a placeholder, and {by} gave the token as `{member}`");
    let fix = Fix::new(
        Who::Client,
        format!(
            "Read the token from the member `{member}` of that answer, and wait for the answer before this request is made."
        ),
    );
    Some(Finding::new(Cause::CredentialsPlaceholder, Weight::Proof, evidence).with_fix(fix))
}

/// Nothing was sent, although there is something to send.
fn not_applied(view: &View<'_>, given: &[Given<'_>]) -> Vec<Finding> {
    if view.request.fields.has("cookie") && !view.expects_a_header() {
        return Vec::new();
    }
    let origin = view.request.origin();
    let sibling = view.others().find(|other| {
        let carried = credentials_of(&other.request);
        other.request.origin() == origin
            && other.request.url.path() != view.request.url.path()
            && (200..300).contains(&status(other))
            && carried.iter().any(Credential::is_token_of_a_request)
    });
    let bearer = view.answer.is_some_and(|answer| {
        let challenges = answer.challenges().challenges;
        challenges.iter().any(|one| one.is("Bearer"))
    });
    let is_near = |one: &&Given<'_>| bearer || is_same_site(&one.by.request.url, &view.request.url);
    let token = given
        .iter()
        .rev()
        .filter(|one| one.kind == Use::Access)
        .find(is_near);
    let (seen, right) = match (sibling, token) {
        (Some(other), _) => (
            format!(
                "{} carries a token and is let through, and this request carries none",
                named(other)
            ),
            right::as_in(view.request, &other.request),
        ),
        (None, Some(token)) => (
            format!(
                "{} gave an access token (`{}`), and this request carries no credentials",
                named(token.by),
                token.member
            ),
            right::as_bearer(view.request),
        ),
        (None, None) => return Vec::new(),
    };
    let by = match view.maker.kind {
        Kind::Page | Kind::Frame => {
            " A page or frame that is opened can't carry the header: fetch it by script, or let a cookie or a short-lived link carry the sign-in."
        }
        Kind::Part => {
            " A picture, an event stream or a socket can't carry the header: fetch it by script, or let a cookie or a short-lived link carry the sign-in."
        }
        Kind::Script => "",
    };
    let place = view.recorded.initiator.as_deref();
    let place = place.map(|place| format!(" (called at {place})"));
    let text = format!(
        "Send the token with this request as well{}: the call does not go through the client or interceptor that adds it, or runs before the token is there.{by}",
        place.unwrap_or_default()
    );
    let fix = Fix::new(Who::Client, text).with_command(command::curl(view.case, &right));
    let excluded = Finding::new(
        Cause::CredentialsMissing,
        Weight::Excludes,
        "the client had a token",
    );
    vec![
        Finding::new(Cause::CredentialsNotApplied, Weight::Strong, seen).with_fix(fix),
        excluded,
    ]
}

/// What was sent against everything that was given.
fn compare(view: &View<'_>, sent: &Credential, given: &[Given<'_>]) -> Vec<Finding> {
    let value = sent.secret.expose().as_slice();
    let mut ended = view.done_before().rev().filter(|other| ends(other));
    if let Some(ended) = ended.find(|other| hands_in(other, value)) {
        let evidence = format!(
            "{} ended the very token that this request carries",
            named(ended)
        );
        return vec![Finding::new(Cause::TokenRevoked, Weight::Strong, evidence)];
    }
    let again = again::look(view, sent);
    if !again.is_empty() {
        return again;
    }
    let same = given.iter().rev().find(|one| one.value.as_bytes() == value);
    match same {
        Some(one) => match one.kind {
            Use::Refresh | Use::Id => wrong_kind(view, sent, one, given).into_iter().collect(),
            Use::Access => {
                let mut found = out_of_time(view, one, given);
                if found.is_empty() {
                    found.extend(grants::of_granted(view, one.by));
                }
                found
            }
        },
        None => given
            .iter()
            .rev()
            .filter(|one| one.kind == Use::Access)
            .find_map(|one| changed(view, sent, one))
            .into_iter()
            .collect(),
    }
}

fn changed(view: &View<'_>, sent: &Credential, one: &Given<'_>) -> Option<Finding> {
    let change = damage::but_for(sent.secret.expose(), one.value.as_bytes())?;
    let by = named(one.by);
    let evidence = format!(
        "{by} gave a token of {} characters, and the request carries it {}",
        one.value.len(),
        change.words
    );
    let right = right::instead(view.request, sent, &one.value);
    let fix = Fix::new(
        Who::Client,
        "Send the token as it was given, from the first to the last character.",
    )
    .with_command(command::curl(view.case, &right));
    Some(Finding::new(change.cause, Weight::Proof, evidence).with_fix(fix))
}

fn wrong_kind(
    view: &View<'_>,
    sent: &Credential,
    one: &Given<'_>,
    given: &[Given<'_>],
) -> Option<Finding> {
    let path = view.request.url.path().to_ascii_lowercase();
    if path.contains("refresh") || path.contains("logout") || path.contains("revoke") {
        return None;
    }
    let beside = given
        .iter()
        .any(|other| other.kind == Use::Access && other.value != one.value);
    // Some gateways take ID tokens; nobody takes a refresh token as an access token.
    let (what, weight) = match (one.kind, beside) {
        (Use::Refresh, true) => ("refresh token", Weight::Proof),
        (Use::Refresh, false) => ("refresh token", Weight::Strong),
        (Use::Id, true) => ("ID token", Weight::Strong),
        (Use::Id, false) => ("ID token", Weight::Fair),
        (Use::Access, _) => return None,
    };
    let evidence = format!(
        "the request carries the {what} that {} gave, where an access token is due",
        named(one.by)
    );
    let right = right::instead(view.request, sent, "TOKEN");
    let fix = Fix::new(
        Who::Client,
        "Send the member `access_token` of that answer as the token.",
    )
    .with_command(command::curl(view.case, &right));
    Some(Finding::new(Cause::TokenWrongKind, weight, evidence).with_fix(fix))
}

/// The right token, and perhaps too late.
fn out_of_time(view: &View<'_>, one: &Given<'_>, given: &[Given<'_>]) -> Vec<Finding> {
    let mut found = Vec::new();
    let age = one.given_unix_secs.map(|at| view.at_unix_secs() - at);
    let newer = given.iter().rev().find(|other| {
        other.kind == Use::Access
            && other.value != one.value
            && other.given_unix_secs >= one.given_unix_secs
    });
    let newer = newer.filter(|other| !std::ptr::eq(other.by, one.by));
    let renew = || {
        Fix::new(
            Who::Client,
            "Take the newest token for every request: read it from the store when the request is made, and not when the client is.",
        )
    };
    if let Some((age, lives)) = age.zip(one.lives_secs).filter(|(age, lives)| age >= lives) {
        let evidence = format!(
            "{} gave the token for {lives} s, and this request came {age} s later",
            named(one.by)
        );
        let finding = Finding::new(Cause::TokenExpired, Weight::Strong, evidence);
        found.push(match newer {
            Some(_) => finding.with_fix(renew()),
            None => finding.with_fix(Fix::new(Who::Client, "Renew the token with the refresh token before it runs out, and once more on a 401.")),
        });
    } else if let Some(newer) = newer {
        let evidence = format!(
            "the request carries the token that {} gave, although {} gave a newer one",
            named(one.by),
            named(newer.by)
        );
        found.push(Finding::new(Cause::TokenRevoked, Weight::Fair, evidence).with_fix(renew()));
    }
    let mut ended = view.done_before().rev().filter(|other| ends(other));
    if let Some(ended) = ended.find(|other| began(other) >= began(one.by)) {
        let evidence = format!(
            "{} ended the sign-in whose token this request carries",
            named(ended)
        );
        found.push(Finding::new(Cause::TokenRevoked, Weight::Strong, evidence));
    }
    found
}

fn began(exchange: &Exchange) -> Option<i64> {
    exchange.recorded.started_unix_ms
}

/// Whether a request has this credential in its body or its fields.
fn hands_in(exchange: &Exchange, value: &[u8]) -> bool {
    let in_body = form_of(&exchange.request);
    in_body.iter().any(|(_, other)| other.as_bytes() == value)
        || credentials_of(&exchange.request)
            .iter()
            .any(|other| other.secret.expose() == value)
}

fn ends(exchange: &Exchange) -> bool {
    let path = exchange.request.url.path().to_ascii_lowercase();
    let words = ["logout", "signout", "revoke", "end_session", "endsession"];
    words.iter().any(|word| path.contains(word)) && (200..400).contains(&status(exchange))
}
