//! Sessions: begun, found, listed, ended.

use countersign_secret::session::{SessionDigest, SessionId, SessionSecret};
use countersign_store::{NewSession, Session, SessionAfter, SessionList, Store, StoreError};

use super::{NOW, boxed, hash_of, new_user};

const IDLE: i64 = 600;
const LIFETIME: i64 = 3600;

pub fn digest(number: u8) -> SessionDigest {
    SessionSecret::mint(&[number; 32]).digest()
}

fn id(number: u8) -> SessionId {
    SessionId::mint(&[number; 9])
}

/// The user and the version that a sign-in has seen.
async fn user(store: &impl Store, name: &str) -> (i64, i64) {
    let user = match store.user(name).await.unwrap() {
        Some(user) => user,
        None => store.add_user(new_user(name), NOW).await.unwrap(),
    };
    (user.id, user.version)
}

pub fn new(number: u8, (user_id, user_version): (i64, i64), now: i64) -> NewSession {
    NewSession {
        provider: Some("corp".into()),
        signed_in_unix_secs: Some(now - 60),
        id: id(number),
        digest: digest(number),
        user_id,
        user_version,
        method: "password".into(),
        second_factor: false,
        groups: Vec::new(),
        device: Some("a browser".into()),
        address: "192.0.2.1".into(),
        idle_secs: IDLE,
        expires_unix_secs: now + LIFETIME,
        per_user_max: 3,
    }
}

pub async fn begin(store: &impl Store, number: u8, name: &str, now: i64) -> bool {
    let user = user(store, name).await;
    store
        .begin_session(new(number, user, now), now)
        .await
        .unwrap()
}

pub async fn ended(store: &impl Store, number: u8) -> Option<i64> {
    let record = store.session(&digest(number)).await.unwrap().unwrap();
    record.ended_unix_secs
}

async fn listed(store: &impl Store, user: Option<&str>, now: i64) -> Vec<SessionId> {
    let list = SessionList {
        user: user.map(Into::into),
        sessions_max: 100,
    };
    let sessions = store.sessions(list, now).await.unwrap();
    sessions.into_iter().map(|session| session.id).collect()
}

pub async fn a_session_is_found_by_its_digest_alone(store: &impl Store) {
    assert!(begin(store, 1, "alice", NOW).await);
    let record = store.session(&digest(1)).await.unwrap().unwrap();
    assert_eq!((record.id, &*record.user), (id(1), "alice"));
    assert_eq!(record.groups, boxed(&["staff", "a \"quoted\" group"]));
    assert!(!record.user_disabled);
    assert_eq!(
        (record.created_unix_secs, record.used_unix_secs),
        (NOW, NOW)
    );
    assert_eq!(
        (record.idle_secs, record.expires_unix_secs),
        (IDLE, NOW + LIFETIME)
    );
    assert_eq!(record.ended_unix_secs, None);
    assert_eq!(
        (record.provider.as_deref(), record.signed_in_unix_secs),
        (Some("corp"), Some(NOW - 60))
    );
    assert!(store.session(&digest(2)).await.unwrap().is_none());

    let list = SessionList {
        user: None,
        sessions_max: 9,
    };
    let sessions = store.sessions(list, NOW).await.unwrap();
    let shown = Session {
        id: id(1),
        user: "alice".into(),
        method: "password".into(),
        device: Some("a browser".into()),
        address: "192.0.2.1".into(),
        created_unix_secs: NOW,
        used_unix_secs: NOW,
        idle_secs: IDLE,
        expires_unix_secs: NOW + LIFETIME,
    };
    assert_eq!(sessions, [shown]);
}

pub async fn a_sign_in_is_worth_nothing_after_the_user_has_changed(store: &impl Store) {
    let before = user(store, "alice").await;
    store
        .set_password("alice", hash_of("another"), NOW)
        .await
        .unwrap();
    assert!(!store.begin_session(new(1, before, NOW), NOW).await.unwrap());
    let before = user(store, "alice").await;
    store.set_disabled("alice", true, NOW).await.unwrap();
    assert!(!store.begin_session(new(1, before, NOW), NOW).await.unwrap());
    let disabled = user(store, "alice").await;
    assert!(
        !store
            .begin_session(new(1, disabled, NOW), NOW)
            .await
            .unwrap()
    );
    assert!(
        !store
            .begin_session(new(1, (99, 1), NOW), NOW)
            .await
            .unwrap()
    );
    assert!(store.session(&digest(1)).await.unwrap().is_none());
}

pub async fn the_owner_alone_ends_a_session(store: &impl Store) {
    begin(store, 1, "alice", NOW).await;
    begin(store, 2, "bob", NOW).await;
    let not_hers = store.end_session(&id(2), Some("alice"), NOW).await;
    assert!(matches!(not_hers, Err(StoreError::SessionAbsent { .. })));
    assert_eq!(ended(store, 2).await, None);
    store
        .end_session(&id(1), Some("alice"), NOW + 1)
        .await
        .unwrap();
    store.end_session(&id(1), None, NOW + 2).await.unwrap();
    assert_eq!(ended(store, 1).await, Some(NOW + 1));
    assert_eq!(listed(store, None, NOW + 1).await, [id(2)]);
    let absent = store.end_session(&id(9), None, NOW).await;
    assert!(matches!(absent, Err(StoreError::SessionAbsent { .. })));
}

pub async fn sessions_end_with_the_password_and_with_the_account(store: &impl Store) {
    for (number, name) in [(1, "alice"), (2, "alice"), (3, "bob"), (4, "carol")] {
        begin(store, number, name, NOW).await;
    }
    store
        .set_password("alice", hash_of("another"), NOW + 1)
        .await
        .unwrap();
    assert_eq!(
        (ended(store, 1).await, ended(store, 2).await),
        (Some(NOW + 1), Some(NOW + 1))
    );
    store.set_disabled("bob", true, NOW + 2).await.unwrap();
    assert_eq!(ended(store, 3).await, Some(NOW + 2));
    assert!(
        store
            .session(&digest(3))
            .await
            .unwrap()
            .unwrap()
            .user_disabled
    );
    store.delete_user("carol", NOW).await.unwrap();
    assert!(store.session(&digest(4)).await.unwrap().is_none());
}

pub async fn a_user_signs_out_everywhere(store: &impl Store) {
    for (number, name) in [(1, "alice"), (2, "alice"), (3, "bob")] {
        begin(store, number, name, NOW).await;
    }
    assert_eq!(store.end_sessions("alice", NOW + 1).await.unwrap(), 2);
    assert_eq!(store.end_sessions("alice", NOW + 2).await.unwrap(), 0);
    assert_eq!(listed(store, None, NOW + 1).await, [id(3)]);
    let absent = store.end_sessions("nobody", NOW).await;
    assert!(matches!(absent, Err(StoreError::UserAbsent { .. })));
}

pub async fn past_the_limit_the_session_used_least_lately_is_ended(store: &impl Store) {
    for number in 1..=3 {
        begin(store, number, "alice", NOW + i64::from(number)).await;
    }
    store
        .note_sessions_used(vec![(id(1), NOW + 9), (id(9), NOW)])
        .await
        .unwrap();
    begin(store, 4, "alice", NOW + 10).await;
    assert_eq!(ended(store, 2).await, Some(NOW + 10));
    assert_eq!(
        listed(store, Some("alice"), NOW + 10).await,
        [id(4), id(1), id(3)]
    );
}

pub async fn a_use_is_never_noted_backwards(store: &impl Store) {
    begin(store, 1, "alice", NOW).await;
    store
        .note_sessions_used(vec![(id(1), NOW + 60)])
        .await
        .unwrap();
    store
        .note_sessions_used(vec![(id(1), NOW + 30)])
        .await
        .unwrap();
    let record = store.session(&digest(1)).await.unwrap().unwrap();
    assert_eq!(record.used_unix_secs, NOW + 60);
}

pub async fn sessions_past_their_time_are_not_listed_and_forgotten_at_last(store: &impl Store) {
    begin(store, 1, "alice", NOW).await;
    assert_eq!(listed(store, None, NOW + IDLE - 1).await, [id(1)]);
    assert!(listed(store, None, NOW + IDLE).await.is_empty());
    begin(store, 2, "alice", NOW + LIFETIME).await;
    assert!(store.session(&digest(1)).await.unwrap().is_some());
    let later = NOW + LIFETIME + 31 * 24 * 60 * 60;
    begin(store, 3, "bob", later).await;
    assert!(store.session(&digest(1)).await.unwrap().is_none());
}

pub async fn ending_a_session_is_a_change_and_beginning_one_is_none(store: &impl Store) {
    user(store, "alice").await;
    let before = store.change_stamp().await.unwrap();
    begin(store, 1, "alice", NOW).await;
    store
        .note_sessions_used(vec![(id(1), NOW + 60)])
        .await
        .unwrap();
    assert_eq!(store.change_stamp().await.unwrap(), before);
    store.end_session(&id(1), None, NOW).await.unwrap();
    assert_ne!(store.change_stamp().await.unwrap(), before);
}

pub async fn the_key_of_forms_is_drawn_once_and_is_not_that_of_nonces(store: &impl Store) {
    let (one, other) = (form_keys(store).await, form_keys(store).await);
    assert_eq!((one.len(), &one), (1, &other));
    let nonces = store.nonce_key().await.unwrap();
    assert!(one.iter().all(|(key, _)| key != nonces.expose()));
}

async fn form_keys(store: &impl Store) -> Vec<([u8; 32], i64)> {
    let keys = store.form_keys().await.unwrap();
    let bare =
        |record: &countersign_store::FormKeyRecord| (*record.key.expose(), record.made_unix_secs);
    keys.iter().map(bare).collect()
}

pub async fn a_new_key_of_forms_comes_first_and_those_before_are_kept_for_a_day(
    store: &impl Store,
) {
    const DAY: i64 = 86_400;
    let first = form_keys(store).await;
    store.rotate_form_key(NOW).await.unwrap();
    let second = form_keys(store).await;
    let (newest, before) = second.split_first().unwrap();
    assert_eq!((newest.1, before), (NOW, &*first));
    assert!(first.iter().all(|(key, _)| *key != newest.0));
    store.rotate_form_key(NOW + DAY - 1).await.unwrap();
    let third = form_keys(store).await;
    assert_eq!(third.get(1..), Some(&*second));
    // The first was replaced a day ago by then.
    store.rotate_form_key(NOW + DAY).await.unwrap();
    let last = form_keys(store).await;
    assert_eq!((last.len(), last.last()), (3, Some(newest)));
    for _ in 0..40 {
        store.rotate_form_key(NOW + DAY).await.unwrap();
    }
    assert_eq!(form_keys(store).await.len(), 16);
}

pub async fn a_session_has_its_own_groups_beside_those_of_the_user(store: &impl Store) {
    let user = store.add_user(new_user("alice"), NOW).await.unwrap();
    let mut session = new(1, (user.id, user.version), NOW);
    session.groups = boxed(&["staff", "of the provider"]);
    assert!(store.begin_session(session, NOW).await.unwrap());
    let groups = async || store.session(&digest(1)).await.unwrap().unwrap().groups;
    let both = boxed(&["staff", "a \"quoted\" group", "of the provider"]);
    assert_eq!(groups().await, both);
    store.set_groups("alice", Vec::new(), NOW).await.unwrap();
    assert_eq!(groups().await, boxed(&["staff", "of the provider"]));
}

/// What takes the place of a session after a change of its user.
async fn after(store: &impl Store, former: u8, number: u8) -> SessionAfter {
    SessionAfter {
        former: id(former),
        shown: None,
        id: id(number),
        digest: digest(number),
        user_version: user(store, "alice").await.1,
        device: Some("a browser".into()),
        address: "192.0.2.2".into(),
        idle_secs: IDLE,
    }
}

pub async fn a_session_goes_on_after_a_change_as_what_it_was(store: &impl Store) {
    let mut session = new(1, user(store, "alice").await, NOW);
    session.method = "provider".into();
    session.groups = boxed(&["of the provider"]);
    assert!(store.begin_session(session, NOW).await.unwrap());
    let hash = hash_of("another");
    store.set_password("alice", hash, NOW + 9).await.unwrap();
    let next = after(store, 1, 2).await;
    assert!(store.go_on_with_session(next, NOW + 9).await.unwrap());
    let record = store.session(&digest(2)).await.unwrap().unwrap();
    assert_eq!((&*record.method, record.second_factor), ("provider", false));
    assert_eq!(
        (record.created_unix_secs, record.used_unix_secs),
        (NOW, NOW + 9)
    );
    assert_eq!(
        (record.expires_unix_secs, record.ended_unix_secs),
        (NOW + LIFETIME, None)
    );
    assert!(record.groups.contains(&"of the provider".into()));
    // What is shown on the way is said beside what was shown before.
    let mut next = after(store, 2, 3).await;
    next.shown = Some("totp".into());
    assert!(store.go_on_with_session(next, NOW + 10).await.unwrap());
    let record = store.session(&digest(3)).await.unwrap().unwrap();
    assert_eq!(
        (&*record.method, record.second_factor),
        ("provider, totp", true)
    );
    assert_eq!(record.created_unix_secs, NOW);
}

pub async fn a_session_goes_on_for_the_user_of_the_change_alone(store: &impl Store) {
    assert!(begin(store, 1, "alice", NOW).await);
    let absent = after(store, 9, 2).await;
    assert!(!store.go_on_with_session(absent, NOW).await.unwrap());
    let over = after(store, 1, 2).await;
    let late = NOW + LIFETIME;
    assert!(!store.go_on_with_session(over, late).await.unwrap());
    let before = after(store, 1, 2).await;
    let hash = hash_of("another");
    store.set_password("alice", hash, NOW).await.unwrap();
    assert!(!store.go_on_with_session(before, NOW).await.unwrap());
    store.set_disabled("alice", true, NOW).await.unwrap();
    let disabled = after(store, 1, 2).await;
    assert!(!store.go_on_with_session(disabled, NOW).await.unwrap());
    assert!(store.session(&digest(2)).await.unwrap().is_none());
}
