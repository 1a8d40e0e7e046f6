//! What a form of ours carries to show that it was made here, for this browser: a time and a MAC.
//!
//! Knows: a key that all instances share, and what a form is about. Does not know the store or fields. Nothing is kept of
//! a form, so that any number of them can be open in as many tabs, and each of them can be posted.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_secret::Secret;

/// How long a form can be posted.
const LIFETIME_SECS: i64 = 12 * 60 * 60;

/// How long a form can be posted that stands for a password which was right, or for a challenge.
const PROVED_LIFETIME_SECS: i64 = 10 * 60;

/// How far the clocks of instances may differ.
const LEEWAY_SECS: i64 = 60;

/// How long what stands in such a form can still be taken, by any clock.
pub const PROVED_TAKEN_SECS: i64 = PROVED_LIFETIME_SECS + LEEWAY_SECS;

const TIME_BYTES: usize = 8;
const TAG_BYTES: usize = 32;

/// What a form does. A token of one purpose is none of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It signs somebody in: bound to the cookie of the browser, and to where the browser goes then.
    SignIn,
    /// It asks for the second factor: bound to the browser, and to the user whose password was right.
    SecondFactor,
    /// It asks for the first code of a second factor: bound to the session, the secret, and the user whose password was
    /// right.
    TotpSetUp,
    /// It signs in with a passkey alone: bound to the browser, the challenge, and to where the browser goes then.
    Passkey,
    /// It asks for a passkey as the second factor: bound to the browser, the challenge, and the user whose password was
    /// right.
    PasskeySecondFactor,
    /// It adds a passkey: bound to the session, the challenge, and the user.
    PasskeySetUp,
    /// It changes something of a session or its user: bound to the session.
    Account,
}

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::SignIn => b"sign-in",
            Self::SecondFactor => b"second-factor",
            Self::TotpSetUp => b"totp-set-up",
            Self::Passkey => b"passkey",
            Self::PasskeySecondFactor => b"passkey-second-factor",
            Self::PasskeySetUp => b"passkey-set-up",
            Self::Account => b"account",
        }
    }

    const fn lifetime_secs(self) -> i64 {
        match self {
            Self::SignIn | Self::Account => LIFETIME_SECS,
            Self::SecondFactor
            | Self::TotpSetUp
            | Self::Passkey
            | Self::PasskeySecondFactor
            | Self::PasskeySetUp => PROVED_LIFETIME_SECS,
        }
    }
}

/// Why a form is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// It was made here, too long ago.
    Stale,
    /// It was not made here, or for another browser, session or target.
    Foreign,
}

/// How long after a new key instances may go on to seal with the one before: until all have read it.
pub(crate) const TAKEN_UP_SECS: i64 = 5 * 60;

/// The key that forms are sealed with, and those that it has taken the place of.
pub struct FormKey {
    present: hmac::Key,
    former: Vec<Former>,
}

struct Former {
    key: hmac::Key,
    replaced_unix_secs: i64,
}

impl FormKey {
    /// Takes the key that the store has drawn.
    #[must_use]
    pub fn new(key: &Secret<[u8; 32]>) -> Self {
        Self {
            present: hmac::Key::new(hmac::HMAC_SHA256, key.expose()),
            former: Vec::new(),
        }
    }

    /// Takes a key of before as well. It opens what was sealed until it was replaced, for as long as any form holds, and
    /// nothing that says that it was sealed later: who has got hold of it can make no form for long.
    #[must_use]
    pub fn with_former(mut self, key: &Secret<[u8; 32]>, replaced_unix_secs: i64) -> Self {
        self.former.push(Former {
            key: hmac::Key::new(hmac::HMAC_SHA256, key.expose()),
            replaced_unix_secs,
        });
        self
    }

    /// The token of a form for whoever holds this cookie or session, about these values.
    #[must_use]
    pub fn seal(
        &self,
        purpose: Purpose,
        holder: &[u8],
        about: &[&str],
        now_unix_secs: i64,
    ) -> String {
        let time = now_unix_secs.to_be_bytes();
        let tag = self.tag(purpose, holder, about, time);
        URL_SAFE_NO_PAD.encode([&time[..], tag.as_ref()].concat())
    }

    /// Whether a token was sealed for the same, and not too long ago.
    ///
    /// # Errors
    ///
    /// Why it was not.
    pub fn check(
        &self,
        token: &str,
        purpose: Purpose,
        holder: &[u8],
        about: &[&str],
        now_unix_secs: i64,
    ) -> Result<(), Defect> {
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| Defect::Foreign)?;
        let (time, tag) = bytes
            .split_first_chunk::<TIME_BYTES>()
            .filter(|(_, tag)| tag.len() == TAG_BYTES)
            .ok_or(Defect::Foreign)?;
        let message = message(purpose, holder, about, *time);
        let made_unix_secs = i64::from_be_bytes(*time);
        if !self.has_sealed(&message, tag, made_unix_secs) {
            return Err(Defect::Foreign);
        }
        let age_secs = now_unix_secs.saturating_sub(made_unix_secs);
        if (-LEEWAY_SECS..purpose.lifetime_secs()).contains(&age_secs) {
            Ok(())
        } else {
            Err(Defect::Stale)
        }
    }

    fn has_sealed(&self, message: &[u8], tag: &[u8], made_unix_secs: i64) -> bool {
        let by = |key| hmac::verify(key, message, tag).is_ok();
        let of_its_time = |former: &&Former| {
            made_unix_secs <= former.replaced_unix_secs.saturating_add(TAKEN_UP_SECS)
        };
        let mut former = self.former.iter().filter(of_its_time);
        by(&self.present) || former.any(|former| by(&former.key))
    }

    fn tag(
        &self,
        purpose: Purpose,
        holder: &[u8],
        about: &[&str],
        time: [u8; TIME_BYTES],
    ) -> hmac::Tag {
        hmac::sign(&self.present, &message(purpose, holder, about, time))
    }
}

/// Every part comes with its length before it, so that no two lists of parts run together.
fn message(purpose: Purpose, holder: &[u8], about: &[&str], time: [u8; TIME_BYTES]) -> Vec<u8> {
    let mut message = Vec::new();
    let about = about.iter().map(|text| text.as_bytes());
    for part in [purpose.label(), &time, holder].into_iter().chain(about) {
        message.extend_from_slice(&(part.len() as u64).to_be_bytes());
        message.extend_from_slice(part);
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn key(byte: u8) -> FormKey {
        FormKey::new(&Secret::new([byte; 32]))
    }

    fn sealed() -> String {
        key(1).seal(Purpose::SignIn, b"browser", &["/a", ""], NOW)
    }

    #[test]
    fn a_form_is_taken_for_as_long_as_a_tab_stays_open() {
        let check = |at| key(1).check(&sealed(), Purpose::SignIn, b"browser", &["/a", ""], at);
        assert_eq!(check(NOW), Ok(()));
        assert_eq!(check(NOW - LEEWAY_SECS), Ok(()));
        assert_eq!(check(NOW + LIFETIME_SECS - 1), Ok(()));
        assert_eq!(check(NOW + LIFETIME_SECS), Err(Defect::Stale));
        assert_eq!(check(NOW - LEEWAY_SECS - 1), Err(Defect::Stale));
        assert_eq!(check(i64::MIN), Err(Defect::Stale));
    }

    #[test]
    fn a_form_of_another_browser_key_purpose_or_target_is_foreign() {
        let foreign = |key: FormKey, purpose, holder, about: &[&str]| {
            key.check(&sealed(), purpose, holder, about, NOW) == Err(Defect::Foreign)
        };
        assert!(foreign(key(2), Purpose::SignIn, b"browser", &["/a", ""]));
        assert!(foreign(key(1), Purpose::Account, b"browser", &["/a", ""]));
        assert!(foreign(key(1), Purpose::SignIn, b"another", &["/a", ""]));
        assert!(foreign(key(1), Purpose::SignIn, b"browser", &["/b", ""]));
    }

    #[test]
    fn attack_62_no_two_lists_of_parts_run_together() {
        for (holder, about) in [
            (&b"browser/"[..], ["a", ""]),
            (b"browse", ["r/a", ""]),
            (b"browser", ["/", "a"]),
            (b"browser", ["", "/a"]),
        ] {
            let check = key(1).check(&sealed(), Purpose::SignIn, holder, &about, NOW);
            assert_eq!(check, Err(Defect::Foreign));
        }
    }

    #[test]
    fn hostile_tokens_are_foreign() {
        let cut = sealed().split_off(1);
        let doubled = sealed().repeat(2);
        for token in [
            "",
            "A",
            "=",
            "\0",
            &cut,
            &doubled,
            &"A".repeat(54),
            &"A".repeat(100_000),
        ] {
            let check = key(1).check(token, Purpose::SignIn, b"browser", &["/a", ""], NOW);
            assert_eq!(check, Err(Defect::Foreign), "{token:.60}");
        }
    }

    #[test]
    fn a_key_of_before_opens_what_was_sealed_before_and_nothing_else() {
        let (old, new) = (Secret::new([1; 32]), Secret::new([2; 32]));
        let replaced = 1_800_000_000;
        let before = FormKey::new(&old);
        let after = FormKey::new(&new).with_former(&old, replaced);
        let seal = |key: &FormKey, at| key.seal(Purpose::SignIn, b"browser", &["/x"], at);
        let check =
            |token: &str, now| after.check(token, Purpose::SignIn, b"browser", &["/x"], now);
        let earlier = seal(&before, replaced - 60);
        assert_eq!(check(&earlier, replaced + 60), Ok(()));
        assert_eq!(
            check(&earlier, replaced - 60 + LIFETIME_SECS),
            Err(Defect::Stale)
        );
        // An instance that has not read the new key yet.
        let meanwhile = seal(&before, replaced + TAKEN_UP_SECS);
        assert_eq!(check(&meanwhile, replaced + TAKEN_UP_SECS), Ok(()));
        let later = seal(&before, replaced + TAKEN_UP_SECS + 1);
        assert_eq!(
            check(&later, replaced + TAKEN_UP_SECS + 1),
            Err(Defect::Foreign)
        );
        // What is made now is made with the new one.
        let token = seal(&after, replaced + 60);
        let purpose = Purpose::SignIn;
        assert_eq!(
            before.check(&token, purpose, b"browser", &["/x"], replaced + 60),
            Err(Defect::Foreign)
        );
        assert_eq!(check(&token, replaced + 60), Ok(()));
    }
}
