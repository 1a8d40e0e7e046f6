//! Single requests, to see that a gateway answers as it should before it is measured.
//!
//! Knows: HTTP/1.1 with one request on a connection, and curl for what is in TLS. Does not know what answer is right.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::load::Protocol;
use crate::failure::{Doing, Failure, Outcome};

const ANSWER_SECS_MAX: u64 = 60;

/// Head and body of the answer to one request.
pub(crate) fn head_and_body(
    port: u16,
    path: &str,
    header: Option<&str>,
) -> Outcome<(String, String)> {
    answer_to(port, &get(path, header)).map(|(_, head, body)| (head, body))
}

/// Status and body of the answer to one request.
pub(super) fn ask(
    protocol: Protocol,
    port: u16,
    path: &str,
    header: Option<&str>,
) -> Outcome<(u16, String)> {
    match protocol {
        Protocol::Plain => {
            answer_to(port, &get(path, header)).map(|(status, _, body)| (status, body))
        }
        Protocol::Tls => by_curl("--http1.1", "1.1", &protocol.url(port, path), header),
        Protocol::Http2 => by_curl("--http2", "2", &protocol.url(port, path), header),
    }
}

fn get(path: &str, header: Option<&str>) -> String {
    let line = header
        .map(|header| format!("{header}\r\n"))
        .unwrap_or_default();
    format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{line}\r\n")
}

/// Status, head and body of the answer to a request that closes its connection.
pub(super) fn answer_to(port: u16, request: &str) -> Outcome<(u16, String, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).doing(format!("port {port}"))?;
    stream
        .set_read_timeout(Some(Duration::from_secs(ANSWER_SECS_MAX)))
        .doing("a time limit")?;
    stream
        .write_all(request.as_bytes())
        .doing(format!("port {port}"))?;
    let mut answer = Vec::new();
    stream
        .read_to_end(&mut answer)
        .doing(format!("port {port}"))?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .doing(format!("port {port} gave no answer"))?;
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|word| word.parse().ok())
        .doing("an answer has no status")?;
    Ok((status, head.to_owned(), body.to_owned()))
}

/// Asks with TLS 1.3, and by no other version of HTTP than the one that is to be measured.
fn by_curl(option: &str, version: &str, url: &str, header: Option<&str>) -> Outcome<(u16, String)> {
    let mut command = Command::new("curl");
    command
        // The certificate is the bench's own.
        .args(["--silent", "--show-error", "--insecure", "--tlsv1.3"])
        .args([option, "--max-time", &ANSWER_SECS_MAX.to_string()])
        .args(["--write-out", "\n%{http_version} %{http_code}"])
        // Credentials come by the standard input: a command line is seen by everybody.
        .args(["--header", "@-", url])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().doing("curl")?;
    if let Some(mut input) = child.stdin.take() {
        let header = header.unwrap_or_default();
        input.write_all(header.as_bytes()).doing("curl")?;
    }
    let output = child.wait_with_output().doing("curl")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::new(said.trim().to_owned()));
    }
    answered(&String::from_utf8_lossy(&output.stdout), version)
}

/// What curl wrote: the body, and the version and the status in a last line.
fn answered(said: &str, version: &str) -> Outcome<(u16, String)> {
    let (body, last) = said.rsplit_once('\n').doing("curl said nothing")?;
    let (spoken, status) = last.split_once(' ').doing("curl names no status")?;
    if spoken != version {
        return Err(Failure::new(format!(
            "HTTP/{spoken} was spoken and not HTTP/{version}"
        )));
    }
    let status = status.parse().doing("curl names no status")?;
    Ok((status, body.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_by_another_version_is_not_taken() {
        let said = "{\n}\n2 200";
        let answer = answered(said, "2").expect("an answer");
        assert_eq!(answer, (200, "{\n}".to_owned()));
        assert!(answered(said, "1.1").is_err());
        assert!(answered("", "2").is_err());
        assert!(answered("\n2 ", "2").is_err());
    }
}
