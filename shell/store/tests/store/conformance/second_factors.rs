//! Second factors: switched on, used once, removed.

use countersign_secret::recovery::{RecoveryCode, RecoveryDigest};
use countersign_secret::session::SessionDigest;
use countersign_secret::totp::TotpSecret;
use countersign_store::{AccountAnswer, NewTotp, SecondFactors, Store, StoreError};

use super::sessions::{begin, digest, ended};
use super::{NOW, new_user};

const STEP: i64 = 60_000_000;

fn recovery(number: u8) -> RecoveryDigest {
    RecoveryCode::mint(&[number; 10]).digest()
}

fn new((user_id, user_version): (i64, i64)) -> NewTotp {
    NewTotp {
        user_id,
        user_version,
        secret: TotpSecret::new([7; 20]),
        used_step: STEP,
        recovery: vec![recovery(1), recovery(2)],
    }
}

async fn user(store: &impl Store, name: &str) -> (i64, i64) {
    let user = store.add_user(new_user(name), NOW).await.unwrap();
    (user.id, user.version)
}

/// A user who has a second factor.
async fn with_totp(store: &impl Store, name: &str) -> i64 {
    let user = user(store, name).await;
    assert!(store.set_totp(new(user), NOW).await.unwrap().is_some());
    user.0
}

async fn is_due(store: &impl Store, name: &str) -> bool {
    let answer = store.account(name).await.unwrap();
    matches!(answer, AccountAnswer::Known(account) if account.second_factor)
}

pub async fn a_second_factor_is_there_once_it_is_set(store: &impl Store) {
    let (id, version) = user(store, "alice").await;
    user(store, "bob").await;
    assert!(!is_due(store, "alice").await);
    assert!(store.totp(id).await.unwrap().is_none());
    assert!(store.second_factors("alice").await.unwrap().are_none());

    let later = store.set_totp(new((id, version)), NOW).await.unwrap();
    assert_eq!(later, Some(version + 1));
    assert!(is_due(store, "alice").await && !is_due(store, "bob").await);
    let totp = store.totp(id).await.unwrap().unwrap();
    assert_eq!((totp.secret.expose(), totp.used_step), (&[7; 20], STEP));
    let state = SecondFactors {
        totp_since_unix_secs: Some(NOW),
        passkeys: Vec::new(),
        recovery_codes_left: 2,
    };
    assert_eq!(store.second_factors("alice").await.unwrap(), state);
    let nobody = store.second_factors("nobody").await.unwrap();
    assert_eq!(nobody, SecondFactors::default());

    // Neither a second one, nor one for a user who was another when the password was checked.
    assert_eq!(
        store.set_totp(new((id, version + 1)), NOW).await.unwrap(),
        None
    );
    store.set_disabled("bob", false, NOW).await.unwrap();
    let bob = store.user("bob").await.unwrap().unwrap();
    assert_eq!(
        store
            .set_totp(new((bob.id, bob.version - 1)), NOW)
            .await
            .unwrap(),
        None
    );
    assert!(!is_due(store, "bob").await);
}

pub async fn of_many_attempts_with_one_code_one_gets_in(store: &impl Store) {
    let id = with_totp(store, "alice").await;
    assert!(!store.use_totp_step(id, STEP).await.unwrap());
    assert!(!store.use_totp_step(id, STEP - 1).await.unwrap());
    let steps = (0..8).map(|_| store.use_totp_step(id, STEP + 1));
    assert_eq!(in_parallel(steps).await, 1);
    assert_eq!(store.totp(id).await.unwrap().unwrap().used_step, STEP + 1);

    let codes = (0..8).map(|_| store.use_recovery_code(id, recovery(1)));
    assert_eq!(in_parallel(codes).await, 1);
    assert!(!store.use_recovery_code(id, recovery(3)).await.unwrap());
    assert!(!store.use_recovery_code(id + 1, recovery(2)).await.unwrap());
    let state = store.second_factors("alice").await.unwrap();
    assert_eq!(state.recovery_codes_left, 1);
}

/// Begins all of them before any is awaited, and counts those that were told `true`.
pub async fn in_parallel<'a>(
    attempts: impl Iterator<Item = countersign_store::Answer<'a, bool>>,
) -> usize {
    let mut attempts: Vec<_> = attempts.collect();
    let mut outcomes: Vec<Option<bool>> = attempts.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (attempt, outcome) in attempts.iter_mut().zip(&mut outcomes) {
            if outcome.is_none()
                && let std::task::Poll::Ready(answer) = attempt.as_mut().poll(context)
            {
                *outcome = Some(answer.unwrap());
            }
        }
        if outcomes.iter().all(Option::is_some) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    outcomes.into_iter().flatten().filter(|used| *used).count()
}

pub async fn new_recovery_codes_replace_the_old_ones(store: &impl Store) {
    let (bob, _) = user(store, "bob").await;
    assert!(
        !store
            .replace_recovery_codes(bob, vec![recovery(9)])
            .await
            .unwrap()
    );
    assert!(!store.use_recovery_code(bob, recovery(9)).await.unwrap());
    let id = with_totp(store, "alice").await;
    assert!(
        store
            .replace_recovery_codes(id, vec![recovery(3)])
            .await
            .unwrap()
    );
    assert!(!store.use_recovery_code(id, recovery(1)).await.unwrap());
    assert!(store.use_recovery_code(id, recovery(3)).await.unwrap());
}

pub async fn sessions_end_when_a_second_factor_comes_or_goes(store: &impl Store) {
    let (id, version) = user(store, "alice").await;
    assert!(begin(store, 1, "alice", NOW).await);
    let stamp = store.change_stamp().await.unwrap();
    let version = store
        .set_totp(new((id, version)), NOW + 1)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(ended(store, 1).await, Some(NOW + 1));
    let set = store.change_stamp().await.unwrap();
    assert_ne!(stamp, set);

    assert!(begin(store, 2, "alice", NOW + 2).await);
    let removed = store.remove_second_factor("alice", NOW + 3).await.unwrap();
    assert_eq!(removed, Some(version + 1));
    assert_eq!(ended(store, 2).await, Some(NOW + 3));
    assert_ne!(store.change_stamp().await.unwrap(), set);
    assert!(store.totp(id).await.unwrap().is_none() && !is_due(store, "alice").await);
    assert!(!store.use_recovery_code(id, recovery(1)).await.unwrap());

    assert_eq!(
        store.remove_second_factor("alice", NOW).await.unwrap(),
        None
    );
    let absent = store.remove_second_factor("nobody", NOW).await;
    assert!(matches!(absent, Err(StoreError::UserAbsent { .. })));
}

pub async fn a_session_says_whether_a_second_factor_was_given(store: &impl Store) {
    let (id, version) = user(store, "alice").await;
    let given = async |digest: SessionDigest| {
        let record = store.session(&digest).await.unwrap().unwrap();
        record.second_factor
    };
    assert!(begin(store, 1, "alice", NOW).await);
    let mut session = super::sessions::new(2, (id, version), NOW);
    session.second_factor = true;
    assert!(store.begin_session(session, NOW).await.unwrap());
    assert!(!given(digest(1)).await && given(digest(2)).await);
}
