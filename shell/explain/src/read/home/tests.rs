//! Each file with the request that it spoils, and one that it leaves alone.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::path::Path;

use countersign_cause::Cause;

use super::apply;
use crate::case::{Case, Client, LoginSource};
use crate::finding::{Finding, Weight};
use crate::message::Request;

/// A secret that may be in no evidence and no fix.
const SECRET: &str = "s3cr3t-of-the-file";

struct Given<'g> {
    client: Client,
    request: &'g str,
    fields: &'g [(&'g str, &'g str)],
    files: &'g [(&'g str, &'g str)],
}

fn seen(given: &Given<'_>) -> Case {
    let (method, url) = given.request.split_once(' ').unwrap();
    let mut request = Request::new(method, url.parse().unwrap());
    for (name, value) in given.fields {
        request.fields.add(name, *value);
    }
    let mut case = Case {
        request: Some(request),
        client: given.client,
        ..Case::default()
    };
    let home = tempfile::tempdir().unwrap();
    for (name, text) in given.files {
        write(&home.path().join(name), text);
    }
    apply(&mut case, home.path());
    for finding in &case.noticed {
        let told = format!("{finding:?}");
        assert!(!told.contains(SECRET), "{told}");
    }
    case
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn first(case: &Case) -> Option<&Finding> {
    let mut speaking = case.noticed.iter();
    speaking.find(|finding| finding.weight > Weight::Against)
}

#[track_caller]
fn is(given: &Given<'_>, cause: Cause, weight: Weight, word: &str) {
    let case = seen(given);
    let found = first(&case).unwrap();
    assert_eq!((found.cause, found.weight), (cause, weight), "{found:?}");
    assert!(found.evidence.contains(word), "{}", found.evidence);
}

#[track_caller]
fn is_nothing(given: &Given<'_>) {
    let case = seen(given);
    assert!(case.noticed.is_empty(), "{:?}", case.noticed);
}

fn authorization(case: &Case) -> Option<String> {
    let fields = &case.request.as_ref().unwrap().fields;
    Some(fields.text("authorization")?.into_owned())
}

const NETRC: (&str, &str) = (
    ".netrc",
    "machine api.example.com login alice password s3cr3t-of-the-file\n",
);

const GET: &str = "GET https://api.example.com/v1";

#[test]
fn netrc_wins_over_the_field_for_requests() {
    let given = Given {
        client: Client::PythonRequests,
        request: GET,
        fields: &[("Authorization", "Bearer abcdefghij")],
        files: &[NETRC],
    };
    is(
        &given,
        Cause::CredentialsOverridden,
        Weight::Strong,
        "alice",
    );
    let case = seen(&given);
    assert!(authorization(&case).unwrap().starts_with("Basic "));
    assert_eq!(case.login.unwrap().source, LoginSource::Netrc);
    let command = case.noticed[0]
        .fix
        .as_ref()
        .unwrap()
        .command
        .clone()
        .unwrap();
    assert!(
        command.contains("\"Authorization: Bearer $TOKEN\""),
        "{command}"
    );
}

#[test]
fn netrc_is_not_for_other_clients_and_hosts() {
    for (client, request) in [
        (Client::Curl, GET),
        (Client::Go, GET),
        (Client::PythonRequests, "GET https://other.example.com/v1"),
    ] {
        let fields = [("Authorization", "Bearer abcdefghij")];
        is_nothing(&Given {
            client,
            request,
            fields: &fields,
            files: &[NETRC],
        });
    }
}

fn curl<'g>(fields: &'g [(&'g str, &'g str)], files: &'g [(&'g str, &'g str)]) -> Given<'g> {
    Given {
        client: Client::Curl,
        request: GET,
        fields,
        files,
    }
}

#[test]
fn curlrc_adds_to_every_request() {
    let login = [(".curlrc", "user = \"bob:s3cr3t-of-the-file\"\n")];
    let key = [("X-API-Key", "abcdefghij")];
    is(
        &curl(&key, &login),
        Cause::CredentialsOverridden,
        Weight::Fair,
        "Authorization",
    );
    assert!(
        authorization(&seen(&curl(&key, &login)))
            .unwrap()
            .starts_with("Basic ")
    );
    let field = [(
        ".curlrc",
        "header = \"Authorization: Bearer s3cr3t-of-the-file\"\n",
    )];
    let bearer = [("Authorization", "Bearer abcdefghij")];
    is(
        &curl(&bearer, &field),
        Cause::HeaderDuplicated,
        Weight::Strong,
        ".curlrc",
    );
    // A login of the file gives way to a field of the command.
    is_nothing(&curl(&bearer, &login));
    is_nothing(&curl(&bearer, &[(".curlrc", "silent\n--compressed\n")]));
}

#[test]
fn curlrc_changes_the_way() {
    let case = seen(&curl(
        &[],
        &[(".curlrc", "proxy = http://proxy.example:3128\ninsecure\n")],
    ));
    assert_eq!(case.transport.proxy.unwrap().port(), Some(3128));
    assert!(case.transport.insecure);
}

fn npm<'g>(request: &'g str, files: &'g [(&'g str, &'g str)]) -> Given<'g> {
    Given {
        client: Client::NodeFetch,
        request,
        fields: &[],
        files,
    }
}

#[test]
fn npm_keys_that_fit_no_address() {
    let request = "GET https://npm.example.com/packages/@a%2fb";
    for (line, word) in [
        ("//https://npm.example.com/packages/:_authToken", "scheme"),
        ("https://npm.example.com/packages/:_authToken", "scheme"),
        ("//npm.example.com/packages//:_authToken", "two slashes"),
        ("//npm.example.com/packages:_authToken", "lacks the slash"),
        ("//npm.example.com/other/:_authToken", "another path"),
        ("//npm.example.com:4873/:_authToken", "another port"),
        ("@a:_auth", "scope"),
        ("_authToken", "names no registry"),
    ] {
        let text = format!("{line}=s3cr3t-of-the-file\n");
        let files = [(".npmrc", text.as_str())];
        is(
            &npm(request, &files),
            Cause::CredentialsNotApplied,
            Weight::Strong,
            word,
        );
    }
    let other = [(
        ".npmrc",
        "registry=https://npm.example.com/\n//other.example.com/:_authToken=s3cr3t-of-the-file\n",
    )];
    is(
        &npm("GET https://npm.example.com/b", &other),
        Cause::CredentialsNotApplied,
        Weight::Strong,
        "//other.example.com/",
    );
}

#[test]
fn npm_keys_that_fit_or_are_of_no_concern() {
    let fits = [(
        ".npmrc",
        "//npm.example.com/packages/:_authToken=s3cr3t-of-the-file\n",
    )];
    is_nothing(&npm("GET https://npm.example.com/packages/a", &fits));
    // No registry of this file, and no request of npm.
    is_nothing(&npm(GET, &fits));
}

#[test]
fn npm_takes_a_token_from_a_variable() {
    let files = [(".npmrc", "//npm.example.com/:_authToken=${NPM_TOKEN}\n")];
    is(
        &npm("GET https://npm.example.com/a", &files),
        Cause::CredentialsNotApplied,
        Weight::Fair,
        "variable",
    );
}

fn docker<'g>(url: &'g str, files: &'g [(&'g str, &'g str)]) -> Given<'g> {
    Given {
        client: Client::Go,
        request: url,
        fields: &[],
        files,
    }
}

const CONFIG: &str = ".docker/config.json";
const REGISTRY: &str = "GET https://registry.example.com:5000/v2/a/manifests/latest";

#[test]
fn docker_finds_no_entry_or_an_empty_one() {
    let other = [(
        CONFIG,
        r#"{"auths":{"registry.example.com":{"auth":"dTpw"}}}"#,
    )];
    is(
        &docker(REGISTRY, &other),
        Cause::CredentialsNotApplied,
        Weight::Strong,
        "registry.example.com:5000",
    );
    let empty = [(
        CONFIG,
        r#"{"auths":{"registry.example.com:5000":{}},"credsStore":"pass"}"#,
    )];
    is(
        &docker(REGISTRY, &empty),
        Cause::CredentialsNotApplied,
        Weight::Strong,
        "`pass`",
    );
    let hub = [(CONFIG, r#"{"auths":{"docker.io":{"auth":"dTpw"}}}"#)];
    let request = "GET https://registry-1.docker.io/v2/";
    is(
        &docker(request, &hub),
        Cause::CredentialsNotApplied,
        Weight::Strong,
        "https://index.docker.io/v1/",
    );
}

#[test]
fn docker_finds_an_entry_that_is_badly_written() {
    // user:password and a line break.
    let newline = [(
        CONFIG,
        r#"{"auths":{"https://registry.example.com:5000/v2/":{"auth":"dXNlcjpwYXNzd29yZAo="}}}"#,
    )];
    is(
        &docker(REGISTRY, &newline),
        Cause::BasicNewline,
        Weight::Strong,
        "config.json",
    );
    is(
        &docker(REGISTRY, &[(CONFIG, "{")]),
        Cause::CredentialsNotApplied,
        Weight::Strong,
        "JSON",
    );
}

#[test]
fn docker_finds_what_it_needs() {
    for text in [
        r#"{"auths":{"registry.example.com:5000":{"auth":"dXNlcjpwYXNzd29yZA=="}}}"#,
        r#"{"credHelpers":{"registry.example.com:5000":"ecr-login"}}"#,
        "{}",
    ] {
        is_nothing(&docker(REGISTRY, &[(CONFIG, text)]));
    }
    let other = [(CONFIG, r#"{"auths":{"registry.example.com":{}}}"#)];
    is_nothing(&docker(GET, &other));
}

const CLONE: &str = "GET https://git.example.com/a/b.git/info/refs?service=git-upload-pack";

fn git<'g>(fields: &'g [(&'g str, &'g str)], files: &'g [(&'g str, &'g str)]) -> Given<'g> {
    Given {
        client: Client::Curl,
        request: CLONE,
        fields,
        files,
    }
}

#[test]
fn git_takes_what_is_stored() {
    let files = [(
        ".git-credentials",
        "https://carol:s3cr3t-of-the-file@git.example.com\n",
    )];
    is(
        &git(&[], &files),
        Cause::CredentialsOverridden,
        Weight::Strong,
        "carol",
    );
    assert!(
        authorization(&seen(&git(&[], &files)))
            .unwrap()
            .starts_with("Basic ")
    );
    let other = [(
        ".git-credentials",
        "https://carol:s3cr3t-of-the-file@git.example.org\n",
    )];
    is_nothing(&git(&[], &other));
}

#[test]
fn git_adds_a_header_of_its_own() {
    let files = [(
        ".gitconfig",
        "[http \"https://git.example.com/\"]\n\textraheader = AUTHORIZATION: basic s3cr3t-of-the-file\n",
    )];
    let basic = [("Authorization", "Basic dXNlcjpwYXNzd29yZA==")];
    is(
        &git(&basic, &files),
        Cause::HeaderDuplicated,
        Weight::Strong,
        "extraHeader",
    );
    let case = seen(&git(&basic, &files));
    assert_eq!(case.request.unwrap().fields.all("authorization").count(), 2);
    let elsewhere = [(
        ".gitconfig",
        "[http \"https://github.com/\"]\n\textraheader = AUTHORIZATION: basic s3cr3t-of-the-file\n",
    )];
    is_nothing(&git(&basic, &elsewhere));
}

#[test]
fn pypirc_with_a_token_under_another_name() {
    let given = |files| Given {
        client: Client::Curl,
        request: concat!("POST https://upload.pypi", ".org/legacy/"),
        fields: &[],
        files,
    };
    let wrong = [(
        ".pypirc",
        "[pypi]\nusername = dave\npassword = pypi-s3cr3t-of-the-file\n",
    )];
    is(
        &given(&wrong),
        Cause::BasicUsernameConvention,
        Weight::Strong,
        "dave",
    );
    let test = [(
        ".pypirc",
        "[testpypi]\nusername = __token__\npassword = pypi-s3cr3t-of-the-file\n",
    )];
    is(
        &given(&test),
        Cause::CredentialsNotApplied,
        Weight::Fair,
        "testpypi",
    );
    let right = [(
        ".pypirc",
        "[pypi]\nusername = __token__\npassword = pypi-s3cr3t-of-the-file\n",
    )];
    is_nothing(&given(&right));
}

#[test]
fn pip_has_credentials_for_another_index() {
    let files = [(
        ".config/pip/pip.conf",
        "[global]\nindex-url = https://erin:s3cr3t-of-the-file@a.example.com/simple/\n",
    )];
    let given = Given {
        client: Client::Curl,
        request: "GET https://b.example.com/simple/x/",
        fields: &[],
        files: &files,
    };
    is(
        &given,
        Cause::CredentialsNotApplied,
        Weight::Fair,
        "a.example.com",
    );
}

#[test]
fn maven_matches_by_ids() {
    let given = |files| Given {
        client: Client::Java,
        request: "PUT https://repo.example.com/releases/a/1/a-1.pom",
        fields: &[],
        files,
    };
    let ids = [(
        ".m2/settings.xml",
        "<settings><servers><server><id>nexus</id><username>u</username><password>s3cr3t-of-the-file</password></server></servers></settings>",
    )];
    is(
        &given(&ids),
        Cause::CredentialsNotApplied,
        Weight::Strong,
        "`nexus`",
    );
    let rootless = [(
        ".m2/settings.xml",
        "<servers><server><id>nexus</id><password>s3cr3t-of-the-file</password></server></servers>",
    )];
    is(
        &given(&rootless),
        Cause::CredentialsNotApplied,
        Weight::Strong,
        "root element",
    );
}

#[test]
fn aws_keys_that_sign_nothing() {
    let given = |url| Given {
        client: Client::Curl,
        request: url,
        fields: &[],
        files: &[(
            ".aws/credentials",
            "[default]\naws_secret_access_key = s3cr3t-of-the-file\n",
        )],
    };
    is(
        &given("GET https://b.s3.eu-west-1.amazonaws.com/k"),
        Cause::CredentialsNotApplied,
        Weight::Fair,
        "`default`",
    );
    is_nothing(&given(
        "GET https://b.s3.eu-west-1.amazonaws.com/k?X-Amz-Signature=a",
    ));
    is_nothing(&given(GET));
}

#[test]
fn an_empty_home_changes_nothing() {
    for client in Client::ALL {
        let case = seen(&Given {
            client: *client,
            request: GET,
            fields: &[("Authorization", "Bearer abcdefghij")],
            files: &[],
        });
        assert!(case.noticed.is_empty());
        assert_eq!(authorization(&case).unwrap(), "Bearer abcdefghij");
    }
}

#[test]
fn what_cannot_be_read_is_said() {
    // A directory in the place of the file.
    let given = Given {
        client: Client::NodeFetch,
        request: "GET https://npm.example.com/@a%2fb",
        fields: &[],
        files: &[(".npmrc/x", "")],
    };
    is(
        &given,
        Cause::CredentialsNotApplied,
        Weight::Slight,
        "`.npmrc`",
    );
}
