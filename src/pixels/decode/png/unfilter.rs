//! Undoes the filters of rows, four at a time.
//!
//! A byte that was predicted by [`Filter::Paeth`] needs the one to its left, so a row is a chain of steps each of which
//! waits for the one before, and most of a processor is idle meanwhile. But the row below can follow one pixel behind,
//! since it needs no more of this one than the pixel above and the one to the left of that:
//!
//! ```text
//! row 0   . . . 3           the pixels of one step,
//! row 1   . . 2             by their columns
//! row 2   . 1
//! row 3   0
//! ```
//!
//! The four pixels of a step are one vector. What is to the left of them is the step before; what is above is the same,
//! moved down by a row; and above to the left is what was above in the step before. Rows of other filters go along:
//! [`Filter::Sub`], [`Filter::Up`] and [`Filter::None`] are what Paeth is where the neighbours that they do not look at are
//! 0. It is exact, so it does not matter how many pixels a processor takes at once.

#![expect(clippy::inline_always, reason = "what is not inlined is not compiled for the processor's vectors")]

use std::{array, slice};

use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch, u8x16, u32x4, u64x2};

use crate::pixels::predict::{Filter, average, paeth};

/// The rows of a group, and the pixels of each that are loaded at once.
pub(in crate::pixels::decode) const GROUP: usize = 4;

/// A row as it is in the file.
#[derive(Clone, Copy, Debug)]
struct Filtered<'a> {
    filter: Filter,
    bytes: &'a [u8],
}

impl<'a> Filtered<'a> {
    /// A filter's number and the bytes; nothing where no filter has that number.
    fn new(line: &'a [u8]) -> Option<Self> {
        let (number, bytes) = line.split_first()?;
        Some(Self { filter: Filter::numbered(*number)?, bytes })
    }

    /// Whether a byte of it needs the ones before and above to be known, and more than an addition.
    const fn is_slow(&self) -> bool {
        matches!(self.filter, Filter::Average | Filter::Paeth)
    }
}

/// Fills `rows`, at most [`GROUP`], from as many `lines`, each a filter's number and as many bytes as are `above` the first,
/// for pixels of `step` bytes, 3 or 4; nothing where no filter has that number.
pub(super) fn unfilter(level: Level, step: usize, lines: &[u8], above: &[u8], rows: &mut [u8]) -> Option<()> {
    let mut group = [Filtered { filter: Filter::None, bytes: &[] }; GROUP];
    let mut count = 0;
    for (place, line) in group.iter_mut().zip(lines.chunks_exact(1 + above.len())) {
        *place = Filtered::new(line)?;
        count += 1;
    }
    let is_slow = group.iter().any(Filtered::is_slow);
    let mut rows = rows.chunks_exact_mut(above.len());
    if count == GROUP && is_slow {
        let rows = [rows.next()?, rows.next()?, rows.next()?, rows.next()?];
        all_at_once(level, step, group, above, rows);
        return Some(());
    }
    let mut above = above;
    for (line, row) in group.into_iter().take(count).zip(rows) {
        match step {
            3 => undo::<3>(line, above, row),
            _ => undo::<4>(line, above, row),
        }
        above = row;
    }
    Some(())
}

/// One row, of pixels of `STEP` bytes.
fn undo<const STEP: usize>(Filtered { filter, bytes }: Filtered<'_>, above: &[u8], row: &mut [u8]) {
    match filter {
        Filter::None => row.iter_mut().zip(bytes).for_each(|(made, x)| *made = *x),
        Filter::Up => {
            row.iter_mut().zip(bytes).zip(above).for_each(|((made, x), b)| *made = x.wrapping_add(*b));
        }
        Filter::Sub => add::<STEP>(bytes, above, row, |a, _, _| a),
        Filter::Average => add::<STEP>(bytes, above, row, |a, b, _| average(a, b)),
        Filter::Paeth => add::<STEP>(bytes, above, row, paeth),
    }
}

fn add<const STEP: usize>(bytes: &[u8], above: &[u8], row: &mut [u8], predict: impl Fn(u8, u8, u8) -> u8) {
    let (mut left, mut above_left) = ([0; STEP], [0; STEP]);
    let (bytes, above) = (bytes.as_chunks().0, above.as_chunks().0);
    for ((made, x), above) in row.as_chunks_mut().0.iter_mut().zip(bytes).zip(above) {
        for (((a, x), b), c) in left.iter_mut().zip::<&[u8; STEP]>(x).zip(above).zip(above_left) {
            *a = x.wrapping_add(predict(*a, *b, c));
        }
        (*made, above_left) = (left, *above);
    }
}

fn all_at_once(level: Level, step: usize, group: [Filtered<'_>; GROUP], above: &[u8], made: [&mut [u8]; GROUP]) {
    // Vectors are no longer than that, and comparing by masks of one bit a byte takes longer.
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    let level = level.as_avx2().map_or(level, Level::Avx2);
    let is_paeth = group.iter().all(|line| line.filter == Filter::Paeth);
    match (step, is_paeth) {
        (3, true) => dispatch!(level, simd => diagonal::<_, 12, true>(simd, group, above, made)),
        (3, false) => dispatch!(level, simd => diagonal::<_, 12, false>(simd, group, above, made)),
        (_, true) => dispatch!(level, simd => diagonal::<_, 16, true>(simd, group, above, made)),
        (_, false) => dispatch!(level, simd => diagonal::<_, 16, false>(simd, group, above, made)),
    }
}

/// Four rows, in blocks of four pixels of each, which are `BLOCK` bytes, those of a row one pixel behind those of the row above.
#[inline(always)]
fn diagonal<S: Simd, const BLOCK: usize, const IS_PAETH: bool>(
    simd: S,
    group: [Filtered<'_>; GROUP],
    above: &[u8],
    mut made: [&mut [u8]; GROUP],
) {
    let step = BLOCK / GROUP;
    let mut pixels = Pixels::<S, BLOCK, IS_PAETH>::new(simd, group.map(|line| line.filter));
    let group = group.map(|line| line.bytes);
    pixels.at_edge(0, group, above, &mut made);
    // From the second block on nothing is before a row, and the first row, which is ahead, is the first to end.
    let ([a, b, c, d], [to_a, to_b, to_c, to_d]) = (group, &mut made);
    let lines = blocks(a, 0).zip(blocks(b, step)).zip(blocks(c, 2 * step)).zip(blocks(d, 3 * step));
    let places = places(to_a, 0).zip(places(to_b, step)).zip(places(to_c, 2 * step)).zip(places(to_d, 3 * step));
    for ((line, place), above) in lines.zip(places).zip(blocks(above, 0)) {
        let ((((a, b), c), d), (((to_a, to_b), to_c), to_d)) = (line, place);
        [*to_a, *to_b, *to_c, *to_d] = pixels.next([a, b, c, d], above);
    }
    // The last row ends three pixels behind the first.
    let end = (above.len() / step + GROUP - 1).div_ceil(GROUP);
    for number in (above.len() / BLOCK).max(1)..end {
        pixels.at_edge(number, group, above, &mut made);
    }
}

/// The blocks of a row from the second on, for a row that is so many bytes behind.
fn blocks<const BLOCK: usize>(row: &[u8], behind: usize) -> slice::Iter<'_, [u8; BLOCK]> {
    row.get(BLOCK - behind..).unwrap_or_default().as_chunks().0.iter()
}

fn places<const BLOCK: usize>(row: &mut [u8], behind: usize) -> slice::IterMut<'_, [u8; BLOCK]> {
    row.get_mut(BLOCK - behind..).unwrap_or_default().as_chunks_mut().0.iter_mut()
}

/// The pixels of the last step, and how those of the next are predicted.
struct Pixels<S: Simd, const BLOCK: usize, const IS_PAETH: bool> {
    simd: S,
    left: u8x16<S>,
    above_left: u8x16<S>,
    /// Ones in the rows that look at what is to the left, above, and above to the left.
    looks_at: [u8x16<S>; 3],
    /// Ones in the rows that take the mean.
    average: u8x16<S>,
}

impl<S: Simd, const BLOCK: usize, const IS_PAETH: bool> Pixels<S, BLOCK, IS_PAETH> {
    #[inline(always)]
    fn new(simd: S, filters: [Filter; GROUP]) -> Self {
        let rows = |are: fn(Filter) -> bool| {
            let ones = filters.map(|filter| if are(filter) { u32::MAX } else { 0 });
            u32x4::simd_from(simd, ones).bitcast()
        };
        Self {
            simd,
            left: u8x16::splat(simd, 0),
            above_left: u8x16::splat(simd, 0),
            looks_at: [
                rows(|filter| matches!(filter, Filter::Sub | Filter::Paeth)),
                rows(|filter| matches!(filter, Filter::Up | Filter::Paeth)),
                rows(|filter| filter == Filter::Paeth),
            ],
            average: rows(|filter| filter == Filter::Average),
        }
    }

    /// A block of which parts are before the rows, or behind them, where there are zeros.
    #[inline(always)]
    fn at_edge(&mut self, number: usize, lines: [&[u8]; GROUP], above: &[u8], made: &mut [&mut [u8]; GROUP]) {
        let (start, step) = (number * BLOCK, BLOCK / GROUP);
        let part = |line: &[u8], behind: usize| {
            let byte = |at: usize| (start + at).checked_sub(behind).and_then(|at| line.get(at)).copied();
            array::from_fn(|at| byte(at).unwrap_or_default())
        };
        let [a, b, c, d] = lines;
        let parts = [part(a, 0), part(b, step), part(c, 2 * step), part(d, 3 * step)];
        let parts = self.next(parts.each_ref(), &part(above, 0));
        for (row, (made, part)) in made.iter_mut().zip(parts).enumerate() {
            for (at, byte) in part.into_iter().enumerate() {
                if let Some(place) = (start + at).checked_sub(row * step).and_then(|at| made.get_mut(at)) {
                    *place = byte;
                }
            }
        }
    }

    /// A block.
    #[inline(always)]
    fn next(&mut self, [a, b, c, d]: [&[u8; BLOCK]; GROUP], above: &[u8; BLOCK]) -> [[u8; BLOCK]; GROUP] {
        let (simd, none) = (self.simd, u8x16::splat(self.simd, 0));
        let above = spread(simd, above);
        let [a, b, c, d] = turned([spread(simd, a), spread(simd, b), spread(simd, c), spread(simd, d)]);
        // Of the four pixels above the first row each comes to the end of a vector in its step.
        let a = self.step(a, none.slide::<4>(above));
        let b = self.step(b, none.slide::<8>(above));
        let c = self.step(c, none.slide::<12>(above));
        let d = self.step(d, above);
        let [a, b, c, d] = turned([a, b, c, d]);
        [joined(simd, a), joined(simd, b), joined(simd, c), joined(simd, d)]
    }

    /// A pixel of each row; the last four bytes of `above` are the one above the first.
    #[inline(always)]
    fn step(&mut self, filtered: u8x16<S>, above: u8x16<S>) -> u8x16<S> {
        let (a, b, c) = (self.left, above.slide::<12>(self.left), self.above_left);
        self.above_left = b;
        let expected = if IS_PAETH {
            nearest(self.simd, a, b, c)
        } else {
            let [looks_left, looks_up, looks_both] = self.looks_at;
            let nearest = nearest(self.simd, a & looks_left, b & looks_up, c & looks_both);
            let mean = (a & b) + ((a ^ b) >> 1_u32);
            (mean & self.average) | (nearest & !self.average)
        };
        self.left = filtered + expected;
        self.left
    }
}

/// What [`paeth`] is of each byte, `a` as late as can be, since it is what is waited for.
#[inline(always)]
fn nearest<S: Simd>(simd: S, a: u8x16<S>, b: u8x16<S>, c: u8x16<S>) -> u8x16<S> {
    let (to_a, to_b) = (b.max(c) - b.min(c), a.max(c) - a.min(c));
    // Where both point the same way, c is as far as both together, and so never the nearest.
    let same_way = a.simd_ge(c).simd_eq(b.simd_ge(c));
    let to_c = same_way.select(u8x16::splat(simd, u8::MAX), to_a.max(to_b) - to_a.min(to_b));
    let b_or_c = to_b.simd_le(to_c).select(b, c);
    to_a.simd_le(to_b.min(to_c)).select(a, b_or_c)
}

/// Four pixels, each in four bytes.
#[inline(always)]
fn spread<S: Simd, const BLOCK: usize>(simd: S, block: &[u8; BLOCK]) -> u8x16<S> {
    if let Some(block) = block.first_chunk() {
        return u8x16::load_array_ref(simd, block);
    }
    let low = u64::from_le_bytes(block.first_chunk().copied().unwrap_or_default());
    let high = u32::from_le_bytes(block.last_chunk().copied().unwrap_or_default());
    let twelve: u8x16<S> = u64x2::simd_from(simd, [low, high.into()]).bitcast();
    let places = u8x16::simd_from(simd, [0, 1, 2, 2, 3, 4, 5, 5, 6, 7, 8, 8, 9, 10, 11, 11]);
    twelve.swizzle_dyn_within_blocks(places)
}

/// Four pixels as they are in a row.
#[inline(always)]
fn joined<S: Simd, const BLOCK: usize>(simd: S, pixels: u8x16<S>) -> [u8; BLOCK] {
    let places = u8x16::simd_from(simd, [0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 15, 15, 15, 15]);
    let pixels = if BLOCK == 16 { pixels } else { pixels.swizzle_dyn_within_blocks(places) };
    let mut bytes = [0; 16];
    pixels.store_array(&mut bytes);
    bytes.first_chunk().copied().unwrap_or([0; BLOCK])
}

/// Rows to columns, of four bytes each.
#[inline(always)]
fn turned<S: Simd>([a, b, c, d]: [u8x16<S>; 4]) -> [u8x16<S>; 4] {
    let [a, b, c, d]: [u32x4<S>; 4] = [a.bitcast(), b.bitcast(), c.bitcast(), d.bitcast()];
    let (ab, cd): (u64x2<S>, u64x2<S>) = (a.zip_low(b).bitcast(), c.zip_low(d).bitcast());
    let (ab_behind, cd_behind): (u64x2<S>, u64x2<S>) = (a.zip_high(b).bitcast(), c.zip_high(d).bitcast());
    let (first, second) = (ab.zip_low(cd), ab.zip_high(cd));
    let (third, fourth) = (ab_behind.zip_low(cd_behind), ab_behind.zip_high(cd_behind));
    [first.bitcast(), second.bitcast(), third.bitcast(), fourth.bitcast()]
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test fails by a panic")]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;
    use crate::pixels::predict::tests::unfiltered;

    /// Row by row and byte by byte, as the specification says.
    fn naive(step: usize, lines: &[u8], above: &[u8]) -> Vec<u8> {
        let mut rows: Vec<Vec<u8>> = vec![above.to_vec()];
        for line in lines.chunks(1 + above.len()) {
            rows.push(unfiltered(line, &rows[rows.len() - 1], step));
        }
        rows[1..].concat()
    }

    fn check(step: usize, lines: &[u8], above: &[u8]) {
        let expected = naive(step, lines, above);
        for level in [Level::new(), Level::baseline()] {
            let mut rows = above.to_vec();
            for lines in lines.chunks(GROUP * (1 + above.len())) {
                let (done, count) = (rows.len(), lines.len() / (1 + above.len()));
                rows.resize(done + count * above.len(), 7);
                let (done, rows) = rows.split_at_mut(done);
                assert_eq!(unfilter(level, step, lines, &done[done.len() - above.len()..], rows), Some(()));
            }
            assert_eq!(rows[above.len()..], expected, "{step} bytes a pixel, {} pixels, {level:?}", above.len() / step);
        }
    }

    #[test]
    fn every_filter_is_undone_at_every_small_width_and_height() {
        let mut seed = 1_u32;
        let mut byte = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            seed.to_be_bytes()[0]
        };
        for (step, width, height) in (1..40).flat_map(|width| (1..10).flat_map(move |h| [(3, width, h), (4, width, h)]))
        {
            let above: Vec<u8> = (0..step * width).map(|_| byte()).collect();
            for only in [None, Some(0), Some(1), Some(2), Some(3), Some(4)] {
                let mut lines: Vec<u8> = (0..height * (1 + above.len())).map(|_| byte()).collect();
                lines.iter_mut().step_by(1 + above.len()).for_each(|filter| *filter = only.unwrap_or(*filter % 5));
                check(step, &lines, &above);
            }
        }
    }

    #[test]
    fn an_unknown_filter_is_none() {
        for (row, number) in (0..GROUP).flat_map(|row| [(row, 5), (row, 255)]) {
            let mut lines = [[4, 1, 1, 1, 1, 1, 1]; GROUP];
            lines[row][0] = number;
            for count in 1..=GROUP {
                let (lines, rows) = (&lines[..count], &mut [[0; 6]; GROUP][..count]);
                let result = unfilter(Level::new(), 3, lines.as_flattened(), &[0; 6], rows.as_flattened_mut());
                assert_eq!(result, (row >= count).then_some(()));
            }
        }
    }

    proptest! {
        #[test]
        fn any_rows_are_what_they_are_one_after_the_other(
            bytes in proptest::collection::vec(any::<u8>(), 40..2000), step in 3..=4_usize, width in 1..100_usize,
            filters in proptest::collection::vec(0..5_u8, 1..40),
        ) {
            let above: Vec<u8> = bytes.iter().cycle().take(step * width).map(|byte| byte ^ 0x55).collect();
            let mut lines: Vec<u8> = bytes.iter().cycle().take(filters.len() * (1 + above.len())).copied().collect();
            lines.iter_mut().step_by(1 + above.len()).zip(&filters).for_each(|(place, filter)| *place = *filter);
            check(step, &lines, &above);
            prop_assert_eq!(lines.len(), filters.len() * (1 + above.len()));
        }
    }
}
