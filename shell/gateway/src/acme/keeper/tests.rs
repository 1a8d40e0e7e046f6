//! Orders over months, on a clock that goes as fast as it can.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use countersign_config::LogFormat;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::TempDir;
use tokio::time::Instant;

use super::*;
use crate::acme::tests::settings;

/// 2027-01-15 08:00:00.
const START: i64 = 1_800_000_000;
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
/// How long the authority's certificates are good.
const LIFETIME: i64 = 90 * DAY;

/// An authority that signs or not as the hour has it, and the seconds at which it was asked.
struct Authority {
    began: Instant,
    began_unix_secs: i64,
    asked_at_secs: RefCell<Vec<i64>>,
    down: fn(i64) -> bool,
    lifetime_secs: i64,
}

impl Authority {
    fn new(began_unix_secs: i64, down: fn(i64) -> bool) -> Self {
        Self {
            began: Instant::now(),
            began_unix_secs,
            asked_at_secs: RefCell::default(),
            down,
            lifetime_secs: LIFETIME,
        }
    }

    fn now(&self) -> i64 {
        let passed = i64::try_from(self.began.elapsed().as_secs()).unwrap();
        self.began_unix_secs + passed
    }

    fn order(&self) -> Result<Brought, Failure> {
        let now = self.now();
        self.asked_at_secs.borrow_mut().push(now - START);
        if (self.down)(now - START) {
            return Err(Failure::new("down", "wait"));
        }
        Ok(signed("a.example", now, now + self.lifetime_secs))
    }
}

fn signed(name: &str, from_unix_secs: i64, until_unix_secs: i64) -> Brought {
    let mut params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let at = |secs: i64| epoch + Duration::from_secs(u64::try_from(secs).unwrap());
    params.not_before = at(from_unix_secs);
    params.not_after = at(until_unix_secs);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let pem = format!("{}{}", key.serialize_pem(), certificate.pem());
    let chain = vec![CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).unwrap();
    Brought {
        shown: Shown::read((chain, key)).unwrap(),
        pem: Secret::new(pem),
    }
}

/// A gateway with a folder that outlasts it.
struct Kept {
    above: TempDir,
}

impl Kept {
    fn new() -> Self {
        let above = tempfile::tempdir().unwrap();
        Self { above }
    }

    fn folder(&self) -> Folder {
        Folder::of(&settings(&self.path()))
    }

    fn path(&self) -> std::path::PathBuf {
        self.above.path().join("acme")
    }

    /// Keeps the certificate good for a while from a start on, and gives back what is shown then.
    async fn run(&self, authority: &Authority, secs: i64) -> Arc<OrderedCertificate> {
        run_in(&self.path(), authority, secs).await
    }
}

async fn run_in(path: &Path, authority: &Authority, secs: i64) -> Arc<OrderedCertificate> {
    let settings = settings(path);
    let certificate = OrderedCertificate::open(&settings).unwrap();
    let log = Log::start(LogFormat::Text, Box::new(std::io::sink())).unwrap();
    let keeper = Keeper {
        settings: &settings,
        certificate: &certificate,
        log: &log,
    };
    let keeping = keeper.keep(|| async { authority.order() }, || authority.now(), || 0);
    let secs = Duration::from_secs(u64::try_from(secs).unwrap());
    let _ = timeout(secs, keeping).await;
    certificate
}

#[tokio::test(start_paused = true)]
async fn one_is_ordered_at_the_start_and_again_when_a_third_of_its_time_is_left() {
    let kept = Kept::new();
    let authority = Authority::new(START, |_| false);
    let certificate = kept.run(&authority, 125 * DAY).await;
    assert_eq!(*authority.asked_at_secs.borrow(), [0, 60 * DAY, 120 * DAY]);
    let until = certificate.until_unix_secs().unwrap();
    assert_eq!(until, START + 120 * DAY + LIFETIME);
    assert_eq!(
        (
            certificate.outcomes.ordered(),
            certificate.outcomes.failed()
        ),
        (3, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn a_restart_asks_for_none_where_there_is_a_good_one() {
    let kept = Kept::new();
    let first = Authority::new(START, |_| false);
    kept.run(&first, HOUR).await;
    let next = Authority::new(START + 2 * HOUR, |_| false);
    let certificate = kept.run(&next, 59 * DAY).await;
    assert_eq!(*next.asked_at_secs.borrow(), [0_i64; 0]);
    assert_eq!(certificate.until_unix_secs(), Some(START + LIFETIME));
}

#[tokio::test(start_paused = true)]
async fn an_authority_that_is_down_is_asked_less_and_less_and_what_is_shown_goes_on() {
    let kept = Kept::new();
    let authority = Authority::new(START, |secs| secs > HOUR);
    let certificate = kept.run(&authority, 60 * DAY + 20 * HOUR).await;
    let since: Vec<i64> = authority.asked_at_secs.borrow()[1..]
        .iter()
        .map(|secs| secs - 60 * DAY)
        .collect();
    assert_eq!(
        since,
        [0, 300, 900, 2_100, 4_500, 9_300, 18_900, 38_100, 59_700]
    );
    assert_eq!(certificate.until_unix_secs(), Some(START + LIFETIME));
    assert_eq!(certificate.outcomes.failed(), 9);
    assert_eq!(
        certificate.outcomes.last_failure_unix_secs(),
        START + 60 * DAY + 59_700
    );
}

#[tokio::test(start_paused = true)]
async fn after_a_success_failures_are_counted_anew() {
    let kept = Kept::new();
    let authority = Authority::new(START, |secs| !(900..=DAY).contains(&secs));
    kept.run(&authority, 60 * DAY + 1_300).await;
    assert_eq!(
        *authority.asked_at_secs.borrow(),
        [0, 300, 900, 60 * DAY + 900, 60 * DAY + 1_200]
    );
}

#[tokio::test(start_paused = true)]
async fn no_restart_is_a_way_around_the_least_time() {
    let kept = Kept::new();
    let authority = Authority::new(START, |_| true);
    kept.run(&authority, 10).await;
    for after in [20, 100, 298] {
        let again = Authority::new(START + after, |_| true);
        kept.run(&again, 1).await;
        assert_eq!(*again.asked_at_secs.borrow(), [0_i64; 0], "{after}");
    }
    let later = Authority::new(START + 200, |_| true);
    kept.run(&later, 150).await;
    assert_eq!(*later.asked_at_secs.borrow(), [300]);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_not_for_all_domains_is_shown_until_another_is_there() {
    let kept = Kept::new();
    let folder = kept.folder();
    folder.make().unwrap();
    let other = signed("b.example", START - DAY, START + LIFETIME);
    folder.keep_certificate(&other.pem).unwrap();
    let down = Authority::new(START, |_| true);
    let certificate = kept.run(&down, 10).await;
    assert_eq!(*down.asked_at_secs.borrow(), [0]);
    assert_eq!(certificate.until_unix_secs(), Some(START + LIFETIME));
    let up = Authority::new(START + HOUR, |_| false);
    let certificate = kept.run(&up, 10).await;
    assert!(
        certificate
            .held
            .shown()
            .unwrap()
            .is_for(&["a.example".into()])
    );
}

#[tokio::test(start_paused = true)]
async fn an_order_that_hangs_is_given_up_and_certificates_past_their_date_are_not_shown() {
    let kept = Kept::new();
    let settings = settings(&kept.path());
    let certificate = OrderedCertificate::open(&settings).unwrap();
    let log = Log::start(LogFormat::Text, Box::new(std::io::sink())).unwrap();
    let keeper = Keeper {
        settings: &settings,
        certificate: &certificate,
        log: &log,
    };
    let began = Instant::now();
    let hanging = || std::future::pending::<Result<Brought, Failure>>();
    let folder = kept.folder();
    let failure = keeper.attempt(&folder, &hanging, &|| START).await;
    assert!(failure.err().unwrap().reason.contains("`order_secs`"));
    assert_eq!(began.elapsed().as_secs(), 300);
    let past = || async { Ok(signed("a.example", START - DAY, START)) };
    let failure = keeper.attempt(&folder, &past, &|| START).await;
    assert!(failure.err().unwrap().fix.contains("clock"));
}

#[tokio::test(start_paused = true)]
async fn where_nothing_can_be_kept_nothing_is_ordered() {
    let above = tempfile::tempdir().unwrap();
    let path = above.path().join("acme");
    std::fs::write(&path, "a file").unwrap();
    let authority = Authority::new(START, |_| false);
    let certificate = run_in(&path, &authority, 10).await;
    assert_eq!(*authority.asked_at_secs.borrow(), [0_i64; 0]);
    assert_eq!(certificate.outcomes.failed(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_authority_of_short_lives_is_not_asked_without_pause() {
    let kept = Kept::new();
    let mut authority = Authority::new(START, |_| false);
    authority.lifetime_secs = 60;
    kept.run(&authority, 1_000).await;
    assert_eq!(*authority.asked_at_secs.borrow(), [0, 300, 600, 900]);
}
