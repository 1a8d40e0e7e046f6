//! Is it the scheme? What is offered against what was sent, and the same credential under an offered word.
//!
//! Knows: challenges and scheme words. A credential moves only under another word, never into another shape: a password
//! does not become a token.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign_cause::Cause;
use countersign_wire::basic;

use crate::ask::refusal;
use crate::ask::trial::{self, Trial};
use crate::case::LoginSource;
use crate::command;
use crate::credential::{Carrier, Credential, credentials_of, with_authorization};
use crate::finding::{Finding, Fix, Weight};
use crate::message::{Answer, Request};
use crate::scene::{Baseline, Scene, Sees};
use crate::words::says_none_came;

/// How many other words are tried for one credential.
const WORDS_MAX: usize = 3;

/// Compares the offer with what was sent, and tries the same credential as it is offered.
pub(crate) async fn ask(scene: &mut Scene<'_>) {
    if !scene.is_refused() || scene.is_proven() {
        return;
    }
    let (Some(request), Some(refusal)) = (scene.baseline.request.clone(), scene.refusal().cloned())
    else {
        return;
    };
    if refusal.status == 407 || scene.is_down() {
        return;
    }
    layers(scene);
    let sent = credentials_of(&request)
        .into_iter()
        .find(|credential| credential.carrier == Carrier::Authorization);
    let Some(sent) = sent else {
        return;
    };
    if !try_words(scene, &request, &refusal, &sent).await {
        compare(scene, &refusal, &sent);
    }
}

/// Two doors, each with its own challenge: the first opens, and the second wants the same field.
fn layers(scene: &mut Scene<'_>) {
    let (Some(given), Some(none)) = (&scene.baseline.given, &scene.baseline.none) else {
        return;
    };
    let (first, second) = (words_of(none), words_of(given));
    if is_second_door(&scene.baseline, &first, &second) {
        return second_door(scene);
    }
    let apart =
        !first.is_empty() && !second.is_empty() && !first.iter().any(|word| second.contains(word));
    if !apart {
        return;
    }
    let evidence = format!(
        "without credentials {} is asked for, and with those it is {}: two layers read the same field",
        shown(none),
        shown(given)
    );
    let fix = Fix::new(
        Cause::AuthLayersCollide.entry().who,
        "let the inner application read its credential from another field or a cookie, or take one of the two layers away for this path",
    );
    scene.found(Finding::new(Cause::AuthLayersCollide, Weight::Strong, evidence).with_fix(fix));
    let against = Finding::new(Cause::CredentialsRejected, Weight::Against, String::new());
    scene.found(against);
}

/// Whether Basic opens one door, and behind it something of another make refuses without saying what it wants.
fn is_second_door(baseline: &Baseline, first: &[String], second: &[String]) -> bool {
    let (Some(request), Some(given), Some(none)) =
        (&baseline.request, &baseline.given, &baseline.none)
    else {
        return false;
    };
    let sends_basic = credentials_of(request)
        .iter()
        .any(|credential| credential.carrier == Carrier::Authorization && credential.is("basic"));
    let kind = |answer: &Answer| {
        let kind = answer
            .fields
            .text("content-type")
            .unwrap_or_default()
            .into_owned();
        kind.split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase()
    };
    let is_basic = first.iter().any(|word| word == "basic");
    sends_basic
        && is_basic
        && second.is_empty()
        && (given.status, none.status) == (401, 401)
        && baseline.sees == Sees::Recognises
        && kind(given) != kind(none)
}

fn second_door(scene: &mut Scene<'_>) {
    let evidence = "without the password, or with a made-up one, Basic is asked for; with it another server answers 401, in a document of another kind and without a challenge: two layers want a credential, and Basic opens the outer one alone";
    let fix = Fix::new(
        Cause::AuthLayersCollide.entry().who,
        "let the inner application read its credential from another field or a cookie, since `Authorization` is taken by the outer layer; or take one of the two layers away for this path",
    );
    scene.found(Finding::new(Cause::AuthLayersCollide, Weight::Strong, evidence).with_fix(fix));
    for cause in [
        Cause::CredentialsRejected,
        Cause::ForbiddenReportedAsUnauthorized,
    ] {
        scene.found(Finding::new(cause, Weight::Against, String::new()));
    }
}

fn words_of(answer: &Answer) -> Vec<String> {
    let parsed = answer.challenges();
    parsed
        .challenges
        .iter()
        .map(|challenge| challenge.scheme_word().to_ascii_lowercase())
        .collect()
}

/// The words as the server writes them.
fn shown(answer: &Answer) -> String {
    let parsed = answer.challenges();
    let mut words: Vec<&str> = parsed
        .challenges
        .iter()
        .map(countersign_wire::Challenge::scheme_word)
        .collect();
    words.dedup();
    words.join(", ")
}

/// Tries the credential under the words that are offered, or those in use where none is. Whether one was let through.
async fn try_words(
    scene: &mut Scene<'_>,
    request: &Request,
    refusal: &Answer,
    sent: &Credential,
) -> bool {
    // What is read and refused is not a matter of the word.
    if matches!(scene.baseline.sees, Sees::Recognises) {
        return false;
    }
    // Nor where a made-up token under the same word is noticed.
    if scene.baseline.sees == Sees::Overlooks && refusal::is_well_formed(scene) {
        return false;
    }
    for value in candidates(refusal, sent, scene.baseline.sees) {
        let changed = with_authorization(request, value.line.clone());
        let why = format!("the same credential {}", value.what);
        match trial::run(scene, &changed, &why).await {
            Trial::Passed(answer) => {
                let evidence = format!(
                    "the same credential {} is answered {}",
                    value.what, answer.status
                );
                let text = format!("send the credential {}", value.what);
                let fix = Fix::new(value.cause.entry().who, text)
                    .with_command(command::curl(scene.case, &changed));
                scene.found(Finding::new(value.cause, Weight::Proof, evidence).with_fix(fix));
                return true;
            }
            Trial::Changed(answer) if scene.baseline.sees != Sees::Refuses => {
                let evidence = format!(
                    "{} it is refused in another way ({}): only then is it read",
                    value.what, answer.status
                );
                scene.found(Finding::new(value.cause, Weight::Fair, evidence));
            }
            Trial::Changed(_) | Trial::Same => {}
            Trial::Unknown => return false,
        }
    }
    false
}

struct Candidate {
    line: Vec<u8>,
    what: String,
    cause: Cause,
}

/// Where nothing is offered: words that services use for a token.
const IN_USE: [&str; 3] = ["Bearer", "Token", "ApiKey"];

fn candidates(refusal: &Answer, sent: &Credential, sees: Sees) -> Vec<Candidate> {
    let secret = sent.secret.expose();
    let given = sent.scheme_word.as_deref().unwrap_or_default();
    // A pair of user name and password is no token, whatever the word.
    if given.eq_ignore_ascii_case("basic") && basic::server::parse(secret).is_ok()
        || is_handshake(given)
        || secret.is_empty()
    {
        return Vec::new();
    }
    let parsed = refusal.challenges();
    let mut words: Vec<&str> = parsed
        .challenges
        .iter()
        .map(countersign_wire::Challenge::scheme_word)
        .filter(|word| !is_handshake(word))
        .collect();
    // Where a made-up one is answered like the given one and none is not, it is read under its word.
    // 403 is for credentials that were read, unless its words say that none were.
    let is_unread = refusal.status != 403 || says_none_came(refusal);
    let none_offered = words.is_empty() && sees != Sees::Refuses && is_unread;
    let text = refusal.text();
    let told = word_told(&text)
        .or_else(|| word_before_placeholder(&text))
        .or_else(|| word_to_use(&text));
    words.splice(0..0, told);
    if none_offered {
        words.extend(IN_USE);
    }
    let mut found: Vec<Candidate> = words
        .into_iter()
        .filter(|word| !word.eq_ignore_ascii_case(given))
        .filter(|word| !word.eq_ignore_ascii_case("basic") || is_pair(secret))
        .take(WORDS_MAX)
        .map(|word| Candidate {
            line: [word.as_bytes(), b" ", secret].concat(),
            what: format!("under the word `{word}`"),
            cause: cause_of(given),
        })
        .collect();
    if let Some(quoted) = as_parameter(refusal, given, secret) {
        found.insert(0, quoted);
    }
    if none_offered && !given.is_empty() {
        found.push(Candidate {
            line: secret.to_vec(),
            what: "without a scheme word".to_owned(),
            cause: Cause::SchemeWordWrong,
        });
    }
    found.truncate(WORDS_MAX);
    found
}

/// The word that the refusal itself writes after `Authorization:`.
fn word_told(text: &str) -> Option<&str> {
    let lower = text.to_ascii_lowercase();
    let at = lower.find("authorization: ")? + "authorization: ".len();
    let word = text.get(at..)?.split(' ').next()?;
    let fits = (2..=24).contains(&word.len())
        && word
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    // A sentence goes on after the name of the field: `authorization: header missing`.
    let is_prose = [
        "header", "missing", "required", "not", "is", "no", "invalid", "bad", "failed",
    ]
    .iter()
    .any(|prose| word.eq_ignore_ascii_case(prose));
    (fits && !is_prose).then_some(word)
}

/// `PushKey <your key>`: the word that the refusal itself writes before what stands for the credential.
fn word_before_placeholder(text: &str) -> Option<&str> {
    // JSON escapes the bracket in many a library.
    let marks = [
        " <", " \\u003c", " {", " ${", " [", " YOUR_", " your_", " xxx",
    ];
    let speaks_of_it = ["authorization", "header", "scheme", "prefix"];
    let lower = text.to_ascii_lowercase();
    if !speaks_of_it.iter().any(|word| lower.contains(word)) {
        return None;
    }
    marks.iter().find_map(|mark| {
        let (before, _) = text.split_once(mark)?;
        let word = before
            .rsplit(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-'))
            .next()?;
        // A word of a sentence is in lower case; a scheme word is a name.
        let is_name = word
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_uppercase());
        ((2..=24).contains(&word.len()) && is_name).then_some(word)
    })
}

/// `Invalid authorization scheme. Please use Shop-Key.`: the name that the refusal asks for where it speaks of the scheme.
fn word_to_use(text: &str) -> Option<&str> {
    let lower = text.to_ascii_lowercase();
    let speaks_of_it = ["scheme", "prefix", "auth type", "authorization type"];
    if !speaks_of_it.iter().any(|word| lower.contains(word)) {
        return None;
    }
    [
        "use ",
        "expected ",
        "must be ",
        "start with ",
        "starts with ",
    ]
    .iter()
    .filter_map(|verb| text.get(lower.find(verb)? + verb.len()..))
    .find_map(|rest| {
        let rest = rest.trim_start_matches(['\'', '"', '`', '\\']);
        let end = rest
            .find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-'))
            .unwrap_or(rest.len());
        let word = rest.get(..end)?;
        let is_name = word
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_uppercase());
        ((2..=24).contains(&word.len()) && is_name).then_some(word)
    })
}

/// A scheme `Token` with a realm is the one that has the token in a parameter, as Rails reads it.
fn as_parameter(refusal: &Answer, given: &str, secret: &[u8]) -> Option<Candidate> {
    let parsed = refusal.challenges();
    let has_realm = parsed
        .challenges
        .iter()
        .any(|challenge| challenge.is("token") && !challenge.realm().is_empty());
    let is_bare = !secret.contains(&b'=') && !secret.contains(&b'"');
    (has_realm && is_bare && given.eq_ignore_ascii_case("token")).then(|| Candidate {
        line: [b"Token token=\"", secret, b"\""].concat(),
        what: "as the parameter `token` behind the word `Token`".to_owned(),
        cause: Cause::HeaderMalformed,
    })
}

fn cause_of(given: &str) -> Cause {
    match given {
        "" => Cause::SchemeMissing,
        _ => Cause::SchemeWordWrong,
    }
}

/// Schemes that need more than the credential behind their word.
fn is_handshake(word: &str) -> bool {
    [
        "digest",
        "negotiate",
        "ntlm",
        "kerberos",
        "dpop",
        "hoba",
        "mutual",
    ]
    .iter()
    .any(|known| word.eq_ignore_ascii_case(known))
}

/// Whether it is base64 of a name, a colon and a password.
fn is_pair(secret: &[u8]) -> bool {
    STANDARD.decode(secret).is_ok_and(|decoded| {
        decoded.contains(&b':') && decoded.iter().all(|byte| !byte.is_ascii_control())
    })
}

/// The scheme that was sent is none of those that are offered.
fn compare(scene: &mut Scene<'_>, refusal: &Answer, sent: &Credential) {
    let offered = words_of(refusal);
    let Some(given) = &sent.scheme_word else {
        return;
    };
    if offered.is_empty() || offered.iter().any(|word| given.eq_ignore_ascii_case(word)) {
        return;
    }
    let list = shown(refusal);
    let weight = match scene.baseline.sees {
        // It is read, so that it is no question of the offer.
        Sees::Recognises => Weight::Slight,
        // A token under this word and none are told apart.
        Sees::Refuses if sent.is("bearer") => Weight::Fair,
        Sees::Unknown
        | Sees::Nothing
        | Sees::Alike
        | Sees::Refuses
        | Sees::Overlooks
        | Sees::PassesWithout
        | Sees::Passes => Weight::Strong,
    };
    if is_token_at_a_servers_door(scene, refusal, sent) {
        let evidence = format!(
            "a {given} credential was sent, and what refuses is a web server in front that asks for {list}"
        );
        scene.found(Finding::new(
            Cause::AuthLayersCollide,
            Weight::Strong,
            evidence,
        ));
        let evidence = format!("{given} was sent, and {list} is offered");
        scene.found(Finding::new(
            Cause::SchemeNotAccepted,
            Weight::Fair,
            evidence,
        ));
        return;
    }
    let cause = match is_registered(given) {
        true => Cause::SchemeNotAccepted,
        false => Cause::SchemeWordWrong,
    };
    let evidence = format!("`{given}` was sent, and {list} is offered");
    let text = format!("this resource takes {list}: get a credential of that kind and send that");
    let mut fix = Fix::new(cause.entry().who, text);
    if let Some(example) = example(scene, &offered) {
        fix = fix.with_command(example);
    }
    scene.found(Finding::new(cause, weight, evidence).with_fix(fix));
}

fn is_registered(word: &str) -> bool {
    [
        "basic",
        "bearer",
        "digest",
        "negotiate",
        "ntlm",
        "dpop",
        "hoba",
        "mutual",
        "apikey",
    ]
    .iter()
    .any(|known| word.eq_ignore_ascii_case(known))
}

/// A token for an application, stopped by the Basic of a web server before it.
fn is_token_at_a_servers_door(scene: &Scene<'_>, refusal: &Answer, sent: &Credential) -> bool {
    let basic_only = words_of(refusal) == ["basic"];
    let server = refusal
        .fields
        .text("server")
        .unwrap_or_default()
        .to_ascii_lowercase();
    let in_front = [
        "nginx",
        "apache",
        "caddy",
        "lighttpd",
        "openresty",
        "iis",
        "traefik",
    ]
    .iter()
    .any(|name| server.contains(name));
    let page = refusal.text().contains("<html") || refusal.text().contains("<center>");
    // A name and a password beside the token are for that door: the two want the same field.
    let login = scene.case.login.as_ref().map(|login| login.source);
    let knows_no_basic = matches!(login, None | Some(LoginSource::Option));
    basic_only && in_front && page && sent.is("bearer") && knows_no_basic
}

fn example(scene: &Scene<'_>, offered: &[String]) -> Option<String> {
    let request = scene.baseline.request.as_ref()?;
    let has = |word: &str| offered.iter().any(|other| other == word);
    let bearer = with_authorization(request, "Bearer token");
    match () {
        () if has("bearer") => Some(command::curl(scene.case, &bearer)),
        () => None,
    }
}
