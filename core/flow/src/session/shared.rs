//! One sign-in for several hosts: where people are sent for it, and from where.
//!
//! Knows: the list of origins. Does not know cookies or requests.

use crate::rules::SharedSessions;

impl SharedSessions {
    /// The listed origin of this host, as a request names it.
    #[must_use]
    pub fn origin_of(&self, authority: &str) -> Option<&str> {
        let is_it = |origin: &&str| {
            let host = origin.split_once("://").map(|(_, host)| host);
            host.is_some_and(|host| host.eq_ignore_ascii_case(authority))
        };
        self.origins.iter().map(|origin| &**origin).find(is_it)
    }

    /// From where and to where people of this host are sent to sign in; `None`: they do so here.
    #[must_use]
    pub fn elsewhere(&self, authority: &str) -> Option<(&str, &str)> {
        let here = self.origin_of(authority)?;
        let there = self.sign_in.as_deref()?;
        (here != there).then_some((here, there))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_listed_host_is_sent_to_another_and_the_other_one_is_not() {
        let shared = SharedSessions {
            domain: "example.com".into(),
            origins: vec![
                "https://login.example.com".into(),
                "https://app.example.com:8443".into(),
            ],
            sign_in: Some("https://login.example.com".into()),
        };
        let app = Some(("https://app.example.com:8443", "https://login.example.com"));
        assert_eq!(shared.elsewhere("app.example.com:8443"), app);
        assert_eq!(shared.elsewhere("APP.example.com:8443"), app);
        for host in [
            "login.example.com",
            "app.example.com",
            "other.example.com",
            "",
        ] {
            assert_eq!(shared.elsewhere(host), None, "{host}");
        }
        let anywhere = SharedSessions {
            sign_in: None,
            ..shared
        };
        assert_eq!(anywhere.elsewhere("app.example.com:8443"), None);
    }
}
