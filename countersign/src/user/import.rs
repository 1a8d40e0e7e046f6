//! `countersign user import`: users of an htpasswd file.
//!
//! Knows: which fields an import sets, and that it is all or nothing. Does not know the format of the file.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use countersign_secret::password::HashKind;
use countersign_store::{Imported, NewUser, OnConflict, Outcome, Store, StoreError};

use super::htpasswd::{self, Entry, File};
use crate::context::Context;
use crate::failure::Failure;
use crate::names;
use crate::printing::{NOTICED, plain};
use crate::recorded::{deed, recorded};

#[derive(clap::Args)]
#[command(
    after_help = "Reads lines of `name:hash` as Apache and nginx do. Hashes may be Argon2, bcrypt, SHA-crypt, MD5-crypt \
                  (apr1) and SHA-1; those other than Argon2id are hashed anew when their user signs in for the first \
                  time. Every line that cannot be taken is named with its number, and then nothing is imported.\n\n\
                  Examples:\n  countersign user import /etc/nginx/.htpasswd --group staff\n  \
                        countersign user import - --on-conflict skip < users.htpasswd"
)]
pub(crate) struct Args {
    /// The file, or `-` for stdin
    #[arg(value_name = "FILE")]
    path: PathBuf,
    /// What to do where there is a user of that name
    #[arg(long, value_enum, default_value = "refuse", value_name = "WHAT")]
    on_conflict: Conflict,
    /// A group that the users are in; may be given many times
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Conflict {
    /// Import nothing at all
    Refuse,
    /// Give the user the hash, and the groups if any are given; keep the rest
    Replace,
    /// Keep the user as it is
    Skip,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let groups = names::groups(&args.groups)?;
    let File { entries, faults } = htpasswd::parse(&read(&args.path)?);
    let shown = shown(&args.path);
    if !faults.is_empty() {
        for fault in &faults {
            eprintln!("{shown}:{}: {}", fault.line, fault.defect);
        }
        return Err(nothing_imported(faults.len(), "cannot be imported"));
    }
    let store = context.store_or_new()?;
    let mut users = Vec::with_capacity(entries.len());
    for entry in &entries {
        users.push(context.block_on(new_user(entry, args.on_conflict, &groups, &*store))?);
    }
    let on_conflict = match args.on_conflict {
        Conflict::Refuse => OnConflict::Refuse,
        Conflict::Replace => OnConflict::Replace,
        Conflict::Skip => OnConflict::Skip,
    };
    let names: Vec<_> = entries.iter().map(|entry| &*entry.name).collect();
    let deed = deed("user.import").detail(format!("from {shown}: {}", names.join(", ")));
    let mut conflict = false;
    let import = store.import_users(users, on_conflict, context.now_unix_secs());
    let import = async {
        let imported = import.await;
        conflict = matches!(imported, Err(StoreError::UserExists { .. }));
        imported
    };
    let imported = recorded(context, &*store, deed, import, |imported| {
        Outcome::Done(Some(counted(imported).into()))
    });
    if conflict {
        return Err(context.block_on(conflicts(&entries, &shown, &*store))?);
    }
    let imported = imported?;
    eprintln!(
        "{} of the {} users in {shown}; {NOTICED}",
        counted(&imported),
        entries.len()
    );
    tell_kinds(&entries);
    Ok(())
}

fn counted(imported: &Imported) -> String {
    format!(
        "added {}, replaced {}, skipped {}",
        imported.added, imported.replaced, imported.skipped
    )
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|mut file| file.read_to_end(&mut bytes))
    };
    match read {
        Ok(_) => Ok(bytes),
        Err(error) => Err(Failure::new(format!(
            "cannot read `{}`: {error}",
            shown(path)
        ))),
    }
}

fn shown(path: &Path) -> String {
    if path == Path::new("-") {
        "stdin".to_owned()
    } else {
        path.display().to_string()
    }
}

/// A file of hashes has no word about display names or who is disabled, so those stay with whom it replaces.
async fn new_user(
    entry: &Entry,
    on_conflict: Conflict,
    groups: &[Box<str>],
    store: &dyn Store,
) -> Result<NewUser, StoreError> {
    let new = NewUser {
        name: entry.name.clone(),
        display_name: None,
        hash: entry.hash.clone(),
        groups: groups.to_vec(),
        disabled: false,
    };
    let old = match on_conflict {
        Conflict::Replace => store.user(&entry.name).await?,
        Conflict::Refuse | Conflict::Skip => None,
    };
    let Some(old) = old else { return Ok(new) };
    let groups = if groups.is_empty() {
        old.groups
    } else {
        new.groups
    };
    Ok(NewUser {
        display_name: old.display_name,
        groups,
        disabled: old.disabled,
        ..new
    })
}

/// Names every user that is there already, not only the first.
async fn conflicts(
    entries: &[Entry],
    shown: &str,
    store: &dyn Store,
) -> Result<Failure, StoreError> {
    let mut count = 0;
    for entry in entries {
        if store.user(&entry.name).await?.is_some() {
            eprintln!(
                "{shown}:{}: there is a user `{}` already",
                entry.line,
                plain(&entry.name)
            );
            count += 1;
        }
    }
    Ok(nothing_imported(count, "would be overwritten")
        .help("`--on-conflict skip` keeps the users that are there, `--on-conflict replace` gives them these hashes"))
}

fn nothing_imported(count: usize, what: &str) -> Failure {
    let lines = if count == 1 { "line" } else { "lines" };
    Failure::new(format!("{count} {lines} {what}, so nothing was imported"))
}

fn tell_kinds(entries: &[Entry]) {
    let mut kinds: BTreeMap<HashKind, usize> = BTreeMap::new();
    for entry in entries {
        *kinds.entry(entry.hash.kind()).or_default() += 1;
    }
    let told: Vec<String> = kinds
        .iter()
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    if !told.is_empty() {
        eprintln!(
            "hashes: {}; others than argon2id are renewed when their user signs in",
            told.join(", ")
        );
    }
}
