//! The URL: user info that a client does not send, and placeholders.
//!
//! Knows: which clients make a field of user info. Does not know paths of any service.

use countersign_cause::Cause;
use countersign_wire::credentials::is_placeholder;

use super::secret::is_guid;
use crate::case::{Case, Client};
use crate::credential::is_telling_parameter;
use crate::finding::{Finding, Weight};
use crate::mended::undo;
use crate::message::Request;
use crate::read::sender::reads_user_info;

/// What is odd about the URL.
pub(super) fn look(case: &Case, request: &Request) -> Vec<Finding> {
    let mut found = userinfo(case, request);
    found.extend(cut(request));
    found.extend(placeholders(request));
    found.extend(parameter(request));
    found
}

/// A parameter that has a template's words for its value, whatever its name: `appid=YOUR_API_KEY`.
fn parameter(request: &Request) -> Option<Finding> {
    let open = |value: &str| {
        let lower = value.to_ascii_lowercase();
        is_placeholder(value.as_bytes())
            && ["your", "<", "{", "${", "%", "insert", "enter", "replace"]
                .iter()
                .any(|start| lower.starts_with(start))
    };
    let mut pairs = request.url.query_pairs();
    let (name, _) = pairs.find(|(name, value)| !is_telling_parameter(name) && open(value))?;
    let evidence = format!(
        "The parameter `{name}` has the words of an example for its value, in which nothing was put."
    );
    Some(Finding::new(
        Cause::CredentialsPlaceholder,
        Weight::Strong,
        evidence,
    ))
}

/// User name and password that are still in the URL were not made a field of.
fn userinfo(case: &Case, request: &Request) -> Vec<Finding> {
    let url = &request.url;
    if url.username().is_empty() && url.password().is_none() {
        return Vec::new();
    }
    let who = match case.client {
        Client::Browser => {
            "A page's `fetch` refuses such a URL, and `XMLHttpRequest` sends nothing of it."
        }
        Client::NodeFetch => "`fetch` refuses such a URL, and older ones send nothing of it.",
        Client::Dotnet => "`HttpClient` sends nothing of it.",
        Client::Java => "Java's clients send nothing of it.",
        Client::Curl | Client::PythonRequests | Client::Go => {
            "The client sends it in `Authorization: Basic`, unless that is set already."
        }
    };
    let ignores = !reads_user_info(case.client);
    if request.fields.has("authorization") {
        let evidence =
            "User name and password are in the URL, and other credentials in `Authorization`.";
        return vec![Finding::new(
            Cause::HeaderDuplicated,
            Weight::Slight,
            evidence,
        )];
    }
    let weight = if ignores {
        Weight::Strong
    } else {
        Weight::Slight
    };
    let mut found = vec![Finding::new(
        Cause::UserinfoEncoding,
        weight,
        format!("User name and password are in the URL and in no field. {who}"),
    )];
    if ignores {
        found.push(Finding::new(
            Cause::CredentialsMissing,
            Weight::Against,
            String::new(),
        ));
        found.push(Finding::new(
            Cause::CredentialsNotApplied,
            Weight::Slight,
            "The client was given a user name and a password, and no field of the request carries them.",
        ));
    }
    found
}

/// A password with `#` or `/` in it ends the host before the user info does.
fn cut(request: &Request) -> Option<Finding> {
    let url = &request.url;
    let at = |part: &str| part.find('@').is_some_and(|at| part.len() > at + 1);
    let in_fragment = url.fragment().is_some_and(at);
    let first = url.path().split('/').nth(1).unwrap_or_default();
    let in_path =
        at(first) && url.port().is_some() && !url.host_str().unwrap_or_default().contains('.');
    (in_fragment || in_path).then(|| {
        Finding::new(
            Cause::UserinfoEncoding,
            Weight::Strong,
            format!("The URL's host is read as `{}`, and an `@` comes after it: user name or password hold `#` or `/`, which have to be written `%23` and `%2F` there.", url.host_str().unwrap_or_default()),
        )
    })
}

/// Names in braces and the like, where a tenant, project or host belongs.
fn placeholders(request: &Request) -> Option<Finding> {
    let url = &request.url;
    let host = url.host_str().unwrap_or_default();
    let decoded = undo::percent(url.path().as_bytes());
    let path = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    let path = path.as_deref().unwrap_or(url.path());
    let segment = path.split('/').find(|part| is_open(part));
    if let Some(inner) = segment.and_then(inside).filter(|inner| is_guid(inner)) {
        let evidence = format!(
            "The path has brackets around `{inner}`, as documentation writes them around a placeholder."
        );
        return Some(Finding::new(
            Cause::CredentialQuoted,
            Weight::Strong,
            evidence,
        ));
    }
    let in_host = ["your-", "your_", "<", "{", "%7b", "$"].iter().any(|part| {
        host.split('.')
            .any(|label| label.to_ascii_lowercase().starts_with(part))
    });
    let what = match (segment, in_host) {
        (Some(segment), _) => segment.to_owned(),
        (None, true) => host.to_owned(),
        (None, false) => return None,
    };
    Some(Finding::new(
        Cause::CredentialsPlaceholder,
        Weight::Fair,
        format!("The URL has a placeholder in it that nothing was put in for: `{what}`."),
    ))
}

/// `{tenant}`, `{{tenant}}`, `${TENANT}`, `<tenant>`, `YOUR_TENANT`.
fn is_open(part: &str) -> bool {
    inside(part).is_some_and(|inner| {
        let name = inner
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_- .".contains(&byte));
        name && !inner.is_empty()
    }) || part.starts_with("YOUR_")
        || part.starts_with("$") && is_placeholder(part.as_bytes())
}

fn inside(part: &str) -> Option<&str> {
    [("${", "}"), ("{{", "}}"), ("{", "}"), ("<", ">")]
        .iter()
        .find_map(|(open, close)| part.strip_prefix(open)?.strip_suffix(close))
}
