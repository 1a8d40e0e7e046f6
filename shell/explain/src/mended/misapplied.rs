//! Credentials that were given to a wrong argument of the client: fields that ended up in the body or in the query.
//!
//! Knows: how the arguments of clients are mixed up. Does not know whether the server wants the credential where it
//! would go: that is asked.

use countersign_cause::Cause;
use countersign_wire::credentials::is_known_scheme;
use countersign_wire::grammar::is_token;
use serde_json::{Map, Value};

use super::{Variant, authorization};
use crate::credential::field::is_credential_field;
use crate::credential::{Carrier, without};
use crate::message::{Fields, Request};

/// The request with the fields where they belong, and where they were.
pub(crate) struct Misapplied {
    pub(crate) request: Request,
    pub(crate) place: &'static str,
    /// The name of the field with the credential.
    pub(crate) name: String,
}

/// Finds the fields of a request that went into another part of it; none where it carries a credential as well.
#[must_use]
pub(crate) fn misapplied(request: &Request) -> Option<Misapplied> {
    let has_own = request
        .fields
        .iter()
        .any(|field| is_credential_field(&field.name));
    if has_own {
        return None;
    }
    in_member(request)
        .or_else(|| as_members(request))
        .or_else(|| in_lines(request))
        .or_else(|| in_query(request))
}

pub(super) fn variants(request: &Request) -> Vec<Variant> {
    let mended = misapplied(request).map(|found| Variant {
        cause: Cause::CredentialsNotApplied,
        request: found.request,
        what: "with the credential in a header field",
        fix_text: format!(
            "Give the client `{}` as a header of its own: it was put into {}.",
            found.name, found.place
        ),
        shell_filter: None,
    });
    mended.into_iter().collect()
}

/// `{"headers": {"Authorization": ...}}`: the configuration of a client went where its data goes.
fn in_member(request: &Request) -> Option<Misapplied> {
    let mut document: Value = serde_json::from_slice(request.body.as_deref()?).ok()?;
    let members = document.as_object_mut()?;
    let key = ["headers", "header"].into_iter().find(|key| {
        let inner = members.get(*key).and_then(Value::as_object);
        inner.is_some_and(|inner| named_in(inner).is_some())
    })?;
    let Some(Value::Object(inner)) = members.remove(key) else {
        return None;
    };
    let name = named_in(&inner)?;
    let mut moved = request.clone();
    for (name, value) in &inner {
        if let Some(value) = value.as_str().filter(|_| is_token(name.as_bytes())) {
            moved.fields.set(name, value);
        }
    }
    match members.is_empty() {
        true => bodiless(&mut moved),
        false => moved.body = serde_json::to_vec(&document).ok(),
    }
    Some(Misapplied {
        request: moved,
        place: "the body, where the client takes its data",
        name,
    })
}

/// `{"Authorization": "Bearer ..."}`: the fields became the data itself.
fn as_members(request: &Request) -> Option<Misapplied> {
    let document: Value = serde_json::from_slice(request.body.as_deref()?).ok()?;
    let members = document.as_object()?;
    let value_of = |name: &String| members.get(name).and_then(Value::as_str);
    let name = members.keys().find(|name| {
        let has_scheme = || value_of(name).is_some_and(begins_with_a_scheme);
        name.eq_ignore_ascii_case("authorization") && has_scheme()
    })?;
    let is_field = |name: &str| {
        name == "Accept" || name == "Content-Type" || name.to_ascii_lowercase().starts_with("x-")
    };
    // One member that is no field makes it data that somebody meant.
    if !members.keys().all(|other| other == name || is_field(other)) {
        return None;
    }
    let mut moved = request.clone();
    bodiless(&mut moved);
    for (name, value) in members {
        let value = value.as_str().filter(|_| is_token(name.as_bytes()))?;
        moved.fields.set(name, mended(value));
    }
    Some(Misapplied {
        request: moved,
        place: "the body, as data",
        name: name.clone(),
    })
}

fn begins_with_a_scheme(value: &str) -> bool {
    let word = value.split(' ').next().unwrap_or_default();
    value.contains(' ') && is_known_scheme(word.trim_end_matches(':').as_bytes())
}

/// The value with the faults of its own that are plain.
fn mended(value: &str) -> Vec<u8> {
    let mends = authorization::mends(value.as_bytes(), "");
    let sure = mends.into_iter().find(|mend| mend.sure);
    sure.map_or_else(|| value.as_bytes().to_vec(), |mend| mend.value)
}

fn named_in(members: &Map<String, Value>) -> Option<String> {
    let fits = |(name, value): &(&String, &Value)| {
        is_credential_field(name) && value.as_str().is_some_and(|value| !value.is_empty())
    };
    members.iter().find(fits).map(|(name, _)| name.clone())
}

/// `Authorization: Bearer ...` as the whole body: `-d` was written for `-H`.
fn in_lines(request: &Request) -> Option<Misapplied> {
    let text = std::str::from_utf8(request.body.as_deref()?).ok()?;
    let fields = fields_in(text)?;
    let name = fields
        .iter()
        .map(|field| field.name.clone())
        .find(|name| is_credential_field(name))?;
    let mut moved = request.clone();
    bodiless(&mut moved);
    for field in &fields {
        moved.fields.set(&field.name, field.value.clone());
    }
    Some(Misapplied {
        request: moved,
        place: "the body",
        name,
    })
}

/// The lines of a text, where each of them is a field.
pub(crate) fn fields_in(text: &str) -> Option<Fields> {
    let mut fields = Fields::default();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let (name, value) = line.split_once(':')?;
        let value = value.trim();
        let fits = is_token(name.as_bytes()) && !value.is_empty() && !value.starts_with("//");
        if !fits {
            return None;
        }
        fields.add(name, value);
    }
    fields.iter().next().is_some().then_some(fields)
}

/// `?Authorization=Bearer+...`: the second argument of a client was taken for its parameters.
fn in_query(request: &Request) -> Option<Misapplied> {
    let (parameter, value) = request.url.query_pairs().find(|(name, value)| {
        let word = value.split(' ').next().unwrap_or_default();
        let has_scheme = value.contains(' ') && is_known_scheme(word.as_bytes());
        has_scheme && field_of(name).is_some_and(|name| is_credential_field(&name))
    })?;
    let name = field_of(&parameter)?;
    let mut moved = without(request, &Carrier::Query(parameter.into_owned()));
    moved.fields.set(&name, value.as_bytes());
    Some(Misapplied {
        request: moved,
        place: "the query, where the client takes its parameters",
        name,
    })
}

/// `headers[Authorization]`, or the name alone.
fn field_of(parameter: &str) -> Option<String> {
    let inner = parameter
        .strip_prefix("headers[")
        .and_then(|rest| rest.strip_suffix(']'));
    let name = inner.unwrap_or(parameter);
    let fits = inner.is_some() || name.eq_ignore_ascii_case("authorization");
    fits.then(|| name.to_owned())
}

/// Without data there was no reason for the method that data makes.
fn bodiless(request: &mut Request) {
    request.body = None;
    for name in ["content-type", "content-length"] {
        request.fields.remove(name);
    }
    if request.method == "POST" {
        "GET".clone_into(&mut request.method);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn posted(body: &str) -> Request {
        let mut request = Request::new("POST", "http://127.0.0.1/x?a=1".parse().unwrap());
        request.fields.add("Content-Type", "application/json");
        request.body = Some(body.as_bytes().to_vec());
        request
    }

    #[test]
    fn the_headers_of_a_configuration_become_fields() {
        let body = r#"{"id":1,"headers":{"Authorization":"Bearer abcdefgh","X-Org":"7"}}"#;
        let found = misapplied(&posted(body)).unwrap();
        assert_eq!(found.name, "Authorization");
        let field = |name: &str| found.request.fields.text(name).unwrap().into_owned();
        assert_eq!(field("authorization"), "Bearer abcdefgh");
        assert_eq!(field("x-org"), "7");
        assert_eq!(found.request.body.unwrap(), br#"{"id":1}"#);
        assert_eq!(found.request.method, "POST");
    }

    #[test]
    fn fields_that_became_the_data_become_fields_again() {
        let body = r#"{"Authorization":"Bearer abcdefgh","X-Org":"7"}"#;
        let found = misapplied(&posted(body)).unwrap();
        assert_eq!(found.name, "Authorization");
        assert!(found.request.body.is_none() && found.request.fields.has("x-org"));
        for data in [
            r#"{"authorization":"granted","x-org":"7"}"#,
            r#"{"Authorization":"Bearer abcdefgh","amount":"7"}"#,
        ] {
            assert!(misapplied(&posted(data)).is_none(), "{data}");
        }
    }

    #[test]
    fn a_field_for_a_body_becomes_one() {
        let found = misapplied(&posted("Authorization: Bearer abcdefgh")).unwrap();
        assert_eq!(found.request.method, "GET");
        assert!(found.request.body.is_none() && found.request.fields.has("authorization"));
    }

    #[test]
    fn a_field_in_the_query_becomes_one() {
        let mut request = Request::new("GET", "http://127.0.0.1/x".parse().unwrap());
        request
            .url
            .set_query(Some("a=1&headers%5BAuthorization%5D=Bearer+abcdefgh"));
        let found = misapplied(&request).unwrap();
        assert_eq!(found.request.url.query(), Some("a=1"));
        assert!(found.request.fields.has("authorization"));
    }

    #[test]
    fn data_is_left_alone() {
        for body in [
            r#"{"headers":{"Subject":"x"}}"#,
            "note: see https://a.example",
            r#"{"token":"x"}"#,
            "a=1&b=2",
        ] {
            assert!(misapplied(&posted(body)).is_none(), "{body}");
        }
        let mut request = posted("Authorization: Bearer abcdefgh");
        request.fields.add("Authorization", "Bearer abcdefgh");
        assert!(misapplied(&request).is_none());
    }
}
