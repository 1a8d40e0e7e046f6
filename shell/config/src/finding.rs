//! What is found in a configuration, and how it is shown.
//!
//! Knows: problems, their places, and the form of a report. Does not know how problems are found.

use std::cell::RefCell;
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use crate::covered::covered;
use crate::problem::Problem;

/// Bytes of the text, from and up to.
pub(crate) type Span = Range<usize>;

/// One thing that is wrong, or unwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Whether the gateway starts all the same.
    pub severity: Severity,
    /// What it is.
    pub problem: Problem,
    /// Where it stands, in bytes of the text.
    pub span: Range<usize>,
    /// Another place that it has to do with, and what that is.
    pub related: Option<(Range<usize>, &'static str)>,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    /// The configuration does not hold: the gateway does not start.
    Error,
    /// It holds, and is less secure than it looks.
    Warning,
}

/// Everything that is found in one file, in the order of its lines.
#[derive(Clone, Debug, PartialEq)]
pub struct Findings {
    file_name: String,
    text: String,
    list: Vec<Finding>,
}

/// Whether a report is for a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Text alone.
    Plain,
    /// With colours as ANSI escapes.
    Coloured,
}

impl Findings {
    pub(crate) fn new(file_name: &str, text: &str, mut list: Vec<Finding>) -> Findings {
        list.sort_by_key(|finding| (finding.span.start, finding.span.end));
        Findings {
            file_name: file_name.to_owned(),
            text: text.to_owned(),
            list,
        }
    }

    /// All findings.
    #[must_use]
    pub fn as_slice(&self) -> &[Finding] {
        &self.list
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many errors there are.
    #[must_use]
    pub fn errors(&self) -> usize {
        self.list
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .count()
    }

    /// How many warnings there are.
    #[must_use]
    pub fn warnings(&self) -> usize {
        self.list.len() - self.errors()
    }

    /// The report: each finding with its line, a caret, and how to mend it, and how many there are.
    #[must_use]
    pub fn render(&self, look: Look) -> String {
        let renderer = match look {
            Look::Plain => Renderer::plain(),
            Look::Coloured => Renderer::styled(),
        };
        let renderer = renderer.decor_style(DecorStyle::Ascii);
        let shown = covered(&self.text);
        let mut report = String::new();
        for finding in &self.list {
            report.push_str(&self.render_one(finding, &shown, &renderer));
            report.push_str("\n\n");
        }
        report.push_str(&self.summary());
        report.push('\n');
        report
    }

    /// The first error in one line: file, line and words.
    #[must_use]
    pub fn first_error(&self) -> Option<String> {
        let is_error = |finding: &&Finding| finding.severity == Severity::Error;
        let error = self.list.iter().find(is_error)?;
        let (line, _) = self.place(error);
        let (words, _) = error.problem.words();
        Some(covered(&format!("{}:{line}: {words}", self.file_name)))
    }

    /// Line and column of a finding, both counted from 1, the column in characters.
    #[must_use]
    pub fn place(&self, finding: &Finding) -> (usize, usize) {
        let before = self.text.get(..finding.span.start).unwrap_or_default();
        let line = before.matches('\n').count();
        let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count());
        (line.saturating_add(1), column.saturating_add(1))
    }

    /// `shown` is the text, in which places are the same.
    fn render_one(&self, finding: &Finding, shown: &str, renderer: &Renderer) -> String {
        let level = match finding.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut snippet = Snippet::source(shown)
            .path(&*self.file_name)
            .annotation(AnnotationKind::Primary.span(finding.span.clone()));
        if let Some((span, label)) = &finding.related {
            snippet = snippet.annotation(AnnotationKind::Context.span(span.clone()).label(*label));
        }
        let (message, help) = finding.problem.words();
        let group = level.primary_title(covered(&message)).element(snippet);
        renderer.render(&[group.element(Level::HELP.message(covered(&help)))])
    }

    fn summary(&self) -> String {
        let count = |number: usize, word: &str| {
            format!("{number} {word}{}", if number == 1 { "" } else { "s" })
        };
        match (self.errors(), self.warnings()) {
            (0, 0) => format!("{}: nothing found", self.file_name),
            (errors, 0) => format!("{}: {}", self.file_name, count(errors, "error")),
            (0, warnings) => format!("{}: {}", self.file_name, count(warnings, "warning")),
            (errors, warnings) => {
                format!(
                    "{}: {}, {}",
                    self.file_name,
                    count(errors, "error"),
                    count(warnings, "warning")
                )
            }
        }
    }

    pub(crate) fn all_as_errors(mut self) -> Findings {
        for finding in &mut self.list {
            finding.severity = Severity::Error;
        }
        self
    }
}

/// Where findings are put while a file is looked at.
#[derive(Debug, Default)]
pub(crate) struct Sink(RefCell<Vec<Finding>>);

impl Sink {
    pub(crate) fn error(&self, span: &Span, problem: impl Into<Problem>) {
        self.put(Severity::Error, span, problem.into(), None);
    }

    pub(crate) fn error_beside(
        &self,
        span: &Span,
        problem: impl Into<Problem>,
        other: &Span,
        label: &'static str,
    ) {
        self.put(
            Severity::Error,
            span,
            problem.into(),
            Some((other.clone(), label)),
        );
    }

    pub(crate) fn warn(&self, span: &Span, problem: impl Into<Problem>) {
        self.put(Severity::Warning, span, problem.into(), None);
    }

    pub(crate) fn warn_beside(
        &self,
        span: &Span,
        problem: impl Into<Problem>,
        other: &Span,
        label: &'static str,
    ) {
        self.put(
            Severity::Warning,
            span,
            problem.into(),
            Some((other.clone(), label)),
        );
    }

    fn put(
        &self,
        severity: Severity,
        span: &Span,
        problem: Problem,
        related: Option<(Span, &'static str)>,
    ) {
        self.0.borrow_mut().push(Finding {
            severity,
            problem,
            span: span.clone(),
            related,
        });
    }

    /// How many errors there are so far.
    pub(crate) fn errors(&self) -> usize {
        let list = self.0.borrow();
        let errors = list.iter();
        errors
            .filter(|finding| finding.severity == Severity::Error)
            .count()
    }

    pub(crate) fn into_list(self) -> Vec<Finding> {
        self.0.into_inner()
    }
}
