//! The pages that the gateway serves itself: what each cause means, the metadata of protected resources, and
//! where people sign in and look after their sessions.
//!
//! Knows: which paths are the gateway's own. Does not know how a page looks. But for those of
//! a session, they are open to anyone and tell nothing that is not public.

use countersign_cause::Cause;
use countersign_wire::metadata::WELL_KNOWN;

use crate::rules::Rules;

/// Everything below this path is the gateway's own, on every host.
pub(crate) const PREFIX: &str = "/.countersign/";
/// The list of causes; the page of one of them is below it.
pub(crate) const CAUSES: &str = "/.countersign/causes/";

/// The keys that identity tokens are verified with.
const IDENTITY_KEYS: &str = "/.countersign/jwks.json";
/// Below it, each provider has its pages.
const PROVIDERS: &str = "/.countersign/sign-in/provider/";
const CALLBACK: &str = "/callback";

/// A page of the gateway itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OwnPage {
    /// The list of causes.
    Causes,
    /// What one cause means, and how to mend it.
    Cause(Cause),
    /// RFC 9728 section 3: the metadata of the resource whose well-known path has this suffix.
    ResourceMetadata {
        /// The path of the resource; empty for the whole origin.
        path: Box<str>,
    },
    /// The keys that identity tokens are verified with (RFC 7517 section 5). The shell serves it, since it has them.
    IdentityKeys,
    /// A page about the sessions of whoever asks. The shell serves it, since it takes a store.
    Session(SessionPage),
    /// A page on the way to a provider and back. The shell serves it, as it does those of sessions.
    Provider(ProviderPage),
    /// A path below the gateway's own prefix that names nothing.
    Nothing,
}

/// A page on the way to a provider and back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProviderPage {
    /// Index into `Rules::providers`.
    pub provider: usize,
    /// Which way.
    pub step: ProviderStep,
}

/// A step on the way to a provider and back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderStep {
    /// The browser is sent to the provider.
    Begin,
    /// It comes back: the redirect URI, of each provider another one.
    Callback,
}

impl ProviderStep {
    /// The path of the step for the provider of this name.
    #[must_use]
    pub fn path(self, provider: &str) -> String {
        match self {
            Self::Begin => [PROVIDERS, provider].concat(),
            Self::Callback => [PROVIDERS, provider, CALLBACK].concat(),
        }
    }
}

/// A page about the sessions of whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionPage {
    /// The form for signing in, and where it is posted to.
    SignIn,
    /// Where the code of a second factor is posted to.
    SecondFactor,
    /// Where the form for signing out is posted to; and where to go for it.
    SignOut,
    /// Where the form for signing out everywhere is posted to.
    SignOutEverywhere,
    /// The sessions of a user, and what can be done with them.
    Account,
    /// Where the form for ending one session is posted to.
    EndSession,
    /// Where the form for another password is posted to.
    Password,
    /// Where the form for setting a second factor up is posted to.
    Totp,
    /// Where the first code of a second factor is posted to.
    ConfirmTotp,
    /// Where the form for removing the second factor is posted to.
    RemoveTotp,
    /// Where the form for new recovery codes is posted to.
    RecoveryCodes,
    /// The form for signing in with a passkey alone, and where it is posted to.
    PasskeySignIn,
    /// Where a passkey that follows the password is posted to.
    PasskeySecondFactor,
    /// The script that asks the browser for a passkey.
    PasskeyScript,
    /// Where the form for another passkey is posted to.
    AddPasskey,
    /// Where the new passkey is posted to.
    ConfirmPasskey,
    /// Where the form for removing a passkey is posted to.
    RemovePasskey,
    /// Where the form for another API key is posted to, and answered with the key.
    AddKey,
    /// Where the form for revoking an API key is posted to.
    RevokeKey,
}

impl SessionPage {
    /// Every page.
    pub const ALL: [SessionPage; 19] = [
        SessionPage::SignIn,
        SessionPage::SecondFactor,
        SessionPage::SignOut,
        SessionPage::SignOutEverywhere,
        SessionPage::Account,
        SessionPage::EndSession,
        SessionPage::Password,
        SessionPage::Totp,
        SessionPage::ConfirmTotp,
        SessionPage::RemoveTotp,
        SessionPage::RecoveryCodes,
        SessionPage::PasskeySignIn,
        SessionPage::PasskeySecondFactor,
        SessionPage::PasskeyScript,
        SessionPage::AddPasskey,
        SessionPage::ConfirmPasskey,
        SessionPage::RemovePasskey,
        SessionPage::AddKey,
        SessionPage::RevokeKey,
    ];

    /// The path of the page.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::SignIn => "/.countersign/sign-in",
            Self::SecondFactor => "/.countersign/sign-in/code",
            Self::SignOut => "/.countersign/sign-out",
            Self::SignOutEverywhere => "/.countersign/sign-out-everywhere",
            Self::Account => "/.countersign/account",
            Self::EndSession => "/.countersign/account/end-session",
            Self::Password => "/.countersign/account/password",
            Self::Totp => "/.countersign/account/totp",
            Self::ConfirmTotp => "/.countersign/account/totp/confirm",
            Self::RemoveTotp => "/.countersign/account/totp/remove",
            Self::RecoveryCodes => "/.countersign/account/recovery-codes",
            Self::PasskeySignIn => "/.countersign/sign-in/passkey",
            Self::PasskeySecondFactor => "/.countersign/sign-in/code/passkey",
            Self::PasskeyScript => "/.countersign/passkey.js",
            Self::AddPasskey => "/.countersign/account/passkeys",
            Self::ConfirmPasskey => "/.countersign/account/passkeys/confirm",
            Self::RemovePasskey => "/.countersign/account/passkeys/remove",
            Self::AddKey => "/.countersign/account/keys",
            Self::RevokeKey => "/.countersign/account/keys/revoke",
        }
    }
}

/// The gateway's own page at a canonical path, if it is one.
pub(crate) fn find(rules: &Rules, path: &str) -> Option<OwnPage> {
    // One comparison for the common path, which begins with neither.
    if !path.starts_with("/.") {
        return None;
    }
    if let Some(suffix) = path.strip_prefix(WELL_KNOWN) {
        let is_ours = suffix.is_empty() || suffix.starts_with('/');
        return (is_ours && rules.route_rules.iter().any(|route| route.accept.tokens())).then(
            || OwnPage::ResourceMetadata {
                path: suffix.into(),
            },
        );
    }
    let id = path.strip_prefix(CAUSES);
    match id {
        Some("") => Some(OwnPage::Causes),
        Some(id) => Some(Cause::from_id(id).map_or(OwnPage::Nothing, OwnPage::Cause)),
        None if path == IDENTITY_KEYS && rules.identity_headers.token.is_some() => {
            Some(OwnPage::IdentityKeys)
        }
        None if path == CAUSES.trim_end_matches('/') => Some(OwnPage::Causes),
        None if rules.session.is_some()
            && let Some(page) = SessionPage::ALL
                .into_iter()
                .find(|page| page.path() == path) =>
        {
            Some(OwnPage::Session(page))
        }
        None if rules.session.is_some()
            && let Some(page) = find_provider(rules, path) =>
        {
            Some(OwnPage::Provider(page))
        }
        None => path.starts_with(PREFIX).then_some(OwnPage::Nothing),
    }
}

fn find_provider(rules: &Rules, path: &str) -> Option<ProviderPage> {
    let rest = path.strip_prefix(PROVIDERS)?;
    let (name, step) = match rest.strip_suffix(CALLBACK) {
        Some(name) => (name, ProviderStep::Callback),
        None => (rest, ProviderStep::Begin),
    };
    let mut providers = rules.providers.iter();
    let provider = providers.position(|provider| *provider.name == *name)?;
    Some(ProviderPage { provider, step })
}

/// The path of a cause's page.
pub(crate) fn cause_path(cause: Cause) -> String {
    [CAUSES, cause.id()].concat()
}
