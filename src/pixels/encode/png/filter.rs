//! Rows through their filters: each byte less what its neighbours let expect, which are the byte of the pixel to the
//! left, of the one above, and of the one above to the left.
//!
//! A row is written through the filter after which its bytes are the smallest, taken as signed numbers (the heuristic
//! of section 12.7), or the least surprising ones: a sum over the row, in loops that a compiler turns into vector
//! instructions, each over all filters at once, so that the neighbours are loaded once.

#![expect(clippy::inline_always, reason = "what is not inlined is not compiled for the processor that there is")]

use fearless_simd::{Level, dispatch};

use super::cost::{entropy, histogram};
use crate::pixels::predict::{Filter, average, paeth};

/// A row of a picture, and the one above it: both of the same length, above the first row zeros.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) above: &'a [u8],
    /// The bytes of a pixel, 1 where several share one.
    pub(super) step: usize,
}

impl<'a> Row<'a> {
    /// Appends the filter's number and the filtered row.
    pub(super) fn put(self, filter: Filter, filtered: &mut Vec<u8>) {
        filtered.push(filter.number());
        dispatch!(Level::new(), _simd => self.put_bytes(filter, filtered));
    }

    #[inline(always)]
    fn put_bytes(self, filter: Filter, filtered: &mut Vec<u8>) {
        match filter {
            Filter::None => filtered.extend_from_slice(self.bytes),
            Filter::Sub => self.put_less(filtered, |a, _, _| a),
            Filter::Up => self.put_less(filtered, |_, b, _| b),
            Filter::Average => self.put_less(filtered, |a, b, _| average(a, b)),
            Filter::Paeth => self.put_less(filtered, paeth),
        }
    }

    #[inline(always)]
    fn put_less(self, filtered: &mut Vec<u8>, predict: impl Fn(u8, u8, u8) -> u8) {
        // The first pixel has zeros to its left.
        let first = self.bytes.iter().zip(self.above).take(self.step);
        filtered.extend(first.map(|(x, b)| x.wrapping_sub(predict(0, *b, 0))));
        let start = filtered.len();
        filtered.resize(start + self.bytes.len().saturating_sub(self.step), 0);
        let Some(places) = filtered.get_mut(start..) else { return };
        let (x, a, b, c) = self.neighbours();
        for ((((place, x), a), b), c) in places.iter_mut().zip(x).zip(a).zip(b).zip(c) {
            *place = x.wrapping_sub(predict(*a, *b, *c));
        }
    }

    /// The row without its first pixel, and what is to the left, above, and above to the left of each byte: four slices of one length.
    #[inline(always)]
    fn neighbours(&self) -> (&'a [u8], &'a [u8], &'a [u8], &'a [u8]) {
        let Self { bytes, above, step } = *self;
        let (x, b) = (bytes.get(step..).unwrap_or(&[]), above.get(step..).unwrap_or(&[]));
        (x, bytes.get(..x.len()).unwrap_or(bytes), b, above.get(..b.len()).unwrap_or(above))
    }

    /// The filter by which the bytes become the smallest.
    pub(super) fn smallest(&self) -> Filter {
        let sums = dispatch!(Level::new(), _simd => self.sums());
        let best = sums.iter().zip(Filter::ALL).min_by_key(|(sum, _)| **sum);
        best.map_or(Filter::None, |(_, filter)| filter)
    }

    /// The filter by which the bytes take the fewest bits in a code of their own, each tried in `filtered`: slower, and a
    /// little better.
    pub(super) fn least_surprising(&self, filtered: &mut Vec<u8>) -> Filter {
        let mut bits = |filter: &Filter| {
            filtered.clear();
            self.put(*filter, filtered);
            entropy(&histogram(filtered))
        };
        Filter::ALL.into_iter().min_by_key(&mut bits).unwrap_or(Filter::None)
    }

    /// By filter the sum of the bytes' distances from what is expected.
    #[inline(always)]
    fn sums(&self) -> [u32; 5] {
        [
            self.sum(|_, _, _| 0),
            self.sum(|a, _, _| a),
            self.sum(|_, b, _| b),
            self.sum(|a, b, _| average(a, b)),
            self.sum(paeth),
        ]
    }

    /// What is expected goes to a buffer first: so either loop is over bytes alone, and becomes vector instructions.
    #[inline(always)]
    fn sum(&self, predict: impl Fn(u8, u8, u8) -> u8) -> u32 {
        let first = self.bytes.iter().zip(self.above).take(self.step);
        let mut sum: u32 = first.map(|(x, b)| u32::from(x.abs_diff(predict(0, *b, 0)))).sum();
        let (x, a, b, c) = self.neighbours();
        let mut expected = [0; RUN];
        for (((x, a), b), c) in x.chunks(RUN).zip(a.chunks(RUN)).zip(b.chunks(RUN)).zip(c.chunks(RUN)) {
            for (((expected, a), b), c) in expected.iter_mut().zip(a).zip(b).zip(c) {
                *expected = predict(*a, *b, *c);
            }
            sum += distance_of_all(x, &expected);
        }
        sum
    }
}

/// The bytes that are looked at together.
const RUN: usize = 512;

/// The sum of the distances, sixteen at a time.
#[inline(always)]
fn distance_of_all(x: &[u8], expected: &[u8]) -> u32 {
    let sum = |(x, expected): (&[u8], &[u8])| -> u32 {
        x.iter().zip(expected).map(|(x, expected)| u32::from(x.abs_diff(*expected))).sum()
    };
    let ((x, x_rest), (expected, expected_rest)) = (x.as_chunks::<16>(), expected.as_chunks::<16>());
    let whole = x.iter().zip(expected).map(|(x, expected)| sum((x, expected)));
    let rest = expected.get(x.len()).map_or(expected_rest, |rest| rest.as_slice());
    whole.sum::<u32>() + sum((x_rest, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;
    use crate::pixels::predict::tests::unfiltered;

    proptest! {
        #[test]
        fn filters_are_undone_and_the_sums_are_of_what_is_left(
            both in proptest::collection::vec(any::<[u8; 2]>(), 4..1300), step in 1..=4_usize,
        ) {
            let (bytes, above): (Vec<u8>, Vec<u8>) = both.iter().map(|[x, b]| (*x, *b)).unzip();
            let row = Row { bytes: &bytes, above: &above, step };
            let mut sums = [0_u32; 5];
            for (filter, sum) in Filter::ALL.into_iter().zip(&mut sums) {
                let mut filtered = Vec::new();
                row.put(filter, &mut filtered);
                prop_assert_eq!(filtered[0], filter.number());
                prop_assert_eq!(&unfiltered(&filtered, &above, step), &bytes);
                // The distance is what is left, up or down.
                let expected = bytes.iter().zip(&filtered[1..]).map(|(x, left)| x.wrapping_sub(*left));
                *sum = bytes.iter().zip(expected).map(|(x, expected)| u32::from(x.abs_diff(expected))).sum();
            }
            prop_assert_eq!(row.sums(), sums);
            let least = sums.iter().min().unwrap();
            prop_assert_eq!(&sums[usize::from(row.smallest().number())], least);
        }
    }
}
