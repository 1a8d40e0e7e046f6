//! What everything has in common that goes to a collector of OpenTelemetry: who sends it, and how attributes are written.
//!
//! Knows: OTLP's JSON form. Does not know spans, figures, nor the network.

use aws_lc_rs::rand;
use countersign_config::Collector;
use serde_json::{Value, json};

use crate::StartError;

/// An id of this process, so that figures of several gateways are not taken for those of one.
pub(crate) struct Instance(String);

impl Instance {
    /// Drawn anew at each start: a UUID of version 4, as the conventions of OpenTelemetry advise.
    pub(crate) fn draw() -> Result<Self, StartError> {
        let mut random = [0; 16];
        rand::fill(&mut random).map_err(|_| StartError::Random)?;
        Ok(Self(uuid(random)))
    }
}

/// RFC 9562 section 5.4: version and variant take the place of six random bits.
fn uuid(random: [u8; 16]) -> String {
    let bits = u128::from_be_bytes(random);
    let bits = bits & !(0xf << 76) | 0x4 << 76;
    let bits = bits & !(0x3 << 62) | 0x2 << 62;
    let digits = format!("{bits:032x}");
    let mut id = String::with_capacity(36);
    for (place, digit) in digits.chars().enumerate() {
        if [8, 12, 16, 20].contains(&place) {
            id.push('-');
        }
        id.push(digit);
    }
    id
}

/// `Resource`: the gateway that sends.
pub(super) fn resource(collector: &Collector, instance: &Instance) -> Value {
    let own = [
        ("service.name", &*collector.service_name),
        ("service.version", env!("CARGO_PKG_VERSION")),
        ("service.instance.id", &*instance.0),
    ];
    let given = &collector.attributes;
    let is_given = |key: &str| given.iter().any(|(given, _)| **given == *key);
    let own = own.into_iter().filter(|(key, _)| !is_given(key));
    let own = own.map(|(key, value)| attribute(key, &text(value)));
    let given = given
        .iter()
        .map(|(key, values)| attribute(key, &texts(values)));
    json!({ "attributes": own.chain(given).collect::<Vec<_>>() })
}

/// `InstrumentationScope`: the program that has written it.
pub(super) fn scope() -> Value {
    json!({ "name": "countersign", "version": env!("CARGO_PKG_VERSION") })
}

/// `KeyValue`.
pub(super) fn attribute(key: &str, value: &Value) -> Value {
    json!({ "key": key, "value": value })
}

/// `AnyValue` with a text.
pub(super) fn text(text: &str) -> Value {
    json!({ "stringValue": text })
}

fn texts(values: &[Box<str>]) -> Value {
    match values {
        [one] => text(one),
        all => {
            let values: Vec<Value> = all.iter().map(|value| text(value)).collect();
            json!({ "arrayValue": { "values": values } })
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use std::time::Duration;

    use super::*;

    #[test]
    fn rfc9562_section_5_4_version_and_variant() {
        assert_eq!(uuid([0; 16]), "00000000-0000-4000-8000-000000000000");
        assert_eq!(uuid([0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_ne!(Instance::draw().unwrap().0, Instance::draw().unwrap().0);
    }

    #[test]
    fn what_is_given_takes_the_place_of_what_is_the_gateways_own() {
        let collector = Collector {
            url: String::new(),
            service_name: "edge".into(),
            attributes: vec![
                ("service.instance.id".into(), vec!["one".into()]),
                ("zones".into(), vec!["a".into(), "b".into()]),
            ],
            answer: Duration::ZERO,
            ca_file: None,
            headers: None,
        };
        let resource = resource(&collector, &Instance("drawn".to_owned()));
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(
            resource["attributes"],
            json!([
                { "key": "service.name", "value": { "stringValue": "edge" } },
                { "key": "service.version", "value": { "stringValue": version } },
                { "key": "service.instance.id", "value": { "stringValue": "one" } },
                { "key": "zones", "value": { "arrayValue": { "values": [{ "stringValue": "a" }, { "stringValue": "b" }] } } },
            ])
        );
    }
}
