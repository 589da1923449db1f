//! PNG: lossless, RGB or RGBA of 8 bits, marked as sRGB.

use png::{BitDepth, ColorType, Compression, Encoder, EncodingError, SrgbRenderingIntent};

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

pub(super) fn encode(picture: &Picture, options: &PngOptions) -> Result<Encoded, String> {
    let mut bytes = Vec::new();
    write(picture, options, &mut bytes).map_err(|error| error.to_string())?;
    Ok(Encoded { bytes, settings: EncoderSettings::Png { effort: options.effort } })
}

fn write(picture: &Picture, options: &PngOptions, bytes: &mut Vec<u8>) -> Result<(), EncodingError> {
    let mut encoder = Encoder::new(bytes, picture.size().width(), picture.size().height());
    encoder.set_depth(BitDepth::Eight);
    encoder.set_color(match picture.layout() {
        Layout::Rgb => ColorType::Rgb,
        Layout::Rgba => ColorType::Rgba,
    });
    encoder.set_compression(match options.effort {
        PngEffort::Fast => Compression::Fast,
        PngEffort::Balanced => Compression::Balanced,
        PngEffort::Small => Compression::High,
    });
    encoder.set_source_srgb(SrgbRenderingIntent::Perceptual);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(picture.pixels())?;
    writer.finish()
}
