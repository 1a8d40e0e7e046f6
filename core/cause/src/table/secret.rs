//! Causes of stage `secret`: a password or key was read, and refused.
//!
//! Of these the client hears more than `credentials-rejected` only once it has proved that it holds the secret: then
//! a date or a second factor gives nothing away. A lock or a disabled account is never told.

macro_rules! secret {
    ($($joined:tt)*) => { catalogue! { $($joined)* Secret {

    CredentialsRejected {
        id: "credentials-rejected", status: Some(401), explained: true, who: User, rank: 50,
        title: "The credentials were not accepted",
        meaning: "The credentials were read without trouble, and they are not valid here. Which part is wrong is deliberately not said: the answer is the same, in words and in time, whether the name or the secret is wrong.",
        told: "The credentials were read, and they are not valid here.",
        log: "unknown identity or wrong secret",
        fix: "Enter name and secret again, by hand or freshly copied, and make sure that they belong to this very host. If they work elsewhere, compare length and digest; if you are sure of both, ask the operator to look up the request id.",
        checks: [
            ("curl -s -o /dev/null -w '%{http_code}\\n' -u \"$USER_NAME\" \"$URL\"", "curl asks for the password: typed by hand it can't be changed by a shell or a file. A 2xx here means that the other client alters it."),
            ("printf %s \"$PASSWORD\" | wc -c", "Not the length that you expect: it was cut or extended before it was sent."),
        ],
        see: [EnvironmentMismatch, SecretIdSent, PasswordLoginRetired, VerifierMisconfigured],
        source: "RFC 9110 section 15.5.2",
    }

    CredentialExpired {
        id: "credential-expired", status: Some(401), explained: true, who: User, rank: 62,
        title: "The credential is past its date",
        meaning: "The password, API key, client secret or certificate is the right one, and its time is over. It was good until a date that was set when it was made.",
        told: "The credential is the right one, and it is past its expiry date.",
        log: "right credential, past its expiry",
        fix: "Make a new one and replace the old one wherever it is used; for a key of Countersign with `countersign key`. Note the next date in a calendar or let the monitoring watch it, as it will come again.",
        checks: [
            ("openssl x509 -in client.pem -noout -enddate", "For a client certificate: the date after which it is refused."),
        ],
        see: [CredentialRevoked, TokenExpired],
    }

    CredentialRevoked {
        id: "credential-revoked", status: Some(401), explained: true, who: User, rank: 60,
        title: "The credential was revoked or replaced",
        meaning: "The credential was good once. Somebody revoked it, or a newer one took its place; scanners that find a key in public code revoke it without asking.",
        told: "The credential was revoked or replaced by a newer one.",
        log: "right credential, revoked or superseded",
        fix: "Ask its owner why it was revoked before you make another. Then make a new one and search every place that still holds the old: CI variables, `.env` files, secret stores, other machines.",
        checks: [
            ("printf %s \"$API_KEY\" | sha256sum | cut -c 1-12", "Run it wherever the key is used: a machine with another digest than the new key's still has the old one."),
        ],
        see: [TokenRevoked, CredentialsRejected],
    }

    SecretIdSent {
        id: "secret-id-sent", status: None, explained: true, who: User, rank: 0,
        title: "The id of the secret was sent, not its value",
        meaning: "Many consoles show an id or a name beside each secret, and keep showing it long after the value, which is visible only once. What was sent looks like that id.",
        told: "What was sent looks like the id of a secret instead of the secret itself.",
        log: "value has the form of a secret's id",
        fix: "Use the value column, not the id column. If the value was not saved when it was shown, it can't be read again: make a new secret and copy it at once.",
        checks: [
            ("printf %s \"$CLIENT_SECRET\" | grep -Eic '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'", "1 means that it is a bare UUID, which is nearly always an id; in Microsoft Entra always."),
        ],
        see: [CredentialsPlaceholder, ClientAuthenticationFailed],
    }

    AccountLocked {
        id: "account-locked", status: Some(401), explained: true, who: User, rank: 50,
        title: "The account is locked for now",
        meaning: "Too many attempts failed, or a CAPTCHA is due, so that even the right password is refused for a while. Clients hear only that the credentials are not valid here, as the lock would tell a guesser that the account exists.",
        told: "The credentials were read, and they are not valid here.",
        log: "account is locked after too many failures, or a captcha is due",
        fix: "First stop whatever still tries with an old password: a phone, a mounted drive, a scheduled job. Then wait for the lock to end, or sign in once in a browser where a CAPTCHA may appear; an operator can unlock the account sooner.",
        told_as: CredentialsRejected,
        see: [RateLimited, AccountDisabled],
    }

    AccountDisabled {
        id: "account-disabled", status: Some(401), explained: true, who: Ops, rank: 50,
        title: "The account is disabled",
        meaning: "The account was disabled or deleted, or its address was never verified. Clients hear only that the credentials are not valid here.",
        told: "The credentials were read, and they are not valid here.",
        log: "account is disabled, unverified or deleted",
        fix: "Look up why it was disabled, then enable the account again; Countersign names it in the log and in `countersign why`, and `countersign user enable NAME` does it. For a service, make an account of its own, so that it does not end when a person leaves.",
        told_as: CredentialsRejected,
        see: [CredentialRevoked],
    }

    SecondFactorRequired {
        id: "second-factor-required", status: Some(401), explained: true, who: User, rank: 78,
        title: "A second factor is required",
        meaning: "The password is right and not enough: this resource wants a one-time code, a passkey, or for programs that can't ask for one an app password.",
        told: "A second factor is needed to complete this sign-in.",
        log: "first factor verified, second factor missing",
        fix: "Sign in where a second factor can be entered. For a program make an app password or an API key in the account settings and use it in place of the password.",
        see: [PasswordLoginRetired],
        source: "RFC 9470 section 3",
    }

    SignInTooOld {
        id: "sign-in-too-old", status: Some(401), explained: false, who: User, rank: 77,
        title: "The sign-in was too long ago",
        meaning: "The session or the token is good, and this resource wants its user to have signed in a short while ago: it guards something that a browser left open should not give away.",
        told: "This needs a sign-in of a short while ago.",
        log: "sign-in older than the route allows, or of unknown age",
        fix: "Sign in once more. A client with a token sends its user to the issuer with the `max_age` that the challenge names, and comes back with the new token. Passwords by Basic or Digest and API keys say nothing of a sign-in, and are never enough here.",
        checks: [
            ("curl -si -H \"Authorization: Bearer $TOKEN\" \"$URL\" | grep -i '^www-authenticate'", "`max_age` is the age in seconds that is taken."),
        ],
        see: [SignInTooWeak, SessionExpired],
        source: "RFC 9470 section 3",
    }

    SignInTooWeak {
        id: "sign-in-too-weak", status: Some(401), explained: false, who: User, rank: 76,
        title: "The sign-in was not strong enough",
        meaning: "The session or the token is good, and came of a sign-in of a lower class, or by other methods, than this resource demands.",
        told: "This needs a stronger sign-in than the one that was made.",
        log: "`acr` or `amr` of the sign-in does not meet the demand of the route",
        fix: "A client with a token sends its user to the issuer with the `acr_values` that the challenge names. If the issuer knows none of them, the operator has to name classes in the rule that it knows, as its tokens have them in `acr`.",
        checks: [
            ("curl -si -H \"Authorization: Bearer $TOKEN\" \"$URL\" | grep -i '^www-authenticate'", "`acr_values` are the classes that are taken."),
        ],
        see: [SignInTooOld, SecondFactorRequired],
        source: "RFC 9470 section 3",
    }

    PasswordLoginRetired {
        id: "password-login-retired", status: None, explained: true, who: User, rank: 0,
        title: "The account password is no longer taken here",
        meaning: "The service has stopped to accept account passwords for its API, for Git or for mail. A token or a key is wanted in its stead, even though the same password still works on the web site.",
        told: "Account passwords are no longer accepted here: a token or key is needed.",
        log: "service refuses account passwords for programmatic access",
        fix: "Make a personal access token or an app password in the account settings, with the least rights that do, and put it where the password was. Delete the remembered password, or the client goes on sending it.",
        checks: [
            ("printf 'protocol=https\\nhost=%s\\n\\n' \"$GIT_HOST\" | git credential reject", "For Git: removes the remembered password, so that the next call asks for the token."),
        ],
        see: [SchemeNotAccepted, CredentialsOverridden],
    }

    EnvironmentMismatch {
        id: "environment-mismatch", status: None, explained: true, who: User, rank: 0,
        title: "A good credential at the wrong place",
        meaning: "The credential is valid in another region, tenant, product or API version, or is a test key at the live service. The service that was called does not know it, and can only say that it is wrong.",
        told: "The credential belongs to another environment than the one that was called.",
        log: "credential valid at a sibling host, region, tenant or mode",
        fix: "Compare the host in the request with the place where the credential was made: region, `api.` against `eu.`, sandbox against production, test against live prefix. Change the base URL, or make a credential in the environment that you call.",
        see: [AudienceMismatch, IssuerMismatch, SignatureScopeWrong],
    }

    OrganizationNotAuthorized {
        id: "organization-not-authorized", status: None, explained: true, who: User, rank: 0,
        title: "Not authorized for this organization",
        meaning: "The credential is good, and this organization admits only credentials that went through its single sign-on, or that one of its owners approved.",
        told: "The credential is valid and has not been authorized for this organization.",
        log: "credential lacks the organization's single sign-on approval",
        fix: "Authorize the credential for the organization: on GitHub under Settings, Developer settings, the token, Configure SSO. Fine-grained tokens may also wait for an owner's approval.",
        checks: [
            ("curl -s -o /dev/null -D - -H \"Authorization: Bearer $TOKEN\" \"$URL\" | grep -i '^x-github-sso'", "On GitHub: the line names the page where the token is authorized."),
        ],
        see: [ConsentMissing, ScopeInsufficient],
    }

    CredentialNotActiveYet {
        id: "credential-not-active-yet", status: None, explained: true, who: User, rank: 0,
        title: "The credential is too new",
        meaning: "The credential was made moments ago, and not every server of the service knows it yet. Some requests are let in and others refused, until it has spread.",
        told: "The credential was made just now and is not yet known everywhere.",
        log: "fresh credential refused by some instances",
        fix: "Wait and try again with growing pauses for a few minutes. In scripts that make a credential and use it at once, poll with it until it is accepted before you go on.",
        checks: [
            ("for i in $(seq 10); do curl -s -o /dev/null -w '%{http_code}\\n' -H \"Authorization: Bearer $TOKEN\" \"$URL\"; done | sort | uniq -c", "A mixture that shifts towards 2xx when repeated means that it is still spreading."),
        ],
        see: [SessionNotShared, TokenNotYetValid],
    }

    }}};
}
