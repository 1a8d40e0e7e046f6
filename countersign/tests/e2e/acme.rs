//! Certificates that the gateway orders itself, from an authority of another hand: Pebble, which Let's Encrypt keeps to
//! test clients with. The names that it proves are looked up at a name server of the test, and lead to this machine.

use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Instant, SystemTime};

use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::gateway::Gateway;
use crate::{PATIENCE, upstream};

const NAME: &str = "app.test.example";
const OTHER: &str = "www.test.example";
const DAY: u64 = 86_400;

/// An address that nobody listens on, at the moment.
fn free() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

/// A name server for which every name is on this machine, for as long as the test runs.
fn name_server() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut question = [0; 512];
        while let Ok((length, peer)) = socket.recv_from(&mut question) {
            if let Some(answer) = resolved(&question[..length]) {
                let _ = socket.send_to(&answer, peer);
            }
        }
    });
    address
}

/// RFC 1035 section 4.1: the question again, and for an A one address.
fn resolved(question: &[u8]) -> Option<Vec<u8>> {
    let mut end = 12;
    while *question.get(end)? != 0 {
        end += usize::from(question[end]) + 1;
    }
    let wants_a = question.get(end + 1..end + 3)? == [0, 1];
    let mut answer = question[..2].to_vec();
    answer.extend([0x81, 0x80, 0, 1, 0, u8::from(wants_a), 0, 0, 0, 0]);
    answer.extend(question.get(12..end + 5)?);
    if wants_a {
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1]);
    }
    Some(answer)
}

/// Where an authority and a gateway find each other, before any of them runs.
struct Place {
    folder: TempDir,
    directory: SocketAddr,
    management: SocketAddr,
    gateway: SocketAddr,
    admin: SocketAddr,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        std::fs::write(folder.path().join("pebble.pem"), own.cert.pem()).unwrap();
        let key = own.signing_key.serialize_pem();
        std::fs::write(folder.path().join("pebble.key"), key).unwrap();
        Self {
            folder,
            directory: free(),
            management: free(),
            gateway: free(),
            admin: free(),
        }
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Starts the authority, which looks for answers at this port.
    fn authority(&self, tls_port: u16, account: Option<(&str, &str)>) -> Authority {
        let keys = account.map(|(kid, key)| json!({ kid: key }));
        let configuration = json!({ "pebble": {
            "listenAddress": self.directory.to_string(),
            "managementListenAddress": self.management.to_string(),
            "certificate": self.file("pebble.pem"),
            "privateKey": self.file("pebble.key"),
            "httpPort": 1,
            "tlsPort": tls_port,
            "externalAccountBindingRequired": account.is_some(),
            "externalAccountMACKeys": keys.unwrap_or_default(),
        } });
        std::fs::write(self.file("pebble.json"), configuration.to_string()).unwrap();
        let log = std::fs::File::create(self.file("pebble.log")).unwrap();
        let mut process = Command::new("pebble")
            .args(["-config", &self.file("pebble.json"), "-strict"])
            .args(["-dnsserver", &name_server().to_string()])
            .env("PEBBLE_VA_NOSLEEP", "1")
            // As a rule it refuses some requests by chance.
            .env("PEBBLE_WFE_NONCEREJECT", "0")
            .stdin(Stdio::null())
            .stderr(log.try_clone().unwrap())
            .stdout(log)
            .spawn()
            .unwrap_or_else(|error| panic!("pebble ({error}); `./test` installs it"));
        let end = Instant::now() + PATIENCE;
        while [self.directory, self.management]
            .iter()
            .any(|address| TcpStream::connect(address).is_err())
        {
            let ended = process.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < end, "{}", self.log());
            std::thread::yield_now();
        }
        Authority(process)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.file("pebble.log")).unwrap()
    }

    /// Writes down whom the authority's certificates are to be believed by.
    fn root(&self) -> String {
        let address = format!("https://{}/roots/0", self.management);
        let root = curl(&["--cacert", &self.file("pebble.pem"), &address]);
        assert!(root.status.success(), "{root:?}");
        std::fs::write(self.file("root.pem"), root.stdout).unwrap();
        self.file("root.pem")
    }

    fn gateway(&self, more: &str) -> Gateway {
        let application = upstream::start();
        let configuration = format!(
            r#"realm = "test"

[server]
listen = ["{gateway}"]
workers = 2

[server.tls.acme]
directory = "https://{directory}/dir"
domains = ["{NAME}", "{OTHER}"]
contacts = ["mailto:admin@test.example"]
terms_agreed = true
ca_file = "pebble.pem"
retry_secs = 10
{more}

[admin]
listen = ["{admin}"]

[store]
path = "store.db"

[upstream.app]
url = "http://{application}"

[[route]]
name = "all"
upstream = "app"
allow = "anyone"
"#,
            gateway = self.gateway,
            directory = self.directory,
            admin = self.admin,
        );
        Gateway::start(self.folder.path(), &configuration)
    }

    /// What curl gets of the gateway that trusts nothing but this, and the certificates that it was shown.
    fn ask(&self, name: &str, trusted: &str) -> Output {
        let to = format!("{name}:{}:127.0.0.1", self.gateway.port());
        let address = format!("https://{name}:{}/notes/1", self.gateway.port());
        let format = "%{stderr}%{certs}";
        curl(&[
            "--resolve",
            &to,
            "--cacert",
            trusted,
            "-w",
            format,
            &address,
        ])
    }

    fn admin(&self, path: &str) -> String {
        let page = curl(&[&format!("http://{}{path}", self.admin)]);
        String::from_utf8(page.stdout).unwrap()
    }

    /// Where the gateway keeps what it has of the authority.
    fn kept(&self) -> std::path::PathBuf {
        let name = format!("acme/{}_dir", self.directory).replace(':', "_");
        self.folder.path().join(name)
    }

    /// Puts a certificate there that somebody else has signed, and that runs out tomorrow after 89 days.
    fn keep_nearly_over(&self) {
        let mut params = CertificateParams::new(vec![NAME.to_owned(), OTHER.to_owned()]).unwrap();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = now.unwrap().as_secs();
        let at = |secs| rcgen::date_time_ymd(1970, 1, 1) + std::time::Duration::from_secs(secs);
        params.not_before = at(now - 88 * DAY);
        params.not_after = at(now + DAY);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let both = format!("{}{}", key.serialize_pem(), certificate.pem());
        std::fs::create_dir_all(self.kept()).unwrap();
        std::fs::write(self.kept().join("certificate.pem"), both).unwrap();
        std::fs::write(self.file("old.pem"), certificate.pem()).unwrap();
    }
}

/// Ends with the test.
struct Authority(Child);

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn curl(arguments: &[&str]) -> Output {
    let mut command = Command::new("curl");
    command.args(["-sS", "--max-time", "60"]).args(arguments);
    command.output().unwrap()
}

fn is(event: &'static str) -> impl Fn(&Value) -> bool {
    move |found| found["event"] == event
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_certificate_is_ordered_taken_by_curl_and_there_after_a_restart() {
    let place = Place::new();
    let _authority = place.authority(place.gateway.port(), None);
    let mut gateway = place.gateway("");
    let ordered = gateway.wait_for(is("certificate-ordered"));
    assert_eq!(ordered["domains"], format!("{NAME}, {OTHER}"));
    let root = place.root();
    let first = place.ask(NAME, &root);
    assert!(first.status.success(), "{first:?}");
    let other = place.ask(OTHER, &root);
    assert!(other.status.success(), "{other:?}");
    assert!(place.admin("/readyz").contains("\"certificate\":true"));
    let page = place.admin("/metrics");
    assert!(page.contains("countersign_certificate_orders_total{result=\"ok\"} 1\n"));
    assert!(!page.contains("countersign_certificate_expiry_timestamp_seconds 0\n"));
    for name in ["certificate.pem", "account.json"] {
        assert_eq!(mode(&place.kept().join(name)), 0o600);
    }
    gateway.stop();

    let mut again = place.gateway("");
    let read = again.wait_for(is("certificate-read"));
    assert_eq!(read["until"], ordered["until"]);
    let second = place.ask(NAME, &root);
    assert!(second.status.success(), "{second:?}");
    assert_eq!(first.stderr, second.stderr, "the same certificate is shown");
    let page = place.admin("/metrics");
    assert!(page.contains("countersign_certificate_orders_total{result=\"ok\"} 0\n"));
    again.reload();
    again.wait_for(is("reloaded"));
    let third = place.ask(NAME, &root);
    assert_eq!(first.stderr, third.stderr, "it outlasts a configuration");
    let file = place.file("countersign.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("retry_secs = 10", "retry_secs = 11")).unwrap();
    again.reload();
    let refused = again.wait_for(is("reload-refused"));
    let reason = refused["reason"].as_str().unwrap();
    assert!(reason.contains("`server.tls.acme`"), "{reason}");
    again.stop();
    assert_eq!(
        place.log().matches("POST /sign-me-up").count(),
        1,
        "{}",
        place.log()
    );
}

/// Asks twice on one connection, the second time when it is told to.
const TWICE: &str = "
import http.client, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[2])
context.check_hostname = False
connection = http.client.HTTPSConnection('127.0.0.1', int(sys.argv[1]), context=context)
for _ in range(2):
    connection.request('GET', '/notes/1')
    answer = connection.getresponse()
    answer.read()
    print(answer.status, flush=True)
    sys.stdin.readline()
    assert connection.sock is not None
";

#[test]
fn while_the_directory_is_down_the_old_one_is_shown_and_a_new_one_breaks_nothing_off() {
    let place = Place::new();
    place.keep_nearly_over();
    let mut gateway = place.gateway("");
    let failed = gateway.wait_for(is("certificate-not-ordered"));
    assert!(failed["shown_until"].is_string(), "{failed}");
    let reason = failed["reason"].as_str().unwrap();
    assert!(reason.contains("cannot connect"), "{reason}");
    let old = place.file("old.pem");
    let shown = place.ask(NAME, &old);
    assert!(shown.status.success(), "{shown:?}");

    let mut client = Command::new("python3")
        .args(["-c", TWICE, &place.gateway.port().to_string(), &old])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(client.stdout.take().unwrap()));
    assert_eq!(lines.next().unwrap().unwrap(), "200");
    let _authority = place.authority(place.gateway.port(), None);
    gateway.wait_for(is("certificate-ordered"));
    std::io::Write::write_all(client.stdin.as_mut().unwrap(), b"\n").unwrap();
    assert_eq!(lines.next().unwrap().unwrap(), "200");
    drop(client.stdin.take());
    assert!(client.wait().unwrap().success());

    let renewed = place.ask(NAME, &place.root());
    assert!(renewed.status.success(), "{renewed:?}");
    assert_eq!(place.ask(NAME, &old).status.code(), Some(60));
    gateway.stop();
}

#[test]
fn where_no_domain_can_be_proved_it_is_said_why_and_nobody_is_served() {
    let place = Place::new();
    let _authority = place.authority(free().port(), None);
    let mut gateway = place.gateway("");
    let failed = gateway.wait_for(is("certificate-not-ordered"));
    let reason = failed["reason"].as_str().unwrap();
    assert!(reason.contains(NAME) || reason.contains(OTHER), "{reason}");
    assert!(
        failed["fix"].as_str().unwrap().contains("port 443"),
        "{failed}"
    );
    assert!(failed.get("shown_until").is_none(), "{failed}");
    let refused = place.ask(NAME, &place.root());
    assert_eq!(refused.status.code(), Some(35), "{refused:?}");
    let ended = gateway.wait_for(|event| {
        event["event"] == "connection-ended" && event["cause"] == "listener-certificate-missing"
    });
    assert!(
        ended["detail"]
            .as_str()
            .unwrap()
            .contains("certificate-not-ordered")
    );
    let ready = place.admin("/readyz");
    assert!(ready.contains("\"certificate\":false") && ready.contains("\"ready\":false"));
    assert!(
        place
            .admin("/metrics")
            .contains("countersign_certificate_orders_total{result=\"failed\"} 1\n")
    );
    gateway.stop();
}

/// As the authority gives it out; with it, clients of the gateway have to show certificates, which the authority has none of.
const KEY: &str = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";

#[test]
fn an_account_that_was_there_before_is_bound_and_authorities_show_no_certificate() {
    let place = Place::new();
    let _authority = place.authority(place.gateway.port(), Some(("kid-1", KEY)));
    let mut without = place.gateway("");
    let failed = without.wait_for(is("certificate-not-ordered"));
    let fix = failed["fix"].as_str().unwrap();
    assert!(fix.contains("external_account"), "{failed}");
    without.stop();
    std::fs::remove_file(place.kept().join("attempt")).unwrap();

    std::fs::write(place.file("key"), format!("{KEY}\n")).unwrap();
    let more = "external_account = { kid = \"kid-1\", key_file = \"key\" }\n\n\
                [server.tls.client_certificates]\nca_file = \"pebble.pem\"\ndemand = \"required\"";
    let mut gateway = place.gateway(more);
    gateway.wait_for(is("certificate-ordered"));
    let refused = place.ask(NAME, &place.root());
    assert!(!refused.status.success());
    let ended = gateway.wait_for(is("connection-ended"));
    let detail = ended["detail"].as_str().unwrap();
    assert!(detail.contains("has shown no certificate"), "{detail}");
    gateway.stop();
}
