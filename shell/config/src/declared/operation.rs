//! Sections about a gateway that runs unattended: brakes on guessing, and what is seen of it from outside.
//!
//! Knows names, bounds and defaults; the values' types are elsewhere.

use super::section;

/// A day, as the upper bound of delays.
const DAY: u64 = 86_400;

section!(admin, "[admin]", "The admin listener: `/metrics` for Prometheus, `/healthz`, `/readyz`. It asks nobody who they are.", {
    LISTEN = "listen": Texts, Absent("there is none"),
        "Its addresses, as in `[\"127.0.0.1:9180\"]`.";
});

section!(brakes, "[brakes]", "Brakes on guessing. Attempts that fail are counted, and after those that are free each failure doubles the time until the next attempt is looked at; those before it get a 429 with `Retry-After`.", {
    ENABLED = "enabled": Flag, Value("true"),
        "Whether attempts are braked at all.";
    PAIR_ATTEMPTS = "pair_attempts": Whole(1, 1_000_000), Value("5"),
        "Failures that are free at one account from one client network.";
    PAIR_DELAY_SECS_MAX = "pair_delay_secs_max": Whole(1, DAY), Value("900"),
        "The longest delay after more of them.";
    ACCOUNT_ATTEMPTS = "account_attempts": Whole(1, 1_000_000), Value("100"),
        "Failures that are free at one account from everywhere together. Networks from which the account was signed in to are not held by them.";
    ACCOUNT_DELAY_SECS_MAX = "account_delay_secs_max": Whole(1, DAY), Value("60"),
        "The longest delay after more of them.";
    NETWORK_ATTEMPTS = "network_attempts": Whole(1, 1_000_000), Value("50"),
        "Failures that are free from one client network, whatever it tries: passwords, forged keys and tokens. Accounts that were signed in to from there are not held by them.";
    NETWORK_DELAY_SECS_MAX = "network_delay_secs_max": Whole(1, DAY), Value("60"),
        "The longest delay after more of them.";
    DELAY_SECS = "delay_secs": Whole(1, DAY), Value("1"),
        "The first delay; it doubles with each failure.";
    FORGET_SECS = "forget_secs": Whole(1, 2_592_000), Value("3600"),
        "Failures count until there was none for so long.";
    TRUST_SECS = "trust_secs": Whole(0, 2_592_000), Value("86400"),
        "For how long after a sign-in its account is spared the brakes on account and network, from the same network.";
    KNOWN_TURNED_AWAY_MAX = "known_turned_away_max": Whole(0, 1_000_000), Value("1000"),
        "While an account is braked from a network, the password that was right there last is taken all the same, until so many others were turned away within `forget_secs`: it must not become a free guess.";
    IPV4_PREFIX = "ipv4_prefix": Whole(8, 32), Value("32"),
        "Length of the prefix that makes a client's network, for IPv4.";
    IPV6_PREFIX = "ipv6_prefix": Whole(16, 128), Value("64"),
        "Length of the prefix that makes a client's network, for IPv6.";
    EXEMPT = "exempt": Texts, Value("[]"),
        "Networks whose attempts are not counted.";
    ENTRIES_MAX = "entries_max": Whole(16, 10_000_000), Value("65536"),
        "How many accounts, networks and pairs of them are counted for at most, over all workers. Those with many failures are kept longest.";
});

section!(reload, "[reload]", "When a changed configuration is taken up, beside SIGHUP and `countersign reload`.", {
    ON_CHANGE = "on_change": Flag, Value("false"),
        "Whether it is taken up by itself when the file, or a file that it names (certificates, keys, key sets), changes: all of it or nothing. Off, since a file that is saved half done may well hold, and let in whom it should not.";
    SETTLE_MILLIS = "settle_millis": Whole(10, 60_000), Value("500"),
        "For how long no file may have changed before they are read: several are often written one after the other.";
});

section!(traces, "[traces]", "Traces for a collector of OpenTelemetry. Without the section there are none, and nothing is measured for them.", {
    URL = "url": Text, Required,
        "Address of the collector for OTLP over HTTP, as in `http://127.0.0.1:4318`; without a path, `/v1/traces` is added.";
    SERVICE_NAME = "service_name": Text, Value("\"countersign\""),
        "What the gateway is called there (`service.name`).";
    SAMPLE_PERCENT = "sample_percent": Whole(0, 100), Value("100"),
        "How many of a hundred requests that bring no trace along begin one. Those that do follow what their `traceparent` says.";
    QUEUE_MAX = "queue_max": Whole(16, 1_000_000), Value("4096"),
        "Spans that may wait to be posted; past it they are dropped and counted.";
    BATCH_MAX = "batch_max": Whole(1, 10_000), Value("512"),
        "Spans that are posted at once.";
    EVERY_MILLIS = "every_millis": Whole(10, 60_000), Value("1000"),
        "How long a span waits for others at most.";
    ANSWER_SECS = "answer_secs": Whole(1, 60), Value("5"),
        "How long the collector may take to answer; spans that it does not take are dropped and counted.";
    CA_FILE = "ca_file": Text, Absent("the system's certificates alone"),
        "PEM file of further certificates that are trusted for the collector.";
    ATTRIBUTES = "attributes": TextsByName, Absent("its version, and an id of this process, alone"),
        "What else is said of the gateway (attributes of its resource), as in `{ \"deployment.environment.name\" = \"production\" }`; several strings are a list. `service.instance.id` takes the place of the one that is drawn at each start.";
    HEADERS_FILE = "headers_file": Text, Absent("none"),
        "A file, `credential:NAME` or `env:NAME` with header lines that are posted along, as in `Authorization: Bearer ...`; read each time.";
});

section!(metrics, "[metrics]", "The figures of `/metrics`, posted to a collector of OpenTelemetry. Without the section they are not.", {
    URL = "url": Text, Required,
        "Address of the collector for OTLP over HTTP, as in `http://127.0.0.1:4318`; without a path, `/v1/metrics` is added.";
    SERVICE_NAME = "service_name": Text, Value("\"countersign\""),
        "What the gateway is called there (`service.name`).";
    EVERY_MILLIS = "every_millis": Whole(100, 3_600_000), Value("60000"),
        "How often they are posted.";
    ANSWER_SECS = "answer_secs": Whole(1, 60), Value("5"),
        "How long the collector may take to answer. What it does not take is not lost: the next figures hold it too.";
    CA_FILE = "ca_file": Text, Absent("the system's certificates alone"),
        "PEM file of further certificates that are trusted for the collector.";
    ATTRIBUTES = "attributes": TextsByName, Absent("its version, and an id of this process, alone"),
        "What else is said of the gateway (attributes of its resource), as in `{ \"deployment.environment.name\" = \"production\" }`; several strings are a list. `service.instance.id` takes the place of the one that is drawn at each start.";
    HEADERS_FILE = "headers_file": Text, Absent("none"),
        "A file, `credential:NAME` or `env:NAME` with header lines that are posted along, as in `Authorization: Bearer ...`; read each time.";
});
