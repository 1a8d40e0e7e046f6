#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests"
)]

use proptest::prelude::*;

use super::*;

fn minted(fill: u8) -> ApiKey {
    ApiKey::mint(&std::array::from_fn(|index| {
        fill.wrapping_mul(31).wrapping_add(index as u8)
    }))
}

#[test]
fn a_minted_key_has_the_documented_form() {
    let key = minted(7);
    let text = key.expose();
    assert_eq!(text.len(), KEY_CHARS);
    assert_eq!(KEY_CHARS, 55);
    assert_eq!(&text[..4], PREFIX);
    assert_eq!(&text[4..16], key.id().as_str());
    assert_eq!(text.as_bytes()[16], b'_');
    // What `PATTERN` says, without a regular expression engine.
    assert_eq!(PATTERN, r"\bcsk_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}\b");
    assert!(text[17..].bytes().all(|byte| byte.is_ascii_alphanumeric()));
    assert_eq!(text[17..].len(), 38);
}

#[test]
fn a_known_key_stays_readable() {
    // A change of the form would lock out every key that was ever issued.
    let key = ApiKey::mint(&[0; 40]);
    let text = "csk_000000000000_000000000000000000000000000000002xTft1";
    assert_eq!(key.expose().len(), text.len());
    let parsed = ApiKey::parse(key.expose().as_bytes()).unwrap();
    assert_eq!(parsed.id().as_str(), "000000000000");
    assert_eq!(key.expose(), text);
    assert_eq!(
        hex(&key.digest().0),
        "daa991a80cfae0f8021eb78a6f371486b2874b207573abe69415139847228426"
    );
}

#[test]
fn every_change_of_one_character_is_found() {
    let key = minted(1);
    let text = key.expose().as_bytes();
    for at in 0..text.len() {
        for byte in 0..=u8::MAX {
            let mut changed = text.to_vec();
            changed[at] = byte;
            let outcome = ApiKey::parse(&changed);
            if changed == text {
                assert!(outcome.is_ok());
            } else {
                let defect = outcome.err().unwrap();
                let is_digit = byte.is_ascii_alphanumeric();
                let expected = match at {
                    0..4 => KeyDefect::Prefix,
                    16 => KeyDefect::Alphabet,
                    _ if is_digit => KeyDefect::Checksum,
                    _ => KeyDefect::Alphabet,
                };
                assert_eq!(defect, expected, "byte {byte} at {at}");
            }
        }
    }
}

#[test]
fn defects_are_told_in_order() {
    let key = minted(2);
    let text = key.expose();
    let defect = |bytes: &[u8]| ApiKey::parse(bytes).err();
    assert_eq!(defect(b""), Some(KeyDefect::Prefix));
    assert_eq!(defect(b"ey.jwt"), Some(KeyDefect::Prefix));
    assert_eq!(
        defect(text.to_uppercase().as_bytes()),
        Some(KeyDefect::Prefix)
    );
    assert_eq!(defect(b"csk_"), Some(KeyDefect::Length));
    assert_eq!(defect(&text.as_bytes()[..54]), Some(KeyDefect::Length));
    assert_eq!(
        defect(format!("{text}\n").as_bytes()),
        Some(KeyDefect::Length)
    );
    assert_eq!(
        defect(&[b"csk_", &[0xFF; 51][..]].concat()),
        Some(KeyDefect::Alphabet)
    );
    assert_eq!(
        defect(&[b"csk_", &vec![b'a'; 1 << 20][..]].concat()),
        Some(KeyDefect::Length)
    );
}

#[test]
fn looking_like_a_key_needs_the_prefix_alone() {
    assert!(looks_like(b"csk_"));
    assert!(looks_like(b"csk_cut off"));
    assert!(!looks_like(b"csk"));
    assert!(!looks_like(b"CSK_a"));
    assert!(!looks_like(b""));
}

#[test]
fn nothing_secret_is_printed() {
    let key = minted(3);
    let printed = format!("{key:?} {:?} {}", key.digest(), key.id());
    assert!(printed.contains(key.id().as_str()));
    assert!(!printed.contains(&key.expose()[17..21]));
    assert!(!printed.to_lowercase().contains(&hex(&key.digest().0[..4])));
}

#[test]
fn digests_match_the_same_key_alone() {
    let (one, other) = (minted(4), minted(5));
    let again = ApiKey::parse(one.expose().as_bytes()).unwrap();
    assert!(one.digest().matches(&again.digest()));
    assert!(!one.digest().matches(&other.digest()));
    let stored = KeyDigest(one.digest().0);
    assert!(one.digest().matches(&stored));
}

#[test]
fn ids_are_read_alone() {
    assert_eq!(
        KeyId::parse("abcDEF012345").unwrap().to_string(),
        "abcDEF012345"
    );
    assert_eq!(KeyId::parse("abc"), Err(KeyDefect::Length));
    assert_eq!(KeyId::parse("abcDEF01234_"), Err(KeyDefect::Alphabet));
    assert_eq!(KeyId::parse("ä0123456789"), Err(KeyDefect::Alphabet));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

proptest! {
    #[test]
    fn a_minted_key_is_read_back(random in proptest::collection::vec(any::<u8>(), 40)) {
        let random: [u8; 40] = random.try_into().unwrap();
        let key = ApiKey::mint(&random);
        let parsed = ApiKey::parse(key.expose().as_bytes()).unwrap();
        prop_assert_eq!(parsed.expose(), key.expose());
        prop_assert_eq!(parsed.id(), key.id());
        prop_assert!(parsed.digest().matches(&key.digest()));
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        prop_assert!(ApiKey::parse(&bytes).is_err());
        let prefixed = [PREFIX.as_bytes(), &bytes].concat();
        prop_assert!(ApiKey::parse(&prefixed).is_err());
    }
}
