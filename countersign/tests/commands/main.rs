//! The command line as a user runs it: the real binary, in a folder of its own, and its whole output.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests"
)]

mod admin;
mod configuration;
mod demo;
mod digest;
mod explain;
mod fail2ban;
mod help;
mod import;
mod key;
mod lock;
mod reload;
mod room;
mod routes;
mod serve;
mod session;
mod user;
mod why;
