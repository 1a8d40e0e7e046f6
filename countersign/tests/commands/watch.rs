//! `[reload] on_change`: a changed file is taken up by itself.

use std::process::{Command, Stdio};

use crate::room::{Room, Running, shell};

fn configuration(route: &str, rest: &str) -> String {
    format!(
        "[server]\nlisten = [\"127.0.0.1:0\"]\nworkers = 1\n{rest}\n[reload]\non_change = true\nsettle_millis = 10\n\
         [upstream.app]\nurl = \"http://127.0.0.1:9\"\n\
         [[route]]\nname = \"{route}\"\npath = \"/{route}\"\nupstream = \"app\"\naccept = [\"basic\"]\nallow = {{ identity = true }}\n"
    )
}

/// A gateway, and its address.
fn start(room: &Room) -> (Running, String) {
    let mut command = room.command(&["serve"]);
    let mut running = Running::start(command.stdout(Stdio::null()).stderr(Stdio::piped()));
    let lines = running.stderr_until("\"listening\"");
    let event: serde_json::Value = serde_json::from_str(lines.last().unwrap()).unwrap();
    let address = event["address"].as_str().unwrap().to_owned();
    (running, address)
}

fn status(address: &str, path: &str) -> String {
    shell(&format!(
        "curl -s -o /dev/null -w '%{{http_code}}' http://{address}/{path}"
    ))
}

/// Writes beside and renames, as editors do.
fn replace(room: &Room, name: &str, text: &str) {
    room.write("beside", text);
    std::fs::rename(room.path("beside"), room.path(name)).unwrap();
}

#[test]
fn a_changed_file_is_taken_up_and_a_faulty_one_is_not() {
    let room = Room::new();
    room.write("countersign.toml", configuration("a", ""));
    let (mut running, address) = start(&room);
    assert_eq!(
        (&*status(&address, "a"), &*status(&address, "b")),
        ("401", "404")
    );
    replace(&room, "countersign.toml", &configuration("b", ""));
    running.stderr_until("\"reloaded\"");
    assert_eq!(
        (&*status(&address, "a"), &*status(&address, "b")),
        ("404", "401")
    );
    replace(&room, "countersign.toml", "realm = 7\n");
    running.stderr_until("\"reload-refused\"");
    assert_eq!(status(&address, "b"), "401");
    room.write("countersign.toml", configuration("c", ""));
    running.stderr_until("\"reloaded\"");
    assert_eq!(status(&address, "c"), "401");
    assert!(running.terminate().success());
}

#[test]
fn a_swapped_volume_is_taken_up() {
    let room = Room::new();
    let link = |version: &str, name: &str| {
        std::os::unix::fs::symlink(version, room.path(name)).unwrap();
    };
    for (version, route) in [("..1", "a"), ("..2", "b")] {
        std::fs::create_dir(room.path(version)).unwrap();
        room.write(
            &format!("{version}/countersign.toml"),
            configuration(route, ""),
        );
    }
    link("..1", "..data");
    link("..data/countersign.toml", "countersign.toml");
    let (mut running, address) = start(&room);
    assert_eq!(status(&address, "a"), "401");
    link("..2", "..data_tmp");
    std::fs::rename(room.path("..data_tmp"), room.path("..data")).unwrap();
    running.stderr_until("\"reloaded\"");
    assert_eq!(status(&address, "b"), "401");
    assert!(running.terminate().success());
}

#[test]
fn a_renewed_certificate_is_shown() {
    let room = Room::new();
    let certificate = |folder: &str, name: &str| {
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
                "-keyout",
                "key.pem",
                "-out",
                "cert.pem",
                "-days",
                "2",
                "-subj",
                &format!("/CN={name}"),
            ])
            .args(["-addext", "subjectAltName=DNS:localhost"])
            .current_dir(room.path(folder))
            .stderr(Stdio::null())
            .status();
        assert!(made.unwrap().success());
    };
    std::fs::create_dir(room.path("tls")).unwrap();
    std::fs::create_dir(room.path("next")).unwrap();
    certificate("tls", "first");
    certificate("next", "second");
    let tls = "tls = { certificate = \"tls/cert.pem\", key = \"tls/key.pem\" }";
    room.write("countersign.toml", configuration("a", tls));
    let (mut running, address) = start(&room);
    let shown = || {
        shell(&format!(
            "openssl s_client -connect {address} -servername localhost </dev/null 2>/dev/null | openssl x509 -noout -subject"
        ))
    };
    assert!(shown().contains("first"));
    // Between the two renames they do not fit: it may be refused once, and is taken then.
    for file in ["key.pem", "cert.pem"] {
        let (from, to) = (format!("next/{file}"), format!("tls/{file}"));
        std::fs::rename(room.path(&from), room.path(&to)).unwrap();
    }
    running.stderr_until("\"reloaded\"");
    assert!(shown().contains("second"));
    assert!(running.terminate().success());
}
