//! Sessions that several hosts share: the domain of the cookie, and where people may be sent.
//!
//! Knows: three keys of `[session]`, and which domains are surely nobody's alone. Does not know cookies' names.

use countersign_flow::SharedSessions;
use countersign_policy::Host;

use crate::check::{Scene, url};
use crate::declared::{Key, session};
use crate::problem::SessionProblem;
use crate::read::{Fields, Located};

/// Second labels below which registries of countries sell names, as in `co.uk`.
const OF_REGISTRIES: [&str; 12] = [
    "ac", "co", "com", "edu", "go", "gov", "mil", "ne", "net", "or", "org", "sch",
];

/// Domains whose hosts belong to customers who do not know each other. Not all of them: browsers have the whole list, and
/// drop a cookie for any of them.
const OF_PLATFORMS: [&str; 20] = [
    "amazonaws.com",
    "appspot.com",
    "azurewebsites.net",
    "blogspot.com",
    "cloudfront.net",
    "duckdns.org",
    "fly.dev",
    "github.io",
    "gitlab.io",
    "herokuapp.com",
    "netlify.app",
    "ngrok.io",
    "onrender.com",
    "pages.dev",
    "railway.app",
    "sslip.io",
    "vercel.app",
    "web.app",
    "windows.net",
    "workers.dev",
];

pub(super) fn read(
    fields: Option<&Fields<'_>>,
    secure: bool,
    scene: Scene<'_>,
) -> Option<SharedSessions> {
    let fields = fields?;
    let error = |text: &Located<&str>, problem| scene.sink.error(&text.span, problem);
    let Some(domain) = fields.text(&session::DOMAIN) else {
        let alone = [
            (&session::ORIGINS, fields.texts(&session::ORIGINS).is_some()),
            (
                &session::SIGN_IN_ORIGIN,
                fields.text(&session::SIGN_IN_ORIGIN).is_some(),
            ),
        ];
        for (key, is_there) in alone {
            if is_there && !fields.has(&session::DOMAIN) {
                let problem = SessionProblem::DomainMissing { key: key.name };
                scene.sink.error(&fields.span_of_key(key), problem);
            }
        }
        return None;
    };
    let value = || domain.value.to_owned();
    if is_public(domain.value) {
        error(&domain, SessionProblem::DomainPublic { value: value() });
    } else if !is_domain(domain.value) {
        error(&domain, SessionProblem::Domain { value: value() });
    } else {
        let problem = SessionProblem::DomainShared { value: value() };
        scene.sink.warn(&domain.span, problem);
    }
    let written = fields.texts(&session::ORIGINS);
    if !fields.has(&session::ORIGINS) {
        error(&domain, SessionProblem::OriginsMissing);
    }
    let mut origins: Vec<Box<str>> = Vec::new();
    for text in written.iter().flat_map(|list| &list.value) {
        if let Some(origin) = origin(text, domain.value, secure, scene) {
            origins.push(origin);
        }
    }
    let sign_in = sign_in(fields, &session::SIGN_IN_ORIGIN, &origins, scene);
    Some(SharedSessions {
        domain: domain.value.into(),
        origins,
        sign_in,
    })
}

fn sign_in(
    fields: &Fields<'_>,
    key: &'static Key,
    origins: &[Box<str>],
    scene: Scene<'_>,
) -> Option<Box<str>> {
    let text = fields.text(key)?;
    if !origins.iter().any(|origin| **origin == *text.value) {
        let value = text.value.to_owned();
        let problem = SessionProblem::SignInUnlisted { value };
        scene.sink.error(&text.span, problem);
    }
    Some(text.value.into())
}

/// An origin in the one form that browsers write it in: it is compared to the letter.
fn origin(text: &Located<&str>, domain: &str, secure: bool, scene: Scene<'_>) -> Option<Box<str>> {
    let url = url::read_origin(text, scene)?;
    let canonical = url.origin();
    let value = text.value.to_owned();
    let problem = if canonical != *text.value {
        SessionProblem::OriginSpelling { value, canonical }
    } else if !is_within(url.host.name(), domain) {
        let domain = domain.to_owned();
        SessionProblem::OriginOutside { value, domain }
    } else if secure && !url.is_https {
        SessionProblem::OriginPlain { value }
    } else {
        return Some(canonical.into());
    };
    scene.sink.error(&text.span, problem);
    None
}

fn is_within(host: &str, domain: &str) -> bool {
    let rest = host.strip_suffix(domain);
    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// A name in lower case of two labels or more, and no address: of `localhost` and the like browsers drop the cookie.
fn is_domain(domain: &str) -> bool {
    let canonical = Host::parse(domain.as_bytes()).is_ok_and(|host| *host.name() == *domain);
    let labels = domain.split('.');
    let is_name = domain
        .split('.')
        .next_back()
        .is_some_and(|last| last.bytes().any(|byte| byte.is_ascii_alphabetic()));
    canonical
        && is_name
        && !domain.contains(':')
        && labels.clone().count() >= 2
        && labels.clone().all(|label| !label.is_empty())
}

/// Whether hosts below this name surely belong to different people.
fn is_public(domain: &str) -> bool {
    let of_a_registry = domain
        .split_once('.')
        .is_some_and(|(second, top)| top.len() == 2 && OF_REGISTRIES.contains(&second));
    of_a_registry || OF_PLATFORMS.contains(&domain)
}
