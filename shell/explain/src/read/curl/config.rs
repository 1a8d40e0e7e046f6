//! `-K`: a file of options.
//!
//! Knows: how curl reads it. Does not know what the options do.

use super::arguments::{self, Argument};
use super::options::What;
use super::scan::Scan;
use crate::read::{Files, ReadFault};

/// Files that name files are followed so far.
const DEPTH_MAX: usize = 4;

/// The arguments with those of every file that they name in its place.
///
/// # Errors
///
/// A file that cannot be read, or options in it that cannot.
pub(super) fn expanded(
    given: Vec<Argument>,
    files: &dyn Files,
    depth: usize,
) -> Result<Vec<Argument>, ReadFault> {
    let mut all = Vec::new();
    for argument in given {
        if argument.what != What::Config {
            all.push(argument);
            continue;
        }
        if depth == DEPTH_MAX {
            return Err(ReadFault::new("the files of `-K` name each other"));
        }
        let bytes = files.read(&argument.value).map_err(|fault| {
            ReadFault::new(format!(
                "the file `{}` of `-K` cannot be read: {}",
                argument.value,
                fault.kind()
            ))
            .with_help("write its options out, or run this where the file is")
        })?;
        let inner = arguments::read(&words(&String::from_utf8_lossy(&bytes)))?
            .into_iter()
            .map(|argument| Argument {
                place: None,
                ..argument
            });
        all.extend(expanded(inner.collect(), files, depth + 1)?);
    }
    Ok(all)
}

/// The words of a file: an option and perhaps its value on each line, parted by a blank, `=` or `:`.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let mut scan = Scan::new(line);
        // `-Lfuname:password`: after a single hyphen a colon is part of the value.
        let is_short = scan.rest().starts_with('-') && !scan.rest().starts_with("--");
        let ends = |letter: char| !is_short && matches!(letter, '=' | ':');
        let name = scan.take_while(|letter| !letter.is_whitespace() && !ends(letter));
        words.push(match name.starts_with('-') {
            true => name.to_owned(),
            false => format!("--{name}"),
        });
        scan.take_while(|letter| letter.is_whitespace() || matches!(letter, '=' | ':'));
        if scan.eat("\"") {
            words.push(quoted(&mut scan));
        } else if !scan.is_at_end() {
            words.push(scan.rest().to_owned());
        }
    }
    words
}

fn quoted(scan: &mut Scan<'_>) -> String {
    let mut word = String::new();
    while let Some(letter) = scan.bump() {
        match letter {
            '"' => break,
            '\\' => match scan.bump() {
                Some('t') => word.push('\t'),
                Some('n') => word.push('\n'),
                Some('r') => word.push('\r'),
                Some('v') => word.push('\u{b}'),
                Some(other) => word.push(other),
                None => {}
            },
            other => word.push(other),
        }
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_written_in_many_ways() {
        let text =
            "# a comment\nuser = \"a:b\\\"c\"\n-L\nheader: X-A: b\nurl=https://h/\n--silent\n";
        let expected = [
            "--user",
            "a:b\"c",
            "-L",
            "--header",
            "X-A: b",
            "--url",
            "https://h/",
            "--silent",
        ];
        assert_eq!(words(text), expected);
    }
}
