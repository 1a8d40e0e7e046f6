//! Is the refusal the same each time? The same request again, a few times, until one is answered otherwise.
//!
//! Knows: how often a request may be repeated. A password is tried once more at most: repeated failures lock accounts.

use std::fmt::Write as _;

use countersign_cause::Cause;

use crate::ask::trial::passes;
use crate::credential::{Carrier, Credential, credentials_of};
use crate::finding::{Finding, Fix, Weight};
use crate::message::{Answer, Request};
use crate::scene::Scene;

/// How often a refused request of a session is sent again: what one instance has in its memory, another has not.
const SESSION_REPEATS_MAX: usize = 5;
/// The same for a key or a token, which instances have to share less often.
const KEY_REPEATS_MAX: usize = 3;
/// The same where another cause has been all but shown.
const DOUBTFUL_REPEATS_MAX: usize = 1;
/// The same where the request carries a user's own password.
const PASSWORD_REPEATS_MAX: usize = 1;
/// How often an accepted request is sent again: whoever asks has seen it refused.
const ACCEPTED_REPEATS_MAX: usize = 2;
/// How often it is sent after an answer of the other kind, to see both kinds alternate. Two in a row meet both of two
/// instances that take turns.
const CONFIRMING_MAX: usize = 2;
/// So many requests are left to others.
const LEFT_MIN: usize = 2;

/// Repeats the request.
pub(crate) async fn ask(scene: &mut Scene<'_>) {
    let (Some(request), Some(answer)) =
        (scene.baseline.request.clone(), scene.baseline.given.clone())
    else {
        return;
    };
    if is_limit(&answer) {
        return limited_at_once(scene, &answer);
    }
    // What may change something would change it again.
    if !request.is_safe() {
        return;
    }
    let credentials = credentials_of(&request);
    if scene.is_proven() || credentials.is_empty() || answer.from_proxy {
        return;
    }
    let repeats_max = match answer.status {
        401 | 403 | 419 | 440 => repeats_max(scene, &credentials),
        200..300 if !has_password(&credentials) => ACCEPTED_REPEATS_MAX,
        _ => return,
    };
    let mut seen = Seen::default();
    seen.note(answer);
    for _ in 0..repeats_max {
        match again(scene, &request, &mut seen).await {
            Some(true) => {
                confirm(scene, &request, &mut seen).await;
                return conclude(scene, &seen);
            }
            Some(false) => {}
            None => return,
        }
    }
}

/// Whether a changed request that was let through makes the difference: it is let through again, and the given one is
/// refused still. Where instances disagree, or a credential has just become known, it is not the change. A change of the
/// secret itself is: no instance takes it in a form that it does not read. A scheme word is not: many servers take a
/// token with any, or none.
pub(super) async fn is_still_refused(scene: &mut Scene<'_>, changed: &Request) -> bool {
    let Some(request) = scene.baseline.request.clone() else {
        return true;
    };
    let Some(refusal) = scene.refusal().cloned() else {
        return true;
    };
    let credentials = credentials_of(&request);
    let kept = credentials_of(changed);
    let is_untouched = !kept.is_empty()
        && kept.len() == credentials.len()
        && kept.iter().all(|one| is_among(one, &credentials));
    // What may change something has done so, and would do so again.
    if !changed.is_safe() || !is_untouched || has_password(&credentials) || request == *changed {
        return true;
    }
    // Of instances that take turns, the next one is another.
    let holds = is_let_through_again(scene, changed, &refusal).await;
    let mut seen = Seen::default();
    seen.note(refusal);
    let repeats_max = match holds {
        true => CONFIRMING_MAX - 1,
        false => KEY_REPEATS_MAX,
    };
    for _ in 0..repeats_max {
        match again(scene, &request, &mut seen).await {
            Some(true) => {
                confirm(scene, &request, &mut seen).await;
                conclude(scene, &seen);
                return false;
            }
            Some(false) => {}
            None => return holds,
        }
    }
    holds
}

/// Whether an answer that is another kind of refusal than before, 403 for 401 or the other way round, comes of the change:
/// instances that disagree answer equal requests so as well. Two in a row meet both of two that take turns.
pub(super) async fn is_steady(scene: &mut Scene<'_>, changed: &Answer) -> bool {
    let (Some(request), Some(refusal)) = (scene.baseline.request.clone(), scene.refusal().cloned())
    else {
        return true;
    };
    let is_other_refusal = matches!((refusal.status, changed.status), (401, 403) | (403, 401));
    if !is_other_refusal || !request.is_safe() || has_password(&credentials_of(&request)) {
        return true;
    }
    let mut seen = Seen::default();
    seen.note(refusal);
    for _ in 0..CONFIRMING_MAX {
        match again(scene, &request, &mut seen).await {
            Some(true) => {
                confirm(scene, &request, &mut seen).await;
                conclude(scene, &seen);
                return false;
            }
            Some(false) => {}
            None => return true,
        }
    }
    true
}

async fn is_let_through_again(scene: &mut Scene<'_>, changed: &Request, refusal: &Answer) -> bool {
    if scene.prober.left() <= LEFT_MIN {
        return true;
    }
    let why = "the changed request again, to see whether the change is what counts";
    let answer = scene.prober.send(changed, why).await;
    answer.is_ok_and(|answer| passes(&answer, refusal))
}

fn is_among(one: &Credential, all: &[Credential]) -> bool {
    all.iter()
        .any(|other| one.carrier == other.carrier && one.secret.expose() == other.secret.expose())
}

fn repeats_max(scene: &Scene<'_>, credentials: &[Credential]) -> usize {
    let strong = |finding: &Finding| finding.weight >= Weight::Strong;
    if has_password(credentials) {
        PASSWORD_REPEATS_MAX
    } else if scene.findings.iter().any(strong) {
        DOUBTFUL_REPEATS_MAX
    } else if credentials
        .iter()
        .any(|credential| credential.carrier == Carrier::Cookie)
    {
        SESSION_REPEATS_MAX
    } else {
        KEY_REPEATS_MAX
    }
}

/// Sends it once more; whether the answer is of the other kind than the first. `None` ends it.
async fn again(scene: &mut Scene<'_>, request: &Request, seen: &mut Seen) -> Option<bool> {
    if scene.prober.left() <= LEFT_MIN {
        return None;
    }
    let why = "the very same request again";
    let answer = scene.prober.send(request, why).await.ok()?;
    if is_limit(&answer) {
        limited_on_the_way(scene, seen.all.len(), &answer);
        return None;
    }
    let differs = seen
        .all
        .first()
        .is_some_and(|first| are_of_two_kinds(first, &answer));
    let is_telling = answer.is_success() || matches!(answer.status, 401 | 403 | 419 | 440);
    if is_telling {
        seen.note(answer);
    }
    Some(differs && is_telling)
}

/// Whether it was once refused and then let through for good, or goes to and fro.
async fn confirm(scene: &mut Scene<'_>, request: &Request, seen: &mut Seen) {
    for _ in 0..CONFIRMING_MAX {
        match again(scene, request, seen).await {
            Some(true) => {}
            Some(false) | None => return,
        }
    }
}

/// Whether one is let through and the other is not, or one knows who asks (403) and the other does not (401).
fn are_of_two_kinds(one: &Answer, other: &Answer) -> bool {
    one.is_success() != other.is_success()
        || matches!((one.status, other.status), (401, 403) | (403, 401))
}

/// The answers to equal requests, in order.
#[derive(Default)]
struct Seen {
    all: Vec<Answer>,
}

impl Seen {
    fn note(&mut self, answer: Answer) {
        self.all.push(answer);
    }

    fn passed(&self) -> usize {
        self.all.iter().filter(|answer| answer.is_success()).count()
    }

    /// Whether the kinds of answers changed more than once: a credential that has just become known changes it once.
    fn alternates(&self) -> bool {
        let changes = self.all.windows(2).filter(|pair| match pair {
            [one, other] => are_of_two_kinds(one, other),
            _ => false,
        });
        changes.count() > 1
    }
}

fn conclude(scene: &mut Scene<'_>, seen: &Seen) {
    let (passed, all) = (seen.passed(), seen.all.len());
    let statuses: Vec<String> = seen
        .all
        .iter()
        .map(|answer| answer.status.to_string())
        .collect();
    let order = statuses.join(", ");
    let mut evidence = match passed {
        0 => format!(
            "{all} equal requests were refused in two ways, as by one who knows the caller (403) and one who does not (401), in this order: {order}"
        ),
        _ => format!("of {all} equal requests {passed} were let through, in this order: {order}"),
    };
    if let Some((name, refusing, passing)) = instances(seen) {
        // Writing to a string does not fail.
        let _ = write!(
            evidence,
            "; `{name}` says `{refusing}` where it is refused and `{passing}` where it is not"
        );
    }
    let from_refused = seen.all.first().is_some_and(|first| !first.is_success());
    // A change for once may be anything: a credential that has just become known, a session that has just ended.
    let weight = match (seen.alternates(), from_refused) {
        (true, _) => Weight::Proof,
        (false, true) if passed > 0 => Weight::Strong,
        (false, true | false) => Weight::Fair,
    };
    let fix = Fix::new(
        Cause::SessionNotShared.entry().who,
        "let all instances share one session store and the same keys, or keep each session at its instance",
    );
    scene.found(Finding::new(Cause::SessionNotShared, weight, evidence).with_fix(fix));
    if from_refused && passed > 0 && !seen.alternates() {
        let evidence =
            "it was refused at first and let through afterwards, without any change to it";
        scene.found(Finding::new(
            Cause::CredentialNotActiveYet,
            Weight::Fair,
            evidence,
        ));
    }
}

/// A field that tells the instances apart: its name, who refuses and who does not.
fn instances(seen: &Seen) -> Option<(&'static str, String, String)> {
    const FIELDS: [&str; 14] = [
        "X-Served-By",
        "X-Backend",
        "X-Backend-Server",
        "X-Upstream",
        "X-Instance",
        "X-Instance-Id",
        "X-Server",
        "X-Server-Name",
        "X-Hostname",
        "X-Host",
        "X-Pod",
        "X-Node",
        "Via",
        "Server",
    ];
    let refusing = seen.all.iter().find(|answer| !answer.is_success())?;
    let passing = seen.all.iter().find(|answer| answer.is_success())?;
    FIELDS.into_iter().find_map(|name| {
        let of = |answer: &Answer| Some(answer.fields.text(name)?.into_owned());
        let (one, other) = (of(refusing)?, of(passing)?);
        (one != other).then_some((name, one, other))
    })
}

fn has_password(credentials: &[Credential]) -> bool {
    credentials.iter().any(|credential| {
        credential.is("basic") || credential.is("digest") || credential.variable() == "PASSWORD"
    })
}

/// RFC 6585 section 4: 429 says that there were too many requests. `Retry-After` beside a refusal says so as well.
fn is_limit(answer: &Answer) -> bool {
    answer.status == 429 || matches!(answer.status, 401 | 403) && answer.fields.has("retry-after")
}

fn limit_words(answer: &Answer) -> String {
    match answer.fields.text("retry-after") {
        Some(after) => format!("{} with `Retry-After: {}`", answer.status, after.trim()),
        None => answer.status.to_string(),
    }
}

fn limited_at_once(scene: &mut Scene<'_>, answer: &Answer) {
    let weight = match answer.status {
        429 => Weight::Proof,
        _ => Weight::Strong,
    };
    let evidence = format!("the answer is {}", limit_words(answer));
    scene.found(Finding::new(Cause::RateLimited, weight, evidence));
}

fn limited_on_the_way(scene: &mut Scene<'_>, repeats: usize, answer: &Answer) {
    let evidence = format!(
        "after {repeats} equal requests the answer is {}",
        limit_words(answer)
    );
    scene.found(Finding::new(Cause::RateLimited, Weight::Fair, evidence));
}
