//! Decodes JPEG, with `zune-jpeg`.
//!
//! The segments of the file are walked first. `zune-jpeg` decodes some files incorrectly without an error, and the walk
//! finds and refuses them:
//!
//! - a file that is cut short;
//! - a sequential file whose subsampled components are in separate scans;
//! - a file whose chroma is finer than its luma;
//! - a file in YCbCr whose components are named R, G and B.
//!
//! A file whose last scan breaks off before an end marker is found only if very little of the scan is left. Otherwise
//! the rest of its picture is grey.
//!
//! With `Codec::Fast`, libjpeg-turbo decodes the pixels of a sequential picture. If it finds anything wrong,
//! `zune-jpeg` decodes them again, and its result counts.

use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

#[cfg(feature = "turbojpeg")]
use super::turbo;
use super::{DecodeError, DecodeLimits, DecodeOptions, DecodeScratch, Header, Pixels, Read};
use crate::format::SourceFormat;
#[cfg(feature = "turbojpeg")]
use crate::pixels::codec::Codec;
use crate::pixels::colour::{Channels, ColourTag, Samples};
use crate::pixels::orientation::Orientation;
use crate::pixels::srgb;

const FORMAT: SourceFormat = SourceFormat::Jpeg;
const TRUNCATED: DecodeError = DecodeError::Truncated { format: FORMAT };

/// Reads the header. Returns it, the bytes that the samples take, and the decoder.
pub(super) fn open<'a>(
    bytes: &'a [u8],
    options: &DecodeOptions,
) -> Result<(Header, u64, Box<dyn Pixels + 'a>), DecodeError> {
    let limits = &options.limits;
    let segments = walk(bytes, limits)?;
    // `walk` and `check_size` apply the limits on sizes. Stray data between the segments of the header is skipped, as
    // other decoders do.
    let lenient = DecoderOptions::default().set_strict_mode(false);
    let lenient = lenient.set_max_width(usize::MAX).set_max_height(usize::MAX);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), lenient);
    decoder.decode_headers().map_err(|error| corrupt(&error))?;
    let (width, height) =
        decoder.dimensions().ok_or_else(|| corrupt(&DecodeErrors::FormatStatic("no frame header")))?;
    // A side that does not fit 32 bits becomes one that every limit refuses.
    let pixels = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
    let size = limits.check_size(pixels(width), pixels(height))?;
    let (stored, channels) = match (decoder.input_colorspace(), segments.components) {
        (Some(ColorSpace::Luma), 1) => (ColorSpace::Luma, Channels::Grey),
        // With three components, Adobe's "not transformed" means RGB.
        (Some(ColorSpace::YCbCr | ColorSpace::RGB | ColorSpace::CMYK), 3) => (ColorSpace::RGB, Channels::Rgb),
        (other, _) => {
            return Err(unsupported(&other.map_or_else(|| "unknown".into(), |space| format!("{space:?}"))));
        }
    };
    // Damage in the scans is an error. In the lenient mode the decoder would fill damaged parts with grey.
    decoder.set_options(decoder.options().jpeg_set_out_colorspace(stored).set_strict_mode(true));
    let icc = decoder.icc_profile();
    // Whether the parts of the profile are incomplete or out of order.
    let is_broken = icc.is_none() && segments.has_icc;
    let colour_tags = icc.clone().or(is_broken.then(Vec::new)).map(ColourTag::Icc).into_iter().collect();
    let header = Header {
        size,
        orientation: decoder.exif().map_or(Orientation::UPRIGHT, |exif| Orientation::from_exif(exif)),
        colour_tags,
        // The profile that this crate writes says no more than sRGB, so it is not stripped.
        is_bare: segments.is_bare && !is_broken && icc.is_none_or(|icc| icc == srgb::profile()),
        has_content_credentials: segments.has_content_credentials,
    };
    let samples = if channels == Channels::Grey { 1 } else { 3 };
    #[cfg(feature = "turbojpeg")]
    let fast = (options.codec == Codec::Fast && !segments.lacks_tables && !segments.is_progressive).then(|| {
        let is_rgb = decoder.input_colorspace() != Some(ColorSpace::YCbCr);
        (bytes, turbo::Expected { size, channels, is_rgb, scans: limits.scans })
    });
    let pixels = Jpeg {
        decoder,
        channels,
        #[cfg(feature = "turbojpeg")]
        fast,
    };
    Ok((header, u64::from(size.area()) * samples, Box::new(pixels)))
}

struct Jpeg<'a> {
    decoder: JpegDecoder<ZCursor<&'a [u8]>>,
    channels: Channels,
    /// The file and the expected header, if libjpeg-turbo decodes the pixels.
    #[cfg(feature = "turbojpeg")]
    fast: Option<(&'a [u8], turbo::Expected)>,
}

impl Pixels for Jpeg<'_> {
    fn read(mut self: Box<Self>, mut bytes: Vec<u8>, _: &mut DecodeScratch) -> Result<Read, DecodeError> {
        // Neither decoder verifies that it writes every byte of the buffer.
        bytes.fill(0);
        #[cfg(feature = "turbojpeg")]
        let is_read = self.fast.is_some_and(|(file, expected)| turbo::read(file, &expected, &mut bytes));
        #[cfg(not(feature = "turbojpeg"))]
        let is_read = false;
        if !is_read {
            self.decoder.decode_into(&mut bytes).map_err(|error| corrupt(&error))?;
        }
        let samples = Samples { channels: self.channels, has_alpha: false, is_16_bit: false, bytes };
        Ok(Read { samples, is_verified: true })
    }
}

fn corrupt(error: &DecodeErrors) -> DecodeError {
    DecodeError::Corrupt { format: FORMAT, message: error.to_string() }
}

/// The findings of the walk through a file's segments.
#[expect(clippy::struct_excessive_bools, reason = "independent findings")]
struct Segments {
    /// The number of components of the frame.
    components: u8,
    /// Whether the file has only the picture and at most a profile, with no data behind it.
    is_bare: bool,
    has_icc: bool,
    has_content_credentials: bool,
    /// Whether a scan uses a Huffman table that is not in the file. `zune-jpeg` refuses such a file, and libjpeg-turbo
    /// substitutes a default table.
    lacks_tables: bool,
    /// Whether the picture is progressive. `zune-jpeg` decodes such pictures faster than libjpeg-turbo.
    is_progressive: bool,
}

/// Walks the segments.
///
/// A marker is `ff` and a code. A segment with content continues with its length (2 bytes), which includes the length
/// field. Behind the header of a scan comes entropy-coded data, in which every `ff` is followed by `00` or by the code
/// of a restart marker.
fn walk(bytes: &[u8], limits: &DecodeLimits) -> Result<Segments, DecodeError> {
    let mut walk = Walk::new(*limits);
    let mut first_scan = None;
    // The first segment begins behind the start-of-image marker, ff d8.
    let mut at = 2;
    loop {
        // Skips entropy-coded data, stray bytes and fill bytes.
        let rest = bytes.get(at..).ok_or(TRUNCATED)?;
        at += rest.iter().position(|&byte| byte == 0xff).ok_or(TRUNCATED)? + 1;
        let code = *bytes.get(at).ok_or(TRUNCATED)?;
        match code {
            // A fill byte. The code follows.
            0xff => continue,
            // A stuffed byte, a restart marker, or the start of an image.
            0x00 | 0x01 | 0xd0..=0xd8 => {
                at += 1;
                continue;
            }
            // The end of the image.
            0xd9 => {
                // Later scan headers and markers are counted as well, so this is an upper bound on the entropy-coded
                // bits, and no complete file is refused.
                let scanned = 8 * (at - first_scan.unwrap_or(at)) as u64;
                // Some files have data behind the end marker, such as a second picture.
                walk.found.is_bare &= at + 1 == bytes.len();
                return if scanned < walk.fewest_bits { Err(TRUNCATED) } else { Ok(walk.found) };
            }
            _ => {}
        }
        let &[high, low, ..] = bytes.get(at + 1..).ok_or(TRUNCATED)? else { return Err(TRUNCATED) };
        // A length below 2 is invalid, since the length includes its own field. It counts as 2, so that the walk
        // advances.
        let length = usize::from(u16::from_be_bytes([high, low])).max(2);
        walk.segment(code, bytes.get(at + 3..at + 1 + length).ok_or(TRUNCATED)?)?;
        at += 1 + length;
        if code == 0xda {
            first_scan = first_scan.or(Some(at));
        }
    }
}

/// The state of the walk.
struct Walk {
    limits: DecodeLimits,
    found: Segments,
    /// The fewest bits of entropy-coded data that a picture of this size can have.
    fewest_bits: u64,
    /// The number of components that each scan must have, since the picture is sequential and subsampled. 0 if there is
    /// no such requirement.
    interleaved: u8,
    has_jfif: bool,
    /// The colour transform that the Adobe segment names: 0 for none, 1 for YCbCr.
    adobe: Option<u8>,
    /// Whether the components are named R, G and B.
    is_named_rgb: bool,
    scans: u32,
    /// A bit for each Huffman table that has been defined: DC tables 0 to 3 in bits 0 to 3, AC tables in bits 4 to 7.
    tables: u8,
}

impl Walk {
    const fn new(limits: DecodeLimits) -> Self {
        Self {
            limits,
            found: Segments {
                components: 0,
                is_bare: true,
                has_icc: false,
                has_content_credentials: false,
                lacks_tables: false,
                is_progressive: false,
            },
            fewest_bits: 0,
            interleaved: 0,
            has_jfif: false,
            adobe: None,
            is_named_rgb: false,
            scans: 0,
            tables: 0,
        }
    }

    /// Evaluates a segment.
    fn segment(&mut self, code: u8, content: &[u8]) -> Result<(), DecodeError> {
        let found = &mut self.found;
        match (code, content) {
            // The headers of JFIF and Adobe define the colour space. The codes of Huffman tables (c4), JPG (c8) and
            // arithmetic conditioning (cc) are inside the range of the frame headers.
            (0xe0, [b'J', b'F', b'I', b'F', 0, ..]) => self.has_jfif = true,
            (0xee, &[b'A', b'd', b'o', b'b', b'e', _, _, _, _, _, _, transform, ..]) => self.adobe = Some(transform),
            (0xc4, _) => self.tables(content),
            (0xc8 | 0xcc, _) => {}
            (0xc0..=0xcf, _) => self.frame(code, content)?,
            (0xda, &[components, ref each @ ..]) => self.scan(components, each)?,
            (0xe2, [b'I', b'C', b'C', b'_', b'P', b'R', b'O', b'F', b'I', b'L', b'E', 0, ..]) => found.has_icc = true,
            // A JUMBF box, which contains C2PA manifests.
            (0xeb, [b'J', b'P', ..]) => (found.is_bare, found.has_content_credentials) = (false, true),
            (0xe0..=0xef | 0xfe, _) => found.is_bare = false,
            _ => {}
        }
        Ok(())
    }

    /// Evaluates a frame header: precision (1 byte), height and width (4), number of components (1), then for each
    /// component its name, sampling factors and quantisation table (3).
    fn frame(&mut self, code: u8, content: &[u8]) -> Result<(), DecodeError> {
        // A header that is too short is left to the decoder.
        let &[_, h0, h1, w0, w1, components, ref each @ ..] = content else { return Ok(()) };
        let (each, _) = each.as_chunks::<3>();
        // The high half of a byte of sampling factors is horizontal, the low half vertical. Luma comes first.
        let first = each.first().map_or(0, |[_, factors, _]| *factors);
        let is_finer = |factors: u8| factors >> 4 > first >> 4 || factors & 15 > first & 15;
        if each.iter().any(|[_, factors, _]| is_finer(*factors)) {
            return Err(unsupported("finer in chroma than in luma"));
        }
        let is_sequential = matches!(code, 0xc0 | 0xc1);
        self.found.is_progressive = code == 0xc2;
        // `zune-jpeg` needs all components in one scan only for a sequential, subsampled frame.
        let is_subsampled = each.iter().any(|[_, factors, _]| *factors != first);
        self.interleaved = if is_sequential && is_subsampled { components } else { 0 };
        // Each block takes at least one bit for its DC coefficient. In a sequential picture it takes at least one more
        // for its end-of-block symbol. Only luma is counted, whose resolution is that of the picture, so that the bound
        // holds for every subsampling.
        let blocks = [[w0, w1], [h0, h1]].map(|side| u64::from(u16::from_be_bytes(side).div_ceil(8)));
        self.fewest_bits = blocks.iter().product::<u64>() * if is_sequential { 2 } else { 1 };
        self.is_named_rgb = each.iter().map(|[name, ..]| name).eq(b"RGB");
        self.found.components = components;
        Ok(())
    }

    /// Evaluates Huffman tables: for each its class and number (1 byte), the number of codes of each length (16), and a
    /// symbol for each code (1).
    fn tables(&mut self, mut content: &[u8]) {
        while let Some((&[name, ref counts @ ..], rest)) = content.split_first_chunk::<17>() {
            // The name has the class in its high half, 0 for DC and 1 for AC, and the number in its low half.
            self.tables |= 1 << (name & 3 | (name >> 4 & 1) << 2);
            // The symbols are skipped. Only the presence of a table matters here.
            let codes = counts.iter().map(|count| usize::from(*count)).sum::<usize>();
            content = rest.get(codes..).unwrap_or_default();
        }
    }

    /// Evaluates a scan header: for each component its name and tables (2 bytes), then the first and last coefficient
    /// (2) and the successive approximation bits (1).
    fn scan(&mut self, components: u8, each: &[u8]) -> Result<(), DecodeError> {
        let (each, rest) = each.split_at_checked(2 * usize::from(components)).unwrap_or_default();
        let (first, last, bits) = match *rest {
            [first, last, bits, ..] => (first, last, bits >> 4),
            // A header that is too short counts as that of a sequential scan, which uses all its tables.
            _ => (0, 63, 0),
        };
        // DC coefficients are Huffman coded only in their first scan: a refinement scan has one raw bit for each. Scans
        // of AC coefficients are always Huffman coded.
        let (needs_first, needs_others) = (first == 0 && bits == 0, last > 0);
        for names in each.iter().skip(1).step_by(2) {
            // The second byte of a component has the number of its DC table in the high half, of its AC table in the
            // low half.
            let has = |class: u8, number: u8| self.tables >> (number & 3 | class << 2) & 1 != 0;
            self.found.lacks_tables |= needs_first && !has(0, names >> 4) || needs_others && !has(1, *names);
        }
        if components < self.interleaved {
            return Err(unsupported("subsampled and not interleaved"));
        }
        // In both cases the headers disagree. `zune-jpeg` gives the names precedence over JFIF and Adobe, which mean
        // YCbCr here, and Adobe precedence over JFIF.
        if self.is_named_rgb && (self.has_jfif || self.adobe == Some(1)) {
            return Err(unsupported("YCbCr named RGB"));
        }
        if self.found.components == 3 && self.has_jfif && self.adobe == Some(0) {
            return Err(unsupported("YCbCr by JFIF and RGB by Adobe"));
        }
        self.scans += 1;
        if self.scans > self.limits.scans { Err(DecodeError::TooManyScans { max: self.limits.scans }) } else { Ok(()) }
    }
}

fn unsupported(found: &str) -> DecodeError {
    DecodeError::UnsupportedColour { format: FORMAT, found: found.into() }
}
