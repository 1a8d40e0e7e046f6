//! Floods of HTTP/2 frames: each ends by a limit, and who else is there is served meanwhile.

use std::io::{ErrorKind, Write};
use std::time::{Duration, Instant};

use crate::http2_way::frame;
use crate::stage::client::Client;
use crate::stage::upstream::Upstream;
use crate::stage::{PATIENCE, Play, Stage};

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const CONTINUATION: u8 = 9;
const GET: &[u8] = b"\x82\x86\x04\x09/public/x\x01\x01a";

fn stage(upstream: &Upstream) -> Stage {
    Play {
        limits: "upstream_stall_secs = 1",
        ..Play::default()
    }
    .open(upstream.address())
}

/// A client that has begun to speak HTTP/2.
fn begun(stage: &Stage) -> Client {
    let mut client = stage.client();
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    client.send(frame(SETTINGS, 0, 0, b""));
    client
}

/// Sends these frames, made anew each time, and reads nothing, until the gateway has ended the connection. Says how many went out.
fn flood(client: &mut Client, mut frames: impl FnMut(u32) -> Vec<u8>) -> u32 {
    let look = Duration::from_millis(50);
    client.stream.set_write_timeout(Some(look)).unwrap();
    let started = Instant::now();
    for number in 0.. {
        let bytes = frames(number);
        let mut sent = 0;
        while sent < bytes.len() {
            assert!(started.elapsed() < PATIENCE, "never ended");
            match client.stream.write(&bytes[sent..]) {
                Ok(size) => sent += size,
                // It takes nothing more for now.
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => return number,
            }
        }
    }
    unreachable!("the numbers have no end");
}

/// Somebody else is served.
fn serves(stage: &Stage) {
    let request = "GET /public/x HTTP/1.1\r\nHost: a.example\r\n\r\n";
    assert_eq!(stage.ask(request).status(), Some(200));
}

#[test]
fn rapid_reset_is_ended() {
    let upstream = Upstream::content();
    let stage = stage(&upstream);
    let mut client = begun(&stage);
    flood(&mut client, |number| {
        let stream = 2 * number + 1;
        let mut frames = frame(HEADERS, 5, stream, GET);
        frames.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
        frames
    });
    serves(&stage);
}

#[test]
fn a_head_that_goes_on_for_ever_is_ended() {
    let upstream = Upstream::content();
    let stage = stage(&upstream);
    let mut client = begun(&stage);
    client.send(frame(HEADERS, 1, 1, GET));
    // RFC 7541 section 5.1: a length of 4095 is 127, and 31 times 128 beside it.
    let field = [&b"\x00\x01a\x7f\x80\x1f"[..], &[b'x'; 4_095]].concat();
    let sent = flood(&mut client, |_| frame(CONTINUATION, 0, 1, &field));
    // Not much more than the limit, and what the sockets hold between.
    assert!(sent < 4_096, "{sent} frames of 4 KiB");
    serves(&stage);
    assert_eq!(
        upstream.next().message.line(),
        "GET /public/x HTTP/1.1",
        "the other one"
    );
    assert!(upstream.has_heard_nothing());
}

#[test]
fn answers_that_nobody_reads_do_not_pile_up() {
    for kind in [PING, SETTINGS] {
        let upstream = Upstream::content();
        let stage = stage(&upstream);
        let mut client = begun(&stage);
        let payload: &[u8] = if kind == PING { &[0; 8] } else { b"" };
        let many = frame(kind, 0, 0, payload).repeat(1_000);
        flood(&mut client, |_| many.clone());
        serves(&stage);
    }
}
