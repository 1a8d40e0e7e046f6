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
mod audit;
mod backup;
mod bound;
mod configuration;
mod contrib;
mod demo;
mod digest;
mod explain;
mod fail2ban;
mod health;
mod help;
mod identity_key;
mod import;
mod key;
mod key_edit;
mod link;
mod live;
mod lock;
mod obstacles;
mod policy;
mod reload;
mod room;
mod routes;
mod second_factor;
mod secrets;
mod serve;
mod session;
mod sign_in_rules;
mod user;
mod watch;
mod why;
