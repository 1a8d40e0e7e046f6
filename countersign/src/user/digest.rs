//! `countersign user digest`: switches Digest on or off for one user.
//!
//! Knows: that the secrets of Digest can be computed from the password alone, so that it has to be asked for. Does not
//! know where passwords come from.

use countersign_secret::Secret;
use countersign_secret::password::Verification;
use countersign_store::{AccountAnswer, DigestSecret, DigestState, Outcome, StoreError};
use countersign_wire::basic::normalized;
use countersign_wire::digest::{Algorithm, Charset, SecretHash, user_hash};

use crate::context::{Context, DigestPlan};
use crate::failure::Failure;
use crate::password;
use crate::printing::{NOTICED, NOTICED_BUT_OPEN, list as words, plain};
use crate::recorded::{deed, done, recorded};

#[derive(clap::Args)]
#[command(
    after_help = "Digest is checked against a hash that is as good as the password to whoever reads the store, unlike the \
                  hash that Basic is checked against. So it is kept only for users for whom it is switched on.\n\n\
                  To switch it on, the user's present password is asked for at the terminal; without a terminal it is \
                  the first line of stdin. Realm and algorithms are those of the configuration; when they change, \
                  switch it on again. `countersign user passwd` keeps it on.\n\n\
                  Examples:\n  countersign user digest scanner on\n  \
                        pass show devices/scanner | countersign user digest scanner on\n  \
                        countersign user digest scanner off"
)]
pub(crate) struct Args {
    /// The name that the user signs in with
    name: String,
    /// Whether the user may sign in with Digest
    state: Switch,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Switch {
    /// It may, with the present password
    On,
    /// It may not, and what Digest needs is forgotten
    Off,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let name = normalized(&args.name);
    match args.state {
        Switch::On => on(&name, context),
        Switch::Off => off(&name, context),
    }
}

fn on(name: &str, context: &Context) -> Result<(), Failure> {
    let plan = context.digest_plan()?.ok_or_else(|| {
        Failure::usage("Digest is for a realm, and only the configuration names one")
            .help("leave `--store` out")
    })?;
    let store = context.store()?;
    let AccountAnswer::Known(account) = context.block_on(store.account(name))? else {
        return Err(StoreError::UserAbsent { name: name.into() }.into());
    };
    let password = password::ask_present(name)?;
    match account.hash.verify(password.expose().as_bytes()) {
        Verification::Match => {}
        Verification::Mismatch => {
            return Err(
                Failure::new(format!("this is not the password of `{}`", plain(name))).help(
                    "`countersign user passwd NAME` sets another, and then that one can be used",
                ),
            );
        }
        Verification::OutOfMemory => {
            return Err(Failure::new(
                "there is no memory to check the password with",
            ));
        }
    }
    let secrets = secrets(name, &password, &plan);
    let now = context.now_unix_secs();
    let set = store.set_digest(account.id, account.hash, secrets, now);
    let outcome = |is_set: &bool| match is_set {
        true => Outcome::Done(None),
        false => Outcome::Failed("the password was changed in between".into()),
    };
    if !recorded(
        context,
        &*store,
        deed("user.digest-on").on(name),
        set,
        outcome,
    )? {
        return Err(Failure::new("the password was changed in between").help("try it again"));
    }
    eprintln!(
        "switched Digest on for `{}`, in realm `{}` with {}; {NOTICED}",
        plain(name),
        plain(&plan.realm),
        words(&plan.words()),
    );
    Ok(())
}

fn off(name: &str, context: &Context) -> Result<(), Failure> {
    let store = context.store()?;
    let off = store.switch_digest_off(name, context.now_unix_secs());
    recorded(
        context,
        &*store,
        deed("user.digest-off").on(name),
        off,
        done,
    )?;
    eprintln!(
        "switched Digest off for `{}`; {NOTICED_BUT_OPEN}",
        plain(name)
    );
    Ok(())
}

/// What the store is to keep of a new password of a user for whom Digest is on: for the realm and algorithms of the
/// configuration, or where there is none, for those that it was on for.
pub(super) fn renewed(
    name: &str,
    password: &Secret<String>,
    was: &DigestState,
    context: &Context,
) -> Result<Vec<DigestSecret>, Failure> {
    let plan = context.digest_plan()?.unwrap_or_else(|| DigestPlan {
        realm: was.realm.clone(),
        algorithms: was
            .algorithms
            .iter()
            .filter_map(|word| Algorithm::from_word(word))
            .collect(),
    });
    Ok(secrets(name, password, &plan))
}

fn secrets(name: &str, password: &Secret<String>, plan: &DigestPlan) -> Vec<DigestSecret> {
    let one = |algorithm: &Algorithm| {
        // RFC 7616 section 4: both sides hash UTF-8 in the form NFC.
        let (charset, realm) = (Charset::Utf8, &*plan.realm);
        let secret = SecretHash::of_password(*algorithm, charset, name, realm, password.expose());
        DigestSecret {
            algorithm: algorithm.word().into(),
            realm: realm.into(),
            secret: Secret::new(secret.expose().to_owned()),
            user_hash: user_hash(*algorithm, charset, name, realm).into(),
        }
    };
    plan.algorithms.iter().map(one).collect()
}
