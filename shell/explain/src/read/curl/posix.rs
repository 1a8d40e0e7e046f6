//! A text as a POSIX shell splits it.
//!
//! Knows: quotes, escapes, variables that the text itself sets, and where a command ends. Does not know curl, nor the
//! variables of the user's own shell: they count as unset.

mod expansion;
mod quotes;
mod substitution;

pub(super) use self::quotes::variable;

use super::scan::Scan;
use super::word::{Cut, End, Harm, Word};
use crate::read::ReadFault;

/// How a text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// As the shell does.
    Shell,
    /// As whoever wrote it meant it: `$` and `&` within words stand for themselves, and options on the next line
    /// belong to the command.
    Meant,
}

/// One simple command.
#[derive(Default)]
pub(super) struct Command {
    /// Its words, without the variables before it.
    pub(super) words: Vec<Word>,
    /// Where it ended.
    pub(super) cut: Option<Cut>,
}

/// Every command of a text.
///
/// # Errors
///
/// A quote or parenthesis that is not closed.
pub(super) fn commands(text: &str, reading: Reading) -> Result<Vec<Command>, ReadFault> {
    Shell::new(text, reading, 0, Vec::new()).commands()
}

/// Substitutions within substitutions are followed so far.
const DEPTH_MAX: usize = 8;

struct Shell<'t> {
    scan: Scan<'t>,
    reading: Reading,
    depth: usize,
    /// What the text has set so far, for all commands after it.
    variables: Vec<(String, String)>,
    /// What is set for the present command alone.
    own: Vec<(String, String)>,
}

impl<'t> Shell<'t> {
    fn new(
        text: &'t str,
        reading: Reading,
        depth: usize,
        variables: Vec<(String, String)>,
    ) -> Shell<'t> {
        Shell {
            scan: Scan::new(text),
            reading,
            depth,
            variables,
            own: Vec::new(),
        }
    }

    fn commands(&mut self) -> Result<Vec<Command>, ReadFault> {
        let mut commands = Vec::new();
        while !self.scan.is_at_end() {
            let command = self.command()?;
            self.settle(&command);
            if !command.words.is_empty() {
                commands.push(command);
            }
        }
        Ok(commands)
    }

    /// Variables without a command stay set; those before one were for it alone.
    fn settle(&mut self, command: &Command) {
        let own = std::mem::take(&mut self.own);
        let Some((program, rest)) = command.words.split_first() else {
            return self.variables.extend(own);
        };
        if matches!(
            program.text.as_str(),
            "export" | "readonly" | "declare" | "local" | "set"
        ) {
            let set = rest.iter().filter_map(|word| word.text.split_once('='));
            self.variables
                .extend(set.map(|(name, value)| (name.to_owned(), value.to_owned())));
        }
    }

    fn command(&mut self) -> Result<Command, ReadFault> {
        let mut command = Command::default();
        let mut after_word = false;
        let mut stray_blank = false;
        while let Some(letter) = self.scan.peek() {
            match letter {
                ' ' | '\t' | '\r' => {
                    self.scan.bump();
                    after_word = false;
                }
                '\\' if self.eat_continuation() => {}
                '#' if !after_word => {
                    self.scan.take_while(|letter| letter != '\n');
                }
                '\n' => {
                    self.scan.bump();
                    if self.goes_on() {
                        continue;
                    }
                    let by = match stray_blank {
                        true => End::BlankAfterBackslash,
                        false => End::LineBreak,
                    };
                    return Ok(self.ended(command, by, false));
                }
                '<' | '>' => self.redirection(&mut command)?,
                '&' if self.scan.peek_second() == Some('>') => self.redirection(&mut command)?,
                '&' | ';' | '|' | '(' | ')' => {
                    return Ok(self.operator(command, letter, after_word));
                }
                _ => {
                    stray_blank = self.stands_for_blank();
                    self.add_word(&mut command)?;
                    after_word = true;
                }
            }
        }
        Ok(command)
    }

    /// A backslash before a line break joins the lines.
    fn eat_continuation(&mut self) -> bool {
        self.scan.eat("\\\n") || self.scan.eat("\\\r\n")
    }

    /// Whether the next word is an escaped blank at the end of a line, where a continuation was meant.
    fn stands_for_blank(&self) -> bool {
        let Some(rest) = self.scan.rest().strip_prefix('\\') else {
            return false;
        };
        let blanks = rest.trim_start_matches([' ', '\t']);
        blanks.len() < rest.len() && (blanks.starts_with('\n') || blanks.starts_with("\r\n"))
    }

    /// Whether the next line belongs to the command, though the shell would not say so.
    fn goes_on(&self) -> bool {
        let next = self.scan.rest().trim_start();
        self.reading == Reading::Meant && next.starts_with(['-', '\'', '"', '–', '—'])
    }

    fn ended(&self, mut command: Command, by: End, within_word: bool) -> Command {
        command.cut = Some(Cut {
            by,
            within_word,
            rest: self.scan.rest().to_owned(),
        });
        command
    }

    fn operator(&mut self, command: Command, letter: char, after_word: bool) -> Command {
        self.scan.bump();
        let doubled = self.scan.peek() == Some(letter) && self.scan.bump().is_some();
        let by = match letter {
            '&' => End::Ampersand,
            ';' => End::Semicolon,
            '|' => End::Pipe,
            _ => End::Parenthesis,
        };
        let goes_on = self.scan.peek().is_some_and(|next| !next.is_whitespace());
        self.ended(command, by, after_word && goes_on && !doubled)
    }

    /// A redirection and its target are no words of the command; `<name>` is what people leave in for a value.
    fn redirection(&mut self, command: &mut Command) -> Result<(), ReadFault> {
        if self.stands_for_value() {
            return self.add_word(command);
        }
        self.scan
            .take_while(|letter| matches!(letter, '<' | '>' | '&' | '|'));
        if self.scan.peek() == Some('(') {
            self.scan.bump();
            self.parenthesized()?;
            let mut word = Word::default();
            word.scar(Harm::Command);
            command.words.push(word);
            return Ok(());
        }
        self.scan.take_while(|letter| matches!(letter, ' ' | '\t'));
        self.word().map(drop)
    }

    /// Whether `<token>` is next.
    fn stands_for_value(&self) -> bool {
        let inside = self.scan.rest().strip_prefix('<');
        let name = inside.and_then(|inside| inside.split_once('>'));
        name.is_some_and(|(name, _)| {
            let fits = |letter: char| letter.is_ascii_alphanumeric() || "-_ ".contains(letter);
            !name.is_empty() && name.chars().all(fits)
        })
    }

    fn add_word(&mut self, command: &mut Command) -> Result<(), ReadFault> {
        let assigned = command.words.is_empty() && self.assigns();
        let word = self.word()?;
        let number = word.text.bytes().all(|byte| byte.is_ascii_digit());
        if number && matches!(self.scan.peek(), Some('<' | '>')) && !self.stands_for_value() {
            return Ok(());
        }
        match word.text.split_once('=') {
            Some((name, value)) if assigned => {
                self.own.push((name.to_owned(), value.to_owned()));
            }
            Some(_) | None => command.words.push(word),
        }
        Ok(())
    }

    /// Whether `name=` is next.
    fn assigns(&self) -> bool {
        let mut ahead = self.scan;
        ahead.take_name().is_some() && ahead.peek() == Some('=')
    }

    fn word(&mut self) -> Result<Word, ReadFault> {
        let mut word = Word::default();
        while let Some(letter) = self.scan.peek() {
            match letter {
                ' ' | '\t' | '\n' | '\r' => break,
                '<' if self.stands_for_value() => {
                    let name = self.scan.take_until(">").unwrap_or_default();
                    word.push_str(name);
                    word.push('>');
                }
                '&' | ';' | '|' | '(' | ')' | '<' | '>' if !self.is_meant_letter(&word) => break,
                '\'' => {
                    self.scan.bump();
                    self.single_quoted(&mut word)?;
                }
                '"' => {
                    self.scan.bump();
                    self.double_quoted(&mut word)?;
                }
                '$' => {
                    self.scan.bump();
                    self.dollar(&mut word, false)?;
                }
                '`' => self.backtick(&mut word)?,
                '\\' if self.eat_continuation() => {}
                '\\' => {
                    self.scan.bump();
                    word.push(self.scan.bump().unwrap_or('\\'));
                }
                _ => self.letter(&mut word, false),
            }
        }
        Ok(word)
    }

    /// Whether an operator is taken for a letter, since it stands within a word.
    fn is_meant_letter(&self, word: &Word) -> bool {
        let next = self.scan.peek_second();
        self.reading == Reading::Meant
            && !word.text.is_empty()
            && next.is_some_and(|next| !next.is_whitespace())
    }

    /// A letter that stands for itself, but for what an interactive shell makes of `!`.
    fn letter(&mut self, word: &mut Word, quoted: bool) {
        let Some(letter) = self.scan.bump() else {
            return;
        };
        let next = self.scan.peek();
        let event = next.is_some_and(|next| {
            let closes = quoted && next == '"';
            !(closes || next.is_whitespace() || matches!(next, '=' | '('))
        });
        if letter == '!' && event {
            word.scar(Harm::History);
        }
        word.push(letter);
    }
}
