//! Causes of stage `form`: the credentials are written wrongly.

macro_rules! form {
    ($($joined:tt)*) => { catalogue! { $($joined)* Form {

    HeaderMalformed {
        id: "header-malformed", status: Some(400), explained: true, who: Client, rank: 30,
        title: "The Authorization header is malformed",
        meaning: "`Authorization` is one scheme word, one space, and then what that scheme defines. This value does not follow that grammar, so nothing in it was read as a secret.",
        told: "The value of `Authorization` does not follow the grammar of its scheme.",
        log: "authorization value does not parse",
        fix: "Write the scheme word, one space and the credential: `Authorization: Bearer $TOKEN` or `Authorization: Basic $BASE64`. Let a library write the header instead of joining strings, in particular for schemes with parameters such as Digest.",
        checks: [
            ("printf 'Authorization: Bearer %s\\n' \"$TOKEN\" | LC_ALL=C sed -n l", "Control characters and bytes beyond ASCII show as `\\t`, `\\r` or `\\303`: none of them belongs there."),
        ],
        see: [SchemeMissing, CredentialWhitespace, BasicBase64, TokenMalformed],
        source: "RFC 9110 section 11.6.2",
    }

    HeaderDuplicated {
        id: "header-duplicated", status: Some(400), explained: true, who: Client, rank: 31,
        title: "Credentials were sent twice",
        meaning: "The request has two `Authorization` lines, or names the caller in two ways at once, such as a header and a key. A server that picked one of them could pick another than the next server on the way, so the request is refused.",
        told: "The request carries more than one set of credentials, and only one is allowed.",
        log: "two credentials in one request",
        fix: "Send exactly one. Usual sources of the second: a default header of the HTTP client beside the one set for this call, an interceptor that runs twice on a retry, `user:password@` in the URL beside a header.",
        checks: [
            ("curl -sv -o /dev/null -H \"Authorization: Bearer $TOKEN\" \"$URL\" 2>&1 | grep -ic '^> \\(authorization\\|x-api-key\\)'", "More than 1 means that your curl set-up (`.curlrc`, `.netrc`) adds another."),
        ],
        see: [AuthLayersCollide, CredentialsOverridden, SchemeWordWrong],
        source: "RFC 6750 section 2",
    }

    HeaderWrongPlace {
        id: "header-wrong-place", status: Some(401), explained: true, who: Client, rank: 20,
        title: "The credential is in a place that is not read",
        meaning: "There is a credential in the request, but in another header, query parameter, cookie or body field than this resource reads. Places that are not read are not searched, and query parameters end up in logs.",
        told: "The credential was sent in a place where this resource does not read it.",
        log: "credential found outside of the accepted places",
        fix: "Move it to where the challenge asks for it: usually the `Authorization` header, or for an API key the header that the documentation names, letter for letter. Take it out of the URL, and replace it if it was ever sent there.",
        see: [CredentialsMissing, HeaderNameDropped, SchemeNotAccepted],
        source: "RFC 6750 section 2",
    }

    SchemeMissing {
        id: "scheme-missing", status: Some(401), explained: true, who: Client, rank: 24,
        title: "The scheme word is missing",
        meaning: "`Authorization` holds a bare credential. The word in front of it says how the rest is to be read, and without it nothing is read.",
        told: "The value of `Authorization` has no scheme word in front of the credential.",
        log: "bare credential without a scheme word",
        fix: "Put the scheme and one space in front: `Authorization: Bearer $TOKEN`. If the client has a field named token, look whether it wants the word in the value or in a field of its own, often called type or prefix.",
        see: [SchemeWordWrong, HeaderWrongPlace],
        source: "RFC 9110 section 11.4",
    }

    SchemeWordWrong {
        id: "scheme-word-wrong", status: Some(401), explained: true, who: Client, rank: 26,
        title: "The scheme word is wrong",
        meaning: "The word in front of the credential is misspelt, repeated, or belongs to another product: `Bearer Bearer`, `Token`, `Bearer:`, `JWT`. The case of the letters does not matter to HTTP, but some servers are stricter than HTTP.",
        told: "The scheme word of `Authorization` is not one that is known here.",
        log: "unknown, misspelt or repeated scheme word",
        fix: "Write the word exactly as `WWW-Authenticate` spells it, once, with one space and no colon after it. If you see it twice, the library adds it by itself: give it the bare token.",
        checks: [
            ("curl -s -o /dev/null -D - \"$URL\" | grep -i '^www-authenticate'", "The first word of each challenge is the word to use."),
        ],
        see: [SchemeNotAccepted],
        source: "RFC 9110 section 11.1",
    }

    SchemeNotAccepted {
        id: "scheme-not-accepted", status: Some(401), explained: true, who: Client, rank: 28,
        title: "This scheme is not taken here",
        meaning: "The credentials are well written, in a scheme that this resource does not offer: Basic where only tokens are taken, for example. They were not checked, so this says nothing about whether they are good.",
        told: "The credentials use a scheme that this resource does not accept; they were not checked.",
        log: "known scheme that the route does not accept",
        fix: "Use one of the schemes in the `WWW-Authenticate` lines of the answer. If this scheme ought to be taken here, the operator adds it to the `accept` list of the `[[route]]`.",
        checks: [
            ("curl -s -o /dev/null -D - \"$URL\" | grep -i '^www-authenticate'", "Lists every scheme that is taken; yours is not among them."),
        ],
        see: [SchemeDisabled, PasswordLoginRetired, TokenWrongKind],
        source: "RFC 9110 section 11.6.1",
    }

    CompanionHeaderMissing {
        id: "companion-header-missing", status: None, explained: true, who: Client, rank: 0,
        title: "A header that goes with the credential is missing",
        meaning: "The service wants a second header beside the credential: a tenant, a client id, an API version, an organization. Without it a good credential is refused as if it were bad.",
        told: "A second header that must go with the credential is missing or wrong.",
        log: "refused without, accepted with a companion header",
        fix: "Look up which headers the service's own example sends and add the missing one; compare name and value letter for letter, as the refusal rarely names it.",
        see: [OrganizationNotAuthorized, EnvironmentMismatch],
    }

    CredentialWhitespace {
        id: "credential-whitespace", status: Some(401), explained: true, who: Client, rank: 36,
        title: "Blanks or invisible characters in the credential",
        meaning: "A newline, space, tab or invisible character is in or around the credential. It comes from a file that ends with a newline, from a secret store, or from copying out of a chat, a table or a PDF.",
        told: "The credential contains white space or an invisible character.",
        log: "white space or invisible characters inside or around the credential",
        fix: "Trim the value where it is read, and store it without the newline: `printf %s \"$TOKEN\" > token.txt` instead of `echo`. If it was copied, copy it again from the source as plain text.",
        checks: [
            ("printf %s \"$TOKEN\" | LC_ALL=C sed -n l | tail -n 1", "`\\r`, `\\t`, a blank before `$`, or numbers such as `\\302\\240` are characters that do not belong."),
            ("tail -c 1 token.txt | od -An -c", "`\\n` means that the file ends with a newline."),
        ],
        see: [BasicNewline, CredentialQuoted],
    }

    CredentialQuoted {
        id: "credential-quoted", status: Some(401), explained: true, who: Client, rank: 35,
        title: "Quotes became part of the credential",
        meaning: "Quotes, braces or angle brackets that were meant for a shell, a YAML file, an environment file or a reader of the documentation were sent as part of the value.",
        told: "The credential is wrapped in quotes or brackets that do not belong to it.",
        log: "credential wrapped in quotes, braces or angle brackets",
        fix: "Remove the outer characters at the source. `docker run --env-file` and systemd treat quotes differently from a shell, and a JSON string printed as JSON keeps its quotes: use `jq -r`.",
        checks: [
            ("printf '%.1s\\n' \"$TOKEN\"", "A quote, brace or angle bracket as first character is one too many."),
        ],
        see: [CredentialMangled],
    }

    CredentialMangled {
        id: "credential-mangled", status: None, explained: true, who: Client, rank: 0,
        title: "The credential was changed before it was sent",
        meaning: "The credential was cut short or rewritten on its way through a shell, a URL, a form or a configuration file: cut at `$`, `#`, `!` or `&`, a plus sign turned into a space, percent-encoding done twice or not at all, the case changed.",
        told: "The credential that arrived differs from the one that was issued.",
        log: "credential altered before it was sent",
        fix: "Compare length and digest at both ends, without printing it. Then put it in single quotes in a shell, in double quotes in YAML, and encode it exactly once in URLs and forms (`curl --data-urlencode`).",
        checks: [
            ("printf %s \"$TOKEN\" | wc -c; printf %s \"$TOKEN\" | sha256sum | cut -c 1-12", "Run it where the credential was issued and where it is used: both lines must be the same."),
        ],
        see: [UserinfoEncoding, CredentialsRejected, ClientSecretEncoding],
    }

    BasicNewline {
        id: "basic-newline", status: Some(401), explained: true, who: Client, rank: 38,
        title: "The Basic credentials end with a newline",
        meaning: "After decoding, the password ends with a newline, because `echo` adds one and `base64` encodes it faithfully. To the server it is a different password.",
        told: "The Basic credentials end with an encoded newline.",
        log: "basic payload ends with a newline",
        fix: "Encode with `printf %s \"$USER_NAME:$PASSWORD\" | base64 -w0` (or `echo -n`), or let the client do it: `curl -u \"$USER_NAME:$PASSWORD\"`.",
        checks: [
            ("printf %s \"$BASE64\" | base64 -d | tail -c 1 | od -An -c", "`\\n` is the newline. A payload that ends in `Cg==` or `o=` is suspicious at sight."),
        ],
        see: [BasicBase64],
        source: "RFC 7617 section 2",
    }

    BasicColon {
        id: "basic-colon", status: Some(401), explained: true, who: Client, rank: 34,
        title: "The colon in the Basic credentials is misplaced",
        meaning: "Basic credentials are user name, colon, password. There is no colon after decoding, or the user name contains one, so that the server divides at the wrong place.",
        told: "The Basic credentials do not divide into a user name and a password at the first colon.",
        log: "no colon in the basic payload, or one in the user name",
        fix: "Encode both with a colon between, also if one of them is empty: `printf %s \"$USER_NAME:$PASSWORD\" | base64 -w0`. A user name with a colon can't be used with Basic; a password may contain colons.",
        checks: [
            ("printf %s \"$BASE64\" | base64 -d | tr -cd : | wc -c", "0: the colon is missing. 1 is right for most; more is right only if the password has colons."),
        ],
        see: [BasicUsernameConvention],
        source: "RFC 7617 section 2",
    }

    BasicBase64 {
        id: "basic-base64", status: Some(401), explained: true, who: Client, rank: 32,
        title: "The Basic credentials are not proper base64",
        meaning: "What follows `Basic` does not decode: it was not encoded at all, was broken into lines at 76 characters, uses the URL-safe alphabet with `-` and `_`, or was encoded twice.",
        told: "The Basic credentials are not base64 as the scheme requires.",
        log: "basic payload is not base64, is URL-safe, wrapped or encoded twice",
        fix: "Use the standard alphabet, on one line, once: `printf %s \"$USER_NAME:$PASSWORD\" | base64 -w0`. If a library has a user and a password field, fill those with the plain text and write no header yourself.",
        checks: [
            ("printf %s \"$BASE64\" | base64 -d | tr -cd : | wc -c", "An error: not base64. No error and 0: probably encoded twice, decode once more to see."),
        ],
        see: [BasicColon],
        source: "RFC 7617 section 2, RFC 4648 section 4",
    }

    BasicCharset {
        id: "basic-charset", status: Some(401), explained: true, who: Client, rank: 37,
        title: "User name or password in another charset",
        meaning: "The user name or password has letters outside ASCII, and client and server write them as different bytes: the same `é` is one byte in Latin-1 and two in UTF-8, or two code points where the other side uses one.",
        told: "The Basic credentials are not valid text in UTF-8, the charset that this server reads.",
        log: "basic payload is not UTF-8",
        fix: "Encode as UTF-8 in composed form (NFC): in Java `getBytes(UTF_8)`, in Python `.encode(\"utf-8\")`, in JavaScript `TextEncoder` instead of `btoa` on the string. Where you can't change the client, use a password of ASCII characters.",
        checks: [
            ("printf %s \"$BASE64\" | base64 -d | iconv -f UTF-8 -t UTF-8 > /dev/null", "An error of iconv means that the payload is not UTF-8."),
        ],
        see: [CredentialsRejected, CredentialMangled],
        source: "RFC 7617 section 2.1",
    }

    BasicUsernameConvention {
        id: "basic-username-convention", status: None, explained: true, who: User, rank: 0,
        title: "This token wants a certain user name",
        meaning: "The service takes a token as the password of Basic and expects a fixed or particular user name beside it: an e-mail address, `__token__`, `x-token-auth`, `oauth2accesstoken`, or none. With any other name a good token is refused.",
        told: "The token is fine, and the user name beside it is not the one that this service expects.",
        log: "token as a password beside an unexpected user name",
        fix: "Look up the user name that the service wants for this sort of token and set it: `__token__` for PyPI, your e-mail address for Atlassian Cloud, the token itself with an empty password for several others.",
        see: [SecretIdSent, CredentialsRejected],
    }

    UserinfoEncoding {
        id: "userinfo-encoding", status: None, explained: true, who: User, rank: 0,
        title: "The password in the URL is not encoded properly",
        meaning: "A user name or password in the URL must have its special characters percent-encoded, exactly once. A bare `@`, `/`, `#` or `%` ends it early, a doubly encoded one is another password, and some clients ignore this part altogether.",
        told: "The credentials in the URL were not read as they were meant.",
        log: "credentials in the URL are unescaped, doubly escaped or ignored",
        fix: "Do not put credentials in the URL: use `curl -u`, a `.netrc` file or the client's own fields. If there is no other way, encode each part once with `jq -rn --arg v \"$PASSWORD\" '$v|@uri'`.",
        see: [BasicColon],
        source: "RFC 3986 section 3.2.1",
    }

    }}};
}
