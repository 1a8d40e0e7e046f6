//! A new credential (section 7.1).
//!
//! Knows what has to hold of an answer to a registration. Does not know whether the credential is known already: whoever keeps
//! it refuses an identifier that is there (step 26).

use minicbor::Decoder;

use crate::authenticator_data::AuthenticatorData;
use crate::client_data::{self, Ceremony};
use crate::{AttestationAnswer, Challenge, Fault, PublicKey, RelyingParty, UserVerification, cbor};

/// What is kept of a new credential.
#[derive(Debug)]
pub struct NewCredential {
    /// What the authenticator knows it by.
    pub id: Box<[u8]>,
    /// Its public key.
    pub key: PublicKey,
    /// How often it has signed, or 0 where it does not count.
    pub sign_count: u32,
    /// Whether the authenticator verified its holder.
    pub user_verified: bool,
    /// Whether it can be copied to other devices of its holder.
    pub backup_eligible: bool,
    /// Which model of authenticator made it, by its own words. For a name in a list, and no reason for trust.
    pub aaguid: [u8; 16],
}

/// Verifies a browser's answer to a registration.
///
/// # Errors
/// The first [`Fault`] in the order of section 7.1.
pub fn register(
    party: &RelyingParty<'_>,
    challenge: &Challenge,
    verification: UserVerification,
    answer: &AttestationAnswer,
) -> Result<NewCredential, Fault> {
    client_data::check(
        &answer.client_data,
        Ceremony::Registration,
        challenge,
        party,
    )?;
    let data = AuthenticatorData::parse(authenticator_data(&answer.attestation_object)?)?;
    data.check(party, verification)?;
    let (user_verified, backup_eligible, sign_count) = (
        data.user_verified(),
        data.backup_eligible(),
        data.sign_count,
    );
    let attested = data.attested.ok_or(Fault::AuthenticatorData)?;
    // The browser names the credential outside of what the authenticator said. They have to agree.
    if attested.credential_id != answer.credential_id {
        return Err(Fault::OtherCredential);
    }
    Ok(NewCredential {
        id: attested.credential_id.into(),
        key: attested.key,
        sign_count,
        user_verified,
        backup_eligible,
        aaguid: attested.aaguid,
    })
}

/// The authenticator data within an attestation object (section 6.5.4). The statement is passed over, whatever its format: none
/// was asked for, and some authenticators send one all the same.
fn authenticator_data(object: &[u8]) -> Result<&[u8], Fault> {
    const FORM: Fault = Fault::AttestationObject;
    let mut decoder = Decoder::new(object);
    let mut found = None;
    for _ in 0..cbor::members(&mut decoder, FORM)? {
        match decoder.str().map_err(|_| FORM)? {
            "authData" => {
                let data = decoder.bytes().map_err(|_| FORM)?;
                cbor::once(&mut found, data, FORM)?;
            }
            _ => cbor::pass_over(&mut decoder, FORM)?,
        }
    }
    if decoder.position() != object.len() {
        return Err(FORM);
    }
    found.ok_or(FORM)
}
