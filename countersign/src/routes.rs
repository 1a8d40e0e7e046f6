//! `countersign routes`: which rule would decide a request, and why.
//!
//! Knows: how to print the trace of the rules. Does not know how a rule matches.

use std::process::ExitCode;

use countersign_config::Settings;
use countersign_flow::{RouteRules, Rules};
use countersign_policy::{Considered, Demand, Host, Target};
use http::Method;
use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::Failure;

#[derive(clap::Args)]
#[command(
    after_help = "Exit codes: 0 a route decides, 1 the request would be refused before any does.\n\n\
                        Examples:\n  countersign routes https://api.example.com/orders/7 -X DELETE\n  countersign routes /health"
)]
pub(crate) struct Args {
    /// A URL, or a path alone: then the host is `localhost`
    url: String,
    /// The method
    #[arg(
        short = 'X',
        long = "request",
        value_name = "METHOD",
        default_value = "GET"
    )]
    method: String,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let checked = context.checked()?;
    let method: Method = args
        .method
        .parse()
        .map_err(|_| Failure::usage(format!("`{}` is not a method", args.method)))?;
    let (authority, path_and_query) = split(&args.url);
    let host = Host::parse(authority.as_bytes()).map_err(|defect| {
        Failure::usage(format!("`{authority}` is not a host: {}", defect.detail()))
    })?;
    let target = Target::parse(path_and_query).map_err(|ambiguity| {
        Failure::new(format!(
            "`{path_and_query}` is refused with `{}`: {}",
            ambiguity.cause(),
            ambiguity.detail()
        ))
        .help("a path that can be read in two ways is not looked up at all")
    })?;
    let considered = checked.rules.routes.trace(&host, &target, &method);
    let decides = considered
        .iter()
        .find(|route| route.fit.is_whole())
        .map(|route| route.index);
    let rule = decides.and_then(|index| checked.rules.route_rules.get(index));
    if args.json {
        println!(
            "{}",
            as_json(
                &considered,
                rule,
                &target,
                &checked.rules,
                &checked.settings
            )
        );
    } else {
        print(
            &considered,
            rule,
            &target,
            &checked.rules,
            &checked.settings,
        );
    }
    Ok(if rule.is_some() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Authority and target of a URL; of a path alone, `localhost` and itself.
fn split(url: &str) -> (&str, &str) {
    let Some((_, rest)) = url.split_once("://") else {
        return ("localhost", url);
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest.split_at_checked(end) {
        Some((authority, "")) => (authority, "/"),
        Some((authority, target)) => (authority, target),
        None => (rest, "/"),
    }
}

fn print(
    considered: &[Considered<'_>],
    rule: Option<&RouteRules>,
    target: &Target<'_>,
    rules: &Rules,
    settings: &Settings,
) {
    if !target.is_as_received() {
        println!("the path is read, and sent on, as `{}`", target.path());
    }
    for route in considered {
        let outcome = if route.fit.is_whole() {
            "decides"
        } else {
            "does not fit"
        };
        println!("{}: {outcome} ({})", route.route.name, route.fit.detail());
    }
    match rule {
        Some(rule) => {
            println!();
            println!(
                "accepts:  {}",
                words(&accepted(rule), "nothing: credentials are not looked at")
            );
            println!("demands:  {}", demand(&rule.demand));
            if rule.accept.bearer {
                println!("issuers:  {}", words(&issuers(rule, rules), "none"));
            }
            println!("upstream: {}", upstream(rule, settings));
        }
        None => println!("\nno route fits: the request is refused with `route-unmatched` (404)"),
    }
}

fn as_json(
    considered: &[Considered<'_>],
    rule: Option<&RouteRules>,
    target: &Target<'_>,
    rules: &Rules,
    settings: &Settings,
) -> Value {
    let list: Vec<_> = considered
        .iter()
        .map(|route| json!({ "route": route.route.name, "fits": route.fit.is_whole(), "reason": route.fit.detail() }))
        .collect();
    json!({
        "path": target.path(),
        "considered": list,
        "decides": rule.map(|rule| json!({
            "route": rule.name,
            "accept": accepted(rule),
            "demand": demand(&rule.demand),
            "issuers": issuers(rule, rules),
            "upstream": upstream(rule, settings),
        })),
    })
}

fn words(list: &[&str], otherwise: &str) -> String {
    if list.is_empty() {
        otherwise.to_owned()
    } else {
        list.join(", ")
    }
}

fn accepted(rule: &RouteRules) -> Vec<&'static str> {
    let accept = rule.accept;
    [
        (accept.basic, "basic"),
        (accept.bearer, "bearer"),
        (accept.api_key, "api-key"),
    ]
    .into_iter()
    .filter_map(|(accepted, name)| accepted.then_some(name))
    .collect()
}

fn issuers<'r>(rule: &RouteRules, rules: &'r Rules) -> Vec<&'r str> {
    if !rule.accept.bearer {
        return Vec::new();
    }
    rule.issuers
        .iter()
        .filter_map(|index| rules.issuers.get(*index))
        .map(|issuer| &*issuer.name)
        .collect()
}

fn upstream<'s>(rule: &RouteRules, settings: &'s Settings) -> &'s str {
    settings
        .upstreams
        .get(rule.upstream)
        .map_or("?", |upstream| &upstream.name)
}

fn demand(demand: &Demand) -> String {
    let networks = |list: &[countersign_policy::Network]| {
        format!(
            "an address in {}",
            list.iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" or ")
        )
    };
    match demand {
        Demand::Anyone => "nothing: anyone may pass".to_owned(),
        Demand::AnyoneFrom(list) => format!("nothing but {}", networks(list)),
        Demand::Identity(wanted) => {
            let mut parts = vec!["a known caller".to_owned()];
            let any = |what: &str, list: &[Box<str>]| {
                (!list.is_empty()).then(|| format!("{what} {}", list.join(" or ")))
            };
            parts.extend(any("user", &wanted.users));
            parts.extend(any("group", &wanted.groups));
            parts.extend(
                (!wanted.scopes.is_empty())
                    .then(|| format!("scopes {}", wanted.scopes.join(" and "))),
            );
            parts.extend(
                wanted
                    .claims
                    .iter()
                    .map(|claim| format!("claim {} = {}", claim.name, claim.any_of.join(" or "))),
            );
            parts.extend((!wanted.networks.is_empty()).then(|| networks(&wanted.networks)));
            parts.join(", ")
        }
    }
}
