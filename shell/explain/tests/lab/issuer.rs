//! An issuer of tokens, and an API that verifies them: each with keys, names and a clock of its own.

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use countersign_jose::{Algorithm, Claims, Expectations, Jwt, KeySet, SigningKey, TokenRefusal};
use serde_json::{Value, json};

use crate::stage::{NOW_UNIX_SECS, Reply, Seen, Server};

pub(crate) fn key(algorithm: Algorithm, kid: &str) -> SigningKey {
    SigningKey::generate(algorithm, &SystemRandom::new())
        .unwrap()
        .with_kid(kid)
}

pub(crate) fn sign(key: &SigningKey, typ: &str, claims: &Value) -> String {
    key.sign_claims(typ, claims, &SystemRandom::new()).unwrap()
}

pub(crate) fn http_date(unix_secs: i64) -> String {
    let time = jiff::Timestamp::from_second(unix_secs).unwrap();
    jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&time)
        .unwrap()
}

/// Publishes metadata and keys, at the address under which it is asked.
pub(crate) struct Issuer {
    pub(crate) server: Server,
}

impl Issuer {
    pub(crate) fn publishing(keys: &[&SigningKey]) -> Issuer {
        Issuer::named(keys, "", NOW_UNIX_SECS)
    }

    /// With something after its name in the document, and a clock.
    pub(crate) fn named(keys: &[&SigningKey], ending: &'static str, clock: i64) -> Issuer {
        let jwks: Vec<Value> = keys.iter().map(|key| key.public_jwk().unwrap()).collect();
        let jwks = json!({ "keys": jwks }).to_string();
        let server = Server::start(move |seen| {
            let own = format!("http://{}", seen.field("host").unwrap());
            let document = json!({
                "issuer": format!("{own}{ending}"),
                "jwks_uri": format!("{own}/jwks"),
                "token_endpoint": format!("{own}/token"),
            });
            let reply = match seen.path() {
                "/.well-known/openid-configuration" => Reply::ok().saying(&document.to_string()),
                "/jwks" => Reply::ok().saying(&jwks),
                _ => Reply::new(404),
            };
            assert!(seen.field("authorization").is_none(), "a token came along");
            reply.with("Date", &http_date(clock))
        });
        Issuer { server }
    }

    pub(crate) fn name(&self) -> String {
        format!("http://{}", self.server.address)
    }

    /// The claims of a good token for `orders`.
    pub(crate) fn claims(&self) -> Value {
        json!({
            "iss": self.name(), "sub": "alice", "aud": "orders", "scope": "read",
            "iat": NOW_UNIX_SECS - 60, "exp": NOW_UNIX_SECS + 3000
        })
    }
}

/// How an API tells what it has against a token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Words {
    /// In a sentence, as a common verifier does.
    Told,
    /// `invalid_token`, and no more.
    Coded,
    /// The same bare 401 to everybody.
    Bare,
}

/// An API that takes tokens.
pub(crate) struct Api {
    pub(crate) keys: KeySet,
    pub(crate) algorithms: Vec<Algorithm>,
    pub(crate) issuer: String,
    pub(crate) audience: &'static str,
    pub(crate) clock: i64,
    pub(crate) words: Words,
}

impl Api {
    pub(crate) fn trusting(issuer: &Issuer, key: &SigningKey) -> Api {
        Api {
            keys: key.key_set().unwrap(),
            algorithms: vec![key.algorithm()],
            issuer: issuer.name(),
            audience: "orders",
            clock: NOW_UNIX_SECS,
            words: Words::Told,
        }
    }

    pub(crate) fn saying(mut self, words: Words) -> Api {
        self.words = words;
        self
    }

    pub(crate) fn start(self) -> Server {
        let api = Arc::new(self);
        Server::start(move |seen| api.answer(seen).with("Date", &http_date(api.clock)))
    }

    fn answer(&self, seen: &Seen) -> Reply {
        let refused = |words: &str| {
            let challenge = match (self.words, words) {
                (Words::Bare, _) | (_, "") => "Bearer realm=\"orders\"".to_owned(),
                (Words::Coded, _) => "Bearer realm=\"orders\", error=\"invalid_token\"".to_owned(),
                (Words::Told, words) => format!(
                    "Bearer realm=\"orders\", error=\"invalid_token\", error_description=\"{words}\""
                ),
            };
            Reply::new(401).with("WWW-Authenticate", &challenge)
        };
        let token = seen
            .field("authorization")
            .and_then(|value| value.strip_prefix("Bearer "));
        let Some(token) = token else {
            return refused("");
        };
        let Ok(jwt) = Jwt::parse(token.as_bytes()) else {
            return refused("jwt malformed");
        };
        let verified = match jwt.verify(&self.keys, &self.algorithms) {
            Ok(verified) => verified,
            Err(TokenRefusal::KeyUnknown) => return refused("no matching key found"),
            Err(TokenRefusal::AlgorithmNotAllowed) => return refused("invalid algorithm"),
            Err(_) => return refused("invalid signature"),
        };
        match self.check(verified.claims()) {
            Ok(()) => Reply::ok(),
            Err(TokenRefusal::Expired { .. }) => refused("jwt expired"),
            Err(TokenRefusal::NotYetValid { .. }) => refused("jwt not active"),
            Err(TokenRefusal::IssuerMismatch) => {
                refused(&format!("jwt issuer invalid. expected: {}", self.issuer))
            }
            Err(TokenRefusal::AudienceMismatch | TokenRefusal::IdToken) => refused(&format!(
                "jwt audience invalid. expected: {}",
                self.audience
            )),
            Err(_) => refused("invalid token"),
        }
    }

    fn check(&self, claims: &Claims) -> Result<(), TokenRefusal> {
        let typ = claims.typ().map(str::to_owned);
        claims.check(
            &Expectations {
                issuer: &self.issuer,
                audiences: &[self.audience.to_owned()],
                types: &typ.into_iter().collect::<Vec<_>>(),
                untyped: true,
                leeway_secs: 5,
                lifetime_secs_max: None,
                required_claims: &[],
            },
            self.clock,
        )
    }
}
