//! Second factors, as they are handed in and given out.

use countersign_secret::recovery::RecoveryDigest;
use countersign_secret::totp::TotpSecret;

use crate::Passkey;

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

/// What may be told of a user's second factors: nothing that a code could be made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecondFactors {
    /// Since when codes of an app are asked for, where they are.
    pub totp_since_unix_secs: Option<i64>,
    /// The passkeys, the oldest first.
    pub passkeys: Vec<Passkey>,
    /// How many recovery codes were not used yet.
    pub recovery_codes_left: u32,
}

impl SecondFactors {
    /// Whether the password alone signs in.
    #[must_use]
    pub const fn are_none(&self) -> bool {
        self.totp_since_unix_secs.is_none() && self.passkeys.is_empty()
    }
}
