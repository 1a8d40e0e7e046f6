//! The listening sockets: one a worker on each address, so that the kernel spreads the connections.
//!
//! Knows: sockets. Does not know TLS or HTTP.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

/// Connections that wait to be accepted, before the kernel refuses more.
const BACKLOG: i32 = 4096;

/// Opens one listening socket. Several may be open on the same address (`SO_REUSEPORT`).
///
/// # Errors
/// The address is not ours, or another program's.
pub(crate) fn listen(address: SocketAddr, shared: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    if address.is_ipv6() {
        // Whoever wants both families lists both: a mapped address is a second spelling of a client's.
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
    if shared {
        socket.set_reuse_port(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
