//! Version 1: a line of text.
//!
//! Knows: section 2.1 of the specification. Does not know version 2.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{Defect, Header, Sender};

pub(super) const SIGNATURE: &[u8] = b"PROXY ";

/// Section 2.1: two addresses of IPv6 and two ports of five digits, with the end of the line.
const BYTES_MAX: usize = 107;

/// Reads the line, if its end is there.
///
/// ```abnf
/// line  = "PROXY" SP ( "UNKNOWN" *( SP *VCHAR ) / pair ) CRLF
/// pair  = ( "TCP4" SP ipv4 SP ipv4 / "TCP6" SP ipv6 SP ipv6 ) SP port SP port
/// port  = "0" / ( %x31-39 *4DIGIT )   ; at most 65535
/// ```
pub(super) fn read(bytes: &[u8]) -> Result<Option<Header>, Defect> {
    let looked_at = bytes.get(..BYTES_MAX).unwrap_or(bytes);
    let Some(end) = looked_at.iter().position(|byte| *byte == b'\n') else {
        return match bytes.len() < BYTES_MAX {
            true => Ok(None),
            false => Err(Defect::Line),
        };
    };
    let line = looked_at
        .get(..end)
        .and_then(|line| line.strip_suffix(b"\r"))
        .and_then(|line| line.strip_prefix(SIGNATURE))
        .and_then(|line| std::str::from_utf8(line).ok())
        .ok_or(Defect::Line)?;
    let sender = sender(line).ok_or(Defect::Line)?;
    let size = end.saturating_add(1);
    Ok(Some(Header { sender, size }))
}

fn sender(line: &str) -> Option<Sender> {
    let mut words = line.split(' ');
    let (source, destination) = match words.next()? {
        // Section 2.1: whatever else stands in the line is not looked at.
        "UNKNOWN" => return Some(Sender::Unknown),
        "TCP4" => (
            IpAddr::V4(words.next()?.parse::<Ipv4Addr>().ok()?),
            words.next()?.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
        ),
        "TCP6" => (
            IpAddr::V6(words.next()?.parse::<Ipv6Addr>().ok()?),
            words.next()?.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        ),
        _ => return None,
    };
    let (source_port, destination_port) = (port(words.next()?)?, words.next()?);
    // What is not used is held to the grammar all the same: a line that is half understood is not understood.
    destination?;
    port(destination_port)?;
    if words.next().is_some() {
        return None;
    }
    Some(Sender::Client(SocketAddr::new(source, source_port)))
}

fn port(text: &str) -> Option<u16> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let is_shortest = text == "0" || !text.starts_with('0');
    (is_number && is_shortest).then(|| text.parse().ok())?
}
