//! How results are printed: columns, times, and words of strangers.
//!
//! Knows: data goes to stdout, and whoever reads it may stop early. Does not know what is printed.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _};

use serde::Serialize;

use crate::failure::{Failure, because};

/// What is said after a change of users or keys.
pub(crate) const NOTICED: &str = "running gateways notice within a tenth of a second";
/// The same of a change by which somebody may do less: a connection that was upgraded is not asked about again.
pub(crate) const NOTICED_BUT_OPEN: &str =
    "running gateways notice within a tenth of a second, and let WebSockets that are open go on";

/// Writes data to stdout. A reader that has closed it has seen enough: that is no failure.
pub(crate) fn data(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(because("cannot write to stdout")(&error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Writes one line of JSON to stdout.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let line =
        serde_json::to_string(value).map_err(|error| because("cannot write JSON")(&error))?;
    data(&format!("{line}\n"))
}

/// Left-aligned columns under their names, two spaces apart. Nothing at all without a row.
pub(crate) fn table<const N: usize>(names: [&str; N], rows: &[[String; N]]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let names = names.map(str::to_owned);
    let lines: Vec<&[String; N]> = std::iter::once(&names).chain(rows).collect();
    let mut widths = [0; N];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line.iter()) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for line in lines {
        let cells: Vec<String> = line
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// One line a field, the values below each other.
pub(crate) fn fields(fields: &[(&str, String)]) -> String {
    let width = fields
        .iter()
        .map(|(name, _)| name.len() + 1)
        .max()
        .unwrap_or_default();
    let mut text = String::new();
    for (name, value) in fields {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{:width$}  {value}", format!("{name}:"));
    }
    text
}

/// Several words in one cell, or a dash.
pub(crate) fn list<T: AsRef<str>>(words: &[T]) -> String {
    if words.is_empty() {
        return "-".to_owned();
    }
    words
        .iter()
        .map(|word| plain(word.as_ref()))
        .collect::<Vec<_>>()
        .join(", ")
}

/// RFC 3339 in UTC.
pub(crate) fn time(unix_secs: i64) -> String {
    jiff::Timestamp::from_second(unix_secs).map_or_else(
        |_| format!("{unix_secs} seconds after 1970"),
        |time| time.to_string(),
    )
}

/// Words of strangers with everything escaped that moves a terminal's cursor or turns the direction of writing.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    let moves =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if !text.contains(moves) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(
        text.chars()
            .fold(String::with_capacity(text.len()), |mut escaped, c| {
                if moves(c) {
                    escaped.extend(c.escape_default());
                } else {
                    escaped.push(c);
                }
                escaped
            }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_counted_in_characters() {
        let rows = [
            ["é".to_owned(), "1".to_owned()],
            ["longer".to_owned(), String::new()],
        ];
        assert_eq!(
            table(["NAME", "N"], &rows),
            "NAME    N\né       1\nlonger\n"
        );
        assert_eq!(table(["NAME"], &[]), "");
    }

    #[test]
    fn fields_stand_below_each_other() {
        assert_eq!(
            fields(&[("a", "1".to_owned()), ("long", "2".to_owned())]),
            "a:     1\nlong:  2\n"
        );
    }

    #[test]
    fn times_are_rfc_3339_in_utc() {
        assert_eq!(time(1_700_000_000), "2023-11-14T22:13:20Z");
        assert_eq!(time(i64::MAX), "9223372036854775807 seconds after 1970");
    }

    #[test]
    fn what_moves_the_cursor_is_escaped() {
        assert_eq!(plain("a\u{1b}[2J\r\u{202e}b"), "a\\u{1b}[2J\\r\\u{202e}b");
        assert_eq!(plain("Zoë Ω"), "Zoë Ω");
    }
}
