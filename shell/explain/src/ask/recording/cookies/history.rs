//! Every `Set-Cookie` of the recording before the request, and which of them are sessions.
//!
//! Knows: names and circumstances by which a session is told from a preference. Does not know why one is absent.

use crate::case::Exchange;
use crate::cookie::{NotStored, SetCookie, Stored, host_of};
use crate::exchange::is_sign_in;
use crate::message::Answer;

use super::super::view::{View, began_unix_secs};

/// A cookie that an answer set.
pub(in super::super) struct Laid<'c> {
    pub(in super::super) set: SetCookie,
    pub(in super::super) setter: &'c Exchange,
    pub(in super::super) set_unix_secs: i64,
    pub(in super::super) stored: Result<Stored, NotStored>,
}

/// What was set before the request began, oldest first.
pub(in super::super) fn history<'c>(view: &View<'c>) -> Vec<Laid<'c>> {
    let mut laid = Vec::new();
    for setter in view.done_before() {
        let Some(answer) = &setter.answer else {
            continue;
        };
        // RFC 6265bis section 5.6.2: `Max-Age` counts by the clock of the browser, which is that of the recording.
        let ended_unix_secs = setter.recorded.ended_unix_ms.map(|ms| ms.div_euclid(1000));
        let set_unix_secs = ended_unix_secs
            .or_else(|| answer.date_unix_secs())
            .or_else(|| began_unix_secs(setter))
            .unwrap_or_else(|| view.at_unix_secs());
        for line in answer.fields.all("set-cookie") {
            if let Some(set) = SetCookie::parse(line) {
                let stored = Stored::new(&set, &setter.request.url, set_unix_secs);
                laid.push(Laid {
                    set,
                    setter,
                    set_unix_secs,
                    stored,
                });
            }
        }
    }
    laid
}

impl Laid<'_> {
    /// The host that set it.
    pub(super) fn host(&self) -> String {
        host_of(&self.setter.request.url)
    }

    /// Whether it takes the place of an earlier one. RFC 6265bis section 5.7, step 23: a cookie is known by its name, its
    /// domain and its path. What was not stored is in nobody's way, and takes nobody's.
    pub(super) fn replaces(&self, earlier: &Laid<'_>) -> bool {
        let is_same = match (&self.stored, &earlier.stored) {
            (Ok(own), Ok(other)) => {
                own.domain == other.domain
                    && own.host_only == other.host_only
                    && own.path == other.path
            }
            (_, Err(_)) => true,
            (Err(_), Ok(_)) => false,
        };
        self.set.name == earlier.set.name && is_same
    }

    /// Whether both are for the same hosts.
    pub(super) fn is_of_the_domain_of(&self, other: &Laid<'_>) -> bool {
        match (&self.stored, &other.stored) {
            (Ok(own), Ok(other)) => own.domain == other.domain,
            (Ok(_) | Err(_), _) => true,
        }
    }

    /// Whether it only took an older one away.
    pub(in super::super) fn is_deletion(&self) -> bool {
        self.set.deletes(self.set_unix_secs) || self.set.value.is_empty()
    }

    pub(super) fn is_session(&self) -> bool {
        let name = self.set.name.to_ascii_lowercase();
        !is_dull(&name)
            && (is_session_name(&self.set.name) || self.set.http_only || self.is_set_by_sign_in())
    }

    pub(super) fn is_anti_forgery(&self) -> bool {
        let name = self.set.name.to_ascii_lowercase();
        name.contains("csrf") || name.contains("xsrf") || name.contains("antiforgery")
    }

    /// Whether the answer that set it is that of a sign-in.
    pub(super) fn is_set_by_sign_in(&self) -> bool {
        let request = &self.setter.request;
        let path = request.url.path().to_ascii_lowercase();
        let comes_back = ["callback", "/acs", "signin-oidc", "/session", "/auth"];
        let signs_in =
            is_sign_in(&request.url) || comes_back.iter().any(|word| path.contains(word));
        signs_in && (request.method == "POST" || request.url.query().is_some())
    }
}

/// Words in the names of cookies that are no credentials.
const DULL: [&str; 13] = [
    "csrf",
    "xsrf",
    "antiforgery",
    "_ga",
    "_gid",
    "_fbp",
    "__cf",
    "cf_clearance",
    "awsalb",
    "serverid",
    "_hj",
    "ajs_",
    "ab_test",
];

/// The same where they begin or end a part of the name: `lang` is in `challange` as well.
const DULL_WORDS: [&str; 5] = ["lang", "locale", "theme", "consent", "route"];

/// Words in the names of cookies that are.
const TELLING: [&str; 12] = [
    "sess", "sid", "auth", "token", "jwt", "login", "identity", "remember", "access", "sso",
    "ticket", "aspxauth",
];

/// Whether a cookie of that name is a session or carries a token.
pub(in super::super) fn is_session_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let tells =
        TELLING.iter().any(|word| name.contains(word)) || name.contains(".aspnetcore.cookies");
    tells && !is_dull(&name)
}

fn is_dull(lower_case: &str) -> bool {
    let mut parts = lower_case.split(|letter: char| !letter.is_ascii_alphanumeric());
    DULL.iter().any(|word| lower_case.contains(word))
        || parts.any(|part| {
            let mut words = DULL_WORDS.iter();
            words.any(|word| part.starts_with(word) || part.ends_with(word))
        })
}

/// The name of a session cookie that an answer deletes.
pub(in super::super) fn deletes_session(answer: &Answer, at_unix_secs: i64) -> Option<String> {
    let mut lines = answer.fields.all("set-cookie").filter_map(SetCookie::parse);
    let gone = lines.find(|set| set.deletes(at_unix_secs) && is_session_name(&set.name))?;
    Some(gone.name)
}
