//! Good requests in the quiet and beside something else, round by round.
//!
//! Knows how the two are compared. Does not know what the something else is.

use std::path::PathBuf;

use super::load::{Counted, Lines, Load, Protocol};
use super::table::spread;
use super::{LOAD_CPU, Stage, WARM_SECS, whole};
use crate::failure::{Failure, Outcome};

/// Few enough not to fill the core by themselves, so that the wait shown is not their own queue.
pub(super) const GOOD_CONNECTIONS: u32 = 8;

/// Who is asked, and with which good credentials.
pub(super) struct Good {
    pub(super) port: u16,
    pub(super) path: &'static str,
    pub(super) headers: PathBuf,
}

/// p99 in the quiet, beside what `begin` begins and `end` waits for, and the ratio of both in each round: each as
/// minimum, median and maximum.
pub(super) fn compared<T>(
    what: &str,
    stage: &Stage,
    good: &Good,
    rounds: u32,
    seconds: u32,
    mut begin: impl FnMut() -> Outcome<T>,
    mut end: impl FnMut(T) -> Outcome<()>,
) -> Outcome<(String, String, String)> {
    let (mut quiet, mut beside, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=rounds {
        let calm = good.run(stage, seconds)?;
        let begun = begin()?;
        let rough = good.run(stage, seconds);
        end(begun)?;
        let rough = rough?;
        eprintln!(
            "round {round} {what}: p99 {} µs quiet, {} µs beside it",
            calm.p99_us, rough.p99_us
        );
        quiet.push(whole(calm.p99_us) / 1e3);
        beside.push(whole(rough.p99_us) / 1e3);
        ratios.push(whole(rough.p99_us) / whole(calm.p99_us.max(1)));
    }
    Ok((shown(&quiet), shown(&beside), shown(&ratios)))
}

pub(super) fn shown(values: &[f64]) -> String {
    spread(values).map_or_else(String::new, |(min, median, max)| {
        format!("{min:.2} / {median:.2} / {max:.2}")
    })
}

impl Good {
    fn run(&self, stage: &Stage, seconds: u32) -> Outcome<Counted> {
        let load = |seconds| Load {
            cpu: LOAD_CPU,
            protocol: Protocol::Plain,
            script: &stage.script,
            port: self.port,
            path: self.path,
            lines: Some(Lines {
                file: &self.headers,
                once: false,
            }),
            connections: GOOD_CONNECTIONS,
            seconds,
        };
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
}
