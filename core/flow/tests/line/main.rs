//! The line from end to end, as its drivers see it: requests in, answers to its questions, and what comes out.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests"
)]

mod answer;
mod api_key;
mod attacks;
mod basic;
mod bearer;
mod bounded;
mod brakes;
mod causes;
mod certificate;
mod challenges;
mod cors;
mod digest;
mod dpop;
mod driver;
mod edits;
mod grpc;
mod identity_token;
mod introspection;
mod own_pages;
mod recall;
mod routing;
mod schemes;
mod session;
mod step_up;
mod tokens;
mod world;
