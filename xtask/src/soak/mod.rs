//! Does the gateway's memory settle? A load of every kind of request for as long as one likes, and its memory meanwhile.
//!
//! It is bounded: what is remembered of credentials, attempts and refusals has limits, which are reached in the first
//! part of a run; in the rest nothing may grow any more. Nothing here is part of the tests: it takes its time.

mod memory;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use clap::Args;

use crate::bench::load::{Counted, counted};
use crate::bench::machine;
use crate::bench::peers::{self, UPSTREAM};
use crate::bench::process::Process;
use crate::failure::{Doing, Failure, Outcome};
use crate::timing;
use crate::workspace::Workspace;
use memory::Memory;

const PORT: u16 = 18140;
const SCRIPT: &str = include_str!("soak.lua");
/// How often memory is looked at.
const LOOK: Duration = Duration::from_secs(2);

#[derive(Args)]
pub(crate) struct Options {
    /// How long
    #[arg(long, default_value_t = 30)]
    minutes: u32,
    /// Connections of the load
    #[arg(long, default_value_t = 32)]
    connections: u32,
    /// The profile that the gateway is built with
    #[arg(long, default_value = "dist")]
    profile: String,
    /// Write docs/soak.md
    #[arg(long)]
    write: bool,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    let program = build(workspace, &options.profile)?;
    let folder = workspace.target()?.join("soak");
    // What an earlier run left behind.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).doing(folder.display())?;
    let _upstream = peers::upstream(&folder)?;
    let gateway = start(&program, &folder)?;
    let idle = gateway.memory_kib();
    let (memory, counted) = load(&gateway, options, &folder)?;
    let text = report(options, idle, &memory, counted);
    println!("{text}");
    if options.write {
        let page = workspace.root().join("docs/soak.md");
        fs::write(&page, page_of(options, &text)).doing(page.display())?;
    }
    if memory.grows() {
        Err(Failure::new("memory still grows in the second half"))
    } else {
        Ok(())
    }
}

fn build(workspace: &Workspace, profile: &str) -> Outcome<PathBuf> {
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(workspace.root())
        .args(["build", "--quiet", "--locked", "--profile", profile])
        .args(["--package", "countersign"])
        .status()
        .doing("cargo build")?;
    if !status.success() {
        return Err(Failure::new("the gateway does not build"));
    }
    let folder = if profile == "dev" { "debug" } else { profile };
    Ok(workspace.target()?.join(folder).join("countersign"))
}

fn start(program: &Path, folder: &Path) -> Outcome<Process> {
    let file = folder.join("countersign.toml");
    fs::write(&file, configuration()).doing(file.display())?;
    timing::command(program, &file, &["user", "add", "soak"], "correct horse\n")?;
    let mut serve = Command::new(program);
    serve.args(["serve", "--config"]).arg(&file);
    Process::start("gateway", &mut serve, &folder.join("gateway.out"), &[PORT])
}

/// All limits are those of a user who writes none, but for the log, which would fill the disk.
fn configuration() -> String {
    format!(
        "realm = \"soak\"\n[server]\nlisten = [\"127.0.0.1:{PORT}\"]\nworkers = 2\n[store]\npath = \"countersign.db\"\n\
         [log]\nrefusals = false\n[issuer.main]\nissuer = \"https://id.example\"\naudience = \"soak\"\n\
         keys = {{ inline = '{{\"keys\":[{{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}}]}}' }}\n\
         [upstream.app]\nurl = \"http://127.0.0.1:{UPSTREAM}\"\n\
         [[route]]\nname = \"public\"\npath = \"/public/**\"\nupstream = \"app\"\nallow = \"anyone\"\n\
         [[route]]\nname = \"api\"\npath = \"/api/**\"\nupstream = \"app\"\naccept = [\"basic\", \"bearer\", \"api-key\"]\n\
         allow = {{ identity = true }}\n"
    )
}

/// Runs the load, and looks at the gateway until it ends.
fn load(gateway: &Process, options: &Options, folder: &Path) -> Outcome<(Memory, Counted)> {
    let script = folder.join("soak.lua");
    fs::write(&script, SCRIPT).doing(script.display())?;
    let mut wrk = Command::new("wrk")
        .args(["--threads", "1", "--latency", "--timeout", "20s"])
        .args(["--connections", &options.connections.to_string()])
        .args(["--duration", &format!("{}m", options.minutes)])
        .arg("--script")
        .arg(&script)
        .arg(format!("http://127.0.0.1:{PORT}/public/data"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .doing("wrk")?;
    let begun = Instant::now();
    let mut memory = Memory::default();
    while wrk.try_wait().doing("wrk")?.is_none() {
        sleep(LOOK);
        memory.add(begun.elapsed(), gateway.memory_kib());
    }
    let output = wrk.wait_with_output().doing("wrk")?;
    let counted = counted(&String::from_utf8_lossy(&output.stdout))?;
    Ok((memory, counted))
}

fn report(options: &Options, idle_kib: u64, memory: &Memory, counted: Counted) -> String {
    let Counted {
        requests,
        duration_us,
        refused,
        broken,
        ..
    } = counted;
    let seconds = duration_us / 1_000_000;
    let rate = requests.checked_div(seconds).unwrap_or_default();
    let mut text = format!(
        "{} minutes, profile `{}`, {} connections: {requests} requests, {rate} a second, {refused} of them refused on \
         purpose, {broken} broken.\n\n| part | MiB, mean | MiB, most |\n|---|---|---|\n| before the load | {:.1} | |\n",
        options.minutes,
        options.profile,
        options.connections,
        memory::mebibytes(idle_kib),
    );
    text.push_str(&memory.table());
    text
}

fn page_of(options: &Options, report: &str) -> String {
    format!(
        "# Does memory settle?\n\nWritten by `cargo xtask soak --minutes {} --connections {} --profile {} --write` on {}. \
         Machine: {}, shared with the load, the upstream and other work.\n\n{report}\n\
         The load: 40 of 100 requests go through, 20 with a password, 10 on a connection that is then closed; the others are \
         bearer tokens, API keys, paths and cookies that were never sent before, ambiguous paths, and bodies of 16 KiB. What \
         is remembered of credentials, attempts and refusals is bounded by its limits. The command fails where the last \
         quarter takes more than a tenth, and more than 4 MiB, above the quarter before the last.\n",
        options.minutes,
        options.connections,
        options.profile,
        machine::date(),
        machine::description(),
    )
}
