//! Causes of stage `path`: lost or changed on the way.

macro_rules! path {
    ($($joined:tt)*) => { catalogue! { $($joined)* Path {

    RedirectDroppedCredentials {
        id: "redirect-dropped-credentials", status: None, explained: true, who: Client, rank: 0,
        title: "A redirect made the client drop the credentials",
        meaning: "The first address answered with a redirect to another host, scheme or port, and the client rightly does not hand credentials to a place that it was not told about. The second request went out without them.",
        told: "The request was redirected, and the client left the credentials behind.",
        log: "credentials before the redirect, none after it",
        fix: "Use the final address from the start: take it from `Location`, and mind `http` against `https`, `www`, and the slash at the end. Only if you trust the target: `curl --location-trusted`.",
        checks: [
            ("curl -sIL \"$URL\" | grep -i -e '^HTTP/' -e '^location'", "Any 301, 302, 307 or 308 before the 401 is the redirect, and its `Location` is the address to use."),
        ],
        see: [RedirectForwardedCredentials, RedirectToHttp],
        source: "RFC 9110 section 15.4",
    }

    RedirectForwardedCredentials {
        id: "redirect-forwarded-credentials", status: None, explained: true, who: Client, rank: 0,
        title: "A redirect carried the credentials too far",
        meaning: "The redirect leads to an address that has its own authorization in the URL, such as a pre-signed link of an object store. The client sent `Authorization` along, and the target refuses two kinds of credentials at once, or credentials that it does not know.",
        told: "Credentials were sent along to a redirect target that refuses them.",
        log: "redirect target refuses because of the forwarded authorization",
        fix: "Let the client drop `Authorization` when the host changes; do not use `--location-trusted` or its like. If the library can't, stop at the redirect and fetch `Location` with a second request that has no credentials. A secret that went to a foreign host has to be replaced.",
        checks: [
            ("curl -s -o /dev/null -w '%{http_code}\\n' \"$(curl -s -o /dev/null -w '%{redirect_url}' -H \"Authorization: Bearer $TOKEN\" \"$URL\")\"", "A 2xx means that the target is happy without the header."),
        ],
        see: [CredentialsUnneeded],
        source: "RFC 9110 section 15.4",
    }

    RedirectToHttp {
        id: "redirect-to-http", status: None, explained: true, who: Ops, rank: 0,
        title: "A redirect leads to plain http",
        meaning: "The application behind a TLS proxy believes that it was called by `http`, as `X-Forwarded-Proto` is missing or not trusted, and builds its redirects and cookies for that. Clients drop credentials and Secure cookies there, or send them in the clear.",
        told: "The server redirects from https to plain http, where credentials are not sent.",
        log: "location leads from https to http",
        fix: "Let the proxy set `X-Forwarded-Proto` and let the application trust it from that address only: `proxy_set_header X-Forwarded-Proto $scheme;` in nginx, `SECURE_PROXY_SSL_HEADER` in Django, `server.forward-headers-strategy=framework` in Spring Boot.",
        checks: [
            ("curl -s -o /dev/null -D - \"$URL\" | grep -i '^location: http:'", "Any line means that an https address sends its visitors to http."),
        ],
        see: [CookieSecure, ProxyStrippedCredentials],
    }

    ProxyStrippedCredentials {
        id: "proxy-stripped-credentials", status: None, explained: true, who: Ops, rank: 0,
        title: "Something in between removes Authorization",
        meaning: "The client sent the header and the application never saw it. CGI and FastCGI set-ups, CDNs, meshes and API gateways remove `Authorization` by default or by rule.",
        told: "The credentials were sent and did not arrive at the application.",
        log: "authorization present at the edge, absent at the application",
        fix: "Pass the header on explicitly: `CGIPassAuth On` in Apache httpd, `fastcgi_param HTTP_AUTHORIZATION $http_authorization;` in nginx, an origin request policy with `Authorization` in CloudFront. Countersign removes a credential that it has checked itself; `keep_credential = true` in the `[[route]]` hands it on.",
        checks: [
            ("curl -s -o /dev/null -w '%{http_code}\\n' -H \"Authorization: Bearer $TOKEN\" \"$APPLICATION_URL\"", "Run it on the application's own machine, past every proxy: let in here and refused outside means that it is lost in between."),
        ],
        see: [HeaderNameDropped, ProxyReplacedCredentials],
        source: "RFC 3875 section 4.1.18",
    }

    ProxyReplacedCredentials {
        id: "proxy-replaced-credentials", status: None, explained: true, who: Ops, rank: 0,
        title: "Something in between sends its own credentials",
        meaning: "A proxy or gateway puts its own `Authorization` in place of the client's, or forwards the one meant for itself, and the application checks a credential that it has never heard of.",
        told: "The application received other credentials than the client sent.",
        log: "authorization differs between client and application",
        fix: "Log the scheme word and a digest of the value on both sides of each proxy to find the one that changes it. There, stop setting the header for this route, or use a header of its own for the proxy's credential.",
        see: [AuthLayersCollide],
    }

    AuthLayersCollide {
        id: "auth-layers-collide", status: None, explained: true, who: Ops, rank: 0,
        title: "Two layers want the same Authorization header",
        meaning: "The proxy asks for credentials, and so does the application behind it, in the same header. A request can satisfy one of them and is refused by the other, so users see sign-in prompts without end.",
        told: "Two servers on the way each want their own credentials in the same header.",
        log: "proxy and application both authenticate by authorization",
        fix: "Keep one of the two. Let the outer layer sign users in and pass the identity on in a header that only it can set, or exempt the application's own API from the outer layer, or move one credential elsewhere, such as an API key in `X-API-Key`.",
        checks: [
            ("curl -s -o /dev/null -D - -u \"$USER_NAME:$PASSWORD\" \"$URL\" | grep -i '^www-authenticate'", "Another realm than without `-u` means that the first layer let you in and a second one asks."),
        ],
        see: [ProxyStrippedCredentials, EdgeRefused],
    }

    HeaderNameDropped {
        id: "header-name-dropped", status: None, explained: true, who: Ops, rank: 0,
        title: "A header with an odd name is dropped on the way",
        meaning: "A header with an underscore or a dot in its name is legal in HTTP, and still removed by many servers, because CGI can't tell `api_key` from `api-key`.",
        told: "The header with the credential was dropped on the way because of its name.",
        log: "header with an underscore or dot lost on the way",
        fix: "Name the header with letters, digits and hyphens only, such as `X-API-Key`. Until clients have changed, nginx keeps the old name with `underscores_in_headers on;` in the server block.",
        checks: [
            ("curl -sv -o /dev/null -H \"$HEADER_NAME: $API_KEY\" \"$URL\" 2>&1 | grep -c \"^> $HEADER_NAME\"", "1 means that it left the client; if the name has an underscore, suspect the first server on the way."),
        ],
        see: [HeaderWrongPlace],
        source: "RFC 9110 section 5.1",
    }

    ProxyAuthenticationRequired {
        id: "proxy-authentication-required", status: None, explained: true, who: User, rank: 0,
        title: "The forward proxy wants credentials",
        meaning: "The refusal comes from the proxy that your network uses to reach the outside, not from the server. It answers 407, or wrongly 401.",
        told: "Your own network's proxy refused the request; it never reached the server.",
        log: "refused by a forward proxy on the client's side",
        fix: "Give the client the proxy's credentials: `curl --proxy-user \"$PROXY_USER:$PROXY_PASSWORD\"`. If the server should be reached without the proxy, add its host to `NO_PROXY`.",
        checks: [
            ("env | grep -i '_proxy=' | sed 's#//[^@/]*@#//...@#'", "Any line but `no_proxy` means that a proxy is in use."),
            ("curl -s --noproxy '*' -o /dev/null -w '%{http_code}\\n' \"$URL\"", "Another status than with the proxy means that the proxy refused."),
        ],
        see: [EdgeRefused],
        source: "RFC 9110 section 15.5.8",
    }

    EdgeRefused {
        id: "edge-refused", status: None, explained: true, who: Ops, rank: 0,
        title: "A firewall answered before the application",
        meaning: "A web application firewall, a bot filter or the wall of a hosting platform refused the request. The application has no line of it in its log.",
        told: "Something in front of the application refused the request before it arrived.",
        log: "refused at the edge, no request at the application",
        fix: "Look for the request in the edge's own event log by its request id (`CF-Ray`, `X-Amz-Cf-Id`, `X-Vercel-Id`) and exempt this path or client there. Changing credentials does not help.",
        checks: [
            ("curl -s -o /dev/null -D - \"$URL\" | grep -i -e '^server:' -e '^via:' -e 'ray' -e 'x-.*-id'", "Names of a CDN or platform, and none of your own application, show who answered."),
        ],
        see: [AddressNotAllowed, RateLimited, ForbiddenReportedAsUnauthorized],
    }

    AddressNotAllowed {
        id: "address-not-allowed", status: Some(403), explained: true, who: Ops, rank: 82,
        title: "Not allowed from this address",
        meaning: "The credential, or the resource, may be used from certain networks only, and the request came from another address. That can be the address of a proxy, a VPN or IPv6, rather than the one you have in mind.",
        told: "This request is not allowed from the network address that it came from.",
        log: "peer address is in none of the allowed networks",
        fix: "Call from an allowed network, or have the operator add the address to `networks` of the route, or make another key with `countersign key create --from`: the networks of a key are fixed. Behind a load balancer the operator lists it in `trusted_proxies`, or else every request seems to come from it.",
        checks: [
            ("for v in -4 -6; do curl $v -s -o /dev/null -w '%{http_code}\\n' -H \"Authorization: Bearer $TOKEN\" \"$URL\"; done", "Different answers mean that only one of your two addresses is allowed."),
        ],
        see: [ScopeInsufficient, OriginNotAllowed],
        source: "RFC 9110 section 15.5.4",
    }

    CachedRefusal {
        id: "cached-refusal", status: None, explained: true, who: Ops, rank: 0,
        title: "A cache replays an answer meant for another request",
        meaning: "A cache between client and server stored a refusal, or a page for somebody who was signed in, and hands it to everybody. The second kind is a leak.",
        told: "The refusal came from a cache and was meant for another request.",
        log: "refusal with an age, or a cache hit on a protected resource",
        fix: "Answer protected resources and every 401 and 403 with `Cache-Control: no-store` or at least `private`, purge the cache, and exclude requests with `Authorization` or cookies from it.",
        checks: [
            ("curl -s -o /dev/null -D - \"$URL?$(date +%s)\" | grep -i -e '^HTTP/' -e '^age' -e 'cache'", "Another status than without the changing query, or an `Age` above 0, points at a cache."),
        ],
        see: [EdgeRefused, SessionNotShared],
        source: "RFC 9111 section 3.5",
    }

    HeaderTooLarge {
        id: "header-too-large", status: Some(431), explained: true, who: Ops, rank: 100,
        title: "The request's headers are too large",
        meaning: "The headers exceed a limit on the way, and credentials are usually what fills them: a token with hundreds of groups, a Kerberos ticket, a row of old cookies. Servers answer this with 431, 400, 502 or a closed connection.",
        told: "The headers of the request are larger or more numerous than this server takes.",
        log: "request head exceeds its limit in bytes or in fields",
        fix: "Make the token smaller first (fewer groups in its claims, a reference instead of the list) and clear the cookies of this host. If the size is needed, raise `head_bytes_max` or `headers_max` in `[server.limits]`, and the limits of every proxy and upstream as well.",
        checks: [
            ("printf %s \"$TOKEN\" | wc -c", "More than about 4000 bytes is near the limits of many servers, 8000 is beyond most."),
        ],
        see: [CookieTooLarge, RequestMalformed],
        source: "RFC 6585 section 5",
    }

    }}};
}
