//! The doctor of refusals: reads a request in whatever form people have it, looks, sends with care, and concludes.
//!
//! ```text
//! read     curl, HAR, raw, Postman      → Case       what was handed in
//! look     the request by itself        → Finding    nothing sent
//! ask      inquiries                    → Finding    each sends what tells some causes apart
//!   probe    one request, within limits   → Answer     hosts, addresses, budget, time
//!   words    an answer                    → Finding    what vendors mean by it
//! weigh    findings                     → Conclusion sums, ranks, confidence
//! tell     the report                   → text, JSON, a page
//! ```
//!
//! Knows: how to find out. Does not parse or verify credentials itself: challenges, credentials and tokens are read by
//! `wire` and `jose`, and judged by `flow`, as in the gateway. Time is a parameter.

mod ask;
mod case;
mod command;
mod conclude;
mod cookie;
mod credential;
mod data_file;
mod exchange;
mod finding;
mod likeness;
mod look;
mod mended;
mod message;
mod percent;
mod probe;
pub mod read;
mod report;
mod scene;
pub mod tell;
mod weigh;
mod words;

pub use case::{
    BlockedCookie, Case, Client, Exchange, Expected, HttpVersion, Login, LoginSource, Negotiated,
    Recorded, Resolve, Transport,
};
pub use finding::{Finding, Fix, Weight};
pub use message::{Answer, Field, Fields, Request};
pub use probe::{Care, NoAnswer, Stage, Tried, Unreachable, Withheld};
pub use report::{Outcome, Report};
pub use weigh::{Conclusion, Confidence};

use crate::probe::Prober;
use crate::scene::{Baseline, Scene};

/// Finds out why the request of a case is refused. `now_unix_secs` is the client's own time.
pub async fn explain(case: &Case, care: Care, now_unix_secs: i64) -> Report {
    let mut scene = Scene {
        case,
        prober: Prober::new(case, care),
        now_unix_secs,
        baseline: Baseline::default(),
        tried: Vec::new(),
        findings: case.noticed.clone(),
        recognised: Vec::new(),
        notes: Vec::new(),
        question: None,
    };
    scene.findings.extend(look::at(case, now_unix_secs));
    ask::investigate(&mut scene).await;
    conclude::conclude(scene)
}
