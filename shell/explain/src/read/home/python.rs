//! `.pypirc` for twine and `pip.conf` for pip.

use countersign_cause::Cause;
use url::Url;

use super::tool::Tool;
use super::{Home, authority, ini, listed};
use crate::case::Case;
use crate::command;
use crate::finding::{Finding, Fix, Weight};
use crate::message::Request;

/// The two indexes that twine knows by name, so that their section needs no address.
const KNOWN: [&str; 2] = ["testpypi", "pypi"];

/// Where pip looks for its configuration in a home directory.
const PIP_FILES: [&str; 3] = [".config/pip/pip.conf", ".pip/pip.conf", "pip/pip.ini"];

pub(super) fn apply(case: &mut Case, home: &mut Home) {
    if Tool::Twine.sends(case) {
        twine(case, home);
    }
    if Tool::Pip.sends(case) {
        pip(case, home);
    }
}

struct Index {
    name: String,
    repository: Option<Url>,
    user: String,
    has_token: bool,
}

impl Index {
    fn is_for(&self, request: &Request) -> bool {
        let host = request.url.host_str();
        match &self.repository {
            Some(url) => url.host_str() == host,
            None => known_by(host.unwrap_or_default()) == Some(self.name.as_str()),
        }
    }
}

/// The name under which twine knows a host: its labels in one word begin with it, but for `upload`.
fn known_by(host: &str) -> Option<&'static str> {
    let word: String = host.split('.').filter(|label| *label != "upload").collect();
    KNOWN.into_iter().find(|name| word.starts_with(name))
}

fn twine(case: &mut Case, home: &mut Home) {
    let (Some(text), Some(request)) = (home.text(".pypirc"), case.request.clone()) else {
        return;
    };
    let indexes = indexes(&text);
    let own = indexes.iter().find(|index| index.is_for(&request));
    let Some(own) = own else {
        let names: Vec<String> = indexes.into_iter().map(|index| index.name).collect();
        if !names.is_empty() && !request.fields.has("authorization") {
            let evidence = format!(
                "`.pypirc` has credentials for {}, and none for `{}`",
                listed(&names),
                authority(&request)
            );
            let finding = Finding::new(Cause::CredentialsNotApplied, Weight::Fair, evidence);
            case.noticed.push(finding);
        }
        return;
    };
    if own.has_token && own.user != "__token__" {
        let cause = Cause::BasicUsernameConvention;
        let evidence = format!(
            "`.pypirc` has an API token for `{}` with the user name `{}`, and tokens go with `__token__`",
            own.name, own.user
        );
        let fix = Fix::new(
            cause.entry().who,
            "write `username = __token__` in `.pypirc`",
        )
        .with_command(with_token(case, &request));
        case.noticed
            .push(Finding::new(cause, Weight::Strong, evidence).with_fix(fix));
    }
}

fn with_token(case: &Case, request: &Request) -> String {
    let mut bare = request.clone();
    bare.fields.remove("authorization");
    command::curl(case, &bare).replacen("curl ", "curl -u \"__token__:$PASSWORD\" ", 1)
}

fn indexes(text: &str) -> Vec<Index> {
    let mut found: Vec<Index> = Vec::new();
    for pair in ini::pairs(text) {
        if pair.section == "distutils" {
            continue;
        }
        if found.last().is_none_or(|index| index.name != pair.section) {
            found.push(Index {
                name: pair.section.clone(),
                repository: None,
                user: String::new(),
                has_token: false,
            });
        }
        let Some(index) = found.last_mut() else {
            continue;
        };
        match pair.key.as_str() {
            "repository" => index.repository = pair.value.parse().ok(),
            "username" => index.user = pair.value,
            "password" => index.has_token = pair.value.starts_with("pypi-"),
            _ => {}
        }
    }
    found
}

/// pip takes the user info of the index's address for every request to its host.
fn pip(case: &mut Case, home: &mut Home) {
    let Some(request) = case.request.clone() else {
        return;
    };
    for name in PIP_FILES {
        let Some(text) = home.text(name) else {
            continue;
        };
        let index = ini::pairs(&text)
            .into_iter()
            .filter(|pair| pair.key.ends_with("index-url"))
            .find_map(|pair| pair.value.parse::<Url>().ok());
        let Some(index) = index else {
            continue;
        };
        let is_here = index.host_str() == request.url.host_str();
        if is_here && !index.username().is_empty() && request.fields.has("authorization") {
            let evidence = format!(
                "`{name}` has the user name `{}` in the index's address, which pip sends to `{}`",
                index.username(),
                authority(&request)
            );
            let cause = Cause::CredentialsOverridden;
            case.noticed
                .push(Finding::new(cause, Weight::Slight, evidence));
        } else if !is_here && !index.username().is_empty() && !request.fields.has("authorization") {
            let evidence = format!(
                "`{name}` has credentials for the index at `{}`, and the request goes to `{}`",
                index.host_str().unwrap_or_default(),
                authority(&request)
            );
            let cause = Cause::CredentialsNotApplied;
            case.noticed
                .push(Finding::new(cause, Weight::Fair, evidence));
        }
    }
}
