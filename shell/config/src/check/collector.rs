//! What `[traces]` and `[metrics]` have in common: a collector of OpenTelemetry.
//!
//! Knows: the keys of both sections. Does not know the network: nobody is asked here.

use std::time::Duration;

use super::{Scene, text, url};
use crate::declared::Key;
use crate::problem::ServerProblem;
use crate::read::Fields;
use crate::settings::{Collector, header_lines};

/// The keys of one section.
pub(super) struct Keys {
    pub(super) url: &'static Key,
    pub(super) service_name: &'static Key,
    pub(super) attributes: &'static Key,
    pub(super) answer_secs: &'static Key,
    pub(super) ca_file: &'static Key,
    pub(super) headers_file: &'static Key,
    /// Where a collector takes it when only its own address is given.
    pub(super) path: &'static str,
}

pub(super) fn read(fields: &Fields<'_>, keys: &Keys, scene: Scene<'_>) -> Collector {
    let ca_file = fields.text(keys.ca_file);
    if let Some(path) = &ca_file {
        scene.pem(path, "CERTIFICATE", "certificate");
    }
    let name = text::not_empty(fields, keys.service_name, scene);
    let address = fields.text(keys.url);
    let read = address
        .as_ref()
        .and_then(|address| url::read(address, scene));
    let headers = text::not_empty(fields, keys.headers_file, scene);
    if let Some(place) = &headers {
        if let Some(lines) = scene.read_secret(place)
            && let Err(defect) = header_lines(&lines)
        {
            let value = place.value.to_owned();
            let problem = ServerProblem::HeaderLine { value, defect };
            scene.sink.error(&place.span, problem);
        }
        let in_the_clear = read
            .as_ref()
            .filter(|url| !url.is_https && !url::is_of_this_machine(url.host.name()));
        if let (Some(address), Some(_)) = (&address, in_the_clear) {
            let value = address.value.to_owned();
            let problem = ServerProblem::HeadersInTheClear { value };
            scene.sink.warn(&address.span, problem);
        }
    }
    let attributes = fields.texts_by_name(keys.attributes).into_iter();
    let answer_secs = fields.whole(keys.answer_secs);
    Collector {
        url: read
            .map(|url| posted_to(&url, keys.path))
            .unwrap_or_default(),
        service_name: name.map_or("countersign", |name| name.value).into(),
        attributes: attributes
            .map(|(name, values)| {
                let values = values.into_iter().map(|value| value.value.into());
                (name.value.into(), values.collect())
            })
            .collect(),
        answer: Duration::from_secs(answer_secs.map_or(5, |number| number.value)),
        ca_file: ca_file.map(|path| scene.resolve(path.value)),
        headers: headers.map(|place| scene.place(place.value)),
    }
}

fn posted_to(url: &url::Url<'_>, own: &str) -> String {
    let path = match url.path {
        "" | "/" => own,
        path => path,
    };
    format!("{}{path}", url.origin())
}
