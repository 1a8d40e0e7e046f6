//! What the arguments ask for, gathered.
//!
//! Knows: which option sets what. Does not know how that looks on the wire; see `wire`.

use super::address;
use super::arguments::Argument;
use super::body::Data;
use super::options::{Link, What};
use super::transport;
use crate::case::{HttpVersion, Negotiated};

/// Everything that was asked for.
#[derive(Default)]
pub(super) struct Asked {
    pub(super) address: Option<String>,
    pub(super) scheme_default: Option<String>,
    pub(super) headers: Vec<String>,
    pub(super) user: Option<String>,
    pub(super) bearer: Option<String>,
    pub(super) schemes: Schemes,
    pub(super) netrc: Netrc,
    pub(super) netrc_file: Option<String>,
    pub(super) cookies: Vec<String>,
    pub(super) agent: Option<String>,
    pub(super) referer: Option<String>,
    pub(super) range: Option<String>,
    pub(super) data: Data,
    pub(super) query: Vec<String>,
    pub(super) get: bool,
    pub(super) head: bool,
    pub(super) upload: Option<String>,
    pub(super) method: Option<String>,
    pub(super) request_target: Option<String>,
    pub(super) follows: bool,
    pub(super) trusts: bool,
    pub(super) connection: Connection,
    pub(super) left_out: Vec<String>,
}

/// How to connect, as written.
#[derive(Default)]
pub(super) struct Connection {
    pub(super) insecure: bool,
    pub(super) ca_file: Option<String>,
    pub(super) proxy: Option<String>,
    pub(super) proxy_insecure: bool,
    pub(super) proxy_ca_file: Option<String>,
    pub(super) proxy_user: Option<String>,
    pub(super) no_proxy: Option<String>,
    pub(super) resolve: Vec<String>,
    pub(super) connect_to: Vec<String>,
    pub(super) version: Option<HttpVersion>,
    /// Whether the way to the server is one that is not gone here.
    pub(super) elsewhere: bool,
}

/// Whether `.netrc` is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Netrc {
    #[default]
    Ignored,
    Optional,
    Required,
}

/// The schemes that were named.
#[derive(Default)]
pub(super) struct Schemes {
    pub(super) basic: bool,
    pub(super) negotiated: Vec<Negotiated>,
}

impl Schemes {
    fn set(&mut self, scheme: Negotiated, on: bool) {
        self.negotiated.retain(|other| *other != scheme);
        if on {
            self.negotiated.push(scheme);
        }
    }

    /// What the client may choose among once it is challenged; nothing where it sends its credentials at once.
    pub(super) fn choices(&self) -> Vec<Negotiated> {
        // curl takes the strongest that is offered, in this order.
        const ORDER: [Negotiated; 4] = [
            Negotiated::Negotiate,
            Negotiated::Digest,
            Negotiated::Ntlm,
            Negotiated::Basic,
        ];
        if self.negotiated.is_empty() {
            return Vec::new();
        }
        ORDER
            .into_iter()
            .filter(|scheme| match scheme {
                Negotiated::Basic => self.basic,
                Negotiated::Digest | Negotiated::Ntlm | Negotiated::Negotiate => {
                    self.negotiated.contains(scheme)
                }
            })
            .collect()
    }
}

impl Asked {
    /// Gathers the arguments of the first request.
    pub(super) fn of(arguments: &[Argument]) -> Asked {
        let mut asked = Asked {
            address: chosen(arguments),
            ..Asked::default()
        };
        for argument in arguments {
            if argument.what == What::Next {
                asked.leave_out("the requests after `--next` are not looked at, only the first");
                break;
            }
            asked.take(argument);
        }
        asked
    }

    fn leave_out(&mut self, sentence: &str) {
        self.left_out.push(sentence.to_owned());
    }

    fn take(&mut self, argument: &Argument) {
        let on = argument.on;
        let value = || Some(argument.value.clone());
        match argument.what {
            What::Address | What::Ignored | What::Compressed | What::Config | What::Next => {}
            What::Header => self.headers.push(argument.value.clone()),
            What::User => self.user = value(),
            What::Bearer => self.bearer = value(),
            What::Basic => self.schemes.basic = on,
            What::Digest => self.schemes.set(Negotiated::Digest, on),
            What::Ntlm => self.schemes.set(Negotiated::Ntlm, on),
            What::Negotiate => self.schemes.set(Negotiated::Negotiate, on),
            What::AnyAuth => self.any_scheme(on),
            What::Netrc if on => self.netrc = Netrc::Required,
            What::NetrcOptional if on => self.netrc = Netrc::Optional,
            What::Netrc | What::NetrcOptional => self.netrc = Netrc::Ignored,
            What::NetrcFile => self.take_netrc_file(argument),
            What::Cookie => self.cookies.push(argument.value.clone()),
            What::Agent => self.agent = value(),
            What::Referer => self.referer = value(),
            What::Range => self.range = value(),
            What::Data
            | What::DataRaw
            | What::DataBinary
            | What::DataUrlencode
            | What::Json
            | What::Form
            | What::FormString => self.data.add(argument.what, argument.value.clone()),
            What::UrlQuery => self.query.push(argument.value.clone()),
            What::Upload => self.upload = value(),
            What::Get => self.get = on,
            What::Head => self.head = on,
            What::Method => self.method = value(),
            What::RequestTarget => self.request_target = value(),
            What::SchemeDefault => self.scheme_default = value(),
            What::Location => self.follows = on,
            What::LocationTrusted => {
                self.follows |= on;
                self.trusts = on;
            }
            What::Connect(link) => self.connect(link, argument),
            What::PathAsIs => {
                let dots = |address: &String| address.contains("/../") || address.contains("/./");
                if on && self.address.as_ref().is_some_and(dots) {
                    // With another path it would be another request, whose answer says nothing of this one.
                    self.connection.elsewhere = true;
                    self.leave_out(
                        "nothing is sent: `--path-as-is` cannot be kept, as `.` and `..` of a path are resolved here (`--response` takes the answer that you have)",
                    );
                }
            }
            What::AwsSigV4 => self.leave_out(
                "the request is not signed as `--aws-sigv4` would sign it: it is sent without a signature",
            ),
        }
    }

    fn any_scheme(&mut self, on: bool) {
        self.schemes.basic = on;
        for scheme in [Negotiated::Digest, Negotiated::Ntlm, Negotiated::Negotiate] {
            self.schemes.set(scheme, on);
        }
    }

    /// A file of its own stands for `-n` where nothing is said of it.
    fn take_netrc_file(&mut self, argument: &Argument) {
        let name = match argument.value.as_str() {
            // The bare name is that of the file in the user's home.
            ".netrc" => "./.netrc",
            other => other,
        };
        self.netrc_file = Some(name.to_owned());
        if self.netrc == Netrc::Ignored {
            self.netrc = Netrc::Required;
        }
    }

    fn connect(&mut self, link: Link, argument: &Argument) {
        let value = || Some(argument.value.clone());
        match link {
            Link::Insecure => self.connection.insecure = argument.on,
            Link::CaCert => self.connection.ca_file = value(),
            Link::ProxyInsecure => self.connection.proxy_insecure = argument.on,
            Link::ProxyCaCert => self.connection.proxy_ca_file = value(),
            Link::Proxy => self.connection.proxy = value(),
            Link::ProxyUser => self.connection.proxy_user = value(),
            Link::NoProxy => self.connection.no_proxy = value(),
            Link::Resolve => self.connection.resolve.push(argument.value.clone()),
            Link::ConnectTo => self.connection.connect_to.push(argument.value.clone()),
            Link::HttpOne => self.connection.version = Some(HttpVersion::One),
            Link::HttpTwo => self.connection.version = Some(HttpVersion::Two),
            Link::HttpThree => {
                self.leave_out("HTTP/3 is not spoken here: the request goes over another version")
            }
            Link::ClientCertificate => {
                self.leave_out("the client certificate of `--cert` is not presented")
            }
            Link::CaPath => self.leave_out(
                "the folder of `--capath` is not read: give its certificate with `--cacert`",
            ),
            Link::Socks => {
                self.connection.elsewhere = true;
                self.leave_out(transport::SOCKS);
            }
            Link::UnixSocket => {
                self.connection.elsewhere = true;
                self.leave_out(
                    "no socket is asked here, as `--unix-socket` wants: nothing is sent",
                );
            }
        }
    }
}

/// The address to look at: the first that has a scheme, otherwise the first that reads like one, otherwise the first.
fn chosen(arguments: &[Argument]) -> Option<String> {
    let addresses: Vec<&str> = arguments
        .iter()
        .take_while(|argument| argument.what != What::Next)
        .filter(|argument| argument.what == What::Address)
        .map(|argument| argument.value.as_str())
        .collect();
    let secret = |text: &&&str| address::is_like_secret(text);
    let likely = |text: &&&str| {
        (text.contains(['.', '/']) || text.starts_with("localhost")) && !secret(text)
    };
    addresses
        .iter()
        .find(|text| text.contains("://"))
        .or_else(|| addresses.iter().find(likely))
        .or_else(|| addresses.iter().find(secret))
        .or_else(|| addresses.first())
        .map(|text| (*text).to_owned())
}
