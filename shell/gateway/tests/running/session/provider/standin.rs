//! A provider that says what a test wants it to: metadata, keys, and tokens that a real one would never give out.
//!
//! Knows: OpenID Connect as a provider speaks it. Does not know the gateway.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use aws_lc_rs::rand::SystemRandom;
use countersign_jose::{Algorithm, SigningKey};
use serde_json::{Value, json};

use crate::stage::message::Message;
use crate::stage::upstream::{Heard, Upstream};

/// What the provider says at its endpoints.
#[derive(Clone)]
pub(in crate::session) struct Script {
    /// Claims of the ID token beside the usual ones; `null` takes one out.
    pub(in crate::session) claims: Value,
    /// The `nonce` that it answers.
    pub(in crate::session) nonce: String,
    /// Replaces the answer of the token endpoint.
    pub(in crate::session) token: Option<String>,
    /// Replaces members of the metadata.
    pub(in crate::session) metadata: Value,
    /// Signs with a key that it does not publish.
    pub(in crate::session) foreign_key: bool,
    /// Hears the request to the token endpoint, and says nothing.
    pub(in crate::session) silent: bool,
}

pub(in crate::session) struct Standin {
    upstream: Upstream,
    script: Arc<Mutex<Script>>,
}

impl Standin {
    pub(in crate::session) fn start() -> Self {
        let script = Arc::new(Mutex::new(Script {
            claims: json!({}),
            nonce: String::new(),
            token: None,
            metadata: json!({}),
            foreign_key: false,
            silent: false,
        }));
        let random = SystemRandom::new();
        let made = |kid| {
            let key = SigningKey::generate(Algorithm::EdDsa, &random).unwrap();
            Arc::new(key.with_kid(kid))
        };
        let (key, foreign) = (made("one"), made("one"));
        let shared = Arc::clone(&script);
        let upstream = Upstream::played(move |mut connection| {
            let address = connection.stream.local_addr().unwrap();
            while let Some(line) = connection.hear_line() {
                let script = shared.lock().unwrap().clone();
                if script.silent && line.starts_with("POST /token") {
                    connection.hear_out();
                    return;
                }
                let signs = if script.foreign_key { &foreign } else { &key };
                let body = match &*line {
                    "GET /.well-known/openid-configuration HTTP/1.1" => metadata(address, &script),
                    "GET /jwks HTTP/1.1" => json!({ "keys": [key.public_jwk().unwrap()] }),
                    _ => {
                        connection.say(token(address, &script, signs).as_bytes());
                        continue;
                    }
                };
                connection.say(ok(&body.to_string()).as_bytes());
            }
        });
        Self { upstream, script }
    }

    pub(in crate::session) fn issuer(&self) -> String {
        issuer(self.upstream.address())
    }

    pub(in crate::session) fn set(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.script.lock().unwrap());
    }

    /// The next request to the token endpoint, if one has come.
    pub(in crate::session) fn exchange(&self) -> Option<Message> {
        while let Some(Heard { message, .. }) = self.upstream.next_if_any() {
            if message.line().starts_with("POST /token") {
                return Some(message);
            }
        }
        None
    }
}

fn issuer(address: SocketAddr) -> String {
    format!("http://{address}")
}

fn ok(body: &str) -> String {
    with_status("200 OK", body)
}

pub(in crate::session) fn with_status(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn metadata(address: SocketAddr, script: &Script) -> Value {
    let issuer = issuer(address);
    let mut metadata = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/jwks"),
    });
    merge(&mut metadata, &script.metadata);
    metadata
}

fn token(address: SocketAddr, script: &Script, key: &SigningKey) -> String {
    if let Some(answer) = &script.token {
        return answer.clone();
    }
    let now = crate::session::now_unix_secs();
    let mut claims = json!({
        "iss": issuer(address),
        "aud": "gateway",
        "sub": "248289761001",
        "preferred_username": "alice",
        "exp": now + 60,
        "iat": now,
        "nonce": script.nonce,
    });
    merge(&mut claims, &script.claims);
    let id_token = key
        .sign_claims("JWT", &claims, &SystemRandom::new())
        .unwrap();
    let answer = json!({ "access_token": "opaque", "token_type": "Bearer", "id_token": id_token });
    ok(&answer.to_string())
}

fn merge(into: &mut Value, more: &Value) {
    let members = into.as_object_mut().unwrap();
    for (name, value) in more.as_object().unwrap() {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
}
