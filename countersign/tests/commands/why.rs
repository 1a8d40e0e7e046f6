//! `why`, from a store and from a log.

use countersign_cause::Cause;
use countersign_store::{Options, RefusalRecord, SqliteStore, Store as _};
use serde_json::json;

use crate::room::Room;

fn refusal() -> RefusalRecord {
    RefusalRecord {
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
        user_agent: Some("curl/8".into()),
        host: Some("a.example.com".into()),
        subject: None,
        account: Some("alice".into()),
        key_id: Some("abcdefghijkl".into()),
        detail: Some("the account is disabled".into()),
        steps: r#"[{"stage":"route","words":"route `notes` decides"},{"stage":"verify","words":"the user is disabled"}]"#
            .into(),
    }
}

fn room_with(refusals: Vec<RefusalRecord>) -> Room {
    let room = Room::new();
    let store = SqliteStore::open(&room.path("s.db"), Options::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(store.keep_refusals(refusals)).unwrap();
    room
}

#[test]
fn everything_that_is_known_is_told() {
    let room = room_with(vec![refusal()]);
    let entry = Cause::AccountDisabled.entry();
    assert_eq!(
        room.good(&["why", "5k2m9x0c7q1v8z3b4n6d", "--store", "s.db"]),
        format!(
            "cause:                account-disabled: {}\n\
             the client was told:  `credentials-rejected`, which says less on purpose\n\
             status:               401\n\
             route:                notes\n\
             scheme:               basic\n\
             when:                 <time>\n\
             request:              GET /notes\n\
             peer:                 192.0.2.1\n\
             host:                 a.example.com\n\
             account:              alice\n\
             API key:              abcdefghijkl\n\
             user agent:           curl/8\n\
             detail:               the account is disabled\n\
             \n\
             the way of the request:\n\
             \x20 route   route `notes` decides\n\
             \x20 verify  the user is disabled\n\
             \n\
             {}\n\
             to be fixed by {}: {}\n",
            entry.title,
            entry.meaning,
            entry.who.title(),
            entry.fix
        )
    );
}

#[test]
fn in_json() {
    let room = room_with(vec![refusal()]);
    let entry = Cause::AccountDisabled.entry();
    assert_eq!(
        room.json(&["why", "5k2m9x0c7q1v8z3b4n6d", "--json", "--store", "s.db"]),
        json!({
            "request_id": "5k2m9x0c7q1v8z3b4n6d", "time": "<time>", "cause": "account-disabled", "title": entry.title,
            "meaning": entry.meaning, "told": "credentials-rejected", "status": 401, "route": "notes", "scheme": "basic",
            "method": "GET", "host": "a.example.com", "path": "/notes", "peer": "192.0.2.1", "user_agent": "curl/8", "subject": null,
            "account": "alice", "key": "abcdefghijkl", "detail": "the account is disabled",
            "steps": [
                { "stage": "route", "words": "route `notes` decides" },
                { "stage": "verify", "words": "the user is disabled" },
            ],
            "who": entry.who.word(), "fix": entry.fix,
        })
    );
}

#[test]
fn a_record_of_another_version_is_told_as_far_as_it_is_understood() {
    let strange = RefusalRecord {
        cause: "not-of-this-age".into(),
        steps: "7".into(),
        ..refusal()
    };
    let room = room_with(vec![strange]);
    let told = room.good(&["why", "5k2m9x0c7q1v8z3b4n6d", "--store", "s.db"]);
    assert!(
        told.starts_with(
            "cause:                not-of-this-age: a cause that this version does not know\n"
        ),
        "{told}"
    );
    assert!(
        told.ends_with("detail:               the account is disabled\n"),
        "{told}"
    );
}

#[test]
fn words_of_strangers_do_not_move_the_cursor() {
    let room = room_with(vec![RefusalRecord {
        path: "/\u{1b}[2J".into(),
        ..refusal()
    }]);
    let told = room.good(&["why", "5k2m9x0c7q1v8z3b4n6d", "--store", "s.db"]);
    assert!(told.contains("GET /\\u{1b}[2J\n"), "{told}");
}

#[test]
fn what_is_not_found_says_why_that_can_be() {
    let room = room_with(vec![refusal()]);
    let reasons = "error: nothing is known of a request `unheardof`\n\
                   help: only refusals are kept, not requests that were let through\n\
                   help: it may be another store's: `--config` or `--store` name one\n\
                   help: it may be older than the refusals that are kept, or have come in a flood of them \
                   (`refusals_kept_max`, `refusals_kept_per_sec_max`)\n";
    assert_eq!(
        room.bad(1, &["why", "unheardof", "--store", "s.db"]),
        format!("{reasons}help: the log has all of them: `--log FILE`\n")
    );
    room.write("log", "");
    assert_eq!(
        room.bad(1, &["why", "unheardof", "--store", "s.db", "--log", "log"]),
        reasons
    );
}

const LOG: &str = r#"{"time":"2026-01-02T03:04:05.678Z","event":"listening","address":"127.0.0.1:8080","protocol":"http"}
no JSON
{"time":"2026-01-02T03:04:06.678Z","event":"refused","cause":"token-expired","status":401,"scheme":"bearer","route":"api","detail":"exp is past","subject":"alice","request":"r1","peer":"192.0.2.1","method":"GET","host":"api.example.com","path":"/x"}
{"time":"2026-01-02T03:04:07.678Z","event":"refused","cause":"credentials-missing","status":401,"request":"r2","peer":"192.0.2.1","method":"GET","host":"api.example.com","path":"/y"}
"#;

#[test]
fn a_log_is_enough_where_there_is_no_store() {
    let room = Room::new();
    room.write("gateway.log", LOG);
    let entry = Cause::CredentialsMissing.entry();
    assert_eq!(
        room.good(&["why", "r2", "--log", "gateway.log"]),
        format!(
            "cause:                credentials-missing: {}\n\
             the client was told:  the same\n\
             status:               401\n\
             route:                none\n\
             scheme:               none\n\
             when:                 2026-01-02T03:04:07.678Z\n\
             request:              GET /y\n\
             peer:                 192.0.2.1\n\
             host:                 api.example.com\n\
             \n\
             {}\n\
             to be fixed by {}: {}\n",
            entry.title,
            entry.meaning,
            entry.who.title(),
            entry.fix
        )
    );
    let found = room.json(&["why", "r1", "--log", "gateway.log", "--json"]);
    assert_eq!(
        (&found["detail"], &found["subject"]),
        (&"exp is past".into(), &"alice".into())
    );
    assert_eq!(
        room.bad(1, &["why", "r1", "--log", "none.log"]),
        "error: cannot read `none.log`: No such file or directory (os error 2)\n"
    );
}
