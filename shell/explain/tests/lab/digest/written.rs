//! Credentials of Digest that the client computed itself.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

#[test]
fn a_nonce_that_ran_out() {
    for says_stale in [true, false] {
        let door = Door {
            says_stale,
            ..Door::default()
        };
        let value = computed(&door.asked("n7000"), "/", 2);
        let server = door.open();
        let alone = diagnose(&get(&server.url("/"), &[("Authorization", &value)]));
        named(&alone, "digest-nonce-stale");
        let with_login = given(
            get(&server.url("/"), &[("Authorization", &value)]),
            PASSWORD,
        );
        proven(&diagnose(&with_login), "digest-nonce-stale");
    }
}

#[test]
fn a_count_that_was_used_before() {
    let door = Door {
        own_nonces: false,
        ..Door::default()
    };
    let value = computed(&door.asked("n9001"), "/", 1);
    let highest = AtomicUsize::new(1);
    let strict = door.clone();
    let server = Server::start_with_number(move |seen, number| {
        let credentials = seen.field("authorization").and_then(of_value);
        let count = credentials
            .filter(|one| one.nonce() == "n9001")
            .and_then(|one| one.nc());
        let count = count.map(|count| usize::try_from(count).unwrap());
        if count.is_some_and(|count| count <= highest.load(Ordering::SeqCst)) {
            return strict.refuse(number, false);
        }
        highest.fetch_max(count.unwrap_or(0), Ordering::SeqCst);
        strict.answer(seen, number)
    });
    let mut case = given(
        get(&server.url("/"), &[("Authorization", &value)]),
        PASSWORD,
    );
    proven(&diagnose(&case), "digest-nonce-replayed");

    // Without the password, out of a recording.
    case.login = None;
    let earlier = Request {
        fields: case.request.as_ref().unwrap().fields.clone(),
        ..Request::new("GET", server.url("/").parse().unwrap())
    };
    case.before = vec![Exchange {
        request: earlier,
        answer: Some(Answer::new(200)),
        recorded: Recorded::default(),
    }];
    named(&diagnose(&case), "digest-nonce-replayed");
}

#[test]
fn a_newer_nonce_was_there() {
    let door = Door::default();
    let server = door.clone().open();
    let refused = |nonce: &str| {
        let mut answer = Answer::new(401);
        answer
            .fields
            .add("WWW-Authenticate", door.line(nonce, false));
        answer
    };
    let mut case = get(
        &server.url("/"),
        &[("Authorization", &computed(&door.asked("n7000"), "/", 2))],
    );
    let bare = || Request::new("GET", server.url("/x").parse().unwrap());
    let exchange = |answer: Answer| Exchange {
        request: bare(),
        answer: Some(answer),
        recorded: Recorded::default(),
    };
    case.before = vec![exchange(refused("n7000")), exchange(refused("n7001"))];
    case.answer = Some(refused("n7002"));
    let report = diagnose(&case);
    named(&report, "digest-nonce-stale");
    assert!(
        report.causes[0].evidence[0].contains("newer nonce"),
        "{report:#?}"
    );
}

#[test]
fn credentials_for_another_address() {
    let door = Door {
        own_nonces: false,
        ..Door::default()
    };
    for (uri, told) in [
        ("/search", "leaves out the query"),
        ("/app/search?q=1", "names the path"),
        ("/se%61rch?q=1", "percent-encoded"),
        ("/search?q=2", "another query"),
    ] {
        let value = computed(&door.asked("n9001"), uri, 1);
        let server = door.clone().open();
        let mut case = get(&server.url("/search?q=1"), &[("Authorization", &value)]);
        let report = diagnose(&case);
        named(&report, "digest-uri-mismatch");
        assert!(report.causes[0].evidence[0].contains(told), "{report:#?}");
        case = given(case, PASSWORD);
        proven(&diagnose(&case), "digest-uri-mismatch");
    }
}

/// What clients make of a challenge, and what it is called.
#[test]
fn misread_challenges() {
    let list = Door {
        params: ", qop=\"auth,auth-int\", algorithm=MD5",
        own_nonces: false,
        ..Door::default()
    };
    let comma = Door {
        realm: "Unit, \"Organization\"",
        own_nonces: false,
        ..Door::default()
    };
    let sha = Door {
        params: ", qop=\"auth\", algorithm=SHA-256",
        own_nonces: false,
        ..Door::default()
    };
    let mut other_realm = comma.asked("n9001");
    other_realm.realm = "Unit; \"Organization\"".into();
    let mut md5 = sha.asked("n9001");
    md5.algorithm = Algorithm::MD5;
    md5.algorithm_word = None;
    let mut old = list.asked("n9001");
    old.qop = Vec::new();
    let right = computed(&list.asked("n9001"), "/", 1);
    let cases = [
        (
            &list,
            right.replace("qop=auth", "qop=\"auth,auth-int\""),
            "digest-challenge-misread",
        ),
        (
            &comma,
            computed(&other_realm, "/", 1),
            "digest-challenge-misread",
        ),
        (&sha, computed(&md5, "/", 1), "digest-algorithm-unsupported"),
        (&list, computed(&old, "/", 1), "digest-qop-unsupported"),
        (
            &list,
            right.replace(", nc=00000001", ""),
            "digest-qop-unsupported",
        ),
        (
            &list,
            right.replace(", cnonce=\"cnonce0\"", ""),
            "digest-qop-unsupported",
        ),
        (
            &list,
            right.replace("nc=00000001", "nc=1"),
            "digest-qop-unsupported",
        ),
    ];
    for (door, value, cause) in cases {
        let server = door.clone().open();
        let case = get(&server.url("/"), &[("Authorization", &value)]);
        named(&diagnose(&case), cause);
        proven(&diagnose(&given(case, PASSWORD)), cause);
    }
}

/// The field says `qop=auth`, and the hash has the whole list in it: only the password shows that.
#[test]
fn a_list_that_was_hashed_as_one_value() {
    let door = Door {
        params: ", qop=\"auth,auth-int\", algorithm=MD5",
        own_nonces: false,
        ..Door::default()
    };
    let asked = door.asked("n9001");
    let secret =
        SecretHash::of_password(asked.algorithm, Charset::Utf8, USER, door.realm, PASSWORD);
    let answered = digest::Answered {
        nonce: "n9001",
        cnonce: "cnonce0",
        nc: "00000001",
        qop: Some("auth,auth-int"),
    };
    let target = Target {
        method: "GET",
        uri: "/",
        body: None,
    };
    let wrong = digest::expected_response(&secret, &answered, &target);
    let right = computed(&asked, "/", 1);
    let credentials = of_value(&right).unwrap();
    let value = right.replace(credentials.response(), &wrong);
    let server = door.open();
    let case = given(
        get(&server.url("/"), &[("Authorization", &value)]),
        PASSWORD,
    );
    let report = diagnose(&case);
    proven(&report, "digest-challenge-misread");
    assert!(
        report.causes[0].evidence[0].contains("whole list"),
        "{report:#?}"
    );
}

#[test]
fn a_wrong_password_in_credentials_that_the_client_wrote() {
    let door = Door {
        own_nonces: false,
        ..Door::default()
    };
    let login = digest::client::Login {
        user: USER,
        password: "wrong-password",
    };
    let target = Target {
        method: "GET",
        uri: "/",
        body: None,
    };
    let value = authorization(&door.asked("n9001"), &login, &target, "c", 1);
    let server = door.open();
    let case = given(
        get(&server.url("/"), &[("Authorization", value.expose())]),
        "wrong-password",
    );
    named(&diagnose(&case), "credentials-rejected");
}

/// As Apache and lighttpd do: the address is looked at before all, and there is no challenge then.
#[test]
fn credentials_for_another_address_that_get_400() {
    let door = Door::default();
    let value = computed(&door.asked("n9001"), "/other", 1);
    let server = Server::start_with_number(move |seen, number| {
        let credentials = seen.field("authorization").and_then(of_value);
        match credentials.is_some_and(|one| one.uri() != seen.target) {
            true => Reply::new(400).saying("Bad Request"),
            false => door.answer(seen, number),
        }
    });
    let case = get(&server.url("/here"), &[("Authorization", &value)]);
    named(&diagnose(&case), "digest-uri-mismatch");
    proven(&diagnose(&given(case, PASSWORD)), "digest-uri-mismatch");
}
