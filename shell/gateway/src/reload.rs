//! Another configuration for a gateway that runs: all of it, or nothing.
//!
//! Knows: what can be changed without a restart. Does not know where the configuration comes from.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use countersign_config::Settings;
use countersign_flow::Rules;
use countersign_store::StoreError;

use crate::StartError;
use crate::clock::unix_secs;
use crate::current::Current;
use crate::seen::{Event, Log};
use crate::worker::Shared;

/// Why the configuration that was in force before is so still.
#[derive(Debug)]
pub enum ReloadError {
    /// Keys that are read at the start alone have other values.
    NeedsRestart(Vec<&'static str>),
    /// What the configuration names cannot be loaded.
    Load(StartError),
    /// The store is not the one at its path any more, so that a restart is needed.
    Store(StoreError),
}

impl fmt::Display for ReloadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeedsRestart(keys) => {
                let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
                write!(
                    formatter,
                    "a restart is needed for another {}",
                    keys.join(", ")
                )
            }
            Self::Load(error) => error.fmt(formatter),
            Self::Store(error) => write!(formatter, "a restart is needed: {error}"),
        }
    }
}

impl std::error::Error for ReloadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Load(error) => Some(error),
            Self::Store(error) => Some(error),
            Self::NeedsRestart(_) => None,
        }
    }
}

/// Puts a configuration in force. Requests under way end by the one that they began under.
pub(crate) fn reload(
    shared: &Shared,
    rules: Rules,
    settings: Settings,
    log: &Log,
) -> Result<(), ReloadError> {
    shared.store.in_place().map_err(ReloadError::Store)?;
    let before = shared.current.load_full();
    let mut fixed = changed_but_fixed(&before.settings, &settings);
    fixed.extend(changed_nonces(&before, &rules, &settings));
    if !fixed.is_empty() {
        return Err(ReloadError::NeedsRestart(fixed));
    }
    let next = Current::new(rules, settings, &shared.store, Some(&before), log)
        .map_err(ReloadError::Load)?;
    let next = Arc::new(next);
    shared.current.store(Arc::clone(&next));
    shared.generation.store(next.generation, Ordering::Release);
    before.keys.end_all_but(&next.keys);
    before.providers.end_all_but(&next.providers);
    shared.reloads.take(unix_secs());
    log.write(&Event::Reloaded {
        generation: next.generation,
    });
    Ok(())
}

/// The keys whose values are read once, and differ.
fn changed_but_fixed(before: &Settings, next: &Settings) -> Vec<&'static str> {
    let (limits, next_limits) = (&before.limits, &next.limits);
    let differs = [
        ("server.listen", before.listen != next.listen),
        ("server.tls.acme", before.acme != next.acme),
        ("server.workers", before.workers != next.workers),
        ("admin.listen", before.admin != next.admin),
        ("store.path", before.store != next.store),
        ("log.format", before.log.format != next.log.format),
        ("traces", before.traces != next.traces),
        ("metrics", before.metrics != next.metrics),
        (
            "cache.entries_max",
            before.cache_entries_max != next.cache_entries_max,
        ),
        (
            "brakes.entries_max",
            before.brakes_entries_max != next.brakes_entries_max,
        ),
        (
            "server.limits.password_queue_max",
            limits.password_queue_max != next_limits.password_queue_max,
        ),
        (
            "server.limits.password_threads",
            limits.password_threads != next_limits.password_threads,
        ),
        (
            "server.limits.refusals_kept_max",
            limits.refusals_kept_max != next_limits.refusals_kept_max,
        ),
        (
            "server.limits.acts_kept_max",
            limits.acts_kept_max != next_limits.acts_kept_max,
        ),
        (
            "server.limits.acts_kept_days",
            limits.acts_kept_days != next_limits.acts_kept_days,
        ),
    ];
    let changed = differs.into_iter().filter(|(_, differs)| *differs);
    changed.map(|(key, _)| key).collect()
}

/// How nonces are made and counted: read once, when the first route accepts Digest.
fn changed_nonces(before: &Current, rules: &Rules, settings: &Settings) -> Vec<&'static str> {
    if before.digest.is_none() {
        return Vec::new();
    }
    let (was, is) = (&before.settings.digest, &settings.digest);
    let (was_rules, is_rules) = (&before.rules.digest, &rules.digest);
    let differs = [
        (
            "digest.nonce_key_file",
            was.nonce_key_file != is.nonce_key_file,
        ),
        ("digest.nonces_max", was.nonces_max != is.nonces_max),
        (
            "digest.nonce_secs",
            was_rules.nonce_secs != is_rules.nonce_secs,
        ),
        (
            "digest.count_window",
            was_rules.count_window != is_rules.count_window,
        ),
    ];
    let changed = differs.into_iter().filter(|(_, differs)| *differs);
    changed.map(|(key, _)| key).collect()
}
