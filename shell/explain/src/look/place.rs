//! Where a credential is, in words.

use crate::credential::{Carrier, Credential};
use crate::message::Request;

/// The beginning of a sentence about a credential.
pub(super) fn named(carrier: &Carrier) -> String {
    match carrier {
        Carrier::Authorization => "The credential in `Authorization`".to_owned(),
        Carrier::Field(name) => format!("The value of `{name}`"),
        Carrier::Cookie => "A cookie".to_owned(),
        Carrier::Query(name) => format!("The parameter `{name}` of the query"),
        Carrier::Form(name) => format!("The parameter `{name}` of the form"),
    }
}

/// Whether there is nothing else in the request that could be taken for a credential.
pub(super) fn is_alone(credentials: &[Credential]) -> bool {
    credentials.len() == 1
}

/// The host that the request is for: the one of `Host` where the URL has an address only.
pub(super) fn host(request: &Request) -> String {
    let host = request.url.host_str().unwrap_or_default();
    let own = request.fields.text("host").unwrap_or_default();
    let own = own.trim().split(':').next().unwrap_or_default();
    let is_address = request.url.domain().is_none_or(|name| name == "localhost");
    match is_address && !own.is_empty() {
        true => own.to_ascii_lowercase(),
        false => host.to_ascii_lowercase(),
    }
}

/// Whether a host is one that everybody could know: a name below a public suffix, and no test's or example's.
pub(super) fn is_public(host: &str) -> bool {
    const PRIVATE: [&str; 8] = [
        "localhost",
        "local",
        "internal",
        "test",
        "example",
        "invalid",
        "lan",
        "home.arpa",
    ];
    let private = PRIVATE.iter().any(|end| {
        host.strip_suffix(end)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    });
    !private && psl::domain_str(host).is_some() && host.parse::<std::net::IpAddr>().is_err()
}
