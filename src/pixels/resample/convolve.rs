//! The arithmetic of resampling: sums of products, 16 bits each into 32, over pairs of rows and then of columns.
//!
//! Sixteen target rows make a tile. Of the source rows come, through the weights of the rows, sixteen rows as wide as the
//! source, turned on their side so that the sixteen values of a column lie beside each other; of these, through the
//! weights of the columns, the sixteen rows of the target. Between the two a sample has [`FRACTION`] bits behind the
//! point and a sign, so nothing is rounded to 8 bits twice, and nothing is cut off at black or white but at the end.
//!
//! Colours are multiplied by alpha for the two passes and divided by it afterwards, so that the hidden colour of a clear
//! pixel does not bleed into its neighbours.
//!
//! All of it is integer arithmetic (and for alpha one division of `f32`), and so the same on every processor.

#![expect(clippy::inline_always, reason = "what is not inlined is not compiled for the processor's vectors")]

use fearless_simd::prelude::*;
use fearless_simd::{Simd, f32x8, i16x8, i16x16, i32x8, u8x16, u16x16, u64x2};

use super::weights::{Axis, Window};

/// The rows of a tile.
pub(super) const TILE: usize = 16;

/// The bits of a sample behind the point, between the two passes.
pub(super) const FRACTION: u32 = 6;

/// The pixels of a source row that are taken at once.
pub(super) const CHUNK: usize = 8;

/// Of eight pixels and `C` channels: a sample of an even row, then the same of the odd row below.
pub(super) type RowPairs<const C: usize> = [[i16; 16]; C];

/// Of two columns and `C` channels: for each row of the tile a sample of the even column, then the same of the odd one.
pub(super) type ColumnPairs<const C: usize> = [[[i16; 16]; 2]; C];

/// Of a pixel and `C` channels: the levels of the rows of the tile.
pub(super) type Levels<const C: usize> = [[u8; TILE]; C];

/// A pair of source rows, whole chunks of pixels each, into slot `slot` of every chunk of `pairs`.
#[inline(always)]
pub(super) fn put_pair<S: Simd, const C: usize>(
    simd: S,
    [even, odd]: [&[u8]; 2],
    (slots, slot): (usize, usize),
    pairs: &mut [RowPairs<C>],
) {
    let (even, odd) = (even.as_chunks::<8>().0, odd.as_chunks::<8>().0);
    let into = pairs.chunks_exact_mut(slots).filter_map(|slots| slots.get_mut(slot));
    for ((into, even), odd) in into.zip(even.as_chunks::<C>().0).zip(odd.as_chunks::<C>().0) {
        for ((into, even), odd) in into.iter_mut().zip(even).zip(odd) {
            if C == 4 {
                let samples = multiplied(even).into_iter().zip(multiplied(odd));
                for (into, (even, odd)) in into.as_chunks_mut::<2>().0.iter_mut().zip(samples) {
                    *into = [even, odd];
                }
                continue;
            }
            let both = u64x2::simd_from(simd, [u64::from_le_bytes(*even), u64::from_le_bytes(*odd)]);
            let (even, odd) = simd.widen_u8x16(both.bitcast());
            let (low, high) = even.interleave(odd);
            let both: i16x16<S> = simd.combine_u16x8(low, high).bitcast();
            both.store_array(into);
        }
    }
}

/// Two pixels whose colours are multiplied by their alpha, which is last, with [`FRACTION`] bits behind the point.
#[inline(always)]
fn multiplied([r, g, b, a, r2, g2, b2, a2]: &[u8; 8]) -> [i16; 8] {
    let by = |colour: u8, alpha: u8| {
        let twice = (u32::from(colour) * u32::from(alpha)) << (FRACTION + 1);
        #[expect(clippy::cast_possible_truncation, reason = "at most 255 times 64")]
        {
            ((twice + 255) / 510) as i16
        }
    };
    let pixel = |r, g, b, a| [by(r, a), by(g, a), by(b, a), i16::from(a) << FRACTION];
    let ([r, g, b, a], [r2, g2, b2, a2]) = (pixel(*r, *g, *b, *a), pixel(*r2, *g2, *b2, *a2));
    [r, g, b, a, r2, g2, b2, a2]
}

/// The sum over pairs of samples times pairs of weights.
#[inline(always)]
fn add<S: Simd>(simd: S, sum: i32x8<S>, samples: &[i16; 16], weights: i16x16<S>) -> i32x8<S> {
    sum + simd.pairwise_dot_product_i16x16(i16x16::load_array_ref(simd, samples), weights)
}

#[inline(always)]
fn splat<S: Simd>(simd: S, [even, odd]: [i16; 2]) -> i16x16<S> {
    let [a, b] = even.to_le_bytes();
    let [c, d] = odd.to_le_bytes();
    i32x8::splat(simd, i32::from_le_bytes([a, b, c, d])).bitcast()
}

/// The rows of a tile at the width of the source, on their side. Of `pairs` each chunk has so many slots, which
/// come round again.
#[inline(always)]
pub(super) fn vertical<S: Simd, const C: usize>(
    simd: S,
    pairs: &[RowPairs<C>],
    slots: usize,
    rows: &Axis,
    windows: &[Window],
    shift: u32,
    tile: &mut [ColumnPairs<C>],
) {
    let half = i32x8::splat(simd, 1 << shift >> 1);
    let mut values = [[[0_i16; 8]; TILE]; C];
    for (pairs, out) in pairs.chunks_exact(slots).zip(tile.as_chunks_mut::<{ CHUNK / 2 }>().0) {
        for (row, window) in windows.iter().enumerate() {
            let mut sums = [half; C];
            // From the window's first slot on, and behind the last slot from the first on.
            let (behind, before) = pairs.split_at_checked(window.first % slots).unwrap_or_default();
            let (weights, rest) = rows.weights(window).split_at(window.pairs.min(before.len()));
            for (pairs, weights) in [(before, weights), (behind, rest)] {
                for (pair, weights) in pairs.iter().zip(weights) {
                    let weights = splat(simd, *weights);
                    for (sum, samples) in sums.iter_mut().zip(pair) {
                        *sum = add(simd, *sum, samples, weights);
                    }
                }
            }
            for (sum, values) in sums.into_iter().zip(&mut values) {
                let (low, high) = (sum >> shift).split();
                let value: i16x8<S> = simd.saturating_narrow_i32x4(low, high);
                if let Some(out) = values.get_mut(row) {
                    value.store_array(out);
                }
            }
        }
        for half in 0..2 {
            let mut columns = [[[0_i16; 8]; 8]; C];
            for (values, columns) in values.iter().zip(&mut columns) {
                transpose(simd, values, half * 8, columns);
            }
            // Pixel by pixel, and so column by column, C samples each.
            let (columns, _) = columns.as_flattened().as_chunks::<C>();
            for ([even, odd], out) in columns.as_chunks::<2>().0.iter().zip(out.iter_mut()) {
                for ((even, odd), out) in even.iter().zip(odd).zip(out) {
                    let (even, odd) = (i16x8::load_array_ref(simd, even), i16x8::load_array_ref(simd, odd));
                    let (low, high) = even.interleave(odd);
                    if let Some(out) = out.get_mut(half) {
                        simd.combine_i16x8(low, high).store_array(out);
                    }
                }
            }
        }
    }
}

/// Eight rows of eight, from row `first` on, on their side.
#[inline(always)]
fn transpose<S: Simd>(simd: S, rows: &[[i16; 8]; TILE], first: usize, columns: &mut [[i16; 8]; 8]) {
    let mut now = [i16x8::splat(simd, 0); 8];
    for (now, row) in now.iter_mut().zip(rows.iter().skip(first)) {
        *now = i16x8::load_array_ref(simd, row);
    }
    // Three times rows at half the distance become neighbours.
    for _ in 0..3 {
        let mut next = now;
        let (near, far) = now.split_at(4);
        for ((a, b), next) in near.iter().zip(far).zip(next.as_chunks_mut::<2>().0) {
            *next = (*a).interleave(*b).into();
        }
        now = next;
    }
    for (now, column) in now.into_iter().zip(columns) {
        now.store_array(column);
    }
}

/// The rows of a tile at the width of the target, still on their side.
#[inline(always)]
pub(super) fn horizontal<S: Simd, const C: usize>(
    simd: S,
    tile: &[ColumnPairs<C>],
    columns: &Axis,
    out: &mut [Levels<C>],
) {
    let shift = columns.precision + FRACTION;
    let half = i32x8::splat(simd, 1 << shift >> 1);
    let (black, white) = (i16x16::splat(simd, 0), i16x16::splat(simd, 255));
    for (window, out) in columns.windows().iter().zip(out) {
        let mut sums = [[i32x8::splat(simd, 0); 2]; C];
        let pairs = tile.get(window.first..).unwrap_or_default();
        for (pair, weights) in pairs.iter().zip(columns.weights(window)) {
            let weights = splat(simd, *weights);
            for (sums, samples) in sums.iter_mut().zip(pair) {
                for (sum, samples) in sums.iter_mut().zip(samples) {
                    *sum = add(simd, *sum, samples, weights);
                }
            }
        }
        if C == 4 {
            unmultiply(simd, &mut sums, shift);
        } else {
            for sum in sums.as_flattened_mut() {
                *sum = (*sum + half) >> shift;
            }
        }
        for ([low, high], out) in sums.into_iter().zip(out) {
            let level: u16x16<S> = simd.saturating_narrow_i32x8(low, high).clamp(black, white).bitcast();
            let (low, high) = level.split();
            simd.narrow_u16x8(low, high).store_array(out);
        }
    }
}

/// Colours that were multiplied by alpha, which is last, divided by it; all of them to whole levels.
#[inline(always)]
fn unmultiply<S: Simd, const C: usize>(simd: S, sums: &mut [[i32x8<S>; 2]; C], shift: u32) {
    let Some((alpha, colours)) = sums.split_last_mut() else { return };
    let half = i32x8::splat(simd, 1 << shift >> 1);
    for (which, alpha) in alpha.iter_mut().enumerate() {
        // Where there is no alpha there is no colour.
        let least = i32x8::splat(simd, 1);
        let divisor: f32x8<S> = simd.cvt_f32_i32x8((*alpha).max(least));
        for colour in colours.iter_mut().filter_map(|colour| colour.get_mut(which)) {
            let share: f32x8<S> = simd.cvt_f32_i32x8(*colour) / divisor;
            let level = share * 255.0 + 0.5;
            let level = level.clamp(f32x8::splat(simd, 0.0), f32x8::splat(simd, 255.0));
            *colour = simd.cvt_i32_f32x8(level);
        }
        *alpha = (*alpha + half) >> shift;
    }
}

/// Sixteen levels for each sample, into rows of `length` samples. What is behind the last row is not written.
#[inline(always)]
pub(super) fn upright<S: Simd>(simd: S, levels: &[[u8; TILE]], length: usize, rows: &mut [u8]) {
    for (block, levels) in levels.chunks(TILE).enumerate() {
        let mut now = [u8x16::splat(simd, 0); TILE];
        for (now, level) in now.iter_mut().zip(levels) {
            *now = u8x16::load_array_ref(simd, level);
        }
        for _ in 0..4 {
            let mut next = now;
            let (near, far) = now.split_at(TILE / 2);
            for ((a, b), next) in near.iter().zip(far).zip(next.as_chunks_mut::<2>().0) {
                *next = (*a).interleave(*b).into();
            }
            now = next;
        }
        let at = block * TILE;
        for (row, now) in rows.chunks_exact_mut(length).zip(now) {
            let out = row.get_mut(at..).unwrap_or_default();
            match out.as_chunks_mut::<TILE>().0 {
                [out, ..] => now.store_array(out),
                [] => out.copy_from_slice(now.as_slice().get(..out.len()).unwrap_or_default()),
            }
        }
    }
}
