//! The file formats that are read and written.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use crate::size::MAX_SIDE;
use crate::text::serde_as_text;

/// A picture file format.
///
/// ```
/// use smart_resize::Format;
///
/// let format: Format = "jpg".parse()?;
/// assert_eq!((format, format.media_type()), (Format::Jpeg, "image/jpeg"));
/// assert_eq!("gif".parse::<Format>().unwrap_err().to_string(), "\"gif\" is not png, jpeg or webp");
/// # Ok::<(), smart_resize::ParseFormatError>(())
/// ```
///
/// [`Format`] is what a result can be written as. [`SourceFormat`] is what a picture can be read from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// PNG: lossless, sides up to 65,535 here.
    #[default]
    Png,
    /// JPEG: lossy, opaque, sides up to 65,535.
    Jpeg,
    /// WebP: sides up to 16,383.
    WebP,
}

impl Format {
    /// The longest side in pixels that a file of this format and a [`Size`](crate::Size) can have.
    pub const fn max_side(self) -> u32 {
        match self {
            Self::Png | Self::Jpeg => MAX_SIDE,
            Self::WebP => 16_383,
        }
    }

    /// The format that the first bytes of a file announce. Labels and extensions are often wrong, and decide nothing.
    ///
    /// ```
    /// use smart_resize::Format;
    ///
    /// assert_eq!(Format::sniff(b"\xff\xd8\xff\xe0 and so on"), Some(Format::Jpeg));
    /// assert_eq!(Format::sniff(b"GIF89a"), None);
    /// ```
    pub const fn sniff(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::WebP),
            _ => None,
        }
    }

    /// The usual file name extension, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::WebP => "webp",
        }
    }

    /// The media type, such as `image/png`.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::WebP => "image/webp",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::WebP => "webp",
        })
    }
}

impl FromStr for Format {
    type Err = ParseFormatError;

    fn from_str(text: &str) -> Result<Self, ParseFormatError> {
        match text {
            "png" => Ok(Self::Png),
            "jpeg" | "jpg" => Ok(Self::Jpeg),
            "webp" => Ok(Self::WebP),
            _ => Err(ParseFormatError { found: text.chars().take(16).collect() }),
        }
    }
}

/// A file format that pictures are read from. The first bytes of a file decide, never a label or an extension.
///
/// GIF, BMP and TIFF are read with the cargo feature `image`.
///
/// ```
/// use smart_resize::{Format, SourceFormat};
///
/// assert_eq!(SourceFormat::sniff(b"GIF89a and so on"), Some(SourceFormat::Gif));
/// assert_eq!(SourceFormat::from(Format::WebP).to_string(), "webp");
/// assert_eq!(SourceFormat::Gif.output(), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SourceFormat {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// WebP.
    WebP,
    /// GIF; the first frame is used.
    Gif,
    /// Windows bitmap.
    Bmp,
    /// TIFF; the first page is used.
    Tiff,
}

impl SourceFormat {
    /// Returns the format that the first bytes of a file announce, or `None` where they announce none of these.
    pub const fn sniff(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            [b'B', b'M', ..] => Some(Self::Bmp),
            [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => Some(Self::Tiff),
            _ => match Format::sniff(bytes) {
                Some(Format::Png) => Some(Self::Png),
                Some(Format::Jpeg) => Some(Self::Jpeg),
                Some(Format::WebP) => Some(Self::WebP),
                None => None,
            },
        }
    }

    /// Returns the same format as one that can be written, or `None` for a format that is only read.
    pub const fn output(self) -> Option<Format> {
        match self {
            Self::Png => Some(Format::Png),
            Self::Jpeg => Some(Format::Jpeg),
            Self::WebP => Some(Format::WebP),
            Self::Gif | Self::Bmp | Self::Tiff => None,
        }
    }

    /// The media type, such as `image/png`.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::WebP => "image/webp",
            Self::Gif => "image/gif",
            Self::Bmp => "image/bmp",
            Self::Tiff => "image/tiff",
        }
    }
}

impl From<Format> for SourceFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Png => Self::Png,
            Format::Jpeg => Self::Jpeg,
            Format::WebP => Self::WebP,
        }
    }
}

impl PartialEq<Format> for SourceFormat {
    fn eq(&self, other: &Format) -> bool {
        *self == Self::from(*other)
    }
}

impl fmt::Display for SourceFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::WebP => "webp",
            Self::Gif => "gif",
            Self::Bmp => "bmp",
            Self::Tiff => "tiff",
        })
    }
}

serde_as_text!(Format, "\"png\", \"jpeg\" or \"webp\"");

/// A text that names none of the formats.
///
/// ```
/// use smart_resize::{Format, ParseFormatError};
///
/// let error: ParseFormatError = "gif".parse::<Format>().unwrap_err();
/// assert_eq!(error.found, "gif");
/// assert_eq!(error.to_string(), "\"gif\" is not png, jpeg or webp");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not png, jpeg or webp")]
#[non_exhaustive]
pub struct ParseFormatError {
    /// The text, its first 16 characters.
    pub found: String,
}
