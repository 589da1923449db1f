//! Chroma for 4:2:0: the rounded mean of 2 x 2 samples.
//!
//! As in libjpeg, 1 is added to the sum of four samples in even columns and 2 in odd ones, before the sum is divided by
//! 4. So a mean half-way between two levels is rounded down in even columns and up in odd ones.

use fearless_simd::prelude::*;
use fearless_simd::{Simd, i16x8, i32x4};

/// Averages two rows into `out`, which is half as long as a row. The length of `out` is a multiple of 8.
#[inline(always)]
pub(crate) fn average<S: Simd>(simd: S, [upper, lower]: [&[i16]; 2], out: &mut [i16]) {
    let ones = i16x8::splat(simd, 1);
    let bias = i32x4::from_slice(simd, &[1, 2, 1, 2]);
    let (upper, lower) = (upper.as_chunks::<16>().0, lower.as_chunks::<16>().0);
    for ((upper, lower), out) in upper.iter().zip(lower).zip(out.as_chunks_mut::<8>().0) {
        let low = i16x8::from_slice(simd, &upper[..8]) + i16x8::from_slice(simd, &lower[..8]);
        let high = i16x8::from_slice(simd, &upper[8..]) + i16x8::from_slice(simd, &lower[8..]);
        let low = (simd.pairwise_dot_product_i16x8(low, ones) + bias) >> 2;
        let high = (simd.pairwise_dot_product_i16x8(high, ones) + bias) >> 2;
        simd.saturating_narrow_i32x4(low, high).store_array(out);
    }
}

#[cfg(test)]
mod tests {
    use fearless_simd::{Level, dispatch};

    use super::*;

    #[test]
    fn halves_are_rounded_down_in_even_columns_and_up_in_odd_ones() {
        for sum in -512..=508_i16 {
            let samples = [0, 1, 2, 3].map(|at| (sum + at) >> 2);
            assert_eq!(samples.iter().sum::<i16>(), sum);
            let [upper, lower] = [[samples[0], samples[1]].repeat(8), [samples[2], samples[3]].repeat(8)];
            let mut out = [0; 8];
            dispatch!(Level::new(), simd => average(simd, [&upper, &lower], &mut out));
            assert_eq!(out, [1, 2, 1, 2, 1, 2, 1, 2].map(|bias| (sum + bias) >> 2), "{sum}");
        }
    }
}
