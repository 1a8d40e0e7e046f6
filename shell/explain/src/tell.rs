//! The report for people, for programs, and for a colleague.
//!
//! Knows: the report, and what in it has to be covered. Does not know how it came about.
//!
//! Every form is written from one covered copy of the report (`Told`), so that no form can forget to cover something.

mod html;
mod json;
mod plain;
mod text;
mod told;
pub mod veil;

pub use html::html;
pub use json::json;
pub use text::text;

#[cfg(test)]
mod tests;
