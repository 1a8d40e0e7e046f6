//! The output of `curl -v`: request and answer with a mark before each line.
//!
//! Knows: the marks. Does not read messages.

use url::Url;

use super::head::first_line;
use super::{answer, host_of, request};
use crate::case::Case;
use crate::read::ReadFault;

/// Whether a text is such an output.
pub(in crate::read) fn is_verbose(text: &[u8]) -> bool {
    lines(text).any(|line| line.starts_with(b"< HTTP/"))
}

/// The case of request and answer together.
///
/// # Errors
///
/// Messages that cannot be read.
pub(in crate::read) fn conversation(text: &[u8]) -> Result<Case, ReadFault> {
    let mut case = match sent(text) {
        Some(sent) => {
            let host = host_of(&sent).unwrap_or_default();
            let scheme = match is_encrypted(text) {
                true => "https",
                false => "http",
            };
            let base = Url::parse(&format!("{scheme}://{host}/"))
                .map_err(|_| ReadFault::new("the request in the text has no `Host`"))?;
            request(&sent, &base)?
        }
        None => Case::default(),
    };
    case.answer = Some(answer(text)?);
    Ok(case)
}

/// The last request: the lines with `>`.
fn sent(text: &[u8]) -> Option<Vec<u8>> {
    let mut last: Option<Vec<u8>> = None;
    let mut inside = false;
    for line in lines(text) {
        let Some(content) = line.strip_prefix(b"> ").or(line.strip_prefix(b">")) else {
            inside = false;
            continue;
        };
        if !inside && !content.is_empty() {
            last = Some(Vec::new());
        }
        inside = true;
        if let Some(message) = &mut last {
            message.extend_from_slice(content);
            message.extend_from_slice(b"\r\n");
        }
    }
    last
}

/// The last answer: the lines with `<`, and the unmarked ones after them.
pub(super) fn received(text: &[u8]) -> Option<Vec<u8>> {
    let mut last: Option<Vec<u8>> = None;
    let mut in_head = false;
    let mut rest = text;
    while !rest.is_empty() {
        let (line, after) = first_line(rest);
        rest = after;
        let head = line
            .strip_prefix(b"< ")
            .or((line == b"<").then_some(&[][..]));
        if let Some(content) = head {
            if content.starts_with(b"HTTP/") {
                last = Some(Vec::new());
                in_head = true;
            }
            if let Some(message) = last.as_mut().filter(|_| in_head) {
                message.extend_from_slice(content);
                message.extend_from_slice(b"\r\n");
            }
            in_head = in_head && !content.is_empty();
            continue;
        }
        let marked = [&b"* "[..], b"> ", b"{ [", b"} ["];
        if marked.iter().any(|mark| line.starts_with(mark)) || line == b">" || in_head {
            continue;
        }
        if let Some(message) = &mut last {
            message.extend_from_slice(line);
            if !rest.is_empty() {
                message.push(b'\n');
            }
        }
    }
    last
}

fn is_encrypted(text: &[u8]) -> bool {
    let marks = [&b"* SSL"[..], b"* TLS", b"* ALPN", b"* (TLS", b"*  SSL"];
    lines(text).any(|line| {
        marks.iter().any(|mark| line.starts_with(mark))
            || (line.starts_with(b"* Connected to ") && line.ends_with(b"port 443"))
    })
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}
