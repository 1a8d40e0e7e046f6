//! API keys.

use countersign_secret::api_key::KeyId;
use countersign_store::{
    Key, KeyEdit, KeyList, NewOwnKey, OwnKeyMade, Owner, Rotation, Store, StoreError,
};

use super::{NOW, api_key, boxed, new_key, new_user};

fn alice() -> Owner {
    Owner::User("alice".into())
}

fn service() -> Owner {
    Owner::Service("ci".into())
}

pub async fn a_key_is_kept_and_found(store: &impl Store) {
    store.add_user(new_user("alice"), NOW).await.unwrap();
    let given = new_key(1, alice());
    let made = store.create_key(given.clone(), NOW).await.unwrap();
    assert_eq!(
        (&made.id, &made.owner, &made.label),
        (&given.id, &given.owner, &given.label)
    );
    assert_eq!(
        (&made.scopes, &made.networks),
        (&given.scopes, &given.networks)
    );
    assert_eq!(
        (made.created_unix_secs, made.expires_unix_secs),
        (NOW, given.expires_unix_secs)
    );
    assert_eq!(
        (made.revoked_unix_secs, made.last_used_unix_secs),
        (None, None)
    );
    assert_eq!(store.key(&given.id).await.unwrap(), Some(made));

    let record = store.api_key(&given.id).await.unwrap().unwrap();
    assert!(record.digest.matches(&api_key(1).digest()));
    assert_eq!((record.id, record.owner), (given.id.clone(), alice()));
    assert_eq!(record.groups, boxed(&["staff", "a \"quoted\" group"]));
    assert_eq!(
        (record.scopes, record.networks),
        (given.scopes, given.networks)
    );
    assert!(!record.owner_disabled);
    assert!(store.api_key(api_key(2).id()).await.unwrap().is_none());
    assert!(store.key(api_key(2).id()).await.unwrap().is_none());
}

pub async fn a_key_follows_its_owner(store: &impl Store) {
    store.add_user(new_user("alice"), NOW).await.unwrap();
    let id = store.create_key(new_key(1, alice()), NOW).await.unwrap().id;
    store
        .set_groups("alice", boxed(&["admins"]), NOW)
        .await
        .unwrap();
    store.set_disabled("alice", true, NOW).await.unwrap();
    let record = store.api_key(&id).await.unwrap().unwrap();
    assert!(record.owner_disabled);
    assert_eq!(record.groups, boxed(&["admins"]));

    store.delete_user("alice", NOW + 5).await.unwrap();
    let record = store.api_key(&id).await.unwrap().unwrap();
    assert_eq!(
        (record.revoked_unix_secs, record.owner),
        (Some(NOW + 5), alice())
    );
    assert!(record.owner_disabled && record.groups.is_empty());
    // Another user by the name does not get the keys.
    store.add_user(new_user("alice"), NOW + 6).await.unwrap();
    let record = store.api_key(&id).await.unwrap().unwrap();
    assert!(record.owner_disabled && record.groups.is_empty());
}

pub async fn a_service_is_no_user(store: &impl Store) {
    store.add_user(new_user("alice"), NOW).await.unwrap();
    let error = store
        .create_key(new_key(1, Owner::Service("alice".into())), NOW)
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::NameOfUser { .. }));
    let error = store
        .create_key(new_key(1, Owner::User("ci".into())), NOW)
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::UserAbsent { .. }));

    let id = store
        .create_key(new_key(1, service()), NOW)
        .await
        .unwrap()
        .id;
    let record = store.api_key(&id).await.unwrap().unwrap();
    assert_eq!(record.owner, service());
    assert!(!record.owner_disabled && record.groups.is_empty());
    let error = store.add_user(new_user("ci"), NOW).await.unwrap_err();
    assert!(matches!(error, StoreError::NameOfService { .. }));
    store.revoke_key(&id, NOW).await.unwrap();
    store.add_user(new_user("ci"), NOW).await.unwrap();
}

pub async fn an_id_is_taken_once(store: &impl Store) {
    store.create_key(new_key(1, service()), NOW).await.unwrap();
    let error = store
        .create_key(new_key(1, service()), NOW)
        .await
        .unwrap_err();
    assert!(matches!(&error, StoreError::KeyExists { id } if id == api_key(1).id()));
    assert_eq!(
        error.to_string(),
        format!("there is an API key `{}` already", api_key(1).id())
    );
}

pub async fn a_revoked_key_stays_on_record(store: &impl Store) {
    let id = store
        .create_key(new_key(1, service()), NOW)
        .await
        .unwrap()
        .id;
    store.revoke_key(&id, NOW + 3).await.unwrap();
    store.revoke_key(&id, NOW + 9).await.unwrap();
    assert_eq!(
        store.key(&id).await.unwrap().unwrap().revoked_unix_secs,
        Some(NOW + 3)
    );
    assert_eq!(
        store.api_key(&id).await.unwrap().unwrap().revoked_unix_secs,
        Some(NOW + 3)
    );
    let error = store.revoke_key(api_key(2).id(), NOW).await.unwrap_err();
    assert!(matches!(error, StoreError::KeyAbsent { .. }));
}

pub async fn a_rotated_key_has_a_successor(store: &impl Store) {
    store.add_user(new_user("alice"), NOW).await.unwrap();
    let old = store.create_key(new_key(1, alice()), NOW).await.unwrap();
    let successor = |number, grace_secs| Rotation {
        old: old.id.clone(),
        id: api_key(number).id().clone(),
        digest: api_key(number).digest(),
        grace_secs,
    };
    let new = store.rotate_key(successor(2, 60), NOW + 100).await.unwrap();
    assert_eq!(
        (&new.owner, &new.label, &new.scopes, &new.networks),
        (&old.owner, &old.label, &old.scopes, &old.networks)
    );
    assert_eq!(
        (new.created_unix_secs, new.expires_unix_secs),
        (NOW + 100, Some(NOW + 1100))
    );
    assert!(
        store
            .api_key(&new.id)
            .await
            .unwrap()
            .unwrap()
            .digest
            .matches(&api_key(2).digest())
    );
    let before = store.key(&old.id).await.unwrap().unwrap();
    assert_eq!(
        (before.revoked_unix_secs, before.replaced_by),
        (Some(NOW + 160), Some(new.id.clone()))
    );

    let error = store
        .rotate_key(successor(3, 0), NOW + 110)
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::KeyRevoked { .. }));
    // A revocation ends the period of grace.
    store.revoke_key(&old.id, NOW + 120).await.unwrap();
    assert_eq!(
        store.key(&old.id).await.unwrap().unwrap().revoked_unix_secs,
        Some(NOW + 120)
    );
    // A rotation that fails leaves the old key as it is.
    let again = Rotation {
        old: new.id.clone(),
        id: old.id.clone(),
        digest: api_key(4).digest(),
        grace_secs: 0,
    };
    assert!(matches!(
        store.rotate_key(again, NOW + 130).await.unwrap_err(),
        StoreError::KeyExists { .. }
    ));
    assert_eq!(
        store.key(&new.id).await.unwrap().unwrap().revoked_unix_secs,
        None
    );
}

pub async fn keys_are_listed_in_pages_and_by_owner(store: &impl Store) {
    store.add_user(new_user("alice"), NOW).await.unwrap();
    for number in 1..=5 {
        let owner = if number % 2 == 0 { alice() } else { service() };
        store.create_key(new_key(number, owner), NOW).await.unwrap();
    }
    let page = async |owner: Option<&str>, after: Option<KeyId>| {
        let list = KeyList {
            owner: owner.map(Into::into),
            after,
            keys_max: 2,
        };
        let page = store.keys(list).await.unwrap();
        page.into_iter().map(|key| key.id).collect::<Vec<_>>()
    };
    let mut all: Vec<KeyId> = (1..=5).map(|number| api_key(number).id().clone()).collect();
    all.sort();
    let mut seen: Vec<KeyId> = Vec::new();
    loop {
        let next = page(None, seen.last().cloned()).await;
        if next.is_empty() {
            break;
        }
        seen.extend(next);
    }
    assert_eq!(seen, all);
    let mut of_alice = page(Some("alice"), None).await;
    of_alice.sort();
    let mut expected = vec![api_key(2).id().clone(), api_key(4).id().clone()];
    expected.sort();
    assert_eq!(of_alice, expected);
    assert!(page(Some("nobody"), None).await.is_empty());
}

pub async fn the_last_use_is_noted(store: &impl Store) {
    let id = store
        .create_key(new_key(1, service()), NOW)
        .await
        .unwrap()
        .id;
    let absent = api_key(9).id().clone();
    store
        .note_uses(vec![
            (id.clone(), NOW + 7),
            (absent, NOW),
            (id.clone(), NOW + 5),
        ])
        .await
        .unwrap();
    assert_eq!(
        store.key(&id).await.unwrap().unwrap().last_used_unix_secs,
        Some(NOW + 7)
    );
    store.note_uses(Vec::new()).await.unwrap();
}

pub async fn a_key_is_edited_without_its_secret(store: &impl Store) {
    store.add_user(new_user("alice"), NOW).await.unwrap();
    let made = store.create_key(new_key(1, alice()), NOW).await.unwrap();
    let edit = KeyEdit {
        label: Some("other".into()),
        expires_unix_secs: Some(None),
        ..KeyEdit::default()
    };
    let stamp = store.change_stamp().await.unwrap();
    let edited = store.edit_key(&made.id, edit).await.unwrap();
    assert_eq!(
        edited,
        Key {
            label: "other".into(),
            expires_unix_secs: None,
            ..made.clone()
        }
    );
    // What was remembered of the key is forgotten.
    assert!(store.change_stamp().await.unwrap() != stamp);
    let edit = KeyEdit {
        scopes: Some(boxed(&["a"])),
        networks: Some(Vec::new()),
        ..KeyEdit::default()
    };
    store.edit_key(&made.id, edit).await.unwrap();
    let record = store.api_key(&made.id).await.unwrap().unwrap();
    assert_eq!(
        (record.scopes, record.networks),
        (boxed(&["a"]), Vec::new())
    );
    assert!(record.digest.matches(&api_key(1).digest()));

    store.revoke_key(&made.id, NOW + 50).await.unwrap();
    let again = store.edit_key(&made.id, KeyEdit::default()).await;
    assert!(matches!(again, Err(StoreError::KeyRevoked { .. })));
    let absent = store.edit_key(api_key(9).id(), KeyEdit::default()).await;
    assert!(matches!(absent, Err(StoreError::KeyAbsent { .. })));
}

fn new_own_key(number: u8, user_id: i64) -> NewOwnKey {
    let key = api_key(number);
    NewOwnKey {
        id: key.id().clone(),
        digest: key.digest(),
        user_id,
        label: format!("key {number}").into(),
        scopes: boxed(&["orders:read"]),
        expires_unix_secs: NOW + 1000,
        per_user_max: 2,
    }
}

async fn user_id(store: &impl Store, name: &str) -> i64 {
    store.user(name).await.unwrap().unwrap().id
}

pub async fn a_user_makes_as_many_keys_as_may_be(store: &impl Store) {
    store.add_user(new_user("alice"), NOW).await.unwrap();
    store.add_user(new_user("bob"), NOW).await.unwrap();
    // Those that an operator has made do not count.
    store.create_key(new_key(9, alice()), NOW).await.unwrap();
    let id = user_id(store, "alice").await;
    let stamp = store.change_stamp().await.unwrap();
    let made = store.create_own_key(new_own_key(1, id), NOW).await.unwrap();
    let made = match made {
        OwnKeyMade::Yes(made) => Some(made),
        OwnKeyMade::UserAbsent | OwnKeyMade::Full | OwnKeyMade::LabelTaken => None,
    };
    let made = made.unwrap();
    assert_ne!(store.change_stamp().await.unwrap(), stamp);
    assert!(made.own);
    assert_eq!((&made.owner, &*made.label), (&alice(), "key 1"));
    assert_eq!(made.expires_unix_secs, Some(NOW + 1000));
    assert_eq!(store.key(&made.id).await.unwrap().as_ref(), Some(&*made));
    let record = store.api_key(&made.id).await.unwrap().unwrap();
    assert!(record.own && record.digest.matches(&api_key(1).digest()));
    assert_eq!(record.groups, boxed(&["staff", "a \"quoted\" group"]));

    let same_label = NewOwnKey {
        label: "key 1".into(),
        ..new_own_key(2, id)
    };
    let again = store.create_own_key(same_label.clone(), NOW).await.unwrap();
    assert_eq!(again, OwnKeyMade::LabelTaken);
    let second = store.create_own_key(new_own_key(2, id), NOW).await.unwrap();
    assert!(matches!(second, OwnKeyMade::Yes(_)));
    let third = store.create_own_key(new_own_key(3, id), NOW).await.unwrap();
    assert_eq!(third, OwnKeyMade::Full);
    // Another user's do not count, nor those that are revoked or over.
    let bob = user_id(store, "bob").await;
    let of_bob = store
        .create_own_key(new_own_key(4, bob), NOW)
        .await
        .unwrap();
    assert!(matches!(of_bob, OwnKeyMade::Yes(_)));
    assert!(store.revoke_own_key(id, &made.id, NOW).await.unwrap());
    let third = store.create_own_key(new_own_key(3, id), NOW).await.unwrap();
    assert!(matches!(third, OwnKeyMade::Yes(_)));
    let later = NewOwnKey {
        expires_unix_secs: NOW + 5000,
        ..new_own_key(5, id)
    };
    let later = store.create_own_key(later, NOW + 1000).await.unwrap();
    assert!(matches!(later, OwnKeyMade::Yes(_)));
}

pub async fn nobody_who_is_gone_or_disabled_makes_a_key(store: &impl Store) {
    store.add_user(new_user("alice"), NOW).await.unwrap();
    let id = user_id(store, "alice").await;
    store.set_disabled("alice", true, NOW).await.unwrap();
    let made = store.create_own_key(new_own_key(1, id), NOW).await.unwrap();
    assert_eq!(made, OwnKeyMade::UserAbsent);
    store.set_disabled("alice", false, NOW).await.unwrap();
    store.delete_user("alice", NOW).await.unwrap();
    let made = store.create_own_key(new_own_key(1, id), NOW).await.unwrap();
    assert_eq!(made, OwnKeyMade::UserAbsent);
    assert!(store.api_key(api_key(1).id()).await.unwrap().is_none());
}

pub async fn a_user_revokes_the_keys_that_are_its_own(store: &impl Store) {
    store.add_user(new_user("alice"), NOW).await.unwrap();
    store.add_user(new_user("bob"), NOW).await.unwrap();
    let (id, bob) = (user_id(store, "alice").await, user_id(store, "bob").await);
    store.create_own_key(new_own_key(1, id), NOW).await.unwrap();
    let by_operator = store
        .create_key(new_key(2, alice()), NOW + 1)
        .await
        .unwrap();
    let listed = store.keys_of_user(id, 10, NOW + 1).await.unwrap();
    let ids: Vec<_> = listed.iter().map(|key| (&key.id, key.own)).collect();
    assert_eq!(ids, [(&by_operator.id, false), (api_key(1).id(), true)]);
    assert_eq!(store.keys_of_user(id, 1, NOW + 1).await.unwrap().len(), 1);
    assert!(store.keys_of_user(bob, 10, NOW).await.unwrap().is_empty());

    assert!(
        !store
            .revoke_own_key(bob, &by_operator.id, NOW + 2)
            .await
            .unwrap()
    );
    assert!(
        !store
            .revoke_own_key(id, api_key(3).id(), NOW + 2)
            .await
            .unwrap()
    );
    let record = store.api_key(&by_operator.id).await.unwrap().unwrap();
    assert_eq!(record.revoked_unix_secs, None);
    assert!(
        store
            .revoke_own_key(id, &by_operator.id, NOW + 2)
            .await
            .unwrap()
    );
    assert!(
        !store
            .revoke_own_key(id, &by_operator.id, NOW + 3)
            .await
            .unwrap()
    );
    let record = store.api_key(&by_operator.id).await.unwrap().unwrap();
    assert_eq!(record.revoked_unix_secs, Some(NOW + 2));
    assert_eq!(store.keys_of_user(id, 10, NOW + 2).await.unwrap().len(), 1);
    // Another user by the name has none of them.
    store.delete_user("alice", NOW + 3).await.unwrap();
    store.add_user(new_user("alice"), NOW + 4).await.unwrap();
    let id = user_id(store, "alice").await;
    assert!(store.keys_of_user(id, 10, NOW).await.unwrap().is_empty());
}

pub async fn a_key_of_a_users_making_stays_one_until_an_operator_gives_it_scopes(
    store: &impl Store,
) {
    store.add_user(new_user("alice"), NOW).await.unwrap();
    let id = user_id(store, "alice").await;
    store.create_own_key(new_own_key(1, id), NOW).await.unwrap();
    let rotation = Rotation {
        old: api_key(1).id().clone(),
        id: api_key(2).id().clone(),
        digest: api_key(2).digest(),
        grace_secs: 0,
    };
    let rotated = store.rotate_key(rotation, NOW).await.unwrap();
    assert!(rotated.own && store.api_key(&rotated.id).await.unwrap().unwrap().own);
    let label = KeyEdit {
        label: Some("another".into()),
        ..KeyEdit::default()
    };
    assert!(store.edit_key(&rotated.id, label).await.unwrap().own);
    let scopes = KeyEdit {
        scopes: Some(boxed(&["admin"])),
        ..KeyEdit::default()
    };
    assert!(!store.edit_key(&rotated.id, scopes).await.unwrap().own);
}
