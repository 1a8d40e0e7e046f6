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
    /// A page about the sessions of whoever asks. The shell serves it, since it takes a store.
    Session(SessionPage),
    /// A path below the gateway's own prefix that names nothing.
    Nothing,
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
}

impl SessionPage {
    /// Every page.
    pub const ALL: [SessionPage; 11] = [
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
        return (is_ours && rules.route_rules.iter().any(|route| route.accept.bearer)).then(|| {
            OwnPage::ResourceMetadata {
                path: suffix.into(),
            }
        });
    }
    let id = path.strip_prefix(CAUSES);
    match id {
        Some("") => Some(OwnPage::Causes),
        Some(id) => Some(Cause::from_id(id).map_or(OwnPage::Nothing, OwnPage::Cause)),
        None if path == CAUSES.trim_end_matches('/') => Some(OwnPage::Causes),
        None if rules.session.is_some()
            && let Some(page) = SessionPage::ALL
                .into_iter()
                .find(|page| page.path() == path) =>
        {
            Some(OwnPage::Session(page))
        }
        None => path.starts_with(PREFIX).then_some(OwnPage::Nothing),
    }
}

/// The path of a cause's page.
pub(crate) fn cause_path(cause: Cause) -> String {
    [CAUSES, cause.id()].concat()
}
