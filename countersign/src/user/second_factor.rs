//! `countersign user second-factor`: what second factor a user has, and taking it away.
//!
//! Knows: the app and the passkeys, since when, and how many recovery codes are left. Does not know the secret: nothing that a
//! code could be made of is ever shown.

use countersign_store::{Outcome, Passkey, SecondFactors, StoreError};
use countersign_wire::basic::normalized;
use serde::Serialize;

use crate::context::Context;
use crate::failure::Failure;
use crate::printing::{self, NOTICED, plain, time};
use crate::recorded::{deed, recorded};

#[derive(clap::Args)]
#[command(
    after_help = "Users set a second factor up, and remove it, in their account at the gateway. `reset` is for whoever has lost \
                  the app, the passkeys and the recovery codes: the password alone signs in then, and all sessions end. Make sure \
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
    /// Remove the app, every passkey and the recovery codes
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
    let factors = context.block_on(store.second_factors(name))?;
    if json {
        return printing::json(&shown(&factors));
    }
    printing::data(&printing::fields(&[
        ("name", plain(name).into()),
        ("second factor", words(&factors)),
    ]))
}

/// What `user show` says as well.
pub(super) fn words(factors: &SecondFactors) -> String {
    if factors.are_none() {
        return "none".to_owned();
    }
    let app = factors
        .totp_since_unix_secs
        .map(|since| format!("authenticator app since {}", time(since)));
    let passkeys = factors.passkeys.iter().map(|passkey| {
        let used = passkey.used_unix_secs.map_or_else(
            || "never used".to_owned(),
            |used| format!("used {}", time(used)),
        );
        format!(
            "passkey `{}` since {}, {used}",
            plain(&passkey.name),
            time(passkey.created_unix_secs)
        )
    });
    let left = format!("{} recovery codes left", factors.recovery_codes_left);
    let parts: Vec<String> = app.into_iter().chain(passkeys).chain([left]).collect();
    parts.join(", ")
}

/// What JSON says; `None` where the password alone signs in.
pub(super) fn shown(factors: &SecondFactors) -> Option<Shown> {
    (!factors.are_none()).then(|| Shown {
        totp_since: factors.totp_since_unix_secs.map(time),
        passkeys: factors.passkeys.iter().map(ShownPasskey::from).collect(),
        recovery_codes_left: factors.recovery_codes_left,
    })
}

/// In JSON; the names of the fields are public.
#[derive(Serialize)]
pub(super) struct Shown {
    totp_since: Option<String>,
    passkeys: Vec<ShownPasskey>,
    recovery_codes_left: u32,
}

/// In JSON; the names of the fields are public.
#[derive(Serialize)]
struct ShownPasskey {
    name: Box<str>,
    created: String,
    last_used: Option<String>,
}

impl From<&Passkey> for ShownPasskey {
    fn from(passkey: &Passkey) -> Self {
        Self {
            name: passkey.name.clone(),
            created: time(passkey.created_unix_secs),
            last_used: passkey.used_unix_secs.map(time),
        }
    }
}

fn reset(name: &str, context: &Context) -> Result<(), Failure> {
    let store = context.store()?;
    let removed = store.remove_second_factor(name, context.now_unix_secs());
    let outcome = |version: &Option<i64>| match version {
        Some(_) => Outcome::Done(None),
        None => Outcome::Done(Some("there was none".into())),
    };
    let deed = deed("second-factor.reset").on(name);
    let removed = recorded(context, &*store, deed, removed, outcome)?;
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
