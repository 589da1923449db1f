//! Encodes pictures within a byte limit.

use std::iter;
use std::mem;
use std::sync::Arc;

use smart_resize_metadata::Packet;

use super::jpeg::{DEFAULT_JPEG_QUALITY, JpegScratch};
use super::png::{PngOptions, PngScratch};
use super::webp::WebPMode;
use super::{EncodeError, EncodeOptions, EncodeScratch, Encoded, can_be_written, finished, jpeg, png, webp};
use crate::format::Format;
use crate::pixels::picture::{Layout, Picture};
use crate::size::Size;

/// The most encodes of a picture for one file.
pub const MAX_ENCODES: u32 = 8;

/// The default of [`EncodeOptions::min_quality`].
pub const DEFAULT_MIN_QUALITY: u8 = 40;

/// Encodes `picture` as `format` in at most `max_bytes` bytes.
///
/// These settings are tried in order until a file fits, in at most [`MAX_ENCODES`] encodes:
///
/// - JPEG and lossy WebP: the requested quality, which is 90 by default for a JPEG. Then bisection finds the highest
///   lower quality that fits, down to [`EncodeOptions::min_quality`]. It assumes that a higher quality never gives a
///   smaller file. With small graphics this may be wrong by a few bytes.
/// - PNG: the requested effort, then higher efforts. Then, if [`EncodeOptions::palette`] allows it, a palette of 256
///   colours with dithering, then of 128, 64, 32 and 16. A picture that has no more colours than the palette keeps all
///   its colours and pixels. Transparent pixels stay transparent, and opaque pixels stay opaque.
/// - Lossless WebP: with prediction, then without. If neither fits, the error names lossy WebP as an alternative.
///
/// [`Encoded::settings`] has the settings that were used, and [`Encoded::encodes`] the number of encodes. The pure
/// codecs give the same file on every machine: palettes are made with integers, and with sums, products and quotients
/// of 64-bit floats, which IEEE 754 rounds the same everywhere (32-bit x86 without SSE2 does not follow it). The codecs
/// in C give no such guarantee. At most [`MAX_ENCODES`] encodes bound the time. A palette takes two
/// bytes of memory per pixel.
///
/// ```
/// use smart_resize::{Format, Size};
/// use smart_resize::pixels::Picture;
/// use smart_resize::pixels::encode::{EncodeError, EncodeOptions, EncoderSettings, encode, encode_within};
///
/// # let noise = (0..64 * 64 * 3_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
/// # let picture = Picture::from_rgb(Size::new(64, 64)?, noise)?;
/// let options = EncodeOptions::default();
/// let large = encode(&picture, Format::Jpeg, &options)?.bytes.len() as u64;
/// let small = encode_within(&picture, Format::Jpeg, &options, large * 2 / 3)?;
/// assert!(small.bytes.len() as u64 <= large * 2 / 3 && small.encodes <= 8);
/// assert!(matches!(small.settings, EncoderSettings::Jpeg { quality: 40..90, .. }));
///
/// let error = encode_within(&picture, Format::Jpeg, &options, 600).unwrap_err();
/// let EncodeError::OverByteLimit { smallest, .. } = &error else { panic!("{error}") };
/// assert_eq!(
///     error.to_string(),
///     format!("the smallest jpeg has {} bytes (quality 40, 4:2:0); expected at most 600", smallest.bytes.len()),
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`EncodeError::OverByteLimit`], with the smallest file that was reached, if no allowed setting fits; another
/// [`EncodeError`] if the options are invalid, or the format cannot hold the picture.
pub fn encode_within(
    picture: &Picture,
    format: Format,
    options: &EncodeOptions,
    max_bytes: u64,
) -> Result<Encoded, EncodeError> {
    encode_within_in(picture, format, options, &Packet::default(), max_bytes, &mut EncodeScratch::default())
}

/// Does the same as [`encode_within`], with metadata, which counts against the limit, and with buffers to reuse.
pub(crate) fn encode_within_in(
    picture: &Picture,
    format: Format,
    options: &EncodeOptions,
    packet: &Packet,
    max_bytes: u64,
    scratch: &mut EncodeScratch,
) -> Result<Encoded, EncodeError> {
    can_be_written(picture.size(), format, options)?;
    let mut tries = Tries { size: picture.size(), format, packet, max_bytes, encodes: 0, smallest: None };
    let fitting = match (format, options.webp.mode) {
        (Format::Png, _) => png_within(picture, options, &mut scratch.png, &mut tries),
        (Format::Jpeg, _) => jpeg_within(picture, options, &mut scratch.jpeg, &mut tries),
        (Format::WebP, WebPMode::Lossless) => webp_within(picture, &mut tries),
        (Format::WebP, WebPMode::Lossy { quality }) => {
            let effort = options.webp.effort;
            let encode = |quality| webp::encode_lossy(picture, quality, effort);
            highest_within(quality, options.min_quality, encode, &mut tries)
        }
    }?;
    tries.end(fitting)
}

/// Tries the qualities of a JPEG. A picture with alpha is flattened once, before the first encode.
fn jpeg_within(
    picture: &Picture,
    options: &EncodeOptions,
    scratch: &mut JpegScratch,
    tries: &mut Tries<'_>,
) -> Result<Option<Encoded>, EncodeError> {
    let flattened = match picture.layout() {
        Layout::Rgb => None,
        Layout::Rgba => {
            // The buffer moves into a picture and back, so that its memory is used again for the next one.
            let mut rgb = mem::take(&mut scratch.flattened);
            picture.flatten_into(options.jpeg.background, &mut rgb);
            let flattened = Picture::new(picture.size(), Layout::Rgb, rgb);
            Some(flattened.expect("invariant: flattening keeps the number of pixels"))
        }
    };
    let rgb = flattened.as_ref().unwrap_or(picture);
    let encode = |quality| jpeg::encode(rgb, &options.jpeg.clone().quality(quality), options.codec, scratch);
    let requested = options.jpeg.quality.unwrap_or(DEFAULT_JPEG_QUALITY);
    let found = highest_within(requested, options.min_quality, encode, tries);
    if let Some(flattened) = flattened {
        scratch.flattened = flattened.into_pixels();
    }
    found
}

/// Finds the highest quality that fits, from `requested` down to `min_quality`. `None` if none fits.
fn highest_within(
    requested: u8,
    min_quality: u8,
    mut encode: impl FnMut(u8) -> Result<Encoded, String>,
    tries: &mut Tries<'_>,
) -> Result<Option<Encoded>, EncodeError> {
    let mut fitting = |quality| tries.fitting(encode(quality));
    // The requested quality comes first: if it fits, one encode is enough.
    let mut best = fitting(requested)?;
    if best.is_some() {
        return Ok(best);
    }
    // Invariant: `low` fits or is below the minimum, and `high` does not fit. At most 99 qualities are between them, so
    // that there are at most 100 possible answers, and 7 encodes find the right one.
    let (mut low, mut high) = (min_quality.saturating_sub(1), requested);
    // `best` is the file of `low`, or `None` while `low` is below the minimum. The loop ends when `high` is the quality
    // above `low`, and does not run if the minimum is not below the requested quality.
    while low.saturating_add(1) < high {
        let middle = low.midpoint(high);
        match fitting(middle)? {
            Some(encoded) => (best, low) = (Some(encoded), middle),
            None => high = middle,
        }
    }
    Ok(best)
}

/// Tries the efforts and palettes of a PNG: at most 2 efforts and 5 palettes.
fn png_within(
    picture: &Picture,
    options: &EncodeOptions,
    scratch: &mut PngScratch,
    tries: &mut Tries<'_>,
) -> Result<Option<Encoded>, EncodeError> {
    // Lower efforts than the requested one give larger files as a rule, so only higher ones follow.
    let above = PngOptions::EFFORTS.into_iter().skip_while(|effort| *effort != options.png.effort).skip(1);
    for effort in iter::once(options.png.effort).chain(above) {
        if let Some(encoded) = tries.fitting(png::encode(picture, effort, scratch))? {
            return Ok(Some(encoded));
        }
    }
    if options.palette {
        for indexed in png::reductions(picture) {
            if let Some(encoded) = tries.fitting(png::encode_indexed(picture.size(), &indexed, scratch))? {
                return Ok(Some(encoded));
            }
        }
    }
    Ok(None)
}

/// Tries a lossless WebP with prediction, then without.
fn webp_within(picture: &Picture, tries: &mut Tries<'_>) -> Result<Option<Encoded>, EncodeError> {
    for predicted in [true, false] {
        if let Some(encoded) = tries.fitting(webp::encode(picture, predicted))? {
            return Ok(Some(encoded));
        }
    }
    Ok(None)
}

/// The encodes so far, and the smallest file that did not fit.
struct Tries<'a> {
    size: Size,
    format: Format,
    packet: &'a Packet,
    max_bytes: u64,
    encodes: u32,
    smallest: Option<Encoded>,
}

impl Tries<'_> {
    /// Counts an encode. Returns the file if it fits, and `None` if it does not.
    fn fitting(&mut self, encoded: Result<Encoded, String>) -> Result<Option<Encoded>, EncodeError> {
        self.encodes += 1;
        debug_assert!(self.encodes <= MAX_ENCODES);
        // Every file is checked, since even one that is too large may be returned, in the error.
        let encoded = finished(self.size, self.format, encoded, self.packet)?;
        if encoded.bytes.len() as u64 <= self.max_bytes {
            return Ok(Some(encoded));
        }
        if self.smallest.as_ref().is_none_or(|smallest| encoded.bytes.len() < smallest.bytes.len()) {
            self.smallest = Some(encoded);
        }
        Ok(None)
    }

    /// Returns the file that fits, or the error with the smallest file.
    fn end(self, fitting: Option<Encoded>) -> Result<Encoded, EncodeError> {
        let Self { format, max_bytes, encodes, .. } = self;
        let counted = |encoded| Encoded { encodes, ..encoded };
        match (fitting, self.smallest) {
            (Some(encoded), _) => Ok(counted(encoded)),
            (None, Some(smallest)) => {
                Err(EncodeError::OverByteLimit { format, max_bytes, smallest: Arc::new(counted(smallest)) })
            }
            (None, None) => unreachable!("invariant: at least one encode is tried"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::codec::Codec;
    use crate::pixels::encode::JpegOptions;

    fn picture() -> Picture {
        Picture::from_rgb(Size::new(16, 16).unwrap(), (0..768_u32).map(|at| (at * 7919 % 251) as u8).collect()).unwrap()
    }

    fn tries(max_bytes: u64) -> Tries<'static> {
        let packet = Box::leak(Box::default());
        Tries { size: picture().size(), format: Format::Jpeg, packet, max_bytes, encodes: 0, smallest: None }
    }

    fn file(quality: u8) -> Result<Encoded, String> {
        jpeg::encode(&picture(), &JpegOptions::default().quality(quality), Codec::Pure, &mut JpegScratch::default())
    }

    /// The qualities that are tried in turn, with a limit that the file of the quality `fits` just keeps.
    fn tried(requested: u8, min_quality: u8, fits: Option<u8>) -> (Vec<u8>, bool) {
        let mut tried = Vec::new();
        let max_bytes = fits.map_or(0, |quality| file(quality).unwrap().bytes.len() as u64);
        let encode = |quality| {
            tried.push(quality);
            file(quality)
        };
        let found = highest_within(requested, min_quality, encode, &mut tries(max_bytes)).unwrap();
        (tried, found.is_some())
    }

    #[test]
    fn the_requested_quality_is_tried_first_and_then_the_middle_of_what_is_left() {
        assert_eq!(tried(90, 40, Some(90)), (vec![90], true));
        assert_eq!(tried(90, 40, None), (vec![90, 64, 51, 45, 42, 40], false));
        assert_eq!(tried(40, 40, None), (vec![40], false), "no quality below the minimum");
        assert_eq!(tried(41, 40, None), (vec![41, 40], false), "the minimum itself");
        assert_eq!(tried(30, 40, None), (vec![30], false), "a minimum above the requested quality");
        let (tried, is_found) = tried(90, 40, Some(64));
        assert_eq!((&tried[..3], is_found), (&[90, 64, 77][..], true), "upwards from a quality that fits");
    }

    #[test]
    fn a_file_of_exactly_the_byte_limit_fits() {
        let length = file(50).unwrap().bytes.len() as u64;
        assert!(tries(length).fitting(file(50)).unwrap().is_some());
        assert!(tries(length - 1).fitting(file(50)).unwrap().is_none());
    }

    #[test]
    fn the_error_has_the_smallest_file_and_the_number_of_encodes() {
        let mut tries = tries(0);
        for quality in [80, 20, 60] {
            assert!(tries.fitting(file(quality)).unwrap().is_none());
        }
        let Err(EncodeError::OverByteLimit { smallest, max_bytes: 0, .. }) = tries.end(None) else {
            panic!("no file fits into 0 bytes")
        };
        assert_eq!((smallest.bytes.len(), smallest.encodes), (file(20).unwrap().bytes.len(), 3));
    }

    #[test]
    fn at_most_8_encodes_are_needed_and_the_default_minimum_quality_is_40() {
        assert_eq!((MAX_ENCODES, DEFAULT_MIN_QUALITY), (8, 40));
        assert_eq!(tried(100, 1, None).0.len(), 8 - 1, "the widest range");
    }
}
