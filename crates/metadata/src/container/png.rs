//! Splits a PNG into its chunks (PNG specification, section 5.3).
//!
//! The picture is the header, the palette, the transparent colours, the description of colours, the first sequence of IDAT
//! chunks, and the end. Between the first IDAT chunk and the end nothing else belongs to it. A reader uses the still picture of
//! an animation if the chunks of the animation are missing.

use super::{Kind, Part, TextChunk};

/// The length of a file's signature.
const SIGNATURE: usize = 8;

/// The keyword of a text chunk with an XMP packet, and its end.
pub(crate) const XMP: &[u8] = b"XML:com.adobe.xmp\0";

pub(super) fn split<'a>(bytes: &'a [u8], mut each: impl FnMut(Part<'a>)) {
    let (signature, mut rest) = bytes.split_at_checked(SIGNATURE).unwrap_or_default();
    each(Part::new(Kind::Picture, signature));
    // Whether there was an IDAT chunk, and whether another chunk came behind it.
    let (mut has_idat, mut has_all_idat) = (false, false);
    // A chunk is its length (4 bytes), name (4), content and checksum (4). The last may be cut short.
    while let &[l0, l1, l2, l3, n0, n1, n2, n3, ref after @ ..] = rest {
        let length = u32::from_be_bytes([l0, l1, l2, l3]) as usize;
        let behind = after.get(length.saturating_add(4)..).unwrap_or_default();
        let name = [n0, n1, n2, n3];
        let kind = match &name {
            b"IDAT" if !has_all_idat => Kind::Picture,
            b"IEND" if length == 0 => Kind::Picture,
            b"IHDR" | b"PLTE" | b"tRNS" | b"cICP" | b"iCCP" | b"sRGB" | b"gAMA" | b"cHRM" | b"sBIT" if !has_idat => {
                Kind::Picture
            }
            b"eXIf" => Kind::Exif,
            b"caBX" => Kind::C2pa,
            b"tEXt" if after.starts_with(XMP) => Kind::XmpText(TextChunk::Plain),
            b"zTXt" if after.starts_with(XMP) => Kind::XmpText(TextChunk::Compressed),
            b"iTXt" if after.starts_with(XMP) => Kind::XmpText(TextChunk::International),
            _ => Kind::Other,
        };
        has_all_idat |= has_idat && name != *b"IDAT";
        has_idat |= name == *b"IDAT";
        let (chunk, _) = rest.split_at_checked(rest.len() - behind.len()).unwrap_or_default();
        // A chunk that is cut short has no content.
        let content = after.get(..length).filter(|_| kind != Kind::Picture && chunk.len() == length.saturating_add(12));
        each(Part::with_content(kind, chunk, content.unwrap_or_default()));
        rest = behind;
        if name == *b"IEND" {
            break;
        }
    }
    if !rest.is_empty() {
        each(Part::new(Kind::Other, rest));
    }
}
