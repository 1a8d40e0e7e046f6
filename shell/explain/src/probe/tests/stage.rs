//! Servers on loopback: HTTP/1.1 and HTTP/2, in the clear and over TLS, a forward proxy, and one that sends given bytes.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Method, StatusCode, Version};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) version: Version,
    pub(super) fields: Vec<(String, String)>,
    pub(super) body: Bytes,
    /// The number of the connection, from 0.
    pub(super) connection: usize,
}

impl Seen {
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }
}

pub(super) type Reply = http::Response<Full<Bytes>>;

pub(super) fn reply(status: u16, body: &str) -> Reply {
    let mut reply = http::Response::new(Full::new(Bytes::from(body.to_owned())));
    *reply.status_mut() = StatusCode::from_u16(status).unwrap();
    reply
}

pub(super) fn redirect(status: u16, location: &str) -> Reply {
    let mut reply = reply(status, "");
    let fields = reply.headers_mut();
    fields.insert("location", location.parse().unwrap());
    reply
}

type Log = Arc<Mutex<Vec<Seen>>>;
type Answering = Arc<dyn Fn(&Seen) -> Reply + Send + Sync>;

/// A server that lives as long as the test's runtime.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    log: Log,
}

impl Server {
    pub(super) async fn start(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Server {
        Server::start_with(None, answer).await
    }

    pub(super) async fn start_with(
        tls: Option<ServerConfig>,
        answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
    ) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let log = Log::default();
        let (answer, kept): (Answering, Log) = (Arc::new(answer), Arc::clone(&log));
        let tls = tls.map(|config| TlsAcceptor::from(Arc::new(config)));
        tokio::spawn(async move {
            for number in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                let (answer, log, tls) = (Arc::clone(&answer), Arc::clone(&kept), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, false, number, answer, log).await,
                        Some(tls) => {
                            // A client that does not like the certificate leaves here.
                            let Ok(stream) = tls.accept(stream).await else {
                                return;
                            };
                            let is_two = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                            serve(stream, is_two, number, answer, log).await;
                        }
                    }
                });
            }
        });
        Server { address, log }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.log.lock().unwrap().clone()
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    is_two: bool,
    number: usize,
    answer: Answering,
    log: Log,
) {
    // RFC 9113 section 3.4: the preface tells a client with prior knowledge.
    let mut first = [0; 3];
    if stream.read_exact(&mut first).await.is_err() {
        return;
    }
    let is_two = is_two || &first == b"PRI";
    let (reader, writer) = tokio::io::split(stream);
    let reader = AsyncReadExt::chain(std::io::Cursor::new(first), reader);
    let io = TokioIo::new(tokio::io::join(reader, writer));
    let service = service_fn(move |request: http::Request<Incoming>| {
        let (answer, log) = (Arc::clone(&answer), Arc::clone(&log));
        async move {
            let seen = remember(request, number).await;
            log.lock().unwrap().push(seen.clone());
            Ok::<_, Infallible>(answer(&seen))
        }
    });
    let _ = match is_two {
        true => {
            http2::Builder::new(TokioExecutor::new())
                .serve_connection(io, service)
                .await
        }
        false => http1::Builder::new().serve_connection(io, service).await,
    };
}

async fn remember(request: http::Request<Incoming>, connection: usize) -> Seen {
    let (head, body) = request.into_parts();
    let fields = head.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        (name.as_str().to_owned(), value.into_owned())
    });
    Seen {
        method: head.method.to_string(),
        target: head.uri.to_string(),
        version: head.version,
        fields: fields.collect(),
        body: body.collect().await.unwrap().to_bytes(),
        connection,
    }
}

/// A server that answers every connection with the same bytes, and holds it open where it is told to.
pub(super) async fn sending(bytes: &'static [u8], holds: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(bytes).await;
                while holds && stream.read(&mut request).await.is_ok_and(|read| read > 0) {}
            });
        }
    });
    address
}

/// A forward proxy that wants credentials; every tunnel leads to `to`, whatever its name says.
pub(super) struct Proxy {
    pub(super) address: SocketAddr,
    log: Log,
}

impl Proxy {
    pub(super) async fn start(authorization: Option<&'static str>, to: SocketAddr) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let log = Log::default();
        let kept = Arc::clone(&log);
        tokio::spawn(async move {
            for number in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                let log = Arc::clone(&kept);
                let service = service_fn(move |request| {
                    let log = Arc::clone(&log);
                    async move {
                        Ok::<_, Infallible>(pass(request, authorization, to, number, log).await)
                    }
                });
                let connection =
                    http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                tokio::spawn(connection.with_upgrades());
            }
        });
        Proxy { address, log }
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.log.lock().unwrap().clone()
    }
}

async fn pass(
    mut request: http::Request<Incoming>,
    authorization: Option<&str>,
    to: SocketAddr,
    number: usize,
    log: Log,
) -> Reply {
    let upgrade = hyper::upgrade::on(&mut request);
    let seen = remember(request, number).await;
    log.lock().unwrap().push(seen.clone());
    if seen.field("proxy-authorization") != authorization {
        let mut refused = reply(407, "proxy: who are you");
        let fields = refused.headers_mut();
        fields.insert("proxy-authenticate", r#"Basic realm="p""#.parse().unwrap());
        return refused;
    }
    if seen.method == Method::CONNECT.as_str() {
        tokio::spawn(async move {
            let mut inner = TokioIo::new(upgrade.await.unwrap());
            let mut outer = TcpStream::connect(to).await.unwrap();
            let _ = copy_bidirectional(&mut inner, &mut outer).await;
        });
        return reply(200, "");
    }
    reply(200, "by way of the proxy")
}

/// An authority, as PEM to trust, and what a server needs to have its certificate for a name.
pub(super) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(super) fn new() -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Authority(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(super) fn pem(&self) -> Vec<u8> {
        self.0.pem().into_bytes()
    }

    pub(super) fn server(&self, name: &str, until_year: i32, alpn: &[&str]) -> ServerConfig {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(until_year, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        config
    }
}
