//! Decoded pixels: upright, sRGB, 8 bits a channel.

use std::fmt;

use crate::size::Size;

/// The channels of a pixel, one byte each.
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
    /// Red, green, blue, and alpha that they are not multiplied by.
    Rgba,
}

impl Layout {
    /// Bytes per pixel.
    pub const fn channels(self) -> usize {
        match self {
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }

    /// Whether a pixel can be transparent.
    pub const fn has_alpha(self) -> bool {
        matches!(self, Self::Rgba)
    }
}

/// An upright picture in sRGB, row by row from the top, 8 bits a channel.
///
/// # Guarantees
///
/// It has exactly width × height × channels bytes.
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
    /// The picture of these opaque pixels.
    ///
    /// # Errors
    ///
    /// [`PixelCountError`] unless there are width × height × 3 bytes.
    ///
    /// ```
    /// # use smart_resize::Size;
    /// # use smart_resize::pixels::Picture;
    /// let size = Size::new(2, 1)?;
    /// assert!(Picture::from_rgb(size, vec![0; 6]).is_ok());
    /// let error = Picture::from_rgb(size, vec![0; 7]).unwrap_err();
    /// assert_eq!(error.to_string(), "7 bytes for 2x1 pixels, expected 6");
    /// # Ok::<(), smart_resize::geometry::InvalidSideError>(())
    /// ```
    pub fn from_rgb(size: Size, pixels: Vec<u8>) -> Result<Self, PixelCountError> {
        Self::new(size, Layout::Rgb, pixels)
    }

    /// The picture of these pixels with alpha, which colours are not multiplied by. If all of them are opaque, the
    /// alpha is dropped.
    ///
    /// # Errors
    ///
    /// [`PixelCountError`] unless there are width × height × 4 bytes.
    pub fn from_rgba(size: Size, pixels: Vec<u8>) -> Result<Self, PixelCountError> {
        Self::new(size, Layout::Rgba, pixels).map(Self::without_needless_alpha)
    }

    /// The same picture as RGB, if it is opaque throughout.
    pub(crate) fn without_needless_alpha(self) -> Self {
        let (pixels, _) = self.pixels.as_chunks::<4>();
        if self.layout == Layout::Rgb || pixels.iter().any(|pixel| pixel[3] != u8::MAX) {
            return self;
        }
        let rgb = pixels.iter().flat_map(|&[r, g, b, _]| [r, g, b]).collect();
        Self { size: self.size, layout: Layout::Rgb, pixels: rgb }
    }

    pub(crate) fn new(size: Size, layout: Layout, pixels: Vec<u8>) -> Result<Self, PixelCountError> {
        let expected = u64::from(size.area()) * layout.channels() as u64;
        if pixels.len() as u64 == expected {
            Ok(Self { size, layout, pixels })
        } else {
            Err(PixelCountError { size, expected, found: pixels.len() })
        }
    }

    /// Width and height in pixels.
    pub const fn size(&self) -> Size {
        self.size
    }

    /// The channels of a pixel.
    pub const fn layout(&self) -> Layout {
        self.layout
    }

    /// The pixels, row by row from the top.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The pixels, without a copy.
    pub fn into_pixels(self) -> Vec<u8> {
        self.pixels
    }

    /// The bytes of a row.
    pub const fn row_bytes(&self) -> usize {
        self.size.width() as usize * self.layout.channels()
    }

    /// The opaque pixels of the picture laid on `background`, in place of what `rgb` holds.
    pub(crate) fn flatten_into(&self, background: [u8; 3], rgb: &mut Vec<u8>) {
        let over = |[r, g, b, alpha]: [u8; 4]| {
            let alpha = u32::from(alpha);
            let mix = |colour: u8, behind: u8| {
                let sum = u32::from(colour) * alpha + u32::from(behind) * (255 - alpha);
                #[expect(clippy::cast_possible_truncation, reason = "a mean of bytes")]
                {
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

/// A number of bytes that does not match the size and the layout of a picture.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::pixels::Picture;
///
/// let error = Picture::from_rgba(Size::new(2, 1)?, vec![0; 6]).unwrap_err();
/// assert_eq!((error.expected, error.found), (8, 6));
/// assert_eq!(error.to_string(), "6 bytes for 2x1 pixels, expected 8");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found} bytes for {size} pixels, expected {expected}")]
#[non_exhaustive]
pub struct PixelCountError {
    /// The picture's size.
    pub size: Size,
    /// Width × height × channels.
    pub expected: u64,
    /// How many bytes there are.
    pub found: usize,
}
