//! Second factors, as they are handed in and given out.

use countersign_secret::recovery::RecoveryDigest;
use countersign_secret::totp::TotpSecret;

/// A second factor to be switched on, once its first code was right.
pub struct NewTotp {
    /// The store's key of the user.
    pub user_id: i64,
    /// The user's version when the password was checked.
    pub user_version: i64,
    /// What codes are checked against.
    pub secret: TotpSecret,
    /// The step of the first code, which is used up.
    pub used_step: i64,
    /// What is kept of the recovery codes.
    pub recovery: Vec<RecoveryDigest>,
}

/// What a code is checked against.
pub struct Totp {
    /// The shared secret.
    pub secret: TotpSecret,
    /// The step of the last code that was taken.
    pub used_step: i64,
}

/// What an operator is told of a user's second factor: nothing that a code could be made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TotpState {
    /// When it was switched on.
    pub created_unix_secs: i64,
    /// How many recovery codes were not used yet.
    pub recovery_codes_left: u32,
}
