//! A second factor: set up in the account, asked for after the password, and what others try on it.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use countersign_secret::recovery::{RecoveryCode, RecoveryDigest};
use countersign_secret::totp::TotpSecret;
use countersign_store::{NewTotp, Store};

use super::account::recorded;
use super::browser::Browser;
use super::passkeys::begun;
use super::{COOKIE, now_unix_secs, sessions, signed_in};
use crate::stage::message::Message;
use crate::stage::upstream::Upstream;
use crate::stage::{Play, Stage, usual, wait_for};

const SIGN_IN: &str = "/.countersign/sign-in";
const CODE: &str = "/.countersign/sign-in/code";
const ACCOUNT: &str = "/.countersign/account";
const TOTP: &str = "/.countersign/account/totp";
const REJECTED: &str = "The code does not fit, or was used before.";
const SECRET: [u8; 20] = [7; 20];

fn step() -> i64 {
    now_unix_secs() / 30
}

/// RFC 4226 section 5.3, written once more.
pub(super) fn code(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag[19] & 15);
    let number = u32::from_be_bytes(tag[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

fn recovery(number: u8) -> RecoveryCode {
    RecoveryCode::mint(&[number; 10])
}

fn typed(number: u8) -> String {
    recovery(number).to_shown().expose().clone()
}

/// Gives `alice` a second factor whose present code is not used yet, and two recovery codes.
fn give_alice_a_factor(stage: &Stage) {
    let store = stage.other_store();
    let user = wait_for(store.user("alice")).unwrap().unwrap();
    let recovery: Vec<RecoveryDigest> = [1, 2].map(|number| recovery(number).digest()).into();
    let new = NewTotp {
        user_id: user.id,
        user_version: user.version,
        secret: TotpSecret::new(SECRET),
        used_step: 0,
        recovery,
    };
    assert!(
        wait_for(store.set_totp(new, now_unix_secs()))
            .unwrap()
            .is_some()
    );
}

/// As far as the page that asks for the code.
fn asked(browser: &mut Browser) -> Message {
    let page = browser.visit(&format!("{SIGN_IN}?return=/app/x%3Fa%3D1"));
    let answer = browser.sign_in(&page, "alice", "correct horse");
    assert_eq!(answer.status(), Some(200), "{answer:?}");
    assert!(answer.text().contains("<h1>Second factor</h1>"));
    assert_eq!(
        (browser.cookie(COOKIE), answer.field("set-cookie")),
        (None, None)
    );
    answer
}

pub(super) fn fields(page: &Message, code: &str) -> Vec<(&'static str, String)> {
    let mut fields: Vec<(&str, String)> = ["token", "return", "user", "version"]
        .map(|name| (name, page.hidden(name)))
        .into();
    fields.push(("code", code.to_owned()));
    fields
}

fn answer(browser: &mut Browser, page: &Message, code: &str) -> Message {
    browser.post(CODE, &fields(page, code))
}

fn is_rejected(answer: &Message) -> bool {
    answer.status() == Some(401)
        && answer.text().contains(REJECTED)
        && answer.field("countersign-cause") == Some("credentials-rejected")
}

fn account(browser: &mut Browser, target: &str, password: &str, code: &str) -> Message {
    let page = browser.visit(ACCOUNT);
    let fields = [
        ("token", page.hidden("token")),
        ("password", password.to_owned()),
        ("code", code.to_owned()),
    ];
    browser.post(target, &fields)
}

/// What was recorded, the earliest first. What was tried with a wrong password or code is not among it.
fn acts(stage: &Stage) -> Vec<String> {
    let acts = recorded(stage).into_iter();
    acts.map(|(_, act, _, outcome)| format!("{act} {outcome}"))
        .collect()
}

fn basic(stage: &Stage, target: &str) -> Message {
    let credentials = STANDARD.encode("alice:correct horse");
    stage.ask(format!(
        "GET {target} HTTP/1.1\r\nHost: a.example\r\nAuthorization: Basic {credentials}\r\n\r\n"
    ))
}

#[test]
fn a_second_factor_is_set_up_and_asked_for_from_then_on() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let (mut other, mut browser) = (signed_in(&stage), signed_in(&stage));
    let before = browser.cookie(COOKIE).unwrap().to_owned();

    let wrong = account(&mut browser, TOTP, "wrong horse", "");
    assert_eq!(
        wrong.field("location"),
        Some("/.countersign/account?done=present-password-wrong")
    );
    let page = account(&mut browser, TOTP, "correct horse", "");
    assert_eq!(page.status(), Some(200));
    let set_up = page.text();
    assert!(
        set_up.contains("<svg ") && set_up.contains("href=\"otpauth://totp/stage:alice?secret=")
    );
    assert!(!set_up.contains("<script"));
    let secret = URL_SAFE_NO_PAD.decode(page.hidden("secret")).unwrap();
    let confirm = |browser: &mut Browser, token: String, secret: String, code: String| {
        let fields = [
            ("token", token),
            ("secret", secret),
            ("version", page.hidden("version")),
            ("code", code),
        ];
        browser.post("/.countersign/account/totp/confirm", &fields)
    };
    let (token, kept, now) = (page.hidden("token"), page.hidden("secret"), step());
    // Neither a wrong code nor a secret of somebody else's choice.
    let wrong = confirm(
        &mut browser,
        token.clone(),
        kept.clone(),
        code(&secret, now + 9),
    );
    assert!(wrong.text().contains(REJECTED) && wrong.text().contains("<svg "));
    let chosen = URL_SAFE_NO_PAD.encode(SECRET);
    let forged = confirm(&mut browser, token.clone(), chosen, code(&SECRET, now));
    assert_eq!(
        forged.field("location"),
        Some("/.countersign/account?done=form-old")
    );
    let theirs = confirm(&mut other, token.clone(), kept.clone(), code(&secret, now));
    assert_eq!(
        theirs.field("location"),
        Some("/.countersign/account?done=form-old")
    );
    let factors = wait_for(stage.other_store().second_factors("alice"));
    assert!(factors.unwrap().are_none());

    let shown = confirm(&mut browser, token, kept, code(&secret, now));
    assert_eq!(shown.text().matches("<li><code>").count(), 10);
    assert_eq!(acts(&stage), ["second-factor.add done"]);
    assert_ne!(browser.cookie(COOKIE).unwrap(), before);
    assert_eq!(browser.fetch("/app/x").status(), Some(200));
    assert_eq!(other.fetch_until_refused("/app/x"), "session-revoked");
    assert!(
        browser
            .visit(ACCOUNT)
            .text()
            .contains("Recovery codes left: 10")
    );

    let mut browser = Browser::at(&stage);
    let page = asked(&mut browser);
    // The code that set it up is used up.
    assert!(is_rejected(&answer(
        &mut browser,
        &page,
        &code(&secret, now)
    )));
    let right = answer(&mut browser, &page, &code(&secret, now + 1));
    assert_eq!(
        (right.status(), right.field("location")),
        (Some(303), Some("/app/x?a=1"))
    );
    assert_eq!(browser.fetch("/app/x").status(), Some(200));

    let mut browser = Browser::at(&stage);
    let page = asked(&mut browser);
    assert!(is_rejected(&answer(
        &mut browser,
        &page,
        &code(&secret, now + 1)
    )));
    let text = shown.text();
    let recovery = text.split("<li><code>").nth(1).unwrap();
    let recovery = recovery.split('<').next().unwrap().to_owned();
    assert_eq!(answer(&mut browser, &page, &recovery).status(), Some(303));
    let mut browser = Browser::at(&stage);
    let page = asked(&mut browser);
    assert!(is_rejected(&answer(&mut browser, &page, &recovery)));
    assert_eq!(browser.cookie(COOKIE), None);
}

#[test]
fn whether_there_is_a_second_factor_is_told_to_nobody_without_the_password() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    let ask = |user: &str| {
        let mut browser = Browser::at(&stage);
        let page = browser.visit(SIGN_IN);
        let token = page.hidden("token");
        let answer = browser.sign_in(&page, user, "wrong horse");
        let text = answer
            .text()
            .replace(&answer.hidden("token"), "")
            .replace(&token, "");
        (answer.status(), text)
    };
    let without = ask("alice");
    give_alice_a_factor(&stage);
    assert_eq!(ask("alice"), without);
}

#[test]
fn a_form_for_the_code_is_of_its_browser_its_user_and_its_password() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    give_alice_a_factor(&stage);
    let (mut browser, mut thief) = (Browser::at(&stage), Browser::at(&stage));
    let page = asked(&mut browser);
    thief.visit(SIGN_IN);
    let sent_back = |answer: &Message| {
        answer.status() == Some(403) && answer.field("countersign-cause") == Some("csrf-failed")
    };
    assert!(sent_back(&answer(&mut thief, &page, &typed(1))));
    for (name, value) in [
        ("user", "bob"),
        ("version", "99"),
        ("return", "/app/elsewhere"),
        ("token", ""),
    ] {
        let mut fields = fields(&page, &typed(1));
        for field in &mut fields {
            if field.0 == name {
                value.clone_into(&mut field.1);
            }
        }
        assert!(sent_back(&browser.post(CODE, &fields)), "{name}");
    }
    // The token of the password's form is none of the code's.
    let mut first = fields(&page, &typed(1));
    first[0].1 = browser
        .visit(&format!("{SIGN_IN}?return=/app/x%3Fa%3D1"))
        .hidden("token");
    assert!(sent_back(&browser.post(CODE, &first)));

    wait_for(
        stage
            .other_store()
            .set_disabled("alice", false, now_unix_secs()),
    )
    .unwrap();
    assert!(sent_back(&answer(&mut browser, &page, &typed(1))));
    assert!(sessions(&stage).is_empty());
    // None of it has used the code up.
    let page = asked(&mut browser);
    assert_eq!(answer(&mut browser, &page, &typed(1)).status(), Some(303));
}

#[test]
fn wrong_codes_are_braked_as_wrong_passwords_are() {
    let upstream = Upstream::content();
    let play = Play {
        sections: "[brakes]\npair_attempts = 3\naccount_attempts = 1000000\nnetwork_attempts = 1000000\ndelay_secs = 900\n",
        ..Play::default()
    };
    let stage = play.open(upstream.address());
    give_alice_a_factor(&stage);
    let mut statuses = Vec::new();
    let mut browser = Browser::at(&stage);
    let page = asked(&mut browser);
    for number in 10..13 {
        let page = asked(&mut browser);
        statuses.push(answer(&mut browser, &page, &typed(number)).status());
    }
    assert_eq!(statuses, [Some(401); 3]);
    let braked = answer(&mut browser, &page, &typed(1));
    assert_eq!(braked.status(), Some(429));
    assert_eq!(braked.field("countersign-cause"), Some("rate-limited"));
    assert!(braked.field("retry-after").is_some());
    assert_eq!(browser.cookie(COOKIE), None);
    let state = wait_for(stage.other_store().second_factors("alice")).unwrap();
    assert_eq!(state.recovery_codes_left, 2);
}

/// Where a sign-in was whole, the brake of the account holds no longer. A right password alone is no whole one.
#[test]
fn the_right_password_alone_lets_no_code_past_the_brake_of_the_account() {
    let upstream = Upstream::content();
    let play = Play {
        sections: "[brakes]\npair_attempts = 1000000\naccount_attempts = 3\nnetwork_attempts = 1000000\ndelay_secs = 900\n",
        ..Play::default()
    };
    let stage = play.open(upstream.address());
    give_alice_a_factor(&stage);
    let mut browser = Browser::at(&stage);
    let page = asked(&mut browser);
    for number in 10..13 {
        let wrong = answer(&mut browser, &page, &typed(number));
        assert_eq!(wrong.status(), Some(401));
    }
    assert_eq!(answer(&mut browser, &page, &typed(1)).status(), Some(429));
    assert_eq!(browser.cookie(COOKIE), None);
}

#[test]
fn cause_second_factor_required_of_a_right_password_by_basic_alone() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    assert_eq!(basic(&stage, "/api/x").status(), Some(200));
    give_alice_a_factor(&stage);
    // What was remembered of the password is forgotten.
    let begun = std::time::Instant::now();
    let refused = loop {
        let answer = basic(&stage, "/api/x");
        if answer.status() != Some(200) {
            break answer;
        }
        assert!(begun.elapsed().as_secs() < 20, "still let in");
    };
    assert_eq!(refused.status(), Some(401));
    assert_eq!(refused.cause(), "second-factor-required");
}

#[test]
fn the_second_factor_is_removed_with_password_and_code_and_its_recovery_codes_are_renewed() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    give_alice_a_factor(&stage);
    let mut browser = Browser::at(&stage);
    let page = asked(&mut browser);
    assert_eq!(answer(&mut browser, &page, &typed(1)).status(), Some(303));
    let before = browser.cookie(COOKIE).unwrap().to_owned();
    let done = |answer: &Message| answer.field("location").unwrap_or_default().to_owned();

    let renew = "/.countersign/account/recovery-codes";
    let remove = "/.countersign/account/totp/remove";
    for target in [renew, remove] {
        let wrong = account(&mut browser, target, "wrong horse", &code(&SECRET, step()));
        assert!(
            done(&wrong).ends_with("?done=present-password-wrong"),
            "{target}"
        );
        let wrong = account(&mut browser, target, "correct horse", &typed(1));
        assert!(done(&wrong).ends_with("?done=code-rejected"), "{target}");
    }
    // A second one cannot be put in its place without its code.
    let again = account(&mut browser, TOTP, "correct horse", "");
    assert!(done(&again).ends_with("?done=form-old"));

    let now = step();
    let shown = account(&mut browser, renew, "correct horse", &code(&SECRET, now));
    assert_eq!(shown.text().matches("<li><code>").count(), 10);
    let old = account(&mut browser, remove, "correct horse", &typed(2));
    assert!(done(&old).ends_with("?done=code-rejected"));
    let removed = account(
        &mut browser,
        remove,
        "correct horse",
        &code(&SECRET, now + 1),
    );
    assert!(done(&removed).ends_with("?done=totp-removed"));
    assert_eq!(
        acts(&stage),
        [
            "second-factor.recovery-codes done",
            "second-factor.remove done"
        ]
    );
    assert_ne!(browser.cookie(COOKIE).unwrap(), before);
    assert_eq!(browser.fetch("/app/x").status(), Some(200));
    signed_in(&stage);
}

#[test]
fn another_password_takes_a_sign_in_of_late_with_both_factors() {
    let upstream = Upstream::content();
    let stage = usual(upstream.address());
    give_alice_a_factor(&stage);
    let change = |browser: &mut Browser| {
        let page = browser.visit(ACCOUNT);
        let mut fields = vec![("token", page.hidden("token"))];
        fields.push(("present", "correct horse".to_owned()));
        fields.extend(["new", "again"].map(|name| (name, "staple battery".to_owned())));
        let answer = browser.post("/.countersign/account/password", &fields);
        answer.field("location").unwrap_or_default().to_owned()
    };
    for (secs, second_factor) in [(400, true), (0, false)] {
        let mut browser = begun(&stage, secs, "password, totp", second_factor);
        assert!(change(&mut browser).ends_with("?done=sign-in-anew"));
    }
    assert!(acts(&stage).is_empty());
    let mut browser = Browser::at(&stage);
    let page = asked(&mut browser);
    assert_eq!(answer(&mut browser, &page, &typed(1)).status(), Some(303));
    assert!(change(&mut browser).ends_with("?done=password-changed"));
}
