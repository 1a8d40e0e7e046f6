//! `countersign why`: what is known of a refusal.
//!
//! Knows: where refusals are kept, and for whom the words of a cause are meant. Does not know how a request was refused.

mod account;
mod log;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use countersign_store::Store;

pub(crate) use self::account::Account;
use crate::context::{Context, StoreFile};
use crate::failure::Failure;
use crate::printing::{self, plain};

/// Gateways hand refusals to the store in batches: how long one may be on its way.
const ON_ITS_WAY: Duration = Duration::from_millis(1500);
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

#[derive(clap::Args)]
#[command(
    after_help = "The id stands in the refusal itself: the header `X-Request-Id`, the member `request_id`, the page. \
                  The store keeps the last refusals (`refusals_kept_max`), within a rate \
                  (`refusals_kept_per_sec_max`); the log has all of them.\n\n\
                  Exit codes: 0 found, 1 nothing is known of it.\n\n\
                        Examples:\n  countersign why 5k2m9x0c7q1v8z3b4n6d\n  \
                        countersign why 5k2m9x0c7q1v8z3b4n6d --log /var/log/countersign.json"
)]
pub(crate) struct Args {
    #[command(flatten)]
    store: StoreFile,
    /// The id that the client was told
    #[arg(value_name = "REQUEST-ID")]
    id: String,
    /// A log in JSON to look in, where the store has nothing
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: Args, context: Context) -> Result<ExitCode, Failure> {
    let Args {
        store,
        id,
        log,
        json,
    } = args;
    let context = context.with_store(store);
    let store = match context.store() {
        Ok(store) => Some(store),
        // Where logs are gathered there need not be a store.
        Err(_) if log.is_some() => None,
        Err(failure) => return Err(failure),
    };
    let found = find(&id, store.as_deref(), log.as_deref(), &context)?;
    let Some(account) = found else {
        return Err(unknown(&id, log.is_some()));
    };
    if json {
        printing::json(&account.as_json())?;
    } else {
        printing::data(&account.text())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What the store knows of a refusal.
pub(crate) fn account_of(id: &str, context: &Context) -> Result<Account, Failure> {
    let store = context.store()?;
    let found = find(id, Some(&*store), None, context)?;
    found.ok_or_else(|| unknown(id, true))
}

fn find(
    id: &str,
    store: Option<&dyn Store>,
    log: Option<&std::path::Path>,
    context: &Context,
) -> Result<Option<Account>, Failure> {
    let kept = |store: &dyn Store| {
        context
            .block_on(store.refusal(id))
            .map(|found| found.map(Account::from))
    };
    if let Some(store) = store
        && let Some(account) = kept(store)?
    {
        return Ok(Some(account));
    }
    if let Some(log) = log
        && let Some(account) = log::find(id, log)?
    {
        return Ok(Some(account));
    }
    let Some(store) = store else { return Ok(None) };
    let begin = Instant::now();
    while begin.elapsed() < ON_ITS_WAY {
        std::thread::sleep(BETWEEN_LOOKS);
        if let Some(account) = kept(store)? {
            return Ok(Some(account));
        }
    }
    Ok(None)
}

fn unknown(id: &str, in_log: bool) -> Failure {
    let failure = Failure::new(format!("nothing is known of a request `{}`", plain(id)))
        .help("only refusals are kept, not requests that were let through")
        .help("it may be another store's: `--config` or `--store` name one")
        .help("it may be older than the refusals that are kept, or have come in a flood of them (`refusals_kept_max`, `refusals_kept_per_sec_max`)");
    if in_log {
        failure
    } else {
        failure.help("the log has all of them: `--log FILE`")
    }
}
