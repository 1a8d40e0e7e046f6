//! Causes of stage `gateway`: the gateway's own limits, and the upstreams behind it.

macro_rules! gateway {
    ($($joined:tt)*) => { catalogue! { $($joined)* Gateway {

    RequestMalformed {
        id: "request-malformed", status: Some(400), explained: false, who: Client, rank: 100,
        title: "The request is not valid HTTP",
        meaning: "The request breaks a rule of HTTP that decides where a message ends or what it says, such as contradicting lengths or forbidden characters in a header. Two servers could read it differently, so it goes no further.",
        told: "The request is not valid HTTP.",
        log: "request violates http message syntax or framing",
        fix: "Let a current HTTP library write the request instead of code that writes to a socket. If it is one already, a proxy between may have damaged it: send the same request without the proxy to see.",
        checks: [
            ("curl -sv -o /dev/null \"$URL\" 2>&1 | grep '^[<>] '", "If curl is understood at the same address, compare its lines with what your client sends."),
        ],
        see: [HostInvalid, RequestTargetAmbiguous],
        source: "RFC 9112 section 2.2",
    }

    RequestTargetAmbiguous {
        id: "request-target-ambiguous", status: Some(400), explained: false, who: Client, rank: 100,
        title: "The path can be read in two ways",
        meaning: "The path has an encoded slash, a backslash, a dot segment, a double slash, a NUL, a fragment, or a percent sign without two hexadecimal digits. The server behind could take it for another path than the one that was judged.",
        told: "The path of the request can be read in more than one way, so it was not judged at all.",
        log: "request target has no single canonical form",
        fix: "Resolve `..` and `.` before you send, join base URL and path with exactly one slash, and percent-encode each segment once. An id that contains a slash belongs in the query, or in base64url.",
        checks: [
            ("printf '%s\\n' \"$URL\" | sed 's#^[a-z]*://##' | grep -oiE '//|/\\.{1,2}(/|$)|%2f|%5c|%00|%23|\\\\|%([^0-9a-f]|.[^0-9a-f])'", "Prints what is ambiguous. curl itself resolves dot segments unless it has `--path-as-is`."),
        ],
        see: [RouteUnmatched, UserinfoEncoding],
        source: "RFC 3986 section 6.2.2",
    }

    HostInvalid {
        id: "host-invalid", status: Some(400), explained: false, who: Client, rank: 100,
        title: "The Host header is missing or not valid",
        meaning: "A request names its host exactly once. `Host` is absent, there several times, contradicts the request line, or is not a host name with an optional port, so that no rule could be chosen safely.",
        told: "The request does not name its host exactly once in a valid form.",
        log: "host absent, repeated, contradictory or malformed",
        fix: "Send one `Host` with name and port only, without `http://`, path or blanks; libraries take it from the URL if you do not set it. An HTTP/1.0 health check has to be told: `option httpchk` with `http-check send hdr Host` in HAProxy.",
        see: [UrlWrong],
        source: "RFC 9112 section 3.2",
    }

    MethodNotSupported {
        id: "method-not-supported", status: Some(501), explained: false, who: Client, rank: 100,
        title: "This method is not supported",
        meaning: "The gateway does not serve this method at any address: CONNECT would open a tunnel past its rules, and TRACE would show a client the headers that were added behind its back.",
        told: "The method of the request is not supported by this gateway at any address.",
        log: "connect or trace refused",
        fix: "Use another method. If it was CONNECT, the client takes this host for a forward proxy: remove it from `HTTPS_PROXY` or the proxy settings.",
        checks: [
            ("env | grep -ic \"_proxy=.*$HOST\"", "Above 0: your client is told to use this host as a proxy."),
        ],
        see: [ProxyAuthenticationRequired],
        source: "RFC 9110 section 15.6.2",
    }

    RouteUnmatched {
        id: "route-unmatched", status: Some(404), explained: false, who: Ops, rank: 100,
        title: "No rule for this address",
        meaning: "No rule of the gateway names this host, path and method. What no rule names is refused, whoever asks, so credentials were not looked at.",
        told: "Nothing is served for this host, path and method.",
        log: "no route names this host, path and method",
        fix: "Check host, path and method for a slip first. If they are right, add a `[[route]]` that names them; `countersign routes` lists the rules in the order in which they are tried.",
        checks: [
            ("grep -n -A 6 '^\\[\\[route\\]\\]' countersign.toml", "Each rule's `host`, `path` and `methods`: one of them must fit in all three."),
        ],
        see: [HostInvalid],
        source: "RFC 9110 section 15.5.5",
    }

    IdentityNotAllowed {
        id: "identity-not-allowed", status: Some(403), explained: false, who: Ops, rank: 83,
        title: "You are known, and no rule lets you in",
        meaning: "The credentials are good, and the rule of this route names other users, groups or claim values. Signing in again with the same account changes nothing.",
        told: "The caller is known, and is not among those who are allowed here.",
        log: "identity verified, and users, groups or claims of the rule do not fit it",
        fix: "Use an account that is meant to get in, or have the operator add the user to `users`, or to one of the `groups`, in the route's `allow`. `countersign why` says which part of the rule is not met.",
        checks: [
            ("grep -n -A 9 '^\\[\\[route\\]\\]' countersign.toml", "The `allow` of the route: whom it names."),
        ],
        see: [ScopeInsufficient, AddressNotAllowed],
        source: "RFC 9110 section 15.5.4",
    }

    BodyTooLarge {
        id: "body-too-large", status: Some(413), explained: false, who: Client, rank: 100,
        title: "The body is too large",
        meaning: "The body of the request is longer than the gateway takes, by its announced length or by what has arrived.",
        told: "The body of the request is larger than this gateway takes.",
        log: "body exceeds `body_bytes_max`",
        fix: "Send less at a time: in parts, compressed, or to an upload address made for it. If this size is needed, the operator raises `body_bytes_max` in `[server.limits]`; 0 leaves the limit to the upstream.",
        checks: [
            ("wc -c < \"$BODY_FILE\"", "The size in bytes, to compare with the limit."),
        ],
        see: [HeaderTooLarge],
        source: "RFC 9110 section 15.5.14",
    }

    HeadStalled {
        id: "head-stalled", status: Some(408), explained: false, who: Client, rank: 100,
        title: "The head of the request did not arrive in time",
        meaning: "The client began a request and did not come to the end of its head, which is an empty line, in the time that the gateway gives it. Nobody knows what was to be asked for, so credentials were not looked at.",
        told: "The head of the request did not arrive in time.",
        log: "no whole head within `head_secs`",
        fix: "Write the head in one piece, and end it with an empty line (`\\r\\n\\r\\n`); a current HTTP library does both. For clients on very slow lines the operator raises `head_secs` in `[server.limits]`.",
        checks: [
            ("curl -sv -o /dev/null \"$URL\" 2>&1 | grep '^[<>] '", "If curl is answered at the same address, compare its lines with what your client sends."),
        ],
        see: [RequestMalformed, BodyStalled],
        source: "RFC 9110 section 15.5.9",
    }

    BodyStalled {
        id: "body-stalled", status: Some(408), explained: false, who: Client, rank: 100,
        title: "The body stopped arriving",
        meaning: "The head of the request arrived, and then the body stopped coming for longer than the gateway waits. Often a `Content-Length` promises more than is sent.",
        told: "The body of the request stopped arriving before it was complete.",
        log: "no body bytes for `body_stall_secs`",
        fix: "Let the client set `Content-Length` to the bytes, not the characters, of the body, or leave it to the library. On slow lines send smaller parts; for clients that pause on purpose the operator raises `body_stall_secs` in `[server.limits]`.",
        checks: [
            ("printf %s \"$BODY\" | wc -mc", "Two different numbers, characters and bytes: the larger one is the right `Content-Length`."),
        ],
        see: [UpstreamTimeout, RequestMalformed],
        source: "RFC 9110 section 15.5.9",
    }

    UpstreamUnreachable {
        id: "upstream-unreachable", status: Some(502), explained: false, who: Ops, rank: 93,
        title: "The service behind can't be reached",
        meaning: "The request was allowed, and the gateway could not connect to the service that should answer it: it is not running, listens elsewhere, or its TLS certificate is not accepted.",
        told: "The request was allowed, and the service behind the gateway can't be reached.",
        log: "connection to the upstream failed",
        fix: "Start the service, or correct `url` of the `[upstream]`: in a container `127.0.0.1` is the container itself, and `https` needs a certificate for that name. The log names the address and the error.",
        checks: [
            ("curl -sS -o /dev/null -w '%{http_code}\\n' \"$UPSTREAM_URL\"", "Run it where the gateway runs, in the same container: curl's error is the gateway's error."),
        ],
        see: [UpstreamMalformed],
        source: "RFC 9110 section 15.6.3",
    }

    UpstreamDown {
        id: "upstream-down", status: Some(503), explained: false, who: Ops, rank: 94,
        title: "All servers of the service are down",
        meaning: "The request was allowed. The service behind has several servers, and each of them has failed several times in a row, so that all are passed over for a short time. After it one request tries each of them.",
        told: "The request was allowed, and none of the servers behind the gateway is well at the moment.",
        log: "all servers of the upstream are passed over: `failures_max` failures in a row, for `pass_over_secs`",
        fix: "Clients: try again after the seconds in `Retry-After`. Operator: look for `upstream-server-down` in the log, which names each server and what was wrong with it, and mend the servers; the first that answers is used again at once.",
        checks: [
            ("curl -s \"http://$ADMIN/metrics\" | grep upstream_server_up", "1: the server gets requests. 0: it is passed over."),
        ],
        see: [UpstreamUnreachable, UpstreamTimeout],
        source: "RFC 9110 section 15.6.4",
    }

    UpstreamTimeout {
        id: "upstream-timeout", status: Some(504), explained: false, who: Ops, rank: 92,
        title: "The service behind did not answer in time",
        meaning: "The request was allowed and handed over, and the service did not begin its answer in the time that it has. It may still be working on it, so a repetition can do things twice.",
        told: "The request was allowed, and the service behind the gateway did not answer in time.",
        log: "no response head within `upstream_head_secs`",
        fix: "Find out in the service's own log what took so long. If the work is legitimately slow, answer 202 at once and let the client ask for the result, or raise `upstream_head_secs` in `[server.limits]`.",
        checks: [
            ("curl -sS -o /dev/null -w '%{time_connect} %{time_starttransfer}\\n' \"$UPSTREAM_URL\"", "Seconds to the connection, and to the first byte: a large second number is the service's own time."),
        ],
        see: [UpstreamUnreachable],
        source: "RFC 9110 section 15.6.5",
    }

    UpstreamMalformed {
        id: "upstream-malformed", status: Some(502), explained: false, who: Server, rank: 91,
        title: "The service behind answered with nonsense",
        meaning: "The request was allowed, and what the service sent back is not a valid HTTP response, or it closed the connection before the answer began. Plain HTTP spoken to a TLS port looks like this as well.",
        told: "The request was allowed, and the service behind the gateway gave no valid answer.",
        log: "upstream response is not valid http, or ended before its head",
        fix: "Call the service directly and look at the raw answer: lengths that contradict each other, a newline in a header, a crash in the middle. If it speaks TLS on that port, write `https://` in `url` of the `[upstream]`.",
        checks: [
            ("curl -sv -o /dev/null \"$UPSTREAM_URL\" 2>&1 | tail -n 20", "`Empty reply`, `Received HTTP/0.9` or an invalid header is the service's fault to mend."),
        ],
        see: [UpstreamTimeout, HeaderTooLarge],
        source: "RFC 9110 section 15.6.3",
    }

    CheckQueueFull {
        id: "check-queue-full", status: Some(503), explained: false, who: Ops, rank: 97,
        title: "Too many passwords wait to be checked",
        meaning: "Checking a password is made slow on purpose, and more of them are waiting than the gateway lets pile up. This one was not checked. Either somebody guesses passwords, or many clients use a password where a token would do.",
        told: "Too many passwords are waiting to be checked; this one was not looked at.",
        log: "password queue is at `password_queue_max`",
        fix: "Clients: wait for the seconds in `Retry-After`. Operator: look in the log for addresses with many refusals; move programs to API keys or tokens, which cost next to nothing; then raise `password_threads` if there are cores to spare.",
        see: [GatewayOverloaded, RateLimited],
        source: "RFC 9110 section 15.6.4",
    }

    IntrospectionLimit {
        id: "introspection-limit", status: Some(503), explained: false, who: Ops, rank: 97,
        title: "Too many tokens wait to be asked about",
        meaning: "As many questions about tokens are on their way to the issuer as the gateway allows itself, and as many wait as may. This one was not asked. Either the issuer is slow, or somebody sends many tokens that are not known.",
        told: "Too many tokens are waiting to be checked; this one was not looked at.",
        log: "questions about tokens are at `waiting_max`",
        fix: "Clients: wait for the seconds in `Retry-After`. Operator: see how long the issuer takes to answer; then raise `in_flight_max` or `waiting_max` of `[issuer.NAME.introspection]`, or keep answers for longer with `cache_secs`.",
        see: [IdentityBackendDown, CheckQueueFull],
        source: "RFC 9110 section 15.6.4",
    }

    ProxyHeaderInvalid {
        id: "proxy-header-invalid", status: Some(400), explained: false, who: Ops, rank: 100,
        title: "The proxy in front did not say who its client is",
        meaning: "On this listener every connection begins with a header of the PROXY protocol, written by a proxy that is listed. This one had none, or one that is malformed, too long, too late, or from a peer that is not listed. In the log alone: the connection was closed without an answer.",
        told: "The connection did not begin with a PROXY protocol header that is taken here.",
        log: "no valid proxy protocol header from a listed peer: `proxy_header_secs` or `proxy_header_bytes_max` may be what ended it",
        fix: "See `peer` and `detail` of the log line. A proxy of yours: list its address in `peers` of `[server.proxy_protocol]`, and let it send the header, as `send-proxy-v2` in HAProxy or `proxy_protocol on` in a stream of nginx. A client that comes past the proxy belongs on another listener, or behind a firewall.",
        checks: [
            ("curl --haproxy-protocol -sS -o /dev/null -w '%{http_code}\\n' \"$URL\"", "From a listed peer: any status says that the header was taken."),
        ],
        see: [RequestMalformed],
        source: "The PROXY protocol, section 2",
    }

    ListenerCertificateMissing {
        id: "listener-certificate-missing", status: Some(503), explained: false, who: Ops, rank: 100,
        title: "The gateway has no certificate yet",
        meaning: "The gateway orders the certificate of its listener from an authority, and has got none so far. A TLS handshake cannot be done without one. In the log alone: the client got an alert of TLS, and no answer of HTTP.",
        told: "The gateway has no certificate yet.",
        log: "no certificate for the handshake: none was ordered yet",
        fix: "Look for the last event `certificate-not-ordered` in the log: it says what the authority had against the order, what mends it, and when it is tried again. Where there is none, the first order is under way, and takes some seconds.",
        checks: [
            ("countersign check --live", "Whether the authority's directory can be reached, and what is kept of it."),
        ],
        see: [RequestMalformed],
        source: "RFC 8555 section 7.4",
    }

    ProofLimit {
        id: "proof-limit", status: Some(503), explained: false, who: Ops, rank: 95,
        title: "Too many proofs to remember",
        meaning: "A DPoP proof is good once, so that each that was accepted is remembered until its time is over. As many are remembered as the gateway allows itself. This one was right, and was not accepted, since nobody could tell a second use of it.",
        told: "The gateway remembers as many proofs as it can; this one was not accepted.",
        log: "proofs of DPoP are at `proofs_max`",
        fix: "Clients: wait for the seconds in `Retry-After`, and send a new proof. Operator: raise `proofs_max` of `[dpop]` (about 100 bytes each), or shorten `proof_secs` or `nonce_secs`; as many are needed as requests come in that time.",
        see: [SenderConstraintFailed, IntrospectionLimit],
        source: "RFC 9449 section 11.1",
    }

    UpgradeLimit {
        id: "upgrade-limit", status: Some(503), explained: false, who: Ops, rank: 96,
        title: "A limit of upgraded connections is reached",
        meaning: "As many WebSockets and other upgraded connections are open as the gateway allows itself, so that no further one was opened. In the log alone: one was ended that was silent, or open, for longer than it may be.",
        told: "The gateway has reached the number of upgraded connections that it takes.",
        log: "limit of upgraded connections reached: `upgrades_max`, `upgrade_idle_secs` or `upgrade_secs_max`",
        fix: "Clients: try again after a pause that grows, and send a ping in every silence. Operator: look which limit the log names, and raise it in `[server.limits]`; `upgrades_max` counts within `connections_max`, and each needs two files.",
        checks: [
            ("countersign check && grep -n 'upgrade' countersign.toml", "The limits that are set; the reference has the defaults of the others."),
        ],
        see: [GatewayOverloaded, UpstreamTimeout],
        source: "RFC 9110 section 15.6.4",
    }

    SignInLoop {
        id: "sign-in-loop", status: Some(500), explained: false, who: Ops, rank: 94,
        title: "Signing in leads round in a circle",
        meaning: "The browser is signed in at the host of the sign-in page, and the host that it was sent back to does not see the session. It has come round several times within seconds, and is not sent round again.",
        told: "The session of this sign-in does not reach the host that asked for it.",
        log: "signed-in browser sent back for a sign-in several times within seconds",
        fix: "Operator: see that the host which people are sent back to is one of `origins` of `[session]` and lies below `domain`, that the gateway which serves it has the same `[session]` and the same store, and that nothing on the way drops `Cookie`. Users: delete the cookies of the domain once.",
        checks: [
            ("curl -si \"$URL\" -H \"Cookie: $COOKIE\" | grep -i '^countersign-cause'", "With the cookie as the browser has it: `credentials-missing` means that it is not read there, `session-unknown` that the store is another one."),
        ],
        see: [SessionNotShared, CookieDomain],
    }

    GatewayOverloaded {
        id: "gateway-overloaded", status: Some(503), explained: false, who: Ops, rank: 98,
        title: "The gateway is at its limit",
        meaning: "As many connections, requests or bytes of bodies are held as the gateway allows itself, so that this one was turned away before its credentials were looked at. Nothing is wrong with the request or its credentials.",
        told: "The gateway has reached the limit of what it takes at once.",
        log: "connection or request limit reached",
        fix: "Clients: try again after a pause, and reuse connections instead of opening one for each request. Operator: raise `connections_max` in `[server.limits]` together with the limit of open files, or `held_bodies_bytes_max` where the log names that, or run another copy.",
        checks: [
            ("ulimit -n; ss -Htn state established \"( sport = :$PORT )\" | wc -l", "Files that a process may open, and connections that are: each proxied request needs two."),
        ],
        see: [UpstreamTimeout],
        source: "RFC 9110 section 15.6.4",
    }

    }}};
}
