//! Does the server see another address than the client? The challenge answered once more, for the path behind a prefix.
//!
//! Knows: proxies that take a prefix off the path. Runs only where something shows that there is one.

use countersign_cause::Cause;
use countersign_wire::digest::client::Asked;

use crate::ask::digest::answering::{self, Answering, Pair};
use crate::finding::{Finding, Fix, Weight};
use crate::message::{Answer, Request};
use crate::scene::Scene;

/// Answers the challenge for the address without its first segment. Whether that was let through.
pub(super) async fn ask(
    scene: &mut Scene<'_>,
    request: &Request,
    refused: &Answer,
    pair: &Pair,
) -> bool {
    let Some((prefix, inner)) = behind_prefix(request) else {
        return false;
    };
    let Some(asked) = challenge(scene, request, refused).await else {
        return false;
    };
    let why = "the challenge answered for the path that an application behind the proxy would see";
    let Answering::Passed(answer) =
        answering::answer_for(scene, request, &asked, pair, &inner, why).await
    else {
        return false;
    };
    let cause = Cause::DigestUriMismatch;
    let evidence = format!(
        "the challenge answered for the path without `{prefix}` is answered {}, for the path that was asked for it is refused: a proxy takes `{prefix}` away",
        answer.status
    );
    let fix = Fix::new(cause.entry().who, cause.entry().fix);
    scene.found(Finding::new(cause, Weight::Proof, evidence).with_fix(fix));
    let excluded = Finding::new(Cause::CredentialsRejected, Weight::Excludes, String::new());
    scene.found(excluded);
    true
}

/// The challenge to answer once more; `None` where nothing shows that there is a proxy.
async fn challenge(scene: &mut Scene<'_>, request: &Request, refused: &Answer) -> Option<Asked> {
    // The address was refused, the password not even looked at, and with it went the challenge.
    if refused.status == 400 {
        return answering::latest(scene, request).await;
    }
    let asked = answering::newest(refused)?;
    is_behind_proxy(refused, &asked.nonce).then_some(asked)
}

/// The first segment of the path, and the target without it.
fn behind_prefix(request: &Request) -> Option<(String, String)> {
    let target = answering::target(request);
    let (first, rest) = target.strip_prefix('/')?.split_once('/')?;
    (!first.is_empty()).then(|| (format!("/{first}"), format!("/{rest}")))
}

/// What stands in front of applications and says so.
fn is_behind_proxy(answer: &Answer, nonce: &str) -> bool {
    const PASSED_ON: [&str; 6] = [
        "via",
        "x-forwarded-for",
        "x-forwarded-prefix",
        "x-envoy-upstream-service-time",
        "x-cache",
        "x-served-by",
    ];
    let server = answer.fields.text("server").unwrap_or_default();
    let server = server.to_ascii_lowercase();
    let without_digest = [
        "nginx",
        "openresty",
        "tengine",
        "caddy",
        "envoy",
        "haproxy",
        "cloudflare",
        "varnish",
        "traefik",
    ];
    let named = without_digest.iter().any(|name| server.contains(name));
    let apache = server.contains("apache") && !is_of_apache(nonce);
    named || apache || PASSED_ON.iter().any(|name| answer.fields.has(name))
}

/// Whether Apache itself made the nonce, and checks Digest without an application behind it: twelve characters of
/// base64 for the time and a SHA-1 in hexadecimal digits.
fn is_of_apache(nonce: &str) -> bool {
    nonce.split_at_checked(12).is_some_and(|(time, hash)| {
        time.ends_with('=') && hash.len() == 40 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}
