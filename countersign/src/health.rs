//! `countersign health`: whether the gateway of this configuration answers, for containers and monitoring.
//!
//! Knows: the admin listener. Does not know what makes a gateway healthy: that is the gateway's to say.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::context::Context;
use crate::failure::{Failure, because};
use crate::printing::{self, plain};

/// The most that is read of an answer.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

#[derive(clap::Args)]
#[command(
    after_help = "Asks the first address of `[admin] listen`, on this machine: `/healthz`, or `/readyz` with `--ready`. A process that \
                  is not healthy is to be restarted; one that is not ready is to be sent no requests.\n\n\
                  Exit codes: 0 it is, 1 it is not, or does not answer.\n\n\
                  Examples:\n  countersign health --config /etc/countersign/countersign.toml\n  \
                  countersign health --ready --timeout 1"
)]
pub(crate) struct Args {
    /// Ask whether requests should be sent to it, and not only whether it runs
    #[arg(long)]
    ready: bool,
    /// How many seconds it may take to answer
    #[arg(long, value_name = "SECONDS", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=300))]
    timeout: u64,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let settings = context.quietly_checked()?.settings;
    let Some(address) = settings.admin.first() else {
        return Err(
            Failure::new("the configuration has no admin listener to ask")
                .help("`[admin]` with `listen = [\"127.0.0.1:9180\"]` opens one"),
        );
    };
    let address = on_this_machine(*address);
    let path = if args.ready { "/readyz" } else { "/healthz" };
    // Within the runtime: it has the clock.
    let answer = context
        .block_on(async { timeout(Duration::from_secs(args.timeout), ask(address, path)).await });
    let (status, body) = match answer {
        Ok(answer) => answer?,
        Err(_) => {
            let secs = args.timeout;
            return Err(Failure::new(format!(
                "no answer from {address} within {secs} seconds"
            )));
        }
    };
    printing::data(&format!("{}\n", plain(body.trim_end())))?;
    if status == StatusCode::OK {
        Ok(ExitCode::SUCCESS)
    } else {
        Err(Failure::new(format!("{address}{path} answers {status}")))
    }
}

/// A listener on all addresses is asked at the machine's own.
fn on_this_machine(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    SocketAddr::new(ip, address.port())
}

async fn ask(address: SocketAddr, path: &str) -> Result<(StatusCode, String), Failure> {
    let failed = format!("{address} does not answer");
    let stream = TcpStream::connect(address)
        .await
        .map_err(|error| because(&failed)(&error))?;
    let (mut sender, connection) = handshake(TokioIo::new(stream))
        .await
        .map_err(|error| because(&failed)(&error))?;
    let request = Request::get(path)
        .header(HOST, address.to_string())
        .body(Empty::<Bytes>::new())
        .map_err(|error| because(&failed)(&error))?;
    let asked = async {
        let response = sender
            .send_request(request)
            .await
            .map_err(|error| because(&failed)(&error))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX);
        let body = body
            .collect()
            .await
            .map_err(|error| because(&failed)(&error))?;
        let text = String::from_utf8_lossy(&body.to_bytes()).into_owned();
        Ok((status, text))
    };
    tokio::pin!(asked);
    tokio::select! {
        answer = &mut asked => answer,
        // The connection may end with the answer still on its way to whoever asked.
        _ = connection => asked.await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_on_all_addresses_is_asked_at_loopback() {
        let asked = |text: &str| on_this_machine(text.parse().unwrap()).to_string();
        assert_eq!(asked("0.0.0.0:9180"), "127.0.0.1:9180");
        assert_eq!(asked("[::]:9180"), "[::1]:9180");
        assert_eq!(asked("192.0.2.1:1"), "192.0.2.1:1");
    }
}
