//! The table of clients and schemes, in Markdown.
//!
//! Knows: words and columns. Does not know how the outcome came about.

use super::program::Client;
use super::{Case, Seen};

const BEGIN: &str = "\
# Clients

Each of these clients has asked a gateway whose route accepts all three schemes. A good credential was let through, and
the application was told the user and never the credential. A bad one (a wrong password, an expired token, an API key
that nobody has) and none were refused with the status and the cause that stand here; the cause is in the
`Countersign-Cause` field of the answer and in its body.

The end-to-end tests (`countersign/tests/e2e/clients.rs`) make this table, and fail when it is not what they have seen.
";

const CHALLENGES: &str = "
## What they make of the challenges

A refusal with 401 has three lines of `WWW-Authenticate`, in this order: `Bearer`, `ApiKey`, `Basic`. A browser that
reads the last one asks its user for a name and a password, also when it was a page that fetched, and whatever the page
had sent. A page that would rather handle the refusal itself fetches with `credentials: \"omit\"`; the header fields that
it sets are sent all the same.

";

/// What one client has seen.
pub(super) struct Row<'r> {
    pub(super) client: &'r Client,
    /// Column and cell.
    pub(super) cells: Vec<(usize, String)>,
    pub(super) challenge_lines: usize,
    pub(super) asks_its_user: bool,
}

const COLUMNS: [&str; 7] = [
    "Basic, good",
    "Basic, bad",
    "Bearer, good",
    "Bearer, bad",
    "API key, good",
    "API key, bad",
    "None",
];

pub(super) fn column(case: &Case) -> usize {
    let scheme = ["basic", "bearer", "api-key", "none"]
        .iter()
        .position(|each| *each == case.scheme);
    match scheme.unwrap() {
        3 => 6,
        scheme => scheme * 2 + usize::from(case.cause.is_some()),
    }
}

pub(super) fn cell(seen: &Seen) -> String {
    match &seen.cause {
        Some(cause) => format!("{} `{cause}`", seen.status),
        None => seen.status.to_string(),
    }
}

pub(super) fn render(rows: &[Row<'_>]) -> String {
    let mut text = String::from(BEGIN);
    text.push_str("\n## What they see\n\n");
    line(&mut text, ["Client"].into_iter().chain(COLUMNS));
    line(&mut text, [":---"; 8]);
    for row in rows {
        let of = |column: usize| row.cells.iter().find(|(at, _)| *at == column);
        let cells =
            (0..COLUMNS.len()).map(|column| of(column).map_or("-", |(_, cell)| cell.as_str()));
        line(&mut text, [row.client.name].into_iter().chain(cells));
    }
    text.push_str("\n`-`: the client has no way to send this credential.\n");
    text.push_str("\n## How they are told their credentials\n\n");
    line(&mut text, ["Client", "Basic", "Bearer", "API key"]);
    line(&mut text, [":---"; 4]);
    for row in rows {
        let ways = row.client.ways.map(|(_, way)| written(way));
        line(
            &mut text,
            [row.client.name]
                .into_iter()
                .chain(ways.iter().map(String::as_str)),
        );
    }
    text.push_str(CHALLENGES);
    line(&mut text, ["Client", "Shows", "Asks its user"]);
    line(&mut text, [":---"; 3]);
    for row in rows {
        let shows = if row.challenge_lines == 1 {
            "one line that joins them"
        } else {
            "three lines"
        };
        let asks = if row.asks_its_user { "yes" } else { "no" };
        line(&mut text, [row.client.name, shows, asks]);
    }
    text
}

/// Code in Markdown, whose fence must be longer than what it holds.
fn written(way: &str) -> String {
    if way.is_empty() {
        "-".into()
    } else if way.starts_with("the ") {
        way.into()
    } else if way.contains('`') {
        format!("`` {way} ``")
    } else {
        format!("`{way}`")
    }
}

fn line<'c>(text: &mut String, cells: impl IntoIterator<Item = &'c str>) {
    for cell in cells {
        text.push_str("| ");
        text.push_str(cell);
        text.push(' ');
    }
    text.push_str("|\n");
}
