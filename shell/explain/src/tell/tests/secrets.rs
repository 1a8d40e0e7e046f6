use proptest::prelude::*;

use super::*;
use crate::message::Request;

/// A report in which a word stands in every place that holds words.
fn report_with(word: &str) -> Report {
    let say = |place: &str| format!("{place} {word}, `{word}` and x{word}y");
    let mut report = refused();
    for found in &mut report.causes {
        found.evidence = vec![say("evidence")];
        found.fix.text = say("fix");
        found.fix.command = Some(say("curl"));
    }
    for finding in &mut report.findings {
        finding.evidence = say("observation");
    }
    for probe in &mut report.probes {
        probe.why = say("why");
        probe.url.set_query(Some(&format!("q={word}")));
        probe.url.path_segments_mut().unwrap().push(word);
    }
    report.recognised = vec![say("recognised")];
    report.question = Some(say("question"));
    report.limits = vec![say("limit")];
    report
}

fn case_with(secret: &str) -> Case {
    let mut request = Request::new("GET", "https://api.example.com/".parse().unwrap());
    request
        .fields
        .add("Authorization", format!("Bearer {secret}"));
    Case {
        request: Some(request),
        ..Case::default()
    }
}

proptest! {
    #[test]
    fn no_secret_survives_in_any_form_of_the_report(secret in "[A-Za-z0-9._~+/=&?#%-]{8,60}") {
        prop_assume!(secret.chars().any(|letter| letter.is_ascii_digit()));
        let veil = Veil::of(&case_with(&secret));
        let report = report_with(&secret);
        let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        for shown in [
            text(&report, &veil, true, false),
            text(&report, &veil, true, true),
            json(&report, &veil),
            html(&report, &veil),
        ] {
            // Broken into lines it is the same secret.
            let joined: String = shown.split_whitespace().collect();
            for form in [secret.as_str(), encoded.as_str()] {
                prop_assert!(!shown.contains(form) && !joined.contains(form), "{form}: {shown}");
            }
        }
    }
}

#[test]
fn without_its_secret_the_report_stays_readable() {
    let veil = Veil::of(&case_with("tl_0a1b2c3d4e"));
    let told = text(&report_with("tl_0a1b2c3d4e"), &veil, false, false);
    for line in [
        "evidence ***, `***` and x***y",
        "Fix ***, `***` and x***y",
        "curl ***, `***` and x***y",
    ] {
        assert!(told.contains(line), "{told}");
    }
}
