//! What issuers say of their tokens (RFC 7662): kept for a short while, asked for once however many requests wait for it.
//!
//! Knows: when an issuer has to be asked, how many questions may be under way, and how long an answer is believed. Does
//! not know what an answer means for a request: scope, audience and time are judged by the line, for every request.
//!
//! An answer is found again by a MAC, under a key of this process, of the token together with the issuer, the address
//! that was asked and the client that asked: what one issuer has said is never an answer of another one, nor one that
//! another client was given.

mod asking;
mod call;
mod client;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::{hmac, rand};
use countersign_config::{Introspection as Settings, IssuerKeys};
use countersign_flow::{IntrospectionAnswer, IssuerRules};
use countersign_jose::Introspection;
use countersign_secret::Secret;
use quick_cache::unsync;
use tokio::sync::{Semaphore, mpsc, watch};

use self::asking::Job;
use self::call::Caller;
use crate::StartError;
use crate::seen::Log;

/// When it is worth trying again while too many questions wait, in seconds.
const RETRY_AFTER_SECS: u32 = 1;

/// Every issuer that is asked about its tokens, in the order of the configuration.
pub(crate) struct Introspections {
    issuers: Vec<Option<Arc<Asked>>>,
    jobs: Option<mpsc::UnboundedSender<Job>>,
}

/// One issuer that is asked, and what it has answered.
struct Asked {
    name: Box<str>,
    settings: Settings,
    key: hmac::Key,
    /// What a kept answer belongs to, beside the token.
    context: Vec<u8>,
    caller: Caller,
    turns: Semaphore,
    table: Mutex<Table>,
}

struct Table {
    kept: unsync::Cache<TokenMac, Kept>,
    /// Questions that are under way or wait for their turn.
    open: HashMap<TokenMac, Answers>,
}

/// HMAC-SHA-256: it says nothing of the token, and nobody can aim at a collision.
type TokenMac = [u8; 32];
/// Where everybody who waits for the same answer hears of it.
type Answers = watch::Receiver<Option<IntrospectionAnswer>>;

#[derive(Clone)]
struct Kept {
    said: Arc<Introspection>,
    until_unix_secs: i64,
}

/// Sets up what is needed to ask, and the thread that does.
pub(crate) fn start(
    issuers: &[IssuerRules],
    keys: &[IssuerKeys],
    settings: &[Option<Settings>],
    log: &Log,
) -> Result<Introspections, StartError> {
    let mut asked = Vec::new();
    for ((issuer, keys), settings) in issuers.iter().zip(keys).zip(settings) {
        asked.push(match settings {
            Some(settings) => Some(Arc::new(Asked::new(issuer, keys, settings)?)),
            None => None,
        });
    }
    let jobs = match asked.iter().any(Option::is_some) {
        true => Some(asking::start(log)?),
        false => None,
    };
    Ok(Introspections {
        issuers: asked,
        jobs,
    })
}

impl Introspections {
    /// What an issuer says of a token.
    pub(crate) async fn ask(
        &self,
        issuer: usize,
        token: &[u8],
        now_unix_secs: i64,
    ) -> IntrospectionAnswer {
        let asked = self.issuers.get(issuer).and_then(Option::as_ref);
        let (Some(asked), Some(jobs)) = (asked, &self.jobs) else {
            return IntrospectionAnswer::Unavailable;
        };
        let mac = asked.mac(token);
        let mut answers = match asked.begin(mac, now_unix_secs) {
            Begun::Known(answer) => return answer,
            Begun::Joined(answers) => answers,
            Begun::First(tell, answers) => {
                let job = Job {
                    asked: Arc::clone(asked),
                    mac,
                    token: Secret::new(token.to_vec()),
                    tell,
                };
                // Where the thread is gone, the job falls, and with it what everybody waits for.
                drop(jobs.send(job));
                answers
            }
        };
        let told = answers.wait_for(Option::is_some).await;
        told.ok()
            .and_then(|told| told.clone())
            .unwrap_or(IntrospectionAnswer::Unavailable)
    }
}

enum Begun {
    Known(IntrospectionAnswer),
    /// Somebody has asked already.
    Joined(Answers),
    First(watch::Sender<Option<IntrospectionAnswer>>, Answers),
}

impl Asked {
    fn new(
        issuer: &IssuerRules,
        keys: &IssuerKeys,
        settings: &Settings,
    ) -> Result<Self, StartError> {
        let mut key = [0; 32];
        rand::fill(&mut key).map_err(|_| StartError::Random)?;
        let mut context = Vec::new();
        let address = settings.address.as_deref().unwrap_or_default();
        for part in [&*issuer.issuer, address, client::id(&settings.client)] {
            // Each part with its length, so that no two run together.
            context.extend_from_slice(&(part.len() as u64).to_be_bytes());
            context.extend_from_slice(part.as_bytes());
        }
        Ok(Self {
            name: issuer.name.clone(),
            key: hmac::Key::new(hmac::HMAC_SHA256, &key),
            context,
            caller: Caller::new(issuer, keys, settings)?,
            turns: Semaphore::new(settings.in_flight_max),
            table: Mutex::new(Table {
                kept: unsync::Cache::new(settings.cache_entries_max),
                open: HashMap::new(),
            }),
            settings: settings.clone(),
        })
    }

    fn mac(&self, token: &[u8]) -> TokenMac {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(&self.context);
        context.update(token);
        let mut mac = [0; 32];
        mac.copy_from_slice(context.sign().as_ref());
        mac
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // A panic elsewhere leaves answers that are as good as before.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Finds an answer, or who waits for it already, or opens the question.
    fn begin(&self, mac: TokenMac, now_unix_secs: i64) -> Begun {
        let mut table = self.table();
        if let Some(kept) = table.kept.get(&mac) {
            if kept.until_unix_secs > now_unix_secs {
                return Begun::Known(kept.answer());
            }
            table.kept.remove(&mac);
        }
        if let Some(answers) = table.open.get(&mac) {
            return Begun::Joined(answers.clone());
        }
        let open_max = self
            .settings
            .in_flight_max
            .saturating_add(self.settings.waiting_max);
        if table.open.len() >= open_max {
            return Begun::Known(IntrospectionAnswer::QueueFull {
                retry_after_secs: RETRY_AFTER_SECS,
            });
        }
        let (tell, answers) = watch::channel(None);
        table.open.insert(mac, answers.clone());
        Begun::First(tell, answers)
    }

    /// Closes the question, and keeps what was said for as long as it may be believed.
    fn end(&self, mac: &TokenMac, said: Option<&Kept>, now_unix_secs: i64) {
        let mut table = self.table();
        table.open.remove(mac);
        if let Some(kept) = said.filter(|kept| kept.until_unix_secs > now_unix_secs) {
            table.kept.insert(*mac, kept.clone());
        }
    }

    /// How long an answer may be believed: `exp` bounds it, whatever the settings (RFC 7662 section 4).
    fn keep(&self, said: Introspection, now_unix_secs: i64) -> Kept {
        let until_unix_secs = match &said {
            Introspection::Active(claims) => {
                believed_until(now_unix_secs, self.settings.cache_secs)
                    .min(claims.expires_unix_secs().unwrap_or(i64::MAX))
            }
            Introspection::Inactive => {
                believed_until(now_unix_secs, self.settings.cache_inactive_secs)
            }
        };
        Kept {
            said: Arc::new(said),
            until_unix_secs,
        }
    }
}

/// The end of a time that begins now. Without any time it is over for every clock: those of the workers may be a tick late.
fn believed_until(now_unix_secs: i64, secs: i64) -> i64 {
    match secs {
        0 => i64::MIN,
        secs => now_unix_secs.saturating_add(secs),
    }
}

impl Kept {
    fn answer(&self) -> IntrospectionAnswer {
        IntrospectionAnswer::Answered {
            said: Arc::clone(&self.said),
            until_unix_secs: self.until_unix_secs,
        }
    }
}

#[cfg(test)]
mod tests;
