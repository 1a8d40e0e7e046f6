//! What requests with good credentials feel while somebody else sends wrong passwords as fast as they can.

use std::path::PathBuf;

use super::load::{Counted, Lines, Load, Protocol, counted};
use super::rounds::{GOOD_CONNECTIONS, shown};
use super::{LOAD_CPU, Stage, WARM_SECS, whole};
use crate::failure::{Doing, Failure, Outcome};

/// Its name among the rows.
pub(super) const ROW: &str = "ours-flood";

const WRONG_CONNECTIONS: u32 = 4;
const MARGIN_SECS: u32 = 2;

/// Who is asked, and with what.
pub(super) struct Flood {
    pub(super) port: u16,
    pub(super) path: &'static str,
    /// Good tokens, seen before.
    pub(super) good: PathBuf,
    /// Distinct wrong passwords of users that exist.
    pub(super) wrong: PathBuf,
}

/// A table in Markdown, or nothing where nothing is to be flooded.
pub(super) fn measure(stage: &Stage, rounds: u32, seconds: u32) -> Outcome<Option<String>> {
    let Some(flood) = &stage.flood else {
        return Ok(None);
    };
    let mut quiet = Vec::new();
    let mut flooded = Vec::new();
    let mut ratios = Vec::new();
    let mut wrong_per_second = Vec::new();
    for round in 1..=rounds {
        let calm = good(stage, flood, seconds)?;
        let (rough, wrong) = under_flood(stage, flood, seconds)?;
        eprintln!(
            "round {round} flood: p99 {} µs quiet, {} µs under flood",
            calm.p99_us, rough.p99_us
        );
        quiet.push(whole(calm.p99_us) / 1e3);
        flooded.push(whole(rough.p99_us) / 1e3);
        ratios.push(whole(rough.p99_us) / whole(calm.p99_us.max(1)));
        wrong_per_second.push(whole(wrong.requests) * 1e6 / whole(wrong.duration_us));
    }
    Ok(Some(format!(
        "| p99 of good requests, ms, min / median / max | quiet | under flood | ratio in the round | wrong passwords answered per second |\n\
         |---|---|---|---|---|\n\
         | {GOOD_CONNECTIONS} connections, {WRONG_CONNECTIONS} more send wrong passwords | {} | {} | {} | {} |\n",
        shown(&quiet),
        shown(&flooded),
        shown(&ratios),
        shown(&wrong_per_second),
    )))
}

fn good(stage: &Stage, flood: &Flood, seconds: u32) -> Outcome<Counted> {
    let load = |seconds| load(stage, flood, &flood.good, GOOD_CONNECTIONS, seconds);
    load(WARM_SECS).run()?;
    let counted = load(seconds).run()?;
    if counted.refused + counted.broken > 0 {
        return Err(Failure::new(format!(
            "{} good requests were refused, {} broke",
            counted.refused, counted.broken
        )));
    }
    Ok(counted)
}

fn under_flood(stage: &Stage, flood: &Flood, seconds: u32) -> Outcome<(Counted, Counted)> {
    let whole_time = WARM_SECS + seconds + MARGIN_SECS;
    let mut command = load(stage, flood, &flood.wrong, WRONG_CONNECTIONS, whole_time).command();
    let attacker = command
        .stdout(std::process::Stdio::piped())
        .spawn()
        .doing("wrk")?;
    let good = good(stage, flood, seconds);
    let said = attacker.wait_with_output().doing("wrk")?;
    let wrong = counted(&String::from_utf8_lossy(&said.stdout))?;
    if wrong.refused != wrong.requests {
        return Err(Failure::new(format!(
            "of {} wrong passwords only {} were refused",
            wrong.requests, wrong.refused
        )));
    }
    Ok((good?, wrong))
}

fn load<'a>(
    stage: &'a Stage,
    flood: &'a Flood,
    headers: &'a PathBuf,
    connections: u32,
    seconds: u32,
) -> Load<'a> {
    Load {
        cpu: LOAD_CPU,
        protocol: Protocol::Plain,
        script: &stage.script,
        port: flood.port,
        path: flood.path,
        lines: Some(Lines {
            file: headers,
            once: false,
        }),
        connections,
        seconds,
    }
}
