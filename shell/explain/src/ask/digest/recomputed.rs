//! Which wrong reading of the challenge makes the response that the client sent.
//!
//! Knows: the misreadings that clients are known for. Needs the password, and sends nothing.

use countersign_cause::Cause;
use countersign_wire::Challenge;
use countersign_wire::digest::client::asked;
use countersign_wire::digest::server::Credentials;
use countersign_wire::digest::{
    Algorithm, Answered, Charset, SecretHash, Target, expected_response,
};

use crate::ask::digest::answering::{Pair, target};
use crate::ask::digest::sent::Suspicion;
use crate::finding::Weight;
use crate::message::Request;

/// What goes into a response besides the password.
#[derive(Clone)]
struct Reading {
    algorithm: Algorithm,
    charset: Charset,
    realm: String,
    qop: Option<String>,
    uri: String,
}

/// The wrong readings by which the response comes out as it was sent.
pub(super) fn suspicions(
    request: &Request,
    offered: &[Challenge],
    credentials: &Credentials,
    pair: &Pair,
) -> Vec<Suspicion> {
    let Some(right) = as_written(request, credentials) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (reading, cause, evidence) in misreadings(&right, request, offered, credentials) {
        if comes_out(&reading, request, credentials, pair) {
            found.push(Suspicion::new(cause, Weight::Strong, evidence));
            break;
        }
    }
    found
}

fn as_written(request: &Request, credentials: &Credentials) -> Option<Reading> {
    Some(Reading {
        algorithm: credentials.algorithm()?,
        charset: credentials.user_charset(),
        realm: credentials.realm().to_owned(),
        qop: credentials.qop_word().map(str::to_owned),
        uri: target(request),
    })
}

fn comes_out(reading: &Reading, request: &Request, credentials: &Credentials, pair: &Pair) -> bool {
    let secret = SecretHash::of_password(
        reading.algorithm,
        reading.charset,
        &pair.user,
        &reading.realm,
        pair.password.expose(),
    );
    let answered = Answered {
        qop: reading.qop.as_deref(),
        ..credentials.answered()
    };
    let target = Target {
        method: &request.method,
        uri: &reading.uri,
        body: request.body.as_deref(),
    };
    let expected = expected_response(&secret, &answered, &target);
    expected.eq_ignore_ascii_case(credentials.response())
}

fn misreadings(
    right: &Reading,
    request: &Request,
    offered: &[Challenge],
    credentials: &Credentials,
) -> Vec<(Reading, Cause, &'static str)> {
    let mut all = Vec::new();
    for challenge in offered {
        let list = challenge.param("qop").unwrap_or_default();
        if list.contains(',') {
            all.push((
                Reading {
                    qop: Some(list.to_owned()),
                    ..right.clone()
                },
                Cause::DigestChallengeMisread,
                "the response was hashed with the whole list of `qop` in place of the one that was chosen",
            ));
        }
        for realm in misread_realms(challenge.realm()) {
            all.push((
                Reading {
                    realm,
                    ..right.clone()
                },
                Cause::DigestChallengeMisread,
                "the response was hashed with another realm than the challenge has: commas, quotes or backslashes in it were misread",
            ));
        }
        if let Ok(asked) = asked(challenge)
            && asked.algorithm != right.algorithm
        {
            all.push((
                Reading {
                    algorithm: asked.algorithm,
                    ..right.clone()
                },
                Cause::DigestAlgorithmUnsupported,
                "the response was hashed by the algorithm of the challenge, and the credentials name another",
            ));
        }
    }
    all.push((
        Reading {
            qop: None,
            ..right.clone()
        },
        Cause::DigestQopUnsupported,
        "the response was hashed in the old form without qop, and the credentials name one",
    ));
    all.push((
        Reading {
            algorithm: Algorithm {
                session: !right.algorithm.session,
                ..right.algorithm
            },
            ..right.clone()
        },
        Cause::DigestAlgorithmUnsupported,
        "the response was hashed as if the algorithm had, or had not, `-sess` at its end",
    ));
    all.push((
        Reading {
            charset: other(right.charset),
            ..right.clone()
        },
        Cause::BasicCharset,
        "the response was hashed in another charset than the user name is sent in",
    ));
    let path = request.url.path().to_owned();
    let addresses = [path, request.url.to_string(), credentials.uri().to_owned()];
    for uri in addresses.into_iter().filter(|uri| *uri != right.uri) {
        all.push((
            Reading {
                uri,
                ..right.clone()
            },
            Cause::DigestUriMismatch,
            "the response was hashed over another address than the request goes to",
        ));
    }
    all
}

const fn other(charset: Charset) -> Charset {
    match charset {
        Charset::Utf8 => Charset::Latin1,
        Charset::Latin1 => Charset::Utf8,
    }
}

/// A realm as clients spoil it: cut at a comma or quote, commas made something else, escapes kept or lost.
fn misread_realms(realm: &str) -> Vec<String> {
    let mut all = Vec::new();
    for end in [',', '"', '=', ' '] {
        if let Some((head, _)) = realm.split_once(end) {
            all.push(head.to_owned());
        }
    }
    if realm.contains(',') {
        all.push(realm.replace(',', ";"));
        all.push(realm.replace(", ", ","));
    }
    if realm.contains(['"', '\\']) {
        all.push(realm.replace('\\', "\\\\").replace('"', "\\\""));
        all.push(realm.replace(['"', '\\'], ""));
    }
    all.push(format!("\"{realm}\""));
    all
}
