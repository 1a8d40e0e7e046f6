//! Where a browser goes after it has signed in: a path of the host that it signed in at, or of one that is listed to share
//! its sessions, and nothing else.
//!
//! Knows: the canonical target of the policy. Does not know the routes: what is there is decided when the browser comes.
//! The classic fault of sign-in pages is to send people to whichever address a link names.

use countersign_policy::Target;

use crate::own::{PREFIX, SessionPage};
use crate::rules::SharedSessions;

/// A path and a query of the same host, or of a listed one with its origin before.
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

    /// Reads a target that may be on one of the hosts that share sessions. Its origin has to be one of the list to the
    /// letter, and what follows has to be what would be taken on that host itself: it begins with a slash, so that no
    /// longer name or port, and no user name, can be part of the origin.
    #[must_use]
    pub fn parse_within(target: &str, shared: Option<&SharedSessions>) -> Option<Self> {
        let origins = shared.map_or(&[][..], |shared| &shared.origins);
        let found = origins.iter().find_map(|origin| {
            let path = target.strip_prefix(&**origin)?;
            path.starts_with('/').then_some((origin, path))
        });
        match found {
            Some((origin, path)) => Self::parse(path).map(|path| path.on(origin)),
            None => Self::parse(target),
        }
    }

    /// The same on the host of this origin.
    #[must_use]
    pub(crate) fn on(self, origin: &str) -> Self {
        Self([origin, &self.0].concat().into())
    }

    /// The same with the origin of the host that it is on, where it has none.
    #[must_use]
    pub fn seen_from(self, origin: &str) -> Self {
        if self.0.starts_with('/') {
            self.on(origin)
        } else {
            self
        }
    }

    /// Where to go when nothing was asked for.
    #[must_use]
    pub fn account() -> Self {
        Self(SessionPage::Account.path().into())
    }

    /// What stands in `Location`: visible ASCII, a path that begins with exactly one slash or a listed origin and one.
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

    fn shared() -> SharedSessions {
        SharedSessions {
            domain: "example.com".into(),
            origins: vec![
                "https://app.example.com".into(),
                "https://b.example.com:8443".into(),
            ],
            sign_in: None,
        }
    }

    #[test]
    fn a_listed_host_is_gone_back_to() {
        let shared = shared();
        for target in [
            "https://app.example.com/",
            "https://app.example.com/orders?page=2",
            "https://b.example.com:8443/x",
            "/here",
        ] {
            let taken = ReturnTo::parse_within(target, Some(&shared)).unwrap();
            assert_eq!(taken.as_str(), target);
            let alone = ReturnTo::parse_within(target, None);
            assert_eq!(alone.is_some(), target == "/here", "{target}");
        }
        let seen = ReturnTo::parse("/x")
            .unwrap()
            .seen_from("https://app.example.com");
        assert_eq!(seen.as_str(), "https://app.example.com/x");
        assert_eq!(seen.clone().seen_from("https://b.example.com:8443"), seen);
    }

    #[test]
    fn attack_65_a_host_that_is_not_listed_to_the_letter_is_not_gone_back_to() {
        let shared = shared();
        for hostile in [
            "https://evil.example/",
            "https://app.example.com",
            "https://app.example.com.evil.example/",
            "https://app.example.com@evil.example/",
            "https://app.example.com:443/",
            "https://app.example.com:8443/",
            "https://b.example.com/",
            "https://other.example.com/",
            "http://app.example.com/",
            "HTTPS://app.example.com/",
            "https://app.example.com\\@evil.example/",
            "https://app.example.com//evil.example",
            "https://app.example.com/\\evil.example",
            "https://app.example.com/%2f/evil.example",
            "https://app.example.com/x\r\nSet-Cookie: a=b",
            "https://app.example.com/.countersign/sign-out",
            "https://app.example.com?x",
            "https://app.example.com#x",
            "//app.example.com/",
            " https://app.example.com/",
            "https:///app.example.com/",
        ] {
            assert_eq!(
                ReturnTo::parse_within(hostile, Some(&shared)),
                None,
                "{hostile:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn attack_65_what_is_taken_is_on_a_listed_host(
            rest in "[/\\\\%.a-z0-9:@?#\u{9}\u{20}25fF]{0,16}",
            origin in prop::sample::select(vec!["https://app.example.com", "https://b.example.com:8443", "https://b.example.com"]),
        ) {
            let shared = shared();
            if let Some(taken) = ReturnTo::parse_within(&format!("{origin}{rest}"), Some(&shared)) {
                let path = shared.origins.iter().find_map(|origin| taken.as_str().strip_prefix(&**origin));
                let mut bytes = path.unwrap().bytes();
                prop_assert_eq!(bytes.next(), Some(b'/'));
                prop_assert!(!matches!(bytes.next(), Some(b'/' | b'\\')));
            }
        }


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
