//! Hashes that are recognised and refused, so that an import says which.
//!
//! Knows what their texts begin with, and nothing of what they mean.

use super::defect::HashDefect;

/// Prefixes of kinds that are not verified, with the name to tell.
const PREFIXES: &[(&str, &str)] = &[
    ("$2x$", "bcrypt $2x$"),
    ("$2$", "bcrypt $2$"),
    ("$y$", "yescrypt"),
    ("$gy$", "gost-yescrypt"),
    ("$7$", "scrypt"),
    ("$scrypt$", "scrypt"),
    ("$bcrypt-sha256$", "bcrypt-sha256"),
    ("$pbkdf2", "PBKDF2"),
    ("pbkdf2_", "PBKDF2"),
    ("$p5k2$", "PBKDF2"),
    ("grub.pbkdf2", "PBKDF2"),
    ("{PKCS5S2}", "PBKDF2"),
    ("$sha1$", "sha1-crypt"),
    ("$md5", "Sun MD5"),
    ("$3$", "NT hash"),
    ("$P$", "phpass"),
    ("$H$", "phpass"),
    ("argon2$", "Django argon2"),
    ("bcrypt$", "Django bcrypt"),
    ("bcrypt_sha256$", "Django bcrypt-sha256"),
    ("crypt$", "Django des-crypt"),
    ("{PLAIN}", "password in clear"),
    ("{CLEARTEXT}", "password in clear"),
    ("{MD5}", "MD5"),
    ("{SMD5}", "salted MD5"),
    ("{SHA256}", "SHA-256"),
    ("{SSHA256}", "salted SHA-256"),
    ("{SHA512}", "SHA-512"),
    ("{SSHA512}", "salted SHA-512"),
];

/// Two characters of salt and eleven of hash.
const DES_CRYPT_CHARS: usize = 13;

/// The defect of a text that is none of the kinds that are verified.
pub(super) fn defect(text: &str) -> HashDefect {
    let known = PREFIXES.iter().find(|(prefix, _)| {
        let head = text.as_bytes().get(..prefix.len());
        head.is_some_and(|head| {
            // Only the names in braces are compared without regard to case.
            head == prefix.as_bytes()
                || (prefix.starts_with('{') && head.eq_ignore_ascii_case(prefix.as_bytes()))
        })
    });
    if let Some((_, kind)) = known {
        return HashDefect::Unsupported { kind };
    }
    if super::crypt64::is_number(text, DES_CRYPT_CHARS) {
        return HashDefect::Unsupported { kind: "des-crypt" };
    }
    HashDefect::Unrecognised
}
