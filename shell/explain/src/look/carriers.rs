//! Where the credentials of a request are: too many, in odd places, under odd names, too large.
//!
//! Knows: fields, cookies, query and body. Does not know what a vendor wants; see `vendor`.

use countersign_cause::{Cause, Who};
use countersign_wire::credentials::is_unset;
use countersign_wire::grammar::is_token;

use crate::case::Case;
use crate::command::curl;
use crate::credential::{Carrier, credentials_of, form_of, is_telling_field};
use crate::finding::{Finding, Fix, Weight};
use crate::mended::carriers::{is_misspelt, is_typo};
use crate::mended::doubled::{cookie_pairs, doubled_cookie, joined};
use crate::mended::misapplied::misapplied;
use crate::message::Request;

/// Everything about the places.
pub(super) fn look(case: &Case, request: &Request) -> Vec<Finding> {
    let mut found = several(request);
    found.extend(elsewhere(request));
    found.extend(cookies(request));
    found.extend(names(case, request));
    found.extend(odd_places(case, request));
    found.extend(sizes(request));
    found
}

/// Fields that the client was given as data or parameters.
fn elsewhere(request: &Request) -> Vec<Finding> {
    let Some(found) = misapplied(request) else {
        return Vec::new();
    };
    let evidence = format!(
        "`{}` was given to the client and is no field of the request: it is in {}.",
        found.name, found.place
    );
    vec![
        Finding::new(Cause::CredentialsNotApplied, Weight::Strong, evidence),
        Finding::new(Cause::CredentialsMissing, Weight::Against, String::new()),
    ]
}

/// Parameters that servers take an access token from.
const TOKEN_PARAMETERS: [&str; 8] = [
    "access_token",
    "token",
    "api_key",
    "apikey",
    "api-key",
    "auth_token",
    "jwt",
    "bearer_token",
];

fn several(request: &Request) -> Vec<Finding> {
    let credentials = credentials_of(request);
    let mut found = Vec::new();
    let in_field = request.fields.has("authorization");
    let parameter = credentials
        .iter()
        .find_map(|credential| match &credential.carrier {
            Carrier::Query(name) | Carrier::Form(name)
                if TOKEN_PARAMETERS.contains(&name.to_ascii_lowercase().as_str()) =>
            {
                Some(name)
            }
            Carrier::Query(_)
            | Carrier::Form(_)
            | Carrier::Authorization
            | Carrier::Field(_)
            | Carrier::Cookie => None,
        });
    // RFC 6750 section 2: clients MUST NOT use more than one method to transmit the token in each request.
    if let (true, Some(name)) = (in_field, parameter)
        && form_of(request)
            .iter()
            .all(|(other, _)| other != "grant_type" && other != "token_type_hint")
    {
        found.push(duplicated(Weight::Fair, format!("The request has a credential in `Authorization` and another in the parameter `{name}`.")));
    }
    let cookie = cookie_pairs(&request.fields)
        .into_iter()
        .find(|(name, _)| is_session(name));
    if let (true, Some((name, _))) = (in_field, cookie) {
        found.push(duplicated(Weight::Slight, format!("The request has a credential in `Authorization` and a session in the cookie `{name}`, and may be taken for either.")));
    }
    for field in &request.fields {
        let key =
            is_telling_field(&field.name) && !field.name.eq_ignore_ascii_case("authorization");
        let lines = request.fields.all(&field.name).count();
        let first = request.fields.first(&field.name) == Some(field.value.as_slice());
        if key && lines > 1 && first {
            found.push(duplicated(
                Weight::Strong,
                format!(
                    "The request has {lines} lines of `{}`, and only one is read.",
                    field.name
                ),
            ));
        }
        let text = String::from_utf8_lossy(&field.value);
        let halves = text
            .split_once(',')
            .map(|(one, other)| (one.trim(), other.trim()));
        if key && halves.is_some_and(|(one, other)| one == other && one.len() > 3) {
            found.push(duplicated(Weight::Strong, format!("`{}` holds the same key twice, joined with a comma: something made one of two lines.", field.name)));
        }
        if field.name.eq_ignore_ascii_case("authorization") && joined(&field.value).len() > 1 {
            found.push(duplicated(
                Weight::Strong,
                "`Authorization` holds two values, joined with a comma.".to_owned(),
            ));
        }
    }
    found
}

fn duplicated(weight: Weight, evidence: String) -> Finding {
    Finding::new(Cause::HeaderDuplicated, weight, evidence)
}

/// Whether a cookie's name is that of a session or token.
fn is_session(name: &str) -> bool {
    const PARTS: [&str; 7] = ["session", "sess", "sid", "auth", "token", "jwt", "login"];
    let name = name.to_ascii_lowercase();
    let public = ["csrf", "xsrf", "_ga", "consent"];
    PARTS.iter().any(|part| name.contains(part)) && !public.iter().any(|part| name.contains(part))
}

fn cookies(request: &Request) -> Vec<Finding> {
    let pairs = cookie_pairs(&request.fields);
    let mut found = Vec::new();
    if let Some(name) = doubled_cookie(&pairs) {
        let weight = if is_session(name) {
            Weight::Strong
        } else {
            Weight::Slight
        };
        let times = pairs.iter().filter(|(other, _)| other == name).count();
        let evidence = format!(
            "The request has {times} cookies named `{name}` with different values, and servers read one of them."
        );
        found.push(Finding::new(Cause::CookieDuplicated, weight, evidence));
    }
    let unset = |(name, value): &&(String, String)| is_session(name) && is_unset(value.as_bytes());
    if let Some((name, _)) = pairs.iter().find(unset) {
        let evidence = format!("The cookie `{name}` is empty or a placeholder.");
        found.push(Finding::new(
            Cause::CredentialsPlaceholder,
            Weight::Fair,
            evidence,
        ));
    }
    found
}

fn names(case: &Case, request: &Request) -> Vec<Finding> {
    let mut found = Vec::new();
    let has = request.fields.has("authorization");
    for field in &request.fields {
        let trimmed = field.name.trim();
        let like = trimmed.eq_ignore_ascii_case("authorization");
        if like && trimmed != field.name {
            let evidence = "The field's name has a blank before its colon, which is not allowed (RFC 9112 section 5.1).";
            found.push(Finding::new(
                Cause::HeaderMalformed,
                Weight::Strong,
                evidence,
            ));
        } else if is_misspelt(&field.name) {
            let weight = match (has, is_typo(trimmed)) {
                (true, _) => Weight::Slight,
                (false, true) => Weight::Strong,
                (false, false) => Weight::Fair,
            };
            let evidence = match field.name.is_ascii() {
                true => format!("The credential is in `{}`; the field that HTTP has for it is `Authorization`.", field.name),
                false => "The field's name looks like `Authorization` and has a letter of another script in it.".to_owned(),
            };
            found.push(Finding::new(Cause::HeaderWrongPlace, weight, evidence));
        } else if !is_token(field.name.as_bytes()) && is_telling_field(&field.name) {
            let evidence = format!(
                "The field's name `{}` holds a character that no name can hold, so the field is dropped on the way.",
                field.name
            );
            found.push(Finding::new(
                Cause::HeaderNameDropped,
                Weight::Strong,
                evidence,
            ));
        } else if is_telling_field(&field.name) && field.name.contains(['_', '.']) {
            let evidence = format!(
                "The field's name `{}` holds an underscore or dot, and nginx and others drop such fields.",
                field.name
            );
            found.push(Finding::new(
                Cause::HeaderNameDropped,
                Weight::Slight,
                evidence,
            ));
        }
    }
    if request.fields.has("proxy-authorization") && !has && case.transport.proxy.is_none() {
        found.push(for_a_proxy(case, request));
    }
    found
}

fn for_a_proxy(case: &Case, request: &Request) -> Finding {
    let mut moved = request.clone();
    let value = moved
        .fields
        .first("proxy-authorization")
        .unwrap_or_default()
        .to_vec();
    moved.fields.remove("proxy-authorization");
    moved.fields.set("Authorization", value);
    let fix = Fix::new(
        Who::Client,
        "Send the credential in `Authorization`: `Proxy-Authorization` is for a forward proxy, which keeps it to itself.",
    );
    Finding::new(
        Cause::HeaderWrongPlace,
        Weight::Fair,
        "The credential is in `Proxy-Authorization`, which is for a forward proxy, and no proxy is in use.",
    )
    .with_fix(fix.with_command(curl(case, &moved)))
}

/// Tokens in cookies, the query and the body, where there is none in a field.
fn odd_places(case: &Case, request: &Request) -> Vec<Finding> {
    let keyed = |field: &crate::message::Field| is_telling_field(&field.name);
    if request.fields.has("authorization") || request.fields.iter().any(keyed) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let misplaced =
        |weight, evidence: String| Finding::new(Cause::HeaderWrongPlace, weight, evidence);
    let pairs = cookie_pairs(&request.fields);
    let named =
        |names: &[&str], name: &str| names.iter().any(|other| name.eq_ignore_ascii_case(other));
    if let Some((name, _)) = pairs.iter().find(|(name, value)| {
        named(&["authorization", "bearer"], name) || value.starts_with("Bearer")
    }) {
        found.push(misplaced(
            Weight::Fair,
            format!("The token is in the cookie `{name}`, and there is no `Authorization`."),
        ));
    }
    if request
        .url
        .query_pairs()
        .any(|(name, value)| name == "access_token" && !value.is_empty())
    {
        // RFC 6750 section 2.3: the query is a way that servers need not support, and should not.
        found.push(misplaced(Weight::Slight, "The token is in the query, which most servers do not read it from (RFC 6750 section 2.3).".to_owned()));
    }
    let form = form_of(request);
    if form.iter().any(|(name, _)| name == "access_token") {
        found.push(misplaced(Weight::Slight, "The token is in the form, which most servers do not read it from (RFC 6750 section 2.2).".to_owned()));
    }
    if let Some((name, fix)) = in_json(case, request) {
        found.push(
            misplaced(
                Weight::Fair,
                format!(
                    "The credential is in the member `{name}` of the JSON body, and in no field."
                ),
            )
            .with_fix(fix),
        );
    }
    found
}

/// A member of a JSON body that is a token for this very request, and the request with it in `Authorization`.
fn in_json(case: &Case, request: &Request) -> Option<(&'static str, Fix)> {
    const MEMBERS: [&str; 8] = [
        "access_token",
        "accessToken",
        "api_key",
        "apiKey",
        "apikey",
        "authorization",
        "Authorization",
        "token",
    ];
    // Where tokens are handed out, looked at and taken back, they belong into the body.
    const ABOUT_TOKENS: [&str; 8] = [
        "token",
        "oauth",
        "login",
        "auth",
        "session",
        "introspect",
        "revoke",
        "verify",
    ];
    let path = request.url.path().to_ascii_lowercase();
    if ABOUT_TOKENS.iter().any(|word| path.contains(word)) {
        return None;
    }
    let mut document: serde_json::Value = serde_json::from_slice(request.body.as_deref()?).ok()?;
    let name = MEMBERS
        .into_iter()
        .find(|name| document.get(name).is_some_and(serde_json::Value::is_string))?;
    let token = document.as_object_mut()?.remove(name)?;
    let token = token.as_str()?.trim_start_matches("Bearer ").to_owned();
    let mut moved = request.clone();
    moved.body = serde_json::to_vec(&document).ok();
    moved.fields.set("Authorization", format!("Bearer {token}"));
    let fix = Fix::new(
        Who::Client,
        "Send the token in `Authorization: Bearer` and take it out of the body.",
    );
    Some((name, fix.with_command(curl(case, &moved))))
}

/// The usual limit of one buffer for a field, and for all of them in small servers.
const FIELD_BYTES_USUAL: usize = 8 * 1024;
/// The limit of all fields together in most servers.
const HEAD_BYTES_USUAL: usize = 16 * 1024;

fn sizes(request: &Request) -> Vec<Finding> {
    let size = |field: &crate::message::Field| field.name.len() + field.value.len() + 4;
    let total: usize = request.fields.iter().map(size).sum();
    let largest = request.fields.iter().max_by_key(|field| size(field));
    let Some(field) =
        largest.filter(|field| size(field) > FIELD_BYTES_USUAL || total > FIELD_BYTES_USUAL)
    else {
        return Vec::new();
    };
    let weight = match size(field) > FIELD_BYTES_USUAL || total > HEAD_BYTES_USUAL {
        true => Weight::Fair,
        false => Weight::Slight,
    };
    let evidence = format!(
        "The fields have {total} bytes, `{}` alone {}; many servers take 8192.",
        field.name,
        size(field)
    );
    vec![Finding::new(Cause::HeaderTooLarge, weight, evidence)]
}
