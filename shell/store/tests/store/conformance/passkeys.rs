//! Passkeys: added, used once for each challenge, removed.
#![allow(clippy::panic, reason = "tests")]

use countersign_secret::recovery::{RecoveryCode, RecoveryDigest};
use countersign_secret::totp::TotpSecret;
use countersign_store::{AccountAnswer, NewPasskey, NewTotp, PasskeyAdded, PasskeyUse, Store};

use super::second_factors::in_parallel;
use super::sessions::{begin, ended};
use super::{NOW, new_user};

fn recovery(number: u8) -> RecoveryDigest {
    RecoveryCode::mint(&[number; 10]).digest()
}

fn new(number: u8, (user_id, user_version): (i64, i64)) -> NewPasskey {
    NewPasskey {
        user_id,
        user_version,
        credential_id: [number; 16].into(),
        user_handle: [7; 32],
        public_key: [number, 1, 2].into(),
        sign_count: 3,
        backup_eligible: true,
        name: format!("key {number}").into(),
        recovery: Vec::new(),
        per_user_max: 3,
    }
}

fn used(number: u8, sign_count: u32, challenge: u8) -> PasskeyUse {
    PasskeyUse {
        credential_id: [number; 16].into(),
        sign_count,
        challenge: [challenge; 32],
        challenge_expires_unix_secs: NOW + 600,
    }
}

async fn user(store: &impl Store, name: &str) -> (i64, i64) {
    let user = store.add_user(new_user(name), NOW).await.unwrap();
    (user.id, user.version)
}

/// Adds a passkey to the user as it is now.
pub async fn add(store: &impl Store, number: u8, name: &str, codes: &[u8]) -> (i64, i64) {
    let user = store.user(name).await.unwrap().unwrap();
    let mut new = new(number, (user.id, user.version));
    new.recovery = codes.iter().map(|number| recovery(*number)).collect();
    match store.add_passkey(new, NOW).await.unwrap() {
        PasskeyAdded::Yes { user_version } => (user.id, user_version),
        other @ (PasskeyAdded::UserChanged | PasskeyAdded::Known | PasskeyAdded::Full) => {
            panic!("{other:?}")
        }
    }
}

async fn is_due(store: &impl Store, name: &str) -> bool {
    let answer = store.account(name).await.unwrap();
    matches!(answer, AccountAnswer::Known(account) if account.second_factor)
}

async fn left(store: &impl Store, name: &str) -> u32 {
    let factors = store.second_factors(name).await.unwrap();
    factors.recovery_codes_left
}

pub async fn a_passkey_is_a_second_factor_from_then_on(store: &impl Store) {
    let (id, version) = user(store, "alice").await;
    user(store, "bob").await;
    assert!(begin(store, 1, "alice", NOW).await);
    let stamp = store.change_stamp().await.unwrap();
    assert!(store.passkey(&[1; 16]).await.unwrap().is_none());

    let (_, later) = add(store, 1, "alice", &[1, 2]).await;
    assert_eq!(later, version + 1);
    assert_ne!(store.change_stamp().await.unwrap(), stamp);
    assert_eq!(ended(store, 1).await, Some(NOW));
    assert!(is_due(store, "alice").await && !is_due(store, "bob").await);
    let record = store.passkey(&[1; 16]).await.unwrap().unwrap();
    assert_eq!((record.user_id, &*record.user), (id, "alice"));
    assert_eq!((record.user_version, record.user_disabled), (later, false));
    assert_eq!((record.user_handle, record.sign_count), ([7; 32], 3));
    assert_eq!(
        (&*record.public_key, record.backup_eligible),
        (&[1, 1, 2][..], true)
    );
    let factors = store.second_factors("alice").await.unwrap();
    assert_eq!(
        (factors.totp_since_unix_secs, factors.recovery_codes_left),
        (None, 2)
    );
    let [passkey] = &*factors.passkeys else {
        panic!("{factors:?}")
    };
    assert_eq!((&*passkey.name, passkey.created_unix_secs), ("key 1", NOW));
    assert_eq!(
        (&*passkey.credential_id, passkey.used_unix_secs),
        (&[1; 16][..], None)
    );
}

pub async fn a_passkey_is_added_once_up_to_a_limit_and_for_the_expected_user_alone(
    store: &impl Store,
) {
    let (id, version) = user(store, "alice").await;
    let bob = user(store, "bob").await;
    let refused = async |number, user| store.add_passkey(new(number, user), NOW).await.unwrap();
    assert_eq!(
        refused(1, (id, version + 1)).await,
        PasskeyAdded::UserChanged
    );
    assert_eq!(
        refused(1, (id + 9, version)).await,
        PasskeyAdded::UserChanged
    );
    add(store, 1, "alice", &[1]).await;
    // The first authenticator cannot be somebody else's as well, nor be added twice.
    assert_eq!(refused(1, bob).await, PasskeyAdded::Known);
    assert_eq!(refused(1, (id, version + 1)).await, PasskeyAdded::Known);
    assert_eq!(refused(2, (id, version)).await, PasskeyAdded::UserChanged);
    add(store, 2, "alice", &[]).await;
    let (_, last) = add(store, 3, "alice", &[]).await;
    assert_eq!(refused(4, (id, last)).await, PasskeyAdded::Full);
    assert_eq!(left(store, "alice").await, 1);
    store.set_disabled("bob", true, NOW).await.unwrap();
    assert_eq!(
        refused(5, (bob.0, bob.1 + 1)).await,
        PasskeyAdded::UserChanged
    );
    assert!(!is_due(store, "bob").await);
}

pub async fn of_many_uses_with_one_challenge_one_gets_in(store: &impl Store) {
    user(store, "alice").await;
    add(store, 1, "alice", &[]).await;
    let stamp = store.change_stamp().await.unwrap();
    // Each with another count, so that the challenge alone holds them.
    let uses = (4..12).map(|count| store.use_passkey(used(1, count, 1), NOW));
    assert_eq!(in_parallel(uses).await, 1);
    assert!(!store.use_passkey(used(9, 99, 2), NOW).await.unwrap());
    let factors = store.second_factors("alice").await.unwrap();
    assert_eq!(factors.passkeys[0].used_unix_secs, Some(NOW));
    assert_eq!(
        store.change_stamp().await.unwrap(),
        stamp,
        "a use is no change"
    );

    // A challenge is kept for as long as it would be taken, and forgotten then.
    assert!(!store.use_passkey(used(1, 20, 1), NOW + 600).await.unwrap());
    assert!(store.use_passkey(used(1, 20, 1), NOW + 601).await.unwrap());
}

pub async fn a_count_never_goes_back(store: &impl Store) {
    user(store, "alice").await;
    add(store, 1, "alice", &[]).await;
    for (challenge, (count, is_taken)) in
        (1..).zip([(3, false), (0, false), (4, true), (4, false), (9, true)])
    {
        let taken = store
            .use_passkey(used(1, count, challenge), NOW)
            .await
            .unwrap();
        assert_eq!(taken, is_taken, "{count}");
    }
    assert_eq!(
        store.passkey(&[1; 16]).await.unwrap().unwrap().sign_count,
        9
    );
    // Those that are copied between devices say 0 always.
    let (id, version) = user(store, "bob").await;
    let mut quiet = new(2, (id, version));
    quiet.sign_count = 0;
    store.add_passkey(quiet, NOW).await.unwrap();
    assert!(store.use_passkey(used(2, 0, 101), NOW).await.unwrap());
    assert!(store.use_passkey(used(2, 0, 102), NOW).await.unwrap());
}

pub async fn recovery_codes_go_with_the_last_second_factor(store: &impl Store) {
    let (id, _) = user(store, "alice").await;
    let (_, version) = add(store, 1, "alice", &[1, 2]).await;
    let totp = NewTotp {
        user_id: id,
        user_version: version,
        secret: TotpSecret::new([7; 20]),
        used_step: 1,
        recovery: vec![recovery(3), recovery(4), recovery(5)],
    };
    let version = store.set_totp(totp, NOW).await.unwrap().unwrap();
    assert!(!store.use_recovery_code(id, recovery(1)).await.unwrap());
    assert_eq!(left(store, "alice").await, 3);
    add(store, 2, "alice", &[]).await;
    assert_eq!(left(store, "alice").await, 3);

    assert_eq!(store.remove_totp(id, NOW).await.unwrap(), Some(version + 2));
    assert_eq!(store.remove_totp(id, NOW).await.unwrap(), None);
    assert!(store.use_recovery_code(id, recovery(3)).await.unwrap());
    let replaced = store.replace_recovery_codes(id, vec![recovery(6)]).await;
    assert!(replaced.unwrap());
    assert!(begin(store, 1, "alice", NOW).await);
    let removed = store.remove_passkey(id, &[1; 16], NOW + 1).await.unwrap();
    assert_eq!(removed, Some(version + 3));
    assert_eq!(ended(store, 1).await, Some(NOW + 1));
    assert!(is_due(store, "alice").await && left(store, "alice").await == 1);
    let stamp = store.change_stamp().await.unwrap();
    assert!(
        store
            .remove_passkey(id, &[2; 16], NOW)
            .await
            .unwrap()
            .is_some()
    );
    assert_ne!(store.change_stamp().await.unwrap(), stamp);
    assert!(!is_due(store, "alice").await && left(store, "alice").await == 0);
    assert!(!store.use_recovery_code(id, recovery(6)).await.unwrap());
}

pub async fn a_reset_leaves_no_second_factor(store: &impl Store) {
    let (id, version) = user(store, "alice").await;
    add(store, 1, "alice", &[1]).await;
    add(store, 2, "alice", &[]).await;
    let reset = store.remove_second_factor("alice", NOW).await.unwrap();
    assert_eq!(reset, Some(version + 3));
    assert!(!is_due(store, "alice").await);
    assert!(store.second_factors("alice").await.unwrap().are_none());
    assert!(!store.use_recovery_code(id, recovery(1)).await.unwrap());
    assert!(!store.use_passkey(used(1, 9, 1), NOW).await.unwrap());
}

pub async fn a_passkey_is_its_users_and_goes_with_the_user(store: &impl Store) {
    user(store, "alice").await;
    add(store, 1, "alice", &[1]).await;
    let (bob, _) = user(store, "bob").await;
    assert_eq!(
        store.remove_passkey(bob, &[1; 16], NOW).await.unwrap(),
        None
    );
    assert!(store.passkey(&[1; 16]).await.unwrap().is_some());
    store.delete_user("alice", NOW).await.unwrap();
    assert!(store.passkey(&[1; 16]).await.unwrap().is_none());
}
