//! The gateway itself, as it is shipped: profile `dist`, one worker. One process for each way of caching, and for what only some rows need.
//!
//! Knows: how the processes are configured and started. What is measured of them is in `plans`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::flood::{self, Flood};
use super::peers::{UPSTREAM, write};
use super::plans::{AS_INSTALLED, GATEWAYS, GUARDED, Gateway, PAGES, Plan, WITH_SESSIONS, plans};
use super::process::{Process, pinned};
use super::rounds::Good;
use super::stores::{self, Filled, REALM};
use super::tokens::{AUDIENCE, Algorithm, Tokens, VALID_SECS};
use super::{GATEWAY_CPU, Stage, sign_ins};
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

/// Builds and starts what the chosen rows need.
pub(super) fn add(
    stage: &mut Stage,
    program: &Program<'_>,
    folder: &Path,
    tokens: &Tokens,
    chosen: &dyn Fn(&str) -> bool,
) -> Outcome<()> {
    let mut plans = plans(&tokens.files);
    plans.retain(|plan| chosen(&plan.name));
    let (plans, unasked): (Vec<Plan>, Vec<Plan>) = plans.into_iter().partition(Plan::can_be_asked);
    let missing = |plan: Plan| format!("{}: h2load is not there", plan.name);
    stage.absent.extend(unasked.into_iter().map(missing));
    let flooded = chosen(flood::ROW);
    let crowded = chosen(sign_ins::ROW);
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
        stage
            .subjects
            .extend(own.map(|plan| plan.subject(&filled, folder)));
        if flooded {
            stage.flood = Some(Flood {
                port: gateway.port,
                path: GUARDED,
                good: tokens.files.few(Algorithm::Es256),
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
    for (name, secret) in [
        ("hs256.secret", tokens.keys.hs256_secret.as_str()),
        ("introspection.secret", "of the bench"),
    ] {
        let secret = write(folder, name, secret)?;
        // The gateway warns of secrets that everybody can read.
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).doing(secret.display())?;
    }
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
    let (of_server, sections) = (more.of_server(), more.sections());
    let issuers: String = [
        (Algorithm::Hs256, "{ secret_file = \"hs256.secret\" }"),
        (Algorithm::Rs256, "{ jwks_file = \"rs256.jwks\" }"),
        (Algorithm::Es256, "{ jwks_file = \"es256.jwks\" }"),
    ]
    .into_iter()
    .map(|(algorithm, keys)| issuer(algorithm, keys))
    .collect();
    format!(
        "realm = \"{REALM}\"
[server]
listen = [\"127.0.0.1:{port}\"]
workers = 1
{of_server}[store]
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
{sections}",
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
    use std::path::PathBuf;

    use crate::bench::{certificate, tokens};

    #[test]
    fn the_configuration_of_every_gateway_is_valid() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        tokens::make_keys(folder.path()).expect("keys");
        certificate::make(folder.path()).expect("a certificate");
        fs::write(folder.path().join("introspection.secret"), "of a test").expect("a secret");
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
