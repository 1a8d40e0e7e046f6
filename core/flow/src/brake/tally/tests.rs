#![allow(clippy::panic, reason = "tests")]
use std::net::IpAddr;

use countersign_policy::Network;
use proptest::prelude::*;

use super::*;
use crate::request::ClientAddress;

const NOW: i64 = 1_800_000_000;

fn rules() -> BrakeRules {
    let curve = |free, secs_max| Curve {
        free,
        first_secs: 2,
        secs_max,
    };
    BrakeRules {
        pair: curve(2, 600),
        account: curve(4, 60),
        network: curve(8, 60),
        forget_secs: 3600,
        trust_secs: 86_400,
        known_turned_away_max: 3,
        ipv4_prefix: 32,
        ipv6_prefix: 64,
        exempt: Vec::new(),
    }
}

fn both() -> Tallies {
    Tallies {
        pair: Some(Tally::default()),
        account: Some(Tally::default()),
        network: Tally::default(),
    }
}

#[test]
fn the_delay_doubles_from_the_first_braked_failure() {
    let curve = rules().pair;
    let delays =
        [0, 1, 2, 3, 4, 9, 10, 11, 40, u32::MAX].map(|failures| curve.delay_secs(failures));
    assert_eq!(delays, [0, 0, 2, 4, 8, 256, 512, 600, 600, 600]);
}

#[test]
fn a_clock_that_was_set_back_holds_nobody_longer_than_the_curve() {
    let rules = rules();
    let mut tallies = both();
    for mark in 0..20 {
        rules.count_failure(&mut tallies, Mark(mark), NOW);
    }
    let held = rules.admit(&mut tallies, Pending::default(), Mark(99), NOW - 1_000_000);
    let Admission::Wait { secs, .. } = held else {
        panic!("{held:?}")
    };
    assert_eq!(secs, 600);
}

#[test]
fn an_attempt_that_one_brake_holds_takes_no_turn_at_the_others() {
    let rules = rules();
    let mut tallies = both();
    for mark in 0..4 {
        rules.count_failure(&mut tallies, Mark(mark), NOW);
    }
    let before = tallies.account;
    let held = rules.admit(&mut tallies, Pending::default(), Mark(99), NOW + 3);
    assert!(
        matches!(
            held,
            Admission::Wait {
                brake: Brake::Pair,
                ..
            }
        ),
        "{held:?}"
    );
    assert_eq!(tallies.account, before);
}

proptest! {
    /// Whatever happens when, a wait is at least a second and never longer than the longest delay, and one waited out
    /// leads to an attempt.
    #[test]
    fn waits_are_bounded_and_end(steps in proptest::collection::vec((0..4_u8, any::<u64>(), 0..5000_i64), 0..60)) {
        let rules = rules();
        let mut tallies = both();
        let mut now = NOW;
        for (what, mark, secs) in steps {
            now += secs;
            match what {
                0 => rules.count_failure(&mut tallies, Mark(mark), now),
                1 => rules.count_success(&mut tallies, Mark(mark), now),
                _ => drop(rules.admit(&mut tallies, Pending::default(), Mark(mark), now)),
            }
        }
        for _ in 0..3 {
            let Admission::Wait { secs, brake } = rules.admit(&mut tallies, Pending::default(), Mark(1), now) else {
                return Ok(());
            };
            prop_assert!((1..=rules.curve(brake).secs_max).contains(&secs));
            now += i64::from(secs);
        }
        prop_assert_eq!(rules.admit(&mut tallies, Pending::default(), Mark(1), now), Admission::Go);
    }
}

#[test]
fn nobody_is_spared_for_the_address_of_a_proxy() {
    let rules = BrakeRules {
        exempt: vec!["10.0.0.0/8".parse().unwrap()],
        ..rules()
    };
    let proxy = IpAddr::from([10, 0, 0, 1]);
    assert_eq!(rules.network(ClientAddress::At(proxy)), None);
    let counted = rules.network(ClientAddress::Behind(proxy));
    assert_eq!(counted, Some(Network::around(proxy, 32, 64)));
}

#[test]
fn attack_41_attempts_under_way_use_up_what_is_free() {
    let rules = rules();
    let under_way = |pair, account| Pending { pair, account };
    let held = |brake| Admission::Wait { secs: 1, brake };
    for (failures, pending, admission) in [
        (0, under_way(1, 1), Admission::Go),
        (0, under_way(2, 2), held(Brake::Pair)),
        (1, under_way(0, 2), Admission::Go),
        (1, under_way(1, 1), held(Brake::Pair)),
        (0, under_way(0, 4), held(Brake::Account)),
    ] {
        let mut tallies = both();
        for mark in 0..failures {
            rules.count_failure(&mut tallies, Mark(mark), NOW);
        }
        let admitted = rules.admit(&mut tallies, pending, Mark(99), NOW);
        assert_eq!(admitted, admission, "{failures} {pending:?}");
    }
    // The turn that a delay has given does not wait for anybody.
    let mut tallies = both();
    for mark in 0..3 {
        rules.count_failure(&mut tallies, Mark(mark), NOW);
    }
    let admitted = rules.admit(&mut tallies, under_way(1, 0), Mark(99), NOW + 600);
    assert_eq!(admitted, Admission::Go);
}
