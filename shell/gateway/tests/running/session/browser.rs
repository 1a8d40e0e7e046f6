//! A browser as far as these tests need one: it keeps cookies, says what it does, and posts forms.
//!
//! Knows: cookies of one host, and hidden fields. Does not know what a page should say.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::stage::Stage;
use crate::stage::client::Client;
use crate::stage::message::Message;

const HOST: &str = "a.example";
const SOON: Duration = Duration::from_secs(20);

pub(super) struct Browser {
    client: Client,
    cookies: BTreeMap<String, String>,
    pub(super) language: &'static str,
    pub(super) host: &'static str,
}

impl Message {
    /// The value of a hidden field of the page's first form that has it.
    pub(super) fn hidden(&self, name: &str) -> String {
        let text = self.text();
        let start = format!("<input type=\"hidden\" name=\"{name}\" value=\"");
        let Some((_, after)) = text.split_once(&start) else {
            return String::new();
        };
        let value = after.split('"').next().unwrap();
        value.replace("&#38;", "&").replace("&amp;", "&")
    }
}

impl Browser {
    pub(super) fn at(stage: &Stage) -> Self {
        Self {
            client: stage.client(),
            cookies: BTreeMap::new(),
            language: "en",
            host: HOST,
        }
    }

    pub(super) fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    pub(super) fn keep(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    pub(super) fn forget(&mut self, name: &str) {
        self.cookies.remove(name);
    }

    /// Goes to an address, as by a link.
    pub(super) fn visit(&mut self, target: &str) -> Message {
        self.send(&format!("GET {target} HTTP/1.1\r\n{}Sec-Fetch-Mode: navigate\r\nAccept: text/html,*/*;q=0.8\r\n\r\n", self.fields()))
    }

    /// Goes where an answer sends it, which must be a path.
    pub(super) fn follow(&mut self, answer: &Message) -> Message {
        let target = answer.field("location").unwrap().to_owned();
        assert!(target.starts_with('/') && !target.starts_with("//"));
        self.visit(&target)
    }

    /// Asks as a script does.
    pub(super) fn fetch(&mut self, target: &str) -> Message {
        self.send(&format!("GET {target} HTTP/1.1\r\n{}Sec-Fetch-Mode: cors\r\nSec-Fetch-Site: same-origin\r\nAccept: */*\r\n\r\n", self.fields()))
    }

    /// Asks again and again, with no pause, until it is refused, which it must be.
    pub(super) fn fetch_until_refused(&mut self, target: &str) -> String {
        let begun = Instant::now();
        loop {
            let answer = self.fetch(target);
            if answer.status() != Some(200) {
                return answer.cause().to_owned();
            }
            assert!(begun.elapsed() < SOON, "still let in");
        }
    }

    /// Fills the form of a sign-in page in, and posts it.
    pub(super) fn sign_in(&mut self, page: &Message, user: &str, password: &str) -> Message {
        let lost = page.hidden("lost");
        let mut fields = vec![
            ("token", page.hidden("token")),
            ("return", page.hidden("return")),
            ("user", user.to_owned()),
            ("password", password.to_owned()),
        ];
        if !lost.is_empty() {
            fields.push(("lost", lost));
        }
        self.post("/.countersign/sign-in", &fields)
    }

    /// Posts a form of this host.
    pub(super) fn post(&mut self, target: &str, fields: &[(&str, String)]) -> Message {
        self.post_as(target, "Sec-Fetch-Site: same-origin\r\n", fields)
    }

    /// Posts a form that stands on a page of this host.
    pub(super) fn post_from(
        &mut self,
        target: &str,
        page: &str,
        fields: &[(&str, String)],
    ) -> Message {
        let more = format!("Sec-Fetch-Site: same-origin\r\nReferer: http://{HOST}{page}\r\n");
        self.post_as(target, &more, fields)
    }

    /// Posts a form with these further fields in the head.
    pub(super) fn post_as(
        &mut self,
        target: &str,
        more: &str,
        fields: &[(&str, String)],
    ) -> Message {
        let pairs: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        let body = pairs.join("&");
        let head = self.fields();
        self.send(&format!(
            "POST {target} HTTP/1.1\r\n{head}{more}Sec-Fetch-Mode: navigate\r\nAccept: text/html,*/*;q=0.8\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ))
    }

    fn fields(&self) -> String {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let cookies = if cookies.is_empty() {
            String::new()
        } else {
            format!("Cookie: {}\r\n", cookies.join("; "))
        };
        format!(
            "Host: {}\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n\
             Accept-Language: {}\r\n{cookies}",
            self.host, self.language
        )
    }

    fn send(&mut self, request: &str) -> Message {
        let answer = self.client.send(request).answer();
        for set in answer.fields("set-cookie") {
            let (name, rest) = set.split_once('=').unwrap();
            let (value, attributes) = rest.split_once(';').unwrap_or((rest, ""));
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }
}

/// Everything but letters and digits is encoded.
fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}
