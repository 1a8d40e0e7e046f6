//! `countersign restore`: a copy takes the place of the store.
//!
//! Knows: what to print. Does not know how that is done.

use std::path::PathBuf;
use std::process::ExitCode;

use countersign_store::Restore;
use serde_json::json;

use crate::backup::{counted, failure};
use crate::context::{Context, StoreFile};
use crate::failure::Failure;
use crate::printing;
use crate::recorded::deed;

#[derive(clap::Args)]
#[command(
    after_help = "All of the copy or nothing: it is looked at, brought up to this version's form, and put in the store's place in one step. \
                  Who is interrupted keeps the store that was there. Not while a gateway uses the store, and no copy of a newer \
                  version.\n\n\
                  What was changed since the copy was made is gone: keys that have been revoked since are taken again.\n\n\
                  Exit codes: 0 the copy is in place, 1 it is not, and the store is as it was.\n\n\
                  Examples:\n  countersign restore latest.db\n  countersign restore latest.db --force --sha256 $(cut -d' ' -f1 latest.db.sha256)"
)]
pub(crate) struct Args {
    #[command(flatten)]
    store: StoreFile,
    /// The copy that `countersign backup` has made
    file: PathBuf,
    /// Replace a store that is there
    #[arg(long)]
    force: bool,
    /// The checksum that the copy must have
    #[arg(long, value_name = "HEX")]
    sha256: Option<String>,
    /// Print what was restored as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: Args, context: Context) -> Result<ExitCode, Failure> {
    let context = context.with_store(args.store);
    let store = context.named_store()?;
    let restore = Restore::make(&args.file, &store, args.sha256.as_deref())
        .map_err(|error| failure(&error))?;
    let (content, before) = (restore.content.clone(), restore.form_before);
    // What was recorded in the store that is replaced goes with it.
    let record = deed("store.restore").detail(format!("from {}", args.file.display()));
    restore
        .record(&record.record(), context.now_unix_secs())
        .map_err(|error| failure(&error))?;
    restore.put(args.force).map_err(|error| failure(&error))?;
    if args.json {
        printing::json(&json!({
            "store": store.display().to_string(), "form": content.form, "form_before": before,
            "users": content.users, "keys": content.keys,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("restored {} to `{}`", counted(&content), store.display());
    if before != content.form {
        eprintln!(
            "the copy had the form {before} of an older version, the store has the form {}",
            content.form
        );
    }
    eprintln!("keys that have been revoked since the copy was made are taken again");
    Ok(ExitCode::SUCCESS)
}
