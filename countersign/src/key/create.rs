//! `countersign key create`.
//!
//! Knows: which attributes a key can be given. Does not know what its scopes mean.

use countersign_policy::Network;
use countersign_secret::api_key::ApiKey;
use countersign_store::{NewKey, Owner};
use ipnet::IpNet;

use super::period::{Expires, Period};
use super::shown;
use crate::context::Context;
use crate::failure::Failure;
use crate::printing::{NOTICED, list as words, plain, time};
use crate::recorded::{deed, done, recorded};
use crate::{names, random};

/// A key that nobody remembers must not be taken for ever.
const DEFAULT: Expires = Expires::After(Period { secs: 90 * 86_400 });

#[derive(clap::Args)]
#[command(
    group = clap::ArgGroup::new("whose").required(true).args(["owner", "service"]),
    after_help = "The key goes to stdout and is not shown again: the store has no more than its digest.\n\n\
                  Examples:\n  countersign key create --owner alice --scope orders:read\n  \
                  countersign key create --service backup --expires 2026-12-31 --from 10.0.0.0/8\n  \
                  countersign key create --service ci --label \"nightly build\" --json"
)]
pub(crate) struct Args {
    /// The user that the key belongs to: it has the user's groups, and ends with the user
    #[arg(long, value_name = "USER")]
    owner: Option<String>,
    /// The program that the key belongs to; no user can have its name
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// A word to tell keys apart
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,
    /// A scope that the key has; may be given many times
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// How long the key is taken: a period such as `90d` or `12h` (`s`, `m`, `h`, `d` or `w`), a date such as `2026-12-31` (its last day, in UTC), a
    /// time such as `2026-12-31T18:00:00Z`, or `never`
    /// [default: 90d]
    // A period that is wrong is told as one, and not as an option that there is not.
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    expires: Option<Expires>,
    /// A network or address that the key may be used from; may be given many times; otherwise from everywhere
    #[arg(long = "from", value_name = "NETWORK")]
    networks: Vec<Network>,
    /// Print an object with the key and its attributes
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let now = context.now_unix_secs();
    let owner = owner(args)?;
    let key = ApiKey::mint(random::bytes::<40>()?.expose());
    let new = NewKey {
        id: key.id().clone(),
        digest: key.digest(),
        owner,
        label: args
            .label
            .as_deref()
            .map(|label| names::text("label", label))
            .transpose()?
            .unwrap_or_default(),
        scopes: scopes(&args.scopes)?,
        expires_unix_secs: expiry(args.expires.unwrap_or(DEFAULT), now)?,
        networks: stored(&args.networks)?,
    };
    let store = context.store_or_new()?;
    let deed = deed("key.create").of(&new.id).on(new.owner.name());
    let deed = deed.detail(told(&new));
    let made = recorded(context, &*store, deed, store.create_key(new, now), done)?;
    let until = made.expires_unix_secs.map_or_else(
        || "for ever".to_owned(),
        |end| format!("until {}", time(end)),
    );
    let unless = if args.expires.is_none() {
        " (90 days, where `--expires` says nothing else)"
    } else {
        ""
    };
    eprintln!(
        "made the key `{}` of `{}`, taken {until}{unless}; {NOTICED}",
        made.id,
        plain(made.owner.name())
    );
    eprintln!("the key, which is not shown again:");
    shown::once(&key, &made, args.json, now)
}

/// For the record.
fn told(new: &NewKey) -> String {
    let networks: Vec<String> = new.networks.iter().map(ToString::to_string).collect();
    format!(
        "scopes: {}; expires: {}; from: {}",
        words(&new.scopes),
        new.expires_unix_secs
            .map_or_else(|| "never".to_owned(), time),
        words(&networks)
    )
}

/// A network prints in the form that the store reads.
pub(super) fn stored(networks: &[Network]) -> Result<Vec<IpNet>, Failure> {
    let networks = networks.iter().map(|network| network.to_string().parse());
    networks
        .collect::<Result<_, _>>()
        .map_err(|error| crate::failure::because("a network cannot be stored")(&error))
}

fn owner(args: &Args) -> Result<Owner, Failure> {
    match (&args.owner, &args.service) {
        (Some(user), None) => Ok(Owner::User(names::name(user)?)),
        (None, Some(service)) => Ok(Owner::Service(names::name(service)?)),
        (Some(_), Some(_)) | (None, None) => Err(Failure::usage(
            "a key has one owner: `--owner` or `--service`",
        )),
    }
}

/// Scopes, each once, in the order given.
///
/// ```abnf
/// scope-token = 1*( %x21 / %x23-5B / %x5D-7E )   ; RFC 6749 section 3.3
/// ```
pub(super) fn scopes(given: &[String]) -> Result<Vec<Box<str>>, Failure> {
    let mut scopes: Vec<Box<str>> = Vec::with_capacity(given.len());
    for scope in given {
        let is_token = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
        if scope.is_empty() || !scope.bytes().all(is_token) {
            let failure = Failure::usage(format!(
                "`{}` cannot be a scope: it is not a scope-token",
                plain(scope)
            ));
            return Err(failure.help(
                "printable ASCII without spaces, `\"` and `\\`; give `--scope` once for each",
            ));
        }
        if !scopes.iter().any(|kept| **kept == **scope) {
            scopes.push(scope.as_str().into());
        }
    }
    Ok(scopes)
}

pub(super) fn expiry(expires: Expires, now_unix_secs: i64) -> Result<Option<i64>, Failure> {
    let end = expires
        .unix_secs(now_unix_secs)
        .ok_or_else(|| Failure::usage("`--expires` is too far away"))?;
    match end {
        Some(end) if end <= now_unix_secs => Err(Failure::usage(format!(
            "the key would have expired already, at {}",
            time(end)
        ))),
        Some(_) | None => Ok(end),
    }
}
