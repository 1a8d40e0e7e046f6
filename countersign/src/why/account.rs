//! What is told of one refusal, wherever it was found.
//!
//! Knows: which facts there are, and the words of the cause. Does not know stores and logs.

use countersign_cause::Cause;
use countersign_store::RefusalRecord;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::printing::{self, plain, time};

/// The facts, as text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) request_id: String,
    pub(crate) time: String,
    pub(crate) cause: String,
    /// What the client was told.
    pub(crate) told: String,
    pub(crate) status: u16,
    pub(crate) route: Option<String>,
    pub(crate) scheme: Option<String>,
    pub(crate) method: String,
    pub(crate) host: Option<String>,
    pub(crate) path: String,
    pub(crate) peer: String,
    pub(crate) user_agent: Option<String>,
    pub(crate) subject: Option<String>,
    /// The user whom the credentials name, where there is one by that name.
    pub(crate) account: Option<String>,
    /// The public id of the API key.
    pub(crate) key: Option<String>,
    /// What exactly was found; the last of the steps has it where there are steps.
    pub(crate) detail: Option<String>,
    pub(crate) steps: Vec<Step>,
}

/// One stage of the line, and what it found.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Step {
    pub(crate) stage: String,
    pub(crate) words: String,
}

impl From<RefusalRecord> for Account {
    fn from(record: RefusalRecord) -> Self {
        Self {
            request_id: record.request_id.into(),
            time: time(record.time_unix_secs),
            cause: record.cause.into(),
            told: record.told.into(),
            status: record.status,
            route: record.route.map(Into::into),
            scheme: record.scheme.map(Into::into),
            method: record.method.into(),
            host: record.host.map(Into::into),
            path: record.path.into(),
            peer: record.peer.into(),
            user_agent: record.user_agent.map(Into::into),
            subject: record.subject.map(Into::into),
            account: record.account.map(Into::into),
            key: record.key_id.map(Into::into),
            detail: record.detail.map(Into::into),
            // A gateway of another version may have written other steps; the rest is told all the same.
            steps: serde_json::from_str(&record.steps).unwrap_or_default(),
        }
    }
}

impl Account {
    /// For people. What came with the request is a stranger's word.
    pub(super) fn text(&self) -> String {
        let entry = Cause::from_id(&self.cause).map(Cause::entry);
        let title = entry.map_or("a cause that this version does not know", |entry| {
            entry.title
        });
        let told = if self.told == self.cause {
            "the same".to_owned()
        } else {
            format!("`{}`, which says less on purpose", plain(&self.told))
        };
        let mut fields = vec![
            ("cause", format!("{}: {title}", plain(&self.cause))),
            ("the client was told", told),
            ("status", self.status.to_string()),
            (
                "route",
                self.route
                    .as_deref()
                    .map_or_else(|| "none".to_owned(), |route| plain(route).into()),
            ),
            (
                "scheme",
                self.scheme
                    .as_deref()
                    .map_or_else(|| "none".to_owned(), |scheme| plain(scheme).into()),
            ),
            ("when", plain(&self.time).into()),
            (
                "request",
                if self.method.is_empty() {
                    "none: its head could not be read".to_owned()
                } else {
                    format!("{} {}", plain(&self.method), plain(&self.path))
                },
            ),
        ];
        let optional = [
            ("host", &self.host),
            ("subject", &self.subject),
            ("account", &self.account),
            ("API key", &self.key),
            ("user agent", &self.user_agent),
            ("detail", &self.detail),
        ];
        fields.push(("peer", plain(&self.peer).into()));
        fields.extend(
            optional
                .into_iter()
                .filter_map(|(name, value)| Some((name, plain(value.as_deref()?).into_owned()))),
        );
        let mut text = printing::fields(&fields);
        if !self.steps.is_empty() {
            text.push_str("\nthe way of the request:\n");
            for Step { stage, words } in &self.steps {
                text.push_str(&format!("  {:8}{}\n", plain(stage), plain(words)));
            }
        }
        if let Some(entry) = entry {
            text.push_str(&format!(
                "\n{}\nto be fixed by {}: {}\n",
                entry.meaning,
                entry.who.title(),
                entry.fix
            ));
        }
        text
    }

    /// For programs. The names of the members are public.
    pub(super) fn as_json(&self) -> Value {
        let entry = Cause::from_id(&self.cause).map(Cause::entry);
        let steps: Vec<_> = self
            .steps
            .iter()
            .map(|step| json!({ "stage": step.stage, "words": step.words }))
            .collect();
        json!({
            "request_id": self.request_id,
            "time": self.time,
            "cause": self.cause,
            "title": entry.map(|entry| entry.title),
            "meaning": entry.map(|entry| entry.meaning),
            "told": self.told,
            "status": self.status,
            "route": self.route,
            "scheme": self.scheme,
            "method": self.method,
            "host": self.host,
            "path": self.path,
            "peer": self.peer,
            "user_agent": self.user_agent,
            "subject": self.subject,
            "account": self.account,
            "key": self.key,
            "detail": self.detail,
            "steps": steps,
            "who": entry.map(|entry| entry.who.word()),
            "fix": entry.map(|entry| entry.fix),
        })
    }
}
