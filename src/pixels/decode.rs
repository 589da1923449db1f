//! Decodes files to upright pixels in sRGB, within limits.
//!
//! The format is detected from the bytes; labels and file extensions are ignored. The size in the header is checked
//! against the limits before any pixel is decoded, also if only the header is read. All samples are converted to 8 bits
//! per channel: 16 bits are rounded, and grey and palettes are expanded. An alpha channel that is opaque throughout is
//! dropped. Colours are converted to sRGB as the file describes them. All eight EXIF orientations are applied.
//!
//! A file whose pixels could only be guessed is refused:
//!
//! - a JPEG that is cut short, or whose entropy-coded data is damaged; [`Damaged::Report`] decodes it and reports the
//!   damage;
//! - a CMYK TIFF;
//! - a PNG of high dynamic range or of narrow range.
//!
//! A file is opened once: its header is read and checked, and probing and decoding use the result.

mod damage;
#[cfg(feature = "image")]
mod image;
mod jpeg;
mod kind;
mod png;
mod webp;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use self::damage::{Damage, DamageKind, Damaged, JpegDamage, PngDamage};
pub use self::kind::FileKind;
pub(crate) use self::png::DecodeScratch;
use super::codec::Codec;
pub use super::colour::Colour;
use super::colour::{ColourTag, Samples, says_srgb, to_srgb};
use super::orientation::Orientation;
use super::picture::Picture;
use crate::format::{Format, SourceFormat};
use crate::size::{MAX_SIDE, Size};

/// Limits on the files that are decoded. They are checked against the header, by the same code for every codec.
///
/// ```
/// use smart_resize::pixels::decode::{DecodeError, DecodeLimits, probe};
///
/// let limits = DecodeLimits::default().input_bytes(4);
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
    /// The most memory for the decoded samples of the file, in bytes. A pixel has at most 8 bytes. Default: 1 GiB.
    /// Decoding temporarily takes up to 8 more bytes per pixel, for the coefficients of a JPEG that is progressive or
    /// has separate scans, or for a rotated or converted copy.
    pub decoded_bytes: u64,
    /// The most memory that a decoder may use for data other than pixels, in bytes: an inflated profile, tags, scanline
    /// buffers. Default: 32 MiB.
    pub metadata_bytes: u64,
    /// The most scans of a JPEG. The decoder processes the whole picture once per scan. Default: 64.
    pub scans: u32,
}

impl Default for DecodeLimits {
    fn default() -> Self {
        Self { input_bytes: 64 << 20, pixels: 100_000_000, decoded_bytes: 1 << 30, metadata_bytes: 32 << 20, scans: 64 }
    }
}

impl DecodeLimits {
    setters! { input_bytes: usize, pixels: u64, decoded_bytes: u64, metadata_bytes: u64, scans: u32 }

    /// No limits, for files that this crate has written itself.
    const NONE: Self = Self {
        input_bytes: usize::MAX,
        pixels: u64::MAX,
        decoded_bytes: u64::MAX,
        metadata_bytes: u64::MAX,
        scans: u32::MAX,
    };

    /// Returns the size of a picture, or an error if it exceeds the limits.
    fn check_size(&self, width: u32, height: u32) -> Result<Size, DecodeError> {
        // Sides from a header may have up to 32 bits, so the product is computed in 64.
        if u64::from(width) * u64::from(height) > self.pixels {
            return Err(DecodeError::TooManyPixels { width, height, max: self.pixels });
        }
        Size::new(width, height).map_err(|_| DecodeError::SideOutOfRange { width, height })
    }

    /// Checks the number of bytes that the decoded samples take.
    const fn check_needed(&self, bytes: u64) -> Result<(), DecodeError> {
        if bytes > self.decoded_bytes {
            return Err(DecodeError::TooManyBytes { bytes, max: self.decoded_bytes });
        }
        Ok(())
    }

    /// Returns the most pixels that a picture with 8 bits per channel and alpha may have.
    pub(crate) fn most_pixels(&self) -> u64 {
        self.pixels.min(self.decoded_bytes / 4)
    }

    /// Whether a picture of `size` with 8 bits per channel and alpha may be decoded. A size that is requested from a
    /// backend is checked with this, so that the answer can be decoded.
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
/// assert_eq!(options.check(Format::WebP).is_ok(), cfg!(feature = "libwebp"));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodeOptions {
    /// The limits.
    pub limits: DecodeLimits,
    /// The codec. Default: [`Codec::Pure`].
    pub codec: Codec,
    /// What happens with a picture whose pixels are damaged. Default: [`Damaged::Refuse`].
    pub damaged: Damaged,
}

impl DecodeOptions {
    setters! { limits: DecodeLimits, codec: Codec, damaged: Damaged }

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

/// The content of an encoded picture's header.
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
    /// Whether the file describes its colours, and as another colour space than sRGB.
    pub describes_colours: bool,
    /// The damage of a JPEG whose pixels can be decoded. The damage of other files is found when they are decoded.
    pub damage: Option<Damage>,
}

/// A decoded picture, with information from its file.
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
    /// The format of the file.
    pub format: SourceFormat,
    /// How the colour description of the file was handled.
    pub colour: Colour,
    /// Whether the file has content credentials (a C2PA manifest). They are valid only for these bytes and are dropped.
    pub has_content_credentials: bool,
    /// The first damage of the file. All pixels are there in spite of it, unless [`Damaged::Report`] was chosen.
    pub damage: Option<Damage>,
    /// Whether the file has only this picture, judged by its container: upright, at most 8 bits per channel, sRGB, and
    /// without metadata.
    pub(crate) is_bare: bool,
    /// Whether the file may be passed on byte for byte: it is bare, and the decoder has verified every byte of a PNG.
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
/// The chunks of a WebP are walked to the end, so that a truncated file is an error here too. The data of a sequential
/// JPEG is checked, so that a damaged file is an error. This takes less time than decoding it
/// (`cargo bench --bench codec`).
///
/// # Errors
///
/// [`DecodeError`] if the header cannot be read or exceeds the limits, or if the file is damaged.
pub fn probe(bytes: &[u8], limits: &DecodeLimits) -> Result<Probe, DecodeError> {
    probe_with(bytes, &DecodeOptions::default().limits(*limits))
}

/// Reads the format and the upright size of an encoded picture from its header, as [`probe`] does. With
/// [`Damaged::Report`], the damage of a JPEG is a field of the result and no error.
///
/// ```
/// use smart_resize::pixels::decode::{Damaged, DecodeOptions, probe_with};
///
/// # use smart_resize::{Format, Size};
/// # use smart_resize::pixels::Picture;
/// # use smart_resize::pixels::encode::{EncodeOptions, encode};
/// # let picture = Picture::from_rgb(Size::new(64, 64)?, (0..64 * 64 * 3).map(|at| (at % 251) as u8).collect())?;
/// # let mut file = encode(&picture, Format::Jpeg, &EncodeOptions::default())?.bytes;
/// # file.truncate(file.len() / 2);
/// # file.extend([0xff, 0xd9]);
/// // A JPEG that has lost its second half.
/// let options = DecodeOptions::default();
/// assert!(probe_with(&file, &options).is_err());
/// assert!(probe_with(&file, &options.damaged(Damaged::Report))?.damage.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// As [`probe`], and [`DecodeError::NoFastCodec`].
pub fn probe_with(bytes: &[u8], options: &DecodeOptions) -> Result<Probe, DecodeError> {
    let mut opened = Opened::new(bytes, options)?;
    let damage = guarded(Some(opened.format), || opened.pixels.check())?;
    Ok(Probe { damage, ..opened.probe() })
}

/// Reads the format and the upright size of a file that this crate has written. Its data is not checked.
pub(crate) fn probe_own(bytes: &[u8]) -> Result<Probe, DecodeError> {
    let options = DecodeOptions::default().limits(DecodeLimits::NONE);
    Ok(Opened::new(bytes, &options)?.probe())
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
/// [`DecodeError`] if the bytes are not a complete picture of a known format, or exceed the limits.
pub fn decode(bytes: &[u8], options: &DecodeOptions) -> Result<Decoded, DecodeError> {
    Opened::new(bytes, options)?.decode(Vec::new(), &mut DecodeScratch::default())
}

/// A file whose header has been read and is within the limits.
pub(crate) struct Opened<'a> {
    format: SourceFormat,
    header: Header,
    /// The size, in bytes, of the buffer that the samples are decoded into.
    needed: u64,
    pixels: Box<dyn Pixels + 'a>,
}

/// The header of a file.
struct Header {
    /// The size as stored, before the orientation is applied.
    size: Size,
    orientation: Orientation,
    /// The colour tags in order of precedence. The first that can be applied counts.
    colour_tags: Vec<ColourTag>,
    /// Whether there is nothing to strip, judged by the container.
    is_bare: bool,
    has_content_credentials: bool,
}

/// A decoder that has read the header.
trait Pixels {
    /// Checks the data of the pixels as far as that is possible without decoding them. Returns the damage of a file that
    /// can be decoded.
    fn check(&mut self) -> Result<Option<Damage>, DecodeError> {
        Ok(None)
    }

    /// Decodes all samples into `buffer`, which may hold an earlier picture. No part of that picture may remain. So a
    /// decoder that does not verify that it writes every byte must zero the buffer first.
    fn read(self: Box<Self>, buffer: Vec<u8>, scratch: &mut DecodeScratch) -> Result<Read, DecodeError>;
}

/// All samples of a file.
struct Read {
    samples: Samples,
    /// Whether the decoder has verified every byte of the pixel data and its end. JPEG and WebP have no checksums, so
    /// that a file of these formats counts as verified if it decodes.
    is_verified: bool,
    damage: Option<Damage>,
}

impl<'a> Opened<'a> {
    /// Reads the header.
    pub(crate) fn new(bytes: &'a [u8], options: &DecodeOptions) -> Result<Self, DecodeError> {
        let limits = &options.limits;
        if bytes.len() > limits.input_bytes {
            return Err(DecodeError::InputTooLarge { bytes: bytes.len(), max: limits.input_bytes });
        }
        let kind = || FileKind::sniff(bytes);
        let is_readable = |format: &SourceFormat| *format != SourceFormat::Png || kind() != FileKind::AppleCgbi;
        let format = SourceFormat::sniff(bytes).filter(is_readable);
        let format = format.ok_or_else(|| DecodeError::UnknownFormat { kind: kind() })?;
        // The formats that are only read have no fast codec.
        if let Some(format) = format.output() {
            options.check(format)?;
        }
        // Reading a header parses foreign data too, such as profiles, so it is guarded like the decoding of pixels.
        guarded(Some(format), || {
            let (header, needed, pixels): (_, _, Box<dyn Pixels + 'a>) = match format {
                // PNG and the formats of the `image` crate have one codec, so only the limits are passed.
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

    /// Returns the upright size in pixels.
    pub(crate) const fn size(&self) -> Size {
        self.header.orientation.upright_size(self.header.size)
    }

    /// Returns the public part of the header.
    pub(crate) fn probe(&self) -> Probe {
        Probe {
            format: self.format,
            size: self.size(),
            is_upright: self.header.orientation == Orientation::UPRIGHT,
            describes_colours: !says_srgb(&self.header.colour_tags),
            damage: None,
        }
    }

    /// Whether the file has only its picture, judged before the pixels are decoded.
    pub(crate) fn is_bare(&self) -> bool {
        self.header.is_bare && self.is_plain()
    }

    /// Whether the picture is upright and in sRGB, judged before the pixels are decoded.
    pub(crate) fn is_plain(&self) -> bool {
        let Probe { is_upright, describes_colours, .. } = self.probe();
        is_upright && !describes_colours
    }

    /// Decodes the whole picture. `pixels` is memory to reuse.
    pub(crate) fn decode(self, pixels: Vec<u8>, scratch: &mut DecodeScratch) -> Result<Decoded, DecodeError> {
        let Self { format, header, needed, pixels: decoder } = self;
        guarded(Some(format), || {
            // The size in the header is untrusted, and the allocator may refuse what the limits allow.
            let buffer = sized(needed, pixels).ok_or(DecodeError::OutOfMemory { bytes: needed })?;
            let Read { samples, is_verified, damage } = decoder.read(buffer, scratch)?;
            let has_alpha = samples.has_alpha;
            // Colours are converted before the rotation, which then copies 3 or 4 bytes per pixel instead of up to 8.
            let (pixels, colour) = to_srgb(samples, &header.colour_tags)
                .map_err(|unsupported| DecodeError::UnsupportedColour { format, found: unsupported.0 })?;
            let picture = if has_alpha {
                Picture::from_rgba(header.size, pixels)
            } else {
                Picture::from_rgb(header.size, pixels)
            };
            let picture = picture.map_err(|error| DecodeError::Corrupt { format, message: error.to_string() })?;
            // At this point profiles have been read, and a description that was ignored is known too: its file is not
            // bare, although its samples stay as they are.
            let is_bare = header.is_bare
                && header.orientation == Orientation::UPRIGHT
                && colour == Colour::Srgb
                && damage.is_none();
            Ok(Decoded {
                picture: header.orientation.apply(picture),
                format,
                colour,
                has_content_credentials: header.has_content_credentials,
                damage,
                is_bare,
                is_verified: is_bare && is_verified,
            })
        })
    }
}

/// Resizes the buffer. `None` if there is not enough memory. Its old content is not cleared.
fn sized(length: u64, mut buffer: Vec<u8>) -> Option<Vec<u8>> {
    let length = usize::try_from(length).ok()?;
    if buffer.capacity() < length {
        // Growing the old buffer would copy its content, so a new one is allocated.
        buffer = Vec::new();
        buffer.try_reserve_exact(length).ok()?;
    }
    // A buffer that is long enough already is only cut, and costs no pass over memory.
    buffer.resize(length, 0);
    Some(buffer)
}

/// Converts a panic of a decoder into an error, in builds in which panics unwind.
fn guarded<T>(format: Option<SourceFormat>, work: impl FnOnce() -> Result<T, DecodeError>) -> Result<T, DecodeError> {
    // After a panic only the scratch buffers are used again. They hold no state from one picture to the next.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(DecodeError::Panicked { format }))
}

/// The error for bytes that cannot be decoded.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::pixels::decode::{DecodeError, DecodeLimits, DecodeOptions, decode};
///
/// # use smart_resize::Format;
/// # use smart_resize::pixels::Picture;
/// # use smart_resize::pixels::encode::{EncodeOptions, encode};
/// # let picture = Picture::from_rgb(Size::new(3, 2)?, vec![7; 18])?;
/// # let file = encode(&picture, Format::Png, &EncodeOptions::default())?.bytes;
/// // A PNG of 3x2.
/// let options = DecodeOptions::default();
/// assert_eq!(decode(&file[..20], &options).unwrap_err().to_string(), "the png is cut short");
/// let tight = options.limits(DecodeLimits::default().pixels(5));
/// let error = decode(&file, &tight).unwrap_err();
/// assert_eq!(error, DecodeError::TooManyPixels { width: 3, height: 2, max: 5 });
/// assert_eq!(error.to_string(), "the picture is 3x2; expected at most 5 pixels");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The file has more bytes than the limits allow.
    #[error("the file has {bytes} bytes; expected at most {max}")]
    #[expect(missing_docs, reason = "what was found and the limit")]
    InputTooLarge { bytes: usize, max: usize },
    /// The first bytes match no known format.
    #[error("the file is {kind}; expected a PNG, JPEG, WebP, GIF, BMP or TIFF picture{}", kind.advice())]
    UnknownFormat {
        /// What the file is instead.
        kind: FileKind,
    },
    /// Decoding the format needs a cargo feature that this build lacks.
    #[error("the file is a {format} picture; reading it needs the cargo feature \"{feature}\"")]
    NeedsFeature {
        /// The format.
        format: SourceFormat,
        /// The feature.
        feature: &'static str,
    },
    /// The picture has more pixels than the limits allow.
    #[error("the picture is {width}x{height}; expected at most {max} pixels")]
    #[expect(missing_docs, reason = "what was found and the limit")]
    TooManyPixels { width: u32, height: u32, max: u64 },
    /// A side is 0 or above [`MAX_SIDE`].
    #[error("the picture is {width}x{height}; expected sides of 1 to {MAX_SIDE}")]
    #[expect(missing_docs, reason = "what was found")]
    SideOutOfRange { width: u32, height: u32 },
    /// The decoded samples take more bytes than the limits allow.
    #[error("the decoded picture has {bytes} bytes; expected at most {max}")]
    #[expect(missing_docs, reason = "what was found and the limit")]
    TooManyBytes { bytes: u64, max: u64 },
    /// The decoder needs more memory than the limits allow for data other than pixels, such as an inflated profile. For GIF,
    /// BMP and TIFF the limit includes the pixels.
    #[error("the decoder of the {format} needs more than {max} bytes of memory")]
    MemoryLimit {
        /// The format.
        format: SourceFormat,
        /// The limit.
        max: u64,
    },
    /// The limits allow the picture, but the system does not have enough memory.
    #[error("the decoded picture has {bytes} bytes; there is not enough memory")]
    #[expect(missing_docs, reason = "what was needed")]
    OutOfMemory { bytes: u64 },
    /// The JPEG has more scans than the limits allow.
    #[error("the JPEG has more than {max} scans")]
    TooManyScans {
        /// The limit.
        max: u32,
    },
    /// The samples are of a kind that is not supported.
    #[error("the samples of the {format} are {found}, which is not supported")]
    UnsupportedColour {
        /// The format.
        format: SourceFormat,
        /// The kind of samples.
        found: String,
    },
    /// [`Codec::Fast`] needs a cargo feature for this format.
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
    /// The data of the pixels is damaged. [`Damaged::Report`] decodes such a file, unless it is progressive.
    #[error("the {format} is damaged: {damage}")]
    Damaged {
        /// The format.
        format: SourceFormat,
        /// The first damage, and its place.
        damage: Damage,
    },
    /// The decoder refused the file.
    #[error("the {format} cannot be decoded: {message}")]
    Corrupt {
        /// The format.
        format: SourceFormat,
        /// The message of the decoder.
        message: String,
    },
    /// The decoder panicked. This is a defect of this crate or of a codec.
    #[error("the decoder of {} panicked", format.map_or("pictures", SourceFormat::media_type))]
    Panicked {
        /// The format. `None` if it is unknown.
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
