//! The token against its issuer: the name to the letter, and whether the keys can be had.
//!
//! Knows: names of issuers, and what the refusal says of them. What the keys make of the token is told by `verdict`.

use countersign_cause::Cause;
use countersign_jose::Hearsay;
use url::Url;

use super::Seen;
use super::audience::{Named, expected_in, quoted_in};
use super::clocks::Clocks;
use super::issuer::{self, Issuer, Trouble, difference, is_inside_name};
use super::said::Said;
use super::subject::Subject;
use super::verdict::Look;
use crate::cookie::{host_of, is_loopback};
use crate::finding::Weight;
use crate::message::Answer;
use crate::scene::Scene;

/// What the issuer's name shows against the one that the user expects.
pub(super) fn expected(heard: &Hearsay<'_>, expected: Option<&str>) -> Option<Seen> {
    let (own, expected) = (heard.issuer()?, expected?);
    (own != expected).then(|| {
        let evidence = format!(
            "`iss` of the token is `{own}`, and `{expected}` is expected: {}",
            difference(own, expected)
        );
        Seen::firm(Cause::IssuerMismatch, Weight::Strong, evidence)
    })
}

/// Asks the issuer, and lets the line decide with its keys.
pub(super) async fn ask(
    scene: &mut Scene<'_>,
    subject: &Subject,
    said: &[Said],
    clocks: Clocks,
    names: &[Named],
) -> (Vec<Seen>, Issuer) {
    let Some(heard) = &subject.heard else {
        return (Vec::new(), Issuer::default());
    };
    let Some(name) = heard.issuer().map(str::to_owned) else {
        return (Vec::new(), Issuer::default());
    };
    let issuer = issuer::ask(scene, &name).await;
    let clocks = Clocks {
        issuer: issuer.date_unix_secs,
        ..clocks
    };
    note_untold(scene, &name, &issuer);
    let mut seen = by_its_name(scene, &name, &issuer, said);
    if issuer.document.is_none() {
        seen.extend(by_the_server(scene, &name).await);
    }
    if let Some(keys) = &issuer.keys {
        let look = Look {
            scene,
            subject,
            heard,
            said,
            clocks,
            names,
        };
        seen.extend(look.at(keys, &issuer));
    }
    (seen, issuer)
}

/// The server that refuses may be the issuer itself, under another name than the one in the token: Keycloak's own API.
/// It is asked only where the address of the request has the path of the issuer's name in it.
async fn by_the_server(scene: &mut Scene<'_>, name: &str) -> Option<Seen> {
    let asked = scene.case.request.as_ref()?.url.clone();
    let named: Url = name.parse().ok()?;
    let path = named.path().trim_end_matches('/').to_owned();
    let is_below = format!("{}/", asked.path()).contains(&format!("{path}/"));
    if path.is_empty() || !is_below || named.origin() == asked.origin() {
        return None;
    }
    for place in [path.as_str(), ""] {
        let url = asked
            .join(&format!("{place}/.well-known/openid-configuration"))
            .ok()?;
        let why = "whether the server is the issuer under another name";
        let answer = scene.prober.fetch(&url, why).await.ok()?;
        let document = issuer::document(&answer);
        let own = document
            .as_ref()
            .and_then(|document| document.get("issuer")?.as_str());
        let Some(own) = own else {
            continue;
        };
        return (own != name).then(|| {
            let evidence = format!(
                "the server that is asked is an issuer itself and calls itself `{own}`, and `iss` of the token is `{name}`: {}",
                difference(name, own)
            );
            Seen::soft(Cause::IssuerMismatch, Weight::Strong, evidence)
        });
    }
    None
}

/// Without its issuer the signature of a token is not looked at, which is said.
fn note_untold(scene: &mut Scene<'_>, name: &str, issuer: &Issuer) {
    let why = match &issuer.trouble {
        Some(Trouble::NotAsked) if scene.prober.care().offline => return,
        Some(Trouble::NotAsked) => {
            "was not asked: it is at an internal address, or a limit was reached".to_owned()
        }
        Some(Trouble::Unresolved(_)) => "was not found: its name has no address".to_owned(),
        Some(Trouble::Silent { .. }) => "does not answer".to_owned(),
        Some(Trouble::Broken { status, .. } | Trouble::Unpublished { status, .. }) => {
            format!("answers {status} where its keys should be")
        }
        Some(Trouble::NotAddress | Trouble::Keys { .. }) | None => return,
    };
    scene.notes.push(format!(
        "the issuer `{name}` {why}, so the signature of the token was not checked"
    ));
}

/// The issuers and the algorithm that the refusal itself speaks of.
pub(super) fn by_the_words(heard: &Hearsay<'_>, said: &[Said]) -> Vec<Seen> {
    let mut seen = Vec::new();
    let algorithm = said
        .iter()
        .any(|said| said.exact && said.cause == Cause::AlgorithmNotAllowed);
    if let (Some(alg), true) = (heard.alg(), algorithm) {
        let evidence = format!("the token is signed with {alg}, and the server does not take that");
        seen.push(Seen::firm(
            Cause::AlgorithmNotAllowed,
            Weight::Strong,
            evidence,
        ));
    }
    let Some(own) = heard.issuer() else {
        return seen;
    };
    let told = said
        .iter()
        .filter(|said| said.exact && said.cause == Cause::IssuerMismatch);
    for said in told {
        let presented = quoted_in(&said.sentence, "issuer");
        if let Some(other) =
            presented.filter(|name| name.trim_end_matches('/') != own.trim_end_matches('/'))
        {
            let evidence = format!(
                "the server speaks of a token of `{other}`, and the one that was sent is of `{own}`: something in between sends its own"
            );
            seen.push(Seen::soft(
                Cause::ProxyReplacedCredentials,
                Weight::Strong,
                evidence,
            ));
            continue;
        }
        let expected = expected_in(&said.sentence).filter(|expected| expected != own);
        if let Some(expected) = expected {
            let evidence = format!(
                "`iss` of the token is `{own}`, and the server wants `{expected}`: {}",
                difference(own, &expected)
            );
            seen.push(Seen::firm(Cause::IssuerMismatch, Weight::Strong, evidence));
        } else if said.sentence.contains(own) {
            let evidence = format!("`iss` of the token is `{own}`");
            seen.push(Seen::firm(Cause::IssuerMismatch, Weight::Strong, evidence));
        }
    }
    seen
}

/// The tenant in the address that a challenge of Microsoft's services names, against the tenant of the token.
pub(super) fn by_the_challenge(heard: &Hearsay<'_>, refusal: &Answer) -> Option<Seen> {
    let issuer: Url = heard.issuer()?.parse().ok()?;
    let own = tenant(&issuer)?;
    let parsed = refusal.challenges();
    let named = parsed
        .challenges
        .iter()
        .filter_map(|challenge| challenge.param("authorization_uri"))
        .find_map(|text| tenant(&text.trim().parse().ok()?))?;
    (own != named).then(|| {
        let evidence = format!(
            "`iss` of the token is of the tenant {own}, and the challenge sends people to the tenant {named} for one"
        );
        Seen::firm(Cause::IssuerMismatch, Weight::Strong, evidence)
    })
}

/// The GUID that the path begins with.
fn tenant(url: &Url) -> Option<String> {
    let first = url.path_segments()?.next()?;
    let is_guid = first.len() == 36
        && first.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    is_guid.then(|| first.to_ascii_lowercase())
}

/// What the issuer's name shows: whether it answers, and to which name.
fn by_its_name(scene: &Scene<'_>, name: &str, issuer: &Issuer, said: &[Said]) -> Vec<Seen> {
    let mut seen = Vec::new();
    let told = |cause| said.iter().any(|said| said.exact && said.cause == cause);
    if let Some(own) = issuer.text("issuer") {
        // Microsoft publishes one document for all tenants, with a placeholder in the name.
        if own != name && !own.contains('{') {
            let evidence = format!(
                "`iss` of the token is `{name}`, and the issuer calls itself `{own}`: {}",
                difference(name, own)
            );
            seen.push(Seen::firm(Cause::IssuerMismatch, Weight::Strong, evidence));
        }
    }
    let status = scene.refusal().map_or(0, |answer| answer.status);
    match &issuer.trouble {
        Some(Trouble::Silent { url, detail }) => {
            let evidence =
                format!("nothing answers at {url} ({detail}), where the issuer's keys come from");
            let weight = match status >= 500 || told(Cause::IdentityBackendDown) {
                true => Weight::Strong,
                false => Weight::Fair,
            };
            let firm = told(Cause::IdentityBackendDown);
            let mut found = Seen::soft(Cause::IdentityBackendDown, weight, evidence);
            found.firm = firm;
            seen.push(found);
        }
        Some(Trouble::Broken { url, status: at }) => {
            let evidence = format!("the issuer answers {at} at {url}, where its keys come from");
            seen.push(Seen::firm(
                Cause::IdentityBackendDown,
                Weight::Strong,
                evidence,
            ));
        }
        Some(Trouble::Keys { url, defect }) => {
            let evidence =
                format!("what the issuer publishes at {url} is no usable key set: {defect}");
            seen.push(Seen::soft(
                Cause::IdentityBackendDown,
                Weight::Fair,
                evidence,
            ));
        }
        Some(Trouble::Unresolved(host)) if status >= 500 => {
            let evidence = format!("the issuer's name `{host}` has no address");
            seen.push(Seen::soft(
                Cause::IdentityBackendDown,
                Weight::Fair,
                evidence,
            ));
        }
        Some(
            Trouble::NotAddress
            | Trouble::Unresolved(_)
            | Trouble::Unpublished { .. }
            | Trouble::NotAsked,
        )
        | None => {}
    }
    seen.extend(of_the_inside(scene, name));
    seen
}

/// An issuer whose name is good only on one machine or in one network, on a token for a server elsewhere.
fn of_the_inside(scene: &Scene<'_>, name: &str) -> Option<Seen> {
    let request = scene.case.request.as_ref()?;
    let url: Url = name.parse().ok()?;
    let inside = is_inside_name(&url) && url.host_str() != request.url.host_str();
    let public = !is_inside_name(&request.url);
    (inside && (public || !is_loopback(&host_of(&url)))).then(|| {
        let evidence = format!(
            "`iss` of the token is `{name}`, a name that is good inside one machine or network alone; the server is likely to know the issuer by another"
        );
        Seen::soft(Cause::IssuerMismatch, Weight::Fair, evidence)
    })
}
