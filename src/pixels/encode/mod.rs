//! Pixels to encoded bytes: one file per format, one options type each.
//!
//! The bytes are read back as far as their header, and must say the picture's size.
//!
//! ```
//! use smart_resize::{EncodeOptions, Format, JpegOptions, Picture, Size, WebPOptions, encode};
//!
//! let picture = Picture::from_rgb(Size::new(4, 4)?, vec![200; 48])?;
//! let mut options = EncodeOptions::default();
//! options.jpeg = JpegOptions::default().with_quality(80);
//! assert_eq!(encode(&picture, Format::Jpeg, &options)?.bytes[..2], [0xff, 0xd8]);
//!
//! options.jpeg.quality = Some(0);
//! let error = encode(&picture, Format::Jpeg, &options).unwrap_err();
//! assert_eq!(error.to_string(), "quality 0, expected 1 to 100");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod jpeg;
pub mod png;
pub mod webp;

use self::jpeg::JpegOptions;
use self::png::{PngEffort, PngOptions};
use self::webp::{WebPMode, WebPOptions};
use super::decode::{DecodeLimits, probe};
use super::picture::Picture;
use crate::format::Format;
use crate::size::Size;

/// How results are written, format by format.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EncodeOptions {
    /// For PNG.
    pub png: PngOptions,
    /// For JPEG.
    pub jpeg: JpegOptions,
    /// For WebP.
    pub webp: WebPOptions,
}

impl EncodeOptions {
    /// Whether files of `format` can be written with these options: what [`encode`] checks first, for a caller who
    /// wants to know before pictures are paid for.
    ///
    /// # Errors
    ///
    /// [`EncodeError::Quality`] and [`EncodeError::LossyWebP`].
    pub const fn check(&self, format: Format) -> Result<(), EncodeError> {
        let quality = match (format, self.webp.mode) {
            (Format::Jpeg, _) => self.jpeg.quality,
            (Format::WebP, WebPMode::Lossy { quality }) => Some(quality),
            (Format::WebP, WebPMode::Lossless) | (Format::Png, _) => None,
        };
        match (quality, format) {
            (Some(quality), _) if quality < 1 || quality > 100 => Err(EncodeError::Quality { found: quality }),
            (Some(_), Format::WebP) => Err(EncodeError::LossyWebP),
            _ => Ok(()),
        }
    }
}

impl EncodeOptions {
    /// Whether a picture that already is of `format` would be no other with these options: no quality, subsampling, scans or
    /// loss is asked.
    pub(crate) fn asks_nothing_of(&self, format: Format) -> bool {
        let JpegOptions { quality, subsampling, progressive, .. } = self.jpeg;
        let jpeg = (quality, subsampling, progressive) == (None, jpeg::Subsampling::default(), false);
        match format {
            Format::Png => true,
            Format::Jpeg => jpeg,
            Format::WebP => self.webp.mode == WebPMode::Lossless,
        }
    }
}

/// An encoded picture.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Encoded {
    /// The file.
    pub bytes: Vec<u8>,
    /// With which settings it was encoded.
    pub settings: EncoderSettings,
}

/// The settings that a file was encoded with, defaults filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(tag = "format", rename_all = "lowercase"))]
#[non_exhaustive]
pub enum EncoderSettings {
    /// PNG.
    Png {
        /// The effort to make it small.
        effort: PngEffort,
    },
    /// JPEG.
    Jpeg {
        /// 1 to 100.
        quality: u8,
        /// How colour is sampled.
        subsampling: jpeg::Subsampling,
        /// Whether it is sent in several scans.
        progressive: bool,
    },
    /// WebP, lossless.
    WebP,
}

/// Encodes `picture` as `format`.
///
/// # Errors
///
/// [`EncodeError`] where the options or the format do not allow it.
pub fn encode(picture: &Picture, format: Format, options: &EncodeOptions) -> Result<Encoded, EncodeError> {
    options.check(format)?;
    let size = picture.size();
    if size.width().max(size.height()) > format.max_side() {
        return Err(EncodeError::TooLongForFormat { size, format });
    }
    let encoded = match format {
        Format::Png => png::encode(picture, &options.png),
        Format::Jpeg => jpeg::encode(picture, &options.jpeg),
        Format::WebP => webp::encode(picture),
    };
    let encoded = encoded.map_err(|message| EncodeError::Failed { format, message })?;
    match probe(&encoded.bytes, &DecodeLimits::NONE) {
        Ok(found) if (found.format, found.size) == (format, size) => Ok(encoded),
        found => Err(EncodeError::Failed { format, message: format!("the header reads {found:?}, expected {size}") }),
    }
}

/// A picture that cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A quality outside 1 to 100.
    #[error("quality {found}, expected 1 to 100")]
    #[expect(missing_docs, reason = "what was found")]
    Quality { found: u8 },
    /// WebP with loss, for which there is no encoder.
    #[error("lossy WebP is not supported, only lossless")]
    LossyWebP,
    /// A side that the format cannot hold.
    #[error("{size} is too long for {format}: at most {} pixels a side", format.max_side())]
    #[expect(missing_docs, reason = "what was found")]
    TooLongForFormat { size: Size, format: Format },
    /// The encoder failed, or wrote another size.
    #[error("the {format} cannot be encoded: {message}")]
    Failed {
        /// The format.
        format: Format,
        /// What the encoder said.
        message: String,
    },
}
