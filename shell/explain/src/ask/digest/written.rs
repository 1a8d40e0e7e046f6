//! The client wrote credentials of Digest itself: what is wrong with them, and whether a proper answer is taken.
//!
//! Knows: which experiment bears out which suspicion. Does not know how a suspicion comes about; see `sent`.

use countersign_cause::Cause;
use countersign_wire::Challenge;
use countersign_wire::digest::server::{Credentials, parse};

use crate::ask::digest::answering::{self, Answering, Pair};
use crate::ask::digest::sent::{self, Suspicion};
use crate::ask::digest::told::{rejected, stale_again, unanswerable, with};
use crate::ask::digest::{login, recomputed, recorded};
use crate::credential::Credential;
use crate::finding::{Finding, Fix, Weight};
use crate::message::{Answer, Request};
use crate::scene::Scene;

/// The client wrote the credentials itself.
pub(super) async fn ask(
    scene: &mut Scene<'_>,
    request: &Request,
    refusal: &Answer,
    offered: &[Challenge],
    sent: &Credential,
) {
    let credentials = match parse(sent.secret.expose()) {
        Ok(credentials) => credentials,
        Err(_) if has_list_of_qop(sent.secret.expose()) => {
            let cause = Cause::DigestChallengeMisread;
            let evidence = "the credentials of `Digest` have the challenge's list in `qop`, where the one that was chosen belongs: `qop=auth`";
            return scene.found(Finding::new(cause, Weight::Strong, evidence));
        }
        Err(defect) => {
            let evidence = format!(
                "the credentials of `Digest` cannot be read: {}",
                defect.detail
            );
            return scene.found(Finding::new(defect.cause, Weight::Strong, evidence));
        }
    };
    let given = scene.case.request.as_ref().unwrap_or(request);
    let pair = login(scene).filter(|pair| {
        // Another login's response would be an attempt on that one.
        credentials.is_user_hash() || credentials.user() == pair.user
    });
    // What was refused then tells more than what is refused now, when the nonce is older.
    let told = scene.case.answer.as_ref().unwrap_or(refusal);
    let mut suspicions = sent::compare(scene.case, given, told, offered, &credentials);
    if suspicions.is_empty() {
        suspicions.extend(in_quotes(sent.secret.expose(), pair.is_some()));
    }
    let Some(pair) = pair else {
        return sent::suspect(scene, suspicions);
    };
    let fits = sent::fits(given, &credentials, &pair);
    if !fits {
        let found = recomputed::suspicions(given, offered, &credentials, &pair);
        if !found.is_empty() {
            suspicions.retain(|one| !one.is_of_nonce() || one.is_told);
        }
        suspicions.extend(found);
    }
    match answering::answer(scene, request, offered, &pair).await {
        Answering::Passed(answer) => {
            if fits {
                suspicions = nonce(scene, request, offered, &credentials, &pair, suspicions).await;
            }
            prove(scene, request, &pair, answer.status, suspicions);
        }
        Answering::Refused(answer) => {
            // A nonce made a moment before did not help.
            suspicions.retain(|one| !one.is_of_nonce() || one.is_told);
            sent::suspect(scene, suspicions);
            rejected(scene, request, &pair, &answer).await;
        }
        Answering::StaleAgain => stale_again(scene),
        Answering::Unanswerable(misreading) => unanswerable(scene, misreading),
        Answering::Unclear(_) | Answering::NotSent => sent::suspect(scene, suspicions),
    }
}

/// Whether the challenge's list of `qop` was copied whole and without its quotes: what follows the comma is no parameter.
fn has_list_of_qop(list: &[u8]) -> bool {
    let text = String::from_utf8_lossy(list).to_ascii_lowercase();
    let mut parts = text.split(',').map(str::trim);
    let is_qop = |part: &str| part.starts_with("qop=") && !part.contains('"');
    parts.any(is_qop) && matches!(parts.next(), Some("auth" | "auth-int"))
}

/// RFC 7616 section 3.4: `algorithm`, `qop` and `nc` MUST NOT be in quotes. Many a client has the first two in them, so that
/// these count only where an experiment can tell.
fn in_quotes(list: &[u8], can_be_tried: bool) -> Option<Suspicion> {
    let text = String::from_utf8_lossy(list).to_ascii_lowercase();
    let mut is_quoted = false;
    let parts = text.split(|letter: char| {
        is_quoted ^= letter == '"';
        letter == ',' && !is_quoted
    });
    let words = ["nc", "qop", "algorithm"];
    let names: Vec<&str> = parts
        .filter_map(|part| part.trim().split_once("=\""))
        .map(|(name, _)| name.trim())
        .collect();
    let quoted: Vec<&str> = words
        .into_iter()
        .filter(|word| names.contains(word))
        .collect();
    let first = quoted.first()?;
    let weight = match *first {
        "nc" => Weight::Fair,
        _ if can_be_tried => Weight::Slight,
        _ => return None,
    };
    let evidence = format!(
        "the credentials of `Digest` have {} in quotes, where none may be (RFC 7616 section 3.4)",
        quoted.join(", ")
    );
    let fix = "write `qop=auth`, `nc=00000001` and `algorithm=MD5` without quotes, or let a library answer the challenge";
    Some(Suspicion::new(Cause::HeaderMalformed, weight, evidence).with_fix(fix))
}

/// The response was the right one. Was the nonce too old, or its count used before?
async fn nonce(
    scene: &mut Scene<'_>,
    request: &Request,
    offered: &[Challenge],
    credentials: &Credentials,
    pair: &Pair,
    mut suspicions: Vec<Suspicion>,
) -> Vec<Suspicion> {
    let is_told = suspicions.iter().any(|one| one.is_told);
    if is_told || !suspicions.iter().all(Suspicion::is_of_nonce) {
        return suspicions;
    }
    let earlier = sent::answered_challenge(offered, credentials);
    let (Some(earlier), Some(count)) = (earlier, credentials.nc()) else {
        suspicions.push(sent::old_nonce());
        return suspicions;
    };
    let count = recorded::highest_count(scene.case, credentials).max(count);
    match answering::takes_higher_count(scene, request, &earlier, count.saturating_add(1), pair)
        .await
    {
        Some(true) => vec![sent::used_count(credentials)],
        Some(false) => {
            suspicions.retain(|one| one.cause == Cause::DigestNonceStale);
            suspicions.push(sent::old_nonce());
            suspicions
        }
        None => suspicions,
    }
}

/// A proper answer with the same login is accepted: what the client did otherwise is the fault.
fn prove(
    scene: &mut Scene<'_>,
    request: &Request,
    pair: &Pair,
    status: u16,
    suspicions: Vec<Suspicion>,
) {
    let mut causes: Vec<Cause> = suspicions.iter().map(|one| one.cause).collect();
    causes.dedup();
    let weight = match causes.len() {
        1 => Weight::Proof,
        // Which of several faults counted is not settled by mending all of them.
        _ => Weight::Strong,
    };
    let command = answering::command(scene.case, request, pair);
    if suspicions.is_empty() {
        let evidence = format!(
            "the challenge answered properly with the same login is answered {status}: the login is right, and what the client computed is not"
        );
        let cause = Cause::DigestChallengeMisread;
        let fix = with(Fix::new(cause.entry().who, cause.entry().fix), command);
        return scene.found(Finding::new(cause, Weight::Strong, evidence).with_fix(fix));
    }
    for suspicion in suspicions {
        let evidence = format!(
            "{}; the challenge answered properly with the same login is answered {status}",
            suspicion.evidence
        );
        let fix = Fix::new(suspicion.cause.entry().who, suspicion.fix());
        let fix = with(fix, command.clone());
        scene.found(Finding::new(suspicion.cause, weight, evidence).with_fix(fix));
    }
    let excluded = Finding::new(Cause::CredentialsRejected, Weight::Excludes, String::new());
    scene.found(excluded);
}

#[cfg(test)]
mod tests {
    use super::{Weight, in_quotes};

    #[test]
    fn rfc7616_section_3_4_what_is_not_quoted() {
        let weight = |list: &str, can_be_tried| {
            in_quotes(list.as_bytes(), can_be_tried).map(|suspicion| suspicion.weight)
        };
        let all = "username=\"a\", realm=\"b, nc=\", qop=\"auth\", nc=\"00000001\"";
        assert_eq!(weight(all, false), Some(Weight::Fair));
        // So many a library writes it: only an experiment can tell.
        let qop = "username=\"a\", qop=\"auth\", nc=00000001, algorithm=\"MD5\"";
        assert_eq!(weight(qop, true), Some(Weight::Slight));
        assert_eq!(weight(qop, false), None);
        let right = "username=\"a, nc=\", qop=auth, nc=00000001, algorithm=MD5";
        assert_eq!(weight(right, true), None);
    }
}
