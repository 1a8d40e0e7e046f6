//! `No credentials were provided`, `Missing X-Tenant header`: what a server did not find, against what was sent.
//!
//! Knows: that words which contradict the request are the most telling of all: a server that misses what was sent does
//! not look where it is, does not know its scheme word, or never got it. Does not know products.

mod named;

use std::sync::OnceLock;

use countersign_cause::Cause;

use crate::case::Case;
use crate::credential::Carrier;
use crate::finding::{Finding, Fix, Weight};
use crate::words::conditions::Asked;
use crate::words::mend::Mend;
use crate::words::phrases::WordPattern;
use crate::words::quote;
use crate::words::said::{Said, Sentence};

/// Nothing was found where the server looked.
const ABSENT: [&str; 16] = [
    "no|missing|absent|without .. token|jwt|credential|credentials|authorization|authentication|authorisation|key|apikey",
    "credential|credentials|token|jwt|authorization|authentication|header|key|apikey|auth are|is|was|were|has|have? not|no been? provided|supplied|found|present|given|sent|included|set|specified|detected",
    "credential|credentials|token|jwt|authorization|authentication|header|key|apikey .. missing|absent",
    "token|jwt|key|apikey|header|credentials must|should be provided|supplied|present|sent",
    "did|didnt|do|does|have|havent not? provide|send|include|supply|specify|provided|sent|included .. token|key|credentials|authorization|authentication|header",
    "cannot|cant|couldnt|could|unable|failed not? to? find|locate|extract|get|read .. token|credentials|authorization|header|key",
    "unauthenticated|anonymous request|user|caller|access .. not|denied|forbidden|unauthenticated|anonymous",
    "not|isnt|arent|nobody|no|user logged|signed in",
    "not|no .. bearer|token|credentials in|found|in request",
    "auth|authorization header|token|key required",
    // The same in the languages that refusals are most often written in besides.
    "fehlt|fehlen|fehlende|fehlender|kein|keine .. token|authorization|anmeldedaten|zugangsdaten|schlüssel|header",
    "token|authorization|anmeldedaten|zugangsdaten|schlüssel|header .. fehlt|fehlen",
    "falta|faltan|faltando|ausente|nenhum|ningún .. cabecera|cabeçalho|token|credenciales|credenciais|authorization|autorización|autorização|clave|chave",
    "cabecera|cabeçalho|token|credenciales|credenciais|authorization .. ausente|falta|faltante",
    "manquant|manquante|manque|aucun|aucune .. jeton|token|identifiants|authorization|authentification|clé",
    "jeton|token|identifiants|authorization|authentification|clé .. manquant|manquante|manquants|absent|absente",
];

/// Somebody is wanted, and whether anybody was there is not said.
const WANTED: [&str; 8] = [
    "authentication|authorization|login|credentials|token|key|apikey|signin|sign is|are? required|needed|necessary|mandatory",
    "requires|require|need|needs|must|please .. authentication|authorization|login|log|sign|credentials|authenticate|authenticated|token|key",
    "unauthenticated",
    "not authenticated",
    "full authentication is required",
    "please .. login|log|sign|authenticate",
    "anmeldung|authentifizierung .. erforderlich|nötig|notwendig",
    "autenticación|autenticação|autenticazione|authentification|connexion requerida|necesaria|necessária|exigida|richiesta|requise|nécessaire",
];

/// The server speaks of nobody.
const NOBODY: [&str; 2] = [
    "anonymous user? is|lacks|cannot|has|not|missing",
    "as|for|user|caller anonymous",
];

/// These name a scheme or a key that is wrong, and not one that is absent.
const OTHERWISE: [&str; 6] = [
    "matching|signing|verification|public|jwk|jwks|kid|applicable",
    "invalid|incorrect|expired|revoked|malformed|unknown|bad|wrong .. token|key|credentials|header|password",
    "token|key|credentials|password is|are|was invalid|incorrect|expired|wrong",
    "scope|scopes|permission|permissions|role|claim|claims|kid|csrf|xsrf",
    "refresh|session|code|verifier|otp|factor|org|organization|tenant|client",
    "ungültig*|falsch*|abgelaufen*|invalide|inválid*|incorrect*|incorret*|expiré*|expirad*|caducad*|scadut*|errat*",
];

struct Patterns {
    absent: Vec<WordPattern>,
    wanted: Vec<WordPattern>,
    otherwise: Vec<WordPattern>,
    nobody: Vec<WordPattern>,
}

fn patterns() -> &'static Patterns {
    static ALL: OnceLock<Patterns> = OnceLock::new();
    let read = |texts: &[&str]| {
        texts
            .iter()
            .filter_map(|text| WordPattern::parse(text))
            .collect()
    };
    ALL.get_or_init(|| Patterns {
        absent: read(&ABSENT),
        wanted: read(&WANTED),
        otherwise: read(&OTHERWISE),
        nobody: read(&NOBODY),
    })
}

/// Whether a sentence says that nothing was found where the server looked.
pub(super) fn is_absence(sentence: &Sentence<'_>) -> bool {
    let has = |patterns: &[WordPattern]| {
        let mut patterns = patterns.iter();
        patterns.any(|pattern| pattern.find(sentence).is_some())
    };
    has(&patterns().absent) && !has(&patterns().otherwise)
}

/// What is told to be missing, and what that means for what was sent.
pub(super) fn read(
    case: &Case,
    said: &Said,
    asked: &Asked<'_>,
    sentences: &[Sentence<'_>],
) -> Vec<Finding> {
    let mut findings = named::read(case, asked, sentences);
    if !findings.is_empty() || !matches!(said.status, 200..=299 | 400 | 401 | 403 | 407) {
        return findings;
    }
    let has = |patterns: &[WordPattern], sentence: &Sentence<'_>| {
        patterns
            .iter()
            .any(|pattern| pattern.find(sentence).is_some())
    };
    let all = patterns();
    let plain = || {
        sentences
            .iter()
            .filter(|sentence| !has(&all.otherwise, sentence))
    };
    let nobody = sentences
        .iter()
        .find(|sentence| asked.has_credentials() && has(&all.nobody, sentence));
    if let Some(sentence) = nobody {
        let quote = quote::of(case, asked, sentence.text);
        findings.extend(contradicted(case, said, asked, sentence, &quote));
        // What nobody may do says nothing of what the caller may.
        let cause = Cause::ScopeInsufficient;
        findings.push(Finding::new(cause, Weight::Against, String::new()));
        let cause = Cause::ForbiddenReportedAsUnauthorized;
        findings.push(Finding::new(cause, Weight::Against, String::new()));
    } else if let Some(sentence) = plain().find(|sentence| has(&all.absent, sentence)) {
        let quote = quote::of(case, asked, sentence.text);
        findings.extend(match asked.has_credentials() {
            true => contradicted(case, said, asked, sentence, &quote),
            false => absent(case, asked, Weight::Strong, &quote),
        });
    } else if let Some(sentence) = plain().find(|sentence| has(&all.wanted, sentence)) {
        let quote = quote::of(case, asked, sentence.text);
        if !asked.has_credentials() {
            findings.extend(absent(case, asked, Weight::Fair, &quote));
        }
    }
    findings
}

/// Nothing was sent, and the server says so.
fn absent(case: &Case, asked: &Asked<'_>, weight: Weight, quote: &str) -> Vec<Finding> {
    let has_cookie = asked
        .credentials
        .iter()
        .any(|credential| credential.carrier == Carrier::Cookie);
    if has_cookie {
        let evidence = format!(
            "a cookie was sent, and the server knows nobody by it: it says that credentials are missing{quote}"
        );
        return vec![
            Finding::new(Cause::SessionUnknown, Weight::Fair, evidence.clone()),
            Finding::new(Cause::SessionExpired, Weight::Slight, evidence),
        ];
    }
    // With a login at hand the client waits for a challenge, or lost it on the way.
    let weight = match case.login.is_some() {
        true => Weight::Slight,
        false => weight,
    };
    let evidence = format!("no credentials were sent, and the server misses them{quote}");
    vec![Finding::new(Cause::CredentialsMissing, weight, evidence)]
}

/// The server misses what was sent.
fn contradicted(
    case: &Case,
    said: &Said,
    asked: &Asked<'_>,
    sentence: &Sentence<'_>,
    quote: &str,
) -> Vec<Finding> {
    let finding = |cause, weight, what: &str| {
        Finding::new(
            cause,
            weight,
            format!("{what}, and the server says that there is none{quote}"),
        )
    };
    let mentions = |words: &[&str]| {
        let mut all = sentence.words.iter();
        all.any(|word| words.contains(&word.as_str()))
    };
    let mut found = vec![Finding::new(
        Cause::CredentialsRejected,
        Weight::Against,
        String::new(),
    )];
    let Some(authorization) = asked.authorization() else {
        found.extend(beside_authorization(
            case, asked, &mentions, &finding, quote,
        ));
        return found;
    };
    if authorization.secret.expose().is_empty() {
        return Vec::new();
    }
    let word = authorization.scheme_word.as_deref();
    match word {
        None => {
            let what = "`Authorization` was sent without a scheme word";
            let fix = Mend::Scheme("Bearer".to_owned()).command(case).map(|command| {
                let text = "write the scheme word before the credential, the one of the service's documentation: usually `Bearer`, sometimes `Token` or `ApiKey`";
                Fix::new(Cause::SchemeMissing.entry().who, text).with_command(command)
            });
            let mut missing = finding(Cause::SchemeMissing, Weight::Strong, what);
            missing.fix = fix;
            found.push(missing);
        }
        Some(word) if !is_usual(word) && !asks_for(said, word) => {
            let what = format!("a credential was sent under the word `{word}`");
            found.push(finding(Cause::SchemeWordWrong, Weight::Strong, &what));
        }
        Some(word)
            if (mentions(&["apikey"]) || mentions(&["api"]) && mentions(&["key"]))
                && !mentions(&["username"]) =>
        {
            let what = format!("a credential was sent in `Authorization: {word}`");
            found.push(finding(Cause::HeaderWrongPlace, Weight::Strong, &what));
            found.push(finding(
                Cause::ProxyStrippedCredentials,
                Weight::Slight,
                &what,
            ));
        }
        Some(word) => {
            let what = format!("`Authorization: {word} ...` was sent");
            found.push(finding(
                Cause::ProxyStrippedCredentials,
                Weight::Fair,
                &what,
            ));
            found.push(finding(Cause::SchemeWordWrong, Weight::Slight, &what));
            found.push(finding(Cause::PipelineMisordered, Weight::Slight, &what));
            found.push(finding(Cause::HeaderWrongPlace, Weight::Slight, &what));
        }
    }
    found
}

/// The credential is in a field or the query.
fn beside_authorization(
    case: &Case,
    asked: &Asked<'_>,
    mentions: &impl Fn(&[&str]) -> bool,
    finding: &impl Fn(Cause, Weight, &str) -> Finding,
    quote: &str,
) -> Vec<Finding> {
    let mut found = Vec::new();
    for credential in &asked.credentials {
        let (what, is_odd) = match &credential.carrier {
            Carrier::Field(name) => (
                format!("a credential was sent in the field `{name}`"),
                name.contains('_'),
            ),
            Carrier::Query(name) => (
                format!("a credential was sent in the query parameter `{name}`"),
                false,
            ),
            Carrier::Form(name) => (
                format!("a credential was sent in the body as `{name}`"),
                false,
            ),
            Carrier::Authorization | Carrier::Cookie => continue,
        };
        let wants_authorization = mentions(&["authorization", "bearer", "jwt"]);
        if is_odd {
            found.push(finding(Cause::HeaderNameDropped, Weight::Strong, &what));
        }
        let weight = match (is_odd, wants_authorization) {
            (_, true) => Weight::Strong,
            (true, false) => Weight::Slight,
            (false, false) => Weight::Fair,
        };
        let mut misplaced = finding(Cause::HeaderWrongPlace, weight, &what);
        if wants_authorization {
            misplaced.fix = Mend::Scheme("Bearer".to_owned())
                .command(case)
                .map(|command| {
                    let text = "send the credential in `Authorization`, behind its scheme word";
                    Fix::new(Cause::HeaderWrongPlace.entry().who, text).with_command(command)
                });
        }
        found.push(misplaced);
        let stripped = Finding::new(
            Cause::ProxyStrippedCredentials,
            Weight::Slight,
            format!("{what}, and the server says that there is none{quote}"),
        );
        // What is left as it is on most ways is seldom what was taken away.
        let who = stripped.cause.entry().who;
        let text = "look whether anything between client and application lets this field or parameter through, and let it";
        found.push(stripped.with_fix(Fix::new(who, text)));
    }
    found
}

/// Whether the challenge asks for this very word.
fn asks_for(said: &Said, word: &str) -> bool {
    said.has_field("www-authenticate", &format!("{} *", word.to_lowercase()))
        || said.is_field("www-authenticate", &word.to_lowercase())
}

/// Scheme words that every server knows, if not takes.
fn is_usual(word: &str) -> bool {
    ["basic", "bearer", "digest", "negotiate", "ntlm", "dpop"]
        .iter()
        .any(|known| word.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use countersign_cause::Cause;

    use super::patterns;
    use crate::finding::Weight;
    use crate::words::tests::findings;

    fn weight(body: &str, fields: &[(&str, &str)], cause: Cause) -> Option<Weight> {
        let found = findings(401, body, fields);
        let of = found.iter().filter(|finding| finding.cause == cause);
        of.map(|finding| finding.weight).max()
    }

    #[test]
    fn every_pattern_is_read() {
        let all = patterns();
        assert_eq!(all.absent.len(), super::ABSENT.len());
        assert_eq!(all.wanted.len(), super::WANTED.len());
        assert_eq!(all.otherwise.len(), super::OTHERWISE.len());
    }

    #[test]
    fn what_was_not_sent_is_missing() {
        for words in [
            "No token provided",
            "Authentication credentials were not provided.",
            r#"{"message":"Missing Authorization Header"}"#,
            r#"{"error":"authorization_header_missing"}"#,
            "You are not logged in",
            "jwt must be provided",
            "You did not provide an API key.",
        ] {
            let found = weight(words, &[], Cause::CredentialsMissing);
            assert_eq!(found, Some(Weight::Strong), "{words}");
        }
        for words in [
            "Authentication required",
            "Please log in to continue",
            "Unauthenticated.",
        ] {
            let found = weight(words, &[], Cause::CredentialsMissing);
            assert_eq!(found, Some(Weight::Fair), "{words}");
        }
    }

    #[test]
    fn what_was_sent_is_not_missing() {
        let words = "Authentication credentials were not provided.";
        let bearer = [("Authorization", "Bearer abcdefghij")];
        let told = |fields, cause| weight(words, fields, cause);
        assert_eq!(told(&bearer, Cause::CredentialsMissing), None);
        assert_eq!(
            told(&bearer, Cause::ProxyStrippedCredentials),
            Some(Weight::Fair)
        );
        assert_eq!(
            told(&bearer, Cause::CredentialsRejected),
            Some(Weight::Against)
        );
        let bare = [("Authorization", "abcdefghij")];
        assert_eq!(told(&bare, Cause::SchemeMissing), Some(Weight::Strong));
        let odd = [("Authorization", "Tokn abcdefghij")];
        assert_eq!(told(&odd, Cause::SchemeWordWrong), Some(Weight::Strong));
        let underscore = [("api_key", "abcdefghij")];
        assert_eq!(
            told(&underscore, Cause::HeaderNameDropped),
            Some(Weight::Strong)
        );
    }

    #[test]
    fn a_key_is_wanted_elsewhere() {
        let bearer = [("Authorization", "Bearer abcdefghij")];
        let found = weight(
            "No API key found in request",
            &bearer,
            Cause::HeaderWrongPlace,
        );
        assert_eq!(found, Some(Weight::Strong));
        let key = [("X-Api-Key", "abcdefghij")];
        let found = weight("Missing bearer token", &key, Cause::HeaderWrongPlace);
        assert_eq!(found, Some(Weight::Strong));
    }

    #[test]
    fn what_is_invalid_is_not_missing() {
        for words in [
            "Invalid token",
            "The API key is invalid",
            "Missing scope: read",
            "token has expired",
        ] {
            assert_eq!(
                weight(words, &[], Cause::CredentialsMissing),
                None,
                "{words}"
            );
        }
    }
}
