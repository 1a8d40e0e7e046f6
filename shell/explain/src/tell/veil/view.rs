//! A text with its percent-encoding taken off, and where each byte of it came from.
//!
//! Knows: RFC 3986 section 2.1. A URL encodes what its part demands and nothing else, so that a secret in it has more
//! forms than can be listed; without the encoding it has one. Does not know secrets.

/// A text as it is searched.
pub(super) struct View {
    /// The text to search.
    pub(super) text: String,
    /// For each byte where it begins in the original, and where that ends.
    begins: Vec<usize>,
}

/// Encoded more often than this, nobody reads it any more.
const ENCODINGS_MAX: usize = 3;

/// The text as it is, and with one encoding after the other taken off.
pub(super) fn of(text: String) -> Vec<View> {
    let begins = (0..=text.len()).collect();
    let mut views = vec![View { text, begins }];
    while views.len() <= ENCODINGS_MAX
        && let Some(decoded) = views.last().and_then(View::decoded)
    {
        views.push(decoded);
    }
    views
}

impl View {
    /// A span of this view as one of the original.
    pub(super) fn original(&self, begin: usize, end: usize) -> Option<(usize, usize)> {
        Some((*self.begins.get(begin)?, *self.begins.get(end)?))
    }

    fn decoded(&self) -> Option<View> {
        if !self.text.contains('%') {
            return None;
        }
        let mut text = String::with_capacity(self.text.len());
        let mut begins = Vec::with_capacity(self.begins.len());
        let mut at = 0;
        while let Some(letter) = self.text.get(at..).and_then(|rest| rest.chars().next()) {
            let run = escapes(self.text.get(at..).unwrap_or_default());
            if let (false, Ok(decoded)) = (run.is_empty(), std::str::from_utf8(&run)) {
                text.push_str(decoded);
                begins.extend((0..run.len()).filter_map(|n| self.begins.get(at + 3 * n)));
                at += 3 * run.len();
            } else {
                text.push(letter);
                let end = at + letter.len_utf8();
                begins.extend((at..end).filter_map(|byte| self.begins.get(byte)));
                at = end;
            }
        }
        begins.extend(self.begins.last());
        (text != self.text).then(|| View {
            // An escape may stand for a capital.
            text: text.to_ascii_lowercase(),
            begins,
        })
    }
}

/// The bytes of the escapes that a text begins with.
fn escapes(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks_exact(3)
        .map_while(|escape| match escape {
            [b'%', high, low] => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
            }
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        of(text.to_owned())
            .into_iter()
            .map(|view| view.text)
            .collect()
    }

    #[test]
    fn one_encoding_after_the_other_is_taken_off() {
        assert_eq!(texts("a"), ["a"]);
        assert_eq!(texts("a%20b%C3%A9"), ["a%20b%C3%A9", "a bé"]);
        assert_eq!(texts("%2541"), ["%2541", "%41", "a"]);
        // No escapes, or none of UTF-8.
        assert_eq!(texts("100%"), ["100%"]);
        assert_eq!(texts("%zz%ff"), ["%zz%ff"]);
    }

    #[test]
    fn a_span_is_found_where_it_came_from() {
        let views = of("x%2541é%C3%A9y".to_owned());
        let last = views.last().unwrap();
        assert_eq!(last.text, "xaééy");
        assert_eq!(last.original(1, 2), Some((1, 6)));
        assert_eq!(last.original(2, 4), Some((6, 8)));
        assert_eq!(last.original(4, 6), Some((8, 14)));
        assert_eq!(last.original(6, 7), Some((14, 15)));
    }
}
