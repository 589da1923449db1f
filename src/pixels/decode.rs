//! Encoded bytes to upright pixels in sRGB, within limits.
//!
//! The bytes tell the format; a label or an extension decides nothing. The size in the header is checked against the
//! limits before any pixel is decoded, also where only the header is read. Every kind of sample becomes 8 bits a
//! channel: 16 bits by rounding, grey and palettes by expansion. An alpha channel that is opaque throughout is dropped.
//! Colours that the file describes are converted to sRGB. All eight EXIF orientations are applied.
//!
//! A file is refused where its pixels could only be guessed: a JPEG without its end marker or with visible damage, a
//! CMYK JPEG, a JPEG whose subsampled components come in scans of their own, whose chroma is finer than its luma, or
//! whose headers disagree about RGB and YCbCr; a PNG of high dynamic range or of narrow range.
//!
//! A file is opened once: its header is read and checked, and everything else starts from there.

#[cfg(feature = "image")]
mod image;
mod jpeg;
mod png;
#[cfg(feature = "turbojpeg")]
mod turbo;
mod webp;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub(crate) use self::png::Scratch;
use super::codec::Codec;
pub use super::colour::Colour;
use super::colour::{ColourTag, Samples, says_srgb, to_srgb};
use super::orientation::Orientation;
use super::picture::Picture;
use crate::format::{Format, SourceFormat};
use crate::size::{MAX_SIDE, Size};

/// Bounds on what is decoded. The same code checks them against the header, whatever the codec.
///
/// ```
/// use smart_resize::pixels::decode::{DecodeError, DecodeLimits, probe};
///
/// let mut limits = DecodeLimits::default();
/// limits.input_bytes = 4;
/// let error = probe(b"GIF89a", &limits).unwrap_err();
/// assert_eq!(error, DecodeError::InputTooLarge { bytes: 6, max: 4 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodeLimits {
    /// The largest file, in bytes. Default: 64 MiB.
    pub input_bytes: usize,
    /// The largest picture, in pixels. Default: 100 million.
    pub pixels: u64,
    /// The most memory for decoded samples as the file has them, in bytes; a file has at most 8 bytes a pixel. Default:
    /// 1 GiB. A decode takes up to 8 more bytes a pixel for a moment: the coefficients of a progressive JPEG, or the
    /// rotated or converted copy.
    pub decoded_bytes: u64,
    /// The most memory that a decoder may use for anything but pixels, in bytes: an inflated profile, tags, scanline
    /// buffers. Default: 32 MiB.
    pub metadata_bytes: u64,
    /// The most scans of a JPEG. Each makes the decoder go through the whole picture. Default: 64.
    pub scans: u32,
}

impl Default for DecodeLimits {
    fn default() -> Self {
        Self { input_bytes: 64 << 20, pixels: 100_000_000, decoded_bytes: 1 << 30, metadata_bytes: 32 << 20, scans: 64 }
    }
}

impl DecodeLimits {
    /// No bounds, for files that this crate has written itself.
    pub(crate) const NONE: Self = Self {
        input_bytes: usize::MAX,
        pixels: u64::MAX,
        decoded_bytes: u64::MAX,
        metadata_bytes: u64::MAX,
        scans: u32::MAX,
    };

    /// The size of a picture that may be decoded.
    fn check_size(&self, width: u32, height: u32) -> Result<Size, DecodeError> {
        if u64::from(width) * u64::from(height) > self.pixels {
            return Err(DecodeError::TooManyPixels { width, height, max: self.pixels });
        }
        Size::new(width, height).map_err(|_| DecodeError::SideOutOfRange { width, height })
    }

    const fn check_needed(&self, bytes: u64) -> Result<(), DecodeError> {
        if bytes > self.decoded_bytes {
            return Err(DecodeError::TooManyBytes { bytes, max: self.decoded_bytes });
        }
        Ok(())
    }

    /// The most pixels of a picture with 8 bits a channel and alpha.
    pub(crate) fn most_pixels(&self) -> u64 {
        self.pixels.min(self.decoded_bytes / 4)
    }

    /// Whether a picture of `size` with 8 bits a channel and alpha may be decoded. A size that is asked of a backend is
    /// checked with this, so that its answer can be read.
    pub(crate) fn allow(&self, size: Size) -> bool {
        u64::from(size.area()) <= self.most_pixels()
    }
}

/// How pictures are decoded.
///
/// ```
/// use smart_resize::Format;
/// use smart_resize::pixels::Codec;
/// use smart_resize::pixels::decode::DecodeOptions;
///
/// let options = DecodeOptions::default().codec(Codec::Fast);
/// assert_eq!(options.check(Format::Jpeg).is_ok(), cfg!(feature = "turbojpeg"));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodeOptions {
    /// Bounds on what is decoded.
    pub limits: DecodeLimits,
    /// The codec. Default: [`Codec::Pure`].
    pub codec: Codec,
}

impl DecodeOptions {
    /// Sets the bounds.
    #[must_use]
    pub const fn limits(mut self, limits: DecodeLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the codec.
    #[must_use]
    pub const fn codec(mut self, codec: Codec) -> Self {
        self.codec = codec;
        self
    }

    /// Checks whether this build can decode pictures of `format` with the codec. [`decode`] checks this first; a caller
    /// can do so before it pays for pictures.
    ///
    /// # Errors
    ///
    /// [`DecodeError::NoFastCodec`].
    pub const fn check(&self, format: Format) -> Result<(), DecodeError> {
        if self.codec.reads(format) { Ok(()) } else { Err(DecodeError::NoFastCodec { format }) }
    }
}

/// What the header of an encoded picture says.
///
/// ```
/// use smart_resize::{Size, SourceFormat};
/// use smart_resize::pixels::decode::{DecodeLimits, probe};
///
/// # use smart_resize::Format;
/// # use smart_resize::pixels::Picture;
/// # use smart_resize::pixels::encode::{EncodeOptions, encode};
/// # let picture = Picture::from_rgb(Size::new(3, 2)?, vec![7; 18])?;
/// # let file = encode(&picture, Format::Png, &EncodeOptions::default())?.bytes;
/// // A PNG of 3x2 that this crate has written.
/// let found = probe(&file, &DecodeLimits::default())?;
/// assert_eq!((found.format, found.size), (SourceFormat::Png, Size::new(3, 2)?));
/// assert!(found.is_upright && !found.describes_colours);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Probe {
    /// The format of the bytes.
    pub format: SourceFormat,
    /// The upright size in pixels.
    pub size: Size,
    /// Whether the picture is stored upright.
    pub is_upright: bool,
    /// Whether the file describes its colours as anything but sRGB.
    pub describes_colours: bool,
}

/// A decoded picture, and what its file says about it.
///
/// ```
/// use smart_resize::{Format, Size, SourceFormat};
/// use smart_resize::pixels::Picture;
/// use smart_resize::pixels::decode::{DecodeOptions, decode};
/// use smart_resize::pixels::encode::{EncodeOptions, encode};
///
/// let picture = Picture::from_rgb(Size::new(3, 2)?, vec![7; 18])?;
/// let file = encode(&picture, Format::Png, &EncodeOptions::default())?.bytes;
/// let decoded = decode(&file, &DecodeOptions::default())?;
/// assert_eq!((decoded.picture, decoded.format), (picture, SourceFormat::Png));
/// assert!(!decoded.has_content_credentials);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Decoded {
    /// The upright pixels.
    pub picture: Picture,
    /// The format they were encoded in.
    pub format: SourceFormat,
    /// How the colours that the file describes were handled.
    pub colour: Colour,
    /// Whether the file has marks of its origin (a C2PA manifest). They hold for these very bytes and are dropped.
    pub has_content_credentials: bool,
    /// Whether the file is nothing but this picture, as far as its container tells: upright, 8 bits or fewer a channel,
    /// sRGB, without metadata.
    pub(crate) is_bare: bool,
    /// Whether the file may be passed on byte for byte: it is bare, and of a PNG the decoder has verified every byte.
    pub(crate) is_verified: bool,
}

/// Reads the format and the upright size of an encoded picture from its header.
///
/// ```
/// use smart_resize::{Format, Size};
/// use smart_resize::pixels::Picture;
/// use smart_resize::pixels::decode::probe;
/// use smart_resize::pixels::encode::{EncodeOptions, encode};
///
/// let size = Size::new(3, 2)?;
/// let file = encode(&Picture::from_rgb(size, vec![7; 18])?, Format::Png, &EncodeOptions::default())?.bytes;
/// assert_eq!(probe(&file, &Default::default())?.size, size);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The segments of a JPEG and the chunks of a WebP are walked to the end, so that a file which is cut short is an error
/// here already.
///
/// # Errors
///
/// [`DecodeError`] where the header cannot be read or exceeds the limits.
pub fn probe(bytes: &[u8], limits: &DecodeLimits) -> Result<Probe, DecodeError> {
    Ok(Opened::new(bytes, &DecodeOptions::default().limits(*limits))?.probe())
}

/// Decodes the whole picture.
///
/// ```
/// use smart_resize::pixels::decode::{DecodeError, DecodeOptions, decode};
///
/// let error = decode(b"plain text", &DecodeOptions::default()).unwrap_err();
/// assert!(matches!(error, DecodeError::UnknownFormat { .. }));
/// ```
///
/// # Errors
///
/// [`DecodeError`] where the bytes are no whole picture of a known format, or exceed the limits.
pub fn decode(bytes: &[u8], options: &DecodeOptions) -> Result<Decoded, DecodeError> {
    Opened::new(bytes, options)?.decode(Vec::new(), &mut Scratch::default())
}

/// A file whose header has been read and is within the limits.
pub(crate) struct Opened<'a> {
    format: SourceFormat,
    header: Header,
    /// The bytes of the buffer that the samples are decoded into.
    needed: u64,
    pixels: Box<dyn Pixels + 'a>,
}

/// What a file says before its pixels.
struct Header {
    /// As stored, before the orientation is applied.
    size: Size,
    orientation: Orientation,
    /// In order of precedence: the first that can be applied counts.
    colour_tags: Vec<ColourTag>,
    /// Whether there is nothing to strip, as far as the container tells.
    is_bare: bool,
    has_content_credentials: bool,
}

/// A decoder that has read the header.
trait Pixels {
    /// Decodes all samples into `buffer`, which may hold an earlier picture: no picture may show through another, so a
    /// decoder that does not verify that it writes every byte zeroes the buffer first.
    fn read(self: Box<Self>, buffer: Vec<u8>, scratch: &mut Scratch) -> Result<Read, DecodeError>;
}

/// All samples of a file.
struct Read {
    samples: Samples,
    /// Whether the decoder has verified every byte of the pixel data, and that it ends where it should. JPEG and WebP
    /// have no checksums: a file that decodes counts as verified.
    is_verified: bool,
}

impl<'a> Opened<'a> {
    /// Reads the header.
    pub(crate) fn new(bytes: &'a [u8], options: &DecodeOptions) -> Result<Self, DecodeError> {
        let limits = &options.limits;
        if bytes.len() > limits.input_bytes {
            return Err(DecodeError::InputTooLarge { bytes: bytes.len(), max: limits.input_bytes });
        }
        let format = SourceFormat::sniff(bytes)
            .ok_or_else(|| DecodeError::UnknownFormat { start: bytes.iter().take(8).copied().collect() })?;
        if let Some(format) = format.output() {
            options.check(format)?;
        }
        guarded(Some(format), || {
            let (header, needed, pixels): (_, _, Box<dyn Pixels + 'a>) = match format {
                SourceFormat::Png => png::open(bytes, limits)?,
                SourceFormat::Jpeg => jpeg::open(bytes, options)?,
                SourceFormat::WebP => webp::open(bytes, options)?,
                #[cfg(feature = "image")]
                SourceFormat::Gif | SourceFormat::Bmp | SourceFormat::Tiff => image::open(bytes, format, limits)?,
                #[cfg(not(feature = "image"))]
                SourceFormat::Gif | SourceFormat::Bmp | SourceFormat::Tiff => {
                    return Err(DecodeError::NeedsFeature { format, feature: "image" });
                }
            };
            limits.check_needed(needed)?;
            Ok(Self { format, header, needed, pixels })
        })
    }

    /// The upright size in pixels.
    pub(crate) const fn size(&self) -> Size {
        self.header.orientation.upright_size(self.header.size)
    }

    pub(crate) fn probe(&self) -> Probe {
        Probe {
            format: self.format,
            size: self.size(),
            is_upright: self.header.orientation == Orientation::UPRIGHT,
            describes_colours: !says_srgb(&self.header.colour_tags),
        }
    }

    /// Whether the file is nothing but its picture, as far as can be told before the pixels are decoded.
    pub(crate) fn is_bare(&self) -> bool {
        let Probe { is_upright, describes_colours, .. } = self.probe();
        self.header.is_bare && is_upright && !describes_colours
    }

    /// Decodes the whole picture. `pixels` is memory to reuse.
    pub(crate) fn decode(self, pixels: Vec<u8>, scratch: &mut Scratch) -> Result<Decoded, DecodeError> {
        let Self { format, header, needed, pixels: decoder } = self;
        guarded(Some(format), || {
            let buffer = sized(needed, pixels).ok_or(DecodeError::OutOfMemory { bytes: needed })?;
            let Read { samples, is_verified } = decoder.read(buffer, scratch)?;
            let has_alpha = samples.has_alpha;
            let (pixels, colour) = to_srgb(samples, &header.colour_tags)
                .map_err(|unsupported| DecodeError::UnsupportedColour { format, found: unsupported.0 })?;
            let picture = if has_alpha {
                Picture::from_rgba(header.size, pixels)
            } else {
                Picture::from_rgb(header.size, pixels)
            };
            let picture = picture.map_err(|error| DecodeError::Corrupt { format, message: error.to_string() })?;
            let is_bare = header.is_bare && header.orientation == Orientation::UPRIGHT && colour == Colour::Srgb;
            Ok(Decoded {
                picture: header.orientation.apply(picture),
                format,
                colour,
                has_content_credentials: header.has_content_credentials,
                is_bare,
                is_verified: is_bare && is_verified,
            })
        })
    }
}

/// The buffer with another length, or `None` where there is not enough memory. What it held before stays.
fn sized(length: u64, mut buffer: Vec<u8>) -> Option<Vec<u8>> {
    let length = usize::try_from(length).ok()?;
    if buffer.capacity() < length {
        // A larger buffer would be copied to its new place otherwise.
        buffer = Vec::new();
        buffer.try_reserve_exact(length).ok()?;
    }
    buffer.resize(length, 0);
    Some(buffer)
}

/// Turns a panic inside a decoder into an error, where panics unwind.
fn guarded<T>(format: Option<SourceFormat>, work: impl FnOnce() -> Result<T, DecodeError>) -> Result<T, DecodeError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(DecodeError::Panicked { format }))
}

/// Bytes that cannot be read as a picture.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::pixels::decode::{DecodeError, DecodeOptions, decode};
///
/// # use smart_resize::Format;
/// # use smart_resize::pixels::Picture;
/// # use smart_resize::pixels::encode::{EncodeOptions, encode};
/// # let picture = Picture::from_rgb(Size::new(3, 2)?, vec![7; 18])?;
/// # let file = encode(&picture, Format::Png, &EncodeOptions::default())?.bytes;
/// // A PNG of 3x2.
/// let mut options = DecodeOptions::default();
/// assert_eq!(decode(&file[..20], &options).unwrap_err().to_string(), "the png is cut short");
/// options.limits.pixels = 5;
/// let error = decode(&file, &options).unwrap_err();
/// assert_eq!(error, DecodeError::TooManyPixels { width: 3, height: 2, max: 5 });
/// assert_eq!(error.to_string(), "the picture is 3x2; expected at most 5 pixels");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// More encoded bytes than the limits allow.
    #[error("the file has {bytes} bytes; expected at most {max}")]
    #[expect(missing_docs, reason = "what was found and the bound")]
    InputTooLarge { bytes: usize, max: usize },
    /// The first bytes are those of no known format.
    #[error("the file begins with {start:02x?}; expected a PNG, JPEG, WebP, GIF, BMP or TIFF picture")]
    UnknownFormat {
        /// Up to eight bytes.
        start: Vec<u8>,
    },
    /// A format that is read with a cargo feature, which this build lacks.
    #[error("the file is a {format} picture; reading it needs the cargo feature \"{feature}\"")]
    NeedsFeature {
        /// The format.
        format: SourceFormat,
        /// The feature.
        feature: &'static str,
    },
    /// More pixels than the limits allow.
    #[error("the picture is {width}x{height}; expected at most {max} pixels")]
    #[expect(missing_docs, reason = "what was found and the bound")]
    TooManyPixels { width: u32, height: u32, max: u64 },
    /// A side of 0, or above [`MAX_SIDE`].
    #[error("the picture is {width}x{height}; expected sides of 1 to {MAX_SIDE}")]
    #[expect(missing_docs, reason = "what was found")]
    SideOutOfRange { width: u32, height: u32 },
    /// More decoded bytes than the limits allow.
    #[error("the decoded picture has {bytes} bytes; expected at most {max}")]
    #[expect(missing_docs, reason = "what was found and the bound")]
    TooManyBytes { bytes: u64, max: u64 },
    /// The decoder needs more memory for something that is not pixels, such as an inflated profile, than the limits
    /// allow.
    #[error("the decoder of the {format} needs more than {max} bytes of memory")]
    MemoryLimit {
        /// The format.
        format: SourceFormat,
        /// The bound.
        max: u64,
    },
    /// The limits allow it, but the system has not enough memory.
    #[error("the decoded picture has {bytes} bytes; there is not enough memory")]
    #[expect(missing_docs, reason = "what was needed")]
    OutOfMemory { bytes: u64 },
    /// More scans than the limits allow.
    #[error("the JPEG has more than {max} scans")]
    TooManyScans {
        /// The bound.
        max: u32,
    },
    /// Samples of a kind that is not supported.
    #[error("the samples of the {format} are {found}, which is not supported")]
    UnsupportedColour {
        /// The format.
        format: SourceFormat,
        /// The kind of samples.
        found: String,
    },
    /// [`Codec::Fast`], which needs a cargo feature for this format.
    #[error("a fast codec for {format} needs the cargo feature \"{}\"", Codec::feature(*format))]
    NoFastCodec {
        /// The format.
        format: Format,
    },
    /// The file ends before the picture does.
    #[error("the {format} is cut short")]
    Truncated {
        /// The format.
        format: SourceFormat,
    },
    /// The decoder refused the file.
    #[error("the {format} cannot be decoded: {message}")]
    Corrupt {
        /// The format.
        format: SourceFormat,
        /// What the decoder said.
        message: String,
    },
    /// The decoder panicked: a defect of this crate or of a codec.
    #[error("the decoder of {} panicked", format.map_or("pictures", SourceFormat::media_type))]
    Panicked {
        /// The format, where it is known.
        format: Option<SourceFormat>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_in_a_decoder_is_an_error_that_names_the_format() {
        let error = guarded::<()>(Some(SourceFormat::Png), || panic!("on purpose")).unwrap_err();
        assert_eq!(error.to_string(), "the decoder of image/png panicked");
    }
}
