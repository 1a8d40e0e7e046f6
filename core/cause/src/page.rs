//! Causes as reference pages. Knows Markdown; where the pages are stored or served is not known here.

use std::fmt::Write as _;

use crate::{Cause, Entry, Stage};

/// A piece of the words of an [`Entry`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span<'w> {
    /// Plain words.
    Text(&'w str),
    /// Code, which stood in backticks.
    Code(&'w str),
}

/// Splits the words of an entry at their backticks, for pages in other forms than Markdown.
///
/// ```
/// use countersign_cause::{Span, spans};
/// let found: Vec<_> = spans("Send `Host` once.").collect();
/// assert_eq!(found, [Span::Text("Send "), Span::Code("Host"), Span::Text(" once.")]);
/// ```
pub fn spans(words: &str) -> impl Iterator<Item = Span<'_>> {
    words
        .split('`')
        .enumerate()
        .filter(|(_, piece)| !piece.is_empty())
        .map(|(at, piece)| {
            if at % 2 == 0 {
                Span::Text(piece)
            } else {
                Span::Code(piece)
            }
        })
}

/// The reference page of a cause, to be stored as `<id>.md` beside the pages that it links to.
pub fn markdown(cause: Cause) -> String {
    let entry = cause.entry();
    let mut page = format!("# {}\n\n{}\n\n", entry.title, facts(entry));
    section(&mut page, "What it means", entry.meaning);
    let told_title = match entry.status {
        Some(_) => "What the client is told",
        None => "In one sentence",
    };
    section(&mut page, told_title, &told(cause));
    section(
        &mut page,
        "What the log says",
        &format!("`{}`: {}", entry.id, entry.log),
    );
    section(
        &mut page,
        &format!("What to do, for {}", entry.who.title()),
        entry.fix,
    );
    if !entry.checks.is_empty() {
        section(&mut page, "How to see whether it is this", &checks(entry));
    }
    let neighbours = neighbours(cause);
    if !neighbours.is_empty() {
        section(&mut page, "Easily confused with", &neighbours);
    }
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}

/// The list of all causes by stage, with links to their pages.
pub fn index_markdown() -> String {
    let mut page = String::from(
        "# Causes\n\n\
         Every refusal has one of these causes. The answer, the log, the metrics and the pages use the same id, which never changes.\n\
         A cause without a status is not something that Countersign refuses with, but a diagnosis of other servers.\n",
    );
    for stage in Stage::ALL {
        let _ = write!(
            page,
            "\n## {}\n\n| cause | status | in short | to be mended by |\n|---|---|---|---|\n",
            stage.title()
        );
        for cause in Cause::ALL
            .iter()
            .filter(|cause| cause.entry().stage == *stage)
        {
            let entry = cause.entry();
            let status = entry
                .status
                .map_or_else(String::new, |status| status.to_string());
            let _ = writeln!(
                page,
                "| [`{id}`]({id}.md) | {status} | {} | {} |",
                entry.title,
                entry.who.title(),
                id = entry.id
            );
        }
    }
    page
}

fn facts(entry: &Entry) -> String {
    let status = match entry.status {
        Some(status) => format!("`{status}`"),
        None => String::from("none: a diagnosis of other servers, not a refusal by Countersign"),
    };
    let mut facts = format!(
        "- Cause: `{}`\n- Status: {status}\n- Stage: {}",
        entry.id,
        entry.stage.title()
    );
    if let Some(source) = entry.source {
        let _ = write!(facts, "\n- Source: {source}");
    }
    facts
}

fn told(cause: Cause) -> String {
    let heard = cause.told_as();
    if heard == cause {
        return format!("> {}", cause.entry().told);
    }
    let id = heard.id();
    format!(
        "Clients hear of this only as [`{id}`]({id}.md), so that nobody learns from a refusal which accounts exist.\n\n> {}",
        heard.entry().told
    )
}

fn checks(entry: &Entry) -> String {
    let checks: Vec<String> = entry
        .checks
        .iter()
        .map(|check| format!("```sh\n{}\n```\n\n{}", check.command, check.shows))
        .collect();
    checks.join("\n\n")
}

fn neighbours(cause: Cause) -> String {
    let links: Vec<String> = cause
        .neighbours()
        .map(|near| {
            format!(
                "- [`{id}`]({id}.md): {}",
                near.entry().title,
                id = near.id()
            )
        })
        .collect();
    links.join("\n")
}

fn section(page: &mut String, title: &str, body: &str) {
    let _ = write!(page, "## {title}\n\n{body}\n\n");
}
