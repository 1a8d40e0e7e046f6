//! `countersign check`: every fault of the configuration at once.
//!
//! Knows: what to print and which code to exit with. Does not know what a fault is.

use std::process::ExitCode;

use countersign_config::{Finding, Severity};
use serde_json::json;

use crate::context::{Context, look};
use crate::failure::Failure;
use crate::printing;

#[derive(clap::Args)]
#[command(
    after_help = "Exit codes: 0 the gateway would start, 1 it would not, or `--strict` and there is a warning.\n\n\
                        Examples:\n  countersign check\n  countersign check --strict --config /etc/countersign/countersign.toml"
)]
pub(crate) struct Args {
    /// Fail on warnings, too
    #[arg(long)]
    strict: bool,
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let outcome = context.check()?;
    let findings = &outcome.findings;
    if args.json {
        let text = std::fs::read_to_string(context.config_path()).unwrap_or_default();
        let list: Vec<_> = findings
            .as_slice()
            .iter()
            .map(|finding| as_json(finding, &text))
            .collect();
        let report = json!({ "errors": findings.errors(), "warnings": findings.warnings(), "findings": list });
        printing::json(&report)?;
    } else {
        printing::data(&findings.render(look(&std::io::stdout())))?;
    }
    let fails = findings.errors() > 0 || args.strict && findings.warnings() > 0;
    Ok(if fails {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn as_json(finding: &Finding, text: &str) -> serde_json::Value {
    let before = text.get(..finding.span.start).unwrap_or_default();
    let (message, help) = finding.problem.words();
    json!({
        "severity": match finding.severity { Severity::Error => "error", Severity::Warning => "warning" },
        "line": before.matches('\n').count() + 1,
        "column": before.rsplit('\n').next().unwrap_or_default().chars().count() + 1,
        "message": message,
        "help": help,
    })
}
