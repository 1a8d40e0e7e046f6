//! NTLM and Negotiate: schemes that sign in the connection, and what breaks them on the way.
//!
//! Knows: what of a handshake shows from outside without a ticket or a password. Sends the first message of NTLM, which
//! names nobody, and never a message of the user's.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign_cause::Cause;
use http::Version;

use crate::ask::digest::authorization_of;
use crate::case::{HttpVersion, Negotiated};
use crate::command;
use crate::credential::{Carrier, with_authorization, without};
use crate::finding::{Finding, Fix, Weight};
use crate::message::{Answer, Request};
use crate::scene::Scene;

/// NTLMSSP, type 1, with flags for Unicode, NTLM and a target name, without a domain or a workstation: MS-NLMP section
/// 2.2.1.1.
const NEGOTIATE_MESSAGE: &[u8; 32] =
    b"NTLMSSP\0\x01\0\0\0\x07\x82\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// What the client puts into the handshake.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sent {
    /// Nothing yet.
    Nothing,
    /// NTLM's first message.
    NtlmFirst,
    /// NTLM's last message, which proves the password.
    NtlmLast,
    /// A token of Kerberos or SPNEGO.
    Ticket,
    /// An NTLM message under the word `Negotiate`.
    NtlmWithin,
}

/// Looks for what breaks a handshake, where the client takes part in one.
pub(super) async fn ask(scene: &mut Scene<'_>, refusal: &Answer) {
    let offered = |word: &str| {
        let parsed = refusal.challenges().challenges;
        parsed.iter().any(|challenge| challenge.is(word))
    };
    let (ntlm, negotiate) = (offered("NTLM"), offered("Negotiate"));
    let Some(request) = scene.case.request.as_ref() else {
        return;
    };
    if !ntlm && !negotiate {
        return;
    }
    let takes_part = scene
        .case
        .negotiates
        .iter()
        .any(|scheme| matches!(scheme, Negotiated::Ntlm | Negotiated::Negotiate));
    let sent = sent(request);
    if !takes_part && sent.is_none() {
        return;
    }
    let sent = sent.unwrap_or(Sent::Nothing);
    if version(scene, refusal).await {
        return;
    }
    if ntlm || sent == Sent::NtlmWithin {
        connection(scene, refusal, sent, ntlm).await;
    }
    if negotiate {
        name(scene, sent);
    }
    binding(scene, refusal, sent);
}

fn sent(request: &Request) -> Option<Sent> {
    let credential = authorization_of(request)?;
    let message = STANDARD
        .decode(credential.secret.expose())
        .unwrap_or_default();
    // MS-NLMP section 2.2: eight bytes of signature, then the type of the message, the lowest byte first.
    let kind = message
        .strip_prefix(b"NTLMSSP\0")
        .and_then(|rest| rest.first());
    match (credential.is("ntlm"), credential.is("negotiate"), kind) {
        (true, _, Some(3)) => Some(Sent::NtlmLast),
        (true, _, _) => Some(Sent::NtlmFirst),
        (_, true, Some(_)) => Some(Sent::NtlmWithin),
        (_, true, None) => Some(Sent::Ticket),
        (false, false, _) => None,
    }
}

/// HTTP/2 has no connection that belongs to one client: RFC 9113 section 9.1 lets many requests share it.
async fn version(scene: &mut Scene<'_>, refusal: &Answer) -> bool {
    if refusal.version != Version::HTTP_2 {
        return false;
    }
    let cause = Cause::NtlmOverHttp2;
    let told =
        "NTLM or Negotiate is offered over HTTP/2, where a connection belongs to no single client";
    let fix = |command: Option<String>| {
        let fix = Fix::new(cause.entry().who, cause.entry().fix);
        match command {
            Some(command) => fix.with_command(command),
            None => fix,
        }
    };
    let Some(request) = scene.baseline.request.clone() else {
        scene.found(Finding::new(cause, Weight::Strong, told).with_fix(fix(None)));
        return true;
    };
    let why = "the same over HTTP/1.1, for schemes that need a connection of their own";
    let one = Some(HttpVersion::One);
    let finding = match scene.prober.send_in(one, &request, why).await {
        Ok(answer) if answer.is_success() => {
            let evidence = format!("{told}; over HTTP/1.1 the answer is {}", answer.status);
            let command = command::curl(scene.case, &request)
                .replacen(" --http2", "", 1)
                .replacen("curl ", "curl --http1.1 ", 1);
            Finding::new(cause, Weight::Proof, evidence).with_fix(fix(Some(command)))
        }
        Ok(_) | Err(_) => Finding::new(cause, Weight::Strong, told).with_fix(fix(None)),
    };
    scene.found(finding);
    true
}

/// The second message of NTLM has to come on the connection of the first.
async fn connection(scene: &mut Scene<'_>, refusal: &Answer, sent: Sent, ntlm: bool) {
    let word = if ntlm { "NTLM" } else { "Negotiate" };
    let in_between = in_between(refusal);
    if let Some((answer, is_kept)) = begin(scene, word).await {
        let challenged = answer
            .challenges()
            .challenges
            .iter()
            .any(|challenge| challenge.is(word) && challenge.token68().is_some());
        match (challenged, is_kept && !closes(&answer)) {
            (true, false) => {
                let evidence = format!(
                    "the server closes the connection after its answer to the first message of {word}, and the next one has to come on it"
                );
                scene.found(Finding::new(
                    Cause::ConnectionNotKept,
                    Weight::Strong,
                    evidence,
                ));
            }
            (true, true) => {
                scene.found(Finding::new(Cause::ConnectionNotKept, Weight::Against, ""));
                return;
            }
            (false, _) => {
                let evidence = format!(
                    "{word} is offered, and its first message is answered with {} and without the second message",
                    answer.status
                );
                scene.found(Finding::new(
                    Cause::ConnectionNotKept,
                    Weight::Fair,
                    evidence,
                ));
            }
        }
    } else if closes(refusal) {
        let evidence = format!("{word} is offered on a connection that the same answer closes");
        scene.found(Finding::new(
            Cause::ConnectionNotKept,
            Weight::Strong,
            evidence,
        ));
    }
    if let Some(proxy) = in_between {
        let evidence = format!(
            "{proxy}, and {word} needs one connection from end to end: proxies share theirs"
        );
        scene.found(Finding::new(
            Cause::ConnectionNotKept,
            Weight::Fair,
            evidence,
        ));
    } else if sent == Sent::NtlmLast {
        let evidence = "the last message of NTLM was answered as if there had been no first one";
        scene.found(Finding::new(
            Cause::ConnectionNotKept,
            Weight::Slight,
            evidence,
        ));
    }
}

/// The answer to the first message, and whether its connection took one more request.
async fn begin(scene: &mut Scene<'_>, word: &str) -> Option<(Answer, bool)> {
    let request = scene.baseline.request.clone()?;
    let value = format!("{word} {}", STANDARD.encode(NEGOTIATE_MESSAGE));
    let bare = without(&request, &Carrier::Authorization);
    let first = with_authorization(&bare, value);
    let why =
        "the first message of the handshake, which names no user, and whether its connection stays";
    let both = [first, bare];
    let mut answers = scene.prober.send_on_one_connection(&both, why).await;
    let is_kept = answers.len() == both.len() && answers.iter().all(Result::is_ok);
    let answer = answers.drain(..).next()?.ok()?;
    Some((answer, is_kept))
}

fn closes(answer: &Answer) -> bool {
    let word = |text: &str, word: &str| {
        let mut words = text.split(',');
        words.any(|one| one.trim().eq_ignore_ascii_case(word))
    };
    let connection = answer.fields.text("connection").unwrap_or_default();
    // RFC 9112 section 9.3: what HTTP/1.0 does not call keep-alive is closed.
    word(&connection, "close")
        || answer.version == Version::HTTP_10 && !word(&connection, "keep-alive")
}

/// Who says that it is in between.
fn in_between(answer: &Answer) -> Option<String> {
    if let Some(via) = answer.fields.text("via") {
        return Some(format!("the answer came through `{via}`"));
    }
    let server = answer.fields.text("server")?.into_owned();
    let lower = server.to_ascii_lowercase();
    let in_front = [
        "nginx",
        "haproxy",
        "envoy",
        "traefik",
        "caddy",
        "varnish",
        "cloudflare",
    ];
    in_front
        .iter()
        .any(|name| lower.contains(name))
        .then(|| format!("the answer is from `{server}`"))
}

/// Kerberos has tickets for names, and falls back to NTLM where it has none.
fn name(scene: &mut Scene<'_>, sent: Sent) {
    let Some(request) = scene.case.request.as_ref() else {
        return;
    };
    let host = request.url.host_str().unwrap_or_default().to_owned();
    let is_address = host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    let cause = Cause::KerberosNameMismatch;
    if sent == Sent::NtlmWithin {
        let evidence = format!(
            "under `Negotiate` the client sent NTLM: it got no Kerberos ticket for `HTTP/{host}`"
        );
        return scene.found(Finding::new(cause, Weight::Strong, evidence));
    }
    if sent != Sent::Ticket && !scene.case.negotiates.contains(&Negotiated::Negotiate) {
        return;
    }
    if is_address {
        let evidence =
            format!("the server is called by its address `{host}`, and tickets are for names");
        scene.found(Finding::new(cause, Weight::Strong, evidence));
    } else if !host.contains('.') {
        let evidence = format!(
            "the server is called by the short name `{host}`, for which there need not be a ticket"
        );
        scene.found(Finding::new(cause, Weight::Fair, evidence));
    } else {
        let evidence = match sent {
            Sent::Ticket => {
                format!("a ticket was sent to `{host}`, and `Negotiate` is asked for again")
            }
            Sent::Nothing | Sent::NtlmFirst | Sent::NtlmLast | Sent::NtlmWithin => {
                format!("the client takes part in `Negotiate` and sent no ticket for `HTTP/{host}`")
            }
        };
        scene.found(Finding::new(cause, Weight::Fair, evidence));
    }
}

/// RFC 5929: a response that is tied to the TLS connection fails where TLS ends in between.
fn binding(scene: &mut Scene<'_>, refusal: &Answer, sent: Sent) {
    let over_tls = scene
        .case
        .request
        .as_ref()
        .is_some_and(|request| request.url.scheme() == "https");
    let proves = matches!(sent, Sent::NtlmLast | Sent::Ticket);
    if !over_tls || !proves {
        return;
    }
    let evidence = "the last message of the sign-in was refused over TLS: if the server asks for channel binding, TLS must not end in between";
    let weight = match in_between(refusal) {
        Some(_) => Weight::Fair,
        None => Weight::Slight,
    };
    scene.found(Finding::new(Cause::ChannelBindingFailed, weight, evidence));
}
