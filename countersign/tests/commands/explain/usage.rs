use std::fs::File;
use std::process::Stdio;

use super::server::Server;
use crate::room::Room;

#[test]
fn without_anything_it_says_what_can_be_given() {
    let told = Room::new().bad(2, &["explain"]);
    assert!(
        told.starts_with("What you have                       What to run\n\na curl command "),
        "{told}"
    );
    assert!(
        told.ends_with("\nerror: nothing was given to explain\n"),
        "{told}"
    );
}

#[test]
fn two_things_are_one_too_many() {
    let room = Room::new();
    let sources: [&[&str]; 7] = [
        &["--har", "x"],
        &["--request", "x", "--base-url", "https://a.example"],
        &["--postman", "x"],
        &["--token", "x"],
        &["--response", "x"],
        &["--id", "x"],
        &["--cause", "token-expired"],
    ];
    for (at, first) in sources.iter().enumerate() {
        let others = sources.get(at + 1..).unwrap();
        for second in others
            .iter()
            .copied()
            .chain([&["--", "curl", "https://a.example"] as &[&str]])
        {
            let told = room.bad(2, &[&["explain"], *first, second].concat());
            assert!(
                told.contains("cannot be used with"),
                "{first:?} {second:?}: {told}"
            );
        }
    }
    let told = room.bad(
        2,
        &[
            "explain",
            "https://a.example",
            "--",
            "curl",
            "https://b.example",
        ],
    );
    assert_eq!(
        told,
        "error: there is a URL and a command after `--`: one of them is enough\n"
    );
}

#[test]
fn what_belongs_together_is_asked_for_together() {
    let room = Room::new();
    for alone in [
        &["--entry", "1"] as &[&str],
        &["--request", "x"],
        &["--base-url", "https://a.example"],
        &["--item", "x"],
    ] {
        let told = room.bad(2, &[&["explain"], alone].concat());
        assert!(
            told.contains("required arguments were not provided"),
            "{alone:?}: {told}"
        );
    }
}

#[test]
fn values_out_of_range_are_named() {
    let room = Room::new();
    for (wrong, words) in [
        (
            &["--client", "netscape"] as &[&str],
            "[possible values: browser, curl, python-requests",
        ),
        (&["--max-probes", "101"], "101 is not in 0..=100"),
        (&["--timeout-secs", "0"], "0 is not in 1..=600"),
        (&["--entry", "-1", "--har", "x"], "--entry"),
        (
            &["--cause", "token-exp"],
            "there is no such cause, but `token-malformed`, `token-expired`",
        ),
        (&["--cause", "x"], "there is no such cause\n"),
        (
            &["--home", ".", "--use-home", "https://a.example"],
            "cannot be used with",
        ),
    ] {
        let told = room.bad(2, &[&["explain"], wrong].concat());
        assert!(told.contains(words), "{wrong:?}: {told}");
    }
    let told = room.bad(2, &["explain", "--home", "nowhere", "https://a.example"]);
    assert_eq!(told, "error: `nowhere` is no folder\n");
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let room = Room::new();
    room.write("empty", "");
    File::create(room.path("long"))
        .unwrap()
        .set_len(9 * 1024 * 1024)
        .unwrap();
    for (arguments, words) in [
        (
            &["--har", "none"] as &[&str],
            "error: cannot read `none`: No such file or directory (os error 2)\n",
        ),
        (&["--har", "empty"], "error: `empty` is empty\n"),
        (
            &["--response", "long"],
            "error: `long` is longer than 8 MiB\nhelp: leave out what is not part of the request or its answer\n",
        ),
        (
            &["--postman", "."],
            "error: cannot read `.`: Is a directory (os error 21)\nhelp: name the file itself\n",
        ),
        (&["-"], "error: standard input is empty\n"),
        (&["--token", "-"], "error: standard input is empty\n"),
        (
            &["-", "x"],
            "error: `-` reads all of it from standard input: nothing may follow\n",
        ),
    ] {
        assert_eq!(room.bad(2, &[&["explain"], arguments].concat()), words);
    }
    assert_eq!(
        room.bad_with(2, &["explain", "--token", "-"], b"\r\n"),
        "error: there is no token on standard input\n"
    );
    let told = room.bad_with(2, &["explain", "-"], b"\xff\xfe");
    assert!(
        told.starts_with("error: what was given is no text in UTF-8\n"),
        "{told}"
    );
}

#[test]
fn an_address_of_no_server_is_refused_without_showing_it() {
    let room = Room::new();
    room.write("r", "GET / HTTP/1.1\r\n\r\n");
    for base in [
        "a.example",
        "ftp://a.example",
        "https://",
        "/x",
        "wonderland",
    ] {
        let told = room.bad(2, &["explain", "--request", "r", "--base-url", base]);
        assert!(
            told.starts_with("error: `--base-url` is no address of a server\nhelp: "),
            "{told}"
        );
        assert!(!told.contains("wonderland"), "{told}");
    }
}

#[test]
fn an_option_of_nobody_is_refused() {
    let told = Room::new().bad(2, &["explain", "--ofline", "https://a.example"]);
    assert!(
        told.ends_with("help: `countersign explain --help` has the options of `explain`\n"),
        "{told}"
    );
}

#[test]
fn a_report_that_cannot_be_written_is_no_reason_to_ask_a_server() {
    let room = Room::new();
    let server = Server::start();
    let url = server.url();
    for path in ["none/report.html", "."] {
        let told = room.bad(2, &["explain", "--report", path, "--", "curl", &url]);
        assert!(
            told.starts_with(&format!("error: cannot write `{path}`: ")),
            "{told}"
        );
        assert!(told.contains("\nhelp: nothing was sent yet"), "{told}");
    }
    assert_eq!(server.heads(), Vec::<String>::new());
}

#[test]
fn a_reader_who_has_seen_enough_gets_the_exit_code_all_the_same() {
    let room = Room::new();
    let server = Server::start();
    let mut child = room
        .command(&["explain", "-v", "-u", "alice:wonderland", &server.url()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap()
        ),
        (Some(1), String::new())
    );
}
