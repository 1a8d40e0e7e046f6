//! API keys of our own store: the id finds the record, the digest proves the key.
//!
//! Knows: the key as presented, and the record that the store answers with. Does not know where the key stood.

use countersign_cause::Cause;
use countersign_policy::{Identity, Network, Source};
use countersign_secret::api_key::{ApiKey, KeyDefect, KeyDigest, KeyId};
use countersign_wire::{Place, Presented, Scheme, api_key};

use super::bounds;
use crate::brake;
use crate::step::{Line, Step};
use crate::trail::Note;
use crate::verified::Bounds;

/// What the store knows of an API key. The key itself is not in it.
#[derive(Debug)]
pub struct KeyRecord {
    /// SHA-256 of the whole key.
    pub digest: KeyDigest,
    /// The user or service that it belongs to.
    pub owner: Box<str>,
    /// Whether the owner is a user who may not sign in.
    pub owner_disabled: bool,
    /// The owner's groups.
    pub groups: Vec<Box<str>>,
    /// The scopes that the key carries.
    pub scopes: Vec<Box<str>>,
    /// Whether its owner has made it for itself, so that it has no more of them than the owner may give now.
    pub own: bool,
    /// From when on it is not taken any more, in Unix seconds.
    pub expires_unix_secs: Option<i64>,
    /// From when on it is revoked, in Unix seconds; a time to come is a period of grace.
    pub revoked_unix_secs: Option<i64>,
    /// The networks from which it may be used; empty: from everywhere.
    pub networks: Vec<Network>,
}

/// The answer to [`WantKey`].
#[derive(Debug)]
pub enum KeyAnswer {
    /// There is such a key.
    Known(Box<KeyRecord>),
    /// There is none.
    Unknown,
    /// The store could not be asked.
    Unavailable,
}

pub(crate) fn begin<'c, 'r>(
    mut line: Line<'c, 'r>,
    presented: api_key::Presented<'r>,
) -> Step<'c, 'r> {
    match ApiKey::parse(presented.raw()) {
        Ok(key) => Step::Key(WantKey {
            line,
            key,
            place: Presented::ApiKey(presented).place(),
        }),
        Err(defect) => {
            // The checksum is a public function of the key's text, so naming it gives nothing away.
            let (cause, detail) = match defect {
                // Whoever reads `key list` takes the id for the key. Nobody is told whether there is one by that id.
                KeyDefect::Prefix if is_id_alone(presented.raw()) => (
                    Cause::TokenWrongKind,
                    "it has the form of a key's id: the key itself begins with `csk_`, and was shown once, when it was made",
                ),
                KeyDefect::Prefix => (
                    Cause::TokenWrongKind,
                    "it does not begin as our API keys do",
                ),
                KeyDefect::Length => (
                    Cause::CredentialsRejected,
                    "the key is too short or too long: part of it is missing",
                ),
                KeyDefect::Alphabet => (
                    Cause::CredentialsRejected,
                    "the key holds a character that no key has",
                ),
                KeyDefect::Checksum => (
                    Cause::CredentialsRejected,
                    "the key's checksum does not fit: it was mistyped or cut",
                ),
            };
            line.trail.add(Note::Key(detail));
            line.refuse(cause, Some(Scheme::ApiKey), detail)
        }
    }
}

fn is_id_alone(presented: &[u8]) -> bool {
    std::str::from_utf8(presented).is_ok_and(|text| KeyId::parse(text).is_ok())
}

/// The question for the record of an API key.
pub struct WantKey<'c, 'r> {
    line: Line<'c, 'r>,
    key: ApiKey,
    place: Place<'r>,
}

impl<'c, 'r> WantKey<'c, 'r> {
    /// The public id within the key.
    #[must_use]
    pub fn id(&self) -> &KeyId {
        self.key.id()
    }

    /// Goes on with what the store knows.
    #[must_use]
    pub fn answer(self, answer: KeyAnswer) -> Step<'c, 'r> {
        let Self {
            mut line,
            key,
            place,
        } = self;
        let record = match answer {
            KeyAnswer::Known(record) => record,
            KeyAnswer::Unknown => {
                line.trail.add(Note::KeyUnknown);
                return wrong(line, "");
            }
            KeyAnswer::Unavailable => {
                line.trail.add(Note::Unanswered("the store"));
                return line.refuse(
                    Cause::IdentityBackendDown,
                    Some(Scheme::ApiKey),
                    "the store of keys did not answer",
                );
            }
        };
        if let Err((cause, detail)) = check(&key, &record, line.now_unix_secs) {
            line.trail.add(Note::Key(detail));
            if cause == Cause::CredentialsRejected {
                return wrong(line, detail);
            }
            // The right key: whose it is may be said to those who run the gateway.
            return line
                .refuse(cause, Some(Scheme::ApiKey), detail)
                .of(|refusal| {
                    refusal.subject = Some(record.owner);
                    refusal.key_id = Some(key.id().as_str().into());
                });
        }
        accept(line, key.id(), *record, place)
    }
}

/// A key that was never given out is a forgery. One that has run out is not, nor is one that was cut in copying.
fn wrong<'c, 'r>(line: Line<'c, 'r>, detail: &'static str) -> Step<'c, 'r> {
    let cause = Cause::CredentialsRejected;
    brake::fail(line, cause, Scheme::ApiKey, detail, None)
}

/// The digest comes first: of a key that is not the right one, nothing is told.
fn check(
    key: &ApiKey,
    record: &KeyRecord,
    now_unix_secs: i64,
) -> Result<(), (Cause, &'static str)> {
    if !key.digest().matches(&record.digest) {
        return Err((
            Cause::CredentialsRejected,
            "the id is known, and the secret part is another",
        ));
    }
    if record.owner_disabled {
        return Err((
            Cause::AccountDisabled,
            "the owner of the API key is disabled",
        ));
    }
    let (expires, revoked) = (record.expires_unix_secs, record.revoked_unix_secs);
    bounds::check_key(expires, revoked, now_unix_secs)
}

fn accept<'c, 'r>(
    line: Line<'c, 'r>,
    id: &KeyId,
    record: KeyRecord,
    place: Place<'_>,
) -> Step<'c, 'r> {
    let source = Source::ApiKey {
        id: id.as_str().into(),
        owner: record.owner.clone(),
    };
    let scopes = scopes(&line, record.own, record.scopes, &record.groups);
    let identity = Identity {
        groups: record.groups,
        scopes,
        networks: record.networks,
        ..Identity::new(&record.owner, source)
    };
    let bounds = Bounds::Key {
        expires_unix_secs: record.expires_unix_secs,
        revoked_unix_secs: record.revoked_unix_secs,
    };
    super::accept(line, identity, Scheme::ApiKey, bounds, place)
}

/// Of the scopes of a key that its owner has made, those that the owner may give at this moment: what the configuration takes
/// away, and what goes with a group, the key has lost as well.
fn scopes(
    line: &Line<'_, '_>,
    own: bool,
    mut scopes: Vec<Box<str>>,
    groups: &[Box<str>],
) -> Vec<Box<str>> {
    if own {
        let session = line.rules.session.as_ref();
        match session.and_then(|session| session.own_keys.as_ref()) {
            Some(rules) => rules.cut(&mut scopes, groups),
            None => scopes.clear(),
        }
    }
    scopes
}
