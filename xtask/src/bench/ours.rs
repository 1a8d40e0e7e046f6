//! The gateway itself, as it is shipped: profile `dist`, one worker. One process for each way of caching.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::flood::Flood;
use super::peers::{UPSTREAM, write};
use super::process::{Process, pinned};
use super::rounds::Good;
use super::rows::{Expected, Subject};
use super::stores::{self, Filled, KEYS_FEW, KEYS_MANY, KEYS_SENT_MAX, USERS};
use super::tokens::{AUDIENCE, Algorithm, FEW, MANY, Tokens, VALID_SECS};
use super::{GATEWAY_CPU, Stage};
use crate::dist::{self, Built};
use crate::failure::{Doing, Outcome};
use crate::workspace::Workspace;

/// Where the gateway's program is to be had.
pub(super) struct Program<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) given: Option<&'a Path>,
}

impl Program<'_> {
    /// The one that was named, or else a fresh build of what is shipped.
    fn find(&self) -> Outcome<Built> {
        match self.given {
            None => dist::build(self.workspace),
            Some(given) => Ok(Built {
                program: given.canonicalize().doing(given.display())?,
                untrained: None,
            }),
        }
    }
}

/// One process of the gateway.
struct Gateway {
    name: &'static str,
    port: u16,
    /// The section `[cache]`; empty for what a user gets who writes none.
    cache: &'static str,
    /// Further sections.
    more: &'static str,
    keys: usize,
}

const AS_INSTALLED: Gateway = Gateway {
    name: "ours",
    port: 18110,
    cache: "",
    more: "",
    keys: KEYS_FEW,
};
/// Remembers far fewer tokens than are sent, so that hardly one is there when it comes again.
const FORGETFUL: Gateway = Gateway {
    name: "ours-forgetful",
    port: 18111,
    cache: "[cache]\nentries_max = 1024\n",
    more: "",
    keys: KEYS_FEW,
};
const UNCACHED_FEW: Gateway = Gateway {
    name: "ours-uncached",
    port: 18112,
    cache: "[cache]\nttl_secs = 0\n",
    more: "",
    keys: KEYS_FEW,
};
const UNCACHED_MANY: Gateway = Gateway {
    name: "ours-uncached-1m",
    port: 18113,
    cache: "[cache]\nttl_secs = 0\n",
    more: "",
    keys: KEYS_MANY,
};

const WITH_SESSIONS: Gateway = Gateway {
    name: "ours-with-sessions",
    port: 18114,
    cache: "",
    more: "[session]\nplain_http = true\n[[route]]\nname = \"app\"\npath = \"/app/**\"\nupstream = \"app\"\n\
           accept = [\"session\"]\nallow = { identity = true }\n",
    keys: KEYS_FEW,
};
const GATEWAYS: [&Gateway; 5] = [
    &AS_INSTALLED,
    &FORGETFUL,
    &UNCACHED_FEW,
    &UNCACHED_MANY,
    &WITH_SESSIONS,
];

const PUBLIC: &str = "/public/data";
const GUARDED: &str = "/api/data";
/// For who has a session.
const PAGES: &str = "/app/data";

/// Name of the measurement that is a table of its own.
const FLOOD: &str = "ours-flood";
/// Name of another.
const SIGN_INS: &str = "ours-sign-ins";

/// Builds and starts what the chosen rows need.
pub(super) fn add(
    stage: &mut Stage,
    program: &Program<'_>,
    folder: &Path,
    tokens: &Tokens,
    chosen: &dyn Fn(&str) -> bool,
) -> Outcome<()> {
    let plans: Vec<Plan> = plans(tokens)
        .into_iter()
        .filter(|plan| chosen(&plan.name))
        .collect();
    let flooded = chosen(FLOOD);
    let crowded = chosen(SIGN_INS);
    if plans.is_empty() && !flooded && !crowded {
        return Ok(());
    }
    let Built { program, untrained } = program.find()?;
    if let Some(reason) = untrained {
        let absent = format!("the training of our own program: {reason}");
        stage.absent.push(absent);
    }
    stage
        .versions
        .push(super::peers::version(&program, "--version"));
    for gateway in GATEWAYS {
        let own = plans
            .iter()
            .filter(|plan| plan.gateway.name == gateway.name);
        let flooded = flooded && gateway.name == AS_INSTALLED.name;
        let crowded = crowded && gateway.name == WITH_SESSIONS.name;
        if own.clone().next().is_none() && !flooded && !crowded {
            continue;
        }
        let filled = stores::prepare(folder, gateway.keys)?;
        let process = start(&program, folder, gateway, tokens, &filled)?;
        stage.notes.push(format!(
            "{} takes {:.1} MiB after its start, idle",
            gateway.name,
            mebibytes(process.memory_kib())
        ));
        stage.gateways.push(process);
        stage.subjects.extend(own.map(|plan| plan.subject(&filled)));
        if flooded {
            stage.flood = Some(Flood {
                port: gateway.port,
                path: GUARDED,
                good: tokens.few(Algorithm::Es256),
                wrong: filled.wrong_passwords.clone(),
            });
        }
        if crowded {
            stage.sign_ins = Some(Good {
                port: gateway.port,
                path: PAGES,
                headers: filled.sessions.clone(),
            });
        }
    }
    Ok(())
}

fn start(
    program: &Path,
    folder: &Path,
    gateway: &Gateway,
    tokens: &Tokens,
    filled: &Filled,
) -> Outcome<Process> {
    let text = configuration(gateway, filled);
    let file = write(folder, &format!("{}.toml", gateway.name), &text)?;
    let secret = write(folder, "hs256.secret", &tokens.keys.hs256_secret)?;
    // The gateway warns of secrets that everybody can read.
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).doing(secret.display())?;
    write(folder, "rs256.jwks", &tokens.keys.rs256_jwks)?;
    write(folder, "es256.jwks", &tokens.keys.es256_jwks)?;
    let mut command = pinned(GATEWAY_CPU, program);
    command.args(["serve", "--config"]).arg(&file);
    Process::start(
        gateway.name,
        &mut command,
        &folder.join(format!("{}.out", gateway.name)),
        &[gateway.port],
    )
}

/// Nothing is logged, as with the peers, and guessing is not braked, so that a flood of wrong passwords comes as far as
/// the hashes. All else is what a user gets who does not write it.
fn configuration(gateway: &Gateway, filled: &Filled) -> String {
    let Gateway {
        port, cache, more, ..
    } = gateway;
    let issuers: String = [
        (Algorithm::Hs256, "{ secret_file = \"hs256.secret\" }"),
        (Algorithm::Rs256, "{ jwks_file = \"rs256.jwks\" }"),
        (Algorithm::Es256, "{ jwks_file = \"es256.jwks\" }"),
    ]
    .into_iter()
    .map(|(algorithm, keys)| issuer(algorithm, keys))
    .collect();
    format!(
        "realm = \"bench\"
[server]
listen = [\"127.0.0.1:{port}\"]
workers = 1
[store]
path = \"{}\"
[log]
refusals = false
{cache}[brakes]
enabled = false
[basic]
[api_key]
header = \"X-API-Key\"
{issuers}[upstream.app]
url = \"http://127.0.0.1:{UPSTREAM}\"
[[route]]
name = \"public\"
path = \"/public/**\"
upstream = \"app\"
allow = \"anyone\"
[[route]]
name = \"api\"
path = \"/api/**\"
upstream = \"app\"
accept = [\"basic\", \"bearer\", \"api-key\"]
allow = {{ identity = true }}
{more}",
        filled.database.display(),
    )
}

fn issuer(algorithm: Algorithm, keys: &str) -> String {
    let name = algorithm.name();
    format!(
        "[issuer.{}]\nissuer = \"{}\"\nkeys = {keys}\naudience = [\"{AUDIENCE}\"]\nalgorithms = [\"{name}\"]\nlifetime_secs_max = {VALID_SECS}\n",
        name.to_ascii_lowercase(),
        algorithm.issuer(),
    )
}

/// A row of ours, before its gateway runs.
struct Plan {
    name: String,
    what: String,
    gateway: &'static Gateway,
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
}

impl Plan {
    fn subject(&self, filled: &Filled) -> Subject {
        Subject {
            name: self.name.clone(),
            what: self.what.clone(),
            gateway: self.gateway.name,
            port: self.gateway.port,
            path: self.path,
            headers: match &self.send {
                Send::Nothing => None,
                Send::Lines(file) => Some(file.clone()),
                Send::Keys => Some(filled.keys.clone()),
                Send::Passwords => Some(filled.passwords.clone()),
                Send::Sessions => Some(filled.sessions.clone()),
            },
            expected: self.expected,
            connections: self.connections,
            guarded: self.path != PUBLIC,
        }
    }
}

fn plans(tokens: &Tokens) -> Vec<Plan> {
    let guarded = |name: &str, what: String, gateway, send| Plan {
        name: name.to_owned(),
        what: format!("ours, {what}"),
        gateway,
        path: GUARDED,
        send,
        expected: Expected::Served,
        connections: None,
    };
    let refused = |name: &str, what: &str, send| Plan {
        expected: Expected::Refused,
        ..guarded(name, what.to_owned(), &AS_INSTALLED, send)
    };
    let mut plans = vec![
        Plan {
            path: PUBLIC,
            ..guarded(
                "ours",
                "a route that anyone may use".to_owned(),
                &AS_INSTALLED,
                Send::Nothing,
            )
        },
        guarded(
            "ours-basic",
            format!("Basic, {USERS} users, Argon2id at rest, seen before"),
            &AS_INSTALLED,
            Send::Passwords,
        ),
        guarded(
            "ours-key",
            format!("{KEYS_FEW} API keys, seen before"),
            &AS_INSTALLED,
            Send::Keys,
        ),
    ];
    plans.push(Plan {
        path: PAGES,
        ..guarded(
            "ours-session",
            format!("{USERS} sessions, seen before"),
            &WITH_SESSIONS,
            Send::Sessions,
        )
    });
    for algorithm in [Algorithm::Hs256, Algorithm::Rs256, Algorithm::Es256] {
        let (name, lower) = (algorithm.name(), algorithm.name().to_ascii_lowercase());
        let few = Send::Lines(tokens.few(algorithm));
        plans.push(guarded(
            &format!("ours-{lower}"),
            format!("{FEW} {name} tokens, seen before"),
            &AS_INSTALLED,
            few,
        ));
        let many = Send::Lines(tokens.many(algorithm));
        let what = format!(
            "{MANY} {name} tokens in turn, cache of 1024: at most 2 in 100 are not verified"
        );
        plans.push(guarded(
            &format!("ours-{lower}-new"),
            what,
            &FORGETFUL,
            many,
        ));
        let many = Send::Lines(tokens.many(algorithm));
        let what = format!("{MANY} {name} tokens in turn, cache off: each is verified");
        plans.push(guarded(
            &format!("ours-{lower}-uncached"),
            what,
            &UNCACHED_FEW,
            many,
        ));
    }
    plans.push(guarded(
        "ours-key-1k",
        format!("{KEYS_FEW} API keys in turn, cache off"),
        &UNCACHED_FEW,
        Send::Keys,
    ));
    let what = format!("{KEYS_SENT_MAX} API keys in turn of {KEYS_MANY} in the store, cache off");
    plans.push(guarded("ours-key-1m", what, &UNCACHED_MANY, Send::Keys));
    let what = "Basic, cache off: Argon2id for every request, 4 connections".to_owned();
    plans.push(Plan {
        connections: Some(4),
        ..guarded("ours-basic-uncached", what, &UNCACHED_FEW, Send::Passwords)
    });
    plans.push(refused(
        "ours-401",
        "401 to a request without credentials",
        Send::Nothing,
    ));
    let bad = Send::Lines(tokens.bad(Algorithm::Es256));
    plans.push(refused(
        "ours-401-es256",
        "401 to ES256 tokens whose signature is wrong",
        bad,
    ));
    plans
}

#[expect(
    clippy::cast_precision_loss,
    reason = "kibibytes of one process are far below 2^52"
)]
fn mebibytes(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

#[cfg(test)]
mod tests {
    use countersign_config::{FileSystem, Look, check};

    use super::*;
    use crate::bench::tokens;

    #[test]
    fn the_configuration_of_every_gateway_is_valid() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        tokens::make_keys(folder.path()).expect("keys");
        let filled = Filled {
            database: folder.path().join("countersign.db"),
            keys: PathBuf::new(),
            passwords: PathBuf::new(),
            wrong_passwords: PathBuf::new(),
            sessions: PathBuf::new(),
        };
        for gateway in GATEWAYS {
            let text = configuration(gateway, &filled);
            let outcome = check(&text, &folder.path().join("countersign.toml"), &FileSystem);
            assert_eq!(
                outcome.findings.errors(),
                0,
                "{}",
                outcome.findings.render(Look::Plain)
            );
        }
    }
}
