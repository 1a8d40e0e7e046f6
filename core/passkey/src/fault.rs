//! Why an answer was not taken.
//!
//! Knows the ways in which an answer can be wrong, in words for a log. Does not know what the person is told.

use std::fmt;

/// What is wrong with a browser's answer. The words are for a log: the person is told to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It is not JSON of the form that `toJSON()` of a `PublicKeyCredential` gives, or a part of it is too long.
    Form,
    /// The client data are not what section 5.8.1 says.
    ClientData,
    /// It answers a registration where a sign-in was asked for, or the other way round.
    Ceremony,
    /// It answers another challenge.
    Challenge,
    /// The page that asked is of another origin.
    Origin,
    /// The page stood in a frame of another site.
    Framed,
    /// The attestation object is no CBOR of the form of section 6.5.4.
    AttestationObject,
    /// The authenticator data are not of the form of section 6.1.
    AuthenticatorData,
    /// The credential is bound to another domain.
    RelyingParty,
    /// Nobody touched the authenticator.
    UserAbsent,
    /// The authenticator did not verify who holds it, and had to.
    UserUnverified,
    /// The key is no COSE key of the form of section 6.5.1.1.
    KeyForm,
    /// The key is of a kind that was not asked for.
    KeyAlgorithm,
    /// The credential's identifier is empty or too long.
    CredentialId,
    /// The answer is of another credential than the one that was looked up.
    OtherCredential,
    /// The answer names another account than the credential's.
    OtherUser,
    /// The signature is not of the credential's key.
    Signature,
    /// The authenticator counts lower than it did: there may be two of it.
    Count,
    /// A credential that could not be backed up says now that it can, or the other way round.
    BackupEligibility,
}

impl Fault {
    /// What is wrong, in words for a log.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Form => "the answer is not of the form of a browser's credential",
            Self::ClientData => "the client data cannot be read",
            Self::Ceremony => "the answer is for the other ceremony",
            Self::Challenge => "the answer is for another challenge",
            Self::Origin => "the page that asked is of another origin",
            Self::Framed => "the page that asked stood in a frame of another site",
            Self::AttestationObject => "the attestation object cannot be read",
            Self::AuthenticatorData => "the authenticator data cannot be read",
            Self::RelyingParty => "the credential is bound to another domain",
            Self::UserAbsent => "nobody touched the authenticator",
            Self::UserUnverified => "the authenticator did not verify its holder",
            Self::KeyForm => "the credential's key cannot be read",
            Self::KeyAlgorithm => "the credential's key is of a kind that was not asked for",
            Self::CredentialId => "the credential's identifier is empty or too long",
            Self::OtherCredential => "the answer is of another credential",
            Self::OtherUser => "the answer names another account",
            Self::Signature => "the signature is not of the credential's key",
            Self::Count => {
                "the authenticator counts lower than before, so that there may be two of it"
            }
            Self::BackupEligibility => "the credential changed in whether it can be backed up",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.words())
    }
}

impl std::error::Error for Fault {}
