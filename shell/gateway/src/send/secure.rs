//! TLS to upstreams: whom to trust, what to show, and what was wrong where it fails.
//!
//! Knows: rustls as a client. Does not know HTTP beyond its names in ALPN (RFC 7301). There is no way here to leave a
//! certificate unchecked.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "rustls may add to its enums; what is not told apart here has a general word"
)]

use std::io;
use std::path::Path;
use std::sync::Arc;

use countersign_config::{Server, Upstream, UpstreamTls};
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, CertificateError, ClientConfig, Error, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::StartError;
use crate::key_pair;

/// How one server is reached by TLS.
#[derive(Clone)]
pub(crate) struct Secure {
    connector: TlsConnector,
    name: ServerName<'static>,
    http2: bool,
}

/// One for each server of each upstream; `None` where it is reached in plain text.
pub(crate) fn all(upstreams: &[Upstream]) -> Result<Arc<[Option<Vec<Secure>>]>, StartError> {
    let of = |upstream: &Upstream| {
        let tls = upstream.tls.as_ref();
        tls.map(|tls| Secure::of_servers(tls, upstream)).transpose()
    };
    upstreams.iter().map(of).collect()
}

impl Secure {
    fn of_servers(tls: &UpstreamTls, upstream: &Upstream) -> Result<Vec<Self>, StartError> {
        let connector = connector(tls, upstream.http2)?;
        let of = |server: &Server| {
            let name = tls.server_name.as_ref().unwrap_or(&server.host);
            let name = ServerName::try_from(name.to_string())
                .map_err(|_| unusable(format!("`{name}` is not a server name")))?;
            Ok(Self {
                connector: connector.clone(),
                name,
                http2: upstream.http2,
            })
        };
        upstream.servers.iter().map(of).collect()
    }

    /// Makes a connection a secure one.
    ///
    /// # Errors
    /// In words that say what was wrong with the upstream.
    pub(crate) async fn connect(
        &self,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, &'static str> {
        let connected = self.connector.connect(self.name.clone(), stream).await;
        let stream = connected.map_err(|error| fault(&error))?;
        if self.http2 && stream.get_ref().1.alpn_protocol() != Some(b"h2") {
            return Err("it does not offer HTTP/2");
        }
        Ok(stream)
    }
}

fn connector(tls: &UpstreamTls, http2: bool) -> Result<TlsConnector, StartError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(error.to_string()))?
        .with_root_certificates(roots(tls.ca_file.as_deref())?);
    let mut config = match &tls.client {
        None => builder.with_no_client_auth(),
        Some(files) => {
            let (chain, key) = key_pair::read(files)?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| key_pair::not_taken(files, &error))?
        }
    };
    let protocol = if http2 { &b"h2"[..] } else { b"http/1.1" };
    config.alpn_protocols = vec![protocol.to_vec()];
    Ok(Arc::new(config).into())
}

fn unusable(reason: String) -> StartError {
    StartError::Tls { reason }
}

fn unreadable(path: &Path, reason: String) -> StartError {
    let path = path.display().to_string();
    StartError::Pem { path, reason }
}

/// Those of the file alone, where there is one: an authority of one's own is named to trust no other.
fn roots(ca_file: Option<&Path>) -> Result<RootCertStore, StartError> {
    let mut roots = RootCertStore::empty();
    let Some(path) = ca_file else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        return Ok(roots);
    };
    for certificate in key_pair::certificates(path)? {
        let added = roots.add(certificate);
        added.map_err(|error| unreadable(path, error.to_string()))?;
    }
    Ok(roots)
}

/// What was wrong, as far as the handshake tells.
fn fault(error: &io::Error) -> &'static str {
    of_tls(error).unwrap_or("it closed the connection during the TLS handshake")
}

/// What TLS had against an exchange. RFC 8446 section 4.4.2.4: a server may look at the certificate of its client, or miss
/// it, only when the client believes the handshake to be over.
pub(super) fn fault_of_exchange(error: &hyper::Error) -> Option<&'static str> {
    let source = std::error::Error::source(error)?;
    of_tls(source.downcast_ref()?)
}

fn of_tls(error: &io::Error) -> Option<&'static str> {
    Some(match error.get_ref()?.downcast_ref::<Error>()? {
        Error::InvalidCertificate(error) => of_certificate(error),
        Error::InvalidMessage(_) => "it does not speak TLS at this port",
        Error::AlertReceived(alert) => of_alert(*alert),
        Error::NoApplicationProtocol => "it does not offer the protocol that `http2` asks for",
        Error::PeerIncompatible(_) => "it offers no version or cipher of TLS that is safe",
        _ => "the TLS handshake failed",
    })
}

fn of_certificate(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet"
        }
        CertificateError::UnknownIssuer => {
            "its certificate is signed by nobody who is trusted; `ca_file` names others"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another name; `server_name` says which it must have"
        }
        CertificateError::Revoked => "its certificate is revoked",
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "its certificate is not made for servers"
        }
        CertificateError::BadSignature => "the signature of its certificate is wrong",
        CertificateError::BadEncoding => "its certificate cannot be read",
        _ => "its certificate cannot be accepted",
    }
}

fn of_alert(alert: AlertDescription) -> &'static str {
    match alert {
        AlertDescription::CertificateRequired => {
            "it demands a certificate of the gateway; `certificate` and `key` name one"
        }
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::CertificateRevoked
        | AlertDescription::UnknownCA
        | AlertDescription::AccessDenied => "it does not accept the certificate of the gateway",
        AlertDescription::NoApplicationProtocol => {
            "it does not offer the protocol that `http2` asks for"
        }
        AlertDescription::UnrecognisedName => {
            "it knows no site of this name; `server_name` says which is asked for"
        }
        AlertDescription::ProtocolVersion | AlertDescription::HandshakeFailure => {
            "it offers no version or cipher of TLS that is safe"
        }
        _ => "it refused the TLS handshake",
    }
}
