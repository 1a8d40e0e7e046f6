//! What commands share: the configuration file, the store, the time.
//!
//! Knows: where they are. Does not know what a command does with them.

use std::fs::File;
use std::future::Future;
use std::io::{ErrorKind, IsTerminal, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use countersign_config::{BesideGateway, Checked, FileSystem, Limits, Look, Outcome, Surroundings};
use countersign_flow::Rules;
use countersign_secret::password::Cost;
use countersign_store::{ActsKept, Options, SqliteStore, Store};
use countersign_wire::digest::Algorithm;
use tokio::runtime::Runtime;

use crate::failure::Failure;

/// The most that a configuration file may have; `--config /dev/zero` must end, too.
const CONFIGURATION_BYTES_MAX: u64 = 4 * 1024 * 1024;

const DAY_SECS: i64 = 86_400;

/// The way around a configuration that does not hold, where the store is all that is needed.
const STORE_DOES: &str = "`--store FILE` works without a configuration";

/// Which configuration a command works with.
#[derive(clap::Args)]
pub(crate) struct Place {
    /// The configuration file
    // The reference of commands is generated: what the environment holds there has no place in it.
    #[arg(
        long,
        global = true,
        env = "COUNTERSIGN_CONFIG",
        hide_env_values = true,
        display_order = 101,
        value_name = "FILE",
        default_value = "countersign.toml"
    )]
    config: PathBuf,
}

/// Which store a command works with.
#[derive(clap::Args)]
pub(crate) struct StoreFile {
    /// The store's file, instead of the one that the configuration names; no configuration is needed then
    #[arg(long, global = true, value_name = "FILE", display_order = 100)]
    store: Option<PathBuf>,
}

/// What a command is given beside its own arguments.
pub(crate) struct Context {
    config: PathBuf,
    store: Option<PathBuf>,
    runtime: Runtime,
}

impl Context {
    pub(crate) fn new(place: Place) -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::new(format!("the runtime cannot be started: {error}")))?;
        Ok(Self {
            config: place.config,
            store: None,
            runtime,
        })
    }

    /// The same for a command that works with a store.
    pub(crate) fn with_store(self, file: StoreFile) -> Self {
        Self {
            store: file.store,
            ..self
        }
    }

    /// The configuration file.
    pub(crate) fn config_path(&self) -> &Path {
        &self.config
    }

    /// Checks the configuration file, whatever comes of it.
    pub(crate) fn check(&self) -> Result<Outcome, Failure> {
        self.check_in(&FileSystem)
    }

    fn check_in(&self, surroundings: &dyn Surroundings) -> Result<Outcome, Failure> {
        let path = self.config_path();
        let text = read_configuration(path)?;
        Ok(countersign_config::check(&text, path, surroundings))
    }

    /// The checked configuration. Its findings go to stderr, and with an error among them nothing goes on.
    pub(crate) fn checked(&self) -> Result<Checked, Failure> {
        let outcome = self.check_in(&FileSystem)?;
        if !outcome.findings.is_empty() {
            eprint!("{}", outcome.findings.render(look(&std::io::stderr())));
        }
        outcome
            .checked
            .ok_or_else(|| Failure::new("the configuration has errors"))
    }

    /// The store that `--store` or the configuration names, which must be there: a mistyped path must not look like a
    /// store without users.
    pub(crate) fn store(&self) -> Result<Arc<dyn Store>, Failure> {
        let place = self.place()?;
        if !place.path.exists() {
            return Err(Failure::new(format!("there is no store `{}`", place.path.display()))
                .help("`countersign user add`, `countersign key create` and `countersign serve` make one"));
        }
        place.open()
    }

    /// The store that `--store` or the configuration names, made where there is none.
    pub(crate) fn store_or_new(&self) -> Result<Arc<dyn Store>, Failure> {
        self.place()?.open()
    }

    /// The store that `--store` names, or the configuration though it may have errors.
    pub(crate) fn named_store(&self) -> Result<PathBuf, Failure> {
        match &self.store {
            Some(path) => Ok(path.clone()),
            None => self.store_path(),
        }
    }

    /// The store that the configuration file names, though it may have errors.
    pub(crate) fn store_path(&self) -> Result<PathBuf, Failure> {
        let path = self.config_path();
        let text = read_configuration(path)?;
        Ok(countersign_config::store_of(&text, path))
    }

    /// The cost at which passwords are hashed.
    pub(crate) fn cost(&self) -> Result<Cost, Failure> {
        Ok(self.place()?.cost)
    }

    /// For what Digest is switched on; `None` where `--store` stands for the configuration, which alone knows.
    pub(crate) fn digest_plan(&self) -> Result<Option<DigestPlan>, Failure> {
        if self.store.is_some() {
            return Ok(None);
        }
        let rules = self.quietly(Some(STORE_DOES))?.rules;
        Ok(Some(DigestPlan::of(&rules)))
    }

    fn place(&self) -> Result<StorePlace, Failure> {
        if let Some(path) = &self.store {
            return Ok(StorePlace {
                path: path.clone(),
                cost: Cost::default(),
                limits: None,
            });
        }
        let Checked { rules, settings } = self.quietly(Some(STORE_DOES))?;
        Ok(StorePlace {
            path: settings.store,
            cost: rules.password_cost,
            limits: Some(settings.limits),
        })
    }

    /// Warnings are the business of `check` and `serve`; errors are everybody's, but for secrets that only the gateway's
    /// process has.
    pub(crate) fn quietly_checked(&self) -> Result<Checked, Failure> {
        self.quietly(None)
    }

    fn quietly(&self, help: Option<&'static str>) -> Result<Checked, Failure> {
        let outcome = self.check_in(&BesideGateway)?;
        outcome.checked.ok_or_else(|| {
            eprint!("{}", outcome.findings.render(look(&std::io::stderr())));
            let failure = Failure::new("the configuration has errors");
            match help {
                Some(help) => failure.help(help),
                None => failure,
            }
        })
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

fn read_configuration(path: &Path) -> Result<String, Failure> {
    let cannot = |why: String| Failure::new(format!("cannot read `{}`: {why}", path.display()));
    let mut bytes = Vec::new();
    // One byte more than is taken tells that there is more.
    let read = File::open(path).and_then(|file| {
        file.take(CONFIGURATION_BYTES_MAX + 1)
            .read_to_end(&mut bytes)
    });
    if let Err(error) = read {
        let helps = [
            (
                ErrorKind::NotFound,
                "`countersign init` writes one; `--config FILE` names another",
            ),
            (
                ErrorKind::IsADirectory,
                "name the file in it: `--config FILE`",
            ),
            (
                ErrorKind::PermissionDenied,
                "run this as the user that the gateway runs as",
            ),
        ];
        let help = helps.iter().find(|(kind, _)| *kind == error.kind());
        let failure = cannot(error.to_string());
        return Err(match help {
            Some((_, help)) => failure.help(*help),
            None => failure,
        });
    }
    if u64::try_from(bytes.len()).is_ok_and(|length| length > CONFIGURATION_BYTES_MAX) {
        let failure = cannot(format!("it has more than {CONFIGURATION_BYTES_MAX} bytes"));
        return Err(failure.help("`--config FILE` names a configuration file"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let lines = error.as_bytes().iter().take(valid);
        let line = 1 + lines.filter(|byte| **byte == b'\n').count();
        cannot(format!("line {line} is not UTF-8"))
            .help("save it as UTF-8; `iconv -f latin1 -t utf-8` makes that of an older encoding")
    })
}

/// For what the secrets of Digest are computed.
pub(crate) struct DigestPlan {
    pub(crate) realm: Box<str>,
    pub(crate) algorithms: Vec<Algorithm>,
}

impl DigestPlan {
    /// Each algorithm once: bound to a session or not, its secret is the same.
    fn of(rules: &Rules) -> Self {
        let mut algorithms: Vec<Algorithm> = Vec::new();
        for offered in &rules.digest.algorithms {
            let plain = Algorithm {
                session: false,
                ..*offered
            };
            if !algorithms.contains(&plain) {
                algorithms.push(plain);
            }
        }
        Self {
            realm: rules.realm.clone(),
            algorithms,
        }
    }

    /// The algorithms by their names.
    pub(crate) fn words(&self) -> Vec<Box<str>> {
        let words = self.algorithms.iter();
        words.map(|algorithm| algorithm.word().into()).collect()
    }
}

/// Where a store is, and how it is opened.
struct StorePlace {
    path: PathBuf,
    cost: Cost,
    limits: Option<Limits>,
}

impl StorePlace {
    fn open(&self) -> Result<Arc<dyn Store>, Failure> {
        open(&self.path, self.cost, self.limits.as_ref())
    }
}

/// Opens a store, and makes it where there is none.
pub(crate) fn open(
    path: &Path,
    cost: Cost,
    limits: Option<&Limits>,
) -> Result<Arc<dyn Store>, Failure> {
    let refusals_kept_max = limits.map_or(countersign_store::REFUSALS_KEPT_MAX_DEFAULT, |limits| {
        limits.refusals_kept_max
    });
    let options = Options {
        decoy_cost: cost,
        refusals_kept_max,
        acts_kept: limits.map(|limits| ActsKept {
            acts_max: limits.acts_kept_max,
            secs: i64::from(limits.acts_kept_days).saturating_mul(DAY_SECS),
        }),
    };
    match SqliteStore::open(path, options) {
        Ok(store) => Ok(Arc::new(store)),
        Err(error) => {
            let failure = Failure::new(format!(
                "cannot open the store `{}`: {error}",
                path.display()
            ));
            Err(match crate::stored::help(&error) {
                Some(help) => failure.help(help),
                None => failure,
            })
        }
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
