//! Digest (RFC 7616): the proof of a password that is not sent.
//!
//! Knows: what is offered, the nonces that were issued here, and the secret that the store answers with. Does not know
//! where secrets and counts are kept. An unknown user is computed with as a known one is, and refused with the same
//! cause. Nothing of this is remembered by the bytes presented, since no two requests present the same.

mod count;
mod nonce;
mod proof;
mod uri;

use countersign_cause::Cause;
use countersign_policy::{Identity, Source};
use countersign_wire::digest::server::{Credentials, Presented};
use countersign_wire::digest::{Algorithm, Qop, SecretHash, Target};
use countersign_wire::{Place, Scheme};

pub use count::{CountAnswer, CountWindow};
pub use nonce::{Nonce, NonceId, Nonces};
pub(crate) use proof::Proof;

use crate::brake::{self, Braking};
use crate::rules::DigestRules;
use crate::step::{Line, Step};
use crate::trail::Note;
use crate::verified::Bounds;

/// By how much a nonce may come from the future: clocks of instances that share a key differ.
const AHEAD_SECS_MAX: i64 = 60;

/// A user who may show a password by Digest.
pub struct DigestAccount {
    /// The name, as stored.
    pub name: Box<str>,
    /// The secret for this realm and algorithm.
    pub secret: SecretHash,
    /// Whether the account may not sign in.
    pub disabled: bool,
    /// The user's groups.
    pub groups: Vec<Box<str>>,
    /// Whether a second factor has to follow the password.
    pub second_factor: bool,
}

/// The answer to [`WantSecret`].
pub enum DigestAnswer {
    /// There is such a user, and Digest is switched on for this realm and algorithm.
    Known(Box<DigestAccount>),
    /// There is none, or not for Digest.
    Unknown,
    /// The store could not be asked.
    Unavailable,
}

/// How a user is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestName<'a> {
    /// By name, NFC-normalised.
    Plain(&'a str),
    /// By the hash of name and realm, RFC 7616 section 3.4.4, in lower-case digits.
    Hashed(&'a str),
}

/// What is known of a request while it is proved.
struct Proving<'c, 'r> {
    line: Line<'c, 'r>,
    credentials: Credentials,
    /// The credentials as presented: what stands for a guess where attempts are counted.
    raw: &'r [u8],
    algorithm: Algorithm,
    qop: Qop,
    nc: u32,
}

pub(crate) fn begin<'c, 'r>(line: Line<'c, 'r>, presented: Presented<'r>) -> Step<'c, 'r> {
    let raw = presented.raw();
    let credentials = presented.into_credentials();
    match check(&line, &credentials) {
        Ok((algorithm, qop, nc)) => Step::Nonces(WantNonces {
            proving: Proving {
                line,
                credentials,
                raw,
                algorithm,
                qop,
                nc,
            },
        }),
        Err((cause, detail)) => refuse(line, cause, detail),
    }
}

/// What can be said of credentials without any secret.
fn check(
    line: &Line<'_, '_>,
    credentials: &Credentials,
) -> Result<(Algorithm, Qop, u32), (Cause, &'static str)> {
    let rules = &line.rules.digest;
    let algorithm = offered_algorithm(rules, credentials)?;
    let (qop, nc) = offered_qop(rules, credentials)?;
    if credentials.realm() != &*line.rules.realm {
        return Err((
            Cause::CredentialsRejected,
            "they are for another realm than this one",
        ));
    }
    if credentials.is_user_hash() && !rules.userhash {
        return Err((
            Cause::CredentialsRejected,
            "the user name is hashed, which is not offered here",
        ));
    }
    // RFC 7616 section 3.4.6: a server should answer 400, as it may be an attack.
    if !uri::is_asked_for(credentials.uri(), &line.request, &rules.path_prefix) {
        return Err((
            Cause::DigestUriMismatch,
            "`uri` names another address than this request",
        ));
    }
    Ok((algorithm, qop, nc))
}

fn offered_algorithm(
    rules: &DigestRules,
    credentials: &Credentials,
) -> Result<Algorithm, (Cause, &'static str)> {
    // RFC 7616 section 3.4: absent, it is MD5.
    let algorithm = credentials
        .algorithm()
        .filter(|algorithm| rules.algorithms.contains(algorithm));
    algorithm.ok_or((
        Cause::DigestAlgorithmUnsupported,
        match credentials.algorithm_word() {
            Some(_) => "`algorithm` names none that is offered here",
            None => "without `algorithm` it is MD5, which is not offered here",
        },
    ))
}

fn offered_qop(
    rules: &DigestRules,
    credentials: &Credentials,
) -> Result<(Qop, u32), (Cause, &'static str)> {
    let unsupported = |detail| (Cause::DigestQopUnsupported, detail);
    let Some(word) = credentials.qop_word() else {
        return Err(unsupported("`qop` is missing"));
    };
    let Some(qop) = credentials.qop().filter(|qop| rules.qop.contains(qop)) else {
        return Err(unsupported(if word.contains(',') {
            "`qop` is a list where one of it was to be chosen"
        } else {
            "`qop` names none that is offered here"
        }));
    };
    // RFC 7616 section 3.4: cnonce and nc MUST be there where qop is.
    if credentials.cnonce().is_none_or(str::is_empty) {
        return Err(unsupported("`cnonce` is missing"));
    }
    match (credentials.nc_word(), credentials.nc()) {
        (None, _) => Err(unsupported("`nc` is missing")),
        (Some(_), None) => Err(unsupported("`nc` is not eight hexadecimal digits")),
        // RFC 7616 section 3.4: the first request with a nonce has the count 1.
        (Some(_), Some(0)) => Err(unsupported("`nc` is zero, and counts begin at one")),
        (Some(_), Some(nc)) => Ok((qop, nc)),
    }
}

fn refuse<'c, 'r>(mut line: Line<'c, 'r>, cause: Cause, detail: &'static str) -> Step<'c, 'r> {
    line.trail.add(Note::Digest(detail));
    line.refuse(cause, Some(Scheme::Digest), detail)
}

/// Whether a request with this nonce may be let in.
#[derive(Clone, Copy)]
enum Standing {
    /// It may, if the count is new.
    Good { nonce: Nonce, ageing: bool },
    /// It may not, for this reason. The client is to go on with a new one.
    Stale(&'static str),
}

fn standing(nonce: Option<Nonce>, rules: &DigestRules, now_unix_secs: i64) -> Standing {
    let Some(nonce) = nonce else {
        return Standing::Stale("the nonce, or `opaque`, is none of ours");
    };
    let age_secs = now_unix_secs.saturating_sub(nonce.issued_unix_secs);
    if age_secs >= rules.nonce_secs {
        return Standing::Stale("the nonce is older than `nonce_secs`");
    }
    if age_secs < -AHEAD_SECS_MAX {
        return Standing::Stale("the nonce comes from the future");
    }
    // What another instance issued may have been used there: only that one can tell a replay.
    if !nonce.own && !rules.take_nonces_of_others {
        return Standing::Stale(
            "another instance has issued the nonce, or this one before it was started anew",
        );
    }
    Standing::Good {
        nonce,
        ageing: age_secs * 2 >= rules.nonce_secs,
    }
}

/// The question for the key that nonces are made with.
pub struct WantNonces<'c, 'r> {
    proving: Proving<'c, 'r>,
}

impl<'c, 'r> WantNonces<'c, 'r> {
    /// Goes on to the secret, also where the nonce is not good: only whoever knows the password is told so. `None`: there
    /// is no key.
    #[must_use]
    pub fn answer(self, nonces: Option<&Nonces>) -> Step<'c, 'r> {
        let Some(nonces) = nonces else {
            return unavailable(self.proving.line, "there is no key for nonces");
        };
        let Proving {
            line,
            credentials,
            algorithm,
            ..
        } = &self.proving;
        let (rules, realm) = (&line.rules.digest, &*line.rules.realm);
        // RFC 7616 section 3.4: opaque goes back unchanged. There are clients that leave it out.
        let as_sent = credentials
            .opaque()
            .is_none_or(|opaque| opaque == nonces.opaque(realm));
        let nonce = nonces.open(realm, credentials.nonce()).filter(|_| as_sent);
        let Some(decoy) = nonces.decoy(*algorithm, realm, credentials.user()) else {
            return unavailable(self.proving.line, "the algorithm has no decoy");
        };
        Step::Secret(WantSecret {
            standing: standing(nonce, rules, line.now_unix_secs),
            decoy,
            proving: self.proving,
        })
    }
}

/// The question for the secret of a user.
pub struct WantSecret<'c, 'r> {
    proving: Proving<'c, 'r>,
    standing: Standing,
    decoy: SecretHash,
}

impl<'c, 'r> WantSecret<'c, 'r> {
    /// How the user is named.
    #[must_use]
    pub fn name(&self) -> DigestName<'_> {
        let credentials = &self.proving.credentials;
        if credentials.is_user_hash() {
            DigestName::Hashed(credentials.user())
        } else {
            DigestName::Plain(credentials.user())
        }
    }

    /// The realm that the secret is for.
    #[must_use]
    pub fn realm(&self) -> &'c str {
        &self.proving.line.rules.realm
    }

    /// The algorithm that the secret is for.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.proving.algorithm
    }

    /// Goes on to the body, where that is covered, or to the count.
    #[must_use]
    pub fn answer(self, answer: DigestAnswer) -> Step<'c, 'r> {
        let Self {
            mut proving,
            standing,
            decoy,
        } = self;
        let account = match answer {
            DigestAnswer::Known(account) => Some(account),
            DigestAnswer::Unknown => {
                proving.line.trail.add(Note::DigestUnknown);
                None
            }
            DigestAnswer::Unavailable => {
                return unavailable(proving.line, "the store of users did not answer");
            }
        };
        let ready = Ready {
            proving,
            standing,
            decoy,
            account,
        };
        match ready.proving.qop {
            Qop::Auth => ready.prove(None),
            // Also where the nonce is not good: that is told to nobody but who knows the password, and the body is part of
            // the proof.
            Qop::AuthInt => Step::Body(WantBody { ready }),
        }
    }
}

fn unavailable<'c, 'r>(mut line: Line<'c, 'r>, detail: &'static str) -> Step<'c, 'r> {
    line.trail.add(Note::Unanswered("the store"));
    line.refuse(Cause::IdentityBackendDown, Some(Scheme::Digest), detail)
}

/// The question for the body of the request, which is to be kept for the upstream.
pub struct WantBody<'c, 'r> {
    ready: Ready<'c, 'r>,
}

/// The answer to [`WantBody`].
#[derive(Clone, Copy, Debug)]
pub enum BodyAnswer<'b> {
    /// The whole body.
    Whole(&'b [u8]),
    /// It is longer than [`WantBody::bytes_max`].
    TooLarge,
    /// It came too slowly.
    Stalled,
    /// It broke off, or is framed wrongly.
    Broken,
}

impl<'c, 'r> WantBody<'c, 'r> {
    /// How much of a body is kept.
    #[must_use]
    pub fn bytes_max(&self) -> usize {
        self.ready.proving.line.rules.digest.body_bytes_max
    }

    /// Goes on to the count.
    #[must_use]
    pub fn answer(self, answer: BodyAnswer<'_>) -> Step<'c, 'r> {
        let (cause, detail) = match answer {
            BodyAnswer::Whole(body) => return self.ready.prove(Some(body)),
            BodyAnswer::TooLarge => (
                Cause::BodyTooLarge,
                "more bytes than `auth_int_body_bytes_max`",
            ),
            BodyAnswer::Stalled => (
                Cause::BodyStalled,
                "nothing more of the body within `body_stall_secs`, or not all of it within `held_body_secs`",
            ),
            BodyAnswer::Broken => (
                Cause::RequestMalformed,
                "the body broke off, or is framed wrongly",
            ),
        };
        refuse(self.ready.proving.line, cause, detail)
    }

    /// Refuses, as there is no room to keep it.
    #[must_use]
    pub fn no_room(self) -> Step<'c, 'r> {
        let detail = "bodies with more bytes than `held_bodies_bytes_max` would be held";
        refuse(self.ready.proving.line, Cause::GatewayOverloaded, detail)
    }
}

/// Everything that the response is held against.
struct Ready<'c, 'r> {
    proving: Proving<'c, 'r>,
    standing: Standing,
    decoy: SecretHash,
    account: Option<Box<DigestAccount>>,
}

impl<'c, 'r> Ready<'c, 'r> {
    fn prove(self, body: Option<&[u8]>) -> Step<'c, 'r> {
        let Self {
            proving,
            standing,
            decoy,
            account,
        } = self;
        let secret = account.as_ref().map_or(&decoy, |account| &account.secret);
        let target = Target {
            method: proving.line.request.method.as_str(),
            uri: proving.credentials.uri(),
            body,
        };
        let fits =
            secret.algorithm() == proving.algorithm && proving.credentials.fits(secret, &target);
        let account = if fits { account } else { None };
        brake::begin_proved(Proved {
            proving,
            standing,
            // A decoy fits nothing; if it did, there would still be nobody to let in.
            account,
        })
    }
}

/// Credentials whose response was computed, whatever came of it. Only now is it known which secret was tried, so that
/// only now whoever counts attempts is asked. Where that one holds the attempt, the outcome is told to nobody.
pub(crate) struct Proved<'c, 'r> {
    proving: Proving<'c, 'r>,
    standing: Standing,
    /// Whose secret fits.
    account: Option<Box<DigestAccount>>,
}

impl<'c, 'r> Proved<'c, 'r> {
    pub(crate) const fn line(&self) -> &Line<'c, 'r> {
        &self.proving.line
    }

    /// The name as sent, or the hash of it.
    pub(crate) fn user(&self) -> &str {
        self.proving.credentials.user()
    }

    /// What was tried. Two requests present the same bytes never, so that a right response stands for the secret that it
    /// was made with; of a wrong one nothing but itself is known.
    pub(crate) fn tried(&self) -> &[u8] {
        match &self.account {
            Some(account) => account.secret.expose().as_bytes(),
            None => self.proving.raw,
        }
    }

    pub(crate) fn into_line(self) -> Line<'c, 'r> {
        self.proving.line
    }

    /// Goes on once the attempt may be looked at.
    pub(crate) fn conclude(self, braking: Braking) -> Step<'c, 'r> {
        let Self {
            mut proving,
            standing,
            account,
        } = self;
        proving.line.braking = braking;
        proving.line.trail.add(Note::Password(account.is_some()));
        let Some(account) = account else {
            return failed(proving.line, Cause::CredentialsRejected, "");
        };
        if account.disabled {
            proving.line.trail.add(Note::AccountDisabled);
            let detail = "the account is disabled";
            return failed(proving.line, Cause::AccountDisabled, detail);
        }
        if account.second_factor && !proving.line.rules.second_factor_waived {
            proving.line.trail.add(Note::SecondFactorDue);
            let detail = "the user has a second factor, which Digest cannot ask for";
            return failed(proving.line, Cause::SecondFactorRequired, detail);
        }
        match standing {
            // RFC 7616 section 3.3: stale only where nothing but the nonce is amiss.
            Standing::Stale(detail) => refuse(proving.line, Cause::DigestNonceStale, detail),
            Standing::Good { nonce, ageing } => Step::Count(WantCount {
                proving,
                account,
                nonce,
                ageing,
            }),
        }
    }
}

/// A proof that is wrong, or good for nobody: it counts as an attempt.
fn failed<'c, 'r>(line: Line<'c, 'r>, cause: Cause, detail: &'static str) -> Step<'c, 'r> {
    brake::fail(line, cause, Scheme::Digest, detail, None)
}

/// The question whether this count of this nonce was used before; with the answer it is.
pub struct WantCount<'c, 'r> {
    proving: Proving<'c, 'r>,
    account: Box<DigestAccount>,
    nonce: Nonce,
    ageing: bool,
}

impl<'c, 'r> WantCount<'c, 'r> {
    /// The nonce.
    #[must_use]
    pub const fn nonce(&self) -> &Nonce {
        &self.nonce
    }

    /// The count.
    #[must_use]
    pub const fn nc(&self) -> u32 {
        self.proving.nc
    }

    /// Goes on to the decision.
    #[must_use]
    pub fn answer(self, answer: CountAnswer) -> Step<'c, 'r> {
        let Self {
            mut proving,
            account,
            ageing,
            ..
        } = self;
        match answer {
            CountAnswer::First => {}
            CountAnswer::Used => {
                let detail = "`nc` was used before with this nonce";
                return refuse(proving.line, Cause::DigestNonceReplayed, detail);
            }
            CountAnswer::Forgotten => {
                let detail =
                    "more nonces are in use than `nonces_max`, and this one is among the oldest";
                return refuse(proving.line, Cause::DigestNonceStale, detail);
            }
        }
        let DigestAccount {
            name,
            secret,
            groups,
            ..
        } = *account;
        let Proving {
            credentials,
            qop,
            nc,
            ..
        } = &proving;
        proving.line.proof = Some(Box::new(Proof::new(
            credentials,
            &secret,
            *qop,
            *nc,
            ageing,
        )));
        let identity = Identity {
            groups,
            ..Identity::new(&name, Source::User)
        };
        let bounds = Bounds::Password;
        super::accept(
            proving.line,
            identity,
            Scheme::Digest,
            bounds,
            Place::Authorization,
        )
    }
}
