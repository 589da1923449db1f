//! JPEG: lossy and opaque, marked as sRGB by a profile of 480 bytes, with the best Huffman tables for its picture. A
//! transparent picture is laid on a background first.

mod recode;
mod scan;
mod tables;

use std::fmt;

use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder, EncodingError, SamplingFactor};

#[cfg(feature = "turbojpeg")]
use super::turbo;
use super::{Encoded, EncoderSettings};
use crate::pixels::codec::Codec;
use crate::pixels::picture::{Layout, Picture};
use crate::pixels::srgb;
use crate::size::Size;

/// The quality where none is asked.
pub const DEFAULT_JPEG_QUALITY: u8 = 90;

/// How finely colour is sampled beside brightness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum Subsampling {
    /// 4:2:0, half as finely in both directions: what photographs are sent with.
    #[default]
    #[cfg_attr(feature = "serde", serde(rename = "4:2:0"))]
    Yuv420,
    /// 4:4:4, as finely: for red text and thin coloured lines.
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

/// How a JPEG is written. Whatever the options and the codec, its Huffman tables are the best for its picture, unless that
/// has more than 2^26 coefficients to write, which no photograph of 100 megapixels has. They add about a seventh to the
/// time of the pure codec.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JpegOptions {
    /// 1 to 100; nothing for [`DEFAULT_JPEG_QUALITY`].
    pub quality: Option<u8>,
    /// How finely colour is sampled.
    pub subsampling: Subsampling,
    /// Several scans, from coarse to fine.
    pub progressive: bool,
    /// What a transparent picture is laid on: red, green, blue.
    pub background: [u8; 3],
}

impl JpegOptions {
    /// The same options with this quality, 1 to 100.
    #[must_use]
    pub const fn with_quality(mut self, quality: u8) -> Self {
        self.quality = Some(quality);
        self
    }

    /// The same options with colour sampled like this.
    #[must_use]
    pub const fn with_subsampling(mut self, subsampling: Subsampling) -> Self {
        self.subsampling = subsampling;
        self
    }

    /// The same options with several scans, or with one.
    #[must_use]
    pub const fn with_progressive(mut self, progressive: bool) -> Self {
        self.progressive = progressive;
        self
    }

    /// The same options with this background: red, green, blue.
    #[must_use]
    pub const fn with_background(mut self, background: [u8; 3]) -> Self {
        self.background = background;
        self
    }
}

impl Default for JpegOptions {
    /// Quality 90, 4:2:0, one scan, white.
    fn default() -> Self {
        Self { quality: None, subsampling: Subsampling::Yuv420, progressive: false, background: [255; 3] }
    }
}

/// What pictures are encoded in, one after the other. It is kept so that, once it is large enough, this crate allocates
/// little more than the file.
#[derive(Debug, Default)]
pub(crate) struct JpegScratch {
    /// The picture without its alpha.
    pub(super) flattened: Vec<u8>,
    /// The file before it has its best tables.
    plain: Vec<u8>,
    room: recode::Room,
}

pub(super) fn encode(
    picture: &Picture,
    options: &JpegOptions,
    codec: Codec,
    scratch: &mut JpegScratch,
) -> Result<Encoded, String> {
    let JpegScratch { flattened, plain, room } = scratch;
    let rgb = match picture.layout() {
        Layout::Rgb => picture.pixels(),
        Layout::Rgba => {
            picture.flatten_into(options.background, flattened);
            flattened
        }
    };
    let (size, quality) = (picture.size(), options.quality.unwrap_or(DEFAULT_JPEG_QUALITY));
    plain.clear();
    let codec = match codec {
        #[cfg(feature = "turbojpeg")]
        Codec::Fast if size.width().max(size.height()) <= turbo::MAX_SIDE => {
            turbo::write(rgb, size, quality, options, plain).map_err(|error| error.to_string())?;
            Codec::Fast
        }
        // Invariant: without the feature the fast codec has been refused.
        _ => {
            write(rgb, size, quality, options, plain).map_err(|error| error.to_string())?;
            Codec::Pure
        }
    };
    let bytes = recode::with_best_tables(plain, room);
    let JpegOptions { subsampling, progressive, .. } = *options;
    Ok(Encoded::once(bytes, EncoderSettings::Jpeg { quality, subsampling, progressive, codec }, false))
}

/// Appends the file to `bytes`.
fn write(rgb: &[u8], size: Size, quality: u8, options: &JpegOptions, bytes: &mut Vec<u8>) -> Result<(), EncodingError> {
    let mut encoder = Encoder::new(bytes, quality);
    encoder.set_sampling_factor(match options.subsampling {
        Subsampling::Yuv420 => SamplingFactor::R_4_2_0,
        Subsampling::Yuv444 => SamplingFactor::R_4_4_4,
    });
    // Of four pixels their mean, rather than the one at the top left.
    encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
    encoder.set_progressive(options.progressive);
    // The best tables come afterwards: with those of its own the encoder writes a baseline picture as one scan per
    // component, which some decoders, zune-jpeg 0.5 among them, read wrong without a word.
    encoder.set_optimized_huffman_tables(false);
    encoder.add_icc_profile(&srgb::profile())?;
    // Invariant: a side of a `Size` fits 16 bits.
    let [width, height] = [size.width(), size.height()].map(|pixels| u16::try_from(pixels).unwrap_or(u16::MAX));
    encoder.encode(rgb, width, height, ColorType::Rgb)
}
