//! Every secret of a case, as it was written.
//!
//! Knows: which parts of a case are secret. Does not know the forms in which they come back; see `forms`.

mod address;
mod body;
mod field;

use std::collections::HashSet;

use aws_lc_rs::digest::{SHA256, digest};
use countersign_secret::Secret;
use countersign_wire::credentials::{is_placeholder, is_unset, looks_like_jwt};

use self::body::Side;
use super::forms;
use super::public::Public;
use crate::case::{Case, Exchange, Recorded, Transport};
use crate::credential::field::{is_secret_besides, is_secret_field};
use crate::credential::{Carrier, credentials_of, is_telling_field};
use crate::message::{Answer, Request};
use crate::report::Report;

/// What a case holds of secrets, and of public words that must stay readable.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) secrets: Vec<Found>,
    /// What is among them: a recording repeats its cookie with every request.
    digests: HashSet<(Vec<u8>, bool)>,
    pub(super) public: Public,
}

/// One secret.
pub(super) struct Found {
    pub(super) text: Secret<String>,
    /// Whether a piece of it is as telling as all of it. Lists of parameters and cookies also hold public things.
    pub(super) in_pieces: bool,
}

/// Gathers everything. Taken apart to the last member, so that a new one is not forgotten.
pub(super) fn of(case: &Case) -> Gathered {
    let Case {
        request,
        answer,
        token,
        login,
        before,
        after,
        recorded,
        client: _,
        transport,
        follows_redirects: _,
        trusts_redirects: _,
        negotiates: _,
        expected: _,
        meant,
        contents,
        cookie_ends: _,
        left_out: _,
        noticed: _,
    } = case;
    let mut gathered = Gathered::default();
    if let Some(login) = login {
        gathered.login(&login.user, login.password.expose());
    }
    if let Some(token) = token {
        gathered.authorization(token.expose());
        gathered.token(token.expose());
    }
    for content in contents {
        gathered.content(content.expose());
    }
    gathered.transport(transport);
    for request in [request, meant].into_iter().flatten() {
        gathered.request(request);
    }
    if let Some(answer) = answer {
        gathered.answer(answer);
    }
    gathered.recorded(recorded);
    for exchange in before.iter().chain(after) {
        gathered.exchange(exchange);
    }
    gathered
}

/// The same, and what the answers and the addresses of an investigation have.
pub(super) fn of_report(case: &Case, report: &Report) -> Gathered {
    let mut gathered = of(case);
    for tried in &report.probes {
        gathered.secrets_of(&tried.url);
    }
    for answer in &report.answers {
        gathered.answer(answer);
    }
    gathered
}

impl Gathered {
    fn exchange(&mut self, exchange: &Exchange) {
        self.request(&exchange.request);
        if let Some(answer) = &exchange.answer {
            self.answer(answer);
        }
        self.recorded(&exchange.recorded);
    }

    fn recorded(&mut self, recorded: &Recorded) {
        let Recorded {
            entry: _,
            started_unix_ms: _,
            ended_unix_ms: _,
            initiator,
            resource: _,
            page,
            error: _,
            blocked_cookies: _,
            server_address: _,
        } = recorded;
        if let Some(page) = page {
            self.address(page);
        }
        if let Some(initiator) = initiator {
            self.address_in(initiator.as_bytes(), Side::Request);
        }
    }

    fn transport(&mut self, transport: &Transport) {
        let Transport {
            insecure: _,
            // Certificates to trust, which are public.
            ca_pem: _,
            proxy_insecure: _,
            proxy_ca_pem: _,
            proxy,
            resolve: _,
            version: _,
            elsewhere: _,
        } = transport;
        if let Some(proxy) = proxy {
            self.address(proxy);
        }
    }

    fn request(&mut self, request: &Request) {
        self.address(&request.url);
        for credential in credentials_of(request) {
            match credential.carrier {
                Carrier::Authorization => {}
                Carrier::Cookie => self.cookies(credential.secret.expose()),
                Carrier::Field(_) => self.authorization(credential.secret.expose()),
                Carrier::Query(_) | Carrier::Form(_) => self.token(credential.secret.expose()),
            }
        }
        for field in &request.fields {
            // Cookies were taken apart already: the whole of them holds public things.
            let is_cookie = field.name.eq_ignore_ascii_case("cookie");
            if !is_cookie && is_secret_field(&field.name, &field.value) {
                self.authorization(&field.value);
            }
            self.address_in(&field.value, Side::Request);
        }
        if let Some(body) = &request.body {
            self.body(body, Side::Request);
        }
    }

    fn answer(&mut self, answer: &Answer) {
        for value in answer.fields.all("set-cookie") {
            self.set_cookie(value);
        }
        for field in &answer.fields {
            let name = &field.name;
            // Two words are a sentence about a token, not one.
            let one_word = !field.value.contains(&b' ');
            if one_word && (is_telling_field(name) || is_secret_besides(name)) {
                self.token(&field.value);
            }
            self.address_in(&field.value, Side::Answer);
        }
        self.body(&answer.body, Side::Answer);
    }

    /// A user name and a password, in either coding of a URL.
    fn login(&mut self, user: &str, password: &str) {
        if is_unset(password.as_bytes()) || is_formality(password) {
            // `-u "$API_KEY:"`: the name is the secret.
            self.token(user.as_bytes());
        } else {
            self.public.add_user(user);
        }
        // People choose words that stand for a password elsewhere: only what no person chooses is none.
        if !is_unset(password.as_bytes()) && !is_formality(password) {
            self.add(password, false);
        }
        // RFC 7617 section 2: the payload, in each alphabet and charset that a client may take.
        let pair = Secret::new(format!("{user}:{password}"));
        for form in forms::base64_of(pair.expose()) {
            self.add(&form, true);
        }
    }

    /// A secret that is one word.
    fn token(&mut self, value: &[u8]) {
        if is_placeholder(value.trim_ascii()) {
            return;
        }
        let text = text_of(value);
        let public = text.contains("://") || text.to_ascii_lowercase().contains("%3a%2f%2f");
        self.add(&text, !public);
        self.payload(value);
        // RFC 7515 section 3.1: what is signed, and the signature.
        if looks_like_jwt(text.as_bytes())
            && let Some((signed, signature)) = text.rsplit_once('.')
        {
            self.add(signature, true);
            if let Some((_, payload)) = signed.split_once('.') {
                self.add(payload, true);
                self.add(signed, true);
            }
        }
    }

    fn add(&mut self, text: &str, in_pieces: bool) {
        let known = (
            digest(&SHA256, text.as_bytes()).as_ref().to_vec(),
            in_pieces,
        );
        if text.is_empty() || !self.digests.insert(known) {
            return;
        }
        self.secrets.push(Found {
            text: Secret::new(text.to_owned()),
            in_pieces,
        });
    }
}

/// What a service wants as a password where the key is the user name.
fn is_formality(password: &str) -> bool {
    const FORMALITIES: [&str; 6] = [
        "x-oauth-basic",
        "api_token",
        "unused",
        "x",
        "nopassword",
        "ignored",
    ];
    FORMALITIES
        .iter()
        .any(|word| password.eq_ignore_ascii_case(word))
}

/// As UTF-8, and as Latin-1 where it is not that.
fn text_of(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) => value.iter().copied().map(char::from).collect(),
    }
}
