//! WebP: lossless, marked as sRGB by a profile of 480 bytes. With loss it needs an encoder that the crate does not have.

use image_webp::{ColorType, WebPEncoder};

use super::{Encoded, EncoderSettings};
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

pub(super) fn encode(picture: &Picture) -> Result<Encoded, String> {
    let mut bytes = Vec::new();
    let kind = match picture.layout() {
        Layout::Rgb => ColorType::Rgb8,
        Layout::Rgba => ColorType::Rgba8,
    };
    let mut encoder = WebPEncoder::new(&mut bytes);
    encoder.set_icc_profile(srgb::profile());
    encoder
        .encode(picture.pixels(), picture.size().width(), picture.size().height(), kind)
        .map_err(|error| error.to_string())?;
    Ok(Encoded { bytes, settings: EncoderSettings::WebP })
}
