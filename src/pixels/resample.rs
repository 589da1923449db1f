//! Crops a rectangle of a picture and resamples it to another size, with `fast_image_resize`.
//!
//! At a scale of 1 the pixels are copied. Otherwise the rectangle is convolved once. The weights are integers, so that
//! the bytes are the same with every instruction set and every number of threads. Only pixels inside the rectangle
//! contribute.
//!
//! Colours are multiplied by alpha before the convolution and divided by it afterwards, both in 8 bits. The lower the
//! alpha of a pixel, the fewer levels its colour keeps. A transparent pixel becomes transparent black.
//!
//! Memory: the result, an intermediate picture as wide as the rectangle and as high as the result, and for a picture
//! with alpha a premultiplied copy of the rectangle.

use fast_image_resize::images::{TypedCroppedImage, TypedImage, TypedImageRef};
use fast_image_resize::pixels::{U8x3, U8x4};
use fast_image_resize::{FilterType, PixelTrait, ResizeAlg, ResizeOptions, Resizer};

use super::picture::{Layout, Picture};
use crate::geometry::rect::Rect;
use crate::size::Size;

/// The convolution kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    /// Sharp, for results: a sinc windowed by the central lobe of a sinc three times as wide.
    Lanczos3,
    /// Soft and without ringing, for blurs: a Gaussian with a standard deviation of half a pixel.
    Gaussian,
}

/// Returns the part of `picture` inside `rect`, resampled to `size`, in the same layout.
pub(crate) fn resample(picture: &Picture, rect: Rect, size: Size, filter: Filter) -> Picture {
    resample_into(picture, rect, size, filter, Vec::new(), &mut Resizer::new())
}

/// Does the same as [`resample`], with memory to reuse: `pixels` for the result, and the buffers of `resizer`.
pub(crate) fn resample_into(
    picture: &Picture,
    rect: Rect,
    size: Size,
    filter: Filter,
    mut pixels: Vec<u8>,
    resizer: &mut Resizer,
) -> Picture {
    let layout = picture.layout();
    if rect.size() == size {
        // A copy keeps the colours of translucent pixels, which multiplying and dividing by alpha would round.
        pixels.clear();
        pixels.reserve_exact(size.area() as usize * layout.channels());
        rows(picture, rect).for_each(|row| pixels.extend_from_slice(row));
    } else {
        // The convolution writes every byte, so nothing of an earlier picture remains.
        pixels.resize(size.area() as usize * layout.channels(), 0);
        convolve(picture, rect, size, filter, &mut pixels, resizer);
    }
    Picture::new(size, layout, pixels).expect("invariant: the buffer has the size of the result")
}

fn convolve(picture: &Picture, rect: Rect, size: Size, filter: Filter, pixels: &mut [u8], resizer: &mut Resizer) {
    let filter = match filter {
        Filter::Lanczos3 => FilterType::Lanczos3,
        Filter::Gaussian => FilterType::Gaussian,
    };
    // `Convolution` widens the kernel when it reduces a picture, which prevents aliasing; `Interpolation` keeps its
    // width. `use_alpha` multiplies colours by alpha, so that hidden colours of transparent pixels do not bleed into
    // their neighbours. It has no effect on RGB.
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter)).use_alpha(true);
    match picture.layout() {
        Layout::Rgb => convolve_typed::<U8x3>(picture, rect, size, &options, pixels, resizer),
        Layout::Rgba => convolve_typed::<U8x4>(picture, rect, size, &options, pixels, resizer),
    }
}

/// Convolves pixels of one type. The untyped interface of the library would compile the convolution for all of its
/// thirteen pixel types.
fn convolve_typed<P: PixelTrait>(
    picture: &Picture,
    rect: Rect,
    size: Size,
    options: &ResizeOptions,
    pixels: &mut [u8],
    resizer: &mut Resizer,
) {
    let whole = TypedImageRef::<P>::from_buffer(picture.size().width(), picture.size().height(), picture.pixels())
        .expect("invariant: a picture has width x height x channels bytes");
    // A view of the rectangle and not a crop box: with a crop box the filter also reads pixels outside the box.
    let source = TypedCroppedImage::from_ref(&whole, rect.x(), rect.y(), rect.width(), rect.height())
        .expect("invariant: the rectangle lies inside the picture");
    let mut target = TypedImage::<P>::from_buffer(size.width(), size.height(), pixels)
        .expect("invariant: the buffer has the size of the result");
    resizer.resize_typed(&source, &mut target, options).expect("invariant: both pictures have the same kind of pixels");
}

/// Returns the rows of `rect` as slices of `picture`.
fn rows(picture: &Picture, rect: Rect) -> impl Iterator<Item = &[u8]> {
    let channels = picture.layout().channels();
    let columns = rect.x() as usize * channels..(rect.x() + rect.width()) as usize * channels;
    let all = picture.pixels().chunks_exact(picture.row_bytes());
    all.skip(rect.y() as usize).take(rect.height() as usize).map(move |row| &row[columns.clone()])
}
