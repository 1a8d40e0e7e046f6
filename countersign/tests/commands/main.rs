//! The command line as a user runs it: the real binary, in a folder of its own, and its whole output.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests"
)]

mod configuration;
mod demo;
mod explain;
mod help;
mod import;
mod key;
mod room;
mod routes;
mod serve;
mod user;
mod why;
