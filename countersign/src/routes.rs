//! `countersign routes`: which rule would decide a request, and why.
//!
//! Knows: what a URL is taken apart into. Does not know how a rule matches.

mod pages;
mod shown;

use std::process::ExitCode;

use countersign_cause::Cause;
use countersign_config::Checked;
use countersign_flow::{Channel, Outcome, Request, Step, Verdict, begin};
use countersign_policy::{Considered, Fit, Host, OriginFault, OriginPattern, Routes, Target};
use http::{HeaderMap, Method};

use self::shown::Found;
use crate::context::Context;
use crate::failure::Failure;
use crate::printing::{self, plain};

#[derive(clap::Args)]
#[command(
    after_help = "Exit codes: 0 a route decides, 1 the request would be refused before any does.\n\n\
                  Examples:\n  countersign routes https://api.example.com/orders/7 -X DELETE\n  countersign routes https://api.example.com/orders/7 -X PUT --origin https://app.example.com\n  countersign routes /health"
)]
pub(crate) struct Args {
    /// A URL, or a path alone: then routes that name hosts are shown, too
    url: String,
    /// The method
    #[arg(
        short = 'X',
        long = "request",
        value_name = "METHOD",
        default_value = "GET"
    )]
    method: String,
    /// Say what a page of this origin may do (CORS), by the method that the page would use
    #[arg(long, value_name = "ORIGIN")]
    origin: Option<String>,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let checked = context.quietly_checked()?;
    let method: Method = args
        .method
        .parse()
        .map_err(|_| Failure::usage(format!("`{}` is not a method", plain(&args.method))))?;
    let (authority, path_and_query) = split(&args.url)?;
    let host = authority.map(host).transpose()?;
    let target = Target::parse(path_and_query).map_err(|ambiguity| {
        // The query may hold a token.
        let path = plain(path_and_query.split('?').next().unwrap_or_default());
        Failure::new(format!(
            "`{path}` is refused with `{}`: {}",
            ambiguity.cause(),
            ambiguity.detail()
        ))
        .help("a path that can be read in two ways is not looked up at all")
    })?;
    if let Some(origin) = &args.origin {
        check_origin(origin, &method)?;
    }
    if let Some(answer) = before_any_route(&checked, authority, path_and_query, &method) {
        return Err(answer);
    }
    let routes = &checked.rules.routes;
    let considered = match &host {
        Some(host) => routes.trace(host, &target, &method),
        None => trace_on_any_host(routes, &target, &method),
    };
    let found = Found {
        considered,
        any_host: host.is_none(),
        target,
        checked: &checked,
        page: args.origin.as_deref().map(|origin| (origin, &method)),
    };
    if args.json {
        printing::json(&found.as_json())?;
    } else {
        printing::data(&found.text())?;
    }
    Ok(if found.decides() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// A page is asked about with its origin as the browser sends it, and with the method of its own request.
fn check_origin(origin: &str, method: &Method) -> Result<(), Failure> {
    let fault = match OriginPattern::parse(origin) {
        Ok(_) if origin.contains('*') => Some(OriginFault::Star),
        Ok(_) => None,
        Err(fault) => Some(fault),
    };
    if let Some(fault) = fault {
        // What stands before an `@` is a user name and a password.
        let shown = if origin.contains('@') {
            "the origin"
        } else {
            origin
        };
        let failure = Failure::usage(format!("`{}`: {}", plain(shown), fault.detail()));
        return Err(
            failure.help("write it as the browser sends it, as in `https://app.example.com`")
        );
    }
    if *method == Method::OPTIONS {
        return Err(Failure::usage(
            "a preflight is decided by the route of the request that comes after it",
        )
        .help("give the method that the page would use, as in `-X PUT`"));
    }
    Ok(())
}

/// Authority and target of a URL; of a path alone, no authority.
fn split(url: &str) -> Result<(Option<&str>, &str), Failure> {
    if url.starts_with('/') {
        return Ok((None, url));
    }
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    let Some(rest) = rest else {
        return Err(Failure::usage("neither a URL nor a path is given")
            .help("a URL begins with `https://` or `http://`, a path with `/`"));
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at_checked(end).unwrap_or((rest, ""));
    // RFC 9112 section 3.2.1: an empty path is sent as `/`.
    Ok((
        Some(authority),
        if target.is_empty() { "/" } else { target },
    ))
}

fn host(authority: &str) -> Result<Host<'_>, Failure> {
    Host::parse(authority.as_bytes()).map_err(|defect| {
        if authority.contains('@') {
            // What stands before it is a user name and a password.
            return Failure::usage(format!("the URL has no host: {}", defect.detail()));
        }
        Failure::usage(format!(
            "`{}` is not a host: {}",
            plain(authority),
            defect.detail()
        ))
    })
}

/// What the gateway answers itself, without a look at the routes.
fn before_any_route(
    checked: &Checked,
    authority: Option<&str>,
    path_and_query: &str,
    method: &Method,
) -> Option<Failure> {
    if matches!(*method, Method::CONNECT | Method::TRACE) {
        let cause = Cause::MethodNotSupported;
        return Some(Failure::new(format!(
            "`{method}` is refused with `{}` on every route",
            cause.id()
        )));
    }
    let request = Request {
        authority: Some(authority.unwrap_or("localhost")),
        path_and_query,
        method,
        headers: &HeaderMap::new(),
        channel: Channel::default(),
        client: std::net::IpAddr::from(std::net::Ipv4Addr::LOCALHOST).into(),
        original_target: None,
        wants_tunnel: false,
    };
    match begin(&checked.rules, request, 0) {
        Step::Done(Verdict {
            outcome: Outcome::Own(_),
            ..
        }) => Some(Failure::new(
            "this is a page of the gateway itself: no route decides about it",
        )),
        Step::Done(Verdict {
            outcome: Outcome::Permit(_) | Outcome::Refusal(_) | Outcome::Preflight(_),
            ..
        })
        | Step::Recall(_)
        | Step::Attempt(_)
        | Step::Account(_)
        | Step::Hash(_)
        | Step::Key(_)
        | Step::Session(_)
        | Step::Keys(_)
        | Step::Introspect(_)
        | Step::Nonces(_)
        | Step::Secret(_)
        | Step::Body(_)
        | Step::Count(_)
        | Step::ProofNonces(_)
        | Step::FirstSight(_) => None,
    }
}

/// Every route that would decide on one of its hosts, up to the one that decides on all that are left.
fn trace_on_any_host<'r>(
    routes: &'r Routes,
    target: &Target<'_>,
    method: &Method,
) -> Vec<Considered<'r>> {
    let mut considered = Vec::new();
    for (index, route) in routes.as_slice().iter().enumerate() {
        let fit = Fit {
            host: true,
            path: route.paths.iter().any(|pattern| pattern.matches(target)),
            method: route.methods.contain(method),
        };
        considered.push(Considered { index, route, fit });
        if fit.is_whole() && route.hosts.is_empty() {
            break;
        }
    }
    considered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart_at_the_first_character_of_its_target() {
        let taken_apart = |url| split(url).unwrap();
        assert_eq!(
            taken_apart("https://a.example/x?y"),
            (Some("a.example"), "/x?y")
        );
        assert_eq!(
            taken_apart("http://a.example:8080"),
            (Some("a.example:8080"), "/")
        );
        assert_eq!(
            taken_apart("https://a.example?y"),
            (Some("a.example"), "?y")
        );
        assert_eq!(
            taken_apart("/x?to=https://b.example/"),
            (None, "/x?to=https://b.example/")
        );
        assert_eq!(taken_apart("https://"), (Some(""), "/"));
    }

    #[test]
    fn what_is_neither_url_nor_path_is_refused() {
        for url in ["", "x", "ftp://a.example/", "HTTPS:/a", "*"] {
            assert!(split(url).is_err(), "{url}");
        }
    }
}
