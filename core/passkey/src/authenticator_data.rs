//! What the authenticator says (section 6.1).
//!
//! ```text
//! rpIdHash 32 | flags 1 | signCount 4 | attested credential data (if AT) | extensions (if ED)
//! attested credential data = aaguid 16 | length 2 | credential id | COSE key
//! ```
//!
//! Knows this form. Does not know whether what is said is true: that is the signature's matter.

use aws_lc_rs::digest::{SHA256, digest};
use countersign_secret::same;
use minicbor::Decoder;

use crate::public_key::PublicKey;
use crate::{CREDENTIAL_ID_BYTES_MAX, Fault, RelyingParty, UserVerification, cbor};

/// Who touched what, as the authenticator saw it.
pub(crate) struct AuthenticatorData<'a> {
    rp_id_hash: &'a [u8],
    flags: u8,
    pub(crate) sign_count: u32,
    pub(crate) attested: Option<Attested<'a>>,
}

/// A credential that was made in this ceremony.
pub(crate) struct Attested<'a> {
    pub(crate) aaguid: [u8; 16],
    pub(crate) credential_id: &'a [u8],
    pub(crate) key: PublicKey,
}

const USER_PRESENT: u8 = 1;
const USER_VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const ATTESTED: u8 = 1 << 6;
const EXTENSIONS: u8 = 1 << 7;

impl<'a> AuthenticatorData<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, Fault> {
        const FORM: Fault = Fault::AuthenticatorData;
        let (rp_id_hash, rest) = bytes.split_at_checked(32).ok_or(FORM)?;
        let (&flags, rest) = rest.split_first().ok_or(FORM)?;
        let (count, mut rest) = rest.split_first_chunk::<4>().ok_or(FORM)?;
        let attested = if flags & ATTESTED != 0 {
            let (attested, after) = Attested::parse(rest)?;
            rest = after;
            Some(attested)
        } else {
            None
        };
        if flags & EXTENSIONS != 0 {
            let mut decoder = Decoder::new(rest);
            for _ in 0..cbor::members(&mut decoder, FORM)? {
                cbor::pass_over(&mut decoder, FORM)?;
                cbor::pass_over(&mut decoder, FORM)?;
            }
            rest = rest.get(decoder.position()..).ok_or(FORM)?;
        }
        if !rest.is_empty() {
            return Err(FORM);
        }
        Ok(Self {
            rp_id_hash,
            flags,
            sign_count: u32::from_be_bytes(*count),
            attested,
        })
    }

    /// Sections 7.1 and 7.2, the steps that both have on the authenticator data.
    pub(crate) fn check(
        &self,
        party: &RelyingParty<'_>,
        verification: UserVerification,
    ) -> Result<(), Fault> {
        if !same(
            self.rp_id_hash,
            digest(&SHA256, party.id.as_bytes()).as_ref(),
        ) {
            return Err(Fault::RelyingParty);
        }
        if self.flags & USER_PRESENT == 0 {
            return Err(Fault::UserAbsent);
        }
        if verification == UserVerification::Required && !self.user_verified() {
            return Err(Fault::UserUnverified);
        }
        // What cannot be backed up is not backed up.
        if self.backed_up() && !self.backup_eligible() {
            return Err(Fault::AuthenticatorData);
        }
        Ok(())
    }

    pub(crate) const fn user_verified(&self) -> bool {
        self.flags & USER_VERIFIED != 0
    }

    pub(crate) const fn backup_eligible(&self) -> bool {
        self.flags & BACKUP_ELIGIBLE != 0
    }

    pub(crate) const fn backed_up(&self) -> bool {
        self.flags & BACKED_UP != 0
    }
}

impl<'a> Attested<'a> {
    /// The attested credential data (section 6.5.1), and what follows them.
    fn parse(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), Fault> {
        const FORM: Fault = Fault::AuthenticatorData;
        let (aaguid, rest) = bytes.split_first_chunk::<16>().ok_or(FORM)?;
        let (length, rest) = rest.split_first_chunk::<2>().ok_or(FORM)?;
        let length = usize::from(u16::from_be_bytes(*length));
        if !(1..=CREDENTIAL_ID_BYTES_MAX).contains(&length) {
            return Err(Fault::CredentialId);
        }
        let (credential_id, rest) = rest.split_at_checked(length).ok_or(FORM)?;
        let (key, rest) = PublicKey::parse_prefix(rest)?;
        let attested = Self {
            aaguid: *aaguid,
            credential_id,
            key,
        };
        Ok((attested, rest))
    }
}
