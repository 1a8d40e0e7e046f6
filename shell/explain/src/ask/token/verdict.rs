//! What the gateway's own line makes of a token with its issuer's keys, and what that says of the server's.
//!
//! Knows: the line's ruling beside the server's words. Does not know where the keys come from.

use std::sync::Arc;

use countersign_cause::Cause;
use countersign_jose::{Algorithm, Hearsay, KeySet};
use url::Url;

use super::audience::Named;
use super::clocks::Clocks;
use super::issuer::Issuer;
use super::line::{Bench, Ruling};
use super::said::{self, Said};
use super::subject::Subject;
use super::{Seen, kind};
use crate::finding::Weight;
use crate::scene::{Scene, Sees};

/// A token that ended so long ago may well have been signed with a key that is gone since, in seconds.
const KEYS_LAST_SECS: i64 = 86_400;

/// A token and everything that it is held against.
pub(super) struct Look<'l, 's> {
    pub(super) scene: &'l Scene<'s>,
    pub(super) subject: &'l Subject,
    pub(super) heard: &'l Hearsay<'static>,
    pub(super) said: &'l [Said],
    pub(super) clocks: Clocks,
    pub(super) names: &'l [Named],
}

impl Look<'_, '_> {
    /// What the line says with the issuer's keys.
    pub(super) fn at(&self, keys: &Arc<KeySet>, issuer: &Issuer) -> Vec<Seen> {
        let symmetric = self
            .heard
            .alg()
            .and_then(Algorithm::from_name)
            .is_some_and(Algorithm::is_symmetric);
        // An issuer that signs with a shared secret publishes no keys, and nothing can be checked from here.
        if symmetric && keys.is_empty() {
            return Vec::new();
        }
        let audiences: Vec<String> = self
            .names
            .iter()
            .map(|named| named.audience.clone())
            .collect();
        let issuer_ahead = self
            .clocks
            .issuer_ahead_secs()
            .map(|ahead| ahead - self.clocks.server_ahead_secs());
        let bench = Bench {
            token: self.subject.text(),
            heard: self.heard,
            keys: Arc::clone(keys),
            audiences: &audiences,
            now_unix_secs: self.clocks.at_the_server(),
            issuer_ahead_secs: issuer_ahead,
        };
        let Some(ruling) = bench.decide() else {
            return Vec::new();
        };
        let mut seen = Vec::new();
        if let Ruling::Refusal { cause, detail } = ruling {
            seen.extend(self.refused(cause, detail, keys, issuer));
        }
        if ruling.is_signed() {
            seen.extend(self.signed(ruling, keys, issuer));
        }
        seen
    }

    fn refused(&self, cause: Cause, detail: &str, keys: &KeySet, issuer: &Issuer) -> Option<Seen> {
        let place = issuer
            .keys_url
            .as_ref()
            .map(Url::as_str)
            .unwrap_or_default();
        let kid = self.heard.kid();
        let expires = self.heard.expires_unix_secs().unwrap_or(i64::MAX);
        let long_over = self.clocks.at_the_server().saturating_sub(expires) > KEYS_LAST_SECS;
        let weight = if long_over {
            Weight::Slight
        } else {
            Weight::Strong
        };
        let evidence = if cause == Cause::SigningKeyUnknown {
            let which = kid.map_or_else(
                || "no key for the token's `alg`, and the token names none".to_owned(),
                |kid| format!("no key named `{kid}` (`kid`)"),
            );
            format!(
                "among the {} that the issuer publishes at {place} is {which}",
                counted(keys.len())
            )
        } else if cause == Cause::SignatureInvalid {
            let key = kid.map(|kid| format!(" `{kid}`")).unwrap_or_default();
            let cut = self.cut().unwrap_or_default();
            format!(
                "the signature does not verify with the key{key} that the issuer publishes at {place}{cut}"
            )
        } else if cause == Cause::AlgorithmNotAllowed {
            format!(
                "the token is signed with {}, and the issuer's keys at {place} are not for that",
                self.heard.alg().unwrap_or_default()
            )
        } else if cause == Cause::ClaimMissing {
            return self.missing(detail);
        } else {
            // The parts that have both values at hand tell the others with them.
            return None;
        };
        Some(Seen::firm(cause, weight, evidence))
    }

    /// A signature that is shorter than its algorithm makes them.
    fn cut(&self) -> Option<String> {
        let bytes = self.heard.signature_bytes()?;
        let whole = match Algorithm::from_name(self.heard.alg()?)? {
            Algorithm::Es256 | Algorithm::EdDsa => 64,
            Algorithm::Es384 => 96,
            Algorithm::Es512 => 132,
            Algorithm::Rs256
            | Algorithm::Rs384
            | Algorithm::Rs512
            | Algorithm::Ps256
            | Algorithm::Ps384
            | Algorithm::Ps512 => 256,
            Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => return None,
        };
        (bytes < whole)
            .then(|| format!("; it is {bytes} bytes long where {whole} are due: the token was cut"))
    }

    /// The claim that the line asks for in vain, where others ask for it too.
    fn missing(&self, detail: &str) -> Option<Seen> {
        let absent = ["exp", "aud"]
            .into_iter()
            .find(|name| self.heard.claim(name).is_none())?;
        // An audience is missed only by whoever looks for one.
        let wanted = absent != "aud" || !self.names.is_empty();
        wanted.then(|| {
            Seen::soft(
                Cause::ClaimMissing,
                Weight::Fair,
                format!("{detail}: `{absent}`"),
            )
        })
    }

    /// The signature is good by the issuer's live keys: then the server's own keys may not be.
    fn signed(&self, ruling: Ruling, keys: &KeySet, issuer: &Issuer) -> Option<Seen> {
        self.scene.case.request.as_ref()?;
        let exact = |causes: &[Cause]| {
            self.said
                .iter()
                .find(|said| said.exact && causes.contains(&said.cause))
        };
        if exact(&[Cause::AlgorithmNotAllowed]).is_some() {
            return None;
        }
        let good = self.good(keys, issuer);
        // Some readers say in one breath that the algorithm is another or the key is not there.
        let either = self
            .said
            .iter()
            .find(|said| said.cause == Cause::SigningKeyUnknown && !said.exact);
        let alg = self.heard.alg().unwrap_or_default();
        if let (Some(said), true) = (either, alg != "RS256") {
            let evidence = format!(
                "{good}, and is signed with {alg}, which many readers take only when told to: `{}`",
                said.sentence
            );
            let cause = Cause::AlgorithmNotAllowed;
            return Some(Seen::soft(cause, Weight::Strong, evidence));
        }
        let told = exact(&[Cause::SignatureInvalid, Cause::SigningKeyUnknown]).or(either);
        if let Some(told) = told {
            let evidence = format!(
                "{good}, and the server finds no good key or signature: `{}`",
                told.sentence
            );
            let cause = Cause::SigningKeysStale;
            return Some(Seen::soft(cause, Weight::Strong, evidence));
        }
        // Nothing else is wrong with it, and the server does not tell what is.
        let plain = self.said.iter().all(|said| !said.exact)
            && matches!(ruling, Ruling::Permit)
            && self.scene.baseline.sees == Sees::Refuses
            && kind::name_of(self.heard).is_none()
            && said::invalid_token(self.scene);
        plain.then(|| {
            let evidence =
                format!("{good}, it is in time, and the server calls it invalid and no more");
            Seen::soft(Cause::SigningKeysStale, Weight::Fair, evidence)
        })
    }

    fn good(&self, keys: &KeySet, issuer: &Issuer) -> String {
        let place = issuer
            .keys_url
            .as_ref()
            .map(Url::as_str)
            .unwrap_or_default();
        let which = match self.heard.kid() {
            Some(kid) => format!("`{kid}`, one of {}", counted(keys.len())),
            None => format!("one of {}", counted(keys.len())),
        };
        format!(
            "the token verifies with the key that its issuer publishes at {place} now ({which})"
        )
    }
}

fn counted(keys: usize) -> String {
    match keys {
        1 => "1 key".to_owned(),
        keys => format!("{keys} keys"),
    }
}
