//! How the trace of the rules is shown.
//!
//! Knows: words for rules. Does not know how they were found.

use countersign_config::Checked;
use countersign_flow::RouteRules;
use countersign_policy::{Considered, Demand, Deny, Network, Target};
use http::Method;
use serde_json::{Value, json};

use super::pages;
use crate::printing;

/// Which routes were looked at, in order.
pub(super) struct Found<'f> {
    pub(super) considered: Vec<Considered<'f>>,
    /// Whether no host was given, and each route was taken to be asked on a host of its own.
    pub(super) any_host: bool,
    pub(super) target: Target<'f>,
    pub(super) checked: &'f Checked,
    /// The origin of a page that is asked about, and the method that it would use.
    pub(super) page: Option<(&'f str, &'f Method)>,
}

impl<'f> Found<'f> {
    pub(super) fn decides(&self) -> bool {
        self.deciding().next().is_some()
    }

    /// The routes that decide: one, or several on different hosts.
    fn deciding(&self) -> impl Iterator<Item = (&Considered<'f>, &'f RouteRules)> + '_ {
        let rules = &self.checked.rules.route_rules;
        let whole = self.considered.iter().filter(|route| route.fit.is_whole());
        whole.filter_map(|route| Some((route, rules.get(route.index)?)))
    }

    /// The hosts that a route decides on, where that depends on the host.
    fn only_on(&self, route: &Considered<'_>) -> Vec<String> {
        if self.any_host {
            route.route.hosts.iter().map(ToString::to_string).collect()
        } else {
            Vec::new()
        }
    }

    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        if self.any_host {
            text.push_str("no host is given: each route is looked at as if it were asked on a host of its own\n");
        }
        if !self.target.is_as_received() {
            text.push_str(&format!(
                "the path is read, and sent on, as `{}`\n",
                self.target.path()
            ));
        }
        for route in &self.considered {
            let hosts = self.only_on(route);
            let outcome = match (route.fit.is_whole(), hosts.is_empty()) {
                (false, _) => format!("does not fit ({})", route.fit.detail()),
                (true, true) => format!("decides ({})", route.fit.detail()),
                (true, false) => format!("decides on {}", hosts.join(", ")),
            };
            text.push_str(&format!("{}: {outcome}\n", route.route.name));
        }
        for (_, rule) in self.deciding() {
            text.push('\n');
            text.push_str(&printing::fields(&self.fields(rule)));
        }
        if !self.decides() {
            text.push_str("\nno route fits: the request is refused with `route-unmatched` (404)\n");
        }
        text
    }

    fn fields(&self, rule: &RouteRules) -> Vec<(&'static str, String)> {
        let words = |list: &[&str], otherwise: &str| match list {
            [] => otherwise.to_owned(),
            list => list.join(", "),
        };
        let mut fields = vec![
            ("route", rule.name.to_string()),
            (
                "accepts",
                words(&accepted(rule), "nothing: credentials are not looked at"),
            ),
            ("demands", demand(&rule.demand)),
        ];
        if let Some(refused) = refused(&rule.deny) {
            fields.insert(2, ("refuses", refused));
        }
        if let Some(secs) = rule.leeway_secs {
            fields.push(("leeway", format!("{secs} seconds")));
        }
        if let Some(secs) = rule.remember_secs {
            fields.push(("remembers", format!("for {secs} seconds")));
        }
        if rule.accept.tokens() {
            fields.push(("issuers", words(&self.issuers(rule), "none")));
            let asked = self.asked(rule);
            if !asked.is_empty() {
                fields.push(("asked about tokens", asked.join(", ")));
            }
        }
        if let Some(cors) = rule.cors.as_deref() {
            fields.push(("cors", pages::summary(cors)));
        }
        if let Some((origin, method)) = self.page {
            fields.push(("page", pages::page(rule.cors.as_deref(), origin, method)));
        }
        fields.push(("upstream", self.upstream(rule).to_owned()));
        fields
    }

    pub(super) fn as_json(&self) -> Value {
        let considered: Vec<_> = self
            .considered
            .iter()
            .map(|route| {
                json!({
                    "route": route.route.name,
                    "fits": route.fit.is_whole(),
                    "reason": route.fit.detail(),
                    "only_on_hosts": self.only_on(route),
                })
            })
            .collect();
        let deciding: Vec<_> = self
            .deciding()
            .map(|(route, rule)| {
                json!({
                    "route": rule.name,
                    "only_on_hosts": self.only_on(route),
                    "accept": accepted(rule),
                    "deny": refused(&rule.deny),
                    "demand": demand(&rule.demand),
                    "leeway_secs": rule.leeway_secs,
                    "remember_secs": rule.remember_secs,
                    "issuers": self.issuers(rule),
                    "asked_about_tokens": self.asked(rule),
                    "cors": pages::as_json(rule.cors.as_deref(), self.page),
                    "upstream": self.upstream(rule),
                })
            })
            .collect();
        let refused = deciding.is_empty().then_some("route-unmatched");
        json!({ "path": self.target.path(), "considered": considered, "deciding": deciding, "refused": refused })
    }

    fn issuers(&self, rule: &RouteRules) -> Vec<&'f str> {
        if !rule.accept.tokens() {
            return Vec::new();
        }
        let issuers = &self.checked.rules.issuers;
        rule.issuers
            .iter()
            .filter_map(|index| Some(&*issuers.get(*index)?.name))
            .collect()
    }

    /// The issuers that opaque tokens are shown to.
    fn asked(&self, rule: &RouteRules) -> Vec<&'f str> {
        let issuers = &self.checked.rules.issuers;
        let is_asked = |name: &&str| {
            let mut asked = issuers
                .iter()
                .filter(|issuer| issuer.introspection.is_some());
            asked.any(|issuer| *issuer.name == **name)
        };
        self.issuers(rule).into_iter().filter(is_asked).collect()
    }

    fn upstream(&self, rule: &RouteRules) -> &'f str {
        self.checked
            .settings
            .upstreams
            .get(rule.upstream)
            .map_or("?", |upstream| &upstream.name)
    }
}

fn accepted(rule: &RouteRules) -> Vec<&'static str> {
    let accept = rule.accept;
    [
        (accept.basic, "basic"),
        (accept.bearer, "bearer"),
        (accept.digest, "digest"),
        (accept.api_key, "api-key"),
        (accept.dpop, "dpop"),
        (accept.session, "session"),
        (accept.certificate, "certificate"),
    ]
    .into_iter()
    .filter_map(|(accepted, name)| accepted.then_some(name))
    .collect()
}

fn networks(list: &[Network]) -> String {
    let list: Vec<String> = list.iter().map(ToString::to_string).collect();
    format!("an address in {}", list.join(" or "))
}

fn any_of(what: &str, list: &[Box<str>]) -> Option<String> {
    (!list.is_empty()).then(|| format!("{what} {}", list.join(" or ")))
}

/// Who is refused before anything is demanded, if anybody.
fn refused(deny: &Deny) -> Option<String> {
    let parts = [
        any_of("user", &deny.users),
        any_of("group", &deny.groups),
        (!deny.networks.is_empty()).then(|| networks(&deny.networks)),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn demand(demand: &Demand) -> String {
    match demand {
        Demand::Anyone => "nothing: anyone may pass".to_owned(),
        Demand::AnyoneFrom(list) => format!("nothing but {}", networks(list)),
        Demand::Identity(wanted) => {
            let mut parts = vec!["a known caller".to_owned()];
            parts.extend(any_of("user", &wanted.users));
            parts.extend(any_of("group", &wanted.groups));
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
            parts.extend(wanted.second_factor.then(|| "second factor".to_owned()));
            let sign_in = &wanted.sign_in;
            parts.extend(any_of("class of sign-in", &sign_in.acr));
            parts.extend(
                (!sign_in.amr.is_empty()).then(|| format!("methods {}", sign_in.amr.join(" and "))),
            );
            parts.extend(
                sign_in
                    .age_secs_max
                    .map(|secs| format!("a sign-in of the last {secs} seconds")),
            );
            parts.extend((!wanted.networks.is_empty()).then(|| networks(&wanted.networks)));
            parts.join(", ")
        }
    }
}
