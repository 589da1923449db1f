//! The stretch of each row of cells: little where it would be visible, much where it would not.
//!
//! A row gets the stretch 1 + min(l / k, cap), where `k` is its stiffness and `l` is the same for all rows. `l` follows
//! from the required total by bisection. If the caps do not suffice, all of them are raised by one factor, `give`. This
//! is the closed form of the quadratic program of axis-aligned deformation (Panozzo and others 2012).

use super::fixed::{ONE, ONE_Q8, q16};

/// What determines the stretch of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    /// How salient the row is in Q8, with its edges and things: how much a stretch of it would be seen.
    pub(super) salience: i64,
    /// How much texture a stretch would turn into streaks, in Q8.
    pub(super) texture: i64,
    /// Whether the row is part of a protected region, and is not stretched at all.
    pub(super) rigid: bool,
    /// Whether the row is part of a blank edge, and takes the stretch that the others do not.
    pub(super) blank: bool,
}

impl Row {
    /// Returns 0.03 + 8 salience + 0.8 texture + 0.03 (1 − c²) in Q16, where `c` is the distance from the middle of the
    /// picture, from 0 to 1 in Q8. The middle of a picture is stiffer, since most subjects are there.
    fn stiffness(&self, c: i64) -> i64 {
        // A blank edge takes ten times as much as any other row, so that the picture inside stays as it is.
        if self.blank {
            return q16(3, 1000);
        }
        let middle = q16(3, 100) * (ONE_Q8 * ONE_Q8 - c * c) / (ONE_Q8 * ONE_Q8);
        q16(3, 100) + 8 * self.salience * (ONE / ONE_Q8) + q16(8, 10) * self.texture / ONE_Q8 + middle
    }

    /// Returns the largest stretch beyond 1 in Q16: 0.5 / (0.16 + 0.9 texture) (1 − salience)² + 0.03.
    fn cap(&self) -> i64 {
        if self.rigid {
            0
        } else if self.blank {
            ONE * ONE
        } else {
            let free = (ONE_Q8 - self.salience) * (ONE_Q8 - self.salience);
            q16(1, 2) * free / (q16(16, 100) + q16(9, 10) * self.texture / ONE_Q8) + q16(3, 100)
        }
    }
}

/// The stretch of each row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    /// What each row gets beyond its own height, in Q16 of that height.
    pub(super) extra: Vec<i64>,
    /// The factor by which the caps were raised, in Q16. It is 1 where the rows reach the total without.
    pub(super) give: i64,
}

/// Distributes `total`, in Q16 of a row's height, over the rows. Returns `None` if all of them are rigid.
pub(super) fn distribute(rows: &[Row], total: i64) -> Option<Stretch> {
    if total == 0 {
        return Some(Stretch { extra: vec![0; rows.len()], give: ONE });
    }
    let count = rows.len() as i64;
    let stiffness: Vec<i64> =
        (0..).zip(rows).map(|(y, row)| row.stiffness((2 * y + 1 - count) * ONE_Q8 / count)).collect();
    let caps: Vec<i64> = rows.iter().map(Row::cap).collect();
    let capacity: i64 = caps.iter().sum();
    if capacity == 0 {
        return None;
    }
    let give = if capacity < total { total * ONE / capacity + 1 } else { ONE };
    let extra = |load: i64| {
        let row = |(stiffness, cap): (&i64, &i64)| (load * ONE / stiffness).min(cap * give / ONE);
        stiffness.iter().zip(&caps).map(row).collect::<Vec<_>>()
    };
    let (mut low, mut high) = (0, 1 << 45);
    while high - low > 1 {
        let middle = i64::midpoint(low, high);
        if extra(middle).iter().sum::<i64>() < total { low = middle } else { high = middle }
    }
    let rough = extra(high);
    // A jump between rows would be visible on a straight diagonal, so the stretch is smoothed by [1 2 1] / 4. A row
    // that keeps its shape takes nothing from its neighbours, and the large stretch of a blank edge stays there.
    let at = |y: usize, own: usize| {
        let y = y.min(rough.len() - 1);
        if rows[y].blank == rows[own].blank { rough[y] } else { rough[own] }
    };
    let smooth = (0..rough.len()).map(|y| (at(y.saturating_sub(1), y) + 2 * rough[y] + at(y + 1, y)) / 4);
    let limited = smooth.zip(rows).zip(&rough).map(|((smooth, row), rough)| {
        if row.rigid {
            0
        } else if row.salience == ONE_Q8 {
            smooth.min(*rough)
        } else {
            smooth
        }
    });
    let extra: Vec<i64> = limited.collect();
    Some(Stretch { extra: scaled(&extra, total), give })
}

/// Scales values so that their sum is `total`, up to rounding. A sum of 0 stays 0.
fn scaled(values: &[i64], total: i64) -> Vec<i64> {
    let sum = i128::from(values.iter().sum::<i64>().max(1));
    let scale = |value: &i64| i64::try_from(i128::from(*value) * i128::from(total) / sum).unwrap_or(i64::MAX);
    values.iter().map(scale).collect()
}

impl Stretch {
    /// Returns where a position before the stretch lies after it, both in Q16 of a row's height.
    pub(super) fn place(&self, at: i64) -> i64 {
        let row = ((at >> 16) as usize).min(self.extra.len() - 1);
        let part = at - row as i64 * ONE;
        at + self.extra[..row].iter().sum::<i64>() + ((i128::from(self.extra[row]) * i128::from(part)) >> 16) as i64
    }

    /// Returns the start and the end of a range of rows after the stretch, in Q16 of a row's height.
    fn span(&self, rows: [usize; 2]) -> [i64; 2] {
        rows.map(|row| row as i64 * ONE + self.extra[..row].iter().sum::<i64>())
    }

    /// Returns the length of a range of rows after the stretch, in Q16 of a row's height.
    pub(super) fn length(&self, rows: [usize; 2]) -> i64 {
        let [start, stop] = self.span(rows);
        stop - start
    }

    /// Returns the length of the part of a range of rows that lies outside of `band` after the stretch, in Q16 of a
    /// row's height.
    pub(super) fn outside(&self, rows: [usize; 2], band: [i64; 2]) -> i64 {
        let [start, stop] = self.span(rows);
        (band[0] - start).max(0) + (stop - band[1]).max(0)
    }

    /// Moves the rows `important` towards the range `band`, both as ranges that exclude their end. `band` is in Q16 of
    /// a row's height after the stretch. Rows before them take more and rows behind them less, or the reverse.
    pub(super) fn move_into(&mut self, important: [usize; 2], band: [i64; 2]) {
        let [first, end] = important;
        let sum = |extra: &[i64]| extra.iter().sum::<i64>();
        let (before, after) = (sum(&self.extra[..first]), sum(&self.extra[end..]));
        let [start, stop] = self.span(important);
        // If the rows do not fit into the band, they are centred in it.
        let shift = if stop - start > band[1] - band[0] {
            (band[0] + band[1] - start - stop) / 2
        } else {
            (band[0] - start).max(0) + (band[1] - stop).min(0)
        };
        // What is taken from one side is given to the other, and a side without free rows can take nothing.
        let (low, high) = (if after > 0 { -before } else { 0 }, if before > 0 { after } else { 0 });
        let shift = shift.clamp(low, high);
        if shift != 0 {
            let head = scaled(&self.extra[..first], before + shift);
            let tail = scaled(&self.extra[end..], after - shift);
            self.extra[..first].copy_from_slice(&head);
            self.extra[end..].copy_from_slice(&tail);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn row() -> impl Strategy<Value = Row> {
        (0..=ONE_Q8, 0..=ONE_Q8, any::<bool>(), any::<bool>()).prop_map(|(salience, texture, rigid, blank)| Row {
            salience,
            texture,
            rigid,
            blank: blank && !rigid,
        })
    }

    proptest! {
        #[test]
        fn the_rows_get_the_total_and_rigid_ones_get_nothing(rows in vec(row(), 1..150), total in 0..20_000 * ONE) {
            let Some(stretch) = distribute(&rows, total) else {
                prop_assert!(rows.iter().all(|row| row.rigid));
                return Ok(());
            };
            let sum: i64 = stretch.extra.iter().sum();
            prop_assert!(sum <= total && sum >= total - rows.len() as i64, "{sum} of {total}");
            prop_assert!(stretch.extra.iter().zip(&rows).all(|(extra, row)| *extra >= 0 && (!row.rigid || *extra == 0)));
        }

        /// Moving rows changes neither the total nor the rows that are moved.
        #[test]
        fn rows_move_into_the_band_as_far_as_they_can(
            rows in vec(row(), 3..100),
            total in 0..500 * ONE,
            (first, end) in (0_usize..50, 1_usize..50),
            (start, length) in (0_i64..1000, 1_i64..1000),
        ) {
            let Some(mut stretch) = distribute(&rows, total) else { return Ok(()) };
            let first = first.min(rows.len() - 1);
            let end = (first + end).min(rows.len());
            let before = stretch.clone();
            let all = rows.len() as i64 * ONE + total;
            let band = [all * start / 1000, all * (start + length).min(1000) / 1000];
            stretch.move_into([first, end], band);
            prop_assert_eq!(&stretch.extra[first..end], &before.extra[first..end]);
            let sums = [&stretch, &before].map(|stretch| stretch.extra.iter().sum::<i64>());
            prop_assert!(sums[0].abs_diff(sums[1]) <= 2 * rows.len() as u64);
            prop_assert!(stretch.extra.iter().all(|extra| *extra >= 0));
        }
    }

    const FREE: Row = Row { salience: 0, texture: 0, rigid: false, blank: false };
    const SALIENT: Row = Row { salience: ONE_Q8, ..FREE };
    const RIGID: Row = Row { rigid: true, ..FREE };
    const BLANK: Row = Row { blank: true, ..FREE };
    const TEXTURED: Row = Row { texture: ONE_Q8, ..FREE };

    #[test]
    fn the_stiffness_of_a_row_adds_its_salience_its_texture_and_its_nearness_to_the_middle() {
        let least = q16(3, 100);
        // At the upper and the lower edge of the picture.
        assert_eq!([-ONE_Q8, ONE_Q8].map(|c| FREE.stiffness(c)), [least, least]);
        assert_eq!(SALIENT.stiffness(ONE_Q8), least + 8 * ONE);
        assert_eq!(TEXTURED.stiffness(ONE_Q8), least + q16(8, 10));
        assert_eq!([0, ONE_Q8 / 2].map(|c| FREE.stiffness(c)), [2 * least, least + least * 3 / 4], "nearer the middle");
        assert_eq!([0, ONE_Q8].map(|c| BLANK.stiffness(c)), [196; 2], "a tenth of the least");
    }

    #[test]
    fn the_cap_of_a_row_shrinks_with_its_salience_and_its_texture() {
        let least = q16(3, 100);
        assert_eq!(FREE.cap(), 204_814 + least, "0.5 / 0.16");
        assert_eq!(TEXTURED.cap(), 30_913 + least, "0.5 / 1.06");
        assert_eq!(Row { salience: ONE_Q8 / 2, ..FREE }.cap(), 204_814 / 4 + least, "the square of one half");
        assert_eq!([SALIENT, RIGID, BLANK].map(|row| row.cap()), [least, 0, ONE * ONE]);
    }

    #[test]
    fn a_total_of_zero_stretches_nothing_and_rigid_rows_take_no_other() {
        assert_eq!(distribute(&[RIGID; 2], 0), Some(Stretch { extra: vec![0, 0], give: ONE }));
        assert_eq!(distribute(&[RIGID; 2], 1), None);
    }

    #[test]
    fn caps_are_raised_by_one_factor_if_they_do_not_suffice() {
        let capacity = 4 * FREE.cap();
        assert_eq!(distribute(&[FREE; 4], capacity).unwrap().give, ONE);
        assert_eq!(distribute(&[FREE; 4], 3 * capacity).unwrap().give, 3 * ONE + 1);
    }

    #[test]
    fn the_stretch_is_smoothed_by_one_two_one_between_free_rows() {
        // All free rows are at their cap, so that only the smoothing makes them differ: 3, 4 and 3 quarters.
        let extra = distribute(&[RIGID, FREE, FREE, FREE, RIGID], 100 * ONE).unwrap().extra;
        assert_eq!([extra[0], extra[4]], [0, 0]);
        for (row, tenths) in [(1, 3), (2, 4), (3, 3)] {
            assert!((extra[row] - 10 * tenths * ONE).abs() <= 9, "row {row} gets {}", extra[row]);
        }
    }

    #[test]
    fn a_row_that_keeps_its_shape_takes_no_stretch_from_its_neighbours() {
        let extra = distribute(&[FREE, SALIENT, FREE], 2 * ONE).unwrap().extra;
        assert!(extra[1] * 10 < extra[0], "{extra:?}");
    }

    #[test]
    fn the_stretch_of_a_blank_edge_stays_in_the_blank_edge() {
        let mut rows = [FREE; 10];
        rows[0] = BLANK;
        let extra = distribute(&rows, 10 * ONE).unwrap().extra;
        assert!(extra[1] < extra[0] / 8, "{extra:?}");
    }

    #[test]
    fn scaled_values_add_up_to_the_total_and_a_sum_of_zero_stays_zero() {
        assert_eq!(scaled(&[1, 2, 5], 80), [10, 20, 50]);
        assert_eq!(scaled(&[1, 1, 1], 10), [3, 3, 3], "rounded down");
        assert_eq!(scaled(&[0, 0], 10), [0, 0]);
    }

    #[test]
    fn a_position_moves_by_the_stretch_of_the_rows_before_it() {
        let stretch = Stretch { extra: vec![ONE, 0, 2 * ONE], give: ONE };
        let places = [0, ONE / 2, ONE, 2 * ONE, 2 * ONE + ONE / 2, 3 * ONE].map(|at| stretch.place(at));
        assert_eq!(places, [0, ONE, 2 * ONE, 3 * ONE, 4 * ONE + ONE / 2, 6 * ONE]);
        assert_eq!((stretch.length([0, 1]), stretch.length([1, 3])), (2 * ONE, 4 * ONE));
        // Rows 1 and 2 lie from 2 to 6.
        assert_eq!(stretch.outside([1, 3], [2 * ONE, 6 * ONE]), 0);
        assert_eq!(stretch.outside([1, 3], [3 * ONE, 4 * ONE]), 3 * ONE, "one before and two behind");
    }

    #[test]
    fn rows_move_into_the_band_or_to_its_middle_and_only_as_far_as_both_sides_give() {
        // The row in the middle lies from 3 to 4 of 7 rows.
        let moved = |extra: [i64; 3], band: [i64; 2]| {
            let mut stretch = Stretch { extra: extra.map(|rows| rows * ONE).to_vec(), give: ONE };
            stretch.move_into([1, 2], band);
            stretch.extra.iter().map(|extra| extra * 2 / ONE).collect::<Vec<_>>()
        };
        assert_eq!(moved([2, 0, 2], [3 * ONE, 4 * ONE]), [4, 0, 4], "it is inside");
        assert_eq!(moved([2, 0, 2], [0, 3 * ONE]), [2, 0, 6], "one row up");
        assert_eq!(moved([2, 0, 2], [4 * ONE, 7 * ONE]), [6, 0, 2], "one row down");
        assert_eq!(moved([2, 0, 2], [0, ONE]), [0, 0, 8], "as far as the rows before it give");
        assert_eq!(moved([2, 0, 2], [6 * ONE, 7 * ONE]), [8, 0, 0], "as far as the rows behind it give");
        assert_eq!(moved([2, 0, 0], [0, ONE]), [4, 0, 0], "no row behind it can take anything");
        assert_eq!(moved([0, 0, 2], [4 * ONE, 5 * ONE]), [0, 0, 4], "no row before it can take anything");
        assert_eq!(
            moved([2, 0, 2], [2 * ONE - ONE / 4, 2 * ONE + ONE / 4]),
            [1, 0, 7],
            "a row that does not fit is centred"
        );
    }

    #[test]
    fn a_blank_edge_takes_what_the_others_leave() {
        let mut rows = vec![Row { salience: ONE_Q8, ..Row::default() }; 20];
        rows[0].blank = true;
        let stretch = distribute(&rows, 100 * ONE).unwrap();
        assert!(stretch.extra[0] > 95 * ONE);
        assert_eq!(stretch.give, ONE);
    }
}
