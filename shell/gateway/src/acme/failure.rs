//! What was wrong with an order, and what mends it, in words for somebody who is tired.
//!
//! Knows: wording, and the errors that authorities name (RFC 8555 section 6.7). Does not know when the next order is. What an
//! authority says is quoted up to a bound; of keys nothing is.

use std::io;
use std::time::Duration;

use instant_acme::{Error, Problem};

use super::folder::Folder;

/// As much of an authority's words as goes into a log line.
const WORDS_MAX: usize = 600;

/// Why there is no certificate.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) reason: String,
    pub(super) fix: &'static str,
    /// How long the authority wants to be left alone.
    pub(super) told_secs: Option<u64>,
}

impl Failure {
    pub(super) fn new(reason: impl Into<String>, fix: &'static str) -> Self {
        let mut reason: String = reason.into();
        if let Some((end, _)) = reason.char_indices().nth(WORDS_MAX) {
            reason.truncate(end);
            reason.push_str(" ...");
        }
        Self {
            reason,
            fix,
            told_secs: None,
        }
    }

    pub(super) fn folder(folder: &Folder, error: &io::Error) -> Self {
        Self::new(
            format!(
                "nothing can be kept in `{}`, so nothing was ordered: {error}",
                folder.path().display()
            ),
            "let the folder belong to the user that the gateway runs as, and see whether the disk is full",
        )
    }

    pub(super) fn slow(time: Duration) -> Self {
        Self::new(
            format!(
                "the order was not done within {} s (`order_secs`)",
                time.as_secs()
            ),
            "see whether the authority has a disturbance; if it is only slow, raise `order_secs`",
        )
    }

    pub(super) fn past() -> Self {
        Self::new(
            "the certificate that came is past its date already",
            "set this machine's clock right",
        )
    }

    /// What went wrong at this step.
    pub(super) fn at(step: &str, error: &Error) -> Self {
        if let Error::Api(problem) = error {
            return Self::told(step, problem);
        }
        Self::new(
            format!("{step}: {error}"),
            "see whether this machine reaches the directory: `curl -v` with the address of `directory`; for an authority of your own, name its certificate as `ca_file`",
        )
    }

    /// What the authority says.
    pub(super) fn told(step: &str, problem: &Problem) -> Self {
        let kind = problem.r#type.as_deref().unwrap_or_default();
        let kind = kind.strip_prefix(PREFIX).unwrap_or(kind);
        let detail = problem.detail.as_deref().unwrap_or("it says nothing more");
        let mut reason = format!("{step}: the authority says `{kind}`: {detail}");
        for part in &problem.subproblems {
            let detail = part.detail.as_deref().unwrap_or_default();
            reason.push_str(&format!("; {detail}"));
        }
        Self::new(reason, fix(kind))
    }
}

const PREFIX: &str = "urn:ietf:params:acme:error:";

pub(super) const ACCOUNT_UNKNOWN: &str = "urn:ietf:params:acme:error:accountDoesNotExist";

/// RFC 8555 section 6.7, as far as whoever runs the gateway can do something about it.
fn fix(kind: &str) -> &'static str {
    match kind {
        "connection" | "tls" | "unauthorized" | "incorrectResponse" => {
            "the authority has to find this gateway at port 443 of each domain: see where DNS leads it (A and AAAA), firewall and port forwarding, and that TLS does not end before it, at a proxy with a certificate of its own"
        }
        "dns" => "see the DNS of each domain: it needs an A or AAAA record that leads here",
        "caa" => "the CAA record of the domain names another authority: add this one there",
        "rateLimited" => {
            "wait: the authority counts orders. To try things out, take its directory for tests (staging)"
        }
        "rejectedIdentifier" | "unsupportedIdentifier" => {
            "the authority gives no certificate for one of `domains`: take it out"
        }
        "externalAccountRequired" => {
            "the authority wants an account of yours: write `[server.tls.acme.external_account]`"
        }
        "userActionRequired" => {
            "the authority has new terms: read them at the address that it names, and agree there"
        }
        "invalidContact" | "unsupportedContact" => {
            "write other `contacts`: the authority cannot use one of these"
        }
        "accountDoesNotExist" => {
            "nothing to do: the account is laid aside, and the next attempt makes a new one"
        }
        "serverInternal" => "nothing to do: the authority has a disturbance, and is asked again",
        _ => "read what the authority says; it is asked again",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn problem(text: &str) -> Problem {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn what_an_authority_says_is_quoted_with_what_to_do() {
        let failure = Failure::told(
            "`a.example`",
            &problem(
                r#"{"type":"urn:ietf:params:acme:error:connection","detail":"Connection refused"}"#,
            ),
        );
        assert_eq!(
            failure.reason,
            "`a.example`: the authority says `connection`: Connection refused"
        );
        assert!(failure.fix.contains("port 443"));
        let other = Failure::told("the order", &problem(r#"{"type":"about:blank"}"#));
        assert_eq!(
            other.reason,
            "the order: the authority says `about:blank`: it says nothing more"
        );
    }

    #[test]
    fn no_authority_fills_the_log() {
        let long = format!(r#"{{"detail":"{}"}}"#, "é".repeat(100_000));
        let failure = Failure::told("the order", &problem(&long));
        assert!(failure.reason.chars().count() <= WORDS_MAX + 4);
    }
}
