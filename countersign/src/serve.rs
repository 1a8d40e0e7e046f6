//! `countersign serve`: the gateway, until a signal ends it.
//!
//! Knows: signals and the order of starting. Does not know requests.

use std::process::ExitCode;

use countersign_gateway::{Gateway, Log, StartError};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::context::{Context, open};
use crate::control::{self, Control, Outcome};
use crate::failure::Failure;
use crate::service::{self, State};
use crate::watch::Watch;

#[derive(clap::Args)]
#[command(
    after_help = "The log goes to stderr, the access log, where `[log] access` asks for one, to stdout. SIGTERM and SIGINT end the gateway after the requests in flight, a second one at \
                  once. SIGHUP and `countersign reload` let it take up a changed configuration, all of it or nothing.\n\n\
                  Sockets that a service manager hands over (`LISTEN_FDS`) are taken for the addresses in `listen` that they have, and it is told \
                  when connections are served (`NOTIFY_SOCKET`): with them a restart refuses no connection.\n\n\
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
        Some(&settings.limits),
    )?;
    let log = Log::start(settings.log.format, Box::new(std::io::stderr()))
        .and_then(|log| log.with_access(Box::new(std::io::stdout())))
        .map_err(|error| Failure::new(format!("the log cannot be started: {error}")))?;
    context.block_on(async {
        // Signals and questions are taken before the first connection is: whoever sees the gateway listen can end it in an
        // orderly way, and reload it.
        let mut ending = Ending::new()?;
        let mut hangup = listen(SignalKind::hangup())?;
        let mut control = Control::open(&settings.store);
        let mut watch = Watch::start(context.config_path(), &settings)?;
        let sockets = service::sockets()?;
        let gateway = countersign_gateway::start_on(sockets, checked.rules, settings, store, log)
            .map_err(not_started)?;
        service::tell(State::Ready);
        if let Err(error) = &control {
            eprintln!(
                "warning: `countersign reload` will not find this gateway, SIGHUP will: {error}"
            );
        }
        let this = control::Gateway {
            pid: std::process::id(),
            file: std::path::absolute(context.config_path())
                .unwrap_or_else(|_| context.config_path().to_owned()),
            listen: gateway.addresses().to_vec(),
        };
        let reason = loop {
            tokio::select! {
                reason = ending.wait() => break reason,
                _ = hangup.recv() => drop(reload(&gateway, context, &mut watch)),
                () = Watch::settled(&mut watch) => drop(reload(&gateway, context, &mut watch)),
                asked = Control::asked(&mut control) => {
                    let mut outcome = reload(&gateway, context, &mut watch);
                    outcome.gateway = this.clone();
                    asked.answer(&outcome).await;
                }
            }
        };
        drop(control);
        service::tell(State::Stopping);
        stop(gateway, reason, &mut ending).await;
        Ok(ExitCode::SUCCESS)
    })
}

fn not_started(error: StartError) -> Failure {
    let failure = Failure::new(error.to_string());
    match error.fix() {
        Some(fix) => failure.help(fix),
        None => failure,
    }
}

/// Reads the configuration anew, and puts it in force if nothing is wrong with it.
fn reload(gateway: &Gateway, context: &Context, watch: &mut Option<Watch>) -> Outcome {
    let outcome = match context.check() {
        Ok(outcome) => outcome,
        Err(failure) => {
            gateway.reload_refused(failure.message(), 0);
            return Outcome::refused(failure.message());
        }
    };
    let findings = &outcome.findings;
    let Some(checked) = outcome.checked else {
        let reason = findings.first_error().unwrap_or_default();
        gateway.reload_refused(&reason, findings.errors());
        return Outcome::read(false, findings);
    };
    // Other files may be named than before.
    let renewed = match Watch::renewed(watch, context.config_path(), &checked.settings) {
        Ok(renewed) => renewed,
        Err(failure) => {
            gateway.reload_refused(failure.message(), 0);
            return Outcome::refused(failure.message());
        }
    };
    match gateway.reload(checked.rules, checked.settings) {
        Ok(()) => {
            *watch = renewed;
            Outcome::read(true, findings)
        }
        Err(error) => Outcome {
            reason: Some(error.to_string()),
            ..Outcome::read(false, findings)
        },
    }
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

fn listen(kind: SignalKind) -> Result<Signal, Failure> {
    signal(kind).map_err(|error| Failure::new(format!("signals cannot be taken: {error}")))
}

/// The signals that end a command in an orderly way.
pub(crate) struct Ending {
    terminate: Signal,
    interrupt: Signal,
}

impl Ending {
    pub(crate) fn new() -> Result<Self, Failure> {
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
