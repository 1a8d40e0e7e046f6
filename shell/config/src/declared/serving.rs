//! Sections about the server itself: listener, limits, store, log, cache.
//!
//! Knows names, bounds and defaults; the values' types are in `settings`.

use super::{acme, client_certificates, section};

/// A day, as the upper bound of deadlines.
const DAY: u64 = 86_400;

section!(server, "[server]", "The public listener.", {
    LISTEN = "listen": Texts, Value("[\"127.0.0.1:8080\"]"),
        "Addresses of the listener: IP address and port each, IPv6 in brackets.";
    PUBLIC_URL = "public_url": Text, Absent("scheme and host of each request"),
        "Under which origin clients reach the gateway, as in `https://api.example.com`. Links in challenges begin with it.";
    WORKERS = "workers": Whole(1, 1024), Absent("one for each core"),
        "Threads that serve requests.";
    TRUSTED_PROXIES = "trusted_proxies": Texts, Value("[]"),
        "Networks of the proxies in front whose `X-Forwarded-For` is believed. Who comes through one that does not say the client's address is in no network.";
    PROXY_PROTOCOL = "proxy_protocol": Table(&proxy_protocol::SECTION), Absent("connections begin with what the client sends"),
        "Listeners behind a proxy that does not read HTTP, and tells by the PROXY protocol who its client is.";
    TLS = "tls": Table(&tls::SECTION), Absent("plain HTTP"),
        "Certificate and key of the listener.";
    LIMITS = "limits": Table(&limits::SECTION), Absent("all its defaults"),
        "Every limit by name.";
});

section!(proxy_protocol, "[server.proxy_protocol]", "The PROXY protocol, versions 1 and 2, in front of TLS. On a listener that has it every connection must begin with it: whoever else could come there could be at any address.", {
    PEERS = "peers": Texts, Required,
        "Networks of the proxies whose header is believed. From any other peer nothing is read.";
    LISTEN = "listen": Texts, Absent("all of `server.listen`"),
        "Which addresses of `server.listen` have it, as they stand there.";
});

section!(tls, "[server.tls]", "TLS on the public listener. All files are PEM.", {
    CERTIFICATE = "certificate": Text, Absent("the one that `acme` orders"), "File of the certificate and its chain.";
    KEY = "key": Text, Absent("the one that `acme` makes"), "File of the private key.";
    ACME = "acme": Table(&acme::SECTION), Absent("the certificate is in the files"),
        "A certificate that the gateway orders itself, in the place of `certificate` and `key`.";
    CLIENT_CERTIFICATES = "client_certificates": Table(&client_certificates::SECTION), Absent("clients are asked for none"),
        "Certificates that clients show.";
});

section!(limits, "[server.limits]", "Limits and deadlines. There is always one: only `body_bytes_max` can be turned off.", {
    HEAD_BYTES_MAX = "head_bytes_max": Whole(8_192, 1_048_576), Value("32768"),
        "Bytes of a request's head: target and header fields.";
    HEADERS_MAX = "headers_max": Whole(16, 1_000), Value("100"),
        "Header fields of a request.";
    BODY_BYTES_MAX = "body_bytes_max": Whole(0, u64::MAX >> 1), Value("0"),
        "Bytes of a request's body; 0: as many as the upstream takes.";
    CONNECTIONS_MAX = "connections_max": Whole(1, 10_000_000), Value("10000"),
        "Open client connections.";
    TURNED_AWAY_MAX = "turned_away_max": Whole(0, 10_000), Value("64"),
        "Connections past `connections_max` that each worker answers with a 503 at one time; the others are closed without a word.";
    STREAMS_MAX = "streams_max": Whole(1, 10_000), Value("128"),
        "Requests in flight on one HTTP/2 connection.";
    FIRST_BYTE_SECS = "first_byte_secs": Whole(1, DAY), Value("10"),
        "From the connection to its first byte.";
    HEAD_SECS = "head_secs": Whole(1, DAY), Value("10"),
        "From the first byte of a head to its end.";
    IDLE_SECS = "idle_secs": Whole(1, DAY), Value("75"),
        "Between two requests on a connection.";
    BODY_STALL_SECS = "body_stall_secs": Whole(1, DAY), Value("30"),
        "Between two parts of a request's body.";
    HELD_BODIES_BYTES_MAX = "held_bodies_bytes_max": Whole(65_536, u64::MAX >> 1), Value("67108864"),
        "Bytes of bodies that are held at once because a credential covers them (`auth-int`); past it, requests get a 503.";
    HELD_BODY_SECS = "held_body_secs": Whole(1, DAY), Value("60"),
        "For the whole of a body that is held: one that a credential covers, or a form.";
    PROXY_HEADER_BYTES_MAX = "proxy_header_bytes_max": Whole(232, 65_551), Value("4096"),
        "Bytes of a header of the PROXY protocol, version 2. Version 1 has 107 at most by itself.";
    PROXY_HEADER_SECS = "proxy_header_secs": Whole(1, DAY), Value("5"),
        "From the connection to the end of its header of the PROXY protocol.";
    TLS_HANDSHAKE_SECS = "tls_handshake_secs": Whole(1, DAY), Value("10"),
        "For the TLS handshake.";
    UPSTREAM_CONNECT_SECS = "upstream_connect_secs": Whole(1, DAY), Value("5"),
        "For connecting to an upstream, with the TLS handshake.";
    UPSTREAM_HEAD_SECS = "upstream_head_secs": Whole(1, DAY), Value("60"),
        "From a request to the head of the upstream's response.";
    UPSTREAM_STALL_SECS = "upstream_stall_secs": Whole(1, DAY), Value("60"),
        "Between two parts of a response's body.";
    UPSTREAM_IDLE_MAX = "upstream_idle_max": Whole(0, 100_000), Value("64"),
        "Idle connections that each worker keeps to one upstream.";
    UPSTREAM_IDLE_SECS = "upstream_idle_secs": Whole(1, DAY), Value("50"),
        "How long an idle connection to an upstream is kept. Keep it below the upstream's own limit.";
    UPSTREAM_STREAMS_MAX = "upstream_streams_max": Whole(1, 10_000), Value("100"),
        "Requests in flight on one HTTP/2 connection to an upstream; past it, another connection is opened.";
    UPGRADES_MAX = "upgrades_max": Whole(0, 10_000_000), Value("5000"),
        "Upgraded connections (WebSockets) that are open; past it, requests for one get a 503.";
    UPGRADE_IDLE_SECS = "upgrade_idle_secs": Whole(1, DAY), Value("300"),
        "How long an upgraded connection may be silent both ways.";
    UPGRADE_SECS_MAX = "upgrade_secs_max": Whole(1, 365 * DAY), Value("86400"),
        "How long an upgraded connection may be open: who opened it is asked at its beginning alone.";
    PASSWORD_QUEUE_MAX = "password_queue_max": Whole(1, 100_000), Value("64"),
        "Passwords that may wait to be checked; past it, requests get a 503.";
    PASSWORD_THREADS = "password_threads": Whole(1, 256), Value("1"),
        "Threads that check passwords.";
    REFUSALS_KEPT_PER_SEC_MAX = "refusals_kept_per_sec_max": Whole(0, 100_000), Value("100"),
        "Refusals a second that are kept for `countersign why`.";
    REFUSALS_KEPT_MAX = "refusals_kept_max": Whole(0, 10_000_000), Value("10000"),
        "Refusals that are kept in all.";
    ACTS_KEPT_MAX = "acts_kept_max": Whole(100, 100_000_000), Value("100000"),
        "Acts of administration that are kept for `countersign audit`; the oldest go first.";
    ACTS_KEPT_DAYS = "acts_kept_days": Whole(1, 36_500), Value("400"),
        "How long acts of administration are kept.";
});

section!(store, "[store]", "Users, API keys and kept refusals.", {
    PATH = "path": Text, Value("\"countersign.db\""),
        "The SQLite file. It is made when it is not there; its folder is not.";
});

section!(log, "[log]", "The log, on the standard error.", {
    FORMAT = "format": Choice(&["json", "text"]), Value("\"json\""),
        "`json`: an object a line, for machines. `text`: for people.";
    REFUSALS = "refusals": Flag, Value("true"),
        "Whether each refusal has a line, with its cause.";
    ACCESS = "access": Choice(&["off", "common", "combined", "json"]), Value("\"off\""),
        "Whether each request has a line on the standard output, and in which form. Queries are left out.";
});

section!(cache, "[cache]", "Credentials that were verified a short while ago are not verified again. What a route demands is decided for every request all the same.", {
    TTL_SECS = "ttl_secs": Whole(0, 3_600), Value("60"),
        "How long a verified credential is remembered, never past its own expiry; 0 turns remembering off.";
    ENTRIES_MAX = "entries_max": Whole(1, 100_000_000), Value("65536"),
        "How many each worker remembers at most.";
});
