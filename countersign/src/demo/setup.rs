//! What the demo begins with: a configuration, a user, an API key, an issuer and a token.
//!
//! Knows: how each is made. Does not know sockets.

use std::net::SocketAddr;

use aws_lc_rs::rand::{self, SystemRandom};
use countersign_jose::{Algorithm, SigningKey};
use countersign_secret::Secret;
use countersign_secret::api_key::ApiKey;
use countersign_secret::password::{self, Cost};
use countersign_store::{NewKey, NewUser, Owner, Store};
use serde_json::json;

use crate::failure::{Failure, because};

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

    fn token(&self, audience: &str, now_unix_secs: i64) -> Result<String, Failure> {
        let claims = json!({
            "iss": Self::IDENTIFIER,
            "aud": audience,
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
    issuer: &Issuer,
) -> Result<String, Failure> {
    let jwk = issuer
        .key
        .public_jwk()
        .ok_or_else(|| Failure::new("the key has no public half"))?;
    let jwks = json!({ "keys": [jwk] });
    let identifier = Issuer::IDENTIFIER;
    Ok(format!(
        r#"realm = "demo"

[server]
listen = ["{address}"]
public_url = "http://{address}"

[log]
format = "text"

[issuer.demo]
issuer = "{identifier}"
keys = {{ inline = '{jwks}' }}
audience = "http://{address}"
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
    address: SocketAddr,
    now_unix_secs: i64,
) -> Result<Credentials, Failure> {
    let stored = because("the store cannot be filled");
    let password = random_word()?;
    let hash = password::hash(password.as_bytes(), &random::<16>()?, &Cost::default())
        .map_err(|error| because("the password cannot be hashed")(&error))?;
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
    let key = ApiKey::mint(&random::<40>()?);
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
    let token = issuer.token(&format!("http://{address}"), now_unix_secs)?;
    Ok(Credentials {
        user: USER,
        password: Secret::new(password),
        key: Secret::new(key.expose().to_owned()),
        token: Secret::new(token),
    })
}

fn random<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| Failure::new("the system gives no random bytes"))?;
    Ok(bytes)
}

/// Sixteen letters and digits that are easy to tell apart, in four groups.
fn random_word() -> Result<String, Failure> {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789x";
    let letter = |byte: &u8| {
        LETTERS
            .get(usize::from(byte % 32))
            .copied()
            .map_or('x', char::from)
    };
    let bytes = random::<16>()?;
    let groups: Vec<String> = bytes
        .chunks(4)
        .map(|group| group.iter().map(letter).collect())
        .collect();
    Ok(groups.join("-"))
}
