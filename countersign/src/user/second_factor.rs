//! `countersign user second-factor`: what second factor a user has, and taking it away.
//!
//! Knows: that it has one, since when, and how many recovery codes are left. Does not know the secret: nothing that a code
//! could be made of is ever shown.

use countersign_store::{StoreError, TotpState};
use countersign_wire::basic::normalized;
use serde::Serialize;

use crate::context::Context;
use crate::failure::Failure;
use crate::printing::{self, NOTICED, plain, time};

#[derive(clap::Args)]
#[command(
    after_help = "Users set a second factor up, and remove it, in their account at the gateway. `reset` is for whoever has lost \
                  both the device and the recovery codes: the password alone signs in then, and all sessions end. Make sure \
                  that it is the user who asks.\n\n\
                  Examples:\n  countersign user second-factor alice show\n  countersign user second-factor alice reset"
)]
pub(crate) struct Args {
    /// The name that the user signs in with
    name: String,
    /// What is done
    action: Action,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Action {
    /// Tell whether the user has a second factor
    Show,
    /// Remove it with its recovery codes
    Reset,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let name = normalized(&args.name);
    match args.action {
        Action::Show => show(&name, args.json, context),
        Action::Reset => reset(&name, context),
    }
}

fn show(name: &str, json: bool, context: &Context) -> Result<(), Failure> {
    let store = context.store()?;
    if context.block_on(store.user(name))?.is_none() {
        return Err(StoreError::UserAbsent { name: name.into() }.into());
    }
    let state = context.block_on(store.totp_state(name))?;
    if json {
        return printing::json(&state.map(Shown::from));
    }
    printing::data(&printing::fields(&[
        ("name", plain(name).into()),
        ("second factor", words(state)),
    ]))
}

/// What `user show` says as well.
pub(super) fn words(state: Option<TotpState>) -> String {
    state.map_or_else(
        || "none".to_owned(),
        |state| {
            format!(
                "authenticator app since {}, {} recovery codes left",
                time(state.created_unix_secs),
                state.recovery_codes_left
            )
        },
    )
}

/// In JSON; the names of the fields are public.
#[derive(Serialize)]
pub(super) struct Shown {
    totp_since: String,
    recovery_codes_left: u32,
}

impl From<TotpState> for Shown {
    fn from(state: TotpState) -> Self {
        Self {
            totp_since: time(state.created_unix_secs),
            recovery_codes_left: state.recovery_codes_left,
        }
    }
}

fn reset(name: &str, context: &Context) -> Result<(), Failure> {
    let store = context.store()?;
    let removed = context.block_on(store.remove_second_factor(name, context.now_unix_secs()))?;
    if removed.is_some() {
        eprintln!(
            "`{}` has no second factor any more, and all its sessions have ended; {NOTICED}",
            plain(name)
        );
    } else {
        eprintln!("`{}` has no second factor", plain(name));
    }
    Ok(())
}
