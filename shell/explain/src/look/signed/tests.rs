#![allow(clippy::unwrap_used, clippy::string_slice, reason = "tests")]

use countersign_cause::Cause;

use crate::finding::Weight::{self, Fair, Strong};
use crate::look::tests::{case, seen};

/// 2026-01-01T00:00:00Z is the time of these tests.
const S3: &str = "https://bucket.s3.eu-west-1.amazonaws.com/key";
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn signed(url: &str, scope: &str, headers: &str, date: &str) -> Vec<(Cause, Weight)> {
    let value =
        format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={headers}, Signature=00ff");
    let fields = [
        ("Authorization", value.as_str()),
        ("X-Amz-Date", date),
        ("X-Amz-Content-Sha256", EMPTY),
    ];
    seen(&case(url, &fields))
}

const SCOPE: &str = "AKIDEXAMPLE/20260101/eu-west-1/s3/aws4_request";
const HEADERS: &str = "host;x-amz-content-sha256;x-amz-date";
const DATE: &str = "20260101T000100Z";

#[test]
fn a_signature_that_fits_shows_nothing() {
    assert_eq!(signed(S3, SCOPE, HEADERS, DATE), []);
    assert_eq!(
        signed("http://127.0.0.1:9000/b/k", SCOPE, HEADERS, DATE),
        []
    );
    assert_eq!(
        signed("https://s3.amazonaws.com/b/k", SCOPE, HEADERS, DATE),
        []
    );
    let api = "https://abc123.execute-api.eu-west-1.amazonaws.com/prod/x";
    assert_eq!(
        signed(api, &SCOPE.replace("s3", "execute-api"), HEADERS, DATE),
        []
    );
    let search = "https://search-x.eu-west-1.es.amazonaws.com/_search";
    assert_eq!(
        signed(search, &SCOPE.replace("s3", "es"), HEADERS, DATE),
        []
    );
    let lambda = "https://abc.lambda-url.eu-west-1.on.aws/";
    assert_eq!(
        signed(lambda, &SCOPE.replace("s3", "lambda"), HEADERS, DATE),
        []
    );
}

#[test]
fn the_scope_is_for_one_date_region_and_service() {
    let wrong =
        |found: Vec<(Cause, Weight)>| assert_eq!(found, [(Cause::SignatureScopeWrong, Strong)]);
    wrong(signed(
        S3,
        &SCOPE.replace("eu-west-1", "us-east-1"),
        HEADERS,
        DATE,
    ));
    wrong(signed(
        "https://s3-us-west-2.amazonaws.com/b/k",
        SCOPE,
        HEADERS,
        DATE,
    ));
    wrong(signed(
        S3,
        &SCOPE.replace("20260101", "20251231"),
        HEADERS,
        DATE,
    ));
    wrong(signed(
        S3,
        &SCOPE.replace("/s3/", "/execute-api/"),
        HEADERS,
        DATE,
    ));
    wrong(signed(
        S3,
        &SCOPE.replace("aws4_request", "aws4"),
        HEADERS,
        DATE,
    ));
    let short = signed(S3, "AKIDEXAMPLE/20260101", HEADERS, DATE);
    assert_eq!(short, [(Cause::HeaderMalformed, Strong)]);
}

#[test]
fn the_time_of_a_signature() {
    let at = |date: &str| signed(S3, &SCOPE.replace("20260101", &date[..8]), HEADERS, date);
    assert_eq!(
        at("20260101T004000Z"),
        [(Cause::ClockSkew, Strong)],
        "ahead"
    );
    assert_eq!(
        at("20260101T010000Z"),
        [(Cause::ClockSkew, Strong)],
        "another zone"
    );
    assert_eq!(
        at("20251231T190000Z"),
        [(Cause::ClockSkew, Strong)],
        "another zone"
    );
    assert_eq!(
        at("20251231T234000Z").first(),
        Some(&(Cause::ClockSkew, Fair)),
        "old"
    );
    assert_eq!(at("20251231T235000Z"), [], "ten minutes");
    assert_eq!(
        at("2026-01-01T00:0").first(),
        Some(&(Cause::HeaderMalformed, Strong))
    );
    let none = [(
        "Authorization",
        "AWS4-HMAC-SHA256 Credential=A/20260101/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature=0",
    )];
    assert_eq!(
        seen(&case(S3, &none)),
        [(Cause::CompanionHeaderMissing, Strong)]
    );
}

#[test]
fn what_is_signed_has_to_be_there_as_it_was() {
    let of = |headers: &str| signed(S3, SCOPE, headers, DATE);
    assert_eq!(
        of("x-amz-content-sha256;x-amz-date"),
        [(Cause::SignatureCanonicalization, Strong)]
    );
    assert_eq!(
        of("Host;x-amz-date"),
        [(Cause::SignatureCanonicalization, Fair)]
    );
    assert_eq!(
        of("host;x-amz-date;x-amz-meta-a"),
        [(Cause::SignedPartAltered, Strong)]
    );
    let value = format!(
        "AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=accept-encoding;host;x-amz-date, Signature=0"
    );
    let mut fields = vec![
        ("Authorization", value.as_str()),
        ("X-Amz-Date", DATE),
        ("Accept-Encoding", "gzip"),
    ];
    assert_eq!(seen(&case(S3, &fields)), [(Cause::SignedPartAltered, Fair)]);
    let value = format!("AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host, Signature=0");
    fields = vec![
        ("Authorization", value.as_str()),
        ("X-Amz-Date", DATE),
        ("X-Amz-Content-Sha256", EMPTY),
    ];
    let mut given = case(S3, &fields);
    let request = given.request.as_mut().unwrap();
    request.method = "PUT".to_owned();
    assert_eq!(seen(&given), [], "a body that was not recorded");
    given.request.as_mut().unwrap().body = Some(b"{}".to_vec());
    assert_eq!(seen(&given), [(Cause::SignedPartAltered, Strong)]);
}

#[test]
fn temporary_keys_need_their_token() {
    let found = signed(S3, &SCOPE.replace("AKID", "ASIA"), HEADERS, DATE);
    assert_eq!(found, [(Cause::CompanionHeaderMissing, Strong)]);
}

#[test]
fn presigned_urls() {
    let url = |date: &str, expires: &str| {
        format!(
            "{S3}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F{}%2Feu-west-1%2Fs3%2Faws4_request&X-Amz-Date={date}&X-Amz-Expires={expires}&X-Amz-SignedHeaders=host&X-Amz-Signature=00",
            &date[..8]
        )
    };
    assert_eq!(seen(&case(&url("20251231T235000Z", "3600"), &[])), []);
    assert_eq!(
        seen(&case(&url("20251231T220000Z", "3600"), &[])),
        [(Cause::CredentialExpired, Strong)]
    );
    assert_eq!(
        seen(&case(&url("20260101T030000Z", "3600"), &[])),
        [(Cause::ClockSkew, Strong)]
    );
    let both = case(
        &url("20251231T235000Z", "3600"),
        &[("Authorization", "Bearer abc")],
    );
    assert_eq!(seen(&both), [(Cause::HeaderDuplicated, Strong)]);
    let older = "https://d1.cloudfront.net/x?Expires=1767222000&Signature=abc&Key-Pair-Id=K1";
    assert_eq!(
        seen(&case(older, &[])),
        [(Cause::CredentialExpired, Strong)]
    );
}

#[test]
fn shared_access_signatures() {
    let url = |rest: &str| format!("https://a.blob.core.windows.net/c/b?sv=2022-11-02&sp=r&{rest}");
    let good = url("st=2025-12-31T12:00:00Z&se=2026-01-02T00:00:00Z&sig=ab%2Bcd%3D");
    assert_eq!(seen(&case(&good, &[])), []);
    for (rest, cause, weight) in [
        (
            "se=2025-12-31T23:00:00Z&sig=abc",
            Cause::CredentialExpired,
            Strong,
        ),
        ("se=2025-12-31&sig=abc", Cause::CredentialExpired, Strong),
        (
            "st=2026-01-01T02:00:00Z&se=2026-01-02T00:00:00Z&sig=abc",
            Cause::ClockSkew,
            Strong,
        ),
        (
            "st=2026-01-01T00:00:00Z&se=2026-01-02T00:00:00Z&sig=abc",
            Cause::ClockSkew,
            Fair,
        ),
        (
            "se=2026-01-02T00:00:00Z&sig=ab%252Bcd",
            Cause::CredentialMangled,
            Strong,
        ),
        (
            "se=2026-01-02T00:00:00Z&sig=ab+cd",
            Cause::CredentialMangled,
            Strong,
        ),
    ] {
        assert_eq!(seen(&case(&url(rest), &[])), [(cause, weight)], "{rest}");
    }
    let bus = [(
        "Authorization",
        "SharedAccessSignature sr=x&sig=abc&se=1767222000&skn=a",
    )];
    let found = seen(&case("https://a.servicebus.windows.net/q", &bus));
    assert!(
        found.contains(&(Cause::CredentialExpired, Strong)),
        "{found:?}"
    );
}

#[test]
fn oauth1() {
    let of = |timestamp: &str, query: &str| {
        let value = format!(
            "OAuth oauth_consumer_key=\"a\", oauth_token=\"b\", oauth_timestamp=\"{timestamp}\", oauth_nonce=\"c\", oauth_signature=\"d%3D\""
        );
        seen(&case(
            &format!("https://api.example.com/x?{query}"),
            &[("Authorization", &value)],
        ))
    };
    assert_eq!(of("1767225610", "a=b"), []);
    assert_eq!(of("1767229200", "a=b"), [(Cause::ClockSkew, Strong)]);
    assert_eq!(of("1767225610000", "a=b"), [(Cause::ClockSkew, Strong)]);
    assert_eq!(
        of("1767225610", "oauth_nonce=c"),
        [(Cause::SignatureCanonicalization, Strong)]
    );
}

#[test]
fn ws_security() {
    let of = |created: &str| {
        let mut given = case("http://192.0.2.1/onvif/device_service", &[]);
        let request = given.request.as_mut().unwrap();
        request.method = "POST".to_owned();
        request.body = Some(format!("<s:Envelope><UsernameToken><Username>a</Username><wsu:Created>{created}</wsu:Created></UsernameToken></s:Envelope>").into_bytes());
        seen(&given)
    };
    assert_eq!(of("2026-01-01T00:00:10Z"), []);
    assert_eq!(of("2026-01-01T08:00:10.5Z"), [(Cause::ClockSkew, Strong)]);
    let field = [(
        "X-WSSE",
        "UsernameToken Username=\"a\", PasswordDigest=\"b\", Nonce=\"c\", Created=\"2025-12-31T18:00:00Z\"",
    )];
    assert_eq!(
        seen(&case("http://192.0.2.1/", &field)),
        [(Cause::ClockSkew, Strong)]
    );
}

#[test]
fn a_recording_is_as_old_as_it_says() {
    let value = format!(
        "AWS4-HMAC-SHA256 Credential={}, SignedHeaders=host, Signature=0",
        SCOPE.replace("20260101", "20250601")
    );
    let mut given = case(
        S3,
        &[
            ("Authorization", &value),
            ("X-Amz-Date", "20250601T120000Z"),
        ],
    );
    given.recorded.started_unix_ms = Some(1_748_779_210_000);
    assert_eq!(seen(&given), []);
}
