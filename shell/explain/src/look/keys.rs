//! What vendors' credentials look like, and where they want to be sent: the data file `keys.toml`.
//!
//! Knows: shapes, hosts, carriers, user names, companions. Does not know any request; see `vendor`.

mod shape;

use std::sync::OnceLock;

use serde::Deserialize;

use crate::data_file::{self, DataFile};
use crate::finding::Weight;

pub(crate) use shape::Shape;

/// Everything that the data file says.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Book {
    /// Credentials, by their looks.
    #[serde(rename = "key")]
    keys: Vec<Key>,
    /// Hosts, and what they take.
    #[serde(rename = "service")]
    services: Vec<Service>,
    /// User names that have to stand beside a credential.
    #[serde(rename = "user")]
    users: Vec<User>,
    /// Fields that have to go with a credential.
    #[serde(rename = "companion")]
    companions: Vec<Companion>,
}

/// What a credential of one kind looks like.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Key {
    /// What its vendor calls it, with the vendor's name.
    pub(crate) name: String,
    /// Its shape.
    pub(crate) shape: Shape,
    /// What it is for.
    pub(crate) kind: Kind,
    /// The services that take it, by their ids.
    pub(crate) at: Vec<String>,
    /// The only hosts among those of the services where this one is good: a region's, the sandbox's.
    #[serde(default)]
    pub(crate) hosts: Vec<String>,
    /// The part after its last dash is the first label of the host.
    #[serde(default)]
    pub(crate) names_host: bool,
    /// The shape says little, so that it counts at its own service's hosts alone.
    #[serde(default)]
    pub(crate) home_only: bool,
    /// Where that is documented.
    #[cfg_attr(not(test), expect(dead_code, reason = "for whoever reads the data"))]
    source: String,
}

/// What a credential is for.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// It calls an interface, and was made by hand.
    Key,
    /// It calls an interface, and was handed out by an authorization server or for one user.
    Token,
    /// It is exchanged for a token, and calls nothing.
    Refresh,
    /// It authenticates an application where tokens are handed out, or signs; it calls nothing.
    Secret,
    /// It names an account, a key or an application, and is no secret.
    Id,
    /// It is made to be public, and may do little.
    Publishable,
}

/// What some hosts take.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Service {
    /// The name that keys refer to.
    pub(crate) id: String,
    /// The name for people.
    pub(crate) name: String,
    /// Its hosts, `*` for any run of characters.
    pub(crate) hosts: Vec<String>,
    /// The beginnings of its paths; none means every path.
    #[serde(default)]
    paths: Vec<String>,
    /// Where it takes keys.
    #[serde(default)]
    key: Vec<Slot>,
    /// Where it takes tokens.
    #[serde(default)]
    token: Vec<Slot>,
    /// Whether people run it on hosts of their own.
    #[serde(default)]
    pub(crate) self_hosted: bool,
    /// Whether the password that a person signs in with is refused here, always.
    #[serde(default)]
    pub(crate) refuses_passwords: bool,
    /// Where that is documented.
    #[cfg_attr(not(test), expect(dead_code, reason = "for whoever reads the data"))]
    source: String,
}

/// One place for a credential.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub(crate) enum Slot {
    /// `Authorization: Bearer`; without a word, bare.
    Authorization(Option<String>),
    /// `X-Api-Key`.
    Field(String),
    /// `?key`.
    Query(String),
    /// `form token`.
    Form(String),
    /// `path`: within the path of the URL.
    Path,
}

impl From<String> for Slot {
    fn from(text: String) -> Slot {
        if let Some(word) = text.strip_prefix("Authorization:") {
            let word = word.trim();
            return Slot::Authorization((!word.is_empty()).then(|| word.to_owned()));
        }
        match (text.strip_prefix('?'), text.strip_prefix("form ")) {
            (Some(name), _) => Slot::Query(name.to_owned()),
            (None, Some(name)) => Slot::Form(name.to_owned()),
            (None, None) if text == "path" => Slot::Path,
            (None, None) => Slot::Field(text),
        }
    }
}

/// Which user name has to stand beside a credential in `Basic`.
#[derive(Debug, Deserialize)]
pub(crate) struct User {
    /// Where.
    pub(crate) hosts: Vec<String>,
    /// Beside a password of this shape; none means any.
    pub(crate) beside: Option<Shape>,
    /// What it has to be.
    #[serde(flatten)]
    pub(crate) rule: UserRule,
    /// How much a breach says.
    pub(crate) weight: Telling,
    /// Where that is documented.
    #[cfg_attr(not(test), expect(dead_code, reason = "for whoever reads the data"))]
    source: String,
}

/// What a user name has to be.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UserRule {
    /// One of these.
    Is(Vec<String>),
    /// It begins with one of these.
    Begins(Vec<String>),
    /// It ends with this.
    Ends(String),
    /// An e-mail address, which this says whose.
    Email(String),
    /// The credential itself, and the password is empty.
    Itself(bool),
}

/// Fields that have to go with a credential.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Companion {
    /// Where.
    pub(crate) hosts: Vec<String>,
    /// The beginnings of paths; none means every path.
    #[serde(default)]
    pub(crate) paths: Vec<String>,
    /// The beginnings of paths that are excepted.
    #[serde(default)]
    pub(crate) not_paths: Vec<String>,
    /// The methods; none means every method.
    #[serde(default)]
    pub(crate) methods: Vec<String>,
    /// Only beside this field.
    pub(crate) beside: Option<String>,
    /// The field that has to be there; a parameter of that name in the query will do.
    pub(crate) field: String,
    /// What goes into it, for the fix.
    pub(crate) holds: String,
    /// How much its absence says.
    pub(crate) weight: Telling,
    /// Where that is documented.
    #[cfg_attr(not(test), expect(dead_code, reason = "for whoever reads the data"))]
    source: String,
}

/// How much a breach of a rule says.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Telling {
    /// Hardly anything else.
    Strong,
    /// It fits.
    Fair,
    /// It fits, as others do.
    Slight,
}

impl From<Telling> for Weight {
    fn from(telling: Telling) -> Weight {
        match telling {
            Telling::Strong => Weight::Strong,
            Telling::Fair => Weight::Fair,
            Telling::Slight => Weight::Slight,
        }
    }
}

static DATA: &str = include_str!("keys.toml");

fn book() -> &'static Book {
    static NONE: OnceLock<Book> = OnceLock::new();
    match loaded().entries.first() {
        Some(book) => book,
        None => NONE.get_or_init(Book::default),
    }
}

fn loaded() -> &'static DataFile<Book> {
    static BOOK: OnceLock<DataFile<Book>> = OnceLock::new();
    BOOK.get_or_init(|| data_file::read(&[("keys", DATA)], |book: Book| vec![Ok(book)]))
}

/// What could not be read of the data.
pub(crate) fn faults() -> &'static [String] {
    &loaded().faults
}

/// Whose credential that is, wherever it is sent.
#[must_use]
pub(crate) fn of(value: &[u8]) -> Option<&'static Key> {
    best(value, |key| !key.home_only)
}

/// Whose credential that is, at a host whose own credentials may look like little.
#[must_use]
pub(crate) fn of_at(value: &[u8], host: &str) -> Option<&'static Key> {
    best(value, |key| {
        !key.home_only || services_of(key).any(|service| service.has_host(host))
    })
}

/// Whose credential it would be, if its first letters were in another case.
pub(crate) fn in_another_case(value: &[u8]) -> Option<&'static Key> {
    let candidates = book().keys.iter().filter(|key| !key.home_only);
    candidates
        .filter(|key| key.shape.begins_in_another_case(value))
        .max_by_key(|key| key.shape.lead().len())
        .filter(|_| of(value).is_none())
}

/// The key with the longest beginning that fits; of those, one that fits to its end before one that does not.
fn best(value: &[u8], counts: impl Fn(&Key) -> bool) -> Option<&'static Key> {
    book()
        .keys
        .iter()
        .filter(|key| counts(key) && key.shape.begins(value))
        .max_by_key(|key| (key.shape.lead().len(), key.shape.fits(value)))
}

/// What is known of a host.
pub(crate) fn at(host: &str) -> impl Iterator<Item = &'static Service> {
    book()
        .services
        .iter()
        .filter(move |service| service.has_host(host))
}

/// Products that people run themselves, by their paths.
pub(crate) fn at_path(path: &str) -> impl Iterator<Item = &'static Service> {
    book()
        .services
        .iter()
        .filter(move |service| service.is_anywhere() && service.has_path(path))
}

/// The services that take a key.
pub(crate) fn services_of(key: &Key) -> impl Iterator<Item = &'static Service> {
    book()
        .services
        .iter()
        .filter(|service| key.at.contains(&service.id))
}

/// The services of a product that people run on hosts of their own, by the name that it is recognised by.
pub(crate) fn run_anywhere(name: &str) -> impl Iterator<Item = &'static Service> {
    book()
        .services
        .iter()
        .filter(move |service| service.self_hosted && service.name == name)
}

/// The rules for user names at a host.
pub(crate) fn users(host: &str) -> impl Iterator<Item = &'static User> {
    book()
        .users
        .iter()
        .filter(move |user| has(&user.hosts, host))
}

/// The fields that requests to a host have to have.
pub(crate) fn companions(host: &str) -> impl Iterator<Item = &'static Companion> {
    book()
        .companions
        .iter()
        .filter(move |companion| has(&companion.hosts, host))
}

impl Service {
    /// Whether the host is one of its own; a rule for every host makes none its own.
    pub(crate) fn has_host(&self, host: &str) -> bool {
        !self.is_anywhere() && has(&self.hosts, host)
    }

    /// Whether it is known by its paths alone, for people run it on any host.
    fn is_anywhere(&self) -> bool {
        self.hosts == ["*"]
    }

    /// Whether its rules are for that path.
    pub(crate) fn has_path(&self, path: &str) -> bool {
        self.paths.is_empty() || self.paths.iter().any(|start| path.starts_with(start))
    }

    /// Where it takes a credential of that kind; of unknown kind, every place. Empty where nothing is known.
    pub(crate) fn slots(&self, kind: Option<Kind>) -> Vec<&Slot> {
        match kind {
            Some(Kind::Key) => self.key.iter().collect(),
            Some(Kind::Token) => self.token.iter().collect(),
            Some(Kind::Refresh | Kind::Secret | Kind::Id | Kind::Publishable) => Vec::new(),
            None => self.key.iter().chain(&self.token).collect(),
        }
    }
}

/// Whether one of the patterns, with `*` for any run of characters, is that host.
pub(crate) fn has(patterns: &[String], host: &str) -> bool {
    patterns
        .iter()
        .any(|pattern| glob(pattern.as_bytes(), host.as_bytes()))
}

fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => {
            glob(rest, text) || matches!(text, [_, after @ ..] if glob(pattern, after))
        }
        ([a, rest @ ..], [b, after @ ..]) => a.eq_ignore_ascii_case(b) && glob(rest, after),
        ([], [_, ..]) | ([_, ..], []) => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::{Book, DATA, Kind, at, at_path, book, glob, of, of_at, services_of};

    #[test]
    fn the_data_can_be_read_and_hangs_together() {
        let read: Book = toml::from_str(DATA).unwrap();
        assert_eq!(read.keys.len(), book().keys.len());
        assert!(read.keys.len() > 60 && read.services.len() > 40);
        for key in &read.keys {
            for id in &key.at {
                let known = read.services.iter().any(|service| service.id == *id);
                assert!(known, "{} is taken at `{id}`, which is not there", key.name);
            }
            assert!(!key.at.is_empty(), "{}", key.name);
            assert!(key.source.starts_with("https://"), "{}", key.name);
            let vague = key.shape.lead().len() < 3;
            assert!(!vague || key.home_only, "{} could be anything", key.name);
        }
        for service in &read.services {
            assert!(service.source.starts_with("https://"), "{}", service.id);
            let twice = read.services.iter().filter(|s| s.id == service.id).count();
            assert_eq!(twice, 1, "{}", service.id);
        }
        for source in read.users.iter().map(|user| &user.source) {
            assert!(source.starts_with("https://"), "{source}");
        }
        for source in read.companions.iter().map(|companion| &companion.source) {
            assert!(source.starts_with("https://"), "{source}");
        }
    }

    #[test]
    fn the_longest_beginning_wins() {
        let name = |value: &str| of(value.as_bytes()).map(|key| key.name.as_str());
        assert_eq!(name("sk-ant-oat01-abcdefgh"), Some("Anthropic OAuth token"));
        assert_eq!(name("sk-ant-api03-abcdefgh"), Some("Anthropic API key"));
        assert_eq!(
            name("pypi-AgENdGVzdC5weXBpLm9yZwIkabc"),
            Some("TestPyPI API token")
        );
        assert_eq!(name("pypi-AgEIcHlwaS5vcmcCJabc"), Some("PyPI API token"));
        assert_eq!(name("s3cr3t"), None);
        assert_eq!(name(""), None);
        let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl";
        assert_eq!(name(jwt), None);
    }

    #[test]
    fn vague_shapes_count_at_home_alone() {
        let key = "0123456789abcdef0123456789abcdef01234";
        assert!(of(key.as_bytes()).is_none());
        let found = of_at(key.as_bytes(), "api.cloudflare.com").unwrap();
        assert_eq!(found.kind, Kind::Key);
        assert!(services_of(found).any(|service| service.id == "cloudflare"));
        assert!(of_at(key.as_bytes(), "api.example.com").is_none());
    }

    #[test]
    fn hosts_are_matched_whole() {
        assert!(glob(b"*.atlassian.net", b"a.atlassian.net"));
        assert!(!glob(b"*.atlassian.net", b"a.atlassian.net.example.com"));
        assert!(!glob(b"api.github.com", b"api.github.com.example"));
        assert!(glob(
            b"*.dkr.ecr.*.amazonaws.com",
            b"1.dkr.ecr.eu-west-1.amazonaws.com"
        ));
        assert!(at("api.github.com").any(|service| service.id == "github"));
        assert_eq!(at("127.0.0.1").count(), 0);
        assert_eq!(at_path("/services/collector/event").count(), 1);
        assert_eq!(at_path("/services").count(), 0);
    }
}
