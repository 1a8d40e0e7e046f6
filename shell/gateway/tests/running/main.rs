//! The gateway as it runs: real sockets, real threads, a real store. Each test opens a stage of its own, and waits for
//! what comes by a socket, never for time to pass.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
#![allow(clippy::missing_panics_doc, reason = "tests")]

mod stage;

mod access_log;
mod brakes;
mod caching;
mod client_certificates;
mod cors;
mod digest;
mod floods;
mod framing;
mod header_trust;
mod http2_upstream;
mod http2_way;
mod limits;
mod metrics;
mod odd_credentials;
mod proxy_protocol;
mod proxying;
mod reloading;
mod revocation;
mod secure_upstream;
mod seen_from_outside;
mod servers;
mod session;
mod targets;
mod traces;
mod tunnels_in_http2;
mod unread;
mod upgrades;
