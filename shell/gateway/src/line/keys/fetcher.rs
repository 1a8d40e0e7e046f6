//! The thread that fetches keys: one task an issuer.
//!
//! Knows: sources of keys, and how long what they say is good. Does not know who asks.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use countersign_config::{IssuerKeys, KeySource};
use countersign_flow::IssuerRules;
use countersign_jose::KeySet;
use countersign_secret::Secret;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use super::fresh::{FetchedKeys, Fresh};
use super::{IssuerState, KeyRing, Known, document, fetch};
use crate::StartError;
use crate::seen::Log;

/// Keys are fetched again after this time where the issuer names none, and bounds for the time it names.
const REFRESH_DEFAULT_SECS: u64 = 15 * 60;
const REFRESH_SECS_MIN: u64 = 60;
const REFRESH_SECS_MAX: u64 = 24 * 60 * 60;

/// The keys of a configuration before: what is fetched from the same place goes on.
pub(crate) struct KnownKeys<'k> {
    pub(crate) ring: &'k KeyRing,
    pub(crate) rules: &'k [IssuerRules],
    pub(crate) sources: &'k [IssuerKeys],
}

impl KnownKeys<'_> {
    fn find(&self, issuer: &IssuerRules, source: &IssuerKeys) -> Option<Arc<IssuerState>> {
        let mut states = self.ring.issuers.iter().zip(self.rules).zip(self.sources);
        let found = states.find(|((state, rules), known)| {
            !state.fixed
                && rules.issuer == issuer.issuer
                && rules.name == issuer.name
                && *known == source
        });
        found.map(|((state, _), _)| Arc::clone(state))
    }
}

/// Reads the keys that stand in files, and starts to fetch the others.
pub(crate) fn start(
    issuers: &[IssuerRules],
    sources: &[IssuerKeys],
    known: Option<KnownKeys<'_>>,
    log: &Log,
) -> Result<Arc<KeyRing>, StartError> {
    let epoch = known
        .as_ref()
        .map(|known| Arc::clone(&known.ring.epoch))
        .unwrap_or_default();
    let mut states = Vec::new();
    let mut tasks = Vec::new();
    for (issuer, keys) in issuers.iter().zip(sources) {
        if let Some(state) = known.as_ref().and_then(|known| known.find(issuer, keys)) {
            states.push(state);
            continue;
        }
        let state = match fixed_keys(issuer, &keys.source)? {
            Some(keys) => {
                let known = Known {
                    keys: Arc::new(keys),
                    issuer_ahead_secs: None,
                };
                IssuerState::new(Some(known), true)
            }
            None => IssuerState::new(None, false),
        };
        if !state.fixed {
            tasks.push(Task::of(issuer, keys, &state, &epoch, log)?);
        }
        states.push(state);
    }
    if !tasks.is_empty() {
        run(tasks)?;
    }
    Ok(Arc::new(KeyRing::new(states, epoch)))
}

fn run(tasks: Vec<Task>) -> Result<(), StartError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(StartError::Thread)?;
    let thread = std::thread::Builder::new().name("keys".into());
    let fetch_all = move || {
        runtime.block_on(async {
            let handles: Vec<_> = tasks
                .into_iter()
                .map(|task| tokio::spawn(task.run()))
                .collect();
            for handle in handles {
                // A task ends with the process, or with the configuration that names its issuer.
                let _ = handle.await;
            }
        });
    };
    thread
        .spawn(fetch_all)
        .map(drop)
        .map_err(StartError::Thread)
}

fn fixed_keys(issuer: &IssuerRules, source: &KeySource) -> Result<Option<KeySet>, StartError> {
    let unreadable = |path: &Path, error: std::io::Error| StartError::Keys {
        issuer: issuer.name.clone(),
        reason: format!("`{}` cannot be read: {error}", path.display()),
    };
    let parse = |bytes: &[u8]| {
        KeySet::parse_json(bytes)
            .map(Some)
            .map_err(|error| StartError::Keys {
                issuer: issuer.name.clone(),
                reason: error.to_string(),
            })
    };
    match source {
        KeySource::Discovery | KeySource::JwksUrl(_) => Ok(None),
        KeySource::Asked => parse(br#"{"keys":[]}"#),
        KeySource::Inline(json) => parse(json.as_bytes()),
        KeySource::JwksFile(path) => {
            parse(&std::fs::read(path).map_err(|error| unreadable(path, error))?)
        }
        KeySource::SecretFile(place) => {
            let read = place.read().map_err(|error| StartError::Keys {
                issuer: issuer.name.clone(),
                reason: format!("{place} cannot be read: {error}"),
            })?;
            let mut bytes = read.expose().clone();
            // An editor's line end is not part of the secret.
            while bytes
                .last()
                .is_some_and(|byte| matches!(byte, b'\n' | b'\r'))
            {
                bytes.pop();
            }
            shared_secret(issuer, Secret::new(bytes)).map(Some)
        }
    }
}

fn shared_secret(issuer: &IssuerRules, secret: Secret<Vec<u8>>) -> Result<KeySet, StartError> {
    let failed = |reason: String| StartError::Keys {
        issuer: issuer.name.clone(),
        reason,
    };
    // One secret is for one algorithm: a secret that is used in two ways is two secrets.
    let [algorithm] = issuer.algorithms.as_slice() else {
        return Err(failed("a shared secret needs exactly one algorithm".into()));
    };
    KeySet::shared_secret(secret, None, *algorithm).map_err(|error| failed(error.to_string()))
}

/// Trusts what the system trusts, and the file's certificates beside.
pub(crate) fn client_config(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, StartError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_file {
        let unreadable = |reason: String| StartError::Pem {
            path: path.display().to_string(),
            reason,
        };
        let certificates: Result<Vec<_>, _> =
            CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
        for certificate in certificates.map_err(|error| unreadable(error.to_string()))? {
            roots
                .add(certificate)
                .map_err(|error| unreadable(error.to_string()))?;
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| StartError::Tls {
            reason: error.to_string(),
        })?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Whether keys can be had of an issuer's source now: by how much its clock is ahead, if it says so. `Ok(None)` where nothing
/// has to be fetched.
///
/// # Errors
/// In words.
pub(crate) async fn try_keys(
    issuer: &IssuerRules,
    keys: &IssuerKeys,
) -> Result<Option<Option<i64>>, String> {
    match &keys.source {
        KeySource::Discovery | KeySource::JwksUrl(_) => {}
        KeySource::Asked
        | KeySource::JwksFile(_)
        | KeySource::Inline(_)
        | KeySource::SecretFile(_) => {
            return Ok(None);
        }
    }
    let origin = Origin::of(issuer, keys).map_err(|error| error.to_string())?;
    let fetched = origin.fetch().await?;
    Ok(Some(fetched.known.issuer_ahead_secs))
}

/// Where the keys of an issuer are fetched from.
struct Origin {
    issuer: Box<str>,
    jwks_url: Option<String>,
    tls: Arc<ClientConfig>,
}

struct Task {
    name: Box<str>,
    origin: Origin,
    state: Arc<IssuerState>,
    log: Log,
    epoch: Arc<AtomicU64>,
}

impl Origin {
    fn of(issuer: &IssuerRules, keys: &IssuerKeys) -> Result<Self, StartError> {
        let jwks_url = match &keys.source {
            KeySource::JwksUrl(url) => Some(url.clone()),
            KeySource::Asked
            | KeySource::Discovery
            | KeySource::JwksFile(_)
            | KeySource::Inline(_)
            | KeySource::SecretFile(_) => None,
        };
        Ok(Self {
            issuer: issuer.issuer.clone(),
            jwks_url,
            tls: client_config(keys.ca_file.as_deref())?,
        })
    }

    async fn fetch(&self) -> Result<FetchedKeys, String> {
        let address = match &self.jwks_url {
            Some(address) => address.clone(),
            None => discover(&self.issuer, &self.tls, document::Wanted::Keys).await?,
        };
        let fetched = fetch::fetch(&address, &self.tls)
            .await
            .map_err(|error| format!("{address}: {error}"))?;
        let keys =
            KeySet::parse_json(&fetched.body).map_err(|error| format!("{address}: {error}"))?;
        if keys.is_empty() {
            return Err(format!("{address}: there is no key that can be used"));
        }
        let stated_secs = fetched
            .max_age_secs
            .unwrap_or(REFRESH_DEFAULT_SECS)
            .clamp(REFRESH_SECS_MIN, REFRESH_SECS_MAX);
        Ok(FetchedKeys {
            known: Known {
                keys: Arc::new(keys),
                issuer_ahead_secs: fetched
                    .date_unix_secs
                    .map(|date| date.saturating_sub(now_unix_secs())),
            },
            fingerprint: fetched.body.to_vec(),
            // Ahead of expiry, so that no request ever waits for it.
            refresh_secs: stated_secs.saturating_mul(3).saturating_div(4),
        })
    }
}

async fn discover(
    issuer: &str,
    tls: &Arc<ClientConfig>,
    wanted: document::Wanted,
) -> Result<String, String> {
    let mut reasons = Vec::new();
    for address in document::addresses(issuer) {
        let found = fetch::fetch(&address, tls).await;
        match found.and_then(|fetched| document::address_in(&fetched.body, issuer, wanted)) {
            Ok(found) => return Ok(found),
            Err(reason) => reasons.push(format!("{address}: {reason}")),
        }
    }
    Err(reasons.join("; "))
}

/// The address at which an issuer is asked about its tokens, by its metadata.
pub(crate) async fn discover_introspection(
    issuer: &str,
    tls: &Arc<ClientConfig>,
) -> Result<String, String> {
    discover(issuer, tls, document::Wanted::Introspection).await
}

impl Task {
    fn of(
        issuer: &IssuerRules,
        keys: &IssuerKeys,
        state: &Arc<IssuerState>,
        epoch: &Arc<AtomicU64>,
        log: &Log,
    ) -> Result<Self, StartError> {
        Ok(Self {
            name: issuer.name.clone(),
            origin: Origin::of(issuer, keys)?,
            state: Arc::clone(state),
            log: log.clone(),
            epoch: Arc::clone(epoch),
        })
    }

    async fn run(self) {
        let fresh = Fresh {
            name: &self.name,
            state: &self.state,
            log: &self.log,
            epoch: &self.epoch,
        };
        fresh.keep(|| self.origin.fetch(), now_unix_secs).await;
    }
}

fn now_unix_secs() -> i64 {
    jiff::Timestamp::now().as_second()
}
