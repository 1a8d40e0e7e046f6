//! The header of the PROXY protocol, versions 1 and 2: what a proxy that does not read HTTP says of its client, before
//! anything else on a connection.
//!
//! Knows: the specification "The PROXY protocol" of HAProxy. Does not know which peers may send one: a client that could
//! would be at any address it likes.

mod v1;
mod v2;

use std::fmt;
use std::net::SocketAddr;

/// A header that is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Whom the connection is for.
    pub sender: Sender,
    /// How long the header is, in bytes. What follows is the client's.
    pub size: usize,
}

/// Whom a proxy says that it opened a connection for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// For this client.
    Client(SocketAddr),
    /// For a client whose address it does not know, or that has none of IP.
    Unknown,
    /// For nobody: it looks whether we are there.
    Itself,
}

/// Why bytes are no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// They begin neither as version 1 nor as version 2.
    Absent,
    /// It is longer than is read.
    TooLong,
    /// A line of version 1 that is written wrongly.
    Line,
    /// A version, command, family or transport that is not defined, or that no connection of TCP has.
    Kind,
    /// Fewer bytes than the addresses of its family need.
    AddressesShort,
    /// The fields after the addresses do not fill the header.
    Fields,
    /// The checksum is not that of the header.
    Checksum,
}

impl Defect {
    /// What is wrong, in words for a log.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            Self::Absent => "no header of the PROXY protocol",
            Self::TooLong => "the header is longer than `proxy_header_bytes_max`",
            Self::Line => "the header of version 1 is written wrongly",
            Self::Kind => {
                "the header has a version, command, family or transport that is not taken"
            }
            Self::AddressesShort => "the header is too short for its addresses",
            Self::Fields => "the fields behind the addresses do not fill the header",
            Self::Checksum => "the checksum is not that of the header",
        }
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.detail())
    }
}

impl std::error::Error for Defect {}

/// Reads the header at the beginning of a connection. `None`: these bytes are all of it, and more has to come.
///
/// What is wrong is said as soon as it shows. `bytes_max` bounds version 2; version 1 has its own bound, of 107.
///
/// # Errors
///
/// [`Defect`]. Nothing on the connection can be believed then.
pub fn read(bytes: &[u8], bytes_max: usize) -> Result<Option<Header>, Defect> {
    if begins(bytes, v2::SIGNATURE) {
        return v2::read(bytes, bytes_max);
    }
    if begins(bytes, v1::SIGNATURE) {
        return v1::read(bytes);
    }
    Err(Defect::Absent)
}

/// Whether the bytes begin so, as far as they go.
fn begins(bytes: &[u8], signature: &[u8]) -> bool {
    bytes.iter().zip(signature).all(|(one, other)| one == other)
}

#[cfg(test)]
mod tests;
