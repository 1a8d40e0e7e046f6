//! The JOSE header of a JWS, RFC 7515 section 4.
//!
//! Knows: `alg`, `kid`, `typ`, `crit` and `b64`. Does not know: `jwk`, `jku`, `x5u`, `x5c` and all other members; a key
//! that a token brings along is never looked at. Only a proof has one of its own (`dpop`).

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, Visitor};

use crate::{Algorithm, KID_BYTES_MAX, TokenDefect};

pub(crate) struct Header {
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: Option<Box<str>>,
    pub(crate) typ: Option<Box<str>>,
}

impl Header {
    pub(crate) fn parse(json: &[u8]) -> Result<Header, TokenDefect> {
        // RFC 7515 section 5.2 step 3: a completely valid JSON object. A derived reader takes an array as well.
        if json.trim_ascii_start().first() != Some(&b'{') {
            return Err(TokenDefect::Header);
        }
        let members: Members = serde_json::from_slice(json).map_err(|_| TokenDefect::Header)?;
        let algorithm = match members.alg {
            AlgorithmName::Known(algorithm) => algorithm,
            AlgorithmName::None => return Err(TokenDefect::AlgorithmNone),
            AlgorithmName::Unknown => return Err(TokenDefect::AlgorithmUnknown),
        };
        // RFC 7515 section 4.1.11: if any of the listed extensions is not understood, the JWS is invalid. An empty or
        // odd list is invalid as well, so its presence is enough.
        if members.crit.is_some() {
            return Err(TokenDefect::Critical);
        }
        // RFC 7797 section 3: with `b64` false the payload is not base64url. Only the default value is taken.
        if members.b64 == Some(false) {
            return Err(TokenDefect::UnencodedPayload);
        }
        if members
            .kid
            .as_ref()
            .is_some_and(|kid| kid.len() > KID_BYTES_MAX)
        {
            return Err(TokenDefect::KidTooLong);
        }
        Ok(Header {
            algorithm,
            kid: members.kid,
            typ: members.typ,
        })
    }
}

// RFC 7515 section 4: names MUST be unique. The derived reader refuses a second one of these; members that mean nothing
// here mean nothing twice.
#[derive(serde::Deserialize)]
struct Members {
    alg: AlgorithmName,
    #[serde(default, deserialize_with = "present")]
    kid: Option<Box<str>>,
    #[serde(default, deserialize_with = "present")]
    typ: Option<Box<str>>,
    #[serde(default, deserialize_with = "present")]
    crit: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    b64: Option<bool>,
}

/// Reads a member that is there: `null` is a value of the wrong type and not an absent member.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

enum AlgorithmName {
    Known(Algorithm),
    None,
    Unknown,
}

impl<'de> Deserialize<'de> for AlgorithmName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(AlgorithmNameVisitor)
    }
}

struct AlgorithmNameVisitor;

impl Visitor<'_> for AlgorithmNameVisitor {
    type Value = AlgorithmName;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of an algorithm")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<AlgorithmName, E> {
        Ok(match Algorithm::from_name(name) {
            Some(algorithm) => AlgorithmName::Known(algorithm),
            None if name.eq_ignore_ascii_case("none") => AlgorithmName::None,
            None => AlgorithmName::Unknown,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn defect(json: &str) -> TokenDefect {
        Header::parse(json.as_bytes()).err().unwrap()
    }

    #[test]
    fn members_are_read() {
        let header = Header::parse(
            br#" {"typ":"at+jwt", "alg":"ES256","kid":"\u0061/../b","x5c":["a"],"zip":"DEF"}"#,
        )
        .unwrap();
        assert_eq!(header.algorithm, Algorithm::Es256);
        assert_eq!(header.kid.as_deref(), Some("a/../b"));
        assert_eq!(header.typ.as_deref(), Some("at+jwt"));
    }

    #[test]
    fn rfc7515_section_5_2_step_3_only_an_object_is_a_header() {
        for json in [
            "",
            "{",
            "{}",
            "null",
            r#""HS256""#,
            r#"["HS256"]"#,
            r#" ["HS256","a"]"#,
            r#"{"alg":"HS256"}x"#,
            "\0",
        ] {
            assert_eq!(defect(json), TokenDefect::Header, "{json}");
        }
    }

    #[test]
    fn rfc7515_section_4_names_are_unique() {
        for twice in [
            r#""alg":"HS256""#,
            r#""kid":"a""#,
            r#""typ":"JWT""#,
            r#""b64":true"#,
            r#""crit":[]"#,
        ] {
            assert_eq!(
                defect(&format!(r#"{{"alg":"HS256",{twice},{twice}}}"#)),
                TokenDefect::Header,
                "{twice}"
            );
        }
    }

    #[test]
    fn members_of_a_wrong_type_are_refused() {
        for member in [
            r#""kid":null"#,
            r#""kid":1"#,
            r#""kid":["a"]"#,
            r#""typ":{}"#,
            r#""typ":null"#,
            r#""b64":"false""#,
        ] {
            assert_eq!(
                defect(&format!(r#"{{"alg":"HS256",{member}}}"#)),
                TokenDefect::Header,
                "{member}"
            );
        }
        for alg in ["null", "1", "[]", "{}", "[\"HS256\"]"] {
            assert_eq!(
                defect(&format!(r#"{{"alg":{alg}}}"#)),
                TokenDefect::Header,
                "{alg}"
            );
        }
    }

    #[test]
    fn rfc7515_section_4_1_11_crit_is_never_understood() {
        for crit in [r#"["exp"]"#, "[]", "null", r#""b64""#, r#"["b64"]"#] {
            assert_eq!(
                defect(&format!(r#"{{"alg":"HS256","crit":{crit}}}"#)),
                TokenDefect::Critical,
                "{crit}"
            );
        }
    }

    #[test]
    fn rfc7797_section_3_unencoded_payload_is_refused() {
        assert_eq!(
            defect(r#"{"alg":"HS256","b64":false}"#),
            TokenDefect::UnencodedPayload
        );
        assert!(Header::parse(br#"{"alg":"HS256","b64":true}"#).is_ok());
    }

    #[test]
    fn none_in_every_case_is_told_apart() {
        for alg in ["none", "None", "NONE", "nOnE"] {
            assert_eq!(
                defect(&format!(r#"{{"alg":"{alg}"}}"#)),
                TokenDefect::AlgorithmNone
            );
        }
        for alg in ["", " HS256", "HS256 ", "hs256", "dir", "none "] {
            assert_eq!(
                defect(&format!(r#"{{"alg":"{alg}"}}"#)),
                TokenDefect::AlgorithmUnknown
            );
        }
    }

    #[test]
    fn kid_has_a_limit() {
        let header = |bytes| format!(r#"{{"alg":"HS256","kid":"{}"}}"#, "k".repeat(bytes));
        assert!(Header::parse(header(KID_BYTES_MAX).as_bytes()).is_ok());
        assert_eq!(defect(&header(KID_BYTES_MAX + 1)), TokenDefect::KidTooLong);
    }
}
