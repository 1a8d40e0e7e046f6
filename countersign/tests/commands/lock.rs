//! `lock list` and `lock lift`, on a store and on a gateway that runs.

use std::process::Stdio;

use countersign_store::{BrakeRecord, Options, SqliteStore, Store as _};
use serde_json::{Value, json};

use crate::room::{Room, Running, shell};

/// Long after the year in which anything here runs.
const LATE: i64 = 32_503_680_000;

fn brake(account: Option<&str>, network: Option<&str>) -> BrakeRecord {
    BrakeRecord {
        account: account.map(Into::into),
        network: network.map(|network| network.parse().unwrap()),
        failures: 9,
        last_unix_secs: 1_700_000_000,
        next_unix_secs: 1_700_000_016,
        over_unix_secs: LATE,
    }
}

fn room() -> Room {
    let room = Room::new();
    let store = SqliteStore::open(&room.path("s.db"), Options::default()).unwrap();
    let brakes = vec![
        brake(Some("alice"), Some("192.0.2.7/32")),
        brake(Some("a\u{1b}[2J"), None),
        brake(None, Some("2001:db8::/64")),
    ];
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime
        .block_on(store.keep_brakes(brakes, 1_700_000_000))
        .unwrap();
    room
}

#[test]
fn brakes_are_listed_for_people_and_for_programs() {
    let room = room();
    assert_eq!(
        room.good(&["lock", "list", "--store", "s.db"]),
        "BRAKE    ACCOUNT     NETWORK        FAILURES  NEXT ATTEMPT          FORGOTTEN\n\
         account  a\\u{1b}[2J  -              9         <time>  <time>\n\
         network  -           2001:db8::/64  9         <time>  <time>\n\
         pair     alice       192.0.2.7/32   9         <time>  <time>\n"
    );
    let listed = room.json(&["lock", "list", "--json", "--store", "s.db"]);
    assert_eq!(
        listed[2],
        json!({ "brake": "pair", "account": "alice", "network": "192.0.2.7/32", "failures": 9, "last": "<time>",
            "next": "<time>", "over": "<time>" })
    );
}

#[test]
fn what_is_named_is_lifted() {
    let room = room();
    let lift = |arguments: &[&str]| {
        let arguments = [&["lock", "lift", "--store", "s.db"], arguments].concat();
        let ran = room.run(&arguments);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        (ran.stdout, ran.stderr)
    };
    let noticed = "running gateways notice within a tenth of a second\n";
    assert_eq!(
        lift(&["--account", "alice"]).1,
        format!("lifted 1 brake; {noticed}")
    );
    assert_eq!(
        lift(&["--network", "198.51.100.0/24"]).1,
        "there is no such brake: `countersign lock list` shows those that there are\n"
    );
    assert_eq!(lift(&["--all", "--json"]).0, "{\"lifted\":2}\n");
    let ran = room.run(&["lock", "list", "--store", "s.db"]);
    assert_eq!(
        (ran.stdout.as_str(), ran.stderr.as_str()),
        ("", "nothing is braked\n")
    );
}

#[test]
fn to_lift_without_saying_what_is_wrong_usage() {
    let room = room();
    let stderr = room.bad(2, &["lock", "lift", "--store", "s.db"]);
    for way in ["--account <NAME>", "--network <NETWORK>", "--all"] {
        assert!(stderr.contains(way), "{stderr}");
    }
    let stderr = room.bad(
        2,
        &["lock", "lift", "--network", "10.0.0.1/8", "--store", "s.db"],
    );
    assert_eq!(
        stderr,
        "error: `10.0.0.1/8` is not a network: the address has bits set after the prefix\n\
         help: write it as in `192.0.2.7`, `192.0.2.0/24` or `2001:db8::/64`\n"
    );
}

#[test]
fn attack_41_a_guesser_is_braked_listed_and_let_try_again() {
    let room = Room::new();
    room.write(
        "countersign.toml",
        "[server]\nlisten = [\"127.0.0.1:0\"]\nworkers = 2\n[brakes]\npair_attempts = 2\ndelay_secs = 900\n\
         [basic]\nhash = { memory_kib = 7168, passes = 5 }\n[upstream.app]\nurl = \"http://127.0.0.1:9\"\n\
         [[route]]\nname = \"all\"\nupstream = \"app\"\naccept = [\"basic\"]\nallow = { identity = true }\n",
    );
    room.good_with(&["user", "add", "alice"], b"right password\n");
    let mut command = room.command(&["serve"]);
    let mut running = Running::start(command.stdout(Stdio::null()).stderr(Stdio::piped()));
    let lines = running.stderr_until("\"listening\"");
    let listening: Value = serde_json::from_str(lines.last().unwrap()).unwrap();
    let url = format!("http://{}/", listening["address"].as_str().unwrap());
    let status = |password: &str| {
        shell(&format!(
            "curl -s -o /dev/null -w '%{{http_code}} %header{{retry-after}}' -u 'alice:{password}' {url}"
        ))
    };
    assert_eq!(["one", "two"].map(&status), ["401 ", "401 "]);
    // Each connection may come to another worker: they count together.
    for _ in 0..8 {
        let braked = status("right password");
        let (code, secs) = braked.split_once(' ').unwrap();
        assert_eq!(code, "429");
        assert!((880..=900).contains(&secs.parse().unwrap()), "{braked}");
    }
    let lines = running.stderr_until("\"rate-limited\"");
    let refused: Value = serde_json::from_str(lines.last().unwrap()).unwrap();
    assert_eq!(refused["status"], 429);
    assert_eq!(
        refused["detail"],
        "too many attempts at this account from this network failed"
    );
    // The store has it a turn later.
    let listed = (0..1000)
        .map(|_| room.json(&["lock", "list", "--json"]))
        .find(|listed| *listed != json!([]))
        .unwrap();
    assert_eq!(
        (
            &listed[0]["brake"],
            &listed[0]["account"],
            &listed[0]["network"]
        ),
        (&json!("pair"), &json!("alice"), &json!("127.0.0.1/32"))
    );
    room.good(&["lock", "lift", "--account", "alice"]);
    running.stderr_until("\"brakes-lifted\",\"account\":\"alice\"");
    // The upstream is not there: to get so far is enough.
    assert_eq!(status("right password"), "502 ");
    assert_eq!(running.terminate().code(), Some(0));
}

#[test]
fn attack_41_a_restart_is_no_way_around_the_brakes() {
    let room = Room::new();
    room.write(
        "countersign.toml",
        "[server]\nlisten = [\"127.0.0.1:0\"]\nworkers = 1\n[brakes]\npair_attempts = 1\ndelay_secs = 900\n\
         [upstream.app]\nurl = \"http://127.0.0.1:9\"\n\
         [[route]]\nname = \"all\"\nupstream = \"app\"\naccept = [\"basic\"]\nallow = { identity = true }\n",
    );
    let statuses = ["one", "two"].map(|password| {
        let mut command = room.command(&["serve"]);
        let mut running = Running::start(command.stdout(Stdio::null()).stderr(Stdio::piped()));
        let lines = running.stderr_until("\"listening\"");
        let listening: Value = serde_json::from_str(lines.last().unwrap()).unwrap();
        let address = listening["address"].as_str().unwrap();
        let status = shell(&format!(
            "curl -s -o /dev/null -w '%{{http_code}}' -u nobody:{password} http://{address}/"
        ));
        assert_eq!(running.terminate().code(), Some(0));
        status
    });
    assert_eq!(statuses, ["401", "429"]);
}
