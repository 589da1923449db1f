//! PNG: lossless, of 8 bits or fewer, marked as sRGB.
//!
//! There are two encoders, [`PngEncoder::Crate`] and [`PngEncoder::Own`]. What is `Own` is made of, from the pixels on:
//!
//! - `reduce`: the fewest bits a pixel that hold the picture: grey, a palette, or the channels as they are;
//! - `own`, or from rows that come one by one `sink`: strips of rows, and `file`, the chunks that they are written in;
//! - `strip`: what a strip becomes, which depends on nothing but its rows and the one above;
//! - `filter`: each byte less what its neighbours let expect;
//! - `search`, `cost`, `deflate`: what is repeated, whether that pays, and the blocks that say so;
//! - `codes`, `huffman`, `bits`: their codes, bit by bit.

mod bits;
mod codes;
mod cost;
mod deflate;
mod file;
mod filter;
pub(super) mod huffman;
mod own;
#[cfg(feature = "parallel")]
mod parts;
mod reduce;
mod search;
mod sink;
mod strip;
mod upstream;

use std::fmt;

#[cfg(feature = "parallel")]
pub(crate) use self::parts::{Part, Parts};
use self::reduce::Raster;
#[cfg(feature = "palette")]
use super::palette::Indexed;
use super::{Encoded, EncoderSettings};
use crate::pixels::picture::Picture;

/// Not of the public API, but the tests of it reach the sink and the scratch.
#[doc(hidden)]
pub use self::{own::PngScratch, sink::RowSink};

/// How much work goes into a small file. The pixels are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum PngEffort {
    /// Faster. By [`PngEncoder::Own`] graphics are larger than with more work, photographs hardly; by [`PngEncoder::Crate`]
    /// both are, and take the least time of all (`cargo bench --bench encode`).
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

/// Who writes a PNG. The pixels are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum PngEncoder {
    /// The `png` crate, as RGB or RGBA.
    Crate,
    /// This crate: at the effort [`Balanced`](PngEffort::Balanced) several times as fast, and about as small. Pictures of
    /// few colours get a palette, grey ones are written as grey. A hundred million files of it have been read back by the
    /// `png` crate (the test `png_round_trips`).
    #[default]
    Own,
}

impl PngEncoder {
    /// Whether it is the one that is used where nothing is asked.
    #[cfg(feature = "serde")]
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(super) const fn is_default(&self) -> bool {
        matches!(self, Self::Own)
    }
}

/// How a PNG is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PngOptions {
    /// How much work goes into a small file.
    pub effort: PngEffort,
    /// Who writes it.
    pub encoder: PngEncoder,
}

impl PngOptions {
    /// The options with this effort.
    pub const fn with_effort(effort: PngEffort) -> Self {
        Self { effort, encoder: PngEncoder::Own }
    }

    /// The same with this encoder.
    ///
    /// ```
    /// use smart_resize::{EncodeOptions, Format, Picture, PngEffort, PngEncoder, PngOptions, Size, encode};
    ///
    /// let picture = Picture::from_rgb(Size::new(64, 64)?, [250, 90, 0].repeat(64 * 64))?;
    /// let mut options = EncodeOptions::default();
    /// options.png = PngOptions::with_effort(PngEffort::Small);
    /// let own = encode(&picture, Format::Png, &options)?;
    /// assert_eq!(own.settings.to_string(), "1 colour, effort small");
    /// assert!(own.exact && own.bytes.len() < 150);
    ///
    /// options.png = options.png.with_encoder(PngEncoder::Crate);
    /// let by_crate = encode(&picture, Format::Png, &options)?;
    /// assert_eq!(by_crate.settings.to_string(), "effort small, by the png crate");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn with_encoder(mut self, encoder: PngEncoder) -> Self {
        self.encoder = encoder;
        self
    }
}

pub(super) fn encode(picture: &Picture, options: &PngOptions, scratch: &mut PngScratch) -> Result<Encoded, String> {
    let PngOptions { effort, encoder } = *options;
    let (bytes, palette) = match encoder {
        PngEncoder::Crate => (upstream::write(picture, effort).map_err(|error| error.to_string())?, None),
        PngEncoder::Own => encode_own(picture, effort, scratch),
    };
    Ok(Encoded::once(bytes, EncoderSettings::Png { effort, encoder, palette }, true))
}

/// A picture by [`PngEncoder::Own`]: the file, and the number of colours where it has a palette.
#[doc(hidden)]
pub fn encode_own(picture: &Picture, effort: PngEffort, scratch: &mut PngScratch) -> (Vec<u8>, Option<u16>) {
    let mut room = std::mem::take(&mut scratch.reduced);
    let raster = Raster::of(picture, &mut room);
    let file = own::write(&raster, effort, scratch);
    let palette = u16::try_from(raster.palette.len()).ok().filter(|colours| *colours > 0);
    scratch.reduced = room;
    (file, palette)
}

/// The picture with its palette, as small as it gets.
#[cfg(feature = "palette")]
pub(super) fn encode_indexed(indexed: &Indexed, encoder: PngEncoder) -> Result<Encoded, String> {
    let effort = PngEffort::Small;
    let bytes = match encoder {
        PngEncoder::Crate => upstream::write_indexed(indexed, effort).map_err(|error| error.to_string())?,
        PngEncoder::Own => {
            own::write(&Raster::of_indexed(indexed, &mut Vec::new()), effort, &mut PngScratch::default())
        }
    };
    let settings = EncoderSettings::Png { effort, encoder, palette: Some(indexed.count()) };
    Ok(Encoded::once(bytes, settings, indexed.exact))
}
