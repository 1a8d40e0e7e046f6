//! What was asked, as far as it gives the words of an answer another meaning.
//!
//! Knows: a small language of conditions, one to a string: `scheme bearer`, `no authorization`, `header X-Api-Key`,
//! `prefix ghp_`, `user *@*`, `password ghp_`, `key-password`, `form grant_type`. Does not know the words.

use crate::case::Case;
use crate::credential::{Carrier, Credential, credentials_of, form_of, has_login_in_body};
use crate::look::keys;
use crate::message::Request;
use countersign_wire::basic;

use super::glob;

/// The request, and its credentials.
pub(super) struct Asked<'c> {
    pub(super) request: Option<&'c Request>,
    pub(super) credentials: Vec<Credential>,
    form: Vec<(String, String)>,
}

impl<'c> Asked<'c> {
    pub(super) fn of(case: &'c Case) -> Asked<'c> {
        let request = case.request.as_ref();
        Asked {
            request,
            credentials: request.map(credentials_of).unwrap_or_default(),
            form: request.map(form_of).unwrap_or_default(),
        }
    }

    /// The value of `Authorization`.
    pub(super) fn authorization(&self) -> Option<&Credential> {
        let mut all = self.credentials.iter();
        all.find(|credential| credential.carrier == Carrier::Authorization)
    }

    /// The host of the request in lower case; empty where there is none.
    pub(super) fn host(&self) -> String {
        let host = self.request.and_then(|request| request.url.host_str());
        host.unwrap_or_default().to_ascii_lowercase()
    }

    /// Whether anything but cookies was sent as a credential.
    pub(super) fn has_credentials(&self) -> bool {
        let mut all = self.credentials.iter();
        all.any(|credential| credential.carrier != Carrier::Cookie)
    }

    fn password_fits(&self, fits: impl Fn(&[u8]) -> bool) -> bool {
        let basic = self
            .authorization()
            .filter(|credential| credential.is("basic"));
        basic
            .and_then(|basic| basic::server::parse(basic.secret.expose()).ok())
            .is_some_and(|parsed| fits(parsed.password().as_bytes()))
    }

    fn user(&self) -> Option<String> {
        let basic = self
            .authorization()
            .filter(|credential| credential.is("basic"))?;
        let parsed = basic::server::parse(basic.secret.expose()).ok()?;
        Some(parsed.user().to_lowercase())
    }
}

/// One condition on the request. Without a request none holds that asks for something.
#[derive(Debug)]
pub(super) struct Condition {
    negated: bool,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// Something in a request is a credential, cookies apart.
    Credentials,
    /// `Authorization` is there.
    Authorization,
    /// `Authorization` has no scheme word.
    Bare,
    /// A cookie is sent.
    Cookie,
    /// `Authorization` has a scheme word of this pattern, or one of several: `basic|bearer`.
    Scheme(String),
    /// A field of this name is there.
    Header(String),
    /// The name of a field that carries a credential has an underscore.
    Underscore,
    /// A parameter of the query has this name.
    Query(String),
    /// A parameter of the form has this name and a value with this pattern.
    Form(String, String),
    /// A credential begins so.
    Prefix(String),
    /// The password of Basic credentials begins so.
    Password(String),
    /// A credential has the shape of a JWT.
    Jwt,
    /// A credential has the shape of a GUID.
    Guid,
    /// The password of Basic credentials is a key or token of a known kind.
    KeyPassword,
    /// The user name of Basic credentials has this pattern.
    User(String),
    /// The path has this pattern.
    Path(String),
    /// The method is this one.
    Method(String),
    /// The body holds this pattern.
    Body(String),
}

impl Condition {
    /// Reads a condition; `None` for a word that is none.
    pub(super) fn parse(text: &str) -> Option<Condition> {
        let (negated, rest) = match text.strip_prefix("no ") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (word, value) = rest.split_once(' ').unwrap_or((rest, ""));
        let lower = value.to_lowercase();
        let kind = match (word, lower.is_empty()) {
            ("credentials", true) => Kind::Credentials,
            ("authorization", true) => Kind::Authorization,
            ("bare", true) => Kind::Bare,
            ("cookie", true) => Kind::Cookie,
            ("underscore", true) => Kind::Underscore,
            ("jwt", true) => Kind::Jwt,
            ("guid", true) => Kind::Guid,
            ("key-password", true) => Kind::KeyPassword,
            ("scheme", false) => Kind::Scheme(lower),
            ("header", false) => Kind::Header(lower),
            ("query", false) => Kind::Query(lower),
            ("form", false) => match lower.split_once('=') {
                Some((name, pattern)) => Kind::Form(name.to_owned(), pattern.to_owned()),
                None => Kind::Form(lower, "*".to_owned()),
            },
            ("prefix", false) => Kind::Prefix(value.to_owned()),
            ("password", false) => Kind::Password(value.to_owned()),
            ("user", false) => Kind::User(lower),
            ("path", false) => Kind::Path(lower),
            ("method", false) => Kind::Method(value.to_owned()),
            ("body", false) => Kind::Body(lower),
            _ => return None,
        };
        Some(Condition { negated, kind })
    }

    pub(super) fn holds(&self, asked: &Asked<'_>) -> bool {
        self.kind.holds(asked) != self.negated
    }
}

impl Kind {
    fn holds(&self, asked: &Asked<'_>) -> bool {
        let Some(request) = asked.request else {
            return false;
        };
        match self {
            Kind::Credentials => asked.has_credentials() || has_login_in_body(request),
            Kind::Authorization => asked.authorization().is_some(),
            Kind::Bare => asked
                .authorization()
                .is_some_and(|credential| credential.scheme_word.is_none()),
            Kind::Cookie => request.fields.has("cookie"),
            Kind::Scheme(pattern) => asked
                .authorization()
                .and_then(|credential| credential.scheme_word.as_deref())
                .is_some_and(|word| {
                    let word = word.to_lowercase();
                    pattern.split('|').any(|pattern| glob::covers(pattern, &word))
                }),
            Kind::Header(name) => request.fields.has(name),
            Kind::Underscore => asked.credentials.iter().any(|credential| {
                matches!(&credential.carrier, Carrier::Field(name) if name.contains('_'))
            }),
            Kind::Query(name) => request
                .url
                .query_pairs()
                .any(|(own, _)| own.eq_ignore_ascii_case(name)),
            Kind::Form(name, pattern) => asked.form.iter().any(|(own, value)| {
                own.eq_ignore_ascii_case(name) && glob::covers(pattern, &value.to_lowercase())
            }),
            Kind::Prefix(prefix) => secrets(asked).any(|secret| secret.starts_with(prefix.as_bytes())),
            Kind::Password(prefix) => asked
                .password_fits(|password| password.starts_with(prefix.as_bytes())),
            Kind::Jwt => secrets(asked).any(has_shape_of_jwt),
            Kind::Guid => secrets(asked).any(has_shape_of_guid),
            Kind::KeyPassword => asked.password_fits(|password| keys::of(password).is_some()),
            Kind::User(pattern) => asked
                .user()
                .is_some_and(|user| glob::covers(pattern, &user)),
            Kind::Path(pattern) => glob::covers(pattern, &request.url.path().to_lowercase()),
            Kind::Method(method) => request.method == *method,
            Kind::Body(pattern) => request.body.as_ref().is_some_and(|body| {
                glob::occurs(pattern, &String::from_utf8_lossy(body).to_lowercase())
            }),
        }
    }
}

fn secrets<'a>(asked: &'a Asked<'_>) -> impl Iterator<Item = &'a [u8]> {
    let all = asked.credentials.iter();
    all.map(|credential| credential.secret.expose().as_slice())
}

/// The beginning of a JSON object in base64url, and two stops. Whether it is a token is for others to say.
pub(crate) fn has_shape_of_jwt(secret: &[u8]) -> bool {
    secret.starts_with(b"eyJ") && secret.iter().filter(|byte| **byte == b'.').count() == 2
}

fn has_shape_of_guid(secret: &[u8]) -> bool {
    secret.len() == 36
        && secret.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::{Asked, Condition};
    use crate::case::Case;
    use crate::message::Request;

    fn holds(condition: &str, fields: &[(&str, &str)]) -> bool {
        let url = "https://api.example.com/v1/a?api_key=k".parse().unwrap();
        let mut request = Request::new("GET", url);
        for (name, value) in fields {
            request.fields.add(name, *value);
        }
        let case = Case {
            request: Some(request),
            ..Case::default()
        };
        Condition::parse(condition)
            .unwrap()
            .holds(&Asked::of(&case))
    }

    #[test]
    fn conditions_look_at_the_request() {
        let bearer = [("Authorization", "Bearer ghp_abc")];
        assert!(holds("scheme BEARER", &bearer) && !holds("scheme basic", &bearer));
        assert!(holds("no header X-Tenant", &bearer) && holds("header authorization", &bearer));
        assert!(holds("prefix ghp_", &bearer) && holds("no jwt", &bearer));
        assert!(holds("query api_key", &[]) && holds("path /v1/*", &[]));
        assert!(holds("bare", &[("Authorization", "abcdefgh")]) && !holds("bare", &bearer));
        assert!(holds("user *@*", &[("Authorization", "Basic YUBiOmM=")])); // a@b:c
        assert!(holds("underscore", &[("api_key", "x")]));
    }

    #[test]
    fn nothing_is_asked_for_without_a_request() {
        let case = Case::default();
        let holds = |text| Condition::parse(text).unwrap().holds(&Asked::of(&case));
        assert!(!holds("authorization") && holds("no authorization"));
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for text in ["", "sceme basic", "scheme", "jwt x", "no "] {
            assert!(Condition::parse(text).is_none(), "{text}");
        }
    }
}
