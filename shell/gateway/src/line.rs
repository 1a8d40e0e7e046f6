//! The driver of the line: answers the questions that the step machine asks.
//!
//! Knows: who can answer which question. Does not know what follows from an answer.

mod brakes;
mod cache;
mod digest;
mod hash_pool;
mod introspection;
mod keys;
mod nonce_counts;
mod questions;
mod seen_proofs;

pub(crate) use brakes::{Brakes, Trying};
pub(crate) use cache::{Cache, Epoch};
pub(crate) use digest::{DigestState, secrets as digest_secrets, start as start_digest};
pub(crate) use hash_pool::HashPool;
pub(crate) use introspection::{Introspections, start as start_introspections};
pub(crate) use keys::{
    KeyRing, KnownKeys, client_config, connect, fetch_document, metadata_addresses,
    start as start_keys, try_keys,
};
pub(crate) use questions::{account, failed, run, session, store_renewal, store_uses};
pub(crate) use seen_proofs::SeenProofs;
