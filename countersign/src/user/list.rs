//! `countersign user list` and `show`.
//!
//! Knows: which fields of a user are shown. Does not know hashes: the store does not give them out.

use countersign_store::{StoreError, User};
use countersign_wire::basic::normalized;
use serde::Serialize;

use super::{link, second_factor};
use crate::context::Context;
use crate::failure::Failure;
use crate::printing::{self, list as words, plain, time};

/// Users are read from the store so many at a time.
const PAGE: u32 = 1000;

#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  countersign user list\n  countersign user list --json | jq -r '.[] | select(.disabled).name'"
)]
pub(crate) struct ListArgs {
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  countersign user show alice\n  countersign user show alice --json"
)]
pub(crate) struct ShowArgs {
    /// The name that the user signs in with
    name: String,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn list(args: &ListArgs, context: &Context) -> Result<(), Failure> {
    let users = all(context)?;
    if args.json {
        return printing::json(&users.iter().map(Shown::from).collect::<Vec<_>>());
    }
    if users.is_empty() {
        eprintln!("there are no users yet: `countersign user add NAME` adds one");
    }
    let rows: Vec<_> = users.iter().map(row).collect();
    printing::data(&printing::table(
        ["NAME", "GROUPS", "STATE", "HASH", "CHANGED", "DISPLAY NAME"],
        &rows,
    ))
}

pub(super) fn show(args: &ShowArgs, context: &Context) -> Result<(), Failure> {
    let name = normalized(&args.name);
    let user = context.block_on(context.store()?.user(&name))?;
    let Some(user) = user else {
        return Err(StoreError::UserAbsent { name: name.into() }.into());
    };
    let factors = context.block_on(context.store()?.second_factors(&name))?;
    let links = context.block_on(context.store()?.links(&name))?;
    if args.json {
        return printing::json(&ShownWhole {
            user: Shown::from(&user),
            second_factor: second_factor::shown(&factors),
            links: links.iter().map(link::Shown::from).collect(),
        });
    }
    printing::data(&printing::fields(&[
        ("name", plain(&user.name).into()),
        ("display name", display_name(&user)),
        ("groups", words(&user.groups)),
        ("state", state(&user).to_owned()),
        ("password hash", user.hash_kind.to_string()),
        ("digest", digest(&user)),
        ("second factor", second_factor::words(&factors)),
        ("links", link::words(&links)),
        ("created", time(user.created_unix_secs)),
        ("changed", time(user.changed_unix_secs)),
    ]))
}

fn all(context: &Context) -> Result<Vec<User>, Failure> {
    let store = context.store()?;
    let mut users: Vec<User> = Vec::new();
    loop {
        let after = users.last().map(|user| user.name.clone());
        let page = context.block_on(store.users(after.as_deref(), PAGE))?;
        if page.is_empty() {
            return Ok(users);
        }
        users.extend(page);
    }
}

fn row(user: &User) -> [String; 6] {
    [
        plain(&user.name).into(),
        words(&user.groups),
        state(user).to_owned(),
        user.hash_kind.to_string(),
        time(user.changed_unix_secs),
        display_name(user),
    ]
}

fn display_name(user: &User) -> String {
    user.display_name
        .as_deref()
        .map_or_else(|| "-".to_owned(), |name| plain(name).into())
}

const fn state(user: &User) -> &'static str {
    if user.disabled { "disabled" } else { "enabled" }
}

fn digest(user: &User) -> String {
    user.digest.as_ref().map_or_else(
        || "off".to_owned(),
        |digest| {
            format!(
                "on, in realm {} with {}",
                plain(&digest.realm),
                words(&digest.algorithms)
            )
        },
    )
}

/// A user in JSON; the names of the fields are public.
#[derive(Serialize)]
struct Shown<'u> {
    name: &'u str,
    display_name: Option<&'u str>,
    groups: Vec<&'u str>,
    disabled: bool,
    hash: &'static str,
    digest: Option<ShownDigest<'u>>,
    created: String,
    changed: String,
}

/// The same with what is looked up for one user alone.
#[derive(Serialize)]
struct ShownWhole<'u> {
    #[serde(flatten)]
    user: Shown<'u>,
    second_factor: Option<second_factor::Shown>,
    links: Vec<link::Shown<'u>>,
}

/// For what Digest is switched on.
#[derive(Serialize)]
struct ShownDigest<'u> {
    realm: &'u str,
    algorithms: Vec<&'u str>,
}

impl<'u> From<&'u User> for Shown<'u> {
    fn from(user: &'u User) -> Self {
        Self {
            name: &user.name,
            display_name: user.display_name.as_deref(),
            groups: user.groups.iter().map(|group| &**group).collect(),
            disabled: user.disabled,
            hash: user.hash_kind.name(),
            digest: user.digest.as_ref().map(|digest| ShownDigest {
                realm: &digest.realm,
                algorithms: digest.algorithms.iter().map(|word| &**word).collect(),
            }),
            created: time(user.created_unix_secs),
            changed: time(user.changed_unix_secs),
        }
    }
}
