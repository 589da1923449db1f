//! Files of at most so many bytes.
//!
//! What is tried, in this order, until a file fits; never more than [`MAX_ENCODES`] encodes:
//!
//! - JPEG, and WebP with loss: the quality that is asked, or for a JPEG 90; then by bisection a lower one that fits: the
//!   highest, where a higher one is never lighter, which small or drawn pictures can break by a few bytes; down to
//!   [`EncodeOptions::min_quality`].
//! - PNG: the effort that is asked, then those above it.
//! - WebP without loss: with prediction, then without.
//! - PNG and WebP without loss, where [`EncodeOptions::palette`] allows it: a palette with dithering, of 256 colours, then 128, 64,
//!   32 and 16. A picture that has no more colours than that keeps them, and every pixel as it is. Clear pixels stay
//!   clear and opaque ones opaque.
//!
//! What was used stands in [`Encoded::settings`], and how often the picture was encoded in [`Encoded::encodes`]. The
//! same picture gives the same file on every machine: palettes are made of integers and of sums, products and quotients
//! of 64-bit floats, which every machine that follows IEEE 754 rounds alike (32-bit x86 without SSE2 does not). Codecs in C are outside of
//! that. The work
//! grows with the number of pixels and not with what they show, the memory of a palette by two bytes a pixel.
//!
//! ```
//! use smart_resize::{EncodeError, EncodeOptions, EncoderSettings, Format, Picture, Size, encode, encode_within};
//!
//! # let noise = (0..64 * 64 * 3_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
//! # let picture = Picture::from_rgb(Size::new(64, 64)?, noise)?;
//! let options = EncodeOptions::default();
//! let heavy = encode(&picture, Format::Jpeg, &options)?.bytes.len() as u64;
//! let light = encode_within(&picture, Format::Jpeg, &options, heavy * 2 / 3)?;
//! assert!(light.bytes.len() as u64 <= heavy * 2 / 3 && light.encodes <= 8);
//! assert!(matches!(light.settings, EncoderSettings::Jpeg { quality: 40..90, .. }));
//!
//! let error = encode_within(&picture, Format::Jpeg, &options, 600).unwrap_err();
//! let EncodeError::TooHeavy { smallest, .. } = &error else { panic!("{error}") };
//! assert_eq!(
//!     error.to_string(),
//!     format!("the smallest jpeg has {} bytes, at most 600 (quality 40, 4:2:0)", smallest.bytes.len()),
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::mem;
use std::sync::Arc;

use super::jpeg::{DEFAULT_JPEG_QUALITY, JpegScratch};
#[cfg(feature = "palette")]
use super::palette::{Indexed, Reduction};
use super::png::{PngEffort, PngOptions, PngScratch};
use super::webp::WebPMode;
use super::{EncodeError, EncodeOptions, Encoded, Scratch, can_be_written, jpeg, png, read_back, webp};
use crate::format::Format;
use crate::pixels::picture::{Layout, Picture};
use crate::size::Size;

/// The most times that a picture is encoded for one file.
pub const MAX_ENCODES: u32 = 8;

/// The lowest quality of a JPEG or a lossy WebP that a limit on its weight leads to where nothing else is asked.
pub const DEFAULT_MIN_QUALITY: u8 = 40;

/// Encodes `picture` as `format` in at most `max_bytes`; the [module](self) says what is tried for that.
///
/// # Errors
///
/// [`EncodeError`] where the options or the format do not allow it, and [`EncodeError::TooHeavy`], with the lightest
/// file that was reached, where nothing that may be tried fits.
pub fn encode_within(
    picture: &Picture,
    format: Format,
    options: &EncodeOptions,
    max_bytes: u64,
) -> Result<Encoded, EncodeError> {
    encode_within_in(picture, format, options, max_bytes, &mut Scratch::default())
}

/// The same in memory that is there already.
pub(crate) fn encode_within_in(
    picture: &Picture,
    format: Format,
    options: &EncodeOptions,
    max_bytes: u64,
    scratch: &mut Scratch,
) -> Result<Encoded, EncodeError> {
    can_be_written(picture.size(), format, options)?;
    let mut tries = Tries { size: picture.size(), format, max_bytes, encodes: 0, smallest: None };
    let fitting = match (format, options.webp.mode) {
        (Format::Png, _) => png_within(picture, options, &mut scratch.png, &mut tries),
        (Format::Jpeg, _) => jpeg_within(picture, options, &mut scratch.jpeg, &mut tries),
        (Format::WebP, WebPMode::Lossless) => webp_within(picture, options, &mut tries),
        (Format::WebP, WebPMode::Lossy { quality }) => {
            let effort = options.webp.effort;
            let encode = |quality| webp::encode_lossy(picture, quality, effort);
            highest_within(quality, options.min_quality, encode, &mut tries)
        }
    }?;
    tries.end(fitting)
}

fn jpeg_within(
    picture: &Picture,
    options: &EncodeOptions,
    scratch: &mut JpegScratch,
    tries: &mut Tries,
) -> Result<Option<Encoded>, EncodeError> {
    let flattened = match picture.layout() {
        Layout::Rgb => None,
        Layout::Rgba => {
            let mut rgb = mem::take(&mut scratch.flattened);
            picture.flatten_into(options.jpeg.background, &mut rgb);
            Picture::new(picture.size(), Layout::Rgb, rgb).ok()
        }
    };
    let rgb = flattened.as_ref().unwrap_or(picture);
    let encode = |quality| jpeg::encode(rgb, &options.jpeg.clone().with_quality(quality), options.codec, scratch);
    let asked = options.jpeg.quality.unwrap_or(DEFAULT_JPEG_QUALITY);
    let found = highest_within(asked, options.min_quality, encode, tries);
    if let Some(flattened) = flattened {
        scratch.flattened = flattened.into_pixels();
    }
    found
}

/// The highest quality that fits, from the one that is asked down to the floor.
fn highest_within(
    asked: u8,
    floor: u8,
    mut encode: impl FnMut(u8) -> Result<Encoded, String>,
    tries: &mut Tries,
) -> Result<Option<Encoded>, EncodeError> {
    let mut fitting = |quality| tries.fitting(encode(quality));
    let mut best = fitting(asked)?;
    if best.is_some() {
        return Ok(best);
    }
    // Invariant: `low` fits or is below the floor, `high` does not fit. Of at most 99 qualities between them the
    // answer is one, or none: 100 cases, told apart by 7 encodes.
    let (mut low, mut high) = (floor.saturating_sub(1), asked);
    while low.saturating_add(1) < high {
        let middle = low.midpoint(high);
        match fitting(middle)? {
            Some(encoded) => (best, low) = (Some(encoded), middle),
            None => high = middle,
        }
    }
    Ok(best)
}

/// At most 3 efforts and 5 palettes.
fn png_within(
    picture: &Picture,
    options: &EncodeOptions,
    scratch: &mut PngScratch,
    tries: &mut Tries,
) -> Result<Option<Encoded>, EncodeError> {
    let encoder = options.png.encoder;
    for effort in PngEffort::ALL.into_iter().skip_while(|effort| *effort != options.png.effort) {
        if let Some(encoded) = tries.fitting(png::encode(picture, &PngOptions { effort, encoder }, scratch))? {
            return Ok(Some(encoded));
        }
    }
    #[cfg(feature = "palette")]
    if options.palette {
        return palette_within(picture, |indexed| png::encode_indexed(indexed, encoder), tries);
    }
    Ok(None)
}

/// Twice without a palette, and at most 5 palettes.
fn webp_within(picture: &Picture, options: &EncodeOptions, tries: &mut Tries) -> Result<Option<Encoded>, EncodeError> {
    for predicted in [true, false] {
        if let Some(encoded) = tries.fitting(webp::encode(picture, predicted))? {
            return Ok(Some(encoded));
        }
    }
    #[cfg(feature = "palette")]
    if options.palette {
        return palette_within(picture, webp::encode_indexed, tries);
    }
    // Invariant: without the feature no palette is asked for.
    debug_assert!(!options.palette);
    Ok(None)
}

#[cfg(feature = "palette")]
fn palette_within(
    picture: &Picture,
    encode: impl Fn(&Indexed) -> Result<Encoded, String>,
    tries: &mut Tries,
) -> Result<Option<Encoded>, EncodeError> {
    let mut reduction = Reduction::new(picture);
    for most in reduction.steps() {
        if let Some(encoded) = tries.fitting(encode(&reduction.to(most)))? {
            return Ok(Some(encoded));
        }
    }
    Ok(None)
}

/// What has been tried, and what came nearest.
struct Tries {
    size: Size,
    format: Format,
    max_bytes: u64,
    encodes: u32,
    smallest: Option<Encoded>,
}

impl Tries {
    /// The file, if it fits.
    fn fitting(&mut self, encoded: Result<Encoded, String>) -> Result<Option<Encoded>, EncodeError> {
        self.encodes += 1;
        debug_assert!(self.encodes <= MAX_ENCODES);
        let encoded = read_back(self.size, self.format, encoded)?;
        if encoded.bytes.len() as u64 <= self.max_bytes {
            return Ok(Some(encoded));
        }
        if self.smallest.as_ref().is_none_or(|smallest| encoded.bytes.len() < smallest.bytes.len()) {
            self.smallest = Some(encoded);
        }
        Ok(None)
    }

    fn end(self, fitting: Option<Encoded>) -> Result<Encoded, EncodeError> {
        let Self { format, max_bytes, encodes, .. } = self;
        let counted = |encoded| Encoded { encodes, ..encoded };
        match (fitting, self.smallest) {
            (Some(encoded), _) => Ok(counted(encoded)),
            (None, Some(smallest)) => {
                Err(EncodeError::TooHeavy { format, max_bytes, smallest: Arc::new(counted(smallest)) })
            }
            (None, None) => Err(EncodeError::Failed { format, message: "nothing was tried".to_owned() }),
        }
    }
}
