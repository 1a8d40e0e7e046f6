//! The same request with one fault of its credential mended, to be sent as an experiment.
//!
//! Knows: faults that can be seen, and how each is undone. Never makes a credential up: every variant says what the
//! given one says, spelt otherwise. Does not send anything; see `ask`.

mod authorization;
pub(crate) mod basic;
pub(crate) mod blemish;
pub(crate) mod carriers;
mod cookie_names;
pub(crate) mod doubled;
pub(crate) mod misapplied;
pub(crate) mod undo;

use countersign_cause::Cause;
use countersign_secret::Secret;
use countersign_wire::basic::server::parse;
use url::form_urlencoded;

use crate::case::Case;
use crate::command::curl;
use crate::credential::{credentials_of, with_authorization};
use crate::exchange::token_parameters;
use crate::look::vendor::user;
use crate::message::Request;

/// The same request with one fault mended.
#[derive(Clone)]
pub(crate) struct Variant {
    /// The cause that it shows, if it is accepted.
    pub(crate) cause: Cause,
    /// The request to send.
    pub(crate) request: Request,
    /// What is different, after "the same request": "without the quotes around the credential".
    pub(crate) what: &'static str,
    /// What to do.
    pub(crate) fix_text: String,
    /// What cleans the secret's shell variable, as a filter that leaves a clean one as it is.
    pub(crate) shell_filter: Option<&'static str>,
}

impl Variant {
    /// The command line for it, the secret in it cleaned by the filter.
    #[must_use]
    pub(crate) fn command(&self, case: &Case) -> String {
        let plain = curl(case, &self.request);
        let Some(filter) = self.shell_filter else {
            return plain;
        };
        VARIABLES.iter().fold(plain, |command, variable| {
            let ends = ["\"", "&"];
            ends.iter().fold(command, |command, end| {
                let filtered = format!("$(printf %s \"${variable}\" | {filter}){end}");
                command.replace(&format!("${variable}{end}"), &filtered)
            })
        })
    }
}

/// The variables that `command` writes for secrets, a cookie apart: that is a list and no credential.
const VARIABLES: [&str; 5] = [
    "TOKEN",
    "API_KEY",
    "PASSWORD",
    "CLIENT_SECRET",
    "CREDENTIALS",
];

/// More experiments than that would be a search.
const VARIANTS_MAX: usize = 6;

/// One value mended.
pub(super) struct Mend {
    pub(super) cause: Cause,
    pub(super) what: &'static str,
    pub(super) fix: String,
    pub(super) filter: Option<&'static str>,
    pub(super) value: Vec<u8>,
    /// Whether it is plainly a fault, and not only another way to write it.
    pub(super) sure: bool,
}

/// Every variant that is worth sending, the likeliest first. None where nothing is visibly wrong.
#[must_use]
pub(crate) fn variants(case: &Case) -> Vec<Variant> {
    let Some(request) = &case.request else {
        return Vec::new();
    };
    let mut sure = doubled::variants(request);
    sure.extend(misapplied::variants(request));
    sure.extend(cookie_names::variants(request));
    if case.transport.proxy.is_none() {
        sure.extend(carriers::for_no_proxy(request));
    }
    let mut rest = Vec::new();
    let is_grant = token_parameters(request).is_some();
    for (mend, request) in carriers::mends(request) {
        let mend = if is_grant { of_a_client(mend) } else { mend };
        let list = if mend.sure { &mut sure } else { &mut rest };
        list.push(Variant {
            cause: mend.cause,
            request,
            what: mend.what,
            fix_text: mend.fix,
            shell_filter: mend.filter,
        });
    }
    if is_grant {
        sure.extend(form_encoded_client(request));
    }
    sure.append(&mut rest);
    sure.extend(with_the_right_user(request));
    distinct(sure, request)
}

/// A user name that the vendor has fixed beside such a key is nobody's account.
fn with_the_right_user(request: &Request) -> Option<Variant> {
    let (mended, wanted) = user::with_the_right_one(request)?;
    Some(Variant {
        cause: Cause::BasicUsernameConvention,
        request: mended,
        what: "with the user name that belongs beside such a key",
        fix_text: format!("Give {wanted} for the user name."),
        shell_filter: None,
    })
}

/// RFC 6749 section 2.3.1: a client form-encodes its identifier and secret before it puts them into Basic. Where they
/// are taken without, the server does not undo that.
fn of_a_client(mend: Mend) -> Mend {
    if mend.cause != Cause::UserinfoEncoding {
        return mend;
    }
    Mend {
        cause: Cause::ClientSecretEncoding,
        what: "with the client's identifier and secret not form-encoded",
        fix: "Let the client send identifier and secret in Basic as they are, or use `client_secret_post`: this server does not undo the encoding of RFC 6749 section 2.3.1.".to_owned(),
        ..mend
    }
}

/// The client's Basic credentials as RFC 6749 section 2.3.1 wants them, where that makes a difference.
fn form_encoded_client(request: &Request) -> Option<Variant> {
    let credentials = credentials_of(request);
    let sent = credentials
        .iter()
        .find(|credential| credential.is("basic"))?;
    let read = parse(sent.secret.expose()).ok()?;
    let (id, secret) = (read.user(), read.password());
    let is_encoded = |text: &str| text.contains('%');
    if is_encoded(id) || is_encoded(secret) {
        return None;
    }
    let form =
        |text: &str| -> String { form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    let encoded_secret = Secret::new(form(secret));
    if form(id) == id && encoded_secret.expose() == secret {
        return None;
    }
    let value = basic::encoded(&form(id), encoded_secret.expose())?;
    Some(Variant {
        cause: Cause::ClientSecretEncoding,
        request: with_authorization(request, value),
        what: "with the client's identifier and secret form-encoded before the base64",
        fix_text: "Form-encode identifier and secret each, join them with a colon, and make that base64: `base64(urlencode(id) + \":\" + urlencode(secret))` (RFC 6749 section 2.3.1). Or send them in the form (`client_secret_post`).".to_owned(),
        shell_filter: None,
    })
}

fn distinct(variants: Vec<Variant>, given: &Request) -> Vec<Variant> {
    let mut kept: Vec<Variant> = Vec::new();
    for variant in variants {
        let known = kept.iter().any(|other| other.request == variant.request);
        if !known && variant.request != *given && kept.len() < VARIANTS_MAX {
            kept.push(variant);
        }
    }
    kept
}

/// The mends of one value, and after the first the one with every plain fault mended where there are several.
fn with_all_mended(value: &[u8], mends: impl Fn(&[u8]) -> Vec<Mend>) -> Vec<Mend> {
    let mut single = mends(value);
    let Some(at) = single.iter().position(|mend| mend.sure) else {
        return single;
    };
    let (Some(cause), Some(mut last)) = (
        single.get(at).map(|mend| mend.cause),
        single.get(at).map(|mend| mend.value.clone()),
    ) else {
        return single;
    };
    let mut rounds = 0;
    let mut fixes: Vec<String> = single
        .get(at)
        .map(|mend| mend.fix.clone())
        .into_iter()
        .collect();
    // Each round takes one fault away; more of them than this are not in one value.
    while let Some(next) = mends(&last).into_iter().find(|mend| mend.sure)
        && rounds < 6
    {
        if !fixes.contains(&next.fix) {
            fixes.push(next.fix);
        }
        last = next.value;
        rounds += 1;
    }
    if rounds > 0 {
        single.insert(
            at + 1,
            Mend {
                cause,
                what: "with every visible fault of the credential mended",
                fix: fixes.join(" "),
                filter: None,
                value: last,
                sure: true,
            },
        );
    }
    single
}

#[cfg(test)]
mod tests;
