#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests"
)]

mod places;
mod words;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use countersign_cause::Cause;
use countersign_secret::Secret;

use super::at;
use crate::case::{Case, Client, Login, LoginSource};
use crate::finding::{Finding, Weight};
use crate::message::Request;

use Weight::{Fair, Proof, Slight, Strong};

const NOW_UNIX_SECS: i64 = 1_767_225_600;
const URL: &str = "https://api.example.com/things";

/// A JWT with a signature of the right length.
pub(crate) fn jwt() -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let signature = URL_SAFE_NO_PAD.encode([7; 32]);
    format!(
        "{}.{}.{signature}",
        part(r#"{"alg":"HS256","typ":"JWT"}"#),
        part(r#"{"sub":"alice"}"#)
    )
}

pub(crate) fn basic(text: impl AsRef<[u8]>) -> String {
    format!("Basic {}", STANDARD.encode(text))
}

pub(crate) fn case(url: &str, fields: &[(&str, &str)]) -> Case {
    let mut request = Request::new("GET", url.parse().unwrap());
    for (name, value) in fields {
        request.fields.add(name, *value);
    }
    Case {
        request: Some(request),
        ..Case::default()
    }
}

pub(crate) fn seen(case: &Case) -> Vec<(Cause, Weight)> {
    let found = at(case, NOW_UNIX_SECS);
    found
        .iter()
        .map(|finding| (finding.cause, finding.weight))
        .collect()
}

/// The weightiest finding.
pub(crate) fn top(case: &Case) -> Option<Finding> {
    let found = at(case, NOW_UNIX_SECS);
    let heaviest = found.iter().map(|finding| finding.weight).max()?;
    found.into_iter().find(|finding| finding.weight == heaviest)
}

fn assert_top(case: &Case, cause: Cause, weight: Weight, what: &str) {
    let found = top(case).map(|finding| (finding.cause, finding.weight));
    assert_eq!(
        found,
        Some((cause, weight)),
        "{what}: {:?}",
        at(case, NOW_UNIX_SECS)
    );
}

fn authorization(value: &str) -> Case {
    case(URL, &[("Authorization", value)])
}

#[test]
fn what_is_clean_shows_nothing() {
    for value in [
        basic("alice:open sesame"),
        basic("alice:"),
        format!("Bearer {}", jwt()),
        "Bearer mF_9.B5f-4.1JqM".to_owned(),
        "Bearer s3cr3t-token".to_owned(),
        "Bearer ghp_16C7e42F292c6912E7710c838347Ae178B4a".replace("ghp", "own"),
        "ApiKey VnVhQ2ZHY0JDZGJrUW0tZTVhT3g6dWkybHAyYXhUTm1zeWFrdzl0dk5udw==".to_owned(),
        "Digest username=\"alice\", realm=\"r\", nonce=\"n\", uri=\"/\", response=\"0\"".to_owned(),
        "Negotiate YIIFowYGKwYBBQUCoIIFlzCCBZOgMDAu".to_owned(),
        "Splunk 00000000-1111-2222-3333-444444444444".to_owned(),
        "Signature keyId=\"a\",algorithm=\"hs2019\",headers=\"date\",signature=\"YWJj\"".to_owned(),
    ] {
        assert_eq!(seen(&authorization(&value)), [], "{value}");
    }
    for fields in [
        [("X-API-Key", "s3cr3t"), ("Accept", "*/*")],
        [("X-Auth-Token", "c2VjcmV0/abc+def=="), ("Accept", "*/*")],
        [
            ("Cookie", "session=abc%3D; theme=\"dark\"; _ga=GA1.2"),
            ("X-CSRF-Token", "abc"),
        ],
        [
            ("Cookie", "theme=dark; lang=en"),
            ("Authorization", "Bearer s3cr3t"),
        ],
        [("User-Agent", "curl/8.0"), ("If-None-Match", "\"abc\"")],
    ] {
        assert_eq!(seen(&case(URL, &fields)), [], "{fields:?}");
    }
    for url in [
        "https://api.example.com/v1/{not}/x y?q=a+b",
        "https://api.example.com/things?key=abc123&page=2",
        "https://api.example.com/things?api_key=ab%2Bcd%3D%3D",
        "http://127.0.0.1:8080/",
    ] {
        let without: Vec<_> = seen(&case(&url.replace("/{not}", ""), &[]));
        assert_eq!(without, [], "{url}");
    }
    assert_eq!(seen(&Case::default()), []);
}

#[test]
fn placeholders_in_authorization_leave_nothing_else() {
    for value in [
        "",
        "Bearer",
        "Bearer undefined",
        "Bearer null",
        "Bearer None",
        "Bearer nil",
        "Bearer NaN",
        "Bearer [object Object]",
        "Bearer ${TOKEN}",
        "Bearer $TOKEN",
        "Bearer {{token}}",
        "Bearer <token>",
        "Bearer %TOKEN%",
        "Bearer {token}",
        "${TOKEN}",
        "undefined",
        "Basic undefined",
        "Basic",
        &basic("undefined:undefined"),
        &basic("${USER}:${PASSWORD}"),
    ] {
        assert_top(
            &authorization(value),
            Cause::CredentialsPlaceholder,
            Proof,
            value,
        );
    }
    // These could be somebody's credential, however bad.
    for value in [
        "Bearer YOUR_API_KEY",
        "Bearer xxx",
        "Bearer changeme",
        "Bearer token",
        "Bearer ****",
    ] {
        assert_top(
            &authorization(value),
            Cause::CredentialsPlaceholder,
            Strong,
            value,
        );
    }
    // Another credential may be the one that counts.
    let two = case(
        URL,
        &[
            ("Authorization", "Bearer undefined"),
            ("X-API-Key", "s3cr3t"),
        ],
    );
    assert_top(&two, Cause::CredentialsPlaceholder, Strong, "with a key");
    let fixed = top(&authorization("Bearer undefined"))
        .unwrap()
        .fix
        .unwrap();
    assert_eq!(
        fixed.command.unwrap(),
        "curl -H \"Authorization: Bearer $TOKEN\" https://api.example.com/things"
    );
}

#[test]
fn placeholders_elsewhere() {
    for (name, value, weight) in [
        ("X-API-Key", "", Proof),
        ("X-API-Key", "undefined", Proof),
        ("X-API-Key", "${API_KEY}", Proof),
        ("X-API-Key", "YOUR_API_KEY", Strong),
        ("X-API-Key", "sk-************abcd", Strong),
        ("X-API-Key", "\u{2022}\u{2022}\u{2022}\u{2022}abcd", Strong),
        ("X-API-Key", "xxxxxxxxxxxxxxxxxxxx", Strong),
        (
            "Authorization",
            "Bearer ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            Strong,
        ),
        ("Cookie", "sessionid=undefined", Fair),
    ] {
        assert_top(
            &case(URL, &[(name, value)]),
            Cause::CredentialsPlaceholder,
            weight,
            value,
        );
    }
    for (url, weight) in [
        ("https://api.example.com/?api_key=undefined", Proof),
        ("https://api.example.com/?api_key=YOUR_API_KEY", Strong),
        ("https://api.example.com/?api_key=", Fair),
        ("https://login.example.com/%7BTenant%7D/oauth2", Fair),
        ("https://login.example.com/{tenant}/oauth2", Fair),
        ("https://api.example.com/%24%7BPROJECT%7D/x", Fair),
        ("https://your-domain.example.com/x", Fair),
    ] {
        assert_top(&case(url, &[]), Cause::CredentialsPlaceholder, weight, url);
    }
    let braces = "https://login.example.com/%7Bf81d4fae-7dec-11d0-a765-00a0c91e6bf6%7D/oauth2";
    assert_top(&case(braces, &[]), Cause::CredentialQuoted, Strong, braces);
    for (text, weight) in [
        ("alice:undefined", Strong),
        ("alice:$PASSWORD", Strong),
        ("alice:<password>", Strong),
        (":", Strong),
    ] {
        assert_top(
            &authorization(&basic(text)),
            Cause::CredentialsPlaceholder,
            weight,
            text,
        );
    }
    assert_top(
        &authorization(&basic(":s3cr3t-of-a-service")),
        Cause::CredentialsPlaceholder,
        Slight,
        "no user",
    );
}

#[test]
fn the_readers_defects_are_told() {
    let token = jwt();
    for (value, cause, weight) in [
        (
            format!("Bearer \"{token}\""),
            Cause::CredentialQuoted,
            Strong,
        ),
        (format!("Bearer <{token}>"), Cause::CredentialQuoted, Strong),
        (
            format!("Bearer {{\"access_token\":\"{token}\"}}"),
            Cause::CredentialQuoted,
            Strong,
        ),
        (
            format!("Bearer {token}\n"),
            Cause::CredentialWhitespace,
            Proof,
        ),
        (
            format!("Bearer {token} \u{200b}"),
            Cause::CredentialWhitespace,
            Strong,
        ),
        (
            format!("Bearer {token}\u{a0}"),
            Cause::CredentialWhitespace,
            Strong,
        ),
        (
            format!("Bearer {} {}", &token[..9], &token[9..]),
            Cause::CredentialWhitespace,
            Strong,
        ),
        (
            format!("Bearer  {token}"),
            Cause::CredentialWhitespace,
            Slight,
        ),
        (
            format!("Bearer Bearer {token}"),
            Cause::SchemeWordWrong,
            Strong,
        ),
        (format!("Bearer: {token}"), Cause::SchemeWordWrong, Strong),
        (format!("Bearer{token}"), Cause::SchemeWordWrong, Strong),
        (format!("Baerer {token}"), Cause::SchemeWordWrong, Strong),
        (
            format!("Authorization: Bearer {token}"),
            Cause::SchemeWordWrong,
            Strong,
        ),
        (format!("Token {token}"), Cause::SchemeWordWrong, Fair),
        (format!("JWT {token}"), Cause::SchemeWordWrong, Fair),
        ("Token s3cr3t".to_owned(), Cause::SchemeWordWrong, Slight),
        ("OAuth s3cr3t".to_owned(), Cause::SchemeWordWrong, Slight),
        (format!("bearer {token}"), Cause::SchemeWordWrong, Slight),
        ("bot s3cr3t".to_owned(), Cause::SchemeWordWrong, Slight),
        (token.clone(), Cause::SchemeMissing, Strong),
        ("s3cr3t".to_owned(), Cause::SchemeMissing, Fair),
        ("alice:s3cr3t".to_owned(), Cause::SchemeMissing, Fair),
        (
            "Bearer a1, Bearer b2".to_owned(),
            Cause::HeaderDuplicated,
            Strong,
        ),
    ] {
        assert_top(&authorization(&value), cause, weight, &value);
    }
    let two = case(
        URL,
        &[
            ("Authorization", "Bearer a"),
            ("authorization", "Basic YTpi"),
        ],
    );
    assert_top(&two, Cause::HeaderDuplicated, Strong, "two lines");
}

#[test]
fn faults_of_a_value_wherever_it_is() {
    for (value, cause, weight) in [
        ("\"s3cr3t\"", Cause::CredentialQuoted, Strong),
        ("{s3cr3t9}", Cause::CredentialQuoted, Strong),
        ("s3cr3t\r\n", Cause::CredentialWhitespace, Proof),
        ("s3cr3t\u{feff}", Cause::CredentialWhitespace, Strong),
        ("s3cr3t\\n", Cause::CredentialWhitespace, Strong),
        ("c2VjcmV0%3D%3D", Cause::CredentialMangled, Strong),
        ("a&amp;b9", Cause::CredentialMangled, Strong),
        ("abcdefgh...wxyz", Cause::CredentialMangled, Strong),
        ("abcdefgh\u{2026}", Cause::CredentialMangled, Strong),
        ("Bearer s3cr3t", Cause::SchemeWordWrong, Strong),
        ("/run/secrets/api_key", Cause::SecretIdSent, Strong),
        ("token.txt", Cause::SecretIdSent, Strong),
        ("C:\\keys\\token", Cause::SecretIdSent, Strong),
        ("op://vault/item/field", Cause::SecretIdSent, Strong),
        (
            "arn:aws:secretsmanager:eu-west-1:1:secret:x",
            Cause::SecretIdSent,
            Strong,
        ),
        ("https://cdn.example.com/1/KEY/", Cause::SecretIdSent, Fair),
        ("-----BEGIN PRIVATE KEY-----", Cause::TokenWrongKind, Strong),
        (
            "$2y$10$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyz01234",
            Cause::SecretIdSent,
            Strong,
        ),
    ] {
        assert_top(&case(URL, &[("X-API-Key", value)]), cause, weight, value);
    }
    for (query, cause) in [
        ("key=ab+cd", Cause::CredentialMangled),
        ("key=abc%20", Cause::CredentialWhitespace),
        ("key=%0Aabc", Cause::CredentialWhitespace),
        ("key=ab%252Bcd", Cause::CredentialMangled),
        ("key=%22abc%22", Cause::CredentialQuoted),
        ("a=1&amp;key=abc", Cause::CredentialMangled),
    ] {
        assert_top(&case(&format!("{URL}?{query}"), &[]), cause, Strong, query);
    }
    let mangled = format!("Bearer {}%3D", "c2VjcmV0");
    assert_top(
        &authorization(&mangled),
        Cause::CredentialMangled,
        Strong,
        &mangled,
    );
}

#[test]
fn basic_from_inside() {
    let long = STANDARD
        .encode("alice:an open sesame that is a good deal longer than a line of base64 may be");
    for (value, cause, weight) in [
        (basic("alice:open\n"), Cause::BasicNewline, Strong),
        (basic("s3cr3t-alone"), Cause::BasicColon, Strong),
        (basic("10:10:5e:00:23:cf:open"), Cause::BasicColon, Strong),
        (basic("alice:o:p"), Cause::BasicColon, Slight),
        (
            basic(STANDARD.encode("alice:open")),
            Cause::BasicBase64,
            Strong,
        ),
        (
            basic(format!("alice:{}", STANDARD.encode("open sesame"))),
            Cause::BasicBase64,
            Strong,
        ),
        ("Basic alice:open".to_owned(), Cause::BasicBase64, Strong),
        (
            format!("Basic {}\n{}", &long[..76], &long[76..]),
            Cause::BasicBase64,
            Proof,
        ),
        (
            format!("Basic {} {}", &long[..76], &long[76..]),
            Cause::BasicBase64,
            Strong,
        ),
        (basic(b"alice:sch\xf6n"), Cause::BasicCharset, Fair),
        (basic("alice:schÃ¶n"), Cause::BasicCharset, Strong),
        (basic("alice:schön"), Cause::BasicCharset, Slight),
        (basic("alice:scho\u{308}n"), Cause::BasicCharset, Fair),
        (
            basic("alice%40example.com:open"),
            Cause::UserinfoEncoding,
            Strong,
        ),
        (basic("alice:p%40ss"), Cause::UserinfoEncoding, Fair),
        (basic("alice :open"), Cause::CredentialWhitespace, Strong),
        (basic("alice:open "), Cause::CredentialWhitespace, Fair),
        (basic("alice:\"open\""), Cause::CredentialQuoted, Fair),
        (
            basic("alice:$apr1$abcdefgh$ijklmnopqrstuvwxyz0123"),
            Cause::SecretIdSent,
            Strong,
        ),
    ] {
        assert_top(&authorization(&value), cause, weight, &value);
    }
    let mut with_login = authorization(&basic("10:10:open"));
    with_login.login = Some(Login {
        user: "10:10".to_owned(),
        password: Secret::new("open".to_owned()),
        source: LoginSource::Option,
    });
    assert_top(
        &with_login,
        Cause::BasicColon,
        Strong,
        "a user name with a colon",
    );
}

#[test]
fn tokens_by_their_parts() {
    let token = jwt();
    let two = token.rsplit_once('.').unwrap().0.to_owned();
    let unsigned = format!(
        "{}.{}.",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#),
        URL_SAFE_NO_PAD.encode("{}")
    );
    let cut = token[..token.len() - 8].to_owned();
    for (token, cause, weight) in [
        (two.clone(), Cause::TokenMalformed, Strong),
        (format!("{two}.a.b.c"), Cause::TokenWrongKind, Fair),
        (format!("{token}.x"), Cause::TokenMalformed, Strong),
        (unsigned, Cause::AlgorithmNotAllowed, Strong),
        (cut, Cause::CredentialMangled, Fair),
        (format!("{two}."), Cause::CredentialMangled, Fair),
        (
            token.replace("eyJ", "eyj"),
            Cause::CredentialMangled,
            Strong,
        ),
        (
            format!("{two}=.{}", token.rsplit('.').next().unwrap()),
            Cause::TokenMalformed,
            Strong,
        ),
    ] {
        assert_top(
            &authorization(&format!("Bearer {token}")),
            cause,
            weight,
            &token,
        );
    }
    assert_top(
        &case(URL, &[("X-API-Key", &token)]),
        Cause::HeaderWrongPlace,
        Fair,
        "in a key's header",
    );
    let alone = Case {
        token: Some(Secret::new(two.into_bytes())),
        ..Case::default()
    };
    assert_eq!(seen(&alone), [(Cause::TokenMalformed, Strong)]);
    let quoted = Case {
        token: Some(Secret::new(format!("\"{token}\"").into_bytes())),
        ..Case::default()
    };
    assert_eq!(seen(&quoted), [(Cause::CredentialQuoted, Strong)]);
}

#[test]
fn nothing_secret_is_told() {
    let secret = "S3cr3tS3cr3tS3cr3t";
    for value in [
        format!("Bearer \"{secret}\""),
        format!("Token {secret}"),
        secret.to_owned(),
        format!("{secret} x y"),
        format!("alice:{secret}"),
        basic(format!("alice:{secret} ")),
        basic(format!("alice:{secret}:x")),
        basic(format!("alice%40:{secret}%40")),
        basic(secret),
        format!("Bearer a, Bearer {secret}"),
    ] {
        for finding in at(&authorization(&value), NOW_UNIX_SECS) {
            let told = format!("{finding:?}");
            assert!(!told.contains("S3cr3t"), "{value}: {told}");
        }
    }
    for (url, fields) in [
        (format!("{URL}?key=%22{secret}%22"), vec![]),
        (
            format!("{URL}?key={secret}+x"),
            vec![("Cookie", format!("sid={secret}; sid=b"))],
        ),
        (
            format!("https://alice:{secret}@example.com/"),
            vec![("Authentication", secret.to_owned())],
        ),
    ] {
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let told = format!("{:?}", at(&case(&url, &fields), NOW_UNIX_SECS));
        assert!(!told.contains("S3cr3t"), "{url}: {told}");
    }
}

#[test]
fn hostile_requests_are_survived() {
    for value in [
        vec![0xff; 300],
        b"Basic \xff\xfe".to_vec(),
        b"AWS4-HMAC-SHA256 Credential=////,SignedHeaders=;;;".to_vec(),
        b"OAuth oauth_consumer_key=\"\",oauth_timestamp=\"99999999999999999999\"".to_vec(),
        vec![b','; 5000],
        b"Bearer eyJ....".to_vec(),
    ] {
        let mut request = Request::new("GET", URL.parse().unwrap());
        for name in ["Authorization", "Cookie", "X-API-Key", "X-WSSE"] {
            request.fields.add(name, value.clone());
        }
        request.body = Some(value);
        let given = Case {
            request: Some(request),
            ..Case::default()
        };
        let _ = at(&given, i64::MAX);
        let _ = at(&given, i64::MIN);
    }
}

#[test]
fn a_cookie_of_a_file_that_has_run_out_is_not_sent_by_curl() {
    let with_end = |ends: i64| {
        let mut case = case(URL, &[("Cookie", "sid=abcdefghij")]);
        case.cookie_ends.push(("sid".to_owned(), ends));
        let found = at(&case, NOW_UNIX_SECS);
        found
            .into_iter()
            .find(|one| one.cause == Cause::SessionExpired)
    };
    let found = with_end(NOW_UNIX_SECS - 60).unwrap();
    assert_eq!(found.weight, Strong);
    assert!(
        found.evidence.contains("2025-12-31T23:59:00Z"),
        "{}",
        found.evidence
    );
    assert_eq!(with_end(NOW_UNIX_SECS + 60), None);
}
