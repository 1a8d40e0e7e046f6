//! Patterns of the data files: a text that is looked for in any case, `*` for anything in between.
//!
//! Knows: letters. Does not know where the text comes from.

/// So many characters at most does one `*` stand for: words that belong together stand together.
const GAP_BYTES_MAX: usize = 300;

/// Whether a pattern occurs in a text. Both are lower-case.
pub(super) fn occurs(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(first) = parts.next() else {
        return false;
    };
    let rest: Vec<&str> = parts.collect();
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|text| text.find(first)) {
        let after = from + at + first.len();
        if text.get(after..).is_some_and(|text| follow(&rest, text)) {
            return true;
        }
        let step = text.get(from + at..).and_then(|text| text.chars().next());
        let Some(step) = step.filter(|_| !first.is_empty()) else {
            return false;
        };
        from += at + step.len_utf8();
    }
    false
}

fn follow(parts: &[&str], text: &str) -> bool {
    let Some((part, rest)) = parts.split_first() else {
        return true;
    };
    let mut end = text.len().min(GAP_BYTES_MAX + part.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let near = text.get(..end).unwrap_or_default();
    near.find(part)
        .and_then(|at| text.get(at + part.len()..))
        .is_some_and(|text| follow(rest, text))
}

/// Whether a pattern is all of a text. Both are lower-case.
pub(super) fn covers(pattern: &str, text: &str) -> bool {
    let parts: Vec<&str> = pattern.split('*').collect();
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else {
        return false;
    };
    if parts.len() == 1 {
        return pattern == text;
    }
    let middle = text
        .strip_prefix(first)
        .and_then(|text| text.strip_suffix(last));
    let inner = parts.get(1..parts.len() - 1).unwrap_or_default();
    middle.is_some_and(|text| inner.iter().all(|part| part.is_empty()) || follow(inner, text))
}

#[cfg(test)]
mod tests {
    use super::{covers, occurs};

    #[test]
    fn a_pattern_occurs_with_anything_between_its_parts() {
        assert!(occurs("aadsts7000222", "x aadsts7000222: y"));
        assert!(occurs(
            "the audience * is invalid",
            "\"the audience 'a' is invalid\""
        ));
        assert!(occurs("aab", "aaab"));
        assert!(occurs("a*b*c", "a1b2c"));
        assert!(!occurs("a*b*c", "a1c2b"));
        assert!(!occurs(
            "the audience * is invalid",
            "the audience is invalid"
        ));
        assert!(!occurs("a*b", &format!("a{}b", "é".repeat(400))));
    }

    #[test]
    fn a_pattern_covers_the_whole_text_or_nothing() {
        assert!(covers("*.example.com", "a.example.com"));
        assert!(!covers("*.example.com", "a.example.com.evil"));
        assert!(covers("nginx*", "nginx/1.25"));
        assert!(covers("*", ""));
        assert!(covers("a", "a") && !covers("a", "ab"));
        assert!(covers("a*b*c", "a1b2c") && !covers("a*b*c", "a1c"));
    }
}
