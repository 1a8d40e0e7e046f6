//! HTTP messages as text: a request to look at, an answer that was saved, and what `curl -v` shows of both.
//!
//! Knows: the forms in which messages are written down. Does not know how they came about.

mod answer;
mod head;
#[cfg(test)]
mod tests;
mod verbose;

use countersign_cause::Cause;
use countersign_wire::{basic, credentials};
use url::Url;

pub use self::answer::answer;
pub(super) use self::verbose::{conversation, is_verbose};

use self::head::{Head, Line};
use crate::case::{Case, Client, Login, LoginSource};
use crate::finding::{Finding, Weight};
use crate::message::{Fields, Request};
use crate::read::{ReadFault, bounded};

/// The case of a raw request: `GET /path HTTP/1.1` and its fields, or the pseudo-fields of HTTP/2. It goes to
/// `base_url`, unless its target is a whole address.
///
/// # Errors
///
/// Text that is no request, or a target that is no address.
pub fn request(text: &[u8], base_url: &Url) -> Result<Case, ReadFault> {
    bounded(text.len())?;
    let (head, body) = Head::split(text)?;
    let (method, target) = start(&head)?;
    let url = address(&target, base_url)?;
    let mut request = Request::new(&method, url);
    let mut noticed = Vec::new();
    for (name, value) in &head.fields {
        add(&mut request.fields, name, value, &mut noticed);
    }
    let own = authority(&request.url);
    if request
        .fields
        .text("host")
        .is_some_and(|host| host.trim() == own)
    {
        request.fields.remove("host");
    }
    request.body = (!body.is_empty()).then(|| body.to_vec());
    Ok(Case {
        client: client_of(&request.fields),
        login: login_of(&request),
        request: Some(request),
        noticed,
        ..Case::default()
    })
}

/// The host and port that a request names itself, in its `Host` or `:authority`.
pub(super) fn host_of(text: &[u8]) -> Option<String> {
    let (head, _) = Head::split(text).ok()?;
    let named = |name: &str| {
        let found = head
            .fields
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    };
    let target = match &head.start {
        Some(Line::Request { target, .. }) => Url::parse(target).ok(),
        Some(Line::Status { .. }) | None => None,
    };
    head.pseudo(":authority")
        .or_else(|| named("host"))
        .or_else(|| target.map(|url| authority(&url)))
}

/// Whether a text begins like a request.
pub(super) fn is_request(text: &[u8]) -> bool {
    let Ok((head, _)) = Head::split(text) else {
        return false;
    };
    matches!(head.start, Some(Line::Request { .. })) || head.pseudo(":method").is_some()
}

/// Which client writes such fields.
pub(super) fn client_of(fields: &Fields) -> Client {
    let agent = fields
        .text("user-agent")
        .unwrap_or_default()
        .to_ascii_lowercase();
    const AGENTS: [(&str, Client); 8] = [
        ("powershell", Client::Dotnet),
        ("mozilla/", Client::Browser),
        ("python-requests", Client::PythonRequests),
        ("node", Client::NodeFetch),
        ("undici", Client::NodeFetch),
        ("go-http-client", Client::Go),
        ("java", Client::Java),
        ("curl/", Client::Curl),
    ];
    let known = AGENTS.iter().find(|(word, _)| agent.contains(word));
    known.map_or(Client::Curl, |(_, client)| *client)
}

/// The user name and password of a `Basic` field that was written by hand.
pub(super) fn login_of(request: &Request) -> Option<Login> {
    let value = request.fields.first("authorization")?;
    let parsed = credentials::parse(value).ok()?;
    if !parsed.scheme_word.eq_ignore_ascii_case(b"basic") {
        return None;
    }
    let basic = basic::server::parse(parsed.rest).ok()?;
    Some(Login {
        user: basic.user().to_owned(),
        password: countersign_secret::Secret::new(basic.password().to_owned()),
        source: LoginSource::Field,
    })
}

fn start(head: &Head) -> Result<(String, String), ReadFault> {
    if let Some(Line::Request { method, target }) = &head.start {
        return Ok((method.clone(), target.clone()));
    }
    let pseudo = |name: &str| head.pseudo(name);
    match (pseudo(":method"), pseudo(":path")) {
        (Some(method), Some(path)) => Ok((method, path)),
        (method, path) if pseudo(":authority").is_some() => Ok((
            method.unwrap_or("GET".to_owned()),
            path.unwrap_or("/".to_owned()),
        )),
        (_, _) => Err(
            ReadFault::new("the text does not begin with a request line").with_help(
                "the first line is like `GET /path HTTP/1.1`, and one field follows on each line",
            ),
        ),
    }
}

fn address(target: &str, base_url: &Url) -> Result<Url, ReadFault> {
    // RFC 9112 section 3.2.2: the absolute form names the whole address.
    if target.contains("://") && !target.starts_with('/') {
        return Url::parse(target)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| ReadFault::new("the target of the request is no address of HTTP"));
    }
    let path = match target {
        "*" => "/",
        path if path.starts_with('/') => path,
        _ => {
            return Err(ReadFault::new("the target of the request has no path")
                .with_help("write it as `/path` or as a whole address"));
        }
    };
    // A target may begin with two slashes, which a reference of that form would take for a host.
    let (path, query) = match path.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (path, None),
    };
    let mut url = base_url.clone();
    url.set_path(path);
    url.set_query(query);
    url.set_fragment(None);
    Ok(url)
}

fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn add(fields: &mut Fields, name: &str, value: &[u8], noticed: &mut Vec<Finding>) {
    // RFC 9112 section 5.1: a server refuses blanks between name and colon.
    let bare = name.trim_end();
    if bare.len() < name.len() {
        let evidence = format!(
            "there is a blank between the name `{bare}` and its colon, which servers refuse"
        );
        noticed.push(Finding::new(Cause::HeaderMalformed, Weight::Fair, evidence));
    }
    // The sender counts the body and keeps the connection as it sees fit.
    let own = ["content-length", "transfer-encoding", "connection"];
    if !own.contains(&bare.to_ascii_lowercase().as_str()) {
        fields.add(bare, value);
    }
}
