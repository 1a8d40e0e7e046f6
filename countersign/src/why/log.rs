//! A refusal in a gateway's log in JSON.
//!
//! Knows: the names of the fields of a log line. Does not know stores.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;

use countersign_cause::Cause;
use serde::Deserialize;

use super::account::Account;
use crate::failure::Failure;

/// The line of a refusal, or of a connection that ended before there was a request, whose client was told of it. Other lines have
/// another `event`.
#[derive(Deserialize)]
struct Line {
    event: String,
    request: String,
    time: String,
    cause: String,
    told: Option<String>,
    status: Option<u16>,
    scheme: Option<String>,
    route: Option<String>,
    detail: Option<String>,
    subject: Option<String>,
    account: Option<String>,
    key: Option<String>,
    peer: String,
    #[serde(default)]
    method: String,
    host: Option<String>,
    #[serde(default)]
    path: String,
}

/// Looks through the whole log, line by line.
pub(super) fn find(id: &str, path: &Path) -> Result<Option<Account>, Failure> {
    let cannot = |error| Failure::new(format!("cannot read `{}`: {error}", path.display()));
    let mut reader = BufReader::new(File::open(path).map_err(cannot)?);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).map_err(cannot)? > 0 {
        if let Some(account) = account(&line, id) {
            return Ok(Some(account));
        }
        line.clear();
    }
    Ok(None)
}

/// A line that is none of ours, or cut off when the log was rotated, is not what is looked for.
fn account(line: &[u8], id: &str) -> Option<Account> {
    let line: Line = serde_json::from_slice(line).ok()?;
    if !matches!(&*line.event, "refused" | "connection-ended") || line.request != id {
        return None;
    }
    let status = line
        .status
        .or_else(|| Cause::from_id(&line.cause)?.status())?;
    Some(Account {
        request_id: line.request,
        time: line.time,
        told: line.told.unwrap_or_else(|| line.cause.clone()),
        cause: line.cause,
        status,
        route: line.route,
        scheme: line.scheme,
        method: line.method,
        host: line.host,
        path: line.path,
        // The end of a connection is told with the port.
        peer: match line.peer.parse::<SocketAddr>() {
            Ok(address) => address.ip().to_string(),
            Err(_) => line.peer,
        },
        user_agent: None,
        subject: line.subject,
        account: line.account,
        key: line.key,
        detail: line.detail,
        steps: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"time":"2026-01-02T03:04:05.678Z","event":"refused","cause":"credential-expired","told":"credentials-rejected","status":401,"request":"r1","peer":"10.0.0.1","method":"GET","host":"a.example","path":"/x"}"#;

    #[test]
    fn the_line_of_the_request_is_found_and_no_other() {
        let found = account(LINE.as_bytes(), "r1").unwrap();
        assert_eq!(
            (found.cause.as_str(), found.told.as_str()),
            ("credential-expired", "credentials-rejected")
        );
        assert_eq!(account(LINE.as_bytes(), "r2"), None);
        assert_eq!(
            account(LINE.replace("refused", "listening").as_bytes(), "r1"),
            None
        );
    }

    #[test]
    fn without_another_word_the_client_was_told_the_cause() {
        let line = LINE.replace(r#""told":"credentials-rejected","#, "");
        assert_eq!(
            account(line.as_bytes(), "r1").unwrap().told,
            "credential-expired"
        );
    }

    #[test]
    fn a_client_that_was_told_before_there_was_a_request_finds_its_line() {
        let line = r#"{"time":"2026-01-02T03:04:05.678Z","event":"connection-ended","peer":"10.0.0.1:4711","cause":"head-stalled","detail":"no whole head within `head_secs`","request":"r1"}"#;
        let found = account(line.as_bytes(), "r1").unwrap();
        assert_eq!((found.status, &*found.peer), (408, "10.0.0.1"));
        assert!(found.text().contains("\nrequest:"), "{}", found.text());
        assert!(found.text().contains("none: its head could not be read"));
    }

    #[test]
    fn lines_of_others_are_passed_over() {
        for line in [
            "",
            "{",
            "null",
            "[]",
            "\u{0}",
            r#"{"event":"refused","request":"r1"}"#,
        ] {
            assert_eq!(account(line.as_bytes(), "r1"), None, "{line}");
        }
        assert_eq!(account(b"\xff\xfe", "r1"), None);
    }
}
