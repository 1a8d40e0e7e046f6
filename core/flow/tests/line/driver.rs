//! A plain driver: answers every question from memory, at once, with a clock of its own.
//!
//! Knows: the questions, and where the world has the answers. Does not know what should come out.

use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_cause::Cause;
use countersign_flow::{
    Account, AccountAnswer, Answer, Asked, Channel, ClientAddress, ClientCertificate, CountAnswer,
    DigestAccount, DigestAnswer, DigestName, Edits, HashAnswer, IntrospectionAnswer, KeyAnswer,
    KeyRecord, KeysAnswer, Lesson, Mint, Nonce, Outcome, OwnPage, Permit, Refusal, Renewal,
    Request, SessionAnswer, SessionRecord, SightAnswer, Step, begin, respond, respond_own,
    respond_preflight,
};
use countersign_secret::password;
use countersign_secret::session::{SessionDigest, SessionId};
use countersign_wire::Scheme;
use countersign_wire::digest::{Algorithm, Charset, SecretHash, user_hash};
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::world::{HOST, ORIGIN, PASSWORD, PLACEHOLDER_SALT, Pool, World, cost};

/// More questions than these, and the line does not end.
pub(crate) const QUESTIONS_MAX: usize = 6;

/// A request, as a test writes it.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) authority: Option<String>,
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) client: ClientAddress,
    pub(crate) original_target: Option<String>,
    pub(crate) wants_tunnel: bool,
    pub(crate) secure: bool,
    pub(crate) certificate: Option<ClientCertificate>,
}

pub(crate) fn get(target: &str) -> Call {
    Call {
        method: Method::GET,
        authority: Some(HOST.to_owned()),
        target: target.to_owned(),
        headers: HeaderMap::new(),
        client: IpAddr::from([192, 0, 2, 7]).into(),
        original_target: None,
        wants_tunnel: false,
        secure: true,
        certificate: None,
    }
}

impl Call {
    pub(crate) fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Call {
        let name: HeaderName = name.parse().unwrap();
        let value = HeaderValue::from_bytes(value.as_ref()).unwrap();
        self.headers.append(name, value);
        self
    }

    pub(crate) fn basic(self, user: &str, password: &str) -> Call {
        let payload = STANDARD.encode(format!("{user}:{password}"));
        self.with(AUTHORIZATION.as_str(), format!("Basic {payload}"))
    }

    pub(crate) fn bearer(self, token: &str) -> Call {
        self.with(AUTHORIZATION.as_str(), format!("Bearer {token}"))
    }

    pub(crate) fn key(self, key: &str) -> Call {
        self.with("x-api-key", key)
    }

    pub(crate) fn from(mut self, client: &str) -> Call {
        self.client = client.parse::<IpAddr>().unwrap().into();
        self
    }

    pub(crate) fn by(mut self, method: Method) -> Call {
        self.method = method;
        self
    }

    pub(crate) fn request(&self) -> Request<'_> {
        Request {
            method: &self.method,
            authority: self.authority.as_deref(),
            path_and_query: &self.target,
            headers: &self.headers,
            channel: Channel {
                secure: self.secure,
                certificate: self.certificate.as_ref(),
            },
            client: self.client,
            original_target: self.original_target.as_deref(),
            wants_tunnel: self.wants_tunnel,
        }
    }
}

/// A question of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    Recall,
    Attempt,
    Account,
    Hash,
    Key,
    Session,
    Keys,
    Introspection,
    Nonces,
    Secret,
    Body,
    Count,
    ProofNonces,
    FirstSight,
}

/// How a request ended, and what was asked on the way.
pub(crate) struct End<'w> {
    pub(crate) outcome: Outcome<'w>,
    pub(crate) questions: Vec<Question>,
    pub(crate) renewal: Option<Renewal>,
}

impl World {
    /// Drives the line to its end.
    pub(crate) fn send(&self, call: &Call) -> End<'_> {
        let mut questions = Vec::new();
        let mut renewal = None;
        let mut place = None;
        let mut attempt = None;
        let mut step = begin(&self.rules, call.request(), self.now.get());
        loop {
            assert!(questions.len() <= QUESTIONS_MAX, "the line does not end");
            step = match step {
                Step::Recall(want) => {
                    questions.push(Question::Recall);
                    let key = (want.scheme(), want.presented().to_vec(), want.network());
                    let memory = self.memory.borrow();
                    let fresh = |lesson: &&Lesson| lesson.until_unix_secs > self.now.get();
                    let lesson = memory.get(&key).filter(fresh);
                    place = Some(key);
                    want.answer(lesson.map(|lesson| &lesson.remembered))
                }
                Step::Attempt(want) => {
                    questions.push(Question::Attempt);
                    let (counted, admission) = self.attempt(&want);
                    attempt = Some(counted);
                    want.answer(admission)
                }
                Step::Account(want) => {
                    questions.push(Question::Account);
                    let answer = self.account(want.user());
                    want.answer(answer)
                }
                Step::Hash(want) => {
                    questions.push(Question::Hash);
                    let (waiting, job) = want.split();
                    match self.pool {
                        Pool::Works => {
                            let hashed = job.run(&PLACEHOLDER_SALT);
                            renewal = waiting.renewal(&hashed);
                            waiting.answer(HashAnswer::Done(hashed))
                        }
                        Pool::Full => waiting.answer(HashAnswer::QueueFull {
                            retry_after_secs: 4,
                        }),
                        Pool::Gone => waiting.answer(HashAnswer::Unavailable),
                    }
                }
                Step::Key(want) => {
                    questions.push(Question::Key);
                    let answer = self.key(want.id().as_str());
                    want.answer(answer)
                }
                Step::Session(want) => {
                    questions.push(Question::Session);
                    let answer = self.session(want.digest());
                    want.answer(answer)
                }
                Step::Keys(want) => {
                    questions.push(Question::Keys);
                    let answer = self.issuer_keys(want.issuer());
                    want.answer(answer)
                }
                Step::Introspect(want) => {
                    questions.push(Question::Introspection);
                    let asked = (want.issuer(), want.token().to_vec());
                    let answer = self.introspected.get(&asked).cloned();
                    want.answer(answer.unwrap_or(IntrospectionAnswer::Unavailable))
                }
                Step::Nonces(want) => {
                    questions.push(Question::Nonces);
                    want.answer(Some(&self.nonces))
                }
                Step::Secret(want) => {
                    questions.push(Question::Secret);
                    let answer = self.secret(want.name(), want.realm(), want.algorithm());
                    want.answer(answer)
                }
                Step::Body(want) => {
                    questions.push(Question::Body);
                    want.answer(self.body)
                }
                Step::Count(want) => {
                    questions.push(Question::Count);
                    let answer = self.use_count(want.nonce(), want.nc());
                    want.answer(answer)
                }
                Step::ProofNonces(want) => {
                    questions.push(Question::ProofNonces);
                    want.answer(self.store_answers.then_some(&self.nonces))
                }
                Step::FirstSight(want) => {
                    questions.push(Question::FirstSight);
                    let is_new = self.proofs.borrow_mut().insert(*want.id());
                    let answer = if is_new {
                        SightAnswer::First
                    } else {
                        SightAnswer::Seen
                    };
                    want.answer(self.sight_answer.unwrap_or(answer))
                }
                Step::Done(verdict) => {
                    if let Some((counted, ended)) = attempt.zip(verdict.attempt) {
                        self.count(&counted, ended);
                    }
                    if let (Some(place), Some(lesson)) = (place, verdict.lesson) {
                        self.memory.borrow_mut().insert(place, lesson);
                    }
                    return End {
                        outcome: verdict.outcome,
                        questions,
                        renewal,
                    };
                }
            };
        }
    }

    pub(crate) fn account(&self, name: &str) -> AccountAnswer {
        if !self.store_answers {
            return AccountAnswer::Unavailable;
        }
        let Some((name, user)) = self.users.get_key_value(name) else {
            return AccountAnswer::Unknown {
                decoy: password::decoy(&cost()),
            };
        };
        AccountAnswer::Known(Box::new(Account {
            id: user.id,
            name: (*name).into(),
            hash: user.hash.clone(),
            disabled: user.disabled,
            groups: user.groups.iter().map(|group| (*group).into()).collect(),
            second_factor: user.second_factor,
        }))
    }

    pub(crate) fn secret(
        &self,
        name: DigestName<'_>,
        realm: &str,
        algorithm: Algorithm,
    ) -> DigestAnswer {
        if !self.store_answers {
            return DigestAnswer::Unavailable;
        }
        let is_meant = |user: &str| match name {
            DigestName::Plain(name) => user == name,
            DigestName::Hashed(hash) => user_hash(algorithm, Charset::Utf8, user, realm) == hash,
        };
        let found = self.users.iter().find(|(user, _)| is_meant(user));
        let Some((name, user)) = found.filter(|(_, user)| user.digest) else {
            return DigestAnswer::Unknown;
        };
        DigestAnswer::Known(Box::new(DigestAccount {
            name: (*name).into(),
            secret: SecretHash::of_password(algorithm, Charset::Utf8, name, realm, PASSWORD),
            disabled: user.disabled,
            groups: user.groups.iter().map(|group| (*group).into()).collect(),
            second_factor: user.second_factor,
        }))
    }

    pub(crate) fn use_count(&self, nonce: &Nonce, nc: u32) -> CountAnswer {
        let mut counts = self.counts.borrow_mut();
        let answer = counts
            .entry(nonce.id)
            .or_default()
            .take(nc, self.rules.digest.count_window);
        self.count_answer.unwrap_or(answer)
    }

    fn session(&self, digest: &SessionDigest) -> SessionAnswer {
        if !self.store_answers {
            return SessionAnswer::Unavailable;
        }
        let Some(session) = self.sessions.get(digest) else {
            return SessionAnswer::Unknown;
        };
        SessionAnswer::Known(Box::new(SessionRecord {
            id: SessionId::mint(&[session.number; 9]),
            user: session.user.into(),
            user_disabled: session.user_disabled,
            groups: vec!["staff".into()],
            second_factor: session.second_factor,
            method: session.method.into(),
            signed_in_unix_secs: session.signed_in_unix_secs,
            created_unix_secs: session.created_unix_secs,
            used_unix_secs: session.used_unix_secs,
            idle_secs: 1800,
            expires_unix_secs: session.expires_unix_secs,
            ended: session.ended,
        }))
    }

    pub(crate) fn key(&self, id: &str) -> KeyAnswer {
        if !self.store_answers {
            return KeyAnswer::Unavailable;
        }
        let Some(key) = self.keys.get(id) else {
            return KeyAnswer::Unknown;
        };
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).into()).collect();
        KeyAnswer::Known(Box::new(KeyRecord {
            digest: key.digest.clone(),
            owner: key.owner.into(),
            owner_disabled: key.owner_disabled,
            groups: owned(&key.groups),
            scopes: owned(&key.scopes),
            own: key.own,
            expires_unix_secs: key.expires_unix_secs,
            revoked_unix_secs: key.revoked_unix_secs,
            networks: key
                .networks
                .iter()
                .map(|text| crate::world::network(text))
                .collect(),
        }))
    }

    pub(crate) fn issuer_keys(&self, index: usize) -> KeysAnswer {
        match &self.key_sets[index] {
            Some(keys) => KeysAnswer::Keys {
                keys: Arc::clone(keys),
                issuer_ahead_secs: self.issuer_ahead_secs,
            },
            None => KeysAnswer::Unavailable,
        }
    }

    /// What the client gets, where the request does not go on.
    pub(crate) fn answer(&self, call: &Call) -> Answer {
        match self.send(call).outcome {
            Outcome::Refusal(refusal) => respond(&refusal, &self.asked(call)),
            Outcome::Own(page) => respond_own(&self.rules, &page, &asked(call)),
            Outcome::Preflight(preflight) => respond_preflight(&preflight),
            Outcome::Permit(_) => panic!("the request was let through"),
        }
    }

    pub(crate) fn asked<'a>(&'a self, call: &'a Call) -> Asked<'a> {
        let mint = Mint {
            nonces: &self.nonces,
            now_unix_secs: self.now.get(),
        };
        Asked {
            mint: Some(mint),
            ..asked(call)
        }
    }

    /// The cause that the request is refused for.
    pub(crate) fn cause(&self, call: &Call) -> Cause {
        self.send(call).refusal().cause
    }

    /// The head as the upstream gets it.
    pub(crate) fn forwarded(&self, call: &Call) -> HeaderMap {
        let mut headers = call.headers.clone();
        self.send(call).edits().apply(&mut headers);
        headers
    }

    /// The name that the upstream is told.
    pub(crate) fn user(&self, call: &Call) -> String {
        let headers = self.forwarded(call);
        let user = headers.get("x-auth-user").expect("somebody is named");
        user.to_str().unwrap().to_owned()
    }
}

pub(crate) fn asked(call: &Call) -> Asked<'_> {
    Asked {
        method: &call.method,
        target: &call.target,
        headers: &call.headers,
        origin: ORIGIN,
        request_id: "request-1",
        mint: None,
    }
}

impl<'w> End<'w> {
    pub(crate) fn refusal(self) -> Refusal<'w> {
        match self.outcome {
            Outcome::Refusal(refusal) => refusal,
            Outcome::Permit(_) => panic!("the request was let through"),
            Outcome::Own(page) => panic!("the gateway's own page {page:?}"),
            Outcome::Preflight(preflight) => panic!("a preflight {preflight:?}"),
        }
    }

    pub(crate) fn permit(self) -> Permit<'w> {
        match self.outcome {
            Outcome::Permit(permit) => permit,
            Outcome::Refusal(refusal) => panic!("{}: {}", refusal.cause, refusal.detail),
            Outcome::Own(page) => panic!("the gateway's own page {page:?}"),
            Outcome::Preflight(preflight) => panic!("a preflight {preflight:?}"),
        }
    }

    pub(crate) fn own(self) -> OwnPage {
        match self.outcome {
            Outcome::Own(page) => page,
            Outcome::Preflight(preflight) => panic!("a preflight {preflight:?}"),
            Outcome::Refusal(refusal) => panic!("{}: {}", refusal.cause, refusal.detail),
            Outcome::Permit(_) => panic!("the request was let through"),
        }
    }

    pub(crate) fn edits(self) -> Edits<'w> {
        self.permit().into_edits()
    }

    pub(crate) fn asked_for(&self, question: Question) -> usize {
        self.questions
            .iter()
            .filter(|asked| **asked == question)
            .count()
    }
}

/// The challenges of an answer, line by line.
pub(crate) fn challenges(answer: &Answer) -> Vec<&str> {
    answer
        .headers
        .get_all(WWW_AUTHENTICATE)
        .iter()
        .map(|line| line.to_str().unwrap())
        .collect()
}

/// The first word of each challenge.
pub(crate) fn offered(answer: &Answer) -> Vec<&str> {
    challenges(answer)
        .into_iter()
        .map(|line| line.split(' ').next().unwrap())
        .collect()
}

pub(crate) fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer
        .headers
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

pub(crate) fn text(answer: &Answer) -> &str {
    std::str::from_utf8(&answer.body).unwrap()
}

pub(crate) fn problem(answer: &Answer) -> serde_json::Value {
    serde_json::from_slice(&answer.body).unwrap()
}

/// What the log says of a refusal, beside its cause.
pub(crate) fn trail(refusal: &Refusal<'_>) -> Vec<String> {
    let rules = refusal.rules();
    refusal
        .trail
        .notes()
        .map(|note| note.words(rules).1)
        .collect()
}

/// Whether that scheme was remembered.
pub(crate) fn remembers(world: &World, scheme: Scheme) -> bool {
    world
        .memory
        .borrow()
        .keys()
        .any(|(known, _, _)| *known == scheme)
}
