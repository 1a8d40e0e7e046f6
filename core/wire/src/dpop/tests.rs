#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use countersign_cause::Cause;
use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;

use super::client::{asked, authorization};
use super::server::{Ask, ErrorCode, challenge, parse};
use super::{NONCE, PROOF};
use crate::bearer::server as of_tokens;
use crate::challenge::parse as parse_challenges;
use crate::{Scheme, credentials};

const TOKEN: &str = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";

fn proofs(of: &[&'static str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for proof in of {
        headers.append(PROOF, HeaderValue::from_static(proof));
    }
    headers
}

#[test]
fn rfc9449_section_7_1_example() {
    let value = authorization(TOKEN).unwrap();
    assert_eq!(*value.expose(), format!("DPoP {TOKEN}"));
    let rest = credentials::parse(value.expose().as_bytes())
        .ok()
        .unwrap()
        .rest;
    let headers = proofs(&["a.b.c"]);
    let presented = parse(rest, &headers).ok().unwrap();
    assert_eq!(presented.raw(), TOKEN.as_bytes());
    assert_eq!(presented.token().raw(), TOKEN.as_bytes());
    assert_eq!(presented.proof(), b"a.b.c");
}

#[test]
fn rfc9449_section_4_3_point_1_exactly_one_proof() {
    for (sent, detail) in [
        (&[][..], "there is no `DPoP` field with a proof"),
        (&["a.b.c", "a.b.c"], "there is more than one `DPoP` field"),
        (&["a.b.c", ""], "there is more than one `DPoP` field"),
    ] {
        let headers = proofs(sent);
        let defect = parse(TOKEN.as_bytes(), &headers).err().unwrap();
        assert_eq!(defect.cause, Cause::SenderConstraintFailed);
        assert_eq!((defect.scheme, defect.detail), (Some(Scheme::Dpop), detail));
    }
}

#[test]
fn what_is_no_token_has_a_cause_before_its_proof_is_looked_for() {
    for (rest, expected) in [
        ("", Cause::CredentialsPlaceholder),
        ("undefined", Cause::CredentialsPlaceholder),
        ("DPoP abc.def", Cause::SchemeWordWrong),
        ("Bearer abc.def", Cause::SchemeWordWrong),
        ("abc def", Cause::CredentialWhitespace),
        ("\"abc1\"", Cause::CredentialQuoted),
        ("abc, DPoP def", Cause::HeaderDuplicated),
    ] {
        let headers = proofs(&[]);
        let defect = parse(rest.as_bytes(), &headers).err().unwrap();
        assert_eq!(defect.cause, expected, "{rest:?}");
    }
}

#[test]
fn rfc9449_section_7_1_the_challenge_names_the_algorithms() {
    let written = challenge(&Ask {
        of_token: of_tokens::Ask {
            realm: "shop",
            ..of_tokens::Ask::default()
        },
        error: None,
        algorithms: "ES256 PS256",
    });
    assert_eq!(
        written.to_field_value(),
        r#"DPoP realm="shop", algs="ES256 PS256""#
    );
}

#[test]
fn rfc9449_section_9_the_client_half_reads_that_a_nonce_is_wanted() {
    for (error, wants) in [
        (ErrorCode::UseNonce, true),
        (ErrorCode::InvalidProof, false),
        (
            ErrorCode::OfToken(of_tokens::ErrorCode::InvalidToken),
            false,
        ),
    ] {
        let written = challenge(&Ask {
            of_token: of_tokens::Ask {
                realm: "shop",
                error_description: Some("so it is"),
                scope: &["orders:read"],
                ..of_tokens::Ask::default()
            },
            error: Some(error),
            algorithms: "ES256",
        });
        let parsed = parse_challenges([written.to_field_value().as_bytes()]).challenges;
        let asked = asked(&parsed[0]).unwrap();
        assert_eq!(asked.of_token.error, Some(error.as_str()));
        assert_eq!(asked.of_token.error_description, Some("so it is"));
        assert_eq!(asked.of_token.scopes().collect::<Vec<_>>(), ["orders:read"]);
        assert_eq!(asked.wants_nonce(), wants);
        assert!(asked.takes("ES256") && !asked.takes("ES"));
    }
    let bearer = parse_challenges([&b"Bearer realm=\"a\""[..]]).challenges;
    assert!(asked(&bearer[0]).is_none());
    assert_eq!(NONCE.as_str(), "dpop-nonce");
}

proptest! {
    #[test]
    fn any_bytes_are_survived(rest in prop::collection::vec(any::<u8>(), 0..80)) {
        let headers = proofs(&["a"]);
        let _ = parse(&rest, &headers);
    }
}
