//! The pages of passkeys: signing in with one, adding one, and the script that asks the browser.
//!
//! Knows: what is shown, and that these pages alone have a script, which is the gateway's own. Does not know what a browser is
//! asked, nor what it answers.

use std::borrow::Cow;

use askama::Template;
use countersign_wire::form::encode;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::{Notice, POLICY, answer, render};
use crate::own::SessionPage;
use crate::respond::Answer;
use crate::session::texts::{Language, Texts};

/// Fetch, section "Cross-Origin-Resource-Policy".
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

const SCRIPT: &str = include_str!("../../../templates/session/passkey.js");

/// One form around a button that asks the browser for a passkey.
pub struct Ceremony<'a> {
    /// `create` or `get`.
    pub kind: &'static str,
    /// What the browser is asked, as JSON.
    pub options: &'a str,
    /// What the form says beside the answer.
    pub hidden: &'a [(&'static str, &'a str)],
    /// Whether the browser is asked at once, without the button.
    pub starts: bool,
    /// What the page's policy lets the script be known by.
    pub nonce: &'a str,
    /// Where the answer is posted to.
    pub page: SessionPage,
}

impl Ceremony<'_> {
    pub(super) const fn action(&self) -> &'static str {
        self.page.path()
    }

    #[expect(clippy::unused_self, reason = "templates call methods")]
    pub(super) const fn script(&self) -> &'static str {
        SessionPage::PasskeyScript.path()
    }

    pub(super) fn words(&self, texts: &'static Texts) -> &'static str {
        let texts = &texts.passkey;
        if self.page == SessionPage::ConfirmPasskey {
            texts.set_up_words
        } else if self.page == SessionPage::PasskeySecondFactor {
            texts.second_words
        } else {
            texts.sign_in_words
        }
    }

    pub(super) fn button(&self, texts: &'static Texts) -> &'static str {
        let texts = &texts.passkey;
        if self.page == SessionPage::ConfirmPasskey {
            texts.create
        } else if self.page == SessionPage::PasskeySecondFactor {
            texts.use_it
        } else {
            texts.sign_in
        }
    }
}

/// The page for signing in with a passkey alone.
pub struct PasskeySignIn<'a> {
    /// Whose page it is: the realm.
    pub realm: &'a str,
    /// What is said beside the form.
    pub notice: Option<Notice>,
    /// Where to go then; empty: to the account.
    pub return_to: &'a str,
    /// Whether a form was lost on the way here.
    pub lost: bool,
    /// Whether a password signs in at the page with the other ways.
    pub password: bool,
    /// What the browser is asked.
    pub ceremony: Ceremony<'a>,
}

#[derive(Template)]
#[template(path = "session/passkey_sign_in.html")]
struct SignInTemplate<'a> {
    lang: &'static str,
    texts: &'static Texts,
    page: &'a PasskeySignIn<'a>,
    ceremony: &'a Ceremony<'a>,
    notice: Option<Cow<'static, str>>,
    fault: bool,
    with_password: String,
}

/// Renders the page for signing in with a passkey alone.
#[must_use]
pub fn passkey_sign_in(page: &PasskeySignIn<'_>, language: Language) -> Vec<u8> {
    let texts = language.texts();
    render(&SignInTemplate {
        lang: language.tag(),
        texts,
        page,
        ceremony: &page.ceremony,
        notice: page.notice.and_then(|notice| notice.words(texts)),
        fault: page.notice.is_some_and(Notice::is_fault),
        with_password: way(SessionPage::SignIn, page.return_to, page.lost),
    })
}

/// The way to one of the pages for signing in, and from there on.
#[must_use]
pub fn way(page: SessionPage, return_to: &str, lost: bool) -> String {
    let mut way = page.path().to_owned();
    let mut separator = '?';
    if !return_to.is_empty() {
        way.push_str("?return=");
        way.push_str(&encode(return_to));
        separator = '&';
    }
    if lost {
        way.push(separator);
        way.push_str("lost=1");
    }
    way
}

/// The way to the sign-in page for whoever is signed in, and back to the account.
#[must_use]
pub fn sign_in_anew() -> String {
    let way = way(SessionPage::SignIn, SessionPage::Account.path(), false);
    way + "&again=1"
}

/// The page that adds a passkey.
pub struct PasskeySetUp<'a> {
    /// The name that it will have.
    pub name: &'a str,
    /// What the browser is asked.
    pub ceremony: Ceremony<'a>,
}

#[derive(Template)]
#[template(path = "session/passkey_set_up.html")]
struct SetUpTemplate<'a> {
    lang: &'static str,
    texts: &'static Texts,
    name: &'a str,
    ceremony: &'a Ceremony<'a>,
    account: &'static str,
}

/// Renders the page that adds a passkey.
#[must_use]
pub fn passkey_set_up(page: &PasskeySetUp<'_>, language: Language) -> Vec<u8> {
    render(&SetUpTemplate {
        lang: language.tag(),
        texts: language.texts(),
        name: page.name,
        ceremony: &page.ceremony,
        account: SessionPage::Account.path(),
    })
}

/// The passkeys as the account shows them.
pub struct ShownPasskeys {
    /// Each of them.
    pub list: Vec<ShownPasskey>,
    /// Whether the user has just signed in, and may change them.
    pub fresh: bool,
    /// Whether a browser can use them at this address.
    pub here: bool,
    /// How many recovery codes are left, where passkeys are the only second factor.
    pub recovery_left: Option<u32>,
}

/// A passkey as its user sees it.
pub struct ShownPasskey {
    /// By what a form names it.
    pub id: String,
    /// The name that its user gave it.
    pub name: Box<str>,
    /// When it was added, for people.
    pub created: String,
    /// When it was used last, for people.
    pub used: Option<String>,
}

/// The answer with a page that has the script. No other script runs there, whoever may put files at this origin.
#[must_use]
pub fn answer_with_script(status: StatusCode, body: Vec<u8>, nonce: &str) -> Answer {
    let mut answer = answer(status, body);
    let policy = format!("{POLICY}; script-src 'nonce-{nonce}'");
    if let Ok(policy) = HeaderValue::try_from(policy) {
        answer.headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    answer
}

/// The script.
#[must_use]
pub fn script() -> Answer {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        (CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (RESOURCE_POLICY, "same-origin"),
        // It changes with the program only, and then its page does too.
        (CACHE_CONTROL, "no-cache"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Answer {
        status: StatusCode::OK,
        headers,
        body: SCRIPT.as_bytes().to_vec(),
    }
}
