//! What is counted, and how things are, by the names that it is known by outside.
//!
//! Knows: names, labels and units of what is shown. Does not know how it came about, nor the forms that it is shown in: there is one list for
//! all of them. Nothing shown holds a secret, nor anything that a client can choose: labels are names of the configuration and of the catalogue.

use std::collections::BTreeMap;

use super::figures::Summed;
use super::state::State;

/// Names and values, in a fixed order.
pub(crate) type Labels = Vec<(&'static str, String)>;

/// Everything under one name.
#[derive(Debug)]
pub(crate) struct Family {
    /// Without the prefix that all have, and without what a form adds for counts.
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    pub(crate) values: Values,
}

/// What a family is of.
#[derive(Debug)]
pub(crate) enum Values {
    /// Counted since the process began.
    Counts(BTreeMap<Labels, u64>),
    /// As it is now.
    Levels(BTreeMap<Labels, i64>),
    /// Durations since the process began.
    Durations(BTreeMap<Labels, Summed>),
}

/// Before the name of every family.
pub(crate) const PREFIX: &str = "countersign";

/// Everything that is shown.
pub(crate) fn families(state: &State) -> Vec<Family> {
    let mut page = Page(Vec::new());
    requests(&mut page, state);
    durations(&mut page, state);
    upstreams(&mut page, state);
    connections(&mut page, state);
    verification(&mut page, state);
    sign_ins(&mut page, state);
    certificate(&mut page, state);
    operation(&mut page, state);
    page.0
}

fn requests(page: &mut Page, state: &State) {
    let mut permitted: BTreeMap<Labels, u64> = BTreeMap::new();
    let mut answered: BTreeMap<Labels, u64> = BTreeMap::new();
    let mut refused: BTreeMap<Labels, u64> = BTreeMap::new();
    for worker in &state.workers {
        worker.each_route(|name, route| {
            let of_route = ("route", name.to_owned());
            if !name.is_empty() {
                *permitted.entry(vec![of_route.clone()]).or_default() += route.permitted.get();
            }
            for (digit, count) in route.answered.iter().enumerate() {
                if count.get() > 0 {
                    let labels = vec![of_route.clone(), ("class", format!("{digit}xx"))];
                    *answered.entry(labels).or_default() += count.get();
                }
            }
            route.each_refusal(|cause, scheme, count| {
                let scheme = scheme.map_or("", |scheme| scheme.name());
                let labels = vec![
                    of_route.clone(),
                    ("cause", cause.id().to_owned()),
                    ("scheme", scheme.to_owned()),
                ];
                *refused.entry(labels).or_default() += count;
            });
        });
    }
    page.counters(
        "requests_permitted",
        "Requests that were let through, by route",
        permitted,
    );
    page.counters(
        "requests_refused",
        "Requests that were refused, by route, cause and scheme; an empty route: none was found",
        refused,
    );
    page.counters(
        "upstream_responses",
        "Responses of upstreams, by route and first digit of their status",
        answered,
    );
}

fn durations(page: &mut Page, state: &State) {
    let mut own = Summed::default();
    let mut upstreams: BTreeMap<Labels, Summed> = BTreeMap::new();
    for worker in &state.workers {
        worker.own.add_to(&mut own);
        worker.each_upstream(|name, upstream| {
            let labels = vec![("upstream", name.to_owned())];
            upstream.head.add_to(upstreams.entry(labels).or_default());
        });
    }
    page.histograms(
        "own_seconds",
        "The gateway's own part: from a request's head to its refusal, or until it is sent on",
        BTreeMap::from([(Vec::new(), own)]),
    );
    page.histograms(
        "upstream_seconds",
        "From the moment that a request is sent on to the head of the upstream's response",
        upstreams,
    );
}

fn upstreams(page: &mut Page, state: &State) {
    let mut requests: BTreeMap<Labels, u64> = BTreeMap::new();
    let mut failures: BTreeMap<Labels, u64> = BTreeMap::new();
    let mut retries: BTreeMap<Labels, u64> = BTreeMap::new();
    let labels = |upstream: &str, server: &str| {
        vec![
            ("upstream", upstream.to_owned()),
            ("server", server.to_owned()),
        ]
    };
    for worker in &state.workers {
        worker.each_server(|upstream, server, figures| {
            let of_server = labels(upstream, server);
            *requests.entry(of_server.clone()).or_default() += figures.requests.get();
            figures.each_failure(|fault, count| {
                let reason = ("reason", fault.name().to_owned());
                let labels = of_server.iter().cloned().chain([reason]).collect();
                *failures.entry(labels).or_default() += count;
            });
        });
        worker.each_upstream(|name, upstream| {
            let labels = vec![("upstream", name.to_owned())];
            *retries.entry(labels).or_default() += upstream.retries.get();
        });
    }
    let mut up = BTreeMap::new();
    state.current().each_server(|upstream, server, is_up| {
        up.insert(labels(upstream, server), i64::from(is_up));
    });
    page.counters(
        "upstream_requests",
        "Requests that went to each server of an upstream, those that failed among them",
        requests,
    );
    page.counters(
        "upstream_failures",
        "Failures of each server of an upstream, by what went wrong",
        failures,
    );
    page.counters(
        "upstream_retries",
        "Requests that were tried on another server, since one had failed",
        retries,
    );
    page.gauges(
        "upstream_server_up",
        "Whether a server of an upstream gets requests; 0: it is passed over",
        up,
    );
}

fn connections(page: &mut Page, state: &State) {
    let mut accepted = 0;
    let mut ended: BTreeMap<Labels, u64> = BTreeMap::new();
    for worker in &state.workers {
        accepted += worker.connections.get();
        worker.each_ended(|cause, count| {
            let labels = vec![("cause", cause.id().to_owned())];
            *ended.entry(labels).or_default() += count;
        });
    }
    page.gauge(
        "connections_open",
        "Open client connections",
        state.connections_open(),
    );
    page.gauge(
        "connections_max",
        "Client connections that may be open",
        number(state.current().settings.limits.connections_max),
    );
    page.counter(
        "connections_accepted",
        "Client connections that were accepted",
        accepted,
    );
    page.counters(
        "connections_ended",
        "Client connections that were ended before there was a request, by cause",
        ended,
    );
}

fn verification(page: &mut Page, state: &State) {
    let (mut hits, mut misses) = (0, 0);
    for worker in &state.workers {
        hits += worker.cache_hits.get();
        misses += worker.cache_misses.get();
    }
    let result = |name: &str| vec![("result", name.to_owned())];
    page.counters(
        "cache_lookups",
        "Credentials that were looked for among those remembered",
        BTreeMap::from([(result("hit"), hits), (result("miss"), misses)]),
    );
    page.gauge(
        "password_queue_length",
        "Passwords that wait to be checked, or are being checked",
        number(state.hashes().waiting()),
    );
    page.gauge(
        "password_queue_max",
        "Passwords that may wait to be checked",
        number(state.current().settings.limits.password_queue_max),
    );
    page.counter(
        "passwords_checked",
        "Passwords that were checked",
        state.hashes().checked(),
    );
    page.gauge(
        "brakes_entries",
        "Accounts, networks and pairs of them whose failed attempts are counted",
        number(state.brakes().len()),
    );
    let current = state.current();
    let mut fetches = BTreeMap::new();
    let mut known = BTreeMap::new();
    for (issuer, keys) in current.rules.issuers.iter().zip(current.keys.each()) {
        let of_issuer = ("issuer", issuer.name.to_string());
        known.insert(vec![of_issuer.clone()], number(keys.known));
        for (name, count) in [("ok", keys.fetched), ("failed", keys.failed)] {
            fetches.insert(vec![of_issuer.clone(), ("result", name.to_owned())], count);
        }
    }
    page.gauges(
        "issuer_keys",
        "Keys of each issuer that can be used; 0: its tokens cannot be verified",
        known,
    );
    page.counters(
        "key_fetches",
        "Attempts to fetch the keys of an issuer, by what came of it",
        fetches,
    );
}

fn sign_ins(page: &mut Page, state: &State) {
    let mut signed_in = 0;
    let mut refused: BTreeMap<Labels, u64> = BTreeMap::new();
    for worker in &state.workers {
        signed_in += worker.sign_ins();
        worker.each_sign_in_refused(|cause, count| {
            let labels = vec![("cause", cause.id().to_owned())];
            *refused.entry(labels).or_default() += count;
        });
    }
    page.counter(
        "sign_ins",
        "Sessions that were begun at the sign-in page",
        signed_in,
    );
    page.counters(
        "sign_ins_refused",
        "Passwords at the gateway's own pages that let nobody in, by cause",
        refused,
    );
}

/// Where it is ordered: one in files is watched where it is made.
fn certificate(page: &mut Page, state: &State) {
    let current = state.current();
    let Some(certificate) = &current.acme else {
        return;
    };
    page.gauge(
        "certificate_expiry_timestamp_seconds",
        "Until when the certificate that was ordered is good; 0: there is none",
        certificate.until_unix_secs().unwrap_or_default(),
    );
    let result = |name: &str| vec![("result", name.to_owned())];
    let outcomes = &certificate.outcomes;
    page.counters(
        "certificate_orders",
        "Orders of a certificate, by what came of them",
        BTreeMap::from([
            (result("ok"), outcomes.ordered()),
            (result("failed"), outcomes.failed()),
        ]),
    );
    page.gauge(
        "certificate_last_failure_timestamp_seconds",
        "When an order of a certificate failed last; 0: none has since the start",
        outcomes.last_failure_unix_secs(),
    );
}

fn operation(page: &mut Page, state: &State) {
    let result = |name: &str| vec![("result", name.to_owned())];
    page.counters(
        "reloads",
        "Configurations that were to be taken up while the gateway ran",
        BTreeMap::from([
            (result("ok"), state.reloads().taken()),
            (result("failed"), state.reloads().refused()),
        ]),
    );
    page.gauge(
        "configuration_reload_successful",
        "Whether the last configuration was taken up; 0: an earlier one goes on",
        i64::from(state.reloads().last_was_taken()),
    );
    page.gauge(
        "configuration_loaded_timestamp_seconds",
        "When the configuration in force was loaded",
        state.reloads().loaded_unix_secs(),
    );
    page.gauge(
        "store_up",
        "Whether the store answered when it was asked last",
        i64::from(state.store_answers()),
    );
    let changes = state.store_changes();
    page.gauge(
        "store_writable",
        "Whether the last change that the store was asked for was kept",
        i64::from(!changes.last_failed),
    );
    page.counter(
        "store_changes_failed",
        "Changes that the store did not keep: its disk is full, it is locked, or worse",
        changes.failed,
    );
    page.counter(
        "log_lines_lost",
        "Log lines that found no room, since they came faster than they could be written",
        state.log.lost_in_all(),
    );
    let (exported, dropped) = state.spans().unwrap_or_default();
    page.counter(
        "spans_exported",
        "Spans that the collector of traces took",
        exported,
    );
    page.counter(
        "spans_dropped",
        "Spans that found no room, or that the collector did not take",
        dropped,
    );
    let (taken, not_taken) = state.exports().counts();
    page.counters(
        "metrics_exports",
        "Posts of these figures to the collector, by what came of it",
        BTreeMap::from([(result("ok"), taken), (result("failed"), not_taken)]),
    );
    page.gauge(
        "started_timestamp_seconds",
        "When the gateway started",
        state.started_unix_secs,
    );
    page.gauges(
        "build_info",
        "The version that runs",
        BTreeMap::from([(vec![("version", env!("CARGO_PKG_VERSION").to_owned())], 1)]),
    );
}

fn number(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

/// Families, one after the other.
struct Page(Vec<Family>);

impl Page {
    fn counter(&mut self, name: &'static str, help: &'static str, count: u64) {
        self.counters(name, help, BTreeMap::from([(Vec::new(), count)]));
    }

    fn counters(&mut self, name: &'static str, help: &'static str, counts: BTreeMap<Labels, u64>) {
        self.family(name, help, Values::Counts(counts));
    }

    fn gauge(&mut self, name: &'static str, help: &'static str, value: i64) {
        self.gauges(name, help, BTreeMap::from([(Vec::new(), value)]));
    }

    fn gauges(&mut self, name: &'static str, help: &'static str, values: BTreeMap<Labels, i64>) {
        self.family(name, help, Values::Levels(values));
    }

    fn histograms(
        &mut self,
        name: &'static str,
        help: &'static str,
        histograms: BTreeMap<Labels, Summed>,
    ) {
        self.family(name, help, Values::Durations(histograms));
    }

    fn family(&mut self, name: &'static str, help: &'static str, values: Values) {
        self.0.push(Family { name, help, values });
    }
}
