//! YCbCr to RGB (JFIF 1.02, section 7), with the integers of libjpeg's `jdcolor`.
//!
//! With `cb` and `cr` from -128 to 127, and all coefficients in 65,536ths:
//!
//! ```text
//! R = Y + (91881 cr + 32768 >> 16)
//! G = Y + (-22554 cb - 46802 cr + 32768 >> 16)
//! B = Y + (116130 cb + 32768 >> 16)
//! ```
//!
//! The vector form multiplies 16-bit numbers. So whole multiples of 65,536 are taken out of the coefficients, which is
//! exact: 91881 is 65536 + 26345, 46802 is 65536 - 18734, and 116130 is 131072 - 14942.

use fearless_simd::prelude::*;
use fearless_simd::{Simd, i16x8, u8x16, u16x8};

use crate::dct::Pairs;

/// The number of pixels that are converted at a time.
pub(super) const GROUP: usize = 16;

/// An index that selects no byte and so gives zero.
const ZERO: u8 = 0x80;

/// For each 16 bytes of interleaved pixels, and for each channel, the index of the sample for each byte.
const PLACES: [[[u8; 16]; 3]; 3] = places();

const fn places() -> [[[u8; 16]; 3]; 3] {
    let mut places = [[[ZERO; 16]; 3]; 3];
    let mut at = 0;
    while at < 3 * GROUP {
        places[at / 16][at % 3][at % 16] = (at / 3) as u8;
        at += 1;
    }
    places
}

/// Converts rows of YCbCr, or of RGB, to interleaved RGB. The rows have at least as many samples as the picture has
/// columns, rounded up to whole [`GROUP`]s.
///
/// No closure is passed to a function of `core` here: it would not be compiled for the detected instruction set.
#[inline(always)]
pub(super) fn interleave<S: Simd>(simd: S, is_rgb: bool, rows: [&[u8]; 3], rgb: &mut [u8]) {
    let mut places = [[u8x16::splat(simd, 0); 3]; 3];
    for (places, indices) in places.iter_mut().zip(&PLACES) {
        for (place, indices) in places.iter_mut().zip(indices) {
            *place = u8x16::from_slice(simd, indices);
        }
    }
    let [first, second, third] = rows;
    let groups = first.as_chunks::<GROUP>().0.iter();
    let groups = groups.zip(second.as_chunks::<GROUP>().0).zip(third.as_chunks::<GROUP>().0);
    for (((first, second), third), out) in groups.zip(rgb.chunks_mut(3 * GROUP)) {
        let samples = [u8x16::from_slice(simd, first), u8x16::from_slice(simd, second), u8x16::from_slice(simd, third)];
        let [r, g, b] = if is_rgb { samples } else { converted(simd, samples) };
        let mut pixels = [0; 3 * GROUP];
        for ([r_at, g_at, b_at], pixels) in places.iter().zip(pixels.as_chunks_mut::<16>().0) {
            let bytes = simd.swizzle_dyn_precise_u8x16(r, *r_at)
                | simd.swizzle_dyn_precise_u8x16(g, *g_at)
                | simd.swizzle_dyn_precise_u8x16(b, *b_at);
            bytes.store_array(pixels);
        }
        // The last group may have fewer pixels.
        let length = out.len();
        out.copy_from_slice(&pixels[..length]);
    }
}

/// Joins rows of interleaved colours and of black to CMYK. A sample is inverted if its mask is 255, and kept if it is 0: first
/// the mask of the colours, then that of black.
pub(super) fn add_black([colours_mask, black_mask]: [u8; 2], colours: &[u8], black: &[u8], cmyk: &mut [u8]) {
    let pixels = cmyk.as_chunks_mut::<4>().0.iter_mut().zip(colours.as_chunks::<3>().0).zip(black);
    for ((pixel, [c, m, y]), k) in pixels {
        *pixel = [c ^ colours_mask, m ^ colours_mask, y ^ colours_mask, k ^ black_mask];
    }
}

/// Sixteen pixels of YCbCr as red, green and blue.
#[inline(always)]
fn converted<S: Simd>(simd: S, [y, cb, cr]: [u8x16<S>; 3]) -> [u8x16<S>; 3] {
    let [y0, y1] = halves(simd, y, 0);
    let [cb0, cb1] = halves(simd, cb, 128);
    let [cr0, cr1] = halves(simd, cr, 128);
    let [r0, g0, b0] = eight(simd, y0, cb0, cr0);
    let [r1, g1, b1] = eight(simd, y1, cb1, cr1);
    [clipped(simd, r0, r1), clipped(simd, g0, g1), clipped(simd, b0, b1)]
}

/// Widens the samples to 16 bits, less `level`.
#[inline(always)]
fn halves<S: Simd>(simd: S, samples: u8x16<S>, level: u16) -> [i16x8<S>; 2] {
    let (low, high) = simd.widen_u8x16(samples);
    let level = u16x8::splat(simd, level);
    [(low - level).bitcast(), (high - level).bitcast()]
}

/// Eight pixels as red, green and blue, less 128 and not yet clipped.
#[inline(always)]
fn eight<S: Simd>(simd: S, y: i16x8<S>, cb: i16x8<S>, cr: i16x8<S>) -> [i16x8<S>; 3] {
    let y = y - i16x8::splat(simd, 128);
    let two = i16x8::splat(simd, 2);
    // 2 · 16384 is the half that is added before the shift.
    let r = Pairs::new(cr, two).dot(simd, [26_345, 16_384]).shifted(simd, 16);
    let b = Pairs::new(cb, two).dot(simd, [-14_942, 16_384]).shifted(simd, 16);
    let g = Pairs::new(cb, cr).dot(simd, [-22_554, 18_734]).rounded(simd, 16);
    [y + cr + r, y - cr + g, y + cb + cb + b]
}

/// Clips numbers that are 128 too small to 0 to 255.
#[inline(always)]
fn clipped<S: Simd>(simd: S, low: i16x8<S>, high: i16x8<S>) -> u8x16<S> {
    let narrow: u8x16<S> = simd.saturating_narrow_i16x8(low, high).bitcast();
    narrow ^ u8x16::splat(simd, 128)
}

#[cfg(test)]
mod tests {
    use fearless_simd::{Level, dispatch};

    use super::*;

    #[test]
    fn all_levels_are_converted_by_the_formula() {
        let mut rgb = [0; 3 * 256];
        for (y, cb) in (0..=255_u8).step_by(15).flat_map(|y| (0..=255).map(move |cb| (y, cb))) {
            let cr: [u8; 256] = std::array::from_fn(|at| at as u8);
            dispatch!(Level::new(), simd => interleave(simd, false, [&[y; 256], &[cb; 256], &cr], &mut rgb));
            for (cr, pixel) in (-128..).zip(rgb.as_chunks::<3>().0) {
                let (y, cb) = (i32::from(y), i32::from(cb) - 128);
                let r = y + ((91_881 * cr + 32_768) >> 16);
                let g = y + ((-22_554 * cb - 46_802 * cr + 32_768) >> 16);
                let b = y + ((116_130 * cb + 32_768) >> 16);
                assert_eq!(pixel.map(i32::from), [r, g, b].map(|level| level.clamp(0, 255)), "{y} {cb} {cr}");
            }
        }
    }

    #[test]
    fn rows_of_any_length_are_interleaved() {
        let rows: [[u8; 48]; 3] = std::array::from_fn(|row| std::array::from_fn(|at| (row * 48 + at) as u8));
        for length in 1..=48 {
            let mut rgb = vec![0; 3 * length];
            dispatch!(Level::new(), simd => interleave(simd, true, [&rows[0], &rows[1], &rows[2]], &mut rgb));
            let expected: Vec<u8> = (0..length).flat_map(|at| rows.map(|row| row[at])).collect();
            assert_eq!(rgb, expected, "{length}");
        }
    }
}
