//! The claims set of a token, RFC 7519 section 4.
//!
//! Knows: the types of the registered claims, and how lists are written in tokens. Does not know: which values are
//! wanted; see `expectations`.

use std::fmt;

use serde_json::{Map, Number, Value};

use crate::TokenDefect;
use crate::strict_json::Object;

/// The claims of a token.
#[derive(Clone)]
pub struct Claims {
    members: Map<String, Value>,
    typ: Option<Box<str>>,
    pub(crate) times: Times,
}

/// The registered times, in whole seconds since 1970, rounded to the side that refuses.
#[derive(Clone, Copy, Default)]
pub(crate) struct Times {
    pub(crate) expires: Option<i64>,
    pub(crate) not_before: Option<i64>,
    pub(crate) issued: Option<i64>,
}

impl Claims {
    pub(crate) fn parse(payload: &[u8], typ: Option<Box<str>>) -> Result<Claims, TokenDefect> {
        // RFC 7519 section 4: claim names MUST be unique; a second one is refused.
        let members = Object::parse(payload).ok_or(TokenDefect::Claims)?;
        Claims::of_members(members, typ)
    }

    /// Claims of members that are known to have unique names.
    pub(crate) fn of_members(
        members: Map<String, Value>,
        typ: Option<Box<str>>,
    ) -> Result<Claims, TokenDefect> {
        for name in ["iss", "sub", "jti"] {
            if members.get(name).is_some_and(|value| !value.is_string()) {
                return Err(TokenDefect::Claim(name));
            }
        }
        // RFC 7519 section 4.1.3: an array of strings, or a single string.
        if members
            .get("aud")
            .is_some_and(|value| !is_text_or_texts(value))
        {
            return Err(TokenDefect::Claim("aud"));
        }
        let times = Times {
            expires: time(&members, "exp", f64::floor)?,
            not_before: time(&members, "nbf", f64::ceil)?,
            issued: time(&members, "iat", f64::ceil)?,
        };
        Ok(Claims {
            members,
            typ,
            times,
        })
    }

    /// Claims as they are, those of a wrong type too: for hearsay, never for a decision.
    pub(crate) fn unchecked(members: Map<String, Value>, typ: Option<Box<str>>) -> Claims {
        let lenient = |name, round| time(&members, name, round).unwrap_or(None);
        let times = Times {
            expires: lenient("exp", f64::floor),
            not_before: lenient("nbf", f64::ceil),
            issued: lenient("iat", f64::ceil),
        };
        Claims {
            members,
            typ,
            times,
        }
    }

    /// `iss`.
    pub fn issuer(&self) -> Option<&str> {
        self.text("iss")
    }

    /// `sub`.
    pub fn subject(&self) -> Option<&str> {
        self.text("sub")
    }

    /// `jti`.
    pub fn token_id(&self) -> Option<&str> {
        self.text("jti")
    }

    /// `aud`, one or several.
    pub fn audiences(&self) -> impl Iterator<Item = &str> {
        texts(self.claim("aud"))
    }

    /// `exp`, rounded down.
    pub fn expires_unix_secs(&self) -> Option<i64> {
        self.times.expires
    }

    /// `nbf`, rounded up.
    pub fn not_before_unix_secs(&self) -> Option<i64> {
        self.times.not_before
    }

    /// `iat`, rounded up.
    pub fn issued_unix_secs(&self) -> Option<i64> {
        self.times.issued
    }

    /// When the person behind the token has signed in, by `auth_time` (OpenID Connect Core section 2, RFC 9470 section
    /// 6.1), rounded down. What is no time says nothing.
    pub fn signed_in_unix_secs(&self) -> Option<i64> {
        whole_secs(self.claim("auth_time")?.as_number()?, f64::floor)
    }

    /// The `typ` of the token's header.
    pub fn typ(&self) -> Option<&str> {
        self.typ.as_deref()
    }

    /// The claim of that name.
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.members.get(name)
    }

    /// The claim of that name, where it is a string.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.claim(name).and_then(Value::as_str)
    }

    /// The claim of that name or, where there is none, the one at that path of member names joined by dots
    /// (`realm_access.roles`).
    pub fn at(&self, path: &str) -> Option<&Value> {
        if let Some(value) = self.claim(path) {
            return Some(value);
        }
        let (first, rest) = path.split_once('.')?;
        rest.split('.')
            .try_fold(self.claim(first)?, |value, name| value.get(name))
    }

    /// The strings at that path (see [`Claims::at`]): those of an array, or the one string that stands there.
    pub fn list(&self, path: &str) -> Vec<&str> {
        texts(self.at(path)).collect()
    }

    /// The scopes in the claims of those names, each once, in order. A string is a list separated by spaces (RFC 6749
    /// section 3.3, RFC 9068 section 2.2.3); some issuers write an array.
    pub fn scopes<N: AsRef<str>>(&self, names: &[N]) -> Vec<&str> {
        let mut scopes = Vec::new();
        for name in names {
            for scope in texts(self.at(name.as_ref())).flat_map(|text| text.split(' ')) {
                if !scope.is_empty() && !scopes.contains(&scope) {
                    scopes.push(scope);
                }
            }
        }
        scopes
    }

    /// All claims.
    pub fn members(&self) -> &Map<String, Value> {
        &self.members
    }

    /// All claims, to keep.
    pub fn into_members(self) -> Map<String, Value> {
        self.members
    }
}

// Claims are personal data.
impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Claims(..)")
    }
}

fn is_text_or_texts(value: &Value) -> bool {
    value.is_string()
        || value
            .as_array()
            .is_some_and(|values| values.iter().all(Value::is_string))
}

fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let single = value.and_then(Value::as_str);
    let several = value.and_then(Value::as_array);
    single
        .into_iter()
        .chain(several.into_iter().flatten().filter_map(Value::as_str))
}

/// RFC 7519 section 2, NumericDate: seconds since 1970, as a JSON number that may have a fraction.
pub(crate) fn time(
    members: &Map<String, Value>,
    name: &'static str,
    round: fn(f64) -> f64,
) -> Result<Option<i64>, TokenDefect> {
    let Some(value) = members.get(name) else {
        return Ok(None);
    };
    let secs = value
        .as_number()
        .and_then(|number| whole_secs(number, round));
    secs.map(Some).ok_or(TokenDefect::Claim(name))
}

/// `None` for what is not a time between 1970 and the year 9999: the end keeps sums of times and leeways in range, and
/// finds milliseconds.
fn whole_secs(number: &Number, round: fn(f64) -> f64) -> Option<i64> {
    const SECS_MAX: i64 = 253_402_300_799;
    if let Some(secs) = number.as_i64() {
        return (0..=SECS_MAX).contains(&secs).then_some(secs);
    }
    let secs = number
        .as_f64()
        .filter(|secs| (0.0..=SECS_MAX as f64).contains(secs))?;
    Some(round(secs) as i64)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use serde_json::json;

    use super::*;

    fn claims(json: &str) -> Result<Claims, TokenDefect> {
        Claims::parse(json.as_bytes(), None)
    }

    fn expires(exp: &str) -> Result<Option<i64>, TokenDefect> {
        claims(&format!(r#"{{"exp":{exp}}}"#)).map(|claims| claims.expires_unix_secs())
    }

    #[test]
    fn rfc7519_section_4_claim_names_are_unique() {
        for json in [
            r#"{"exp":1,"exp":2}"#,
            r#"{"aud":"a","sub":"b","aud":"c"}"#,
            r#"{"x":1,"x":1}"#,
            r#"{"sub":"a","su\u0062":"b"}"#,
        ] {
            assert_eq!(claims(json).unwrap_err(), TokenDefect::Claims, "{json}");
        }
    }

    #[test]
    fn only_an_object_is_a_claims_set() {
        for json in [
            "",
            "[]",
            "null",
            "\"sub\"",
            "1",
            "{",
            "{}{}",
            "{\"sub\":\"a\"",
            "\0",
            "eyJhbGciOiJub25lIn0.e30.",
        ] {
            assert_eq!(claims(json).unwrap_err(), TokenDefect::Claims, "{json}");
        }
    }

    #[test]
    fn rfc7519_section_2_times_are_numbers_and_may_have_a_fraction() {
        assert_eq!(expires("1300819380"), Ok(Some(1_300_819_380)));
        assert_eq!(expires("1300819380.9"), Ok(Some(1_300_819_380)));
        assert_eq!(expires("1.3e9"), Ok(Some(1_300_000_000)));
        assert_eq!(expires("0"), Ok(Some(0)));
        let claims = claims(r#"{"nbf":100.1,"iat":99.9}"#).unwrap();
        assert_eq!(
            (claims.times.not_before, claims.issued_unix_secs()),
            (Some(101), Some(100))
        );
    }

    #[test]
    fn times_that_are_no_times_are_refused() {
        for exp in [
            "\"1300819380\"",
            "null",
            "true",
            "[1]",
            "{}",
            "-1",
            "-0.5",
            "1e30",
            "9223372036854775807",
            "18446744073709551615",
            "1300819380000",
            "-9223372036854775808",
        ] {
            assert_eq!(expires(exp), Err(TokenDefect::Claim("exp")), "{exp}");
        }
        for exp in ["1e999", "NaN", "Infinity", "0x10", "01"] {
            assert_eq!(expires(exp), Err(TokenDefect::Claims), "{exp}");
        }
        for name in ["nbf", "iat"] {
            assert_eq!(
                claims(&format!(r#"{{"{name}":"1"}}"#)).unwrap_err(),
                TokenDefect::Claim(name)
            );
        }
    }

    #[test]
    fn rfc9470_section_6_1_the_time_of_the_sign_in() {
        let signed_in = |json| claims(json).unwrap().signed_in_unix_secs();
        assert_eq!(
            signed_in(r#"{"auth_time":1700000000}"#),
            Some(1_700_000_000)
        );
        assert_eq!(
            signed_in(r#"{"auth_time":1700000000.9}"#),
            Some(1_700_000_000)
        );
        for none in [
            "{}",
            r#"{"auth_time":"1700000000"}"#,
            r#"{"auth_time":-1}"#,
            r#"{"auth_time":1700000000000}"#,
            r#"{"auth_time":null}"#,
        ] {
            assert_eq!(signed_in(none), None, "{none}");
        }
    }

    #[test]
    fn registered_strings_are_strings() {
        for name in ["iss", "sub", "jti", "aud"] {
            for value in ["1", "null", "{}", "[1]", "true"] {
                let defect = claims(&format!(r#"{{"{name}":{value}}}"#)).unwrap_err();
                assert_eq!(
                    (defect, defect.claim()),
                    (TokenDefect::Claim(name), Some(name)),
                    "{value}"
                );
            }
        }
    }

    #[test]
    fn scopes_are_lists_in_strings_and_arrays() {
        let scopes = |json: &str, names: &[&str]| {
            let claims = claims(json).unwrap();
            claims
                .scopes(names)
                .into_iter()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            scopes(r#"{"scope":"read  write read"}"#, &["scope", "scp"]),
            ["read", "write"]
        );
        assert_eq!(
            scopes(
                r#"{"scp":["read","write"],"scope":"admin"}"#,
                &["scope", "scp"]
            ),
            ["admin", "read", "write"]
        );
        assert_eq!(
            scopes(r#"{"scp":["read write",1,null]}"#, &["scp"]),
            ["read", "write"]
        );
        for json in [
            r#"{"scope":""}"#,
            r#"{"scope":1}"#,
            r#"{"scope":{"read":true}}"#,
            "{}",
        ] {
            assert!(scopes(json, &["scope"]).is_empty(), "{json}");
        }
    }

    #[test]
    fn nested_claims_are_found_by_path_and_literal_names_win() {
        let claims = claims(
            r#"{"realm_access":{"roles":["a","b"]},"https://example.com/groups":["c"],"x.y":"literal","x":{"y":"nested"}}"#,
        )
        .unwrap();
        assert_eq!(claims.list("realm_access.roles"), ["a", "b"]);
        assert_eq!(claims.list("https://example.com/groups"), ["c"]);
        assert_eq!(claims.list("x.y"), ["literal"]);
        assert_eq!(claims.at("realm_access.roles.0"), None);
        assert_eq!(claims.at("realm_access.none"), None);
        assert_eq!(
            claims.at("realm_access"),
            Some(&json!({ "roles": ["a", "b"] }))
        );
    }

    #[test]
    fn claims_are_not_printed() {
        assert_eq!(
            format!("{:?}", claims(r#"{"sub":"alice"}"#).unwrap()),
            "Claims(..)"
        );
    }
}
