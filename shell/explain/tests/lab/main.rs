//! The laboratory: for each cause a small server that has the fault, and the request of somebody who runs into it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests"
)]

mod cors;
mod digest;
mod discovery;
mod exchange;
mod front;
mod handshake;
mod issuer;
mod recording;
mod redirects;
mod refusals;
mod repeat;
mod stage;
mod stage_itself;
mod token;
mod undeclared;
mod words;
