//! UTF-8 checked byte by byte, so that escapes can be validated without being collected.
//!
//! Knows: which byte may follow. Does not know: percent-encoding, or what the characters mean.

use super::Ambiguity;

/// How far the current character is read.
pub(super) struct Utf8 {
    left: u8,
    low: u8,
    high: u8,
}

impl Utf8 {
    pub(super) const START: Utf8 = Utf8 {
        left: 0,
        low: 0x80,
        high: 0xBF,
    };

    /// Takes one decoded byte.
    ///
    /// ```abnf
    /// UTF8-2    = %xC2-DF UTF8-tail
    /// UTF8-3    = %xE0 %xA0-BF UTF8-tail / %xE1-EC 2( UTF8-tail ) /
    ///             %xED %x80-9F UTF8-tail / %xEE-EF 2( UTF8-tail )
    /// UTF8-4    = %xF0 %x90-BF 2( UTF8-tail ) / %xF1-F3 3( UTF8-tail ) /
    ///             %xF4 %x80-8F 2( UTF8-tail )
    /// UTF8-tail = %x80-BF
    /// ```
    pub(super) fn take(&mut self, byte: u8) -> Result<(), Ambiguity> {
        if self.left > 0 {
            if byte < self.low || byte > self.high {
                // `C2` is the lead of the C1 control characters, and of nothing else below `A0`.
                let control = self.low == 0xA0 && self.left == 1 && matches!(byte, 0x80..=0x9F);
                return Err(if control {
                    Ambiguity::ControlCharacter
                } else {
                    Ambiguity::NotUtf8
                });
            }
            *self = Utf8 {
                left: self.left - 1,
                ..Utf8::START
            };
            return Ok(());
        }
        let (left, low, high) = match byte {
            0..=0x7F => return Ok(()),
            0xC2 => (1, 0xA0, 0xBF),
            0xC3..=0xDF => (1, 0x80, 0xBF),
            0xE0 => (2, 0xA0, 0xBF),
            0xE1..=0xEC | 0xEE..=0xEF => (2, 0x80, 0xBF),
            0xED => (2, 0x80, 0x9F),
            0xF0 => (3, 0x90, 0xBF),
            0xF1..=0xF3 => (3, 0x80, 0xBF),
            0xF4 => (3, 0x80, 0x8F),
            0x80..=0xC1 | 0xF5..=0xFF => return Err(Ambiguity::NotUtf8),
        };
        *self = Utf8 { left, low, high };
        Ok(())
    }

    /// A character must not end in the middle.
    pub(super) const fn must_be_complete(&self) -> Result<(), Ambiguity> {
        if self.left == 0 {
            Ok(())
        } else {
            Err(Ambiguity::NotUtf8)
        }
    }
}
