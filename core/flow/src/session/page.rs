//! The pages for people: signing in and out, and the account.
//!
//! Knows: what is shown, and that it is shown without script or foreign resource. Does not know where it comes from.

mod own_key;
mod passkey;
mod second_factor;

use std::borrow::Cow;

use askama::Template;
use countersign_cause::Cause;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode};

pub use self::own_key::{KeyOffer, NewKeyShown, ShownKey, ShownKeys, key_made};
pub use self::passkey::{
    Ceremony, PasskeySetUp, PasskeySignIn, ShownPasskey, ShownPasskeys, answer_with_script,
    passkey_set_up, passkey_sign_in, script, sign_in_anew, way,
};
pub use self::second_factor::{CodeForm, TotpSetUp, recovery_codes, second_factor, totp_set_up};
use super::device;
use super::texts::{Language, Texts};
use crate::own::SessionPage;
use crate::respond::Answer;
use crate::rules::SharedSessions;

/// The pages need their own style sheet, and post their forms home. The digest is that of the `style` element in
/// `session/base.html`, which a test compares.
const POLICY: &str = "default-src 'none'; style-src 'sha256-ML0pQYwubigK62nbZHK7RAKwJkhDnEOYeXw6oK2vG04='; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Lets the forms of a page lead on to the hosts that share its sessions: browsers hold where a form is redirected to
/// against `form-action` as well.
pub fn allow_ways_back(answer: &mut Answer, shared: &SharedSessions) {
    const HOME: &str = "form-action 'self'";
    let policy = answer.headers.get(CONTENT_SECURITY_POLICY);
    let Some(policy) = policy.and_then(|policy| policy.to_str().ok()) else {
        return;
    };
    let wider = [HOME, " ", &shared.origins.join(" ")].concat();
    if let Ok(policy) = HeaderValue::try_from(policy.replace(HOME, &wider)) {
        answer.headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
}

/// What the sign-in page says beside its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// User name and password do not fit, or the user may not sign in: never which.
    Rejected,
    /// The form was too old, or of another browser.
    FormOld,
    /// The code of the second factor does not fit, or was used before.
    CodeRejected,
    /// The passkey is not taken, or its user may not sign in.
    PasskeyRejected,
    /// What is to be changed takes a sign-in that was just now.
    Anew,
    /// Too many passwords wait to be checked.
    Busy,
    /// Too many attempts have failed to look at another one for so many seconds.
    Braked(u32),
    /// Why the browser was sent here.
    Why(Cause),
    /// Why nobody was signed in through a provider.
    Provider(Cause),
}

impl Notice {
    fn words(self, texts: &'static Texts) -> Option<Cow<'static, str>> {
        let words = match self {
            Self::Rejected => texts.rejected,
            Self::FormOld => texts.form_old,
            Self::CodeRejected => texts.code_rejected,
            Self::PasskeyRejected => texts.passkey.rejected,
            Self::Anew => texts.passkey.anew,
            Self::Busy => texts.busy,
            Self::Braked(secs) => return Some(texts.braked_for(secs).into()),
            Self::Why(Cause::SessionExpired) => texts.session_expired,
            Self::Why(Cause::SessionRevoked) => texts.session_revoked,
            Self::Why(Cause::SessionUnknown) => texts.session_unknown,
            Self::Why(Cause::SignInTooOld) => texts.sign_in_old,
            Self::Why(_) => return None,
            Self::Provider(Cause::SignInStale) => texts.provider_stale,
            Self::Provider(Cause::ProviderRefused) => texts.provider_refused,
            Self::Provider(Cause::ProviderUnavailable | Cause::ProviderLimit) => {
                texts.provider_unavailable
            }
            Self::Provider(Cause::ProviderAccountNotAllowed) => texts.provider_not_allowed,
            Self::Provider(Cause::AccountNotLinked) => texts.provider_not_linked,
            Self::Provider(_) => texts.provider_failed,
        };
        Some(words.into())
    }

    const fn is_fault(self) -> bool {
        match self {
            Self::Rejected
            | Self::CodeRejected
            | Self::PasskeyRejected
            | Self::FormOld
            | Self::Busy
            | Self::Braked(_)
            | Self::Provider(_) => true,
            Self::Anew | Self::Why(_) => false,
        }
    }
}

/// The sign-in page.
pub struct SignInForm<'a> {
    /// Whose page it is: the realm.
    pub realm: &'a str,
    /// What is said beside the form.
    pub notice: Option<Notice>,
    /// What was typed as the user name before.
    pub user: &'a str,
    /// Where to go then; empty: to the account.
    pub return_to: &'a str,
    /// Whether a form was lost on the way here.
    pub lost: bool,
    /// The form's token.
    pub token: &'a str,
    /// Where to go to sign in with a passkey instead.
    pub passkey: Option<&'a str>,
    /// Whether user name and password sign in here.
    pub password: bool,
    /// The providers that sign in here.
    pub providers: &'a [ProviderLink],
}

/// A provider on the sign-in page.
pub struct ProviderLink {
    /// What it is called.
    pub label: Box<str>,
    /// Where the way to it begins.
    pub address: String,
}

#[derive(Template)]
#[template(path = "session/sign_in.html")]
struct SignInTemplate<'a> {
    lang: &'static str,
    texts: &'static Texts,
    form: &'a SignInForm<'a>,
    notice: Option<Cow<'static, str>>,
    fault: bool,
    action: &'static str,
}

/// Renders the sign-in page.
#[must_use]
pub fn sign_in(form: &SignInForm<'_>, language: Language) -> Vec<u8> {
    let texts = language.texts();
    render(&SignInTemplate {
        lang: language.tag(),
        texts,
        form,
        notice: form.notice.and_then(|notice| notice.words(texts)),
        fault: form.notice.is_some_and(Notice::is_fault),
        action: SessionPage::SignIn.path(),
    })
}

#[derive(Template)]
#[template(path = "session/lost.html")]
struct LostTemplate<'a> {
    lang: &'static str,
    texts: &'static Texts,
    return_to: &'a str,
}

/// Says, once the user is signed in, that a form was lost on the way.
#[must_use]
pub fn lost(return_to: &str, language: Language) -> Vec<u8> {
    render(&LostTemplate {
        lang: language.tag(),
        texts: language.texts(),
        return_to,
    })
}

#[derive(Template)]
#[template(path = "session/sign_out.html")]
struct SignOutTemplate<'a> {
    lang: &'static str,
    texts: &'static Texts,
    token: &'a str,
    action: &'static str,
}

/// Asks whether to sign out.
#[must_use]
pub fn sign_out(token: &str, language: Language) -> Vec<u8> {
    render(&SignOutTemplate {
        lang: language.tag(),
        texts: language.texts(),
        token,
        action: SessionPage::SignOut.path(),
    })
}

#[derive(Template)]
#[template(path = "session/signed_out.html")]
struct SignedOutTemplate<'a> {
    lang: &'static str,
    texts: &'static Texts,
    sign_in: &'static str,
    provider: Option<&'a StillThere<'a>>,
}

/// The provider that somebody who has signed out had come through.
pub struct StillThere<'a> {
    /// What it is called.
    pub label: &'a str,
    /// Where to sign out there, where that is known.
    pub address: Option<String>,
}

/// Says that the user is signed out here, and is not at a provider.
#[must_use]
pub fn signed_out(provider: Option<&StillThere<'_>>, language: Language) -> Vec<u8> {
    render(&SignedOutTemplate {
        lang: language.tag(),
        texts: language.texts(),
        sign_in: SessionPage::SignIn.path(),
        provider,
    })
}

/// What the account page says of what was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// The password is another one.
    PasswordChanged,
    /// A session was ended.
    SessionEnded,
    /// The second factor is removed.
    TotpRemoved,
    /// A route demands a second factor, and the session has none.
    SecondFactorDemanded,
    /// The code of the second factor does not fit, or was used before.
    CodeRejected,
    /// The present password is another one than the one typed.
    PresentPasswordWrong,
    /// The new password was typed in two ways.
    PasswordsDiffer,
    /// The new password is too short.
    PasswordShort,
    /// The new password cannot be taken otherwise.
    PasswordUnfit,
    /// The form was too old.
    FormOld,
    /// Too many passwords wait to be checked.
    Busy,
    /// There is another passkey.
    PasskeyAdded,
    /// A passkey is removed.
    PasskeyRemoved,
    /// What the browser has made is no passkey that can be taken.
    PasskeyRejected,
    /// The passkey is known already.
    PasskeyKnown,
    /// There are as many passkeys as can be.
    PasskeysFull,
    /// What was to be changed takes a sign-in that was just now.
    SignInAnew,
    /// An API key is revoked.
    KeyRevoked,
    /// There are as many API keys as can be.
    KeysFull,
    /// Another API key has the name.
    KeyNameTaken,
    /// The time that a key was to be taken for is none that it can be.
    KeyDaysUnfit,
    /// The user may make no API keys.
    KeysNotAllowed,
}

impl Done {
    /// Every one.
    pub const ALL: [Self; 22] = [
        Self::PasswordChanged,
        Self::SessionEnded,
        Self::TotpRemoved,
        Self::SecondFactorDemanded,
        Self::CodeRejected,
        Self::PresentPasswordWrong,
        Self::PasswordsDiffer,
        Self::PasswordShort,
        Self::PasswordUnfit,
        Self::FormOld,
        Self::Busy,
        Self::PasskeyAdded,
        Self::PasskeyRemoved,
        Self::PasskeyRejected,
        Self::PasskeyKnown,
        Self::PasskeysFull,
        Self::SignInAnew,
        Self::KeyRevoked,
        Self::KeysFull,
        Self::KeyNameTaken,
        Self::KeyDaysUnfit,
        Self::KeysNotAllowed,
    ];

    /// The word by which an address names it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::PasswordChanged => "password-changed",
            Self::SessionEnded => "session-ended",
            Self::TotpRemoved => "totp-removed",
            Self::SecondFactorDemanded => "second-factor-demanded",
            Self::CodeRejected => "code-rejected",
            Self::PresentPasswordWrong => "present-password-wrong",
            Self::PasswordsDiffer => "passwords-differ",
            Self::PasswordShort => "password-short",
            Self::PasswordUnfit => "password-unfit",
            Self::FormOld => "form-old",
            Self::Busy => "busy",
            Self::PasskeyAdded => "passkey-added",
            Self::PasskeyRemoved => "passkey-removed",
            Self::PasskeyRejected => "passkey-rejected",
            Self::PasskeyKnown => "passkey-known",
            Self::PasskeysFull => "passkeys-full",
            Self::SignInAnew => "sign-in-anew",
            Self::KeyRevoked => "key-revoked",
            Self::KeysFull => "keys-full",
            Self::KeyNameTaken => "key-name-taken",
            Self::KeyDaysUnfit => "key-days-unfit",
            Self::KeysNotAllowed => "keys-not-allowed",
        }
    }

    const fn words(self, texts: &'static Texts) -> &'static str {
        match self {
            Self::PasswordChanged => texts.password_changed,
            Self::SessionEnded => texts.session_ended,
            Self::TotpRemoved => texts.totp_removed,
            Self::SecondFactorDemanded => texts.second_factor_demanded,
            Self::CodeRejected => texts.code_rejected,
            Self::PresentPasswordWrong => texts.present_password_wrong,
            Self::PasswordsDiffer => texts.passwords_differ,
            Self::PasswordShort => texts.password_short,
            Self::PasswordUnfit => texts.password_unfit,
            Self::FormOld => texts.form_old,
            Self::Busy => texts.busy,
            Self::PasskeyAdded => texts.passkey.added,
            Self::PasskeyRemoved => texts.passkey.removed,
            Self::PasskeyRejected => texts.passkey.rejected,
            Self::PasskeyKnown => texts.passkey.known,
            Self::PasskeysFull => texts.passkey.full,
            Self::SignInAnew => texts.passkey.anew,
            Self::KeyRevoked => texts.own_key.revoked,
            Self::KeysFull => texts.own_key.full,
            Self::KeyNameTaken => texts.own_key.name_taken,
            Self::KeyDaysUnfit => texts.own_key.days_unfit,
            Self::KeysNotAllowed => texts.own_key.not_allowed,
        }
    }

    const fn is_fault(self) -> bool {
        match self {
            Self::PasswordChanged
            | Self::SessionEnded
            | Self::TotpRemoved
            | Self::PasskeyAdded
            | Self::PasskeyRemoved
            | Self::KeyRevoked => false,
            Self::CodeRejected
            | Self::SecondFactorDemanded
            | Self::PresentPasswordWrong
            | Self::PasswordsDiffer
            | Self::PasswordShort
            | Self::PasswordUnfit
            | Self::FormOld
            | Self::Busy
            | Self::PasskeyRejected
            | Self::PasskeyKnown
            | Self::PasskeysFull
            | Self::SignInAnew
            | Self::KeysFull
            | Self::KeyNameTaken
            | Self::KeyDaysUnfit
            | Self::KeysNotAllowed => true,
        }
    }
}

/// A session as its user sees it.
pub struct ShownSession {
    /// The public id.
    pub id: String,
    /// Whether it is the one that asks.
    pub current: bool,
    /// What the browser called itself.
    pub device: Option<String>,
    /// Where the sign-in came from.
    pub address: String,
    /// When it was begun, for people.
    pub created: String,
    /// When it was used last, for people.
    pub used: String,
}

/// The account page.
pub struct Account<'a> {
    /// The user.
    pub user: &'a str,
    /// The sessions that go on.
    pub sessions: &'a [ShownSession],
    /// Whether there is a password, which what follows takes.
    pub has_password: bool,
    /// How many recovery codes are left, where the second factor is an app.
    pub second_factor: Option<u32>,
    /// The passkeys, where there are any or can be.
    pub passkeys: Option<ShownPasskeys>,
    /// The API keys, where there are any or can be.
    pub keys: Option<ShownKeys>,
    /// What was done before.
    pub done: Option<Done>,
    /// The token of its forms.
    pub token: &'a str,
}

#[derive(Template)]
#[template(path = "session/account.html")]
struct AccountTemplate<'a> {
    lang: &'static str,
    texts: &'static Texts,
    account: &'a Account<'a>,
    done: Option<&'static str>,
    fault: bool,
    sign_out: &'static str,
    sign_out_everywhere: &'static str,
    end_session: &'static str,
    password: &'static str,
    totp: &'static str,
    remove_totp: &'static str,
    recovery_codes: &'static str,
    add_passkey: &'static str,
    remove_passkey: &'static str,
    add_key: &'static str,
    revoke_key: &'static str,
    sign_in_anew: String,
}

impl AccountTemplate<'_> {
    fn device(&self, session: &ShownSession) -> String {
        let device = session.device.as_deref().map(device::words);
        let known = device.filter(|words| !words.is_empty());
        known.unwrap_or_else(|| self.texts.unknown_device.to_owned())
    }
}

/// Renders the account page.
#[must_use]
pub fn account(account: &Account<'_>, language: Language) -> Vec<u8> {
    let texts = language.texts();
    render(&AccountTemplate {
        lang: language.tag(),
        texts,
        account,
        done: account.done.map(|done| done.words(texts)),
        fault: account.done.is_some_and(Done::is_fault),
        sign_out: SessionPage::SignOut.path(),
        sign_out_everywhere: SessionPage::SignOutEverywhere.path(),
        end_session: SessionPage::EndSession.path(),
        password: SessionPage::Password.path(),
        totp: SessionPage::Totp.path(),
        remove_totp: SessionPage::RemoveTotp.path(),
        recovery_codes: SessionPage::RecoveryCodes.path(),
        add_passkey: SessionPage::AddPasskey.path(),
        remove_passkey: SessionPage::RemovePasskey.path(),
        add_key: SessionPage::AddKey.path(),
        revoke_key: SessionPage::RevokeKey.path(),
        sign_in_anew: sign_in_anew(),
    })
}

/// The answer with a page: never stored, never framed, and with nothing in it but what is ours.
#[must_use]
pub fn answer(status: StatusCode, body: Vec<u8>) -> Answer {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "same-origin"),
        (CACHE_CONTROL, "no-store"),
        (VARY, "Accept-Language, Cookie"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Answer {
        status,
        headers,
        body,
    }
}

/// Writing into a string fails only where a template asks for it, and none does.
fn render(page: &impl Template) -> Vec<u8> {
    page.render().unwrap_or_default().into_bytes()
}
