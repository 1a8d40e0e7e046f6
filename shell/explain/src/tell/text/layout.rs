//! Lines of a terminal: colours, headings, and text that breaks at a word.
//!
//! Knows: widths. Does not know what is told.

/// Wide enough for a sentence, narrow enough for half a screen.
const WIDTH: usize = 96;

/// Whether colours are wanted.
#[derive(Clone, Copy)]
pub(super) struct Paint {
    pub(super) on: bool,
}

/// What a piece of text is.
#[derive(Clone, Copy)]
pub(super) enum Ink {
    Good,
    Bad,
    Doubtful,
    Bold,
    Soft,
    Command,
}

impl Paint {
    /// The text in its colour.
    pub(super) fn of(self, ink: Ink, text: &str) -> String {
        if !self.on {
            return text.to_owned();
        }
        let code = match ink {
            Ink::Good => "1;32",
            Ink::Bad => "1;31",
            Ink::Doubtful => "1;33",
            Ink::Bold => "1",
            Ink::Soft => "2",
            Ink::Command => "36",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

/// A heading after an empty line.
pub(super) fn head(out: &mut String, words: &str, paint: Paint) {
    out.push('\n');
    out.push_str(&paint.of(Ink::Soft, words));
    out.push('\n');
}

/// A text of several lines, indented.
pub(super) fn paragraph(out: &mut String, text: &str) {
    wrapped(out, "  ", "  ", text);
}

/// One item of a list, its further lines below the first word.
pub(super) fn item(out: &mut String, mark: &str, text: &str) {
    let indent = " ".repeat(mark.chars().count() + 2);
    wrapped(out, &format!("  {mark}"), &indent, text);
}

fn wrapped(out: &mut String, first: &str, further: &str, text: &str) {
    let mut line = first.to_owned();
    let mut is_empty = true;
    // Several spaces stay what they are: they may be what the sentence is about.
    for word in text.split(' ') {
        let width = line.chars().count() + word.chars().count() + 1;
        if !is_empty && width > WIDTH {
            out.push_str(line.trim_end());
            out.push('\n');
            line = further.to_owned();
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    out.push_str(line.trim_end());
    out.push('\n');
}

/// A title in the middle of a sentence: its first letter is small unless its first word is a name.
pub(super) fn lowered(title: &str) -> String {
    const NAMES: [&str; 4] = ["Basic", "Digest", "Secure", "Kerberos"];
    let word = title.split([' ', '\'']).next().unwrap_or_default();
    let mut letters = title.chars();
    let Some(first) = letters.next() else {
        return String::new();
    };
    let is_word = word.chars().skip(1).all(|letter| !letter.is_uppercase());
    if is_word && !NAMES.contains(&word) {
        format!("{}{}", first.to_lowercase(), letters.as_str())
    } else {
        title.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_become_parts_of_a_sentence() {
        assert_eq!(lowered("The token has expired"), "the token has expired");
        assert_eq!(lowered("A clock is wrong"), "a clock is wrong");
        assert_eq!(lowered("CORS does not allow it"), "CORS does not allow it");
        assert_eq!(lowered("SameSite keeps it"), "SameSite keeps it");
        assert_eq!(lowered("Digest credentials"), "Digest credentials");
        assert_eq!(lowered("The token's key"), "the token's key");
    }

    #[test]
    fn long_text_breaks_at_a_word_and_hangs_below_the_first() {
        let mut out = String::new();
        item(&mut out, "- ", &"word ".repeat(20));
        assert_eq!(
            out,
            format!("  - {}\n    word word\n", ["word"; 18].join(" "))
        );
        let mut out = String::new();
        paragraph(&mut out, &"x".repeat(200));
        assert_eq!(out, format!("  {}\n", "x".repeat(200)));
    }
}
