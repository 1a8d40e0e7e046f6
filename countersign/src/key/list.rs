//! `countersign key list`.
//!
//! Knows: which keys are asked for. Does not know secrets: the store does not give them out.

use countersign_store::{Key, KeyList};
use countersign_wire::basic::normalized;

use super::shown::{self, Shown};
use crate::context::Context;
use crate::failure::Failure;
use crate::printing;

/// Keys are read from the store so many at a time.
const PAGE: u32 = 1000;

#[derive(clap::Args)]
#[command(
    after_help = "States: `active`; `ending`, replaced by another key and taken for a while still; `expired`; `revoked`.\n\n\
                        Examples:\n  countersign key list --owner alice\n  \
                        countersign key list --json | jq -r '.[] | select(.state == \"expired\").id'"
)]
pub(crate) struct Args {
    /// Those of this user or service only
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let now = context.now_unix_secs();
    let keys = all(
        args.owner.as_deref().map(|owner| normalized(owner).into()),
        context,
    )?;
    if args.json {
        return printing::json(
            &keys
                .iter()
                .map(|key| Shown::new(key, now))
                .collect::<Vec<_>>(),
        );
    }
    if keys.is_empty() {
        eprintln!("there are no such keys: `countersign key create` makes one");
    }
    let rows: Vec<_> = keys.iter().map(|key| shown::row(key, now)).collect();
    printing::data(&printing::table(shown::COLUMNS, &rows))
}

fn all(owner: Option<Box<str>>, context: &Context) -> Result<Vec<Key>, Failure> {
    let store = context.store()?;
    let mut keys: Vec<Key> = Vec::new();
    loop {
        let after = keys.last().map(|key| key.id.clone());
        let page = context.block_on(store.keys(KeyList {
            owner: owner.clone(),
            after,
            keys_max: PAGE,
        }))?;
        if page.is_empty() {
            return Ok(keys);
        }
        keys.extend(page);
    }
}
