//! The gateway as it is run: the real binary, real sockets, real clients.
//!
//! Nothing here sleeps or measures time: every wait is for a condition, and is given up after a bound.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod acme;
mod applications;
mod clients;
mod cors;
mod credentials;
mod dpop;
mod durability;
mod endpoint;
mod exchange;
mod gateway;
mod identity_token;
mod introspection;
mod issuer;
mod issuers;
mod proxies;
mod restart;
mod slow_clients;
mod token_server;
mod upstream;

use std::time::Duration;

/// How long a test waits for something that must happen. Far beyond what it takes: it only ends tests that fail.
const PATIENCE: Duration = Duration::from_secs(120);
