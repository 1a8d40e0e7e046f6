//! Tokens that their issuer is asked about (RFC 7662): opaque ones, and JWTs of an issuer that is configured so.
//!
//! Knows: whom to ask, and what is demanded of the answer. Does not know how an issuer is asked, nor how long an answer
//! is kept.

use std::sync::Arc;

use countersign_cause::Cause;
use countersign_jose::{
    Claims, Confirmation, Expectations, Introspection, IntrospectionExpectations, TokenDefect,
};
use countersign_wire::{Presented, Scheme, bearer};

use super::{audiences_of, leeway_secs_of, refuse};
use crate::refusal::Refusal;
use crate::rules::IssuerRules;
use crate::step::{Line, Step};
use crate::trail::Note;
use crate::verified::TokenBounds;

/// The answer to [`WantIntrospection`].
#[derive(Debug, Clone)]
pub enum IntrospectionAnswer {
    /// The issuer has answered.
    Answered {
        /// What it says of the token.
        said: Arc<Introspection>,
        /// Until when that may be believed, in Unix seconds.
        until_unix_secs: i64,
    },
    /// The issuer does not answer.
    Unavailable,
    /// It answers, and not with what is due; what exactly, without anything of the token.
    Unusable(&'static str),
    /// Too many are being asked about already.
    QueueFull {
        /// When it is worth trying again, in seconds.
        retry_after_secs: u32,
    },
}

/// Goes on with a token that cannot be read as a JWT: it is opaque to everybody but its issuer, if there is one to ask.
pub(super) fn begin<'c, 'r>(
    mut line: Line<'c, 'r>,
    token: bearer::Token<'r>,
    defect: TokenDefect,
) -> Step<'c, 'r> {
    let asked = line.route.issuers.iter().copied().find_map(|index| {
        let issuer = line.rules.issuers.get(index)?;
        issuer.introspection.map(|_| (index, issuer))
    });
    match asked {
        Some((index, issuer)) if is_opaque(token.raw(), defect) => {
            line.trail.add(Note::Asked(index));
            ask(line, token, issuer, index)
        }
        Some(_) | None => refuse(line, defect.cause(), defect.detail()),
    }
}

/// Whether a text is nothing that could be read here. A JWT that was cut or spoilt is a JWT all the same: every one
/// begins with `{"` in base64, and its issuer would only say that it does not know it.
fn is_opaque(token: &[u8], defect: TokenDefect) -> bool {
    match defect {
        TokenDefect::Opaque | TokenDefect::Encrypted => true,
        TokenDefect::Parts | TokenDefect::Base64 | TokenDefect::Header => {
            !token.starts_with(b"eyJ")
        }
        TokenDefect::TooLong
        | TokenDefect::JsonSerialization
        | TokenDefect::KidTooLong
        | TokenDefect::AlgorithmNone
        | TokenDefect::AlgorithmUnknown
        | TokenDefect::Critical
        | TokenDefect::UnencodedPayload
        | TokenDefect::Claims
        | TokenDefect::Claim(_) => false,
    }
}

pub(super) fn ask<'c, 'r>(
    line: Line<'c, 'r>,
    token: bearer::Token<'r>,
    issuer: &'c IssuerRules,
    index: usize,
) -> Step<'c, 'r> {
    Step::Introspect(WantIntrospection {
        line,
        token,
        issuer,
        index,
    })
}

/// The question what the issuer says of a token.
pub struct WantIntrospection<'c, 'r> {
    line: Line<'c, 'r>,
    token: bearer::Token<'r>,
    issuer: &'c IssuerRules,
    index: usize,
}

impl<'c, 'r> WantIntrospection<'c, 'r> {
    /// The issuer, as an index into [`crate::Rules::issuers`].
    #[must_use]
    pub const fn issuer(&self) -> usize {
        self.index
    }

    /// The token. Secret: it goes to its issuer, and a cache keeps only a MAC of it.
    #[must_use]
    pub const fn token(&self) -> &'r [u8] {
        self.token.raw()
    }

    /// Goes on with what the issuer says.
    #[must_use]
    pub fn answer(self, answer: IntrospectionAnswer) -> Step<'c, 'r> {
        let Self {
            mut line,
            token,
            issuer,
            index,
        } = self;
        match answer {
            IntrospectionAnswer::Answered {
                said,
                until_unix_secs,
            } => match &*said {
                Introspection::Inactive => refuse(
                    line,
                    Cause::TokenInactive,
                    "the issuer says that the token is not active",
                ),
                Introspection::Active(claims) => match check(claims, issuer, &line) {
                    Err((cause, detail)) => refuse(line, cause, detail),
                    Ok(confirmation) => {
                        let bounds = TokenBounds {
                            confirmation,
                            ..bounds(claims, issuer, index)
                        };
                        let place = Presented::Bearer(token).place();
                        let claims = claims.clone();
                        super::accept_bounded(line, claims, issuer, bounds, place, until_unix_secs)
                    }
                },
            },
            IntrospectionAnswer::Unavailable => {
                line.trail.add(Note::Unanswered("the issuer"));
                let detail = "the token's issuer has to be asked about it, and does not answer";
                let scheme = line.token_scheme();
                line.refuse(Cause::IdentityBackendDown, Some(scheme), detail)
            }
            IntrospectionAnswer::Unusable(detail) => {
                line.trail.add(Note::Token(detail));
                let scheme = line.token_scheme();
                line.refuse(Cause::IntrospectionFailed, Some(scheme), detail)
            }
            IntrospectionAnswer::QueueFull { retry_after_secs } => {
                let detail = "too many tokens are being asked about";
                line.trail.add(Note::Token(detail));
                let cause = Cause::IntrospectionLimit;
                let scheme = line.token_scheme();
                let refusal = Refusal {
                    retry_after_secs: Some(retry_after_secs),
                    ..line.refusal(cause, Some(scheme), detail)
                };
                Step::refused(refusal, None)
            }
        }
    }
}

fn check(
    claims: &Claims,
    issuer: &IssuerRules,
    line: &Line<'_, '_>,
) -> Result<Option<Confirmation>, (Cause, &'static str)> {
    let confirmation = Confirmation::of(claims)
        .map_err(|_| (Cause::SenderConstraintFailed, super::UNCONFIRMABLE))?;
    // RFC 9449 section 6.2: what is bound to a key has the type of that scheme. By which scheme it came is looked at
    // afterwards.
    let by_key = confirmation.is_some_and(|bound| bound.key.is_some());
    let token_type = if by_key { Scheme::Dpop } else { Scheme::Bearer };
    let expected = IntrospectionExpectations {
        common: Expectations {
            issuer: &issuer.issuer,
            audiences: audiences_of(line.route, issuer),
            types: &issuer.types,
            untyped: issuer.untyped,
            leeway_secs: leeway_secs_of(line.route, issuer),
            lifetime_secs_max: issuer.lifetime_secs_max,
            required_claims: &issuer.required_claims,
        },
        token_type: token_type.word(),
        audience_optional: audience_optional(issuer),
    };
    claims
        .check_introspected(&expected, line.now_unix_secs)
        .map_err(|refusal| (refusal.cause(), refusal.detail()))?;
    Ok(confirmation)
}

fn audience_optional(issuer: &IssuerRules) -> bool {
    let rules = issuer.introspection;
    rules.is_some_and(|rules| rules.audience_optional)
}

fn bounds(claims: &Claims, issuer: &IssuerRules, index: usize) -> TokenBounds {
    let audiences: Vec<String> = claims.audiences().map(Into::into).collect();
    let unnamed = audiences.is_empty() && audience_optional(issuer);
    TokenBounds {
        confirmation: None,
        issuer: index,
        audiences: (!unnamed).then_some(audiences),
        not_before_unix_secs: claims.not_before_unix_secs(),
        expires_unix_secs: claims.expires_unix_secs(),
    }
}
