//! The machine that is measured on: what it is, and how busy it is with other things.

use std::fs;
use std::process::Command;

use crate::workspace::output;

/// Clock ticks so far that all cores together spent working, or that the host took away from them.
pub(super) fn busy_ticks() -> u64 {
    fs::read_to_string("/proc/stat")
        .ok()
        .and_then(|text| parse_busy(&text))
        .unwrap_or(0)
}

/// user + nice + system + irq + softirq + steal of the first line; idle and waiting time left out.
fn parse_busy(text: &str) -> Option<u64> {
    let fields: Vec<u64> = text
        .lines()
        .next()?
        .split_whitespace()
        .skip(1)
        .filter_map(|field| field.parse().ok())
        .collect();
    let at = |index: usize| fields.get(index).copied();
    Some(at(0)? + at(1)? + at(2)? + at(5)? + at(6)? + at(7)?)
}

pub(super) fn ticks_per_second() -> f64 {
    // At most a few thousand, so nothing is lost.
    u32::try_from(rustix::param::clock_ticks_per_second()).map_or(100.0, f64::from)
}

/// Cores, processor and kernel in one line.
pub(crate) fn description() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .and_then(|line| line.split_once(": "));
    let model = model.map_or("unknown processor", |(_, name)| name);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{cores} cores, {model}, Linux {}", kernel.trim())
}

pub(crate) fn date() -> String {
    output(Command::new("date").args(["-u", "+%Y-%m-%d"]))
        .unwrap_or_default()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_is_all_but_idle_and_waiting() {
        assert_eq!(
            parse_busy("cpu  1 2 4 1000 2000 8 16 32 0 0\ncpu0 1\n"),
            Some(63)
        );
        assert_eq!(parse_busy("cpu  1 2\n"), None);
        assert_eq!(parse_busy(""), None);
    }
}
