//! `countersign why`: what is known of a refusal, by its request id.
//!
//! Knows: where refusals are kept. Does not know how they came about: the steps are the line's own words.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use countersign_cause::Cause;
use countersign_store::RefusalRecord;
use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::{Failure, because};
use crate::printing::{self, fields, plain, time};

/// A gateway hands refusals over in batches: one that just happened is waited for.
const TRIES: u32 = 15;
const BETWEEN_TRIES: Duration = Duration::from_millis(100);

#[derive(clap::Args)]
#[command(
    after_help = "The request id stands in `X-Request-Id` of the answer, in its body and in the log.\n\nExamples:\n  \
                        countersign why 59e7w6ag0fb44vwv9ez0\n  countersign why 59e7w6ag0fb44vwv9ez0 --log gateway.log --json"
)]
pub(crate) struct Args {
    /// The id of the request
    request_id: String,
    /// A log in JSON, where the store does not have it
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let kept = from_store(args, context)?;
    let told = match (kept, &args.log) {
        (Some(record), _) => record_as_json(&record),
        (None, Some(log)) => {
            from_log(&args.request_id, log)?.ok_or_else(|| unknown(&args.request_id))?
        }
        (None, None) => return Err(unknown(&args.request_id)),
    };
    if args.json {
        printing::json(&told)?;
    } else {
        printing::data(&in_words(&told))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn unknown(request_id: &str) -> Failure {
    Failure::new(format!("nothing is known of request `{}`", plain(request_id))).help(
        "it was not refused, or by another gateway; or it is older than the newest `refusals_kept_max`, or came while more than \
         `refusals_kept_per_sec_max` were refused: then the log has it (`--log FILE`)",
    )
}

fn from_store(args: &Args, context: &Context) -> Result<Option<RefusalRecord>, Failure> {
    let store = context.store()?;
    context.block_on(async {
        for attempt in 1..=TRIES {
            let found = store.refusal(&args.request_id).await?;
            if found.is_some() || attempt == TRIES || args.log.is_some() {
                return Ok(found);
            }
            tokio::time::sleep(BETWEEN_TRIES).await;
        }
        Ok(None)
    })
}

fn record_as_json(record: &RefusalRecord) -> Value {
    let steps: Value = serde_json::from_str(&record.steps).unwrap_or_default();
    explained(
        &record.cause,
        json!({
            "request": record.request_id,
            "time": time(record.time_unix_secs),
            "cause": record.cause,
            "told": record.told,
            "status": record.status,
            "scheme": record.scheme,
            "route": record.route,
            "method": record.method,
            "path": record.path,
            "peer": record.peer,
            "user_agent": record.user_agent,
            "steps": steps,
        }),
    )
}

/// The line of the log that names the request as refused.
fn from_log(request_id: &str, log: &std::path::Path) -> Result<Option<Value>, Failure> {
    let text = std::fs::read_to_string(log)
        .map_err(|error| because(&format!("cannot read `{}`", log.display()))(&error))?;
    let is_it = |line: &Value| line["event"] == "refused" && line["request"] == request_id;
    let mut lines = text
        .lines()
        .filter(|line| line.contains(request_id))
        .filter_map(|line| serde_json::from_str(line).ok());
    Ok(lines.find(is_it).map(|line| {
        let cause = line.get("cause").and_then(Value::as_str).unwrap_or_default().to_owned();
        explained(&cause, line)
    }))
}

/// Adds what the catalogue says.
fn explained(cause: &str, mut told: Value) -> Value {
    if let (Some(cause), Value::Object(members)) = (Cause::from_id(cause), &mut told) {
        let entry = cause.entry();
        members.insert("title".to_owned(), entry.title.into());
        members.insert("meaning".to_owned(), entry.meaning.into());
        members.insert(
            "fix".to_owned(),
            json!({ "who": entry.who.word(), "text": entry.fix }),
        );
    }
    told
}

fn in_words(told: &Value) -> String {
    let text = |name: &str| match &told[name] {
        Value::String(text) => plain(text).into_owned(),
        Value::Null => "-".to_owned(),
        other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => other.to_string(),
    };
    let mut words = format!(
        "{}: {}\n\n{}\n\n",
        text("cause"),
        text("title"),
        text("meaning")
    );
    let shown = |name: &'static str, label: &'static str| (label, text(name));
    let mut list = vec![
        shown("request", "request"),
        shown("time", "time"),
        shown("status", "status"),
    ];
    if told["told"].is_string() && told["told"] != told["cause"] {
        list.push((
            "told",
            format!("{} (less than is known, on purpose)", text("told")),
        ));
    }
    list.extend([
        shown("route", "route"),
        shown("scheme", "scheme"),
        shown("method", "method"),
        shown("path", "path"),
        shown("peer", "peer"),
    ]);
    words.push_str(&fields(&list));
    if let Some(steps) = told["steps"].as_array() {
        words.push_str("\nthe line:\n");
        for step in steps {
            let of = |name: &str| step[name].as_str().unwrap_or_default();
            words.push_str(&format!("  {:8} {}\n", of("stage"), plain(of("words"))));
        }
    }
    let fix = &told["fix"];
    if let (Some(who), Some(fix)) = (fix["who"].as_str(), fix["text"].as_str()) {
        words.push_str(&format!("\nfix ({who}):\n  {fix}\n"));
    }
    words
}
