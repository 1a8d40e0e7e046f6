//! What has to stand beside a key, passwords in its place, and keys that are damaged.

use super::*;

#[test]
fn user_names_beside_keys() {
    for (url, text, weight) in [
        (
            "https://api.bitbucket.org/2.0/user",
            format!("alice:{ATLASSIAN}"),
            Strong,
        ),
        (
            "https://a.atlassian.net/rest/api/3/myself",
            format!("alice:{ATLASSIAN}"),
            Strong,
        ),
        (
            "https://index.example.org/legacy/",
            format!("alice:{PYPI}"),
            Strong,
        ),
        (
            "https://api.twilio.com/2010-04-01/Accounts",
            format!("alice:{HEX32}"),
            Strong,
        ),
        (
            "https://api.mailgun.net/v3/domains",
            format!("alice:key-{HEX32}"),
            Strong,
        ),
        (
            "https://api.stripe.com/v1/charges",
            format!("alice:{STRIPE}"),
            Strong,
        ),
        (
            "https://a.zendesk.com/api/v2/users.json",
            format!("a@example.com:{HEX32}abcdABCD"),
            Strong,
        ),
        (
            "https://1.dkr.ecr.eu-west-1.amazonaws.com/v2/",
            "alice:s3cr3t".to_owned(),
            Strong,
        ),
        (
            "https://eu.gcr.io/v2/",
            "alice:ya29.0123456789abcdefghijABCD".to_owned(),
            Strong,
        ),
        (
            "https://sonar.example.com/api/x",
            format!("alice:squ_{HEX32}01234567"),
            Strong,
        ),
        (
            "https://dev.azure.com/org/_apis",
            format!("alice:{}", "a".repeat(52)),
            Slight,
        ),
    ] {
        assert_top(
            &authorized(url, &basic(&text)),
            Cause::BasicUsernameConvention,
            weight,
            url,
        );
    }
    let found = top(&authorized(
        "https://index.example.org/legacy/",
        &basic(format!("alice:{PYPI}")),
    ))
    .unwrap();
    let command = found.fix.unwrap().command.unwrap();
    assert_eq!(
        command,
        "curl -u \"__token__:$PASSWORD\" https://index.example.org/legacy/"
    );
    let user = "https://registry.azurecr.io/v2/";
    assert_top(
        &authorized(user, &basic(format!("alice:{}", jwt()))),
        Cause::BasicUsernameConvention,
        Strong,
        "ACR",
    );
}

#[test]
fn passwords_that_no_service_takes() {
    for url in [
        "https://api.github.com/user",
        "https://github.com/a/b.git/info/refs",
        "https://api.bitbucket.org/2.0/user",
        "https://a.atlassian.net/rest/api/3/myself",
        "https://outlook.office365.com/EWS/Exchange.asmx",
    ] {
        assert_top(
            &authorized(url, &basic("alice@example.com:hunter2!")),
            Cause::PasswordLoginRetired,
            Strong,
            url,
        );
    }
    // An older token has no prefix.
    let older = authorized(
        "https://api.github.com/user",
        &basic(format!("alice:{HEX32}01234567")),
    );
    assert_eq!(seen(&older), []);
}

#[test]
fn companions_that_are_missing() {
    for (url, name, value, weight) in [
        (
            "https://api.twitch.tv/helix/users",
            "Authorization",
            "Bearer abc",
            Strong,
        ),
        (
            "https://api.anthropic.com/v1/messages",
            "X-Api-Key",
            ANTHROPIC,
            Fair,
        ),
        (
            "https://api.notion.com/v1/users",
            "Authorization",
            "Bearer secret",
            Fair,
        ),
        (
            "https://a.p.rapidapi.com/x",
            "X-RapidAPI-Key",
            "abc",
            Strong,
        ),
        (
            "https://api.datadoghq.com/api/v1/monitor",
            "DD-API-KEY",
            HEX32,
            Strong,
        ),
        (
            "https://abc.supabase.co/rest/v1/todos",
            "Authorization",
            "Bearer abc",
            Strong,
        ),
        (
            "https://api.cloudflare.com/client/v4/user",
            "X-Auth-Key",
            "0123456789abcdef0123456789abcdef01234",
            Strong,
        ),
        (
            "http://127.0.0.1:3100/loki/api/v1/push",
            "Authorization",
            "Bearer abc",
            Slight,
        ),
    ] {
        let found = seen(&case(url, &[(name, value)]));
        assert!(
            found.contains(&(Cause::CompanionHeaderMissing, weight)),
            "{url}: {found:?}"
        );
    }
    let given = [("Authorization", "Bearer abc"), ("Client-Id", "undefined")];
    assert_top(
        &case("https://api.twitch.tv/helix/users", &given),
        Cause::CompanionHeaderMissing,
        Strong,
        "a placeholder",
    );
    let found = top(&case(
        "https://api.twitch.tv/helix/users",
        &[("Authorization", "Bearer abc")],
    ))
    .unwrap();
    let command = found.fix.unwrap().command.unwrap();
    assert!(
        command.contains("-H \"Client-Id: $CLIENT_ID\""),
        "{command}"
    );
    let validated = case(
        "https://api.datadoghq.com/api/v1/validate",
        &[("DD-API-KEY", HEX32)],
    );
    assert_eq!(seen(&validated), []);
}

#[test]
fn damaged_keys() {
    for (value, weight) in [
        (&GITHUB[..38], Fair),
        (&GITHUB.to_ascii_uppercase()[..], Strong),
        (
            "csk_0123456789Ab_0123456789abcdefghijklmnopqrstuvABCDEF",
            Strong,
        ),
        ("csk_short", Fair),
    ] {
        assert_top(
            &authorized("http://127.0.0.1/x", &format!("Bearer {value}")),
            Cause::CredentialMangled,
            weight,
            value,
        );
    }
    // Made up for a test, and not cut.
    assert_eq!(
        seen(&authorized("http://127.0.0.1/x", "Bearer ghp_test")),
        []
    );
}

#[test]
fn the_token_of_a_job_has_a_field_of_its_own() {
    const JOB: &str = "glcbt-64_0123456789abcdefghij";
    for url in [
        "https://gitlab.com/api/v4/projects/1/packages",
        "https://git.example.com/api/v4/projects/1/packages",
    ] {
        let private = case(url, &[("PRIVATE-TOKEN", JOB)]);
        assert_top(&private, Cause::HeaderWrongPlace, Strong, url);
        assert_eq!(seen(&case(url, &[("JOB-TOKEN", JOB)])), [], "{url}");
    }
    let personal = case(
        "https://gitlab.com/api/v4/user",
        &[("PRIVATE-TOKEN", "glpat-0123456789abcdefghij")],
    );
    assert_eq!(seen(&personal), []);
}
