//! A browser's answer as `PublicKeyCredential.toJSON()` writes it (section 5.1, `RegistrationResponseJSON` and
//! `AuthenticationResponseJSON`).
//!
//! Knows JSON and base64url. Does not know what the parts mean.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde::Deserialize;

use crate::{CREDENTIAL_ID_BYTES_MAX, Fault, PART_BYTES_MAX, USER_HANDLE_BYTES};

/// What a browser hands back for `navigator.credentials.create()`.
#[derive(Debug)]
pub struct AttestationAnswer {
    pub(crate) credential_id: Vec<u8>,
    pub(crate) client_data: Vec<u8>,
    pub(crate) attestation_object: Vec<u8>,
}

/// What a browser hands back for `navigator.credentials.get()`.
#[derive(Debug)]
pub struct AssertionAnswer {
    pub(crate) credential_id: Vec<u8>,
    pub(crate) client_data: Vec<u8>,
    pub(crate) authenticator_data: Vec<u8>,
    pub(crate) signature: Vec<u8>,
    pub(crate) user_handle: Option<Vec<u8>>,
}

#[derive(Deserialize)]
struct Outer<R> {
    #[serde(rename = "rawId")]
    raw_id: String,
    #[serde(rename = "type")]
    kind: String,
    response: R,
}

#[derive(Deserialize)]
struct Attestation {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    #[serde(rename = "attestationObject")]
    attestation_object: String,
}

#[derive(Deserialize)]
struct Assertion {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    #[serde(rename = "authenticatorData")]
    authenticator_data: String,
    signature: String,
    #[serde(rename = "userHandle", default)]
    user_handle: Option<String>,
}

impl AttestationAnswer {
    /// Reads the JSON of a registration.
    ///
    /// # Errors
    /// [`Fault::Form`], and [`Fault::CredentialId`] where the identifier is empty or too long.
    pub fn parse(json: &[u8]) -> Result<Self, Fault> {
        let outer: Outer<Attestation> = parse(json)?;
        Ok(Self {
            credential_id: credential_id(&outer.raw_id)?,
            client_data: part(&outer.response.client_data)?,
            attestation_object: part(&outer.response.attestation_object)?,
        })
    }
}

impl AssertionAnswer {
    /// Reads the JSON of a sign-in.
    ///
    /// # Errors
    /// [`Fault::Form`], and [`Fault::CredentialId`] where the identifier is empty or too long.
    pub fn parse(json: &[u8]) -> Result<Self, Fault> {
        let outer: Outer<Assertion> = parse(json)?;
        let handle = outer
            .response
            .user_handle
            .filter(|handle| !handle.is_empty());
        Ok(Self {
            credential_id: credential_id(&outer.raw_id)?,
            client_data: part(&outer.response.client_data)?,
            authenticator_data: part(&outer.response.authenticator_data)?,
            signature: part(&outer.response.signature)?,
            user_handle: handle.as_deref().map(part).transpose()?,
        })
    }

    /// Which credential answered: the one to be looked up. Nothing is proven by it.
    #[must_use]
    pub fn credential_id(&self) -> &[u8] {
        &self.credential_id
    }

    /// Which account the credential says it is of, where it is discoverable and keeps that.
    #[must_use]
    pub fn user_handle(&self) -> Option<&[u8; USER_HANDLE_BYTES]> {
        self.user_handle.as_deref()?.try_into().ok()
    }
}

fn parse<'a, R: Deserialize<'a>>(json: &'a [u8]) -> Result<Outer<R>, Fault> {
    // Four parts at most, each a third longer in base64, and what stands around them.
    if json.len() > 6 * PART_BYTES_MAX {
        return Err(Fault::Form);
    }
    let outer: Outer<R> = serde_json::from_slice(json).map_err(|_| Fault::Form)?;
    if outer.kind != "public-key" {
        return Err(Fault::Form);
    }
    Ok(outer)
}

fn credential_id(text: &str) -> Result<Vec<u8>, Fault> {
    let id = part(text)?;
    if !(1..=CREDENTIAL_ID_BYTES_MAX).contains(&id.len()) {
        return Err(Fault::CredentialId);
    }
    Ok(id)
}

/// Base64url as browsers write it. Some extensions that stand in for an authenticator write padding or the other alphabet; what the
/// bytes mean is checked, not how they came.
fn part(text: &str) -> Result<Vec<u8>, Fault> {
    if text.len() > PART_BYTES_MAX * 4 / 3 + 4 {
        return Err(Fault::Form);
    }
    let text = text.trim_end_matches('=');
    URL_SAFE_NO_PAD
        .decode(text)
        .or_else(|_| STANDARD_NO_PAD.decode(text))
        .map_err(|_| Fault::Form)
}
