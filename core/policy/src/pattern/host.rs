//! Host patterns.
//!
//! Knows: exact hosts and `*.` for one or more labels in front. Does not know: ports. A host pattern is compared with
//! the name alone, since the port says where the listener is, not what is asked for.

use std::fmt;

use super::{PatternDefect, PatternFault};
use crate::host::{Host, HostDefect};

/// A host or a family of hosts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HostPattern {
    /// In canonical form.
    name: Box<str>,
    /// Whether the name needs one or more labels in front.
    below: bool,
}

impl HostPattern {
    /// Reads `example.com`, `*.example.com`, `192.0.2.1` or `[2001:db8::1]`. Upper case is taken and lowered.
    ///
    /// `*.example.com` stands for `a.example.com` and `a.b.example.com`, not for `example.com`.
    ///
    /// # Errors
    ///
    /// What [`Host::parse`] refuses, a port, and a wildcard anywhere else or in front of a single label.
    pub fn parse(text: &str) -> Result<HostPattern, PatternDefect> {
        let (name, below) = match text.strip_prefix("*.") {
            Some(name) => (name, true),
            None => (text, false),
        };
        let offset = text.len() - name.len();
        if let Some(at) = name.find('*') {
            return Err(PatternDefect::new(
                PatternFault::HostWildcard,
                offset + at,
                1,
            ));
        }
        let host =
            Host::parse(name.as_bytes()).map_err(|defect| defect_at(name, offset, defect))?;
        if host.port().is_some() || name.ends_with(':') {
            let at = name.rfind(':').unwrap_or_default();
            return Err(PatternDefect::new(
                PatternFault::Host,
                offset + at,
                name.len() - at,
            ));
        }
        let is_address =
            host.name().starts_with('[') || host.name().parse::<std::net::Ipv4Addr>().is_ok();
        if below && (is_address || !host.name().contains('.')) {
            return Err(PatternDefect::new(
                PatternFault::HostWildcard,
                0,
                text.len(),
            ));
        }
        Ok(HostPattern {
            name: host.name().into(),
            below,
        })
    }

    /// Whether the pattern stands for the host.
    #[must_use]
    pub fn matches(&self, host: &Host<'_>) -> bool {
        if !self.below {
            return *self.name == *host.name();
        }
        // The labels in front are never empty: `Host` has none that are.
        host.name()
            .strip_suffix(&*self.name)
            .is_some_and(|front| front.ends_with('.'))
    }

    /// Whether every host of the other pattern is one of this.
    #[must_use]
    pub fn covers(&self, other: &HostPattern) -> bool {
        if !self.below {
            return self == other;
        }
        let below = other.name.strip_suffix(&*self.name);
        below.is_some_and(|front| front.ends_with('.') || (front.is_empty() && other.below))
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.below { "*." } else { "" })?;
        f.write_str(&self.name)
    }
}

fn defect_at(name: &str, offset: usize, defect: HostDefect) -> PatternDefect {
    let whole = (0, name.len());
    let (at, bytes) = match defect {
        HostDefect::Empty | HostDefect::TooLong | HostDefect::NotAnAddress => whole,
        HostDefect::Userinfo => (0, name.find('@').map_or(name.len(), |at| at + 1)),
        HostDefect::Port => name.find(':').map_or(whole, |at| (at, name.len() - at)),
        HostDefect::EmptyLabel => (name.find("..").map_or(0, |at| at + 1), 1.min(name.len())),
        HostDefect::OddCharacter => name
            .char_indices()
            .find(|(_, c)| !(c.is_ascii_alphanumeric() || "-_.".contains(*c)))
            .map_or(whole, |(at, c)| (at, c.len_utf8())),
    };
    PatternDefect::new(PatternFault::Host, offset + at, bytes)
}
