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
mod backup;
mod configuration;
mod contrib;
mod demo;
mod digest;
mod explain;
mod fail2ban;
mod help;
mod import;
mod key;
mod live;
mod lock;
mod obstacles;
mod policy;
mod reload;
mod room;
mod routes;
mod second_factor;
mod serve;
mod session;
mod user;
mod watch;
mod why;
