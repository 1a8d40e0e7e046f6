//! The payload of Basic: what is read can be written by the client half and is read as the same.

#![no_main]

use countersign_wire::basic::client::{Charset, authorization};
use countersign_wire::basic::server::parse;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(read) = parse(data) else { return };
    assert_eq!(read.raw(), data);
    assert!(!read.user().is_empty() && !read.user().contains(':'));
    let written = authorization(read.user(), read.password(), Charset::Utf8)
        .expect("what was read can be sent");
    let payload = written
        .expose()
        .strip_prefix("Basic ")
        .expect("the scheme word comes first");
    let again = parse(payload.as_bytes()).unwrap_or_else(|defect| panic!("{defect:?}"));
    assert_eq!(
        (again.user(), again.password()),
        (read.user(), read.password())
    );
});
