//! Tokens for callers of tests, signed with keys that were made for the run.
//!
//! Knows: what an issuer's rules ask of its tokens. Does not know whether a route takes them.

use std::cell::RefCell;
use std::rc::Rc;

use countersign_config::policy_tests::Caller;
use countersign_flow::{DpopRules, IssuerRules};
use countersign_jose::{Algorithm, Introspection, KeySet, ProofClaims, SigningError, SigningKey};
use countersign_secret::Secret;
use serde_json::{Map, Value, json};

use crate::failure::{Failure, because};
use crate::policy::bench::NOW_UNIX_SECS;
use crate::random;

/// The longest that a token of a test lives, where the issuer's rules do not ask for less.
const LIFETIME_SECS: i64 = 300;
/// Who signs where the configuration has no issuer.
const NOBODY: &str = "https://issuer.invalid";

/// The keys of a run, one an algorithm: an RSA key takes long to find.
#[derive(Default)]
pub(crate) struct Keyring(RefCell<Vec<Rc<SigningKey>>>);

/// A token, and how it is verified.
pub(super) struct Signed {
    pub(super) token: String,
    /// The keys that its signature is of.
    pub(super) keys: KeySet,
    /// What an issuer says of it that is asked instead.
    pub(super) said: Introspection,
}

/// A token for this caller, bound to the key of its holder where there is one.
pub(super) fn sign(
    caller: &Caller,
    issuer: Option<&IssuerRules>,
    audiences: Option<&[String]>,
    keyring: &Keyring,
    holder: Option<&SigningKey>,
) -> Result<Signed, Failure> {
    let failed = |error: SigningError| because("no token can be made")(&error.detail());
    let key = keyring.key(algorithm(issuer)).map_err(failed)?;
    let mut claims = claims(caller, issuer, audiences);
    if let Some(key) = holder.and_then(SigningKey::public_key) {
        let bound = json!({ "jkt": key.thumbprint().as_str() });
        claims.entry("cnf").or_insert(bound);
    }
    let said = said(&claims)?;
    let claims = Value::Object(claims);
    let claims =
        serde_json::to_vec(&claims).map_err(|error| because("no token can be made")(&error))?;
    let header = typ(issuer).map(|typ| ("typ".to_owned(), Value::from(typ)));
    let random = aws_lc_rs::rand::SystemRandom::new();
    let token = key
        .sign(header.into_iter().collect(), &claims, &random)
        .map_err(failed)?;
    Ok(Signed {
        token,
        keys: key.key_set().map_err(failed)?,
        said,
    })
}

/// A proof of a holder's key.
pub(super) fn prove(holder: &SigningKey, claims: &ProofClaims<'_>) -> Result<String, Failure> {
    let random = aws_lc_rs::rand::SystemRandom::new();
    let failed = |error: SigningError| because("no proof can be made")(&error.detail());
    holder.prove(claims, &random).map_err(failed)
}

/// RFC 7662 section 2.2: the same claims, and that the token is active.
fn said(claims: &Map<String, Value>) -> Result<Introspection, Failure> {
    let failed = |detail: &str| because("no answer about a token can be made")(&detail);
    let mut members = claims.clone();
    members.insert("active".into(), json!(true));
    let body = serde_json::to_vec(&members).map_err(|_| failed("it is no JSON"))?;
    Introspection::parse(&body).map_err(|defect| failed(defect.detail()))
}

/// One that the issuer signs with, and that is quickly done.
fn algorithm(issuer: Option<&IssuerRules>) -> Algorithm {
    quickest(issuer.map_or(&[][..], |issuer| &issuer.algorithms))
}

fn quickest(taken: &[Algorithm]) -> Algorithm {
    let quick = [Algorithm::Es256, Algorithm::EdDsa];
    let found = quick.into_iter().find(|quick| taken.contains(quick));
    found
        .or_else(|| taken.first().copied())
        .unwrap_or(Algorithm::Es256)
}

fn typ(issuer: Option<&IssuerRules>) -> Option<&str> {
    let types = &issuer?.types;
    let access_token = types.iter().find(|typ| *typ == "at+jwt");
    access_token.or(types.first()).map(String::as_str)
}

fn claims(
    caller: &Caller,
    issuer: Option<&IssuerRules>,
    audiences: Option<&[String]>,
) -> Map<String, Value> {
    let mut claims = Map::new();
    let identifier = issuer.map_or(NOBODY, |issuer| &issuer.issuer);
    let audience = audiences
        .or(issuer.map(|issuer| &*issuer.audiences))
        .and_then(<[String]>::first);
    let lifetime_secs = issuer
        .and_then(|issuer| issuer.lifetime_secs_max)
        .map_or(LIFETIME_SECS, |max| LIFETIME_SECS.min(max.into()));
    claims.insert("iss".into(), json!(identifier));
    claims.insert("aud".into(), json!(audience));
    claims.insert("iat".into(), json!(NOW_UNIX_SECS));
    claims.insert("exp".into(), json!(NOW_UNIX_SECS + lifetime_secs));
    let subject = issuer.map_or("sub", |issuer| &issuer.subject_claim);
    claims.insert(subject.to_owned(), json!(caller.user));
    if !caller.groups.is_empty() {
        let groups = issuer.map_or("groups", |issuer| &issuer.groups_claim);
        claims.insert(groups.to_owned(), json!(caller.groups));
    }
    if !caller.scopes.is_empty() {
        let scopes = issuer
            .and_then(|issuer| issuer.scope_claims.first())
            .map_or("scope", |name| name);
        claims.insert(scopes.to_owned(), json!(caller.scopes.join(" ")));
    }
    if let Some(secs) = caller.sign_in_age_secs {
        let at_unix_secs = NOW_UNIX_SECS.saturating_sub(secs);
        claims.insert("auth_time".into(), json!(at_unix_secs));
    }
    if let Some(acr) = &caller.acr {
        claims.insert("acr".into(), json!(acr));
    }
    if !caller.amr.is_empty() {
        claims.insert("amr".into(), json!(caller.amr));
    }
    claims.extend(caller.claims.clone());
    claims
}

impl Keyring {
    /// The key that proofs are signed with, of a kind that is taken.
    pub(super) fn holder(&self, rules: &DpopRules) -> Result<Rc<SigningKey>, Failure> {
        let failed = |error: SigningError| because("no proof can be made")(&error.detail());
        self.key(quickest(&rules.algorithms)).map_err(failed)
    }

    fn key(&self, algorithm: Algorithm) -> Result<Rc<SigningKey>, SigningError> {
        let mut keys = self.0.borrow_mut();
        if let Some(key) = keys.iter().find(|key| key.algorithm() == algorithm) {
            return Ok(Rc::clone(key));
        }
        let key = if algorithm.is_symmetric() {
            let secret = random::bytes::<64>().map_err(|_| SigningError::Failed)?;
            SigningKey::shared_secret(Secret::new(secret.expose().to_vec()), algorithm)?
        } else {
            let random = aws_lc_rs::rand::SystemRandom::new();
            SigningKey::generate(algorithm, &random)?
        };
        let key = Rc::new(key.with_kid("test"));
        keys.push(Rc::clone(&key));
        Ok(key)
    }
}
