//! A text as `cmd.exe` splits it and a Windows program reads its arguments.
//!
//! Knows: carets, percent signs, and that only double quotes are quotes. Does not know curl.

use super::posix::variable;
use super::scan::Scan;
use super::word::{Cut, End, Harm, Line, Scar, Word};

/// The words of the first command.
pub(super) fn line(text: &str) -> Line {
    let mut shell = Shell {
        scan: Scan::new(text),
        quoted: false,
        passed: Word::default(),
    };
    let cut = shell.run();
    Line {
        words: arguments(&shell.passed),
        cut,
    }
}

/// What `cmd.exe` itself does: it passes one text on, its carets taken out.
struct Shell<'t> {
    scan: Scan<'t>,
    quoted: bool,
    passed: Word,
}

impl Shell<'_> {
    fn run(&mut self) -> Option<Cut> {
        while let Some(letter) = self.scan.bump() {
            match letter {
                '"' => {
                    self.quoted = !self.quoted;
                    self.passed.push('"');
                }
                '^' if !self.quoted => self.caret(),
                '%' => self.percent(),
                // Quotes do not hold a line open.
                '\r' | '\n' => {
                    self.scan.eat("\n");
                    return Some(self.cut(End::LineBreak, false));
                }
                '&' | '|' if !self.quoted => return Some(self.operator(letter)),
                '<' | '>' if !self.quoted => self.redirection(),
                other => self.passed.push(other),
            }
        }
        None
    }

    /// A caret takes the next letter as it is; at the end of a line it joins the next one, whose first letter it takes
    /// as it is, too.
    fn caret(&mut self) {
        self.scan.eat_line_break();
        if self.scan.eat_line_break() {
            return self.passed.push('\n');
        }
        if let Some(letter) = self.scan.bump() {
            self.passed.push(letter);
        }
    }

    /// A variable that is not set stays as it is at the prompt.
    fn percent(&mut self) {
        let named = self.scan.rest().split_once('%').map(|(name, _)| name);
        if let Some(name) = named
            && variable(name) == Some(name)
        {
            self.passed.scar(Harm::Literal(name.to_owned()));
        }
        self.passed.push('%');
    }

    fn redirection(&mut self) {
        self.scan.take_while(|letter| matches!(letter, '>' | ' '));
        self.scan.take_while(|letter| !letter.is_whitespace());
        self.passed.push(' ');
    }

    fn operator(&mut self, letter: char) -> Cut {
        let before = self.passed.text.chars().last();
        let doubled = self.scan.peek() == Some(letter) && self.scan.bump().is_some();
        let after = self.scan.peek();
        let sticks =
            |neighbour: Option<char>| neighbour.is_some_and(|letter| !letter.is_whitespace());
        let by = match letter {
            '&' => End::Ampersand,
            _ => End::Pipe,
        };
        self.cut(by, !doubled && sticks(before) && sticks(after))
    }

    fn cut(&self, by: End, within_word: bool) -> Cut {
        Cut {
            by,
            within_word,
            rest: self.scan.rest().to_owned(),
        }
    }
}

/// The arguments as the C library of Windows reads them: blanks part them, double quotes hold them together, and a
/// backslash is one but before a quote.
fn arguments(passed: &Word) -> Vec<Word> {
    let mut words = Vec::new();
    let mut word: Option<Word> = None;
    let mut quoted = false;
    let mut backslashes = 0_usize;
    for (at, letter) in passed.text.char_indices() {
        if letter == '\\' {
            word.get_or_insert_default();
            backslashes += 1;
            continue;
        }
        let held = std::mem::take(&mut backslashes);
        if letter == '"' {
            let open = word.get_or_insert_default();
            open.push_str(&"\\".repeat(held / 2));
            match held % 2 {
                0 => quoted = !quoted,
                _ => open.push('"'),
            }
            continue;
        }
        if held > 0 {
            word.get_or_insert_default().push_str(&"\\".repeat(held));
        }
        if matches!(letter, ' ' | '\t' | '\n') && !quoted {
            words.extend(word.take());
            continue;
        }
        let open = word.get_or_insert_default();
        let here = |scar: &&Scar| scar.at == at;
        if let Some(scar) = passed.scars.iter().find(here) {
            open.scar(scar.harm.clone());
        }
        open.push(letter);
    }
    if backslashes > 0 {
        word.get_or_insert_default()
            .push_str(&"\\".repeat(backslashes));
    }
    words.extend(word);
    words
}
