//! A credential in a field that nobody knows is shown nowhere, and the command has a variable in its place.

use countersign_explain::tell::{self, veil::Veil};

use crate::stage::{Reply, Server, diagnose, get};

#[test]
fn made_up_letters_in_an_unknown_field_are_not_shown() {
    let secret = "s3cr3tvalue12345";
    let server =
        Server::start(|_| Reply::new(401).with("WWW-Authenticate", "Bearer realm=\"lab\""));
    for name in [
        "X-Acme",
        "Authorisation",
        "Sec-WebSocket-Protocol",
        "X-Session",
    ] {
        for value in [
            secret.to_owned(),
            format!("Bearer {secret}"),
            format!("alice:{secret}"),
        ] {
            let case = get(&server.url("/"), &[(name, &value)]);
            let (report, veil) = (diagnose(&case), Veil::of(&case));
            let shown = [
                tell::text(&report, &veil, true, false),
                tell::json(&report, &veil),
                tell::html(&report, &veil),
            ];
            assert!(
                shown.iter().all(|text| !text.contains(secret)),
                "{name}: {value}: {}",
                shown[0]
            );
            let commands = report
                .causes
                .iter()
                .filter_map(|found| found.fix.command.as_ref());
            let bare: Vec<&String> = commands.filter(|line| line.contains(secret)).collect();
            assert!(bare.is_empty(), "{bare:?}");
        }
    }
}
