#![allow(
    clippy::unwrap_used,
    clippy::string_slice,
    clippy::wildcard_enum_match_arm,
    reason = "tests"
)]

use proptest::prelude::*;

use super::*;

/// The cheapest cost, for tests of everything but the cost.
fn cheap() -> Cost {
    Cost::new(8, 1, 1).unwrap()
}

/// One hash of each kind; the password is "password" everywhere.
const ONE_OF_EACH: &[(HashKind, &str)] = &[
    (
        HashKind::Argon2id,
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
    ),
    (
        HashKind::Argon2i,
        "$argon2i$v=19$m=256,t=1,p=1$c29tZXNhbHQ$AJFIsNZTMKTAewB4+ETN1A",
    ),
    (
        HashKind::Argon2i,
        "$argon2i$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY",
    ),
    (
        HashKind::Argon2d,
        "$argon2d$v=19$m=65536,t=2,p=4$c29tZXNhbHQ$cZn5d+rFh+ZfuRhm2iGUGgcrW5YLeM6q7L3vBsdmFA0",
    ),
    (
        HashKind::Bcrypt,
        "$2y$05$cVk3d6cqu4DcBHi5w0HnqO8lbH20LrPCvPyCfMqphkWjRZwbj22tG",
    ),
    (
        HashKind::Sha256Crypt,
        "$5$7InqD1HUMTb4CVeH$3KTSg5uXKzaUtW2z9cTrtX1drIuUNRey1t8QmMommy0",
    ),
    (
        HashKind::Sha512Crypt,
        "$6$saltstring12345$pyYkbNeUXt1rA5VHmoHvdpJvvghnDJrX4ey1aPQjiKTLjkpxabLwyiC8.GXY.hZtOry4k6eMSlVwWFcXm3Yv6.",
    ),
    (HashKind::Apr1, "$apr1$mwNWHtJq$tcDEiUweobG20.PiMxlwe/"),
    (HashKind::Md5Crypt, "$1$q6Iqxmln$jovNZry6pCD8kmL9BHtI2/"),
    (HashKind::Sha1, "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="),
    (
        HashKind::SaltedSha1,
        "{SSHA}yI6cZwQadOA1e+/f+T+H3eCQQhRzYWx0",
    ),
];

#[test]
fn each_kind_matches_its_password_and_no_other() {
    for (kind, text) in ONE_OF_EACH {
        let hash = PasswordHash::parse(text).unwrap();
        assert_eq!(hash.kind(), *kind);
        assert_eq!(hash.as_str(), *text);
        assert_eq!(hash.verify(b"password"), Verification::Match, "{text}");
        for wrong in [&b"Password"[..], b"password\0", b"passwor", b"", &[0xFF; 8]] {
            assert_eq!(hash.verify(wrong), Verification::Mismatch, "{text}");
        }
    }
}

#[test]
fn a_decoy_matches_nothing_and_keeps_kind_and_cost() {
    for (kind, text) in ONE_OF_EACH {
        let decoy = PasswordHash::parse(text).unwrap().decoy();
        assert_eq!(decoy.kind(), *kind);
        assert_eq!(decoy.verify(b"password"), Verification::Mismatch);
        assert!(!text.contains(&decoy.as_str()[decoy.as_str().len() - 12..]));
        // Reading it again gives the same decoy, so a store can keep it and count by it.
        let again = PasswordHash::parse(decoy.as_str()).unwrap().decoy();
        assert_eq!(again.as_str(), decoy.as_str());
        assert_eq!(again.kind(), *kind);
    }
    let decoy = decoy(&cheap());
    assert_eq!(decoy.kind(), HashKind::Argon2id);
    assert!(!decoy.outdated(&cheap()));
    assert_eq!(decoy.verify(b""), Verification::Mismatch);
}

#[test]
fn a_decoy_of_a_hash_that_matches_does_not() {
    let salt = [7; 16];
    let hash = hash(b"known", &salt, &cheap()).unwrap();
    let mut disguised = hash.clone();
    disguised.is_decoy = true;
    assert_eq!(hash.verify(b"known"), Verification::Match);
    assert_eq!(disguised.verify(b"known"), Verification::Mismatch);
}

#[test]
fn hashing_gives_a_phc_string_that_is_read_back() {
    let cost = Cost::new(64, 3, 2).unwrap();
    let made = hash("pässword".as_bytes(), b"0123456789abcdef", &cost).unwrap();
    assert!(
        made.as_str()
            .starts_with("$argon2id$v=19$m=64,t=3,p=2$MDEyMzQ1Njc4OWFiY2RlZg$")
    );
    let read = PasswordHash::parse(made.as_str()).unwrap();
    assert_eq!(read.verify("pässword".as_bytes()), Verification::Match);
    assert_eq!(read.verify(b"password"), Verification::Mismatch);
    assert!(!read.outdated(&cost));
    assert!(read.outdated(&Cost::default()));
}

#[test]
fn a_password_is_refused_rather_than_cut() {
    let longest = vec![b'a'; PASSWORD_BYTES_MAX];
    let too_long = vec![b'a'; PASSWORD_BYTES_MAX + 1];
    let made = hash(&longest, &[0; 16], &cheap()).unwrap();
    assert_eq!(made.verify(&longest), Verification::Match);
    assert_eq!(made.verify(&longest[1..]), Verification::Mismatch);
    assert_eq!(made.verify(&too_long), Verification::Mismatch);
    assert_eq!(
        hash(&too_long, &[0; 16], &cheap()).unwrap_err(),
        HashingDefect::PasswordTooLong
    );
    assert_eq!(
        hash(b"", &[0; 16], &cheap()).unwrap_err(),
        HashingDefect::PasswordEmpty
    );
}

#[test]
fn attack_42_bcrypt_72_bytes() {
    // A hash of "0123456789" repeated, from a system that ignored what follows the 72nd byte. Its user must
    // still get in, as there; but the tail is unproved, so it is not hashed anew with it.
    let hash = PasswordHash::parse("$2a$04$R1lJ2gkNaoPGdafE.H.16.1MKHPvmKwryeulRe225LKProWYwt9Oi")
        .unwrap();
    let digits: Vec<u8> = (b'0'..=b'9').cycle().take(90).collect();
    let cost = Cost::default();
    assert_eq!(hash.verify(&digits), Verification::Match);
    assert_eq!(hash.verify(&digits[..72]), Verification::Match);
    assert_eq!(hash.verify(&digits[..71]), Verification::Mismatch);
    assert!(!hash.rehash_due(&cost, &digits));
    assert!(hash.rehash_due(&cost, &digits[..72]));
    // New hashes read every byte.
    let made = super::hash(&digits, &[0; 16], &cheap()).unwrap();
    assert_eq!(made.verify(&digits[..72]), Verification::Mismatch);
    assert_eq!(made.verify(&digits[..89]), Verification::Mismatch);
}

#[test]
fn attack_42_bcrypt_repeats_a_password_at_its_nul() {
    let hash = PasswordHash::parse("$2y$05$cVk3d6cqu4DcBHi5w0HnqO8lbH20LrPCvPyCfMqphkWjRZwbj22tG")
        .unwrap();
    assert_eq!(hash.verify(b"password"), Verification::Match);
    assert_eq!(hash.verify(b"password\0password"), Verification::Mismatch);
}

#[test]
fn attack_42_odd_stored_hashes_do_not_panic() {
    // RUSTSEC-2026-0199: bytes of a multi-byte character where a hash is cut.
    let mut odd: Vec<String> = [
        "",
        "$",
        "$$",
        "$2b$",
        "$2b$05$",
        "$5$",
        "$6$rounds=",
        "$1$",
        "$apr1$",
        "{SHA}",
        "{SSHA}",
        "$argon2",
        "$argon2id$",
        "$argon2id$v=",
        "{CRYPT}",
        "{crypt}$1$",
        "\0",
        "$argon2id$v=19$m=,t=,p=$$",
    ]
    .iter()
    .map(|text| (*text).to_owned())
    .collect();
    odd.push("$2b$".to_owned() + &"é".repeat(28));
    odd.push("$2b$0é$".to_owned() + &".".repeat(53));
    odd.push("$2b$+5$".to_owned() + &".".repeat(53));
    odd.push("é".repeat(30));
    odd.push("$2b$05$".to_owned() + &"$".repeat(53));
    odd.push("$".repeat(HASH_BYTES_MAX + 1));
    for (_, text) in ONE_OF_EACH {
        for end in 0..text.len() {
            odd.push(text[..end].to_owned());
            odd.push(format!("{}é{}", &text[..end], &text[end + 1..]));
            odd.push(format!("{}\0{}", &text[..end], &text[end..]));
        }
        odd.push(format!("{text}="));
        odd.push(format!("{text}$"));
        odd.push(format!("{text}\n"));
        odd.push(format!(" {text}"));
    }
    for text in odd {
        // An Argon2 tag that is cut short enough to be whole bytes is still a tag, of another password.
        let taken = PasswordHash::parse(&text).ok();
        assert!(
            taken.is_none_or(|hash| hash.verify(b"password") == Verification::Mismatch),
            "{text}"
        );
    }
}

#[test]
fn costs_of_stored_hashes_are_bounded() {
    let (salt, tag) = ("c29tZXNhbHQ", "AJFIsNZTMKTAewB4+ETN1A");
    let argon2 =
        |params: &str| PasswordHash::parse(&format!("$argon2id$v=19${params}${salt}${tag}"));
    let digest = ".".repeat(43);
    let sha = |rounds: &str| PasswordHash::parse(&format!("$5$rounds={rounds}$salt${digest}"));
    let bcrypt = |cost: &str| PasswordHash::parse(&format!("$2b${cost}${}", ".".repeat(53)));
    let bound = |outcome: Result<PasswordHash, HashDefect>| match outcome.unwrap_err() {
        HashDefect::CostOutOfBounds { name, .. } => name,
        other => unreachable!("{other:?}"),
    };
    assert!(argon2("m=262144,t=4,p=16").is_ok());
    assert_eq!(bound(argon2("m=262145,t=1,p=1")), "memory in KiB");
    assert_eq!(bound(argon2("m=4294967295,t=1,p=1")), "memory in KiB");
    assert_eq!(
        bound(argon2("m=99999999999999999999,t=1,p=1")),
        "memory in KiB"
    );
    assert_eq!(bound(argon2("m=7,t=1,p=1")), "memory in KiB");
    assert_eq!(bound(argon2("m=15,t=1,p=2")), "memory in KiB");
    assert_eq!(bound(argon2("m=64,t=65,p=1")), "number of passes");
    assert_eq!(bound(argon2("m=64,t=0,p=1")), "number of passes");
    assert_eq!(
        bound(argon2("m=262144,t=5,p=1")),
        "memory in KiB times passes"
    );
    assert_eq!(bound(argon2("m=1024,t=1,p=17")), "number of lanes");
    assert_eq!(bound(argon2("m=1024,t=1,p=0")), "number of lanes");
    assert!(sha("5000000").is_ok());
    assert_eq!(bound(sha("5000001")), "number of rounds");
    assert_eq!(bound(sha("999")), "number of rounds");
    assert_eq!(bound(sha("99999999999999999999")), "number of rounds");
    assert!(bcrypt("16").is_ok());
    assert_eq!(bound(bcrypt("17")), "cost");
    assert_eq!(bound(bcrypt("31")), "cost");
    assert_eq!(bound(bcrypt("03")), "cost");
}

#[test]
fn costs_of_new_hashes_are_bounded() {
    assert_eq!(Cost::new(19_456, 2, 1), Ok(Cost::default()));
    assert_eq!(Cost::new(7, 1, 1), Err(CostDefect::Memory));
    assert_eq!(Cost::new(u32::MAX, 1, 1), Err(CostDefect::Memory));
    assert_eq!(Cost::new(64, 0, 1), Err(CostDefect::Passes));
    assert_eq!(Cost::new(64, 1, 0), Err(CostDefect::Lanes));
    assert_eq!(Cost::new(64, 1, u32::MAX), Err(CostDefect::Lanes));
    assert_eq!(Cost::new(262_144, 5, 1), Err(CostDefect::Work));
}

#[test]
fn sha_crypt_by_drepper_examples() {
    // "Unix crypt using SHA-256 and SHA-512", the examples at the end.
    for text in [
        "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
        "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
        "$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA",
        "$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.",
    ] {
        let hash = PasswordHash::parse(text).unwrap();
        assert_eq!(hash.verify(b"Hello world!"), Verification::Match, "{text}");
        assert_eq!(
            hash.verify(b"Hello world"),
            Verification::Mismatch,
            "{text}"
        );
    }
}

#[test]
fn md5_crypt_of_an_empty_and_of_a_long_password() {
    // Made by `openssl passwd`.
    let hash = |text: &str| PasswordHash::parse(text).unwrap();
    let empty = hash("$apr1$ab$S8K6Sgp3W8c9Jb6LxgywZ.");
    assert_eq!(empty.verify(b""), Verification::Match);
    assert_eq!(empty.verify(b"\0"), Verification::Mismatch);
    let long = hash("$1$abcdefgh$k0S14asoqhPM.Yig4HXT00");
    assert_eq!(
        long.verify(b"a password longer than sixteen bytes"),
        Verification::Match
    );
}

#[test]
fn refused_kinds_are_named() {
    let kind = |text: &str| match PasswordHash::parse(text).unwrap_err() {
        HashDefect::Unsupported { kind } => kind,
        other => unreachable!("{text} {other:?}"),
    };
    assert_eq!(kind("sa3tHJ3/KuYvI"), "des-crypt");
    assert_eq!(kind("{CRYPT}sa3tHJ3/KuYvI"), "des-crypt");
    assert_eq!(kind("{PLAIN}password"), "password in clear");
    assert_eq!(
        kind("$2x$12$EXRkfkdmXnagzds2SSitu.MW9.gAVqa9eLS1//RYtYCmB1eLHg.9q"),
        "bcrypt $2x$"
    );
    assert_eq!(
        kind("$y$j9T$Yb2D1Wrm1YVtINVr0Phld.$7MdnRPt.K3fsyYUIyj6irl5xcI6DkocLkQIUVCiZQ39"),
        "yescrypt"
    );
    assert_eq!(kind("{ssha512}AAAA"), "salted SHA-512");
    assert_eq!(
        PasswordHash::parse("secret").unwrap_err(),
        HashDefect::Unrecognised
    );
}

#[test]
fn rfc2307_section_5_3_schemes_regardless_of_case() {
    for text in [
        "{sha}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
        "{Crypt}$1$q6Iqxmln$jovNZry6pCD8kmL9BHtI2/",
    ] {
        let hash = PasswordHash::parse(text).unwrap();
        assert_eq!(hash.verify(b"password"), Verification::Match);
        assert_eq!(hash.as_str(), text);
    }
}

#[test]
fn defects_do_not_repeat_the_text() {
    for text in [
        "hunter2",
        "{PLAIN}hunter2",
        "$5$hunter2",
        "$argon2id$hunter2",
        "{SHA}hunter2",
    ] {
        let defect = PasswordHash::parse(text).unwrap_err();
        assert!(!format!("{defect} {defect:?}").contains("hunter2"));
    }
    let hash = hash(b"hunter2", &[1; 16], &cheap()).unwrap();
    assert_eq!(format!("{hash:?}"), "PasswordHash(Argon2id)");
}

#[test]
fn every_kind_but_current_argon2id_is_outdated() {
    for (_, text) in ONE_OF_EACH {
        let hash = PasswordHash::parse(text).unwrap();
        assert!(hash.outdated(&Cost::default()));
        assert!(hash.rehash_due(&Cost::default(), b"password"));
    }
}

proptest! {
    #[test]
    fn any_text_is_parsed_without_a_panic(text in ".{0,80}") {
        let _ = PasswordHash::parse(&text);
    }

    #[test]
    fn a_changed_hash_is_refused_or_kept_as_it_is(which in 0..ONE_OF_EACH.len(), at in 0_usize..110, with in any::<char>()) {
        let mut text: Vec<char> = ONE_OF_EACH.get(which).unwrap().1.chars().collect();
        let at = at % text.len();
        if let Some(place) = text.get_mut(at) {
            *place = with;
        }
        let text: String = text.into_iter().collect();
        if let Ok(hash) = PasswordHash::parse(&text) {
            prop_assert_eq!(hash.as_str(), text.as_str());
            prop_assert!(PasswordHash::parse(hash.decoy().as_str()).is_ok());
        }
    }
}
