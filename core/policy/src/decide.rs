//! The decision: a demand, an identity, an address, and what comes of them.
//!
//! Knows: which requirement is checked in which order, and the cause of each refusal. Does not know: routes, how the
//! identity was verified, or how a refusal is worded to the client.

use std::fmt;
use std::net::IpAddr;

use countersign_cause::Cause;

use crate::demand::{ClaimDemand, Demand, Requirements};
use crate::identity::Identity;
use crate::network::Network;

/// Holds an identity against a demand. `peer` is the client's address; where it is not known, it is in no network.
///
/// The limit of the credential's own networks holds on public routes as well: whoever shows a credential from where it
/// must not be used is refused, since the upstream would be told the name.
#[must_use]
pub fn decide<'d>(
    demand: &'d Demand,
    identity: Option<&Identity>,
    peer: Option<IpAddr>,
) -> Ruling<'d> {
    let elsewhere = identity.is_some_and(|known| !within(&known.networks, peer));
    let (requirements, identity) = match (demand, identity) {
        (Demand::Anyone, _) if elsewhere => return deny(vec![Unmet::CredentialNetwork]),
        (Demand::Anyone, _) => return Ruling::Allow(Reasons::Anyone),
        (Demand::AnyoneFrom(_), _) if elsewhere => return deny(vec![Unmet::CredentialNetwork]),
        // Without a network nobody is in one: only for a credential does an empty list mean anywhere.
        (Demand::AnyoneFrom(networks), _) if find(networks, peer).is_none() => {
            return deny(vec![Unmet::Networks(networks)]);
        }
        (Demand::AnyoneFrom(_), _) => return Ruling::Allow(Reasons::Anyone),
        (Demand::Identity(_), None) => return deny(vec![Unmet::Identity]),
        (Demand::Identity(requirements), Some(identity)) => (requirements, identity),
    };
    match requirements.hold_against(identity, peer) {
        Ok(met) if !elsewhere => Ruling::Allow(Reasons::Identity(met)),
        Ok(_) => deny(vec![Unmet::CredentialNetwork]),
        Err(mut unmet) => {
            if elsewhere {
                unmet.insert(0, Unmet::CredentialNetwork);
            }
            deny(unmet)
        }
    }
}

/// What comes of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling<'d> {
    /// The request may pass.
    Allow(Reasons<'d>),
    /// The request is refused.
    Deny(Denial<'d>),
}

/// Why a request may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reasons<'d> {
    /// The route is public.
    Anyone,
    /// The caller is known and meets the requirements.
    Identity(Met<'d>),
}

/// Which part of each requirement was met; what is not demanded is `None` or empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Met<'d> {
    /// The listed user that the caller is.
    pub user: Option<&'d str>,
    /// The first listed group that the caller is in.
    pub group: Option<&'d str>,
    /// The scopes demanded, all of which the caller has.
    pub scopes: &'d [Box<str>],
    /// The claims demanded, all of which fit.
    pub claims: &'d [ClaimDemand],
    /// The first listed network that the client's address lies in.
    pub network: Option<&'d Network>,
}

/// A refusal, with everything that was not met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial<'d> {
    /// The cause to refuse with: that of the first requirement not met.
    pub cause: Cause,
    /// The requirements not met, never empty, in the order in which they are checked.
    pub unmet: Vec<Unmet<'d>>,
}

impl<'d> Denial<'d> {
    /// The scopes that are demanded and that the caller lacks, in the order of the rule.
    #[must_use]
    pub fn missing_scopes(&self) -> &[&'d str] {
        self.unmet
            .iter()
            .find_map(Unmet::scopes)
            .unwrap_or_default()
    }
}

/// A requirement that was not met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unmet<'d> {
    /// A known caller is demanded, and nobody is known.
    Identity,
    /// The credential may not be used from this address.
    CredentialNetwork,
    /// The address is in none of these networks.
    Networks(&'d [Network]),
    /// The caller is none of these users.
    Users(&'d [Box<str>]),
    /// The caller is in none of these groups.
    Groups(&'d [Box<str>]),
    /// The claim is absent or has another value.
    Claim(&'d ClaimDemand),
    /// No second factor was given.
    SecondFactor,
    /// These scopes are missing.
    Scopes(Vec<&'d str>),
}

impl<'d> Unmet<'d> {
    /// The cause that it is refused with.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        match self {
            Unmet::Identity => Cause::CredentialsMissing,
            Unmet::CredentialNetwork | Unmet::Networks(_) => Cause::AddressNotAllowed,
            Unmet::Users(_) | Unmet::Groups(_) | Unmet::Claim(_) => Cause::IdentityNotAllowed,
            Unmet::SecondFactor => Cause::SecondFactorRequired,
            Unmet::Scopes(_) => Cause::ScopeInsufficient,
        }
    }

    /// What was not met, in words for the log, without names.
    #[must_use]
    pub const fn detail(&self) -> &'static str {
        match self {
            Unmet::Identity => "the route demands a known caller",
            Unmet::CredentialNetwork => "the credential may not be used from this address",
            Unmet::Networks(_) => "the address is in none of the networks of the rule",
            Unmet::Users(_) => "the caller is none of the users of the rule",
            Unmet::Groups(_) => "the caller is in none of the groups of the rule",
            Unmet::Claim(_) => "a claim of the token does not have a value that the rule names",
            Unmet::SecondFactor => "the route demands a second factor, and none was given",
            Unmet::Scopes(_) => "the caller lacks a scope of the rule",
        }
    }

    fn scopes(&self) -> Option<&[&'d str]> {
        match self {
            Unmet::Scopes(missing) => Some(missing),
            Unmet::Identity
            | Unmet::CredentialNetwork
            | Unmet::Networks(_)
            | Unmet::Users(_)
            | Unmet::Groups(_)
            | Unmet::Claim(_)
            | Unmet::SecondFactor => None,
        }
    }
}

impl Requirements {
    /// Address first, then the person, then the scope: a wider scope helps nobody whom no rule lets in.
    fn hold_against<'d>(
        &'d self,
        identity: &Identity,
        peer: Option<IpAddr>,
    ) -> Result<Met<'d>, Vec<Unmet<'d>>> {
        let mut unmet = Vec::new();
        let network = find(&self.networks, peer);
        if network.is_none() && !self.networks.is_empty() {
            unmet.push(Unmet::Networks(&self.networks));
        }
        let user = self.users.iter().find(|user| **user == identity.subject);
        if user.is_none() && !self.users.is_empty() {
            unmet.push(Unmet::Users(&self.users));
        }
        let group = self
            .groups
            .iter()
            .find(|group| identity.groups.contains(group));
        if group.is_none() && !self.groups.is_empty() {
            unmet.push(Unmet::Groups(&self.groups));
        }
        unmet.extend(
            self.claims
                .iter()
                .filter(|claim| !claim_holds(claim, identity))
                .map(Unmet::Claim),
        );
        // After the person: whom no rule lets in is not sent to set something up.
        if self.second_factor && !identity.source.has_second_factor() {
            unmet.push(Unmet::SecondFactor);
        }
        let scopes = self.scopes.iter();
        let missing: Vec<&str> = scopes
            .filter(|scope| !identity.scopes.contains(scope))
            .map(|scope| &**scope)
            .collect();
        if !missing.is_empty() {
            unmet.push(Unmet::Scopes(missing));
        }
        if !unmet.is_empty() {
            return Err(unmet);
        }
        let (user, group) = (user.map(|user| &**user), group.map(|group| &**group));
        Ok(Met {
            user,
            group,
            scopes: &self.scopes,
            claims: &self.claims,
            network,
        })
    }
}

fn claim_holds(claim: &ClaimDemand, identity: &Identity) -> bool {
    claim
        .value_in(&identity.claims)
        .is_some_and(|value| claim.is_met_by(value))
}

fn within(networks: &[Network], peer: Option<IpAddr>) -> bool {
    networks.is_empty() || find(networks, peer).is_some()
}

fn find(networks: &[Network], peer: Option<IpAddr>) -> Option<&Network> {
    let peer = peer?;
    networks.iter().find(|network| network.contains(peer))
}

/// Refuses with the cause of the first requirement. Without any, nothing says why, and nobody is known.
fn deny(unmet: Vec<Unmet<'_>>) -> Ruling<'_> {
    let cause = unmet
        .first()
        .map_or(Cause::CredentialsMissing, Unmet::cause);
    Ruling::Deny(Denial { cause, unmet })
}

impl fmt::Display for Reasons<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let met = match self {
            Reasons::Anyone => return f.write_str("the route is open to anyone"),
            Reasons::Identity(met) => met,
        };
        f.write_str("the caller is known")?;
        if let Some(user) = met.user {
            write!(f, "; user `{user}` is listed")?;
        }
        if let Some(group) = met.group {
            write!(f, "; group `{group}` is listed")?;
        }
        for scope in met.scopes {
            write!(f, "; has scope `{scope}`")?;
        }
        for claim in met.claims {
            write!(f, "; claim `{}` fits", claim.name)?;
        }
        match met.network {
            Some(network) => write!(f, "; the address is in `{network}`"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Unmet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unmet::Identity | Unmet::CredentialNetwork | Unmet::SecondFactor => {
                f.write_str(self.detail())
            }
            Unmet::Networks(networks) => list(f, "the address is in none of", networks.iter()),
            Unmet::Users(users) => list(f, "the caller is none of", users.iter()),
            Unmet::Groups(groups) => list(f, "the caller is in none of", groups.iter()),
            Unmet::Claim(claim) => {
                write!(f, "claim `{}` ", claim.name)?;
                list(f, "is none of", claim.any_of.iter())
            }
            Unmet::Scopes(missing) => list(f, "the caller lacks", missing.iter()),
        }
    }
}

fn list<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    words: &str,
    items: impl Iterator<Item = T>,
) -> fmt::Result {
    f.write_str(words)?;
    for (index, item) in items.enumerate() {
        write!(f, "{} `{item}`", if index == 0 { "" } else { "," })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
