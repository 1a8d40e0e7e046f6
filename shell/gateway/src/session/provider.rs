//! Signing in through a provider: the way there, and what comes back.
//!
//! Knows: the order of checks, and which user a person is. Does not know the messages, which are the core's, nor the
//! network. Whatever goes wrong, the sign-in page is shown again with the other ways in.

use std::borrow::Cow;

use countersign_cause::Cause;
use countersign_flow::provider::{
    Callback, Fault, Flight, Person, ProviderRules, SealedFlight, authorization_address,
    read_callback,
};
use countersign_flow::session::page::{Notice, ProviderLink};
use countersign_flow::{Answer, ProviderStep};
use countersign_secret::Secret;
use countersign_secret::password::decoy;
use countersign_store::{LinkKey, LinkedUser, NewUser, StoreError};
use countersign_wire::form::encode;
use http::StatusCode;
use http::header::SET_COOKIE;

use super::second_factor;
use super::sign_in::{Asked, come_again, form, name_cause, rejected, signed_in};
use super::visit::{Factors, Refused, Visit, redirect};
use crate::provider::Exchange;
use crate::seen::Event;

/// When it is worth trying again while a provider does not answer, in seconds.
const RETRY_AFTER_SECS: u32 = 5;

/// Separates what `by` of a form holds: no name and no group has it.
const SEPARATOR: char = ',';

/// The buttons of the sign-in page. On another host than that of `public_url` nobody could come back.
pub(super) fn links(visit: &Visit<'_, '_>, asked: &Asked<'_>) -> Vec<ProviderLink> {
    if !is_public_host(visit) {
        return Vec::new();
    }
    let providers = visit.running.rules().providers.iter();
    let links = providers.map(|provider| {
        let mut address = ProviderStep::Begin.path(&provider.name);
        let mut separator = '?';
        for (name, value) in [("return", asked.return_text()), ("lost", asked.lost_text())] {
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
    let flight = Flight {
        provider: provider.name.clone(),
        return_to: asked.return_to,
        lost: asked.lost,
    };
    let sealed = visit
        .flights
        .seal(&flight, &browser, random, visit.now_unix_secs);
    let sealed = sealed
        .ok_or_else(|| visit.refusal(Cause::IdentityBackendDown, "the sign-in cannot be sealed"))?;
    let redirect_uri = redirect_uri(visit, provider);
    // Who has a session and comes here all the same is to show again who it is, and not that the provider remembers it.
    let anew = visit.current().await?.is_some();
    let address = authorization_address(provider, &metadata, &redirect_uri, &sealed, anew);
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
        return_to: flight.return_to,
        lost: flight.lost,
        ..Asked::default()
    };
    let digest = sealed.digest();
    let person = match person(visit, index, provider, &callback, sealed).await {
        Ok(person) => person,
        Err(fault) => return failed(visit, provider, asked, &fault),
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
    sealed: SealedFlight,
) -> Result<Person, Fault> {
    callback.check_issuer(provider)?;
    let code = callback.code()?;
    let providers = visit.running.providers();
    callback.check_named(&*providers.metadata(index).await?)?;
    let exchange = Exchange {
        code: Secret::new(code.to_owned()),
        redirect_uri: redirect_uri(visit, provider),
        sealed,
    };
    providers.person(index, exchange).await
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
    let made = known.is_none();
    let linked = match known {
        Some(user) if user.disabled => {
            return Ok(Err(Fault::new(
                Cause::AccountDisabled,
                "the user of that name is disabled",
            )));
        }
        Some(_) if provider.first_sign_in.links() => {
            store.add_link(name, key.clone(), visit.now_unix_secs).await
        }
        Some(_) => {
            return not_linked("a user of that name is there, and `first_sign_in` links none");
        }
        None if provider.first_sign_in.creates() => {
            let user = new_user(visit, name);
            store
                .add_linked_user(user, key.clone(), visit.now_unix_secs)
                .await
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
        return rejected(visit, asked, Cause::AccountDisabled);
    }
    asked.by = by(&provider.name, &person.groups).into();
    if user.second_factor && !person.second_factor {
        asked.user = Cow::Owned(user.name.to_string());
        return second_factor::ask(visit, &asked, user.version, StatusCode::OK).await;
    }
    let factors = Factors::Provider {
        second: person.second_factor,
    };
    signed_in(visit, asked, (user.id, &user.name, user.version), factors).await
}

/// What a form says of the provider that has vouched for its user: its name, and the groups.
fn by(provider: &str, groups: &[Box<str>]) -> String {
    let mut by = provider.to_owned();
    for group in groups {
        by.push(SEPARATOR);
        by.push_str(group);
    }
    by
}

/// The groups in what a form says of a provider.
pub(super) fn groups(by: &str) -> Vec<Box<str>> {
    by.split(SEPARATOR).skip(1).map(Box::from).collect()
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
        return rejected(visit, asked, cause);
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
