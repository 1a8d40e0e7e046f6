//! Signing in with a passkey alone.
//!
//! Knows: the form, and what comes of it. The user is who the passkey says; nothing is typed, so that nothing can be asked
//! about anybody.

use countersign_cause::Cause;
use countersign_flow::session::form::Purpose;
use countersign_flow::session::page::{self, Ceremony, Notice, PasskeySignIn};
use countersign_flow::{Answer, PasskeyRules, SessionPage};
use countersign_passkey::{UserVerification, request_options};
use countersign_wire::form::field;
use http::StatusCode;
use http::header::SET_COOKIE;

use super::super::sign_in::{Asked, challenged, come_again, name_cause, signed_in};
use super::super::visit::{Factors, Refused, Visit, redirect};
use super::{PasskeyEnd, Wanted, check, new_challenge, new_nonce, offered, party, read_challenge};

/// The form, which asks the browser at once.
pub(in crate::session) async fn show<'c>(visit: &Visit<'c, '_>) -> Result<Answer, Refused<'c>> {
    let Some(rules) = offered(visit) else {
        return Ok(redirect(SessionPage::SignIn.path()));
    };
    let asked = Asked {
        return_to: visit
            .query("return")
            .and_then(|text| visit.return_to(&text)),
        lost: visit.query("lost").is_some(),
        ..Asked::default()
    };
    form(visit, rules, &asked, StatusCode::OK)
}

/// What the browser has answered.
pub(in crate::session) async fn post<'c>(
    visit: &Visit<'c, '_>,
    posted: &[u8],
) -> Result<Answer, Refused<'c>> {
    let Some(rules) = offered(visit) else {
        return Ok(redirect(SessionPage::SignIn.path()));
    };
    let text = |name| field(posted, name).unwrap_or_default();
    let mut asked = Asked {
        return_to: visit.return_to(&text("return")),
        lost: !text("lost").is_empty(),
        ..Asked::default()
    };
    let challenge = text("challenge");
    let challenge = read_challenge(&challenge)
        .filter(|_| is_of_browser(visit, &asked, &challenge, &text("token")));
    let Some(challenge) = challenge else {
        asked.notice = Some(Notice::FormOld);
        let mut answer = form(visit, rules, &asked, StatusCode::FORBIDDEN)?;
        name_cause(visit, &mut answer, Cause::CsrfFailed);
        return Ok(answer);
    };
    match check(visit, rules, &challenge, Wanted::Anybody, &text("answer")).await? {
        PasskeyEnd::Good(record) => {
            let who = (record.user_id, &*record.user, record.user_version);
            signed_in(visit, asked, who, Factors::Passkey).await
        }
        PasskeyEnd::Refused => {
            asked.notice = Some(Notice::PasskeyRejected);
            let mut answer = form(visit, rules, &asked, StatusCode::UNAUTHORIZED)?;
            challenged(visit, &mut answer);
            Ok(answer)
        }
        PasskeyEnd::Braked { secs } => {
            asked.notice = Some(Notice::Braked(secs));
            let mut answer = form(visit, rules, &asked, StatusCode::TOO_MANY_REQUESTS)?;
            come_again(visit, &mut answer, Cause::RateLimited, secs);
            Ok(answer)
        }
    }
}

fn is_of_browser(visit: &Visit<'_, '_>, asked: &Asked<'_>, challenge: &str, token: &str) -> bool {
    let Some(browser) = visit.browser() else {
        return false;
    };
    let [return_to, lost] = asked.sealed();
    let checked = visit.forms.check(
        token,
        Purpose::Passkey,
        browser.as_bytes(),
        &[return_to, lost, challenge],
        visit.now_unix_secs,
    );
    checked.is_ok()
}

fn form<'c>(
    visit: &Visit<'c, '_>,
    rules: &'c PasskeyRules,
    asked: &Asked<'_>,
    status: StatusCode,
) -> Result<Answer, Refused<'c>> {
    let (browser, cookie) = match visit.browser() {
        Some(browser) => (browser, None),
        None => {
            let (browser, cookie) = visit.new_browser()?;
            (browser, Some(cookie))
        }
    };
    let (challenge, shown) = new_challenge(visit)?;
    let nonce = new_nonce(visit)?;
    let [return_to, lost] = asked.sealed();
    let token = visit.forms.seal(
        Purpose::Passkey,
        browser.as_bytes(),
        &[return_to, lost, &shown],
        visit.now_unix_secs,
    );
    let party = party(visit, rules);
    // Whatever passkey of this domain the browser finds: nobody is asked for a name, and none is told.
    let options = request_options(&party, &challenge, UserVerification::Required, []);
    let hidden = [
        ("token", &*token),
        ("return", return_to),
        ("lost", lost),
        ("challenge", &shown),
    ];
    let body = page::passkey_sign_in(
        &PasskeySignIn {
            realm: &visit.running.rules().realm,
            notice: asked.notice,
            return_to,
            lost: asked.lost,
            password: visit.rules.password,
            ceremony: Ceremony {
                kind: "get",
                options: &options,
                hidden: &hidden,
                // Not once more by itself: the page would ask without end.
                starts: asked.notice.is_none(),
                nonce: &nonce,
                page: SessionPage::PasskeySignIn,
            },
        },
        visit.language,
    );
    let mut answer = page::answer_with_script(status, body, &nonce);
    if let Some(cookie) = cookie {
        answer.headers.append(SET_COOKIE, cookie);
    }
    Ok(answer)
}
