//! Reads the facts of a file that are compared with a placement.

use crate::format::SourceFormat;
use crate::pixels::decode::{DecodeError, DecodeLimits, DecodeOptions, Probe, decode, probe};
use crate::plan::placement::FileFacts;

impl FileFacts {
    /// Reads the facts from the bytes of a file: format and upright size from its header, and whether it is animated
    /// from its structure. A file that could be transparent is decoded, since an alpha channel that is opaque
    /// throughout is not transparent.
    ///
    /// ```
    /// use smart_resize::pixels::Picture;
    /// use smart_resize::pixels::encode::encode;
    /// use smart_resize::plan::placement::{FileFacts, Placement, lint};
    /// use smart_resize::{Format, Size};
    ///
    /// let size = Size::new(728, 90)?;
    /// let file = encode(&Picture::from_rgb(size, vec![90; 728 * 90 * 3])?, Format::Png, &Default::default())?.bytes;
    /// let facts = FileFacts::read(&file, &Default::default())?;
    /// assert_eq!((facts.size, facts.transparent, facts.animated), (size, Some(false), Some(false)));
    /// assert_eq!(lint(Placement::named("google-leaderboard")?, &facts), []);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if the bytes are not a picture that this build reads, or exceed the limits.
    pub fn read(bytes: &[u8], limits: &DecodeLimits) -> Result<Self, DecodeError> {
        let Probe { format, size, .. } = probe(bytes, limits)?;
        let facts = Self::new(size, format, bytes.len() as u64);
        if format == SourceFormat::Jpeg {
            return Ok(facts);
        }
        let decoded = decode(bytes, &DecodeOptions::default().limits(*limits))?;
        Ok(facts.transparent(decoded.picture.layout().has_alpha()).animated(is_animated(bytes, format)))
    }
}

/// Whether a file has more than one frame. The bytes are a picture of `format` that has been decoded.
fn is_animated(bytes: &[u8], format: SourceFormat) -> bool {
    match format {
        SourceFormat::Png => has_animation_chunk(bytes),
        // The extended header has a flag for animations.
        SourceFormat::WebP => bytes.get(12..16) == Some(b"VP8X") && bytes.get(20).is_some_and(|flags| flags & 2 != 0),
        SourceFormat::Gif => has_second_image(bytes).unwrap_or(false),
        // A TIFF has pages, which are not frames.
        SourceFormat::Jpeg | SourceFormat::Bmp | SourceFormat::Tiff => false,
    }
}

/// Whether a PNG has an `acTL` chunk before its pixels. A chunk has a length, a name of 4 bytes, data and a checksum.
fn has_animation_chunk(bytes: &[u8]) -> bool {
    let mut rest = bytes.get(8..).unwrap_or_default();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        match after.first_chunk::<4>() {
            Some(b"acTL") => return true,
            Some(b"IDAT") | None => return false,
            Some(_) => {}
        }
        let next = usize::try_from(u32::from_be_bytes(*length)).ok().and_then(|length| length.checked_add(8));
        rest = next.and_then(|next| after.get(next..)).unwrap_or_default();
    }
    false
}

/// Whether a GIF has a second image. `None` if the file ends early.
fn has_second_image(bytes: &[u8]) -> Option<bool> {
    /// Returns the length of the colour table that the flags of a header announce.
    fn colour_table(flags: u8) -> usize {
        if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
    }
    /// Skips sub-blocks: each has its length in one byte, and the last one has the length 0.
    fn skip_blocks(mut bytes: &[u8]) -> Option<&[u8]> {
        loop {
            let (length, after) = bytes.split_first()?;
            bytes = after.get(usize::from(*length)..)?;
            if *length == 0 {
                return Some(bytes);
            }
        }
    }
    let mut rest = bytes.get(13 + colour_table(*bytes.get(10)?)..)?;
    let mut images = 0;
    loop {
        let (kind, after) = rest.split_first()?;
        rest = match kind {
            // An extension has a label before its sub-blocks.
            0x21 => skip_blocks(after.get(1..)?)?,
            0x2c => {
                images += 1;
                if images == 2 {
                    return Some(true);
                }
                // An image has nine bytes of header, a colour table and the width of its codes before its sub-blocks.
                skip_blocks(after.get(10 + colour_table(*after.get(8)?)..)?)?
            }
            _ => return Some(false),
        };
    }
}
