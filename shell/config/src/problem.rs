//! Everything that can be wrong with a configuration, as closed lists: what was found, and the words for it.
//!
//! Knows wording. Where a problem stands is in [`Finding`](crate::Finding); how it is found is elsewhere.

mod acme;
mod bound;
mod cors;
mod digest;
mod header;
mod issuer;
mod policy_test;
mod provider;
mod route;
mod server;
mod session;
mod text;

pub use acme::AcmeProblem;
pub use bound::BoundProblem;
pub use cors::CorsProblem;
pub use digest::DigestProblem;
pub(crate) use digest::NONCE_KEY_BYTES_MIN;
pub use header::HeaderProblem;
pub(crate) use issuer::ALGORITHM_NAMES;
pub use issuer::IssuerProblem;
pub(crate) use policy_test::EXPECTED;
pub use policy_test::PolicyTestProblem;
pub use provider::ProviderProblem;
pub use route::RouteProblem;
pub use server::{ServerProblem, UrlDefect};
pub use session::SessionProblem;
pub use text::TextProblem;

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// With the text, a key or a type.
    Text(TextProblem),
    /// With the listener, a file or a URL.
    Server(ServerProblem),
    /// With the name of a header.
    Header(HeaderProblem),
    /// With Digest.
    Digest(DigestProblem),
    /// With a certificate that is ordered.
    Acme(AcmeProblem),
    /// With proofs of keys, or certificates of clients.
    Bound(BoundProblem),
    /// With sessions.
    Session(SessionProblem),
    /// With an issuer.
    Issuer(IssuerProblem),
    /// With a provider that people sign in through.
    Provider(ProviderProblem),
    /// With a route, an upstream or a demand.
    Route(RouteProblem),
    /// With the rules for pages of other origins.
    Cors(CorsProblem),
    /// With a test of the rules.
    PolicyTest(PolicyTestProblem),
}

impl Problem {
    /// One sentence that says what is wrong, and one that says how to mend it.
    #[must_use]
    pub fn words(&self) -> (String, String) {
        let (message, help) = match self {
            Problem::Text(problem) => problem.words(),
            Problem::Server(problem) => problem.words(),
            Problem::Header(problem) => problem.words(),
            Problem::Digest(problem) => problem.words(),
            Problem::Acme(problem) => problem.words(),
            Problem::Bound(problem) => problem.words(),
            Problem::Session(problem) => problem.words(),
            Problem::Issuer(problem) => problem.words(),
            Problem::Provider(problem) => problem.words(),
            Problem::Route(problem) => problem.words(),
            Problem::Cors(problem) => problem.words(),
            Problem::PolicyTest(problem) => problem.words(),
        };
        (on_one_line(&message), on_one_line(&help))
    }
}

/// What the file quotes may have line breaks and escape sequences in it: a report shows them and does not obey them.
fn on_one_line(words: &str) -> String {
    let mut line = String::with_capacity(words.len());
    for character in words.chars() {
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}

/// Lets each list be given where a problem is wanted.
macro_rules! from {
    ($($variant:ident($list:ty)),*) => {
        $(impl From<$list> for Problem {
            fn from(problem: $list) -> Problem {
                Problem::$variant(problem)
            }
        })*
    };
}

from!(
    Text(TextProblem),
    Server(ServerProblem),
    Header(HeaderProblem),
    Digest(DigestProblem),
    Acme(AcmeProblem),
    Bound(BoundProblem),
    Session(SessionProblem),
    Issuer(IssuerProblem),
    Provider(ProviderProblem),
    Route(RouteProblem),
    Cors(CorsProblem),
    PolicyTest(PolicyTestProblem)
);

/// `did you mean`, or else the other sentence.
fn did_you_mean(near: Option<&str>, otherwise: String) -> String {
    near.map_or(otherwise, |near| format!("did you mean `{near}`?"))
}

/// Names in backticks with commas between.
fn listed<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    let quoted: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}
