//! What is asked for, by whom, and whether a rule lets them have it.
//!
//! Knows: the one canonical form of a request target and of a host, the patterns that routes are written in, the order
//! of routes, what a route demands, and how an identity is held against it.
//!
//! Does not know: headers, scheme words, challenges, passwords, keys, tokens, the time, or where an identity came from
//! beyond the name of its source. It refuses with a [`Cause`](countersign_cause::Cause) and never words an answer.

mod decide;
mod demand;
mod deny;
pub mod host;
mod identity;
mod network;
mod pages;
pub mod pattern;
mod routes;
pub mod target;

pub use decide::{Asking, Denial, Met, Reasons, Ruling, Unmet, decide};
pub use demand::{ClaimDemand, Demand, Deny, Requirements, SignInDemand};
pub use deny::denied;
pub use host::{Host, HostDefect};
pub use identity::{Identity, SignIn, Source};
pub use network::{Network, NetworkDefect};
pub use pages::{Leave, Pages};
pub use pattern::{
    HostPattern, MethodDefect, Methods, OriginFault, OriginPattern, PathPattern, PatternDefect,
    PatternFault,
};
pub use routes::{Considered, Fit, Route, Routes};
pub use target::{Ambiguity, Target};
