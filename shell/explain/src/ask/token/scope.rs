//! Is it enough for this? The scopes that the refusal names against those of the token.
//!
//! Knows: where scopes and roles are written. Does not know whether the token is good.

use countersign_cause::Cause;
use countersign_jose::Hearsay;
use countersign_wire::bearer;
use serde_json::Value;

use super::Seen;
use crate::finding::{Fix, Weight};
use crate::message::Answer;

/// The scopes that a refusal names, and whether it says that they are wanting.
pub(super) struct Wanted {
    scopes: Vec<String>,
    insufficient: bool,
    forbidden: bool,
}

impl Wanted {
    pub(super) fn of(refusal: &Answer) -> Wanted {
        let mut wanted = Wanted {
            scopes: Vec::new(),
            insufficient: false,
            forbidden: refusal.status == 403,
        };
        let parsed = refusal.challenges();
        for asked in parsed.challenges.iter().filter_map(bearer::client::asked) {
            wanted.insufficient |=
                asked.error_code() == Some(bearer::server::ErrorCode::InsufficientScope);
            wanted.scopes.extend(asked.scopes().map(str::to_owned));
        }
        wanted
    }
}

/// `X-Accepted-OAuth-Scopes` names the scopes of which one is enough, `X-OAuth-Scopes` those of the token, whatever the
/// status is.
pub(super) fn by_fields(refusal: &Answer) -> Option<Seen> {
    let list = |name: &str| -> Option<Vec<String>> {
        let text = refusal.fields.text(name)?;
        let words = text.split(',').map(|word| word.trim().to_owned());
        Some(words.filter(|word| !word.is_empty()).collect())
    };
    let (own, accepted) = (list("x-oauth-scopes")?, list("x-accepted-oauth-scopes")?);
    if accepted.is_empty()
        || accepted
            .iter()
            .any(|scope| own.iter().any(|own| covers(own, scope)))
    {
        return None;
    }
    let has = match own.as_slice() {
        [] => "the token has none".to_owned(),
        own => format!("the token has{}", names(own)),
    };
    let evidence = format!(
        "the answer says that one of{} is needed, and that {has}",
        names(&accepted)
    );
    Some(Seen::soft(Cause::ScopeInsufficient, Weight::Strong, evidence).with_fix(fix(&accepted)))
}

/// What the scopes of a token show.
pub(super) fn look(heard: Option<&Hearsay<'_>>, wanted: &Wanted, told: bool) -> Option<Seen> {
    let claims = wanted.insufficient || told;
    // RFC 6750 section 3: `scope` says what is needed, whatever the refusal is for.
    if !claims && !wanted.forbidden {
        return heard.and_then(without_any);
    }
    let Some(heard) = heard else {
        let evidence = format!(
            "the refusal says that the scope does not suffice{}",
            names(&wanted.scopes)
        );
        return claims.then(|| {
            Seen::firm(Cause::ScopeInsufficient, Weight::Strong, evidence)
                .with_fix(fix(&wanted.scopes))
        });
    };
    let own = scopes_of(heard);
    let missing: Vec<String> = wanted
        .scopes
        .iter()
        .filter(|scope| !own.iter().any(|own| covers(own, scope)))
        .cloned()
        .collect();
    let has = match own.as_slice() {
        [] => "the token has none".to_owned(),
        own => format!("the token has{}", names(own)),
    };
    if !missing.is_empty() {
        let evidence = format!("the resource wants{}, and {has}", names(&missing));
        let weight = Weight::Strong;
        return Some(
            Seen::firm(Cause::ScopeInsufficient, weight, evidence).with_fix(fix(&missing)),
        );
    }
    if wanted.scopes.is_empty() && claims {
        let evidence = format!("the refusal says that the scope does not suffice; {has}");
        return Some(Seen::soft(
            Cause::ScopeInsufficient,
            Weight::Strong,
            evidence,
        ));
    }
    if claims {
        let evidence = format!(
            "the refusal says that the scope does not suffice, and the token has all that it names:{}",
            names(&wanted.scopes)
        );
        return Some(Seen::soft(
            Cause::VerifierMisconfigured,
            Weight::Fair,
            evidence,
        ));
    }
    without_any(heard)
}

/// Tokens of Microsoft's that carry neither a delegated scope nor a role open nothing.
fn without_any(heard: &Hearsay<'_>) -> Option<Seen> {
    let issuer = heard.issuer()?;
    let of_entra = issuer.starts_with("https://sts.windows.net/")
        || issuer.starts_with("https://login.microsoftonline.com/");
    let none = heard.claim("scp").is_none() && heard.claim("roles").is_none();
    (of_entra && none && !heard.is_id_token()).then(|| {
        let evidence = "the token has neither `scp` nor `roles`: nothing was granted for this API";
        Seen::soft(Cause::ScopeInsufficient, Weight::Fair, evidence)
    })
}

/// The scopes and roles of a token; of a registry's token what it may do where.
fn scopes_of(heard: &Hearsay<'_>) -> Vec<String> {
    let mut own: Vec<String> = heard
        .scopes(&["scope", "scp", "permissions", "roles"])
        .into_iter()
        .map(str::to_owned)
        .collect();
    let access = heard.claim("access").and_then(Value::as_array);
    for entry in access.into_iter().flatten() {
        let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
        let actions: Vec<&str> = entry
            .get("actions")
            .and_then(Value::as_array)
            .map(|actions| actions.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        own.push(format!(
            "{}:{}:{}",
            text("type"),
            text("name"),
            actions.join(",")
        ));
    }
    own
}

/// Whether one scope has all of another: the same, or a registry's with more actions.
fn covers(own: &str, wanted: &str) -> bool {
    if own == wanted {
        return true;
    }
    let (Some((own_place, own_actions)), Some((place, actions))) =
        (own.rsplit_once(':'), wanted.rsplit_once(':'))
    else {
        return false;
    };
    let has = |action: &str| {
        own_actions
            .split(',')
            .any(|own| own == action || own == "*")
    };
    place.contains(':') && own_place == place && actions.split(',').all(has)
}

fn names(scopes: &[String]) -> String {
    let quoted: Vec<String> = scopes
        .iter()
        .take(6)
        .map(|scope| format!("`{scope}`"))
        .collect();
    match quoted.is_empty() {
        true => String::new(),
        false => format!(" {}", quoted.join(", ")),
    }
}

fn fix(missing: &[String]) -> Fix {
    let text = match missing {
        [] => Cause::ScopeInsufficient.entry().fix.to_owned(),
        missing => format!(
            "ask the issuer for a token with{} in its `scope`, and check that it was granted",
            names(missing)
        ),
    };
    Fix::new(Cause::ScopeInsufficient.entry().who, text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    use super::*;

    fn heard(claims: &Value) -> Hearsay<'static> {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}.AAAA", part(&json!({ "alg": "RS256" })), part(claims));
        Hearsay::of(text.as_bytes()).unwrap()
    }

    fn seen(claims: &Value, status: u16, challenge: &str) -> Option<Seen> {
        let mut refusal = Answer::new(status);
        refusal.fields.add("WWW-Authenticate", challenge);
        look(Some(&heard(claims)), &Wanted::of(&refusal), false)
    }

    #[test]
    fn rfc6750_section_3_1_the_missing_scopes_are_named() {
        let found = seen(
            &json!({ "scope": "read" }),
            403,
            "Bearer error=\"insufficient_scope\", scope=\"read write\"",
        )
        .unwrap();
        assert_eq!(found.finding.cause, Cause::ScopeInsufficient);
        assert!(found.firm);
        assert!(
            found.finding.evidence.contains("wants `write`"),
            "{}",
            found.finding.evidence
        );
    }

    #[test]
    fn a_scope_beside_another_error_is_no_complaint() {
        let challenge = "Bearer error=\"invalid_token\", scope=\"write\"";
        assert!(seen(&json!({ "scope": "read" }), 401, challenge).is_none());
    }

    #[test]
    fn a_token_with_all_of_them_is_not_to_blame() {
        let challenge = "Bearer error=\"insufficient_scope\", scope=\"read\"";
        let found = seen(&json!({ "scp": ["read"] }), 403, challenge).unwrap();
        assert_eq!(found.finding.cause, Cause::VerifierMisconfigured);
    }

    #[test]
    fn a_registrys_token_has_actions() {
        let access =
            json!({ "access": [{ "type": "repository", "name": "a/b", "actions": ["pull"] }] });
        let challenge = |scope: &str| {
            format!(
                "Bearer realm=\"https://auth.example\",scope=\"{scope}\",error=\"insufficient_scope\""
            )
        };
        let push = seen(&access, 401, &challenge("repository:a/b:pull,push")).unwrap();
        assert_eq!(push.finding.cause, Cause::ScopeInsufficient);
        let pull = seen(&access, 401, &challenge("repository:a/b:pull")).unwrap();
        assert_eq!(pull.finding.cause, Cause::VerifierMisconfigured);
    }
}
