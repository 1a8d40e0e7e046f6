//! The little of CBOR that authenticators speak (RFC 8949, CTAP2 canonical form).
//!
//! Knows maps of definite length with small keys. Does not know what the keys mean.

use minicbor::Decoder;

use crate::Fault;

/// How many members a map may have. The largest one that is asked for has five.
const MEMBERS_MAX: u64 = 16;

/// How many members the map has that comes next.
pub(crate) fn members(decoder: &mut Decoder<'_>, otherwise: Fault) -> Result<u64, Fault> {
    match decoder.map() {
        Ok(Some(count)) if count <= MEMBERS_MAX => Ok(count),
        Ok(_) | Err(_) => Err(otherwise),
    }
}

/// Passes over one value that nobody looks at. Nesting ends with the input, since every level takes a byte of it.
pub(crate) fn pass_over(decoder: &mut Decoder<'_>, otherwise: Fault) -> Result<(), Fault> {
    decoder.skip().map_err(|_| otherwise)
}

/// An integer that fits, or `None` where something else stands, which is then still to be read.
pub(crate) fn small_integer(decoder: &mut Decoder<'_>) -> Option<i64> {
    let before = decoder.position();
    let read = decoder.i64().ok();
    if read.is_none() {
        decoder.set_position(before);
    }
    read
}

/// Sets `place` once: a second member of the same name is a fault, since two readers could take two different ones.
pub(crate) fn once<T>(place: &mut Option<T>, value: T, otherwise: Fault) -> Result<(), Fault> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(otherwise),
    }
}
