//! Clients that are slow on purpose: each mode of slowhttptest for a few seconds, all at once, and good requests meanwhile.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::exchange;
use crate::gateway::Gateway;

const CONNECTIONS: usize = 50;

/// An application that reads what it is sent and answers with more than the buffers on the way hold.
fn application() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            // A connection that breaks off is the other side's affair.
            std::thread::spawn(move || answer(stream));
        }
    });
    address
}

fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, value)| value.trim().parse().unwrap());
    reader.read_exact(&mut vec![0; length])?;
    let body = vec![
        b'x';
        if head.contains("/public/large") {
            8 << 20
        } else {
            2
        }
    ];
    let size = body.len();
    let head_alone = head.starts_with("HEAD ");
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n"
    )?;
    stream.write_all(if head_alone { &[] } else { &body })
}

fn configuration() -> String {
    let application = application();
    format!(
        r#"realm = "test"
[server]
listen = ["127.0.0.1:0"]
workers = 2
[server.limits]
head_secs = 2
body_stall_secs = 2
upstream_stall_secs = 2
[store]
path = "store.db"
[upstream.app]
url = "http://{application}"
[[route]]
name = "public"
path = "/public/**"
upstream = "app"
allow = "anyone"
"#
    )
}

/// A run of slowhttptest, which is ended with the test.
struct Attack {
    mode: &'static str,
    process: Child,
}

impl Attack {
    fn start(mode: &'static str, more: &[&str], url: &str, folder: &Path) -> Self {
        let connections = CONNECTIONS.to_string();
        // Nothing more comes of a connection for longer than any of the limits.
        let usual = [
            "-c",
            &connections,
            "-r",
            "100",
            "-l",
            "6",
            "-i",
            "30",
            "-g",
            "-o",
            mode,
        ];
        let process = Command::new("slowhttptest")
            .arg(mode)
            .args(usual)
            .args(more)
            .args(["-u", url])
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("slowhttptest ({error}); `./test` installs it"));
        Self { mode, process }
    }

    /// Whether it has ended, by itself or since there was nobody left to hold.
    fn is_over(&mut self) -> bool {
        self.process.try_wait().unwrap().is_some()
    }

    /// The most connections that it had at one time, open and closed ones together.
    fn reached(&self, folder: &Path) -> usize {
        let table = std::fs::read_to_string(folder.join(format!("{}.csv", self.mode))).unwrap();
        let rows = table.lines().skip(1).map(|line| {
            let numbers = line.split(',').map(|cell| cell.trim().parse().unwrap_or(0));
            // Second, closed, pending, connected.
            let numbers: Vec<usize> = numbers.collect();
            numbers[1] + numbers[3]
        });
        rows.max().unwrap()
    }
}

impl Drop for Attack {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn each_mode_of_slowhttptest_leaves_others_served() {
    let folder = tempfile::tempdir().unwrap();
    let mut gateway = Gateway::start(folder.path(), &configuration());
    let (page, large) = (gateway.url("/public/x"), gateway.url("/public/large"));
    let slow_read = ["-w", "64", "-y", "128", "-n", "30", "-z", "1"];
    let mut attacks = [
        Attack::start("-H", &[], &page, folder.path()),
        Attack::start("-B", &[], &page, folder.path()),
        Attack::start("-R", &[], &page, folder.path()),
        Attack::start("-X", &slow_read, &large, folder.path()),
    ];
    let mut served = 0;
    while !attacks.iter_mut().all(Attack::is_over) {
        let answer = exchange::get(gateway.address(), "/public/x", &[]);
        assert_eq!(answer.status, 200, "{answer:?}");
        served += 1;
    }
    assert!(served > 50, "{served}");
    for attack in &attacks {
        let (mode, reached) = (attack.mode, attack.reached(folder.path()));
        // Ranges are asked for at once, and the tool ends when what it has sent is answered before it opens more.
        if mode != "-R" {
            assert_eq!(reached, CONNECTIONS, "{mode}");
        }
    }
    for _ in 0..CONNECTIONS {
        gateway.wait_for(|event| event["detail"] == NO_WHOLE_HEAD);
        gateway.wait_for(|event| event["detail"] == NOT_TAKEN);
    }
    let stalled = |event: &Value| event["cause"] == "body-stalled";
    for _ in 0..CONNECTIONS {
        gateway.wait_for(stalled);
    }
    assert_eq!(
        exchange::get(gateway.address(), "/public/x", &[]).status,
        200
    );
}

const NO_WHOLE_HEAD: &str = "no whole head within `head_secs`";
const NOT_TAKEN: &str = "a response was not taken within `upstream_stall_secs`";
