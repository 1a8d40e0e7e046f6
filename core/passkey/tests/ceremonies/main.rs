//! Registrations and sign-ins with an authenticator of software, and with everything wrong that can be.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    missing_docs,
    reason = "tests"
)]

mod authenticator;

use authenticator::{Authenticator, Kind, PARTY_ID, Shape};
use countersign_passkey::*;

pub(crate) const ORIGIN: &str = "https://accounts.example.com";
pub(crate) const CHALLENGE: Challenge = Challenge([7; CHALLENGE_BYTES]);
pub(crate) const HANDLE: [u8; USER_HANDLE_BYTES] = [3; USER_HANDLE_BYTES];

fn with_party<R>(run: impl FnOnce(&RelyingParty<'_>) -> R) -> R {
    let origins = [Box::from(ORIGIN), Box::from("https://www.example.com:8443")];
    run(&RelyingParty {
        id: PARTY_ID,
        name: "Example",
        origins: &origins,
    })
}

fn registered(authenticator: &Authenticator, shape: &Shape) -> Result<NewCredential, Fault> {
    let json = authenticator.attestation(shape);
    let answer = AttestationAnswer::parse(json.as_bytes())?;
    with_party(|party| register(party, &CHALLENGE, UserVerification::Required, &answer))
}

/// A sign-in with a credential that was registered as it should be.
fn signed_in(
    authenticator: &Authenticator,
    shape: &Shape,
    kept_count: u32,
) -> Result<SignedIn, Fault> {
    let new = registered(authenticator, &Shape::of_a_registration()).unwrap();
    let json = authenticator.assertion(shape);
    let answer = AssertionAnswer::parse(json.as_bytes())?;
    let kept = KeptCredential {
        id: &new.id,
        user_handle: &HANDLE,
        key: &new.key,
        sign_count: kept_count,
        backup_eligible: new.backup_eligible,
    };
    with_party(|party| {
        sign_in(
            party,
            &CHALLENGE,
            UserVerification::Required,
            &kept,
            &answer,
        )
    })
}

#[test]
fn each_kind_of_key_registers_and_signs_in() {
    for kind in [Kind::Ed25519, Kind::P256, Kind::Rsa] {
        let authenticator = Authenticator::new(kind);
        let new = registered(&authenticator, &Shape::of_a_registration()).unwrap();
        assert!(new.user_verified);
        let kept = PublicKey::parse(new.key.as_cose()).unwrap();
        assert_eq!(kept.as_cose(), new.key.as_cose());
        let signed = signed_in(&authenticator, &Shape::of_a_sign_in(), 0).unwrap();
        assert_eq!(
            signed,
            SignedIn {
                sign_count: 5,
                user_verified: true
            }
        );
    }
}

/// One way to spoil an answer, and what is said of it.
type Spoilt = (&'static str, fn(&mut Shape), Fault);

const SPOILT_IN_BOTH: &[Spoilt] = &[
    (
        "challenge",
        |shape| shape.challenge = Challenge([8; 32]),
        Fault::Challenge,
    ),
    (
        "origin",
        |shape| shape.origin = "https://accounts.example.com.evil.test",
        Fault::Origin,
    ),
    (
        "port",
        |shape| shape.origin = "https://accounts.example.com:444",
        Fault::Origin,
    ),
    (
        "scheme",
        |shape| shape.origin = "http://accounts.example.com",
        Fault::Origin,
    ),
    (
        "case",
        |shape| shape.origin = "https://ACCOUNTS.example.com",
        Fault::Origin,
    ),
    (
        "frame",
        |shape| shape.extra = r#","crossOrigin":true"#,
        Fault::Framed,
    ),
    (
        "top",
        |shape| shape.extra = r#","topOrigin":"https://evil.test""#,
        Fault::Framed,
    ),
    (
        "twice",
        |shape| shape.extra = r#","origin":"https://evil.test""#,
        Fault::ClientData,
    ),
    (
        "party",
        |shape| shape.party = "evil.test",
        Fault::RelyingParty,
    ),
    ("touch", |shape| shape.flags &= !1, Fault::UserAbsent),
    ("verified", |shape| shape.flags &= !4, Fault::UserUnverified),
    (
        "backup",
        |shape| shape.flags |= 0b1_0000,
        Fault::AuthenticatorData,
    ),
    (
        "trailing",
        |shape| shape.after = vec![0],
        Fault::AuthenticatorData,
    ),
    (
        "extensions",
        |shape| shape.flags |= 0x80,
        Fault::AuthenticatorData,
    ),
    (
        "other id",
        |shape| shape.named = Some(b"another".to_vec()),
        Fault::OtherCredential,
    ),
    (
        "no id",
        |shape| shape.named = Some(Vec::new()),
        Fault::CredentialId,
    ),
];

#[test]
fn section_7_1_a_registration_that_is_spoilt_is_refused() {
    let authenticator = Authenticator::new(Kind::P256);
    for (name, spoil, fault) in SPOILT_IN_BOTH {
        let mut shape = Shape::of_a_registration();
        spoil(&mut shape);
        assert_eq!(
            registered(&authenticator, &shape).err(),
            Some(*fault),
            "{name}"
        );
    }
    let mut shape = Shape::of_a_registration();
    shape.ceremony = "webauthn.get";
    assert_eq!(
        registered(&authenticator, &shape).err(),
        Some(Fault::Ceremony)
    );
}

#[test]
fn section_7_2_a_sign_in_that_is_spoilt_is_refused() {
    let authenticator = Authenticator::new(Kind::Ed25519);
    for (name, spoil, fault) in SPOILT_IN_BOTH {
        let mut shape = Shape::of_a_sign_in();
        spoil(&mut shape);
        assert_eq!(
            signed_in(&authenticator, &shape, 0).err(),
            Some(*fault),
            "{name}"
        );
    }
    let spoilt: &[Spoilt] = &[
        (
            "ceremony",
            |shape| shape.ceremony = "webauthn.create",
            Fault::Ceremony,
        ),
        (
            "signature",
            |shape| shape.signed_over = Some(b"other".to_vec()),
            Fault::Signature,
        ),
        (
            "handle",
            |shape| shape.handle = Some(vec![4; 32]),
            Fault::OtherUser,
        ),
        (
            "eligible",
            |shape| shape.flags |= 0b1000,
            Fault::BackupEligibility,
        ),
    ];
    for (name, spoil, fault) in spoilt {
        let mut shape = Shape::of_a_sign_in();
        spoil(&mut shape);
        assert_eq!(
            signed_in(&authenticator, &shape, 0).err(),
            Some(*fault),
            "{name}"
        );
    }
}

#[test]
fn another_key_does_not_sign_in() {
    let (one, other) = (
        Authenticator::new(Kind::P256),
        Authenticator::new(Kind::P256),
    );
    let new = registered(&one, &Shape::of_a_registration()).unwrap();
    let answer =
        AssertionAnswer::parse(other.assertion(&Shape::of_a_sign_in()).as_bytes()).unwrap();
    let kept = KeptCredential {
        id: &new.id,
        user_handle: &HANDLE,
        key: &new.key,
        sign_count: 0,
        backup_eligible: false,
    };
    let judged = with_party(|party| {
        sign_in(
            party,
            &CHALLENGE,
            UserVerification::Required,
            &kept,
            &answer,
        )
    });
    assert_eq!(judged.err(), Some(Fault::Signature));
}

#[test]
fn section_6_1_1_a_count_goes_up_or_is_never_there() {
    let authenticator = Authenticator::new(Kind::P256);
    let counted = |count, kept| {
        let mut shape = Shape::of_a_sign_in();
        shape.count = count;
        signed_in(&authenticator, &shape, kept).map(|signed| signed.sign_count)
    };
    assert_eq!(counted(0, 0), Ok(0));
    assert_eq!(counted(6, 5), Ok(6));
    for (count, kept) in [(5, 5), (4, 5), (0, 5)] {
        assert_eq!(
            counted(count, kept),
            Err(Fault::Count),
            "{count} after {kept}"
        );
    }
}

#[test]
fn a_touch_is_enough_where_no_verification_is_asked_for() {
    let authenticator = Authenticator::new(Kind::P256);
    let mut shape = Shape::of_a_registration();
    shape.flags &= !4;
    let answer = AttestationAnswer::parse(authenticator.attestation(&shape).as_bytes()).unwrap();
    let new =
        with_party(|party| register(party, &CHALLENGE, UserVerification::Discouraged, &answer))
            .unwrap();
    assert!(!new.user_verified);
}

#[test]
fn extensions_and_a_statement_are_passed_over() {
    let authenticator = Authenticator::new(Kind::P256);
    let mut shape = Shape::of_a_registration();
    shape.flags |= 0x80;
    // {"credProtect": 2}
    shape.after = [b"\xa1\x6bcredProtect".as_slice(), b"\x02"].concat();
    // {"alg": -7, "x5c": [h'00', {}]}
    shape.statement = b"\xa2\x63alg\x26\x63x5c\x82\x41\x00\xa0".to_vec();
    assert!(registered(&authenticator, &shape).is_ok());
}

#[test]
fn keys_that_are_none_are_refused() {
    let p256 = Authenticator::new(Kind::P256).cose();
    let mut off_the_curve = p256.clone();
    *off_the_curve.last_mut().unwrap() ^= 1;
    let mut of_another_kind = p256.clone();
    // kty 2 becomes 1: the coordinates of a point as an octet key pair.
    of_another_kind[2] = 1;
    let mut es384 = p256.clone();
    es384[4] = 0x38;
    es384.insert(5, 34);
    let cases: [(&str, Vec<u8>, Fault); 7] = [
        ("empty", vec![], Fault::KeyForm),
        ("no members", vec![0xa0], Fault::KeyAlgorithm),
        ("cut", p256[..p256.len() - 1].to_vec(), Fault::KeyForm),
        ("off the curve", off_the_curve, Fault::KeyForm),
        ("kind", of_another_kind, Fault::KeyForm),
        ("ES384", es384, Fault::KeyAlgorithm),
        ("trailing", [p256, vec![0]].concat(), Fault::KeyForm),
    ];
    for (name, cose, fault) in cases {
        assert_eq!(PublicKey::parse(&cose).err(), Some(fault), "{name}");
    }
}

#[test]
fn hostile_json_is_a_form_that_is_refused() {
    let huge = format!(r#"{{"rawId":"{}"}}"#, "A".repeat(200_000));
    let long_part = format!(
        r#"{{"rawId":"AA","type":"public-key","response":{{"clientDataJSON":"{}","attestationObject":"AA"}}}}"#,
        "A".repeat(30_000)
    );
    let deep = "[".repeat(10_000);
    for json in [
        "",
        "null",
        "{}",
        "\0",
        r#"{"rawId":"AA","type":"password","response":{}}"#,
        &huge,
        &long_part,
        &deep,
    ] {
        assert_eq!(
            AttestationAnswer::parse(json.as_bytes()).err(),
            Some(Fault::Form)
        );
        assert_eq!(
            AssertionAnswer::parse(json.as_bytes()).err(),
            Some(Fault::Form)
        );
    }
}

#[test]
fn options_say_what_is_checked() {
    let options = with_party(|party| {
        creation_options(party, &CHALLENGE, &HANDLE, "alice", [b"known".as_slice()])
    });
    let options: serde_json::Value = serde_json::from_str(&options).unwrap();
    assert_eq!(options["rp"]["id"], PARTY_ID);
    assert_eq!(options["attestation"], "none");
    assert_eq!(options["excludeCredentials"][0]["id"], "a25vd24");
    let numbers: Vec<i64> = options["pubKeyCredParams"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["alg"].as_i64().unwrap())
        .collect();
    assert_eq!(numbers, [-8, -7, -257]);
    let options =
        with_party(|party| request_options(party, &CHALLENGE, UserVerification::Required, []));
    let options: serde_json::Value = serde_json::from_str(&options).unwrap();
    assert_eq!(options["rpId"], PARTY_ID);
    assert_eq!(options["userVerification"], "required");
    assert_eq!(options["allowCredentials"].as_array().unwrap().len(), 0);
}

proptest::proptest! {
    #[test]
    fn bytes_of_anybody_do_not_panic(mut bytes: Vec<u8>, place: usize, value: u8) {
        let _read = PublicKey::parse(&bytes);
        let authenticator = Authenticator::new(Kind::Ed25519);
        let mut shape = Shape::of_a_registration();
        shape.object = Some(std::mem::take(&mut bytes));
        let _read = registered(&authenticator, &shape);
        // One byte of a good object is another.
        let mut object = authenticator.object(&Shape::of_a_registration());
        let place = place % object.len();
        object[place] = value;
        shape.object = Some(object);
        let _read = registered(&authenticator, &shape);
    }
}
