//! The PROXY protocol in front of HTTP and of TLS: whom it makes a client, and every way in which it is refused.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::stage::certificate::{Certificate, localhost};
use crate::stage::client::Client;
use crate::stage::upstream::Upstream;
use crate::stage::{ALICE, Play, Stage, http2, wait_for};

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
const FROM_OUTSIDE: &str = "PROXY TCP4 203.0.113.9 198.51.100.1 4711 443\r\n";
/// From `10.0.0.9`, which the route `inside` lets in, with a field that nobody reads.
const FROM_INSIDE: &[u8] =
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x10\x0a\0\0\x09\xc6\x33\x64\x01\x12\x67\x01\xbb\x04\0\x01x";

/// Believes this machine.
const PLAY: Play<'_> = Play {
    server: "proxy_protocol = { peers = [\"127.0.0.0/8\"] }",
    limits: "",
    remembered_secs: 60,
    upstream: "",
    scheme: "http",
    cost: crate::stage::CHEAP,
    sections: "",
    more: INSIDE,
};

const INSIDE: &str = "[[route]]\nname = \"inside\"\npath = \"/inside\"\nupstream = \"app\"\nallow = { networks = [\"10.0.0.0/8\"] }\n";

fn get(path: &str, fields: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a.example\r\n{fields}\r\n")
}

/// The status of a request behind this header.
fn status(stage: &Stage, header: impl AsRef<[u8]>, request: &str) -> Option<u16> {
    let mut client = stage.client();
    client.send(header).send(request).answer().status()
}

#[test]
fn the_address_in_the_header_is_the_clients() {
    let upstream = Upstream::content();
    let stage = Play {
        sections: "[log]\naccess = \"common\"\n",
        ..PLAY
    }
    .open(upstream.address());
    let inside = get("/inside", "X-Forwarded-For: 10.0.0.1\r\n");
    assert_eq!(status(&stage, FROM_OUTSIDE, &inside), Some(403));
    assert_eq!(status(&stage, FROM_INSIDE, &inside), Some(200));
    let heard = upstream.next().message;
    assert_eq!(heard.fields("x-forwarded-for"), ["10.0.0.9"]);
    // IPv6, for each request of a connection.
    let mut client = stage.client();
    client.send("PROXY TCP6 2001:db8::7 2001:db8::1 4711 443\r\n");
    for _ in 0..2 {
        let answer = client.send(get("/public/x", "")).answer();
        assert_eq!(answer.status(), Some(200));
        let heard = upstream.next().message;
        assert_eq!(heard.fields("x-forwarded-for"), ["2001:db8::7"]);
    }
    let mapped = "PROXY TCP6 ::ffff:10.0.0.9 ::1 4711 443\r\n";
    assert_eq!(status(&stage, mapped, &inside), Some(200));
    drop(client);
    let closed = stage.close();
    let first: Vec<&str> = closed
        .access
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(
        first,
        [
            "203.0.113.9",
            "10.0.0.9",
            "2001:db8::7",
            "2001:db8::7",
            "10.0.0.9"
        ]
    );
    let refused = closed.log.lines().find(|line| line.contains("\"refused\""));
    assert!(refused.unwrap().contains("\"203.0.113.9\""), "{refused:?}");
}

#[test]
fn what_the_client_sends_after_its_header_is_taken_as_it_came() {
    let upstream = Upstream::content();
    let stage = PLAY.open(upstream.address());
    let request = get("/inside", "");
    // All at once, and a byte at a time.
    let whole = [FROM_INSIDE, request.as_bytes()].concat();
    assert_eq!(stage.ask(&whole).status(), Some(200));
    let mut client = stage.client();
    for byte in &whole {
        client.send([*byte]);
    }
    assert_eq!(client.answer().status(), Some(200));
    // A second header is the client's, and no request.
    let mut client = stage.client();
    client.send([FROM_OUTSIDE.as_bytes(), &whole].concat());
    assert!(
        client
            .answer_if_any()
            .is_none_or(|answer| answer.status() == Some(400))
    );
    upstream.next();
    upstream.next();
    assert!(upstream.has_heard_nothing());
}

#[test]
fn a_failed_guess_is_counted_for_the_client_and_not_for_the_proxy() {
    let upstream = Upstream::content();
    let stage = Play {
        sections: "[brakes]\nnetwork_attempts = 1\npair_attempts = 1000\naccount_attempts = 1000\ndelay_secs = 900\n",
        ..PLAY
    }
    .open(upstream.address());
    let guess = |number: usize| {
        let wrong = ["Basic YTox", "Basic YTo1", "Basic YTo3"][number];
        get("/api/x", &format!("Authorization: {wrong}\r\n"))
    };
    assert_eq!(status(&stage, FROM_OUTSIDE, &guess(0)), Some(401));
    assert_eq!(status(&stage, FROM_OUTSIDE, &guess(1)), Some(429));
    let good = get("/api/x", &format!("Authorization: {ALICE}\r\n"));
    assert_eq!(status(&stage, FROM_INSIDE, &good), Some(200));
}

/// Lets this machine in, and the inside.
const OWN: &str = "[[route]]\nname = \"own\"\npath = \"/own\"\nupstream = \"app\"\nallow = { networks = [\"127.0.0.0/8\", \"10.0.0.0/8\"] }\n";

#[test]
fn a_proxy_that_asks_for_itself_is_at_its_own_address() {
    let upstream = Upstream::content();
    let stage = Play {
        sections: OWN,
        ..PLAY
    }
    .open(upstream.address());
    let local = [SIGNATURE, b"\x20\x00\0\0"].concat();
    assert_eq!(status(&stage, &local, &get("/own", "")), Some(200));
    let heard = upstream.next().message;
    assert_eq!(heard.fields("x-forwarded-for"), ["127.0.0.1"]);
}

#[test]
fn attack_24_a_client_that_the_proxy_does_not_know_is_in_no_network() {
    let upstream = Upstream::content();
    let stage = Play {
        server: "proxy_protocol = { peers = [\"127.0.0.0/8\"] }\ntrusted_proxies = [\"127.0.0.0/8\"]",
        sections: OWN,
        ..PLAY
    }
    .open(upstream.address());
    let own = get("/own", "");
    let unix = [SIGNATURE, b"\x21\x31\0\xd8", &[0; 216]].concat();
    let unspecified = [SIGNATURE, b"\x21\x00\0\0"].concat();
    // Neither the proxy's address nor what a client of unknown address claims opens a door.
    let claiming = get("/own", "X-Forwarded-For: 10.0.0.1\r\n");
    for header in [b"PROXY UNKNOWN\r\n", &unix[..], &unspecified] {
        assert_eq!(status(&stage, header, &own), Some(403), "{header:?}");
        assert_eq!(status(&stage, header, &claiming), Some(403), "{header:?}");
        let public = get("/public/x", "X-Forwarded-For: 10.0.0.1\r\n");
        assert_eq!(status(&stage, header, &public), Some(200), "{header:?}");
        let heard = upstream.next().message;
        assert_eq!(heard.fields("x-forwarded-for"), ["unknown"]);
    }
}

#[test]
fn a_proxy_behind_the_proxy_is_believed_where_it_is_listed_itself() {
    let upstream = Upstream::content();
    let stage = Play {
        server: "proxy_protocol = { peers = [\"127.0.0.0/8\"] }\ntrusted_proxies = [\"203.0.113.9\"]",
        ..PLAY
    }
    .open(upstream.address());
    let inside = get("/inside", "X-Forwarded-For: 10.0.0.1\r\n");
    assert_eq!(status(&stage, FROM_OUTSIDE, &inside), Some(200));
    let other = FROM_OUTSIDE.replace("203.0.113.9", "203.0.113.8");
    assert_eq!(status(&stage, &other, &inside), Some(403));
}

#[test]
fn cause_proxy_header_invalid() {
    let upstream = Upstream::content();
    let stage = Play {
        limits: "proxy_header_bytes_max = 232",
        ..PLAY
    }
    .open(upstream.address());
    let request = get("/public/x", "");
    let long = [SIGNATURE, b"\x21\x11\0\xd9", &[0; 217]].concat();
    let cases: [(&[u8], &str); 9] = [
        (b"", "no header of the PROXY protocol"),
        (
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "no header of the PROXY protocol",
        ),
        (
            b"PROXY TCP4 203.0.113.9 198.51.100.1 4711\r\n",
            "version 1 is written wrongly",
        ),
        (
            b"PROXY TCP4 203.0.113.9 198.51.100.1 4711 443\n",
            "version 1 is written wrongly",
        ),
        (b"PROXY UNKNOWN\0\n", "version 1 is written wrongly"),
        (
            b"\r\n\r\n\0\r\nQUIT\n\x21\x12\0\x0c\0\0\0\0\0\0\0\0\0\0\0\0",
            "is not taken",
        ),
        (
            b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0b\0\0\0\0\0\0\0\0\0\0\0",
            "too short for its addresses",
        ),
        (
            b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0d\0\0\0\0\0\0\0\0\0\0\0\0\x04",
            "do not fill the header",
        ),
        (&long, "longer than `proxy_header_bytes_max`"),
    ];
    for (header, detail) in cases {
        let mut client = stage.client();
        client.send_if_open([header, request.as_bytes()].concat());
        assert_eq!(client.rest(), b"", "{}", header.escape_ascii());
        stage.wait_for_log(detail);
    }
    assert!(upstream.has_heard_nothing());
    let log = stage.close().log;
    let told: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("connection-ended"))
        .collect();
    assert_eq!(told.len(), cases.len(), "{log}");
    for line in told {
        assert!(
            line.contains("\"cause\":\"proxy-header-invalid\""),
            "{line}"
        );
    }
}

#[test]
fn attack_24_a_peer_that_is_not_listed_says_nothing_about_itself() {
    let upstream = Upstream::content();
    let stage = Play {
        server: "proxy_protocol = { peers = [\"192.0.2.0/24\"] }",
        ..PLAY
    }
    .open(upstream.address());
    for sent in [&[][..], FROM_INSIDE, b"\x16\x03\x01"] {
        let mut client = stage.client();
        client.send_if_open([sent, get("/inside", "").as_bytes()].concat());
        assert_eq!(client.rest(), b"");
    }
    assert!(upstream.has_heard_nothing());
    let log = stage.close().log;
    assert_eq!(
        log.matches("the peer is none of `peers`").count(),
        3,
        "{log}"
    );
}

#[test]
fn attack_24_a_header_where_none_is_read_is_no_request() {
    let upstream = Upstream::content();
    let stage = crate::stage::usual(upstream.address());
    for header in [FROM_OUTSIDE.as_bytes(), FROM_INSIDE] {
        let mut client = stage.client();
        client.send_if_open([header, get("/inside", "").as_bytes()].concat());
        let answer = client.answer_if_any();
        assert!(answer.is_none_or(|answer| answer.status() == Some(400)));
    }
    assert!(upstream.has_heard_nothing());
}

#[test]
fn proxy_header_secs() {
    let upstream = Upstream::content();
    let stage = Play {
        limits: "proxy_header_secs = 1",
        ..PLAY
    }
    .open(upstream.address());
    let silent = stage.client();
    let mut slow = stage.client();
    slow.send("PROXY TCP4 203.0.113.9");
    let mut shorter = stage.client();
    shorter.send(SIGNATURE);
    for mut client in [silent, slow, shorter] {
        assert_eq!(client.rest(), b"");
    }
    assert_eq!(
        stage
            .close()
            .log
            .matches("within `proxy_header_secs`")
            .count(),
        3
    );
}

#[test]
fn a_reload_switches_it_on_and_off() {
    let upstream = Upstream::content();
    let off = Play { server: "", ..PLAY };
    let stage = off.open(upstream.address());
    let inside = get("/inside", "");
    assert_eq!(stage.ask(&inside).status(), Some(403));
    stage.reload(&PLAY, upstream.address()).unwrap();
    assert_eq!(status(&stage, FROM_INSIDE, &inside), Some(200));
    stage.reload(&off, upstream.address()).unwrap();
    assert_eq!(stage.ask(&inside).status(), Some(403));
}

/// Sends the header, then shakes hands.
async fn by_tls(
    stage: &Stage,
    certificate: &Certificate,
    protocol: &[u8],
) -> tokio_rustls::client::TlsStream<TcpStream> {
    let mut stream = TcpStream::connect(stage.address()).await.unwrap();
    stream.write_all(FROM_INSIDE).await.unwrap();
    let connector = certificate.connector(protocol);
    connector.connect(localhost(), stream).await.unwrap()
}

#[test]
fn in_front_of_tls() {
    let certificate = Certificate::new();
    let upstream = Upstream::content();
    let server = format!("{}\n{}", PLAY.server, certificate.setting());
    let stage = Play {
        server: &server,
        ..PLAY
    }
    .open(upstream.address());
    wait_for(async {
        let mut stream = by_tls(&stage, &certificate, b"http/1.1").await;
        let request = get("/inside", "Connection: close\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        let mut client = http2::speak(by_tls(&stage, &certificate, b"h2").await).await;
        let request = http::Request::get("https://a.example/inside").body(Default::default());
        let answer = http2::ask(&mut client, request.unwrap()).await;
        assert_eq!(answer.head.status(), 200);
    });
    for _ in 0..2 {
        let heard = upstream.next().message;
        assert_eq!(heard.fields("x-forwarded-for"), ["10.0.0.9"]);
        assert_eq!(heard.fields("x-forwarded-proto"), ["https"]);
    }
    // Inside of TLS there is none.
    let mut client = stage.client();
    client.send(b"\x16\x03\x01\0\x05hello");
    assert_eq!(client.rest(), b"");
}

/// Occupies the only place, and says what the next client is told.
fn turned_away(stage: &Stage, inside: &mut Client) -> String {
    inside.send(FROM_INSIDE);
    // The answer shows that it is inside.
    assert_eq!(inside.send(get("/inside", "")).answer().status(), Some(200));
    let mut client = stage.client();
    client.send(FROM_OUTSIDE).send(get("/public/x", ""));
    let answer = client.answer();
    format!("{} {}", answer.status().unwrap(), answer.cause())
}

#[test]
fn who_is_turned_away_is_told_so_behind_its_header() {
    let upstream = Upstream::content();
    let stage = Play {
        limits: "connections_max = 1",
        ..PLAY
    }
    .open(upstream.address());
    let mut inside = stage.client();
    assert_eq!(turned_away(&stage, &mut inside), "503 gateway-overloaded");
}

#[test]
fn connections_max_is_told_by_tls() {
    let certificate = Certificate::new();
    let upstream = Upstream::content();
    let server = certificate.setting();
    let stage = Play {
        server: &server,
        limits: "connections_max = 1",
        ..Play::default()
    }
    .open(upstream.address());
    let connect = async |protocol: &[u8]| {
        let stream = TcpStream::connect(stage.address()).await.unwrap();
        let connector = certificate.connector(protocol);
        connector.connect(localhost(), stream).await.unwrap()
    };
    wait_for(async {
        let mut inside = connect(b"http/1.1").await;
        let request = get("/public/x", "");
        inside.write_all(request.as_bytes()).await.unwrap();
        let mut part = [0; 512];
        let size = inside.read(&mut part).await.unwrap();
        assert!(part[..size].starts_with(b"HTTP/1.1 200 OK\r\n"));
        let mut other = connect(b"http/1.1").await;
        other.write_all(request.as_bytes()).await.unwrap();
        let mut answer = vec![0; 4096];
        let size = other.read(&mut answer).await.unwrap();
        let answer = String::from_utf8_lossy(&answer[..size]).to_ascii_lowercase();
        assert!(answer.starts_with("http/1.1 503 "), "{answer}");
        assert!(answer.contains("countersign-cause: gateway-overloaded\r\n"));
        let mut other = connect(b"h2").await;
        other
            .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            .await
            .unwrap();
        let mut frames = [0; 26];
        other.read_exact(&mut frames).await.unwrap();
        assert_eq!((frames[3], frames[9 + 3]), (4, 7), "{frames:?}");
    });
}
