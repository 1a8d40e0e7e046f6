//! The gateway's own decision on a token: the line of `flow`, with one route that takes Bearer tokens of one issuer.
//!
//! Knows: how rules are made and how the line's questions are answered. Owns no check of its own: what is found here is
//! what the gateway would refuse with.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use countersign_cause::Cause;
use countersign_flow::{
    Accept, AccountAnswer, Admission, ApiKeyRules, BodyAnswer, CertificateRules, Channel,
    CountAnswer, DigestAnswer, DigestRules, DpopRules, HashAnswer, IdentityHeaders,
    IntrospectionAnswer, IssuerRules, KeyAnswer, KeysAnswer, Outcome, Request, RouteRules, Rules,
    SessionAnswer, SightAnswer, Step, Written, begin,
};
use countersign_jose::{Algorithm, Hearsay, KeySet};
use countersign_policy::{Demand, Deny, Methods, PathPattern, Requirements, Route, Routes};
use countersign_secret::password::{Cost, decoy};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

/// Where the token is decided on.
pub(super) struct Bench<'t> {
    pub(super) token: &'t [u8],
    pub(super) heard: &'t Hearsay<'t>,
    pub(super) keys: Arc<KeySet>,
    /// The audiences of the resource; without any, those of the token are taken.
    pub(super) audiences: &'t [String],
    /// The server's time.
    pub(super) now_unix_secs: i64,
    pub(super) issuer_ahead_secs: Option<i64>,
}

/// What the line comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ruling {
    Permit,
    Refusal { cause: Cause, detail: &'static str },
}

/// More questions than these, and the line does not end.
const QUESTIONS_MAX: usize = 4;

impl Bench<'_> {
    /// Sends the token down the line. `None` where no rules can be made for it.
    pub(super) fn decide(&self) -> Option<Ruling> {
        let rules = self.rules()?;
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_bytes(&[b"Bearer ".as_slice(), self.token].concat());
        headers.insert(AUTHORIZATION, value.ok()?);
        let request = Request {
            method: &Method::GET,
            authority: Some("localhost"),
            path_and_query: "/",
            headers: &headers,
            channel: Channel::default(),
            client: IpAddr::V4(Ipv4Addr::LOCALHOST).into(),
            original_target: None,
            wants_tunnel: false,
        };
        let mut step = begin(&rules, request, self.now_unix_secs);
        for _ in 0..QUESTIONS_MAX {
            step = match step {
                Step::Keys(want) => want.answer(KeysAnswer::Keys {
                    keys: Arc::clone(&self.keys),
                    issuer_ahead_secs: self.issuer_ahead_secs,
                }),
                Step::Recall(want) => want.answer(None),
                Step::Attempt(want) => want.answer(Admission::Go),
                // The route accepts tokens alone, so that nobody asks these.
                Step::Account(want) => want.answer(AccountAnswer::Unknown {
                    decoy: decoy(&rules.password_cost),
                }),
                Step::Hash(want) => want.split().0.answer(HashAnswer::Unavailable),
                Step::Key(want) => want.answer(KeyAnswer::Unknown),
                Step::Session(want) => want.answer(SessionAnswer::Unknown),
                Step::Introspect(want) => want.answer(IntrospectionAnswer::Unavailable),
                Step::Nonces(want) => want.answer(None),
                Step::Secret(want) => want.answer(DigestAnswer::Unavailable),
                Step::Body(want) => want.answer(BodyAnswer::Broken),
                Step::Count(want) => want.answer(CountAnswer::Forgotten),
                Step::ProofNonces(want) => want.answer(None),
                Step::FirstSight(want) => want.answer(SightAnswer::First),
                Step::Done(verdict) => return ruling(verdict.outcome),
            };
        }
        None
    }

    fn rules(&self) -> Option<Rules> {
        let place = Route {
            name: "resource".into(),
            hosts: Vec::new(),
            paths: vec![PathPattern::parse("/").ok()?],
            methods: Methods::Any,
        };
        let route = RouteRules {
            name: "resource".into(),
            accept: Accept {
                bearer: true,
                ..Accept::default()
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
        };
        Some(Rules {
            realm: "resource".into(),
            public_url: None,
            api_key: ApiKeyRules {
                header: None,
                in_authorization: false,
            },
            password_cost: Cost::new(8, 1, 1).ok()?,
            second_factor_waived: false,
            providers: Vec::new(),
            digest: DigestRules::default(),
            dpop: DpopRules::default(),
            certificate: CertificateRules::default(),
            session: None,
            issuers: vec![self.issuer()?],
            routes: Routes::new(vec![place]),
            route_rules: vec![route],
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
        })
    }

    /// An issuer whose rules are as wide as they can be, so that what is refused is refused by everybody.
    fn issuer(&self) -> Option<IssuerRules> {
        let audiences = match self.audiences {
            [] => self
                .heard
                .audiences()
                .into_iter()
                .map(str::to_owned)
                .collect(),
            known => known.to_vec(),
        };
        let subject = ["sub", "client_id", "azp", "jti", "iss"]
            .into_iter()
            .find(|name| {
                self.heard
                    .claim(name)
                    .is_some_and(serde_json::Value::is_string)
            })?;
        let public = |algorithm: &&Algorithm| !algorithm.is_symmetric();
        Some(IssuerRules {
            name: "issuer".into(),
            issuer: self.heard.issuer()?.into(),
            audiences,
            // RFC 8725 section 2.1: a published key is never a shared secret.
            algorithms: Algorithm::ALL.iter().filter(public).copied().collect(),
            types: self.heard.typ().map(str::to_owned).into_iter().collect(),
            untyped: true,
            leeway_secs: 5,
            lifetime_secs_max: None,
            required_claims: Vec::new(),
            scope_claims: vec!["scope".into(), "scp".into()],
            subject_claim: subject.into(),
            groups_claim: "groups".into(),
            introspection: None,
        })
    }
}

fn ruling(outcome: Outcome<'_>) -> Option<Ruling> {
    match outcome {
        Outcome::Permit(_) => Some(Ruling::Permit),
        // The last that the line asks of a token. Whether the proof came along is for `bound` to say.
        Outcome::Refusal(refusal) if refusal.cause == Cause::SenderConstraintFailed => {
            Some(Ruling::Permit)
        }
        Outcome::Refusal(refusal) => Some(Ruling::Refusal {
            cause: refusal.cause,
            detail: refusal.detail,
        }),
        Outcome::Own(_) | Outcome::Preflight(_) => None,
    }
}

impl Ruling {
    /// Whether the signature was found good: what is refused after that is refused for what the token says.
    pub(super) const fn is_signed(self) -> bool {
        match self {
            Ruling::Permit => true,
            Ruling::Refusal { cause, .. } => matches!(
                cause,
                Cause::TokenWrongKind
                    | Cause::AudienceMismatch
                    | Cause::ClaimMissing
                    | Cause::TokenExpired
                    | Cause::TokenNotYetValid
                    | Cause::ClockSkew
                    | Cause::TokenLifetimeTooLong
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use countersign_jose::SigningKey;
    use serde_json::{Value, json};

    use super::*;

    const NOW: i64 = 1_767_225_600;

    fn key(algorithm: Algorithm, kid: &str) -> SigningKey {
        let random = aws_lc_rs::rand::SystemRandom::new();
        SigningKey::generate(algorithm, &random)
            .unwrap()
            .with_kid(kid)
    }

    fn decide(token: &str, keys: KeySet, audiences: &[&str]) -> Ruling {
        let heard = Hearsay::of(token.as_bytes()).unwrap();
        let audiences: Vec<String> = audiences.iter().map(|name| (*name).to_owned()).collect();
        let bench = Bench {
            token: token.as_bytes(),
            heard: &heard,
            keys: Arc::new(keys),
            audiences: &audiences,
            now_unix_secs: NOW,
            issuer_ahead_secs: None,
        };
        bench.decide().unwrap()
    }

    fn sign(key: &SigningKey, claims: &Value) -> String {
        let random = aws_lc_rs::rand::SystemRandom::new();
        key.sign_claims("JWT", claims, &random).unwrap()
    }

    fn claims() -> Value {
        json!({ "iss": "https://id.example", "sub": "alice", "aud": "orders", "iat": NOW - 10, "exp": NOW + 300 })
    }

    fn cause(ruling: Ruling) -> Option<Cause> {
        match ruling {
            Ruling::Permit => None,
            Ruling::Refusal { cause, .. } => Some(cause),
        }
    }

    #[test]
    fn a_good_token_passes_the_line() {
        let key = key(Algorithm::Es256, "k1");
        let token = sign(&key, &claims());
        let set = || key.key_set().unwrap();
        assert_eq!(decide(&token, set(), &[]), Ruling::Permit);
        assert_eq!(decide(&token, set(), &["orders"]), Ruling::Permit);
        let other = decide(&token, set(), &["billing"]);
        assert_eq!(cause(other), Some(Cause::AudienceMismatch));
        assert!(other.is_signed());
    }

    #[test]
    fn keys_that_do_not_fit_are_refused_as_the_gateway_does() {
        let (signer, same_name, other) = (
            key(Algorithm::Es256, "k1"),
            key(Algorithm::Es256, "k1"),
            key(Algorithm::Es256, "k2"),
        );
        let token = sign(&signer, &claims());
        for (set, refused) in [
            (same_name.key_set().unwrap(), Cause::SignatureInvalid),
            (other.key_set().unwrap(), Cause::SigningKeyUnknown),
        ] {
            let ruling = decide(&token, set, &[]);
            assert_eq!(cause(ruling), Some(refused));
            assert!(!ruling.is_signed());
        }
        let secret = sign(&key(Algorithm::Hs256, "k1"), &claims());
        let ruling = decide(&secret, same_name.key_set().unwrap(), &[]);
        assert_eq!(cause(ruling), Some(Cause::AlgorithmNotAllowed));
    }

    #[test]
    fn what_the_claims_say_comes_after_the_signature() {
        let key = key(Algorithm::EdDsa, "k1");
        let mut expired = claims();
        expired["exp"] = json!(NOW - 60);
        let ruling = decide(&sign(&key, &expired), key.key_set().unwrap(), &[]);
        assert_eq!(cause(ruling), Some(Cause::TokenExpired));
        assert!(ruling.is_signed());
        let mut id_token = claims();
        id_token["nonce"] = json!("n");
        let ruling = decide(&sign(&key, &id_token), key.key_set().unwrap(), &[]);
        assert_eq!(cause(ruling), Some(Cause::TokenWrongKind));
    }
}
