//! Asking for passwords, and making them.
//!
//! Knows: where a password comes from and what it must be. Never takes one from an argument, where every process of the
//! machine can read it. Does not know whose it is.

use std::io::{BufRead as _, IsTerminal as _, Read as _};

use countersign_secret::Secret;
use countersign_secret::password::{self, ChoiceDefect, Cost, PasswordHash, check_choice};
use countersign_wire::basic::{PASSWORD_BYTES_MAX, normalized};

use crate::failure::{Failure, because};
use crate::random;

/// Letters and digits without those that are easily taken for another: five bits each.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// A password for a user: asked for at a terminal, twice, or else the first line of stdin.
pub(crate) fn ask(name: &str) -> Result<Secret<String>, Failure> {
    let given = if std::io::stdin().is_terminal() {
        prompted(name)?
    } else {
        first_line()?
    };
    // RFC 7617 section 2.1: both sides compare the same normal form.
    let password = Secret::new(normalized(given.expose()).into_owned());
    match check_choice(password.expose()) {
        Ok(()) => Ok(password),
        Err(defect) => Err(refused(defect)),
    }
}

/// The password that a user has: asked for at a terminal, once, or else the first line of stdin. Whatever it is, it is for
/// the one who compares it to say whether it is right.
pub(crate) fn ask_present(name: &str) -> Result<Secret<String>, Failure> {
    let given = if std::io::stdin().is_terminal() {
        prompt(format!("Present password of {name}: "))?
    } else {
        first_line()?
    };
    Ok(Secret::new(normalized(given.expose()).into_owned()))
}

fn refused(defect: ChoiceDefect) -> Failure {
    let failure = Failure::new(defect.to_string());
    match defect {
        ChoiceDefect::TooShort => {
            failure.help("several words are as good as odd characters; `--generate` makes one")
        }
        ChoiceDefect::TooLong | ChoiceDefect::Control => failure,
    }
}

/// A random password: 100 bits in four groups that can be read out.
pub(crate) fn generate() -> Result<Secret<String>, Failure> {
    let random = random::bytes::<20>()?;
    let mut password = String::with_capacity(23);
    for (at, byte) in random.expose().iter().enumerate() {
        if at > 0 && at % 5 == 0 {
            password.push('-');
        }
        password.push(
            LETTERS
                .get(usize::from(byte % 32))
                .copied()
                .map_or('a', char::from),
        );
    }
    Ok(Secret::new(password))
}

/// The hash to store.
pub(crate) fn hashed(password: &Secret<String>, cost: &Cost) -> Result<PasswordHash, Failure> {
    let salt = random::bytes::<16>()?;
    password::hash(password.expose().as_bytes(), salt.expose(), cost)
        .map_err(|error| because("the password cannot be hashed")(&error))
}

fn prompt(words: String) -> Result<Secret<String>, Failure> {
    rpassword::prompt_password(words)
        .map(Secret::new)
        .map_err(|error| because("cannot ask for a password")(&error))
}

fn prompted(name: &str) -> Result<Secret<String>, Failure> {
    let first = prompt(format!("Password for {name}: "))?;
    // Before the second is asked for: nobody wants to type a password twice that is not taken.
    let normal = Secret::new(normalized(first.expose()).into_owned());
    check_choice(normal.expose()).map_err(refused)?;
    let second = prompt("The same again: ".to_owned())?;
    if first.expose() == second.expose() {
        Ok(first)
    } else {
        Err(Failure::new("the two passwords differ"))
    }
}

/// The first line of stdin without its end. A longer one than any password is not read to its end.
fn first_line() -> Result<Secret<String>, Failure> {
    // Decomposed characters are longer than what is stored of them; and then the two bytes of a line's end.
    const LINE_BYTES_MAX: usize = PASSWORD_BYTES_MAX * 3 + 2;
    let mut line = Vec::with_capacity(LINE_BYTES_MAX);
    let limit = u64::try_from(LINE_BYTES_MAX).unwrap_or(u64::MAX);
    std::io::stdin()
        .lock()
        .take(limit)
        .read_until(b'\n', &mut line)
        .map_err(|error| because("cannot read a password from stdin")(&error))?;
    let ended = line.strip_suffix(b"\n").map_or(line.len(), |line| {
        line.strip_suffix(b"\r").unwrap_or(line).len()
    });
    line.truncate(ended);
    if line.is_empty() {
        return Err(Failure::new("there is no password on stdin").help(
            "give it as the first line, or run the command at a terminal, or `--generate` one",
        ));
    }
    match String::from_utf8(line) {
        Ok(line) => Ok(Secret::new(line)),
        Err(error) => {
            drop(Secret::new(error.into_bytes()));
            Err(Failure::new("the password on stdin is not UTF-8"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_password_would_be_taken_and_is_another_each_time() {
        let (first, second) = (generate().unwrap(), generate().unwrap());
        assert_eq!(check_choice(first.expose()), Ok(()));
        assert_eq!(first.expose().len(), 23);
        assert!(first.expose() != second.expose());
    }
}
