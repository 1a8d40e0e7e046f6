//! Certificates of clients, shown by curl: what a request is told of them, what a reload makes of them, and tokens that are
//! bound to them (RFC 8705).

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_jose::{Algorithm, SigningKey};
use rcgen::{
    CertificateParams, CertificateRevocationListParams, DnType, ExtendedKeyUsagePurpose, Issuer,
    KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SanType, SerialNumber, date_time_ymd,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::json;
use tempfile::TempDir;

use crate::stage::certificate::{Certificate, localhost};
use crate::stage::upstream::Upstream;
use crate::stage::{PATIENCE, Play, Stage};

/// An authority of clients, and its clients, in files.
struct Clients {
    folder: TempDir,
    issuer: Issuer<'static, KeyPair>,
}

impl Clients {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = KeyPair::generate().unwrap();
        let mut own = CertificateParams::new(Vec::new()).unwrap();
        // Each has a name of its own, as real ones have.
        let name = folder.path().display().to_string();
        own.distinguished_name.push(DnType::CommonName, name);
        own.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        own.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = own.self_signed(&key).unwrap();
        std::fs::write(folder.path().join("ca.pem"), certificate.pem()).unwrap();
        let clients = Self {
            folder,
            issuer: Issuer::new(own, key),
        };
        clients.make("billing", 1, |_| {});
        clients.make("shipping", 2, |_| {});
        clients.make("expired", 3, |params| {
            params.not_before = date_time_ymd(1999, 1, 1);
            params.not_after = date_time_ymd(2000, 1, 1);
        });
        clients.make("server", 4, |params| {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        });
        clients
    }

    fn make(&self, name: &str, serial: u64, edit: impl FnOnce(&mut CertificateParams)) {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        let uri = format!("spiffe://example.com/{name}");
        let uri = SanType::URI(uri.as_str().try_into().unwrap());
        params.subject_alt_names.push(uri);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.serial_number = Some(SerialNumber::from(serial));
        edit(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let path = |kind: &str| self.folder.path().join(format!("{name}.{kind}"));
        std::fs::write(path("pem"), certificate.pem()).unwrap();
        std::fs::write(path("key"), key.serialize_pem()).unwrap();
    }

    /// Writes a list of these serial numbers.
    fn revoke(&self, serials: &[u64]) {
        let revoked = |serial: &u64| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: date_time_ymd(2020, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2020, 1, 1),
            next_update: date_time_ymd(2200, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = list.signed_by(&self.issuer).unwrap();
        std::fs::write(self.folder.path().join("list.crl"), list.pem().unwrap()).unwrap();
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn file(&self, name: &str) -> String {
        self.path().join(name).display().to_string()
    }

    fn der(&self, name: &str) -> CertificateDer<'static> {
        CertificateDer::from_pem_file(self.path().join(format!("{name}.pem"))).unwrap()
    }

    /// The keys of `[server]` by which this authority's clients are asked for.
    fn setting(&self, own: &Certificate, more: &str) -> String {
        let (certificate, key) = (own.file("cert.pem"), own.file("key.pem"));
        let ca_file = self.file("ca.pem");
        format!(
            "tls = {{ certificate = '{certificate}', key = '{key}', client_certificates = {{ ca_file = '{ca_file}'{more} }} }}"
        )
    }
}

const MACHINES: &str = r#"
[certificate]
user = "common-name"
[[route]]
name = "machines"
path = "/machines/**"
upstream = "app"
accept = ["certificate"]
allow = { identity = true }
"#;

fn play(server: &str) -> Play<'_> {
    Play {
        server,
        sections: MACHINES,
        ..Play::default()
    }
}

/// What curl got: the answer as it came, head and body.
struct Got(String);

impl Got {
    fn status(&self) -> &str {
        self.0.split(' ').nth(1).unwrap_or_default()
    }

    fn field(&self, name: &str) -> Option<&str> {
        let lines = self.0.lines().filter_map(|line| line.split_once(": "));
        let mut found = lines.filter(|(field, _)| field.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.trim())
    }

    fn cause(&self) -> &str {
        self.field("countersign-cause").unwrap_or_default()
    }
}

/// Has curl get this path, with more of its options.
fn curl(stage: &Stage, own: &Certificate, path: &str, more: &[&str]) -> Output {
    let address = format!("https://localhost:{}{path}", stage.address().port());
    Command::new("curl")
        .args(["-sS", "-i", "--max-time", "100", "--cacert"])
        .arg(own.file("cert.pem"))
        .args(more)
        .arg(address)
        .env_remove("CURL_HOME")
        .output()
        .unwrap()
}

fn got(stage: &Stage, own: &Certificate, path: &str, more: &[&str]) -> Got {
    let output = curl(stage, own, path, more);
    assert!(output.status.success(), "{output:?}");
    Got(String::from_utf8(output.stdout).unwrap())
}

/// The options by which a client is shown.
fn shows(clients: &Clients, name: &str) -> [String; 4] {
    let (certificate, key) = (
        clients.file(&format!("{name}.pem")),
        clients.file(&format!("{name}.key")),
    );
    ["--cert".to_owned(), certificate, "--key".to_owned(), key]
}

fn got_as(stage: &Stage, own: &Certificate, clients: &Clients, name: &str, more: &[&str]) -> Got {
    let shown = shows(clients, name);
    let all: Vec<&str> = shown
        .iter()
        .map(String::as_str)
        .chain(more.iter().copied())
        .collect();
    got(stage, own, "/machines/x", &all)
}

#[test]
fn curl_shows_certificates_and_is_told_in_an_answer_what_is_wrong_with_them() {
    let (upstream, own) = (Upstream::content(), Certificate::new());
    let (clients, strangers) = (Clients::new(), Clients::new());
    clients.revoke(&[2]);
    let lists = format!(", crl_files = ['{}']", clients.file("list.crl"));
    let server = clients.setting(&own, &lists);
    let stage = play(&server).open(upstream.address());
    for version in ["1.2", "1.3"] {
        for protocol in ["--http1.1", "--http2"] {
            let more = ["--tls-max", version, protocol];
            let good = got_as(&stage, &own, &clients, "billing", &more);
            assert_eq!(good.status(), "200", "{}", good.0);
            let heard = upstream.next().message.head.to_ascii_lowercase();
            assert!(heard.contains("x-auth-user: billing\r\n"), "{heard}");
            assert!(heard.contains("x-auth-scheme: certificate\r\n"), "{heard}");
            for (whose, name, cause) in [
                (&clients, "expired", "credential-expired"),
                (&clients, "shipping", "credential-revoked"),
                (&clients, "server", "credentials-rejected"),
                (&strangers, "billing", "credentials-rejected"),
            ] {
                let bad = got_as(&stage, &own, whose, name, &more);
                assert_eq!((bad.status(), bad.cause()), ("401", cause), "{name}");
                let challenge = bad.field("www-authenticate");
                assert_eq!(challenge, Some("Certificate realm=\"stage\""));
            }
            let none = got(&stage, &own, "/machines/x", &more);
            assert_eq!(
                (none.status(), none.cause()),
                ("401", "credentials-missing")
            );
            let public = got(&stage, &own, "/public/x", &more);
            assert_eq!(public.status(), "200");
            upstream.next();
        }
    }
    let log = stage.close().log;
    for said in [
        "of no authority that is taken here",
        "is not for clients",
        "was revoked by its authority",
        "is past its date",
    ] {
        assert!(log.contains(said), "{said}: {log}");
    }
}

#[test]
fn where_certificates_are_required_the_handshake_ends_without_a_good_one() {
    let (upstream, own) = (Upstream::content(), Certificate::new());
    let (clients, strangers) = (Clients::new(), Clients::new());
    let server = clients.setting(&own, ", demand = 'required'");
    let stage = play(&server).open(upstream.address());
    let good = got_as(&stage, &own, &clients, "billing", &[]);
    assert_eq!(good.status(), "200", "{}", good.0);
    assert!(!curl(&stage, &own, "/public/x", &[]).status.success());
    for (whose, name) in [(&strangers, "billing"), (&clients, "expired")] {
        let shown = shows(whose, name);
        let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
        assert!(!curl(&stage, &own, "/public/x", &shown).status.success());
    }
    stage.wait_for_log("the client has shown no certificate");
    stage.wait_for_log("the client's certificate is not taken");
}

/// A connection of HTTP/1.1 that is kept open.
struct Kept(StreamOwned<ClientConnection, TcpStream>);

impl Kept {
    fn open(stage: &Stage, own: &Certificate, clients: &Clients, name: &str) -> Self {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_file(own.file("cert.pem")).unwrap())
            .unwrap();
        let key = PrivateKeyDer::from_pem_file(clients.file(&format!("{name}.key"))).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_client_auth_cert(vec![clients.der(name)], key)
            .unwrap();
        let stream = TcpStream::connect(stage.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let session = ClientConnection::new(Arc::new(config), localhost()).unwrap();
        Self(StreamOwned::new(session, stream))
    }

    /// The head of the answer; its body goes with it.
    fn ask(&mut self, fields: &str) -> Got {
        let request = format!("GET /machines/x HTTP/1.1\r\nHost: a.example\r\n{fields}\r\n");
        self.0.write_all(request.as_bytes()).unwrap();
        let mut ahead = Vec::new();
        let mut byte = [0];
        while !ahead.ends_with(b"\r\n\r\n") {
            self.0.read_exact(&mut byte).unwrap();
            ahead.push(byte[0]);
        }
        let head = Got(String::from_utf8(ahead).unwrap());
        let length = head.field("content-length").unwrap().parse().unwrap();
        self.0.read_exact(&mut vec![0; length]).unwrap();
        head
    }
}

#[test]
fn a_reload_judges_certificates_of_open_connections_anew() {
    let (upstream, own) = (Upstream::content(), Certificate::new());
    let (clients, others) = (Clients::new(), Clients::new());
    clients.revoke(&[2]);
    let lists = format!(", crl_files = ['{}']", clients.file("list.crl"));
    let server = clients.setting(&own, &lists);
    let stage = play(&server).open(upstream.address());
    let mut kept = Kept::open(&stage, &own, &clients, "billing");
    assert_eq!(kept.ask("").status(), "200");
    clients.revoke(&[1, 2]);
    assert_eq!(kept.ask("").status(), "200", "the list is read at a reload");
    stage.reload(&play(&server), upstream.address()).unwrap();
    assert_eq!(kept.ask("").cause(), "credential-revoked");
    let moved = others.setting(&own, "");
    stage.reload(&play(&moved), upstream.address()).unwrap();
    assert_eq!(kept.ask("").cause(), "credentials-rejected");
    let back = clients.setting(&own, "");
    stage.reload(&play(&back), upstream.address()).unwrap();
    assert_eq!(kept.ask("").status(), "200");
    // A broken file changes nothing.
    std::fs::write(
        clients.path().join("ca.pem"),
        "-----BEGIN CERTIFICATE-----\n",
    )
    .unwrap();
    assert!(stage.reload(&play(&back), upstream.address()).is_err());
    assert_eq!(kept.ask("").status(), "200");
}

#[test]
fn attack_the_certificate_of_a_proxy_is_not_lent_to_its_clients() {
    let (upstream, own, clients) = (Upstream::content(), Certificate::new(), Clients::new());
    let server = format!(
        "trusted_proxies = ['127.0.0.1']\n{}",
        clients.setting(&own, "")
    );
    let stage = play(&server).open(upstream.address());
    let mut proxy = Kept::open(&stage, &own, &clients, "billing");
    for fields in ["X-Forwarded-For: 192.0.2.7\r\n", ""] {
        assert_eq!(proxy.ask(fields).cause(), "credentials-missing", "{fields}");
    }
}

#[test]
fn attack_fields_that_claim_a_certificate_go_no_further() {
    let (upstream, own, clients) = (Upstream::content(), Certificate::new(), Clients::new());
    let server = clients.setting(&own, "");
    let stage = play(&server).open(upstream.address());
    let claims = [
        "Client-Cert: :AAAA:",
        "X-SSL-Client-Cert: x",
        "X_SSL_Client_Verify: SUCCESS",
        "ssl-client-cert: x",
        "X-Forwarded-Client-Cert: Subject=billing",
    ];
    let more: Vec<&str> = claims.iter().flat_map(|claim| ["-H", claim]).collect();
    let refused = got(&stage, &own, "/machines/x", &more);
    assert_eq!(refused.cause(), "credentials-missing");
    let public = got(&stage, &own, "/public/x", &more);
    assert_eq!(public.status(), "200");
    let heard = upstream.next().message.head.to_ascii_lowercase();
    for name in ["client-cert", "client_verify", "client-verify", "billing"] {
        assert!(!heard.contains(name), "{name}: {heard}");
    }
}

#[test]
fn rfc8705_section_3_a_token_is_good_by_its_own_certificate_alone() {
    let (upstream, own, clients) = (Upstream::content(), Certificate::new(), Clients::new());
    let random = aws_lc_rs::rand::SystemRandom::new();
    let key = SigningKey::generate(Algorithm::Es256, &random).unwrap();
    let key = key.with_kid("k");
    let bound = |name: &str| {
        let hash = digest(&SHA256, &clients.der(name));
        let claims = json!({
            "iss": "https://id.example.com", "aud": "api", "sub": "alice", "exp": 7_000_000_000_i64,
            "cnf": { "x5t#S256": URL_SAFE_NO_PAD.encode(hash) }
        });
        let token = key.sign_claims("at+jwt", &claims, &random).unwrap();
        format!("Authorization: Bearer {token}")
    };
    let sections = format!(
        "[issuer.main]\nissuer = 'https://id.example.com'\naudience = 'api'\nlifetime_secs_max = 0\nkeys = {{ inline = '{}' }}\n\
         [[route]]\nname = 'machines'\npath = '/machines/**'\nupstream = 'app'\naccept = ['bearer']\nallow = {{ users = ['alice'] }}\n",
        json!({ "keys": [key.public_jwk().unwrap()] })
    );
    let server = clients.setting(&own, "");
    let play = Play {
        server: &server,
        sections: &sections,
        ..Play::default()
    };
    let stage = play.open(upstream.address());
    let token = bound("billing");
    for _ in 0..2 {
        let good = got_as(&stage, &own, &clients, "billing", &["-H", &token]);
        assert_eq!(good.status(), "200", "{}", good.0);
        let other = got_as(&stage, &own, &clients, "shipping", &["-H", &token]);
        let none = got(&stage, &own, "/machines/x", &["-H", &token]);
        for refused in [other, none] {
            assert_eq!(refused.status(), "401");
            assert_eq!(refused.cause(), "sender-constraint-failed");
            let challenge = refused.field("www-authenticate").unwrap();
            assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
        }
    }
    // Bound to one that is not good any more.
    let expired = bound("expired");
    let refused = got_as(&stage, &own, &clients, "expired", &["-H", &expired]);
    assert_eq!(refused.cause(), "sender-constraint-failed");
}
