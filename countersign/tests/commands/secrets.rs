//! Secrets that are no files of the configuration: credentials of systemd, and the environment.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use crate::room::{Ran, Room, Running};

const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef";

fn room() -> Room {
    let room = Room::new();
    room.write(
        "countersign.toml",
        "[server]\nlisten = [\"127.0.0.1:0\"]\nworkers = 1\npublic_url = \"https://a.example\"\n[digest]\nnonce_key_file = \"credential:nonce.key\"\n\
         [issuer.a]\nissuer = \"https://a.example\"\naudience = \"a\"\nalgorithms = [\"HS256\"]\n\
         keys = { secret_file = \"env:HS_KEY\" }\n[provider.corp]\nissuer = \"http://127.0.0.1:9\"\nallow_http = true\nclient_id = \"gateway\"\n\
         secret_file = \"env:CORP_SECRET\"\n[upstream.app]\nurl = \"http://127.0.0.1:9\"\n\
         [[route]]\nname = \"all\"\nupstream = \"app\"\naccept = [\"bearer\", \"digest\", \"session\"]\nallow = { identity = true }\n",
    );
    std::fs::create_dir(room.path("credentials")).unwrap();
    room.write("credentials/nonce.key", SECRET);
    let mode = std::fs::Permissions::from_mode(0o440);
    std::fs::set_permissions(room.path("credentials/nonce.key"), mode).unwrap();
    room
}

/// Runs as the gateway's process, which has what systemd gives it.
fn as_the_service(room: &Room, arguments: &[&str]) -> Ran {
    let mut command = room.command(arguments);
    command.env("CREDENTIALS_DIRECTORY", room.path("credentials"));
    command.env("HS_KEY", SECRET).env("CORP_SECRET", SECRET);
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran {
        code: output.status.code().unwrap(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

#[test]
fn what_is_missing_is_said_and_administration_goes_on_without() {
    let room = room();
    let ran = room.run(&["check"]);
    assert_eq!(ran.code, 1);
    for said in [
        "the credential `nonce.key` is not here: `$CREDENTIALS_DIRECTORY` is not set",
        "the environment has no variable `HS_KEY`",
        "the environment has no variable `CORP_SECRET`",
    ] {
        assert!(ran.stdout.contains(said), "{ran:?}");
    }
    assert_eq!(room.run(&["serve"]).code, 1);
    // Whoever adds a user is not the service, and does not need its secrets.
    room.good_with(&["user", "add", "alice"], b"correct horse battery\n");
    let routes = room.run(&["routes", "http://a.example/"]);
    assert_eq!(routes.code, 0, "{}", routes.stderr);

    let ran = as_the_service(&room, &["check"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    std::fs::remove_file(room.path("credentials/nonce.key")).unwrap();
    let ran = as_the_service(&room, &["check"]);
    let place = room.path("credentials/nonce.key");
    let said = format!("it was looked for at `{}`", place.display());
    assert!(ran.code == 1 && ran.stdout.contains(&said), "{ran:?}");
}

#[test]
fn the_live_check_looks_at_them_and_shows_none() {
    let room = room();
    let ran = as_the_service(&room, &["check", "--live"]);
    let said = ran.stdout + &ran.stderr;
    let place = room.path("credentials/nonce.key");
    for line in [
        format!("secret `{}`", place.display()),
        "secret `env:HS_KEY`".into(),
        "secret `env:CORP_SECRET`".into(),
    ] {
        assert!(said.contains(&line), "{said}");
    }
    assert!(!said.contains(SECRET), "{said}");
}

#[test]
fn a_gateway_starts_with_them() {
    let room = room();
    let mut command = room.command(&["serve"]);
    command
        .env("CREDENTIALS_DIRECTORY", room.path("credentials"))
        .env("HS_KEY", SECRET)
        .env("CORP_SECRET", SECRET);
    let mut running = Running::start(command.stdout(Stdio::null()).stderr(Stdio::piped()));
    running.stderr_until("\"listening\"");
    assert!(running.terminate().success());
}
