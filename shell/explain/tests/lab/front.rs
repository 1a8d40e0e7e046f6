//! TLS in front of a server in the clear, as a proxy terminates it; who speaks no TLS to it is told so.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

const IN_THE_CLEAR: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\nContent-Length: 45\r\nConnection: close\r\n\r\n\
    The plain HTTP request was sent to HTTPS port";

/// Starts one; its certificate is trusted by nobody.
pub(crate) fn start(behind: SocketAddr) -> SocketAddr {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            sender.send(listener.local_addr().unwrap()).unwrap();
            let acceptor = TlsAcceptor::from(Arc::new(config()));
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let mut first = [0];
                    let _ = stream.peek(&mut first).await;
                    // RFC 8446 section 5.1: a handshake begins with the type 22.
                    if first != [22] {
                        let _ = stream.read(&mut [0; 4096]).await;
                        let _ = stream.write_all(IN_THE_CLEAR).await;
                        return;
                    }
                    let Ok(mut stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    let mut inner = TcpStream::connect(behind).await.unwrap();
                    let _ = copy_bidirectional(&mut stream, &mut inner).await;
                });
            }
        });
    });
    receiver.recv().unwrap()
}

fn config() -> ServerConfig {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap()
}
