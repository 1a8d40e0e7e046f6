//! `check` finds what `serve` would fail on, and both say the same of it.

use std::process::Command;

use crate::room::Room;

/// A configuration with a TLS listener: `cert.pem` and `key.pem`.
fn room() -> Room {
    let room = Room::new();
    room.write(
        "countersign.toml",
        "[server]\nlisten = [\"127.0.0.1:0\"]\nworkers = 1\n\
         tls = { certificate = \"cert.pem\", key = \"key.pem\" }\n\
         [upstream.app]\nurl = \"http://127.0.0.1:9\"\n\
         [[route]]\nname = \"all\"\nupstream = \"app\"\naccept = [\"basic\"]\nallow = { identity = true }\n",
    );
    openssl(
        &room,
        &[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-keyout",
            "key.pem",
            "-out",
            "cert.pem",
            "-subj",
            "/CN=test",
        ],
    );
    room
}

fn openssl(room: &Room, arguments: &[&str]) {
    let ran = Command::new("openssl")
        .args(arguments)
        .current_dir(room.path(""))
        .output()
        .unwrap();
    assert!(ran.status.success(), "{ran:?}");
}

/// What both say, each with a help line.
fn both_fail_with(room: &Room, words: &str) {
    let checked = room.run(&["check"]);
    assert_eq!(checked.code, 1, "{}", checked.stdout);
    let served = room.run(&["serve"]);
    assert_eq!(served.code, 1, "{}", served.stderr);
    for said in [&checked.stdout, &served.stderr] {
        assert!(said.contains(words), "{said}");
        assert!(said.contains("help: "), "{said}");
    }
    assert!(
        !checked.stdout.contains("nothing found"),
        "{}",
        checked.stdout
    );
    let json = room.run(&["check", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["errors"], 1);
    let message = json["findings"][0]["message"].as_str().unwrap();
    assert!(message.contains(words), "{message}");
}

#[test]
fn a_key_of_another_certificate() {
    let room = room();
    assert_eq!(room.run(&["check"]).code, 0);
    openssl(
        &room,
        &["genpkey", "-algorithm", "ED25519", "-out", "key.pem"],
    );
    both_fail_with(
        &room,
        "the private key `key.pem` belongs to another certificate than `cert.pem`",
    );
}

#[test]
fn a_key_with_a_passphrase() {
    let room = room();
    for form in ["-traditional", "-aes128"] {
        openssl(
            &room,
            &["genpkey", "-algorithm", "RSA", "-out", "plain.pem"],
        );
        openssl(
            &room,
            &[
                "rsa",
                "-in",
                "plain.pem",
                "-aes128",
                "-passout",
                "pass:x",
                form,
                "-out",
                "key.pem",
            ],
        );
        both_fail_with(
            &room,
            "the private key `key.pem` is locked with a passphrase",
        );
    }
}

#[test]
fn a_store_that_is_none() {
    let room = room();
    room.write("countersign.db", "no database\n".repeat(100));
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(room.path("countersign.db"), mode).unwrap();
    both_fail_with(&room, "damaged or not a database");
}

#[test]
fn a_configuration_that_cannot_be_read_is_a_finding_in_json() {
    let room = Room::new();
    room.write("latin.toml", b"realm = \"a\"\n# gr\xfc\xdfe\n");
    for (config, words) in [
        (
            "none.toml",
            "cannot read `none.toml`: No such file or directory",
        ),
        (".", "cannot read `.`: Is a directory"),
        (
            "latin.toml",
            "cannot read `latin.toml`: line 2 is not UTF-8",
        ),
        ("/dev/zero", "cannot read `/dev/zero`: it has more than "),
    ] {
        let ran = room.run(&["check", "--json", "--config", config]);
        assert_eq!(ran.code, 1);
        assert!(
            ran.stderr.contains(words) && ran.stderr.contains("help: "),
            "{}",
            ran.stderr
        );
        let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        let message = json["findings"][0]["message"].as_str().unwrap();
        assert!(json["errors"] == 1 && message.starts_with(words), "{json}");
        assert!(json["findings"][0]["help"].is_string(), "{json}");
    }
}

#[test]
fn a_store_that_cannot_be_opened_says_what_to_do() {
    let room = Room::new();
    room.write("s.db", "no database\n".repeat(100));
    let said = room.bad(1, &["user", "list", "--store", "s.db"]);
    assert!(
        said.contains("help: ") && said.contains("countersign restore"),
        "{said}"
    );
}

#[test]
fn authorities_of_clients_that_cannot_be_read() {
    let room = room();
    let text = std::fs::read_to_string(room.path("countersign.toml")).unwrap();
    let asking = "key = \"key.pem\", client_certificates = { ca_file = \"ca.pem\" }";
    room.write(
        "countersign.toml",
        text.replace("key = \"key.pem\"", asking)
            .replace("\"basic\"", "\"certificate\""),
    );
    room.write("ca.pem", std::fs::read(room.path("cert.pem")).unwrap());
    assert_eq!(room.run(&["check"]).code, 0);
    room.write(
        "ca.pem",
        "-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n",
    );
    both_fail_with(&room, "`ca.pem`");
}
