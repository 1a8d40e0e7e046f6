//! `.curlrc`: options that curl takes before those of the command.
//!
//! Knows: which of them change who asks and on which way. The grammar of the file and of the options is the command
//! line's.

use countersign_cause::Cause;

use super::Home;
use super::tool::Tool;
use crate::case::{Case, LoginSource};
use crate::command;
use crate::finding::{Finding, Fix, Weight};
use crate::message::Request;
use crate::read::curl;

pub(super) fn apply(case: &mut Case, home: &mut Home) {
    if !Tool::Curl.sends(case) {
        return;
    }
    let found = [".curlrc", "_curlrc"]
        .into_iter()
        .find_map(|name| Some((name, home.text(name)?)));
    let (Some((name, text)), Some(request)) = (found, case.request.clone()) else {
        return;
    };
    let mut words = curl::words_of_config(&text);
    words.extend(["--url".to_owned(), request.url.to_string()]);
    let Ok(from_file) = curl::of_words(&words, &home.disk) else {
        let evidence = format!("`{name}` has options that curl does not have");
        let finding = Finding::new(Cause::CredentialsNotApplied, Weight::Slight, evidence);
        return case.noticed.push(finding);
    };
    case.transport.insecure |= from_file.transport.insecure;
    if case.transport.proxy.is_none() {
        case.transport.proxy.clone_from(&from_file.transport.proxy);
    }
    merge(case, from_file, name, &request);
}

/// The fields and the login of the file that come beside those of the command.
fn merge(case: &mut Case, mut from_file: Case, name: &str, original: &Request) {
    let Some(request) = from_file.request.take() else {
        return;
    };
    // The command's `-u` stands for the file's; a field of the file comes before the command's own.
    let is_own_login = case.login.is_some();
    let of_login = from_file
        .login
        .as_ref()
        .is_some_and(|login| login.source == LoginSource::Option);
    let mut added = Vec::new();
    for field in &request.fields {
        let is_authorization = field.name.eq_ignore_ascii_case("authorization");
        let is_there = original.fields.has(&field.name);
        let gives_way = if is_authorization && of_login {
            is_own_login || is_there
        } else {
            // curl sends a field of `-H` again, unless it is one that an option writes.
            is_there && !is_authorization
        };
        if !gives_way {
            added.push(field.clone());
        }
    }
    if let Some(own) = &mut case.request {
        for field in &added {
            own.fields.add(&field.name, field.value.clone());
        }
    }
    if !is_own_login && of_login && !original.fields.has("authorization") {
        case.login = from_file.login;
        case.negotiates = from_file.negotiates;
    }
    let names: Vec<String> = added.into_iter().map(|field| field.name).collect();
    note(case, &names, name, original);
}

fn note(case: &mut Case, names: &[String], name: &str, original: &Request) {
    let adds_authorization = names
        .iter()
        .any(|added| added.eq_ignore_ascii_case("authorization"));
    let adds_credential = adds_authorization
        || names.iter().any(|added| {
            crate::credential::is_telling_field(added) || added.eq_ignore_ascii_case("cookie")
        });
    if !adds_credential {
        return;
    }
    let is_doubled = adds_authorization && original.fields.has("authorization");
    let (cause, weight) = match is_doubled {
        true => (Cause::HeaderDuplicated, Weight::Strong),
        false => (Cause::CredentialsOverridden, Weight::Fair),
    };
    let evidence = format!(
        "`{name}` adds {} to every request of curl, and so to this one",
        super::listed(names)
    );
    let fix = Fix::new(
        Cause::CredentialsOverridden.entry().who,
        format!("take it out of `{name}`, or begin the command with `-q`, which keeps curl from reading the file"),
    )
    .with_command(command::curl(case, original).replacen("curl ", "curl -q ", 1));
    case.noticed
        .push(Finding::new(cause, weight, evidence).with_fix(fix));
}
