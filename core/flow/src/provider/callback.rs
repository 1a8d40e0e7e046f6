//! What comes back from the provider by the browser: RFC 6749 sections 4.1.2 and 4.1.2.1, RFC 9207.
//!
//! Knows: the query. Does not know whether its `state` is ours. Everything in it may have been written by anybody.

use std::borrow::Cow;

use countersign_cause::Cause;
use countersign_wire::form::field;

use super::{Fault, Metadata, ProviderRules};

/// The longest of what a provider says of an error that goes to the log.
const DESCRIPTION_BYTES_MAX: usize = 200;

/// The longest code that is handed on.
const CODE_BYTES_MAX: usize = 4096;

/// An answer to an authorization request.
#[derive(Debug)]
pub struct Callback<'q> {
    /// `state`.
    pub state: Cow<'q, str>,
    /// `iss`, where it is there.
    issuer: Option<Cow<'q, str>>,
    outcome: Result<Cow<'q, str>, Said>,
}

/// What a provider says where there is no code.
#[derive(Debug)]
struct Said {
    error: String,
    description: String,
}

/// Reads the query.
///
/// # Errors
///
/// Fails where a parameter is absent that is due, or comes twice: two readers would take two.
pub fn read_callback(query: Option<&str>) -> Result<Callback<'_>, Fault> {
    let query = query.unwrap_or_default().as_bytes();
    let stale = |detail| Fault::new(Cause::SignInStale, detail);
    for name in ["state", "code", "iss", "error", "error_description"] {
        if count(query, name) > 1 {
            return Err(stale("a parameter of the provider's answer comes twice"));
        }
    }
    let state = field(query, "state").filter(|state| !state.is_empty());
    let state = state.ok_or_else(|| stale("the provider's answer has no `state`"))?;
    let issuer = match field(query, "iss") {
        // A value that cannot be read is none that could be compared.
        None if count(query, "iss") == 1 => Some(Cow::Borrowed("")),
        issuer => issuer,
    };
    let outcome = match (field(query, "error"), field(query, "code")) {
        (Some(error), _) => Err(Said {
            error: visible(&error),
            description: visible(&field(query, "error_description").unwrap_or_default()),
        }),
        (None, Some(code)) if (1..=CODE_BYTES_MAX).contains(&code.len()) => Ok(code),
        (None, _) => return Err(Fault::answer("the provider's answer has no `code`")),
    };
    Ok(Callback {
        state,
        issuer,
        outcome,
    })
}

impl<'q> Callback<'q> {
    /// Whether it is from the provider that was asked (RFC 9207 section 2.4), as far as that can be told without its
    /// metadata.
    ///
    /// # Errors
    ///
    /// Fails where it names another one.
    pub fn check_issuer(&self, rules: &ProviderRules) -> Result<(), Fault> {
        match &self.issuer {
            Some(issuer) if **issuer != *rules.issuer => Err(Fault::answer(
                "the answer is from another provider than the one that was asked",
            )),
            Some(_) | None => Ok(()),
        }
    }

    /// RFC 9207 section 2.4: a provider that says that it names itself has to.
    ///
    /// # Errors
    ///
    /// Fails where it does not.
    pub fn check_named(&self, metadata: &Metadata) -> Result<(), Fault> {
        if metadata.names_itself && self.issuer.is_none() {
            return Err(Fault::answer(
                "the answer does not name its provider, which says that it always does",
            ));
        }
        Ok(())
    }

    /// The code.
    ///
    /// # Errors
    ///
    /// What the provider says in its place.
    pub fn code(&self) -> Result<&str, Fault> {
        match &self.outcome {
            Ok(code) => Ok(code),
            Err(said) => Err(said.fault()),
        }
    }
}

impl Said {
    /// RFC 6749 section 4.1.2.1, OpenID Connect Core 1.0 section 3.1.2.6.
    fn fault(&self) -> Fault {
        let cause = match &*self.error {
            "access_denied"
            | "login_required"
            | "interaction_required"
            | "consent_required"
            | "account_selection_required"
            | "unmet_authentication_requirements" => Cause::ProviderRefused,
            "server_error" | "temporarily_unavailable" => Cause::ProviderUnavailable,
            _ => Cause::ProviderAnswerInvalid,
        };
        let mut detail = format!("the provider says `{}`", self.error);
        if !self.description.is_empty() {
            detail.push_str(": ");
            detail.push_str(&self.description);
        }
        Fault::new(cause, detail)
    }
}

/// How often a parameter of this name is there.
fn count(query: &[u8], name: &str) -> usize {
    let pairs = query.split(|byte| *byte == b'&');
    let names = pairs.filter_map(|pair| pair.split(|byte| *byte == b'=').next());
    names.filter(|found| *found == name.as_bytes()).count()
}

/// Visible ASCII and spaces, up to a bound.
fn visible(text: &str) -> String {
    let shown = |character: char| {
        if character.is_ascii_graphic() || character == ' ' {
            character
        } else {
            '?'
        }
    };
    text.chars()
        .take(DESCRIPTION_BYTES_MAX)
        .map(shown)
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::provider::rules::tests::rules;

    fn fault(query: &str) -> Fault {
        match read_callback(Some(query)) {
            Ok(callback) => callback.code().unwrap_err(),
            Err(fault) => fault,
        }
    }

    #[test]
    fn rfc6749_section_4_1_2_example() {
        let callback = read_callback(Some("code=SplxlOBeZQQYbYS6WxSbIA&state=xyz")).unwrap();
        assert_eq!(callback.code().unwrap(), "SplxlOBeZQQYbYS6WxSbIA");
        assert_eq!(callback.state, "xyz");
    }

    #[test]
    fn attack_67_a_parameter_that_comes_twice_ends_the_sign_in() {
        for query in [
            "code=a&state=s&state=t",
            "code=a&code=b&state=s",
            "code=a&state=s&iss=https%3A//id.example.com&iss=https%3A//evil.example",
            "error=access_denied&state=s&error=server_error",
            "code=a&state=s&state",
        ] {
            assert_eq!(fault(query).cause, Cause::SignInStale, "{query}");
        }
    }

    #[test]
    fn what_is_absent_is_missed() {
        for query in ["", "code=a", "code=a&state=", "error=access_denied"] {
            assert_eq!(fault(query).cause, Cause::SignInStale, "{query}");
        }
        assert_eq!(read_callback(None).unwrap_err().cause, Cause::SignInStale);
        let long = format!("state=s&code={}", "a".repeat(CODE_BYTES_MAX + 1));
        for query in ["state=s", "state=s&code=", &long, "state=s&code=%ff"] {
            assert_eq!(
                fault(query).cause,
                Cause::ProviderAnswerInvalid,
                "{query:.40}"
            );
        }
    }

    #[test]
    fn rfc9207_section_2_4_an_answer_of_another_provider_is_refused() {
        let check = |query: &str| {
            let query = format!("code=a&state=s{query}");
            read_callback(Some(&query))
                .unwrap()
                .check_issuer(&rules())
                .is_ok()
        };
        assert!(check("") && check("&iss=https%3A%2F%2Fid.example.com"));
        for other in [
            "https%3A//evil.example",
            "https%3A//id.example.com/",
            "",
            "%ff",
        ] {
            assert!(!check(&format!("&iss={other}")), "{other}");
        }
        let mut metadata = Metadata {
            authorization_endpoint: "".into(),
            token_endpoint: "".into(),
            end_session_endpoint: None,
            names_itself: true,
            knows_s256: None,
        };
        let nameless = read_callback(Some("code=a&state=s")).unwrap();
        assert!(nameless.check_named(&metadata).is_err());
        metadata.names_itself = false;
        assert!(nameless.check_named(&metadata).is_ok());
    }

    #[test]
    fn what_a_provider_says_is_told_apart() {
        for (error, cause) in [
            ("access_denied", Cause::ProviderRefused),
            ("login_required", Cause::ProviderRefused),
            ("temporarily_unavailable", Cause::ProviderUnavailable),
            ("server_error", Cause::ProviderUnavailable),
            ("invalid_scope", Cause::ProviderAnswerInvalid),
            ("made%0aup", Cause::ProviderAnswerInvalid),
        ] {
            assert_eq!(
                fault(&format!("state=s&error={error}")).cause,
                cause,
                "{error}"
            );
        }
        let said = fault("state=s&error=access_denied&error_description=no%0d%0aevent%3A+x%c3%a4");
        assert_eq!(
            said.detail,
            "the provider says `access_denied`: no??event: x?"
        );
        let long = "a".repeat(5000);
        let said = fault(&format!("state=s&error={long}&error_description={long}"));
        assert!(said.detail.len() < 500);
    }
}
