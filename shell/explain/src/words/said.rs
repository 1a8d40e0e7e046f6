//! What an answer says, in a form in which words can be looked for.
//!
//! Knows: JSON, pages, challenges, and the fields in which servers put a reason. Does not know what any word means.

mod sentence;

use serde_json::Value;

use crate::message::Answer;

pub(super) use sentence::Sentence;

/// Of a body, so much is read for words.
const TEXT_BYTES_MAX: usize = 32 * 1024;

/// So many statements of one answer are looked at.
const STATEMENTS_MAX: usize = 96;

/// A statement that is longer says something else than why.
const STATEMENT_BYTES_MAX: usize = 2000;

/// Fields in which servers put the reason of a refusal.
const REASON_FIELDS: [&str; 12] = [
    "x-amzn-errortype",
    "x-ms-error-code",
    "x-authentication-denied-reason",
    "x-seraph-loginreason",
    "grpc-message",
    "x-error",
    "x-error-message",
    "x-error-code",
    "x-auth-error",
    "x-reason",
    "x-github-sso",
    "x-vercel-error",
];

/// Members of a JSON document that say where and when, not why.
const NOT_REASONS: [&str; 20] = [
    "path",
    "uri",
    "url",
    "instance",
    "type",
    "timestamp",
    "time",
    "date",
    "trace",
    "trace_id",
    "traceid",
    "stack",
    "request_id",
    "requestid",
    "correlation_id",
    "host",
    "hostid",
    "method",
    "documentation_url",
    "version",
];

/// The words of one answer.
pub(super) struct Said {
    pub(super) status: u16,
    /// Every field, its name in lower case and its value in lower case.
    fields: Vec<(String, String)>,
    /// Body, challenges and reasons in lower case, once as they are written and once without escapes.
    everything: String,
    /// Each string of a document, each paragraph of a page, each reason by itself.
    pub(super) statements: Vec<String>,
    /// The document of the body, where it is JSON.
    pub(super) json: Option<Value>,
}

impl Said {
    pub(super) fn of(answer: &Answer) -> Said {
        let text = text_of(answer);
        let json = serde_json::from_slice(&answer.body).ok();
        let mut statements = reasons(answer);
        match &json {
            Some(document) => gather(document, &mut statements),
            None => statements.extend(paragraphs(&text)),
        }
        statements.truncate(STATEMENTS_MAX);
        let mut everything = text.to_lowercase();
        for statement in &statements {
            everything.push('\n');
            everything.push_str(&statement.to_lowercase());
        }
        for line in answer.fields.all("www-authenticate") {
            everything.push('\n');
            everything.push_str(&String::from_utf8_lossy(line).to_lowercase());
        }
        let lower = |bytes: &[u8]| String::from_utf8_lossy(bytes).to_lowercase();
        Said {
            status: answer.status,
            fields: answer
                .fields
                .iter()
                .map(|field| (field.name.to_lowercase(), lower(&field.value)))
                .collect(),
            everything,
            statements,
            json,
        }
    }

    /// Whether a lower-case pattern occurs in the body, a challenge or a reason.
    pub(super) fn says(&self, pattern: &str) -> bool {
        super::glob::occurs(pattern, &self.everything)
    }

    /// Whether a field is there whose value holds a lower-case pattern; the empty pattern is in every value.
    pub(super) fn has_field(&self, name: &str, pattern: &str) -> bool {
        self.fields
            .iter()
            .any(|(own, value)| own == name && super::glob::occurs(pattern, value))
    }

    /// Whether a field is there with this value, in lower case.
    pub(super) fn is_field(&self, name: &str, value: &str) -> bool {
        self.fields
            .iter()
            .any(|(own, whole)| own == name && whole.trim() == value)
    }

    /// The statements as sentences of words.
    pub(super) fn sentences(&self) -> impl Iterator<Item = Sentence<'_>> {
        self.statements.iter().flat_map(|text| Sentence::all(text))
    }
}

fn text_of(answer: &Answer) -> String {
    let end = answer.body.len().min(TEXT_BYTES_MAX);
    String::from_utf8_lossy(answer.body.get(..end).unwrap_or_default()).into_owned()
}

/// What the fields say: `error` and `error_description` of challenges, and the fields for a reason.
fn reasons(answer: &Answer) -> Vec<String> {
    let mut found = Vec::new();
    for challenge in &answer.challenges().challenges {
        // RFC 6750 section 3: these two say why; the others say what is wanted.
        for name in [
            "error_description",
            "error",
            "error_message",
            "reason",
            "msg",
        ] {
            found.extend(challenge.param(name).map(str::to_owned));
        }
    }
    for name in REASON_FIELDS {
        let values = answer.fields.all(name);
        found.extend(values.map(|value| String::from_utf8_lossy(value).into_owned()));
    }
    found
}

fn gather(value: &Value, statements: &mut Vec<String>) {
    if statements.len() >= STATEMENTS_MAX {
        return;
    }
    match value {
        Value::String(text) => {
            let is_address = text.starts_with("http://") || text.starts_with("https://");
            if !is_address && !text.is_empty() && text.len() <= STATEMENT_BYTES_MAX {
                statements.push(text.clone());
            }
        }
        Value::Array(values) => values.iter().for_each(|value| gather(value, statements)),
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| !NOT_REASONS.contains(&name.to_ascii_lowercase().as_str()))
            .for_each(|(name, value)| match *value == Value::Bool(true) {
                // `"account_locked": true` says it by its name.
                true => statements.push(in_words(name)),
                false => gather(value, statements),
            }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The words of a member's name: `accountLocked` is `account Locked`. A sentence takes `_` and `-` for blanks itself.
fn in_words(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    let mut was_small = false;
    for letter in name.chars() {
        if was_small && letter.is_uppercase() {
            words.push(' ');
        }
        was_small = letter.is_lowercase();
        words.push(letter);
    }
    words
}

/// The visible text of a page or an XML document, or the lines of a plain text.
fn paragraphs(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut hidden: Option<&str> = None;
    for piece in text.split('<') {
        let (tag, visible) = piece.split_once('>').unwrap_or(("", piece));
        let tag = tag.trim_start().to_ascii_lowercase();
        hidden = match hidden {
            Some(name)
                if tag
                    .strip_prefix('/')
                    .is_some_and(|tag| tag.starts_with(name)) =>
            {
                None
            }
            Some(name) => Some(name),
            None => ["script", "style", "svg"]
                .into_iter()
                .find(|name| tag.starts_with(name)),
        };
        if hidden.is_some() {
            continue;
        }
        let lines = visible.lines().map(|line| plain(line.trim()));
        found.extend(lines.filter(|line| !line.is_empty() && line.len() <= STATEMENT_BYTES_MAX));
    }
    found
}

/// The entities that words have in them.
fn plain(text: &str) -> String {
    text.replace("&#39;", "'")
        .replace("&#x27;", "'")
        .replace("&apos;", "'")
        .replace("&rsquo;", "'")
        .replace("&quot;", "\"")
        .replace("&nbsp;", " ")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::Said;
    use crate::message::Answer;

    fn said(body: &str) -> Said {
        let mut answer = Answer::new(401);
        answer.body = body.as_bytes().to_vec();
        Said::of(&answer)
    }

    #[test]
    fn the_strings_of_a_document_are_statements_and_addresses_are_none() {
        let said = said(
            r#"{"error":{"code":"token_expired","message":"it\u0027s over"},"path":"/invalid/key","docs":"https://a.example/expired"}"#,
        );
        assert_eq!(said.statements, ["token_expired", "it's over"]);
        assert!(said.says("it's over"));
    }

    #[test]
    fn the_visible_text_of_a_page_is_said() {
        let said = said("<html><style>.x{}</style><h1>Access denied</h1><p>can&#39;t\nread</html>");
        assert_eq!(said.statements, ["Access denied", "can't", "read"]);
    }

    #[test]
    fn challenges_and_reasons_are_said() {
        let mut answer = Answer::new(401);
        answer.fields.add(
            "WWW-Authenticate",
            "Bearer realm=\"x\", error=\"invalid_token\", error_description=\"The token expired\"",
        );
        answer
            .fields
            .add("X-Amzn-ErrorType", "ExpiredTokenException");
        let said = Said::of(&answer);
        assert_eq!(
            said.statements,
            [
                "The token expired",
                "invalid_token",
                "ExpiredTokenException"
            ]
        );
        assert!(said.has_field("www-authenticate", "bearer*invalid_token"));
        assert!(said.has_field("x-amzn-errortype", "") && !said.has_field("server", ""));
    }
}
