//! Passkeys: what a browser is asked, and whether what it answers is taken.
//!
//! Knows: the order of checks, and that a challenge is bound to the browser by the form it came in, is taken for ten minutes,
//! and once. Does not know what has to hold of an answer, which is the crate `countersign-passkey`'s.

mod account;
mod second_factor;
mod sign_in;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_cause::Cause;
use countersign_flow::session::form::PROVED_TAKEN_SECS;
use countersign_flow::{Admission, Attempt, Brake, PasskeyRules, counted};
use countersign_passkey::{
    AssertionAnswer, CHALLENGE_BYTES, Challenge, KeptCredential, PublicKey, RelyingParty,
    UserVerification,
};
use countersign_store::{PasskeyRecord, PasskeyUse};

pub(super) use self::account::{add, confirm, remove, shown};
pub(super) use self::second_factor::{ask, post as post_second_factor};
pub(super) use self::sign_in::{post as post_sign_in, show as show_sign_in};
use super::sign_in::refused;
use super::visit::{Refused, Visit};

const NONCE_BYTES: usize = 16;

/// The rules of passkeys, where a browser can use them at the address that it is at.
pub(super) fn offered<'c>(visit: &Visit<'c, '_>) -> Option<&'c PasskeyRules> {
    let rules = visit.rules.passkeys.as_ref()?;
    let is_here = |origin: &str| {
        let authority = origin.split_once("://").map(|(_, authority)| authority);
        authority.is_some_and(|authority| authority.eq_ignore_ascii_case(visit.asking.host))
    };
    rules
        .origins
        .iter()
        .any(|origin| is_here(origin))
        .then_some(rules)
}

fn party<'c>(visit: &Visit<'c, '_>, rules: &'c PasskeyRules) -> RelyingParty<'c> {
    RelyingParty {
        id: &rules.rp_id,
        name: &visit.running.rules().realm,
        origins: &rules.origins,
    }
}

/// A challenge, in the form in which a page carries it.
fn new_challenge<'c>(visit: &Visit<'c, '_>) -> Result<(Challenge, String), Refused<'c>> {
    let mut random = [0; CHALLENGE_BYTES];
    visit.fill(&mut random)?;
    Ok((Challenge(random), URL_SAFE_NO_PAD.encode(random)))
}

fn read_challenge(text: &str) -> Option<Challenge> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    Some(Challenge(bytes.try_into().ok()?))
}

/// What the page's policy lets its script be known by.
fn new_nonce<'c>(visit: &Visit<'c, '_>) -> Result<String, Refused<'c>> {
    let mut random = [0; NONCE_BYTES];
    visit.fill(&mut random)?;
    Ok(URL_SAFE_NO_PAD.encode(random))
}

/// What became of an answer.
enum PasskeyEnd {
    /// It is of a passkey of this user.
    Good(Box<PasskeyRecord>),
    /// It is not. The page says the same in all cases; the log has the difference.
    Refused,
    /// It is not, and too many attempts from the network have failed before.
    Braked {
        /// When it makes sense to come again, in seconds.
        secs: u32,
    },
}

/// Tries an answer: the one way from these pages to the check. No signature is guessed, so that a right one is taken where
/// wrong passwords are braked; wrong ones count for the network.
async fn check<'c>(
    visit: &Visit<'c, '_>,
    rules: &PasskeyRules,
    challenge: &Challenge,
    wanted: Wanted,
    answer: &str,
) -> Result<PasskeyEnd, Refused<'c>> {
    let worker = visit.worker;
    let trying = counted(visit.running.rules(), visit.asking.client.address).map(|counted| {
        let now = worker.clock().unix_secs();
        worker
            .brakes()
            .admit_passkey(counted, answer.as_bytes(), now)
    });
    let (cause, detail) = match judge(visit, rules, challenge, wanted, answer).await? {
        Ok(record) => return Ok(PasskeyEnd::Good(record)),
        Err(why) => why,
    };
    if let Some((trying, admission)) = trying {
        if let Admission::Wait { secs, brake } = admission {
            braked(visit, brake);
            return Ok(PasskeyEnd::Braked { secs });
        }
        let now = worker.clock().unix_secs();
        worker.brakes().count(&trying, Attempt::Failed, now);
    }
    refused(visit, cause, detail);
    Ok(PasskeyEnd::Refused)
}

fn braked(visit: &Visit<'_, '_>, brake: Brake) {
    refused(visit, Cause::RateLimited, brake.words());
}

/// What an answer has to prove.
#[derive(Clone, Copy)]
enum Wanted {
    /// Who it is: the authenticator has verified its holder, which makes two factors.
    Anybody,
    /// That it is this user, whose password was right.
    User(i64),
}

async fn judge<'c>(
    visit: &Visit<'c, '_>,
    rules: &PasskeyRules,
    challenge: &Challenge,
    wanted: Wanted,
    answer: &str,
) -> Result<Result<Box<PasskeyRecord>, (Cause, &'static str)>, Refused<'c>> {
    let store = visit.worker.store();
    let failed = |error| visit.unavailable("passkey", &error);
    let rejected = |detail| Ok(Err((Cause::CredentialsRejected, detail)));
    let answer = match AssertionAnswer::parse(answer.as_bytes()) {
        Ok(answer) => answer,
        Err(fault) => return rejected(fault.words()),
    };
    let id = answer.credential_id();
    let Some(record) = store.passkey(id).await.map_err(failed)? else {
        return rejected("nobody has this passkey");
    };
    let verification = match wanted {
        // WebAuthn Level 3 section 7.2 step 6: where nobody was named before, the answer has to say whose it is.
        Wanted::Anybody if answer.user_handle().is_none() => {
            return rejected("the answer names no account");
        }
        Wanted::Anybody => UserVerification::Required,
        Wanted::User(user_id) if user_id == record.user_id => UserVerification::Discouraged,
        Wanted::User(_) => return rejected("the passkey is another user's"),
    };
    let key = match PublicKey::parse(&record.public_key) {
        Ok(key) => key,
        Err(fault) => return rejected(fault.words()),
    };
    let kept = KeptCredential {
        id,
        user_handle: &record.user_handle,
        key: &key,
        sign_count: record.sign_count,
        backup_eligible: record.backup_eligible,
    };
    let party = RelyingParty {
        id: &rules.rp_id,
        name: "",
        origins: &rules.origins,
    };
    let signed_in =
        match countersign_passkey::sign_in(&party, challenge, verification, &kept, &answer) {
            Ok(signed_in) => signed_in,
            Err(fault) => return rejected(fault.words()),
        };
    let now = visit.worker.clock().unix_secs();
    let passkey_use = PasskeyUse {
        credential_id: id.into(),
        sign_count: signed_in.sign_count,
        challenge: challenge.0,
        challenge_expires_unix_secs: now.saturating_add(PROVED_TAKEN_SECS),
    };
    // Of attempts in parallel, the store lets one through.
    if !store.use_passkey(passkey_use, now).await.map_err(failed)? {
        return rejected("the challenge was answered before, or the passkey has just been used");
    }
    if record.user_disabled {
        return Ok(Err((Cause::AccountDisabled, "")));
    }
    Ok(Ok(Box::new(record)))
}
