//! A document that refuses under a status of success: `200 {"code":40101,"msg":"token expired"}`.
//!
//! Knows: how services write in a document that it is a failure, and that a failure is a refusal where it speaks of
//! credentials or has the number of one. Does not know why it refuses; that is said as in any other refusal.

use serde_json::{Map, Value};

use super::{meaning, missing};
use crate::message::Answer;
use crate::words::said::Said;

/// The field in which Countersign names the cause, whatever the status.
pub(super) const CAUSE_FIELD: &str = "countersign-cause";

/// A longer body is a document that somebody asked for.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// Members that say by a truth value whether it went well.
const OUTCOMES: [&str; 5] = ["ok", "success", "succeeded", "successful", "issuccess"];
/// Members that say by a word how it went.
const STATES: [&str; 4] = ["status", "result", "state", "outcome"];
/// Members that have a number of the failure.
const CODES: [&str; 12] = [
    "code",
    "status",
    "statuscode",
    "status_code",
    "errcode",
    "errorcode",
    "error_code",
    "errno",
    "retcode",
    "ret",
    "resultcode",
    "result_code",
];
/// Members that have what was asked for.
const CONTENT: [&str; 6] = ["data", "result", "results", "items", "payload", "content"];
/// Numbers that services give to a success.
const FINE: [i64; 6] = [0, 1, 100, 1000, 10000, 20000];
/// Words for a refusal, without what stands between them: of GraphQL, gRPC and many others.
const REFUSALS: [&str; 15] = [
    "unauthenticated",
    "unauthorized",
    "unauthorised",
    "notauthed",
    "notauthenticated",
    "notauthorized",
    "invalidauth",
    "autherror",
    "authnotprovided",
    "authenticationrequired",
    "accessdenied",
    "forbidden",
    "invalidtoken",
    "tokenexpired",
    "loginrequired",
];

/// Whether a document says that it is a failure, of whatever kind.
pub(super) fn says_no(document: &Value) -> bool {
    let Value::Object(members) = document else {
        return false;
    };
    members.iter().any(|(name, value)| {
        let name = name.to_ascii_lowercase();
        let is_in = |names: &[&str]| names.contains(&name.as_str());
        is_in(&OUTCOMES) && *value == Value::Bool(false)
            || is_in(&STATES) && value.as_str().is_some_and(is_bad_state)
            || is_in(&CODES) && is_bad_code(&name, value) && !has_content(members)
            || matches!(name.as_str(), "errors" | "error")
                && holds_something(value)
                && !has_content(members)
    })
}

/// Whether a success is none: its document is a failure that has to do with who asks, or a field says so.
pub(crate) fn refuses(answer: &Answer) -> bool {
    if (200..300).contains(&answer.status) && is_refused_call(answer) {
        return true;
    }
    // A page's visitor is sent to sign in, and the field says for what cause.
    if (200..400).contains(&answer.status) && answer.fields.has(CAUSE_FIELD) {
        return true;
    }
    let is_document = answer.body.trim_ascii_start().starts_with(b"{");
    if !(200..300).contains(&answer.status) || !is_document || answer.body.len() > BODY_BYTES_MAX {
        return false;
    }
    let Ok(document) = serde_json::from_slice::<Value>(&answer.body) else {
        return false;
    };
    says_no(&document) && (names_a_refusal(&document) || speaks_of_credentials(answer))
}

/// Whether a call was answered with one of gRPC's codes for who may not: 7 `PERMISSION_DENIED`, 16 `UNAUTHENTICATED`. They
/// come under 200, and as a field of the head where there is no message.
fn is_refused_call(answer: &Answer) -> bool {
    let code = answer.fields.text("grpc-status");
    code.is_some_and(|code| matches!(code.trim(), "7" | "16"))
}

/// Whether a document has the number of a refusal in it, or the word for one: `{"code": 401}`.
pub(crate) fn names_a_refusal(document: &Value) -> bool {
    let of_member = |(name, value): (&String, &Value)| {
        let name = name.to_ascii_lowercase();
        CODES.contains(&name.as_str()) && is_refusal_code(value)
    };
    let of_object = |value: &Value| {
        let members = value.as_object();
        members.is_some_and(|members| members.iter().any(of_member))
    };
    let part = |name: &str| document.get(name);
    let errors = part("errors").and_then(Value::as_array);
    of_object(document)
        || part("error").is_some_and(|error| of_object(error) || is_refusal_code(error))
        || errors.is_some_and(|all| {
            all.iter()
                .any(|error| of_object(error) || error.get("extensions").is_some_and(of_object))
        })
}

fn speaks_of_credentials(answer: &Answer) -> bool {
    let said = Said::of(answer);
    let sentences: Vec<_> = said.sentences().collect();
    let mut each = sentences.iter();
    each.any(missing::is_absence) || meaning::speak_of_credentials(&sentences)
}

fn is_bad_state(word: &str) -> bool {
    matches!(
        word.to_ascii_lowercase().as_str(),
        "error"
            | "err"
            | "fail"
            | "failed"
            | "failure"
            | "unauthorized"
            | "unauthenticated"
            | "forbidden"
            | "denied"
    )
}

/// A number that is none of a success; a member that is named for errors has none but 0 for one.
fn is_bad_code(name: &str, value: &Value) -> bool {
    if is_refusal_code(value) {
        return true;
    }
    let Some(number) = number_of(value) else {
        return false;
    };
    match name.starts_with("err") {
        true => number != 0,
        false => !FINE.contains(&number) && !(200..300).contains(&number),
    }
}

/// 401 and 403, those with more digits behind them, and words.
fn is_refusal_code(value: &Value) -> bool {
    if let Some(number) = number_of(value) {
        let hundreds = match number.unsigned_abs() {
            short @ 401..=403 => short,
            five @ 40_100..=40_399 => five / 100,
            six @ 401_000..=403_999 => six / 1000,
            _ => 0,
        };
        return matches!(hundreds, 401 | 403);
    }
    let Some(word) = value.as_str().filter(|word| word.len() <= 40) else {
        return false;
    };
    let plain: String = word
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    REFUSALS.contains(&plain.as_str())
}

fn number_of(value: &Value) -> Option<i64> {
    let of_text = || value.as_str().and_then(|text| text.trim().parse().ok());
    value.as_i64().or_else(of_text)
}

/// Whether something was handed out after all: `{"code": 2, "data": [...]}`.
fn has_content(members: &Map<String, Value>) -> bool {
    let is_content = |name: &str| CONTENT.iter().any(|known| name.eq_ignore_ascii_case(known));
    members
        .iter()
        .any(|(name, value)| is_content(name) && is_given(value))
}

/// An object of nothing but nulls, as of GraphQL, is nothing.
fn is_given(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) => false,
        Value::String(text) => !text.is_empty() && !is_bad_state(text),
        Value::Number(_) => true,
        Value::Array(all) => all.iter().any(is_given),
        Value::Object(members) => members.values().any(is_given),
    }
}

fn holds_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) | Value::Number(_) => false,
        Value::Bool(true) => true,
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(all) => !all.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str) -> Answer {
        let mut answer = Answer::new(200);
        answer.body = body.as_bytes().to_vec();
        answer
    }

    #[test]
    fn a_failure_that_is_about_who_asks_is_a_refusal() {
        for body in [
            r#"{"code":40101,"msg":"x","data":null}"#,
            r#"{"errcode":40001,"errmsg":"invalid credential"}"#,
            r#"{"ok":false,"error":"not_authed"}"#,
            r#"{"data":{"me":null},"errors":[{"message":"x","extensions":{"code":"UNAUTHENTICATED"}}]}"#,
            r#"{"errors":[{"message":"Missing Authorization header"}]}"#,
            r#"{"code":-101,"message":"账号未登录"}"#,
            r#"{"status":"error","message":"Ihre Sitzung ist abgelaufen"}"#,
            r#"{"success":false,"message":"Votre session a expiré"}"#,
        ] {
            assert!(refuses(&answer(body)), "{body}");
        }
    }

    #[test]
    fn a_document_that_was_asked_for_is_none_nor_another_failure() {
        for body in [
            "",
            "{",
            "[]",
            "Sign in to see more. Your session has expired.",
            r#"{"code":0,"msg":"ok","data":{"token":"expired"}}"#,
            r#"{"code":200,"data":[]}"#,
            r#"{"errors":[],"data":{"sessions":["expired"]}}"#,
            r#"{"id":403,"name":"Forbidden City"}"#,
            r#"{"status":"error","message":"no such album"}"#,
            r#"{"error":null,"result":3}"#,
            r#"{"data":{"me":{"id":1}},"errors":[{"message":"a field is forbidden"}]}"#,
        ] {
            assert!(!refuses(&answer(body)), "{body}");
        }
    }
}
