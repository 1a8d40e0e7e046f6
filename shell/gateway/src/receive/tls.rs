//! TLS on the public listener: the certificate, and the protocols offered.
//!
//! Knows: PEM files and rustls. Does not know HTTP beyond its names in ALPN (RFC 7301).

use std::sync::Arc;

use countersign_config::Tls;
use rustls::ServerConfig;

use crate::StartError;
use crate::key_pair;

/// Loads the certificate, its chain and the key.
pub(crate) fn server_config(tls: &Tls) -> Result<Arc<ServerConfig>, StartError> {
    let (chain, key) = key_pair::read(tls)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| key_pair::not_taken(tls, &error))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
