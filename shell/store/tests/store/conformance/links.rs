//! Links with accounts at providers, and sign-ins that come back once.

use countersign_store::{LinkKey, Store, StoreError};

use super::passkeys;
use super::sessions::{digest, new};
use super::{NOW, new_user};

fn key(subject: &str) -> LinkKey {
    LinkKey {
        issuer: "https://id.example.com".into(),
        subject: subject.into(),
    }
}

pub async fn an_account_at_a_provider_is_one_user(store: &impl Store) {
    for name in ["alice", "bob"] {
        store.add_user(new_user(name), NOW).await.unwrap();
    }
    assert_eq!(store.linked_user(&key("1")).await.unwrap(), None);
    store.add_link("alice", key("1"), NOW + 1).await.unwrap();
    store.add_link("alice", key("2"), NOW + 2).await.unwrap();
    for taken in ["alice", "bob"] {
        let again = store.add_link(taken, key("1"), NOW).await;
        assert!(matches!(again, Err(StoreError::LinkExists)));
    }
    let found = store.linked_user(&key("1")).await.unwrap().unwrap();
    assert_eq!(&*found.name, "alice");
    assert!(!found.disabled && !found.second_factor);
    let elsewhere = LinkKey {
        issuer: "https://id.example.com/".into(),
        ..key("1")
    };
    assert_eq!(store.linked_user(&elsewhere).await.unwrap(), None);

    let links = store.links("alice").await.unwrap();
    let known: Vec<_> = links
        .iter()
        .map(|link| (&*link.key.subject, link.created_unix_secs))
        .collect();
    assert_eq!(known, [("1", NOW + 1), ("2", NOW + 2)]);
    assert!(store.links("bob").await.unwrap().is_empty());
    store.set_disabled("alice", true, NOW).await.unwrap();
    assert!(
        store
            .linked_user(&key("1"))
            .await
            .unwrap()
            .unwrap()
            .disabled
    );
    store.delete_user("alice", NOW).await.unwrap();
    assert_eq!(store.linked_user(&key("1")).await.unwrap(), None);
    for absent in [
        store.links("alice").await.map(drop),
        store.add_link("alice", key("1"), NOW).await,
        store.remove_link("alice", key("1"), NOW).await.map(drop),
    ] {
        assert!(matches!(absent, Err(StoreError::UserAbsent { .. })));
    }
}

pub async fn a_user_and_its_link_are_added_together_or_not_at_all(store: &impl Store) {
    store
        .add_linked_user(new_user("alice"), key("1"), NOW)
        .await
        .unwrap();
    assert_eq!(
        &*store.linked_user(&key("1")).await.unwrap().unwrap().name,
        "alice"
    );
    let taken = store
        .add_linked_user(new_user("alice"), key("2"), NOW)
        .await;
    assert!(matches!(taken, Err(StoreError::UserExists { .. })));
    assert_eq!(store.linked_user(&key("2")).await.unwrap(), None);
    let linked = store.add_linked_user(new_user("bob"), key("1"), NOW).await;
    assert!(matches!(linked, Err(StoreError::LinkExists)));
    assert!(store.user("bob").await.unwrap().is_none());
}

pub async fn sessions_end_with_a_link(store: &impl Store) {
    store
        .add_linked_user(new_user("alice"), key("1"), NOW)
        .await
        .unwrap();
    let user = store.linked_user(&key("1")).await.unwrap().unwrap();
    let session = new(1, (user.id, user.version), NOW);
    assert!(store.begin_session(session, NOW).await.unwrap());
    assert!(!store.remove_link("alice", key("2"), NOW + 1).await.unwrap());
    let ended = async || {
        let record = store.session(&digest(1)).await.unwrap().unwrap();
        record.ended_unix_secs
    };
    assert_eq!(ended().await, None);
    let stamp = store.change_stamp().await.unwrap();
    assert!(store.remove_link("alice", key("1"), NOW + 2).await.unwrap());
    assert_eq!(ended().await, Some(NOW + 2));
    assert_ne!(store.change_stamp().await.unwrap(), stamp);
    assert_eq!(store.linked_user(&key("1")).await.unwrap(), None);
    // A sign-in that was under way comes to nothing.
    let late = new(2, (user.id, user.version), NOW);
    assert!(!store.begin_session(late, NOW + 3).await.unwrap());
}

pub async fn a_sign_in_is_used_once(store: &impl Store) {
    assert!(store.use_sign_in([1; 32], NOW + 10, NOW).await.unwrap());
    assert!(
        !store
            .use_sign_in([1; 32], NOW + 10, NOW + 10)
            .await
            .unwrap()
    );
    assert!(store.use_sign_in([2; 32], NOW + 20, NOW).await.unwrap());
    // What is over is forgotten, and nothing else.
    assert!(
        store
            .use_sign_in([1; 32], NOW + 30, NOW + 11)
            .await
            .unwrap()
    );
    assert!(
        !store
            .use_sign_in([2; 32], NOW + 30, NOW + 11)
            .await
            .unwrap()
    );
}

pub async fn who_has_one_account_at_a_provider_is_given_no_other_by_its_name(store: &impl Store) {
    store.add_user(new_user("alice"), NOW).await.unwrap();
    store.add_first_link("alice", key("1"), NOW).await.unwrap();
    let other = store.add_first_link("alice", key("2"), NOW).await;
    assert!(matches!(other, Err(StoreError::OtherLinkExists)));
    assert_eq!(store.linked_user(&key("2")).await.unwrap(), None);
    let same = store.add_first_link("alice", key("1"), NOW).await;
    assert!(matches!(same, Err(StoreError::LinkExists)));
    // At another provider it is the first one, and an operator gives as many as are wanted.
    let elsewhere = LinkKey {
        issuer: "https://other.example.com".into(),
        ..key("1")
    };
    store.add_first_link("alice", elsewhere, NOW).await.unwrap();
    store.add_link("alice", key("2"), NOW).await.unwrap();
    assert_eq!(store.links("alice").await.unwrap().len(), 3);
}

pub async fn any_second_factor_is_due_after_a_sign_in_by_a_link(store: &impl Store) {
    for (name, subject) in [("alice", "1"), ("bob", "2")] {
        store
            .add_linked_user(new_user(name), key(subject), NOW)
            .await
            .unwrap();
    }
    passkeys::add(store, 1, "alice", &[]).await;
    let is_due = async |subject: &str| {
        let user = store.linked_user(&key(subject)).await.unwrap().unwrap();
        user.second_factor
    };
    assert!(is_due("1").await && !is_due("2").await);
}
