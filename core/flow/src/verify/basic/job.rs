//! The slow part of Basic, which another thread does: one password against one hash.
//!
//! Knows: the password, for as long as the work takes. Does not know whose it is, nor the request that waits for it.

use std::sync::Arc;

use countersign_secret::Secret;
use countersign_secret::password::{self, Cost, PasswordHash, Verification};

/// The work of checking one password: slow, and without reference to the request.
pub struct HashJob {
    hash: PasswordHash,
    password: Secret<Vec<u8>>,
    cost: Cost,
    ticket: Ticket,
}

impl HashJob {
    /// The work, and the ticket that its outcome is claimed with.
    pub(in crate::verify) fn new(hash: PasswordHash, password: &str, cost: Cost) -> (Self, Ticket) {
        let ticket = Ticket(Arc::new(()));
        let job = Self {
            hash,
            password: Secret::new(password.as_bytes().to_vec()),
            cost,
            ticket: ticket.duplicate(),
        };
        (job, ticket)
    }

    /// Does the work. `salt` is 16 random bytes, used only where a hash at rest is renewed.
    #[must_use]
    pub fn run(&self, salt: &[u8; 16]) -> Hashed {
        let password = self.password.expose();
        let fits = match self.hash.verify(password) {
            Verification::Match => Some(true),
            Verification::Mismatch => Some(false),
            Verification::OutOfMemory => None,
        };
        // A password that cannot be hashed today keeps its old hash, and goes on signing in.
        let renewed = (fits == Some(true) && self.hash.rehash_due(&self.cost, password))
            .then(|| password::hash(password, salt, &self.cost).ok())
            .flatten();
        Hashed {
            fits,
            renewed,
            ticket: self.ticket.duplicate(),
        }
    }
}

/// The outcome of one [`HashJob`]: nothing else makes one.
pub struct Hashed {
    /// `None`: it could not be found out.
    fits: Option<bool>,
    renewed: Option<PasswordHash>,
    ticket: Ticket,
}

impl Hashed {
    /// Whether the password fits, for the holder of the job's ticket. `None`: it could not be found out, or the outcome
    /// is that of another request.
    pub(in crate::verify) fn fits(&self, ticket: &Ticket) -> Option<bool> {
        self.fits.filter(|_| self.ticket.is(ticket))
    }

    /// The new hash to be stored in place of an outdated one, for the holder of the job's ticket.
    pub(in crate::verify) fn renewed(&self, ticket: &Ticket) -> Option<&PasswordHash> {
        self.renewed.as_ref().filter(|_| self.ticket.is(ticket))
    }
}

/// What ties an outcome to the request that asked for it: equal to its own copies and to nothing else.
pub(in crate::verify) struct Ticket(Arc<()>);

impl Ticket {
    fn duplicate(&self) -> Self {
        Self(Arc::clone(&self.0))
    }

    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
