//! Faults of tokens: an API that refuses one, its issuer, and what is found between them.

use countersign_explain::{Care, Case, Confidence, Expected, Outcome, Report};
use countersign_jose::Algorithm;
use countersign_secret::Secret;
use serde_json::{Value, json};

use crate::issuer::{Api, Issuer, Words, http_date, key, sign};
use crate::stage::{NOW_UNIX_SECS, Reply, Server, diagnose, diagnose_with, first, get};

const ALL_WORDS: [Words; 3] = [Words::Told, Words::Coded, Words::Bare];

fn bearer(url: &str, token: &str) -> Case {
    get(url, &[("Authorization", &format!("Bearer {token}"))])
}

/// What every report has to keep.
fn is_careful(report: &Report, token: &str) {
    assert!(report.probes.len() <= 9, "{report:#?}");
    let told = format!("{:?} {:?}", report.causes, report.findings);
    let (_, signature) = token.rsplit_once('.').unwrap();
    assert!(!told.contains(token), "the token is told");
    assert!(
        signature.len() < 8 || !told.contains(signature),
        "its signature is told"
    );
}

fn is_found(report: &Report, token: &str, cause: &str) {
    assert_eq!(first(report), cause, "{report:#?}");
    assert_eq!(report.outcome, Outcome::Refused);
    is_careful(report, token);
}

fn is_certain(report: &Report) -> bool {
    report.causes.first().unwrap().confidence == Confidence::Certain
}

fn evidence(report: &Report) -> String {
    report.causes.first().unwrap().evidence.join("\n")
}

#[test]
fn cause_token_expired() {
    for words in ALL_WORDS {
        let key = key(Algorithm::Es256, "k1");
        let issuer = Issuer::publishing(&[&key]);
        let api = Api::trusting(&issuer, &key).saying(words).start();
        let mut claims = issuer.claims();
        claims["exp"] = json!(NOW_UNIX_SECS - 3 * 3600);
        let token = sign(&key, "at+jwt", &claims);
        let report = diagnose(&bearer(&api.url("/"), &token));
        is_found(&report, &token, "token-expired");
        assert!(evidence(&report).contains("3 hours ago"), "{report:#?}");
        assert_eq!(is_certain(&report), words == Words::Told);
        // Nobody has to be asked about a token that is over.
        assert!(issuer.server.seen().is_empty());
    }
}

#[test]
fn a_program_gets_a_command_for_a_new_token() {
    let key = key(Algorithm::Es256, "k1");
    let issuer = Issuer::publishing(&[&key]);
    let api = Api::trusting(&issuer, &key).start();
    let mut claims = issuer.claims();
    claims["exp"] = json!(NOW_UNIX_SECS - 100);
    claims["sub"] = json!("robot");
    claims["client_id"] = json!("robot");
    let token = sign(&key, "at+jwt", &claims);
    let report = diagnose(&bearer(&api.url("/"), &token));
    is_found(&report, &token, "token-expired");
    let command = report.causes[0].fix.command.as_deref().unwrap();
    assert!(
        command.contains("grant_type=client_credentials")
            && command.contains(&issuer.server.url("/token"))
            && command.contains("$CLIENT_SECRET")
            && command.contains("Bearer $TOKEN"),
        "{command}"
    );
}

#[test]
fn cause_token_not_yet_valid() {
    for words in ALL_WORDS {
        let key = key(Algorithm::Es256, "k1");
        let issuer = Issuer::publishing(&[&key]);
        let api = Api::trusting(&issuer, &key).saying(words).start();
        let mut claims = issuer.claims();
        claims["nbf"] = json!(NOW_UNIX_SECS + 1800);
        let token = sign(&key, "at+jwt", &claims);
        let report = diagnose(&bearer(&api.url("/"), &token));
        is_found(&report, &token, "token-not-yet-valid");
        assert!(evidence(&report).contains("30 minutes"), "{report:#?}");
    }
}

#[test]
fn cause_clock_skew_of_the_server() {
    for (words, off) in [
        (Words::Told, -900),
        (Words::Coded, -900),
        (Words::Bare, -900),
        (Words::Told, 3600),
        (Words::Coded, 3600),
    ] {
        let key = key(Algorithm::Es256, "k1");
        let issuer = Issuer::publishing(&[&key]);
        let mut api = Api::trusting(&issuer, &key).saying(words);
        api.clock = NOW_UNIX_SECS + off;
        let api = api.start();
        let token = sign(&key, "at+jwt", &issuer.claims());
        let report = diagnose(&bearer(&api.url("/"), &token));
        is_found(&report, &token, "clock-skew");
        assert!(evidence(&report).contains("the server"), "{report:#?}");
    }
}

#[test]
fn cause_clock_skew_of_the_issuer_by_its_own_date() {
    let key = key(Algorithm::Es256, "k1");
    let issuer = Issuer::named(&[&key], "", NOW_UNIX_SECS + 600);
    let api = Api::trusting(&issuer, &key).saying(Words::Coded).start();
    let mut claims = issuer.claims();
    claims["iat"] = json!(NOW_UNIX_SECS + 598);
    claims["nbf"] = json!(NOW_UNIX_SECS + 598);
    let token = sign(&key, "at+jwt", &claims);
    let report = diagnose(&bearer(&api.url("/"), &token));
    is_found(&report, &token, "clock-skew");
    assert!(evidence(&report).contains("issuer"), "{report:#?}");
}

#[test]
fn cause_signature_invalid() {
    for words in ALL_WORDS {
        let (own, other) = (key(Algorithm::Es256, "k1"), key(Algorithm::Es256, "k1"));
        let issuer = Issuer::publishing(&[&own]);
        let api = Api::trusting(&issuer, &own).saying(words).start();
        let token = sign(&other, "at+jwt", &issuer.claims());
        let report = diagnose(&bearer(&api.url("/"), &token));
        is_found(&report, &token, "signature-invalid");
        assert_eq!(is_certain(&report), words == Words::Told);
    }
}

#[test]
fn cause_signing_key_unknown() {
    for words in ALL_WORDS {
        let (own, other) = (key(Algorithm::Es256, "k1"), key(Algorithm::Es256, "k0"));
        let issuer = Issuer::publishing(&[&own]);
        let api = Api::trusting(&issuer, &own).saying(words).start();
        let token = sign(&other, "at+jwt", &issuer.claims());
        let report = diagnose(&bearer(&api.url("/"), &token));
        is_found(&report, &token, "signing-key-unknown");
        assert!(evidence(&report).contains("`k0`"), "{report:#?}");
    }
}

#[test]
fn cause_signing_keys_stale() {
    for words in [Words::Told, Words::Coded] {
        let (old, new) = (key(Algorithm::Es256, "k1"), key(Algorithm::Es256, "k2"));
        let issuer = Issuer::publishing(&[&old, &new]);
        let api = Api::trusting(&issuer, &old).saying(words).start();
        let token = sign(&new, "at+jwt", &issuer.claims());
        let report = diagnose(&bearer(&api.url("/"), &token));
        is_found(&report, &token, "signing-keys-stale");
        assert!(!is_certain(&report), "{report:#?}");
    }
}

#[test]
fn cause_algorithm_not_allowed() {
    // An algorithm that the issuer's key is good for and the API does not take.
    let key_of_issuer = key(Algorithm::Ps256, "k1");
    let issuer = Issuer::publishing(&[&key_of_issuer]);
    let mut api = Api::trusting(&issuer, &key_of_issuer);
    api.algorithms = vec![Algorithm::Rs256];
    let api = api.start();
    let token = sign(&key_of_issuer, "at+jwt", &issuer.claims());
    let report = diagnose(&bearer(&api.url("/"), &token));
    is_found(&report, &token, "algorithm-not-allowed");
    assert!(evidence(&report).contains("PS256"), "{report:#?}");

    // A secret where the issuer publishes keys.
    for words in ALL_WORDS {
        let own = key(Algorithm::Es256, "k1");
        let issuer = Issuer::publishing(&[&own]);
        let api = Api::trusting(&issuer, &own).saying(words).start();
        let token = sign(&key(Algorithm::Hs256, "k1"), "JWT", &issuer.claims());
        let report = diagnose(&bearer(&api.url("/"), &token));
        is_found(&report, &token, "algorithm-not-allowed");
    }
}

#[test]
fn cause_issuer_mismatch_to_the_slash() {
    for words in ALL_WORDS {
        let key = key(Algorithm::Es256, "k1");
        let issuer = Issuer::named(&[&key], "/", NOW_UNIX_SECS);
        let mut api = Api::trusting(&issuer, &key).saying(words);
        api.issuer.push('/');
        let api = api.start();
        let token = sign(&key, "at+jwt", &issuer.claims());
        let report = diagnose(&bearer(&api.url("/"), &token));
        is_found(&report, &token, "issuer-mismatch");
        assert!(evidence(&report).contains("slash"), "{report:#?}");
    }
}

#[test]
fn cause_audience_mismatch() {
    let key = key(Algorithm::Es256, "k1");
    let issuer = Issuer::publishing(&[&key]);
    let mut claims = issuer.claims();
    claims["aud"] = json!("billing");
    let token = sign(&key, "at+jwt", &claims);
    let api = Api::trusting(&issuer, &key).start();
    let report = diagnose(&bearer(&api.url("/"), &token));
    is_found(&report, &token, "audience-mismatch");
    assert!(is_certain(&report), "{report:#?}");
    let told = evidence(&report);
    assert!(
        told.contains("`billing`") && told.contains("`orders`"),
        "{told}"
    );

    // The user's own word, where the server says nothing.
    let api = Api::trusting(&issuer, &key).saying(Words::Coded).start();
    let mut case = bearer(&api.url("/"), &token);
    case.expected.audience = Some("orders".to_owned());
    is_found(&diagnose(&case), &token, "audience-mismatch");
}

#[test]
fn cause_audience_mismatch_by_the_metadata_of_the_resource() {
    let key = key(Algorithm::Es256, "k1");
    let issuer = Issuer::publishing(&[&key]);
    let server = Server::start(|seen| {
        let own = format!("http://{}", seen.field("host").unwrap());
        match seen.path() {
            "/meta" => Reply::ok().saying(
                &json!({ "resource": format!("{own}/orders"), "authorization_servers": [own] })
                    .to_string(),
            ),
            _ => Reply::new(401).with(
                "WWW-Authenticate",
                &format!("Bearer error=\"invalid_token\", resource_metadata=\"{own}/meta\""),
            ),
        }
    });
    let token = sign(&key, "at+jwt", &issuer.claims());
    let report = diagnose(&bearer(&server.url("/orders"), &token));
    is_found(&report, &token, "audience-mismatch");
    assert!(evidence(&report).contains("/orders"), "{report:#?}");
}

#[test]
fn cause_token_wrong_kind() {
    for words in ALL_WORDS {
        let key = key(Algorithm::Es256, "k1");
        let issuer = Issuer::publishing(&[&key]);
        let api = Api::trusting(&issuer, &key).saying(words).start();
        let mut claims = issuer.claims();
        claims["aud"] = json!("web-client");
        claims["nonce"] = json!("n");
        claims["at_hash"] = json!("h");
        claims.as_object_mut().unwrap().remove("scope");
        let token = sign(&key, "JWT", &claims);
        let report = diagnose(&bearer(&api.url("/"), &token));
        is_found(&report, &token, "token-wrong-kind");
        assert!(evidence(&report).contains("ID token"), "{report:#?}");
    }
}

#[test]
fn an_opaque_token_where_a_signed_one_is_due() {
    let key = key(Algorithm::Es256, "k1");
    let issuer = Issuer::publishing(&[&key]);
    let api = Api::trusting(&issuer, &key).start();
    let report = diagnose(&bearer(&api.url("/"), "o3xaZ81kBfQm2hTT0dYw"));
    assert_eq!(first(&report), "token-wrong-kind", "{report:#?}");
}

#[test]
fn cause_scope_insufficient() {
    for status in [401, 403] {
        let server = Server::start(move |seen| match seen.field("authorization") {
            Some(_) => Reply::new(status).with(
                "WWW-Authenticate",
                "Bearer error=\"insufficient_scope\", scope=\"read write\"",
            ),
            None => Reply::new(401).with("WWW-Authenticate", "Bearer"),
        });
        let key = key(Algorithm::Es256, "k1");
        let issuer = Issuer::publishing(&[&key]);
        let token = sign(&key, "at+jwt", &issuer.claims());
        let report = diagnose(&bearer(&server.url("/"), &token));
        is_found(&report, &token, "scope-insufficient");
        assert!(is_certain(&report), "{report:#?}");
        assert!(report.causes[0].fix.text.contains("`write`"), "{report:#?}");
        assert!(issuer.server.seen().is_empty());
    }
}

#[test]
fn cause_sender_constraint_failed() {
    for challenge in [
        "DPoP algs=\"ES256\", error=\"invalid_token\"",
        "Bearer error=\"invalid_token\"",
        "DPoP error=\"invalid_dpop_proof\"",
    ] {
        let server = Server::start(move |_| Reply::new(401).with("WWW-Authenticate", challenge));
        let key = key(Algorithm::Es256, "k1");
        let issuer = Issuer::publishing(&[&key]);
        let mut claims = issuer.claims();
        claims["cnf"] = json!({ "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" });
        let token = sign(&key, "at+jwt", &claims);
        let report = diagnose(&bearer(&server.url("/"), &token));
        is_found(&report, &token, "sender-constraint-failed");
    }
}

#[test]
fn a_proof_for_another_address() {
    let server =
        Server::start(|_| Reply::new(401).with("WWW-Authenticate", "DPoP error=\"invalid_token\""));
    let (key, own) = (key(Algorithm::Es256, "k1"), key(Algorithm::Es256, ""));
    let issuer = Issuer::publishing(&[&key]);
    let mut claims = issuer.claims();
    let thumbprint = own.public_key().unwrap().thumbprint();
    claims["cnf"] = json!({ "jkt": thumbprint.as_str() });
    let token = sign(&key, "at+jwt", &claims);
    let proof = |url: &str| {
        let claims = json!({ "jti": "1", "htm": "GET", "htu": url, "iat": NOW_UNIX_SECS - 2 });
        let mut header = serde_json::Map::new();
        header.insert("typ".to_owned(), json!("dpop+jwt"));
        header.insert(
            "jwk".to_owned(),
            Value::Object(own.public_key().unwrap().to_jwk()),
        );
        let random = aws_lc_rs::rand::SystemRandom::new();
        own.sign(header, claims.to_string().as_bytes(), &random)
            .unwrap()
    };
    for (url, word) in [
        ("https://other.example/", "htu"),
        (&server.url("/x"), "ath"),
    ] {
        let authorization = format!("DPoP {token}");
        let case = get(
            &server.url("/x?page=2"),
            &[("Authorization", &authorization), ("DPoP", &proof(url))],
        );
        let report = diagnose(&case);
        is_found(&report, &token, "sender-constraint-failed");
        assert!(evidence(&report).contains(word), "{report:#?}");
    }
}

#[test]
fn cause_identity_backend_down() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for status in [401, 500, 503] {
        let server = Server::start(move |seen| match seen.field("authorization") {
            Some(_) => Reply::new(status),
            None => Reply::new(401).with("WWW-Authenticate", "Bearer"),
        });
        let key = key(Algorithm::Es256, "k1");
        let claims =
            json!({ "iss": gone, "sub": "alice", "aud": "orders", "exp": NOW_UNIX_SECS + 600 });
        let token = sign(&key, "at+jwt", &claims);
        let report = diagnose(&bearer(&server.url("/"), &token));
        is_found(&report, &token, "identity-backend-down");
    }
}

#[test]
fn a_good_token_is_accepted_and_its_issuer_left_alone() {
    let key = key(Algorithm::Es256, "k1");
    let issuer = Issuer::publishing(&[&key]);
    let api = Api::trusting(&issuer, &key).start();
    let token = sign(&key, "at+jwt", &issuer.claims());
    let report = diagnose(&bearer(&api.url("/"), &token));
    assert_eq!(report.outcome, Outcome::Accepted);
    assert!(issuer.server.seen().is_empty());
}

#[test]
fn a_good_token_that_is_refused_is_not_called_bad() {
    // A server that forbids everybody everything, whatever the token.
    let server = Server::start(|_| Reply::new(403).saying("no"));
    let key = key(Algorithm::Es256, "k1");
    let issuer = Issuer::publishing(&[&key]);
    let token = sign(&key, "at+jwt", &issuer.claims());
    let report = diagnose(&bearer(&server.url("/"), &token));
    is_careful(&report, &token);
    for cause in &report.causes {
        let id = cause.cause.id();
        assert!(
            !id.starts_with("token-") && !id.starts_with("sign") && id != "audience-mismatch",
            "{report:#?}"
        );
    }
}

#[test]
fn a_token_alone_is_looked_at_without_network() {
    let key = key(Algorithm::Es256, "k1");
    let offline = || Care {
        offline: true,
        ..Care::default()
    };
    let alone = |claims: &Value, expected: Expected| {
        let token = sign(&key, "JWT", claims);
        let case = Case {
            token: Some(Secret::new(token.into_bytes())),
            expected,
            ..Case::default()
        };
        diagnose_with(&case, offline())
    };
    let good = json!({ "iss": "https://id.example", "sub": "a", "aud": "orders", "exp": NOW_UNIX_SECS + 60 });
    let report = alone(&good, Expected::default());
    assert_eq!(
        (report.outcome, report.causes.len()),
        (Outcome::Accepted, 0)
    );
    let expected = Expected {
        issuer: Some("https://id.example/".to_owned()),
        audience: None,
    };
    let report = alone(&good, expected);
    assert_eq!(first(&report), "issuer-mismatch");
    assert!(is_certain(&report));
    let expected = Expected {
        issuer: None,
        audience: Some("billing".to_owned()),
    };
    assert_eq!(first(&alone(&good, expected)), "audience-mismatch");
    let mut over = good.clone();
    over["exp"] = json!(NOW_UNIX_SECS - 60);
    assert_eq!(first(&alone(&over, Expected::default())), "token-expired");
    let mut id_token = good;
    id_token["nonce"] = json!("n");
    assert_eq!(
        first(&alone(&id_token, Expected::default())),
        "token-wrong-kind"
    );
}

#[test]
fn a_token_alone_is_held_against_its_issuers_keys() {
    let (own, other) = (key(Algorithm::Es256, "k1"), key(Algorithm::Es256, "k1"));
    let issuer = Issuer::publishing(&[&own]);
    for (signer, outcome, cause) in [
        (&own, Outcome::Accepted, ""),
        (&other, Outcome::Refused, "signature-invalid"),
    ] {
        let token = sign(signer, "JWT", &issuer.claims());
        let case = Case {
            token: Some(Secret::new(token.clone().into_bytes())),
            expected: Expected {
                issuer: Some(issuer.name()),
                audience: Some("orders".to_owned()),
            },
            ..Case::default()
        };
        let report = diagnose(&case);
        assert_eq!(
            (report.outcome, first(&report)),
            (outcome, cause),
            "{report:#?}"
        );
        is_careful(&report, &token);
    }
}

#[test]
fn a_reader_that_names_key_and_algorithm_in_one_breath() {
    let words = "Signed JWT rejected: Another algorithm expected, or no matching key(s) found";
    for (algorithm, published, cause) in [
        (Algorithm::Ps256, true, "algorithm-not-allowed"),
        (Algorithm::Rs256, true, "signing-keys-stale"),
        (Algorithm::Rs256, false, "signing-key-unknown"),
    ] {
        let (own, other) = (key(algorithm, "k1"), key(algorithm, "k2"));
        let issuer = Issuer::publishing(&[if published { &own } else { &other }]);
        let server = Server::start(move |seen| match seen.field("authorization") {
            None => Reply::new(401).with("WWW-Authenticate", "Bearer"),
            Some(_) => Reply::new(401).with(
                "WWW-Authenticate",
                &format!("Bearer error=\"invalid_token\", error_description=\"{words}\""),
            ),
        });
        let token = sign(&own, "at+jwt", &issuer.claims());
        let report = diagnose(&bearer(&server.url("/"), &token));
        is_found(&report, &token, cause);
        assert!(!is_certain(&report), "{report:#?}");
    }
}

#[test]
fn a_gateway_that_puts_its_own_token_in_between() {
    let server = Server::start(|seen| {
        match seen.field("authorization") {
        None => Reply::new(401).with("WWW-Authenticate", "Bearer"),
        Some(_) => Reply::new(401).with(
            "WWW-Authenticate",
            "Bearer error=\"invalid_token\", error_description=\"The issuer 'https://sts.example/other' is invalid\"",
        ),
    }
    });
    let key = key(Algorithm::Es256, "k1");
    let issuer = Issuer::publishing(&[&key]);
    let token = sign(&key, "at+jwt", &issuer.claims());
    let report = diagnose(&bearer(&server.url("/"), &token));
    is_found(&report, &token, "proxy-replaced-credentials");
}

#[test]
fn a_recorded_refusal_is_judged_by_the_time_of_the_recording() {
    let key = key(Algorithm::Es256, "k1");
    let then = NOW_UNIX_SECS - 500_000;
    let claims = json!({ "iss": "https://id.example", "sub": "a", "exp": then + 600, "iat": then });
    let token = sign(&key, "JWT", &claims);
    let mut case = bearer("http://127.0.0.1:9/", &token);
    let mut answer = countersign_explain::Answer::new(401);
    answer.fields.add("Date", http_date(then + 30));
    answer
        .fields
        .add("WWW-Authenticate", "Bearer error=\"invalid_token\"");
    case.answer = Some(answer);
    let report = diagnose_with(
        &case,
        Care {
            offline: true,
            ..Care::default()
        },
    );
    assert_ne!(first(&report), "token-expired", "{report:#?}");
}
