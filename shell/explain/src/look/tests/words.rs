//! Words that stand where a credential has to be.

use super::*;

#[test]
fn words_for_a_credential_are_none() {
    for value in [
        "RequiredApiKey",
        "dummy-token",
        "PUT_THE_ACCESS_TOKEN_HERE",
        "ExampleAPIKey",
        "replace.with.your.key",
    ] {
        let key = case(URL, &[("X-API-Key", value)]);
        assert_top(&key, Cause::CredentialsPlaceholder, Strong, value);
    }
}

#[test]
fn what_has_a_word_of_its_own_may_be_one() {
    for value in ["acme-dummy-token-7", "keytokenkey", "8f-your-key"] {
        let key = case(URL, &[("X-API-Key", value)]);
        let told = |(cause, _): &(Cause, Weight)| *cause == Cause::CredentialsPlaceholder;
        assert!(!seen(&key).iter().any(told), "{value}");
    }
}
