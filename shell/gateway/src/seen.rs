//! What is seen of the line from outside: events, which leave it sideways.
//!
//! Knows: how events are written and kept. Does not know how they came about; nothing on the line reads them back.

mod event;
mod kept;
mod log;

pub use event::Event;
pub(crate) use event::{Refused, Request};
pub(crate) use kept::Kept;
pub(crate) use log::Lines;
pub use log::Log;
