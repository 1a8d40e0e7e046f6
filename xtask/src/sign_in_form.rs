//! The sign-in page as a browser has it: its form's token, the cookie that goes with it, and the request that posts it.
//!
//! Knows just enough of the page for that. Does not know what comes of it.

use crate::bench::ask::head_and_body;
use crate::failure::{Doing, Outcome};

pub(crate) const PATH: &str = "/.countersign/sign-in";

/// A form that can be posted any number of times.
pub(crate) struct Form {
    cookie: String,
    token: String,
}

impl Form {
    /// Asks for the page.
    pub(crate) fn of(port: u16) -> Outcome<Self> {
        let (head, body) = head_and_body(port, PATH, None)?;
        let cookie = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("set-cookie"))
            .and_then(|(_, value)| value.trim().split(';').next())
            .doing("the sign-in page sets no cookie")?;
        let token = body
            .split_once("name=\"token\" value=\"")
            .and_then(|(_, rest)| rest.split('"').next())
            .doing("the sign-in page has no form")?;
        Ok(Self {
            cookie: cookie.to_owned(),
            token: token.to_owned(),
        })
    }

    /// The request that posts it. Name and password are of letters, digits and `-` alone.
    pub(crate) fn post(&self, user: &str, password: &str, closes: bool) -> String {
        let body = format!(
            "token={}&return=&user={user}&password={password}",
            self.token
        );
        let connection = if closes { "close" } else { "keep-alive" };
        format!(
            "POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: {connection}\r\nCookie: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            self.cookie,
            body.len()
        )
    }
}
