//! Digest over the running gateway: counts, bodies, proofs, keys of nonces, proxies.

use std::sync::Arc;

use countersign_flow::Nonces;
use countersign_secret::Secret;
use countersign_store::{DigestSecret, Store};
use countersign_wire::challenge;
use countersign_wire::digest::client::{Asked, Login, asked, authorization};
use countersign_wire::digest::{Algorithm, Charset, Qop, SecretHash, Target, info, user_hash};

use crate::stage::failing_store::Failing;
use crate::stage::message::Message;
use crate::stage::upstream::{OK, Upstream};
use crate::stage::{CHEAP, NOW, PASSWORD, Play, Stage, hash_of, usual, wait_for};

const REALM: &str = "stage";

/// A route that accepts Digest, and what is to be offered.
fn text(digest: &str) -> String {
    format!(
        "[digest]\n{digest}\n[[route]]\nname = \"digest\"\npath = \"/digest/**\"\nupstream = \"app\"\n\
         accept = [\"digest\"]\nallow = {{ identity = true }}\n"
    )
}

/// Switches Digest on for `alice`, for SHA-256.
fn switch_on(store: &dyn Store) {
    let user = wait_for(store.user("alice")).unwrap().unwrap();
    let algorithm = Algorithm::from_word("SHA-256").unwrap();
    let password = std::str::from_utf8(PASSWORD).unwrap();
    let secret = SecretHash::of_password(algorithm, Charset::Utf8, "alice", REALM, password);
    let secret = DigestSecret {
        algorithm: algorithm.word().into(),
        realm: REALM.into(),
        secret: Secret::new(secret.expose().to_owned()),
        user_hash: user_hash(algorithm, Charset::Utf8, "alice", REALM).into(),
    };
    let expected = hash_of(PASSWORD, CHEAP);
    assert!(wait_for(store.set_digest(user.id, expected, vec![secret], NOW)).unwrap());
}

fn stage(upstream: &Upstream, digest: &str) -> Stage {
    let more = text(digest);
    let play = Play {
        more: &more,
        ..Play::default()
    };
    let stage = play.open(upstream.address());
    switch_on(&*stage.other_store());
    stage
}

/// The preferred challenge of an answer.
fn challenged(answer: &Message) -> Asked {
    let lines = answer.fields("www-authenticate");
    let parsed = challenge::parse(lines.iter().map(|line| line.as_bytes()));
    let mut all = parsed.challenges.iter();
    all.find_map(|one| asked(one).ok()).expect("a challenge")
}

fn challenge(stage: &Stage) -> Asked {
    let answer = stage.ask("GET /digest/a HTTP/1.1\r\nHost: a.example\r\n\r\n");
    assert_eq!(answer.status(), Some(401));
    challenged(&answer)
}

/// A whole request. What is in `fields` ends with CRLF each.
struct Call<'a> {
    asked: &'a Asked,
    method: &'a str,
    uri: &'a str,
    target: &'a str,
    nc: u32,
    fields: &'a str,
    body: &'a str,
    covered: &'a [u8],
}

fn get(asked: &Asked) -> Call<'_> {
    Call {
        asked,
        method: "GET",
        uri: "/digest/a?b",
        target: "/digest/a?b",
        nc: 1,
        fields: "",
        body: "",
        covered: b"",
    }
}

impl Call<'_> {
    fn text(&self) -> String {
        let login = Login {
            user: "alice",
            password: std::str::from_utf8(PASSWORD).unwrap(),
        };
        let target = Target {
            method: self.method,
            uri: self.uri,
            body: Some(self.covered),
        };
        let value = authorization(self.asked, &login, &target, "c0", self.nc);
        format!(
            "{} {} HTTP/1.1\r\nHost: a.example\r\nAuthorization: {}\r\n{}\r\n{}",
            self.method,
            self.target,
            value.expose(),
            self.fields,
            self.body
        )
    }
}

#[test]
fn a_request_goes_on_without_its_credentials_and_the_answer_has_the_gateways_proof() {
    let upstream = Upstream::answering(
        b"HTTP/1.1 200 OK\r\nAuthentication-Info: rspauth=\"of somebody else\"\r\nContent-Length: 2\r\n\r\nok",
    );
    let stage = stage(&upstream, "");
    let asked = challenge(&stage);
    let answer = stage.ask(get(&asked).text());
    assert_eq!(answer.status(), Some(200));
    let info = info::parse(answer.field("authentication-info").unwrap().as_bytes()).unwrap();
    assert_eq!((info.qop, info.nc), (Some(Qop::Auth), Some(1)));
    assert_eq!(info.rspauth.map(|rspauth| rspauth.len()), Some(64));
    assert_eq!(info.nextnonce, None);
    let heard = upstream.next().message;
    assert_eq!(heard.field("x-auth-user"), Some("alice"));
    assert_eq!(heard.field("authorization"), None);
    // Of a request without Digest the field is the upstream's.
    let answer = stage.ask("GET /public/x HTTP/1.1\r\nHost: a.example\r\n\r\n");
    let theirs = answer.field("authentication-info");
    assert_eq!(theirs, Some("rspauth=\"of somebody else\""));
}

#[test]
fn attack_37_a_recorded_request_is_let_in_once() {
    let upstream = Upstream::content();
    let stage = stage(&upstream, "");
    let asked = challenge(&stage);
    let call = get(&asked).text();
    let statuses: Vec<_> = (0..8).map(|_| stage.ask(&call).status()).collect();
    assert_eq!(statuses[0], Some(200));
    assert!(statuses[1..].iter().all(|status| *status == Some(401)));
    let refused = stage.ask(&call);
    assert_eq!(refused.cause(), "digest-nonce-replayed");
    assert!(challenged(&refused).stale);
    upstream.next();
    assert!(upstream.has_heard_nothing());
}

#[test]
fn many_requests_on_one_connection_and_in_any_order() {
    let upstream = Upstream::content();
    let stage = stage(&upstream, "");
    let asked = challenge(&stage);
    let mut client = stage.client();
    for nc in [5, 1, 2, 4, 3, 200, 100] {
        let call = Call { nc, ..get(&asked) };
        assert_eq!(
            client.send(call.text()).answer().status(),
            Some(200),
            "{nc}"
        );
    }
    // The window is 128 wide.
    let call = Call {
        nc: 72,
        ..get(&asked)
    };
    let answer = client.send(call.text()).answer();
    assert_eq!(answer.cause(), "digest-nonce-replayed");
}

#[test]
fn a_change_of_the_user_takes_effect_at_the_next_request() {
    let upstream = Upstream::content();
    let stage = stage(&upstream, "");
    let (asked, store) = (challenge(&stage), stage.other_store());
    let status = |nc| stage.ask(Call { nc, ..get(&asked) }.text()).status();
    assert_eq!(status(1), Some(200));
    wait_for(store.set_disabled("alice", true, NOW)).unwrap();
    assert_eq!(status(2), Some(401));
    wait_for(store.set_disabled("alice", false, NOW)).unwrap();
    assert_eq!(status(3), Some(200));
    wait_for(store.switch_digest_off("alice", NOW)).unwrap();
    assert_eq!(status(4), Some(401));
}

#[test]
fn auth_int_a_body_goes_on_as_it_was_covered() {
    let upstream = Upstream::content();
    let stage = stage(
        &upstream,
        "qop = [\"auth-int\"]\nauth_int_body_bytes_max = 1000",
    );
    let asked = challenge(&stage);
    let post = |nc, fields, body, covered| Call {
        method: "POST",
        nc,
        fields,
        body,
        covered,
        ..get(&asked)
    };
    let answer = stage.ask(post(1, "Content-Length: 8\r\n", "amount=1", b"amount=1").text());
    assert_eq!(answer.status(), Some(200));
    assert_eq!(upstream.next().message.body, b"amount=1");
    let chunked = "Transfer-Encoding: chunked\r\n";
    let chunks = "4\r\namou\r\n4\r\nnt=1\r\n0\r\n\r\n";
    let answer = stage.ask(post(2, chunked, chunks, b"amount=1").text());
    assert_eq!(answer.status(), Some(200));
    assert_eq!(upstream.next().message.body, b"amount=1");
    let answer = stage.ask(post(3, "Content-Length: 8\r\n", "amount=9", b"amount=1").text());
    assert_eq!(answer.cause(), "credentials-rejected");
    let long = "x".repeat(1001);
    let answer = stage.ask(post(4, "Content-Length: 1001\r\n", &long, long.as_bytes()).text());
    assert_eq!(
        (answer.status(), answer.cause()),
        (Some(413), "body-too-large")
    );
    let long_chunk = format!("3e9\r\n{long}\r\n0\r\n\r\n");
    let answer = stage.ask(post(5, chunked, &long_chunk, long.as_bytes()).text());
    assert_eq!(
        (answer.status(), answer.cause()),
        (Some(413), "body-too-large")
    );
    let whole = &"x".repeat(1000);
    let answer = stage.ask(post(6, "Content-Length: 1000\r\n", whole, whole.as_bytes()).text());
    assert_eq!(answer.status(), Some(200));
    assert_eq!(upstream.next().message.body.len(), 1000);
    assert!(upstream.has_heard_nothing());
}

#[test]
fn bodies_are_held_within_a_bound_for_all_of_them() {
    let upstream = Upstream::content();
    let more = text("qop = [\"auth-int\"]\nauth_int_body_bytes_max = 100000");
    let play = Play {
        more: &more,
        limits: "held_bodies_bytes_max = 65536",
        ..Play::default()
    };
    let stage = play.open(upstream.address());
    switch_on(&*stage.other_store());
    let asked = challenge(&stage);
    let post = |nc, size: usize| {
        let body = "x".repeat(size);
        let fields = format!("Content-Length: {size}\r\n");
        let call = Call {
            method: "POST",
            nc,
            fields: &fields,
            body: &body,
            covered: body.as_bytes(),
            ..get(&asked)
        };
        stage.ask(call.text())
    };
    let answer = post(1, 65_537);
    assert_eq!(
        (answer.status(), answer.cause()),
        (Some(503), "gateway-overloaded")
    );
    // What is held no longer makes room again.
    for nc in 2..8 {
        assert_eq!(post(nc, 30_000).status(), Some(200));
    }
}

#[test]
fn a_body_that_is_held_has_a_time_for_the_whole_of_it() {
    let upstream = Upstream::content();
    let more = text("qop = [\"auth-int\"]");
    let play = Play {
        more: &more,
        limits: "held_body_secs = 1\nbody_stall_secs = 3600",
        ..Play::default()
    };
    let stage = play.open(upstream.address());
    switch_on(&*stage.other_store());
    let asked = challenge(&stage);
    let call = Call {
        method: "POST",
        fields: "Content-Length: 8\r\n",
        body: "amou",
        covered: b"amount=1",
        ..get(&asked)
    };
    let answer = stage.ask(call.text());
    assert_eq!(
        (answer.status(), answer.cause()),
        (Some(408), "body-stalled")
    );
}

#[test]
fn auth_int_of_a_request_without_a_body() {
    let upstream = Upstream::answering(b"HTTP/1.1 204 No Content\r\n\r\n");
    let stage = stage(&upstream, "qop = [\"auth-int\"]");
    let asked = challenge(&stage);
    let answer = stage.ask(get(&asked).text());
    assert_eq!(answer.status(), Some(204));
    let info = info::parse(answer.field("authentication-info").unwrap().as_bytes()).unwrap();
    assert_eq!(info.qop, Some(Qop::AuthInt), "an empty body is covered");
    assert!(upstream.next().message.body.is_empty());
}

/// A nonce of another instance with the key of this store, as old as that.
fn nonce_of_another(store: &dyn Store, age_secs: i64) -> Box<str> {
    let key = wait_for(store.nonce_key()).unwrap();
    let nonces = Nonces::new(&key, &[1; Nonces::SEED_BYTES]);
    let now = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .unwrap()
        .as_secs();
    nonces
        .issue(REALM, i64::try_from(now).unwrap() - age_secs)
        .into()
}

fn with_nonce(asked: &Asked, nonce: Box<str>) -> Asked {
    Asked {
        nonce,
        ..asked.clone()
    }
}

#[test]
fn nonces_of_other_instances_with_the_same_key_are_known() {
    let upstream = Upstream::content();
    let others = [
        "nonces_of_others = \"renew\"",
        "nonces_of_others = \"take\"",
    ];
    for (digest, status, stale) in [(others[0], 401, true), (others[1], 200, false)] {
        let stage = stage(&upstream, &format!("{digest}\nnonce_secs = 3600"));
        let asked = challenge(&stage);
        let foreign = with_nonce(&asked, nonce_of_another(&*stage.other_store(), 10));
        let answer = stage.ask(get(&foreign).text());
        assert_eq!(answer.status(), Some(status), "{digest}");
        assert_eq!(
            answer.status() == Some(401) && challenged(&answer).stale,
            stale
        );
    }
}

#[test]
fn a_nonce_is_renewed_by_the_answer_before_it_runs_out_and_by_a_challenge_after() {
    let upstream = Upstream::content();
    let stage = stage(&upstream, "nonces_of_others = \"take\"\nnonce_secs = 3600");
    let asked = challenge(&stage);
    let aged = |age_secs| with_nonce(&asked, nonce_of_another(&*stage.other_store(), age_secs));
    let answer = stage.ask(get(&aged(1900)).text());
    assert_eq!(answer.status(), Some(200));
    let info = info::parse(answer.field("authentication-info").unwrap().as_bytes()).unwrap();
    let next = with_nonce(&asked, info.nextnonce.expect("a new nonce"));
    assert_eq!(stage.ask(get(&next).text()).status(), Some(200));
    let answer = stage.ask(get(&aged(3600)).text());
    assert_eq!(answer.cause(), "digest-nonce-stale");
    let fresh = challenged(&answer);
    assert!(fresh.stale);
    assert_eq!(stage.ask(get(&fresh).text()).status(), Some(200));
}

#[test]
fn a_restart_keeps_the_key_and_does_not_let_a_recorded_request_in_again() {
    let upstream = Upstream::content();
    let before = stage(&upstream, "");
    let asked = challenge(&before);
    let call = get(&asked).text();
    assert_eq!(before.ask(&call).status(), Some(200));
    let closed = before.close();
    drop(closed.store);
    let more = text("");
    let play = Play {
        more: &more,
        ..Play::default()
    };
    let after = play.open_in(closed.folder, upstream.address(), |store| store);
    let answer = after.ask(&call);
    assert_eq!(answer.cause(), "digest-nonce-stale");
    let fresh = challenged(&answer);
    assert!(
        fresh.stale,
        "the client goes on without a question to its user"
    );
    assert_eq!(fresh.opaque, asked.opaque, "the key is the same");
    assert_eq!(after.ask(get(&fresh).text()).status(), Some(200));
}

#[test]
fn the_key_of_nonces_can_be_a_file_that_instances_share() {
    let upstream = Upstream::content();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("nonce.key");
    std::fs::write(&file, "0123456789abcdef0123456789abcdef\n").unwrap();
    let digest = format!(
        "nonce_key_file = '{}'\nnonces_of_others = \"take\"",
        file.display()
    );
    // Each has a store of its own.
    let (one, other) = (stage(&upstream, &digest), stage(&upstream, &digest));
    let asked = challenge(&one);
    assert_eq!(asked.opaque, challenge(&other).opaque);
    assert_eq!(other.ask(get(&asked).text()).status(), Some(200));
    let third = stage(&upstream, "nonces_of_others = \"take\"");
    let answer = third.ask(get(&asked).text());
    assert_eq!(answer.cause(), "digest-nonce-stale");
}

#[test]
fn what_a_client_asked_a_proxy_for_is_believed_of_trusted_ones_alone() {
    let upstream = Upstream::content();
    let more = text("original_target_header = \"X-Original-URI\"");
    let behind = |server| {
        let play = Play {
            server,
            more: &more,
            ..Play::default()
        };
        let stage = play.open(upstream.address());
        switch_on(&*stage.other_store());
        stage
    };
    let fields = "X-Original-URI: /app/a?b\r\n";
    let rewritten = |asked| Call {
        uri: "/app/a?b",
        fields,
        ..get(asked)
    };
    let trusting = behind("trusted_proxies = [\"127.0.0.1\"]");
    let asked = challenge(&trusting);
    assert_eq!(trusting.ask(rewritten(&asked).text()).status(), Some(200));
    let heard = upstream.next().message;
    assert_eq!(heard.line(), "GET /digest/a?b HTTP/1.1");
    let twice = Call {
        nc: 2,
        fields: "X-Original-URI: /app/a?b\r\nX-Original-URI: /app/a?b\r\n",
        ..rewritten(&asked)
    };
    assert_eq!(trusting.ask(twice.text()).cause(), "digest-uri-mismatch");
    let stranger = behind("trusted_proxies = [\"10.0.0.0/8\"]");
    let asked = challenge(&stranger);
    let answer = stranger.ask(rewritten(&asked).text());
    assert_eq!(
        (answer.status(), answer.cause()),
        (Some(400), "digest-uri-mismatch")
    );
    assert!(upstream.has_heard_nothing());
}

#[test]
fn attack_32_a_store_that_fails_is_a_503_and_no_wrong_password() {
    let upstream = Upstream::answering(OK);
    let more = text("");
    let play = Play {
        more: &more,
        ..Play::default()
    };
    let fails = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let switch = Arc::clone(&fails);
    let stage = play.open_on(upstream.address(), |store| {
        Arc::new(Failing::new(store, switch))
    });
    switch_on(&*stage.other_store());
    let asked = challenge(&stage);
    fails.store(true, std::sync::atomic::Ordering::SeqCst);
    let answer = stage.ask(get(&asked).text());
    assert_eq!(
        (answer.status(), answer.cause()),
        (Some(503), "identity-backend-down")
    );
    fails.store(false, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(stage.ask(get(&asked).text()).status(), Some(200));
}

#[test]
fn no_secret_of_digest_is_in_the_log() {
    let upstream = Upstream::content();
    let stage = stage(&upstream, "");
    let asked = challenge(&stage);
    let call = get(&asked).text();
    assert_eq!(stage.ask(&call).status(), Some(200));
    assert_eq!(stage.ask(&call).status(), Some(401));
    let response = call.split("response=\"").nth(1).unwrap();
    let response = response.split('"').next().unwrap();
    let log = stage.close().log;
    assert!(log.contains("digest-nonce-replayed"), "{log}");
    assert!(
        !log.contains(response) && !log.contains(&*asked.nonce),
        "{log}"
    );
}

#[test]
fn without_a_route_that_accepts_it_nothing_of_digest_is_offered() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let answer = stage.ask("GET /api/x HTTP/1.1\r\nHost: a.example\r\n\r\n");
    let lines = answer.fields("www-authenticate");
    assert!(!lines.is_empty() && lines.iter().all(|line| !line.starts_with("Digest")));
}
