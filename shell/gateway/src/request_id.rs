//! Ids of requests: unique, short, and of no meaning.
//!
//! Knows: a random start for each worker. Does not know requests.

use std::cell::Cell;

use aws_lc_rs::rand;

/// Crockford's alphabet without letters that look like digits, in lower case: an id is read out over the telephone.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const ID_LEN: usize = 20;

/// A source of ids for one worker.
pub(crate) struct RequestIds {
    prefix: u64,
    next: Cell<u64>,
}

/// One id.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct RequestId([u8; ID_LEN]);

impl RequestIds {
    /// Begins at a random place: 50 random bits tell workers and starts apart, 50 bits count.
    pub(crate) fn new() -> Result<Self, aws_lc_rs::error::Unspecified> {
        let mut seed = [0; 16];
        rand::fill(&mut seed)?;
        let (prefix, next) = seed.split_at(8);
        let number = |bytes: &[u8]| {
            bytes
                .iter()
                .fold(0_u64, |number, byte| (number << 8) | u64::from(*byte))
        };
        Ok(Self {
            prefix: number(prefix),
            next: Cell::new(number(next)),
        })
    }

    pub(crate) fn next(&self) -> RequestId {
        let number = self.next.get();
        self.next.set(number.wrapping_add(1));
        let mut id = [0; ID_LEN];
        let (front, back) = id.split_at_mut(ID_LEN / 2);
        write(self.prefix, front);
        write(number, back);
        RequestId(id)
    }
}

fn write(mut number: u64, digits: &mut [u8]) {
    for digit in digits.iter_mut().rev() {
        let index = usize::try_from(number % 32).unwrap_or_default();
        *digit = ALPHABET.get(index).copied().unwrap_or(b'0');
        number /= 32;
    }
}

impl RequestId {
    pub(crate) fn as_str(&self) -> &str {
        // The alphabet is ASCII.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn ids_are_unique_and_readable() {
        let ids = RequestIds::new().unwrap();
        let seen: std::collections::HashSet<String> =
            (0..1000).map(|_| ids.next().as_str().to_owned()).collect();
        assert_eq!(seen.len(), 1000);
        assert!(
            seen.iter()
                .all(|id| id.len() == ID_LEN && id.bytes().all(|byte| ALPHABET.contains(&byte)))
        );
    }
}
