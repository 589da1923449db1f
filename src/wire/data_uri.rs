//! Pictures inside JSON: the `data` URIs of RFC 2397. Parsing is strict and limits the number of bytes.
//!
//! ```text
//! data-uri   = "data:" [media-type] *( ";" attribute "=" value ) [";base64"] "," payload
//! media-type = token "/" token
//! payload    = base64, padded            if ";base64" is present
//!            | *( uri-character )        otherwise
//! ```
//!
//! In both payloads and in values, `%` and two hexadecimal digits stand for a byte. The scheme and `base64` are
//! case-insensitive. The default media type is `text/plain;charset=US-ASCII`. Blanks and line breaks are not allowed;
//! software that breaks base64 into lines has to be configured not to. A [`DataUri`] is written with a base64 payload,
//! and without additional parameters.
//!
//! ```
//! use smart_resize::Format;
//! use smart_resize::wire::data_uri::DataUri;
//!
//! let uri = DataUri::new(Format::Png, *b"\x89PNG\r\n\x1a\n");
//! assert_eq!(uri.to_string(), "data:image/png;base64,iVBORw0KGgo=");
//! assert_eq!(DataUri::parse("data:image/png;base64,iVBORw0KGgo=", 8)?, uri);
//! assert_eq!(
//!     DataUri::parse("data:image/png;base64,iVBORw0KGgo=", 7).unwrap_err().to_string(),
//!     "decoded data has 8 bytes; expected at most 7 (at byte 22)",
//! );
//! # Ok::<(), smart_resize::wire::data_uri::DataUriError>(())
//! ```

use std::fmt;
use std::sync::Arc;

use super::base64::{self, Base64Error, Base64ErrorKind};
use crate::format::Format;

/// The maximum number of bytes of a media type with its parameters.
pub const MAX_MEDIA_TYPE_BYTES: usize = 256;

const SCHEME: &str = "data:";
const BASE64: &str = ";base64";

/// Whether `text` begins with the scheme of data URIs, in any case.
///
/// ```
/// use smart_resize::wire::data_uri::is_data_uri;
///
/// assert!(is_data_uri("data:image/png;base64,YWJj"));
/// assert!(!is_data_uri("https://example.com/shoe.png"));
/// ```
pub fn is_data_uri(text: &str) -> bool {
    text.get(..SCHEME.len()).is_some_and(|scheme| scheme.eq_ignore_ascii_case(SCHEME))
}

/// The file in a data URI: its bytes and its declared media type.
///
/// ```
/// use smart_resize::wire::data_uri::DataUri;
///
/// let uri = DataUri::parse("data:image/png;base64,YWJj", 1000)?;
/// assert_eq!((uri.media_type(), uri.bytes().as_ref()), ("image/png", &b"abc"[..]));
/// assert_eq!(uri.to_string(), "data:image/png;base64,YWJj");
/// # Ok::<(), smart_resize::wire::data_uri::DataUriError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct DataUri {
    media_type: String,
    bytes: Arc<[u8]>,
}

impl DataUri {
    /// Creates the data URI of a picture from its encoded `bytes`.
    pub fn new(format: Format, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { media_type: format.media_type().to_owned(), bytes: bytes.into() }
    }

    /// Parses a data URI and decodes its file of at most `max_bytes` bytes. The size is checked before anything is
    /// decoded.
    ///
    /// # Errors
    ///
    /// [`DataUriError`] with the first mistake and its position in `text`.
    pub fn parse(text: &str, max_bytes: u64) -> Result<Self, DataUriError> {
        if !is_data_uri(text) {
            return Err(DataUriError { offset: 0, kind: DataUriErrorKind::NotData });
        }
        // The comma is searched only as far as the longest media type reaches.
        let head = text.as_bytes().iter().take(SCHEME.len() + MAX_MEDIA_TYPE_BYTES + BASE64.len() + 1);
        let Some(comma) = head.clone().position(|byte| *byte == b',') else {
            // If the search has reached the end of the text, the comma is missing. Otherwise the media type is too
            // long. The offset moves back to the start of a character, where the text can be cut.
            let is_whole = head.len() == text.len();
            let offset = (0..=head.len()).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
            let kind = if is_whole { DataUriErrorKind::NoComma } else { DataUriErrorKind::LongMediaType };
            return Err(DataUriError { offset, kind });
        };
        let (head, payload) = (text.get(..comma).unwrap_or_default(), text.get(comma + 1..).unwrap_or_default());
        // The head has five bytes or more, and the suffix seven. A split inside a character yields `None` below, which
        // is not the suffix either.
        let split = head.len() - BASE64.len().min(head.len());
        let is_base64 = head.get(split..).is_some_and(|end| end.eq_ignore_ascii_case(BASE64));
        let media_type = media_type(if is_base64 { head.get(..split).unwrap_or_default() } else { head })?;
        let decode = if is_base64 { decode_base64 } else { decode_escaped };
        let bytes = decode(payload, max_bytes)
            .map_err(|error| DataUriError { offset: comma + 1 + error.offset, kind: error.kind })?;
        Ok(Self { media_type, bytes: bytes.into() })
    }

    /// Returns the declared media type with its parameters. Only the bytes show which format the file really has.
    pub fn media_type(&self) -> &str {
        &self.media_type
    }

    /// Returns the bytes of the file.
    pub const fn bytes(&self) -> &Arc<[u8]> {
        &self.bytes
    }
}

impl fmt::Display for DataUri {
    /// Writes the data URI with a base64 payload.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}{BASE64},{}", self.media_type, base64::display(&self.bytes))
    }
}

impl fmt::Debug for DataUri {
    /// Writes the number of bytes instead of the bytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataUri").field("media_type", &self.media_type).field("bytes", &self.bytes.len()).finish()
    }
}

/// Parses the media type in `head`, the part of the URI before `;base64` and the comma.
fn media_type(head: &str) -> Result<String, DataUriError> {
    let text = head.get(SCHEME.len()..).unwrap_or_default();
    if text.is_empty() {
        return Ok("text/plain;charset=US-ASCII".to_owned());
    }
    let mut rest = Cursor { text: head.as_bytes(), at: SCHEME.len() };
    // A head that begins with `;` has only parameters, which belong to the default type.
    let has_type = !text.starts_with(';');
    if has_type {
        rest.token("a media type")?;
        rest.byte(b'/', "\"/\" in the media type")?;
        rest.token("a media type")?;
    }
    while rest.peek().is_some() {
        rest.byte(b';', "\";\" or \",\" after the media type")?;
        rest.token("a parameter")?;
        rest.byte(b'=', "\"=\" after the parameter's name")?;
        rest.value()?;
    }
    let media_type = if has_type { text.to_owned() } else { format!("text/plain{text}") };
    // The search for the comma allows a few bytes more, for a `;base64` that can be absent.
    if media_type.len() > MAX_MEDIA_TYPE_BYTES {
        return Err(DataUriError { offset: head.len(), kind: DataUriErrorKind::LongMediaType });
    }
    Ok(media_type)
}

/// A position in the part of the URI before the comma.
struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// Skips a token of at least one character.
    fn token(&mut self, expected: &'static str) -> Result<(), DataUriError> {
        let start = self.at;
        while self.peek().is_some_and(is_token) {
            self.at += 1;
        }
        if self.at == start { Err(self.expected(expected)) } else { Ok(()) }
    }

    /// Skips the value of a parameter: characters of a token and escapes, at least one.
    fn value(&mut self) -> Result<(), DataUriError> {
        let start = self.at;
        while let Some(byte) = self.peek() {
            match byte {
                // An escape has three bytes. Its value is checked and not used, since the media type is kept as it is
                // written.
                b'%' => self.at += unescape(self.text, self.at).map(|_| 3)?,
                byte if is_token(byte) => self.at += 1,
                _ => break,
            }
        }
        if self.at == start { Err(self.expected("the parameter's value")) } else { Ok(()) }
    }

    /// Skips the byte `wanted`.
    fn byte(&mut self, wanted: u8, expected: &'static str) -> Result<(), DataUriError> {
        if self.peek() == Some(wanted) {
            self.at += 1;
            return Ok(());
        }
        Err(self.expected(expected))
    }

    /// Creates the error for the current position.
    fn expected(&self, expected: &'static str) -> DataUriError {
        let found = self.peek().map(|_| base64::char_at(self.text, self.at));
        DataUriError { offset: self.at, kind: DataUriErrorKind::Expected { expected, found } }
    }
}

/// Whether the byte is a `tchar` of RFC 9110 other than `%`, which begins an escape here.
const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'$' | b'&'..=b'\'' | b'*'..=b'+' | b'-'..=b'.' | b'^'..=b'`' | b'|' | b'~')
}

/// Whether the byte is a `uric` of RFC 2396 other than `%`.
const fn is_uri_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'$' | b'&'..=b'/' | b':' | b';' | b'=' | b'?' | b'@' | b'_' | b'~')
}

/// Decodes the escape at `at`: `%` and two hexadecimal digits.
fn unescape(text: &[u8], at: usize) -> Result<u8, DataUriError> {
    let digit = |at| text.get(at).and_then(|digit| char::from(*digit).to_digit(16));
    match (digit(at + 1), digit(at + 2)) {
        #[expect(clippy::cast_possible_truncation, reason = "two digits make a byte")]
        (Some(high), Some(low)) => Ok((high << 4 | low) as u8),
        _ => Err(DataUriError { offset: at, kind: DataUriErrorKind::Escape }),
    }
}

/// Decodes a payload of URI characters and escapes.
fn decode_escaped(payload: &str, max_bytes: u64) -> Result<Vec<u8>, DataUriError> {
    let text = payload.as_bytes();
    // The length is checked before memory is allocated. It is too low only if an escape is incomplete, which is an
    // error in any case.
    let (found, _) = unescaped_len(text);
    if found > max_bytes {
        return Err(DataUriError { offset: 0, kind: DataUriErrorKind::TooLarge { bytes: found, max: max_bytes } });
    }
    unescape_all(text, is_uri_character)
}

/// Decodes a base64 payload, in which symbols may be escaped.
fn decode_base64(payload: &str, max_bytes: u64) -> Result<Vec<u8>, DataUriError> {
    let text = payload.as_bytes();
    let (symbols, has_escapes) = unescaped_len(text);
    if !has_escapes {
        return base64::decode(text, max_bytes).map_err(DataUriError::from);
    }
    // The escapes may contain up to two padding characters, so this is a lower bound of the size.
    let bytes = (symbols * 3 / 4).saturating_sub(2);
    if bytes > max_bytes {
        return Err(Base64Error { offset: 0, kind: Base64ErrorKind::TooLarge { bytes, max: max_bytes } }.into());
    }
    // All bytes pass here, since the base64 decoder rejects the wrong ones. Their offsets are converted back to the
    // escaped text.
    let plain = unescape_all(text, |_| true)?;
    base64::decode(&plain, max_bytes).map_err(|error| DataUriError {
        offset: escaped_offset(text, error.offset),
        kind: DataUriErrorKind::Base64(error.kind),
    })
}

/// Returns a lower bound of the length of `text` without escapes, and whether it has escapes. The bound is exact if
/// every escape is complete.
fn unescaped_len(text: &[u8]) -> (u64, bool) {
    // An escape is three bytes for one. The text has one `%` less than it has parts between them.
    let escapes = text.split(|byte| *byte == b'%').skip(1).count() as u64;
    ((text.len() as u64).saturating_sub(2 * escapes), escapes > 0)
}

/// Replaces all escapes by their bytes. All other bytes must satisfy `is_allowed`.
fn unescape_all(text: &[u8], is_allowed: impl Fn(u8) -> bool) -> Result<Vec<u8>, DataUriError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'%' => {
                bytes.push(unescape(text, at)?);
                at += 3;
            }
            byte if is_allowed(*byte) => {
                bytes.push(*byte);
                at += 1;
            }
            _ => {
                let found = Some(base64::char_at(text, at));
                let kind = DataUriErrorKind::Expected { expected: "a character of a URI", found };
                return Err(DataUriError { offset: at, kind });
            }
        }
    }
    Ok(bytes)
}

/// Returns the position in the escaped `text` of the byte that has the index `index` in the unescaped text.
fn escaped_offset(text: &[u8], index: usize) -> usize {
    (0..index).fold(0, |at, _| at + if text.get(at) == Some(&b'%') { 3 } else { 1 })
}

/// A text that is not a valid data URI, or whose file is too large.
///
/// ```
/// use smart_resize::wire::data_uri::DataUri;
///
/// let error = DataUri::parse("data:,100%", 1000).unwrap_err();
/// assert_eq!(error.offset, 9);
/// assert_eq!(error.to_string(), "invalid escape; expected two hexadecimal digits after \"%\" (at byte 9)");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} (at byte {offset})")]
#[non_exhaustive]
pub struct DataUriError {
    /// The position of the mistake in the text, in bytes.
    pub offset: usize,
    /// The mistake.
    pub kind: DataUriErrorKind,
}

impl From<Base64Error> for DataUriError {
    fn from(error: Base64Error) -> Self {
        Self { offset: error.offset, kind: DataUriErrorKind::Base64(error.kind) }
    }
}

/// A mistake in a data URI.
///
/// ```
/// use smart_resize::wire::data_uri::{DataUri, DataUriErrorKind};
///
/// let error = DataUri::parse("data:,123456789", 8).unwrap_err();
/// assert_eq!(error.kind, DataUriErrorKind::TooLarge { bytes: 9, max: 8 });
/// assert_eq!(error.to_string(), "decoded data has 9 bytes; expected at most 8 (at byte 6)");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataUriErrorKind {
    /// The text does not begin with `data:`.
    NotData,
    /// The text ends before the comma.
    NoComma,
    /// The media type has more than [`MAX_MEDIA_TYPE_BYTES`] bytes.
    LongMediaType,
    /// A character that the grammar does not allow.
    Expected {
        /// The expected part of the grammar.
        expected: &'static str,
        /// The character found. `None` if the media type ends.
        found: Option<char>,
    },
    /// A `%` without two hexadecimal digits.
    Escape,
    /// A payload that is not base64 stands for more bytes than the limit allows.
    #[expect(missing_docs, reason = "what was found and the bound")]
    TooLarge { bytes: u64, max: u64 },
    /// A base64 payload is invalid, or stands for more bytes than the limit allows.
    Base64(Base64ErrorKind),
}

impl fmt::Display for DataUriErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotData => f.write_str("not a data URI; expected \"data:\""),
            Self::NoComma => f.write_str("found the end; expected \",\" before the data"),
            Self::LongMediaType => write!(f, "media type is too long; expected at most {MAX_MEDIA_TYPE_BYTES} bytes"),
            Self::Expected { expected, found } => {
                match found {
                    Some(found) => write!(f, "found {found:?}")?,
                    None => f.write_str("found the end of the media type")?,
                }
                write!(f, "; expected {expected}")
            }
            Self::Escape => f.write_str("invalid escape; expected two hexadecimal digits after \"%\""),
            Self::TooLarge { bytes, max } => write!(f, "decoded data has {bytes} bytes; expected at most {max}"),
            Self::Base64(kind) => kind.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str, max_bytes: u64) -> DataUriErrorKind {
        DataUri::parse(text, max_bytes).unwrap_err().kind
    }

    #[test]
    fn a_token_has_the_tchars_of_rfc_9110_except_the_percent_sign() {
        for byte in u8::MIN..=u8::MAX {
            let expected = byte.is_ascii_alphanumeric() || b"!#$&'*+-.^_`|~".contains(&byte);
            assert_eq!(is_token(byte), expected, "{byte}");
        }
    }

    #[test]
    fn a_payload_has_the_urics_of_rfc_2396_except_the_percent_sign() {
        for byte in u8::MIN..=u8::MAX {
            // The reserved characters, then the marks.
            let expected = byte.is_ascii_alphanumeric() || b";/?:@&=+$,-_.!~*'()".contains(&byte);
            assert_eq!(is_uri_character(byte), expected, "{byte}");
        }
    }

    #[test]
    fn the_scheme_and_base64_are_read_in_any_case() {
        assert!(is_data_uri("dATA:"));
        assert_eq!(DataUri::parse("DaTa:;BaSe64,YQ==", 9).unwrap().bytes().as_ref(), b"a");
    }

    #[test]
    fn the_default_media_type_is_ascii_text() {
        let media_type = |text: &str| DataUri::parse(text, 9).unwrap().media_type().to_owned();
        assert_eq!(media_type("data:,"), "text/plain;charset=US-ASCII");
        assert_eq!(media_type("data:;base64,"), "text/plain;charset=US-ASCII");
        // A parameter without a type belongs to the default type.
        assert_eq!(media_type("data:;a=1,"), "text/plain;a=1");
    }

    #[test]
    fn an_escape_is_a_percent_sign_and_two_hexadecimal_digits() {
        assert_eq!(["%4a", "%4A", "%f0", "%00"].map(|text| unescape(text.as_bytes(), 0)), [74, 74, 240, 0].map(Ok));
        for text in ["%", "%4", "%g0", "%0g", "%+1"] {
            let expected = DataUriError { offset: 0, kind: DataUriErrorKind::Escape };
            assert_eq!(unescape(text.as_bytes(), 0), Err(expected), "{text}");
        }
    }

    #[test]
    fn the_offset_of_a_mistake_is_that_in_the_escaped_text() {
        assert_eq!([0, 1, 2, 3, 4].map(|index| escaped_offset(b"a%41b%42c", index)), [0, 1, 4, 5, 8]);
    }

    #[test]
    fn a_file_has_at_most_max_bytes_in_every_form_of_payload() {
        for text in ["data:,123", "data:,%31%32%33", "data:;base64,MTIz", "data:;base64,MTI%7A"] {
            assert_eq!(DataUri::parse(text, 3).unwrap().bytes().as_ref(), b"123", "{text}");
            let is_too_large = matches!(
                kind(text, 2),
                DataUriErrorKind::TooLarge { bytes: 3, max: 2 }
                    | DataUriErrorKind::Base64(Base64ErrorKind::TooLarge { bytes: 3, max: 2 })
            );
            assert!(is_too_large, "{text}");
        }
    }

    #[test]
    fn a_text_that_ends_before_the_comma_has_no_comma() {
        let error = DataUri::parse("data:a/b", 9).unwrap_err();
        assert_eq!(error, DataUriError { offset: 8, kind: DataUriErrorKind::NoComma });
    }

    #[test]
    fn the_offset_of_a_long_media_type_is_the_start_of_a_character() {
        // The search ends at byte 269, which is inside a character of two bytes.
        let error = DataUri::parse(&format!("data:a{}", "é".repeat(200)), 9).unwrap_err();
        assert_eq!(error, DataUriError { offset: 268, kind: DataUriErrorKind::LongMediaType });
    }
}
