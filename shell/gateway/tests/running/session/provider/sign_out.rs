//! Signing out here, and then at the provider.

use serde_json::json;

use super::standin::Standin;
use super::*;

const STILL: &str = "You may still be signed in at Corp &#38; Co.";

fn signed_in_through(stage: &Stage, provider: &Standin) -> Browser {
    link(stage, provider, "alice");
    let mut browser = Browser::at(stage);
    assert_eq!(sign_in(&mut browser, provider).status(), Some(303));
    browser
}

fn sign_out(browser: &mut Browser, page: &str) -> Message {
    let account = browser.visit("/.countersign/account");
    browser.post(page, &[("token", account.hidden("token"))])
}

#[test]
fn who_has_come_through_a_provider_is_shown_the_way_to_sign_out_there() {
    let (upstream, provider) = (Upstream::content(), Standin::start());
    let end = format!("{}/logout", provider.issuer());
    provider.set(|script| script.metadata = json!({ "end_session_endpoint": end }));
    let stage = open(&upstream, &provider, "sign_out = true");
    let mut browser = signed_in_through(&stage, &provider);
    for page in [
        "/.countersign/sign-out",
        "/.countersign/sign-out-everywhere",
    ] {
        let out = sign_out(&mut browser, page);
        assert_eq!((out.status(), browser.cookie(COOKIE)), (Some(200), None));
        assert!(out.text().contains(STILL), "{}", out.text());
        let link = format!(
            "<a class=\"button\" href=\"{end}?client_id=gateway&#38;post_logout_redirect_uri=https%3A//a.example/.countersign/sign-out\">Sign out at Corp &#38; Co</a>"
        );
        assert!(out.text().contains(&link), "{}", out.text());
        // The way back from there.
        let back = browser.visit("/.countersign/sign-out");
        assert!(back.text().contains("You are signed out") && !back.text().contains(STILL));
        assert_eq!(sign_in(&mut browser, &provider).status(), Some(303));
    }
}

#[test]
fn who_has_signed_in_here_is_sent_nowhere_and_no_provider_is_asked_unless_it_is_configured() {
    let (upstream, provider) = (Upstream::content(), Standin::start());
    let end = format!("{}/logout", provider.issuer());
    provider.set(|script| script.metadata = json!({ "end_session_endpoint": end }));
    let stage = open(&upstream, &provider, "sign_out = true");
    let mut browser = super::super::signed_in(&stage);
    let out = sign_out(&mut browser, "/.countersign/sign-out");
    assert!(out.text().contains("You are signed out") && !out.text().contains("Corp"));

    let stage = open(&upstream, &provider, "");
    let mut browser = signed_in_through(&stage, &provider);
    let out = sign_out(&mut browser, "/.countersign/sign-out");
    assert!(out.text().contains("You are signed out") && !out.text().contains("Corp"));
}

#[test]
fn without_an_address_people_are_told_that_they_are_still_signed_in_there() {
    let (upstream, provider) = (Upstream::content(), Standin::start());
    let stage = open(&upstream, &provider, "sign_out = true");
    let mut browser = signed_in_through(&stage, &provider);
    let out = sign_out(&mut browser, "/.countersign/sign-out");
    assert_eq!((out.status(), browser.cookie(COOKIE)), (Some(200), None));
    assert!(out.text().contains(STILL) && !out.text().contains("class=\"button\""));
}
