//! Words that are made anew for every answer: identifiers, times, tokens.
//!
//! Knows: what such a word looks like. An error's own code, `ERR_AUTH_10012` or `InvalidClientTokenId`, is none of them.

/// The text with every such word replaced, and white space made one.
pub(super) fn settled(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    for letter in text.chars().chain([' ']) {
        if letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '+' | '/' | '=' | ':') {
            word.push(letter);
            continue;
        }
        match out.strip_suffix("#.").filter(|_| is_fraction(&word)) {
            Some(_) => out.truncate(out.len().saturating_sub(1)),
            None => out.push_str(&settled_word(&word)),
        }
        word.clear();
        if !(letter.is_whitespace() && out.ends_with([' ', '#'])) {
            out.push(if letter.is_whitespace() { ' ' } else { letter });
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// What follows the point of a time or number: `123Z`, `5+00:00`.
fn is_fraction(word: &str) -> bool {
    let bare = word.trim_end_matches(':');
    let rest = bare.trim_start_matches(|letter: char| letter.is_ascii_digit());
    rest.len() < bare.len() && (matches!(rest, "" | "Z" | "z") || rest.starts_with('+'))
}

/// A word of several parts is looked at part by part, unless the whole is one token.
fn settled_word(word: &str) -> String {
    if is_volatile(word) {
        return "#".to_owned();
    }
    let mut out = String::with_capacity(word.len());
    for piece in word.split_inclusive(['/', '=', ':']) {
        let bare = piece.trim_end_matches(['/', '=', ':']);
        let end = piece.strip_prefix(bare).unwrap_or_default();
        out.push_str(if is_volatile(bare) { "#" } else { bare });
        out.push_str(end);
    }
    out
}

/// Whether a word is made anew each time.
pub(super) fn is_volatile(word: &str) -> bool {
    is_number(word) || is_time(word) || is_hex(word) || is_random(word) || is_date_name(word)
}

/// A count of seconds or milliseconds, or a serial number.
fn is_number(word: &str) -> bool {
    word.len() >= 10 && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// `2026-01-01`, `2026-01-01T00:00:00`, `00:00:00`, in whatever precision.
fn is_time(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let marks = word
        .bytes()
        .filter(|byte| matches!(byte, b'-' | b':' | b'/'))
        .count();
    let others = word.len().saturating_sub(digits + marks);
    let letters = ["T", "Z", "z", "t"];
    let odd = letters
        .iter()
        .map(|letter| word.matches(letter).count())
        .sum::<usize>();
    digits >= 4 && marks >= 2 && others == odd && others <= 2
}

/// The day and month of an HTTP date, RFC 9110 section 5.6.7.
fn is_date_name(word: &str) -> bool {
    const NAMES: [&str; 19] = [
        "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Jan", "Feb", "Mar", "Apr", "May", "Jun",
        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    NAMES.contains(&word)
}

/// A hash, a UUID, an identifier of a trace.
fn is_hex(word: &str) -> bool {
    let hex = word
        .bytes()
        .all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let digits = word.bytes().any(|byte| byte.is_ascii_digit());
    hex && digits && word.bytes().filter(u8::is_ascii_hexdigit).count() >= 8
}

/// base64 and its kin: kinds of letters change all the time, as they do in no word that people make up.
fn is_random(word: &str) -> bool {
    const LENGTH_MIN: usize = 12;
    const LENGTH_LONG: usize = 20;
    let kind = |byte: u8| match byte {
        b'0'..=b'9' => Some(0),
        b'a'..=b'z' => Some(1),
        b'A'..=b'Z' => Some(2),
        _ => None,
    };
    let kinds: Vec<u8> = word.bytes().filter_map(kind).collect();
    let changes = kinds.windows(2).filter(|pair| pair.first() != pair.last());
    let changes = changes.count();
    let into_digits = kinds
        .windows(2)
        .filter(|pair| matches!(pair, [before, 0] if *before != 0))
        .count();
    let length = kinds.len();
    length >= LENGTH_MIN && into_digits >= 2 && changes * 4 >= length
        || length >= LENGTH_LONG && into_digits >= 1 && changes * 3 >= length
}
