//! Collections as Postman exports them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use serde_json::json;

use super::*;
use crate::case::Negotiated;

fn read(collection: &Value, name: Option<&str>) -> Case {
    item(collection.to_string().as_bytes(), name).unwrap()
}

fn fault(collection: &Value, name: Option<&str>) -> ReadFault {
    item(collection.to_string().as_bytes(), name).err().unwrap()
}

fn authorization(case: &Case) -> Option<String> {
    let request = case.request.as_ref().unwrap();
    request
        .fields
        .text("authorization")
        .map(|value| value.into_owned())
}

fn url(case: &Case) -> String {
    case.request.as_ref().unwrap().url.to_string()
}

fn causes(case: &Case) -> Vec<Cause> {
    case.noticed.iter().map(|finding| finding.cause).collect()
}

/// A collection of one request with an authorization.
fn with_auth(auth: &Value, header: &Value) -> Value {
    json!({"info": {}, "item": [{"name": "a", "request": {"method": "GET", "url": "https://h.example/a",
        "header": header, "auth": auth}}]})
}

#[test]
fn items_are_found_by_name_in_folders_and_inherit() {
    let collection = json!({
        "info": {"name": "c"},
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{token}}"}]},
        "variable": [{"key": "token", "value": "abc"}, {"key": "host", "value": "https://{{name}}.example"},
            {"key": "name", "value": "api"}],
        "item": [
            {"name": "Users", "item": [
                {"name": "Me", "request": {"method": "GET", "url": {"raw": "{{host}}/me?a=b&x=y",
                    "query": [{"key": "a", "value": "b"}, {"key": "x", "value": "y", "disabled": true}]}}},
                {"name": "Open", "request": {"auth": {"type": "noauth"}, "url": "{{host}}/open"}}]},
            {"name": "Admin", "auth": {"type": "basic", "basic": {"username": "a", "password": "b"}}, "item": [
                {"name": "List", "request": {"auth": null, "url": "{{host}}/list"}}]},
        ]
    });
    let first = read(&collection, None);
    assert_eq!(url(&first), "https://api.example/me?a=b");
    assert_eq!(authorization(&first).unwrap(), "Bearer abc");
    assert_eq!(authorization(&read(&collection, Some("Open"))), None);
    let list = read(&collection, Some("Admin/List"));
    assert_eq!(authorization(&list).unwrap(), "Basic YTpi");
    assert_eq!(list.login.unwrap().user, "a");
    assert_eq!(
        url(&read(&collection, Some("me"))),
        "https://api.example/me?a=b"
    );
    let missing = fault(&collection, Some("Nobody"));
    assert!(
        missing
            .help
            .unwrap()
            .contains("`Users/Me`, `Users/Open`, `Admin/List`")
    );
}

#[test]
fn each_type_of_authorization_has_its_place() {
    let none = json!([]);
    let read = |auth: Value| read(&with_auth(&auth, &none), None);
    let header = read(
        json!({"type": "apikey", "apikey": [{"key": "key", "value": "X-Api-Key"}, {"key": "value", "value": "k"}]}),
    );
    assert_eq!(
        header.request.unwrap().fields.text("x-api-key").unwrap(),
        "k"
    );
    let query =
        read(json!({"type": "apikey", "apikey": {"key": "api_key", "value": "k", "in": "query"}}));
    assert_eq!(url(&query), "https://h.example/a?api_key=k");
    let digest = read(
        json!({"type": "digest", "digest": [{"key": "username", "value": "a"}, {"key": "password", "value": "b"}]}),
    );
    assert_eq!(authorization(&digest), None);
    assert_eq!(digest.negotiates, [Negotiated::Digest]);
    assert!(digest.login.is_some());
    let oauth = read(json!({"type": "oauth2", "oauth2": [{"key": "accessToken", "value": "t"}]}));
    assert_eq!(authorization(&oauth).unwrap(), "Bearer t");
    let bare = read(
        json!({"type": "oauth2", "oauth2": [{"key": "accessToken", "value": "t"}, {"key": "headerPrefix", "value": ""}]}),
    );
    assert_eq!(authorization(&bare).unwrap(), "t");
    assert_eq!(causes(&bare), [Cause::SchemeMissing]);
    let kept = read(json!({"type": "oauth2", "oauth2": []}));
    assert!(authorization(&kept).is_none() && kept.left_out.len() == 1);
    assert_eq!(
        read(json!({"type": "awsv4", "awsv4": []})).left_out.len(),
        1
    );
}

#[test]
fn a_variable_without_value_stays_and_is_seen() {
    let collection = with_auth(
        &json!({"type": "bearer", "bearer": {"token": "{{token}}"}}),
        &json!([]),
    );
    let case = read(&collection, None);
    assert_eq!(authorization(&case).unwrap(), "Bearer {{token}}");
    assert_eq!(causes(&case), [Cause::CredentialsPlaceholder]);
    let host = json!({"info": {}, "item": [{"name": "a", "request": {"url": "{{baseUrl}}/a"}}]});
    assert!(fault(&host, None).message.contains("`baseUrl`"));
}

#[test]
fn authorization_by_hand_loses() {
    let header = json!([{"key": "Authorization", "value": "Bearer hand"}, {"key": "X-Off", "value": "1", "disabled": true}]);
    let case = read(
        &with_auth(
            &json!({"type": "bearer", "bearer": {"token": "tab"}}),
            &header,
        ),
        None,
    );
    assert_eq!(authorization(&case).unwrap(), "Bearer tab");
    assert_eq!(causes(&case), [Cause::CredentialsOverridden]);
    assert!(!case.request.unwrap().fields.has("x-off"));
    let alone = read(&with_auth(&json!(null), &header), None);
    assert_eq!(authorization(&alone).unwrap(), "Bearer hand");
    assert!(alone.noticed.is_empty());
}

#[test]
fn bodies_of_every_mode() {
    let body = |body: Value| {
        let collection = json!({"info": {}, "item": [{"name": "a", "request": {"method": "POST",
            "url": {"protocol": "https", "host": ["h", "example"], "path": ["a", ":id"], "variable": [{"key": "id", "value": "7"}]},
            "body": body}}]});
        let case = read(&collection, None);
        assert_eq!(url(&case), "https://h.example/a/7");
        let request = case.request.unwrap();
        let kind = request.fields.text("content-type").unwrap().into_owned();
        (kind, String::from_utf8(request.body.unwrap()).unwrap())
    };
    let form =
        json!([{"key": "a", "value": "b c"}, {"key": "off", "value": "1", "disabled": true}]);
    let (kind, text) = body(json!({"mode": "urlencoded", "urlencoded": form}));
    assert_eq!(
        (kind.as_str(), text.as_str()),
        ("application/x-www-form-urlencoded", "a=b+c")
    );
    let (kind, text) =
        body(json!({"mode": "raw", "raw": "{}", "options": {"raw": {"language": "json"}}}));
    assert_eq!((kind.as_str(), text.as_str()), ("application/json", "{}"));
    let (_, text) =
        body(json!({"mode": "graphql", "graphql": {"query": "{a}", "variables": "{\"b\":1}"}}));
    assert_eq!(text, r#"{"query":"{a}","variables":{"b":1}}"#);
    let (kind, text) = body(json!({"mode": "formdata", "formdata": form}));
    assert!(
        kind.starts_with("multipart/form-data")
            && text.contains("name=\"a\"")
            && !text.contains("off")
    );
}

#[test]
fn what_is_no_collection_is_said() {
    assert!(item(b"{", None).err().unwrap().message.contains("line 1"));
    assert!(
        item(b"[1]", None)
            .err()
            .unwrap()
            .message
            .contains("no list `item`")
    );
    assert!(
        item(b"{\"item\":[]}", None)
            .err()
            .unwrap()
            .message
            .contains("no request")
    );
    let deep = format!("{{\"item\":{}", "[{\"item\":".repeat(50_000));
    assert!(item(deep.as_bytes(), None).is_err());
    assert!(item(b"\xff\x00", None).is_err());
}

#[test]
fn variables_that_name_each_other_end() {
    let variable: Vec<Value> = (0..20)
        .map(|at| json!({"key": format!("v{at}"), "value": format!("{{{{v{}}}}}", (at + 1) % 20).repeat(20)}))
        .collect();
    let collection = json!({"info": {}, "variable": variable, "item": [{"name": "a", "request":
        {"url": "https://h.example/", "header": [{"key": "X", "value": "{{v0}}"}]}}]});
    assert!(read(&collection, None).request.is_some());
}
