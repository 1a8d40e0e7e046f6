//! Is the credential good, but for the way in which it is written? Each visible fault is undone and tried.
//!
//! Knows: the mended requests of `mended`, which undo faults and never guess. Does not know how a fault is seen.

use countersign_cause::Cause;

use crate::ask::trial::{self, Trial};
use crate::command;
use crate::finding::{Finding, Fix, Weight};
use crate::mended::{self, Variant};
use crate::scene::{Scene, Sees};

/// Tries every mended form until one is let through.
pub(crate) async fn ask(scene: &mut Scene<'_>) {
    if scene.baseline.given.is_none() || !scene.is_refused() {
        return;
    }
    for variant in mended::variants(scene.case) {
        let mut variant = variant;
        if scene.baseline.stands_in {
            variant.request = scene.in_place_of(&variant.request);
        }
        let why = format!("the same {}", variant.what);
        match trial::run(scene, &variant.request, &why).await {
            Trial::Passed(answer) => {
                let evidence = format!(
                    "the same request {} is answered {}",
                    variant.what, answer.status
                );
                let finding = Finding::new(variant.cause, Weight::Proof, evidence);
                let fix = fix(scene, &variant);
                return scene.found(finding.with_fix(fix));
            }
            Trial::Changed(answer)
                if matches!(scene.baseline.sees, Sees::Overlooks | Sees::Alike) =>
            {
                let evidence = format!(
                    "{} it is refused in another way ({}): only then is it read",
                    variant.what, answer.status
                );
                let fix = fix(scene, &variant);
                scene.found(Finding::new(variant.cause, Weight::Strong, evidence).with_fix(fix));
            }
            Trial::Changed(_) | Trial::Same => doubt(scene, &variant),
            Trial::Unknown => return,
        }
    }
}

fn fix(scene: &Scene<'_>, variant: &Variant) -> Fix {
    let command = match variant.shell_filter {
        Some(filter) => command::curl_filtered(scene.case, &variant.request, filter),
        None => command::curl(scene.case, &variant.request),
    };
    Fix::new(variant.cause.entry().who, variant.fix_text.clone()).with_command(command)
}

/// The fault is there and undoing it did not help: it is not the only one, or none to this server.
fn doubt(scene: &mut Scene<'_>, variant: &Variant) {
    let harmless = matches!(variant.cause, Cause::SchemeWordWrong | Cause::BasicCharset);
    if harmless {
        let evidence = String::new();
        scene.found(Finding::new(variant.cause, Weight::Against, evidence));
    }
}
