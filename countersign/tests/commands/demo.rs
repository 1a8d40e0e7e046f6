//! `demo`: the five commands as they are printed, run by a real shell with the real curl.

use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;

use crate::room::{Room, Running, shell};

struct Demo {
    running: Running,
    lines: Vec<String>,
}

impl Demo {
    fn start(room: &Room, port: &str) -> Self {
        let mut command = room.command(&["demo", "--port", port]);
        let mut running = Running::start(command.stdout(Stdio::piped()).stderr(Stdio::null()));
        let lines = running.stdout_until("Ctrl-C");
        Self { running, lines }
    }

    /// The printed commands, each with the comment above it.
    fn commands(&self) -> Vec<(&str, &str)> {
        let pairs = self
            .lines
            .windows(2)
            .filter(|pair| pair[1].starts_with("curl "));
        pairs
            .map(|pair| (pair[0].as_str(), pair[1].as_str()))
            .collect()
    }

    fn url(&self) -> &str {
        self.lines[0]
            .split([' ', ','])
            .find(|word| word.starts_with("http://"))
            .unwrap()
    }

    fn value(&self, name: &str) -> &str {
        self.lines
            .iter()
            .find_map(|line| line.strip_prefix(name))
            .unwrap()
            .trim_start()
    }

    fn store(&self) -> &str {
        let hint = self
            .lines
            .iter()
            .find(|line| line.contains(" why REQUEST-ID --store "))
            .unwrap();
        hint.rsplit(' ').next().unwrap()
    }
}

fn fields<'a>(answer: &'a str, name: &str) -> Vec<&'a str> {
    let head = answer.split("\n\n").next().unwrap();
    head.lines()
        .filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        .collect()
}

fn body(answer: &str) -> serde_json::Value {
    serde_json::from_str(answer.split_once("\n\n").unwrap().1).unwrap()
}

#[test]
fn the_five_commands_show_what_their_comments_say() {
    let room = Room::new();
    let mut demo = Demo::start(&room, "0");
    let expected = [
        (
            "# 401: ",
            "HTTP/1.1 401 ",
            Some("credentials-missing"),
            None,
        ),
        ("# 200 by Basic: ", "HTTP/1.1 200 ", None, Some("basic")),
        ("# 200 by Bearer: ", "HTTP/1.1 200 ", None, Some("bearer")),
        ("# 200 by API key, ", "HTTP/1.1 200 ", None, Some("api-key")),
        ("# 403: ", "HTTP/1.1 403 ", Some("scope-insufficient"), None),
    ];
    let commands = demo.commands();
    assert_eq!(commands.len(), expected.len());
    for ((comment, command), (comment_start, status, cause, scheme)) in
        commands.iter().zip(expected)
    {
        assert!(comment.starts_with(comment_start), "{comment}");
        let answer = shell(&command.replace("curl -i ", "curl -si "));
        assert!(answer.starts_with(status), "{command}\n{answer}");
        assert_eq!(
            fields(&answer, "countersign-cause"),
            cause.into_iter().collect::<Vec<_>>(),
            "{answer}"
        );
        if let Some(scheme) = scheme {
            let told = &body(&answer)["told by the gateway"];
            assert_eq!(
                (&told["x-auth-user"], &told["x-auth-scheme"]),
                (&"alice".into(), &scheme.into()),
                "{answer}"
            );
        }
        if let Some(cause) = cause {
            let problem = body(&answer);
            assert_eq!(problem["cause"], cause);
            let page = shell(&format!("curl -si '{}'", problem["type"].as_str().unwrap()));
            assert!(
                page.starts_with("HTTP/1.1 200 ") && page.contains(cause),
                "{page}"
            );
        }
    }
    assert_eq!(demo.running.terminate().code(), Some(0));
}

#[test]
fn the_first_refusal_has_every_challenge() {
    let room = Room::new();
    let demo = Demo::start(&room, "0");
    let answer = shell(&format!("curl -si {}/notes", demo.url()));
    let mut schemes: Vec<&str> = fields(&answer, "www-authenticate")
        .iter()
        .map(|challenge| challenge.split(' ').next().unwrap())
        .collect();
    schemes.sort_unstable();
    assert_eq!(schemes, ["ApiKey", "Basic", "Bearer"]);
}

#[test]
fn why_tells_the_operator_what_the_client_was_not_told() {
    let room = Room::new();
    let demo = Demo::start(&room, "0");
    let answer = shell(&format!("curl -si -u nobody:s3cret {}/notes", demo.url()));
    assert_eq!(
        fields(&answer, "countersign-cause"),
        ["credentials-rejected"]
    );
    assert!(!answer.contains("no user"), "{answer}");
    let told = room.good(&[
        "why",
        fields(&answer, "x-request-id")[0],
        "--store",
        demo.store(),
    ]);
    assert!(told.contains("\n  verify  no user of that name"), "{told}");
    assert!(!told.contains("s3cret"), "{told}");
}

#[test]
fn a_change_of_the_store_is_noticed_at_once() {
    let room = Room::new();
    let demo = Demo::start(&room, "0");
    let ask = format!(
        "curl -si -H 'X-API-Key: {}' {}/notes",
        demo.value("API key:"),
        demo.url()
    );
    assert!(shell(&ask).starts_with("HTTP/1.1 200 "));
    room.good(&[
        "key",
        "revoke",
        demo.value("API key:"),
        "--store",
        demo.store(),
    ]);
    // Remembered for a minute, if nothing told the gateway to forget it: far past what is waited for here.
    let begin = std::time::Instant::now();
    let mut answer = shell(&ask);
    while answer.starts_with("HTTP/1.1 200 ") && begin.elapsed().as_secs() < 20 {
        answer = shell(&ask);
    }
    assert_eq!(
        fields(&answer, "countersign-cause"),
        ["credential-revoked"],
        "{answer}"
    );
}

#[test]
fn where_the_port_is_taken_another_one_is_used() {
    let room = Room::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let mut command = room.command(&["demo", "--port", &port.to_string()]);
    let mut running = Running::start(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
    let told = running.stderr_until("is taken");
    assert_eq!(
        told.last().unwrap(),
        &format!("port {port} is taken, so another one is used")
    );
    let lines = running.stdout_until("Ctrl-C");
    assert!(!lines[0].contains(&format!(":{port},")), "{}", lines[0]);
}

#[test]
fn nothing_is_left_behind() {
    let room = Room::new();
    let mut demo = Demo::start(&room, "0");
    let store = demo.store().to_owned();
    assert!(Path::new(&store).exists());
    assert_eq!(demo.running.terminate().code(), Some(0));
    assert!(!Path::new(&store).parent().unwrap().exists());
}
