//! How the command connects.
//!
//! Knows: `--resolve`, `--connect-to`, proxies and certificates as curl reads them. Does not connect.

use std::net::IpAddr;

use url::{Host, Url};

use super::asked::Connection;
use crate::case::{Resolve, Transport};
use crate::read::Files;

/// The transport to an address, and what could not be done.
pub(super) fn of(
    connection: &Connection,
    url: Option<&Url>,
    files: &dyn Files,
) -> (Transport, Vec<String>) {
    let mut left_out = Vec::new();
    let mut transport = Transport {
        insecure: connection.insecure,
        version: connection.version,
        ..Transport::default()
    };
    if let Some(name) = &connection.ca_file {
        match files.read(name) {
            Ok(pem) => transport.ca_pem = Some(pem),
            Err(fault) => left_out.push(format!(
                "the certificates of `{name}` could not be read: {}",
                fault.kind()
            )),
        }
    }
    transport.proxy = proxy(connection, url, &mut left_out);
    for given in &connection.resolve {
        transport.resolve.extend(resolve(given));
    }
    if let Some(url) = url {
        for given in &connection.connect_to {
            match connect_to(given, url) {
                Some(stand_in) => transport.resolve.push(stand_in),
                None => {
                    left_out.push("a `--connect-to` names no address and is passed over".to_owned())
                }
            }
        }
    }
    (transport, left_out)
}

fn proxy(connection: &Connection, url: Option<&Url>, left_out: &mut Vec<String>) -> Option<Url> {
    let given = connection
        .proxy
        .as_deref()
        .filter(|given| !given.is_empty())?;
    let host = url.and_then(Url::host_str).unwrap_or_default();
    if is_exempt(host, connection.no_proxy.as_deref().unwrap_or_default()) {
        return None;
    }
    let full = match given.contains("://") {
        true => given.to_owned(),
        false => format!("http://{given}"),
    };
    let Ok(mut proxy) = Url::parse(&full) else {
        left_out.push("the proxy of `-x` is no address and is not used".to_owned());
        return None;
    };
    if let Some(user) = &connection.proxy_user {
        let (user, password) = user.split_once(':').unwrap_or((user, ""));
        // Both only fail for addresses without a host, which a proxy has.
        let _ = proxy.set_username(user);
        let _ = proxy.set_password(Some(password));
    }
    Some(proxy)
}

/// `--noproxy`: hosts and domains for which there is none.
fn is_exempt(host: &str, list: &str) -> bool {
    list.split([',', ' ']).any(|entry| {
        let entry = entry.trim().trim_start_matches('.');
        entry == "*"
            || (!entry.is_empty()
                && (host.eq_ignore_ascii_case(entry)
                    || host
                        .to_ascii_lowercase()
                        .ends_with(&format!(".{}", entry.to_ascii_lowercase()))))
    })
}

/// `[+]host:port:address[,address]...`
fn resolve(given: &str) -> Option<Resolve> {
    let given = given.trim_start_matches('+');
    let (host, rest) = split_host(given)?;
    let (port, addresses) = rest.split_once(':')?;
    let port = port.parse().ok()?;
    Some(Resolve {
        host,
        port,
        address: address(addresses.split(',').next()?)?,
        to_port: port,
    })
}

/// `host1:port1:host2:port2`, each of which may be empty: then it stands for any, or for the address's own.
fn connect_to(given: &str, url: &Url) -> Option<Resolve> {
    let own_port = url.port_or_known_default()?;
    let (host, rest) = split_host(given)?;
    let (port, rest) = rest.split_once(':')?;
    let (to_host, to_port) = split_host(rest)?;
    let port = match port {
        "" => own_port,
        port => port.parse().ok()?,
    };
    let to_host = match to_host.as_str() {
        "" => url.host_str()?.to_owned(),
        _ => to_host,
    };
    Some(Resolve {
        host: if host.is_empty() {
            "*".to_owned()
        } else {
            host
        },
        port,
        address: address(&to_host)?,
        to_port: match to_port {
            "" => own_port,
            port => port.parse().ok()?,
        },
    })
}

/// A host and what follows its colon; an IPv6 address has brackets.
fn split_host(text: &str) -> Option<(String, &str)> {
    let (host, rest) = match text.strip_prefix('[') {
        Some(inside) => {
            let (host, rest) = inside.split_once(']')?;
            (host, rest.strip_prefix(':')?)
        }
        None => text.split_once(':')?,
    };
    Some((host.to_ascii_lowercase(), rest))
}

fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim_matches(['[', ']']);
    if text.eq_ignore_ascii_case("localhost") {
        return Some(IpAddr::from([127, 0, 0, 1]));
    }
    match Host::parse(text) {
        Ok(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
        Ok(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        Ok(Host::Domain(_)) | Err(_) => text.parse().ok(),
    }
}
