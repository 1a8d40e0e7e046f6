//! Credentials of Digest that the client computed itself, against the challenge.
//!
//! Knows: what a difference to the challenge means. Does not know the password; see `recomputed`.

use countersign_cause::Cause;
use countersign_wire::Challenge;
use countersign_wire::digest::client::{Asked, asked};
use countersign_wire::digest::server::{Credentials, Difference};
use countersign_wire::digest::{SecretHash, Target};

use crate::ask::digest::answering::{Pair, target};
use crate::ask::digest::{offered, recorded};
use crate::case::Case;
use crate::finding::{Finding, Fix, Weight};
use crate::message::{Answer, Request};
use crate::percent;
use crate::scene::Scene;

/// What the client may have done wrong.
pub(super) struct Suspicion {
    pub(super) cause: Cause,
    /// How much it says without an experiment.
    pub(super) weight: Weight,
    pub(super) evidence: String,
    fix: Option<&'static str>,
    /// Whether the server said so itself.
    pub(super) is_told: bool,
}

impl Suspicion {
    pub(super) fn new(cause: Cause, weight: Weight, evidence: impl Into<String>) -> Suspicion {
        Suspicion {
            cause,
            weight,
            evidence: evidence.into(),
            fix: None,
            is_told: false,
        }
    }

    pub(super) const fn with_fix(mut self, fix: &'static str) -> Suspicion {
        self.fix = Some(fix);
        self
    }

    /// Whether it is about the nonce alone, and not about how the response was computed.
    pub(super) const fn is_of_nonce(&self) -> bool {
        matches!(
            self.cause,
            Cause::DigestNonceStale | Cause::DigestNonceReplayed
        )
    }

    pub(super) fn fix(&self) -> &'static str {
        self.fix.unwrap_or(self.cause.entry().fix)
    }
}

/// Notes suspicions that no experiment bore out.
pub(super) fn suspect(scene: &mut Scene<'_>, suspicions: Vec<Suspicion>) {
    for suspicion in suspicions {
        let fix = Fix::new(suspicion.cause.entry().who, suspicion.fix());
        let finding = Finding::new(suspicion.cause, suspicion.weight, suspicion.evidence);
        scene.found(finding.with_fix(fix));
    }
}

/// The response is right for the login, and so the nonce is what is left.
pub(super) fn old_nonce() -> Suspicion {
    Suspicion::new(
        Cause::DigestNonceStale,
        Weight::Strong,
        "the response is the right one for this login and this address, with a nonce of an earlier challenge",
    )
    .with_fix("compute the response anew with the nonce of the newest challenge: a line of Digest credentials holds for one request only")
}

/// The nonce is still taken with a higher count.
pub(super) fn used_count(credentials: &Credentials) -> Suspicion {
    let evidence = format!(
        "the same nonce is accepted with a higher count than `nc={}`: that one was used before",
        credentials.nc_word().unwrap_or_default()
    );
    Suspicion::new(Cause::DigestNonceReplayed, Weight::Strong, evidence)
}

/// The challenge that the credentials answered, as far as it can be known from a later one of the same server.
pub(super) fn answered_challenge(
    offered: &[Challenge],
    credentials: &Credentials,
) -> Option<Asked> {
    let mut asked = nearest(offered, credentials)?;
    asked.nonce = credentials.nonce().into();
    asked.opaque = credentials.opaque().map(Into::into);
    Some(asked)
}

/// Everything that the credentials by themselves show, the most telling first.
pub(super) fn compare(
    case: &Case,
    request: &Request,
    refusal: &Answer,
    otherwise: &[Challenge],
    credentials: &Credentials,
) -> Vec<Suspicion> {
    let own = offered(refusal);
    let offered = match own.is_empty() {
        true => otherwise,
        false => own.as_slice(),
    };
    let mut found = Vec::new();
    found.extend(stale(offered));
    let history = recorded::suspicions(case, credentials);
    let in_history = !history.is_empty();
    found.extend(history);
    found.extend(address(request, refusal, credentials));
    let answered = recorded::challenge_of(case, credentials);
    let is_the_one = answered.is_some();
    if let Some(asked) = answered.or_else(|| nearest(offered, credentials)) {
        found.extend(differences(&asked, credentials, is_the_one));
        let same_nonce = *asked.nonce == *credentials.nonce();
        if found.is_empty() && !in_history && !is_the_one && !same_nonce {
            found.extend(another_nonce(case));
        }
    }
    found
}

/// Whether the response is the one of this login for this request.
pub(super) fn fits(request: &Request, credentials: &Credentials, pair: &Pair) -> bool {
    let Some(algorithm) = credentials.algorithm() else {
        return false;
    };
    let secret = SecretHash::of_password(
        algorithm,
        credentials.user_charset(),
        &pair.user,
        credentials.realm(),
        pair.password.expose(),
    );
    let uri = target(request);
    let target = Target {
        method: &request.method,
        uri: &uri,
        body: request.body.as_deref(),
    };
    credentials.fits(&secret, &target)
}

/// The server's own word that nothing but the nonce was too old.
fn stale(offered: &[Challenge]) -> Option<Suspicion> {
    let is_stale = offered
        .iter()
        .filter_map(|one| asked(one).ok())
        .any(|asked| asked.stale);
    let evidence = "the refusal says `stale=true`: the response was right, and its nonce too old";
    let mut told = Suspicion::new(Cause::DigestNonceStale, Weight::Strong, evidence);
    told.is_told = true;
    is_stale.then_some(told)
}

/// RFC 7616 section 3.4: `uri` is the request target, as it is in the request line.
fn address(request: &Request, refusal: &Answer, credentials: &Credentials) -> Option<Suspicion> {
    let own = target(request);
    let written = credentials.uri();
    let absolute = request.url.as_str();
    if written == own || written == absolute || request.method == "CONNECT" {
        // RFC 7616 section 3.4.6: what the server sees otherwise it SHOULD refuse with 400.
        return (refusal.status == 400).then(|| {
            Suspicion::new(
                Cause::DigestUriMismatch,
                Weight::Strong,
                "the `uri` is that of the request, and the server says 400 to it: something in between changed the address",
            )
        });
    }
    let without_query = |text: &str| text.split('?').next().unwrap_or_default().to_owned();
    let (own_path, written_path) = (without_query(&own), without_query(written));
    let what = if own_path == written_path {
        match written.contains('?') {
            true => "has another query than the request".to_owned(),
            false => "leaves out the query of the request".to_owned(),
        }
    } else if percent::decoded(own_path.as_bytes()) == percent::decoded(written_path.as_bytes()) {
        "is percent-encoded in another way than the request".to_owned()
    } else {
        format!("names the path `{written_path}`, and the request goes to `{own_path}`")
    };
    let evidence = format!("the `uri` of the credentials {what}");
    Some(
        Suspicion::new(Cause::DigestUriMismatch, Weight::Strong, evidence).with_fix(
            "compute the response over path and query exactly as they are in the request line, after every change that the client makes to them",
        ),
    )
}

/// Of several challenges the one that the credentials answer best.
fn nearest(offered: &[Challenge], credentials: &Credentials) -> Option<Asked> {
    let readable = offered.iter().filter_map(|one| asked(one).ok());
    readable.min_by_key(|asked| credentials.differences(asked).len())
}

/// The nonce is of a challenge that is not in the recording.
fn another_nonce(case: &Case) -> Option<Suspicion> {
    // In a recording every answer has a nonce of its own, and that says nothing.
    let weight = match case.answer {
        Some(_) => Weight::Slight,
        None => Weight::Fair,
    };
    Some(
        Suspicion::new(
            Cause::DigestNonceStale,
            weight,
            "the credentials answer an earlier challenge, with another nonce than the one that is offered now",
        )
        .with_fix("let the client answer each challenge by itself: a line of Digest credentials that was copied holds for one request and a short time"),
    )
}

fn differences(asked: &Asked, credentials: &Credentials, is_the_one: bool) -> Vec<Suspicion> {
    let found = credentials.differences(asked);
    let other_algorithm = found
        .iter()
        .any(|one| matches!(one, Difference::Algorithm | Difference::AlgorithmMissing));
    found
        .into_iter()
        .filter_map(|difference| match difference {
            Difference::Realm => Some(realm(asked, credentials)),
            // That is what the recording tells; see `recorded`.
            Difference::Nonce => None,
            // Made anew with the nonce, and so it counts only for the very challenge that was answered.
            Difference::Opaque if !is_the_one => None,
            Difference::Opaque => Some(Suspicion::new(
                Cause::DigestChallengeMisread,
                Weight::Fair,
                "`opaque` did not go back as it came",
            )),
            Difference::AlgorithmMissing | Difference::Algorithm => {
                Some(algorithm(asked, credentials))
            }
            // A response is as long as its algorithm makes it: said above.
            Difference::ResponseLength if other_algorithm => None,
            Difference::ResponseLength => Some(Suspicion::new(
                Cause::HeaderMalformed,
                Weight::Fair,
                format!(
                    "`response` has {} digits, and {} makes {}",
                    credentials.response().len(),
                    asked.algorithm,
                    asked.algorithm.hash.hex_digits()
                ),
            )),
            Difference::QopList => Some(Suspicion::new(
                Cause::DigestChallengeMisread,
                Weight::Strong,
                "the list of `qop` from the challenge went back as one value",
            ).with_fix("choose one quality out of the list, `auth`, and use that word in the field and in the hash")),
            Difference::QopMissing
            | Difference::QopNotOffered
            | Difference::NcMissing
            | Difference::NcMalformed
            | Difference::CnonceMissing => Some(qop(asked, credentials, difference)),
        })
        .collect()
}

fn realm(asked: &Asked, credentials: &Credentials) -> Suspicion {
    let why = match asked.realm.contains([',', '"', '\\', ';', '=']) {
        true => ": it was taken apart at the wrong place",
        false => "",
    };
    let evidence = format!(
        "the realm of the challenge is `{}`, and the credentials are for `{}`{why}",
        asked.realm,
        credentials.realm()
    );
    Suspicion::new(Cause::DigestChallengeMisread, Weight::Strong, evidence)
}

fn algorithm(asked: &Asked, credentials: &Credentials) -> Suspicion {
    let used = credentials
        .algorithm_word()
        .unwrap_or("none, which means MD5");
    let evidence = format!(
        "the challenge names the algorithm {}, and the credentials {used}",
        asked.algorithm
    );
    Suspicion::new(Cause::DigestAlgorithmUnsupported, Weight::Strong, evidence)
}

fn qop(asked: &Asked, credentials: &Credentials, difference: Difference) -> Suspicion {
    let offered: Vec<&str> = asked.qop.iter().map(|qop| qop.word()).collect();
    let offered = match offered.is_empty() {
        true => "no qop".to_owned(),
        false => format!("qop {}", offered.join(", ")),
    };
    let what = match difference {
        Difference::QopMissing => "use none".to_owned(),
        Difference::NcMissing => "have no `nc`".to_owned(),
        Difference::NcMalformed => "have an `nc` that is not eight hexadecimal digits".to_owned(),
        Difference::CnonceMissing => "have no `cnonce`".to_owned(),
        Difference::QopNotOffered
        | Difference::QopList
        | Difference::Realm
        | Difference::Nonce
        | Difference::Opaque
        | Difference::AlgorithmMissing
        | Difference::Algorithm
        | Difference::ResponseLength => {
            format!("use `{}`", credentials.qop_word().unwrap_or_default())
        }
    };
    let evidence = format!("the challenge offers {offered}, and the credentials {what}");
    Suspicion::new(Cause::DigestQopUnsupported, Weight::Strong, evidence)
}
