//! Decodes JPEG, with `zune-jpeg`.
//!
//! The segments of the file are walked first, and the entropy-coded data of a sequential file is checked for damage
//! before pixels are computed. `zune-jpeg` decodes some files incorrectly without an error, and these two steps find
//! and refuse them:
//!
//! - a file that is cut short or damaged (`smart_resize_jpeg::check` lists the signs);
//! - a sequential file whose subsampled components are in separate scans;
//! - a file whose chroma is finer than its luma.
//!
//! `zune-jpeg` also refuses some files that other decoders read. It gets a copy in which the bytes that it does not
//! accept are replaced (`walk.rs`). A copy is made only if there is such a byte.
//!
//! With `Codec::Fast`, libjpeg-turbo decodes the pixels of a sequential picture. If it finds anything wrong,
//! `zune-jpeg` decodes them again, and its result counts.

mod walk;

use smart_resize_jpeg::check::{Checked, Frame, check};
use smart_resize_jpeg::{marker, srgb};
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use self::walk::{Edit, Segments, walk};
use super::damage::{Damage, Damaged};
#[cfg(feature = "turbojpeg")]
use super::turbo;
use super::{DecodeError, DecodeOptions, DecodeScratch, Header, Pixels, Read};
use crate::format::SourceFormat;
#[cfg(feature = "turbojpeg")]
use crate::pixels::codec::Codec;
use crate::pixels::colour::{Channels, ColourTag, Samples};
use crate::pixels::orientation::Orientation;

const FORMAT: SourceFormat = SourceFormat::Jpeg;
const TRUNCATED: DecodeError = DecodeError::Truncated { format: FORMAT };

/// Reads the header. Returns it, the bytes that the samples take, and the decoder.
pub(super) fn open<'a>(
    bytes: &'a [u8],
    options: &DecodeOptions,
) -> Result<(Header, u64, Box<dyn Pixels + 'a>), DecodeError> {
    let segments = walk(bytes, &options.limits)?;
    if segments.edits.is_empty() {
        opened(bytes, bytes, segments, options)
    } else {
        opened(edited(bytes, &segments.edits, None), bytes, segments, options)
    }
}

/// Reads the header from `file`, which is the file itself or its edited copy.
fn opened<'a, T: AsRef<[u8]> + 'a>(
    file: T,
    bytes: &'a [u8],
    segments: Segments,
    options: &DecodeOptions,
) -> Result<(Header, u64, Box<dyn Pixels + 'a>), DecodeError> {
    let decoder = headers(file)?;
    let (width, height) =
        decoder.dimensions().ok_or_else(|| corrupt(&DecodeErrors::FormatStatic("no frame header")))?;
    // A side that does not fit 32 bits becomes one that every limit refuses.
    let pixels = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
    let size = options.limits.check_size(pixels(width), pixels(height))?;
    let (colours, channels) = match (decoder.input_colorspace(), segments.components) {
        (Some(ColorSpace::Luma), 1) => (ColorSpace::Luma, Channels::Grey),
        // With three components, Adobe's "not transformed" means RGB.
        (Some(ColorSpace::YCbCr | ColorSpace::RGB | ColorSpace::CMYK), 3) => (ColorSpace::RGB, Channels::Rgb),
        (other, _) => {
            return Err(unsupported(&other.map_or_else(|| "unknown".into(), |space| format!("{space:?}"))));
        }
    };
    let profile = segments.profile.join(bytes);
    // The profile that this crate writes says no more than sRGB, so it is not stripped.
    let is_bare = segments.is_bare && profile.as_ref().is_none_or(|icc| *icc == srgb::profile());
    let colour_tags = profile.map(ColourTag::Icc).into_iter().chain(ColourTag::of_exif(segments.exif)).collect();
    let header = Header {
        size,
        orientation: segments.exif.map_or(Orientation::UPRIGHT, |exif| exif.orientation),
        colour_tags,
        is_bare,
        has_content_credentials: segments.has_content_credentials,
    };
    let samples = if channels == Channels::Grey { 1 } else { 3 };
    #[cfg(feature = "turbojpeg")]
    let fast = (options.codec == Codec::Fast && !segments.lacks_tables && !segments.is_progressive).then(|| {
        let is_rgb = decoder.input_colorspace() != Some(ColorSpace::YCbCr);
        turbo::Expected { size, channels, is_rgb, scans: options.limits.scans }
    });
    let pixels = Jpeg {
        bytes,
        decoder,
        colours,
        channels,
        edits: segments.edits,
        frame: segments.frame,
        has_end: segments.has_end,
        damaged: options.damaged,
        checked: None,
        #[cfg(feature = "turbojpeg")]
        fast,
    };
    Ok((header, u64::from(size.area()) * samples, Box::new(pixels)))
}

/// Makes a decoder that has read the headers.
fn headers<T: AsRef<[u8]>>(file: T) -> Result<JpegDecoder<ZCursor<T>>, DecodeError> {
    // `walk` and `check_size` apply the limits on sizes. Stray data between the segments of the header is skipped, as
    // other decoders do.
    let lenient = DecoderOptions::default().set_strict_mode(false);
    let lenient = lenient.set_max_width(usize::MAX).set_max_height(usize::MAX);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(file), lenient);
    decoder.decode_headers().map_err(|error| corrupt(&error))?;
    Ok(decoder)
}

/// Returns a copy of the file with these edits. If `data_end` is given, an end marker replaces everything from there.
fn edited(bytes: &[u8], edits: &[Edit], data_end: Option<usize>) -> Vec<u8> {
    let mut file = bytes.get(..data_end.unwrap_or(bytes.len())).unwrap_or(bytes).to_vec();
    for edit in edits {
        // An edit behind the end of the data is not needed.
        file.get_mut(edit.at).into_iter().for_each(|byte| *byte = edit.byte);
    }
    if data_end.is_some() {
        file.extend([0xff, marker::EOI]);
    }
    file
}

struct Jpeg<'a, T: AsRef<[u8]>> {
    bytes: &'a [u8],
    decoder: JpegDecoder<ZCursor<T>>,
    /// The colour space of the decoded samples.
    colours: ColorSpace,
    channels: Channels,
    edits: Vec<Edit>,
    /// The frame, if its data can be checked.
    frame: Option<Frame>,
    has_end: bool,
    damaged: Damaged,
    /// The result of the check, if it was made.
    checked: Option<Checked>,
    /// The expected header, if libjpeg-turbo decodes the pixels.
    #[cfg(feature = "turbojpeg")]
    fast: Option<turbo::Expected>,
}

impl<T: AsRef<[u8]>> Jpeg<'_, T> {
    /// Returns the damage, and the end of the data if an end marker must follow it. The check is made once.
    fn checked(&mut self) -> Result<(Option<Damage>, Option<usize>), DecodeError> {
        let checked = self.checked.or_else(|| check(self.bytes, self.frame.as_ref()?));
        // A file that cannot be checked must have an end marker.
        let checked = match checked {
            Some(checked) => checked,
            None if self.has_end => Checked::default(),
            None => return Err(TRUNCATED),
        };
        self.checked = Some(checked);
        let damage = checked.damage.map(Damage::of_jpeg);
        match damage {
            Some(damage) if !damage.kind.leaves_all_pixels() && self.damaged == Damaged::Refuse => {
                let is_cut_short = damage.at >= self.bytes.len();
                Err(if is_cut_short { TRUNCATED } else { DecodeError::Damaged { format: FORMAT, damage } })
            }
            _ => Ok((damage, checked.data_end)),
        }
    }
}

impl<T: AsRef<[u8]>> Pixels for Jpeg<'_, T> {
    fn check(&mut self) -> Result<Option<Damage>, DecodeError> {
        Ok(self.checked()?.0)
    }

    fn read(mut self: Box<Self>, mut bytes: Vec<u8>, _: &mut DecodeScratch) -> Result<Read, DecodeError> {
        let (damage, data_end) = self.checked()?;
        // Neither decoder verifies that it writes every byte of the buffer.
        bytes.fill(0);
        #[cfg(feature = "turbojpeg")]
        let is_read =
            damage.is_none() && self.fast.is_some_and(|expected| turbo::read(self.bytes, &expected, &mut bytes));
        #[cfg(not(feature = "turbojpeg"))]
        let is_read = false;
        // The decoder finds damage in a progressive file, and is told to refuse it. In the lenient mode it fills damaged
        // parts with grey.
        let is_strict = damage.is_none_or(|damage| damage.kind.leaves_all_pixels());
        if is_read {
        } else if let Some(data_end) = data_end {
            let decoder = headers(edited(self.bytes, &self.edits, Some(data_end)))?;
            decode(decoder, self.colours, is_strict, &mut bytes)?;
        } else {
            decode(self.decoder, self.colours, is_strict, &mut bytes)?;
        }
        let samples = Samples { channels: self.channels, has_alpha: false, is_16_bit: false, bytes };
        Ok(Read { samples, is_verified: damage.is_none(), damage })
    }
}

/// Decodes all pixels.
fn decode<T: AsRef<[u8]>>(
    mut decoder: JpegDecoder<ZCursor<T>>,
    colours: ColorSpace,
    is_strict: bool,
    pixels: &mut [u8],
) -> Result<(), DecodeError> {
    decoder.set_options(decoder.options().jpeg_set_out_colorspace(colours).set_strict_mode(is_strict));
    decoder.decode_into(pixels).map_err(|error| corrupt(&error))
}

fn corrupt(error: &DecodeErrors) -> DecodeError {
    DecodeError::Corrupt { format: FORMAT, message: error.to_string() }
}

fn unsupported(found: &str) -> DecodeError {
    DecodeError::UnsupportedColour { format: FORMAT, found: found.into() }
}
