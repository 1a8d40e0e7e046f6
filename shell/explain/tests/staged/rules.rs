//! Servers that answer by the rules of a case.

use std::collections::BTreeMap;

use countersign_wire::digest::{Algorithm, Charset, SecretHash, Target, server};

use crate::case::{Rule, Server};
use crate::stage::{self, NOW_UNIX_SECS, Reply, Seen};
use crate::tokens::Keys;

/// Starts a server; `fill` puts addresses and secrets in.
pub(crate) fn start(
    server: &Server,
    keys: &Keys,
    fill: impl Fn(&str) -> String + Send + Sync + 'static,
    own: std::net::TcpListener,
) -> stage::Server {
    let server = server.clone();
    let date = http_date(NOW_UNIX_SECS + server.date_off_secs);
    let key_set = keys.published();
    stage::Server::on(own, move |seen, number| {
        let reply = match server
            .issuer
            .then(|| published(seen, &key_set, server.issuer_says.as_deref().map(&fill)))
            .flatten()
        {
            Some(reply) => reply,
            None => answer(&server.rules, seen, number, &fill),
        };
        reply.with("Date", &date)
    })
}

fn published(seen: &Seen, key_set: &str, says: Option<String>) -> Option<Reply> {
    let own = format!("http://{}", seen.field("host").unwrap_or_default());
    let json = |body: String| {
        Reply::new(200)
            .with("Content-Type", "application/json")
            .saying(&body)
    };
    match seen.path() {
        "/.well-known/openid-configuration" | "/.well-known/oauth-authorization-server" => {
            Some(json(
                serde_json::json!({
                    "issuer": says.unwrap_or_else(|| own.clone()),
                    "jwks_uri": format!("{own}/jwks"),
                    "token_endpoint": format!("{own}/token"),
                    "authorization_endpoint": format!("{own}/authorize"),
                    "response_types_supported": ["code"],
                })
                .to_string(),
            ))
        }
        "/jwks" => Some(json(key_set.to_owned())),
        _ => None,
    }
}

fn answer(rules: &[Rule], seen: &Seen, number: usize, fill: &impl Fn(&str) -> String) -> Reply {
    let rule = rules.iter().find(|rule| {
        rule.turn.is_none_or(|(of, at)| number % of == at) && holds(&rule.when, seen, fill)
    });
    let Some(rule) = rule else {
        return Reply::new(404).saying("not found");
    };
    // A nonce of each request: `{#}`.
    let fill = |text: &str| fill(text).replace("{#}", &number.to_string());
    let mut reply = Reply::new(rule.status).saying(&fill(&rule.body));
    for (name, value) in &rule.fields {
        reply = reply.with(name, &fill(value));
    }
    reply
}

fn holds(when: &BTreeMap<String, String>, seen: &Seen, fill: &impl Fn(&str) -> String) -> bool {
    when.iter().all(|(name, pattern)| {
        let value = match name.as_str() {
            "method" => seen.method.clone(),
            "path" => seen.path().to_owned(),
            "target" => seen.target.clone(),
            "body" => String::from_utf8_lossy(&seen.body).into_owned(),
            "authorization_lines" => {
                let own =
                    |(name, _): &&(String, String)| name.eq_ignore_ascii_case("authorization");
                seen.fields.iter().filter(own).count().to_string()
            }
            "head_bytes" => return size_fits(pattern, seen),
            // How often a field is there: `x-api-key_lines`.
            counted if counted.ends_with("_lines") => lines(counted, seen),
            "digest" => return digest_fits(&fill(pattern), "", seen),
            "digest_below" => {
                // `/api anna:password`: a proxy took the first word off the path.
                let (prefix, login) = pattern.split_once(' ').unwrap();
                return digest_fits(&fill(login), prefix, seen);
            }
            field => seen.field(field).unwrap_or_default().to_owned(),
        };
        let pattern = fill(pattern);
        match pattern.strip_prefix('!') {
            Some(pattern) => !fits(pattern, &value),
            None => fits(&pattern, &value),
        }
    })
}

fn lines(counted: &str, seen: &Seen) -> String {
    let name = counted.trim_end_matches("_lines");
    let its = |line: &&(String, String)| line.0.eq_ignore_ascii_case(name);
    seen.fields.iter().filter(its).count().to_string()
}

/// Whether the Digest credentials are those of `user:password`, for the target below a prefix.
fn digest_fits(login: &str, prefix: &str, seen: &Seen) -> bool {
    let value = seen.field("authorization").unwrap_or_default();
    let credentials = value
        .strip_prefix("Digest ")
        .and_then(|rest| server::parse(rest.as_bytes()).ok());
    let Some(credentials) = credentials else {
        return false;
    };
    let (user, password) = login.split_once(':').unwrap();
    // Absent, it is MD5: RFC 7616 section 3.4.
    let algorithm = match credentials.algorithm_word() {
        None => Algorithm::from_word("MD5"),
        Some(_) => credentials.algorithm(),
    };
    let uri = seen.target.strip_prefix(prefix).unwrap_or("/");
    let target = Target {
        method: &seen.method,
        uri,
        body: Some(&seen.body),
    };
    algorithm.is_some_and(|algorithm| {
        let realm = credentials.realm();
        let secret = SecretHash::of_password(algorithm, Charset::Utf8, user, realm, password);
        credentials.user() == user && credentials.uri() == uri && credentials.fits(&secret, &target)
    })
}

/// `> 8000`.
fn size_fits(pattern: &str, seen: &Seen) -> bool {
    let least: usize = pattern.trim_start_matches('>').trim().parse().unwrap();
    let bytes: usize = seen
        .fields
        .iter()
        .map(|(name, value)| name.len() + value.len() + 4)
        .sum();
    bytes > least
}

/// `*` stands for any text.
pub(crate) fn fits(pattern: &str, value: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = value.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

fn http_date(unix_secs: i64) -> String {
    let time = jiff::Timestamp::from_second(unix_secs).unwrap();
    let date = jiff::tz::Offset::UTC.to_datetime(time);
    date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[test]
fn patterns() {
    assert!(fits("a*c", "abc") && fits("*", "") && fits("a", "a") && fits("*b*", "abc"));
    assert!(!fits("a*c", "ab") && !fits("a", "ab") && !fits("ab*ba", "aba"));
}
