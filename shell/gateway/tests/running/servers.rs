//! Several servers of one upstream: who gets a request, who is passed over and for how long, and what is tried again.

mod protocols;

use std::net::{SocketAddr, TcpListener};
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::Instant;

use crate::stage::upstream::{OK, Upstream};
use crate::stage::{PATIENCE, Play, Stage};

const GET: &str = "GET /many/x HTTP/1.1\r\nHost: a.example\r\n\r\n";
const DELETE: &str = "DELETE /many/x HTTP/1.1\r\nHost: a.example\r\n\r\n";
const POST: &str = "POST /many/x HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n\r\nabc";
/// Nothing of it has a body, and nothing of it may be done twice.
const EMPTY_POST: &str = "POST /many/x HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\n\r\n";

/// An address where nobody is.
fn nobody() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

/// Closes each connection once it has a request, without an answer.
fn closing() -> Upstream {
    Upstream::played(|mut connection| {
        connection.hear();
    })
}

/// The sections of an upstream `many` with these servers, and the route to it.
fn sections(scheme: &str, servers: &[SocketAddr], keys: &str) -> String {
    let urls: Vec<_> = servers
        .iter()
        .map(|server| format!("\"{scheme}://{server}\""))
        .collect();
    format!(
        "[admin]\nlisten = [\"127.0.0.1:0\"]\n\
         [upstream.many]\nurl = [{}]\n{keys}\n\
         [[route]]\nname = \"many\"\npath = \"/many/**\"\nupstream = \"many\"\nallow = \"anyone\"\n",
        urls.join(", ")
    )
}

fn stage(servers: &[SocketAddr], keys: &str) -> Stage {
    let play = Play {
        sections: &sections("http", servers, keys),
        ..Play::default()
    };
    play.open(servers[0])
}

/// The value of a figure, by name and labels.
fn figure(stage: &Stage, name: &str) -> String {
    let mut admin = stage.admin();
    let page = admin
        .send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
        .answer();
    let page = page.text();
    let mut lines = page.lines();
    let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value
        .unwrap_or_else(|| panic!("no {name} in {page}"))
        .to_owned()
}

fn of(name: &str, server: SocketAddr, more: &str) -> String {
    format!("countersign_{name}{{upstream=\"many\",server=\"{server}\"{more}}}")
}

#[test]
fn servers_with_as_little_to_do_take_turns() {
    let (one, two) = (Upstream::content(), Upstream::content());
    let stage = stage(&[one.address(), two.address()], "");
    let mut client = stage.client();
    for _ in 0..3 {
        for upstream in [&one, &two] {
            assert_eq!(client.send(GET).answer().text(), "ok");
            let host = upstream.next().message.field("host").map(str::to_owned);
            assert_eq!(host, Some(upstream.address().to_string()));
        }
    }
    assert_eq!((one.connections(), two.connections()), (1, 1));
    assert_eq!(
        figure(&stage, &of("upstream_requests_total", one.address(), "")),
        "3"
    );
}

#[test]
fn a_request_goes_to_the_server_with_the_fewest_in_flight() {
    let (go, went) = channel::<()>();
    let went = Mutex::new(went);
    let busy = Upstream::played(move |mut connection| {
        while connection.hear().is_some() {
            went.lock().unwrap().recv().unwrap();
            connection.say(OK);
        }
    });
    let free = Upstream::content();
    let stage = stage(&[busy.address(), free.address()], "");
    let mut waiting = stage.client();
    waiting.send(GET);
    busy.next();
    for _ in 0..5 {
        assert_eq!(stage.ask(GET).text(), "ok");
        free.next();
    }
    go.send(()).unwrap();
    assert_eq!(waiting.answer().text(), "ok");
    // Its place is free again: both are asked.
    go.send(()).unwrap();
    for _ in 0..2 {
        assert_eq!(stage.ask(GET).text(), "ok");
    }
    busy.next();
    free.next();
}

#[test]
fn a_server_that_takes_no_connection_costs_no_request_and_is_passed_over() {
    let (gone, good) = (nobody(), Upstream::content());
    let stage = stage(&[gone, good.address()], "failures_max = 2");
    for request in [GET, POST, EMPTY_POST, GET, POST, GET] {
        assert_eq!(stage.ask(request).text(), "ok", "{request}");
        good.next();
    }
    for (name, value) in [
        (of("upstream_requests_total", gone, ""), "2"),
        (
            of("upstream_failures_total", gone, ",reason=\"connect\""),
            "2",
        ),
        (
            of(
                "upstream_failures_total",
                good.address(),
                ",reason=\"connect\"",
            ),
            "0",
        ),
        (of("upstream_server_up", gone, ""), "0"),
        (of("upstream_server_up", good.address(), ""), "1"),
        (
            "countersign_upstream_retries_total{upstream=\"many\"}".to_owned(),
            "2",
        ),
    ] {
        assert_eq!(figure(&stage, &name), value, "{name}");
    }
    let log = stage.close().log;
    let down: Vec<_> = log
        .lines()
        .filter(|line| line.contains("upstream-server-down"))
        .collect();
    assert_eq!(down.len(), 1, "{log}");
    for part in [
        &format!("\"server\":\"{gone}\"") as &str,
        "\"upstream\":\"many\"",
        "\"reason\":\"connect\"",
    ] {
        assert!(down[0].contains(part), "{}", down[0]);
    }
}

#[test]
fn rfc9110_section_9_2_2_what_may_be_repeated_is_tried_on_another_server() {
    let (bad, good) = (closing(), Upstream::content());
    let stage = stage(&[bad.address(), good.address()], "");
    for request in [GET, DELETE] {
        assert_eq!(stage.ask(request).text(), "ok", "{request}");
        assert_eq!(bad.next().message.line(), good.next().message.line());
        // The next turn is the other's.
        assert_eq!(stage.ask(GET).text(), "ok");
        good.next();
    }
    let failures = of(
        "upstream_failures_total",
        bad.address(),
        ",reason=\"closed\"",
    );
    assert_eq!(figure(&stage, &failures), "2");
}

#[test]
fn rfc9110_section_9_2_2_what_may_not_be_repeated_is_sent_once() {
    let put = POST.replace("POST", "PUT");
    for request in [POST, EMPTY_POST, &put] {
        let (bad, good) = (closing(), Upstream::content());
        let stage = stage(&[bad.address(), good.address()], "");
        let answer = stage.ask(request);
        assert_eq!(
            (answer.status(), answer.cause()),
            (Some(502), "upstream-unreachable")
        );
        bad.next();
        assert!(good.has_heard_nothing(), "{request}");
    }
}

#[test]
fn once_a_response_has_begun_nobody_else_is_asked() {
    let bad = Upstream::played(|mut connection| {
        connection.hear();
        connection.say(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    });
    let good = Upstream::content();
    let stage = stage(&[bad.address(), good.address()], "");
    let answer = stage.client().send(GET).answer_if_any();
    assert!(answer.is_none_or(|answer| !answer.whole));
    bad.next();
    assert!(good.has_heard_nothing());
}

#[test]
fn retries_max() {
    for (retries, status) in [(0, 502), (1, 502), (2, 200)] {
        let (one, two, good) = (closing(), closing(), Upstream::content());
        let servers = [one.address(), two.address(), good.address()];
        let stage = stage(&servers, &format!("retries_max = {retries}"));
        assert_eq!(stage.ask(GET).status(), Some(status), "{retries}");
        assert_eq!(one.connections() + two.connections(), 2.min(retries + 1));
    }
}

#[test]
fn upstream_down() {
    let (one, two) = (nobody(), nobody());
    let stage = stage(&[one, two], "failures_max = 1\npass_over_secs = 700");
    assert_eq!(stage.ask(GET).cause(), "upstream-unreachable");
    let answer = stage.ask(GET);
    assert_eq!(
        (answer.status(), answer.cause()),
        (Some(503), "upstream-down")
    );
    assert_eq!(answer.field("retry-after"), Some("700"));
}

#[test]
fn a_server_without_others_is_never_passed_over() {
    let gone = nobody();
    let stage = stage(&[gone], "failures_max = 1");
    for _ in 0..3 {
        assert_eq!(stage.ask(GET).cause(), "upstream-unreachable");
    }
    assert_eq!(figure(&stage, &of("upstream_server_up", gone, "")), "1");
}

#[test]
fn after_its_time_one_request_tries_a_server_and_then_it_is_back() {
    let (go, went) = channel::<()>();
    let went = Mutex::new(went);
    // It fails, fails when it is tried, and is well from then on.
    let ailing = Upstream::played(move |mut connection| {
        if connection.number > 1 {
            went.lock().unwrap().recv().unwrap();
            while connection.hear().is_some() {
                connection.say(OK);
            }
        } else {
            connection.hear();
        }
    });
    let good = Upstream::content();
    let servers = [ailing.address(), good.address()];
    let stage = stage(&servers, "failures_max = 1\npass_over_secs = 1");
    let begun = Instant::now();
    while ailing.connections() < 2 {
        assert!(begun.elapsed() < PATIENCE, "never tried again");
        assert_eq!(stage.ask(GET).text(), "ok");
    }
    // One is held by the server that is being tried, while the others pass it over.
    let mut trying = loop {
        assert!(begun.elapsed() < PATIENCE, "never tried a second time");
        let mut client = stage.client();
        client.send(GET);
        let answered = client.answer_unless(|| ailing.connections() > 2);
        if answered.is_none() {
            break client;
        }
    };
    for _ in 0..3 {
        assert_eq!(stage.ask(GET).text(), "ok");
    }
    assert_eq!(ailing.connections(), 3);
    go.send(()).unwrap();
    assert_eq!(trying.answer().text(), "ok");
    assert_eq!(
        figure(&stage, &of("upstream_server_up", ailing.address(), "")),
        "1"
    );
    let log = stage.close().log;
    assert_eq!(log.matches("\"upstream-server-down\"").count(), 1, "{log}");
    assert_eq!(log.matches("\"upstream-server-up\"").count(), 1, "{log}");
}

#[test]
fn unavailable_fails() {
    const UNAVAILABLE: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 3\r\n\r\nnot";
    for (keys, asked) in [("", 3), ("unavailable_fails = true\nfailures_max = 2", 2)] {
        let (ill, good) = (Upstream::answering(UNAVAILABLE), Upstream::content());
        let stage = stage(&[ill.address(), good.address()], keys);
        // Its answer goes to the client: it has been asked, and has said what it has to say.
        let statuses: Vec<_> = (0..6).map(|_| stage.ask(GET).status().unwrap()).collect();
        let unavailable = statuses.iter().filter(|status| **status == 503).count();
        assert_eq!(unavailable, asked, "{keys} {statuses:?}");
    }
}

#[test]
fn the_client_going_away_is_no_failure_of_the_server() {
    let (slow, good) = (
        Upstream::played(|mut connection| {
            connection.hear();
            connection.hear_out();
        }),
        Upstream::content(),
    );
    let stage = stage(&[slow.address(), good.address()], "failures_max = 1");
    let mut client = stage.client();
    client.send(GET);
    slow.next();
    drop(client);
    assert_eq!(stage.ask(GET).text(), "ok");
    assert_eq!(
        figure(&stage, &of("upstream_server_up", slow.address(), "")),
        "1"
    );
}

#[test]
fn keep_host_holds_for_each_server() {
    let good = Upstream::content();
    let stage = stage(&[nobody(), good.address()], "keep_host = true");
    assert_eq!(stage.ask(GET).text(), "ok");
    assert_eq!(good.next().message.field("host"), Some("a.example"));
}

#[test]
fn a_server_that_is_passed_over_stays_so_over_a_reload() {
    let (gone, good) = (nobody(), Upstream::content());
    let keys = "failures_max = 1";
    let stage = stage(&[gone, good.address()], keys);
    assert_eq!(stage.ask(GET).text(), "ok");
    // Others have changed beside it, and pools are new.
    let play = Play {
        sections: &sections("http", &[good.address(), gone], keys),
        limits: "upstream_idle_max = 7",
        ..Play::default()
    };
    stage.reload(&play, good.address()).unwrap();
    for _ in 0..3 {
        assert_eq!(stage.ask(GET).text(), "ok");
    }
    assert_eq!(
        figure(&stage, &of("upstream_requests_total", gone, "")),
        "1"
    );
}
