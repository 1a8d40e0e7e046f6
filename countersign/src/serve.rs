//! `countersign serve`: the gateway, until a signal ends it.
//!
//! Knows: signals and the order of starting. Does not know requests.

use std::process::ExitCode;

use countersign_gateway::{Gateway, Log};
use tokio::signal::unix::{SignalKind, signal};

use crate::context::{Context, open};
use crate::failure::Failure;

#[derive(clap::Args)]
#[command(
    after_help = "The log goes to stderr. SIGTERM and SIGINT end the gateway after the requests in flight, a second one at \
                  once.\n\n\
                  Exit codes: 0 ended by a signal, 1 not started.\n\n\
                  Example:\n  countersign serve --config /etc/countersign/countersign.toml"
)]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let checked = context.checked()?;
    let settings = checked.settings;
    let store = open(
        &settings.store,
        checked.rules.password_cost,
        Some(settings.limits.refusals_kept_max),
    )?;
    let log = Log::start(settings.log.format, Box::new(std::io::stderr()))
        .map_err(|error| Failure::new(format!("the log cannot be started: {error}")))?;
    context.block_on(async {
        // Signals are taken before the first connection is, so that none ends the gateway halfway.
        let mut ending = Ending::new()?;
        let gateway = countersign_gateway::start(checked.rules, settings, store, log)
            .map_err(|error| Failure::new(error.to_string()))?;
        let reason = ending.wait().await;
        stop(gateway, reason, &mut ending).await;
        Ok(ExitCode::SUCCESS)
    })
}

/// Lets requests in flight come to their end. Who asks a second time does not want to wait for that.
pub(crate) async fn stop(gateway: Gateway, reason: &'static str, ending: &mut Ending) {
    let (done, stopped) = tokio::sync::oneshot::channel();
    let thread = std::thread::Builder::new().name("stop".into());
    let started = thread.spawn(move || {
        gateway.stop(reason);
        // Nobody waits any more after a second signal.
        let _ = done.send(());
    });
    if started.is_ok() {
        tokio::select! {
            _ = stopped => {}
            signal = ending.wait() => eprintln!("{signal} again: requests in flight are broken off"),
        }
    }
}

/// The signals that end a command in an orderly way.
pub(crate) struct Ending {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Ending {
    pub(crate) fn new() -> Result<Self, Failure> {
        let listen = |kind| {
            signal(kind).map_err(|error| Failure::new(format!("signals cannot be taken: {error}")))
        };
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    /// Waits for one, and names it.
    pub(crate) async fn wait(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
