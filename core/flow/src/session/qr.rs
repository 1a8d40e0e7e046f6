//! A QR code (ISO/IEC 18004) as the path of an inline SVG element: no script, no foreign resource, no style.
//!
//! Knows: dark squares. Does not know what they say, nor keeps it.

use std::fmt::Write as _;

use qrcode::{Color, EcLevel, QrCode};

/// The clear margin that scanners need, in modules.
const MARGIN: usize = 4;

/// A picture of a text.
pub(crate) struct Picture {
    /// The modules on one side, margin and all.
    pub(crate) side: usize,
    /// What is dark, as the `d` of a `path`.
    pub(crate) path: String,
}

/// Draws a text; `None` where it is too long for any QR code.
pub(crate) fn draw(text: &str) -> Option<Picture> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let (width, colors) = (code.width(), code.to_colors());
    let mut path = String::new();
    for (y, row) in colors.chunks(width).enumerate() {
        for (x, _) in row
            .iter()
            .enumerate()
            .filter(|(_, color)| **color == Color::Dark)
        {
            // Writing into a string cannot fail.
            let _ = write!(path, "M{} {}h1v1h-1z", x + MARGIN, y + MARGIN);
        }
    }
    Some(Picture {
        side: width + 2 * MARGIN,
        path,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn the_three_finder_patterns_are_where_they_belong() {
        let picture = draw("otpauth://totp/a:b?secret=ABC").unwrap();
        let is_dark = |x: usize, y: usize| picture.path.contains(&format!("M{x} {y}h1v1h-1z"));
        let far = picture.side - MARGIN - 7;
        for (x, y) in [(MARGIN, MARGIN), (far, MARGIN), (MARGIN, far)] {
            assert!(
                is_dark(x, y) && is_dark(x + 6, y + 6) && is_dark(x + 3, y + 3),
                "{x} {y}"
            );
            assert!(!is_dark(x + 1, y + 1) && !is_dark(x + 5, y + 5), "{x} {y}");
        }
        assert!(!is_dark(MARGIN - 1, MARGIN));
    }

    #[test]
    fn what_is_too_long_is_not_drawn() {
        assert!(draw(&"a".repeat(3000)).is_none());
    }
}
