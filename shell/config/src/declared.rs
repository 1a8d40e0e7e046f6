//! The keys of the configuration file, each declared once: the parser reads by these declarations, and the reference
//! page is written from them.
//!
//! Knows: names, types, bounds, defaults, meanings. Does not know how values are checked against each other.

mod access;
mod asking;
mod bound;
mod ordering;
mod pages;
mod serving;
mod signing_in;
pub(crate) use access::{
    allow, api_key, basic, deny, digest, hash, identity, identity_token, issuer, keys, route,
    session, upstream, upstream_tls,
};
pub(crate) use asking::introspection;
pub(crate) use bound::{certificate, client_certificates, dpop};
pub(crate) use ordering::{acme, external_account};
pub(crate) use pages::cors;
pub(crate) use signing_in::{own_keys, passkeys, provider};
mod operation;
pub(crate) use operation::{admin, brakes, metrics, reload, traces};
mod policy_tests;
pub(crate) use policy_tests::{caller, test, tests_file};
pub(crate) use serving::{cache, limits, log, proxy_protocol, server, store, tls};

/// A table of the file.
#[derive(Debug)]
pub(crate) struct Section {
    /// How it is written, for messages and the reference: `[server]`, `[issuer.NAME]`, `[[route]]`.
    pub(crate) title: &'static str,
    pub(crate) meaning: &'static str,
    pub(crate) keys: &'static [&'static Key],
}

/// A key of a table.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) default: Default,
    pub(crate) meaning: &'static str,
}

/// What a key holds.
#[derive(Debug)]
pub(crate) enum Kind {
    /// A string.
    Text,
    /// One of some strings.
    Choice(&'static [&'static str]),
    /// A boolean.
    Flag,
    /// A whole number within bounds.
    Whole(u64, u64),
    /// A string, or a whole number within bounds.
    TextOrWhole(u64, u64),
    /// A list of strings.
    Texts,
    /// A string or a list of strings.
    TextOrTexts,
    /// A string or a table.
    TextOrTable(&'static Section),
    /// A table, of a section of its own or inline.
    Table(&'static Section),
    /// Tables by names of the user's choice.
    Named(&'static Section),
    /// A list of tables.
    Tables(&'static Section),
    /// A table of names of the user's choice, each with a string or a list of strings.
    TextsByName,
    /// A table of names of the user's choice, each with any value but a date.
    ValuesByName,
}

/// What holds where a key is absent.
#[derive(Debug)]
pub(crate) enum Default {
    /// It must not be absent.
    Required,
    /// This value, as TOML.
    Value(&'static str),
    /// What absence means, in words.
    Absent(&'static str),
}

impl Kind {
    /// The type, in words with an article.
    pub(crate) const fn words(&self) -> &'static str {
        match self {
            Kind::Text | Kind::Choice(_) => "a string",
            Kind::Flag => "`true` or `false`",
            Kind::Whole(..) => "a whole number",
            Kind::TextOrWhole(..) => "a string or a whole number",
            Kind::Texts => "a list of strings",
            Kind::TextOrTexts => "a string or a list of strings",
            Kind::TextOrTable(_) => "a string or a table",
            Kind::Table(_) | Kind::Named(_) | Kind::TextsByName | Kind::ValuesByName => "a table",
            Kind::Tables(_) => "a list of tables",
        }
    }
}

/// Declares a section in a module of its own: one static for each key, and `SECTION`.
macro_rules! section {
    ($module:ident, $title:literal, $meaning:literal, {
        $($constant:ident = $name:literal: $kind:expr, $default:expr, $key_meaning:literal;)*
    }) => {
        pub(crate) mod $module {
            #[allow(unused_imports, reason = "not every section has keys of every kind")]
            use super::*;
            use crate::declared::{Default::*, Key, Kind::*, Section};
            $(pub(crate) static $constant: Key =
                Key { name: $name, kind: $kind, default: $default, meaning: $key_meaning };)*
            pub(crate) static SECTION: Section =
                Section { title: $title, meaning: $meaning, keys: &[$(&$constant),*] };
        }
    };
}
pub(crate) use section;

section!(file, "top level", "Keys that stand before the first section.", {
    REALM = "realm": Text, Value("\"countersign\""),
        "The realm (protection space) that every challenge names; browsers show it when they ask for a password.";
    DENY_WARNINGS = "deny_warnings": Flag, Value("false"),
        "Whether warnings keep the gateway from starting, as errors do.";
    SERVER = "server": Table(&server::SECTION), Absent("all its defaults"), "The listener.";
    ADMIN = "admin": Table(&admin::SECTION), Absent("there is none"), "The admin listener.";
    RELOAD = "reload": Table(&reload::SECTION), Absent("all its defaults"), "When a changed configuration is taken up.";
    STORE = "store": Table(&store::SECTION), Absent("all its defaults"), "Where users and keys are kept.";
    LOG = "log": Table(&log::SECTION), Absent("all its defaults"), "The log.";
    TRACES = "traces": Table(&traces::SECTION), Absent("there are none"), "Where traces go.";
    METRICS = "metrics": Table(&metrics::SECTION), Absent("they are not posted"), "Where figures are posted.";
    CACHE = "cache": Table(&cache::SECTION), Absent("all its defaults"), "Verified credentials that are remembered.";
    BRAKES = "brakes": Table(&brakes::SECTION), Absent("all its defaults"), "Brakes on guessing.";
    BASIC = "basic": Table(&basic::SECTION), Absent("all its defaults"), "User names and passwords.";
    DIGEST = "digest": Table(&digest::SECTION), Absent("all its defaults"), "Proofs of passwords that are not sent.";
    DPOP = "dpop": Table(&dpop::SECTION), Absent("all its defaults"), "Proofs of the key that a token is bound to.";
    CERTIFICATE = "certificate": Table(&certificate::SECTION), Absent("all its defaults"), "Certificates of clients.";
    SESSION = "session": Table(&session::SECTION), Absent("all its defaults"), "People who sign in with a browser.";
    API_KEY = "api_key": Table(&api_key::SECTION), Absent("all its defaults"), "API keys.";
    ISSUER = "issuer": Named(&issuer::SECTION), Absent("no tokens are taken"), "Issuers of tokens.";
    PROVIDER = "provider": Named(&provider::SECTION), Absent("people sign in with what the gateway itself knows of them"),
        "OpenID providers that people can sign in through.";
    IDENTITY = "identity": Table(&identity::SECTION), Absent("all its defaults"), "Headers that the upstream gets.";
    CORS = "cors": Named(&cors::SECTION), Absent("the gateway says nothing to pages of other origins"),
        "What pages of other origins may do, for `cors` of a route.";
    UPSTREAM = "upstream": Named(&upstream::SECTION), Required, "Servers behind the gateway.";
    ROUTE = "route": Tables(&route::SECTION), Required, "The rules, in order.";
});

/// The sections in the order of the reference.
pub(crate) static SECTIONS: &[&Section] = &[
    &file::SECTION,
    &server::SECTION,
    &proxy_protocol::SECTION,
    &tls::SECTION,
    &acme::SECTION,
    &external_account::SECTION,
    &client_certificates::SECTION,
    &limits::SECTION,
    &admin::SECTION,
    &reload::SECTION,
    &store::SECTION,
    &log::SECTION,
    &traces::SECTION,
    &metrics::SECTION,
    &cache::SECTION,
    &brakes::SECTION,
    &basic::SECTION,
    &hash::SECTION,
    &digest::SECTION,
    &dpop::SECTION,
    &certificate::SECTION,
    &session::SECTION,
    &passkeys::SECTION,
    &own_keys::SECTION,
    &provider::SECTION,
    &api_key::SECTION,
    &issuer::SECTION,
    &keys::SECTION,
    &introspection::SECTION,
    &identity::SECTION,
    &identity_token::SECTION,
    &cors::SECTION,
    &upstream::SECTION,
    &upstream_tls::SECTION,
    &route::SECTION,
    &allow::SECTION,
    &deny::SECTION,
];

/// The sections of a file with tests of the rules.
pub(crate) static TESTS_SECTIONS: &[&Section] =
    &[&tests_file::SECTION, &test::SECTION, &caller::SECTION];

#[cfg(test)]
mod tests;
