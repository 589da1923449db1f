//! JPEG, by `zune-jpeg`.
//!
//! The segments of the file are walked first. `zune-jpeg` reads some files wrong without an error, and the walk finds
//! them: a file that is cut short; a sequential one that sends subsampled components in scans of their own; one whose
//! chroma is finer than its luma; one in YCbCr whose components are named R, G and B. Not found is a file whose last
//! scan breaks off and is followed by an end marker, unless hardly anything is left of it: it ends in grey.
//!
//! With `Codec::Fast`, libjpeg-turbo reads the pixels of a sequential picture. Where it finds anything wrong,
//! `zune-jpeg` reads them again, and its result counts.

use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

#[cfg(feature = "turbojpeg")]
use super::turbo;
use super::{DecodeError, DecodeLimits, DecodeOptions, Header, Pixels, Read, Scratch};
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
    // The limits on sizes are ours. Data between the segments of the header is skipped, as everywhere.
    let lenient = DecoderOptions::default().set_strict_mode(false);
    let lenient = lenient.set_max_width(usize::MAX).set_max_height(usize::MAX);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), lenient);
    decoder.decode_headers().map_err(|error| corrupt(&error))?;
    let (width, height) =
        decoder.dimensions().ok_or_else(|| corrupt(&DecodeErrors::FormatStatic("no frame header")))?;
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
    // From here on damage is an error. Without this the decoder fills it with grey.
    decoder.set_options(decoder.options().jpeg_set_out_colorspace(stored).set_strict_mode(true));
    let icc = decoder.icc_profile();
    // The parts of the profile are incomplete or out of order.
    let is_broken = icc.is_none() && segments.has_icc;
    let colour_tags = icc.clone().or(is_broken.then(Vec::new)).map(ColourTag::Icc).into_iter().collect();
    let header = Header {
        size,
        orientation: decoder.exif().map_or(Orientation::UPRIGHT, |exif| Orientation::from_exif(exif)),
        colour_tags,
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
    /// The file and what its header says, where libjpeg-turbo is to read it.
    #[cfg(feature = "turbojpeg")]
    fast: Option<(&'a [u8], turbo::Expected)>,
}

impl Pixels for Jpeg<'_> {
    fn read(mut self: Box<Self>, mut bytes: Vec<u8>, _: &mut Scratch) -> Result<Read, DecodeError> {
        bytes.fill(0);
        #[cfg(feature = "turbojpeg")]
        let is_read = self.fast.is_some_and(|(file, expected)| turbo::read(file, &expected, &mut bytes));
        #[cfg(not(feature = "turbojpeg"))]
        let is_read = false;
        if !is_read {
            self.decoder.decode_into(&mut bytes).map_err(|error| corrupt(&error))?;
        }
        let samples = Samples { channels: self.channels, has_alpha: false, wide: false, bytes };
        Ok(Read { samples, is_verified: true })
    }
}

fn corrupt(error: &DecodeErrors) -> DecodeError {
    DecodeError::Corrupt { format: FORMAT, message: error.to_string() }
}

/// What the segments of a file tell.
#[expect(clippy::struct_excessive_bools, reason = "findings, each by itself")]
struct Segments {
    /// The number of components of the frame.
    components: u8,
    /// Nothing but the picture, and at most a profile, is in the file, and nothing is behind it.
    is_bare: bool,
    has_icc: bool,
    has_content_credentials: bool,
    /// A scan names a Huffman table that is not in the file: `zune-jpeg` refuses it, libjpeg-turbo takes another.
    lacks_tables: bool,
    /// The picture comes in several scans, from coarse to fine, which `zune-jpeg` reads faster.
    is_progressive: bool,
}

/// Walks the segments: a marker is `ff` and a code; all but those without content have a length of two bytes, which
/// counts itself. Behind a scan's header comes entropy-coded data, in which `ff` is followed by `00` or by a restart.
fn walk(bytes: &[u8], limits: &DecodeLimits) -> Result<Segments, DecodeError> {
    let mut walk = Walk::new(*limits);
    let mut first_scan = None;
    let mut at = 2;
    loop {
        // Entropy-coded data, stray bytes and fill bytes are passed over alike.
        let rest = bytes.get(at..).ok_or(TRUNCATED)?;
        at += rest.iter().position(|&byte| byte == 0xff).ok_or(TRUNCATED)? + 1;
        let code = *bytes.get(at).ok_or(TRUNCATED)?;
        match code {
            // A fill byte: the next byte is the code.
            0xff => continue,
            // A stuffed byte, a restart, the start of an image.
            0x00 | 0x01 | 0xd0..=0xd8 => {
                at += 1;
                continue;
            }
            // The end.
            0xd9 => {
                let scanned = 8 * (at - first_scan.unwrap_or(at)) as u64;
                walk.found.is_bare &= at + 1 == bytes.len();
                return if scanned < walk.fewest_bits { Err(TRUNCATED) } else { Ok(walk.found) };
            }
            _ => {}
        }
        let &[high, low, ..] = bytes.get(at + 1..).ok_or(TRUNCATED)? else { return Err(TRUNCATED) };
        let length = usize::from(u16::from_be_bytes([high, low])).max(2);
        walk.segment(code, bytes.get(at + 3..at + 1 + length).ok_or(TRUNCATED)?)?;
        at += 1 + length;
        if code == 0xda {
            first_scan = first_scan.or(Some(at));
        }
    }
}

/// What the segments have said so far.
struct Walk {
    limits: DecodeLimits,
    found: Segments,
    /// The fewest bits that a picture of this size can have.
    fewest_bits: u64,
    /// The components of a scan that sends subsampled colour in one, in a sequential picture.
    interleaved: u8,
    has_jfif: bool,
    /// The transform that Adobe's segment names: 0 for none, 1 for YCbCr.
    adobe: Option<u8>,
    is_named_rgb: bool,
    scans: u32,
    /// The Huffman tables so far, a bit for each: those of class 0 below, of class 1 above.
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

    fn segment(&mut self, code: u8, content: &[u8]) -> Result<(), DecodeError> {
        let found = &mut self.found;
        match (code, content) {
            // JFIF's header and Adobe's, which say how samples are to be read. Tables, among the codes of frames.
            (0xe0, [b'J', b'F', b'I', b'F', 0, ..]) => self.has_jfif = true,
            (0xee, &[b'A', b'd', b'o', b'b', b'e', _, _, _, _, _, _, transform, ..]) => self.adobe = Some(transform),
            (0xc4, _) => self.tables(content),
            (0xc8 | 0xcc, _) => {}
            (0xc0..=0xcf, _) => self.frame(code, content)?,
            (0xda, &[components, ref each @ ..]) => self.scan(components, each)?,
            (0xe2, [b'I', b'C', b'C', b'_', b'P', b'R', b'O', b'F', b'I', b'L', b'E', 0, ..]) => found.has_icc = true,
            // A box of JUMBF, in which C2PA keeps its manifests.
            (0xeb, [b'J', b'P', ..]) => (found.is_bare, found.has_content_credentials) = (false, true),
            (0xe0..=0xef | 0xfe, _) => found.is_bare = false,
            _ => {}
        }
        Ok(())
    }

    /// Precision (1), height and width (4), components (1), then for each its name, its sampling factors and its table.
    fn frame(&mut self, code: u8, content: &[u8]) -> Result<(), DecodeError> {
        let &[_, h0, h1, w0, w1, components, ref each @ ..] = content else { return Ok(()) };
        let (each, _) = each.as_chunks::<3>();
        let first = each.first().map_or(0, |[_, factors, _]| *factors);
        let is_finer = |factors: u8| factors >> 4 > first >> 4 || factors & 15 > first & 15;
        if each.iter().any(|[_, factors, _]| is_finer(*factors)) {
            return Err(unsupported("finer in chroma than in luma"));
        }
        let is_sequential = matches!(code, 0xc0 | 0xc1);
        self.found.is_progressive = code == 0xc2;
        let is_subsampled = each.iter().any(|[_, factors, _]| *factors != first);
        self.interleaved = if is_sequential && is_subsampled { components } else { 0 };
        // A bit or more for each block's mean, and in a sequential picture one more for the block's end.
        let blocks = [[w0, w1], [h0, h1]].map(|side| u64::from(u16::from_be_bytes(side).div_ceil(8)));
        self.fewest_bits = blocks.iter().product::<u64>() * if is_sequential { 2 } else { 1 };
        self.is_named_rgb = each.iter().map(|[name, ..]| name).eq(b"RGB");
        self.found.components = components;
        Ok(())
    }

    /// For each table its class and number (1), how many codes there are of each length (16), and a byte for each code.
    fn tables(&mut self, mut content: &[u8]) {
        while let Some((&[name, ref counts @ ..], rest)) = content.split_first_chunk::<17>() {
            self.tables |= 1 << (name & 3 | (name >> 4 & 1) << 2);
            let codes = counts.iter().map(|count| usize::from(*count)).sum::<usize>();
            content = rest.get(codes..).unwrap_or_default();
        }
    }

    /// For each component its name and its tables (2), then from which coefficient to which (2), and which bits (1).
    fn scan(&mut self, components: u8, each: &[u8]) -> Result<(), DecodeError> {
        let (each, rest) = each.split_at_checked(2 * usize::from(components)).unwrap_or_default();
        let (first, last, bits) = match *rest {
            [first, last, bits, ..] => (first, last, bits >> 4),
            _ => (0, 63, 0),
        };
        let (needs_first, needs_others) = (first == 0 && bits == 0, last > 0);
        for names in each.iter().skip(1).step_by(2) {
            let has = |class: u8, number: u8| self.tables >> (number & 3 | class << 2) & 1 != 0;
            self.found.lacks_tables |= needs_first && !has(0, names >> 4) || needs_others && !has(1, *names);
        }
        if components < self.interleaved {
            return Err(unsupported("subsampled and not interleaved"));
        }
        // The decoder gives the names precedence over JFIF and Adobe, which say YCbCr here, and Adobe precedence over
        // JFIF.
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
