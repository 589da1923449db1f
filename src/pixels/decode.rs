//! Encoded bytes to upright pixels, within limits.
//!
//! The bytes tell the format; a label or an extension decides nothing. The size in the header is held against the
//! limits before any pixel is decoded, also where only the header is read. Every kind of sample becomes 8 bits a
//! channel: 16 bits by rounding, grey and palettes by expansion, an alpha channel that is opaque throughout is
//! dropped. All eight EXIF orientations are applied.
//!
//! A JPEG without its end marker is refused: its decoder would fill what is missing with grey. So is a CMYK JPEG,
//! whose colours mean nothing without the profile that describes them.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ImageBuffer, ImageDecoder, ImageError, Limits};

use super::picture::Picture;
use crate::format::Format;
use crate::size::{MAX_SIDE, Size};

/// Bounds on what is decoded. The defaults: 64 MiB of input, 100 megapixels, 1 GiB decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodeLimits {
    /// The most encoded bytes.
    pub input_bytes: usize,
    /// The most pixels.
    pub pixels: u64,
    /// The most bytes of decoded samples as the file has them, 8 a pixel at most. Beside them a decode takes up to
    /// 8 more bytes a pixel for a moment: a progressive JPEG's coefficients, or the turned or expanded copy.
    pub decoded_bytes: u64,
}

impl Default for DecodeLimits {
    fn default() -> Self {
        Self { input_bytes: 64 << 20, pixels: 100_000_000, decoded_bytes: 1 << 30 }
    }
}

impl DecodeLimits {
    /// The size of a picture that may be decoded.
    fn check_size(&self, width: u32, height: u32) -> Result<Size, DecodeError> {
        if u64::from(width) * u64::from(height) > self.pixels {
            return Err(DecodeError::TooManyPixels { width, height, max: self.pixels });
        }
        Size::new(width, height).map_err(|_| DecodeError::SideOutOfRange { width, height })
    }

    /// Whether a picture of `size` with 8 bits a channel and alpha may be decoded, so that one that is asked for can
    /// be read when it comes.
    pub(crate) fn allow(&self, size: Size) -> bool {
        let pixels = u64::from(size.area());
        pixels <= self.pixels && 4 * pixels <= self.decoded_bytes
    }
}

/// The most bytes that a PNG's decoder may use beside the picture: for its profile and texts, inflated, and its rows.
const METADATA_BYTES: u64 = 32 << 20;

/// What the header of an encoded picture says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Probe {
    /// The format of the bytes.
    pub format: Format,
    /// The upright size in pixels.
    pub size: Size,
}

/// A decoded picture, and what the file has beside it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Decoded {
    /// The upright pixels.
    pub picture: Picture,
    /// The format they were encoded in.
    pub format: Format,
    /// Whether the file has an ICC profile, which has not been applied.
    pub has_colour_profile: bool,
}

/// The format and the upright size of an encoded picture, from its header.
///
/// # Errors
///
/// [`DecodeError`] where the header cannot be read or exceeds the limits.
pub fn probe(bytes: &[u8], limits: &DecodeLimits) -> Result<Probe, DecodeError> {
    guarded(sniff(bytes), || {
        let Opened { format, size, orientation, .. } = open(bytes, limits)?;
        Ok(Probe { format, size: if turns_sideways(orientation) { size.transposed() } else { size } })
    })
}

/// Decodes the whole picture.
///
/// # Errors
///
/// [`DecodeError`] where the bytes are no whole PNG, JPEG or WebP, or exceed the limits.
pub fn decode(bytes: &[u8], limits: &DecodeLimits) -> Result<Decoded, DecodeError> {
    guarded(sniff(bytes), || {
        let Opened { format, size, orientation, mut decoder } = open(bytes, limits)?;
        let corrupt = |error| unreadable(format, limits, &error);
        // A profile that cannot be read is none; the decoder's word on the pixels is what counts.
        let has_colour_profile = decoder.icc_profile().ok().flatten().is_some();
        let kind = decoder.color_type();
        let bytes_needed = decoder.total_bytes();
        let mut samples = usize::try_from(bytes_needed)
            .ok()
            .and_then(zeroed)
            .ok_or(DecodeError::OutOfMemory { bytes: bytes_needed })?;
        decoder.read_image_boxed(&mut samples).map_err(corrupt)?;
        let image = to_eight_bits(size, kind, samples)
            .ok_or_else(|| DecodeError::UnsupportedColour { format, found: format!("{kind:?}") })?;
        let picture = upright(image, orientation)
            .ok_or_else(|| DecodeError::UnsupportedColour { format, found: format!("{kind:?}") })?;
        Ok(Decoded { picture, format, has_colour_profile })
    })
}

/// A zeroed buffer, if there is the memory for it.
fn zeroed(length: usize) -> Option<Vec<u8>> {
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(length).ok()?;
    buffer.resize(length, 0);
    Some(buffer)
}

/// Turns a panic inside a decoder into an error, where panics unwind.
fn guarded<T>(format: Option<Format>, decode: impl FnOnce() -> Result<T, DecodeError>) -> Result<T, DecodeError> {
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or(Err(DecodeError::Panicked { format }))
}

/// A decoder whose header has been read and is within the limits.
struct Opened<'a> {
    format: Format,
    /// As stored, before the orientation.
    size: Size,
    orientation: Orientation,
    decoder: Box<dyn ImageDecoder + 'a>,
}

fn open<'a>(bytes: &'a [u8], limits: &DecodeLimits) -> Result<Opened<'a>, DecodeError> {
    if bytes.len() > limits.input_bytes {
        return Err(DecodeError::InputTooLarge { bytes: bytes.len(), max: limits.input_bytes });
    }
    let format =
        sniff(bytes).ok_or_else(|| DecodeError::UnknownFormat { start: bytes.iter().take(8).copied().collect() })?;
    match format {
        Format::Png => check_png(bytes, limits)?,
        Format::Jpeg => check_jpeg(bytes)?,
        Format::WebP => check_webp(bytes, limits)?,
    }
    let corrupt = |error| unreadable(format, limits, &error);
    let mut memory = Limits::no_limits();
    memory.max_alloc = Some(limits.decoded_bytes.min(METADATA_BYTES));
    let input = Cursor::new(bytes);
    let mut decoder: Box<dyn ImageDecoder> = match format {
        Format::Png => Box::new(PngDecoder::with_limits(input, memory.clone()).map_err(corrupt)?),
        Format::Jpeg => Box::new(JpegDecoder::new(input).map_err(corrupt)?),
        Format::WebP => Box::new(WebPDecoder::new(input).map_err(corrupt)?),
    };
    let (width, height) = decoder.dimensions();
    let size = limits.check_size(width, height)?;
    let needed = decoder.total_bytes();
    if needed > limits.decoded_bytes {
        return Err(DecodeError::TooManyBytes { bytes: needed, max: limits.decoded_bytes });
    }
    memory.max_alloc = Some(limits.decoded_bytes);
    decoder.set_limits(memory).map_err(corrupt)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    Ok(Opened { format, size, orientation, decoder })
}

/// The format that the first bytes announce.
fn sniff(bytes: &[u8]) -> Option<Format> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Format::Png),
        [0xff, 0xd8, 0xff, ..] => Some(Format::Jpeg),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Format::WebP),
        _ => None,
    }
}

const fn turns_sideways(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH
    )
}

/// The samples as RGB or RGBA of 8 bits.
fn to_eight_bits(size: Size, kind: ColorType, samples: Vec<u8>) -> Option<DynamicImage> {
    let (width, height) = (size.width(), size.height());
    let rgb = |pixels| ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8);
    let rgba = |pixels| ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageRgba8);
    let grey = |samples: &[u8]| samples.iter().flat_map(|&grey| [grey; 3]).collect();
    let grey_alpha = |samples: &[u8]| {
        samples.as_chunks::<2>().0.iter().flat_map(|&[grey, alpha]| [grey, grey, grey, alpha]).collect()
    };
    match kind {
        ColorType::L8 => rgb(grey(&samples)),
        ColorType::La8 => rgba(grey_alpha(&samples)),
        ColorType::Rgb8 => rgb(samples),
        ColorType::Rgba8 => rgba(samples),
        ColorType::L16 => rgb(grey(&rounded(&samples))),
        ColorType::La16 => rgba(grey_alpha(&rounded(&samples))),
        ColorType::Rgb16 => rgb(rounded(&samples)),
        ColorType::Rgba16 => rgba(rounded(&samples)),
        _ => None,
    }
}

/// 16 bits to 8: the nearest of 256 levels, 257 apart.
fn rounded(samples: &[u8]) -> Vec<u8> {
    #[expect(clippy::cast_possible_truncation, reason = "at most 255")]
    let round = |pair: &[u8; 2]| ((u32::from(u16::from_ne_bytes(*pair)) + 128) / 257) as u8;
    samples.as_chunks::<2>().0.iter().map(round).collect()
}

fn upright(mut image: DynamicImage, orientation: Orientation) -> Option<Picture> {
    image.apply_orientation(orientation);
    let size = Size::new(image.width(), image.height()).ok()?;
    match image {
        DynamicImage::ImageRgb8(image) => Picture::from_rgb(size, image.into_raw()).ok(),
        DynamicImage::ImageRgba8(image) => Picture::from_rgba(size, image.into_raw()).ok(),
        _ => None,
    }
}

/// Holds the size in a PNG's header against the limits before its decoder is made, since that inflates what stands
/// between the header and the pixels.
fn check_png(bytes: &[u8], limits: &DecodeLimits) -> Result<(), DecodeError> {
    // Signature (8), length of the header (4), its name (4), width and height.
    match bytes.get(12..24) {
        Some(&[b'I', b'H', b'D', b'R', w0, w1, w2, w3, h0, h1, h2, h3]) => {
            limits.check_size(u32::from_be_bytes([w0, w1, w2, w3]), u32::from_be_bytes([h0, h1, h2, h3]))?;
            Ok(())
        }
        _ => Err(DecodeError::Truncated { format: Format::Png }),
    }
}

/// Refuses a WebP whose decoder would take more memory than its header tells: a chunk that claims to be longer than
/// the file, and a bitstream whose own size exceeds the limits, whatever the canvas says.
fn check_webp(bytes: &[u8], limits: &DecodeLimits) -> Result<(), DecodeError> {
    const CUT_SHORT: DecodeError = DecodeError::Truncated { format: Format::WebP };
    let mut rest = bytes.get(12..).ok_or(CUT_SHORT)?;
    while let &[a, b, c, d, l0, l1, l2, l3, ref after @ ..] = rest {
        let name = [a, b, c, d];
        let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        let content = after.get(..length).ok_or(CUT_SHORT)?;
        match (&name, content) {
            // Frame tag (3), start code (3), width and height of 14 bits each.
            (b"VP8 ", &[_, _, _, _, _, _, w0, w1, h0, h1, ..]) => {
                let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
                limits.check_size(side(w0, w1), side(h0, h1))?;
            }
            // Signature (1), width and height less one of 14 bits each.
            (b"VP8L", &[_, b0, b1, b2, b3, ..]) => {
                let bits = u32::from_le_bytes([b0, b1, b2, b3]);
                limits.check_size((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1)?;
            }
            // A frame: position and size (12), duration and flags (4), then chunks of its own, which are walked through
            // as if they stood beside it.
            (b"ANMF", _) => {
                rest = after.get(16..).ok_or(CUT_SHORT)?;
                continue;
            }
            _ => {}
        }
        // Chunks are padded to an even length; the last one's padding may be missing.
        rest = after.get(length + length % 2..).unwrap_or_default();
    }
    Ok(())
}

/// What a decoder refused, with the bound where that was one.
fn unreadable(format: Format, limits: &DecodeLimits, error: &ImageError) -> DecodeError {
    match error {
        ImageError::Limits(_) => DecodeError::MemoryLimit { format, max: limits.decoded_bytes.min(METADATA_BYTES) },
        error => DecodeError::Corrupt { format, message: error.to_string() },
    }
}

/// Refuses a JPEG that its decoder would read without a word, and wrong: one cut short, one in CMYK, and a sequential
/// one that sends subsampled colour in scans of its own.
///
/// Walks the segments: a marker is `ff` and a code; all but those without content have a length of two bytes, which
/// counts itself. Behind a scan's header comes entropy-coded data, in which `ff` is followed by `00` or by a restart.
fn check_jpeg(bytes: &[u8]) -> Result<(), DecodeError> {
    const CUT_SHORT: DecodeError = DecodeError::Truncated { format: Format::Jpeg };
    let unsupported = |found: &str| DecodeError::UnsupportedColour { format: Format::Jpeg, found: found.into() };
    // The components of a scan that sends subsampled colour in one, in a sequential picture.
    let mut interleaved = 0;
    let mut at = 2;
    loop {
        // Entropy-coded data, stray bytes and fill bytes are passed over alike.
        let rest = bytes.get(at..).ok_or(CUT_SHORT)?;
        at += rest.iter().position(|&byte| byte == 0xff).ok_or(CUT_SHORT)? + 1;
        let code = *bytes.get(at).ok_or(CUT_SHORT)?;
        match code {
            // A fill byte: the next byte is the code.
            0xff => continue,
            // A stuffed byte, a restart, the start of an image.
            0x00 | 0x01 | 0xd0..=0xd8 => {
                at += 1;
                continue;
            }
            0xd9 => return Ok(()),
            _ => {}
        }
        let &[high, low, ..] = bytes.get(at + 1..).ok_or(CUT_SHORT)? else { return Err(CUT_SHORT) };
        let length = usize::from(u16::from_be_bytes([high, low])).max(2);
        let content = bytes.get(at + 3..at + 1 + length).ok_or(CUT_SHORT)?;
        match (code, content) {
            // Tables of other kinds, among the codes of frames.
            (0xc4 | 0xc8 | 0xcc, _) => {}
            // A frame: precision (1), height and width (4), components (1), then for each its name, its sampling
            // factors and its table.
            (0xc0..=0xcf, &[_, _, _, _, _, components, ref each @ ..]) => {
                if components == 4 {
                    return Err(unsupported("CMYK"));
                }
                let factors = each.chunks_exact(3).filter_map(|component| component.get(1));
                let is_subsampled = factors.clone().any(|factor| Some(factor) != each.get(1));
                interleaved = if matches!(code, 0xc0 | 0xc1) && is_subsampled { components } else { 0 };
            }
            (0xda, &[components, ..]) if components < interleaved => {
                return Err(unsupported("subsampled and not interleaved"));
            }
            _ => {}
        }
        at += 1 + length;
    }
}

/// Bytes that cannot be read as a picture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// More encoded bytes than the limits allow.
    #[error("{bytes} bytes of input, at most {max}")]
    #[expect(missing_docs, reason = "what was found and the bound")]
    InputTooLarge { bytes: usize, max: usize },
    /// The first bytes are not those of PNG, JPEG or WebP.
    #[error("not a PNG, JPEG or WebP picture: it begins with {start:02x?}")]
    UnknownFormat {
        /// Up to eight bytes.
        start: Vec<u8>,
    },
    /// More pixels than the limits allow.
    #[error("a picture of {width}x{height}, at most {max} pixels")]
    #[expect(missing_docs, reason = "what was found and the bound")]
    TooManyPixels { width: u32, height: u32, max: u64 },
    /// A side of 0, or above [`MAX_SIDE`].
    #[error("a picture of {width}x{height}, each side has to be 1 to {MAX_SIDE}")]
    #[expect(missing_docs, reason = "what was found")]
    SideOutOfRange { width: u32, height: u32 },
    /// More decoded bytes than the limits allow.
    #[error("{bytes} decoded bytes, at most {max}")]
    #[expect(missing_docs, reason = "what was found and the bound")]
    TooManyBytes { bytes: u64, max: u64 },
    /// The file makes its decoder need more memory than the limits allow, such as for a profile that inflates.
    #[error("the {format} needs more than {max} bytes beside its pixels")]
    MemoryLimit {
        /// The format.
        format: Format,
        /// The bound.
        max: u64,
    },
    /// The limits allow it, and the memory is not there.
    #[error("no memory for {bytes} decoded bytes")]
    #[expect(missing_docs, reason = "what was needed")]
    OutOfMemory { bytes: u64 },
    /// Samples of a kind that cannot be read right.
    #[error("{found} samples in a {format} are not supported")]
    UnsupportedColour {
        /// The format.
        format: Format,
        /// The kind of samples.
        found: String,
    },
    /// The file ends before the picture does.
    #[error("the {format} is cut short")]
    Truncated {
        /// The format.
        format: Format,
    },
    /// The decoder refused the file.
    #[error("the {format} cannot be decoded: {message}")]
    Corrupt {
        /// The format.
        format: Format,
        /// What the decoder said.
        message: String,
    },
    /// The decoder failed in a way that it should not.
    #[error("the decoder of {} panicked", format.map_or("pictures", Format::media_type))]
    Panicked {
        /// The format, where it is known.
        format: Option<Format>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_in_a_decoder_is_an_error_that_names_the_format() {
        let error = guarded::<()>(Some(Format::Png), || panic!("on purpose")).unwrap_err();
        assert_eq!(error.to_string(), "the decoder of image/png panicked");
    }
}
