//! An item of a Postman collection, version 2.0 or 2.1.
//!
//! Knows: how items, variables and authorization are nested and inherited. Does not know environments: a variable that
//! the collection does not set stays as it is written.

mod authorization;
mod content;
#[cfg(test)]
mod tests;
mod variables;

use countersign_cause::{Cause, Who};
use serde_json::{Map, Value};
use url::Url;

use self::variables::Variables;
use crate::case::Case;
use crate::credential::credentials_of;
use crate::finding::{Finding, Fix, Weight};
use crate::message::Request;
use crate::read::{ReadFault, bounded, raw};

/// The case of an item, by its name or by its path (`Folder/Item`). Without a name it is the first.
///
/// # Errors
///
/// Text that is no collection, a name that is not in it, or an address that cannot be read.
pub fn item(json: &[u8], name: Option<&str>) -> Result<Case, ReadFault> {
    bounded(json.len())?;
    let collection: Value = serde_json::from_slice(json).map_err(|fault| {
        ReadFault::new(format!(
            "the collection is not JSON: line {}, column {}",
            fault.line(),
            fault.column()
        ))
    })?;
    // Postman's own programming interface wraps the collection.
    let collection = collection.get("collection").unwrap_or(&collection);
    if collection.get("item").is_none_or(|items| !items.is_array()) {
        return Err(
            ReadFault::new("the JSON is no Postman collection: it has no list `item`")
                .with_help("export the collection as version 2.1"),
        );
    }
    let mut items = Vec::new();
    gather(collection, &Inherited::default(), &mut items);
    let found = find(&items, name)?;
    case(found)
}

/// A request with what it inherits.
struct Item<'j> {
    path: String,
    request: &'j Value,
    inherited: Inherited<'j>,
}

/// What a folder hands down.
#[derive(Clone, Default)]
struct Inherited<'j> {
    path: Vec<&'j str>,
    authorization: Option<&'j Value>,
    variables: Variables,
}

impl<'j> Inherited<'j> {
    fn with(&self, folder: &'j Value) -> Inherited<'j> {
        let mut own = self.clone();
        own.authorization = authorization_of(folder).or(own.authorization);
        own.variables.add(folder.get("variable"));
        own
    }
}

/// The authorization of a folder or request; `null` inherits.
fn authorization_of(object: &Value) -> Option<&Value> {
    object.get("auth").filter(|auth| auth.is_object())
}

/// Nesting is bounded by the JSON reader.
fn gather<'j>(folder: &'j Value, above: &Inherited<'j>, items: &mut Vec<Item<'j>>) {
    let inherited = above.with(folder);
    for entry in list(folder.get("item")) {
        let name = entry
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let mut inherited = inherited.clone();
        inherited.path.push(name);
        if let Some(request) = entry.get("request") {
            inherited.variables.add(entry.get("variable"));
            items.push(Item {
                path: inherited.path.join("/"),
                request,
                inherited,
            });
        } else {
            gather(entry, &inherited, items);
        }
    }
}

fn find<'i, 'j>(items: &'i [Item<'j>], name: Option<&str>) -> Result<&'i Item<'j>, ReadFault> {
    let Some(name) = name else {
        return items
            .first()
            .ok_or_else(|| ReadFault::new("the collection has no request"));
    };
    let last = |item: &&Item<'_>| item.inherited.path.last().is_some_and(|own| *own == name);
    let folded = |item: &&Item<'_>| {
        let own = item.inherited.path.last();
        own.is_some_and(|own| own.to_lowercase() == name.to_lowercase())
    };
    items
        .iter()
        .find(|item| item.path == name)
        .or_else(|| items.iter().find(last))
        .or_else(|| items.iter().find(folded))
        .ok_or_else(|| {
            let names: Vec<String> = items
                .iter()
                .take(10)
                .map(|item| format!("`{}`", item.path))
                .collect();
            ReadFault::new(format!("the collection has no request `{name}`"))
                .with_help(format!("it has {}", names.join(", ")))
        })
}

fn case(item: &Item<'_>) -> Result<Case, ReadFault> {
    let variables = &item.inherited.variables;
    let description = Map::new();
    let object = item.request.as_object().unwrap_or(&description);
    // A request may be its address alone.
    let address = if let Value::String(address) = item.request {
        Some(variables.expand(address))
    } else {
        let url = object.get("url");
        url.and_then(|url| content::address(url, variables))
    };
    let url = parse(&address.unwrap_or_default())?;
    let method = object
        .get("method")
        .and_then(Value::as_str)
        .unwrap_or("GET");
    let mut request = Request::new(&variables.expand(method), url);
    for (name, value) in content::fields(object.get("header"), variables) {
        request.fields.add(&name, value);
    }
    let mut case = Case {
        follows_redirects: true,
        ..Case::default()
    };
    if let Some(body) = object.get("body") {
        content::body(body, variables, &mut request, &mut case.left_out);
    }
    let own = authorization_of(item.request).or(item.inherited.authorization);
    if let Some(own) = own {
        authorization::apply(own, variables, &mut request, &mut case);
    }
    for (name, value) in [("User-Agent", AGENT), ("Accept", "*/*")] {
        if !request.fields.has(name) {
            request.fields.add(name, value);
        }
    }
    case.noticed.extend(unresolved(&request));
    case.login = case.login.or_else(|| raw::login_of(&request));
    case.request = Some(request);
    Ok(case)
}

const AGENT: &str = "PostmanRuntime/7.43.0";

fn parse(address: &str) -> Result<Url, ReadFault> {
    let full = match address.contains("://") {
        true => address.to_owned(),
        false => format!("http://{address}"),
    };
    let parsed = Url::parse(&full);
    // A brace in a host is no letter of one, and a path may well have one.
    let host = full
        .split("://")
        .nth(1)
        .and_then(|rest| rest.split('/').next());
    if let Some(name) = host.and_then(variables::first) {
        return Err(ReadFault::new(format!(
            "the variable `{name}` of the address has no value in the collection"
        ))
        .with_help("set it among the variables of the collection before you export it"));
    }
    parsed
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .ok_or_else(|| ReadFault::new("the address of the request cannot be read"))
}

/// A credential that is still a variable.
fn unresolved(request: &Request) -> Option<Finding> {
    let name = credentials_of(request).iter().find_map(|credential| {
        variables::first(&String::from_utf8_lossy(credential.secret.expose()))
    })?;
    let evidence = format!(
        "the credential is the variable `{name}`, which the collection does not set: without an environment that does, \
         its name in braces is sent"
    );
    let text = format!(
        "Choose the environment that has `{name}`, and see that its current value is set and not only its initial one."
    );
    Some(
        Finding::new(Cause::CredentialsPlaceholder, Weight::Strong, evidence)
            .with_fix(Fix::new(Who::User, text)),
    )
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A text, also where a number or a truth value is written.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Whether an entry of a list is switched on.
fn is_enabled(entry: &Value) -> bool {
    let disabled = entry.get("disabled").and_then(Value::as_bool);
    disabled != Some(true)
}
