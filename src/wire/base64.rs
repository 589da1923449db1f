//! Base64 as it stands in JSON: the standard alphabet, padded, nothing between the symbols.

use std::fmt;

use ::base64::engine::Engine as _;
use ::base64::engine::general_purpose::STANDARD;

/// The bytes that `text` means, at most `max_bytes`; whether they are that many is known before any is decoded.
pub(super) fn decode(text: &[u8], max_bytes: u64) -> Result<Vec<u8>, Base64Error> {
    let padding = text.iter().rev().take(2).take_while(|byte| **byte == b'=').count();
    let symbols = text.len() - padding;
    let bytes = symbols as u64 * 3 / 4;
    if bytes > max_bytes {
        return Err(Base64Error { offset: 0, kind: Base64ErrorKind::TooLarge { bytes, max: max_bytes } });
    }
    STANDARD.decode(text).map_err(|error| match error {
        ::base64::DecodeError::InvalidByte(offset, _) => {
            // Where the length is wrong, that one looks at the last byte before the others.
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

/// The character that begins at `offset`; U+FFFD where none does.
pub(super) fn char_at(text: &[u8], offset: usize) -> char {
    let rest = text.get(offset..).unwrap_or_default();
    String::from_utf8_lossy(rest.get(..4).unwrap_or(rest)).chars().next().unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// A text that is not base64, or means too much.
///
/// ```
/// use smart_resize::wire::Base64Error;
/// use smart_resize::wire::gemini::read_answer;
/// use std::error::Error;
///
/// let body = br#"{"candidates": [{"content": {"parts": [{"inlineData": {"data": "YWJj"}}]}}]}"#;
/// let error = read_answer("gemini", 200, body, 2).unwrap_err();
/// let reason = error.source().and_then(|source| source.downcast_ref::<Base64Error>());
/// assert_eq!(reason.unwrap().to_string(), "base64 of 3 bytes, at most 2, at byte 0");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at byte {offset}")]
#[non_exhaustive]
pub struct Base64Error {
    /// The byte of the text at which it stops being base64.
    pub offset: usize,
    /// What is wrong there.
    pub kind: Base64ErrorKind,
}

/// What a text that is not base64 has in the place of it.
///
/// ```
/// use smart_resize::wire::Base64ErrorKind;
/// use smart_resize::wire::data_uri::{DataUri, DataUriErrorKind};
///
/// let error = DataUri::parse("data:image/png;base64,YW Jj", 1000).unwrap_err();
/// assert_eq!(error.kind, DataUriErrorKind::Base64(Base64ErrorKind::Symbol { found: ' ' }));
/// assert_eq!(error.to_string(), "expected a base64 symbol, found ' ' at byte 24");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Base64ErrorKind {
    /// More bytes than are allowed.
    #[error("base64 of {bytes} bytes, at most {max},")]
    #[expect(missing_docs, reason = "what was found and the bound")]
    TooLarge { bytes: u64, max: u64 },
    /// A character outside the standard alphabet, such as a blank, a line break, `-` or `_`; or `=` before the end.
    #[error("expected a base64 symbol, found {found:?}")]
    #[expect(missing_docs, reason = "what was found")]
    Symbol { found: char },
    /// The last symbol has bits that belong to no byte.
    #[error("the last base64 symbol, {found:?}, has bits that belong to no byte,")]
    #[expect(missing_docs, reason = "what was found")]
    SpareBits { found: char },
    /// A last group of one symbol, which is less than a byte.
    #[error("{symbols} base64 symbols, the last of which is less than a byte,")]
    #[expect(missing_docs, reason = "what was found")]
    Length { symbols: usize },
    /// Too few or too many `=`.
    #[error("expected {expected} times '=' for padding, found {found}")]
    #[expect(missing_docs, reason = "what was found and what was expected")]
    Padding { found: usize, expected: usize },
}
