//! Reduces a picture losslessly to fewer bits per pixel.
//!
//! PNG (third edition), sections 6.1 and 12.4. In this order:
//!
//! - opaque grey: greyscale of the fewest bits that hold every level (1, 2 and 4 bits hold the multiples of 255, 85 and
//!   17), or a palette where the levels are few and need fewer bits so. Greyscale is preferred to a palette of as many
//!   bits, because it has no palette chunk and its scanlines can be filtered;
//! - at most 256 colours: a palette, where indices and palette take fewer bytes than samples;
//! - grey with alpha: greyscale with alpha;
//! - otherwise the samples as they are.

mod colour_set;
mod runs;

use self::colour_set::ColourSet;
use self::runs::runs;
use crate::header::{BitDepth, ColourType, Header};
use crate::image::PngImage;
use crate::pack::pack;
use crate::palette::{Palette, Rgba};

/// The chunk overhead of `PLTE` and `tRNS`: length, type and checksum each.
const TWO_CHUNKS: usize = 2 * 12;

/// A colour type with its bit depth, and the palette.
type Format = (ColourType, BitDepth, Palette);

/// The smallest image of the RGB or RGBA `pixels`. Its scanlines are in `buffer`, unless they are the pixels
/// themselves.
pub(crate) fn reduce<'a>(header: Header, pixels: &'a [u8], buffer: &'a mut Vec<u8>) -> PngImage<'a> {
    buffer.clear();
    let reduced = match header.colour_type {
        ColourType::Truecolour => reduce_rgb(header.width, pixels.as_chunks().0, buffer),
        ColourType::TruecolourAlpha => reduce_rgba(header.width, pixels.as_chunks().0, buffer),
        other => unreachable!("invariant: pixels are RGB or RGBA, not {other:?}"),
    };
    match reduced {
        Some((colour_type, bit_depth, palette)) => {
            PngImage { header: Header { colour_type, bit_depth, ..header }, palette, rows: buffer }
        }
        None => PngImage { header, palette: Palette::EMPTY, rows: pixels },
    }
}

/// Writes reduced scanlines to `rows` and returns their format. `None` leaves the pixels as they are.
fn reduce_rgb(width: u32, pixels: &[[u8; 3]], rows: &mut Vec<u8>) -> Option<Format> {
    if pixels.iter().all(|[r, g, b]| r == g && g == b) {
        Some(reduce_grey(width, pixels, rows))
    } else {
        reduce_to_palette(width, pixels, |[r, g, b]| [r, g, b, u8::MAX], 3, rows)
    }
}

/// As [`reduce_rgb`].
fn reduce_rgba(width: u32, pixels: &[[u8; 4]], rows: &mut Vec<u8>) -> Option<Format> {
    let is_grey = pixels.iter().all(|[r, g, b, _]| r == g && g == b);
    let palette = reduce_to_palette(width, pixels, |pixel| pixel, if is_grey { 2 } else { 4 }, rows);
    if palette.is_none() && is_grey {
        rows.extend(pixels.iter().flat_map(|[level, _, _, alpha]| [*level, *alpha]));
        return Some((ColourType::GreyscaleAlpha, BitDepth::Eight, Palette::EMPTY));
    }
    palette
}

/// Opaque grey as greyscale or as a palette, whichever has fewer bits per pixel.
fn reduce_grey(width: u32, pixels: &[[u8; 3]], rows: &mut Vec<u8>) -> Format {
    // Which levels occur.
    let levels = || pixels.iter().map(|[level, ..]| *level);
    let mut is_used = [false; 256];
    for level in levels() {
        is_used[usize::from(level)] = true;
    }
    let used = || (0..=u8::MAX).zip(is_used).filter_map(|(level, is_used)| is_used.then_some(level));
    // The lowest depth of greyscale that holds each of them.
    let is_exact = |depth: &BitDepth| used().all(|level| level % depth.grey_step() == 0);
    let depths = [BitDepth::One, BitDepth::Two, BitDepth::Four, BitDepth::Eight];
    let depth = depths.into_iter().find(is_exact).expect("invariant: 8 bits hold every level");

    let colours = used().count();
    let palette_depth = BitDepth::of_palette(colours);
    // A palette must also save more than it takes itself.
    if palette_depth < depth && pixels.len() > 4 * colours + 32 {
        let mut index_of = [0; 256];
        let mut palette = [[0; 4]; 256];
        for ((level, index), colour) in used().zip(0..=u8::MAX).zip(&mut palette) {
            index_of[usize::from(level)] = index;
            *colour = [level, level, level, u8::MAX];
        }
        // Both tables are in the order of the levels, which is the order of brightness.
        pack(width, levels().map(|level| index_of[usize::from(level)]), palette_depth, rows);
        return (ColourType::IndexedColour, palette_depth, Palette::new(&palette[..colours]));
    }
    pack(width, levels().map(|level| level / depth.grey_step()), depth, rows);
    (ColourType::Greyscale, depth, Palette::EMPTY)
}

/// A palette, if there are at most 256 colours and it is smaller than `bytes_per_pixel` for each pixel.
///
/// Colours are looked up once per run of equal pixels, of which pictures with few colours mostly consist.
fn reduce_to_palette<const N: usize>(
    width: u32,
    pixels: &[[u8; N]],
    to_rgba: impl Fn([u8; N]) -> Rgba,
    bytes_per_pixel: usize,
    rows: &mut Vec<u8>,
) -> Option<Format> {
    // First pass: the colours, until there are too many.
    let runs = || runs(pixels).map(|(pixel, length)| (to_rgba(pixel), length));
    let mut colours = ColourSet::new();
    if !runs().all(|(colour, _)| colours.try_insert(colour)) {
        return None;
    }
    let palette = colours.sort();
    let depth = BitDepth::of_palette(palette.len());
    let indexed_bytes = pixels.len() / (8 / usize::from(depth.bits())) + palette.len() * 4 + TWO_CHUNKS;
    if indexed_bytes >= pixels.len() * bytes_per_pixel {
        return None;
    }
    // Second pass: the indices. With 8 bits a run is filled at once.
    if depth == BitDepth::Eight {
        rows.reserve(pixels.len());
        for (colour, length) in runs() {
            rows.resize(rows.len() + length, colours.index(colour));
        }
    } else {
        pack(
            width,
            runs().flat_map(|(colour, length)| std::iter::repeat_n(colours.index(colour), length)),
            depth,
            rows,
        );
    }
    Some((ColourType::IndexedColour, depth, palette))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The format of a picture of one row whose pixels alternate between two.
    fn format<const N: usize>(width: u32, [a, b]: [[u8; N]; 2]) -> (ColourType, BitDepth, usize) {
        let pixels: Vec<u8> = (0..width).flat_map(|x| if x % 2 == 0 { a } else { b }).collect();
        let colour_type = if N == 3 { ColourType::Truecolour } else { ColourType::TruecolourAlpha };
        let header = Header { width, height: 1, colour_type, bit_depth: BitDepth::Eight };
        let mut buffer = vec![7; 3];
        let image = reduce(header, &pixels, &mut buffer);
        assert_eq!(image.rows.len(), image.header.row_bytes());
        (image.header.colour_type, image.header.bit_depth, image.palette.len())
    }

    #[test]
    fn a_palette_of_grey_has_more_than_4_pixels_per_colour_and_32() {
        let of = |width| format(width, [[1; 3], [2; 3]]);
        assert_eq!(of(40), (ColourType::Greyscale, BitDepth::Eight, 0));
        assert_eq!(of(41), (ColourType::IndexedColour, BitDepth::One, 2));
    }

    #[test]
    fn greyscale_is_preferred_to_a_palette_of_as_many_bits() {
        assert_eq!(format(1000, [[0; 3], [255; 3]]), (ColourType::Greyscale, BitDepth::One, 0));
        assert_eq!(format(1000, [[0; 3], [170; 3]]), (ColourType::IndexedColour, BitDepth::One, 2));
    }

    /// Two colours of 1 bit: 32 bytes for palette and chunks, and an eighth of a byte per pixel.
    #[test]
    fn a_palette_is_smaller_than_the_samples_with_its_colours_and_chunks() {
        let rgb = |width| format(width, [[1, 2, 3], [3, 2, 1]]);
        assert_eq!((rgb(11).0, rgb(12).0), (ColourType::Truecolour, ColourType::IndexedColour));
        let rgba = |width| format(width, [[1, 2, 3, 4], [3, 2, 1, 4]]);
        assert_eq!((rgba(8).0, rgba(9).0), (ColourType::TruecolourAlpha, ColourType::IndexedColour));
    }

    #[test]
    fn grey_with_alpha_is_compared_with_two_bytes_per_pixel() {
        let of = |width| format(width, [[1, 1, 1, 4], [3, 3, 3, 4]]);
        assert_eq!(of(17), (ColourType::GreyscaleAlpha, BitDepth::Eight, 0));
        assert_eq!(of(18), (ColourType::IndexedColour, BitDepth::One, 2));
    }
}
