//! WebP: lossless, or with a palette, marked as sRGB by a profile of 480 bytes. With loss it needs an encoder that the
//! crate does not have.

use image_webp::{ColorType, EncoderParams, WebPEncoder};

use super::{Encoded, EncoderSettings};
#[cfg(feature = "palette")]
use super::{palette::Indexed, vp8l};
use crate::pixels::picture::{Layout, Picture};
use crate::pixels::srgb;

/// Whether a WebP loses anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WebPMode {
    /// Every pixel as it is.
    #[default]
    Lossless,
    /// Refused for now, with [`EncodeError::LossyWebP`](crate::EncodeError::LossyWebP).
    Lossy {
        /// 1 to 100.
        quality: u8,
    },
}

/// How a WebP is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WebPOptions {
    /// Whether it loses anything.
    pub mode: WebPMode,
}

impl WebPOptions {
    /// The options with this mode.
    pub const fn with_mode(mode: WebPMode) -> Self {
        Self { mode }
    }
}

/// The picture with or without prediction, which helps photographs and hurts some drawings.
pub(super) fn encode(picture: &Picture, predicted: bool) -> Result<Encoded, String> {
    let mut bytes = Vec::new();
    let kind = match picture.layout() {
        Layout::Rgb => ColorType::Rgb8,
        Layout::Rgba => ColorType::Rgba8,
    };
    let mut encoder = WebPEncoder::new(&mut bytes);
    encoder.set_icc_profile(srgb::profile());
    let mut params = EncoderParams::default();
    params.use_predictor_transform = predicted;
    encoder.set_params(params);
    encoder
        .encode(picture.pixels(), picture.size().width(), picture.size().height(), kind)
        .map_err(|error| error.to_string())?;
    Ok(Encoded::once(bytes, EncoderSettings::WebP { predicted, palette: None }, true))
}

/// The picture with its palette.
#[cfg(feature = "palette")]
pub(super) fn encode_indexed(indexed: &Indexed) -> Result<Encoded, String> {
    let (width, height) = (indexed.size.width() - 1, indexed.size.height() - 1);
    let has_alpha = indexed.colours.iter().any(|[_, _, _, alpha]| *alpha != u8::MAX);
    // An extended file (RFC 9649, 2.7): what is in it, then the size less one in 24 bits each.
    let mut features = vec![0x20 | if has_alpha { 0x10 } else { 0 }, 0, 0, 0];
    for side in [width, height] {
        features.extend(side.to_le_bytes().iter().take(3));
    }
    let mut body = b"WEBP".to_vec();
    for (name, content) in [(b"VP8X", features), (b"ICCP", srgb::profile()), (b"VP8L", vp8l::encode(indexed))] {
        put_chunk(&mut body, *name, &content)?;
    }
    let mut bytes = Vec::with_capacity(body.len() + 8);
    put_chunk(&mut bytes, *b"RIFF", &body)?;
    let settings = EncoderSettings::WebP { predicted: false, palette: Some(indexed.count()) };
    Ok(Encoded::once(bytes, settings, indexed.exact))
}

/// A name, a length, the content, and a byte more where that is odd.
#[cfg(feature = "palette")]
fn put_chunk(bytes: &mut Vec<u8>, name: [u8; 4], content: &[u8]) -> Result<(), String> {
    let length = u32::try_from(content.len()).map_err(|error| error.to_string())?;
    bytes.extend(name);
    bytes.extend(length.to_le_bytes());
    bytes.extend(content);
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    Ok(())
}
