//! What the demo prints: what there is, and what to try.
//!
//! Knows: words, and how a POSIX shell reads them. Does not know how anything was made.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::path::Path;

use super::setup::Credentials;

/// Each command stands on a line of its own and can be pasted as it is.
pub(super) fn text(
    address: SocketAddr,
    credentials: &Credentials,
    program: &str,
    store: &Path,
) -> String {
    let Credentials {
        user,
        password,
        key,
        token,
    } = credentials;
    let (password, key, token) = (password.expose(), key.expose(), token.expose());
    let (program, store) = (quoted(program), store.display().to_string());
    let store = quoted(&store);
    format!(
        "The gateway listens on http://{address}, with an example application behind it.

user:     {user}
password: {password}
API key:  {key}
token:    {token}

# 401: nothing was sent. The answer names every scheme that is taken, the cause, and what to do.
curl -i http://{address}/notes
# 200 by Basic: user name and password
curl -i -u '{user}:{password}' http://{address}/notes
# 200 by Bearer: a signed token
curl -i -H 'Authorization: Bearer {token}' http://{address}/notes
# 200 by API key, in a header of its own
curl -i -H 'X-API-Key: {key}' http://{address}/notes
# 403: the key is good, and has not the scope that this path demands
curl -i -H 'X-API-Key: {key}' http://{address}/admin

Each refusal names its cause; `type` in it is the address of that cause's page. What the gateway knows of a refusal:
{program} why REQUEST-ID --store {store}

All causes: http://{address}/.countersign/causes/
Ctrl-C ends it.
"
    )
}

/// A word as a POSIX shell reads it back.
fn quoted(word: &str) -> Cow<'_, str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+:@%,".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_word_is_quoted_where_a_shell_would_take_it_apart() {
        assert_eq!(
            quoted("target/release/countersign"),
            "target/release/countersign"
        );
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's; $HOME"), r"'it'\''s; $HOME'");
        assert_eq!(quoted(""), "''");
    }
}
