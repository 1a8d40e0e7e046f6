//! Does the challenge name a place where a token has to be fetched first? Registries do: `Bearer
//! realm="https://auth.example/token",service="...",scope="..."`.
//!
//! Knows: how such a token is fetched and used. What is fetched without the user's credentials is used at the request's
//! own host alone; the user's go to the realm only where that is the request's own host.

use countersign_cause::Cause;
use serde_json::Value;
use url::Url;

use super::issuer::is_inside_name;
use crate::ask::trial::{self, Trial};
use crate::command;
use crate::credential::{Carrier, Credential, credentials_of, with_authorization, without};
use crate::finding::{Finding, Fix, Weight};
use crate::message::{Answer, Request};
use crate::probe::NoAnswer;
use crate::scene::Scene;

/// Takes the token out of the realm's answer.
const TOKEN_FILTER: &str = r#"sed -n -E 's/.*"(access_)?token" *: *"([^"]*)".*/\2/p' | head -n 1"#;

/// Asks the realm of a challenge for a token, and tries it.
pub(super) async fn ask(scene: &mut Scene<'_>) {
    let (Some(request), Some(refusal)) = (&scene.case.request, scene.refusal()) else {
        return;
    };
    let request = request.clone();
    let Some(realm) = realm_of(refusal) else {
        return;
    };
    let own = credentials_of(&request)
        .into_iter()
        .find(|credential| credential.carrier == Carrier::Authorization);
    // Whoever sends a token of the realm has been there.
    if own.as_ref().is_some_and(is_of_a_realm) {
        return;
    }
    if is_inside_name(&realm) && !is_inside_name(&request.url) {
        let evidence = format!(
            "the challenge sends clients to {} for a token: an address of the inside, out of reach for them",
            bare(&realm)
        );
        return unreachable(scene, evidence);
    }
    fetch(scene, &request, &realm, own.as_ref()).await;
}

/// The address for a token, with its parameters: RFC 6750 has no such thing, registries' token specification has.
fn realm_of(refusal: &Answer) -> Option<Url> {
    if refusal.status != 401 {
        return None;
    }
    let parsed = refusal.challenges();
    let challenge = parsed.challenges.iter().find(|challenge| {
        let names_more = challenge.param("service").is_some() || challenge.param("scope").is_some();
        challenge.is("bearer")
            && challenge.param("error") != Some("insufficient_scope")
            && names_more
    })?;
    let mut realm: Url = challenge.realm().parse().ok()?;
    if !matches!(realm.scheme(), "http" | "https") || realm.host().is_none() {
        return None;
    }
    for name in ["service", "scope"] {
        if let Some(value) = challenge.param(name) {
            realm.query_pairs_mut().append_pair(name, value);
        }
    }
    Some(realm)
}

fn is_of_a_realm(own: &Credential) -> bool {
    own.is("bearer") && own.secret.expose().starts_with(b"eyJ")
}

async fn fetch(scene: &mut Scene<'_>, request: &Request, realm: &Url, own: Option<&Credential>) {
    let basic = own.filter(|own| own.is("basic"));
    let mut with_login = Request::new("GET", realm.clone());
    if basic.is_some() {
        let line = request.fields.first("authorization").unwrap_or_default();
        with_login = with_authorization(&with_login, line);
    }
    let same_host = realm.origin() == request.url.origin();
    let asked_as_user = basic.is_some() && same_host;
    let why = "the token that the challenge sends clients for";
    let sent = match asked_as_user {
        true => scene.prober.send(&with_login, why).await,
        false => scene.prober.fetch(realm, why).await,
    };
    match sent {
        Ok(answer) if answer.is_success() => {
            let Some(token) = token_in(&answer) else {
                return needed(scene, request, &with_login, Weight::Fair, "");
            };
            passes(scene, request, &with_login, &token, asked_as_user).await;
        }
        Ok(answer) if matches!(answer.status, 400 | 401 | 403) => {
            let how = "; it gives none to callers without a login";
            needed(scene, request, &with_login, Weight::Strong, how);
        }
        Ok(answer) => {
            let evidence = format!(
                "the challenge sends clients to {} for a token, and the answer there is {}",
                bare(realm),
                answer.status
            );
            unreachable(scene, evidence);
        }
        Err(NoAnswer::Unreachable(why)) => {
            let evidence = format!(
                "the challenge sends clients to {} for a token, and nothing answers there ({})",
                bare(realm),
                why.detail
            );
            unreachable(scene, evidence);
        }
        Err(NoAnswer::Withheld(_)) => needed(scene, request, &with_login, Weight::Strong, ""),
    }
}

/// Sends the request with the token that the realm gave.
async fn passes(
    scene: &mut Scene<'_>,
    request: &Request,
    with_login: &Request,
    token: &str,
    asked_as_user: bool,
) {
    let bare = without(request, &Carrier::Authorization);
    let changed = scene.in_place_of(&with_authorization(&bare, format!("Bearer {token}")));
    let why = "the same with the token that the challenge's realm gives";
    match trial::run(scene, &changed, why).await {
        Trial::Passed(answer) => {
            let login = match asked_as_user {
                true => with_login.clone(),
                false => without(with_login, &Carrier::Authorization),
            };
            let how = format!(
                "; with the one that it gives the same request is answered {}",
                answer.status
            );
            needed(scene, request, &login, Weight::Proof, &how);
        }
        Trial::Changed(_) | Trial::Same | Trial::Unknown => {
            let how = match asked_as_user {
                true => "; the one that it gives for this login does not suffice",
                false => "; the one that it gives without a login does not suffice here",
            };
            needed(scene, request, with_login, Weight::Strong, how);
        }
    }
}

fn needed(scene: &mut Scene<'_>, request: &Request, login: &Request, weight: Weight, how: &str) {
    let evidence = format!(
        "the challenge sends clients to {} for a token, which then goes with the request{how}",
        bare(&login.url)
    );
    let login = command::curl(scene.case, login).replacen("curl", "curl -s", 1);
    let plain = without(request, &Carrier::Authorization);
    let line = command::curl(scene.case, &with_authorization(&plain, "Bearer token"));
    let fix = Fix::new(
        Cause::TokenExchangeNeeded.entry().who,
        "fetch a token at the address in the challenge, with the login if there is one, and send it as `Authorization: Bearer`",
    )
    .with_command(format!("TOKEN=$({login} | {TOKEN_FILTER}) && {line}"));
    scene.found(Finding::new(Cause::TokenExchangeNeeded, weight, evidence).with_fix(fix));
    // What was sent, or that nothing was, is in order for a first request.
    for cause in [Cause::SchemeNotAccepted, Cause::CredentialsMissing] {
        scene.found(Finding::new(cause, Weight::Against, String::new()));
    }
}

fn unreachable(scene: &mut Scene<'_>, evidence: String) {
    let fix = Fix::new(
        Cause::DiscoveryMissing.entry().who,
        "name an address in `realm` that clients reach: the public name and scheme of the token server, also behind a proxy (`X-Forwarded-Host`, `X-Forwarded-Proto`)",
    );
    scene.found(Finding::new(Cause::DiscoveryMissing, Weight::Strong, evidence).with_fix(fix));
    for cause in [Cause::SchemeNotAccepted, Cause::CredentialsMissing] {
        scene.found(Finding::new(cause, Weight::Against, String::new()));
    }
}

fn bare(realm: &Url) -> String {
    let mut url = realm.clone();
    url.set_query(None);
    url.into()
}

fn token_in(answer: &Answer) -> Option<String> {
    let document: Value = serde_json::from_slice(&answer.body).ok()?;
    let token = ["token", "access_token"]
        .into_iter()
        .find_map(|name| document.get(name)?.as_str())?;
    let plain = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    plain.then(|| token.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn realm(challenge: &str) -> Option<String> {
        let mut refusal = Answer::new(401);
        refusal.fields.add("WWW-Authenticate", challenge);
        realm_of(&refusal).map(String::from)
    }

    #[test]
    fn a_realm_that_is_an_address_is_where_a_token_comes_from() {
        assert_eq!(
            realm("Bearer realm=\"https://auth.example/token\",service=\"r.example\",scope=\"repository:a/b:pull\"")
                .as_deref(),
            Some("https://auth.example/token?service=r.example&scope=repository%3Aa%2Fb%3Apull")
        );
        for other in [
            "Bearer realm=\"api\", scope=\"read\"",
            "Bearer realm=\"https://auth.example/token\"",
            "Basic realm=\"https://auth.example/token\", service=\"x\"",
            "Bearer realm=\"https://auth.example/token\",service=\"x\",error=\"insufficient_scope\"",
        ] {
            assert_eq!(realm(other), None, "{other}");
        }
    }
}
