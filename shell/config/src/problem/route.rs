//! Problems with routes, upstreams and demands.
//!
//! Knows wording only.

use countersign_policy::{MethodDefect, PatternFault};

use super::did_you_mean;

/// What is wrong with a route, an upstream or a demand. Strings are what the user wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are what the message quotes")]
pub enum RouteProblem {
    /// A name that no section has.
    Unknown {
        what: &'static str,
        name: String,
        near: Option<String>,
    },
    /// Two routes of one name.
    NameTwice { name: String },
    /// A host or path pattern that cannot be read.
    Pattern { value: String, fault: PatternFault },
    /// A method that cannot be read.
    Method { value: String, defect: MethodDefect },
    /// A method that the gateway never serves.
    MethodNeverServed { value: String },
    /// A path that the gateway keeps for its own pages.
    PathReserved { value: String },
    /// A route that an earlier one covers whole.
    NeverReached { name: String, by: String },
    /// A route that demands an identity and reads no credentials.
    NothingAccepted { name: String },
    /// A route that reads credentials and demands none.
    AcceptWithoutDemand { name: String },
    /// A route that takes tokens, without any issuer.
    NoIssuer { name: String },
    /// Several issuers that could be asked about an opaque token.
    SeveralToAsk { first: String, second: String },
    /// API keys are accepted, and stand nowhere.
    ApiKeyNowhere { name: String },
    /// A key that has no effect without a scheme.
    NoEffect { key: &'static str },
    /// A table of demands that demands nothing.
    AllowEmpty,
    /// `identity = false`.
    AllowIdentityFalse,
    /// A string that is not `anyone`.
    AllowText {
        value: String,
        near: Option<&'static str>,
    },
    /// A scope with characters that scopes do not have.
    Scope { value: String },
    /// A class of sign-ins with characters that the challenge cannot carry.
    SignInClass { value: String },
    /// Claims are demanded where no token is read.
    ClaimsWithoutTokens { name: String },
    /// Scopes are demanded where nothing is read that has some.
    ScopesWithoutTokens { name: String },
    /// Scopes are demanded, and some of what is read has none.
    ScopesNotOfAll { name: String, without: &'static str },
    /// A second factor is demanded where no session is read.
    SecondFactorWithoutSessions { name: String },
    /// Something is demanded of the sign-in that nothing that is read says.
    SignInOfNone {
        name: String,
        key: &'static str,
        enough: &'static str,
    },
    /// Something is demanded of the sign-in that some of what is read does not say.
    SignInNotOfAll {
        name: String,
        key: &'static str,
        without: &'static str,
    },
    /// A table of refusals that refuses nobody.
    DenyEmpty,
    /// Callers are refused where none is known.
    DenyUnknown { key: &'static str },
    /// A memory that would be believed for longer than it is kept.
    RememberLong { ttl_secs: i64 },
    /// A memory of nothing.
    NothingRemembered,
    /// Everything is open to anyone.
    EverythingOpen { name: String },
    /// A protocol that would carry requests past the rules.
    UpgradeCarriesRequests { value: String },
    /// What is no protocol.
    UpgradeProtocol { value: String },
    /// An upgrade where the upstream speaks HTTP/2, which has none.
    UpgradeByHttp2 { name: String },
    /// An upstream or issuer that no route uses.
    Unused { what: &'static str, name: String },
}

impl RouteProblem {
    pub(super) fn words(&self) -> (String, String) {
        match self {
            Self::Unknown { what, name, near } => (
                format!("there is no {what} `{name}`"),
                did_you_mean(near.as_deref(), format!("add a section `[{what}.{name}]`")),
            ),
            Self::NameTwice { name } => (
                format!("two routes have the name `{name}`"),
                "give each its own: the log names them".into(),
            ),
            Self::Pattern { value, fault } => (
                format!("`{value}`: {}", fault.detail()),
                fault.help().into(),
            ),
            Self::Method { value, defect } => (
                format!("`{value}`: {defect}"),
                match defect {
                    MethodDefect::LowerCase => format!("write `{}`", value.to_ascii_uppercase()),
                    MethodDefect::Empty | MethodDefect::OddCharacter => {
                        "write one as in `GET` or `POST`".into()
                    }
                },
            ),
            Self::MethodNeverServed { value } => (
                format!("`{value}` is refused on every route"),
                "leave it out".into(),
            ),
            Self::PathReserved { value } => (
                format!("`{value}` is a path that the gateway answers itself"),
                "choose another path: this one never reaches a route".into(),
            ),
            Self::NeverReached { name, by } => (
                format!("route `{name}` is never reached"),
                format!(
                    "put it before `{by}`, or make one of them narrower: the first that fits decides"
                ),
            ),
            Self::NothingAccepted { name } => (
                format!("route `{name}` demands a known caller and reads no credentials"),
                "add `accept`, as in `accept = [\"bearer\"]`, or write `allow = \"anyone\"`".into(),
            ),
            Self::AcceptWithoutDemand { name } => (
                format!("route `{name}` is open to anyone: its `accept` has no effect"),
                "leave `accept` out, or write `allow = { identity = true }`".into(),
            ),
            Self::NoIssuer { name } => (
                format!("route `{name}` takes tokens, and there is no issuer of any"),
                "add an `[issuer.NAME]` section, or take `bearer` and `dpop` out of `accept`".into(),
            ),
            Self::SeveralToAsk { first, second } => (
                format!("an opaque token does not say whose it is, and both `{first}` and `{second}` are asked about such"),
                "name one of them in `issuers`: a token is shown to nobody but its issuer".into(),
            ),
            Self::ApiKeyNowhere { name } => (
                format!("route `{name}` takes API keys, and `[api_key]` says no place for them"),
                "set `header`, or `authorization = true`".into(),
            ),
            Self::NoEffect { key } => (
                format!("`{key}` has no effect where no tokens are taken"),
                "add `bearer` or `dpop` to `accept`, or leave the key out".into(),
            ),
            Self::AllowEmpty => (
                "`allow` demands nothing".into(),
                "write `allow = { identity = true }` for any known caller, or `allow = \"anyone\"`"
                    .into(),
            ),
            Self::AllowIdentityFalse => (
                "`identity = false` says nothing about who may pass".into(),
                "write `allow = \"anyone\"` for a public route, or leave the key out".into(),
            ),
            Self::AllowText { value, near } => (
                format!("`{value}` is nobody that `allow` knows"),
                did_you_mean(
                    *near,
                    "write `\"anyone\"`, or a table as in `{ identity = true }`".into(),
                ),
            ),
            Self::Scope { value } => (
                format!("`{value}` is not a scope"),
                "write one scope an element, without spaces, quotes and backslashes".into(),
            ),
            Self::SignInClass { value } => (
                format!("`{value}` is not a class of sign-ins that a challenge can name"),
                "write one class an element, without spaces, quotes and backslashes".into(),
            ),
            Self::ClaimsWithoutTokens { name } => (
                format!("route `{name}` demands claims, and only tokens have some"),
                "add `bearer` or `dpop` to `accept`, or demand users or groups: nobody can pass".into(),
            ),
            Self::ScopesWithoutTokens { name } => (
                format!("route `{name}` demands scopes, and only tokens and API keys have some"),
                "add `bearer`, `dpop` or `api-key` to `accept`, or demand users or groups: nobody can pass"
                    .into(),
            ),
            Self::ScopesNotOfAll { name, without } => (
                format!("route `{name}` demands scopes, and whoever comes by `{without}` has none"),
                format!("take `{without}` out of `accept`, or give these people a route that demands groups: nobody can pass by it"),
            ),
            Self::SecondFactorWithoutSessions { name } => (
                format!("route `{name}` demands a second factor, and only sessions have one"),
                "add `session` to `accept`; of tokens, demand the claim in which their issuer says so: nobody can pass".into(),
            ),
            Self::SignInOfNone { name, key, enough } => (
                format!("route `{name}` demands `{key}`, and nothing that it accepts says so of a sign-in"),
                format!("add {enough} to `accept`: nobody can pass"),
            ),
            Self::SignInNotOfAll { name, key, without } => (
                format!("route `{name}` demands `{key}`, and whoever comes by `{without}` cannot meet it"),
                format!("take `{without}` out of `accept`, or give these callers a route of their own: nobody can pass by it"),
            ),
            Self::DenyEmpty => (
                "`deny` refuses nobody".into(),
                "name `users`, `groups` or `networks`, or leave it out".into(),
            ),
            Self::DenyUnknown { key } => (
                format!("`{key}` of `deny` has no effect where no credentials are read"),
                "add `accept` and demand a known caller, or refuse `networks`".into(),
            ),
            Self::RememberLong { ttl_secs } => (
                format!("what was verified is kept for {ttl_secs} seconds, and no route can believe it for longer"),
                "make `remember_secs` less, or `ttl_secs` of `[cache]` more".into(),
            ),
            Self::NothingRemembered => (
                "`remember_secs` has no effect where no credentials are read".into(),
                "leave it out".into(),
            ),
            Self::EverythingOpen { name } => (
                format!("route `{name}` opens every path to anyone"),
                "name the paths that are public: what no route names is refused".into(),
            ),
            Self::UpgradeCarriesRequests { value } => (
                format!("`{value}` would carry requests that no rule looks at"),
                "leave it out: HTTP/2 is spoken with clients, and to upstreams by `http2 = true`, without an upgrade".into(),
            ),
            Self::UpgradeProtocol { value } => (
                format!("`{value}` is not a protocol"),
                "write a name as in `websocket`, with its version after a slash where it has one".into(),
            ),
            Self::UpgradeByHttp2 { name } => (
                format!("route `{name}` allows an upgrade, and HTTP/2 to its upstream has none"),
                "give the route an upstream of its own, of the same `url`, without `http2`".into(),
            ),
            Self::Unused { what, name } => (
                format!("no route uses {what} `{name}`"),
                "leave the section out, or name it in a route".into(),
            ),
        }
    }
}
