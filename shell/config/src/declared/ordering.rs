//! Sections about a certificate that the gateway orders itself, from an authority that speaks ACME (RFC 8555).
//!
//! Knows names, bounds and defaults; the values' types are in `settings`.

use super::section;

/// A day, as the upper bound of delays.
const DAY: u64 = 86_400;

section!(acme, "[server.tls.acme]", "A certificate that the gateway orders itself, and renews when a third of its time is left, from an authority that speaks ACME (RFC 8555), such as Let's Encrypt. The authority connects to port 443 of each domain (`tls-alpn-01`, RFC 8737), which has to lead to this listener.", {
    DOMAINS = "domains": Texts, Required,
        "The names in the certificate, as in `[\"example.com\", \"www.example.com\"]`. Names with a `*` cannot be had this way.";
    TERMS_AGREED = "terms_agreed": Flag, Absent("nobody has agreed, which is an error"),
        "`true`: you agree to the authority's terms of service. Without that it gives no certificate.";
    CONTACTS = "contacts": Texts, Value("[]"),
        "Where the authority can write to, as in `[\"mailto:admin@example.com\"]`.";
    DIRECTORY = "directory": Text, Value("\"https://acme-v02.api.letsencrypt.org/directory\""),
        "Address of the authority's directory. To try things out, `https://acme-staging-v02.api.letsencrypt.org/directory`.";
    FOLDER = "folder": Text, Value("\"acme\""),
        "Folder where the key of the account and the certificate are kept, by authority. It is made when it is not there; the folder above it is not.";
    CA_FILE = "ca_file": Text, Absent("the system's certificates alone"),
        "PEM file of further certificates that are trusted for the directory, for an authority of your own.";
    EXTERNAL_ACCOUNT = "external_account": Table(&external_account::SECTION), Absent("the authority opens accounts for everybody"),
        "An account that you have with the authority already.";
    RETRY_SECS = "retry_secs": Whole(10, DAY), Value("300"),
        "How long after an order that failed the next one is tried. It doubles with each failure, and is the least time between two orders, across restarts too.";
    RETRY_SECS_MAX = "retry_secs_max": Whole(10, 7 * DAY), Value("21600"),
        "The longest time between two orders that fail.";
    ORDER_SECS = "order_secs": Whole(10, 3_600), Value("300"),
        "How long an order may take.";
});

section!(external_account, "[server.tls.acme.external_account]", "The binding to an account that you have with the authority (RFC 8555 section 7.3.4). It is used once, when the account of the gateway is made.", {
    KID = "kid": Text, Required, "The identifier that the authority gave you.";
    KEY_FILE = "key_file": Text, Required,
        "A file, `credential:NAME` or `env:NAME` with the key that it gave you, in base64url.";
});
