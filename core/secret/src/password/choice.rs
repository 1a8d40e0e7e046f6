//! What a password has to be that somebody chooses.
//!
//! Knows: its length and its characters. Does not know whose it is, nor which passwords are known to thieves.

use std::fmt;

use super::PASSWORD_BYTES_MAX;

/// NIST SP 800-63B section 5.1.1.2: at least eight characters where the subscriber chooses.
pub const PASSWORD_CHARS_MIN: usize = 8;

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChoiceDefect {
    /// It has fewer characters than [`PASSWORD_CHARS_MIN`].
    TooShort,
    /// It has more bytes than [`PASSWORD_BYTES_MAX`].
    TooLong,
    /// It has a character that Basic cannot carry.
    Control,
}

impl fmt::Display for ChoiceDefect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort => write!(
                f,
                "the password is shorter than {PASSWORD_CHARS_MIN} characters"
            ),
            Self::TooLong => write!(f, "the password is longer than {PASSWORD_BYTES_MAX} bytes"),
            Self::Control => {
                f.write_str("the password has a control character, which Basic cannot carry")
            }
        }
    }
}

impl std::error::Error for ChoiceDefect {}

/// Whether a password can be chosen. NIST SP 800-63B section 5.1.1.2: every code point counts as one character, and
/// nothing is demanded of their mixture.
///
/// # Errors
///
/// Why it cannot.
pub fn check_choice(password: &str) -> Result<(), ChoiceDefect> {
    if password.chars().count() < PASSWORD_CHARS_MIN {
        return Err(ChoiceDefect::TooShort);
    }
    if password.len() > PASSWORD_BYTES_MAX {
        return Err(ChoiceDefect::TooLong);
    }
    // RFC 7617 section 2: the password must not contain control characters.
    if password.chars().any(char::is_control) {
        return Err(ChoiceDefect::Control);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nist_sp_800_63b_section_5_1_1_2_eight_characters_of_any_kind() {
        assert_eq!(check_choice("1234567"), Err(ChoiceDefect::TooShort));
        assert_eq!(check_choice("12345678"), Ok(()));
        assert_eq!(check_choice("ÄÖÜäöüß"), Err(ChoiceDefect::TooShort));
        assert_eq!(check_choice("two words and spaces"), Ok(()));
    }

    #[test]
    fn a_password_that_no_hash_takes_is_refused() {
        assert_eq!(check_choice(&"x".repeat(PASSWORD_BYTES_MAX)), Ok(()));
        assert_eq!(
            check_choice(&"x".repeat(PASSWORD_BYTES_MAX + 1)),
            Err(ChoiceDefect::TooLong)
        );
    }

    #[test]
    fn rfc7617_section_2_no_control_characters() {
        assert_eq!(check_choice("pass\tword"), Err(ChoiceDefect::Control));
    }
}
