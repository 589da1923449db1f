//! Splits a WebP into its chunks (RFC 9649, section 2.3).
//!
//! The picture is the first chunk of each of these kinds: the extended header, the profile, the alpha, the bitstream. A chunk
//! behind the bitstream does not belong to it. Animations are not split: their frames have chunks of their own.

use super::{Kind, Part};

/// The flags in the extended header, and the offset of their byte if the extended header is the first chunk.
const EXIF: u8 = 0x08;
const XMP: u8 = 0x04;
const ANIMATION: u8 = 0x02;
const FLAGS: usize = 20;

/// The length of the content of an extended header.
const EXTENDED_HEADER: usize = 10;

/// The length of "RIFF", the length of the rest, and "WEBP".
const RIFF_HEADER: usize = 12;

pub(super) fn split<'a>(bytes: &'a [u8], mut each: impl FnMut(Part<'a>)) {
    // Data behind the length that the header names is not part of the file.
    let named = bytes.get(4..8).and_then(|length| length.first_chunk()).map_or(0, |length| u32::from_le_bytes(*length));
    let (file, trailer) = bytes.split_at_checked((named as usize).saturating_add(8)).unwrap_or((bytes, &[]));
    let (header, mut rest) = file.split_at_checked(RIFF_HEADER).unwrap_or_default();
    each(Part::new(Kind::Picture, header));
    // The names of the picture's chunks so far.
    let mut seen = Vec::with_capacity(4);
    // A chunk is its name (4 bytes), length (4), content, and a byte of padding after an odd length. The last may be cut short.
    while let &[a, b, c, d, l0, l1, l2, l3, ref after @ ..] = rest {
        let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        let behind = after.get(length.saturating_add(length % 2)..).unwrap_or_default();
        // Both bitstreams are pictures.
        let name = if [a, b, c, d] == *b"VP8L" { *b"VP8 " } else { [a, b, c, d] };
        let kind = match &name {
            // A shorter header is invalid.
            b"VP8X" if seen.is_empty() && length >= EXTENDED_HEADER => Kind::Picture,
            b"ICCP" | b"ALPH" | b"VP8 " if !seen.contains(&name) && !seen.contains(b"VP8 ") => Kind::Picture,
            b"EXIF" => Kind::Exif,
            b"XMP " => Kind::Xmp,
            b"C2PA" => Kind::C2pa,
            _ => Kind::Other,
        };
        if kind == Kind::Picture {
            seen.push(name);
        }
        let (chunk, _) = rest.split_at_checked(rest.len() - behind.len()).unwrap_or_default();
        // A chunk that is cut short has no content.
        let content = after.get(..length).filter(|_| kind != Kind::Picture).unwrap_or_default();
        each(Part::with_content(kind, chunk, content));
        rest = behind;
    }
    for behind in [rest, trailer].into_iter().filter(|behind| !behind.is_empty()) {
        each(Part::new(Kind::Other, behind));
    }
}

/// Corrects the length and the flags of a file that lost chunks. Returns false if it is an animation, or has no bitstream, as
/// an animation without its frames has none.
pub(crate) fn seal(file: &mut Vec<u8>) -> bool {
    // The padding of the last chunk may have been missing.
    if !file.len().is_multiple_of(2) {
        file.push(0);
    }
    let length = u32::try_from(file.len().saturating_sub(8)).unwrap_or(u32::MAX);
    if let Some(field) = file.get_mut(4..8) {
        field.copy_from_slice(&length.to_le_bytes());
    }
    let mut has_bitstream = false;
    split(file, |part| has_bitstream |= part.bytes.starts_with(b"VP8 ") || part.bytes.starts_with(b"VP8L"));
    if file.get(RIFF_HEADER..RIFF_HEADER + 4) != Some(b"VP8X") {
        return has_bitstream;
    }
    file.get_mut(FLAGS).is_some_and(|flags| {
        *flags &= !(EXIF | XMP);
        has_bitstream && *flags & ANIMATION == 0
    })
}

/// Appends an XMP chunk to a file without metadata, and sets its flag. A simple file gets an extended header. `None` if the
/// bitstream has no size, or the file would be too long.
pub(crate) fn add_xmp(file: &mut Vec<u8>, content: &[u8]) -> Option<()> {
    if file.get(RIFF_HEADER..RIFF_HEADER + 4) != Some(b"VP8X") {
        let header = extended_header(file.get(RIFF_HEADER..)?)?;
        file.splice(RIFF_HEADER..RIFF_HEADER, [b"VP8X\x0a\0\0\0", &header[..]].concat());
    }
    *file.get_mut(FLAGS)? |= XMP;
    file.extend(b"XMP ");
    file.extend(u32::try_from(content.len()).ok()?.to_le_bytes());
    file.extend(content);
    // The chunks before have even lengths.
    file.resize(file.len().next_multiple_of(2), 0);
    let length = u32::try_from(file.len().checked_sub(8)?).ok()?;
    file.get_mut(4..8)?.copy_from_slice(&length.to_le_bytes());
    Some(())
}

/// Returns the extended header for a bitstream: flags (1 byte), 3 reserved bytes, then width and height, each less one in 24 bits.
fn extended_header(chunk: &[u8]) -> Option<[u8; 10]> {
    const ALPHA: u8 = 0x10;
    let (name, content) = (chunk.get(..4)?, chunk.get(8..)?);
    let (alpha, width, height) = match (name, content) {
        // Frame tag (3 bytes), start code (3), then width and height of 14 bits each.
        (b"VP8 ", &[_, _, _, _, _, _, w0, w1, h0, h1, ..]) => {
            let side = |low, high| (u16::from_le_bytes([low, high]) & 0x3fff).checked_sub(1);
            (0, side(w0, w1)?, side(h0, h1)?)
        }
        // Signature (1 byte), then width and height, each less one in 14 bits, and whether there is alpha.
        (b"VP8L", &[_, b0, b1, b2, b3, ..]) => {
            let bits = u32::from_le_bytes([b0, b1, b2, b3]);
            let side = |bits: u32| u16::try_from(bits & 0x3fff).ok();
            (if bits >> 28 & 1 == 0 { 0 } else { ALPHA }, side(bits)?, side(bits >> 14)?)
        }
        _ => return None,
    };
    let ([w0, w1], [h0, h1]) = (width.to_le_bytes(), height.to_le_bytes());
    Some([alpha, 0, 0, 0, w0, w1, 0, h0, h1, 0])
}
