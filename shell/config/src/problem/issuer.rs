//! Problems with issuers.
//!
//! Knows wording only.

use super::{did_you_mean, listed};

/// What is wrong with an issuer. Strings are what the user wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are what the message quotes")]
pub enum IssuerProblem {
    /// An `http` URL from which keys would be fetched.
    KeysOverHttp { value: String },
    /// Not an algorithm.
    Algorithm {
        value: String,
        near: Option<&'static str>,
    },
    /// `none`.
    AlgorithmNone,
    /// A symmetric algorithm without a shared secret.
    AlgorithmNeedsSecret { value: String },
    /// A shared secret with an algorithm that does not use one.
    AlgorithmNotForSecret { value: String },
    /// A shared secret without exactly one algorithm.
    SecretAlgorithmUnnamed,
    /// None or several sources of keys.
    KeySources { count: usize },
    /// `discovery = false`.
    DiscoveryOff,
    /// A key set that cannot be used.
    KeySet { detail: String },
    /// A key set without a key that can be used.
    KeySetEmpty,
    /// A shared secret that is too short for its algorithm.
    SecretTooShort {
        algorithm: &'static str,
        bytes: usize,
        bytes_min: usize,
    },
    /// Two issuers with the same `iss`.
    IssuerTwice { value: String },
    /// Clocks may differ by very much.
    LeewayLong { secs: u64 },
    /// Tokens may live for ever.
    LifetimeUnlimited,
    /// Neither keys, nor anybody to ask.
    NothingToCheckBy,
    /// An `http` URL to which tokens would be sent.
    TokensOverHttp { value: String },
    /// The same, allowed, and not on this machine.
    TokensInTheClear { value: String },
    /// A way to show oneself that needs a client id.
    ClientIdMissing { authentication: &'static str },
    /// A client id that is not sent.
    ClientIdUnused,
    /// A secret that no client could have.
    ClientSecret { value: String },
    /// Tokens of which no audience is known are taken.
    AudienceOptional,
}

impl IssuerProblem {
    pub(super) fn words(&self) -> (String, String) {
        match self {
            Self::KeysOverHttp { value } => (
                format!("keys would be fetched without TLS from `{value}`"),
                "write `https://`, or set `allow_http = true` where nobody can sit on the way".into(),
            ),
            Self::Algorithm { value, near } => (
                format!("`{value}` is not an algorithm that is known here"),
                did_you_mean(*near, format!("write one of {}", listed(ALGORITHM_NAMES))),
            ),
            Self::AlgorithmNone => (
                "`none` is no algorithm: anybody could write such tokens".into(),
                "leave it out".into(),
            ),
            Self::AlgorithmNeedsSecret { value } => (
                format!("`{value}` needs a secret, and the keys of this issuer are public"),
                "leave it out, or set `keys = { secret_file = \"...\" }`: a public key taken for a secret lets anybody sign".into(),
            ),
            Self::AlgorithmNotForSecret { value } => (
                format!("`{value}` needs a public key, and this issuer has a secret"),
                "write one of `HS256`, `HS384`, `HS512`".into(),
            ),
            Self::SecretAlgorithmUnnamed => (
                "an issuer with a secret needs exactly one algorithm".into(),
                "write the one that it signs with, as in `algorithms = [\"HS256\"]`".into(),
            ),
            Self::KeySources { count: 0 } => (
                "`keys` names no source".into(),
                "write one of `discovery = true`, `jwks_url`, `jwks_file`, `inline`, `secret_file`".into(),
            ),
            Self::KeySources { .. } => (
                "`keys` names more than one source".into(),
                "leave one: where the same key is in two places, nobody knows which is current".into(),
            ),
            Self::DiscoveryOff => (
                "`discovery = false` names no source of keys".into(),
                "write `true`, or another source in its place".into(),
            ),
            Self::KeySet { detail } => {
                (format!("the key set cannot be used: {detail}"), "write a JWK Set, as in `{\"keys\":[...]}`".into())
            }
            Self::KeySetEmpty => (
                "the key set has no key that can be used".into(),
                "put in a public RSA, P-256, P-384, P-521 or Ed25519 key for signatures".into(),
            ),
            Self::SecretTooShort { algorithm, bytes, bytes_min } => (
                format!("the secret has {bytes} bytes, and {algorithm} needs {bytes_min}"),
                format!("make one with `openssl rand -hex {bytes_min}`"),
            ),
            Self::IssuerTwice { value } => (
                format!("`{value}` is the issuer of two sections"),
                "make one section of them, and set `audience` at the routes where they differ".into(),
            ),
            Self::LeewayLong { secs } => (
                format!("tokens are taken up to {secs} seconds past their expiry"),
                "keep clocks in step with NTP, and write at most 300".into(),
            ),
            Self::NothingToCheckBy => (
                "nothing says how this issuer's tokens are checked".into(),
                "write `keys`, as in `keys = { discovery = true }`, for JWTs, or an `introspection` table for opaque tokens".into(),
            ),
            Self::TokensOverHttp { value } => (
                format!("tokens and the client's secret would be sent without TLS to `{value}`"),
                "write `https://`, or set `allow_http = true` where nobody can sit on the way".into(),
            ),
            Self::TokensInTheClear { value } => (
                format!("tokens and the client's secret are sent in plain text over a network to `{value}`"),
                "write `https://`: whoever sits on the way can use every token that is asked about".into(),
            ),
            Self::ClientIdMissing { authentication } => (
                format!("`authentication = \"{authentication}\"` needs a client id"),
                "write the `client_id` under which the issuer knows this gateway".into(),
            ),
            Self::ClientIdUnused => (
                "`client_id` has no effect with `authentication = \"bearer\"`".into(),
                "leave it out".into(),
            ),
            Self::ClientSecret { value } => (
                format!("`{value}` holds no secret that a client can have: it is empty, or not of visible ASCII"),
                "put the secret alone into the file, as the issuer shows it".into(),
            ),
            Self::AudienceOptional => (
                "tokens of which the issuer names no audience are taken".into(),
                "leave it out where the issuer can name one: a token for any other service would do here".into(),
            ),
            Self::LifetimeUnlimited => (
                "tokens of any lifetime are taken".into(),
                "write the longest that the issuer gives, in seconds: a leaked token is good that long".into(),
            ),
        }
    }
}

pub(crate) const ALGORITHM_NAMES: [&str; 13] = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
    "HS256", "HS384", "HS512",
];
