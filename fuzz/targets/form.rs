//! Forms: any bytes have one value for a name or none, and what is encoded is read back.

#![no_main]

use countersign_wire::form::{encode, field};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Some(value) = field(data, "a") {
        assert!(data.starts_with(b"a=") || data.windows(3).any(|window| window == b"&a="));
        let again = [b"a=".as_slice(), encode(&value).as_bytes()].concat();
        assert_eq!(field(&again, "a"), Some(value));
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let form = format!("a={}", encode(text));
        assert_eq!(field(form.as_bytes(), "a").as_deref(), Some(text));
    }
});
