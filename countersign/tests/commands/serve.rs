//! `serve`: from the start to an orderly end. What a gateway does in between is tested elsewhere.

use std::net::TcpListener;
use std::process::Stdio;

use crate::room::{Room, Running, shell};

fn configuration(port: u16) -> String {
    format!(
        "[server]\nlisten = [\"127.0.0.1:{port}\"]\nworkers = 1\n\n[upstream.app]\nurl = \"http://127.0.0.1:9\"\n\n\
         [[route]]\nname = \"all\"\nupstream = \"app\"\naccept = [\"basic\"]\nallow = {{ identity = true }}\n"
    )
}

#[test]
fn it_serves_until_sigterm_and_logs_to_stderr() {
    let room = Room::new();
    room.write("countersign.toml", configuration(0));
    let mut command = room.command(&["serve"]);
    let mut running = Running::start(command.stdout(Stdio::null()).stderr(Stdio::piped()));
    let lines = running.stderr_until("\"listening\"");
    let listening: serde_json::Value = serde_json::from_str(lines.last().unwrap()).unwrap();
    let answer = shell(&format!(
        "curl -si http://{}/",
        listening["address"].as_str().unwrap()
    ));
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    running.stderr_until("\"refused\"");
    assert_eq!(running.terminate().code(), Some(0));
    running.stderr_until("\"stopping\",\"reason\":\"SIGTERM\"");
    assert!(room.path("countersign.db").exists());
}

#[test]
fn an_address_that_is_taken_is_named() {
    let room = Room::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    room.write("countersign.toml", configuration(port));
    let stderr = room.bad(1, &["serve"]);
    assert_eq!(
        stderr,
        format!(
            "error: cannot listen on `127.0.0.1:{port}`: Address already in use (os error 98)\n\
             help: `countersign check --live` says whether another program has it, or this user may not\n"
        )
    );
}
