//! Reading what was given: files and standard input.
//!
//! Knows: limits, and what to say of a file that cannot be read. Does not know what is in one.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::failure::Failure;

/// What stands for standard input.
const STDIN: &str = "-";

/// A paste, a request, an answer.
pub(super) const TEXT_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// A recording, a collection.
pub(super) const RECORDING_BYTES_MAX: u64 = 200 * 1024 * 1024;

/// The bytes of a file, `-` for standard input.
pub(super) fn bytes(path: &Path, bytes_max: u64) -> Result<Vec<u8>, Failure> {
    if path == Path::new(STDIN) {
        return stdin(bytes_max);
    }
    let name = path.display();
    let failed = |error: &std::io::Error| {
        let failure = Failure::usage(format!("cannot read `{name}`: {error}"));
        if error.kind() == std::io::ErrorKind::IsADirectory {
            failure.help("name the file itself")
        } else {
            failure
        }
    };
    let file = File::open(path).map_err(|error| failed(&error))?;
    // What is too long is not read at all, and what is not takes no more memory than its length.
    let bytes_known = file.metadata().map_or(0, |about| about.len());
    let name = format!("`{name}`");
    if bytes_known > bytes_max {
        return Err(too_long(&name, bytes_max));
    }
    let bytes = limited(file, bytes_known, bytes_max).map_err(|error| failed(&error))?;
    checked(bytes, &name, bytes_max)
}

/// All of standard input.
pub(super) fn stdin(bytes_max: u64) -> Result<Vec<u8>, Failure> {
    let bytes = limited(std::io::stdin().lock(), 0, bytes_max)
        .map_err(|error| Failure::usage(format!("cannot read standard input: {error}")))?;
    checked(bytes, "standard input", bytes_max)
}

/// A text in UTF-8. What Windows PowerShell writes with `>` is UTF-16, with a mark before it that tells so.
pub(super) fn text(bytes: Vec<u8>) -> Vec<u8> {
    let (big, pairs) = match bytes.as_slice() {
        [0xff, 0xfe, pairs @ ..] => (false, pairs),
        [0xfe, 0xff, pairs @ ..] => (true, pairs),
        _ => return bytes,
    };
    let units = pairs.chunks_exact(2).map(|pair| match pair {
        [first, second] if big => u16::from_be_bytes([*first, *second]),
        [first, second] => u16::from_le_bytes([*first, *second]),
        _ => 0,
    });
    let decoded: Result<String, _> = char::decode_utf16(units).collect();
    match decoded {
        Ok(text) if !text.is_empty() && pairs.len() % 2 == 0 => text.into_bytes(),
        Ok(_) | Err(_) => bytes,
    }
}

/// One byte more than allowed tells that there are more.
fn limited(reader: impl Read, bytes_known: u64, bytes_max: u64) -> std::io::Result<Vec<u8>> {
    let room = bytes_known.min(bytes_max) + 1;
    let mut bytes = Vec::with_capacity(usize::try_from(room).unwrap_or_default());
    reader.take(bytes_max + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn checked(bytes: Vec<u8>, name: &str, bytes_max: u64) -> Result<Vec<u8>, Failure> {
    if bytes.is_empty() {
        return Err(Failure::usage(format!("{name} is empty")));
    }
    if bytes.len() as u64 > bytes_max {
        return Err(too_long(name, bytes_max));
    }
    Ok(bytes)
}

fn too_long(name: &str, bytes_max: u64) -> Failure {
    let mebibytes = bytes_max / (1024 * 1024);
    Failure::usage(format!("{name} is longer than {mebibytes} MiB")).help(match bytes_max {
        RECORDING_BYTES_MAX => "record again, or export only the requests around the refusal",
        _ => "leave out what is not part of the request or its answer",
    })
}
