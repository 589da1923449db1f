//! Why a picture cannot be encoded.

/// The reason why [`Encoder::encode`](crate::Encoder::encode) returns no file.
///
/// ```
/// use smart_resize_jpeg::{Encoder, Scratch};
///
/// let error = Encoder::new((3, 2), 85).encode(&[0; 17], &mut Scratch::default()).unwrap_err();
/// assert_eq!(error.to_string(), "length of the pixels is 17 bytes; expected 18");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A side is 0 or does not fit the frame header.
    #[error("size is {width}x{height}; expected sides of 1 to 65535")]
    #[non_exhaustive]
    Size {
        /// The width in pixels.
        width: u32,
        /// The height in pixels.
        height: u32,
    },
    /// The quality is out of range.
    #[error("quality is {found}; expected 1 to 100")]
    #[non_exhaustive]
    Quality {
        /// The quality that was asked for.
        found: u8,
    },
    /// The pixels do not fill the size.
    #[error("length of the pixels is {found} bytes; expected {expected}")]
    #[non_exhaustive]
    PixelLength {
        /// The bytes that were passed.
        found: usize,
        /// Width times height times 3.
        expected: u64,
    },
    /// The ICC profile does not fit 255 segments of 65,519 bytes.
    #[error("length of the ICC profile is {found} bytes; expected at most 16707345")]
    #[non_exhaustive]
    ProfileLength {
        /// The bytes of the profile.
        found: usize,
    },
    /// A segment does not fit its length field.
    #[error("length of segment {marker:#04x} is {found} bytes; expected at most 65533")]
    #[non_exhaustive]
    SegmentLength {
        /// The second byte of the marker.
        marker: u8,
        /// The bytes of the segment.
        found: usize,
    },
    /// The marker is not that of a comment (0xfe) or of an application segment that the caller may write (0xe1 to
    /// 0xef).
    #[error("marker of a segment is {found:#04x}; expected 0xe1 to 0xef or 0xfe")]
    #[non_exhaustive]
    SegmentMarker {
        /// The second byte of the marker.
        found: u8,
    },
}
