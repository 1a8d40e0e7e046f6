//! Proxies that do not read HTTP, in front of the gateway: HAProxy and nginx, each with the PROXY protocol as it writes it.
//!
//! Each binds its way to the gateway to another address of this machine, so that the proxy and its client can be told
//! apart by their addresses.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use serde_json::Value;
use tempfile::TempDir;

use crate::gateway::Gateway;
use crate::{PATIENCE, exchange, upstream};

/// From where a proxy comes to the gateway.
const PROXY: &str = "127.0.0.2";

/// A proxy that runs until the test ends.
struct Proxy {
    process: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Proxy {
    /// `configuration` is told the folder and the port; `arguments` the folder and the file.
    fn start(
        program: &str,
        configuration: impl Fn(&Path, u16) -> String,
        arguments: impl Fn(&Path, PathBuf) -> Vec<PathBuf>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let file = folder.path().join("configuration");
        std::fs::write(&file, configuration(folder.path(), address.port())).unwrap();
        let errors = std::fs::File::create(folder.path().join("errors")).unwrap();
        let mut process = Command::new(program)
            .args(arguments(folder.path(), file))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(errors)
            .spawn()
            .unwrap_or_else(|error| panic!("{program} ({error}); `./test` installs it"));
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(address).is_err() {
            let errors = std::fs::read_to_string(folder.path().join("errors")).unwrap();
            let ended = process.try_wait().unwrap();
            assert!(
                ended.is_none() && Instant::now() < end,
                "{program}: {errors}"
            );
            std::thread::yield_now();
        }
        Self {
            process,
            address,
            _folder: folder,
        }
    }

    /// HAProxy, which sends the header by this option.
    fn haproxy(option: &str, to: SocketAddr) -> Self {
        let configuration = |_: &Path, port: u16| {
            format!(
                "defaults\n    mode tcp\n    timeout connect 10s\n    timeout client 60s\n    timeout server 60s\n\
                 frontend in\n    bind 127.0.0.1:{port}\n    default_backend out\n\
                 backend out\n    source {PROXY}\n    server gateway {to} {option}\n"
            )
        };
        Self::start("haproxy", configuration, |_, file| {
            vec!["-db".into(), "-f".into(), file]
        })
    }

    /// nginx, which writes version 1.
    fn nginx(to: SocketAddr) -> Self {
        let configuration = |folder: &Path, port: u16| {
            let folder = folder.display();
            format!(
                "load_module /usr/lib/nginx/modules/ngx_stream_module.so;\ndaemon off;\nmaster_process off;\n\
                 pid {folder}/pid;\nerror_log stderr;\nevents {{ }}\nstream {{\n    server {{\n        listen 127.0.0.1:{port};\n        \
                 proxy_bind {PROXY};\n        proxy_pass {to};\n        proxy_protocol on;\n    }}\n}}\n"
            )
        };
        Self::start("nginx", configuration, |folder, file| {
            let prefix = folder.to_owned();
            [
                "-p".into(),
                prefix,
                "-c".into(),
                file,
                "-e".into(),
                "stderr".into(),
            ]
            .into()
        })
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn configuration() -> String {
    let application = upstream::start();
    // Who is taken for the proxy, and not for its client, is not let in.
    format!(
        r#"realm = "test"

[server]
listen = ["127.0.0.1:0", "127.0.0.3:0"]
workers = 2
proxy_protocol = {{ peers = ["{PROXY}"], listen = ["127.0.0.1:0"] }}

[store]
path = "store.db"

[upstream.app]
url = "http://{application}"

[[route]]
name = "client"
upstream = "app"
allow = {{ networks = ["127.0.0.1"] }}
"#
    )
}

/// What has reached the application as the client's address.
fn client_of(proxy: SocketAddr) -> Value {
    let answer = exchange::get(proxy, "/notes/1", &[("X-Forwarded-For", "192.0.2.1")]);
    assert_eq!(answer.status, 200, "{answer:?}");
    let seen: Value = serde_json::from_str(&answer.body).unwrap();
    seen["fields"]["x-forwarded-for"].clone()
}

#[test]
fn haproxy_and_nginx_say_who_their_client_is() {
    let folder = tempfile::tempdir().unwrap();
    let mut gateway = Gateway::start(folder.path(), &configuration());
    let proxied = gateway.address();
    for proxy in [
        Proxy::haproxy("send-proxy", proxied),
        Proxy::haproxy("send-proxy-v2", proxied),
        // With a checksum, a name of TLS and a number for each connection.
        Proxy::haproxy(
            "send-proxy-v2 proxy-v2-options crc32c,authority,unique-id",
            proxied,
        ),
        // Its health checks come as LOCAL.
        Proxy::haproxy("send-proxy-v2 check inter 50ms", proxied),
        Proxy::nginx(proxied),
    ] {
        assert_eq!(client_of(proxy.address), serde_json::json!(["127.0.0.1"]));
    }
    // Without the header nobody is served, from whichever peer.
    let plain = Proxy::haproxy("", proxied);
    assert!(exchange::try_get(plain.address, "/notes/1", &[]).is_none());
    let refused = |event: &Value| event["cause"] == "proxy-header-invalid";
    let event = gateway.wait_for(refused);
    assert!(
        event["peer"].as_str().unwrap().starts_with(PROXY),
        "{event}"
    );
    assert!(exchange::try_get(proxied, "/notes/1", &[]).is_none());
    let event = gateway
        .wait_for(|event| refused(event) && event["detail"].as_str().unwrap().contains("`peers`"));
    assert!(
        event["peer"].as_str().unwrap().starts_with("127.0.0.1:"),
        "{event}"
    );
    // The other listener takes none.
    let other = gateway.wait_for(|event| event["event"] == "listening");
    let other: SocketAddr = other["address"].as_str().unwrap().parse().unwrap();
    assert_eq!(other.ip().to_string(), "127.0.0.3");
    assert_eq!(exchange::get(other, "/notes/1", &[]).status, 200);
}
