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
