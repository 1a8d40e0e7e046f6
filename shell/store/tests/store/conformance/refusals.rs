//! Refusals. The store is to keep five.

use countersign_store::{RefusalRecord, Store};

use super::NOW;

pub fn refusal(number: u32) -> RefusalRecord {
    RefusalRecord {
        request_id: format!("r-{number}").into(),
        time_unix_secs: NOW,
        cause: "credentials-rejected".into(),
        told: "credentials-rejected".into(),
        status: 401,
        scheme: Some("basic".into()),
        route: None,
        method: "GET".into(),
        path: "/orders".into(),
        peer: "192.0.2.1".into(),
        user_agent: Some("curl/8".into()),
        host: Some("a.example.com".into()),
        subject: None,
        account: Some("alice".into()),
        key_id: Some("abcdefghijkl".into()),
        detail: Some("the account is disabled".into()),
        steps: "[]".into(),
    }
}

pub async fn a_refusal_is_kept_and_found(store: &impl Store) {
    store
        .keep_refusals(vec![refusal(1), refusal(2)])
        .await
        .unwrap();
    assert_eq!(store.refusal("r-1").await.unwrap(), Some(refusal(1)));
    assert_eq!(store.refusal("r-3").await.unwrap(), None);
    // An id that comes again harms nobody.
    let again = RefusalRecord {
        status: 403,
        ..refusal(1)
    };
    store.keep_refusals(vec![again, refusal(3)]).await.unwrap();
    assert_eq!(store.refusal("r-1").await.unwrap(), Some(refusal(1)));
    assert_eq!(store.refusal("r-3").await.unwrap(), Some(refusal(3)));
}

pub async fn the_oldest_refusals_go_first(store: &impl Store) {
    store
        .keep_refusals((0..3).map(refusal).collect())
        .await
        .unwrap();
    store
        .keep_refusals((3..8).map(refusal).collect())
        .await
        .unwrap();
    for number in 0..8 {
        let kept = store.refusal(&format!("r-{number}")).await.unwrap();
        assert_eq!(kept.is_some(), number >= 3, "{number}");
    }
}
