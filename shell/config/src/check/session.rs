//! Sessions: their cookie, and how long they go on.
//!
//! Knows one section, and what of the others it has to fit. Does not know users.

use std::net::SocketAddr;

use countersign_flow::SessionRules;
use countersign_wire::cookie;

use super::Scene;
use crate::declared::{Key, session};
use crate::problem::SessionProblem;
use crate::read::Fields;

/// What of the other sections `[session]` has to fit.
pub(super) struct Around<'a> {
    pub(super) listen: &'a [SocketAddr],
    /// For how long a verified credential is remembered.
    pub(super) remember_secs: i64,
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
    let cookie = cookie(fields, secure, scene);
    let rules = SessionRules {
        form_cookie: [&*cookie, "-form"].concat().into(),
        cookie,
        secure,
        idle_secs: secs(&session::IDLE_SECS, 8 * 60 * 60),
        lifetime_secs: secs(&session::LIFETIME_SECS, 7 * 24 * 60 * 60),
        per_user_max: fields
            .and_then(|fields| fields.whole(&session::PER_USER_MAX))
            .map_or(50, |number| u32::try_from(number.value).unwrap_or(u32::MAX)),
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

fn cookie(fields: Option<&Fields<'_>>, secure: bool, scene: Scene<'_>) -> Box<str> {
    let Some(text) = fields.and_then(|fields| fields.text(&session::COOKIE)) else {
        let prefix = if secure { cookie::HOST_PREFIX } else { "" };
        return [prefix, "countersign"].concat().into();
    };
    let value = || text.value.to_owned();
    // Browsers compare the prefix without regard to case.
    let prefixed = text
        .value
        .get(..cookie::HOST_PREFIX.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(cookie::HOST_PREFIX));
    if !cookie::is_name(text.value) {
        let problem = SessionProblem::CookieName { value: value() };
        scene.sink.error(&text.span, problem);
    } else if secure && !text.starts_with(cookie::HOST_PREFIX) {
        let problem = SessionProblem::CookieUnbound { value: value() };
        scene.sink.error(&text.span, problem);
    } else if !secure && prefixed {
        let problem = SessionProblem::CookieDropped { value: value() };
        scene.sink.error(&text.span, problem);
    }
    text.value.into()
}
