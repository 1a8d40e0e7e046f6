//! `countersign demo`: an example application, a gateway in front of it, and five commands that show what it does.
//!
//! Knows: how the rooms are put together. Everything is on loopback and in a temporary folder, and goes with the process.

mod application;
mod setup;

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use countersign_config::FileSystem;
use countersign_gateway::Log;

use crate::context::{Context, look, open};
use crate::failure::{Failure, because};
use crate::serve::Ending;
use setup::Credentials;

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
    let address = free_address(args.port)?;
    let issuer = setup::Issuer::new()?;
    let text = setup::configuration(address, application, &issuer)?;
    let path = folder.path().join("countersign.toml");
    std::fs::write(&path, &text)
        .map_err(|error| because("the configuration cannot be written")(&error))?;
    let outcome = countersign_config::check(&text, &path, &FileSystem);
    let Some(checked) = outcome.checked else {
        eprint!("{}", outcome.findings.render(look(&std::io::stderr())));
        return Err(Failure::new("the demo's own configuration has errors"));
    };
    let store = open(&checked.settings.store, checked.rules.password_cost, None)?;
    let credentials = context.block_on(setup::credentials(
        &*store,
        &issuer,
        address,
        context.now_unix_secs(),
    ))?;
    let log = Log::start(checked.settings.log.format, Box::new(std::io::stderr()))
        .map_err(|error| because("the log cannot be started")(&error))?;
    context.block_on(async {
        let mut ending = Ending::new()?;
        let store_path = checked.settings.store.display().to_string();
        let gateway = countersign_gateway::start(checked.rules, checked.settings, store, log)
            .map_err(|error| Failure::new(error.to_string()))?;
        print!("{}", introduction(address, &credentials, &store_path));
        let reason = ending.wait().await;
        gateway.stop(reason);
        Ok::<(), Failure>(())
    })?;
    folder
        .close()
        .map_err(|error| because("the temporary folder cannot be removed")(&error))?;
    Ok(ExitCode::SUCCESS)
}

/// The wanted address, or one with a port that is free.
fn free_address(port: u16) -> Result<SocketAddr, Failure> {
    let bind = |port| {
        std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .and_then(|listener| listener.local_addr())
    };
    if let Ok(address) = bind(port) {
        return Ok(address);
    }
    eprintln!("port {port} is taken: using another");
    bind(0).map_err(|error| because("no port is free on loopback")(&error))
}

/// What to try. Each command stands on a line of its own and can be pasted as it is.
fn introduction(address: SocketAddr, credentials: &Credentials, store: &str) -> String {
    let Credentials {
        user,
        password,
        key,
        token,
    } = credentials;
    let (password, key, token) = (password.expose(), key.expose(), token.expose());
    format!(
        "The gateway listens on http://{address}, with an example application behind it.

user:     {user}
password: {password}
API key:  {key}
token:    {token}

# 401: nothing was sent. The answer names every scheme that is taken, the cause, and what to do.
curl -i http://{address}/notes
# 200 by Basic: user name and password
curl -i -u '{user}:{password}' http://{address}/notes
# 200 by Bearer: a signed token
curl -i -H 'Authorization: Bearer {token}' http://{address}/notes
# 200 by API key, in a header of its own
curl -i -H 'X-API-Key: {key}' http://{address}/notes
# 403: the key is good, and has not the scope that this path demands
curl -i -H 'X-API-Key: {key}' http://{address}/admin

Each refusal names its cause; `type` in it is the address of that cause's page. What the gateway knows of a refusal:
countersign why REQUEST-ID --store {store}

All causes: http://{address}/.countersign/causes/
Ctrl-C ends it.
"
    )
}
