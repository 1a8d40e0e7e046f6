//! The near side of the line: sockets, TLS, and the heads of requests.
//!
//! Knows: connections and HTTP. Does not know what credentials mean.

mod client_certificate;
mod connection;
mod handed;
mod head;
mod listener;
mod proxied;
mod streams;
mod tls;
mod turned_away;
mod unread;
mod watched;

pub(crate) use client_certificate::{Judge, ShownCertificate};
pub(crate) use connection::{Connections, Local, accept, tunnel_ended};
pub(crate) use handed::{Handed, spread};
pub(crate) use head::{authority, check, complete_path, is_about_server};
pub(crate) use listener::listen;
pub(crate) use tls::{Listening, ordered_config, server_config};
pub(crate) use watched::{ConnectionWatch, RequestInFlight};
