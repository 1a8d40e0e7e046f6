//! The identity as a signed token: its claims, for whom it is, how long one serves, and that nobody else writes it.

use aws_lc_rs::rand::SystemRandom;
use countersign_flow::{Edits, IdentityToken};
use countersign_jose::sign::{SigningKeys, Turn};
use countersign_jose::{Algorithm, Jwt, KeySet, SigningError};
use countersign_policy::Demand;
use http::{HeaderMap, HeaderName};
use serde_json::{Value, json};

use crate::driver::{Call, get};
use crate::tokens::random;
use crate::world::{ALL, NONE, NOW, PASSWORD, World, demanding};

const NAME: &str = "x-auth-assertion";

fn keys(random: &SystemRandom) -> SigningKeys {
    let turn = Turn {
        now_unix_secs: NOW,
        ahead_secs: 0,
        kept_secs: 0,
    };
    let set = SigningKeys::turned(None, Algorithm::Es256, turn, random).unwrap();
    SigningKeys::parse(set.expose().as_bytes()).unwrap()
}

/// Signs for the first of two upstreams.
fn signing(mut world: World) -> World {
    world.rules.identity_headers.token = Some(IdentityToken {
        header: HeaderName::from_static(NAME),
        issuer: "https://gateway.example".into(),
        lifetime_secs: 60,
        audiences: vec![Some("https://app.internal".into()), None],
    });
    world
}

fn alice() -> Call {
    get("/")
        .basic("bob", PASSWORD)
        .with(NAME, "forged")
        .with("X_Auth_Assertion", "forged")
        .with("x-auth.assertion", "forged")
}

/// The values under any spelling of the header, as the upstream gets them.
fn sent(edits: &Edits<'_>, call: &Call, keys: &SigningKeys, now: i64) -> Vec<String> {
    let mut headers: HeaderMap = call.headers.clone();
    edits.apply(&mut headers);
    edits
        .sign(&mut headers, Some(keys), now, &random())
        .unwrap();
    let values = headers.iter().filter(|(name, _)| {
        let letters: String = name
            .as_str()
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect();
        letters == "xauthassertion"
    });
    values
        .map(|(_, value)| value.to_str().unwrap().to_owned())
        .collect()
}

fn claims(token: &str, keys: &SigningKeys) -> Value {
    let set = KeySet::parse_json(keys.published().as_bytes()).unwrap();
    let token = Jwt::parse(token.as_bytes()).unwrap();
    let token = token.verify(&set, &[Algorithm::Es256]).unwrap();
    serde_json::to_value(token.claims().members()).unwrap()
}

#[test]
fn attack_18_attack_19_what_a_client_sends_is_replaced_by_what_was_verified() {
    let (world, keys) = (signing(World::accepting(ALL)), keys(&random()));
    let edits = world.send(&alice()).edits();
    let sent = sent(&edits, &alice(), &keys, NOW);
    assert_eq!(sent.len(), 1, "{sent:?}");
    let expected = json!({
        "iss": "https://gateway.example", "aud": "https://app.internal", "sub": "bob", "groups": [], "scope": "",
        "scheme": "basic", "iat": NOW, "exp": NOW + 60,
    });
    let claims = claims(&sent[0], &keys);
    assert_eq!(claims, expected);
}

#[test]
fn one_token_serves_a_sixth_of_its_life() {
    let (world, keys) = (signing(World::accepting(ALL)), keys(&random()));
    let edits = world.send(&alice()).edits();
    let at = |now: i64| sent(&edits, &alice(), &keys, now).remove(0);
    let first = at(NOW);
    // Each signature of ECDSA is another.
    assert_eq!(at(NOW + 9), first);
    let second = at(NOW + 10);
    assert_ne!(second, first);
    assert_eq!(claims(&second, &keys)["iat"], NOW + 10);
}

#[test]
fn nobody_gets_one_who_is_not_known_or_whose_upstream_asks_for_none() {
    let keys = keys(&random());
    let public = signing(World::with(vec![demanding(
        "public",
        "/**",
        NONE,
        Demand::Anyone,
    )]));
    let call = get("/").with(NAME, "forged");
    let edits = public.send(&call).edits();
    assert!(sent(&edits, &call, &keys, NOW).is_empty());
    let mut world = signing(World::accepting(ALL));
    for route in &mut world.rules.route_rules {
        route.upstream = 1;
    }
    let edits = world.send(&alice()).edits();
    assert!(sent(&edits, &alice(), &keys, NOW).is_empty());
}

#[test]
fn without_a_key_that_signs_nothing_is_written() {
    let world = signing(World::accepting(ALL));
    let edits = world.send(&alice()).edits();
    let keys = keys(&random());
    for (keys, now) in [(None, NOW), (Some(&keys), NOW - 1)] {
        let mut headers = HeaderMap::new();
        let signed = edits.sign(&mut headers, keys, now, &random());
        assert_eq!(signed, Err(SigningError::Failed));
        assert!(headers.is_empty());
    }
}
