//! A passkey that follows the right password.
//!
//! Knows: the form beside the one for codes. Like that one, it says whose password was right, and in which version of the user.

use countersign_cause::Cause;
use countersign_flow::session::form::Purpose;
use countersign_flow::session::page::{Ceremony, Notice};
use countersign_flow::{Answer, SessionPage};
use countersign_passkey::{UserVerification, request_options};
use countersign_store::SecondFactors;
use countersign_wire::form::field;
use http::StatusCode;

use super::super::second_factor::{self, account, ask as ask_code, read};
use super::super::sign_in::{Asked, challenged, come_again, form, name_cause, signed_in};
use super::super::visit::{Factors, Refused, Visit};
use super::{PasskeyEnd, Wanted, check, new_challenge, new_nonce, offered, party, read_challenge};

/// What a page asks the browser of a user who has passkeys.
pub(in crate::session) struct Asking {
    options: String,
    challenge: String,
    token: String,
    pub(in crate::session) nonce: String,
}

impl Asking {
    /// What the form says beside the answer.
    pub(in crate::session) fn hidden<'a>(
        &'a self,
        asked: &'a Asked<'_>,
        version: &'a str,
    ) -> [(&'static str, &'a str); 7] {
        let [return_to, lost] = asked.sealed();
        [
            ("token", &self.token),
            ("return", return_to),
            ("lost", lost),
            ("user", &asked.user),
            ("version", version),
            ("by", &asked.by),
            ("challenge", &self.challenge),
        ]
    }

    pub(in crate::session) fn ceremony<'a>(
        &'a self,
        hidden: &'a [(&'static str, &'a str)],
    ) -> Ceremony<'a> {
        Ceremony {
            kind: "get",
            options: &self.options,
            hidden,
            starts: false,
            nonce: &self.nonce,
            page: SessionPage::PasskeySecondFactor,
        }
    }
}

/// What the browser is asked; `None` where the user has no passkey, or none can be used at this address.
pub(in crate::session) fn ask<'c>(
    visit: &Visit<'c, '_>,
    asked: &Asked<'_>,
    version: &str,
    browser: &str,
    factors: &SecondFactors,
) -> Result<Option<Asking>, Refused<'c>> {
    let Some(rules) = offered(visit).filter(|_| !factors.passkeys.is_empty()) else {
        return Ok(None);
    };
    let (challenge, shown) = new_challenge(visit)?;
    let token = visit.forms.seal(
        Purpose::PasskeySecondFactor,
        browser.as_bytes(),
        &sealed(asked, version, &shown),
        visit.now_unix_secs,
    );
    let known = factors
        .passkeys
        .iter()
        .map(|passkey| &*passkey.credential_id);
    let party = party(visit, rules);
    Ok(Some(Asking {
        options: request_options(&party, &challenge, UserVerification::Discouraged, known),
        challenge: shown,
        token,
        nonce: new_nonce(visit)?,
    }))
}

fn sealed<'a>(asked: &'a Asked<'_>, version: &'a str, challenge: &'a str) -> [&'a str; 6] {
    let [return_to, lost, user, version, by] = second_factor::sealed(asked, version);
    [return_to, lost, user, version, by, challenge]
}

/// What the browser has answered.
pub(in crate::session) async fn post<'c>(
    visit: &Visit<'c, '_>,
    posted: &[u8],
) -> Result<Answer, Refused<'c>> {
    let text = |name| field(posted, name).unwrap_or_default();
    let (mut asked, version) = read(visit, posted);
    let challenge = text("challenge");
    let is_sealed = visit.browser().is_some_and(|browser| {
        let checked = visit.forms.check(
            &text("token"),
            Purpose::PasskeySecondFactor,
            browser.as_bytes(),
            &sealed(&asked, &version, &challenge),
            visit.now_unix_secs,
        );
        checked.is_ok()
    });
    let account = if is_sealed {
        account(visit, &asked.user, &version).await?
    } else {
        None
    };
    let (Some(account), Some(challenge), Some(rules)) =
        (account, read_challenge(&challenge), offered(visit))
    else {
        asked.notice = Some(Notice::FormOld);
        let mut answer = form(visit, &asked, StatusCode::FORBIDDEN)?;
        name_cause(visit, &mut answer, Cause::CsrfFailed);
        return Ok(answer);
    };
    let wanted = Wanted::User(account.id);
    match check(visit, rules, &challenge, wanted, &text("answer")).await? {
        PasskeyEnd::Good(_) => {
            let who = (account.id, &*account.name, account.version);
            let factors = asked.factors(Factors::PasswordAndPasskey);
            signed_in(visit, asked, who, factors).await
        }
        PasskeyEnd::Refused => {
            asked.notice = Some(Notice::PasskeyRejected);
            let status = StatusCode::UNAUTHORIZED;
            let mut answer = ask_code(visit, &asked, account.version, status).await?;
            challenged(visit, &mut answer);
            Ok(answer)
        }
        PasskeyEnd::Braked { secs } => {
            asked.notice = Some(Notice::Braked(secs));
            let status = StatusCode::TOO_MANY_REQUESTS;
            let mut answer = ask_code(visit, &asked, account.version, status).await?;
            come_again(visit, &mut answer, Cause::RateLimited, secs);
            Ok(answer)
        }
    }
}
