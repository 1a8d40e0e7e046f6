//! The rules of the brakes: how many attempts are free, and how delays grow.
//!
//! Knows: numbers of the configuration. Does not know any attempt.

use countersign_policy::Network;

use crate::request::ClientAddress;

/// When attempts are braked, and for how long.
#[derive(Debug, Clone)]
pub struct BrakeRules {
    /// For one account from one client network.
    pub pair: Curve,
    /// For one account, from everywhere together.
    pub account: Curve,
    /// For one client network, whatever it tries.
    pub network: Curve,
    /// Failures count until there was none for so long, in seconds.
    pub forget_secs: u32,
    /// For how long a network from which an account was signed in to is spared the brakes on the account and on the
    /// network, in seconds.
    pub trust_secs: u32,
    /// How many attempts are turned away at most, for one account from one network, before a password that was right
    /// there a while ago is braked like any other.
    pub known_turned_away_max: u32,
    /// The length of prefix that makes a client's network.
    pub ipv4_prefix: u8,
    /// The same for IPv6.
    pub ipv6_prefix: u8,
    /// Networks whose attempts are not counted.
    pub exempt: Vec<Network>,
}

/// How delays grow with the failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Curve {
    /// Failures without a delay.
    pub free: u32,
    /// The first delay, in seconds. It doubles with each failure.
    pub first_secs: u32,
    /// The longest delay, in seconds.
    pub secs_max: u32,
}

impl BrakeRules {
    /// The network that attempts of a client count for; `None` where they do not count. Nobody is spared for the address of
    /// a proxy that does not say whose request it is.
    #[must_use]
    pub fn network(&self, client: ClientAddress) -> Option<Network> {
        let known = client.known();
        let is_exempt = |network: &Network| known.is_some_and(|known| network.contains(known));
        let exempt = self.exempt.iter().any(is_exempt);
        (!exempt).then(|| Network::around(client.nearest(), self.ipv4_prefix, self.ipv6_prefix))
    }
}

impl Curve {
    /// The delay after so many failures; 0: none.
    #[must_use]
    pub fn delay_secs(&self, failures: u32) -> u32 {
        let Some(over) = failures.checked_sub(self.free) else {
            return 0;
        };
        let factor = 1_u32.checked_shl(over).unwrap_or(u32::MAX);
        self.first_secs.saturating_mul(factor).min(self.secs_max)
    }

    /// Whether so many failures are braked at all.
    #[must_use]
    pub const fn brakes(&self, failures: u32) -> bool {
        failures >= self.free
    }
}
