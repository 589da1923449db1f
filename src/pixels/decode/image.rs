//! Decodes GIF, BMP and TIFF, with the `image` crate. The first frame of a GIF and the first page of a TIFF are read.
//!
//! The limits apply as for the other formats: the size in the header is checked before any pixel is decoded, and while it
//! decodes pixels, the decoder may use no more memory than the limits allow. The profile of a GIF or TIFF and the
//! orientation of a TIFF are applied. `image` does not read the profile of a BMP.

use std::io::{Cursor, ErrorKind};

use image::codecs::{bmp::BmpDecoder, gif::GifDecoder, tiff::TiffDecoder};
use image::error::UnsupportedErrorKind;
use image::{ColorType, ExtendedColorType, ImageDecoder, ImageError, Limits};

use super::{DecodeError, DecodeLimits, DecodeScratch, Header, Pixels, Read};
use crate::format::SourceFormat;
use crate::pixels::colour::{Channels, ColourTag, Samples};
use crate::pixels::orientation::Orientation;

/// Reads the header. Returns it, the bytes that the samples take, and the decoder.
pub(super) fn open<'a>(
    bytes: &'a [u8],
    format: SourceFormat,
    limits: &DecodeLimits,
) -> Result<(Header, u64, Box<dyn Pixels + 'a>), DecodeError> {
    let file = Cursor::new(bytes);
    match format {
        SourceFormat::Gif => within_limits(GifDecoder::new(file), format, limits),
        SourceFormat::Bmp => within_limits(BmpDecoder::new(file), format, limits),
        _ => within_limits(TiffDecoder::new(file), format, limits),
    }
}

/// Applies the limits to a decoder, and reads the header from it.
fn within_limits<'a, D: ImageDecoder + 'a>(
    decoder: Result<D, ImageError>,
    format: SourceFormat,
    limits: &DecodeLimits,
) -> Result<(Header, u64, Box<dyn Pixels + 'a>), DecodeError> {
    let mut decoder = decoder.map_err(|error| unreadable(format, &error, limits.metadata_bytes))?;
    let (width, height) = decoder.dimensions();
    let size = limits.check_size(width, height)?;
    limits.check_needed(decoder.total_bytes())?;
    // The `image` crate converts CMYK without its profile, which changes colours a lot.
    if matches!(decoder.original_color_type(), ExtendedColorType::Cmyk8 | ExtendedColorType::Cmyk16) {
        return Err(DecodeError::UnsupportedColour { format, found: "CMYK".into() });
    }
    // These are read before the limits are set: with limits, `image` bounds the tags of a TIFF by the size of its pixels,
    // and drops a larger profile without an error. Until then a tag may take 256 MiB, the default of `tiff`. `image` 0.25
    // takes a profile or an orientation that cannot be read as absent. An error would be a broken profile.
    let icc = decoder.icc_profile().unwrap_or_else(|_| Some(Vec::new()));
    let orientation = decoder.orientation().map_or(Orientation::UPRIGHT, |tag| Orientation::from_tag(tag.to_exif()));
    // A frame of a GIF may be larger than its canvas and has a separate buffer, which is bounded by the canvas here.
    let pixel_bytes = if format == SourceFormat::Gif { decoder.total_bytes() } else { limits.decoded_bytes };
    let max_alloc = pixel_bytes.saturating_add(limits.metadata_bytes);
    let mut image_limits = Limits::no_limits();
    image_limits.max_alloc = Some(max_alloc);
    decoder.set_limits(image_limits).map_err(|error| unreadable(format, &error, max_alloc))?;
    let header = Header {
        size,
        orientation,
        colour_tags: icc.map(ColourTag::Icc).into_iter().collect(),
        // A result never has one of these formats, so no file passes through.
        is_bare: false,
        has_content_credentials: false,
    };
    let needed = decoder.total_bytes();
    Ok((header, needed, Box::new(Image { decoder, format, max_alloc })))
}

struct Image<D> {
    decoder: D,
    format: SourceFormat,
    /// The most bytes that the decoder may allocate.
    max_alloc: u64,
}

impl<D: ImageDecoder> Pixels for Image<D> {
    fn read(self: Box<Self>, mut bytes: Vec<u8>, _: &mut DecodeScratch) -> Result<Read, DecodeError> {
        // The buffer may hold another picture, and `image` does not promise to write every byte.
        bytes.fill(0);
        let Self { decoder, format, max_alloc } = *self;
        let (channels, has_alpha, is_16_bit) = match decoder.color_type() {
            ColorType::L8 => (Channels::Grey, false, false),
            ColorType::La8 => (Channels::Grey, true, false),
            ColorType::Rgb8 => (Channels::Rgb, false, false),
            ColorType::Rgba8 => (Channels::Rgb, true, false),
            ColorType::L16 => (Channels::Grey, false, true),
            ColorType::La16 => (Channels::Grey, true, true),
            ColorType::Rgb16 => (Channels::Rgb, false, true),
            ColorType::Rgba16 => (Channels::Rgb, true, true),
            other => return Err(DecodeError::UnsupportedColour { format, found: format!("{other:?}") }),
        };
        decoder.read_image(&mut bytes).map_err(|error| unreadable(format, &error, max_alloc))?;
        if is_16_bit {
            // The `image` crate returns samples in native byte order. `Samples` are big-endian, as in PNG.
            for sample in bytes.as_chunks_mut::<2>().0 {
                *sample = u16::from_ne_bytes(*sample).to_be_bytes();
            }
        }
        Ok(Read { samples: Samples { channels, has_alpha, is_16_bit, bytes }, is_verified: false, damage: None })
    }
}

fn unreadable(format: SourceFormat, error: &ImageError, max_alloc: u64) -> DecodeError {
    match error {
        ImageError::Limits(_) => DecodeError::MemoryLimit { format, max: max_alloc },
        // The decoders report the end of the file as an I/O error of the cursor.
        ImageError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => DecodeError::Truncated { format },
        ImageError::Unsupported(error) => match error.kind() {
            UnsupportedErrorKind::Color(colour) => {
                DecodeError::UnsupportedColour { format, found: format!("{colour:?}") }
            }
            _ => DecodeError::Corrupt { format, message: error.to_string() },
        },
        error => DecodeError::Corrupt { format, message: error.to_string() },
    }
}
