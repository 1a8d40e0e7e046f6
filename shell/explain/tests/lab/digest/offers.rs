//! Digest, continued: what the server offers, and what a client makes of it.

use super::*;

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

#[test]
fn what_a_client_does_not_have() {
    for (client, params, cause) in [
        (
            Client::PythonRequests,
            ", qop=\"auth\", algorithm=SHA-512-256",
            "digest-algorithm-unsupported",
        ),
        (
            Client::PythonRequests,
            ", qop=\"auth-int\", algorithm=MD5",
            "digest-qop-unsupported",
        ),
        (
            Client::Java,
            ", qop=\"auth\", algorithm=SHA-256",
            "digest-algorithm-unsupported",
        ),
        (Client::Go, ", qop=\"auth\"", "challenge-unanswered"),
        (
            Client::Curl,
            ", qop=\"auth\", algorithm=AKAv1-MD5",
            "digest-algorithm-unsupported",
        ),
        (
            Client::Curl,
            ", qop=\"auth-conf\"",
            "digest-qop-unsupported",
        ),
    ] {
        let line = format!("Digest realm=\"lab\", nonce=\"n\"{params}");
        let server = Server::start(move |_| Reply::new(401).with("WWW-Authenticate", &line));
        let mut case = curl_digest(&server.url("/"), PASSWORD);
        case.client = client;
        named(&diagnose(&case), cause);
        assert_eq!(attempts(&server), 0);
    }
}

#[test]
fn digest_was_asked_of_the_client_and_basic_is_offered() {
    let server = Server::start(|seen| match seen.field("authorization") {
        Some(value) if value.starts_with("Basic ") => Reply::ok(),
        _ => Reply::new(401).with("WWW-Authenticate", "Basic realm=\"lab\""),
    });
    let mut case = curl_digest(&server.url("/"), PASSWORD);
    let report = diagnose(&case);
    named(&report, "scheme-not-accepted");
    assert_eq!(
        attempts(&server),
        0,
        "a password for Digest is not sent in clear"
    );
    case.negotiates = vec![Negotiated::Digest, Negotiated::Basic];
    assert_eq!(diagnose(&case).outcome, Outcome::Accepted);
}

#[test]
fn a_known_user_who_may_not() {
    let door = Door::default();
    let server = Server::start_with_number(move |seen, number| {
        let reply = door.answer(seen, number);
        match reply.status {
            200 => Reply::new(403).saying("Forbidden"),
            _ => reply,
        }
    });
    let report = diagnose(&curl_digest(&server.url("/"), PASSWORD));
    named(&report, "scope-insufficient");
    assert_eq!(report.status, Some(403));
}
