//! WebP, by `image-webp`. The first frame of an animation is read.
//!
//! With `Codec::Fast`, libwebp reads the pixels of a still, lossy, opaque picture. Where it finds anything wrong,
//! `image-webp` reads them again, and its result counts. Lossless pictures and alpha channels are always read by
//! `image-webp`: libwebp accepts a broken stream of that kind that ends some bits too late.
//!
//! Two readings of `image-webp` are corrected beforehand, in a copy of the file. It refuses an alpha flag without
//! alpha, which other decoders read as opaque. And it blends the first frame of an animation with the empty canvas
//! where the frame asks for that, which makes colours a level darker.

use std::borrow::Cow;
use std::io::Cursor;

use image_webp::{DecodingError, WebPDecoder};

use super::{DecodeError, DecodeLimits, DecodeOptions, Header, Pixels, Read, Scratch};
use crate::format::SourceFormat;
#[cfg(feature = "libwebp")]
use crate::pixels::codec::Codec;
use crate::pixels::colour::{Channels, ColourTag, Samples};
use crate::pixels::orientation::Orientation;
use crate::pixels::srgb;

const FORMAT: SourceFormat = SourceFormat::WebP;
const TRUNCATED: DecodeError = DecodeError::Truncated { format: FORMAT };

/// Reads the header. Returns it, the bytes that the samples take, and the decoder.
pub(super) fn open<'a>(
    bytes: &'a [u8],
    options: &DecodeOptions,
) -> Result<(Header, u64, Box<dyn Pixels + 'a>), DecodeError> {
    let limits = &options.limits;
    let chunks = walk(bytes, limits)?;
    let mut decoder = WebPDecoder::new(Cursor::new(mended(bytes, &chunks))).map_err(|error| corrupt(&error))?;
    let (width, height) = decoder.dimensions();
    let size = limits.check_size(width, height)?;
    // The decoder applies this limit to profiles and tags alone.
    decoder.set_memory_limit(usize::try_from(limits.metadata_bytes).unwrap_or(usize::MAX));
    // A profile that cannot be read counts as a broken one. Tags that cannot be read are ignored.
    let icc = decoder.icc_profile().unwrap_or_else(|_| Some(Vec::new()));
    let exif = decoder.exif_metadata().ok().flatten();
    let is_bare = chunks.is_bare && icc.as_ref().is_none_or(|icc| *icc == srgb::profile());
    let header = Header {
        size,
        orientation: exif.as_deref().map_or(Orientation::UPRIGHT, Orientation::from_exif),
        colour_tags: icc.map(ColourTag::Icc).into_iter().collect(),
        is_bare,
        has_content_credentials: chunks.has_content_credentials,
    };
    // A size that overflows is above every limit.
    let needed = decoder.output_buffer_size().map_or(u64::MAX, |bytes| bytes as u64);
    let pixels = WebP {
        decoder,
        #[cfg(feature = "libwebp")]
        fast: asked(&chunks, options.codec),
    };
    Ok((header, needed, Box::new(pixels)))
}

struct WebP<'a> {
    decoder: WebPDecoder<Cursor<Cow<'a, [u8]>>>,
    /// The VP8 bitstream, where libwebp is to read it. Given the whole file, libwebp would read on behind the end of
    /// the chunk.
    #[cfg(feature = "libwebp")]
    fast: Option<&'a [u8]>,
}

/// What libwebp is to read.
#[cfg(feature = "libwebp")]
fn asked<'a>(chunks: &Chunks<'a>, codec: Codec) -> Option<&'a [u8]> {
    chunks.plainly_lossy().filter(|_| codec == Codec::Fast)
}

#[cfg(feature = "libwebp")]
impl WebP<'_> {
    /// Decodes with libwebp. Returns false where it is not to be used, or finds anything wrong with the file.
    fn read_fast(&self, pixels: &mut [u8]) -> bool {
        use smart_resize_webp::{Layout, decode};
        let (width, height) = self.decoder.dimensions();
        self.fast.is_some_and(|bitstream| decode(bitstream, width, height, Layout::Rgb, pixels).is_ok())
    }
}

impl Pixels for WebP<'_> {
    fn read(mut self: Box<Self>, mut bytes: Vec<u8>, _: &mut Scratch) -> Result<Read, DecodeError> {
        bytes.fill(0);
        #[cfg(feature = "libwebp")]
        let is_read = self.read_fast(&mut bytes);
        #[cfg(not(feature = "libwebp"))]
        let is_read = false;
        if !is_read {
            self.decoder.read_image(&mut bytes).map_err(|error| corrupt(&error))?;
        }
        let samples = Samples { channels: Channels::Rgb, has_alpha: self.decoder.has_alpha(), wide: false, bytes };
        Ok(Read { samples, is_verified: true })
    }
}

fn corrupt(error: &DecodingError) -> DecodeError {
    DecodeError::Corrupt { format: FORMAT, message: error.to_string() }
}

struct Chunks<'a> {
    /// Nothing but one picture, and at most a profile, is in the file.
    is_bare: bool,
    has_content_credentials: bool,
    /// It has a lossy bitstream and no alpha chunk.
    is_opaque: bool,
    /// Where the first frame of an animation has its flags.
    frame_flags: Option<usize>,
    /// The first lossy bitstream.
    lossy: Option<&'a [u8]>,
}

#[cfg(feature = "libwebp")]
impl<'a> Chunks<'a> {
    /// The bitstream of a still, opaque picture. It must begin with a key frame and name a colour space that exists:
    /// `image-webp` refuses any other, and libwebp accepts it.
    fn plainly_lossy(&self) -> Option<&'a [u8]> {
        // Frame tag, whose lowest bit is 0 for a key frame (3), start code (3), size (4), then coded bits, of which the
        // first, for the colour space, is the highest of a byte.
        let is_plain = |stream: &[u8]| matches!(stream, [tag, _, _, _, _, _, _, _, _, _, coded, ..] if tag & 1 == 0 && coded & 0x80 == 0);
        self.lossy.filter(|stream| self.is_opaque && self.frame_flags.is_none() && is_plain(stream))
    }
}

/// The file with the two corrections that the module describes, copied only if one is needed.
fn mended<'a>(bytes: &'a [u8], chunks: &Chunks<'_>) -> Cow<'a, [u8]> {
    /// Offset of the flags in the extended header, which is the first chunk.
    const FLAGS: usize = 20;
    const ALPHA: u8 = 0x10;
    /// The flag of a frame that replaces the canvas below it.
    const REPLACES: u8 = 0x02;
    let mut file = Cow::Borrowed(bytes);
    let flags = bytes.get(FLAGS).filter(|_| bytes.get(12..16) == Some(b"VP8X")).copied().unwrap_or(0);
    if flags & ALPHA != 0 && chunks.is_opaque && chunks.frame_flags.is_none() {
        file.to_mut().get_mut(FLAGS).into_iter().for_each(|flags| *flags &= !ALPHA);
    }
    if let Some(at) = chunks.frame_flags.filter(|at| bytes.get(*at).is_some_and(|flags| flags & REPLACES == 0)) {
        file.to_mut().get_mut(at).into_iter().for_each(|flags| *flags |= REPLACES);
    }
    file
}

/// Walks the chunks: name (4), length (4), content, a byte of padding after an odd length. Refuses a file whose decoder
/// would take more memory than its header tells: a chunk that claims to be longer than the file, and a bitstream whose
/// own size exceeds the limits, whatever the canvas says.
fn walk<'a>(bytes: &'a [u8], limits: &DecodeLimits) -> Result<Chunks<'a>, DecodeError> {
    let mut found =
        Chunks { is_bare: true, has_content_credentials: false, is_opaque: false, frame_flags: None, lossy: None };
    let length = bytes.get(4..8).and_then(|length| length.first_chunk()).ok_or(TRUNCATED)?;
    let mut has_alpha = false;
    // Data behind the end that the header names is skipped.
    let beyond = bytes.len().saturating_sub((u32::from_le_bytes(*length) as usize).saturating_add(8));
    found.is_bare = beyond == 0;
    let mut rest = bytes.get(12..).ok_or(TRUNCATED)?;
    while let &[a, b, c, d, l0, l1, l2, l3, ref after @ ..] = rest {
        let name = [a, b, c, d];
        let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        let Some(content) = after.get(..length) else {
            if rest.len() <= beyond {
                break;
            }
            return Err(TRUNCATED);
        };
        match (&name, content) {
            // Frame tag (3), start code (3), width and height of 14 bits each.
            (b"VP8 ", &[_, _, _, _, _, _, w0, w1, h0, h1, ..]) => {
                let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
                limits.check_size(side(w0, w1), side(h0, h1))?;
                found.lossy = found.lossy.or(Some(content));
            }
            // Signature (1), width and height less one of 14 bits each.
            (b"VP8L", &[_, b0, b1, b2, b3, ..]) => {
                let bits = u32::from_le_bytes([b0, b1, b2, b3]);
                limits.check_size((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1)?;
            }
            // A frame: position and size (12), duration and flags (4), then chunks of its own, which are walked through
            // as if they stood beside it.
            (b"ANMF", _) => {
                found.is_bare = false;
                // 15 bytes behind the beginning of the content.
                found.frame_flags = found.frame_flags.or(Some(bytes.len() - after.len() + 15));
                rest = after.get(16..).ok_or(TRUNCATED)?;
                continue;
            }
            (b"ALPH", _) => has_alpha = true,
            (b"VP8X" | b"ICCP", _) => {}
            (b"C2PA", _) => (found.is_bare, found.has_content_credentials) = (false, true),
            _ => found.is_bare = false,
        }
        // The last one's padding may be missing.
        rest = after.get(length + length % 2..).unwrap_or_default();
    }
    found.is_opaque = found.lossy.is_some() && !has_alpha;
    Ok(found)
}
