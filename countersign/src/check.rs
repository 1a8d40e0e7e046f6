//! `countersign check`: every fault of the configuration at once, and with `--live` of what is around the gateway.
//!
//! Knows: what to print and which code to exit with. Does not know what a fault is.

mod live;

use std::process::ExitCode;

use countersign_config::{Findings, Severity};
use countersign_gateway::{State, obstacles};
use serde_json::json;

use crate::context::{Context, look};
use crate::failure::Failure;
use crate::printing;

#[derive(clap::Args)]
#[command(
    after_help = "`--live` looks around as well, best as the user that the gateway runs as: clocks, who may read secrets, the certificate, \
                  issuers, upstreams, the store, the disk, ports. Nothing is changed, and nothing is sent but what the gateway \
                  fetches itself.\n\n\
                  Exit codes: 0 the gateway would start, 1 it would not, or `--strict` and there is a warning; with `--live` 1 as well \
                  where something around it does not work.\n\n\
                  Examples:\n  countersign check\n  countersign check --strict --config /etc/countersign/countersign.toml\n  \
                  sudo -u countersign countersign check --live --config /etc/countersign/countersign.toml"
)]
pub(crate) struct Args {
    /// Fail on warnings, too
    #[arg(long)]
    strict: bool,
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
    /// Look at the surroundings as well: clocks, files, certificate, issuers, upstreams, store, ports
    #[arg(long)]
    live: bool,
    /// With `--live`: warn of a certificate that runs out within so many days
    #[arg(long, value_name = "DAYS", default_value_t = 21, requires = "live")]
    certificate_days: u32,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let outcome = match context.check() {
        Ok(outcome) => outcome,
        Err(failure) => {
            if args.json {
                let finding = unplaced(failure.message(), failure.helps().first());
                printing::json(&json!({ "errors": 1, "warnings": 0, "findings": [finding] }))?;
            }
            return Err(failure);
        }
    };
    let findings = &outcome.findings;
    let seen = match &outcome.checked {
        Some(checked) if args.live => Some(live::look(checked, args.certificate_days, context)),
        Some(_) | None => None,
    };
    // With `--live` these are seen among the rest.
    let obstacles = match &outcome.checked {
        Some(checked) if seen.is_none() => obstacles(&checked.settings),
        Some(_) | None => Vec::new(),
    };
    let errors = findings.errors() + obstacles.len();
    if args.json {
        let around = obstacles.iter().map(|one| {
            let message = format!("{}: {}", one.about, one.found);
            unplaced(&message, one.fix)
        });
        let list: Vec<_> = as_json(findings).chain(around).collect();
        let mut report =
            json!({ "errors": errors, "warnings": findings.warnings(), "findings": list });
        if let (Some(seen), Some(report)) = (&seen, report.as_object_mut()) {
            report.insert("live".into(), live::as_json(seen));
        }
        printing::json(&report)?;
    } else {
        // "Nothing found" would not be true.
        if obstacles.is_empty() || !findings.is_empty() {
            printing::data(&findings.render(look(&std::io::stdout())))?;
        }
        if !obstacles.is_empty() {
            printing::data(&live::obstacles(&obstacles))?;
        }
        if let Some(seen) = &seen {
            printing::data(&live::text(seen))?;
        } else if args.live {
            eprintln!("what is around the gateway was not looked at: the configuration has errors");
        }
    }
    let worst = seen.iter().flatten().map(|one| one.state).max();
    let fails = errors > 0
        || worst == Some(State::Error)
        || args.strict && (findings.warnings() > 0 || worst == Some(State::Warning));
    Ok(if fails {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// A finding that is not about a place in the file.
fn unplaced(message: &str, help: Option<impl AsRef<str>>) -> serde_json::Value {
    let help = help.as_ref().map(AsRef::as_ref);
    json!({ "severity": "error", "line": null, "column": null, "message": message, "help": help })
}

/// What was found in a file, for programs.
pub(crate) fn as_json(findings: &Findings) -> impl Iterator<Item = serde_json::Value> {
    findings.as_slice().iter().map(|finding| {
        let (message, help) = finding.problem.words();
        let (line, column) = findings.place(finding);
        json!({
            "severity": match finding.severity { Severity::Error => "error", Severity::Warning => "warning" },
            "line": line,
            "column": column,
            "message": message,
            "help": help,
        })
    })
}
