//! Why a token was not taken.
//!
//! Knows: the cause and a fixed sentence for each reason. Does not know: the token; no message repeats any of it.

use std::fmt;

use countersign_cause::Cause;

/// A token that could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenDefect {
    /// Longer than [`crate::TOKEN_BYTES_MAX`].
    TooLong,
    /// No dot in it: an opaque token, or none at all.
    Opaque,
    /// Five parts: an encrypted token (JWE).
    Encrypted,
    /// JSON serialization of a JWS.
    JsonSerialization,
    /// Neither three parts nor five.
    Parts,
    /// A part is not canonical base64url.
    Base64,
    /// The header is not a JSON object with the members that it must have, each once.
    Header,
    /// `kid` is longer than [`crate::KID_BYTES_MAX`].
    KidTooLong,
    /// `alg` is `none`.
    AlgorithmNone,
    /// `alg` is not a signature algorithm that is known here.
    AlgorithmUnknown,
    /// `crit` demands an extension; none is understood.
    Critical,
    /// `b64` is false (RFC 7797).
    UnencodedPayload,
    /// The payload is not a JSON object with unique names.
    Claims,
    /// A registered claim has a value that its definition does not allow; the claim's name.
    Claim(&'static str),
}

impl TokenDefect {
    /// The entry of the catalogue.
    pub const fn cause(self) -> Cause {
        match self {
            Self::TooLong => Cause::HeaderTooLarge,
            Self::Opaque | Self::Encrypted => Cause::TokenWrongKind,
            Self::AlgorithmNone | Self::AlgorithmUnknown => Cause::AlgorithmNotAllowed,
            Self::JsonSerialization
            | Self::Parts
            | Self::Base64
            | Self::Header
            | Self::KidTooLong
            | Self::Critical
            | Self::UnencodedPayload
            | Self::Claims
            | Self::Claim(_) => Cause::TokenMalformed,
        }
    }

    /// One sentence for the log.
    pub const fn detail(self) -> &'static str {
        match self {
            Self::TooLong => "the token is longer than any that is read",
            Self::Opaque => "the token is opaque, where a JSON Web Token is due",
            Self::Encrypted => "the token is encrypted (five parts), where a signed one is due",
            Self::JsonSerialization => {
                "the token is in JSON serialization, where the compact one is due"
            }
            Self::Parts => "the token does not have three parts",
            Self::Base64 => "a part of the token is not base64url without padding",
            Self::Header => {
                "the token's header is not a JSON object with `alg` and members of the right type, each once"
            }
            Self::KidTooLong => "the token's `kid` is longer than any that is compared",
            Self::AlgorithmNone => "the token's `alg` is `none`: it is not signed",
            Self::AlgorithmUnknown => "the token's `alg` is not a known signature algorithm",
            Self::Critical => "the token's `crit` demands an extension that is not understood",
            Self::UnencodedPayload => "the token's `b64` is not true",
            Self::Claims => "the token's payload is not a JSON object with unique names",
            Self::Claim(_) => {
                "a registered claim of the token has a value of the wrong type or out of range"
            }
        }
    }

    /// The claim at fault, where it is one.
    pub const fn claim(&self) -> Option<&str> {
        match self {
            Self::Claim(name) => Some(name),
            Self::TooLong
            | Self::Opaque
            | Self::Encrypted
            | Self::JsonSerialization
            | Self::Parts
            | Self::Base64
            | Self::Header
            | Self::KidTooLong
            | Self::AlgorithmNone
            | Self::AlgorithmUnknown
            | Self::Critical
            | Self::UnencodedPayload
            | Self::Claims => None,
        }
    }
}

/// A token that was read, and is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenRefusal {
    /// `alg` is not on the issuer's list.
    AlgorithmNotAllowed,
    /// The named key is not for this `alg`.
    KeyAlgorithmMismatch,
    /// No key of that `kid`, or none for this `alg`: fetching the issuer's keys again may help.
    KeyUnknown,
    /// The token names no key, and too many would have to be tried.
    KeyUnnamed,
    /// The signature does not fit.
    SignatureInvalid,
    /// `typ` is not one of the expected.
    TypeMismatch,
    /// An ID token.
    IdToken,
    /// A refresh, logout or security event token.
    OtherKind,
    /// `iss` is another.
    IssuerMismatch,
    /// `aud` has none of the expected.
    AudienceMismatch,
    /// A claim that must be there is not; its name.
    ClaimMissing(Box<str>),
    /// `exp` has passed.
    Expired {
        /// Seconds since `exp`, without leeway.
        ago_secs: i64,
    },
    /// `nbf` or `iat` is in the future.
    NotYetValid {
        /// Which of the two.
        claim: &'static str,
        /// Seconds until then, without leeway.
        ahead_secs: i64,
    },
    /// `exp` is too far from `iat`, or from now.
    LifetimeTooLong {
        /// Its lifetime in seconds.
        lifetime_secs: i64,
    },
}

impl TokenRefusal {
    /// The entry of the catalogue.
    pub const fn cause(&self) -> Cause {
        match self {
            Self::AlgorithmNotAllowed | Self::KeyAlgorithmMismatch => Cause::AlgorithmNotAllowed,
            Self::KeyUnknown | Self::KeyUnnamed => Cause::SigningKeyUnknown,
            Self::SignatureInvalid => Cause::SignatureInvalid,
            Self::TypeMismatch | Self::IdToken | Self::OtherKind => Cause::TokenWrongKind,
            Self::IssuerMismatch => Cause::IssuerMismatch,
            Self::AudienceMismatch => Cause::AudienceMismatch,
            Self::ClaimMissing(_) => Cause::ClaimMissing,
            Self::Expired { .. } => Cause::TokenExpired,
            Self::NotYetValid { .. } => Cause::TokenNotYetValid,
            Self::LifetimeTooLong { .. } => Cause::TokenLifetimeTooLong,
        }
    }

    /// One sentence for the log.
    pub const fn detail(&self) -> &'static str {
        match self {
            Self::AlgorithmNotAllowed => {
                "the token's `alg` is not one that this issuer's tokens may have"
            }
            Self::KeyAlgorithmMismatch => {
                "the key that the token names is not for the token's `alg`"
            }
            Self::KeyUnknown => "the issuer has no such key for the token's `kid` and `alg`",
            Self::KeyUnnamed => {
                "the token has no `kid`, and the issuer has too many keys to try each"
            }
            Self::SignatureInvalid => "the token's signature does not verify with the issuer's key",
            Self::TypeMismatch => "the token's `typ` is not one of the expected",
            Self::IdToken => "an ID token, where an access token is due",
            Self::OtherKind => "a refresh, logout or event token, where an access token is due",
            Self::IssuerMismatch => "the token's `iss` is not the expected issuer, to the letter",
            Self::AudienceMismatch => "the token's `aud` has none of the expected audiences",
            Self::ClaimMissing(_) => "a claim that the token must have is absent",
            Self::Expired { .. } => "the token's `exp` has passed",
            Self::NotYetValid { .. } => {
                "the token is not valid yet: `nbf` or `iat` is in the future"
            }
            Self::LifetimeTooLong { .. } => "the token is valid for longer than is allowed",
        }
    }

    /// The claim at fault, where it is one.
    pub fn claim(&self) -> Option<&str> {
        match self {
            Self::IssuerMismatch => Some("iss"),
            Self::AudienceMismatch => Some("aud"),
            Self::ClaimMissing(name) => Some(name),
            Self::Expired { .. } | Self::LifetimeTooLong { .. } => Some("exp"),
            Self::NotYetValid { claim, .. } => Some(claim),
            Self::AlgorithmNotAllowed
            | Self::KeyAlgorithmMismatch
            | Self::KeyUnknown
            | Self::KeyUnnamed
            | Self::SignatureInvalid
            | Self::TypeMismatch
            | Self::IdToken
            | Self::OtherKind => None,
        }
    }
}

impl fmt::Display for TokenDefect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.detail())
    }
}

impl fmt::Display for TokenRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.detail())
    }
}

impl std::error::Error for TokenDefect {}
impl std::error::Error for TokenRefusal {}
