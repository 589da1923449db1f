//! The forward DCT of a block (T.81, A.3.3), with the integers of libjpeg's `jfdctint`.
//!
//! The algorithm is that of Loeffler, Ligtenberg and Moschytz (ICASSP 1989), with 12 multiplications for 8 samples. It
//! runs over the rows, then over the columns. Constants have 13 fractional bits. Results of the first pass keep 2
//! fractional bits; results of the second are 8 times the coefficients that T.81 defines.
//!
//! Where libjpeg rotates two numbers with three multiplications, this file has four: the vector form multiplies pairs
//! and adds the products in one instruction. The sums are exact either way, and so equal.
//!
//! Ranges: samples are -128..=127. No number of 16 bits overflows: the largest is the sum of 64 samples with 2
//! fractional bits, -32768. Products are summed in 32 bits.

use fearless_simd::prelude::*;
use fearless_simd::{Simd, i16x8, i32x4};

use crate::frame::SIDE;

/// The fractional bits of the constants.
pub(crate) const CONSTANT_BITS: u32 = 13;

/// The fractional bits between the passes.
pub(crate) const PASS_BITS: u32 = 2;

// The constants of libjpeg's `jfdctint.c`, in 8192nds.
pub(crate) const FIX_0_298631336: i16 = 2446;
pub(crate) const FIX_0_390180644: i16 = 3196;
pub(crate) const FIX_0_541196100: i16 = 4433;
pub(crate) const FIX_0_765366865: i16 = 6270;
pub(crate) const FIX_0_899976223: i16 = 7373;
pub(crate) const FIX_1_175875602: i16 = 9633;
pub(crate) const FIX_1_501321110: i16 = 12299;
pub(crate) const FIX_1_847759065: i16 = 15137;
pub(crate) const FIX_1_961570560: i16 = 16069;
pub(crate) const FIX_2_053119869: i16 = 16819;
pub(crate) const FIX_2_562915447: i16 = 20995;
pub(crate) const FIX_3_072711026: i16 = 25172;

/// The coefficients of the 8 x 8 samples that begin at `samples[0]`, with rows `stride` apart; 8 times as large as in
/// T.81, in row-major order.
#[inline(always)]
pub(crate) fn forward<S: Simd>(simd: S, samples: &[i16], stride: usize, out: &mut [i16; 64]) {
    let mut rows = [i16x8::splat(simd, 0); SIDE];
    for (at, row) in rows.iter_mut().enumerate() {
        *row = i16x8::from_slice(simd, &samples[at * stride..at * stride + SIDE]);
    }
    // Each pass transforms across vectors, so the rows are transposed for the first and back for the second.
    let columns = pass(simd, transpose(rows), true);
    let coefficients = pass(simd, transpose(columns), false);
    for (row, out) in coefficients.into_iter().zip(out.as_chunks_mut::<SIDE>().0) {
        row.store_array(out);
    }
}

/// The one-dimensional DCT of eight vectors, lane by lane.
#[inline(always)]
fn pass<S: Simd>(simd: S, input: [i16x8<S>; SIDE], is_first: bool) -> [i16x8<S>; SIDE] {
    let [i0, i1, i2, i3, i4, i5, i6, i7] = input;
    let (t0, t7, t1, t6) = (i0 + i7, i0 - i7, i1 + i6, i1 - i6);
    let (t2, t5, t3, t4) = (i2 + i5, i2 - i5, i3 + i4, i3 - i4);
    // The even coefficients.
    let (t10, t13, t11, t12) = (t0 + t3, t0 - t3, t1 + t2, t1 - t2);
    let (sum, difference) = (t10 + t11, t10 - t11);
    let half = i16x8::splat(simd, 1 << (PASS_BITS - 1));
    let (o0, o4) = if is_first {
        (sum << PASS_BITS, difference << PASS_BITS)
    } else {
        ((sum + half) >> PASS_BITS, (difference + half) >> PASS_BITS)
    };
    let shift = if is_first { CONSTANT_BITS - PASS_BITS } else { CONSTANT_BITS + PASS_BITS };
    let t13_t12 = Pairs::new(t13, t12);
    let o2 = t13_t12.dot(simd, [FIX_0_541196100 + FIX_0_765366865, FIX_0_541196100]).rounded(simd, shift);
    let o6 = t13_t12.dot(simd, [FIX_0_541196100, FIX_0_541196100 - FIX_1_847759065]).rounded(simd, shift);
    // The odd coefficients.
    let z3_z4 = Pairs::new(t4 + t6, t5 + t7);
    let z3 = z3_z4.dot(simd, [FIX_1_175875602 - FIX_1_961570560, FIX_1_175875602]);
    let z4 = z3_z4.dot(simd, [FIX_1_175875602, FIX_1_175875602 - FIX_0_390180644]);
    let t4_t7 = Pairs::new(t4, t7);
    let t5_t6 = Pairs::new(t5, t6);
    let o7 = t4_t7.dot(simd, [FIX_0_298631336 - FIX_0_899976223, -FIX_0_899976223]).plus(z3).rounded(simd, shift);
    let o5 = t5_t6.dot(simd, [FIX_2_053119869 - FIX_2_562915447, -FIX_2_562915447]).plus(z4).rounded(simd, shift);
    let o3 = t5_t6.dot(simd, [-FIX_2_562915447, FIX_3_072711026 - FIX_2_562915447]).plus(z3).rounded(simd, shift);
    let o1 = t4_t7.dot(simd, [-FIX_0_899976223, FIX_1_501321110 - FIX_0_899976223]).plus(z4).rounded(simd, shift);
    [o0, o1, o2, o3, o4, o5, o6, o7]
}

/// Two vectors, interleaved lane by lane: the first four lanes, then the last four.
#[derive(Clone, Copy)]
pub(crate) struct Pairs<S: Simd>([i16x8<S>; 2]);

impl<S: Simd> Pairs<S> {
    #[inline(always)]
    pub(crate) fn new(a: i16x8<S>, b: i16x8<S>) -> Self {
        let (low, high) = a.interleave(b);
        Self([low, high])
    }

    /// `a x + b y` for the lanes `a` and `b` of each pair.
    #[inline(always)]
    pub(crate) fn dot(self, simd: S, [x, y]: [i16; 2]) -> Wide<S> {
        let by = i16x8::from_slice(simd, &[x, y, x, y, x, y, x, y]);
        let Self([low, high]) = self;
        Wide([simd.pairwise_dot_product_i16x8(low, by), simd.pairwise_dot_product_i16x8(high, by)])
    }
}

/// Eight lanes of 32 bits.
#[derive(Clone, Copy)]
pub(crate) struct Wide<S: Simd>([i32x4<S>; 2]);

impl<S: Simd> Wide<S> {
    #[inline(always)]
    pub(crate) fn plus(self, Self([low, high]): Self) -> Self {
        Self([self.0[0] + low, self.0[1] + high])
    }

    #[inline(always)]
    pub(crate) fn minus(self, Self([low, high]): Self) -> Self {
        Self([self.0[0] - low, self.0[1] - high])
    }

    /// The lanes without `shift` fractional bits, rounded down.
    #[inline(always)]
    pub(crate) fn shifted(self, simd: S, shift: u32) -> i16x8<S> {
        let Self([low, high]) = self;
        simd.saturating_narrow_i32x4(low >> shift, high >> shift)
    }

    /// The lanes without `shift` fractional bits, rounded half up.
    #[inline(always)]
    pub(crate) fn rounded(self, simd: S, shift: u32) -> i16x8<S> {
        let half = i32x4::splat(simd, 1 << (shift - 1));
        let Self([low, high]) = self;
        simd.saturating_narrow_i32x4((low + half) >> shift, (high + half) >> shift)
    }
}

/// Rows to columns. Interleaving row `i` with row `i + 4` moves one bit of the row number into the lane number; after
/// three times all three bits have moved.
#[inline(always)]
#[expect(clippy::many_single_char_names, reason = "eight rows")]
pub(crate) fn transpose<S: Simd>(mut rows: [i16x8<S>; SIDE]) -> [i16x8<S>; SIDE] {
    for _ in 0..3 {
        let [a, b, c, d, e, f, g, h] = rows;
        let ((a, e), (b, f), (c, g), (d, h)) = (a.interleave(e), b.interleave(f), c.interleave(g), d.interleave(h));
        rows = [a, e, b, f, c, g, d, h];
    }
    rows
}

#[cfg(test)]
mod tests {
    use fearless_simd::{Level, dispatch};

    use super::*;

    /// The `jpeg_fdct_islow` of libjpeg for eight numbers, with its three multiplications per rotation.
    fn reference(d: [i32; 8], is_first: bool) -> [i32; 8] {
        let round = |value: i32, bits: u32| (value + (1 << (bits - 1))) >> bits;
        let fix = |value: f64| (value * 8192.0).round() as i32;
        let t: [i32; 4] = std::array::from_fn(|at| d[at] + d[7 - at]);
        let [mut t7, mut t6, mut t5, mut t4]: [i32; 4] = std::array::from_fn(|at| d[at] - d[7 - at]);
        let (t10, t13, t11, t12) = (t[0] + t[3], t[0] - t[3], t[1] + t[2], t[1] - t[2]);
        let even = |value: i32| if is_first { value << 2 } else { round(value, 2) };
        let bits = if is_first { 11 } else { 15 };
        let z1 = (t12 + t13) * fix(0.541_196_100);
        let (o2, o6) = (z1 + t13 * fix(0.765_366_865), z1 - t12 * fix(1.847_759_065));
        let (mut z1, mut z2, mut z3, mut z4) = (t4 + t7, t5 + t6, t4 + t6, t5 + t7);
        let z5 = (z3 + z4) * fix(1.175_875_602);
        t4 *= fix(0.298_631_336);
        t5 *= fix(2.053_119_869);
        t6 *= fix(3.072_711_026);
        t7 *= fix(1.501_321_110);
        z1 *= -fix(0.899_976_223);
        z2 *= -fix(2.562_915_447);
        z3 = z3 * -fix(1.961_570_560) + z5;
        z4 = z4 * -fix(0.390_180_644) + z5;
        let odd = [t7 + z1 + z4, t6 + z2 + z3, t5 + z2 + z4, t4 + z1 + z3].map(|value| round(value, bits));
        [even(t10 + t11), odd[0], round(o2, bits), odd[1], even(t10 - t11), odd[2], round(o6, bits), odd[3]]
    }

    fn check(samples: &[i16; 64]) {
        let mut block: [[i32; 8]; 8] = std::array::from_fn(|row| std::array::from_fn(|x| samples[row * 8 + x].into()));
        block = block.map(|row| reference(row, true));
        for x in 0..8 {
            let column = reference(block.map(|row| row[x]), false);
            (0..8).for_each(|y| block[y][x] = column[y]);
        }
        let expected: Vec<i16> = block.as_flattened().iter().map(|value| i16::try_from(*value).unwrap()).collect();
        let mut found = [0; 64];
        dispatch!(Level::new(), simd => forward(simd, samples, 8, &mut found));
        assert_eq!(found[..], expected, "{samples:?}");
    }

    #[test]
    fn coefficients_equal_those_of_libjpeg() {
        let mut state = 1_u32;
        for _ in 0..20_000 {
            check(&std::array::from_fn(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                // Every eighth sample is an extreme.
                if (state >> 4).is_multiple_of(8) {
                    [-128, 127][(state >> 31) as usize]
                } else {
                    (state >> 24) as i16 - 128
                }
            }));
        }
    }

    /// The blocks that maximise each coefficient, positive and negative: there no sum of 16 bits may overflow.
    #[test]
    #[expect(clippy::cast_precision_loss, reason = "numbers below 128")]
    fn the_largest_coefficients_do_not_overflow() {
        let cosine =
            |at: usize, frequency: usize| (((2 * at + 1) * frequency) as f64 * std::f64::consts::PI / 16.0).cos();
        for (v, u) in (0..8).flat_map(|v| (0..8).map(move |u| (v, u))) {
            let sign = |at: usize| cosine(at / 8, v) * cosine(at % 8, u) >= 0.0;
            check(&std::array::from_fn(|at| if sign(at) { 127 } else { -128 }));
            check(&std::array::from_fn(|at| if sign(at) { -128 } else { 127 }));
        }
    }
}
