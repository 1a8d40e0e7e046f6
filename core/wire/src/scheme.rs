//! The schemes that this crate speaks. Knows their words; does not know their credentials.

use std::fmt;

/// An authentication scheme that can be offered and read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scheme {
    /// RFC 7617.
    Basic,
    /// RFC 6750.
    Bearer,
    /// RFC 7616.
    Digest,
    /// A key issued by the gateway itself, in a header of its own or under this word in `Authorization`.
    ApiKey,
    /// RFC 9449: a token, and a proof of the key that it is bound to.
    Dpop,
    /// A session that a user has begun by signing in, named by a cookie. It has no credentials in `Authorization`; the
    /// word is for a challenge where nothing else is offered.
    Session,
    /// A certificate that the client has shown in the TLS handshake. It has no credentials in `Authorization`; the word is
    /// for a challenge where nothing else is offered.
    Certificate,
}

impl Scheme {
    /// Every scheme that has credentials in `Authorization`, under its word.
    pub const ALL: &'static [Scheme] = &[
        Scheme::Basic,
        Scheme::Bearer,
        Scheme::Digest,
        Scheme::ApiKey,
        Scheme::Dpop,
    ];

    /// The scheme word as it is written.
    pub const fn word(self) -> &'static str {
        match self {
            Scheme::Basic => "Basic",
            Scheme::Bearer => "Bearer",
            Scheme::Digest => "Digest",
            Scheme::ApiKey => "ApiKey",
            Scheme::Dpop => "DPoP",
            Scheme::Session => "Cookie",
            Scheme::Certificate => "Certificate",
        }
    }

    /// The name in configuration, logs and the identity headers.
    pub const fn name(self) -> &'static str {
        match self {
            Scheme::Basic => "basic",
            Scheme::Bearer => "bearer",
            Scheme::Digest => "digest",
            Scheme::ApiKey => "api-key",
            Scheme::Dpop => "dpop",
            Scheme::Session => "session",
            Scheme::Certificate => "certificate",
        }
    }

    /// The scheme of a scheme word, where its credentials are one text and no list of parameters.
    pub fn of_one_text(word: &[u8]) -> Option<Scheme> {
        Scheme::from_word(word).filter(|scheme| match scheme {
            Scheme::Basic | Scheme::Bearer | Scheme::ApiKey | Scheme::Dpop => true,
            Scheme::Digest | Scheme::Session | Scheme::Certificate => false,
        })
    }

    /// The scheme of a scheme word.
    pub fn from_word(word: &[u8]) -> Option<Scheme> {
        // RFC 9110 section 11.1: the scheme word is case-insensitive.
        Scheme::ALL
            .iter()
            .copied()
            .find(|scheme| word.eq_ignore_ascii_case(scheme.word().as_bytes()))
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::Scheme;

    #[test]
    fn rfc9110_section_11_1_the_word_is_case_insensitive() {
        for scheme in Scheme::ALL.iter().copied() {
            assert_eq!(Scheme::from_word(scheme.word().as_bytes()), Some(scheme));
            assert_eq!(
                Scheme::from_word(scheme.word().to_ascii_uppercase().as_bytes()),
                Some(scheme)
            );
            assert_eq!(
                Scheme::from_word(scheme.word().to_ascii_lowercase().as_bytes()),
                Some(scheme)
            );
        }
        assert_eq!(Scheme::from_word(b"Bear"), None);
        assert_eq!(Scheme::from_word(b"Cookie"), None);
        assert_eq!(Scheme::from_word(b"Certificate"), None);
        assert_eq!(Scheme::from_word(b""), None);
    }
}
