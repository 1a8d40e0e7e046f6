//! A text, letter by letter.
//!
//! Knows: where it stands. Does not know any grammar.

/// What is left of a text.
#[derive(Clone, Copy)]
pub(super) struct Scan<'t> {
    rest: &'t str,
}

impl<'t> Scan<'t> {
    pub(super) fn new(text: &'t str) -> Scan<'t> {
        Scan { rest: text }
    }

    pub(super) fn rest(&self) -> &'t str {
        self.rest
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next letter, which stays.
    pub(super) fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    /// The letter after the next one.
    pub(super) fn peek_second(&self) -> Option<char> {
        self.rest.chars().nth(1)
    }

    /// The next letter, taken.
    pub(super) fn bump(&mut self) -> Option<char> {
        let mut letters = self.rest.chars();
        let letter = letters.next();
        self.rest = letters.as_str();
        letter
    }

    /// Takes these letters, if they are next.
    pub(super) fn eat(&mut self, letters: &str) -> bool {
        match self.rest.strip_prefix(letters) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Takes a line break, if one is next.
    pub(super) fn eat_line_break(&mut self) -> bool {
        self.eat("\r\n") || self.eat("\n")
    }

    /// Takes letters as long as they fit.
    pub(super) fn take_while(&mut self, fits: impl Fn(char) -> bool) -> &'t str {
        let end = self.rest.find(|letter| !fits(letter));
        let taken = end.and_then(|end| self.rest.split_at_checked(end));
        let (taken, rest) = taken.unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// Takes everything up to these letters, and the letters; `None`, nothing taken, where they do not come.
    pub(super) fn take_until(&mut self, letters: &str) -> Option<&'t str> {
        let (taken, rest) = self.rest.split_once(letters)?;
        self.rest = rest;
        Some(taken)
    }

    /// Takes a name: letters, digits, underscores, no digit first.
    pub(super) fn take_name(&mut self) -> Option<&'t str> {
        let starts = |letter: char| letter.is_ascii_alphabetic() || letter == '_';
        if !self.peek().is_some_and(starts) {
            return None;
        }
        Some(self.take_while(|letter| letter.is_ascii_alphanumeric() || letter == '_'))
    }
}
