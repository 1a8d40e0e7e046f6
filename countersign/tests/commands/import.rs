//! `user import`.

use crate::room::{Ran, Room};

const NOTICED: &str = "running gateways notice within a tenth of a second";
const SHA: &str = "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=";

/// One line of each kind that is taken; the password is `password`, or a specification's own.
const ALL_KINDS: &str = "\
# every kind
argon2id:$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4

bcrypt:$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC
sha256:$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc8
sha512:$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1
apr1:$apr1$salt$Xxd1irWT9ycqoYxGFn4cb.
sha1:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=:a comment
";

#[test]
fn all_kinds_come_over_with_their_groups() {
    let room = Room::new();
    room.write("htpasswd", ALL_KINDS.replace('\n', "\r\n"));
    let ran = room.run(&[
        "user", "import", "htpasswd", "--group", "staff", "--store", "s.db",
    ]);
    assert_eq!(
        ran,
        Ran {
            code: 0,
            stdout: String::new(),
            stderr: format!(
                "added 6, replaced 0, skipped 0 of the 6 users in htpasswd; {NOTICED}\n\
                 hashes: 1 argon2id, 1 bcrypt, 1 sha256-crypt, 1 sha512-crypt, 1 apr1, 1 sha1; others than argon2id are \
                 renewed when their user signs in\n"
            ),
        }
    );
    let users = room.json(&["user", "list", "--json", "--store", "s.db"]);
    let found: Vec<_> = users
        .as_array()
        .unwrap()
        .iter()
        .map(|user| {
            (
                user["name"].as_str().unwrap(),
                user["hash"].as_str().unwrap(),
                user["groups"][0].as_str(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("apr1", "apr1", Some("staff")),
            ("argon2id", "argon2id", Some("staff")),
            ("bcrypt", "bcrypt", Some("staff")),
            ("sha1", "sha1", Some("staff")),
            ("sha256", "sha256-crypt", Some("staff")),
            ("sha512", "sha512-crypt", Some("staff")),
        ]
    );
}

#[test]
fn every_bad_line_is_named_and_nothing_is_imported() {
    let room = Room::new();
    let text = format!(
        "good:{SHA}\n# comment\n\nnocolon\nclear:hunter2hunter2\nplain:{{PLAIN}}hunter2\n\
         old:rqXexS6ZhobKA\nyes:$y$j9T$F5Jx5fExrKuPp53xLKQ..1$x\ngood:{SHA}\n:{SHA}\nempty:\n\
         slow:$2y$31$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC\n"
    );
    room.write("htpasswd", text.as_bytes());
    assert_eq!(
        room.bad(1, &["user", "import", "htpasswd", "--store", "s.db"]),
        "htpasswd:4: there is no colon between name and hash\n\
         htpasswd:5: this is not a password hash of any known kind\n\
         htpasswd:6: password hashes of the kind password in clear are not taken\n\
         htpasswd:7: password hashes of the kind des-crypt are not taken\n\
         htpasswd:8: password hashes of the kind yescrypt are not taken\n\
         htpasswd:9: the name stands on line 1 already\n\
         htpasswd:10: the name cannot be taken: it is empty\n\
         htpasswd:11: there is no hash after the colon\n\
         htpasswd:12: the cost of this bcrypt hash must be 4 to 16\n\
         error: 9 lines cannot be imported, so nothing was imported\n"
    );
    assert!(!room.path("s.db").exists());
}

#[test]
fn a_name_that_is_taken_is_refused_replaced_or_skipped() {
    let room = Room::new();
    let import = |on_conflict: &str| {
        room.run(&[
            "user",
            "import",
            "htpasswd",
            "--on-conflict",
            on_conflict,
            "--store",
            "s.db",
        ])
    };
    let show = || room.json(&["user", "show", "alice", "--json", "--store", "s.db"]);
    let add = [
        "user",
        "add",
        "alice",
        "--group",
        "staff",
        "--display-name",
        "Alice",
        "--store",
        "s.db",
    ];
    room.good_with(&add, b"correct horse\n");
    room.write("htpasswd", format!("bob:{SHA}\nalice:{SHA}\n"));

    let refused = import("refuse");
    assert_eq!(
        (refused.code, refused.stderr.as_str()),
        (
            1,
            "htpasswd:2: there is a user `alice` already\n\
             error: 1 line would be overwritten, so nothing was imported\n\
             help: `--on-conflict skip` keeps the users that are there, `--on-conflict replace` gives them these hashes\n"
        )
    );
    room.bad(1, &["user", "show", "bob", "--store", "s.db"]);

    let skipped = import("skip");
    assert!(
        skipped
            .stderr
            .starts_with("added 1, replaced 0, skipped 1 of the 2 users in htpasswd; "),
        "{skipped:?}"
    );
    assert_eq!(show()["hash"], "argon2id");

    let replaced = import("replace");
    assert!(
        replaced
            .stderr
            .starts_with("added 0, replaced 2, skipped 0 of the 2 users in htpasswd; "),
        "{replaced:?}"
    );
    let alice = show();
    assert_eq!(
        (&alice["hash"], &alice["display_name"], &alice["groups"][0]),
        (&"sha1".into(), &"Alice".into(), &"staff".into())
    );
}

#[test]
fn an_import_from_stdin() {
    let room = Room::new();
    let ran = room.run_with(
        &["user", "import", "-", "--store", "s.db"],
        format!("alice:{SHA}").as_bytes(),
    );
    assert_eq!(
        ran.stderr,
        format!(
            "added 1, replaced 0, skipped 0 of the 1 users in stdin; {NOTICED}\n\
             hashes: 1 sha1; others than argon2id are renewed when their user signs in\n"
        )
    );
    let ran = room.run_with(&["user", "import", "-", "--store", "s.db"], b"\xff:x\n");
    assert_eq!(
        (ran.code, ran.stderr.as_str()),
        (
            1,
            "stdin:1: the line is not UTF-8\nerror: 1 line cannot be imported, so nothing was imported\n"
        )
    );
}

#[test]
fn a_file_that_is_not_there() {
    assert_eq!(
        Room::new().bad(1, &["user", "import", "none", "--store", "s.db"]),
        "error: cannot read `none`: No such file or directory (os error 2)\n"
    );
}
