//! The pages for people: signing in and out, and the account.
//!
//! Knows: what is shown, and that it is shown without script or foreign resource. Does not know where it comes from.

mod second_factor;

use std::borrow::Cow;

use askama::Template;
use countersign_cause::Cause;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode};

pub use self::second_factor::{CodeForm, TotpSetUp, recovery_codes, second_factor, totp_set_up};
use super::device;
use super::texts::{Language, Texts};
use crate::own::SessionPage;
use crate::respond::Answer;

/// The pages need their own style sheet, and post their forms home. The digest is that of the `style` element in
/// `session/base.html`, which a test compares.
const POLICY: &str = "default-src 'none'; style-src 'sha256-9PxrH1NAItFh7mSQO/0PvVgZEBGvlG2wXz8RgJGWLyA='; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// What the sign-in page says beside its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// User name and password do not fit, or the user may not sign in: never which.
    Rejected,
    /// The form was too old, or of another browser.
    FormOld,
    /// The code of the second factor does not fit, or was used before.
    CodeRejected,
    /// Too many passwords wait to be checked.
    Busy,
    /// Too many attempts have failed to look at another one for so many seconds.
    Braked(u32),
    /// Why the browser was sent here.
    Why(Cause),
}

impl Notice {
    fn words(self, texts: &'static Texts) -> Option<Cow<'static, str>> {
        let words = match self {
            Self::Rejected => texts.rejected,
            Self::FormOld => texts.form_old,
            Self::CodeRejected => texts.code_rejected,
            Self::Busy => texts.busy,
            Self::Braked(secs) => return Some(texts.braked_for(secs).into()),
            Self::Why(Cause::SessionExpired) => texts.session_expired,
            Self::Why(Cause::SessionRevoked) => texts.session_revoked,
            Self::Why(Cause::SessionUnknown) => texts.session_unknown,
            Self::Why(_) => return None,
        };
        Some(words.into())
    }

    const fn is_fault(self) -> bool {
        match self {
            Self::Rejected | Self::CodeRejected | Self::FormOld | Self::Busy | Self::Braked(_) => {
                true
            }
            Self::Why(_) => false,
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
struct SignedOutTemplate {
    lang: &'static str,
    texts: &'static Texts,
    sign_in: &'static str,
}

/// Says that the user is signed out.
#[must_use]
pub fn signed_out(language: Language) -> Vec<u8> {
    render(&SignedOutTemplate {
        lang: language.tag(),
        texts: language.texts(),
        sign_in: SessionPage::SignIn.path(),
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
}

impl Done {
    /// Every one.
    pub const ALL: [Self; 11] = [
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
        }
    }

    const fn is_fault(self) -> bool {
        match self {
            Self::PasswordChanged | Self::SessionEnded | Self::TotpRemoved => false,
            Self::CodeRejected
            | Self::SecondFactorDemanded
            | Self::PresentPasswordWrong
            | Self::PasswordsDiffer
            | Self::PasswordShort
            | Self::PasswordUnfit
            | Self::FormOld
            | Self::Busy => true,
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
    /// How many recovery codes are left of the second factor, where there is one.
    pub second_factor: Option<u32>,
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
