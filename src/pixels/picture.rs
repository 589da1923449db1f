//! Decoded pixels: upright, in sRGB, 8 bits per channel.

use std::fmt;

use crate::size::Size;

/// The channels of a pixel, one byte each. Alpha is straight: colours are not multiplied by it.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::pixels::{Layout, Picture};
///
/// let pixel = Size::new(1, 1)?;
/// assert_eq!(Picture::from_rgba(pixel, vec![200, 0, 0, 128])?.layout(), Layout::Rgba);
/// // An alpha channel that is opaque throughout is dropped.
/// assert_eq!(Picture::from_rgba(pixel, vec![200, 0, 0, 255])?.layout(), Layout::Rgb);
/// assert_eq!((Layout::Rgb.channels(), Layout::Rgba.channels()), (3, 4));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Layout {
    /// Red, green, blue.
    Rgb,
    /// Red, green, blue and straight alpha.
    Rgba,
}

impl Layout {
    /// Returns the number of channels, which is also the number of bytes per pixel.
    pub const fn channels(self) -> usize {
        match self {
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }

    /// Whether pixels have an alpha channel.
    pub const fn has_alpha(self) -> bool {
        matches!(self, Self::Rgba)
    }
}

/// An upright picture in sRGB with 8 bits per channel.
///
/// Pixels are stored row by row from the top, and from left to right, without padding.
///
/// # Guarantees
///
/// A picture has exactly width × height × channels bytes. Its pixels must be upright and in sRGB too, which no
/// constructor can check.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::pixels::Picture;
///
/// // A red pixel, and a blue one to its right.
/// let picture = Picture::from_rgb(Size::new(2, 1)?, vec![255, 0, 0, 0, 0, 255])?;
/// assert_eq!((picture.size(), picture.row_bytes()), (Size::new(2, 1)?, 6));
/// assert_eq!(picture.pixels()[3..], [0, 0, 255]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[cfg_attr(feature = "image", doc = "", doc = include_str!("picture-image.md"))]
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    size: Size,
    layout: Layout,
    pixels: Vec<u8>,
}

impl Picture {
    /// Makes a picture of opaque pixels.
    ///
    /// # Errors
    ///
    /// [`PixelCountError`] unless `pixels` has width × height × 3 bytes.
    ///
    /// ```
    /// # use smart_resize::Size;
    /// # use smart_resize::pixels::Picture;
    /// let size = Size::new(2, 1)?;
    /// assert!(Picture::from_rgb(size, vec![0; 6]).is_ok());
    /// let error = Picture::from_rgb(size, vec![0; 7]).unwrap_err();
    /// assert_eq!(error.to_string(), "the picture of 2x1 has 7 bytes; expected 6");
    /// # Ok::<(), smart_resize::geometry::InvalidSideError>(())
    /// ```
    pub fn from_rgb(size: Size, pixels: Vec<u8>) -> Result<Self, PixelCountError> {
        Self::new(size, Layout::Rgb, pixels)
    }

    /// Makes a picture of pixels with straight alpha. Drops the alpha channel if all pixels are opaque.
    ///
    /// # Errors
    ///
    /// [`PixelCountError`] unless `pixels` has width × height × 4 bytes.
    pub fn from_rgba(size: Size, pixels: Vec<u8>) -> Result<Self, PixelCountError> {
        Self::new(size, Layout::Rgba, pixels).map(Self::without_needless_alpha)
    }

    /// Converts the picture to RGB if all pixels are opaque. Returns it unchanged otherwise.
    pub(crate) fn without_needless_alpha(self) -> Self {
        if self.layout == Layout::Rgb {
            return self;
        }
        let (pixels, _) = self.pixels.as_chunks::<4>();
        if pixels.iter().any(|pixel| pixel[3] != u8::MAX) {
            return self;
        }
        let rgb = pixels.iter().flat_map(|&[r, g, b, _]| [r, g, b]).collect();
        Self { size: self.size, layout: Layout::Rgb, pixels: rgb }
    }

    /// Makes a picture. An opaque alpha channel stays.
    pub(crate) fn new(size: Size, layout: Layout, pixels: Vec<u8>) -> Result<Self, PixelCountError> {
        // An area fits 32 bits, but its bytes may not.
        let expected = u64::from(size.area()) * layout.channels() as u64;
        if pixels.len() as u64 == expected {
            Ok(Self { size, layout, pixels })
        } else {
            Err(PixelCountError { size, expected, found: pixels.len() })
        }
    }

    /// Returns the width and height in pixels.
    pub const fn size(&self) -> Size {
        self.size
    }

    /// Returns which channels a pixel has.
    pub const fn layout(&self) -> Layout {
        self.layout
    }

    /// Returns the bytes of the pixels, row by row from the top.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// Returns the bytes of the pixels without a copy.
    pub fn into_pixels(self) -> Vec<u8> {
        self.pixels
    }

    /// Returns the number of bytes in a row.
    pub const fn row_bytes(&self) -> usize {
        self.size.width() as usize * self.layout.channels()
    }

    /// Composites the picture over `background`, with rounding. Replaces the content of `rgb` by the result.
    ///
    /// The picture must have the layout RGBA.
    pub(crate) fn flatten_into(&self, background: [u8; 3], rgb: &mut Vec<u8>) {
        debug_assert!(self.layout.has_alpha(), "a picture without an alpha channel is composited");
        // Encoded levels are mixed, and not linear light: browsers composite in the same way.
        let over = |[r, g, b, alpha]: [u8; 4]| {
            let alpha = u32::from(alpha);
            let mix = |colour: u8, behind: u8| {
                let sum = u32::from(colour) * alpha + u32::from(behind) * (255 - alpha);
                #[expect(clippy::cast_possible_truncation, reason = "a mean of bytes")]
                {
                    // Since 255 is odd, no quotient is exactly halfway between two levels, and 127 rounds to the
                    // nearest.
                    ((sum + 127) / 255) as u8
                }
            };
            [mix(r, background[0]), mix(g, background[1]), mix(b, background[2])]
        };
        rgb.clear();
        rgb.extend(self.pixels.as_chunks::<4>().0.iter().flat_map(|pixel| over(*pixel)));
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({} {:?})", self.size, self.layout)
    }
}

/// A buffer whose length does not match the size and the layout of a picture.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::pixels::Picture;
///
/// let error = Picture::from_rgba(Size::new(2, 1)?, vec![0; 6]).unwrap_err();
/// assert_eq!((error.expected, error.found), (8, 6));
/// assert_eq!(error.to_string(), "the picture of 2x1 has 6 bytes; expected 8");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the picture of {size} has {found} bytes; expected {expected}")]
#[non_exhaustive]
pub struct PixelCountError {
    /// The size of the picture.
    pub size: Size,
    /// The number of bytes that the size and the layout need: width × height × channels.
    pub expected: u64,
    /// The number of bytes in the buffer.
    pub found: usize,
}
