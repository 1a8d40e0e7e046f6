//! The filter in `contrib/fail2ban`, tried by fail2ban itself on the log of a gateway that runs.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::room::{Room, Running, shell};

fn configuration(format: &str) -> String {
    format!(
        "[server]\nlisten = [\"127.0.0.1:0\"]\nworkers = 1\ntrusted_proxies = [\"127.0.0.0/8\"]\n[log]\nformat = \"{format}\"\n\
         [brakes]\npair_attempts = 1\ndelay_secs = 900\n[upstream.app]\nurl = \"http://127.0.0.1:9\"\n\
         [[route]]\nname = \"all\"\nupstream = \"app\"\naccept = [\"basic\", \"session\"]\nallow = {{ identity = true }}\n\
         [session]\nplain_http = true\n"
    )
}

/// The log of a gateway that was asked by several clients, good and bad.
fn log(format: &str) -> String {
    let room = Room::new();
    room.write("countersign.toml", configuration(format));
    let mut command = room.command(&["serve"]);
    let mut running = Running::start(command.stdout(Stdio::null()).stderr(Stdio::piped()));
    let mut lines = running.stderr_until("listening");
    let line = lines.last().unwrap();
    let address = match serde_json::from_str::<Value>(line) {
        Ok(event) => event["address"].as_str().unwrap().to_owned(),
        Err(_) => line
            .split_once("address=")
            .unwrap()
            .1
            .split(' ')
            .next()
            .unwrap()
            .to_owned(),
    };
    let mut ask = |client: &str, arguments: &str, path: &str| {
        let status = shell(&format!(
            "curl -s -o /dev/null --path-as-is -w '%{{http_code}}' -H 'X-Forwarded-For: {client}' {arguments} 'http://{address}{path}'"
        ));
        lines.extend(running.stderr_until("refused"));
        status
    };
    let asked = [
        // Two wrong passwords: the second is turned away.
        ask("198.51.100.1", "-u alice:one", "/"),
        ask("198.51.100.1", "-u alice:two", "/"),
        ask("2001:db8::7", "-u bob:one", "/"),
        ask("2001:db8::7", "-u bob:two", "/a?b"),
        // Nothing sent, and a client that writes log lines into its path.
        ask("198.51.100.2", "", "/"),
        ask(
            "198.51.100.3",
            "",
            "/\",\"cause\":\"rate-limited\",\"peer\":\"203.0.113.66\"",
        ),
        ask("198.51.100.4", "-u carol:one", "/x%20peer=203.0.113.66"),
        ask("198.51.100.4", "-u carol:two", "/\"peer=203.0.113.66"),
    ];
    assert_eq!(
        asked,
        ["401", "429", "401", "429", "401", "401", "401", "429"]
    );
    // The same at the sign-in page.
    let mut sign_in = |password: &str| {
        let url = format!("http://{address}/.countersign/sign-in");
        let jar = room.path("jar");
        let jar = jar.display();
        let status = shell(&format!(
            "token=$(curl -s -c {jar} {url} | sed -n 's/.*name=\"token\" value=\"\\([^\"]*\\)\".*/\\1/p') && \
             curl -s -o /dev/null -w '%{{http_code}}' -b {jar} -H 'X-Forwarded-For: 198.51.100.5' --data-urlencode \"token=$token\" \
             -d user=dora -d password={password} {url}"
        ));
        lines.extend(running.stderr_until("sign-in-refused"));
        status
    };
    assert_eq!([sign_in("one"), sign_in("two")], ["401", "429"]);
    assert_eq!(running.terminate().code(), Some(0));
    lines.join("\n") + "\n"
}

/// The addresses that the filter finds, in order.
fn found(log: &str, mode: &str) -> Vec<String> {
    let room = Room::new();
    room.write("log", log);
    let filter =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../contrib/fail2ban/filter.d/countersign.conf");
    let filter = format!("{}[mode={mode}]", filter.display());
    let output = Command::new("fail2ban-regex")
        .args(["--out", "ip"])
        .arg(room.path("log"))
        .arg(filter)
        .output()
        .unwrap_or_else(|error| {
            panic!("fail2ban-regex: {error}; `./test` installs what is missing")
        });
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn fail2ban_finds_who_is_braked_and_nobody_else() {
    for format in ["json", "text"] {
        let log = log(format);
        assert_eq!(
            found(&log, "braked"),
            [
                "198.51.100.1",
                "2001:db8::7",
                "198.51.100.4",
                "198.51.100.5"
            ],
            "{log}"
        );
        assert_eq!(
            found(&log, "failed"),
            [
                "198.51.100.1",
                "198.51.100.1",
                "2001:db8::7",
                "2001:db8::7",
                "198.51.100.4",
                "198.51.100.4",
                "198.51.100.5",
                "198.51.100.5"
            ],
            "{log}"
        );
    }
}
