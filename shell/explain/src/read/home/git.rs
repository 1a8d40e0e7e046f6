//! `.git-credentials` and `http.extraHeader` of `.gitconfig`.
//!
//! Knows: what git adds to a request by itself. Does not know helpers but `store`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign_cause::Cause;
use countersign_secret::Secret;
use countersign_wire::basic;
use url::Url;

use super::tool::Tool;
use super::{Home, authority, ini};
use crate::case::{Case, Login, LoginSource};
use crate::command;
use crate::credential::{Carrier, credentials_of};
use crate::finding::{Finding, Fix, Weight};
use crate::message::Request;
use crate::percent;

/// Stands for the `*` of a host while an address is parsed.
const ANY_LABEL: &str = "any-label-at-all";

pub(super) fn apply(case: &mut Case, home: &mut Home) {
    if !Tool::Git.sends(case) {
        return;
    }
    let config = home.text(".gitconfig").unwrap_or_default();
    let pairs = ini::pairs(&config);
    extra_header(case, &pairs);
    if let Some(text) = home.text(".git-credentials") {
        let is_used = pairs.iter().any(|pair| {
            pair.section == "credential" && pair.key == "helper" && pair.value.contains("store")
        });
        stored(case, &text, is_used);
    }
}

/// git sends every `extraHeader` whose address fits, besides what it sends by itself.
fn extra_header(case: &mut Case, pairs: &[ini::Pair]) {
    let Some(original) = case.request.clone() else {
        return;
    };
    let fields: Vec<(String, String)> = pairs
        .iter()
        .filter(|pair| pair.section == "http" && pair.key == "extraheader")
        .filter(|pair| {
            pair.of
                .as_deref()
                .is_none_or(|of| is_about(of, &original.url))
        })
        .filter_map(|pair| {
            let (name, value) = pair.value.split_once(':')?;
            Some((name.trim().to_owned(), value.trim().to_owned()))
        })
        .filter(|(name, _)| name.eq_ignore_ascii_case("authorization"))
        .collect();
    for (name, value) in fields {
        let all: Vec<&[u8]> = original.fields.all("authorization").collect();
        if all.contains(&value.as_bytes()) {
            continue;
        }
        let (cause, evidence) = match all.is_empty() {
            true => (
                Cause::CredentialsOverridden,
                "`http.extraHeader` of `.gitconfig` puts an `Authorization` of its own into the request",
            ),
            false => (
                Cause::HeaderDuplicated,
                "`http.extraHeader` of `.gitconfig` puts a second `Authorization` into the request",
            ),
        };
        let fix = Fix::new(
            cause.entry().who,
            "remove the line: `git config --show-origin --get-all http.extraheader` shows where it is",
        )
        .with_command(command::curl(case, &original));
        let weight = match all.is_empty() {
            true => Weight::Fair,
            false => Weight::Strong,
        };
        case.noticed
            .push(Finding::new(cause, weight, evidence).with_fix(fix));
        if let Some(request) = &mut case.request {
            request.fields.add(&name, value);
        }
    }
}

/// Whether `[http "<address>"]` is about a URL, as git reads it: scheme, host and port are the same, a `*` of the host
/// stands for one label, and the path is the same up to the end of a segment.
fn is_about(of: &str, url: &Url) -> bool {
    // A `*` is a letter that no host has; it is compared apart.
    let Ok(of) = Url::parse(&of.replace('*', ANY_LABEL)) else {
        return false;
    };
    let labels = |url: &Url| -> Vec<String> {
        let host = url.host_str().unwrap_or_default();
        host.split('.').map(str::to_owned).collect()
    };
    let (own, others) = (labels(&of), labels(url));
    let is_host = own.len() == others.len()
        && own
            .iter()
            .zip(&others)
            .all(|(own, other)| own == ANY_LABEL || own == other);
    let folder = of.path().trim_end_matches('/');
    let rest = url.path().strip_prefix(folder);
    let is_user = of.username().is_empty() || of.username() == url.username();
    of.scheme() == url.scheme()
        && is_host
        && is_user
        && of.port_or_known_default() == url.port_or_known_default()
        && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// git asks the helper once it is challenged, and takes the first entry that fits.
fn stored(case: &mut Case, text: &str, is_used: bool) {
    let Some(request) = case.request.clone() else {
        return;
    };
    let wanted = case.login.as_ref().map(|login| login.user.clone());
    let Some((user, password)) = entry(text, &request, wanted.as_deref()) else {
        return;
    };
    let cause = Cause::CredentialsOverridden;
    let host = authority(&request);
    let sent = credentials_of(&request)
        .into_iter()
        .find(|credential| credential.carrier == Carrier::Authorization);
    if let Some(sent) = sent {
        let is_same = basic::server::parse(sent.secret.expose())
            .is_ok_and(|pair| pair.user() == user && pair.password() == password);
        if !is_same {
            let weight = if is_used {
                Weight::Fair
            } else {
                Weight::Slight
            };
            let evidence = format!(
                "`.git-credentials` has another credential for `{host}`, with the user name `{user}`"
            );
            case.noticed.push(Finding::new(cause, weight, evidence));
        }
        return;
    }
    let evidence = format!(
        "git takes the user name `{user}` and a password for `{host}` out of `.git-credentials`, where they stay until they are refused"
    );
    let fix = Fix::new(
        cause.entry().who,
        format!("take the line with `{host}` out of `.git-credentials`, and sign in again with a current token"),
    )
    .with_command(command::curl(case, &request).replacen("curl ", "curl -u \"user:$PASSWORD\" ", 1));
    case.noticed
        .push(Finding::new(cause, Weight::Strong, evidence).with_fix(fix));
    if let Some(own) = &mut case.request {
        let line = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
        own.fields.set("Authorization", line);
    }
    case.login = Some(Login {
        user,
        password: Secret::new(password),
        source: LoginSource::Field,
    });
}

fn entry(text: &str, request: &Request, wanted: Option<&str>) -> Option<(String, String)> {
    text.lines().find_map(|line| {
        let url: Url = line.trim().parse().ok()?;
        let fits = url.scheme() == request.url.scheme()
            && url.host_str() == request.url.host_str()
            && url.port_or_known_default() == request.url.port_or_known_default();
        let user = percent::decoded_text(url.username());
        let fits = fits && wanted.is_none_or(|wanted| wanted == user);
        fits.then(|| {
            (
                user,
                percent::decoded_text(url.password().unwrap_or_default()),
            )
        })
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::is_about;

    #[test]
    fn a_field_of_one_host_is_for_that_host() {
        for (of, url, fits) in [
            ("https://github.com", "https://github.com/a/b", true),
            ("https://github.com/", "https://github.com/a/b", true),
            ("https://github.com/a", "https://github.com/a/b", true),
            ("https://*.example.com", "https://git.example.com/a", true),
            ("https://github.com:443", "https://github.com/a", true),
            (
                "https://github.com",
                "https://github.com.evil.example/a",
                false,
            ),
            (
                "https://github.com",
                "https://github.com@evil.example/a",
                false,
            ),
            ("https://github.com", "https://github.com:8443/a", false),
            ("https://github.com", "http://github.com/a", false),
            ("https://github.com/a", "https://github.com/abc", false),
            ("https://*.example.com", "https://a.b.example.com/", false),
            ("https://*.example.com", "https://example.com/", false),
            ("github.com", "https://github.com/", false),
        ] {
            assert_eq!(is_about(of, &url.parse().unwrap()), fits, "{of} {url}");
        }
    }
}
