//! The catalogue of causes: why a request was refused, in words for the client, the operator and whoever mends it.
//!
//! Knows ids, statuses, words and ranks. Knows no header, no user, no rule, and not how a cause is found.
//!
//! To add a cause, write its entry in the file of its stage under `table`: the variant, its id, its place in
//! [`Cause::ALL`] and its page follow from it. What a client hears of a cause is `told`, `fix` and `title` of
//! [`Cause::told_as`], never of the cause itself: an account that is locked must look like one that does not exist.

#[macro_use]
mod table;

mod catalogue;
mod entry;
mod page;

pub use catalogue::Cause;
pub use entry::{Check, Entry, Stage, Who};
pub use page::{Span, index_markdown, markdown, spans};

#[cfg(test)]
mod tests;
