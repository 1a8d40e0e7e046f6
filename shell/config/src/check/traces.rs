//! `[traces]`: the collector that spans go to.
//!
//! Knows: one section. Does not know the network: nobody is asked here.

use std::time::Duration;

use super::{Scene, text, url};
use crate::declared::traces;
use crate::read::Fields;
use crate::settings::Traces;

/// Where a collector takes traces when only its own address is given.
const PATH: &str = "/v1/traces";

pub(super) fn read(fields: Option<&Fields<'_>>, scene: Scene<'_>) -> Option<Traces> {
    let fields = fields?;
    let ca_file = fields.text(&traces::CA_FILE);
    if let Some(path) = &ca_file {
        scene.pem(path, "CERTIFICATE", "certificate");
    }
    let number = |key, default: u64| fields.whole(key).map_or(default, |number| number.value);
    let count = |key, default| usize::try_from(number(key, default)).unwrap_or(usize::MAX);
    let name = text::not_empty(fields, &traces::SERVICE_NAME, scene);
    let address = fields.text(&traces::URL);
    let address = address.and_then(|address| url::read(&address, scene));
    Some(Traces {
        url: address.map(|url| posted_to(&url)).unwrap_or_default(),
        service_name: name.map_or("countersign", |name| name.value).into(),
        sample_percent: u32::try_from(number(&traces::SAMPLE_PERCENT, 100)).unwrap_or(100),
        queue_max: count(&traces::QUEUE_MAX, 4096),
        batch_max: count(&traces::BATCH_MAX, 512),
        every: Duration::from_millis(number(&traces::EVERY_MILLIS, 1000)),
        answer: Duration::from_secs(number(&traces::ANSWER_SECS, 5)),
        ca_file: ca_file.map(|path| scene.resolve(path.value)),
    })
}

fn posted_to(url: &url::Url<'_>) -> String {
    let path = match url.path {
        "" | "/" => PATH,
        path => path,
    };
    format!("{}{path}", url.origin())
}
