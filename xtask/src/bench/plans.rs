//! What is measured of our own gateway: its processes, and a row for each kind of request.
//!
//! Knows: configurations, paths and credentials. Does not know how a process is started, nor how stores and tokens are made, so that
//! rows can be listed without any of them.

use std::path::{Path, PathBuf};

use super::load::Protocol;
use super::peers::{INTROSPECTION, UPSTREAM_HTTP2};
use super::rows::{Expected, Sent, Subject};
use super::stores::{Filled, KEYS_FEW, KEYS_MANY, KEYS_SENT_MAX, USERS};
use super::tokens::{AUDIENCE, Algorithm, FEW, MANY, TokenFiles};
use super::{flood, h2load, sign_ins};

/// One process of the gateway.
pub(super) struct Gateway {
    pub(super) name: &'static str,
    pub(super) port: u16,
    /// The section `[cache]`; empty for what a user gets who writes none.
    pub(super) cache: &'static str,
    pub(super) more: More,
    pub(super) keys: usize,
}

/// What a process has that the others have not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum More {
    Nothing,
    Sessions,
    Digest,
    Introspection,
    Tls,
    /// An upstream that is spoken to by HTTP/2.
    Http2,
}

pub(super) const AS_INSTALLED: Gateway = Gateway {
    name: "ours",
    port: 18110,
    cache: "",
    more: More::Nothing,
    keys: KEYS_FEW,
};
/// Remembers far fewer tokens than are sent, so that hardly one is there when it comes again.
const FORGETFUL: Gateway = Gateway {
    name: "ours-forgetful",
    port: 18111,
    cache: "[cache]\nentries_max = 1024\n",
    ..AS_INSTALLED
};
const UNCACHED_FEW: Gateway = Gateway {
    name: "ours-uncached",
    port: 18112,
    cache: "[cache]\nttl_secs = 0\n",
    ..AS_INSTALLED
};
const UNCACHED_MANY: Gateway = Gateway {
    name: "ours-uncached-1m",
    port: 18113,
    keys: KEYS_MANY,
    ..UNCACHED_FEW
};
pub(super) const WITH_SESSIONS: Gateway = Gateway {
    name: "ours-with-sessions",
    port: 18114,
    more: More::Sessions,
    ..AS_INSTALLED
};
const WITH_DIGEST: Gateway = Gateway {
    name: "ours-with-digest",
    port: 18115,
    more: More::Digest,
    ..AS_INSTALLED
};
const ASKING: Gateway = Gateway {
    name: "ours-asking",
    port: 18116,
    more: More::Introspection,
    ..AS_INSTALLED
};
const WITH_TLS: Gateway = Gateway {
    name: "ours-with-tls",
    port: 18117,
    more: More::Tls,
    ..AS_INSTALLED
};
const TO_HTTP2: Gateway = Gateway {
    name: "ours-to-h2",
    port: 18118,
    more: More::Http2,
    ..AS_INSTALLED
};
pub(super) const GATEWAYS: [&Gateway; 9] = [
    &AS_INSTALLED,
    &FORGETFUL,
    &UNCACHED_FEW,
    &UNCACHED_MANY,
    &WITH_SESSIONS,
    &WITH_DIGEST,
    &ASKING,
    &WITH_TLS,
    &TO_HTTP2,
];

const PUBLIC: &str = "/public/data";
pub(super) const GUARDED: &str = "/api/data";
/// For who has a session.
pub(super) const PAGES: &str = "/app/data";
const SCANS: &str = "/scans/data";
/// Goes on by HTTP/2, and is for everybody.
const STREAMED: &str = "/streamed/data";

impl More {
    /// Further keys of `[server]`.
    pub(super) fn of_server(self) -> &'static str {
        match self {
            Self::Tls => "tls = { certificate = \"cert.pem\", key = \"key.pem\" }\n",
            Self::Nothing | Self::Sessions | Self::Digest | Self::Introspection | Self::Http2 => "",
        }
    }

    /// Further sections.
    pub(super) fn sections(self) -> String {
        let route = |name: &str, rest: &str| {
            format!("[[route]]\nname = \"{name}\"\npath = \"/{name}/**\"\n{rest}\n")
        };
        let guarded = |name: &str, scheme: &str| {
            route(
                name,
                &format!(
                    "upstream = \"app\"\naccept = [\"{scheme}\"]\nallow = {{ identity = true }}"
                ),
            )
        };
        match self {
            Self::Nothing | Self::Tls => String::new(),
            Self::Sessions => format!(
                "[session]\nplain_http = true\n{}",
                guarded("app", "session")
            ),
            Self::Digest => guarded("scans", "digest"),
            Self::Introspection => format!(
                "[issuer.opaque]\nissuer = \"https://opaque.id.example.com\"\naudience = [\"{AUDIENCE}\"]\nallow_http = true\n\
                 [issuer.opaque.introspection]\nurl = \"http://127.0.0.1:{INTROSPECTION}/\"\nclient_id = \"bench\"\n\
                 secret_file = \"introspection.secret\"\n",
            ),
            Self::Http2 => format!(
                "[upstream.streamed]\nurl = \"http://127.0.0.1:{UPSTREAM_HTTP2}\"\nhttp2 = true\n{}",
                route("streamed", "upstream = \"streamed\"\nallow = \"anyone\"")
            ),
        }
    }
}

/// A row of ours, before its gateway runs.
pub(super) struct Plan {
    pub(super) name: String,
    pub(super) what: String,
    pub(super) gateway: &'static Gateway,
    protocol: Protocol,
    path: &'static str,
    send: Send,
    expected: Expected,
    connections: Option<u32>,
}

/// What the requests of a row carry.
enum Send {
    Nothing,
    Lines(PathBuf),
    Keys,
    Passwords,
    Sessions,
    Digest,
}

impl Plan {
    pub(super) fn subject(&self, filled: &Filled, folder: &Path) -> Subject {
        Subject {
            name: self.name.clone(),
            what: self.what.clone(),
            gateway: self.gateway.name,
            protocol: self.protocol,
            port: self.gateway.port,
            path: self.path,
            sent: match &self.send {
                Send::Nothing => Sent::Nothing,
                Send::Lines(file) => Sent::InTurn(file.clone()),
                Send::Keys => Sent::InTurn(filled.keys.clone()),
                Send::Passwords => Sent::InTurn(filled.passwords.clone()),
                Send::Sessions => Sent::InTurn(filled.sessions.clone()),
                Send::Digest => Sent::Digest(folder.join("digest.txt")),
            },
            expected: self.expected,
            connections: self.connections,
            guarded: ![PUBLIC, STREAMED].contains(&self.path),
        }
    }

    /// Whether a generator of load is there that can ask so.
    pub(super) fn can_be_asked(&self) -> bool {
        self.protocol != Protocol::Http2 || h2load::is_there()
    }
}

/// Every row, named without anything being made or started.
pub(super) fn listed(tokens: &TokenFiles) -> Vec<(String, String)> {
    let tables = [
        (
            flood::ROW,
            "a table of its own: good requests while wrong passwords come in",
        ),
        (
            sign_ins::ROW,
            "a table of its own: good requests while people sign in",
        ),
    ];
    let plans = plans(tokens).into_iter();
    plans
        .map(|plan| (plan.name, plan.what))
        .chain(tables.map(|(name, what)| (name.to_owned(), format!("ours, {what}"))))
        .collect()
}

pub(super) fn plans(tokens: &TokenFiles) -> Vec<Plan> {
    let guarded = |name: &str, what: &str, gateway, send| Plan {
        name: name.to_owned(),
        what: format!("ours, {what}"),
        gateway,
        protocol: Protocol::Plain,
        path: GUARDED,
        send,
        expected: Expected::Served,
        connections: None,
    };
    let refused = |name: &str, what: &str, send| Plan {
        expected: Expected::Refused,
        ..guarded(name, what, &AS_INSTALLED, send)
    };
    let basic = format!("Basic, {USERS} users, Argon2id at rest, seen before");
    let keys = format!("{KEYS_FEW} API keys, seen before");
    let sessions = format!("{USERS} sessions, seen before");
    let mut plans = vec![
        Plan {
            path: PUBLIC,
            ..guarded(
                "ours",
                "a route that anyone may use",
                &AS_INSTALLED,
                Send::Nothing,
            )
        },
        guarded("ours-basic", &basic, &AS_INSTALLED, Send::Passwords),
        guarded("ours-key", &keys, &AS_INSTALLED, Send::Keys),
        Plan {
            path: PAGES,
            ..guarded("ours-session", &sessions, &WITH_SESSIONS, Send::Sessions)
        },
    ];
    plans.extend(of_tokens(tokens, &guarded));
    plans.extend(of_ways(tokens, &guarded));
    let few = format!("{KEYS_FEW} API keys in turn, cache off");
    plans.push(guarded("ours-key-1k", &few, &UNCACHED_FEW, Send::Keys));
    let many = format!("{KEYS_SENT_MAX} API keys in turn of {KEYS_MANY} in the store, cache off");
    plans.push(guarded("ours-key-1m", &many, &UNCACHED_MANY, Send::Keys));
    let what = "Basic, cache off: Argon2id for every request, 4 connections";
    plans.push(Plan {
        connections: Some(4),
        ..guarded("ours-basic-uncached", what, &UNCACHED_FEW, Send::Passwords)
    });
    plans.push(refused(
        "ours-401",
        "401 to a request without credentials",
        Send::Nothing,
    ));
    plans.push(refused(
        "ours-401-es256",
        "401 to ES256 tokens whose signature is wrong",
        Send::Lines(tokens.bad(Algorithm::Es256)),
    ));
    plans
}

type Guarded<'a> = &'a dyn Fn(&str, &str, &'static Gateway, Send) -> Plan;

/// JWTs that were seen before, and that were not.
fn of_tokens(tokens: &TokenFiles, guarded: Guarded<'_>) -> Vec<Plan> {
    let mut plans = Vec::new();
    for algorithm in [Algorithm::Hs256, Algorithm::Rs256, Algorithm::Es256] {
        let (name, lower) = (algorithm.name(), algorithm.name().to_ascii_lowercase());
        let many = || Send::Lines(tokens.many(algorithm));
        plans.push(guarded(
            &format!("ours-{lower}"),
            &format!("{FEW} {name} tokens, seen before"),
            &AS_INSTALLED,
            Send::Lines(tokens.few(algorithm)),
        ));
        plans.push(guarded(
            &format!("ours-{lower}-new"),
            &format!(
                "{MANY} {name} tokens in turn, cache of 1024: at most 2 in 100 are not verified"
            ),
            &FORGETFUL,
            many(),
        ));
        plans.push(guarded(
            &format!("ours-{lower}-uncached"),
            &format!("{MANY} {name} tokens in turn, cache off: each is verified"),
            &UNCACHED_FEW,
            many(),
        ));
    }
    plans
}

/// Further schemes, and other ways to come and to go on.
fn of_ways(tokens: &TokenFiles, guarded: Guarded<'_>) -> Vec<Plan> {
    let digest = format!("Digest, SHA-256, {USERS} users, 16 nonces, a new count each time");
    let opaque = format!("{FEW} opaque tokens of which the issuer was asked before");
    let es256 = || Send::Lines(tokens.few(Algorithm::Es256));
    let tls = format!("{FEW} ES256 tokens, seen before, TLS 1.3");
    let http2 = format!(
        "an ES256 token, seen before, HTTP/2 in TLS 1.3, {} requests at once on a connection",
        h2load::STREAMS
    );
    let streamed = "a route that anyone may use, HTTP/2 to the upstream";
    vec![
        Plan {
            path: SCANS,
            ..guarded("ours-digest", &digest, &WITH_DIGEST, Send::Digest)
        },
        guarded(
            "ours-opaque",
            &opaque,
            &ASKING,
            Send::Lines(tokens.opaque()),
        ),
        Plan {
            protocol: Protocol::Tls,
            ..guarded("ours-tls", &tls, &WITH_TLS, es256())
        },
        Plan {
            protocol: Protocol::Http2,
            ..guarded("ours-h2", &http2, &WITH_TLS, es256())
        },
        Plan {
            path: STREAMED,
            ..guarded("ours-to-h2", streamed, &TO_HTTP2, Send::Nothing)
        },
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_row_has_a_name_of_its_own_and_is_listed_without_a_file() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let listed = listed(&TokenFiles::below(folder.path()));
        let names: BTreeSet<&str> = listed.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names.len(), listed.len());
        for row in [
            "ours",
            "ours-digest",
            "ours-opaque",
            "ours-h2",
            "ours-flood",
        ] {
            assert!(names.contains(row), "{row}");
        }
        let made = std::fs::read_dir(folder.path())
            .expect("the folder")
            .count();
        assert_eq!(made, 0);
    }
}
