//! Version 2: binary, with fields behind the addresses.
//!
//! Knows: section 2.2 of the specification, and of its fields the checksum (2.2.5). Does not know version 1, nor what the
//! other fields mean: they are passed over, once it is clear where each ends.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{Defect, Header, Sender};

pub(super) const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// Signature, version and command, family and transport, length of the rest.
const HEAD_BYTES: usize = 16;
/// Section 2.2.5: the type of the field with the checksum.
const CHECKSUM: u8 = 0x03;
/// Addresses of UNIX sockets, two.
const UNIX_BYTES: usize = 216;

/// Reads the header, if all of it is there.
pub(super) fn read(bytes: &[u8], bytes_max: usize) -> Result<Option<Header>, Defect> {
    let Some((head, _)) = bytes.split_first_chunk::<HEAD_BYTES>() else {
        return Ok(None);
    };
    let [.., command, family, high, low] = *head;
    let command = Command::of(command).ok_or(Defect::Kind)?;
    let family = match command {
        // Section 2.2: what LOCAL says behind its length, the family included, is not looked at.
        Command::Local => None,
        Command::Proxy => Some(Family::of(family).ok_or(Defect::Kind)?),
    };
    let rest_bytes = usize::from(u16::from_be_bytes([high, low]));
    let size = HEAD_BYTES.saturating_add(rest_bytes);
    if size > bytes_max {
        return Err(Defect::TooLong);
    }
    let Some((whole, _)) = bytes.split_at_checked(size) else {
        return Ok(None);
    };
    let sender = match family {
        None => Sender::Itself,
        Some(family) => {
            let rest = whole.get(HEAD_BYTES..).unwrap_or_default();
            let (sender, fields) = family.sender(rest).ok_or(Defect::AddressesShort)?;
            check_fields(whole, fields)?;
            sender
        }
    };
    Ok(Some(Header { sender, size }))
}

#[derive(Clone, Copy)]
enum Command {
    Local,
    Proxy,
}

impl Command {
    const fn of(byte: u8) -> Option<Self> {
        match byte {
            0x20 => Some(Self::Local),
            0x21 => Some(Self::Proxy),
            _ => None,
        }
    }
}

#[derive(Clone, Copy)]
enum Family {
    Unspecified,
    V4,
    V6,
    Unix,
}

impl Family {
    /// Datagrams do not come by a connection.
    const fn of(byte: u8) -> Option<Self> {
        match byte {
            0x00 => Some(Self::Unspecified),
            0x11 => Some(Self::V4),
            0x21 => Some(Self::V6),
            0x31 => Some(Self::Unix),
            _ => None,
        }
    }

    /// The client, and the fields behind the addresses. `None` where there is not room for the addresses.
    fn sender(self, rest: &[u8]) -> Option<(Sender, &[u8])> {
        match self {
            Self::Unspecified => Some((Sender::Unknown, rest)),
            Self::V4 => {
                let (addresses, fields) = rest.split_first_chunk::<12>()?;
                let [a, b, c, d, _, _, _, _, high, low, _, _] = *addresses;
                let port = u16::from_be_bytes([high, low]);
                let address = Ipv4Addr::new(a, b, c, d);
                Some((
                    Sender::Client(SocketAddr::new(address.into(), port)),
                    fields,
                ))
            }
            Self::V6 => {
                let (source, rest) = rest.split_first_chunk::<16>()?;
                let (_, rest) = rest.split_first_chunk::<16>()?;
                let ([high, low, _, _], fields) = rest.split_first_chunk::<4>()?;
                let port = u16::from_be_bytes([*high, *low]);
                let address = Ipv6Addr::from(*source);
                Some((
                    Sender::Client(SocketAddr::new(address.into(), port)),
                    fields,
                ))
            }
            Self::Unix => {
                let (_, fields) = rest.split_at_checked(UNIX_BYTES)?;
                Some((Sender::Unknown, fields))
            }
        }
    }
}

/// Walks over the fields: a type, a length of two bytes, a value. Together they fill the header.
fn check_fields(whole: &[u8], fields: &[u8]) -> Result<(), Defect> {
    let mut rest = fields;
    let mut checksum = None;
    while let [kind, after @ ..] = rest {
        let (length, after) = after.split_first_chunk::<2>().ok_or(Defect::Fields)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (value, after) = after.split_at_checked(length).ok_or(Defect::Fields)?;
        rest = after;
        if *kind != CHECKSUM {
            continue;
        }
        let value = <[u8; 4]>::try_from(value).map_err(|_| Defect::Checksum)?;
        let behind = rest.len().saturating_add(value.len());
        let place = whole.len().saturating_sub(behind);
        if checksum
            .replace((place, u32::from_be_bytes(value)))
            .is_some()
        {
            return Err(Defect::Checksum);
        }
    }
    match checksum {
        // Section 2.2.5: over all of the header, with zeros in the place of the checksum itself.
        Some((place, stated)) if crc32c(whole, place) != stated => Err(Defect::Checksum),
        Some(_) | None => Ok(()),
    }
}

/// CRC-32C (RFC 9260 appendix A) with the four bytes at `place` taken as zeros.
fn crc32c(bytes: &[u8], place: usize) -> u32 {
    let zeros = place..place.saturating_add(4);
    let mut crc = u32::MAX;
    for (at, byte) in bytes.iter().enumerate() {
        let byte = if zeros.contains(&at) { 0 } else { *byte };
        crc ^= u32::from(byte);
        for _ in 0..8 {
            let odd = crc & 1 == 1;
            crc >>= 1;
            if odd {
                // The polynomial 0x1EDC6F41, its bits reversed.
                crc ^= 0x82F6_3B78;
            }
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::crc32c;

    #[test]
    fn crc32c_of_the_digits() {
        assert_eq!(crc32c(b"123456789", usize::MAX), 0xE306_9283);
    }

    #[test]
    fn rfc3720_appendix_b_4_of_32_zeros() {
        assert_eq!(crc32c(&[0; 32], usize::MAX), 0x8A91_36AA);
        assert_eq!(crc32c(&[0xFF; 32], usize::MAX), 0x62A8_AB43);
        let mut some = [0; 32];
        some[7..11].fill(0xFF);
        assert_eq!(crc32c(&some, 7), 0x8A91_36AA);
    }
}
