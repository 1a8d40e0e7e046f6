//! Whom a provider vouches for, and whether they may sign in here.
//!
//! Knows: claims of a verified ID token, and the rules of the provider. Does not know users: a name here is a proposal, and
//! who is linked with whom is the store's.

use std::borrow::Cow;

use countersign_cause::Cause;
use countersign_jose::Claims;
use countersign_wire::basic::{USER_BYTES_MAX, normalized};
use serde_json::Value;

use super::{Fault, ProviderRules};

/// The most groups of one person.
const GROUPS_MAX: usize = 200;

/// The most bytes of all of them: they stand in the form that asks for a second factor, each as three bytes at most.
const GROUPS_BYTES_MAX: usize = 8 * 1024;

/// The longest name of a group.
const GROUP_BYTES_MAX: usize = 256;

/// Somebody who has signed in at a provider, and may sign in here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// `sub`: who it is at this provider, for ever (OpenID Connect Core 1.0 section 5.7).
    pub subject: Box<str>,
    /// The name of the user here at the first sign-in; `None`: the provider says none that could be one.
    pub name: Option<Box<str>>,
    /// The groups that the session gets beside those of the user.
    pub groups: Vec<Box<str>>,
    /// Whether what was shown to the provider counts as a second factor here.
    pub second_factor: bool,
    /// `auth_time`: when the person has shown it (OpenID Connect Core 1.0 section 2), where the provider says so.
    pub signed_in_unix_secs: Option<i64>,
}

/// Reads the claims of a verified ID token that was the answer to this sign-in.
///
/// # Errors
///
/// Fails where this person may not sign in through this provider.
pub fn read_person(rules: &ProviderRules, subject: &str, claims: &Claims) -> Result<Person, Fault> {
    let not_allowed = |detail| Fault::new(Cause::ProviderAccountNotAllowed, detail);
    if !rules.allowed_email_domains.is_empty() {
        let domain = verified_email(claims).and_then(domain).ok_or_else(|| {
            not_allowed("the provider names no verified e-mail address with one domain")
        })?;
        let mut allowed = rules.allowed_email_domains.iter();
        if !allowed.any(|allowed| allowed.eq_ignore_ascii_case(domain)) {
            return Err(not_allowed(
                "the e-mail address is of a domain that is not allowed",
            ));
        }
    }
    let named = rules
        .groups_claim
        .as_deref()
        .map(|claim| claims.list(claim));
    let named = named.unwrap_or_default();
    let allowed = |group: &&str| rules.allowed_groups.iter().any(|one| **one == **group);
    if !rules.allowed_groups.is_empty() && !named.iter().any(allowed) {
        return Err(not_allowed(
            "none of the groups that the provider names is allowed",
        ));
    }
    Ok(Person {
        subject: subject.into(),
        name: name(rules, claims),
        groups: groups(&named)?,
        second_factor: second_factor(rules, claims),
        signed_in_unix_secs: claims.signed_in_unix_secs(),
    })
}

fn name(rules: &ProviderRules, claims: &Claims) -> Option<Box<str>> {
    let text = match &*rules.username_claim {
        "email" => {
            // An address that nobody has verified is whatever somebody has typed.
            let email = verified_email(claims)?;
            domain(email).map(|_| email)?
        }
        claim => claims.at(claim)?.as_str()?,
    };
    let name: Cow<'_, str> = normalized(text);
    // RFC 7617 section 2: what Basic could not carry is no name here.
    let fits = (1..=USER_BYTES_MAX).contains(&name.len())
        && !name
            .chars()
            .any(|character| character.is_control() || character == ':');
    fits.then(|| name.into())
}

/// Only `true` is a verification: OpenID Connect Core 1.0 section 5.1 makes it a boolean.
fn verified_email(claims: &Claims) -> Option<&str> {
    let verified = claims.claim("email_verified") == Some(&Value::Bool(true));
    claims.text("email").filter(|_| verified)
}

/// The part behind the one `@`. An address with two of them has two domains, and each reader takes another one.
fn domain(email: &str) -> Option<&str> {
    let (local, domain) = email.split_once('@')?;
    let plain = email.bytes().all(|byte| byte.is_ascii_graphic());
    (plain && !local.is_empty() && !domain.is_empty() && !domain.contains('@')).then_some(domain)
}

/// All of them or nobody: a route may refuse whoever is in the one that would be left out.
fn groups(named: &[&str]) -> Result<Vec<Box<str>>, Fault> {
    let mut groups: Vec<Box<str>> = Vec::new();
    for group in named {
        let fits = (1..=GROUP_BYTES_MAX).contains(&group.len())
            && !group
                .chars()
                .any(|character| character.is_control() || character == ',');
        if !fits {
            return Err(Fault::answer(
                "a group that the provider names is empty, too long, or has a comma or a control character",
            ));
        }
        if !groups.iter().any(|known| **known == **group) {
            groups.push((*group).into());
        }
        let bytes: usize = groups
            .iter()
            .map(|group| group.len().saturating_add(1))
            .sum();
        if groups.len() > GROUPS_MAX || bytes > GROUPS_BYTES_MAX {
            return Err(Fault::answer("the provider names too many groups"));
        }
    }
    Ok(groups)
}

fn second_factor(rules: &ProviderRules, claims: &Claims) -> bool {
    let listed = |list: &[Box<str>], value: &str| list.iter().any(|one| **one == *value);
    let class = claims.text("acr");
    class.is_some_and(|class| listed(&rules.second_factor_acr, class))
        || claims
            .list("amr")
            .iter()
            .any(|method| listed(&rules.second_factor_amr, method))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]
    use countersign_jose::{Algorithm, Jwt, SigningKey};
    use serde_json::json;

    use super::*;
    use crate::provider::rules::tests::rules;

    fn read(change: impl FnOnce(&mut ProviderRules), claims: &Value) -> Result<Person, Fault> {
        let random = aws_lc_rs::rand::SystemRandom::new();
        let key = SigningKey::generate(Algorithm::EdDsa, &random).unwrap();
        let text = key.sign_claims("JWT", claims, &random).unwrap();
        let token = Jwt::parse(text.as_bytes()).unwrap();
        let token = token
            .verify(&key.key_set().unwrap(), &[Algorithm::EdDsa])
            .unwrap();
        let mut rules = rules();
        change(&mut rules);
        read_person(&rules, "248289761001", token.claims())
    }

    fn name_by(claim: &str, claims: &Value) -> Option<String> {
        let person = read(|rules| rules.username_claim = claim.into(), claims).unwrap();
        person.name.map(String::from)
    }

    #[test]
    fn a_name_is_what_the_rules_say_and_can_be_one_here() {
        let claims = json!({ "preferred_username": "al\u{69}\u{308}ce", "x": { "y": "bob" } });
        assert_eq!(
            name_by("preferred_username", &claims).unwrap(),
            "al\u{ef}ce"
        );
        assert_eq!(name_by("x.y", &claims).unwrap(), "bob");
        for unfit in ["", "a:b", "a\u{0}", "a\nb", &"a".repeat(USER_BYTES_MAX + 1)] {
            assert_eq!(name_by("n", &json!({ "n": unfit })), None, "{unfit:.20}");
        }
        for unfit in [json!(1), json!(["alice"]), json!(null)] {
            assert_eq!(name_by("n", &json!({ "n": unfit })), None, "{unfit}");
        }
    }

    #[test]
    fn an_address_that_nobody_has_verified_names_nobody() {
        let email = |verified: Value| {
            name_by(
                "email",
                &json!({ "email": "a@example.com", "email_verified": verified }),
            )
        };
        assert_eq!(email(json!(true)).unwrap(), "a@example.com");
        for verified in [json!(false), json!("true"), json!(1), json!(null)] {
            assert_eq!(email(verified.clone()), None, "{verified}");
        }
        assert_eq!(name_by("email", &json!({ "email": "a@example.com" })), None);
    }

    #[test]
    fn attack_68_a_domain_is_compared_whole_and_an_address_has_one() {
        let allowed = |email: &str| {
            let claims = json!({ "email": email, "email_verified": true });
            let read = read(
                |rules| rules.allowed_email_domains = vec!["good.example".into()],
                &claims,
            );
            if let Err(fault) = &read {
                assert_eq!(fault.cause, Cause::ProviderAccountNotAllowed);
            }
            read.is_ok()
        };
        assert!(allowed("a@good.example") && allowed("a@GOOD.example"));
        for hostile in [
            "a@evil.example@good.example",
            "a@good.example@evil.example",
            "\"a@good.example\"@evil.example",
            "a@evilgood.example",
            "a@sub.good.example",
            "a@good.example.evil.example",
            "a@good.example ",
            "a@good.example\u{0}",
            "a@good.ex\u{e4}mple",
            "@good.example",
            "good.example",
            "a@",
            "",
        ] {
            assert!(!allowed(hostile), "{hostile:?}");
        }
        let unverified = json!({ "email": "a@good.example" });
        let rules =
            |rules: &mut ProviderRules| rules.allowed_email_domains = vec!["good.example".into()];
        assert!(read(rules, &unverified).is_err());
    }

    #[test]
    fn groups_are_those_of_the_claim_and_one_has_to_be_allowed() {
        let claims = json!({ "roles": ["staff", "staff", 1], "groups": ["admin"] });
        let with = |rules: &mut ProviderRules| rules.groups_claim = Some("roles".into());
        assert_eq!(
            read(with, &claims).unwrap().groups,
            vec![Box::from("staff")]
        );
        assert!(read(|_| {}, &claims).unwrap().groups.is_empty());
        let allowing = |group: &'static str| {
            move |rules: &mut ProviderRules| {
                rules.groups_claim = Some("roles".into());
                rules.allowed_groups = vec![group.into()];
            }
        };
        assert!(read(allowing("staff"), &claims).is_ok());
        for other in ["admin", "Staff", "staf"] {
            let fault = read(allowing(other), &claims).unwrap_err();
            assert_eq!(fault.cause, Cause::ProviderAccountNotAllowed, "{other}");
        }
    }

    #[test]
    fn nobody_signs_in_without_one_of_the_groups_that_the_provider_names() {
        let with = |rules: &mut ProviderRules| rules.groups_claim = Some("roles".into());
        let named = |roles: Vec<String>| read(with, &json!({ "roles": roles }));
        let many = |count| (0..count).map(|number| format!("g{number}")).collect();
        assert_eq!(named(many(GROUPS_MAX)).unwrap().groups.len(), GROUPS_MAX);
        // Those that come twice count once.
        let mut twice: Vec<String> = vec!["staff".into(); 1000];
        twice.push("suspended".into());
        assert_eq!(
            named(twice).unwrap().groups,
            vec![Box::from("staff"), Box::from("suspended")]
        );
        let long = "g".repeat(GROUP_BYTES_MAX);
        let wide = |count| (0..count).map(|number| format!("{number:0>256}")).collect();
        assert!(named(vec![long.clone()]).is_ok() && named(wide(31)).is_ok());
        for refused in [
            many(GROUPS_MAX + 1),
            wide(32),
            vec![format!("{long}g")],
            vec!["staff".into(), "a,b".into()],
            vec!["x\n".into()],
            vec![String::new()],
        ] {
            let fault = named(refused).unwrap_err();
            assert_eq!(fault.cause, Cause::ProviderAnswerInvalid);
        }
    }

    #[test]
    fn a_second_factor_counts_only_where_the_rules_say_so() {
        let claims = json!({ "acr": "mfa", "amr": ["pwd", "otp"] });
        let counts = |acr: &[&str], amr: &[&str]| {
            let own = |list: &[&str]| list.iter().map(|text| Box::from(*text)).collect();
            let change = |rules: &mut ProviderRules| {
                rules.second_factor_acr = own(acr);
                rules.second_factor_amr = own(amr);
            };
            read(change, &claims).unwrap().second_factor
        };
        assert!(counts(&["mfa"], &[]) && counts(&[], &["hwk", "otp"]));
        assert!(!counts(&[], &[]) && !counts(&["otp"], &["mfa"]) && !counts(&["MFA"], &["ot"]));
    }
}
