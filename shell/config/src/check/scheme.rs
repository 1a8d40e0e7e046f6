//! What the schemes need to know: the cost of passwords, and where API keys stand.
//!
//! Knows two short sections.

use countersign_flow::ApiKeyRules;
use countersign_secret::password::Cost;
use http::HeaderName;

use super::Scene;
use super::header::{self, Identity};
use crate::declared::{api_key, basic, hash};
use crate::problem::{HeaderProblem, ServerProblem};
use crate::read::Fields;

/// Memory in KiB and passes of Argon2id, each pair of which OWASP's Password Storage Cheat Sheet holds for enough.
const OWASP_MINIMA: [(u32, u32); 5] = [
    (47_104, 1),
    (19_456, 2),
    (12_288, 3),
    (9_216, 4),
    (7_168, 5),
];

/// Where API keys stand.
pub(super) struct ApiKey {
    pub(super) rules: ApiKeyRules,
}

/// Whether the password alone is taken of users who have a second factor.
pub(super) fn second_factor_waived(fields: Option<&Fields<'_>>) -> bool {
    fields
        .and_then(|fields| fields.text(&basic::SECOND_FACTOR))
        .is_some_and(|word| word.value == "waive")
}

/// The cost at which passwords are hashed.
pub(super) fn password_cost(fields: Option<&Fields<'_>>, scene: Scene<'_>) -> Cost {
    let default = Cost::default();
    let Some(hash) = fields.and_then(|fields| fields.table(&basic::HASH)) else {
        return default;
    };
    let number = |key| {
        hash.whole(key)
            .map(|number| u32::try_from(number.value).unwrap_or(u32::MAX))
    };
    let memory_kib = number(&hash::MEMORY_KIB).unwrap_or(default.memory_kib());
    let passes = number(&hash::PASSES).unwrap_or(default.passes());
    let lanes = number(&hash::LANES).unwrap_or(default.lanes());
    match Cost::new(memory_kib, passes, lanes) {
        Ok(cost) => {
            let is_enough = OWASP_MINIMA
                .iter()
                .any(|(memory, over)| memory_kib >= *memory && passes >= *over);
            if !is_enough {
                let problem = ServerProblem::HashCostWeak { memory_kib, passes };
                scene.sink.warn(&hash.span, problem);
            }
            cost
        }
        Err(defect) => {
            scene.sink.error(
                &hash.span,
                ServerProblem::HashCost {
                    detail: defect.to_string(),
                },
            );
            default
        }
    }
}

/// The places of API keys.
pub(super) fn api_key(
    fields: Option<&Fields<'_>>,
    identity: &Identity,
    scene: Scene<'_>,
) -> ApiKey {
    let default = HeaderName::from_static("x-api-key");
    let written = fields.and_then(|fields| fields.text(&api_key::HEADER));
    let span = written.as_ref().map_or(0..0, |text| text.span.clone());
    let header = match &written {
        None => Some(default),
        Some(text) if text.is_empty() => None,
        Some(text) if text.eq_ignore_ascii_case("authorization") => {
            scene.sink.error(&text.span, HeaderProblem::Authorization);
            None
        }
        Some(text) => header::read(text, scene),
    };
    if let Some((name, other)) = identity
        .written
        .iter()
        .find(|(name, _)| Some(name) == header.as_ref())
    {
        header::report_twice(name, &span, other, scene);
    }
    let in_authorization = fields
        .and_then(|fields| fields.flag(&api_key::AUTHORIZATION))
        .is_some_and(|flag| flag.value);
    ApiKey {
        rules: ApiKeyRules {
            header,
            in_authorization,
        },
    }
}
