//! What each client can do of Digest.
//!
//! Knows: algorithms and qualities of protection by client. Sends nothing.

use countersign_cause::Cause;
use countersign_wire::Challenge;
use countersign_wire::digest::client::{Asked, asked};
use countersign_wire::digest::{Hash, Qop};

use crate::case::Client;
use crate::finding::{Finding, Weight};

/// Why this client answers none of the challenges although they can be answered.
pub(super) fn cannot(client: Client, offered: &[Challenge]) -> Option<Finding> {
    let readable: Vec<Asked> = offered.iter().filter_map(|one| asked(one).ok()).collect();
    if readable.is_empty() {
        return None;
    }
    let Some(hashes) = hashes(client) else {
        let evidence = format!(
            "`{}` has no Digest: it leaves the challenge as it is",
            client.word()
        );
        return Some(Finding::new(
            Cause::ChallengeUnanswered,
            Weight::Strong,
            evidence,
        ));
    };
    let known: Vec<&Asked> = readable
        .iter()
        .filter(|asked| hashes.contains(&asked.algorithm.hash))
        .collect();
    if known.is_empty() {
        let words: Vec<&str> = readable
            .iter()
            .map(|asked| asked.algorithm.word())
            .collect();
        let evidence = format!(
            "only {} is offered, which `{}` does not have",
            words.join(", "),
            client.word()
        );
        return Some(Finding::new(
            Cause::DigestAlgorithmUnsupported,
            Weight::Strong,
            evidence,
        ));
    }
    let only_body = known.iter().all(|asked| asked.qop == [Qop::AuthInt]);
    if only_body && !has_auth_int(client) {
        let evidence = format!(
            "only `auth-int` is offered, which `{}` does not have",
            client.word()
        );
        return Some(Finding::new(
            Cause::DigestQopUnsupported,
            Weight::Strong,
            evidence,
        ));
    }
    None
}

/// The hash functions that a client's Digest has; `None` for a client without it.
const fn hashes(client: Client) -> Option<&'static [Hash]> {
    match client {
        Client::Curl => Some(&[Hash::Md5, Hash::Sha256, Hash::Sha512_256]),
        Client::Browser | Client::PythonRequests | Client::Dotnet => {
            Some(&[Hash::Md5, Hash::Sha256])
        }
        // java.net alone; its newer HttpClient has Basic only.
        Client::Java => Some(&[Hash::Md5]),
        Client::NodeFetch | Client::Go => None,
    }
}

/// Chromium falls back to the form without qop, requests gives up.
const fn has_auth_int(client: Client) -> bool {
    matches!(client, Client::Curl)
}
