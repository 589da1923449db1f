//! Encodes PNG, with `smart-resize-png`. The files are lossless, have at most 8 bits per channel, and are marked as
//! sRGB.

pub use smart_resize_png::Effort as PngEffort;
pub(crate) use smart_resize_png::Scratch as PngScratch;

use smart_resize_png::Colour;
use smart_resize_png::quantise::{Indexed, Reduction};

use super::{Encoded, EncoderSettings};
use crate::pixels::picture::{Layout, Picture};
use crate::size::Size;

/// How a PNG is encoded.
///
/// ```
/// use smart_resize::{Format, Size};
/// use smart_resize::pixels::Picture;
/// use smart_resize::pixels::encode::{EncodeOptions, PngEffort, PngOptions, encode};
///
/// let picture = Picture::from_rgb(Size::new(64, 64)?, [250, 90, 0].repeat(64 * 64))?;
/// let mut options = EncodeOptions::default();
/// options.png = PngOptions::default().effort(PngEffort::Small);
/// let encoded = encode(&picture, Format::Png, &options)?;
/// assert_eq!(encoded.settings.to_string(), "1 colour, effort small");
/// assert!(encoded.exact && encoded.bytes.len() < 150);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PngOptions {
    /// How much work goes into a small file. The effort does not change the pixels.
    pub effort: PngEffort,
}

impl PngOptions {
    /// The efforts that are tried for a byte limit, from the lowest to the highest.
    pub(super) const EFFORTS: [PngEffort; 2] = [PngEffort::Balanced, PngEffort::Small];

    /// Sets the effort.
    #[must_use]
    pub const fn effort(mut self, effort: PngEffort) -> Self {
        self.effort = effort;
        self
    }
}

const fn colour(layout: Layout) -> Colour {
    match layout {
        Layout::Rgb => Colour::Rgb,
        Layout::Rgba => Colour::Rgba,
    }
}

/// Makes an encoder for a size and layout.
fn encoder(size: Size, layout: Layout, effort: PngEffort) -> smart_resize_png::Encoder {
    // The sRGB chunk takes 13 bytes. A profile would take hundreds.
    smart_resize_png::Encoder::new((size.width(), size.height()), colour(layout)).effort(effort).srgb(true)
}

fn encoded(file: smart_resize_png::Encoded, effort: PngEffort, exact: bool) -> Encoded {
    Encoded::once(file.bytes, EncoderSettings::Png { effort, palette: file.palette }, exact)
}

/// Encodes the picture. The file has a palette or is grey if that is smaller.
pub(super) fn encode(picture: &Picture, effort: PngEffort, scratch: &mut PngScratch) -> Result<Encoded, String> {
    let encoder = encoder(picture.size(), picture.layout(), effort);
    let file = encoder.encode(picture.pixels(), scratch).map_err(|error| error.to_string())?;
    Ok(encoded(file, effort, true))
}

/// Returns the picture with palettes of fewer and fewer colours. All share what is learned from the picture, so it is
/// sampled once.
pub(super) fn reductions(picture: &Picture) -> Reduction<'_> {
    let size = (picture.size().width(), picture.size().height());
    let reduction = Reduction::new(size, colour(picture.layout()), picture.pixels());
    reduction.expect("invariant: a picture has the bytes of its size, and PNG has every size")
}

/// Encodes a picture of this size that has a palette, at the highest effort.
pub(super) fn encode_indexed(size: Size, indexed: &Indexed, scratch: &mut PngScratch) -> Result<Encoded, String> {
    // A palette is tried only after the lossless files were too large, so the file should be as small as possible.
    let effort = PngEffort::Small;
    // The layout has no effect on an indexed picture.
    let encoder = encoder(size, Layout::Rgba, effort);
    let file =
        encoder.encode_indexed(&indexed.colours, &indexed.indices, scratch).map_err(|error| error.to_string())?;
    Ok(encoded(file, effort, indexed.exact))
}
