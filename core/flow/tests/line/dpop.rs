//! DPoP, RFC 9449: what a proof has to be, and what it is good for.

use countersign_cause::Cause;
use countersign_flow::SightAnswer;
use countersign_jose::{Algorithm, SigningKey};
use http::Method;
use serde_json::{Value, json};

use crate::driver::{Call, Question, challenges, get, header, trail};
use crate::introspection::{asked, said};
use crate::tokens::{self, Holder};
use crate::world::demanding;
use crate::world::{AUDIENCE, BEARER, DPOP, HOST, ISSUER, NONE, NOW, World, route, scopes};

const BOTH: countersign_flow::Accept = countersign_flow::Accept {
    bearer: true,
    dpop: true,
    ..NONE
};
const HTU: &str = "https://api.example.com/orders";
const OPAQUE: &str = "mF_9.B5f-4.1JqM";

fn world() -> World {
    World::accepting(BOTH)
}

/// A request for the orders, with a token that is bound to this holder's key and a proof.
fn proved(holder: &Holder, token: &str, changes: Value) -> Call {
    let proof = holder.proof(token, "GET", HTU, changes);
    get("/orders?page=2")
        .with("authorization", format!("DPoP {token}"))
        .with("dpop", proof)
}

fn good(holder: &Holder, id: &str) -> Call {
    proved(holder, &holder.token(), json!({ "jti": id }))
}

fn refused(world: &World, call: &Call) -> (Cause, String, String) {
    let answer = world.answer(call);
    let refusal = world.send(call).refusal();
    let challenge = challenges(&answer)[0].to_owned();
    (refusal.cause, refusal.detail.to_owned(), challenge)
}

#[test]
fn rfc9449_section_7_1_a_token_with_a_proof_of_its_key_passes() {
    let (world, holder) = (world(), Holder::new());
    let headers = world.forwarded(&good(&holder, "1"));
    assert_eq!(headers["x-auth-user"], "alice");
    assert_eq!(headers["x-auth-scheme"], "dpop");
    assert_eq!(headers["x-auth-issuer"], ISSUER);
    assert!(!headers.contains_key("authorization"));
    assert!(
        !headers.contains_key("dpop"),
        "the proof is for the gateway"
    );
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
        let holder = Holder::of(algorithm);
        assert_eq!(world.user(&good(&holder, "1")), "alice", "{algorithm}");
    }
}

#[test]
fn rfc9449_section_7_2_a_bound_token_is_no_bearer_token() {
    let holder = Holder::new();
    let call = get("/orders").bearer(&holder.token());
    for world in [world(), world().remembering(), World::accepting(BEARER)] {
        for _ in 0..2 {
            let (cause, detail, _) = refused(&world, &call);
            assert_eq!(cause, Cause::SenderConstraintFailed);
            assert_eq!(
                detail,
                "the token is bound to a key by `cnf`, and came as a plain Bearer token"
            );
        }
    }
    let answer = world().answer(&call);
    let said = challenges(&answer);
    assert_eq!(said.len(), 2);
    assert!(said[0].starts_with("DPoP realm=\"example\", resource_metadata="));
    assert!(said[0].ends_with("algs=\"ES256 EdDSA RS256 PS256\""));
    assert!(said[1].starts_with("Bearer realm=\"example\", error=\"invalid_token\""));
    // A proof beside it makes it no other token.
    let beside = call.with("dpop", holder.proof(&holder.token(), "GET", HTU, json!({})));
    assert_eq!(world().cause(&beside), Cause::SenderConstraintFailed);
}

#[test]
fn rfc9449_section_7_1_an_unbound_token_is_no_token_of_this_scheme() {
    let holder = Holder::new();
    for token in [
        tokens::good(),
        tokens::with(
            json!({ "cnf": { "x5t#S256": "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0" } }),
        ),
    ] {
        let (cause, _, challenge) = refused(&world(), &proved(&holder, &token, json!({})));
        assert_eq!(cause, Cause::SenderConstraintFailed);
        assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
    }
    // A plain one is as good as before, and a proof nobody asked for does not spoil it.
    let call = get("/orders").bearer(&tokens::good()).with("dpop", "a.b.c");
    assert_eq!(world().user(&call), "alice");
}

#[test]
fn rfc9449_section_4_3_each_check_of_a_proof() {
    let holder = Holder::new();
    let token = holder.token();
    for (changes, detail) in [
        (
            json!({ "htm": "POST" }),
            "the proof's `htm` is another method than this request's",
        ),
        (
            json!({ "htm": "get" }),
            "the proof's `htm` is another method than this request's",
        ),
        (
            json!({ "htu": "https://api.example.com/order" }),
            "the proof's `htu` is another address than this request's",
        ),
        (
            json!({ "ath": null }),
            "the proof's `ath` is not the hash of this token",
        ),
        (
            json!({ "ath": "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo" }),
            "the proof's `ath` is not the hash of this token",
        ),
        (
            json!({ "iat": NOW - 90 }),
            "the proof is older than `proof_secs`",
        ),
        (
            json!({ "iat": NOW + 31 }),
            "the proof's `iat` is in the future",
        ),
        (json!({ "iat": null }), "the proof has no `iat`"),
        (json!({ "jti": null }), "the proof has no `jti`"),
    ] {
        let (cause, found, challenge) =
            refused(&world(), &proved(&holder, &token, changes.clone()));
        assert_eq!(
            (cause, &*found),
            (Cause::SenderConstraintFailed, detail),
            "{changes}"
        );
        assert!(
            challenge.contains("error=\"invalid_dpop_proof\""),
            "{challenge}"
        );
    }
    for good in [json!({ "iat": NOW - 89 }), json!({ "iat": NOW + 30 })] {
        assert_eq!(world().user(&proved(&holder, &token, good)), "alice");
    }
}

/// RFC 9449 section 7.1, "Invalid DPoP key binding": whoever has copied a token has a key too, and not the token's.
#[test]
fn attack_51_the_key_that_a_proof_brings_along_counts_only_where_the_token_names_it() {
    let (holder, other) = (Holder::new(), Holder::new());
    let token = holder.token();
    let (cause, detail, challenge) = refused(&world(), &proved(&other, &token, json!({})));
    assert_eq!(cause, Cause::SenderConstraintFailed);
    assert_eq!(
        detail,
        "the token is bound to another key than the one that made the proof"
    );
    assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
}

#[test]
fn rfc9449_section_4_3_point_1_exactly_one_proof() {
    let (world, holder) = (world(), Holder::new());
    let token = holder.token();
    let none = get("/orders").with("authorization", format!("DPoP {token}"));
    let proof = holder.proof(&token, "GET", HTU, json!({}));
    let two = none.clone().with("dpop", &proof).with("dpop", &proof);
    let joined = none.clone().with("dpop", format!("{proof}, {proof}"));
    for call in [none, two, joined] {
        let (cause, _, challenge) = refused(&world, &call);
        assert_eq!(cause, Cause::SenderConstraintFailed);
        assert!(challenge.starts_with("DPoP "), "{challenge}");
        assert!(
            challenge.contains("error=\"invalid_dpop_proof\""),
            "{challenge}"
        );
    }
}

#[test]
fn only_algorithms_of_the_list_are_taken() {
    let mut world = world();
    world.rules.dpop.algorithms = vec![Algorithm::EdDsa];
    let (_, detail, challenge) = refused(&world, &good(&Holder::new(), "1"));
    assert_eq!(detail, "the proof's `alg` is none of those that are taken");
    assert!(challenge.ends_with("algs=\"EdDSA\""), "{challenge}");
    assert_eq!(
        world.user(&good(&Holder::of(Algorithm::EdDsa), "1")),
        "alice"
    );
}

#[test]
fn rfc9449_section_11_1_a_proof_is_good_once() {
    for world in [world(), world().remembering()] {
        let holder = Holder::new();
        let call = good(&holder, "once");
        assert_eq!(world.user(&call), "alice");
        for _ in 0..2 {
            let (cause, detail, challenge) = refused(&world, &call);
            assert_eq!(cause, Cause::SenderConstraintFailed);
            assert_eq!(detail, "the proof was used before: its `jti` is not new");
            assert!(challenge.contains("error=\"invalid_dpop_proof\""));
        }
        assert_eq!(world.user(&good(&holder, "twice")), "alice");
        // `jti` is unique for one key: another's are its own affair.
        assert_eq!(world.user(&good(&Holder::new(), "once")), "alice");
    }
}

/// What is remembered is that the token was good. Its proof is looked at each time.
#[test]
fn attack_55_a_remembered_token_lets_no_request_pass_without_its_own_proof() {
    let world = world().remembering();
    let holder = Holder::new();
    let token = holder.token();
    let good = |id: &str| proved(&holder, &token, json!({ "jti": id }));
    assert_eq!(world.user(&good("1")), "alice");
    let end = world.send(&good("2"));
    assert_eq!(
        end.questions,
        [Question::Recall, Question::FirstSight],
        "the token is remembered"
    );
    let _permit = end.permit();
    for call in [
        proved(&holder, &token, json!({ "jti": "3", "htm": "DELETE" })),
        proved(&Holder::new(), &token, json!({ "jti": "4" })),
        get("/orders").with("authorization", format!("DPoP {token}")),
        get("/orders").bearer(&token),
        good("1"),
        good("3").by(Method::PUT),
    ] {
        assert_eq!(world.cause(&call), Cause::SenderConstraintFailed);
    }
}

/// A proof that is right, where no more can be remembered.
pub(crate) fn without_room() -> (World, Call) {
    let mut world = world();
    world.sight_answer = Some(SightAnswer::Full {
        retry_after_secs: 7,
    });
    (world, good(&Holder::new(), "1"))
}

#[test]
fn cause_proof_limit_when_no_more_proofs_can_be_remembered() {
    let (world, call) = without_room();
    assert_eq!(world.cause(&call), Cause::ProofLimit);
    let answer = world.answer(&call);
    assert_eq!(answer.status, 503);
    assert_eq!(header(&answer, "retry-after"), "7");
}

#[test]
fn rfc9449_section_4_3_point_9_the_address_in_every_spelling() {
    let holder = Holder::new();
    let token = holder.token();
    let call = |target: &str, htu: &str| {
        let proof = holder.proof(&token, "GET", htu, json!({ "jti": htu }));
        get(target)
            .with("authorization", format!("DPoP {token}"))
            .with("dpop", proof)
    };
    for (target, htu) in [
        ("/a~b?q=1", "https://api.example.com/a~b"),
        ("/a~b?q=1", "HTTPS://API.example.com:443/a%7Eb"),
        ("/a%7eb", "https://api.example.com/a~b?x=y#z"),
        ("/", "https://api.example.com"),
        ("/?q", "https://api.example.com?other"),
    ] {
        assert_eq!(world().user(&call(target, htu)), "alice", "{htu}");
    }
    for htu in [
        "",
        "/a",
        "api.example.com/a",
        "http://api.example.com/a",
        "https://api.example.com/A",
        "https://api.example.com/a/",
        "https://api.example.com:8443/a",
        "https://api.example.com.evil.example/a",
        "https://evil.example/a",
        "https://u@api.example.com/a",
        "https://api.example.com/x/../a",
        "https://api.example.com//a",
        "https:///a",
        "wss://api.example.com/a",
    ] {
        assert_eq!(
            world().cause(&call("/a", htu)),
            Cause::SenderConstraintFailed,
            "{htu}"
        );
    }
}

#[test]
fn behind_a_proxy_the_address_is_the_one_that_the_client_asked_for() {
    let holder = Holder::new();
    let token = holder.token();
    let call = |htu: &str| {
        let proof = holder.proof(&token, "GET", htu, json!({ "jti": htu }));
        get("/orders")
            .with("authorization", format!("DPoP {token}"))
            .with("dpop", proof)
    };
    // The proxy speaks plain http to the gateway, which knows its public address.
    let mut world = world();
    world.rules.public_url = Some("https://shop.example.com".into());
    let plain = |htu: &str| Call {
        secure: false,
        ..call(htu)
    };
    assert_eq!(
        world.user(&plain("https://shop.example.com/orders")),
        "alice"
    );
    for htu in [
        "http://shop.example.com/orders",
        "https://api.example.com/orders",
    ] {
        assert_eq!(
            world.cause(&plain(htu)),
            Cause::SenderConstraintFailed,
            "{htu}"
        );
    }
    // It takes a prefix off.
    world.rules.digest.path_prefix = "/app".into();
    assert_eq!(
        world.user(&plain("https://shop.example.com/app/orders")),
        "alice"
    );
    let bare = plain("https://shop.example.com/orders");
    assert_eq!(world.cause(&bare), Cause::SenderConstraintFailed);
    // Or says what it was asked for.
    world.rules.digest.path_prefix = "".into();
    let original = Call {
        original_target: Some("/v2/orders?x".to_owned()),
        ..plain("https://shop.example.com/v2/orders")
    };
    assert_eq!(world.user(&original), "alice");
    // Without a public address, scheme and host are those of the request.
    let world = self::world();
    let plain = |htu: &str| Call {
        secure: false,
        ..call(htu)
    };
    assert_eq!(world.user(&plain("http://api.example.com/orders")), "alice");
    assert_eq!(world.cause(&plain(HTU)), Cause::SenderConstraintFailed);
}

#[test]
fn rfc9449_section_9_a_nonce_of_the_gateway() {
    let mut world = world();
    world.rules.dpop.nonce = true;
    let holder = Holder::new();
    let token = holder.token();
    // The first time without one: the client learns it, and comes again by itself.
    let first = proved(&holder, &token, json!({ "jti": "1" }));
    let (cause, _, challenge) = refused(&world, &first);
    assert_eq!(cause, Cause::SenderConstraintFailed);
    assert!(
        challenge.contains("error=\"use_dpop_nonce\""),
        "{challenge}"
    );
    let answer = world.answer(&first);
    let nonce = header(&answer, "dpop-nonce").to_owned();
    let with = |id: &str, nonce: &str, iat: i64| {
        proved(
            &holder,
            &token,
            json!({ "jti": id, "nonce": nonce, "iat": iat }),
        )
    };
    let end = world.send(&with("2", &nonce, NOW));
    assert_eq!(
        end.questions,
        [Question::Keys, Question::ProofNonces, Question::FirstSight]
    );
    assert!(!end.edits().fresh_nonce);
    // RFC 9449 section 4.3 point 11: the nonce tells the time, so that a client's clock may be wrong.
    assert_eq!(world.user(&with("3", &nonce, 5)), "alice");
    let replayed = world.cause(&with("3", &nonce, 5));
    assert_eq!(replayed, Cause::SenderConstraintFailed);
    for (nonce, detail) in [
        (
            &*world.nonces.issue("example", NOW),
            "the proof's `nonce` is none of ours",
        ),
        ("x", "the proof's `nonce` is none of ours"),
        (
            &*world.nonces.issue_for_proof("example", NOW - 300),
            "the proof's `nonce` is older than `nonce_secs`",
        ),
        (
            &*world.nonces.issue_for_proof("example", NOW + 61),
            "the proof's `nonce` comes from the future",
        ),
    ] {
        let (_, found, challenge) = refused(&world, &with("4", nonce, NOW));
        assert_eq!(found, detail);
        assert!(
            challenge.contains("error=\"use_dpop_nonce\""),
            "{challenge}"
        );
    }
    // RFC 9449 section 8.2: a new one goes out before the old one has run out.
    let ageing = world.nonces.issue_for_proof("example", NOW - 150);
    assert!(world.send(&with("5", &ageing, NOW)).edits().fresh_nonce);
    // It comes with every challenge, so that the first request is not in vain twice.
    let answer = world.answer(&get("/orders"));
    assert!(
        world
            .nonces
            .open_of_proof("example", header(&answer, "dpop-nonce"))
            .is_some()
    );
}

#[test]
fn without_a_key_for_nonces_nobody_gets_in() {
    let mut world = world();
    world.rules.dpop.nonce = true;
    world.store_answers = false;
    let call = proved(
        &Holder::new(),
        &Holder::new().token(),
        json!({ "nonce": "x" }),
    );
    assert_eq!(
        world.cause(&call),
        Cause::SenderConstraintFailed,
        "the key comes first"
    );
    let holder = Holder::new();
    let call = proved(&holder, &holder.token(), json!({ "nonce": "x" }));
    assert_eq!(world.cause(&call), Cause::IdentityBackendDown);
}

#[test]
fn what_is_wrong_with_the_token_is_told_under_its_scheme() {
    let holder = Holder::new();
    let expired = holder.token_with(json!({ "exp": NOW - 60, "iat": NOW - 600 }));
    let (cause, _, challenge) = refused(&world(), &proved(&holder, &expired, json!({})));
    assert_eq!(cause, Cause::TokenExpired);
    assert!(challenge.starts_with("DPoP ") && challenge.contains("error=\"invalid_token\""));
    let world = World::with(vec![demanding("api", "/**", DPOP, scopes(&["admin"]))]);
    let answer = world.answer(&good(&holder, "1"));
    assert_eq!(answer.status, 403);
    assert!(challenges(&answer)[0].contains("error=\"insufficient_scope\""));
    assert!(challenges(&answer)[0].contains("scope=\"admin\""));
}

#[test]
fn a_route_that_takes_proofs_alone_takes_no_plain_token() {
    let world = World::with(vec![route("api", "/**", DPOP)]);
    let answer = world.answer(&get("/orders"));
    assert_eq!(challenges(&answer).len(), 1);
    assert!(!challenges(&answer)[0].contains("error"));
    assert_eq!(
        world.cause(&get("/orders").bearer(&tokens::good())),
        Cause::SchemeNotAccepted
    );
    assert_eq!(world.user(&good(&Holder::new(), "1")), "alice");
    let world = World::accepting(BEARER);
    assert_eq!(
        world.cause(&good(&Holder::new(), "1")),
        Cause::SchemeNotAccepted
    );
}

#[test]
fn rfc9449_section_6_2_an_opaque_token_is_bound_by_what_its_issuer_says() {
    let holder = Holder::new();
    let active = |changes: Value| {
        let mut answer = json!({
            "active": true, "token_type": "DPoP", "iss": ISSUER, "aud": AUDIENCE, "sub": "alice",
            "exp": NOW + 600, "cnf": { "jkt": holder.thumbprint() }
        });
        for (name, value) in changes.as_object().unwrap() {
            answer[name] = value.clone();
        }
        asked(world(), said(&answer))
    };
    let call = proved(&holder, OPAQUE, json!({}));
    assert_eq!(active(json!({})).user(&call), "alice");
    assert_eq!(
        active(json!({})).cause(&get("/orders").bearer(OPAQUE)),
        Cause::SenderConstraintFailed
    );
    for (changes, cause) in [
        (
            json!({ "cnf": { "jkt": Holder::new().thumbprint() } }),
            Cause::SenderConstraintFailed,
        ),
        (json!({ "cnf": {} }), Cause::SenderConstraintFailed),
        (json!({ "token_type": "Bearer" }), Cause::TokenWrongKind),
        (json!({ "exp": NOW - 60 }), Cause::TokenExpired),
    ] {
        assert_eq!(active(changes.clone()).cause(&call), cause, "{changes}");
    }
}

#[test]
fn the_log_says_exactly_what_was_wrong_and_nothing_of_the_proof() {
    let holder = Holder::new();
    let world = world();
    let call = proved(
        &holder,
        &holder.token(),
        json!({ "htm": "PATCH", "jti": "very-secret" }),
    );
    let refusal = world.send(&call).refusal();
    let said = trail(&refusal).join("\n");
    assert!(
        said.contains("the proof's `htm` is another method"),
        "{said}"
    );
    assert!(!said.contains("very-secret") && !said.contains(HOST));
}

#[test]
fn attack_46_a_shared_secret_makes_no_proof() {
    let secret = countersign_secret::Secret::new(vec![7; 32]);
    let shared = SigningKey::shared_secret(secret, Algorithm::Hs256).unwrap();
    let mut world = world();
    world.rules.dpop.algorithms = Algorithm::ALL.to_vec();
    let holder = Holder::new();
    let token = holder.token();
    let proof = holder.proof_signed_by(&shared, &token, "GET", HTU);
    let call = get("/orders")
        .with("authorization", format!("DPoP {token}"))
        .with("dpop", proof);
    let (cause, detail, _) = refused(&world, &call);
    assert_eq!(cause, Cause::SenderConstraintFailed);
    assert_eq!(detail, "the proof's `alg` is none of those that are taken");
}
