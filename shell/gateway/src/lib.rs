//! The gateway: sockets on both sides, and the line between them.
//!
//! Knows: HTTP, TLS, threads, the store, and who can answer what the line asks. Does not know grammar, rules or words:
//! those are the core's, which decides here as it does in tests and in `explain`.
//!
//! The way of a request through the modules: `receive` → `serve` → `line` → `send`, or `refused`, or `session` for
//! the pages where people sign in; what is seen of it
//! from outside leaves sideways by `seen`.

mod acme;
mod admin;
mod ask_now;
mod clock;
mod current;
mod key_pair;
mod line;
mod provider;
mod receive;
mod refused;
mod reload;
mod request_id;
mod run;
mod seen;
mod send;
mod serve;
mod session;
mod start_error;
mod store_watch;
mod survey;
mod worker;

pub use reload::ReloadError;
pub use run::{Gateway, start, start_on};
pub use seen::{Event, Log};
pub use start_error::StartError;
pub use survey::{Observation, State, Thoroughness, obstacles, survey};
