//! `user`, but for `import`.

use serde_json::json;

use crate::room::{Ran, Room};

const PASSWORD: &[u8] = b"correct horse battery\n";
const NOTICED: &str = "running gateways notice within a tenth of a second";
const NOTICED_BUT_OPEN: &str =
    "running gateways notice within a tenth of a second, and let WebSockets that are open go on";

fn room_with_alice() -> Room {
    let room = Room::new();
    let arguments = [
        "user",
        "add",
        "alice",
        "--group",
        "staff",
        "--display-name",
        "Alice Example",
        "--store",
        "s.db",
    ];
    room.good_with(&arguments, PASSWORD);
    room
}

#[test]
fn the_life_of_a_user() {
    let room = room_with_alice();
    let run = |arguments: &[&str]| room.run(&[arguments, &["--store", "s.db"]].concat());
    let said = |words: String| Ran {
        code: 0,
        stdout: String::new(),
        stderr: words,
    };
    let shown = |disabled: bool, groups: &[&str]| {
        json!({
            "name": "alice", "display_name": "Alice Example", "groups": groups, "disabled": disabled,
            "hash": "argon2id", "digest": null, "second_factor": null, "links": [], "created": "<time>",
            "changed": "<time>",
        })
    };
    let show = || room.json(&["user", "show", "alice", "--json", "--store", "s.db"]);
    assert_eq!(show(), shown(false, &["staff"]));
    assert_eq!(
        run(&["user", "disable", "alice"]),
        said(format!("disabled `alice`; {NOTICED_BUT_OPEN}\n"))
    );
    assert_eq!(show(), shown(true, &["staff"]));
    assert_eq!(
        run(&["user", "enable", "alice"]),
        said(format!("enabled `alice`; {NOTICED}\n"))
    );
    let groups = [
        "user", "groups", "alice", "--group", "a", "--group", "b", "--group", "a",
    ];
    assert_eq!(
        run(&groups),
        said(format!("`alice` is in a, b; {NOTICED_BUT_OPEN}\n"))
    );
    assert_eq!(show(), shown(false, &["a", "b"]));
    assert_eq!(
        run(&["user", "groups", "alice"]),
        said(format!("`alice` is in no group; {NOTICED_BUT_OPEN}\n"))
    );
    let passwd = room.run_with(
        &["user", "passwd", "alice", "--store", "s.db"],
        b"another horse\n",
    );
    assert_eq!(
        passwd,
        said(format!("set the password of `alice`; {NOTICED_BUT_OPEN}\n"))
    );
    assert_eq!(
        run(&["user", "delete", "alice"]),
        said(format!(
            "deleted `alice` and revoked its API keys; {NOTICED_BUT_OPEN}\n"
        ))
    );
    assert_eq!(
        run(&["user", "list"]),
        said("there are no users yet: `countersign user add NAME` adds one\n".to_owned())
    );
    assert_eq!(
        room.json(&["user", "list", "--json", "--store", "s.db"]),
        json!([])
    );
}

#[test]
fn users_are_listed_in_columns_and_shown_in_lines() {
    let room = room_with_alice();
    room.good_with(&["user", "add", "Zoë", "--store", "s.db"], PASSWORD);
    room.good(&["user", "disable", "Zoë", "--store", "s.db"]);
    assert_eq!(
        room.good(&["user", "list", "--store", "s.db"])
            .replace("<time>              ", "<time>"),
        "NAME   GROUPS  STATE     HASH      CHANGED               DISPLAY NAME\n\
         Zoë    -       disabled  argon2id  <time>  -\n\
         alice  staff   enabled   argon2id  <time>  Alice Example\n"
    );
    assert_eq!(
        room.good(&["user", "show", "alice", "--store", "s.db"]),
        "name:           alice\n\
         display name:   Alice Example\n\
         groups:         staff\n\
         state:          enabled\n\
         password hash:  argon2id\n\
         digest:         off\n\
         second factor:  none\n\
         links:          none\n\
         created:        <time>\n\
         changed:        <time>\n"
    );
}

#[test]
fn a_generated_password_alone_goes_to_stdout() {
    let room = Room::new();
    let ran = room.run(&["user", "add", "bot", "--generate", "--store", "s.db"]);
    assert_eq!(
        ran.stderr,
        format!("added `bot`; {NOTICED}\nits password, which is not shown again:\n")
    );
    let password = ran.stdout.trim_end();
    assert_eq!(
        (ran.code, password.len(), ran.stdout.lines().count()),
        (0, 23, 1)
    );
    let other = room.good(&["user", "passwd", "bot", "--generate", "--store", "s.db"]);
    assert_ne!(other.trim_end(), password);
}

#[test]
fn what_nobody_is_called_is_not_found() {
    let room = room_with_alice();
    let expected = "error: there is no user `nobody`\nhelp: `countersign user list` shows the users of this store\n";
    for command in ["show", "passwd", "disable", "enable", "groups", "delete"] {
        assert_eq!(
            room.bad(1, &["user", command, "nobody", "--store", "s.db"]),
            expected,
            "{command}"
        );
    }
}

#[test]
fn a_name_is_given_once_in_whatever_writing() {
    let room = Room::new();
    room.good_with(&["user", "add", "Zo\u{eb}", "--store", "s.db"], PASSWORD);
    assert_eq!(
        room.bad_with(
            1,
            &["user", "add", "Zoe\u{308}", "--store", "s.db"],
            PASSWORD
        ),
        "error: there is a user `Zo\u{eb}` already\nhelp: `countersign user passwd NAME` sets a password, \
         `countersign user groups NAME` the groups\n"
    );
}

#[test]
fn names_that_basic_cannot_carry_are_refused() {
    let room = Room::new();
    for (name, expected) in [
        (
            "a:b",
            "error: `a:b` cannot be a name: it has a colon, which separates name and password in Basic\n",
        ),
        (
            "a\u{1b}[2J",
            "error: `a\\u{1b}[2J` cannot be a name: it has a control character\n",
        ),
        ("", "error: `` cannot be a name: it is empty\n"),
    ] {
        assert_eq!(
            room.bad_with(2, &["user", "add", name, "--store", "s.db"], PASSWORD),
            expected
        );
    }
    let long = "x".repeat(257);
    assert_eq!(
        room.bad_with(2, &["user", "add", &long, "--store", "s.db"], PASSWORD),
        format!("error: `{long}` cannot be a name: it is longer than 256 bytes\n")
    );
    assert_eq!(
        room.bad_with(
            2,
            &["user", "add", "a", "--group", "b,c", "--store", "s.db"],
            PASSWORD
        ),
        "error: `b,c` cannot be a group: it has a comma, which separates groups\n\
         help: give `--group` once for each group\n"
    );
    assert!(!room.path("s.db").exists(), "nothing was touched");
}

#[test]
fn passwords_that_cannot_be_taken_are_refused_and_never_repeated() {
    let room = Room::new();
    let long = [vec![b'x'; 1025], b"\n".to_vec()].concat();
    let short = "error: the password is shorter than 8 characters\n\
                 help: several words are as good as odd characters; `--generate` makes one\n";
    let none = "error: there is no password on stdin\n\
                help: give it as the first line, or run the command at a terminal, or `--generate` one\n";
    for (input, expected) in [
        (&b"hunter2\n"[..], short),
        (b"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\n", short),
        (b"", none),
        (b"\n", none),
        (
            b"correct\thorse\n",
            "error: the password has a control character, which Basic cannot carry\n",
        ),
        (
            b"correct horse \xff\n",
            "error: the password on stdin is not UTF-8\n",
        ),
        (&long, "error: the password is longer than 1024 bytes\n"),
    ] {
        assert_eq!(
            room.bad_with(1, &["user", "add", "alice", "--store", "s.db"], input),
            expected
        );
    }
    assert_eq!(
        room.good(&["user", "list", "--store", "s.db"]),
        "",
        "nobody was added"
    );
}

#[test]
fn a_password_is_never_an_argument() {
    let room = Room::new();
    room.bad(
        2,
        &[
            "user",
            "add",
            "alice",
            "correct horse battery",
            "--store",
            "s.db",
        ],
    );
    room.bad(
        2,
        &[
            "user",
            "add",
            "alice",
            "--password",
            "correct horse battery",
            "--store",
            "s.db",
        ],
    );
}

#[test]
fn a_mistyped_store_is_not_an_empty_one() {
    let room = Room::new();
    let expected = "error: there is no store `typo.db`\nhelp: `countersign user add`, `countersign key create` and \
                    `countersign serve` make one\n";
    for arguments in [
        &["user", "list"][..],
        &["user", "delete", "a"],
        &["key", "list"],
        &["why", "x"],
    ] {
        assert_eq!(
            room.bad(1, &[arguments, &["--store", "typo.db"]].concat()),
            expected
        );
    }
    assert!(!room.path("typo.db").exists());
}

#[test]
fn what_is_no_store_is_left_as_it_is() {
    let room = Room::new();
    room.write(
        "notes.txt",
        "not a database, whatever the command line says of it\n".repeat(100),
    );
    let stderr = room.bad(1, &["user", "list", "--store", "notes.txt"]);
    assert_eq!(
        stderr,
        "error: cannot open the store `notes.txt`: the file of the database is damaged or not a database\n\
         help: stop the gateways, keep the file for a look, and put a backup in its place with `countersign restore`\n"
    );
}

#[test]
fn the_store_is_the_one_that_the_configuration_names() {
    let room = Room::initialised();
    room.good_with(&["user", "add", "alice"], PASSWORD);
    assert_eq!(
        room.json(&["user", "list", "--json", "--store", "countersign.db"])[0]["name"],
        "alice"
    );
}
