//! The pages of a second factor: the code after the password, setting it up, and the recovery codes.
//!
//! Knows: what is shown. Does not know whether a code fits, nor keeps a secret.

use std::borrow::Cow;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_secret::Secret;
use countersign_secret::recovery::RecoveryCode;
use countersign_secret::totp::TotpSecret;

use super::{Ceremony, Notice, render};
use crate::own::SessionPage;
use crate::session::qr::{self, Picture};
use crate::session::texts::{Language, Texts};

/// The page that asks for the code, once the password was right.
pub struct CodeForm<'a> {
    /// Whose page it is: the realm.
    pub realm: &'a str,
    /// What is said beside the form.
    pub notice: Option<Notice>,
    /// Whose password was right.
    pub user: &'a str,
    /// The version of that user then.
    pub version: &'a str,
    /// Where to go then; empty: to the account.
    pub return_to: &'a str,
    /// Whether a form was lost on the way here.
    pub lost: bool,
    /// Which provider has vouched for the user, and what it says beside; empty: the password was right.
    pub by: &'a str,
    /// The form's token, which vouches for all of it.
    pub token: &'a str,
    /// Whether the user has an app; else the recovery codes alone are left to be typed.
    pub has_app: bool,
    /// What the browser is asked where the user has passkeys.
    pub passkey: Option<&'a Ceremony<'a>>,
}

#[derive(Template)]
#[template(path = "session/second_factor.html")]
struct CodeTemplate<'a> {
    lang: &'static str,
    texts: &'static Texts,
    form: &'a CodeForm<'a>,
    notice: Option<Cow<'static, str>>,
    action: &'static str,
    again: &'static str,
    ceremony: Option<&'a Ceremony<'a>>,
}

/// Renders the page that asks for the code.
#[must_use]
pub fn second_factor(form: &CodeForm<'_>, language: Language) -> Vec<u8> {
    let texts = language.texts();
    render(&CodeTemplate {
        lang: language.tag(),
        texts,
        form,
        notice: form.notice.and_then(|notice| notice.words(texts)),
        action: SessionPage::SecondFactor.path(),
        again: SessionPage::SignIn.path(),
        ceremony: form.passkey,
    })
}

/// The page that shows a new secret and asks for its first code.
pub struct TotpSetUp<'a> {
    /// Who vouches for the account in the app: the realm.
    pub realm: &'a str,
    /// Whose second factor it will be.
    pub user: &'a str,
    /// The version of that user when the password was right.
    pub version: &'a str,
    /// The new secret.
    pub secret: &'a TotpSecret,
    /// Whether a first code did not fit.
    pub rejected: bool,
    /// The form's token, which vouches for the secret and the version.
    pub token: &'a str,
}

#[derive(Template)]
#[template(path = "session/totp_set_up.html")]
struct SetUpTemplate<'a> {
    lang: &'static str,
    texts: &'static Texts,
    set_up: &'a TotpSetUp<'a>,
    picture: Option<Picture>,
    secret: &'a str,
    typed: &'a str,
    uri: &'a str,
    rejected: bool,
    action: &'static str,
    account: &'static str,
}

/// Renders the page that shows a new secret.
#[must_use]
pub fn totp_set_up(set_up: &TotpSetUp<'_>, language: Language) -> Vec<u8> {
    let secret = Secret::new(URL_SAFE_NO_PAD.encode(set_up.secret.expose()));
    let uri = set_up.secret.to_uri(set_up.realm, set_up.user);
    render(&SetUpTemplate {
        lang: language.tag(),
        texts: language.texts(),
        set_up,
        picture: qr::draw(uri.expose()),
        secret: secret.expose(),
        typed: set_up.secret.to_typed().expose(),
        uri: uri.expose(),
        rejected: set_up.rejected,
        action: SessionPage::ConfirmTotp.path(),
        account: SessionPage::Account.path(),
    })
}

#[derive(Template)]
#[template(path = "session/recovery_codes.html")]
struct RecoveryTemplate<'a> {
    lang: &'static str,
    texts: &'static Texts,
    codes: Vec<&'a str>,
    account: &'static str,
}

/// Renders the one page that ever shows recovery codes.
#[must_use]
pub fn recovery_codes(codes: &[RecoveryCode], language: Language) -> Vec<u8> {
    let shown: Vec<Secret<String>> = codes.iter().map(RecoveryCode::to_shown).collect();
    render(&RecoveryTemplate {
        lang: language.tag(),
        texts: language.texts(),
        codes: shown.iter().map(|code| code.expose().as_str()).collect(),
        account: SessionPage::Account.path(),
    })
}
