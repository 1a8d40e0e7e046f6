//! How far the credentials came, and what that leaves.
//!
//! Knows: the comparison of the baseline. Where credentials are read and refused, it is mostly not to be told from
//! outside why: then there is a question for the server's owner.

use countersign_cause::Cause;
use countersign_wire::bearer;

use super::is_clear;
use crate::credential::{Carrier, Credential, credentials_of};
use crate::finding::{Finding, Weight};
use crate::message::Answer;
use crate::scene::{Scene, Sees};

/// What kind of secret it is that was refused.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Password,
    SignedToken,
    OpaqueToken,
    Key,
    Session,
}

pub(super) fn look(scene: &mut Scene<'_>) {
    let Some(refusal) = super::explained(scene) else {
        return;
    };
    let Some(request) = &scene.case.request else {
        return;
    };
    let Some(kind) = kind_of(&credentials_of(request)) else {
        return;
    };
    if !matches!(refusal.status, 400 | 401 | 403) && !refusal.refuses {
        return;
    }
    match scene.baseline.sees {
        // Where the words have said why, guesses add nothing.
        Sees::Alike | Sees::Unknown if is_clear(scene) => {}
        Sees::Refuses => refused(scene, kind),
        Sees::Alike => alike(scene, kind, &refusal),
        Sees::Recognises => recognised(scene, kind, &refusal),
        Sees::Overlooks => overlooked(scene, &refusal),
        // Without a comparison the words of the refusal have to do.
        Sees::Unknown if refusal.status == 401 || refusal.refuses => unknown(scene, kind),
        Sees::Unknown | Sees::Nothing | Sees::PassesWithout | Sees::Passes => {}
    }
}

fn kind_of(credentials: &[Credential]) -> Option<Kind> {
    let main = credentials
        .iter()
        .find(|credential| credential.carrier != Carrier::Cookie);
    let Some(main) = main else {
        return (!credentials.is_empty()).then_some(Kind::Session);
    };
    if main.secret.expose().is_empty() {
        return None;
    }
    if main.is("basic") || main.is("digest") {
        Some(Kind::Password)
    } else if crate::words::has_shape_of_jwt(main.secret.expose()) {
        Some(Kind::SignedToken)
    } else if main.is("bearer") || main.is("token") {
        Some(Kind::OpaqueToken)
    } else {
        Some(Kind::Key)
    }
}

/// Read, and refused as credentials that nobody has.
fn refused(scene: &mut Scene<'_>, kind: Kind) {
    let evidence = "without credentials the answer is another, and to made-up ones it is the same: these are read, and refused like unknown ones";
    let of = |cause, weight| Finding::new(cause, weight, evidence);
    let own: &[(Cause, Weight)] = match kind {
        Kind::Password => &[
            (Cause::CredentialsRejected, Weight::Fair),
            (Cause::CredentialsRejected, Weight::Slight),
            (Cause::AccountLocked, Weight::Slight),
            (Cause::AccountDisabled, Weight::Slight),
            (Cause::CredentialRevoked, Weight::Slight),
        ],
        Kind::Key => &[
            (Cause::CredentialsRejected, Weight::Fair),
            (Cause::CredentialRevoked, Weight::Slight),
            (Cause::EnvironmentMismatch, Weight::Slight),
        ],
        Kind::OpaqueToken => &[
            (Cause::CredentialsRejected, Weight::Fair),
            (Cause::TokenExpired, Weight::Slight),
            (Cause::TokenRevoked, Weight::Slight),
        ],
        Kind::SignedToken => &[(Cause::CredentialsRejected, Weight::Slight)],
        Kind::Session => &[
            (Cause::SessionUnknown, Weight::Fair),
            (Cause::SessionExpired, Weight::Fair),
        ],
    };
    for (cause, weight) in own {
        scene.found(of(*cause, *weight));
    }
    ask_the_owner(scene, kind);
}

fn ask_the_owner(scene: &mut Scene<'_>, kind: Kind) {
    let question = match kind {
        Kind::Password => {
            "does this account exist, is it locked or disabled, and is this its current password? The server tells the client none of the three apart"
        }
        Kind::Key => {
            "does this key exist in this environment, and was it revoked? The server tells the client neither"
        }
        Kind::OpaqueToken => {
            "does the server know this token, did it run out, or was it revoked? The server tells the client neither"
        }
        Kind::Session => "does this session exist, or has it ended? The server's log has it",
        Kind::SignedToken => return,
    };
    if scene.question.is_none() && !scene.is_proven() {
        scene.question = Some(question.to_owned());
    }
}

/// Nobody shows that they looked at the credentials.
fn alike(scene: &mut Scene<'_>, kind: Kind, refusal: &Answer) {
    if refusal.status == 403 {
        let evidence = "the answer is 403 to these credentials, to made-up ones and to none: whoever refuses does not go by them";
        for cause in [
            Cause::EdgeRefused,
            Cause::AddressNotAllowed,
            Cause::RefusalDisguised,
        ] {
            scene.found(Finding::new(cause, Weight::Slight, evidence));
        }
        return;
    }
    if kind == Kind::Session {
        let evidence = "the cookies make no difference to the answer";
        scene.found(Finding::new(
            Cause::SessionUnknown,
            Weight::Slight,
            evidence,
        ));
        scene.found(Finding::new(
            Cause::SessionExpired,
            Weight::Slight,
            evidence,
        ));
        return;
    }
    if is_silent_about_a_token(scene, refusal) {
        let evidence =
            "the challenge has no `error`, as if no token had come, and it is the same without one";
        scene.found(Finding::new(
            Cause::ProxyStrippedCredentials,
            Weight::Fair,
            evidence,
        ));
        scene.found(Finding::new(
            Cause::PipelineMisordered,
            Weight::Fair,
            evidence,
        ));
        scene.found(Finding::new(
            Cause::CredentialsRejected,
            Weight::Slight,
            evidence,
        ));
        if let Some((cause, evidence)) = by_what_answers(refusal) {
            scene.found(Finding::new(cause, Weight::Slight, evidence));
        }
        return;
    }
    let by_authorization = matches!(kind, Kind::Password | Kind::SignedToken | Kind::OpaqueToken);
    let asks_for_nothing = refusal.challenges().challenges.is_empty() && refusal.status == 401;
    if by_authorization && asks_for_nothing && !refusal.from_proxy {
        // Nobody shows that anything was read: what came is as likely nothing as something that is refused.
        let evidence = "the answer is the same to these credentials, to made-up ones and to none: whoever refuses does not read them, or does not let it show";
        scene.found(Finding::new(
            Cause::ProxyStrippedCredentials,
            Weight::Slight,
            evidence,
        ));
    }
    let is_offered = offers_what_was_sent(scene, refusal);
    let (weight, evidence) = match (is_offered, kind) {
        (true, Kind::Password | Kind::Key | Kind::OpaqueToken) => (
            Weight::Fair,
            "the scheme is one that is offered, and the answer is the same to made-up credentials and to none: servers refuse wrong credentials so",
        ),
        (true, Kind::SignedToken | Kind::Session) | (false, _) => (
            Weight::Slight,
            "the answer is the same to these credentials, to made-up ones and to none",
        ),
    };
    scene.found(Finding::new(Cause::CredentialsRejected, weight, evidence));
    scene.found(Finding::new(
        Cause::ProxyStrippedCredentials,
        Weight::Slight,
        evidence,
    ));
    scene.found(Finding::new(
        Cause::PipelineMisordered,
        Weight::Slight,
        evidence,
    ));
    if is_offered {
        ask_the_owner(scene, kind);
    }
}

/// RFC 6750 section 3.1: if the request lacks any authentication information, the challenge has no error code.
fn is_silent_about_a_token(scene: &Scene<'_>, refusal: &Answer) -> bool {
    let sent = scene.case.request.as_ref().map(credentials_of);
    let has_bearer = sent
        .unwrap_or_default()
        .iter()
        .any(|credential| credential.is("bearer") && !credential.secret.expose().is_empty());
    let parsed = refusal.challenges();
    let asks: Vec<_> = parsed
        .challenges
        .iter()
        .filter_map(bearer::client::asked)
        .collect();
    has_bearer && !asks.is_empty() && asks.iter().all(|asked| asked.error.is_none())
}

fn offers_what_was_sent(scene: &Scene<'_>, refusal: &Answer) -> bool {
    let sent = scene.case.request.as_ref().map(credentials_of);
    let parsed = refusal.challenges();
    sent.unwrap_or_default().iter().any(|credential| {
        let word = credential.scheme_word.as_deref();
        word.is_some_and(|word| parsed.challenges.iter().any(|challenge| challenge.is(word)))
    })
}

/// Known, and refused.
fn recognised(scene: &mut Scene<'_>, kind: Kind, refusal: &Answer) {
    let evidence = format!(
        "made-up credentials are refused in another way than these ({}): the server knows these",
        scene
            .baseline
            .made_up
            .as_ref()
            .map_or(0, |answer| answer.status)
    );
    // What is told apart from others of its form is read in that form, unless an experiment has shown otherwise.
    let doubted = [
        Cause::SchemeMissing,
        Cause::HeaderMalformed,
        Cause::ProxyStrippedCredentials,
    ];
    for cause in doubted
        .into_iter()
        .filter(|_| !scene.is_proven())
        .collect::<Vec<_>>()
    {
        scene.found(Finding::new(cause, Weight::Against, String::new()));
    }
    if refusal.status == 403 {
        // Where the server says of a known caller what is amiss, that it is known says no more.
        let weight = match is_told_otherwise(scene) {
            true => Weight::Against,
            false => Weight::Slight,
        };
        scene.found(Finding::new(Cause::ScopeInsufficient, weight, evidence));
        return;
    }
    let told = scene
        .findings
        .iter()
        .any(|finding| finding.cause == Cause::ForbiddenReportedAsUnauthorized);
    let weight = match told {
        true => Weight::Fair,
        false => Weight::Slight,
    };
    let forbidden = Finding::new(
        Cause::ForbiddenReportedAsUnauthorized,
        weight,
        evidence.clone(),
    );
    // Of what is known and refused in words that nobody can read, most has run out or was taken back; a right that is
    // lacking is mostly called so.
    let usual: &[(Cause, Weight)] = match kind {
        Kind::Password => &[
            (Cause::AccountLocked, Weight::Slight),
            (Cause::AccountDisabled, Weight::Slight),
            (Cause::CredentialExpired, Weight::Slight),
        ],
        Kind::OpaqueToken => &[
            (Cause::TokenExpired, Weight::Slight),
            (Cause::TokenExpired, Weight::Slight),
            (Cause::TokenRevoked, Weight::Slight),
        ],
        Kind::Key => &[
            (Cause::CredentialExpired, Weight::Slight),
            (Cause::CredentialRevoked, Weight::Slight),
        ],
        Kind::Session => &[
            (Cause::SessionExpired, Weight::Slight),
            (Cause::SessionExpired, Weight::Slight),
        ],
        Kind::SignedToken => &[],
    };
    if !is_told_otherwise(scene) {
        for (cause, weight) in usual {
            scene.found(Finding::new(*cause, *weight, evidence.clone()));
        }
    }
    scene.found(forbidden);
    scene.found(Finding::new(
        Cause::CredentialsRejected,
        Weight::Against,
        String::new(),
    ));
}

fn is_told_otherwise(scene: &Scene<'_>) -> bool {
    scene.findings.iter().any(|finding| {
        finding.weight >= Weight::Strong
            && finding.cause != Cause::ScopeInsufficient
            && finding.cause != Cause::ForbiddenReportedAsUnauthorized
    })
}

/// Which of two that look alike is likelier, by what answers: in between, or the application itself.
fn by_what_answers(refusal: &Answer) -> Option<(Cause, &'static str)> {
    let field = |name: &str| refusal.fields.text(name).unwrap_or_default().to_lowercase();
    let server = field("server");
    let passes_on = ["via", "x-cache", "cf-ray", "x-amz-cf-id", "x-served-by"];
    let is_between = passes_on.iter().any(|name| refusal.fields.has(name))
        // CGI and FastCGI leave the field out unless they are told otherwise.
        || server.contains("apache")
        || field("x-powered-by").contains("php");
    let application = [
        "kestrel",
        "microsoft",
        "werkzeug",
        "uvicorn",
        "gunicorn",
        "jetty",
        "hypercorn",
    ];
    let is_application = application.iter().any(|name| server.contains(name))
        || field("x-powered-by").contains("express")
        || field("x-powered-by").contains("asp.net");
    match (is_between, is_application) {
        (true, _) => Some((
            Cause::ProxyStrippedCredentials,
            "what answers is a server that often stands before the application",
        )),
        (false, true) => Some((
            Cause::PipelineMisordered,
            "what answers is the application's own server, and nothing shows in between",
        )),
        (false, false) => None,
    }
}

/// A made-up token is refused as invalid, and this one like none at all: it was taken, and then nobody was there.
fn overlooked(scene: &mut Scene<'_>, refusal: &Answer) {
    if !is_silent_about_a_token(scene, refusal) || !is_well_formed(scene) {
        return;
    }
    let evidence = "a made-up token is refused as invalid, and this one like none at all: it is good, and the refusal comes from a second pass without it, as for an error page";
    scene.found(Finding::new(
        Cause::ErrorPageProtected,
        Weight::Fair,
        evidence,
    ));
    scene.found(Finding::new(
        Cause::PipelineMisordered,
        Weight::Slight,
        evidence,
    ));
    scene.found(Finding::new(
        Cause::CredentialsRejected,
        Weight::Against,
        String::new(),
    ));
    is_read_as_written(scene);
}

/// Made-up credentials in the same place and under the same word are noticed: neither is at fault.
pub(super) fn is_read_as_written(scene: &mut Scene<'_>) {
    for cause in [
        Cause::SchemeWordWrong,
        Cause::SchemeMissing,
        Cause::HeaderWrongPlace,
    ] {
        scene.found(Finding::new(cause, Weight::Against, String::new()));
    }
}

pub(in crate::ask) fn is_well_formed(scene: &Scene<'_>) -> bool {
    let sent = scene.case.request.as_ref().map(credentials_of);
    let all = sent.unwrap_or_default();
    let mut of_authorization = all
        .iter()
        .filter(|credential| credential.carrier == Carrier::Authorization);
    match (of_authorization.next(), of_authorization.next()) {
        (Some(only), None) => {
            only.is("bearer") && bearer::server::parse(only.secret.expose()).is_ok()
        }
        (Some(_), Some(_)) | (None, _) => false,
    }
}

/// There was nothing to compare with: offline, or a recorded refusal alone.
fn unknown(scene: &mut Scene<'_>, kind: Kind) {
    let evidence = "credentials were sent, and the answer is 401";
    let cause = match kind {
        Kind::Session => Cause::SessionExpired,
        Kind::Password | Kind::SignedToken | Kind::OpaqueToken | Kind::Key => {
            Cause::CredentialsRejected
        }
    };
    scene.found(Finding::new(cause, Weight::Slight, evidence));
}
