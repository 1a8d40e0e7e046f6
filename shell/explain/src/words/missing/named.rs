//! A field that the server names as missing: one for a credential, or one that goes beside it.
//!
//! Knows: how sentences name a field. Whether a field carries a credential is `credential`'s to say.

use countersign_cause::Cause;

use crate::case::Case;
use crate::credential::is_telling_field;
use crate::finding::{Finding, Fix, Weight};
use crate::words::conditions::Asked;
use crate::words::meaning;
use crate::words::mend::Mend;
use crate::words::quote;
use crate::words::said::Sentence;

/// Words that say that something is not there.
const ABSENCE: [&str; 30] = [
    "missing",
    "required",
    "requires",
    "require",
    "absent",
    "must",
    "no",
    "not",
    "without",
    "provide",
    "provided",
    "supply",
    "specify",
    "specified",
    "expected",
    "need",
    "needs",
    "include",
    "set",
    "empty",
    "blank",
    "send",
    "falta",
    "faltan",
    "ausente",
    "obligatorio",
    "fehlt",
    "fehlen",
    "erforderlich",
    "manquant",
];

/// Words that say that a name is that of a field.
const FIELD: [&str; 4] = ["header", "headers", "field", "httpheader"];

/// Fields that every client sends or that have nothing to do with who asks.
const EVERYDAY: [&str; 9] = [
    "content-type",
    "content-length",
    "content-encoding",
    "user-agent",
    "accept-encoding",
    "accept-language",
    "set-cookie",
    "www-authenticate",
    "transfer-encoding",
];

pub(super) fn read(case: &Case, asked: &Asked<'_>, sentences: &[Sentence<'_>]) -> Vec<Finding> {
    for sentence in sentences {
        let has = |words: &[&str]| {
            let mut all = sentence.words.iter();
            all.any(|word| words.contains(&word.as_str()))
        };
        if !has(&ABSENCE) && !meaning::misses(sentence)
            || has(&["invalid", "expired", "malformed", "match", "mismatch"])
            // What a claim lacks is lacking in the token, whatever it is called.
            || has(&["claim", "claims"])
        {
            continue;
        }
        let names = names_in(sentence.text, has(&FIELD));
        if let Some(name) = names.first() {
            let quote = quote::of(case, asked, sentence.text);
            return about(case, asked, name, &quote);
        }
    }
    Vec::new()
}

fn about(case: &Case, asked: &Asked<'_>, name: &str, quote: &str) -> Vec<Finding> {
    let is_sent = asked
        .request
        .is_some_and(|request| request.fields.has(name));
    let with = |mut finding: Finding, mend: Mend, text: String| {
        let who = finding.cause.entry().who;
        finding.fix = mend
            .command(case)
            .map(|command| Fix::new(who, text).with_command(command));
        finding
    };
    if is_sent {
        let evidence = format!("`{name}` was sent, and the server does not see it{quote}");
        let (cause, weight) = match name.contains('_') {
            true => (Cause::HeaderNameDropped, Weight::Strong),
            false => (Cause::ProxyStrippedCredentials, Weight::Fair),
        };
        return vec![Finding::new(cause, weight, evidence)];
    }
    if is_telling_field(name) && asked.has_credentials() {
        let evidence = format!(
            "the server wants the credential in `{name}`, and it was sent elsewhere{quote}"
        );
        let text = format!("send the credential in the field `{name}`");
        let mend = Mend::Header(name.to_owned());
        if !is_called_after_a_credential(name) {
            // `X-Acme-Key` may be for this key, or for a second one beside it: moving it there shows which.
            let finding = Finding::new(Cause::HeaderWrongPlace, Weight::Fair, evidence);
            let beside = format!("the server wants a field `{name}`, and it is not there{quote}");
            return vec![
                with(finding, mend, text),
                Finding::new(Cause::CompanionHeaderMissing, Weight::Fair, beside),
            ];
        }
        let finding = Finding::new(Cause::HeaderWrongPlace, Weight::Strong, evidence);
        return vec![with(finding, mend, text)];
    }
    if is_telling_field(name) {
        let evidence =
            format!("no credentials were sent, and the server wants one in `{name}`{quote}");
        let finding = Finding::new(Cause::CredentialsMissing, Weight::Strong, evidence);
        let text = format!("send the key or token in the field `{name}`");
        return vec![with(finding, Mend::Header(name.to_owned()), text)];
    }
    let evidence = format!(
        "the server wants a field `{name}` beside the credential, and it is not there{quote}"
    );
    let finding = Finding::new(Cause::CompanionHeaderMissing, Weight::Strong, evidence);
    let variable = format!("${}", variable(name));
    let text = format!(
        "send `{name}` along with the credential; its value is an identifier that the service shows beside the key"
    );
    vec![with(finding, Mend::Add(name.to_owned(), variable), text)]
}

/// Whether a name says of itself that it is for what authenticates, and not for some key.
fn is_called_after_a_credential(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [
        "api",
        "auth",
        "token",
        "access",
        "secret",
        "session",
        "jwt",
        "subscription",
    ]
    .iter()
    .any(|part| name.contains(part))
}

/// `X-Scope-OrgID` becomes `SCOPE_ORGID`.
fn variable(name: &str) -> String {
    let name = name.to_ascii_uppercase();
    let bare = name.strip_prefix("X-").unwrap_or(&name);
    bare.replace('-', "_")
}

/// The names of fields in a sentence: `X-...` everywhere, others with a hyphen where a field is spoken of.
fn names_in(text: &str, speaks_of_fields: bool) -> Vec<&str> {
    text.split(|letter: char| !(letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_')))
        .filter(|word| (4..=60).contains(&word.len()))
        .filter(|word| !EVERYDAY.iter().any(|name| name.eq_ignore_ascii_case(word)))
        .filter(|word| {
            let begins_with_x = word
                .get(..2)
                .is_some_and(|start| start.eq_ignore_ascii_case("x-"));
            begins_with_x || speaks_of_fields && (is_name(word) || is_called_a_field(text, word))
        })
        .collect()
}

/// `acme-version: header`, `header acme-version`: a name in lower case that is said to be one.
fn is_called_a_field(text: &str, word: &str) -> bool {
    let (text, word) = (text.to_ascii_lowercase(), word.to_ascii_lowercase());
    let forms = [
        format!("{word} header"),
        format!("{word}: header"),
        format!("header {word}"),
        format!("header: {word}"),
        format!("'{word}' header"),
        format!("header '{word}'"),
        format!("\"{word}\" header"),
        format!("`{word}` header"),
    ];
    word.contains('-') && forms.iter().any(|form| text.contains(form.as_str()))
}

/// Hyphenated English is in lower case, or has no capital after the hyphen.
fn is_name(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    let parts: Vec<&str> = word.split('-').collect();
    let capitals = parts.len() > 1
        && parts
            .iter()
            .all(|part| part.starts_with(|letter: char| letter.is_ascii_uppercase()));
    let is_key = is_telling_field(word)
        && (word.contains('-') || lower == "apikey" || lower == "api_key")
        && !lower.contains("invalid");
    capitals || is_key
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use countersign_cause::Cause;

    use crate::finding::Finding;
    use crate::words::tests::findings;

    fn first(body: &str, fields: &[(&str, &str)]) -> Option<Finding> {
        let found = findings(401, body, fields);
        found.into_iter().max_by_key(|finding| finding.weight)
    }

    #[test]
    fn a_named_companion_is_asked_for() {
        let bearer = [("Authorization", "Bearer abcdefghij")];
        for (words, name) in [
            ("Missing required header X-Tenant-Id", "X-Tenant-Id"),
            (r#"{"message":"Client-Id header is required"}"#, "Client-Id"),
            ("Header 'Xero-Tenant-Id' must be provided", "Xero-Tenant-Id"),
        ] {
            let found = first(words, &bearer).unwrap();
            assert_eq!(found.cause, Cause::CompanionHeaderMissing, "{words}");
            assert!(found.evidence.contains(name), "{}", found.evidence);
            let command = found.fix.unwrap().command.unwrap();
            assert!(command.contains(&format!("-H \"{name}: $")), "{command}");
        }
    }

    #[test]
    fn a_named_key_field_is_where_the_credential_goes() {
        let bearer = [("Authorization", "Bearer abcdefghij")];
        let words = "Missing X-API-Key header";
        let found = first(words, &bearer).unwrap();
        assert_eq!(found.cause, Cause::HeaderWrongPlace);
        let command = found.fix.unwrap().command.unwrap();
        assert!(
            command.contains("\"X-API-Key: $API_KEY\"") && !command.contains("Bearer"),
            "{command}"
        );
        assert_eq!(first(words, &[]).unwrap().cause, Cause::CredentialsMissing);
        let sent = [("X-API-Key", "abcdefghij")];
        assert_eq!(
            first(words, &sent).unwrap().cause,
            Cause::ProxyStrippedCredentials
        );
    }

    #[test]
    fn hyphenated_words_are_no_fields() {
        let bearer = [("Authorization", "Bearer abcdefghij")];
        for words in [
            "Two-factor authentication is required, see the header",
            "The Content-Type header must be set",
            "Set-Cookie header not allowed",
        ] {
            let found = first(words, &bearer);
            let cause = found.map(|finding| finding.cause);
            assert_ne!(cause, Some(Cause::CompanionHeaderMissing), "{words}");
        }
    }
}
