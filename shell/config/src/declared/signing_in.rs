//! The sections about what people do at the gateway's own pages beside typing a password: passkeys, API keys of their own,
//! and signing in through another provider.
//!
//! Knows names, bounds and defaults; the values' types are `countersign_flow::PasskeyRules`, `OwnKeyRules` and `ProviderRules`.

use super::section;

section!(passkeys, "[session.passkeys]", "Passkeys (Web Authentication). They are there where this section is, which may be empty.", {
    RP_ID = "rp_id": Text, Absent("the host of `public_url`"),
        "The domain that passkeys are bound to. With another one, none of them is worth anything any more. A parent of the host, as in `example.com`, lets sibling hosts ask for them too.";
    ORIGINS = "origins": TextOrTexts, Absent("`public_url`"),
        "The origins whose pages may ask for them, as in `https://app.example.com`: https, or http on `localhost`.";
    PER_USER_MAX = "per_user_max": Whole(1, 100), Value("20"),
        "Passkeys of one user.";
});

section!(own_keys, "[session.own_keys]", "API keys that people make for themselves in their account. They can where this section is, which may be empty. Such a key is its user's: it has the groups that the store has of the user, and ends with the user.", {
    SCOPES = "scopes": Texts, Absent("none: a key does what is open to its user without a scope"),
        "The scopes that they may give a key. A scope that is taken out here is lost to the keys that have it, from the reload on.";
    GROUPS = "groups": Texts, Absent("everybody who can sign in"),
        "Who may make keys: members of one of these groups, as the store has them. Whoever leaves all of them keeps the keys, without any scope.";
    LIFETIME_SECS_MAX = "lifetime_secs_max": Whole(86_400, 31_536_000), Value("7776000"),
        "For how long a key is taken at most. People choose a number of days up to it.";
    PER_USER_MAX = "per_user_max": Whole(1, 100), Value("10"),
        "Keys that one user has made and that are still taken. Past it, one has to be revoked first.";
});

section!(provider, "[provider.NAME]", "An OpenID provider that people can sign in through, at the gateway's own page. NAME is part of the redirect URI, `<public_url>/.countersign/sign-in/provider/NAME/callback`, which has to be registered there.", {
    ISSUER = "issuer": Text, Required,
        "The provider's identifier, to the letter; its metadata stand below it (OpenID Connect Discovery).";
    CLIENT_ID = "client_id": Text, Required,
        "The gateway's client id at the provider.";
    AUTHENTICATION = "authentication": Choice(&["basic", "post", "none"]), Value("\"basic\""),
        "How the gateway shows itself at the token endpoint: `basic` (client_secret_basic), `post` (client_secret_post), or `none` for a public client. PKCE with S256 is used with all of them.";
    SECRET_FILE = "secret_file": Text, Absent("none, for `none` alone"),
        "A file, `credential:NAME` or `env:NAME` with the client's secret. A line end after it is left out.";
    LABEL = "label": Text, Absent("NAME"),
        "What the button says after `Sign in with`.";
    SCOPES = "scopes": Texts, Value("[\"openid\", \"profile\", \"email\"]"),
        "The scopes that are asked for; `openid` has to be among them.";
    ALGORITHMS = "algorithms": Texts, Value("[\"RS256\", \"ES256\", \"EdDSA\"]"),
        "What ID tokens may be signed with; none that needs a shared secret.";
    USERNAME_CLAIM = "username_claim": Text, Value("\"preferred_username\""),
        "The claim that names a user here at the first sign-in. `email` counts only where the provider says `email_verified: true`. A dot leads into an object.";
    FIRST_SIGN_IN = "first_sign_in": Choice(&["refuse", "link", "create", "link-or-create"]), Value("\"refuse\""),
        "What becomes of somebody whom no user here is linked with. `refuse`: an operator links them, `countersign user link`. `link`: with the user of the name that `username_claim` says, if there is one. `create`: a user of that name is made, if there is none. From then on issuer and `sub` count, and no name.";
    GROUPS_CLAIM = "groups_claim": Text, Absent("the provider names no groups"),
        "The claim that names groups, which a session gets beside those of its user, for as long as it lasts. A dot leads into an object.";
    ALLOWED_GROUPS = "allowed_groups": Texts, Absent("any"),
        "One of these has to be in `groups_claim`.";
    ALLOWED_EMAIL_DOMAINS = "allowed_email_domains": Texts, Absent("any"),
        "The domain of a verified e-mail address has to be one of these, and not below one of them.";
    SECOND_FACTOR_ACR = "second_factor_acr": Texts, Absent("none"),
        "Values of `acr` that count as a second factor. They are asked for as well (`acr_values`).";
    SECOND_FACTOR_AMR = "second_factor_amr": Texts, Absent("none"),
        "Values in `amr` that count as a second factor.";
    SIGN_OUT = "sign_out": Flag, Value("false"),
        "Whether people who have signed out here, and had signed in through this provider, are shown the way to sign out there too (RP-Initiated Logout). `<public_url>/.countersign/sign-out` has to be registered there as a post-logout redirect URI.";
    LEEWAY_SECS = "leeway_secs": Whole(0, 300), Value("30"),
        "By how much clocks may differ.";
    ANSWER_SECS = "answer_secs": Whole(1, 60), Value("10"),
        "How long a sign-in waits for the provider; past it, the page says so with a 503.";
    ANSWER_BYTES_MAX = "answer_bytes_max": Whole(1_024, 1_048_576), Value("65536"),
        "Bytes of an answer of the token endpoint.";
    IN_FLIGHT_MAX = "in_flight_max": Whole(1, 1_000), Value("16"),
        "Exchanges with the provider that are under way at once.";
    WAITING_MAX = "waiting_max": Whole(0, 100_000), Value("256"),
        "Exchanges that wait for their turn; past it, the page says so with a 503.";
    CA_FILE = "ca_file": Text, Absent("the system's certificates alone"),
        "PEM file of further certificates that are trusted for the provider's server.";
    ALLOW_HTTP = "allow_http": Flag, Value("false"),
        "Whether the provider may be reached without TLS. Whoever sits on the way can then sign in as anybody.";
});
