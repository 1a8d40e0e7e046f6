//! The times of a token against the clocks: expired, not yet valid, valid for too long, or a clock that is wrong.
//!
//! Knows: `exp`, `nbf`, `iat` and whose clock says what. Does not know signatures.

use countersign_cause::Cause;
use countersign_jose::Hearsay;
use serde_json::Value;
use url::Url;

use super::Seen;
use super::clocks::{AGREE_SECS, Clocks, Whose, in_words, moment};
use super::said::Said;
use crate::finding::{Fix, Weight};

/// Dates are told in whole seconds, and messages travel.
const ROUNDING_SECS: i64 = 5;

/// The longest lifetime that GitHub takes of the token of an app, in seconds.
const GITHUB_APP_LIFETIME_SECS_MAX: i64 = 600;

/// Everything that the times of a token show.
pub(super) fn look(
    heard: &Hearsay<'_>,
    clocks: &Clocks,
    said: &[Said],
    url: Option<&Url>,
) -> Vec<Seen> {
    let mut seen = Vec::new();
    seen.extend(units(heard));
    seen.extend(end(heard, clocks));
    seen.extend(start(heard, clocks));
    let lifetime = lifetime(heard, clocks, said, url);
    let (lifetime, skew) = unless_made_ahead(heard, clocks, lifetime);
    seen.extend(lifetime);
    seen.extend(skew);
    if !seen.iter().any(|seen| {
        !matches!(
            seen.finding.cause,
            Cause::TokenLifetimeTooLong | Cause::ClaimMissing
        )
    }) {
        seen.extend(against_the_words(heard, clocks, said));
    }
    if seen.is_empty() {
        seen.extend(endless(heard));
    }
    seen
}

/// RFC 9068 section 2.2 wants an end, and many verifiers take no token without one.
fn endless(heard: &Hearsay<'_>) -> Option<Seen> {
    let is_absent =
        heard.claim("exp").is_none() && heard.claim("iat").or(heard.claim("sub")).is_some();
    is_absent.then(|| {
        let evidence = "the token has no `exp`, and many verifiers take none that never ends";
        Seen::soft(Cause::ClaimMissing, Weight::Fair, evidence)
    })
}

/// Times that are no seconds.
fn units(heard: &Hearsay<'_>) -> Option<Seen> {
    const SECS_MAX: i64 = 253_402_300_799;
    let odd = |name: &'static str| {
        let value = heard.claim(name)?;
        match value {
            Value::Number(number) if number.as_i64().is_some_and(|time| time > SECS_MAX) => {
                Some((name, "has milliseconds where seconds are due"))
            }
            Value::Number(_) | Value::Null => None,
            Value::String(_) => Some((name, "is a string where a number is due")),
            Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                Some((name, "is no number of seconds"))
            }
        }
    };
    let (name, how) = ["exp", "nbf", "iat"].into_iter().find_map(odd)?;
    let cause = match (name, how.contains("milliseconds")) {
        // A start in the year 57000 is in the future to everybody who takes it for a number.
        ("nbf" | "iat", true) => Cause::TokenNotYetValid,
        (_, _) => Cause::TokenMalformed,
    };
    let fix = Fix::new(
        countersign_cause::Who::Client,
        format!("write `{name}` as a number of whole seconds since 1970 (RFC 7519 section 2)"),
    );
    Some(Seen::firm(cause, Weight::Strong, format!("`{name}` {how}")).with_fix(fix))
}

/// The end of the token.
fn end(heard: &Hearsay<'_>, clocks: &Clocks) -> Vec<Seen> {
    let Some(expires) = heard.expires_unix_secs() else {
        return Vec::new();
    };
    let at_the_server = clocks.at_the_server().saturating_sub(expires);
    let at_the_client = clocks.client.saturating_sub(expires);
    if at_the_server < 0 {
        return Vec::new();
    }
    let ago = in_words(at_the_server);
    if at_the_client < 0 && !clocks.agree() {
        let evidence = format!(
            "the token ends at {}: to the server, whose clock is {}, that was {ago} ago, and to the client it is {} ahead",
            moment(expires),
            difference(clocks),
            in_words(at_the_client)
        );
        return skewed(heard, clocks, evidence);
    }
    let evidence = format!(
        "the token ended {ago} ago: `exp` is {}, and {} says {}",
        moment(expires),
        match clocks.server {
            Some(_) => "the server's clock",
            None => "the clock",
        },
        moment(clocks.at_the_server())
    );
    vec![Seen::firm(Cause::TokenExpired, Weight::Strong, evidence)]
}

/// The start of the token: `nbf`, and `iat`, which cannot be later than now either.
fn start(heard: &Hearsay<'_>, clocks: &Clocks) -> Vec<Seen> {
    let times = [
        ("nbf", heard.not_before_unix_secs()),
        ("iat", heard.issued_unix_secs()),
    ];
    let latest = times
        .into_iter()
        .filter_map(|(name, time)| Some((name, time?)))
        .max_by_key(|(_, time)| *time);
    let Some((name, time)) = latest else {
        return Vec::new();
    };
    let at_the_server = time.saturating_sub(clocks.at_the_server());
    let at_the_client = time.saturating_sub(clocks.client);
    if at_the_server <= ROUNDING_SECS {
        return Vec::new();
    }
    let ahead = in_words(at_the_server);
    let told = moment(time);
    if at_the_client <= ROUNDING_SECS && clocks.server.is_some() {
        let evidence = format!(
            "`{name}` is {told}, which is {ahead} ahead of the server's clock and not of the client's: the server's is {}",
            difference(clocks)
        );
        return skewed(heard, clocks, evidence);
    }
    let evidence = format!(
        "`{name}` is {told}: the token begins {ahead} from now{}",
        match clocks.agree() && clocks.server.is_some() {
            true => ", and the clocks of client and server agree",
            false => "",
        }
    );
    let issued_ahead = name == "iat" || heard.issued_unix_secs() == Some(time);
    match (clocks.issuer_ahead_secs(), whole_hours(at_the_server)) {
        (Some(issuer), _) if issuer > AGREE_SECS => {
            let evidence = format!(
                "{evidence}, and the issuer's clock is {} ahead",
                in_words(issuer)
            );
            vec![
                Seen::firm(Cause::ClockSkew, Weight::Strong, evidence).with_fix(fix(Whose::Issuer)),
            ]
        }
        (_, Some(hours)) if issued_ahead => {
            let evidence = format!(
                "{evidence}; {hours} h to the minute is the mark of local time taken for UTC"
            );
            vec![Seen::firm(
                Cause::TokenNotYetValid,
                Weight::Strong,
                evidence,
            )]
        }
        (Some(_), _) => vec![Seen::firm(
            Cause::TokenNotYetValid,
            Weight::Strong,
            evidence,
        )],
        (None, _) if issued_ahead => vec![
            Seen::soft(Cause::TokenNotYetValid, Weight::Strong, evidence.clone()),
            Seen::soft(
                Cause::ClockSkew,
                Weight::Fair,
                format!(
                    "`{name}` says when it was made, which is {ahead} ahead: the clock of whoever made it may be"
                ),
            ),
        ],
        (None, _) => vec![Seen::firm(
            Cause::TokenNotYetValid,
            Weight::Strong,
            evidence,
        )],
    }
}

/// How far the server's clock is from the client's.
fn difference(clocks: &Clocks) -> String {
    let ahead = clocks.server_ahead_secs();
    let way = if ahead < 0 { "behind" } else { "ahead of" };
    format!("{} {way} the client's", in_words(ahead))
}

/// One of the clocks is wrong, and perhaps it is known which.
fn skewed(heard: &Hearsay<'_>, clocks: &Clocks, evidence: String) -> Vec<Seen> {
    let issued = heard.issued_unix_secs();
    let Some(whose) = clocks.odd_one(issued) else {
        return vec![Seen::soft(Cause::ClockSkew, Weight::Strong, evidence)];
    };
    let witness = match clocks.issuer {
        Some(_) => "the issuer's clock",
        None => "`iat`",
    };
    let evidence = format!("{evidence}; by {witness} it is {whose} that is wrong");
    vec![Seen::firm(Cause::ClockSkew, Weight::Strong, evidence).with_fix(fix(whose))]
}

fn fix(whose: Whose) -> Fix {
    Fix::new(
        Cause::ClockSkew.entry().who,
        format!(
            "set {whose} clock right: turn on time synchronisation there (`timedatectl set-ntp true`, or chrony)"
        ),
    )
}

/// Half and whole hours between offsets of time zones, to the minute.
fn whole_hours(secs: i64) -> Option<i64> {
    let hours = (secs + 60) / 3600;
    let off = (secs - hours * 3600).abs();
    ((1..=14).contains(&hours) && off <= 60).then_some(hours)
}

/// How long the token is valid.
fn lifetime(
    heard: &Hearsay<'_>,
    clocks: &Clocks,
    said: &[Said],
    url: Option<&Url>,
) -> Option<Seen> {
    let expires = heard.expires_unix_secs()?;
    let ahead = expires.saturating_sub(clocks.at_the_server());
    let begun = heard.issued_unix_secs().unwrap_or(clocks.client);
    let whole = expires.saturating_sub(begun);
    let told = said
        .iter()
        .any(|said| said.cause == Cause::TokenLifetimeTooLong);
    let is_github = url.and_then(Url::host_str) == Some("api.github.com");
    let limit = is_github.then_some(GITHUB_APP_LIFETIME_SECS_MAX);
    let evidence = format!(
        "the token is valid for {} and ends {} from now by the server's clock",
        in_words(whole),
        in_words(ahead)
    );
    match limit {
        _ if ahead <= 0 => None,
        Some(limit) if ahead > limit => Some(Seen::firm(
            Cause::TokenLifetimeTooLong,
            Weight::Strong,
            format!(
                "{evidence}; {} is the most that is taken here",
                in_words(limit)
            ),
        )),
        _ if told => Some(Seen::firm(
            Cause::TokenLifetimeTooLong,
            Weight::Strong,
            evidence,
        )),
        Some(_) | None => None,
    }
}

/// An end that is too far off because the token was made by a clock that is ahead: by its own count it may be short enough.
fn unless_made_ahead(
    heard: &Hearsay<'_>,
    clocks: &Clocks,
    lifetime: Option<Seen>,
) -> (Option<Seen>, Option<Seen>) {
    let Some(issued) = heard.issued_unix_secs() else {
        return (lifetime, None);
    };
    let ahead = issued.saturating_sub(clocks.at_the_server());
    let mut lifetime = match lifetime {
        Some(lifetime) if ahead > ROUNDING_SECS => lifetime,
        other => return (other, None),
    };
    lifetime.firm = false;
    lifetime.finding.weight = Weight::Fair;
    let evidence = format!(
        "the token's end is too far off, and its `iat` is {} ahead: the clock that made it is",
        in_words(ahead)
    );
    let fix = Fix::new(
        Cause::ClockSkew.entry().who,
        "set the clock right that makes the token, or let `iat` be a minute back and count `exp` from the time now",
    );
    let skew = Seen::soft(Cause::ClockSkew, Weight::Strong, evidence).with_fix(fix);
    (Some(lifetime), Some(skew))
}

/// The server says that a time does not fit, and by its own `Date` it does: the clock that judges is another one.
fn against_the_words(heard: &Hearsay<'_>, clocks: &Clocks, said: &[Said]) -> Option<Seen> {
    let says = |cause| said.iter().any(|said| said.exact && said.cause == cause);
    let (what, time) = if says(Cause::TokenExpired) {
        ("over", heard.expires_unix_secs()?)
    } else if says(Cause::TokenNotYetValid) {
        let start = heard.not_before_unix_secs().max(heard.issued_unix_secs());
        ("not begun", start?)
    } else {
        return None;
    };
    let off = time.saturating_sub(clocks.at_the_server());
    let side = if off < 0 { "past" } else { "ahead" };
    let evidence = format!(
        "the server says that the token's time is {what}, and it is {} {side} by {}: the clock that judges is off",
        in_words(off),
        match clocks.server {
            Some(_) => "the server's own `Date`",
            None => "the client's clock",
        }
    );
    Some(Seen::soft(Cause::ClockSkew, Weight::Strong, evidence))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_767_225_600;

    fn seen(claims: &Value, server: Option<i64>, issuer: Option<i64>) -> Vec<Cause> {
        let clocks = Clocks {
            client: NOW,
            server,
            issuer,
        };
        look(&heard(claims), &clocks, &[], None)
            .into_iter()
            .map(|seen| seen.finding.cause)
            .collect()
    }

    fn heard(claims: &Value) -> Hearsay<'static> {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}.AAAA", part(&json!({ "alg": "HS256" })), part(claims));
        Hearsay::of(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_token_that_is_over_by_every_clock_is_expired() {
        let claims = json!({ "iat": NOW - 7200, "exp": NOW - 3600 });
        assert_eq!(seen(&claims, Some(NOW), None), [Cause::TokenExpired]);
        assert_eq!(seen(&claims, None, None), [Cause::TokenExpired]);
        // By a clock that is wrong as well.
        assert_eq!(seen(&claims, Some(NOW + 900), None), [Cause::TokenExpired]);
    }

    #[test]
    fn a_token_that_is_over_for_the_server_alone_is_a_matter_of_clocks() {
        let claims = json!({ "iat": NOW - 60, "exp": NOW + 240 });
        assert_eq!(seen(&claims, Some(NOW + 600), None), [Cause::ClockSkew]);
        assert_eq!(seen(&claims, Some(NOW + 2), None), []);
    }

    #[test]
    fn a_start_in_the_servers_future_alone_is_a_matter_of_clocks() {
        let claims = json!({ "iat": NOW - 2, "nbf": NOW - 2, "exp": NOW + 600 });
        assert_eq!(seen(&claims, Some(NOW - 300), None), [Cause::ClockSkew]);
        let clocks = Clocks {
            client: NOW,
            server: Some(NOW - 300),
            issuer: Some(NOW),
        };
        let found = look(&heard(&claims), &clocks, &[], None);
        assert!(
            found[0]
                .finding
                .evidence
                .contains("the server's that is wrong")
        );
    }

    #[test]
    fn a_start_in_everybodys_future_is_meant_that_way() {
        let claims = json!({ "iat": NOW - 5, "nbf": NOW + 2000, "exp": NOW + 6000 });
        assert_eq!(seen(&claims, Some(NOW), None), [Cause::TokenNotYetValid]);
        let claims = json!({ "iat": NOW + 400, "exp": NOW + 6000 });
        assert_eq!(
            seen(&claims, Some(NOW), Some(NOW)),
            [Cause::TokenNotYetValid]
        );
        assert_eq!(
            seen(&claims, Some(NOW), Some(NOW + 400)),
            [Cause::ClockSkew]
        );
    }

    #[test]
    fn local_time_taken_for_utc_is_off_by_whole_hours() {
        let claims = json!({ "iat": NOW + 7190, "exp": NOW + 9000 });
        assert_eq!(seen(&claims, Some(NOW), None), [Cause::TokenNotYetValid]);
        assert_eq!(whole_hours(7190), Some(2));
        assert_eq!(whole_hours(5400), None);
    }

    #[test]
    fn milliseconds_and_strings_are_no_times() {
        let ms = NOW * 1000;
        assert_eq!(
            seen(&json!({ "exp": ms }), None, None),
            [Cause::TokenMalformed]
        );
        assert_eq!(
            seen(&json!({ "iat": ms }), None, None),
            [Cause::TokenNotYetValid]
        );
        let text = json!({ "exp": NOW.to_string() });
        assert_eq!(seen(&text, None, None), [Cause::TokenMalformed]);
    }

    #[test]
    fn a_server_that_contradicts_its_own_date_has_a_clock_behind_it() {
        let said = [Said {
            cause: Cause::TokenExpired,
            sentence: "jwt expired".to_owned(),
            exact: true,
        }];
        let clocks = Clocks {
            client: NOW,
            server: Some(NOW),
            issuer: None,
        };
        let claims = heard(&json!({ "exp": NOW + 3000 }));
        let found = look(&claims, &clocks, &said, None);
        assert_eq!(found[0].finding.cause, Cause::ClockSkew);
    }

    #[test]
    fn the_token_of_an_app_lives_ten_minutes() {
        let url: Url = "https://api.github.com/app".parse().unwrap();
        let claims = heard(&json!({ "iat": NOW, "exp": NOW + 660 }));
        let clocks = Clocks {
            client: NOW,
            server: Some(NOW),
            issuer: None,
        };
        let found = look(&claims, &clocks, &[], Some(&url));
        assert_eq!(found[0].finding.cause, Cause::TokenLifetimeTooLong);
        assert!(look(&claims, &clocks, &[], None).is_empty());
    }
}
