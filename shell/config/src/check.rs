//! The checks, section by section, and the values that they come down to.
//!
//! Knows: in which order sections are read, and what they share. Does not know TOML syntax, or how findings are shown.

mod acme;
mod allow;
mod bound;
mod brakes;
mod collector;
mod cors;
mod digest;
mod files;
mod header;
mod identity_token;
mod issuer;
mod named;
mod own_keys;
mod passkeys;
mod provider;
mod route;
mod scheme;
mod server;
mod session;
mod text;
mod traces;
mod upstream;
mod url;

use std::path::Path;

use countersign_flow::{IdentityHeaders, Rules, Written};
use countersign_policy::Routes;

use crate::declared::{file, identity, session as declared_session};
use crate::finding::Sink;
use crate::read::Fields;
use crate::settings::Settings;
use crate::surroundings::Surroundings;

/// What every check needs.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'d> {
    pub(crate) sink: &'d Sink,
    /// The folder that relative paths begin at.
    pub(crate) folder: &'d Path,
    pub(crate) surroundings: &'d dyn Surroundings,
}

/// Reads the whole document. The values count only where the sink has got no error.
pub(crate) fn whole(document: &Fields<'_>, scene: Scene<'_>) -> (Rules, Settings) {
    let realm = text::realm(document, &file::REALM, scene);
    let identity_fields = document.table(&file::IDENTITY);
    let token_fields = identity_fields
        .as_ref()
        .and_then(|fields| fields.table(&identity::TOKEN));
    let identity = header::identity(identity_fields.as_ref(), token_fields.as_ref(), scene);
    let basic = document.table(&file::BASIC);
    let api_key = scheme::api_key(document.table(&file::API_KEY).as_ref(), &identity, scene);
    let issuers = issuer::all(document, scene);
    let upstreams = upstream::all(document, scene);
    let cors = cors::all(document, scene);
    let (ttl_secs, entries_max) = server::cache(document.table(&file::CACHE).as_ref());
    let surroundings = route::Around {
        cors: &cors,
        issuers: &issuers,
        upstreams: &upstreams,
        api_key: &api_key,
        remember_secs: ttl_secs,
    };
    let routes = route::all(document, &surroundings, scene);
    cors::unused(&cors, scene);
    let server = server::read(
        document.table(&file::SERVER).as_ref(),
        routes.reads_credentials,
        scene,
    );
    let asked_at = server.client_certificates.as_ref().map(|(_, span)| span);
    let has_public_url = server.public_url.is_some();
    bound::fits(&routes.bound_readers, asked_at, has_public_url, scene);
    let (dpop, proofs_max) = bound::proofs(document.table(&file::DPOP).as_ref(), scene);
    let named = document.table(&file::CERTIFICATE);
    let certificate = bound::certificates(named.as_ref(), asked_at.is_some());
    let (digest_rules, digest) = digest::read(
        document.table(&file::DIGEST).as_ref(),
        !server.trusted_proxies.is_empty(),
        scene,
    );
    let token = identity_token::read(
        token_fields.as_ref(),
        identity.token,
        server.public_url.as_deref(),
        &upstreams,
        scene,
    );
    let around = session::Around {
        listen: &server.listen,
        remember_secs: ttl_secs,
        public_url: server.public_url.as_deref(),
        takes_keys: routes.rules.iter().any(|route| route.accept.api_key),
    };
    let session_fields = document.table(&file::SESSION);
    let session = session::read(session_fields.as_ref(), &around, scene);
    let takes_sessions = routes.rules.iter().any(|route| route.accept.session);

    let around = provider::Around {
        public_url: server.public_url.as_deref(),
        takes_sessions,
        plain_http: !session.secure,
        sign_in_origin: session_fields.as_ref().and_then(|fields| {
            let origin = session.shared.as_ref()?.sign_in.as_deref()?;
            Some((
                origin.to_owned(),
                fields.span_of(&declared_session::SIGN_IN_ORIGIN),
            ))
        }),
        password_off: session_fields
            .filter(|_| !session.password && session.passkeys.is_none())
            .map(|fields| fields.span_of(&declared_session::PASSWORD)),
    };
    let providers = provider::all(document, &around, scene);
    let brakes = brakes::read(document.table(&file::BRAKES).as_ref(), scene);
    let rules = Rules {
        realm: realm.unwrap_or("countersign").into(),
        public_url: server.public_url,
        api_key: api_key.rules,
        password_cost: scheme::password_cost(basic.as_ref(), scene),
        second_factor_waived: scheme::second_factor_waived(basic.as_ref()),
        digest: digest_rules,
        dpop,
        certificate,
        session: takes_sessions.then_some(session),
        providers: providers.iter().map(|one| one.rules.clone()).collect(),
        issuers: issuers.iter().map(|issuer| issuer.rules.clone()).collect(),
        routes: Routes::new(routes.routes),
        route_rules: routes.rules,
        identity_headers: IdentityHeaders {
            token: token.token,
            ..identity.headers
        },
        remember_secs: ttl_secs,
        written: Written::default(),
        brakes: brakes.rules,
    };
    let settings = Settings {
        listen: server.listen,
        admin: server::admin(document.table(&file::ADMIN).as_ref(), scene),
        reload_on_change: server::reload(document.table(&file::RELOAD).as_ref()),
        workers: server.workers,
        trusted_proxies: server.trusted_proxies,
        proxy_protocol: server.proxy_protocol,
        tls: server.tls,
        acme: server.acme,
        client_certificates: server.client_certificates.map(|(asked, _)| asked),
        limits: server.limits,
        store: files::store(document.table(&file::STORE).as_ref(), scene),
        log: server::read_log(document.table(&file::LOG).as_ref()),
        traces: traces::read(document.table(&file::TRACES).as_ref(), scene),
        metrics: traces::of_metrics(document.table(&file::METRICS).as_ref(), scene),
        cache_entries_max: entries_max,
        brakes_entries_max: brakes.entries_max,
        digest,
        identity_keys: token.keys_file,
        proofs_max,
        introspection: issuers
            .iter()
            .map(|issuer| issuer.introspection.clone())
            .collect(),
        issuers: issuers.into_iter().map(|issuer| issuer.keys).collect(),
        providers: providers.into_iter().map(|one| one.settings).collect(),
        upstreams: upstreams
            .into_iter()
            .map(|upstream| upstream.settings)
            .collect(),
    };
    (rules, settings)
}
