//! Where credentials stand: several of them, odd places, user info, client secrets.

use super::*;

#[test]
fn too_many_and_in_odd_places() {
    let long = "a".repeat(9000);
    let url_token = format!("{URL}?access_token=b2");
    for (url, fields, cause, weight) in [
        (
            url_token.as_str(),
            vec![("Authorization", "Bearer a1")],
            Cause::HeaderDuplicated,
            Fair,
        ),
        (
            URL,
            vec![("Authorization", "Bearer a1"), ("Cookie", "sessionid=b")],
            Cause::HeaderDuplicated,
            Slight,
        ),
        (
            URL,
            vec![("X-API-Key", "a1"), ("x-api-key", "b2")],
            Cause::HeaderDuplicated,
            Strong,
        ),
        (
            URL,
            vec![("X-API-Key", "abcd, abcd")],
            Cause::HeaderDuplicated,
            Strong,
        ),
        (
            URL,
            vec![("Cookie", "sid=a; x=1; sid=b")],
            Cause::CookieDuplicated,
            Strong,
        ),
        (
            URL,
            vec![("Cookie", "theme=a; theme=b")],
            Cause::CookieDuplicated,
            Slight,
        ),
        (
            URL,
            vec![("Authorisation", "Bearer a1")],
            Cause::HeaderWrongPlace,
            Strong,
        ),
        (
            URL,
            vec![("Authorizaton", "Bearer a1")],
            Cause::HeaderWrongPlace,
            Strong,
        ),
        (
            URL,
            vec![("Authentication", "Bearer a1")],
            Cause::HeaderWrongPlace,
            Fair,
        ),
        (
            URL,
            vec![("X-Authorization", "Bearer a1")],
            Cause::HeaderWrongPlace,
            Fair,
        ),
        (
            URL,
            vec![("Proxy-Authorization", "Bearer a1")],
            Cause::HeaderWrongPlace,
            Fair,
        ),
        (
            URL,
            vec![("Cookie", "Authorization=Bearer a1")],
            Cause::HeaderWrongPlace,
            Fair,
        ),
        (url_token.as_str(), vec![], Cause::HeaderWrongPlace, Slight),
        (
            URL,
            vec![("api_key", "a1")],
            Cause::HeaderNameDropped,
            Slight,
        ),
        (
            URL,
            vec![("api key", "a1")],
            Cause::HeaderNameDropped,
            Strong,
        ),
        (
            URL,
            vec![("\u{410}uthorization", "Bearer a1")],
            Cause::HeaderWrongPlace,
            Strong,
        ),
        (
            URL,
            vec![("Authorization ", "Bearer a1")],
            Cause::HeaderMalformed,
            Strong,
        ),
        (
            URL,
            vec![("Cookie", long.as_str())],
            Cause::HeaderTooLarge,
            Fair,
        ),
    ] {
        assert_top(&case(url, &fields), cause, weight, &format!("{fields:?}"));
    }
    let mut body = case(URL, &[("Content-Type", "application/json")]);
    let request = body.request.as_mut().unwrap();
    request.method = "POST".to_owned();
    request.body = Some(br#"{"token":"a1","text":"hi"}"#.to_vec());
    let found = top(&body).unwrap();
    assert_eq!((found.cause, found.weight), (Cause::HeaderWrongPlace, Fair));
    let command = found.fix.unwrap().command.unwrap();
    assert!(
        command.contains("\"Authorization: Bearer $TOKEN\"") && !command.contains("a1"),
        "{command}"
    );
    body.request.as_mut().unwrap().url =
        "https://api.example.com/oauth/introspect".parse().unwrap();
    assert_eq!(seen(&body), []);
}

#[test]
fn user_info_counts_by_the_client() {
    let mut given = case("https://alice:open@api.example.com/", &[]);
    assert_top(&given, Cause::UserinfoEncoding, Slight, "curl");
    for client in [
        Client::Browser,
        Client::NodeFetch,
        Client::Dotnet,
        Client::Java,
    ] {
        given.client = client;
        assert_top(&given, Cause::UserinfoEncoding, Strong, client.word());
    }
    let command = top(&given).unwrap().fix.unwrap().command.unwrap();
    assert_eq!(
        command,
        "curl -u \"alice:$PASSWORD\" https://api.example.com/"
    );
    let cut = case("https://alice#x@api.example.com/", &[]);
    assert_top(&cut, Cause::UserinfoEncoding, Strong, "cut at the hash");
}

#[test]
fn client_secrets() {
    let grant = |host: &str, body: &str| {
        let mut given = case(
            &format!("https://{host}/tenant/oauth2/v2.0/token"),
            &[("Content-Type", "application/x-www-form-urlencoded")],
        );
        let request = given.request.as_mut().unwrap();
        request.method = "POST".to_owned();
        request.body = Some(body.as_bytes().to_vec());
        given
    };
    let guid = "grant_type=client_credentials&client_id=a&client_secret=f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
    assert_top(
        &grant("login.microsoftonline.com", guid),
        Cause::SecretIdSent,
        Strong,
        "Entra",
    );
    assert_top(
        &grant("id.example.com", guid),
        Cause::SecretIdSent,
        Slight,
        "another",
    );
    let same = "grant_type=client_credentials&client_id=app1&client_secret=app1";
    assert_top(
        &grant("id.example.com", same),
        Cause::SecretIdSent,
        Strong,
        "the id itself",
    );
    let good = "grant_type=client_credentials&client_id=app1&client_secret=abc8Q~s3cr3t.s3cr3t_s3cr3ts3cr3t-s3cr3";
    assert_eq!(seen(&grant("login.microsoftonline.com", good)), []);
    let password = "grant_type=password&username=a&password=%22quoted%22";
    assert_top(
        &grant("id.example.com", password),
        Cause::CredentialQuoted,
        Fair,
        "a password",
    );
}
