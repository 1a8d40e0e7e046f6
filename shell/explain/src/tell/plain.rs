//! Words of strangers as they may be printed.
//!
//! Knows: which characters move a cursor, turn the direction of writing or cannot be seen. Does not know secrets.

use std::borrow::Cow;

/// One line with everything escaped that acts instead of being seen.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    escaped(text, acts)
}

/// The same for a command, whose quoted words may go over several lines.
pub(super) fn plain_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |letter| letter != '\n' && acts(letter))
}

/// A sentence that stands alone: evidence is written as a part of one.
pub(super) fn capital(sentence: &str) -> String {
    let mut letters = sentence.chars();
    match letters.next() {
        Some(first) => format!("{}{}", first.to_uppercase(), letters.as_str()),
        None => String::new(),
    }
}

fn acts(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn escaped(text: &str, acts: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&acts) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if acts(letter) {
            out.extend(letter.escape_default());
        } else {
            out.push(letter);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_or_hides_is_escaped() {
        assert_eq!(
            plain("a\u{1b}[2J\r\n\u{202e}b\u{200b}\u{feff}"),
            "a\\u{1b}[2J\\r\\n\\u{202e}b\\u{200b}\\u{feff}"
        );
        assert_eq!(plain("Zoë Ω"), "Zoë Ω");
    }

    #[test]
    fn a_command_keeps_its_lines() {
        assert_eq!(plain_lines("-d 'a\nb\u{7}'"), "-d 'a\nb\\u{7}'");
    }
}
