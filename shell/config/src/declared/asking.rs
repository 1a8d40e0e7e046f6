//! The section about asking an issuer.
//!
//! Knows names, bounds and defaults.

use super::section;

section!(introspection, "[issuer.NAME.introspection]", "The issuer is asked about its tokens (RFC 7662): about opaque ones, and without `keys` about JWTs too.", {
    URL = "url": Text, Absent("the `introspection_endpoint` of the issuer's metadata"),
        "The address that is asked.";
    AUTHENTICATION = "authentication": Choice(&["basic", "post", "bearer"]), Value("\"basic\""),
        "How the gateway shows itself: `basic` (client_secret_basic), `post` (client_secret_post), or `bearer` with a token of its own.";
    CLIENT_ID = "client_id": Text, Absent("none, for `bearer` alone"),
        "The gateway's client id at the issuer.";
    SECRET_FILE = "secret_file": Text, Required,
        "A file, `credential:NAME` or `env:NAME` with the client's secret, or with the token for `bearer`. A line end after it is left out.";
    AUDIENCE_OPTIONAL = "audience_optional": Flag, Value("false"),
        "Whether a token is taken of which the issuer names no audience: it then has to make sure itself that it answers for this resource's tokens alone.";
    ANSWER_SECS = "answer_secs": Whole(1, 60), Value("5"),
        "How long a request waits for the answer; past it, it gets a 503.";
    ANSWER_BYTES_MAX = "answer_bytes_max": Whole(256, 1_048_576), Value("65536"),
        "Bytes of an answer.";
    IN_FLIGHT_MAX = "in_flight_max": Whole(1, 1_000), Value("16"),
        "Questions that are under way at once. Requests with the same token share one.";
    WAITING_MAX = "waiting_max": Whole(0, 100_000), Value("256"),
        "Questions that wait for their turn; past it, requests get a 503.";
    CACHE_SECS = "cache_secs": Whole(0, 3_600), Value("30"),
        "How long an answer is believed, and never past the token's `exp`. A revoked token is taken for so long at most.";
    CACHE_INACTIVE_SECS = "cache_inactive_secs": Whole(0, 300), Value("5"),
        "How long the answer is believed that a token is not active.";
    CACHE_ENTRIES_MAX = "cache_entries_max": Whole(1, 10_000_000), Value("10000"),
        "Answers that are kept.";
});
