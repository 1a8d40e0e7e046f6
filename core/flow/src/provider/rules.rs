//! The rules of one provider.
//!
//! Knows: what a checked configuration says. Does not know secrets or files.

use countersign_jose::Algorithm;

/// A provider that people can sign in through, and what is demanded of them.
#[derive(Debug, Clone)]
pub struct ProviderRules {
    /// The name in the configuration: part of the redirect URI, and in logs.
    pub name: Box<str>,
    /// What the button says.
    pub label: Box<str>,
    /// The value that `iss` must have, to the letter.
    pub issuer: Box<str>,
    /// Under which the provider knows this gateway.
    pub client_id: Box<str>,
    /// The scopes that are asked for, separated by spaces.
    pub scope: Box<str>,
    /// What ID tokens may be signed with.
    pub algorithms: Vec<Algorithm>,
    /// Tolerance for clocks, in seconds.
    pub leeway_secs: u32,
    /// The claim that names a user here, at the first sign-in.
    pub username_claim: Box<str>,
    /// What becomes of somebody who signs in for the first time.
    pub first_sign_in: FirstSignIn,
    /// The claim that names the groups of a session; `None`: the groups are those of the user here.
    pub groups_claim: Option<Box<str>>,
    /// One of these groups has to be named by the provider; empty: anybody may sign in.
    pub allowed_groups: Vec<Box<str>>,
    /// The domain of a verified e-mail address has to be one of these, in lower case; empty: any.
    pub allowed_email_domains: Vec<Box<str>>,
    /// Values of `acr` that count as a second factor.
    pub second_factor_acr: Vec<Box<str>>,
    /// Values in `amr` that count as a second factor.
    pub second_factor_amr: Vec<Box<str>>,
    /// Whether people who have signed out here are shown the way to sign out there.
    pub sign_out: bool,
}

/// What becomes of somebody whom no user here is linked with yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstSignIn {
    /// An operator has to link them.
    Refuse,
    /// They are linked with the user of that name, where there is one.
    Link,
    /// A user of that name is made, where there is none.
    Create,
    /// Either, whichever fits.
    LinkOrCreate,
}

impl FirstSignIn {
    /// Whether a user that is there is linked.
    #[must_use]
    pub const fn links(self) -> bool {
        matches!(self, Self::Link | Self::LinkOrCreate)
    }

    /// Whether a user that is not there is made.
    #[must_use]
    pub const fn creates(self) -> bool {
        matches!(self, Self::Create | Self::LinkOrCreate)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn rules() -> ProviderRules {
        ProviderRules {
            name: "corp".into(),
            label: "Corp".into(),
            issuer: "https://id.example.com".into(),
            client_id: "gateway".into(),
            scope: "openid email".into(),
            algorithms: vec![Algorithm::EdDsa],
            leeway_secs: 30,
            username_claim: "preferred_username".into(),
            first_sign_in: FirstSignIn::Refuse,
            groups_claim: None,
            allowed_groups: Vec::new(),
            allowed_email_domains: Vec::new(),
            second_factor_acr: Vec::new(),
            second_factor_amr: Vec::new(),
            sign_out: true,
        }
    }
}
