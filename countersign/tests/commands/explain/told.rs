use countersign_cause::Cause;
use countersign_store::{Options, RefusalRecord, SqliteStore, Store as _};

use super::server::Server;
use crate::room::Room;

/// A room with the store of a gateway that has refused something.
fn room_with_a_refusal() -> Room {
    let room = Room::new();
    let store = SqliteStore::open(&room.path("s.db"), Options::default()).unwrap();
    let record = RefusalRecord {
        request_id: "5k2m9x0c7q1v8z3b4n6d".into(),
        time_unix_secs: 1_700_000_000,
        cause: "account-disabled".into(),
        told: "credentials-rejected".into(),
        status: 401,
        scheme: Some("basic".into()),
        route: Some("notes".into()),
        method: "GET".into(),
        path: "/notes".into(),
        peer: "192.0.2.1".into(),
        user_agent: None,
        host: Some("a.example.com".into()),
        subject: None,
        account: Some("alice".into()),
        key_id: Some("abcdefghijkl".into()),
        detail: Some("the account is disabled".into()),
        steps: r#"[{"stage":"verify","words":"the user is disabled"}]"#.into(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(store.keep_refusals(vec![record])).unwrap();
    room
}

#[test]
fn a_refusal_of_ones_own_gateway() {
    let room = room_with_a_refusal();
    let ran = room.run(&["explain", "--id", "5k2m9x0c7q1v8z3b4n6d", "--store", "s.db"]);
    assert_eq!(
        (ran.code, ran.stderr.as_str(), ran.stdout.as_str()),
        (
            1,
            "",
            "401: the account is disabled (account-disabled, certain)\n\
             \n\
             What was seen:\n\
             \x20 - The gateway recorded this cause when it refused `GET /notes` at <time>, on the\n\
             \x20   route `notes`.\n\
             \x20 - The account is disabled.\n\
             \x20 - Verify: the user is disabled.\n\
             \x20 - The client was told no more than `credentials-rejected`, on purpose.\n\
             \n\
             What to do, for the operator:\n\
             \x20 Look up why it was disabled, then enable the account again; Countersign names it in the log\n\
             \x20 and in `countersign why`, and `countersign user enable NAME` does it. For a service, make an\n\
             \x20 account of its own, so that it does not end when a person leaves.\n\
             \n\
             Recognised:\n\
             \x20 Countersign\n\
             \n\
             More on this cause: countersign explain --cause account-disabled\n"
        )
    );
}

#[test]
fn a_refusal_that_is_not_recorded_is_no_result() {
    let room = room_with_a_refusal();
    let told = room.bad(2, &["explain", "--id", "unheardof", "--store", "s.db"]);
    assert!(
        told.starts_with("error: nothing is known of a request `unheardof`\nhelp: "),
        "{told}"
    );
    let told = room.bad(2, &["explain", "--id", "x", "--store", "none.db"]);
    assert!(
        told.starts_with("error: there is no store `none.db`\n"),
        "{told}"
    );
}

#[test]
fn the_page_of_a_cause_is_that_of_the_reference() {
    let page = Room::new().good(&["explain", "--cause", "token-expired"]);
    assert_eq!(page, countersign_cause::markdown(Cause::TokenExpired));
}

#[test]
fn an_accepted_request_says_what_else_it_may_be() {
    let (room, server) = (Room::new(), Server::start());
    let field = format!("Authorization: Bearer {}", super::server::TOKEN);
    assert_eq!(
        room.good(&["explain", &server.url(), "-H", &field]),
        "200: the request is let through\n\
         \n\
         If you see a refusal all the same:\n\
         \x20 - It comes from another client than this one: `--client` names the one that is refused, and in\n\
         \x20   a browser `--har` takes its own recording.\n\
         \x20 - It comes now and then: run this again while it happens.\n\
         \x20 - It is about another request, such as the one after a redirect, or another method.\n"
    );
}

#[test]
fn a_server_that_is_down_is_said_to_be() {
    let url = Server::nobody();
    let ran = Room::new().run(&["explain", &url, "-v"]);
    assert_eq!(ran.code, 4);
    assert!(
        ran.stdout
            .starts_with("no answer: the server could not be reached\n\nWhat failed:\n  - "),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout
            .contains(&format!("\nWhat was sent:\n  1. GET {url}: no answer in ")),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_page_takes_the_place_of_what_was_there() {
    let (room, server) = (Room::new(), Server::start());
    room.write("r.html", "x".repeat(1_000_000));
    let ran = room.run(&[
        "explain",
        "--report",
        "r.html",
        "-u",
        "alice:w0nderland",
        &server.url(),
    ]);
    assert_eq!(
        (ran.code, ran.stderr.as_str()),
        (1, "the report is in `r.html`\n")
    );
    let page = std::fs::read_to_string(room.path("r.html")).unwrap();
    assert!(
        page.starts_with("<!doctype html>") && page.ends_with("</html>\n"),
        "{page}"
    );
    assert!(
        page.contains("scheme-not-accepted") && !page.contains("w0nderland"),
        "{page}"
    );
    // A device is written to, not replaced.
    let ran = room.run(&[
        "explain",
        "--report",
        "/dev/null",
        &server.url(),
        "--offline",
    ]);
    assert_eq!(ran.stderr, "the report is in `/dev/null`\n");
    assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
}

#[test]
fn the_guide_leads_to_the_page_of_every_cause_that_can_be_found() {
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let guide = std::fs::read_to_string(docs.join("guide/my-request-gets-a-401.md")).unwrap();
    for cause in Cause::ALL.iter().filter(|cause| cause.entry().explained) {
        let link = format!("(../reference/causes/{}.md)", cause.id());
        assert!(guide.contains(&link), "{link}");
    }
}
