//! Users and sign-ins.

use countersign_secret::password::{HashKind, Verification};
use countersign_store::{AccountAnswer, Imported, NewUser, OnConflict, Store, StoreError};

use super::{NOW, boxed, hash_of, new_user};

pub async fn a_user_is_added_shown_changed_and_deleted(store: &impl Store) {
    let added = store.add_user(new_user("alice"), NOW).await.unwrap();
    assert_eq!(&*added.name, "alice");
    assert_eq!(added.display_name.as_deref(), Some("The alice"));
    assert_eq!(added.groups, boxed(&["staff", "a \"quoted\" group"]));
    assert_eq!(added.hash_kind, HashKind::Argon2id);
    assert!(!added.disabled);
    assert_eq!(
        (added.created_unix_secs, added.changed_unix_secs),
        (NOW, NOW)
    );
    assert_eq!(store.user("alice").await.unwrap(), Some(added.clone()));
    assert_eq!(store.user("Alice").await.unwrap(), None);

    store.set_disabled("alice", true, NOW + 1).await.unwrap();
    store
        .set_groups("alice", Vec::new(), NOW + 2)
        .await
        .unwrap();
    store
        .set_password("alice", hash_of("new"), NOW + 3)
        .await
        .unwrap();
    let changed = store.user("alice").await.unwrap().unwrap();
    assert!(changed.disabled);
    assert!(changed.groups.is_empty());
    assert_eq!(changed.version, added.version + 3);
    assert_eq!(
        (changed.created_unix_secs, changed.changed_unix_secs),
        (NOW, NOW + 3)
    );

    store.delete_user("alice", NOW + 4).await.unwrap();
    assert_eq!(store.user("alice").await.unwrap(), None);
    let again = store.add_user(new_user("alice"), NOW + 5).await.unwrap();
    assert!(again.id != added.id, "an id is never given twice");
}

pub async fn a_name_is_taken_once(store: &impl Store) {
    store.add_user(new_user("alice"), NOW).await.unwrap();
    let error = store.add_user(new_user("alice"), NOW).await.unwrap_err();
    assert!(matches!(&error, StoreError::UserExists { name } if &**name == "alice"));
    assert_eq!(error.to_string(), "there is a user `alice` already");
    assert!(!error.is_unavailable());
    store.add_user(new_user("Alice"), NOW).await.unwrap();
}

pub async fn a_change_of_an_absent_user_says_so(store: &impl Store) {
    let absent = |outcome: Result<(), StoreError>| {
        let error = outcome.unwrap_err();
        assert!(matches!(&error, StoreError::UserAbsent { name } if &**name == "bob"));
        assert_eq!(error.to_string(), "there is no user `bob`");
    };
    absent(store.set_disabled("bob", true, NOW).await);
    absent(store.set_groups("bob", Vec::new(), NOW).await);
    absent(store.set_password("bob", hash_of("x"), NOW).await);
    absent(store.delete_user("bob", NOW).await);
}

pub async fn users_are_listed_in_pages(store: &impl Store) {
    for name in ["dora", "alice", "émile", "bob", "carol"] {
        store.add_user(new_user(name), NOW).await.unwrap();
    }
    let mut seen = Vec::new();
    let mut after: Option<Box<str>> = None;
    loop {
        let page = store.users(after.as_deref(), 2).await.unwrap();
        assert!(page.len() <= 2);
        let Some(last) = page.last() else { break };
        after = Some(last.name.clone());
        seen.extend(page.into_iter().map(|user| user.name));
    }
    assert_eq!(seen, boxed(&["alice", "bob", "carol", "dora", "émile"]));
}

pub async fn an_account_is_what_a_sign_in_needs(store: &impl Store) {
    let user = store.add_user(new_user("alice"), NOW).await.unwrap();
    let AccountAnswer::Known(account) = store.account("alice").await.unwrap() else {
        unreachable!("alice was added");
    };
    assert_eq!((account.id, &*account.name), (user.id, "alice"));
    assert_eq!(account.groups, user.groups);
    assert_eq!(account.version, user.version);
    assert_eq!(account.hash.verify(b"alice"), Verification::Match);
    store.set_disabled("alice", true, NOW).await.unwrap();
    let AccountAnswer::Known(account) = store.account("alice").await.unwrap() else {
        unreachable!("alice is disabled, not gone");
    };
    assert!(account.disabled);
}

pub async fn attack_40_an_unknown_name_costs_what_a_known_one_does(store: &impl Store) {
    let decoy = async |name: &str| match store.account(name).await.unwrap() {
        AccountAnswer::Unknown { decoy } => decoy,
        AccountAnswer::Known(_) => unreachable!("{name} was never added"),
    };
    // Without users to imitate: what a new hash costs.
    assert_eq!(decoy("nobody").await.kind(), HashKind::Argon2id);
    let bcrypt = "$2y$05$cVk3d6cqu4DcBHi5w0HnqO8lbH20LrPCvPyCfMqphkWjRZwbj22tG";
    let imported = NewUser {
        hash: countersign_secret::password::PasswordHash::parse(bcrypt).unwrap(),
        ..new_user("alice")
    };
    store.add_user(imported, NOW).await.unwrap();
    for name in ["nobody", "", "root", "bob\0"] {
        let decoy = decoy(name).await;
        assert_eq!(decoy.kind(), HashKind::Bcrypt);
        assert!(decoy.as_str().starts_with("$2b$05$"));
        assert_eq!(decoy.verify(b"password"), Verification::Mismatch);
    }
    store
        .set_password("alice", hash_of("new"), NOW)
        .await
        .unwrap();
    assert_eq!(decoy("nobody").await.kind(), HashKind::Argon2id);
}

pub async fn a_hash_is_replaced_only_if_it_is_the_expected_one(store: &impl Store) {
    let user = store.add_user(new_user("alice"), NOW).await.unwrap();
    let (old, renewed, other) = (hash_of("alice"), hash_of("renewed"), hash_of("other"));
    assert!(
        !store
            .replace_hash(user.id, other.clone(), renewed.clone())
            .await
            .unwrap()
    );
    assert!(
        !store
            .replace_hash(user.id + 1, old.clone(), renewed.clone())
            .await
            .unwrap()
    );
    assert!(
        store
            .replace_hash(user.id, old.clone(), renewed)
            .await
            .unwrap()
    );
    assert!(!store.replace_hash(user.id, old, other).await.unwrap());
    let AccountAnswer::Known(account) = store.account("alice").await.unwrap() else {
        unreachable!("alice was added");
    };
    assert_eq!(account.hash.verify(b"renewed"), Verification::Match);
    assert_eq!(account.version, user.version);
}

pub async fn an_import_is_all_or_nothing(store: &impl Store) {
    let before = store.add_user(new_user("bob"), NOW).await.unwrap();
    let users = || vec![new_user("alice"), new_user("bob"), new_user("carol")];
    let error = store
        .import_users(users(), OnConflict::Refuse, NOW + 1)
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::UserExists { name } if &*name == "bob"));
    assert_eq!(
        store.users(None, 10).await.unwrap(),
        std::slice::from_ref(&before)
    );

    let skipped = store
        .import_users(users(), OnConflict::Skip, NOW + 1)
        .await
        .unwrap();
    assert_eq!(
        skipped,
        Imported {
            added: 2,
            replaced: 0,
            skipped: 1
        }
    );
    assert_eq!(store.user("bob").await.unwrap(), Some(before.clone()));

    let changed = vec![
        NewUser {
            hash: hash_of("new"),
            groups: boxed(&["admins"]),
            disabled: true,
            ..new_user("bob")
        },
        new_user("dora"),
    ];
    let replaced = store
        .import_users(changed, OnConflict::Replace, NOW + 2)
        .await
        .unwrap();
    assert_eq!(
        replaced,
        Imported {
            added: 1,
            replaced: 1,
            skipped: 0
        }
    );
    let bob = store.user("bob").await.unwrap().unwrap();
    assert_eq!(
        (bob.id, bob.created_unix_secs, bob.changed_unix_secs),
        (before.id, NOW, NOW + 2)
    );
    assert_eq!(bob.groups, boxed(&["admins"]));
    assert!(bob.disabled && bob.version > before.version);
}
