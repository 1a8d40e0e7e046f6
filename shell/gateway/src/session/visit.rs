//! One request for a page of sessions: who asks, with which cookies, and what was typed.
//!
//! Knows: cookies, forms and the store. Does not know the pages.

use std::cell::Cell;
use std::rc::Rc;

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_cause::Cause;
use countersign_flow::provider::FlightKey;
use countersign_flow::session::form::{FormKey, Purpose};
use countersign_flow::session::{Language, ReturnTo, navigation};
use countersign_flow::{Answer, BodyAnswer, Refusal, SessionAnswer, SessionRules};
use countersign_secret::Secret;
use countersign_secret::session::{SessionId, SessionSecret};
use countersign_store::{Actor, NewAct, NewSession, Outcome, SessionAfter, StoreError, Way};
use countersign_wire::cookie::{self, Found};
use countersign_wire::form;
use http::header::{CACHE_CONTROL, LOCATION, SET_COOKIE, USER_AGENT};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::current::Running;
use crate::line;
use crate::send::ArrivingBody;
use crate::serve::Asking;
use crate::worker::Worker;

/// The most that a form is read of: the groups that a provider may name fit in, each byte written as three.
const FORM_BYTES_MAX: usize = 48 * 1024;

/// The most that is kept of what a browser calls itself.
const DEVICE_BYTES_MAX: usize = 256;

/// The bytes of randomness that a browser is known by while it signs in.
const BROWSER_BYTES: usize = 16;

/// How often a browser with a session is sent back to where it came from for one, with no more than the seconds below
/// between: a person who reloads an old address comes once.
const ROUNDS_MAX: u32 = 3;

const ROUND_SECS: u32 = 10;

/// Why a page is not served. Most of the ways through a page end otherwise.
pub(super) type Refused<'c> = Box<Refusal<'c>>;

/// A request for one of the pages.
pub(super) struct Visit<'c, 'a> {
    pub(super) worker: &'c Rc<Worker>,
    pub(super) running: &'c Running,
    pub(super) rules: &'c SessionRules,
    pub(super) forms: &'a FormKey,
    pub(super) flights: &'a FlightKey,
    pub(super) asking: &'a Asking<'a>,
    pub(super) language: Language,
    pub(super) now_unix_secs: i64,
    /// Who it is, for the access log, once that is verified.
    pub(super) user: Cell<Option<Box<str>>>,
    /// What the page is for where it is no success, for the same.
    pub(super) cause: Cell<Option<Cause>>,
}

/// The session that the browser has, which goes on.
pub(super) struct Current {
    pub(super) id: SessionId,
    pub(super) user: Box<str>,
    /// Whether a second factor was given when it was begun.
    pub(super) second_factor: bool,
    /// The provider that it was begun through, by its name in the configuration.
    pub(super) provider: Option<Box<str>>,
    /// When the user has shown who it is, as far as that is known.
    signed_in_unix_secs: Option<i64>,
    secret: SessionSecret,
}

/// What a user has shown to begin a session.
#[derive(Clone, Copy)]
pub(super) enum Factors {
    /// The password alone.
    Password,
    /// The password, and a code of the authenticator app.
    PasswordAndTotp,
    /// The password, and a recovery code.
    PasswordAndRecoveryCode,
    /// The password, and a passkey.
    PasswordAndPasskey,
    /// A passkey alone, which has verified its holder: what it is, and what it knows or looks like.
    Passkey,
    /// What a provider vouches for, and whether that counts as a second factor.
    Provider { second: bool },
    /// What a provider vouches for, and a code of the authenticator app.
    ProviderAndTotp,
    /// What a provider vouches for, and a recovery code.
    ProviderAndRecoveryCode,
    /// What a provider vouches for, and a passkey.
    ProviderAndPasskey,
}

/// What a provider has said of whoever begins a session; of who signs in here, nothing.
#[derive(Default)]
pub(super) struct Vouched {
    /// Its name in the configuration.
    pub(super) provider: Option<Box<str>>,
    /// When the user has signed in there.
    pub(super) signed_in_unix_secs: Option<i64>,
    /// The groups that it names.
    pub(super) groups: Vec<Box<str>>,
}

impl Factors {
    const fn method(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::PasswordAndTotp => "password, totp",
            Self::PasswordAndRecoveryCode => "password, recovery code",
            Self::PasswordAndPasskey => "password, passkey",
            Self::Passkey => "passkey",
            Self::Provider { second: false } => "provider",
            Self::Provider { second: true } => "provider, second factor",
            Self::ProviderAndTotp => "provider, totp",
            Self::ProviderAndRecoveryCode => "provider, recovery code",
            Self::ProviderAndPasskey => "provider, passkey",
        }
    }

    const fn are_two(self) -> bool {
        match self {
            Self::Password => false,
            Self::Provider { second } => second,
            Self::PasswordAndTotp
            | Self::PasswordAndRecoveryCode
            | Self::PasswordAndPasskey
            | Self::Passkey
            | Self::ProviderAndTotp
            | Self::ProviderAndRecoveryCode
            | Self::ProviderAndPasskey => true,
        }
    }

    /// The same where a provider has vouched for the user in place of the password.
    pub(super) const fn after_provider(self) -> Self {
        match self {
            Self::Password => Self::Provider { second: false },
            Self::PasswordAndTotp => Self::ProviderAndTotp,
            Self::PasswordAndRecoveryCode => Self::ProviderAndRecoveryCode,
            Self::PasswordAndPasskey => Self::ProviderAndPasskey,
            Self::Passkey
            | Self::Provider { .. }
            | Self::ProviderAndTotp
            | Self::ProviderAndRecoveryCode
            | Self::ProviderAndPasskey => self,
        }
    }
}

impl<'c, 'a> Visit<'c, 'a> {
    pub(super) fn new(
        worker: &'c Rc<Worker>,
        running: &'c Running,
        rules: &'c SessionRules,
        (forms, flights): (&'a FormKey, &'a FlightKey),
        asking: &'a Asking<'a>,
    ) -> Self {
        Self {
            worker,
            running,
            rules,
            forms,
            flights,
            asking,
            language: Language::preferred(asking.headers),
            now_unix_secs: worker.clock().unix_secs(),
            user: Cell::new(None),
            cause: Cell::new(None),
        }
    }

    pub(super) fn refusal(&self, cause: Cause, detail: &'static str) -> Refused<'c> {
        let mut refusal = Refusal::new(self.running.rules(), cause);
        refusal.detail = detail;
        Box::new(refusal)
    }

    /// Nothing that the store cannot say is guessed.
    pub(super) fn unavailable(&self, what: &'static str, error: &StoreError) -> Refused<'c> {
        line::failed(self.worker, what, error);
        self.refusal(
            Cause::IdentityBackendDown,
            "the store of sessions did not answer",
        )
    }

    /// The form that was posted. What was typed into it is erased with it.
    pub(super) async fn form(
        &self,
        body: &mut ArrivingBody,
    ) -> Result<Secret<Vec<u8>>, Refused<'c>> {
        let (cause, detail) = match body.hold(self.worker, self.running, FORM_BYTES_MAX).await {
            BodyAnswer::Whole(bytes) => return Ok(Secret::new(bytes.to_vec())),
            BodyAnswer::TooLarge => (Cause::BodyTooLarge, "the form has more than 48 KiB"),
            BodyAnswer::Stalled => (
                Cause::BodyStalled,
                "nothing more of the body within `body_stall_secs`",
            ),
            BodyAnswer::Broken => (
                Cause::RequestMalformed,
                "the body broke off, or is framed wrongly",
            ),
        };
        Err(self.refusal(cause, detail))
    }

    /// A field of the query.
    pub(super) fn query(&self, name: &str) -> Option<String> {
        let query = self.asking.uri.query()?;
        form::field(query.as_bytes(), name).map(Into::into)
    }

    /// Where a browser may go back to.
    pub(super) fn return_to(&self, target: &str) -> Option<ReturnTo> {
        ReturnTo::parse_within(target, self.rules.shared.as_ref())
    }

    /// The sign-in page of the host where people sign in, where it is another one.
    pub(super) fn elsewhere(
        &self,
        why: Option<Cause>,
        lost: bool,
        back: Option<ReturnTo>,
    ) -> Option<String> {
        let host = self.asking.host;
        self.rules.shared.as_ref()?.elsewhere(host)?;
        Some(navigation::way(self.rules, host, why, lost, back))
    }

    /// Counts that a browser with a session was sent here for one: the cookie that says so, or that it was too often.
    pub(super) fn count_round(&self) -> Result<HeaderValue, Refused<'c>> {
        let name = &*self.rules.round_cookie;
        let before = match cookie::find(self.asking.headers, name) {
            Found::One([digit @ b'0'..=b'9']) => u32::from(digit - b'0'),
            Found::One(_) | Found::Nothing | Found::Several => 0,
        };
        if before >= ROUNDS_MAX {
            let detail =
                "the browser has a session here, and was sent here for one again and again";
            return Err(self.refusal(Cause::SignInLoop, detail));
        }
        let count = before.saturating_add(1).to_string();
        self.set(name, &count, Some(ROUND_SECS))
    }

    /// The session of the browser; `None` where it has none that goes on.
    pub(super) async fn current(&self) -> Result<Option<Current>, Refused<'c>> {
        let Found::One(value) = cookie::find(self.asking.headers, &self.rules.cookie) else {
            return Ok(None);
        };
        let Some(secret) = SessionSecret::parse(value) else {
            return Ok(None);
        };
        let digest = secret.digest();
        let answer = self.worker.store().session(&digest).await;
        let provider = match &answer {
            Ok(Some(record)) => record.provider.clone(),
            Ok(None) | Err(_) => None,
        };
        match line::session(self.worker, answer) {
            SessionAnswer::Known(record) => {
                let goes_on = record.check(self.now_unix_secs).is_ok();
                if goes_on {
                    self.user.set(Some(record.user.clone()));
                    self.worker.note_session(record.id.as_str());
                }
                let signed_in_unix_secs = record.shown_unix_secs();
                Ok(goes_on.then(|| Current {
                    id: record.id,
                    user: record.user,
                    second_factor: record.second_factor,
                    provider,
                    signed_in_unix_secs,
                    secret,
                }))
            }
            SessionAnswer::Unknown => Ok(None),
            SessionAnswer::Unavailable => Err(self.refusal(
                Cause::IdentityBackendDown,
                "the store of sessions did not answer",
            )),
        }
    }

    /// Whether the user has shown who it is just now.
    pub(super) fn is_fresh(&self, current: &Current) -> bool {
        current.signed_in_unix_secs.is_some_and(|signed_in| {
            self.now_unix_secs.saturating_sub(signed_in) <= self.rules.fresh_secs
        })
    }

    /// Whether that was with a second factor: what is demanded where one is there that a form cannot ask for.
    pub(super) fn is_fresh_with_second_factor(&self, current: &Current) -> bool {
        current.second_factor && self.is_fresh(current)
    }

    /// What the browser is known by while it signs in. It is made once, so that forms in many tabs go together.
    pub(super) fn browser(&self) -> Option<String> {
        let Found::One(value) = cookie::find(self.asking.headers, &self.rules.form_cookie) else {
            return None;
        };
        let bytes = URL_SAFE_NO_PAD.decode(value).ok()?;
        let value = std::str::from_utf8(value).ok()?;
        (bytes.len() == BROWSER_BYTES).then(|| value.to_owned())
    }

    /// A new name for the browser, and the cookie that carries it.
    pub(super) fn new_browser(&self) -> Result<(String, HeaderValue), Refused<'c>> {
        let mut random = [0; BROWSER_BYTES];
        self.fill(&mut random)?;
        let value = URL_SAFE_NO_PAD.encode(random);
        let cookie = self.set(&self.rules.form_cookie, &value, None)?;
        Ok((value, cookie))
    }

    /// The token of the forms that change something of this session or its user.
    pub(super) fn account_token(&self, current: &Current) -> String {
        let holder = current.secret.digest();
        let now = self.now_unix_secs;
        self.forms
            .seal(Purpose::Account, holder.as_bytes(), &[], now)
    }

    /// Whether a posted form was made for this session.
    pub(super) fn is_of_session(&self, current: &Current, form: &[u8]) -> bool {
        let token = form::field(form, "token").unwrap_or_default();
        let holder = current.secret.digest();
        let checked = self.forms.check(
            &token,
            Purpose::Account,
            holder.as_bytes(),
            &[],
            self.now_unix_secs,
        );
        checked.is_ok()
    }

    /// Seals what a form says of somebody whose password was right in this session.
    pub(super) fn seal_for_session(
        &self,
        purpose: Purpose,
        current: &Current,
        about: &[&str],
    ) -> String {
        let holder = current.secret.digest();
        self.forms
            .seal(purpose, holder.as_bytes(), about, self.now_unix_secs)
    }

    /// Whether a form says what was sealed for this session.
    pub(super) fn is_sealed_for_session(
        &self,
        token: &str,
        purpose: Purpose,
        current: &Current,
        about: &[&str],
    ) -> bool {
        let holder = current.secret.digest();
        let now = self.now_unix_secs;
        let checked = self
            .forms
            .check(token, purpose, holder.as_bytes(), about, now);
        checked.is_ok()
    }

    /// Begins a session of a user whose password was just checked, always with a new id: what the browser had before
    /// means nothing any more. `None`: the user has changed in between.
    pub(super) async fn begin_session(
        &self,
        user_id: i64,
        user_version: i64,
        factors: Factors,
        vouched: Vouched,
    ) -> Result<Option<(SessionId, HeaderValue)>, Refused<'c>> {
        let (mut secret, mut id) = ([0; 32], [0; 9]);
        self.fill(&mut secret)?;
        self.fill(&mut id)?;
        let (secret, id) = (SessionSecret::mint(&secret), SessionId::mint(&id));
        let begun = self.worker.store().begin_session(
            NewSession {
                id: id.clone(),
                digest: secret.digest(),
                user_id,
                user_version,
                method: factors.method().into(),
                second_factor: factors.are_two(),
                groups: vouched.groups,
                provider: vouched.provider,
                signed_in_unix_secs: vouched.signed_in_unix_secs,
                device: self.device(),
                address: self.asking.client.address.to_string().into(),
                idle_secs: self.rules.idle_secs,
                expires_unix_secs: self.now_unix_secs.saturating_add(self.rules.lifetime_secs),
                per_user_max: self.rules.per_user_max,
            },
            self.now_unix_secs,
        );
        match begun.await {
            Ok(true) => {
                let cookie = self.set(&self.rules.cookie, secret.expose(), None)?;
                Ok(Some((id, cookie)))
            }
            Ok(false) => Ok(None),
            Err(error) => Err(self.unavailable("begin session", &error)),
        }
    }

    /// Begins a session in the place of the one that has ended with a change in the account. It is what the former one
    /// was, with the same end: nobody has signed in. `shown`: a second factor that the change itself has checked.
    pub(super) async fn go_on_with_session(
        &self,
        former: &Current,
        user_version: i64,
        shown: Option<&'static str>,
    ) -> Result<Option<HeaderValue>, Refused<'c>> {
        let (mut secret, mut id) = ([0; 32], [0; 9]);
        self.fill(&mut secret)?;
        self.fill(&mut id)?;
        let secret = SessionSecret::mint(&secret);
        let session = SessionAfter {
            former: former.id.clone(),
            shown: shown.map(Into::into),
            id: SessionId::mint(&id),
            digest: secret.digest(),
            user_version,
            device: self.device(),
            address: self.peer().into(),
            idle_secs: self.rules.idle_secs,
        };
        let store = self.worker.store();
        let begun = store.go_on_with_session(session, self.now_unix_secs);
        match begun.await {
            Ok(true) => Ok(Some(self.set(&self.rules.cookie, secret.expose(), None)?)),
            Ok(false) => Ok(None),
            Err(error) => Err(self.unavailable("begin session", &error)),
        }
    }

    /// Takes the session's cookie back.
    pub(super) fn forget_session(&self, answer: &mut Answer) -> Result<(), Refused<'c>> {
        let cookie = self.set(&self.rules.cookie, "", Some(0))?;
        answer.headers.append(SET_COOKIE, cookie);
        Ok(())
    }

    /// Does something to the account of who is signed in, with a record of it: what cannot be recorded is not done. The
    /// outcome is noted as far as the store can: that the act was begun is there in any case.
    pub(super) async fn recorded<T>(
        &self,
        user: &str,
        (act, object): (&'static str, Option<&str>),
        work: impl Future<Output = Result<T, StoreError>>,
        is_done: impl FnOnce(&T) -> bool,
    ) -> Result<Result<T, StoreError>, Refused<'c>> {
        self.recorded_with(user, (act, object, None), work, is_done)
            .await
    }

    /// The same with what more is to be said of it.
    pub(super) async fn recorded_with<T>(
        &self,
        user: &str,
        (act, object, detail): (&'static str, Option<&str>, Option<&str>),
        work: impl Future<Output = Result<T, StoreError>>,
        is_done: impl FnOnce(&T) -> bool,
    ) -> Result<Result<T, StoreError>, Refused<'c>> {
        let store = self.worker.store();
        let begun = store.begin_act(
            NewAct {
                by: Actor {
                    way: Way::Account,
                    name: user.into(),
                    login: None,
                    address: Some(self.peer().into()),
                },
                act,
                user: Some(user.into()),
                object: object.map(Into::into),
                detail: detail.map(Into::into),
            },
            self.now_unix_secs,
        );
        let id = begun
            .await
            .map_err(|error| self.unavailable("act record", &error))?;
        let answer = work.await;
        let outcome = match &answer {
            Ok(value) if is_done(value) => Outcome::Done(None),
            Ok(_) => Outcome::Failed("the account was changed in between".into()),
            Err(error) => Outcome::Failed(error.to_string().into()),
        };
        if let Err(error) = store.end_act(id, outcome).await {
            line::failed(self.worker, "act outcome", &error);
        }
        Ok(answer)
    }

    pub(super) fn peer(&self) -> String {
        self.asking.client.address.to_string()
    }

    fn set(
        &self,
        name: &str,
        value: &str,
        max_age_secs: Option<u32>,
    ) -> Result<HeaderValue, Refused<'c>> {
        let shared = self.rules.shared.as_ref();
        let set = cookie::Set {
            name,
            value,
            domain: shared
                .filter(|_| *name == *self.rules.cookie)
                .map(|shared| &*shared.domain),
            secure: self.rules.secure,
            max_age_secs,
        };
        let mut value = HeaderValue::try_from(set.to_field_value()).map_err(|_| {
            self.refusal(Cause::IdentityBackendDown, "the cookie cannot be written")
        })?;
        value.set_sensitive(true);
        Ok(value)
    }

    pub(super) fn fill(&self, random: &mut [u8]) -> Result<(), Refused<'c>> {
        rand::fill(random).map_err(|_| {
            self.refusal(
                Cause::IdentityBackendDown,
                "the system gives no random bytes",
            )
        })
    }

    /// Printable characters of what the browser calls itself, up to a bound.
    fn device(&self) -> Option<Box<str>> {
        let text = self.asking.headers.get(USER_AGENT)?.to_str().ok()?;
        let end = text.floor_char_boundary(DEVICE_BYTES_MAX);
        text.get(..end).map(Into::into)
    }
}

/// Sends the browser to another page of this host, by GET.
pub(super) fn redirect(target: &str) -> Answer {
    let mut headers = HeaderMap::new();
    if let Ok(target) = HeaderValue::from_str(target) {
        headers.insert(LOCATION, target);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Answer {
        status: StatusCode::SEE_OTHER,
        headers,
        body: Vec::new(),
    }
}
