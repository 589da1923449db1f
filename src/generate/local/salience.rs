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
