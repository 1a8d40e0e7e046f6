use super::*;
use countersign_flow::Curve;

const NOW: i64 = 1_800_000_000;

fn rules() -> BrakeRules {
    let curve = |free| Curve {
        free,
        first_secs: 60,
        secs_max: 600,
    };
    BrakeRules {
        pair: curve(3),
        account: curve(5),
        network: curve(50),
        forget_secs: 3600,
        trust_secs: 86_400,
        known_turned_away_max: 1000,
        ipv4_prefix: 32,
        ipv6_prefix: 64,
        exempt: Vec::new(),
    }
}

fn begin<'c>(
    brakes: &'c Brakes,
    rules: &'c BrakeRules,
    client: u8,
    mark: u64,
    given_up: GivenUp,
) -> (Trying<'c>, Admission) {
    let network = Network::around([192, 0, 2, client].into(), 32, 64);
    brakes.begin(rules, Some("alice"), network, Mark(mark), given_up, NOW)
}

fn held(brake: Brake) -> Admission {
    Admission::Wait { secs: 1, brake }
}

#[test]
fn attack_41_attempts_in_parallel_are_no_more_than_one_after_the_other() {
    let (brakes, rules) = (Brakes::new(100), rules());
    let start = |client, mark| begin(&brakes, &rules, client, mark, GivenUp::Fails);
    let under_way: Vec<_> = (0..3).map(|mark| start(1, mark)).collect();
    assert!(under_way.iter().all(|(_, go)| *go == Admission::Go));
    assert_eq!(start(1, 9).1, held(Brake::Pair));
    // The same credential again is no other guess: a page loads its pictures at once.
    let (again, admission) = start(1, 2);
    assert_eq!(admission, Admission::Go);
    brakes.end(&again, None, NOW);
    let elsewhere: Vec<_> = (10..12).map(|mark| start(2, mark)).collect();
    assert!(elsewhere.iter().all(|(_, go)| *go == Admission::Go));
    assert_eq!(start(3, 20).1, held(Brake::Account));
    for (trying, _) in under_way.iter().chain(&elsewhere) {
        brakes.end(trying, None, NOW);
    }
    assert!(brakes.table().pending.is_empty());
    assert_eq!(start(1, 9).1, Admission::Go);
}

#[test]
fn attack_41_an_attempt_whose_client_goes_away_counts() {
    let (brakes, rules) = (Brakes::new(100), rules());
    for mark in 0..3 {
        drop(begin(&brakes, &rules, 1, mark, GivenUp::Fails));
    }
    let (_, admission) = begin(&brakes, &rules, 1, 9, GivenUp::Fails);
    assert!(
        matches!(admission, Admission::Wait { secs: 60, .. }),
        "{admission:?}"
    );
    assert!(brakes.table().pending.is_empty());
}

#[test]
fn an_attempt_that_was_none_counts_for_nothing() {
    let (brakes, rules) = (Brakes::new(100), rules());
    for mark in 0..20 {
        let (trying, admission) = begin(&brakes, &rules, 1, mark, GivenUp::Fails);
        assert_eq!(admission, Admission::Go);
        brakes.end(&trying, None, NOW);
        drop(begin(&brakes, &rules, 1, mark, GivenUp::Free));
    }
    assert!(brakes.table().pending.is_empty());
    assert_eq!(brakes.len(), 0);
}
