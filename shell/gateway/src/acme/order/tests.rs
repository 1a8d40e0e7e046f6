//! What authorities answer that are none, or mean no good, against the real library.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::net::SocketAddr;

use rustls::ServerConfig;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::acme::tests::settings;

/// Answers everything with the same, by TLS, with a certificate that is put into the folder.
async fn authority(folder: &TempDir, answer: String) -> SocketAddr {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    std::fs::write(folder.path().join("ca.pem"), made.cert.pem()).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = acceptor.accept(stream).await.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
            let _ = stream.shutdown().await;
        }
    });
    address
}

/// What comes of an order at an authority that answers so.
async fn ordered(status: &str, body: &str) -> Failure {
    let folder = tempfile::tempdir().unwrap();
    let length = body.len();
    let answer =
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
    let address = authority(&folder, answer).await;
    let settings = Acme {
        directory: format!("https://{address}/dir"),
        ca_file: Some(folder.path().join("ca.pem")),
        ..settings(&folder.path().join("acme"))
    };
    let certificate = OrderedCertificate::open(&settings).unwrap();
    let buyer = Arc::new(Buyer::new(&settings).unwrap());
    buyer.order(certificate).await.err().unwrap()
}

const ADDRESSES: &str =
    r#""newAccount":"https://127.0.0.1:1/a","newOrder":"https://127.0.0.1:1/o""#;

#[tokio::test]
async fn what_the_library_panics_at_ends_an_order_and_nothing_else() {
    let body = format!("{{\"newNonce\":\"no \\u0000 address\",{ADDRESSES}}}");
    let failure = ordered("200 OK", &body).await;
    assert!(
        failure.reason.starts_with("the order broke off"),
        "{failure:?}"
    );
}

#[tokio::test]
async fn a_directory_cannot_lead_into_the_clear() {
    let body = format!("{{\"newNonce\":\"http://127.0.0.1:1/n\",{ADDRESSES}}}");
    let failure = ordered("200 OK", &body).await;
    let words = "the account: `http://127.0.0.1:1/n` is not https";
    assert_eq!(failure.reason, words);
}

#[tokio::test]
async fn what_is_no_directory_is_told_as_that() {
    let failure = ordered("200 OK", "<!doctype html>").await;
    assert!(failure.reason.contains("JSON"), "{failure:?}");
    let wait = "503 Service Unavailable\r\nRetry-After: 7200";
    let failure = ordered(wait, "").await;
    assert_eq!(failure.told_secs, Some(7200), "it is kept to");
}

#[test]
fn keys_of_accounts_are_taken_as_authorities_give_them_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let read = |text: &str| {
        std::fs::write(&path, text).unwrap();
        let mut settings = settings(folder.path());
        settings.external_account = Some(countersign_config::ExternalAccount {
            kid: "a".into(),
            key: countersign_config::SecretPlace::File(path.clone()),
        });
        let buyer = Buyer::new(&settings).ok()?;
        buyer.external_key.map(|key| key.expose().clone())
    };
    for text in ["-_8", "-_8=", "-_8\n", " -_8=\r\n"] {
        assert_eq!(read(text), Some(vec![0xfb, 0xff]), "{text:?}");
    }
    for text in ["+/8", "not a key", "-"] {
        assert_eq!(read(text), None, "{text:?}");
    }
}
