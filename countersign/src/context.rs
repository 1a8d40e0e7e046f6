//! What commands share: the configuration file, the store, the time.
//!
//! Knows: where they are. Does not know what a command does with them.

use std::future::Future;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use countersign_config::{Checked, FileSystem, Look, Outcome};
use countersign_secret::password::Cost;
use countersign_store::{Options, SqliteStore, Store};
use tokio::runtime::Runtime;

use crate::failure::Failure;

/// Which configuration and store a command works with.
#[derive(clap::Args, Clone)]
pub(crate) struct Place {
    /// The configuration file
    #[arg(
        long,
        global = true,
        env = "COUNTERSIGN_CONFIG",
        value_name = "FILE",
        default_value = "countersign.toml"
    )]
    config: PathBuf,
    /// The store's file, instead of the one that the configuration names
    #[arg(long, global = true, value_name = "FILE")]
    store: Option<PathBuf>,
}

/// What a command is given beside its own arguments.
pub(crate) struct Context {
    place: Place,
    runtime: Runtime,
}

impl Context {
    pub(crate) fn new(place: Place) -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::new(format!("the runtime cannot be started: {error}")))?;
        Ok(Self { place, runtime })
    }

    /// The configuration file.
    pub(crate) fn config_path(&self) -> &Path {
        &self.place.config
    }

    /// Checks the configuration file, whatever comes of it.
    pub(crate) fn check(&self) -> Result<Outcome, Failure> {
        let path = self.config_path();
        let text = std::fs::read_to_string(path).map_err(|error| {
            let failure = Failure::new(format!("cannot read `{}`: {error}", path.display()));
            if error.kind() == std::io::ErrorKind::NotFound {
                failure.help("`countersign init` writes one; `--config FILE` names another")
            } else {
                failure
            }
        })?;
        Ok(countersign_config::check(&text, path, &FileSystem))
    }

    /// The checked configuration. Its findings go to stderr, and with an error among them nothing goes on.
    pub(crate) fn checked(&self) -> Result<Checked, Failure> {
        let outcome = self.check()?;
        if !outcome.findings.is_empty() {
            eprint!("{}", outcome.findings.render(look(&std::io::stderr())));
        }
        outcome
            .checked
            .ok_or_else(|| Failure::new("the configuration has errors"))
    }

    /// The store that `--store` or the configuration names.
    pub(crate) fn store(&self) -> Result<Arc<dyn Store>, Failure> {
        match &self.place.store {
            Some(path) => open(path, Cost::default(), None),
            None => {
                let checked = self.quietly_checked()?;
                let kept_max = checked.settings.limits.refusals_kept_max;
                open(
                    &checked.settings.store,
                    checked.rules.password_cost,
                    Some(kept_max),
                )
            }
        }
    }

    /// The cost at which passwords are hashed.
    pub(crate) fn cost(&self) -> Result<Cost, Failure> {
        match &self.place.store {
            Some(_) => Ok(Cost::default()),
            None => Ok(self.quietly_checked()?.rules.password_cost),
        }
    }

    /// Warnings are the business of `check` and `serve`; errors are everybody's.
    fn quietly_checked(&self) -> Result<Checked, Failure> {
        let outcome = self.check()?;
        match outcome.checked {
            Some(checked) => Ok(checked),
            None => {
                eprint!("{}", outcome.findings.render(look(&std::io::stderr())));
                Err(Failure::new("the configuration has errors")
                    .help("`--store FILE` works without a configuration"))
            }
        }
    }

    /// The time in Unix seconds.
    pub(crate) fn now_unix_secs(&self) -> i64 {
        jiff::Timestamp::now().as_second()
    }

    /// Runs a future to its end.
    pub(crate) fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }
}

/// Opens a store, and makes it where there is none.
pub(crate) fn open(
    path: &Path,
    cost: Cost,
    refusals_kept_max: Option<u32>,
) -> Result<Arc<dyn Store>, Failure> {
    let refusals_kept_max =
        refusals_kept_max.unwrap_or(countersign_store::REFUSALS_KEPT_MAX_DEFAULT);
    let options = Options {
        decoy_cost: cost,
        refusals_kept_max,
    };
    match SqliteStore::open(path, options) {
        Ok(store) => Ok(Arc::new(store)),
        Err(error) => Err(Failure::new(format!(
            "cannot open the store `{}`: {error}",
            path.display()
        ))),
    }
}

/// Colours where somebody looks at a terminal and has not asked for none.
pub(crate) fn look(stream: &impl IsTerminal) -> Look {
    let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    if stream.is_terminal() && wanted {
        Look::Coloured
    } else {
        Look::Plain
    }
}
