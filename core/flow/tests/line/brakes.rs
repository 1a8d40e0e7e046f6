//! Brakes on guessing: attempts that fail are counted, and those beyond are turned away without a look at them.

use std::hash::{DefaultHasher, Hash, Hasher};

use countersign_cause::Cause;
use countersign_flow::{
    Admission, Attempt, BrakeRules, Mark, Pending, Tallies, Tally, WantAttempt,
};
use countersign_policy::Network;
use countersign_wire::Scheme;

use crate::driver::{Call, Question, challenges, get, header, text, trail};
use crate::tokens;
use crate::world::{ALL, NOW, PASSWORD, World};

/// What an attempt counts for, and what was tried.
pub(crate) struct Counted {
    account: Option<String>,
    network: Network,
    mark: Mark,
}

impl World {
    /// Asks the tallies, and keeps what comes of that.
    pub(crate) fn attempt(&self, want: &WantAttempt<'_, '_>) -> (Counted, Admission) {
        let mut hasher = DefaultHasher::new();
        (want.scheme() == Scheme::Basic, want.presented()).hash(&mut hasher);
        let counted = Counted {
            account: want.account().map(str::to_owned),
            network: want.network(),
            mark: Mark(hasher.finish()),
        };
        let admission = self.tallied(&counted, |rules, tallies| {
            rules.admit(tallies, Pending::default(), counted.mark, self.now.get())
        });
        (counted, admission)
    }

    /// Counts the end of an attempt.
    pub(crate) fn count(&self, counted: &Counted, ended: Attempt) {
        self.tallied(counted, |rules, tallies| match ended {
            Attempt::Passed => rules.count_success(tallies, counted.mark, self.now.get()),
            Attempt::Failed => rules.count_failure(tallies, counted.mark, self.now.get()),
        });
    }

    fn tallied<T>(&self, counted: &Counted, act: impl FnOnce(&BrakeRules, &mut Tallies) -> T) -> T {
        let rules = self.rules.brakes.as_ref().unwrap();
        let (account, network) = (&counted.account, Some(counted.network));
        let mut all = self.tallies.borrow_mut();
        let find = |all: &std::collections::HashMap<_, Tally>, of| all.get(&of).copied();
        let mut tallies = Tallies {
            pair: account
                .as_ref()
                .map(|name| find(&all, (Some(name.clone()), network)).unwrap_or_default()),
            account: account
                .as_ref()
                .map(|name| find(&all, (Some(name.clone()), None)).unwrap_or_default()),
            network: find(&all, (None, network)).unwrap_or_default(),
        };
        let outcome = act(rules, &mut tallies);
        if let (Some(pair), Some(of)) = (tallies.pair, tallies.account) {
            all.insert((account.clone(), network), pair);
            all.insert((account.clone(), None), of);
        }
        all.insert((None, network), tallies.network);
        outcome
    }

    /// Tries so many different wrong passwords, with no time between.
    fn guess(&self, user: &str, client: &str, times: usize) {
        for number in 0..times {
            let _ = self.send(&guess(user, client, number));
        }
    }
}

fn guess(user: &str, client: &str, number: usize) -> Call {
    get("/")
        .basic(user, &format!("guess {number}"))
        .from(client)
}

fn world() -> World {
    World::accepting(ALL).braking()
}

/// A right password after three wrong ones.
pub(crate) fn braked() -> (World, Call) {
    let world = world();
    world.guess("alice", "192.0.2.7", 3);
    (world, get("/").basic("alice", PASSWORD))
}

fn passes(world: &World, call: &Call) -> bool {
    matches!(
        world.send(call).outcome,
        countersign_flow::Outcome::Permit(_)
    )
}

#[test]
fn attack_41_the_attempt_after_the_free_ones_is_not_looked_at() {
    let (world, right) = braked();
    let end = world.send(&right);
    assert_eq!(end.questions, [Question::Attempt]);
    assert_eq!(end.refusal().cause, Cause::RateLimited);
    let answer = world.answer(&right);
    assert_eq!(answer.status, 429);
    assert_eq!(header(&answer, "retry-after"), "1");
    // RFC 9110 section 11.6.1 has challenges with 401 alone: here no other credentials would help.
    assert!(challenges(&answer).is_empty());
}

#[test]
fn attack_41_each_failure_doubles_the_delay_up_to_its_bound() {
    let world = world();
    world.guess("alice", "192.0.2.7", 3);
    let mut delays = Vec::new();
    for number in 3..16 {
        let answer = world.answer(&guess("alice", "192.0.2.7", number));
        let secs: i64 = header(&answer, "retry-after").parse().unwrap();
        world.now.set(world.now.get() + secs);
        let looked_at = world.cause(&guess("alice", "192.0.2.7", number));
        assert_eq!(looked_at, Cause::CredentialsRejected);
        delays.push(secs);
    }
    let expected = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900];
    assert_eq!(delays, expected);
}

#[test]
fn attack_41_a_known_user_and_an_unknown_one_are_braked_alike() {
    let world = world();
    let mut told = ["alice", "nobody", "mallory"].map(|user| {
        let client = format!("192.0.2.{}", user.len());
        (0..6)
            .map(move |number| guess(user, &client, number))
            .map(|call| {
                let answer = world.answer(&call);
                (
                    answer.status,
                    header(&answer, "retry-after").to_owned(),
                    text(&answer).to_owned(),
                )
            })
            .collect::<Vec<_>>()
    });
    let first = told[0].clone();
    assert_eq!(first[3].0, 429);
    assert!(told.iter_mut().all(|other| *other == first), "{told:#?}");
}

#[test]
fn attack_41_a_right_password_of_a_disabled_user_counts_as_a_wrong_one() {
    let world = world();
    let right = get("/").basic("mallory", PASSWORD);
    assert_eq!(world.cause(&right), Cause::AccountDisabled);
    world.guess("mallory", "192.0.2.7", 2);
    assert_eq!(world.cause(&right), Cause::RateLimited);
}

#[test]
fn one_delay_lets_one_attempt_through() {
    let (world, right) = braked();
    world.now.set(NOW + 1);
    assert_eq!(
        world.cause(&guess("alice", "192.0.2.7", 3)),
        Cause::CredentialsRejected
    );
    assert_eq!(world.cause(&right), Cause::RateLimited);
}

#[test]
fn a_wrong_password_that_is_repeated_counts_once() {
    let world = world();
    for _ in 0..50 {
        assert_eq!(
            world.cause(&guess("alice", "192.0.2.7", 1)),
            Cause::CredentialsRejected
        );
    }
    assert!(passes(&world, &get("/").basic("alice", PASSWORD)));
}

#[test]
fn the_right_password_ends_the_count_of_its_pair() {
    let world = world();
    world.guess("alice", "192.0.2.7", 2);
    assert!(passes(&world, &get("/").basic("alice", PASSWORD)));
    for number in 10..12 {
        let call = guess("alice", "192.0.2.7", number);
        assert_eq!(world.cause(&call), Cause::CredentialsRejected);
    }
}

#[test]
fn failures_are_forgotten_after_their_time() {
    let (world, right) = braked();
    world.now.set(NOW + 3601);
    world.guess("alice", "192.0.2.7", 2);
    assert!(passes(&world, &right));
}

#[test]
fn another_network_is_not_braked_by_one() {
    let (world, right) = braked();
    assert!(passes(&world, &right.from("192.0.2.8")));
}

#[test]
fn an_ipv6_client_cannot_leave_its_network() {
    let world = world();
    for number in 0..3 {
        let client = format!("2001:db8::{number}");
        let _ = world.send(&guess("alice", &client, number));
    }
    let right = get("/").basic("alice", PASSWORD);
    assert_eq!(
        world.cause(&right.clone().from("2001:db8::ffff")),
        Cause::RateLimited
    );
    assert!(passes(&world, &right.from("2001:db8:0:1::1")));
}

#[test]
fn an_account_under_attack_from_everywhere_is_open_to_who_was_there_before() {
    let world = world();
    let right = get("/").basic("alice", PASSWORD);
    assert!(passes(&world, &right));
    for number in 0..5 {
        let call = guess("alice", &format!("198.51.100.{number}"), number);
        assert_eq!(world.cause(&call), Cause::CredentialsRejected);
    }
    assert_eq!(
        world.cause(&right.clone().from("192.0.2.99")),
        Cause::RateLimited
    );
    assert!(passes(&world, &right));
}

#[test]
fn a_neighbour_at_the_same_address_cannot_lock_a_good_client_out() {
    let world = world();
    let right = get("/").basic("alice", PASSWORD);
    assert!(passes(&world, &right));
    world.guess("alice", "192.0.2.7", 6);
    assert_eq!(
        world.cause(&guess("alice", "192.0.2.7", 9)),
        Cause::RateLimited
    );
    // The line is asked anew each time: there is no memory in this world.
    for _ in 0..20 {
        assert!(passes(&world, &right));
    }
}

#[test]
fn attack_41_what_was_right_is_no_free_guess_for_ever() {
    let world = world();
    let right = get("/").basic("alice", PASSWORD);
    assert!(passes(&world, &right));
    // Three are looked at, and five turned away: one more than a known password outlasts.
    world.guess("alice", "192.0.2.7", 8);
    assert_eq!(world.cause(&right), Cause::RateLimited);
}

#[test]
fn attack_41_signing_in_anew_gives_a_neighbour_no_new_guesses() {
    let world = world();
    let right = get("/").basic("alice", PASSWORD);
    assert!(passes(&world, &right));
    world.guess("alice", "192.0.2.7", 3);
    assert!(passes(&world, &right));
    assert_eq!(
        world.cause(&guess("alice", "192.0.2.7", 9)),
        Cause::RateLimited
    );
}

#[test]
fn attack_41_what_is_remembered_of_a_password_answers_no_guess_from_elsewhere() {
    let world = world().remembering();
    let right = get("/").basic("alice", PASSWORD);
    assert!(passes(&world, &right));
    world.guess("alice", "198.51.100.1", 3);
    let guessed = right.clone().from("198.51.100.1");
    assert_eq!(world.cause(&guessed), Cause::RateLimited);
    let again = world.send(&right);
    assert_eq!(again.questions, [Question::Recall]);
}

#[test]
fn a_remembered_credential_asks_nobody_who_counts() {
    let mut world = world().remembering();
    let key = world.mint(1);
    for call in [
        get("/").basic("alice", PASSWORD),
        get("/").bearer(&tokens::good()),
        get("/").key(&key),
    ] {
        assert!(passes(&world, &call));
        let again = world.send(&call);
        assert_eq!(again.questions, [Question::Recall]);
    }
}

#[test]
fn attack_41_forged_keys_and_tokens_brake_their_network() {
    let mut world = world();
    let good = world.mint(1);
    let forged = |seed: u8| get("/").key(World::accepting(ALL).mint(seed).as_str());
    for seed in 2..12 {
        assert_eq!(world.cause(&forged(seed)), Cause::CredentialsRejected);
    }
    let refused = world.send(&forged(20)).refusal();
    assert_eq!(refused.cause, Cause::RateLimited);
    assert!(refused.retry_after_secs.is_some());
    let said = trail(&refused);
    assert!(
        said.iter()
            .any(|words| words == "turned away: too many attempts from this network failed"),
        "{said:?}"
    );
    let stranger = get("/").bearer(&tokens::signed_by_stranger(&tokens::claims()));
    assert_eq!(world.cause(&stranger), Cause::RateLimited);
    assert_eq!(
        world.cause(&get("/").basic("bob", PASSWORD)),
        Cause::RateLimited
    );
    // What cannot be guessed is let in when it is right: nobody can lock it out.
    assert!(passes(&world, &get("/").key(&good)));
    assert!(passes(&world, &get("/").bearer(&tokens::good())));
}

#[test]
fn mistakes_of_honest_clients_are_no_attempts() {
    let mut world = world();
    let old = world.mint_as(1, |key| key.expires_unix_secs = Some(NOW));
    let expired = tokens::with(serde_json::json!({ "exp": NOW - 60 }));
    for _ in 0..20 {
        assert_eq!(world.cause(&get("/").key(&old)), Cause::CredentialExpired);
        assert_eq!(world.cause(&get("/").bearer(&expired)), Cause::TokenExpired);
    }
}

#[test]
fn attempts_of_exempt_networks_are_not_counted() {
    let world = world();
    world.guess("alice", "203.0.113.9", 50);
    assert_eq!(
        world.cause(&guess("alice", "203.0.113.9", 99)),
        Cause::CredentialsRejected
    );
    assert!(world.tallies.borrow().is_empty());
}

#[test]
fn a_password_that_could_not_be_checked_is_no_failure() {
    let mut world = world();
    world.pool = crate::world::Pool::Full;
    world.guess("alice", "192.0.2.7", 20);
    world.pool = crate::world::Pool::Works;
    assert!(passes(&world, &get("/").basic("alice", PASSWORD)));
}

/// The same with Digest, where no two requests present the same.
mod of_digest {
    use countersign_flow::Accept;
    use countersign_wire::digest::{Algorithm, Charset, user_hash};

    use super::*;
    use crate::digest::login::Login;
    use crate::world::DIGEST;

    /// A world that takes Basic as well.
    fn both() -> World {
        let accept = Accept {
            digest: true,
            ..ALL
        };
        World::accepting(accept).braking()
    }

    fn world() -> World {
        World::accepting(DIGEST).braking()
    }

    fn right(world: &World) -> Call {
        Login::of(world, "alice").call()
    }

    fn wrong(world: &World, number: usize) -> Call {
        let password = format!("guess {number}");
        Login::of(world, "alice").password(&password).call()
    }

    fn guess(world: &World, times: usize) {
        for number in 0..times {
            let _ = world.send(&wrong(world, number));
        }
    }

    #[test]
    fn attack_41_the_attempt_after_the_free_ones_says_nothing_of_its_password() {
        let world = world();
        guess(&world, 3);
        let mut told = [right(&world), wrong(&world, 9)].map(|call| {
            let answer = world.answer(&call);
            let end = world.send(&call);
            let questions = end.questions.clone();
            let said = trail(&end.refusal());
            (answer.status, text(&answer).to_owned(), questions, said)
        });
        let [right, wrong] = &mut told;
        assert_eq!(right.0, 429);
        assert_eq!(right, wrong);
    }

    #[test]
    fn attack_41_signing_in_by_digest_anew_gives_a_neighbour_no_new_guesses() {
        let world = world();
        assert!(passes(&world, &right(&world)));
        guess(&world, 3);
        assert!(passes(&world, &right(&world)));
        assert_eq!(world.cause(&wrong(&world, 9)), Cause::RateLimited);
    }

    #[test]
    fn attack_41_signing_in_by_two_schemes_in_turn_gives_a_neighbour_no_new_guesses() {
        let world = both();
        assert!(passes(&world, &right(&world)));
        guess(&world, 2);
        assert!(passes(&world, &get("/").basic("alice", PASSWORD)));
        guess(&world, 1);
        assert_eq!(world.cause(&wrong(&world, 9)), Cause::RateLimited);
    }

    #[test]
    fn a_neighbour_cannot_lock_a_good_client_of_digest_out() {
        let world = world();
        assert!(passes(&world, &right(&world)));
        guess(&world, 6);
        assert_eq!(world.cause(&wrong(&world, 9)), Cause::RateLimited);
        for _ in 0..20 {
            assert!(passes(&world, &right(&world)));
        }
    }

    #[test]
    fn attack_41_what_was_right_by_digest_is_no_free_guess_for_ever() {
        let world = world();
        assert!(passes(&world, &right(&world)));
        guess(&world, 8);
        assert_eq!(world.cause(&right(&world)), Cause::RateLimited);
    }

    #[test]
    fn attack_41_a_user_hash_in_another_case_is_the_same_account() {
        let mut world = world();
        world.rules.digest.userhash = true;
        let algorithm = Algorithm::from_word("SHA-256").unwrap();
        let hash = user_hash(algorithm, Charset::Utf8, "alice", "example");
        let spelt = |number: usize| -> String {
            let letters = hash.char_indices();
            let upper = |(at, letter): (usize, char)| match number >> (at % 8) & 1 {
                1 => letter.to_ascii_uppercase(),
                _ => letter,
            };
            letters.map(upper).collect()
        };
        for number in 1..4 {
            let name = spelt(number);
            let login = Login::of(&world, "alice").password("wrong");
            let call = login.with("username", &name).with("userhash", "true");
            assert_eq!(world.cause(&call.call()), Cause::CredentialsRejected);
        }
        for number in 4..16 {
            let name = spelt(number);
            let login = Login::of(&world, "alice");
            let call = login.with("username", &name).with("userhash", "true");
            assert_eq!(world.cause(&call.call()), Cause::RateLimited, "{name}");
        }
    }
}
