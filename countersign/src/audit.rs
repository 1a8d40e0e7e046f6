//! `countersign audit`: who has changed what, and what came of it.
//!
//! Knows: how records are shown. Does not know how they are made: commands do that by `recorded`, the account pages in the
//! gateway.

mod since;

use std::process::ExitCode;

use countersign_store::{Act, ActList, Outcome, Way};
use countersign_wire::basic::normalized;
use serde::Serialize;

use self::since::Since;
use crate::context::Context;
use crate::failure::Failure;
use crate::printing::{self, plain, time};

/// Records are read from the store so many at a time.
const PAGE: u32 = 1000;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// List who has changed users, keys, sessions and brakes, the latest first
    List(List),
}

#[derive(clap::Args)]
#[command(
    after_help = "Outcomes: `done`; `failed`, with the reason; `unknown`, where whoever did it was broken off before its end could \
                  be noted. Records are kept within `acts_kept_max` and `acts_kept_days`. Running gateways log them as well.\n\n\
                  Examples:\n  countersign audit list --since 7d --user alice\n  \
                  countersign audit list --json --limit 100000 | jq -r '.[] | select(.act == \"user.delete\")'"
)]
pub(crate) struct List {
    /// Those since then: a period back from now such as `7d` or `12h`, a date such as `2026-12-31` (its first moment, in
    /// UTC), or a time such as `2026-12-31T18:00:00Z`
    #[arg(long, value_name = "WHEN")]
    since: Option<Since>,
    /// Those that this user has done, or that concern it
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// So many at most
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(command: Command, context: &Context) -> Result<ExitCode, Failure> {
    match command {
        Command::List(args) => list(&args, context)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list(args: &List, context: &Context) -> Result<(), Failure> {
    let acts = read(args, context)?;
    if acts.len() >= usize::try_from(args.limit).unwrap_or(usize::MAX) {
        eprintln!("these are the latest {}; `--limit` shows more", args.limit);
    }
    if args.json {
        let shown: Vec<Shown<'_>> = acts.iter().map(Shown::of).collect();
        return printing::json(&shown);
    }
    if acts.is_empty() {
        eprintln!("there is no such record");
    }
    let rows: Vec<_> = acts.iter().map(|act| Shown::of(act).row()).collect();
    printing::data(&printing::table(COLUMNS, &rows))
}

fn read(args: &List, context: &Context) -> Result<Vec<Act>, Failure> {
    let now = context.now_unix_secs();
    let since_unix_secs = args.since.map(|since| since.unix_secs(now)).transpose()?;
    let store = context.store()?;
    let mut acts: Vec<Act> = Vec::new();
    let mut wanted = args.limit;
    while wanted > 0 {
        let page = context.block_on(store.acts(ActList {
            since_unix_secs,
            user: args.user.as_deref().map(|name| normalized(name).into()),
            before: acts.last().map(|act| act.id),
            acts_max: wanted.min(PAGE),
        }))?;
        if page.is_empty() {
            break;
        }
        wanted = wanted.saturating_sub(u32::try_from(page.len()).unwrap_or(u32::MAX));
        acts.extend(page);
    }
    Ok(acts)
}

/// A record in JSON; the names of the fields are public, and those of the log's event.
#[derive(Serialize)]
struct Shown<'a> {
    record: i64,
    time: String,
    way: &'static str,
    by: &'a str,
    login: Option<&'a str>,
    address: Option<&'a str>,
    act: &'a str,
    user: Option<&'a str>,
    object: Option<&'a str>,
    detail: Option<&'a str>,
    outcome: &'static str,
    result: Option<&'a str>,
}

/// The names of a row's cells.
const COLUMNS: [&str; 7] = ["TIME", "BY", "FROM", "ACT", "ON", "OUTCOME", "DETAIL"];

impl<'a> Shown<'a> {
    fn of(act: &'a Act) -> Self {
        Self {
            record: act.id,
            time: time(act.time_unix_secs),
            way: act.by.way.name(),
            by: &act.by.name,
            login: act.by.login.as_deref(),
            address: act.by.address.as_deref(),
            act: &act.act,
            user: act.user.as_deref(),
            object: act.object.as_deref(),
            detail: act.detail.as_deref(),
            outcome: act.outcome.as_ref().map_or("unknown", Outcome::name),
            result: act.outcome.as_ref().and_then(Outcome::words),
        }
    }

    fn row(&self) -> [String; 7] {
        let together = |words: [Option<&str>; 2], between: &str| {
            let words: Vec<_> = words.into_iter().flatten().map(plain).collect();
            if words.is_empty() {
                "-".to_owned()
            } else {
                words.join(between)
            }
        };
        let by = match (self.login, self.way == Way::Account.name()) {
            (Some(login), _) => format!("{} (login {})", plain(self.by), plain(login)),
            (None, true) => format!("{} (account)", plain(self.by)),
            (None, false) => plain(self.by).into(),
        };
        [
            self.time.clone(),
            by,
            together([self.address, None], ""),
            plain(self.act).into(),
            together([self.user, self.object], " "),
            self.outcome.to_owned(),
            together([self.detail, self.result], "; "),
        ]
    }
}
