//! Digest on the line: who gets in, who does not, and what each is told.

pub(crate) mod login;

use countersign_cause::Cause;
use countersign_flow::{BodyAnswer, CountAnswer};
use countersign_wire::digest::Qop;
use countersign_wire::digest::info::{self, Info, expected_rspauth};
use countersign_wire::digest::{Algorithm, Answered, Charset, SecretHash, user_hash};
use proptest::prelude::*;

use self::login::{Login, challenge_to, first_challenge};
use crate::driver::{Question, challenges, get, header, problem, trail};
use crate::world::{DIGEST, NOW, PASSWORD, World, nonces};

fn world() -> World {
    World::accepting(DIGEST)
}

/// A world that offers these algorithms alone.
fn offering(words: &[&str]) -> World {
    let mut world = world();
    let read = |word: &&str| Algorithm::from_word(word).unwrap();
    world.rules.digest.algorithms = words.iter().map(read).collect();
    world
}

#[test]
fn a_user_gets_in_with_every_algorithm_and_is_named_to_the_upstream() {
    for algorithm in Algorithm::ALL {
        let world = offering(&[algorithm.word()]);
        let login = Login::of(&world, "alice");
        assert_eq!(login.asked.algorithm, algorithm);
        let headers = world.forwarded(&login.call());
        assert_eq!(headers["x-auth-user"], "alice", "{}", algorithm.word());
        assert_eq!(headers["x-auth-groups"], "staff,ops");
        assert_eq!(headers["x-auth-scheme"], "digest");
        assert!(!headers.contains_key("authorization"));
    }
}

#[test]
fn rfc7616_section_3_7_a_line_for_each_algorithm_in_the_preferred_order_with_one_nonce() {
    let world = world();
    let answer = world.answer(&get("/"));
    let lines = challenges(&answer);
    assert_eq!(lines.len(), 2);
    let nonce = first_challenge(&world).nonce.len();
    assert_eq!(nonce, 48);
    for (line, names, word) in [
        (
            lines[0],
            ["realm=", "nonce=", "qop=", "algorithm="],
            "SHA-256",
        ),
        (
            lines[1],
            ["Realm=", "Nonce=", "Qop=", "Algorithm="],
            "SHA-512-256",
        ),
    ] {
        assert!(names.iter().all(|name| line.contains(name)), "{line}");
        assert!(line.contains(&format!("lgorithm={word},")), "{line}");
        assert!(!line.contains("tale="), "{line}");
    }
    let nonce_of = |line: &str| line.split("once=\"").nth(1).unwrap()[..48].to_owned();
    assert_eq!(nonce_of(lines[0]), nonce_of(lines[1]));
    for word in ["SHA-256", "SHA-512-256"] {
        let login = Login::of(&world, "alice").algorithm(word);
        assert_eq!(world.user(&login.call()), "alice");
    }
}

#[test]
fn attack_36_an_unknown_user_is_a_wrong_password_in_all_that_is_seen() {
    let world = world();
    let nobody = Login::of(&world, "nobody");
    let switched_off = Login::of(&world, "bob");
    let wrong = Login::of(&world, "alice").password("wrong");
    let empty = Login::of(&world, "nobody").password("");
    let mut seen = Vec::new();
    for login in [nobody, switched_off, wrong, empty] {
        let call = login.call();
        let end = world.send(&call);
        assert_eq!(end.questions, [Question::Nonces, Question::Secret]);
        let refusal = end.refusal();
        assert_eq!(refusal.cause, Cause::CredentialsRejected);
        assert_eq!(refusal.detail, "");
        let answer = world.answer(&call);
        assert_eq!(answer.status, 401);
        assert!(!challenges(&answer)[0].contains("stale"));
        seen.push(answer.body);
    }
    assert!(seen.iter().all(|body| *body == seen[0]));
}

#[test]
fn the_log_knows_why() {
    let world = world();
    let refusal = world.send(&Login::of(&world, "bob").call()).refusal();
    let words = trail(&refusal).join("; ");
    assert!(words.contains("Digest switched on"), "{words}");
    assert!(words.contains("the password does not fit"), "{words}");
}

#[test]
fn cause_account_disabled_is_told_as_a_wrong_password() {
    let world = world();
    let call = Login::of(&world, "mallory").call();
    assert_eq!(world.cause(&call), Cause::AccountDisabled);
    let answer = world.answer(&call);
    assert_eq!(header(&answer, "countersign-cause"), "credentials-rejected");
}

#[test]
fn cause_second_factor_required_of_the_right_password_by_digest() {
    let mut world = world();
    let call = Login::of(&world, "carol").call();
    assert_eq!(world.cause(&call), Cause::SecondFactorRequired);
    world.rules.second_factor_waived = true;
    assert_eq!(world.user(&Login::of(&world, "carol").call()), "carol");
}

#[test]
fn cause_digest_nonce_stale_lets_a_client_go_on_with_the_new_nonce() {
    let world = world();
    let login = Login::of(&world, "alice");
    world.now.set(NOW + 299);
    assert_eq!(world.user(&login.clone().call()), "alice");
    world.now.set(NOW + 300);
    let late = login.nc(2).call();
    assert_eq!(world.cause(&late), Cause::DigestNonceStale);
    let fresh = challenge_to(&world, &late);
    assert!(fresh.stale);
    let again = Login::answering(fresh, "alice");
    assert_eq!(world.user(&again.call()), "alice");
}

#[test]
fn rfc7616_section_3_3_stale_is_for_right_responses_alone() {
    let world = world();
    let login = Login::of(&world, "alice").password("wrong");
    world.now.set(NOW + 300);
    assert_eq!(world.cause(&login.call()), Cause::CredentialsRejected);
    assert!(!challenge_to(&world, &login.call()).stale);
}

#[test]
fn cause_digest_nonce_stale_of_a_nonce_that_is_none_of_ours() {
    let world = world();
    let mut login = Login::of(&world, "alice");
    let ours = login.asked.nonce.clone();
    for nonce in ["", "dcd98b7102dd2f0e8b11d0f600bfb0c093", &ours[1..]] {
        login.asked.nonce = nonce.into();
        assert_eq!(
            world.cause(&login.call()),
            Cause::DigestNonceStale,
            "{nonce}"
        );
    }
    login.asked.nonce = ours;
    login.asked.opaque = Some("another".into());
    assert_eq!(world.cause(&login.call()), Cause::DigestNonceStale);
    login.asked.opaque = None;
    assert_eq!(world.user(&login.call()), "alice");
}

#[test]
fn a_nonce_from_the_future_is_not_kept_for_later() {
    let world = world();
    let login = Login::of(&world, "alice");
    world.now.set(NOW - 60);
    assert_eq!(world.user(&login.call()), "alice");
    world.now.set(NOW - 61);
    assert_eq!(world.cause(&login.call()), Cause::DigestNonceStale);
}

#[test]
fn attack_37_a_nonce_of_another_instance_is_known_and_not_taken_unless_that_is_wanted() {
    let issuer = world();
    let login = Login::of(&issuer, "alice");
    let mut elsewhere = world();
    elsewhere.nonces = nonces(2);
    let call = login.call();
    assert_eq!(issuer.user(&call), "alice");
    assert_eq!(elsewhere.cause(&call), Cause::DigestNonceStale);
    assert!(challenge_to(&elsewhere, &call).stale);
    elsewhere.rules.digest.take_nonces_of_others = true;
    assert_eq!(elsewhere.user(&login.nc(2).call()), "alice");
}

#[test]
fn cause_digest_nonce_replayed() {
    let world = world();
    let login = Login::of(&world, "alice");
    assert_eq!(world.user(&login.call()), "alice");
    assert_eq!(world.cause(&login.call()), Cause::DigestNonceReplayed);
    assert!(challenge_to(&world, &login.call()).stale);
    for nc in [9, 3, 8] {
        assert_eq!(world.user(&login.clone().nc(nc).call()), "alice");
    }
    for nc in [9, 3, 8, 1] {
        let call = login.clone().nc(nc).call();
        assert_eq!(world.cause(&call), Cause::DigestNonceReplayed, "{nc}");
    }
}

#[test]
fn a_wrong_password_uses_no_count_up() {
    let world = world();
    let wrong = Login::of(&world, "alice").password("wrong");
    let end = world.send(&wrong.call());
    assert_eq!(end.asked_for(Question::Count), 0);
    let right = Login::answering(wrong.asked.clone(), "alice");
    assert_eq!(world.user(&right.call()), "alice");
}

#[test]
fn attack_38_a_nonce_that_was_forgotten_for_want_of_room_is_not_good_again() {
    let mut world = world();
    world.count_answer = Some(CountAnswer::Forgotten);
    let call = Login::of(&world, "alice").call();
    assert_eq!(world.cause(&call), Cause::DigestNonceStale);
    assert!(challenge_to(&world, &call).stale);
}

#[test]
fn cause_digest_uri_mismatch() {
    let world = world();
    let login = Login::of(&world, "alice");
    for (uri, target) in [
        ("/a?b=c", "/a?b=d"),
        ("/a", "/a?b=c"),
        ("/a?b=c", "/a"),
        ("/x", "/a"),
    ] {
        let call = login.clone().for_uri(uri, target).call();
        assert_eq!(
            world.cause(&call),
            Cause::DigestUriMismatch,
            "{uri} {target}"
        );
        let answer = world.answer(&call);
        assert_eq!(answer.status, 400);
        assert!(challenges(&answer).is_empty());
    }
    let call = login.for_uri("/%61?b=c", "/a?b=c").call();
    assert_eq!(world.user(&call), "alice");
}

#[test]
fn behind_a_proxy_that_rewrites_the_path() {
    let mut world = world();
    let login = Login::of(&world, "alice").for_uri("/app/a?b", "/a?b");
    assert_eq!(world.cause(&login.call()), Cause::DigestUriMismatch);
    let mut call = login.call();
    call.original_target = Some("/app/a?b".to_owned());
    assert_eq!(world.user(&call), "alice");
    world.rules.digest.path_prefix = "/app".into();
    assert_eq!(world.user(&login.nc(2).call()), "alice");
}

#[test]
fn cause_digest_algorithm_unsupported() {
    let world = offering(&["SHA-256"]);
    let login = Login::of(&world, "alice");
    for word in ["MD5", "SHA-256-sess", "SHA-512-256"] {
        let call = login.clone().algorithm(word).call();
        assert_eq!(
            world.cause(&call),
            Cause::DigestAlgorithmUnsupported,
            "{word}"
        );
    }
    for call in [
        login.clone().with("algorithm", "SHA-1").call(),
        login.without("algorithm").call(),
    ] {
        let answer = world.answer(&call);
        assert_eq!(answer.status, 401);
        assert_eq!(
            header(&answer, "countersign-cause"),
            "digest-algorithm-unsupported"
        );
        let detail = problem(&answer)["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("Found: "), "{detail}");
    }
}

#[test]
fn cause_digest_qop_unsupported() {
    let world = world();
    let login = || Login::of(&world, "alice");
    for login in [
        login().without("qop"),
        login().with("qop", "auth-int"),
        login().with("qop", "auth,auth-int"),
        login().with("qop", "x"),
        login().without("nc"),
        login().with("nc", "1"),
        login().with("nc", "0000000g"),
        login().nc(0),
        login().without("cnonce"),
        login().with("cnonce", ""),
    ] {
        let value = login.value();
        assert_eq!(
            world.cause(&login.call()),
            Cause::DigestQopUnsupported,
            "{value}"
        );
    }
}

#[test]
fn rfc7616_section_3_4_4_a_hashed_user_name_where_it_is_offered() {
    let mut world = world();
    world.rules.digest.userhash = true;
    let login = Login::of(&world, "alice");
    assert!(login.asked.userhash);
    assert!(!login.value().contains("alice"));
    assert_eq!(world.user(&login.call()), "alice");
    let algorithm = login.asked.algorithm;
    let upper = user_hash(algorithm, Charset::Utf8, "alice", "example").to_ascii_uppercase();
    // The name is in the response only by the secret, so that its spelling does not matter to it.
    let call = login.clone().nc(2).with("username", &upper).call();
    assert_eq!(world.user(&call), "alice");
    let nobody = Login::of(&world, "nobody").call();
    assert_eq!(world.cause(&nobody), Cause::CredentialsRejected);
    world.rules.digest.userhash = false;
    assert_eq!(world.cause(&login.nc(3).call()), Cause::CredentialsRejected);
}

#[test]
fn cause_credentials_rejected_of_another_realm() {
    let world = world();
    let mut login = Login::of(&world, "alice");
    login.asked.realm = "another".into();
    assert_eq!(world.cause(&login.call()), Cause::CredentialsRejected);
}

#[test]
fn auth_int_covers_the_body_and_nobody_is_told_of_a_stale_nonce_without_it() {
    let mut world = world();
    world.rules.digest.qop = vec![Qop::Auth, Qop::AuthInt];
    world.body = BodyAnswer::Whole(b"amount=1");
    let login = Login::of(&world, "alice")
        .by_auth_int()
        .posting(b"amount=1");
    let end = world.send(&login.call());
    let asked = [
        Question::Nonces,
        Question::Secret,
        Question::Body,
        Question::Count,
    ];
    assert_eq!(end.questions, asked);
    let _permit = end.permit();
    world.body = BodyAnswer::Whole(b"amount=1000");
    let altered = login.clone().nc(2).call();
    assert_eq!(world.cause(&altered), Cause::CredentialsRejected);
    world.now.set(NOW + 300);
    assert_eq!(world.cause(&altered), Cause::CredentialsRejected);
    assert!(!challenge_to(&world, &altered).stale);
    world.body = BodyAnswer::Whole(b"amount=1");
    assert_eq!(world.cause(&altered), Cause::DigestNonceStale);
    assert!(challenge_to(&world, &altered).stale);
}

#[test]
fn a_body_that_cannot_be_had_is_named() {
    let mut world = world();
    world.rules.digest.qop = vec![Qop::AuthInt];
    for (body, cause, status) in [
        (BodyAnswer::TooLarge, Cause::BodyTooLarge, 413),
        (BodyAnswer::Stalled, Cause::BodyStalled, 408),
        (BodyAnswer::Broken, Cause::RequestMalformed, 400),
    ] {
        world.body = body;
        let call = Login::of(&world, "alice").posting(b"x").call();
        assert_eq!(world.cause(&call), cause);
        assert_eq!(world.answer(&call).status, status);
    }
}

#[test]
fn cause_identity_backend_down_where_the_store_does_not_answer() {
    let mut world = world();
    let call = Login::of(&world, "alice").call();
    world.store_answers = false;
    assert_eq!(world.cause(&call), Cause::IdentityBackendDown);
    assert_eq!(world.answer(&call).status, 503);
}

fn proof(world: &World, login: &Login<'_>, bodiless: bool, next: Option<&str>) -> Info {
    let proof = world.send(&login.call()).edits().proof.unwrap();
    let field = proof.field(next.map(str::to_owned), bodiless).unwrap();
    info::parse(field.as_bytes()).unwrap()
}

fn rspauth(login: &Login<'_>, qop: Qop, nc: &str, body: Option<&[u8]>) -> String {
    let asked = &login.asked;
    let (user, realm) = ("alice", &asked.realm);
    let secret = SecretHash::of_password(asked.algorithm, Charset::Utf8, user, realm, PASSWORD);
    let answered = Answered {
        nonce: &asked.nonce,
        cnonce: "c0ffee",
        nc,
        qop: Some(qop.word()),
    };
    expected_rspauth(&secret, &answered, "/a?b=c", body)
}

#[test]
fn rfc7616_section_3_5_the_answer_proves_that_the_gateway_knows_the_secret() {
    let world = world();
    let login = Login::of(&world, "alice");
    let info = proof(&world, &login, false, None);
    let expected = rspauth(&login, Qop::Auth, "00000001", None);
    assert_eq!(info.rspauth.as_deref(), Some(expected.as_str()));
    assert_eq!((info.qop, info.nc), (Some(Qop::Auth), Some(1)));
    assert_eq!(info.cnonce.as_deref(), Some("c0ffee"));
    assert_eq!(info.nextnonce, None);
    let info = proof(&world, &login.clone().nc(0xab), false, Some("next"));
    assert_eq!(
        (info.nc, info.nextnonce.as_deref()),
        (Some(0xab), Some("next"))
    );
}

#[test]
fn a_streamed_answer_to_auth_int_does_not_claim_that_its_body_is_covered() {
    let mut world = world();
    world.rules.digest.qop = vec![Qop::AuthInt];
    let login = Login::of(&world, "alice");
    let info = proof(&world, &login, false, None);
    let expected = rspauth(&login, Qop::Auth, "00000001", None);
    assert_eq!(info.qop, Some(Qop::Auth));
    assert_eq!(info.rspauth.as_deref(), Some(expected.as_str()));
    let info = proof(&world, &login.clone().nc(2), true, None);
    let expected = rspauth(&login, Qop::AuthInt, "00000002", Some(b""));
    assert_eq!(info.qop, Some(Qop::AuthInt));
    assert_eq!(info.rspauth.as_deref(), Some(expected.as_str()));
}

#[test]
fn a_new_nonce_is_offered_in_the_second_half_of_the_old_ones_life() {
    let world = world();
    let login = Login::of(&world, "alice");
    for (age_secs, nc, wanted) in [
        (0, 1, false),
        (149, 2, false),
        (150, 3, true),
        (299, 4, true),
    ] {
        world.now.set(NOW + age_secs);
        let proof = world
            .send(&login.clone().nc(nc).call())
            .edits()
            .proof
            .unwrap();
        assert_eq!(proof.wants_nonce(), wanted, "{age_secs}");
    }
}

#[test]
fn attack_39_a_parameter_without_its_value_is_a_refusal_with_a_cause() {
    let world = world();
    let good = Login::of(&world, "alice").value();
    let list = good.strip_prefix("Digest ").unwrap();
    let params: Vec<&str> = list.split(", ").collect();
    assert!(params.len() >= 10, "{list}");
    for at in 0..params.len() {
        let name = params[at].split('=').next().unwrap();
        for bare in [name.to_owned(), format!("{name}="), format!("{name}=\"")] {
            let mut params = params.clone();
            params[at] = &bare;
            let call = get("/a?b=c").with("authorization", format!("Digest {}", params.join(", ")));
            let end = world.send(&call);
            // `opaque` may be left out; whatever else is missing is missed.
            assert!(
                name == "opaque" || end.refusal().cause.status().is_some(),
                "{bare}"
            );
        }
    }
}

proptest! {
    #[test]
    fn hostile_credentials_are_refused(
        list in "((username|realm|nonce|uri|response|qop|nc|cnonce|algorithm|opaque|userhash)(=|=\"|\\*=)?[ -~]{0,20}(\"|, |,)?){0,12}",
    ) {
        let call = get("/").with("authorization", format!("Digest {list}"));
        let world = world();
        let cause = world.send(&call).refusal().cause;
        prop_assert!(matches!(world.answer(&call).status.as_u16(), 400 | 401 | 431), "{cause}");
    }
}

#[test]
fn nothing_of_digest_is_remembered() {
    let world = world().remembering();
    let login = Login::of(&world, "alice");
    for nc in 1..4 {
        let end = world.send(&login.clone().nc(nc).call());
        assert_eq!(end.asked_for(Question::Recall), 0);
        let _permit = end.permit();
    }
}
