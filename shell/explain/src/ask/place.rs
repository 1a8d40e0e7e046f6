//! Does the server look for the credential where it was put? The places that the refusal names, then those in use.
//!
//! Knows: places. Runs only where nothing shows that the credential is read.

use std::collections::HashSet;

use countersign_cause::Cause;
use countersign_secret::Secret;

use crate::ask::trial::{self, Trial};
use crate::command;
use crate::credential::{Carrier, Credential, credentials_of, is_telling_field, without};
use crate::finding::{Finding, Fix, Weight};
use crate::look::keys::{self, Slot};
use crate::mended::doubled::cookie_pairs;
use crate::message::{Answer, Request};
use crate::scene::{Scene, Sees};
use crate::words;

/// How many other places are tried.
const PLACES_MAX: usize = 4;

/// Where a key or token usually is. Not the query: what stands in an address is kept in logs, so that a credential goes
/// there only where the refusal itself names the parameter.
const IN_USE: [Place; 2] = [Place::Word("Bearer"), Place::Field("X-API-Key")];

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Place<T = &'static str> {
    Word(T),
    Field(T),
    Query(T),
    Cookie(T),
}

/// Moves the credential to the places where servers of this kind look for it.
pub(crate) async fn ask(scene: &mut Scene<'_>) {
    let overlooked = matches!(
        scene.baseline.sees,
        Sees::Alike | Sees::Overlooks | Sees::Unknown
    );
    if !scene.is_refused() || scene.is_proven() {
        return;
    }
    let (Some(request), Some(refusal)) = (scene.baseline.request.clone(), scene.refusal().cloned())
    else {
        return;
    };
    let is_open = overlooked && !scene.is_told();
    if !is_open && !is_a_key_beside_its_field(&request, &refusal) {
        return;
    }
    let Some(credential) = movable(&request).filter(|_| !scene.is_down()) else {
        return;
    };
    for place in places(scene, &refusal, &credential) {
        let changed = moved(&request, &credential, &place);
        let what = told(&place);
        let why = format!("the same credential {what}");
        match trial::run(scene, &changed, &why).await {
            Trial::Passed(answer) => {
                let cause = Cause::HeaderWrongPlace;
                let evidence = format!("the same credential {what} is answered {}", answer.status);
                let fix = Fix::new(cause.entry().who, format!("send the credential {what}"))
                    .with_command(command::curl(scene.case, &changed));
                return scene.found(Finding::new(cause, Weight::Proof, evidence).with_fix(fix));
            }
            Trial::Changed(answer) if matches!(answer.status, 401 | 403) => {
                let evidence = format!(
                    "{what} the credential is refused in another way ({}): it is read there",
                    answer.status
                );
                scene.found(Finding::new(
                    Cause::HeaderWrongPlace,
                    Weight::Fair,
                    evidence,
                ));
            }
            Trial::Changed(_) | Trial::Same => {}
            Trial::Unknown => return,
        }
    }
    if let Some(finding) = asked_for_elsewhere(scene, &refusal, &credential) {
        scene.found(finding);
    }
}

/// A key in a field of its own is answered as none is, and the challenge is for a scheme that belongs into `Authorization`.
fn asked_for_elsewhere(
    scene: &Scene<'_>,
    refusal: &Answer,
    credential: &Credential,
) -> Option<Finding> {
    let Carrier::Field(name) = &credential.carrier else {
        return None;
    };
    let challenges = refusal.challenges().challenges;
    let asked = challenges.iter().find(|one| {
        ["Basic", "Bearer", "Digest"]
            .iter()
            .any(|word| one.is(word))
    })?;
    let names_no_field = challenges.iter().all(|one| one.param("header").is_none());
    (scene.baseline.sees == Sees::Alike && names_no_field).then(|| {
        let evidence = format!(
            "the key in `{name}` is answered as a made-up one and none are, and the server asks for `{}`, which goes into `Authorization`: `{name}` is not read here",
            asked.scheme_word()
        );
        let fix = Fix::new(
            Cause::HeaderWrongPlace.entry().who,
            format!(
                "send the credential in `Authorization: {}`, as the challenge asks; with Basic a key is often the password beside the account's name",
                asked.scheme_word()
            ),
        );
        Finding::new(Cause::HeaderWrongPlace, Weight::Fair, evidence).with_fix(fix)
    })
}

/// Whether an opaque value was sent under a word that the server reads, and the challenge names a field of its own for keys:
/// refused as a token it may be, and be a good key.
fn is_a_key_beside_its_field(request: &Request, refusal: &Answer) -> bool {
    let parsed = refusal.challenges();
    let field = parsed
        .challenges
        .iter()
        .find_map(|challenge| challenge.param("header"));
    let is_named = field.is_some_and(|name| is_telling_field(name) && !request.fields.has(name));
    is_named
        && movable(request).is_some_and(|credential| {
            credential.carrier == Carrier::Authorization
                && !words::has_shape_of_jwt(credential.secret.expose())
        })
}

/// The one key or token of a request. What belongs to its scheme is not moved, nor a cookie.
fn movable(request: &Request) -> Option<Credential> {
    if let Some(token) = in_cookie(request) {
        return Some(token);
    }
    let mut all = credentials_of(request)
        .into_iter()
        .filter(|credential| credential.carrier != Carrier::Cookie);
    let first = all.next()?;
    // Neither a pair of user name and password nor a message of a handshake means anything elsewhere.
    let is_pair = ["basic", "digest", "ntlm", "negotiate"]
        .iter()
        .any(|word| first.is(word));
    let is_form = matches!(first.carrier, Carrier::Form(_));
    let fits = !first.secret.expose().is_empty() && !is_pair && !is_form;
    (fits && all.next().is_none()).then_some(first)
}

/// A token that came as a cookie and not as a session: its name says so.
fn in_cookie(request: &Request) -> Option<Credential> {
    let all = credentials_of(request);
    if all.iter().any(|one| one.carrier != Carrier::Cookie) {
        return None;
    }
    let pairs = cookie_pairs(&request.fields);
    let is_token = |name: &str| {
        let name = name.to_ascii_lowercase();
        let is_for_forms = ["csrf", "xsrf", "verification", "refresh"];
        let says_so = name.contains("token") || name.contains("jwt") || name == "authorization";
        says_so && !is_for_forms.iter().any(|part| name.contains(part))
    };
    let (_, value) = pairs
        .into_iter()
        .find(|(name, value)| is_token(name) && value.len() >= 8)?;
    Some(Credential {
        carrier: Carrier::Cookie,
        scheme_word: None,
        secret: Secret::new(value.into_bytes()),
    })
}

fn places(scene: &Scene<'_>, refusal: &Answer, credential: &Credential) -> Vec<Place<String>> {
    let mut seen = HashSet::new();
    named(refusal)
        .into_iter()
        .chain(of_the_product(scene))
        .chain(IN_USE.iter().map(owned))
        .filter(|place| !is_there(place, credential))
        .filter(|place| seen.insert(place.clone()))
        .take(PLACES_MAX)
        .collect()
}

/// The fields in which the product that answers takes keys and tokens, where it was recognised.
fn of_the_product(scene: &Scene<'_>) -> Vec<Place<String>> {
    let services = scene
        .recognised
        .iter()
        .flat_map(|name| keys::run_anywhere(name));
    let slots = services.flat_map(|service| service.slots(None));
    let field = |slot: &Slot| match slot {
        Slot::Field(name) => Some(Place::Field(name.clone())),
        Slot::Authorization(_) | Slot::Query(_) | Slot::Form(_) | Slot::Path => None,
    };
    slots.filter_map(field).collect()
}

fn owned(place: &Place) -> Place<String> {
    match place {
        Place::Word(word) => Place::Word((*word).to_owned()),
        Place::Field(name) => Place::Field((*name).to_owned()),
        Place::Query(name) => Place::Query((*name).to_owned()),
        Place::Cookie(name) => Place::Cookie((*name).to_owned()),
    }
}

fn is_there(place: &Place<String>, credential: &Credential) -> bool {
    match (place, &credential.carrier) {
        (Place::Word(word), Carrier::Authorization) => credential.is(word),
        (Place::Field(name), Carrier::Field(own)) => name.eq_ignore_ascii_case(own),
        (Place::Query(name), Carrier::Query(own)) => name == own,
        (Place::Word(_) | Place::Field(_) | Place::Query(_) | Place::Cookie(_), _) => false,
    }
}

/// Places that the refusal itself names: in a challenge's parameters, in `Vary`, in its words.
fn named(refusal: &Answer) -> Vec<Place<String>> {
    let mut places = Vec::new();
    for challenge in &refusal.challenges().challenges {
        for name in ["header", "name", "in_header", "key"] {
            if let Some(value) = challenge
                .param(name)
                .filter(|value| is_telling_field(value))
            {
                places.push(Place::Field(value.to_owned()));
            }
        }
    }
    places.extend(cookie_in(&refusal.text()).map(|name| Place::Cookie(name.to_owned())));
    let texts = [
        refusal.text().into_owned(),
        refusal.fields.text("vary").unwrap_or_default().into_owned(),
        refusal
            .fields
            .text("www-authenticate")
            .unwrap_or_default()
            .into_owned(),
        refusal
            .fields
            .text("access-control-allow-headers")
            .unwrap_or_default()
            .into_owned(),
    ];
    for text in texts {
        for word in names_in(&text) {
            let authorization = word.eq_ignore_ascii_case("authorization");
            if word.contains('_') {
                places.push(Place::Query(word.to_owned()));
            }
            if !authorization && !word.eq_ignore_ascii_case("authentication") {
                places.push(Place::Field(word.to_owned()));
            }
        }
    }
    places
}

/// `Cookie JSESSIONID is missing`, `the session_id cookie`: the name beside the word.
fn cookie_in(text: &str) -> Option<&str> {
    let is_apart = |letter: char| !(letter.is_ascii_alphanumeric() || "-_.".contains(letter));
    let words: Vec<&str> = text
        .split(is_apart)
        .filter(|word| !word.is_empty())
        .collect();
    let is_cookie = |word: &str| word.eq_ignore_ascii_case("cookie");
    let is_name = |word: &&str| {
        let is_odd = word.contains(['_', '.', '-'])
            || word.len() > 3 && word.bytes().all(|byte| byte.is_ascii_uppercase());
        let is_known = ["token", "jwt", "sid", "session"]
            .iter()
            .any(|known| word.eq_ignore_ascii_case(known));
        (3..=48).contains(&word.len()) && (is_odd || is_known) && !is_cookie(word)
    };
    words.windows(2).find_map(|pair| match pair {
        [one, other] if is_cookie(one) => Some(*other).filter(is_name),
        [one, other] if is_cookie(other) => Some(*one).filter(is_name),
        _ => None,
    })
}

/// Words that are written like the name of a field that carries a credential: with a hyphen or an underscore, or one of
/// the names that need none.
fn names_in(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-' || letter == '_'))
        .filter(|word| (4..=48).contains(&word.len()))
        .filter(|word| {
            let compound = word.contains(['-', '_']);
            let plain = word.eq_ignore_ascii_case("apikey");
            (compound || plain) && is_telling_field(word) && !is_error_code(word)
        })
}

/// `invalid_token` is what refusals say, not where a token goes.
fn is_error_code(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    [
        "invalid", "missing", "expired", "error", "unauthor", "required", "bad_", "no_", "not_",
        "wrong",
    ]
    .iter()
    .any(|part| word.contains(part))
}

fn moved(request: &Request, credential: &Credential, place: &Place<String>) -> Request {
    let mut other = without(request, &credential.carrier);
    let secret = credential.secret.expose();
    match place {
        Place::Word(word) => {
            let line = [word.as_bytes(), b" ", secret].concat();
            other.fields.set("Authorization", line);
        }
        Place::Field(name) => other.fields.set(name, secret.clone()),
        Place::Query(name) => {
            let text = String::from_utf8_lossy(secret);
            other.url.query_pairs_mut().append_pair(name, &text);
        }
        Place::Cookie(name) => {
            let pair = [name.as_bytes(), b"=", secret].concat();
            other.fields.set("Cookie", pair);
        }
    }
    other
}

fn told(place: &Place<String>) -> String {
    match place {
        Place::Word(word) => format!("in `Authorization: {word} ...`"),
        Place::Field(name) => format!("in the field `{name}`"),
        Place::Query(name) => format!("in the query parameter `{name}`"),
        Place::Cookie(name) => format!("in the cookie `{name}`"),
    }
}
