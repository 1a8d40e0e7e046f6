//! Does the time of a refusal tell whether a user exists? Many sign-ins of each kind, in random order, compared two by two.
//!
//! It sees the gateway from outside, as an attacker with a good line does: one connection on loopback, one request after
//! the other. Nothing here is part of the tests: what a clock says depends on the machine.

mod client;
mod statistics;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;

use crate::bench::process::Process;
use crate::failure::{Doing, Failure, Outcome};
use crate::sign_in_form::Form;
use crate::workspace::Workspace;
use client::Client;
use statistics::{Comparison, compare, median};

const PORT: u16 = 18130;
/// A difference that chance alone brings once in a thousand runs is called one.
const CHANCE: f64 = 0.001;

#[derive(Args)]
pub(crate) struct Options {
    /// Sign-ins of each kind
    #[arg(long, default_value_t = 2000)]
    samples: usize,
    /// Measure this build of the gateway instead of a fresh one
    #[arg(long, value_name = "FILE", conflicts_with = "write")]
    program: Option<PathBuf>,
    /// Write docs/timing.md
    #[arg(long)]
    write: bool,
}

/// A kind of sign-in that fails, and all of which must look alike.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    UnknownUser,
    WrongPassword,
    DisabledUser,
}

impl Kind {
    const ALL: [Self; 3] = [Self::UnknownUser, Self::WrongPassword, Self::DisabledUser];

    const fn words(self) -> &'static str {
        match self {
            Self::UnknownUser => "unknown user",
            Self::WrongPassword => "wrong password",
            Self::DisabledUser => "disabled user",
        }
    }

    /// A user name and a password that were never sent before, so that nothing about them is remembered. Names are of
    /// one length.
    fn credentials(self, number: usize) -> (String, String) {
        let user = match self {
            Self::UnknownUser => format!("u{number:07}"),
            Self::WrongPassword => EXISTS.to_owned(),
            Self::DisabledUser => DISABLED.to_owned(),
        };
        (user, format!("wrong-{number:07}"))
    }
}

/// How somebody signs in.
enum Way {
    Basic,
    Page(Form),
}

impl Way {
    const fn words(&self) -> &'static str {
        match self {
            Self::Basic => "By Basic",
            Self::Page(_) => "At the sign-in page",
        }
    }

    fn request(&self, user: &str, password: &str) -> String {
        match self {
            Self::Basic => {
                let credentials = STANDARD.encode(format!("{user}:{password}"));
                format!(
                    "GET / HTTP/1.1\r\nHost: timing.example\r\nAuthorization: Basic {credentials}\r\n\r\n"
                )
            }
            Self::Page(form) => form.post(user, password, false),
        }
    }
}

const EXISTS: &str = "existing";
const DISABLED: &str = "disabled";

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    let program = match &options.program {
        Some(program) => program.canonicalize().doing(program.display())?,
        None => build(workspace)?,
    };
    let folder = workspace.target()?.join("timing");
    // What an earlier run left behind.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).doing(folder.display())?;
    let _gateway = start(&program, &folder)?;
    let mut text = String::new();
    let mut told_apart = 0;
    for way in [Way::Basic, Way::Page(Form::of(PORT)?)] {
        let times = measure(&way, options.samples)?;
        let of_way = table(&way, &times, options.samples);
        println!("{of_way}");
        text.push_str(&of_way);
        let pairs = pairs(&times);
        let differ = pairs.iter().filter(|pair| pair.2.chance < CHANCE);
        told_apart += differ.count();
    }
    if options.write {
        let page = workspace.root().join("docs/timing.md");
        fs::write(&page, page_of(&text)).doing(page.display())?;
    }
    if told_apart == 0 {
        Ok(())
    } else {
        Err(Failure::new(format!(
            "{told_apart} pairs can be told apart by time"
        )))
    }
}

fn build(workspace: &Workspace) -> Outcome<PathBuf> {
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(workspace.root())
        .args(["build", "--quiet", "--locked", "--release", "--package"])
        .arg("countersign")
        .status()
        .doing("cargo build")?;
    if !status.success() {
        return Err(Failure::new("the gateway does not build"));
    }
    Ok(workspace.target()?.join("release/countersign"))
}

fn start(program: &Path, folder: &Path) -> Outcome<Process> {
    let file = folder.join("countersign.toml");
    fs::write(&file, configuration()).doing(file.display())?;
    for user in [EXISTS, DISABLED] {
        command(program, &file, &["user", "add", user], "correct horse\n")?;
    }
    command(program, &file, &["user", "disable", DISABLED], "")?;
    let mut serve = Command::new(program);
    serve.args(["serve", "--config"]).arg(&file);
    Process::start("gateway", &mut serve, &folder.join("gateway.out"), &[PORT])
}

pub(crate) fn command(program: &Path, file: &Path, arguments: &[&str], input: &str) -> Outcome<()> {
    let mut child = Command::new(program)
        .args(arguments)
        .arg("--config")
        .arg(file)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .doing(program.display())?;
    let mut stdin = child.stdin.take().doing("standard input")?;
    stdin.write_all(input.as_bytes()).doing("standard input")?;
    drop(stdin);
    if child.wait().doing(program.display())?.success() {
        Ok(())
    } else {
        Err(Failure::new(format!("{} failed", arguments.join(" "))))
    }
}

/// Guessing is not braked, so that every attempt is looked at. All else is what a user gets who does not write it.
fn configuration() -> String {
    format!(
        "realm = \"timing\"\n[server]\nlisten = [\"127.0.0.1:{PORT}\"]\nworkers = 1\n[store]\npath = \"countersign.db\"\n\
         [log]\nrefusals = false\n[brakes]\nenabled = false\n[basic]\n[session]\nplain_http = true\n[upstream.app]\nurl = \"http://127.0.0.1:9\"\n\
         [[route]]\nname = \"pages\"\npath = \"/pages/**\"\nupstream = \"app\"\naccept = [\"session\"]\nallow = {{ identity = true }}\n\
         [[route]]\nname = \"all\"\nupstream = \"app\"\naccept = [\"basic\"]\nallow = {{ identity = true }}\n"
    )
}

/// Microseconds of each sign-in, kind by kind in the order of [`Kind::ALL`].
fn measure(way: &Way, samples: usize) -> Outcome<Vec<Vec<f64>>> {
    let mut client = Client::connect(PORT)?;
    let mut order: Vec<usize> = (0..Kind::ALL.len() * samples).collect();
    shuffle(&mut order)?;
    let mut times = vec![Vec::with_capacity(samples); Kind::ALL.len()];
    for number in order {
        let place = number % Kind::ALL.len();
        let (Some(kind), Some(times)) = (Kind::ALL.get(place), times.get_mut(place)) else {
            continue;
        };
        let (user, password) = kind.credentials(number);
        times.push(client.refused_after_us(&way.request(&user, &password))?);
    }
    Ok(times)
}

/// Fisher and Yates: whatever drifts while it is measured drifts for all kinds alike.
fn shuffle(order: &mut [usize]) -> Outcome<()> {
    for last in (1..order.len()).rev() {
        let mut bytes = [0; 8];
        rand::fill(&mut bytes).doing("random bytes")?;
        let other = usize::from_le_bytes(bytes) % (last + 1);
        order.swap(last, other);
    }
    Ok(())
}

type Pair = (Kind, Kind, Comparison);

fn pairs(times: &[Vec<f64>]) -> Vec<Pair> {
    let kinds: Vec<_> = Kind::ALL.into_iter().zip(times).collect();
    let mut pairs = Vec::new();
    for (place, (one, left)) in kinds.iter().enumerate() {
        for (other, right) in kinds.iter().skip(place + 1) {
            pairs.push((*one, *other, compare(left, right)));
        }
    }
    pairs
}

fn table(way: &Way, times: &[Vec<f64>], samples: usize) -> String {
    let mut text = format!(
        "## {}\n\n{samples} sign-ins of each kind, in random order, one after the other on one connection.\n\n\
         | kind | median, µs |\n|---|---|\n",
        way.words()
    );
    for (kind, times) in Kind::ALL.into_iter().zip(times) {
        text.push_str(&format!("| {} | {:.0} |\n", kind.words(), median(times)));
    }
    text.push_str(
        "\n| pair | difference of medians, µs | largest distance of distributions | by chance |\n|---|---|---|---|\n",
    );
    for (one, other, comparison) in pairs(times) {
        text.push_str(&format!(
            "| {}, {} | {:.0} | {:.4} | {:.3} |\n",
            one.words(),
            other.words(),
            comparison.medians_apart,
            comparison.distance,
            comparison.chance
        ));
    }
    text.push('\n');
    text
}

fn page_of(table: &str) -> String {
    format!(
        "# Does time tell who exists?\n\nWritten by `cargo xtask timing --write`.\n\n{table}\n\
         The last column is that of the two-sample test of Kolmogorov and Smirnov: how often two samples of one and the same\n\
         distribution are at least as far apart. Below {CHANCE} the kinds would count as told apart, and the command fails.\n"
    )
}
