//! Acts of administration. The store is to keep five, for a thousand seconds.

use countersign_store::{ActList, Actor, NewAct, Outcome, Store, Way};

use super::NOW;

fn act(user: &str) -> NewAct {
    NewAct {
        by: Actor {
            way: Way::Command,
            name: "root".into(),
            login: Some("carol".into()),
            address: Some("192.0.2.1".into()),
        },
        act: "user.disable",
        user: Some(user.into()),
        object: None,
        detail: None,
    }
}

fn all() -> ActList {
    ActList {
        acts_max: 100,
        ..ActList::default()
    }
}

async fn users(store: &impl Store, list: ActList) -> Vec<String> {
    let acts = store.acts(list).await.unwrap();
    acts.into_iter()
        .map(|act| act.user.unwrap_or_default().into())
        .collect()
}

pub async fn an_act_is_there_from_its_beginning_on(store: &impl Store) {
    let id = store.begin_act(act("alice"), NOW).await.unwrap();
    let begun = store.acts(all()).await.unwrap();
    assert_eq!(begun.len(), 1);
    assert_eq!((begun[0].id, begun[0].time_unix_secs), (id, NOW));
    assert_eq!((&begun[0].by, &begun[0].outcome), (&act("x").by, &None));
    let failed = Outcome::Failed("there is no user `alice`".into());
    store.end_act(id, failed.clone()).await.unwrap();
    // What is noted stays.
    store.end_act(id, Outcome::Done(None)).await.unwrap();
    assert_eq!(store.acts(all()).await.unwrap()[0].outcome, Some(failed));
}

pub async fn acts_are_listed_by_time_and_user_the_latest_first(store: &impl Store) {
    for (secs, user) in [(0, "alice"), (1, "bob"), (2, "alice")] {
        store.begin_act(act(user), NOW + secs).await.unwrap();
    }
    assert_eq!(users(store, all()).await, ["alice", "bob", "alice"]);
    let of = |user: &str| ActList {
        user: Some(user.into()),
        ..all()
    };
    assert_eq!(users(store, of("bob")).await, ["bob"]);
    assert_eq!(users(store, of("root")).await.len(), 3);
    let since = ActList {
        since_unix_secs: Some(NOW + 1),
        ..all()
    };
    assert_eq!(users(store, since).await, ["alice", "bob"]);
    let page = ActList {
        acts_max: 2,
        ..all()
    };
    let last = store.acts(page).await.unwrap().pop().unwrap();
    let next = ActList {
        before: Some(last.id),
        ..all()
    };
    assert_eq!(users(store, next).await, ["alice"]);
}

pub async fn acts_are_bounded_by_number_and_age(store: &impl Store) {
    for number in 0..8 {
        let name = number.to_string();
        store.begin_act(act(&name), NOW + number).await.unwrap();
    }
    assert_eq!(users(store, all()).await, ["7", "6", "5", "4", "3"]);
    store.begin_act(act("late"), NOW + 1005).await.unwrap();
    assert_eq!(users(store, all()).await, ["late", "7", "6", "5"]);
}

pub async fn an_act_is_told_once_when_it_has_ended_or_was_broken_off(store: &impl Store) {
    let first = store.begin_act(act("alice"), NOW).await.unwrap();
    store.begin_act(act("bob"), NOW + 100).await.unwrap();
    assert!(store.take_untold_acts(NOW + 100).await.unwrap().is_empty());
    store.end_act(first, Outcome::Done(None)).await.unwrap();
    let (one, other) = tokio::join!(
        store.take_untold_acts(NOW + 100),
        store.take_untold_acts(NOW + 100)
    );
    let told: Vec<_> = [one.unwrap(), other.unwrap()].concat();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(
        (told[0].id, told[0].user.as_deref()),
        (first, Some("alice"))
    );
    // Nobody will note its end any more.
    let late = store.take_untold_acts(NOW + 701).await.unwrap();
    assert_eq!(late.len(), 1);
    assert_eq!(
        (late[0].user.as_deref(), &late[0].outcome),
        (Some("bob"), &None)
    );
    assert!(store.take_untold_acts(NOW + 9999).await.unwrap().is_empty());
}

pub async fn what_is_too_long_for_a_record_is_cut(store: &impl Store) {
    let long = NewAct {
        detail: Some("\u{e9}".repeat(5000).into()),
        ..act("alice")
    };
    store.begin_act(long, NOW).await.unwrap();
    let kept = store.acts(all()).await.unwrap();
    assert_eq!(kept[0].detail.as_deref().map(str::len), Some(4096));
}

pub async fn nobody_pushes_out_what_others_have_done(store: &impl Store) {
    let own = |name: &str| NewAct {
        by: Actor {
            way: Way::Account,
            name: name.into(),
            login: None,
            address: None,
        },
        ..act(name)
    };
    store.begin_act(act("by command"), NOW).await.unwrap();
    store.begin_act(own("alice"), NOW).await.unwrap();
    for _ in 0..20 {
        store.begin_act(own("mallory"), NOW).await.unwrap();
    }
    assert_eq!(
        users(store, all()).await,
        ["mallory", "alice", "by command"]
    );
    for number in 0..20 {
        let name = number.to_string();
        store.begin_act(own(&name), NOW).await.unwrap();
    }
    assert_eq!(
        users(store, all()).await,
        ["19", "18", "17", "16", "15", "by command"]
    );
}
