//! What is measured: one subject for each row of the table.

use std::path::PathBuf;

use super::ask::ask;
use super::h2load::first_line;
use super::load::{Counted, Lines, Protocol};
use super::tokens::{Algorithm, MANY, TokenFiles};
use super::{digest, peers};
use crate::failure::{Failure, Outcome};

/// The row that all ratios refer to.
pub(super) const BASE: &str = "nginx";

/// One way of asking one gateway.
pub(super) struct Subject {
    pub(super) name: String,
    pub(super) what: String,
    /// Name of the process whose time is measured.
    pub(super) gateway: &'static str,
    pub(super) protocol: Protocol,
    pub(super) port: u16,
    pub(super) path: &'static str,
    pub(super) sent: Sent,
    pub(super) expected: Expected,
    /// Other than those of the whole run, where a queue of the gateway would refuse what is over its limit.
    pub(super) connections: Option<u32>,
    /// Whether a request without credentials must be refused.
    pub(super) guarded: bool,
}

/// The credentials of a row's requests.
pub(super) enum Sent {
    Nothing,
    /// A file of header lines, sent in turn.
    InTurn(PathBuf),
    /// Credentials of Digest, made anew for each load and written to this file.
    Digest(PathBuf),
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
    /// What a load of so many seconds sends.
    pub(super) fn lines(&self, seconds: u32) -> Outcome<Option<Lines<'_>>> {
        match &self.sent {
            Sent::Nothing => Ok(None),
            Sent::InTurn(file) => Ok(Some(Lines { file, once: false })),
            Sent::Digest(file) => {
                digest::write(file, self.port, self.path, seconds)?;
                Ok(Some(Lines { file, once: true }))
            }
        }
    }

    /// Asks once with the first credentials and once without any: a gateway that lets everybody in is not measured.
    pub(super) fn try_out(&self) -> Outcome<()> {
        let lines = self.lines(0)?;
        let first = lines.map(|lines| first_line(lines.file)).transpose()?;
        let ask = |header| ask(self.protocol, self.port, self.path, header);
        let (status, body) = ask(first.as_deref())?;
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
        let (status, _) = ask(None)?;
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

pub(super) fn of_peers(tokens: &TokenFiles) -> Vec<Subject> {
    vec![
        plain(BASE, "nginx", "plain proxy", peers::NGINX),
        Subject {
            protocol: Protocol::Tls,
            ..plain(
                "nginx-tls",
                "nginx",
                "plain proxy, TLS 1.3",
                peers::NGINX_TLS,
            )
        },
        plain("haproxy", "haproxy", "plain proxy", peers::HAPROXY),
        peer_jwt("haproxy", peers::HAPROXY_HS256, Algorithm::Hs256, tokens),
        peer_jwt("haproxy", peers::HAPROXY_RS256, Algorithm::Rs256, tokens),
        peer_jwt("haproxy", peers::HAPROXY_ES256, Algorithm::Es256, tokens),
    ]
}

/// What is asked by HTTP/2.
pub(super) fn of_peers_by_http2() -> Vec<Subject> {
    vec![Subject {
        protocol: Protocol::Http2,
        ..plain(
            "nginx-h2",
            "nginx",
            "plain proxy, HTTP/2 in TLS 1.3",
            peers::NGINX_TLS,
        )
    }]
}

pub(super) fn of_envoy(tokens: &TokenFiles) -> Vec<Subject> {
    vec![
        plain("envoy", "envoy", "plain proxy", peers::ENVOY),
        peer_jwt("envoy", peers::ENVOY_RS256, Algorithm::Rs256, tokens),
        peer_jwt("envoy", peers::ENVOY_ES256, Algorithm::Es256, tokens),
    ]
}

/// A peer that checks nothing.
fn plain(name: &str, gateway: &'static str, what: &str, port: u16) -> Subject {
    Subject {
        name: name.to_owned(),
        what: format!("{gateway}, {what}"),
        gateway,
        protocol: Protocol::Plain,
        port,
        path: "/",
        sent: Sent::Nothing,
        expected: Expected::Served,
        connections: None,
        guarded: false,
    }
}

fn peer_jwt(
    gateway: &'static str,
    port: u16,
    algorithm: Algorithm,
    tokens: &TokenFiles,
) -> Subject {
    let name = algorithm.name();
    let what = format!("{MANY} {name} tokens in turn, each verified: it keeps none");
    Subject {
        sent: Sent::InTurn(tokens.many(algorithm)),
        guarded: true,
        ..plain(
            &format!("{gateway}-{}", name.to_ascii_lowercase()),
            gateway,
            &what,
            port,
        )
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
