//! What goes over the wire, and what is read of what comes back.

use std::time::Duration;

use http::Version;

use super::stage::{Server, reply, sending};
use super::{case_of, get};
use crate::case::{HttpVersion, Resolve, Transport};
use crate::message::Answer;
use crate::probe::{Care, NoAnswer, Prober, Stage, Withheld};

async fn answer_to(bytes: &'static [u8], holds: bool, care: Care) -> Result<Answer, NoAnswer> {
    let address = sending(bytes, holds).await;
    let request = get(&format!("http://{address}/"), &[]);
    Prober::new(&case_of(&request), care)
        .send(&request, "a test")
        .await
}

fn detail(answer: Result<Answer, NoAnswer>) -> (Stage, String) {
    match answer {
        Err(NoAnswer::Unreachable(unreachable)) => (unreachable.stage, unreachable.detail),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_request_goes_out_as_it_was_written() {
    let server = Server::start(|_| reply(401, "no")).await;
    let mut request = get(
        &server.url("/a%20b?c=d%2F#e"),
        &[
            ("X-API-Key", "k1"),
            ("X-API-Key", "k2"),
            ("Accept-Encoding", "gzip"),
            ("Content-Length", "999"),
        ],
    );
    "OPTIONS".clone_into(&mut request.method);
    request.body = Some(b"body".to_vec());
    let case = case_of(&request);
    let mut prober = Prober::new(&case, Care::default());
    let answer = prober.send(&request, "the request as it is").await.unwrap();

    assert_eq!((answer.status, answer.text().as_ref()), (401, "no"));
    let seen = server.seen().remove(0);
    assert_eq!(
        (seen.method.as_str(), seen.target.as_str()),
        ("OPTIONS", "/a%20b?c=d%2F")
    );
    let names: Vec<&str> = seen.fields.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["host", "x-api-key", "x-api-key", "content-length"]);
    assert_eq!(
        seen.field("host"),
        Some(server.address.to_string().as_str())
    );
    assert_eq!(seen.field("content-length"), Some("4"));
    assert_eq!(seen.body, "body");
    let tried = &prober.tried()[0];
    assert_eq!(
        (tried.why.as_str(), tried.status),
        ("the request as it is", Some(401))
    );
}

#[tokio::test]
async fn a_host_of_ones_own_is_kept() {
    let server = Server::start(|_| reply(200, "")).await;
    let request = get(&server.url("/"), &[("Host", "inner.example")]);
    let case = case_of(&request);
    Prober::new(&case, Care::default())
        .send(&request, "")
        .await
        .unwrap();
    assert_eq!(server.seen()[0].field("host"), Some("inner.example"));
}

#[tokio::test]
async fn http_2_is_spoken_with_prior_knowledge() {
    let server = Server::start(|_| reply(403, "")).await;
    let request = get(&server.url("/x"), &[("Connection", "keep-alive")]);
    let mut case = case_of(&request);
    case.transport.version = Some(HttpVersion::Two);
    let mut prober = Prober::new(&case, Care::default());
    let answer = prober.send(&request, "").await.unwrap();
    assert_eq!((answer.status, answer.version), (403, Version::HTTP_2));
    let seen = server.seen().remove(0);
    assert_eq!(seen.target, server.url("/x"));
    assert_eq!(
        (seen.version, seen.field("connection")),
        (Version::HTTP_2, None)
    );

    let one = Some(HttpVersion::One);
    let answer = prober
        .send_in(one, &request, "the same over HTTP/1.1")
        .await
        .unwrap();
    assert_eq!(answer.version, Version::HTTP_11);
}

#[tokio::test]
async fn requests_share_a_connection_where_they_have_to() {
    let server = Server::start(|seen| reply(200, &seen.connection.to_string())).await;
    let elsewhere = Server::start(|_| reply(200, "")).await;
    let request = get(&server.url("/x"), &[]);
    let case = case_of(&request);
    let mut prober = Prober::new(&case, Care::default());
    let pair = [request.clone(), request.clone()];
    let answers = prober.send_on_one_connection(&pair, "both legs").await;
    let bodies: Vec<String> = answers
        .into_iter()
        .map(|answer| answer.unwrap().text().into_owned())
        .collect();
    assert_eq!(bodies, ["0", "0"]);
    let alone = prober.send(&request, "").await.unwrap();
    assert_eq!((alone.text().as_ref(), prober.tried().len()), ("1", 3));

    let strangers = [request, get(&elsewhere.url("/"), &[])];
    let answers = prober.send_on_one_connection(&strangers, "").await;
    assert_eq!(answers[1], Err(NoAnswer::Withheld(Withheld::OtherHost)));
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn a_stand_in_is_connected_to_in_place_of_the_host() {
    let server = Server::start(|_| reply(200, "")).await;
    let stand_in = |host: &str| Resolve {
        host: host.to_owned(),
        port: 80,
        address: server.address.ip(),
        to_port: server.address.port(),
    };
    for host in ["api.example", "*"] {
        let request = get("http://api.example/x", &[("X-Api-Key", "k")]);
        let mut case = case_of(&request);
        case.transport = Transport {
            resolve: vec![stand_in(host)],
            ..Transport::default()
        };
        let answer = Prober::new(&case, Care::default()).send(&request, "").await;
        assert_eq!(answer.unwrap().status, 200);
    }
    assert_eq!(server.seen()[1].field("host"), Some("api.example"));
}

#[tokio::test]
async fn interim_answers_are_skipped() {
    let bytes = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno";
    let answer = answer_to(bytes, false, Care::default()).await.unwrap();
    assert_eq!((answer.status, answer.fields.has("link")), (403, false));
}

#[tokio::test]
async fn a_body_ends_at_the_limit() {
    let bytes = b"HTTP/1.1 401 No\r\nContent-Length: 1000000\r\n\r\n0123456789";
    let care = Care {
        body_bytes_max: 4,
        ..Care::default()
    };
    let answer = answer_to(bytes, true, care).await.unwrap();
    assert_eq!((answer.text().as_ref(), answer.truncated), ("0123", true));
}

#[tokio::test]
async fn what_was_packed_unasked_is_not_unpacked() {
    let bytes =
        b"HTTP/1.1 401 No\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\n\x1f\x8b\x08\x00\x01";
    let answer = answer_to(bytes, false, Care::default()).await.unwrap();
    assert_eq!((answer.body.len(), answer.truncated), (0, true));
    let bytes = b"HTTP/1.1 401 No\r\nContent-Encoding: identity\r\nContent-Length: 2\r\n\r\nno";
    let answer = answer_to(bytes, false, Care::default()).await.unwrap();
    assert_eq!((answer.text().as_ref(), answer.truncated), ("no", false));
}

#[tokio::test]
async fn what_came_of_a_body_that_breaks_off_is_kept() {
    let bytes = b"HTTP/1.1 401 No\r\nContent-Length: 100\r\n\r\nabc";
    let answer = answer_to(bytes, false, Care::default()).await.unwrap();
    assert_eq!(
        (answer.status, answer.text().as_ref(), answer.truncated),
        (401, "abc", true)
    );
    let care = Care {
        probe_time_max: Duration::from_secs(1),
        ..Care::default()
    };
    let answer = answer_to(bytes, true, care).await.unwrap();
    assert_eq!((answer.text().as_ref(), answer.truncated), ("abc", true));
}

#[tokio::test]
async fn a_head_that_is_too_large_is_no_answer() {
    let care = Care {
        head_bytes_max: 64,
        ..Care::default()
    };
    let bytes = b"HTTP/1.1 401 No\r\nX-A: 0123456789012345678901234567890123456789012345678901234567890123456789\r\n\r\n";
    let (stage, detail) = detail(answer_to(bytes, false, care).await);
    assert_eq!(
        (stage, detail.as_str()),
        (Stage::Exchange, "the head of the answer is too large")
    );
}

#[tokio::test]
async fn what_is_no_http_is_no_answer() {
    let (stage, detail_of) =
        detail(answer_to(b"SSH-2.0-OpenSSH\r\n\r\n", false, Care::default()).await);
    assert_eq!(
        (stage, detail_of.as_str()),
        (Stage::Exchange, "what came back is no HTTP answer")
    );
    let (stage, detail_of) = detail(answer_to(b"", false, Care::default()).await);
    assert_eq!(
        (stage, detail_of.as_str()),
        (
            Stage::Exchange,
            "the server closed the connection without an answer"
        )
    );
}

#[tokio::test]
async fn a_silent_server_is_given_up() {
    let care = Care {
        probe_time_max: Duration::from_millis(100),
        ..Care::default()
    };
    let (stage, detail) = detail(answer_to(b"", true, care).await);
    assert_eq!(
        (stage, detail.as_str()),
        (Stage::Time, "no answer within 100 ms")
    );
}

#[tokio::test]
async fn the_failure_of_the_case_itself_is_remembered() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = listener.local_addr().unwrap();
    drop(listener);
    let request = get(&format!("http://{closed}/"), &[]);
    let case = case_of(&request);
    let mut prober = Prober::new(&case, Care::default());
    let (stage, detail) = detail(prober.send(&request, "").await);
    assert_eq!(stage, Stage::Connect);
    assert_eq!(
        detail,
        format!("nothing listens at `{closed}`: the connection was refused")
    );
    assert!(matches!(
        prober.unanswered(),
        Some(NoAnswer::Unreachable(_))
    ));
    assert_eq!(prober.tried()[0].status, None);
}

#[tokio::test]
async fn another_form_that_fails_is_no_failure_of_the_case() {
    let server = Server::start(|_| reply(401, "")).await;
    let request = get(&server.url("/"), &[]);
    let case = case_of(&request);
    let mut prober = Prober::new(&case, Care::default());
    prober.send(&request, "").await.unwrap();
    let broken = get(&server.url("/"), &[("X", "a\nb")]);
    assert!(prober.send(&broken, "").await.is_err());
    assert_eq!(prober.unanswered(), None);
}
