//! The signed token by which an upstream is told who asks.
//!
//! Knows: its keys' file, its issuer, and which upstreams get one. Does not know requests.

use std::path::PathBuf;

use countersign_flow::IdentityToken;
use countersign_jose::sign::SigningKeys;
use http::HeaderName;

use super::{Scene, text, upstream};
use crate::declared::identity_token;
use crate::problem::ServerProblem;
use crate::read::Fields;

/// What it comes down to.
pub(super) struct Checked {
    pub(super) token: Option<IdentityToken>,
    pub(super) keys_file: Option<PathBuf>,
}

/// Reads `[identity.token]`. Without it no upstream can have one.
pub(super) fn read(
    fields: Option<&Fields<'_>>,
    header: Option<HeaderName>,
    public_url: Option<&str>,
    upstreams: &[upstream::Checked],
    scene: Scene<'_>,
) -> Checked {
    let Some(fields) = fields else {
        for upstream in upstreams {
            if let Some((_, span)) = &upstream.token_audience {
                scene.sink.error(span, ServerProblem::NoIdentityKeys);
            }
        }
        return Checked {
            token: None,
            keys_file: None,
        };
    };
    let keys_file = fields.text(&identity_token::KEYS_FILE);
    if let Some(path) = &keys_file {
        scene.keep_secret(path);
        let read = scene.read(path).map(|bytes| SigningKeys::parse(&bytes));
        if let Some(Err(error)) = read {
            let problem = ServerProblem::IdentityKeys {
                value: path.value.to_owned(),
                detail: error.detail(),
            };
            scene.sink.error(&path.span, problem);
        }
    }
    let issuer = text::not_empty(fields, &identity_token::ISSUER, scene);
    let issuer = issuer.map(|issuer| issuer.value).or(public_url);
    if issuer.is_none() {
        scene
            .sink
            .error(&fields.span, ServerProblem::IdentityIssuerMissing);
    }
    if upstreams.iter().all(|one| one.token_audience.is_none()) {
        scene
            .sink
            .warn(&fields.span, ServerProblem::IdentityTokenUnused);
    }
    let lifetime = fields.whole(&identity_token::LIFETIME_SECS);
    let lifetime = lifetime.and_then(|secs| i64::try_from(secs.value).ok());
    let audiences = upstreams.iter().map(|upstream| {
        let audience = upstream.token_audience.as_ref();
        audience.map(|(audience, _)| audience.clone())
    });
    Checked {
        token: header.map(|header| IdentityToken {
            header,
            issuer: issuer.unwrap_or_default().into(),
            lifetime_secs: lifetime.unwrap_or(60),
            audiences: audiences.collect(),
        }),
        keys_file: keys_file.map(|path| scene.resolve(path.value)),
    }
}
