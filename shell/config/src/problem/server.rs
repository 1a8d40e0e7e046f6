//! Problems with the listener, files and URLs.
//!
//! Knows wording only.

use std::io::ErrorKind;
use std::path::PathBuf;

use countersign_policy::{HostDefect, NetworkDefect};

use crate::settings::HeaderLineDefect;

/// What is wrong with the listener, a file or a URL. Strings are what the user wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are what the message quotes")]
pub enum ServerProblem {
    /// Not an address to listen on.
    ListenAddress { value: String },
    /// Not a URL, or not one of the kind that is needed here.
    Url { value: String, defect: UrlDefect },
    /// Not a network.
    Network {
        value: String,
        defect: NetworkDefect,
    },
    /// A file that cannot be read.
    FileUnreadable {
        value: String,
        path: PathBuf,
        why: ErrorKind,
    },
    /// A credential of systemd, where systemd has given none.
    NoCredentials { name: String },
    /// A variable of the environment that is not there.
    VariableAbsent { name: String },
    /// A variable where only a file is taken.
    VariableForFile { value: String },
    /// Not a name of a credential, or of a variable.
    SecretName { value: String },
    /// A file of header lines with something else in it.
    HeaderLine {
        value: String,
        defect: HeaderLineDefect,
    },
    /// Header lines that may be secret go over a network in plain text.
    HeadersInTheClear { value: String },
    /// A PEM file without what it should have.
    NotPem { value: String, wanted: &'static str },
    /// A secret that everybody on the machine can read.
    SecretOpenToOthers { value: String, path: PathBuf },
    /// The store's folder is not there.
    StoreFolderMissing { folder: PathBuf },
    /// The store is a folder itself.
    StoreIsFolder { value: String },
    /// The store's folder can be written by everybody on the machine.
    StoreFolderOpenToOthers { folder: PathBuf },
    /// Everybody is believed to be a proxy.
    EverybodyTrusted { value: String },
    /// A file that holds no private keys to sign with.
    IdentityKeys { value: String, detail: &'static str },
    /// An upstream is to get a token that nobody signs.
    NoIdentityKeys,
    /// A token is signed that no upstream gets.
    IdentityTokenUnused,
    /// It is not said who signs.
    IdentityIssuerMissing,
    /// Everybody may say by the PROXY protocol who it is.
    EverybodyIsProxy { value: String },
    /// Nothing listens there.
    NoSuchListener { value: String },
    /// Everybody on the network can read the figures.
    AdminOpen { address: String },
    /// Nobody's attempts are counted.
    EverybodyExempt { value: String },
    /// Credentials in plain text over a network.
    NoTls { address: String },
    /// TLS is described for an upstream that is reached without.
    UpstreamTlsUnused,
    /// Servers of one upstream by different schemes.
    SchemesDiffer,
    /// More servers than an upstream can have.
    ServersTooMany { max: usize },
    /// Not a name that a certificate can have.
    ServerName { value: String },
    /// A certificate without key, or a key without certificate.
    HalfACertificate { lacks: &'static str },
    /// The cost of a hash is out of bounds.
    HashCost { detail: String },
    /// A hash that is cheap to guess against.
    HashCostWeak { memory_kib: u32, passes: u32 },
}

/// What is wrong with a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlDefect {
    /// Not `http://` or `https://` and a host.
    NotHttp,
    /// The host cannot be read.
    Host(HostDefect),
    /// A path where only an origin is wanted.
    Path,
    /// A query or a fragment.
    QueryOrFragment,
    /// A space, a control character or a character outside of ASCII.
    Characters,
}

impl ServerProblem {
    pub(super) fn words(&self) -> (String, String) {
        match self {
            Self::ListenAddress { value } => (
                format!("`{value}` is not an address to listen on"),
                "write IP address and port, as in `127.0.0.1:8080`, `0.0.0.0:80` or `[::1]:8080`".into(),
            ),
            Self::Url { value, defect } => {
                let (message, help) = defect.words();
                (format!("`{value}` {message}"), help.into())
            }
            Self::Network { value, defect } => {
                (format!("`{value}` is not a network: {defect}"), network_help(*defect).into())
            }
            Self::FileUnreadable { value, path, why } => (
                format!("`{value}` cannot be read: {why}"),
                format!("it was looked for at `{}`", path.display()),
            ),
            Self::NoCredentials { name } => (
                format!("the credential `{name}` is not here: `$CREDENTIALS_DIRECTORY` is not set"),
                format!("systemd sets it for a service with `LoadCredential={name}:/path/of/it`; to check with the same files, set it to their folder"),
            ),
            Self::VariableAbsent { name } => (
                format!("the environment has no variable `{name}`"),
                "set it for the gateway; a file or a credential is seen by fewer".into(),
            ),
            Self::VariableForFile { value } => (
                format!("`{value}` is a variable, and a file is needed here"),
                "name a file, or a credential as in `credential:tls.key`; `env:NAME` is for `secret_file`, `nonce_key_file` and `headers_file`".into(),
            ),
            Self::SecretName { value } => (
                format!("`{value}` is the name of no credential and of no variable"),
                "write it as in `credential:tls.key` or `env:HS_KEY`; a path that begins so is written with `./` before it".into(),
            ),
            Self::HeaderLine { value, defect } => (
                format!("line {} of `{value}` {}", defect.line, defect.what),
                "write one header a line, as in `Authorization: Bearer ...`".into(),
            ),
            Self::HeadersInTheClear { value } => (
                format!("what `headers_file` holds goes to `{value}` in plain text"),
                "use https, or a collector on this machine that passes it on".into(),
            ),
            Self::NotPem { value, wanted } => (
                format!("`{value}` has no {wanted}"),
                format!("name a PEM file with a `-----BEGIN ...-----` line for the {wanted}"),
            ),
            Self::SecretOpenToOthers { value, path } => (
                format!("`{value}` can be read by every user of this machine"),
                format!("run `chmod o= {}`", path.display()),
            ),
            Self::StoreFolderMissing { folder } => (
                format!("the store's folder `{}` is not there", folder.display()),
                "make the folder, or name another: the file in it is made by itself".into(),
            ),
            Self::StoreIsFolder { value } => {
                (format!("the store `{value}` is a folder"), "name a file in it".into())
            }
            Self::StoreFolderOpenToOthers { folder } => (
                format!("the store's folder `{}` can be written by every user of this machine", folder.display()),
                "keep the store in a folder of its own: whoever can write there can put another file in its place".into(),
            ),
            Self::EverybodyTrusted { value } => (
                format!("`{value}` believes everybody's `X-Forwarded-For`"),
                "name the networks of your proxies: anyone else can then no longer choose the address that rules see".into(),
            ),
            Self::IdentityKeys { value, detail } => (
                format!("`{value}` cannot be signed with: {detail}"),
                "let `countersign identity-key FILE` make it".into(),
            ),
            Self::NoIdentityKeys => (
                "there is nothing to sign a token with".into(),
                "make keys with `countersign identity-key FILE`, and name the file as `keys_file` in `[identity.token]`".into(),
            ),
            Self::IdentityTokenUnused => (
                "no upstream gets the token".into(),
                "give an upstream a `token_audience`".into(),
            ),
            Self::IdentityIssuerMissing => (
                "it is not said who signs the token".into(),
                "write `issuer` here, or `public_url` in `[server]`".into(),
            ),
            Self::EverybodyIsProxy { value } => (
                format!("`{value}` believes everybody's PROXY protocol header"),
                "name the addresses of your proxies: anyone else can then no longer choose the address that rules see".into(),
            ),
            Self::NoSuchListener { value } => (
                format!("`{value}` is not one of `server.listen`"),
                "write an address of `listen` as it stands there, or leave this out for all of them".into(),
            ),
            Self::AdminOpen { address } => (
                format!("the admin listener on `{address}` answers everybody who reaches it"),
                "listen on a loopback address, or on one that only your monitoring reaches".into(),
            ),
            Self::EverybodyExempt { value } => (
                format!("`{value}` lets everybody guess without a brake"),
                "name the networks of your own that may fail often, or set `enabled = false` if another guard counts attempts"
                    .into(),
            ),
            Self::NoTls { address } => (
                format!("credentials come in without TLS on `{address}`"),
                "set `tls`, or `public_url` to the https URL of the proxy in front, or listen on a loopback address".into(),
            ),
            Self::UpstreamTlsUnused => (
                "`tls` has no effect: the upstream is reached without TLS".into(),
                "begin `url` with `https://`, or leave `tls` out".into(),
            ),
            Self::SchemesDiffer => (
                "the servers of an upstream are reached by different schemes".into(),
                "begin all of them with `https://`, or all with `http://`: what is said of TLS holds for each".into(),
            ),
            Self::ServersTooMany { max } => (
                format!("an upstream has at most {max} servers"),
                "put a balancer of your network before them, and name that".into(),
            ),
            Self::ServerName { value } => (
                format!("`{value}` is not a name that a certificate can have"),
                "write a host name or an address without a port".into(),
            ),
            Self::HalfACertificate { lacks } => (
                format!("`{lacks}` is missing"),
                "name both files, `certificate` and `key`, or neither".into(),
            ),
            Self::HashCost { detail } => (
                format!("the cost of a password hash is out of bounds: {detail}"),
                "the default is `{ memory_kib = 19456, passes = 2, lanes = 1 }`".into(),
            ),
            Self::HashCostWeak { memory_kib, passes } => (
                format!("passwords are hashed below OWASP's minimum: memory_kib = {memory_kib}, passes = {passes}"),
                "leave it out, or write at least 47104 KiB with 1 pass, 19456 with 2, 12288 with 3, 9216 with 4 or 7168 with 5"
                    .into(),
            ),
        }
    }
}

impl UrlDefect {
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            UrlDefect::NotHttp => ("is not a URL", "begin it with `https://` or `http://`"),
            UrlDefect::Host(HostDefect::Userinfo) => (
                "has a user name in front of the host",
                "leave user name and password out of the URL",
            ),
            UrlDefect::Host(_) => (
                "is not a URL: the host cannot be read",
                "write it as in `https://example.com:8443`",
            ),
            UrlDefect::Path => (
                "has a path",
                "write scheme, host and port alone: an origin is wanted here",
            ),
            UrlDefect::QueryOrFragment => (
                "has a query or a fragment",
                "leave out what begins with `?` or `#`",
            ),
            UrlDefect::Characters => (
                "has a character that URLs do not have",
                "percent-encode it, and write host names beyond ASCII in their `xn--` form",
            ),
        }
    }
}

const fn network_help(defect: NetworkDefect) -> &'static str {
    match defect {
        NetworkDefect::NotAnAddress | NetworkDefect::PrefixNotANumber => {
            "write it as in `10.0.0.0/8`, `2001:db8::/32` or `192.0.2.7`"
        }
        NetworkDefect::PrefixTooLong => "write at most 32 for IPv4 and 128 for IPv6",
        NetworkDefect::BitsAfterPrefix => {
            "write the network's first address, as in `10.0.0.0/8` for `10.0.0.1/8`"
        }
    }
}
