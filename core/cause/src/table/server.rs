//! Causes of stage `server`: the refusal itself is wrong.

macro_rules! server {
    ($($joined:tt)*) => { catalogue! { $($joined)* Server {

    ChallengeMissing {
        id: "challenge-missing", status: None, explained: true, who: Server, rank: 0,
        title: "The 401 does not say what it wants",
        meaning: "A 401 must carry `WWW-Authenticate` with at least one challenge, and this one does not. Clients can't know which scheme to use, browsers show no sign-in, and tools give up.",
        told: "The server answers 401 without saying which credentials it wants.",
        log: "401 without www-authenticate",
        fix: "Add a challenge to every 401, such as `WWW-Authenticate: Bearer realm=\"example\"`; list the header in `Access-Control-Expose-Headers` for scripts. If you must keep browsers from their sign-in window, do not drop the header: offer another scheme than Basic.",
        checks: [
            ("curl -s -o /dev/null -D - \"$URL\" | grep -i -e '^HTTP/' -e '^www-authenticate'", "A 401 without the second line is this cause."),
        ],
        see: [RefusalDisguised],
        source: "RFC 9110 section 11.6.1",
    }

    ForbiddenReportedAsUnauthorized {
        id: "forbidden-reported-as-unauthorized", status: None, explained: true, who: Server, rank: 0,
        title: "A known caller is told 401 where 403 is meant",
        meaning: "The server knows who is calling and does not allow it, which is 403. It says 401, so clients throw away good credentials, ask for them again, and go round in circles.",
        told: "The caller is known and not allowed, and the server answers as if it were unknown.",
        log: "401 for an authenticated caller without the right",
        fix: "Answer 401 only where credentials are absent or not valid, and 403 where they are good and the right is lacking. In most frameworks these are two hooks: authentication entry point and access denied handler, challenge and forbid.",
        checks: [
            ("curl -s -o /dev/null -w '%{http_code}\\n' -H \"Authorization: Bearer $TOKEN\" \"$OTHER_URL\"", "A 2xx at another resource of the same server shows that the credentials are good."),
        ],
        see: [ScopeInsufficient, RefusalDisguised],
        source: "RFC 9110 section 15.5.4",
    }

    RefusalDisguised {
        id: "refusal-disguised", status: None, explained: true, who: Server, rank: 0,
        title: "The refusal looks like something else",
        meaning: "Credentials are missing, and the server says so with a redirect to a sign-in page, a 404, a 403, or a 200 with a form. A person in a browser understands that; a program takes the page for the answer.",
        told: "The server wants a sign-in and answers with another status than 401.",
        log: "missing sign-in answered with a redirect, 404, 403 or a page",
        fix: "Answer 401 with a challenge to whoever does not ask for HTML (by `Accept`, `Sec-Fetch-Mode` or an API path), and redirect only navigations of a browser. Hiding a resource behind 404 is legitimate, if the documentation says so.",
        checks: [
            ("curl -s -o /dev/null -w '%{http_code} %{content_type} %{redirect_url}\\n' -H 'Accept: application/json' \"$URL\"", "HTML for a request that wants JSON, or a redirect to a sign-in page, is this cause."),
        ],
        see: [UrlWrong, ErrorPageProtected],
        source: "RFC 9110 section 15.5.2",
    }

    UrlWrong {
        id: "url-wrong", status: None, explained: true, who: Client, rank: 0,
        title: "There is nothing at this address",
        meaning: "No route of the service has this path, method or version, and what stands in front of it, or a catch-all rule, answers 401 or 403 before anybody notices. No credential will ever be right there.",
        told: "The address does not exist at this service, and the refusal says nothing about the credentials.",
        log: "refuses an unknown path in the same way",
        fix: "Compare path, version, method and the slash at the end with the documentation, and the base URL with and without its prefix (`/api`, `/v2`). Try the service's simplest address first, such as one that returns who you are.",
        checks: [
            ("curl -s -o /dev/null -w '%{http_code}\\n' -H \"Authorization: Bearer $TOKEN\" \"$URL-does-not-exist\"", "The same refusal for a path that surely does not exist means that the path decides nothing."),
        ],
        see: [RouteUnmatched, EnvironmentMismatch],
    }

    SchemeDisabled {
        id: "scheme-disabled", status: None, explained: true, who: Server, rank: 0,
        title: "The documented scheme is not switched on",
        meaning: "The documentation names a scheme that this server does not run: the module is not loaded, the feature is off by default, or the version dropped it.",
        told: "The server does not run the scheme that its documentation names.",
        log: "documented scheme is absent from the challenges",
        fix: "Switch the scheme on and look at the challenges to see that it is: they must list it. If it was dropped on purpose, say in the documentation what takes its place.",
        see: [PipelineMisordered],
    }

    PipelineMisordered {
        id: "pipeline-misordered", status: None, explained: true, who: Server, rank: 0,
        title: "The authentication step is missing or misplaced",
        meaning: "Inside the application, the step that reads credentials does not run for this request: it is not installed, comes after the one that decides, belongs to another default scheme, or skips this path. Good credentials are never looked at.",
        told: "The application decides before it has looked at the credentials.",
        log: "credentials present, authentication step did not run",
        fix: "Put the steps in this order: forwarded headers, CORS, authentication, authorization, routes. In ASP.NET Core `UseAuthentication` before `UseAuthorization` and a default scheme; in Spring Security the right `SecurityFilterChain` for the path.",
        checks: [
            ("for t in \"$TOKEN\" wrong; do curl -s -H \"Authorization: Bearer $t\" \"$URL\" | sha256sum | cut -c 1-12; done", "The same answer to a good and to a wrong token suggests that neither is looked at."),
        ],
        see: [VerifierMisconfigured],
    }

    VerifierMisconfigured {
        id: "verifier-misconfigured", status: None, explained: true, who: Server, rank: 0,
        title: "The server checks against the wrong thing",
        meaning: "The credentials are right, and the server compares them with something wrong: another key or audience, a hash in a format that it does not read, an empty password store, another user base.",
        told: "The credentials are right by every outside sign, and the server checks them against a wrong setting.",
        log: "verifier's own key, hash format, audience or store is wrong",
        fix: "Make a new account with a simple password, or a fresh token, and try it on the server itself with debug log for authentication. Then compare the running configuration, not the file, with what you expect: key, issuer, audience, path and hash format of the password file.",
        checks: [
            ("htpasswd -v \"$PASSWORD_FILE\" \"$USER_NAME\"", "For a password file, asks for the password: `correct` means that file and password fit, so that the server reads another file or not this format."),
        ],
        see: [AudienceMismatch],
    }

    IdentityBackendDown {
        id: "identity-backend-down", status: Some(503), explained: true, who: Ops, rank: 96,
        title: "Credentials can't be checked at the moment",
        meaning: "The directory, the database or the key endpoint that is needed to check the credentials does not answer. They were neither accepted nor refused, and nobody is let in on a guess.",
        told: "The credentials can't be checked at the moment; they were neither accepted nor refused.",
        log: "store, directory or key endpoint does not answer",
        fix: "Clients: keep the credentials and try again later. Operator: look in the log for which backend it is, and whether this machine reaches it: name resolution, firewall, certificate, a full disk under the database.",
        checks: [
            ("curl -sS -o /dev/null -w '%{http_code} %{time_total}s\\n' \"$JWKS_URL\"", "Run it on the gateway's machine: an error or some seconds means that it can't fetch the issuer's keys."),
        ],
        see: [CheckQueueFull, UpstreamUnreachable],
        source: "RFC 9110 section 15.6.4",
    }

    IntrospectionFailed {
        id: "introspection-failed", status: Some(503), explained: false, who: Ops, rank: 96,
        title: "The issuer can't be asked about tokens",
        meaning: "The issuer's introspection endpoint answers, and not with what is due: it refuses the gateway's own client, is another kind of page, or its answer can't be read. The token was neither accepted nor refused.",
        told: "The token can't be checked at the moment; it was neither accepted nor refused.",
        log: "introspection endpoint gave no answer that can be used",
        fix: "Clients: keep the token and try again later. Operator: the log says what came instead. A 401 or 403 is for `client_id`, `secret_file` or `authentication` of `[issuer.NAME.introspection]`; a page in HTML or a 404 is a wrong `url`; some issuers let only marked clients ask.",
        checks: [
            ("curl -s -o /dev/null -w '%{http_code} %{content_type}\\n' -u \"$CLIENT_ID:$CLIENT_SECRET\" -d token=x \"$INTROSPECTION_URL\"", "`200 application/json` is right. 401 or 403: the issuer refuses this client."),
        ],
        see: [IdentityBackendDown, ClientAuthenticationFailed],
        source: "RFC 7662 section 2.3",
    }

    RateLimited {
        id: "rate-limited", status: Some(429), explained: true, who: User, rank: 90,
        title: "Too many attempts",
        meaning: "There were too many requests or failed attempts from this sender in a short time, so that even right credentials are not looked at for now. Some servers tell this as 401 or 403.",
        told: "There were too many attempts in a short time; this one was not looked at.",
        log: "attempts above the limit, credentials not checked",
        fix: "Wait for the seconds in `Retry-After`, then try once. A program doubles its pause after each failure and stops after a few; look for a second one that still tries with an old password.",
        checks: [
            ("curl -s -o /dev/null -D - \"$URL\" | grep -i -e '^HTTP/' -e '^retry-after' -e 'ratelimit'", "How long to wait, and what is left of the allowance."),
        ],
        see: [EdgeRefused, GatewayOverloaded],
        source: "RFC 6585 section 4",
    }

    ErrorPageProtected {
        id: "error-page-protected", status: None, explained: true, who: Server, rank: 0,
        title: "A refused error page hides another error",
        meaning: "Something else went wrong, a 404, a 500, a body that is not valid, and the framework forwarded the request to an error page that itself needs a sign-in. What the client sees is the refusal of that page.",
        told: "Another error occurred, and its error page is itself protected.",
        log: "error dispatch refused by the authentication step",
        fix: "Permit the error path without sign-in: in Spring Security `dispatcherTypeMatchers(ERROR).permitAll()` or `/error`, in nginx `auth_request off;` in the location of `error_page`. Then read the true error in the server's log.",
        checks: [
            ("curl -s -o /dev/null -w '%{http_code}\\n' \"$BASE_URL/error\"", "401 for the error page's own address is this cause."),
        ],
        see: [PipelineMisordered],
    }

    }}};
}
