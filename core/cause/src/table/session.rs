//! Causes of stage `session`: sessions, cookies, CSRF and CORS.

macro_rules! session {
    ($($joined:tt)*) => { catalogue! { $($joined)* Session {

    SessionExpired {
        id: "session-expired", status: Some(401), explained: true, who: User, rank: 64,
        title: "The session has ended",
        meaning: "The session was genuine, and its time is over: nothing happened in it for too long, or it reached the age at which everybody signs in again.",
        told: "The session has ended because its time was over.",
        log: "session past its idle or absolute time",
        fix: "Sign in again. If work is lost by it, tell the operator how long the pauses in your work are: the idle time is a setting, the absolute time guards against stolen cookies.",
        see: [SessionRevoked, TokenExpired],
    }

    SessionUnknown {
        id: "session-unknown", status: Some(401), explained: true, who: User, rank: 49,
        title: "There is no such session here",
        meaning: "The session cookie is well formed, and no session of that name exists on this server. It comes from before a restart that forgot sessions, from another installation, or was made up.",
        told: "The session that the request names does not exist here.",
        log: "session id not found in the store",
        fix: "Delete the cookies of this host and sign in again. If it happens to everybody after each restart, the operator has to keep sessions in a store that lasts.",
        see: [SessionNotShared, SessionExpired],
    }

    SessionRevoked {
        id: "session-revoked", status: Some(401), explained: true, who: User, rank: 61,
        title: "The session was signed out",
        meaning: "The session was ended on purpose: by signing out here or everywhere, by a new password, by an administrator, or because a newer sign-in took its place.",
        told: "The session was signed out.",
        log: "session ended by sign-out, password change or newer sign-in",
        fix: "Sign in again. If you did not sign out anywhere, look at the list of sessions in your account, and change the password if one of them is not yours.",
        see: [TokenRevoked],
    }

    SessionNotShared {
        id: "session-not-shared", status: None, explained: true, who: Ops, rank: 0,
        title: "The instances do not share their sessions",
        meaning: "The same request is sometimes let in and sometimes refused, in the measure of the number of instances. Each of them knows only its own sessions, or protects its cookies with a key of its own.",
        told: "The same request succeeds on some instances of the service and fails on others.",
        log: "equal requests succeed in part, instances differ",
        fix: "Put sessions into one store that all instances use, and give all of them the same cookie key (in ASP.NET Core the data protection keys, in Rails `secret_key_base`). Sticky sessions at the balancer only hide it until the next restart.",
        checks: [
            ("for i in $(seq 20); do curl -s -o /dev/null -w '%{http_code}\\n' -H \"Cookie: $COOKIE\" \"$URL\"; done | sort | uniq -c", "Two statuses in a steady ratio: one in two for two instances, one in three for three."),
        ],
        see: [CachedRefusal],
    }

    CookieSamesite {
        id: "cookie-samesite", status: None, explained: true, who: Server, rank: 0,
        title: "SameSite keeps the cookie at home",
        meaning: "The request comes from a page of another site, and the cookie is `SameSite=Lax` or `Strict`, or says nothing and is taken for `Lax`. The browser does not send it along.",
        told: "The browser kept the cookie back because the request comes from another site.",
        log: "cookie withheld on a cross-site request by samesite",
        fix: "If other sites are meant to use it, set `SameSite=None; Secure` and guard against forged requests otherwise. For a sign-in that comes back by POST (SAML, `form_post`), give `None` to the short-lived cookie of the sign-in only.",
        see: [CookieThirdParty, CsrfFailed],
    }

    CookieSecure {
        id: "cookie-secure", status: None, explained: true, who: Ops, rank: 0,
        title: "A Secure cookie and plain http",
        meaning: "The cookie is `Secure`, so the browser sends it over https only, and this request went over http. Or the application believes that it is on http, as the proxy hides the https, and refuses to set the cookie.",
        told: "The cookie travels over https only, and the request or the application is on http.",
        log: "secure cookie on plain http, or https hidden by a proxy",
        fix: "Serve everything over https, and have the proxy say so with `X-Forwarded-Proto: https` to an application that trusts it. On a developer's machine use `http://localhost`, which most browsers hold to be secure.",
        checks: [
            ("curl -s -o /dev/null -D - \"$SIGN_IN_URL\" | grep -i '^set-cookie' | sed 's/=[^;]*/=.../'", "A cookie with `Secure` on an http address, or no cookie at all, is this cause."),
        ],
        see: [RedirectToHttp, CookieSamesite],
        source: "RFC 6265 section 4.1.2.5",
    }

    CookieDomain {
        id: "cookie-domain", status: None, explained: true, who: Server, rank: 0,
        title: "The cookie belongs to another host",
        meaning: "The cookie was set for one host and is needed on another: `www` against the bare domain, a sibling, `localhost` against `127.0.0.1`. Or its `Domain` does not cover the host that sets it, so that the browser refused it.",
        told: "The cookie was set for another host than the one that is called.",
        log: "cookie domain does not match the request host",
        fix: "Leave out `Domain` to keep the cookie on its own host. To share it among subdomains set `Domain=example.com`, the parent of both; and use one spelling of the host everywhere, in links and redirects too.",
        see: [CookiePath, CookieThirdParty],
        source: "RFC 6265 section 5.1.3",
    }

    CookiePath {
        id: "cookie-path", status: None, explained: true, who: Server, rank: 0,
        title: "The cookie belongs to another path",
        meaning: "The cookie was set for one path and is needed on another. Without `Path` it is valid only below the directory of the page that set it; a proxy that adds or removes a prefix shifts it as well.",
        told: "The cookie was set for another path than the one that is called.",
        log: "cookie path does not cover the request path",
        fix: "Set `Path=/`, or the prefix under which the browser sees the application. If a proxy changes the prefix, let it change the cookie also: `proxy_cookie_path / /app/;` in nginx.",
        see: [CookieDuplicated],
        source: "RFC 6265 section 5.1.4",
    }

    CookieThirdParty {
        id: "cookie-third-party", status: None, explained: true, who: Server, rank: 0,
        title: "The cookie is blocked as third-party",
        meaning: "The application runs in a frame or behind a script of another site, and the browser does not allow cookies there, whatever their attributes say. Silent renewal in a hidden frame fails for the same reason.",
        told: "The browser blocks the cookie because it belongs to another site than the page.",
        log: "cookie blocked as third-party by the browser",
        fix: "Serve page and API from one site (`app.example.com` and `api.example.com`), or ask with the Storage Access API, or set the cookie `Partitioned`. Renew with a refresh token instead of a hidden frame.",
        see: [CookieSamesite],
    }

    CookieTooLarge {
        id: "cookie-too-large", status: None, explained: true, who: Server, rank: 0,
        title: "The cookie is too large for the browser",
        meaning: "Browsers drop a cookie of more than about 4096 bytes, name and attributes included, without a word. The server sets it and never sees it again; tokens inside of cookies are the usual reason.",
        told: "The cookie is larger than browsers keep, so it was dropped.",
        log: "set-cookie beyond 4096 bytes",
        fix: "Keep the session on the server and only its id in the cookie. If tokens must be in it, leave out the ID token and the groups, or use a library that divides the cookie into several.",
        checks: [
            ("curl -s -o /dev/null -D - \"$SIGN_IN_URL\" | grep -i '^set-cookie' | awk '{print length($0)}'", "A number near or above 4096 is dropped."),
        ],
        see: [HeaderTooLarge],
        source: "RFC 6265 section 6.1",
    }

    CookieDuplicated {
        id: "cookie-duplicated", status: None, explained: true, who: Server, rank: 0,
        title: "Two cookies of one name, the wrong one first",
        meaning: "The browser has two cookies of the same name, from two paths or from host and parent domain, and sends both. The server reads the first, which is the stale one.",
        told: "The request carries two cookies of the same name, and the wrong one was read.",
        log: "session cookie name twice in one request",
        fix: "Delete the old cookie with exactly the `Path` and `Domain` with which it was set. Then give the new one a name of its own, best with the prefix `__Host-`, which allows only one of its kind.",
        checks: [
            ("printf %s \"$COOKIE\" | tr ';' '\\n' | sed 's/=.*//; s/^ //' | sort | uniq -d", "Prints every name that occurs twice."),
        ],
        see: [SessionUnknown, CookieDomain],
        source: "RFC 6265 section 5.4",
    }

    CsrfFailed {
        id: "csrf-failed", status: Some(403), explained: true, who: Client, rank: 86,
        title: "The anti-forgery check failed",
        meaning: "The session is good, and the request does not show that it comes from the application's own pages: the anti-forgery token is absent, stale or of another session, or `Origin` does not fit.",
        told: "The request does not prove that it comes from this application's own pages.",
        log: "anti-forgery token or origin does not fit the session",
        fix: "Take a fresh token from the page or its cookie for each sign-in and send it in the header or field that the framework reads. Programs without a browser use a token or key instead of the session cookie and need no anti-forgery token.",
        see: [OriginNotAllowed, SessionExpired, SessionNotShared],
    }

    PreflightChallenged {
        id: "preflight-challenged", status: None, explained: true, who: Server, rank: 0,
        title: "The preflight is asked for credentials",
        meaning: "Before a request with `Authorization` to another origin the browser sends an OPTIONS request that can't carry credentials. The server demands them all the same, so the real request is never sent.",
        told: "The server asks the preflight for credentials, which a preflight can't carry.",
        log: "preflight without credentials answered with 401",
        fix: "Answer a preflight (OPTIONS with `Origin` and `Access-Control-Request-Method`) before the authentication step: CORS first, then authentication. Exempt just that, not every OPTIONS request.",
        checks: [
            ("curl -s -o /dev/null -w '%{http_code}\\n' -X OPTIONS -H \"Origin: $ORIGIN\" -H 'Access-Control-Request-Method: GET' -H 'Access-Control-Request-Headers: authorization' \"$URL\"", "200 or 204 is right, 401 or 403 is this cause."),
        ],
        see: [CorsHeaderNotAllowed, PipelineMisordered],
        source: "Fetch Standard, CORS-preflight fetch",
    }

    CorsCredentialsNotSent {
        id: "cors-credentials-not-sent", status: None, explained: true, who: Client, rank: 0,
        title: "The page's request leaves out the cookies",
        meaning: "A script calls another origin, and by default such a call carries no cookies and no remembered credentials. The user is signed in, and the request does not show it.",
        told: "The script called another origin without asking the browser to send its cookies.",
        log: "cross-origin request without credentials mode",
        fix: "Call with `fetch(url, { credentials: \"include\" })`, or `withCredentials = true` for XMLHttpRequest and axios. The server must then answer with `Access-Control-Allow-Credentials: true` and the exact origin.",
        see: [CorsWildcardWithCredentials, CookieSamesite],
        source: "Fetch Standard, CORS protocol and credentials",
    }

    CorsWildcardWithCredentials {
        id: "cors-wildcard-with-credentials", status: None, explained: true, who: Server, rank: 0,
        title: "A CORS wildcard where credentials are sent",
        meaning: "The answer allows `*`, and with credentials the browser takes the star literally: it wants the exact origin, and the exact header and method names. `Authorization` is never covered by the star.",
        told: "The server allows any origin by a wildcard, which does not hold for requests with credentials.",
        log: "wildcard in cors headers of a credentialed exchange",
        fix: "Answer with the request's own `Origin` if it is on your list, with `Vary: Origin`, and spell out `Access-Control-Allow-Headers` and `-Methods`. Never echo an origin that is not on the list.",
        checks: [
            ("curl -s -o /dev/null -D - -H \"Origin: $ORIGIN\" \"$URL\" | grep -i '^access-control'", "`Access-Control-Allow-Origin: *` beside `Allow-Credentials: true` can't work."),
        ],
        see: [OriginNotAllowed],
        source: "Fetch Standard, CORS protocol and credentials",
    }

    CorsHeaderNotAllowed {
        id: "cors-header-not-allowed", status: None, explained: true, who: Server, rank: 0,
        title: "CORS does not allow the Authorization header",
        meaning: "The preflight is answered, and `Access-Control-Allow-Headers` does not list the header that carries the credential. The browser stops there.",
        told: "The server's CORS answer does not allow the header that carries the credential.",
        log: "authorization or key header absent from access-control-allow-headers",
        fix: "Add `Authorization` (or the key's header, such as `X-API-Key`) to `Access-Control-Allow-Headers` of the preflight's answer, by name.",
        checks: [
            ("curl -s -o /dev/null -D - -X OPTIONS -H \"Origin: $ORIGIN\" -H 'Access-Control-Request-Method: GET' -H 'Access-Control-Request-Headers: authorization' \"$URL\" | grep -i '^access-control-allow-headers'", "The line must name every header that the script sets."),
        ],
        see: [CorsWildcardWithCredentials],
        source: "Fetch Standard, CORS-preflight fetch",
    }

    CorsHidesRefusal {
        id: "cors-hides-refusal", status: None, explained: true, who: Server, rank: 0,
        title: "The page can't see the refusal",
        meaning: "The server answers 401 or 403 without CORS headers, so the browser hides it from the script, which sees a network error. People then search for a CORS fault where a session has ended.",
        told: "The refusal has no CORS headers, so that the script sees only a network error.",
        log: "refusal without cors headers to an allowed origin",
        fix: "Put the CORS headers on refusals and errors as well: in nginx with `add_header ... always;`, in frameworks by running CORS outside of authentication. Add `Access-Control-Expose-Headers: WWW-Authenticate` so that the page can read the challenge.",
        checks: [
            ("curl -s -o /dev/null -D - -H \"Origin: $ORIGIN\" \"$URL\" | grep -i -e '^HTTP/' -e '^access-control-allow-origin'", "A 401 without the second line is this cause."),
        ],
        see: [PreflightChallenged, SessionExpired],
        source: "Fetch Standard, CORS check",
    }

    OriginNotAllowed {
        id: "origin-not-allowed", status: Some(403), explained: true, who: Server, rank: 80,
        title: "This origin is not allowed",
        meaning: "The request comes from a page whose origin is not on the server's list. Origins are compared with scheme, host and port; `https://example.com` and `https://www.example.com` are two.",
        told: "Requests from pages of this origin are not allowed.",
        log: "origin is not on the list",
        fix: "Add the origin exactly as the browser sends it, without a path or a slash at the end, if that page is yours; Countersign's list is `origins` in the `cors` of the route. Where it is listed already, the page asks for a method that no route with these rules has: add it to `methods`. `null` comes from files and sandboxed frames and should not be allowed.",
        checks: [
            ("curl -s -o /dev/null -w '%{http_code}\\n' -H \"Origin: $ORIGIN\" \"$URL\"; curl -s -o /dev/null -w '%{http_code}\\n' \"$URL\"", "403 with the origin and another status without it is this cause."),
        ],
        see: [CorsHidesRefusal],
        source: "RFC 6454 section 7",
    }

    SignInStale {
        id: "sign-in-stale", status: Some(403), explained: false, who: User, rank: 86,
        title: "This way through the provider is over",
        meaning: "A browser came back from a sign-in provider with an answer that belongs to no sign-in that is under way in it: it was begun in another browser or too long ago, was used before, or is not the gateway's at all.",
        told: "The sign-in was begun in another browser or too long ago, or was used before.",
        log: "state or code of a provider's answer is foreign, too old or used",
        fix: "Open the page that you want and sign in once more, within ten minutes and in one browser, and do not keep addresses on the way as bookmarks. If it never works, cookies of this host are blocked, or `public_url` is not the address that the browser shows.",
        see: [ProviderAnswerInvalid, CsrfFailed],
        source: "RFC 6749 section 10.12",
    }

    ProviderRefused {
        id: "provider-refused", status: Some(403), explained: false, who: User, rank: 81,
        title: "The provider lets you not sign in",
        meaning: "The sign-in provider sent the browser back without a sign-in: somebody pressed cancel, did not consent, or the provider does not let this account use this application.",
        told: "The sign-in provider did not sign this person in.",
        log: "provider answers with an error that says no",
        fix: "Try again and agree to what the provider asks, or sign in another way. If nobody pressed cancel, the account has to be assigned to this application at the provider; the log has the provider's own words.",
        see: [ProviderAccountNotAllowed],
        source: "RFC 6749 section 4.1.2.1",
    }

    ProviderUnavailable {
        id: "provider-unavailable", status: Some(503), explained: false, who: Ops, rank: 96,
        title: "The sign-in provider does not answer",
        meaning: "The provider's metadata, keys or token endpoint can't be reached from the gateway, do not answer in time, or say that they can't answer. Nobody was signed in or refused; other ways to sign in still work.",
        told: "The sign-in provider does not answer at the moment.",
        log: "metadata, keys or token endpoint of a provider unreachable or late",
        fix: "People: try again later, or sign in another way. Operator: the log says which address failed and how; `countersign check --live` asks the provider from this machine. Past `answer_secs` an answer is not waited for.",
        checks: [
            ("curl -sS -o /dev/null -w '%{http_code} %{time_total}s\\n' \"$ISSUER/.well-known/openid-configuration\"", "Run it on the gateway's machine: an error or some seconds means that it can't ask the provider."),
        ],
        see: [ProviderLimit, IdentityBackendDown],
    }

    ProviderLimit {
        id: "provider-limit", status: Some(503), explained: false, who: Ops, rank: 95,
        title: "Too many sign-ins wait for the provider",
        meaning: "As many sign-ins as are allowed wait for one provider's token endpoint. This one was not begun, so that a slow provider or a flood of made-up answers does not take the gateway's memory.",
        told: "Too many people sign in through this provider at this moment.",
        log: "exchanges at a provider above their limits",
        fix: "Try again in a few seconds. If it goes on, see whether the provider is slow; `in_flight_max` and `waiting_max` of `[provider.NAME]` are the limits.",
        see: [ProviderUnavailable],
    }

    ProviderAnswerInvalid {
        id: "provider-answer-invalid", status: Some(502), explained: false, who: Ops, rank: 97,
        title: "The sign-in provider's answer is not valid",
        meaning: "The provider answers, and not with what is due: an ID token that is not for this client and this sign-in, a wrong signature, another issuer, an error in the request as it sees it. It proves nobody's identity.",
        told: "The sign-in provider's answer can't be used.",
        log: "id token, token answer or metadata of a provider not as due",
        fix: "Operator: the log says what was wrong. `invalid_client` is for `client_id`, `secret_file` or `authentication` of `[provider.NAME]`; an error about the redirect URI means that `countersign check` names one that the provider has not registered; a wrong `iss` or `aud` means that two providers or clients were mixed up.",
        see: [SignInStale, ProviderUnavailable],
    }

    ProviderAccountNotAllowed {
        id: "provider-account-not-allowed", status: Some(403), explained: false, who: Ops, rank: 84,
        title: "This account may not sign in here",
        meaning: "The provider vouches for the person, and the gateway's rules for this provider ask for a group or a verified e-mail domain that the account does not have.",
        told: "The account at the sign-in provider is not among those that may sign in here.",
        log: "groups or e-mail domain of a person not allowed by the provider's rules",
        fix: "Sign in with another account, or have the operator look at `allowed_groups` and `allowed_email_domains` of `[provider.NAME]`. An address counts only where the provider says `email_verified: true`, and groups only where `groups_claim` names the right claim.",
        see: [IdentityNotAllowed, AccountNotLinked],
    }

    AccountNotLinked {
        id: "account-not-linked", status: Some(403), explained: false, who: Ops, rank: 84,
        title: "No user here belongs to this account",
        meaning: "The provider vouches for the person, and no user of the gateway is linked with that account. The rules do not link or make one by themselves, or a user of that name is there already and may be somebody else.",
        told: "No user here is linked with the account at the sign-in provider.",
        log: "issuer and subject are linked with no user, and no rule makes a link",
        fix: "Operator: `countersign user link NAME add ISSUER SUBJECT` links the account; the log has issuer and subject of this sign-in. To have it done at the first sign-in, set `first_sign_in` of `[provider.NAME]` to `link`, `create` or `link-or-create`.",
        see: [ProviderAccountNotAllowed],
    }

    }}};
}
