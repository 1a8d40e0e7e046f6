#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use countersign_cause::Cause;
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;

use super::{Accepted, Place, Reading, read};
use crate::{Scheme, api_key};

const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl";
const KEY: &str = "csk_0123456789Ab_0123456789abcdefghijklmnopqrstuvABCDEF";
const BASIC: &str = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==";

static KEY_HEADER: HeaderName = HeaderName::from_static("x-api-key");

/// Routes: `b` Basic, `t` Bearer tokens, `d` Digest, `h` keys in their own header, `a` keys in `Authorization`, `s` sessions,
/// `p` DPoP, `c` a certificate that was shown.
fn route(accepts: &str) -> Accepted<'static> {
    let header = accepts.contains('h').then_some(&KEY_HEADER);
    let in_authorization = accepts.contains('a');
    Accepted {
        basic: accepts.contains('b'),
        bearer: accepts.contains('t'),
        digest: accepts.contains('d'),
        dpop: accepts.contains('p'),
        certificate: accepts.contains('c'),
        api_key: (header.is_some() || in_authorization).then_some(api_key::Places {
            header,
            in_authorization,
        }),
        session: accepts.contains('s').then_some("__Host-s"),
    }
}

fn request(fields: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    headers
}

#[derive(Debug, PartialEq)]
enum Outcome {
    Nothing,
    Read(Scheme, Place<'static>, String),
    Refused(Cause),
}
use Outcome::{Nothing, Read, Refused};

fn outcome(accepts: &str, fields: &[(&'static str, &str)], query: Option<&str>) -> Outcome {
    let headers = request(fields);
    match read(&route(accepts), &headers, query) {
        Reading::Nothing => Nothing,
        Reading::One(presented) => {
            let place = match presented.place() {
                Place::Authorization => Place::Authorization,
                Place::Header(name) => {
                    assert_eq!(name, KEY_HEADER);
                    Place::Header(&KEY_HEADER)
                }
                Place::Cookie(name) => {
                    assert_eq!(name, "__Host-s");
                    Place::Cookie("__Host-s")
                }
                Place::Connection => panic!("no field is the connection"),
            };
            Read(
                presented.scheme(),
                place,
                String::from_utf8(presented.raw().to_vec()).unwrap(),
            )
        }
        Reading::Defective(defect) => Refused(defect.cause),
    }
}

#[test]
fn a_session_is_read_from_its_cookie_where_it_is_taken() {
    let fields = [("cookie", "a=b; __Host-s=abc")];
    let session = || Read(Scheme::Session, Place::Cookie("__Host-s"), "abc".into());
    assert_eq!(outcome("s", &fields, None), session());
    assert_eq!(outcome("sbth", &fields, None), session());
    assert_eq!(outcome("sbth", &fields, Some("access_token=x")), session());
    assert_eq!(outcome("bth", &fields, None), Nothing);
    assert_eq!(outcome("s", &[("cookie", "a=b")], None), Nothing);
}

#[test]
fn two_cookies_of_the_session_are_refused() {
    let fields = [("cookie", "__Host-s=abc"), ("cookie", "__Host-s=abc")];
    assert_eq!(
        outcome("s", &fields, None),
        Refused(Cause::HeaderDuplicated)
    );
}

#[test]
fn a_header_counts_before_the_session_and_is_never_made_up_for_by_it() {
    let cookie = ("cookie", "__Host-s=abc");
    let good = outcome("sb", &[("authorization", BASIC), cookie], None);
    assert!(matches!(good, Read(Scheme::Basic, Place::Authorization, _)));
    let broken = outcome("sb", &[("authorization", "Basic !"), cookie], None);
    assert_eq!(broken, Refused(Cause::BasicBase64));
    // On a route that reads no header, the header is the application's.
    let other = outcome("s", &[("authorization", BASIC), cookie], None);
    assert!(matches!(other, Read(Scheme::Session, _, _)));
}

fn authorization(accepts: &str, value: &str) -> Outcome {
    outcome(accepts, &[("authorization", value)], None)
}

fn key(place: Place<'static>) -> Outcome {
    Read(Scheme::ApiKey, place, KEY.to_owned())
}

fn token() -> Outcome {
    Read(Scheme::Bearer, Place::Authorization, JWT.to_owned())
}

#[test]
fn each_scheme_is_read_in_its_place() {
    let own = Place::Header(&KEY_HEADER);
    assert_eq!(authorization("t", &format!("Bearer {JWT}")), token());
    assert_eq!(authorization("bta", &format!("bearer   {JWT}")), token());
    assert_eq!(
        authorization("bth", BASIC),
        Read(
            Scheme::Basic,
            Place::Authorization,
            "QWxhZGRpbjpvcGVuIHNlc2FtZQ==".to_owned()
        )
    );
    assert_eq!(outcome("bth", &[("x-api-key", KEY)], None), key(own));
    assert_eq!(outcome("h", &[("X-Api-Key", KEY)], None), key(own));
    assert_eq!(
        authorization("ta", &format!("Bearer {KEY}")),
        key(Place::Authorization)
    );
    assert_eq!(
        authorization("a", &format!("ApiKey {KEY}")),
        key(Place::Authorization)
    );
    assert_eq!(
        authorization("ha", &format!("APIKEY {KEY}")),
        key(Place::Authorization)
    );
}

#[test]
fn rfc9110_section_11_1_scheme_words_are_case_insensitive() {
    for word in ["Bearer", "bearer", "BEARER", "bEaReR"] {
        assert_eq!(authorization("t", &format!("{word} {JWT}")), token());
    }
}

#[test]
fn nothing_is_nothing() {
    assert_eq!(
        outcome("btha", &[("accept", "*/*")], Some("page=2")),
        Nothing
    );
    assert_eq!(
        outcome(
            "",
            &[("authorization", BASIC), ("x-auth-token", "a")],
            Some("token=a")
        ),
        Nothing
    );
}

#[test]
fn credentials_placeholder() {
    for value in [
        "",
        "Bearer",
        "Bearer ",
        "Bearer undefined",
        "Bearer ${TOKEN}",
        "undefined",
        "Bearer your token here",
    ] {
        assert_eq!(
            authorization("t", value),
            Refused(Cause::CredentialsPlaceholder),
            "{value:?}"
        );
    }
    assert_eq!(
        authorization("b", "Basic"),
        Refused(Cause::CredentialsPlaceholder)
    );
    assert_eq!(
        outcome("h", &[("x-api-key", "")], None),
        Refused(Cause::CredentialsPlaceholder)
    );
}

#[test]
fn header_malformed() {
    assert_eq!(
        authorization("t", "Bearer a=b"),
        Refused(Cause::HeaderMalformed)
    );
    assert_eq!(authorization("t", ";;;"), Refused(Cause::HeaderMalformed));
    assert_eq!(
        authorization("t", "Custom a, b; c"),
        Refused(Cause::HeaderMalformed)
    );
}

#[test]
fn header_duplicated() {
    let bearer = format!("Bearer {JWT}");
    let twice = [
        ("authorization", bearer.as_str()),
        ("authorization", bearer.as_str()),
    ];
    assert_eq!(outcome("t", &twice, None), Refused(Cause::HeaderDuplicated));
    let joined = format!("Bearer {JWT}, {BASIC}");
    assert_eq!(
        authorization("bt", &joined),
        Refused(Cause::HeaderDuplicated)
    );
    for value in [bearer.as_str(), BASIC] {
        let both = [("authorization", value), ("x-api-key", KEY)];
        assert_eq!(
            outcome("bth", &both, None),
            Refused(Cause::HeaderDuplicated)
        );
    }
    let same = format!("Bearer {KEY}");
    let both = [("authorization", same.as_str()), ("x-api-key", KEY)];
    assert_eq!(outcome("ha", &both, None), Refused(Cause::HeaderDuplicated));
    assert_eq!(
        outcome("h", &[("x-api-key", KEY), ("x-api-key", KEY)], None),
        Refused(Cause::HeaderDuplicated)
    );
}

#[test]
fn an_authorization_that_is_not_accepted_is_the_applications() {
    let bearer = format!("Bearer {JWT}");
    let own = Place::Header(&KEY_HEADER);
    for (accepts, value) in [
        ("h", bearer.as_str()),
        ("bh", &bearer),
        ("ha", &bearer),
        ("th", BASIC),
        ("th", "Digest a=\"b\""),
        ("th", "nonsense"),
    ] {
        let both = [("authorization", value), ("x-api-key", KEY)];
        assert_eq!(outcome(accepts, &both, None), key(own), "{accepts} {value}");
    }
}

#[test]
fn scheme_missing() {
    for value in [JWT, KEY, "s3cr3t", "alice:secret"] {
        assert_eq!(
            authorization("bta", value),
            Refused(Cause::SchemeMissing),
            "{value}"
        );
    }
}

#[test]
fn scheme_word_wrong() {
    for value in [
        "Bearer Bearer x1",
        "Bearer Bearer",
        "Token x1",
        "JWT x1",
        "OAuth x1",
        "Bearer: x1",
        "Bearer:x1",
        "Bearer=x1",
        "Beare x1",
        "Bearrer x1",
        "Baerer x1",
        "Authorization: Bearer x1",
        "Api-Key x1",
        "Basci YTpi",
        "access_token x1",
    ] {
        assert_eq!(
            authorization("bt", value),
            Refused(Cause::SchemeWordWrong),
            "{value}"
        );
    }
    assert_eq!(
        authorization("b", "Basic Basic YTpi"),
        Refused(Cause::SchemeWordWrong)
    );
    assert_eq!(
        authorization("b", &format!("Basic {JWT}")),
        Refused(Cause::SchemeWordWrong)
    );
    assert_eq!(
        authorization("t", &format!("Whatever {JWT}")),
        Refused(Cause::SchemeWordWrong)
    );
    assert_eq!(
        outcome("h", &[("x-api-key", "Bearer csk_1")], None),
        Refused(Cause::SchemeWordWrong)
    );
}

#[test]
fn digest_is_read_where_it_is_accepted_and_a_defect_of_it_names_the_scheme() {
    const GOOD: &str = r#"Digest username="a", realm="b", nonce="c", uri="/", response="d""#;
    for accepts in ["d", "bd", "tdha"] {
        let Read(scheme, place, raw) = authorization(accepts, GOOD) else {
            panic!("{accepts}");
        };
        assert_eq!((scheme, place), (Scheme::Digest, Place::Authorization));
        assert!(GOOD.ends_with(&raw));
    }
    let both = [("authorization", GOOD), ("x-api-key", KEY)];
    assert_eq!(outcome("dh", &both, None), Refused(Cause::HeaderDuplicated));
    for value in ["Digest", "Digest ", "Digest username=\"a\"", "Digest YTpi"] {
        let headers = request(&[("authorization", value)]);
        match read(&route("d"), &headers, None) {
            Reading::Defective(defect) => {
                assert_eq!(defect.cause, Cause::HeaderMalformed, "{value}");
                assert_eq!(defect.scheme, Some(Scheme::Digest), "{value}");
            }
            Reading::Nothing | Reading::One(_) => panic!("{value}"),
        }
    }
}

#[test]
fn rfc9449_section_7_1_a_token_is_read_with_its_proof() {
    let sent = [("authorization", "dpop a.b.c"), ("dpop", "d.e.f")];
    let read = Read(Scheme::Dpop, Place::Authorization, "a.b.c".to_owned());
    for accepts in ["p", "tp", "btdhap"] {
        assert_eq!(outcome(accepts, &sent, None), read, "{accepts}");
    }
    assert_eq!(
        outcome("tp", &sent[..1], None),
        Refused(Cause::SenderConstraintFailed)
    );
    let twice = [sent[0], sent[1], sent[1]];
    assert_eq!(
        outcome("tp", &twice, None),
        Refused(Cause::SenderConstraintFailed)
    );
    assert_eq!(outcome("t", &sent, None), Refused(Cause::SchemeNotAccepted));
    // Without credentials, a proof proves nothing.
    assert_eq!(outcome("tp", &sent[1..], None), Nothing);
    assert_eq!(
        outcome("p", &[("authorization", "Bearer a.b.c")], None),
        Refused(Cause::SchemeNotAccepted)
    );
}

#[test]
fn beside_a_certificate_what_is_no_credential_here_is_the_applications() {
    let elsewhere = [("x-auth-token", "abc")];
    assert_eq!(outcome("tc", &elsewhere, Some("token=x")), Nothing);
    assert_eq!(
        outcome("t", &elsewhere, None),
        Refused(Cause::HeaderWrongPlace)
    );
    let sent = [("authorization", "Bearer a.b.c")];
    let read = Read(Scheme::Bearer, Place::Authorization, "a.b.c".to_owned());
    assert_eq!(outcome("tc", &sent, None), read);
}

#[test]
fn scheme_not_accepted() {
    for (accepts, value) in [
        ("d", BASIC),
        ("t", BASIC),
        ("b", "Bearer mF_9.B5f-4.1JqM"),
        ("a", "Bearer mF_9.B5f-4.1JqM"),
        ("bt", "Digest username=\"a\", realm=\"b\""),
        ("bt", "Negotiate YIIabc=="),
        ("bt", "NTLM TlRMTVNTUAAB"),
        ("bt", "Negotiate"),
        ("bt", "ApiKey csk_1"),
        (
            "bt",
            "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=c",
        ),
        ("bt", "DPoP mF_9.B5f-4.1JqM"),
        ("bt", "OAuth oauth_consumer_key=\"a\""),
        ("bt", "Custom abc"),
        ("h", BASIC),
        ("h", "Bearer mF_9.B5f-4.1JqM"),
        ("h", "Digest username=\"a\""),
    ] {
        assert_eq!(
            authorization(accepts, value),
            Refused(Cause::SchemeNotAccepted),
            "{accepts} {value}"
        );
    }
}

#[test]
fn credential_whitespace() {
    for value in [
        "Bearer a1 b1",
        "Bearer\ta1",
        "Bearer a1\tb1",
        "Bearer a1\u{a0}",
        "Bearer a1\u{200b}",
        "\u{feff}Bearer a1",
    ] {
        assert_eq!(
            authorization("t", value),
            Refused(Cause::CredentialWhitespace),
            "{value:?}"
        );
    }
    let headers = HeaderMap::from_iter([(
        http::header::AUTHORIZATION,
        HeaderValue::from_bytes(b"Bearer a1\xa0").unwrap(),
    )]);
    let Reading::Defective(defect) = read(&route("t"), &headers, None) else {
        panic!("it is defective")
    };
    assert_eq!(defect.cause, Cause::CredentialWhitespace);
}

#[test]
fn credential_quoted() {
    for value in [
        "Bearer \"a1\"",
        "Bearer 'a1'",
        "Bearer <a1>",
        "Bearer {a1}",
        "Bearer `a1`",
        "\"Bearer a1\"",
        "'Bearer a1'",
        "Bearer \"a1 b1\"",
    ] {
        assert_eq!(
            authorization("t", value),
            Refused(Cause::CredentialQuoted),
            "{value}"
        );
    }
}

#[test]
fn header_wrong_place() {
    for name in [
        "api-key",
        "x-auth-token",
        "x-access-token",
        "authentication",
        "authorisation",
        "proxy-authorization",
        "x-api-key",
    ] {
        assert_eq!(
            outcome("bt", &[(name, "abc")], None),
            Refused(Cause::HeaderWrongPlace),
            "{name}"
        );
        assert_eq!(outcome("bt", &[(name, "")], None), Nothing, "{name}");
    }
    for query in [
        "access_token=a",
        "page=2&token=a",
        "api_key=a",
        "key=a",
        "apikey=a",
        "API_KEY=a",
    ] {
        assert_eq!(
            outcome("t", &[], Some(query)),
            Refused(Cause::HeaderWrongPlace),
            "{query}"
        );
    }
    for query in [
        "",
        "access_token=",
        "access_token",
        "tokens=a",
        "page=access_token",
    ] {
        assert_eq!(outcome("t", &[], Some(query)), Nothing, "{query}");
    }
}

#[test]
fn a_key_in_the_wrong_one_of_its_places() {
    for word in ["Bearer ", "ApiKey ", "Token ", ""] {
        let value = format!("{word}{KEY}");
        assert_eq!(
            authorization("h", &value),
            Refused(Cause::HeaderWrongPlace),
            "{value}"
        );
    }
    for word in ["Bearer", "ApiKey"] {
        assert_eq!(
            authorization("bth", &format!("{word} {KEY}")),
            Refused(Cause::HeaderWrongPlace)
        );
    }
    assert_eq!(
        outcome("a", &[("x-api-key", KEY)], None),
        Refused(Cause::HeaderWrongPlace)
    );
    assert_eq!(
        outcome("th", &[("x-api-key", JWT)], None),
        Refused(Cause::HeaderWrongPlace)
    );
    assert_eq!(
        authorization("t", &format!("Bearer {KEY}")),
        Refused(Cause::TokenWrongKind)
    );
}

#[test]
fn a_credential_found_is_not_sought_elsewhere() {
    let bearer = format!("Bearer {JWT}");
    let fields = [("authorization", bearer.as_str()), ("x-auth-token", "abc")];
    assert_eq!(outcome("t", &fields, Some("access_token=abc")), token());
}

#[test]
fn debug_shows_no_credential() {
    let headers = request(&[("authorization", BASIC)]);
    let shown = format!("{:?}", read(&route("b"), &headers, None));
    assert!(shown.contains("Basic"), "{shown}");
    assert!(
        !shown.contains("QWxh") && !shown.contains("Aladdin") && !shown.contains("sesame"),
        "{shown}"
    );
}

fn any_value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..60),
        "(Basic|Bearer|ApiKey|bearer|Digest|csk_|eyJ|[ =\",:<>$]){0,8}[ -~]{0,20}"
            .prop_map(String::into_bytes),
    ]
}

proptest! {
    #[test]
    fn any_request_is_survived(
        accepts in "[bthapc]{0,5}",
        authorizations in prop::collection::vec(any_value(), 0..3),
        keys in prop::collection::vec(any_value(), 0..3),
        query in any::<Option<String>>(),
    ) {
        let mut headers = HeaderMap::new();
        for (name, values) in [(http::header::AUTHORIZATION, &authorizations), (KEY_HEADER.clone(), &keys)] {
            for value in values.iter().filter_map(|value| HeaderValue::from_bytes(value).ok()) {
                headers.append(name.clone(), value);
            }
        }
        let accepted = route(&accepts);
        if let Reading::One(presented) = read(&accepted, &headers, query.as_deref()) {
            // What is read is there once, and whole.
            let field = match presented.place() {
                Place::Authorization => http::header::AUTHORIZATION,
                Place::Header(name) => name.clone(),
                Place::Cookie(_) | Place::Connection => unreachable!("no cookie was sent"),
            };
            let mut values = headers.get_all(field).iter();
            let value = values.next().unwrap().as_bytes();
            prop_assert!(values.next().is_none());
            prop_assert!(!presented.raw().is_empty() && value.trim_ascii_end().ends_with(presented.raw()));
        }
    }
}
