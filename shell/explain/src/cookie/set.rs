//! A `Set-Cookie` line, read as a browser does.
//!
//! Knows: RFC 6265bis section 5.6. Does not know who set it; see `jar`.

use std::fmt;

use super::date;

/// What a server asks to be remembered.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SetCookie {
    /// The name, as written.
    pub(crate) name: String,
    /// The value. It may be a secret.
    pub(crate) value: String,
    /// `Domain` in lower case without a dot before it; `None` where it is absent or empty.
    pub(crate) domain: Option<String>,
    /// `Path`, where it is one.
    pub(crate) path: Option<String>,
    /// `Secure`.
    pub(crate) secure: bool,
    /// `HttpOnly`.
    pub(crate) http_only: bool,
    /// `Partitioned`.
    pub(crate) partitioned: bool,
    /// `SameSite`.
    pub(crate) same_site: SameSite,
    /// `Max-Age`.
    pub(crate) max_age_secs: Option<i64>,
    /// `Expires`.
    pub(crate) expires_unix_secs: Option<i64>,
}

/// To which requests of other sites a cookie goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SameSite {
    /// Nothing is said, or nothing known: `Lax` in Chromium, `None` in Firefox and Safari.
    Unstated,
    /// To all.
    None,
    /// To top-level navigations with a safe method.
    Lax,
    /// To none.
    Strict,
}

impl SetCookie {
    /// Reads one line. `None` where a browser ignores all of it: no name and no value, or a control character.
    pub(crate) fn parse(line: &[u8]) -> Option<SetCookie> {
        // RFC 6265bis section 5.6: control characters other than a tab abort.
        if line
            .iter()
            .any(|byte| byte.is_ascii_control() && *byte != b'\t')
        {
            return None;
        }
        let text = String::from_utf8_lossy(line);
        let mut parts = text.split(';');
        let pair = parts.next()?.trim();
        let (name, value) = pair.split_once('=').unwrap_or(("", pair));
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() && value.is_empty() {
            return None;
        }
        let mut cookie = SetCookie {
            name: name.to_owned(),
            value: value.to_owned(),
            domain: None,
            path: None,
            secure: false,
            http_only: false,
            partitioned: false,
            same_site: SameSite::Unstated,
            max_age_secs: None,
            expires_unix_secs: None,
        };
        for attribute in parts {
            cookie.take(attribute);
        }
        Some(cookie)
    }

    /// Of repeated attributes the last counts.
    fn take(&mut self, attribute: &str) {
        let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        let value = value.trim();
        match name.trim().to_ascii_lowercase().as_str() {
            "domain" => {
                let domain = value.strip_prefix('.').unwrap_or(value);
                self.domain = (!domain.is_empty()).then(|| domain.to_ascii_lowercase());
            }
            // RFC 6265bis section 5.6.4: what does not begin with a slash stands for the default path.
            "path" => self.path = value.starts_with('/').then(|| value.to_owned()),
            "secure" => self.secure = true,
            "httponly" => self.http_only = true,
            "partitioned" => self.partitioned = true,
            "samesite" => {
                self.same_site = match value.to_ascii_lowercase().as_str() {
                    "none" => SameSite::None,
                    "lax" => SameSite::Lax,
                    "strict" => SameSite::Strict,
                    _ => SameSite::Unstated,
                };
            }
            "max-age" => self.max_age_secs = value.parse().ok().or(self.max_age_secs),
            "expires" => self.expires_unix_secs = date::parse(value).or(self.expires_unix_secs),
            _ => {}
        }
    }

    /// When it runs out, if it was set at that time; `None` for the end of the browser's session.
    pub(crate) fn ends_unix_secs(&self, set_unix_secs: i64) -> Option<i64> {
        // RFC 6265bis section 5.7 step 5: `Max-Age` wins over `Expires`.
        match self.max_age_secs {
            Some(secs) => Some(set_unix_secs.saturating_add(secs.max(0))),
            None => self.expires_unix_secs,
        }
    }

    /// Whether it only deletes what was there.
    pub(crate) fn deletes(&self, set_unix_secs: i64) -> bool {
        self.ends_unix_secs(set_unix_secs)
            .is_some_and(|end| end <= set_unix_secs)
    }

    /// Name and value together, bytes.
    pub(crate) fn pair_bytes(&self) -> usize {
        self.name.len() + self.value.len()
    }
}

impl fmt::Debug for SetCookie {
    /// Without the value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetCookie")
            .field("name", &self.name)
            .field("domain", &self.domain)
            .field("path", &self.path)
            .field("secure", &self.secure)
            .field("same_site", &self.same_site)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc6265bis_section_5_6_attributes() {
        let line = b"sid=a=b; Domain=.Example.COM; path=/app ; SECURE; HttpOnly; SameSite=none; Partitioned; Max-Age=60";
        let cookie = SetCookie::parse(line).unwrap();
        assert_eq!(
            (cookie.name.as_str(), cookie.value.as_str()),
            ("sid", "a=b")
        );
        assert_eq!(cookie.domain.as_deref(), Some("example.com"));
        assert_eq!(cookie.path.as_deref(), Some("/app"));
        assert!(cookie.secure && cookie.http_only && cookie.partitioned);
        assert_eq!(cookie.same_site, SameSite::None);
        assert_eq!(cookie.ends_unix_secs(100), Some(160));
    }

    #[test]
    fn what_is_nonsense_counts_as_unsaid() {
        let cookie =
            SetCookie::parse(b"a=; Domain=; Path=app; SameSite=Sometimes; Max-Age=x").unwrap();
        assert_eq!(cookie.domain, None);
        assert_eq!(cookie.path, None);
        assert_eq!(cookie.same_site, SameSite::Unstated);
        assert_eq!(cookie.ends_unix_secs(0), None);
        assert!(SetCookie::parse(b" ; Path=/").is_none());
        assert!(SetCookie::parse(b"a=b\x00c").is_none());
    }

    #[test]
    fn rfc6265bis_section_5_7_max_age_wins_and_zero_deletes() {
        let line = b"a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=10";
        assert!(!SetCookie::parse(line).unwrap().deletes(50));
        assert!(SetCookie::parse(b"a=b; Max-Age=0").unwrap().deletes(50));
        let line = b"a=; expires=Thu, 01-Jan-1970 00:00:00 GMT";
        assert!(SetCookie::parse(line).unwrap().deletes(50));
    }

    #[test]
    fn a_value_is_not_shown() {
        let cookie = SetCookie::parse(b"sid=hush").unwrap();
        assert!(!format!("{cookie:?}").contains("hush"));
    }
}
