//! The same by TLS, by HTTP/2 and for upgrades.

use std::sync::Arc;

use super::{GET, figure, nobody, of, sections};
use crate::http2_upstream::{Serving, Upstream as Http2, told};
use crate::secure_upstream::Authority;
use crate::stage::Play;
use crate::stage::upstream::Upstream;

const SWITCHED: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

#[test]
fn http2_names_the_server_that_is_asked() {
    let (gone, good) = (nobody(), Http2::answering(told));
    let play = Play {
        sections: &sections(
            "http",
            &[gone, good.address],
            "http2 = true\nfailures_max = 2",
        ),
        ..Play::default()
    };
    let stage = play.open(good.address);
    for _ in 0..4 {
        let answer = stage.ask(GET).text();
        let line = format!("GET http://{}/many/x HTTP/2.0\n", good.address);
        assert!(answer.starts_with(&line), "{answer}");
    }
    assert_eq!(
        figure(&stage, &of("upstream_requests_total", gone, "")),
        "2"
    );
    assert_eq!(figure(&stage, &of("upstream_server_up", gone, "")), "0");
}

#[test]
fn a_stream_that_is_reset_is_tried_on_another_server() {
    let bad = Http2::answering(|_| Box::pin(async { Err(std::io::Error::other("no answer")) }));
    let good = Http2::answering(told);
    let play = Play {
        sections: &sections("http", &[bad.address, good.address], "http2 = true"),
        ..Play::default()
    };
    let stage = play.open(good.address);
    for _ in 0..4 {
        assert_eq!(stage.ask(GET).status(), Some(200));
    }
    assert_eq!(stage.ask(GET.replace("GET", "POST")).status(), Some(502));
}

#[test]
fn a_server_whose_certificate_is_not_good_is_passed_over() {
    let (authority, other) = (Authority::new(), Authority::new());
    let secured = |authority: &Authority| {
        let tls = Some(Arc::new(h2(authority)).into());
        Http2::served(
            Serving {
                tls,
                ..Serving::default()
            },
            told,
        )
    };
    let (bad, good) = (secured(&other), secured(&authority));
    let keys = format!(
        "http2 = true\ntls = {{ {} }}\nfailures_max = 1",
        authority.trusted()
    );
    let play = Play {
        sections: &sections("https", &[bad.address, good.address], &keys),
        ..Play::default()
    };
    let stage = play.open(good.address);
    for _ in 0..3 {
        assert_eq!(stage.ask(GET).status(), Some(200));
    }
    assert_eq!(
        figure(&stage, &of("upstream_requests_total", bad.address, "")),
        "1"
    );
    assert!(stage.close().log.contains("\"reason\":\"connect\""));
}

fn h2(authority: &Authority) -> rustls::ServerConfig {
    let mut config = (*authority.server_config(false)).clone();
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

#[test]
fn an_upgrade_goes_to_a_server_that_answers_and_counts_there_while_it_lasts() {
    let switching = || {
        Upstream::played(|mut connection| {
            if connection.hear().is_some() {
                connection.say(SWITCHED);
                connection.hear_out();
            }
        })
    };
    let (one, two) = (switching(), switching());
    let servers = [nobody(), one.address(), two.address()];
    let sections = sections("http", &servers, "failures_max = 1");
    let play = Play {
        sections: &format!("{sections}upgrade = [\"websocket\"]\n"),
        ..Play::default()
    };
    let stage = play.open(one.address());
    let wish = GET.replace(
        "\r\n\r\n",
        "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    );
    let open: Vec<_> = (0..4)
        .map(|_| {
            let mut client = stage.client();
            assert_eq!(client.send(&wish).answer().status(), Some(101));
            client
        })
        .collect();
    assert_eq!((one.connections(), two.connections()), (2, 2));
    drop(open);
}
