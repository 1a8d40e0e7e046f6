//! By which rule a browser kept a cookie back, as cause, evidence and fix.
//!
//! Knows: the words for each rule. Does not know whether the cookie matters.

use countersign_cause::{Cause, Who};

use crate::cookie::{
    Kept, NotStored, PAIR_BYTES_MAX, SameSite, Sending, Stored, host_of, is_loopback, registrable,
};
use crate::exchange::named;
use crate::finding::{Fix, Weight};

use super::super::maker::{Browser, Kind};
use super::super::view::View;
use super::history::{Laid, history};
use super::{line, script};

/// Why one cookie is absent.
pub(super) struct Why {
    pub(super) cause: Cause,
    /// `Proof` where the rule leaves the browser no choice.
    pub(super) weight: Weight,
    pub(super) evidence: String,
    pub(super) fix: Fix,
}

impl Why {
    pub(super) fn new(cause: Cause, weight: Weight, evidence: String, fix: Fix) -> Why {
        Why {
            cause,
            weight,
            evidence,
            fix,
        }
    }
}

/// The rule that explains it; `None` where none does.
pub(super) fn of(view: &View<'_>, cookie: &Laid<'_>) -> Option<Why> {
    let stored = match &cookie.stored {
        Ok(stored) => stored,
        Err(reason) => return Some(not_stored(view, cookie, *reason)),
    };
    let maker = &view.maker;
    let is_safe = matches!(view.request.method.as_str(), "GET" | "HEAD" | "OPTIONS");
    let sending = Sending {
        url: &view.request.url,
        is_cross_site: maker.is_cross_site,
        is_safe_navigation: maker.kind == Kind::Page && is_safe,
        lax_by_default: !matches!(maker.browser, Browser::Firefox | Browser::Safari),
        at_unix_secs: view.at_unix_secs(),
    };
    match stored.kept_from(&sending).first() {
        Some(reason) => Some(kept(view, cookie, stored, *reason)),
        None => script::look(view, cookie).or_else(|| soft(view, cookie)),
    }
}

fn not_stored(view: &View<'_>, cookie: &Laid<'_>, reason: NotStored) -> Why {
    let (set, by) = (&cookie.set, named(cookie.setter));
    let (name, host) = (&set.name, cookie.host());
    let domain = set.domain.as_deref().unwrap_or_default();
    let secured = || line::with(set, |set| set.secure = true);
    let (cause, seen, fix) = match reason {
        NotStored::TooLarge => (
            Cause::CookieTooLarge,
            format!(
                "`{name}`, set by {by}, has {} bytes; browsers drop a cookie of more than {PAIR_BYTES_MAX} without a word",
                set.pair_bytes()
            ),
            format!(
                "Keep the session on the server and put only its id into `{name}`, or divide it into cookies of less than {PAIR_BYTES_MAX} bytes."
            ),
        ),
        NotStored::Domain => (
            Cause::CookieDomain,
            format!(
                "{by} set `{name}` with `Domain={domain}` from the host {host}, which that does not cover, so the browser dropped it"
            ),
            right_domain(view, cookie),
        ),
        NotStored::PublicSuffix => (
            Cause::CookieDomain,
            format!(
                "{by} set `{name}` with `Domain={domain}`, which is a public suffix that nobody may set cookies for"
            ),
            right_domain(view, cookie),
        ),
        NotStored::Secure => (
            Cause::CookieSecure,
            format!(
                "{by} set `{name}` with `Secure` over plain http, where browsers do not take it"
            ),
            format!(
                "Serve {host} over https. While it is on http, set the cookie without `Secure`: `{}`.",
                line::with(set, |set| set.secure = false)
            ),
        ),
        NotStored::NoneWithoutSecure => (
            Cause::CookieSamesite,
            format!(
                "{by} set `{name}` with `SameSite=None` and without `Secure`, so the browser dropped it"
            ),
            format!("Add `Secure`: `{}`.", secured()),
        ),
        NotStored::PartitionedWithoutSecure => (
            Cause::CookieSecure,
            format!(
                "{by} set `{name}` with `Partitioned` and without `Secure`, so the browser dropped it"
            ),
            format!("Add `Secure`: `{}`.", secured()),
        ),
        NotStored::SecurePrefix => (
            Cause::CookieSecure,
            format!(
                "the name `{name}` demands `Secure`, and {by} set it without, so the browser dropped it"
            ),
            format!("Add `Secure`: `{}`.", secured()),
        ),
        NotStored::HostPrefix => host_prefix(cookie),
    };
    Why::new(cause, Weight::Proof, seen, Fix::new(Who::Server, fix))
}

/// Without `Domain` where the cookie comes back to the host that sets it, otherwise with the parent of both.
fn right_domain(view: &View<'_>, cookie: &Laid<'_>) -> String {
    let here = host_of(&view.request.url);
    if here == cookie.host() {
        let right = line::with(&cookie.set, |set| set.domain = None);
        return format!("Leave `Domain` out: `{right}`.");
    }
    let parent = registrable(&here).to_owned();
    let right = line::with(&cookie.set, |set| set.domain = Some(parent));
    format!("Set it for the parent of both hosts: `{right}`.")
}

/// RFC 6265bis section 5.4: `__Host-` wants `Secure`, `Path=/` and no `Domain`.
fn host_prefix(cookie: &Laid<'_>) -> (Cause, String, String) {
    let (set, by) = (&cookie.set, named(cookie.setter));
    let (cause, lacks) = if !set.secure {
        (Cause::CookieSecure, "without `Secure`")
    } else if set.domain.is_some() {
        (Cause::CookieDomain, "with `Domain`")
    } else {
        (Cause::CookiePath, "without `Path=/`")
    };
    let right = line::with(set, |set| {
        set.secure = true;
        set.domain = None;
        set.path = Some("/".to_owned());
    });
    let name = &set.name;
    (
        cause,
        format!(
            "the name `{name}` demands `Secure`, `Path=/` and no `Domain`; {by} set it {lacks}, so the browser dropped it"
        ),
        format!("Set it as `{right}`."),
    )
}

fn kept(view: &View<'_>, cookie: &Laid<'_>, stored: &Stored, reason: Kept) -> Why {
    match reason {
        Kept::Host => other_host(view, cookie, stored),
        Kept::Expired => expired(view, cookie, stored),
        Kept::Path => other_path(view, cookie, stored),
        Kept::Secure => Why::new(
            Cause::CookieSecure,
            Weight::Proof,
            format!(
                "{} set `{}` with `Secure`, and this request goes over plain http",
                named(cookie.setter),
                cookie.set.name
            ),
            Fix::new(
                Who::Ops,
                format!(
                    "Call https://{}{} instead, and redirect http to https before anybody signs in.",
                    host_of(&view.request.url),
                    view.request.url.path()
                ),
            ),
        ),
        Kept::SameSite => same_site(view, cookie),
    }
}

fn other_host(view: &View<'_>, cookie: &Laid<'_>, stored: &Stored) -> Why {
    let (here, there) = (host_of(&view.request.url), &stored.domain);
    let (name, by) = (&cookie.set.name, named(cookie.setter));
    if is_loopback(&here) && is_loopback(there) {
        let evidence = format!(
            "{by} set `{name}` for {there}, and this request goes to {here}; to a browser these are two hosts"
        );
        let fix = format!(
            "Use one spelling in the page, the API's address and the redirects: {there} everywhere, or {here} everywhere."
        );
        return Why::new(
            Cause::CookieDomain,
            Weight::Strong,
            evidence,
            Fix::new(Who::Client, fix),
        );
    }
    let parent = registrable(&here);
    let evidence = match stored.host_only {
        true => format!(
            "{by} set `{name}` without `Domain`, so it goes to {there} alone, and this request goes to {here}"
        ),
        false => format!(
            "{by} set `{name}` for {there} and the hosts below it, and this request goes to {here}"
        ),
    };
    let right = line::with(&cookie.set, |set| set.domain = Some(parent.to_owned()));
    let fix = format!("Set it for the parent of both, `{right}`, or sign in at {here} itself.");
    Why::new(
        Cause::CookieDomain,
        Weight::Strong,
        evidence,
        Fix::new(Who::Server, fix),
    )
}

fn expired(view: &View<'_>, cookie: &Laid<'_>, stored: &Stored) -> Why {
    let end = stored.ends_unix_secs.unwrap_or_default();
    let lasted = end - cookie.set_unix_secs;
    let over = view.at_unix_secs() - end;
    let evidence = format!(
        "`{}`, set by {}, was good for {lasted} s and had run out {over} s before this request",
        cookie.set.name,
        named(cookie.setter)
    );
    let fix = "Sign in again, and let the server renew the cookie while it is used.";
    Why::new(
        Cause::SessionExpired,
        Weight::Proof,
        evidence,
        Fix::new(Who::User, fix),
    )
}

fn other_path(view: &View<'_>, cookie: &Laid<'_>, stored: &Stored) -> Why {
    let by = named(cookie.setter);
    let (name, path) = (&cookie.set.name, &stored.path);
    let here = view.request.url.path();
    let evidence = match cookie.set.path {
        Some(_) => format!("{by} set `{name}` with `Path={path}`, and this request goes to {here}"),
        None => format!(
            "{by} set `{name}` without `Path`, so it is good below {path} only, and this request goes to {here}"
        ),
    };
    let right = line::with(&cookie.set, |set| set.path = Some("/".to_owned()));
    let fix = Fix::new(Who::Server, format!("Set it as `{right}`."));
    Why::new(Cause::CookiePath, Weight::Proof, evidence, fix)
}

fn same_site(view: &View<'_>, cookie: &Laid<'_>) -> Why {
    let said = match cookie.set.same_site {
        SameSite::Unstated => "without `SameSite`, which stands for `Lax`",
        SameSite::Lax => "with `SameSite=Lax`",
        SameSite::Strict => "with `SameSite=Strict`",
        SameSite::None => "with `SameSite=None`",
    };
    let how = match view.maker.kind {
        Kind::Page => format!(
            "this {} comes from a page of another site",
            view.request.method
        ),
        Kind::Frame => "this request is made in a frame of another site".to_owned(),
        Kind::Script | Kind::Part => "this request is made by a page of another site".to_owned(),
    };
    let from = view
        .maker
        .origin
        .as_deref()
        .map(|origin| format!(" ({origin})"));
    let evidence = format!(
        "{} set `{}` {said}, and {how}{}",
        named(cookie.setter),
        cookie.set.name,
        from.unwrap_or_default()
    );
    let is_safe = matches!(view.request.method.as_str(), "GET" | "HEAD" | "OPTIONS");
    // A page that is opened by a link or a redirect gets `Lax` cookies: no more needs to be opened up.
    let fix = match view.maker.kind == Kind::Page && is_safe {
        true => format!(
            "Set it as `{}`: a page that is opened from another site, as after a sign-in there, gets it then.",
            line::with(&cookie.set, |set| set.same_site = SameSite::Lax)
        ),
        false => format!(
            "Set it as `{}`, or serve page and API from one site. Guard against forged requests otherwise then.",
            line::with(&cookie.set, |set| {
                set.same_site = SameSite::None;
                set.secure = true;
            })
        ),
    };
    Why::new(
        Cause::CookieSamesite,
        Weight::Proof,
        evidence,
        Fix::new(Who::Server, fix),
    )
}

/// What the specification lets through and some browsers do not.
fn soft(view: &View<'_>, cookie: &Laid<'_>) -> Option<Why> {
    let (set, by) = (&cookie.set, named(cookie.setter));
    let name = &set.name;
    if set.secure && view.request.url.scheme() == "http" {
        let right = line::with(set, |set| set.secure = false);
        return Some(Why::new(
            Cause::CookieSecure,
            Weight::Strong,
            format!(
                "{by} set `{name}` with `Secure`, this request goes over plain http, and the cookie is not in it; not every browser takes loopback for secure"
            ),
            Fix::new(
                Who::Server,
                format!("Use https, or set it as `{right}` for development on http."),
            ),
        ));
    }
    if set.secure && view.request.url.scheme() == "wss" && has_open_ones(view, cookie) {
        return Some(Why::new(
            Cause::CredentialsNotApplied,
            Weight::Strong,
            format!(
                "{by} set `{name}` with `Secure`, and this socket is encrypted; cookies of the same host without `Secure` are in it and `{name}` is not: the client's jar does not take `wss` for encrypted"
            ),
            Fix::new(
                Who::Client,
                format!(
                    "Hand `{name}` to the socket yourself, in its `Cookie` field or as a cookie for its address, or use a version of the client whose jar knows `wss`."
                ),
            ),
        ));
    }
    let is_single = set
        .domain
        .as_deref()
        .is_some_and(|domain| !domain.contains('.'));
    if is_single {
        let right = line::with(set, |set| set.domain = None);
        return Some(Why::new(
            Cause::CookieDomain,
            Weight::Strong,
            format!(
                "{by} set `{name}` with a `Domain` of a single label, which some browsers drop, and it is not in this request"
            ),
            Fix::new(Who::Server, format!("Leave `Domain` out: `{right}`.")),
        ));
    }
    None
}

/// Whether the request carries a cookie that the same host set without `Secure`.
fn has_open_ones(view: &View<'_>, cookie: &Laid<'_>) -> bool {
    let sent = view.cookies();
    let host = cookie.host();
    history(view).iter().any(|other| {
        other.host() == host
            && !other.set.secure
            && sent
                .iter()
                .any(|(name, value)| *name == other.set.name && *value == other.set.value)
    })
}
