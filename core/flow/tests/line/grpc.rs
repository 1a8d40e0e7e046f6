//! gRPC: a refusal is a response whose trailers stand in its head, with a status that gRPC clients act on.

use countersign_cause::Cause;
use countersign_flow::{Answer, Refusal, respond};

use crate::driver::{Call, asked, get, header, offered};
use crate::world::{ALL, World};

fn call(content_type: &str) -> Call {
    get("/orders.Orders/Find").with("content-type", content_type)
}

fn refused(cause: Cause) -> Answer {
    let world = World::accepting(ALL);
    let mut refusal = Refusal::new(&world.rules, cause);
    refusal.route = Some(&world.rules.route_rules[0]);
    respond(&refusal, &asked(&call("application/grpc")))
}

#[test]
fn trailers_only_with_status_unauthenticated() {
    let world = World::accepting(ALL);
    for content_type in [
        "application/grpc",
        "application/grpc+proto",
        "application/grpc;x=y",
    ] {
        let answer = world.answer(&call(content_type));
        assert_eq!(answer.status, 200);
        assert_eq!(header(&answer, "content-type"), "application/grpc");
        assert_eq!(header(&answer, "grpc-status"), "16");
        assert!(header(&answer, "grpc-message").starts_with("credentials-missing: "));
        assert!(answer.body.is_empty());
        assert_eq!(header(&answer, "countersign-cause"), "credentials-missing");
        assert_eq!(offered(&answer), ["Bearer", "ApiKey", "Basic"]);
        assert_eq!(header(&answer, "cache-control"), "no-store");
    }
}

#[test]
fn what_is_not_grpc_is_answered_in_http() {
    let world = World::accepting(ALL);
    for content_type in [
        "application/grpc-web",
        "application/grpcx",
        "application/json",
        "text/application/grpc",
    ] {
        let answer = world.answer(&call(content_type));
        assert_eq!(answer.status, 401, "{content_type}");
        assert!(!answer.headers.contains_key("grpc-status"));
    }
}

/// "HTTP to gRPC Status Code Mapping", but that malformed credentials are the caller's fault and not the transport's.
#[test]
fn each_status_has_its_code() {
    for (cause, code) in [
        (Cause::CredentialsMissing, "16"),
        (Cause::HeaderMalformed, "16"),
        (Cause::RequestTargetAmbiguous, "13"),
        (Cause::ScopeInsufficient, "7"),
        (Cause::RouteUnmatched, "12"),
        (Cause::HeaderTooLarge, "8"),
        (Cause::BodyTooLarge, "8"),
        (Cause::RateLimited, "8"),
        (Cause::BodyStalled, "4"),
        (Cause::UpstreamTimeout, "4"),
        (Cause::UpstreamUnreachable, "14"),
        (Cause::IdentityBackendDown, "14"),
        (Cause::MethodNotSupported, "13"),
    ] {
        assert_eq!(header(&refused(cause), "grpc-status"), code, "{cause}");
    }
}

/// "PROTOCOL-HTTP2": `Percent-Encoded` keeps printable ASCII but the percent sign.
#[test]
fn every_message_is_a_field_value() {
    for cause in Cause::ALL.iter().copied() {
        let answer = refused(cause);
        let message = header(&answer, "grpc-message");
        assert!(message.starts_with(cause.told_as().id()), "{cause}");
        assert!(message.bytes().all(|byte| (0x20..=0x7e).contains(&byte)));
        let code: u8 = header(&answer, "grpc-status").parse().unwrap();
        assert!((1..=16).contains(&code), "{cause}");
    }
}
