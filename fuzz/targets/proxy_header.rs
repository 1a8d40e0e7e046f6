//! The PROXY protocol's header: a slow, obvious reading of the same bytes comes to the same.

#![no_main]

use countersign_wire::proxy_header::{Sender, read};

const MAX: usize = 512;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(Some(header)) = read(data, MAX) else {
        return;
    };
    assert!(header.size <= data.len() && header.size <= MAX);
    let (whole, _) = data.split_at(header.size);
    assert_eq!(read(whole, MAX), Ok(Some(header)));
    for end in 0..header.size {
        assert_eq!(
            read(&data[..end], MAX),
            Ok(None),
            "each part is the part of a header"
        );
    }
    match header.sender {
        Sender::Client(address) if data.starts_with(b"PROXY ") => {
            let line = std::str::from_utf8(whole).expect("a line that is read is text");
            let words: Vec<&str> = line.trim_end().split(' ').collect();
            let [_, family, source, destination, port, _] = words[..] else {
                panic!("{line}")
            };
            assert_eq!(family == "TCP4", address.is_ipv4());
            assert_eq!(source.parse(), Ok(address.ip()));
            assert!(destination.parse::<std::net::IpAddr>().is_ok());
            assert_eq!(port, address.port().to_string());
        }
        Sender::Client(address) => {
            let (at, port) = if whole[13] == 0x11 {
                (16..20, 24)
            } else {
                (16..32, 48)
            };
            let octets = match address.ip() {
                std::net::IpAddr::V4(address) => address.octets().to_vec(),
                std::net::IpAddr::V6(address) => address.octets().to_vec(),
            };
            assert_eq!(octets, whole[at]);
            assert_eq!(address.port().to_be_bytes(), whole[port..port + 2]);
        }
        Sender::Unknown | Sender::Itself => {}
    }
});
