//! CPU time per request of the gateway beside its peers, in alternating rounds.
//!
//! Throughput and latency swing with whatever else the machine does; user and system time over the requests served
//! swings little, and the ratio to nginx's plain proxy in the same round less still.

pub(crate) mod ask;
mod certificate;
mod digest;
mod envoy;
mod flood;
mod h2load;
pub(crate) mod load;
pub(crate) mod machine;
mod ours;
pub(crate) mod peers;
mod plans;
pub(crate) mod process;
mod report;
mod rounds;
mod rows;
mod sign_ins;
mod stores;
mod table;
mod tokens;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::failure::{Doing, Failure, Outcome};
use crate::workspace::Workspace;
use load::Load;
use process::Process;
use rows::Subject;
use table::{Row, Sample};
use tokens::{TokenFiles, Tokens};

/// Every gateway runs here, ...
const GATEWAY_CPU: u32 = 0;
/// ... and the load and the upstream here.
const LOAD_CPU: u32 = 1;

const WARM_SECS: u32 = 1;

/// Rows that nothing is to be learnt from for the layout of the program.
const UNTAUGHT: [&str; 3] = ["ours-basic-uncached", "ours-key-1m", "ours-flood"];

#[derive(Args)]
pub(crate) struct Options {
    /// Rounds; each measures every row once
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// Seconds of load for a row in a round
    #[arg(long, default_value_t = 5)]
    seconds: u32,
    /// Connections of the load
    #[arg(long, default_value_t = 64)]
    connections: u32,
    /// Only rows whose names fit one of these patterns (`*` is any text); nginx is always among them
    #[arg(long, value_delimiter = ',')]
    rows: Vec<String>,
    /// Measure this build of the gateway instead of a fresh one
    #[arg(long, value_name = "FILE", conflicts_with = "write")]
    program: Option<PathBuf>,
    /// List the rows and measure nothing
    #[arg(long)]
    list: bool,
    /// Write docs/performance.md
    #[arg(long)]
    write: bool,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    let folder = workspace.target()?.join("bench");
    let chosen = |name: &str| name == rows::BASE || rows::fits_any(name, &options.rows);
    if options.list {
        list(&folder, &chosen);
        return Ok(());
    }
    fs::create_dir_all(&folder).doing(folder.display())?;
    let tokens = Tokens::prepare(&folder.join("tokens"))?;
    let ours = ours::Program {
        workspace,
        given: options.program.as_deref(),
    };
    let mut stage = Stage::set(&ours, &folder, &tokens, &chosen)?;
    stage.subjects.retain(|subject| chosen(&subject.name));
    for subject in &stage.subjects {
        subject.try_out().doing(&subject.name)?;
    }
    let measured = measure(&stage, options);
    let (rounds, seconds) = (options.rounds, options.seconds);
    let beside = [
        (
            "While wrong passwords come in",
            flood::measure(&stage, rounds, seconds)?,
        ),
        (
            "While people sign in",
            sign_ins::measure(&stage, rounds, seconds)?,
        ),
    ];
    let beside: String = beside
        .into_iter()
        .filter_map(|(heading, table)| table.map(|table| format!("## {heading}\n\n{table}\n")))
        .collect();
    let text = table::markdown(&measured, rows::BASE);
    println!("{text}\n{}\n{beside}", stage.notes.join("\n"));
    if options.write {
        report::write(workspace, &stage, options, &text, &beside)?;
    }
    let failed = measured
        .iter()
        .flat_map(|row| &row.samples)
        .filter(|sample| sample.is_none())
        .count();
    if failed == 0 {
        Ok(())
    } else {
        Err(Failure::new(format!("{failed} measurements failed")))
    }
}

/// Tells of every row, and starts nothing.
fn list(folder: &Path, chosen: &dyn Fn(&str) -> bool) {
    let files = TokenFiles::below(&folder.join("tokens"));
    let of_peers = [
        rows::of_peers(&files),
        rows::of_peers_by_http2(),
        rows::of_envoy(&files),
    ];
    let of_peers = of_peers.into_iter().flatten();
    of_peers
        .map(|subject| (subject.name, subject.what))
        .chain(plans::listed(&files))
        .filter(|(name, _)| chosen(name))
        .for_each(|(name, what)| println!("{name:28} {what}"));
}

/// Lets every kind of request run through a program that counts what it does. Left out is what spends its time in one
/// loop, of which nothing is to be learnt.
pub(crate) fn train(workspace: &Workspace, program: &Path) -> Outcome<()> {
    let folder = workspace.target()?.join("bench");
    fs::create_dir_all(&folder).doing(folder.display())?;
    let tokens = Tokens::prepare(&folder.join("tokens"))?;
    let ours = ours::Program {
        workspace,
        given: Some(program),
    };
    let chosen =
        |name: &str| rows::fits_any(name, &["ours*".to_owned()]) && !UNTAUGHT.contains(&name);
    let options = Options {
        rounds: 1,
        seconds: 1,
        connections: 64,
        rows: Vec::new(),
        program: None,
        list: false,
        write: false,
    };
    let mut stage = Stage::set(&ours, &folder, &tokens, &chosen)?;
    stage.subjects.retain(|subject| chosen(&subject.name));
    for subject in &stage.subjects {
        subject.try_out().doing(&subject.name)?;
        measure_once(&stage, subject, &options).doing(&subject.name)?;
    }
    Ok(())
}

/// All programs, running, and what is to be measured of them. Dropping it ends them.
struct Stage {
    script: PathBuf,
    upstream: Process,
    gateways: Vec<Process>,
    subjects: Vec<Subject>,
    versions: Vec<String>,
    /// Peers and rows that are left out, and why.
    absent: Vec<String>,
    /// What was noticed of the gateways before the load.
    notes: Vec<String>,
    flood: Option<flood::Flood>,
    sign_ins: Option<rounds::Good>,
}

impl Stage {
    fn set(
        ours: &ours::Program<'_>,
        folder: &Path,
        tokens: &Tokens,
        chosen: &dyn Fn(&str) -> bool,
    ) -> Outcome<Self> {
        let script = peers::write(folder, "wrk.lua", load::SCRIPT)?;
        let certificate = certificate::make(folder)?;
        let mut stage = Self {
            script,
            upstream: peers::upstream(folder)?,
            gateways: vec![
                peers::nginx_plain(folder, &certificate)?,
                peers::haproxy(folder, &tokens.keys)?,
            ],
            subjects: rows::of_peers(&tokens.files),
            versions: vec![
                peers::version(Path::new("nginx"), "-v"),
                peers::version(Path::new("haproxy"), "-v"),
                peers::version(Path::new("wrk"), "-v"),
            ],
            absent: Vec::new(),
            notes: Vec::new(),
            flood: None,
            sign_ins: None,
        };
        let by_http2 = rows::of_peers_by_http2();
        if h2load::is_there() {
            stage
                .versions
                .push(peers::version(Path::new("h2load"), "--version"));
            stage.subjects.extend(by_http2);
        } else {
            let missing = |subject: &Subject| format!("{}: h2load is not there", subject.name);
            stage.absent.extend(by_http2.iter().map(missing));
        }
        if rows::of_envoy(&tokens.files)
            .iter()
            .any(|subject| chosen(&subject.name))
        {
            stage.add_envoy(folder, tokens)?;
        }
        ours::add(&mut stage, ours, folder, tokens, chosen)?;
        for absent in &stage.absent {
            eprintln!("left out: {absent}");
        }
        Ok(stage)
    }

    fn add_envoy(&mut self, folder: &Path, tokens: &Tokens) -> Outcome<()> {
        let Some(program) = envoy::find(folder) else {
            self.absent
                .push("Envoy is neither on the PATH nor could its wheel be installed".to_owned());
            return Ok(());
        };
        self.gateways
            .push(envoy::start(&program, folder, &tokens.keys)?);
        self.versions.push(peers::version(&program, "--version"));
        self.subjects.extend(rows::of_envoy(&tokens.files));
        Ok(())
    }

    fn gateway(&self, name: &str) -> Outcome<&Process> {
        self.gateways
            .iter()
            .find(|process| process.name() == name)
            .doing(format!("{name} does not run"))
    }
}

/// Every row once, then every row again, so that all see the same weather.
fn measure(stage: &Stage, options: &Options) -> Vec<Row> {
    let row = |subject: &Subject| Row {
        name: subject.name.clone(),
        what: subject.what.clone(),
        samples: Vec::new(),
    };
    let mut rows: Vec<Row> = stage.subjects.iter().map(row).collect();
    for round in 1..=options.rounds {
        for (subject, row) in stage.subjects.iter().zip(&mut rows) {
            let sample = measure_once(stage, subject, options);
            match &sample {
                Ok(sample) => eprintln!(
                    "round {round} {:28} {:8.2} µs, foreign {:.2}",
                    subject.name, sample.cpu_us, sample.foreign_cores
                ),
                Err(failure) => eprintln!("round {round} {:28} failed: {failure}", subject.name),
            }
            row.samples.push(sample.ok());
        }
    }
    rows
}

fn measure_once(stage: &Stage, subject: &Subject, options: &Options) -> Outcome<Sample> {
    let gateway = stage.gateway(subject.gateway)?;
    let load = |seconds| -> Outcome<Load<'_>> {
        Ok(Load {
            cpu: LOAD_CPU,
            protocol: subject.protocol,
            script: &stage.script,
            port: subject.port,
            path: subject.path,
            lines: subject.lines(seconds)?,
            connections: subject.connections.unwrap_or(options.connections),
            seconds,
        })
    };
    load(WARM_SECS)?.run()?;
    let measured = load(options.seconds)?;
    let clocks = || {
        [
            gateway.ticks(),
            stage.upstream.ticks(),
            process::reaped_ticks(),
            machine::busy_ticks(),
        ]
    };
    let before = clocks();
    let counted = measured.run()?;
    let after = clocks();
    subject.judge(&counted)?;
    let [own, upstream, loader, busy] = spent(before, after);
    let seconds = whole(counted.duration_us) / 1e6;
    Ok(Sample {
        cpu_us: own * 1e6 / whole(counted.requests),
        requests_per_second: whole(counted.requests) / seconds,
        p50_us: counted.p50_us,
        p99_us: counted.p99_us,
        foreign_cores: ((busy - own - upstream - loader) / seconds).max(0.0),
        memory_kib: gateway.memory_kib(),
    })
}

/// Seconds between two readings of the clocks.
fn spent(before: [u64; 4], after: [u64; 4]) -> [f64; 4] {
    let mut seconds = [0.0; 4];
    for ((seconds, before), after) in seconds.iter_mut().zip(before).zip(after) {
        *seconds = whole(after.saturating_sub(before)) / machine::ticks_per_second();
    }
    seconds
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of one run are far below 2^52"
)]
fn whole(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use rows::Expected;

    #[test]
    fn spent_time_is_the_difference_in_seconds() {
        let ticks = machine::ticks_per_second();
        let [own, upstream, ..] = spent([1, 5, 0, 0], [101, 5, 0, 0]);
        assert!((own - 100.0 / ticks).abs() < 1e-9);
        assert!(upstream.abs() < 1e-9);
    }

    #[test]
    fn a_refusal_is_expected_where_it_is_measured() {
        let counted = load::Counted {
            requests: 5,
            duration_us: 1,
            refused: 5,
            broken: 0,
            p50_us: 1,
            p99_us: 1,
        };
        assert!(Expected::Refused.fits(&counted));
        assert!(!Expected::Served.fits(&counted));
    }
}
