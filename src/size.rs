//! Picture sizes in whole pixels, and their text form.

use core::cmp::Ordering;
use core::fmt;
use core::num::NonZeroU16;
use core::str::FromStr;

use crate::text::serde_as_text;

/// The largest side of a [`Size`], in pixels.
pub const MAX_SIDE: u32 = u16::MAX as u32;

/// A width and a height in pixels.
///
/// # Guarantees
///
/// Each side is from 1 to [`MAX_SIDE`], so an area fits a `u32`.
///
/// # Text form
///
/// ```text
/// size      = blanks side unit blanks separator blanks side unit blanks
/// side      = nonzero-digit digit*          1 to 65535
/// unit      = (blanks ("p" | "P") ("x" | "X"))?
/// separator = "x" | "X" | "×" | "*"
/// blanks    = (" " | "\t")*
/// ```
///
/// A side has no sign, no decimal point and no leading zero. A size is printed as `1920x1080`, and parsing that text
/// returns the same size.
///
/// JSON is read by a stricter grammar: it has no units, no `*`, and blanks only at the start and the end.
///
/// ```
/// use smart_resize::Size;
///
/// let hd: Size = "1920x1080".parse()?;
/// assert_eq!((hd.width(), hd.height()), (1920, 1080));
/// assert_eq!("1920 × 1080 px".parse(), Ok(hd));
/// # Ok::<(), smart_resize::geometry::ParseSizeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Size {
    width: NonZeroU16,
    height: NonZeroU16,
}

impl Size {
    /// Creates a size of `width` by `height` pixels.
    ///
    /// # Errors
    ///
    /// [`InvalidSideError`] if a side is 0 or above [`MAX_SIDE`]. If both sides are invalid, the error has the width.
    ///
    /// ```
    /// use smart_resize::Size;
    ///
    /// const SQUARE: Size = match Size::new(1024, 1024) {
    ///     Ok(size) => size,
    ///     Err(_) => panic!("a size within the bounds"),
    /// };
    /// assert_eq!(SQUARE.to_string(), "1024x1024");
    /// assert_eq!(Size::new(0, 9).unwrap_err().to_string(), "width is 0; expected 1 to 65535");
    /// ```
    pub const fn new(width: u32, height: u32) -> Result<Self, InvalidSideError> {
        let Some(w) = side(width) else {
            return Err(InvalidSideError { side: Side::Width, value: width });
        };
        let Some(h) = side(height) else {
            return Err(InvalidSideError { side: Side::Height, value: height });
        };
        Ok(Self { width: w, height: h })
    }

    /// Returns the width in pixels, from 1 to [`MAX_SIDE`].
    pub const fn width(self) -> u32 {
        self.width.get() as u32
    }

    /// Returns the height in pixels, from 1 to [`MAX_SIDE`].
    pub const fn height(self) -> u32 {
        self.height.get() as u32
    }

    /// Returns the number of pixels: width times height.
    pub const fn area(self) -> u32 {
        self.width() * self.height()
    }

    /// Returns the size with width and height exchanged.
    #[must_use]
    pub const fn transposed(self) -> Self {
        Self { width: self.height, height: self.width }
    }

    /// Whether this size is at least as wide and at least as high as `target`.
    ///
    /// ```
    /// # use smart_resize::Size;
    /// let preset: Size = "1376x768".parse()?;
    /// assert!(preset.covers("1280x720".parse()?));
    /// assert!(!preset.covers("1024x1024".parse()?));
    /// # Ok::<(), smart_resize::geometry::ParseSizeError>(())
    /// ```
    pub const fn covers(self, target: Self) -> bool {
        self.width() >= target.width() && self.height() >= target.height()
    }

    /// Compares the exact ratios of width to height: `Greater` if this size is wider in shape than `other`.
    ///
    /// ```
    /// # use smart_resize::Size;
    /// # use std::cmp::Ordering;
    /// let wide: Size = "1920x1080".parse()?;
    /// assert_eq!(wide.cmp_shape("1000x1000".parse()?), Ordering::Greater);
    /// assert_eq!(wide.cmp_shape("16x9".parse()?), Ordering::Equal);
    /// # Ok::<(), smart_resize::geometry::ParseSizeError>(())
    /// ```
    pub fn cmp_shape(self, other: Self) -> Ordering {
        // Cross-multiplication avoids the rounding of a quotient. A side fits 16 bits, so each product fits 32.
        (self.width() * other.height()).cmp(&(other.width() * self.height()))
    }
}

/// Converts a side in pixels; `None` if it is 0 or above [`MAX_SIDE`].
const fn side(value: u32) -> Option<NonZeroU16> {
    if value > MAX_SIDE {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "MAX_SIDE is the largest u16")]
    NonZeroU16::new(value as u16)
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

impl fmt::Debug for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Size {
    type Err = ParseSizeError;

    fn from_str(text: &str) -> Result<Self, ParseSizeError> {
        Cursor::new(text, Grammar::Typed).size()
    }
}

impl Size {
    /// Reads a size by the stricter grammar for JSON, which is that of fal's endpoint.
    #[cfg(feature = "serde")]
    pub(crate) fn from_strict(text: &str) -> Result<Self, ParseSizeError> {
        Cursor::new(text, Grammar::Strict).size()
    }
}

const BLANKS: [char; 2] = [' ', '\t'];

/// A grammar of sizes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Grammar {
    /// Sizes as people type them, with units, blanks and `*`.
    Typed,
    /// That of fal's endpoint: no unit, no `*` and no blank between the sides.
    #[cfg(feature = "serde")]
    Strict,
}

/// A parser of sizes.
struct Cursor<'a> {
    /// The text without the blanks at its end.
    text: &'a str,
    /// The byte offset of the next character to read.
    at: usize,
    grammar: Grammar,
}

impl<'a> Cursor<'a> {
    fn new(text: &'a str, grammar: Grammar) -> Self {
        // The leading blanks are skipped and not cut off, so that the offset of an error counts from the start of the
        // whole text.
        let start = text.len() - text.trim_start_matches(BLANKS).len();
        Self { text: text.trim_end_matches(BLANKS), at: start, grammar }
    }

    fn size(mut self) -> Result<Size, ParseSizeError> {
        let width = self.side(Side::Width)?;
        self.unit();
        self.separator()?;
        let height = self.side(Side::Height)?;
        self.unit();
        self.end()?;
        Ok(Size { width, height })
    }

    /// Skips blanks.
    fn blanks(&mut self) {
        while self.peek().is_some_and(|c| BLANKS.contains(&c)) {
            self.at += 1;
        }
    }

    /// Skips the unit of a side and the blanks around it, unless the grammar is strict.
    fn unit(&mut self) {
        if self.grammar == Grammar::Typed {
            self.blanks();
            if self.text.get(self.at..self.at + 2).is_some_and(|unit| unit.eq_ignore_ascii_case("px")) {
                self.at += 2;
            }
            self.blanks();
        }
    }

    fn peek(&self) -> Option<char> {
        // In a text of blanks alone, `at` is beyond the end of the trimmed text, which reads as the end.
        self.text.get(self.at..)?.chars().next()
    }

    /// Reads one side. The offset of each error is that of the first character of the side.
    fn side(&mut self, side: Side) -> Result<NonZeroU16, ParseSizeError> {
        let start = self.at;
        let mut value: u64 = 0;
        // A decimal digit is ASCII and has one byte. The value saturates, so that a side of any length is read to its
        // end and reported as too large.
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
            value = value.saturating_mul(10).saturating_add(u64::from(digit));
            self.at += 1;
        }
        let fail = |kind| Err(ParseSizeError { offset: start, kind });
        let digits = self.at - start;
        if digits == 0 {
            return fail(ParseSizeErrorKind::Expected { expected: Expected::Digit(side), found: self.peek() });
        }
        // `0` alone is a side of zero pixels. `00` and `01` have a leading zero.
        if value == 0 && digits == 1 {
            return fail(ParseSizeErrorKind::Zero(side));
        }
        if self.text.as_bytes().get(start) == Some(&b'0') {
            return fail(ParseSizeErrorKind::LeadingZero(side));
        }
        match u16::try_from(value).ok().and_then(NonZeroU16::new) {
            Some(value) => Ok(value),
            None => fail(ParseSizeErrorKind::TooLarge { side, value }),
        }
    }

    fn separator(&mut self) -> Result<(), ParseSizeError> {
        match self.peek() {
            Some(c @ ('x' | 'X' | '×')) => self.at += c.len_utf8(),
            Some('*') if self.grammar == Grammar::Typed => self.at += 1,
            found => return Err(self.expected(Expected::Separator, found)),
        }
        if self.grammar == Grammar::Typed {
            self.blanks();
        }
        Ok(())
    }

    fn end(&self) -> Result<(), ParseSizeError> {
        match self.peek() {
            None => Ok(()),
            found => Err(self.expected(Expected::End, found)),
        }
    }

    fn expected(&self, expected: Expected, found: Option<char>) -> ParseSizeError {
        ParseSizeError { offset: self.at, kind: ParseSizeErrorKind::Expected { expected, found } }
    }
}

serde_as_text!(Size, "a size such as \"1920x1080\"", Size::from_strict);

/// One of the two sides of a size.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::geometry::Side;
///
/// let error = Size::new(1024, 0).unwrap_err();
/// assert_eq!(error.side, Side::Height);
/// assert_eq!(error.side.to_string(), "height");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a picture has two sides")]
pub enum Side {
    /// The side from left to right.
    Width,
    /// The side from top to bottom.
    Height,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Width => "width",
            Self::Height => "height",
        })
    }
}

/// The error of a side that is out of range for a [`Size`].
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::geometry::InvalidSideError;
///
/// let error: InvalidSideError = Size::new(70_000, 9).unwrap_err();
/// assert_eq!(error.value, 70_000);
/// assert_eq!(error.to_string(), "width is 70000; expected 1 to 65535");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{side} is {value}; expected 1 to {MAX_SIDE}")]
#[non_exhaustive]
pub struct InvalidSideError {
    /// The side that is out of range.
    pub side: Side,
    /// The value of the side in pixels.
    pub value: u32,
}

/// The error of a text that is not a size: what is wrong, and at which byte.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::geometry::ParseSizeError;
///
/// let error: ParseSizeError = "1920:1080".parse::<Size>().unwrap_err();
/// assert_eq!(error.offset, 4);
/// assert_eq!(error.to_string(), "found ':'; expected \"x\" after the width, as in 1080x1920 (at byte 4)");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} (at byte {offset})")]
#[non_exhaustive]
pub struct ParseSizeError {
    /// The byte offset of the error in the text. An invalid side has the offset of its first digit.
    pub offset: usize,
    /// What is wrong at this offset.
    pub kind: ParseSizeErrorKind,
}

/// The reason why a text is not a size.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::geometry::{ParseSizeErrorKind, Side};
///
/// let error = "0x9".parse::<Size>().unwrap_err();
/// assert_eq!(error.kind, ParseSizeErrorKind::Zero(Side::Width));
/// assert_eq!(error.kind.to_string(), "width is 0; expected 1 to 65535");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseSizeErrorKind {
    /// A character that the grammar does not allow here, or a premature end of the text.
    Expected {
        /// What the grammar allows here.
        expected: Expected,
        /// The character in the text; `None` at the end of the text.
        found: Option<char>,
    },
    /// A side of 0 pixels.
    Zero(Side),
    /// A side whose first digit is 0, followed by further digits.
    LeadingZero(Side),
    /// A side above [`MAX_SIDE`].
    TooLarge {
        /// The side that is too large.
        side: Side,
        /// The value of the side. `u64::MAX` also stands for every larger value.
        value: u64,
    },
}

/// What the grammar of sizes allows at one position of a text.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::geometry::{Expected, ParseSizeErrorKind};
///
/// let error = "1920".parse::<Size>().unwrap_err();
/// assert_eq!(error.kind, ParseSizeErrorKind::Expected { expected: Expected::Separator, found: None });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expected {
    /// The first digit of a side.
    Digit(Side),
    /// `x`, `X`, `×` or `*`.
    Separator,
    /// The end of the text.
    End,
}

impl fmt::Display for ParseSizeErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expected { expected, found } => {
                match found {
                    // A letter of another alphabet can look like the expected one.
                    Some(c) if c.is_alphabetic() && !c.is_ascii() => {
                        write!(f, "found {c:?} (U+{:04X}); ", u32::from(*c))
                    }
                    Some(c) => write!(f, "found {c:?}; "),
                    None => f.write_str("found the end; "),
                }?;
                match expected {
                    Expected::Digit(side) => write!(f, "expected a digit of the {side}, as in 1080x1920"),
                    Expected::Separator => f.write_str("expected \"x\" after the width, as in 1080x1920"),
                    Expected::End => f.write_str("expected the end of the size"),
                }
            }
            Self::Zero(side) => write!(f, "{side} is 0; expected 1 to {MAX_SIDE}"),
            Self::LeadingZero(side) => write!(f, "{side} has a leading zero; expected none"),
            Self::TooLarge { side, value } => {
                let or_more = if *value == u64::MAX { " or more" } else { "" };
                write!(f, "{side} is {value}{or_more}; expected 1 to {MAX_SIDE}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    fn case(text: &str, expected: &str) {
        let found = match text.parse::<Size>() {
            Ok(size) => size.to_string(),
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn the_grammar_with_its_limits_offsets_and_messages() {
        case("1920x1080", "1920x1080");
        case("1X1", "1x1");
        case("768×1344", "768x1344");
        case(" \t1024x1024\t ", "1024x1024");
        case("65535x65535", "65535x65535");
        for text in ["12 x 9", "12*9", "12×9px", "12px × 9 PX ", "12 * 9px", "\t12px*9"] {
            case(text, "12x9");
        }
        case("", "found the end; expected a digit of the width, as in 1080x1920 (at byte 0)");
        case("  ", "found the end; expected a digit of the width, as in 1080x1920 (at byte 2)");
        case("x9", "found 'x'; expected a digit of the width, as in 1080x1920 (at byte 0)");
        case("-1x9", "found '-'; expected a digit of the width, as in 1080x1920 (at byte 0)");
        case("+1x9", "found '+'; expected a digit of the width, as in 1080x1920 (at byte 0)");
        case("12", "found the end; expected \"x\" after the width, as in 1080x1920 (at byte 2)");
        case("12:9", "found ':'; expected \"x\" after the width, as in 1080x1920 (at byte 2)");
        case("instagram story", "found 'i'; expected a digit of the width, as in 1080x1920 (at byte 0)");
        case("12х9", "found 'х' (U+0445); expected \"x\" after the width, as in 1080x1920 (at byte 2)");
        case("12p x9", "found 'p'; expected \"x\" after the width, as in 1080x1920 (at byte 2)");
        case("1.5x9", "found '.'; expected \"x\" after the width, as in 1080x1920 (at byte 1)");
        case("12x", "found the end; expected a digit of the height, as in 1080x1920 (at byte 3)");
        case("12xx9", "found 'x'; expected a digit of the height, as in 1080x1920 (at byte 3)");
        case("12x9x9", "found 'x'; expected the end of the size (at byte 4)");
        case("12x9\n", "found '\\n'; expected the end of the size (at byte 4)");
        case("\u{a0}12x9", "found '\\u{a0}'; expected a digit of the width, as in 1080x1920 (at byte 0)");
        case("١٢x٩", "found '١'; expected a digit of the width, as in 1080x1920 (at byte 0)");
        case("0x9", "width is 0; expected 1 to 65535 (at byte 0)");
        case("9x0", "height is 0; expected 1 to 65535 (at byte 2)");
        case("00x9", "width has a leading zero; expected none (at byte 0)");
        case("09x9", "width has a leading zero; expected none (at byte 0)");
        case(" 9x010", "height has a leading zero; expected none (at byte 3)");
        case("65536x9", "width is 65536; expected 1 to 65535 (at byte 0)");
        case("9x99999999999999999999999", "height is 18446744073709551615 or more; expected 1 to 65535 (at byte 2)");
    }

    #[cfg(feature = "serde")]
    #[test]
    fn the_grammar_of_json_is_stricter() {
        for text in ["12x9", " 12×9\t", "12X9"] {
            assert_eq!(Size::from_strict(text).unwrap(), Size::new(12, 9).unwrap(), "{text:?}");
        }
        for text in ["12 x9", "12x 9", "12*9", "12x9px", "12pxx9"] {
            assert!(Size::from_strict(text).is_err(), "{text:?}");
            assert!(serde_json::from_str::<Size>(&alloc::format!("{text:?}")).is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_bounds_of_the_constructor() {
        assert!(Size::new(1, 1).is_ok());
        assert!(Size::new(65_535, 65_535).is_ok());
        assert_eq!(Size::new(65_536, 0).unwrap_err().to_string(), "width is 65536; expected 1 to 65535");
        assert_eq!(Size::new(1, 0).unwrap_err().to_string(), "height is 0; expected 1 to 65535");
        assert_eq!(Size::new(65_535, 65_535).map(Size::area), Ok(4_294_836_225));
    }

    #[test]
    fn a_value_of_any_length_saturates_and_is_too_large() {
        let error = alloc::format!("{}x9", "1".repeat(99)).parse::<Size>().unwrap_err();
        assert_eq!(error.kind, ParseSizeErrorKind::TooLarge { side: Side::Width, value: u64::MAX });
        let largest = ParseSizeErrorKind::TooLarge { side: Side::Width, value: u64::MAX - 1 };
        assert!(!largest.to_string().contains("or more") && error.to_string().contains("or more"));
    }

    #[test]
    fn a_size_covers_a_target_of_its_own_size_and_none_that_is_a_pixel_larger() {
        let size = |width, height| Size::new(width, height).unwrap();
        assert!(size(9, 5).covers(size(9, 5)));
        assert!(!size(9, 5).covers(size(10, 5)) && !size(9, 5).covers(size(9, 6)));
    }

    #[test]
    fn shapes_are_compared_without_rounding() {
        let size = |width, height| Size::new(width, height).unwrap();
        assert_eq!(size(65_535, 65_534).cmp_shape(size(65_534, 65_533)), Ordering::Less);
        assert_eq!(size(3, 1).cmp_shape(size(9, 3)), Ordering::Equal);
        assert_eq!(size(2, 1).cmp_shape(size(1, 2)), Ordering::Greater);
    }
}
