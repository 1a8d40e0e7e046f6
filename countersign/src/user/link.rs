//! `countersign user link`: the accounts at OpenID providers that a user signs in with.
//!
//! Knows: issuer and subject. Does not know providers: a link holds whatever they are called in the configuration.

use countersign_store::{Link, LinkKey, Outcome};
use countersign_wire::basic::normalized;
use serde::Serialize;

use crate::context::Context;
use crate::failure::Failure;
use crate::printing::{self, NOTICED, plain, time};
use crate::recorded::{deed, done, recorded};

/// The longest `sub`, OpenID Connect Core 1.0 section 2.
const SUBJECT_BYTES_MAX: usize = 255;

#[derive(clap::Args)]
#[command(
    after_help = "ISSUER is `issuer` of a `[provider.NAME]`, to the letter; SUBJECT is the claim `sub` of the user there, which the log \
                  of the gateway has when somebody signs in who is not linked.\n\n\
                  Examples:\n  countersign user link alice list\n  \
                  countersign user link alice add https://id.example.com 248289761001\n  \
                  countersign user link alice remove https://id.example.com 248289761001"
)]
pub(crate) struct Args {
    /// The name that the user has here
    name: String,
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// List the accounts that the user is linked with
    List {
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Link the user with an account
    Add(Account),
    /// Remove a link, and end all sessions of the user
    Remove(Account),
}

#[derive(clap::Args)]
struct Account {
    /// The provider's identifier
    issuer: String,
    /// The user's `sub` there
    subject: String,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let name = normalized(&args.name);
    match &args.action {
        Action::List { json } => list(&name, *json, context),
        Action::Add(account) => add(&name, account, context),
        Action::Remove(account) => remove(&name, account, context),
    }
}

fn list(name: &str, json: bool, context: &Context) -> Result<(), Failure> {
    let links = context.block_on(context.store()?.links(name))?;
    if json {
        return printing::json(&links.iter().map(Shown::from).collect::<Vec<_>>());
    }
    if links.is_empty() {
        eprintln!("`{}` is linked with no account", plain(name));
    }
    let rows: Vec<_> = links.iter().map(row).collect();
    printing::data(&printing::table(["ISSUER", "SUBJECT", "SINCE"], &rows))
}

fn row(link: &Link) -> [String; 3] {
    [
        plain(&link.key.issuer).into(),
        plain(&link.key.subject).into(),
        time(link.created_unix_secs),
    ]
}

fn add(name: &str, account: &Account, context: &Context) -> Result<(), Failure> {
    let key = key(account)?;
    let (store, now) = (context.store()?, context.now_unix_secs());
    let deed = deed("link.add").on(name).of(&key);
    recorded(context, &*store, deed, store.add_link(name, key, now), done)?;
    eprintln!("linked `{}`; {NOTICED}", plain(name));
    Ok(())
}

fn remove(name: &str, account: &Account, context: &Context) -> Result<(), Failure> {
    let key = key(account)?;
    let (store, now) = (context.store()?, context.now_unix_secs());
    let deed = deed("link.remove").on(name).of(&key);
    let removed = store.remove_link(name, key, now);
    let outcome = |removed: &bool| match removed {
        true => Outcome::Done(None),
        false => Outcome::Failed("there is no such link".into()),
    };
    let removed = recorded(context, &*store, deed, removed, outcome)?;
    if removed {
        eprintln!(
            "removed the link of `{}`, and all its sessions have ended; {NOTICED}",
            plain(name)
        );
        Ok(())
    } else {
        Err(Failure::new(format!("`{}` has no such link", plain(name)))
            .help("`countersign user link NAME list` shows those that there are"))
    }
}

/// What no provider could say is a slip, and would be a link that nobody can use.
fn key(account: &Account) -> Result<LinkKey, Failure> {
    let (issuer, subject) = (&account.issuer, &account.subject);
    if !issuer.starts_with("https://") && !issuer.starts_with("http://") {
        return Err(Failure::usage(format!(
            "`{}` is no issuer: it begins with `https://`",
            plain(issuer)
        )));
    }
    let fits = (1..=SUBJECT_BYTES_MAX).contains(&subject.len())
        && subject
            .bytes()
            .all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if !fits {
        return Err(Failure::usage(format!(
            "`{}` is no subject: it has 1 to {SUBJECT_BYTES_MAX} characters of ASCII",
            plain(subject)
        )));
    }
    Ok(LinkKey {
        issuer: issuer.as_str().into(),
        subject: subject.as_str().into(),
    })
}

/// A link in JSON; the names of the fields are public.
#[derive(Serialize)]
pub(super) struct Shown<'l> {
    issuer: &'l str,
    subject: &'l str,
    since: String,
}

impl<'l> From<&'l Link> for Shown<'l> {
    fn from(link: &'l Link) -> Self {
        Self {
            issuer: &link.key.issuer,
            subject: &link.key.subject,
            since: time(link.created_unix_secs),
        }
    }
}

/// What `user show` says as well.
pub(super) fn words(links: &[Link]) -> String {
    if links.is_empty() {
        return "none".to_owned();
    }
    let each: Vec<String> = links
        .iter()
        .map(|link| {
            format!(
                "{} at {}",
                plain(&link.key.subject),
                plain(&link.key.issuer)
            )
        })
        .collect();
    each.join(", ")
}
