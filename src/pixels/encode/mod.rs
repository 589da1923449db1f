//! Pixels to encoded bytes: one file per format, one options type each.
//!
//! The bytes are read back as far as their header, and must say the picture's size. For files of at most so many bytes
//! see [`weight`].
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
#[cfg(feature = "palette")]
mod palette;
pub mod png;
#[cfg(feature = "palette")]
mod prefix;
mod runs;
#[cfg(feature = "turbojpeg")]
mod turbo;
#[cfg(feature = "palette")]
mod vp8l;
pub mod webp;
pub mod weight;

use std::fmt;
use std::sync::Arc;

use self::jpeg::{JpegOptions, JpegScratch};
use self::png::{PngEffort, PngEncoder, PngOptions, PngScratch};
use self::webp::{MAX_WEBP_EFFORT, WebPMode, WebPOptions};
use self::weight::DEFAULT_MIN_QUALITY;
use super::codec::Codec;
use super::decode::{DecodeLimits, probe};
use super::picture::Picture;
use crate::format::Format;
use crate::size::Size;

/// How results are written, format by format.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EncodeOptions {
    /// For PNG.
    pub png: PngOptions,
    /// For JPEG.
    pub jpeg: JpegOptions,
    /// For WebP.
    pub webp: WebPOptions,
    /// Who encodes.
    pub codec: Codec,
    /// The lowest quality of a JPEG or of a lossy WebP, 1 to 100, that a limit on its weight may lead to. One above the quality that is
    /// asked leaves only that. It is of no matter without a limit.
    pub min_quality: u8,
    /// Whether a limit on the weight of a PNG or a WebP may lead to a palette, with dithering: of 256 colours, and
    /// where that is too heavy of fewer, down to 16. Without a limit it changes nothing, nor for a JPEG or a lossy WebP.
    /// Needs the feature `palette`, without which asking for it is an error; its palettes and pixels are the same on
    /// every machine, see [`weight`].
    pub palette: bool,
}

impl Default for EncodeOptions {
    /// The defaults of every format, the pure codecs, no quality below 40 ([`DEFAULT_MIN_QUALITY`]), no palette.
    fn default() -> Self {
        Self {
            png: PngOptions::default(),
            jpeg: JpegOptions::default(),
            webp: WebPOptions::default(),
            codec: Codec::Pure,
            min_quality: DEFAULT_MIN_QUALITY,
            palette: false,
        }
    }
}

impl EncodeOptions {
    /// Whether files of `format` can be written with these options: what [`encode`] checks first, for a caller who
    /// wants to know before pictures are paid for.
    ///
    /// # Errors
    ///
    /// [`EncodeError::Quality`], [`EncodeError::MinQuality`] and [`EncodeError::Effort`]; and where a feature is not
    /// there: [`EncodeError::LossyWebP`], [`EncodeError::NoFastCodec`], and [`EncodeError::NoPalette`] where a palette is
    /// allowed for a PNG or a WebP.
    pub const fn check(&self, format: Format) -> Result<(), EncodeError> {
        let quality = match (format, self.webp.mode) {
            (Format::Jpeg, _) => self.jpeg.quality,
            (Format::WebP, WebPMode::Lossy { quality }) => Some(quality),
            (Format::WebP, WebPMode::Lossless) | (Format::Png, _) => None,
        };
        let is_lossy = self.is_lossy(format);
        match quality {
            Some(quality) if quality < 1 || quality > 100 => return Err(EncodeError::Quality { found: quality }),
            _ if is_lossy && (self.min_quality < 1 || self.min_quality > 100) => {
                return Err(EncodeError::MinQuality { found: self.min_quality });
            }
            _ => {}
        }
        match format {
            Format::WebP if is_lossy && self.webp.effort > MAX_WEBP_EFFORT => {
                Err(EncodeError::Effort { found: self.webp.effort })
            }
            Format::WebP if is_lossy && !cfg!(feature = "libwebp") => Err(EncodeError::LossyWebP),
            _ if !self.codec.writes(format) => Err(EncodeError::NoFastCodec { format }),
            _ if !is_lossy && self.palette && !cfg!(feature = "palette") => Err(EncodeError::NoPalette),
            _ => Ok(()),
        }
    }

    /// Whether files of `format` lose anything with these options, other than by a palette.
    const fn is_lossy(&self, format: Format) -> bool {
        match format {
            Format::Png => false,
            Format::Jpeg => true,
            Format::WebP => matches!(self.webp.mode, WebPMode::Lossy { .. }),
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
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Encoded {
    /// The file.
    pub bytes: Vec<u8>,
    /// With which settings it was encoded.
    pub settings: EncoderSettings,
    /// Whether the file shows the very pixels: not so of a JPEG or a lossy WebP, nor of a picture reduced to a palette.
    pub exact: bool,
    /// How many times the picture was encoded for it: once, or up to [`MAX_ENCODES`](weight::MAX_ENCODES) times where
    /// its weight is limited.
    pub encodes: u32,
}

impl Encoded {
    pub(crate) const fn once(bytes: Vec<u8>, settings: EncoderSettings, exact: bool) -> Self {
        Self { bytes, settings, exact, encodes: 1 }
    }
}

impl fmt::Debug for Encoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoded")
            .field("bytes", &self.bytes.len())
            .field("settings", &self.settings)
            .field("exact", &self.exact)
            .field("encodes", &self.encodes)
            .finish()
    }
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
        /// Who wrote it.
        #[cfg_attr(feature = "serde", serde(skip_serializing_if = "PngEncoder::is_default"))]
        encoder: PngEncoder,
        /// The number of its colours, where it has a palette.
        #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
        palette: Option<u16>,
    },
    /// JPEG.
    Jpeg {
        /// 1 to 100.
        quality: u8,
        /// How colour is sampled.
        subsampling: jpeg::Subsampling,
        /// Whether it is sent in several scans.
        progressive: bool,
        /// Who encoded it: with [`Codec::Fast`] still the pure codec where a side is above 65,500, which is as much as
        /// libjpeg-turbo writes.
        #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_pure"))]
        codec: Codec,
    },
    /// WebP, lossless or with a palette.
    WebP {
        /// Whether pixels are written as what they differ by from those beside them; not so in a palette.
        #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_true"))]
        predicted: bool,
        /// The number of its colours, where it has a palette.
        #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
        palette: Option<u16>,
    },
    /// WebP, lossy; in a record its format is `webp` as well.
    #[cfg_attr(feature = "serde", serde(rename = "webp"))]
    LossyWebP {
        /// 1 to 100.
        quality: u8,
        /// 0 to 6.
        effort: u8,
    },
}

impl EncoderSettings {
    /// The number of colours of the palette, where there is one.
    pub const fn palette(&self) -> Option<u16> {
        match self {
            Self::Png { palette, .. } | Self::WebP { palette, .. } => *palette,
            Self::Jpeg { .. } | Self::LossyWebP { .. } => None,
        }
    }
}

/// The default is left out of a record.
#[cfg(feature = "serde")]
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
const fn is_true(value: &bool) -> bool {
    *value
}

#[cfg(feature = "serde")]
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
const fn is_pure(codec: &Codec) -> bool {
    matches!(codec, Codec::Pure)
}

impl fmt::Display for EncoderSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.palette() {
            Some(1) => f.write_str("1 colour")?,
            Some(colours) => write!(f, "{colours} colours")?,
            None => {}
        }
        match self {
            Self::Png { effort, encoder, palette } => {
                let comma = palette.map_or("", |_| ", ");
                let by = if *encoder == PngEncoder::Crate { ", by the png crate" } else { "" };
                write!(f, "{comma}effort {effort}{by}")
            }
            Self::Jpeg { quality, subsampling, progressive, codec } => {
                let progressive = if *progressive { ", progressive" } else { "" };
                let codec = if *codec == Codec::Fast { ", fast" } else { "" };
                write!(f, "quality {quality}, {subsampling}{progressive}{codec}")
            }
            Self::LossyWebP { quality, effort } => write!(f, "quality {quality}, effort {effort}"),
            Self::WebP { palette: Some(_), .. } => Ok(()),
            Self::WebP { predicted, .. } => f.write_str(if *predicted { "predicted" } else { "not predicted" }),
        }
    }
}

/// Encodes `picture` as `format`.
///
/// # Errors
///
/// [`EncodeError`] where the options or the format do not allow it.
pub fn encode(picture: &Picture, format: Format, options: &EncodeOptions) -> Result<Encoded, EncodeError> {
    encode_in(picture, format, options, &mut Scratch::default())
}

/// What pictures are encoded in, one after the other, whatever the format.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) png: PngScratch,
    jpeg: JpegScratch,
}

/// The same in memory that is there already.
pub(crate) fn encode_in(
    picture: &Picture,
    format: Format,
    options: &EncodeOptions,
    scratch: &mut Scratch,
) -> Result<Encoded, EncodeError> {
    let size = picture.size();
    can_be_written(size, format, options)?;
    let encoded = match format {
        Format::Png => png::encode(picture, &options.png, &mut scratch.png),
        Format::Jpeg => jpeg::encode(picture, &options.jpeg, options.codec, &mut scratch.jpeg),
        Format::WebP => match options.webp.mode {
            WebPMode::Lossless => webp::encode(picture, true),
            WebPMode::Lossy { quality } => webp::encode_lossy(picture, quality, options.webp.effort),
        },
    };
    read_back(size, format, encoded)
}

pub(crate) fn can_be_written(size: Size, format: Format, options: &EncodeOptions) -> Result<(), EncodeError> {
    options.check(format)?;
    if size.width().max(size.height()) > format.max_side() {
        return Err(EncodeError::TooLongForFormat { size, format });
    }
    Ok(())
}

/// What an encoder wrote, once its header says `format` and `size`.
pub(crate) fn read_back(size: Size, format: Format, encoded: Result<Encoded, String>) -> Result<Encoded, EncodeError> {
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
    /// A floor of the quality outside 1 to 100.
    #[error("a quality of at least {found}, expected 1 to 100")]
    #[expect(missing_docs, reason = "what was found")]
    MinQuality { found: u8 },
    /// A palette, which needs the feature `palette`.
    #[error("palettes need the cargo feature \"palette\"")]
    NoPalette,
    /// WebP with loss, which needs the feature `libwebp`.
    #[error("lossy WebP needs the cargo feature \"libwebp\"")]
    LossyWebP,
    /// An effort of a lossy WebP above 6.
    #[error("effort {found}, expected 0 to {MAX_WEBP_EFFORT}")]
    #[expect(missing_docs, reason = "what was found")]
    Effort { found: u8 },
    /// [`Codec::Fast`], which needs a feature for this format.
    #[error("a fast codec for {format} needs the cargo feature \"{}\"", Codec::feature(*format))]
    NoFastCodec {
        /// The format.
        format: Format,
    },
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
    /// Nothing that may be tried gives a file as light as that.
    #[error(
        "the smallest {format} has {} bytes, at most {max_bytes} ({})",
        smallest.bytes.len(),
        smallest.settings
    )]
    TooHeavy {
        /// The format.
        format: Format,
        /// The limit.
        max_bytes: u64,
        /// The lightest file that was reached.
        smallest: Arc<Encoded>,
    },
}
