//! HAR: the recording of a browser or a proxy, of which one exchange is looked at and the others are its context.
//!
//! Knows: the format and what Chrome, Firefox, Safari, Charles, Insomnia and Playwright make of it, and which entry is
//! the refused one. Does not know why it was refused.

mod choose;
mod exchange;
mod log;
mod member;
#[cfg(test)]
mod tests;

use countersign_secret::Secret;
use countersign_wire::basic;

use super::ReadFault;
use crate::case::{Case, Client, Exchange, Login, LoginSource};
use crate::credential::credentials_of;
use crate::message::Request;

use log::Log;

/// The largest recording that is read.
const FILE_BYTES_MAX: usize = 200 * 1024 * 1024;
/// How much of a body is kept.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// The case of one entry, by its number from 0, or of the first that is refused.
///
/// Where nothing is refused and no number is given, it is the last entry.
///
/// # Errors
///
/// When it is no recording, has no such entry, or the entry has no address.
pub fn entry(json: &[u8], number: Option<usize>) -> Result<Case, ReadFault> {
    if json.len() > FILE_BYTES_MAX {
        return Err(ReadFault::new("the recording is larger than 200 MiB")
            .with_help("record again, or export only the requests around the refusal"));
    }
    let log = log::read(json)?;
    let count = log.exchanges.len();
    if count == 0 {
        return Err(ReadFault::new("the recording has no entries").with_help(
            "open the network tab before the request is made, and export all requests",
        ));
    }
    let number = match number {
        Some(number) if number >= count => {
            return Err(
                ReadFault::new(format!("there is no entry {number} in the recording"))
                    .with_help(format!("it has {count}, numbered from 0 to {}", count - 1)),
            );
        }
        Some(number) => number,
        None => choose::entry(&log.exchanges).unwrap_or(count - 1),
    };
    case(log, number)
}

fn case(log: Log, number: usize) -> Result<Case, ReadFault> {
    let mut before: Vec<Exchange> = Vec::new();
    let mut after: Vec<Exchange> = Vec::new();
    let mut chosen = None;
    let own_start = started(&log, number);
    for (index, exchange) in log.exchanges.into_iter().enumerate() {
        let Some(exchange) = exchange else {
            continue;
        };
        if index == number {
            chosen = Some(exchange);
            continue;
        }
        // The order of a recording is that of the starts, but for exporters which write by the ends.
        let is_earlier = match (exchange.recorded.started_unix_ms, own_start) {
            (Some(start), Some(own)) if start != own => start < own,
            (Some(_) | None, Some(_) | None) => index < number,
        };
        match is_earlier {
            true => before.push(exchange),
            false => after.push(exchange),
        }
    }
    let Some(chosen) = chosen else {
        return Err(ReadFault::new(format!(
            "entry {number} of the recording has no address that can be read"
        )));
    };
    for side in [&mut before, &mut after] {
        side.sort_by_key(|exchange| exchange.recorded.started_unix_ms);
    }
    let client = client(&chosen.request, log.creator.as_deref());
    Ok(Case {
        login: login(&chosen.request),
        follows_redirects: client != Client::Curl,
        client,
        answer: chosen.answer,
        recorded: chosen.recorded,
        request: Some(chosen.request),
        before,
        after,
        ..Case::default()
    })
}

fn started(log: &Log, number: usize) -> Option<i64> {
    let exchange = log.exchanges.get(number)?.as_ref()?;
    exchange.recorded.started_unix_ms
}

/// Words of `User-Agent`, the telling before those that everybody writes.
const AGENTS: [(&str, Client); 18] = [
    ("powershell", Client::Dotnet),
    (".net", Client::Dotnet),
    ("restsharp", Client::Dotnet),
    ("python", Client::PythonRequests),
    ("aiohttp", Client::PythonRequests),
    ("go-http-client", Client::Go),
    ("go-resty", Client::Go),
    ("okhttp", Client::Java),
    ("apache-httpclient", Client::Java),
    ("java/", Client::Java),
    ("java-http-client", Client::Java),
    ("node", Client::NodeFetch),
    ("undici", Client::NodeFetch),
    ("axios/", Client::NodeFetch),
    ("got (", Client::NodeFetch),
    ("insomnia", Client::NodeFetch),
    ("postman", Client::NodeFetch),
    ("curl/", Client::Curl),
];

fn client(request: &Request, creator: Option<&str>) -> Client {
    let agent = request.fields.text("user-agent");
    // Only these two make requests themselves; others record those of a browser.
    let by = creator.filter(|name| {
        let name = name.to_ascii_lowercase();
        name.contains("insomnia") || name.contains("postman")
    });
    let said = agent.as_deref().or(by).unwrap_or_default();
    let said = said.to_ascii_lowercase();
    let known = AGENTS.iter().find(|(word, _)| said.contains(word));
    known.map_or(Client::Browser, |(_, client)| *client)
}

/// A user name and password that the client had, where it sent them.
fn login(request: &Request) -> Option<Login> {
    let credentials = credentials_of(request);
    let basic = credentials
        .iter()
        .find(|credential| credential.is("basic"))?;
    let read = basic::server::parse(basic.secret.expose()).ok()?;
    Some(Login {
        user: read.user().to_owned(),
        password: Secret::new(read.password().to_owned()),
        source: LoginSource::Field,
    })
}
