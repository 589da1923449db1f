//! PNG by the `png` crate: RGB or RGBA, or a palette that the caller made.

#[cfg(feature = "palette")]
use png::Filter;
use png::{BitDepth, ColorType, Compression, Encoder, EncodingError, SrgbRenderingIntent};

use super::PngEffort;
#[cfg(feature = "palette")]
use crate::pixels::encode::palette::Indexed;
use crate::pixels::picture::{Layout, Picture};

const fn compression(effort: PngEffort) -> Compression {
    match effort {
        PngEffort::Fast => Compression::Fast,
        PngEffort::Balanced => Compression::Balanced,
        PngEffort::Small => Compression::High,
    }
}

pub(super) fn write(picture: &Picture, effort: PngEffort) -> Result<Vec<u8>, EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, picture.size().width(), picture.size().height());
    encoder.set_depth(BitDepth::Eight);
    encoder.set_color(match picture.layout() {
        Layout::Rgb => ColorType::Rgb,
        Layout::Rgba => ColorType::Rgba,
    });
    encoder.set_compression(compression(effort));
    encoder.set_source_srgb(SrgbRenderingIntent::Perceptual);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(picture.pixels())?;
    writer.finish()?;
    Ok(bytes)
}

/// Rows are not filtered: what differs by one in a palette may look like anything.
#[cfg(feature = "palette")]
pub(super) fn write_indexed(indexed: &Indexed, effort: PngEffort) -> Result<Vec<u8>, EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, indexed.size.width(), indexed.size.height());
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
    encoder.set_compression(compression(effort));
    encoder.set_filter(Filter::NoFilter);
    encoder.set_source_srgb(SrgbRenderingIntent::Perceptual);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&indexed.packed(true))?;
    writer.finish()?;
    Ok(bytes)
}
