//! The answer to who is refused: its head, and its body in the form that the client reads.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_cause::Cause;
use countersign_flow::{Asked, Refusal, respond};
use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE};

use crate::driver::{asked, get, header, problem, text};
use crate::world::{ALL, BASIC, BEARER, NONE, PASSWORD, World, demanding};

const PROBLEM: &str = "application/problem+json";
const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

fn media(accept: &[&str]) -> String {
    let call = accept
        .iter()
        .fold(get("/"), |call, line| call.with(ACCEPT.as_str(), line));
    let answer = World::accepting(ALL).answer(&call);
    header(&answer, CONTENT_TYPE.as_str()).to_owned()
}

#[test]
fn rfc9110_section_12_5_1_the_body_is_what_the_client_reads() {
    for (accept, expected) in [
        (&[][..], PROBLEM),
        (&["*/*"], PROBLEM),
        (&["application/json"], PROBLEM),
        (&["application/problem+json"], PROBLEM),
        (&["application/*"], PROBLEM),
        (
            &["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"],
            HTML,
        ),
        (&["text/html"], HTML),
        (&["TEXT/HTML"], HTML),
        (&["text/*"], HTML),
        (&["text/plain"], TEXT),
        (&["text/html;q=0.5, text/plain"], TEXT),
        (&["text/html;q=0.5, application/json;q=0.6"], PROBLEM),
        (&["text/html;q=0, text/*;q=0.1"], TEXT),
        (&["*/*;q=0.1, text/html;q=0.2"], HTML),
        (&["application/json", "text/html"], PROBLEM),
        (&["application/json;q=0.1", "text/html"], HTML),
        // Nothing on offer: the words of a refusal serve better than a 406 would.
        (&["image/png"], PROBLEM),
        (&["*/*;q=0"], PROBLEM),
        (&["nonsense"], PROBLEM),
        (&[""], PROBLEM),
    ] {
        assert_eq!(media(accept), expected, "{accept:?}");
    }
}

#[test]
fn rfc9457_section_3_1_the_members_of_the_problem_document() {
    let world = World::accepting(ALL);
    let document = problem(&world.answer(&get("/")));
    let entry = Cause::CredentialsMissing.entry();
    assert_eq!(
        document,
        serde_json::json!({
            "type": "https://api.example.com/.countersign/causes/credentials-missing",
            "title": entry.title,
            "status": 401,
            "detail": format!("{} Found: the route demands a known caller.", entry.told),
            "cause": "credentials-missing",
            "request_id": "request-1",
            "fix": entry.fix,
        })
    );
}

#[test]
fn the_page_of_the_cause_is_where_clients_reach_the_gateway() {
    let mut world = World::accepting(ALL);
    world.rules.public_url = Some("https://edge.example.com".into());
    let answer = world.answer(&get("/"));
    let page = "https://edge.example.com/.countersign/causes/credentials-missing";
    assert_eq!(problem(&answer)["type"], page);
    for accept in ["text/html", "text/plain"] {
        let answer = world.answer(&get("/").with("accept", accept));
        assert!(text(&answer).contains(page), "{accept}");
    }
}

#[test]
fn the_head_of_every_refusal() {
    let world = World::accepting(ALL);
    for accept in ["*/*", "text/html", "text/plain"] {
        let answer = world.answer(&get("/").with("accept", accept));
        assert_eq!(header(&answer, "cache-control"), "no-store");
        assert_eq!(header(&answer, "countersign-cause"), "credentials-missing");
        assert_eq!(header(&answer, "x-request-id"), "request-1");
        assert_eq!(header(&answer, "x-content-type-options"), "nosniff");
        assert!(!answer.headers.contains_key("content-length"));
        assert!(!answer.headers.contains_key("retry-after"));
        assert_eq!(
            answer.headers.contains_key("content-security-policy"),
            accept == "text/html"
        );
    }
}

#[test]
fn rfc9110_section_12_5_5_vary_names_what_the_answer_was_chosen_by() {
    let vary = |world: &World, target: &str| {
        let answer = world.answer(&get(target));
        header(&answer, "vary").to_owned()
    };
    let mut world = World::with(vec![
        demanding("all", "/all", ALL, crate::world::scopes(&[])),
        demanding("basic", "/basic", BASIC, crate::world::scopes(&[])),
        demanding("none", "/none", NONE, crate::world::scopes(&[])),
    ]);
    assert_eq!(vary(&world, "/all"), "Accept, Authorization, x-api-key");
    assert_eq!(vary(&world, "/basic"), "Accept, Authorization");
    assert_eq!(vary(&world, "/none"), "Accept");
    assert_eq!(vary(&world, "/nowhere"), "Accept");
    world.rules.api_key.header = None;
    assert_eq!(vary(&world, "/all"), "Accept, Authorization");
}

/// RFC 9110 section 9.3.2: the same head as with GET. Whoever sends the answer leaves the body out.
#[test]
fn rfc9110_section_9_3_2_head_has_the_head_of_get() {
    let world = World::accepting(ALL);
    let (get, head) = (get("/"), get("/").by(Method::HEAD));
    let (of_get, of_head) = (world.answer(&get), world.answer(&head));
    assert_eq!(of_get.status, of_head.status);
    assert_eq!(of_get.headers, of_head.headers);
    assert_eq!(of_get.body.len(), of_head.body.len());
}

#[test]
fn the_text_says_what_the_page_says() {
    let world = World::accepting(BASIC);
    let answer = world.answer(&get("/").with("accept", "text/plain"));
    let entry = Cause::CredentialsMissing.entry();
    assert_eq!(
        text(&answer),
        format!(
            "401 Unauthorized: credentials-missing\n\n\
             {} Found: the route demands a known caller.\n\n\
             Fix:      {}\n\
             Accepted: Basic realm=\"example\", charset=\"UTF-8\"\n\
             More:     https://api.example.com/.countersign/causes/credentials-missing\n\
             Request:  request-1\n",
            entry.told, entry.fix
        )
    );
}

#[test]
fn what_comes_from_the_request_is_escaped_in_the_page() {
    let world = World::accepting(BASIC);
    let call = get("/").with("accept", "text/html");
    let refusal = world.send(&call).refusal();
    let answer = respond(
        &refusal,
        &Asked {
            origin: "https://x\"><script>alert(1)</script>",
            request_id: "<img src=x onerror=alert(1)>&'\"",
            ..asked(&call)
        },
    );
    let page = text(&answer);
    assert!(!page.contains("<script"));
    assert!(!page.contains("<img"));
    assert!(page.contains("&#60;img src=x") || page.contains("&lt;img src=x"));
    assert_eq!(page.matches("href=\"").count(), 1);
    // No form, no script, no resource from elsewhere.
    for element in ["<form", "<iframe", "<link", "src=\"", "@import", "url("] {
        assert!(!page.contains(element), "{element}");
    }
}

#[test]
fn the_content_security_policy_lets_in_the_one_style_element_and_nothing_else() {
    let world = World::accepting(BASIC);
    let answer = world.answer(&get("/").with("accept", "text/html"));
    let page = text(&answer);
    let (_, after) = page.split_once("<style>").unwrap();
    let (style, rest) = after.split_once("</style>").unwrap();
    assert!(!rest.contains("<style") && !page.contains("style=\""));
    let hash = STANDARD.encode(digest(&SHA256, style.as_bytes()));
    let policy = header(&answer, "content-security-policy");
    assert!(
        policy.contains(&format!("style-src 'sha256-{hash}';")),
        "{policy} {hash}"
    );
    assert!(policy.starts_with("default-src 'none';"));
    for directive in [
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(directive), "{directive}");
    }
}

/// What the log knows and the client must not: no form of the answer says more than the cause that is told.
#[test]
fn no_answer_says_more_than_the_cause_that_is_told() {
    let world = World::accepting(ALL);
    for cause in Cause::ALL.iter().copied() {
        let mut refusal = Refusal::new(&world.rules, cause);
        refusal.route = Some(&world.rules.route_rules[0]);
        refusal.detail = "an inner detail";
        refusal.subject = Some("carol-the-subject".into());
        for accept in ["*/*", "text/html", "text/plain"] {
            let call = get("/").with("accept", accept);
            let answer = respond(&refusal, &asked(&call));
            let body = text(&answer);
            assert!(!body.contains("carol-the-subject"), "{cause}");
            assert!(body.contains(cause.told_as().id()), "{cause}");
            if cause.told_as() != cause {
                assert!(!body.contains(cause.id()), "{cause}");
                assert!(!body.contains("inner detail"), "{cause}");
                assert_ne!(header(&answer, "countersign-cause"), cause.id());
            }
        }
    }
}

#[test]
fn a_password_that_was_wrong_is_nowhere_in_the_answer() {
    let world = World::accepting(ALL);
    for accept in ["*/*", "text/html", "text/plain"] {
        let call = get("/")
            .basic("alice", "Tr0ub4dor&3")
            .with("accept", accept);
        let answer = world.answer(&call);
        assert!(!text(&answer).contains("Tr0ub4dor"));
        assert!(!text(&answer).contains("alice"));
    }
}

#[test]
fn a_request_id_that_is_no_field_value_is_left_out_of_the_head() {
    let world = World::accepting(BEARER);
    let call = get("/");
    let refusal = world.send(&call).refusal();
    let answer = respond(
        &refusal,
        &Asked {
            request_id: "a\r\nSet-Cookie: x=y",
            ..asked(&call)
        },
    );
    assert!(!answer.headers.contains_key("x-request-id"));
    assert!(!answer.headers.contains_key("set-cookie"));
}

/// A cause that is only ever a diagnosis is no reason to refuse: whoever refuses with it is at fault.
#[test]
fn a_cause_without_status_is_the_servers_fault() {
    let world = World::accepting(BASIC);
    let refusal = Refusal::new(&world.rules, Cause::CookiePath);
    let call = get("/").basic("alice", PASSWORD);
    assert_eq!(respond(&refusal, &asked(&call)).status, 500);
}
