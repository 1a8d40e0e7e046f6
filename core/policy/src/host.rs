//! The one canonical form of a host.
//!
//! Knows: the grammar of the Host field. Does not know: how many Host fields came (the gateway demands one), or which
//! hosts are served.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::{self, FromStr};

/// A host in canonical form, with its port.
///
/// Names are lower-case and have no trailing dot; IPv6 addresses are written as RFC 5952 has them, in brackets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Host<'a> {
    name: Cow<'a, str>,
    port: Option<u16>,
}

impl<'a> Host<'a> {
    /// The longest host name (RFC 1035 section 2.3.4, as text without the root's dot).
    pub const NAME_BYTES_MAX: usize = 253;
    /// The longest label of a name (RFC 1035 section 2.3.4).
    pub const LABEL_BYTES_MAX: usize = 63;

    /// Reads a Host field's value or a URL's authority.
    ///
    /// ```abnf
    /// Host     = uri-host [ ":" port ]
    /// uri-host = IP-literal / IPv4address / reg-name
    /// port     = *DIGIT
    /// ```
    ///
    /// Of `reg-name` only letters, digits, `-`, `_` and dots are taken: what is percent-encoded or has other
    /// characters is no host that a name server knows. A last label that looks like a number makes the whole an IPv4
    /// address, as it does for browsers, and then only the dotted form with four decimal numbers is taken.
    ///
    /// # Errors
    ///
    /// Whatever does not follow this.
    pub fn parse(value: &'a [u8]) -> Result<Host<'a>, HostDefect> {
        Self::read(value).map_err(|defect| {
            // RFC 9110 section 4.2.4: userinfo has no place in an HTTP authority.
            if value.contains(&b'@') {
                HostDefect::Userinfo
            } else {
                defect
            }
        })
    }

    fn read(value: &'a [u8]) -> Result<Host<'a>, HostDefect> {
        let text = str::from_utf8(value).map_err(|_| HostDefect::OddCharacter)?;
        if text.starts_with('[') {
            let (literal, rest) = text.split_once(']').ok_or(HostDefect::NotAnAddress)?;
            let name = ipv6(literal.get(1..).unwrap_or_default())?;
            let port = match rest.strip_prefix(':') {
                None if rest.is_empty() => None,
                None => return Err(HostDefect::OddCharacter),
                Some(port) => parse_port(port)?,
            };
            return Ok(Host { name, port });
        }
        let colon = value.iter().position(|&byte| byte == b':');
        let (name, port) = match colon.and_then(|colon| text.split_at_checked(colon)) {
            None => (text, None),
            Some((name, port)) => (name, parse_port(port.get(1..).unwrap_or_default())?),
        };
        Ok(Host {
            name: parse_name(name)?,
            port,
        })
    }

    /// The name or address, without the port.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The port, where one was written.
    #[must_use]
    pub const fn port(&self) -> Option<u16> {
        self.port
    }

    /// The same host, without the borrow.
    #[must_use]
    pub fn into_owned(self) -> Host<'static> {
        Host {
            name: Cow::Owned(self.name.into_owned()),
            port: self.port,
        }
    }
}

impl fmt::Display for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

/// What is wrong with a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HostDefect {
    /// Nothing there, or nothing before the port.
    Empty,
    /// A user name or password in front of it.
    Userinfo,
    /// A character that no host name has.
    OddCharacter,
    /// Two dots in a row, or a dot at the start.
    EmptyLabel,
    /// A label longer than [`Host::LABEL_BYTES_MAX`], or a name longer than [`Host::NAME_BYTES_MAX`].
    TooLong,
    /// It looks like an IP address, and is none.
    NotAnAddress,
    /// The port is not a number from 1 to 65535 without leading zeros.
    Port,
}

impl HostDefect {
    /// What was found, in words for the log.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            HostDefect::Empty => "the host is empty",
            HostDefect::Userinfo => "the host has a user name in front",
            HostDefect::OddCharacter => "the host has a character that no host name has",
            HostDefect::EmptyLabel => "the host has an empty label",
            HostDefect::TooLong => "the host is too long",
            HostDefect::NotAnAddress => "the host looks like an IP address and is none",
            HostDefect::Port => "the port is not a number from 1 to 65535",
        }
    }
}

impl fmt::Display for HostDefect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.detail())
    }
}

impl Error for HostDefect {}

/// RFC 3986 section 3.2.3: an empty port is the scheme's default.
fn parse_port(text: &str) -> Result<Option<u16>, HostDefect> {
    if text.is_empty() {
        return Ok(None);
    }
    if text.starts_with('0') || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(HostDefect::Port);
    }
    text.parse().map(Some).map_err(|_| HostDefect::Port)
}

/// ```abnf
/// name  = label *( "." label ) [ "." ]
/// label = 1*63( ALPHA / DIGIT / "-" / "_" )
/// ```
fn parse_name(text: &str) -> Result<Cow<'_, str>, HostDefect> {
    let name = text.strip_suffix('.').unwrap_or(text);
    if name.is_empty() {
        return Err(if text.is_empty() {
            HostDefect::Empty
        } else {
            HostDefect::EmptyLabel
        });
    }
    if name.len() > Host::NAME_BYTES_MAX {
        return Err(HostDefect::TooLong);
    }
    let mut upper = false;
    let mut label_bytes = 0;
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => label_bytes += 1,
            b'A'..=b'Z' => {
                upper = true;
                label_bytes += 1;
            }
            b'.' if label_bytes == 0 => return Err(HostDefect::EmptyLabel),
            b'.' => label_bytes = 0,
            _ => return Err(HostDefect::OddCharacter),
        }
        if label_bytes > Host::LABEL_BYTES_MAX {
            return Err(HostDefect::TooLong);
        }
    }
    if label_bytes == 0 {
        return Err(HostDefect::EmptyLabel);
    }
    if looks_like_ipv4(name) && Ipv4Addr::from_str(name).is_err() {
        return Err(HostDefect::NotAnAddress);
    }
    // RFC 9110 section 4.2.3: the host is compared without regard to letter case, so it has one case here.
    Ok(if upper {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    })
}

/// Whether the last label is a number, decimal or hexadecimal, so that some resolvers read `127.1` or `0x7f000001`.
fn looks_like_ipv4(name: &str) -> bool {
    let labels = name.as_bytes();
    let start = labels.iter().rposition(|&byte| byte == b'.');
    let last = labels
        .get(start.map_or(0, |dot| dot + 1)..)
        .unwrap_or_default();
    match last {
        [b'0', b'x' | b'X', digits @ ..] => digits.iter().all(u8::is_ascii_hexdigit),
        digits => digits.iter().all(u8::is_ascii_digit),
    }
}

/// RFC 5952: one text for each address. Zone identifiers have no meaning off the machine and are refused.
fn ipv6<'a>(literal: &str) -> Result<Cow<'a, str>, HostDefect> {
    let address = Ipv6Addr::from_str(literal).map_err(|_| HostDefect::NotAnAddress)?;
    Ok(Cow::Owned(format!("[{address}]")))
}

#[cfg(test)]
mod tests;
