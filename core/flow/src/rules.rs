//! The rules that the line runs under: what a checked configuration comes down to.
//!
//! Knows: realms, issuers, routes and what each accepts. Does not know where the rules come from, nor any secret or key.

use std::sync::{Arc, OnceLock};

use crate::brake::BrakeRules;
use crate::cors::CorsRules;
use crate::identity_token::IdentityToken;
use crate::provider::ProviderRules;
use countersign_jose::Algorithm;
use countersign_policy::{Demand, Deny, Routes};
use countersign_secret::password::Cost;
use countersign_wire::digest::{self, Hash, Qop};
use http::{HeaderName, HeaderValue};

/// Everything that parse, verify, decide and respond need to know beside the request itself.
///
/// Built once by the configuration, shared read-only, and swapped whole.
#[derive(Debug)]
pub struct Rules {
    /// The realm (protection space, RFC 9110 section 11.5) named in every challenge.
    pub realm: Box<str>,
    /// `scheme://authority` under which clients reach the gateway, without a trailing slash; `None`: as the request says.
    pub public_url: Option<Box<str>>,
    /// Where API keys are read, when some route accepts them.
    pub api_key: ApiKeyRules,
    /// The cost at which passwords are hashed, and to which older hashes are renewed.
    pub password_cost: Cost,
    /// Whether Basic and Digest, which cannot ask for a second factor, take the password alone of users who have one.
    pub second_factor_waived: bool,
    /// What is offered and taken of Digest, when some route accepts it.
    pub digest: DigestRules,
    /// What is demanded of proofs of DPoP, when some route accepts them.
    pub dpop: DpopRules,
    /// Who is meant by a client's certificate, when some route accepts them.
    pub certificate: CertificateRules,
    /// How sessions are begun and kept; `None` where no route accepts them, and there is nothing to sign in to.
    pub session: Option<SessionRules>,
    /// The providers that people can sign in through, in the order of the configuration.
    pub providers: Vec<ProviderRules>,
    /// The issuers of Bearer tokens, in the order of the configuration.
    pub issuers: Vec<IssuerRules>,
    /// Which route a request belongs to; the index goes into `route_rules`.
    pub routes: Routes,
    /// What each route accepts and demands, in the order of `routes`.
    pub route_rules: Vec<RouteRules>,
    /// The closed namespace of headers that tell the upstream who asks.
    pub identity_headers: IdentityHeaders,
    /// How long a verified credential may be remembered; 0 turns remembering off.
    pub remember_secs: i64,
    /// When attempts at credentials are braked; `None`: never.
    pub brakes: Option<BrakeRules>,
    /// Challenges that do not depend on the request; empty where the rules are made.
    pub written: Written,
}

impl Rules {
    /// The youngest sign-in that any route demands, in seconds of age; `None`: none does.
    #[must_use]
    pub fn sign_in_age_secs_min(&self) -> Option<i64> {
        let ages = self
            .route_rules
            .iter()
            .filter_map(|route| match &route.demand {
                Demand::Identity(requirements) => requirements.sign_in.age_secs_max,
                Demand::Anyone | Demand::AnyoneFrom(_) => None,
            });
        ages.min()
    }
}

/// Challenges that are the same in every refusal under the same rules: written once, at the first.
#[derive(Debug, Default)]
pub struct Written {
    pub(crate) api_key: OnceLock<Option<HeaderValue>>,
    pub(crate) basic: OnceLock<Option<HeaderValue>>,
    pub(crate) session: OnceLock<Option<HeaderValue>>,
    pub(crate) certificate: OnceLock<Option<HeaderValue>>,
}

/// Where an API key may stand in a request.
#[derive(Debug, Clone)]
pub struct ApiKeyRules {
    /// The header of its own, if any.
    pub header: Option<HeaderName>,
    /// Whether `Authorization: Bearer csk_...` and `Authorization: ApiKey csk_...` are read as well.
    pub in_authorization: bool,
}

/// How sessions are begun and kept.
#[derive(Debug, Clone)]
pub struct SessionRules {
    /// The name of the session's cookie.
    pub cookie: Box<str>,
    /// The name of the cookie that binds the form of the sign-in page to a browser.
    pub form_cookie: Box<str>,
    /// The name of the cookie that counts how often a browser was sent round in a short while.
    pub round_cookie: Box<str>,
    /// The hosts that share sessions; `None`: each has its own.
    pub shared: Option<SharedSessions>,
    /// Whether all cookies are for TLS alone.
    pub secure: bool,
    /// After how long without a request a session ends.
    pub idle_secs: i64,
    /// How old a session can get.
    pub lifetime_secs: i64,
    /// How many sessions a user may have; past it the one used least lately is ended.
    pub per_user_max: u32,
    /// For how long after signing in a user may change its passkeys and API keys.
    pub fresh_secs: i64,
    /// What passkeys are bound to; `None`: there are none.
    pub passkeys: Option<PasskeyRules>,
    /// Whether user name and password sign in at the page.
    pub password: bool,
    /// What API keys people may make for themselves; `None`: none.
    pub own_keys: Option<OwnKeyRules>,
}

/// What API keys people may make for themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnKeyRules {
    /// The scopes that they may give a key.
    pub scopes: Vec<Box<str>>,
    /// Who may: members of one of these groups; empty: everybody who can sign in.
    pub groups: Vec<Box<str>>,
    /// For how long a key is taken at most.
    pub lifetime_secs_max: i64,
    /// How many keys that are taken a user may have made.
    pub per_user_max: u32,
}

impl OwnKeyRules {
    /// Whether a user in these groups may make keys.
    #[must_use]
    pub fn may_make(&self, groups: &[Box<str>]) -> bool {
        self.groups.is_empty() || self.groups.iter().any(|group| groups.contains(group))
    }

    /// What is left of the scopes of a key that a user in these groups has made: those that the user may give now.
    pub fn cut(&self, scopes: &mut Vec<Box<str>>, groups: &[Box<str>]) {
        let may_make = self.may_make(groups);
        scopes.retain(|scope| may_make && self.scopes.contains(scope));
    }
}

/// What passkeys are bound to (Web Authentication, section 4, "Relying Party").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyRules {
    /// The domain that they are bound to.
    pub rp_id: Box<str>,
    /// The origins whose pages may ask for them.
    pub origins: Vec<Box<str>>,
    /// How many passkeys a user may have.
    pub per_user_max: u32,
}

/// Hosts of one domain whose people sign in once for all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedSessions {
    /// The domain that the session's cookie is for, with all hosts below it.
    pub domain: Box<str>,
    /// The origins that people may be sent back to, as browsers write them.
    pub origins: Vec<Box<str>>,
    /// The one of them where people sign in; `None`: wherever they are.
    pub sign_in: Option<Box<str>>,
}

/// What is offered and taken of Digest (RFC 7616).
#[derive(Debug, Clone)]
pub struct DigestRules {
    /// The algorithms, each with a challenge of its own, in this order.
    pub algorithms: Vec<digest::Algorithm>,
    /// The qualities of protection.
    pub qop: Vec<Qop>,
    /// Whether user names may be hashed.
    pub userhash: bool,
    /// How long a nonce is taken.
    pub nonce_secs: i64,
    /// Whether nonces are taken that another instance with the same key has issued. Which of its counts were used, this
    /// one does not know: a recorded request can be repeated once on each.
    pub take_nonces_of_others: bool,
    /// How far a nonce count may be behind the highest.
    pub count_window: u32,
    /// The longest body that is kept and hashed for `auth-int`.
    pub body_bytes_max: usize,
    /// The parameter `domain`: addresses of the protection space, separated by spaces; empty: the whole server.
    pub domain: Box<str>,
    /// What a proxy in front takes off the path that the client asked it for; empty: nothing.
    pub path_prefix: Box<str>,
}

impl Default for DigestRules {
    fn default() -> Self {
        let plain = |hash| digest::Algorithm {
            hash,
            session: false,
        };
        Self {
            // RFC 7616 section 3.7: in the order of preference. Clients that read one alone read the first, and more
            // of them know SHA-256.
            algorithms: vec![plain(Hash::Sha256), plain(Hash::Sha512_256)],
            qop: vec![Qop::Auth],
            userhash: false,
            nonce_secs: 300,
            take_nonces_of_others: false,
            count_window: 128,
            body_bytes_max: 64 * 1024,
            domain: "".into(),
            path_prefix: "".into(),
        }
    }
}

/// What is demanded of proofs of DPoP (RFC 9449).
#[derive(Debug, Clone)]
pub struct DpopRules {
    /// The algorithms that proofs may be signed with; a symmetric one is never taken.
    pub algorithms: Vec<Algorithm>,
    /// How old a proof may be, by its own time.
    pub proof_secs: i64,
    /// By how much the clocks of clients may differ.
    pub leeway_secs: i64,
    /// Whether a proof has to repeat a nonce of the gateway.
    pub nonce: bool,
    /// How long a nonce is taken.
    pub nonce_secs: i64,
}

impl Default for DpopRules {
    fn default() -> Self {
        Self {
            algorithms: vec![
                Algorithm::Es256,
                Algorithm::EdDsa,
                Algorithm::Rs256,
                Algorithm::Ps256,
            ],
            proof_secs: 60,
            leeway_secs: 30,
            nonce: false,
            nonce_secs: 300,
        }
    }
}

/// Who is meant by a client's certificate.
#[derive(Debug, Clone, Copy, Default)]
pub struct CertificateRules {
    /// Which name is the user's.
    pub user: CertificateName,
    /// Whether clients are asked for certificates at all, so that tokens can be bound to them.
    pub asked: bool,
}

/// The kinds of names in a certificate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CertificateName {
    /// The common name of the subject.
    #[default]
    Common,
    /// A host name among the alternative names.
    Dns,
    /// A URI among the alternative names.
    Uri,
    /// A mail address among the alternative names.
    Email,
}

/// One issuer of tokens and what is demanded of its tokens.
#[derive(Debug, Clone)]
pub struct IssuerRules {
    /// The name in the configuration, for logs.
    pub name: Box<str>,
    /// The value that `iss` must have, to the letter (RFC 9068 section 4).
    pub issuer: Box<str>,
    /// Any one of these must be in `aud`, unless the route names its own.
    pub audiences: Vec<String>,
    /// The allow-list of algorithms (RFC 8725 section 3.1).
    pub algorithms: Vec<Algorithm>,
    /// The values of `typ` that are taken, as media types with or without `application/`.
    pub types: Vec<String>,
    /// Whether a token without `typ` is taken.
    pub untyped: bool,
    /// Tolerance for clocks, in seconds, on `exp`, `nbf` and `iat`.
    pub leeway_secs: u32,
    /// The longest lifetime that is taken, in seconds.
    pub lifetime_secs_max: Option<u32>,
    /// Claims that must be present, besides `iss`, `aud` and `exp`.
    pub required_claims: Vec<String>,
    /// The claims in which scopes are looked for; those of all of them count together.
    pub scope_claims: Vec<Box<str>>,
    /// The claim that names the subject.
    pub subject_claim: Box<str>,
    /// The claim that names groups, an array of strings or one string.
    pub groups_claim: Box<str>,
    /// Which of its tokens the issuer itself is asked about (RFC 7662).
    pub introspection: Option<IntrospectionRules>,
}

/// When an issuer is asked about its tokens, and what it has to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntrospectionRules {
    /// Whether it is asked about its JWTs as well, instead of checking them by its keys.
    pub of_jwts: bool,
    /// Whether an answer that names no audience will do.
    pub audience_optional: bool,
}

/// What one route accepts, demands and sends on.
#[derive(Debug)]
pub struct RouteRules {
    /// The name in the configuration, unique.
    pub name: Box<str>,
    /// The schemes that are accepted; none on a public route.
    pub accept: Accept,
    /// Who is refused, before the demand is looked at.
    pub deny: Deny,
    /// Who may pass.
    pub demand: Demand,
    /// Indices into `Rules::issuers`: whose tokens are taken here.
    pub issuers: Vec<usize>,
    /// Replaces the issuer's audiences here.
    pub audiences: Option<Vec<String>>,
    /// Replaces the issuer's tolerance for clocks here.
    pub leeway_secs: Option<u32>,
    /// How old a memory of a verification may be here; `None`: as old as any gets.
    pub remember_secs: Option<i64>,
    /// The scopes named in a Bearer challenge (RFC 6750 section 3), space-separated; empty: none.
    pub challenge_scope: Box<str>,
    /// The resource identifier (RFC 9728 section 1.2); `None`: the origin of the request.
    pub resource: Option<Box<str>>,
    /// Whether the credential itself goes on to the upstream.
    pub keep_credential: bool,
    /// What pages of other origins may do; `None`: the gateway says nothing to them, and the upstream may.
    pub cors: Option<Box<CorsRules>>,
    /// The protocols that a connection may be switched to here (RFC 9110 section 7.8), in lower case.
    pub upgrades: Vec<Box<str>>,
    /// Index of the upstream in the configuration.
    pub upstream: usize,
}

/// The set of schemes that a route accepts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Accept {
    /// RFC 7617.
    pub basic: bool,
    /// RFC 6750 with JWTs.
    pub bearer: bool,
    /// RFC 7616.
    pub digest: bool,
    /// API keys of our own store.
    pub api_key: bool,
    /// RFC 9449: tokens that are bound to a key, each with a proof.
    pub dpop: bool,
    /// Sessions of users who signed in at the gateway's own page.
    pub session: bool,
    /// Certificates that clients have shown in the TLS handshake.
    pub certificate: bool,
}

impl Accept {
    /// Whether tokens of issuers are taken, by whichever scheme.
    #[must_use]
    pub const fn tokens(self) -> bool {
        self.bearer || self.dpop
    }

    /// Whether no scheme at all is accepted: the route never looks at credentials.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        !(self.basic
            || self.bearer
            || self.digest
            || self.api_key
            || self.dpop
            || self.session
            || self.certificate)
    }
}

/// The headers in which the identity goes upstream. Only the gateway writes them: whatever a client sends under these
/// names, in any spelling, is removed.
#[derive(Debug, Clone)]
pub struct IdentityHeaders {
    /// The subject: a user name, an API key's owner, or a token's subject.
    pub user: HeaderName,
    /// Groups, comma-separated.
    pub groups: HeaderName,
    /// Scopes, space-separated.
    pub scopes: HeaderName,
    /// The scheme that was used: `basic`, `bearer`, `digest`, `api-key`, `dpop`, `session`,
    /// `certificate`.
    pub scheme: HeaderName,
    /// The issuer of the token, where there is one.
    pub issuer: HeaderName,
    /// All of it once more as a signed token; `None`: nobody gets one.
    pub token: Option<IdentityToken>,
}

/// Rules as the shell shares them.
pub type SharedRules = Arc<Rules>;
