//! RGB to YCbCr (JFIF 1.02, section 7), in 16-bit fixed point with the constants and the rounding of libjpeg.
//!
//! With all coefficients in 65,536ths:
//!
//! ```text
//! Y  = ( 19595 R + 38470 G +  7471 B           + 32768) >> 16
//! Cb = (-11059 R - 21709 G + 32768 B + 128 * 65536 + 32767) >> 16
//! Cr = ( 32768 R - 27439 G -  5329 B + 128 * 65536 + 32767) >> 16
//! ```
//!
//! The results are level-shifted (128 is subtracted, T.81, A.3.1), because the DCT expects them in this form.
//!
//! The vector form multiplies pairs of 16-bit numbers and adds the two products. A coefficient above 32,767 does not
//! fit into such a number. It is the sum of two halves, and each half is multiplied in another pair that has the
//! channel. The sums are exact, so their order does not change the result.

use fearless_simd::prelude::*;
use fearless_simd::{Simd, i16x8, i32x4, u8x16};

/// The number of pixels that are converted at a time.
pub(crate) const GROUP: usize = 8;

/// The number of bytes of a group.
const BYTES: usize = 3 * GROUP;

/// Converts a row of pixels. The outputs have the same length: a multiple of [`GROUP`], and at least the number of
/// pixels of the row. Samples beyond the row repeat its last pixel.
#[inline(always)]
pub(crate) fn convert<S: Simd>(simd: S, rgb: &[u8], [y, cb, cr]: [&mut [i16]; 3]) {
    let (groups, rest) = rgb.as_chunks::<BYTES>();
    let constants = Constants::new(simd);
    let (y, cb, cr) = (y.as_chunks_mut::<GROUP>().0, cb.as_chunks_mut::<GROUP>().0, cr.as_chunks_mut::<GROUP>().0);
    let outputs = y.iter_mut().zip(cb.iter_mut()).zip(cr.iter_mut());
    for (group, ((y, cb), cr)) in groups.iter().zip(outputs) {
        constants.convert(simd, group, [y, cb, cr]);
    }
    let mut done = groups.len();
    if !rest.is_empty() {
        let mut group = [0; BYTES];
        let last = &rest[rest.len() - 3..];
        for (at, pixel) in group.chunks_exact_mut(3).enumerate() {
            pixel.copy_from_slice(rest.get(3 * at..3 * at + 3).unwrap_or(last));
        }
        constants.convert(simd, &group, [&mut y[done], &mut cb[done], &mut cr[done]]);
        done += 1;
    }
    for plane in [y, cb, cr] {
        let last = plane[done - 1][GROUP - 1];
        plane[done..].as_flattened_mut().fill(last);
    }
}

/// The vectors that the conversions of all groups share.
struct Constants<S: Simd> {
    /// Byte indices that select the pairs of [`CHANNELS`], 16 bits per channel, for the first and for the last four
    /// pixels of a group. Those for the first four select from the group's first 16 bytes, the others from its last 16.
    pairs: [[u8x16<S>; 3]; 2],
}

/// The pairs of channels that are multiplied together. Red is 0, green is 1 and blue is 2.
const CHANNELS: [[u8; 2]; 3] = [[0, 1], [2, 1], [2, 0]];

/// An index that selects no byte and so gives zero.
const ZERO: u8 = 0x80;

impl<S: Simd> Constants<S> {
    #[inline(always)]
    fn new(simd: S) -> Self {
        // The last four pixels begin at byte 12, which is byte 4 of the last 16.
        let mut pairs = [[u8x16::splat(simd, 0); 3]; 2];
        for (first, pairs) in [0, 4].into_iter().zip(&mut pairs) {
            for ([a, b], pairs) in CHANNELS.into_iter().zip(pairs) {
                let mut indices = [ZERO; 16];
                for (pixel, indices) in (0..4).zip(indices.as_chunks_mut::<4>().0) {
                    indices[0] = first + 3 * pixel + a;
                    indices[2] = first + 3 * pixel + b;
                }
                *pairs = u8x16::from_slice(simd, &indices);
            }
        }
        Self { pairs }
    }

    /// Converts a group. (The code for both halves is written out, because a closure that is passed to a function of
    /// `core`, such as `map`, is not compiled for the detected instruction set.)
    #[inline(always)]
    fn convert(&self, simd: S, group: &[u8; BYTES], [y, cb, cr]: [&mut [i16; GROUP]; 3]) {
        let [luma_first, blue_first, red_first] =
            Self::four(simd, u8x16::from_slice(simd, &group[..16]), &self.pairs[0]);
        let [luma_last, blue_last, red_last] = Self::four(simd, u8x16::from_slice(simd, &group[8..]), &self.pairs[1]);
        let level = i16x8::splat(simd, 128);
        (simd.saturating_narrow_i32x4(luma_first, luma_last) - level).store_array(y);
        simd.saturating_narrow_i32x4(blue_first, blue_last).store_array(cb);
        simd.saturating_narrow_i32x4(red_first, red_last).store_array(cr);
    }

    /// Four pixels as Y, Cb and Cr. Cb and Cr are level-shifted; Y is not yet.
    #[inline(always)]
    fn four(simd: S, bytes: u8x16<S>, [rg, bg, br]: &[u8x16<S>; 3]) -> [i32x4<S>; 3] {
        let rg: i16x8<S> = simd.swizzle_dyn_precise_u8x16(bytes, *rg).bitcast();
        let bg: i16x8<S> = simd.swizzle_dyn_precise_u8x16(bytes, *bg).bitcast();
        let br: i16x8<S> = simd.swizzle_dyn_precise_u8x16(bytes, *br).bitcast();
        // 38470 is 2 x 19235, 32768 is 2 x 16384.
        let y = dot(simd, rg, [19595, 19235]) + dot(simd, bg, [7471, 19235]) + i32x4::splat(simd, 32_768);
        let cb = dot(simd, rg, [-11059, -21709])
            + (dot(simd, bg, [16384, 0]) + dot(simd, br, [16384, 0]))
            + i32x4::splat(simd, 32_767);
        let cr = dot(simd, rg, [16384, -27439]) + dot(simd, br, [-5329, 16384]) + i32x4::splat(simd, 32_767);
        [y >> 16, cb >> 16, cr >> 16]
    }
}

#[inline(always)]
fn dot<S: Simd>(simd: S, pairs: i16x8<S>, [a, b]: [i16; 2]) -> i32x4<S> {
    simd.pairwise_dot_product_i16x8(pairs, i16x8::from_slice(simd, &[a, b, a, b, a, b, a, b]))
}

#[cfg(test)]
mod tests {
    use fearless_simd::{Level, dispatch};

    use super::*;

    #[test]
    fn every_17th_level_of_each_channel_is_converted_by_the_formula() {
        let levels = || (0..=255_i32).step_by(17).chain([1, 127, 128, 254]);
        let pixels: Vec<[i32; 3]> =
            levels().flat_map(|r| levels().flat_map(move |g| levels().map(move |b| [r, g, b]))).collect();
        let rgb: Vec<u8> = pixels.as_flattened().iter().map(|level| *level as u8).collect();
        let mut planes = [(); 3].map(|()| vec![0; pixels.len().next_multiple_of(GROUP)]);
        let [y, cb, cr] = &mut planes;
        dispatch!(Level::new(), simd => convert(simd, &rgb, [y, cb, cr]));
        for (at, [r, g, b]) in pixels.into_iter().enumerate() {
            let y = (19_595 * r + 38_470 * g + 7471 * b + 32_768) >> 16;
            let cb = (-11_059 * r - 21_709 * g + 32_768 * b + (128 << 16) + 32_767) >> 16;
            let cr = (32_768 * r - 27_439 * g - 5329 * b + (128 << 16) + 32_767) >> 16;
            let found = [0, 1, 2].map(|plane: usize| i32::from(planes[plane][at]) + 128);
            assert_eq!(found, [y, cb, cr], "{r} {g} {b}");
        }
    }

    #[test]
    fn the_last_pixel_is_repeated() {
        for width in 1..=24 {
            let rgb: Vec<u8> = (0..width).flat_map(|at| [at as u8 * 9, 3, 200]).collect();
            let mut planes = [[0; 48]; 3];
            let [y, cb, cr] = &mut planes;
            dispatch!(Level::new(), simd => convert(simd, &rgb, [y, cb, cr]));
            for plane in planes {
                assert!(plane[width..].iter().all(|sample| *sample == plane[width - 1]), "{width}: {plane:?}");
            }
        }
    }

    #[test]
    fn half_way_between_two_levels_y_is_rounded_up_and_cb_and_cr_down() {
        // Y of the first pixel is 51.5, Cb of the second is 128.5, and so is Cr of the third.
        let rgb = [0, 52, 184, 0, 0, 1, 1, 0, 0];
        let mut planes = [[0; GROUP]; 3];
        let [y, cb, cr] = &mut planes;
        dispatch!(Level::new(), simd => convert(simd, &rgb, [y, cb, cr]));
        assert_eq!([planes[0][0], planes[1][1], planes[2][2]], [52 - 128, 0, 0]);
    }
}
