//! The command line as a user runs it: the real binary, in a folder of its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "tests"
)]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

fn run(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("COUNTERSIGN_CONFIG")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that fails early does not read its input.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn outcome(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

fn good(folder: &Path, arguments: &[&str], input: &str) -> String {
    let (code, stdout, stderr) = outcome(&run(folder, arguments, input));
    assert_eq!(code, 0, "{arguments:?}: {stderr}");
    stdout
}

/// Exit code and standard error of a command that fails.
fn bad(folder: &Path, arguments: &[&str], input: &str) -> (i32, String) {
    let (code, stdout, stderr) = outcome(&run(folder, arguments, input));
    assert_eq!(stdout, "", "{arguments:?}");
    (code, stderr)
}

#[test]
fn what_init_writes_checks_clean_and_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    good(folder.path(), &["init"], "");
    assert_eq!(
        good(folder.path(), &["check", "--strict"], ""),
        "countersign.toml: nothing found\n"
    );
    let (code, stderr) = bad(folder.path(), &["init"], "");
    assert_eq!(code, 1);
    assert_eq!(
        stderr,
        "error: cannot write `countersign.toml`: File exists (os error 17)\nhelp: `--force` writes over it\n"
    );
}

#[test]
fn check_shows_each_fault_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("countersign.toml"),
        "realm = 7\n[upstream.app]\nurl = \"x\"\n",
    )
    .unwrap();
    let (code, stdout, _) = outcome(&run(folder.path(), &["check"], ""));
    assert_eq!(code, 1);
    for words in [
        "error: `realm` is a whole number\n --> countersign.toml:1:9",
        "`x` is not a URL",
        "lacks the key `route`",
    ] {
        assert!(stdout.contains(words), "{stdout}");
    }
    let (code, stderr) = bad(folder.path(), &["serve"], "");
    assert!(
        code == 1 && stderr.ends_with("error: the configuration has errors\n"),
        "{stderr}"
    );
}

#[test]
fn a_missing_configuration_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let expected = "error: cannot read `countersign.toml`: No such file or directory (os error 2)\n\
                    help: `countersign init` writes one; `--config FILE` names another\n";
    assert_eq!(bad(folder.path(), &["check"], ""), (1, expected.to_owned()));
}

#[test]
fn routes_say_which_rule_decides() {
    let folder = tempfile::tempdir().unwrap();
    good(folder.path(), &["init"], "");
    let shown = good(
        folder.path(),
        &["routes", "https://api.example.com/admin/x", "-X", "DELETE"],
        "",
    );
    assert!(
        shown.contains("admin: decides") && shown.contains("group admin"),
        "{shown}"
    );
    let (code, stderr) = bad(folder.path(), &["routes", "/a/../b"], "");
    assert!(
        code == 1 && stderr.contains("request-target-ambiguous"),
        "{stderr}"
    );
}

#[test]
fn the_life_of_a_user() {
    let folder = tempfile::tempdir().unwrap();
    let store = ["--store", "s.db"];
    let with = |arguments: &[&'static str]| [arguments, &store].concat();
    good(
        folder.path(),
        &with(&["user", "add", "alice", "--group", "staff"]),
        "correct horse battery\n",
    );
    let list: serde_json::Value =
        serde_json::from_str(&good(folder.path(), &with(&["user", "list", "--json"]), "")).unwrap();
    assert_eq!(list[0]["name"], "alice");
    let (code, stderr) = bad(folder.path(), &with(&["user", "add", "bob"]), "short\n");
    assert!(
        code != 0 && !stderr.contains("short\n") && stderr.contains('8'),
        "{stderr}"
    );
    assert_ne!(
        bad(
            folder.path(),
            &with(&["user", "add", "a:b"]),
            "correct horse battery\n"
        )
        .0,
        0
    );
    assert_eq!(
        bad(
            folder.path(),
            &with(&["user", "add", "alice"]),
            "correct horse battery\n"
        )
        .0,
        1
    );
    good(folder.path(), &with(&["user", "disable", "alice"]), "");
    let shown: serde_json::Value = serde_json::from_str(&good(
        folder.path(),
        &with(&["user", "show", "alice", "--json"]),
        "",
    ))
    .unwrap();
    assert_eq!(shown["disabled"], true);
    good(folder.path(), &with(&["user", "enable", "alice"]), "");
    good(folder.path(), &with(&["user", "delete", "alice"]), "");
    assert_eq!(
        bad(folder.path(), &with(&["user", "show", "alice"]), "").0,
        1
    );
}

#[test]
fn an_import_is_all_or_nothing_and_names_every_bad_line() {
    let folder = tempfile::tempdir().unwrap();
    let store = ["--store", "s.db"];
    let with = |arguments: &[&'static str]| [arguments, &store].concat();
    good(
        folder.path(),
        &with(&["user", "add", "first"]),
        "correct horse battery\n",
    );
    let apr1 = "carol:$apr1$salt$Xxd1irWT9ycqoYxGFn4cb.\r\n";
    std::fs::write(
        folder.path().join("bad"),
        format!("{apr1}# comment\n\ndave:{{PLAIN}}x\nnocolon\n"),
    )
    .unwrap();
    let (code, stderr) = bad(folder.path(), &with(&["user", "import", "bad"]), "");
    assert!(
        code == 1 && stderr.contains('4') && stderr.contains('5') && !stderr.contains("{PLAIN}x"),
        "{stderr}"
    );
    assert!(!good(folder.path(), &with(&["user", "list"]), "").contains("carol"));
    std::fs::write(folder.path().join("htpasswd"), apr1).unwrap();
    good(folder.path(), &with(&["user", "import", "htpasswd"]), "");
    assert!(good(folder.path(), &with(&["user", "list"]), "").contains("carol"));
}

#[test]
fn the_life_of_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let store = ["--store", "s.db"];
    let run = |arguments: &[&str]| good(folder.path(), &[arguments, &store].concat(), "");
    let key = run(&[
        "key",
        "create",
        "--service",
        "report",
        "--scope",
        "a",
        "--expires",
        "never",
    ]);
    let key = key.trim_end();
    assert!(
        key.starts_with("csk_") && key.len() == 55,
        "the key alone is on stdout"
    );
    let list = run(&["key", "list", "--json"]);
    assert!(!list.contains(key), "it is shown once");
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    assert_eq!(
        (&list[0]["state"], &list[0]["expires"]),
        (&"active".into(), &serde_json::Value::Null)
    );
    let id = list[0]["id"].as_str().unwrap().to_owned();
    let renewed: serde_json::Value =
        serde_json::from_str(&run(&["key", "rotate", &id, "--grace", "1h", "--json"])).unwrap();
    assert_eq!(renewed["owner"], "report");
    let new_id = renewed["id"].as_str().unwrap();
    run(&["key", "revoke", new_id]);
    let states = run(&["key", "list"]);
    assert!(states.contains("revoked"), "{states}");
    let (code, stderr) = bad(
        folder.path(),
        &[
            &["key", "create", "--service", "x", "--expires", "soon"],
            &store[..],
        ]
        .concat(),
        "",
    );
    assert!(code == 2 && stderr.contains("soon"), "{stderr}");
}

/// A demo that ends with the test.
struct Demo {
    child: Child,
    lines: Vec<String>,
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        let _ = self.child.wait();
    }
}

fn demo() -> Demo {
    let mut child = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(["demo", "--port", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let is_last = line.starts_with("Ctrl-C");
        lines.push(line);
        if is_last {
            break;
        }
    }
    Demo { child, lines }
}

fn shell(command: &str) -> String {
    let output = Command::new("sh")
        .arg("-c")
        .arg(command)
        .output()
        .expect("`sh` and `curl` are installed by ./test");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_five_commands_of_the_demo_show_what_they_say() {
    let demo = demo();
    let commands: Vec<&String> = demo
        .lines
        .iter()
        .filter(|line| line.starts_with("curl "))
        .collect();
    let expected = [
        ("HTTP/1.1 401", "countersign-cause: credentials-missing"),
        ("HTTP/1.1 200", "\"x-auth-scheme\": \"basic\""),
        ("HTTP/1.1 200", "\"x-auth-scheme\": \"bearer\""),
        ("HTTP/1.1 200", "\"x-auth-scheme\": \"api-key\""),
        ("HTTP/1.1 403", "countersign-cause: scope-insufficient"),
    ];
    assert_eq!(commands.len(), expected.len());
    for (command, (status, words)) in commands.iter().zip(expected) {
        let answer = shell(command);
        assert!(
            answer.starts_with(status) && answer.contains(words),
            "{command}\n{answer}"
        );
    }
    let refused = shell(commands[0]);
    let challenges: Vec<&str> = refused
        .lines()
        .filter(|line| line.starts_with("www-authenticate: "))
        .collect();
    let schemes: Vec<&str> = challenges
        .iter()
        .map(|line| line.split(' ').nth(1).unwrap())
        .collect();
    assert_eq!(schemes, ["Bearer", "ApiKey", "Basic"]);
    let body: serde_json::Value =
        serde_json::from_str(refused.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    let page = shell(&format!("curl -si '{}'", body["type"].as_str().unwrap()));
    assert!(
        page.starts_with("HTTP/1.1 200") && page.contains("<code>credentials-missing</code>"),
        "{page}"
    );
}

#[test]
fn why_tells_what_the_client_was_not() {
    let demo = demo();
    let hint = demo
        .lines
        .iter()
        .find(|line| line.contains("countersign why"))
        .unwrap();
    let store = hint
        .split("--store ")
        .nth(1)
        .unwrap()
        .split_whitespace()
        .next()
        .unwrap()
        .trim_matches('\'');
    let base = demo.lines[0]
        .split_whitespace()
        .find(|word| word.starts_with("http"))
        .unwrap()
        .trim_end_matches(',');
    let answer = shell(&format!("curl -si -u nobody:wrong {base}/notes"));
    assert!(
        answer.contains("countersign-cause: credentials-rejected"),
        "{answer}"
    );
    let id = answer
        .lines()
        .find_map(|line| line.strip_prefix("x-request-id: "))
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let told = good(folder.path(), &["why", id, "--store", store], "");
    for words in [
        "credentials-rejected",
        "route `notes` decides",
        "no user of that name",
        "GET",
        "/notes",
    ] {
        assert!(told.contains(words), "{told}");
    }
    assert!(
        !told.contains("wrong\n") && !answer.contains("no user"),
        "{told}"
    );
    assert_eq!(
        bad(folder.path(), &["why", "unheardof", "--store", store], "").0,
        1
    );
}
