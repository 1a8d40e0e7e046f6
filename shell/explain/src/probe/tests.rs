//! The prober against servers on loopback: what it sends, what it reads, and that nothing arrives where care forbids it.

mod care;
mod sending;
mod stage;
mod through_proxy;
mod with_tls;

use url::Url;

use crate::case::Case;
use crate::message::Request;

fn get(url: &str, fields: &[(&str, &str)]) -> Request {
    let mut request = Request::new("GET", url.parse().unwrap());
    for (name, value) in fields {
        request.fields.add(name, *value);
    }
    request
}

fn case_of(request: &Request) -> Case {
    Case {
        request: Some(request.clone()),
        ..Case::default()
    }
}

fn url(text: &str) -> Url {
    text.parse().unwrap()
}
