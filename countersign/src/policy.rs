//! `countersign policy`: tests of the rules, without a network.
//!
//! Knows: where the tests are, and which code to exit with. Does not know how a request is decided.

mod bench;
mod credentials;
mod shown;

use std::path::PathBuf;
use std::process::ExitCode;

use countersign_config::policy_tests;

use self::bench::Bench;
use self::shown::Report;
use crate::context::{Context, look};
use crate::failure::Failure;
use crate::printing;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Run the tests of a file against the rules of the configuration
    Test(Args),
}

#[derive(clap::Args)]
#[command(
    after_help = "The very code that decides in the gateway is given each request, with credentials that are made up for it. Nothing is \
                  sent, and neither store nor issuers are asked.\n\n\
                  A test, as it stands in the file:\n  [[test]]\n  name = \"orders need a scope\"\n  \
                  url = \"https://api.example.com/orders\"\n  caller = { user = \"alice\", scopes = [\"orders:read\"] }\n  \
                  expect = \"allow\"\n\n\
                  Exit codes: 0 all hold, 1 some do not, 2 wrong usage, or a file that cannot be read.\n\n\
                  Examples:\n  countersign policy test rules.test.toml\n  countersign policy test rules.test.toml --json"
)]
pub(crate) struct Args {
    /// The file with the tests
    file: PathBuf,
    /// Run only tests whose name contains this
    #[arg(long, value_name = "WORDS")]
    only: Option<String>,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(command: Command, context: &Context) -> Result<ExitCode, Failure> {
    let Command::Test(args) = command;
    test(&args, context).map_err(Failure::without_result)
}

fn test(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let rules = context.quietly_checked()?.rules;
    let path = args.file.display();
    let text = std::fs::read_to_string(&args.file)
        .map_err(|error| Failure::new(format!("cannot read `{path}`: {error}")))?;
    let read = policy_tests::read(&text, &args.file, &rules);
    let Some(tests) = read.tests else {
        eprint!("{}", read.findings.render(look(&std::io::stderr())));
        return Err(Failure::new(format!(
            "`{path}` has errors, and nothing was run"
        )));
    };
    let wanted = |name: &str| args.only.as_deref().is_none_or(|only| name.contains(only));
    let bench = Bench::new(rules)?;
    let mut report = Report::of(&args.file);
    for test in tests.iter().filter(|test| wanted(&test.name)) {
        report.add(test, bench.run(test)?);
    }
    if report.is_empty() {
        // A run of nothing must not look like a run in which all holds.
        return Err(Failure::new("no test has that in its name"));
    }
    if args.json {
        printing::json(&report.as_json())?;
    } else {
        printing::data(&report.text())?;
    }
    Ok(if report.all_hold() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
