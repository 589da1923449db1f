//! Conversions between [`Picture`] and the types of the `image` crate.

use image::{DynamicImage, RgbImage, RgbaImage};

use super::picture::{Layout, Picture};
use crate::size::{InvalidSideError, Size};

const MOVED: &str = "invariant: both types hold width x height x channels bytes";

impl TryFrom<RgbImage> for Picture {
    type Error = InvalidSideError;

    fn try_from(image: RgbImage) -> Result<Self, InvalidSideError> {
        let size = Size::new(image.width(), image.height())?;
        Ok(Self::from_rgb(size, trimmed(image.into_raw(), size, Layout::Rgb)).expect(MOVED))
    }
}

impl TryFrom<RgbaImage> for Picture {
    type Error = InvalidSideError;

    fn try_from(image: RgbaImage) -> Result<Self, InvalidSideError> {
        let size = Size::new(image.width(), image.height())?;
        Ok(Self::from_rgba(size, trimmed(image.into_raw(), size, Layout::Rgba)).expect(MOVED))
    }
}

/// Cuts the buffer of an image to the length of its pixels. The `image` crate allows a longer buffer.
fn trimmed(mut pixels: Vec<u8>, size: Size, layout: Layout) -> Vec<u8> {
    pixels.truncate(size.area() as usize * layout.channels());
    pixels
}

impl TryFrom<DynamicImage> for Picture {
    type Error = InvalidSideError;

    fn try_from(image: DynamicImage) -> Result<Self, InvalidSideError> {
        // The `image` crate reduces deeper samples to 8 bits and expands grey, in memory that the picture then takes
        // over.
        if image.color().has_alpha() { Self::try_from(image.into_rgba8()) } else { Self::try_from(image.into_rgb8()) }
    }
}

impl From<Picture> for DynamicImage {
    fn from(picture: Picture) -> Self {
        match picture.layout() {
            Layout::Rgb => Self::ImageRgb8(rgb(picture)),
            Layout::Rgba => Self::ImageRgba8(picture.into()),
        }
    }
}

impl From<Picture> for RgbaImage {
    fn from(picture: Picture) -> Self {
        match picture.layout() {
            Layout::Rgba => {
                let size = picture.size();
                Self::from_raw(size.width(), size.height(), picture.into_pixels()).expect(MOVED)
            }
            Layout::Rgb => DynamicImage::ImageRgb8(rgb(picture)).into_rgba8(),
        }
    }
}

impl TryFrom<Picture> for RgbImage {
    type Error = HasAlphaError;

    /// # Errors
    ///
    /// [`HasAlphaError`] if the picture has transparent pixels, which an `RgbImage` cannot hold.
    fn try_from(picture: Picture) -> Result<Self, HasAlphaError> {
        match picture.layout() {
            Layout::Rgb => Ok(rgb(picture)),
            Layout::Rgba => Err(HasAlphaError { size: picture.size() }),
        }
    }
}

/// Moves the pixels into an `RgbImage`. Invariant: the layout is RGB.
fn rgb(picture: Picture) -> RgbImage {
    let size = picture.size();
    RgbImage::from_raw(size.width(), size.height(), picture.into_pixels()).expect(MOVED)
}

/// The error for a picture with transparent pixels where an opaque picture is needed.
///
/// ```
/// use image::RgbImage;
/// use smart_resize::Size;
/// use smart_resize::pixels::Picture;
///
/// let translucent = Picture::from_rgba(Size::new(2, 1)?, vec![128; 8])?;
/// let error = RgbImage::try_from(translucent).unwrap_err();
/// assert_eq!(error.to_string(), "the picture of 2x1 has transparent pixels; expected an opaque picture");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the picture of {size} has transparent pixels; expected an opaque picture")]
#[non_exhaustive]
pub struct HasAlphaError {
    /// The size of the picture.
    pub size: Size,
}
