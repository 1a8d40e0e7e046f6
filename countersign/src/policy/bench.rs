//! The gateway's own decision on a request of a test: the line of `flow`, asked about one request after another.
//!
//! Knows: how the line's questions are answered for a caller who was made up. Owns no check of its own.

use std::sync::Arc;

use countersign_cause::Cause;
use countersign_config::policy_tests::PolicyTest;
use countersign_flow::{
    AccountAnswer, Admission, Asked, BodyAnswer, Channel, ClientAddress, CountAnswer, DigestAnswer,
    HashAnswer, IntrospectionAnswer, KeyAnswer, KeysAnswer, Mint, Nonces, Outcome, Refusal,
    Request, Rules, SessionAnswer, SightAnswer, Step, begin, respond,
};
use countersign_secret::password::{Cost, decoy};
use countersign_wire::dpop::PROOF;
use http::HeaderMap;
use http::header::UPGRADE;

use super::credentials::{Credentials, Keyring, Made};
use crate::failure::{Failure, because};
use crate::random;

/// More questions than these, and the line does not end.
const QUESTIONS_MAX: usize = 8;

/// When all requests are made. Only that tokens are in time depends on it, and they are made for it.
pub(super) const NOW_UNIX_SECS: i64 = 1_767_225_600;

/// The rules that are tested, and what nonces are made with.
pub(super) struct Bench {
    pub(super) rules: Rules,
    pub(super) nonces: Nonces,
    pub(super) keyring: Keyring,
}

/// How a request ended.
pub(super) struct End {
    pub(super) kind: Kind,
    /// The route that decided.
    pub(super) route: Option<Box<str>>,
    /// How the caller showed who it is.
    pub(super) shown: Option<&'static str>,
    /// What each stage said.
    pub(super) steps: Vec<(&'static str, String)>,
}

/// The ends of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Allowed,
    /// With the status that the client gets.
    Refused {
        status: u16,
        cause: Cause,
    },
    Preflight,
    OwnPage,
}

impl Bench {
    /// The rules as they are, but for what has to do with other requests or with time.
    pub(super) fn new(rules: Rules) -> Result<Self, Failure> {
        let cost = Cost::new(8, 1, 1).map_err(|defect| because("no hash can be made")(&defect))?;
        let (key, seed) = (random::bytes()?, random::bytes::<{ Nonces::SEED_BYTES }>()?);
        Ok(Self {
            rules: Rules {
                // The hashes of made-up passwords need not be strong, and are many.
                password_cost: cost,
                // Each test stands by itself: none is braked, or remembered, for another one's sake.
                brakes: None,
                remember_secs: 0,
                ..rules
            },
            nonces: Nonces::new(&key, seed.expose()),
            keyring: Keyring::default(),
        })
    }

    pub(super) fn run(&self, test: &PolicyTest) -> Result<End, Failure> {
        let made = match &test.caller {
            Some(caller) => Some(Credentials::make(caller, test, self)?),
            None => None,
        };
        let mut fields = test.fields.clone();
        if let Some((name, value)) = made.as_ref().and_then(|made| made.field.clone()) {
            fields.append(name, value);
        }
        if let Some(proof) = made.as_ref().and_then(|made| made.proof.clone()) {
            fields.append(PROOF, proof);
        }
        let known = made.as_ref().map(|credentials| &credentials.made);
        let outcome = self.decide(test, &fields, known)?;
        let mut end = self.end(outcome, test, &fields);
        end.shown = made.map(|credentials| credentials.shown.name());
        Ok(end)
    }

    /// Sends a request down the line.
    pub(super) fn decide<'b>(
        &'b self,
        test: &PolicyTest,
        fields: &HeaderMap,
        made: Option<&Made>,
    ) -> Result<Outcome<'b>, Failure> {
        let request = Request {
            method: &test.method,
            authority: Some(&test.authority),
            path_and_query: &test.path_and_query,
            headers: fields,
            channel: Channel {
                secure: true,
                certificate: made.and_then(Made::certificate),
            },
            client: ClientAddress::At(test.client),
            original_target: None,
            wants_tunnel: test.fields.contains_key(UPGRADE),
        };
        let mut step = begin(&self.rules, request, NOW_UNIX_SECS);
        for _ in 0..QUESTIONS_MAX {
            step = match step {
                Step::Recall(want) => want.answer(None),
                Step::Attempt(want) => want.answer(Admission::Go),
                Step::Account(want) => {
                    let account = made.and_then(|made| made.account(want.user()));
                    want.answer(account.unwrap_or_else(|| AccountAnswer::Unknown {
                        decoy: decoy(&self.rules.password_cost),
                    }))
                }
                Step::Hash(want) => {
                    let (waiting, job) = want.split();
                    let hashed = job.run(&[0; 16]);
                    waiting.answer(HashAnswer::Done(hashed))
                }
                Step::Key(want) => {
                    let record = made.and_then(|made| made.key(want.id()));
                    want.answer(record.unwrap_or(KeyAnswer::Unknown))
                }
                Step::Keys(want) => {
                    let keys = made.and_then(|made| made.keys(want.issuer()));
                    want.answer(match keys {
                        Some(keys) => KeysAnswer::Keys {
                            keys: Arc::clone(keys),
                            issuer_ahead_secs: None,
                        },
                        None => KeysAnswer::Unavailable,
                    })
                }
                Step::Introspect(want) => {
                    let said = made.and_then(|made| made.said(want.issuer()));
                    want.answer(match said {
                        Some(said) => IntrospectionAnswer::Answered {
                            said: Arc::clone(said),
                            until_unix_secs: i64::MAX,
                        },
                        None => IntrospectionAnswer::Unavailable,
                    })
                }
                Step::Session(want) => {
                    let session = made.and_then(|made| made.session(want.digest()));
                    want.answer(session.unwrap_or(SessionAnswer::Unknown))
                }
                Step::Nonces(want) => want.answer(Some(&self.nonces)),
                Step::Secret(want) => {
                    let account = made
                        .and_then(|made| made.digest(want.name(), want.realm(), want.algorithm()));
                    want.answer(account.unwrap_or(DigestAnswer::Unknown))
                }
                Step::Body(want) => want.answer(BodyAnswer::Whole(b"")),
                Step::Count(want) => want.answer(CountAnswer::First),
                Step::ProofNonces(want) => want.answer(Some(&self.nonces)),
                Step::FirstSight(want) => want.answer(SightAnswer::First),
                Step::Done(verdict) => return Ok(verdict.outcome),
            };
        }
        Err(Failure::new(format!(
            "`{}` does not come to an end",
            test.name
        )))
    }

    /// The address that the client asks for: what a proof has to be for.
    pub(super) fn address(&self, test: &PolicyTest) -> String {
        let path = test.path_and_query.split(['?', '#']).next();
        let path = path.unwrap_or_default();
        let prefix = &self.rules.digest.path_prefix;
        match &self.rules.public_url {
            Some(url) => format!("{url}{prefix}{path}"),
            None => format!("https://{}{prefix}{path}", test.authority),
        }
    }

    fn end(&self, outcome: Outcome<'_>, test: &PolicyTest, fields: &HeaderMap) -> End {
        let mut end = End {
            kind: Kind::OwnPage,
            route: None,
            shown: None,
            steps: Vec::new(),
        };
        let trail = match outcome {
            Outcome::Own(_) => return end,
            Outcome::Preflight(_) => {
                end.kind = Kind::Preflight;
                return end;
            }
            Outcome::Permit(permit) => {
                end.kind = Kind::Allowed;
                end.route = Some(permit.route().name.clone());
                permit.into_edits().trail
            }
            Outcome::Refusal(refusal) => {
                end.kind = Kind::Refused {
                    status: self.status(&refusal, test, fields),
                    cause: refusal.cause,
                };
                end.route = refusal.route.map(|route| route.name.clone());
                if !refusal.missing_scopes.is_empty() {
                    let missing = refusal.missing_scopes.join(" ");
                    end.steps.push(("decide", format!("missing: {missing}")));
                }
                refusal.trail
            }
        };
        let notes = trail.notes().map(|note| note.words(&self.rules));
        end.steps.splice(0..0, notes);
        end
    }

    /// The status of the answer that the client gets.
    fn status(&self, refusal: &Refusal<'_>, test: &PolicyTest, fields: &HeaderMap) -> u16 {
        let asked = self.asked(test, fields);
        respond(refusal, &asked).status.as_u16()
    }

    pub(super) fn asked<'a>(&'a self, test: &'a PolicyTest, fields: &'a HeaderMap) -> Asked<'a> {
        Asked {
            method: &test.method,
            target: &test.path_and_query,
            headers: fields,
            origin: self
                .rules
                .public_url
                .as_deref()
                .unwrap_or("https://localhost"),
            request_id: "test",
            mint: Some(Mint {
                nonces: &self.nonces,
                now_unix_secs: NOW_UNIX_SECS,
            }),
        }
    }
}
