//! The providers that people sign in through: asked by a thread of their own, off the workers.
//!
//! Knows: turns, deadlines, and what is kept of a provider. Does not know pages, nor users.

mod exchange;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use countersign_cause::Cause;
use countersign_config::{IssuerKeys, KeySource, Provider as Settings, ProviderClient};
use countersign_flow::IssuerRules;
use countersign_flow::provider::{
    ClientSecret, Fault, Metadata, Person, ProviderRules, SealedFlight,
};
use countersign_secret::Secret;
use rustls::ClientConfig;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use crate::StartError;
use crate::line::{KeyRing, KnownKeys, client_config, start_keys};
use crate::seen::Log;

/// How long metadata are good.
const METADATA_FOR: Duration = Duration::from_secs(15 * 60);
/// How long they go on where they cannot be fetched again.
const METADATA_STALE_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// Every provider, in the order of the configuration.
pub(crate) struct Providers {
    all: Vec<Arc<Provider>>,
    issuers: Vec<IssuerRules>,
    sources: Vec<IssuerKeys>,
    keys: Arc<KeyRing>,
    jobs: Option<mpsc::UnboundedSender<Job>>,
}

/// One provider.
struct Provider {
    index: usize,
    rules: ProviderRules,
    settings: Settings,
    client: ClientSecret,
    tls: Arc<ClientConfig>,
    known: Arc<Known>,
    keys: Arc<KeyRing>,
    /// One permit for each exchange that is under way or waits.
    open: Arc<Semaphore>,
    turns: Semaphore,
}

/// What is kept of a provider's metadata, over reloads too.
#[derive(Default)]
struct Known {
    kept: Mutex<Option<(Arc<Metadata>, Instant)>>,
    fetching: tokio::sync::Mutex<()>,
}

/// A code that is to be exchanged.
pub(crate) struct Exchange {
    pub(crate) code: Secret<String>,
    pub(crate) redirect_uri: String,
    pub(crate) sealed: SealedFlight,
}

struct Job {
    provider: Arc<Provider>,
    work: Work,
    _open: OwnedSemaphorePermit,
}

enum Work {
    Metadata(oneshot::Sender<Result<Arc<Metadata>, Fault>>),
    Person(Box<Exchange>, oneshot::Sender<Result<Person, Fault>>),
}

/// Sets up what is needed to ask, and the thread that does.
pub(crate) fn start(
    rules: &[ProviderRules],
    settings: &[Settings],
    before: Option<&Providers>,
    log: &Log,
) -> Result<Providers, StartError> {
    let issuers: Vec<IssuerRules> = rules.iter().map(issuer_of).collect();
    let sources: Vec<IssuerKeys> = settings.iter().map(source_of).collect();
    let mut clients = Vec::new();
    for (rules, settings) in rules.iter().zip(settings) {
        let tls = client_config(settings.ca_file.as_deref())?;
        clients.push((client_of(rules, settings)?, tls));
    }
    let jobs = match rules.is_empty() {
        true => None,
        false => Some(serve()?),
    };
    let known = before.map(|before| KnownKeys {
        ring: &before.keys,
        rules: &before.issuers,
        sources: &before.sources,
    });
    let keys = start_keys(&issuers, &sources, known, log)?;
    let all = rules.iter().zip(settings).zip(clients).enumerate();
    let all = all.map(|(index, ((rules, settings), (client, tls)))| {
        let open = settings.in_flight_max.saturating_add(settings.waiting_max);
        Arc::new(Provider {
            index,
            known: before
                .and_then(|before| before.known(rules, settings))
                .unwrap_or_default(),
            keys: Arc::clone(&keys),
            open: Arc::new(Semaphore::new(open)),
            turns: Semaphore::new(settings.in_flight_max),
            rules: rules.clone(),
            settings: settings.clone(),
            client,
            tls,
        })
    });
    Ok(Providers {
        all: all.collect(),
        issuers,
        sources,
        keys,
        jobs,
    })
}

/// What the keys of a provider are fetched by. Its tokens are judged elsewhere, as ID tokens.
fn issuer_of(rules: &ProviderRules) -> IssuerRules {
    IssuerRules {
        name: rules.name.clone(),
        issuer: rules.issuer.clone(),
        audiences: Vec::new(),
        algorithms: rules.algorithms.clone(),
        types: Vec::new(),
        untyped: true,
        leeway_secs: rules.leeway_secs,
        lifetime_secs_max: None,
        required_claims: Vec::new(),
        scope_claims: Vec::new(),
        subject_claim: "sub".into(),
        groups_claim: "".into(),
        introspection: None,
    }
}

fn source_of(settings: &Settings) -> IssuerKeys {
    IssuerKeys {
        source: KeySource::Discovery,
        ca_file: settings.ca_file.clone(),
    }
}

fn client_of(rules: &ProviderRules, settings: &Settings) -> Result<ClientSecret, StartError> {
    let (place, post) = match &settings.client {
        ProviderClient::Basic(place) => (place, false),
        ProviderClient::Post(place) => (place, true),
        ProviderClient::Public => return Ok(ClientSecret::Public),
    };
    let failed = |reason: String| StartError::Provider {
        provider: rules.name.clone(),
        reason,
    };
    let read = place.read();
    let read = read.map_err(|error| failed(format!("{place} cannot be read: {error}")))?;
    // An editor's line end is not part of the secret.
    let secret = std::str::from_utf8(read.expose()).unwrap_or_default();
    let secret = Secret::new(secret.trim_end_matches(['\r', '\n']).to_owned());
    if secret.expose().is_empty() {
        return Err(failed(format!("{place} holds no secret")));
    }
    Ok(match post {
        true => ClientSecret::Post(secret),
        false => ClientSecret::Basic(secret),
    })
}

/// Starts the thread. It ends when nobody can ask any more: with the configuration, or with the process.
fn serve() -> Result<mpsc::UnboundedSender<Job>, StartError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(StartError::Thread)?;
    // Bounded by the permits of the providers: each open question is one job.
    let (sender, mut jobs) = mpsc::unbounded_channel::<Job>();
    let serve_all = move || {
        runtime.block_on(async {
            while let Some(job) = jobs.recv().await {
                tokio::spawn(job.run());
            }
        });
    };
    std::thread::Builder::new()
        .name("providers".into())
        .spawn(serve_all)
        .map_err(StartError::Thread)?;
    Ok(sender)
}

impl Providers {
    /// Where the provider is asked, by its metadata.
    pub(crate) async fn metadata(&self, index: usize) -> Result<Arc<Metadata>, Fault> {
        if let Some(provider) = self.all.get(index)
            && let Some(metadata) = provider.known.kept(METADATA_FOR)
        {
            return Ok(metadata);
        }
        self.ask(index, Work::Metadata).await
    }

    /// Whom the provider vouches for, in exchange for the code.
    pub(crate) async fn person(&self, index: usize, exchange: Exchange) -> Result<Person, Fault> {
        self.ask(index, |tell| Work::Person(Box::new(exchange), tell))
            .await
    }

    async fn ask<T>(
        &self,
        index: usize,
        work: impl FnOnce(oneshot::Sender<Result<T, Fault>>) -> Work,
    ) -> Result<T, Fault> {
        let gone = || Fault::new(Cause::ProviderUnavailable, "nobody asks the provider");
        let (Some(provider), Some(jobs)) = (self.all.get(index), &self.jobs) else {
            return Err(gone());
        };
        let open = Arc::clone(&provider.open).try_acquire_owned();
        let open = open.map_err(|_| {
            Fault::new(
                Cause::ProviderLimit,
                "more exchanges than `in_flight_max` and `waiting_max`",
            )
        })?;
        let (tell, told) = oneshot::channel();
        let job = Job {
            provider: Arc::clone(provider),
            work: work(tell),
            _open: open,
        };
        jobs.send(job).map_err(|_| gone())?;
        told.await.map_err(|_| gone())?
    }

    /// Ends the fetching of keys for providers that another configuration does not have.
    pub(crate) fn end_all_but(&self, other: &Self) {
        self.keys.end_all_but(&other.keys);
    }

    fn known(&self, rules: &ProviderRules, settings: &Settings) -> Option<Arc<Known>> {
        let same = |one: &&Arc<Provider>| {
            one.rules.issuer == rules.issuer && one.settings.ca_file == settings.ca_file
        };
        self.all.iter().find(same).map(|one| Arc::clone(&one.known))
    }
}

impl Known {
    fn kept(&self, no_older_than: Duration) -> Option<Arc<Metadata>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (metadata, at) = kept.as_ref()?;
        (at.elapsed() < no_older_than).then(|| Arc::clone(metadata))
    }

    fn keep(&self, metadata: &Arc<Metadata>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some((Arc::clone(metadata), Instant::now()));
    }
}

impl Job {
    async fn run(self) {
        let provider = &self.provider;
        // Whoever waits may be gone, which is nobody's loss.
        match self.work {
            Work::Metadata(tell) => drop(tell.send(provider.in_turn(provider.metadata()).await)),
            Work::Person(exchange, tell) => {
                drop(tell.send(provider.in_turn(provider.exchange(&exchange)).await));
            }
        }
    }
}

impl Provider {
    async fn in_turn<T>(&self, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        let in_turn = async {
            let _turn = self.turns.acquire().await;
            work.await
        };
        let done = tokio::time::timeout(self.settings.answer, in_turn).await;
        done.unwrap_or_else(|_| {
            let secs = self.settings.answer.as_secs();
            Err(Fault::new(
                Cause::ProviderUnavailable,
                format!("no whole answer within {secs} s"),
            ))
        })
    }

    /// The metadata, fetched anew where they are too old. One fetch at a time.
    async fn metadata(&self) -> Result<Arc<Metadata>, Fault> {
        let _fetching = self.known.fetching.lock().await;
        if let Some(metadata) = self.known.kept(METADATA_FOR) {
            return Ok(metadata);
        }
        match exchange::discover(&self.rules.issuer, &self.tls).await {
            Ok(metadata) => {
                let metadata = Arc::new(metadata);
                self.known.keep(&metadata);
                Ok(metadata)
            }
            Err(fault) => self.known.kept(METADATA_STALE_FOR).ok_or(fault),
        }
    }
}

/// What was found of a provider that was asked now: its metadata.
pub(crate) async fn try_provider(
    rules: &ProviderRules,
    settings: &Settings,
) -> Result<Metadata, String> {
    let tls = client_config(settings.ca_file.as_deref()).map_err(|error| error.to_string())?;
    let found = exchange::discover(&rules.issuer, &tls).await;
    found.map_err(|fault| fault.detail.into_owned())
}

/// The same of its keys, as those of an issuer.
pub(crate) async fn try_provider_keys(
    rules: &ProviderRules,
    settings: &Settings,
) -> Result<Option<Option<i64>>, String> {
    crate::line::try_keys(&issuer_of(rules), &source_of(settings)).await
}
