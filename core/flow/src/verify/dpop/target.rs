//! Whether the address that a proof is for is the one that the client has asked for.
//!
//! Knows: how clients reach the gateway, and what a proxy in front may have made of the target. Does not know proofs.
//!
//! ```text
//! htu = scheme "://" authority path-abempty [ "?" query ] [ "#" fragment ]
//! ```

use countersign_policy::{Host, Target};

use crate::step::Line;

/// RFC 9449 section 4.3 point 9: the address without query and fragment, with the normalisation of RFC 3986 sections 6.2.2
/// and 6.2.3 on both sides.
pub(super) fn is_asked_for(htu: &str, line: &Line<'_, '_>) -> bool {
    let request = &line.request;
    let Some(htu) = Address::parse(htu) else {
        return false;
    };
    // What a proxy in front has made of scheme and host does not matter where it is known how clients reach it.
    let own = match &line.rules.public_url {
        Some(url) => Origin::parse(url).map(|(origin, _)| origin),
        None => request
            .authority
            .and_then(|authority| Origin::of(request.channel.secure, authority)),
    };
    if own.is_none_or(|own| own != htu.origin) {
        return false;
    }
    let prefix = &*line.rules.digest.path_prefix;
    match request.original_target {
        // A proxy that is believed has said what the client asked it for.
        Some(original) => same(htu.path, path_of(original)),
        None if prefix.is_empty() => same(htu.path, path_of(request.path_and_query)),
        // The proxy in front takes a prefix off that the client has put on.
        None => htu.path.strip_prefix(prefix).is_some_and(|rest| {
            let rest = if rest.is_empty() { "/" } else { rest };
            same(rest, path_of(request.path_and_query))
        }),
    }
}

/// A scheme with its host and port.
#[derive(Debug, PartialEq, Eq)]
struct Origin<'a> {
    secure: bool,
    name: Host<'a>,
    port: u16,
}

/// An address, without query and fragment.
struct Address<'a> {
    origin: Origin<'a>,
    path: &'a str,
}

impl<'a> Origin<'a> {
    fn parse(url: &'a str) -> Option<(Origin<'a>, &'a str)> {
        let after = |scheme: &str| {
            let (start, rest) = url.split_at_checked(scheme.len())?;
            // RFC 3986 section 6.2.2.1: scheme and host are case-insensitive.
            start.eq_ignore_ascii_case(scheme).then_some(rest)
        };
        let (secure, rest) = match after("https://") {
            Some(rest) => (true, rest),
            None => (false, after("http://")?),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at_checked(end)?;
        Some((Origin::of(secure, authority)?, rest))
    }

    fn of(secure: bool, authority: &'a str) -> Option<Origin<'a>> {
        let host = Host::parse(authority.as_bytes()).ok()?;
        // RFC 3986 section 6.2.3: the port that the scheme has by itself may be left out.
        let port = host.port().unwrap_or(if secure { 443 } else { 80 });
        let name = Host::parse(host.name().as_bytes()).ok()?.into_owned();
        Some(Origin { secure, name, port })
    }
}

impl<'a> Address<'a> {
    fn parse(htu: &'a str) -> Option<Address<'a>> {
        let (origin, rest) = Origin::parse(htu)?;
        // RFC 3986 section 6.2.3: an empty path is `/`.
        let path = match path_of(rest) {
            "" => "/",
            path => path,
        };
        Some(Address { origin, path })
    }
}

fn path_of(target: &str) -> &str {
    let end = target.find(['?', '#']).unwrap_or(target.len());
    target.get(..end).unwrap_or_default()
}

/// Different spellings of one path are those that the canonical form makes equal.
fn same(one: &str, other: &str) -> bool {
    one == other
        || Target::parse(one)
            .is_ok_and(|one| Target::parse(other).is_ok_and(|other| one.path() == other.path()))
}
