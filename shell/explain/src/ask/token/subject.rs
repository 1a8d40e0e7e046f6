//! The tokens of a case, and what each says of itself.
//!
//! Knows: where a token may be. Does not know whether it is good.

use countersign_jose::{Hearsay, Jwt, TokenDefect};

use crate::case::Case;
use crate::credential::{Carrier, Credential, credentials_of};

/// So many tokens of one request are looked at.
const TOKENS_MAX: usize = 2;

/// One token.
pub(super) struct Subject {
    text: Vec<u8>,
    /// Where it is in the request; `None` where it was handed in alone.
    pub(super) carrier: Option<Carrier>,
    /// The scheme word before it, as written.
    pub(super) scheme_word: Option<String>,
    /// What it says of itself; `None` where it is no token of JOSE.
    pub(super) heard: Option<Hearsay<'static>>,
    /// Why the gateway's own reader does not take it.
    pub(super) defect: Option<TokenDefect>,
}

impl Subject {
    fn new(text: &[u8], carrier: Option<Carrier>, scheme_word: Option<String>) -> Subject {
        let text = without_word(text).trim_ascii().to_vec();
        Subject {
            heard: Hearsay::of(&text),
            defect: Jwt::parse(&text).err(),
            text,
            carrier,
            scheme_word,
        }
    }

    /// The token. It is a secret.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Whether it is meant to be a token of JOSE: it has the header of one, or begins like one.
    pub(super) fn is_jose(&self) -> bool {
        self.heard.is_some() || self.text.starts_with(b"eyJ")
    }

    /// Whether the scheme word is this one.
    pub(super) fn is_sent_as(&self, scheme_word: &str) -> bool {
        let word = self.scheme_word.as_deref();
        word.is_some_and(|word| word.eq_ignore_ascii_case(scheme_word))
    }
}

/// The tokens of a case: of its request, or the one that was handed in alone.
pub(super) fn of(case: &Case) -> Vec<Subject> {
    let mut found: Vec<Subject> = Vec::new();
    if let Some(token) = &case.token {
        let carrier = None;
        found.push(Subject::new(token.expose(), carrier, None));
    }
    let credentials = case.request.iter().flat_map(credentials_of);
    for credential in credentials.filter(is_candidate) {
        match &credential.carrier {
            Carrier::Cookie => found.extend(of_cookies(credential.secret.expose())),
            Carrier::Authorization | Carrier::Field(_) | Carrier::Query(_) | Carrier::Form(_) => {
                let secret = credential.secret.expose();
                let subject = Subject::new(
                    secret,
                    Some(credential.carrier.clone()),
                    credential.scheme_word.clone(),
                );
                found.push(subject);
            }
        }
    }
    // Whatever else there is, a token of JOSE has more to say.
    found.sort_by_key(|subject| !subject.is_jose());
    found.truncate(TOKENS_MAX);
    found
}

/// The DPoP proof of a request, RFC 9449 section 4.1, read as far as it can be.
pub(super) fn proof_of(case: &Case) -> Option<Subject> {
    let request = case.request.as_ref()?;
    let value = request.fields.first("dpop")?;
    Some(Subject::new(
        value,
        Some(Carrier::Field("DPoP".to_owned())),
        None,
    ))
}

/// Credentials that are no pair of user name and password, and no proof for a token.
fn is_candidate(credential: &Credential) -> bool {
    let other_scheme = ["basic", "digest", "negotiate", "ntlm"]
        .iter()
        .any(|word| credential.is(word));
    let proof =
        matches!(&credential.carrier, Carrier::Field(name) if name.eq_ignore_ascii_case("dpop"));
    !other_scheme && !proof && !credential.secret.expose().is_empty()
}

fn of_cookies(line: &[u8]) -> Vec<Subject> {
    line.split(|byte| *byte == b';')
        .filter_map(|pair| {
            let at = pair.iter().position(|byte| *byte == b'=')?;
            let value = pair.get(at + 1..)?.trim_ascii();
            Hearsay::of(value)?;
            Some(Subject::new(value, Some(Carrier::Cookie), None))
        })
        .collect()
}

/// The token behind a scheme word that stands in a field of another name.
fn without_word(value: &[u8]) -> &[u8] {
    let trimmed = value.trim_ascii();
    match trimmed.split_at_checked("Bearer ".len()) {
        Some((word, rest)) if word.eq_ignore_ascii_case(b"Bearer ") => rest,
        Some(_) | None => trimmed,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use super::*;
    use crate::message::Request;

    const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJhIn0.AAAA";

    fn case(fields: &[(&str, &str)]) -> Case {
        let mut request = Request::new("GET", "http://127.0.0.1/".parse().unwrap());
        for (name, value) in fields {
            request.fields.add(name, *value);
        }
        Case {
            request: Some(request),
            ..Case::default()
        }
    }

    #[test]
    fn a_token_is_found_wherever_it_is() {
        for (name, value) in [
            ("Authorization", format!("Bearer {JWT}")),
            ("X-Access-Token", format!("Bearer {JWT}")),
            ("X-Access-Token", JWT.to_owned()),
            ("Cookie", format!("a=b; session={JWT}")),
        ] {
            let found = of(&case(&[(name, &value)]));
            assert_eq!(found.len(), 1, "{name}");
            let heard = found[0].heard.as_ref().unwrap();
            assert_eq!(heard.issuer(), Some("a"), "{name}");
        }
    }

    #[test]
    fn passwords_and_proofs_are_no_tokens() {
        let found = of(&case(&[
            ("Authorization", "Basic YWxpY2U6c2VjcmV0"),
            ("DPoP", JWT),
        ]));
        assert!(found.is_empty());
        assert!(proof_of(&case(&[("DPoP", JWT)])).is_some());
    }

    #[test]
    fn a_token_of_jose_comes_first() {
        let bearer = format!("Bearer {JWT}");
        let found = of(&case(&[
            ("X-API-Key", "k-123"),
            ("X-Auth-Token", "opaque"),
            ("Authorization", &bearer),
        ]));
        assert_eq!(found.len(), TOKENS_MAX);
        assert!(found[0].is_jose() && !found[1].is_jose());
    }
}
