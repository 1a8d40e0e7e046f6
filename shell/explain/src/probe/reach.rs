//! Whose a credential is: which requests carry one of the case's, and which places may get it.
//!
//! Knows: origins, registrable domains, the secrets of the case. Does not know addresses, nor how a request is sent.

use std::collections::HashSet;

use aws_lc_rs::digest::{SHA256, digest};
use countersign_secret::Secret;
use countersign_wire::{basic, grammar};
use url::{Url, form_urlencoded};

use crate::case::{Case, Exchange};
use crate::cookie;
use crate::credential::field::is_secret_field;
use crate::credential::{Carrier, Credential, credentials_of};
use crate::message::{Field, Request};

/// A secret this short is looked for as a whole value only: as a part it would be found everywhere.
const PART_BYTES_MIN: usize = 6;

/// What of a case must not leave.
pub(super) struct Kept {
    secrets: Vec<Secret<Vec<u8>>>,
    /// What is among them: a recording repeats its cookie with every request.
    digests: HashSet<Vec<u8>>,
    /// Where the server itself sent the request, with what it wrote into the address.
    granted: Vec<Url>,
}

impl Kept {
    pub(super) fn of(case: &Case) -> Kept {
        let mut kept = Kept {
            secrets: Vec::new(),
            digests: HashSet::new(),
            granted: Vec::new(),
        };
        for request in case.request.iter().chain(recorded(case)) {
            for credential in credentials_of(request) {
                kept.keep_credential(&credential);
            }
            for field in &request.fields {
                kept.keep_field(field);
            }
            if let Some(password) = request.url.password() {
                kept.keep(password.as_bytes());
            }
        }
        if let Some(login) = &case.login {
            kept.keep(login.password.expose().as_bytes());
        }
        if let Some(token) = &case.token {
            kept.keep(token.expose());
        }
        kept
    }

    fn keep(&mut self, secret: &[u8]) {
        let secret = grammar::trim_ows(secret);
        if !secret.is_empty() && self.digests.insert(digest_of(secret)) {
            self.secrets.push(Secret::new(secret.to_vec()));
        }
    }

    /// A secret that is no credential by its place. What follows its first word is one by itself: `Bearer ...`.
    fn keep_field(&mut self, field: &Field) {
        let is_taken_apart = ["cookie", "authorization"]
            .iter()
            .any(|name| field.name.eq_ignore_ascii_case(name));
        if is_taken_apart || !is_secret_field(&field.name, &field.value) {
            return;
        }
        self.keep(&field.value);
        let words = field
            .value
            .split(|byte| matches!(byte, b' ' | b'\t' | b','));
        for word in words.skip(1).filter(|word| word.len() >= PART_BYTES_MIN) {
            self.keep(word);
        }
    }

    fn keep_credential(&mut self, credential: &Credential) {
        let secret = credential.secret.expose();
        match &credential.carrier {
            Carrier::Cookie => {
                for pair in secret.split(|byte| *byte == b';') {
                    let value = pair.splitn(2, |byte| *byte == b'=').nth(1);
                    self.keep(value.unwrap_or(pair));
                }
            }
            Carrier::Authorization | Carrier::Field(_) | Carrier::Query(_) | Carrier::Form(_) => {
                self.keep(secret)
            }
        }
        if credential.is("basic")
            && let Ok(basic) = basic::server::parse(secret)
        {
            self.keep(basic.password().as_bytes());
        }
    }

    /// Remembers an address that an answer led to. What its server wrote into it, a signature for one download, is for
    /// the place that the address names.
    pub(super) fn grant(&mut self, location: Url) {
        if !self.granted.contains(&location) {
            self.granted.push(location);
        }
    }

    /// Whether a request carries what is for the case's own server alone.
    pub(super) fn are_in(&self, request: &Request) -> bool {
        let has_userinfo = !request.url.username().is_empty() || request.url.password().is_some();
        let is_granted = self.granted.contains(&without_fragment(&request.url));
        let carries = credentials_of(request)
            .iter()
            .any(|credential| match &credential.carrier {
                Carrier::Query(_) => !is_granted,
                Carrier::Authorization | Carrier::Cookie | Carrier::Field(_) | Carrier::Form(_) => {
                    true
                }
            });
        has_userinfo
            || carries
            || request.fields.iter().any(|field| {
                is_secret_field(&field.name, &field.value) || self.is_shown_by(&field.value)
            })
            || request
                .body
                .as_deref()
                .is_some_and(|body| self.is_shown_by(body))
            || self.are_in_address(&request.url)
    }

    fn are_in_address(&self, url: &Url) -> bool {
        let address = [url.path(), url.query().unwrap_or_default()].join("?");
        // One name without a value: the whole of it decoded.
        let single = address.replace(['&', '='], "%00");
        let decoded = form_urlencoded::parse(single.as_bytes()).next();
        let mut values = url.query_pairs().map(|(_, value)| value);
        values.any(|value| self.is_shown_by(value.as_bytes()))
            || self.is_shown_by(address.as_bytes())
            || decoded.is_some_and(|(decoded, _)| self.is_shown_by(decoded.as_bytes()))
    }

    fn is_shown_by(&self, text: &[u8]) -> bool {
        self.secrets.iter().any(|secret| {
            let secret = secret.expose();
            let is_part = secret.len() >= PART_BYTES_MIN
                && text
                    .windows(secret.len())
                    .any(|part| part == secret.as_slice());
            is_part || grammar::trim_ows(text) == secret.as_slice()
        })
    }
}

fn digest_of(secret: &[u8]) -> Vec<u8> {
    digest(&SHA256, secret).as_ref().to_vec()
}

fn recorded(case: &Case) -> impl Iterator<Item = &Request> {
    let exchanges: std::iter::Chain<std::slice::Iter<'_, Exchange>, _> =
        case.before.iter().chain(case.after.iter());
    exchanges.map(|exchange| &exchange.request)
}

/// The address as it is asked for.
pub(crate) fn without_fragment(url: &Url) -> Url {
    let mut bare = url.clone();
    bare.set_fragment(None);
    bare
}

/// Whether a credential for one address may go to another. `follow` is the user's leave to let it go along within
/// loopback and within a registrable domain.
pub(crate) fn may_have(home: &Url, target: &Url, follow: bool) -> bool {
    let is_upgrade = home.scheme() == "http" && target.scheme() == "https";
    if home.scheme() != target.scheme() && !is_upgrade {
        return false;
    }
    let ports = (home.port_or_known_default(), target.port_or_known_default());
    if is_same_host(home, target) {
        let is_default_upgrade = is_upgrade && ports == (Some(80), Some(443));
        if ports.0 == ports.1 || is_default_upgrade {
            return true;
        }
    }
    follow && (is_loopback(home) && is_loopback(target) || is_same_domain(home, target))
}

/// Whether two addresses have the same host.
pub(crate) fn is_same_host(one: &Url, other: &Url) -> bool {
    // The parser has lower-cased names of http and https already.
    one.host().is_some() && one.host() == other.host()
}

fn is_loopback(url: &Url) -> bool {
    cookie::is_loopback(&cookie::host_of(url))
}

/// Whether two names are of the same registrable domain, by the public suffix list, private suffixes included: two
/// users of one hosting service are strangers.
fn is_same_domain(one: &Url, other: &Url) -> bool {
    let domain = |url: &Url| {
        let name = url.domain()?.trim_end_matches('.').to_owned();
        psl::domain_str(&name).map(str::to_owned)
    };
    let of_one = domain(one);
    of_one.is_some() && of_one == domain(other)
}
