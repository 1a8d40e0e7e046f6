//! What a command says when it cannot do what was asked.
//!
//! Knows: the form of an error message. Does not know secrets: nobody puts one in.

use std::fmt::Display;
use std::process::ExitCode;

/// One lower-case sentence, and how to mend it where that is known.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    helps: Vec<String>,
    code: u8,
}

impl Failure {
    /// Something failed: exit code 1.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            helps: Vec::new(),
            code: 1,
        }
    }

    /// What was asked makes no sense: exit code 2.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self {
            code: 2,
            ..Self::new(message)
        }
    }

    /// How to mend it; said in the order given where there are several ways.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.helps.push(help.into());
        self
    }

    /// The same for a command whose exit code 1 is a result: whatever keeps it from one is 2.
    pub(crate) fn without_result(self) -> Self {
        Self { code: 2, ..self }
    }

    /// What it says.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// How to mend it, where that is known.
    pub(crate) fn helps(&self) -> &[String] {
        &self.helps
    }

    /// Says it, and gives the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        eprintln!("error: {}", self.message);
        for help in &self.helps {
            eprintln!("help: {help}");
        }
        ExitCode::from(self.code)
    }
}

/// For whatever says in one sentence what went wrong.
pub(crate) fn because(what: &str) -> impl Fn(&dyn Display) -> Failure + '_ {
    move |error| Failure::new(format!("{what}: {error}"))
}
