//! Encodes pictures as PNG, JPEG and WebP. Each format has its own options type.
//!
//! The header of each encoded file is read back, and must have the picture's format and size. [`encode_within`] encodes
//! within a byte limit.
//!
//! ```
//! use smart_resize::{Format, Size};
//! use smart_resize::pixels::Picture;
//! use smart_resize::pixels::encode::{EncodeOptions, JpegOptions, encode};
//!
//! let picture = Picture::from_rgb(Size::new(4, 4)?, vec![200; 48])?;
//! let mut options = EncodeOptions::default();
//! options.jpeg = JpegOptions::default().quality(80);
//! assert_eq!(encode(&picture, Format::Jpeg, &options)?.bytes[..2], [0xff, 0xd8]);
//!
//! options.jpeg.quality = Some(0);
//! let error = encode(&picture, Format::Jpeg, &options).unwrap_err();
//! assert_eq!(error.to_string(), "quality is 0; expected 1 to 100");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub(crate) mod jpeg;
pub(crate) mod png;
#[cfg(feature = "turbojpeg")]
mod turbo;
pub(crate) mod webp;
pub(crate) mod within;

use std::fmt;
use std::sync::Arc;

use smart_resize_metadata::Packet;

use self::jpeg::JpegScratch;
pub use self::jpeg::{DEFAULT_JPEG_QUALITY, JpegOptions, Subsampling};
use self::png::PngScratch;
pub use self::png::{PngEffort, PngOptions};
use self::webp::MAX_WEBP_EFFORT;
pub use self::webp::{DEFAULT_WEBP_EFFORT, WebPMode, WebPOptions};
pub use self::within::{DEFAULT_MIN_QUALITY, MAX_ENCODES, encode_within};
use super::codec::Codec;
use super::decode::probe_own;
use super::picture::Picture;
use crate::format::Format;
use crate::size::{InvalidSideError, Size};

/// How pictures are encoded, for all formats.
///
/// ```
/// use smart_resize::Format;
/// use smart_resize::pixels::encode::{EncodeOptions, PngEffort, PngOptions};
///
/// let mut options = EncodeOptions::default();
/// options.png = PngOptions::default().effort(PngEffort::Small);
/// options.jpeg.quality = Some(80);
/// options.min_quality = 0;
/// assert!(options.check(Format::Png).is_ok());
/// let error = options.check(Format::Jpeg).unwrap_err();
/// assert_eq!(error.to_string(), "minimum quality is 0; expected 1 to 100");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EncodeOptions {
    /// The options for PNG.
    pub png: PngOptions,
    /// The options for JPEG.
    pub jpeg: JpegOptions,
    /// The options for WebP.
    pub webp: WebPOptions,
    /// The codec.
    pub codec: Codec,
    /// The lowest quality, 1 to 100, to which a byte limit may reduce a JPEG or a lossy WebP. If it is above the
    /// requested quality, only the requested quality is tried. Without a byte limit it has no effect.
    pub min_quality: u8,
    /// Whether a byte limit may reduce a PNG to a palette, with dithering: to 256 colours, and if the file is still too
    /// large, to fewer, down to 16. Without a byte limit it has no effect. The palette and the pixels are the same on
    /// every machine; see [`encode_within`].
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
    setters! { png: PngOptions, jpeg: JpegOptions, webp: WebPOptions, codec: Codec, min_quality: u8, palette: bool }

    /// Checks whether this build can write files of `format` with these options. [`encode`] checks this first; a caller
    /// can do so before it pays for pictures.
    ///
    /// # Errors
    ///
    /// [`EncodeError::Quality`], [`EncodeError::MinQuality`] and [`EncodeError::Effort`] for a value out of range;
    /// [`EncodeError::LossyWebP`] and [`EncodeError::NoFastCodec`] for a cargo feature that this build lacks.
    pub const fn check(&self, format: Format) -> Result<(), EncodeError> {
        // `None` means that no quality was requested: a default is always in range, and a lossless file has none.
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
        // A value out of range is reported before a missing feature, so that every build gives the same message.
        match format {
            Format::WebP if is_lossy && self.webp.effort > MAX_WEBP_EFFORT => {
                Err(EncodeError::Effort { found: self.webp.effort })
            }
            Format::WebP if is_lossy && !cfg!(feature = "libwebp") => Err(EncodeError::LossyWebP),
            _ if !self.codec.writes(format) => Err(EncodeError::NoFastCodec { format }),
            _ => Ok(()),
        }
    }

    /// Whether files of `format` are lossy with these options. A palette is not considered.
    const fn is_lossy(&self, format: Format) -> bool {
        match format {
            Format::Png => false,
            Format::Jpeg => true,
            Format::WebP => matches!(self.webp.mode, WebPMode::Lossy { .. }),
        }
    }

    /// Whether a file of `format` may pass through with these options: they name no quality, subsampling, progressive
    /// scans or lossy mode.
    pub(crate) fn allows_pass_through(&self, format: Format) -> bool {
        // Efforts and the background request nothing: an effort only sets how much work goes into a file, and a JPEG
        // has no alpha to composite.
        let JpegOptions { quality, subsampling, progressive, .. } = self.jpeg;
        let jpeg = (quality, subsampling, progressive) == (None, Subsampling::default(), false);
        match format {
            Format::Png => true,
            Format::Jpeg => jpeg,
            // A lossy WebP passes too, since its own bytes lose nothing more.
            Format::WebP => self.webp.mode == WebPMode::Lossless,
        }
    }
}

/// An encoded picture.
///
/// ```
/// use smart_resize::{Format, Size};
/// use smart_resize::pixels::Picture;
/// use smart_resize::pixels::encode::{EncodeOptions, encode};
///
/// let picture = Picture::from_rgb(Size::new(2, 2)?, vec![90; 12])?;
/// let png = encode(&picture, Format::Png, &EncodeOptions::default())?;
/// assert!(png.exact && png.encodes == 1);
/// let jpeg = encode(&picture, Format::Jpeg, &EncodeOptions::default())?;
/// assert!(!jpeg.exact && jpeg.bytes.starts_with(&[0xff, 0xd8]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Encoded {
    /// The file.
    pub bytes: Vec<u8>,
    /// The settings that it was encoded with.
    pub settings: EncoderSettings,
    /// Whether the file has exactly the picture's pixels. False for a JPEG, a lossy WebP, and a picture that was
    /// reduced to a palette.
    pub exact: bool,
    /// The number of times that the picture was encoded: once, or up to [`MAX_ENCODES`] times with a byte limit.
    pub encodes: u32,
}

impl Encoded {
    /// The result of a single encode.
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

/// The settings that a file was encoded with, including defaults.
///
/// ```
/// use smart_resize::{Format, Size};
/// use smart_resize::pixels::Picture;
/// use smart_resize::pixels::encode::{EncodeOptions, EncoderSettings, encode};
///
/// let picture = Picture::from_rgb(Size::new(2, 2)?, vec![90; 12])?;
/// let settings = encode(&picture, Format::Jpeg, &EncodeOptions::default())?.settings;
/// assert!(matches!(settings, EncoderSettings::Jpeg { quality: 90, progressive: false, .. }));
/// assert_eq!(settings.to_string(), "quality 90, 4:2:0");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(tag = "format", rename_all = "lowercase"))]
#[non_exhaustive]
pub enum EncoderSettings {
    /// PNG.
    Png {
        /// How much work went into a small file.
        effort: PngEffort,
        /// The number of colours in the palette. `None` if the file has no palette.
        #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
        palette: Option<u16>,
    },
    /// JPEG.
    Jpeg {
        /// The quality, 1 to 100.
        quality: u8,
        /// The resolution of chroma.
        subsampling: Subsampling,
        /// Whether the file is progressive.
        progressive: bool,
        /// The codec. libjpeg-turbo cannot write a side above 65,500. Such a picture is written by the pure codec even
        /// if [`Codec::Fast`] is selected.
        #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_pure"))]
        codec: Codec,
    },
    /// WebP, lossless.
    WebP {
        /// Whether pixels are predicted from their neighbours and only the residuals are written.
        #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_true"))]
        predicted: bool,
    },
    /// WebP, lossy. In JSON its format is `webp`, too.
    #[cfg_attr(feature = "serde", serde(rename = "webp"))]
    LossyWebP {
        /// The quality, 1 to 100.
        quality: u8,
        /// The effort, 0 to 6.
        effort: u8,
    },
}

impl EncoderSettings {
    /// Returns the number of colours in the palette. `None` if the file has no palette.
    pub const fn palette(&self) -> Option<u16> {
        match self {
            Self::Png { palette, .. } => *palette,
            Self::Jpeg { .. } | Self::WebP { .. } | Self::LossyWebP { .. } => None,
        }
    }
}

/// The default is omitted in JSON.
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
            Self::Png { effort, palette } => write!(f, "{}effort {effort}", palette.map_or("", |_| ", ")),
            Self::Jpeg { quality, subsampling, progressive, codec } => {
                let progressive = if *progressive { ", progressive" } else { "" };
                let codec = if *codec == Codec::Fast { ", fast" } else { "" };
                write!(f, "quality {quality}, {subsampling}{progressive}{codec}")
            }
            Self::LossyWebP { quality, effort } => write!(f, "quality {quality}, effort {effort}"),
            Self::WebP { predicted } => f.write_str(if *predicted { "predicted" } else { "not predicted" }),
        }
    }
}

/// Encodes `picture` as `format`.
///
/// ```
/// use smart_resize::{Format, Size};
/// use smart_resize::pixels::Picture;
/// use smart_resize::pixels::decode::{DecodeOptions, decode};
/// use smart_resize::pixels::encode::{EncodeOptions, encode};
///
/// let picture = Picture::from_rgb(Size::new(3, 2)?, vec![7; 18])?;
/// let file = encode(&picture, Format::Png, &EncodeOptions::default())?.bytes;
/// assert_eq!(decode(&file, &DecodeOptions::default())?.picture, picture);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`EncodeError`] if the options are invalid, or the format cannot hold the picture.
pub fn encode(picture: &Picture, format: Format, options: &EncodeOptions) -> Result<Encoded, EncodeError> {
    encode_in(picture, format, options, &Packet::default(), &mut EncodeScratch::default())
}

/// Scratch buffers of the encoders.
#[derive(Debug, Default)]
pub(crate) struct EncodeScratch {
    png: PngScratch,
    jpeg: JpegScratch,
}

/// Does the same as [`encode`], with metadata and with buffers to reuse.
pub(crate) fn encode_in(
    picture: &Picture,
    format: Format,
    options: &EncodeOptions,
    packet: &Packet,
    scratch: &mut EncodeScratch,
) -> Result<Encoded, EncodeError> {
    let size = picture.size();
    can_be_written(size, format, options)?;
    let encoded = match format {
        Format::Png => png::encode(picture, options.png.effort, &mut scratch.png),
        Format::Jpeg => jpeg::encode(picture, &options.jpeg, options.codec, &mut scratch.jpeg),
        Format::WebP => match options.webp.mode {
            // Prediction is the better choice for photographs. Only a byte limit tries both.
            WebPMode::Lossless => webp::encode(picture, true),
            WebPMode::Lossy { quality } => webp::encode_lossy(picture, quality, options.webp.effort),
        },
    };
    finished(size, format, encoded, packet)
}

/// Checks the options, and whether the format allows the size.
fn can_be_written(size: Size, format: Format, options: &EncodeOptions) -> Result<(), EncodeError> {
    options.check(format)?;
    if size.width().max(size.height()) > format.max_side() {
        return Err(EncodeError::TooLongForFormat { size, format });
    }
    Ok(())
}

/// Adds the metadata to an encoded file, and checks that its header has `format` and `size`.
fn finished(
    size: Size,
    format: Format,
    encoded: Result<Encoded, String>,
    packet: &Packet,
) -> Result<Encoded, EncodeError> {
    let failed = |message| EncodeError::Failed { format, message };
    let mut encoded = encoded.map_err(failed)?;
    if !packet.is_empty() {
        encoded.bytes = packet.write(&encoded.bytes).ok_or_else(|| failed("the file has no parts".into()))?;
    }
    // The walk through a WebP goes to its end, so a file that breaks off is found too. A JPEG must have its end marker.
    // The limits are for foreign files: the size of this one has been checked.
    let has_end = format != Format::Jpeg || encoded.bytes.ends_with(&[0xff, 0xd9]);
    match probe_own(&encoded.bytes) {
        Ok(found) if found.format == format && found.size == size && has_end => Ok(encoded),
        found => Err(failed(format!("the header reads {found:?}; expected {size}"))),
    }
}

/// The error for a picture that cannot be encoded.
///
/// ```
/// use smart_resize::{Format, Size};
/// use smart_resize::pixels::Picture;
/// use smart_resize::pixels::encode::{EncodeError, EncodeOptions, encode};
///
/// let wide = Picture::from_rgb(Size::new(16_384, 1)?, vec![0; 16_384 * 3])?;
/// let error = encode(&wide, Format::WebP, &EncodeOptions::default()).unwrap_err();
/// assert_eq!(error, EncodeError::TooLongForFormat { size: wide.size(), format: Format::WebP });
/// assert_eq!(error.to_string(), "the picture is 16384x1; expected sides of at most 16383 for webp");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The quality is not 1 to 100.
    #[error("quality is {found}; expected 1 to 100")]
    #[expect(missing_docs, reason = "what was found")]
    Quality { found: u8 },
    /// The minimum quality is not 1 to 100.
    #[error("minimum quality is {found}; expected 1 to 100")]
    #[expect(missing_docs, reason = "what was found")]
    MinQuality { found: u8 },
    /// A lossy WebP needs the cargo feature `libwebp`, which this build lacks.
    #[error("lossy WebP needs the cargo feature \"libwebp\"")]
    LossyWebP,
    /// The effort of a lossy WebP is above 6.
    #[error("effort is {found}; expected 0 to {MAX_WEBP_EFFORT}")]
    #[expect(missing_docs, reason = "what was found")]
    Effort { found: u8 },
    /// [`Codec::Fast`] needs a cargo feature for this format, which this build lacks.
    #[error("a fast codec for {format} needs the cargo feature \"{}\"", Codec::feature(*format))]
    NoFastCodec {
        /// The format.
        format: Format,
    },
    /// A side is longer than the format allows.
    #[error("the picture is {size}; expected sides of at most {} for {format}", format.max_side())]
    #[expect(missing_docs, reason = "what was found")]
    TooLongForFormat { size: Size, format: Format },
    /// A side of an image of the `image` crate is 0 or above 65,535.
    #[error(transparent)]
    InvalidSide(#[from] InvalidSideError),
    /// The encoder failed, or wrote a file of another size or format.
    #[error("the {format} cannot be encoded: {message}")]
    Failed {
        /// The format.
        format: Format,
        /// The message of the encoder.
        message: String,
    },
    /// No allowed setting gives a file within the byte limit.
    #[error("the smallest {format} has {} bytes ({}); expected at most {max_bytes}{}",
        smallest.bytes.len(), smallest.settings, hint(smallest.settings))]
    OverByteLimit {
        /// The format.
        format: Format,
        /// The limit.
        max_bytes: u64,
        /// The smallest file that was reached.
        smallest: Arc<Encoded>,
    },
}

/// Returns a hint, for the end of the message, at an option that makes smaller files.
const fn hint(settings: EncoderSettings) -> &'static str {
    match settings {
        EncoderSettings::WebP { .. } => "; a lossy WebP is smaller (WebPMode::Lossy, cargo feature \"libwebp\")",
        _ => "",
    }
}
