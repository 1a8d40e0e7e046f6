//! A word as the shell hands it on, and the places where the shell had its hand in it.
//!
//! Knows: what may happen to a word. Does not know which shell, nor what the word is for.

/// A word of a command line. It may be a secret.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Word {
    /// As the program gets it.
    pub(super) text: String,
    /// What the shell did to it, in order.
    pub(super) scars: Vec<Scar>,
}

/// A place of a word where what was written is not what arrives, or not what was meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scar {
    /// Where in the word, in bytes.
    pub(super) at: usize,
    /// What is there.
    pub(super) harm: Harm,
}

/// What a shell does to a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Harm {
    /// A variable was put in, whose value is not known; the word goes on as if it were unset.
    Variable {
        /// Its name.
        name: String,
        /// Whether it is given before the very command, which is too late for the command's own words.
        too_late: bool,
    },
    /// `$$`, the number of the process.
    Process,
    /// A variable of the shell's own: `$1`, `$?`, `$!`.
    Special(char),
    /// The output of a command was put in, which is not known.
    Command,
    /// An exclamation mark that an interactive shell replaces by an earlier command.
    History,
    /// A backslash that the shell leaves in.
    Backslash,
    /// What looks like a variable stays as it is, since single quotes, or this shell, do not expand it.
    Literal(String),
}

impl Word {
    pub(super) fn plain(text: impl Into<String>) -> Word {
        Word {
            text: text.into(),
            scars: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, letter: char) {
        self.text.push(letter);
    }

    pub(super) fn push_str(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Notes what happens at the end of what there is so far.
    pub(super) fn scar(&mut self, harm: Harm) {
        let at = self.text.len();
        self.scars.push(Scar { at, harm });
    }

    /// Adds another word to this one.
    pub(super) fn append(&mut self, other: Word) {
        let before = self.text.len();
        self.text.push_str(&other.text);
        let moved = other.scars.into_iter().map(|scar| Scar {
            at: before + scar.at,
            harm: scar.harm,
        });
        self.scars.extend(moved);
    }
}

/// The words of one command.
#[derive(Default)]
pub(super) struct Line {
    /// The words, the program's name first or left out.
    pub(super) words: Vec<Word>,
    /// Where the shell ended the command although more was written.
    pub(super) cut: Option<Cut>,
}

impl Line {
    /// Whether a variable is set for the command alone and used in its own words.
    pub(super) fn sets_too_late(&self) -> bool {
        let scars = self.words.iter().flat_map(|word| &word.scars);
        scars
            .into_iter()
            .any(|scar| matches!(scar.harm, Harm::Variable { too_late: true, .. }))
    }
}

/// The end of a command before the end of the text.
#[derive(Clone)]
pub(super) struct Cut {
    /// What ended it.
    pub(super) by: End,
    /// Whether it stands in the middle of what reads like one word.
    pub(super) within_word: bool,
    /// What follows. It may be a secret.
    pub(super) rest: String,
}

/// What ends a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// `&`, also `&&`.
    Ampersand,
    /// `;`.
    Semicolon,
    /// `|`.
    Pipe,
    /// A parenthesis.
    Parenthesis,
    /// The end of the line.
    LineBreak,
    /// The end of the line after a backslash with a blank behind it.
    BlankAfterBackslash,
}

impl End {
    /// How it is called in a sentence.
    pub(super) const fn words(self) -> &'static str {
        match self {
            End::Ampersand => "the unquoted `&`",
            End::Semicolon => "the unquoted `;`",
            End::Pipe => "the unquoted `|`",
            End::Parenthesis => "the unquoted parenthesis",
            End::LineBreak => "a line break without a backslash before it",
            End::BlankAfterBackslash => "a line break whose backslash has a blank after it",
        }
    }
}
