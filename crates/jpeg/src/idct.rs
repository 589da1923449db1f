//! The inverse DCT of a block (T.81, A.3.3), with the integers of libjpeg's `jidctint`.
//!
//! It is the algorithm of `dct.rs` in the other direction. It runs over the columns, then over the rows. Results of the
//! first pass keep 2 fractional bits. The factor of 8 that the algorithm adds is divided off in the second.
//!
//! Sums of odd coefficients wrap in 16 bits, and so do dequantised coefficients. The coefficients of a picture are far from
//! that. For others the samples may differ from those of libjpeg-turbo, whose vector code wraps in more places.

use fearless_simd::prelude::*;
use fearless_simd::{Simd, i16x8, u8x16};

use crate::dct::{
    CONSTANT_BITS, FIX_0_298631336, FIX_0_390180644, FIX_0_541196100, FIX_0_765366865, FIX_0_899976223,
    FIX_1_175875602, FIX_1_501321110, FIX_1_847759065, FIX_1_961570560, FIX_2_053119869, FIX_2_562915447,
    FIX_3_072711026, PASS_BITS, Pairs, transpose,
};
use crate::frame::SIDE;

/// Writes the samples of a block to `out`, whose rows are `stride` apart. The coefficients and their divisors are in
/// row-major order.
#[inline(always)]
pub(crate) fn inverse<S: Simd>(simd: S, coefficients: &[i16; 64], divisors: &[i16; 64], out: &mut [u8], stride: usize) {
    let mut rows = [i16x8::splat(simd, 0); SIDE];
    let given = coefficients.as_chunks::<SIDE>().0.iter().zip(divisors.as_chunks::<SIDE>().0);
    for (row, (coefficients, divisors)) in rows.iter_mut().zip(given) {
        *row = i16x8::from_slice(simd, coefficients) * i16x8::from_slice(simd, divisors);
    }
    let columns = pass(simd, rows, CONSTANT_BITS - PASS_BITS);
    let samples = transpose(pass(simd, transpose(columns), CONSTANT_BITS + PASS_BITS + 3));
    let level = u8x16::splat(simd, 128);
    for (at, [upper, lower]) in samples.as_chunks::<2>().0.iter().enumerate() {
        // The samples are level-shifted, so that the saturation to 8 bits with a sign clips them to 0 to 255.
        let both: u8x16<S> = simd.saturating_narrow_i16x8(*upper, *lower).bitcast();
        let mut bytes = [0; 2 * SIDE];
        (both ^ level).store_array(&mut bytes);
        let (upper, lower) = bytes.split_at(SIDE);
        out[2 * at * stride..][..SIDE].copy_from_slice(upper);
        out[(2 * at + 1) * stride..][..SIDE].copy_from_slice(lower);
    }
}

/// Writes the samples of a block that has only its DC coefficient, which is dequantised. They are those of [`inverse`].
#[inline(always)]
pub(crate) fn flat(dc: i16, out: &mut [u8], stride: usize) {
    let sample = (((i32::from(dc) + 4) >> 3) + 128).clamp(0, 255) as u8;
    for row in 0..SIDE {
        out[row * stride..][..SIDE].fill(sample);
    }
}

/// The one-dimensional inverse DCT of eight vectors, lane by lane.
#[inline(always)]
fn pass<S: Simd>(simd: S, input: [i16x8<S>; SIDE], shift: u32) -> [i16x8<S>; SIDE] {
    const ONE: i16 = 1 << CONSTANT_BITS;
    let [i0, i1, i2, i3, i4, i5, i6, i7] = input;
    // The even coefficients.
    let (i0_i4, i2_i6) = (Pairs::new(i0, i4), Pairs::new(i2, i6));
    let (t0, t1) = (i0_i4.dot(simd, [ONE, ONE]), i0_i4.dot(simd, [ONE, -ONE]));
    let t2 = i2_i6.dot(simd, [FIX_0_541196100, FIX_0_541196100 - FIX_1_847759065]);
    let t3 = i2_i6.dot(simd, [FIX_0_541196100 + FIX_0_765366865, FIX_0_541196100]);
    let (t10, t13, t11, t12) = (t0.plus(t3), t0.minus(t3), t1.plus(t2), t1.minus(t2));
    // The odd coefficients.
    let z3_z4 = Pairs::new(i7 + i3, i5 + i1);
    let z3 = z3_z4.dot(simd, [FIX_1_175875602 - FIX_1_961570560, FIX_1_175875602]);
    let z4 = z3_z4.dot(simd, [FIX_1_175875602, FIX_1_175875602 - FIX_0_390180644]);
    let (i7_i1, i5_i3) = (Pairs::new(i7, i1), Pairs::new(i5, i3));
    let o0 = i7_i1.dot(simd, [FIX_0_298631336 - FIX_0_899976223, -FIX_0_899976223]).plus(z3);
    let o1 = i5_i3.dot(simd, [FIX_2_053119869 - FIX_2_562915447, -FIX_2_562915447]).plus(z4);
    let o2 = i5_i3.dot(simd, [-FIX_2_562915447, FIX_3_072711026 - FIX_2_562915447]).plus(z3);
    let o3 = i7_i1.dot(simd, [-FIX_0_899976223, FIX_1_501321110 - FIX_0_899976223]).plus(z4);
    [
        t10.plus(o3).rounded(simd, shift),
        t11.plus(o2).rounded(simd, shift),
        t12.plus(o1).rounded(simd, shift),
        t13.plus(o0).rounded(simd, shift),
        t13.minus(o0).rounded(simd, shift),
        t12.minus(o1).rounded(simd, shift),
        t11.minus(o2).rounded(simd, shift),
        t10.minus(o3).rounded(simd, shift),
    ]
}

#[cfg(test)]
mod tests {
    use fearless_simd::{Level, dispatch};

    use super::*;

    /// The `jpeg_idct_islow` of libjpeg for eight numbers, with its three multiplications per rotation.
    fn reference(d: [i32; 8], bits: u32) -> [i32; 8] {
        let fix = |value: f64| (value * 8192.0).round() as i32;
        let z1 = (d[2] + d[6]) * fix(0.541_196_100);
        let (t2, t3) = (z1 - d[6] * fix(1.847_759_065), z1 + d[2] * fix(0.765_366_865));
        let (t0, t1) = ((d[0] + d[4]) << 13, (d[0] - d[4]) << 13);
        let even = [t0 + t3, t1 + t2, t1 - t2, t0 - t3];
        let (mut z1, mut z2, mut z3, mut z4) = (d[7] + d[1], d[5] + d[3], d[7] + d[3], d[5] + d[1]);
        let z5 = (z3 + z4) * fix(1.175_875_602);
        z1 *= -fix(0.899_976_223);
        z2 *= -fix(2.562_915_447);
        z3 = z3 * -fix(1.961_570_560) + z5;
        z4 = z4 * -fix(0.390_180_644) + z5;
        let odd = [
            d[1] * fix(1.501_321_110) + z1 + z4,
            d[3] * fix(3.072_711_026) + z2 + z3,
            d[5] * fix(2.053_119_869) + z2 + z4,
            d[7] * fix(0.298_631_336) + z1 + z3,
        ];
        std::array::from_fn(|at| {
            let sum = if at < 4 { even[at] + odd[at] } else { even[7 - at] - odd[7 - at] };
            (sum + (1 << (bits - 1))) >> bits
        })
    }

    fn samples(coefficients: &[i16; 64], divisors: &[i16; 64]) -> Vec<u8> {
        let mut found = vec![0; 64];
        dispatch!(Level::new(), simd => inverse(simd, coefficients, divisors, &mut found, 8));
        found
    }

    #[test]
    fn samples_equal_those_of_libjpeg() {
        let mut state = 1_u32;
        for round in 0..20_000 {
            let coefficients: [i16; 64] = std::array::from_fn(|at| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                // Many coefficients are zero, and some samples are out of range.
                let limit = [160, 60, 20, 5][round % 4] >> (at / 16);
                if state >> 29 == 0 { ((state >> 8) as i32 % (2 * limit + 1) - limit) as i16 } else { 0 }
            });
            let divisors: [i16; 64] = std::array::from_fn(|at| 1 + at as i16 % 5);
            let mut block: [[i32; 8]; 8] = std::array::from_fn(|row| {
                std::array::from_fn(|x| i32::from(coefficients[row * 8 + x]) * i32::from(divisors[row * 8 + x]))
            });
            for x in 0..8 {
                let column = reference(block.map(|row| row[x]), 11);
                (0..8).for_each(|y| block[y][x] = column[y]);
            }
            block = block.map(|row| reference(row, 18));
            let expected: Vec<u8> =
                block.as_flattened().iter().map(|value| (value + 128).clamp(0, 255) as u8).collect();
            assert_eq!(samples(&coefficients, &divisors), expected, "{coefficients:?}");
        }
    }

    #[test]
    fn a_block_without_ac_coefficients_is_flat() {
        for dc in -1100..1100_i16 {
            let mut coefficients = [0; 64];
            coefficients[0] = dc;
            let mut found = [0; 64];
            flat(dc, &mut found, 8);
            assert_eq!(found[..], samples(&coefficients, &[1; 64]), "{dc}");
        }
    }
}
