//! PNG: lossless, RGB or RGBA of 8 bits, or with a palette of 1 to 8 bits; marked as sRGB.

use std::fmt;

#[cfg(feature = "palette")]
use png::Filter;
use png::{BitDepth, ColorType, Compression, Encoder, EncodingError, SrgbRenderingIntent};

#[cfg(feature = "palette")]
use super::palette::Indexed;
use super::{Encoded, EncoderSettings};
use crate::pixels::picture::{Layout, Picture};

/// How much work goes into a small file. The pixels are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum PngEffort {
    /// Several times as fast, and larger.
    Fast,
    /// About the size that other libraries make by default.
    #[default]
    Balanced,
    /// Slower, and a little smaller.
    Small,
}

impl PngEffort {
    /// From the least to the most.
    pub(super) const ALL: [Self; 3] = [Self::Fast, Self::Balanced, Self::Small];

    const fn compression(self) -> Compression {
        match self {
            Self::Fast => Compression::Fast,
            Self::Balanced => Compression::Balanced,
            Self::Small => Compression::High,
        }
    }
}

impl fmt::Display for PngEffort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fast => "fast",
            Self::Balanced => "balanced",
            Self::Small => "small",
        })
    }
}

/// How a PNG is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PngOptions {
    /// How much work goes into a small file.
    pub effort: PngEffort,
}

impl PngOptions {
    /// The options with this effort.
    pub const fn with_effort(effort: PngEffort) -> Self {
        Self { effort }
    }
}

pub(super) fn encode(picture: &Picture, effort: PngEffort) -> Result<Encoded, String> {
    let mut bytes = Vec::new();
    write(picture, effort, &mut bytes).map_err(|error| error.to_string())?;
    Ok(Encoded::once(bytes, EncoderSettings::Png { effort, palette: None }, true))
}

fn write(picture: &Picture, effort: PngEffort, bytes: &mut Vec<u8>) -> Result<(), EncodingError> {
    let mut encoder = Encoder::new(bytes, picture.size().width(), picture.size().height());
    encoder.set_depth(BitDepth::Eight);
    encoder.set_color(match picture.layout() {
        Layout::Rgb => ColorType::Rgb,
        Layout::Rgba => ColorType::Rgba,
    });
    encoder.set_compression(effort.compression());
    encoder.set_source_srgb(SrgbRenderingIntent::Perceptual);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(picture.pixels())?;
    writer.finish()
}

/// The picture with its palette, as small as it gets. Rows are not filtered: what differs by one in a palette may look
/// like anything.
#[cfg(feature = "palette")]
pub(super) fn encode_indexed(indexed: &Indexed) -> Result<Encoded, String> {
    let effort = PngEffort::Small;
    let mut bytes = Vec::new();
    write_indexed(indexed, effort, &mut bytes).map_err(|error| error.to_string())?;
    let settings = EncoderSettings::Png { effort, palette: Some(indexed.count()) };
    Ok(Encoded::once(bytes, settings, indexed.exact))
}

#[cfg(feature = "palette")]
fn write_indexed(indexed: &Indexed, effort: PngEffort, bytes: &mut Vec<u8>) -> Result<(), EncodingError> {
    let mut encoder = Encoder::new(bytes, indexed.size.width(), indexed.size.height());
    encoder.set_depth(match indexed.depth() {
        1 => BitDepth::One,
        2 => BitDepth::Two,
        4 => BitDepth::Four,
        _ => BitDepth::Eight,
    });
    encoder.set_color(ColorType::Indexed);
    encoder.set_palette(indexed.colours.iter().flat_map(|[r, g, b, _]| [*r, *g, *b]).collect::<Vec<_>>());
    // Opaque colours come last and need no entry.
    let alpha: Vec<u8> =
        indexed.colours.iter().map(|[_, _, _, alpha]| *alpha).take_while(|alpha| *alpha < 255).collect();
    if !alpha.is_empty() {
        encoder.set_trns(alpha);
    }
    encoder.set_compression(effort.compression());
    encoder.set_filter(Filter::NoFilter);
    encoder.set_source_srgb(SrgbRenderingIntent::Perceptual);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&indexed.packed(true))?;
    writer.finish()
}
