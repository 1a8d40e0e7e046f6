//! Sentences as services write them, none of which is an example of an entry.

use crate::finding::Weight;
use crate::words::tests::{findings, ranked};

type Fields = &'static [(&'static str, &'static str)];

const BEARER: Fields = &[("Authorization", "Bearer abcdefghij0123456789")];
const BASIC: Fields = &[("Authorization", "Basic dXNlcjpwYXNzd29yZA==")];
const BARE: Fields = &[("Authorization", "abcdefghij")];
const KEY: Fields = &[("X-API-Key", "abcdefghij")];
const COOKIE: Fields = &[("Cookie", "sid=abcdefghij")];
const NOTHING: Fields = &[];

#[test]
fn sentences_that_nobody_listed_are_understood() {
    let mut wrong = Vec::new();
    for (status, body, fields, wanted) in [
        (
            401,
            r#"{"error":"Unauthorized","message":"Your token has expired. Please log in again."}"#,
            BEARER,
            "token-expired",
        ),
        (
            401,
            r#"{"code":"AUTH_TOKEN_EXPIRED"}"#,
            BEARER,
            "token-expired",
        ),
        (
            401,
            r#"{"error":"session_expired"}"#,
            COOKIE,
            "session-expired",
        ),
        (
            401,
            r#"{"message":"API key expired on 2025-01-01"}"#,
            KEY,
            "credential-expired",
        ),
        (
            401,
            r#"{"detail":"Your password has expired and must be changed."}"#,
            BASIC,
            "credential-expired",
        ),
        (
            401,
            r#"{"error":"User account is disabled"}"#,
            BASIC,
            "account-disabled",
        ),
        (
            401,
            r#"{"error":"Bad credentials"}"#,
            BASIC,
            "credentials-rejected",
        ),
        (
            401,
            r#"{"message":"Incorrect username or password."}"#,
            BASIC,
            "credentials-rejected",
        ),
        (
            401,
            r#"{"message":"Invalid login or password"}"#,
            BASIC,
            "credentials-rejected",
        ),
        (
            401,
            r#"{"error":"Email not confirmed"}"#,
            BASIC,
            "account-disabled",
        ),
        (
            401,
            r#"{"error":"Please confirm your email before logging in"}"#,
            BASIC,
            "account-disabled",
        ),
        (
            401,
            r#"{"error":"This account has been temporarily locked due to too many failed login attempts"}"#,
            BASIC,
            "account-locked",
        ),
        (
            401,
            r#"{"error":"OTP required"}"#,
            BASIC,
            "second-factor-required",
        ),
        (
            401,
            r#"{"message":"Must specify two-factor authentication OTP code."}"#,
            BASIC,
            "second-factor-required",
        ),
        (
            401,
            r#"{"message":"Basic authentication is not enabled on this server"}"#,
            BASIC,
            "scheme-not-accepted",
        ),
        (
            403,
            r#"{"message":"IP 203.0.113.7 is not whitelisted"}"#,
            KEY,
            "address-not-allowed",
        ),
        (
            403,
            r#"{"message":"Access from your IP address is blocked"}"#,
            KEY,
            "address-not-allowed",
        ),
        (
            403,
            "Invalid CSRF Token 'null' was found on the request parameter '_csrf' or header 'X-CSRF-TOKEN'.",
            COOKIE,
            "csrf-failed",
        ),
        (
            403,
            r#"{"error":"Origin https://evil.example not allowed"}"#,
            BEARER,
            "origin-not-allowed",
        ),
        (
            403,
            r#"{"error":"You don't have permission to access this resource"}"#,
            BEARER,
            "scope-insufficient",
        ),
        (
            401,
            r#"{"error":"You don't have permission to access this resource"}"#,
            BEARER,
            "forbidden-reported-as-unauthorized",
        ),
        (
            401,
            r#"{"error":"Admin access required"}"#,
            BEARER,
            "forbidden-reported-as-unauthorized",
        ),
        (
            401,
            r#"{"error":"User is not authorized to perform this operation"}"#,
            BEARER,
            "forbidden-reported-as-unauthorized",
        ),
        (
            401,
            r#"{"message":"Missing X-Account-Id header"}"#,
            BEARER,
            "companion-header-missing",
        ),
        (
            400,
            r#"{"message":"api-version header is required"}"#,
            BEARER,
            "companion-header-missing",
        ),
        (
            401,
            r#"{"message":"tenant id not specified"}"#,
            BEARER,
            "companion-header-missing",
        ),
        (
            401,
            r#"{"error":"Missing api key. Provide it in the X-API-Key header"}"#,
            BEARER,
            "header-wrong-place",
        ),
        (
            401,
            r#"{"error":"No api key supplied"}"#,
            NOTHING,
            "credentials-missing",
        ),
        (
            401,
            r#"{"error":"Authorization header missing"}"#,
            KEY,
            "header-wrong-place",
        ),
        (
            401,
            r#"{"error":"Access token required"}"#,
            NOTHING,
            "credentials-missing",
        ),
        (
            401,
            r#"{"error":"This key is only valid in the EU region"}"#,
            KEY,
            "environment-mismatch",
        ),
        (
            401,
            r#"{"error":"The API key belongs to a different environment"}"#,
            KEY,
            "environment-mismatch",
        ),
        (
            401,
            r#"{"error":"You are using a sandbox key on the production endpoint"}"#,
            KEY,
            "environment-mismatch",
        ),
        (401, r#"{"error":"Key revoked"}"#, KEY, "credential-revoked"),
        (
            401,
            r#"{"error":"This token was revoked by its owner"}"#,
            BEARER,
            "token-revoked",
        ),
        (
            401,
            r#"{"error":"Session terminated: logged in from another device"}"#,
            COOKIE,
            "session-revoked",
        ),
        (
            401,
            r#"{"error":"Session not found"}"#,
            COOKIE,
            "session-unknown",
        ),
        (
            401,
            r#"{"error":"Too many login attempts. Please try again in 5 minutes."}"#,
            BASIC,
            "rate-limited",
        ),
        (
            401,
            r#"{"error":"ldap: connection refused"}"#,
            BASIC,
            "identity-backend-down",
        ),
        (
            500,
            r#"{"error":"could not connect to authentication server"}"#,
            BASIC,
            "identity-backend-down",
        ),
        (
            403,
            "<html><body><h1>Access denied</h1><p>Your request was blocked by our security service.</p></body></html>",
            KEY,
            "edge-refused",
        ),
        (
            401,
            r#"{"error":"invalid token audience"}"#,
            BEARER,
            "audience-mismatch",
        ),
        (
            401,
            r#"{"error":"token was not issued for this API"}"#,
            BEARER,
            "audience-mismatch",
        ),
        (
            401,
            r#"{"error":"unknown issuer"}"#,
            BEARER,
            "issuer-mismatch",
        ),
        (
            401,
            r#"{"error":"the token's signature could not be verified"}"#,
            BEARER,
            "signature-invalid",
        ),
        (
            401,
            r#"{"error":"token is not valid until 2026-02-01"}"#,
            BEARER,
            "token-not-yet-valid",
        ),
        (
            401,
            r#"{"error":"refresh tokens can not be used to access resources"}"#,
            BEARER,
            "token-wrong-kind",
        ),
        (
            403,
            r#"{"error":"SSO login required for organization acme"}"#,
            BEARER,
            "organization-not-authorized",
        ),
        (
            403,
            r#"{"message":"Unknown endpoint"}"#,
            BEARER,
            "url-wrong",
        ),
        (
            401,
            r#"{"message":"API version v1 has been retired, no such endpoint"}"#,
            BEARER,
            "url-wrong",
        ),
        (
            401,
            r#"{"error":"Passwords are no longer accepted, use an API token"}"#,
            BASIC,
            "password-login-retired",
        ),
        (
            401,
            r#"{"error":"Account passwords cannot be used with the API. Create an app password."}"#,
            BASIC,
            "password-login-retired",
        ),
        (
            400,
            r#"{"error":"Multiple Authorization headers"}"#,
            BEARER,
            "header-duplicated",
        ),
        (
            401,
            r#"{"error":"HTTPS is required"}"#,
            BASIC,
            "redirect-to-http",
        ),
        (
            401,
            r#"{"error":"Invalid Authorization header format. Expected 'Bearer <token>'"}"#,
            BARE,
            "scheme-missing",
        ),
        (
            401,
            r#"{"error":"Use 'Authorization: Token <key>'"}"#,
            BEARER,
            "scheme-word-wrong",
        ),
        (
            401,
            r#"{"error":"Request signature expired: timestamp too far from server time"}"#,
            KEY,
            "clock-skew",
        ),
        (
            401,
            r#"{"error":"New API keys can take up to 5 minutes to become active"}"#,
            KEY,
            "credential-not-active-yet",
        ),
        (
            401,
            r#"{"error":"invalid_token","error_description":"The access token provided is expired, revoked, malformed, or invalid for other reasons"}"#,
            BEARER,
            "credentials-rejected",
        ),
        (401, r#"{"message":"Unauthorized"}"#, BEARER, ""),
        (404, r#"{"message":"Not Found"}"#, BEARER, ""),
        (
            401,
            r#"{"error":"login_required"}"#,
            NOTHING,
            "credentials-missing",
        ),
        (
            401,
            r#"{"success":false,"message":"The credential is not valid here."}"#,
            KEY,
            "credentials-rejected",
        ),
        (
            401,
            r#"{"error":"Client certificate required"}"#,
            BEARER,
            "sender-constraint-failed",
        ),
        (
            401,
            r#"{"error":"User not found in tenant contoso"}"#,
            BASIC,
            "environment-mismatch",
        ),
        (
            401,
            r#"{"error":"Password hash algorithm not supported"}"#,
            BASIC,
            "verifier-misconfigured",
        ),
        (
            401,
            r#"{"error":"account pending approval"}"#,
            BASIC,
            "account-disabled",
        ),
        (429, r#"{"error":"quota exceeded"}"#, KEY, "rate-limited"),
        (
            401,
            r#"{"error":"deactivated key"}"#,
            KEY,
            "credential-revoked",
        ),
        (
            401,
            r#"{"error":"You must sign in with your organization's SSO"}"#,
            BEARER,
            "organization-not-authorized",
        ),
        (
            401,
            r#"{"error":"token key id 'abc' unknown"}"#,
            BEARER,
            "signing-key-unknown",
        ),
    ] {
        let found = findings(status, body, fields);
        let first = ranked(&found).first().map_or("", |cause| cause.id());
        if first != wanted {
            let all: Vec<_> = found
                .iter()
                .map(|one| (one.cause.id(), one.weight))
                .collect();
            wrong.push(format!("{wanted} is wanted, not {all:?}: {body}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_says_nothing_of_the_cause_is_not_understood() {
    for body in [
        r#"{"message":"Unauthorized"}"#,
        "Access denied",
        r#"{"message":"Not Found"}"#,
        r#"{"error":"Something went wrong. Contact support if your account is not locked."}"#,
        r#"{"error":"Unauthorized","docs":"https://a.example/expired-token","request_id":"rate limit exceeded"}"#,
        r#"{"message":"If your session has expired, sign in again"}"#,
    ] {
        let found = findings(401, body, BEARER);
        let telling: Vec<_> = found
            .iter()
            .filter(|one| one.weight > Weight::Slight)
            .collect();
        assert!(telling.is_empty(), "{body}: {telling:?}");
    }
}
