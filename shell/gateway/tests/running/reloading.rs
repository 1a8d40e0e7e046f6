//! Another configuration while the gateway runs: all of it or nothing, and no request is lost by it.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::TcpStream;

use crate::stage::certificate::{Certificate, localhost};
use crate::stage::upstream::Upstream;
use crate::stage::{ALICE, Play, Stage, usual, wait_for};

const OPEN: &str =
    "[[route]]\nname = \"open\"\npath = \"/open/**\"\nupstream = \"app\"\nallow = \"anyone\"\n";

fn get(path: &str, fields: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a.example\r\n{fields}\r\n")
}

#[test]
fn the_next_request_on_an_open_connection_is_under_the_new_rules() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let mut client = stage.client();
    let request = get("/open/x", "");
    assert_eq!(client.send(&request).answer().cause(), "route-unmatched");
    let play = Play {
        sections: OPEN,
        ..Play::default()
    };
    stage.reload(&play, upstream.address()).unwrap();
    assert_eq!(client.send(&request).answer().status(), Some(200));
    stage.reload(&Play::default(), upstream.address()).unwrap();
    assert_eq!(client.send(&request).answer().cause(), "route-unmatched");
    assert!(
        stage
            .close()
            .log
            .contains("\"event\":\"reloaded\",\"generation\":3")
    );
}

#[test]
fn an_upstream_that_has_moved_is_reached_where_it_is() {
    let before = Upstream::content();
    let stage = usual(before.address());
    let mut client = stage.client();
    let request = get("/public/x", "");
    assert_eq!(client.send(&request).answer().status(), Some(200));
    let after = Upstream::content();
    stage.reload(&Play::default(), after.address()).unwrap();
    drop(before);
    assert_eq!(client.send(&request).answer().status(), Some(200));
}

#[test]
fn what_was_remembered_under_other_rules_is_verified_again() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let mut client = stage.client();
    let request = get("/api/x", &format!("Authorization: {ALICE}\r\n"));
    assert_eq!(client.send(&request).answer().status(), Some(200));
    let play = Play {
        sections: OPEN,
        ..Play::default()
    };
    stage.reload(&play, upstream.address()).unwrap();
    assert_eq!(client.send(&request).answer().status(), Some(200));
    let near = get("/near/x", &format!("Authorization: {ALICE}\r\n"));
    assert_eq!(client.send(&near).answer().cause(), "address-not-allowed");
}

#[test]
fn what_needs_a_restart_changes_nothing() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let play = Play {
        sections: OPEN,
        limits: "password_threads = 2\npassword_queue_max = 5\n",
        ..Play::default()
    };
    assert_eq!(
        stage.reload(&play, upstream.address()).unwrap_err(),
        "a restart is needed for another `server.limits.password_queue_max`, `server.limits.password_threads`"
    );
    assert_eq!(
        stage.ask(get("/open/x", "")).cause(),
        "route-unmatched",
        "nothing of it is in force"
    );
    assert!(stage.close().log.contains("\"event\":\"reload-refused\""));
}

/// Requests of each client.
const REQUESTS: usize = 400;
/// Clients that ask at the same time, half of them on a connection for each request.
const CLIENTS: usize = 4;

#[test]
fn reloads_under_load_lose_no_request() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let plays = [
        Play {
            sections: OPEN,
            ..Play::default()
        },
        Play::default(),
    ];
    let done = AtomicUsize::new(0);
    let request = get("/api/x", &format!("Authorization: {ALICE}\r\n"));
    let mut reloads = 0;
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let (stage, done, request) = (&stage, &done, &request);
                scope.spawn(move || {
                    let mut client = stage.client();
                    let mut statuses = Vec::with_capacity(REQUESTS);
                    for _ in 0..REQUESTS {
                        if number % 2 == 0 {
                            client = stage.client();
                        }
                        statuses.push(client.send(request).answer().status());
                    }
                    done.fetch_add(1, Ordering::Relaxed);
                    statuses
                })
            })
            .collect();
        while done.load(Ordering::Relaxed) < CLIENTS && !clients.iter().all(|c| c.is_finished()) {
            for play in &plays {
                stage.reload(play, upstream.address()).unwrap();
                reloads += 1;
            }
        }
        for client in clients {
            let statuses = client.join().unwrap();
            assert_eq!(statuses, [Some(200); REQUESTS]);
        }
    });
    assert!(reloads >= 2, "{reloads}");
}

/// Whether a TLS client that trusts this certificate alone gets through.
fn trusts(stage: &Stage, certificate: &Certificate) -> bool {
    wait_for(async {
        let stream = TcpStream::connect(stage.address()).await.unwrap();
        let connector = certificate.connector(b"http/1.1");
        connector.connect(localhost(), stream).await.is_ok()
    })
}

#[test]
fn a_renewed_certificate_is_shown_to_the_next_connection() {
    let upstream = Upstream::content();
    let (old, new) = (Certificate::new(), Certificate::new());
    let [old_setting, new_setting] = [old.setting(), new.setting()];
    let with = |server| Play {
        server,
        ..Play::default()
    };
    let stage = with(&old_setting).open(upstream.address());
    assert!(trusts(&stage, &old));
    let mismatched = format!(
        "tls = {{ certificate = '{}', key = '{}' }}",
        new.file("cert.pem"),
        old.file("key.pem")
    );
    let refused = stage.reload(&with(&mismatched), upstream.address());
    assert!(
        refused
            .unwrap_err()
            .contains("belongs to another certificate than")
    );
    assert!(trusts(&stage, &old) && !trusts(&stage, &new));
    stage
        .reload(&with(&new_setting), upstream.address())
        .unwrap();
    assert!(trusts(&stage, &new) && !trusts(&stage, &old));
}
