//! The form of a staged case.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

/// One case. Text may hold `{app}` (the address of the server of that name), `{app.host}` (its host and port) and
/// `{name}` for every entry of `secrets` and `tokens`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// A short name, unique.
    pub(crate) id: String,
    /// Where it really happened.
    pub(crate) source: String,
    /// The cause that was behind it, or `none` for a request that is accepted.
    pub(crate) cause: String,
    /// Causes that the evidence cannot tell from it: any of them may come first, none of them for certain.
    #[serde(default)]
    pub(crate) or: Vec<String>,
    /// Causes that are as true of it, since they name the same fault or another that is there too.
    #[serde(default)]
    pub(crate) also: Vec<String>,
    /// What is pasted: a curl command, a raw request, a URL.
    pub(crate) paste: Option<String>,
    /// A saved answer in place of it, alone.
    pub(crate) response: Option<String>,
    /// A Postman collection in place of it.
    pub(crate) collection: Option<String>,
    /// A token in place of it, alone.
    pub(crate) token: Option<String>,
    /// A recording in place of it: each entry of the log.
    #[serde(default)]
    pub(crate) entries: Vec<Entry>,
    /// Which client sends it.
    pub(crate) client: Option<String>,
    /// The values of credentials, by name: they must never show.
    #[serde(default)]
    pub(crate) secrets: BTreeMap<String, String>,
    /// Signed tokens, by name.
    #[serde(default)]
    pub(crate) tokens: BTreeMap<String, Token>,
    /// The servers, by name. `app` is the one that is asked.
    #[serde(default)]
    pub(crate) servers: BTreeMap<String, Server>,
    /// Variables with which the fix, carried out, has to be answered with a success.
    #[serde(default)]
    pub(crate) mend: BTreeMap<String, String>,
    /// Credential files of the user, by name: `.netrc`.
    #[serde(default)]
    pub(crate) home: BTreeMap<String, String>,
    /// Send other methods than the safe ones, and follow with credentials.
    #[serde(default)]
    pub(crate) unsafe_methods: bool,
    #[serde(default)]
    pub(crate) follow_credentials: bool,
}

/// One entry of a recording.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// Method and URL: `GET {app}/x`.
    pub(crate) request: String,
    #[serde(default)]
    pub(crate) fields: Vec<(String, String)>,
    #[serde(default)]
    pub(crate) body: String,
    pub(crate) status: u16,
    #[serde(default)]
    pub(crate) answer: Vec<(String, String)>,
    #[serde(default)]
    pub(crate) answer_body: String,
    /// `HTTP/1.1` unless it says otherwise.
    pub(crate) version: Option<String>,
    /// `_resourceType` of the entry.
    pub(crate) resource: Option<String>,
    /// Seconds after the first entry.
    #[serde(default)]
    pub(crate) after_secs: i64,
    /// What the browser says of a failure.
    pub(crate) error: Option<String>,
}

/// A signed token; the issuer is the server `issuer` unless its claims say otherwise.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Token {
    /// Claims; times are given by `exp_in_secs` and the like, counted from the test's time.
    #[serde(default)]
    pub(crate) claims: serde_json::Map<String, serde_json::Value>,
    pub(crate) exp_in_secs: Option<i64>,
    pub(crate) nbf_in_secs: Option<i64>,
    pub(crate) iat_in_secs: Option<i64>,
    /// Claims that every token has, and this one has not.
    #[serde(default)]
    pub(crate) without: Vec<String>,
    pub(crate) typ: Option<String>,
    /// `ES256` (the default), `EdDSA`, `HS256`.
    pub(crate) alg: Option<String>,
    /// `live` (the default: the key that the issuer publishes), `other` (one that it does not), `forged` (another under
    /// the live one's `kid`).
    pub(crate) key: Option<String>,
}

/// A server: the first rule that fits answers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Server {
    #[serde(default)]
    pub(crate) rules: Vec<Rule>,
    /// Publishes discovery and the live key, whatever the rules say.
    #[serde(default)]
    pub(crate) issuer: bool,
    /// What its discovery document says the issuer is, where that is not its address.
    pub(crate) issuer_says: Option<String>,
    /// What its `Date` is off by, seconds.
    #[serde(default)]
    pub(crate) date_off_secs: i64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// Every condition has to hold. A pattern: `*` stands for anything; `!` in front negates; an absent field is empty.
    #[serde(default)]
    pub(crate) when: BTreeMap<String, String>,
    /// Only for every n-th request of this server, counted from 0: `[2, 0]` is each even one.
    pub(crate) turn: Option<(usize, usize)>,
    pub(crate) status: u16,
    #[serde(default)]
    pub(crate) fields: Vec<(String, String)>,
    #[serde(default)]
    pub(crate) body: String,
}

#[derive(Deserialize)]
struct File {
    case: Vec<Case>,
}

/// The cases of every file, in the order of names; only those with `only` in the file's name or in their id.
pub(crate) fn all(only: Option<&str>) -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/staged/cases");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "toml"))
        .collect();
    files.sort();
    let mut cases: Vec<Case> = Vec::new();
    let mut asked_for: Vec<bool> = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let file: File =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let whole = only.is_some_and(|only| name.contains(only));
        for case in file.case {
            let known =
                case.cause == "none" || countersign_cause::Cause::from_id(&case.cause).is_some();
            assert!(known, "{}: no cause `{}`", case.id, case.cause);
            assert!(
                cases.iter().all(|other| other.id != case.id),
                "`{}` twice",
                case.id
            );
            cases.push(case);
            asked_for.push(whole);
        }
    }
    let mut asked_for = asked_for.into_iter();
    cases.retain(|case| {
        let whole = asked_for.next().unwrap_or_default();
        whole || only.is_none_or(|only| case.id.contains(only))
    });
    cases
}
