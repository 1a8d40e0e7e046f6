//! When a certificate is ordered: at the start where there is no good one, ahead of its end, and after a failure again and
//! again, less and less often.
//!
//! Knows: times and outcomes. Does not know how an order goes. A failure takes nothing away: what is shown goes on.

use std::future::Future;
use std::time::Duration;

use countersign_config::Acme;
use countersign_secret::Secret;
use tokio::time::{sleep, timeout};

use super::failure::Failure;
use super::folder::Folder;
use super::held::Shown;
use super::timing::{LOOK_SECS, earliest_unix_secs, pause_secs};
use super::{OrderedCertificate, timestamp};
use crate::seen::{Event, Log};

/// What an order has brought.
pub(super) struct Brought {
    pub(super) shown: Shown,
    /// The same as it is kept: key and chain.
    pub(super) pem: Secret<String>,
}

/// Who keeps the certificate good.
pub(super) struct Keeper<'a> {
    pub(super) settings: &'a Acme,
    pub(super) certificate: &'a OrderedCertificate,
    pub(super) log: &'a Log,
}

/// When the next order is due.
struct Plan {
    /// When the certificate is to be renewed; `None`: there is none, or it is not for all domains.
    renewal_unix_secs: Option<i64>,
    /// No sooner than then.
    earliest_unix_secs: i64,
    failures: u32,
}

impl Keeper<'_> {
    /// Orders for as long as it is polled.
    pub(super) async fn keep<F>(
        &self,
        order: impl Fn() -> F,
        now_unix_secs: impl Fn() -> i64,
        draw: impl Fn() -> u32,
    ) where
        F: Future<Output = Result<Brought, Failure>>,
    {
        let folder = Folder::of(self.settings);
        let mut plan = self.first_plan(&folder, now_unix_secs(), draw());
        loop {
            let due = plan.renewal_unix_secs.unwrap_or(i64::MIN);
            let due = due.max(plan.earliest_unix_secs);
            let left = due.saturating_sub(now_unix_secs());
            if left > 0 {
                let left = u64::try_from(left).unwrap_or(LOOK_SECS);
                sleep(Duration::from_secs(left.min(LOOK_SECS))).await;
                continue;
            }
            let outcome = self.attempt(&folder, &order, &now_unix_secs).await;
            let now = now_unix_secs();
            match outcome {
                Ok(brought) => plan = self.take(&folder, brought, now, draw()),
                Err(failure) => self.fail(&mut plan, failure, now, draw()),
            }
        }
    }

    fn first_plan(&self, folder: &Folder, now: i64, draw: u32) -> Plan {
        let shown = self.certificate.held.shown();
        let mut renewal_unix_secs = None;
        if let Some(shown) = &shown {
            let renewal = shown.lifetime.renewal_unix_secs(draw);
            self.log.write(&Event::CertificateRead {
                until: timestamp(shown.lifetime.until_unix_secs),
                renewal: timestamp(renewal),
            });
            let is_enough = shown.is_for(&self.settings.domains);
            renewal_unix_secs = is_enough.then_some(renewal);
        }
        if let Some(reason) = &self.certificate.unreadable {
            self.log.write(&Event::CertificateNotKept {
                reason: reason.clone(),
            });
        }
        let last = folder.last_attempt();
        Plan {
            renewal_unix_secs,
            earliest_unix_secs: earliest_unix_secs(last, self.settings.retry, now),
            failures: 0,
        }
    }

    async fn attempt<F>(
        &self,
        folder: &Folder,
        order: &impl Fn() -> F,
        now_unix_secs: &impl Fn() -> i64,
    ) -> Result<Brought, Failure>
    where
        F: Future<Output = Result<Brought, Failure>>,
    {
        // Where nothing can be kept, nothing is ordered: the next start would order again, and authorities count.
        folder
            .make()
            .map_err(|error| Failure::folder(folder, &error))?;
        let noted = folder.note_attempt(now_unix_secs());
        noted.map_err(|error| Failure::folder(folder, &error))?;
        let ended = timeout(self.settings.order, order()).await;
        let brought = ended.map_err(|_| Failure::slow(self.settings.order))??;
        if brought.shown.lifetime.until_unix_secs <= now_unix_secs() {
            return Err(Failure::past());
        }
        Ok(brought)
    }

    fn take(&self, folder: &Folder, brought: Brought, now: i64, draw: u32) -> Plan {
        let lifetime = brought.shown.lifetime;
        let renewal = lifetime.renewal_unix_secs(draw);
        if let Err(error) = folder.keep_certificate(&brought.pem) {
            self.log.write(&Event::CertificateNotKept {
                reason: format!("`{}`: {error}", folder.path().display()),
            });
        }
        self.certificate.held.show(brought.shown);
        self.certificate.outcomes.succeed();
        self.log.write(&Event::CertificateOrdered {
            domains: self.settings.domains.join(", "),
            until: timestamp(lifetime.until_unix_secs),
            renewal: timestamp(renewal),
        });
        Plan {
            renewal_unix_secs: Some(renewal),
            earliest_unix_secs: earliest_unix_secs(Some(now), self.settings.retry, now),
            failures: 0,
        }
    }

    fn fail(&self, plan: &mut Plan, failure: Failure, now: i64, draw: u32) {
        let settings = self.settings;
        plan.failures = plan.failures.saturating_add(1);
        let pause = pause_secs(
            plan.failures,
            settings.retry,
            settings.retry_max,
            failure.told_secs,
            draw,
        );
        plan.earliest_unix_secs = now.saturating_add(i64::try_from(pause).unwrap_or(i64::MAX));
        self.certificate.outcomes.fail(now);
        let shown = self.certificate.held.shown();
        self.log.write(&Event::CertificateNotOrdered {
            reason: failure.reason,
            fix: failure.fix,
            shown_until: shown.map(|shown| timestamp(shown.lifetime.until_unix_secs)),
            retry_secs: pause,
        });
    }
}

#[cfg(test)]
mod tests;
