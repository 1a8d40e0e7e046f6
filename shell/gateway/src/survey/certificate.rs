//! The certificate of the listener: whether its key is its own, until when it is good, for which names, and who has signed it.
//!
//! Knows: X.509 as far as rustls tells. Does not know sockets.

use std::time::Duration;

use countersign_config::{ClientCertificates, Tls};
use countersign_flow::Rules;
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error, RootCertStore};

use super::Observation;
use crate::receive::server_config;

const DAY_SECS: u64 = 86_400;
/// Past the end of whatever certificate there is: the end of the year 9999.
const FOR_EVER_SECS: u64 = 253_402_300_799;

/// Everything about the certificate of the listener.
pub(super) fn listener(
    tls: &Tls,
    asked: Option<&ClientCertificates>,
    rules: &Rules,
    now_unix_secs: i64,
    days: u32,
) -> Vec<Observation> {
    let about = format!("certificate `{}`", tls.certificate.display());
    if let Err(error) = server_config(tls, asked) {
        return vec![Observation::not_startable(about, &error)];
    }
    let chain = CertificateDer::pem_file_iter(&tls.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let Ok(chain) = chain else {
        return Vec::new();
    };
    let Some((own, above)) = chain.split_first() else {
        return Vec::new();
    };
    let parsed = match ParsedCertificate::try_from(own) {
        Ok(parsed) => parsed,
        Err(error) => {
            let fix = "browsers do not take it: let it be made anew, as version 3 with its names in subjectAltName";
            return vec![Observation::error(about, error.to_string(), fix)];
        }
    };
    let now = u64::try_from(now_unix_secs).unwrap_or_default();
    let mut seen = vec![Observation::ok(&*about, "the key is its own")];
    seen.push(time(&about, &parsed, now, u64::from(days)));
    seen.extend(names(&about, &parsed, rules));
    seen.push(signed(&about, &parsed, above, now));
    seen
}

/// What rustls says of the certificate at a time, against these authorities.
fn verify(
    certificate: &ParsedCertificate<'_>,
    roots: &RootCertStore,
    above: &[CertificateDer<'_>],
    at_unix_secs: u64,
) -> Result<(), Error> {
    let at = UnixTime::since_unix_epoch(Duration::from_secs(at_unix_secs));
    let provider = default_provider();
    let algorithms = provider.signature_verification_algorithms.all;
    verify_server_cert_signed_by_trust_anchor(certificate, roots, above, at, algorithms)
}

fn time(about: &str, certificate: &ParsedCertificate<'_>, now: u64, days: u64) -> Observation {
    const RENEW: &str = "renew it; a running gateway takes it up with `countersign reload`";
    // The time is looked at before the signature: without any authority it is what is told.
    let nobody = RootCertStore::empty();
    let at = |time| verify(certificate, &nobody, &[], time);
    if let Err(Error::InvalidCertificate(
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
    )) = at(now)
    {
        let fix = "see whether this machine's clock is right";
        return Observation::error(about, "not valid yet", fix);
    }
    let not_after = match at(FOR_EVER_SECS) {
        Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => {
            not_after.as_secs()
        }
        _ => return Observation::ok(about, "has no end"),
    };
    match not_after.checked_sub(now) {
        None => Observation::error(
            about,
            format!(
                "has run out {} days ago",
                now.saturating_sub(not_after) / DAY_SECS
            ),
            RENEW,
        ),
        Some(left) if left < days * DAY_SECS => Observation::warning(
            about,
            format!("runs out in {} days", left / DAY_SECS),
            RENEW,
        ),
        Some(left) => Observation::ok(about, format!("good for {} days", left / DAY_SECS)),
    }
}

/// Whether it covers every host that routes and the public address name.
fn names(about: &str, certificate: &ParsedCertificate<'_>, rules: &Rules) -> Vec<Observation> {
    let mut hosts: Vec<String> = Vec::new();
    let public = rules.public_url.as_deref();
    let public = public.and_then(|url| url.split_once("://"));
    if let Some((_, authority)) = public {
        hosts.push(without_port(authority).to_owned());
    }
    for route in rules.routes.as_slice() {
        hosts.extend(route.hosts.iter().map(ToString::to_string));
    }
    hosts.sort();
    hosts.dedup();
    let (mut covered, mut uncovered) = (0_usize, Vec::new());
    for host in hosts {
        // A family of hosts needs a name with a star, which any one of them shows.
        let one = host.replacen("*.", "any-one-of-them.", 1);
        let bare = one.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(bare);
        if name.is_ok_and(|name| verify_server_name(certificate, &name).is_ok()) {
            covered += 1;
        } else {
            uncovered.push(host);
        }
    }
    if uncovered.is_empty() {
        let found = format!("covers the {covered} hosts that are named");
        return (covered > 0)
            .then(|| Observation::ok(about, found))
            .into_iter()
            .collect();
    }
    let uncovered = uncovered.join("`, `");
    vec![Observation::error(
        about,
        format!("is not for `{uncovered}`"),
        "clients refuse it there: take one with these names, or let a proxy in front have it",
    )]
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        Some(_) | None => authority,
    }
}

fn signed(
    about: &str,
    certificate: &ParsedCertificate<'_>,
    above: &[CertificateDer<'_>],
    now: u64,
) -> Observation {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    match verify(certificate, &roots, above, now) {
        Ok(()) => Observation::ok(about, "signed by an authority that this machine trusts"),
        Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => Observation::warning(
            about,
            "signed by nobody whom this machine trusts",
            "put the intermediate certificates behind it in the file; with an authority of your own, clients must know it",
        ),
        // What rustls has no words for: a certificate of an authority in the place of a server's, most often.
        Err(Error::InvalidCertificate(CertificateError::Other(_))) => Observation::warning(
            about,
            "careful clients do not take it for a server's",
            "let one be made that is no authority's (`basicConstraints` with `CA:FALSE`)",
        ),
        Err(error) => Observation::warning(
            about,
            format!("its chain: {error}"),
            "see whether the intermediate certificates in the file are those of the authority, and in time",
        ),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::survey::State;

    /// Eight hours into 2027-01-15.
    const NOW: u64 = 1_800_000_000;

    /// A certificate for these names, good from and to so many days from now.
    fn made(names: &[&str], from_days: i32, to_days: i32) -> CertificateDer<'static> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = rcgen::CertificateParams::new(names).unwrap();
        let day = |days: i32| {
            let by = Duration::from_secs(u64::from(days.unsigned_abs()) * DAY_SECS);
            let now = rcgen::date_time_ymd(2027, 1, 15);
            if days < 0 { now - by } else { now + by }
        };
        params.not_before = day(from_days);
        params.not_after = day(to_days);
        let key = rcgen::KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().clone()
    }

    #[test]
    fn the_end_is_seen_before_it_comes() {
        for (from, to, state, found) in [
            (-10, 60, State::Ok, "good for 59 days"),
            (-10, 20, State::Warning, "runs out in 19 days"),
            (-10, -3, State::Error, "has run out 3 days ago"),
            (3, 60, State::Error, "not valid yet"),
        ] {
            let der = made(&["a.example"], from, to);
            let parsed = ParsedCertificate::try_from(&der).unwrap();
            let seen = time("it", &parsed, NOW, 21);
            assert_eq!((seen.state, &*seen.found), (state, found));
        }
    }

    #[test]
    fn who_has_signed_it_is_not_known_here() {
        let der = made(&["a.example"], -10, 60);
        let parsed = ParsedCertificate::try_from(&der).unwrap();
        assert_eq!(signed("it", &parsed, &[], NOW).state, State::Warning);
    }
}
