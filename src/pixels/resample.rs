//! A rectangle of a picture at another size, in one pass of Lanczos3. The only file that names the resampling crate.
//!
//! Where the scale is 1 the pixels are copied. The resampler sees the rectangle and nothing beside it, so what is cut
//! away does not show at the edges; and it is given no crop box, since with a fractional one version 6.1 can read out
//! of bounds. Colours are multiplied by alpha for the pass and divided afterwards, so that the hidden colour of a clear
//! pixel does not bleed into its neighbours.

use std::error::Error;

use fast_image_resize::images::{TypedCroppedImage, TypedImage, TypedImageRef};
use fast_image_resize::pixels::{U8x3, U8x4};
use fast_image_resize::{FilterType, PixelTrait, ResizeAlg, ResizeOptions, Resizer};

use super::RenderError;
use super::picture::{Layout, Picture};
use crate::plan::rect::Rect;
use crate::size::Size;

/// The filters in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    /// Sharp: for what people see.
    Lanczos3,
    /// Soft and without ringing: for blurs.
    Gaussian,
}

/// `rect` of `picture` at `size`, in the same layout.
pub(crate) fn resample(picture: &Picture, rect: Rect, size: Size, filter: Filter) -> Result<Picture, RenderError> {
    let pixels = if rect.size() == size { copy(picture, rect) } else { convolve(picture, rect, size, filter)? };
    Ok(Picture::new(size, picture.layout(), pixels)?)
}

fn convolve(picture: &Picture, rect: Rect, size: Size, filter: Filter) -> Result<Vec<u8>, RenderError> {
    let mut pixels = vec![0; size.area() as usize * picture.layout().channels()];
    let result = match picture.layout() {
        Layout::Rgb => convolve_typed::<U8x3>(picture, rect, &mut pixels, size, filter),
        Layout::Rgba => convolve_typed::<U8x4>(picture, rect, &mut pixels, size, filter),
    };
    result.map_err(|error| RenderError::Resample { message: error.to_string() })?;
    Ok(pixels)
}

/// One instance for each layout in use: through the crate's untyped images, all thirteen of its kinds of pixels would
/// be compiled into this one.
fn convolve_typed<P: PixelTrait>(
    picture: &Picture,
    rect: Rect,
    pixels: &mut [u8],
    size: Size,
    filter: Filter,
) -> Result<(), Box<dyn Error>> {
    let filter = match filter {
        Filter::Lanczos3 => FilterType::Lanczos3,
        Filter::Gaussian => FilterType::Gaussian,
    };
    let source = TypedImageRef::<P>::from_buffer(picture.size().width(), picture.size().height(), picture.pixels())?;
    let source = TypedCroppedImage::from_ref(&source, rect.x(), rect.y(), rect.width(), rect.height())?;
    let mut result = TypedImage::<P>::from_buffer(size.width(), size.height(), pixels)?;
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter));
    Ok(Resizer::new().resize_typed(&source, &mut result, &options)?)
}

/// The rectangle's own pixels.
fn copy(picture: &Picture, rect: Rect) -> Vec<u8> {
    let channels = picture.layout().channels();
    let (start, length) = (rect.x() as usize * channels, rect.width() as usize * channels);
    let rows = picture.pixels().chunks_exact(picture.row_bytes());
    let rows = rows.skip(rect.y() as usize).take(rect.height() as usize);
    let mut pixels = Vec::with_capacity(length * rect.height() as usize);
    for row in rows {
        pixels.extend_from_slice(row.get(start..start + length).unwrap_or_default());
    }
    pixels
}
