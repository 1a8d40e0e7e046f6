//! When a person has signed in at the provider, OpenID Connect Core 1.0 sections 3.1.2.1 and 3.1.3.7.
//!
//! Knows: what was asked for, and what the ID token says. Does not know which route wants it: whether a session is young enough
//! is decided on the line, for every request anew.

use countersign_cause::Cause;

use super::{Fault, Flight, Person, ProviderRules};

impl Flight {
    /// When the person has signed in, where the provider says so: the answer to a sign-in that was begun at that time. A time to
    /// come, within the leeway for clocks, is now.
    ///
    /// # Errors
    ///
    /// Fails where the sign-in was to be one of late and is not, or is not known to be.
    pub fn signed_in(
        &self,
        rules: &ProviderRules,
        begun_unix_secs: i64,
        person: &Person,
        now_unix_secs: i64,
    ) -> Result<Option<i64>, Fault> {
        let invalid = |detail| Fault::new(Cause::ProviderAnswerInvalid, detail);
        let leeway_secs = i64::from(rules.leeway_secs);
        let said = person.signed_in_unix_secs;
        if said.is_some_and(|at| at > now_unix_secs.saturating_add(leeway_secs)) {
            return Err(invalid("the ID token's `auth_time` is in the future"));
        }
        if let Some(max_age_secs) = self.max_age_secs {
            // Section 3.1.2.1: where `max_age` is asked for, the ID token MUST include `auth_time`.
            let Some(at) = said else {
                return Err(invalid(
                    "the ID token has no `auth_time`, although `max_age` was asked for",
                ));
            };
            // Section 3.1.3.7 number 13. The age is that at which the provider was asked: a person may take a while there.
            let age_secs = begun_unix_secs.saturating_sub(at);
            if age_secs > i64::from(max_age_secs).saturating_add(leeway_secs) {
                return Err(invalid(
                    "the ID token's `auth_time` is older than the `max_age` that was asked for",
                ));
            }
        }
        Ok(said.map(|at| at.min(now_unix_secs)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::provider::rules::tests::rules;

    const BEGUN: i64 = 1_800_000_000;
    /// A person may take minutes at the provider.
    const NOW: i64 = BEGUN + 300;

    fn signed_in(max_age_secs: Option<u32>, said: Option<i64>) -> Result<Option<i64>, Fault> {
        let flight = Flight {
            provider: "corp".into(),
            return_to: None,
            lost: false,
            max_age_secs,
        };
        let person = Person {
            subject: "1".into(),
            name: None,
            groups: Vec::new(),
            second_factor: false,
            signed_in_unix_secs: said,
        };
        flight.signed_in(&rules(), BEGUN, &person, NOW)
    }

    fn detail(max_age_secs: Option<u32>, said: Option<i64>) -> String {
        let fault = signed_in(max_age_secs, said).unwrap_err();
        assert_eq!(fault.cause, Cause::ProviderAnswerInvalid);
        fault.detail.into_owned()
    }

    #[test]
    fn openid_core_section_3_1_3_7_max_age_demands_a_sign_in_of_late() {
        for at in [NOW, BEGUN, BEGUN - 600, BEGUN - 630] {
            assert_eq!(signed_in(Some(600), Some(at)).unwrap(), Some(at));
        }
        let old = "the ID token's `auth_time` is older than the `max_age` that was asked for";
        for at in [BEGUN - 631, 0, i64::MIN] {
            assert_eq!(detail(Some(600), Some(at)), old);
        }
        assert!(detail(Some(600), None).contains("has no `auth_time`"));
    }

    #[test]
    fn where_it_was_not_asked_for_it_is_what_the_provider_says() {
        assert_eq!(signed_in(None, None).unwrap(), None);
        assert_eq!(signed_in(None, Some(5)).unwrap(), Some(5));
    }

    #[test]
    fn a_sign_in_to_come_is_now_or_none() {
        assert_eq!(signed_in(None, Some(NOW + 30)).unwrap(), Some(NOW));
        assert_eq!(signed_in(Some(600), Some(NOW + 30)).unwrap(), Some(NOW));
        let future = "the ID token's `auth_time` is in the future";
        assert_eq!(detail(None, Some(NOW + 31)), future);
        assert_eq!(detail(Some(600), Some(i64::MAX)), future);
    }
}
