//! The phrases in which verifiers name the check that failed.
//!
//! Knows: words of libraries and servers, in lower case. Does not know what a sentence is for.

use countersign_cause::Cause;

/// A phrase: every one of these is in it, and none of those.
struct Phrase {
    cause: Cause,
    all: &'static [&'static str],
    any: &'static [&'static str],
    none: &'static [&'static str],
}

const fn phrase(
    cause: Cause,
    all: &'static [&'static str],
    any: &'static [&'static str],
    none: &'static [&'static str],
) -> Phrase {
    Phrase {
        cause,
        all,
        any,
        none,
    }
}

/// Something is wrong with it.
const WRONG: &[&str] = &[
    "invalid",
    "not valid",
    "mismatch",
    "not match",
    "n't match",
    "fail",
    "incorrect",
    "unexpected",
    "wrong",
    "bad ",
    "not allowed",
    "not accepted",
    "unknown",
    "not trusted",
    "untrusted",
    "not configured",
    "expected",
    "not supported",
    "unsupported",
    "not one of",
    "not recognized",
    "error",
    "not verified",
    "cannot verify",
    "not intended",
    "rejected",
    "not permitted",
];

const PHRASES: &[Phrase] = &[
    phrase(
        Cause::TokenLifetimeTooLong,
        &[],
        &[
            "too far in the future",
            "lifetime too long",
            "lifetime is too long",
            "lifetime exceeds",
            "exceeds the maximum lifetime",
            "maximum token age",
            "maximum lifetime",
        ],
        &[],
    ),
    phrase(
        Cause::TokenNotYetValid,
        &[],
        &[
            "not yet valid",
            "not active",
            "used before issued",
            "issued in the future",
            "used too early",
            "iat in the future",
            "is in the future",
            "not valid yet",
            "before its nbf",
            "nbf",
            "not before",
            "notbefore",
        ],
        &["too far in the future", "exp)", "'exp'"],
    ),
    phrase(
        Cause::TokenExpired,
        &[],
        &[
            "expired",
            "abgelaufen",
            "\"exp\" claim timestamp",
            "exp claim timestamp",
            "is past its expiry",
            "past its expiration",
            "lifetime validation failed",
        ],
        &[
            "not expired",
            "api key",
            "apikey",
            "key_expired",
            "key expired",
            "key has expired",
            "password",
            "certificate expired",
        ],
    ),
    phrase(
        Cause::TokenRevoked,
        &[],
        &[
            "revoked",
            "blacklisted",
            "denylisted",
            "invalidated",
            "session terminated",
        ],
        &[],
    ),
    phrase(
        Cause::SigningKeyUnknown,
        &[],
        &[
            "signature key was not found",
            "matching key",
            "matching kid",
            "no matching signing",
            "find a signing key",
            "find signing key",
            "find key",
            "key not found",
            "no applicable key",
            "unknown kid",
            "unknown key",
            "invalid kid",
            "key to match kid",
            "unrecognized key id",
            "key id",
            "'kid'",
            "\"kid\"",
            "`kid`",
            "kid not",
            "signing key",
        ],
        &[],
    ),
    phrase(
        Cause::AlgorithmNotAllowed,
        &["alg"],
        &WRONG_ALGORITHM,
        &["key to match kid or alg"],
    ),
    phrase(
        Cause::SignatureInvalid,
        &["signature"],
        WRONG,
        &[
            "expired",
            "algorithm",
            "key was not found",
            "form of header",
        ],
    ),
    phrase(
        Cause::SignatureInvalid,
        &[],
        &[
            "jwt verification fails",
            "signature verification raised",
            "rsa: verification error",
            "verification of the token failed",
        ],
        &[],
    ),
    phrase(Cause::IssuerMismatch, &["issuer"], WRONG, &[]),
    phrase(Cause::IssuerMismatch, &["iss claim"], WRONG, &[]),
    phrase(
        Cause::IssuerMismatch,
        &["issued by"],
        &[
            "different",
            "another",
            "other",
            "unknown",
            "untrusted",
            "wrong",
        ],
        &[],
    ),
    phrase(Cause::IssuerMismatch, &["\"iss\""], WRONG, &["missing"]),
    phrase(Cause::IssuerMismatch, &["'iss'"], WRONG, &["missing"]),
    phrase(Cause::AudienceMismatch, &["audience"], WRONG, &[]),
    phrase(Cause::AudienceMismatch, &["aud claim"], WRONG, &[]),
    phrase(Cause::AudienceMismatch, &["\"aud\""], WRONG, &["missing"]),
    phrase(Cause::AudienceMismatch, &["'aud'"], WRONG, &["missing"]),
    phrase(Cause::ClaimMissing, &["missing", "claim"], &[], &[]),
    phrase(Cause::ClaimMissing, &["claim", "required"], &[], &["scope"]),
    phrase(
        Cause::ScopeInsufficient,
        &[],
        &[
            "insufficient scope",
            "insufficient_scope",
            "insufficientscope",
            "required scope",
            "missing scope",
            "lacks scope",
            "lacks the scope",
            "scope is missing",
            "requires scope",
            "insufficient authentication scopes",
            "insufficient privileges",
        ],
        &[],
    ),
    phrase(
        Cause::TokenMalformed,
        &[],
        &[
            "malformed",
            "not enough segments",
            "wrong number of segments",
            "number of segments",
            "three segments",
            "three parts",
            "3 parts",
            "invalid compact",
            "not a jwt",
            "not a valid jwt",
            "form of header.payload.signature",
            "not well formed",
            "not well-formed",
            "could not decode",
            "cannot decode",
            "unable to decode",
            "unable to parse",
            "invalid token format",
            "invalid header padding",
            "idx12741",
            "idx14100",
        ],
        &[],
    ),
    phrase(
        Cause::TokenWrongKind,
        &[],
        &[
            "wrong token type",
            "wrong type",
            "invalid token type",
            "token type is not",
            "token_use",
            "not an access token",
            "access token is required",
            "^id token",
            "^id_token",
            "^idtoken",
            "refresh token",
            "token type not",
            "unexpected token type",
            "typ header",
            "\"typ\"",
        ],
        // Some readers call every token an ID token, whatever they miss in it.
        &[
            "any token type",
            "signature",
            "issued by",
            "issuer",
            "audience",
            "expired",
            "nonce",
        ],
    ),
    phrase(
        Cause::SenderConstraintFailed,
        &[],
        &[
            "dpop",
            "proof of possession",
            "proof-of-possession",
            "certificate-bound",
            "certificate bound",
            "certificate thumbprint",
            "x5t#s256",
        ],
        &[],
    ),
    phrase(
        Cause::IdentityBackendDown,
        &[],
        &[
            "unable to obtain configuration",
            "idx20803",
            "idx20804",
            "retrieve remote jwk",
            "jwks remote fetch",
            "fetch jwks",
            "fetching jwks",
            "retrieve jwks",
            "load jwks",
            "jwks endpoint",
            "fetch the jwks",
            "identity provider is unavailable",
            "identity provider unavailable",
            "introspection endpoint",
            "auth server unavailable",
            "authorization server is not reachable",
        ],
        &[],
    ),
];

const WRONG_ALGORITHM: [&str; 12] = [
    "invalid algorithm",
    "algorithm not",
    "algorithm is not",
    "not allowed",
    "unsupported alg",
    "not supported",
    "unexpected alg",
    "algorithm mismatch",
    "algorithm expected",
    "unexpected signing method",
    "wrong alg",
    "invalid alg",
];

/// The causes that a sentence in lower case names, in the order of the list.
pub(super) fn causes_in(lower: &str) -> Vec<Cause> {
    let has = |part: &&str| occurs(part, lower);
    let mut causes = Vec::new();
    // The verifier's own settings, and not the token, are what such a sentence is about.
    let is_about_settings = [
        "misconfigur",
        "server configuration",
        "verifier is not configured",
    ];
    if is_about_settings.iter().any(has) {
        return causes;
    }
    for phrase in PHRASES {
        let fits = phrase.all.iter().all(has)
            && (phrase.any.is_empty() || phrase.any.iter().any(has))
            && !phrase.none.iter().any(has);
        if fits && !causes.contains(&phrase.cause) {
            causes.push(phrase.cause);
        }
    }
    if lower.contains("unexpected signing method") && causes.is_empty() {
        causes.push(Cause::AlgorithmNotAllowed);
    }
    // `jwt audience invalid` speaks of one claim, `expected issuer` in it of no other check.
    if causes.contains(&Cause::AudienceMismatch) && lower.starts_with("issuer") {
        causes.retain(|cause| *cause != Cause::AudienceMismatch);
    }
    // A value that the server itself holds with a line break or blank around it fits no token.
    let compared = [Cause::AudienceMismatch, Cause::IssuerMismatch];
    if quotes_a_blank_edge(lower) && causes.iter().any(|cause| compared.contains(cause)) {
        return vec![Cause::VerifierMisconfigured];
    }
    causes
}

/// Whether something in quotes begins or ends with a line break or tab, as it is or escaped.
fn quotes_a_blank_edge(sentence: &str) -> bool {
    ['"', '\''].iter().any(|quote| {
        ["\n", "\r", "\t", r"\n", r"\r", r"\t"].iter().any(|blank| {
            let (before, after) = (format!("{quote}{blank}"), format!("{blank}{quote}"));
            sentence.contains(&before) || sentence.contains(&after)
        })
    })
}

/// Whether a part is in a sentence; a caret before it stands for the beginning of a word.
fn occurs(part: &str, lower: &str) -> bool {
    let Some(word) = part.strip_prefix('^') else {
        return lower.contains(part);
    };
    lower.match_indices(word).any(|(at, _)| {
        let before = lower.get(..at).and_then(|text| text.chars().next_back());
        !before.is_some_and(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verifiers_phrases_are_understood() {
        for (sentence, cause) in [
            ("jwt expired", Cause::TokenExpired),
            ("Signature has expired", Cause::TokenExpired),
            (
                "The token expired at '01/01/2026 00:00:00'",
                Cause::TokenExpired,
            ),
            ("\"exp\" claim timestamp check failed", Cause::TokenExpired),
            ("Token used before issued", Cause::TokenNotYetValid),
            ("jwt not active", Cause::TokenNotYetValid),
            ("The token is not yet valid (iat)", Cause::TokenNotYetValid),
            ("The token is not yet valid (nbf)", Cause::TokenNotYetValid),
            ("invalid signature", Cause::SignatureInvalid),
            ("Signature verification failed", Cause::SignatureInvalid),
            ("Jwt verification fails", Cause::SignatureInvalid),
            ("The signature is invalid", Cause::SignatureInvalid),
            ("The signature key was not found", Cause::SigningKeyUnknown),
            ("No matching KID", Cause::SigningKeyUnknown),
            (
                "no applicable key found in the JSON Web Key Set",
                Cause::SigningKeyUnknown,
            ),
            (
                "Unable to find a signing key that matches: 'k2'",
                Cause::SigningKeyUnknown,
            ),
            ("invalid algorithm", Cause::AlgorithmNotAllowed),
            (
                "The specified alg value is not allowed",
                Cause::AlgorithmNotAllowed,
            ),
            (
                "jwt issuer invalid. expected: https://a.example",
                Cause::IssuerMismatch,
            ),
            ("The iss claim is not valid", Cause::IssuerMismatch),
            ("unexpected \"iss\" claim value", Cause::IssuerMismatch),
            ("Jwt issuer is not configured", Cause::IssuerMismatch),
            (
                "Invalid token issuer. Expected 'http://a:8080', but was 'http://localhost:8180'",
                Cause::IssuerMismatch,
            ),
            ("The audience 'api://x' is invalid", Cause::AudienceMismatch),
            (
                "incorrect audience, expected \"shop\n\" but got \"shop\"",
                Cause::VerifierMisconfigured,
            ),
            ("Audiences in Jwt are not allowed", Cause::AudienceMismatch),
            (
                "jwt audience invalid. expected: orders",
                Cause::AudienceMismatch,
            ),
            ("Audience doesn't match", Cause::AudienceMismatch),
            ("Token is missing the \"sub\" claim", Cause::ClaimMissing),
            ("jwt malformed", Cause::TokenMalformed),
            ("Not enough segments", Cause::TokenMalformed),
            ("Token has wrong type", Cause::TokenWrongKind),
            ("Insufficient scope", Cause::ScopeInsufficient),
            ("The token has been revoked", Cause::TokenRevoked),
            (
                "'Expiration time' claim ('exp') is too far in the future",
                Cause::TokenLifetimeTooLong,
            ),
            (
                "Couldn't retrieve remote JWK set",
                Cause::IdentityBackendDown,
            ),
        ] {
            assert_eq!(causes_in(&sentence.to_lowercase()), [cause], "{sentence}");
        }
    }

    #[test]
    fn plain_refusals_say_nothing() {
        for sentence in [
            "Unauthorized",
            "Invalid token",
            "Authentication credentials were not provided.",
            "not found",
            "Given token not valid for any token type",
            "invalid_token",
            "Bad credentials",
        ] {
            assert!(causes_in(&sentence.to_lowercase()).is_empty(), "{sentence}");
        }
    }
}
