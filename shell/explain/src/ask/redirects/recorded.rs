//! A redirect that the recording shows before the refused request: what the client left behind on the way.
//!
//! Knows: how the exchanges of a recording are linked. What they mean is `verdict`'s.

use crate::ask::redirects::trail::{Hop, Trail};
use crate::ask::redirects::verdict;
use crate::case::Exchange;
use crate::message::Request;
use crate::probe::{leads_to, without_fragment};
use crate::scene::Scene;

/// Looks at the redirects that led to the request.
pub(super) async fn ask(scene: &mut Scene<'_>) {
    let (Some(request), Some(answer)) = (scene.case.request.clone(), scene.refusal().cloned())
    else {
        return;
    };
    if answer.status < 400 {
        return;
    }
    let led: Vec<&Exchange> = led_to(&scene.case.before, &request);
    let Some(first) = led.first() else {
        return;
    };
    let mut trail = Trail::starting(first.request.clone(), answer);
    let targets = led.iter().skip(1).map(|exchange| &exchange.request.url);
    let targets: Vec<_> = targets.chain([&request.url]).cloned().collect();
    for (exchange, to) in led.iter().zip(targets) {
        trail.hops.push(Hop {
            from: exchange.request.url.clone(),
            status: exchange.answer.as_ref().map_or(0, |answer| answer.status),
            to,
        });
    }
    trail.last = request;
    verdict::on_recording(scene, &trail).await;
}

/// The exchanges whose redirects led to a request, the first of them first.
fn led_to<'e>(before: &'e [Exchange], request: &Request) -> Vec<&'e Exchange> {
    let mut led = Vec::new();
    let mut target = request;
    for exchange in before.iter().rev() {
        let to = exchange
            .answer
            .as_ref()
            .and_then(|answer| leads_to(&exchange.request, answer));
        if to.is_some_and(|to| to == without_fragment(&target.url)) {
            led.push(exchange);
            target = &exchange.request;
        } else if !led.is_empty() {
            break;
        }
    }
    led.reverse();
    led
}
