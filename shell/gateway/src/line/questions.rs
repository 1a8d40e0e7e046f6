//! The loop over the steps: question, answer, until the verdict.
//!
//! Knows: store, hash pool, keys and cache. Does not know rules. What the store cannot say is said to be unavailable,
//! and never guessed.

use std::rc::Rc;

use countersign_flow::{
    Account, AccountAnswer, CountAnswer, DigestAccount, DigestAnswer, DigestName, HashAnswer,
    KeyAnswer, KeyRecord, Remembered, Renewal, SessionAnswer, SessionRecord, Step, Verdict,
    WaitingForHash, WantSecret,
};
use countersign_secret::api_key::KeyId;
use countersign_secret::session::SessionId;
use countersign_store::{self as store, StoreError};
use countersign_wire::digest::{Algorithm, SecretHash};

use super::cache::{CacheKey, Epoch};
use crate::current::Running;
use crate::seen::Event;
use crate::send::{ArrivingBody, NoRoom};
use crate::worker::Worker;

/// Drives the line to its end.
pub(crate) async fn run<'c>(
    worker: &'c Rc<Worker>,
    running: &'c Running,
    first: Step<'c, '_>,
    body: &mut ArrivingBody,
) -> Verdict<'c> {
    let mut step = first;
    let mut place: Option<(CacheKey, Epoch)> = None;
    let mut trying = None;
    loop {
        step = match step {
            Step::Recall(want) => {
                let key = worker
                    .cache()
                    .key_of(want.scheme(), want.network(), want.presented());
                let epoch = worker.epoch(running);
                place = Some((key, epoch));
                let hit = worker.cache().find(&key, epoch, worker.clock().unix_secs());
                if let Some(hit) = hit.as_ref().filter(|hit| hit.note_use) {
                    note_use(worker, &hit.remembered);
                }
                match hit {
                    Some(_) => worker.figures().cache_hits.add(),
                    None => worker.figures().cache_misses.add(),
                }
                want.answer(hit.as_ref().map(|hit| &hit.remembered))
            }
            Step::Attempt(want) => {
                let mark = place.map(|(key, _)| key.mark());
                let now = worker.clock().unix_secs();
                let (begun, admission) = worker.brakes().admit(&want, mark, now);
                trying = begun;
                want.answer(admission)
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
                if matches!(answer, KeyAnswer::Known(_)) && running.rules().remember_secs == 0 {
                    // Without a cache nothing else notes the use.
                    worker.note_use(want.id().as_str());
                }
                want.answer(answer)
            }
            Step::Session(want) => {
                let answer = session(worker, worker.store().session(want.digest()).await);
                if let SessionAnswer::Known(record) = &answer
                    && running.rules().remember_secs == 0
                    && record.check(worker.clock().unix_secs()).is_ok()
                {
                    worker.note_session(record.id.as_str());
                }
                want.answer(answer)
            }
            Step::Keys(want) => {
                let answer = running
                    .keys()
                    .find(want.issuer(), want.kid(), worker.clock().unix_secs())
                    .await;
                want.answer(answer)
            }
            Step::Introspect(want) => {
                let now = worker.clock().unix_secs();
                let asked = running.introspections();
                let answer = asked.ask(want.issuer(), want.token(), now).await;
                want.answer(answer)
            }
            Step::Nonces(want) => want.answer(running.digest().map(|digest| &digest.nonces)),
            Step::Secret(want) => {
                let answer = secret(worker, &want).await;
                want.answer(answer)
            }
            Step::Body(want) => {
                let held = body.hold_beside(worker, running, want.bytes_max());
                match held.await {
                    Ok(answer) => want.answer(answer),
                    Err(NoRoom) => want.no_room(),
                }
            }
            Step::Count(want) => {
                let now = worker.clock().unix_secs();
                let answer = running.digest().map_or(CountAnswer::Forgotten, |digest| {
                    digest.counts.take(want.nonce(), want.nc(), now)
                });
                want.answer(answer)
            }
            Step::ProofNonces(want) => want.answer(running.digest().map(|digest| &digest.nonces)),
            Step::FirstSight(want) => {
                let (times, now) = (want.times(), worker.clock().unix_secs());
                let most = running.settings().proofs_max;
                let answer = worker.proofs().first_sight(want.id(), times, now, most);
                want.answer(answer)
            }
            Step::Done(mut verdict) => {
                if let Some(trying) = &trying {
                    let now = worker.clock().unix_secs();
                    worker.brakes().end(trying, verdict.attempt, now);
                }
                if let (Some((key, epoch)), Some(lesson)) = (place, verdict.lesson.take()) {
                    note_use(worker, &lesson.remembered);
                    worker
                        .cache()
                        .learn(key, lesson, epoch, worker.clock().unix_secs());
                }
                return verdict;
            }
        };
    }
}

fn note_use(worker: &Worker, remembered: &Remembered) {
    if let Some(id) = remembered.api_key_id() {
        worker.note_use(id);
    }
    if let Some(id) = remembered.session_id() {
        worker.note_session(id);
    }
}

/// What the store says of a session, for the line and for the pages.
pub(crate) fn session(
    worker: &Worker,
    answer: Result<Option<store::SessionRecord>, StoreError>,
) -> SessionAnswer {
    match answer {
        Ok(Some(record)) => SessionAnswer::Known(Box::new(SessionRecord {
            id: record.id,
            user: record.user,
            user_disabled: record.user_disabled,
            second_factor: record.second_factor,
            groups: record.groups,
            method: record.method,
            created_unix_secs: record.created_unix_secs,
            signed_in_unix_secs: record.signed_in_unix_secs,
            used_unix_secs: record.used_unix_secs,
            idle_secs: record.idle_secs,
            expires_unix_secs: record.expires_unix_secs,
            ended: record.ended_unix_secs.is_some(),
        })),
        Ok(None) => SessionAnswer::Unknown,
        Err(error) => {
            failed(worker, "session", &error);
            SessionAnswer::Unavailable
        }
    }
}

pub(crate) fn failed(worker: &Worker, what: &'static str, error: &StoreError) {
    worker.lines().write(&Event::StoreFailed {
        what,
        reason: error.to_string(),
    });
}

pub(crate) fn account(
    worker: &Worker,
    answer: Result<store::AccountAnswer, StoreError>,
) -> AccountAnswer {
    match answer {
        Ok(store::AccountAnswer::Known(account)) => AccountAnswer::Known(Box::new(Account {
            id: account.id,
            name: account.name,
            hash: account.hash,
            disabled: account.disabled,
            groups: account.groups,
            second_factor: account.second_factor,
        })),
        Ok(store::AccountAnswer::Unknown { decoy }) => AccountAnswer::Unknown { decoy },
        Err(error) => {
            failed(worker, "account", &error);
            AccountAnswer::Unavailable
        }
    }
}

async fn secret(worker: &Worker, want: &WantSecret<'_, '_>) -> DigestAnswer {
    let name = match want.name() {
        DigestName::Plain(name) => store::DigestName::Plain(name),
        DigestName::Hashed(hash) => store::DigestName::Hashed(hash),
    };
    // The secret is that of the plain algorithm also where it is bound to a session.
    let algorithm = Algorithm {
        session: false,
        ..want.algorithm()
    };
    let asked = worker.store().digest(name, want.realm(), algorithm.word());
    let account = match asked.await {
        Ok(Some(account)) => account,
        Ok(None) => return DigestAnswer::Unknown,
        Err(error) => {
            failed(worker, "secret of Digest", &error);
            return DigestAnswer::Unavailable;
        }
    };
    match SecretHash::from_hex(want.algorithm(), account.secret.expose()) {
        Some(secret) => DigestAnswer::Known(Box::new(DigestAccount {
            name: account.name,
            secret,
            disabled: account.disabled,
            groups: account.groups,
            second_factor: account.second_factor,
        })),
        None => {
            let record = store::Kept::User;
            failed(
                worker,
                "secret of Digest",
                &StoreError::Malformed { record },
            );
            DigestAnswer::Unavailable
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
            own: record.own,
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
    if let Some(renewal) = waiting.renewal(hashed) {
        store_renewal(worker, renewal);
    }
}

/// The same, once it is known what is to be stored.
pub(crate) fn store_renewal(worker: &Rc<Worker>, renewal: Renewal) {
    let Renewal { user_id, old, new } = renewal;
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

/// Stores the last uses of API keys and sessions that were noted since.
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
    let uses: Vec<(SessionId, i64)> = worker
        .take_used_sessions()
        .into_iter()
        .filter_map(|(id, at)| Some((SessionId::parse(&id)?, at)))
        .collect();
    if !uses.is_empty()
        && let Err(error) = worker.store().note_sessions_used(uses).await
    {
        failed(worker, "last uses of sessions", &error);
    }
}
