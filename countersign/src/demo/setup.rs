//! What the demo begins with: a configuration, a user, an API key, an issuer and a token.
//!
//! Knows: how each is made. Does not know sockets.

use std::net::SocketAddr;

use aws_lc_rs::rand::SystemRandom;
use countersign_jose::{Algorithm, SigningKey};
use countersign_secret::Secret;
use countersign_secret::api_key::ApiKey;
use countersign_secret::password::Cost;
use countersign_store::{NewKey, NewUser, Owner, Store};
use serde_json::json;

use crate::failure::{Failure, because};
use crate::{password, random};

const USER: &str = "alice";
const SCOPE: &str = "notes:read";
/// How long the printed token is good.
const TOKEN_SECS: i64 = 3600;

/// What is printed for the visitor to try.
pub(super) struct Credentials {
    pub(super) user: &'static str,
    pub(super) password: Secret<String>,
    pub(super) key: Secret<String>,
    pub(super) token: Secret<String>,
}

/// An issuer of tokens that lives as long as the demo.
pub(super) struct Issuer {
    key: SigningKey,
}

impl Issuer {
    pub(super) fn new() -> Result<Self, Failure> {
        let key = SigningKey::generate(Algorithm::Es256, &SystemRandom::new())
            .map_err(|error| because("no key can be generated")(&error))?;
        Ok(Self {
            key: key.with_kid("demo"),
        })
    }

    /// The identifier; nothing is ever fetched from it, since its keys stand in the configuration.
    const IDENTIFIER: &'static str = "https://issuer.demo.invalid";
    /// What its tokens are for.
    const AUDIENCE: &'static str = "https://notes.demo.invalid";

    fn token(&self, now_unix_secs: i64) -> Result<String, Failure> {
        let claims = json!({
            "iss": Self::IDENTIFIER,
            "aud": Self::AUDIENCE,
            "sub": USER,
            "scope": SCOPE,
            "iat": now_unix_secs,
            "exp": now_unix_secs.saturating_add(TOKEN_SECS),
        });
        self.key
            .sign_claims("at+jwt", &claims, &SystemRandom::new())
            .map_err(|error| because("the token cannot be signed")(&error))
    }
}

/// The configuration as somebody would write it.
pub(super) fn configuration(
    address: SocketAddr,
    application: SocketAddr,
    store: &str,
    issuer: &Issuer,
) -> Result<String, Failure> {
    let jwk = issuer
        .key
        .public_jwk()
        .ok_or_else(|| Failure::new("the key has no public half"))?;
    let jwks = json!({ "keys": [jwk] });
    let (identifier, audience) = (Issuer::IDENTIFIER, Issuer::AUDIENCE);
    Ok(format!(
        r#"realm = "demo"

[server]
listen = ["{address}"]
workers = 1

[store]
path = "{store}"

[log]
format = "text"

[issuer.demo]
issuer = "{identifier}"
keys = {{ inline = '{jwks}' }}
audience = ["{audience}"]
algorithms = ["ES256"]

[upstream.notes]
url = "http://{application}"

[[route]]
name = "home"
path = "/"
upstream = "notes"
allow = "anyone"

[[route]]
name = "admin"
path = "/admin/**"
upstream = "notes"
accept = ["basic", "bearer", "api-key"]
allow = {{ scopes = ["notes:admin"] }}

[[route]]
name = "notes"
path = "/notes/**"
upstream = "notes"
accept = ["basic", "bearer", "api-key"]
allow = {{ identity = true }}
"#
    ))
}

/// Puts the user and the key into the store, and signs a token.
pub(super) async fn credentials(
    store: &dyn Store,
    issuer: &Issuer,
    now_unix_secs: i64,
) -> Result<Credentials, Failure> {
    let stored = because("the store cannot be filled");
    let password = password::generate()?;
    let hash = password::hashed(&password, &Cost::default())?;
    let user = NewUser {
        name: USER.into(),
        display_name: None,
        hash,
        groups: vec!["staff".into()],
        disabled: false,
    };
    store
        .add_user(user, now_unix_secs)
        .await
        .map_err(|error| stored(&error))?;
    let key = ApiKey::mint(random::bytes::<40>()?.expose());
    let new = NewKey {
        id: key.id().clone(),
        digest: key.digest(),
        owner: Owner::User(USER.into()),
        label: "demo".into(),
        scopes: vec![SCOPE.into()],
        expires_unix_secs: None,
        networks: Vec::new(),
    };
    store
        .create_key(new, now_unix_secs)
        .await
        .map_err(|error| stored(&error))?;
    let token = issuer.token(now_unix_secs)?;
    Ok(Credentials {
        user: USER,
        password,
        key: Secret::new(key.expose().to_owned()),
        token: Secret::new(token),
    })
}
