//! Which pages of other origins may read what a route answers.
//!
//! Knows: origins, and whether pages of them may use what the browser remembers of its user. Does not know headers, nor how
//! the leave is said.

use crate::pattern::OriginPattern;

/// The pages that a route is open to.
///
/// Any page at all, and with the user's own credentials: that there is no such value is the point of this type. A page of
/// anybody's making would act in the name of whoever looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pages {
    /// Pages of every origin, without what the browser remembers of its user.
    Any,
    /// Pages of these origins.
    Of {
        /// Never empty.
        origins: Box<[OriginPattern]>,
        /// Whether cookies and remembered passwords may go along.
        credentials: bool,
    },
}

/// What a page of one origin is let do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// It may read, as any page may.
    AsAnybody,
    /// It may read, since its origin is listed.
    AsListed {
        /// Whether cookies and remembered passwords may go along.
        credentials: bool,
    },
}

impl Pages {
    /// What a page of this origin is let do; `None`: nothing.
    #[must_use]
    pub fn leave(&self, origin: &[u8]) -> Option<Leave> {
        match self {
            Pages::Any => Some(Leave::AsAnybody),
            Pages::Of {
                origins,
                credentials,
            } => origins
                .iter()
                .any(|pattern| pattern.matches(origin))
                .then_some(Leave::AsListed {
                    credentials: *credentials,
                }),
        }
    }

    /// Whether this very origin is listed, by its own name, and then whether credentials may go along.
    #[must_use]
    pub fn list_exactly(&self, origin: &[u8]) -> Option<bool> {
        match self {
            Pages::Any => None,
            Pages::Of {
                origins,
                credentials,
            } => origins
                .iter()
                .any(|pattern| pattern.is_exact() && pattern.matches(origin))
                .then_some(*credentials),
        }
    }

    /// Whether what is answered depends on the origin.
    #[must_use]
    pub const fn depend_on_origin(&self) -> bool {
        matches!(self, Pages::Of { .. })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn of(origins: &[&str], credentials: bool) -> Pages {
        let origins = origins
            .iter()
            .map(|text| OriginPattern::parse(text).unwrap());
        Pages::Of {
            origins: origins.collect(),
            credentials,
        }
    }

    #[test]
    fn one_of_the_listed_origins_is_let_in() {
        let pages = of(&["https://a.example", "https://*.b.example", "null"], true);
        let listed = Some(Leave::AsListed { credentials: true });
        for origin in ["https://a.example", "https://x.b.example", "null"] {
            assert_eq!(pages.leave(origin.as_bytes()), listed, "{origin}");
        }
        for origin in ["https://b.example", "http://a.example", "", "*"] {
            assert_eq!(pages.leave(origin.as_bytes()), None, "{origin}");
        }
        assert!(pages.depend_on_origin());
    }

    #[test]
    fn an_origin_is_listed_by_its_own_name_alone() {
        let pages = of(
            &[
                "https://a.example",
                "https://*.b.example",
                "http://c.example:*",
                "null",
            ],
            true,
        );
        assert_eq!(pages.list_exactly(b"https://a.example"), Some(true));
        for origin in [
            "https://x.b.example",
            "http://c.example:8080",
            "http://c.example",
            "null",
            "https://evil.example",
            "",
        ] {
            assert_eq!(pages.list_exactly(origin.as_bytes()), None, "{origin}");
        }
        let pages = of(&["https://a.example"], false);
        assert_eq!(pages.list_exactly(b"https://a.example"), Some(false));
        assert_eq!(Pages::Any.list_exactly(b"https://a.example"), None);
    }

    #[test]
    fn null_is_let_in_only_where_it_is_named() {
        assert_eq!(of(&["https://a.example"], false).leave(b"null"), None);
    }

    #[test]
    fn any_page_never_has_credentials() {
        assert_eq!(Pages::Any.leave(b"null"), Some(Leave::AsAnybody));
        assert!(!Pages::Any.depend_on_origin());
    }
}
