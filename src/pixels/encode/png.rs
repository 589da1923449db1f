//! PNG: lossless, 8 bits a channel or fewer, marked as sRGB. Written by `smart-resize-png`.

use smart_resize_png::Colour;
pub use smart_resize_png::Effort as PngEffort;
pub(crate) use smart_resize_png::Scratch;

use super::palette::Indexed;
use super::{Encoded, EncoderSettings};
use crate::pixels::picture::{Layout, Picture};
use crate::size::Size;

/// How a PNG is written.
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
    /// How much work goes into a small file. The pixels are the same.
    pub effort: PngEffort,
}

impl PngOptions {
    /// The efforts that a byte limit may lead to, from the least to the most.
    pub(super) const EFFORTS: [PngEffort; 2] = [PngEffort::Balanced, PngEffort::Small];

    /// Sets the effort.
    #[must_use]
    pub const fn effort(mut self, effort: PngEffort) -> Self {
        self.effort = effort;
        self
    }
}

fn encoder(size: Size, layout: Layout, effort: PngEffort) -> smart_resize_png::Encoder {
    let colour = match layout {
        Layout::Rgb => Colour::Rgb,
        Layout::Rgba => Colour::Rgba,
    };
    smart_resize_png::Encoder::new((size.width(), size.height()), colour).effort(effort).srgb(true)
}

fn encoded(file: smart_resize_png::Encoded, effort: PngEffort, exact: bool) -> Encoded {
    Encoded::once(file.bytes, EncoderSettings::Png { effort, palette: file.palette }, exact)
}

/// Encodes the picture, with a palette or as grey where that is smaller.
pub(super) fn encode(picture: &Picture, effort: PngEffort, scratch: &mut Scratch) -> Result<Encoded, String> {
    let encoder = encoder(picture.size(), picture.layout(), effort);
    let file = encoder.encode(picture.pixels(), scratch).map_err(|error| error.to_string())?;
    Ok(encoded(file, effort, true))
}

/// Encodes a picture that has a palette, at the highest effort.
pub(super) fn encode_indexed(indexed: &Indexed, scratch: &mut Scratch) -> Result<Encoded, String> {
    let effort = PngEffort::Small;
    let encoder = encoder(indexed.size, Layout::Rgba, effort);
    let file =
        encoder.encode_indexed(&indexed.colours, &indexed.indices, scratch).map_err(|error| error.to_string())?;
    Ok(encoded(file, effort, indexed.exact))
}
