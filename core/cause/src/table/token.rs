//! Causes of stage `token`: a token was read, and refused.
//!
//! The checks read a token without verifying it: good enough to see what it says, never to decide on it.

macro_rules! token {
    ($($joined:tt)*) => { catalogue! { $($joined)* Token {

    TokenMalformed {
        id: "token-malformed", status: Some(401), explained: true, who: Client, rank: 39,
        title: "The token is malformed",
        meaning: "The token is not what it claims to be: a JWT has three parts of base64url with dots between, and JSON in the first two. It may have been cut, or is another sort of text altogether.",
        told: "The token can't be read: it is not of the form that it claims to have.",
        log: "token does not parse",
        fix: "Send the token exactly as the issuer returned it, the value of `access_token` and nothing around it. Do not decode, shorten or wrap it; columns of 255 characters in a database cut it silently.",
        checks: [
            ("printf %s \"$TOKEN\" | tr -cd . | wc -c", "2 for a JWT. 0 is an opaque token, 4 an encrypted one, anything else is damaged."),
            ("printf %s \"$TOKEN\" | cut -d. -f1 | tr '_-' '/+' | base64 -d 2>/dev/null", "Prints a JSON object such as `{\"alg\":\"RS256\"...`, or else it is not a JWT."),
        ],
        see: [TokenWrongKind, CredentialWhitespace, CredentialMangled],
        source: "RFC 7519 section 7.2",
    }

    TokenExpired {
        id: "token-expired", status: Some(401), explained: true, who: Client, rank: 64,
        title: "The token has expired",
        meaning: "The token is genuine, and its time is over. Access tokens are short-lived by design, and the client is expected to fetch a new one before the old one ends.",
        told: "The token has expired.",
        log: "token is past `exp`",
        fix: "Fetch a new token with the refresh token or the client credentials, and do so shortly before `expires_in` has passed. On this refusal fetch one and try again once, not more often.",
        checks: [
            ("jq -Rr 'split(\".\")[1] | gsub(\"-\";\"+\") | gsub(\"_\";\"/\") | @base64d | fromjson | .exp | todate' <<< \"$TOKEN\"; date -u +%FT%TZ", "The first line is the end of the token, the second is now."),
        ],
        see: [ClockSkew, RefreshTokenExpired],
        source: "RFC 7519 section 4.1.4, RFC 6750 section 3.1",
    }

    TokenNotYetValid {
        id: "token-not-yet-valid", status: Some(401), explained: true, who: Client, rank: 65,
        title: "The token is not valid yet",
        meaning: "The token says that it may be used from a later time on (`nbf`), or that it was issued in the future (`iat`), and the clocks of both sides agree, so that it is meant that way.",
        told: "The token is not valid yet.",
        log: "token is before `nbf`, or `iat` is in the future",
        fix: "Use the token from the time in `nbf` on. If you issue it yourself, set `nbf` and `iat` to the present in whole seconds of UTC; local time and milliseconds are the usual slips.",
        checks: [
            ("jq -R 'split(\".\")[1] | gsub(\"-\";\"+\") | gsub(\"_\";\"/\") | @base64d | fromjson | {iat, nbf, now: (now|floor)}' <<< \"$TOKEN\"", "`now` must not be below the other two. Thirteen digits are milliseconds, and wrong."),
        ],
        see: [ClockSkew],
        source: "RFC 7519 section 4.1.5",
    }

    ClockSkew {
        id: "clock-skew", status: Some(401), explained: true, who: Ops, rank: 66,
        title: "A clock is wrong",
        meaning: "By the token's own times it would be valid, were it not for a clock that goes wrong: the issuer's, the server's or the client's. Virtual machines after a pause and containers without time service drift most.",
        told: "The token's times do not fit this server's clock: one of the clocks is wrong.",
        log: "token times disagree with the clock by more than the leeway",
        fix: "Turn on time synchronisation on the machine that is off (`timedatectl set-ntp true`, or chrony) and restart it if it was paused. `leeway_secs` of the `[issuer]` covers seconds, not minutes: do not raise it to hide a wrong clock.",
        checks: [
            ("curl -sI \"$URL\" | grep -i '^date'; date -u", "More than a few seconds between both lines: one of the two machines is off."),
            ("timedatectl show -p NTPSynchronized", "`no` on the machine that is off."),
        ],
        see: [SignatureScopeWrong],
        source: "RFC 7519 section 4.1.4",
    }

    TokenLifetimeTooLong {
        id: "token-lifetime-too-long", status: Some(401), explained: true, who: Client, rank: 72,
        title: "The token lives too long",
        meaning: "The token is genuine and in time, and its `exp` is further ahead than this server allows. Long-lived tokens are refused, as a stolen one would stay good for as long.",
        told: "The lifetime of the token is longer than this server allows.",
        log: "token lifetime exceeds `lifetime_secs_max`",
        fix: "Ask the issuer for shorter tokens, minutes or hours, and fetch them more often. If the lifetime is right, the operator raises `lifetime_secs_max` of the `[issuer]`.",
        checks: [
            ("jq -R 'split(\".\")[1] | gsub(\"-\";\"+\") | gsub(\"_\";\"/\") | @base64d | fromjson | .exp - .iat' <<< \"$TOKEN\"", "The lifetime in seconds; 3600 is an hour, 86400 a day."),
        ],
        see: [TokenNotYetValid],
        source: "RFC 6750 section 5.3",
    }

    TokenRevoked {
        id: "token-revoked", status: Some(401), explained: true, who: User, rank: 61,
        title: "The token was revoked",
        meaning: "The token was taken back before its time, or the session or consent that it came from was ended: by signing out, by a changed password, by an administrator, or because a copy of it was found.",
        told: "The token, or the sign-in that it came from, was revoked.",
        log: "token, or its session or grant, is revoked",
        fix: "Sign in again to get a new token; a refresh will not do, as it hangs on the same sign-in. If nobody signed out, take it as a sign that the token leaked, and look where it was used.",
        see: [SessionRevoked],
        source: "RFC 7009 section 2",
    }

    TokenInactive {
        id: "token-inactive", status: Some(401), explained: false, who: Client, rank: 49,
        title: "The issuer does not vouch for the token",
        meaning: "The gateway asked the token's issuer about it (RFC 7662), and the answer was that it is not active. It may have run out or been revoked, it may be another issuer's, or it is no token at all: the issuer says no more than that.",
        told: "The issuer says that the token is not active: it has run out, was revoked, or is not one of its tokens.",
        log: "introspection answered `active: false`",
        fix: "Fetch a new token from the issuer that this resource names, and send it unchanged. If a new one is refused as well, it is from another issuer or environment, or made for another resource: some issuers call a token inactive to everyone that it is not made for.",
        checks: [
            ("curl -s -u \"$CLIENT_ID:$CLIENT_SECRET\" --data-urlencode \"token=$TOKEN\" \"$INTROSPECTION_URL\" | jq .", "What the issuer says of the token to whoever asks. `active: true` here and not for the gateway: its client may not see this token."),
        ],
        see: [TokenExpired, TokenRevoked, IntrospectionFailed],
        source: "RFC 7662 section 2.2",
    }

    TokenWrongKind {
        id: "token-wrong-kind", status: Some(401), explained: true, who: Client, rank: 70,
        title: "This is another kind of token",
        meaning: "An access token is due, and what came is an ID token, a refresh token, an opaque or encrypted token, an API key, or a token of another product. An ID token tells the client who signed in; it is not a key to an API.",
        told: "The token is not an access token of the kind that this resource takes.",
        log: "token is of another kind than the route takes",
        fix: "Send the `access_token` of the token response, not the `id_token` or `refresh_token`. If it is opaque although a JWT is due, ask for it with this API's audience: Auth0, for one, gives a JWT only then. Of an API key send the whole text, from its prefix on, and not its id.",
        checks: [
            ("jq -R 'split(\".\")[0] | gsub(\"-\";\"+\") | gsub(\"_\";\"/\") | @base64d | fromjson | {typ, alg, enc}' <<< \"$TOKEN\"", "`typ` should be `at+jwt` or `JWT`. An `enc` that is not null is an encrypted token."),
            ("jq -R 'split(\".\")[1] | gsub(\"-\";\"+\") | gsub(\"_\";\"/\") | @base64d | fromjson | {nonce, at_hash, scope, aud}' <<< \"$TOKEN\"", "`nonce` or `at_hash` belong to an ID token, `scope` to an access token."),
        ],
        see: [AudienceMismatch, SchemeNotAccepted],
        source: "RFC 9068 section 4, RFC 8725 section 3.11",
    }

    AudienceMismatch {
        id: "audience-mismatch", status: Some(401), explained: true, who: Client, rank: 74,
        title: "The token is made for another audience",
        meaning: "The token is genuine, and its `aud` names another recipient. To take it would let any other service that receives such a token act as the user here.",
        told: "The token was issued for another audience than this resource.",
        log: "`aud` names none of the expected audiences",
        fix: "Ask the issuer for a token for this resource, with the `audience` or `resource` parameter of its token endpoint. Values are compared letter for letter, the slash at the end included; if the token's value is right, the operator adds it to `audience`.",
        checks: [
            ("jq -R 'split(\".\")[1] | gsub(\"-\";\"+\") | gsub(\"_\";\"/\") | @base64d | fromjson | .aud' <<< \"$TOKEN\"", "Compare it with the audience that the service documents, character by character."),
        ],
        see: [ResourceIndicatorMismatch, EnvironmentMismatch],
        source: "RFC 7519 section 4.1.3",
    }

    IssuerMismatch {
        id: "issuer-mismatch", status: Some(401), explained: true, who: Server, rank: 42,
        title: "The token is from another issuer",
        meaning: "The `iss` of the token is not, letter for letter, an issuer that this server trusts. Often it is the same issuer under another name: an address inside the network, another port, `http`, a slash too many.",
        told: "The token names an issuer that is not trusted for this resource.",
        log: "`iss` is not an issuer of the route, to the letter",
        fix: "Set `issuer` of the `[issuer]` to exactly the `iss` of the tokens, and list it in `issuers` of the route. If the `iss` is an inside address, give the issuer one public name instead (in Keycloak `--hostname`), so that all clients get the same.",
        checks: [
            ("jq -R 'split(\".\")[1] | gsub(\"-\";\"+\") | gsub(\"_\";\"/\") | @base64d | fromjson | .iss' <<< \"$TOKEN\"", "What the token says."),
            ("curl -s \"$ISSUER/.well-known/openid-configuration\" | jq .issuer", "What the issuer calls itself: both must be equal to the last character."),
        ],
        see: [EnvironmentMismatch, SigningKeyUnknown],
        source: "RFC 7519 section 4.1.1, RFC 8414 section 3.3",
    }

    SignatureInvalid {
        id: "signature-invalid", status: Some(401), explained: true, who: Client, rank: 48,
        title: "The token's signature is not valid",
        meaning: "The key that the token names was found, and the signature does not fit it. The token was changed after signing, cut at its end, or signed with another key of the same name.",
        told: "The signature of the token is not valid.",
        log: "signature does not verify with the named key",
        fix: "Send the token unchanged, signature included; debuggers that let you edit claims break it. If you sign tokens yourself, check that the private key belongs to the published one, and for HS256 whether the secret is to be base64-decoded first.",
        checks: [
            ("printf %s \"$TOKEN\" | cut -d. -f3 | tr -d '\\n' | wc -c", "342 for RS256 with a 2048 bit key, 86 for ES256 and EdDSA, 43 for HS256. Fewer: it was cut."),
        ],
        see: [SigningKeysStale, SigningKeyUnknown],
        source: "RFC 7515 section 5.2",
    }

    SigningKeyUnknown {
        id: "signing-key-unknown", status: Some(401), explained: true, who: Server, rank: 46,
        title: "The token's signing key is not known",
        meaning: "The token names a key (`kid`) that the issuer does not publish. The token may be from another issuer or environment, older than the last change of keys, or signed with a key that was never published.",
        told: "The token is signed with a key that its issuer does not publish.",
        log: "no key with this `kid` at the issuer",
        fix: "Compare the `kid` of the token with the issuer's key set. Publish a new key before signing with it, and keep the old one published until its last token has expired; with `jwks_file` or `inline`, bring that copy up to date.",
        checks: [
            ("jq -Rr 'split(\".\")[0] | gsub(\"-\";\"+\") | gsub(\"_\";\"/\") | @base64d | fromjson | .kid' <<< \"$TOKEN\"", "The key that the token names."),
            ("curl -s \"$JWKS_URL\" | jq -r '.keys[].kid'", "The keys that the issuer publishes: the token's must be among them."),
        ],
        see: [SigningKeysStale, EnvironmentMismatch],
        source: "RFC 7515 section 4.1.4",
    }

    SigningKeysStale {
        id: "signing-keys-stale", status: None, explained: true, who: Server, rank: 0,
        title: "The server holds old signing keys",
        meaning: "The token verifies with the keys that the issuer publishes today, and the server refuses it all the same: it keeps keys from before a rotation, or the issuer made new ones at a restart and the server did not notice.",
        told: "The token verifies with its issuer's present keys, and the server still uses older ones.",
        log: "verifies against the live key set, refused by the server",
        fix: "Let the server fetch the key set again when it meets an unknown `kid` (with a limit against floods), and honour `Cache-Control` of the key endpoint. Until then restart it. An issuer must store its keys, not make them at each start.",
        checks: [
            ("curl -s \"$JWKS_URL\" | jq -r '.keys[].kid'", "The token's `kid` is listed, and yet the server refuses: its copy is older."),
        ],
        see: [VerifierMisconfigured],
    }

    AlgorithmNotAllowed {
        id: "algorithm-not-allowed", status: Some(401), explained: true, who: Client, rank: 44,
        title: "The token's algorithm is not allowed",
        meaning: "The `alg` of the token is not one that this server takes for this issuer. The server decides on algorithms, never the token: a `none`, or an HMAC made with a public key, is a known attack.",
        told: "The token is signed with an algorithm that is not allowed here.",
        log: "`alg` is not in the allowed algorithms of the issuer",
        fix: "Let the issuer sign with RS256, ES256 or EdDSA; in its console it is a setting of the client or of the API. If the algorithm is sound and wanted, the operator adds it to `algorithms` of the `[issuer]`.",
        checks: [
            ("jq -Rr 'split(\".\")[0] | gsub(\"-\";\"+\") | gsub(\"_\";\"/\") | @base64d | fromjson | .alg' <<< \"$TOKEN\"", "The algorithm that the token was signed with."),
        ],
        see: [SignatureInvalid],
        source: "RFC 8725 section 3.1",
    }

    ClaimMissing {
        id: "claim-missing", status: Some(401), explained: true, who: Client, rank: 76,
        title: "The token lacks a required claim",
        meaning: "The token is genuine, and a claim that this server needs for its decision is absent: an end of its life, a subject, or one that the configuration demands.",
        told: "The token lacks a claim that is required here.",
        log: "required claim absent from the token",
        fix: "Let the issuer add the claim: most need a scope (`openid`, `profile`, `groups`) in the request, or a mapper on the client. The operator can see which one is missing in the log, and in `required_claims` of the `[issuer]`.",
        checks: [
            ("jq -R 'split(\".\")[1] | gsub(\"-\";\"+\") | gsub(\"_\";\"/\") | @base64d | fromjson | keys' <<< \"$TOKEN\"", "The claims that are there; `exp`, `iss`, `aud` and `sub` are nearly always wanted."),
        ],
        see: [ScopeInsufficient, TokenWrongKind],
        source: "RFC 9068 section 2.2",
    }

    SenderConstraintFailed {
        id: "sender-constraint-failed", status: Some(401), explained: true, who: Client, rank: 77,
        title: "The token is bound to a key that was not shown",
        meaning: "The token may be used only by the holder of a key. The proof of that key (a `DPoP` header, or a TLS client certificate) is absent, is for another method or address, is too old, or was used before.",
        told: "The token is bound to a key, and the request did not prove possession of it.",
        log: "dpop proof or client certificate absent, wrong or replayed",
        fix: "Make a new DPoP proof for each request with its method and address (`htm`, `htu`), its time and the hash of the token (`ath`), and send the token as `Authorization: DPoP`. If the answer has a `DPoP-Nonce`, use it in the next proof.",
        checks: [
            ("jq -R 'split(\".\")[1] | gsub(\"-\";\"+\") | gsub(\"_\";\"/\") | @base64d | fromjson | .cnf' <<< \"$TOKEN\"", "`jkt`: a DPoP proof is due. `x5t#S256`: the client certificate is due."),
        ],
        see: [ChannelBindingFailed, SchemeWordWrong],
        source: "RFC 9449 section 4.3, RFC 8705 section 3",
    }

    ScopeInsufficient {
        id: "scope-insufficient", status: Some(403), explained: true, who: Client, rank: 84,
        title: "Not enough rights for this",
        meaning: "Who is calling is known and beyond doubt, and the rights that came along do not cover this: a scope, a group or a claim that the rule demands is absent. Other credentials of the same kind will not help.",
        told: "The caller is known, and its rights are not enough for this request.",
        log: "identity verified, demand of the route not met",
        fix: "With a token: ask for the scope in the `scope` parameter of the challenge when you fetch it, and check that the issuer granted it. With an API key: the scopes of a key are fixed, so have a new one made with `countersign key create --scope`. Who signs in with a password has no scopes: use a key or a token, or have the route demand a group.",
        checks: [
            ("jq -R 'split(\".\")[1] | gsub(\"-\";\"+\") | gsub(\"_\";\"/\") | @base64d | fromjson | {scope, scp, groups}' <<< \"$TOKEN\"", "What was granted."),
            ("curl -s -o /dev/null -D - -H \"Authorization: Bearer $TOKEN\" \"$URL\" | grep -io 'scope=\"[^\"]*\"'", "What is wanted."),
        ],
        see: [ForbiddenReportedAsUnauthorized, ConsentMissing],
        source: "RFC 6750 section 3.1",
    }

    }}};
}
