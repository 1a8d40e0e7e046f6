//! The address of a command, and the user name and password in it.
//!
//! Knows: how curl reads an address, and which characters end the user info before its time. Does not know what the
//! user name is used for.

use countersign_cause::{Cause, Who};
use url::Url;

use crate::finding::{Finding, Fix, Weight};
use crate::percent;
use crate::read::ReadFault;

/// An address as it was read.
#[derive(Default)]
pub(super) struct Address {
    /// Where to, without user info; `None` where it is no address.
    pub(super) url: Option<Url>,
    /// User name and password in it, percent-decoded; the password is empty where there is none.
    pub(super) userinfo: Option<(String, String)>,
    /// Whether the user info has a password.
    pub(super) has_password: bool,
    /// What is wrong with it.
    pub(super) noticed: Vec<Finding>,
    /// The address as it was meant and the user name in it, where the user info ends too early.
    pub(super) mended: Option<(Url, String)>,
}

/// Reads an address. `scheme` is the one for addresses that have none.
///
/// # Errors
///
/// Text that is no address of HTTP, for another reason than its user info.
pub(super) fn read(text: &str, scheme: &str) -> Result<Address, ReadFault> {
    let text = text.trim_matches([' ', '\t', '\n', '\r']);
    if is_like_secret(text) {
        return Err(ReadFault::new(
            "in place of an address there is what looks like a token or key: it is not looked up",
        )
        .with_help(
            "`--token -` reads a token from standard input; with a request it goes into a field: \
             `-H 'Authorization: Bearer ...' https://...`",
        ));
    }
    let (scheme, rest) = split_scheme(text, scheme);
    if !matches!(scheme.as_str(), "http" | "https") {
        let shown = scheme.len() < 12 && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let fault = match shown {
            true => ReadFault::new(format!("the address has the scheme `{scheme}`")),
            false => ReadFault::new("the address does not start with `http://` or `https://`"),
        };
        return Err(fault.with_help("requests over `http` and `https` are explained, no others"));
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, remainder) = rest.split_at_checked(end).unwrap_or((rest, ""));
    if let Some(broken) = Broken::of(rest, authority, remainder) {
        return Ok(broken.address(&scheme));
    }
    let (userinfo, host) = match authority.split_once('@') {
        Some((userinfo, host)) => (Some(userinfo), host),
        None => (None, authority),
    };
    let url = parse(&scheme, host, remainder)?;
    let mut address = Address {
        url: Some(url),
        ..Address::default()
    };
    if let Some(userinfo) = userinfo {
        let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
        address.has_password = userinfo.contains(':');
        address.noticed.extend(escapes(userinfo));
        address.userinfo = Some((percent::decoded_text(user), percent::decoded_text(password)));
    }
    Ok(address)
}

/// Shorter ones may well be the name of a machine.
const SECRET_BYTES_MIN: usize = 20;
/// RFC 1035 section 2.3.4: no label of a name is longer.
const LABEL_BYTES_MAX: usize = 63;

/// Whether a word without a scheme is a token or a key and no host. To look one up would tell it to every resolver on
/// the way.
pub(in crate::read) fn is_like_secret(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.=+~".contains(&byte);
    // Host names are written in lower case, and without underscores.
    let is_random = |label: &str| {
        let has = |wanted: fn(&u8) -> bool| label.as_bytes().iter().any(wanted);
        let mixed = has(u8::is_ascii_uppercase) || label.contains('_');
        let is_hex = label.bytes().all(|byte| byte.is_ascii_hexdigit());
        label.len() > LABEL_BYTES_MAX
            || label.len() >= SECRET_BYTES_MIN && has(u8::is_ascii_digit) && (mixed || is_hex)
    };
    text.bytes().all(fits) && (text.starts_with("eyJ") || text.split('.').any(is_random))
}

/// A scheme is one only before `:/`: `localhost:8080` has none.
fn split_scheme<'t>(text: &'t str, default: &str) -> (String, &'t str) {
    let is_scheme = |scheme: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        scheme.starts_with(|letter: char| letter.is_ascii_alphabetic()) && scheme.bytes().all(fits)
    };
    match text.split_once(":/") {
        Some((scheme, rest)) if is_scheme(scheme) => {
            // curl takes one to three slashes.
            let rest = rest.strip_prefix('/').unwrap_or(rest);
            (scheme.to_ascii_lowercase(), rest.trim_start_matches('/'))
        }
        Some(_) | None => (default.to_owned(), text.strip_prefix("//").unwrap_or(text)),
    }
}

fn parse(scheme: &str, host: &str, remainder: &str) -> Result<Url, ReadFault> {
    if host.is_empty() {
        return Err(ReadFault::new("the address names no host"));
    }
    Url::parse(&format!("{scheme}://{host}{remainder}")).map_err(|fault| {
        ReadFault::new(format!("the address cannot be read: {fault}"))
            .with_help("write it as `https://host/path`, in quotes")
    })
}

/// An address whose user info is cut by one of its own characters.
struct Broken<'t> {
    /// Everything between the scheme and the host that was meant.
    userinfo: &'t str,
    /// The host that was meant, and what follows it.
    target: &'t str,
    /// Whether nothing else can be the matter.
    sure: bool,
}

impl<'t> Broken<'t> {
    fn of(rest: &'t str, authority: &str, remainder: &str) -> Option<Broken<'t>> {
        let (host, sure) = match authority.split('@').collect::<Vec<&str>>().as_slice() {
            // What stands before `/`, `?` or `#` is all host and port.
            [host] => (*host, has_no_port(host)),
            [_, host] => (*host, false),
            // curl takes the first `@` for the end, and no host has one in it.
            _ => (authority, true),
        };
        if !sure && (is_host(host, false) || !remainder.contains('@')) {
            return None;
        }
        let (userinfo, target) = rest
            .match_indices('@')
            .filter_map(|(at, _)| rest.split_at_checked(at))
            .filter_map(|(before, after)| Some((before, after.strip_prefix('@')?)))
            .find(|(before, after)| {
                let inside = before.len() >= authority.len() || !after.contains('@') || sure;
                inside && is_host(after, sure)
            })?;
        // Without a colon it is a path that has an `@` in it.
        userinfo.contains(':').then_some(Broken {
            userinfo,
            target,
            sure,
        })
    }

    fn address(&self, scheme: &str) -> Address {
        let characters = self.characters();
        let named = match characters.as_slice() {
            [] => "a character that ends it".to_owned(),
            characters => characters.join(" and "),
        };
        let happens = match self.sure {
            true => "so what follows it is taken for the host or the port, and the address is none",
            false => "so the host that is asked is the user name",
        };
        let evidence = format!(
            "the user name or password in the address has {named} in it, which ends that part of an address, {happens}"
        );
        let weight = match self.sure {
            true => Weight::Proof,
            false => Weight::Strong,
        };
        let user = self.userinfo.split(':').next().unwrap_or_default();
        let fix = Fix::new(
            Who::User,
            format!(
                "Give user name and password with `-u`, which takes them as they are, or percent-encode {named} in the \
                 address."
            ),
        );
        let end = self.target.find(['/', '?', '#']);
        let (host, remainder) = end
            .and_then(|end| self.target.split_at_checked(end))
            .unwrap_or((self.target, ""));
        let target = parse(scheme, host, remainder).ok();
        Address {
            noticed: vec![Finding::new(Cause::UserinfoEncoding, weight, evidence).with_fix(fix)],
            mended: target.map(|url| (url, percent::decoded_text(user))),
            ..Address::default()
        }
    }

    /// The characters to encode, by name and with what stands for them.
    fn characters(&self) -> Vec<String> {
        const NAMED: [(char, &str); 7] = [
            ('/', "a slash (`%2F`)"),
            ('?', "a question mark (`%3F`)"),
            ('#', "a number sign (`%23`)"),
            ('@', "an at sign (`%40`)"),
            ('[', "a bracket (`%5B`)"),
            (']', "a bracket (`%5D`)"),
            (' ', "a blank (`%20`)"),
        ];
        NAMED
            .iter()
            .filter(|(character, _)| self.userinfo.contains(*character))
            .map(|(_, name)| (*name).to_owned())
            .collect()
    }
}

/// Whether a port is given that is none.
fn has_no_port(host: &str) -> bool {
    let port = host.rsplit_once(':').map(|(_, port)| port);
    port.is_some_and(|port| !port.is_empty() && port.parse::<u16>().is_err())
        && !host.starts_with('[')
}

/// Whether a text begins with what reads like a host: a name with a dot in it or `localhost`, or any name at all.
fn is_host(text: &str, any: bool) -> bool {
    let end = text.find(['/', '?', '#']).unwrap_or(text.len());
    let authority = text.split_at_checked(end).map_or(text, |(host, _)| host);
    if authority.starts_with('[') {
        return true;
    }
    let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    let known = host.contains('.') || host.eq_ignore_ascii_case("localhost");
    !host.is_empty()
        && host.bytes().all(fits)
        && port.bytes().all(|byte| byte.is_ascii_digit())
        && (any || known)
}

/// Percent signs in user info that were not encoded, or were encoded twice.
fn escapes(userinfo: &str) -> Option<Finding> {
    let stray = userinfo.split('%').skip(1).any(|after| {
        let mut digits = after.chars().take(2).filter(char::is_ascii_hexdigit);
        digits.by_ref().count() < 2
    });
    if stray {
        let evidence = "the user name or password in the address has a percent sign in it that begins no escape";
        return Some(Finding::new(
            Cause::UserinfoEncoding,
            Weight::Fair,
            evidence,
        ));
    }
    let twice = percent::decoded_text(userinfo);
    let doubled = userinfo.contains("%25") && percent::decoded_text(&twice) != twice;
    doubled.then(|| {
        let evidence = "the user name or password in the address is still percent-encoded after it was decoded: it was \
                        encoded twice";
        Finding::new(Cause::UserinfoEncoding, Weight::Strong, evidence)
    })
}
