//! Who asks in a test.
//!
//! Knows: what credentials of each scheme can say. Does not know how they are made.

use countersign_policy::Network;
use serde_json::{Map, Value};

use super::{Scene, unknown};
use crate::declared::{Key, caller};
use crate::problem::{PolicyTestProblem as Problem, ServerProblem, TextProblem};
use crate::read::Fields;

/// Somebody with good credentials.
#[derive(Clone, Debug, PartialEq)]
pub struct Caller {
    /// The user's name, the owner of the key, or the token's subject.
    pub user: Box<str>,
    /// The groups.
    pub groups: Vec<Box<str>>,
    /// The scopes.
    pub scopes: Vec<Box<str>>,
    /// Claims of the token, over those that it has anyway.
    pub claims: Map<String, Value>,
    /// The networks that an API key may be used from; empty: anywhere.
    pub networks: Vec<Network>,
    /// Whether the session was begun with a second factor.
    pub second_factor: bool,
    /// How long ago the person has signed in.
    pub sign_in_age_secs: Option<i64>,
    /// The class of the sign-in.
    pub acr: Option<Box<str>>,
    /// The methods of the sign-in.
    pub amr: Vec<Box<str>>,
    /// How the caller shows who it is; `None`: in whatever way the route accepts.
    pub scheme: Option<Shown>,
    /// The issuer of the token, by its index; `None`: the first that the route takes tokens of.
    pub issuer: Option<usize>,
}

/// The kinds of credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// A user name and a password.
    Basic,
    /// A token.
    Bearer,
    /// A proof of a password.
    Digest,
    /// An API key.
    ApiKey,
    /// A token with a proof of its key.
    Dpop,
    /// The session of somebody who has signed in.
    Session,
    /// A certificate in the TLS handshake.
    Certificate,
}

impl Shown {
    /// Every kind, in the order in which one is chosen.
    pub const ALL: [Shown; 7] = [
        Shown::Basic,
        Shown::ApiKey,
        Shown::Bearer,
        Shown::Digest,
        Shown::Dpop,
        Shown::Session,
        Shown::Certificate,
    ];

    /// How it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Shown::Basic => "basic",
            Shown::Bearer => "bearer",
            Shown::Digest => "digest",
            Shown::ApiKey => "api-key",
            Shown::Dpop => "dpop",
            Shown::Session => "session",
            Shown::Certificate => "certificate",
        }
    }

    /// What credentials of this kind cannot say of this caller, if anything.
    fn lacks(self, caller: &Caller) -> Option<&'static Key> {
        let is_token = matches!(self, Shown::Bearer | Shown::Dpop);
        let is_key = self == Shown::ApiKey;
        let has_groups = self != Shown::Certificate;
        if !caller.groups.is_empty() && !has_groups {
            Some(&caller::GROUPS)
        } else if !caller.scopes.is_empty() && !is_token && !is_key {
            Some(&caller::SCOPES)
        } else if !caller.claims.is_empty() && !is_token {
            Some(&caller::CLAIMS)
        } else if caller.issuer.is_some() && !is_token {
            Some(&caller::ISSUER)
        } else if !caller.networks.is_empty() && !is_key {
            Some(&caller::NETWORKS)
        } else if caller.second_factor && self != Shown::Session {
            Some(&caller::SECOND_FACTOR)
        } else if caller.sign_in_age_secs.is_some() && !is_token && self != Shown::Session {
            Some(&caller::SIGN_IN_AGE_SECS)
        } else if caller.acr.is_some() && !is_token {
            Some(&caller::ACR)
        } else if !caller.amr.is_empty() && !is_token {
            Some(&caller::AMR)
        } else {
            None
        }
    }
}

impl Caller {
    /// The kinds of credentials that can say all of this.
    pub fn possible(&self) -> impl Iterator<Item = Shown> + '_ {
        Shown::ALL
            .into_iter()
            .filter(|shown| shown.lacks(self).is_none())
    }
}

pub(super) fn read(fields: &Fields<'_>, scene: Scene<'_>) -> Option<Caller> {
    let user = fields.text(&caller::USER);
    if let Some(user) = user.as_ref().filter(|user| user.is_empty()) {
        let key = caller::USER.name.to_owned();
        scene.sink.error(&user.span, TextProblem::EmptyText { key });
    }
    let list = |key: &'static Key| -> Vec<Box<str>> {
        let list = fields.texts_or_none(key);
        list.iter().map(|text| text.value.into()).collect()
    };
    let caller = Caller {
        user: user.map_or("", |user| user.value).into(),
        groups: list(&caller::GROUPS),
        scopes: list(&caller::SCOPES),
        claims: fields.values_by_name(&caller::CLAIMS),
        networks: networks(fields, scene),
        second_factor: fields
            .flag(&caller::SECOND_FACTOR)
            .is_some_and(|flag| flag.value),
        sign_in_age_secs: fields
            .whole(&caller::SIGN_IN_AGE_SECS)
            .map(|secs| i64::try_from(secs.value).unwrap_or(i64::MAX)),
        acr: fields.text(&caller::ACR).map(|acr| acr.value.into()),
        amr: list(&caller::AMR),
        scheme: scheme(fields),
        issuer: issuer(fields, scene),
    };
    match caller.scheme {
        Some(shown) => {
            if let Some(key) = shown.lacks(&caller) {
                let problem = Problem::CannotHold {
                    what: key.name,
                    scheme: shown.name(),
                };
                scene.sink.error(&fields.span_of_key(key), problem);
            }
        }
        // Only networks of a key beside what a token says: no credentials hold both.
        None if caller.possible().next().is_none() => {
            let problem = Problem::CannotHold {
                what: caller::NETWORKS.name,
                scheme: Shown::Bearer.name(),
            };
            scene
                .sink
                .error(&fields.span_of_key(&caller::NETWORKS), problem);
        }
        None => {}
    }
    Some(caller).filter(|caller| !caller.user.is_empty())
}

fn networks(fields: &Fields<'_>, scene: Scene<'_>) -> Vec<Network> {
    let mut networks = Vec::new();
    for text in fields.texts_or_none(&caller::NETWORKS) {
        match Network::parse(text.value) {
            Ok(network) => networks.push(network),
            Err(defect) => {
                let value = text.value.to_owned();
                let problem = ServerProblem::Network { value, defect };
                scene.sink.error(&text.span, problem);
            }
        }
    }
    networks
}

fn scheme(fields: &Fields<'_>) -> Option<Shown> {
    let written = fields.text(&caller::SCHEME)?;
    Shown::ALL
        .into_iter()
        .find(|shown| shown.name() == written.value)
}

fn issuer(fields: &Fields<'_>, scene: Scene<'_>) -> Option<usize> {
    let written = fields.text(&caller::ISSUER)?;
    let issuers = &scene.rules.issuers;
    let found = issuers
        .iter()
        .position(|issuer| *issuer.name == *written.value);
    if found.is_none() {
        let known = issuers.iter().map(|issuer| &*issuer.name);
        unknown("issuer", &written, known, scene);
    }
    found
}
