//! What a substitution would print, for the few commands with which people build credentials.
//!
//! Knows: `echo`, `printf`, `base64` and `tr -d`, since how they end their lines is a cause of its own. Does not run
//! anything, and says so of all other commands.

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};

use super::Command;
use crate::read::curl::word::{End, Word};

/// The output of a pipeline; `None` where it can't be known.
pub(super) fn output(commands: &[Command]) -> Option<String> {
    let mut flowing: Option<Vec<u8>> = None;
    let (last, before) = commands.split_last()?;
    let pipes = |command: &Command| {
        let by = command.cut.as_ref().map(|cut| cut.by);
        by == Some(End::Pipe)
    };
    if !before.iter().all(pipes) {
        return None;
    }
    for command in before.iter().chain([last]) {
        flowing = Some(run(&command.words, flowing.as_deref())?);
    }
    String::from_utf8(flowing?).ok()
}

fn run(words: &[Word], input: Option<&[u8]>) -> Option<Vec<u8>> {
    if words.iter().any(|word| !word.scars.is_empty()) {
        return None;
    }
    let (program, arguments) = words.split_first()?;
    let arguments: Vec<&str> = arguments.iter().map(|word| word.text.as_str()).collect();
    match (program.text.as_str(), input) {
        ("echo", _) => Some(echo(&arguments)),
        ("printf", _) => printf(&arguments),
        ("base64", Some(input)) => base64(&arguments, input),
        ("openssl", Some(input)) => openssl(&arguments, input),
        ("tr", Some(input)) => without(&arguments, input),
        _ => None,
    }
}

fn echo(arguments: &[&str]) -> Vec<u8> {
    match arguments.split_first() {
        Some((&"-n", rest)) => rest.join(" ").into_bytes(),
        Some(_) | None => format!("{}\n", arguments.join(" ")).into_bytes(),
    }
}

fn printf(arguments: &[&str]) -> Option<Vec<u8>> {
    let (format, values) = arguments.split_first()?;
    let mut values = values.iter();
    let mut out = String::new();
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '%' => match letters.next()? {
                's' => out.push_str(values.next().unwrap_or(&"")),
                '%' => out.push('%'),
                _ => return None,
            },
            '\\' => match letters.next()? {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                '\\' => out.push('\\'),
                _ => return None,
            },
            other => out.push(other),
        }
    }
    // More values than the format has room for would repeat it.
    values.next().is_none().then(|| out.into_bytes())
}

/// Lines are this wide where nothing else is said.
const WIDTH: usize = 76;

fn base64(arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let width = match arguments {
        [] => WIDTH,
        ["-w0" | "-b0" | "--wrap=0"] | ["-w" | "-b", "0"] => 0,
        ["-d" | "-D" | "--decode"] => return lenient().decode(input.trim_ascii_end()).ok(),
        _ => return None,
    };
    Some(wrapped(&STANDARD.encode(input), width))
}

fn lenient() -> GeneralPurpose {
    let padding = DecodePaddingMode::Indifferent;
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(padding);
    GeneralPurpose::new(&alphabet::STANDARD, config)
}

fn openssl(arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    /// `openssl base64` wraps earlier.
    const WIDTH: usize = 64;
    let one_line = arguments.contains(&"-A");
    let is_base64 = matches!(arguments.first(), Some(&"base64")) || arguments.contains(&"-base64");
    if !is_base64 || arguments.contains(&"-d") {
        return None;
    }
    let width = if one_line { 0 } else { WIDTH };
    Some(wrapped(&STANDARD.encode(input), width))
}

fn wrapped(text: &str, width: usize) -> Vec<u8> {
    if width == 0 {
        return text.as_bytes().to_vec();
    }
    let mut out = Vec::new();
    for line in text.as_bytes().chunks(width) {
        out.extend_from_slice(line);
        out.push(b'\n');
    }
    out
}

fn without(arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let gone: &[u8] = match arguments {
        ["-d", "\\n" | "\n"] => b"\n",
        ["-d", "\\r\\n" | "\\n\\r" | "[:space:]"] => b"\r\n",
        _ => return None,
    };
    let kept = input.iter().filter(|byte| !gone.contains(byte));
    Some(kept.copied().collect())
}
