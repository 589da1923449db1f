//! Decodes WebP, with `image-webp`. The first frame of an animation is read.
//!
//! With `Codec::Fast`, libwebp decodes the pixels of a still, lossy, opaque picture. If it finds anything wrong,
//! `image-webp` decodes them again, and its result counts. `image-webp` always decodes lossless pictures and alpha
//! channels, since libwebp accepts broken streams of these kinds that end some bits too late.
//!
//! These behaviours of `image-webp` are avoided by changing flags in a copy of the file:
//!
//! - It takes the alpha flag of the file for the truth: it refuses a lossy picture with the flag and without alpha, and
//!   drops the alpha of a picture without the flag. Here the bitstream decides, as in libwebp: a lossless one has a flag
//!   of its own, and a lossy one has an alpha chunk. A frame that does not cover the canvas leaves it transparent.
//! - It refuses a file with the flag of EXIF or XMP and without the chunk.
//! - It blends the first frame of an animation with the empty canvas if the flags of the frame say so. This makes
//!   colours a level darker.

use std::borrow::Cow;
use std::io::Cursor;

use image_webp::{DecodingError, WebPDecoder};
use smart_resize_jpeg::srgb;
use smart_resize_metadata::exif::Exif;

use super::{DecodeError, DecodeLimits, DecodeOptions, DecodeScratch, Header, Pixels, Read};
use crate::format::SourceFormat;
#[cfg(feature = "libwebp")]
use crate::pixels::codec::Codec;
use crate::pixels::colour::{Channels, ColourTag, Samples};
use crate::pixels::orientation::Orientation;

const FORMAT: SourceFormat = SourceFormat::WebP;
const TRUNCATED: DecodeError = DecodeError::Truncated { format: FORMAT };

/// Reads the header. Returns it, the bytes that the samples take, and the decoder.
pub(super) fn open<'a>(
    bytes: &'a [u8],
    options: &DecodeOptions,
) -> Result<(Header, u64, Box<dyn Pixels + 'a>), DecodeError> {
    let limits = &options.limits;
    let chunks = walk(bytes, limits)?;
    let file = with_fixed_flags(bytes, &chunks);
    let is_changed = matches!(file, Cow::Owned(_));
    let mut decoder = WebPDecoder::new(Cursor::new(file)).map_err(|error| corrupt(&error))?;
    let (width, height) = decoder.dimensions();
    let size = limits.check_size(width, height)?;
    // The decoder applies this limit only to profiles and tags.
    decoder.set_memory_limit(usize::try_from(limits.metadata_bytes).unwrap_or(usize::MAX));
    // A profile that cannot be read counts as broken.
    let icc = decoder.icc_profile().unwrap_or_else(|_| Some(Vec::new()));
    // The profile that this crate writes says no more than sRGB, so it is not stripped.
    let is_bare = chunks.is_bare && !is_changed && icc.as_ref().is_none_or(|icc| *icc == srgb::profile());
    let header = Header {
        size,
        orientation: Orientation::of_exif(chunks.exif),
        colour_tags: icc.map(ColourTag::Icc).into_iter().chain(ColourTag::of_exif(chunks.exif)).collect(),
        is_bare,
        has_content_credentials: chunks.has_content_credentials,
    };
    // A size that overflows is above every limit.
    let needed = decoder.output_buffer_size().map_or(u64::MAX, |bytes| bytes as u64);
    let pixels = WebP {
        decoder,
        #[cfg(feature = "libwebp")]
        fast: fast_bitstream(&chunks, options.codec),
    };
    Ok((header, needed, Box::new(pixels)))
}

struct WebP<'a> {
    decoder: WebPDecoder<Cursor<Cow<'a, [u8]>>>,
    /// The VP8 bitstream, if libwebp decodes it. `None` otherwise. If it got the whole file, libwebp would read beyond
    /// the end of the chunk.
    #[cfg(feature = "libwebp")]
    fast: Option<&'a [u8]>,
}

/// Returns the bitstream that libwebp decodes. `None` if libwebp is not used.
#[cfg(feature = "libwebp")]
fn fast_bitstream<'a>(chunks: &Chunks<'a>, codec: Codec) -> Option<&'a [u8]> {
    chunks.plainly_lossy().filter(|_| codec == Codec::Fast)
}

#[cfg(feature = "libwebp")]
impl WebP<'_> {
    /// Decodes with libwebp. Returns false if libwebp is not used, or finds anything wrong with the file.
    fn read_fast(&self, pixels: &mut [u8]) -> bool {
        use smart_resize_webp::{Layout, decode};
        let (width, height) = self.decoder.dimensions();
        self.fast.is_some_and(|bitstream| decode(bitstream, width, height, Layout::Rgb, pixels).is_ok())
    }
}

impl Pixels for WebP<'_> {
    fn read(mut self: Box<Self>, mut bytes: Vec<u8>, _: &mut DecodeScratch) -> Result<Read, DecodeError> {
        // Neither decoder verifies that it writes every byte of the buffer.
        bytes.fill(0);
        #[cfg(feature = "libwebp")]
        let is_read = self.read_fast(&mut bytes);
        #[cfg(not(feature = "libwebp"))]
        let is_read = false;
        // Pixels that libwebp wrote before it failed are of the same file, so they are not cleared.
        if !is_read {
            self.decoder.read_image(&mut bytes).map_err(|error| corrupt(&error))?;
        }
        let samples = Samples { channels: Channels::Rgb, has_alpha: self.decoder.has_alpha(), is_16_bit: false, bytes };
        Ok(Read { samples, is_verified: true, damage: None })
    }
}

fn corrupt(error: &DecodingError) -> DecodeError {
    DecodeError::Corrupt { format: FORMAT, message: error.to_string() }
}

/// The findings of the walk through the chunks.
#[expect(clippy::struct_excessive_bools, reason = "independent findings")]
struct Chunks<'a> {
    /// Whether the file has only one picture and at most a profile.
    is_bare: bool,
    has_content_credentials: bool,
    /// The first EXIF chunk that can be read.
    exif: Option<Exif<'a>>,
    /// Whether there is an EXIF chunk, and an XMP chunk, before the end that the header names.
    has_exif: bool,
    has_xmp: bool,
    /// Whether the first picture can have transparent pixels.
    has_alpha: bool,
    /// Whether the file has a lossy bitstream and no alpha chunk.
    is_opaque: bool,
    /// The offset of the flags of an animation's first frame. `None` if the file is not an animation.
    frame_flags: Option<usize>,
    /// The first lossy bitstream.
    lossy: Option<&'a [u8]>,
}

#[cfg(feature = "libwebp")]
impl<'a> Chunks<'a> {
    /// Returns the bitstream of a still, lossy, opaque picture that libwebp may decode.
    ///
    /// The bitstream must begin with a key frame and have a defined colour space. `image-webp` refuses any other, and
    /// libwebp accepts it.
    fn plainly_lossy(&self) -> Option<&'a [u8]> {
        // Frame tag (3 bytes), whose lowest bit is 0 for a key frame; start code (3); size (4); then coded bits. The
        // first coded bit, the highest of its byte, is the colour space.
        let is_plain = |stream: &[u8]| matches!(stream, [tag, _, _, _, _, _, _, _, _, _, coded, ..] if tag & 1 == 0 && coded & 0x80 == 0);
        self.lossy.filter(|stream| self.is_opaque && self.frame_flags.is_none() && is_plain(stream))
    }
}

/// Returns the file with the changes of flags that the module describes. It is copied only if one is needed.
fn with_fixed_flags<'a>(bytes: &'a [u8], chunks: &Chunks<'_>) -> Cow<'a, [u8]> {
    /// Offset of the flags in the extended header, which is the first chunk.
    const FLAGS: usize = 20;
    const XMP: u8 = 0x04;
    const EXIF: u8 = 0x08;
    const ALPHA: u8 = 0x10;
    /// The flag of a frame that replaces the canvas below it.
    const REPLACES: u8 = 0x02;
    let mut file = Cow::Borrowed(bytes);
    // Only an extended file has flags. A simple file begins with its bitstream.
    if let Some(&flags) = bytes.get(FLAGS).filter(|_| bytes.get(12..16) == Some(b"VP8X")) {
        let mut fixed = if chunks.has_alpha { flags | ALPHA } else { flags & !ALPHA };
        for (flag, has_chunk) in [(EXIF, chunks.has_exif), (XMP, chunks.has_xmp)] {
            fixed &= if has_chunk { u8::MAX } else { !flag };
        }
        if fixed != flags {
            file.to_mut().get_mut(FLAGS).into_iter().for_each(|flags| *flags = fixed);
        }
    }
    if let Some(at) = chunks.frame_flags.filter(|at| bytes.get(*at).is_some_and(|flags| flags & REPLACES == 0)) {
        file.to_mut().get_mut(at).into_iter().for_each(|flags| *flags |= REPLACES);
    }
    file
}

/// Walks the chunks. A chunk is its name (4 bytes), length (4), content, and a byte of padding after an odd length.
///
/// Refuses files for which the decoder would take more memory than the header suggests: a chunk that claims to be
/// longer than the file, and a bitstream whose own size exceeds the limits, whatever the size of the canvas.
fn walk<'a>(bytes: &'a [u8], limits: &DecodeLimits) -> Result<Chunks<'a>, DecodeError> {
    let mut found = Chunks {
        is_bare: true,
        has_content_credentials: false,
        exif: None,
        has_exif: false,
        has_xmp: false,
        has_alpha: false,
        is_opaque: false,
        frame_flags: None,
        lossy: None,
    };
    // The file begins with "RIFF", the length of the rest (4 bytes) and "WEBP".
    let length = bytes.get(4..8).and_then(|length| length.first_chunk()).ok_or(TRUNCATED)?;
    let mut has_alpha = false;
    // Whether the first bitstream has alpha.
    let mut first_has_alpha = None;
    // The size of the canvas, each side less one, and whether the first frame leaves a part of it empty.
    let (mut canvas, mut leaves_canvas) = (None, false);
    // The number of bytes behind the end that the header names. They are skipped.
    let beyond = bytes.len().saturating_sub((u32::from_le_bytes(*length) as usize).saturating_add(8));
    found.is_bare = beyond == 0;
    let mut rest = bytes.get(12..).ok_or(TRUNCATED)?;
    // The names of the chunks so far that a bare file can have. A second one of a name could hide data, since a decoder
    // reads only one.
    let mut known = Vec::with_capacity(4);
    while let &[a, b, c, d, l0, l1, l2, l3, ref after @ ..] = rest {
        let name = [a, b, c, d];
        let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        let Some(content) = after.get(..length) else {
            // An incomplete chunk is an error only if it begins inside the length that the header names.
            if rest.len() <= beyond {
                break;
            }
            return Err(TRUNCATED);
        };
        // Both bitstreams are pictures.
        let kind = if name == *b"VP8L" { *b"VP8 " } else { name };
        if known.contains(&kind) {
            found.is_bare = false;
        } else if matches!(&kind, b"VP8 " | b"ALPH" | b"VP8X" | b"ICCP") {
            known.push(kind);
        }
        match (&name, content) {
            // Frame tag (3 bytes), start code (3), then width and height of 14 bits each.
            (b"VP8 ", &[_, _, _, _, _, _, w0, w1, h0, h1, ..]) => {
                let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
                limits.check_size(side(w0, w1), side(h0, h1))?;
                found.lossy = found.lossy.or(Some(content));
                first_has_alpha = first_has_alpha.or(Some(has_alpha));
            }
            // Signature (1 byte), then width and height, each less one in 14 bits, and whether there is alpha.
            (b"VP8L", &[_, b0, b1, b2, b3, ..]) => {
                let bits = u32::from_le_bytes([b0, b1, b2, b3]);
                limits.check_size((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1)?;
                first_has_alpha = first_has_alpha.or(Some(bits >> 28 & 1 != 0));
            }
            // A frame: position and size (12 bytes), duration and flags (4), then chunks of its own, which are walked
            // like chunks of the file.
            (b"ANMF", _) => {
                found.is_bare = false;
                // The first six bytes are the position, and the next six are the size, each side less one.
                if found.frame_flags.is_none() {
                    let is_whole = content.get(..6) == Some(&[0; 6]) && content.get(6..12) == canvas;
                    leaves_canvas = !is_whole;
                }
                // The flags are the last of the 16 bytes.
                found.frame_flags = found.frame_flags.or(Some(bytes.len() - after.len() + 15));
                rest = after.get(16..).ok_or(TRUNCATED)?;
                continue;
            }
            (b"ALPH", _) => has_alpha = true,
            // Flags (4 bytes), then the size of the canvas (6). The decoder checks it.
            (b"VP8X", _) => canvas = canvas.or(content.get(4..10)),
            // The profile is compared by the caller.
            (b"ICCP", _) => {}
            (b"XMP ", _) => {
                found.is_bare = false;
                found.has_xmp |= rest.len() > beyond;
            }
            (b"EXIF", exif) => {
                found.is_bare = false;
                found.has_exif |= rest.len() > beyond;
                found.exif = found.exif.or_else(|| Exif::read(exif));
            }
            (b"C2PA", _) => (found.is_bare, found.has_content_credentials) = (false, true),
            _ => found.is_bare = false,
        }
        // The padding of the last chunk may be missing.
        rest = after.get(length + length % 2..).unwrap_or_default();
    }
    // The alpha of a lossy picture is in an ALPH chunk, which precedes the bitstream. A lossless bitstream has its
    // alpha inside, so it never counts as opaque.
    found.is_opaque = found.lossy.is_some() && !has_alpha;
    found.has_alpha = first_has_alpha.unwrap_or(false) || leaves_canvas;
    found.is_bare &= !has_alpha || found.lossy.is_some();
    Ok(found)
}
