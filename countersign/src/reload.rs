//! `countersign reload`: running gateways take up the changed configuration, or say why not.
//!
//! Knows: what to print and which code to exit with. Does not know how gateways are found.

use std::process::ExitCode;

use crate::context::Context;
use crate::control::{self, Gateway, Outcome};
use crate::failure::{Failure, because};
use crate::printing::{self, plain};

#[derive(clap::Args)]
#[command(
    after_help = "Every gateway on the store that the configuration names is asked, and reads its own file. It takes all of the \
                  file or nothing: with an error in it, the rules before go on. Requests under way end by the rules that they \
                  began under. What is read at the start alone needs a restart: addresses, the number of workers, the store. Each \
                  answers with its process, its addresses and its file.\n\n\
                  Exit codes: 0 every gateway has taken it, 1 one has not, or none runs.\n\n\
                  Example:\n  countersign reload --config /etc/countersign/countersign.toml"
)]
pub(crate) struct Args {
    /// Print what came of it as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let store = context.store_path()?;
    let outcomes = context.block_on(control::reload_all(&store));
    if outcomes.is_empty() {
        if args.json {
            printing::json(&serde_json::json!([]))?;
        }
        return Err(Failure::new(format!(
            "no gateway runs on the store `{}`",
            store.display()
        ))
        .help("`countersign serve` starts one; only its own user and root can reload it"));
    }
    let outcomes = outcomes
        .into_iter()
        .collect::<Result<Vec<Outcome>, _>>()
        .map_err(|error| because("a gateway did not answer")(&error))?;
    if args.json {
        printing::json(&outcomes)?;
    } else {
        for outcome in &outcomes {
            tell(outcome);
        }
    }
    Ok(if outcomes.iter().all(|outcome| outcome.taken) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn tell(outcome: &Outcome) {
    if let (Some(report), None, false) = (&outcome.report, &outcome.reason, outcome.taken) {
        eprint!("{report}");
    }
    if let Some(reason) = &outcome.reason {
        eprintln!("error: {}", plain(reason));
    }
    let gateway = named(&outcome.gateway);
    match (outcome.taken, outcome.warnings) {
        (true, 0) => eprintln!("{gateway}: the new configuration is in force"),
        (true, warnings) => {
            let s = if warnings == 1 { "" } else { "s" };
            eprintln!(
                "{gateway}: the new configuration is in force, with {warnings} warning{s}, which `countersign check` shows"
            );
        }
        (false, _) => eprintln!("{gateway}: the configuration before goes on"),
    }
}

/// Which of them, where several run on one store.
fn named(gateway: &Gateway) -> String {
    if gateway.pid == 0 {
        return "a gateway of another version".to_owned();
    }
    let listen: Vec<String> = gateway.listen.iter().map(ToString::to_string).collect();
    let file = gateway.file.display().to_string();
    let (pid, listen) = (gateway.pid, listen.join(", "));
    format!("process {pid} on {listen}, `{}`", plain(&file))
}
