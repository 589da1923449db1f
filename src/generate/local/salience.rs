//! The salience of each cell: how much of a subject it is, from 0 to 1 in Q8.
//!
//! Two cues are combined by their maximum.
//!
//! - The geodesic distance from the border of the picture (Wei and others 2012): the length of the cheapest path, where
//!   a step costs the difference in colour. The background is reached from the border in small steps, and a subject
//!   only across its outline.
//! - Detail beyond twice that of the border, such as text.
//!
//! A subject that touches the border has no geodesic distance. People are therefore searched for by [`skin`], and are
//! added as subjects.
//!
//! If more than 28 % of the cells are salient, the picture is a scene full of things and has no single subject. Its
//! salience is then reduced to as little as 0.15, unless its edges are blank, as those of a poster.

use super::fixed::ONE_Q8;
use super::grid::{Cell, Grid, LEVEL};
use super::skin;
use super::thing::{Thing, bounds, components};

/// The pairs of passes, forward and backward, in which distances spread. Six suffice for all but spirals.
const PASSES: usize = 6;
/// The cost of a step between equal colours: 0.02 levels, in 256ths.
const STEP: i64 = 5;
/// The distance at which salience would be 1 without [`OFFSET`], in levels.
const FULL: i64 = 55;
/// The part of the distance that shadows and gradients reach, in Q8.
const OFFSET: i64 = 64;
/// A cell is part of a thing from this salience on, in Q8.
pub(super) const SALIENT: i64 = 128;
/// The least number of cells of a thing.
const MIN_THING: usize = 6;

/// What a picture shows.
#[derive(Clone, Debug)]
pub(super) struct Salience {
    /// The salience of each cell, in Q8.
    pub(super) cells: Vec<i64>,
    /// The things, whose shape is kept.
    pub(super) things: Vec<Thing>,
    /// What looks like a head, with its hair. Each is part of a thing.
    pub(super) heads: Vec<Thing>,
}

impl Salience {
    pub(super) fn of(grid: &Grid, blank_edges: bool) -> Self {
        let distances = distances(grid, tolerance(grid));
        let outer: Vec<i64> =
            (0..grid.cells.len()).filter(|at| grid.is_outer(*at)).map(|at| grid.cells[at].detail()).collect();
        let usual = outer.iter().sum::<i64>() / outer.len().max(1) as i64;
        let cell = |(distance, cell): (&i64, &Cell)| {
            let geodesic = distance / FULL - OFFSET;
            // Six levels above, so that noise on a plain picture is no text. Full at 24 levels more.
            let detail = (cell.detail() - 2 * usual - 6 * LEVEL) * ONE_Q8 / (24 * LEVEL);
            geodesic.max(detail).clamp(0, ONE_Q8)
        };
        let mut cells: Vec<i64> = distances.iter().zip(&grid.cells).map(cell).collect();

        let salient = cells.iter().filter(|salience| **salience >= SALIENT).count() as i64 * 1000 / cells.len() as i64;
        if salient > 280 && !blank_edges {
            // From 1 at 28 % to 0.15 at 42 %.
            let weight = (ONE_Q8 - (salient - 280) * 155 / 100).max(38);
            for salience in &mut cells {
                *salience = *salience * weight / ONE_Q8;
            }
        }
        let heads = skin::add_people(grid, &mut cells);
        let things = things(grid, &cells);
        Self { cells, things, heads }
    }

    /// Exchanges rows and columns. `columns` is the number of columns before.
    pub(super) fn transposed(&self, columns: usize) -> Self {
        let rows = self.cells.len() / columns;
        let cells =
            (0..columns).flat_map(|x| (0..rows).map(move |y| y * columns + x)).map(|at| self.cells[at]).collect();
        let turned = |things: &[Thing]| {
            things.iter().map(|thing| Thing { columns: thing.rows, rows: thing.columns, cells: thing.cells }).collect()
        };
        Self { cells, things: turned(&self.things), heads: turned(&self.heads) }
    }
}

/// Returns the difference in colour that is not counted, in [`LEVEL`]s: the 75th percentile of the steps in the outer
/// eighth, from 1 to 9 levels. It is large on grass and small in a studio.
fn tolerance(grid: &Grid) -> i64 {
    let mut steps = Vec::new();
    for at in (0..grid.cells.len()).filter(|at| grid.is_outer(*at)) {
        let next = [(at + 1) % grid.columns != 0, at + grid.columns < grid.cells.len()];
        for (offset, exists) in [1, grid.columns].into_iter().zip(next) {
            if exists {
                steps.push(grid.cells[at].distance(&grid.cells[at + offset]));
            }
        }
    }
    steps.sort_unstable();
    steps.get(steps.len() * 3 / 4).copied().unwrap_or(0).clamp(LEVEL, 9 * LEVEL)
}

/// Returns the geodesic distance of each cell from the border, in 256ths of a level.
fn distances(grid: &Grid, tolerance: i64) -> Vec<i64> {
    let (columns, rows) = (grid.columns, grid.rows);
    let inner = |x: usize, y: usize| x > 0 && y > 0 && x + 1 < columns && y + 1 < rows;
    let mut distances: Vec<i64> =
        (0..columns * rows).map(|at| if inner(at % columns, at / columns) { i64::MAX / 2 } else { 0 }).collect();
    let cost =
        |a: usize, b: usize| (grid.cells[a].distance(&grid.cells[b]) - tolerance).max(0) * (ONE_Q8 / LEVEL) + STEP;
    // The neighbours that a pass has visited before: above and to the left, or below and to the right.
    let back = [columns + 1, columns, columns - 1, 1];
    for _ in 0..PASSES {
        let mut changed = false;
        for forward in [true, false] {
            for index in 0..columns * rows {
                let at = if forward { index } else { columns * rows - 1 - index };
                if !inner(at % columns, at / columns) {
                    continue;
                }
                for offset in back {
                    let other = if forward { at - offset } else { at + offset };
                    // The difference in colour is computed only if the path could be shorter.
                    if distances[other] + STEP < distances[at] {
                        let through = distances[other] + cost(at, other);
                        changed |= through < distances[at];
                        distances[at] = distances[at].min(through);
                    }
                }
            }
        }
        if !changed {
            break;
        }
    }
    distances
}

/// Returns the connected parts of at least [`MIN_THING`] salient cells.
fn things(grid: &Grid, salience: &[i64]) -> Vec<Thing> {
    let marked: Vec<bool> = salience.iter().map(|salience| *salience >= SALIENT).collect();
    let parts = components(grid.columns, &marked, |_, _| true);
    parts.iter().filter(|cells| cells.len() >= MIN_THING).map(|cells| bounds(grid.columns, cells)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A grid of 20 x 20 cells without detail, of which some differ in red, in [`LEVEL`]s.
    fn grid(reds: impl Fn(usize, usize) -> i64) -> Grid {
        Grid::of_reds(20, &(0..400).map(|at| reds(at % 20, at / 20)).collect::<Vec<_>>())
    }

    /// A grid of 20 x 20 cells of which the first `count` inner ones have full detail.
    fn detailed(count: usize) -> Grid {
        let mut grid = grid(|_, _| 0);
        let inner: Vec<usize> = (0..400).filter(|at| !grid.is_outer(*at)).take(count).collect();
        for at in &inner {
            grid.cells[*at].along = 100 * LEVEL;
        }
        assert_eq!(inner.len(), count);
        grid
    }

    #[test]
    fn the_tolerance_is_the_75th_percentile_of_the_outer_steps_from_1_to_9_levels() {
        // Steps of 8 to 1 levels. The seventh of eight in their order is the 75th percentile.
        let reds = [0, 8, 15, 21, 26, 30, 33, 35, 36].map(|levels| levels * LEVEL);
        assert_eq!(tolerance(&Grid::of_reds(9, &reds)), 7 * LEVEL);
        assert_eq!(tolerance(&Grid::of_reds(1, &reds)), 7 * LEVEL, "along the rows");
        assert_eq!(tolerance(&Grid::of_reds(2, &[0; 4])), LEVEL);
        assert_eq!(tolerance(&Grid::of_reds(2, &[0, 5000, 5000, 0])), 9 * LEVEL);
        let without_step_inside = grid(|x, y| if (8..12).contains(&x) && (8..12).contains(&y) { 800 } else { 0 });
        assert_eq!(tolerance(&without_step_inside), LEVEL, "only the outer eighth counts");
    }

    #[test]
    fn the_last_cell_of_a_row_has_no_step_to_the_next_row() {
        // Seven steps of 2 to 4 levels. From the end of a row to the next it would be 6 levels.
        let reds = [6, 9, 3, 6, 0, 4].map(|levels| levels * LEVEL);
        assert_eq!(tolerance(&Grid::of_reds(2, &reds)), 3 * LEVEL);
    }

    #[test]
    fn a_step_costs_its_difference_beyond_the_tolerance() {
        let patch = Grid::of_reds(
            5,
            &[0, 0, 0, 0, 0, 0, 160, 160, 160, 0, 0, 160, 160, 160, 0, 0, 160, 160, 160, 0, 0, 0, 0, 0, 0],
        );
        let distances = distances(&patch, LEVEL);
        assert_eq!(distances[0..5], [0; 5], "the border");
        assert_eq!(distances[6], 9 * ONE_Q8 + STEP, "10 levels less 1");
        assert_eq!(distances[12], 9 * ONE_Q8 + 2 * STEP, "an equal colour");
    }

    #[test]
    fn a_path_also_leads_over_a_corner() {
        // From the corner of the border over the corner of the ring to the middle, all of one colour.
        for gap in [6, 8, 16, 18] {
            let mut reds = [0; 25];
            for at in [6, 7, 8, 11, 13, 16, 17, 18] {
                reds[at] = if at == gap { 0 } else { 100 * LEVEL };
            }
            assert_eq!(distances(&Grid::of_reds(5, &reds), LEVEL)[12], 2 * STEP, "through {gap}");
        }
    }

    #[test]
    fn six_passes_follow_a_path_of_twelve_turns() {
        // Twelve legs between walls, joined at alternate ends. Each pass follows one to the right and one to the left.
        let is_path = |x: usize, y: usize| match y {
            1 => x == 2,
            _ if y.is_multiple_of(2) => (2..6).contains(&x),
            _ => x == if y % 4 == 3 { 5 } else { 2 },
        };
        let (columns, rows) = (8, 27);
        let red = |x: usize, y: usize| {
            let is_border = x == 0 || y == 0 || x + 1 == columns || y + 1 == rows;
            if is_border || (y < 25 && is_path(x, y)) { 0 } else { 100 * LEVEL }
        };
        let reds: Vec<i64> = (0..columns * rows).map(|at| red(at % columns, at / columns)).collect();
        let end = distances(&Grid::of_reds(columns, &reds), LEVEL)[24 * columns + 2];
        assert!(end < ONE_Q8, "{end}, as far as across a wall");
    }

    #[test]
    fn salience_grows_with_the_distance_from_the_border_beyond_shadows() {
        // A patch that is five steps from the border.
        let patch = |levels: i64| {
            let red = |x, y| if (4..9).contains(&x) && (4..9).contains(&y) { levels * LEVEL } else { 0 };
            Salience::of(&grid(red), false).cells[4 * 20 + 4]
        };
        // One level is the tolerance. The rest is counted in 55ths of a level, less 64.
        assert_eq!([15, 16, 36, 56, 70, 90].map(patch), [1, 6, 99, 192, 256, 256]);
    }

    #[test]
    fn detail_is_salient_beyond_twice_that_of_the_border_and_six_levels() {
        let salience = |detail: i64, usual: i64| {
            let mut grid = grid(|_, _| 0);
            for cell in &mut grid.cells {
                cell.across = usual;
            }
            (grid.cells[210].along, grid.cells[210].across) = (detail, 0);
            Salience::of(&grid, false).cells[210]
        };
        assert_eq!([6, 18, 30, 31].map(|levels| salience(levels * LEVEL, 0)), [0, ONE_Q8 / 2, ONE_Q8, ONE_Q8]);
        assert_eq!([10, 22, 34].map(|levels| salience(levels * LEVEL, 2 * LEVEL)), [0, ONE_Q8 / 2, ONE_Q8]);
    }

    #[test]
    fn the_salience_of_a_scene_full_of_things_shrinks_from_28_percent_on_to_15_percent() {
        let most = |count: usize, blank_edges: bool| {
            Salience::of(&detailed(count), blank_edges).cells.into_iter().max().unwrap()
        };
        assert_eq!((most(110, false), most(112, false)), (ONE_Q8, ONE_Q8), "up to 28 % of the cells");
        // 1 less 1.55 per mille of 256 for each per mille of the cells.
        assert_eq!((most(113, false), most(140, false), most(168, false)), (253, 148, 39));
        assert_eq!((most(169, false), most(196, false)), (38, 38), "0.15 of 256");
        assert_eq!(most(196, true), ONE_Q8, "a poster");
    }

    #[test]
    fn a_thing_has_at_least_six_cells_of_at_least_half_salience() {
        let found = |count: usize, salience: i64| {
            let mut cells = vec![0; 400];
            cells[45..45 + count].fill(salience);
            things(&grid(|_, _| 0), &cells)
        };
        assert_eq!(found(6, 128), [Thing { columns: [5, 11], rows: [2, 3], cells: 6 }]);
        assert_eq!((found(5, 128), found(6, 127)), (vec![], vec![]));
    }

    #[test]
    fn transposed_salience_exchanges_rows_and_columns_of_cells_things_and_heads() {
        let thing = Thing { columns: [0, 2], rows: [1, 2], cells: 2 };
        let head = Thing { columns: [2, 3], rows: [0, 1], cells: 1 };
        let salience = Salience { cells: vec![1, 2, 3, 4, 5, 6], things: vec![thing], heads: vec![head] };
        let turned = salience.transposed(3);
        assert_eq!(turned.cells, [1, 4, 2, 5, 3, 6]);
        assert_eq!(turned.things, [Thing { columns: [1, 2], rows: [0, 2], cells: 2 }]);
        assert_eq!(turned.heads, [Thing { columns: [0, 1], rows: [2, 3], cells: 1 }]);
    }
}
