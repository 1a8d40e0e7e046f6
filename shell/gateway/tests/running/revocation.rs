//! What was verified once is forgotten when the store changes, and what is refused is kept without secrets.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use countersign_store::Store;

use crate::stage::client::Client;
use tokio::sync::Semaphore;

use crate::stage::failing_store::Failing;
use crate::stage::message::Message;
use crate::stage::upstream::Upstream;
use crate::stage::{ALICE, CHEAP, NOW, Play, hash_of, usual, wait_for};

fn with(field: &str, value: &str) -> String {
    format!("GET /api/x HTTP/1.1\r\nHost: a.example\r\n{field}: {value}\r\n\r\n")
}

/// Within this time a change counts. It is looked for twenty times a second; a wrong password is remembered for longer.
const SOON: Duration = Duration::from_secs(6);

/// Asks again and again, with no pause, until the answer is of the other kind, which it must become.
fn asked_until(client: &mut Client, request: &str, good: bool) -> Message {
    let begun = Instant::now();
    loop {
        let answer = client.send(request).answer();
        if (answer.status() == Some(200)) == good {
            return answer;
        }
        assert!(begun.elapsed() < SOON, "still {answer:?}");
    }
}

fn asked_until_refused(client: &mut Client, request: &str) -> String {
    asked_until(client, request, false).cause().to_owned()
}

#[test]
fn a_revoked_key_is_refused_though_it_was_remembered() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let (key, record) = stage.key_of("alice");
    let request = with("X-API-Key", &key);
    let mut client = stage.client();
    for _ in 0..3 {
        assert_eq!(client.send(&request).answer().status(), Some(200));
    }
    wait_for(stage.other_store().revoke_key(&record.id, NOW)).unwrap();
    assert_eq!(
        asked_until_refused(&mut client, &request),
        "credential-revoked"
    );
}

#[test]
fn a_disabled_user_is_refused_with_password_and_key() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let (key, _) = stage.key_of("alice");
    let requests = [with("X-API-Key", &key), with("Authorization", ALICE)];
    let mut client = stage.client();
    for request in &requests {
        assert_eq!(client.send(request).answer().status(), Some(200));
    }
    wait_for(stage.other_store().set_disabled("alice", true, NOW)).unwrap();
    for request in &requests {
        // What the client is told of it is no more than that the credentials are not taken.
        let told = asked_until_refused(&mut client, request);
        assert!(
            ["account-disabled", "credentials-rejected"].contains(&&*told),
            "{told}"
        );
    }
    assert!(stage.close().log.contains("account-disabled"));
}

#[test]
fn an_old_password_is_refused_and_the_new_one_taken() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let old = with("Authorization", ALICE);
    // `alice:new`
    let new = with("Authorization", "Basic YWxpY2U6bmV3");
    let mut client = stage.client();
    assert_eq!(client.send(&old).answer().status(), Some(200));
    assert_eq!(client.send(&new).answer().cause(), "credentials-rejected");
    let hash = hash_of(b"new", CHEAP);
    wait_for(stage.other_store().set_password("alice", hash, NOW)).unwrap();
    assert_eq!(
        asked_until_refused(&mut client, &old),
        "credentials-rejected"
    );
    // The refusal of the new one was remembered as well, and is forgotten by the same change.
    asked_until(&mut client, &new, true);
}

#[test]
fn attack_56_groups_that_change_count_for_the_next_request() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let admin =
        format!("GET /admin/x HTTP/1.1\r\nHost: a.example\r\nAuthorization: {ALICE}\r\n\r\n");
    let mut client = stage.client();
    assert_eq!(client.send(&admin).answer().cause(), "identity-not-allowed");
    let other = stage.other_store();
    wait_for(other.set_groups("alice", vec!["admin".into()], NOW)).unwrap();
    asked_until(&mut client, &admin, true);
    wait_for(other.set_groups("alice", vec![], NOW)).unwrap();
    assert_eq!(
        asked_until_refused(&mut client, &admin),
        "identity-not-allowed"
    );
    drop(stage);
}

#[test]
fn a_deleted_user_is_refused() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let (key, _) = stage.key_of("alice");
    let requests = [with("X-API-Key", &key), with("Authorization", ALICE)];
    let mut client = stage.client();
    for request in &requests {
        assert_eq!(client.send(request).answer().status(), Some(200));
    }
    wait_for(stage.other_store().delete_user("alice", NOW)).unwrap();
    for request in &requests {
        asked_until_refused(&mut client, request);
    }
}

#[test]
fn what_a_client_is_told_is_found_under_the_id_that_it_was_told() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let answer = stage.ask(
        "GET /api/x?token=marked HTTP/1.1\r\nHost: a.example\r\nUser-Agent: test/1\r\n\
         Authorization: Basic YWxpY2U6d3Jvbmc=\r\n\r\n",
    );
    let id = answer.field("x-request-id").unwrap().to_owned();
    assert!(answer.text().contains(&id), "{}", answer.text());
    // Two requests never have the same.
    assert_ne!(stage.ask(with("X", "y")).field("x-request-id"), Some(&*id));
    let closed = stage.close();
    assert!(closed.log.contains(&id), "{}", closed.log);
    let kept = wait_for(closed.store.refusal(&id))
        .unwrap()
        .expect("it was kept");
    assert_eq!(&*kept.cause, "credentials-rejected");
    assert_eq!(
        (kept.status, &*kept.method, &*kept.path),
        (401, "GET", "/api/x")
    );
    assert_eq!(kept.route.as_deref(), Some("api"));
    assert_eq!(kept.user_agent.as_deref(), Some("test/1"));
    let steps: Vec<serde_json::Value> = serde_json::from_str(&kept.steps).unwrap();
    let stages: Vec<_> = steps
        .iter()
        .filter_map(|step| step["stage"].as_str())
        .collect();
    assert_eq!(stages, ["route", "parse", "verify"], "{}", kept.steps);
}

#[test]
fn no_secret_is_in_the_log_or_in_a_file_of_the_store() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let (good_key, _) = stage.key_of("alice");
    // `alice:MARKED-password`, and the same with no colon.
    let wrong = "Basic YWxpY2U6TUFSS0VELXBhc3N3b3Jk";
    let bad_key = format!("{}MARKED", good_key.split_at(good_key.len() - 6).0);
    for fields in [
        format!("Authorization: {wrong}"),
        "Authorization: Basic TUFSS0VELXBhc3N3b3Jk".to_owned(),
        "Authorization: Basic MARKED!".to_owned(),
        "Authorization: Bearer MARKED.MARKED.MARKED".to_owned(),
        "Authorization: MARKED".to_owned(),
        "Authorization: MARKED x".to_owned(),
        format!("Authorization: {wrong}\r\nAuthorization: Bearer MARKED"),
        format!("X-API-Key: {good_key}"),
        format!("X-API-Key: {bad_key}"),
        "X-API-Key: MARKED".to_owned(),
        format!("X-API-Key: {good_key}\r\nX-API-Key: MARKED"),
        "Cookie: session=MARKED".to_owned(),
        "Referer: https://a.example/?token=MARKED".to_owned(),
        "Proxy-Authorization: Basic MARKED".to_owned(),
        "X-Auth-User: MARKED".to_owned(),
        "X-Other: MARKED".to_owned(),
    ] {
        for path in ["/api/x", "/admin/x", "/nowhere"] {
            stage.ask(format!(
                "POST {path}?access_token=MARKED&api_key={good_key} HTTP/1.1\r\nHost: a.example\r\n{fields}\r\n\
                 Content-Length: 6\r\n\r\nMARKED"
            ));
        }
    }
    stage.ask("GET /api/x HTTP/1.1\r\nHost: alice:MARKED@a.example\r\n\r\n");
    stage.ask("GET http://alice:MARKED@a.example/api/x HTTP/1.1\r\nHost: a.example\r\n\r\n");
    stage.ask(
        "GET http://alice:MARKED@a.example/api/x HTTP/1.1\r\nHost: alice:MARKED@a.example\r\n\r\n",
    );
    let (_, secret) = good_key.split_at(good_key.len() / 2);
    let closed = stage.close();
    assert!(closed.log.contains("credentials-rejected"));
    let mut searched = vec![("the log".to_owned(), closed.log.into_bytes())];
    for file in std::fs::read_dir(closed.folder.path()).unwrap() {
        let path = file.unwrap().path();
        searched.push((path.display().to_string(), std::fs::read(&path).unwrap()));
    }
    assert!(searched.len() > 1);
    for (name, bytes) in searched {
        let text = String::from_utf8_lossy(&bytes);
        for marked in ["MARKED", "TUFSS0VE", "YWxpY2U6", secret, "correct horse"] {
            assert!(!text.contains(marked), "`{marked}` is in {name}");
        }
    }
}

#[test]
fn attack_31_32_a_store_that_fails_lets_nobody_in() {
    let upstream = Upstream::content();
    let fails = Arc::new(AtomicBool::new(false));
    let stage = Play::default().open_on(upstream.address(), |inner| {
        Arc::new(Failing::new(inner, Arc::clone(&fails)))
    });
    let (key, _) = stage.key_of("alice");
    let requests = [with("X-API-Key", &key), with("Authorization", ALICE)];
    let mut client = stage.client();
    for request in &requests {
        assert_eq!(client.send(request).answer().status(), Some(200));
        upstream.next();
    }
    fails.store(true, Ordering::SeqCst);
    for request in &requests {
        // What is remembered goes on until the next look at the store, and not after it.
        assert_eq!(
            asked_until_refused(&mut client, request),
            "identity-backend-down"
        );
    }
    let answer = client.send(&requests[1]).answer();
    assert_eq!(answer.status(), Some(503));
    assert_eq!(answer.field("www-authenticate"), None);
    // The failure is not remembered either.
    fails.store(false, Ordering::SeqCst);
    assert_eq!(client.send(&requests[1]).answer().status(), Some(200));
    let log = stage.close().log;
    assert!(log.contains("store-failed"), "{log}");
}

#[test]
fn a_store_that_hangs_does_not_hold_the_log_back() {
    let upstream = Upstream::content();
    let until = Arc::new(Semaphore::new(0));
    let stage = Play::default().open_on(upstream.address(), |inner| {
        Arc::new(Failing::hanging(inner, Arc::clone(&until)))
    });
    for number in 0..3 {
        let refused = format!("GET /api/{number} HTTP/1.1\r\nHost: a.example\r\n\r\n");
        assert_eq!(stage.ask(refused).status(), Some(401));
        stage.wait_for_log(&format!("/api/{number}"));
    }
    until.close();
}
