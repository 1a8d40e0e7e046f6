//! Something else in the place of a secret: its name, its hash, a masked or shortened copy, where it is kept.
//!
//! Knows: what such things look like. Does not know the vendor's own ids; see `vendor`.

use countersign_cause::Cause;
use countersign_secret::api_key::{ApiKey, KEY_CHARS, KeyDefect, looks_like};
use countersign_wire::basic::server::parse as parse_basic;
use countersign_wire::credentials::is_placeholder;

use super::{keys, place, value};
use crate::credential::{Carrier, Credential, credentials_of, form_of};
use crate::finding::{Finding, Weight};
use crate::mended::blemish::Nature;
use crate::message::Request;

/// Looks at every credential of a request, the password of Basic among them.
pub(super) fn look(request: &Request) -> Vec<Finding> {
    let credentials = credentials_of(request);
    let host = place::host(request);
    let mut found = client_secret(request, &credentials, &host);
    for credential in &credentials {
        if credential.is("basic") {
            if let Ok(basic) = parse_basic(credential.secret.expose()) {
                let password = basic.password().as_bytes();
                found.extend(of(password, "The password in `Basic`", Nature::Chosen));
            }
        } else if value::is_one_value(credential) {
            let place = place::named(&credential.carrier);
            let secret = credential.secret.expose();
            let nature = value::nature(&credential.carrier);
            found.extend(of(secret, &place, nature));
            found.extend(known(secret, &place, &host));
        }
    }
    found
}

fn of(secret: &[u8], place: &str, nature: Nature) -> Option<Finding> {
    let text = std::str::from_utf8(secret).ok()?;
    let finding =
        |cause, weight, what: &str| Some(Finding::new(cause, weight, format!("{place} {what}.")));
    if is_hash(text) {
        let what = "is a password hash, which the server keeps, and not the password";
        return finding(Cause::SecretIdSent, Weight::Strong, what);
    }
    if nature == Nature::Chosen || is_placeholder(secret) {
        return None;
    }
    if is_words_for_one(text) {
        let what = "is words for a credential and none itself";
        return finding(Cause::CredentialsPlaceholder, Weight::Strong, what);
    }
    if is_masked(text) {
        let what = "is masked: stars, dots or x in the place of most of it";
        return finding(Cause::CredentialsPlaceholder, Weight::Strong, what);
    }
    if text.contains("...") || text.contains('\u{2026}') {
        let what = "is a shortened copy, with `...` for what was left out";
        return finding(Cause::CredentialMangled, Weight::Strong, what);
    }
    if text.starts_with("-----BEGIN") {
        let what = "is a key or certificate in PEM and no credential to send";
        return finding(Cause::TokenWrongKind, Weight::Strong, what);
    }
    if is_reference(text) {
        let what = "is the name of a secret in a vault and not its value";
        return finding(Cause::SecretIdSent, Weight::Strong, what);
    }
    if is_path(text) {
        let what = "is the name of a file and not what is in it";
        return finding(Cause::SecretIdSent, Weight::Strong, what);
    }
    if text.starts_with("https://") || text.starts_with("http://") {
        let what = "is a URL, where a key or token is due";
        return finding(Cause::SecretIdSent, Weight::Fair, what);
    }
    if text.starts_with("SHA256:") || text.starts_with("sha256:") {
        let what = "is a fingerprint, which names a key, and not the key";
        return finding(Cause::SecretIdSent, Weight::Fair, what);
    }
    None
}

/// What htpasswd, shadow files and frameworks store.
fn is_hash(text: &str) -> bool {
    const BEGINNINGS: [&str; 13] = [
        "$2a$",
        "$2b$",
        "$2y$",
        "$argon2",
        "$1$",
        "$5$",
        "$6$",
        "$apr1$",
        "pbkdf2_sha256$",
        "pbkdf2:sha256",
        "scrypt:",
        "{SHA}",
        "{SSHA}",
    ];
    text.len() >= 24 && BEGINNINGS.iter().any(|start| text.starts_with(start))
}

/// `RequiredApiKey`, `dummy-token`: nothing but words for a credential, and one that says it is still to come.
fn is_words_for_one(text: &str) -> bool {
    const CREDENTIALS: [&str; 7] = [
        "key", "apikey", "token", "secret", "password", "jwt", "value",
    ];
    const TO_COME: [&str; 14] = [
        "required",
        "your",
        "insert",
        "enter",
        "put",
        "paste",
        "replace",
        "here",
        "dummy",
        "fake",
        "example",
        "sample",
        "placeholder",
        "todo",
    ];
    const BETWEEN: [&str; 14] = [
        "api", "access", "auth", "bearer", "client", "personal", "user", "app", "the", "a", "with",
        "this", "me", "goes",
    ];
    let words = words_of(text);
    let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    let is_known = |word: &String| {
        let word = word.as_str();
        CREDENTIALS.contains(&word) || TO_COME.contains(&word) || BETWEEN.contains(&word)
    };
    text.len() < 64 && has(&CREDENTIALS) && has(&TO_COME) && words.iter().all(is_known)
}

/// The words of a name, in lower case: divided by marks, or where a capital follows a small letter.
fn words_of(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut last = ' ';
    for letter in text.chars() {
        let ends = !letter.is_ascii_alphanumeric()
            || last.is_ascii_lowercase() && letter.is_ascii_uppercase();
        if ends && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if letter.is_ascii_alphanumeric() {
            word.push(letter.to_ascii_lowercase());
        }
        last = letter;
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

fn is_masked(text: &str) -> bool {
    let runs = |letter: char, least: usize| text.contains(&letter.to_string().repeat(least));
    let bullets = text
        .chars()
        .filter(|letter| matches!(letter, '\u{2022}' | '\u{25cf}'))
        .count();
    let crosses = text
        .chars()
        .filter(|letter| matches!(letter, 'x' | 'X'))
        .count();
    runs('*', 3)
        || bullets > 2
        || (runs('x', 6) || runs('X', 6)) && crosses * 2 >= text.len()
        || (runs('x', 4) || runs('X', 4)) && keys::of(text.as_bytes()).is_some()
}

/// The ways in which configurations name a secret that something else has to put in.
fn is_reference(text: &str) -> bool {
    const BEGINNINGS: [&str; 10] = [
        "op://",
        "vault:",
        "vault://",
        "arn:aws:secretsmanager:",
        "arn:aws:ssm:",
        "secretref:",
        "@Microsoft.KeyVault(",
        "keyvault://",
        "ssm://",
        "sm://",
    ];
    BEGINNINGS.iter().any(|start| text.starts_with(start))
        || text.starts_with("projects/") && text.contains("/secrets/")
        || text.contains(".vault.azure.net/secrets/")
}

/// A path of several lower-case words, or a file name with the ending of one that holds secrets.
fn is_path(text: &str) -> bool {
    const ENDINGS: [&str; 8] = [
        ".txt", ".pem", ".key", ".json", ".env", ".yml", ".yaml", ".token",
    ];
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    let name = text.trim_start_matches(['@', '~']);
    let ends = ENDINGS
        .iter()
        .any(|end| name.len() > end.len() && name.ends_with(end));
    let parts: Vec<&str> = name.trim_start_matches('.').split('/').skip(1).collect();
    let words = parts.iter().all(|part| {
        part.bytes()
            .all(|byte| plain(byte) && !byte.is_ascii_uppercase())
            && part.len() > 2
    });
    let rooted = name.starts_with('/') || name.starts_with("./") || text.starts_with("~/");
    let windows = text.get(1..3) == Some(":\\");
    windows
        || rooted && parts.len() >= 2 && words && text.len() < 128
        || ends && text.len() < 64 && name.bytes().all(|byte| plain(byte) || byte == b'/')
}

/// What the shapes of well-known credentials say: letter case and length.
fn known(secret: &[u8], place: &str, host: &str) -> Option<Finding> {
    if secret.starts_with(b"eyj") || secret.starts_with(b"EYJ") {
        let evidence = format!(
            "{place} begins with `eyJ` in another letter case, so the letters of a token were changed."
        );
        return Some(Finding::new(
            Cause::CredentialMangled,
            Weight::Strong,
            evidence,
        ));
    }
    if let Some(key) = keys::in_another_case(secret) {
        let evidence = format!("{place} begins like a {} in another letter case.", key.name);
        return Some(Finding::new(
            Cause::CredentialMangled,
            Weight::Strong,
            evidence,
        ));
    }
    if looks_like(secret)
        && let Err(defect) = ApiKey::parse(secret)
    {
        let cut = defect != KeyDefect::Length || secret.len() * 2 > KEY_CHARS;
        let weight = if cut { Weight::Strong } else { Weight::Fair };
        let evidence = format!("{place} is damaged: {defect}.");
        return Some(Finding::new(Cause::CredentialMangled, weight, evidence));
    }
    let key = keys::of_at(secret, host)?;
    let due = key.shape.only_length()?;
    // Much shorter is made up for a test, not cut.
    (secret.len() != due
        && secret.len() * 5 > due * 3
        && !is_masked(&String::from_utf8_lossy(secret)))
    .then(|| {
        let evidence = format!(
            "{place} looks like a {}, which has {due} characters, and has {}.",
            key.name,
            secret.len()
        );
        Finding::new(Cause::CredentialMangled, Weight::Fair, evidence)
    })
}

/// A client secret that is the id of a secret, or of the client.
fn client_secret(request: &Request, credentials: &[Credential], host: &str) -> Vec<Finding> {
    let form = form_of(request);
    let value = |name: &str| {
        form.iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value)
    };
    let basic = credentials
        .iter()
        .filter(|credential| credential.is("basic") && credential.carrier == Carrier::Authorization)
        .find_map(|credential| parse_basic(credential.secret.expose()).ok());
    let of_form = value("client_id").zip(value("client_secret"));
    let pair = match (&of_form, &basic) {
        (Some((id, secret)), _) => Some((id.as_str(), secret.as_str())),
        (None, Some(basic)) if value("grant_type").is_some() => {
            Some((basic.user(), basic.password()))
        }
        (None, _) => None,
    };
    let Some((id, secret)) = pair.filter(|(id, secret)| !id.is_empty() && !secret.is_empty())
    else {
        return Vec::new();
    };
    if id == secret {
        let evidence = "The client secret is the client id once more.";
        return vec![Finding::new(Cause::SecretIdSent, Weight::Strong, evidence)];
    }
    if !is_guid(secret) {
        return Vec::new();
    }
    let microsoft = keys::at(host).any(|service| service.id == "entra");
    let (weight, whose) = match microsoft {
        true => (
            Weight::Strong,
            "Microsoft Entra ID shows as the id of a secret, beside its value",
        ),
        false => (Weight::Slight, "often names a secret and is not its value"),
    };
    let evidence = format!("The client secret has the form of a GUID, which {whose}.");
    vec![Finding::new(Cause::SecretIdSent, weight, evidence)]
}

/// `f81d4fae-7dec-11d0-a765-00a0c91e6bf6`.
pub(super) fn is_guid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    lengths == [8, 4, 4, 4, 12]
        && groups
            .iter()
            .all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
