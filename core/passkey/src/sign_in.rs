//! A sign-in with a credential that is known (section 7.2).
//!
//! Knows what has to hold of an answer to a sign-in. Does not look the credential up, and does not keep the new count.

use aws_lc_rs::digest::{SHA256, digest};

use crate::authenticator_data::AuthenticatorData;
use crate::client_data::{self, Ceremony};
use crate::{
    AssertionAnswer, Challenge, Fault, PublicKey, RelyingParty, USER_HANDLE_BYTES, UserVerification,
};

/// What was kept of a credential.
#[derive(Debug)]
pub struct KeptCredential<'a> {
    /// What the authenticator knows it by.
    pub id: &'a [u8],
    /// The account it is of.
    pub user_handle: &'a [u8; USER_HANDLE_BYTES],
    /// Its public key.
    pub key: &'a PublicKey,
    /// How often it had signed.
    pub sign_count: u32,
    /// Whether it could be backed up when it was made, which never changes.
    pub backup_eligible: bool,
}

/// What a sign-in proved beside the credential itself, and what is to be kept of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// How often the credential has signed now.
    pub sign_count: u32,
    /// Whether the authenticator verified its holder.
    pub user_verified: bool,
}

/// Verifies a browser's answer to a sign-in against the credential that it names.
///
/// # Errors
/// The first [`Fault`] in the order of section 7.2.
pub fn sign_in(
    party: &RelyingParty<'_>,
    challenge: &Challenge,
    verification: UserVerification,
    kept: &KeptCredential<'_>,
    answer: &AssertionAnswer,
) -> Result<SignedIn, Fault> {
    if answer.credential_id != kept.id {
        return Err(Fault::OtherCredential);
    }
    // Step 6: the handle is there with a discoverable credential, and then it has to be of the same account.
    if let Some(handle) = &answer.user_handle
        && handle != kept.user_handle
    {
        return Err(Fault::OtherUser);
    }
    client_data::check(&answer.client_data, Ceremony::SignIn, challenge, party)?;
    let data = AuthenticatorData::parse(&answer.authenticator_data)?;
    data.check(party, verification)?;
    if data.backup_eligible() != kept.backup_eligible {
        return Err(Fault::BackupEligibility);
    }
    let client_data_hash = digest(&SHA256, &answer.client_data);
    let message = [&answer.authenticator_data, client_data_hash.as_ref()].concat();
    if !kept.key.has_signed(&message, &answer.signature) {
        return Err(Fault::Signature);
    }
    // Step 22: authenticators that do not count say 0 always.
    let counts = data.sign_count != 0 || kept.sign_count != 0;
    if counts && data.sign_count <= kept.sign_count {
        return Err(Fault::Count);
    }
    Ok(SignedIn {
        sign_count: data.sign_count,
        user_verified: data.user_verified(),
    })
}
