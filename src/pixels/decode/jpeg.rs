//! Decodes JPEG, with `smart_resize_jpeg`. The pixels are those of libjpeg-turbo.

use smart_resize_jpeg::check::Checked;
use smart_resize_jpeg::decode::{self, DecodeError as JpegError};
use smart_resize_jpeg::header::{ColourSpace, Header as JpegHeader, HeaderError};
use smart_resize_jpeg::srgb;
use smart_resize_metadata::exif::Exif;

use super::damage::{Damage, Damaged};
use super::{DecodeError, DecodeOptions, DecodeScratch, Header, Pixels, Read};
use crate::format::SourceFormat;
use crate::pixels::colour::{Channels, ColourTag, Samples};
use crate::pixels::orientation::Orientation;

const FORMAT: SourceFormat = SourceFormat::Jpeg;
const TRUNCATED: DecodeError = DecodeError::Truncated { format: FORMAT };

/// Reads the header. Returns it, the bytes that the samples take, and the decoder.
pub(super) fn open<'a>(
    bytes: &'a [u8],
    options: &DecodeOptions,
) -> Result<(Header, u64, Box<dyn Pixels + 'a>), DecodeError> {
    let jpeg = JpegHeader::read(bytes, options.limits.scans).map_err(refused)?;
    let frame = jpeg.frame.as_ref().ok_or_else(|| corrupt(&JpegError::NoFrame))?;
    let size = options.limits.check_size(frame.width.into(), frame.height.into())?;
    let (channels, samples) = match jpeg.colour_space {
        Some(ColourSpace::Grey) => (Channels::Grey, 1),
        Some(ColourSpace::YCbCr | ColourSpace::Rgb) => (Channels::Rgb, 3),
        Some(ColourSpace::Cmyk { .. } | ColourSpace::Ycck) => (Channels::Cmyk, 4),
        _ => {
            let found = format!("of {} components", jpeg.components);
            return Err(DecodeError::UnsupportedColour { format: FORMAT, found });
        }
    };
    let profile = jpeg.profile();
    // The profile that this crate writes says no more than sRGB, so it is not stripped.
    let is_bare = jpeg.is_bare && profile.as_ref().is_none_or(|icc| *icc == srgb::profile());
    // The first block that can be read counts.
    let exif = jpeg.exif().find_map(Exif::read);
    let fallback = if channels == Channels::Cmyk { Some(ColourTag::DeviceCmyk) } else { ColourTag::of_exif(exif) };
    let header = Header {
        size,
        orientation: Orientation::of_exif(exif),
        colour_tags: profile.map(ColourTag::Icc).into_iter().chain(fallback).collect(),
        is_bare,
        has_content_credentials: jpeg.has_content_credentials,
    };
    let needed = u64::from(size.area()) * samples;
    Ok((header, needed, Box::new(Jpeg { header: jpeg, length: bytes.len(), channels, damaged: options.damaged })))
}

struct Jpeg<'a> {
    header: JpegHeader<'a>,
    /// The length of the file in bytes.
    length: usize,
    channels: Channels,
    damaged: Damaged,
}

impl Jpeg<'_> {
    /// Returns the damage of a picture that is decoded in spite of it.
    fn accepted(&self, checked: &Checked) -> Result<Option<Damage>, DecodeError> {
        match checked.damage.map(Damage::from) {
            Some(damage)
                if !damage.kind.leaves_all_pixels()
                    && (self.damaged == Damaged::Refuse || self.header.is_progressive) =>
            {
                let is_cut_short = damage.at >= self.length;
                Err(if is_cut_short { TRUNCATED } else { DecodeError::Damaged { format: FORMAT, damage } })
            }
            damage => Ok(damage),
        }
    }
}

impl Pixels for Jpeg<'_> {
    fn check(&mut self) -> Result<Option<Damage>, DecodeError> {
        self.accepted(&self.header.check().map_err(refused)?)
    }

    fn read(self: Box<Self>, mut bytes: Vec<u8>, _: &mut DecodeScratch) -> Result<Read, DecodeError> {
        // The decoder writes every byte.
        let checked = decode::decode(&self.header, &mut bytes).map_err(|error| corrupt(&error))?;
        let damage = self.accepted(&checked)?;
        let samples = Samples { channels: self.channels, has_alpha: false, is_16_bit: false, bytes };
        Ok(Read { samples, is_verified: damage.is_none(), damage })
    }
}

/// The error for a file whose header is refused.
fn refused(error: HeaderError) -> DecodeError {
    match error {
        HeaderError::Truncated => TRUNCATED,
        HeaderError::TooManyScans { max } => DecodeError::TooManyScans { max },
        HeaderError::Sampling | HeaderError::Scan | HeaderError::Coding { .. } | HeaderError::Precision { .. } => {
            DecodeError::Corrupt { format: FORMAT, message: error.to_string() }
        }
    }
}

fn corrupt(error: &JpegError) -> DecodeError {
    DecodeError::Corrupt { format: FORMAT, message: error.to_string() }
}
