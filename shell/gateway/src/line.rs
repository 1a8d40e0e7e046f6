//! The driver of the line: answers the questions that the step machine asks.
//!
//! Knows: who can answer which question. Does not know what follows from an answer.

mod cache;
mod hash_pool;
mod keys;
mod questions;

pub(crate) use cache::Cache;
pub(crate) use hash_pool::HashPool;
pub(crate) use keys::{KeyRing, start as start_keys};
pub(crate) use questions::{run, store_uses};
