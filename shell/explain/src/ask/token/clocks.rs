//! Three clocks: the client's, the server's and the issuer's. A time that does not fit is the fault of one of them, or of
//! none.
//!
//! Knows: what each clock said. Does not know tokens.

use std::fmt;

use crate::message::Answer;
use crate::scene::Scene;

/// Clocks that differ by no more are taken to agree, in seconds.
pub(super) const AGREE_SECS: i64 = 60;

/// What the clocks say at the moment of the refusal, in Unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clocks {
    pub(super) client: i64,
    /// `Date` of the server's answers.
    pub(super) server: Option<i64>,
    /// `Date` of the issuer's answers.
    pub(super) issuer: Option<i64>,
}

/// Whose clock it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    Client,
    Server,
    Issuer,
}

impl Clocks {
    /// The clocks of a scene: of a recording those of its own time.
    pub(super) fn of(scene: &Scene<'_>) -> Clocks {
        let live = [
            &scene.baseline.given,
            &scene.baseline.none,
            &scene.baseline.made_up,
        ];
        let now = live.into_iter().flatten().find_map(date_of);
        let Some(recorded) = &scene.case.answer else {
            return Clocks {
                client: scene.now_unix_secs,
                server: now,
                issuer: None,
            };
        };
        let began = scene.case.recorded.started_unix_ms.map(|ms| ms / 1000);
        let server = date_of(recorded);
        match (began, server) {
            (None, None) => Clocks {
                client: scene.now_unix_secs,
                server: now,
                issuer: None,
            },
            (began, server) => Clocks {
                client: began.or(server).unwrap_or(scene.now_unix_secs),
                server,
                issuer: None,
            },
        }
    }

    /// The time by which the server judges: its own, or the client's where it tells none.
    pub(super) fn at_the_server(&self) -> i64 {
        self.server.unwrap_or(self.client)
    }

    /// By how much the server's clock is ahead of the client's.
    pub(super) fn server_ahead_secs(&self) -> i64 {
        self.server
            .map_or(0, |server| server.saturating_sub(self.client))
    }

    /// By how much the issuer's clock is ahead of the client's.
    pub(super) fn issuer_ahead_secs(&self) -> Option<i64> {
        self.issuer.map(|issuer| issuer.saturating_sub(self.client))
    }

    /// Whether server and client tell the same time.
    pub(super) fn agree(&self) -> bool {
        self.server_ahead_secs().abs() <= AGREE_SECS
    }

    /// Which clock is the odd one out, where three of them are known; `issued` is a time at which the issuer's clock
    /// stood when the token was made.
    pub(super) fn odd_one(&self, issued: Option<i64>) -> Option<Whose> {
        let server = self.server?;
        let near = |a: i64, b: i64| a.saturating_sub(b).abs() <= AGREE_SECS;
        if let Some(issuer) = self.issuer {
            return match (
                near(server, self.client),
                near(server, issuer),
                near(self.client, issuer),
            ) {
                (true, false, false) => Some(Whose::Issuer),
                (false, true, false) => Some(Whose::Client),
                (false, false, true) => Some(Whose::Server),
                (..) => None,
            };
        }
        // A token cannot have been made later than now by its issuer's clock, which then is at least there.
        let issued = issued?;
        let after = |clock: i64| issued.saturating_sub(clock) > AGREE_SECS;
        match (after(server), after(self.client)) {
            (true, false) => Some(Whose::Server),
            (false, true) => Some(Whose::Client),
            (true, true) | (false, false) => None,
        }
    }
}

impl fmt::Display for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Whose::Client => "the client's",
            Whose::Server => "the server's",
            Whose::Issuer => "the issuer's",
        })
    }
}

/// The time at which an answer left.
pub(super) fn date_of(answer: &Answer) -> Option<i64> {
    let date = answer.date_unix_secs()?;
    // RFC 9111 section 4.2.3: what a cache hands out keeps its Date, and says its age.
    let age = answer.fields.text("age");
    let age = age.and_then(|age| age.trim().parse::<i64>().ok());
    Some(date.saturating_add(age.unwrap_or(0).clamp(0, 31_536_000)))
}

/// A length of time in words: `40 seconds`, `3 hours`, `2 days`.
pub(super) fn in_words(secs: i64) -> String {
    let secs = secs.unsigned_abs();
    let (number, unit) = match secs {
        0..=119 => (secs, "second"),
        120..=7199 => (secs / 60, "minute"),
        7200..=172_799 => (secs / 3600, "hour"),
        172_800.. => (secs / 86_400, "day"),
    };
    match number {
        1 => format!("1 {unit}"),
        _ => format!("{number} {unit}s"),
    }
}

/// A moment in UTC: `2026-01-01 00:00:00 UTC`.
pub(super) fn moment(unix_secs: i64) -> String {
    jiff::Timestamp::from_second(unix_secs).map_or_else(
        |_| format!("{unix_secs} (Unix seconds)"),
        |time| time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clocks(client: i64, server: i64, issuer: Option<i64>) -> Clocks {
        Clocks {
            client,
            server: Some(server),
            issuer,
        }
    }

    #[test]
    fn of_three_clocks_the_odd_one_is_named() {
        let odd = |client, server, issuer| clocks(client, server, Some(issuer)).odd_one(None);
        assert_eq!(odd(1000, 1005, 995), None);
        assert_eq!(odd(1000, 1005, 2000), Some(Whose::Issuer));
        assert_eq!(odd(1000, 2000, 2010), Some(Whose::Client));
        assert_eq!(odd(1000, 2000, 1010), Some(Whose::Server));
        assert_eq!(odd(1000, 2000, 3000), None);
    }

    #[test]
    fn a_fresh_token_is_a_witness_for_its_issuers_clock() {
        assert_eq!(
            clocks(1000, 400, None).odd_one(Some(990)),
            Some(Whose::Server)
        );
        assert_eq!(
            clocks(400, 1000, None).odd_one(Some(990)),
            Some(Whose::Client)
        );
        assert_eq!(clocks(400, 1000, None).odd_one(Some(100)), None);
        assert_eq!(clocks(400, 1000, None).odd_one(None), None);
    }

    #[test]
    fn rfc9111_section_4_2_3_an_answer_out_of_a_cache_says_its_age() {
        let mut answer = Answer::new(401);
        answer.fields.add("Date", "Thu, 01 Jan 2026 00:00:00 GMT");
        assert_eq!(date_of(&answer), Some(1_767_225_600));
        answer.fields.add("Age", "90");
        assert_eq!(date_of(&answer), Some(1_767_225_690));
    }

    #[test]
    fn lengths_of_time_are_told_in_words() {
        for (secs, words) in [
            (1, "1 second"),
            (-40, "40 seconds"),
            (300, "5 minutes"),
            (10_800, "3 hours"),
            (86_400, "24 hours"),
            (432_000, "5 days"),
        ] {
            assert_eq!(in_words(secs), words);
        }
        assert_eq!(moment(1_767_225_600), "2026-01-01 00:00:00 UTC");
        assert!(moment(i64::MAX).contains("Unix seconds"));
    }
}
