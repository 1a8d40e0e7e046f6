//! The words that nobody takes for a secret: those of the report's own language, and the public ones of the case.
//!
//! Knows: the catalogue's words, hosts, paths, user names. Does not know secrets.

use std::collections::HashSet;
use std::sync::OnceLock;

use countersign_cause::Cause;
use url::Url;

/// What is longer is no word of a language.
const WORD_BYTES_MAX: usize = 15;

/// The public words of a case, in lower case.
#[derive(Default)]
pub(super) struct Public {
    users: HashSet<String>,
    hosts: HashSet<String>,
    path_words: HashSet<String>,
    addresses: HashSet<String>,
}

impl Public {
    pub(super) fn add_user(&mut self, user: &str) {
        self.users.insert(user.to_ascii_lowercase());
    }

    pub(super) fn add_address(&mut self, url: &Url) {
        let host = url.host_str().unwrap_or_default();
        self.hosts.insert(host.to_ascii_lowercase());
        // A path may hold keys, so that only letters count.
        let words = url.path().split(['/', '.', '-', '_']);
        self.path_words.extend(
            words
                .filter(|word| word.bytes().all(|byte| byte.is_ascii_alphabetic()))
                .map(str::to_ascii_lowercase),
        );
        let address = url.as_str().split(['?', '#']).next().unwrap_or_default();
        self.addresses.insert(address.to_ascii_lowercase());
    }

    /// Whether a secret, in lower case, is also a public word.
    pub(super) fn has(&self, secret: &str) -> bool {
        secret.len() <= WORD_BYTES_MAX
            && (self.users.contains(secret)
                || self.path_words.contains(secret)
                || self.hosts.iter().any(|host| host.contains(secret))
                || vocabulary().contains(secret))
    }

    /// Every address, up to its query.
    pub(super) fn addresses(&self) -> impl Iterator<Item = &str> {
        self.addresses.iter().map(String::as_str)
    }
}

/// Everything that the catalogue says, in lower case. A part of a word counts, too: a password `pass` is in `password`.
fn vocabulary() -> &'static str {
    static WORDS: OnceLock<String> = OnceLock::new();
    WORDS.get_or_init(|| {
        let mut words = String::new();
        for cause in Cause::ALL {
            let entry = cause.entry();
            let texts = [
                entry.id,
                entry.title,
                entry.meaning,
                entry.told,
                entry.log,
                entry.fix,
            ];
            let checks = entry.checks.iter();
            let shown = checks.flat_map(|check| [check.command, check.shows]);
            for text in texts.into_iter().chain(shown) {
                words.push_str(&text.to_ascii_lowercase());
                words.push('\n');
            }
        }
        words
    })
}
