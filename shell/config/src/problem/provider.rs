//! Problems with providers that people sign in through.
//!
//! Knows wording only.

/// What is wrong with a provider. Strings are what the user wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are what the message quotes")]
pub enum ProviderProblem {
    /// No address that the provider could send browsers back to.
    PublicUrlMissing,
    /// `public_url` without TLS.
    PublicUrlClear { value: String },
    /// No route that a session would be good for.
    NoSessions,
    /// Two providers with the same `iss`.
    IssuerTwice { value: String },
    /// An `http` URL of the provider.
    Clear { value: String },
    /// No secret, and not said that there is none.
    SecretMissing { authentication: &'static str },
    /// A secret that is not sent.
    SecretUnused,
    /// A secret that no client could have.
    Secret { value: String },
    /// `scopes` without `openid`.
    OpenidMissing,
    /// A scope with a space or another character that none has.
    Scope { value: String },
    /// An algorithm that cannot be taken.
    Algorithm { value: String },
    /// Linking by a claim that people may be able to change.
    LinkByName { claim: String },
    /// Making users by a claim that people may be able to change.
    CreateByName { claim: String },
    /// People sign in at a host that no provider sends them back to.
    SignInElsewhere { value: String },
    /// Groups are asked for, and no claim has them.
    GroupsUnnamed,
    /// Not a domain.
    Domain { value: String },
    /// Password sign-in is off, and there is no other.
    NoWayIn,
}

impl ProviderProblem {
    pub(super) fn words(&self) -> (String, String) {
        match self {
            Self::PublicUrlMissing => (
                "a provider has to know one address that it sends browsers back to".into(),
                "set `public_url` of `[server]` to the address that browsers show, and register `<public_url>/.countersign/sign-in/provider/NAME/callback` at the provider".into(),
            ),
            Self::PublicUrlClear { value } => (
                format!("the provider would send browsers back to `{value}`, without TLS"),
                "write an https address in `public_url`: whoever sits on the way gets the code, and the cookie is not kept".into(),
            ),
            Self::NoSessions => (
                "nobody can sign in: no route accepts `session`".into(),
                "add `session` to `accept` of a route, or leave the provider out".into(),
            ),
            Self::IssuerTwice { value } => (
                format!("`{value}` is the issuer of two providers"),
                "make one section of them: who signs in is known by issuer and `sub`".into(),
            ),
            Self::Clear { value } => (
                format!("the provider `{value}` would be reached without TLS"),
                "write `https://`, or set `allow_http = true` where nobody can sit on the way".into(),
            ),
            Self::SecretMissing { authentication } => (
                format!("`authentication = \"{authentication}\"` needs a secret"),
                "name its file in `secret_file`, or write `authentication = \"none\"` for a public client".into(),
            ),
            Self::SecretUnused => (
                "`secret_file` has no effect with `authentication = \"none\"`".into(),
                "leave it out".into(),
            ),
            Self::Secret { value } => (
                format!("`{value}` holds no secret that a client can have: it is empty, or not of visible ASCII"),
                "put the secret alone into the file, as the provider shows it".into(),
            ),
            Self::OpenidMissing => (
                "without the scope `openid` the provider vouches for nobody".into(),
                "add `openid` to `scopes`".into(),
            ),
            Self::Scope { value } => (
                format!("`{value}` is not a scope"),
                "write each scope as a string of its own, of visible ASCII without quotes and backslashes".into(),
            ),
            Self::Algorithm { value } => (
                format!("`{value}` is not an algorithm that ID tokens are taken with here"),
                "write some of `RS256`, `RS384`, `RS512`, `PS256`, `PS384`, `PS512`, `ES256`, `ES384`, `ES512`, `EdDSA`".into(),
            ),
            Self::LinkByName { claim } => (
                format!("whoever can have the provider say another `{claim}` can become any user here at the first sign-in"),
                "leave it so only where people cannot choose that claim themselves; `countersign user link` links them one by one".into(),
            ),
            Self::CreateByName { claim } => (
                format!("whoever can have the provider say another `{claim}` chooses the name of the user that is made"),
                "see that no `allow` of a route names a user who is not there yet, or let people not choose that claim themselves".into(),
            ),
            Self::SignInElsewhere { value } => (
                format!("people sign in at `{value}` alone, and providers send them back to `public_url`: no page would have a button"),
                "write the same host in `sign_in_origin` and `public_url`".into(),
            ),
            Self::GroupsUnnamed => (
                "`allowed_groups` can never be met: no claim names groups".into(),
                "name the claim in `groups_claim`".into(),
            ),
            Self::Domain { value } => (
                format!("`{value}` is not a domain"),
                "write it as it stands behind the `@`, as in `example.com`".into(),
            ),
            Self::NoWayIn => (
                "`password = false`, and there is no other way to sign in".into(),
                "add a `[provider.NAME]` or `[session.passkeys]`, or leave it out".into(),
            ),
        }
    }
}
