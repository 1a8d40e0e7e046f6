//! Good credentials for a caller of a test, and what the store or the issuer would say of them.
//!
//! Knows: how each kind of credentials is made, with the client halves of the schemes. Does not know what is demanded.

mod token;

pub(super) use token::Keyring;

use std::sync::Arc;

use countersign_config::policy_tests::{Caller, PolicyTest, Shown};
use countersign_flow::{
    Account, AccountAnswer, CertificateName, CertificateNames, CertificateStanding,
    ClientCertificate, DigestAccount, DigestAnswer, DigestName, KeyAnswer, KeyRecord, Outcome,
    RouteRules, SessionAnswer, SessionRecord, respond,
};
use countersign_jose::{Introspection, KeySet, ProofClaims};
use countersign_policy::{Host, Target};
use countersign_secret::Secret;
use countersign_secret::api_key::{ApiKey, KeyDigest, KeyId};
use countersign_secret::password::{self, PasswordHash};
use countersign_secret::session::{SessionDigest, SessionId, SessionSecret};
use countersign_wire::basic::client::{self as basic, Charset::Utf8 as Unicode};
use countersign_wire::digest::client::{self as digest, Login};
use countersign_wire::digest::{Algorithm, Charset, SecretHash, Target as Covered, user_hash};
use countersign_wire::{bearer, challenge, dpop};
use http::header::{AUTHORIZATION, COOKIE, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue};

use super::bench::{Bench, NOW_UNIX_SECS};
use crate::failure::{Failure, because};
use crate::random;

/// What the client sends, and what is known of it.
pub(super) struct Credentials {
    pub(super) shown: Shown,
    /// The field that they stand in; `None` where the client is never asked for them.
    pub(super) field: Option<(HeaderName, HeaderValue)>,
    /// The proof that goes with it.
    pub(super) proof: Option<HeaderValue>,
    pub(super) made: Made,
}

/// What the store and the issuers know of the caller.
pub(super) struct Made {
    caller: Caller,
    kind: Kind,
}

enum Kind {
    Password(PasswordHash),
    Proof {
        password: Secret<String>,
    },
    Key {
        id: KeyId,
        digest: KeyDigest,
    },
    Token {
        issuer: usize,
        keys: Arc<KeySet>,
        /// What the issuer says of it, where it is asked.
        said: Arc<Introspection>,
    },
    Session {
        id: SessionId,
        digest: SessionDigest,
    },
    /// Nothing was sent: no question is about this caller.
    Unused,
    /// It is shown in the handshake, and no question is about it.
    Certificate(Box<ClientCertificate>),
}

impl Credentials {
    pub(super) fn make(caller: &Caller, test: &PolicyTest, bench: &Bench) -> Result<Self, Failure> {
        let route = route_of(test, bench);
        let shown = choose(caller, route);
        let mut proof = None;
        let (field, kind) = match shown {
            Shown::Basic => basic_field(caller, bench)?,
            Shown::Bearer => token_field(caller, route, bench)?,
            Shown::Dpop => {
                let (sent, proved) = proved_field(caller, test, route, bench)?;
                proof = Some(proved);
                sent
            }
            Shown::Certificate => (None, certificate(caller, bench)),
            Shown::Digest => digest_field(caller, test, bench)?,
            Shown::ApiKey => key_field(bench)?,
            Shown::Session => session_field(bench)?,
        };
        Ok(Self {
            shown,
            field,
            proof,
            made: Made {
                caller: caller.clone(),
                kind,
            },
        })
    }
}

type Sent = (Option<(HeaderName, HeaderValue)>, Kind);

/// The route that the request belongs to, as far as there is one.
fn route_of<'b>(test: &PolicyTest, bench: &'b Bench) -> Option<&'b RouteRules> {
    let host = Host::parse(test.authority.as_bytes()).ok()?;
    let target = Target::parse(&test.path_and_query).ok()?;
    let index = bench.rules.routes.find(&host, &target, &test.method)?;
    bench.rules.route_rules.get(index)
}

/// The kind that is named, or else the first that the route accepts and that can say all of this.
fn choose(caller: &Caller, route: Option<&RouteRules>) -> Shown {
    if let Some(shown) = caller.scheme {
        return shown;
    }
    let accepts = |shown: &Shown| {
        route.is_some_and(|route| match shown {
            Shown::Basic => route.accept.basic,
            Shown::Bearer => route.accept.bearer,
            Shown::Digest => route.accept.digest,
            Shown::ApiKey => route.accept.api_key,
            Shown::Dpop => route.accept.dpop,
            Shown::Session => route.accept.session,
            Shown::Certificate => route.accept.certificate,
        })
    };
    let accepted = caller.possible().find(accepts);
    accepted
        .or_else(|| caller.possible().next())
        .unwrap_or(Shown::Basic)
}

/// A password that nobody has thought of.
fn password() -> Result<Secret<String>, Failure> {
    let bytes = random::bytes::<16>()?;
    let hex = bytes.expose().iter().map(|byte| format!("{byte:02x}"));
    Ok(Secret::new(hex.collect()))
}

fn sensitive(value: &Secret<String>) -> Result<HeaderValue, Failure> {
    let mut value = HeaderValue::from_bytes(value.expose().as_bytes())
        .map_err(|_| Failure::new("the credentials of a test cannot stand in a header"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn basic_field(caller: &Caller, bench: &Bench) -> Result<Sent, Failure> {
    let password = password()?;
    let value = basic::authorization(&caller.user, password.expose(), Unicode)
        .map_err(|defect| because("the credentials of a test cannot be written")(&defect))?;
    let salt = random::bytes::<16>()?;
    let cost = &bench.rules.password_cost;
    let hash = password::hash(password.expose().as_bytes(), salt.expose(), cost)
        .map_err(|defect| because("no hash can be made")(&defect))?;
    Ok((
        Some((AUTHORIZATION, sensitive(&value)?)),
        Kind::Password(hash),
    ))
}

fn key_field(bench: &Bench) -> Result<Sent, Failure> {
    let key = ApiKey::mint(random::bytes::<40>()?.expose());
    let (name, value) = match &bench.rules.api_key.header {
        Some(name) => (name.clone(), Secret::new(key.expose().to_owned())),
        None => {
            let value = Secret::new(format!("Bearer {}", key.expose()));
            (AUTHORIZATION, value)
        }
    };
    let kind = Kind::Key {
        id: key.id().clone(),
        digest: key.digest(),
    };
    Ok((Some((name, sensitive(&value)?)), kind))
}

fn token_field(
    caller: &Caller,
    route: Option<&RouteRules>,
    bench: &Bench,
) -> Result<Sent, Failure> {
    let taken = route.and_then(|route| route.issuers.first().copied());
    let index = caller.issuer.or(taken).unwrap_or_default();
    let issuer = bench.rules.issuers.get(index);
    let audiences = route.and_then(|route| route.audiences.as_deref());
    let token::Signed { token, keys, said } =
        token::sign(caller, issuer, audiences, &bench.keyring, None)?;
    let value = bearer::client::authorization(&token)
        .ok_or_else(|| Failure::new("the token of a test cannot be written"))?;
    let kind = Kind::Token {
        issuer: index,
        keys: Arc::new(keys),
        said: Arc::new(said),
    };
    Ok((Some((AUTHORIZATION, sensitive(&value)?)), kind))
}

/// A token that is bound to a key, and the proof of that key for this request.
fn proved_field(
    caller: &Caller,
    test: &PolicyTest,
    route: Option<&RouteRules>,
    bench: &Bench,
) -> Result<(Sent, HeaderValue), Failure> {
    let taken = route.and_then(|route| route.issuers.first().copied());
    let index = caller.issuer.or(taken).unwrap_or_default();
    let issuer = bench.rules.issuers.get(index);
    let audiences = route.and_then(|route| route.audiences.as_deref());
    let holder = bench.keyring.holder(&bench.rules.dpop)?;
    let token::Signed { token, keys, said } =
        token::sign(caller, issuer, audiences, &bench.keyring, Some(&holder))?;
    let value = dpop::client::authorization(&token)
        .ok_or_else(|| Failure::new("the token of a test cannot be written"))?;
    let kind = Kind::Token {
        issuer: index,
        keys: Arc::new(keys),
        said: Arc::new(said),
    };
    let rules = &bench.rules;
    let nonce = rules
        .dpop
        .nonce
        .then(|| bench.nonces.issue_for_proof(&rules.realm, NOW_UNIX_SECS));
    let id = password()?;
    let claims = ProofClaims {
        id: id.expose(),
        method: test.method.as_str(),
        target: &bench.address(test),
        issued_unix_secs: NOW_UNIX_SECS,
        token: Some(&token),
        nonce: nonce.as_deref(),
    };
    let proof = token::prove(&holder, &claims)?;
    let proof = HeaderValue::try_from(proof)
        .map_err(|_| Failure::new("the proof of a test cannot stand in a header"))?;
    Ok(((Some((AUTHORIZATION, sensitive(&value)?)), kind), proof))
}

/// A certificate that one of the authorities stands behind, with the caller's name in the place that counts.
fn certificate(caller: &Caller, bench: &Bench) -> Kind {
    let mut names = CertificateNames::default();
    let place = match bench.rules.certificate.user {
        CertificateName::Common => &mut names.common,
        CertificateName::Dns => &mut names.dns,
        CertificateName::Uri => &mut names.uri,
        CertificateName::Email => &mut names.email,
    };
    place.push(caller.user.clone());
    Kind::Certificate(Box::new(ClientCertificate {
        thumbprint: [0; 32],
        standing: CertificateStanding::Vouched,
        names,
        not_before_unix_secs: NOW_UNIX_SECS,
        not_after_unix_secs: NOW_UNIX_SECS,
    }))
}

/// The cookie of a session that the caller has begun.
fn session_field(bench: &Bench) -> Result<Sent, Failure> {
    let secret = SessionSecret::mint(random::bytes::<32>()?.expose());
    let Some(rules) = &bench.rules.session else {
        return Ok((None, Kind::Unused));
    };
    let cookie = &rules.cookie;
    let value = Secret::new(format!("{cookie}={}", secret.expose()));
    let kind = Kind::Session {
        id: SessionId::mint(random::bytes()?.expose()),
        digest: secret.digest(),
    };
    Ok((Some((COOKIE, sensitive(&value)?)), kind))
}

/// A client of Digest answers a challenge: the one that the request gets without credentials.
fn digest_field(caller: &Caller, test: &PolicyTest, bench: &Bench) -> Result<Sent, Failure> {
    let Outcome::Refusal(refusal) = bench.decide(test, &test.fields, None)? else {
        return Ok((None, Kind::Unused));
    };
    let answer = respond(&refusal, &bench.asked(test, &test.fields));
    let lines = answer.headers.get_all(WWW_AUTHENTICATE);
    let parsed = challenge::parse(lines.iter().map(HeaderValue::as_bytes));
    let Some(asked) = digest::choose(&parsed.challenges) else {
        return Ok((None, Kind::Unused));
    };
    let password = password()?;
    let login = Login {
        user: &caller.user,
        password: password.expose(),
    };
    let target = Covered {
        method: test.method.as_str(),
        uri: &test.path_and_query,
        body: Some(b""),
    };
    let cnonce = self::password()?;
    let value = digest::authorization(&asked, &login, &target, cnonce.expose(), 1);
    let field = (AUTHORIZATION, sensitive(&value)?);
    Ok((Some(field), Kind::Proof { password }))
}

/// What the session was begun by.
const fn method(caller: &Caller) -> &'static str {
    if caller.second_factor {
        "password, totp"
    } else {
        "password"
    }
}

impl Made {
    /// What the client has shown in the handshake.
    pub(super) fn certificate(&self) -> Option<&ClientCertificate> {
        match &self.kind {
            Kind::Certificate(certificate) => Some(certificate),
            Kind::Password(_)
            | Kind::Proof { .. }
            | Kind::Key { .. }
            | Kind::Token { .. }
            | Kind::Session { .. }
            | Kind::Unused => None,
        }
    }

    pub(super) fn account(&self, name: &str) -> Option<AccountAnswer> {
        let Kind::Password(hash) = &self.kind else {
            return None;
        };
        let caller = &self.caller;
        (*caller.user == *name).then(|| {
            AccountAnswer::Known(Box::new(Account {
                id: 1,
                name: caller.user.clone(),
                hash: hash.clone(),
                disabled: false,
                groups: caller.groups.clone(),
                second_factor: false,
            }))
        })
    }

    pub(super) fn digest(
        &self,
        name: DigestName<'_>,
        realm: &str,
        algorithm: Algorithm,
    ) -> Option<DigestAnswer> {
        let Kind::Proof { password } = &self.kind else {
            return None;
        };
        let user = &*self.caller.user;
        let charset = Charset::Utf8;
        let is_meant = match name {
            DigestName::Plain(name) => *user == *name,
            DigestName::Hashed(hash) => user_hash(algorithm, charset, user, realm) == hash,
        };
        is_meant.then(|| {
            let secret =
                SecretHash::of_password(algorithm, charset, user, realm, password.expose());
            DigestAnswer::Known(Box::new(DigestAccount {
                name: user.into(),
                secret,
                disabled: false,
                groups: self.caller.groups.clone(),
                second_factor: false,
            }))
        })
    }

    pub(super) fn key(&self, asked: &KeyId) -> Option<KeyAnswer> {
        let Kind::Key { id, digest } = &self.kind else {
            return None;
        };
        let caller = &self.caller;
        (id == asked).then(|| {
            KeyAnswer::Known(Box::new(KeyRecord {
                digest: digest.clone(),
                owner: caller.user.clone(),
                owner_disabled: false,
                groups: caller.groups.clone(),
                scopes: caller.scopes.clone(),
                own: false,
                expires_unix_secs: None,
                revoked_unix_secs: None,
                networks: caller.networks.clone(),
            }))
        })
    }

    pub(super) fn keys(&self, asked: usize) -> Option<&Arc<KeySet>> {
        match &self.kind {
            Kind::Token { issuer, keys, .. } => (*issuer == asked).then_some(keys),
            Kind::Password(_)
            | Kind::Proof { .. }
            | Kind::Key { .. }
            | Kind::Session { .. }
            | Kind::Certificate(_)
            | Kind::Unused => None,
        }
    }

    pub(super) fn said(&self, asked: usize) -> Option<&Arc<Introspection>> {
        match &self.kind {
            Kind::Token { issuer, said, .. } => (*issuer == asked).then_some(said),
            Kind::Password(_)
            | Kind::Proof { .. }
            | Kind::Key { .. }
            | Kind::Session { .. }
            | Kind::Certificate(_)
            | Kind::Unused => None,
        }
    }

    pub(super) fn session(&self, asked: &SessionDigest) -> Option<SessionAnswer> {
        let Kind::Session { id, digest } = &self.kind else {
            return None;
        };
        (digest == asked).then(|| {
            SessionAnswer::Known(Box::new(SessionRecord {
                id: id.clone(),
                user: self.caller.user.clone(),
                user_disabled: false,
                groups: self.caller.groups.clone(),
                method: method(&self.caller).into(),
                signed_in_unix_secs: None,
                created_unix_secs: NOW_UNIX_SECS
                    .saturating_sub(self.caller.sign_in_age_secs.unwrap_or(0)),
                used_unix_secs: NOW_UNIX_SECS,
                idle_secs: i64::from(u32::MAX),
                expires_unix_secs: i64::MAX,
                ended: false,
                second_factor: self.caller.second_factor,
            }))
        })
    }
}
