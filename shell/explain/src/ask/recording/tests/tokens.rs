use super::*;

const TOKEN: &str = "https://id.example.com/token";
const API: &str = "https://api.example.com/me";
const ACCESS: &str = "eyAccess.Token+0123456789/abc";

fn granted(secs: i64) -> Entry {
    at(secs, "POST", TOKEN, 200)
        .form(&[("grant_type", "password")])
        .body(&json!({ "access_token": ACCESS, "id_token": "eyId.0123456789", "refresh_token": "refresh-0123456789", "expires_in": 300 }))
}

fn asked(secs: i64, token: &str) -> Entry {
    at(secs, "GET", API, 401).sent("Authorization", &format!("Bearer {token}"))
}

#[test]
fn token_wrong_kind() {
    assert_eq!(
        conclusion(vec![granted(0), asked(5, "refresh-0123456789")]),
        ("token-wrong-kind", CERTAIN)
    );
    assert_eq!(
        conclusion(vec![granted(0), asked(5, "eyId.0123456789")]),
        ("token-wrong-kind", LIKELY)
    );
}

#[test]
fn credential_mangled_quoted_and_with_white_space() {
    for (sent, id) in [
        ("eyAccess.Token+0123456789", "credential-mangled"),
        ("eyAccess.Token%2B0123456789%2Fabc", "credential-mangled"),
        ("eyaccess.token+0123456789/abc", "credential-mangled"),
        ("\"eyAccess.Token+0123456789/abc\"", "credential-quoted"),
        ("eyAccess. Token+0123456789/abc", "credential-whitespace"),
    ] {
        let found = findings(vec![granted(0), asked(5, sent)], None);
        let first = &rank(&found)[0];
        assert_eq!(
            (first.cause.id(), first.confidence),
            (id, CERTAIN),
            "{sent}"
        );
        assert!(!format!("{found:?}").contains("0123456789"));
        assert!(
            first
                .fix
                .command
                .as_ref()
                .unwrap()
                .contains("Bearer $TOKEN")
        );
    }
}

#[test]
fn token_expired_by_expires_in() {
    assert_eq!(
        conclusion(vec![granted(0), asked(400, ACCESS)]),
        ("token-expired", LIKELY)
    );
    assert_eq!(findings(vec![granted(0), asked(200, ACCESS)], None), []);
}

#[test]
fn token_revoked_where_a_newer_one_came() {
    let newer = at(60, "POST", TOKEN, 200)
        .form(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", "refresh-0123456789"),
        ])
        .body(&json!({ "access_token": "another-0123456789", "expires_in": 300 }));
    assert_eq!(
        cause(vec![granted(0), newer, asked(90, ACCESS)]),
        "token-revoked"
    );
    let out = at(60, "POST", "https://id.example.com/revoke", 200);
    assert_eq!(
        conclusion(vec![granted(0), out, asked(90, ACCESS)]),
        ("token-revoked", LIKELY)
    );
}

#[test]
fn token_revoked_after_a_refresh_token_was_used_twice() {
    let refresh = |secs, status| {
        at(secs, "POST", TOKEN, status).form(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", "r-0123456789"),
        ])
    };
    let entries = vec![
        refresh(0, 200)
            .body(&json!({ "access_token": ACCESS, "refresh_token": "r-next-0123456789" })),
        refresh(1, 400).body(&json!({ "error": "invalid_grant" })),
        asked(5, ACCESS),
    ];
    let found = findings(entries, Some(2));
    assert_eq!(rank(&found)[0].cause.id(), "token-revoked");
}

#[test]
fn credentials_not_applied() {
    let sibling = at(1, "GET", "https://api.example.com/list", 200)
        .sent("Authorization", "Bearer abcdefghij");
    let bare = at(5, "GET", API, 401).kind("fetch");
    let found = findings(vec![sibling, bare], None);
    let first = &rank(&found)[0];
    assert_eq!(
        (first.cause.id(), first.confidence),
        ("credentials-not-applied", LIKELY)
    );
    assert_eq!(
        first
            .fix
            .command
            .as_deref()
            .unwrap()
            .matches("$TOKEN")
            .count(),
        1
    );
    let socket = at(5, "GET", API, 401).kind("eventsource");
    let found = findings(vec![granted(0), socket], None);
    let fix = found[0].fix.as_ref().unwrap();
    assert_eq!(found[0].cause.id(), "credentials-not-applied");
    assert!(fix.text.contains("can't carry the header"), "{}", fix.text);
}

#[test]
fn credentials_placeholder_shows_the_member_that_was_meant() {
    let login = at(0, "POST", "https://api.example.com/login", 200)
        .body(&json!({ "data": { "accessToken": ACCESS } }));
    let found = findings(vec![login, asked(5, "undefined")], None);
    let first = &rank(&found)[0];
    assert_eq!(
        (first.cause.id(), first.confidence),
        ("credentials-placeholder", CERTAIN)
    );
    assert!(first.evidence[0].contains("`accessToken`"));
}

#[test]
fn another_token_of_the_same_endpoint_says_nothing() {
    assert_eq!(
        findings(
            vec![granted(0), asked(5, "something-else-altogether")],
            None
        ),
        []
    );
}

#[test]
fn a_token_that_is_let_through_afterwards_is_good() {
    let other = || {
        at(9, "GET", "https://api.example.com/van", 200)
            .sent("Authorization", "Bearer something-else-altogether")
    };
    let silent = asked(5, "something-else-altogether").got("WWW-Authenticate", "Bearer");
    assert_eq!(cause(vec![silent, other()]), "error-page-protected");
    let told = asked(5, "something-else-altogether")
        .got("WWW-Authenticate", "Bearer error=\"invalid_token\"");
    assert_eq!(
        cause(vec![told, other()]),
        "forbidden-reported-as-unauthorized"
    );
}
