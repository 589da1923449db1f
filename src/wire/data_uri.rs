//! Pictures inside JSON: the `data` URIs of RFC 2397, read strictly and within a limit.
//!
//! ```text
//! data-uri   = "data:" [media-type] *( ";" attribute "=" value ) [";base64"] "," payload
//! media-type = token "/" token
//! payload    = base64, padded            where ";base64" is said
//!            | *( uri-character )        otherwise
//! ```
//!
//! In both payloads and in values `%` and two hexadecimal digits stand for a byte. Scheme and `base64` are read in
//! any case. Without a media type it is `text/plain;charset=US-ASCII`. Blanks and line breaks stand nowhere: software
//! that breaks base64 into lines has to be told not to. What is written is base64 without parameters of its own.
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
//!     "base64 of 8 bytes, at most 7, at byte 22",
//! );
//! # Ok::<(), smart_resize::wire::data_uri::DataUriError>(())
//! ```

use std::fmt;
use std::sync::Arc;

use super::base64::{self, Base64Error, Base64ErrorKind};
use crate::format::Format;

/// The most bytes of a media type with its parameters.
pub const MAX_MEDIA_TYPE_BYTES: usize = 256;

const SCHEME: &str = "data:";
const BASE64: &str = ";base64";

/// Whether `text` begins as a data URI does.
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

/// A file inside a text: its bytes, and what they are said to be.
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
    /// The data URI of a picture's encoded `bytes`.
    pub fn new(format: Format, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { media_type: format.media_type().to_owned(), bytes: bytes.into() }
    }

    /// The file that `text` has in it, of at most `max_bytes`; nothing is decoded before its size is known.
    ///
    /// # Errors
    ///
    /// [`DataUriError`]: what is wrong, and at which byte of the text.
    pub fn parse(text: &str, max_bytes: u64) -> Result<Self, DataUriError> {
        if !is_data_uri(text) {
            return Err(DataUriError { offset: 0, kind: DataUriErrorKind::NotData });
        }
        let head = text.as_bytes().iter().take(SCHEME.len() + MAX_MEDIA_TYPE_BYTES + BASE64.len() + 1);
        let Some(comma) = head.clone().position(|byte| *byte == b',') else {
            let is_whole = head.len() == text.len();
            let offset = (0..=head.len()).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
            let kind = if is_whole { DataUriErrorKind::NoComma } else { DataUriErrorKind::LongMediaType };
            return Err(DataUriError { offset, kind });
        };
        let (head, payload) = (text.get(..comma).unwrap_or_default(), text.get(comma + 1..).unwrap_or_default());
        let split = head.len() - BASE64.len().min(head.len());
        let is_base64 = head.get(split..).is_some_and(|end| end.eq_ignore_ascii_case(BASE64));
        let media_type = media_type(if is_base64 { head.get(..split).unwrap_or_default() } else { head })?;
        let decode = if is_base64 { decode_base64 } else { decode_escaped };
        let bytes = decode(payload, max_bytes)
            .map_err(|error| DataUriError { offset: comma + 1 + error.offset, kind: error.kind })?;
        Ok(Self { media_type, bytes: bytes.into() })
    }

    /// What the bytes are said to be, with parameters. Only the bytes themselves tell what they are.
    pub fn media_type(&self) -> &str {
        &self.media_type
    }

    /// The bytes.
    pub const fn bytes(&self) -> &Arc<[u8]> {
        &self.bytes
    }
}

impl fmt::Display for DataUri {
    /// In base64.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}{BASE64},{}", self.media_type, base64::display(&self.bytes))
    }
}

impl fmt::Debug for DataUri {
    /// With the number of bytes in their place.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataUri").field("media_type", &self.media_type).field("bytes", &self.bytes.len()).finish()
    }
}

/// The media type of `head`, which is what stands before the comma and before `;base64`.
fn media_type(head: &str) -> Result<String, DataUriError> {
    let text = head.get(SCHEME.len()..).unwrap_or_default();
    if text.is_empty() {
        return Ok("text/plain;charset=US-ASCII".to_owned());
    }
    let mut rest = Cursor { text: head.as_bytes(), at: SCHEME.len() };
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
    if media_type.len() > MAX_MEDIA_TYPE_BYTES {
        return Err(DataUriError { offset: head.len(), kind: DataUriErrorKind::LongMediaType });
    }
    Ok(media_type)
}

/// What is left to read of the part before the comma.
struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn token(&mut self, expected: &'static str) -> Result<(), DataUriError> {
        let start = self.at;
        while self.peek().is_some_and(is_token) {
            self.at += 1;
        }
        if self.at == start { Err(self.expected(expected)) } else { Ok(()) }
    }

    fn value(&mut self) -> Result<(), DataUriError> {
        let start = self.at;
        while let Some(byte) = self.peek() {
            match byte {
                b'%' => self.at += unescape(self.text, self.at).map(|_| 3)?,
                byte if is_token(byte) => self.at += 1,
                _ => break,
            }
        }
        if self.at == start { Err(self.expected("the parameter's value")) } else { Ok(()) }
    }

    fn byte(&mut self, wanted: u8, expected: &'static str) -> Result<(), DataUriError> {
        if self.peek() == Some(wanted) {
            self.at += 1;
            return Ok(());
        }
        Err(self.expected(expected))
    }

    fn expected(&self, expected: &'static str) -> DataUriError {
        let found = self.peek().map(|_| base64::char_at(self.text, self.at));
        DataUriError { offset: self.at, kind: DataUriErrorKind::Expected { expected, found } }
    }
}

/// A `tchar` of RFC 9110, without `%`, which begins an escape here.
const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'$' | b'&'..=b'\'' | b'*'..=b'+' | b'-'..=b'.' | b'^'..=b'`' | b'|' | b'~')
}

/// `uric` of RFC 2396, but for `%`.
const fn is_uri_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'$' | b'&'..=b'/' | b':' | b';' | b'=' | b'?' | b'@' | b'_' | b'~')
}

/// The byte that `%` and the two digits at `at` stand for.
fn unescape(text: &[u8], at: usize) -> Result<u8, DataUriError> {
    let digit = |at| text.get(at).and_then(|digit| char::from(*digit).to_digit(16));
    match (digit(at + 1), digit(at + 2)) {
        #[expect(clippy::cast_possible_truncation, reason = "two digits make a byte")]
        (Some(high), Some(low)) => Ok((high << 4 | low) as u8),
        _ => Err(DataUriError { offset: at, kind: DataUriErrorKind::Escape }),
    }
}

fn decode_escaped(payload: &str, max_bytes: u64) -> Result<Vec<u8>, DataUriError> {
    let text = payload.as_bytes();
    let (found, _) = unescaped_len(text);
    if found > max_bytes {
        return Err(DataUriError { offset: 0, kind: DataUriErrorKind::TooLarge { bytes: found, max: max_bytes } });
    }
    unescape_all(text, is_uri_character)
}

fn decode_base64(payload: &str, max_bytes: u64) -> Result<Vec<u8>, DataUriError> {
    let text = payload.as_bytes();
    let (symbols, has_escapes) = unescaped_len(text);
    if !has_escapes {
        return base64::decode(text, max_bytes).map_err(DataUriError::from);
    }
    // Padding may hide in escapes, so at least this many bytes.
    let bytes = (symbols * 3 / 4).saturating_sub(2);
    if bytes > max_bytes {
        return Err(Base64Error { offset: 0, kind: Base64ErrorKind::TooLarge { bytes, max: max_bytes } }.into());
    }
    let plain = unescape_all(text, |_| true)?;
    base64::decode(&plain, max_bytes).map_err(|error| DataUriError {
        offset: escaped_offset(text, error.offset),
        kind: DataUriErrorKind::Base64(error.kind),
    })
}

/// How many bytes `text` means at least, and whether escapes are among them.
fn unescaped_len(text: &[u8]) -> (u64, bool) {
    let escapes = text.split(|byte| *byte == b'%').skip(1).count() as u64;
    ((text.len() as u64).saturating_sub(2 * escapes), escapes > 0)
}

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

/// Where the `index`th byte that `text` means is written.
fn escaped_offset(text: &[u8], index: usize) -> usize {
    (0..index).fold(0, |at, _| at + if text.get(at) == Some(&b'%') { 3 } else { 1 })
}

/// A text that is not a data URI, or has too much in it: what is wrong, and where.
///
/// ```
/// use smart_resize::wire::data_uri::DataUri;
///
/// let error = DataUri::parse("data:,100%", 1000).unwrap_err();
/// assert_eq!(error.offset, 9);
/// assert_eq!(error.to_string(), "expected two hexadecimal digits after \"%\" at byte 9");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at byte {offset}")]
#[non_exhaustive]
pub struct DataUriError {
    /// The byte of the text at which it stops being a data URI.
    pub offset: usize,
    /// What is wrong there.
    pub kind: DataUriErrorKind,
}

impl From<Base64Error> for DataUriError {
    fn from(error: Base64Error) -> Self {
        Self { offset: error.offset, kind: DataUriErrorKind::Base64(error.kind) }
    }
}

/// What a text that is not a data URI has in the place of one.
///
/// ```
/// use smart_resize::wire::data_uri::{DataUri, DataUriErrorKind};
///
/// let error = DataUri::parse("data:,123456789", 8).unwrap_err();
/// assert_eq!(error.kind, DataUriErrorKind::TooLarge { bytes: 9, max: 8 });
/// assert_eq!(error.to_string(), "9 bytes, at most 8, at byte 6");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataUriErrorKind {
    /// Another scheme, or none.
    NotData,
    /// The end, with no comma before it.
    NoComma,
    /// A media type of more than [`MAX_MEDIA_TYPE_BYTES`].
    LongMediaType,
    /// Something else than the grammar has there.
    Expected {
        /// What the grammar has there.
        expected: &'static str,
        /// What the text has there; nothing at the end of the media type.
        found: Option<char>,
    },
    /// A `%` without two hexadecimal digits.
    Escape,
    /// A payload of characters that means more bytes than are allowed.
    #[expect(missing_docs, reason = "what was found and the bound")]
    TooLarge { bytes: u64, max: u64 },
    /// A payload that is not base64, or means too much.
    Base64(Base64ErrorKind),
}

impl fmt::Display for DataUriErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotData => f.write_str("expected \"data:\""),
            Self::NoComma => f.write_str("expected \",\" before the data, found the end"),
            Self::LongMediaType => write!(f, "a media type of more than {MAX_MEDIA_TYPE_BYTES} bytes"),
            Self::Expected { expected, found } => {
                write!(f, "expected {expected}, found ")?;
                match found {
                    Some(found) => write!(f, "{found:?}"),
                    None => f.write_str("the end of the media type"),
                }
            }
            Self::Escape => f.write_str("expected two hexadecimal digits after \"%\""),
            Self::TooLarge { bytes, max } => write!(f, "{bytes} bytes, at most {max},"),
            Self::Base64(kind) => kind.fmt(f),
        }
    }
}
