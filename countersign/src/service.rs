//! What a service manager such as systemd hands over, and what it is told.
//!
//! Knows: the protocols of `sd_listen_fds(3)` and `sd_notify(3)`. Does not know what is served. Neither is used where
//! nothing of the kind is in the environment.

use std::net::TcpListener;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use listenfd::ListenFd;

use crate::failure::Failure;

/// What the service manager is told.
#[derive(Clone, Copy, Debug)]
pub(crate) enum State {
    /// Connections are served from now on.
    Ready,
    /// No new ones are.
    Stopping,
}

impl State {
    const fn line(self) -> &'static [u8] {
        match self {
            Self::Ready => b"READY=1\n",
            Self::Stopping => b"STOPPING=1\n",
        }
    }
}

/// The listening sockets that are handed over: they stay open, and gather connections, while no gateway runs.
pub(crate) fn sockets() -> Result<Vec<TcpListener>, Failure> {
    let mut handed = ListenFd::from_env();
    let mut sockets = Vec::with_capacity(handed.len());
    for number in 0..handed.len() {
        match handed.take_tcp_listener(number) {
            Ok(Some(socket)) => sockets.push(socket),
            Ok(None) => {}
            Err(error) => {
                let what = format!("a socket that was handed over is not one of TCP: {error}");
                return Err(Failure::new(what)
                    .help("`ListenStream` of the socket unit has to be an address and a port"));
            }
        }
    }
    Ok(sockets)
}

/// Tells it, where it wants to know. Nobody has to hear it.
pub(crate) fn tell(state: State) {
    let Some(name) = std::env::var_os("NOTIFY_SOCKET") else {
        return;
    };
    let Ok(socket) = UnixDatagram::unbound() else {
        return;
    };
    // A name that begins with `@` is none of a file.
    let sent = match name.as_encoded_bytes().strip_prefix(b"@") {
        None => socket.send_to(state.line(), Path::new(&name)),
        Some(abstract_name) => abstract_socket(&socket, state, abstract_name),
    };
    if let Err(error) = sent {
        eprintln!("warning: the service manager cannot be told `{state:?}`: {error}");
    }
}

#[cfg(target_os = "linux")]
fn abstract_socket(socket: &UnixDatagram, state: State, name: &[u8]) -> std::io::Result<usize> {
    use std::os::linux::net::SocketAddrExt as _;
    use std::os::unix::net::SocketAddr;
    socket.send_to_addr(state.line(), &SocketAddr::from_abstract_name(name)?)
}

#[cfg(not(target_os = "linux"))]
fn abstract_socket(_: &UnixDatagram, _: State, _: &[u8]) -> std::io::Result<usize> {
    Err(std::io::ErrorKind::Unsupported.into())
}
