//! Certificates that clients show: who is asked for one, and what is found out about it.
//!
//! Knows: rustls, X.509, PEM files. Does not know HTTP, nor what a certificate is good for. Where it is optional, one that is
//! not good breaks no connection off: its key is proved by the handshake, its standing is judged here, and a request is
//! told what was wrong.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use countersign_config::ClientCertificates;
use countersign_flow::{CertificateNames, CertificateStanding, ClientCertificate};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore,
    SignatureScheme,
};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::StartError;
use crate::current::Running;
use crate::key_pair;

/// What clients' certificates are judged by.
pub(crate) type Judge = Arc<dyn ClientCertVerifier>;

/// Loads the authorities and their revocation lists.
pub(crate) fn judge(
    asked: &ClientCertificates,
    provider: &Arc<CryptoProvider>,
) -> Result<Judge, StartError> {
    let mut roots = RootCertStore::empty();
    for certificate in key_pair::certificates(&asked.ca_file)? {
        roots
            .add(certificate)
            .map_err(|error| unusable(&asked.ca_file, &error))?;
    }
    let mut lists = Vec::new();
    for path in &asked.crl_files {
        lists.extend(revocation_lists(path)?);
    }
    // With lists, a certificate of whose revocation nothing is known is not taken, nor a list that is past its date believed.
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .with_crls(lists)
        .enforce_revocation_expiration()
        .build()
        .map_err(|error| unusable(&asked.ca_file, &error))
}

/// How the handshake asks.
pub(crate) fn asking(asked: &ClientCertificates, judge: &Judge) -> Arc<dyn ClientCertVerifier> {
    if asked.required {
        Arc::clone(judge)
    } else {
        Arc::new(Optional(Arc::clone(judge)))
    }
}

fn revocation_lists(path: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>, StartError> {
    let lists = CertificateRevocationListDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unusable(path, &error))?;
    if lists.is_empty() {
        return Err(unusable(path, &"it holds no revocation list"));
    }
    Ok(lists)
}

fn unusable(path: &Path, error: &dyn std::fmt::Display) -> StartError {
    StartError::Pem {
        path: path.display().to_string(),
        reason: error.to_string(),
    }
}

/// Takes whatever certificate is shown, or none, and has the client prove that it has the key. Who judges is asked afterwards.
#[derive(Debug)]
struct Optional(Judge);

impl ClientCertVerifier for Optional {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.0.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

/// What a client has shown in its handshake, for as long as the connection lives.
pub(crate) struct ShownCertificate {
    chain: Vec<CertificateDer<'static>>,
    judged: RefCell<Option<Judged>>,
}

/// What was found out of a certificate.
struct Judged {
    /// Under the configuration of this generation: another may know other authorities, or revocations.
    generation: u64,
    /// Until then it stands: those above it, and lists of revocations, have dates as well.
    until_unix_secs: i64,
    certificate: Rc<ClientCertificate>,
}

/// How long a certificate is taken for what it was found to be, on one connection.
const JUDGED_SECS: i64 = 60;

impl ShownCertificate {
    /// The chain of a handshake that is over; `None` where the client has shown nothing.
    pub(crate) fn of(chain: Option<&[CertificateDer<'static>]>) -> Option<Self> {
        let chain = chain.filter(|chain| !chain.is_empty())?.to_vec();
        Some(Self {
            chain,
            judged: RefCell::default(),
        })
    }

    /// What is known of it under this configuration; `None` where that asks for none.
    pub(crate) fn judged(
        &self,
        running: &Running,
        now_unix_secs: i64,
    ) -> Option<Rc<ClientCertificate>> {
        let judge = running.clients()?;
        let generation = running.generation();
        let mut judged = self.judged.borrow_mut();
        if let Some(judged) = &*judged
            && judged.generation == generation
            && now_unix_secs < judged.until_unix_secs
        {
            return Some(Rc::clone(&judged.certificate));
        }
        let (own, above) = self.chain.split_first()?;
        let certificate = Rc::new(read(own, standing(judge, own, above, now_unix_secs)));
        *judged = Some(Judged {
            generation,
            until_unix_secs: now_unix_secs.saturating_add(JUDGED_SECS),
            certificate: Rc::clone(&certificate),
        });
        Some(certificate)
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the library may add to its enum; what is not told apart here has a general word"
)]
fn standing(
    judge: &Judge,
    own: &CertificateDer<'_>,
    above: &[CertificateDer<'_>],
    now_unix_secs: i64,
) -> CertificateStanding {
    let now = Duration::from_secs(u64::try_from(now_unix_secs).unwrap_or_default());
    let now = UnixTime::since_unix_epoch(now);
    let error = match judge.verify_client_cert(own, above, now) {
        Ok(_) => return CertificateStanding::Vouched,
        Err(Error::InvalidCertificate(error)) => error,
        Err(_) => return CertificateStanding::Unfit("the client's certificate cannot be checked"),
    };
    CertificateStanding::Unfit(match error {
        CertificateError::Revoked => return CertificateStanding::Revoked,
        CertificateError::UnknownIssuer => {
            "the client's certificate is of no authority that is taken here"
        }
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => {
            "the client's certificate, or one above it, is not within its dates"
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "the client's certificate is not for clients"
        }
        CertificateError::UnknownRevocationStatus => {
            "no revocation list says anything of the client's certificate"
        }
        CertificateError::ExpiredRevocationList
        | CertificateError::ExpiredRevocationListContext { .. } => {
            "the revocation list for the client's certificate is past its date"
        }
        CertificateError::BadSignature => {
            "the client's certificate is not signed by the authority that it names"
        }
        _ => "the client's certificate cannot be checked",
    })
}

/// Thumbprint, dates and names.
fn read(der: &CertificateDer<'_>, standing: CertificateStanding) -> ClientCertificate {
    // RFC 8705 section 3.1: the SHA-256 hash of the DER encoding.
    let mut thumbprint = [0; 32];
    thumbprint.copy_from_slice(digest(&SHA256, der).as_ref());
    let Ok((_, parsed)) = X509Certificate::from_der(der) else {
        return ClientCertificate {
            thumbprint,
            standing: CertificateStanding::Unfit("the client's certificate cannot be read"),
            names: CertificateNames::default(),
            not_before_unix_secs: 0,
            not_after_unix_secs: i64::MAX,
        };
    };
    let validity = parsed.validity();
    ClientCertificate {
        thumbprint,
        standing,
        names: names(&parsed),
        not_before_unix_secs: validity.not_before.timestamp(),
        not_after_unix_secs: validity.not_after.timestamp(),
    }
}

/// Of a kind of which one name cannot be read, none is known: it might have been the second.
fn names(certificate: &X509Certificate<'_>) -> CertificateNames {
    let common = certificate.subject().iter_common_name();
    let common: Result<Vec<Box<str>>, _> =
        common.map(|name| name.as_str().map(Box::from)).collect();
    let mut names = CertificateNames {
        common: common.unwrap_or_default(),
        ..CertificateNames::default()
    };
    // An extension that is there twice is an error (RFC 5280 section 4.2).
    let Ok(Some(alternative)) = certificate.subject_alternative_name() else {
        return names;
    };
    for name in &alternative.value.general_names {
        if let GeneralName::DNSName(name) = name {
            // RFC 4343: host names are the same in every case.
            names.dns.push(name.to_ascii_lowercase().into());
        } else if let GeneralName::URI(name) = name {
            names.uri.push((*name).into());
        } else if let GeneralName::RFC822Name(name) = name {
            names.email.push((*name).into());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    /// RFC 8705 appendix A, figure 6.
    const EXAMPLE: &[u8] = b"-----BEGIN CERTIFICATE-----
MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAx
ODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqG
SM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ
/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZIzj0EAwID
SQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOV
bUlJSGQgjwD5vaUaKlLR50Q2DmFfQj1L+SY=
-----END CERTIFICATE-----
";

    #[test]
    fn rfc8705_appendix_a_example() {
        let der = CertificateDer::from_pem_slice(EXAMPLE).unwrap();
        let certificate = read(&der, CertificateStanding::Vouched);
        assert_eq!(
            URL_SAFE_NO_PAD.encode(certificate.thumbprint),
            "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0"
        );
        assert_eq!(certificate.names.common, ["mtls".into()]);
        assert_eq!(certificate.not_before_unix_secs, 1_539_866_229);
        assert_eq!(certificate.not_after_unix_secs, 1_651_495_029);
        assert_eq!(certificate.standing, CertificateStanding::Vouched);
    }

    #[test]
    fn every_kind_of_name_is_read_and_none_is_made_up() {
        use rcgen::{CertificateParams, DnType, KeyPair, SanType};
        let mut params = CertificateParams::new(vec!["Billing.example.com".into()]).unwrap();
        params
            .distinguished_name
            .push(DnType::CommonName, "billing");
        for name in ["spiffe://example.com/a", "spiffe://example.com/b"] {
            let name = SanType::URI(name.try_into().unwrap());
            params.subject_alt_names.push(name);
        }
        let mail = SanType::Rfc822Name("billing@example.com".try_into().unwrap());
        params.subject_alt_names.push(mail);
        let key = KeyPair::generate().unwrap();
        let der = params.self_signed(&key).unwrap();
        let names = read(der.der(), CertificateStanding::Vouched).names;
        assert_eq!(names.common, ["billing".into()]);
        assert_eq!(names.dns, ["billing.example.com".into()]);
        assert_eq!(names.uri.len(), 2);
        assert_eq!(names.email, ["billing@example.com".into()]);
    }

    #[test]
    fn what_is_no_certificate_is_unfit() {
        for bytes in [&b""[..], b"\0", &[0x30, 0x80], &[0xff; 300]] {
            let certificate = read(&CertificateDer::from(bytes), CertificateStanding::Vouched);
            assert!(matches!(
                certificate.standing,
                CertificateStanding::Unfit(_)
            ));
            assert_eq!(certificate.names, CertificateNames::default());
        }
    }
}
