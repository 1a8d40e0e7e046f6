//! What the tests of this room share, and the handshakes of a listener whose certificate is ordered.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use countersign_config::Acme;
use rcgen::{CertificateParams, KeyPair};
use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::held::{Held, Met, Shown};
use super::*;
use crate::key_pair::Pair;
use crate::receive::ordered_config;

/// An order for `a.example`, kept in this folder.
pub(super) fn settings(folder: &Path) -> Acme {
    Acme {
        directory: "https://ca.example/dir".into(),
        domains: vec!["a.example".into()],
        contacts: Vec::new(),
        folder: folder.to_owned(),
        ca_file: None,
        external_account: None,
        retry: Duration::from_secs(300),
        retry_max: Duration::from_secs(21_600),
        order: Duration::from_secs(300),
    }
}

/// A certificate for a name, good from and until these days of the year 2027, signed by itself.
pub(super) fn made(name: &str, from_day: u8, until_day: u8) -> (KeyPair, CertificateDer<'static>) {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2027, 1, from_day);
    params.not_after = rcgen::date_time_ymd(2027, 1, until_day);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap().der().clone();
    (key, certificate)
}

pub(super) fn pair((key, certificate): &(KeyPair, CertificateDer<'static>)) -> Pair {
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    (vec![certificate.clone()], key)
}

/// A client that trusts nothing but this, and offers these protocols.
async fn connect(
    held: &Held,
    trusted: &[CertificateDer<'static>],
    protocols: &[&[u8]],
) -> (io::Result<TlsStream<TcpStream>>, io::Result<Met>) {
    let mut roots = RootCertStore::empty();
    for one in trusted {
        roots.add(one.clone()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|one| one.to_vec()).collect();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap());
    let (near, accepted) = tokio::join!(near, listener.accept());
    let (near, far) = (near.unwrap(), accepted.unwrap().0);
    let name = ServerName::try_from("a.example").unwrap();
    let server = ordered_config(held, None).unwrap().config;
    tokio::join!(
        TlsConnector::from(Arc::new(config)).connect(name, near),
        held.accept(&server, far)
    )
}

#[tokio::test]
async fn without_a_certificate_no_handshake_is_done_and_it_is_known_why() {
    let held = Held::new().unwrap();
    let (near, far) = connect(&held, &[], &[b"http/1.1"]).await;
    let error = near.err().unwrap().to_string();
    assert!(error.contains("AccessDenied"), "{error}");
    assert!(matches!(far, Ok(Met::NoCertificate)));
}

#[tokio::test]
async fn another_certificate_is_shown_from_the_next_handshake_on() {
    let held = Held::new().unwrap();
    // Far from today's date: nothing here looks at that but the client, which is not asked.
    for _ in 0..2 {
        let made = rcgen::generate_simple_self_signed(vec!["a.example".to_owned()]).unwrap();
        let der = made.cert.der().clone();
        held.show(Shown::read(pair(&(made.signing_key, der.clone()))).unwrap());
        let (near, far) = connect(&held, &[der], &[b"acme-tls/1", b"h2"]).await;
        let near = near.unwrap();
        assert!(matches!(far, Ok(Met::Secure(_))));
        assert_eq!(
            near.get_ref().1.alpn_protocol(),
            Some(&b"h2"[..]),
            "who offers more than acme-tls/1 is no authority"
        );
    }
}

#[tokio::test]
async fn rfc8737_section_3_an_authority_gets_the_answer_while_it_is_given() {
    let held = Held::new().unwrap();
    let (own_key, own) = made("a.example", 1, 30);
    held.show(Shown::read(pair(&(own_key, own))).unwrap());
    let answered = order::answer("a.example", &[7; 32]).unwrap();
    let shown = answered.cert.first().unwrap().clone();
    let answer = held.answer("A.example", answered);
    drop(answer);
    let (near, far) = connect(&held, &[], &[b"acme-tls/1"]).await;
    let error = near.err().unwrap().to_string();
    assert!(error.contains("AccessDenied") && far.is_err(), "{error}");
    let answered = order::answer("a.example", &[7; 32]).unwrap();
    assert_ne!(answered.cert.first().unwrap(), &shown, "a key is used once");
    let _answer = held.answer("a.example", answered);
    let (near, far) = connect(&held, &[], &[b"acme-tls/1"]).await;
    // No client takes it for a server's: the extension is critical. The authority of the end-to-end test does.
    let error = near.err().unwrap().to_string();
    assert!(error.contains("CriticalExtension"), "{error}");
    assert!(far.is_err());
}

#[test]
fn only_a_certificate_with_its_own_key_and_all_names_will_do() {
    let (first, other) = (made("a.example", 1, 30), made("A.example", 1, 30));
    let shown = Shown::read(pair(&first)).unwrap();
    assert_eq!(shown.lifetime.until_unix_secs, 1_801_267_200);
    assert!(shown.is_for(&["a.example".into()]));
    assert!(!shown.is_for(&["a.example".into(), "b.example".into()]));
    let upper = Shown::read(pair(&other)).unwrap();
    assert!(
        upper.is_for(&["a.example".into()]),
        "names are the same in every case"
    );
    let mixed = (first.0, other.1);
    assert!(Shown::read(pair(&mixed)).is_err());
    let key = pair(&mixed).1;
    for bytes in [&b""[..], b"\0", &[0x30, 0x80], &[0xff; 300]] {
        let chain = vec![CertificateDer::from(bytes.to_vec())];
        assert!(Shown::read((chain, key.clone_key())).is_err());
    }
    assert!(Shown::read((Vec::new(), key)).is_err());
}

#[test]
fn one_that_cannot_be_read_is_as_good_as_none() {
    let above = tempfile::tempdir().unwrap();
    let settings = settings(&above.path().join("acme"));
    let folder = Folder::of(&settings);
    let opened = OrderedCertificate::open(&settings).unwrap();
    assert!(opened.held.shown().is_none() && opened.unreadable.is_none());
    folder.make().unwrap();
    folder
        .keep_certificate(&countersign_secret::Secret::new("damaged".into()))
        .unwrap();
    let opened = OrderedCertificate::open(&settings).unwrap();
    assert!(opened.held.shown().is_none() && opened.unreadable.is_some());
}
