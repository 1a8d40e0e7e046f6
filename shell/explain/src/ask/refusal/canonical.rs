//! A refusal that shows what the server signed: its canonical request, against the request that was sent.
//!
//! Knows: the canonical form of Signature Version 4, as services show it in an element, a member or a sentence. Computes no
//! signature, and sends nothing.

use countersign_cause::Cause;

use super::explained;
use crate::finding::{Finding, Fix, Weight};
use crate::message::Request;
use crate::percent;
use crate::scene::Scene;

/// A canonical request has no more lines than a request has fields, and some.
const LINES_MAX: usize = 128;

/// What the server took for the request.
#[derive(Debug, PartialEq, Eq)]
struct Canonical {
    path: String,
    query: String,
    /// Names in lower case, with their values.
    fields: Vec<(String, String)>,
}

/// Compares what the server says it signed with what was sent.
pub(super) fn look(scene: &mut Scene<'_>) {
    let (Some(request), Some(answer)) = (scene.case.request.as_ref(), explained(scene)) else {
        return;
    };
    let Some(shown) = canonical(&answer.text()) else {
        return;
    };
    let found = written_otherwise(request, &shown).or_else(|| altered(request, &shown));
    scene.findings.extend(found);
}

/// A method, a path, a query and at least `host:` after each other, each in its own line.
fn canonical(text: &str) -> Option<Canonical> {
    let text = text
        .replace("\\n", "\n")
        .replace("&#10;", "\n")
        .replace("&amp;", "&");
    let lines: Vec<&str> = text.lines().take(LINES_MAX * 8).collect();
    lines.windows(4).enumerate().find_map(|(at, window)| {
        let [method, path, query, first] = window else {
            return None;
        };
        let is_start = ends_with_method(method) && path.starts_with('/') && first.contains(':');
        if !is_start {
            return None;
        }
        let fields: Vec<(String, String)> = lines
            .iter()
            .skip(at + 3)
            .take(LINES_MAX)
            .map_while(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let has_host = fields.iter().any(|(name, _)| name == "host");
        has_host.then(|| Canonical {
            path: (*path).to_owned(),
            query: (*query).to_owned(),
            fields,
        })
    })
}

/// `<CanonicalRequest>GET`, `'POST`: the method ends the line on which it is shown.
fn ends_with_method(line: &str) -> bool {
    ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]
        .iter()
        .any(|method| {
            let before = line.trim_end().strip_suffix(method);
            before
                .is_some_and(|before| !before.ends_with(|last: char| last.is_ascii_alphanumeric()))
        })
}

/// A signed field that came to the server with another value than it was sent with.
fn altered(request: &Request, shown: &Canonical) -> Option<Finding> {
    let sent = |name: &str| match name {
        "host" => {
            let own = request
                .fields
                .text("host")
                .map(std::borrow::Cow::into_owned);
            own.or_else(|| {
                let host = request.url.host_str()?;
                Some(match request.url.port() {
                    Some(port) => format!("{host}:{port}"),
                    None => host.to_owned(),
                })
            })
        }
        _ => request.fields.text(name).map(std::borrow::Cow::into_owned),
    };
    shown.fields.iter().find_map(|(name, value)| {
        let own = sent(name)?;
        if own.trim() == value {
            return None;
        }
        // The value of another field may be a secret; a host is an address.
        let evidence = match name.as_str() {
            "host" => format!(
                "the server signed `host:{value}`, and the request was sent to `{own}`: something in between changed `Host`"
            ),
            _ => format!(
                "the server signed `{name}` with another value than it was sent with: something in between changed it"
            ),
        };
        let text = "let the proxy pass on what is signed as it came: `proxy_set_header Host $http_host`, no rewriting of the path";
        let fix = Fix::new(Cause::SignedPartAltered.entry().who, text);
        Some(Finding::new(Cause::SignedPartAltered, Weight::Proof, evidence).with_fix(fix))
    })
}

/// The path or the query in another writing, or another path.
fn written_otherwise(request: &Request, shown: &Canonical) -> Option<Finding> {
    let decoded = |text: &str| percent::decoded(text.as_bytes());
    let path = request.url.path();
    if path != shown.path {
        // Some services encode the path once more for signing, some do not.
        let twice = |text: &str| percent::decoded(&decoded(text));
        let is_same = twice(path) == twice(&shown.path);
        let (cause, evidence) = match is_same {
            true => (
                Cause::SignatureCanonicalization,
                "the server signed the path in another encoding than it was sent in",
            ),
            false => (
                Cause::SignedPartAltered,
                "the server signed another path than the one that was asked for: something in between rewrote it",
            ),
        };
        return Some(Finding::new(cause, Weight::Strong, evidence));
    }
    let sorted = |query: &str| {
        let mut pairs: Vec<Vec<u8>> = query
            .split('&')
            .filter(|pair| !pair.is_empty() && !pair.starts_with("X-Amz-Signature="))
            .map(|pair| decoded(pair.trim_end_matches('=')))
            .collect();
        pairs.sort();
        pairs
    };
    let query = request.url.query().unwrap_or_default();
    (sorted(query) != sorted(&shown.query)).then(|| {
        let evidence = "the server signed another query than the one that was sent";
        Finding::new(Cause::SignatureCanonicalization, Weight::Strong, evidence)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const SHOWN: &str = "<Error><CanonicalRequest>GET\n/plugins/\nlist-type=2\nhost:store:9000\nx-amz-date:20251231T235900Z\n\nhost;x-amz-date\nUNSIGNED-PAYLOAD</CanonicalRequest></Error>";

    fn request(url: &str) -> Request {
        let mut request = Request::new("GET", url.parse().unwrap());
        request.fields.add("X-Amz-Date", "20251231T235900Z");
        request
    }

    #[test]
    fn a_host_that_was_changed_is_told() {
        let shown = canonical(SHOWN).unwrap();
        let found = altered(
            &request("http://s3.example.test/plugins/?list-type=2"),
            &shown,
        );
        assert_eq!(found.unwrap().cause, Cause::SignedPartAltered);
        let same = request("http://store:9000/plugins/?list-type=2");
        assert!(altered(&same, &shown).is_none() && written_otherwise(&same, &shown).is_none());
    }

    #[test]
    fn another_writing_of_the_path_is_no_proxy() {
        let text = "The Canonical String for this request should have been\\n'GET\\n/a%2520b\\n\\nhost:h\\n";
        let shown = canonical(text).unwrap();
        let found = written_otherwise(&request("http://h/a%2520b"), &shown);
        assert!(found.is_none());
        let found = written_otherwise(&request("http://h/b?x=1"), &shown).unwrap();
        assert_eq!(found.cause, Cause::SignedPartAltered);
        assert!(canonical("GET\n/a\nb").is_none());
    }
}
