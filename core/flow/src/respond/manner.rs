//! How each cause is answered: the one match over all of them, without a wildcard, so that a new cause is looked at.
//!
//! Knows: status codes and the error codes of RFC 6750. Does not know words.

use countersign_cause::Cause;
use countersign_wire::bearer::server::ErrorCode;
use http::StatusCode;

/// The status of a refusal. A cause that only `explain` concludes has none, and is no reason to refuse: whoever
/// refuses with it all the same answers that the server is at fault.
pub(crate) fn status(cause: Cause) -> StatusCode {
    cause
        .status()
        .and_then(|code| StatusCode::from_u16(code).ok())
        .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// What a Bearer challenge says of the token that was shown, if anything.
#[expect(
    clippy::too_many_lines,
    reason = "one arm a stage; the list of causes is long"
)]
pub(crate) const fn bearer_error(cause: Cause) -> Option<ErrorCode> {
    match cause {
        // The token, or what stood in its place, could not be read.
        Cause::HeaderMalformed | Cause::HeaderDuplicated => Some(ErrorCode::InvalidRequest),
        // It was read, and is not good.
        Cause::CredentialsPlaceholder
        | Cause::CredentialWhitespace
        | Cause::CredentialQuoted
        | Cause::SchemeWordWrong
        | Cause::CredentialsRejected
        | Cause::CredentialExpired
        | Cause::CredentialRevoked
        | Cause::AccountLocked
        | Cause::AccountDisabled
        | Cause::TokenMalformed
        | Cause::TokenExpired
        | Cause::TokenNotYetValid
        | Cause::ClockSkew
        | Cause::TokenLifetimeTooLong
        | Cause::TokenRevoked
        | Cause::TokenInactive
        | Cause::TokenWrongKind
        | Cause::AudienceMismatch
        | Cause::IssuerMismatch
        | Cause::SignatureInvalid
        | Cause::SigningKeyUnknown
        | Cause::AlgorithmNotAllowed
        | Cause::ClaimMissing
        | Cause::SenderConstraintFailed
        | Cause::SessionExpired
        | Cause::SessionUnknown
        | Cause::SessionRevoked => Some(ErrorCode::InvalidToken),
        Cause::ScopeInsufficient => Some(ErrorCode::InsufficientScope),
        Cause::SignInTooOld | Cause::SignInTooWeak => {
            Some(ErrorCode::InsufficientUserAuthentication)
        }
        // Nothing that Bearer could say something of: no token was shown, or it is not at fault.
        Cause::CredentialsMissing
        | Cause::HeaderWrongPlace
        | Cause::SchemeMissing
        | Cause::SchemeNotAccepted
        | Cause::SecondFactorRequired
        | Cause::BasicNewline
        | Cause::BasicColon
        | Cause::BasicBase64
        | Cause::BasicCharset
        | Cause::AddressNotAllowed
        | Cause::IdentityNotAllowed
        | Cause::HeaderTooLarge
        | Cause::IdentityBackendDown
        | Cause::IntrospectionFailed
        | Cause::RateLimited
        | Cause::CsrfFailed
        | Cause::OriginNotAllowed => None,
        // Of other schemes.
        Cause::DigestNonceStale
        | Cause::DigestNonceReplayed
        | Cause::DigestUriMismatch
        | Cause::DigestQopUnsupported
        | Cause::DigestAlgorithmUnsupported => None,
        // Of the issuer's endpoints, which say them in their own way (RFC 6749 section 5.2).
        Cause::ClientAuthenticationFailed
        | Cause::ClientAuthenticationMethod
        | Cause::CodeReused
        | Cause::CodeExpired
        | Cause::PkceMismatch
        | Cause::RedirectUriMismatch
        | Cause::RefreshTokenReused
        | Cause::RefreshTokenExpired
        | Cause::GrantNotFormEncoded
        | Cause::ResourceIndicatorMismatch => None,
        // Of the gateway's own limits and upstreams.
        Cause::RequestMalformed
        | Cause::RequestTargetAmbiguous
        | Cause::HostInvalid
        | Cause::MethodNotSupported
        | Cause::RouteUnmatched
        | Cause::BodyTooLarge
        | Cause::HeadStalled
        | Cause::BodyStalled
        | Cause::UpstreamUnreachable
        | Cause::UpstreamDown
        | Cause::UpstreamTimeout
        | Cause::UpstreamMalformed
        | Cause::CheckQueueFull
        | Cause::IntrospectionLimit
        | Cause::ProxyHeaderInvalid
        | Cause::ListenerCertificateMissing
        | Cause::ProofLimit
        | Cause::UpgradeLimit
        | Cause::SignInLoop
        | Cause::SignInStale
        | Cause::ProviderRefused
        | Cause::ProviderUnavailable
        | Cause::ProviderLimit
        | Cause::ProviderAnswerInvalid
        | Cause::ProviderAccountNotAllowed
        | Cause::AccountNotLinked
        | Cause::GatewayOverloaded => None,
        // Concluded by `explain` about other servers; the gateway never refuses with them.
        Cause::CredentialsNotApplied
        | Cause::CredentialsOverridden
        | Cause::CredentialsUnneeded
        | Cause::ChallengeUnanswered
        | Cause::CompanionHeaderMissing
        | Cause::CredentialMangled
        | Cause::BasicUsernameConvention
        | Cause::UserinfoEncoding
        | Cause::RedirectDroppedCredentials
        | Cause::RedirectForwardedCredentials
        | Cause::RedirectToHttp
        | Cause::ProxyStrippedCredentials
        | Cause::ProxyReplacedCredentials
        | Cause::AuthLayersCollide
        | Cause::HeaderNameDropped
        | Cause::ProxyAuthenticationRequired
        | Cause::EdgeRefused
        | Cause::CachedRefusal
        | Cause::SecretIdSent
        | Cause::PasswordLoginRetired
        | Cause::EnvironmentMismatch
        | Cause::OrganizationNotAuthorized
        | Cause::CredentialNotActiveYet
        | Cause::SigningKeysStale
        | Cause::DigestChallengeMisread
        | Cause::NtlmOverHttp2
        | Cause::ConnectionNotKept
        | Cause::ChannelBindingFailed
        | Cause::KerberosNameMismatch
        | Cause::SignatureScopeWrong
        | Cause::SignatureCanonicalization
        | Cause::SignedPartAltered
        | Cause::SessionNotShared
        | Cause::CookieSamesite
        | Cause::CookieSecure
        | Cause::CookieDomain
        | Cause::CookiePath
        | Cause::CookieThirdParty
        | Cause::CookieTooLarge
        | Cause::CookieDuplicated
        | Cause::PreflightChallenged
        | Cause::CorsCredentialsNotSent
        | Cause::CorsWildcardWithCredentials
        | Cause::CorsHeaderNotAllowed
        | Cause::CorsHidesRefusal
        | Cause::ClientSecretEncoding
        | Cause::ConsentMissing
        | Cause::DiscoveryMissing
        | Cause::TokenExchangeNeeded
        | Cause::ChallengeMissing
        | Cause::ForbiddenReportedAsUnauthorized
        | Cause::RefusalDisguised
        | Cause::UrlWrong
        | Cause::SchemeDisabled
        | Cause::PipelineMisordered
        | Cause::VerifierMisconfigured
        | Cause::ErrorPageProtected => None,
    }
}
