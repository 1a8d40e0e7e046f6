//! The request target: its canonical form is read as itself, holds nothing ambiguous, and keeps the query.

#![no_main]

use countersign_policy::Target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let Ok(target) = Target::parse(text) else {
        return;
    };
    let canonical = target.as_str();
    let again = Target::parse(canonical).expect("a canonical target is read");
    assert!(again.is_as_received());
    assert_eq!(
        (again.path(), again.query()),
        (target.path(), target.query())
    );
    assert_eq!(target.query(), text.split_once('?').map(|(_, query)| query));
    let path = target.path();
    assert!(path.starts_with('/') && !path.contains("//") && !path.contains(['\\', '#', '?', ';']));
    assert!(
        path.split('/')
            .all(|segment| segment != "." && segment != "..")
    );
    let upper = path.to_ascii_uppercase();
    assert!(
        !["%2F", "%5C", "%00", "%2E", "%3B"]
            .iter()
            .any(|encoded| upper.contains(encoded)),
        "{path}"
    );
});
