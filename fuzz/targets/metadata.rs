//! Protected resource metadata: taken only for the resource that was asked about; the well-known URL keeps the origin.
//!
//! The first line of the input is the resource, the rest the document.

#![no_main]

use countersign_wire::metadata::{WELL_KNOWN, parse, well_known_path, well_known_url};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let at = data
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(data.len());
    let (resource, document) = data.split_at(at);
    let Ok(resource) = str::from_utf8(resource) else {
        return;
    };
    if let Ok(url) = well_known_url(resource) {
        let path = well_known_path(resource).expect("a URL has a path");
        let origin = url.strip_suffix(&path).expect("the path ends the URL");
        assert!(resource.starts_with(origin));
        assert!(path.starts_with(WELL_KNOWN));
    }
    if let Ok(read) = parse(document, resource) {
        assert_eq!(read.resource, resource);
        assert_eq!(parse(read.to_json().as_bytes(), resource).ok(), Some(read));
    }
});
