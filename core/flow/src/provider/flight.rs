//! A sign-in that is under way at a provider: what of it travels with the browser, as `state`.
//!
//! Knows: a key that all instances share. Does not know the store: nothing is kept of a sign-in that has only begun, so
//! that any number of tabs can have one each, and a reload or a restart loses none.
//!
//! The state is encrypted: a provider that logs it learns neither where somebody was going nor anything else. Nonce and
//! code verifier are MACs of the state under keys of their own, so that the browser knows neither of them before it has to.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_cause::Cause;
use countersign_secret::Secret;

use super::Fault;
use crate::session::form::TAKEN_UP_SECS;

/// How long a person may take at the provider.
pub(crate) const LIFETIME_SECS: i64 = 10 * 60;

/// How far the clocks of instances may differ.
const LEEWAY_SECS: i64 = 60;

/// The longest state that is looked at.
const STATE_BYTES_MAX: usize = 4096;

const TIME_BYTES: usize = 8;

/// The flags of the byte behind the time.
const LOST: u8 = 1;
const HAS_MAX_AGE: u8 = 2;

/// The keys that sign-ins under way are sealed with.
pub struct FlightKey {
    newest: OneKey,
    /// Keys that were replaced, with the time of it.
    former: Vec<(OneKey, i64)>,
}

struct OneKey {
    seal: LessSafeKey,
    derive: hmac::Key,
}

/// What a sign-in under way is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flight {
    /// The provider's name in the configuration.
    pub provider: Box<str>,
    /// Where the browser goes then, as it was sealed: whoever opens it knows where browsers may go.
    pub return_to: Option<Box<str>>,
    /// Whether a form was lost on the way.
    pub lost: bool,
    /// How long ago, when it began, the person may have signed in at the provider, which has to say when it was; `None`: that
    /// does not matter.
    pub max_age_secs: Option<u32>,
}

/// The same with what is sent to the provider.
pub struct SealedFlight {
    /// `state`.
    pub state: Box<str>,
    /// `nonce`.
    pub nonce: Box<str>,
    /// When it began.
    pub begun_unix_secs: i64,
    verifier: Secret<String>,
}

impl SealedFlight {
    /// RFC 7636 section 4.2: `code_challenge`, by S256.
    #[must_use]
    pub fn challenge(&self) -> String {
        let hash = digest::digest(&digest::SHA256, self.verifier.expose().as_bytes());
        URL_SAFE_NO_PAD.encode(hash)
    }

    /// RFC 7636 section 4.1: `code_verifier`, for the token endpoint alone.
    #[must_use]
    pub const fn verifier(&self) -> &Secret<String> {
        &self.verifier
    }

    /// By which the store knows that a sign-in was used.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, self.state.as_bytes()).as_ref());
        bytes
    }

    /// Until when the store has to know that: past it, the state itself is too old.
    #[must_use]
    pub const fn used_until_unix_secs(now_unix_secs: i64) -> i64 {
        now_unix_secs.saturating_add(LIFETIME_SECS + 2 * LEEWAY_SECS)
    }
}

impl FlightKey {
    /// Derives the keys from the one that the store has drawn for forms. `None`: the key cannot be set up.
    #[must_use]
    pub fn new(form_key: &Secret<[u8; 32]>) -> Option<Self> {
        Some(Self {
            newest: OneKey::new(form_key)?,
            former: Vec::new(),
        })
    }

    /// Takes a key of before as well, as for forms: it opens what was sealed until it was replaced, and nothing that says
    /// that it was sealed later. `None`: the key cannot be set up.
    #[must_use]
    pub fn with_former(
        mut self,
        form_key: &Secret<[u8; 32]>,
        replaced_unix_secs: i64,
    ) -> Option<Self> {
        self.former
            .push((OneKey::new(form_key)?, replaced_unix_secs));
        Some(self)
    }

    /// Seals a sign-in that begins now in this browser. `random` is never used twice. `None`: it cannot be sealed.
    #[must_use]
    pub fn seal(
        &self,
        flight: &Flight,
        browser: &str,
        random: [u8; NONCE_LEN],
        now_unix_secs: i64,
    ) -> Option<SealedFlight> {
        self.newest.seal(flight, browser, random, now_unix_secs)
    }

    /// The sign-in of a state that comes back.
    ///
    /// # Errors
    ///
    /// Fails when it was not sealed here, for this browser, or too long ago.
    pub fn open(
        &self,
        state: &str,
        browser: &str,
        now_unix_secs: i64,
    ) -> Result<(Flight, SealedFlight), Fault> {
        let foreign = || {
            Fault::new(
                Cause::SignInStale,
                "the `state` was not made here for this browser",
            )
        };
        let former = self.former.iter().filter_map(|(key, replaced_unix_secs)| {
            let taken_until = replaced_unix_secs.saturating_add(TAKEN_UP_SECS);
            let (made_unix_secs, flight) = key.open(state, browser)?;
            (made_unix_secs <= taken_until).then_some((key, made_unix_secs, flight))
        });
        let newest = self.newest.open(state, browser);
        let newest = newest.map(|(made, flight)| (&self.newest, made, flight));
        let (key, made_unix_secs, flight) = newest
            .into_iter()
            .chain(former)
            .next()
            .ok_or_else(foreign)?;
        let age_secs = now_unix_secs.saturating_sub(made_unix_secs);
        if !(-LEEWAY_SECS..LIFETIME_SECS).contains(&age_secs) {
            return Err(Fault::new(
                Cause::SignInStale,
                "the sign-in was begun too long ago",
            ));
        }
        Ok((flight, key.sealed(state, made_unix_secs)))
    }
}

impl OneKey {
    fn new(form_key: &Secret<[u8; 32]>) -> Option<Self> {
        let root = hmac::Key::new(hmac::HMAC_SHA256, form_key.expose());
        let seal = hmac::sign(&root, b"sign-in through a provider: seal");
        let derive = hmac::sign(&root, b"sign-in through a provider: derive");
        let seal = UnboundKey::new(&AES_256_GCM, seal.as_ref()).ok()?;
        Some(Self {
            seal: LessSafeKey::new(seal),
            derive: hmac::Key::new(hmac::HMAC_SHA256, derive.as_ref()),
        })
    }

    fn seal(
        &self,
        flight: &Flight,
        browser: &str,
        random: [u8; NONCE_LEN],
        now_unix_secs: i64,
    ) -> Option<SealedFlight> {
        let mut bytes = now_unix_secs.to_be_bytes().to_vec();
        let lost = if flight.lost { LOST } else { 0 };
        match flight.max_age_secs {
            Some(secs) => {
                bytes.push(lost | HAS_MAX_AGE);
                bytes.extend_from_slice(&secs.to_be_bytes());
            }
            None => bytes.push(lost),
        }
        bytes.push(u8::try_from(flight.provider.len()).ok()?);
        bytes.extend_from_slice(flight.provider.as_bytes());
        let target = flight.return_to.as_deref().unwrap_or_default();
        bytes.extend_from_slice(target.as_bytes());
        let nonce = Nonce::assume_unique_for_key(random);
        let about = Aad::from(browser.as_bytes());
        self.seal
            .seal_in_place_append_tag(nonce, about, &mut bytes)
            .ok()?;
        let state = URL_SAFE_NO_PAD.encode([&random[..], &bytes].concat());
        Some(self.sealed(&state, now_unix_secs))
    }

    /// When it was sealed with this key, and what.
    fn open(&self, state: &str, browser: &str) -> Option<(i64, Flight)> {
        if state.len() > STATE_BYTES_MAX {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(state).ok()?;
        let (random, sealed) = bytes.split_first_chunk::<NONCE_LEN>()?;
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*random);
        let about = Aad::from(browser.as_bytes());
        read(self.seal.open_in_place(nonce, about, &mut sealed).ok()?)
    }

    fn sealed(&self, state: &str, begun_unix_secs: i64) -> SealedFlight {
        let derived = |label: &[u8]| {
            let mut context = hmac::Context::with_key(&self.derive);
            context.update(label);
            context.update(state.as_bytes());
            URL_SAFE_NO_PAD.encode(context.sign())
        };
        SealedFlight {
            state: state.into(),
            nonce: derived(b"nonce:").into(),
            begun_unix_secs,
            verifier: Secret::new(derived(b"verifier:")),
        }
    }
}

fn read(plain: &[u8]) -> Option<(i64, Flight)> {
    let (time, rest) = plain.split_first_chunk::<TIME_BYTES>()?;
    let (flags, rest) = rest.split_first()?;
    let (max_age_secs, rest) = if flags & HAS_MAX_AGE == 0 {
        (None, rest)
    } else {
        let (secs, rest) = rest.split_first_chunk()?;
        (Some(u32::from_be_bytes(*secs)), rest)
    };
    let (length, rest) = rest.split_first()?;
    let (provider, target) = rest.split_at_checked(usize::from(*length))?;
    let target = std::str::from_utf8(target).ok()?;
    let flight = Flight {
        provider: std::str::from_utf8(provider).ok()?.into(),
        return_to: (!target.is_empty()).then(|| target.into()),
        lost: flags & LOST != 0,
        max_age_secs,
    };
    Some((i64::from_be_bytes(*time), flight))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn key(byte: u8) -> FlightKey {
        FlightKey::new(&Secret::new([byte; 32])).unwrap()
    }

    fn flight() -> Flight {
        Flight {
            provider: "corp".into(),
            return_to: Some("/app/orders?page=2".into()),
            lost: true,
            max_age_secs: Some(600),
        }
    }

    fn sealed() -> SealedFlight {
        key(1).seal(&flight(), "browser", [7; 12], NOW).unwrap()
    }

    fn refusal(key: &FlightKey, state: &str, browser: &str, at: i64) -> String {
        let fault = key.open(state, browser, at).map(drop).unwrap_err();
        assert_eq!(fault.cause, Cause::SignInStale);
        fault.detail.into_owned()
    }

    #[test]
    fn what_was_sealed_comes_back_with_the_same_nonce_and_verifier() {
        let sealed = sealed();
        let (back, again) = key(1).open(&sealed.state, "browser", NOW + 599).unwrap();
        assert_eq!(back, flight());
        assert_eq!(again.nonce, sealed.nonce);
        assert_eq!(again.verifier().expose(), sealed.verifier().expose());
        assert_eq!(again.digest(), sealed.digest());
        assert_eq!((sealed.begun_unix_secs, again.begun_unix_secs), (NOW, NOW));
        let bare = Flight {
            return_to: None,
            lost: false,
            max_age_secs: None,
            ..flight()
        };
        let sealed = key(1).seal(&bare, "browser", [8; 12], NOW).unwrap();
        assert_eq!(key(1).open(&sealed.state, "browser", NOW).unwrap().0, bare);
    }

    #[test]
    fn a_sign_in_is_short_lived() {
        let state = sealed().state;
        assert!(key(1).open(&state, "browser", NOW - LEEWAY_SECS).is_ok());
        for at in [
            NOW + LIFETIME_SECS,
            NOW - LEEWAY_SECS - 1,
            i64::MAX,
            i64::MIN,
        ] {
            assert_eq!(
                refusal(&key(1), &state, "browser", at),
                "the sign-in was begun too long ago"
            );
        }
        // What is used is known to be so for longer than the state is taken.
        assert!(SealedFlight::used_until_unix_secs(NOW) > NOW + LIFETIME_SECS + LEEWAY_SECS);
    }

    #[test]
    fn a_new_key_loses_no_sign_in_and_a_former_one_seals_none_for_long() {
        let replaced = NOW + 10;
        let former = Secret::new([1; 32]);
        let rotated = key(2).with_former(&former, replaced).unwrap();
        let before = sealed();
        let (back, again) = rotated.open(&before.state, "browser", NOW + 599).unwrap();
        assert_eq!((back, &again.nonce), (flight(), &before.nonce));
        assert_eq!(again.verifier().expose(), before.verifier().expose());
        assert_eq!(
            refusal(&rotated, &before.state, "browser", NOW + 600),
            "the sign-in was begun too long ago"
        );
        let after = |secs| {
            let at = replaced + secs;
            let sealed = key(1).seal(&flight(), "browser", [9; 12], at).unwrap();
            rotated.open(&sealed.state, "browser", at).is_ok()
        };
        // Other instances may not have read the new one yet.
        assert!(after(TAKEN_UP_SECS) && !after(TAKEN_UP_SECS + 1));
        let sealed = rotated.seal(&flight(), "browser", [9; 12], NOW).unwrap();
        assert!(key(2).open(&sealed.state, "browser", NOW).is_ok());
    }

    #[test]
    fn a_state_of_another_browser_or_key_and_a_hostile_one_is_foreign() {
        let state = sealed().state;
        let foreign = "the `state` was not made here for this browser";
        assert_eq!(refusal(&key(1), &state, "another", NOW), foreign);
        assert_eq!(refusal(&key(1), &state, "", NOW), foreign);
        assert_eq!(refusal(&key(2), &state, "browser", NOW), foreign);
        for hostile in [
            "",
            "A",
            "=",
            "\0",
            state.get(1..).unwrap(),
            &"A".repeat(5000),
            &format!("{state}A"),
        ] {
            assert_eq!(
                refusal(&key(1), hostile, "browser", NOW),
                foreign,
                "{hostile:.40}"
            );
        }
        for at in 0..state.len() {
            let mut changed = state.to_string().into_bytes();
            changed[at] ^= 1;
            let changed = String::from_utf8_lossy(&changed).into_owned();
            assert_eq!(refusal(&key(1), &changed, "browser", NOW), foreign);
        }
    }

    #[test]
    fn attack_59_the_challenge_is_the_hash_of_a_verifier_that_was_not_sent() {
        let sealed = sealed();
        let verifier = sealed.verifier().expose();
        // RFC 7636 section 4.1: 43 to 128 unreserved characters.
        assert_eq!(verifier.len(), 43);
        let hash = digest::digest(&digest::SHA256, verifier.as_bytes());
        assert_eq!(sealed.challenge(), URL_SAFE_NO_PAD.encode(hash));
        let all = [
            &*sealed.state,
            &*sealed.nonce,
            verifier,
            &sealed.challenge(),
        ]
        .map(str::to_owned);
        for (at, one) in all.iter().enumerate() {
            assert!(all.iter().skip(at + 1).all(|other| other != one));
        }
    }

    #[test]
    fn the_state_tells_nothing_of_where_somebody_was_going() {
        let bytes = URL_SAFE_NO_PAD.decode(&*sealed().state).unwrap();
        assert!(!bytes.windows(6).any(|window| window == b"orders"));
    }
}
