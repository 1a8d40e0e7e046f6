//! The examples of the specifications.

use super::{asked, choose_from, read};
use crate::digest::client::{Login, authorization};
use crate::digest::info::{expected_rspauth, parse as parse_info};
use crate::digest::{
    Algorithm, Answered, Charset, Hash, Qop, SecretHash, Target, expected_response,
};

const MUFASA: Login<'_> = Login {
    user: "Mufasa",
    password: "Circle of Life",
};

const INDEX: Target<'_> = Target {
    method: "GET",
    uri: "/dir/index.html",
    body: None,
};

#[test]
fn rfc7616_section_3_9_1_both_algorithms() {
    let rest = r#"realm="http-auth@example.org", qop="auth, auth-int", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#;
    let sha = format!("Digest {rest}, algorithm=SHA-256");
    let md5 = format!("Digest {rest}, algorithm=MD5");
    let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
    for (line, word, response) in [
        (
            &sha,
            "SHA-256",
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
        ),
        (&md5, "MD5", "8ca523f5e9506fed4657c9700eebdbec"),
    ] {
        let value = authorization(&asked(line), &MUFASA, &INDEX, cnonce, 1);
        let expected = format!(
            r#"Digest username="Mufasa", realm="http-auth@example.org", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", uri="/dir/index.html", qop=auth, nc=00000001, cnonce="{cnonce}", response="{response}", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS", algorithm={word}"#
        );
        assert_eq!(value.expose(), &expected);
        assert!(read(value.expose()).differences(&asked(line)).is_empty());
    }
    // Of both, the stronger, whatever the order.
    for lines in [[&*sha, &*md5], [&*md5, &*sha]] {
        let chosen = choose_from(&lines).unwrap();
        assert_eq!(chosen.algorithm.hash, Hash::Sha256);
    }
}

#[test]
fn rfc7616_section_3_9_2_user_hash_with_erratum_4897() {
    let line = r#"Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8, userhash=true"#;
    let login = Login {
        user: "J\u{e4}s\u{f8}n Doe",
        password: "Secret, or not?",
    };
    let target = Target {
        method: "GET",
        uri: "/doe.json",
        body: None,
    };
    let cnonce = "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v";
    let mut asked = asked(line);
    assert!(asked.userhash && asked.charset_named);
    let value = authorization(&asked, &login, &target, cnonce, 1);
    // The RFC prints the hashes of another function than FIPS 180-4 has: erratum 4897.
    let user = r#"username="793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b""#;
    let response = r#"response="3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5""#;
    assert!(value.expose().contains(user), "{}", value.expose());
    assert!(value.expose().contains(response), "{}", value.expose());
    assert!(value.expose().ends_with("userhash=true"));
    assert!(read(value.expose()).is_user_hash());

    asked.userhash = false;
    let value = authorization(&asked, &login, &target, cnonce, 1);
    assert!(
        value
            .expose()
            .starts_with("Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, ")
    );
    assert!(value.expose().contains(response));
    assert_eq!(read(value.expose()).user(), "J\u{e4}s\u{f8}n Doe");
}

#[test]
fn rfc2617_section_3_5() {
    let line = r#"Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41""#;
    let login = Login {
        user: "Mufasa",
        password: "Circle Of Life",
    };
    let value = authorization(&asked(line), &login, &INDEX, "0a4f113b", 1);
    assert_eq!(
        value.expose(),
        r#"Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="/dir/index.html", qop=auth, nc=00000001, cnonce="0a4f113b", response="6629fae49393a05397450978507c4ef1", opaque="5ccc069c403ebaf9f0171e9517f40e41""#
    );
    // The fields in the order of the document are read as well.
    let credentials = read(
        r#"Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="/dir/index.html", qop=auth, nc=00000001, cnonce="0a4f113b", response="6629fae49393a05397450978507c4ef1", opaque="5ccc069c403ebaf9f0171e9517f40e41""#,
    );
    let secret = |password| {
        SecretHash::of_password(
            Algorithm::MD5,
            Charset::Utf8,
            "Mufasa",
            "testrealm@host.com",
            password,
        )
    };
    assert!(credentials.fits(&secret("Circle Of Life"), &INDEX));
    assert!(!credentials.fits(&secret("Circle of Life"), &INDEX));
    let head = Target {
        method: "HEAD",
        ..INDEX
    };
    assert!(!credentials.fits(&secret("Circle Of Life"), &head));
    let stored = SecretHash::from_hex(Algorithm::MD5, "939e7578ed9e3c518a452acee763bce9").unwrap();
    assert!(credentials.fits(&stored, &INDEX));
}

#[test]
fn rfc2069_section_2_4_with_its_published_erratum() {
    // The document prints another response; erratum 749 of RFC 2069 gives this one.
    let line = r#"Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41""#;
    let login = Login {
        user: "Mufasa",
        password: "CircleOfLife",
    };
    let value = authorization(&asked(line), &login, &INDEX, "unused", 1);
    assert_eq!(
        value.expose(),
        r#"Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="/dir/index.html", response="1949323746fe6a43ef61f9606e7febea", opaque="5ccc069c403ebaf9f0171e9517f40e41""#
    );
}

#[test]
fn rfc7616_section_3_4_2_a_session_is_bound_to_both_nonces() {
    // From RFC 2617's example, with the algorithm `MD5-sess`, computed by hand from the definition.
    let algorithm = Algorithm::from_word("md5-SESS").unwrap();
    let secret = SecretHash::from_hex(algorithm, "939e7578ed9e3c518a452acee763bce9").unwrap();
    let answered = Answered {
        nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
        cnonce: "0a4f113b",
        nc: "00000001",
        qop: Some("auth"),
    };
    let bound = Hash::Md5
        .hex(b"939e7578ed9e3c518a452acee763bce9:dcd98b7102dd2f0e8b11d0f600bfb0c093:0a4f113b");
    let unbound = SecretHash::from_hex(Algorithm::MD5, &bound).unwrap();
    assert_eq!(
        expected_response(&secret, &answered, &INDEX),
        expected_response(&unbound, &answered, &INDEX)
    );
}

#[test]
fn rfc7616_section_3_5_the_server_proves_itself() {
    let info = parse_info(
        br#"nextnonce="n2", qop=auth, rspauth="57a7aef78566ba7dc4db3ca86da90db6", cnonce="0a4f113b", nc=00000001"#,
    )
    .unwrap();
    assert_eq!(info.nextnonce.as_deref(), Some("n2"));
    assert_eq!((info.qop, info.nc), (Some(Qop::Auth), Some(1)));
    let secret = SecretHash::from_hex(Algorithm::MD5, "939e7578ed9e3c518a452acee763bce9").unwrap();
    let mut answered = Answered {
        nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
        cnonce: "0a4f113b",
        nc: "00000001",
        qop: Some("auth"),
    };
    let proof = expected_rspauth(&secret, &answered, INDEX.uri, None);
    let covered = Hash::Md5.hex(b":/dir/index.html");
    let by_hand = Hash::Md5.hex(
        format!(
            "939e7578ed9e3c518a452acee763bce9:dcd98b7102dd2f0e8b11d0f600bfb0c093:00000001:0a4f113b:auth:{covered}"
        )
        .as_bytes(),
    );
    assert_eq!(proof, by_hand);
    answered.qop = Some("auth-int");
    let of_body = |body| expected_rspauth(&secret, &answered, INDEX.uri, Some(body));
    assert_ne!(of_body(b"a"), of_body(b"b"));
    assert!(parse_info(b"").is_none() && parse_info(b"nextnonce=\"a").is_none());
}
