//! Certificates of clients: as an identity of their own, and as what tokens are bound to (RFC 8705).

use countersign_cause::Cause;
use countersign_flow::{
    Accept, CertificateName, CertificateNames, CertificateStanding, ClientCertificate,
};
use http::Method;
use serde_json::json;

use crate::driver::{Call, Question, challenges, get, trail};
use crate::tokens::{self, Holder};
use crate::world::{BASIC, BEARER, NONE, NOW, PASSWORD, World};

const CERTIFICATE: Accept = Accept {
    certificate: true,
    ..NONE
};
/// RFC 8705 appendix A, figure 5.
const THUMBPRINT: &str = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0";

fn thumbprint() -> [u8; 32] {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(THUMBPRINT);
    bytes.unwrap().try_into().unwrap()
}

fn shown() -> ClientCertificate {
    let one = |name: &str| vec![name.into()];
    ClientCertificate {
        thumbprint: thumbprint(),
        standing: CertificateStanding::Vouched,
        names: CertificateNames {
            common: one("billing"),
            dns: one("billing.example.com"),
            uri: one("spiffe://example.com/billing"),
            email: one("billing@example.com"),
        },
        not_before_unix_secs: NOW - 1000,
        not_after_unix_secs: NOW + 1000,
    }
}

fn by(certificate: ClientCertificate) -> Call {
    Call {
        certificate: Some(certificate),
        ..get("/orders")
    }
}

#[test]
fn a_certificate_is_an_identity() {
    for (kind, user) in [
        (CertificateName::Common, "billing"),
        (CertificateName::Dns, "billing.example.com"),
        (CertificateName::Uri, "spiffe://example.com/billing"),
        (CertificateName::Email, "billing@example.com"),
    ] {
        let mut world = World::accepting(CERTIFICATE).remembering();
        world.rules.certificate.user = kind;
        let headers = world.forwarded(&by(shown()));
        assert_eq!(headers["x-auth-user"], user);
        assert_eq!(headers["x-auth-scheme"], "certificate");
        let end = world.send(&by(shown()));
        assert_eq!(
            end.questions,
            [] as [Question; 0],
            "nothing is remembered of it"
        );
    }
}

#[test]
fn what_is_wrong_with_a_certificate_is_told_in_an_answer() {
    let changed = |change: fn(&mut ClientCertificate)| {
        let mut certificate = shown();
        change(&mut certificate);
        by(certificate)
    };
    for (call, cause, detail) in [
        (
            changed(|shown| shown.not_after_unix_secs = NOW - 1),
            Cause::CredentialExpired,
            "the client's certificate is past its date",
        ),
        (
            changed(|shown| shown.not_before_unix_secs = NOW + 1),
            Cause::CredentialsRejected,
            "the client's certificate is not valid yet",
        ),
        (
            changed(|shown| shown.standing = CertificateStanding::Revoked),
            Cause::CredentialRevoked,
            "the client's certificate was revoked by its authority",
        ),
        (
            changed(|shown| shown.standing = CertificateStanding::Unfit("of nobody known")),
            Cause::CredentialsRejected,
            "of nobody known",
        ),
        (
            changed(|shown| shown.names.common.clear()),
            Cause::CredentialsRejected,
            "the client's certificate has no common name",
        ),
        (
            changed(|shown| shown.names.common.push("root".into())),
            Cause::CredentialsRejected,
            "the client's certificate has more than one common name",
        ),
        (
            changed(|shown| shown.names.common = vec!["".into()]),
            Cause::CredentialsRejected,
            "they belong to an empty name",
        ),
        (
            get("/orders"),
            Cause::CredentialsMissing,
            "no credentials were sent",
        ),
    ] {
        let world = World::accepting(CERTIFICATE);
        let refusal = world.send(&call).refusal();
        assert_eq!(refusal.cause, cause, "{detail}");
        if cause != Cause::CredentialsMissing {
            assert_eq!(refusal.detail, detail);
            assert!(
                trail(&refusal)
                    .join("\n")
                    .contains("certificate credentials")
            );
        }
        let answer = world.answer(&call);
        assert_eq!(answer.status, 401);
        assert_eq!(challenges(&answer), [r#"Certificate realm="example""#]);
    }
    // The last second is one of its life (RFC 5280 section 4.1.2.5).
    let last = changed(|shown| shown.not_after_unix_secs = NOW);
    assert_eq!(World::accepting(CERTIFICATE).user(&last), "billing");
}

#[test]
fn a_certificate_counts_where_nothing_else_is_there() {
    let both = Accept {
        certificate: true,
        ..BASIC
    };
    let world = World::accepting(both);
    assert_eq!(world.user(&by(shown())), "billing");
    assert_eq!(world.user(&by(shown()).basic("alice", PASSWORD)), "alice");
    let wrong = by(shown()).basic("alice", "wrong");
    assert_eq!(world.cause(&wrong), Cause::CredentialsRejected);
    // Where it is not accepted, it is nobody's.
    let world = World::accepting(BASIC);
    assert_eq!(world.cause(&by(shown())), Cause::CredentialsMissing);
    assert_eq!(
        challenges(&World::accepting(both).answer(&get("/"))).len(),
        1
    );
}

/// A browser shows a certificate by itself, whichever page makes it send a request.
#[test]
fn attack_a_page_of_another_origin_does_not_act_by_a_certificate() {
    let world = World::accepting(CERTIFICATE);
    let cross = by(shown()).with("sec-fetch-site", "cross-site");
    assert_eq!(world.user(&cross), "billing", "it cannot read what comes");
    assert_eq!(world.cause(&cross.by(Method::POST)), Cause::CsrfFailed);
    let own = by(shown()).with("sec-fetch-site", "same-origin");
    assert_eq!(world.user(&own.by(Method::POST)), "billing");
    assert_eq!(world.user(&by(shown()).by(Method::POST)), "billing");
}

#[test]
fn attack_no_field_of_a_request_is_a_certificate() {
    let world = World::accepting(CERTIFICATE);
    for name in [
        "client-cert",
        "x-client-cert",
        "x-ssl-client-cert",
        "ssl-client-cert",
        "x-forwarded-client-cert",
        "x-ssl-client-verify",
        "x-ssl-client-s-dn",
    ] {
        let call = get("/orders").with(name, "CN=billing");
        assert_eq!(world.cause(&call), Cause::CredentialsMissing, "{name}");
    }
}

#[test]
fn rfc8705_section_3_a_token_is_good_on_a_connection_with_its_certificate() {
    let token = tokens::with(json!({ "cnf": { "x5t#S256": THUMBPRINT } }));
    for world in [
        World::accepting(BEARER),
        World::accepting(BEARER).remembering(),
    ] {
        for _ in 0..2 {
            assert_eq!(world.user(&by(shown()).bearer(&token)), "alice");
        }
        let mut other = shown();
        other.thumbprint[0] ^= 1;
        let mut expired = shown();
        expired.not_after_unix_secs = NOW - 1;
        let mut revoked = shown();
        revoked.standing = CertificateStanding::Revoked;
        for (call, detail) in [
            (
                get("/orders"),
                "the token is bound to a certificate, and the client has shown none",
            ),
            (
                by(other),
                "the token is bound to another certificate than the one that was shown",
            ),
            (by(expired), "the client's certificate is past its date"),
            (
                by(revoked),
                "the client's certificate was revoked by its authority",
            ),
        ] {
            let call = call.bearer(&token);
            let refusal = world.send(&call).refusal();
            assert_eq!(refusal.cause, Cause::SenderConstraintFailed);
            assert_eq!(refusal.detail, detail);
            let answer = world.answer(&call);
            assert!(challenges(&answer)[0].contains("error=\"invalid_token\""));
        }
        // The name in the certificate is not looked at: the token says who it is.
        let mut nameless = shown();
        nameless.names = CertificateNames::default();
        assert_eq!(world.user(&by(nameless).bearer(&token)), "alice");
    }
    assert_eq!(
        World::accepting(BEARER).user(&by(shown()).bearer(&tokens::good())),
        "alice",
        "an unbound token needs no certificate, and one does not spoil it"
    );
}

#[test]
fn a_token_that_is_bound_to_both_needs_both() {
    let holder = Holder::new();
    let cnf = json!({ "cnf": { "jkt": holder.thumbprint(), "x5t#S256": THUMBPRINT } });
    let token = holder.token_with(cnf);
    let both = Accept {
        dpop: true,
        ..BEARER
    };
    let proof = holder.proof(&token, "GET", "https://api.example.com/orders", json!({}));
    let proved = |call: Call| {
        call.with("authorization", format!("DPoP {token}"))
            .with("dpop", &proof)
    };
    let world = World::accepting(both);
    let cause = |call: &Call| world.cause(call);
    assert_eq!(
        cause(&proved(get("/orders"))),
        Cause::SenderConstraintFailed
    );
    let bearer = by(shown()).bearer(&token);
    assert_eq!(cause(&bearer), Cause::SenderConstraintFailed);
    assert_eq!(world.user(&proved(by(shown()))), "alice");
}
