//! Decodes JPEG, with `zune-jpeg`.
//!
//! `smart_resize_jpeg` reads the header first, and checks the entropy-coded data of a sequential file for damage before
//! pixels are computed. `zune-jpeg` decodes some files incorrectly without an error, and these two steps find and refuse
//! them:
//!
//! - a file that is cut short or damaged (`smart_resize_jpeg::check` lists the signs);
//! - a sequential file whose subsampled components are in separate scans;
//! - a file whose chroma is finer than its luma.
//!
//! `zune-jpeg` also refuses some files that other decoders read. It gets a copy in which the bytes that it does not
//! accept are replaced (`smart_resize_jpeg::header` lists them). A copy is made only if there is such a byte.
//!
//! With `Codec::Fast`, libjpeg-turbo decodes the pixels of a sequential picture. If it finds anything wrong,
//! `zune-jpeg` decodes them again, and its result counts.

use std::borrow::Cow;

use smart_resize_jpeg::check::Checked;
use smart_resize_jpeg::header::{Header as JpegHeader, HeaderError};
use smart_resize_jpeg::srgb;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::damage::{Damage, Damaged};
#[cfg(feature = "turbojpeg")]
use super::turbo;
use super::{DecodeError, DecodeOptions, DecodeScratch, Header, Pixels, Read};
use crate::format::SourceFormat;
#[cfg(feature = "turbojpeg")]
use crate::pixels::codec::Codec;
use crate::pixels::colour::{Channels, ColourTag, Samples};
use crate::pixels::exif::Exif;
use crate::pixels::orientation::Orientation;

const FORMAT: SourceFormat = SourceFormat::Jpeg;
const TRUNCATED: DecodeError = DecodeError::Truncated { format: FORMAT };

type Decoder<'a> = JpegDecoder<ZCursor<Cow<'a, [u8]>>>;

/// Reads the header. Returns it, the bytes that the samples take, and the decoder.
pub(super) fn open<'a>(
    bytes: &'a [u8],
    options: &DecodeOptions,
) -> Result<(Header, u64, Box<dyn Pixels + 'a>), DecodeError> {
    let jpeg = JpegHeader::read(bytes, options.limits.scans).map_err(refused)?;
    let decoder = headers(jpeg.edited(None))?;
    let (width, height) =
        decoder.dimensions().ok_or_else(|| corrupt(&DecodeErrors::FormatStatic("no frame header")))?;
    // A side that does not fit 32 bits becomes one that every limit refuses.
    let pixels = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
    let size = options.limits.check_size(pixels(width), pixels(height))?;
    let (colours, channels) = match (decoder.input_colorspace(), jpeg.components) {
        (Some(ColorSpace::Luma), 1) => (ColorSpace::Luma, Channels::Grey),
        // With three components, Adobe's "not transformed" means RGB.
        (Some(ColorSpace::YCbCr | ColorSpace::RGB | ColorSpace::CMYK), 3) => (ColorSpace::RGB, Channels::Rgb),
        (other, _) => {
            return Err(unsupported(&other.map_or_else(|| "unknown".into(), |space| format!("{space:?}"))));
        }
    };
    let profile = jpeg.profile();
    // The profile that this crate writes says no more than sRGB, so it is not stripped.
    let is_bare = jpeg.is_bare && profile.as_ref().is_none_or(|icc| *icc == srgb::profile());
    // The first block that can be read counts.
    let exif = jpeg.exif().find_map(Exif::read);
    let header = Header {
        size,
        orientation: exif.map_or(Orientation::UPRIGHT, |exif| exif.orientation),
        colour_tags: profile.map(ColourTag::Icc).into_iter().chain(ColourTag::of_exif(exif)).collect(),
        is_bare,
        has_content_credentials: jpeg.has_content_credentials,
    };
    let samples = if channels == Channels::Grey { 1 } else { 3 };
    #[cfg(feature = "turbojpeg")]
    let fast = (options.codec == Codec::Fast && !jpeg.lacks_tables && !jpeg.is_progressive).then(|| {
        let is_rgb = decoder.input_colorspace() != Some(ColorSpace::YCbCr);
        turbo::Expected { size, channels, is_rgb, scans: options.limits.scans }
    });
    let pixels = Jpeg {
        bytes,
        header: jpeg,
        decoder,
        colours,
        channels,
        damaged: options.damaged,
        checked: None,
        #[cfg(feature = "turbojpeg")]
        fast,
    };
    Ok((header, u64::from(size.area()) * samples, Box::new(pixels)))
}

/// Makes a decoder that has read the headers.
fn headers(file: Cow<'_, [u8]>) -> Result<Decoder<'_>, DecodeError> {
    // `check_size` applies the limits on sizes. Stray data between the segments of the header is skipped, as other
    // decoders do.
    let lenient = DecoderOptions::default().set_strict_mode(false);
    let lenient = lenient.set_max_width(usize::MAX).set_max_height(usize::MAX);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(file), lenient);
    decoder.decode_headers().map_err(|error| corrupt(&error))?;
    Ok(decoder)
}

struct Jpeg<'a> {
    bytes: &'a [u8],
    header: JpegHeader<'a>,
    decoder: Decoder<'a>,
    /// The colour space of the decoded samples.
    colours: ColorSpace,
    channels: Channels,
    damaged: Damaged,
    /// The result of the check, if it was made.
    checked: Option<Checked>,
    /// The expected header, if libjpeg-turbo decodes the pixels.
    #[cfg(feature = "turbojpeg")]
    fast: Option<turbo::Expected>,
}

impl Jpeg<'_> {
    /// Returns the damage, and the end of the data if an end marker must follow it. The check is made once.
    fn checked(&mut self) -> Result<(Option<Damage>, Option<usize>), DecodeError> {
        let checked = self.checked.map_or_else(|| self.header.check().map_err(refused), Ok)?;
        self.checked = Some(checked);
        let damage = checked.damage.map(Damage::from);
        match damage {
            Some(damage) if !damage.kind.leaves_all_pixels() && self.damaged == Damaged::Refuse => {
                let is_cut_short = damage.at >= self.bytes.len();
                Err(if is_cut_short { TRUNCATED } else { DecodeError::Damaged { format: FORMAT, damage } })
            }
            _ => Ok((damage, checked.data_end)),
        }
    }
}

impl Pixels for Jpeg<'_> {
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
        if !is_read {
            let mut decoder = match data_end {
                Some(_) => headers(self.header.edited(data_end))?,
                None => self.decoder,
            };
            decoder.set_options(decoder.options().jpeg_set_out_colorspace(self.colours).set_strict_mode(is_strict));
            decoder.decode_into(&mut bytes).map_err(|error| corrupt(&error))?;
        }
        let samples = Samples { channels: self.channels, has_alpha: false, is_16_bit: false, bytes };
        Ok(Read { samples, is_verified: damage.is_none(), damage })
    }
}

/// The error for a file whose header is refused.
fn refused(error: HeaderError) -> DecodeError {
    match error {
        HeaderError::Truncated => TRUNCATED,
        HeaderError::TooManyScans { max } => DecodeError::TooManyScans { max },
        HeaderError::TooManyReplaced { .. } => DecodeError::Corrupt { format: FORMAT, message: error.to_string() },
        HeaderError::FineChroma => unsupported("finer in chroma than in luma"),
        HeaderError::NotInterleaved { .. } => unsupported("subsampled and not interleaved"),
    }
}

fn corrupt(error: &DecodeErrors) -> DecodeError {
    DecodeError::Corrupt { format: FORMAT, message: error.to_string() }
}

fn unsupported(found: &str) -> DecodeError {
    DecodeError::UnsupportedColour { format: FORMAT, found: found.into() }
}
