//! `.aws/credentials`: whether there are keys to sign with, and no more.

use countersign_cause::Cause;

use super::tool::Tool;
use super::{Home, ini, listed};
use crate::case::Case;
use crate::finding::{Finding, Weight};

pub(super) fn apply(case: &mut Case, home: &mut Home) {
    let is_signed = case.request.as_ref().is_none_or(|request| {
        let mut query = request.url.query_pairs();
        request.fields.has("authorization") || query.any(|(name, _)| name == "X-Amz-Signature")
    });
    if !Tool::Aws.sends(case) || is_signed {
        return;
    }
    let Some(text) = home.text(".aws/credentials") else {
        return;
    };
    let mut profiles: Vec<String> = ini::pairs(&text)
        .into_iter()
        .map(|pair| pair.section)
        .collect();
    profiles.dedup();
    if !profiles.is_empty() {
        let evidence = format!(
            "`.aws/credentials` has the profiles {}, and the request is not signed with any",
            listed(&profiles)
        );
        let finding = Finding::new(Cause::CredentialsNotApplied, Weight::Fair, evidence);
        case.noticed.push(finding);
    }
}
