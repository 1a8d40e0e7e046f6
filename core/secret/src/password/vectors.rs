//! Vectors of other systems, from the folder that `COUNTERSIGN_SUITES` names. Skipped where it is absent.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "tests: these read a folder and say when it is not there"
)]

use std::path::PathBuf;

use serde_json::Value;

use super::*;

/// Schemes of `pw.jsonl` that are not verified, each with the reason.
const EXCLUDED: &[(&str, &str)] = &[
    (
        "des_crypt",
        "56 bits of key and 8 characters of password: broken",
    ),
    ("django_des_crypt", "as des_crypt"),
    ("plaintext", "a password in clear is not a hash"),
    ("ldap_plaintext", "a password in clear is not a hash"),
    ("htdigest", "not a password hash but Digest's HA1"),
    ("ldap_salted_md5", "not a form of any htpasswd file"),
    ("ldap_salted_sha256", "not a form of any htpasswd file"),
    ("ldap_salted_sha512", "not a form of any htpasswd file"),
    ("ldap_sha1_crypt", "NetBSD alone"),
    ("sha1_crypt", "NetBSD alone"),
    ("sun_md5_crypt", "Solaris alone"),
    ("bcrypt_sha256", "passlib alone"),
    ("scrypt", "no verifier among the dependencies"),
    ("yescrypt", "no verifier among the dependencies"),
    ("atlassian_pbkdf2_sha1", "an application's own form"),
    ("cta_pbkdf2_sha1", "an application's own form"),
    ("dlitz_pbkdf2_sha1", "an application's own form"),
    ("grub_pbkdf2_sha512", "an application's own form"),
    ("pbkdf2_sha1", "passlib alone"),
    ("pbkdf2_sha256", "passlib alone"),
    ("pbkdf2_sha512", "passlib alone"),
    ("django_argon2", "an application's own form"),
    ("django_bcrypt", "an application's own form"),
    ("django_bcrypt_sha256", "an application's own form"),
    ("django_pbkdf2_sha1", "an application's own form"),
    ("django_pbkdf2_sha256", "an application's own form"),
];

/// Users of `nginx-basic.json` whom nginx lets in and this crate does not, each with the reason.
const EXCLUDED_NGINX_USERS: &[(&str, &str)] = &[
    ("crypt", "des-crypt"),
    ("plain", "a password in clear is not a hash"),
    ("plain2", "a password in clear is not a hash"),
];

fn suite(name: &str) -> Option<String> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let folder = std::env::var("COUNTERSIGN_SUITES").unwrap_or("../shared/suites/data".to_owned());
    let text = std::fs::read_to_string(PathBuf::from(root).join(folder).join(name)).ok();
    if text.is_none() {
        eprintln!("skipped: the suite {name} is not here");
    }
    text
}

/// The suite writes bytes that are no UTF-8 as the Latin-1 characters of the same number.
fn password_of(vector: &Value) -> Vec<u8> {
    let password = vector["password"].as_str().unwrap();
    if vector["password_is_bytes"] == true {
        password.chars().map(|c| u8::try_from(c).unwrap()).collect()
    } else {
        password.as_bytes().to_vec()
    }
}

#[test]
fn hashes_of_passlib_apache_openssl_and_mkpasswd() {
    let Some(text) = suite("pw.jsonl") else {
        return;
    };
    let mut verified = 0;
    for vector in text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
    {
        let scheme = vector["scheme"].as_str().unwrap();
        let is_excluded = EXCLUDED.iter().any(|(excluded, _)| *excluded == scheme);
        let parsed = PasswordHash::parse(vector["hash"].as_str().unwrap());
        if is_excluded {
            assert!(parsed.is_err(), "{vector}");
        } else if vector["ok"] == true {
            let hash = parsed.unwrap_or_else(|defect| unreachable!("{defect}: {vector}"));
            let password = password_of(&vector);
            assert_eq!(hash.verify(&password), Verification::Match, "{vector}");
            if password.len() < 72 {
                let wrong = [&password[..], b"x"].concat();
                assert_eq!(hash.verify(&wrong), Verification::Mismatch, "{vector}");
            }
            verified += 1;
        } else {
            assert!(parsed.is_err(), "{vector}");
        }
    }
    assert!(verified >= 100, "only {verified} vectors were verified");
}

#[test]
fn the_htpasswd_file_of_nginx() {
    let Some(text) = suite("nginx-basic.json") else {
        return;
    };
    let suite: Value = serde_json::from_str(&text).unwrap();
    let lines: Vec<(&str, &str)> = suite["htpasswd"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line.as_str().unwrap().split_once(':').unwrap())
        .collect();
    for case in suite["cases"].as_array().unwrap() {
        let user = case["user"].as_str().unwrap();
        let line = lines.iter().find(|(name, _)| *name == user);
        let hash = line.and_then(|(_, hash)| PasswordHash::parse(hash).ok());
        let is_excluded = EXCLUDED_NGINX_USERS.iter().any(|(name, _)| *name == user);
        assert!(!is_excluded || hash.is_none(), "{case}");
        let accepts = hash.is_some_and(|hash| {
            hash.verify(case["password"].as_str().unwrap().as_bytes()) == Verification::Match
        });
        assert_eq!(accepts, case["accept"] == true && !is_excluded, "{case}");
    }
}
