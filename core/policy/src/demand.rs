//! What a route demands of its callers.
//!
//! Knows: the kinds of demands. Does not know: how they were written down, or who asks.

use serde_json::{Map, Value};

use crate::network::Network;

/// What a route demands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Nothing: the route is public.
    Anyone,
    /// No identity, but a client address in one of these networks.
    AnyoneFrom(Vec<Network>),
    /// A known caller who meets the requirements.
    Identity(Requirements),
}

/// What a known caller must meet: every list that is not empty.
///
/// Of users, groups, networks and the values of one claim, any one suffices; of scopes and claims, all are needed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirements {
    /// Subjects, compared to the letter.
    pub users: Vec<Box<str>>,
    /// Groups, compared to the letter.
    pub groups: Vec<Box<str>>,
    /// Scopes, compared to the letter.
    pub scopes: Vec<Box<str>>,
    /// Claims and their values.
    pub claims: Vec<ClaimDemand>,
    /// Whether a second factor must have been given.
    pub second_factor: bool,
    /// How the sign-in behind the credential must have been.
    pub sign_in: SignInDemand,
    /// Networks of the client's address.
    pub networks: Vec<Network>,
}

/// What is demanded of the sign-in that a session or a token came of (RFC 9470).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignInDemand {
    /// How long ago it may have been, in seconds.
    pub age_secs_max: Option<i64>,
    /// Authentication context classes, any one of which suffices, the preferred first; empty: any.
    pub acr: Vec<Box<str>>,
    /// Methods (RFC 8176), all of which must have been used.
    pub amr: Vec<Box<str>>,
}

/// Whom a route refuses before it looks at what it demands: whoever is meant by any one part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deny {
    /// Subjects, compared to the letter.
    pub users: Vec<Box<str>>,
    /// Groups, compared to the letter.
    pub groups: Vec<Box<str>>,
    /// Networks of the client's address.
    pub networks: Vec<Network>,
}

impl Deny {
    /// Whether it is meant for nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && self.groups.is_empty() && self.networks.is_empty()
    }
}

/// A claim that has to have one of some values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimDemand {
    /// The claim's name, or where no claim has that name, the path to it with dots between member names.
    pub name: Box<str>,
    /// The values, any one of which suffices. Numbers and booleans are compared as JSON writes them.
    pub any_of: Vec<Box<str>>,
}

impl ClaimDemand {
    /// The value that is meant: of the claim with this very name, which a dot can be part of (`https://example.com/roles`),
    /// or else the one at the path (`realm_access.roles`).
    #[must_use]
    pub fn value_in<'c>(&self, claims: &'c Map<String, Value>) -> Option<&'c Value> {
        if let Some(value) = claims.get(&*self.name) {
            return Some(value);
        }
        let (first, rest) = self.name.split_once('.')?;
        rest.split('.')
            .try_fold(claims.get(first)?, |value, name| value.get(name))
    }

    /// Whether the claim's value is one of those asked for. Of an array, one element suffices.
    #[must_use]
    pub fn is_met_by(&self, value: &Value) -> bool {
        match value {
            Value::Array(elements) => elements.iter().any(|element| self.is_met_by_one(element)),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Object(_) => self.is_met_by_one(value),
        }
    }

    fn is_met_by_one(&self, value: &Value) -> bool {
        let is = |text: &str| self.any_of.iter().any(|wanted| **wanted == *text);
        match value {
            Value::String(text) => is(text),
            Value::Number(number) => is(&number.to_string()),
            Value::Bool(true) => is("true"),
            Value::Bool(false) => is("false"),
            // Absence, and structures that have no one spelling, meet nothing.
            Value::Null | Value::Array(_) | Value::Object(_) => false,
        }
    }
}
