//! TLS on the public listener: the certificate, whether clients are asked for theirs, and the protocols offered.
//!
//! Knows: PEM files and rustls. Does not know HTTP beyond its names in ALPN (RFC 7301).

use std::sync::Arc;

use countersign_config::{ClientCertificates, Tls};
use rustls::server::WantsServerCert;
use rustls::{ConfigBuilder, ServerConfig};

use super::client_certificate::{self, Judge};
use crate::StartError;
use crate::acme::Held;
use crate::key_pair;

/// TLS of the listener.
pub(crate) struct Listening {
    pub(crate) config: Arc<ServerConfig>,
    /// What clients' certificates are judged by; `None`: nobody is asked for one.
    pub(crate) clients: Option<Judge>,
}

/// Loads the certificate, its chain and the key, and what clients' certificates are judged by.
pub(crate) fn server_config(
    tls: &Tls,
    asked: Option<&ClientCertificates>,
) -> Result<Listening, StartError> {
    let (chain, key) = key_pair::read(tls)?;
    let (builder, clients) = builder(asked)?;
    let config = builder
        .with_single_cert(chain, key)
        .map_err(|error| key_pair::not_taken(tls, &error))?;
    Ok(listening(config, clients))
}

/// The same for a certificate that is ordered, and may not be there yet.
pub(crate) fn ordered_config(
    certificate: &Held,
    asked: Option<&ClientCertificates>,
) -> Result<Listening, StartError> {
    let (builder, clients) = builder(asked)?;
    let config = builder.with_cert_resolver(certificate.resolver());
    Ok(listening(config, clients))
}

type Builder = ConfigBuilder<ServerConfig, WantsServerCert>;

fn builder(asked: Option<&ClientCertificates>) -> Result<(Builder, Option<Judge>), StartError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let judge = |asked| client_certificate::judge(asked, &provider);
    let clients = asked.map(judge).transpose()?;
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| StartError::Tls {
            reason: error.to_string(),
        })?;
    let builder = match (asked, &clients) {
        (Some(asked), Some(judge)) => {
            builder.with_client_cert_verifier(client_certificate::asking(asked, judge))
        }
        (Some(_) | None, _) => builder.with_no_client_auth(),
    };
    Ok((builder, clients))
}

fn listening(mut config: ServerConfig, clients: Option<Judge>) -> Listening {
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Listening {
        config: Arc::new(config),
        clients,
    }
}
