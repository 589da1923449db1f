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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::size::Size;

    fn png(chunks: &[(&[u8; 4], usize)]) -> Vec<u8> {
        let chunk = |(name, length): &(&[u8; 4], usize)| {
            // The data and the checksum are zeros.
            [&u32::try_from(*length).unwrap().to_be_bytes()[..], &name[..], &vec![0; length + 4]].concat()
        };
        [vec![0; 8], chunks.iter().flat_map(chunk).collect()].concat()
    }

    #[test]
    fn an_animation_chunk_counts_only_before_the_pixels() {
        assert!(has_animation_chunk(&png(&[(b"IHDR", 13), (b"tEXt", 5), (b"acTL", 8), (b"IDAT", 9)])));
        assert!(!has_animation_chunk(&png(&[(b"IHDR", 13), (b"IDAT", 9), (b"acTL", 8)])));
        assert!(!has_animation_chunk(&png(&[(b"IHDR", 13)])));
        assert!(!has_animation_chunk(&[&[0; 8][..], &[255; 12]].concat()));
    }

    #[test]
    fn an_animated_webp_has_the_second_flag_of_the_extended_header() {
        let webp = |name: &[u8; 4], flags: u8| [b"RIFF\0\0\0\0WEBP", &name[..], &[10, 0, 0, 0, flags]].concat();
        assert!(is_animated(&webp(b"VP8X", 0b0000_0010), SourceFormat::WebP));
        assert!(!is_animated(&webp(b"VP8X", 0b0011_1101), SourceFormat::WebP));
        assert!(!is_animated(&webp(b"VP8L", 0b0000_0010), SourceFormat::WebP));
    }

    /// A colour table of four colours is announced by the flags 0x81.
    const FOUR_COLOURS: [u8; 12] = [0x2c; 12];

    fn gif(parts: &[&[u8]]) -> Vec<u8> {
        let header = [&b"GIF89a\x08\0\x06\0\x81\0\0"[..], &FOUR_COLOURS].concat();
        [header, parts.concat()].concat()
    }

    #[test]
    fn an_animated_gif_has_a_second_image_after_any_tables_and_extensions() {
        // A loop count, and two images. The second one has a colour table of its own.
        let extension = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0";
        let plain = b"\x2c\0\0\0\0\x08\0\x06\0\0\x02\x03\x2c\x2c\x2c\0";
        let own = [&b"\x2c\0\0\0\0\x08\0\x06\0\x81"[..], &FOUR_COLOURS, b"\x02\x01\x2c\0"].concat();
        assert_eq!(has_second_image(&gif(&[extension, plain, b"\x3b"])), Some(false));
        assert_eq!(has_second_image(&gif(&[extension, &own, b"\x3b"])), Some(false));
        assert_eq!(has_second_image(&gif(&[&own, extension, plain, b"\x3b"])), Some(true));
    }

    #[test]
    fn a_gif_that_ends_early_is_not_animated() {
        assert_eq!(has_second_image(&gif(&[b"\x2c\0\0"])), None);
        assert!(!is_animated(&gif(&[b"\x2c\0\0"]), SourceFormat::Gif));
    }

    #[test]
    fn an_alpha_channel_that_is_opaque_throughout_is_not_transparent() {
        let is_transparent = |alpha: u8| {
            let size = Size::new(4, 3).unwrap();
            let mut file = Vec::new();
            let mut encoder = png::Encoder::new(&mut file, 4, 3);
            encoder.set_color(png::ColorType::Rgba);
            let mut pixels = vec![255; 48];
            pixels[3] = alpha;
            encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
            let facts = FileFacts::read(&file, &DecodeLimits::default()).unwrap();
            assert_eq!(facts.size, size);
            facts.transparent
        };
        assert_eq!([255, 254].map(is_transparent), [Some(false), Some(true)]);
    }
}
