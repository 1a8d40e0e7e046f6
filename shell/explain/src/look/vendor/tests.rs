#![allow(
    clippy::unwrap_used,
    clippy::string_slice,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod beside;

use countersign_cause::Cause;

use crate::case::Case;
use crate::finding::Weight::{self, Fair, Slight, Strong};
use crate::look::tests::{basic, case, jwt, seen, top};

const GITHUB: &str = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
const ANTHROPIC: &str = "sk-ant-api03-0123456789abcdefghijABCDEFGHIJ";
const ANTHROPIC_OAUTH: &str = "sk-ant-oat01-0123456789abcdefghijABCDEFGHIJ";
const STRIPE: &str = "sk_test_0123456789abcdefghijABCD";
const ATLASSIAN: &str = "ATATT3xFfGF0123456789abcdefghijABCD=0A1B2C3D";
const PYPI: &str = "pypi-AgEIcHlwaS5vcmcCJ0123456789abcdefghijABCDEFGHIJ0123456789abcdef";
const GOOGLE: &str = "AIzaSyA0123456789abcdefghijABCDEFGHIJ01";
const GRAFANA: &str = "glsa_0123456789abcdefghijABCDEFGHIJ01_0a1b2c3d";
const LINEAR: &str = "lin_api_0123456789abcdefghijABCDEFGHIJ0123456789";
const SHOPIFY: &str = "shpat_0123456789abcdef0123456789abcdef";
const HEX32: &str = "0123456789abcdef0123456789abcdef";

fn assert_top(case: &Case, cause: Cause, weight: Weight, what: &str) {
    let found = top(case).map(|finding| (finding.cause, finding.weight));
    assert_eq!(
        found,
        Some((cause, weight)),
        "{what}: {:?}",
        crate::look::at(case, 0)
    );
}

fn authorized(url: &str, value: &str) -> Case {
    case(url, &[("Authorization", value)])
}

#[test]
fn the_right_way_is_no_fault() {
    for (url, name, value) in [
        (
            "https://api.github.com/user",
            "Authorization",
            format!("Bearer {GITHUB}"),
        ),
        (
            "https://api.github.com/user",
            "Authorization",
            format!("token {GITHUB}"),
        ),
        (
            "https://api.github.com/user",
            "Authorization",
            basic(format!("alice:{GITHUB}")),
        ),
        (
            "https://api.stripe.com/v1/charges",
            "Authorization",
            basic(format!("{STRIPE}:")),
        ),
        (
            "https://api.stripe.com/v1/charges",
            "Authorization",
            format!("Bearer {STRIPE}"),
        ),
        (
            "https://index.example.org/legacy/",
            "Authorization",
            basic(format!("__token__:{PYPI}")),
        ),
        (
            "https://a.atlassian.net/rest/api/3/myself",
            "Authorization",
            basic(format!("a@example.com:{ATLASSIAN}")),
        ),
        (
            "https://api.linear.app/graphql",
            "Authorization",
            LINEAR.to_owned(),
        ),
        (
            "https://grafana.example.com/api/org",
            "Authorization",
            format!("Bearer {GRAFANA}"),
        ),
        (
            "https://a.myshopify.com/admin/api/x",
            "X-Shopify-Access-Token",
            SHOPIFY.to_owned(),
        ),
        (
            "https://api.twilio.com/2010-04-01/Accounts",
            "Authorization",
            basic(format!("AC{HEX32}:{HEX32}")),
        ),
        (
            "https://api.mailgun.net/v3/domains",
            "Authorization",
            basic(format!("api:key-{HEX32}")),
        ),
        (
            "https://us21.api.mailchimp.com/3.0/",
            "Authorization",
            basic(format!("any:{HEX32}-us21")),
        ),
        (
            "https://www.googleapis.com/youtube/v3/videos",
            "X-Goog-Api-Key",
            GOOGLE.to_owned(),
        ),
        (
            "https://dev.azure.com/org/_apis",
            "Authorization",
            basic(format!(":{}", "a".repeat(52))),
        ),
        (
            "https://gitlab.example.com/api/v4/user",
            "Private-Token",
            "glpat-0123456789abcdefghij".to_owned(),
        ),
        (
            "https://discord.com/api/v10/users/@me",
            "Authorization",
            "Bot MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcdE.abcdefghijklmnopqrstuvwxyz012345".to_owned(),
        ),
        (
            "https://a.okta.com/api/v1/users",
            "Authorization",
            format!("SSWS 00{}", "a".repeat(40)),
        ),
        (
            "https://splunk.example.com/services/collector/event",
            "Authorization",
            "Splunk 0123".to_owned(),
        ),
    ] {
        let found: Vec<_> = seen(&case(url, &[(name, &value)]));
        let found: Vec<_> = found
            .into_iter()
            .filter(|(_, weight)| *weight > Slight)
            .collect();
        assert_eq!(found, [], "{url} {name}");
    }
    let whole = [
        ("X-Api-Key", ANTHROPIC),
        ("anthropic-version", "2023-06-01"),
    ];
    assert_eq!(
        seen(&case("https://api.anthropic.com/v1/messages", &whole)),
        []
    );
    let whole = [("Authorization", "Bearer abc"), ("Client-Id", "x")];
    assert_eq!(seen(&case("https://api.twitch.tv/helix/users", &whole)), []);
    let query = format!("https://maps.googleapis.com/maps/api/geocode/json?key={GOOGLE}");
    assert_eq!(seen(&case(&query, &[])), []);
}

#[test]
fn good_keys_at_the_wrong_place() {
    let paddle = "pdl_sdbx_apikey_01abcdefghijklmnopqrstuvwxyz";
    for (url, value) in [
        (
            "https://test.openai.azure.com/openai/deployments/x",
            "Bearer sk-proj-0123456789abcdefghijABCDEFG".to_owned(),
        ),
        (
            "https://api.openai.com/v1/models",
            format!("Bearer {ANTHROPIC}"),
        ),
        ("https://gitlab.com/api/v4/user", format!("Bearer {GITHUB}")),
        (
            "https://us7.api.mailchimp.com/3.0/",
            basic(format!("any:{HEX32}-us21")),
        ),
        (
            "https://api.paddle.com/products",
            format!("Bearer {paddle}"),
        ),
    ] {
        assert_top(
            &authorized(url, &value),
            Cause::EnvironmentMismatch,
            Strong,
            url,
        );
    }
    let key = [("api-key", "sk-proj-0123456789abcdefghijABCDEFG")];
    assert_top(
        &case("https://a.openai.azure.com/openai/x", &key),
        Cause::EnvironmentMismatch,
        Strong,
        "Azure",
    );
    // What is in front of a service may well take its keys.
    let proxy = authorized(
        "https://llm.example.org/v1/models",
        &format!("Bearer {}", "sk-proj-0123456789abcdefghijABCDEFG"),
    );
    assert_top(&proxy, Cause::EnvironmentMismatch, Slight, "a proxy");
    let local = authorized(
        "http://127.0.0.1:4000/v1/models",
        "Bearer sk-proj-0123456789abcdefghijABCDEFG",
    );
    assert_eq!(seen(&local), []);
    // The name is in `Host` where the address is only an address.
    let mut staged = authorized(
        "http://127.0.0.1:4000/api/v4/user",
        &format!("Bearer {GITHUB}"),
    );
    staged
        .request
        .as_mut()
        .unwrap()
        .fields
        .add("Host", "gitlab.com");
    assert_top(&staged, Cause::EnvironmentMismatch, Strong, "staged");
}

#[test]
fn good_keys_in_the_wrong_carrier() {
    for (url, name, value, cause, weight) in [
        (
            "https://api.anthropic.com/v1/messages",
            "X-Api-Key",
            ANTHROPIC_OAUTH.to_owned(),
            Cause::HeaderWrongPlace,
            Strong,
        ),
        (
            "https://api.anthropic.com/v1/messages",
            "Authorization",
            format!("Bearer {ANTHROPIC}"),
            Cause::HeaderWrongPlace,
            Strong,
        ),
        (
            "http://127.0.0.1/v1/messages",
            "X-Api-Key",
            ANTHROPIC_OAUTH.to_owned(),
            Cause::HeaderWrongPlace,
            Fair,
        ),
        (
            "https://a.myshopify.com/admin/api/x",
            "Authorization",
            format!("Bearer {SHOPIFY}"),
            Cause::HeaderWrongPlace,
            Strong,
        ),
        (
            "https://www.googleapis.com/youtube/v3/videos",
            "Authorization",
            format!("Bearer {GOOGLE}"),
            Cause::HeaderWrongPlace,
            Strong,
        ),
        (
            "https://api.telegram.org/bot/getMe",
            "Authorization",
            "Bearer 1234567890:AAabcdefghijklmnopqrstuvwxyz0123456".to_owned(),
            Cause::HeaderWrongPlace,
            Strong,
        ),
        (
            "https://api.postmarkapp.com/email",
            "Authorization",
            "Bearer f81d4fae-7dec-11d0-a765-00a0c91e6bf6".to_owned(),
            Cause::HeaderWrongPlace,
            Strong,
        ),
        (
            "https://api.cloudflare.com/client/v4/user",
            "Authorization",
            format!("Bearer {HEX32}01234"),
            Cause::HeaderWrongPlace,
            Strong,
        ),
        (
            "https://haveibeenpwned.com/api/v3/x",
            "X-API-Key",
            HEX32.to_owned(),
            Cause::HeaderWrongPlace,
            Strong,
        ),
        (
            "https://api.linear.app/graphql",
            "Authorization",
            format!("Bearer {LINEAR}"),
            Cause::SchemeWordWrong,
            Strong,
        ),
        (
            "https://discord.com/api/v10/users/@me",
            "Authorization",
            "Bearer MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcdE.abcdefghijklmnopqrstuvwxyz012345".to_owned(),
            Cause::SchemeWordWrong,
            Strong,
        ),
        (
            "https://a.okta.com/api/v1/users",
            "Authorization",
            format!("Bearer 00{}", "a".repeat(40)),
            Cause::SchemeWordWrong,
            Strong,
        ),
        (
            "https://api.opsgenie.com/v2/alerts",
            "Authorization",
            "Bearer f81d4fae-7dec-11d0-a765-00a0c91e6bf6".to_owned(),
            Cause::SchemeWordWrong,
            Strong,
        ),
        (
            "https://api.deepgram.com/v1/listen",
            "Authorization",
            format!("Bearer {HEX32}01234567"),
            Cause::SchemeWordWrong,
            Strong,
        ),
        (
            "https://grafana.example.com/api/org",
            "Authorization",
            GRAFANA.to_owned(),
            Cause::SchemeMissing,
            Strong,
        ),
        (
            "https://api.github.com/user",
            "Authorization",
            GITHUB.to_owned(),
            Cause::SchemeMissing,
            Strong,
        ),
        (
            "https://splunk.example.com/services/collector/event",
            "Authorization",
            "Bearer 0123".to_owned(),
            Cause::SchemeWordWrong,
            Strong,
        ),
    ] {
        assert_top(&case(url, &[(name, &value)]), cause, weight, url);
    }
    let found = top(&case(
        "https://api.anthropic.com/v1/messages",
        &[("X-Api-Key", ANTHROPIC_OAUTH)],
    ))
    .unwrap();
    let command = found.fix.unwrap().command.unwrap();
    assert_eq!(
        command,
        "curl -H \"Authorization: Bearer $TOKEN\" https://api.anthropic.com/v1/messages"
    );
    // The compatible interface takes the key in another place.
    let compatible = authorized(
        "https://api.anthropic.com/v1/chat/completions",
        &format!("Bearer {ANTHROPIC}"),
    );
    assert_eq!(seen(&compatible), []);
}

#[test]
fn what_calls_no_interface() {
    for (url, value, cause, weight) in [
        (
            "https://api.github.com/user",
            format!("Bearer ghr_{}", "a".repeat(76)),
            Cause::TokenWrongKind,
            Strong,
        ),
        (
            "https://www.googleapis.com/drive/v3/files",
            format!("Bearer 1//{}", "a".repeat(60)),
            Cause::TokenWrongKind,
            Strong,
        ),
        (
            "https://www.googleapis.com/drive/v3/files",
            format!("Bearer GOCSPX-{}", "a".repeat(28)),
            Cause::TokenWrongKind,
            Strong,
        ),
        (
            "https://api.stripe.com/v1/charges",
            "Bearer pk_test_0123456789abcdefghijABCD".to_owned(),
            Cause::TokenWrongKind,
            Strong,
        ),
        (
            "https://api.stripe.com/v1/charges",
            basic("pk_live_0123456789abcdefghijABCD:"),
            Cause::TokenWrongKind,
            Strong,
        ),
        (
            "https://api.twilio.com/2010-04-01/Accounts",
            format!("Bearer AC{HEX32}"),
            Cause::SecretIdSent,
            Strong,
        ),
        (
            "http://127.0.0.1/x",
            "Bearer AKIAIOSFODNN7EXAMPLE".to_owned(),
            Cause::SecretIdSent,
            Fair,
        ),
    ] {
        assert_top(&authorized(url, &value), cause, weight, url);
    }
    let secret = [(
        "X-Shopify-Access-Token",
        "shpss_0123456789abcdef0123456789abcdef",
    )];
    assert_top(
        &case("https://a.myshopify.com/admin/api/x", &secret),
        Cause::TokenWrongKind,
        Strong,
        "shpss",
    );
}

#[test]
fn an_account_in_the_address_and_another_in_basic() {
    let of = |account: &str| format!("https://api.twilio.com/2010-04-01/Accounts/{account}.json");
    let (own, other) = (format!("AC{HEX32}"), format!("AC{}", "f".repeat(32)));
    let sent = basic(format!("{own}:{HEX32}"));
    let case = authorized(&of(&other), &sent);
    assert_top(&case, Cause::EnvironmentMismatch, Strong, "another account");
    assert!(top(&authorized(&of(&own), &sent)).is_none());
    // A key has a name of another kind than the account that it belongs to.
    let key = basic(format!("SK{HEX32}:{HEX32}"));
    assert!(top(&authorized(&of(&own), &key)).is_none());
}
