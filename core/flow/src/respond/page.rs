//! The gateway's pages in HTML: a refusal, a cause, the list of causes.
//!
//! Knows: the catalogue's words. Does not know requests beyond what a refusal says. No script, no foreign resource.

use askama::Template;
use countersign_cause::{Cause, Entry, Stage};

use super::body::Said;
use crate::own;

/// The pages need their own style sheet and nothing else. The digest is that of the `style` element in `base.html`,
/// which a test compares.
pub(crate) const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'sha256-IXUwdmCDrgMYM+h4qX/zi8Cg4XuThQRz/pfoUnyV4JI='; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[derive(Template)]
#[template(path = "refusal.html")]
struct RefusalPage<'a> {
    said: &'a Said<'a>,
    entry: &'static Entry,
    reason: &'static str,
}

#[derive(Template)]
#[template(path = "cause.html")]
struct CausePage {
    entry: &'static Entry,
    see: Vec<(String, &'static str)>,
}

#[derive(Template)]
#[template(path = "causes.html")]
struct CausesPage {
    stages: Vec<(&'static str, Vec<(String, &'static Entry)>)>,
}

#[derive(Template)]
#[template(path = "nothing.html")]
struct NothingPage;

pub(crate) fn refusal(said: &Said<'_>) -> Vec<u8> {
    let reason = said.status.canonical_reason().unwrap_or_default();
    render(&RefusalPage {
        said,
        entry: said.cause.entry(),
        reason,
    })
}

pub(crate) fn cause(cause: Cause) -> Vec<u8> {
    let entry = cause.entry();
    let see = cause
        .neighbours()
        .map(|other| (own::cause_path(other), other.entry().title))
        .collect();
    render(&CausePage { entry, see })
}

pub(crate) fn causes() -> Vec<u8> {
    let of = |stage: Stage| {
        let entries = Cause::ALL
            .iter()
            .filter(|cause| cause.entry().stage == stage);
        entries
            .map(|cause| (own::cause_path(*cause), cause.entry()))
            .collect()
    };
    render(&CausesPage {
        stages: Stage::ALL
            .iter()
            .map(|stage| (stage.title(), of(*stage)))
            .collect(),
    })
}

pub(crate) fn nothing() -> Vec<u8> {
    render(&NothingPage)
}

/// Writing into a string fails only where a template asks for it, and none does.
fn render(page: &impl Template) -> Vec<u8> {
    page.render().unwrap_or_default().into_bytes()
}
