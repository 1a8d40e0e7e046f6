//! `countersign backup`: a copy of the store, while gateways use it.
//!
//! Knows: what to print. Does not know how a copy is made.

use std::path::PathBuf;
use std::process::ExitCode;

use countersign_store::{Backup, CopyError};
use serde_json::json;

use crate::context::{Context, StoreFile};
use crate::failure::Failure;
use crate::printing;

#[derive(clap::Args)]
#[command(
    after_help = "The copy is of one moment, has been looked at, and is for its owner alone. Its checksum goes to stdout, in the form that \
                  `sha256sum --check` reads. Who is interrupted leaves no file by that name, or the one that was there.\n\n\
                  The file holds password hashes and the key that nonces are made with: keep it as the store is kept.\n\n\
                  Exit codes: 0 the copy is there, 1 it is not.\n\n\
                  Examples:\n  countersign backup /var/backups/countersign-$(date +%F).db\n  \
                  countersign backup latest.db --force > latest.db.sha256"
)]
pub(crate) struct Args {
    #[command(flatten)]
    store: StoreFile,
    /// The file to write
    file: PathBuf,
    /// Write over a file that is there
    #[arg(long)]
    force: bool,
    /// Print what was copied as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: Args, context: Context) -> Result<ExitCode, Failure> {
    let context = context.with_store(args.store);
    let store = context.named_store()?;
    // Told at once, and not after the work.
    if !args.force && args.file.exists() {
        return Err(failure(&CopyError::Exists { path: args.file }));
    }
    let backup = Backup::make(&store, &args.file).map_err(|error| failure(&error))?;
    let (content, sha256) = (backup.content.clone(), backup.sha256.clone());
    backup.put(args.force).map_err(|error| failure(&error))?;
    let file = args.file.display();
    if args.json {
        printing::json(&json!({
            "file": file.to_string(), "sha256": sha256, "form": content.form, "users": content.users, "keys": content.keys,
        }))?;
    } else {
        printing::data(&format!("{sha256}  {file}\n"))?;
        eprintln!("copied {}", counted(&content));
    }
    Ok(ExitCode::SUCCESS)
}

/// How much there is of what.
pub(crate) fn counted(content: &countersign_store::Content) -> String {
    let count = |number, one: &str| match number {
        1 => format!("1 {one}"),
        number => format!("{number} {one}s"),
    };
    let (users, keys) = (count(content.users, "user"), count(content.keys, "API key"));
    format!("{users} and {keys}")
}

/// What is said where there is no copy.
pub(crate) fn failure(error: &CopyError) -> Failure {
    let failure = Failure::new(error.to_string());
    match error {
        CopyError::Exists { .. } => failure.help("`--force` writes over it"),
        CopyError::InUse => failure.help("end every gateway on the store first"),
        CopyError::NotACopy { .. } => {
            failure.help("`countersign backup` makes a copy of a store in use")
        }
        CopyError::Checksum { .. } => {
            failure.help("it is another file than was meant, or has been changed")
        }
        CopyError::NotWhole { .. } => failure.help("take an older copy"),
        CopyError::Absent { .. } | CopyError::File { .. } | CopyError::Store(_) => failure,
    }
}
