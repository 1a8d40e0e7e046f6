//! Causes of stage `grant`: getting a token, with OAuth 2 and OpenID Connect.

macro_rules! grant {
    ($($joined:tt)*) => { catalogue! { $($joined)* Grant {

    ClientAuthenticationFailed {
        id: "client-authentication-failed", status: Some(401), explained: true, who: Client, rank: 50,
        title: "The client's own credentials were not accepted",
        meaning: "The token endpoint does not accept the client itself (`invalid_client`): its id is unknown there, or its secret is wrong. The user has nothing to do with it, and a new sign-in does not help.",
        told: "The client id or the client secret is not valid here.",
        log: "unknown client or wrong client secret",
        fix: "Compare the client id with the issuer's console, and that it is the same tenant or realm. Then make a new client secret there and use its value, not its id.",
        checks: [
            ("curl -s -u \"$CLIENT_ID:$CLIENT_SECRET\" -d grant_type=client_credentials \"$TOKEN_URL\" | jq '{error, error_description}'", "`invalid_client` is this cause; `unauthorized_client` means that id and secret are right, and this grant is not allowed to them."),
        ],
        see: [ClientAuthenticationMethod, ClientSecretEncoding, SecretIdSent, CredentialsRejected],
        source: "RFC 6749 section 5.2",
    }

    ClientAuthenticationMethod {
        id: "client-authentication-method", status: Some(401), explained: true, who: Client, rank: 52,
        title: "The client authenticates in another way than registered",
        meaning: "The client is registered for one way of proving itself (Basic, form fields, `private_key_jwt`, a certificate, or none) and used another. Most issuers say `invalid_client` for this as well.",
        told: "The client used another authentication method than the one it is registered for.",
        log: "client authentication method differs from the registered one",
        fix: "Set the library's method (`token_endpoint_auth_method`, client authentication style) to the registered one: `client_secret_basic`, `client_secret_post`, `private_key_jwt` or `none`. Send the secret in one place only.",
        checks: [
            ("curl -s \"$ISSUER/.well-known/openid-configuration\" | jq .token_endpoint_auth_methods_supported", "What the issuer can do; without the entry it is `client_secret_basic`."),
            ("curl -s -d grant_type=client_credentials -d \"client_id=$CLIENT_ID\" --data-urlencode \"client_secret=$CLIENT_SECRET\" \"$TOKEN_URL\" | jq .error", "Works in the form and not with `-u`, or the reverse: it is the method."),
        ],
        see: [ClientSecretEncoding],
        source: "RFC 6749 section 2.3",
    }

    ClientSecretEncoding {
        id: "client-secret-encoding", status: None, explained: true, who: Client, rank: 0,
        title: "The client secret is encoded on one side only",
        meaning: "OAuth wants client id and secret form-encoded before they go into Basic, and many clients and issuers do not do so. With `+`, `/`, `%`, `:` or `=` in the secret the two sides then see different secrets.",
        told: "Client and issuer encode the client secret differently.",
        log: "client secret with reserved characters, encoded on one side",
        fix: "Switch to `client_secret_post`, where there is no doubt, or make a secret of letters and digits only. If you write the client, encode both parts (`encodeURIComponent`) before you join them with the colon.",
        checks: [
            ("printf %s \"$CLIENT_SECRET\" | tr -d 'A-Za-z0-9._-' | wc -c", "0 means that encoding makes no difference, and that the cause is another."),
        ],
        see: [CredentialMangled],
        source: "RFC 6749 section 2.3.1",
    }

    CodeReused {
        id: "code-reused", status: Some(400), explained: true, who: Client, rank: 60,
        title: "The authorization code was used before",
        meaning: "An authorization code is good once. It came a second time, and as nobody can tell who was first, the tokens made from it are revoked too.",
        told: "The authorization code was used before; the tokens made from it are revoked.",
        log: "authorization code redeemed twice",
        fix: "Redeem the code in one place, once. Usual doubles: a page that is loaded twice (React's strict mode, reload, back button), a retry after a time-out, link scanners in mail and chat. Start the sign-in anew.",
        see: [CodeExpired, RefreshTokenReused],
        source: "RFC 6749 section 4.1.2",
    }

    CodeExpired {
        id: "code-expired", status: Some(400), explained: true, who: Client, rank: 62,
        title: "The authorization code has run out",
        meaning: "The code lives for a minute or so, and came later, or was issued by another instance or environment and is unknown here.",
        told: "The authorization code has run out or is unknown.",
        log: "authorization code expired or unknown",
        fix: "Redeem the code at once when it arrives, at the token endpoint of the same issuer, and decode it once from the redirect's query. Do not stop in a debugger between the two. Start the sign-in anew.",
        see: [EnvironmentMismatch],
        source: "RFC 6749 section 4.1.2",
    }

    PkceMismatch {
        id: "pkce-mismatch", status: Some(400), explained: true, who: Client, rank: 76,
        title: "The PKCE verifier does not fit",
        meaning: "The `code_verifier` that came with the code is not the one whose `code_challenge` started the sign-in, or one of the two is missing. That is how a stolen code is noticed.",
        told: "The `code_verifier` does not fit the `code_challenge` of this sign-in.",
        log: "code verifier absent or not matching the challenge",
        fix: "Keep the verifier for each sign-in by its `state`, so that two tabs do not overwrite each other's. Compute the challenge as base64url without padding of the SHA-256 of the verifier's ASCII text, with `code_challenge_method=S256`.",
        checks: [
            ("printf %s \"$CODE_VERIFIER\" | openssl dgst -sha256 -binary | base64 -w0 | tr '+/' '-_' | tr -d =", "Must equal the `code_challenge` of the authorization request."),
        ],
        see: [CodeReused],
        source: "RFC 7636 section 4.6",
    }

    RedirectUriMismatch {
        id: "redirect-uri-mismatch", status: Some(400), explained: true, who: Client, rank: 74,
        title: "The redirect URI is not the registered one",
        meaning: "The `redirect_uri` must equal a registered one letter for letter, and the one at the token endpoint must equal the first. Scheme, port, path and the slash at the end all count.",
        told: "The `redirect_uri` is not exactly a registered one, or differs from that of the first request.",
        log: "redirect uri differs from the registered or the first one",
        fix: "Copy the `redirect_uri` out of the browser's address bar at the failed sign-in, decode it, and register precisely that. If it says `http` in front of an https site, let the application trust `X-Forwarded-Proto` first.",
        see: [RedirectToHttp, PkceMismatch],
        source: "RFC 9700 section 2.1",
    }

    RefreshTokenReused {
        id: "refresh-token-reused", status: Some(400), explained: true, who: Client, rank: 60,
        title: "A used refresh token came again",
        meaning: "Each refresh token is replaced by a new one when it is used, and an old one came back. Either the client lost the new one, or somebody else has a copy; the whole family of tokens is revoked.",
        told: "The refresh token was used before; all tokens of this sign-in are revoked.",
        log: "rotated refresh token presented again, family revoked",
        fix: "Store the new refresh token before you use the new access token, and let only one process or tab refresh at a time. Then sign in again. If it can't have been your client, treat it as theft.",
        see: [RefreshTokenExpired],
        source: "RFC 9700 section 4.14.2",
    }

    RefreshTokenExpired {
        id: "refresh-token-expired", status: Some(400), explained: true, who: User, rank: 64,
        title: "The refresh token has run out",
        meaning: "The refresh token was not used for too long, reached its greatest age, or hung on a session that has ended. No new access token can be had with it.",
        told: "The refresh token has run out, or the sign-in that it came from has ended.",
        log: "refresh token past its idle or absolute time, or its session ended",
        fix: "Sign in once more, so that the application receives a new refresh token. For jobs that run unattended ask for `offline_access`, or use a service account with client credentials instead of a person's sign-in.",
        see: [TokenExpired, SessionExpired],
        source: "RFC 6749 section 5.2",
    }

    GrantNotFormEncoded {
        id: "grant-not-form-encoded", status: Some(400), explained: true, who: Client, rank: 30,
        title: "The token request is not form-encoded",
        meaning: "The token endpoint reads its parameters from a form body. They came as JSON, or in the query, or with another `Content-Type`, so that it saw none of them.",
        told: "The token request must be a form body of type `application/x-www-form-urlencoded`.",
        log: "token request parameters not in a form body",
        fix: "Send a POST with `Content-Type: application/x-www-form-urlencoded` and the parameters in the body: `curl -d grant_type=... -d code=...`, `URLSearchParams` in JavaScript, `data=` rather than `json=` in Python requests.",
        see: [ClientAuthenticationFailed, HeaderMalformed],
        source: "RFC 6749 section 3.2",
    }

    ConsentMissing {
        id: "consent-missing", status: None, explained: true, who: User, rank: 0,
        title: "Consent has not been given",
        meaning: "The issuer wants the user, or an administrator for everybody, to agree to what the application asks for, and that has not happened or was taken back.",
        told: "The user or an administrator has not agreed to what the application asks for.",
        log: "issuer answers `consent_required` or `interaction_required`",
        fix: "Start the sign-in in a browser with `prompt=consent` and agree. If the page says that an administrator is needed, send them the application's name and the list of its scopes.",
        see: [ScopeInsufficient, SecondFactorRequired],
    }

    ResourceIndicatorMismatch {
        id: "resource-indicator-mismatch", status: Some(400), explained: true, who: Client, rank: 75,
        title: "The resource asked for is not the published one",
        meaning: "The `resource` parameter must equal the identifier that the resource publishes, letter for letter. A slash at the end, a port or a path more or less makes it another resource (`invalid_target`).",
        told: "The `resource` that was asked for is not one that is known here.",
        log: "resource indicator differs from the published identifier",
        fix: "Read `resource` from the protected resource metadata that the challenge names, and send it unchanged with the authorization request and the token request.",
        checks: [
            ("curl -s \"$(curl -s -o /dev/null -D - \"$URL\" | grep -io 'resource_metadata=\"[^\"]*' | cut -d'\"' -f2)\" | jq -r .resource", "The identifier to send, to the last slash."),
        ],
        see: [DiscoveryMissing],
        source: "RFC 8707 section 2",
    }

    DiscoveryMissing {
        id: "discovery-missing", status: None, explained: true, who: Server, rank: 0,
        title: "The client can't find out where to get a token",
        meaning: "The challenge names no metadata, or the metadata can't be reached or names another resource. Clients that set themselves up, such as those of the Model Context Protocol, stop here.",
        told: "The refusal does not lead to a place where a token can be had.",
        log: "no reachable protected resource or issuer metadata",
        fix: "Send `WWW-Authenticate: Bearer resource_metadata=\"...\"` with each 401, and serve that document and the issuer's metadata without credentials and with CORS headers. In Countersign set `public_url` of `[server]`, or `resource` of the `[[route]]`.",
        checks: [
            ("curl -s -o /dev/null -D - \"$URL\" | grep -io 'resource_metadata=\"[^\"]*\"'", "Nothing: the challenge names no metadata. Otherwise fetch that address."),
            ("curl -s \"$ISSUER/.well-known/oauth-authorization-server\" | jq .token_endpoint", "An address, or the issuer's own metadata is missing as well."),
        ],
        see: [ChallengeMissing],
        source: "RFC 9728 section 5.1",
    }

    TokenExchangeNeeded {
        id: "token-exchange-needed", status: None, explained: true, who: Client, rank: 0,
        title: "A token has to be fetched first",
        meaning: "The challenge names a service (`realm`) where a token is to be had for the password, and the client sent the password to the resource itself, or asked for a token of another scope. Container registries work this way.",
        told: "The resource wants a token from the service that its challenge names.",
        log: "bearer challenge with a token service, answered without its token",
        fix: "Ask the `realm` address with `service` and `scope` from the challenge, with the password by Basic, and send the token that it returns as Bearer. For registries `docker login` does it all; ask for `pull,push` where you want to write.",
        checks: [
            ("curl -s -u \"$USER_NAME:$PASSWORD\" \"$TOKEN_REALM?service=$TOKEN_SERVICE&scope=repository:$IMAGE:pull\" | jq -r '.token // .access_token' | wc -c", "More than 5 means that a token was issued, and that the client failed to fetch it."),
        ],
        see: [SchemeNotAccepted],
    }

    }}};
}
