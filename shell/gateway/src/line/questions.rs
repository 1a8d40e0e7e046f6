//! The loop over the steps: question, answer, until the verdict.
//!
//! Knows: store, hash pool, keys and cache. Does not know rules. What the store cannot say is said to be unavailable,
//! and never guessed.

use std::rc::Rc;

use countersign_flow::{
    Account, AccountAnswer, HashAnswer, KeyAnswer, KeyRecord, Renewal, Step, Verdict,
    WaitingForHash,
};
use countersign_secret::api_key::KeyId;
use countersign_store::{self as store, StoreError};

use super::cache::CacheKey;
use crate::seen::Event;
use crate::worker::Worker;

/// Drives the line to its end.
pub(crate) async fn run<'c>(worker: &'c Rc<Worker>, first: Step<'c, '_>) -> Verdict<'c> {
    let mut step = first;
    let mut place: Option<(CacheKey, u64)> = None;
    loop {
        step = match step {
            Step::Recall(want) => {
                let key = worker.cache().key_of(want.scheme(), want.presented());
                let epoch = worker.epoch();
                place = Some((key, epoch));
                let hit = worker.cache().find(&key, epoch, worker.clock().unix_secs());
                if let Some(id) = hit
                    .as_ref()
                    .filter(|hit| hit.note_use)
                    .and_then(|hit| hit.remembered.api_key_id())
                {
                    worker.note_use(id);
                }
                want.answer(hit.as_ref().map(|hit| &hit.remembered))
            }
            Step::Account(want) => {
                let answer = account(worker, worker.store().account(want.user()).await);
                want.answer(answer)
            }
            Step::Hash(want) => {
                let (waiting, job) = want.split();
                let answer = worker.hashes().run(job).await;
                renew(worker, &waiting, &answer);
                waiting.answer(answer)
            }
            Step::Key(want) => {
                let answer = api_key(worker, worker.store().api_key(want.id()).await);
                if matches!(answer, KeyAnswer::Known(_)) && worker.rules().remember_secs == 0 {
                    // Without a cache nothing else notes the use.
                    worker.note_use(want.id().as_str());
                }
                want.answer(answer)
            }
            Step::Keys(want) => {
                let answer = worker
                    .keys()
                    .find(want.issuer(), want.kid(), worker.clock().unix_secs())
                    .await;
                want.answer(answer)
            }
            Step::Done(mut verdict) => {
                if let (Some((key, epoch)), Some(lesson)) = (place, verdict.lesson.take()) {
                    if let Some(id) = lesson.remembered.api_key_id() {
                        worker.note_use(id);
                    }
                    worker
                        .cache()
                        .learn(key, lesson, epoch, worker.clock().unix_secs());
                }
                return verdict;
            }
        };
    }
}

fn failed(worker: &Worker, what: &'static str, error: &StoreError) {
    worker.lines().write(&Event::StoreFailed {
        what,
        reason: error.to_string(),
    });
}

fn account(worker: &Worker, answer: Result<store::AccountAnswer, StoreError>) -> AccountAnswer {
    match answer {
        Ok(store::AccountAnswer::Known(account)) => AccountAnswer::Known(Box::new(Account {
            id: account.id,
            name: account.name,
            hash: account.hash,
            disabled: account.disabled,
            groups: account.groups,
        })),
        Ok(store::AccountAnswer::Unknown { decoy }) => AccountAnswer::Unknown { decoy },
        Err(error) => {
            failed(worker, "account", &error);
            AccountAnswer::Unavailable
        }
    }
}

fn api_key(worker: &Worker, answer: Result<Option<store::KeyRecord>, StoreError>) -> KeyAnswer {
    match answer {
        Ok(Some(record)) => KeyAnswer::Known(Box::new(KeyRecord {
            digest: record.digest,
            owner: record.owner.name().into(),
            owner_disabled: record.owner_disabled,
            groups: record.groups,
            scopes: record.scopes,
            expires_unix_secs: record.expires_unix_secs,
            revoked_unix_secs: record.revoked_unix_secs,
            networks: record.networks.into_iter().map(Into::into).collect(),
        })),
        Ok(None) => KeyAnswer::Unknown,
        Err(error) => {
            failed(worker, "API key", &error);
            KeyAnswer::Unavailable
        }
    }
}

/// Stores a hash that was renewed at sign-in, aside of the request: whether it succeeds does not matter to it.
fn renew(worker: &Rc<Worker>, waiting: &WaitingForHash<'_, '_>, answer: &HashAnswer) {
    let HashAnswer::Done(hashed) = answer else {
        return;
    };
    let Some(Renewal { user_id, old, new }) = waiting.renewal(hashed) else {
        return;
    };
    let worker = Rc::clone(worker);
    tokio::task::spawn_local(async move {
        match worker.store().replace_hash(user_id, old, new).await {
            Ok(true) => worker.lines().write(&Event::HashRenewed { user_id }),
            // Somebody else has changed it meanwhile, and theirs is the newer one.
            Ok(false) => {}
            Err(error) => failed(&worker, "renewed hash", &error),
        }
    });
}

/// Stores the last uses of API keys that were noted since.
pub(crate) async fn store_uses(worker: &Worker) {
    let uses: Vec<(KeyId, i64)> = worker
        .take_used_keys()
        .into_iter()
        .filter_map(|(id, at)| Some((KeyId::parse(&id).ok()?, at)))
        .collect();
    if !uses.is_empty()
        && let Err(error) = worker.store().note_uses(uses).await
    {
        failed(worker, "last uses of keys", &error);
    }
}
