//! API keys that people make for themselves: which scopes, who, and for how long.
//!
//! Knows: the grammar of scopes. Does not know users.

use countersign_flow::OwnKeyRules;

use super::{Scene, allow, text};
use crate::declared::{own_keys, session};
use crate::problem::SessionProblem;
use crate::read::Fields;

/// The rules of `[session.own_keys]`; `None` where nobody makes keys for themselves.
pub(super) fn read(
    session: Option<&Fields<'_>>,
    takes_keys: bool,
    scene: Scene<'_>,
) -> Option<OwnKeyRules> {
    let session = session?;
    let fields = session.table(&session::OWN_KEYS)?;
    if !takes_keys {
        let span = session.span_of_key(&session::OWN_KEYS);
        scene.sink.warn(&span, SessionProblem::OwnKeysUseless);
    }
    let groups = fields.texts(&own_keys::GROUPS);
    let lifetime_secs = fields.whole(&own_keys::LIFETIME_SECS_MAX);
    let per_user_max = fields.whole(&own_keys::PER_USER_MAX);
    Some(OwnKeyRules {
        scopes: allow::scopes(&fields, &own_keys::SCOPES, allow::scope_problem, scene),
        groups: groups
            .map(|groups| text::boxed(&groups.value, &own_keys::GROUPS, scene))
            .unwrap_or_default(),
        lifetime_secs_max: lifetime_secs.map_or(90 * 24 * 60 * 60, |secs| {
            i64::try_from(secs.value).unwrap_or(i64::MAX)
        }),
        per_user_max: per_user_max
            .map_or(10, |number| u32::try_from(number.value).unwrap_or(u32::MAX)),
    })
}
