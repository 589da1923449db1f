//! Blank edges: a margin of one colour or of a smooth gradient, as around a product on white or a poster.
//!
//! Such a margin can grow without limit, since its growth is not visible. Blank columns are the blank rows of the transposed
//! grid.

use super::grid::{Cell, Grid, LEVEL};

/// The greatest deviation from a parabola, in [`LEVEL`]s: 4.5 levels. The brightness of a studio background is close to
/// a parabola.
const DEVIATION: i64 = 9 * LEVEL / 2;
/// The greatest distance between the colours of neighbouring cells, in [`LEVEL`]s: 9 levels. A letter or a line makes a larger one.
const LARGEST_STEP: i64 = 9 * LEVEL;

/// Returns the number of blank rows at the top and at the bottom of the grid. A grid that is blank throughout counts all
/// rows twice.
pub(super) fn blank_rows(grid: &Grid) -> [usize; 2] {
    let run = |rows: &mut dyn Iterator<Item = usize>| {
        let (mut count, mut last) = (0, None::<&[Cell]>);
        for y in rows {
            let row = grid.row(y);
            let joins = last.is_none_or(|last| row.iter().zip(last).all(|(a, b)| a.distance(b) <= LARGEST_STEP));
            if !joins || !is_blank(row) {
                break;
            }
            (count, last) = (count + 1, Some(row));
        }
        count
    };
    [run(&mut (0..grid.rows)), run(&mut (0..grid.rows).rev())]
}

/// Whether each channel of a row follows a parabola, without steps.
fn is_blank(row: &[Cell]) -> bool {
    if row.windows(2).any(|pair| pair[0].distance(&pair[1]) > LARGEST_STEP) {
        return false;
    }
    let count = row.len() as i128;
    // Positions are centred on 0, so that 1, x and x² − mean(x²) are orthogonal, and each coefficient of the least
    // squares is a quotient of two sums. They are doubled, since the middle of an even count is between two cells.
    let xs = || (0..row.len()).map(|at| 2 * at as i128 - (count - 1));
    let squares: i128 = xs().map(|x| x * x).sum();
    // The quadratic term is multiplied by the count to keep it an integer.
    let quadratic = |x: i128| count * x * x - squares;
    let quadratics: i128 = xs().map(|x| quadratic(x) * quadratic(x)).sum();
    (0..4).all(|channel| {
        let values = || row.iter().map(|cell| i128::from(cell.colour[channel]));
        let sum: i128 = values().sum();
        let along_x: i128 = xs().zip(values()).map(|(x, value)| x * value).sum();
        let along_quadratic: i128 = xs().zip(values()).map(|(x, value)| quadratic(x) * value).sum();
        xs().zip(values()).all(|(x, value)| {
            // One cell has no slope, and two have no bend: the sums are 0 then, and `max` avoids a division by 0.
            let fitted =
                sum / count + along_x * x / squares.max(1) + along_quadratic * quadratic(x) / quadratics.max(1);
            (value - fitted).abs() <= i128::from(DEVIATION)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_with_a_step_above_nine_levels_is_not_blank() {
        let slope = |step: i64| Grid::of_reds(6, &[0, 1, 2, 3, 4, 5].map(|x| x * step));
        assert_eq!(blank_rows(&slope(9 * LEVEL)), [1, 1]);
        assert_eq!(blank_rows(&slope(9 * LEVEL + 1)), [0, 0]);
    }

    #[test]
    fn rows_join_up_to_a_step_of_nine_levels() {
        let rows = Grid::of_reds(1, &[0, 9 * LEVEL, 18 * LEVEL + 1]);
        assert_eq!(blank_rows(&rows), [2, 1]);
    }

    #[test]
    fn a_row_deviates_by_at_most_four_and_a_half_levels_from_a_parabola() {
        // These multiples have no mean, no slope and no bend, so that all of each value is the deviation.
        let row = |unit: i64, channel: usize| {
            let cells = [-1, 2, 0, -2, 1].map(|multiple| {
                let mut cell = Cell::default();
                cell.colour[channel] = 1000 + multiple * unit;
                cell
            });
            blank_rows(&Grid::of_cells(5, cells.to_vec()))
        };
        for channel in 0..4 {
            // The largest multiple is 2.
            assert_eq!(row(9 * LEVEL / 4, channel), [1, 1], "4.5 levels in channel {channel}");
            assert_eq!(row(9 * LEVEL / 4 + 1, channel), [0, 0], "4.6 levels in channel {channel}");
        }
    }

    #[test]
    fn a_row_along_a_slope_or_a_parabola_is_blank() {
        assert_eq!(blank_rows(&Grid::of_reds(5, &[0, 140, 280, 420, 560])), [1, 1]);
        assert_eq!(blank_rows(&Grid::of_reds(7, &[180, 80, 20, 0, 20, 80, 180])), [1, 1]);
    }
}
