//! The authorization of a Postman request: a type, and parameters of that type.
//!
//! Knows: where each type puts its credential. Does not know from which folder it was inherited.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign_cause::{Cause, Who};
use countersign_secret::Secret;
use serde_json::Value;

use super::variables::Variables;
use super::{list, text};
use crate::case::{Case, Login, LoginSource, Negotiated};
use crate::finding::{Finding, Fix, Weight};
use crate::message::Request;

/// Puts the credential of an authorization into the request.
pub(super) fn apply(auth: &Value, variables: &Variables, request: &mut Request, case: &mut Case) {
    let kind = auth.get("type").and_then(Value::as_str).unwrap_or_default();
    let own = Parameters {
        given: auth.get(kind),
        variables,
    };
    match kind {
        "" | "noauth" => {}
        "basic" => basic(&own, request, case),
        "bearer" => {
            let value = format!("Bearer {}", own.value("token"));
            authorize(request, case, value);
        }
        "apikey" => api_key(&own, request, case),
        "oauth2" => oauth2(&own, request, case),
        "digest" | "ntlm" => {
            case.login = Some(login(&own));
            case.negotiates = vec![match kind {
                "digest" => Negotiated::Digest,
                _ => Negotiated::Ntlm,
            }];
        }
        other => {
            let shown: String = other
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .take(20)
                .collect();
            case.left_out.push(format!(
                "the request is not signed as the authorization type `{shown}` would sign it"
            ));
        }
    }
}

/// The parameters: an object in version 2.0, a list of names and values in 2.1.
struct Parameters<'j> {
    given: Option<&'j Value>,
    variables: &'j Variables,
}

impl Parameters<'_> {
    fn find(&self, name: &str) -> Option<String> {
        let given = self.given?;
        let listed = list(Some(given))
            .iter()
            .find(|entry| entry.get("key").and_then(Value::as_str) == Some(name))
            .and_then(|entry| entry.get("value"));
        let value = listed.or_else(|| given.get(name)).and_then(text)?;
        Some(self.variables.expand(&value))
    }

    fn value(&self, name: &str) -> String {
        self.find(name).unwrap_or_default()
    }
}

fn login(own: &Parameters<'_>) -> Login {
    Login {
        user: own.value("username"),
        password: Secret::new(own.value("password")),
        source: LoginSource::Option,
    }
}

fn basic(own: &Parameters<'_>, request: &mut Request, case: &mut Case) {
    let login = login(own);
    let pair = format!("{}:{}", login.user, login.password.expose());
    if login.user.is_empty() && login.password.expose().is_empty() {
        case.noticed.push(Finding::new(
            Cause::CredentialsPlaceholder,
            Weight::Strong,
            "the authorization is of the type Basic, and both user name and password are empty",
        ));
    }
    authorize(request, case, format!("Basic {}", STANDARD.encode(pair)));
    case.login = Some(login);
}

fn api_key(own: &Parameters<'_>, request: &mut Request, case: &mut Case) {
    let (name, value) = (own.value("key"), own.value("value"));
    if name.is_empty() {
        case.noticed.push(Finding::new(
            Cause::CredentialsNotApplied,
            Weight::Strong,
            "the authorization is of the type API key, and the name of its field is empty, so no key is sent",
        ));
    } else if own.value("in") == "query" {
        request.url.query_pairs_mut().append_pair(&name, &value);
    } else if name.eq_ignore_ascii_case("authorization") {
        authorize(request, case, value);
    } else {
        request.fields.set(&name, value);
    }
}

fn oauth2(own: &Parameters<'_>, request: &mut Request, case: &mut Case) {
    let Some(token) = own.find("accessToken").filter(|token| !token.is_empty()) else {
        case.left_out.push(
            "the access token is not in the collection: Postman keeps it apart, so the request goes without it".to_owned(),
        );
        return;
    };
    if own.value("addTokenTo") == "queryParams" {
        request
            .url
            .query_pairs_mut()
            .append_pair("access_token", &token);
        return;
    }
    let prefix = own.find("headerPrefix").unwrap_or("Bearer".to_owned());
    let prefix = prefix.trim();
    if prefix.is_empty() {
        case.noticed.push(
            Finding::new(
                Cause::SchemeMissing,
                Weight::Strong,
                "the header prefix of the OAuth 2.0 authorization is empty, so the token is sent without `Bearer` before it",
            )
            .with_fix(Fix::new(Who::User, "Write `Bearer` into the field `Header Prefix`.")),
        );
    }
    let value = format!("{prefix} {token}");
    authorize(request, case, value.trim_start().to_owned());
}

/// The authorization takes the place of a field that is written by hand.
fn authorize(request: &mut Request, case: &mut Case, value: String) {
    let by_hand = request.fields.text("authorization");
    if by_hand.is_some_and(|by_hand| by_hand.as_ref() != value) {
        let evidence = "an `Authorization` is written by hand, and the authorization of the request or of its folder makes \
                        another, which takes its place";
        let text = "Take the field away, or set the authorization to `No Auth`.";
        case.noticed.push(
            Finding::new(Cause::CredentialsOverridden, Weight::Fair, evidence)
                .with_fix(Fix::new(Who::User, text)),
        );
    }
    request.fields.set("Authorization", value);
}
