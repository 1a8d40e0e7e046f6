//! The world that the line is asked in: one gateway's rules, its users, keys, issuers and clock, all in memory.
//!
//! Knows: what the store would know. Does not know how the line's questions are answered; see `driver`.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use countersign_flow::{
    Accept, ApiKeyRules, BodyAnswer, BrakeRules, CertificateRules, CountAnswer, CountWindow, Curve,
    DigestRules, DpopRules, IdentityHeaders, IntrospectionAnswer, IssuerRules, Lesson, NonceId,
    Nonces, RouteRules, Rules, SessionRules, SightAnswer, Tally, Written,
};
use countersign_jose::{Algorithm, KeySet};
use countersign_policy::{
    Demand, Deny, HostPattern, Methods, Network, PathPattern, Requirements, Route, Routes,
};
use countersign_secret::Secret;
use countersign_secret::api_key::{ApiKey, KeyDigest};
use countersign_secret::password::{self, Cost, PasswordHash};
use countersign_secret::session::{SessionDigest, SessionSecret};
use countersign_wire::Scheme;
use http::HeaderName;

use crate::tokens;

pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const HOST: &str = "api.example.com";
pub(crate) const ORIGIN: &str = "https://api.example.com";
pub(crate) const ISSUER: &str = "https://id.example.com";
pub(crate) const OTHER_ISSUER: &str = "https://login.example.net";
pub(crate) const AUDIENCE: &str = "https://api.example.com";
pub(crate) const COOKIE: &str = "__Host-session";
pub(crate) const PASSWORD: &str = "correct horse";
pub(crate) const PLACEHOLDER_SALT: [u8; 16] = [7; 16];

/// As cheap as Argon2id gets.
pub(crate) fn cost() -> Cost {
    Cost::new(8, 1, 1).unwrap()
}

/// A user of the store.
pub(crate) struct User {
    pub(crate) id: i64,
    pub(crate) hash: PasswordHash,
    pub(crate) disabled: bool,
    pub(crate) second_factor: bool,
    pub(crate) groups: Vec<&'static str>,
    /// Whether Digest is switched on.
    pub(crate) digest: bool,
}

/// An API key of the store.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) digest: KeyDigest,
    pub(crate) owner: &'static str,
    pub(crate) owner_disabled: bool,
    pub(crate) groups: Vec<&'static str>,
    pub(crate) scopes: Vec<&'static str>,
    pub(crate) expires_unix_secs: Option<i64>,
    pub(crate) revoked_unix_secs: Option<i64>,
    pub(crate) networks: Vec<&'static str>,
    pub(crate) own: bool,
}

/// A session of the store.
#[derive(Clone, Copy)]
pub(crate) struct Session {
    pub(crate) signed_in_unix_secs: Option<i64>,
    pub(crate) number: u8,
    pub(crate) user: &'static str,
    pub(crate) user_disabled: bool,
    pub(crate) second_factor: bool,
    pub(crate) method: &'static str,
    pub(crate) created_unix_secs: i64,
    pub(crate) used_unix_secs: i64,
    pub(crate) expires_unix_secs: i64,
    pub(crate) ended: bool,
}

/// What the pool of hashing threads does with a job.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pool {
    Works,
    Full,
    Gone,
}

/// What a cache finds a memory by.
pub(crate) type MemoryKey = (Scheme, Vec<u8>, Option<Network>);
/// What a tally is of: an account, a network, or both.
pub(crate) type TallyOf = (Option<String>, Option<Network>);

/// Everything that answers the line's questions.
pub(crate) struct World {
    pub(crate) rules: Rules,
    pub(crate) users: HashMap<&'static str, User>,
    pub(crate) keys: HashMap<String, Key>,
    pub(crate) sessions: HashMap<SessionDigest, Session>,
    /// By index of the issuer; `None`: it does not answer.
    pub(crate) key_sets: Vec<Option<Arc<KeySet>>>,
    pub(crate) issuer_ahead_secs: Option<i64>,
    /// What an issuer, by its index, says of a token when it is asked.
    pub(crate) introspected: HashMap<(usize, Vec<u8>), IntrospectionAnswer>,
    pub(crate) store_answers: bool,
    pub(crate) pool: Pool,
    pub(crate) now: Cell<i64>,
    pub(crate) memory: RefCell<HashMap<MemoryKey, Lesson>>,
    pub(crate) tallies: RefCell<HashMap<TallyOf, Tally>>,
    pub(crate) nonces: Nonces,
    pub(crate) counts: RefCell<HashMap<NonceId, CountWindow>>,
    /// Overrides what the counts say.
    pub(crate) count_answer: Option<CountAnswer>,
    pub(crate) body: BodyAnswer<'static>,
    /// The proofs that were seen.
    pub(crate) proofs: RefCell<HashSet<[u8; 32]>>,
    /// Overrides what they say.
    pub(crate) sight_answer: Option<SightAnswer>,
}

impl World {
    /// One route `/**` that accepts these schemes and demands a known caller.
    pub(crate) fn accepting(accept: Accept) -> World {
        World::with(vec![route("api", "/**", accept)])
    }

    pub(crate) fn with(routes: Vec<(Route, RouteRules)>) -> World {
        let (routes, route_rules) = routes.into_iter().unzip();
        World {
            rules: rules(routes, route_rules),
            users: users(),
            keys: HashMap::new(),
            sessions: HashMap::new(),
            key_sets: vec![
                Some(Arc::new(tokens::key_set())),
                Some(Arc::new(tokens::other_key_set())),
            ],
            issuer_ahead_secs: None,
            introspected: HashMap::new(),
            store_answers: true,
            pool: Pool::Works,
            now: Cell::new(NOW),
            memory: RefCell::default(),
            tallies: RefCell::default(),
            nonces: nonces(1),
            counts: RefCell::default(),
            count_answer: None,
            body: BodyAnswer::Whole(b""),
            proofs: RefCell::default(),
            sight_answer: None,
        }
    }

    /// The rules of the route with this index.
    pub(crate) fn route(&mut self, index: usize) -> &mut RouteRules {
        &mut self.rules.route_rules[index]
    }

    /// Lets the caches remember for a minute.
    pub(crate) fn remembering(mut self) -> World {
        self.rules.remember_secs = 60;
        self
    }

    /// Brakes attempts after three failures of an account from one network, five of an account, ten of a network.
    pub(crate) fn braking(mut self) -> World {
        let curve = |free, secs_max| Curve {
            free,
            first_secs: 1,
            secs_max,
        };
        self.rules.brakes = Some(BrakeRules {
            pair: curve(3, 900),
            account: curve(5, 60),
            network: curve(10, 60),
            forget_secs: 3600,
            trust_secs: 86_400,
            known_turned_away_max: 4,
            ipv4_prefix: 32,
            ipv6_prefix: 64,
            exempt: vec![network("203.0.113.0/24")],
        });
        self
    }

    /// Makes a key that the store then knows, and gives its text.
    pub(crate) fn mint(&mut self, seed: u8) -> String {
        self.mint_as(seed, |_| {})
    }

    /// Begins a session that the store then knows, and gives the cookie.
    pub(crate) fn begin_session(
        &mut self,
        number: u8,
        change: impl FnOnce(&mut Session),
    ) -> String {
        let secret = SessionSecret::mint(&[number; 32]);
        let mut session = Session {
            signed_in_unix_secs: None,
            number,
            user: "alice",
            user_disabled: false,
            second_factor: false,
            method: "password",
            created_unix_secs: NOW - 3600,
            used_unix_secs: NOW,
            expires_unix_secs: NOW + 86_400,
            ended: false,
        };
        change(&mut session);
        self.sessions.insert(secret.digest(), session);
        format!("{COOKIE}={}", secret.expose())
    }

    pub(crate) fn mint_as(&mut self, seed: u8, change: impl FnOnce(&mut Key)) -> String {
        let key = ApiKey::mint(&[seed; 40]);
        let mut known = Key {
            digest: key.digest(),
            owner: "robot",
            owner_disabled: false,
            groups: vec!["machines"],
            scopes: vec!["orders:read"],
            expires_unix_secs: None,
            revoked_unix_secs: None,
            networks: Vec::new(),
            own: false,
        };
        change(&mut known);
        self.keys.insert(key.id().as_str().to_owned(), known);
        key.expose().to_owned()
    }
}

/// The nonces of one instance out of several with one key.
pub(crate) fn nonces(instance: u8) -> Nonces {
    Nonces::new(&Secret::new([9; 32]), &[instance; Nonces::SEED_BYTES])
}

fn users() -> HashMap<&'static str, User> {
    let hash = || password::hash(PASSWORD.as_bytes(), &PLACEHOLDER_SALT, &cost()).unwrap();
    let user = |id, disabled, groups, digest| User {
        id,
        hash: hash(),
        disabled,
        second_factor: false,
        groups,
        digest,
    };
    HashMap::from([
        ("alice", user(1, false, vec!["staff", "ops"], true)),
        ("bob", user(2, false, vec![], false)),
        ("mallory", user(3, true, vec!["staff"], true)),
        (
            "carol",
            User {
                second_factor: true,
                ..user(4, false, vec!["staff"], true)
            },
        ),
    ])
}

fn rules(routes: Vec<Route>, route_rules: Vec<RouteRules>) -> Rules {
    Rules {
        realm: "example".into(),
        public_url: None,
        api_key: ApiKeyRules {
            header: Some(HeaderName::from_static("x-api-key")),
            in_authorization: true,
        },
        password_cost: cost(),
        second_factor_waived: false,
        providers: Vec::new(),
        digest: DigestRules::default(),
        dpop: DpopRules::default(),
        certificate: CertificateRules::default(),
        session: Some(SessionRules {
            cookie: COOKIE.into(),
            form_cookie: "__Host-form".into(),
            round_cookie: "__Host-round".into(),
            shared: None,
            secure: true,
            idle_secs: 1800,
            lifetime_secs: 86_400,
            per_user_max: 50,
            fresh_secs: 300,
            passkeys: None,
            password: true,
            own_keys: None,
        }),
        issuers: vec![issuer("main", ISSUER), issuer("other", OTHER_ISSUER)],
        routes: Routes::new(routes),
        route_rules,
        identity_headers: IdentityHeaders {
            user: HeaderName::from_static("x-auth-user"),
            groups: HeaderName::from_static("x-auth-groups"),
            scopes: HeaderName::from_static("x-auth-scopes"),
            scheme: HeaderName::from_static("x-auth-scheme"),
            issuer: HeaderName::from_static("x-auth-issuer"),
            token: None,
        },
        remember_secs: 0,
        written: Written::default(),
        brakes: None,
    }
}

fn issuer(name: &str, identifier: &str) -> IssuerRules {
    IssuerRules {
        name: name.into(),
        issuer: identifier.into(),
        audiences: vec![AUDIENCE.to_owned()],
        algorithms: vec![Algorithm::Es256, Algorithm::EdDsa],
        types: vec!["at+jwt".to_owned()],
        untyped: false,
        leeway_secs: 30,
        lifetime_secs_max: Some(3600),
        required_claims: vec!["sub".to_owned()],
        scope_claims: vec!["scope".into(), "scp".into()],
        subject_claim: "sub".into(),
        groups_claim: "groups".into(),
        introspection: None,
    }
}

pub(crate) const NONE: Accept = Accept {
    basic: false,
    bearer: false,
    digest: false,
    api_key: false,
    dpop: false,
    session: false,
    certificate: false,
};
pub(crate) const DPOP: Accept = Accept { dpop: true, ..NONE };
pub(crate) const BASIC: Accept = Accept {
    basic: true,
    ..NONE
};
pub(crate) const DIGEST: Accept = Accept {
    digest: true,
    ..NONE
};
pub(crate) const SESSION: Accept = Accept {
    session: true,
    ..NONE
};
pub(crate) const BEARER: Accept = Accept {
    bearer: true,
    ..NONE
};
pub(crate) const API_KEY: Accept = Accept {
    api_key: true,
    ..NONE
};
/// All schemes whose credentials are the same for every request.
pub(crate) const ALL: Accept = Accept {
    basic: true,
    bearer: true,
    api_key: true,
    ..NONE
};

/// A route for one path that demands a known caller.
pub(crate) fn route(name: &str, path: &str, accept: Accept) -> (Route, RouteRules) {
    demanding(
        name,
        path,
        accept,
        Demand::Identity(Requirements::default()),
    )
}

pub(crate) fn demanding(
    name: &str,
    path: &str,
    accept: Accept,
    demand: Demand,
) -> (Route, RouteRules) {
    let place = Route {
        name: name.into(),
        hosts: vec![HostPattern::parse(HOST).unwrap()],
        paths: vec![PathPattern::parse(path).unwrap()],
        methods: Methods::Any,
    };
    let challenge_scope = match &demand {
        Demand::Identity(requirements) => requirements.scopes.join(" ").into(),
        Demand::Anyone | Demand::AnyoneFrom(_) => "".into(),
    };
    let rules = RouteRules {
        name: name.into(),
        accept,
        deny: Deny::default(),
        demand,
        issuers: vec![0, 1],
        audiences: None,
        leeway_secs: None,
        remember_secs: None,
        challenge_scope,
        resource: None,
        keep_credential: false,
        cors: None,
        upgrades: Vec::new(),
        upstream: 0,
    };
    (place, rules)
}

/// A demand for these scopes.
pub(crate) fn scopes(names: &[&str]) -> Demand {
    Demand::Identity(Requirements {
        scopes: names.iter().map(|name| (*name).into()).collect(),
        ..Requirements::default()
    })
}

pub(crate) fn network(text: &str) -> Network {
    Network::parse(text).unwrap()
}
