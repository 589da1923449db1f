//! The file around the pixels (PNG, third edition, sections 5 and 11): a signature, and chunks, each with its length, its
//! name, what it holds and a sum over the last two.

use png::SrgbRenderingIntent;

use super::reduce::{Colour, Shape};

const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// Appends what comes before the pixels: their size and kind, that they are sRGB, and their palette.
pub(super) fn begin(shape: Shape, palette: &[Colour], file: &mut Vec<u8>) {
    file.extend(SIGNATURE);
    let (width, height) = (shape.size.width().to_be_bytes(), shape.size.height().to_be_bytes());
    // Deflate, the five filters, not interlaced.
    chunk(*b"IHDR", &[&width, &height, &[shape.depth as u8, shape.kind as u8, 0, 0, 0]], file);
    chunk(*b"sRGB", &[&[SrgbRenderingIntent::Perceptual as u8]], file);
    if !palette.is_empty() {
        let mut channels = [0; 3 * 256];
        for (place, [red, green, blue, _]) in channels.as_chunks_mut().0.iter_mut().zip(palette) {
            *place = [*red, *green, *blue];
        }
        chunk(*b"PLTE", &[channels.get(..3 * palette.len()).unwrap_or(&channels)], file);
        // Opaque colours come last and need no entry.
        let mut alpha = [0; 256];
        let clear = palette.iter().take_while(|[.., alpha]| *alpha < u8::MAX);
        let many = alpha.iter_mut().zip(clear).map(|(place, [.., alpha])| *place = *alpha).count();
        if many > 0 {
            chunk(*b"tRNS", &[alpha.get(..many).unwrap_or(&alpha)], file);
        }
    }
}

/// Appends pixels, as parts of the one stream of all of them.
pub(super) fn pixels(parts: &[&[u8]], file: &mut Vec<u8>) {
    chunk(*b"IDAT", parts, file);
}

pub(super) fn end(file: &mut Vec<u8>) {
    chunk(*b"IEND", &[], file);
}

/// Appends a chunk of `parts`, fewer than 2^31 bytes.
fn chunk(name: [u8; 4], parts: &[&[u8]], file: &mut Vec<u8>) {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    debug_assert!(length < 1 << 31);
    file.reserve(length + 12);
    file.extend(u32::try_from(length).unwrap_or(0).to_be_bytes());
    file.extend(name);
    let mut sum = crc32fast::Hasher::new();
    sum.update(&name);
    for part in parts {
        file.extend_from_slice(part);
        sum.update(part);
    }
    file.extend(sum.finalize().to_be_bytes());
}

#[cfg(test)]
mod tests {
    use png::{BitDepth, ColorType};

    use super::*;
    use crate::size::Size;

    #[test]
    fn the_file_is_that_of_the_png_crate() {
        let colours: Vec<Colour> = vec![[1, 2, 3, 0], [4, 5, 6, 77], [7, 8, 9, 255], [10, 11, 12, 255]];
        for (kind, palette) in
            [(ColorType::Rgb, &[][..]), (ColorType::Indexed, &colours), (ColorType::Indexed, &colours[2..])]
        {
            let shape = Shape { size: Size::new(258, 7).unwrap(), kind, depth: BitDepth::Eight };
            let mut ours = Vec::new();
            begin(shape, palette, &mut ours);
            pixels(&[b"ab", b"", b"c"], &mut ours);
            end(&mut ours);

            let mut theirs = Vec::new();
            let mut encoder = png::Encoder::new(&mut theirs, 258, 7);
            encoder.set_color(kind);
            encoder.set_depth(BitDepth::Eight);
            encoder.set_source_srgb(SrgbRenderingIntent::Perceptual);
            if !palette.is_empty() {
                encoder.set_palette(palette.iter().flat_map(|[r, g, b, _]| [*r, *g, *b]).collect::<Vec<_>>());
            }
            if palette.len() > 2 {
                encoder.set_trns(vec![0, 77]);
            }
            let mut writer = encoder.write_header().unwrap();
            writer.write_chunk(png::chunk::IDAT, b"abc").unwrap();
            writer.finish().unwrap();
            assert_eq!(ours, theirs, "{kind:?}");
        }
    }
}
