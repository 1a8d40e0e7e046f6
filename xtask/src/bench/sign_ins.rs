//! What requests with good credentials feel while a hundred people sign in at once, again and again.

use std::thread;
use std::time::{Duration, Instant};

use super::ask::answer_to;
use super::rounds::compared;
use super::stores::{USERS, password, user_name};
use super::{Stage, WARM_SECS};
use crate::failure::{Failure, Outcome};
use crate::sign_in_form::Form;

/// Its name among the rows.
pub(super) const ROW: &str = "ours-sign-ins";

/// How many sign in at once.
const PEOPLE: usize = 100;
const MARGIN_SECS: u32 = 2;

/// What came of the sign-ins.
#[derive(Default)]
struct Signed {
    in_: u64,
    /// Told to come again: more passwords waited than may.
    later: u64,
}

/// A table in Markdown, or nothing where nobody is to sign in.
pub(super) fn measure(stage: &Stage, rounds: u32, seconds: u32) -> Outcome<Option<String>> {
    let Some(good) = &stage.sign_ins else {
        return Ok(None);
    };
    let mut signed = Signed::default();
    let (quiet, crowded, ratios) = compared(
        "sign-ins",
        stage,
        good,
        rounds,
        seconds,
        || {
            let port = good.port;
            let whole_time = Duration::from_secs(u64::from(WARM_SECS + seconds + MARGIN_SECS));
            Ok(thread::spawn(move || {
                sign_in_until(port, Instant::now() + whole_time)
            }))
        },
        |people| {
            let of_round = people
                .join()
                .map_err(|_| Failure::new("a person who signs in broke off"))??;
            signed.in_ += of_round.in_;
            signed.later += of_round.later;
            Ok(())
        },
    )?;
    Ok(Some(format!(
        "| p99 of good requests, ms, min / median / max | quiet | while people sign in | ratio in the round | signed in | told to come again |\n\
         |---|---|---|---|---|---|\n\
         | {} connections, {PEOPLE} people sign in at once, over and over | {quiet} | {crowded} | {ratios} | {} | {} |\n",
        super::rounds::GOOD_CONNECTIONS,
        signed.in_,
        signed.later,
    )))
}

fn sign_in_until(port: u16, end: Instant) -> Outcome<Signed> {
    let form = Form::of(port)?;
    let mut signed = Signed::default();
    while Instant::now() < end {
        let statuses: Vec<Outcome<u16>> = thread::scope(|scope| {
            let one = |number: usize| {
                let request = form.post(
                    &user_name(number % USERS),
                    &password(number % USERS).replace(' ', "+"),
                    true,
                );
                scope.spawn(move || answer_to(port, &request).map(|(status, ..)| status))
            };
            let people: Vec<_> = (0..PEOPLE).map(one).collect();
            people
                .into_iter()
                .map(|person| {
                    person
                        .join()
                        .unwrap_or_else(|_| Err(Failure::new("a person who signs in broke off")))
                })
                .collect()
        });
        for status in statuses {
            match status? {
                303 => signed.in_ += 1,
                503 => signed.later += 1,
                other => return Err(Failure::new(format!("a sign-in was answered with {other}"))),
            }
        }
    }
    Ok(signed)
}
