//! The file formats that this crate reads and writes.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use crate::size::MAX_SIDE;
use crate::text::serde_as_text;

/// A file format in which results are written. [`SourceFormat`] has the formats from which pictures are read.
///
/// ```
/// use smart_resize::Format;
///
/// let format: Format = "jpg".parse()?;
/// assert_eq!((format, format.media_type()), (Format::Jpeg, "image/jpeg"));
/// assert_eq!("gif".parse::<Format>().unwrap_err().to_string(), "format is \"gif\"; expected png, jpeg or webp");
/// # Ok::<(), smart_resize::ParseFormatError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// PNG: lossless. This crate limits its sides to 65,535 pixels.
    #[default]
    Png,
    /// JPEG: lossy, without transparency. Its sides have up to 65,535 pixels.
    Jpeg,
    /// WebP. Its sides have up to 16,383 pixels.
    WebP,
}

impl Format {
    /// Returns the longest side, in pixels, that both this format and a [`Size`](crate::Size) allow.
    pub const fn max_side(self) -> u32 {
        match self {
            Self::Png | Self::Jpeg => MAX_SIDE,
            Self::WebP => 16_383,
        }
    }

    /// Detects the format from the first bytes of a file, or returns `None` if they match no format.
    ///
    /// File name extensions and media types are often wrong, so they are ignored.
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

    /// Returns the usual file name extension, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::WebP => "webp",
        }
    }

    /// Returns the media type, such as `image/png`.
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

/// A file format from which pictures are read. It is detected from the first bytes of a file.
///
/// Reading GIF, BMP and TIFF needs the cargo feature `image`.
///
/// ```
/// use smart_resize::{Format, SourceFormat};
///
/// assert_eq!(SourceFormat::sniff(b"GIF89a and so on"), Some(SourceFormat::Gif));
/// assert_eq!(SourceFormat::from(Format::WebP).to_string(), "webp");
/// assert_eq!(SourceFormat::Gif.output(), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "lowercase"))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(description = "A file format.", inline))]
#[non_exhaustive]
pub enum SourceFormat {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// WebP.
    WebP,
    /// GIF. The first frame is used.
    Gif,
    /// Windows bitmap.
    Bmp,
    /// TIFF. The first page is used.
    Tiff,
}

impl SourceFormat {
    /// Detects the format from the first bytes of a file, or returns `None` if they match no format.
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

    /// Returns the format as a [`Format`], or `None` if this crate only reads it.
    pub const fn output(self) -> Option<Format> {
        match self {
            Self::Png => Some(Format::Png),
            Self::Jpeg => Some(Format::Jpeg),
            Self::WebP => Some(Format::WebP),
            Self::Gif | Self::Bmp | Self::Tiff => None,
        }
    }

    /// Returns the media type, such as `image/png`.
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

/// The error of a text that is not the name of a [`Format`].
///
/// ```
/// use smart_resize::{Format, ParseFormatError};
///
/// let error: ParseFormatError = "gif".parse::<Format>().unwrap_err();
/// assert_eq!(error.found, "gif");
/// assert_eq!(error.to_string(), "format is \"gif\"; expected png, jpeg or webp");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("format is {found:?}; expected png, jpeg or webp")]
#[non_exhaustive]
pub struct ParseFormatError {
    /// The first 16 characters of the text.
    pub found: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_detected_by_the_first_bytes_of_a_file() {
        let cases: [(&[u8], SourceFormat); 8] = [
            (b"\x89PNG\r\n\x1a\n", SourceFormat::Png),
            (b"\xff\xd8\xff", SourceFormat::Jpeg),
            (b"RIFF....WEBP", SourceFormat::WebP),
            (b"GIF87a", SourceFormat::Gif),
            (b"GIF89a", SourceFormat::Gif),
            (b"BM", SourceFormat::Bmp),
            (b"II*\0", SourceFormat::Tiff),
            (b"MM\0*", SourceFormat::Tiff),
        ];
        for (bytes, format) in cases {
            assert_eq!(SourceFormat::sniff(bytes), Some(format));
            assert_eq!(Format::sniff(bytes), format.output());
            // Without its last byte, the beginning is not complete. One with another last byte is no format.
            let (last, start) = bytes.split_last().unwrap();
            assert_eq!(SourceFormat::sniff(start), None, "{format}");
            assert_eq!(SourceFormat::sniff(&[start, &[last ^ 0x80]].concat()), None, "{format}");
        }
        assert_eq!(SourceFormat::sniff(b"GIF88a"), None);
        assert_eq!(SourceFormat::sniff(b"RIFF....WAVE"), None);
    }

    #[test]
    fn a_webp_has_sides_of_up_to_16_383_pixels_and_the_other_formats_of_up_to_65_535() {
        assert_eq!([Format::Png, Format::Jpeg, Format::WebP].map(Format::max_side), [65_535, 65_535, 16_383]);
    }

    #[test]
    fn a_jpeg_is_also_read_as_jpg_and_has_that_extension() {
        assert_eq!(("jpg".parse(), "jpeg".parse()), (Ok(Format::Jpeg), Ok(Format::Jpeg)));
        assert_eq!([Format::Png, Format::Jpeg, Format::WebP].map(Format::extension), ["png", "jpg", "webp"]);
    }

    #[test]
    fn the_media_type_of_a_source_format_is_that_of_its_output_format() {
        use SourceFormat::{Bmp, Gif, Jpeg, Png, Tiff, WebP};
        for format in [Format::Png, Format::Jpeg, Format::WebP] {
            assert_eq!(SourceFormat::from(format).media_type(), format.media_type());
            assert_eq!(SourceFormat::from(format).output(), Some(format));
        }
        let expected = ["image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp", "image/tiff"];
        assert_eq!([Png, Jpeg, WebP, Gif, Bmp, Tiff].map(SourceFormat::media_type), expected);
    }
}
