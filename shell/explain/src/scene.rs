//! What an inquiry works with: the case, the means to send, and the answers so far.
//!
//! Knows: the baseline of answers that every inquiry compares with. Does not know any inquiry.

use countersign_cause::Cause;

use crate::case::Case;
use crate::finding::Finding;
use crate::message::{Answer, Request};
use crate::probe::Prober;

/// The state of one investigation.
pub(crate) struct Scene<'c> {
    /// What is known of the request.
    pub(crate) case: &'c Case,
    /// Sends, within the limits of care.
    pub(crate) prober: Prober<'c>,
    /// The time, Unix seconds.
    pub(crate) now_unix_secs: i64,
    /// The answers that the inquiries compare with.
    pub(crate) baseline: Baseline,
    /// The changed requests that were tried, with their answers.
    pub(crate) tried: Vec<(Request, Answer)>,
    /// What was found so far.
    pub(crate) findings: Vec<Finding>,
    /// Names of the software and services that were recognised.
    pub(crate) recognised: Vec<String>,
    /// What could not be looked at, one sentence each.
    pub(crate) notes: Vec<String>,
    /// What only the server's owner can tell, where causes can't be told apart from outside.
    pub(crate) question: Option<String>,
}

/// The discriminating set: the same request with the given credentials, with none, and with made-up ones.
#[derive(Debug, Default)]
pub(crate) struct Baseline {
    /// The request as it is probed: the given one, or its safe stand-in (see `stands_in`).
    pub(crate) request: Option<Request>,
    /// Whether `request` has another method than the given one, since that one is not safe to send.
    pub(crate) stands_in: bool,
    /// The answer to the given credentials, redirects not followed. It is the recorded one where nothing was sent.
    pub(crate) given: Option<Answer>,
    /// The answer to no credentials at all.
    pub(crate) none: Option<Answer>,
    /// The answer to well-formed credentials of the same kind that nobody has.
    pub(crate) made_up: Option<Answer>,
    /// How each of the last two compares with the first.
    pub(crate) sees: Sees,
    /// Where a redirect led that was not followed to its end, and why not, in one sentence.
    pub(crate) unfollowed: Option<String>,
}

/// What the discriminating set says of how far the credentials got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sees {
    /// Not enough was sent to say.
    #[default]
    Unknown,
    /// The request carries no credentials.
    Nothing,
    /// Given, made-up and none are answered alike: whoever refuses does not read them, or does not let it show.
    Alike,
    /// None is answered otherwise than given and made-up, which are alike: they are read, and refused.
    Refuses,
    /// Made-up are answered otherwise than given and none, which are alike: well-formed credentials are read here, and
    /// the given ones are not.
    Overlooks,
    /// Given is answered otherwise than made-up: they are recognised, and still refused.
    Recognises,
    /// None is let through and given is not.
    PassesWithout,
    /// Given is let through.
    Passes,
}

impl Scene<'_> {
    /// Adds an observation.
    pub(crate) fn found(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// The refusal that is explained: the answer to the given request, or the recorded one.
    #[must_use]
    pub(crate) fn refusal(&self) -> Option<&Answer> {
        self.baseline.given.as_ref().or(self.case.answer.as_ref())
    }

    /// Whether the request is refused, as far as is known: an answer of 400 and above, one that says so under
    /// another status, or none that the client could read.
    #[must_use]
    pub(crate) fn is_refused(&self) -> bool {
        let refused =
            |answer: &Answer| answer.status >= 400 || answer.status == 0 || answer.refuses;
        self.refusal().is_some_and(refused)
    }

    /// Whether nobody is answered otherwise than by a fault of the server: then no form of a credential is.
    #[must_use]
    pub(crate) fn is_down(&self) -> bool {
        let is_fault = |answer: &Option<Answer>| {
            let answer = answer.as_ref();
            answer.is_some_and(|answer| matches!(answer.status, 500 | 502..=504))
        };
        self.baseline.sees == Sees::Alike
            && is_fault(&self.baseline.given)
            && is_fault(&self.baseline.none)
    }

    /// Another form of the case's request, with the method and body that are probed in place of its own.
    #[must_use]
    pub(crate) fn in_place_of(&self, request: &Request) -> Request {
        let Some(probed) = &self.baseline.request else {
            return request.clone();
        };
        let mut other = request.clone();
        other.method.clone_from(&probed.method);
        other.body.clone_from(&probed.body);
        other
    }

    /// Whether the server has said what is wrong in words that have nothing to do with where or how the credential is
    /// sent: then there is nothing to try.
    #[must_use]
    pub(crate) fn is_told(&self) -> bool {
        let is_settled = |finding: &Finding| {
            let cause = matches!(
                finding.cause,
                Cause::AddressNotAllowed
                    | Cause::RateLimited
                    | Cause::SchemeDisabled
                    | Cause::CompanionHeaderMissing
                    | Cause::OrganizationNotAuthorized
                    | Cause::AccountLocked
                    | Cause::AccountDisabled
                    | Cause::SecondFactorRequired
                    | Cause::PasswordLoginRetired
                    | Cause::CredentialExpired
                    | Cause::CredentialRevoked
                    | Cause::TokenExpired
                    | Cause::TokenRevoked
                    | Cause::CsrfFailed
                    | Cause::IdentityBackendDown
                    | Cause::VerifierMisconfigured
            );
            cause && finding.weight >= crate::Weight::Strong
        };
        self.findings.iter().any(is_settled)
    }

    /// Whether an experiment has already shown a cause.
    #[must_use]
    pub(crate) fn is_proven(&self) -> bool {
        let proof = |finding: &Finding| finding.weight == crate::Weight::Proof;
        self.findings.iter().any(proof)
    }
}
