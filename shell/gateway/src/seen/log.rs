//! The log: one line an event, in JSON or in words, written by a thread of its own.
//!
//! Knows: the two formats. Does not know what events mean. A slow reader of the log never slows a request down: lines
//! that find no room are counted and left out.

use std::cell::{Cell, RefCell};
use std::fmt::Write as _;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use countersign_config::LogFormat;
use serde_json::Value;

use super::event::Event;

/// Batches that may wait for the writing thread.
const BATCHES_MAX: usize = 256;
/// A worker hands its lines over at this size, or at the next tick.
const BATCH_BYTES: usize = 32 * 1024;

/// The log of the whole process.
#[derive(Clone)]
pub struct Log {
    sender: SyncSender<Batch>,
    access: Option<SyncSender<Batch>>,
    format: LogFormat,
    /// Since they were told of last.
    lost: Arc<AtomicU64>,
    lost_in_all: Arc<AtomicU64>,
}

enum Batch {
    Lines(Vec<u8>),
    Done(SyncSender<()>),
}

impl Log {
    /// A log that writes to `output` from a thread of its own.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start(format: LogFormat, output: Box<dyn Write + Send>) -> std::io::Result<Self> {
        Ok(Self {
            sender: writer("log", output)?,
            access: None,
            format,
            lost: Arc::default(),
            lost_in_all: Arc::default(),
        })
    }

    /// The same with an access log, that another thread writes elsewhere.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn with_access(self, output: Box<dyn Write + Send>) -> std::io::Result<Self> {
        let access = Some(writer("access-log", output)?);
        Ok(Self { access, ..self })
    }

    /// Writes one event.
    pub fn write(&self, event: &Event<'_>) {
        let mut lines = Vec::new();
        self.append(event, &mut lines);
        self.send(lines, 1);
    }

    /// Waits until everything written so far has left the process.
    pub fn flush(&self) {
        for sender in [Some(&self.sender), self.access.as_ref()]
            .into_iter()
            .flatten()
        {
            let (done, wait) = sync_channel(1);
            if sender.send(Batch::Done(done)).is_ok() {
                // An error means that the thread is gone, and nothing more will be written.
                let _ = wait.recv();
            }
        }
    }

    fn append(&self, event: &Event<'_>, lines: &mut Vec<u8>) {
        match self.format {
            LogFormat::Json => json_line(event, lines),
            LogFormat::Text => text_line(event, lines),
        }
    }

    fn send(&self, lines: Vec<u8>, count: u64) {
        self.send_to(&self.sender, lines, count);
    }

    fn send_to(&self, sender: &SyncSender<Batch>, lines: Vec<u8>, count: u64) {
        if sender.try_send(Batch::Lines(lines)).is_err() {
            self.lost.fetch_add(count, Ordering::Relaxed);
            self.lost_in_all.fetch_add(count, Ordering::Relaxed);
        }
    }

    /// Lines that were lost since the start.
    pub(crate) fn lost_in_all(&self) -> u64 {
        self.lost_in_all.load(Ordering::Relaxed)
    }

    fn take_lost(&self) -> u64 {
        self.lost.swap(0, Ordering::Relaxed)
    }
}

fn writer(name: &str, output: Box<dyn Write + Send>) -> std::io::Result<SyncSender<Batch>> {
    let (sender, receiver) = sync_channel(BATCHES_MAX);
    std::thread::Builder::new()
        .name(name.into())
        .spawn(move || write_all(&receiver, output))?;
    Ok(sender)
}

fn write_all(receiver: &Receiver<Batch>, mut output: Box<dyn Write + Send>) {
    for batch in receiver {
        match batch {
            // There is no place left to complain to when the log itself cannot be written.
            Batch::Lines(lines) => drop(output.write_all(&lines).and_then(|()| output.flush())),
            Batch::Done(done) => drop(done.send(())),
        }
    }
}

/// RFC 3339 in UTC, to the millisecond.
fn now() -> String {
    format!("{:.3}", jiff::Timestamp::now())
}

fn json_line(event: &Event<'_>, lines: &mut Vec<u8>) {
    #[derive(serde::Serialize)]
    struct Line<'a> {
        time: String,
        #[serde(flatten)]
        event: &'a Event<'a>,
    }
    let start = lines.len();
    if serde_json::to_writer(&mut *lines, &Line { time: now(), event }).is_err() {
        lines.truncate(start);
        return;
    }
    lines.push(b'\n');
}

/// `TIME EVENT key=value ...`, values quoted where they hold anything but plain characters.
fn text_line(event: &Event<'_>, lines: &mut Vec<u8>) {
    let Ok(Value::Object(mut fields)) = serde_json::to_value(event) else {
        return;
    };
    let name = fields.remove("event").unwrap_or_default();
    let mut line = format!("{} {}", now(), name.as_str().unwrap_or_default());
    for (key, value) in &fields {
        line.push(' ');
        line.push_str(key);
        line.push('=');
        line.push_str(&plain_or_quoted(value));
    }
    line.push('\n');
    lines.extend_from_slice(line.as_bytes());
}

fn plain_or_quoted(value: &Value) -> String {
    let plain = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b'"')
    };
    match value {
        Value::String(text) if plain(text) => text.clone(),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => on_one_line(&value.to_string()),
    }
}

/// What JSON leaves as it is, and what still moves a terminal's cursor, ends a line or turns the direction of writing.
fn on_one_line(quoted: &str) -> String {
    let mut line = String::with_capacity(quoted.len());
    for c in quoted.chars() {
        let moves = c.is_control()
            || matches!(
                c,
                '\u{61c}'
                    | '\u{200e}'
                    | '\u{200f}'
                    | '\u{2028}'
                    | '\u{2029}'
                    | '\u{202a}'..='\u{202e}'
                    | '\u{2066}'..='\u{2069}'
            );
        if moves {
            // Writing to a string does not fail.
            let _ = write!(line, "\\u{:04x}", u32::from(c));
        } else {
            line.push(c);
        }
    }
    line
}

/// One worker's lines, handed over in batches.
pub(crate) struct Lines {
    log: Log,
    batch: RefCell<Vec<u8>>,
    count: Cell<u64>,
    access: RefCell<Vec<u8>>,
    access_count: Cell<u64>,
}

impl Lines {
    pub(crate) const fn new(log: Log) -> Self {
        Self {
            log,
            batch: RefCell::new(Vec::new()),
            count: Cell::new(0),
            access: RefCell::new(Vec::new()),
            access_count: Cell::new(0),
        }
    }

    /// Writes a line of the access log.
    pub(crate) fn write_access(&self, line: &[u8]) {
        let mut batch = self.access.borrow_mut();
        batch.extend_from_slice(line);
        self.access_count
            .set(self.access_count.get().saturating_add(1));
        if batch.len() >= BATCH_BYTES {
            self.send_access(std::mem::take(&mut batch));
        }
    }

    fn send_access(&self, batch: Vec<u8>) {
        let count = self.access_count.take();
        if let Some(sender) = &self.log.access
            && !batch.is_empty()
        {
            self.log.send_to(sender, batch, count);
        }
    }

    pub(crate) fn write(&self, event: &Event<'_>) {
        let mut batch = self.batch.borrow_mut();
        self.log.append(event, &mut batch);
        self.count.set(self.count.get().saturating_add(1));
        if batch.len() >= BATCH_BYTES {
            self.log.send(std::mem::take(&mut batch), self.count.take());
        }
    }

    /// Hands over what there is; called at every tick.
    pub(crate) fn flush(&self) {
        let lost = self.log.take_lost();
        if lost > 0 {
            self.write(&Event::LogLinesLost { lines: lost });
        }
        let batch = std::mem::take(&mut *self.batch.borrow_mut());
        if !batch.is_empty() {
            self.log.send(batch, self.count.take());
        }
        self.send_access(std::mem::take(&mut *self.access.borrow_mut()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_strangers_stay_on_their_line_of_the_text_log() {
        let mut lines = Vec::new();
        text_line(
            &Event::Stopping {
                reason: "a\u{9b}2J\u{7f}\u{85}\u{202e}b\u{2028}\r\n\u{2066}\"Zo\u{eb}",
            },
            &mut lines,
        );
        let line = String::from_utf8_lossy(&lines);
        let (_, said) = line.split_once(" stopping ").unwrap_or_default();
        assert_eq!(
            said,
            "reason=\"a\\u009b2J\\u007f\\u0085\\u202eb\\u2028\\r\\n\\u2066\\\"Zo\u{eb}\"\n"
        );
    }
}
