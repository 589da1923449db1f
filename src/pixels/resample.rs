//! A rectangle of a picture at another size, in one pass of Lanczos3. The only file that names the resampling crate.
//!
//! Where the scale is 1 the pixels are copied. The resampler sees the rectangle and nothing beside it, so what is cut
//! away does not show at the edges; and it is given no crop box, since with a fractional one version 6.1 can read out
//! of bounds. Colours are multiplied by alpha for the pass and divided afterwards, so that the hidden colour of a clear
//! pixel does not bleed into its neighbours.

use fast_image_resize::images::{CroppedImage, Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use super::RenderError;
use super::picture::{Layout, Picture};
use crate::plan::fit::Rect;
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
    let failed = |error: &dyn ToString| RenderError::Resample { message: error.to_string() };
    let kind = match picture.layout() {
        Layout::Rgb => PixelType::U8x3,
        Layout::Rgba => PixelType::U8x4,
    };
    let filter = match filter {
        Filter::Lanczos3 => FilterType::Lanczos3,
        Filter::Gaussian => FilterType::Gaussian,
    };
    let (width, height) = (picture.size().width(), picture.size().height());
    let source = ImageRef::new(width, height, picture.pixels(), kind).map_err(|error| failed(&error))?;
    let source =
        CroppedImage::new(&source, rect.x(), rect.y(), rect.width(), rect.height()).map_err(|error| failed(&error))?;
    let mut result = Image::new(size.width(), size.height(), kind);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter));
    Resizer::new().resize(&source, &mut result, &options).map_err(|error| failed(&error))?;
    Ok(result.into_vec())
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
