//! `countersign session`: who is signed in, and ending it.
//!
//! Knows: the commands. Does not know how a session is begun, which takes a browser.

use std::process::ExitCode;

use countersign_secret::session::SessionId;
use countersign_store::{Outcome, Session, SessionList};
use countersign_wire::basic::normalized;
use serde::Serialize;

use crate::context::Context;
use crate::failure::Failure;
use crate::printing::{self, NOTICED_BUT_OPEN, plain, time};
use crate::recorded::{deed, done, recorded};

/// The most sessions that are listed, those used last first.
const LISTED_MAX: u32 = 10_000;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// List the sessions that go on, those used last first
    List(List),
    /// End sessions at once
    Revoke(Revoke),
    /// Seal forms with another key from now on
    RotateKey(RotateKey),
}

#[derive(clap::Args)]
#[command(after_help = "The last use is to the minute.\n\n\
                        Examples:\n  countersign session list --user alice\n  \
                        countersign session list --json | jq -r '.[].user' | sort | uniq -c")]
pub(crate) struct List {
    /// Those of this user only
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
#[command(
    after_help = "Whoever has the session is asked to sign in again, and told that it was ended.\n\n\
                        Examples:\n  countersign session revoke 3q2-7wABAgME\n  \
                        countersign session revoke --user alice"
)]
#[group(required = true, multiple = false)]
pub(crate) struct Revoke {
    /// The session's id, from `countersign session list`
    #[arg(value_name = "ID")]
    id: Option<String>,
    /// All sessions of this user
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
}

#[derive(clap::Args)]
#[command(
    after_help = "Forms that are open can still be posted: the key before opens what it has sealed, for its time.\n\
                        Sessions go on: they are kept by digests, without a key.\n\n\
                        Examples:\n  countersign session rotate-key && countersign reload"
)]
pub(crate) struct RotateKey {}

pub(crate) fn run(command: Command, context: &Context) -> Result<ExitCode, Failure> {
    match command {
        Command::List(args) => list(&args, context)?,
        Command::Revoke(args) => revoke(&args, context)?,
        Command::RotateKey(RotateKey {}) => rotate_key(context)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn revoke(args: &Revoke, context: &Context) -> Result<(), Failure> {
    let store = context.store()?;
    let now = context.now_unix_secs();
    if let Some(user) = &args.user {
        let user = normalized(user);
        let ended = store.end_sessions(&user, now);
        let outcome = |ended: &u64| Outcome::Done(Some(format!("ended {ended}").into()));
        let deed = deed("session.end-all").on(&user);
        let ended = recorded(context, &*store, deed, ended, outcome)?;
        eprintln!(
            "ended {ended} sessions of `{}`; {NOTICED_BUT_OPEN}",
            plain(&user)
        );
    }
    if let Some(id) = &args.id {
        let Some(id) = SessionId::parse(id) else {
            return Err(
                Failure::usage(format!("`{}` is no id of a session", plain(id)))
                    .help("`countersign session list` shows them"),
            );
        };
        let list = SessionList {
            user: None,
            sessions_max: LISTED_MAX,
        };
        let there = context.block_on(store.sessions(list, now))?;
        let deed = deed("session.end").of(&id);
        let deed = match there.iter().find(|session| session.id == id) {
            Some(session) => deed.on(&session.user),
            None => deed,
        };
        let ended = store.end_session(&id, None, now);
        recorded(context, &*store, deed, ended, done)?;
        eprintln!("ended the session `{id}`; {NOTICED_BUT_OPEN}");
    }
    Ok(())
}

fn rotate_key(context: &Context) -> Result<(), Failure> {
    let store = context.store()?;
    let rotated = store.rotate_form_key(context.now_unix_secs());
    recorded(context, &*store, deed("session.rotate-key"), rotated, done)?;
    eprintln!(
        "forms have another key; reload every running gateway on this store within five minutes: \
         until then they seal with the one before"
    );
    Ok(())
}

fn list(args: &List, context: &Context) -> Result<(), Failure> {
    let list = SessionList {
        user: args.user.as_deref().map(|name| normalized(name).into()),
        sessions_max: LISTED_MAX,
    };
    let store = context.store()?;
    let sessions = context.block_on(store.sessions(list, context.now_unix_secs()))?;
    if args.json {
        let shown: Vec<Shown<'_>> = sessions.iter().map(Shown::new).collect();
        return printing::json(&shown);
    }
    if sessions.is_empty() {
        eprintln!("nobody is signed in");
    }
    let rows: Vec<_> = sessions.iter().map(row).collect();
    printing::data(&printing::table(COLUMNS, &rows))
}

/// A session in JSON.
#[derive(Serialize)]
struct Shown<'s> {
    id: &'s str,
    user: &'s str,
    method: &'s str,
    device: Option<&'s str>,
    address: &'s str,
    created: String,
    last_used: String,
    expires: String,
}

impl<'s> Shown<'s> {
    fn new(session: &'s Session) -> Self {
        Self {
            id: session.id.as_str(),
            user: &session.user,
            method: &session.method,
            device: session.device.as_deref(),
            address: &session.address,
            created: time(session.created_unix_secs),
            last_used: time(session.used_unix_secs),
            expires: time(session.expires_unix_secs),
        }
    }
}

/// The names of a row's cells.
const COLUMNS: [&str; 7] = [
    "ID",
    "USER",
    "METHOD",
    "SINCE",
    "LAST USED",
    "ADDRESS",
    "DEVICE",
];

fn row(session: &Session) -> [String; 7] {
    [
        session.id.to_string(),
        plain(&session.user).into(),
        session.method.to_string(),
        time(session.created_unix_secs),
        time(session.used_unix_secs),
        session.address.to_string(),
        session
            .device
            .as_deref()
            .map_or_else(|| "-".to_owned(), |device| plain(device).into()),
    ]
}
