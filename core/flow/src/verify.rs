//! From presented credentials to a verified identity, one scheme a module.
//!
//! Knows: secrets in the answers it is given, and time as a parameter. Does not know routes' demands, nor how a
//! refusal is said. The only stage that calls [`crate::verified::Verified::attest`].

pub(crate) mod api_key;
pub(crate) mod basic;
pub(crate) mod bearer;
pub(crate) mod bounds;
mod lines;

use countersign_wire::Presented;

use crate::step::{Line, Step};

/// Asks the first question of the scheme that was presented.
pub(crate) fn verify<'c, 'r>(line: Line<'c, 'r>, presented: Presented<'r>) -> Step<'c, 'r> {
    match presented {
        Presented::Basic(credentials) => basic::begin(line, credentials),
        Presented::Bearer(token) => bearer::begin(line, token),
        Presented::ApiKey(key) => api_key::begin(line, key),
    }
}
