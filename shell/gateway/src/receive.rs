//! The near side of the line: sockets, TLS, and the heads of requests.
//!
//! Knows: connections and HTTP. Does not know what credentials mean.

mod connection;
mod head;
mod listener;
mod streams;
mod tls;
mod turned_away;
mod watched;

pub(crate) use connection::{Connections, Local, accept, tunnel_ended};
pub(crate) use head::{authority, check, complete_path, is_about_server};
pub(crate) use listener::listen;
pub(crate) use tls::server_config;
pub(crate) use watched::{ConnectionWatch, RequestInFlight};
