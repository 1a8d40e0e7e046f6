//! `health`, asked of a gateway that runs and of one that does not answer.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::Stdio;

use crate::room::{Room, Running};

fn configuration(admin: &str) -> String {
    format!(
        "[server]\nlisten = [\"127.0.0.1:0\"]\nworkers = 1\n{admin}\n[upstream.app]\nurl = \"http://127.0.0.1:9\"\n\
         [[route]]\nname = \"all\"\nupstream = \"app\"\nallow = \"anyone\"\n"
    )
}

/// A room whose admin listener is at this port, which is free, or taken by the test.
fn room(port: u16) -> Room {
    let room = Room::new();
    let admin = format!("[admin]\nlisten = [\"127.0.0.1:{port}\"]");
    room.write("countersign.toml", configuration(&admin));
    room
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[test]
fn a_gateway_that_runs_is_healthy_and_ready() {
    let room = room(free_port());
    let mut command = room.command(&["serve"]);
    let mut running = Running::start(command.stdout(Stdio::null()).stderr(Stdio::piped()));
    running.stderr_until("\"admin-listening\"");
    assert!(!room.good(&["health"]).is_empty());
    assert!(room.good(&["health", "--ready"]).contains("ready"));
    assert!(running.terminate().success());
    let said = room.bad(1, &["health"]);
    assert!(said.contains("does not answer"), "{said}");
}

#[test]
fn what_answers_otherwise_or_not_at_all_is_not_healthy() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let room = room(listener.local_addr().unwrap().port());
    let peer = std::thread::spawn(move || {
        let answer = |text: &[u8]| {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 1024]).unwrap();
            stream.write_all(text).unwrap();
            stream
        };
        drop(answer(
            b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 5\r\n\r\nno\x1b[2",
        ));
        // Held open, and silent.
        let held = answer(b"");
        (listener, held)
    });
    let ran = room.run(&["health"]);
    assert_eq!((ran.code, &*ran.stdout), (1, "no\\u{1b}[2\n"), "{ran:?}");
    assert!(ran.stderr.contains("/healthz answers 503"), "{ran:?}");
    let said = room.bad(1, &["health", "--timeout", "1"]);
    assert!(said.contains("within 1 seconds"), "{said}");
    drop(peer.join().unwrap());
}

#[test]
fn without_an_admin_listener_there_is_nobody_to_ask() {
    let room = Room::new();
    room.write("countersign.toml", configuration(""));
    let said = room.bad(1, &["health"]);
    assert!(said.contains("has no admin listener"), "{said}");
}
