//! Whether anybody can meet what a route demands of the sign-in.
//!
//! Knows: which schemes say what of a sign-in. Does not know how it is held against a request.

use countersign_flow::Accept;
use countersign_policy::{Demand, SignInDemand};

use crate::check::Scene;
use crate::declared::{allow, route};
use crate::problem::RouteProblem;
use crate::read::Fields;

/// What a session of the gateway's own can say of how it was begun.
const OF_SESSIONS: [&str; 4] = ["pwd", "otp", "pop", "mfa"];

pub(super) fn check(
    fields: &Fields<'_>,
    name: &str,
    accept: Accept,
    demand: &Demand,
    scene: Scene<'_>,
) {
    let wanted = match demand {
        Demand::Identity(requirements) => &requirements.sign_in,
        Demand::Anyone | Demand::AnyoneFrom(_) => return,
    };
    let Some(key) = demanded(wanted) else { return };
    let session = is_met_by_sessions(wanted);
    let schemes = [
        ("basic", accept.basic, false),
        ("digest", accept.digest, false),
        ("api-key", accept.api_key, false),
        ("session", accept.session, session),
        ("bearer", accept.bearer, true),
    ];
    let mut accepted = schemes
        .iter()
        .filter(|(_, accepted, _)| *accepted)
        .peekable();
    if accepted.peek().is_none() {
        return;
    }
    let span = fields.span_of(&route::ACCEPT);
    let name = name.to_owned();
    let enough: &'static str = if session {
        "`session` or `bearer`"
    } else {
        "`bearer`"
    };
    let can_pass = |(_, accepted, can): &(&str, bool, bool)| *accepted && *can;
    if !schemes.iter().any(can_pass) {
        let problem = RouteProblem::SignInOfNone { name, key, enough };
        scene.sink.error(&span, problem);
    } else if let Some((without, ..)) = accepted.find(|(.., can)| !can) {
        let problem = RouteProblem::SignInNotOfAll { name, key, without };
        scene.sink.warn(&span, problem);
    }
}

/// The first key of `allow` that is about the sign-in.
fn demanded(wanted: &SignInDemand) -> Option<&'static str> {
    if wanted.age_secs_max.is_some() {
        Some(allow::SIGN_IN_AGE_MAX_SECS.name)
    } else if !wanted.acr.is_empty() {
        Some(allow::ACR.name)
    } else if !wanted.amr.is_empty() {
        Some(allow::AMR.name)
    } else {
        None
    }
}

fn is_met_by_sessions(wanted: &SignInDemand) -> bool {
    wanted.acr.is_empty()
        && wanted
            .amr
            .iter()
            .all(|method| OF_SESSIONS.contains(&&**method))
}
