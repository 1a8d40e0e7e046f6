//! Causes of stage `sent`: nothing, or the wrong thing, left the client.

macro_rules! sent {
    ($($joined:tt)*) => { catalogue! { $($joined)* Sent {

    CredentialsMissing {
        id: "credentials-missing", status: Some(401), explained: true, who: User, rank: 10,
        title: "No credentials were sent",
        meaning: "This resource is for known callers only, and the request said nothing about who is calling. The `WWW-Authenticate` lines of the answer name every scheme that would be taken.",
        told: "This resource needs credentials, and the request carried none.",
        log: "no credentials in any place that the route reads",
        fix: "Send credentials for one of the schemes in `WWW-Authenticate`, for example `curl -u alice https://...` for Basic or `-H \"Authorization: Bearer $TOKEN\"` for a token. If you thought that you did, look at what really leaves the client before you change the credentials.",
        checks: [
            ("curl -sv -o /dev/null -H \"Authorization: Bearer $TOKEN\" \"$URL\" 2>&1 | grep -io '^[<>] [a-z-]*auth[a-z-]*:'", "A line with `>` left the client, one with `<` came back. No `> Authorization:` means that nothing was sent."),
            ("printf %s \"$TOKEN\" | wc -c", "0 means that the variable is empty, so that the header had nothing to carry."),
        ],
        see: [CredentialsNotApplied, ProxyStrippedCredentials, RedirectDroppedCredentials, HeaderWrongPlace],
        source: "RFC 9110 section 15.5.2",
    }

    CredentialsNotApplied {
        id: "credentials-not-applied", status: None, explained: true, who: Client, rank: 0,
        title: "The client has credentials but did not use them",
        meaning: "The client was given credentials, and they never reached the wire. They may sit in the wrong argument or object, under a host name that does not match, in headers that can't be changed any more, or belong to a channel that the client holds to be insecure.",
        told: "The client was given credentials and sent the request without them.",
        log: "credentials configured at the client, absent on the wire",
        fix: "Print the request as it leaves, not as you built it (`curl -v`, a debugging proxy, the library's wire log), and move the credentials to where the library reads them. Usual finds: headers passed as body or as query, a setting keyed by another host or port, a copy of the request without its headers, code that runs on the server and has no browser cookies.",
        checks: [
            ("nc -l 8099", "Point the client at `http://127.0.0.1:8099/` once: what appears is exactly what it sends."),
        ],
        see: [ChallengeUnanswered, CorsCredentialsNotSent],
    }

    CredentialsPlaceholder {
        id: "credentials-placeholder", status: Some(401), explained: true, who: Client, rank: 22,
        title: "A placeholder was sent instead of the credential",
        meaning: "The place of the credential holds the text of a template, or the way in which a language prints nothing: an empty string, `undefined`, `null`, `None`, `${TOKEN}`, `YOUR_API_KEY`. The real value was never filled in.",
        told: "The credential is a placeholder or empty: the real value was never filled in.",
        log: "credential is empty, a template or a printed null",
        fix: "Fill in the value where the placeholder comes from: the variable is unset in this process, the secret is not mounted in this container, or single quotes kept the shell from expanding it. Let the client stop at start when the value is empty, so that this shows before a request does.",
        checks: [
            ("printenv TOKEN | wc -c", "0 means that the variable is not exported to the processes you start; 1 that it is empty."),
            ("printf '%.4s...\\n' \"$TOKEN\"", "Shows the first four characters only: `unde`, `null`, `None`, `${` or `YOUR` give it away."),
        ],
        see: [CredentialsMissing, CredentialQuoted, CredentialMangled],
    }

    CredentialsOverridden {
        id: "credentials-overridden", status: None, explained: true, who: User, rank: 0,
        title: "Other credentials were sent than you meant",
        meaning: "A second source of credentials won over the one that you set: a `.netrc` file, an environment variable, a credential helper or keychain, the password that the browser remembers for this realm, or a cookie beside the header.",
        told: "The request carried other credentials than those given for it.",
        log: "another source of credentials replaced the given ones",
        fix: "Find the other source and remove the stale entry: look at `~/.netrc`, `env | grep -i -e token -e auth`, `git config --show-origin --get-all credential.helper`, and the keychain. In a browser try a private window, which remembers nothing.",
        checks: [
            ("grep -n \"machine\" ~/.netrc", "A line with the host of `$URL` is used by curl -n, git, Python requests and others, some of which let it win over a header."),
            ("curl -q -s -o /dev/null -w '%{http_code}\\n' -H \"Authorization: Bearer $TOKEN\" \"$URL\"", "`-q` ignores `.curlrc`. If this is let in, something in your set-up replaces the header."),
        ],
        see: [CredentialsUnneeded, ProxyReplacedCredentials, CookieDuplicated],
    }

    CredentialsUnneeded {
        id: "credentials-unneeded", status: None, explained: true, who: User, rank: 0,
        title: "A public resource, spoilt by a bad credential",
        meaning: "Without credentials this resource answers. With the stale or foreign credential that came along, the server feels bound to check it, and refuses.",
        told: "This resource is public, and the credential that came along is not valid.",
        log: "answers 2xx without credentials, refuses with the one sent",
        fix: "Send the request without `Authorization`. If a tool adds it by itself, sign out there (`docker logout`, `npm logout`) or delete its entry for this host.",
        checks: [
            ("curl -q -s -o /dev/null -w '%{http_code}\\n' \"$URL\"", "A 2xx means that the resource needs no credentials at all."),
        ],
        see: [CredentialExpired],
    }

    ChallengeUnanswered {
        id: "challenge-unanswered", status: None, explained: true, who: Client, rank: 0,
        title: "The client did not answer the challenge",
        meaning: "A 401 with `WWW-Authenticate` is the first half of a conversation. The client took it for the end: it has no credentials for this realm, can't do the scheme, read only the first of several challenges, or gave up because it could not send the body twice.",
        told: "The 401 was a question, and the client never answered it.",
        log: "challenge sent, no second request with credentials",
        fix: "Tell the client to send credentials with the first request (with Basic usually called preemptive), or give it a scheme that it can do. With curl: `--basic` or `--digest` to choose, `--anyauth` to let it answer whatever is asked.",
        checks: [
            ("curl -s --anyauth -u \"$USER_NAME:$PASSWORD\" -o /dev/null -w '%{http_code}\\n' \"$URL\"", "A 2xx here means that credentials and server are fine, and that the other client does not answer."),
        ],
        see: [DigestChallengeMisread, TokenExchangeNeeded, ChallengeMissing],
        source: "RFC 9110 section 11.1",
    }

    }}};
}
