//! Strict base64: the standard alphabet with padding, without white space or line breaks.

use std::fmt;

use ::base64::engine::Engine as _;
use ::base64::engine::general_purpose::STANDARD;

/// Decodes `text` to at most `max_bytes` bytes. The number of bytes is checked before anything is decoded.
pub(super) fn decode(text: &[u8], max_bytes: u64) -> Result<Vec<u8>, Base64Error> {
    let padding = text.iter().rev().take(2).take_while(|byte| **byte == b'=').count();
    let symbols = text.len() - padding;
    // Each symbol stands for 6 bits.
    let bytes = symbols as u64 * 3 / 4;
    if bytes > max_bytes {
        return Err(Base64Error { offset: 0, kind: Base64ErrorKind::TooLarge { bytes, max: max_bytes } });
    }
    STANDARD.decode(text).map_err(|error| match error {
        ::base64::DecodeError::InvalidByte(offset, _) => {
            // If the length is wrong, the decoder checks the last byte first. The error has to name the first bad byte.
            let offset = text.iter().take(symbols).position(|byte| !is_symbol(*byte)).unwrap_or(offset);
            Base64Error { offset, kind: Base64ErrorKind::Symbol { found: char_at(text, offset) } }
        }
        ::base64::DecodeError::InvalidLastSymbol { offset, .. } => {
            Base64Error { offset, kind: Base64ErrorKind::SpareBits { found: char_at(text, offset) } }
        }
        ::base64::DecodeError::InvalidLength(_) => {
            Base64Error { offset: text.len(), kind: Base64ErrorKind::Length { symbols } }
        }
        ::base64::DecodeError::InvalidPadding => Base64Error {
            offset: symbols,
            kind: Base64ErrorKind::Padding { found: padding, expected: (4 - symbols % 4) % 4 },
        },
    })
}

const fn is_symbol(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

pub(super) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(super) fn display(bytes: &[u8]) -> impl fmt::Display {
    ::base64::display::Base64Display::new(bytes, &STANDARD)
}

/// Returns the character that begins at `offset`, or U+FFFD if none begins there.
pub(super) fn char_at(text: &[u8], offset: usize) -> char {
    let rest = text.get(offset..).unwrap_or_default();
    // A character has at most four bytes, so the rest of a long text is not converted.
    String::from_utf8_lossy(rest.get(..4).unwrap_or(rest)).chars().next().unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// A text that is not valid base64, or that stands for too many bytes.
///
/// ```
/// use smart_resize::wire::Base64Error;
/// use smart_resize::wire::gemini::read_answer;
/// use std::error::Error;
///
/// let body = br#"{"candidates": [{"content": {"parts": [{"inlineData": {"data": "YWJj"}}]}}]}"#;
/// let error = read_answer("gemini", 200, body, 2).unwrap_err();
/// let reason = error.source().and_then(|source| source.downcast_ref::<Base64Error>());
/// assert_eq!(reason.unwrap().to_string(), "decoded data has 3 bytes; expected at most 2 (at byte 0)");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} (at byte {offset})")]
#[non_exhaustive]
pub struct Base64Error {
    /// The position of the mistake in the text, in bytes.
    pub offset: usize,
    /// The mistake.
    pub kind: Base64ErrorKind,
}

/// A mistake in a base64 text.
///
/// ```
/// use smart_resize::wire::Base64ErrorKind;
/// use smart_resize::wire::data_uri::{DataUri, DataUriErrorKind};
///
/// let error = DataUri::parse("data:image/png;base64,YW Jj", 1000).unwrap_err();
/// assert_eq!(error.kind, DataUriErrorKind::Base64(Base64ErrorKind::Symbol { found: ' ' }));
/// assert_eq!(error.to_string(), "found ' '; expected a base64 symbol (at byte 24)");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Base64ErrorKind {
    /// The text stands for more bytes than the limit allows.
    #[error("decoded data has {bytes} bytes; expected at most {max}")]
    #[expect(missing_docs, reason = "what was found and the bound")]
    TooLarge { bytes: u64, max: u64 },
    /// A character outside the standard alphabet, such as a blank, a line break, `-` or `_`, or a `=` before the end.
    #[error("found {found:?}; expected a base64 symbol")]
    #[expect(missing_docs, reason = "what was found")]
    Symbol { found: char },
    /// The last symbol has bits set that belong to no byte.
    #[error("last base64 symbol is {found:?}; expected one whose unused bits are 0")]
    #[expect(missing_docs, reason = "what was found")]
    SpareBits { found: char },
    /// The last group has one symbol, which is less than a byte.
    #[error("number of base64 symbols is {symbols}; expected at least 2 in the last group of 4")]
    #[expect(missing_docs, reason = "what was found")]
    Length { symbols: usize },
    /// The padding has too few or too many `=`.
    #[error("number of padding '=' is {found}; expected {expected}")]
    #[expect(missing_docs, reason = "what was found and what was expected")]
    Padding { found: usize, expected: usize },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str, max_bytes: u64) -> (usize, Base64ErrorKind) {
        let error = decode(text.as_bytes(), max_bytes).unwrap_err();
        (error.offset, error.kind)
    }

    #[test]
    fn the_number_of_bytes_is_checked_before_anything_is_decoded() {
        assert_eq!(decode(b"YWJj", 3).unwrap(), b"abc");
        assert_eq!(refused("YWJj", 2), (0, Base64ErrorKind::TooLarge { bytes: 3, max: 2 }));
        // Padding stands for no byte.
        assert_eq!(decode(b"YQ==", 1).unwrap(), b"a");
        assert_eq!(refused("????????", 5), (0, Base64ErrorKind::TooLarge { bytes: 6, max: 5 }));
    }

    #[test]
    fn the_first_bad_byte_is_named_if_the_length_is_wrong_too() {
        assert_eq!(refused("Y-WJ_", 9), (1, Base64ErrorKind::Symbol { found: '-' }));
    }

    #[test]
    fn only_the_standard_alphabet_without_white_space_is_read() {
        assert_eq!(decode(b"+/+/", 9).unwrap(), [0xfb, 0xff, 0xbf]);
        for (text, offset, found) in [("YW J", 2, ' '), ("YWJj\n", 4, '\n'), ("-AAA", 0, '-'), ("AAA_", 3, '_')] {
            assert_eq!(refused(text, 9), (offset, Base64ErrorKind::Symbol { found }), "{text:?}");
        }
    }

    #[test]
    fn padding_is_required_and_exact() {
        assert_eq!(refused("YQ", 9), (2, Base64ErrorKind::Padding { found: 0, expected: 2 }));
        assert_eq!(refused("YQ=", 9), (2, Base64ErrorKind::Padding { found: 1, expected: 2 }));
        assert_eq!(refused("YWI", 9), (3, Base64ErrorKind::Padding { found: 0, expected: 1 }));
    }

    #[test]
    fn the_unused_bits_of_the_last_symbol_are_0() {
        assert_eq!(refused("YR==", 9), (1, Base64ErrorKind::SpareBits { found: 'R' }));
    }

    #[test]
    fn a_last_group_of_one_symbol_is_refused() {
        assert_eq!(refused("YWJjY", 9), (5, Base64ErrorKind::Length { symbols: 5 }));
    }

    #[test]
    fn an_offset_inside_a_character_has_the_replacement_character() {
        assert_eq!(["é", "🖼b"].map(|text| char_at(text.as_bytes(), 0)), ['é', '🖼']);
        assert_eq!([1, 9].map(|offset| char_at("é".as_bytes(), offset)), ['\u{fffd}'; 2]);
    }
}
