//! The configuration that is in force: shared read-only by the workers, and swapped whole.
//!
//! Knows: what a configuration comes down to, and what each worker adds of its own. Does not know requests. A request is
//! served to its end by the configuration that it began under.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use countersign_config::{Limits, Settings};
use countersign_flow::{Rules, Trail};
use countersign_jose::sign::SigningKeys;
use countersign_store::Store;
use tokio_rustls::TlsAcceptor;

use crate::StartError;
use crate::acme::OrderedCertificate;
use crate::line::{self, DigestState, Introspections, KeyRing, KnownKeys as Known};
use crate::provider::{self, Providers};
use crate::receive::{self, Judge, Listening};
use crate::seen::{Figures, Log, RouteFigures, UpstreamFigures};
use crate::send::{self, Healths, Pools, Secure, Trust};
use crate::session::{self, SessionState};

/// One configuration, as all workers see it.
pub(crate) struct Current {
    /// Counts the configurations of this process.
    pub(crate) generation: u64,
    pub(crate) rules: Rules,
    pub(crate) settings: Settings,
    pub(crate) keys: Arc<KeyRing>,
    introspections: Introspections,
    pub(crate) providers: Providers,
    /// `None` where no route has needed nonces since the start.
    pub(crate) digest: Option<Arc<DigestState>>,
    /// `None` where no route has accepted sessions since the start.
    pub(crate) sessions: Option<Arc<SessionState>>,
    /// What identities are signed with; `None`: they are not.
    pub(crate) identity_keys: Option<SigningKeys>,
    pub(crate) tls: Option<TlsAcceptor>,
    /// The certificate that `tls` shows, where it is ordered. It outlasts a configuration.
    pub(crate) acme: Option<Arc<OrderedCertificate>>,
    /// What clients' certificates are judged by; `None`: nobody is asked for one.
    clients: Option<Judge>,
    /// TLS to each of the upstreams, where it is spoken.
    upstream_tls: Arc<[Option<Vec<Secure>>]>,
    /// Which servers of the upstreams answer.
    healths: Healths,
}

impl Current {
    /// Loads what the configuration names. Where that fails, nothing of it is left running.
    pub(crate) fn new(
        rules: Rules,
        settings: Settings,
        store: &Arc<dyn Store>,
        before: Option<&Self>,
        log: &Log,
    ) -> Result<Self, StartError> {
        let asked = settings.client_certificates.as_ref();
        let acme = match (
            &settings.acme,
            before.and_then(|before| before.acme.as_ref()),
        ) {
            (Some(_), Some(before)) => Some(Arc::clone(before)),
            (Some(settings), None) => Some(OrderedCertificate::open(settings)?),
            (None, _) => None,
        };
        let listening = match (&settings.tls, &acme) {
            (Some(tls), _) => Some(receive::server_config(tls, asked)?),
            (None, Some(acme)) => Some(receive::ordered_config(&acme.held, asked)?),
            (None, None) => None,
        };
        let (tls, clients) = match listening {
            Some(Listening { config, clients }) => (Some(TlsAcceptor::from(config)), clients),
            None => (None, None),
        };
        let identity_keys = settings
            .identity_keys
            .as_deref()
            .map(send::identity_keys)
            .transpose()?;
        let upstream_tls = send::secure_all(&settings.upstreams)?;
        let known = before.map(|before| (&*before.settings.upstreams, &before.healths));
        let healths = send::healths_of(&settings.upstreams, known);
        // Which counts of nonces were used must outlive a configuration: with a new table, each could be used once more.
        let digest = match before.and_then(|before| before.digest.clone()) {
            Some(digest) => Some(digest),
            None => line::start_digest(&rules, &settings, store)?,
        };
        // Read each time: a reload is how another key is taken up.
        let sessions = session::start(&rules, store)?;
        let introspections = line::start_introspections(
            &rules.issuers,
            &settings.issuers,
            &settings.introspection,
            log,
        )?;
        let providers = provider::start(
            &rules.providers,
            &settings.providers,
            before.map(|before| &before.providers),
            log,
        )?;
        // The last that can fail: it starts to fetch.
        let known = before.map(|before| Known {
            ring: &before.keys,
            rules: &before.rules.issuers,
            sources: &before.settings.issuers,
        });
        let keys = line::start_keys(&rules.issuers, &settings.issuers, known, log)?;
        Ok(Self {
            generation: before.map_or(1, |before| before.generation.wrapping_add(1)),
            rules,
            settings,
            keys,
            introspections,
            providers,
            digest,
            sessions,
            identity_keys,
            tls,
            acme,
            clients,
            upstream_tls,
            healths,
        })
    }

    /// Shows each server: its upstream, its own name, and whether it is up.
    pub(crate) fn each_server(&self, mut show: impl FnMut(&str, &str, bool)) {
        for (upstream, healths) in self.settings.upstreams.iter().zip(&self.healths) {
            let by_tls = upstream.tls.is_some();
            for (server, health) in upstream.servers.iter().zip(healths) {
                show(&upstream.name, &server.authority(by_tls), health.is_up());
            }
        }
    }
}

/// One configuration, as one worker runs it.
pub(crate) struct Running {
    current: Arc<Current>,
    pools: Rc<Pools>,
    trust: Trust,
    /// Whether it was said that a trusted proxy does not tell who its client is: once is enough.
    unknown_client_told: Cell<bool>,
    routes: Vec<Arc<RouteFigures>>,
    unrouted: Arc<RouteFigures>,
    upstreams: Vec<Arc<UpstreamFigures>>,
}

impl Running {
    /// Takes a configuration up. Connections to upstreams go on where these are the same.
    pub(crate) fn begin(
        current: Arc<Current>,
        before: Option<&Self>,
        figures: &Figures,
    ) -> Rc<Self> {
        let limits = &current.settings.limits;
        let pools = before
            .filter(|before| before.reaches_the_same(&current.settings))
            .map_or_else(
                || {
                    Rc::new(Pools::new(
                        &current.settings.upstreams,
                        &current.upstream_tls,
                        &current.healths,
                        limits,
                        figures,
                    ))
                },
                |before| Rc::clone(&before.pools),
            );
        let routes = current.rules.route_rules.iter();
        let routes = routes.map(|route| figures.route(&route.name)).collect();
        let upstreams = current.settings.upstreams.iter();
        let upstreams = upstreams
            .map(|upstream| figures.upstream(&upstream.name))
            .collect();
        let trust = Trust(current.settings.trusted_proxies.clone());
        Rc::new(Self {
            current,
            pools,
            trust,
            unknown_client_told: Cell::new(false),
            routes,
            unrouted: Arc::clone(figures.unrouted()),
            upstreams,
        })
    }

    /// The figures of the route that a request has come to, if it has.
    pub(crate) fn route_figures(&self, trail: &Trail) -> &RouteFigures {
        let found = trail.route().and_then(|index| self.routes.get(index));
        found.unwrap_or(&self.unrouted)
    }

    pub(crate) fn upstream_figures(&self, index: usize) -> Option<&UpstreamFigures> {
        self.upstreams.get(index).map(|figures| &**figures)
    }

    fn reaches_the_same(&self, other: &Settings) -> bool {
        let (ours, theirs) = (self.limits(), &other.limits);
        // Certificates and keys are read anew, and may be others under the same names.
        self.current.upstream_tls.iter().all(Option::is_none)
            && self.settings().upstreams == other.upstreams
            && ours.upstream_connect == theirs.upstream_connect
            && ours.upstream_idle_max == theirs.upstream_idle_max
            && ours.upstream_idle == theirs.upstream_idle
            && ours.upstream_streams_max == theirs.upstream_streams_max
    }

    /// Whether any route allows a switch of protocols.
    pub(crate) fn has_upgrades(&self) -> bool {
        let mut routes = self.rules().route_rules.iter();
        routes.any(|route| !route.upgrades.is_empty())
    }

    /// Whether it is to be said that a trusted proxy does not tell who its client is.
    pub(crate) fn tells_unknown_client(&self) -> bool {
        !self.unknown_client_told.replace(true)
    }

    pub(crate) fn generation(&self) -> u64 {
        self.current.generation
    }

    pub(crate) fn rules(&self) -> &Rules {
        &self.current.rules
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.current.settings
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.current.settings.limits
    }

    pub(crate) fn keys(&self) -> &KeyRing {
        &self.current.keys
    }

    pub(crate) fn introspections(&self) -> &Introspections {
        &self.current.introspections
    }

    pub(crate) fn providers(&self) -> &Providers {
        &self.current.providers
    }

    pub(crate) fn digest(&self) -> Option<&DigestState> {
        self.current.digest.as_deref()
    }

    pub(crate) fn sessions(&self) -> Option<&SessionState> {
        self.current.sessions.as_deref()
    }

    pub(crate) fn identity_keys(&self) -> Option<&SigningKeys> {
        self.current.identity_keys.as_ref()
    }

    pub(crate) fn tls(&self) -> Option<&TlsAcceptor> {
        self.current.tls.as_ref()
    }

    pub(crate) fn acme(&self) -> Option<&Arc<OrderedCertificate>> {
        self.current.acme.as_ref()
    }

    pub(crate) fn clients(&self) -> Option<&Judge> {
        self.current.clients.as_ref()
    }

    pub(crate) fn pools(&self) -> &Pools {
        &self.pools
    }

    pub(crate) const fn trust(&self) -> &Trust {
        &self.trust
    }
}
