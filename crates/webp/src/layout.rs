//! The layout of a pixel buffer: rows from top to bottom without padding, pixels from left to right.

use std::ffi::c_int;

use crate::Error;

/// The longest side of a WebP picture in pixels. The format stores each side in 14 bits.
///
/// ```
/// use smart_resize_webp::{Error, Layout, MAX_SIDE, Settings, encode};
///
/// let row = vec![0; (MAX_SIDE as usize + 1) * 3];
/// let error = encode(&row, MAX_SIDE + 1, 1, Layout::Rgb, Settings { quality: 80, effort: 4 }).unwrap_err();
/// assert_eq!(error, Error::Side { width: 16_384, height: 1 });
/// ```
pub const MAX_SIDE: u32 = 16_383;

/// The samples of a pixel in a buffer, 8 bits each.
///
/// ```
/// use smart_resize_webp::Layout;
///
/// assert_eq!((Layout::Rgb.channels(), Layout::Rgba.channels()), (3, 4));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "libwebp has more layouts, but smart-resize uses only these")]
pub enum Layout {
    /// Red, green, blue.
    Rgb,
    /// Red, green, blue, alpha. The colour samples are not premultiplied by alpha.
    Rgba,
}

impl Layout {
    /// The number of samples of a pixel, which is also its number of bytes.
    ///
    /// ```
    /// use smart_resize_webp::Layout;
    ///
    /// let bytes = 1920 * 1080 * Layout::Rgba.channels();
    /// assert_eq!(bytes, 8_294_400);
    /// ```
    pub const fn channels(self) -> usize {
        match self {
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }

    /// Returns the number of bytes of a row, if both sides are in range and `length` is the number of bytes of a buffer
    /// of this size.
    pub(crate) fn checked_stride(self, width: u32, height: u32, length: usize) -> Result<c_int, Error> {
        if !(1..=MAX_SIDE).contains(&width) || !(1..=MAX_SIDE).contains(&height) {
            return Err(Error::Side { width, height });
        }
        // A row has at most 4 * 16,383 bytes and a buffer fewer than 2^30, so that neither product overflows 32 bits.
        let stride = width as usize * self.channels();
        let expected = stride * height as usize;
        match c_int::try_from(stride) {
            Ok(stride) if length == expected => Ok(stride),
            _ => Err(Error::Length { found: length, expected }),
        }
    }
}
