//! Sections about who gets in: schemes, issuers, identity headers, upstreams, routes.
//!
//! Knows names, bounds and defaults; the values' types are `countersign_flow::Rules`.

use super::{cors, introspection, own_keys, passkeys, section};

/// A day, as the upper bound of delays.
const DAY: u64 = 86_400;

section!(basic, "[basic]", "User names and passwords (RFC 7617), kept in the store.", {
    HASH = "hash": Table(&hash::SECTION), Absent("all its defaults"),
        "What an Argon2id password hash costs. Hashes of another cost are renewed when their user signs in.";
    SECOND_FACTOR = "second_factor": Choice(&["demand", "waive"]), Value("\"demand\""),
        "What becomes of the right password of a user who has a second factor, by Basic and by Digest, which cannot ask for one. `demand`: it is refused as `second-factor-required`; API keys are for programs. `waive`: it is taken.";
});

section!(hash, "[basic.hash]", "The cost of a password hash.", {
    MEMORY_KIB = "memory_kib": Whole(8, u32::MAX as u64), Value("19456"), "Memory.";
    PASSES = "passes": Whole(1, u32::MAX as u64), Value("2"), "Passes over the memory.";
    LANES = "lanes": Whole(1, u32::MAX as u64), Value("1"), "Lanes.";
});

section!(digest, "[digest]", "Digest (RFC 7616), for users for whom `countersign user digest NAME on` has switched it on.", {
    ALGORITHMS = "algorithms": Texts, Value("[\"SHA-256\", \"SHA-512-256\"]"),
        "The algorithms, each with a challenge of its own, the preferred first: `SHA-256`, `SHA-512-256`, `MD5`, and each of them with `-sess`. `MD5` is for devices that know nothing else.";
    QOP = "qop": Texts, Value("[\"auth\"]"),
        "The qualities of protection: `auth` covers method and address, `auth-int` the request's body as well.";
    AUTH_INT_BODY_BYTES_MAX = "auth_int_body_bytes_max": Whole(0, 16_777_216), Value("65536"),
        "Bytes of a body that are kept and hashed for `auth-int` before the request goes on; past it, it gets a 413.";
    USERHASH = "userhash": Flag, Value("false"),
        "Whether clients may hash the user name.";
    NONCE_SECS = "nonce_secs": Whole(1, 86_400), Value("300"),
        "How long a nonce is taken. A client goes on with a new one by itself (`stale=true`).";
    COUNT_WINDOW = "count_window": Whole(1, 256), Value("128"),
        "How far a nonce count may be behind the highest that was seen, for requests in parallel.";
    NONCES_MAX = "nonces_max": Whole(64, 16_777_216), Value("65536"),
        "Nonces in use whose counts are kept, about 100 bytes each; past it the oldest are no longer taken.";
    NONCE_KEY_FILE = "nonce_key_file": Text, Absent("a key that the store keeps"),
        "A file, `credential:NAME` or `env:NAME` with a secret of at least 32 bytes that nonces are made with, for instances that share no store. A line end after it is left out.";
    NONCES_OF_OTHERS = "nonces_of_others": Choice(&["renew", "take"]), Value("\"renew\""),
        "What is done with a nonce that another instance with the same key has issued, or this one before it was started anew. `renew`: the client is given a new one (`stale=true`). `take`: it is taken, and a recorded request can be repeated once on each instance.";
    DOMAIN = "domain": Texts, Absent("the whole server"),
        "The parameter `domain`: paths or URLs for which clients may send the credentials unasked.";
    PATH_PREFIX = "path_prefix": Text, Absent("none"),
        "What a proxy in front takes off the path that clients ask it for, as in `/app`: the credentials are for the path with it, and so are proofs of DPoP.";
    ORIGINAL_TARGET_HEADER = "original_target_header": Text, Absent("none"),
        "A header in which one of `trusted_proxies` says what the client has asked it for, path and query, as in `X-Original-URI`. Proofs of DPoP are for that as well.";
});

section!(session, "[session]", "Sessions of people who sign in at the gateway's own page, on routes that accept `session`.", {
    IDLE_SECS = "idle_secs": Whole(60, 31_536_000), Value("28800"),
        "After how long without a request a session ends. It has to be longer than `ttl_secs` of `[cache]`.";
    LIFETIME_SECS = "lifetime_secs": Whole(60, 31_536_000), Value("604800"),
        "After how long a session ends in any case.";
    PER_USER_MAX = "per_user_max": Whole(1, 10_000), Value("50"),
        "Sessions of one user. Past it, the one that was used least lately is ended.";
    FRESH_SECS = "fresh_secs": Whole(30, 86_400), Value("300"),
        "For how long after signing in a user may add and remove passkeys and API keys. Later, the account asks for another sign-in first.";
    PASSKEYS = "passkeys": Table(&passkeys::SECTION), Absent("there are none"),
        "Passkeys, to sign in with and as a second factor.";
    OWN_KEYS = "own_keys": Table(&own_keys::SECTION), Absent("operators make all keys"),
        "API keys that people make for themselves.";
    COOKIE = "cookie": Text, Absent("`__Host-countersign`; with `domain`, `__Secure-countersign`; with `plain_http`, `countersign`"),
        "The name of the cookie, which begins with `__Host-`. Two others, of this name with `-form` and `-round` and always of the host alone, bind the sign-in form to its browser and find circles.";
    DOMAIN = "domain": Text, Absent("each host has sessions of its own"),
        "The domain whose hosts share sessions, as in `example.com`. Every host below it gets the cookie, which then begins with `__Secure-`, and can set one of that name: all of them have to be trusted.";
    ORIGINS = "origins": Texts, Absent("none; with `domain` it has to be named"),
        "The origins that people may be sent back to once they have signed in, as in `[\"https://app.example.com\"]`: to the letter, all below `domain`.";
    SIGN_IN_ORIGIN = "sign_in_origin": Text, Absent("people sign in at the host that they are at"),
        "The one of `origins` where people of all of them sign in.";
    PASSWORD = "password": Flag, Value("true"),
        "Whether user name and password sign in at the page. `false` leaves the providers, and passkeys that are there; Basic and Digest are `accept` of routes.";
    PLAIN_HTTP = "plain_http": Flag, Value("false"),
        "Whether the cookie is given out over plain http. For development: the gateway has to listen on this machine alone then.";
});

section!(api_key, "[api_key]", "API keys that `countersign key` makes.", {
    HEADER = "header": Text, Value("\"X-API-Key\""),
        "The header that a key stands in; `\"\"`: in none of its own.";
    AUTHORIZATION = "authorization": Flag, Value("false"),
        "Whether `Authorization: Bearer csk_...` and `Authorization: ApiKey csk_...` are read too.";
});

section!(issuer, "[issuer.NAME]", "An issuer of tokens, and what is demanded of its tokens. NAME is for `issuers` of a route and for the log.", {
    ISSUER = "issuer": Text, Required,
        "The value of the claim `iss`, to the letter.";
    KEYS = "keys": Table(&keys::SECTION), Absent("the issuer is asked about each token, by `introspection`"),
        "Where its keys come from.";
    INTROSPECTION = "introspection": Table(&introspection::SECTION), Absent("opaque tokens are not taken"),
        "How it is asked about tokens.";
    AUDIENCE = "audience": TextOrTexts, Required,
        "Any one of these must be in the claim `aud`.";
    ALGORITHMS = "algorithms": Texts, Absent("`[\"RS256\", \"ES256\", \"EdDSA\"]`; with `secret_file` it has to be named"),
        "The signature algorithms that are taken.";
    TYPES = "types": Texts, Value("[\"at+jwt\", \"application/at+jwt\", \"JWT\", \"\"]"),
        "The values of `typ` that are taken; `\"\"` stands for none.";
    LEEWAY_SECS = "leeway_secs": Whole(0, 3_600), Value("30"),
        "By how much clocks may differ.";
    LIFETIME_SECS_MAX = "lifetime_secs_max": Whole(0, 315_360_000), Value("86400"),
        "How far ahead a token may expire; 0: any time.";
    REQUIRED_CLAIMS = "required_claims": Texts, Value("[\"sub\"]"),
        "Claims that must be there.";
    SCOPE_CLAIMS = "scope_claims": Texts, Value("[\"scope\", \"scp\"]"),
        "Claims in which scopes are looked for. A dot leads into an object.";
    SUBJECT_CLAIM = "subject_claim": Text, Value("\"sub\""),
        "The claim that names the caller.";
    GROUPS_CLAIM = "groups_claim": Text, Value("\"groups\""),
        "The claim that names the caller's groups. A dot leads into an object.";
    CA_FILE = "ca_file": Text, Absent("the system's certificates alone"),
        "PEM file of further certificates that are trusted for the issuer's server.";
    ALLOW_HTTP = "allow_http": Flag, Value("false"),
        "Whether keys may be fetched, and tokens asked about, without TLS. Whoever sits on the way can then sign tokens, and read them.";
});

section!(keys, "[issuer.NAME.keys]", "Exactly one of these.", {
    DISCOVERY = "discovery": Flag, Absent("off"),
        "`true`: by the issuer's metadata (OpenID Connect Discovery, RFC 8414).";
    JWKS_URL = "jwks_url": Text, Absent("none"), "A JWK Set at this URL.";
    JWKS_FILE = "jwks_file": Text, Absent("none"), "A JWK Set in this file.";
    INLINE = "inline": Text, Absent("none"), "A JWK Set, as JSON.";
    SECRET_FILE = "secret_file": Text, Absent("none"),
        "A file, `credential:NAME` or `env:NAME` with the secret that is shared with the issuer, for HS256 and its kin. A line end after it is left out.";
});

section!(identity, "[identity]", "The headers that tell the upstream who asks. Whatever a client sends under these names is removed.", {
    USER = "user": Text, Value("\"X-Auth-User\""), "The user, the key's owner, the token's subject, or the name in the certificate.";
    GROUPS = "groups": Text, Value("\"X-Auth-Groups\""), "Groups, separated by commas.";
    SCOPES = "scopes": Text, Value("\"X-Auth-Scopes\""), "Scopes, separated by spaces.";
    SCHEME = "scheme": Text, Value("\"X-Auth-Scheme\""), "`basic`, `bearer`, `digest`, `api-key`, `dpop`, `session` or `certificate`.";
    ISSUER = "issuer": Text, Value("\"X-Auth-Issuer\""), "The token's issuer.";
    TOKEN = "token": Table(&identity_token::SECTION), Absent("nothing is signed"),
        "All of it once more as a signed token, for upstreams with a `token_audience`.";
});

section!(identity_token, "[identity.token]", "A signed JWT that tells the upstream who asks, so that it need not rely on nobody else reaching it. Its keys are published at `/.countersign/jwks.json`.", {
    KEYS_FILE = "keys_file": Text, Required,
        "A JWK Set with the private keys, as `countersign identity-key FILE` makes it.";
    HEADER = "header": Text, Value("\"X-Auth-Assertion\""),
        "The header that it goes in. Whatever a client sends under this name is removed.";
    ISSUER = "issuer": Text, Absent("`public_url`, which has to be there then"),
        "The claim `iss`.";
    LIFETIME_SECS = "lifetime_secs": Whole(6, 3_600), Value("60"),
        "From `iat` to `exp`. A sixth of it one token serves the requests of a caller.";
});

section!(upstream, "[upstream.NAME]", "An application behind the gateway: one server, or several that do the same. NAME is for `upstream` of a route and for the log.", {
    URL = "url": TextOrTexts, Required, "Its origin, as in `http://127.0.0.1:3000` or `https://app.internal:8443`; of several servers a list, all of one scheme. A request goes to the one with the fewest in flight.";
    FAILURES_MAX = "failures_max": Whole(1, 1_000), Value("3"),
        "Failures in a row after which a server is passed over, where there is another one. What is a failure: no connection, no answer, nonsense.";
    PASS_OVER_SECS = "pass_over_secs": Whole(1, DAY), Value("10"),
        "How long it is passed over; then one request tries it.";
    RETRIES_MAX = "retries_max": Whole(0, 10), Value("1"),
        "On how many other servers a request is tried for which one has failed. Once a byte of it was sent, only one without a body is, by a method that may be repeated.";
    UNAVAILABLE_FAILS = "unavailable_fails": Flag, Value("false"),
        "Whether an answer of 502, 503 or 504 counts as a failure of its server. It goes to the client all the same.";
    HTTP2 = "http2": Flag, Value("false"),
        "Whether it is spoken to by HTTP/2, as gRPC needs it: with prior knowledge over http, by ALPN over https.";
    TLS = "tls": Table(&upstream_tls::SECTION), Absent("the system's certificates, the name in `url`"),
        "How an https upstream is known, and how the gateway shows itself to it.";
    TOKEN_AUDIENCE = "token_audience": Text, Absent("it gets no token"),
        "The claim `aud` of the signed token that it gets by `[identity.token]`.";
    KEEP_HOST = "keep_host": Flag, Value("false"),
        "Whether it gets the client's `Host` instead of its own.";
});

section!(upstream_tls, "[upstream.NAME.tls]", "TLS to an upstream. Its certificate is always checked. All files are PEM.", {
    CA_FILE = "ca_file": Text, Absent("the system's certificates"),
        "File of the certificates that are trusted for it, instead of the system's.";
    SERVER_NAME = "server_name": Text, Absent("the host in `url`, of each server its own"),
        "The name that its certificate must have.";
    CERTIFICATE = "certificate": Text, Absent("the gateway shows none"),
        "File of the certificate, and its chain, that the gateway shows.";
    KEY = "key": Text, Absent("none"), "File of the private key of `certificate`.";
});

section!(route, "[[route]]", "A rule. The first that fits host, path and method decides; what none fits is refused.", {
    NAME = "name": Text, Required, "Its name, unique, for the log.";
    HOST = "host": TextOrTexts, Absent("every host"),
        "Hosts, without ports. `*.example.com` stands for everything below, not for `example.com`.";
    PATH = "path": TextOrTexts, Value("\"/**\""),
        "Paths by segments: `*` stands for one, `**` at the end for any number. A slash at the end makes no difference.";
    METHODS = "methods": Texts, Absent("every method"),
        "Methods in upper case. `HEAD` is not part of `GET`.";
    UPSTREAM = "upstream": Text, Required, "The name of the upstream.";
    ALLOW = "allow": TextOrTable(&allow::SECTION), Required,
        "Who may pass: `\"anyone\"`, or a table of demands.";
    DENY = "deny": Table(&deny::SECTION), Absent("nobody"),
        "Who is refused here, before `allow` is looked at. No later route is looked at for them.";
    ACCEPT = "accept": Texts, Absent("none"),
        "The schemes that are read: `basic`, `bearer`, `digest`, `api-key`, `dpop`, `session`, `certificate`. A challenge is sent for each but `session` and `certificate`, which have one only where they stand alone: a browser is sent to the sign-in page, and a certificate is asked for in the TLS handshake.";
    ISSUERS = "issuers": Texts, Absent("every issuer"),
        "The names of the issuers whose tokens are taken here.";
    AUDIENCE = "audience": TextOrTexts, Absent("the issuer's"),
        "Replaces the audiences of the issuer here.";
    LEEWAY_SECS = "leeway_secs": Whole(0, 3_600), Absent("the issuer's"),
        "By how much clocks may differ for tokens here.";
    REMEMBER_SECS = "remember_secs": Whole(0, 31_536_000), Absent("`ttl_secs` of `[cache]`, which it cannot be more than"),
        "How long what was verified is believed here, also where it was verified by another route; 0: it is verified for every request.";
    KEEP_CREDENTIAL = "keep_credential": Flag, Value("false"),
        "Whether the credential itself goes on to the upstream.";
    CORS = "cors": TextOrTable(&cors::SECTION), Absent("none: what the upstream says to pages is passed on"),
        "What pages of other origins may do: the name of a `[cors.NAME]` section, or such a section itself.";
    UPGRADE = "upgrade": Texts, Value("[]"),
        "The protocols that a connection may be switched to, as in `[\"websocket\"]`. Other requests for an upgrade go on as ordinary ones.";
    RESOURCE = "resource": Text, Absent("the origin"),
        "The resource identifier of RFC 9728, for metadata and challenges.";
});

section!(allow, "[route.allow]", "What is demanded of a known caller. All that is named must hold.", {
    IDENTITY = "identity": Flag, Absent("as if `true`, where something else is demanded"),
        "`true`: any known caller will do.";
    USERS = "users": Texts, Absent("any"), "One of these users, key owners or subjects.";
    GROUPS = "groups": Texts, Absent("any"), "A member of one of these groups.";
    SCOPES = "scopes": Texts, Absent("any"), "All of these scopes.";
    CLAIMS = "claims": TextsByName, Absent("any"),
        "Claims of the token by name, each with one of its values. A dot leads into an object.";
    SECOND_FACTOR = "second_factor": Flag, Value("false"),
        "`true`: a session that was begun with a second factor. A person at a browser who has none is sent to the account to set one up; everything else gets a 401 with the cause `second-factor-required`. What an issuer of tokens has asked for is in `claims`.";
    SIGN_IN_AGE_MAX_SECS = "sign_in_age_max_secs": Whole(10, 31_536_000), Absent("any"),
        "How long ago the person may have signed in: to the session, or by the claim `auth_time` of the token. Past it a person at a browser proves it once more and comes back; everything else gets a 401 with the cause `sign-in-too-old`, and for a token the challenge of RFC 9470. By Basic, Digest or an API key nobody passes.";
    ACR = "acr": Texts, Absent("any"),
        "A token with one of these classes in its claim `acr`, the preferred first. They go into the challenge of RFC 9470. A session has none.";
    AMR = "amr": Texts, Absent("any"),
        "All of these methods (RFC 8176) in the claim `amr` of the token. A session has `pwd`, and with a second factor `mfa`, and `otp` where it was a code of an authenticator app.";
    NETWORKS = "networks": Texts, Absent("any"), "A client address in one of these networks.";
});

section!(deny, "[route.deny]", "Who is refused: whoever is meant by any one of these.", {
    USERS = "users": Texts, Absent("none"), "These users, key owners or subjects.";
    GROUPS = "groups": Texts, Absent("none"), "The members of these groups.";
    NETWORKS = "networks": Texts, Absent("none"),
        "Client addresses in these networks, and an address that is not known.";
});
