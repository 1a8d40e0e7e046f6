//! The API keys of a user: the card in the account, and the one page that ever shows a key.
//!
//! Knows: what is shown. Does not know who may make a key, nor keeps one.

use askama::Template;
use countersign_secret::api_key::ApiKey;

use super::render;
use crate::own::SessionPage;
use crate::session::texts::{Language, Texts};

/// The API keys as the account shows them.
pub struct ShownKeys {
    /// Each of them.
    pub list: Vec<ShownKey>,
    /// Whether the user has just signed in, and may change them.
    pub fresh: bool,
    /// What the user may give a new key; `None`: the user may make none.
    pub offer: Option<KeyOffer>,
}

/// What a user may give a new key.
pub struct KeyOffer {
    /// The scopes.
    pub scopes: Vec<Box<str>>,
    /// The most days that it can be taken for.
    pub days_max: i64,
    /// The days that stand in the form at first.
    pub days: i64,
}

/// An API key as its user sees it.
pub struct ShownKey {
    /// The public id, by which a form names it.
    pub id: String,
    /// How the key begins.
    pub prefix: String,
    /// The name that it has.
    pub name: Box<str>,
    /// The scopes that it has, for people; empty: none.
    pub scopes: String,
    /// When it was made, for people.
    pub created: String,
    /// When it ends, for people.
    pub expires: Option<String>,
    /// Whether that is over.
    pub is_over: bool,
    /// When it was used last, for people.
    pub used: Option<String>,
    /// Whether an operator has made it.
    pub by_operator: bool,
}

/// A key that was made just now.
pub struct NewKeyShown<'a> {
    /// The key.
    pub key: &'a ApiKey,
    /// What is known of it from now on.
    pub shown: &'a ShownKey,
}

#[derive(Template)]
#[template(path = "session/key_made.html")]
struct MadeTemplate<'a> {
    lang: &'static str,
    texts: &'static Texts,
    key: &'a str,
    shown: &'a ShownKey,
    account: &'static str,
}

/// Renders the one page that ever shows an API key.
#[must_use]
pub fn key_made(made: &NewKeyShown<'_>, language: Language) -> Vec<u8> {
    render(&MadeTemplate {
        lang: language.tag(),
        texts: language.texts(),
        key: made.key.expose(),
        shown: made.shown,
        account: SessionPage::Account.path(),
    })
}
