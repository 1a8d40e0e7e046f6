//! Headers as proxies write them, and every way to write one wrongly.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "tests"
)]

use proptest::prelude::*;

use super::{Defect, Header, Sender, read};

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
const MAX: usize = 4096;

fn client(address: &str) -> Sender {
    Sender::Client(address.parse().unwrap())
}

fn v2(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let length = (rest.len() as u16).to_be_bytes();
    [SIGNATURE, &[command, family], &length, rest].concat()
}

fn field(kind: u8, value: &[u8]) -> Vec<u8> {
    [&[kind], &(value.len() as u16).to_be_bytes()[..], value].concat()
}

const V4: [u8; 12] = [192, 0, 2, 7, 198, 51, 100, 1, 0xDC, 0x04, 0x01, 0xBB];

#[test]
fn proxy_protocol_section_2_1_examples() {
    let examples = [
        (
            "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n",
            client("255.255.255.255:65535"),
        ),
        (
            "PROXY TCP6 ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n",
            client("[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"),
        ),
        ("PROXY UNKNOWN\r\n", Sender::Unknown),
        (
            "PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n",
            Sender::Unknown,
        ),
    ];
    for (line, sender) in examples {
        // The specification writes the longest address so.
        let line = line.replace("ffff:f...f:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
        let size = line.len();
        let with_more = format!("{line}GET / HTTP/1.1\r\n");
        assert_eq!(
            read(with_more.as_bytes(), MAX),
            Ok(Some(Header { sender, size })),
            "{line}"
        );
        for end in 0..size {
            assert_eq!(read(&line.as_bytes()[..end], MAX), Ok(None), "{end} {line}");
        }
    }
}

#[test]
fn lines_that_are_written_wrongly() {
    for line in [
        "PROXY \r\n",
        "PROXY TCP4\r\n",
        "PROXY TCP5 192.0.2.7 198.51.100.1 1 2\r\n",
        "PROXY tcp4 192.0.2.7 198.51.100.1 1 2\r\n",
        "PROXY UNKNOWNS\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 1 2\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 1 2 3\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 1 2 \r\n",
        "PROXY TCP4  192.0.2.7 198.51.100.1 1 2\r\n",
        "PROXY TCP4 192.0.2.7  198.51.100.1 1 2\r\n",
        "PROXY TCP4\t192.0.2.7 198.51.100.1 1 2\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 1\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 01 2\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 +1 2\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 1 65536\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 1 00\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1  2\r\n",
        "PROXY TCP4 192.0.2.07 198.51.100.1 1 2\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100 1 2\r\n",
        "PROXY TCP4 192.0.2.7 ::1 1 2\r\n",
        "PROXY TCP4 ::ffff:192.0.2.7 198.51.100.1 1 2\r\n",
        "PROXY TCP6 192.0.2.7 198.51.100.1 1 2\r\n",
        "PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n",
        "PROXY TCP6 [::1] [::1] 1 2\r\n",
        "PROXY TCP4 192.0.2.7\0 198.51.100.1 1 2\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 1 2\r\r\n",
        "PROXY UNKNOWN \u{e9}\n",
    ] {
        assert_eq!(read(line.as_bytes(), MAX), Err(Defect::Line), "{line:?}");
    }
    assert_eq!(read(b"PROXY UNKNOWN \xff\r\n", MAX), Err(Defect::Line));
}

#[test]
fn a_line_ends_within_107_bytes() {
    let line = |bytes: usize| format!("PROXY UNKNOWN {}\r\n", "x".repeat(bytes - 16));
    let size = 107;
    let sender = Sender::Unknown;
    assert_eq!(
        read(line(107).as_bytes(), MAX),
        Ok(Some(Header { sender, size }))
    );
    assert_eq!(read(line(108).as_bytes(), MAX), Err(Defect::Line));
    assert_eq!(read(&line(108).as_bytes()[..106], MAX), Ok(None));
    assert_eq!(read(&line(108).as_bytes()[..107], MAX), Err(Defect::Line));
}

#[test]
fn what_begins_as_neither_version_is_refused_at_its_first_byte() {
    for bytes in [
        &b"G"[..],
        b"GET / HTTP/1.1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"PROXX",
        b"proxy TCP4",
        b"PROXY\tTCP4",
        b"\x16\x03\x01",
        b"\r\n\r\n\0\r\nQUIt",
        b"\r\n\r\n\r\n",
        b"\0",
    ] {
        assert_eq!(read(bytes, MAX), Err(Defect::Absent), "{bytes:?}");
    }
    assert_eq!(read(b"", MAX), Ok(None));
}

#[test]
fn version_2_of_each_family() {
    let mut v6 = [0; 36];
    v6[..16].copy_from_slice(
        &"2001:db8::7"
            .parse::<std::net::Ipv6Addr>()
            .unwrap()
            .octets(),
    );
    v6[32..].copy_from_slice(&[0xDC, 0x04, 0x01, 0xBB]);
    let cases = [
        (v2(0x21, 0x11, &V4), client("192.0.2.7:56324")),
        (v2(0x21, 0x21, &v6), client("[2001:db8::7]:56324")),
        (v2(0x21, 0x31, &[0; 216]), Sender::Unknown),
        (v2(0x21, 0x00, &[]), Sender::Unknown),
        (v2(0x20, 0x00, &[]), Sender::Itself),
        (v2(0x20, 0x11, &V4), Sender::Itself),
        (v2(0x20, 0xEE, b"anything"), Sender::Itself),
        // PP2_TYPE_NOOP, and a type that is nobody's.
        (
            v2(
                0x21,
                0x11,
                &[&V4[..], &field(4, &[0; 9]), &field(0xF0, b"")].concat(),
            ),
            client("192.0.2.7:56324"),
        ),
    ];
    for (bytes, sender) in cases {
        let size = bytes.len();
        let with_more = [&bytes[..], b"\x16\x03\x01"].concat();
        assert_eq!(read(&with_more, MAX), Ok(Some(Header { sender, size })));
        for end in 0..size {
            assert_eq!(read(&bytes[..end], MAX), Ok(None), "{end}");
        }
    }
}

#[test]
fn version_2_of_no_such_kind() {
    for (command, family) in [
        (0x11, 0x11),
        (0x31, 0x11),
        (0x22, 0x11),
        (0x2F, 0x11),
        (0x01, 0x11),
        (0x21, 0x01),
        (0x21, 0x10),
        (0x21, 0x12),
        (0x21, 0x13),
        (0x21, 0x22),
        (0x21, 0x32),
        (0x21, 0x41),
    ] {
        let bytes = v2(command, family, &[0; 216]);
        assert_eq!(
            read(&bytes, MAX),
            Err(Defect::Kind),
            "{command:x} {family:x}"
        );
        // That much is seen before the rest has come.
        assert_eq!(read(&bytes[..16], MAX), Err(Defect::Kind));
    }
}

#[test]
fn version_2_with_a_wrong_length() {
    for (family, bytes) in [(0x11, 11), (0x21, 35), (0x31, 215)] {
        assert_eq!(
            read(&v2(0x21, family, &vec![0; bytes]), MAX),
            Err(Defect::AddressesShort)
        );
    }
    let fit = v2(0x21, 0x11, &[&V4[..], &field(4, &[0; 65])].concat());
    assert_eq!(fit.len(), 96);
    assert!(read(&fit, 96).unwrap().is_some());
    assert_eq!(read(&fit, 95), Err(Defect::TooLong));
    // What it announces counts, not what has come.
    assert_eq!(read(&fit[..16], 95), Err(Defect::TooLong));
    let huge = [SIGNATURE, &[0x21, 0x11, 0xFF, 0xFF]].concat();
    assert_eq!(read(&huge, MAX), Err(Defect::TooLong));
}

#[test]
fn version_2_with_fields_that_do_not_fill_it() {
    for fields in [
        &[4][..],
        &[4, 0],
        &[4, 0, 2, 9],
        &[4, 0, 0, 4],
        &[4, 0xFF, 0xFF, 1],
    ] {
        let bytes = v2(0x21, 0x11, &[&V4[..], fields].concat());
        assert_eq!(read(&bytes, MAX), Err(Defect::Fields), "{fields:?}");
    }
}

#[test]
fn proxy_protocol_section_2_2_5_checksum() {
    // Computed apart, with another implementation of CRC-32C.
    let with = |value: &[u8]| {
        let rest = [&V4[..], &field(4, b"abc"), &field(3, value), &field(4, b"")].concat();
        v2(0x21, 0x11, &rest)
    };
    let right = 0x5B34_5F4A_u32.to_be_bytes();
    assert!(read(&with(&right), MAX).unwrap().is_some());
    let mut wrong = right;
    wrong[3] ^= 1;
    for value in [&wrong[..], &right[..3], &[], &[0; 4], &[0; 5]] {
        assert_eq!(read(&with(value), MAX), Err(Defect::Checksum), "{value:?}");
    }
    let twice = [&V4[..], &field(3, &right), &field(3, &right)].concat();
    assert_eq!(read(&v2(0x21, 0x11, &twice), MAX), Err(Defect::Checksum));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(
        begin in prop_oneof![Just(&b""[..]), Just(&b"PROXY "[..]), Just(SIGNATURE)],
        rest in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        let bytes = [begin, &rest].concat();
        if let Ok(Some(header)) = read(&bytes, 300) {
            prop_assert!(header.size <= bytes.len() && header.size <= 300);
            // What follows changes nothing, and with one byte less it is not whole.
            prop_assert_eq!(read(&bytes[..header.size], 300), Ok(Some(header)));
            prop_assert_eq!(read(&bytes[..header.size - 1], 300), Ok(None));
        }
    }

    #[test]
    fn every_client_is_read_as_it_was_written(source: std::net::IpAddr, port: u16) {
        let family = if source.is_ipv4() { "TCP4" } else { "TCP6" };
        let line = format!("PROXY {family} {source} {source} {port} {port}\r\n");
        let sender = Sender::Client((source, port).into());
        let header = Header { sender, size: line.len() };
        prop_assert_eq!(read(line.as_bytes(), MAX), Ok(Some(header)));
    }
}
