//! Signing in through a provider: the way there, and what comes back.
//!
//! Knows: the order of checks, and which user a person is. Does not know the messages, which are the core's, nor the
//! network. Whatever goes wrong, the sign-in page is shown again with the other ways in.

use std::borrow::Cow;

use countersign_cause::Cause;
use countersign_flow::provider::{
    Callback, Fault, Flight, Person, ProviderRules, SealedFlight, authorization_address,
    read_callback, sign_out_address,
};
use countersign_flow::session::page::{Notice, ProviderLink, StillThere};
use countersign_flow::{Admission, Answer, Attempt, ProviderStep, SessionPage, counted};
use countersign_secret::Secret;
use countersign_secret::password::decoy;
use countersign_store::{LinkKey, LinkedUser, NewUser, StoreError};
use countersign_wire::form::encode;
use http::StatusCode;
use http::header::SET_COOKIE;

use super::second_factor;
use super::sign_in::{Asked, challenged, come_again, form, name_cause, refused, signed_in};
use super::visit::{Factors, Refused, Visit, Vouched, redirect};
use crate::line::Trying;
use crate::provider::Exchange;
use crate::seen::Event;

/// When it is worth trying again while a provider does not answer, in seconds.
const RETRY_AFTER_SECS: u32 = 5;

/// The oldest sign-in that a route can demand, in seconds. A provider that is asked for it asks nobody again, and says when it was.
const ANY_AGE_SECS: u32 = 31_536_000;
/// Why nobody gets an account whose name at the provider was somebody else's before.
const OTHER_LINK: &str = "the user of that name is linked with another account at the provider";

/// Separates what `by` of a form holds: no name and no group has it.
const SEPARATOR: &str = ",";

/// The buttons of the sign-in page. On another host than that of `public_url` nobody could come back.
pub(super) fn links(visit: &Visit<'_, '_>, asked: &Asked<'_>) -> Vec<ProviderLink> {
    if !is_public_host(visit) {
        return Vec::new();
    }
    let providers = visit.running.rules().providers.iter();
    let links = providers.map(|provider| {
        let mut address = ProviderStep::Begin.path(&provider.name);
        let mut separator = '?';
        let why = match asked.notice {
            Some(Notice::Why(Cause::SignInTooOld)) => Cause::SignInTooOld.id(),
            Some(_) | None => "",
        };
        for (name, value) in [
            ("return", asked.return_text()),
            ("lost", asked.lost_text()),
            ("why", why),
        ] {
            if !value.is_empty() {
                address.push_str(&format!("{separator}{name}={}", encode(value)));
                separator = '&';
            }
        }
        ProviderLink {
            label: provider.label.clone(),
            address,
        }
    });
    links.collect()
}

fn is_public_host(visit: &Visit<'_, '_>) -> bool {
    let public = visit.running.rules().public_url.as_deref();
    let authority = public.and_then(|url| url.split_once("://"));
    authority.is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(visit.asking.host))
}

/// Sends the browser to the provider.
pub(super) async fn begin<'c>(visit: &Visit<'c, '_>, index: usize) -> Result<Answer, Refused<'c>> {
    let provider = find(visit, index)?;
    let asked = Asked {
        return_to: visit
            .query("return")
            .and_then(|text| visit.return_to(&text)),
        lost: visit.query("lost").is_some(),
        ..Asked::default()
    };
    let (browser, cookie) = match visit.browser() {
        Some(browser) => (browser, None),
        None => {
            let (browser, cookie) = visit.new_browser()?;
            (browser, Some(cookie))
        }
    };
    let metadata = match visit.running.providers().metadata(index).await {
        Ok(metadata) => metadata,
        Err(fault) => return failed(visit, provider, asked, &fault),
    };
    let mut random = [0; 12];
    visit.fill(&mut random)?;
    let demanded_secs = visit.running.rules().sign_in_age_secs_min();
    let demanded_secs = demanded_secs.map(|secs| u32::try_from(secs).unwrap_or(ANY_AGE_SECS));
    let is_old = visit.query("why").as_deref() == Some(Cause::SignInTooOld.id());
    let flight = Flight {
        provider: provider.name.clone(),
        return_to: asked
            .return_to
            .as_ref()
            .map(|target| target.as_str().into()),
        lost: asked.lost,
        max_age_secs: demanded_secs.filter(|_| is_old),
    };
    // Where a route asks for it, the provider says when people have signed in, also where nobody has to do it again.
    let max_age_secs = flight.max_age_secs.or(demanded_secs.map(|_| ANY_AGE_SECS));
    let sealed = visit
        .flights
        .seal(&flight, &browser, random, visit.now_unix_secs);
    let sealed = sealed
        .ok_or_else(|| visit.refusal(Cause::IdentityBackendDown, "the sign-in cannot be sealed"))?;
    let redirect_uri = redirect_uri(visit, provider);
    // Who has a session and comes here all the same is to show again who it is, and not that the provider remembers it.
    let anew = visit.current().await?.is_some();
    let address = authorization_address(
        provider,
        &metadata,
        &redirect_uri,
        &sealed,
        anew,
        max_age_secs,
    );
    let mut answer = redirect(&address);
    if let Some(cookie) = cookie {
        answer.headers.append(SET_COOKIE, cookie);
    }
    Ok(answer)
}

/// The browser comes back.
pub(super) async fn callback<'c>(
    visit: &Visit<'c, '_>,
    index: usize,
) -> Result<Answer, Refused<'c>> {
    let provider = find(visit, index)?;
    let (callback, flight, sealed) = match read(visit, provider) {
        Ok(read) => read,
        Err(fault) => return failed(visit, provider, Asked::default(), &fault),
    };
    let asked = Asked {
        // What was sealed was looked at before, with the rules of then.
        return_to: flight
            .return_to
            .as_deref()
            .and_then(|target| visit.return_to(target)),
        lost: flight.lost,
        ..Asked::default()
    };
    let digest = sealed.digest();
    let trying = match callback.code().ok().and_then(|code| admit(visit, code)) {
        Some((_, Admission::Wait { secs, brake })) => {
            refused(visit, Cause::RateLimited, brake.words());
            return braked(visit, asked, secs);
        }
        Some((trying, Admission::Go)) => Some(trying),
        None => None,
    };
    let person = match person(visit, index, provider, &callback, (&flight, sealed)).await {
        Ok(person) => person,
        Err(fault) => {
            if let Some(trying) = trying.filter(|_| is_attempt(fault.cause)) {
                let now = visit.worker.clock().unix_secs();
                visit.worker.brakes().count(&trying, Attempt::Failed, now);
            }
            return failed(visit, provider, asked, &fault);
        }
    };
    let now = visit.now_unix_secs;
    let until = SealedFlight::used_until_unix_secs(now);
    // Last of all, so that nobody but those whom a provider has vouched for has anything kept here.
    let used = visit.worker.store().use_sign_in(digest, until, now).await;
    if !used.map_err(|error| visit.unavailable("sign-in through a provider", &error))? {
        let fault = Fault::new(Cause::SignInStale, "the sign-in was used before");
        return failed(visit, provider, asked, &fault);
    }
    match user(visit, provider, &person).await? {
        Ok(user) => enter(visit, provider, asked, &user, person).await,
        Err(fault) => failed_for(visit, provider, asked, &fault, Some(&person.subject)),
    }
}

/// Whether the provider may be asked about one more code from this network.
fn admit<'v>(visit: &'v Visit<'_, '_>, code: &str) -> Option<(Trying<'v>, Admission)> {
    let counted = counted(visit.running.rules(), visit.asking.client.address)?;
    let (brakes, now) = (visit.worker.brakes(), visit.worker.clock().unix_secs());
    Some(brakes.admit_provider_code(counted, code, now))
}

/// Whether the code was none of this sign-in, as far as the provider says: that it is slow or down is nobody's attempt.
fn is_attempt(cause: Cause) -> bool {
    matches!(cause, Cause::SignInStale | Cause::ProviderAnswerInvalid)
}

fn braked<'c>(
    visit: &Visit<'c, '_>,
    mut asked: Asked<'_>,
    secs: u32,
) -> Result<Answer, Refused<'c>> {
    asked.notice = Some(Notice::Braked(secs));
    let mut answer = form(visit, &asked, StatusCode::TOO_MANY_REQUESTS)?;
    come_again(visit, &mut answer, Cause::RateLimited, secs);
    Ok(answer)
}

fn find<'c>(visit: &Visit<'c, '_>, index: usize) -> Result<&'c ProviderRules, Refused<'c>> {
    let found = visit.running.rules().providers.get(index);
    found.filter(|_| is_public_host(visit)).ok_or_else(|| {
        visit.refusal(
            Cause::RouteUnmatched,
            "providers send browsers back to the host of `public_url` alone",
        )
    })
}

fn redirect_uri(visit: &Visit<'_, '_>, provider: &ProviderRules) -> String {
    let origin = visit.running.rules().public_url.as_deref();
    let path = ProviderStep::Callback.path(&provider.name);
    [origin.unwrap_or_default(), &path].concat()
}

type Read<'v> = (Callback<'v>, Flight, SealedFlight);

/// What can be looked at without asking anybody.
fn read<'v>(visit: &'v Visit<'_, '_>, provider: &ProviderRules) -> Result<Read<'v>, Fault> {
    let callback = read_callback(visit.asking.uri.query())?;
    let browser = visit.browser().ok_or_else(|| {
        Fault::new(
            Cause::SignInStale,
            "the browser has no cookie of its sign-in",
        )
    })?;
    let (flight, sealed) = visit
        .flights
        .open(&callback.state, &browser, visit.now_unix_secs)?;
    if flight.provider != provider.name {
        return Err(Fault::new(
            Cause::SignInStale,
            "the sign-in was begun at another provider",
        ));
    }
    Ok((callback, flight, sealed))
}

async fn person(
    visit: &Visit<'_, '_>,
    index: usize,
    provider: &ProviderRules,
    callback: &Callback<'_>,
    (flight, sealed): (&Flight, SealedFlight),
) -> Result<Person, Fault> {
    callback.check_issuer(provider)?;
    let begun_unix_secs = sealed.begun_unix_secs;
    let code = callback.code()?;
    let providers = visit.running.providers();
    callback.check_named(&*providers.metadata(index).await?)?;
    let exchange = Exchange {
        code: Secret::new(code.to_owned()),
        redirect_uri: redirect_uri(visit, provider),
        sealed,
    };
    let mut person = providers.person(index, exchange).await?;
    let now = visit.now_unix_secs;
    person.signed_in_unix_secs = flight.signed_in(provider, begun_unix_secs, &person, now)?;
    Ok(person)
}

/// The user whom a person is linked with, by what the store knows and the rules allow.
async fn user<'c>(
    visit: &Visit<'c, '_>,
    provider: &ProviderRules,
    person: &Person,
) -> Result<Result<LinkedUser, Fault>, Refused<'c>> {
    let store = visit.worker.store();
    let unavailable = |error| visit.unavailable("link", &error);
    let not_linked = |detail| Ok(Err(Fault::new(Cause::AccountNotLinked, detail)));
    let key = LinkKey {
        issuer: provider.issuer.clone(),
        subject: person.subject.clone(),
    };
    if let Some(user) = store.linked_user(&key).await.map_err(unavailable)? {
        return Ok(Ok(user));
    }
    let Some(name) = &person.name else {
        return not_linked("the provider names nobody who could be a user here");
    };
    let known = store.user(name).await.map_err(unavailable)?;
    let object = key.to_string();
    let made = known.is_none();
    let linked = match known {
        Some(user) if user.disabled => {
            return Ok(Err(Fault::new(
                Cause::AccountDisabled,
                "the user of that name is disabled",
            )));
        }
        Some(_) if provider.first_sign_in.links() => {
            let links = store.links(name).await.map_err(unavailable)?;
            if links.iter().any(|link| link.key.issuer == key.issuer) {
                return not_linked(OTHER_LINK);
            }
            let link = store.add_first_link(name, key.clone(), visit.now_unix_secs);
            let act = ("link.add", Some(&*object));
            recorded(visit, provider, name, act, link).await?
        }
        Some(_) => {
            return not_linked("a user of that name is there, and `first_sign_in` links none");
        }
        None if provider.first_sign_in.creates() => {
            let user = new_user(visit, name);
            let user = store.add_linked_user(user, key.clone(), visit.now_unix_secs);
            recorded(visit, provider, name, ("user.add", Some(&*object)), user).await?
        }
        None => return not_linked("no user of that name is there, and `first_sign_in` makes none"),
    };
    match linked {
        Ok(()) => visit.worker.lines().write(&Event::AccountLinked {
            user: name,
            provider: &provider.name,
            made,
            peer: visit.peer(),
        }),
        // Somebody else was faster, perhaps the same person in another tab.
        Err(StoreError::LinkExists | StoreError::UserExists { .. }) => {}
        Err(StoreError::OtherLinkExists) => {
            return not_linked(OTHER_LINK);
        }
        Err(StoreError::NameOfService { .. }) => {
            return not_linked("a service with API keys has that name");
        }
        Err(error) => return Err(unavailable(error)),
    }
    match store.linked_user(&key).await.map_err(unavailable)? {
        Some(user) => Ok(Ok(user)),
        None => not_linked("the name was taken meanwhile"),
    }
}

/// What a first sign-in changes is recorded as a change in the account, by nobody but its user.
async fn recorded<'c>(
    visit: &Visit<'c, '_>,
    provider: &ProviderRules,
    user: &str,
    (act, object): (&'static str, Option<&str>),
    work: impl Future<Output = Result<(), StoreError>>,
) -> Result<Result<(), StoreError>, Refused<'c>> {
    let detail = format!("first sign-in through `{}`", provider.name);
    visit
        .recorded_with(user, (act, object, Some(&detail)), work, |()| true)
        .await
}

/// A user whom no password lets in.
fn new_user(visit: &Visit<'_, '_>, name: &str) -> NewUser {
    NewUser {
        name: name.into(),
        display_name: None,
        hash: decoy(&visit.running.rules().password_cost),
        groups: Vec::new(),
        disabled: false,
    }
}

/// Begins the session, or asks for what is still due.
async fn enter<'c>(
    visit: &Visit<'c, '_>,
    provider: &ProviderRules,
    mut asked: Asked<'_>,
    user: &LinkedUser,
    person: Person,
) -> Result<Answer, Refused<'c>> {
    if user.disabled {
        let fault = Fault::new(Cause::AccountDisabled, "the user is disabled");
        return failed_for(visit, provider, asked, &fault, Some(&person.subject));
    }
    asked.by = by(&provider.name, &person).into();
    if user.second_factor && !person.second_factor {
        asked.user = Cow::Owned(user.name.to_string());
        return second_factor::ask(visit, &asked, user.version, StatusCode::OK).await;
    }
    let factors = Factors::Provider {
        second: person.second_factor,
    };
    signed_in(visit, asked, (user.id, &user.name, user.version), factors).await
}

/// What a form says of the provider that has vouched for its user: its name, when the user has signed in there, and the groups.
fn by(provider: &str, person: &Person) -> String {
    let at = person.signed_in_unix_secs.map(|at| at.to_string());
    let mut by = [provider, &at.unwrap_or_default()].join(SEPARATOR);
    for group in &person.groups {
        by.push_str(SEPARATOR);
        by.push_str(group);
    }
    by
}

/// The same, read from a form that was sealed.
pub(super) fn vouched(by: &str) -> Vouched {
    let mut parts = by.split(SEPARATOR);
    let provider = parts.next().filter(|name| !name.is_empty());
    Vouched {
        provider: provider.map(Into::into),
        signed_in_unix_secs: parts.next().and_then(|at| at.parse().ok()),
        groups: parts.map(Into::into).collect(),
    }
}

/// Where somebody who has signed out here is signed in still, where the provider is configured to be told of.
pub(super) async fn still_there<'c>(visit: &Visit<'c, '_>, name: &str) -> Option<StillThere<'c>> {
    let rules = visit.running.rules();
    let mut providers = rules.providers.iter().enumerate();
    let (index, provider) = providers.find(|(_, provider)| *provider.name == *name)?;
    if !provider.sign_out {
        return None;
    }
    let back = [
        rules.public_url.as_deref().unwrap_or_default(),
        SessionPage::SignOut.path(),
    ]
    .concat();
    let address = match visit.running.providers().metadata(index).await {
        Ok(metadata) => sign_out_address(provider, &metadata, &back),
        Err(fault) => {
            visit.worker.lines().write(&Event::ProviderSignOutUnknown {
                provider: &provider.name,
                detail: &fault.detail,
                peer: visit.peer(),
            });
            None
        }
    };
    Some(StillThere {
        label: &provider.label,
        address,
    })
}

fn failed<'c>(
    visit: &Visit<'c, '_>,
    provider: &ProviderRules,
    asked: Asked<'_>,
    fault: &Fault,
) -> Result<Answer, Refused<'c>> {
    failed_for(visit, provider, asked, fault, None)
}

/// The sign-in page with what went wrong, and the log with what exactly.
fn failed_for<'c>(
    visit: &Visit<'c, '_>,
    provider: &ProviderRules,
    mut asked: Asked<'_>,
    fault: &Fault,
    subject: Option<&str>,
) -> Result<Answer, Refused<'c>> {
    let cause = fault.cause;
    visit.worker.figures().sign_in_refused(cause);
    visit.worker.lines().write(&Event::ProviderSignInRefused {
        provider: &provider.name,
        cause: cause.id(),
        detail: &fault.detail,
        issuer: subject.map(|_| &*provider.issuer),
        subject,
        peer: visit.peer(),
    });
    if cause == Cause::AccountDisabled {
        asked.notice = Some(Notice::Provider(Cause::ProviderAccountNotAllowed));
        let mut answer = form(visit, &asked, StatusCode::UNAUTHORIZED)?;
        challenged(visit, &mut answer);
        return Ok(answer);
    }
    let status = cause
        .status()
        .and_then(|status| StatusCode::from_u16(status).ok());
    let status = status.unwrap_or(StatusCode::FORBIDDEN);
    asked.notice = Some(Notice::Provider(cause));
    let mut answer = form(visit, &asked, status)?;
    if status == StatusCode::SERVICE_UNAVAILABLE {
        come_again(visit, &mut answer, cause, RETRY_AFTER_SECS);
    } else {
        name_cause(visit, &mut answer, cause);
    }
    Ok(answer)
}
