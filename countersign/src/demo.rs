//! `countersign demo`: an example application, a gateway in front of it, and five commands that show what it does.
//!
//! Knows: how the rooms are put together. Everything is on loopback and in a temporary folder, and goes with the process.

mod application;
mod introduction;
mod setup;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use countersign_config::{Checked, FileSystem};
use countersign_gateway::{Gateway, Log, StartError};
use countersign_secret::password::Cost;
use countersign_store::Store;

use crate::context::{Context, look, open};
use crate::failure::{Failure, because};
use crate::printing;
use crate::serve::{Ending, stop};

const STORE: &str = "countersign.db";

#[derive(clap::Args)]
#[command(after_help = "Example:\n  countersign demo\n\nCtrl-C ends it and leaves nothing behind.")]
pub(crate) struct Args {
    /// The port on loopback; where it is taken, any free one
    #[arg(long, default_value_t = 8080)]
    port: u16,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let folder = tempfile::Builder::new()
        .prefix("countersign-demo-")
        .tempdir()
        .map_err(|error| because("no temporary folder")(&error))?;
    let application = application::start()
        .map_err(|error| because("the example application cannot be started")(&error))?;
    let issuer = setup::Issuer::new()?;
    let store_path = folder.path().join(STORE);
    let store = open(&store_path, Cost::default(), None)?;
    let credentials = context.block_on(setup::credentials(
        &*store,
        &issuer,
        context.now_unix_secs(),
    ))?;
    context.block_on(async {
        // Signals are taken from here on, so that none leaves the folder behind.
        let mut ending = Ending::new()?;
        let listen = |port| {
            let text = setup::configuration(
                (Ipv4Addr::LOCALHOST, port).into(),
                application,
                STORE,
                &issuer,
            )?;
            start(&text, folder.path(), Arc::clone(&store))
        };
        let gateway = match listen(args.port)? {
            Ok(gateway) => gateway,
            Err(StartError::Listen { .. }) => {
                eprintln!("port {} is taken, so another one is used", args.port);
                listen(0)?.map_err(|error| Failure::new(error.to_string()))?
            }
            Err(error) => return Err(Failure::new(error.to_string())),
        };
        let address = address(&gateway)?;
        printing::data(&introduction::text(
            address,
            &credentials,
            &program(),
            &store_path,
        ))?;
        let reason = ending.wait().await;
        stop(gateway, reason, &mut ending).await;
        Ok(())
    })?;
    folder
        .close()
        .map_err(|error| because("the temporary folder cannot be removed")(&error))?;
    Ok(ExitCode::SUCCESS)
}

/// Starts a gateway under the text of a configuration; the outer failure is the demo's own fault.
fn start(
    text: &str,
    folder: &Path,
    store: Arc<dyn Store>,
) -> Result<Result<Gateway, StartError>, Failure> {
    let outcome = countersign_config::check(text, &folder.join("countersign.toml"), &FileSystem);
    let Some(Checked { rules, settings }) = outcome.checked else {
        eprint!("{}", outcome.findings.render(look(&std::io::stderr())));
        return Err(Failure::new("the demo's own configuration has errors"));
    };
    let log = Log::start(settings.log.format, Box::new(std::io::stderr()))
        .map_err(|error| because("the log cannot be started")(&error))?;
    Ok(countersign_gateway::start(rules, settings, store, log))
}

fn address(gateway: &Gateway) -> Result<SocketAddr, Failure> {
    gateway
        .addresses()
        .first()
        .copied()
        .ok_or_else(|| Failure::new("the gateway listens nowhere"))
}

/// How this program was called, so that a printed command calls the same one.
fn program() -> String {
    std::env::args_os().next().map_or_else(
        || "countersign".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}
