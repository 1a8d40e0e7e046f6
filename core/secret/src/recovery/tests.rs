#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;

#[test]
fn a_code_is_four_groups_of_four() {
    let code = RecoveryCode::mint(&[0xff; RANDOM_BYTES]);
    assert_eq!(code.to_shown().expose(), "zzzz-zzzz-zzzz-zzzz");
    let code = RecoveryCode::mint(&[0, 0, 0, 0, 1, 0, 0, 0, 0, 32]);
    assert_eq!(code.to_shown().expose(), "0000-0001-0000-0010");
}

#[test]
fn a_code_is_read_as_people_type_it() {
    let digest = RecoveryCode::parse("0000-0001-abcd-0010").unwrap().digest();
    for typed in [
        "oooo-oooi-ABCD-oolO",
        "00000001abcd0010",
        " 0000 0001 abcd 0010 ",
        "OOOO-OOOL-abcd-0010",
    ] {
        assert!(
            RecoveryCode::parse(typed).unwrap().digest().fits(&digest),
            "{typed}"
        );
    }
}

#[test]
fn what_cannot_be_a_code_is_none() {
    for typed in [
        "",
        "0000-0001-abcd-001",
        "0000-0001-abcd-00100",
        "0000-0001-abcd-001u",
        "0000_0001_abcd_0010",
        "\u{660}000-0001-abcd-0010",
    ] {
        assert!(RecoveryCode::parse(typed).is_none(), "{typed}");
    }
}

proptest! {
    #[test]
    fn what_is_shown_is_read_back(random in any::<[u8; RANDOM_BYTES]>(), other in any::<[u8; RANDOM_BYTES]>()) {
        let code = RecoveryCode::mint(&random);
        let read = RecoveryCode::parse(code.to_shown().expose()).unwrap();
        prop_assert!(read.digest().fits(&code.digest()));
        prop_assert_eq!(RecoveryCode::mint(&other).digest().fits(&code.digest()), other == random);
    }

    #[test]
    fn nothing_typed_panics(typed in ".{0,40}") {
        let _read = RecoveryCode::parse(&typed);
    }
}
