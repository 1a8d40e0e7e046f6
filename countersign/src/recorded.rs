//! Changes by commands, and their records: what cannot be recorded is not done.
//!
//! Knows: who runs the command, as far as the machine tells. Does not know what is changed.

use std::net::IpAddr;

use countersign_store::{Actor, NewAct, Outcome, Store, StoreError, Way};

use crate::context::Context;
use crate::failure::Failure;
use crate::printing::plain;
use crate::stored;

/// What a process has in `/proc/self/loginuid` where nobody has signed in.
const NO_LOGIN: u32 = u32::MAX;

/// The record of a change that is about to be made.
pub(crate) fn deed(act: &'static str) -> Deed {
    Deed(NewAct {
        by: actor(),
        act,
        user: None,
        object: None,
        detail: None,
    })
}

/// A change that is about to be made. Nothing that is secret may be put into it.
pub(crate) struct Deed(NewAct);

impl Deed {
    /// The user or service whom it concerns.
    pub(crate) fn on(mut self, user: &str) -> Self {
        self.0.user = Some(user.into());
        self
    }

    /// The id of what it concerns.
    pub(crate) fn of(mut self, object: impl ToString) -> Self {
        self.0.object = Some(object.to_string().into());
        self
    }

    /// What is asked for.
    pub(crate) fn detail(mut self, words: impl Into<Box<str>>) -> Self {
        self.0.detail = Some(words.into());
        self
    }

    /// The record itself.
    pub(crate) fn record(self) -> NewAct {
        self.0
    }
}

/// Makes the change, between the record of its beginning and that of its end.
pub(crate) fn recorded<T>(
    context: &Context,
    store: &dyn Store,
    deed: Deed,
    change: impl Future<Output = Result<T, StoreError>>,
    outcome: impl FnOnce(&T) -> Outcome,
) -> Result<T, Failure> {
    let begun = context.block_on(store.begin_act(deed.0, context.now_unix_secs()));
    let id = begun.map_err(|error| unrecorded(&error))?;
    let answer = context.block_on(change);
    let outcome = match &answer {
        Ok(value) => outcome(value),
        Err(error) => Outcome::Failed(error.to_string().into()),
    };
    if let Err(error) = context.block_on(store.end_act(id, outcome)) {
        // The change is made, and that it was begun is recorded.
        eprintln!("warning: how it ended is not in the record {id}: {error}");
    }
    Ok(answer?)
}

/// Nothing was done, since it could not be recorded.
pub(crate) fn unrecorded(error: &StoreError) -> Failure {
    let failure = Failure::new(format!(
        "it cannot be recorded, so it is not done: {}",
        plain(&error.to_string())
    ));
    match stored::help(error) {
        Some(help) => failure.help(help),
        None => failure,
    }
}

/// For a change of which there is no more to say than that it was made.
pub(crate) fn done<T>(_: &T) -> Outcome {
    Outcome::Done(None)
}

fn actor() -> Actor {
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = name_of(&users, rustix::process::getuid().as_raw());
    let login = std::fs::read_to_string("/proc/self/loginuid").ok();
    let login = login
        .and_then(|uid| uid.trim().parse().ok())
        .filter(|uid| *uid != NO_LOGIN)
        .map(|uid| name_of(&users, uid))
        .or_else(invoker)
        .filter(|login| *login != name);
    Actor {
        way: Way::Command,
        name: name.into(),
        login: login.map(Into::into),
        address: ssh_client().map(|address| address.to_string().into()),
    }
}

/// The name in a file of the form of `/etc/passwd`, or the number of whom it does not name.
fn name_of(users: &str, uid: u32) -> String {
    let named = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    });
    named.unwrap_or_else(|| format!("uid {uid}"))
}

/// Whom `sudo` or `doas` names, where the kernel does not know who signed in.
fn invoker() -> Option<String> {
    let named = ["SUDO_USER", "DOAS_USER"].into_iter();
    named
        .filter_map(|name| std::env::var(name).ok())
        .find(|user| !user.is_empty())
}

/// Where an SSH session comes from. Only an address is taken, whatever else stands there.
fn ssh_client() -> Option<IpAddr> {
    let connection = std::env::var("SSH_CONNECTION").ok()?;
    connection.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_of_the_machine_is_named_or_has_a_number() {
        let users = "root:x:0:0:root::/bin/sh\nbroken\nweb:x:33:33::/var/www:/usr/sbin/nologin\n";
        assert_eq!(name_of(users, 33), "web");
        assert_eq!(name_of(users, 0), "root");
        assert_eq!(name_of(users, 7), "uid 7");
    }
}
