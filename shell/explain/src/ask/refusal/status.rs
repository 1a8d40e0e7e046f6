//! What a status says by itself: 407, 429, 431, 500 to 504, and the fields that go with them.

use countersign_cause::Cause;

use crate::command;
use crate::finding::{Finding, Fix, Weight};
use crate::message::{Answer, Request};
use crate::scene::Scene;
use crate::words::with_option;

pub(super) fn look(scene: &mut Scene<'_>) {
    let Some(refusal) = super::explained(scene) else {
        return;
    };
    match refusal.status {
        407 => proxy(scene, &refusal),
        // RFC 9110 section 11.7.1: a proxy that wants credentials says 407; some say 401 to CONNECT.
        401 if refusal.from_proxy => proxy(scene, &refusal),
        // RFC 4918 section 11.3 has it for resources; services without those have it for accounts.
        423 => found(scene, Cause::AccountLocked, "the status 423 says `Locked`"),
        431 => size(scene),
        // Of ASP.NET and IIS.
        440 => found(
            scene,
            Cause::SessionExpired,
            "the status 440 says that the sign-in timed out",
        ),
        // Of ArcGIS and those that took it over.
        498 => found(
            scene,
            Cause::TokenExpired,
            "the status 498 says that the token ran out or is not valid",
        ),
        499 => found(
            scene,
            Cause::CredentialsMissing,
            "the status 499 says that a token is due",
        ),
        500..=504 => backend(scene, &refusal),
        _ => {}
    }
    if refusal.status != 407 && refusal.fields.has("proxy-authenticate") {
        let evidence = format!(
            "the answer has `Proxy-Authenticate`, and the status {} in the place of 407",
            refusal.status
        );
        scene.found(Finding::new(
            Cause::ProxyAuthenticationRequired,
            Weight::Strong,
            evidence,
        ));
    }
    rate(scene, &refusal);
}

fn found(scene: &mut Scene<'_>, cause: Cause, evidence: &str) {
    scene.found(Finding::new(cause, Weight::Fair, evidence));
}

/// RFC 9110 section 15.5.8: the client must first authenticate itself with the proxy.
fn proxy(scene: &mut Scene<'_>, refusal: &Answer) {
    let status = refusal.status;
    let offers = refusal.fields.text("proxy-authenticate");
    let evidence = match &offers {
        Some(offers) => format!(
            "{status} comes from a forward proxy and not from the server; it offers {}",
            offers.split_whitespace().next().unwrap_or("no scheme")
        ),
        None => format!("{status} comes from a forward proxy and not from the server"),
    };
    let proxy = scene.case.transport.proxy.as_ref();
    let has_login = proxy.is_some_and(|proxy| !proxy.username().is_empty());
    let text = match has_login {
        true => {
            "the proxy refuses the user name and password that were sent to it: enter them again"
        }
        false => "give the client the user name and password of the proxy",
    };
    let mut fix = Fix::new(Cause::ProxyAuthenticationRequired.entry().who, text);
    if let (Some(request), Some(_)) = (&scene.case.request, proxy) {
        let command = command::curl(scene.case, request);
        fix = fix.with_command(match has_login {
            true => command,
            false => with_option(&command, "--proxy-user \"$PROXY_CREDENTIALS\""),
        });
    }
    let weight = match offers.is_some() || proxy.is_some() {
        true => Weight::Proof,
        false => Weight::Strong,
    };
    scene.found(Finding::new(Cause::ProxyAuthenticationRequired, weight, evidence).with_fix(fix));
}

/// RFC 6585 section 5: the fields are too large, all of them or one.
fn size(scene: &mut Scene<'_>) {
    let bytes = |request: &Request| -> usize {
        let lines = request.fields.iter();
        lines
            .map(|field| field.name.len() + field.value.len() + 4)
            .sum()
    };
    let request = scene.case.request.as_ref();
    let largest = request.and_then(|request| {
        let mut lines: Vec<_> = request.fields.iter().collect();
        lines.sort_by_key(|field| std::cmp::Reverse(field.value.len()));
        lines
            .first()
            .map(|field| (field.name.clone(), field.value.len()))
    });
    let evidence = match (request.map(bytes), largest) {
        (Some(all), Some((name, one))) => format!(
            "431 says that the fields are too large: they have {all} bytes, and `{name}` {one} of them"
        ),
        _ => "431 says that the fields of the request are too large".to_owned(),
    };
    scene.found(Finding::new(
        Cause::HeaderTooLarge,
        Weight::Strong,
        evidence,
    ));
}

/// The check itself failed. Without credentials there is nothing to check, so that the answer to none is a proper one.
fn backend(scene: &mut Scene<'_>, refusal: &Answer) {
    let status_of = |answer: &Option<Answer>| answer.as_ref().map(|answer| answer.status);
    let none = status_of(&scene.baseline.none);
    let made_up = status_of(&scene.baseline.made_up);
    let is_asked = matches!(none, Some(401 | 403));
    if !is_asked {
        return;
    }
    let given = refusal.status;
    // SOAP has a fault under 500 for whatever is wrong: what it says goes before its status.
    let is_told = scene.findings.iter().any(|finding| {
        finding.cause == Cause::CredentialsRejected && finding.weight >= Weight::Fair
    });
    if is_told && given == 500 {
        return;
    }
    let both = made_up.is_some_and(|made_up| made_up >= 500);
    let evidence = format!(
        "with credentials the answer is {given}, without them {}: it fails where they are checked",
        none.unwrap_or_default()
    );
    if both || given > 500 {
        let weight = match given {
            500 | 501 => Weight::Fair,
            _ => Weight::Strong,
        };
        scene.found(Finding::new(
            Cause::IdentityBackendDown,
            weight,
            evidence.clone(),
        ));
        scene.found(Finding::new(
            Cause::VerifierMisconfigured,
            Weight::Slight,
            evidence,
        ));
        return;
    }
    if made_up.is_some() {
        let evidence = format!(
            "unknown credentials are refused with {}, and these end in {given}: the check of this very account fails, as with a password hash that the server cannot read",
            made_up.unwrap_or_default()
        );
        scene.found(Finding::new(
            Cause::VerifierMisconfigured,
            Weight::Strong,
            evidence,
        ));
        return;
    }
    scene.found(Finding::new(
        Cause::IdentityBackendDown,
        Weight::Fair,
        evidence.clone(),
    ));
    scene.found(Finding::new(
        Cause::VerifierMisconfigured,
        Weight::Fair,
        evidence,
    ));
}

/// RFC 6585 section 4 has 429; others tell it with 401 or 403 and the fields alone.
fn rate(scene: &mut Scene<'_>, refusal: &Answer) {
    let wait = refusal.fields.text("retry-after");
    let spent = [
        "x-ratelimit-remaining",
        "x-rate-limit-remaining",
        "ratelimit-remaining",
    ]
    .iter()
    .any(|name| {
        refusal
            .fields
            .text(name)
            .is_some_and(|left| left.trim() == "0")
    });
    let is_429 = refusal.status == 429;
    let is_told_otherwise = matches!(refusal.status, 401 | 403) && (wait.is_some() || spent);
    if !is_429 && !is_told_otherwise {
        return;
    }
    let mut evidence = match is_429 {
        true => "the status 429 says that there were too many requests".to_owned(),
        false => format!(
            "the answer is {}, and its fields say that there were too many requests",
            refusal.status
        ),
    };
    let digits = wait
        .as_deref()
        .map(str::trim)
        .filter(|wait| !wait.is_empty() && wait.len() < 30);
    let text = match digits.and_then(|wait| wait.parse::<u32>().ok()) {
        Some(secs) => {
            evidence.push_str(&format!("; `Retry-After` is {secs} seconds"));
            format!("wait {secs} seconds, then try once; look for what else sends with this account or from this address")
        }
        None => "wait until the limit is over, then try once; look for what else sends with this account or from this address".to_owned(),
    };
    if spent {
        evidence.push_str("; none are left (`RateLimit-Remaining` is 0)");
    }
    let weight = match is_429 {
        true => Weight::Proof,
        false => Weight::Strong,
    };
    let fix = Fix::new(Cause::RateLimited.entry().who, text);
    scene.found(Finding::new(Cause::RateLimited, weight, evidence).with_fix(fix));
}
