//! Why a picture could not be encoded or decoded.

use std::fmt;

use crate::MAX_SIDE;

/// Why [`encode`](crate::encode) or [`decode`](crate::decode) failed.
///
/// The message of an invalid argument has the value that was found and the values that are valid.
///
/// ```
/// use smart_resize_webp::{Error, Layout, Settings, encode};
///
/// let error = encode(&[0; 3], 1, 1, Layout::Rgb, Settings { quality: 101, effort: 4 }).unwrap_err();
/// assert_eq!(error, Error::Quality { found: 101 });
/// assert_eq!(error.to_string(), "the quality is 101; expected 0 to 100");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Error {
    /// A side is 0 or longer than [`MAX_SIDE`].
    Side {
        /// The width in pixels.
        width: u32,
        /// The height in pixels.
        height: u32,
    },
    /// The pixel buffer has another number of bytes than the size and the layout need.
    Length {
        /// The number of bytes of the buffer.
        found: usize,
        /// The number of bytes of a buffer of this size and layout.
        expected: usize,
    },
    /// The quality is above 100.
    Quality {
        /// The quality of the settings.
        found: u8,
    },
    /// The effort is above 6.
    Effort {
        /// The effort of the settings.
        found: u8,
    },
    /// The file does not begin with a complete WebP header.
    Header,
    /// The file is an animation.
    Animation,
    /// The header has another size than the caller passed.
    Size {
        /// Width and height of the header, in pixels.
        found: (u32, u32),
        /// Width and height that the caller passed, in pixels.
        expected: (u32, u32),
    },
    /// The pixels of the file are corrupt or truncated, or libwebp had no memory for them.
    Bitstream,
    /// A partition of the lossy bitstream is larger than its length field allows: 512 KiB for the first, 16 MiB for any
    /// other. A lower quality makes partitions smaller.
    Partition,
    /// The encoded file is larger than 4 GiB, the limit of its length field.
    FileSize,
    /// There is no memory for the picture or for its file.
    OutOfMemory,
    /// The libwebp that was linked has another version than its headers.
    Version,
    /// libwebp refused the picture with an error code that has no variant here.
    Libwebp {
        /// The `WebPEncodingError` of libwebp.
        code: u32,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Side { width, height } => {
                write!(f, "the size is {width}x{height}; expected 1 to {MAX_SIDE} pixels for each side")
            }
            Self::Length { found, expected } => {
                write!(f, "the length of the pixel buffer is {found} bytes; expected {expected}")
            }
            Self::Quality { found } => write!(f, "the quality is {found}; expected 0 to 100"),
            Self::Effort { found } => write!(f, "the effort is {found}; expected 0 to 6"),
            Self::Header => f.write_str("the header is corrupt or truncated; expected that of a WebP file"),
            Self::Animation => f.write_str("the file is an animation; expected a still picture"),
            Self::Size { found, expected } => {
                write!(f, "the size in the header is {}x{}; expected {}x{}", found.0, found.1, expected.0, expected.1)
            }
            Self::Bitstream => f.write_str("the bitstream is corrupt or truncated; expected that of a whole picture"),
            Self::Partition => f.write_str(
                "a partition is longer than its length field; expected at most 512 KiB for the first and 16 MiB for \
                 any other, which a lower quality can reach",
            ),
            Self::FileSize => f.write_str("the file is larger than 4 GiB; expected at most 4 GiB"),
            Self::OutOfMemory => f.write_str("the memory is used up; expected room for the picture and its file"),
            Self::Version => f.write_str("libwebp is of another version; expected the one of its headers"),
            Self::Libwebp { code } => write!(f, "the error code of libwebp is {code}; expected 0"),
        }
    }
}

impl std::error::Error for Error {}
