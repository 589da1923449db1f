//! Selects the filter type of a scanline, by one of two heuristics.
//!
//! - *Sum of absolute differences*, after the heuristic of the PNG specification, section 12.7: the filter type whose
//!   predictions are nearest to the bytes. The specification sums residuals as signed bytes; here the difference is
//!   taken before it wraps modulo 256, so a prediction off by 200 counts 200, not 56.
//! - *Entropy*: the filter type whose residuals take the fewest bits by the [entropy estimate](crate::entropy), each
//!   scanline on its own. Slower, and better for some strips.

use fearless_simd::{Level, dispatch};

use super::{Neighbours, Scanline};
use crate::entropy::{byte_counts, estimate};
use crate::filter_type::{FilterType, average, paeth};

impl Scanline<'_> {
    /// The filter type with the least sum of absolute differences; among equals the one with the lowest number.
    pub(crate) fn least_difference(self) -> FilterType {
        let sums = dispatch!(Level::new(), _simd => self.absolute_differences());
        let best = sums.iter().zip(FilterType::ALL).min_by_key(|(sum, _)| **sum);
        best.expect("invariant: there are five filter types").1
    }

    /// The filter type whose residuals have the least entropy; among equals the one with the lowest number. Each is
    /// tried in `filtered`.
    pub(crate) fn least_entropy(self, filtered: &mut Vec<u8>) -> FilterType {
        let bits = |filter_type: &FilterType| {
            filtered.clear();
            self.append_filtered(*filter_type, filtered);
            estimate(&byte_counts(filtered))
        };
        FilterType::ALL.into_iter().min_by_key(bits).expect("invariant: there are five filter types")
    }

    /// The sum of absolute differences per filter type.
    #[inline(always)]
    fn absolute_differences(self) -> [u32; 5] {
        [
            self.absolute_difference(|_, _, _| 0),
            self.absolute_difference(|a, _, _| a),
            self.absolute_difference(|_, b, _| b),
            self.absolute_difference(|a, b, _| average(a, b)),
            self.absolute_difference(paeth),
        ]
    }

    /// The sum of absolute differences of one predictor, which is compiled into the loops.
    #[inline(always)]
    fn absolute_difference(self, predict: impl Fn(u8, u8, u8) -> u8) -> u32 {
        let mut sum: u32 = self.first_pixel().map(|(x, b)| u32::from(x.abs_diff(predict(0, *b, 0)))).sum();
        let Neighbours { x, a, b, c } = self.neighbours();
        // The predictions of a block go to a buffer first. So one loop has bytes only, the other only sums differences,
        // and the compiler finds vector instructions for both.
        let mut predictions = [0; BLOCK];
        for (((x, a), b), c) in x.chunks(BLOCK).zip(a.chunks(BLOCK)).zip(b.chunks(BLOCK)).zip(c.chunks(BLOCK)) {
            for (((prediction, a), b), c) in predictions.iter_mut().zip(a).zip(b).zip(c) {
                *prediction = predict(*a, *b, *c);
            }
            sum += difference_of_block(x, &predictions[..x.len()]);
        }
        sum
    }
}

/// Bytes per block of predictions: a few vector registers, and a small part of the first-level cache.
const BLOCK: usize = 512;

/// The sum of absolute differences, sixteen at a time: the width of the instruction that adds them (`psadbw`).
#[inline(always)]
fn difference_of_block(x: &[u8], predictions: &[u8]) -> u32 {
    let sum = |x: &[u8], predictions: &[u8]| -> u32 {
        x.iter().zip(predictions).map(|(x, prediction)| u32::from(x.abs_diff(*prediction))).sum()
    };
    // Blocks of constant length become straight code; only the end of a scanline has fewer bytes.
    let ((x, x_rest), (predictions, predictions_rest)) = (x.as_chunks::<16>(), predictions.as_chunks::<16>());
    let whole: u32 = x.iter().zip(predictions).map(|(x, predictions)| sum(x, predictions)).sum();
    whole + sum(x_rest, predictions_rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    proptest! {
        #[test]
        fn the_sums_are_those_of_bytes_and_predictions_one_by_one(
            both in proptest::collection::vec(any::<[u8; 2]>(), 4..1300), bytes_per_pixel in 1..=4_usize,
        ) {
            let (bytes, above): (Vec<u8>, Vec<u8>) = both.iter().map(|[x, b]| (*x, *b)).unzip();
            let scanline = Scanline { bytes: &bytes, above: &above, bytes_per_pixel };
            let sums = FilterType::ALL.map(|filter_type| {
                let mut filtered = Vec::new();
                scanline.append_filtered(filter_type, &mut filtered);
                // The prediction is the byte minus its residual.
                let predictions = bytes.iter().zip(&filtered[1..]).map(|(x, residual)| x.wrapping_sub(*residual));
                bytes.iter().zip(predictions).map(|(x, prediction)| u32::from(x.abs_diff(prediction))).sum::<u32>()
            });
            prop_assert_eq!(scanline.absolute_differences(), sums);
            prop_assert_eq!(Some(&sums[scanline.least_difference() as usize]), sums.iter().min());
        }

        #[test]
        fn the_least_entropy_is_that_of_the_chosen_filter_type(
            bytes in proptest::collection::vec(0..4_u8, 3..400), above in any::<u8>(),
        ) {
            let above = vec![above; bytes.len()];
            let scanline = Scanline { bytes: &bytes, above: &above, bytes_per_pixel: 3 };
            let estimates = FilterType::ALL.map(|filter_type| {
                let mut filtered = Vec::new();
                scanline.append_filtered(filter_type, &mut filtered);
                estimate(&byte_counts(&filtered))
            });
            let chosen = scanline.least_entropy(&mut Vec::new());
            prop_assert_eq!(Some(&estimates[chosen as usize]), estimates.iter().min());
        }
    }

    #[test]
    fn among_filter_types_of_equal_sum_or_entropy_the_lowest_number_is_selected() {
        // A first pixel below zeros has the same residual with None, Sub, Up and Paeth.
        let scanline = Scanline { bytes: &[5], above: &[0], bytes_per_pixel: 1 };
        assert_eq!(scanline.least_difference(), FilterType::None);
        assert_eq!(scanline.least_entropy(&mut Vec::new()), FilterType::None);
        // Sub and Up predict the second pixel.
        let scanline = Scanline { bytes: &[5, 5], above: &[5, 5], bytes_per_pixel: 1 };
        assert_eq!(scanline.least_difference(), FilterType::Up);
    }

    #[test]
    fn a_prediction_off_by_200_counts_200_and_does_not_wrap() {
        let scanline = Scanline { bytes: &[200, 0, 200], above: &[0, 200, 0], bytes_per_pixel: 1 };
        assert_eq!(scanline.absolute_differences()[..3], [400, 600, 600]);
    }
}
