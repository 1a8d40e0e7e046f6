//! The kinds of problems, each of which a case has to show.

use countersign_config::{
    AcmeProblem, BoundProblem, CorsProblem, DigestProblem, HeaderProblem, IssuerProblem,
    PolicyTestProblem, Problem, ProviderProblem, RouteProblem, ServerProblem, SessionProblem,
    TextProblem, UrlDefect,
};

/// A name for each variant, so that a new one does not compile without a name, and does not pass without a case.
macro_rules! kinds {
    ($($function:ident($list:ident) { $($variant:ident)* })*) => {
        /// All names.
        pub(crate) const KINDS: &[&str] = &[$($(concat!(stringify!($list), "::", stringify!($variant))),*),*];

        $(fn $function(problem: &$list) -> &'static str {
            match problem {
                $($list::$variant { .. } => concat!(stringify!($list), "::", stringify!($variant)),)*
            }
        })*
    };
}

kinds! {
    text(TextProblem) {
        Syntax UnknownKey MissingKey WrongType OutOfRange NotAChoice EmptyList EmptyText
        ControlCharacter NotAscii Name Twice
    }
    server(ServerProblem) {
        ListenAddress Url Network FileUnreadable NoCredentials VariableAbsent VariableForFile SecretName HeaderLine HeadersInTheClear NotPem SecretOpenToOthers StoreFolderMissing
        StoreIsFolder StoreFolderOpenToOthers EverybodyTrusted EverybodyExempt EverybodyIsProxy IdentityKeys NoIdentityKeys IdentityTokenUnused IdentityIssuerMissing NoSuchListener AdminOpen NoTls UpstreamTlsUnused
        SchemesDiffer ServersTooMany
        ServerName HalfACertificate HashCost HashCostWeak
    }
    url(UrlDefect) {
        NotHttp Host Path QueryOrFragment Characters
    }
    header(HeaderProblem) {
        NotAToken Underscore Authorization Reserved Twice
    }
    cors(CorsProblem) {
        Unknown Unused Origin StarAmongOthers AnyOriginWithCredentials ExposeAllWithCredentials
        NullWithCredentials InTheClearWithCredentials OfTheBrowser
    }
    digest(DigestProblem) {
        Md5 Domain PathPrefix PathTwice NobodyTrusted NonceKeyShort
    }
    acme(AcmeProblem) {
        NoCertificate BesideFiles TermsNotAgreed Wildcard Domain DomainsTooMany DirectoryInTheClear Contact FolderMissing
        FolderIsFile FolderOpenToOthers RetryMaxShort
    }
    bound(BoundProblem) {
        NotAsked NobodyReads ForAnyHost
    }
    session(SessionProblem) {
        CookieName CookieUnbound CookieUnshared CookieDropped Domain DomainPublic DomainShared DomainMissing
        OriginsMissing OriginSpelling OriginOutside OriginPlain SignInUnlisted PlainHttp PlainHttpBeyond LifetimeShort IdleRemembered
        PasskeysNowhere PasskeyDomain PasskeyOrigin PasskeyOriginInTheClear PasskeysNotAtPublicUrl OwnKeysUseless
    }
    issuer(IssuerProblem) {
        KeysOverHttp Algorithm AlgorithmNone AlgorithmNeedsSecret AlgorithmNotForSecret
        SecretAlgorithmUnnamed KeySources DiscoveryOff KeySet KeySetEmpty SecretTooShort IssuerTwice
        LeewayLong LifetimeUnlimited NothingToCheckBy TokensOverHttp TokensInTheClear ClientIdMissing
        ClientIdUnused ClientSecret AudienceOptional
    }
    provider(ProviderProblem) {
        PublicUrlMissing PublicUrlClear NoSessions IssuerTwice Clear SecretMissing SecretUnused Secret OpenidMissing
        Scope Algorithm LinkByName CreateByName SignInElsewhere GroupsUnnamed Domain NoWayIn
    }
    policy_test(PolicyTestProblem) {
        Url FieldName CredentialBesideIdentity Client Method NotExpected CauseUnknown CauseWithoutRefusal
        Unknown CannotHold
    }
    route(RouteProblem) {
        Unknown NameTwice Pattern Method MethodNeverServed PathReserved NeverReached NothingAccepted
        AcceptWithoutDemand NoIssuer SeveralToAsk ApiKeyNowhere NoEffect AllowEmpty AllowIdentityFalse AllowText
        Scope ClaimsWithoutTokens ScopesWithoutTokens ScopesNotOfAll SecondFactorWithoutSessions
        SignInClass SignInOfNone SignInNotOfAll DenyEmpty DenyUnknown RememberLong NothingRemembered EverythingOpen UpgradeCarriesRequests UpgradeProtocol
        UpgradeByHttp2 Unused
    }
}

/// The names of a problem: a URL's defects have names of their own.
pub(crate) fn names(problem: &Problem) -> Vec<&'static str> {
    match problem {
        Problem::Text(problem) => vec![text(problem)],
        Problem::Server(problem) => {
            let mut names = vec![server(problem)];
            if let ServerProblem::Url { defect, .. } = problem {
                names.push(url(defect));
            }
            names
        }
        Problem::Header(problem) => vec![header(problem)],
        Problem::Digest(problem) => vec![digest(problem)],
        Problem::Acme(problem) => vec![acme(problem)],
        Problem::Bound(problem) => vec![bound(problem)],
        Problem::Session(problem) => vec![session(problem)],
        Problem::Issuer(problem) => vec![issuer(problem)],
        Problem::Provider(problem) => vec![provider(problem)],
        Problem::Route(problem) => vec![route(problem)],
        Problem::Cors(problem) => vec![cors(problem)],
        Problem::PolicyTest(problem) => vec![policy_test(problem)],
    }
}
