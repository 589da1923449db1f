//! Encodes JPEG, with `smart-resize-jpeg`, or with libjpeg-turbo for `Codec::Fast`.
//!
//! The files are lossy and opaque, have optimised Huffman tables, and are marked as sRGB by a profile of 480 bytes. A
//! picture with alpha is composited over a background.

use std::fmt;

use smart_resize_jpeg::{Encoder, Sampling, srgb};

#[cfg(feature = "turbojpeg")]
use super::turbo;
use super::{Encoded, EncoderSettings};
use crate::pixels::codec::Codec;
use crate::pixels::picture::{Layout, Picture};

/// The default quality.
pub const DEFAULT_JPEG_QUALITY: u8 = 90;

/// The resolution of chroma relative to luma.
///
/// ```
/// use smart_resize::pixels::encode::{JpegOptions, Subsampling};
///
/// assert_eq!(JpegOptions::default().subsampling, Subsampling::Yuv420);
/// let options = JpegOptions::default().subsampling(Subsampling::Yuv444);
/// assert_eq!(options.subsampling.to_string(), "4:4:4");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum Subsampling {
    /// 4:2:0: chroma has half the width and height of luma. Right for photographs.
    #[default]
    #[cfg_attr(feature = "serde", serde(rename = "4:2:0"))]
    Yuv420,
    /// 4:4:4: chroma has the size of luma. Right for red text and thin coloured lines.
    #[cfg_attr(feature = "serde", serde(rename = "4:4:4"))]
    Yuv444,
}

impl fmt::Display for Subsampling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Yuv420 => "4:2:0",
            Self::Yuv444 => "4:4:4",
        })
    }
}

/// How a JPEG is encoded. The Huffman tables are always optimised for the picture.
///
/// ```
/// use smart_resize::pixels::encode::{JpegOptions, Subsampling};
///
/// let options = JpegOptions::default().quality(80).subsampling(Subsampling::Yuv444);
/// assert_eq!((options.quality, options.background), (Some(80), [255; 3]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JpegOptions {
    /// The quality, 1 to 100. `None` means [`DEFAULT_JPEG_QUALITY`].
    pub quality: Option<u8>,
    /// The resolution of chroma.
    pub subsampling: Subsampling,
    /// Whether the file is progressive: it has several scans, from coarse to fine.
    pub progressive: bool,
    /// The background that a picture with alpha is composited over: red, green, blue.
    pub background: [u8; 3],
}

impl JpegOptions {
    /// Sets the quality, 1 to 100.
    #[must_use]
    pub const fn quality(mut self, quality: u8) -> Self {
        self.quality = Some(quality);
        self
    }

    /// Sets the resolution of chroma.
    #[must_use]
    pub const fn subsampling(mut self, subsampling: Subsampling) -> Self {
        self.subsampling = subsampling;
        self
    }

    /// Sets whether the file is progressive.
    #[must_use]
    pub const fn progressive(mut self, progressive: bool) -> Self {
        self.progressive = progressive;
        self
    }

    /// Sets the background that a picture with alpha is composited over: red, green, blue.
    #[must_use]
    pub const fn background(mut self, background: [u8; 3]) -> Self {
        self.background = background;
        self
    }
}

impl Default for JpegOptions {
    /// Quality 90, 4:2:0, not progressive, a white background.
    fn default() -> Self {
        Self { quality: None, subsampling: Subsampling::Yuv420, progressive: false, background: [255; 3] }
    }
}

/// Scratch buffers of the JPEG encoder.
#[derive(Debug, Default)]
pub(crate) struct JpegScratch {
    /// The picture flattened over the background.
    pub(super) flattened: Vec<u8>,
    encoder: smart_resize_jpeg::Scratch,
}

/// Encodes the picture.
pub(super) fn encode(
    picture: &Picture,
    options: &JpegOptions,
    codec: Codec,
    scratch: &mut JpegScratch,
) -> Result<Encoded, String> {
    let JpegScratch { flattened, encoder } = scratch;
    let rgb = match picture.layout() {
        Layout::Rgb => picture.pixels(),
        Layout::Rgba => {
            // For a byte limit the picture has been flattened before, so that it is not flattened for every quality.
            picture.flatten_into(options.background, flattened);
            flattened
        }
    };
    let (size, quality) = (picture.size(), options.quality.unwrap_or(DEFAULT_JPEG_QUALITY));
    let profile = srgb::profile();
    let (bytes, codec) = match codec {
        // A longer side is left to the pure codec, and the settings of the file say so.
        #[cfg(feature = "turbojpeg")]
        Codec::Fast if size.width().max(size.height()) <= turbo::MAX_SIDE => {
            let sampling = match options.subsampling {
                Subsampling::Yuv420 => turbojpeg::Subsamp::Sub2x2,
                Subsampling::Yuv444 => turbojpeg::Subsamp::None,
            };
            let file = turbo::encode(rgb, size, quality, sampling, options.progressive, &profile);
            (file.map_err(|error| error.to_string())?, Codec::Fast)
        }
        // A build without the feature has refused `Codec::Fast` before this point.
        _ => {
            let sampling = match options.subsampling {
                Subsampling::Yuv420 => Sampling::Yuv420,
                Subsampling::Yuv444 => Sampling::Yuv444,
            };
            let file = Encoder::new((size.width(), size.height()), quality)
                .sampling(sampling)
                .progressive(options.progressive)
                .icc_profile(&profile)
                .encode(rgb, encoder);
            (file.map_err(|error| error.to_string())?, Codec::Pure)
        }
    };
    let JpegOptions { subsampling, progressive, .. } = *options;
    Ok(Encoded::once(bytes, EncoderSettings::Jpeg { quality, subsampling, progressive, codec }, false))
}
