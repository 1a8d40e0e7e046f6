//! `countersign lock`: who is braked after too many failed attempts, and how to let them try again.
//!
//! Knows: what the gateways have put into the store. Does not know when anything is braked.

use std::process::ExitCode;

use countersign_policy::Network;
use countersign_store::{BrakeRecord, Lift, Outcome};
use countersign_wire::basic::normalized;
use serde::Serialize;

use crate::context::Context;
use crate::failure::Failure;
use crate::printing::{self, plain, time};
use crate::recorded::{deed, recorded};

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// List accounts and client networks that are braked
    List(List),
    /// Forget failed attempts, so that the next one is looked at
    Lift(LiftArgs),
}

#[derive(clap::Args)]
#[command(
    after_help = "Brakes: `pair`, an account from one network; `account`, from everywhere; `network`, whatever it tries. Accounts \
                  that do not exist are braked as well.\n\n\
                  Examples:\n  countersign lock list\n  \
                  countersign lock list --json | jq -r '.[] | select(.brake == \"network\").network'"
)]
pub(crate) struct List {
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
#[command(
    group(clap::ArgGroup::new("which").args(["account", "network", "all"]).required(true).multiple(true)),
    after_help = "Running gateways notice within a tenth of a second. Failures too few to be listed are forgotten as well.\n\n\
                  Examples:\n  countersign lock lift --account alice\n  countersign lock lift --network 192.0.2.7\n  \
                  countersign lock lift --all"
)]
pub(crate) struct LiftArgs {
    /// Brakes of this account, for all networks or the one given
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// Brakes of this address or network, for all accounts or the one given
    #[arg(long, value_name = "NETWORK")]
    network: Option<String>,
    /// All brakes
    #[arg(long, conflicts_with_all = ["account", "network"])]
    all: bool,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

/// A brake as it is shown.
#[derive(Serialize)]
struct Shown<'a> {
    brake: &'static str,
    account: Option<&'a str>,
    network: Option<String>,
    failures: u32,
    last: String,
    next: String,
    over: String,
}

pub(crate) fn run(command: Command, context: &Context) -> Result<ExitCode, Failure> {
    match command {
        Command::List(args) => list(&args, context)?,
        Command::Lift(args) => lift(&args, context)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list(args: &List, context: &Context) -> Result<(), Failure> {
    let store = context.store()?;
    let brakes = context.block_on(store.brakes(context.now_unix_secs()))?;
    let shown: Vec<Shown<'_>> = brakes.iter().map(Shown::of).collect();
    if args.json {
        return printing::json(&shown);
    }
    if shown.is_empty() {
        eprintln!("nothing is braked");
    }
    let rows: Vec<[String; 6]> = shown.iter().map(Shown::row).collect();
    let columns = [
        "BRAKE",
        "ACCOUNT",
        "NETWORK",
        "FAILURES",
        "NEXT ATTEMPT",
        "FORGOTTEN",
    ];
    printing::data(&printing::table(columns, &rows))
}

fn lift(args: &LiftArgs, context: &Context) -> Result<(), Failure> {
    let network = args.network.as_deref().map(network).transpose()?;
    let lift = Lift {
        account: args.account.as_deref().map(|name| normalized(name).into()),
        network: network.map(Into::into),
    };
    let store = context.store()?;
    let mut deed = deed("lock.lift");
    if let Some(account) = &lift.account {
        deed = deed.on(account);
    }
    if let Some(network) = &lift.network {
        deed = deed.of(network);
    }
    if args.all {
        deed = deed.detail("all");
    }
    let lifted = store.lift_brakes(lift, context.now_unix_secs());
    let outcome = |lifted: &u64| Outcome::Done(Some(format!("lifted {lifted}").into()));
    let lifted = recorded(context, &*store, deed, lifted, outcome)?;
    if args.json {
        return printing::json(&serde_json::json!({ "lifted": lifted }));
    }
    if lifted == 0 {
        eprintln!("there is no such brake: `countersign lock list` shows those that there are");
        return Ok(());
    }
    let brakes = if lifted == 1 { "brake" } else { "brakes" };
    eprintln!("lifted {lifted} {brakes}; running gateways notice within a tenth of a second");
    Ok(())
}

fn network(text: &str) -> Result<Network, Failure> {
    Network::parse(text).map_err(|defect| {
        Failure::usage(format!("`{}` is not a network: {defect}", plain(text)))
            .help("write it as in `192.0.2.7`, `192.0.2.0/24` or `2001:db8::/64`")
    })
}

impl<'a> Shown<'a> {
    fn of(record: &'a BrakeRecord) -> Self {
        Self {
            brake: record.name(),
            account: record.account.as_deref(),
            network: record.network.map(|network| network.to_string()),
            failures: record.failures,
            last: time(record.last_unix_secs),
            next: time(record.next_unix_secs),
            over: time(record.over_unix_secs),
        }
    }

    fn row(&self) -> [String; 6] {
        let or_dash = |text: Option<&str>| text.map_or("-".into(), |text| plain(text).into_owned());
        [
            self.brake.into(),
            or_dash(self.account),
            or_dash(self.network.as_deref()),
            self.failures.to_string(),
            self.next.clone(),
            self.over.clone(),
        ]
    }
}
