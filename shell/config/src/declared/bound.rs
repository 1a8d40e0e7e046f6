//! Sections about what tokens are bound to: keys that sign proofs, and certificates of clients.
//!
//! Knows names, bounds and defaults; the values' types are elsewhere.

use super::section;

section!(client_certificates, "[server.tls.client_certificates]", "Certificates that clients show in the TLS handshake, for routes that accept `certificate` and for tokens that are bound to one (RFC 8705). Whoever comes through one of `trusted_proxies` has none: it would be the proxy's. All files are read again at a reload.", {
    CA_FILE = "ca_file": Text, Required,
        "PEM file of the authorities whose certificates are taken.";
    CRL_FILES = "crl_files": Texts, Absent("nothing is known to be revoked"),
        "PEM files of revocation lists, one at least for each authority that signs: a certificate of whose revocation nothing is known is not taken.";
    DEMAND = "demand": Choice(&["optional", "required"]), Value("\"optional\""),
        "`optional`: who shows none, or one that is not good, gets in as far as routes let them, and is told why in an answer. `required`: the connection is broken off in the handshake, where no cause can be told.";
});

section!(certificate, "[certificate]", "Who is meant by a client's certificate.", {
    USER = "user": Choice(&["common-name", "dns", "uri", "email"]), Value("\"common-name\""),
        "The name that is the user's: the common name of the subject, or a host name, a URI (as SPIFFE has it) or a mail address among the alternative names. There has to be exactly one of the kind.";
});

section!(dpop, "[dpop]", "Proofs of the key that a token is bound to (RFC 9449), for routes that accept `dpop`. The address in a proof is compared with `public_url`, or else with scheme and host of the request; `path_prefix` and `original_target_header` of `[digest]` count here too.", {
    ALGORITHMS = "algorithms": Texts, Value("[\"ES256\", \"EdDSA\", \"RS256\", \"PS256\"]"),
        "The algorithms that proofs may be signed with.";
    PROOF_SECS = "proof_secs": Whole(1, 3_600), Value("60"),
        "How old a proof may be, by its own time.";
    LEEWAY_SECS = "leeway_secs": Whole(0, 300), Value("30"),
        "By how much the clocks of clients may differ.";
    PROOFS_MAX = "proofs_max": Whole(64, 16_777_216), Value("262144"),
        "Proofs that are remembered, so that none is good twice, about 100 bytes each; past it, requests with one get a 503. As many are needed as come in `proof_secs` and `leeway_secs`, or in `nonce_secs`.";
    NONCE = "nonce": Choice(&["off", "required"]), Value("\"off\""),
        "`required`: a proof has to repeat a nonce that the gateway has given out (`DPoP-Nonce`), whose time counts instead of the client's. Clients come again by themselves with it.";
    NONCE_SECS = "nonce_secs": Whole(1, 3_600), Value("300"),
        "How long a nonce is taken.";
});
