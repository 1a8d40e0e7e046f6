//! `Host`: what is read is canonical, so that it is read again as itself.

#![no_main]

use countersign_policy::Host;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(host) = Host::parse(data) else { return };
    assert!(!host.name().is_empty());
    assert_eq!(host.name(), host.name().to_ascii_lowercase());
    let written = host.to_string();
    let again = Host::parse(written.as_bytes()).expect("a canonical host is read");
    assert_eq!((again.name(), again.port()), (host.name(), host.port()));
    assert_eq!(again.to_string(), written);
});
