//! Decodes PNG. The `png` crate reads the header and decides whether a file is a valid PNG.
//!
//! There are two decoders for the pixels. `smart-resize-png` is the fast path for 8-bit RGB and RGBA without
//! interlacing. It takes 0.7 to 0.8 of the time of the `png` crate on photographs (`cargo bench -p smart-resize-png
//! --bench decode`). The `png` crate decodes all other pictures, and every picture that the fast path rejects. It
//! expands palettes, samples of fewer than 8 bits and transparent colours. Text chunks are skipped and not inflated.
//!
//! A file that the `png` crate would refuse, although all its pixels are there, is mended in a copy.

use std::borrow::Cow;
use std::io::{Cursor, ErrorKind};

use png::{BitDepth, ColorType, DecodeOptions, Decoder, DecodingError, Info, Limits, Reader, Transformations};
use smart_resize_metadata::exif::Exif;
pub(crate) use smart_resize_png::decode::Scratch as DecodeScratch;
use smart_resize_png::decode::{Ending, Mended, is_plain, mended, read_pixels};

use super::damage::Damage;
use super::{DecodeError, DecodeLimits, Header, Pixels, Read};
use crate::format::SourceFormat;
use crate::pixels::colour::{Channels, ColourTag, Samples};
use crate::pixels::orientation::Orientation;

const FORMAT: SourceFormat = SourceFormat::Png;
const TRUNCATED: DecodeError = DecodeError::Truncated { format: FORMAT };

/// Reads the header. Returns it, the bytes that the samples take, and the decoder.
pub(super) fn open<'a>(
    bytes: &'a [u8],
    limits: &DecodeLimits,
) -> Result<(Header, u64, Box<dyn Pixels + 'a>), DecodeError> {
    // Signature (8 bytes), length of IHDR (4), its name (4), width and height (8). The size is checked before the `png`
    // crate reads the header, because reading the header inflates ancillary chunks such as iCCP.
    match bytes.get(12..24) {
        Some(&[b'I', b'H', b'D', b'R', w0, w1, w2, w3, h0, h1, h2, h3]) => {
            limits.check_size(u32::from_be_bytes([w0, w1, w2, w3]), u32::from_be_bytes([h0, h1, h2, h3]))?;
        }
        _ => return Err(TRUNCATED),
    }
    let Mended { file, damage } = mended(bytes);
    let (is_mended, damage) = (matches!(file, Cow::Owned(_)), damage.map(Damage::from));
    // The checksum of the pixels is checked if another one is missing.
    let reader = reader(file, limits, damage.is_none()).map_err(|error| unreadable(&error, limits))?;
    let info = reader.info();
    let size = limits.check_size(info.width, info.height)?;
    check_palette(info)?;
    // The `png` crate has read the chunks before the pixels. The walk also finds those behind them.
    let chunks = Chunks::walk(bytes);
    let header = Header {
        size,
        orientation: Orientation::of_exif(chunks.exif),
        colour_tags: colour_tags(info, chunks.has_icc).into_iter().chain(ColourTag::of_exif(chunks.exif)).collect(),
        is_bare: chunks.is_bare && !is_mended && info.bit_depth != BitDepth::Sixteen,
        has_content_credentials: chunks.has_content_credentials,
    };
    // A size that overflows is above every limit.
    let needed = reader.output_buffer_size().map_or(u64::MAX, |bytes| bytes as u64);
    // The fast path returns samples as they are stored. A tRNS chunk adds an alpha channel that is not stored.
    let colour = match (info.color_type, info.bit_depth) {
        (ColorType::Rgb, BitDepth::Eight) if info.trns.is_none() => Some(smart_resize_png::Colour::Rgb),
        (ColorType::Rgba, BitDepth::Eight) => Some(smart_resize_png::Colour::Rgba),
        _ => None,
    };
    // The fast path reads no interlaced rows, and a mended file is read as its copy.
    let colour = colour.filter(|_| !info.interlaced && !is_mended);
    let fast = colour.zip(chunks.idat);
    Ok((header, needed, Box::new(Png { bytes, reader, limits: *limits, fast, is_mended, damage })))
}

/// Makes a reader that has read the header. It checks the Adler-32 of the pixel data only if that is not ignored.
fn reader<'a>(
    file: Cow<'a, [u8]>,
    limits: &DecodeLimits,
    ignores_adler32: bool,
) -> Result<Reader<Cursor<Cow<'a, [u8]>>>, DecodingError> {
    let mut options = DecodeOptions::default();
    options.set_ignore_adler32(ignores_adler32);
    let mut decoder = Decoder::new_with_options(Cursor::new(file), options);
    decoder.set_limits(Limits { bytes: usize::try_from(limits.metadata_bytes).unwrap_or(usize::MAX) });
    decoder.set_ignore_text_chunk(true);
    // Palettes, samples of fewer than 8 bits and transparent colours are expanded. Samples of 16 bits stay, since
    // colours are converted before samples are reduced to 8 bits.
    decoder.set_transformations(Transformations::EXPAND);
    decoder.read_info()
}

/// A palette has 3 bytes for each colour (PNG, section 11.2.2). With any other length the `png` crate panics later.
fn check_palette(info: &Info<'_>) -> Result<(), DecodeError> {
    match &info.palette {
        Some(palette) if info.color_type == ColorType::Indexed && !palette.len().is_multiple_of(3) => {
            let message = format!("its palette has {} bytes; expected a multiple of 3", palette.len());
            Err(DecodeError::Corrupt { format: FORMAT, message })
        }
        _ => Ok(()),
    }
}

struct Png<'a> {
    bytes: &'a [u8],
    reader: Reader<Cursor<Cow<'a, [u8]>>>,
    limits: DecodeLimits,
    /// The channels, and the file from its first IDAT chunk on. `None` if the fast path does not apply.
    fast: Option<(smart_resize_png::Colour, &'a [u8])>,
    /// Whether the reader has a mended copy of the file, and what was damaged in it.
    is_mended: bool,
    damage: Option<Damage>,
}

impl Pixels for Png<'_> {
    fn read(mut self: Box<Self>, mut bytes: Vec<u8>, scratch: &mut DecodeScratch) -> Result<Read, DecodeError> {
        // The fast path writes every byte of the buffer if it succeeds.
        if let Some((colour, idat)) = self.fast
            && let Ok(ending) = read_pixels(idat, colour, self.reader.info().width, &mut bytes, scratch)
        {
            let has_alpha = colour == smart_resize_png::Colour::Rgba;
            let samples = Samples { channels: Channels::Rgb, has_alpha, is_16_bit: false, bytes };
            // `is_plain` verifies all bytes before the first IDAT chunk, and an exact ending all bytes from it on.
            return Ok(Read { samples, is_verified: ending == Ending::Exact && is_plain(self.bytes), damage: None });
        }
        bytes.fill(0);
        let frame = match self.reader.next_frame(&mut bytes) {
            Ok(frame) => frame,
            Err(error) => {
                // The error is that of the file itself, and not of its mended copy.
                let mut of_file = || reader(Cow::Borrowed(self.bytes), &self.limits, true)?.next_frame(&mut bytes);
                let error = if self.is_mended { of_file().err().unwrap_or(error) } else { error };
                return Err(unreadable(&error, &self.limits));
            }
        };
        let info = self.reader.info();
        // A smaller frame of an animation would fill only a part of the buffer.
        if (frame.width, frame.height) != (info.width, info.height) {
            let message = format!("its frame is {}x{}", frame.width, frame.height);
            return Err(DecodeError::Corrupt { format: FORMAT, message });
        }
        let (channels, has_alpha) = match frame.color_type {
            ColorType::Grayscale => (Channels::Grey, false),
            ColorType::GrayscaleAlpha => (Channels::Grey, true),
            ColorType::Rgb => (Channels::Rgb, false),
            ColorType::Rgba => (Channels::Rgb, true),
            ColorType::Indexed => {
                return Err(DecodeError::UnsupportedColour { format: FORMAT, found: "indexed".into() });
            }
        };
        let samples = Samples { channels, has_alpha, is_16_bit: frame.bit_depth == BitDepth::Sixteen, bytes };
        // The `png` crate accepts data behind the last scanline, and palette indices beyond the palette.
        Ok(Read { samples, is_verified: false, damage: self.damage })
    }
}

fn unreadable(error: &DecodingError, limits: &DecodeLimits) -> DecodeError {
    match error {
        DecodingError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => TRUNCATED,
        DecodingError::LimitsExceeded => DecodeError::MemoryLimit { format: FORMAT, max: limits.metadata_bytes },
        error => DecodeError::Corrupt { format: FORMAT, message: error.to_string() },
    }
}

/// Returns the colour tags of the file, in the order of precedence of the PNG specification (third edition, section
/// 4.3).
fn colour_tags(info: &Info<'_>, has_icc: bool) -> Vec<ColourTag> {
    let cicp = info.coding_independent_code_points.map(|points| ColourTag::Cicp {
        primaries: points.color_primaries,
        transfer: points.transfer_function,
        full_range: points.is_video_full_range_image,
    });
    // The `png` crate skips a profile that does not inflate, or inflates beyond the limit. It counts as broken here.
    let icc = info.icc_profile.as_deref().map(<[u8]>::to_vec).or(has_icc.then(Vec::new)).map(ColourTag::Icc);
    // The rendering intent in the sRGB chunk is not used, since samples that are sRGB are not converted.
    let srgb = info.srgb.map(|_| ColourTag::Srgb);
    let chromaticities = info.chrm_chunk.map(|corners| {
        [corners.white, corners.red, corners.green, corners.blue].map(|(x, y)| [x.into_value(), y.into_value()])
    });
    let gamma = info.gama_chunk.map(png::ScaledFloat::into_scaled);
    let measured =
        (gamma.is_some() || chromaticities.is_some()).then_some(ColourTag::Primaries { gamma, chromaticities });
    [cicp, icc, srgb, measured].into_iter().flatten().collect()
}

/// The findings of a walk through the chunks.
struct Chunks<'a> {
    /// Whether the file has only the picture and the chunks sRGB, gAMA and cHRM, with no data behind it.
    is_bare: bool,
    has_icc: bool,
    has_content_credentials: bool,
    /// The first EXIF block that can be read. The block may come after the pixels.
    exif: Option<Exif<'a>>,
    /// The file from its first IDAT chunk on.
    idat: Option<&'a [u8]>,
}

impl<'a> Chunks<'a> {
    /// Walks the chunks. A chunk is its length (4 bytes), name (4), content and checksum (4).
    fn walk(bytes: &'a [u8]) -> Self {
        let mut found = Self { is_bare: true, has_icc: false, has_content_credentials: false, exif: None, idat: None };
        // The chunks begin behind the signature of 8 bytes.
        let mut rest = bytes.get(8..).unwrap_or_default();
        while let &[l0, l1, l2, l3, n0, n1, n2, n3, ref after @ ..] = rest {
            let length = u32::from_be_bytes([l0, l1, l2, l3]) as usize;
            match &[n0, n1, n2, n3] {
                b"IDAT" => found.idat = found.idat.or(Some(rest)),
                // These chunks belong to the picture. Whether gAMA and cHRM mean sRGB is judged by the colour tags.
                b"IHDR" | b"PLTE" | b"tRNS" | b"IEND" | b"sRGB" | b"gAMA" | b"cHRM" => {}
                // A PNG of sRGB needs no profile, since it has the sRGB chunk.
                b"iCCP" => (found.is_bare, found.has_icc) = (false, true),
                b"caBX" => (found.is_bare, found.has_content_credentials) = (false, true),
                b"eXIf" => {
                    found.is_bare = false;
                    found.exif = found.exif.or_else(|| Exif::read(after.get(..length)?));
                }
                _ => found.is_bare = false,
            }
            // The next chunk begins behind the content and the checksum of 4 bytes.
            match after.get(length.saturating_add(4)..) {
                Some(behind) if [n0, n1, n2, n3] == *b"IEND" => {
                    found.is_bare &= behind.is_empty();
                    return found;
                }
                Some(next) => rest = next,
                None => break,
            }
        }
        // The walk reports no error. Whether a file without an end is valid is for the decoder to decide.
        found.is_bare = false;
        found
    }
}
