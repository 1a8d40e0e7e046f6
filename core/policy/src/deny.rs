//! Whom a route refuses whatever else holds.
//!
//! Knows: the rule, who asks and from where. Does not know what the route demands of others, which is looked at afterwards.

use std::net::IpAddr;

use crate::decide::{Denial, Unmet};
use crate::demand::Deny;
use crate::identity::Identity;
use crate::network::Network;

/// Holds a caller against a rule of refusal; `None`: it is not meant. The address first, which is refused without a look at
/// who it is, and one that is not known is in every network.
#[must_use]
pub fn denied<'d>(
    deny: &'d Deny,
    identity: Option<&Identity>,
    peer: Option<IpAddr>,
) -> Option<Denial<'d>> {
    if deny.is_empty() {
        return None;
    }
    let is_in = |peer| {
        deny.networks
            .iter()
            .any(|network: &Network| network.contains(peer))
    };
    let from_there = !deny.networks.is_empty() && peer.is_none_or(is_in);
    let is_user = |user: &str| identity.is_some_and(|known| *known.subject == *user);
    let is_member = |group: &str| {
        let groups = identity.map_or(&[][..], |known| &known.groups);
        groups.iter().any(|of_caller| **of_caller == *group)
    };
    let network = from_there.then_some(Unmet::DeniedNetworks(&deny.networks));
    let user = deny.users.iter().find(|user| is_user(user));
    let group = deny.groups.iter().find(|group| is_member(group));
    let unmet: Vec<Unmet<'_>> = network
        .into_iter()
        .chain(user.map(|user| Unmet::DeniedUser(user)))
        .chain(group.map(|group| Unmet::DeniedGroup(group)))
        .collect();
    let cause = unmet.first()?.cause();
    Some(Denial { cause, unmet })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use countersign_cause::Cause;

    use super::*;
    use crate::identity::Source;

    fn deny() -> Deny {
        Deny {
            users: vec!["mallory".into()],
            groups: vec!["guests".into(), "leavers".into()],
            networks: vec!["192.0.2.0/24".parse().unwrap()],
        }
    }

    fn cause(deny: &Deny, identity: Option<&Identity>, peer: Option<&str>) -> Option<Cause> {
        let peer = peer.map(|peer| peer.parse().unwrap());
        denied(deny, identity, peer).map(|denial| denial.cause)
    }

    #[test]
    fn any_one_part_is_enough_and_the_address_comes_first() {
        let alice = Identity::new("alice", Source::User);
        let mallory = Identity::new("mallory", Source::User);
        let leaver = Identity {
            groups: vec!["staff".into(), "leavers".into()],
            ..alice.clone()
        };
        let elsewhere = Some("198.51.100.7");
        assert_eq!(cause(&deny(), Some(&alice), elsewhere), None);
        assert_eq!(cause(&deny(), None, elsewhere), None);
        let refused = Some(Cause::IdentityNotAllowed);
        assert_eq!(cause(&deny(), Some(&mallory), elsewhere), refused);
        assert_eq!(cause(&deny(), Some(&leaver), elsewhere), refused);
        let there = Some("192.0.2.9");
        for identity in [None, Some(&alice), Some(&mallory)] {
            assert_eq!(
                cause(&deny(), identity, there),
                Some(Cause::AddressNotAllowed)
            );
        }
        let both = deny();
        let all = denied(&both, Some(&mallory), Some("192.0.2.9".parse().unwrap())).unwrap();
        assert_eq!(
            all.unmet
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>(),
            [
                "the route refuses addresses in `192.0.2.0/24`",
                "the route refuses user `mallory`"
            ]
        );
    }

    #[test]
    fn an_address_that_is_not_known_is_refused_where_networks_are() {
        assert_eq!(cause(&deny(), None, None), Some(Cause::AddressNotAllowed));
        let without = Deny {
            networks: Vec::new(),
            ..deny()
        };
        assert_eq!(cause(&without, None, None), None);
        assert_eq!(cause(&Deny::default(), None, None), None);
    }
}
