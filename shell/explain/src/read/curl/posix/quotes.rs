//! Single quotes, double quotes, and `$'...'`.
//!
//! Knows: what each leaves alone. Does not know what a variable is worth; see `expansion`.

use super::super::word::{Harm, Word};
use super::{ReadFault, Shell};

impl Shell<'_> {
    /// What follows a single quote, up to the next one.
    pub(super) fn single_quoted(&mut self, word: &mut Word) -> Result<(), ReadFault> {
        let inside = self
            .scan
            .take_until("'")
            .ok_or_else(|| unclosed("single quote"))?;
        let mut rest = inside;
        while let Some((before, after)) = rest.split_once('$') {
            word.push_str(before);
            if let Some(name) = variable(after) {
                word.scar(Harm::Literal(name.to_owned()));
            }
            word.push('$');
            rest = after;
        }
        word.push_str(rest);
        Ok(())
    }

    /// What follows a double quote, up to the next one.
    pub(super) fn double_quoted(&mut self, word: &mut Word) -> Result<(), ReadFault> {
        loop {
            match self.scan.peek() {
                None => return Err(unclosed("double quote")),
                Some('"') => {
                    self.scan.bump();
                    return Ok(());
                }
                Some('$') => {
                    self.scan.bump();
                    self.dollar(word, true)?;
                }
                Some('`') => self.backtick(word)?,
                Some('\\') if self.eat_continuation() => {}
                Some('\\') => {
                    self.scan.bump();
                    self.escaped(word);
                }
                Some(_) => self.letter(word, true),
            }
        }
    }

    /// Inside double quotes a backslash takes back only what is special there, and stays before the rest.
    fn escaped(&mut self, word: &mut Word) {
        match self.scan.peek() {
            Some(special @ ('$' | '`' | '"' | '\\')) => {
                self.scan.bump();
                word.push(special);
            }
            Some(other) => {
                if other.is_ascii_punctuation() {
                    word.scar(Harm::Backslash);
                }
                if self.reading == super::Reading::Shell || !other.is_ascii_punctuation() {
                    word.push('\\');
                }
                self.scan.bump();
                word.push(other);
            }
            None => word.push('\\'),
        }
    }

    /// What follows `$'`, with the escapes of C.
    pub(super) fn escapes_quoted(&mut self, word: &mut Word) -> Result<(), ReadFault> {
        let mut bytes = Vec::new();
        loop {
            match self.scan.bump() {
                None => return Err(unclosed("single quote")),
                Some('\'') => break,
                Some('\\') => self.escape(&mut bytes),
                Some(letter) => push(&mut bytes, letter),
            }
        }
        word.push_str(&String::from_utf8_lossy(&bytes));
        Ok(())
    }

    fn escape(&mut self, bytes: &mut Vec<u8>) {
        let Some(letter) = self.scan.bump() else {
            return bytes.push(b'\\');
        };
        match letter {
            'a' => bytes.push(0x07),
            'b' => bytes.push(0x08),
            'e' | 'E' => bytes.push(0x1b),
            'f' => bytes.push(0x0c),
            'n' => bytes.push(b'\n'),
            'r' => bytes.push(b'\r'),
            't' => bytes.push(b'\t'),
            'v' => bytes.push(0x0b),
            '\\' | '\'' | '"' | '?' => push(bytes, letter),
            'x' => match self.digits(16, 2) {
                Some(value) => bytes.push(u8::try_from(value).unwrap_or(b'?')),
                None => bytes.extend_from_slice(b"\\x"),
            },
            'u' | 'U' => {
                let width = if letter == 'u' { 4 } else { 8 };
                let value = self.digits(16, width).and_then(char::from_u32);
                push(bytes, value.unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            'c' => {
                let control = self.scan.bump().map_or(0, |letter| letter as u32 & 0x1f);
                bytes.push(u8::try_from(control).unwrap_or_default());
            }
            '0'..='7' => {
                let mut value = letter.to_digit(8).unwrap_or_default();
                for _ in 0..2 {
                    let Some(digit) = self.digits(8, 1) else {
                        break;
                    };
                    value = value * 8 + digit;
                }
                // Three octal digits are more than a byte holds: the shell keeps the low eight bits.
                bytes.push(u8::try_from(value & 0xff).unwrap_or_default());
            }
            other => {
                bytes.push(b'\\');
                push(bytes, other);
            }
        }
    }

    /// Up to so many digits; `None` where there is none.
    fn digits(&mut self, radix: u32, count: usize) -> Option<u32> {
        let mut value: Option<u32> = None;
        for _ in 0..count {
            let Some(digit) = self.scan.peek().and_then(|letter| letter.to_digit(radix)) else {
                break;
            };
            self.scan.bump();
            value = Some(value.unwrap_or(0).wrapping_mul(radix).wrapping_add(digit));
        }
        value
    }
}

/// The name of the variable that a dollar sign before this text would put in.
pub(in super::super) fn variable(after: &str) -> Option<&str> {
    let inside = after.strip_prefix('{').unwrap_or(after);
    let end = inside.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let name = match end {
        Some(end) => inside.split_at_checked(end)?.0,
        None => inside,
    };
    let starts = |letter: char| letter.is_ascii_alphabetic() || letter == '_';
    name.starts_with(starts).then_some(name)
}

fn push(bytes: &mut Vec<u8>, letter: char) {
    bytes.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
}

fn unclosed(quote: &str) -> ReadFault {
    ReadFault::new(format!("a {quote} is opened and never closed"))
        .with_help("paste the whole command, up to its last quote")
}
