//! What is measured: one subject for each row of the table.

use std::path::PathBuf;

use super::load::{Counted, ask};
use super::peers;
use super::tokens::{Algorithm, MANY, Tokens};
use crate::failure::{Doing, Failure, Outcome};

/// The row that all ratios refer to.
pub(super) const BASE: &str = "nginx";

/// One way of asking one gateway.
pub(super) struct Subject {
    pub(super) name: String,
    pub(super) what: String,
    /// Name of the process whose time is measured.
    pub(super) gateway: &'static str,
    pub(super) port: u16,
    pub(super) path: &'static str,
    /// A file of header lines; `None` sends no credentials.
    pub(super) headers: Option<PathBuf>,
    pub(super) expected: Expected,
    /// Other than those of the whole run, where a queue of the gateway would refuse what is over its limit.
    pub(super) connections: Option<u32>,
    /// Whether a request without credentials must be refused.
    pub(super) guarded: bool,
}

/// How every single answer has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// 200 with the upstream's body.
    Served,
    /// 401.
    Refused,
}

impl Expected {
    pub(super) fn fits(self, counted: &Counted) -> bool {
        let refused = match self {
            Self::Served => 0,
            Self::Refused => counted.requests,
        };
        counted.refused == refused && counted.broken == 0
    }
}

impl Subject {
    /// Asks once with the first credentials and once without any: a gateway that lets everybody in is not measured.
    pub(super) fn try_out(&self) -> Outcome<()> {
        let first = match &self.headers {
            Some(file) => {
                let text = std::fs::read_to_string(file).doing(file.display())?;
                Some(
                    text.lines()
                        .next()
                        .doing(format!("{} is empty", file.display()))?
                        .to_owned(),
                )
            }
            None => None,
        };
        let (status, body) = ask(self.port, self.path, first.as_deref())?;
        let right = match self.expected {
            Expected::Served => status == 200 && body.len() == peers::BODY_BYTES,
            Expected::Refused => status == 401,
        };
        if !right {
            return Err(Failure::new(format!(
                "answers {status} with {} bytes: {}",
                body.len(),
                body.trim()
            )));
        }
        let (status, _) = ask(self.port, self.path, None)?;
        if self.guarded && status != 401 {
            return Err(Failure::new(format!(
                "answers {status} to a request without credentials"
            )));
        }
        Ok(())
    }

    /// A run counts only if every answer was as expected.
    pub(super) fn judge(&self, counted: &Counted) -> Outcome<()> {
        if self.expected.fits(counted) {
            return Ok(());
        }
        let Counted {
            requests,
            refused,
            broken,
            ..
        } = counted;
        Err(Failure::new(format!(
            "of {requests} requests, {refused} were refused and {broken} broke"
        )))
    }
}

pub(super) fn of_peers(tokens: &Tokens) -> Vec<Subject> {
    let plain = |name: &str, gateway, port| Subject {
        name: name.to_owned(),
        what: format!("{gateway}, plain proxy"),
        gateway,
        port,
        path: "/",
        headers: None,
        expected: Expected::Served,
        connections: None,
        guarded: false,
    };
    vec![
        plain(BASE, "nginx", peers::NGINX),
        plain("haproxy", "haproxy", peers::HAPROXY),
        peer_jwt("haproxy", peers::HAPROXY_HS256, Algorithm::Hs256, tokens),
        peer_jwt("haproxy", peers::HAPROXY_RS256, Algorithm::Rs256, tokens),
        peer_jwt("haproxy", peers::HAPROXY_ES256, Algorithm::Es256, tokens),
    ]
}

pub(super) fn of_envoy(tokens: &Tokens) -> Vec<Subject> {
    let plain = Subject {
        name: "envoy".to_owned(),
        what: "envoy, plain proxy".to_owned(),
        gateway: "envoy",
        port: peers::ENVOY,
        path: "/",
        headers: None,
        expected: Expected::Served,
        connections: None,
        guarded: false,
    };
    vec![
        plain,
        peer_jwt("envoy", peers::ENVOY_RS256, Algorithm::Rs256, tokens),
        peer_jwt("envoy", peers::ENVOY_ES256, Algorithm::Es256, tokens),
    ]
}

fn peer_jwt(gateway: &'static str, port: u16, algorithm: Algorithm, tokens: &Tokens) -> Subject {
    Subject {
        name: format!("{gateway}-{}", algorithm.name().to_ascii_lowercase()),
        what: format!(
            "{gateway}, {MANY} {} tokens in turn, each verified: it keeps none",
            algorithm.name()
        ),
        gateway,
        port,
        path: "/",
        headers: Some(tokens.many(algorithm)),
        expected: Expected::Served,
        connections: None,
        guarded: true,
    }
}

/// Whether `name` fits one of the patterns; no pattern at all fits everything.
pub(super) fn fits_any(name: &str, patterns: &[String]) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| fits(name, pattern))
}

/// `*` stands for any text.
fn fits(name: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => name == pattern,
        Some((head, rest)) => {
            let Some(left) = name.strip_prefix(head) else {
                return false;
            };
            let ends = left.char_indices().map(|(at, _)| at).chain([left.len()]);
            ends.filter_map(|at| left.get(at..))
                .any(|tail| fits(tail, rest))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_choose_rows() {
        let patterns = ["haproxy*".to_owned(), "ours-*-new".to_owned()];
        for (name, fit) in [
            ("haproxy", true),
            ("haproxy-rs256", true),
            ("ours-rs256-new", true),
            ("ours-rs256", false),
            ("nginx", false),
        ] {
            assert_eq!(fits_any(name, &patterns), fit, "{name}");
        }
        assert!(fits_any("anything", &[]));
        assert!(fits("abc", "*"));
        assert!(!fits("abc", "a*d"));
    }
}
