//! `.m2/settings.xml`: credentials by the id of a repository, which the request does not show.

use countersign_cause::Cause;

use super::tool::Tool;
use super::{Home, listed};
use crate::case::Case;
use crate::finding::{Finding, Fix, Weight};

pub(super) fn apply(case: &mut Case, home: &mut Home) {
    let is_sent = case
        .request
        .as_ref()
        .is_none_or(|request| request.fields.has("authorization"));
    if !Tool::Maven.sends(case) || is_sent {
        return;
    }
    let Some(text) = home.text(".m2/settings.xml") else {
        return;
    };
    let cause = Cause::CredentialsNotApplied;
    let ids = server_ids(&text);
    let (weight, evidence, fix) = if !text.contains("<settings") {
        (
            Weight::Strong,
            "`.m2/settings.xml` lacks its root element `settings`, so that Maven reads nothing of it".to_owned(),
            "put all of the file into one `<settings>` element",
        )
    } else if ids.is_empty() {
        (
            Weight::Strong,
            "`.m2/settings.xml` has no `server` with credentials".to_owned(),
            "add a `server` whose `id` is that of the repository in the project",
        )
    } else {
        (
            Weight::Strong,
            format!(
                "`.m2/settings.xml` has credentials for the ids {}, and none of them went with the request: Maven takes those whose id is the repository's",
                listed(&ids)
            ),
            "give `server` and repository the same `id`; `mvn help:effective-pom` shows that of the repository",
        )
    };
    let fix = Fix::new(cause.entry().who, fix);
    case.noticed.extend([
        Finding::new(cause, weight, evidence).with_fix(fix),
        Finding::new(Cause::CredentialsMissing, Weight::Against, String::new()),
    ]);
}

/// The ids of the elements `server` that have a user name or a password.
fn server_ids(text: &str) -> Vec<String> {
    text.split("<server>")
        .skip(1)
        .filter_map(|rest| rest.split("</server>").next())
        .filter(|server| server.contains("<password>") || server.contains("<username>"))
        .filter_map(|server| {
            let (_, id) = server.split_once("<id>")?;
            let (id, _) = id.split_once("</id>")?;
            Some(id.trim().to_owned())
        })
        .collect()
}
