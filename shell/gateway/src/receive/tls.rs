//! TLS on the public listener: the certificate, and the protocols offered.
//!
//! Knows: PEM files and rustls. Does not know HTTP beyond its names in ALPN (RFC 7301).

use std::path::Path;
use std::sync::Arc;

use countersign_config::Tls;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::StartError;

/// Loads the certificate, its chain and the key.
pub(crate) fn server_config(tls: &Tls) -> Result<Arc<ServerConfig>, StartError> {
    let unreadable = |path: &Path| {
        let path = path.display().to_string();
        move |source: rustls::pki_types::pem::Error| StartError::Pem {
            path,
            reason: source.to_string(),
        }
    };
    let chain: Vec<_> = CertificateDer::pem_file_iter(&tls.certificate)
        .and_then(Iterator::collect)
        .map_err(unreadable(&tls.certificate))?;
    let key = PrivateKeyDer::from_pem_file(&tls.key).map_err(unreadable(&tls.key))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|source| StartError::Tls {
            reason: source.to_string(),
        })?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
