//! The checks, section by section, and the values that they come down to.
//!
//! Knows: in which order sections are read, and what they share. Does not know TOML syntax, or how findings are shown.

mod allow;
mod brakes;
mod cors;
mod digest;
mod files;
mod header;
mod issuer;
mod route;
mod scheme;
mod server;
mod session;
mod text;
mod upstream;
mod url;

use std::path::Path;

use countersign_flow::{Rules, Written};
use countersign_policy::Routes;

use crate::declared::file;
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
    let identity = header::identity(document.table(&file::IDENTITY).as_ref(), scene);
    let basic = document.table(&file::BASIC);
    let api_key = scheme::api_key(document.table(&file::API_KEY).as_ref(), &identity, scene);
    let issuers = issuer::all(document, scene);
    let upstreams = upstream::all(document, scene);
    let cors = cors::all(document, scene);
    let surroundings = route::Around {
        cors: &cors,
        issuers: &issuers,
        upstreams: &upstreams,
        api_key: &api_key,
    };
    let routes = route::all(document, &surroundings, scene);
    cors::unused(&cors, scene);
    let server = server::read(
        document.table(&file::SERVER).as_ref(),
        routes.reads_credentials,
        scene,
    );
    let (digest_rules, digest) = digest::read(
        document.table(&file::DIGEST).as_ref(),
        !server.trusted_proxies.is_empty(),
        scene,
    );
    let (ttl_secs, entries_max) = server::cache(document.table(&file::CACHE).as_ref());
    let around = session::Around {
        listen: &server.listen,
        remember_secs: ttl_secs,
    };
    let session = session::read(document.table(&file::SESSION).as_ref(), &around, scene);
    let takes_sessions = routes.rules.iter().any(|route| route.accept.session);

    let brakes = brakes::read(document.table(&file::BRAKES).as_ref(), scene);
    let rules = Rules {
        realm: realm.unwrap_or("countersign").into(),
        public_url: server.public_url,
        api_key: api_key.rules,
        password_cost: scheme::password_cost(basic.as_ref(), scene),
        second_factor_waived: scheme::second_factor_waived(basic.as_ref()),
        digest: digest_rules,
        session: takes_sessions.then_some(session),
        issuers: issuers.iter().map(|issuer| issuer.rules.clone()).collect(),
        routes: Routes::new(routes.routes),
        route_rules: routes.rules,
        identity_headers: identity.headers,
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
        tls: server.tls,
        limits: server.limits,
        store: files::store(document.table(&file::STORE).as_ref(), scene),
        log: server::read_log(document.table(&file::LOG).as_ref()),
        cache_entries_max: entries_max,
        brakes_entries_max: brakes.entries_max,
        digest,
        introspection: issuers
            .iter()
            .map(|issuer| issuer.introspection.clone())
            .collect(),
        issuers: issuers.into_iter().map(|issuer| issuer.keys).collect(),
        upstreams: upstreams
            .into_iter()
            .map(|upstream| upstream.settings)
            .collect(),
    };
    (rules, settings)
}
