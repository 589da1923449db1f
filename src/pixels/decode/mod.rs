//! Encoded bytes to upright pixels in sRGB, within limits.
//!
//! The bytes tell the format; a label or an extension decides nothing. The size in the header is held against the
//! limits before any pixel is decoded, also where only the header is read. Every kind of sample becomes 8 bits a
//! channel: 16 bits by rounding, grey and palettes by expansion, an alpha channel that is opaque throughout is
//! dropped. Colours that the file describes are converted to sRGB. All eight EXIF orientations are applied.
//!
//! What is refused, because it could only be guessed at: a JPEG without its end marker, one with corrupt data that
//! shows, one in CMYK, one that sends subsampled colour in scans of its own, one that is finer in colour than in
//! brightness or contradicts itself on RGB and YCbCr; a PNG of high dynamic or of narrow range.

mod jpeg;
mod png;
pub(crate) mod rows;
#[cfg(feature = "turbojpeg")]
mod turbo;
mod webp;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub(crate) use self::png::Room;
use super::codec::Codec;
pub use super::colour::Colour;
use super::colour::{ColourTag, Samples, says_srgb, to_srgb};
use super::orientation::Orientation;
use super::picture::Picture;
use crate::format::Format;
use crate::size::{MAX_SIDE, Size};

/// Bounds on what is decoded, and by whom. The defaults: 64 MiB of input, 100 megapixels, 1 GiB decoded, 32 MiB beside
/// the pixels, 64 scans, the pure codecs.
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
    /// The most bytes that a decoder may use beside the pixels: for a profile, inflated, for tags, and for its rows.
    pub metadata_bytes: u64,
    /// The most scans of a JPEG, each of which makes its decoder go through the whole picture.
    pub scans: u32,
    /// Who decodes. The bounds are the same with both, and are held against the header by the same code.
    pub codec: Codec,
}

impl Default for DecodeLimits {
    fn default() -> Self {
        Self {
            input_bytes: 64 << 20,
            pixels: 100_000_000,
            decoded_bytes: 1 << 30,
            metadata_bytes: 32 << 20,
            scans: 64,
            codec: Codec::Pure,
        }
    }
}

impl DecodeLimits {
    /// No bounds at all, for what the crate itself has written.
    pub(crate) const NONE: Self = Self {
        input_bytes: usize::MAX,
        pixels: u64::MAX,
        decoded_bytes: u64::MAX,
        metadata_bytes: u64::MAX,
        scans: u32::MAX,
        codec: Codec::Pure,
    };

    /// Whether pictures of `format` can be read by the codec that is asked: what [`decode`] and [`probe`] check first,
    /// for a caller who wants to know before pictures are paid for.
    ///
    /// # Errors
    ///
    /// [`DecodeError::NoFastCodec`].
    pub const fn check(&self, format: Format) -> Result<(), DecodeError> {
        if self.codec.reads(format) { Ok(()) } else { Err(DecodeError::NoFastCodec { format }) }
    }

    /// The size of a picture that may be decoded.
    fn check_size(&self, width: u32, height: u32) -> Result<Size, DecodeError> {
        if u64::from(width) * u64::from(height) > self.pixels {
            return Err(DecodeError::TooManyPixels { width, height, max: self.pixels });
        }
        Size::new(width, height).map_err(|_| DecodeError::SideOutOfRange { width, height })
    }

    /// The most pixels of a picture with 8 bits a channel and alpha.
    pub(crate) fn most_pixels(&self) -> u64 {
        self.pixels.min(self.decoded_bytes / 4)
    }

    /// Whether a picture of `size` with 8 bits a channel and alpha may be decoded, so that one that is asked for can
    /// be read when it comes.
    pub(crate) fn allow(&self, size: Size) -> bool {
        u64::from(size.area()) <= self.most_pixels()
    }
}

/// What the header of an encoded picture says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Probe {
    /// The format of the bytes.
    pub format: Format,
    /// The upright size in pixels.
    pub size: Size,
    /// Whether the picture is stored as it is to be seen.
    pub is_upright: bool,
    /// Whether the file describes its colours, unless plainly as sRGB.
    pub describes_colours: bool,
    /// Whether the file is nothing but its picture, as far as can be told without its pixels.
    pub(crate) is_bare: bool,
}

/// A decoded picture, and what the file has beside it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Decoded {
    /// The upright pixels.
    pub picture: Picture,
    /// The format they were encoded in.
    pub format: Format,
    /// What was done about the colours that the file describes.
    pub colour: Colour,
    /// Whether the file has marks of its origin (a C2PA manifest), which hold for these very bytes and are dropped.
    pub has_content_credentials: bool,
    /// Whether the file is nothing but this picture: upright, 8 bits or fewer a channel, sRGB, with no metadata.
    pub(crate) is_bare: bool,
    /// Whether its pixels are known to end where they should, with the right checksum.
    pub(crate) ends_exactly: bool,
}

/// The format and the upright size of an encoded picture, from its header.
///
/// # Errors
///
/// [`DecodeError`] where the header cannot be read or exceeds the limits.
pub fn probe(bytes: &[u8], limits: &DecodeLimits) -> Result<Probe, DecodeError> {
    guarded(Format::sniff(bytes), || {
        let (format, Opened { header, .. }) = open(bytes, limits, 1)?;
        let Header { size, orientation, colour_tags, is_bare, .. } = header;
        let is_upright = orientation == Orientation::UPRIGHT;
        let describes_colours = !says_srgb(&colour_tags);
        let is_bare = is_bare && is_upright && !describes_colours;
        Ok(Probe { format, size: orientation.upright_size(size), is_upright, describes_colours, is_bare })
    })
}

/// Decodes the whole picture.
///
/// # Errors
///
/// [`DecodeError`] where the bytes are no whole PNG, JPEG or WebP, or exceed the limits.
pub fn decode(bytes: &[u8], limits: &DecodeLimits) -> Result<Decoded, DecodeError> {
    decode_into(bytes, limits, 1, Vec::new(), &mut Room::default())
}

/// The same in memory that is there already, if it is enough. Where `reduce` is not 1, a JPEG that the fast codec reads has
/// one part in so many of its sides, rounded up, or is an error where that cannot be done.
pub(crate) fn decode_into(
    bytes: &[u8],
    limits: &DecodeLimits,
    reduce: u32,
    pixels: Vec<u8>,
    room: &mut Room,
) -> Result<Decoded, DecodeError> {
    guarded(Format::sniff(bytes), || {
        let (format, Opened { header, needed, pixels: decoder }) = open(bytes, limits, reduce)?;
        let buffer = usize::try_from(needed).ok().and_then(|length| zeroed(length, pixels));
        let Read { samples, ends_exactly } =
            decoder.read(buffer.ok_or(DecodeError::OutOfMemory { bytes: needed })?, room)?;
        let has_alpha = samples.has_alpha;
        let (pixels, colour) = to_srgb(samples, &header.colour_tags)
            .map_err(|unsupported| DecodeError::UnsupportedColour { format, found: unsupported.0 })?;
        let made =
            if has_alpha { Picture::from_rgba(header.size, pixels) } else { Picture::from_rgb(header.size, pixels) };
        let picture = made.map_err(|error| DecodeError::Corrupt { format, message: error.to_string() })?;
        Ok(Decoded {
            picture: header.orientation.apply(picture),
            format,
            is_bare: header.is_bare && header.orientation == Orientation::UPRIGHT && colour == Colour::Srgb,
            colour,
            has_content_credentials: header.has_content_credentials,
            ends_exactly,
        })
    })
}

/// Whether a bare picture that can be decoded may be passed on byte for byte: of a PNG, where [`png::is_sound`]. In other
/// formats there is nothing more to look at.
pub(crate) fn is_sound(bytes: &[u8], format: Format, ends_exactly: bool) -> bool {
    format != Format::Png || png::is_sound(bytes, ends_exactly)
}

/// A zeroed buffer, if there is the memory for it. Zeroed also where the memory was used before, so that no picture can
/// show through another.
fn zeroed(length: usize, mut buffer: Vec<u8>) -> Option<Vec<u8>> {
    buffer.clear();
    buffer.try_reserve_exact(length).ok()?;
    buffer.resize(length, 0);
    Some(buffer)
}

/// Turns a panic inside a decoder into an error, where panics unwind.
fn guarded<T>(format: Option<Format>, decode: impl FnOnce() -> Result<T, DecodeError>) -> Result<T, DecodeError> {
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or(Err(DecodeError::Panicked { format }))
}

/// What stands before the pixels.
struct Header {
    /// As stored, before the orientation.
    size: Size,
    orientation: Orientation,
    /// The first that can be applied counts.
    colour_tags: Vec<ColourTag>,
    /// Whether there is nothing to strip, as far as the container tells.
    is_bare: bool,
    has_content_credentials: bool,
}

/// A file whose header has been read and is within the limits.
struct Opened<'a> {
    header: Header,
    /// The bytes of the buffer that the pixels are read into.
    needed: u64,
    pixels: Box<dyn Pixels + 'a>,
}

/// A decoder behind the header.
trait Pixels {
    /// Fills the buffer; the room is for what it needs meanwhile.
    fn read(self: Box<Self>, buffer: Vec<u8>, room: &mut Room) -> Reading;
}

type Reading = Result<Read, DecodeError>;

/// What has been read.
struct Read {
    samples: Samples,
    /// As in [`Decoded`].
    ends_exactly: bool,
}

impl From<Samples> for Read {
    fn from(samples: Samples) -> Self {
        Self { samples, ends_exactly: false }
    }
}

fn open<'a>(bytes: &'a [u8], limits: &DecodeLimits, reduce: u32) -> Result<(Format, Opened<'a>), DecodeError> {
    let format = readable(bytes, limits)?;
    let opened = match format {
        Format::Png => png::open(bytes, limits)?,
        Format::Jpeg => jpeg::open(bytes, limits, reduce)?,
        Format::WebP => webp::open(bytes, limits)?,
    };
    check_needed(opened.needed, limits)?;
    Ok((format, opened))
}

/// The format of bytes that may be read.
fn readable(bytes: &[u8], limits: &DecodeLimits) -> Result<Format, DecodeError> {
    if bytes.len() > limits.input_bytes {
        return Err(DecodeError::InputTooLarge { bytes: bytes.len(), max: limits.input_bytes });
    }
    let format = Format::sniff(bytes)
        .ok_or_else(|| DecodeError::UnknownFormat { start: bytes.iter().take(8).copied().collect() })?;
    limits.check(format).map(|()| format)
}

const fn check_needed(needed: u64, limits: &DecodeLimits) -> Result<(), DecodeError> {
    if needed > limits.decoded_bytes {
        return Err(DecodeError::TooManyBytes { bytes: needed, max: limits.decoded_bytes });
    }
    Ok(())
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
    /// More scans than the limits allow.
    #[error("a JPEG of more than {max} scans")]
    TooManyScans {
        /// The bound.
        max: u32,
    },
    /// Samples of a kind that cannot be read right.
    #[error("{found} samples in a {format} are not supported")]
    UnsupportedColour {
        /// The format.
        format: Format,
        /// The kind of samples.
        found: String,
    },
    /// [`Codec::Fast`], which needs a feature for this format.
    #[error("a fast codec for {format} needs the cargo feature \"{}\"", Codec::feature(*format))]
    NoFastCodec {
        /// The format.
        format: Format,
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
