//! Tokens, as Bearer (RFC 6750) and DPoP (RFC 9449) carry them, of the issuers that the route takes: JWTs (RFC 7519, 8725, 9068), and those that their
//! issuer is asked about (see `introspection`).
//!
//! Knows: which issuer a token names, and what is demanded of that issuer's tokens. Does not know where keys come
//! from, how a signature is checked, nor whether whoever shows a token has what it is bound to.

pub(crate) mod introspection;

use std::sync::Arc;

use countersign_cause::Cause;
use countersign_jose::{Claims, Confirmation, Expectations, Jwt, KeySet, TokenRefusal, Unverified};
use countersign_policy::{Identity, SignIn, Source};
use countersign_wire::{Place, Presented, bearer};

use super::bounds::{audiences_of, leeway_secs_of};
use crate::brake;
use crate::rules::IssuerRules;
use crate::step::{Line, Step};
use crate::trail::Note;
use crate::verified::{Bounds, TokenBounds};

/// The answer to [`WantKeys`].
#[derive(Debug, Clone)]
pub enum KeysAnswer {
    /// The issuer's keys as they are known; they need not have the key asked for.
    Keys {
        /// The keys.
        keys: Arc<KeySet>,
        /// How far the issuer's clock is ahead of ours, in seconds, where that is known.
        issuer_ahead_secs: Option<i64>,
    },
    /// The issuer does not answer, and no keys of its are known.
    Unavailable,
}

pub(crate) fn begin<'c, 'r>(mut line: Line<'c, 'r>, token: bearer::Token<'r>) -> Step<'c, 'r> {
    let jwt = match Jwt::parse(token.raw()) {
        Ok(jwt) => jwt,
        Err(defect) => return introspection::begin(line, token, defect),
    };
    let named = line.route.issuers.iter().copied().find_map(|index| {
        line.rules
            .issuers
            .get(index)
            .filter(|issuer| jwt.is_issued_by(&issuer.issuer))
            .map(|issuer| (index, issuer))
    });
    let Some((index, issuer)) = named else {
        return refuse(
            line,
            Cause::IssuerMismatch,
            "`iss` is none of the issuers that this route takes",
        );
    };
    line.trail.add(Note::Issuer(index));
    if issuer.introspection.is_some_and(|asked| asked.of_jwts) {
        return introspection::ask(line, token, issuer, index);
    }
    let place = Presented::Bearer(token).place();
    Step::Keys(WantKeys {
        line,
        jwt,
        issuer,
        index,
        place,
    })
}

/// RFC 7800 section 3.1: taken all the same, it would be good in the hands of whoever has copied it.
const UNCONFIRMABLE: &str = "the token is bound by `cnf` to something that cannot be shown here";

fn refuse<'c, 'r>(mut line: Line<'c, 'r>, cause: Cause, detail: &'static str) -> Step<'c, 'r> {
    line.trail.add(Note::Token(detail));
    if is_forgery(cause) {
        let scheme = line.token_scheme();
        return brake::fail(line, cause, scheme, detail, None);
    }
    let scheme = line.token_scheme();
    line.refuse(cause, Some(scheme), detail)
}

/// Whether a token claims a signature that it does not have. What is merely out of its time or place, or signed with a
/// key that is not known yet, is an honest client's mistake, which a whole office can make at once.
const fn is_forgery(cause: Cause) -> bool {
    matches!(cause, Cause::SignatureInvalid | Cause::AlgorithmNotAllowed)
}

/// The question for the keys of an issuer.
pub struct WantKeys<'c, 'r> {
    line: Line<'c, 'r>,
    jwt: Unverified<Jwt<'r>>,
    issuer: &'c IssuerRules,
    index: usize,
    place: Place<'r>,
}

impl<'c, 'r> WantKeys<'c, 'r> {
    /// The issuer, as an index into [`crate::Rules::issuers`].
    #[must_use]
    pub const fn issuer(&self) -> usize {
        self.index
    }

    /// The key id that the token names; not verified, good only for looking whether there is such a key.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.jwt.kid()
    }

    /// Goes on with the keys.
    #[must_use]
    pub fn answer(self, answer: KeysAnswer) -> Step<'c, 'r> {
        let Self {
            mut line,
            jwt,
            issuer,
            index,
            place,
        } = self;
        let (keys, issuer_ahead_secs) = match answer {
            KeysAnswer::Keys {
                keys,
                issuer_ahead_secs,
            } => (keys, issuer_ahead_secs),
            KeysAnswer::Unavailable => {
                line.trail.add(Note::Unanswered("the issuer"));
                let detail = "the keys of the token's issuer are not known, and it does not answer";
                let scheme = line.token_scheme();
                return line.refuse(Cause::IdentityBackendDown, Some(scheme), detail);
            }
        };
        match check(jwt, &keys, issuer, &line) {
            Ok(claims) => accept(line, claims, issuer, index, place),
            Err(refusal) => {
                let leeway_secs = i64::from(leeway_secs_of(line.route, issuer));
                let (cause, detail) = blame_the_clock(refusal, leeway_secs, issuer_ahead_secs);
                refuse(line, cause, detail)
            }
        }
    }
}

fn check(
    jwt: Unverified<Jwt<'_>>,
    keys: &KeySet,
    issuer: &IssuerRules,
    line: &Line<'_, '_>,
) -> Result<Claims, TokenRefusal> {
    let verified = jwt.verify(keys, &issuer.algorithms)?;
    let expectations = Expectations {
        issuer: &issuer.issuer,
        audiences: audiences_of(line.route, issuer),
        types: &issuer.types,
        untyped: issuer.untyped,
        leeway_secs: leeway_secs_of(line.route, issuer),
        lifetime_secs_max: issuer.lifetime_secs_max,
        required_claims: &issuer.required_claims,
    };
    verified.claims().check(&expectations, line.now_unix_secs)?;
    Ok(verified.into_claims())
}

/// Where the issuer's clock is known to differ from ours by more than the leeway, a time that does not fit is the
/// clock's fault rather than the token's.
fn blame_the_clock(
    refusal: TokenRefusal,
    leeway: i64,
    issuer_ahead_secs: Option<i64>,
) -> (Cause, &'static str) {
    let cause = refusal.cause();
    let ahead = issuer_ahead_secs.unwrap_or(0);
    if cause == Cause::TokenNotYetValid && ahead > leeway {
        return (
            Cause::ClockSkew,
            "the token begins in the future, and the issuer's clock is ahead of this gateway's",
        );
    }
    if cause == Cause::TokenExpired && ahead < leeway.saturating_neg() {
        return (
            Cause::ClockSkew,
            "the token is past its end, and the issuer's clock is behind this gateway's",
        );
    }
    (cause, refusal.detail())
}

fn accept<'c, 'r>(
    line: Line<'c, 'r>,
    claims: Claims,
    issuer: &IssuerRules,
    index: usize,
    place: Place<'_>,
) -> Step<'c, 'r> {
    if claims.expires_unix_secs().is_none() {
        return refuse(line, Cause::ClaimMissing, "the token has no `exp`");
    }
    let Ok(confirmation) = Confirmation::of(&claims) else {
        return refuse(line, Cause::SenderConstraintFailed, UNCONFIRMABLE);
    };
    let bounds = TokenBounds {
        confirmation,
        issuer: index,
        audiences: Some(claims.audiences().map(Into::into).collect()),
        not_before_unix_secs: claims.not_before_unix_secs(),
        expires_unix_secs: claims.expires_unix_secs(),
    };
    accept_bounded(line, claims, issuer, bounds, place, i64::MAX)
}

/// The last step of both kinds of tokens. `until_unix_secs` is how long what was found out may be believed.
fn accept_bounded<'c, 'r>(
    line: Line<'c, 'r>,
    claims: Claims,
    issuer: &IssuerRules,
    bounds: TokenBounds,
    place: Place<'_>,
    until_unix_secs: i64,
) -> Step<'c, 'r> {
    let Some(identity) = identity(claims, issuer) else {
        let detail = "the claim that names the subject is not there";
        return refuse(line, Cause::ClaimMissing, detail);
    };
    let scheme = line.token_scheme();
    super::accept_until(
        line,
        identity,
        scheme,
        Bounds::Token(bounds),
        place,
        until_unix_secs,
    )
}

fn identity(claims: Claims, issuer: &IssuerRules) -> Option<Identity> {
    let subject: Box<str> = claims.text(&issuer.subject_claim)?.into();
    let mut identity = Identity::new(
        &subject,
        Source::Token {
            issuer: issuer.issuer.clone(),
        },
    );
    identity.scopes = claims
        .scopes(&issuer.scope_claims)
        .into_iter()
        .map(Into::into)
        .collect();
    identity.groups = claims
        .list(&issuer.groups_claim)
        .into_iter()
        .map(Into::into)
        .collect();
    // RFC 9470 section 6: the same claims in a token and in what an issuer says of one.
    identity.sign_in = SignIn {
        at_unix_secs: claims.signed_in_unix_secs(),
        acr: claims.text("acr").map(Into::into),
        amr: claims.list("amr").into_iter().map(Into::into).collect(),
    };
    identity.claims = claims.into_members();
    Some(identity)
}
