//! The line of a request, from its head to a permit or a refusal: parse, verify, decide, respond.
//!
//! Knows: the order of the stages, and which question each of them asks. Does not know who answers: there is no
//! socket, clock, store or random source in here. The gateway, `explain` and the tests drive the same machine:
//!
//! ```text
//! let mut step = flow::begin(&rules, &request, now);
//! let verdict = loop {
//!     step = match step {
//!         Step::Recall(want)  => want.answer(cache.find(want.scheme(), want.presented())),
//!         Step::Attempt(want) => want.answer(brakes.admit(want.account(), want.network())),
//!         Step::Account(want) => want.answer(store.account(want.user()).await),
//!         Step::Hash(want)    => { let (waiting, job) = want.split(); waiting.answer(pool.run(job).await) }
//!         Step::Key(want)     => want.answer(store.api_key(want.id()).await),
//!         Step::Session(want) => want.answer(store.session(want.digest()).await),
//!         Step::Keys(want)    => want.answer(keys.find(want.issuer(), want.kid()).await),
//!         Step::Introspect(want) => want.answer(issuers.ask(want.issuer(), want.token()).await),
//!         Step::Nonces(want)  => want.answer(&nonces),
//!         Step::Secret(want)  => want.answer(store.digest(want.name(), want.realm(), want.algorithm()).await),
//!         Step::Body(want)    => want.answer(body.whole(want.bytes_max()).await),
//!         Step::Count(want)   => want.answer(counts.take(want.nonce(), want.nc())),
//!         Step::ProofNonces(want) => want.answer(&nonces),
//!         Step::FirstSight(want) => want.answer(proofs.first_sight(want.id(), want.times())),
//!         Step::Done(verdict) => break verdict,
//!     };
//! };
//! ```
//!
//! Each question is consumed by the answer that fits it, so no answer is given twice and none to another question.
//! What leaves the line is a [`Permit`], which only this crate can make and which the proxy takes by value, or a
//! [`Refusal`], which names its cause.

mod brake;
mod cors;
mod decide;
mod identity_token;
mod own;
pub mod provider;
mod refusal;
mod request;
mod respond;
mod rules;
pub mod session;
mod step;
mod trail;
mod verified;
mod verify;

pub use brake::{
    Admission, Attempt, Brake, BrakeRules, Curve, Mark, Pending, Tallies, Tally, WantAttempt,
    counted,
};
pub use cors::{CorsRules, CorsSettings, Crossing, PageNames, Preflight, UpstreamFields, let_read};
pub use decide::{AuthenticationInfo, Edits, Permit, TargetOnward};
pub use identity_token::IdentityToken;
pub use own::{OwnPage, ProviderPage, ProviderStep, SessionPage};
pub use refusal::Refusal;
pub use request::{Channel, ClientAddress, Request};
pub use respond::{
    Answer, Asked, Mint, respond, respond_identity_keys, respond_own, respond_preflight,
};
pub use rules::{
    Accept, ApiKeyRules, CertificateName, CertificateRules, DigestRules, DpopRules,
    IdentityHeaders, IntrospectionRules, IssuerRules, OwnKeyRules, PasskeyRules, RouteRules, Rules,
    SessionRules, SharedRules, SharedSessions, Written,
};
pub use step::{Outcome, Recall, Step, Verdict, begin};
pub use trail::{Note, Trail};
pub use verified::{Lesson, Principal, Remembered, Verified};
pub use verify::api_key::{KeyAnswer, KeyRecord, WantKey};
pub use verify::basic::{
    Account, AccountAnswer, HashAnswer, HashJob, Hashed, Renewal, WaitingForHash, WantAccount,
    WantHash,
};
pub use verify::bearer::introspection::{IntrospectionAnswer, WantIntrospection};
pub use verify::bearer::{KeysAnswer, WantKeys};
pub use verify::certificate::{CertificateNames, CertificateStanding, ClientCertificate};
pub use verify::digest::{
    BodyAnswer, CountAnswer, CountWindow, DigestAccount, DigestAnswer, DigestName, Nonce, NonceId,
    Nonces, WantBody, WantCount, WantNonces, WantSecret,
};
pub use verify::dpop::{ProofTimes, SightAnswer, WantFirstSight, WantProofNonces};
pub use verify::session::{SessionAnswer, SessionRecord, WantSession};
pub use verify::sign_in::{
    SignIn, SignInEnd, SignInStep, SignedIn, WaitingForPassword, WantTurn, WantUser, begin_sign_in,
};
