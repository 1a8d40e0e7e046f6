//! Servers that refuse the nonces that they make, without a word of it.
//!
//! Knows: the shape of such nonces. Sends nothing: from outside the refusal is that of a wrong password.

use countersign_cause::Cause;

use crate::ask::digest::offered;
use crate::finding::{Finding, Fix, Weight};
use crate::message::Answer;
use crate::scene::Scene;

/// The last version of lighttpd that was seen to refuse every nonce that it makes with `nonce_secret`.
const LIGHTTPD_WITH_FAULT: [u32; 3] = [1, 4, 69];

/// Notes the server's fault where its nonces show it. Whether they do.
pub(super) fn note(scene: &mut Scene<'_>, answer: &Answer) -> bool {
    let baseline = &scene.baseline;
    let known = [&baseline.given, &baseline.none, &baseline.made_up];
    let answers: Vec<&Answer> = known.into_iter().flatten().chain([answer]).collect();
    let nonces: Vec<String> = answers
        .iter()
        .flat_map(|answer| offered(answer))
        .filter_map(|challenge| challenge.param("nonce").map(str::to_owned))
        .collect();
    if nonces.is_empty() || !nonces.iter().all(|nonce| is_with_secret(nonce)) {
        return false;
    }
    let is_extended = nonces.iter().any(|nonce| is_sign_extended(nonce));
    let is_of_fault = version(answer).is_some_and(|version| version <= LIGHTTPD_WITH_FAULT);
    if !is_extended && !is_of_fault {
        return false;
    }
    let cause = Cause::VerifierMisconfigured;
    let evidence = "the nonces are those of lighttpd with `nonce_secret`, which versions up to 1.4.69 refuse themselves: a proper answer gets a new challenge, without `stale=true`";
    let text = "take `nonce_secret` out of `auth.require`, or update lighttpd: until then no login is accepted here";
    let fix = Fix::new(cause.entry().who, text);
    scene.found(Finding::new(cause, Weight::Strong, evidence).with_fix(fix));
    scene.found(Finding::new(
        Cause::DigestNonceStale,
        Weight::Slight,
        evidence,
    ));
    true
}

/// `time ":" random ":" hash`, in hexadecimal digits. Without the secret there is no random part.
fn is_with_secret(nonce: &str) -> bool {
    let parts: Vec<&str> = nonce.split(':').collect();
    let is_hex =
        |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    parts.iter().all(is_hex)
        && matches!(parts.as_slice(), [time, _, hash] if time.len() == 8 && hash.len() >= 32)
}

/// A negative number of 32 bits that was written as one of 64.
fn is_sign_extended(nonce: &str) -> bool {
    let random = nonce.split(':').nth(1).unwrap_or_default();
    random.len() == 16 && random.starts_with("ffffffff")
}

fn version(answer: &Answer) -> Option<[u32; 3]> {
    let server = answer.fields.text("server")?;
    let version = server.split('/').nth(1)?.split(' ').next()?.to_owned();
    if !server.starts_with("lighttpd") {
        return None;
    }
    let mut numbers = version.split('.').map(|number| number.parse().ok());
    Some([numbers.next()??, numbers.next()??, numbers.next()??])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn nonces_of_lighttpd() {
        let plain = "6b056555:731416f468ae967a7de5cb4e7bea3160";
        let with = "6b056555:79b90cdc:c46904d362e8618acaed069d9738a971";
        let extended = "6b056555:ffffffff980bb8c9:81995d70bccd246f79eb4b1995d080be";
        assert!(!is_with_secret(plain) && is_with_secret(with) && is_with_secret(extended));
        assert!(!is_sign_extended(with) && is_sign_extended(extended));
        assert!(!is_with_secret(
            "claGgoRXBAA=7583377687842fdb7b56ba0555d175baa0b800e3"
        ));
        assert!(!is_with_secret("::") && !is_with_secret(""));
    }

    #[test]
    fn versions_are_numbers() {
        let of = |server: &str| {
            let mut answer = Answer::new(401);
            answer.fields.add("Server", server);
            version(&answer)
        };
        assert_eq!(of("lighttpd/1.4.69"), Some([1, 4, 69]));
        assert!(of("lighttpd/1.4.100").unwrap() > LIGHTTPD_WITH_FAULT);
        assert_eq!((of("lighttpd"), of("nginx/1.4.0")), (None, None));
    }
}
