//! User names that vendors want beside a credential, and passwords that they do not take any more.

use countersign_cause::{Cause, Who};
use countersign_wire::basic::client::{Charset, authorization};
use countersign_wire::basic::server::decode_leniently;
use countersign_wire::credentials::looks_like_jwt;

use crate::case::Case;
use crate::command::curl;
use crate::credential::{credentials_of, is_secret_name, with_authorization};
use crate::finding::{Finding, Fix, Weight};
use crate::look::keys::{self, Kind, Service, User, UserRule};
use crate::look::place;
use crate::message::Request;

/// What the rules for user names say of Basic.
pub(super) fn look(case: &Case, request: &Request, host: &str, home: &[&Service]) -> Vec<Finding> {
    let credentials = credentials_of(request);
    let basic = credentials.iter().find(|credential| credential.is("basic"));
    let Some((user, password)) = basic.and_then(|basic| of(basic.secret.expose())) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    if let Some(service) = home.iter().find(|service| service.refuses_passwords)
        && is_chosen(&user, &password, host)
    {
        let evidence = format!(
            "`Basic` carries a user name and a password, and {} takes tokens and keys only.",
            service.name
        );
        found.push(Finding::new(
            Cause::PasswordLoginRetired,
            Weight::Strong,
            evidence,
        ));
        return found;
    }
    for rule in keys::users(host) {
        if is_beside(rule, &password)
            && let Some((evidence, right)) = breach(rule, &user, &password)
        {
            let mut fix = Fix::new(
                Who::User,
                format!("Give {} for the user name.", wanted(&rule.rule)),
            );
            let value = right
                .and_then(|(user, password)| authorization(&user, &password, Charset::Utf8).ok());
            if let Some(value) = value {
                let request = with_authorization(request, value.expose().as_bytes());
                fix = fix.with_command(curl(case, &request));
            }
            let weight = Weight::from(rule.weight);
            found
                .push(Finding::new(Cause::BasicUsernameConvention, weight, evidence).with_fix(fix));
        }
    }
    found
}

/// The request with the user name that the vendor wants, where that is a fixed one or the key itself, and what it is.
#[must_use]
pub(crate) fn with_the_right_one(request: &Request) -> Option<(Request, String)> {
    let host = place::host(request);
    let credentials = credentials_of(request);
    let basic = credentials.iter().find(|credential| credential.is("basic"));
    let (user, password) = basic.and_then(|basic| of(basic.secret.expose()))?;
    // What is put together with the given name would be an attempt at an account.
    let is_fixed = |rule: &&User| match rule.rule {
        UserRule::Is(_) | UserRule::Itself(_) => true,
        UserRule::Begins(_) | UserRule::Ends(_) | UserRule::Email(_) => false,
    };
    keys::users(&host).filter(is_fixed).find_map(|rule| {
        if !is_beside(rule, &password) {
            return None;
        }
        let (_, right) = breach(rule, &user, &password)?;
        let (user, password) = right?;
        let value = authorization(&user, &password, Charset::Utf8).ok()?;
        let request = with_authorization(request, value.expose().as_bytes());
        Some((request, wanted(&rule.rule)))
    })
}

fn is_beside(rule: &User, password: &str) -> bool {
    rule.beside.as_ref().is_none_or(|shape| {
        shape.begins(password.as_bytes())
            && (!shape.lead().is_empty() || shape.fits(password.as_bytes()))
    })
}

/// The address names one account and `Basic` another of the same kind.
pub(super) fn of_another(request: &Request, host: &str) -> Option<Finding> {
    let credentials = credentials_of(request);
    let basic = credentials
        .iter()
        .find(|credential| credential.is("basic"))?;
    let (user, _) = of(basic.secret.expose())?;
    let id = |text: &str| {
        keys::of_at(text.as_bytes(), host)
            .filter(|key| key.kind == Kind::Id && key.shape.fits(text.as_bytes()))
    };
    let own = id(&user)?;
    let is_another = |part: &&str| {
        let part = part.split('.').next().unwrap_or_default();
        part != user && id(part).is_some_and(|key| key.name == own.name)
    };
    let mut parts = request.url.path_segments()?;
    parts.find(is_another).map(|_| {
        let evidence = format!(
            "The user name in `Basic` is one {}, and the address is that of another.",
            own.name
        );
        Finding::new(Cause::EnvironmentMismatch, Weight::Strong, evidence)
    })
}

/// User name and password of a payload, also of one whose user name is empty, which the reader refuses.
pub(super) fn of(payload: &[u8]) -> Option<(String, String)> {
    let decoded = decode_leniently(payload)?;
    let text = std::str::from_utf8(decoded.expose()).ok()?;
    let (user, password) = text.trim_end_matches(['\r', '\n']).split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// Whether a password looks like one that a person signs in with, and like no token.
fn is_chosen(user: &str, password: &str, host: &str) -> bool {
    let known = |text: &str| {
        keys::of_at(text.as_bytes(), host).is_some() || looks_like_jwt(text.as_bytes())
    };
    let machine_made = password.len() >= 20
        && password
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_=.~".contains(&byte));
    !password.is_empty() && !machine_made && !known(user) && !known(password)
}

type Right = Option<(String, String)>;

/// What is wrong with the user name, and the right pair where it is known.
fn breach(rule: &User, user: &str, password: &str) -> Option<(String, Right)> {
    let told = if user.is_empty() {
        "empty".to_owned()
    } else {
        format!("`{user}`")
    };
    // A key in the place of the user name is not to be told.
    let told = if is_secret_name(user, "x") {
        "a key".to_owned()
    } else {
        told
    };
    let wrong = |right: Right| {
        let wanted = wanted(&rule.rule);
        Some((
            format!("The user name is {told}, and beside such a credential it has to be {wanted}."),
            right,
        ))
    };
    match &rule.rule {
        UserRule::Is(names) if names.iter().any(|name| name == user) => None,
        UserRule::Is(names) => wrong(
            names
                .first()
                .map(|name| (name.clone(), password.to_owned())),
        ),
        UserRule::Begins(starts) if starts.iter().any(|start| user.starts_with(start)) => None,
        UserRule::Begins(_) => wrong(None),
        UserRule::Ends(end) if user.ends_with(end) => None,
        UserRule::Ends(end) => wrong(Some((format!("{user}{end}"), password.to_owned()))),
        UserRule::Email(_)
            if user
                .split_once('@')
                .is_some_and(|(name, host)| !name.is_empty() && host.contains('.')) =>
        {
            None
        }
        UserRule::Email(_) => wrong(None),
        UserRule::Itself(_) if user == password => None,
        UserRule::Itself(_) => wrong(Some((password.to_owned(), String::new()))),
    }
}

fn wanted(rule: &UserRule) -> String {
    let list = |names: &[String]| {
        let names: Vec<String> = names
            .iter()
            .map(|name| {
                if name.is_empty() {
                    "empty".to_owned()
                } else {
                    format!("`{name}`")
                }
            })
            .collect();
        names.join(" or ")
    };
    match rule {
        UserRule::Is(names) => list(names),
        UserRule::Begins(starts) => format!("one that begins with {}", list(starts)),
        UserRule::Ends(end) => format!("one that ends with `{end}`"),
        UserRule::Email(whose) => format!("{whose} e-mail address"),
        UserRule::Itself(_) => "the key itself, with an empty password".to_owned(),
    }
}
