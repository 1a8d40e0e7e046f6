//! Programs that the bench starts: pinned to a core, looked at through /proc, and ended with the bench.
//!
//! Only what was started here is ever ended, by its process id. Should the bench itself be ended first (Ctrl-C, a
//! crash), the kernel tells each program to end: that is what `setpriv --pdeathsig` asks for.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::failure::{Doing, Failure, Outcome};

const START_SECS_MAX: u64 = 20;
const END_SECS_MAX: u64 = 5;
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A program in the foreground and all that it started.
pub(crate) struct Process {
    name: String,
    child: Child,
}

/// A command whose program runs on one core only and does not outlive the bench.
pub(super) fn pinned(cpu: u32, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command
        .args(["--pdeathsig", "TERM", "taskset", "-c", &cpu.to_string()])
        .arg(program);
    command
}

impl Process {
    /// Starts a program and waits until it listens on every one of `ports`.
    pub(crate) fn start(
        name: &str,
        command: &mut Command,
        log: &Path,
        ports: &[u16],
    ) -> Outcome<Self> {
        for port in ports {
            if listens(*port) {
                return Err(Failure::new(format!(
                    "port {port}, meant for {name}, is in use already"
                )));
            }
        }
        let out = File::create(log).doing(log.display())?;
        let err = out.try_clone().doing(log.display())?;
        let child = command
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .spawn()
            .doing(name)?;
        let mut process = Self {
            name: name.to_owned(),
            child,
        };
        process.wait_for(ports, log)?;
        Ok(process)
    }

    fn wait_for(&mut self, ports: &[u16], log: &Path) -> Outcome<()> {
        let end = Instant::now() + Duration::from_secs(START_SECS_MAX);
        while !ports.iter().all(|port| listens(*port)) {
            let ended = self.child.try_wait().doing(&self.name)?;
            if ended.is_some() || Instant::now() > end {
                let said = fs::read_to_string(log).unwrap_or_default();
                return Err(Failure::new(format!(
                    "{} does not listen on {ports:?}: {}",
                    self.name,
                    said.trim()
                )));
            }
            sleep(LOOK_AGAIN);
        }
        Ok(())
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// User and system time so far of the program and its children, in clock ticks.
    pub(super) fn ticks(&self) -> u64 {
        self.family()
            .iter()
            .filter_map(|pid| Stat::read(*pid))
            .map(|stat| stat.own_ticks + stat.reaped_ticks)
            .sum()
    }

    /// Memory of the program and its children, shared pages in parts.
    pub(crate) fn memory_kib(&self) -> u64 {
        let of = |pid: &u32| {
            let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
            let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        };
        self.family().iter().filter_map(of).sum()
    }

    fn family(&self) -> Vec<u32> {
        family(self.child.id(), &parents())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let (Ok(None), Some(pid)) = (self.child.try_wait(), pid) {
            // A failure means that it has just ended by itself.
            let _ = kill_process(pid, Signal::TERM);
        }
        let end = Instant::now() + Duration::from_secs(END_SECS_MAX);
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() > end {
                let _ = self.child.kill();
                let _ = self.child.wait();
            }
            sleep(LOOK_AGAIN);
        }
    }
}

fn listens(port: u16) -> bool {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok()
}

/// What a line of /proc/PID/stat tells.
struct Stat {
    parent: u32,
    own_ticks: u64,
    /// Of children that have ended and were waited for.
    reaped_ticks: u64,
}

impl Stat {
    fn read(pid: u32) -> Option<Self> {
        Self::parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// The name stands in parentheses and may hold anything, so the fields are counted from the last of them.
    fn parse(line: &str) -> Option<Self> {
        let (_, rest) = line.rsplit_once(") ")?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
        Some(Self {
            parent: u32::try_from(number(1)?).ok()?,
            own_ticks: number(11)? + number(12)?,
            reaped_ticks: number(13)? + number(14)?,
        })
    }
}

/// CPU time of children that this process has waited for: the load generators that have ended.
pub(super) fn reaped_ticks() -> u64 {
    fs::read_to_string("/proc/self/stat")
        .ok()
        .and_then(|line| Stat::parse(&line))
        .map_or(0, |stat| stat.reaped_ticks)
}

fn parents() -> HashMap<u32, u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_string_lossy().parse::<u32>().ok());
    pids.filter_map(|pid| Some((pid, Stat::read(pid)?.parent)))
        .collect()
}

/// `root` and all that descend from it.
fn family(root: u32, parents: &HashMap<u32, u32>) -> Vec<u32> {
    let mut family = vec![root];
    let mut looked_at = 0;
    while let Some(parent) = family.get(looked_at).copied() {
        family.extend(
            parents
                .iter()
                .filter(|(_, of)| **of == parent)
                .map(|(pid, _)| *pid),
        );
        looked_at += 1;
    }
    family
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_stat_is_read_past_a_hostile_name() {
        let line = "42 (a) R 7) S 9 1 1 0 -1 0 0 0 0 0 11 12 13 14 20 0 1 0\n";
        let stat = Stat::parse(line).expect("a well-formed line");
        assert_eq!(
            (stat.parent, stat.own_ticks, stat.reaped_ticks),
            (9, 23, 27)
        );
        assert!(Stat::parse("42 (cut").is_none());
    }

    #[test]
    fn a_family_is_the_root_and_its_descendants() {
        let parents = HashMap::from([(2, 1), (3, 2), (4, 1), (5, 9)]);
        let mut found = family(1, &parents);
        found.sort_unstable();
        assert_eq!(found, [1, 2, 3, 4]);
    }

    #[test]
    fn this_process_has_a_stat() {
        assert!(Stat::read(std::process::id()).is_some());
    }
}
