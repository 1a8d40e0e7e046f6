//! What is seen of the line from outside: events, which leave it sideways.
//!
//! Knows: how events are written and kept. Does not know how they came about; nothing on the line reads them back.

mod access;
mod collector;
mod event;
mod exposition;
mod families;
mod figures;
mod kept;
mod log;
mod masked;
mod metrics;
mod otlp;
mod points;
mod span;
mod state;
mod trace_context;
mod traced;
mod traces;

pub(crate) use access::Access;
pub use event::Event;
pub(crate) use event::{Act, Refused, Request};
pub(crate) use exposition::{CONTENT_TYPE, exposition};
pub(crate) use figures::{Figures, RouteFigures, ServerFigures, UpstreamFigures};
pub(crate) use kept::Kept;
pub(crate) use log::Lines;
pub use log::Log;
pub(crate) use masked::masked;
pub(crate) use metrics::Metrics;
pub(crate) use otlp::Instance;
pub(crate) use state::{Reloads, State};
pub(crate) use traces::Traces;
