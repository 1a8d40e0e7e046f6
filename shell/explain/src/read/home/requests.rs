//! `.netrc` for requests: its entry becomes the authentication, and that is written last.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign_cause::Cause;
use countersign_secret::Secret;

use super::tool::Tool;
use super::{Home, authority};
use crate::case::{Case, Login, LoginSource};
use crate::command;
use crate::finding::{Finding, Fix, Weight};
use crate::read::netrc;

pub(super) fn apply(case: &mut Case, home: &mut Home) {
    // `auth=` is what the file gives way to; all else it replaces.
    let is_explicit = case
        .login
        .as_ref()
        .is_some_and(|login| login.source == LoginSource::Option);
    if !Tool::Requests.sends(case) || is_explicit {
        return;
    }
    let Some(request) = case.request.clone() else {
        return;
    };
    let host = request.url.host_str().unwrap_or_default().to_owned();
    let found = [".netrc", "_netrc"].into_iter().find_map(|name| {
        let text = home.text(name)?;
        Some((name, netrc::netrc(&text, &host)?))
    });
    let Some((name, (user, password))) = found else {
        return;
    };
    let line = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
    let given = request
        .fields
        .text("authorization")
        .map(std::borrow::Cow::into_owned);
    if given.as_deref() == Some(line.as_str()) {
        return;
    }
    note(case, name, &user, given.as_deref());
    if let Some(request) = &mut case.request {
        request.fields.set("Authorization", line);
    }
    case.login = Some(Login {
        user,
        password: Secret::new(password),
        source: LoginSource::Netrc,
    });
}

fn note(case: &mut Case, name: &str, user: &str, given: Option<&str>) {
    let Some(request) = &case.request else {
        return;
    };
    let host = authority(request);
    let cause = Cause::CredentialsOverridden;
    let Some(given) = given else {
        let evidence = format!(
            "`{name}` has an entry for `{host}`, and requests sends its user name `{user}` although the code gives none"
        );
        case.noticed
            .push(Finding::new(cause, Weight::Fair, evidence));
        return;
    };
    let word = given.split(' ').next().filter(|_| given.contains(' '));
    let evidence = format!(
        "`{name}` has an entry for `{host}` (user name `{user}`), which requests puts in the place of the `Authorization` of the code"
    );
    let text = format!(
        "remove the entry for `{host}` from `{name}`, or set `trust_env = False` on the session, or give the token by an `auth` object of its own"
    );
    let fix = Fix::new(cause.entry().who, text).with_command(command::curl(case, request));
    let wire = format!(
        "on the wire is `Basic` with the user name `{user}`, not the `{}` of the code",
        word.unwrap_or("credential")
    );
    case.noticed.extend([
        Finding::new(cause, Weight::Strong, evidence).with_fix(fix),
        Finding::new(cause, Weight::Fair, wire),
        // Whether that one is good nobody has asked.
        Finding::new(Cause::CredentialsRejected, Weight::Against, String::new()),
    ]);
}
