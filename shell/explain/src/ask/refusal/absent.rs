//! Nothing was sent, and something is wanted.
//!
//! Knows: the offers of the refusal, and how a request looks that takes one of them up.

use countersign_cause::Cause;
use countersign_wire::Challenge;

use crate::command;
use crate::credential::{credentials_of, has_login_in_body, with_authorization};
use crate::finding::{Finding, Fix, Weight};
use crate::message::{Answer, Request};
use crate::scene::Scene;
use crate::words::with_option;

pub(super) fn look(scene: &mut Scene<'_>) {
    let (Some(request), Some(refusal)) = (scene.case.request.clone(), super::explained(scene))
    else {
        return;
    };
    let is_bare = credentials_of(&request).is_empty();
    // With a login at hand the client waits for a challenge: nothing is missing but the answer to it.
    let has_login = scene.case.login.is_some() || !scene.case.negotiates.is_empty();
    let is_refusal = refusal.status == 401 || refusal.refuses;
    if !is_bare || has_login || !is_refusal || is_preflight(&request) {
        return;
    }
    let parsed = refusal.challenges();
    let offers: Vec<String> = parsed
        .challenges
        .iter()
        .map(|challenge| challenge.scheme_word().to_owned())
        .collect();
    let mut evidence = match refusal.refuses {
        true => "the request carries no credentials, and the answer is a refusal".to_owned(),
        false => "the request carries no credentials, and the answer is 401".to_owned(),
    };
    if !offers.is_empty() {
        evidence.push_str(&format!(", which asks for {}", offers.join(", ")));
    }
    // A realm that is an address is where a token is to be had first.
    let sends_elsewhere = parsed.challenges.iter().any(names_a_token_service);
    let weight = match offers.is_empty() || sends_elsewhere {
        // A sign-in carries its credentials in the body.
        true if has_login_in_body(&request) => Weight::Slight,
        true => Weight::Fair,
        false => Weight::Strong,
    };
    let finding = Finding::new(Cause::CredentialsMissing, weight, evidence);
    let fix = fix(scene, &request, &refusal);
    scene.found(match fix {
        Some(fix) => finding.with_fix(fix),
        None => finding,
    });
}

/// The Fetch standard: a preflight carries no credentials.
fn is_preflight(request: &Request) -> bool {
    request.method == "OPTIONS" && request.fields.has("access-control-request-method")
}

fn names_a_token_service(challenge: &Challenge) -> bool {
    challenge.is("bearer")
        && challenge.param("service").is_some()
        && challenge.realm().starts_with("http")
}

fn fix(scene: &Scene<'_>, request: &Request, refusal: &Answer) -> Option<Fix> {
    let parsed = refusal.challenges();
    // What needs no second exchange comes first.
    let order = ["bearer", "basic", "apikey", "digest", "negotiate", "ntlm"];
    let mut offers: Vec<&Challenge> = parsed.challenges.iter().collect();
    offers.sort_by_key(|challenge| {
        let place = order.iter().position(|word| challenge.is(word));
        place.unwrap_or(order.len())
    });
    let (text, command) = taking_up(scene, request, offers.first()?);
    let who = Cause::CredentialsMissing.entry().who;
    Some(Fix::new(who, text).with_command(command))
}

fn taking_up(scene: &Scene<'_>, request: &Request, challenge: &Challenge) -> (String, String) {
    let plain = command::curl(scene.case, request);
    let word = challenge.scheme_word();
    let of = match challenge.realm() {
        "" => String::new(),
        realm if realm.chars().count() <= 60 => format!(" for `{realm}`"),
        _ => String::new(),
    };
    let pair = "-u \"user:$PASSWORD\"";
    if challenge.is("basic") {
        let text = format!("send a user name and a password{of}");
        return (text, with_option(&plain, pair));
    }
    if challenge.is("digest") {
        let text = format!("send a user name and a password{of}, by Digest");
        return (text, with_option(&plain, &format!("--digest {pair}")));
    }
    if challenge.is("negotiate") {
        let text = "get a Kerberos ticket (`kinit`) and let the client use it".to_owned();
        return (text, with_option(&plain, "--negotiate -u :"));
    }
    if challenge.is("ntlm") {
        let text = format!("send a user name and a password{of}, by NTLM");
        return (text, with_option(&plain, &format!("--ntlm {pair}")));
    }
    if let Some(name) = challenge.param("header").filter(|name| is_field_name(name)) {
        let mut changed = request.clone();
        changed.fields.set(name, "key");
        let text = format!("send the key in the field `{name}`");
        return (text, command::curl(scene.case, &changed));
    }
    let changed = with_authorization(request, format!("{word} token"));
    let text = format!("send a token{of} in `Authorization: {word}`");
    (text, command::curl(scene.case, &changed))
}

fn is_field_name(name: &str) -> bool {
    crate::credential::is_telling_field(name)
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'))
}
