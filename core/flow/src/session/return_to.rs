//! Where a browser goes after it has signed in: a path of the host that it signed in at, and nothing else.
//!
//! Knows: the canonical target of the policy. Does not know the routes: what is there is decided when the browser comes.
//! The classic fault of sign-in pages is to send people to whichever address a link names.

use countersign_policy::Target;

use crate::own::{PREFIX, SessionPage};

/// A path and a query of the same host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnTo(Box<str>);

impl ReturnTo {
    /// The longest target that is remembered over a sign-in.
    pub const BYTES_MAX: usize = 2048;

    /// Reads a target; `None` where it is none that a browser may be sent to.
    ///
    /// It has to be an absolute path that the rules would read in one way only, so that no browser can read it as the
    /// beginning of another address: not `//host`, not `/\host`, no control character, no white space, not encoded twice.
    #[must_use]
    pub fn parse(target: &str) -> Option<Self> {
        if target.len() > Self::BYTES_MAX {
            return None;
        }
        let target = Target::parse(target).ok()?;
        let own = target.path().starts_with(PREFIX) && target.path() != SessionPage::Account.path();
        (!own).then(|| Self(target.as_str().into()))
    }

    /// Where to go when nothing was asked for.
    #[must_use]
    pub fn account() -> Self {
        Self(SessionPage::Account.path().into())
    }

    /// The path and query: visible ASCII that begins with exactly one slash.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_path_of_this_host_is_taken() {
        for target in [
            "/",
            "/app/orders?page=2&sort=a%20b",
            "/a%20b",
            "/?next=https://example.com/",
            "/.countersign/account",
            "/@example.com",
        ] {
            assert_eq!(ReturnTo::parse(target).unwrap().as_str(), target);
        }
    }

    #[test]
    fn attack_65_no_target_leads_to_another_host() {
        for hostile in [
            "",
            "https://evil.example/",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "/%5cevil.example",
            "/%2fevil.example",
            "/%2Fevil.example",
            "/\tevil.example",
            "/\u{9}/evil.example",
            "/\n/evil.example",
            "/%09/evil.example",
            "/%0a/evil.example",
            "/ /evil.example",
            "/\u{a0}/evil.example",
            "/.//evil.example",
            "/..//evil.example",
            "/%2e%2e//evil.example",
            "/a//evil.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "/x\0",
            "/x\r\nSet-Cookie: a=b",
            "/%0d%0aSet-Cookie:%20a=b",
            "?x",
            "evil.example",
            "/#//evil.example",
        ] {
            assert_eq!(ReturnTo::parse(hostile), None, "{hostile:?}");
        }
    }

    #[test]
    fn attack_68_an_at_sign_makes_no_authority() {
        for hostile in [
            "http://a@evil@good.example/",
            "//good.example@evil.example/",
            "a@evil@good.example",
        ] {
            assert_eq!(ReturnTo::parse(hostile), None, "{hostile:?}");
        }
    }

    #[test]
    fn nobody_is_sent_round_in_circles_or_signed_out() {
        for own in [
            "/.countersign/sign-in?return=/a",
            "/.countersign/sign-out",
            "/.countersign/account/end-session",
        ] {
            assert_eq!(ReturnTo::parse(own), None, "{own:?}");
        }
        assert_eq!(
            ReturnTo::parse(&format!("/{}", "a".repeat(ReturnTo::BYTES_MAX))),
            None
        );
    }

    proptest! {
        #[test]
        fn what_is_taken_stays_on_its_host(target in "[/\\\\%.a-z0-9:@?#\u{9}\u{20}\u{e4}25cCfF]{0,24}") {
            if let Some(taken) = ReturnTo::parse(&target) {
                let mut bytes = taken.as_str().bytes();
                prop_assert_eq!(bytes.next(), Some(b'/'));
                prop_assert!(!matches!(bytes.next(), Some(b'/' | b'\\')));
                prop_assert!(taken.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
            }
        }
    }
}
