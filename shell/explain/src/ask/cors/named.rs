//! What a failure of CORS is called, and what to do about it.
//!
//! Knows: the catalogue's names and the words for people. Does not know how sure the failure is.

use countersign_cause::Cause;

use crate::ask::cors::fetch::{CheckFailure, PreflightFailure};
use crate::ask::cors::page::Page;
use crate::credential::is_telling_field;
use crate::finding::{Finding, Fix, Weight};

/// A failure by its name.
pub(super) struct Named {
    pub(super) cause: Cause,
    pub(super) evidence: String,
    fix: Option<String>,
    /// Another name that fits as well.
    also: Option<Cause>,
}

impl Named {
    fn new(cause: Cause, evidence: impl Into<String>) -> Named {
        Named {
            cause,
            evidence: evidence.into(),
            fix: None,
            also: None,
        }
    }

    fn with_fix(mut self, fix: impl Into<String>) -> Named {
        self.fix = Some(fix.into());
        self
    }

    const fn or(mut self, cause: Cause) -> Named {
        self.also = Some(cause);
        self
    }

    /// The findings for it, the second name with less.
    pub(super) fn findings(self, weight: Weight) -> Vec<Finding> {
        let text = self
            .fix
            .unwrap_or_else(|| self.cause.entry().fix.to_owned());
        let fix = Fix::new(self.cause.entry().who, text);
        let also = self
            .also
            .map(|cause| Finding::new(cause, Weight::Slight, self.evidence.clone()));
        let first = Finding::new(self.cause, weight, self.evidence).with_fix(fix);
        [Some(first), also].into_iter().flatten().collect()
    }
}

/// The name of a failed CORS check. `what` is what was checked: `the preflight`, `the answer`.
pub(super) fn of_check(page: &Page, failure: &CheckFailure, what: &str) -> Named {
    let origin = &page.origin;
    match failure {
        CheckFailure::OriginMissing => Named::new(
            Cause::OriginNotAllowed,
            format!("{what} to {origin} has no `Access-Control-Allow-Origin`"),
        ),
        CheckFailure::OriginWildcard => Named::new(
            Cause::CorsWildcardWithCredentials,
            format!("{what} allows `*`, and the request carries cookies, for which the browser wants `{origin}` by name"),
        ),
        CheckFailure::OriginSeveral(value) => Named::new(
            Cause::OriginNotAllowed,
            format!("{what} has several values in `Access-Control-Allow-Origin`, `{value}`, and a browser takes one only"),
        )
        .with_fix("set the field in one place: server, framework and proxy each add their own"),
        CheckFailure::OriginSpelling(value) => Named::new(
            Cause::OriginNotAllowed,
            format!("{what} allows `{value}`, and the page's origin is written `{origin}`: they are compared letter by letter"),
        )
        .with_fix(format!("write the origin exactly as the browser sends it: `{origin}`")),
        CheckFailure::OriginOther(value) => Named::new(
            Cause::OriginNotAllowed,
            format!("{what} allows `{value}`, and the page is of `{origin}`"),
        ),
        CheckFailure::CredentialsNotTrue(value) => {
            let told = match value {
                Some(value) => format!("says `Access-Control-Allow-Credentials: {value}`"),
                None => "has no `Access-Control-Allow-Credentials`".to_owned(),
            };
            Named::new(
                Cause::CorsWildcardWithCredentials,
                format!("{what} {told}, and a request with cookies needs `true` there"),
            )
            .with_fix("answer with `Access-Control-Allow-Credentials: true`, in lower case, beside the exact origin")
            .or(Cause::OriginNotAllowed)
        }
    }
}

/// The name of a preflight that does not let the request go.
pub(super) fn of_preflight(page: &Page, failure: &PreflightFailure) -> Named {
    match failure {
        PreflightFailure::Redirected => Named::new(
            Cause::PreflightChallenged,
            "the preflight is sent to another address, which no browser follows: a sign-in stands before it",
        ),
        PreflightFailure::Status(status @ (401 | 403 | 407)) => Named::new(
            Cause::PreflightChallenged,
            format!("the preflight, which can carry no credentials, is answered {status}"),
        ),
        PreflightFailure::Status(status) => Named::new(
            Cause::OriginNotAllowed,
            format!("the preflight is answered {status}: the server does not know CORS at this address"),
        )
        .with_fix("answer OPTIONS with 204 and the CORS fields at this address, before the application's own routes"),
        PreflightFailure::Check(failure) => of_check(page, failure, "the preflight's answer"),
        PreflightFailure::ListMalformed => Named::new(
            Cause::CorsHeaderNotAllowed,
            "`Access-Control-Allow-Headers` or `-Methods` is no list with commas, and the browser drops it all",
        ),
        PreflightFailure::Method { star: true } => Named::new(
            Cause::CorsWildcardWithCredentials,
            format!("`Access-Control-Allow-Methods: *` does not cover {} when cookies go with it", page.request.method),
        ),
        PreflightFailure::Method { star: false } => Named::new(
            Cause::CorsHeaderNotAllowed,
            format!("`Access-Control-Allow-Methods` does not name {}", page.request.method),
        )
        .with_fix(format!("add {} to `Access-Control-Allow-Methods`", page.request.method)),
        PreflightFailure::Field { name, star } => of_field(page, name, *star),
    }
}

fn of_field(page: &Page, name: &str, star: bool) -> Named {
    let kind = match name == "authorization" || is_telling_field(name) {
        true => "which carries the credential",
        false => "which the page sets",
    };
    let fix = format!(
        "add `{name}` to `Access-Control-Allow-Headers` of the preflight's answer, by name"
    );
    match star {
        true if name == "authorization" => Named::new(
            Cause::CorsHeaderNotAllowed,
            "`Access-Control-Allow-Headers: *` never covers `Authorization`",
        )
        .with_fix(fix)
        .or(Cause::CorsWildcardWithCredentials),
        true => Named::new(
            Cause::CorsWildcardWithCredentials,
            format!(
                "`Access-Control-Allow-Headers: *` does not cover `{name}` when cookies go with it"
            ),
        )
        .with_fix(fix),
        false => Named::new(
            Cause::CorsHeaderNotAllowed,
            format!(
                "the preflight for {} does not allow the field `{name}`, {kind}",
                page.origin
            ),
        )
        .with_fix(fix),
    }
}
