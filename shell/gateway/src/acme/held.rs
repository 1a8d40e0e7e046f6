//! The certificate that the listener shows, and those that answer an authority's challenges (RFC 8737).
//!
//! Knows: rustls, and which of them a handshake gets. Does not know where they come from. All workers share it, and a renewed
//! certificate is shown from the next handshake on: no connection is broken off for it.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwapOption;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::server::{Acceptor, ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::timing::Lifetime;
use crate::StartError;
use crate::key_pair::Pair;

/// RFC 8737 section 6.2: the protocol of an authority that looks for the answer to its challenge, and of nothing else.
const ACME_TLS: &[u8] = b"acme-tls/1";

/// What is shown.
pub(crate) struct Shown {
    certificate: Arc<CertifiedKey>,
    pub(crate) lifetime: Lifetime,
    /// In lower case.
    names: Vec<Box<str>>,
}

impl Shown {
    /// Reads a certificate whose key is its own.
    ///
    /// # Errors
    /// In words for the log.
    pub(crate) fn read((chain, key): Pair) -> Result<Self, String> {
        let own = chain.first().ok_or("there is no certificate")?;
        let (_, parsed) = X509Certificate::from_der(own)
            .map_err(|error| format!("the certificate cannot be read: {error}"))?;
        let names = parsed
            .subject_alternative_name()
            .map_err(|error| format!("the certificate's names cannot be read: {error}"))?
            .map(|names| names.value.general_names.iter().filter_map(dns).collect());
        let lifetime = Lifetime {
            from_unix_secs: parsed.validity().not_before.timestamp(),
            until_unix_secs: parsed.validity().not_after.timestamp(),
        };
        let certificate = CertifiedKey::from_der(chain, key, &default_provider())
            .map_err(|error| format!("the certificate cannot be shown: {error}"))?;
        Ok(Self {
            certificate: Arc::new(certificate),
            lifetime,
            names: names.unwrap_or_default(),
        })
    }

    /// Whether it is for all of these names.
    pub(crate) fn is_for(&self, domains: &[Box<str>]) -> bool {
        domains.iter().all(|domain| self.names.contains(domain))
    }
}

fn dns(name: &GeneralName<'_>) -> Option<Box<str>> {
    if let GeneralName::DNSName(name) = name {
        Some(name.to_ascii_lowercase().into())
    } else {
        None
    }
}

/// The certificate of the listener, where it is ordered, from before there is one.
pub(crate) struct Held {
    own: Arc<Own>,
    answers: Arc<Answers>,
    /// For handshakes of authorities: nobody is asked for a certificate there.
    answering: Arc<ServerConfig>,
}

/// How a handshake ended.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every one is `Secure`, and is taken apart at once"
)]
pub(crate) enum Met {
    /// The client can go on.
    Secure(TlsStream<TcpStream>),
    /// It was an authority that looked for an answer, and has found it.
    Answered,
    /// There is no certificate yet.
    NoCertificate,
}

impl Held {
    pub(crate) fn new() -> Result<Self, StartError> {
        let answers = Arc::new(Answers::default());
        let provider = Arc::new(default_provider());
        let mut answering = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| StartError::Tls {
                reason: error.to_string(),
            })?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&answers) as Arc<dyn ResolvesServerCert>);
        answering.alpn_protocols = vec![ACME_TLS.to_vec()];
        // Each answer is looked at anew.
        answering.send_tls13_tickets = 0;
        Ok(Self {
            own: Arc::default(),
            answers,
            answering: Arc::new(answering),
        })
    }

    /// What shows the certificate to clients.
    pub(crate) fn resolver(&self) -> Arc<dyn ResolvesServerCert> {
        Arc::clone(&self.own) as Arc<dyn ResolvesServerCert>
    }

    pub(crate) fn shown(&self) -> Option<Arc<Shown>> {
        self.own.0.load_full()
    }

    pub(super) fn show(&self, shown: Shown) {
        self.own.0.store(Some(Arc::new(shown)));
    }

    /// Has this certificate shown to an authority that asks for the domain, until the answer is dropped.
    pub(super) fn answer(&self, domain: &str, certificate: CertifiedKey) -> Answer {
        let domain: Box<str> = domain.to_ascii_lowercase().into();
        let mut answers = self.answers.lock();
        answers.insert(domain.clone(), Arc::new(certificate));
        drop(answers);
        Answer {
            domain,
            answers: Arc::clone(&self.answers),
        }
    }

    /// The handshake with whoever is there: a client, by this configuration, or an authority.
    ///
    /// # Errors
    /// As TLS has them.
    pub(crate) async fn accept(
        &self,
        config: &Arc<ServerConfig>,
        stream: TcpStream,
    ) -> io::Result<Met> {
        let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        if is_of_authority(&start.client_hello()) {
            let mut stream = start.into_stream(Arc::clone(&self.answering)).await?;
            // RFC 8737 section 3: nothing more is said on it. Its other half may be gone already.
            let _ = stream.shutdown().await;
            return Ok(Met::Answered);
        }
        let is_there = self.own.0.load().is_some();
        // Also without one: it is then that the client is told, by an alert.
        match start.into_stream(Arc::clone(config)).await {
            Ok(stream) => Ok(Met::Secure(stream)),
            Err(_) if !is_there => Ok(Met::NoCertificate),
            Err(error) => Err(error),
        }
    }
}

/// RFC 8737 section 3: an authority offers this protocol alone. A client that offers it among others gets none of it.
fn is_of_authority(hello: &ClientHello<'_>) -> bool {
    let Some(mut offered) = hello.alpn() else {
        return false;
    };
    offered.next() == Some(ACME_TLS) && offered.next().is_none()
}

/// An answer that is given for as long as this is kept.
pub(super) struct Answer {
    domain: Box<str>,
    answers: Arc<Answers>,
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.answers.lock().remove(&self.domain);
    }
}

#[derive(Default)]
struct Own(ArcSwapOption<Shown>);

impl ResolvesServerCert for Own {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let shown = self.0.load();
        shown.as_ref().map(|shown| Arc::clone(&shown.certificate))
    }
}

impl fmt::Debug for Own {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Own")
    }
}

/// By domain, while an order is under way.
#[derive(Default)]
struct Answers(Mutex<HashMap<Box<str>, Arc<CertifiedKey>>>);

impl Answers {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Box<str>, Arc<CertifiedKey>>> {
        // A panic elsewhere leaves answers that are as good as before.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ResolvesServerCert for Answers {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name()?.to_ascii_lowercase();
        self.lock().get(&*name).map(Arc::clone)
    }
}

impl fmt::Debug for Answers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Answers")
    }
}
