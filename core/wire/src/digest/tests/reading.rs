//! What peers write, well and badly.

use countersign_cause::Cause;

use super::{asked, choose_from, read};
use crate::challenge;
use crate::digest::client::{Asked, Login, Misreading, asked as read_challenge, authorization};
use crate::digest::server::{Difference, PARAMS_BYTES_MAX, parse};
use crate::digest::{Algorithm, Charset, Qop, SecretHash, Target};

fn misreading(line: &str) -> Result<Asked, Misreading> {
    let parsed = challenge::parse([line.as_bytes()]);
    read_challenge(&parsed.challenges[0])
}

fn cause(rest: &str) -> Option<Cause> {
    parse(rest.as_bytes()).err().map(|defect| defect.cause)
}

#[test]
fn every_parameter_of_a_challenge_is_read() {
    let asked = asked(
        r#"Digest realm="a \"b\", c", domain="/x https://b.example/", nonce="n", opaque="o", stale=TRUE, algorithm="sha-256-SESS", qop="crazy, auth-int ,auth", charset=utf-8, userhash=True"#,
    );
    assert_eq!(&*asked.realm, "a \"b\", c");
    assert_eq!(asked.domain, ["/x".into(), "https://b.example/".into()]);
    assert!(asked.stale && asked.userhash && asked.charset_named);
    assert_eq!(asked.algorithm.word(), "SHA-256-sess");
    assert_eq!(asked.qop, [Qop::AuthInt, Qop::Auth]);
    assert_eq!(asked.chosen_qop(), Some(Qop::Auth));
}

#[test]
fn what_cannot_be_answered_says_why() {
    for (line, expected) in [
        (r#"Basic realm="a""#, Misreading::OtherScheme),
        (r#"Digest realm="a""#, Misreading::NonceMissing),
        (
            r#"Digest realm="a", nonce="n", algorithm=AKAv1-MD5"#,
            Misreading::AlgorithmUnknown,
        ),
        (
            r#"Digest realm="a", nonce="n", qop="crazy""#,
            Misreading::QopUnknown,
        ),
    ] {
        assert_eq!(misreading(line), Err(expected), "{line}");
    }
    // RFC 7616 section 3.3: "false", and whatever else is not "true".
    let silent = misreading(r#"Digest nonce="n", stale="yes", charset=latin1, qop="""#).unwrap();
    assert!(!silent.stale && !silent.charset_named && silent.qop.is_empty());
    assert_eq!((&*silent.realm, silent.algorithm), ("", Algorithm::MD5));
}

#[test]
fn the_strongest_that_can_be_answered_is_chosen() {
    let chosen = choose_from(&[
        r#"Basic realm="b""#,
        r#"Digest realm="1", nonce="n", algorithm=MD5"#,
        r#"Digest realm="2", nonce="n", algorithm=SHA-256"#,
        r#"Digest realm="3", nonce="n", algorithm=SHA-256-sess"#,
        r#"Digest realm="4", nonce="n", algorithm=SHA-512"#,
        r#"Digest realm="5", algorithm=SHA-512-256"#,
    ]);
    assert_eq!(&*chosen.unwrap().realm, "2");
    assert!(choose_from(&[r#"Basic realm="b""#, "Digest"]).is_none());
}

#[test]
fn credentials_that_cannot_be_held_against_anything() {
    for rest in [
        "",
        "abc",
        "YWJjOmRlZg==",
        r#"username="a", realm="r", nonce="n", uri="/""#,
        r#"username="a", realm="r", uri="/", response="00""#,
        r#"username="a", realm="r", nonce="n", response="00""#,
        r#"realm="r", nonce="n", uri="/", response="00""#,
        r#"username="a", username*=UTF-8''a, nonce="n", uri="/", response="00""#,
        r#"username*=a, nonce="n", uri="/", response="00""#,
        r#"username="a", username="b", nonce="n", uri="/", response="00""#,
        r#"username="a, nonce="n", uri="/", response="00""#,
        "username=\"a\", nonce=\"n\r\nX: y\", uri=\"/\", response=\"00\"",
        r#"username="a", nonce="n", uri="/", response="00", Basic realm="x""#,
    ] {
        assert_eq!(cause(rest), Some(Cause::HeaderMalformed), "{rest}");
    }
    assert_eq!(
        cause(r#"username="", nonce="n", uri="/", response="00""#),
        Some(Cause::CredentialsPlaceholder)
    );
    let long = "a".repeat(PARAMS_BYTES_MAX);
    assert_eq!(
        cause(&format!(
            r#"username="{long}", nonce="n", uri="/", response="00""#
        )),
        Some(Cause::HeaderTooLarge)
    );
    let long = "a".repeat(300);
    assert_eq!(
        cause(&format!(
            r#"username="{long}", nonce="n", uri="/", response="00""#
        )),
        Some(Cause::HeaderTooLarge)
    );
}

#[test]
fn what_only_misses_the_letter_is_read() {
    let credentials = read(
        r#"Digest USERNAME="a\"b\\c,d" , realm="r" nonce="n",,uri="/x?y=1,2", qop="auth", nc="0000000A", cnonce=c, algorithm="md5", response="ABC", extra=1"#,
    );
    assert_eq!(credentials.user(), "a\"b\\c,d");
    assert_eq!((credentials.realm(), credentials.nonce()), ("r", "n"));
    assert_eq!(credentials.uri(), "/x?y=1,2");
    assert_eq!(
        (credentials.nc(), credentials.cnonce()),
        (Some(10), Some("c"))
    );
    assert_eq!(credentials.algorithm(), Some(Algorithm::MD5));
}

#[test]
fn latin1_in_the_user_name_is_seen() {
    let credentials =
        parse(b"username=\"J\xe4s\", realm=\"r\", nonce=\"n\", uri=\"/\", response=\"0\"").ok();
    let credentials = credentials.unwrap();
    assert_eq!(credentials.user(), "J\u{e4}s");
    assert_eq!(credentials.user_charset(), Charset::Latin1);
    assert_ne!(
        secret_of(Charset::Latin1).algorithm(),
        Algorithm::from_word("SHA-256").unwrap()
    );
    let target = Target {
        method: "GET",
        uri: "/",
        body: None,
    };
    let mut asked = asked(r#"Digest realm="r", nonce="n""#);
    asked.charset = Charset::Latin1;
    let login = Login {
        user: "J\u{e4}s",
        password: "\u{e9}",
    };
    let value = authorization(&asked, &login, &target, "", 1);
    let sent = read(value.expose());
    assert!(sent.fits(&secret_of(Charset::Latin1), &target));
    assert!(!sent.fits(&secret_of(Charset::Utf8), &target));
}

fn secret_of(charset: Charset) -> SecretHash {
    SecretHash::of_password(Algorithm::MD5, charset, "J\u{e4}s", "r", "\u{e9}")
}

#[test]
fn each_difference_is_told() {
    let asked = asked(
        r#"Digest realm="a, b", nonce="n", opaque="o", qop="auth,auth-int", algorithm=SHA-256"#,
    );
    let response = "0".repeat(64);
    let right = format!(
        r#"Digest username="u", realm="a, b", nonce="n", uri="/", opaque="o", qop=auth, nc=00000001, cnonce="c", algorithm=SHA-256, response="{response}""#
    );
    assert_eq!(read(&right).differences(&asked), []);
    for (from, to, difference) in [
        ("\"a, b\"", "\"a; b\"", Difference::Realm),
        ("nonce=\"n\"", "nonce=\"m\"", Difference::Nonce),
        ("opaque=\"o\", ", "", Difference::Opaque),
        ("algorithm=SHA-256, ", "", Difference::AlgorithmMissing),
        ("=SHA-256", "=SHA-256-sess", Difference::Algorithm),
        ("=SHA-256", "=SHA-1", Difference::Algorithm),
        ("=auth,", "=\"auth,auth-int\",", Difference::QopList),
        ("=auth,", "=auth-conf,", Difference::QopNotOffered),
        ("qop=auth, ", "", Difference::QopMissing),
        ("nc=00000001, ", "", Difference::NcMissing),
        ("nc=00000001", "nc=1", Difference::NcMalformed),
        ("cnonce=\"c\", ", "", Difference::CnonceMissing),
        ("response=\"00", "response=\"0", Difference::ResponseLength),
    ] {
        let wrong = right.replace(from, to);
        assert_ne!(wrong, right, "{from}");
        let found = read(&wrong).differences(&asked);
        assert!(found.contains(&difference), "{from}: {found:?}");
        assert!(found.len() <= 2, "{from}: {found:?}");
    }
}

#[test]
fn a_control_character_in_a_user_name_cannot_end_the_field() {
    let asked = asked(r#"Digest realm="r", nonce="n""#);
    let login = Login {
        user: "a\r\nX-Evil: 1",
        password: "p",
    };
    let target = Target {
        method: "GET",
        uri: "/\r\n",
        body: None,
    };
    let value = authorization(&asked, &login, &target, "c", 1);
    assert!(!value.expose().contains(['\r', '\n']));
    assert_eq!(read(value.expose()).user(), "a\r\nX-Evil: 1");
}
