//! What tokens are bound to: proofs of keys, and certificates of clients.
//!
//! Knows three short sections, and which routes need them. Does not know certificates.

use countersign_flow::{Accept, CertificateName, CertificateRules, DpopRules};
use countersign_jose::Algorithm;

use super::{Scene, digest};
use crate::declared::{certificate, client_certificates, dpop};
use crate::finding::Span;
use crate::problem::BoundProblem;
use crate::read::Fields;
use crate::settings::ClientCertificates;

/// Every algorithm but those with a shared secret.
const ALGORITHMS: [&str; 10] = [
    "ES256", "ES384", "ES512", "EdDSA", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
];

/// How many proofs are remembered where the file does not say.
const PROOFS_MAX: usize = 262_144;

/// A route that reads what is bound, and where it says so.
pub(super) struct Reader {
    pub(super) name: Box<str>,
    pub(super) accept: Accept,
    pub(super) names_hosts: bool,
    pub(super) span: Span,
}

/// `[dpop]`: the rules, and how many proofs are remembered.
pub(super) fn proofs(fields: Option<&Fields<'_>>, scene: Scene<'_>) -> (DpopRules, usize) {
    let mut rules = DpopRules::default();
    let Some(fields) = fields else {
        return (rules, PROOFS_MAX);
    };
    if let Some(written) = fields.texts(&dpop::ALGORITHMS) {
        rules.algorithms =
            digest::choices(&written.value, &ALGORITHMS, Algorithm::from_name, scene);
    }
    let secs = |key, default: i64| {
        fields.whole(key).map_or(default, |secs| {
            i64::try_from(secs.value).unwrap_or(i64::MAX)
        })
    };
    rules.proof_secs = secs(&dpop::PROOF_SECS, rules.proof_secs);
    rules.leeway_secs = secs(&dpop::LEEWAY_SECS, rules.leeway_secs);
    rules.nonce_secs = secs(&dpop::NONCE_SECS, rules.nonce_secs);
    rules.nonce = fields
        .text(&dpop::NONCE)
        .is_some_and(|choice| choice.value == "required");
    let proofs_max = fields.whole(&dpop::PROOFS_MAX).map_or(PROOFS_MAX, |most| {
        usize::try_from(most.value).unwrap_or(usize::MAX)
    });
    (rules, proofs_max)
}

/// `[certificate]`.
pub(super) fn certificates(fields: Option<&Fields<'_>>, asked: bool) -> CertificateRules {
    let written = fields.and_then(|fields| fields.text(&certificate::USER));
    let user = match written.map(|name| name.value) {
        Some("dns") => CertificateName::Dns,
        Some("uri") => CertificateName::Uri,
        Some("email") => CertificateName::Email,
        Some(_) | None => CertificateName::Common,
    };
    CertificateRules { user, asked }
}

/// `[server.tls.client_certificates]`.
pub(super) fn asked(fields: &Fields<'_>, scene: Scene<'_>) -> Option<ClientCertificates> {
    let ca_file = fields.text(&client_certificates::CA_FILE);
    if let Some(path) = &ca_file {
        scene.pem(path, "CERTIFICATE", "certificate");
    }
    let crl_files = fields
        .texts(&client_certificates::CRL_FILES)
        .map(|list| list.value)
        .unwrap_or_default();
    for path in &crl_files {
        scene.pem(path, "X509 CRL", "revocation list");
    }
    Some(ClientCertificates {
        ca_file: scene.resolve(ca_file?.value),
        crl_files: crl_files
            .iter()
            .map(|path| scene.resolve(path.value))
            .collect(),
        required: fields
            .text(&client_certificates::DEMAND)
            .is_some_and(|choice| choice.value == "required"),
    })
}

/// Whether what is read is asked for, and the other way round.
pub(super) fn fits(
    readers: &[Reader],
    asked_at: Option<&Span>,
    has_public_url: bool,
    scene: Scene<'_>,
) {
    for reader in readers {
        let name = || reader.name.to_string();
        if reader.accept.certificate && asked_at.is_none() {
            let problem = BoundProblem::NotAsked { name: name() };
            scene.sink.error(&reader.span, problem);
        }
        if reader.accept.dpop && !has_public_url && !reader.names_hosts {
            let problem = BoundProblem::ForAnyHost { name: name() };
            scene.sink.warn(&reader.span, problem);
        }
    }
    if let Some(span) = asked_at.filter(|_| readers.is_empty()) {
        scene.sink.warn(span, BoundProblem::NobodyReads);
    }
}
