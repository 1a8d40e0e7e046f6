//! Is it the credentials at all? What stands in front: a bot filter, a cache, a limit of sizes, another credential.
//!
//! Knows: what each of them reacts to. Each probe changes one thing that is no credential, or leaves one credential out.

use countersign_cause::Cause;

use crate::ask::trial::{self, Trial};
use crate::command;
use crate::credential::{Carrier, credentials_of, without};
use crate::finding::{Finding, Fix, Weight};
use crate::message::{Answer, Request};
use crate::scene::Scene;

/// A user agent that no bot filter stops.
const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// From here on a head is large enough to meet the limit of a common server, in bytes.
const HEAD_BYTES_LARGE: usize = 4096;

/// Looks for causes beside the credentials.
pub(crate) async fn ask(scene: &mut Scene<'_>) {
    if scene.is_refused() && is_told_to_go_by_the_agent(scene) {
        if let Some(request) = scene.baseline.request.clone() {
            as_a_browser(scene, &request).await;
        }
        return;
    }
    if !scene.is_refused() || scene.is_proven() {
        return;
    }
    let (Some(request), Some(refusal)) = (scene.baseline.request.clone(), scene.refusal().cloned())
    else {
        return;
    };
    several(scene, &request).await;
    size(scene, &request, &refusal).await;
    cache(scene, &request, &refusal).await;
    calling_page(scene, &request).await;
    bot_filter(scene, &request, &refusal).await;
}

/// Several credentials in one request: each is left out in turn.
async fn several(scene: &mut Scene<'_>, request: &Request) {
    let mut carriers: Vec<Carrier> = Vec::new();
    for credential in credentials_of(request) {
        if !carriers.contains(&credential.carrier) {
            carriers.push(credential.carrier);
        }
    }
    if carriers.len() < 2 || scene.is_proven() {
        return;
    }
    // A cookie that comes along by itself is the likelier culprit.
    carriers.sort_by_key(|carrier| !matches!(carrier, Carrier::Cookie));
    for carrier in carriers.into_iter().take(3) {
        let changed = without(request, &carrier);
        let what = named(&carrier);
        let why = format!("the same without {what}");
        if let Trial::Passed(answer) = trial::run(scene, &changed, &why).await {
            if is_there_twice(request, &carrier) {
                return in_two_ways(scene, &changed, &what, &answer);
            }
            let evidence = format!(
                "without {what} the same request is answered {}: it wins over the other credential",
                answer.status
            );
            // Who takes only one mechanism calls two of them a bad request; who takes one of them, a wrong credential.
            let cause = match scene.refusal().map(|refusal| refusal.status) {
                Some(400) => Cause::HeaderDuplicated,
                Some(_) | None => Cause::CredentialsOverridden,
            };
            let fix = Fix::new(
                cause.entry().who,
                format!(
                    "do not send {what} along; it is taken in place of the credential that is meant"
                ),
            )
            .with_command(command::curl(scene.case, &changed));
            let finding = Finding::new(cause, Weight::Proof, evidence);
            return scene.found(finding.with_fix(fix));
        }
    }
}

/// Whether what was left out is a credential that the request carries elsewhere as well.
fn is_there_twice(request: &Request, left_out: &Carrier) -> bool {
    let credentials = credentials_of(request);
    let of = |own: bool| {
        let all = credentials.iter();
        all.filter(move |credential| (credential.carrier == *left_out) == own)
    };
    of(true).all(|one| {
        let mut others = of(false);
        others.any(|other| one.secret.expose() == other.secret.expose())
    })
}

/// RFC 6750 section 2: a client must not send a token in more than one way.
fn in_two_ways(scene: &mut Scene<'_>, changed: &Request, what: &str, answer: &Answer) {
    let evidence = format!(
        "the request carries the same credential in two ways; without {what} it is answered {}",
        answer.status
    );
    let text = format!("send the credential in one way alone, without {what}");
    let fix = Fix::new(Cause::HeaderDuplicated.entry().who, text)
        .with_command(command::curl(scene.case, changed));
    scene.found(Finding::new(Cause::HeaderDuplicated, Weight::Proof, evidence).with_fix(fix));
}

fn named(carrier: &Carrier) -> String {
    match carrier {
        Carrier::Authorization => "`Authorization`".to_owned(),
        Carrier::Field(name) => format!("the field `{name}`"),
        Carrier::Cookie => "the cookies".to_owned(),
        Carrier::Query(name) | Carrier::Form(name) => format!("the parameter `{name}`"),
    }
}

/// The page that the request says it comes from: a server may compare it with its own name, and refuse what is of another.
async fn calling_page(scene: &mut Scene<'_>, request: &Request) {
    const FIELDS: [&str; 2] = ["origin", "referer"];
    let named: Vec<&str> = FIELDS
        .into_iter()
        .filter(|name| request.fields.has(name))
        .collect();
    if named.is_empty() || scene.is_proven() || credentials_of(request).is_empty() {
        return;
    }
    let mut changed = request.clone();
    for name in &named {
        changed.fields.remove(name);
    }
    let what = named
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(" and ");
    let why = format!("the same without {what}, which say where it comes from");
    if let Trial::Passed(answer) = trial::run(scene, &changed, &why).await {
        let has_session = credentials_of(request)
            .iter()
            .any(|credential| credential.carrier == Carrier::Cookie);
        // A session is guarded against pages of others; a key is lent to some of them.
        let cause = match has_session {
            true => Cause::CsrfFailed,
            false => Cause::OriginNotAllowed,
        };
        let evidence = format!(
            "without {what} the same request is answered {}: the server compares where it comes from with its own name",
            answer.status
        );
        let text = "let the server know the name under which it is reached (`Host`, `X-Forwarded-Host`, its own setting for trusted origins), or send `Origin` and `Referer` of that name";
        let fix =
            Fix::new(cause.entry().who, text).with_command(command::curl(scene.case, &changed));
        scene.found(Finding::new(cause, Weight::Proof, evidence).with_fix(fix));
    }
}

/// A head that is too large for something on the way.
async fn size(scene: &mut Scene<'_>, request: &Request, refusal: &Answer) {
    let bytes: usize = request
        .fields
        .iter()
        .map(|field| field.name.len() + field.value.len() + 4)
        .sum();
    let said = matches!(refusal.status, 400 | 413 | 414 | 431 | 494 | 520);
    if scene.is_proven() || bytes < HEAD_BYTES_LARGE || !said && bytes < 2 * HEAD_BYTES_LARGE {
        return;
    }
    let largest = request.fields.iter().max_by_key(|field| field.value.len());
    let Some(largest) = largest.map(|field| (field.name.clone(), field.value.len())) else {
        return;
    };
    let (name, value_bytes) = largest;
    let mut changed = request.clone();
    changed.fields.remove(&name);
    let why = format!("the same without `{name}` of {value_bytes} bytes");
    let trial = trial::run(scene, &changed, &why).await;
    let told = "keep the cookies and tokens small, or raise the limit of header sizes at every hop";
    let finding = |weight, evidence| {
        Finding::new(Cause::HeaderTooLarge, weight, evidence)
            .with_fix(Fix::new(Cause::HeaderTooLarge.entry().who, told))
    };
    let other_status = match trial {
        Trial::Passed(answer) | Trial::Changed(answer) if said => {
            Some(answer.status).filter(|status| *status != refusal.status)
        }
        Trial::Passed(_) | Trial::Changed(_) | Trial::Same | Trial::Unknown => None,
    };
    let evidence = format!("the fields are {bytes} bytes and `{name}` {value_bytes} of them");
    let Some(status) = other_status else {
        let weight = if said { Weight::Fair } else { Weight::Slight };
        return scene.found(finding(weight, evidence));
    };
    let evidence = format!(
        "{evidence}; without it the answer is {status} and not {}",
        refusal.status
    );
    // RFC 9110 sections 15.5.14 and 15.5.15, RFC 6585 section 5; 494 is nginx's own.
    let is_about_size = match refusal.status {
        413 | 414 | 431 | 494 => true,
        _ => is_for_its_size(scene, request, &name, refusal.status).await,
    };
    let weight = match is_about_size {
        true => Weight::Proof,
        false => Weight::Fair,
    };
    scene.found(finding(weight, evidence));
}

/// Whether other letters of the same length get the same answer, and a few of them do not.
async fn is_for_its_size(
    scene: &mut Scene<'_>,
    request: &Request,
    name: &str,
    status: u16,
) -> bool {
    let Some(value) = request.fields.first(name) else {
        return false;
    };
    for (bytes, is_refused) in [(value.len(), true), (FEW_BYTES, false)] {
        let mut changed = request.clone();
        changed.fields.set(name, letters_like(value, bytes));
        let why = format!("the same with {bytes} other letters in `{name}`");
        let answer = scene.prober.send(&changed, &why).await;
        if !answer.is_ok_and(|answer| (answer.status == status) == is_refused) {
            return false;
        }
    }
    true
}

/// So many letters are too large for nobody.
const FEW_BYTES: usize = 32;

/// As many letters, with the marks between which the value has its parts.
fn letters_like(value: &[u8], bytes: usize) -> Vec<u8> {
    let of = |byte: &u8| match byte {
        b' ' | b'=' | b';' | b'.' | b',' => *byte,
        _ => b'x',
    };
    value.iter().take(bytes).map(of).collect()
}

/// A refusal that was kept and is replayed.
async fn cache(scene: &mut Scene<'_>, request: &Request, refusal: &Answer) {
    let Some(sign) = sign_of_a_cache(refusal) else {
        return;
    };
    if scene.is_proven() {
        return;
    }
    let mut changed = request.clone();
    changed.fields.set("Cache-Control", "no-cache");
    changed
        .url
        .query_pairs_mut()
        .append_pair("countersign-probe", "1");
    let why = "the same past the cache: another query and `Cache-Control: no-cache`";
    let fix = Fix::new(
        Cause::CachedRefusal.entry().who,
        "let the cache keep no refusals and nothing that needs credentials: `Cache-Control: no-store` on them, and `Vary: Authorization, Cookie`",
    );
    match trial::run(scene, &changed, why).await {
        Trial::Passed(answer) => {
            let evidence = format!(
                "the refusal comes from a cache ({sign}); past it the same request is answered {}",
                answer.status
            );
            let fix = fix.with_command(command::curl(scene.case, &changed));
            scene.found(Finding::new(Cause::CachedRefusal, Weight::Proof, evidence).with_fix(fix));
        }
        Trial::Changed(_) | Trial::Same | Trial::Unknown => {
            let evidence = format!("the refusal comes from a cache ({sign})");
            scene.found(Finding::new(Cause::CachedRefusal, Weight::Fair, evidence).with_fix(fix));
        }
    }
}

fn sign_of_a_cache(refusal: &Answer) -> Option<String> {
    // RFC 9111 section 5.1: Age says that the answer was not made for this request.
    if let Some(age) = refusal.fields.text("age") {
        let seconds: u64 = age.trim().parse().ok()?;
        return (seconds > 0).then(|| format!("Age: {seconds}"));
    }
    for name in [
        "x-cache",
        "cf-cache-status",
        "x-cache-status",
        "x-proxy-cache",
        "cache-status",
    ] {
        let value = refusal.fields.text(name).unwrap_or_default();
        let lower = value.to_ascii_lowercase();
        if lower.starts_with("hit") || lower.contains("; hit") || lower.contains(" hit") {
            return Some(format!("{name}: hit"));
        }
    }
    None
}

/// A filter that looks at who asks, before anybody looks at credentials.
async fn bot_filter(scene: &mut Scene<'_>, request: &Request, refusal: &Answer) {
    let challenged = refusal.fields.has("www-authenticate");
    let alike = scene
        .baseline
        .none
        .as_ref()
        .is_none_or(|none| none.status == refusal.status);
    if scene.is_proven()
        || scene.is_told()
        || challenged
        || !alike
        || !matches!(refusal.status, 401 | 403 | 406 | 429 | 503)
    {
        return;
    }
    as_a_browser(scene, request).await;
}

/// Whether the words of the refusal have said that a filter in front goes by who asks.
fn is_told_to_go_by_the_agent(scene: &Scene<'_>) -> bool {
    scene.findings.iter().any(|finding| {
        finding.cause == Cause::EdgeRefused
            && finding.weight == Weight::Proof
            && finding
                .fix
                .as_ref()
                .is_some_and(|fix| fix.command.is_none() && fix.text.contains("User-Agent"))
    })
}

/// The same request with the user agent of a browser.
async fn as_a_browser(scene: &mut Scene<'_>, request: &Request) {
    let agent = request
        .fields
        .text("user-agent")
        .unwrap_or_default()
        .into_owned();
    if agent.contains("Mozilla/") {
        return;
    }
    let mut changed = request.clone();
    changed.fields.set("User-Agent", BROWSER);
    if !changed.fields.has("accept-language") {
        changed.fields.add("Accept-Language", "en");
    }
    let why = "the same with the user agent of a browser";
    if let Trial::Passed(answer) = trial::run(scene, &changed, why).await {
        let evidence = format!(
            "with the user agent of a browser the same request is answered {}",
            answer.status
        );
        let fix = Fix::new(
            Cause::EdgeRefused.entry().who,
            "let the filter in front pass this client: by its own rule, not by a borrowed user agent",
        )
        .with_command(command::curl(scene.case, &changed));
        scene.found(Finding::new(Cause::EdgeRefused, Weight::Proof, evidence).with_fix(fix));
    }
}
