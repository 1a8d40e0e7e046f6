//! Decisions: each requirement alone, their order, and addresses.

use serde_json::json;

use super::*;
use crate::identity::Source;

fn alice() -> Identity {
    Identity {
        groups: vec!["staff".into(), "night".into()],
        scopes: vec!["orders:read".into()],
        claims: json!({ "tenant": "a", "level": 3, "admin": true, "teams": ["x", "y"], "nothing": null, "o": {} })
            .as_object()
            .unwrap()
            .clone(),
        ..Identity::new("alice", Source::User)
    }
}

fn at(address: &str) -> Asking {
    Asking {
        peer: Some(address.parse().unwrap()),
        sign_in_age_secs: None,
    }
}

fn names(list: &[&str]) -> Vec<Box<str>> {
    list.iter().map(|name| Box::from(*name)).collect()
}

fn rule(requirements: Requirements) -> Demand {
    Demand::Identity(requirements)
}

fn claim(name: &str, any_of: &[&str]) -> ClaimDemand {
    ClaimDemand {
        name: name.into(),
        any_of: names(any_of),
    }
}

fn cause(demand: &Demand, identity: Option<&Identity>, address: &str) -> Option<Cause> {
    match decide(demand, identity, at(address)) {
        Ruling::Allow(_) => None,
        Ruling::Deny(denial) => Some(denial.cause),
    }
}

#[test]
fn a_public_route_lets_anyone_pass() {
    assert_eq!(
        decide(&Demand::Anyone, None, at("192.0.2.1")),
        Ruling::Allow(Reasons::Anyone)
    );
    assert_eq!(cause(&Demand::Anyone, Some(&alice()), "192.0.2.1"), None);
}

#[test]
fn without_an_identity_credentials_are_missing() {
    let everything = Requirements {
        users: names(&["alice"]),
        networks: vec!["10.0.0.0/8".parse().unwrap()],
        ..Default::default()
    };
    for demand in [rule(Requirements::default()), rule(everything)] {
        assert_eq!(
            cause(&demand, None, "192.0.2.1"),
            Some(Cause::CredentialsMissing)
        );
    }
}

#[test]
fn any_known_caller_meets_no_requirements() {
    assert_eq!(
        cause(&rule(Requirements::default()), Some(&alice()), "192.0.2.1"),
        None
    );
}

#[test]
fn a_second_factor_is_that_of_a_session_and_is_asked_for_after_the_person() {
    let demand = |groups: &[&str]| {
        rule(Requirements {
            groups: names(groups),
            second_factor: true,
            ..Default::default()
        })
    };
    let by_session = |second_factor| {
        let source = Source::Session {
            id: "0123456789ab".into(),
            second_factor,
        };
        Identity { source, ..alice() }
    };
    let cause =
        |groups: &[&str], identity: Identity| cause(&demand(groups), Some(&identity), "192.0.2.1");
    assert_eq!(cause(&[], by_session(true)), None);
    for without in [by_session(false), alice()] {
        let of_staff = cause(&["staff"], without.clone());
        assert_eq!(of_staff, Some(Cause::SecondFactorRequired));
        assert_eq!(cause(&["board"], without), Some(Cause::IdentityNotAllowed));
    }
}

#[test]
fn of_users_and_of_groups_one_suffices() {
    let demand = |users: &[&str], groups: &[&str]| {
        rule(Requirements {
            users: names(users),
            groups: names(groups),
            ..Default::default()
        })
    };
    assert_eq!(
        cause(&demand(&["bob", "alice"], &[]), Some(&alice()), "::1"),
        None
    );
    assert_eq!(
        cause(&demand(&[], &["day", "night"]), Some(&alice()), "::1"),
        None
    );
    assert_eq!(
        cause(&demand(&["alice"], &["staff"]), Some(&alice()), "::1"),
        None
    );
    for denied in [
        demand(&["Alice"], &[]),
        demand(&[], &["day"]),
        demand(&["alice"], &["day"]),
        demand(&["bob"], &["staff"]),
    ] {
        assert_eq!(
            cause(&denied, Some(&alice()), "::1"),
            Some(Cause::IdentityNotAllowed)
        );
    }
}

#[test]
fn of_scopes_all_are_needed_and_the_missing_ones_are_named() {
    let demand = rule(Requirements {
        scopes: names(&["orders:write", "orders:read", "admin"]),
        ..Default::default()
    });
    let Ruling::Deny(denial) = decide(&demand, Some(&alice()), at("::1")) else {
        panic!("allowed")
    };
    assert_eq!(denial.cause, Cause::ScopeInsufficient);
    assert_eq!(denial.missing_scopes(), ["orders:write", "admin"]);
    let has = rule(Requirements {
        scopes: names(&["orders:read"]),
        ..Default::default()
    });
    assert_eq!(cause(&has, Some(&alice()), "::1"), None);
}

#[test]
fn of_claims_all_are_needed_and_of_the_values_of_each_one() {
    let demand = |claims: &[ClaimDemand]| {
        rule(Requirements {
            claims: claims.to_vec(),
            ..Default::default()
        })
    };
    for met in [
        claim("tenant", &["b", "a"]),
        claim("level", &["3"]),
        claim("admin", &["true"]),
        claim("teams", &["y", "z"]),
    ] {
        assert_eq!(cause(&demand(&[met]), Some(&alice()), "::1"), None);
    }
    for unmet in [
        claim("tenant", &["A"]),
        claim("absent", &["a"]),
        claim("nothing", &["null", ""]),
        claim("o", &["{}"]),
        claim("teams", &["[\"x\",\"y\"]"]),
        claim("tenant", &[]),
    ] {
        let both = demand(&[claim("tenant", &["a"]), unmet]);
        assert_eq!(
            cause(&both, Some(&alice()), "::1"),
            Some(Cause::IdentityNotAllowed)
        );
    }
}

#[test]
fn a_claim_is_found_by_its_name_or_else_by_its_path() {
    let mut identity = alice();
    identity.claims = json!({
        "realm_access": { "roles": ["editor"], "deep": { "er": "yes" } },
        "a.b": "name",
        "a": { "b": "path" },
        "list": [{ "x": "y" }],
    })
    .as_object()
    .unwrap()
    .clone();
    for (name, value, expected) in [
        ("realm_access.roles", "editor", true),
        ("realm_access.deep.er", "yes", true),
        ("a.b", "name", true),
        ("a.b", "path", false),
        ("realm_access.", "editor", false),
        (".roles", "editor", false),
        ("realm_access.roles.0", "editor", false),
        ("list.0.x", "y", false),
        ("realm_access", "editor", false),
    ] {
        let demand = claim(name, &[value]);
        assert_eq!(claim_holds(&demand, &identity), expected, "{name} {value}");
    }
}

#[test]
fn every_requirement_not_met_is_reported_and_the_address_is_told_first() {
    let demand = rule(Requirements {
        second_factor: false,
        sign_in: SignInDemand::default(),
        users: names(&["bob"]),
        groups: names(&["day"]),
        scopes: names(&["admin"]),
        claims: vec![claim("tenant", &["b"])],
        networks: vec!["10.0.0.0/8".parse().unwrap()],
    });
    let mut identity = alice();
    identity.networks = vec!["192.0.2.0/24".parse().unwrap()];
    let Ruling::Deny(denial) = decide(&demand, Some(&identity), at("198.51.100.1")) else {
        panic!("allowed")
    };
    assert_eq!(denial.cause, Cause::AddressNotAllowed);
    let words: Vec<String> = denial.unmet.iter().map(ToString::to_string).collect();
    assert_eq!(
        words,
        [
            "the credential may not be used from this address",
            "the address is in none of `10.0.0.0/8`",
            "the caller is none of `bob`",
            "the caller is in none of `day`",
            "claim `tenant` is none of `b`",
            "the caller lacks `admin`",
        ]
    );
}

#[test]
fn reasons_say_what_let_the_caller_in() {
    let demand = rule(Requirements {
        second_factor: false,
        sign_in: SignInDemand::default(),
        users: names(&["alice"]),
        groups: names(&["day", "staff"]),
        scopes: names(&["orders:read"]),
        claims: vec![claim("tenant", &["a"])],
        networks: vec!["10.0.0.0/8".parse().unwrap()],
    });
    let Ruling::Allow(reasons) = decide(&demand, Some(&alice()), at("10.1.1.1")) else {
        panic!("denied")
    };
    assert_eq!(
        reasons.to_string(),
        "the caller is known; user `alice` is listed; group `staff` is listed; has scope `orders:read`; \
         claim `tenant` fits; the address is in `10.0.0.0/8`"
    );
}

#[test]
fn attack_73_address_lists_hold_for_mapped_addresses() {
    let demand = rule(Requirements {
        networks: vec!["10.0.0.0/8".parse().unwrap()],
        ..Default::default()
    });
    assert_eq!(cause(&demand, Some(&alice()), "::ffff:10.0.0.1"), None);
    for elsewhere in ["::ffff:192.0.2.1", "192.0.2.1", "::1", "::10.0.0.1"] {
        assert_eq!(
            cause(&demand, Some(&alice()), elsewhere),
            Some(Cause::AddressNotAllowed),
            "{elsewhere}"
        );
    }
}

#[test]
fn a_credential_is_bound_to_its_own_networks_also_on_a_public_route() {
    let mut key = alice();
    key.source = Source::ApiKey {
        id: "k1".into(),
        owner: "alice".into(),
    };
    key.networks = vec!["10.0.0.0/8".parse().unwrap()];
    for demand in [Demand::Anyone, rule(Requirements::default())] {
        assert_eq!(cause(&demand, Some(&key), "::ffff:10.0.0.1"), None);
        assert_eq!(
            cause(&demand, Some(&key), "192.0.2.1"),
            Some(Cause::AddressNotAllowed)
        );
    }
    assert_eq!(key.source.api_key_id(), Some("k1"));
}

#[test]
fn attack_73_a_route_for_networks_alone_holds_for_mapped_addresses() {
    let demand = Demand::AnyoneFrom(vec!["10.0.0.0/8".parse().unwrap()]);
    for inside in ["10.1.2.3", "::ffff:10.1.2.3"] {
        assert_eq!(cause(&demand, None, inside), None, "{inside}");
    }
    for elsewhere in ["192.0.2.1", "::ffff:192.0.2.1", "::1", "::10.1.2.3"] {
        let expected = Some(Cause::AddressNotAllowed);
        assert_eq!(cause(&demand, None, elsewhere), expected, "{elsewhere}");
        assert_eq!(cause(&demand, Some(&alice()), elsewhere), expected);
    }
    let nowhere = Demand::AnyoneFrom(Vec::new());
    let ruling = cause(&nowhere, None, "10.1.2.3");
    assert_eq!(
        ruling,
        Some(Cause::AddressNotAllowed),
        "no network is none, not every one"
    );
}

#[test]
fn whoever_is_at_no_known_address_is_in_no_network() {
    let everywhere: Vec<Network> = ["0.0.0.0/0", "::/0"]
        .map(|network| network.parse().unwrap())
        .into();
    let public = Demand::AnyoneFrom(everywhere.clone());
    assert!(matches!(
        decide(&public, None, Asking::default()),
        Ruling::Deny(_)
    ));
    let known = rule(Requirements {
        networks: everywhere.clone(),
        ..Requirements::default()
    });
    let ruling = decide(&known, Some(&alice()), Asking::default());
    assert!(matches!(ruling, Ruling::Deny(_)), "{ruling:?}");
    let of_a_key = Identity {
        networks: everywhere,
        ..alice()
    };
    let ruling = decide(&Demand::Anyone, Some(&of_a_key), Asking::default());
    assert!(matches!(ruling, Ruling::Deny(_)), "{ruling:?}");
    let anywhere = rule(Requirements::default());
    let ruling = decide(&anywhere, Some(&alice()), Asking::default());
    assert!(matches!(ruling, Ruling::Allow(_)), "{ruling:?}");
}

#[test]
fn a_sign_in_has_to_be_of_late_and_when_it_was_has_to_be_known() {
    let demand = rule(Requirements {
        sign_in: SignInDemand {
            age_secs_max: Some(600),
            ..Default::default()
        },
        ..Default::default()
    });
    let after = |sign_in_age_secs| {
        let asking = Asking {
            sign_in_age_secs,
            ..at("192.0.2.1")
        };
        match decide(&demand, Some(&alice()), asking) {
            Ruling::Allow(_) => None,
            Ruling::Deny(denial) => Some(denial.cause),
        }
    };
    assert_eq!(after(Some(0)), None);
    assert_eq!(after(Some(600)), None);
    assert_eq!(after(Some(601)), Some(Cause::SignInTooOld));
    assert_eq!(after(None), Some(Cause::SignInTooOld));
}

#[test]
fn one_class_suffices_and_every_method_is_needed() {
    let strength = |acr: &[&str], amr: &[&str]| {
        rule(Requirements {
            sign_in: SignInDemand {
                age_secs_max: None,
                acr: names(acr),
                amr: names(amr),
            },
            ..Default::default()
        })
    };
    let mut signed_in = alice();
    signed_in.sign_in = crate::SignIn {
        at_unix_secs: None,
        acr: Some("gold".into()),
        amr: names(&["pwd", "otp", "mfa"]),
    };
    let held = |acr: &[&str], amr: &[&str]| cause(&strength(acr, amr), Some(&signed_in), "::1");
    let too_weak = Some(Cause::SignInTooWeak);
    assert_eq!(held(&["platinum", "gold"], &[]), None);
    assert_eq!(held(&["platinum"], &[]), too_weak);
    assert_eq!(held(&[], &["otp", "pwd"]), None);
    assert_eq!(held(&[], &["otp", "hwk"]), too_weak);
    assert_eq!(held(&["gold"], &["hwk"]), too_weak);
    assert_eq!(
        cause(&strength(&["gold"], &[]), Some(&alice()), "::1"),
        too_weak
    );
    let Demand::Identity(wanted) = strength(&["gold"], &["hwk"]) else {
        panic!("it demands something");
    };
    assert_eq!(
        Unmet::Strength(&wanted.sign_in).to_string(),
        "the sign-in has to be of class `gold` and has to be by `hwk`"
    );
}
