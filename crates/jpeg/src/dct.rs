//! The forward DCT of a block (T.81, A.3.3), with the integers of libjpeg's `jfdctint`.
//!
//! The algorithm is that of Loeffler, Ligtenberg and Moschytz (ICASSP 1989), with 12 multiplications for 8 samples. It
//! runs over the rows, then over the columns. Constants have 13 fractional bits. Results of the first pass keep 2
//! fractional bits; results of the second are 8 times the coefficients that T.81 defines.
//!
//! Where libjpeg rotates two numbers with three multiplications, this file has four: the vector form multiplies pairs
//! and adds the products in one instruction. The sums are exact either way, and so equal.
//!
//! Ranges: samples are -128..=127. No intermediate number leaves 16 bits: the largest is the sum of 64 samples with 2
//! fractional bits, -32768.

use fearless_simd::prelude::*;
use fearless_simd::{Simd, i16x8, i32x4};

use crate::frame::SIDE;

/// The fractional bits of the constants.
const CONSTANT_BITS: u32 = 13;

/// The fractional bits between the passes.
const PASS_BITS: u32 = 2;

// The constants of libjpeg's `jfdctint.c`, in 8192nds.
const FIX_0_298631336: i16 = 2446;
const FIX_0_390180644: i16 = 3196;
const FIX_0_541196100: i16 = 4433;
const FIX_0_765366865: i16 = 6270;
const FIX_0_899976223: i16 = 7373;
const FIX_1_175875602: i16 = 9633;
const FIX_1_501321110: i16 = 12299;
const FIX_1_847759065: i16 = 15137;
const FIX_1_961570560: i16 = 16069;
const FIX_2_053119869: i16 = 16819;
const FIX_2_562915447: i16 = 20995;
const FIX_3_072711026: i16 = 25172;

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
struct Pairs<S: Simd>([i16x8<S>; 2]);

impl<S: Simd> Pairs<S> {
    #[inline(always)]
    fn new(a: i16x8<S>, b: i16x8<S>) -> Self {
        let (low, high) = a.interleave(b);
        Self([low, high])
    }

    /// `a x + b y` for the lanes `a` and `b` of each pair.
    #[inline(always)]
    fn dot(self, simd: S, [x, y]: [i16; 2]) -> Wide<S> {
        let by = i16x8::from_slice(simd, &[x, y, x, y, x, y, x, y]);
        let Self([low, high]) = self;
        Wide([simd.pairwise_dot_product_i16x8(low, by), simd.pairwise_dot_product_i16x8(high, by)])
    }
}

/// Eight lanes of 32 bits.
#[derive(Clone, Copy)]
struct Wide<S: Simd>([i32x4<S>; 2]);

impl<S: Simd> Wide<S> {
    #[inline(always)]
    fn plus(self, Self([low, high]): Self) -> Self {
        Self([self.0[0] + low, self.0[1] + high])
    }

    /// The lanes without `shift` fractional bits, rounded half up.
    #[inline(always)]
    fn rounded(self, simd: S, shift: u32) -> i16x8<S> {
        let half = i32x4::splat(simd, 1 << (shift - 1));
        let Self([low, high]) = self;
        simd.saturating_narrow_i32x4((low + half) >> shift, (high + half) >> shift)
    }
}

/// Rows to columns. Interleaving row `i` with row `i + 4` moves one bit of the row number into the lane number; after
/// three times all three bits have moved.
#[inline(always)]
fn transpose<S: Simd>(mut rows: [i16x8<S>; SIDE]) -> [i16x8<S>; SIDE] {
    for _ in 0..3 {
        let [a, b, c, d, e, f, g, h] = rows;
        let ((a, e), (b, f), (c, g), (d, h)) =
            (a.interleave(e), b.interleave(f), c.interleave(g), d.interleave(h));
        rows = [a, e, b, f, c, g, d, h];
    }
    rows
}
