//! Certificates that clients have shown in the TLS handshake.
//!
//! Knows: what was found out about a certificate, and which of its names is the user's. Does not know X.509, nor how a
//! certificate is checked: who has a connection has done both. No field of a request says anything of certificates here.

use countersign_cause::Cause;
use countersign_policy::{Identity, Source};
use countersign_wire::{Place, Scheme};

use crate::rules::CertificateName;
use crate::step::{Line, Step};
use crate::trail::Note;
use crate::verified::Bounds;

/// A certificate whose private key the client has, as the handshake has shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The SHA-256 hash of its DER encoding (RFC 8705 section 3.1).
    pub thumbprint: [u8; 32],
    /// Whether one of the configured authorities stands behind it.
    pub standing: CertificateStanding,
    /// Its names.
    pub names: CertificateNames,
    /// From when it is good.
    pub not_before_unix_secs: i64,
    /// Until when it is good, that second included (RFC 5280 section 4.1.2.5).
    pub not_after_unix_secs: i64,
}

/// The names in a certificate, by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CertificateNames {
    /// The common names of the subject.
    pub common: Vec<Box<str>>,
    /// Host names among the alternative names.
    pub dns: Vec<Box<str>>,
    /// URIs among the alternative names.
    pub uri: Vec<Box<str>>,
    /// Mail addresses among the alternative names.
    pub email: Vec<Box<str>>,
}

/// What the configured authorities say of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateStanding {
    /// It is of one of them, for clients, and not revoked.
    Vouched,
    /// One of them has revoked it.
    Revoked,
    /// It is of none of them, or not for clients; what exactly.
    Unfit(&'static str),
}

/// Whether a certificate is good now.
///
/// # Errors
///
/// The cause for which it is not.
pub(crate) fn check(
    certificate: &ClientCertificate,
    now_unix_secs: i64,
) -> Result<(), (Cause, &'static str)> {
    if certificate.not_after_unix_secs < now_unix_secs {
        return Err((
            Cause::CredentialExpired,
            "the client's certificate is past its date",
        ));
    }
    if certificate.not_before_unix_secs > now_unix_secs {
        return Err((
            Cause::CredentialsRejected,
            "the client's certificate is not valid yet",
        ));
    }
    match certificate.standing {
        CertificateStanding::Vouched => Ok(()),
        CertificateStanding::Revoked => Err((
            Cause::CredentialRevoked,
            "the client's certificate was revoked by its authority",
        )),
        CertificateStanding::Unfit(detail) => Err((Cause::CredentialsRejected, detail)),
    }
}

pub(crate) fn begin<'c, 'r>(
    mut line: Line<'c, 'r>,
    certificate: &'r ClientCertificate,
) -> Step<'c, 'r> {
    line.trail.add(Note::Read(Scheme::Certificate));
    let named = check(certificate, line.now_unix_secs)
        .and_then(|()| user(&certificate.names, line.rules.certificate.user));
    let user = match named {
        Ok(user) => user,
        Err((cause, detail)) => {
            line.trail.add(Note::Certificate(detail));
            return line.refuse(cause, Some(Scheme::Certificate), detail);
        }
    };
    let identity = Identity::new(user, Source::Certificate);
    let bounds = Bounds::Certificate;
    super::accept(
        line,
        identity,
        Scheme::Certificate,
        bounds,
        Place::Connection,
    )
}

/// The one name of that kind. Of several, two readers could take two.
fn user(names: &CertificateNames, kind: CertificateName) -> Result<&str, (Cause, &'static str)> {
    let (found, none, several) = match kind {
        CertificateName::Common => (
            &names.common,
            "the client's certificate has no common name",
            "the client's certificate has more than one common name",
        ),
        CertificateName::Dns => (
            &names.dns,
            "the client's certificate has no host name among its alternative names",
            "the client's certificate has more than one host name among its alternative names",
        ),
        CertificateName::Uri => (
            &names.uri,
            "the client's certificate has no URI among its alternative names",
            "the client's certificate has more than one URI among its alternative names",
        ),
        CertificateName::Email => (
            &names.email,
            "the client's certificate has no mail address among its alternative names",
            "the client's certificate has more than one mail address among its alternative names",
        ),
    };
    match &**found {
        [one] => Ok(one),
        [] => Err((Cause::CredentialsRejected, none)),
        [_, _, ..] => Err((Cause::CredentialsRejected, several)),
    }
}
