//! Clients that others have made: each with each scheme, let through and refused.
//!
//! The outcome is the table in `docs/clients.md`. `COUNTERSIGN_BLESS=1` writes the file instead of comparing it.

mod digest;
mod passkeys;
pub(crate) mod process;
pub(crate) mod program;
mod providers;
mod sessions;
mod table;

pub(crate) use self::program::python;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use self::program::{Client, Plan};
use crate::credentials::{self, AUDIENCE, PASSWORD, USER};
use crate::gateway::Gateway;
use crate::{exchange, upstream};

const ISSUER: &str = "https://issuer.test.invalid";
/// What a route that accepts all three schemes demands, the strongest first, a line for each.
const CHALLENGES: [&str; 3] = [
    r#"Bearer realm="test", resource_metadata="https://api.test.invalid/.well-known/oauth-protected-resource""#,
    r#"ApiKey realm="test", header="x-api-key""#,
    r#"Basic realm="test", charset="UTF-8""#,
];

/// One request to be made.
#[derive(Clone, Debug, Default, Serialize)]
struct Case {
    scheme: &'static str,
    username: &'static str,
    password: &'static str,
    token: String,
    key: String,
    /// The cause of the refusal; `None` where the request is let through.
    #[serde(skip)]
    cause: Option<&'static str>,
}

/// What a client saw of the answer.
#[derive(Debug, Deserialize)]
struct Seen {
    status: u16,
    cause: Option<String>,
    content_type: Option<String>,
    /// Either the lines as they were sent, or one line that joins them.
    challenges: Vec<String>,
    body: String,
    /// Of browsers: what the page shows, whether its style sheet was taken, and what the console says.
    #[serde(default)]
    shown: String,
    #[serde(default)]
    styled: bool,
    #[serde(default)]
    console_lines: Vec<String>,
    /// Of browsers: the realms that they asked their user for.
    #[serde(default)]
    realms: Vec<String>,
}

#[test]
fn every_client_with_every_scheme() {
    let folder = tempfile::tempdir().unwrap();
    let (cases, configuration) = prepare(folder.path());
    let gateway = Gateway::start(folder.path(), &configuration);
    let mut rows = Vec::new();
    for client in &program::CLIENTS {
        let mut cells = Vec::new();
        let able: Vec<&Case> = cases.iter().filter(|case| client.can(case)).collect();
        let plan = Plan {
            url: gateway.url("/notes/1"),
            page_url: gateway.url("/public/page"),
            cases: &able,
            folder: folder.path(),
        };
        let seen = client.run(&plan);
        assert_eq!(seen.len(), able.len(), "{}", client.name);
        for (case, seen) in able.iter().zip(&seen) {
            check(client, case, seen);
            cells.push((table::column(case), table::cell(seen)));
        }
        let (_, missing) = able
            .iter()
            .zip(&seen)
            .find(|(case, _)| case.scheme == "none")
            .unwrap();
        rows.push(table::Row {
            client,
            cells,
            challenge_lines: missing.challenges.len(),
            asks_its_user: missing.realms == ["test"],
        });
    }
    compare(&table::render(&rows), "docs/clients.md");
}

/// The clients of the table meet what the plainest client of all meets.
#[test]
fn three_lines_of_challenges_in_a_fixed_order() {
    let folder = tempfile::tempdir().unwrap();
    let (_, configuration) = prepare(folder.path());
    let gateway = Gateway::start(folder.path(), &configuration);
    for _ in 0..3 {
        let answer = exchange::get(gateway.address(), "/notes/1", &[]);
        assert_eq!(answer.status, 401);
        assert_eq!(answer.cause(), Some("credentials-missing"));
        assert_eq!(answer.fields("WWW-Authenticate"), CHALLENGES);
    }
}

/// A filled store, the requests to make, and the configuration in which they turn out as they say.
fn prepare(folder: &Path) -> (Vec<Case>, String) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let key = runtime.block_on(credentials::fill(&folder.join("store.db")));
    let signer = credentials::signing_key("one");
    let now = credentials::now_unix_secs();
    let good = Case {
        username: USER,
        password: PASSWORD,
        token: credentials::good_token(&signer, ISSUER),
        key: key.expose().into(),
        ..Case::default()
    };
    let bad = Case {
        username: USER,
        password: "wrong: horse battery",
        token: credentials::token(&signer, ISSUER, now - 7200, now - 3600),
        key: credentials::mint().expose().into(),
        ..Case::default()
    };
    let cases = [
        ("basic", &good, None),
        ("basic", &bad, Some("credentials-rejected")),
        ("bearer", &good, None),
        ("bearer", &bad, Some("token-expired")),
        ("api-key", &good, None),
        ("api-key", &bad, Some("credentials-rejected")),
        ("none", &bad, Some("credentials-missing")),
    ];
    let cases = cases.map(|(scheme, from, cause)| Case {
        scheme,
        cause,
        ..from.clone()
    });
    (
        cases.to_vec(),
        configuration(&credentials::jwks(&[&signer])),
    )
}

fn configuration(jwks: &Value) -> String {
    let application = upstream::start();
    format!(
        r#"realm = "test"

[server]
listen = ["127.0.0.1:0"]
public_url = "{AUDIENCE}"
workers = 2

[store]
path = "store.db"

[api_key]
header = "X-API-Key"

[issuer.test]
issuer = "{ISSUER}"
keys = {{ inline = '{jwks}' }}
audience = "{AUDIENCE}"
algorithms = ["ES256"]

[upstream.app]
url = "http://{application}"

[[route]]
name = "public"
path = "/public/**"
upstream = "app"
allow = "anyone"

[[route]]
name = "notes"
path = "/notes/**"
upstream = "app"
accept = ["basic", "bearer", "api-key"]
allow = {{ identity = true }}
"#
    )
}

fn check(client: &Client, case: &Case, seen: &Seen) {
    let here = format!(
        "{}, {}, {:?}: {seen:#?}",
        client.name, case.scheme, case.cause
    );
    // A browser writes into the console what it blocks.
    let blocked =
        |line: &String| line.contains("Content Security Policy") || line.starts_with("exception");
    assert!(!seen.console_lines.iter().any(blocked), "{here}");
    let Some(cause) = case.cause else {
        assert_eq!((seen.status, seen.cause.as_deref()), (200, None), "{here}");
        assert!(seen.challenges.is_empty(), "{here}");
        return check_upstream(&seen.body, &here);
    };
    assert_eq!(
        (seen.status, seen.cause.as_deref()),
        (401, Some(cause)),
        "{here}"
    );
    check_challenges(case, seen, &here);
    let media = seen.content_type.as_deref();
    if client.is_shown_pages() {
        assert_eq!(media, Some("text/html; charset=utf-8"), "{here}");
        assert!(seen.shown.contains(cause), "{here}");
        assert!(seen.styled, "{here}");
    } else {
        assert_eq!(media, Some("application/problem+json"), "{here}");
        let problem: Value = serde_json::from_str(&seen.body).expect(&here);
        assert_eq!(
            (&problem["cause"], &problem["status"]),
            (&json!(cause), &json!(401)),
            "{here}"
        );
        let page = format!("{AUDIENCE}/.countersign/causes/{cause}");
        assert_eq!(problem["type"], json!(page), "{here}");
    }
}

/// The application is told who asks, and never by what.
fn check_upstream(body: &str, here: &str) {
    let told: Value = serde_json::from_str(body).expect(here);
    assert_eq!(told["fields"]["x-auth-user"], json!([USER]), "{here}");
    for hidden in ["authorization", "x-api-key"] {
        assert_eq!(told["fields"].get(hidden), None, "{here}");
    }
}

/// All three schemes in their order; a token that was refused has its error between the other parameters.
fn check_challenges(case: &Case, seen: &Seen, here: &str) {
    let joined = seen.challenges.join(", ");
    if case.scheme == "bearer" {
        let [bearer, api_key, basic] = CHALLENGES;
        assert!(
            joined.starts_with(r#"Bearer realm="test", error="invalid_token""#),
            "{here}"
        );
        assert!(joined.ends_with(&format!(", {api_key}, {basic}")), "{here}");
        let (_, metadata) = bearer.split_once(", ").unwrap();
        assert!(joined.contains(metadata), "{here}");
    } else {
        assert_eq!(joined, CHALLENGES.join(", "), "{here}");
    }
}

pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn compare(text: &str, path: &str) {
    let file = workspace().join(path);
    if std::env::var_os("COUNTERSIGN_BLESS").is_some() {
        std::fs::write(&file, text).unwrap();
        return;
    }
    let there = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        there == text,
        "`{path}` is not what the clients have shown; COUNTERSIGN_BLESS=1 writes:\n{text}"
    );
}
