#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests"
)]

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use countersign_cause::Cause;

use super::{Variant, variants};
use crate::case::Case;
use crate::message::Request;

const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl";
const URL: &str = "https://api.example.com/things";

fn case(url: &str, fields: &[(&str, &[u8])]) -> Case {
    let mut request = Request::new("GET", url.parse().unwrap());
    for (name, value) in fields {
        request.fields.add(name, *value);
    }
    Case {
        request: Some(request),
        ..Case::default()
    }
}

fn authorization(value: impl AsRef<[u8]>) -> Vec<Variant> {
    variants(&case(URL, &[("Authorization", value.as_ref())]))
}

/// Cause and value of `Authorization` of each variant.
fn told(variants: &[Variant]) -> Vec<(Cause, String)> {
    variants
        .iter()
        .map(|variant| {
            let value = variant.request.fields.first("authorization").unwrap();
            let value = String::from_utf8_lossy(value).into_owned();
            (variant.cause, value)
        })
        .collect()
}

fn basic(text: impl AsRef<[u8]>) -> String {
    format!("Basic {}", STANDARD.encode(text))
}

#[test]
fn what_is_clean_has_no_variants() {
    for value in [
        basic("alice:open sesame"),
        basic("alice:a:b"),
        basic("token:"),
        format!("Bearer {JWT}"),
        "Bearer mF_9.B5f-4.1JqM".to_owned(),
        "Bearer s3cr3t-token".to_owned(),
        "ApiKey s3cr3t".to_owned(),
        "Digest username=\"alice\", realm=\"r\", nonce=\"n\", uri=\"/\", response=\"0\"".to_owned(),
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature=00".to_owned(),
        "Negotiate YII=".to_owned(),
        "Custom s3cr3t".to_owned(),
        // Nothing is there to mend.
        "Bearer undefined".to_owned(),
        "Bearer ".to_owned(),
        "Bearer".to_owned(),
        "Bearer <token>".to_owned(),
        "${TOKEN}".to_owned(),
        String::new(),
    ] {
        assert!(told(&authorization(&value)).is_empty(), "{value}");
    }
    for (name, value) in [
        ("X-API-Key", "s3cr3t"),
        ("X-Auth-Token", JWT),
        ("Cookie", "session=abc; theme=\"dark\""),
        ("Accept", "\"quoted\""),
    ] {
        assert!(
            variants(&case(URL, &[(name, value.as_bytes())])).is_empty(),
            "{name}"
        );
    }
    for query in [
        "api_key=abc%2Bdef%3D%3D",
        "q=a+b&key=abc",
        "token=abc&x=%22",
    ] {
        assert!(
            variants(&case(&format!("{URL}?{query}"), &[])).is_empty(),
            "{query}"
        );
    }
    assert!(variants(&Case::default()).is_empty());
}

#[test]
fn one_fault_of_a_token_gives_the_token_without_it() {
    use Cause::{
        CredentialMangled, CredentialQuoted, CredentialWhitespace, SchemeMissing, SchemeWordWrong,
    };
    let good = format!("Bearer {JWT}");
    for (value, cause) in [
        (format!("Bearer \"{JWT}\""), CredentialQuoted),
        (format!("Bearer '{JWT}'"), CredentialQuoted),
        (format!("Bearer <{JWT}>"), CredentialQuoted),
        (format!("Bearer {{{JWT}}}"), CredentialQuoted),
        (format!("\"Bearer {JWT}\""), CredentialQuoted),
        (format!("\u{201c}Bearer {JWT}\u{201d}"), CredentialQuoted),
        (
            format!("Bearer {{\"access_token\":\"{JWT}\"}}"),
            CredentialQuoted,
        ),
        (format!("Bearer {JWT}\""), CredentialQuoted),
        (format!("Bearer {JWT}\n"), CredentialWhitespace),
        (format!("Bearer {JWT}\u{a0}"), CredentialWhitespace),
        (format!("\u{feff}Bearer {JWT}"), CredentialWhitespace),
        (format!("Bearer\u{a0}{JWT}"), CredentialWhitespace),
        (format!("Bearer\t{JWT}"), CredentialWhitespace),
        (format!("Bearer  {JWT}"), CredentialWhitespace),
        (
            format!("Bearer {} {}", &JWT[..20], &JWT[20..]),
            CredentialWhitespace,
        ),
        (format!("Bearer {JWT}\\n"), CredentialWhitespace),
        (format!("Bearer {JWT},"), CredentialMangled),
        (
            format!("Bearer {}", STANDARD.encode(JWT)),
            CredentialMangled,
        ),
        (format!("Bearer Bearer {JWT}"), SchemeWordWrong),
        (
            format!("Bearer bearer: {JWT}").replace("bearer", "Bearer"),
            SchemeWordWrong,
        ),
        (format!("Bearer: {JWT}"), SchemeWordWrong),
        (format!("Bearer:{JWT}"), SchemeWordWrong),
        (format!("Bearer={JWT}"), SchemeWordWrong),
        (format!("Bearer :{JWT}"), SchemeWordWrong),
        (format!("Bearer{JWT}"), SchemeWordWrong),
        (format!("Baerer {JWT}"), SchemeWordWrong),
        (format!("bearer {JWT}"), SchemeWordWrong),
        (format!("Token {JWT}"), SchemeWordWrong),
        (format!("Authorization: Bearer {JWT}"), SchemeWordWrong),
        (format!("Basic {JWT}"), SchemeWordWrong),
        (basic(JWT), SchemeWordWrong),
        (JWT.to_owned(), SchemeMissing),
    ] {
        let told = told(&authorization(&value));
        assert!(told.contains(&(cause, good.clone())), "{value:?}: {told:?}");
        assert_eq!(told[0].0, cause, "{value:?}: {told:?}");
    }
}

#[test]
fn other_credentials_than_tokens() {
    for (value, cause, mended) in [
        ("alice:open", Cause::SchemeMissing, basic("alice:open")),
        (
            "YWxpY2U6b3BlbiBzZXNhbWU=",
            Cause::SchemeMissing,
            basic("alice:open sesame"),
        ),
        (
            "s3cr3t-key",
            Cause::SchemeMissing,
            "Bearer s3cr3t-key".to_owned(),
        ),
        (
            "Bearer YWxpY2U6b3BlbiBzZXNhbWU=",
            Cause::SchemeWordWrong,
            basic("alice:open sesame"),
        ),
        ("bot abc", Cause::SchemeWordWrong, "Bot abc".to_owned()),
        (
            "ApiKey id:s3cr3t",
            Cause::BasicBase64,
            format!("ApiKey {}", STANDARD.encode("id:s3cr3t")),
        ),
        (
            &format!("ApiKey {}", STANDARD.encode("id:s3cr3t\n")),
            Cause::BasicNewline,
            format!("ApiKey {}", STANDARD.encode("id:s3cr3t")),
        ),
    ] {
        let told = told(&authorization(value));
        assert_eq!(told.first(), Some(&(cause, mended)), "{value}: {told:?}");
    }
}

#[test]
fn basic_from_inside() {
    use Cause::{
        BasicBase64, BasicCharset, BasicColon, BasicNewline, CredentialMangled, CredentialQuoted,
        CredentialWhitespace, UserinfoEncoding,
    };
    let long = "alice:an open sesame that is a good deal longer than a line of base64 may be";
    let wrapped = STANDARD.encode(long);
    let wrapped = format!("Basic {}\n{}", &wrapped[..76], &wrapped[76..]);
    for (value, cause, mended) in [
        (basic("alice:open\n"), BasicNewline, basic("alice:open")),
        (basic("alice:open\r\n"), BasicNewline, basic("alice:open")),
        (
            basic(STANDARD.encode("alice:open")),
            BasicBase64,
            basic("alice:open"),
        ),
        (wrapped.clone(), BasicBase64, basic(long)),
        (wrapped.replace('\n', " "), BasicBase64, basic(long)),
        (
            format!("Basic {}", URL_SAFE_NO_PAD.encode("alice:?>?>?>~~")),
            BasicBase64,
            basic("alice:?>?>?>~~"),
        ),
        (
            "Basic alice:open".to_owned(),
            BasicBase64,
            basic("alice:open"),
        ),
        (
            basic(format!("alice:{}", STANDARD.encode("open sesame"))),
            BasicBase64,
            basic("alice:open sesame"),
        ),
        (basic("s3cr3t"), BasicColon, basic("s3cr3t:")),
        (basic(b"alice:sch\xf6n"), BasicCharset, basic("alice:schön")),
        (basic("alice:schÃ¶n"), BasicCharset, basic("alice:schön")),
        (basic("alice:schön"), BasicCharset, basic(b"alice:sch\xf6n")),
        (
            basic("alice%40example.com:open"),
            UserinfoEncoding,
            basic("alice@example.com:open"),
        ),
        (basic("alice:p%40ss"), UserinfoEncoding, basic("alice:p@ss")),
        (
            basic("alice:open "),
            CredentialWhitespace,
            basic("alice:open"),
        ),
        (
            basic(" alice:open"),
            CredentialWhitespace,
            basic("alice:open"),
        ),
        (
            basic("alice:\"open\""),
            CredentialQuoted,
            basic("alice:open"),
        ),
        (
            basic("alice:a&amp;b"),
            CredentialMangled,
            basic("alice:a&b"),
        ),
        (
            basic("alice:p\\!ss"),
            CredentialMangled,
            basic("alice:p!ss"),
        ),
    ] {
        let told = told(&authorization(&value));
        assert_eq!(told.first(), Some(&(cause, mended)), "{value:?}: {told:?}");
    }
    let both = told(&authorization(basic("s3cr3t")));
    assert!(both.contains(&(BasicColon, basic(":s3cr3t"))), "{both:?}");
}

#[test]
fn at_most_two_attempts_are_made_with_the_users_own_name() {
    let value = basic("alice%40example.com:\"b3BlbiBzZXNhbWU=\"\u{f6} ");
    assert!(authorization(value).len() <= 3);
}

#[test]
fn two_faults_at_once_are_mended_together_under_the_first() {
    for (value, cause) in [
        (format!("\"Bearer Bearer {JWT}\""), Cause::CredentialQuoted),
        (format!("Bearer \"Bearer {JWT}\""), Cause::CredentialQuoted),
        (format!("Bearer Bearer \"{JWT}\""), Cause::SchemeWordWrong),
        (format!("Bearer \"{JWT}\"\n"), Cause::CredentialWhitespace),
        (format!("\"{JWT}\""), Cause::CredentialQuoted),
    ] {
        let told = told(&authorization(&value));
        let good = (cause, format!("Bearer {JWT}"));
        assert!(
            told.len() >= 2 && told.contains(&good),
            "{value:?}: {told:?}"
        );
        assert_eq!(told[0].0, cause);
    }
}

#[test]
fn keys_in_fields_and_queries() {
    let field = |value: &str| {
        let variants = variants(&case(URL, &[("X-API-Key", value.as_bytes())]));
        let variant = variants.first().unwrap();
        let value = variant
            .request
            .fields
            .text("x-api-key")
            .unwrap()
            .into_owned();
        (variant.cause, value)
    };
    for (value, cause) in [
        ("\"s3cr3t\"", Cause::CredentialQuoted),
        ("s3cr3t\n", Cause::CredentialWhitespace),
        ("s3cr3t%3D", Cause::CredentialMangled),
        ("Bearer s3cr3t", Cause::SchemeWordWrong),
        ("ApiKey s3cr3t", Cause::SchemeWordWrong),
        ("X-API-Key: s3cr3t", Cause::HeaderMalformed),
    ] {
        let (found, value) = field(value);
        assert_eq!((found, value.trim_end_matches('=')), (cause, "s3cr3t"));
    }
    let query = |query: &str| {
        let variants = variants(&case(&format!("{URL}?{query}"), &[]));
        let variant = variants.first().unwrap();
        (
            variant.cause,
            variant.request.url.query().unwrap().to_owned(),
        )
    };
    for (written, cause, mended) in [
        (
            "page=2&key=ab+cd",
            Cause::CredentialMangled,
            "page=2&key=ab%2Bcd",
        ),
        ("key=abc%20", Cause::CredentialWhitespace, "key=abc"),
        ("key=abc+", Cause::CredentialWhitespace, "key=abc"),
        ("key=abc%0A", Cause::CredentialWhitespace, "key=abc"),
        ("key=%22abc%22", Cause::CredentialQuoted, "key=abc"),
        ("key=ab%252Bcd", Cause::CredentialMangled, "key=ab%2Bcd"),
        (
            "page=2&amp;key=abc",
            Cause::CredentialMangled,
            "page=2&key=abc",
        ),
    ] {
        assert_eq!(query(written), (cause, mended.to_owned()), "{written}");
    }
}

#[test]
fn a_form_is_mended_in_its_body() {
    let mut given = case(
        URL,
        &[("Content-Type", b"application/x-www-form-urlencoded")],
    );
    let request = given.request.as_mut().unwrap();
    request.method = "POST".to_owned();
    request.body =
        Some(b"grant_type=client_credentials&client_id=app&client_secret=%22s3cr3t%22".to_vec());
    let variants = variants(&given);
    assert_eq!(variants[0].cause, Cause::CredentialQuoted);
    let body = variants[0].request.body.clone().unwrap();
    assert_eq!(
        body,
        b"grant_type=client_credentials&client_id=app&client_secret=s3cr3t"
    );
}

#[test]
fn of_two_credentials_each_is_tried_alone() {
    let two: [(&str, &[u8]); 2] = [
        ("Authorization", b"Bearer a1"),
        ("Authorization", b"Bearer b2"),
    ];
    let expected = [
        (Cause::HeaderDuplicated, "Bearer a1".to_owned()),
        (Cause::HeaderDuplicated, "Bearer b2".to_owned()),
    ];
    assert_eq!(told(&variants(&case(URL, &two))), expected);
    assert_eq!(told(&authorization("Bearer a1, Bearer b2")), expected);
    let keys: [(&str, &[u8]); 2] = [("X-API-Key", b"a1"), ("x-api-key", b"b2")];
    assert_eq!(variants(&case(URL, &keys)).len(), 2);
    let cookies: [(&str, &[u8]); 1] = [("Cookie", b"sid=old; theme=dark; sid=new")];
    let found = variants(&case(URL, &cookies));
    let lines: Vec<_> = found
        .iter()
        .map(|variant| variant.request.fields.text("cookie").unwrap().into_owned())
        .collect();
    assert_eq!(lines, ["sid=old; theme=dark", "theme=dark; sid=new"]);
    assert_eq!(found[0].cause, Cause::CookieDuplicated);
}

#[test]
fn names_of_fields_are_put_right() {
    for name in [
        "Authorisation",
        "Authorizaton",
        "Authorziation",
        "Authentication",
        "X-Authorization",
    ] {
        let found = variants(&case(URL, &[(name, b"Bearer s3cr3t")]));
        assert_eq!(
            told(&found),
            [(Cause::HeaderWrongPlace, "Bearer s3cr3t".to_owned())],
            "{name}"
        );
    }
    let found = variants(&case(URL, &[("api_key", b"s3cr3t")]));
    assert_eq!(found[0].cause, Cause::HeaderNameDropped);
    assert_eq!(found[0].request.fields.text("api-key").unwrap(), "s3cr3t");
    assert!(!found[0].request.fields.has("api_key"));
}

#[test]
fn what_stands_in_the_url_goes_into_a_field() {
    let found = variants(&case("https://alice:p%40ss@api.example.com/", &[]));
    assert_eq!(
        told(&found),
        [(Cause::UserinfoEncoding, basic("alice:p@ss"))]
    );
    assert_eq!(found[0].request.url.as_str(), "https://api.example.com/");
}

#[test]
fn a_command_cleans_the_variable() {
    let given = case(URL, &[("Authorization", b"Bearer \"s3cr3t\"")]);
    let command = variants(&given)[0].command(&given);
    assert!(
        command.contains("Bearer $(printf %s \"$TOKEN\" | sed "),
        "{command}"
    );
    assert!(!command.contains("s3cr3t"), "{command}");
    let given = case(&format!("{URL}?a=1&key=ab+cd"), &[]);
    let command = variants(&given)[0].command(&given);
    assert!(
        command.contains("$(printf %s \"$API_KEY\" | sed 's/+/%2B/g')"),
        "{command}"
    );
}

#[test]
fn hostile_values_are_survived() {
    for value in [
        vec![0xff; 50],
        b"Bearer \xc3\x28".to_vec(),
        b"Basic \x00\x01".to_vec(),
        vec![b'"'; 3000],
        b"Bearer ".repeat(500),
        "\u{201c}".repeat(100).into_bytes(),
        b",,,,Bearer ,".to_vec(),
        b" = : ".to_vec(),
    ] {
        assert!(authorization(value).len() <= 6);
    }
}
