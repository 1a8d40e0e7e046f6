//! Whether whoever shows a token has what it is bound to (RFC 7800 section 3.1).
//!
//! Knows: what the token is bound to, and the client's certificate. Does not know how a proof is checked, which is
//! `dpop`'s. Looked at for every request: what is remembered of a token is that it was good, never that somebody had its key.

use countersign_wire::Scheme;

use super::certificate;
use crate::step::Line;
use crate::verified::{Bounds, Principal};

/// What still has to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// Nothing.
    Nothing,
    /// A proof made with the key of this thumbprint.
    Proof([u8; 32]),
}

/// What a token demands of this request.
///
/// # Errors
///
/// Why it is refused whatever proof there is.
pub(crate) fn check(principal: &Principal, line: &Line<'_, '_>) -> Result<Due, &'static str> {
    let bounds = match &principal.bounds {
        Bounds::Token(bounds) => bounds,
        Bounds::Password | Bounds::Key { .. } | Bounds::Session { .. } | Bounds::Certificate => {
            return Ok(Due::Nothing);
        }
    };
    let bound = bounds.confirmation;
    if let Some(thumbprint) = bound.and_then(|bound| bound.certificate) {
        // RFC 8705 section 3: the certificate of the very connection that the token came by.
        let Some(shown) = line.request.channel.certificate else {
            return Err("the token is bound to a certificate, and the client has shown none");
        };
        if shown.thumbprint != thumbprint {
            return Err("the token is bound to another certificate than the one that was shown");
        }
        certificate::check(shown, line.now_unix_secs).map_err(|(_, detail)| detail)?;
    }
    let key = bound.and_then(|bound| bound.key);
    match (key, principal.scheme == Scheme::Dpop) {
        (Some(key), true) => Ok(Due::Proof(key)),
        // RFC 9449 section 7.2: whoever knows both schemes must not let a bound token pass as a plain one.
        (Some(_), false) => {
            Err("the token is bound to a key by `cnf`, and came as a plain Bearer token")
        }
        // RFC 9449 section 7.1: the key of the proof has to be the one that the token is bound to, and it is bound to none.
        (None, true) => Err("the token came with a proof, and is bound to no key by `cnf`"),
        (None, false) => Ok(Due::Nothing),
    }
}
