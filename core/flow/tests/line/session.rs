//! Sessions on the line: what the cookie proves, for how long, and what is done about it when it proves nothing.

use countersign_cause::Cause;
use countersign_flow::session::Language;
use countersign_flow::session::page::{
    self, Account, Notice, ShownKey, ShownKeys, ShownSession, SignInForm,
};
use countersign_flow::{CorsRules, OwnPage, SessionPage};
use countersign_policy::{Demand, Pages, Requirements};
use http::Method;

use crate::driver::{Call, Question, challenges, get, header, offered, problem, text};
use crate::world::{BASIC, NONE, NOW, PASSWORD, SESSION, World, demanding, route};

const BOTH: countersign_flow::Accept = countersign_flow::Accept {
    basic: true,
    ..SESSION
};

fn world() -> World {
    World::accepting(SESSION)
}

/// As a browser visits an address.
fn visit(target: &str) -> Call {
    get(target)
        .with("accept", "text/html,application/xhtml+xml,*/*;q=0.8")
        .with("sec-fetch-mode", "navigate")
        .with("sec-fetch-dest", "document")
}

fn way(world: &World, call: &Call) -> String {
    let answer = world.answer(call);
    assert_eq!(answer.status, 303, "{}", call.target);
    assert!(answer.body.is_empty() && challenges(&answer).is_empty());
    assert_eq!(header(&answer, "cache-control"), "no-store");
    header(&answer, "location").to_owned()
}

#[test]
fn a_session_lets_its_user_in_with_the_groups() {
    let mut world = world();
    let cookie = world.begin_session(1, |_| {});
    let call = get("/app").with("cookie", format!("a=b; {cookie}; c=d"));
    let headers = world.forwarded(&call);
    assert_eq!(headers["x-auth-user"], "alice");
    assert_eq!(headers["x-auth-groups"], "staff");
    assert_eq!(headers["x-auth-scheme"], "session");
    assert_eq!(headers["cookie"], "a=b; c=d");
}

#[test]
fn cause_session_unknown_expired_and_revoked() {
    let mut world = world();
    let unknown = format!("{}={}", crate::world::COOKIE, "A".repeat(43));
    let expired = world.begin_session(1, |session| session.expires_unix_secs = NOW);
    let idle = world.begin_session(2, |session| session.used_unix_secs = NOW - 1800);
    let revoked = world.begin_session(3, |session| session.ended = true);
    let disabled = world.begin_session(4, |session| session.user_disabled = true);
    let last_second = world.begin_session(5, |session| {
        session.used_unix_secs = NOW - 1799;
        session.expires_unix_secs = NOW + 1;
    });
    for (cookie, cause, told) in [
        (unknown.as_str(), Cause::SessionUnknown, "session-unknown"),
        ("__Host-session=", Cause::SessionUnknown, "session-unknown"),
        (
            "__Host-session=' OR 1=1",
            Cause::SessionUnknown,
            "session-unknown",
        ),
        (&expired, Cause::SessionExpired, "session-expired"),
        (&idle, Cause::SessionExpired, "session-expired"),
        (&revoked, Cause::SessionRevoked, "session-revoked"),
        (&disabled, Cause::AccountDisabled, "credentials-rejected"),
    ] {
        let call = get("/app").with("cookie", cookie);
        assert_eq!(world.cause(&call), cause);
        let answer = world.answer(&call);
        assert_eq!(answer.status, 401);
        assert_eq!(header(&answer, "countersign-cause"), told);
        assert_eq!(problem(&answer)["cause"], told);
    }
    assert_eq!(
        world.user(&get("/app").with("cookie", last_second)),
        "alice"
    );
    assert_eq!(world.cause(&get("/app")), Cause::CredentialsMissing);
}

/// `second-factor-required`: a person is sent to where one is set up, everything else hears the cause.
#[test]
fn a_route_that_demands_a_second_factor_takes_no_session_without() {
    let demand = Demand::Identity(Requirements {
        second_factor: true,
        ..Requirements::default()
    });
    for mut world in [
        World::with(vec![demanding("app", "/**", BOTH, demand.clone())]),
        World::with(vec![demanding("app", "/**", BOTH, demand)]).remembering(),
    ] {
        let without = world.begin_session(1, |_| {});
        let with = world.begin_session(2, |session| session.second_factor = true);
        assert_eq!(world.user(&get("/app").with("cookie", with)), "alice");
        let call = get("/app").with("cookie", without.clone());
        assert_eq!(world.cause(&call), Cause::SecondFactorRequired);
        let answer = world.answer(&call);
        assert_eq!(answer.status, 401);
        assert_eq!(
            header(&answer, "countersign-cause"),
            "second-factor-required"
        );
        assert_eq!(
            way(&world, &visit("/app").with("cookie", without)),
            "/.countersign/account?done=second-factor-demanded"
        );
        // A password that was shown to the gateway alone is one factor.
        let basic = get("/app").basic("alice", PASSWORD);
        assert_eq!(world.cause(&basic), Cause::SecondFactorRequired);
    }
}

#[test]
fn cause_header_duplicated_two_cookies_of_the_session() {
    let mut world = world();
    let cookie = world.begin_session(1, |_| {});
    let call = visit("/app").with("cookie", format!("{cookie}; {cookie}"));
    assert_eq!(world.cause(&call), Cause::HeaderDuplicated);
    assert_eq!(world.answer(&call).status, 400);
}

#[test]
fn attack_32_a_store_that_does_not_answer_neither_lets_in_nor_signs_out() {
    let mut world = world();
    let cookie = world.begin_session(1, |_| {});
    world.store_answers = false;
    let answer = world.answer(&visit("/app").with("cookie", cookie));
    assert_eq!(answer.status, 503);
    assert_eq!(
        header(&answer, "countersign-cause"),
        "identity-backend-down"
    );
    assert_eq!(header(&answer, "set-cookie"), "");
}

#[test]
fn a_session_is_remembered_up_to_its_greatest_age() {
    let mut world = world().remembering();
    let cookie = world.begin_session(1, |session| session.expires_unix_secs = NOW + 30);
    let call = get("/app").with("cookie", cookie);
    assert_eq!(
        world.send(&call).questions,
        [Question::Recall, Question::Session]
    );
    assert_eq!(world.send(&call).questions, [Question::Recall]);
    world.now.set(NOW + 30);
    assert_eq!(world.cause(&call), Cause::SessionExpired);
}

#[test]
fn a_refused_session_is_not_remembered() {
    let mut world = world().remembering();
    let cookie = world.begin_session(1, |session| session.ended = true);
    let call = get("/app").with("cookie", &cookie);
    assert_eq!(world.cause(&call), Cause::SessionRevoked);
    world.begin_session(1, |_| {});
    assert_eq!(world.user(&call), "alice");
}

#[test]
fn the_cookies_reach_no_upstream_on_any_route() {
    let public = demanding("public", "/public/**", NONE, Demand::Anyone);
    let basic = route("basic", "/basic/**", BASIC);
    let mut world = World::with(vec![public, basic, route("app", "/**", SESSION)]);
    let cookie = world.begin_session(1, |_| {});
    for call in [
        get("/public/x"),
        get("/basic/x").basic("alice", PASSWORD),
        get("/app"),
    ] {
        let call = call
            .with("cookie", format!("{cookie}; __Host-form=x"))
            .with("cookie", "theme=dark; __Host-form=x");
        let headers = world.forwarded(&call);
        let left: Vec<_> = headers.get_all("cookie").iter().collect();
        assert_eq!(left, ["theme=dark"], "{}", call.target);
    }
    world.route(2).keep_credential = true;
    let headers = world.forwarded(&get("/app").with("cookie", &cookie));
    assert_eq!(headers["cookie"], cookie.as_str());
}

#[test]
fn attack_30_nothing_but_the_session_is_taken_out_of_the_cookies() {
    let mut world = world();
    let cookie = world.begin_session(1, |_| {});
    let headers = world.forwarded(&get("/app").with("cookie", &cookie));
    assert!(!headers.contains_key("cookie"));
}

#[test]
fn rfc9110_section_11_6_1_a_challenge_only_where_nothing_else_is_offered() {
    let answer = world().answer(&get("/app"));
    assert_eq!(
        challenges(&answer),
        [
            "Cookie realm=\"example\", form-action=\"/.countersign/sign-in\", cookie-name=\"__Host-session\""
        ]
    );
    assert_eq!(
        header(&answer, "vary"),
        "Accept, Authorization, Cookie, Sec-Fetch-Mode"
    );
    let both = World::accepting(BOTH).answer(&get("/app"));
    assert_eq!(offered(&both), ["Basic"]);
}

#[test]
fn a_visit_is_sent_to_the_sign_in_page_and_told_the_way_back() {
    let mut world = world();
    let expired = world.begin_session(1, |session| session.expires_unix_secs = NOW);
    assert_eq!(
        way(&world, &visit("/app/a%20b?x=1&y=2")),
        "/.countersign/sign-in?why=credentials-missing&return=/app/a%2520b%3Fx%3D1%26y%3D2"
    );
    assert_eq!(
        way(&world, &visit("/app").with("cookie", expired)),
        "/.countersign/sign-in?why=session-expired&return=/app"
    );
    assert_eq!(
        way(&World::accepting(BOTH), &visit("/app").by(Method::HEAD)),
        "/.countersign/sign-in?why=credentials-missing&return=/app"
    );
    // Over plain http browsers do not say what they do.
    let silent = get("/app").with("accept", "text/html,*/*;q=0.8");
    assert_eq!(
        way(&world, &silent),
        "/.countersign/sign-in?why=credentials-missing&return=/app"
    );
    let answer = world.answer(&visit("/app"));
    assert_eq!(header(&answer, "countersign-cause"), "credentials-missing");
}

#[test]
fn whatever_is_no_visit_gets_its_401_and_never_a_redirect() {
    let world = world();
    let html = "text/html,*/*;q=0.8";
    for call in [
        get("/app"),
        get("/app").with("accept", "*/*"),
        get("/app").with("accept", "application/json, text/html;q=0.5"),
        get("/app")
            .with("accept", html)
            .with("sec-fetch-mode", "cors"),
        get("/app")
            .with("accept", html)
            .with("sec-fetch-mode", "no-cors"),
        get("/app")
            .with("accept", html)
            .with("sec-fetch-mode", "same-origin"),
        get("/app")
            .with("accept", html)
            .with("sec-fetch-mode", "websocket"),
        get("/app")
            .with("accept", html)
            .with("x-requested-with", "XMLHttpRequest"),
        get("/app").with("accept", html).by(Method::POST),
        visit("/app").by(Method::PUT),
        visit("/app").by(Method::DELETE),
    ] {
        let answer = world.answer(&call);
        assert_eq!(answer.status, 401, "{:?}", call.headers);
        assert_eq!(header(&answer, "location"), "");
        assert_eq!(header(&answer, "countersign-cause"), "credentials-missing");
    }
    // Nor does signing in help against what another scheme was refused for.
    let rejected = World::accepting(BOTH).answer(&visit("/app").basic("alice", "wrong"));
    assert_eq!(rejected.status, 401);
    let elsewhere = World::accepting(BASIC).answer(&visit("/app"));
    assert_eq!(elsewhere.status, 401);
}

#[test]
fn a_lost_form_comes_back_to_the_page_that_it_stood_on() {
    let world = world();
    let form = |referer: &str| visit("/app/save").by(Method::POST).with("referer", referer);
    assert_eq!(
        way(&world, &form("https://api.example.com/app/edit?id=1")),
        "/.countersign/sign-in?why=credentials-missing&lost=1&return=/app/edit%3Fid%3D1"
    );
    for elsewhere in [
        "https://evil.example/x",
        "https://api.example.com.evil.example/",
        "https://api.example.com",
        "x",
    ] {
        assert_eq!(
            way(&world, &form(elsewhere)),
            "/.countersign/sign-in?why=credentials-missing&lost=1"
        );
    }
}

#[test]
fn attack_65_the_way_back_never_names_another_host() {
    // The target of a request that would lead elsewhere is refused before anybody is sent to sign in.
    let world = world();
    for hostile in [
        "//evil.example/",
        "/\\evil.example",
        "/%2fevil.example",
        "/.countersign/sign-out",
    ] {
        let answer = world.answer(&visit(hostile));
        assert_eq!(header(&answer, "location"), "", "{hostile}");
    }
}

#[test]
fn cause_csrf_failed_a_page_of_another_origin_changes_nothing() {
    let mut world = world().remembering();
    let cookie = world.begin_session(1, |_| {});
    let post = || get("/app").by(Method::POST).with("cookie", &cookie);
    for forged in [
        post().with("sec-fetch-site", "cross-site"),
        post().with("sec-fetch-site", "same-site"),
        post()
            .with("sec-fetch-site", "cross-site")
            .with("origin", "https://api.example.com"),
        post()
            .with("sec-fetch-site", "same-origin")
            .with("sec-fetch-site", "cross-site"),
        post().with("origin", "https://evil.example"),
        post().with("origin", "https://api.example.com.evil.example"),
        post().with("origin", "https://api.example.com:8443"),
        post().with("origin", "null"),
        post().with("origin", ""),
        post().with("origin", "https://evil@api.example.com"),
    ] {
        let answer = world.answer(&forged);
        assert_eq!(answer.status, 403, "{:?}", forged.headers);
        assert_eq!(header(&answer, "countersign-cause"), "csrf-failed");
    }
    for own in [
        post(),
        post().with("sec-fetch-site", "same-origin"),
        post().with("sec-fetch-site", "none"),
        post().with("origin", "https://api.example.com"),
        get("/app")
            .with("cookie", &cookie)
            .with("sec-fetch-site", "cross-site"),
    ] {
        assert_eq!(world.user(&own), "alice", "{:?}", own.headers);
    }
    // Behind a proxy that rewrites `Host`, the page is of the address that clients know.
    let published = post().with("origin", "https://app.example.com");
    assert_eq!(world.cause(&published), Cause::CsrfFailed);
    world.rules.public_url = Some("https://app.example.com".into());
    assert_eq!(world.user(&published), "alice");
    // A header is nobody's but its sender's, so that no page can have it sent.
    let basic = World::accepting(BOTH);
    let call = get("/app")
        .by(Method::POST)
        .basic("alice", PASSWORD)
        .with("sec-fetch-site", "cross-site");
    assert_eq!(basic.user(&call), "alice");
}

#[test]
fn a_page_that_the_route_lets_act_for_the_user_is_no_forger_and_no_other_page_gains() {
    let mut world = world();
    let cookie = world.begin_session(1, |_| {});
    let post = |origin: &str| {
        get("/app")
            .by(Method::POST)
            .with("cookie", &cookie)
            .with("sec-fetch-site", "cross-site")
            .with("origin", origin)
    };
    let listed = ["https://app.example.com", "null"];
    let with_credentials = CorsRules::new(crate::cors::settings(crate::cors::of(&listed, true)));
    world.route(0).cors = Some(Box::new(with_credentials));
    assert_eq!(world.user(&post("https://app.example.com")), "alice");
    for forged in [
        post("https://evil.example"),
        // Any page can make a frame that is called so.
        post("null"),
        post("https://app.example.com").with("origin", "https://evil.example"),
        get("/app")
            .by(Method::POST)
            .with("cookie", &cookie)
            .with("sec-fetch-site", "cross-site"),
    ] {
        assert_eq!(
            world.cause(&forged),
            Cause::CsrfFailed,
            "{:?}",
            forged.headers
        );
    }
    for without_credentials in [crate::cors::of(&listed, false), Pages::Any] {
        let rules = CorsRules::new(crate::cors::settings(without_credentials));
        world.route(0).cors = Some(Box::new(rules));
        let forged = post("https://app.example.com");
        assert_eq!(world.cause(&forged), Cause::CsrfFailed);
    }
}

#[test]
fn rfc6455_section_10_2_no_other_page_gets_a_tunnel_with_the_session_of_its_visitor() {
    let mut world = world().remembering();
    let cookie = world.begin_session(1, |_| {});
    let tunnel = || {
        let mut call = get("/app").with("cookie", &cookie);
        call.wants_tunnel = true;
        call
    };
    for hijacking in [
        tunnel().with("origin", "https://evil.example"),
        tunnel().with("origin", "null"),
        tunnel().with("sec-fetch-site", "same-site"),
    ] {
        for _ in 0..2 {
            assert_eq!(world.cause(&hijacking), Cause::CsrfFailed);
        }
    }
    for own in [
        tunnel().with("origin", "https://api.example.com"),
        tunnel().with("sec-fetch-site", "same-origin"),
        // A program, which nobody makes send anything.
        tunnel(),
    ] {
        assert_eq!(world.user(&own), "alice", "{:?}", own.headers);
    }
    let rules = CorsRules::new(crate::cors::settings(crate::cors::of(
        &["https://app.example.com"],
        true,
    )));
    world.route(0).cors = Some(Box::new(rules));
    let listed = tunnel().with("origin", "https://app.example.com");
    assert_eq!(world.user(&listed), "alice");
}

#[test]
fn the_pages_are_there_where_sessions_are_and_nowhere_else() {
    let mut world = world();
    for page in SessionPage::ALL {
        assert_eq!(world.send(&get(page.path())).own(), OwnPage::Session(page));
        // Without a store there is none to be shown.
        assert_eq!(world.answer(&get(page.path())).status, 404);
    }
    world.rules.session = None;
    for page in SessionPage::ALL {
        assert_eq!(world.send(&get(page.path())).own(), OwnPage::Nothing);
    }
}

fn sign_in(notice: Option<Notice>, language: Language) -> String {
    let form = SignInForm {
        passkey: None,
        realm: "a <realm>",
        notice,
        user: "\"><script>alert(1)</script>",
        return_to: "/a?b=\"c\"",
        lost: true,
        token: "token",
        password: true,
        providers: &[],
    };
    String::from_utf8(page::sign_in(&form, language)).unwrap()
}

#[test]
fn a_passkey_is_a_way_in_without_a_password() {
    let page = |passkey| {
        let form = SignInForm {
            passkey,
            realm: "example",
            notice: None,
            user: "",
            return_to: "",
            lost: false,
            token: "token",
            password: false,
            providers: &[],
        };
        String::from_utf8(page::sign_in(&form, Language::English)).unwrap()
    };
    let nowhere = "At this address nobody can sign in.";
    let with_passkey = page(Some("/.countersign/sign-in/passkey"));
    assert!(!with_passkey.contains(nowhere) && with_passkey.contains("Sign in with a passkey"));
    assert!(page(None).contains(nowhere));
}

#[test]
fn what_somebody_typed_stays_text_on_the_pages() {
    let page = sign_in(Some(Notice::Rejected), Language::English);
    assert!(!page.contains("<script") && !page.contains("<realm>") && !page.contains("b=\"c\""));
    let sessions = [ShownSession {
        id: "0123456789ab".into(),
        current: false,
        device: Some("<img src=x>".into()),
        address: "192.0.2.1".into(),
        created: "then".into(),
        used: "now".into(),
    }];
    let account = Account {
        has_password: true,
        passkeys: None,
        keys: Some(ShownKeys {
            list: vec![ShownKey {
                id: "0123456789ab".into(),
                prefix: "csk_0123456789ab".into(),
                name: "<img src=k>".into(),
                scopes: "<s>".into(),
                created: String::new(),
                expires: None,
                is_over: false,
                used: None,
                by_operator: false,
            }],
            fresh: true,
            offer: None,
        }),
        user: "<b>alice</b>",
        sessions: &sessions,
        done: None,
        second_factor: None,
        token: "token",
    };
    let page = String::from_utf8(page::account(&account, Language::English)).unwrap();
    assert!(!page.contains("<img") && !page.contains("<b>"));
}

#[test]
fn every_page_is_whole_in_every_language_and_every_field_has_a_label() {
    for (language, tag, words) in [
        (Language::English, "en", "Sign in to"),
        (Language::German, "de", "Anmelden bei"),
    ] {
        let page = sign_in(Some(Notice::Why(Cause::SessionExpired)), language);
        assert!(page.contains(&format!("<html lang=\"{tag}\">")) && page.contains(words));
        let account = Account {
            has_password: true,
            passkeys: None,
            keys: None,
            user: "alice",
            sessions: &[],
            done: Some(page::Done::PasswordsDiffer),
            second_factor: Some(3),
            token: "token",
        };
        let account = String::from_utf8(page::account(&account, language)).unwrap();
        for page in [page, account] {
            for input in page.split("<input ").skip(1) {
                let input = input.split('>').next().unwrap();
                if input.contains("type=\"hidden\"") || input.starts_with("hidden ") {
                    continue;
                }
                let id = input
                    .split("id=\"")
                    .nth(1)
                    .unwrap()
                    .split('"')
                    .next()
                    .unwrap();
                assert!(page.contains(&format!("<label for=\"{id}\">")), "{id}");
            }
        }
    }
}

#[test]
fn the_policy_of_the_pages_lets_in_their_style_and_their_forms_alone() {
    use aws_lc_rs::digest::{SHA256, digest};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    let answer = page::answer(
        http::StatusCode::OK,
        page::signed_out(None, Language::English),
    );
    let shown = text(&answer);
    let (_, after) = shown.split_once("<style>").unwrap();
    let (style, rest) = after.split_once("</style>").unwrap();
    assert!(!rest.contains("<style") && !shown.contains("style=\"") && !shown.contains("<script"));
    let hash = STANDARD.encode(digest(&SHA256, style.as_bytes()));
    assert_eq!(
        header(&answer, "content-security-policy"),
        format!(
            "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        )
    );
    assert_eq!(header(&answer, "cache-control"), "no-store");
}
