//! Answers of providers, and of others in their name, that sign nobody in.

use countersign_secret::totp::TotpSecret;
use countersign_store::{NewTotp, Store};
use serde_json::json;

use super::super::passkeys;
use super::standin::{Standin, with_status};
use super::*;

/// What came of a sign-in: the status, and the cause that it names.
fn outcome(answer: &Message) -> (u16, String) {
    (answer.status().unwrap(), refusal(answer))
}

fn is(status: u16, cause: &str) -> (u16, String) {
    (status, cause.to_owned())
}

struct Scene {
    stage: Stage,
    provider: Standin,
    upstream: Upstream,
}

fn scene(more: &str) -> Scene {
    let (upstream, provider) = (Upstream::content(), Standin::start());
    let stage = open(&upstream, &provider, more);
    link(&stage, &provider, "alice");
    Scene {
        stage,
        provider,
        upstream,
    }
}

#[test]
fn cause_sign_in_stale_a_state_of_another_browser_or_none_is_refused() {
    let scene = scene("");
    let (mut victim, mut attacker) = (Browser::at(&scene.stage), Browser::at(&scene.stage));
    let state = begin(&mut attacker, &scene.provider, "/app/x");
    let mut flipped = state.clone();
    let last = if flipped.pop() == Some('A') { 'B' } else { 'A' };
    flipped.push(last);
    // Without any cookie, and with one of its own: nobody is signed in as the attacker.
    assert_eq!(
        outcome(&come_back(&mut victim, &state)),
        is(403, "sign-in-stale")
    );
    victim.visit(SIGN_IN);
    for foreign in [&*state, &flipped, "A", ""] {
        let back = come_back(&mut victim, foreign);
        assert_eq!(outcome(&back), is(403, "sign-in-stale"), "{foreign}");
        assert!(back.text().contains("Please start again"));
        assert!(
            back.text().contains("type=\"password\""),
            "the other ways in are there"
        );
    }
    assert_eq!(victim.cookie(COOKIE), None);
    assert!(scene.provider.exchange().is_none(), "no code goes anywhere");
    attacker.forget(FORM_COOKIE);
    assert_eq!(
        outcome(&come_back(&mut attacker, &state)),
        is(403, "sign-in-stale")
    );
}

#[test]
fn attack_67_an_answer_is_used_once_and_a_parameter_comes_once() {
    let scene = scene("");
    let mut browser = Browser::at(&scene.stage);
    let state = begin(&mut browser, &scene.provider, "/app/x");
    for query in [
        format!("code=a&state={state}&state={state}"),
        format!("code=a&code=b&state={state}"),
        format!(
            "code=a&state={state}&iss={0}&iss={0}",
            scene.provider.issuer()
        ),
    ] {
        let back = browser.visit(&format!("{CALLBACK}?{query}"));
        assert_eq!(outcome(&back), is(403, "sign-in-stale"), "{query}");
    }
    assert!(scene.provider.exchange().is_none());
    assert_eq!(come_back(&mut browser, &state).status(), Some(303));
    // A provider that takes its code twice is not enough.
    let again = come_back(&mut browser, &state);
    assert_eq!(outcome(&again), is(403, "sign-in-stale"));
    assert_eq!(sessions(&scene.stage).len(), 1);
    scene.stage.wait_for_log("the sign-in was used before");
}

#[test]
fn attack_59_a_verifier_is_of_one_sign_in() {
    let scene = scene("");
    let mut browser = Browser::at(&scene.stage);
    let mut verifiers = Vec::new();
    for _ in 0..2 {
        let asked = asked(&browser.visit(BEGIN));
        scene
            .provider
            .set(|script| script.nonce = asked["nonce"].clone());
        come_back(&mut browser, &asked["state"]);
        let form = scene.provider.exchange().unwrap().text();
        let (_, rest) = form.split_once("&code_verifier=").unwrap();
        let verifier = rest.split('&').next().unwrap().to_owned();
        use base64::Engine as _;
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
        let challenge = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(hash);
        assert_eq!(asked["code_challenge"], challenge);
        verifiers.push(verifier);
    }
    assert_ne!(verifiers[0], verifiers[1]);
}

#[test]
fn an_answer_of_another_provider_is_a_mix_up() {
    let (upstream, one, two) = (Upstream::content(), Standin::start(), Standin::start());
    let sections =
        section(&one, "") + &section(&two, "").replace("[provider.corp]", "[provider.evil]");
    let stage = open_with(&upstream, &sections);
    link(&stage, &one, "alice");
    let mut browser = Browser::at(&stage);
    // RFC 9207: the answer names another one than was asked.
    let state = begin(&mut browser, &one, "/app/x");
    let named = |issuer: &str| format!("{CALLBACK}?code=a&state={state}&iss={issuer}");
    let back = browser.visit(&named(&two.issuer()));
    assert_eq!(outcome(&back), is(502, "provider-answer-invalid"));
    // It comes to the redirect URI of another one.
    let elsewhere = CALLBACK.replace("corp", "evil");
    let back = browser.visit(&format!("{elsewhere}?code=a&state={state}"));
    assert_eq!(outcome(&back), is(403, "sign-in-stale"));
    assert!(one.exchange().is_none() && two.exchange().is_none());
    assert_eq!(browser.visit(&named(&one.issuer())).status(), Some(303));
    // One that says that it names itself does not.
    one.set(|script| {
        script.metadata = json!({ "authorization_response_iss_parameter_supported": true });
    });
    let stage = open(&upstream, &one, "");
    let mut browser = Browser::at(&stage);
    let back = sign_in(&mut browser, &one);
    assert_eq!(outcome(&back), is(502, "provider-answer-invalid"));
    stage.wait_for_log("does not name its provider");
}

#[test]
fn cause_provider_answer_invalid_an_id_token_that_is_not_for_this_sign_in() {
    let scene = scene("");
    let mut browser = Browser::at(&scene.stage);
    let now = now_unix_secs();
    for (claims, words) in [
        (json!({ "nonce": "another" }), "`nonce`"),
        (json!({ "nonce": null }), "`nonce`"),
        (json!({ "aud": "another" }), "`aud` has none"),
        (json!({ "aud": ["gateway", "another"] }), "`azp`"),
        (json!({ "azp": "another" }), "`azp`"),
        (json!({ "iss": "https://evil.example" }), "`iss` is not"),
        (json!({ "exp": now - 31 }), "`exp` has passed"),
        (json!({ "iat": now + 3600 }), "not valid yet"),
        (json!({ "at_hash": "AAAAAAAAAAAAAAAAAAAAAA" }), "`at_hash`"),
        (json!({ "token_use": "access" }), "another kind of token"),
        (json!({ "sub": null }), "a claim that the token must have"),
    ] {
        scene.provider.set(|script| script.claims = claims.clone());
        let back = sign_in(&mut browser, &scene.provider);
        assert_eq!(
            outcome(&back),
            is(502, "provider-answer-invalid"),
            "{claims}"
        );
        assert!(back.text().contains("finds the reason in its log"));
        scene.stage.wait_for_log(words);
    }
    scene.provider.set(|script| {
        script.claims = json!({});
        script.foreign_key = true;
    });
    let back = sign_in(&mut browser, &scene.provider);
    assert_eq!(outcome(&back), is(502, "provider-answer-invalid"));
    for token in [
        "{}",
        "<html>",
        "{\"id_token\":\"eyJhbGciOiJub25lIn0.e30.\"}",
    ] {
        scene
            .provider
            .set(|script| script.token = Some(with_status("200 OK", token)));
        let back = sign_in(&mut browser, &scene.provider);
        assert_eq!(
            outcome(&back),
            is(502, "provider-answer-invalid"),
            "{token}"
        );
    }
    assert!(sessions(&scene.stage).is_empty() && browser.cookie(COOKIE).is_none());
}

#[test]
fn what_the_provider_says_in_place_of_a_code_is_told() {
    let scene = scene("");
    let mut browser = Browser::at(&scene.stage);
    for (error, expected) in [
        ("access_denied", is(403, "provider-refused")),
        ("temporarily_unavailable", is(503, "provider-unavailable")),
        ("invalid_scope", is(502, "provider-answer-invalid")),
    ] {
        let state = begin(&mut browser, &scene.provider, "/app/x%3Fa%3D1");
        let back = browser.visit(&format!(
            "{CALLBACK}?error={error}&error_description=not+today%0a&state={state}"
        ));
        assert_eq!(outcome(&back), expected, "{error}");
        // The way back is not lost.
        assert!(back.text().contains("corp?return=/app/x%3Fa%3D1"));
        scene
            .stage
            .wait_for_log(&format!("the provider says `{error}`: not today?"));
    }
    let invalid = with_status("400 Bad Request", "{\"error\":\"invalid_grant\"}");
    scene.provider.set(|script| script.token = Some(invalid));
    let back = sign_in(&mut browser, &scene.provider);
    assert_eq!(outcome(&back), is(403, "sign-in-stale"));
    let broken = with_status("503 Service Unavailable", "");
    scene.provider.set(|script| script.token = Some(broken));
    let back = sign_in(&mut browser, &scene.provider);
    assert_eq!(outcome(&back), is(503, "provider-unavailable"));
}

#[test]
fn a_slow_provider_is_told_of_and_the_password_still_signs_in() {
    let scene = scene("answer_secs = 1");
    scene.provider.set(|script| script.silent = true);
    let mut browser = Browser::at(&scene.stage);
    let back = sign_in(&mut browser, &scene.provider);
    assert_eq!(outcome(&back), is(503, "provider-unavailable"));
    assert_eq!(back.field("retry-after"), Some("5"));
    assert!(back.text().contains("does not answer at the moment"));
    let answer = browser.sign_in(&back, "alice", "correct horse");
    assert_eq!(answer.field("location"), Some("/app/x?a=1"));
}

#[test]
fn a_provider_that_is_down_is_told_of_before_anybody_is_sent_there() {
    let upstream = Upstream::content();
    let sections = "[provider.corp]\nissuer = \"http://127.0.0.1:1\"\nclient_id = \"gateway\"\nauthentication = \"none\"\nallow_http = true\n";
    let stage = open_with(&upstream, sections);
    let mut browser = Browser::at(&stage);
    let answer = browser.visit(BEGIN);
    assert_eq!(outcome(&answer), is(503, "provider-unavailable"));
    let answer = browser.sign_in(&answer, "alice", "correct horse");
    assert_eq!(answer.status(), Some(303));
}

#[test]
fn cause_provider_limit_more_exchanges_than_are_allowed() {
    let scene = scene("in_flight_max = 1\nwaiting_max = 0\nanswer_secs = 5");
    let (mut first, mut second) = (Browser::at(&scene.stage), Browser::at(&scene.stage));
    let held = begin(&mut first, &scene.provider, "/app/x");
    let state = begin(&mut second, &scene.provider, "/app/x");
    scene.provider.set(|script| script.silent = true);
    let request = format!("{CALLBACK}?code=a&state={held}");
    let cookie = first.cookie(FORM_COOKIE).unwrap().to_owned();
    let mut waiting = scene.stage.client();
    waiting.send(format!(
        "GET {request} HTTP/1.1\r\nHost: a.example\r\nCookie: {FORM_COOKIE}={cookie}\r\n\r\n"
    ));
    while scene.provider.exchange().is_none() {
        std::thread::yield_now();
    }
    let back = come_back(&mut second, &state);
    assert_eq!(outcome(&back), is(503, "provider-limit"));
}

#[test]
fn attack_65_68_the_way_back_leads_to_no_other_host() {
    let scene = scene("");
    for target in [
        "https://evil.example/",
        "//evil.example",
        "/%5Cevil.example",
        "/a@evil.example//x",
    ] {
        let mut browser = Browser::at(&scene.stage);
        let state = begin(&mut browser, &scene.provider, target);
        let back = come_back(&mut browser, &state);
        assert_eq!(
            back.field("location"),
            Some("/.countersign/account"),
            "{target}"
        );
    }
}

#[test]
fn attack_66_the_redirect_uri_is_that_of_the_public_url_whatever_host_is_asked() {
    let scene = scene("");
    for host in ["evil.example", "a.example.evil.example", "a.example:8443"] {
        for path in [BEGIN, &*format!("{CALLBACK}?code=a&state=b")] {
            let answer = scene
                .stage
                .ask(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n"));
            assert_eq!(
                (answer.status(), answer.cause()),
                (Some(404), "route-unmatched"),
                "{host}"
            );
        }
        let page = scene.stage.ask(format!(
            "GET {SIGN_IN} HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\n\r\n"
        ));
        assert!(!page.text().contains("/provider/"), "{host}");
    }
    let other = format!("GET {BEGIN}/callback/x HTTP/1.1\r\nHost: a.example\r\n\r\n");
    assert_eq!(scene.stage.ask(other).status(), Some(404));
    let posted =
        format!("POST {CALLBACK} HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\n\r\n");
    let answer = scene.stage.ask(posted);
    assert_eq!(
        (answer.status(), answer.field("allow")),
        (Some(405), Some("GET"))
    );
}

#[test]
fn a_second_factor_here_is_asked_for_unless_the_provider_s_counts() {
    let scene = scene("second_factor_amr = [\"otp\"]\ngroups_claim = \"roles\"");
    let store = scene.stage.other_store();
    let user = wait_for(store.user("alice")).unwrap().unwrap();
    let code = countersign_secret::recovery::RecoveryCode::mint(&[1; 10]);
    let new = NewTotp {
        user_id: user.id,
        user_version: user.version,
        secret: TotpSecret::new([7; 20]),
        used_step: 0,
        recovery: vec![code.digest()],
    };
    wait_for(store.set_totp(new, now_unix_secs()))
        .unwrap()
        .unwrap();
    scene
        .provider
        .set(|script| script.claims = json!({ "amr": ["pwd"], "roles": ["ops"] }));
    let mut browser = Browser::at(&scene.stage);
    let page = sign_in(&mut browser, &scene.provider);
    assert_eq!((page.status(), browser.cookie(COOKIE)), (Some(200), None));
    assert!(page.text().contains("<h1>Second factor</h1>"));
    let mut fields: Vec<(&str, String)> = ["token", "return", "user", "version", "by"]
        .map(|name| (name, page.hidden(name)))
        .into();
    fields.push(("code", code.to_shown().expose().clone()));
    // What the provider says of groups cannot be changed on the way.
    let mut forged = fields.clone();
    forged[4].1 = "corp,admin".to_owned();
    let refused = browser.post("/.countersign/sign-in/code", &forged);
    assert_eq!(outcome(&refused), is(403, "csrf-failed"));
    let done = browser.post("/.countersign/sign-in/code", &fields);
    assert_eq!(done.field("location"), Some("/app/x?a=1"), "{done:?}");
    browser.follow(&done);
    let heard = scene.upstream.next().message;
    assert_eq!(heard.field("x-auth-groups"), Some("staff,ops"));

    scene
        .provider
        .set(|script| script.claims = json!({ "amr": ["pwd", "otp"] }));
    assert_eq!(sign_in(&mut browser, &scene.provider).status(), Some(303));
}

#[test]
fn a_passkey_is_asked_for_after_the_provider_and_with_as_many_groups_as_can_be() {
    let (upstream, provider) = (Upstream::content(), Standin::start());
    let keys = section(&provider, "groups_claim = \"roles\"");
    let stage = open_with(&upstream, &[passkeys::PASSKEYS, &keys].concat());
    link(&stage, &provider, "alice");
    let (_, mut authenticator) = passkeys::with_passkey(&stage);
    authenticator.count = 1;
    let many: Vec<String> = (0..31)
        .map(|number| format!("{number:\u{e4}>128}"))
        .collect();
    provider.set(|script| script.claims = json!({ "roles": many }));
    let mut browser = Browser::at(&stage);
    let page = sign_in(&mut browser, &provider);
    assert_eq!((page.status(), browser.cookie(COOKIE)), (Some(200), None));
    let names = [
        "token",
        "return",
        "lost",
        "user",
        "version",
        "by",
        "challenge",
    ];
    let answer = authenticator.get(&passkeys::options(&page));
    let fields = passkeys::answered(&page, &names, answer);
    let done = browser.post(passkeys::SECOND, &fields);
    assert_eq!(done.field("location"), Some("/app/x?a=1"), "{done:?}");
    browser.follow(&done);
    let heard = upstream.next().message;
    assert!(heard.field("x-auth-groups").unwrap().len() > 31 * 128);
}
