//! The line driven from a table: each refusal of credentials, and the cause that it names.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests"
)]

use std::net::IpAddr;
use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use countersign_cause::Cause;
use countersign_flow::{
    Accept, Account, AccountAnswer, Admission, ApiKeyRules, CertificateRules, Channel, DigestRules,
    DpopRules, HashAnswer, IdentityHeaders, IssuerRules, KeyAnswer, KeyRecord, KeysAnswer, Outcome,
    Request, RouteRules, Rules, Step, Written, begin,
};
use countersign_jose::{Algorithm, KeySet, SigningKey};
use countersign_policy::{Demand, Deny, Methods, PathPattern, Requirements, Route, Routes};
use countersign_secret::api_key::ApiKey;
use countersign_secret::password::{Cost, PasswordHash, hash};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Value, json};

const NOW: i64 = 1_800_000_000;

fn rules() -> Rules {
    let name = HeaderName::from_static;
    let route = |name: &str, path: &str| Route {
        name: name.into(),
        hosts: Vec::new(),
        paths: vec![PathPattern::parse(path).unwrap()],
        methods: Methods::Any,
    };
    let issuer = |name: &str| IssuerRules {
        name: name.into(),
        issuer: format!("https://{name}.example").into(),
        audiences: vec!["api".into()],
        algorithms: vec![Algorithm::Es256],
        types: vec!["at+jwt".into()],
        untyped: false,
        leeway_secs: 30,
        lifetime_secs_max: Some(3600),
        required_claims: vec!["sub".into()],
        scope_claims: vec!["scope".into()],
        subject_claim: "sub".into(),
        groups_claim: "groups".into(),
        introspection: None,
    };
    Rules {
        realm: "test".into(),
        public_url: None,
        api_key: ApiKeyRules {
            header: Some(name("x-api-key")),
            in_authorization: false,
        },
        password_cost: Cost::new(8, 1, 1).unwrap(),
        second_factor_waived: false,
        providers: Vec::new(),
        digest: DigestRules::default(),
        dpop: DpopRules::default(),
        certificate: CertificateRules::default(),
        session: None,
        issuers: vec![issuer("main"), issuer("other")],
        routes: Routes::new(vec![route("all", "/a/**")]),
        route_rules: vec![RouteRules {
            name: "all".into(),
            accept: Accept {
                basic: true,
                bearer: true,
                digest: false,
                session: false,
                dpop: false,
                certificate: false,
                api_key: true,
            },
            deny: Deny::default(),
            demand: Demand::Identity(Requirements::default()),
            issuers: vec![0],
            audiences: None,
            leeway_secs: None,
            remember_secs: None,
            challenge_scope: "".into(),
            resource: None,
            keep_credential: false,
            cors: None,
            upgrades: Vec::new(),
            upstream: 0,
        }],
        identity_headers: IdentityHeaders {
            user: name("x-auth-user"),
            groups: name("x-auth-groups"),
            scopes: name("x-auth-scopes"),
            scheme: name("x-auth-scheme"),
            issuer: name("x-auth-issuer"),
            token: None,
        },
        remember_secs: 60,
        written: Written::default(),
        brakes: None,
    }
}

/// What the driver knows, as a store and an issuer would.
struct World {
    disabled: bool,
    store_down: bool,
    queue_full: bool,
    record: Option<fn(&mut KeyRecord)>,
    key: ApiKey,
    signing: SigningKey,
    issuer_down: bool,
    issuer_ahead_secs: Option<i64>,
    hashes: usize,
}

fn world() -> World {
    World {
        disabled: false,
        store_down: false,
        queue_full: false,
        record: None,
        key: ApiKey::mint(&[9; 40]),
        signing: SigningKey::generate(Algorithm::Es256, &SystemRandom::new())
            .unwrap()
            .with_kid("k"),
        issuer_down: false,
        issuer_ahead_secs: None,
        hashes: 0,
    }
}

fn stored() -> PasswordHash {
    hash(b"correct horse", &[1; 16], &Cost::new(8, 1, 1).unwrap()).unwrap()
}

impl World {
    /// Drives one request to its end: the cause, or `None` for a permit.
    fn drive(&mut self, path: &str, field: Option<(&str, &str)>) -> Option<Cause> {
        let rules = rules();
        let mut headers = HeaderMap::new();
        if let Some((name, value)) = field {
            headers.insert(
                HeaderName::try_from(name).unwrap(),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        let request = Request {
            method: &Method::GET,
            authority: Some("api.example.com"),
            path_and_query: path,
            headers: &headers,
            channel: Channel::default(),
            client: IpAddr::from([192, 0, 2, 1]).into(),
            original_target: None,
            wants_tunnel: false,
        };
        let mut step = begin(&rules, request, NOW);
        for _ in 0..8 {
            step = match step {
                Step::Recall(want) => want.answer(None),
                Step::Attempt(want) => want.answer(Admission::Go),
                Step::Account(want) => {
                    let answer = self.account(want.user());
                    want.answer(answer)
                }
                Step::Hash(want) => {
                    self.hashes += 1;
                    let (waiting, job) = want.split();
                    waiting.answer(if self.queue_full {
                        HashAnswer::QueueFull {
                            retry_after_secs: 4,
                        }
                    } else {
                        HashAnswer::Done(job.run(&[2; 16]))
                    })
                }
                Step::Key(want) => {
                    let answer = self.api_key(want.id().as_str());
                    want.answer(answer)
                }
                Step::Keys(want) => want.answer(self.keys()),
                Step::Session(_) => panic!("the route accepts no sessions"),
                Step::Introspect(_)
                | Step::Nonces(_)
                | Step::Secret(_)
                | Step::Body(_)
                | Step::Count(_)
                | Step::ProofNonces(_)
                | Step::FirstSight(_) => {
                    panic!("the route accepts neither Digest nor proofs")
                }
                Step::Done(verdict) => {
                    return match verdict.outcome {
                        Outcome::Permit(_) => None,
                        Outcome::Refusal(refusal) => Some(refusal.cause),
                        Outcome::Own(page) => panic!("{page:?}"),
                        Outcome::Preflight(preflight) => panic!("{preflight:?}"),
                    };
                }
            };
        }
        panic!("the line asks without end");
    }

    fn account(&self, user: &str) -> AccountAnswer {
        if self.store_down {
            return AccountAnswer::Unavailable;
        }
        if user != "alice" {
            return AccountAnswer::Unknown {
                decoy: stored().decoy(),
            };
        }
        AccountAnswer::Known(Box::new(Account {
            id: 1,
            name: "alice".into(),
            hash: stored(),
            disabled: self.disabled,
            groups: Vec::new(),
            second_factor: false,
        }))
    }

    fn api_key(&self, id: &str) -> KeyAnswer {
        if id != self.key.id().as_str() {
            return KeyAnswer::Unknown;
        }
        let mut record = KeyRecord {
            digest: self.key.digest(),
            owner: "alice".into(),
            owner_disabled: false,
            groups: Vec::new(),
            scopes: Vec::new(),
            own: false,
            expires_unix_secs: None,
            revoked_unix_secs: None,
            networks: Vec::new(),
        };
        if let Some(change) = self.record {
            change(&mut record);
        }
        KeyAnswer::Known(Box::new(record))
    }

    fn keys(&self) -> KeysAnswer {
        if self.issuer_down {
            return KeysAnswer::Unavailable;
        }
        let jwks = json!({ "keys": [self.signing.public_jwk().unwrap()] }).to_string();
        let keys = Arc::new(KeySet::parse_json(jwks.as_bytes()).unwrap());
        KeysAnswer::Keys {
            keys,
            issuer_ahead_secs: self.issuer_ahead_secs,
        }
    }

    fn bearer(&mut self, change: impl FnOnce(&mut Value)) -> Option<Cause> {
        let mut claims = json!({ "iss": "https://main.example", "aud": "api", "sub": "alice", "iat": NOW, "exp": NOW + 600 });
        change(&mut claims);
        let token = self
            .signing
            .sign_claims("at+jwt", &claims, &SystemRandom::new())
            .unwrap();
        self.drive("/a", Some(("authorization", &format!("Bearer {token}"))))
    }

    fn basic(&mut self, payload: &str) -> Option<Cause> {
        self.drive("/a", Some(("authorization", &format!("Basic {payload}"))))
    }

    fn keyed(&mut self, change: Option<fn(&mut KeyRecord)>) -> Option<Cause> {
        self.record = change;
        let key = self.key.expose().to_owned();
        self.drive("/a", Some(("x-api-key", &key)))
    }
}

/// `alice:correct horse`, `alice:wrong`, `nobody:wrong`.
const RIGHT: &str = "YWxpY2U6Y29ycmVjdCBob3JzZQ==";
const WRONG: &str = "YWxpY2U6d3Jvbmc=";
const NOBODY: &str = "bm9ib2R5Ondyb25n";

#[test]
fn passwords() {
    assert_eq!(world().basic(RIGHT), None);
    assert_eq!(world().basic(WRONG), Some(Cause::CredentialsRejected));
    assert_eq!(world().basic(NOBODY), Some(Cause::CredentialsRejected));
    assert_eq!(
        World {
            disabled: true,
            ..world()
        }
        .basic(RIGHT),
        Some(Cause::AccountDisabled)
    );
    assert_eq!(
        World {
            disabled: true,
            ..world()
        }
        .basic(WRONG),
        Some(Cause::CredentialsRejected)
    );
    assert_eq!(
        World {
            queue_full: true,
            ..world()
        }
        .basic(RIGHT),
        Some(Cause::CheckQueueFull)
    );
}

#[test]
fn attack_40_an_unknown_user_costs_a_hash_as_well() {
    for payload in [RIGHT, WRONG, NOBODY] {
        let mut world = world();
        world.basic(payload);
        assert_eq!(world.hashes, 1, "{payload}");
    }
}

#[test]
fn attack_32_a_store_that_is_down_lets_nobody_through_and_blames_nobody() {
    assert_eq!(
        World {
            store_down: true,
            ..world()
        }
        .basic(RIGHT),
        Some(Cause::IdentityBackendDown)
    );
    assert_eq!(
        World {
            issuer_down: true,
            ..world()
        }
        .bearer(|_| ()),
        Some(Cause::IdentityBackendDown)
    );
    assert_eq!(Cause::IdentityBackendDown.status(), Some(503));
}

#[test]
fn api_keys() {
    assert_eq!(world().keyed(None), None);
    assert_eq!(
        world().keyed(Some(|key| key.revoked_unix_secs = Some(NOW))),
        Some(Cause::CredentialRevoked)
    );
    assert_eq!(
        world().keyed(Some(|key| key.revoked_unix_secs = Some(NOW + 1))),
        None,
        "a period of grace"
    );
    assert_eq!(
        world().keyed(Some(|key| key.expires_unix_secs = Some(NOW))),
        Some(Cause::CredentialExpired)
    );
    assert_eq!(
        world().keyed(Some(|key| key.owner_disabled = true)),
        Some(Cause::AccountDisabled)
    );
    let other = |key: &mut KeyRecord| {
        key.digest = ApiKey::mint(&[1; 40]).digest();
        key.revoked_unix_secs = Some(0);
    };
    assert_eq!(
        world().keyed(Some(other)),
        Some(Cause::CredentialsRejected),
        "of a wrong key nothing is told"
    );
    let stranger = ApiKey::mint(&[3; 40]);
    assert_eq!(
        world().drive("/a", Some(("x-api-key", stranger.expose()))),
        Some(Cause::CredentialsRejected)
    );
    let networks = |key: &mut KeyRecord| {
        key.networks = vec![countersign_policy::Network::parse("10.0.0.0/8").unwrap()]
    };
    assert_eq!(
        world().keyed(Some(networks)),
        Some(Cause::AddressNotAllowed)
    );
}

#[test]
fn tokens() {
    assert_eq!(world().bearer(|_| ()), None);
    let told =
        |name: &'static str, value: Value| world().bearer(move |claims| claims[name] = value);
    assert_eq!(told("exp", json!(NOW - 31)), Some(Cause::TokenExpired));
    assert_eq!(told("nbf", json!(NOW + 31)), Some(Cause::TokenNotYetValid));
    assert_eq!(
        told("exp", json!(NOW + 90_000)),
        Some(Cause::TokenLifetimeTooLong)
    );
    assert_eq!(
        told("aud", json!("elsewhere")),
        Some(Cause::AudienceMismatch)
    );
    assert_eq!(
        told("iss", json!("https://evil.example")),
        Some(Cause::IssuerMismatch)
    );
    assert_eq!(
        told("iss", json!("https://other.example")),
        Some(Cause::IssuerMismatch),
        "not taken on this route"
    );
    assert_eq!(
        world().bearer(|claims| drop(claims.as_object_mut().unwrap().remove("sub"))),
        Some(Cause::ClaimMissing)
    );
}

#[test]
fn a_token_is_not_blamed_for_its_issuers_clock() {
    let mut world = World {
        issuer_ahead_secs: Some(120),
        ..world()
    };
    let early = |claims: &mut Value| claims["nbf"] = json!(NOW + 100);
    assert_eq!(world.bearer(early), Some(Cause::ClockSkew));
}

#[test]
fn a_signature_of_another_key_is_invalid_and_of_an_unnamed_one_unknown() {
    let stranger = |kid: &str| World {
        signing: SigningKey::generate(Algorithm::Es256, &SystemRandom::new())
            .unwrap()
            .with_kid(kid),
        ..world()
    };
    for (kid, cause) in [
        ("k", Cause::SignatureInvalid),
        ("x", Cause::SigningKeyUnknown),
    ] {
        let claims = json!({ "iss": "https://main.example", "aud": "api", "sub": "alice", "iat": NOW, "exp": NOW + 600 });
        let token = stranger(kid)
            .signing
            .sign_claims("at+jwt", &claims, &SystemRandom::new())
            .unwrap();
        assert_eq!(
            world().drive("/a", Some(("authorization", &format!("Bearer {token}")))),
            Some(cause)
        );
    }
}

#[test]
fn what_no_route_names_is_refused_and_nothing_sent_is_missing() {
    assert_eq!(
        world().drive("/elsewhere", None),
        Some(Cause::RouteUnmatched)
    );
    assert_eq!(world().drive("/a", None), Some(Cause::CredentialsMissing));
    assert_eq!(
        world().drive("/a/../b", None),
        Some(Cause::RequestTargetAmbiguous)
    );
}

#[test]
fn a_shared_secret_is_the_one_meant_whatever_its_issuer_calls_it() {
    let secret = || countersign_secret::Secret::new(vec![7; 32]);
    let keys = |kid| KeySet::shared_secret(secret(), kid, Algorithm::Hs256).unwrap();
    let signing = SigningKey::shared_secret(secret(), Algorithm::Hs256)
        .unwrap()
        .with_kid("2026-11");
    let token = signing
        .sign_claims("at+jwt", &json!({ "sub": "alice" }), &SystemRandom::new())
        .unwrap();
    let verifies = |keys: &KeySet| {
        let jwt = countersign_jose::Jwt::parse(token.as_bytes()).unwrap();
        jwt.verify(keys, &[Algorithm::Hs256]).is_ok()
    };
    assert!(verifies(&keys(None)));
    assert!(verifies(&keys(Some("2026-11"))));
    assert!(
        !verifies(&keys(Some("another"))),
        "a secret that has a name here is that one alone"
    );
}
