//! A value that does not print and is erased when dropped.
//!
//! Knows nothing about what the value means.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use zeroize::Zeroize;

/// A secret value: neither printed nor compared nor copied by accident, and erased from memory on drop.
///
/// ```
/// use countersign_secret::Secret;
/// let secret = Secret::new(String::from("open sesame"));
/// assert_eq!(secret.expose(), "open sesame");
/// ```
///
/// It has no `Debug`:
///
/// ```compile_fail,E0277
/// let secret = countersign_secret::Secret::new(String::from("open sesame"));
/// println!("{secret:?}");
/// ```
///
/// no `Display`:
///
/// ```compile_fail,E0277
/// let secret = countersign_secret::Secret::new(String::from("open sesame"));
/// println!("{secret}");
/// ```
///
/// no `Clone`, only [`duplicate`](Secret::duplicate), which is easy to search for:
///
/// ```compile_fail,E0599
/// let secret = countersign_secret::Secret::new(String::from("open sesame"));
/// let _second = secret.clone();
/// ```
///
/// and no `==`, which would tell by its duration where two secrets differ:
///
/// ```compile_fail,E0369
/// use countersign_secret::Secret;
/// let _equal = Secret::new(1_u8) == Secret::new(1_u8);
/// ```
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Takes the value over. Copies that the caller keeps are not erased.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself, for the one place that needs it.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// A second copy, erased on its own drop.
    #[must_use]
    pub fn duplicate(&self) -> Self
    where
        T: Clone,
    {
        Self(self.0.clone())
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Whether two byte strings are equal, in a time that depends on their lengths only.
#[must_use]
pub fn same(a: &[u8], b: &[u8]) -> bool {
    verify_slices_are_equal(a, b).is_ok()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::*;

    struct Witness(Rc<Cell<u32>>);

    impl Zeroize for Witness {
        fn zeroize(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }

    #[test]
    fn a_secret_is_erased_when_dropped() {
        let erased = Rc::new(Cell::new(0));
        drop(Secret::new(Witness(Rc::clone(&erased))));
        assert_eq!(erased.get(), 1);
    }

    #[test]
    fn a_duplicate_holds_the_same_value() {
        assert_eq!(Secret::new(vec![1_u8, 2]).duplicate().expose(), &[1, 2]);
    }

    #[test]
    fn same_compares_bytes_and_lengths() {
        assert!(same(b"", b""));
        assert!(same(b"abc", b"abc"));
        assert!(!same(b"abc", b"abd"));
        assert!(!same(b"abc", b"ab"));
        assert!(!same(b"", b"\0"));
    }
}
