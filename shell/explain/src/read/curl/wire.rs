//! From what is asked for to what curl puts on the wire.
//!
//! Knows: the method, fields and body that curl makes. Does not know how the words were split.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign_cause::Cause;
use url::Url;

use super::address::{self, Address};
use super::asked::Asked;
use super::body::{Body, urlencoded};
use super::cookies;
use super::fields::{Custom, not_missing};
use super::login::{self, Choice};
use super::transport;
use crate::case::{Case, Login, LoginSource};
use crate::command;
use crate::finding::{Finding, Weight};
use crate::message::Request;
use crate::read::{FIELDS_MAX, Files, Noting, ReadFault};

/// What curl calls itself where it is not told.
pub(super) const USER_AGENT: &str = "curl/8.5.0";

/// The case of what was asked for.
///
/// # Errors
///
/// No address, or one that is none of HTTP.
pub(super) fn case(asked: &Asked, files: &dyn Files) -> Result<Case, ReadFault> {
    let text = asked.address.as_deref().ok_or_else(|| {
        ReadFault::new("the command has no address")
            .with_help("add the `https://...` that is asked for")
    })?;
    if asked.headers.len() > FIELDS_MAX {
        return Err(ReadFault::new(format!(
            "the command has more than {FIELDS_MAX} fields"
        )));
    }
    let address = address::read(text, asked.scheme_default.as_deref().unwrap_or("http"))?;
    let (transport, unconnected) = transport::of(&asked.connection, address.url.as_ref(), files);
    let mut case = Case {
        transport,
        follows_redirects: asked.follows,
        trusts_redirects: asked.trusts,
        left_out: asked.left_out.clone(),
        noticed: address.noticed.clone(),
        ..Case::default()
    };
    case.left_out.extend(unconnected);
    match &address.url {
        Some(url) => fill(&mut case, asked, &address, url.clone(), files),
        None => mend(&mut case, asked, &address),
    }
    Ok(case)
}

fn fill(case: &mut Case, asked: &Asked, address: &Address, url: Url, files: &dyn Files) {
    let host = url.host_str().unwrap_or_default().to_owned();
    let choice = login::choose(asked, address, &host, files);
    let custom = Custom::of(&asked.headers, files);
    let noting = Noting::new(files);
    let (body, missing) = asked.data.body(&noting);
    case.left_out.extend(
        missing.into_iter().map(|name| {
            format!("the file `{name}` could not be read, so what it holds is missing")
        }),
    );
    let mut request = Request::new("GET", url);
    place(&mut request, asked, body, &noting);
    case.contents = noting.into_read();
    request.method = method(asked, &request);
    case.noticed.extend(custom.noticed.iter().cloned());
    own_fields(&mut request, asked, &custom, &choice, case, files);
    for field in &custom.sent {
        request.fields.add(&field.name, field.value.clone());
    }
    case.noticed.extend(overridden(&custom, &choice));
    case.noticed.extend(choice.noticed);
    case.left_out.extend(choice.left_out);
    case.negotiates = choice.negotiates;
    case.login = choice.login;
    case.request = Some(request);
}

/// Puts the data into the body, or into the query where `-G` says so.
fn place(request: &mut Request, asked: &Asked, body: Option<Body>, files: &dyn Files) {
    let mut parts: Vec<String> = request.url.query().map(str::to_owned).into_iter().collect();
    let mut read = |name: &str| files.read(name).unwrap_or_default();
    for given in &asked.query {
        parts.push(match given.strip_prefix('+') {
            Some(as_it_is) => as_it_is.to_owned(),
            None => urlencoded(given, &mut read),
        });
    }
    match body {
        Some(body) if asked.get || asked.head => {
            parts.push(String::from_utf8_lossy(&body.bytes).into_owned());
        }
        Some(body) => {
            request.body = Some(body.bytes);
            if let Some(kind) = body.kind {
                request.fields.add("Content-Type", kind);
            }
        }
        None => {
            let upload = asked.upload.as_deref();
            request.body = upload.map(|name| files.read(name).unwrap_or_default());
            if let Some(name) = upload.filter(|name| !matches!(*name, "-" | ".")) {
                name_upload(&mut request.url, name);
            }
        }
    }
    parts.retain(|part| !part.is_empty());
    if !parts.is_empty() {
        request.url.set_query(Some(&parts.join("&")));
    }
    // What is asked for literally: only the origin form can be told by a URL.
    if let Some(target) = asked
        .request_target
        .as_deref()
        .filter(|target| target.starts_with('/'))
        && let Ok(url) = request.url.join(target)
        && url.origin() == request.url.origin()
    {
        request.url = url;
    }
}

/// What is uploaded to a folder gets the name of its file there.
fn name_upload(url: &mut Url, file: &str) {
    let name = file.rsplit('/').next().unwrap_or_default();
    if url.path().ends_with('/')
        && let Ok(mut segments) = url.path_segments_mut()
    {
        segments.pop_if_empty().push(name);
    }
}

fn method(asked: &Asked, request: &Request) -> String {
    if let Some(method) = asked.method.as_deref().filter(|method| !method.is_empty()) {
        return method.to_owned();
    }
    let implied = if asked.head {
        "HEAD"
    } else if asked.upload.is_some() {
        "PUT"
    } else if request.body.is_some() {
        "POST"
    } else {
        "GET"
    };
    implied.to_owned()
}

/// The fields that curl makes itself, in its order, but for those that `-H` names.
fn own_fields(
    request: &mut Request,
    asked: &Asked,
    custom: &Custom,
    choice: &Choice,
    case: &mut Case,
    files: &dyn Files,
) {
    let kind = request.fields.first("content-type").map(<[u8]>::to_vec);
    request.fields.remove("content-type");
    let cookie = cookie(asked, &request.url, case, files);
    let agent = asked.agent.as_deref().unwrap_or(USER_AGENT);
    let accept = match asked.data.is_json() {
        true => "application/json",
        false => "*/*",
    };
    let own: [(&str, Option<Vec<u8>>); 7] = [
        ("Authorization", authorization(asked, choice)),
        (
            "User-Agent",
            Some(agent.into()).filter(|agent: &Vec<u8>| !agent.is_empty()),
        ),
        ("Accept", Some(accept.into())),
        (
            "Range",
            asked
                .range
                .as_ref()
                .map(|range| format!("bytes={range}").into_bytes()),
        ),
        ("Referer", referer(asked)),
        ("Cookie", cookie.map(String::into_bytes)),
        ("Content-Type", kind),
    ];
    for (name, value) in own {
        if let Some(value) = value
            && !custom.names(name)
        {
            request.fields.add(name, value);
        }
    }
}

fn referer(asked: &Asked) -> Option<Vec<u8>> {
    // `;auto` asks to set it on redirects.
    let referer = asked.referer.as_deref()?.trim_end_matches(";auto");
    (!referer.is_empty()).then(|| referer.into())
}

/// The bearer token wins over a user name; of a user name nothing is sent where the challenge decides on the scheme.
fn authorization(asked: &Asked, choice: &Choice) -> Option<Vec<u8>> {
    if let Some(token) = &asked.bearer {
        return Some(format!("Bearer {token}").into_bytes());
    }
    let login = choice.login.as_ref()?;
    choice.negotiates.is_empty().then(|| basic(login))
}

/// Basic credentials as curl makes them: it checks nothing, so a colon or a line break in them goes on the wire.
fn basic(login: &Login) -> Vec<u8> {
    let pair = format!("{}:{}", login.user, login.password.expose());
    format!("Basic {}", STANDARD.encode(pair)).into_bytes()
}

/// The pairs of `-b`; what has no `=` in it is the name of a file.
fn cookie(asked: &Asked, url: &Url, case: &mut Case, files: &dyn Files) -> Option<String> {
    let mut pairs = Vec::new();
    for given in &asked.cookies {
        if given.contains('=') {
            pairs.push(given.trim_matches([' ', ';']).to_owned());
            continue;
        }
        match files.read(given) {
            Ok(bytes) => {
                for cookie in cookies::of_file(&String::from_utf8_lossy(&bytes), url) {
                    let name = cookie.pair.split('=').next().unwrap_or_default();
                    if let Some(ends) = cookie.ends_unix_secs {
                        case.cookie_ends.push((name.to_owned(), ends));
                    }
                    pairs.push(cookie.pair);
                }
            }
            Err(fault) if fault.kind() == std::io::ErrorKind::Unsupported => case.left_out.push(
                "the cookie file of `-b` was not read, so its cookies are missing here".to_owned(),
            ),
            Err(_) => case.noticed.extend([
                Finding::new(
                    Cause::CredentialsNotApplied,
                    Weight::Strong,
                    "the value of `-b` has no `=` in it, so curl takes it for a file, does not find it, and sends no cookie",
                ),
                not_missing(),
            ]),
        }
    }
    (!pairs.is_empty()).then(|| pairs.join("; "))
}

/// A field that is written by hand takes the place of everything else that was given.
fn overridden(custom: &Custom, choice: &Choice) -> Option<Finding> {
    let from = match choice.login.as_ref()?.source {
        LoginSource::Option => "`-u`",
        LoginSource::Url => "the address",
        LoginSource::Netrc => "`.netrc`",
        LoginSource::Field => return None,
    };
    if custom.sent.has("authorization") {
        let evidence = format!(
            "{from} gives a user name and password, but an `Authorization` of `-H` takes their place, so they are not sent"
        );
        return Some(Finding::new(
            Cause::CredentialsOverridden,
            Weight::Fair,
            evidence,
        ));
    }
    custom.names("authorization").then(|| {
        let evidence = format!(
            "{from} gives a user name and password, but `-H 'Authorization:'` without a value keeps curl from sending them"
        );
        Finding::new(Cause::CredentialsNotApplied, Weight::Strong, evidence)
    })
}

/// An address whose user info is cut has no request; the fix shows the one that was meant.
fn mend(case: &mut Case, asked: &Asked, address: &Address) {
    let Some((url, user)) = &address.mended else {
        return;
    };
    let mut request = Request::new("GET", url.clone());
    request.method = method(asked, &request);
    request.fields.add(
        "Authorization",
        basic(&Login {
            user: user.clone(),
            // The variable of the command stands for it.
            password: countersign_secret::Secret::new("password".to_owned()),
            source: LoginSource::Url,
        }),
    );
    let shown = command::curl(case, &request);
    for finding in &mut case.noticed {
        if let Some(fix) = &mut finding.fix {
            fix.command = Some(shown.clone());
        }
    }
}
