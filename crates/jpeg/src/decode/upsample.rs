//! Upsampling of subsampled components, with the integers of libjpeg's `jdsample`.
//!
//! A component with half the resolution is interpolated linearly: the nearer sample has the weight 3, the farther one 1.
//! Beyond the edge of the picture there is no sample, and the last one is repeated. Any other whole ratio repeats
//! samples, and so does a component of at most two columns whose width is doubled.
//!
//! A result halfway between two levels is rounded up and down alternately, which keeps the mean.

use fearless_simd::prelude::*;
use fearless_simd::{Simd, u8x16, u16x8};

/// How a component gets the width and the height of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Upsampling {
    /// How many samples a sample becomes in each direction.
    across: usize,
    down: usize,
    /// Whether samples are interpolated across or down.
    interpolates: [bool; 2],
}

/// The samples that are computed at a time.
const GROUP: usize = 8;

impl Upsampling {
    /// The upsampling of a component of so many columns, which become `across` times as many, and its rows `down` times.
    pub(super) const fn new(columns: usize, across: usize, down: usize) -> Self {
        let interpolates = match (across, down) {
            (2, 1) => [columns > 2, false],
            (1, 2) => [false, true],
            (2, 2) => [columns > 2, columns > 2],
            _ => [false; 2],
        };
        Self { across, down, interpolates }
    }

    /// Whether samples are only copied.
    pub(super) const fn is_none(self) -> bool {
        self.across == 1 && self.down == 1
    }

    /// Whether a row needs the rows above and below it.
    pub(super) const fn needs_neighbours(self) -> bool {
        self.interpolates[1]
    }

    /// Returns the row of the component that row `y` of the picture shows, and for an interpolation the farther row. The
    /// component has so many `rows`.
    pub(super) const fn rows(self, y: usize, rows: usize) -> [usize; 2] {
        let near = y / self.down;
        if !self.interpolates[1] {
            return [near, near];
        }
        let far = if y.is_multiple_of(2) { near.saturating_sub(1) } else { near + 1 };
        [near, if far < rows { far } else { rows - 1 }]
    }

    /// Computes row `y` of the picture from its two [`rows`](Self::rows), which have `columns` samples. `out` is long
    /// enough for them, rounded up to whole groups. `sums` is memory to use.
    #[inline(always)]
    pub(super) fn row<S: Simd>(
        self,
        simd: S,
        y: usize,
        [near, far]: [&[u8]; 2],
        columns: usize,
        sums: &mut Vec<u16>,
        out: &mut [u8],
    ) {
        match self.interpolates {
            [true, _] => {
                // The sums have a copy of the first and of the last sample around them.
                sums.clear();
                sums.push(0);
                if self.interpolates[1] {
                    sums.extend(near[..columns].iter().zip(far).map(|(near, far)| weighted(*near, *far)));
                } else {
                    sums.extend(near[..columns].iter().map(|near| u16::from(*near)));
                }
                sums[0] = sums[1];
                sums.push(sums[columns]);
                sums.resize(columns.next_multiple_of(GROUP) + 2, 0);
                // The sums of two rows are four times as large. libjpeg adds 8 before the one and 7 before the other of
                // two samples is divided by 16; and 1 and 2 before a division by 4.
                if self.interpolates[1] {
                    double(simd, sums, [8, 7], 4, out);
                } else {
                    double(simd, sums, [1, 2], 2, out);
                }
            }
            [false, true] => {
                let half = if y.is_multiple_of(2) { 1 } else { 2 };
                for ((near, far), out) in near[..columns].iter().zip(far).zip(out) {
                    *out = ((weighted(*near, *far) + half) >> 2) as u8;
                }
            }
            [false, false] => {
                for (sample, out) in near[..columns].iter().zip(out.chunks_mut(self.across)) {
                    out.fill(*sample);
                }
            }
        }
    }
}

#[inline(always)]
fn weighted(near: u8, far: u8) -> u16 {
    3 * u16::from(near) + u16::from(far)
}

/// Doubles the samples between the first and the last of `sums`.
#[inline(always)]
fn double<S: Simd>(simd: S, sums: &[u16], halves: [u16; 2], shift: u32, out: &mut [u8]) {
    let (left_half, right_half) = (u16x8::splat(simd, halves[0]), u16x8::splat(simd, halves[1]));
    let triple = u16x8::splat(simd, 3);
    for (at, out) in (0..sums.len() - 2).step_by(GROUP).zip(out.as_chunks_mut::<{ 2 * GROUP }>().0) {
        let before = u16x8::from_slice(simd, &sums[at..at + GROUP]);
        let this = u16x8::from_slice(simd, &sums[at + 1..at + 1 + GROUP]) * triple;
        let behind = u16x8::from_slice(simd, &sums[at + 2..at + 2 + GROUP]);
        let left = (this + before + left_half) >> shift;
        let right = (this + behind + right_half) >> shift;
        // A pair of samples in 16 bits has the left one in its low half.
        let pairs: u8x16<S> = (left | (right << 8)).bitcast();
        pairs.store_array(out);
    }
}

#[cfg(test)]
mod tests {
    use fearless_simd::{Level, dispatch};

    use super::*;

    /// Upsamples a whole component.
    fn upsampled(rows: &[&[u8]], across: usize, down: usize) -> Vec<Vec<u8>> {
        let columns = rows[0].len();
        let upsampling = Upsampling::new(columns, across, down);
        let row = |y: usize| {
            let mut out = vec![0; columns.next_multiple_of(GROUP) * across];
            let from = upsampling.rows(y, rows.len()).map(|at| rows[at]);
            dispatch!(Level::new(), simd => upsampling.row(simd, y, from, columns, &mut Vec::new(), &mut out));
            out.truncate(columns * across);
            out
        };
        (0..rows.len() * down).map(row).collect()
    }

    #[test]
    fn a_doubled_row_is_interpolated_with_weights_of_3_and_1_and_keeps_its_ends() {
        // 3 · 10 + 21 is 51, and 3 · 21 + 10 is 73: with 2 and 1 they become 13 and 18.
        assert_eq!(upsampled(&[&[10, 21, 200]], 2, 1), [[10, 13, 18, 66, 155, 200]]);
        let long: Vec<u8> = (0..37).map(|at| at * 7).collect();
        let found = upsampled(&[&long], 2, 1).remove(0);
        for at in 1..36 {
            let [before, this, behind] = [at - 1, at, at + 1].map(|at| u16::from(long[at]));
            let expected = [(3 * this + before + 1) >> 2, (3 * this + behind + 2) >> 2];
            assert_eq!(found[2 * at..2 * at + 2], expected.map(|sample| sample as u8), "{at}");
        }
    }

    #[test]
    fn doubled_rows_and_columns_are_interpolated_in_one_step() {
        let [upper, lower] = [[0, 100, 50], [200, 40, 10_u8]];
        let found = upsampled(&[&upper, &lower], 2, 2);
        let sums = |near: [u8; 3], far: [u8; 3]| [0, 1, 2].map(|at| 3 * u16::from(near[at]) + u16::from(far[at]));
        for (row, [a, b, c]) in
            [sums(upper, upper), sums(upper, lower), sums(lower, upper), sums(lower, lower)].into_iter().enumerate()
        {
            let expected =
                [4 * a + 8, 3 * a + b + 7, 3 * b + a + 8, 3 * b + c + 7, 3 * c + b + 8, 4 * c + 7].map(|sum| sum >> 4);
            assert_eq!(found[row], expected.map(|sample| sample as u8), "{row}");
        }
    }

    #[test]
    fn doubled_rows_are_interpolated_and_rounded_alternately() {
        assert_eq!(upsampled(&[&[10], &[11], &[20]], 1, 2), [[10], [10], [11], [13], [18], [20]]);
    }

    #[test]
    fn other_ratios_and_narrow_components_repeat_samples() {
        assert_eq!(upsampled(&[&[1, 9]], 2, 1), [[1, 1, 9, 9]]);
        assert_eq!(upsampled(&[&[1, 9], &[7, 90]], 2, 2), [[1, 1, 9, 9], [1, 1, 9, 9], [7, 7, 90, 90], [7, 7, 90, 90]]);
        assert_eq!(upsampled(&[&[1, 2, 9]], 3, 1), [[1, 1, 1, 2, 2, 2, 9, 9, 9]]);
        assert_eq!(upsampled(&[&[5, 6, 7]], 1, 4), [[5, 6, 7]; 4]);
    }
}
