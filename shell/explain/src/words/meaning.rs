//! What a refusal means that no phrase was written for: of what it speaks, and what it says of that.
//!
//! Knows: that `session` and `expired` in one sentence are a session that has run out, in any language that the lexicon
//! has. Does not know languages; the words come as concepts, see `lexicon`.

mod lexicon;

use std::collections::BTreeSet;

use countersign_cause::Cause;

use crate::case::Case;
use crate::credential::Carrier;
use crate::finding::{Finding, Weight};
use crate::words::conditions::{Asked, has_shape_of_jwt};
use crate::words::quote;
use crate::words::said::{Said, Sentence};
use lexicon::{Concept, Concepts};

/// What could not be read of the lexicon.
pub(super) fn faults() -> &'static [String] {
    lexicon::faults()
}

/// Whether a sentence says, in whatever language, that something is missing, and not that it is wrong.
pub(super) fn misses(sentence: &Sentence<'_>) -> bool {
    lexicon::says(sentence, Concept::Missing) && !lexicon::says(sentence, Concept::Wrong)
}

/// Whether one of the sentences says something of credentials, of whom they are, or of what they are good for.
pub(super) fn speak_of_credentials(sentences: &[Sentence<'_>]) -> bool {
    let subjects = [
        Concept::Session,
        Concept::Token,
        Concept::Key,
        Concept::Password,
        Concept::Account,
        Concept::Login,
        Concept::Code,
        Concept::Right,
    ];
    let mut each = lexicon::concepts(sentences).into_iter();
    each.any(|said| has(&said, &subjects) && said.iter().any(|concept| concept.is_said()))
}

/// What the sentences of an answer mean.
pub(super) fn read(
    case: &Case,
    said: &Said,
    asked: &Asked<'_>,
    sentences: &[Sentence<'_>],
) -> Vec<Finding> {
    let about = About::of(asked, said.status);
    let each = lexicon::concepts(sentences);
    let mut findings = Vec::new();
    for (concepts, sentence) in each.iter().zip(sentences) {
        // What would be so is not said to be so.
        if concepts.contains(&Concept::If) {
            continue;
        }
        let Some((cause, weight, what)) = about.meaning(concepts) else {
            continue;
        };
        let weight = match concepts.contains(&Concept::Or) {
            true => weight.min(Weight::Slight),
            false => weight,
        };
        let quote = quote::of(case, asked, sentence.text);
        let evidence = format!("the server says that {what}{quote}");
        findings.push(Finding::new(cause, weight, evidence));
    }
    if findings.is_empty() {
        findings.extend(across(&about, &each));
    }
    findings
}

/// What no sentence says alone: `That is the identifier of a key. Send the secret.`
fn across(about: &About, each: &[Concepts]) -> Option<Finding> {
    let together: Concepts = each.iter().flatten().copied().collect();
    let names_a_secret = has(&together, &[Concept::Password, Concept::Key]);
    (about.has_credentials && together.contains(&Concept::Identifier) && names_a_secret).then(
        || {
            let evidence =
                "the server speaks of an identifier, and of the secret that belongs to it";
            Finding::new(Cause::SecretIdSent, Weight::Strong, evidence)
        },
    )
}

/// What was asked, as far as it gives the words another meaning.
struct About {
    status: u16,
    has_credentials: bool,
    has_cookie: bool,
    has_token: bool,
    has_jwt: bool,
    has_pair: bool,
    has_origin: bool,
}

type Meaning = (Cause, Weight, &'static str);

impl About {
    fn of(asked: &Asked<'_>, status: u16) -> About {
        let any = |fits: &dyn Fn(&crate::credential::Credential) -> bool| {
            asked.credentials.iter().any(fits)
        };
        let has_field = |name: &str| {
            let request = asked.request;
            request.is_some_and(|request| request.fields.has(name))
        };
        About {
            status,
            has_credentials: asked.has_credentials(),
            has_cookie: any(&|credential| credential.carrier == Carrier::Cookie),
            has_token: any(&|credential| credential.is("bearer") || credential.is("token")),
            has_jwt: any(&|credential| has_shape_of_jwt(credential.secret.expose())),
            has_pair: any(&|credential| credential.is("basic") || credential.is("digest")),
            has_origin: has_field("origin") || has_field("referer"),
        }
    }

    /// What a sentence means that speaks of these; the more telling come first.
    fn meaning(&self, said: &Concepts) -> Option<Meaning> {
        self.of_states(said)
            .or_else(|| self.of_doors(said))
            .or_else(|| self.of_tokens(said))
            .or_else(|| self.of_wrong_ones(said))
            .or_else(|| self.of_nothing(said))
    }

    /// What has become of an account, a key, a session.
    fn of_states(&self, said: &Concepts) -> Option<Meaning> {
        use Concept as C;
        let is = |concept: C| said.contains(&concept);
        if is(C::Pending) && has(said, &[C::Key, C::Token]) && !is(C::Account) && !self.has_jwt {
            return strong(
                Cause::CredentialNotActiveYet,
                "a new key takes time to be known",
            );
        }
        if is(C::Elsewhere) && (is(C::Session) || is(C::Account) || is(C::Login)) {
            return strong(Cause::SessionRevoked, "the session was ended elsewhere");
        }
        if is(C::Locked) {
            return match has(said, &[C::Address]) && !is(C::Account) {
                true => strong(Cause::AddressNotAllowed, "the address is locked out"),
                false if has(said, &[C::Key, C::Token]) && !is(C::Account) => {
                    fair(Cause::CredentialRevoked, "the key is locked")
                }
                false if has(said, &[C::Account, C::Login, C::Attempt, C::Password]) => {
                    strong(Cause::AccountLocked, "the account is locked")
                }
                false => None,
            };
        }
        if is(C::Many) && (has(said, &[C::Attempt, C::Login]) || subjects(said) == 0) {
            return strong(Cause::RateLimited, "there were too many attempts");
        }
        if is(C::Retired) && has(said, &[C::Password, C::Login, C::Scheme]) {
            return match self.has_pair {
                true => strong(
                    Cause::PasswordLoginRetired,
                    "passwords are not taken here any more",
                ),
                false => strong(Cause::SchemeDisabled, "the scheme is not taken any more"),
            };
        }
        if is(C::Off) && has(said, &[C::Scheme, C::Login]) && !is(C::Account) {
            if self.has_pair && is(C::Password) {
                return fair(
                    Cause::PasswordLoginRetired,
                    "it takes no passwords of accounts",
                );
            }
            return strong(Cause::SchemeDisabled, "the scheme is switched off");
        }
        if is(C::Disabled) && has(said, &[C::Account, C::Login]) && !is(C::Scheme) {
            return strong(Cause::AccountDisabled, "the account is out of use");
        }
        if is(C::Revoked) || is(C::Disabled) {
            return self.revoked(said);
        }
        is(C::Expired).then(|| self.expired(said)).flatten()
    }

    fn revoked(&self, said: &Concepts) -> Option<Meaning> {
        use Concept as C;
        if has(said, &[C::Session]) && !has(said, &[C::Token, C::Key]) {
            strong(Cause::SessionRevoked, "the session was ended")
        } else if said.contains(&C::Token) {
            strong(Cause::TokenRevoked, "the token was taken back")
        } else if has(said, &[C::Key, C::Password]) {
            strong(Cause::CredentialRevoked, "the key was taken back")
        } else {
            None
        }
    }

    fn expired(&self, said: &Concepts) -> Option<Meaning> {
        use Concept as C;
        let lists = said.contains(&C::Wrong);
        let weight = match lists {
            // `ungültig oder abgelaufen` says neither.
            true => Weight::Fair,
            false => Weight::Strong,
        };
        let is_session = said.contains(&C::Session)
            && (self.has_cookie && !self.has_token || !has(said, &[C::Token, C::Key]));
        if is_session {
            Some((Cause::SessionExpired, weight, "the session has run out"))
        } else if said.contains(&C::Token) {
            Some((Cause::TokenExpired, weight, "the token has run out"))
        } else if has(said, &[C::Password, C::Key, C::Account]) {
            let what = "the password, key or account has run out";
            Some((Cause::CredentialExpired, weight, what))
        } else if self.has_token {
            fair(
                Cause::TokenExpired,
                "something has run out, and a token was sent",
            )
        } else if self.has_credentials {
            fair(
                Cause::CredentialExpired,
                "something has run out, and a password or key was sent",
            )
        } else if self.has_cookie {
            fair(
                Cause::SessionExpired,
                "something has run out, and a cookie was sent",
            )
        } else {
            None
        }
    }

    /// Who may come in, from where, and with what besides.
    fn of_doors(&self, said: &Concepts) -> Option<Meaning> {
        use Concept as C;
        let is = |concept: C| said.contains(&concept);
        if is(C::Directory) && is(C::Unreachable) {
            return strong(
                Cause::IdentityBackendDown,
                "what it asks about accounts or keys gives no answer",
            );
        }
        if is(C::Test) && is(C::Live) && self.has_credentials {
            return strong(
                Cause::EnvironmentMismatch,
                "what is for testing and what is in earnest were mixed up",
            );
        }
        if is(C::Place)
            && has(said, &[C::Other, C::Wrong])
            && has(said, &[C::Key, C::Token, C::Account, C::Login, C::Password])
            && self.has_credentials
        {
            return strong(
                Cause::EnvironmentMismatch,
                "the credential belongs to another region, tenant or environment",
            );
        }
        if is(C::Code) && has(said, &[C::Missing, C::Wrong, C::Expired]) {
            return strong(
                Cause::SecondFactorRequired,
                "a second factor or a one-time code is due",
            );
        }
        let closed = is(C::Forbidden) || is(C::Wrong);
        if is(C::Address) && closed && !has(said, &[C::Account, C::Password]) {
            return strong(Cause::AddressNotAllowed, "the address is not admitted");
        }
        if is(C::Origin) && closed && self.has_origin {
            return strong(Cause::OriginNotAllowed, "the calling page is not admitted");
        }
        if !self.has_credentials && !self.has_cookie {
            return None;
        }
        if is(C::Right) && has(said, &[C::Missing, C::Forbidden]) && !has(said, &[C::Login]) {
            return Some(match self.status {
                401 => (
                    Cause::ForbiddenReportedAsUnauthorized,
                    Weight::Fair,
                    "a right is lacking, for which 403 is meant",
                ),
                _ => (
                    Cause::ScopeInsufficient,
                    Weight::Strong,
                    "a right is lacking",
                ),
            });
        }
        None
    }

    /// What was amiss with a token.
    fn of_tokens(&self, said: &Concepts) -> Option<Meaning> {
        use Concept as C;
        if !said.contains(&C::Wrong) || !self.has_jwt {
            return None;
        }
        let is = |concept: C| said.contains(&concept);
        if is(C::Audience) {
            strong(
                Cause::AudienceMismatch,
                "the token was made for another audience",
            )
        } else if is(C::Issuer) {
            strong(Cause::IssuerMismatch, "the token is of another issuer")
        } else if is(C::Signature) {
            strong(
                Cause::SignatureInvalid,
                "the signature of the token is not right",
            )
        } else {
            None
        }
    }

    /// What is known to nobody.
    fn of_wrong_ones(&self, said: &Concepts) -> Option<Meaning> {
        use Concept as C;
        if !said.contains(&C::Wrong) {
            return None;
        }
        if said.contains(&C::Session) && self.has_cookie && !self.has_token {
            return strong(Cause::SessionUnknown, "it knows no such session");
        }
        let of_a_secret = has(said, &[C::Password, C::Key, C::Account, C::Token, C::Login]);
        // A signed token is judged by what is in it.
        (of_a_secret && self.has_credentials && !self.has_jwt).then_some((
            Cause::CredentialsRejected,
            Weight::Fair,
            "the credentials are wrong",
        ))
    }

    /// What is due and was not sent.
    fn of_nothing(&self, said: &Concepts) -> Option<Meaning> {
        use Concept as C;
        let due = said.contains(&C::Missing) && has(said, &[C::Login, C::Token, C::Key]);
        (due && !self.has_credentials && !self.has_cookie).then_some((
            Cause::CredentialsMissing,
            Weight::Fair,
            "credentials are due, and none were sent",
        ))
    }
}

fn has(said: &BTreeSet<Concept>, any: &[Concept]) -> bool {
    any.iter().any(|concept| said.contains(concept))
}

/// Of how many things a sentence speaks.
fn subjects(said: &Concepts) -> usize {
    let all = [
        Concept::Session,
        Concept::Token,
        Concept::Key,
        Concept::Password,
        Concept::Account,
        Concept::Address,
        Concept::Right,
    ];
    all.iter().filter(|concept| said.contains(concept)).count()
}

const fn strong(cause: Cause, what: &'static str) -> Option<Meaning> {
    Some((cause, Weight::Strong, what))
}

const fn fair(cause: Cause, what: &'static str) -> Option<Meaning> {
    Some((cause, Weight::Fair, what))
}

#[cfg(test)]
mod tests;
