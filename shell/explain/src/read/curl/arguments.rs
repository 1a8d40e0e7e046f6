//! The words of a curl command as options and their values.
//!
//! Knows: how curl reads its command line: combined short options, values that follow or stick, `--no-`. Does not know
//! what the options do; see `asked`.

use super::options::{self, Found, Spec, What};
use crate::read::ReadFault;

/// An option with its value.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Argument {
    /// What it is about.
    pub(super) what: What,
    /// Whether it is switched on; `false` for `--no-basic`.
    pub(super) on: bool,
    /// The value; empty for a flag. It may be a secret.
    pub(super) value: String,
    /// Where the value was written, if it was among the words.
    pub(super) place: Option<Place>,
}

/// Where a value was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The number of the word.
    pub(super) word: usize,
    /// Where in the word the value begins, in bytes.
    pub(super) from: usize,
}

impl Argument {
    fn flag(what: What, on: bool) -> Argument {
        Argument {
            what,
            on,
            value: String::new(),
            place: None,
        }
    }

    fn valued(what: What, value: &str, word: usize, from: usize) -> Argument {
        Argument {
            what,
            on: true,
            value: value.to_owned(),
            place: Some(Place { word, from }),
        }
    }
}

/// The arguments of a command line without its first word `curl`.
///
/// # Errors
///
/// An unknown option, or one without its value.
pub(super) fn read(words: &[String]) -> Result<Vec<Argument>, ReadFault> {
    let mut reader = Reader {
        words,
        next: 0,
        found: Vec::new(),
    };
    let mut options_over = false;
    while let Some(word) = reader.take() {
        let at = reader.next - 1;
        match word.strip_prefix('-') {
            Some("-") if !options_over => options_over = true,
            Some(rest) if !options_over && !rest.is_empty() => match rest.strip_prefix('-') {
                Some(long) => reader.long(long)?,
                None => reader.short(rest, at)?,
            },
            Some(_) | None => {
                let address = Argument::valued(What::Address, word, at, 0);
                reader.found.push(address);
            }
        }
    }
    Ok(reader.found)
}

struct Reader<'w> {
    words: &'w [String],
    next: usize,
    found: Vec<Argument>,
}

impl<'w> Reader<'w> {
    fn take(&mut self) -> Option<&'w str> {
        let word = self.words.get(self.next)?;
        self.next += 1;
        Some(word)
    }

    fn long(&mut self, name: &str) -> Result<(), ReadFault> {
        let at = self.next - 1;
        let (name, stuck) = match name.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (name, None),
        };
        let (spec, on) = spec_of(name)?;
        if !spec.takes_value {
            self.found.push(Argument::flag(spec.what, on));
            return Ok(());
        }
        if let Some(value) = stuck {
            let from = "--".len() + name.len() + "=".len();
            let argument = Argument::valued(spec.what, value, at, from);
            self.found.push(argument);
            return Ok(());
        }
        self.value_of(spec, &format!("--{name}"))
    }

    fn value_of(&mut self, spec: Spec, name: &str) -> Result<(), ReadFault> {
        let at = self.next;
        let value = self.take().ok_or_else(|| {
            ReadFault::new(format!(
                "the option `{name}` is the last word, and a value must follow it"
            ))
        })?;
        self.found.push(Argument::valued(spec.what, value, at, 0));
        Ok(())
    }

    /// `-sSLku user:pw`: flags up to the first option with a value, which takes the rest of the word or the next.
    fn short(&mut self, letters: &str, at: usize) -> Result<(), ReadFault> {
        let mut rest = letters.chars();
        while let Some(letter) = rest.next() {
            let spec = options::short(letter).ok_or_else(|| unknown_short(letter, letters))?;
            if !spec.takes_value {
                self.found.push(Argument::flag(spec.what, true));
                continue;
            }
            let stuck = rest.as_str();
            if stuck.is_empty() {
                return self.value_of(spec, &format!("-{letter}"));
            }
            let from = "-".len() + letters.len() - stuck.len();
            self.found
                .push(Argument::valued(spec.what, stuck, at, from));
            return Ok(());
        }
        Ok(())
    }
}

fn spec_of(name: &str) -> Result<(Spec, bool), ReadFault> {
    let negated = name.strip_prefix("no-");
    match (options::long(name), negated) {
        (Found::One(spec), _) => Ok((spec, true)),
        (Found::Unknown, Some(inner)) => match options::long(inner) {
            Found::One(spec) if !spec.takes_value => Ok((spec, false)),
            Found::One(_) | Found::Several(_) | Found::Unknown => Err(unknown_long(name)),
        },
        (Found::Several(names), _) => {
            let some: Vec<String> = names.iter().take(4).map(|n| format!("`--{n}`")).collect();
            Err(
                ReadFault::new(format!("the option `--{name}` is the beginning of several"))
                    .with_help(format!("write it out: {}", some.join(", "))),
            )
        }
        (Found::Unknown, None) => Err(unknown_long(name)),
    }
}

/// An unknown option is shown only if it reads like the name of one: it may be a secret that lost its quotes.
fn unknown_long(name: &str) -> ReadFault {
    let plain =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    let message = match name.len() < 30 && name.chars().all(plain) {
        true => format!("the option `--{name}` is none of curl's"),
        false => "a word that starts with `--` is none of curl's options".to_owned(),
    };
    ReadFault::new(message).with_help(
        "leave it out if it does not change the request, or write the value that starts with `--` in quotes after its option",
    )
}

fn unknown_short(letter: char, letters: &str) -> ReadFault {
    let message = match letters.len() < 8 {
        true => format!("the option `-{letter}` is none of curl's"),
        false => "a word that starts with `-` is none of curl's options".to_owned(),
    };
    let help = match letters.strip_prefix('H') {
        Some(_) => "write `-H`, a blank, and the field in quotes",
        None => "leave it out if it does not change the request",
    };
    ReadFault::new(message).with_help(help)
}
