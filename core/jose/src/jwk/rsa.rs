//! RSA public keys: which numbers are taken, and how they stand in DER.
//!
//! Knows: RFC 7518 section 6.3.1, RFC 8017 appendix A.1.1. Does not know: signatures.

use super::KeyDefect;

const MODULUS_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
const EXPONENT_BITS_MAX: usize = 33;

/// Refuses numbers that a sound key does not have.
pub(super) fn check(modulus: &[u8], exponent: &[u8]) -> Result<(), KeyDefect> {
    // RFC 7518 section 2, Base64urlUInt: the minimum number of octets, so no leading zero.
    if modulus.first().is_none_or(|&first| first == 0)
        || exponent.first().is_none_or(|&first| first == 0)
    {
        return Err(KeyDefect::Member);
    }
    // RFC 7518 section 3.3: a key of size 2048 bits or larger MUST be used.
    if !MODULUS_BITS.contains(&bits(modulus)) {
        return Err(KeyDefect::RsaSize);
    }
    let odd = |number: &[u8]| number.last().is_some_and(|&last| last & 1 == 1);
    if !odd(modulus) || !odd(exponent) || exponent == [1] || bits(exponent) > EXPONENT_BITS_MAX {
        return Err(KeyDefect::RsaNumber);
    }
    if is_roca(modulus) {
        return Err(KeyDefect::RsaRoca);
    }
    Ok(())
}

fn bits(number: &[u8]) -> usize {
    match number.first() {
        Some(&first) => number.len() * 8 - first.leading_zeros() as usize,
        None => 0,
    }
}

/// The odd primes that the moduli of CVE-2017-15361 are known by.
const PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
    101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/// The generator of CVE-2017-15361 makes primes that are powers of 65537 modulo each small prime, so its moduli are
/// too. A modulus that is so by chance is one in about 240 million.
fn is_roca(modulus: &[u8]) -> bool {
    PRIMES.iter().all(|&prime| {
        let residue = modulus
            .iter()
            .fold(0, |rest, &byte| (rest * 256 + u32::from(byte)) % prime);
        is_power_of_65537(residue, prime)
    })
}

fn is_power_of_65537(residue: u32, prime: u32) -> bool {
    let generator = 65_537 % prime;
    let mut power = 1;
    // The powers return to 1 after at most prime - 1 steps.
    for _ in 1..prime {
        if power == residue {
            return true;
        }
        power = power * generator % prime;
    }
    false
}

/// Modulus and exponent, big-endian without leading zero bytes.
pub(crate) struct PublicRsa {
    pub(crate) modulus: Vec<u8>,
    pub(crate) exponent: Vec<u8>,
}

impl PublicRsa {
    /// Reads a DER `RSAPublicKey`, RFC 8017 appendix A.1.1:
    ///
    /// ```text
    /// RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }
    /// ```
    pub(crate) fn from_der(der: &[u8]) -> Option<PublicRsa> {
        const SEQUENCE: u8 = 0x30;
        let (sequence, rest) = element(der, SEQUENCE)?;
        let (modulus, numbers) = unsigned(sequence)?;
        let (exponent, end) = unsigned(numbers)?;
        (rest.is_empty() && end.is_empty()).then(|| PublicRsa {
            modulus: modulus.to_vec(),
            exponent: exponent.to_vec(),
        })
    }
}

fn unsigned(der: &[u8]) -> Option<(&[u8], &[u8])> {
    const INTEGER: u8 = 0x02;
    let (number, rest) = element(der, INTEGER)?;
    Some((number.strip_prefix(&[0]).unwrap_or(number), rest))
}

/// The content of the element at the front, which must have that tag, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..0x80 => (usize::from(first), rest),
        0x81..=0x82 => {
            let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (
                octets
                    .iter()
                    .fold(0, |length, &octet| length << 8 | usize::from(octet)),
                rest,
            )
        }
        0x80 | 0x83.. => return None,
    };
    (found == tag)
        .then(|| rest.split_at_checked(length))
        .flatten()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, reason = "tests")]
    use super::*;

    fn modulus(bytes: usize) -> Vec<u8> {
        let mut modulus = vec![0xd5; bytes];
        modulus[bytes - 1] = 0x43;
        modulus
    }

    #[test]
    fn rfc7518_section_3_3_short_moduli_are_refused() {
        assert_eq!(check(&modulus(256), &[1, 0, 1]), Ok(()));
        assert_eq!(check(&modulus(255), &[1, 0, 1]), Err(KeyDefect::RsaSize));
        assert_eq!(check(&modulus(1025), &[1, 0, 1]), Err(KeyDefect::RsaSize));
        let mut short = modulus(256);
        short[0] = 0x7f;
        assert_eq!(check(&short, &[1, 0, 1]), Err(KeyDefect::RsaSize));
    }

    #[test]
    fn exponents_are_odd_and_neither_one_nor_huge() {
        assert_eq!(check(&modulus(256), &[3]), Ok(()));
        for exponent in [&[1][..], &[2], &[1, 0, 0], &[4, 0, 0, 0, 1], &[1; 256]] {
            assert_eq!(
                check(&modulus(256), exponent),
                Err(KeyDefect::RsaNumber),
                "{exponent:?}"
            );
        }
        for exponent in [&[][..], &[0], &[0, 1, 0, 1]] {
            assert_eq!(
                check(&modulus(256), exponent),
                Err(KeyDefect::Member),
                "{exponent:?}"
            );
        }
    }

    #[test]
    fn even_moduli_are_refused() {
        let mut even = modulus(256);
        even[255] = 0x42;
        assert_eq!(check(&even, &[1, 0, 1]), Err(KeyDefect::RsaNumber));
    }

    #[test]
    fn powers_of_65537_are_known() {
        assert!(is_power_of_65537(1, 11));
        assert!(is_power_of_65537(10, 11));
        assert!(!is_power_of_65537(2, 11));
        assert!(!is_power_of_65537(0, 11));
    }

    /// A multiple of all the primes, and one more: 65537 to the power of nought for each.
    #[test]
    fn a_modulus_of_powers_of_65537_is_refused() {
        let mut product = vec![1_u8];
        for prime in PRIMES {
            let mut carry = 0;
            for digit in product.iter_mut().rev() {
                let sum = u32::from(*digit) * prime + carry;
                *digit = sum.to_le_bytes()[0];
                carry = sum >> 8;
            }
            if carry > 0 {
                product.insert(0, carry.to_le_bytes()[0]);
            }
        }
        product.resize(257, 0);
        product[256] = 1;
        assert_eq!(check(&product, &[1, 0, 1]), Err(KeyDefect::RsaRoca));
        product[256] = 3;
        assert_eq!(check(&product, &[1, 0, 1]), Ok(()));
    }

    #[test]
    fn odd_der_is_none_and_not_a_panic() {
        for der in [
            &[][..],
            &[0x30],
            &[0x30, 0x82, 1],
            &[0x30, 0x80],
            &[0x30, 3, 2, 1, 1],
            &[0x31, 0],
            &[0x30, 0x84, 0, 0, 0, 0],
        ] {
            assert!(PublicRsa::from_der(der).is_none(), "{der:?}");
        }
        assert!(PublicRsa::from_der(&[0x30, 7, 2, 2, 0, 0x81, 2, 1, 3]).is_some());
    }
}
