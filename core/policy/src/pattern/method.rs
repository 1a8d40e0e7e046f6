//! Sets of methods.
//!
//! Knows: tokens in upper case, compared to the letter. `HEAD` is not part of `GET`: whoever wants both writes both, so
//! that a list says all that it means. Only the method of the request line counts; nothing here reads a header or a
//! parameter that claims another one.
//!
//! Does not know: which methods the gateway serves at all.

use std::error::Error;
use std::fmt;

use http::Method;

/// The methods that a route is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Methods {
    /// Every method.
    Any,
    /// These, never empty.
    Only(Box<[Method]>),
}

impl Methods {
    /// Reads one method.
    ///
    /// ```abnf
    /// method = 1*( UPALPHA / DIGIT / "-" / "_" / "." )
    /// ```
    ///
    /// RFC 9110 section 9.1 allows any token, case-sensitively. Lower case is refused here, since `get` would be another
    /// method than `GET`, and is always a slip.
    ///
    /// # Errors
    ///
    /// An empty name, lower-case letters, or other characters.
    pub fn parse_one(text: &str) -> Result<Method, MethodDefect> {
        if text.is_empty() {
            return Err(MethodDefect::Empty);
        }
        if text.bytes().any(|byte| byte.is_ascii_lowercase()) {
            return Err(MethodDefect::LowerCase);
        }
        if !text
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b"-_.".contains(&b))
        {
            return Err(MethodDefect::OddCharacter);
        }
        Method::from_bytes(text.as_bytes()).map_err(|_| MethodDefect::OddCharacter)
    }

    /// Whether the method is in the set.
    #[must_use]
    pub fn contain(&self, method: &Method) -> bool {
        match self {
            Methods::Any => true,
            Methods::Only(listed) => listed.contains(method),
        }
    }

    /// Whether every method of the other set is in this one.
    #[must_use]
    pub fn cover(&self, other: &Methods) -> bool {
        match (self, other) {
            (Methods::Any, _) => true,
            (Methods::Only(_), Methods::Any) => false,
            (Methods::Only(listed), Methods::Only(others)) => {
                others.iter().all(|other| listed.contains(other))
            }
        }
    }
}

impl fmt::Display for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Methods::Any => f.write_str("any method"),
            Methods::Only(listed) => {
                for (index, method) in listed.iter().enumerate() {
                    write!(f, "{}{method}", if index == 0 { "" } else { " " })?;
                }
                Ok(())
            }
        }
    }
}

/// What is wrong with a method's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MethodDefect {
    /// Nothing there.
    Empty,
    /// Lower-case letters.
    LowerCase,
    /// A character that no method has.
    OddCharacter,
}

impl fmt::Display for MethodDefect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            MethodDefect::Empty => "the method is empty",
            MethodDefect::LowerCase => "the method has lower-case letters",
            MethodDefect::OddCharacter => "the method has a character that no method has",
        })
    }
}

impl Error for MethodDefect {}
