//! Chunks: the parts of a PNG file.
//!
//! PNG (third edition), section 5.3: a chunk is the length of its data, a type of four letters, the data, and a CRC-32
//! over type and data. Numbers are big-endian. Before the first chunk is the PNG signature (section 5.2).

use crate::header::Header;
use crate::palette::Rgba;

/// The first eight bytes of every PNG file. They also show what a transfer as text would damage.
const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// The rendering intent "perceptual" of the `sRGB` chunk (section 11.3.2.5).
const PERCEPTUAL: u8 = 0;

/// Appends the signature and every chunk before the image data: `IHDR`, `sRGB` where asked for, and the palette.
pub(crate) fn begin(header: Header, srgb: bool, palette: &[Rgba], file: &mut Vec<u8>) {
    file.extend(SIGNATURE);
    let (width, height) = (header.width.to_be_bytes(), header.height.to_be_bytes());
    // Compression method deflate, filter method with five types, not interlaced: 0 each.
    append(*b"IHDR", &[&width, &height, &[header.bit_depth as u8, header.colour_type as u8, 0, 0, 0]], file);
    if srgb {
        append(*b"sRGB", &[&[PERCEPTUAL]], file);
    }
    if !palette.is_empty() {
        append_palette(palette, file);
    }
}

/// Appends an `IDAT` chunk: the next bytes of the zlib stream, in parts.
pub(crate) fn image_data(parts: &[&[u8]], file: &mut Vec<u8>) {
    append(*b"IDAT", parts, file);
}

/// Appends the `IEND` chunk.
pub(crate) fn end(file: &mut Vec<u8>) {
    append(*b"IEND", &[], file);
}

/// Appends `PLTE`, and `tRNS` unless every colour is opaque.
fn append_palette(palette: &[Rgba], file: &mut Vec<u8>) {
    let mut samples = [0; 3 * 256];
    for (sample, [red, green, blue, _]) in samples.as_chunks_mut().0.iter_mut().zip(palette) {
        *sample = [*red, *green, *blue];
    }
    append(*b"PLTE", &[&samples[..3 * palette.len()]], file);
    // Colours after the last entry of `tRNS` are opaque (section 11.3.1.1), so it ends with the last one that is not.
    let Some(last) = palette.iter().rposition(|[.., alpha]| *alpha < u8::MAX) else { return };
    let mut alphas = [0; 256];
    for (entry, [.., alpha]) in alphas.iter_mut().zip(palette) {
        *entry = *alpha;
    }
    append(*b"tRNS", &[&alphas[..=last]], file);
}

/// Appends a chunk whose data is `parts`, one after the other.
fn append(kind: [u8; 4], parts: &[&[u8]], file: &mut Vec<u8>) {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    assert!(length < 1 << 31, "invariant: a strip, and so a chunk, is below 2^31 bytes");
    file.reserve(length + 12);
    file.extend(u32::try_from(length).expect("invariant: below 2^31").to_be_bytes());
    file.extend(kind);
    let mut crc = crc32fast::Hasher::new();
    crc.update(&kind);
    for part in parts {
        file.extend_from_slice(part);
        crc.update(part);
    }
    file.extend(crc.finalize().to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::{BitDepth, ColourType};

    #[test]
    fn the_chunks_are_those_of_the_png_crate() {
        let colours: [Rgba; 5] = [[1, 2, 3, 0], [4, 5, 6, 77], [7, 8, 9, 255], [10, 11, 12, 255], [13, 14, 15, 254]];
        let cases: [(&[Rgba], Option<&[u8]>); 4] = [
            (&[], None),
            (&colours[2..4], None),
            (&colours[..4], Some(&[0, 77])),
            // A translucent colour after opaque ones.
            (&colours, Some(&[0, 77, 255, 255, 254])),
        ];
        for ((palette, alphas), srgb) in cases.into_iter().flat_map(|case| [(case, false), (case, true)]) {
            let (ours_type, theirs_type) = if palette.is_empty() {
                (ColourType::Truecolour, png::ColorType::Rgb)
            } else {
                (ColourType::IndexedColour, png::ColorType::Indexed)
            };
            let header = Header { width: 258, height: 7, colour_type: ours_type, bit_depth: BitDepth::Eight };
            let mut ours = Vec::new();
            begin(header, srgb, palette, &mut ours);
            image_data(&[b"ab", b"", b"c"], &mut ours);
            end(&mut ours);

            let mut theirs = Vec::new();
            let mut encoder = png::Encoder::new(&mut theirs, 258, 7);
            encoder.set_color(theirs_type);
            encoder.set_depth(png::BitDepth::Eight);
            if srgb {
                encoder.set_source_srgb(png::SrgbRenderingIntent::Perceptual);
            }
            if !palette.is_empty() {
                encoder.set_palette(palette.iter().flat_map(|[r, g, b, _]| [*r, *g, *b]).collect::<Vec<_>>());
            }
            if let Some(alphas) = alphas {
                encoder.set_trns(alphas.to_vec());
            }
            let mut writer = encoder.write_header().unwrap();
            writer.write_chunk(png::chunk::IDAT, b"abc").unwrap();
            writer.finish().unwrap();
            assert_eq!(ours, theirs, "{palette:?}, sRGB {srgb}");
        }
    }

    #[test]
    fn alpha_entries_end_with_the_last_colour_that_is_not_opaque_and_an_opaque_palette_has_none() {
        let file = |alphas: &[u8]| {
            let palette: Vec<Rgba> = alphas.iter().map(|alpha| [1, 2, 3, *alpha]).collect();
            let mut file = Vec::new();
            append_palette(&palette, &mut file);
            file.split_off(12 + 3 * alphas.len())
        };
        assert_eq!(file(&[255, 255]), [0; 0]);
        assert_eq!(file(&[0, 255, 254, 255])[..11], *b"\0\0\0\x03tRNS\0\xff\xfe");
    }
}
