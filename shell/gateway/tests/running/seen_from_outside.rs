//! Figures, health and readiness on the admin listener, and what of them is nowhere else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use aws_lc_rs::rand::SystemRandom;
use countersign_jose::Algorithm;
use countersign_jose::sign::{SigningKeys, Turn};

use crate::stage::failing_store::Failing;
use crate::stage::message::Message;
use crate::stage::upstream::Upstream;
use crate::stage::{ALICE, PATIENCE, Play, Stage, usual};

const ADMIN: &str = "[admin]\nlisten = [\"127.0.0.1:0\"]\n";

fn observed() -> Play<'static> {
    Play {
        sections: ADMIN,
        ..Play::default()
    }
}

fn get(path: &str, fields: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a.example\r\n{fields}\r\n")
}

fn look(stage: &Stage, path: &str) -> Message {
    stage.admin().send(get(path, "")).answer()
}

/// The value of a sample, written as it stands in the page.
fn sample(page: &str, name: &str) -> Option<f64> {
    let line = page.lines().find_map(|line| line.strip_prefix(name))?;
    line.strip_prefix(' ')?.parse().ok()
}

#[test]
fn what_was_permitted_and_refused_is_counted_by_route_cause_and_scheme() {
    let upstream = Upstream::content();
    let stage = observed().open(upstream.address());
    let mut client = stage.client();
    let good = get("/api/x", &format!("Authorization: {ALICE}\r\n"));
    for _ in 0..3 {
        assert_eq!(client.send(&good).answer().status(), Some(200));
    }
    // `alice:wrong`
    let wrong = get("/api/x", "Authorization: Basic YWxpY2U6d3Jvbmc=\r\n");
    assert_eq!(client.send(&wrong).answer().status(), Some(401));
    assert_eq!(client.send(get("/api/x", "")).answer().status(), Some(401));
    assert_eq!(client.send(get("/none", "")).answer().status(), Some(404));
    let answer = look(&stage, "/metrics");
    assert_eq!(
        answer.field("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    let page = &answer.text();
    for (name, value) in [
        ("countersign_requests_permitted_total{route=\"api\"}", 3.0),
        (
            "countersign_requests_permitted_total{route=\"public\"}",
            0.0,
        ),
        (
            "countersign_requests_refused_total{route=\"api\",cause=\"credentials-rejected\",scheme=\"basic\"}",
            1.0,
        ),
        (
            "countersign_requests_refused_total{route=\"api\",cause=\"credentials-missing\",scheme=\"\"}",
            1.0,
        ),
        (
            "countersign_requests_refused_total{route=\"\",cause=\"route-unmatched\",scheme=\"\"}",
            1.0,
        ),
        (
            "countersign_upstream_responses_total{route=\"api\",class=\"2xx\"}",
            3.0,
        ),
        ("countersign_cache_lookups_total{result=\"hit\"}", 2.0),
        ("countersign_cache_lookups_total{result=\"miss\"}", 2.0),
        ("countersign_passwords_checked_total", 2.0),
        ("countersign_password_queue_length", 0.0),
        ("countersign_connections_open", 1.0),
        ("countersign_connections_accepted_total", 1.0),
        ("countersign_own_seconds_count", 6.0),
        ("countersign_upstream_seconds_count{upstream=\"app\"}", 3.0),
        (
            "countersign_upstream_seconds_bucket{upstream=\"app\",le=\"+Inf\"}",
            3.0,
        ),
        ("countersign_store_up", 1.0),
        ("countersign_configuration_reload_successful", 1.0),
    ] {
        assert_eq!(sample(page, name), Some(value), "{name}\n{page}");
    }
    assert!(!page.contains("alice") && !page.contains("/api/x"));
}

#[test]
fn routes_go_on_counting_after_a_reload() {
    let upstream = Upstream::content();
    let stage = observed().open(upstream.address());
    let request = get("/public/x", "");
    assert_eq!(stage.ask(&request).status(), Some(200));
    stage.reload(&observed(), upstream.address()).unwrap();
    assert_eq!(stage.ask(&request).status(), Some(200));
    let restart = Play {
        limits: "password_threads = 3\n",
        ..observed()
    };
    stage.reload(&restart, upstream.address()).unwrap_err();
    let answer = look(&stage, "/metrics");
    let page = &answer.text();
    for (name, value) in [
        (
            "countersign_requests_permitted_total{route=\"public\"}",
            2.0,
        ),
        ("countersign_reloads_total{result=\"ok\"}", 1.0),
        ("countersign_reloads_total{result=\"failed\"}", 1.0),
        ("countersign_configuration_reload_successful", 0.0),
    ] {
        assert_eq!(sample(page, name), Some(value), "{name}\n{page}");
    }
}

#[test]
fn it_is_ready_while_its_store_answers() {
    let upstream = Upstream::content();
    let fails = Arc::new(AtomicBool::new(false));
    let shared = Arc::clone(&fails);
    let stage = observed().open_on(upstream.address(), |store| {
        Arc::new(Failing::new(store, shared))
    });
    assert_eq!(look(&stage, "/readyz").status(), Some(200));
    fails.store(true, Ordering::SeqCst);
    let begun = Instant::now();
    let answer = loop {
        let answer = look(&stage, "/readyz");
        if answer.status() == Some(503) {
            break answer;
        }
        assert!(begun.elapsed() < PATIENCE, "{answer:?}");
    };
    let body: serde_json::Value = serde_json::from_str(&answer.text()).unwrap();
    assert_eq!(
        body,
        serde_json::json!({ "ready": false, "stopping": false, "store": false, "store_writable": true, "issuers": {} })
    );
    // It lives all the same: to start it anew would not help the store.
    assert_eq!(look(&stage, "/healthz").status(), Some(200));
}

#[test]
fn the_admin_listener_changes_nothing_and_knows_four_paths() {
    let upstream = Upstream::content();
    let stage = observed().open(upstream.address());
    assert_eq!(look(&stage, "/").status(), Some(404));
    assert_eq!(look(&stage, "/public/x").status(), Some(404));
    // The fourth is there where identities are signed.
    assert_eq!(look(&stage, "/jwks.json").status(), Some(404));
    let post = "POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    let answer = stage.admin().send(post).answer();
    assert_eq!(
        (answer.status(), answer.field("allow")),
        (Some(405), Some("GET, HEAD"))
    );
}

#[test]
fn the_keys_of_signed_identities_are_shown_inside_and_outside() {
    let upstream = Upstream::content();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.json");
    let turn = Turn {
        now_unix_secs: 0,
        ahead_secs: 0,
        kept_secs: 0,
    };
    let set = SigningKeys::turned(None, Algorithm::EdDsa, turn, &SystemRandom::new()).unwrap();
    std::fs::write(&file, set.expose()).unwrap();
    let published = SigningKeys::parse(set.expose().as_bytes()).unwrap();
    let published = published.published();
    let sections = format!(
        "{}\n[identity.token]\nissuer = \"us\"\nkeys_file = '{}'\n",
        observed().sections,
        file.display()
    );
    let stage = Play {
        sections: &sections,
        upstream: "token_audience = \"app\"",
        ..observed()
    }
    .open(upstream.address());
    let inside = look(&stage, "/jwks.json");
    assert_eq!((inside.status(), &*inside.text()), (Some(200), published));
    let outside = stage.ask(get("/.countersign/jwks.json", ""));
    assert_eq!((outside.status(), &*outside.text()), (Some(200), published));
    assert_eq!(outside.field("content-type"), Some("application/json"));
    assert_eq!(outside.field("cache-control"), Some("public, max-age=300"));
    let plain = usual(upstream.address());
    let nothing = plain.ask(get("/.countersign/jwks.json", ""));
    assert_eq!(nothing.status(), Some(404));
}

#[test]
fn attack_69_figures_are_not_on_the_public_listener() {
    let upstream = Upstream::content();
    let stage = observed().open(upstream.address());
    for path in ["/metrics", "/healthz", "/readyz"] {
        assert_eq!(stage.ask(get(path, "")).cause(), "route-unmatched");
    }
    drop(stage);
    let stage = usual(upstream.address());
    assert!(stage.has_no_admin());
}

#[test]
fn w3c_trace_context_goes_on_untouched() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let state = "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7";
    let fields = format!("Traceparent: {parent}\r\nTracestate: {state}\r\n");
    assert_eq!(stage.ask(get("/public/x", &fields)).status(), Some(200));
    let heard = upstream.next().message;
    assert_eq!(heard.fields("traceparent"), [parent]);
    assert_eq!(heard.fields("tracestate"), [state]);
}
