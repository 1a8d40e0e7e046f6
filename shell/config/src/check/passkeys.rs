//! Passkeys: the domain that they are bound to, and the origins that may ask for them.
//!
//! Knows: what browsers take of both (Web Authentication sections 5.1.3 and 5.1.4). Does not know users.

use countersign_flow::PasskeyRules;

use super::{Scene, text, url};
use crate::declared::{passkeys, session};
use crate::problem::SessionProblem;
use crate::read::{Fields, Located};

/// The rules of `[session.passkeys]`; `None` where there are no passkeys.
pub(super) fn read(
    session: Option<&Fields<'_>>,
    public_url: Option<&str>,
    scene: Scene<'_>,
) -> Option<PasskeyRules> {
    let session = session?;
    let fields = session.table(&session::PASSKEYS)?;
    let written = fields.text(&passkeys::RP_ID);
    let origins = fields.texts(&passkeys::ORIGINS);
    let is_unread = fields.has(&passkeys::RP_ID) && written.is_none()
        || fields.has(&passkeys::ORIGINS) && origins.is_none();
    if is_unread {
        // What is wrong with it was said where it was read.
        return None;
    }
    let public = public_url.and_then(|url| url::parse(url).ok());
    let rp_id = match (&written, &public) {
        (Some(written), _) => written.value,
        (None, Some(public)) => public.host.name(),
        (None, None) => "",
    };
    let span = written.as_ref().map_or_else(
        || session.span_of(&session::PASSKEYS),
        |written| written.span.clone(),
    );
    if rp_id.is_empty() || origins.is_none() && public.is_none() {
        scene.sink.error(&span, SessionProblem::PasskeysNowhere);
        return None;
    }
    if !is_domain(rp_id) {
        let value = rp_id.to_owned();
        scene
            .sink
            .error(&span, SessionProblem::PasskeyDomain { value });
        return None;
    }
    let origins = match (&origins, public_url) {
        (Some(origins), _) => {
            text::no_two_the_same(&origins.value, scene);
            let read = origins.value.iter();
            read.filter_map(|origin| read_origin(origin, rp_id, scene))
                .collect()
        }
        (None, Some(public_url)) => {
            let located = Located {
                value: public_url,
                span: span.clone(),
            };
            read_origin(&located, rp_id, scene).into_iter().collect()
        }
        (None, None) => Vec::new(),
    };
    if let Some(public_url) = public_url
        && !origins.is_empty()
        && !origins.iter().any(|origin| **origin == *public_url)
    {
        let value = public_url.to_owned();
        scene
            .sink
            .warn(&span, SessionProblem::PasskeysNotAtPublicUrl { value });
    }
    let per_user_max = fields.whole(&passkeys::PER_USER_MAX);
    Some(PasskeyRules {
        rp_id: rp_id.into(),
        origins,
        per_user_max: per_user_max
            .map_or(20, |number| u32::try_from(number.value).unwrap_or(u32::MAX)),
    })
}

/// An origin as browsers write it, whose pages may ask for passkeys of this domain.
fn read_origin(written: &Located<&str>, rp_id: &str, scene: Scene<'_>) -> Option<Box<str>> {
    let url = url::read_origin(written, scene)?;
    let value = || written.value.to_owned();
    let host = url.host.name();
    // Section 5.1.3, step 8: the domain is the origin's own, or a parent of it.
    let below = host
        .strip_suffix(rp_id)
        .is_some_and(|rest| rest.ends_with('.'));
    if host != rp_id && !(below && rp_id.contains('.')) {
        let problem = SessionProblem::PasskeyOrigin {
            value: value(),
            rp_id: rp_id.to_owned(),
        };
        scene.sink.error(&written.span, problem);
        return None;
    }
    // Secure Contexts section 3.1: without TLS, the names of this machine alone.
    if !url.is_https && host != "localhost" && !host.ends_with(".localhost") {
        let problem = SessionProblem::PasskeyOriginInTheClear { value: value() };
        scene.sink.error(&written.span, problem);
        return None;
    }
    Some(url.origin().into())
}

/// A domain in lower case. Section 5.1.3: an address is none.
fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !label.is_empty() && label.len() <= 63 && label.bytes().all(fits)
    };
    let is_address = text
        .split('.')
        .next_back()
        .is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    text.len() <= 253 && text.split('.').all(is_label) && !is_address
}
