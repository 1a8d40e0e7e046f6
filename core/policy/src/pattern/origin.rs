//! Origin patterns: which pages.
//!
//! Knows: origins as browsers write them, `*.` for one or more labels in front, and `:*` for any port. Does not know what
//! such a page may do. An origin is compared byte by byte and never taken apart into more than scheme, host and port: there
//! is nothing in it that two readers could read differently.

use std::error::Error;
use std::fmt;

use crate::host::{Host, HostDefect};

/// An origin or a family of origins.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum OriginPattern {
    /// `null`: files, sandboxed frames, and redirects between origins.
    Null,
    /// Origins with a scheme, a host and perhaps a port.
    Tuple(TuplePattern),
}

/// A pattern for origins that have a scheme and a host.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TuplePattern {
    /// With `://`.
    scheme: Box<str>,
    host: Box<str>,
    /// Whether the host needs one or more labels in front.
    below: bool,
    port: PortPattern,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum PortPattern {
    /// None is written: the scheme's own.
    Own,
    Exactly(u16),
    Any,
}

impl OriginPattern {
    /// Reads `https://app.example.com`, `http://localhost:5173`, `https://*.example.com`, `http://localhost:*` or `null`.
    ///
    /// ```abnf
    /// pattern = "null" / scheme "://" [ "*." ] host [ ":" ( port / "*" ) ]
    /// scheme  = %x61-7A *( %x61-7A / DIGIT / "+" / "-" / "." )
    /// ```
    ///
    /// RFC 6454 section 6.2, "ASCII Serialization of an Origin": what browsers never send is refused, since it would
    /// match nothing.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<OriginPattern, OriginFault> {
        if text == "null" {
            return Ok(OriginPattern::Null);
        }
        if text == "*" {
            return Err(OriginFault::Star);
        }
        if !text.is_ascii() {
            return Err(OriginFault::NotAscii);
        }
        let (scheme, authority) = text.split_once("://").ok_or(OriginFault::NoScheme)?;
        check_scheme(scheme)?;
        if authority.contains(['/', '?', '#']) {
            return Err(OriginFault::Path);
        }
        let (below, authority) = match authority.strip_prefix("*.") {
            Some(rest) => (true, rest),
            None => (false, authority),
        };
        let (host, port) = split_port(authority);
        if host.contains('*') {
            return Err(OriginFault::Wildcard);
        }
        let read = Host::parse(host.as_bytes()).map_err(OriginFault::Host)?;
        if read.name() != host {
            return Err(OriginFault::Spelling);
        }
        let is_address = host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok();
        if below && (is_address || !host.contains('.')) {
            return Err(OriginFault::Wildcard);
        }
        Ok(OriginPattern::Tuple(TuplePattern {
            scheme: [scheme, "://"].concat().into(),
            host: host.into(),
            below,
            port: port.map_or(Ok(PortPattern::Own), |port| parse_port(scheme, port))?,
        }))
    }

    /// Whether it stands for one origin alone, which is somebody's: not for hosts below one, for any port, or for `null`.
    #[must_use]
    pub const fn is_exact(&self) -> bool {
        match self {
            OriginPattern::Null => false,
            OriginPattern::Tuple(TuplePattern { below, port, .. }) => match port {
                PortPattern::Own | PortPattern::Exactly(_) => !*below,
                PortPattern::Any => false,
            },
        }
    }

    /// Whether the pattern stands for this origin, as a browser sent it.
    #[must_use]
    pub fn matches(&self, origin: &[u8]) -> bool {
        match self {
            OriginPattern::Null => origin == b"null",
            OriginPattern::Tuple(pattern) => pattern.matches(origin),
        }
    }

    /// Whether pages of it come over a network without TLS, where whoever sits on the way can change them.
    #[must_use]
    pub fn is_in_the_clear(&self) -> bool {
        match self {
            OriginPattern::Null => false,
            OriginPattern::Tuple(pattern) => {
                let is_own_machine = matches!(&*pattern.host, "localhost" | "127.0.0.1" | "[::1]")
                    || pattern.host.ends_with(".localhost");
                &*pattern.scheme == "http://" && !is_own_machine
            }
        }
    }
}

impl TuplePattern {
    fn matches(&self, origin: &[u8]) -> bool {
        let Some(authority) = origin.strip_prefix(self.scheme.as_bytes()) else {
            return false;
        };
        let (host, port) = match self.port {
            PortPattern::Own if !self.below => return authority == self.host.as_bytes(),
            PortPattern::Own => (authority, None),
            PortPattern::Exactly(_) | PortPattern::Any => split_port_bytes(authority),
        };
        let fits = match (self.port, port) {
            (PortPattern::Own, None) | (PortPattern::Any, None) => true,
            (PortPattern::Exactly(wanted), Some(port)) => read_port(port) == Some(wanted),
            (PortPattern::Any, Some(port)) => read_port(port).is_some(),
            (PortPattern::Own, Some(_)) | (PortPattern::Exactly(_), None) => false,
        };
        fits && self.is_host(host)
    }

    fn is_host(&self, host: &[u8]) -> bool {
        match host.strip_suffix(self.host.as_bytes()) {
            Some([]) => !self.below,
            Some([front @ .., b'.']) => self.below && is_labels(front),
            Some(_) | None => false,
        }
    }
}

impl fmt::Display for OriginPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pattern = match self {
            OriginPattern::Null => return f.write_str("null"),
            OriginPattern::Tuple(pattern) => pattern,
        };
        let below = if pattern.below { "*." } else { "" };
        write!(f, "{}{below}{}", pattern.scheme, pattern.host)?;
        match pattern.port {
            PortPattern::Own => Ok(()),
            PortPattern::Exactly(port) => write!(f, ":{port}"),
            PortPattern::Any => f.write_str(":*"),
        }
    }
}

/// Labels in front of a name, as browsers write them: lower case, and none empty.
fn is_labels(front: &[u8]) -> bool {
    front.split(|byte| *byte == b'.').all(|label| {
        (1..=Host::LABEL_BYTES_MAX).contains(&label.len())
            && label
                .iter()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
    })
}

fn check_scheme(scheme: &str) -> Result<(), OriginFault> {
    let mut bytes = scheme.bytes();
    let begins = bytes.next().is_some_and(|byte| byte.is_ascii_lowercase());
    let goes_on = bytes.all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'+' | b'-' | b'.'));
    if begins && goes_on {
        Ok(())
    } else {
        Err(OriginFault::Scheme)
    }
}

/// Host and what stands after its colon; the colons of an IPv6 address are in brackets.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    let end = authority.rfind(']').map_or(0, |at| at + 1);
    let port = authority.get(end..).and_then(|rest| rest.find(':'));
    match port.and_then(|at| Some((authority.get(..end + at)?, authority.get(end + at + 1..)?))) {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    }
}

fn split_port_bytes(authority: &[u8]) -> (&[u8], Option<&[u8]>) {
    match authority
        .iter()
        .rposition(|byte| matches!(byte, b':' | b']'))
    {
        Some(at) if authority.get(at) == Some(&b':') => match authority.split_at_checked(at) {
            Some((host, [_, port @ ..])) => (host, Some(port)),
            Some((_, [])) | None => (authority, None),
        },
        Some(_) | None => (authority, None),
    }
}

/// A port as browsers write it: no zero in front, and no sign.
fn read_port(digits: &[u8]) -> Option<u16> {
    if matches!(digits, [] | [b'0', ..]) || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn parse_port(scheme: &str, text: &str) -> Result<PortPattern, OriginFault> {
    if text == "*" {
        return Ok(PortPattern::Any);
    }
    let port = read_port(text.as_bytes()).ok_or(OriginFault::Port)?;
    match (scheme, port) {
        ("https", 443) | ("http", 80) => Err(OriginFault::DefaultPort),
        _ => Ok(PortPattern::Exactly(port)),
    }
}

/// What is wrong with an origin pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OriginFault {
    /// `*`, which is no origin.
    Star,
    /// A character outside of ASCII.
    NotAscii,
    /// No `://`.
    NoScheme,
    /// A scheme that browsers do not write.
    Scheme,
    /// A slash, a query or a fragment after the host.
    Path,
    /// `*` elsewhere than in the first label, or without a name of two labels after it.
    Wildcard,
    /// The host is none.
    Host(HostDefect),
    /// The host in another spelling than the browser's.
    Spelling,
    /// The port is not a number from 1 to 65535.
    Port,
    /// The port that the scheme has anyway.
    DefaultPort,
}

impl OriginFault {
    /// What is wrong, in words.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            OriginFault::Star => "every origin is not one origin",
            OriginFault::NotAscii => "the origin has a character outside of ASCII",
            OriginFault::NoScheme => "the origin has no scheme",
            OriginFault::Scheme => "the scheme is not written as browsers write it",
            OriginFault::Path => "the origin has something after its host and port",
            OriginFault::Wildcard => "the wildcard is not the whole first label of a longer name",
            OriginFault::Host(defect) => defect.detail(),
            OriginFault::Spelling => "the host is not written as browsers write it",
            OriginFault::Port => "the port is not a number from 1 to 65535",
            OriginFault::DefaultPort => "browsers leave out the port that the scheme has anyway",
        }
    }

    /// How to mend it.
    #[must_use]
    pub const fn help(self) -> &'static str {
        match self {
            OriginFault::Star => "write `origins = [\"*\"]` alone, or name the origins",
            OriginFault::NotAscii => "write the host as browsers send it, in Punycode (`xn--...`)",
            OriginFault::NoScheme => {
                "write it as the browser sends it, as in `https://app.example.com`"
            }
            OriginFault::Scheme => "write it in lower case, as in `https`",
            OriginFault::Path => "leave it out, the slash too, as in `https://app.example.com`",
            OriginFault::Wildcard => {
                "write it as in `https://*.example.com`, and name `https://example.com` beside if it is meant too"
            }
            OriginFault::Host(HostDefect::Empty) => {
                "pages of files have the origin `null`; all others have a host"
            }
            OriginFault::Host(
                HostDefect::Userinfo
                | HostDefect::OddCharacter
                | HostDefect::EmptyLabel
                | HostDefect::TooLong
                | HostDefect::NotAnAddress
                | HostDefect::Port,
            ) => "write scheme, host and port alone, as in `https://app.example.com:8443`",
            OriginFault::Spelling => {
                "write it in lower case, without a dot at the end, and an IPv6 address in its shortest form"
            }
            OriginFault::Port => "write a number, or `*` for any port",
            OriginFault::DefaultPort => "leave the port out",
        }
    }
}

impl fmt::Display for OriginFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.detail())
    }
}

impl Error for OriginFault {}

#[cfg(test)]
mod tests;
