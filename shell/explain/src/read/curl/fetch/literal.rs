//! Values of JavaScript, as far as calls of `fetch` are written with them.
//!
//! Knows: strings, templates, objects, sums, and the few calls with which credentials are built. Does not run
//! anything: what it can't know is taken as empty, and noted.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;

use super::super::scan::Scan;
use super::super::word::{Harm, Word};
use crate::read::ReadFault;

/// A value, as far as it can be known.
#[derive(Clone)]
pub(super) enum Value {
    /// A text, or what becomes one.
    Text(Word),
    /// An object.
    Object(Vec<(String, Value)>),
    /// An array.
    Array(Vec<Value>),
    /// `null` or `undefined`.
    Nothing,
    /// Anything else.
    Unknown,
}

/// Values within values are followed so far.
const DEPTH_MAX: usize = 64;

/// Reads values where a text stands.
pub(super) struct Reader<'t> {
    pub(super) scan: Scan<'t>,
    /// What the text has set before.
    pub(super) variables: Vec<(String, Value)>,
    depth: usize,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Reader<'t> {
        Reader {
            scan: Scan::new(text),
            variables: Vec::new(),
            depth: 0,
        }
    }

    /// The arguments of a call, behind its parenthesis.
    pub(super) fn arguments(&mut self) -> Result<Vec<Value>, ReadFault> {
        let mut values = Vec::new();
        loop {
            self.white_space();
            if self.scan.is_at_end() || self.scan.eat(")") {
                return Ok(values);
            }
            if !self.scan.eat(",") {
                values.push(self.value()?);
                self.skip_operators(')');
            }
        }
    }

    /// A value, or several that are added.
    pub(super) fn value(&mut self) -> Result<Value, ReadFault> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(ReadFault::new("the text nests its values too deeply"));
        }
        let mut sum = self.primary()?;
        loop {
            self.white_space();
            if !self.scan.eat("+") {
                break;
            }
            self.white_space();
            let next = self.primary()?;
            sum = match (text_of(sum), text_of(next)) {
                (Some(mut left), Some(right)) => {
                    left.append(right);
                    Value::Text(left)
                }
                (_, _) => Value::Unknown,
            };
        }
        self.depth -= 1;
        Ok(sum)
    }

    pub(super) fn white_space(&mut self) {
        loop {
            self.scan.take_while(char::is_whitespace);
            if self.scan.eat("//") {
                self.scan.take_while(|letter| letter != '\n');
            } else if !(self.scan.eat("/*") && self.scan.take_until("*/").is_some()) {
                return;
            }
        }
    }

    /// Passes over what is no value that is understood here, up to the next comma or closing mark.
    fn skip_operators(&mut self, close: char) {
        let mut depth = 0_usize;
        while let Some(letter) = self.scan.peek() {
            match letter {
                ',' if depth == 0 => return,
                other if other == close && depth == 0 => return,
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' if depth == 0 => return,
                ')' | ']' | '}' => depth -= 1,
                _ => {}
            }
            self.scan.bump();
        }
    }

    fn primary(&mut self) -> Result<Value, ReadFault> {
        match self.scan.peek() {
            Some(quote @ ('"' | '\'')) => {
                self.scan.bump();
                self.string(quote).map(Value::Text)
            }
            Some('`') => {
                self.scan.bump();
                self.template().map(Value::Text)
            }
            Some('{') => {
                self.scan.bump();
                self.object()
            }
            Some('[') => {
                self.scan.bump();
                self.array()
            }
            Some(letter) if letter.is_ascii_digit() => {
                let number = self
                    .scan
                    .take_while(|l| l.is_ascii_alphanumeric() || l == '.');
                Ok(Value::Text(Word::plain(number)))
            }
            Some(_) | None => self.named(),
        }
    }

    fn string(&mut self, quote: char) -> Result<Word, ReadFault> {
        let mut word = Word::default();
        loop {
            match self.scan.bump() {
                None | Some('\n') => return Err(unclosed()),
                Some(letter) if letter == quote => return Ok(word),
                Some('\\') => self.escape(&mut word),
                Some('$') => {
                    // Only templates expand.
                    if self.scan.peek() == Some('{')
                        && let Some(name) = super::super::posix::variable(self.scan.rest())
                    {
                        word.scar(Harm::Literal(name.to_owned()));
                    }
                    word.push('$');
                }
                Some(letter) => word.push(letter),
            }
        }
    }

    fn escape(&mut self, word: &mut Word) {
        match self.scan.bump() {
            Some('n') => word.push('\n'),
            Some('r') => word.push('\r'),
            Some('t') => word.push('\t'),
            Some('b') => word.push('\u{8}'),
            Some('f') => word.push('\u{c}'),
            Some('x') => self.coded(word, 2),
            Some('u') if self.scan.eat("{") => {
                let digits = self.scan.take_until("}").unwrap_or_default();
                let value = u32::from_str_radix(digits, 16).ok();
                word.push(
                    value
                        .and_then(char::from_u32)
                        .unwrap_or(char::REPLACEMENT_CHARACTER),
                );
            }
            Some('u') => self.coded(word, 4),
            Some('\n') | None => {}
            Some(other) => word.push(other),
        }
    }

    /// A letter by its number; two halves of a pair make one.
    fn coded(&mut self, word: &mut Word, width: usize) {
        let mut units = vec![self.unit(width)];
        if units
            .first()
            .is_some_and(|unit| (0xd800..0xdc00).contains(unit))
            && self.scan.eat("\\u")
        {
            units.push(self.unit(width));
        }
        word.push_str(&String::from_utf16_lossy(&units));
    }

    fn unit(&mut self, width: usize) -> u16 {
        let mut value = 0_u16;
        for _ in 0..width {
            let digit = self.scan.peek().and_then(|letter| letter.to_digit(16));
            let Some(digit) = digit.and_then(|digit| u16::try_from(digit).ok()) else {
                break;
            };
            self.scan.bump();
            value = value.wrapping_mul(16).wrapping_add(digit);
        }
        value
    }

    fn template(&mut self) -> Result<Word, ReadFault> {
        let mut word = Word::default();
        loop {
            match self.scan.bump() {
                None => return Err(unclosed()),
                Some('`') => return Ok(word),
                Some('\\') => self.escape(&mut word),
                Some('$') if self.scan.eat("{") => {
                    self.white_space();
                    let value = self.value()?;
                    self.skip_operators('}');
                    self.scan.eat("}");
                    match text_of(value) {
                        Some(text) => word.append(text),
                        None => word.scar(Harm::Command),
                    }
                }
                Some(letter) => word.push(letter),
            }
        }
    }

    fn object(&mut self) -> Result<Value, ReadFault> {
        let mut members = Vec::new();
        loop {
            self.white_space();
            match self.scan.peek() {
                None => break,
                Some('}') => {
                    self.scan.bump();
                    break;
                }
                Some(',') => {
                    self.scan.bump();
                }
                Some(_) => members.extend(self.member()?),
            }
        }
        Ok(Value::Object(members))
    }

    fn member(&mut self) -> Result<Option<(String, Value)>, ReadFault> {
        let name = match self.scan.peek() {
            Some(quote @ ('"' | '\'')) => {
                self.scan.bump();
                self.string(quote)?.text
            }
            Some('[') => {
                self.scan.bump();
                let name = self.value()?;
                self.skip_operators(']');
                self.scan.eat("]");
                text_of(name).unwrap_or_default().text
            }
            Some(_) | None => self
                .scan
                .take_while(|letter| letter.is_alphanumeric() || "_$".contains(letter))
                .to_owned(),
        };
        self.white_space();
        let value = match self.scan.eat(":") {
            true => {
                self.white_space();
                let value = self.value()?;
                self.skip_operators('}');
                value
            }
            // `{headers}` is the variable of that name; anything else is passed over.
            false if !name.is_empty() => self.of_variable(&name),
            false => {
                self.scan.bump();
                self.skip_operators('}');
                return Ok(None);
            }
        };
        Ok(Some((name, value)))
    }

    fn array(&mut self) -> Result<Value, ReadFault> {
        let mut values = Vec::new();
        loop {
            self.white_space();
            if self.scan.is_at_end() || self.scan.eat("]") {
                return Ok(Value::Array(values));
            }
            if !self.scan.eat(",") {
                values.push(self.value()?);
                self.skip_operators(']');
            }
        }
    }

    /// A variable, a word of the language, or a call.
    fn named(&mut self) -> Result<Value, ReadFault> {
        let path = self
            .scan
            .take_while(|letter| letter.is_alphanumeric() || "_$.?!".contains(letter))
            .to_owned();
        if path.is_empty() {
            self.scan.bump();
            return Ok(Value::Unknown);
        }
        if matches!(path.as_str(), "new" | "await") {
            self.white_space();
            return self.named();
        }
        self.white_space();
        if self.scan.eat("(") {
            let first = self.arguments()?.into_iter().next();
            return Ok(called(&path, first));
        }
        Ok(match path.as_str() {
            "null" | "undefined" => Value::Nothing,
            "true" | "false" => Value::Text(Word::plain(path)),
            _ => self.of_variable(&path),
        })
    }

    fn of_variable(&self, name: &str) -> Value {
        let known = self.variables.iter().rev().find(|(own, _)| own == name);
        if let Some((_, value)) = known {
            return value.clone();
        }
        let mut word = Word::default();
        let short = name.rsplit('.').next().unwrap_or(name);
        word.scar(Harm::Variable {
            name: short.to_owned(),
            too_late: false,
        });
        Value::Text(word)
    }
}

/// What a call makes of its first argument.
fn called(path: &str, first: Option<Value>) -> Value {
    match (path, first) {
        ("Headers" | "URL" | "URLSearchParams" | "String", Some(value)) => value,
        ("Headers", None) => Value::Object(Vec::new()),
        ("JSON.stringify", Some(value)) => Value::Text(Word::plain(json(&value).to_string())),
        ("btoa" | "window.btoa", Some(Value::Text(word))) if word.scars.is_empty() => {
            Value::Text(Word::plain(STANDARD.encode(word.text)))
        }
        _ => Value::Unknown,
    }
}

fn json(value: &Value) -> Json {
    match value {
        Value::Text(word) => Json::String(word.text.clone()),
        Value::Object(members) => Json::Object(
            members
                .iter()
                .map(|(name, value)| (name.clone(), json(value)))
                .collect(),
        ),
        Value::Array(values) => Json::Array(values.iter().map(json).collect()),
        Value::Nothing | Value::Unknown => Json::Null,
    }
}

/// The text that a value becomes in a sum.
pub(super) fn text_of(value: Value) -> Option<Word> {
    match value {
        Value::Text(word) => Some(word),
        Value::Nothing => Some(Word::plain("undefined")),
        Value::Object(_) => Some(Word::plain("[object Object]")),
        Value::Array(_) => None,
        Value::Unknown => {
            let mut word = Word::default();
            word.scar(Harm::Command);
            Some(word)
        }
    }
}

fn unclosed() -> ReadFault {
    ReadFault::new("a quote is opened and never closed")
        .with_help("paste the whole call of `fetch`")
}
