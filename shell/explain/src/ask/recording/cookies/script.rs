//! A cookie that the rules would let go along, and a script or frame that did not take it: the credentials mode, or a
//! browser that blocks cookies of third parties.
//!
//! Knows: what a readable answer betrays of the mode in which it was asked for. Does not know `SameSite` or `Domain`.

use countersign_cause::{Cause, Who};

use crate::exchange::{named, status};
use crate::finding::{Finding, Fix, Weight};
use crate::message::Answer;

use super::super::maker::{Browser, Kind, Maker};
use super::super::view::{View, cookies_of};
use super::history::{Laid, is_session_name};
use super::line;
use super::why::Why;

pub(super) fn look(view: &View<'_>, cookie: &Laid<'_>) -> Option<Why> {
    if let Some(why) = dropped_when_set(view, cookie) {
        return Some(why);
    }
    let maker = &view.maker;
    let is_framed = maker.kind == Kind::Frame && maker.is_cross_site;
    if is_framed {
        return Some(third_party(view, cookie, Weight::Strong));
    }
    if !maker.is_cors() {
        // A script of a frame asks its own server: only a whole page of another site is left to explain it.
        let blocked = maker.is_cross_site && maker.kind != Kind::Page;
        return blocked.then(|| third_party(view, cookie, Weight::Strong));
    }
    // Cookies go all together or not at all: the mode was the right one if others are there.
    if view.request.fields.has("cookie") {
        return maker
            .is_cross_site
            .then(|| third_party(view, cookie, Weight::Fair));
    }
    if !maker.is_cross_site {
        return Some(not_asked(view, cookie, Weight::Proof));
    }
    Some(match (is_readable_without(view), maker.browser) {
        (true, _) => not_asked(view, cookie, Weight::Strong),
        (false, _) if came_back_elsewhere(view, cookie) => not_asked(view, cookie, Weight::Strong),
        (false, Browser::Safari | Browser::Firefox) => third_party(view, cookie, Weight::Strong),
        (false, Browser::Chromium | Browser::Other) => third_party(view, cookie, Weight::Fair),
    })
}

/// No answer of the recording sets a cookie that matters, but other requests to the server carry a session.
pub(super) fn left_out(view: &View<'_>) -> Option<Finding> {
    let is_bare = view.maker.is_cors() && !view.request.fields.has("cookie");
    let has_other = view.has_credential_beside_cookies() || view.expects_a_header();
    if !is_bare || has_other {
        return None;
    }
    let mut others = view.others().filter(|other| {
        let origin = other.request.origin() == view.request.origin();
        origin && (200..400).contains(&status(other))
    });
    let (other, name) = others.find_map(|other| {
        let cookies = cookies_of(&other.request);
        let session = cookies
            .into_iter()
            .find(|(name, _)| is_session_name(name))?;
        Some((other, session.0))
    })?;
    // From another site `SameSite` explains it as well.
    let weight = match (view.maker.is_cross_site, is_readable_without(view)) {
        (false, _) => Weight::Strong,
        (true, true) => Weight::Strong,
        (true, false) => Weight::Fair,
    };
    let evidence = format!(
        "{} carries the cookie `{name}` to this server, and this script's request to another origin carries none",
        named(other)
    );
    Some(Finding::new(Cause::CorsCredentialsNotSent, weight, evidence).with_fix(fix(view)))
}

/// Whether the page could read an answer that it could not have read had it asked with credentials: then it did not.
fn is_readable_without(view: &View<'_>) -> bool {
    let readable = !view.is_hidden() && view.status() != 0;
    readable
        && view
            .answer
            .is_some_and(|answer| !allows_credentials(answer))
}

fn allows_credentials(answer: &Answer) -> bool {
    let said = answer.fields.text("access-control-allow-credentials");
    said.is_some_and(|said| said.trim() == "true")
}

fn came_back_elsewhere(view: &View<'_>, cookie: &Laid<'_>) -> bool {
    view.others().any(|other| {
        let maker = Maker::of(&other.request, &other.recorded, view.case.client);
        maker.is_cross_site
            && other.request.origin() == view.request.origin()
            && cookies_of(&other.request)
                .iter()
                .any(|(name, _)| *name == cookie.set.name)
    })
}

/// A script that signs in at another origin without credentials has the answer's cookies thrown away.
fn dropped_when_set(view: &View<'_>, cookie: &Laid<'_>) -> Option<Why> {
    let setter = cookie.setter;
    let maker = Maker::of(&setter.request, &setter.recorded, view.case.client);
    let refuses = setter
        .answer
        .as_ref()
        .is_some_and(|answer| !allows_credentials(answer));
    let dropped = maker.is_cors() && refuses && !setter.request.fields.has("cookie");
    dropped.then(|| {
        Why::new(
            Cause::CorsCredentialsNotSent,
            Weight::Strong,
            format!(
                "{} set `{}` on a script's request to another origin; its answer has no `Access-Control-Allow-Credentials: true`, so the script did not ask with credentials, and the browser threw the cookie away",
                named(setter),
                cookie.set.name
            ),
            fix(view),
        )
    })
}

fn not_asked(view: &View<'_>, cookie: &Laid<'_>, weight: Weight) -> Why {
    let page = view.maker.origin.as_deref().unwrap_or("the page");
    Why::new(
        Cause::CorsCredentialsNotSent,
        weight,
        format!(
            "{} set `{}`, which may go with this request, and the script of {page} called another origin without any cookie",
            named(cookie.setter),
            cookie.set.name
        ),
        fix(view),
    )
}

fn fix(view: &View<'_>) -> Fix {
    let place = view.recorded.initiator.as_deref();
    let place = place.map(|place| format!(" (called at {place})"));
    let origin = view
        .maker
        .origin
        .as_deref()
        .unwrap_or("the page's own origin");
    Fix::new(
        Who::Client,
        format!(
            "Call with `fetch(url, {{ credentials: \"include\" }})` or `withCredentials = true`{}, at the sign-in as well. The server answers with `Access-Control-Allow-Credentials: true` and `Access-Control-Allow-Origin: {origin}`.",
            place.unwrap_or_default()
        ),
    )
}

fn third_party(view: &View<'_>, cookie: &Laid<'_>, weight: Weight) -> Why {
    let place = match view.maker.kind {
        Kind::Frame => "in a frame of another site",
        Kind::Page | Kind::Script | Kind::Part => "from a page of another site",
    };
    let browser = match view.maker.browser {
        Browser::Safari => "Safari blocks cookies of third parties",
        Browser::Firefox => "Firefox keeps cookies of third parties apart for each site",
        Browser::Chromium | Browser::Other => "browsers may block cookies of third parties",
    };
    let right = line::with(&cookie.set, |set| set.partitioned = true);
    Why::new(
        Cause::CookieThirdParty,
        weight,
        format!(
            "{} set `{}` so that it may go everywhere, and it is not in this request, which is made {place}; {browser}",
            named(cookie.setter),
            cookie.set.name
        ),
        Fix::new(
            Who::Server,
            format!(
                "Serve both under one registrable domain, or set it as `{right}` and sign in within the frame."
            ),
        ),
    )
}
