//! Writes docs/performance.md: the table, and what somebody needs to judge it or to repeat it.

use std::fmt::Write as _;

use super::table::FOREIGN_CORES_MAX;
use super::{Options, Stage, machine};
use crate::failure::{Doing, Outcome};
use crate::workspace::Workspace;

const PAGE: &str = "docs/performance.md";

pub(super) fn write(
    workspace: &Workspace,
    stage: &Stage,
    options: &Options,
    table: &str,
    beside: &str,
) -> Outcome<()> {
    let place = workspace.root().join(PAGE);
    if let Some(folder) = place.parent() {
        std::fs::create_dir_all(folder).doing(folder.display())?;
    }
    std::fs::write(&place, page(stage, options, table, beside)).doing(place.display())?;
    println!("{PAGE} is written");
    Ok(())
}

fn page(stage: &Stage, options: &Options, table: &str, beside: &str) -> String {
    let Options {
        rounds,
        seconds,
        connections,
        rows,
        ..
    } = options;
    let only = if rows.is_empty() {
        String::new()
    } else {
        format!(" --rows '{}'", rows.join(","))
    };
    let mut text = format!(
        "# Performance\n\n\
         Written by `cargo xtask bench --rounds {rounds} --seconds {seconds} --connections {connections}{only} --write` on {}.\n\n\
         Machine: {}. {}.\n\n{table}\n",
        machine::date(),
        machine::description(),
        stage.versions.join(". "),
    );
    text.push_str(beside);
    if !stage.notes.is_empty() {
        let _ = write!(text, "Memory: {}.\n\n", stage.notes.join("; "));
    }
    if !stage.absent.is_empty() {
        let _ = write!(text, "Left out: {}.\n\n", stage.absent.join("; "));
    }
    let _ = write!(
        text,
        "## How to read it\n\n\
         - CPU per request is user and system time of all processes of the gateway over the requests that it answered. Requests per second \
         and latencies are those of a gateway at its limit on one core: they swing with what else the machine does, CPU per request much less.\n\
         - Rows are measured in turn, {rounds} rounds of {seconds} s each. A ratio is taken to nginx's plain proxy in the same round; `min/min` \
         is the smallest of all rounds over nginx's smallest, and the steadiest figure under noise.\n\
         - `foreign cores` is the largest share of other work, or of time that the host took away, seen in any round. Above {FOREIGN_CORES_MAX} a round says little.\n\
         - Every gateway runs one worker on core 0; the load (wrk, one thread, {connections} connections, keep-alive) and the upstream (nginx, \
         150 bytes) run on core 1. HTTP/2 is asked for by h2load, as many requests at once in an eighth of the connections, with one header \
         line for all. What is good once, as with Digest, is computed before the load begins. No access log anywhere. A gateway cheaper than nginx does not fill its core and looks a little dearer \
         than it is.\n\
         - Our own program is what `cargo xtask dist` builds: it was laid out by what it was seen to do (profile-guided optimisation) in a second \
         of each of the rows above but those of Argon2id and of a million keys. Without that it takes about a third more instructions a request \
         outside of the kernel. The peers are their distributors' builds.\n\
         - A run counts only if every single answer had the expected status.\n"
    );
    text
}
