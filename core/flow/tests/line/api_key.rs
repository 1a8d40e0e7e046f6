//! API keys: the id finds the record, the digest proves the key, and the record bounds it.

use countersign_cause::Cause;
use countersign_flow::OwnKeyRules;
use countersign_policy::Demand;

use crate::driver::{Call, Question, get, header, problem, text, trail};
use crate::world::{API_KEY, NOW, World, demanding, scopes};

fn world() -> World {
    World::accepting(API_KEY)
}

#[test]
fn a_known_key_is_taken_in_each_of_its_places() {
    let mut world = world();
    let key = world.mint(1);
    let places: [Call; 3] = [
        get("/").key(&key),
        get("/").bearer(&key),
        get("/").with("authorization", format!("ApiKey {key}")),
    ];
    for call in &places {
        let headers = world.forwarded(call);
        assert_eq!(headers["x-auth-user"], "robot");
        assert_eq!(headers["x-auth-groups"], "machines");
        assert_eq!(headers["x-auth-scopes"], "orders:read");
        assert_eq!(headers["x-auth-scheme"], "api-key");
        assert!(!headers.contains_key("x-api-key"));
        assert!(!headers.contains_key("authorization"));
        assert_eq!(world.send(call).questions, [Question::Key]);
    }
}

#[test]
fn without_the_word_in_authorization_only_the_own_header_is_read() {
    let mut world = world();
    world.rules.api_key.in_authorization = false;
    let key = world.mint(1);
    assert_eq!(world.user(&get("/").key(&key)), "robot");
    assert_eq!(world.cause(&get("/").bearer(&key)), Cause::HeaderWrongPlace);
}

#[test]
fn without_a_header_of_its_own_only_authorization_is_read() {
    let mut world = world();
    world.rules.api_key.header = None;
    let key = world.mint(1);
    assert_eq!(world.user(&get("/").bearer(&key)), "robot");
    assert_eq!(world.cause(&get("/").key(&key)), Cause::HeaderWrongPlace);
}

/// Of a key that is not the right one nothing is told, whichever half of it is wrong.
#[test]
fn unknown_id_and_wrong_secret_look_alike() {
    let mut world = world();
    let known = world.mint(1);
    let unknown = World::accepting(API_KEY).mint(2);
    let id = known[4..16].to_owned();
    // The record of that id holds the digest of another key.
    let mut other = world.keys[&id].clone();
    other.digest.0[0] ^= 1;
    other.revoked_unix_secs = Some(NOW - 1);
    world.keys.insert(id, other);

    let wrong_secret = get("/").key(&known);
    let unknown_id = get("/").key(&unknown);
    assert_eq!(world.cause(&wrong_secret), Cause::CredentialsRejected);
    assert_eq!(world.cause(&unknown_id), Cause::CredentialsRejected);
    let (a, b) = (world.answer(&wrong_secret), world.answer(&unknown_id));
    assert_eq!((a.status, a.headers, a.body), (b.status, b.headers, b.body));
}

#[test]
fn a_mistyped_key_is_refused_without_asking_the_store() {
    let mut world = world();
    let key = world.mint(1);
    let mistyped = key.replacen(&key[20..21], if &key[20..21] == "a" { "b" } else { "a" }, 1);
    let mut last = key.clone();
    let end = last.pop().unwrap();
    last.push(if end == 'a' { 'b' } else { 'a' });
    for (wrong, remark) in [
        (mistyped.as_str(), "checksum"),
        (last.as_str(), "checksum"),
        (&key[..40], "too short"),
        (&key.replace("_", "-").replacen('-', "_", 1), "character"),
    ] {
        let end = world.send(&get("/").key(wrong));
        assert!(end.questions.is_empty(), "{wrong}");
        let refusal = end.refusal();
        assert_eq!(refusal.cause, Cause::CredentialsRejected, "{wrong}");
        assert!(
            refusal.detail.contains(remark),
            "{wrong}: {}",
            refusal.detail
        );
        assert!(trail(&refusal).iter().any(|words| words == refusal.detail));
        // What the log knows of a key's form, the client is not told.
        assert!(!text(&world.answer(&get("/").key(wrong))).contains(refusal.detail));
    }
}

#[test]
fn something_else_in_the_keys_header_is_of_another_kind() {
    let world = world();
    assert_eq!(
        world.cause(&get("/").key("sk_live_51H8aBcDeFgHiJkLmNoPqRsTuVwXyZ")),
        Cause::TokenWrongKind
    );
}

#[test]
fn the_id_of_a_key_in_the_place_of_the_key_is_told_to_who_runs_the_gateway() {
    let mut world = world();
    let known = world.mint(1);
    let id = &known["csk_".len()..][..12];
    for id in [id, "abcdefghijkl"] {
        let end = world.send(&get("/").key(id));
        assert!(end.questions.is_empty(), "{id}");
        let refusal = end.refusal();
        assert_eq!(refusal.cause, Cause::TokenWrongKind);
        assert!(refusal.detail.contains("a key's id"), "{}", refusal.detail);
    }
    let shorter = world.send(&get("/").key(&id[1..])).refusal().detail;
    assert!(!shorter.contains("a key's id"), "{shorter}");
}

#[test]
fn cause_credential_revoked_after_its_period_of_grace() {
    let mut world = world();
    let key = world.mint_as(1, |key| key.revoked_unix_secs = Some(NOW + 60));
    let call = get("/").key(&key);
    assert_eq!(world.user(&call), "robot");
    world.now.set(NOW + 59);
    assert_eq!(world.user(&call), "robot");
    world.now.set(NOW + 60);
    assert_eq!(world.cause(&call), Cause::CredentialRevoked);
    let answer = world.answer(&call);
    assert_eq!(answer.status, 401);
    assert_eq!(problem(&answer)["cause"], "credential-revoked");
}

#[test]
fn cause_credential_expired_from_its_date_on() {
    let mut world = world();
    let key = world.mint_as(1, |key| key.expires_unix_secs = Some(NOW + 60));
    let call = get("/").key(&key);
    world.now.set(NOW + 59);
    assert_eq!(world.user(&call), "robot");
    world.now.set(NOW + 60);
    assert_eq!(world.cause(&call), Cause::CredentialExpired);
}

#[test]
fn cause_account_disabled_of_the_owner_is_told_as_rejected() {
    let mut world = world();
    let key = world.mint_as(1, |key| {
        key.owner_disabled = true;
        key.expires_unix_secs = Some(NOW - 1);
    });
    let call = get("/").key(&key);
    assert_eq!(world.cause(&call), Cause::AccountDisabled);
    let answer = world.answer(&call);
    assert_eq!(header(&answer, "countersign-cause"), "credentials-rejected");
    assert!(!text(&answer).contains("disabled"));
}

#[test]
fn cause_address_not_allowed_where_the_key_is_bound_to_networks() {
    let mut world = world();
    let key = world.mint_as(1, |key| key.networks = vec!["10.0.0.0/8", "2001:db8::/32"]);
    let call = get("/").key(&key);
    for inside in ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8::7"] {
        assert_eq!(world.user(&call.clone().from(inside)), "robot", "{inside}");
    }
    for outside in ["192.0.2.7", "2001:db9::7", "::1"] {
        let call = call.clone().from(outside);
        let refusal = world.send(&call).refusal();
        assert_eq!(refusal.cause, Cause::AddressNotAllowed, "{outside}");
        assert_eq!(refusal.subject.as_deref(), Some("robot"));
        assert_eq!(world.answer(&call).status, 403);
    }
}

#[test]
fn the_networks_of_a_key_hold_on_a_route_open_to_anyone_too() {
    let mut world = World::with(vec![demanding("api", "/**", API_KEY, Demand::Anyone)]);
    let key = world.mint_as(1, |key| key.networks = vec!["10.0.0.0/8"]);
    assert_eq!(world.cause(&get("/").key(&key)), Cause::AddressNotAllowed);
}

#[test]
fn the_scopes_of_a_key_are_held_against_the_route() {
    let mut world = World::with(vec![
        demanding("read", "/read", API_KEY, scopes(&["orders:read"])),
        demanding("write", "/write", API_KEY, scopes(&["orders:write"])),
    ]);
    let key = world.mint(1);
    assert_eq!(world.user(&get("/read").key(&key)), "robot");
    let refusal = world.send(&get("/write").key(&key)).refusal();
    assert_eq!(refusal.cause, Cause::ScopeInsufficient);
    assert_eq!(refusal.missing_scopes, ["orders:write"]);
    drop(refusal);
    assert_eq!(world.answer(&get("/write").key(&key)).status, 403);
}

#[test]
fn a_key_of_an_empty_owner_is_nobodys() {
    let mut world = world();
    let key = world.mint_as(1, |key| key.owner = "");
    assert_eq!(world.cause(&get("/").key(&key)), Cause::CredentialsRejected);
}

#[test]
fn a_store_that_does_not_answer_is_a_503() {
    let mut world = world();
    let key = world.mint(1);
    world.store_answers = false;
    let call = get("/").key(&key);
    assert_eq!(world.cause(&call), Cause::IdentityBackendDown);
    assert_eq!(world.answer(&call).status, 503);
}

fn own_key(world: &mut World) -> String {
    world.mint_as(7, |key| {
        key.owner = "alice";
        key.own = true;
        key.groups = vec!["staff"];
        key.scopes = vec!["orders:read", "orders:write"];
    })
}

fn with_own_keys(world: &mut World, scopes: &[&str], groups: &[&str]) {
    let boxed = |texts: &[&str]| texts.iter().map(|text| (*text).into()).collect();
    world.rules.session.as_mut().unwrap().own_keys = Some(OwnKeyRules {
        scopes: boxed(scopes),
        groups: boxed(groups),
        lifetime_secs_max: 86_400,
        per_user_max: 10,
    });
}

/// A key that a user has made has the user's groups, and of its scopes those that the user may give now.
#[test]
fn a_key_of_the_owners_making_never_has_more_than_its_owner() {
    let mut world = world();
    let key = own_key(&mut world);
    let scopes = |world: &World| {
        let headers = world.forwarded(&get("/").key(&key));
        assert_eq!(headers["x-auth-user"], "alice");
        assert_eq!(headers["x-auth-groups"], "staff");
        headers
            .get("x-auth-scopes")
            .map(|value| value.to_str().unwrap().to_owned())
    };
    let none = scopes(&world);
    assert!(none.is_none_or(|scopes| scopes.is_empty()));
    with_own_keys(&mut world, &["orders:read", "orders:write", "admin"], &[]);
    assert_eq!(scopes(&world).unwrap(), "orders:read orders:write");
    with_own_keys(&mut world, &["orders:read"], &["staff"]);
    assert_eq!(scopes(&world).unwrap(), "orders:read");
    with_own_keys(&mut world, &["orders:read"], &["admins"]);
    assert!(scopes(&world).is_none_or(|scopes| scopes.is_empty()));
    world.rules.session = None;
    assert!(scopes(&world).is_none_or(|scopes| scopes.is_empty()));
    // What an operator has given, the configuration does not take.
    let other = world.mint(1);
    assert_eq!(
        world.forwarded(&get("/").key(&other))["x-auth-scopes"],
        "orders:read"
    );
}

#[test]
fn a_key_of_the_owners_making_is_refused_with_its_owner() {
    let mut world = world();
    with_own_keys(&mut world, &["orders:read"], &[]);
    let key = own_key(&mut world);
    world
        .keys
        .values_mut()
        .for_each(|key| key.owner_disabled = true);
    assert_eq!(world.cause(&get("/").key(&key)), Cause::AccountDisabled);
}
