//! Who makes a request: the whole page, a frame in it, or a script; and from which site.
//!
//! Knows: Fetch Metadata, `Origin`, `Referer`, and what recorders say of a resource. Does not know cookies.

use url::Url;

use crate::case::{Client, Recorded};
use crate::cookie::is_same_site;
use crate::message::Request;

/// What makes a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The whole page goes there.
    Page,
    /// A frame in the page goes there.
    Frame,
    /// A script asks.
    Script,
    /// A picture, a style, a socket.
    Part,
}

/// The browser, as far as its rules differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Browser {
    Chromium,
    Firefox,
    Safari,
    /// No browser, or none that is known.
    Other,
}

/// Who makes a request.
#[derive(Clone, Debug)]
pub(super) struct Maker {
    pub(super) kind: Kind,
    pub(super) browser: Browser,
    /// The page's origin, as far as it is known.
    pub(super) origin: Option<String>,
    /// Whether the request leaves the origin of the page.
    pub(super) is_cross_origin: bool,
    /// Whether the request leaves the site of the page, the whole page's site included.
    pub(super) is_cross_site: bool,
}

impl Maker {
    pub(super) fn of(request: &Request, recorded: &Recorded, client: Client) -> Maker {
        let kind = kind(request, recorded);
        let from = sender(request, recorded);
        let site = request.fields.text("sec-fetch-site");
        let leaves_site = |from: &Url| !is_same_site(from, &request.url);
        let by_address = from.as_ref().is_some_and(leaves_site);
        let is_framed = kind != Kind::Page && recorded.page.as_ref().is_some_and(leaves_site);
        let is_cross_site = match site.as_deref() {
            Some("cross-site") => true,
            Some("same-origin" | "same-site" | "none") => is_framed,
            Some(_) | None => by_address || is_framed,
        };
        let origin = from
            .as_ref()
            .map(|from| from.origin().ascii_serialization());
        let is_cross_origin = match site.as_deref() {
            Some("cross-site" | "same-site") => true,
            Some("same-origin" | "none") => false,
            Some(_) | None => origin
                .as_ref()
                .is_some_and(|from| *from != request.origin()),
        };
        Maker {
            kind,
            browser: browser(request, client),
            origin,
            is_cross_origin,
            is_cross_site,
        }
    }

    /// Whether CORS rules the request.
    pub(super) fn is_cors(&self) -> bool {
        self.kind == Kind::Script && self.is_cross_origin
    }
}

fn sender(request: &Request, recorded: &Recorded) -> Option<Url> {
    let named = ["origin", "referer"].into_iter().find_map(|name| {
        let value = request.fields.text(name)?;
        Url::parse(&value).ok().filter(Url::has_host)
    });
    named.or_else(|| recorded.page.clone())
}

fn kind(request: &Request, recorded: &Recorded) -> Kind {
    let fields = &request.fields;
    match fields.text("sec-fetch-dest").as_deref() {
        Some("document") => return Kind::Page,
        Some("iframe" | "frame" | "embed" | "object") => return Kind::Frame,
        Some("empty") => return Kind::Script,
        Some(_) => return Kind::Part,
        None => {}
    }
    match recorded.resource.as_deref() {
        Some("document") => return Kind::Page,
        Some("iframe" | "frame") => return Kind::Frame,
        Some("fetch" | "xhr" | "preflight") => return Kind::Script,
        Some(
            "image" | "font" | "stylesheet" | "script" | "media" | "websocket" | "eventsource",
        ) => {
            return Kind::Part;
        }
        Some(_) | None => {}
    }
    let wants_page = fields
        .text("accept")
        .is_some_and(|accept| accept.contains("text/html"));
    match wants_page && !fields.has("x-requested-with") {
        true => Kind::Page,
        false => Kind::Script,
    }
}

fn browser(request: &Request, client: Client) -> Browser {
    let agent = request.fields.text("user-agent").unwrap_or_default();
    if client != Client::Browser {
        Browser::Other
    } else if agent.contains("Firefox/") {
        Browser::Firefox
    } else if agent.contains("Chrome/") || agent.contains("Chromium/") || agent.contains("Edg/") {
        Browser::Chromium
    } else if agent.contains("Safari/") {
        Browser::Safari
    } else {
        Browser::Other
    }
}
