//! Patterns of words: `token|jwt has|is? expired`, `account .. lock*`.
//!
//! | element | stands for |
//! |---|---|
//! | `a\|b` | either word |
//! | `lock*` | every word that begins so |
//! | `has?` | the word, or nothing |
//! | `..` | up to four words |

use crate::words::said::Sentence;

/// What `..` stands for at most.
const GAP_WORDS_MAX: usize = 4;

/// A pattern of words within one sentence.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct WordPattern(Vec<Element>);

#[derive(Debug, PartialEq, Eq)]
enum Element {
    Gap,
    Word { any: Vec<Piece>, optional: bool },
}

#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Whole(String),
    Beginning(String),
}

impl WordPattern {
    /// Reads a pattern; `None` for one without a word, or with letters that no word has.
    pub(crate) fn parse(text: &str) -> Option<WordPattern> {
        let elements: Option<Vec<Element>> = text.split_whitespace().map(Element::parse).collect();
        let elements = elements?;
        let has_word = elements.iter().any(|element| {
            matches!(
                element,
                Element::Word {
                    optional: false,
                    ..
                }
            )
        });
        has_word.then_some(WordPattern(elements))
    }

    /// The number of the word at which the pattern begins first.
    pub(crate) fn find(&self, sentence: &Sentence<'_>) -> Option<usize> {
        let words: Vec<&str> = sentence.words.iter().map(String::as_str).collect();
        (0..words.len()).find(|at| follow(&self.0, words.get(*at..).unwrap_or_default()))
    }
}

fn follow(elements: &[Element], words: &[&str]) -> bool {
    let Some((element, rest)) = elements.split_first() else {
        return true;
    };
    match element {
        // A gap never hides a negation: `account .. locked` is not in `account is not locked`.
        Element::Gap => (0..=GAP_WORDS_MAX.min(words.len()))
            .take_while(|skipped| !words.iter().take(*skipped).any(|word| negates(word)))
            .any(|skipped| follow(rest, words.get(skipped..).unwrap_or_default())),
        Element::Word { any, optional } => {
            let taken = words.split_first().is_some_and(|(word, after)| {
                any.iter().any(|piece| piece.is(word)) && follow(rest, after)
            });
            taken || *optional && follow(rest, words)
        }
    }
}

/// Words that turn the meaning of those after them around.
pub(crate) fn negates(word: &str) -> bool {
    matches!(
        word,
        "not" | "never" | "isnt" | "hasnt" | "wasnt" | "arent" | "without"
    )
}

impl Element {
    fn parse(text: &str) -> Option<Element> {
        if text == ".." {
            return Some(Element::Gap);
        }
        let (text, optional) = match text.strip_suffix('?') {
            Some(text) => (text, true),
            None => (text, false),
        };
        let any: Option<Vec<Piece>> = text.split('|').map(Piece::parse).collect();
        Some(Element::Word {
            any: any?,
            optional,
        })
    }
}

impl Piece {
    fn parse(text: &str) -> Option<Piece> {
        let is_word = |text: &str| {
            !text.is_empty()
                && text
                    .chars()
                    .all(|letter| letter.is_alphanumeric() && !letter.is_uppercase())
        };
        match text.strip_suffix('*') {
            Some(beginning) => is_word(beginning).then(|| Piece::Beginning(beginning.to_owned())),
            None => is_word(text).then(|| Piece::Whole(text.to_owned())),
        }
    }

    fn is(&self, word: &str) -> bool {
        match self {
            Piece::Whole(whole) => whole == word,
            Piece::Beginning(beginning) => word.starts_with(beginning.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::WordPattern;
    use crate::words::said::Sentence;

    fn find(pattern: &str, text: &str) -> Option<usize> {
        let sentences = Sentence::all(text);
        WordPattern::parse(pattern)
            .unwrap()
            .find(sentences.first()?)
    }

    #[test]
    fn patterns_are_found_in_codes_and_sentences() {
        assert_eq!(
            find("token|jwt has|is? expired", "The token has expired"),
            Some(1)
        );
        assert_eq!(
            find("token|jwt has|is? expired", "ERR_JWT_EXPIRED"),
            Some(1)
        );
        assert_eq!(
            find("account .. lock*", "your account was temporarily locked"),
            Some(1)
        );
        assert_eq!(find("account .. lock*", "account a b c d e locked"), None);
        assert_eq!(find("token expired", "tokens expired"), None);
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in ["", "..", "Token", "a||b", "a?", "to-ken"] {
            assert_eq!(WordPattern::parse(text), None, "{text}");
        }
    }
}
