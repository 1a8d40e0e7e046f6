//! `check --live`: what is said of the surroundings, and which code it ends with.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::thread;

use crate::room::{Ran, Room, Running};

/// An issuer that answers so many requests, by a clock of its own.
fn issuer(date: &str, requests: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (own, date) = (url.clone(), date.to_owned());
    thread::spawn(move || {
        for stream in listener.incoming().take(requests) {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let first = lines.next().unwrap().unwrap();
            while !lines.next().unwrap().unwrap().is_empty() {}
            let body = if first.contains("openid-configuration") {
                format!("{{\"issuer\":\"{own}\",\"jwks_uri\":\"{own}/keys\"}}")
            } else {
                // RFC 8037 appendix A.2.
                "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}".to_owned()
            };
            let head = format!(
                "HTTP/1.1 200 OK\r\nDate: {date}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            stream.write_all((head + &body).as_bytes()).unwrap();
        }
    });
    url
}

fn configuration(issuer: &str, upstream: &str, server: &str) -> String {
    format!(
        "[server]\nlisten = [\"127.0.0.1:0\"]\nworkers = 1\n{server}\n\
         [issuer.main]\nissuer = \"{issuer}\"\nkeys = {{ discovery = true }}\nallow_http = true\naudience = \"a\"\n\
         [upstream.app]\nurl = \"{upstream}\"\n\
         [[route]]\nname = \"all\"\nhost = [\"a.example.com\", \"*.b.example.com\"]\nupstream = \"app\"\n\
         accept = [\"bearer\"]\nallow = {{ identity = true }}\n"
    )
}

fn now() -> String {
    let now = jiff::Timestamp::now();
    now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn live(room: &Room) -> Ran {
    room.run(&["check", "--live"])
}

/// A certificate for these names that is good for so many days.
fn certificate(room: &Room, names: &str, days: &str) {
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
        ])
        .args([
            "-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=test", "-days", days,
        ])
        .args(["-addext", &format!("subjectAltName={names}")])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .current_dir(room.path(""))
        .stderr(Stdio::null())
        .status();
    assert!(made.unwrap().success());
}

#[test]
fn all_is_well_where_everything_is_there() {
    let room = Room::new();
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = upstream.local_addr().unwrap();
    let text = configuration(&issuer(&now(), 2), &format!("http://{address}"), "");
    room.write("countersign.toml", text);
    std::fs::set_permissions(room.path(""), std::fs::Permissions::from_mode(0o700)).unwrap();
    let ran = live(&room);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    for line in [
        "ok       issuer `main`: its keys can be fetched\n",
        "ok       clock, by issuer `main`: the same as this machine's\n",
        &format!("ok       upstream `app`: `{address}` takes connections\n"),
        "ok       store `countersign.db`: not there yet: it is made at the start\n",
        "ok       folder `.`: writable\n",
        " MiB free\n",
        "ok       address `127.0.0.1:0`: free\n",
    ] {
        assert!(ran.stdout.contains(line), "{line}: {}", ran.stdout);
    }
    assert!(
        !room.path("countersign.db").exists(),
        "to look is not to make"
    );
}

#[test]
fn what_does_not_work_is_said_with_a_fix() {
    let room = Room::new();
    let text = configuration(
        &issuer("Wed, 01 Jan 2020 00:00:00 GMT", 4),
        "http://127.0.0.1:1",
        "",
    );
    room.write("countersign.toml", text);
    room.write("countersign.db", "no database\n".repeat(100));
    std::fs::set_permissions(
        room.path("countersign.db"),
        std::fs::Permissions::from_mode(0o644),
    )
    .unwrap();
    let ran = live(&room);
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""), "{}", ran.stdout);
    for words in [
        "error    secret `countersign.db`: mode 644: everybody on this machine can use it\n           help: `chmod 600`",
        "error    clock, by issuer `main`: the issuer's is ",
        " s behind this machine's\n           help: let both machines keep their time by NTP",
        "error    upstream `app`: `127.0.0.1:1`: Connection refused",
        "error    store `countersign.db`: the file of the database is damaged or not a database\n           help: `countersign restore`",
    ] {
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
    }
    let report = room.run(&["check", "--live", "--json"]);
    assert_eq!(report.code, 1);
    let report: serde_json::Value = serde_json::from_str(&report.stdout).unwrap();
    let live = report["live"].as_array().unwrap();
    let upstream = live
        .iter()
        .find(|one| one["about"] == "upstream `app`")
        .unwrap();
    assert_eq!(upstream["state"], "error");
    assert!(upstream["help"].as_str().unwrap().contains("502"));
}

#[test]
fn an_issuer_that_is_not_there_is_an_error() {
    let room = Room::new();
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = upstream.local_addr().unwrap();
    room.write(
        "countersign.toml",
        configuration("http://127.0.0.1:1", &format!("http://{address}"), ""),
    );
    let ran = live(&room);
    assert_eq!(ran.code, 1);
    assert!(
        ran.stdout.contains("error    issuer `main`: http://127.0.0.1:1/.well-known/openid-configuration: cannot connect"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_certificate_is_looked_at_from_all_sides() {
    let room = Room::new();
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = upstream.local_addr().unwrap();
    let write = |requests| {
        let tls = "tls = { certificate = \"cert.pem\", key = \"key.pem\" }";
        let text = configuration(&issuer(&now(), requests), &format!("http://{address}"), tls);
        room.write("countersign.toml", text);
    };
    write(2);
    certificate(&room, "DNS:a.example.com,DNS:*.b.example.com", "60");
    let ran = live(&room);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    for words in [
        "ok       certificate `cert.pem`: the key is its own\n",
        "ok       certificate `cert.pem`: good for ",
        "ok       certificate `cert.pem`: covers the 2 hosts that are named\n",
        "warning  certificate `cert.pem`: signed by nobody whom this machine trusts\n",
        "ok       secret `key.pem`: mode 600\n",
    ] {
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
    }
    write(4);
    assert_eq!(room.run(&["check", "--live", "--strict"]).code, 1);
    let ran = room.run(&["check", "--live", "--certificate-days", "90"]);
    assert!(
        ran.stdout
            .contains("warning  certificate `cert.pem`: runs out in "),
        "{}",
        ran.stdout
    );
    write(2);
    certificate(&room, "DNS:a.example.com,DNS:b.example.com", "60");
    let ran = live(&room);
    assert_eq!(ran.code, 1);
    let words = "error    certificate `cert.pem`: is not for `*.b.example.com`\n";
    assert!(ran.stdout.contains(words), "{}", ran.stdout);
    write(2);
    std::fs::rename(room.path("cert.pem"), room.path("other.pem")).unwrap();
    certificate(&room, "DNS:a.example.com", "60");
    std::fs::rename(room.path("other.pem"), room.path("cert.pem")).unwrap();
    let ran = live(&room);
    assert_eq!(ran.code, 1);
    assert!(
        ran.stdout
            .contains("the private key `key.pem` belongs to another certificate than `cert.pem`"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_port_that_is_taken_is_ours_where_a_gateway_runs_on_the_store() {
    let room = Room::new();
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = upstream.local_addr().unwrap();
    // A port that was free a moment ago, as the system gives it.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap();
    let text = format!(
        "[server]\nlisten = [\"{port}\"]\nworkers = 1\n[log]\nformat = \"text\"\n[upstream.app]\nurl = \"http://{address}\"\n\
         [[route]]\nname = \"all\"\nupstream = \"app\"\naccept = [\"basic\"]\nallow = {{ identity = true }}\n"
    );
    room.write("countersign.toml", text);
    let ran = live(&room);
    assert_eq!(ran.code, 1);
    let words = format!("error    address `{port}`: taken by another program\n");
    assert!(ran.stdout.contains(&words), "{}", ran.stdout);
    drop(taken);
    let mut gateway = Running::start(
        room.command(&["serve"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped()),
    );
    gateway.stderr_until("listen");
    let ran = live(&room);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    let words = format!("ok       address `{port}`: taken, and a gateway runs on this store\n");
    assert!(ran.stdout.contains(&words), "{}", ran.stdout);
    assert!(gateway.terminate().success());
}

#[test]
fn without_a_configuration_that_holds_nothing_is_looked_at() {
    let room = Room::new();
    room.write("countersign.toml", "realm = 7\n");
    let ran = live(&room);
    assert_eq!(ran.code, 1);
    assert_eq!(
        ran.stderr,
        "what is around the gateway was not looked at: the configuration has errors\n"
    );
}

#[test]
fn an_order_of_a_certificate_is_looked_at_and_not_made() {
    let room = Room::new();
    let acme = |more: &str| {
        format!(
            "[server.tls.acme]\ndirectory = \"https://127.0.0.1:1/dir\"\nterms_agreed = true\n\
             domains = [\"a.example.com\"]\n{more}"
        )
    };
    let upstream = "http://127.0.0.1:1";
    room.write(
        "countersign.toml",
        configuration("http://127.0.0.1:1", upstream, &acme("")),
    );
    assert_eq!(
        room.run(&["check"]).code,
        0,
        "nothing keeps it from starting"
    );
    let ran = live(&room);
    assert_eq!(ran.code, 1);
    for words in [
        "acme/127.0.0.1_1_dir/certificate.pem`: not there yet: it is ordered at the start\n",
        "error    authority `https://127.0.0.1:1/dir`: cannot connect",
    ] {
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
    }
    assert!(!room.path("acme").exists(), "to look is not to make");

    let account = "external_account = { kid = \"a\", key_file = \"key\" }\n";
    room.write("key", "not base64url!\n");
    room.write(
        "countersign.toml",
        configuration("http://127.0.0.1:1", upstream, &acme(account)),
    );
    let ran = room.run(&["check"]);
    assert_eq!(ran.code, 1);
    let words = "is not a key in base64url";
    assert!(ran.stdout.contains(words), "{}", ran.stdout);
    assert!(!ran.stdout.contains("not base64url!"), "{}", ran.stdout);
}
