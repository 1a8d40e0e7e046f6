//! The decision: a demand, an identity, an address, and what comes of them.
//!
//! Knows: which requirement is checked in which order, and the cause of each refusal. Does not know: routes, how the
//! identity was verified, or how a refusal is worded to the client.

use std::fmt;
use std::net::IpAddr;

use countersign_cause::Cause;

use crate::demand::{ClaimDemand, Demand, Requirements, SignInDemand};
use crate::identity::Identity;
use crate::network::Network;

/// What a decision depends on beside who asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asking {
    /// The client's address; where it is not known, it is in no network.
    pub peer: Option<IpAddr>,
    /// How long ago the sign-in was that the credential came of; where it is not known, too long ago.
    pub sign_in_age_secs: Option<i64>,
}

/// Holds an identity against a demand.
///
/// The limit of the credential's own networks holds on public routes as well: whoever shows a credential from where it
/// must not be used is refused, since the upstream would be told the name.
#[must_use]
pub fn decide<'d>(demand: &'d Demand, identity: Option<&Identity>, asking: Asking) -> Ruling<'d> {
    let peer = asking.peer;
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
    match requirements.hold_against(identity, asking) {
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
    /// The sign-in was not of a class, or by the methods, that are demanded.
    Strength(&'d SignInDemand),
    /// The sign-in was longer ago than these seconds, or when it was is not known.
    SignInAge(i64),
    /// The caller is this user, whom the route refuses.
    DeniedUser(&'d str),
    /// The caller is in this group, which the route refuses.
    DeniedGroup(&'d str),
    /// The address is in one of these networks, which the route refuses, or is not known.
    DeniedNetworks(&'d [Network]),
    /// These scopes are missing.
    Scopes(Vec<&'d str>),
}

impl<'d> Unmet<'d> {
    /// The cause that it is refused with.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        match self {
            Unmet::Identity => Cause::CredentialsMissing,
            Unmet::CredentialNetwork | Unmet::Networks(_) | Unmet::DeniedNetworks(_) => {
                Cause::AddressNotAllowed
            }
            Unmet::Users(_)
            | Unmet::Groups(_)
            | Unmet::Claim(_)
            | Unmet::DeniedUser(_)
            | Unmet::DeniedGroup(_) => Cause::IdentityNotAllowed,
            Unmet::SecondFactor => Cause::SecondFactorRequired,
            Unmet::Strength(_) => Cause::SignInTooWeak,
            Unmet::SignInAge(_) => Cause::SignInTooOld,
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
            Unmet::Strength(_) => "the sign-in was not as strong as the route demands",
            Unmet::SignInAge(_) => {
                "the sign-in was longer ago than the route allows, or at a time that is not known"
            }
            Unmet::DeniedUser(_) => "the route refuses this user",
            Unmet::DeniedGroup(_) => "the route refuses a group of the caller",
            Unmet::DeniedNetworks(_) => "the route refuses the network of the address",
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
            | Unmet::SecondFactor
            | Unmet::Strength(_)
            | Unmet::SignInAge(_)
            | Unmet::DeniedUser(_)
            | Unmet::DeniedGroup(_)
            | Unmet::DeniedNetworks(_) => None,
        }
    }
}

impl Requirements {
    /// Address first, then the person, then the scope: a wider scope helps nobody whom no rule lets in.
    fn hold_against<'d>(
        &'d self,
        identity: &Identity,
        asking: Asking,
    ) -> Result<Met<'d>, Vec<Unmet<'d>>> {
        let mut unmet = Vec::new();
        let peer = asking.peer;
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
        if !self.sign_in.is_strong_enough(identity) {
            unmet.push(Unmet::Strength(&self.sign_in));
        }
        if let Some(secs_max) = self.sign_in.age_secs_max
            && asking.sign_in_age_secs.is_none_or(|age| age > secs_max)
        {
            unmet.push(Unmet::SignInAge(secs_max));
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

impl SignInDemand {
    fn is_strong_enough(&self, identity: &Identity) -> bool {
        let sign_in = &identity.sign_in;
        let of_class = |acr| self.acr.contains(acr);
        (self.acr.is_empty() || sign_in.acr.as_ref().is_some_and(of_class))
            && self.amr.iter().all(|method| sign_in.amr.contains(method))
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

pub(crate) fn find(networks: &[Network], peer: Option<IpAddr>) -> Option<&Network> {
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
            Unmet::Strength(demand) => {
                f.write_str("the sign-in ")?;
                if !demand.acr.is_empty() {
                    list(f, "has to be of class", demand.acr.iter())?;
                }
                let both = !demand.acr.is_empty() && !demand.amr.is_empty();
                f.write_str(if both { " and " } else { "" })?;
                if !demand.amr.is_empty() {
                    list(f, "has to be by", demand.amr.iter())?;
                }
                Ok(())
            }
            Unmet::SignInAge(secs_max) => {
                write!(
                    f,
                    "the sign-in is not known to be of the last {secs_max} seconds"
                )
            }
            Unmet::DeniedUser(user) => write!(f, "the route refuses user `{user}`"),
            Unmet::DeniedGroup(group) => write!(f, "the route refuses group `{group}`"),
            Unmet::DeniedNetworks(networks) => {
                list(f, "the route refuses addresses in", networks.iter())
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
