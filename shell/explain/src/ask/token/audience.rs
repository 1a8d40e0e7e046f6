//! For whom is the token made, and who is asked?
//!
//! Knows: `aud`, and where a resource says who it is: the user's word, its metadata (RFC 9728), its refusal, its address.
//! Does not know signatures.

use countersign_cause::Cause;
use countersign_jose::Hearsay;
use url::{Host, Url};

use super::Seen;
use super::said::Said;
use crate::finding::{Fix, Weight};

/// The audience of Microsoft Graph, which has a number as well as a name.
const GRAPH: [&str; 3] = [
    "00000003-0000-0000-c000-000000000000",
    "https://graph.microsoft.com",
    "https://graph.microsoft.com/",
];

/// A name that the resource has for itself, and who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) audience: String,
    pub(super) by: &'static str,
}

/// The names of the resource that the user and the refusal tell.
pub(super) fn named(expected: Option<&str>, said: &[Said]) -> Vec<Named> {
    let mut found: Vec<Named> = Vec::new();
    if let Some(audience) = expected {
        found.push(Named {
            audience: audience.to_owned(),
            by: "as was given with `--audience`",
        });
    }
    let told = said
        .iter()
        .filter(|said| said.cause == Cause::AudienceMismatch)
        .filter_map(|said| expected_in(&said.sentence));
    found.extend(told.map(|audience| Named {
        audience,
        by: "as the refusal says",
    }));
    found
}

/// The word after `expected` in a sentence: `jwt audience invalid. expected: orders`, `Expected "p" but got "q"`.
pub(super) fn expected_in(sentence: &str) -> Option<String> {
    let lower = sentence.to_ascii_lowercase();
    let at = lower.find("expected")? + "expected".len();
    let rest = sentence.get(at..)?;
    let rest = rest.trim_start_matches([':', '=', ' ']);
    let rest = rest
        .strip_prefix("audience ")
        .or_else(|| rest.strip_prefix("issuer "))
        .or_else(|| rest.strip_prefix("to be "))
        .unwrap_or(rest);
    let quoted = rest.trim_start_matches(['"', '\'', '`', '[']);
    let value: String = quoted
        .chars()
        .take_while(|letter| !letter.is_whitespace() && !"\"'`,]".contains(*letter))
        .collect();
    let value = value.trim_end_matches(['.', ';']).to_owned();
    (!value.is_empty() && value.len() <= 200).then_some(value)
}

/// The word that a sentence quotes as what it was given: `The issuer 'X' is invalid`.
pub(super) fn quoted_in(sentence: &str, claim: &str) -> Option<String> {
    let lower = sentence.to_ascii_lowercase();
    let at = lower.find(&format!("the {claim} '"))? + claim.len() + "the  '".len();
    let value = sentence.get(at..)?.split('\'').next()?;
    (!value.is_empty()).then(|| value.to_owned())
}

/// What the audience of a token shows against the names of the resource and its address.
pub(super) fn look(
    heard: &Hearsay<'_>,
    names: &[Named],
    url: Option<&Url>,
    said: &[Said],
) -> Vec<Seen> {
    let audiences = heard.audiences();
    let told = said
        .iter()
        .any(|said| said.cause == Cause::AudienceMismatch);
    if let Some(named) = names
        .iter()
        .find(|named| !fits(&audiences, &named.audience))
    {
        return vec![against_a_name(&audiences, named)];
    }
    if !names.is_empty() {
        let evidence = String::new();
        return vec![Seen::soft(
            Cause::AudienceMismatch,
            Weight::Against,
            evidence,
        )];
    }
    if let Some(seen) = by_its_looks(&audiences, url) {
        return vec![seen];
    }
    if told && audiences.is_empty() {
        let evidence = "the token has no `aud` at all, and the server looks for itself in it";
        return vec![Seen::firm(
            Cause::AudienceMismatch,
            Weight::Strong,
            evidence,
        )];
    }
    if let Some((own, sentence)) = said.iter().find_map(|said| {
        let own = is_wanted(&said.sentence, &audiences)?;
        (said.cause == Cause::AudienceMismatch).then_some((own, said.sentence.as_str()))
    }) {
        let evidence = format!(
            "the server wants the audience `{own}`, which the token has, and speaks of another (\"{sentence}\"): it was another token that came to it"
        );
        let fix = Fix::new(
            Cause::ProxyReplacedCredentials.entry().who,
            "let what stands in between pass on the caller's `Authorization`, or fetch its own token for the audience that the application wants",
        );
        return vec![
            Seen::soft(Cause::ProxyReplacedCredentials, Weight::Strong, evidence).with_fix(fix),
            Seen::soft(Cause::AudienceMismatch, Weight::Excludes, String::new()),
        ];
    }
    if told {
        let evidence = format!("the token is made for {}", list(&audiences));
        let quotes = said.iter().any(|said| {
            said.cause == Cause::AudienceMismatch
                && audiences.iter().any(|own| said.sentence.contains(own))
        });
        let seen = match quotes {
            true => Seen::firm(Cause::AudienceMismatch, Weight::Strong, evidence),
            false => Seen::soft(Cause::AudienceMismatch, Weight::Strong, evidence),
        };
        return vec![seen];
    }
    Vec::new()
}

/// The own audience that a sentence names as the wanted one: behind the words for what is wanted, and not before them.
fn is_wanted<'a>(sentence: &str, audiences: &[&'a str]) -> Option<&'a str> {
    const WANTED: [&str; 9] = [
        "not one of",
        "did not match",
        "does not match",
        "expected",
        "must be",
        "must contain",
        "should be",
        "not in",
        "allowed",
    ];
    let lower = sentence.to_ascii_lowercase();
    let at = WANTED.iter().filter_map(|words| lower.find(words)).min()?;
    let (before, after) = (sentence.get(..at)?, sentence.get(at..)?);
    audiences.iter().copied().find(|own| {
        let own_is_long = own.len() >= 3;
        own_is_long && after.contains(own) && !before.contains(own) && names_somebody(before)
    })
}

/// Whether a sentence has a name in quotes or brackets.
fn names_somebody(text: &str) -> bool {
    text.contains(['\'', '"', '`', '(', '['])
}

/// RFC 7519 section 4.1.3: compared to the letter.
fn fits(audiences: &[&str], name: &str) -> bool {
    audiences.contains(&name)
}

fn against_a_name(audiences: &[&str], named: &Named) -> Seen {
    let difference = match audiences {
        [] => "it names no audience at all".to_owned(),
        _ => format!("its `aud` is {}", list(audiences)),
    };
    let near = audiences
        .iter()
        .find_map(|own| near(own, &named.audience))
        .map(|near| format!(": {near}"))
        .unwrap_or_default();
    let evidence = format!(
        "the token is not made for this resource, which is `{}` {}; {difference}{near}",
        named.audience, named.by
    );
    let fix = Fix::new(
        Cause::AudienceMismatch.entry().who,
        format!(
            "get a token whose `aud` is `{}` to the letter: name it in `audience`, `resource` or the scope when you ask the issuer for one",
            named.audience
        ),
    );
    Seen::firm(Cause::AudienceMismatch, Weight::Strong, evidence).with_fix(fix)
}

/// Two spellings that people take for one.
fn near(own: &str, wanted: &str) -> Option<&'static str> {
    let bare = |name: &str| name.trim_start_matches("api://").to_ascii_lowercase();
    if own.trim_end_matches('/') == wanted.trim_end_matches('/') {
        Some("they differ in the slash at the end")
    } else if bare(own) == bare(wanted) && own.starts_with("api://") != wanted.starts_with("api://")
    {
        Some("one has `api://` before the id of the application, the other has not")
    } else if own.eq_ignore_ascii_case(wanted) {
        Some("they differ in upper and lower case")
    } else {
        None
    }
}

/// Audiences that are somebody else's by what they are.
fn by_its_looks(audiences: &[&str], url: Option<&Url>) -> Option<Seen> {
    let url = url?;
    let host = url.host_str()?;
    if audiences.is_empty() {
        return None;
    }
    if audiences.iter().all(|own| own.ends_with("/userinfo")) {
        let own = audiences.first()?;
        let elsewhere = own.parse::<Url>().ok()?.origin() != url.origin();
        return elsewhere.then(|| {
            let evidence = format!("the token is made for {own} alone, the issuer's own profile page: no API was named when it was asked for");
            Seen::soft(Cause::AudienceMismatch, Weight::Strong, evidence)
        });
    }
    if audiences.iter().all(|own| GRAPH.contains(own)) && host != "graph.microsoft.com" {
        let evidence = "the token is made for Microsoft Graph, and no API of one's own can take it";
        return Some(Seen::soft(
            Cause::AudienceMismatch,
            Weight::Strong,
            evidence,
        ));
    }
    let origin = url.origin().ascii_serialization();
    if host.ends_with(".run.app") && !audiences.iter().any(|own| own.starts_with(&origin)) {
        let evidence = format!(
            "a service at this host takes `aud` {origin} alone, and the token's is {}",
            list(audiences)
        );
        return Some(Seen::soft(
            Cause::AudienceMismatch,
            Weight::Strong,
            evidence,
        ));
    }
    let addresses: Vec<Url> = audiences
        .iter()
        .filter_map(|own| own.parse().ok())
        .filter(|own: &Url| matches!(own.scheme(), "http" | "https"))
        .collect();
    let elsewhere =
        addresses.len() == audiences.len() && addresses.iter().all(|own| is_another_site(own, url));
    elsewhere.then(|| {
        let evidence = format!(
            "the token is made for {}, and this is {origin}",
            list(audiences)
        );
        Seen::soft(Cause::AudienceMismatch, Weight::Fair, evidence)
    })
}

/// Another service: both have public names of different owners, or both are on this machine at different ports.
fn is_another_site(own: &Url, url: &Url) -> bool {
    let is_loopback = |url: &Url| match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    if is_loopback(own) && is_loopback(url) {
        return own.port_or_known_default() != url.port_or_known_default();
    }
    match (own.host(), url.host()) {
        (Some(Host::Domain(a)), Some(Host::Domain(b))) => {
            let owner = |name: &str| psl::domain_str(name).map(str::to_owned);
            matches!((owner(a), owner(b)), (Some(a), Some(b)) if a != b)
        }
        _ => false,
    }
}

fn list(audiences: &[&str]) -> String {
    let quoted: Vec<String> = audiences
        .iter()
        .take(4)
        .map(|audience| format!("`{audience}`"))
        .collect();
    quoted.join(", ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    use super::*;

    fn heard(aud: &Value) -> Hearsay<'static> {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!(
            "{}.{}.AAAA",
            part(&json!({ "alg": "RS256" })),
            part(&json!({ "aud": aud }))
        );
        Hearsay::of(text.as_bytes()).unwrap()
    }

    fn of(aud: &Value, expected: Option<&str>, url: &str) -> Option<(Weight, String)> {
        let url: Url = url.parse().unwrap();
        let found = look(&heard(aud), &named(expected, &[]), Some(&url), &[]);
        found
            .first()
            .map(|seen| (seen.finding.weight, seen.finding.evidence.clone()))
    }

    #[test]
    fn the_own_audience_as_the_wanted_one_means_another_token() {
        let own = ["orders-api"];
        let other = "The audience of the token (gateway) is not one of: orders-api";
        assert_eq!(is_wanted(other, &own), Some("orders-api"));
        let plain = "Audience validation failed. Audiences: 'orders-api'. Did not match: 'billing'";
        assert_eq!(is_wanted(plain, &own), None);
        assert_eq!(
            is_wanted("invalid audience, expected orders-api", &own),
            None
        );
    }

    #[test]
    fn rfc7519_section_4_1_3_the_name_of_the_resource_is_compared_to_the_letter() {
        let here = "http://127.0.0.1:9000/";
        let (weight, _) = of(&json!("orders"), Some("orders"), here).unwrap();
        assert_eq!(weight, Weight::Against);
        for (aud, expected, word) in [
            (json!("https://a.example/"), "https://a.example", "slash"),
            (json!("api://1-2"), "1-2", "api://"),
            (json!(["x", "Orders"]), "orders", "case"),
            (json!([]), "orders", "no audience"),
        ] {
            let (weight, evidence) = of(&aud, Some(expected), here).unwrap();
            assert_eq!(weight, Weight::Strong);
            assert!(evidence.contains(word), "{evidence}");
        }
    }

    #[test]
    fn an_address_of_another_owner_fits_less() {
        let at = |aud: &str, url: &str| of(&json!(aud), None, url).map(|(weight, _)| weight);
        let other = "https://api.other.org/x";
        assert_eq!(at("https://api.example.com", other), Some(Weight::Fair));
        assert_eq!(at("https://a.example.com", "https://b.example.com/"), None);
        assert_eq!(at("orders", other), None);
        assert_eq!(
            at("https://api.example.com", "http://127.0.0.1:9000/"),
            None
        );
        assert_eq!(
            at("http://127.0.0.1:9001", "http://127.0.0.1:9000/"),
            Some(Weight::Fair)
        );
        assert_eq!(
            at("https://t.auth0.com/userinfo", other),
            Some(Weight::Strong)
        );
        assert_eq!(at(GRAPH[0], other), Some(Weight::Strong));
        assert_eq!(at(GRAPH[0], "https://graph.microsoft.com/v1.0/me"), None);
    }

    #[test]
    fn what_a_refusal_expects_is_read() {
        for (sentence, expected) in [
            ("jwt audience invalid. expected: orders", Some("orders")),
            (
                "Expected \"my-project\" but got \"x.apps\"",
                Some("my-project"),
            ),
            (
                "Invalid token issuer. Expected 'http://a:8080/r', but was 'http://b'",
                Some("http://a:8080/r"),
            ),
            ("The audience 'x' is invalid", None),
        ] {
            assert_eq!(expected_in(sentence).as_deref(), expected, "{sentence}");
        }
        assert_eq!(
            quoted_in("The issuer 'https://a' is invalid", "issuer").as_deref(),
            Some("https://a")
        );
    }
}
