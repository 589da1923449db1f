//! Unfilters scanlines: adds the prediction of the filter type to each residual, four scanlines in one pass.
//!
//! Paeth and Average predict a byte from the byte to its left, so each pixel of a scanline waits for the pixel before
//! it, and most of the processor is idle. But the scanline below can follow one pixel behind: it needs the pixel above
//! and the pixel above left, and both are known by then. So four scanlines advance together, as a diagonal wavefront:
//!
//! ```text
//!            column
//!            0  1  2  3  4
//! scanline 0 x  x  x  0         x: done
//! scanline 1 x  x  1            0 to 3: the pixels of the current step,
//! scanline 2 x  2                       by their lane in the vector
//! scanline 3 3
//! ```
//!
//! The four pixels of a step are the lanes of one vector, 4 bytes each (RGB has one unused byte). Their neighbours are
//! vectors too:
//!
//! - `a`, to the left: the result of the step before.
//! - `b`, above: the same vector, moved by one lane, with the pixel above scanline 0 as the new first lane.
//! - `c`, above left: the `b` of the step before.
//!
//! Scanlines of all filter types take part. None, Sub and Up are Paeth with those neighbours set to 0 that they do not
//! look at; Average is computed beside Paeth and selected by a mask.
//!
//! The pixels are loaded and stored in blocks of four pixels of a scanline. Four blocks, each one pixel further left
//! than the block above, are transposed to the four vectors of four steps. At the two ends of the scanlines a block
//! covers places outside; these read as 0 and are not written.
//!
//! All operations are exact, so the result does not depend on the width of the processor's vectors.

#![expect(clippy::inline_always, reason = "a function compiles for the wide vectors only inside its caller")]

use std::{array, slice};

use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch, u8x16, u32x4, u64x2};

use super::Unreadable;
use crate::filter_type::{FilterType, average, paeth};

/// The number of scanlines that are unfiltered in one pass, and of pixels in a block.
pub(super) const GROUP: usize = 4;

/// A scanline: the filter type and the residuals.
#[derive(Clone, Copy, Debug)]
struct Scanline<'a> {
    filter_type: FilterType,
    residuals: &'a [u8],
}

impl<'a> Scanline<'a> {
    /// Splits the filter type off. [`Unreadable`] if there is no filter type of that number.
    fn new(scanline: &'a [u8]) -> Result<Self, Unreadable> {
        let filter_type = FilterType::from_number(scanline[0]).ok_or(Unreadable)?;
        Ok(Self { filter_type, residuals: &scanline[1..] })
    }

    /// Whether the prediction takes more than one operation on the pixel to the left. Only these types gain from the
    /// diagonal order.
    const fn is_slow(&self) -> bool {
        matches!(self.filter_type, FilterType::Average | FilterType::Paeth)
    }
}

/// Unfilters up to [`GROUP`] `scanlines` into as many `rows` of pixels.
///
/// A pixel has 3 or 4 bytes. The row `above` the first one has as many bytes as each of the rows.
///
/// # Errors
///
/// [`Unreadable`] if a scanline has an unknown filter type.
pub(super) fn unfilter(
    level: Level,
    bytes_per_pixel: usize,
    scanlines: &[u8],
    above: &[u8],
    rows: &mut [u8],
) -> Result<(), Unreadable> {
    let mut group = [Scanline { filter_type: FilterType::None, residuals: &[] }; GROUP];
    let count = rows.len() / above.len();
    for (parsed, scanline) in group[..count].iter_mut().zip(scanlines.chunks_exact(1 + above.len())) {
        *parsed = Scanline::new(scanline)?;
    }
    if count == GROUP && group.iter().any(Scanline::is_slow) {
        unfilter_group(level, bytes_per_pixel, group, above, rows);
        return Ok(());
    }
    let mut above = above;
    for (scanline, row) in group.into_iter().zip(rows.chunks_exact_mut(above.len())) {
        match bytes_per_pixel {
            3 => unfilter_one::<3>(scanline, above, row),
            _ => unfilter_one::<4>(scanline, above, row),
        }
        above = row;
    }
    Ok(())
}

/// Unfilters one scanline of pixels of `BPP` bytes.
fn unfilter_one<const BPP: usize>(scanline: Scanline<'_>, above: &[u8], row: &mut [u8]) {
    let residuals = scanline.residuals;
    match scanline.filter_type {
        FilterType::None => row.copy_from_slice(residuals),
        FilterType::Up => {
            row.iter_mut().zip(residuals).zip(above).for_each(|((byte, x), b)| *byte = x.wrapping_add(*b));
        }
        FilterType::Sub => add_prediction::<BPP>(residuals, above, row, |a, _, _| a),
        FilterType::Average => add_prediction::<BPP>(residuals, above, row, |a, b, _| average(a, b)),
        FilterType::Paeth => add_prediction::<BPP>(residuals, above, row, paeth),
    }
}

/// Adds what `predict` gives for the neighbours `a`, `b` and `c` to each residual.
fn add_prediction<const BPP: usize>(
    residuals: &[u8],
    above: &[u8],
    row: &mut [u8],
    predict: impl Fn(u8, u8, u8) -> u8,
) {
    let (mut left, mut above_left) = ([0; BPP], [0; BPP]);
    let (residuals, above) = (residuals.as_chunks().0, above.as_chunks().0);
    for ((pixel, residual), above) in row.as_chunks_mut().0.iter_mut().zip(residuals).zip(above) {
        for (((a, x), b), c) in left.iter_mut().zip::<&[u8; BPP]>(residual).zip(above).zip(above_left) {
            *a = x.wrapping_add(predict(*a, *b, c));
        }
        (*pixel, above_left) = (left, *above);
    }
}

/// Unfilters four scanlines of at least one pixel with the vectors of the processor.
fn unfilter_group(level: Level, bytes_per_pixel: usize, group: [Scanline<'_>; GROUP], above: &[u8], rows: &mut [u8]) {
    // No vector is longer than 16 bytes, and the comparisons of AVX-512, which give bit masks, take longer than those
    // of AVX2.
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    let level = level.as_avx2().map_or(level, Level::Avx2);
    let mut rows = rows.chunks_exact_mut(above.len());
    let rows = array::from_fn(|_| rows.next().expect("invariant: a group has four rows"));
    let is_paeth = group.iter().all(|scanline| scanline.filter_type == FilterType::Paeth);
    match (bytes_per_pixel, is_paeth) {
        (3, true) => dispatch!(level, simd => wavefront::<_, 12, true>(simd, group, above, rows)),
        (3, false) => dispatch!(level, simd => wavefront::<_, 12, false>(simd, group, above, rows)),
        (_, true) => dispatch!(level, simd => wavefront::<_, 16, true>(simd, group, above, rows)),
        (_, false) => dispatch!(level, simd => wavefront::<_, 16, false>(simd, group, above, rows)),
    }
}

/// Unfilters four scanlines. A block is `BLOCK` bytes; the blocks of scanline n lie n pixels further left than those of
/// scanline 0. If `IS_PAETH`, all filter types are Paeth.
#[inline(always)]
fn wavefront<S: Simd, const BLOCK: usize, const IS_PAETH: bool>(
    simd: S,
    group: [Scanline<'_>; GROUP],
    above: &[u8],
    mut rows: [&mut [u8]; GROUP],
) {
    let bpp = BLOCK / GROUP;
    let mut front = Wavefront::<S, BLOCK, IS_PAETH>::new(simd, group.map(|scanline| scanline.filter_type));
    let residuals = group.map(|scanline| scanline.residuals);
    // The first blocks begin before the scanlines 1 to 3.
    front.advance_at_edge(0, residuals, above, &mut rows);
    // Scanline 0 is ahead, so it is the first to have no whole block left.
    let ([r0, r1, r2, r3], [w0, w1, w2, w3]) = (residuals, &mut rows);
    let from = blocks(r0, 0).zip(blocks(r1, bpp)).zip(blocks(r2, 2 * bpp)).zip(blocks(r3, 3 * bpp));
    let to = blocks_mut(w0, 0).zip(blocks_mut(w1, bpp)).zip(blocks_mut(w2, 2 * bpp)).zip(blocks_mut(w3, 3 * bpp));
    for ((from, to), above) in from.zip(to).zip(blocks(above, 0)) {
        let ((((r0, r1), r2), r3), (((w0, w1), w2), w3)) = (from, to);
        [*w0, *w1, *w2, *w3] = front.advance([r0, r1, r2, r3], above);
    }
    // Scanline 3 ends three pixels after scanline 0.
    let end = (above.len() / bpp + GROUP - 1).div_ceil(GROUP);
    for index in (above.len() / BLOCK).max(1)..end {
        front.advance_at_edge(index, residuals, above, &mut rows);
    }
}

/// The whole blocks of a scanline from the second one on, where the blocks lie `shift` bytes further left than those of
/// scanline 0.
fn blocks<const BLOCK: usize>(scanline: &[u8], shift: usize) -> slice::Iter<'_, [u8; BLOCK]> {
    scanline[scanline.len().min(BLOCK - shift)..].as_chunks().0.iter()
}

/// As [`blocks`], to write to.
fn blocks_mut<const BLOCK: usize>(row: &mut [u8], shift: usize) -> slice::IterMut<'_, [u8; BLOCK]> {
    let start = row.len().min(BLOCK - shift);
    row[start..].as_chunks_mut().0.iter_mut()
}

/// The state between two steps: the neighbours of the next pixels, and the filter types as masks.
struct Wavefront<S: Simd, const BLOCK: usize, const IS_PAETH: bool> {
    simd: S,
    left: u8x16<S>,
    above_left: u8x16<S>,
    /// One bits in the lanes of the scanlines that look at `a`, at `b`, and at `c`.
    looks_at: [u8x16<S>; 3],
    /// One bits in the lanes of the scanlines of filter type Average.
    average: u8x16<S>,
}

impl<S: Simd, const BLOCK: usize, const IS_PAETH: bool> Wavefront<S, BLOCK, IS_PAETH> {
    #[inline(always)]
    fn new(simd: S, filter_types: [FilterType; GROUP]) -> Self {
        let mask = |is_in: fn(FilterType) -> bool| {
            let lanes = filter_types.map(|filter_type| if is_in(filter_type) { u32::MAX } else { 0 });
            u32x4::simd_from(simd, lanes).bitcast()
        };
        Self {
            simd,
            left: u8x16::splat(simd, 0),
            above_left: u8x16::splat(simd, 0),
            looks_at: [
                mask(|filter_type| matches!(filter_type, FilterType::Sub | FilterType::Paeth)),
                mask(|filter_type| matches!(filter_type, FilterType::Up | FilterType::Paeth)),
                mask(|filter_type| filter_type == FilterType::Paeth),
            ],
            average: mask(|filter_type| filter_type == FilterType::Average),
        }
    }

    /// Advances by the blocks of this index, parts of which lie outside the scanlines.
    #[inline(always)]
    fn advance_at_edge(
        &mut self,
        index: usize,
        residuals: [&[u8]; GROUP],
        above: &[u8],
        rows: &mut [&mut [u8]; GROUP],
    ) {
        let (start, bpp) = (index * BLOCK, BLOCK / GROUP);
        // Where byte `at` of a block lies in its scanline. `None` if it lies outside.
        let place = |at: usize, shift: usize| (start + at).checked_sub(shift).filter(|place| *place < above.len());
        let block =
            |scanline: &[u8], shift: usize| array::from_fn(|at| place(at, shift).map_or(0, |place| scanline[place]));
        let [r0, r1, r2, r3] = residuals;
        let blocks = [block(r0, 0), block(r1, bpp), block(r2, 2 * bpp), block(r3, 3 * bpp)];
        let blocks = self.advance(blocks.each_ref(), &block(above, 0));
        for (y, (row, block)) in rows.iter_mut().zip(blocks).enumerate() {
            for (at, byte) in block.into_iter().enumerate() {
                if let Some(place) = place(at, y * bpp) {
                    row[place] = byte;
                }
            }
        }
    }

    /// Advances by four steps: takes a block of residuals of each scanline and the block above that of scanline 0, and
    /// returns the blocks of pixels.
    #[inline(always)]
    fn advance(&mut self, [r0, r1, r2, r3]: [&[u8; BLOCK]; GROUP], above: &[u8; BLOCK]) -> [[u8; BLOCK]; GROUP] {
        let (simd, zero) = (self.simd, u8x16::splat(self.simd, 0));
        let above = load(simd, above);
        let [r0, r1, r2, r3] = transpose([load(simd, r0), load(simd, r1), load(simd, r2), load(simd, r3)]);
        // Each of the four pixels above scanline 0 is the last lane in its step.
        let p0 = self.step(r0, zero.slide::<4>(above));
        let p1 = self.step(r1, zero.slide::<8>(above));
        let p2 = self.step(r2, zero.slide::<12>(above));
        let p3 = self.step(r3, above);
        let [p0, p1, p2, p3] = transpose([p0, p1, p2, p3]);
        [store(simd, p0), store(simd, p1), store(simd, p2), store(simd, p3)]
    }

    /// Advances by one step: takes the residuals of one pixel of each scanline and returns the pixels. The last lane of
    /// `above` is the pixel above that of scanline 0.
    #[inline(always)]
    fn step(&mut self, residuals: u8x16<S>, above: u8x16<S>) -> u8x16<S> {
        let (a, b, c) = (self.left, above.slide::<12>(self.left), self.above_left);
        self.above_left = b;
        let prediction = if IS_PAETH {
            paeth_of_lanes(self.simd, a, b, c)
        } else {
            let [looks_at_a, looks_at_b, looks_at_c] = self.looks_at;
            let paeth = paeth_of_lanes(self.simd, a & looks_at_a, b & looks_at_b, c & looks_at_c);
            let average = (a & b) + ((a ^ b) >> 1_u32);
            (average & self.average) | (paeth & !self.average)
        };
        self.left = residuals + prediction;
        self.left
    }
}

/// [`paeth`] of each byte. `a` and `b` are from the step before; `c` is known one step earlier. So the operations on
/// `c` alone can run ahead.
#[inline(always)]
fn paeth_of_lanes<S: Simd>(simd: S, a: u8x16<S>, b: u8x16<S>, c: u8x16<S>) -> u8x16<S> {
    let (to_a, to_b) = (b.max(c) - b.min(c), a.max(c) - a.min(c));
    // The distances are those from the estimate a + b - c. If `a` and `b` lie on the same side of `c`, the distance of
    // `c` is the sum of the other two, so `c` is never nearer and is not chosen.
    let same_side = a.simd_ge(c).simd_eq(b.simd_ge(c));
    let to_c = same_side.select(u8x16::splat(simd, u8::MAX), to_a.max(to_b) - to_a.min(to_b));
    let b_or_c = to_b.simd_le(to_c).select(b, c);
    to_a.simd_le(to_b.min(to_c)).select(a, b_or_c)
}

/// Loads four pixels, one a lane. The fourth byte of an RGB lane is a copy of the third.
#[inline(always)]
fn load<S: Simd, const BLOCK: usize>(simd: S, block: &[u8; BLOCK]) -> u8x16<S> {
    if let Some(block) = block.first_chunk() {
        return u8x16::load_array_ref(simd, block);
    }
    let low = u64::from_le_bytes(*block.first_chunk().expect("invariant: a block has 12 or 16 bytes"));
    let high = u32::from_le_bytes(*block.last_chunk().expect("invariant: a block has 12 or 16 bytes"));
    let packed: u8x16<S> = u64x2::simd_from(simd, [low, high.into()]).bitcast();
    let sources = u8x16::simd_from(simd, [0, 1, 2, 2, 3, 4, 5, 5, 6, 7, 8, 8, 9, 10, 11, 11]);
    packed.swizzle_dyn_within_blocks(sources)
}

/// The bytes of four pixels, as a row has them.
#[inline(always)]
fn store<S: Simd, const BLOCK: usize>(simd: S, pixels: u8x16<S>) -> [u8; BLOCK] {
    let sources = u8x16::simd_from(simd, [0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 15, 15, 15, 15]);
    let pixels = if BLOCK == 16 { pixels } else { pixels.swizzle_dyn_within_blocks(sources) };
    let mut bytes = [0; 16];
    pixels.store_array(&mut bytes);
    *bytes.first_chunk().expect("invariant: a block has at most 16 bytes")
}

/// Transposes four rows of four lanes of 4 bytes.
#[inline(always)]
fn transpose<S: Simd>([a, b, c, d]: [u8x16<S>; 4]) -> [u8x16<S>; 4] {
    let [a, b, c, d]: [u32x4<S>; 4] = [a.bitcast(), b.bitcast(), c.bitcast(), d.bitcast()];
    let (ab_low, cd_low): (u64x2<S>, u64x2<S>) = (a.zip_low(b).bitcast(), c.zip_low(d).bitcast());
    let (ab_high, cd_high): (u64x2<S>, u64x2<S>) = (a.zip_high(b).bitcast(), c.zip_high(d).bitcast());
    let (first, second) = (ab_low.zip_low(cd_low), ab_low.zip_high(cd_low));
    let (third, fourth) = (ab_high.zip_low(cd_high), ab_high.zip_high(cd_high));
    [first.bitcast(), second.bitcast(), third.bitcast(), fourth.bitcast()]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::*;
    use crate::filter_type::tests::specified_paeth;

    /// Unfilters byte by byte, as section 9 of the specification writes it.
    fn specified(bytes_per_pixel: usize, scanlines: &[u8], above: &[u8]) -> Vec<u8> {
        let mut rows = above.to_vec();
        for scanline in scanlines.chunks(1 + above.len()) {
            for (x, residual) in scanline[1..].iter().enumerate() {
                let (byte_above, row_start) = (rows.len() - above.len(), rows.len() - x);
                let is_first = x < bytes_per_pixel;
                let left = if is_first { 0 } else { rows[row_start + x - bytes_per_pixel] };
                let above_left = if is_first { 0 } else { rows[byte_above - bytes_per_pixel] };
                let prediction = match scanline[0] {
                    0 => 0,
                    1 => left,
                    2 => rows[byte_above],
                    3 => u8::midpoint(left, rows[byte_above]),
                    4 => specified_paeth(left, rows[byte_above], above_left),
                    other => panic!("filter type {other}"),
                };
                rows.push(residual.wrapping_add(prediction));
            }
        }
        rows.split_off(above.len())
    }

    /// Compares all groups of the scanlines with [`specified`], with and without the processor's wide vectors.
    fn check(bytes_per_pixel: usize, scanlines: &[u8], above: &[u8]) {
        let expected = specified(bytes_per_pixel, scanlines, above);
        for level in [Level::new(), Level::baseline()] {
            let mut rows = above.to_vec();
            for scanlines in scanlines.chunks(GROUP * (1 + above.len())) {
                let (done, count) = (rows.len(), scanlines.len() / (1 + above.len()));
                rows.resize(done + count * above.len(), 7);
                let (done, rows) = rows.split_at_mut(done);
                let above = &done[done.len() - above.len()..];
                assert_eq!(unfilter(level, bytes_per_pixel, scanlines, above, rows), Ok(()));
            }
            assert_eq!(rows[above.len()..], expected, "{bytes_per_pixel} bytes a pixel, {} above", above.len());
        }
    }

    #[test]
    fn every_filter_type_is_undone_at_every_small_width_and_height() {
        let mut seed = 1_u32;
        let mut byte = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            seed.to_be_bytes()[0]
        };
        for (bpp, width, height) in (1..40).flat_map(|width| (1..10).flat_map(move |h| [(3, width, h), (4, width, h)]))
        {
            let above: Vec<u8> = (0..bpp * width).map(|_| byte()).collect();
            for only in [None, Some(0), Some(1), Some(2), Some(3), Some(4)] {
                let mut scanlines: Vec<u8> = (0..height * (1 + above.len())).map(|_| byte()).collect();
                let filter_types = scanlines.iter_mut().step_by(1 + above.len());
                filter_types.for_each(|filter_type| *filter_type = only.unwrap_or(*filter_type % 5));
                check(bpp, &scanlines, &above);
            }
        }
    }

    #[test]
    fn an_unknown_filter_type_is_unreadable() {
        for (row, number) in (0..GROUP).flat_map(|row| [(row, 5), (row, 255)]) {
            let mut scanlines = [[4, 1, 1, 1, 1, 1, 1]; GROUP];
            scanlines[row][0] = number;
            for count in 1..=GROUP {
                let (scanlines, rows) = (&scanlines[..count], &mut [[0; 6]; GROUP][..count]);
                let result = unfilter(Level::new(), 3, scanlines.as_flattened(), &[0; 6], rows.as_flattened_mut());
                assert_eq!(result, if row < count { Err(Unreadable) } else { Ok(()) });
            }
        }
    }

    proptest! {
        #[test]
        fn groups_of_scanlines_give_the_pixels_of_the_specification(
            bytes in proptest::collection::vec(any::<u8>(), 40..2000), bpp in 3..=4_usize, width in 1..100_usize,
            filter_types in proptest::collection::vec(0..5_u8, 1..40),
        ) {
            let above: Vec<u8> = bytes.iter().cycle().take(bpp * width).map(|byte| byte ^ 0x55).collect();
            let count = filter_types.len() * (1 + above.len());
            let mut scanlines: Vec<u8> = bytes.iter().cycle().take(count).copied().collect();
            let places = scanlines.iter_mut().step_by(1 + above.len());
            places.zip(&filter_types).for_each(|(place, filter_type)| *place = *filter_type);
            check(bpp, &scanlines, &above);
        }
    }
}
