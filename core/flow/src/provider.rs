//! Sign-in through another OpenID provider: what is asked of it, and what its answers come to (OpenID Connect Core 1.0,
//! RFC 6749, RFC 7636, RFC 9207).
//!
//! Knows: messages, and the rules of one provider. Does not know the network, which the shell drives, nor the store: which
//! user a person is, the shell asks there.

mod authorization;
mod callback;
mod flight;
mod metadata;
mod person;
mod rules;
mod sign_in_time;
mod sign_out;
mod token;

use std::borrow::Cow;

use countersign_cause::Cause;

pub use authorization::authorization_address;
pub use callback::{Callback, read_callback};
pub use flight::{Flight, FlightKey, SealedFlight};
pub use metadata::Metadata;
pub use person::{Person, read_person};
pub use rules::{FirstSignIn, ProviderRules};
pub use sign_out::sign_out_address;
pub use token::{ClientSecret, TokenAnswer, read_token_answer, token_authorization, token_form};

/// Why a sign-in through a provider comes to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What the page and the log name.
    pub cause: Cause,
    /// What exactly was found, for the log: no secret, no code, no claim.
    pub detail: Cow<'static, str>,
}

impl Fault {
    /// A fault of this cause.
    pub fn new(cause: Cause, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            cause,
            detail: detail.into(),
        }
    }

    /// The provider answers, and not with what is due.
    pub(crate) fn answer(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Cause::ProviderAnswerInvalid, detail)
    }
}
