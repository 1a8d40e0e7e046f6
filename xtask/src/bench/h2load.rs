//! Runs h2load, which asks by HTTP/2, and reads what it counted.
//!
//! Knows: its options and the text that it prints. It sends the same header line with every request.

use std::fs;
use std::path::Path;

use super::load::{Counted, Lines, Load};
use super::process::pinned;
use crate::failure::{Doing, Failure, Outcome};
use crate::workspace::output;

/// Requests that are under way at once on a connection.
pub(super) const STREAMS: u32 = 8;

/// Whether it is there.
pub(super) fn is_there() -> bool {
    output(std::process::Command::new("h2load").arg("--version")).is_ok()
}

/// As many requests at once as there would be connections of HTTP/1.1, in fewer connections.
pub(super) fn run(load: &Load<'_>) -> Outcome<Counted> {
    let times = load.script.with_extension("h2load-times");
    // A file of an earlier run would be written on.
    let _ = fs::remove_file(&times);
    let mut command = pinned(load.cpu, "h2load");
    command
        .args(["--threads", "1", "--npn-list", "h2"])
        .args([
            "--clients",
            &(load.connections / STREAMS).max(1).to_string(),
        ])
        .args(["--max-concurrent-streams", &STREAMS.to_string()])
        .args(["--duration", &load.seconds.to_string()])
        .arg("--log-file")
        .arg(&times);
    if let Some(Lines { file, .. }) = load.lines {
        // It takes header lines in no other way, and what is shown here opens nothing but the gateway of the bench.
        command.args(["--header", &first_line(file)?]);
    }
    command.arg(load.protocol.url(load.port, load.path));
    let said = output(&mut command)?;
    let times = fs::read_to_string(&times).doing("the times of h2load")?;
    counted(&said, &times)
}

pub(super) fn first_line(file: &Path) -> Outcome<String> {
    let text = fs::read_to_string(file).doing(file.display())?;
    let line = text.lines().next();
    Ok(line
        .doing(format!("{} is empty", file.display()))?
        .to_owned())
}

/// What stands in the text that it prints, and in the file with a line for each request.
fn counted(said: &str, times: &str) -> Outcome<Counted> {
    let line = |start: &str| {
        let mut lines = said.lines();
        let found = lines.find_map(|line| line.strip_prefix(start));
        found.doing(format!("h2load printed no line `{start}`"))
    };
    let requests = line("requests:")?;
    let statuses = line("status codes:")?;
    let done = before(requests, "done")?;
    let counted = Counted {
        requests: done,
        duration_us: duration_us(line("finished in ")?).doing("the time that h2load took")?,
        refused: before(statuses, "4xx")? + before(statuses, "5xx")?,
        broken: before(requests, "errored")? + before(requests, "timeout")?,
        p50_us: percentile(times, 50)?,
        p99_us: percentile(times, 99)?,
    };
    if counted.requests == 0 {
        return Err(Failure::new("no request was answered"));
    }
    if !said.contains("Application protocol: h2\n") {
        return Err(Failure::new("HTTP/2 was not spoken"));
    }
    Ok(counted)
}

/// The number before a word, as in `12 done, 3 errored`.
fn before(text: &str, word: &str) -> Outcome<u64> {
    let mut parts = text.split(',').map(str::trim);
    let number = parts.find_map(|part| part.strip_suffix(word)?.trim().parse().ok());
    number.doing(format!("h2load does not say how many are `{word}`"))
}

/// `2.00s, ...` or `950.12ms, ...`
fn duration_us(text: &str) -> Option<u64> {
    let (time, _) = text.split_once(',')?;
    let (number, micros) = match time.strip_suffix("ms") {
        Some(number) => (number, 1e3),
        None => (time.strip_suffix('s')?, 1e6),
    };
    let seconds: f64 = number.parse().ok()?;
    let micros = std::time::Duration::try_from_secs_f64(seconds * micros / 1e6).ok()?;
    u64::try_from(micros.as_micros()).ok()
}

/// Of the third column: when a request began, its status, and how long it took.
fn percentile(times: &str, percent: usize) -> Outcome<u64> {
    let took = |line: &str| line.split('\t').nth(2)?.trim().parse().ok();
    let mut all: Vec<u64> = times.lines().filter_map(took).collect();
    all.sort_unstable();
    let place = (all.len() * percent / 100).min(all.len().saturating_sub(1));
    all.get(place).copied().doing("h2load wrote no times")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "starting benchmark...\nApplication protocol: h2\n\nfinished in 1.25s, 33.00 req/s, 5.00KB/s\n\
        requests: 40 total, 48 started, 40 done, 37 succeeded, 3 failed, 1 errored, 0 timeout\n\
        status codes: 37 2xx, 0 3xx, 2 4xx, 0 5xx\n";
    const TIMES: &str = "1000\t200\t30\n1001\t200\t10\n1002\t401\t20\n";

    #[test]
    fn what_it_prints_is_read() {
        let expected = Counted {
            requests: 40,
            duration_us: 1_250_000,
            refused: 2,
            broken: 1,
            p50_us: 20,
            p99_us: 30,
        };
        assert_eq!(counted(SAID, TIMES).ok(), Some(expected));
        assert_eq!(duration_us("950.50ms, 1 req/s"), Some(950_500));
    }

    #[test]
    fn another_protocol_or_no_answer_is_a_failure() {
        for (said, times) in [
            (SAID.replace("protocol: h2", "protocol: http/1.1"), TIMES),
            (SAID.replace("40 done", "0 done"), TIMES),
            (SAID.to_owned(), ""),
            (String::new(), TIMES),
        ] {
            assert!(counted(&said, times).is_err(), "{said}");
        }
    }
}
