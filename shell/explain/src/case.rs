//! The case: everything that is known of the request before anything is sent.
//!
//! Knows: what was handed in, whatever form it was in. Does not know the form (see `read`) nor what is wrong (see
//! `look` and `ask`).

use std::fmt;
use std::net::IpAddr;

use countersign_secret::Secret;
use url::Url;

use crate::finding::Finding;
use crate::message::{Answer, Request};

/// Everything that is known of the request.
#[derive(Default)]
pub struct Case {
    /// The request as the client puts it on the wire. Absent where only a token or a refusal is looked at, and where
    /// the address is none.
    pub request: Option<Request>,
    /// The refusal, where one was recorded.
    pub answer: Option<Answer>,
    /// A token to look at alone.
    pub token: Option<Secret<Vec<u8>>>,
    /// The user name and password that the client was given, in whatever form it sends them.
    pub login: Option<Login>,
    /// The exchanges of the recording before this one, oldest first.
    pub before: Vec<Exchange>,
    /// The exchanges of the recording after this one, oldest first.
    pub after: Vec<Exchange>,
    /// What recorded this exchange besides request and answer.
    pub recorded: Recorded,
    /// Which client sends it; its rules for redirects, `.netrc` and cookies differ.
    pub client: Client,
    /// How the client connects.
    pub transport: Transport,
    /// Whether the client goes on by itself when it is sent elsewhere.
    pub follows_redirects: bool,
    /// Whether the client sends credentials to every host that it is redirected to (`curl --location-trusted`).
    pub trusts_redirects: bool,
    /// The schemes among which the client may choose by the challenge, where it was told to (`--digest`, `--anyauth`).
    pub negotiates: Vec<Negotiated>,
    /// What the user says of the token.
    pub expected: Expected,
    /// The request as it was meant, where the shell or the writing changed a credential on its way: a value in quotes
    /// that ended early, a `$` that was expanded. It shows the fault where it is accepted.
    pub meant: Option<Request>,
    /// What of the request was read out of files of this machine: it is sent, and never told.
    pub contents: Vec<Secret<Vec<u8>>>,
    /// When cookies that come out of a file run out, by name, in Unix seconds.
    pub cookie_ends: Vec<(String, i64)>,
    /// What of the given command is not carried out, one sentence each: a second address, a client certificate.
    pub left_out: Vec<String>,
    /// What was seen while reading: damage by the shell, a credential file that wins, an address that is none.
    pub noticed: Vec<Finding>,
}

/// A user name and a password, and where the client has them from.
pub struct Login {
    /// The name, as the client was given it.
    pub user: String,
    /// The password, as the client was given it.
    pub password: Secret<String>,
    /// From where.
    pub source: LoginSource,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

/// Where a user name and password come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginSource {
    /// `-u`, or the client's own argument for it.
    Option,
    /// The user info of the URL.
    Url,
    /// `.netrc`.
    Netrc,
    /// A `Basic` field that was written by hand.
    Field,
}

/// One exchange of a recording.
#[derive(Debug)]
pub struct Exchange {
    /// The request.
    pub request: Request,
    /// The answer; `None` where the client saw none.
    pub answer: Option<Answer>,
    /// What the recording says besides.
    pub recorded: Recorded,
}

/// What a recording says of an exchange besides its messages.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// The entry's number, from 0.
    pub entry: Option<usize>,
    /// When it began, Unix milliseconds.
    pub started_unix_ms: Option<i64>,
    /// When its answer was complete, Unix milliseconds.
    pub ended_unix_ms: Option<i64>,
    /// Whose script or page asked for it, with the line where it is known: `https://app.example.com/main.js:12`.
    pub initiator: Option<String>,
    /// The kind of resource that the browser fetched: `document`, `fetch`, `xhr`, `preflight`.
    pub resource: Option<String>,
    /// The page that it belongs to, as a URL.
    pub page: Option<Url>,
    /// What the browser says of a failure: `net::ERR_FAILED`, `CORS error`, `blocked`.
    pub error: Option<String>,
    /// Cookies that the browser says it did not send or store, with its reason.
    pub blocked_cookies: Vec<BlockedCookie>,
    /// The address of the server.
    pub server_address: Option<IpAddr>,
}

/// A cookie that the browser kept back.
#[derive(Clone, Debug)]
pub struct BlockedCookie {
    /// Its name.
    pub name: String,
    /// The browser's reasons, in its words.
    pub reasons: Vec<String>,
}

/// Which client sends the request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Client {
    /// A browser: a page's own request.
    Browser,
    /// curl.
    #[default]
    Curl,
    /// requests for Python.
    PythonRequests,
    /// `fetch` of Node.
    NodeFetch,
    /// `HttpClient` of .NET.
    Dotnet,
    /// `net/http` of Go.
    Go,
    /// `HttpClient` and `HttpURLConnection` of Java.
    Java,
}

impl Client {
    /// Every client, in the order of the command's help.
    pub const ALL: &'static [Client] = &[
        Client::Browser,
        Client::Curl,
        Client::PythonRequests,
        Client::NodeFetch,
        Client::Dotnet,
        Client::Go,
        Client::Java,
    ];

    /// The word that the command line takes.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Client::Browser => "browser",
            Client::Curl => "curl",
            Client::PythonRequests => "python-requests",
            Client::NodeFetch => "node-fetch",
            Client::Dotnet => "dotnet",
            Client::Go => "go",
            Client::Java => "java",
        }
    }
}

/// A scheme that the client takes only when it is challenged for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Negotiated {
    /// Digest, RFC 7616.
    Digest,
    /// Basic, when nothing better is offered.
    Basic,
    /// NTLM.
    Ntlm,
    /// Negotiate: Kerberos, or NTLM within.
    Negotiate,
}

/// How the client connects.
#[derive(Clone, Debug, Default)]
pub struct Transport {
    /// Take any certificate of the server (`-k`).
    pub insecure: bool,
    /// Certificates to trust besides the system's, PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// Take any certificate of the proxy (`--proxy-insecure`).
    pub proxy_insecure: bool,
    /// The same as `ca_pem` for the proxy (`--proxy-cacert`).
    pub proxy_ca_pem: Option<Vec<u8>>,
    /// A forward proxy; its user info is in there.
    pub proxy: Option<Url>,
    /// Addresses that stand in for a host and port (`--resolve`, `--connect-to`).
    pub resolve: Vec<Resolve>,
    /// The one version that the client speaks, where it was told.
    pub version: Option<HttpVersion>,
    /// Whether the client goes a way that is not gone here: a socket, a SOCKS proxy, a path with dots in it. At the end of any other
    /// way there may be another server, or another resource, so that nothing is sent.
    pub elsewhere: bool,
}

/// An address that stands in for a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolve {
    /// The host of the URL, lower-case; `*` for every host.
    pub host: String,
    /// The port of the URL.
    pub port: u16,
    /// Where to connect to.
    pub address: IpAddr,
    /// The port to connect to.
    pub to_port: u16,
}

/// A version of HTTP to insist on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpVersion {
    /// HTTP/1.1 or HTTP/1.0.
    One,
    /// HTTP/2, by ALPN over TLS and with prior knowledge without.
    Two,
}

/// What the user says of the token.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// The issuer that the server takes tokens of.
    pub issuer: Option<String>,
    /// The audience that the server wants.
    pub audience: Option<String>,
}
