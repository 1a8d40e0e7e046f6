#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;

/// The secret of RFC 6238 appendix B.
fn of_the_rfc() -> TotpSecret {
    TotpSecret::new(*b"12345678901234567890")
}

fn code(text: &str) -> Code {
    Code::parse(text).unwrap()
}

fn code_at(secret: &TotpSecret, now: i64) -> Code {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.expose());
    Code(Secret::new(digits(
        hotp(&key, now.div_euclid(STEP_SECS)) % CODES,
    )))
}

#[test]
fn rfc6238_appendix_b_examples() {
    // The RFC prints eight digits; six are their end.
    let cases: [(i64, u32); 6] = [
        (59, 94_287_082),
        (1_111_111_109, 7_081_804),
        (1_111_111_111, 14_050_471),
        (1_234_567_890, 89_005_924),
        (2_000_000_000, 69_279_037),
        (20_000_000_000, 65_353_130),
    ];
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, of_the_rfc().expose());
    for (now, printed) in cases {
        assert_eq!(hotp(&key, now / STEP_SECS) % 100_000_000, printed);
        let six = format!("{:06}", printed % CODES);
        let step = now / STEP_SECS;
        assert_eq!(
            of_the_rfc().check(&code(&six), now, None),
            Check::Good { step }
        );
    }
}

#[test]
fn rfc4226_appendix_d_examples() {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"12345678901234567890");
    let printed = [
        755_224, 287_082, 359_152, 969_429, 338_314, 254_676, 287_922, 162_583, 399_871, 520_489,
    ];
    for (counter, expected) in (0..).zip(printed) {
        assert_eq!(hotp(&key, counter) % CODES, expected);
    }
}

#[test]
fn a_step_to_either_side_is_taken_and_no_more() {
    let secret = of_the_rfc();
    let now = 1_111_111_109;
    for (away, good) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
        let typed = code_at(&secret, now + away * STEP_SECS);
        let step = now / STEP_SECS + away;
        let expected = if good {
            Check::Good { step }
        } else {
            Check::Wrong
        };
        assert_eq!(secret.check(&typed, now, None), expected, "{away}");
    }
}

#[test]
fn rfc6238_section_5_2_a_code_is_taken_once() {
    let secret = of_the_rfc();
    let now = 1_111_111_109;
    let Check::Good { step } = secret.check(&code_at(&secret, now), now, None) else {
        unreachable!("the code of now is good");
    };
    assert_eq!(
        secret.check(&code_at(&secret, now), now, Some(step)),
        Check::Replayed
    );
    let earlier = code_at(&secret, now - STEP_SECS);
    assert_eq!(
        secret.check(&earlier, now, Some(step)),
        Check::Replayed,
        "an older code than the last"
    );
    let next = code_at(&secret, now + STEP_SECS);
    assert_eq!(
        secret.check(&next, now, Some(step)),
        Check::Good { step: step + 1 }
    );
}

#[test]
fn a_code_is_six_digits_and_spaces() {
    for typed in ["123456", "123 456", " 123456 ", "1 2 3 4 5 6"] {
        assert!(Code::parse(typed).is_some(), "{typed}");
    }
    for typed in [
        "",
        "12345",
        "1234567",
        "12345a",
        "123-456",
        "\u{661}23456",
        "123456\n",
        "+12345",
        "0x1234",
    ] {
        assert!(Code::parse(typed).is_none(), "{typed}");
    }
}

#[test]
fn times_at_the_ends_do_not_overflow() {
    let secret = of_the_rfc();
    for now in [i64::MIN, -1, 0, i64::MAX] {
        let _judged = secret.check(&code("000000"), now, Some(i64::MAX));
    }
}

#[test]
fn the_address_for_an_app_escapes_its_names() {
    let uri = of_the_rfc().to_uri("Acme & Söhne", "a:b@example.com");
    assert_eq!(
        uri.expose(),
        "otpauth://totp/Acme%20%26%20S%C3%B6hne:a%3Ab%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Acme%20%26%20S%C3%B6hne"
    );
    assert_eq!(
        of_the_rfc().to_typed().expose(),
        "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"
    );
}

proptest! {
    #[test]
    fn a_code_of_another_secret_is_wrong_but_by_chance(bytes in any::<[u8; 20]>(), now in 0_i64..4_000_000_000) {
        let secret = TotpSecret::new(bytes);
        let own = code_at(&secret, now);
        let good = matches!(secret.check(&own, now, None), Check::Good { .. });
        prop_assert!(good);
        let other = of_the_rfc().check(&own, now, None);
        let same_by_chance = (-1..=1).any(|away| same(
            code_at(&of_the_rfc(), now + away * STEP_SECS).0.expose(), own.0.expose()));
        prop_assert_eq!(other == Check::Wrong, !same_by_chance);
    }
}
