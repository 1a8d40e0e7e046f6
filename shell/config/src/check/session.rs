//! Sessions: their cookie, and how long they go on.
//!
//! Knows one section, and what of the others it has to fit. Does not know users.

mod shared;

use std::net::SocketAddr;

use countersign_flow::SessionRules;
use countersign_wire::cookie;

use super::{Scene, own_keys, passkeys};
use crate::declared::{Key, session};
use crate::problem::SessionProblem;
use crate::read::Fields;

/// What of the other sections `[session]` has to fit.
pub(super) struct Around<'a> {
    pub(super) listen: &'a [SocketAddr],
    /// For how long a verified credential is remembered.
    pub(super) remember_secs: i64,
    pub(super) public_url: Option<&'a str>,
    /// Whether some route accepts API keys.
    pub(super) takes_keys: bool,
}

/// The rules of `[session]`.
pub(super) fn read(
    fields: Option<&Fields<'_>>,
    around: &Around<'_>,
    scene: Scene<'_>,
) -> SessionRules {
    let secs = |key: &'static Key, default: i64| {
        fields
            .and_then(|fields| fields.whole(key))
            .map_or(default, |secs| {
                i64::try_from(secs.value).unwrap_or(i64::MAX)
            })
    };
    let secure = !plain_http(fields, around, scene);
    let shared = shared::read(fields, secure, scene);
    let prefix = match (secure, &shared) {
        (false, _) => "",
        (true, None) => cookie::HOST_PREFIX,
        (true, Some(_)) => cookie::SECURE_PREFIX,
    };
    let cookie = cookie(fields, prefix, scene);
    // These two are of one host whatever the session is.
    let own = match cookie.strip_prefix(cookie::SECURE_PREFIX) {
        Some(name) => [cookie::HOST_PREFIX, name].concat(),
        None => cookie.to_string(),
    };
    let rules = SessionRules {
        form_cookie: format!("{own}-form").into(),
        round_cookie: format!("{own}-round").into(),
        cookie,
        shared,
        secure,
        idle_secs: secs(&session::IDLE_SECS, 8 * 60 * 60),
        lifetime_secs: secs(&session::LIFETIME_SECS, 7 * 24 * 60 * 60),
        per_user_max: fields
            .and_then(|fields| fields.whole(&session::PER_USER_MAX))
            .map_or(50, |number| u32::try_from(number.value).unwrap_or(u32::MAX)),
        fresh_secs: secs(&session::FRESH_SECS, 300),
        passkeys: passkeys::read(fields, around.public_url, scene),
        password: fields
            .and_then(|fields| fields.flag(&session::PASSWORD))
            .is_none_or(|flag| flag.value),
        own_keys: own_keys::read(fields, around.takes_keys, scene),
    };
    let span = |key: &'static Key| {
        fields.map_or(0..0, |fields| {
            if fields.has(key) {
                fields.span_of(key)
            } else {
                fields.span.clone()
            }
        })
    };
    if rules.lifetime_secs < rules.idle_secs {
        let problem = SessionProblem::LifetimeShort {
            idle_secs: rules.idle_secs,
        };
        scene.sink.error(&span(&session::LIFETIME_SECS), problem);
    }
    if rules.idle_secs <= around.remember_secs {
        let problem = SessionProblem::IdleRemembered {
            ttl_secs: around.remember_secs,
        };
        scene.sink.error(&span(&session::IDLE_SECS), problem);
    }
    rules
}

fn plain_http(fields: Option<&Fields<'_>>, around: &Around<'_>, scene: Scene<'_>) -> bool {
    let Some(flag) = fields
        .and_then(|fields| fields.flag(&session::PLAIN_HTTP))
        .filter(|flag| flag.value)
    else {
        return false;
    };
    let beyond = around
        .listen
        .iter()
        .find(|address| !address.ip().to_canonical().is_loopback());
    match beyond {
        Some(address) => {
            let address = address.to_string();
            let problem = SessionProblem::PlainHttpBeyond { address };
            scene.sink.error(&flag.span, problem);
        }
        None => scene.sink.warn(&flag.span, SessionProblem::PlainHttp),
    }
    true
}

fn cookie(fields: Option<&Fields<'_>>, prefix: &'static str, scene: Scene<'_>) -> Box<str> {
    let Some(text) = fields.and_then(|fields| fields.text(&session::COOKIE)) else {
        return [prefix, "countersign"].concat().into();
    };
    let value = || text.value.to_owned();
    // Browsers compare the prefix without regard to case.
    let begins = |prefix: &str| {
        let start = text.value.get(..prefix.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    let prefixed = begins(cookie::HOST_PREFIX) || begins(cookie::SECURE_PREFIX);
    if !cookie::is_name(text.value) {
        let problem = SessionProblem::CookieName { value: value() };
        scene.sink.error(&text.span, problem);
    } else if !text.starts_with(prefix) {
        let value = value();
        let problem = if prefix == cookie::HOST_PREFIX {
            SessionProblem::CookieUnbound { value }
        } else {
            SessionProblem::CookieUnshared { value }
        };
        scene.sink.error(&text.span, problem);
    } else if prefix.is_empty() && prefixed {
        let problem = SessionProblem::CookieDropped { value: value() };
        scene.sink.error(&text.span, problem);
    }
    text.value.into()
}
